"""The places of DataCite: names, points, boxes and polygons, to WKT and boxes and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats._geojson import geometry_of_wkt, wkt_and_box
from estran.formats._json import number, obj, objs, seq, text
from estran.model import Box, Extent, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["places", "read_places", "unplaceable"]

_CORNERS = ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude")


def read_places(value: Any, notes: list[str]) -> tuple[tuple[Text, ...], tuple[Box, ...], tuple[str, ...]]:
    """The names, boxes and shapes of a ``geoLocations`` member; a shape gives its box too."""
    names: dict[Text, None] = {}
    boxes: dict[Box, None] = {}
    shapes: dict[str, None] = {}
    for place, location in enumerate(objs(value)):
        where = f"geoLocations[{place}]"
        if words := text(location.get("geoLocationPlace")):
            names[Text.of(words)] = None
        try:
            if box := _box(location.get("geoLocationBox"), where):
                boxes[box] = None
            for shape in _shapes(location):
                wkt, around = wkt_and_box(shape, where)
                shapes[wkt] = None
                if around:
                    boxes[around] = None
        except Invalid as error:
            notes.append(str(error))
    return tuple(names), tuple(boxes), tuple(shapes)


def _box(value: Any, where: str) -> Box | None:
    if isinstance(value, str) and value.strip():
        # Kernel 3: two pairs, latitude first.
        match [number(part) for part in value.replace(",", " ").split()]:
            case [float(south), float(west), float(north), float(east)]:
                return Box.checked(west, south, east, north, where)
            case _:
                raise Invalid(f"“{value[:60]}” is not a box; write south west north east", where)
    corners = [number(obj(value).get(name)) for name in _CORNERS]
    given = [corner for corner in corners if corner is not None]
    if not given:
        return None
    if len(given) < len(corners):
        raise Invalid("a box lacks a corner", where)
    west, south, east, north = given
    return Box.checked(west, south, east, north, where)


def _shapes(location: dict[str, Any]) -> Iterator[dict[str, Any]]:
    point = _point(location.get("geoLocationPoint"))
    if point:
        yield {"type": "Point", "coordinates": point}
    for ring in _rings(location.get("geoLocationPolygon")):
        points = [p for entry in ring if (p := _point(obj(entry).get("polygonPoint")))]
        if points:
            yield {"type": "Polygon", "coordinates": [points]}


def _point(value: Any) -> list[float] | None:
    if isinstance(value, str):
        match [number(part) for part in value.replace(",", " ").split()]:
            case [float(latitude), float(longitude)]:
                return [longitude, latitude]
            case _:
                return None
    longitude, latitude = number(obj(value).get("pointLongitude")), number(obj(value).get("pointLatitude"))
    return None if longitude is None or latitude is None else [longitude, latitude]


def _rings(value: Any) -> list[list[Any]]:
    """The rings of a polygon member: a list of points, a list of such lists, or an object with its points."""
    listed = seq(value)
    if all(isinstance(part, list) for part in listed):
        return listed
    if len(listed) == 1 and isinstance(obj(listed[0]).get("polygonPoint"), list):
        return [[{"polygonPoint": point} for point in listed[0]["polygonPoint"]]]
    return [listed]


def places(extent: Extent) -> list[dict[str, Any]]:
    """The ``geoLocations`` member of an extent; the box around a shape is not repeated."""
    found: list[dict[str, Any]] = [{"geoLocationPlace": str(name)} for name in extent.places]
    implied: set[Box] = set()
    for wkt in extent.geometries:
        for location, box in _located(wkt):
            found.append(location)
            implied.add(box)
    for box in extent.boxes:
        if box not in implied:
            corners = zip(_CORNERS, (box.west, box.south, box.east, box.north), strict=True)
            found.append({"geoLocationBox": dict(corners)})
    return found


def _located(wkt: str) -> Iterator[tuple[dict[str, Any], Box]]:
    shape = geometry_of_wkt(wkt, wound=False)
    if shape is None:
        return
    kind, coordinates = shape["type"], shape["coordinates"]
    if kind in ("Point", "MultiPoint"):
        for longitude, latitude in [coordinates] if kind == "Point" else coordinates:
            point = {"pointLongitude": longitude, "pointLatitude": latitude}
            yield {"geoLocationPoint": point}, Box(longitude, latitude, longitude, latitude)
    elif kind in ("Polygon", "MultiPolygon"):
        for rings in [coordinates] if kind == "Polygon" else coordinates:
            ring = [{"polygonPoint": {"pointLongitude": x, "pointLatitude": y}} for x, y in rings[0]]
            _, around = wkt_and_box({"type": "Polygon", "coordinates": [rings[0]]})
            if around:
                yield {"geoLocationPolygon": [ring]}, around


def unplaceable(extent: Extent) -> bool:
    """Whether a shape of the extent is none that DataCite has: a line, a hole, several shapes in one."""
    shapes = [geometry_of_wkt(wkt) for wkt in extent.geometries]
    return any(
        shape is None
        or shape["type"] not in ("Point", "Polygon")
        or (shape["type"] == "Polygon" and len(shape["coordinates"]) > 1)
        for shape in shapes
    )
