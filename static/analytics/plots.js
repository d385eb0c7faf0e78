// Draws what a page's figures say: a funnel, dots with their ranges, months, ribbons, bars. The tables beside say the
// same in words. Every drawing can be kept as a picture.

import { keepable, number, palette, redrawn } from "./frame.js";

const plots = JSON.parse(document.getElementById("plots").textContent);
const drawn = [];

const text = (colours) => ({ color: colours.soft, fontFamily: colours.font, fontSize: 12 });
const stroke = (colour, width, x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: colour, lineWidth: width, lineCap: "round" } });
const tooltip = (formatter) => ({ renderMode: "richText", trigger: "item", confine: true, formatter });

// Steps as centred bars that narrow; between them how many go on.
const funnel = ({ rows }, colours, narrow) => {
  const most = Math.max(1, ...rows.map((row) => row.value));
  return {
    grid: { left: 8, right: 8, top: 4, bottom: 4 },
    xAxis: { type: "value", min: -1, max: 1, show: false },
    yAxis: { type: "category", inverse: true, data: rows.map((row) => row.label), show: false },
    tooltip: tooltip(({ dataIndex }) => `${rows[dataIndex].label}\n${number(rows[dataIndex].value, 0)}`),
    series: [{
      type: "custom", data: rows.map((row, index) => [row.value / most, index]),
      renderItem: ({ dataIndex }, api) => {
        const row = rows[dataIndex], next = rows[dataIndex + 1];
        const [centre, y] = api.coord([0, dataIndex]);
        const [edge] = api.coord([1, dataIndex]);
        const height = api.size([0, 1])[1], bar = height * 0.58, full = edge - centre;
        const half = (value) => Math.max(2, full * value / most);
        const shade = 1 - 0.55 * (dataIndex / Math.max(1, rows.length - 1));
        const children = [
          { type: "rect", shape: { x: centre - half(row.value), y: y - height / 2, width: 2 * half(row.value), height: bar, r: 5 }, style: { fill: colours.plum, opacity: shade } },
        ];
        if (next) {
          const top = y - height / 2 + bar, bottom = y + height / 2;
          children.push({
            type: "polygon",
            shape: { points: [[centre - half(row.value), top], [centre + half(row.value), top], [centre + half(next.value), bottom], [centre - half(next.value), bottom]] },
            style: { fill: colours.plum, opacity: 0.12 },
          });
          children.push({ type: "text", style: { text: next.text, x: centre, y: (top + bottom) / 2, textAlign: "center", textVerticalAlign: "middle", fill: colours.ink, font: `500 ${narrow ? 12 : 13}px ${colours.font}` } });
        }
        const label = `${row.label}   ${number(row.value, 0)}`;
        const inside = 2 * half(row.value) > label.length * 7.6 + 12 && shade > 0.6;
        const beside = half(row.value) + 8 + label.length * 7.6 < full;
        children.push({
          type: "text",
          style: {
            text: label, textVerticalAlign: "middle", y: y - height / 2 + bar / 2, font: `600 ${narrow ? 12 : 14}px ${colours.font}`,
            x: inside || !beside ? centre : centre + half(row.value) + 8, textAlign: inside || !beside ? "center" : "left",
            fill: inside ? "#fff" : colours.ink, ...(inside || beside ? {} : { stroke: colours.surface, lineWidth: 4 }),
          },
        });
        return { type: "group", children };
      },
    }],
  };
};

