import { basemap, collection, ready } from "./basemap.js";

const container = document.getElementById("globe");
const points = await (await fetch(container.dataset.points)).json();
const map = await basemap(container, {
  globe: true,
  hubs: new Set(points.features.map((f) => f.properties.hub)),
  center: [4, 30],
  zoom: 1.6,
  scrollZoom: false,
});
if (map) {
  map.getSource("points").setData(collection(points.features));
  map.on("mousemove", "points", () => (map.getCanvas().style.cursor = "pointer"));
  map.on("mouseleave", "points", () => (map.getCanvas().style.cursor = ""));
  map.on("click", "points", ({ features: [point] }) => (location.href = `data/${point.properties.id}`));
  map.once("idle", () => ready("map"));
}
