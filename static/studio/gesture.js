// A text that is added to a gesture's form is checked like the others; an SMS has no subject to fill in.

function fitChannel(form) {
  const isSms = form.querySelector('select[name$="-channel"]')?.value === "sms";
  for (const row of form.querySelectorAll(".field-subject, .field-preheader")) row.hidden = isSms;
}

document.querySelectorAll(".inline-related").forEach(fitChannel);
document.addEventListener("change", (event) => {
  if (event.target.matches('select[name$="-channel"]')) fitChannel(event.target.closest(".inline-related"));
});
document.addEventListener("formset:added", (event) => {
  fitChannel(event.target);
  window.htmx?.process(event.target);
});
// htmx posts the whole form; this says which of its texts is asked about.
document.addEventListener("htmx:configRequest", (event) => {
  const form = event.target.closest(".inline-related");
  if (form) event.detail.parameters.prefix = form.id;
});
