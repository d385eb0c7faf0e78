// What every drawing has in common: the page's colours and numbers, its size on screen and paper, and keeping it as PNG.

const language = document.documentElement.lang || "en";

export const palette = () => {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    ink: read("--ink"), soft: read("--ink-soft"), line: read("--line"), strong: read("--line-strong"), surface: read("--surface"), sunken: read("--sunken"),
    plum: read("--plum"), apricot: read("--apricot"), warn: read("--warn"), font: read("--text") || "sans-serif",
    tones: { good: read("--good"), bad: read("--bad"), holdout: read("--plum"), season: read("--calm"), grey: read("--line-strong") },
  };
};

// As the page writes numbers: a true minus sign, and + where a difference is told.
export const number = (value, digits = 1, signed = false) =>
  `${value < 0 ? "\u2212" : signed && value > 0 ? "+" : ""}${Math.abs(value).toLocaleString(language, { maximumFractionDigits: digits })}`;

// Redraws whenever the size or the colours change. Paper is narrower than the screen and always light: the width of A4
// within its margins is set before the browser lays the page out, as it does not wait for a canvas.
const PAPER = 620;

export const redrawn = (views, draw) => {
  const fitted = (width) => { for (const { view } of views) view.resize({ width }); draw(); };
  const paper = window.matchMedia("print");
  const onPaper = () => { for (const { view, element } of views) view.resize({ width: Math.min(PAPER, element.clientWidth) || PAPER }); draw(); };
  window.addEventListener("resize", () => (paper.matches ? onPaper() : fitted("auto")));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  window.addEventListener("beforeprint", onPaper);
  window.addEventListener("afterprint", () => fitted("auto"));
  paper.addEventListener("change", () => (paper.matches ? onPaper() : fitted("auto")));
  document.getElementById("print")?.addEventListener("click", () => window.print());
};

// A picture of one drawing under its title, on the page's own surface, at twice the screen's dots.
export const picture = async (view, title) => {
  const colours = palette(), scale = 2, room = 44;
  const drawing = new Image();
  drawing.src = view.getDataURL({ type: "png", pixelRatio: scale, backgroundColor: colours.surface });
  await drawing.decode();
  const canvas = document.createElement("canvas");
  canvas.width = drawing.width;
  canvas.height = drawing.height + room * scale;
  const pen = canvas.getContext("2d");
  pen.fillStyle = colours.surface;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = colours.ink;
  pen.font = `600 ${16 * scale}px ${colours.font}`;
  pen.fillText(title, 14 * scale, 28 * scale, canvas.width - 28 * scale);
  pen.drawImage(drawing, 0, room * scale);
  return canvas.toDataURL("image/png");
};

export const keepable = (button, view) => {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const title = button.closest("section")?.querySelector("h2")?.textContent.trim() ?? "";
    const link = document.createElement("a");
    link.href = await picture(view, button.dataset.heading || title);
    link.download = `${button.dataset.picture}.png`;
    link.click();
  });
};
