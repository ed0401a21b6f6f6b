import { Popup } from "maplibre-gl";
import "./copy.js";
import { around, basemap, collection, isGlobe, polygon, ready } from "./basemap.js";
import { askBox, drawing, unwrapped } from "./draw.js";

const container = document.getElementById("map");
const ask = (bounds) => askBox(document.getElementById("search"), bounds);
const note = () => document.getElementById("map-note");
const card = (id) => document.querySelector(`.card[data-id="${CSS.escape(id)}"]`);
const open = matchMedia("(min-width: 60.01rem)");
const marks = new Map();
let map, places = collection([]), shown = "";

/** On wide screens the filters stand open; on narrow ones they wait behind their button. */
const unfold = () => (document.getElementById("filters").open = open.matches);
unfold();
open.addEventListener("change", unfold);

/** Draws what the present results and the present box are. */
async function refresh() {
  const { points, box } = note().dataset;
  if (points === shown) return;
  shown = points;
  const found = points ? await (await fetch(points)).json() : { ...collection([]), note: "" };
  if (shown !== points) return;
  places = found;
  note().textContent = places.note;
  if (!map) return;
  // Outlines of places as wide as a continent would only be in the way.
  const small = places.features.filter(({ properties: { box: [w, s, e, n] } }) => e - w < 60 && (e - w > 0.5 || n - s > 0.5));
  const outlines = small.map((f) => polygon(f.properties.box, { hub: f.properties.hub }));
  map.getSource("places").setData(collection([...outlines, ...places.features]));
  mark("asked", box ? unwrapped(box.split(",").map(Number)) : null);
}

/** Shows a box as the one that is "lit" or "asked", or takes it away. */
function mark(is, box) {
  if (box) marks.set(is, polygon(box, { is }));
  else marks.delete(is);
  map?.getSource("marks").setData(collection([...marks.values()]));
}

/** Lights the outline of one record, or of none. */
function light(id) {
  const place = places.features.find((f) => f.properties.id === id);
  mark("lit", place?.properties.box);
}

for (const name of ["mouseover", "focusin"])
  document.addEventListener(name, ({ target }) => light(target.closest?.(".card")?.dataset.id));

document.addEventListener("htmx:after:swap", () => {
  // Ticks follow the answer: a filter may have been taken away by its chip.
  for (const box of document.querySelectorAll(".facets input[type=checkbox]")) box.checked = box.hasAttribute("checked");
  refresh();
});

/** What stands under the pointer: its card lights up; a click lists it with its address. */
function pointing() {
  const popup = new Popup({ maxWidth: "20rem" });
  map.on("mousemove", "points", ({ features: [point] }) => {
    document.querySelectorAll(".card.lit").forEach((lit) => lit.classList.remove("lit"));
    card(point.properties.id)?.classList.add("lit");
    light(point.properties.id);
    map.getCanvas().style.cursor = "pointer";
  });
  map.on("mouseleave", "points", () => {
    document.querySelectorAll(".card.lit").forEach((lit) => lit.classList.remove("lit"));
    light();
    map.getCanvas().style.cursor = "";
  });
  map.on("click", "points", ({ features, lngLat }) => {
    const list = document.createElement("ul");
    list.className = "popup";
    const once = new Map(features.map((f) => [f.properties.id, f.properties.title]));
    for (const [id, title] of once) {
      const link = Object.assign(document.createElement("a"), { href: `data/${id}`, textContent: title });
      list.appendChild(document.createElement("li")).append(link);
    }
    popup.setLngLat(lngLat).setDOMContent(list).addTo(map);
  });
}

/** Where the map starts: the box that was asked, else around the places, else the world; it then stays put. */
function start() {
  const { box } = note().dataset;
  const all = box ? [unwrapped(box.split(",").map(Number))] : places.features.map((f) => f.properties.box);
  if (!all.length) return { center: [4, 25], zoom: 0.8 };
  const [w, s, e, n] = around(all);
  return { bounds: [[w, Math.max(s, -78)], [e, Math.min(n, 82)]], fitBoundsOptions: { padding: 40, maxZoom: 7 } };
}

await refresh();
const hubs = ["land", "atmosphere", "ocean", "earth", "life", ...container.dataset.hubs.split(" ").filter(Boolean)];
map = await basemap(container, { globe: isGlobe(false), hubs, ...start() });
if (map) {
  shown = "";
  await refresh();
  drawing(map, container, mark, ask);
  pointing();
  document.addEventListener("click", ({ target }) => {
    if (target.id !== "here") return;
    const b = map.getBounds();
    ask([b.getWest(), b.getSouth(), b.getEast(), b.getNorth()]);
  });
  map.once("idle", () => ready("map"));
}
