"""GeoJSON geometries to WKT and boxes, and back, in pure Python: a harvest does it for every record.

What is written keeps to RFC 7946: longitudes of -180…180, boxes over the antimeridian in two halves,
outer rings counter-clockwise.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid
from estran.model import Box, hull

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Point = tuple[float, float]

__all__ = ["bbox", "box_geometry", "boxes_geometry", "geometry_of_wkt", "wkt_and_box"]

_FULL_LONGITUDE = 360.01
_HALF_TURN = 180.0
_FULL_LATITUDE = 90.01
_LEAST_RING = 4
_DEEPEST = 3


def bbox(value: Any, where: str = "bbox") -> Box:
    """The box that a ``bbox`` member gives; of six numbers the heights are left out.

    Raises:
        Invalid: no four or six numbers, or not a box.
    """
    match value:
        case [west, south, east, north] | [west, south, _, east, north, _]:
            first, second = _number(west, where), _number(south, where)
            return Box.checked(first, second, _number(east, where), _number(north, where), where)
        case _:
            raise Invalid("it must be a list of four or six numbers: west, south, east, north", where)


def wkt_and_box(geometry: Any, where: str = "geometry") -> tuple[str, Box | None]:
    """A GeoJSON geometry as WKT and the box around it; ("", None) for null or an empty one.

    Heights are left out and rings closed.

    Raises:
        Invalid: it is no geometry, or lies off the globe.
    """
    if geometry is None:
        return "", None
    written, boxes = _wkt(geometry, where, 0)
    return written, hull(boxes)


def _wkt(geometry: Any, where: str, depth: int) -> tuple[str, list[Box]]:
    if not isinstance(geometry, dict) or depth > _DEEPEST:
        raise Invalid("it is no GeoJSON geometry", where)
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "GeometryCollection":
        parts = [_wkt(part, where, depth + 1) for part in _listed(geometry.get("geometries"), where)]
        kept = [(written, boxes) for written, boxes in parts if written]
        boxes = [box for _, found in kept for box in found]
        return (f"GEOMETRYCOLLECTION({','.join(w for w, _ in kept)})" if kept else ""), boxes
    return ("", []) if coordinates == [] else _plain_wkt(kind, coordinates, where)


def _plain_wkt(kind: Any, coordinates: Any, where: str) -> tuple[str, list[Box]]:
    match kind:
        case "Point":
            point = _point(coordinates, where)
            return f"POINT({_pair(point)})", [_around([point], where)]
        case "MultiPoint" | "LineString":
            points = _points(coordinates, where)
            return f"{kind.upper()}{_line(points)}", [_around(points, where)]
        case "MultiLineString":
            lines = [_points(line, where) for line in _listed(coordinates, where)]
            return f"MULTILINESTRING({','.join(map(_line, lines))})", [_around(p, where) for p in lines]
        case "Polygon":
            rings = _rings(coordinates, where)
            return f"POLYGON({','.join(map(_line, rings))})", [_around(rings[0], where)]
        case "MultiPolygon":
            parts = [_rings(polygon, where) for polygon in _listed(coordinates, where)]
            written = ",".join(f"({','.join(map(_line, rings))})" for rings in parts)
            return f"MULTIPOLYGON({written})", [_around(rings[0], where) for rings in parts]
        case _:
            raise Invalid(f"“{str(kind)[:40]}” is no GeoJSON geometry", where)


def _listed(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise Invalid("its coordinates are no list, or an empty one", where)
    return value


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"{str(value)[:40]!r} is not a number", where)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Invalid("a number is too large", where)
    return number


def _point(value: Any, where: str) -> Point:
    if not isinstance(value, list) or len(value) < 2:  # noqa: PLR2004 - longitude and latitude
        raise Invalid("a position is not a list of longitude and latitude", where)
    x, y = _number(value[0], where), _number(value[1], where)
    if abs(x) > _FULL_LONGITUDE or abs(y) > _FULL_LATITUDE:
        raise Invalid(f"the position {x:g}, {y:g} lies off the globe (longitude first, then latitude)", where)
    return x, y


def _points(value: Any, where: str) -> list[Point]:
    return [_point(part, where) for part in _listed(value, where)]


def _rings(value: Any, where: str) -> list[list[Point]]:
    rings = [_points(ring, where) for ring in _listed(value, where)]
    for ring in rings:
        if ring[0] != ring[-1]:
            ring.append(ring[0])
        if len(ring) < _LEAST_RING:
            raise Invalid(f"a ring of {len(ring)} positions encloses nothing", where)
    return rings


def _pair(point: Point) -> str:
    return f"{point[0]:.10g} {point[1]:.10g}"


def _line(points: Iterable[Point]) -> str:
    return f"({','.join(map(_pair, points))})"


def _around(points: Sequence[Point], where: str) -> Box:
    # RFC 7946 wants shapes cut at the antimeridian, so that what spans the globe is meant to.
    xs = [x for x, _ in points]
    ys = [y for _, y in points]
    return Box.checked(min(xs), min(ys), max(xs), max(ys), where)


def box_geometry(box: Box) -> dict[str, Any]:
    """A box as a GeoJSON geometry: a point where it has no size, a multipolygon over the antimeridian."""
    if box.west == box.east and box.south == box.north:
        return {"type": "Point", "coordinates": [box.west, box.south]}
    rings = [[_ring_of(part)] for part in box.parts()]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings[0]}
    return {"type": "MultiPolygon", "coordinates": rings}


def boxes_geometry(boxes: Sequence[Box]) -> dict[str, Any] | None:
    """All boxes as one geometry, None without any."""
    if not boxes:
        return None
    if len(boxes) == 1:
        return box_geometry(boxes[0])
    rings = [[_ring_of(part)] for box in boxes for part in box.parts()]
    return {"type": "MultiPolygon", "coordinates": rings}


def _ring_of(box: Box) -> list[list[float]]:
    west, south, east, north = box
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


_WKT = re.compile(r"^\s*([A-Za-z]+)\s*(?:Z|M|ZM|z|m|zm)?\s*(\(.*\))\s*$", re.DOTALL)
_POSITION = re.compile(r"([^\s(),]+)\s+([^\s(),]+)(?:\s+[^\s(),]+)*")
_TO_JSON = str.maketrans("()", "[]")
_NAMES = {
    name.upper(): name
    for name in ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
}


def geometry_of_wkt(wkt: str, *, wound: bool = True) -> dict[str, Any] | None:
    """A WKT geometry in longitude and latitude as GeoJSON, its rings in RFC 7946's sense if `wound`.

    None where it is no geometry that GeoJSON has, or leaves the range of longitudes that RFC 7946 allows.
    """
    found = _WKT.match(wkt)
    kind = _NAMES.get(found[1].upper()) if found else None
    if found is None or kind is None:
        return None
    try:
        listed = msgspec.json.decode(_POSITION.sub(r"[\1,\2]", found[2]).translate(_TO_JSON))
        return {"type": kind, "coordinates": _coordinates(kind, listed, wound=wound)}
    except (msgspec.MsgspecError, Invalid, RecursionError):
        return None


def _coordinates(kind: str, listed: Any, *, wound: bool) -> Any:
    match kind:
        case "Point":
            return _within(listed[0])
        case "MultiPoint":
            return [_within(part[0] if isinstance(part[0], list) else part) for part in listed]
        case "LineString":
            return [_within(part) for part in listed]
        case "MultiLineString":
            return [[_within(part) for part in line] for line in listed]
        case "Polygon":
            return _rings_of(listed, wound=wound)
        case _:
            return [_rings_of(polygon, wound=wound) for polygon in listed]


def _within(position: Any) -> list[float]:
    x, y = _point(position, "")
    if abs(x) > _HALF_TURN or abs(y) > _HALF_TURN / 2:
        raise Invalid("outside the range of GeoJSON")
    return position


def _rings_of(rings: Any, *, wound: bool) -> list[list[list[float]]]:
    kept: list[list[list[float]]] = []
    for number, ring in enumerate(rings):
        points = [_within(part) for part in ring]
        area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(points))
        # Outer rings run counter-clockwise, holes clockwise.
        kept.append(points[::-1] if wound and area and (area < 0) == (number == 0) else points)
    return kept
