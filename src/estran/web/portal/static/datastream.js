import uPlot from "uplot";
import "./copy.js";
import { colour } from "./colour.js";

const HUES = ["ocean", "atmosphere", "life", "land"];
const DASHES = [[], [10, 4], [3, 3], [12, 3, 2, 3]];
const MONTH = 28 * 86400, DAY = 86400;
// Dates as the words of the page have them, the day first.
const lang = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const box = document.getElementById("plot");
const status = document.getElementById("plot-status");
const digits = new Intl.NumberFormat(lang, { maximumSignificantDigits: 5 });
const dated = (options) => new Intl.DateTimeFormat(lang, { timeZone: "UTC", hourCycle: "h23", ...options });
const [years, months, days, clock, whole] = [
  { year: "numeric" }, { month: "short", year: "numeric" }, { day: "numeric", month: "short" }, { hour: "2-digit", minute: "2-digit" },
  { dateStyle: "medium", timeStyle: "short" },
].map(dated);
const data = () => JSON.parse(document.getElementById("plot-data").textContent);
const height = () => (innerWidth < 640 ? 260 : 360);
let plot, wanted, waiting;

/** The label of a mark of time, as fine as marks lie apart. */
function mark(seconds, apart) {
  const at = new Date(seconds * 1000);
  if (apart >= 11 * MONTH) return years.format(at);
  if (apart >= MONTH) return months.format(at);
  if (apart >= DAY || (at.getUTCHours() === 0 && at.getUTCMinutes() === 0)) return days.format(at);
  return clock.format(at);
}

const axis = (more) => ({
  stroke: colour("quiet"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 },
  font: "13px 'Instrument Sans'", ...more,
});

/** The room that the marks of an axis of values need. */
function room(u, marks, at, turn) {
  const own = u.axes[at];
  if (turn > 1) return own._size;
  u.ctx.font = own.font[0];
  return Math.ceil(15 + Math.max(12, ...(marks ?? []).map((mark) => u.ctx.measureText(mark).width / devicePixelRatio)));
}

/** Shows under the plot what lies below the pointer. */
function readout(u, lines) {
  const said = document.getElementById("plot-readout");
  if (said) said.textContent = u.cursor.idx == null ? "" : lines(u.cursor.idx);
}

/** Which values of a series lie within its scale; the others are wedges at the edge. */
function inside(u, n, show) {
  const { min, max } = u.scales[u.series[n].scale];
  return show ? u.data[n].flatMap((value, i) => (value != null && value >= min && value <= max ? [i] : [])) : null;
}

/** Values that are doubtful, as rings; the scale is that of the others, if there are any. */
const doubts = (scale, unit = "", auto = true) => ({
  label: "", unit, doubtful: true, auto, scale, show: document.getElementById("doubtful").checked, stroke: colour("warm"), paths: () => null,
  points: { show: true, size: 7, width: 1.5, stroke: colour("warm"), fill: colour("surface"), filter: inside },
});

/** The columns, series and scales of curves; runs of many values get a band from their lowest to their highest. */
function curves(shown) {
  const tables = [], series = [{}], bands = [], scales = { x: { time: true, range: (_, min, max) => [min, max] } }, axes = [];
  const units = [...new Set(shown.curves.map((c) => c.unit))];
  const add = (columns, ...made) => { tables.push(columns); series.push(...made); };
  axes.push(axis({ space: innerWidth < 640 ? 64 : 88, size: 34, values: (_, marks) => marks.map((s) => mark(s, marks[1] - marks[0])) }));
  units.forEach((unit, n) => {
    scales[unit || "value"] = {};
    axes.push(axis({ scale: unit || "value", side: n ? 1 : 3, label: unit || shown.curves.find((c) => c.unit === unit).title, labelSize: 20, labelGap: 0, labelFont: "13px 'Instrument Sans'", size: room, values: (_, marks) => marks.map((v) => digits.format(v)), ...(n ? { grid: { show: false } } : {}) }));
  });
  shown.curves.forEach((c, n) => {
    const stroke = colour(HUES[n]), scale = c.unit || "value";
    add([c.time, c.value], { label: c.title, unit: c.unit, stroke, scale, width: 1.5, dash: DASHES[n], points: { size: 4 } });
    if (!c.exact) {
      const at = series.length;
      const edge = { scale, stroke, width: 0, points: { show: false } };
      add([c.time, c.low, c.high], { ...edge }, { ...edge });
      bands.push({ series: [at + 1, at], fill: stroke.replace("rgb(", "rgba(").replace(")", ", 0.28)") });
    }
    if (c.doubtful[0].length) add(c.doubtful, doubts(scale, c.unit, c.value.every((v) => v === null)));
  });
  // What is missing in one curve stays open however the others' times lie; 2 is uPlot's word for that.
  const open = tables.map((table) => table.map(() => 2));
  return { columns: tables.length > 1 ? uPlot.join(tables, open) : tables[0], series, bands, scales, axes };
}

