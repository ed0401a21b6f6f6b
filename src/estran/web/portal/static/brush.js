/** The bars of years as a brush: drag over them, move the two thumbs, or follow one bar. */
const SLOP = 4;
let brush = null;

const bars = () => [...document.querySelectorAll("#histogram .year")];
const thumb = (side) => document.getElementById(`thumb-${side}`);

/** Shows the bars from one place to another as chosen, and writes their years into the fields. */
function choose(low, high) {
  const all = bars();
  all.forEach((bar, n) => bar.classList.toggle("in", n >= low && n <= high));
  const form = document.getElementById("search");
  form.elements.from.value = all[low].dataset.start;
  form.elements.to.value = all[high].dataset.end;
  for (const [side, at] of [["start", low], ["end", high]]) {
    thumb(side).value = at;
    thumb(side).setAttribute("aria-valuetext", all[at].dataset[side] || all[at].dataset.end || all[at].dataset.start);
  }
}

const submit = () => document.getElementById("search").requestSubmit();

/** The place of the bar under a pointer; beyond the ends, the bar at that end. */
function place(svg, { clientX }) {
  const { left, width } = svg.getBoundingClientRect();
  const count = bars().length;
  return Math.min(count - 1, Math.max(0, Math.floor(((clientX - left) / width) * count)));
}

document.addEventListener("pointerdown", (event) => {
  const svg = event.target.closest?.("#histogram svg");
  if (!svg || event.button) return;
  brush = { svg, from: place(svg, event), x: event.clientX, moved: false };
});
document.addEventListener("pointermove", (event) => {
  if (!brush || (!brush.moved && Math.abs(event.clientX - brush.x) < SLOP)) return;
  brush.moved = true;
  const to = place(brush.svg, event);
  choose(Math.min(brush.from, to), Math.max(brush.from, to));
});
document.addEventListener("pointerup", (event) => {
  if (!brush) return;
  const at = place(brush.svg, event);
  choose(Math.min(brush.from, at), Math.max(brush.from, at));
  brush = null;
  submit();
});
document.addEventListener("pointercancel", () => (brush = null));
// A bar is a link where there is no script, and is no thing to drag.
document.addEventListener("click", (event) => event.target.closest?.("#histogram svg a") && event.button === 0 && !event.ctrlKey && !event.metaKey && event.preventDefault());
document.addEventListener("dragstart", (event) => event.target.closest?.("#histogram") && event.preventDefault());

/** The thumbs do not pass each other. */
function slide({ target }) {
  const side = target.dataset?.side;
  if (!side || !target.closest("#histogram")) return false;
  const [low, high] = [Number(thumb("start").value), Number(thumb("end").value)];
  choose(side === "start" ? Math.min(low, high) : low, side === "start" ? high : Math.max(low, high));
  return true;
}
document.addEventListener("input", slide);
document.addEventListener("change", (event) => slide(event) && (event.stopPropagation(), submit()), true);
