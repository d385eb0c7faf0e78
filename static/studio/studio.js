// What every page of the studio needs: the menu on a phone, a question before what cannot be undone, menus that close.

document.documentElement.classList.add("scripted");

const menu = document.querySelector(".menu-button");
menu?.addEventListener("click", () => {
  const open = document.getElementById("studio-side").classList.toggle("open");
  menu.setAttribute("aria-expanded", String(open));
});

// A box of ours: a browser's own one can be switched off by its reader, and then the emergency stop would do nothing.
const box = document.getElementById("confirm");
const confirmed = new WeakSet();
document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  const question = submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!question || confirmed.delete(form)) return;
  event.preventDefault();
  box.querySelector("p").textContent = question;
  box.querySelector('[value="yes"]').textContent = submitter?.textContent.trim() || box.dataset.yes;
  box.onclose = () => {
    if (box.returnValue !== "yes") return;
    confirmed.add(form);
    form.requestSubmit(submitter);
  };
  box.returnValue = "";
  box.showModal();
});

const openMenus = () => document.querySelectorAll("#changelist-filter details[open]");
document.addEventListener("click", (event) => {
  for (const details of openMenus()) if (!details.contains(event.target)) details.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const details of openMenus()) {
    details.open = false;
    details.querySelector("summary").focus();
  }
});
