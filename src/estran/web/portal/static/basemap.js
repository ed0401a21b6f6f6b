import { AttributionControl, Map as WorldMap, NavigationControl } from "maplibre-gl";

const LABELS = {
  atlantic: [-32, 25, 0], pacific: [-140, 5, 0], indian: [78, -18, 0], southern: [20, -60, 0], arctic: [0, 84, 0],
  mediterranean: [18, 35.2, 1.5], biscay: [-5.2, 45.4, 3.5], channel: [-2.6, 49.9, 4], north: [3, 56, 3], caribbean: [-75, 15, 2],
  coral: [155, -17, 2],
};

/** A design token, or the hub colour of a class, as a colour that a canvas understands. */
export function colour(token, css = "") {
  const probe = document.createElement("i");
  probe.className = css;
  probe.style.cssText = `display:none;color:var(--${token})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

const source = (data) => ({ type: "geojson", data });
export const collection = (features) => ({ type: "FeatureCollection", features });

/** A box (west, south, east, north) as a polygon, its long sides in steps so that they follow a globe. */
export function polygon([west, south, east, north], properties = {}) {
  const steps = Math.max(1, Math.ceil((east - west) / 5));
  const along = (lat) => Array.from({ length: steps + 1 }, (_, i) => [west + ((east - west) * i) / steps, lat]);
  const ring = [...along(south), ...along(north).reverse(), [west, south]];
  return { type: "Feature", properties, geometry: { type: "Polygon", coordinates: [ring] } };
}

function graticule() {
  const lines = [];
  for (let lon = -180; lon < 180; lon += 15) lines.push(Array.from({ length: 35 }, (_, i) => [lon, -85 + i * 5]));
  for (let lat = -75; lat <= 75; lat += 15) lines.push(Array.from({ length: 73 }, (_, i) => [-180 + i * 5, lat]));
  return { type: "MultiLineString", coordinates: lines };
}

function seas(container) {
  const names = JSON.parse(container.dataset.seas);
  return collection(
    Object.entries(LABELS).map(([key, [lon, lat, from]]) => ({
      type: "Feature",
      properties: { name: names[key], from },
      geometry: { type: "Point", coordinates: [lon, lat] },
    })),
  );
}

/** The map's layers in the page's present colours; `hubs` are the classes that the data carry. */
function layers(hubs) {
  const [sea, ground, line, edge, quiet, ink] = ["map-sea", "map-land", "map-line", "edge", "quiet", "ink"].map((name) => colour(name));
  const match = [...hubs].flatMap((css) => [css, colour("hub", `h-${css}`)]);
  const hub = match.length ? ["match", ["get", "hub"], ...match, edge] : edge;
  const layer = (id, type, from, paint, more = {}) => ({ id, type, ...(from && { source: from }), paint, ...more });
  const label = { "text-field": ["get", "name"], "text-font": ["Instrument Sans"], "text-size": 13, "text-letter-spacing": 0.04, "text-max-width": 7 };
  return [
    layer("sea", "background", null, { "background-color": sea }),
    layer("graticule", "line", "graticule", { "line-color": line, "line-width": 0.5, "line-opacity": 0.6 }),
    layer("land", "fill", "land", { "fill-color": ground }),
    layer("borders", "line", "borders", { "line-color": line, "line-width": 0.5 }),
    layer("rivers", "line", "rivers", { "line-color": line, "line-width": 0.7 }, { minzoom: 2.2 }),
    layer("lakes", "fill", "lakes", { "fill-color": sea }),
    layer("coast", "line", "land", { "line-color": edge, "line-width": 0.8 }),
    ...[0, 1.5, 2, 3, 3.5, 4].map((from) =>
      layer(`labels-${from}`, "symbol", "labels", { "text-color": quiet, "text-halo-color": sea, "text-halo-width": 1.2 }, { minzoom: from, filter: ["==", ["get", "from"], from], layout: label }),
    ),
    layer("fills", "fill", "boxes", { "fill-color": hub, "fill-opacity": ["coalesce", ["get", "fill"], 0] }),
    layer("outlines", "line", "boxes", { "line-color": hub, "line-width": 1.2, "line-opacity": ["coalesce", ["get", "line"], 0.55] }),
    layer("points", "circle", "points", { "circle-color": hub, "circle-stroke-color": ground, "circle-stroke-width": 1, "circle-radius": ["interpolate", ["linear"], ["zoom"], 0, 3, 3, 4.5, 7, 7] }),
    layer("lit", "line", "lit", { "line-color": ink, "line-width": 2.5 }),
    layer("asked", "line", "asked", { "line-color": ink, "line-width": 1.5, "line-dasharray": [3, 2] }),
  ];
}

const json = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
};

/** A map of the world drawn from this node's own files: no tile server, no font server. */
async function draw(container, { globe = false, hubs = [], ...options }) {
  const world = await json(container.dataset.world);
  const styled = () => layers(hubs);
  const empty = source(collection([]));
  const shapes = Object.fromEntries(Object.entries(world).map(([name, shape]) => [name, source(shape)]));
  const map = new WorldMap({
    container,
    attributionControl: false,
    // Never so far out that the world stands beside itself.
    minZoom: globe ? 0 : Math.max(0, Math.log2(container.clientWidth / 512)),
    canvasContextAttributes: { preserveDrawingBuffer: true, antialias: true },
    style: {
      version: 8,
      projection: { type: globe ? "globe" : "mercator" },
      sources: { ...shapes, graticule: source(graticule()), labels: source(seas(container)), boxes: empty, points: empty, lit: empty, asked: empty },
      layers: styled(),
    },
    ...options,
  });
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new AttributionControl({ compact: false, customAttribution: "Natural Earth" }));
  await map.once("load");
  const refine = async () => {
    if (map.getZoom() < 3) return;
    map.off("zoomend", refine);
    for (const [name, shape] of Object.entries(await json(container.dataset.fine))) map.getSource(name).setData(shape);
  };
  map.on("zoomend", refine);
  refine();
  document.addEventListener("themechange", () => {
    for (const { id, paint } of styled()) for (const [name, value] of Object.entries(paint)) map.setPaintProperty(id, name, value);
  });
  return map;
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
