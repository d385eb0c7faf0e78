// Draws a score over months as dots with their ranges around a zero line; the table below says the same.

const data = JSON.parse(document.getElementById("trends").textContent);
const drawn = [];

const colours = () => {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return { ink: read("--ink"), soft: read("--ink-soft"), line: read("--line"), plum: read("--plum"), font: read("--text") || "sans-serif" };
};

const drawMonth = (points, palette) => (params, api) => {
  const point = points[params.dataIndex];
  if (!Number.isFinite(point.value)) return null;
  const [x, centre] = api.coord([params.dataIndex, point.value]);
  const [, low] = api.coord([params.dataIndex, point.low]);
  const [, high] = api.coord([params.dataIndex, point.high]);
  const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: palette.plum, lineWidth: 2.5, lineCap: "round" } });
  return {
    type: "group",
    children: [
      line(x, low, x, high), line(x - 4, low, x + 4, low), line(x - 4, high, x + 4, high),
      { type: "circle", shape: { cx: x, cy: centre, r: 5.5 }, style: { fill: palette.plum } },
    ],
  };
};

const option = (points, palette) => {
  const ends = points.flatMap((point) => [point.low, point.high]).filter(Number.isFinite);
  const text = { color: palette.soft, fontFamily: palette.font, fontSize: 12 };
  const signed = (value) => `${value > 0 ? "+" : value < 0 ? "\u2212" : ""}${Math.abs(value)}`;
  return {
    animation: false,
    grid: { left: 44, right: 20, top: 12, bottom: 30 },
    xAxis: { type: "category", data: points.map((point) => point.label), axisLabel: { ...text, hideOverlap: true }, axisTick: { show: false }, axisLine: { show: false } },
    yAxis: {
      type: "value", min: Math.max(-100, Math.floor((Math.min(0, ...ends) - 2) / 20) * 20), max: Math.min(100, Math.ceil((Math.max(0, ...ends) + 2) / 20) * 20),
      axisLabel: { ...text, formatter: signed }, splitLine: { lineStyle: { color: palette.line } },
    },
    tooltip: { renderMode: "richText", trigger: "item", confine: true, formatter: ({ dataIndex }) => `${points[dataIndex].label}\n${points[dataIndex].text}` },
    series: [
      { type: "line", data: points.map((point) => point.value), showSymbol: false, lineStyle: { color: palette.plum, width: 1, type: "dotted" }, silent: true,
        markLine: { silent: true, symbol: "none", animation: false, label: { show: false }, data: [{ yAxis: 0 }], lineStyle: { color: palette.ink, width: 1.5, type: "solid" } } },
      { type: "custom", data: points.map((point, index) => [index, Number.isFinite(point.value) ? point.value : 0]), renderItem: drawMonth(points, palette), clip: false },
    ],
  };
};

const draw = () => {
  const palette = colours();
  for (const { points, view } of drawn) view.setOption(option(points, palette), true);
};

for (const element of document.querySelectorAll(".chart[data-trend]")) {
  const points = data[element.dataset.trend] ?? [];
  if (!points.some((point) => Number.isFinite(point.value))) continue;
  element.classList.add("drawn");
  drawn.push({ points, view: window.echarts.init(element, null, { renderer: "canvas", height: element.clientHeight || 240 }) });
}
draw();

const resized = () => { for (const { view } of drawn) view.resize(); draw(); };
window.addEventListener("resize", resized);
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
window.addEventListener("beforeprint", resized);
window.addEventListener("afterprint", resized);
