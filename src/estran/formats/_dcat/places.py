"""Where and when in RDF: locations as WKT, GML and GeoJSON in either axis order, periods, and both written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid
from estran.formats._geojson import wkt_and_box
from estran.formats._numbers import plain
from estran.formats._rdf import Thing, Words, tail
from estran.model import Box, Extent, Period, Text, date

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estran.formats._rdf import Term

__all__ = ["box_wkt", "extent"]

_WKT = re.compile(
    r"^\s*(?:<(?P<iri>[^>]*)>|SRID=(?P<srid>\d+);)?\s*(?P<kind>(?:MULTI)?(?:POINT|LINESTRING|POLYGON))\s*(?:ZM?|M)?\s*"
    r"(?P<body>\([\s\d.,()eE+-]+\))\s*$",
    re.IGNORECASE,
)
# Starts at a boundary only, so that a hostile run of digits is looked at once.
_POSITION = re.compile(r"(?<![^\s(),])([^\s(),]++)\s++([^\s(),]++)(?:\s++[^\s(),]++)*+")
_NAMES = {
    name.upper(): name
    for name in ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
}
_TO_JSON = str.maketrans("()", "[]")
_CORNERS = re.compile(r"(?:lower|upper)Corner[^<>]{0,300}>\s*([-+\d.eE]{1,40})[\s,]+([-+\d.eE]{1,40})")
_POSITIONS = re.compile(r"<(?:\w{1,20}:)?(?:pos|posList|coordinates)\b[^<>]{0,300}>([^<]+)<")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_FOUR_NUMBERS = re.compile(r"^\s*(?:-?\d+(?:\.\d+)?\s*,\s*){3}-?\d+(?:\.\d+)?\s*$")
_DCMI_BOX = re.compile(r"(north|south|east|west)limit\s*=\s*(-?[\d.]+)", re.IGNORECASE)
_DCMI_PERIOD = re.compile(r"(start|end)\s*=\s*([^;\s]+)", re.IGNORECASE)
# Geographic systems of EPSG whose first axis is latitude.
_LATITUDE_FIRST = frozenset({"4326", "4258", "4171", "4269", "4979", "4937", "4283", "4659", "4275"})
_LONGEST = 5_000_000
_NO_SIZE = 1e-9

_INSTANTS = (
    "time:inXSDDateTimeStamp", "time:inXSDDateTime", "time:inXSDDate", "time:inXSDgYearMonth", "time:inXSDgYear",
)  # fmt: skip


@dataclass(slots=True)
class Where:
    """What the locations of a record amount to, as it is gathered."""

    boxes: dict[Box, None] = field(default_factory=dict[Box, None])
    around: dict[Box, None] = field(default_factory=dict[Box, None])
    rectangles: dict[str, Box] = field(default_factory=dict[str, Box])
    geometries: dict[str, None] = field(default_factory=dict[str, None])
    places: dict[Text, None] = field(default_factory=dict[Text, None])
    named: dict[str, Thing] = field(default_factory=dict[str, Thing])


def extent(thing: Thing) -> tuple[Extent, list[Thing]]:
    """Where and when a resource lies, and the places that a gazetteer has an address for."""
    where = Where()
    for term in thing.all("dct:spatial", "schema:spatialCoverage", "dct:coverage"):
        location = thing.at(term)
        if location is not None:
            _location(location, where)
        elif isinstance(term, Words):
            _spoken_place(thing, term, where)
    if where.boxes:
        where.geometries |= dict.fromkeys(where.rectangles)
    else:
        # Many give the bounding box as a geometry and nothing else.
        where.boxes |= dict.fromkeys(where.rectangles.values())
    found = Extent(
        # A footprint without any bounding box is found by its own.
        boxes=tuple(where.boxes or where.around),
        geometries=tuple(where.geometries),
        places=tuple(where.places),
        periods=tuple(dict.fromkeys(_periods(thing))),
    )
    return found, list(where.named.values())


def _spoken_place(thing: Thing, term: Words, where: Where) -> None:
    words = term.words.strip()
    limits = {side.lower(): float(value) for side, value in _DCMI_BOX.findall(words) if _is_number(value)}
    try:
        if _FOUR_NUMBERS.match(words):
            where.boxes[Box.parse(words, "dct:spatial")] = None
        elif len(limits) == 4:  # noqa: PLR2004 - the four sides
            box = Box.checked(limits["west"], limits["south"], limits["east"], limits["north"], "dct:spatial")
            where.boxes[box] = None
        elif words[:1] in "{<" or _WKT.match(words[:_LONGEST]):
            _add_geometry(thing, [term], where, as_box=True)
        elif words:
            where.places[thing.label(term)] = None
    except Invalid as error:
        thing.notes.append(f"{error}; it was left out")


def _location(location: Thing, where: Where) -> None:
    bbox = location.all("dcat:bbox")
    shapes = location.all("locn:geometry", "geo:asWKT", "geo:asGML", "geo:asGeoJSON", "locn:Geometry")
    for inner in location.things("locn:geometry", "geo:hasGeometry", "geo:geometry", "schema:geo"):
        shapes += inner.all("geo:asWKT", "geo:asGML", "geo:asGeoJSON", "rdf:value")
        bbox += [corners for term in inner.all("schema:box") if (corners := _corners(term))]
    bounded = _add_geometry(location, bbox, where, as_box=True)
    drawn = _add_geometry(location, shapes, where, as_box=False)
    if not bounded and not drawn:
        _add_geometry(
            location, [*location.all("dcat:centroid"), *_coordinates(location)], where, as_box=False
        )
    if location.iri:
        where.named[location.iri] = location
    elif name := location.text(
        "skos:prefLabel", "rdfs:label", "schema:name", "dct:title", "locn:geographicName"
    ):
        where.places[name] = None
    where.named |= {
        unit.iri: unit for unit in location.things("locn:adminUnitL1", "locn:adminUnitL2") if unit.iri
    }


def _corners(term: Term) -> Words | None:
    """A box of schema.org, which is latitude first, as WKT."""
    numbers = _NUMBER.findall(term.words) if isinstance(term, Words) else []
    if len(numbers) != 4:  # noqa: PLR2004 - two corners
        return None
    south, west, north, east = numbers
    return Words(f"POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))")


def _coordinates(location: Thing) -> list[Term]:
    x, y = location.number("wgs84:long", "schema:longitude"), location.number("wgs84:lat", "schema:latitude")
    return [] if x is None or y is None else [Words(f"POINT({x} {y})")]


def _add_geometry(thing: Thing, terms: list[Term], where: Where, *, as_box: bool) -> bool:
    """Add the first of some literals that can be read: the others say the same in another notation."""
    problem = ""
    for term in terms:
        words = term.words.strip() if isinstance(term, Words) else ""
        if not words:
            continue
        try:
            geometry = _geometry(words)
            wkt, box = wkt_and_box(geometry, "dct:spatial")
        except (Invalid, ValueError, TypeError, LookupError, RecursionError, msgspec.MsgspecError) as error:
            problem = error.why if isinstance(error, Invalid) else "it is no geometry that can be read"
            continue
        if box is None:
            continue
        if as_box:
            where.boxes[box] = None
        elif _is_rectangle(geometry):
            where.rectangles[wkt] = box
        else:
            where.geometries[wkt] = None
            where.around[box] = None
        return True
    if problem:
        thing.notes.append(f"dct:spatial: {problem}; it was left out")
    return False


def _geometry(words: str) -> dict[str, Any]:
    """A literal in WKT, GML or GeoJSON as GeoJSON in longitude and latitude."""
    if len(words) > _LONGEST:
        raise Invalid("the geometry is too large")
    if words.startswith("{"):
        found = msgspec.json.decode(words)
        return found.get("geometry") or found
    if words.startswith("<") and not words.startswith("<http"):
        return _gml(words)
    found = _WKT.match(words)
    if found is None:
        raise Invalid(f"“{words[:60]}” is no WKT, GML or GeoJSON geometry")
    latitude_first = _latitude_first(found["iri"] or "")
    pair = r"[\2,\1]" if latitude_first else r"[\1,\2]"
    kind = _NAMES[found["kind"].upper()]
    listed: Any = msgspec.json.decode(_POSITION.sub(pair, found["body"]).translate(_TO_JSON))
    if kind == "Point":
        listed = listed[0]
    elif kind == "MultiPoint":
        listed = [part[0] if isinstance(part[0], list) else part for part in listed]
    return {"type": kind, "coordinates": listed}


def _latitude_first(crs: str) -> bool:
    """Whether the first axis of a reference system is latitude; projected systems are refused."""
    if not crs or "CRS84" in crs or "CRS:84" in crs.upper():
        return False
    code = tail(crs.replace(":", "/"))
    if code in _LATITUDE_FIRST:
        # “EPSG:4326” alone is how the older standards say longitude, latitude.
        return "/def/crs/" in crs or crs.lower().startswith("urn:")
    raise Invalid(f"its coordinates are in {crs[:80]}, not in degrees of longitude and latitude")


def _gml(words: str) -> dict[str, Any]:
    name = re.search(r"srsName\s{0,9}=\s{0,9}[\"']([^\"']{0,300})[\"']", words)
    turned = _latitude_first(name[1] if name else "")
    corners = [[float(x), float(y)] for x, y in _CORNERS.findall(words)[:2]]
    if not corners:
        found = _POSITIONS.search(words)
        if found is None:
            raise Invalid("its GML has no positions")
        numbers = [float(number) for number in re.split(r"[\s,]+", found[1].strip())]
        size = 3 if re.search(r"srsDimension\s{0,9}=\s{0,9}[\"']3", words) else 2
        corners = [[numbers[i], numbers[i + 1]] for i in range(0, len(numbers) - 1, size)]
    if turned:
        corners = [[x, y] for y, x in corners]
    if len(corners) == 2 and ("Envelope" in words or "Box" in words):  # noqa: PLR2004 - two corners
        (west, south), (east, north) = corners
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        return {"type": "Polygon", "coordinates": [ring]}
    if len(corners) == 1:
        return {"type": "Point", "coordinates": corners[0]}
    if "Polygon" in words or "LinearRing" in words:
        return {"type": "Polygon", "coordinates": [corners]}
    return {"type": "LineString", "coordinates": corners}


def _is_rectangle(geometry: dict[str, Any]) -> bool:
    """Whether a polygon is nothing but its own bounding box."""
    if geometry.get("type") != "Polygon" or len(geometry["coordinates"]) != 1:
        return False
    ring: list[list[float]] = geometry["coordinates"][0]
    xs, ys = {point[0] for point in ring}, {point[1] for point in ring}
    if len(xs) > 2 or len(ys) > 2:  # noqa: PLR2004 - two sides each way
        return False
    sides = [(a, b) for a, b in pairwise(ring) if a[:2] != b[:2]]
    return len(sides) == 4 and all(a[0] == b[0] or a[1] == b[1] for a, b in sides)  # noqa: PLR2004


def _is_number(words: str) -> bool:
    try:
        float(words)
    except ValueError:
        return False
    return True


def _periods(thing: Thing) -> Iterable[Period]:
    for term in thing.all("dct:temporal", "schema:temporalCoverage"):
        span = thing.at(term)
        if span is None:
            words = " ".join(term.words.split()) if isinstance(term, Words) else ""
            named = dict(_DCMI_PERIOD.findall(words.lower()))
            start, slash, end = words.partition("/")
            if named:
                start, slash, end = named.get("start", ""), "/", named.get("end", "")
            period = Period(_day(thing, start), _day(thing, end if slash else start))
        else:
            period = Period(
                _edge(span, ("dcat:startDate", "schema:startDate"), "time:hasBeginning"),
                _edge(span, ("dcat:endDate", "schema:endDate"), "time:hasEnd"),
            )
        if period != Period():
            yield period


def _edge(span: Thing, dates: tuple[str, ...], instant: str) -> str:
    return span.date(*dates) or next((day for at in span.things(instant) if (day := at.date(*_INSTANTS))), "")


def _day(thing: Thing, words: str) -> str:
    words = words.strip()
    if words in ("", "..") or words.lower() in ("now", "present", "ongoing"):
        return ""
    try:
        return date(words)
    except Invalid as error:
        thing.notes.append(f"dct:temporal: {error.why}; it was left out")
        return ""


def box_wkt(box: Box) -> str:
    """A box as WKT in longitude and latitude, every digit kept; in two parts over the antimeridian."""
    rings: list[str] = []
    for part in box.parts():
        west, south, east, north = (plain(value) for value in part)
        rings.append(f"(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))")
    return f"POLYGON{rings[0]}" if len(rings) == 1 else f"MULTIPOLYGON({','.join(rings)})"
