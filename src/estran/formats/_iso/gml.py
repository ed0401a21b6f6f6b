"""GML geometries to WKT in longitude and latitude, and back.

GML of ISO records comes in both axis orders, often against its own srsName. The declared order is taken
unless it leaves the globe, or the bounding boxes of the same extent fit the other one better.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

from lxml.etree import Element, QName, SubElement

from estran.errors import Invalid
from estran.formats._iso.values import LOCAL
from estran.model import Box

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml.etree import _Element

    type Point = tuple[float, float]

__all__ = ["Shape", "element", "shape"]

_GML = "http://www.opengis.net/gml/3.2"
_CRS84 = "urn:ogc:def:crs:OGC:1.3:CRS84"
# Geographic systems on datums within metres of WGS 84, or close enough for a catalogue's map.
_GEOGRAPHIC = frozenset(
    {"4326", "4258", "4171", "4269", "4283", "4979", "4937", "7844", "4267", "4231", "4230", "4612"}
)
_SEPARATORS = re.compile(r"[\s,;]+")
_CODE = re.compile(r"(\d{4,6})\D*$")
_OFFICIAL = re.compile(r"urn:|/def/crs/|#")
_LEAST_RING = 4
_MOST_POINTS = 20_000
_SLACK = 0.5
_WKT_NUMBERS = re.compile(r"[-+0-9.eE]+")


class Shape(NamedTuple):
    """A geometry: its WKT, the box around it, and what is wrong with it."""

    wkt: str
    box: Box
    wrong: str = ""


class _Part(NamedTuple):
    kind: str
    rings: list[list[Point]]


def shape(root: _Element, around: Box | None) -> Shape | None:
    """The geometry in a property as WKT in longitude and latitude; None where it holds none.

    Args:
        root: the element that holds the GML.
        around: the box around the same thing, if it is known, to tell the order of axes.

    Raises:
        Invalid: it is none, encloses nothing, or its reference system is not geographic.
    """
    parts = list(_parts(root, 2))
    if not parts:
        return None
    if _swapped(parts, _system(root), around):
        parts = [_Part(kind, [[(y, x) for x, y in ring] for ring in rings]) for kind, rings in parts]
    wkt = _wkt(parts)
    xs = [x for _, rings in parts for ring in rings for x, _ in ring]
    ys = [y for _, rings in parts for ring in rings for _, y in ring]
    own = Box.checked(min(xs), min(ys), max(xs), max(ys), "geometry")
    return Shape(wkt, own, _crossing(wkt, parts))


def _system(root: _Element) -> str:
    return next((name for part in root.iter() if (name := part.get("srsName"))), "")


def _parts(element: _Element, dimension: int) -> Iterator[_Part]:
    """Points, lines and polygons inside an element, in their order."""
    for child in element:
        size = int(given) if (given := child.get("srsDimension", "")).isdecimal() else dimension
        match LOCAL[child.tag]:
            case "Polygon" | "PolygonPatch" | "Rectangle" | "Triangle":
                yield _Part("POLYGON", [_ring(ring, size) for ring in _rings(child)])
            case "LinearRing":
                yield _Part("POLYGON", [_ring(child, size)])
            case "Point":
                yield _Part("POINT", [_points(child, size)[:1]])
            case "LineString" | "LineStringSegment":
                yield _Part("LINESTRING", [_points(child, size)])
            case "Envelope" | "Box":
                corners = _points(child, size)
                if len(corners) != 2:  # noqa: PLR2004 - the lower and the upper one
                    raise Invalid("an envelope has no two corners")
                (a, b), (c, d) = corners
                yield _Part("POLYGON", [[(a, b), (c, b), (c, d), (a, d), (a, b)]])
            case _:
                yield from _parts(child, size)


def _rings(polygon: _Element) -> Iterator[_Element]:
    """The rings of a polygon, the outer one first."""
    outer = [c for c in polygon if LOCAL[c.tag] in ("exterior", "outerBoundaryIs")]
    others = [c for c in polygon if LOCAL[c.tag] in ("interior", "innerBoundaryIs")]
    if len(outer) != 1:
        raise Invalid("a polygon has no outer ring")
    yield from outer
    yield from others


def _ring(holder: _Element, dimension: int) -> list[Point]:
    points = _points(holder, dimension)
    if points and points[0] != points[-1]:
        points.append(points[0])
    if len(points) < _LEAST_RING or len(set(points)) < _LEAST_RING - 1:
        raise Invalid("a polygon encloses nothing")
    return points


def _points(holder: _Element, dimension: int) -> list[Point]:
    """All positions inside an element: posList, pos, coordinates, corners."""
    found: list[Point] = []
    for part in holder.iter():
        match LOCAL[part.tag]:
            case "posList" | "pos" | "lowerCorner" | "upperCorner":
                size = int(given) if (given := part.get("srsDimension", "")).isdecimal() else dimension
                numbers = _numbers(part.text)
                if LOCAL[part.tag] != "posList":
                    size = max(len(numbers), 2)
                if size < 2 or len(numbers) % size:  # noqa: PLR2004 - the least dimension
                    raise Invalid(f"{len(numbers)} numbers do not make positions of {size}")
                found.extend(zip(numbers[0::size], numbers[1::size], strict=True))
            case "coordinates":
                for words in (part.text or "").split():
                    numbers = _numbers(words)
                    if len(numbers) < 2:  # noqa: PLR2004 - longitude and latitude
                        raise Invalid("a position lacks a coordinate")
                    found.append((numbers[0], numbers[1]))
            case _:
                pass
    if not found:
        raise Invalid("it has no positions")
    return found


def _numbers(words: str | None) -> list[float]:
    try:
        numbers = [float(part) for part in _SEPARATORS.split((words or "").strip()) if part]
    except ValueError:
        raise Invalid(f"“{(words or '').strip()[:40]}” are no coordinates") from None
    if not all(map(math.isfinite, numbers)):
        raise Invalid("a coordinate is not a number")
    return numbers


def _swapped(parts: list[_Part], system: str, around: Box | None) -> bool:
    """Whether the first coordinate is the latitude."""
    declared = False
    unmistakable = "CRS84" in system.upper().replace(":", "")
    if system and not unmistakable:
        code = _CODE.search(system)
        if code is None or code[1] not in _GEOGRAPHIC:
            raise Invalid(f"its reference system {system[:80]} is not geographic")
        # Old-fashioned names ("EPSG:4326") go with longitude first in practice, official ones as EPSG says.
        declared = bool(_OFFICIAL.search(system))
    firsts = [x for _, rings in parts for ring in rings for x, _ in ring]
    seconds = [y for _, rings in parts for ring in rings for _, y in ring]
    possible = {
        False: max(map(abs, firsts)) <= 360 + _SLACK and max(map(abs, seconds)) <= 90 + _SLACK,
        True: max(map(abs, seconds)) <= 360 + _SLACK and max(map(abs, firsts)) <= 90 + _SLACK,
    }
    if not any(possible.values()):
        raise Invalid("its coordinates are not degrees of longitude and latitude")
    if not all(possible.values()):
        return possible[True]
    if around is None or around.crosses or unmistakable:
        return declared
    straight = _outside(firsts, seconds, around)
    turned = _outside(seconds, firsts, around)
    return turned < straight if abs(turned - straight) > _SLACK else declared


def _outside(xs: Sequence[float], ys: Sequence[float], box: Box) -> float:
    """How far an envelope and a box differ, in degrees."""
    return (
        abs(min(xs) - box.west)
        + abs(max(xs) - box.east)
        + abs(min(ys) - box.south)
        + abs(max(ys) - box.north)
    )


def _pair(point: Point) -> str:
    return f"{point[0]:.10g} {point[1]:.10g}"


def _body(part: _Part) -> str:
    if part.kind == "POINT":
        return f"({_pair(part.rings[0][0])})"
    rings = [f"({','.join(map(_pair, ring))})" for ring in part.rings]
    return rings[0] if part.kind == "LINESTRING" else f"({','.join(rings)})"


def _wkt(parts: list[_Part]) -> str:
    kinds = {part.kind for part in parts}
    if len(parts) == 1:
        return parts[0].kind + _body(parts[0])
    if len(kinds) == 1:
        return f"MULTI{kinds.pop()}({','.join(map(_body, parts))})"
    return f"GEOMETRYCOLLECTION({','.join(part.kind + _body(part) for part in parts)})"


def _crossing(wkt: str, parts: list[_Part]) -> str:
    """Where a shape crosses itself, or that it is too large to tell; "" where it does not. Triangles cannot."""
    simple = (part.kind != "POLYGON" or [len(ring) for ring in part.rings] == [_LEAST_RING] for part in parts)
    if all(simple):
        return ""
    points = sum(len(ring) for part in parts for ring in part.rings)
    if points > _MOST_POINTS:
        return f"its {points} points are more than a catalogue can search by; {_MOST_POINTS} are the most"
    import shapely  # noqa: PLC0415 - a tenth of a second that most loads never need

    geometry = shapely.from_wkt(wkt)
    return "" if geometry.is_valid else f"it is not a valid shape ({shapely.is_valid_reason(geometry)})"


def element(wkt: str, name: str) -> _Element | None:
    """A WKT geometry as GML 3.2 in CRS84, None where GML or this writer has no such type.

    Args:
        wkt: the geometry, in longitude and latitude.
        name: the prefix of the ``gml:id`` that every geometry must carry.
    """
    kind = wkt.partition("(")[0].strip().upper()
    groups = _rings_of(wkt)
    if not groups:
        return None
    match kind:
        case "POINT" | "LINESTRING":
            return _simple(kind, groups[0][0], name, system=True)
        case "POLYGON":
            return _polygon(groups[0], name, system=True)
        case "MULTIPOLYGON":
            return _many(
                "MultiSurface",
                "surfaceMember",
                [_polygon(g, f"{name}.{n}") for n, g in enumerate(groups, 1)],
                name,
            )
        case "MULTIPOINT" | "MULTILINESTRING":
            single, whole, member = (
                ("POINT", "MultiPoint", "pointMember")
                if kind == "MULTIPOINT"
                else ("LINESTRING", "MultiCurve", "curveMember")
            )
            lines = [ring for group in groups for ring in group]
            if single == "POINT":
                lines = [[point] for line in lines for point in line]
            return _many(
                whole, member, [_simple(single, line, f"{name}.{n}") for n, line in enumerate(lines, 1)], name
            )
        case _:
            return None


def _rings_of(wkt: str) -> list[list[list[Point]]]:
    """The positions of a WKT text: polygons, in them rings, in them points."""
    groups: list[list[list[Point]]] = []
    # Polygons part where two brackets close together.
    for group in re.split(r"\)\s*\)\s*,", wkt):
        rings: list[list[Point]] = []
        for ring in re.findall(r"\(([^()]+)", group):
            pairs = [_WKT_NUMBERS.findall(point) for point in ring.split(",")]
            try:
                rings.append([(float(pair[0]), float(pair[1])) for pair in pairs])
            except (ValueError, IndexError):
                return []
        if rings:
            groups.append(rings)
    return groups


def _geometry(tag: str, name: str, *, system: bool) -> _Element:
    found = Element(QName(_GML, tag), nsmap={"gml": _GML})
    if system:
        found.set("srsName", _CRS84)
    found.set(QName(_GML, "id"), name)
    return found


def _simple(kind: str, points: list[Point], name: str, *, system: bool = False) -> _Element:
    found = _geometry("Point" if kind == "POINT" else "LineString", name, system=system)
    held = SubElement(found, QName(_GML, "pos" if kind == "POINT" else "posList"))
    held.text = " ".join(map(_pair, points))
    return found


def _polygon(rings: list[list[Point]], name: str, *, system: bool = False) -> _Element:
    found = _geometry("Polygon", name, system=system)
    for number, ring in enumerate(rings):
        side = SubElement(found, QName(_GML, "interior" if number else "exterior"))
        held = SubElement(SubElement(side, QName(_GML, "LinearRing")), QName(_GML, "posList"))
        held.text = " ".join(map(_pair, ring))
    return found


def _many(tag: str, member: str, parts: list[_Element], name: str) -> _Element:
    found = _geometry(tag, name, system=True)
    for part in parts:
        SubElement(found, QName(_GML, member)).append(part)
    return found
