// On a moment's form only the settings of the chosen kind are shown; without scripts all are, and the chosen one counts.

const kinds = document.querySelectorAll('input[name="kind"]');

function showChosen() {
  const chosen = [...kinds].find((kind) => kind.checked)?.value;
  for (const block of document.querySelectorAll("fieldset.rule-settings")) {
    block.hidden = !block.classList.contains(`rule-of-${chosen}`);
  }
}

kinds.forEach((kind) => kind.addEventListener("change", showChosen));
showChosen();
