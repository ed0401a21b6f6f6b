import { AttributionControl, Map as WorldMap, NavigationControl } from "maplibre-gl";
import { colour } from "./colour.js";

const LABELS = {
  atlantic: [-32, 25, 0], pacific: [-140, 5, 0], indian: [78, -18, 0], southern: [20, -60, 0], arctic: [0, 84, 0],
  mediterranean: [18, 35.2, 1.5], biscay: [-5.2, 45.4, 3.5], channel: [-2.6, 49.9, 4], north: [3, 56, 3], caribbean: [-75, 15, 2],
  coral: [155, -17, 2],
};

export { colour };

export const collection = (features) => ({ type: "FeatureCollection", features });
const feature = (geometry, properties) => ({ type: "Feature", properties, geometry });

/** The zoom at which a globe fills nine tenths of a container; at zoom 1.6 it is 456 pixels wide. */
export const globeZoom = ({ clientWidth, clientHeight }) => 1.6 + Math.log2((0.9 * Math.min(clientWidth, clientHeight)) / 456);

/** A box (west, south, east, north) as a polygon, its long sides in steps so that they follow a globe. */
export function polygon([west, south, east, north], properties = {}) {
  const steps = Math.max(1, Math.ceil((east - west) / 5));
  const along = (lat) => Array.from({ length: steps + 1 }, (_, i) => [west + ((east - west) * i) / steps, lat]);
  const ring = [...along(south), ...along(north).reverse(), [west, south]];
  return feature({ type: "Polygon", coordinates: [ring] }, properties);
}

/** The box around all; its east lies beyond 180 where that way round is shorter, and less than half the world. */
export function around(boxes) {
  const turned = boxes.map(([w, s, e, n]) => { const t = 360 * Math.floor((w + 180) / 360); return [w - t, s, e - t, n]; });
  const spans = turned.toSorted((a, b) => a[0] - b[0]);
  let [start, , end] = spans[0], widest = 0, [west] = spans[0], [, , east] = spans[0];
  for (const [w, , e] of spans) {
    if (w - end > widest) [widest, west, east] = [w - end, w, end + 360];
    end = Math.max(end, e);
  }
  if (start + 360 - end >= widest || east - west > 180) [west, east] = [start, end];
  return [west, Math.min(...boxes.map((b) => b[1])), Math.min(east, west + 360), Math.max(...boxes.map((b) => b[3]))];
}

function graticule() {
  const lines = [];
  for (let lon = -180; lon < 180; lon += 15) lines.push(Array.from({ length: 35 }, (_, i) => [lon, -85 + i * 5]));
  for (let lat = -75; lat <= 75; lat += 15) lines.push(Array.from({ length: 73 }, (_, i) => [-180 + i * 5, lat]));
  return { type: "MultiLineString", coordinates: lines };
}

/** What is written on the map and on its buttons, in the page's language. */
const words = (container) => JSON.parse(container.dataset.words);

function seas(container) {
  const names = words(container).sea;
  return Object.entries(LABELS).map(([key, [lon, lat, from]]) =>
    feature({ type: "Point", coordinates: [lon, lat] }, { is: "sea", name: names[key], from }),
  );
}

/** The points of a line that is written as steps, in hundredths of a degree, each from the point before. */
function points(steps) {
  const line = [];
  for (let i = 0, x = 0, y = 0; i < steps.length; i += 2) line.push([(x += steps[i]) / 100, (y += steps[i + 1]) / 100]);
  return line;
}

/** Shapes and names of the base map as one source: each further source costs the map as much again. */
function ground(container, shapes) {
  const areas = (parts) => ({ type: "MultiPolygon", coordinates: parts.map((rings) => rings.map(points)) });
  const lines = (parts) => ({ type: "MultiLineString", coordinates: parts.map(points) });
  const drawn = { land: areas(shapes.land), lakes: areas(shapes.lakes), rivers: lines(shapes.rivers), borders: lines(shapes.borders) };
  const listed = Object.entries(drawn).map(([is, geometry]) => feature(geometry, { is }));
  return collection([...listed, feature(graticule(), { is: "graticule" }), ...seas(container)]);
}

