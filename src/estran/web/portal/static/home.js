import { basemap, collection, ready } from "./basemap.js";

const container = document.getElementById("globe");
const hubs = ["land", "atmosphere", "ocean", "earth", "life", ...container.dataset.hubs.split(" ").filter(Boolean)];
const places = fetch(container.dataset.points).then((answer) => answer.json());
const room = Math.min(container.clientWidth, container.clientHeight);
// A globe of zoom 1.6 is 456 pixels wide; this one leaves a little air around it.
const map = await basemap(container, { globe: true, hubs, center: [4, 30], zoom: 1.6 + Math.log2((0.9 * room) / 456), scrollZoom: false });
if (map) {
  map.getSource("places").setData(collection((await places).features));
  map.on("mousemove", "points", () => (map.getCanvas().style.cursor = "pointer"));
  map.on("mouseleave", "points", () => (map.getCanvas().style.cursor = ""));
  map.on("click", "points", ({ features: [point] }) => (location.href = `data/${point.properties.id}`));
  map.once("idle", () => ready("map"));
}