// One row each: the range as a bar with caps, the value as a dot, and the line of "no difference".
const dots = (plot, colours, narrow) => {
  const rows = [...plot.rows].reverse(), zero = plot.zero ?? 0;
  const ends = rows.flatMap((row) => [row.low, row.high, row.value]).filter((value) => Number.isFinite(value) && (!plot.log || value > 0));
  const low = Math.min(zero, ...ends), high = Math.max(zero, ...ends), room = (high - low || 1) * 0.08;
  const range = plot.log ? { low: Math.max(low / 1.1, 0.01), high: high * 1.1 } : { low: low - room, high: high + room };
  return {
    grid: { left: narrow ? 6 : 200, right: 18, top: narrow ? 22 : 8, bottom: 42 },
    xAxis: {
      type: plot.log ? "log" : "value", logBase: 2, min: range.low, max: range.high, name: plot.unit, nameLocation: "middle", nameGap: 26, nameTextStyle: text(colours),
      axisLabel: { ...text(colours), showMinLabel: false, showMaxLabel: false, hideOverlap: true, formatter: (value) => number(value, 2, plot.signed) },
      splitLine: { lineStyle: { color: colours.line } }, axisLine: { show: false }, axisTick: { show: false },
    },
    yAxis: {
      type: "category", data: rows.map((row) => row.label), axisTick: { show: false }, axisLine: { show: false },
      axisLabel: narrow
        ? { ...text(colours), inside: true, align: "left", verticalAlign: "bottom", margin: -4, lineHeight: 34 }
        : { ...text(colours), fontSize: 13, color: colours.ink, width: 186, overflow: "break" },
    },
    tooltip: tooltip(({ dataIndex }) => `${rows[dataIndex].label}\n${rows[dataIndex].text}`),
    series: [{
      type: "custom", clip: false, data: rows.map((row, index) => [Number.isFinite(row.value) ? row.value : zero, index]),
      renderItem: ({ dataIndex }, api) => {
        const row = rows[dataIndex];
        if (!Number.isFinite(row.value)) {
          const [x, y] = api.coord([zero, dataIndex]);
          return { type: "text", style: { text: "–", x: x + 10, y, textVerticalAlign: "middle", fill: colours.soft, font: `14px ${colours.font}` } };
        }
        const [left, y] = api.coord([Number.isFinite(row.low) ? Math.max(row.low, range.low) : range.low, dataIndex]);
        const [right] = api.coord([Number.isFinite(row.high) ? row.high : range.high, dataIndex]);
        const [centre] = api.coord([row.value, dataIndex]);
        const colour = colours.tones[row.tone] ?? colours.soft, light = row.tone === "grey", width = light ? 1.5 : 3;
        return {
          type: "group",
          children: [
            stroke(colour, width, left, y, right, y), stroke(colour, width, left, y - 5, left, y + 5), stroke(colour, width, right, y - 5, right, y + 5),
            { type: "circle", shape: { cx: centre, cy: y, r: light ? 4.5 : 7 }, style: { fill: light ? colours.surface : colour, stroke: colour, lineWidth: 2 } },
          ],
        };
      },
      markLine: { silent: true, symbol: "none", animation: false, label: { show: false }, data: [{ xAxis: zero }], lineStyle: { color: colours.ink, width: 1.5, type: "solid" } },
    }],
  };
};

// A line within the band of its range.
const ribbon = (plot, colours) => {
  const { points } = plot, stairs = plot.stairs ? "end" : false;
  const band = (data, fill) => ({ type: "line", stack: "band", silent: true, symbol: "none", step: stairs, lineStyle: { opacity: 0 }, areaStyle: fill ? { color: colours.plum, opacity: 0.18 } : { opacity: 0 }, data });
  const categories = plot.labels !== undefined;
  const at = (point, value) => (categories ? value : [point.x, value]);
  return {
    grid: { left: 46, right: 18, top: 12, bottom: 40 },
    xAxis: { type: categories ? "category" : "value", ...(categories ? { data: plot.labels, boundaryGap: false } : { min: 0 }), name: plot.x ?? "", nameLocation: "middle", nameGap: 24, nameTextStyle: text(colours), axisLabel: { ...text(colours), hideOverlap: true }, splitLine: { show: false }, axisTick: { show: false }, axisLine: { lineStyle: { color: colours.line } } },
    yAxis: { type: "value", scale: Boolean(plot.zero), axisLabel: { ...text(colours), formatter: (value) => `${number(value)}${plot.unit === "%" ? " %" : ""}` }, splitLine: { lineStyle: { color: colours.line } }, name: plot.unit === "%" ? "" : plot.unit, nameTextStyle: text(colours) },
    tooltip: { ...tooltip(), trigger: "axis", formatter: (found) => { const point = points[found[0].dataIndex]; return `${plot.labels?.[found[0].dataIndex] ?? `${point.x} ${plot.x ?? ""}`}\n${number(point.value)} (${number(point.low)} – ${number(point.high)})`; } },
    series: [
      band(points.map((point) => at(point, point.low)), false), band(points.map((point) => at(point, point.high - point.low)), true),
      { type: "line", step: stairs, showSymbol: false, lineStyle: { color: colours.plum, width: 2.5 }, itemStyle: { color: colours.plum }, data: points.map((point) => at(point, point.value)),
        ...(plot.zero ? { markLine: { silent: true, symbol: "none", animation: false, label: { show: false }, data: [{ yAxis: 0 }], lineStyle: { color: colours.ink, width: 1.5, type: "solid" } } } : {}) },
    ],
  };
};

