/** Keys of the search page: / to the words, arrows through the results, Escape back. */
const words = () => document.getElementById("q");
const titles = () => [...document.querySelectorAll("#list h3 a")];

/** Whether the key / is in use: it can be put out of use, as speech and slips of the hand may press it. */
function inUse() {
  try {
    return localStorage.getItem("shortcuts") !== "off";
  } catch {
    return true; // Storage may be forbidden.
  }
}

function show() {
  const box = document.getElementById("shortcuts");
  if (box) box.checked = inUse();
}
show();
document.addEventListener("htmx:after:swap", show);
document.addEventListener("change", (event) => {
  if (event.target.id !== "shortcuts") return;
  event.stopPropagation(); // it asks nothing of the search
  try {
    localStorage.setItem("shortcuts", event.target.checked ? "on" : "off");
  } catch {
    // The choice then lasts as long as the page.
  }
}, true);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const { target, key } = event;
  const writing = target.matches?.("input:not([type=checkbox], [type=range]), textarea, select, [contenteditable]");
  if (key === "/" && !writing && inUse()) {
    event.preventDefault();
    words().focus();
    words().select();
    return;
  }
  const all = titles();
  const at = all.indexOf(target);
  if (target === words() ? key !== "ArrowDown" : at < 0) return;
  if (key === "ArrowDown" || key === "ArrowUp") {
    event.preventDefault();
    (all[at + (key === "ArrowDown" ? 1 : -1)] ?? (key === "ArrowUp" ? words() : all.at(-1)))?.focus();
  } else if (key === "Escape") words().focus();
});
