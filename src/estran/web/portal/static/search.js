import { Popup } from "maplibre-gl";
import "./copy.js";
import { around, basemap, collection, isGlobe, listing, polygon, ready } from "./basemap.js";
import "./brush.js";
import { askBox, drawing, unwrapped } from "./draw.js";
import "./keys.js";
import "./within.js";

const container = document.getElementById("map");
const ask = (bounds) => askBox(document.getElementById("search"), bounds);
const note = () => document.getElementById("map-note");
const card = (id) => document.querySelector(`.card[data-id="${CSS.escape(id)}"]`);
const open = matchMedia("(min-width: 60.01rem)");
const marks = new Map();
let map, begun = false, places = collection([]), shown = "";

/** On wide screens the filters and the map stand open; on narrow ones they wait behind their buttons. */
function unfold() {
  for (const id of ["filters", "map-side"]) document.getElementById(id).open = open.matches;
}
unfold();
open.addEventListener("change", unfold);

/** The address of the places in the part of the world that the map shows, as fine as it can show them. */
function address() {
  const { points } = note().dataset;
  if (!points || !map) return points && `${points}${points.includes("?") ? "&" : "?"}zoom=1`;
  const [[w, s], [e, n]] = map.getBounds().toArray();
  // A little more than is seen, in steps, so that a small move asks nothing.
  const wide = 1.5 * (e - w), high = 1.5 * (n - s);
  const fit = (value, step) => Math.round(value / step) * step;
  const [x, y] = [fit((w + e) / 2, (e - w) / 4), fit((s + n) / 2, (n - s) / 4)];
  const wrap = (lon) => ((((lon + 180) % 360) + 360) % 360) - 180;
  const whole = wide >= 360 || map.getProjection?.()?.type === "globe";
  const view = whole ? [-180, -90, 180, 90] : [wrap(x - wide / 2), Math.max(-90, y - high / 2), wrap(x + wide / 2), Math.min(90, y + high / 2)];
  return `${points}${points.includes("?") ? "&" : "?"}zoom=${Math.round(map.getZoom())}&view=${view.map((v) => v.toFixed(3)).join(",")}`;
}

/** Draws what the present results and the present box are. */
async function refresh() {
  const { box } = note().dataset;
  const asked = address();
  mark("asked", box ? unwrapped(box.split(",").map(Number)) : null);
  if (asked === shown) {
    note().textContent = places.note ?? ""; // the answer came without it
    return;
  }
  shown = asked;
  const found = asked ? await (await fetch(asked)).json() : { ...collection([]), note: "" };
  if (shown !== asked) return;
  places = found;
  note().textContent = places.note;
  if (!map) return;
  // Outlines of places as wide as a continent would only be in the way.
  const small = places.features.filter(({ properties: { id, box: [w, s, e, n] } }) => id && e - w < 60 && (e - w > 0.5 || n - s > 0.5));
  const outlines = small.map((f) => polygon(f.properties.box, { hub: f.properties.hub }));
  map.getSource("places").setData(collection([...outlines, ...(places.stations ?? []), ...places.features]));
}

/** Shows a box as the one that is "lit" or "asked", or takes it away. */
function mark(is, box) {
  if (box) marks.set(is, polygon(box, { is }));
  else marks.delete(is);
  map?.getSource("marks").setData(collection([...marks.values()]));
}

/** Lights the outline of one record, or of none. */
function light(id) {
  const place = id && places.features.find((f) => f.properties.id === id);
  mark("lit", place ? place.properties.box : null);
}

for (const name of ["mouseover", "focusin"])
  document.addEventListener(name, ({ target }) => light(target.closest?.(".card")?.dataset.id));

// What is being written stays; once it was sent, the answer says how it was read.
let writing = false;
document.addEventListener("input", ({ target }) => target.id === "q" && (writing = true));
document.addEventListener("submit", () => (writing = false));

/** The form as the answer has it: a filter may have been taken away by its chip, and browsers fill in old values. */
function follow() {
  for (const field of document.getElementById("search").elements) {
    if (!field.name || (field.id === "q" && writing)) continue;
    if (field.type === "checkbox") field.checked = field.defaultChecked;
    else if (field.type === "select-one") for (const option of field.options) option.selected = option.defaultSelected;
    else if (field !== document.activeElement || field.id === "q") field.value = field.defaultValue;
  }
}
addEventListener("pageshow", follow);
document.addEventListener("htmx:after:swap", () => {
  follow();
  if (begun) refresh();
});

