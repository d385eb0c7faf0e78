// A text that is added to a gesture's form after the page came is checked like the others.

document.addEventListener("formset:added", (event) => window.htmx?.process(event.target));