/** The map's layers in the page's present colours; `hubs` are the classes that the data carry. */
function layers(hubs) {
  const [sea, land, line, edge, quiet, ink] = ["map-sea", "map-land", "map-line", "edge", "quiet", "ink"].map((name) => colour(name));
  const match = [...new Set(hubs)].flatMap((css) => [css, colour("hub", `h-${css}`)]);
  const hub = match.length ? ["match", ["get", "hub"], ...match, edge] : edge;
  const spot = match.length ? ["match", ["get", "hub"], ...match, quiet] : quiet;
  const layer = (id, type, source, filter, paint, more = {}) => ({ id, type, source, filter, paint, ...more });
  const world = (id, type, is, paint, more) => layer(id, type, "world", ["==", ["get", "is"], is], paint, more);
  const label = { "text-field": ["get", "name"], "text-font": ["Instrument Sans"], "text-size": 13, "text-letter-spacing": 0.04, "text-max-width": 7 };
  const named = { "text-color": quiet, "text-halo-color": sea, "text-halo-width": 1.2 };
  const shape = ["==", ["geometry-type"], "Polygon"];
  // A mark of many is larger, so that their number fits.
  const sized = (alone) => ["case", ["has", "count"], ["+", 7.5, ["*", 3.2, ["log10", ["get", "count"]]]], alone];
  return [
    { id: "background", type: "background", paint: { "background-color": sea } },
    world("graticule", "line", "graticule", { "line-color": line, "line-width": 0.5, "line-opacity": 0.6 }),
    world("land", "fill", "land", { "fill-color": land }),
    world("borders", "line", "borders", { "line-color": line, "line-width": 0.5 }),
    world("rivers", "line", "rivers", { "line-color": line, "line-width": 0.7 }, { minzoom: 2.2 }),
    world("lakes", "fill", "lakes", { "fill-color": sea }),
    world("coast", "line", "land", { "line-color": edge, "line-width": 0.8 }),
    ...[0, 1.5, 2, 3, 3.5, 4].map((from) =>
      layer(`seas-${from}`, "symbol", "world", ["all", ["==", ["get", "is"], "sea"], ["==", ["get", "from"], from]], named, { minzoom: from, layout: label }),
    ),
    layer("fills", "fill", "places", shape, { "fill-color": hub, "fill-opacity": ["coalesce", ["get", "fill"], 0] }),
    layer("outlines", "line", "places", shape, { "line-color": hub, "line-width": 1.2, "line-opacity": ["coalesce", ["get", "line"], 0.45] }),
    layer("stations", "circle", "places", ["==", ["get", "is"], "station"], { "circle-color": ink, "circle-opacity": 0.75, "circle-stroke-color": land, "circle-stroke-width": 0.8, "circle-radius": ["interpolate", ["linear"], ["zoom"], 0, ["case", [">", ["get", "n"], 1], 2.6, 1.8], 7, ["case", [">", ["get", "n"], 1], 5, 3.5]] }),
    layer("points", "circle", "places", ["all", ["==", ["geometry-type"], "Point"], ["!=", ["get", "is"], "station"]], { "circle-color": spot, "circle-stroke-color": land, "circle-stroke-width": 1, "circle-radius": ["interpolate", ["linear"], ["zoom"], 0, sized(3), 3, sized(4.5), 7, sized(7)] }),
    layer("counts", "symbol", "places", ["has", "count"], { "text-color": land }, { layout: { "text-field": ["to-string", ["get", "count"]], "text-font": ["Instrument Sans"], "text-size": 12, "text-allow-overlap": true, "text-ignore-placement": true } }),
    layer("lit", "line", "marks", ["==", ["get", "is"], "lit"], { "line-color": ink, "line-width": 2.5 }),
    layer("asked", "line", "marks", ["==", ["get", "is"], "asked"], { "line-color": ink, "line-width": 1.5, "line-dasharray": [3, 2] }),
  ];
}

const json = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
};

/** Whether maps are globes: what was chosen on one of them before, else `usual`. */
export function isGlobe(usual) {
  try {
    const chosen = localStorage.getItem("projection");
    return chosen ? chosen === "globe" : usual;
  } catch {
    return usual; // Storage may be forbidden.
  }
}

/** The button that turns a flat map into a globe and back, and keeps the choice for the next page. */
class Projection {
  constructor(container, globe) {
    Object.assign(this, { container, globe });
  }

