import { Popup } from "maplibre-gl";
import { around, basemap, isGlobe, ready } from "./basemap.js";

const STATES = ["fresh", "late", "ended"];
const container = document.getElementById("map");

/** Where the map starts: around the stations. */
function start(features) {
  const boxes = features.map(({ geometry: { coordinates: [x, y] } }) => [x, y, x, y]);
  if (!boxes.length) return { center: [4, 25], zoom: 0.8 };
  const [w, s, e, n] = around(boxes);
  return { bounds: [[w, Math.max(s, -78)], [e, Math.min(n, 82)]], fitBoundsOptions: { padding: 40, maxZoom: 8 } };
}

/** A click lists the stations that lie there, each with its way. */
function pointing(map) {
  const popup = new Popup({ maxWidth: "22rem" });
  map.on("mouseenter", "points", () => (map.getCanvas().style.cursor = "pointer"));
  map.on("mouseleave", "points", () => (map.getCanvas().style.cursor = ""));
  map.on("click", "points", ({ features, lngLat }) => {
    const list = document.createElement("ul");
    list.className = "popup";
    for (const { properties } of features.slice(0, 30)) {
      const link = Object.assign(document.createElement("a"), { href: properties.href, textContent: properties.name });
      list.appendChild(document.createElement("li")).append(link);
    }
    popup.setLngLat(lngLat).setDOMContent(list).addTo(map);
  });
}

if (container) {
  const answer = await fetch(container.dataset.points);
  const places = answer.ok ? await answer.json() : { type: "FeatureCollection", features: [] };
  const map = await basemap(container, { globe: isGlobe(false), hubs: STATES, scrollZoom: false, ...start(places.features) });
  if (map) {
    map.getSource("places").setData(places);
    pointing(map);
    map.once("idle", () => ready("map"));
  }
} else ready("none");
