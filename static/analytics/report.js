// Draws each metric as dots with their ranges around a zero line; the table below each chart says the same in words.

const data = JSON.parse(document.getElementById("charts").textContent);
const drawn = [];

const colours = () => {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    ink: read("--ink"), soft: read("--ink-soft"), line: read("--line"), surface: read("--surface"), strong: read("--line-strong"),
    font: read("--text") || "sans-serif",
    tones: { good: read("--good"), bad: read("--bad"), holdout: read("--plum"), season: read("--calm"), grey: read("--line-strong") },
  };
};

const bounds = (rows) => {
  const ends = rows.flatMap((row) => [row.low, row.high, row.diff]).filter((value) => Number.isFinite(value));
  const low = Math.min(0, ...ends), high = Math.max(0, ...ends), room = (high - low || 1) * 0.08;
  return { low: low < 0 ? low - room : -room, high: high > 0 ? high + room : room };
};

// One row: the range as a bar with caps (an arrow's worth beyond the axis where it never ends), the value as a dot.
const drawRow = (rows, palette, range) => (params, api) => {
  const row = rows[params.dataIndex];
  if (!Number.isFinite(row.diff)) return null;
  const place = (value) => api.coord([value, params.dataIndex]);
  const [left, y] = place(Number.isFinite(row.low) ? row.low : range.low);
  const [right] = place(Number.isFinite(row.high) ? row.high : range.high);
  const [centre] = place(row.diff);
  const colour = palette.tones[row.tone] ?? palette.soft;
  const light = row.tone === "grey";
  const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: colour, lineWidth: light ? 1.5 : 3, lineCap: "round" } });
  return {
    type: "group",
    children: [
      line(left, y, right, y), line(left, y - 5, left, y + 5), line(right, y - 5, right, y + 5),
      { type: "circle", shape: { cx: centre, cy: y, r: light ? 4.5 : 7 }, style: { fill: light ? palette.surface : colour, stroke: colour, lineWidth: 2 } },
    ],
  };
};

const option = (chart, palette, narrow) => {
  const rows = [...chart.rows].reverse();
  const range = bounds(rows);
  const text = { color: palette.soft, fontFamily: palette.font, fontSize: 12 };
  return {
    animation: false,
    grid: { left: narrow ? 6 : 168, right: 16, top: narrow ? 22 : 8, bottom: 40 },
    xAxis: {
      type: "value", min: range.low, max: range.high, name: chart.unit, nameLocation: "middle", nameGap: 24, nameTextStyle: text,
      axisLabel: { ...text, showMinLabel: false, showMaxLabel: false, hideOverlap: true, formatter: (value) => `${value > 0 ? "+" : value < 0 ? "\u2212" : ""}${Math.abs(value).toLocaleString(document.documentElement.lang)}` },
      splitLine: { lineStyle: { color: palette.line } }, axisLine: { show: false }, axisTick: { show: false },
    },
    yAxis: {
      type: "category", data: rows.map((row) => row.label), axisTick: { show: false }, axisLine: { show: false },
      axisLabel: narrow
        ? { ...text, inside: true, align: "left", verticalAlign: "bottom", padding: [1, 4, 1, 0], margin: -4, lineHeight: 34, backgroundColor: "transparent" }
        : { ...text, fontSize: 13, color: palette.ink },
    },
    tooltip: {
      renderMode: "richText", trigger: "item", confine: true,
      formatter: ({ dataIndex }) => `${rows[dataIndex].label}\n${rows[dataIndex].text ?? ""}  (${rows[dataIndex].range ?? ""})`,
    },
    series: [{
      type: "custom", data: rows.map((row, index) => [Number.isFinite(row.diff) ? row.diff : 0, index]),
      renderItem: drawRow(rows, palette, range), clip: false,
      markLine: { silent: true, symbol: "none", animation: false, label: { show: false }, data: [{ xAxis: 0 }], lineStyle: { color: palette.ink, width: 1.5, type: "solid" } },
    }],
  };
};

const draw = () => {
  const palette = colours();
  for (const { chart, view, element } of drawn) view.setOption(option(chart, palette, element.clientWidth < 560), true);
};

for (const element of document.querySelectorAll(".chart")) {
  const chart = data[element.dataset.metric];
  if (!chart?.rows.some((row) => Number.isFinite(row.diff))) continue;
  element.classList.add("drawn");
  drawn.push({ chart, element, view: window.echarts.init(element, null, { renderer: "canvas", height: element.clientHeight || 170 }) });
}
draw();

const resized = () => { for (const { view } of drawn) view.resize(); draw(); };
window.addEventListener("resize", resized);
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
window.addEventListener("beforeprint", resized);
window.addEventListener("afterprint", resized);
document.getElementById("print")?.addEventListener("click", () => window.print());
