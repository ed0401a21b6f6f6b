/** Series that are ticked in a list, to be drawn together: no more than one plot has room for. */
function limit(form) {
  const all = [...form.querySelectorAll("input[type=checkbox]")];
  const full = all.filter((one) => one.checked).length >= Number(form.dataset.most);
  for (const one of all) one.disabled = full && !one.checked;
}
const forms = () => document.querySelectorAll("form.ticks").forEach(limit);
document.addEventListener("change", ({ target }) => target.form?.matches("form.ticks") && limit(target.form));
// What was ticked is ticked again when one comes back.
addEventListener("pageshow", forms);
forms();