/** Where a period lies within the plot, in pixels of the canvas: [left, right], nothing where it is outside. */
function within(u, start, end) {
  const { left, width } = u.bbox;
  const place = (s) => Math.min(Math.max(u.valToPos(s, "x", true), left), left + width);
  const ends = [place(start), place(end)];
  return start <= u.scales.x.max && end >= u.scales.x.min ? ends : null;
}

/** Bands for what happened to the sensor, and a bar at the foot for when it was active. */
function happened(u, { events, active }) {
  const { ctx, bbox } = u, dot = devicePixelRatio, taken = [];
  ctx.save();
  ctx.fillStyle = colour("edge");
  for (const [start, end] of active) {
    const at = within(u, start, end);
    if (at) ctx.fillRect(at[0], bbox.top + bbox.height - 5 * dot, at[1] - at[0], 5 * dot);
  }
  ctx.fillStyle = colour("quiet");
  ctx.font = `${12 * dot}px 'Instrument Sans'`;
  for (const [start, end, kind] of events) {
    const at = within(u, start, end);
    if (!at) continue;
    ctx.globalAlpha = 0.2;
    ctx.fillRect(at[0], bbox.top, Math.max(2 * dot, at[1] - at[0]), bbox.height);
    ctx.globalAlpha = 1;
    // A label stands below those that it would run into; where there is no room, the list says it.
    const wide = ctx.measureText(kind).width, x = Math.min(at[0] + 3 * dot, bbox.left + bbox.width - wide);
    const free = taken.findIndex((after) => x >= after), row = free < 0 ? taken.length : free;
    if (row > 2) continue;
    taken[row] = x + wide + 6 * dot;
    ctx.fillText(kind, x, bbox.top + (20 + 14 * row) * dot);
  }
  ctx.restore();
}

/** Doubtful values that lie outside of the scale, as wedges at the edge. */
function beyond(u) {
  const { ctx, bbox } = u, dot = devicePixelRatio;
  ctx.save();
  ctx.fillStyle = colour("warm");
  u.series.forEach((one, n) => {
    if (!one.doubtful || !one.show) return;
    const { min, max } = u.scales[one.scale];
    u.data[n].forEach((value, i) => {
      const at = u.data[0][i];
      if (value == null || (value >= min && value <= max) || at < u.scales.x.min || at > u.scales.x.max) return;
      const x = u.valToPos(at, "x", true), tip = value > max ? bbox.top : bbox.top + bbox.height, foot = tip + (value > max ? 8 : -8) * dot;
      ctx.beginPath();
      ctx.moveTo(x, tip);
      ctx.lineTo(x - 5 * dot, foot);
      ctx.lineTo(x + 5 * dot, foot);
      ctx.fill();
    });
  });
  ctx.restore();
}

