import { basemap, collection, globeZoom, isGlobe, listing, ready } from "./basemap.js";

const container = document.getElementById("globe");
const hubs = ["land", "atmosphere", "ocean", "earth", "life", ...container.dataset.hubs.split(" ").filter(Boolean)];
const places = fetch(container.dataset.points).then((answer) => answer.json());
const globe = isGlobe(true);
const map = await basemap(container, { globe, hubs, center: [4, 30], zoom: globe ? globeZoom(container) : 0, scrollZoom: false });
if (map) {
  const { features, search } = await places;
  map.getSource("places").setData(collection(features));
  map.on("mousemove", "points", () => (map.getCanvas().style.cursor = "pointer"));
  map.on("mouseleave", "points", () => (map.getCanvas().style.cursor = ""));
  map.on("click", "points", ({ features: [point] }) => {
    const { id, box } = point.properties;
    location.href = id ? `data/${id}` : listing(search, typeof box === "string" ? JSON.parse(box) : box);
  });
  map.once("idle", () => ready("map"));
}
