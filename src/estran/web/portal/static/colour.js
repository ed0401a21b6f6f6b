/** A design token, or the hub colour of a class, as a colour that a canvas understands. */
export function colour(token, css = "") {
  const probe = document.createElement("i");
  probe.className = css;
  probe.style.cssText = `display:none;color:var(--${token})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
