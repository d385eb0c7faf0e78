// Draws the gestures a day as stacked columns, one colour a channel; the table below says the same.

const data = JSON.parse(document.getElementById("rehearsal-data").textContent);
const element = document.getElementById("rehearsal-chart");
const view = window.echarts.init(element, null, { renderer: "canvas", height: element.clientHeight || 240 });
const locale = document.documentElement.lang;

const everyDay = () => {
  const days = data.days.map(([day]) => day), first = [data.from.slice(0, 10), ...days].sort()[0], last = [data.to.slice(0, 10), ...days].sort().at(-1);
  const all = [];
  for (const at = new Date(`${first}T12:00Z`); at <= new Date(`${last}T12:00Z`); at.setUTCDate(at.getUTCDate() + 1)) all.push(at.toISOString().slice(0, 10));
  return all;
};

const draw = () => {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  const text = { color: read("--ink-soft"), fontFamily: read("--text") || "sans-serif", fontSize: 12 };
  const tones = [read("--plum"), read("--apricot"), read("--calm")];
  const days = everyDay(), channels = [...new Set(data.days.map(([, channel]) => channel))];
  const count = new Map(data.days.map(([day, channel, gestures]) => [`${day} ${channel}`, gestures]));
  const shown = (day) => new Date(`${day}T12:00Z`).toLocaleDateString(locale, { day: "numeric", month: "short", timeZone: "UTC" });
  view.setOption({
    animation: false,
    grid: { left: 8, right: 8, top: channels.length > 1 ? 34 : 12, bottom: 4, containLabel: true },
    legend: channels.length > 1 ? { top: 0, left: 0, textStyle: text, itemWidth: 12, itemHeight: 12 } : { show: false },
    xAxis: { type: "category", data: days, axisLabel: { ...text, formatter: shown, hideOverlap: true }, axisTick: { show: false }, axisLine: { lineStyle: { color: read("--line-strong") } } },
    yAxis: { type: "value", minInterval: 1, axisLabel: { ...text, formatter: (value) => value.toLocaleString(locale) }, splitLine: { lineStyle: { color: read("--line") } } },
    tooltip: { renderMode: "richText", trigger: "axis", confine: true, axisPointer: { type: "shadow" } },
    series: channels.map((channel, index) => ({
      name: data.labels[channel] ?? channel, type: "bar", stack: "gestures", barCategoryGap: "18%", itemStyle: { color: tones[index % tones.length], borderRadius: 2 },
      data: days.map((day) => count.get(`${day} ${channel}`) ?? 0),
    })),
  }, true);
};

draw();
window.addEventListener("resize", () => { view.resize(); draw(); });
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
