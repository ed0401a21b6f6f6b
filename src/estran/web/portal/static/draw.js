/**
 * Drag to draw a box on a map, with a finger as with a mouse, once the button #draw is pressed.
 * `mark` shows the box while it grows; `ask` gets it as west, south, east, north.
 */
export function drawing(map, container, mark, ask) {
  const button = () => document.getElementById("draw");
  let start = null;
  const at = (event) => {
    const frame = container.getBoundingClientRect();
    return map.unproject([event.clientX - frame.left, event.clientY - frame.top]);
  };
  const bounds = (end) => [Math.min(start.lng, end.lng), Math.min(start.lat, end.lat), Math.max(start.lng, end.lng), Math.max(start.lat, end.lat)];
  const stop = () => {
    start = null;
    container.classList.remove("drawing");
    map.dragPan.enable();
    map.touchZoomRotate.enable();
    button().setAttribute("aria-pressed", "false");
  };
  document.addEventListener("click", (event) => {
    if (event.target !== button()) return;
    if (container.classList.contains("drawing")) return stop();
    container.classList.add("drawing");
    map.dragPan.disable();
    map.touchZoomRotate.disable();
    button().setAttribute("aria-pressed", "true");
    container.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("keydown", ({ key }) => key === "Escape" && container.classList.contains("drawing") && stop());
  container.addEventListener("pointerdown", (event) => {
    if (!container.classList.contains("drawing") || event.target.tagName !== "CANVAS") return;
    start = at(event);
    container.setPointerCapture(event.pointerId);
  });
  container.addEventListener("pointermove", (event) => start && mark("asked", bounds(at(event))));
  container.addEventListener("pointerup", (event) => {
    if (!start) return;
    const box = bounds(at(event));
    stop();
    if (box[2] - box[0] > 0.001 && box[3] - box[1] > 0.001) ask(box);
  });
}

/** Puts a box into a form's four corners and sends it. */
export function askBox(form, bounds) {
  const wrap = (lon) => ((((lon + 180) % 360) + 360) % 360) - 180;
  const whole = bounds[2] - bounds[0] >= 360;
  const values = [whole ? -180 : wrap(bounds[0]), Math.max(-90, bounds[1]), whole ? 180 : wrap(bounds[2]), Math.min(90, bounds[3])];
  ["west", "south", "east", "north"].forEach((name, i) => (form.elements[name].value = values[i].toFixed(3)));
  form.requestSubmit();
}

/** A box whose east is east of its west, over the antimeridian too. */
export const unwrapped = ([w, s, e, n]) => [w, s, e < w ? e + 360 : e, n];
