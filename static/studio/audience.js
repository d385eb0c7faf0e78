// "Add a condition" repeats the last, empty line of an audience.

for (const button of document.querySelectorAll(".audience .add-line")) {
  button.addEventListener("click", () => {
    const lines = button.previousElementSibling;
    const line = lines.lastElementChild.cloneNode(true);
    line.querySelector("select").selectedIndex = 0;
    line.querySelector("input").value = "";
    lines.append(line);
    line.querySelector("select").focus();
  });
}