  onAdd(map) {
    this.map = map;
    this.box = Object.assign(document.createElement("div"), { className: "maplibregl-ctrl maplibregl-ctrl-group" });
    this.button = Object.assign(document.createElement("button"), { type: "button", className: "maplibregl-ctrl-globe" });
    this.button.append(Object.assign(document.createElement("span"), { className: "maplibregl-ctrl-icon" }));
    this.button.addEventListener("click", () => this.turn());
    this.box.append(this.button);
    this.show();
    return this.box;
  }

  onRemove() {
    this.box.remove();
  }

  turn() {
    this.globe = !this.globe;
    try {
      localStorage.setItem("projection", this.globe ? "globe" : "flat");
    } catch {
      // The choice then lasts as long as the page.
    }
    this.map.setMinZoom(lowest(this.container, this.globe));
    this.map.setProjection({ type: this.globe ? "globe" : "mercator" });
    fill(this.map, this.container, this.globe);
    this.show();
  }

  show() {
    const { flat, globe } = words(this.container).map;
    this.button.title = this.globe ? flat : globe;
    this.button.setAttribute("aria-label", this.button.title);
    this.container.dataset.projection = this.globe ? "globe" : "flat";
  }
}

/** Never so far out that a flat world stands beside itself. */
const lowest = (container, globe) => (globe ? 0 : Math.max(0, Math.log2(container.clientWidth / 512)));

/** A globe is never smaller than its frame, nor a whole world larger than it was on the globe. */
function fill(map, container, globe) {
  if (globe && map.getZoom() < globeZoom(container)) map.jumpTo({ zoom: globeZoom(container), center: [map.getCenter().lng, Math.max(-50, Math.min(50, map.getCenter().lat))] });
  else if (!globe && map.getZoom() <= globeZoom(container)) map.jumpTo({ zoom: map.getMinZoom() });
}

const controls = ({ name, zoom_in, zoom_out, close }) => ({
  "Map.Title": name, "NavigationControl.ZoomIn": zoom_in, "NavigationControl.ZoomOut": zoom_out, "Popup.Close": close,
});

/** A map of the world drawn from this node's own files: no tile server, no font server. */
async function draw(container, { globe = false, hubs = [], ...options }) {
  const world = await json(container.dataset.world);
  const styled = () => layers(hubs);
  const source = (features) => ({ type: "geojson", data: features });
  const map = new WorldMap({
    container,
    attributionControl: false,
    minZoom: lowest(container, globe),
    locale: controls(words(container).map),
    canvasContextAttributes: { preserveDrawingBuffer: true, antialias: true },
    style: {
      version: 8,
      projection: { type: globe ? "globe" : "mercator" },
      sources: { world: source(ground(container, world)), places: source(collection([])), marks: source(collection([])) },
      layers: styled(),
    },
    ...options,
  });
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new Projection(container, globe), "top-right");
  map.addControl(new AttributionControl({ compact: false, customAttribution: "Natural Earth" }));
  if (globe) fill(map, container, globe);
  await map.once("load");
  const refine = async () => {
    if (map.getZoom() < 3) return;
    map.off("zoomend", refine);
    map.getSource("world").setData(ground(container, await json(container.dataset.fine)));
  };
  map.on("zoomend", refine);
  refine();
  document.addEventListener("themechange", () => {
    for (const { id, paint } of styled()) for (const [name, value] of Object.entries(paint)) map.setPaintProperty(id, name, value);
  });
  return map;
}

/** The address that lists what a mark of several stands for: the search, around their middles. */
export function listing(search, [w, s, e, n]) {
  const around = [Math.max(-180, w - 0.01), Math.max(-90, s - 0.01), Math.min(180, e + 0.01), Math.min(90, n + 0.01)];
  return `${search}${search.includes("?") ? "&" : "?"}bbox=${around.map((v) => v.toFixed(2)).join(",")}`;
}

/** Says that the page's map is drawn, or that its still picture is all there will be. */
export const ready = (how) => (document.documentElement.dataset.mapReady = how);

/**
 * The map in `container`; null where the browser cannot draw one: the server's picture then stays, with a line
 * that says why.
 */
export async function basemap(container, options = {}) {
  const still = container.querySelector("svg.locator");
  try {
    const map = await draw(container, options);
    still?.remove();
    return map;
  } catch (error) {
    console.warn("No interactive map:", error);
    container.classList.remove("maplibregl-map");
    container.replaceChildren(...(still ? [still] : []));
    const note = document.createElement("p");
    note.className = "fallback-note";
    note.textContent = container.dataset.fallback;
    container.append(note);
    ready("fallback");
    return null;
  }
}
