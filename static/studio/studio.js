// What every page of the studio needs: the menu on a phone, a question before what cannot be undone, menus that close.

document.documentElement.classList.add("scripted");

const menu = document.querySelector(".menu-button");
menu?.addEventListener("click", () => {
  const open = document.getElementById("studio-side").classList.toggle("open");
  menu.setAttribute("aria-expanded", String(open));
});

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
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