/** What stands under the pointer: its card lights up; a click lists it with its address. */
function pointing() {
  const popup = new Popup({ maxWidth: "20rem" });
  map.on("mousemove", "points", ({ features: [point] }) => {
    document.querySelectorAll(".card.lit").forEach((lit) => lit.classList.remove("lit"));
    if (point.properties.id) card(point.properties.id)?.classList.add("lit");
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
    const add = (child) => list.appendChild(document.createElement("li")).append(child);
    const once = new Map(features.map(({ properties: p }) => [p.id ?? String(p.box), p]));
    for (const { id, title, said, box } of once.values()) {
      if (id) add(Object.assign(document.createElement("a"), { href: `data/${id}`, textContent: title }));
      else gathered(add, said, typeof box === "string" ? JSON.parse(box) : box);
    }
    popup.setLngLat(lngLat).setDOMContent(list).addTo(map);
  });

  const layers = ["points"];
  map.on("mousemove", "stations", () => (map.getCanvas().style.cursor = "pointer"));
  map.on("mouseleave", "stations", () => (map.getCanvas().style.cursor = ""));
  map.on("click", "stations", ({ features, lngLat, point }) => {
    if (map.queryRenderedFeatures(point, { layers }).length) return; // a record lies above it
    const list = document.createElement("ul");
    list.className = "popup";
    const once = new Map(features.map(({ properties: p }) => [p.href || String(p.box), p]));
    for (const { href, name, box } of once.values()) {
      const item = list.appendChild(document.createElement("li"));
      if (href) item.append(Object.assign(document.createElement("a"), { href, textContent: name }));
      else {
        item.append(name);
        closer((child) => list.appendChild(document.createElement("li")).append(child), typeof box === "string" ? JSON.parse(box) : box);
      }
    }
    popup.setLngLat(lngLat).setDOMContent(list).addTo(map);
  });

  /** What a mark of several records offers: to come closer, where that parts them, and to list them. */
  function gathered(add, said, [w, s, e, n]) {
    add(said);
    add(Object.assign(document.createElement("a"), { href: listing(places.search, [w, s, e, n]), textContent: note().dataset.list }));
    closer(add, [w, s, e, n]);
  }

  /** A button that comes as close as parts what lies in a box. */
  function closer(add, [w, s, e, n]) {
    if (e - w < 0.001 && n - s < 0.001) return;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "button quiet", textContent: note().dataset.closer });
    button.addEventListener("click", () => {
      popup.remove();
      map.fitBounds([[w, s], [e, n]], { padding: 80, maxZoom: Math.max(map.getZoom() + 1, 12), animate: !matchMedia("(prefers-reduced-motion)").matches });
    });
    add(button);
  }
}

/** Where the map starts: the box that was asked, else around the places, else the world; it then stays put. */
function start() {
  const { box } = note().dataset;
  const all = box ? [unwrapped(box.split(",").map(Number))] : places.features.map((f) => f.properties.box);
  if (!all.length) return { center: [4, 25], zoom: 0.8 };
  const [w, s, e, n] = around(all);
  return { bounds: [[w, Math.max(s, -78)], [e, Math.min(n, 82)]], fitBoundsOptions: { padding: 40, maxZoom: 7 } };
}

/** Draws the map, once it is to be seen. */
async function begin() {
  begun = true;
  await refresh();
  const hubs = ["land", "atmosphere", "ocean", "earth", "life", ...container.dataset.hubs.split(" ").filter(Boolean)];
  map = await basemap(container, { globe: isGlobe(false), hubs, ...start() });
  if (!map) return;
  await refresh();
  drawing(map, container, mark, ask);
  pointing();
  map.on("moveend", refresh);
  document.addEventListener("click", ({ target }) => {
    if (target.id !== "here") return;
    const b = map.getBounds();
    ask([b.getWest(), b.getSouth(), b.getEast(), b.getNorth()]);
  });
  map.once("idle", () => ready("map"));
}

const side = document.getElementById("map-side");
if (side.open) await begin();
else {
  ready("folded");
  side.addEventListener("toggle", () => side.open && begin(), { once: true });
}
