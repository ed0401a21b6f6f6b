/** Buttons and links that copy: an address given with them, or the text of another element. */
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const { copy, copyFrom, copied } = button.dataset;
  const text = copyFrom ? document.getElementById(copyFrom).textContent.trim() : new URL(copy, location.href).href;
  event.preventDefault();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without leave to copy, a link is followed and a button selects what it would have copied.
    if (copy && button.href) location.href = button.href;
    else if (copyFrom) getSelection().selectAllChildren(document.getElementById(copyFrom));
    return;
  }
  const said = button.textContent;
  button.textContent = copied;
  setTimeout(() => (button.textContent = said), 1500);
});