function drawCurves(shown) {
  const { columns, series, bands, scales, axes } = curves(shown), units = new Set(shown.curves.map((c) => c.unit)).size;
  scales.x.min = shown.span[0];
  scales.x.max = shown.span[1];
  const told = series.flatMap((one, n) => (one.label !== undefined && n ? [n] : []));
  plot = new uPlot({
    width: box.clientWidth, height: height(), legend: { show: false }, tzDate: (s) => uPlot.tzDate(new Date(s * 1000), "Etc/UTC"),
    padding: [8, units > 1 ? 0 : 16, 0, 0], cursor: { drag: { x: true, y: false, setScale: false }, y: false }, scales, axes, series, bands,
    hooks: {
      drawClear: [(u) => happened(u, shown)],
      draw: [beyond],
      setSelect: [(u) => { if (u.select.width > 3) chosen(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")); if (!isFlagging()) u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false); }],
      setCursor: [(u) => readout(u, (i) => {
        const values = told.flatMap((n) => (u.data[n][i] == null ? [] : [`${digits.format(u.data[n][i])} ${series[n].unit ?? ""}`.trim()]));
        return values.length ? `${whole.format(new Date(u.data[0][i] * 1000))} UTC · ${values.join(" · ")}` : "";
      })],
    },
  }, columns, box);
  plot.over.addEventListener("dblclick", all);
}

/** Profiles: values to the right, the vertical downward where it is a depth. */
function drawProfiles(shown) {
  const last = shown.profiles.length - 1, stroke = colour("ocean");
  const tables = shown.profiles.map((p) => {
    const poor = new Set(p.doubtful);
    const order = p.vertical.map((_, i) => i).filter((i) => p.vertical[i] !== null && p.value[i] !== null && !poor.has(i)).sort((a, b) => p.vertical[a] - p.vertical[b]);
    const rows = order.filter((i, n) => !n || p.vertical[i] !== p.vertical[order[n - 1]]);
    return [rows.map((i) => p.vertical[i]), rows.map((i) => p.value[i])];
  });
  const series = [{}, ...shown.profiles.map((p, n) => ({ label: p.time, scale: "y", stroke: n === last ? stroke : colour("edge"), width: n === last ? 2.5 : 1, points: { show: false } }))];
  const pairs = shown.profiles.flatMap((p) => p.doubtful.map((i) => [p.vertical[i], p.value[i]]));
  const poor = pairs.filter(([z, v]) => z !== null && v !== null).sort((a, b) => a[0] - b[0]).filter(([z], n, all) => !n || z !== all[n - 1][0]);
  if (poor.length) {
    tables.push([poor.map(([z]) => z), poor.map(([, v]) => v)]);
    series.push(doubts("y"));
  }
  plot = new uPlot({
    width: box.clientWidth, height: 1.3 * height(), legend: { show: false }, cursor: { drag: { x: false, y: false } },
    scales: { x: { time: false, ori: 1, dir: shown.downward ? -1 : 1 }, y: { ori: 0 } },
    axes: [
      axis({ side: 3, label: shown.vertical, labelSize: 20, labelFont: "13px 'Instrument Sans'", size: 60, values: (_, marks) => marks.map((v) => digits.format(v)) }),
      axis({ scale: "y", side: 2, space: 72, label: shown.unit ? `${shown.title} (${shown.unit})` : shown.title, labelSize: 20, labelFont: "13px 'Instrument Sans'", values: (_, marks) => marks.map((v) => digits.format(v)) }),
    ],
    series,
  }, tables.length > 1 ? uPlot.join(tables) : tables[0], box);
}

function draw() {
  const shown = data();
  wanted = shown.span;
  plot?.destroy();
  box.replaceChildren();
  if (shown.profiles.length) drawProfiles(shown);
  else drawCurves(shown);
  if (!shown.profiles.length) box.prepend(Object.assign(document.createElement("p"), { id: "plot-readout", className: "meta readout", ariaHidden: "true" }));
  document.documentElement.dataset.plotReady = "";
}

/** Puts another period of the same page in place, the plot and what has the focus left as they are. */
async function show(address, { push = true } = {}) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("article.datastream"), old = document.querySelector("article.datastream");
  if (!fresh) return;
  const focused = document.activeElement, at = focused?.dataset?.period;
  fresh.querySelector("#doubtful").checked = document.getElementById("doubtful").checked;
  fresh.querySelector("#plot").replaceWith(box);
  old.replaceWith(fresh);
  if (focused === box) box.focus();
  else if (at) fresh.querySelector(`[data-period="${at}"]`).focus();
  document.getElementById("other-language").href = page.getElementById("other-language").href;
  history[push ? "pushState" : "replaceState"]({}, "", address);
  draw();
  status.textContent = fresh.querySelector(".caption").textContent.trim();
}

/** Shows from one second to another at once, and asks for what lies there when the hand rests. */
function go(start, end, push = false) {
  const middle = (start + end) / 2, half = Math.max((end - start) / 2, 1);
  wanted = [middle - half, middle + half];
  plot.setScale("x", { min: wanted[0], max: wanted[1] });
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    // Of days the minute is enough: an address that can be read.
    const fine = wanted[1] - wanted[0] > 2 * DAY ? 16 : 19;
    const iso = (s) => `${new Date(Math.round(s) * 1000).toISOString().slice(0, fine)}Z`;
    const query = new URLSearchParams(location.search);
    query.delete("period");
    query.delete("before");
    query.set("time", `${iso(wanted[0])}/${iso(wanted[1])}`);
    show(`${location.pathname}?${query.toString().replaceAll("%3A", ":").replaceAll("%2F", "/").replaceAll("%2C", ",")}`, { push });
  }, push ? 0 : 300);
}

/** A period that was dragged over: it is shown, or goes into the form that flags one. */
const isFlagging = () => document.getElementById("flag-drag")?.checked ?? false;
function chosen(start, end) {
  if (isFlagging()) document.dispatchEvent(new CustomEvent("period", { detail: [start, end] }));
  else go(start, end, true);
}

const all = () => document.querySelector('[data-period="all"]').click();

document.addEventListener("click", (event) => {
  const link = event.target.closest(".presets a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(link.href);
});
document.addEventListener("change", ({ target }) => target.id === "doubtful" && draw());
box.addEventListener("keydown", (event) => {
  if (!plot || data().profiles.length || event.ctrlKey || event.metaKey || event.altKey) return;
  const [min, max] = wanted, span = max - min;
  const moves = { ArrowLeft: [-0.2, -0.2], ArrowRight: [0.2, 0.2], "+": [0.2, -0.2], "=": [0.2, -0.2], "-": [-0.33, 0.33] };
  const move = moves[event.key];
  if (move) go(min + move[0] * span, max + move[1] * span);
  else if (event.key === "Home" || event.key === "0") all();
  else return;
  event.preventDefault();
});
addEventListener("popstate", () => show(location.href, { push: false }));
document.addEventListener("themechange", draw);
new ResizeObserver(() => plot?.setSize({ width: box.clientWidth, height: plot.height })).observe(box);
draw();
