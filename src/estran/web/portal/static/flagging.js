/** What is dragged over on the plot goes into the form that flags a period. */
const iso = (s) => `${new Date(Math.round(s) * 1000).toISOString().slice(0, 19)}Z`;
const field = (name) => document.getElementById(`flag-${name}`);

document.addEventListener("period", ({ detail: [start, end] }) => {
  field("from").value = iso(start);
  field("to").value = iso(end);
  document.getElementById("plot-status").textContent = [field("from").value, field("to").value].join(" – ");
});
document.addEventListener("change", ({ target }) => {
  if (target.id !== "flag-drag") return;
  if (target.checked) document.getElementById("plot").scrollIntoView({ block: "nearest" });
});
