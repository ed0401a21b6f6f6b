import "./copy.js";

const container = document.getElementById("map");
if (container) {
  // Pages without an interactive map, those of the poles for one, do without its library.
  const { around, basemap, collection, globeZoom, isGlobe, polygon, ready } = await import("./basemap.js");
  const boxes = JSON.parse(container.dataset.boxes);
  const hub = container.dataset.hub;
  const [west, south, east, north] = around(boxes);
  // What spans half the world or more is only whole on a globe.
  const isWide = east - west > 120;
  const globe = isGlobe(isWide);
  const view = globe && isWide
    ? { center: [(west + east) / 2, Math.max(-50, Math.min(50, (south + north) / 2))], zoom: globeZoom(container) }
    : { bounds: [[west, Math.max(south, -75)], [east, Math.min(north, 80)]], fitBoundsOptions: { padding: 36, maxZoom: 6 } };
  const map = await basemap(container, { globe, hubs: [hub], scrollZoom: false, ...view });
  if (map) {
    const wide = ([w, s, e, n]) => e - w > 0.05 || n - s > 0.05;
    const dot = ([lon, lat]) => ({ type: "Feature", properties: { hub }, geometry: { type: "Point", coordinates: [lon, lat] } });
    map.getSource("places").setData(collection(boxes.map((box) => (wide(box) ? polygon(box, { hub, fill: 0.18, line: 1 }) : dot(box)))));
    map.once("idle", () => ready("map"));
  }
} else document.documentElement.dataset.mapReady = "none";

// To cite is to copy: opening the menu does it, where the browser lets it.
const cite = document.querySelector(".cite-menu");
cite?.addEventListener("toggle", () => cite.open && cite.querySelector("[data-copy-from]").click());
document.addEventListener("click", ({ target }) => cite?.open && !cite.contains(target) && (cite.open = false));
document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape" || !cite?.open) return;
  cite.open = false;
  cite.querySelector("summary").focus();
});