// Weeks or months as bars, where there is a level beside it; the last one is the one that is judged, or still running.
const bars = ({ rows, level, worse, unit = "%", running }, colours) => {
  const shown = (value) => (Number.isFinite(value) ? `${number(value)}${unit && `\u00a0${unit}`}` : "–");
  const last = rows.length - 1;
  const judged = worse ? colours.warn : colours.plum;
  const look = (index) => {
    if (level === undefined) return { color: colours.plum, opacity: running && index === last ? 0.35 : 0.85 };
    return index === last ? { color: judged } : { color: colours.strong, opacity: 0.45 };
  };
  return {
    grid: { left: level === undefined ? 68 : 42, right: 12, top: 12, bottom: 28 },
    xAxis: { type: "category", data: rows.map((row) => row.label), axisLabel: { ...text(colours), hideOverlap: true }, axisTick: { show: false }, axisLine: { lineStyle: { color: colours.line } } },
    yAxis: { type: "value", axisLabel: { ...text(colours), formatter: shown }, splitLine: { lineStyle: { color: colours.line } } },
    tooltip: tooltip(({ dataIndex }) => `${rows[dataIndex].label}\n${rows[dataIndex].text ?? shown(rows[dataIndex].value)}`),
    series: [{
      type: "bar", barMaxWidth: 28,
      data: rows.map((row, index) => ({ value: row.value, itemStyle: { borderRadius: [4, 4, 0, 0], ...look(index) } })),
      ...(level === undefined ? {} : { markLine: { silent: true, symbol: "none", animation: false, label: { show: false }, data: [{ yAxis: level }], lineStyle: { color: colours.ink, width: 1.5, type: "dashed" } } }),
    }],
  };
};

// A score over months: a dot with its range each, around the line of zero; a month without a score is a gap.
const months = ({ rows }, colours) => {
  const ends = rows.flatMap((row) => [row.low, row.high]).filter(Number.isFinite);
  const low = Math.max(-100, Math.floor(Math.min(0, ...ends) / 20) * 20), high = Math.min(100, Math.ceil((Math.max(0, ...ends) + 2) / 20) * 20);
  return {
    grid: { left: 44, right: 20, top: 12, bottom: 30 },
    xAxis: { type: "category", data: rows.map((row) => row.label), axisLabel: { ...text(colours), hideOverlap: true }, axisTick: { show: false }, axisLine: { show: false } },
    yAxis: { type: "value", min: low, max: high, axisLabel: { ...text(colours), formatter: (value) => number(value, 0, true) }, splitLine: { lineStyle: { color: colours.line } } },
    tooltip: tooltip(({ dataIndex }) => `${rows[dataIndex].label}\n${rows[dataIndex].text}`),
    series: [
      { type: "line", data: rows.map((row) => row.value), showSymbol: false, lineStyle: { color: colours.plum, width: 1, type: "dotted" }, silent: true,
        markLine: { silent: true, symbol: "none", animation: false, label: { show: false }, data: [{ yAxis: 0 }], lineStyle: { color: colours.ink, width: 1.5, type: "solid" } } },
      { type: "custom", clip: false, data: rows.map((row, index) => [index, Number.isFinite(row.value) ? row.value : 0]),
        renderItem: ({ dataIndex }, api) => {
          const row = rows[dataIndex];
          if (!Number.isFinite(row.value)) return null;
          const [x, centre] = api.coord([dataIndex, row.value]), [, from] = api.coord([dataIndex, row.low]), [, to] = api.coord([dataIndex, row.high]);
          const cap = (y) => stroke(colours.plum, 2.5, x - 4, y, x + 4, y);
          return { type: "group", children: [stroke(colours.plum, 2.5, x, from, x, to), cap(from), cap(to), { type: "circle", shape: { cx: x, cy: centre, r: 5.5 }, style: { fill: colours.plum } }] };
        } },
    ],
  };
};

const kinds = { funnel, dots, ribbon, bars, months };

const draw = () => {
  const colours = palette();
  for (const { plot, view, element } of drawn) view.setOption({ animation: false, ...kinds[plot.kind](plot, colours, view.getWidth() < 560) }, true);
};

for (const element of document.querySelectorAll("[data-plot]")) {
  const plot = plots[element.dataset.plot];
  if (!(plot?.rows?.some((row) => Number.isFinite(row.value)) ?? plot?.points?.length)) continue;
  element.classList.add("drawn");
  if (plot.kind === "dots") element.dataset.rows = Math.min(plot.rows.length, 12);
  drawn.push({ plot, element, view: window.echarts.init(element, null, { renderer: "canvas" }) });
}
draw();
redrawn(drawn, draw);

for (const button of document.querySelectorAll("button[data-picture]")) {
  const found = drawn.find(({ element }) => element.dataset.plot === button.dataset.picture);
  if (found) keepable(button, found.view);
}
