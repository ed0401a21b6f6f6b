/** Letters written over a long list of values bring those that have them, whatever their number. */
const WAIT = 200;
let waiting, latest = 0;

document.addEventListener("input", ({ target }) => {
  if (!target.dataset?.values) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => find(target), WAIT);
});
// Enter in it sends no search.
document.addEventListener("keydown", (event) => event.key === "Enter" && event.target.dataset?.values && event.preventDefault());
// The search knows nothing of it.
document.addEventListener("change", (event) => event.target.dataset?.values && event.stopPropagation(), true);

async function find(box) {
  const list = document.getElementById(box.getAttribute("aria-controls"));
  const asked = new URLSearchParams(new FormData(document.getElementById("search")));
  asked.set("find", box.value);
  const turn = ++latest;
  const answer = await fetch(`${box.dataset.values}?${asked}`, { headers: { "HX-Request": "true" } });
  if (turn === latest && answer.ok) list.innerHTML = await answer.text();
}
