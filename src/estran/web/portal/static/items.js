import { Popup } from "maplibre-gl";
import "./copy.js";
import { around, basemap, collection, isGlobe, polygon, ready } from "./basemap.js";
import { askBox, drawing, unwrapped } from "./draw.js";

const container = document.getElementById("map");
const form = document.getElementById("narrow");
const row = (id) => document.querySelector(`.item-row[data-id="${CSS.escape(id)}"]`);
const LAYERS = ["fills", "points"];
const marks = new Map();
let map;

const places = container ? JSON.parse(container.dataset.places) : [];

/** Shows features as what is "lit" or "asked", or takes them away. */
function mark(is, features) {
  marks.set(is, features.map((f) => ({ ...f, properties: { is } })));
  map?.getSource("marks").setData(collection([...marks.values()].flat()));
}

/** Lights the footprint and the row of one item, or of none. */
function light(id) {
  document.querySelectorAll(".item-row.lit").forEach((lit) => lit.classList.remove("lit"));
  if (id) row(id)?.classList.add("lit");
  mark("lit", places.filter((f) => f.properties.id === id));
}

/** The footprint under the pointer lights its row; a click lists all that lie there with their addresses. */
function pointing() {
  const popup = new Popup({ maxWidth: "22rem" });
  map.on("mousemove", LAYERS, ({ features: [found] }) => {
    light(found.properties.id);
    map.getCanvas().style.cursor = "pointer";
  });
  map.on("mouseleave", LAYERS, () => {
    light();
    map.getCanvas().style.cursor = "";
  });
  map.on("click", LAYERS, ({ features, lngLat }) => {
    if (container.classList.contains("drawing")) return;
    const list = document.createElement("ul");
    list.className = "popup";
    for (const id of new Set(features.map((f) => f.properties.id))) {
      const link = row(id)?.querySelector("a");
      if (link) list.appendChild(document.createElement("li")).append(link.cloneNode(true));
    }
    if (list.children.length) popup.setLngLat(lngLat).setDOMContent(list).addTo(map);
  });
}

/** Whether a footprint is too small to be seen where the map starts. */
function isTiny({ properties: { box: [w, s, e, n] } }) {
  const view = map.getBounds();
  return Math.max((e - w) / (view.getEast() - view.getWest()), (n - s) / (view.getNorth() - view.getSouth())) < 0.02;
}

function dot({ properties }) {
  const [w, s, e, n] = properties.box;
  return { type: "Feature", properties, geometry: { type: "Point", coordinates: [(w + e) / 2, (s + n) / 2] } };
}

/** Where the map starts: the box that was asked, else around the footprints, else the world. */
function start(box) {
  const all = box ? [box] : places.map((f) => f.properties.box);
  if (!all.length) return { center: [4, 25], zoom: 0.8 };
  const [w, s, e, n] = around(all);
  return { bounds: [[w, Math.max(s, -78)], [e, Math.min(n, 82)]], fitBoundsOptions: { padding: 36, maxZoom: form ? 8 : 6 } };
}

if (container) {
  const { hub, box: asked } = container.dataset;
  const box = asked ? unwrapped(asked.split(",").map(Number)) : null;
  map = await basemap(container, { globe: isGlobe(false), hubs: [hub], scrollZoom: false, ...start(box) });
  if (map) {
    const fill = places.length > 1 ? 0.1 : 0.18;
    const shapes = places.map((f) => ({ ...f, properties: { ...f.properties, hub, fill, line: 0.9 } }));
    map.getSource("places").setData(collection([...shapes, ...shapes.filter(isTiny).map(dot)]));
    if (box) mark("asked", [polygon(box)]);
    if (form) {
      for (const name of ["mouseover", "focusin"]) document.addEventListener(name, ({ target }) => {
        if (!container.contains(target)) light(target.closest?.(".item-row")?.dataset.id);
      });
      const ask = (bounds) => askBox(form, bounds);
      drawing(map, container, (is, bounds) => mark(is, [polygon(bounds)]), ask);
      pointing();
      document.getElementById("here").addEventListener("click", () => {
        const b = map.getBounds();
        ask([b.getWest(), b.getSouth(), b.getEast(), b.getNorth()]);
      });
    }
    map.once("idle", () => ready("map"));
  }
} else ready("none");
