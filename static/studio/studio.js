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
const UNREAD_MS = 300;
let askedAt = 0;
document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  const question = submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!question || confirmed.delete(form)) return;
  box.querySelector("p").textContent = question;
  box.querySelector('[value="yes"]').textContent = submitter?.textContent.trim() || box.dataset.yes;
  box.onclose = () => {
    if (box.returnValue !== "yes") return;
    confirmed.add(form);
    form.requestSubmit(submitter);
  };
  box.returnValue = "";
  box.showModal();
  askedAt = event.timeStamp;
  event.preventDefault();
});
// The second half of a double click, or a key held down, is no answer.
box.addEventListener("submit", (event) => {
  if (event.timeStamp - askedAt < UNREAD_MS) event.preventDefault();
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
