"""Geometries of GML 3.1 and 3.2 as CQL2 JSON has them: longitude first, whatever order they came in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats._xml import local, namespace, text_of
from estran.web.apis._csw_systems import System, system
from estran.web.apis._csw_terms import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

__all__ = ["geometry", "is_geometry"]

_GML = "http://www.opengis.net/gml"
_MOST_NUMBERS = 30_000
# Possessive, as all patterns here that meet long texts: no way back, so that time grows with length alone.
_NUMBER = re.compile(r"[-+]?(?:\d++\.?+\d*+|\.\d++)(?:[eE][-+]?\d{1,3})?")
_PARTS = {
    "MultiPoint": ("Point", "MultiPoint"),
    "MultiLineString": ("LineString", "MultiLineString"),
    "MultiCurve": ("LineString", "MultiLineString"),
    "MultiPolygon": ("Polygon", "MultiPolygon"),
    "MultiSurface": ("Polygon", "MultiPolygon"),
}
_SHAPES = frozenset({"Envelope", "Box", "Point", "LineString", "Polygon", *_PARTS})
_FLAT, _SOLID = 2, 3

type Position = list[float]


def is_geometry(element: _Element) -> bool:
    """Whether an element is of GML, so that it can only be meant as a geometry."""
    return namespace(element).startswith(_GML) and local(element) in _SHAPES


def geometry(element: _Element) -> dict[str, Any]:
    """A geometry as GeoJSON, or as ``{"bbox": […]}``.

    Raises:
        Invalid: of a kind that is not read, without positions, or in another reference system.
    """
    name = local(element)
    if name not in _SHAPES or not namespace(element).startswith(_GML):
        raise Invalid(
            f"“{shown(name)}” is no geometry that is read; use {', '.join(sorted(_SHAPES))}", shown(name)
        )
    of = system(_inherited(element, "srsName"))
    if name in ("Envelope", "Box"):
        return {"bbox": _box(_positions(element, of), name)}
    if of is System.MERCATOR and name not in ("Point", "MultiPoint"):
        # A straight line there is none in longitude and latitude.
        raise Invalid(
            f"a {name} is not read in EPSG:3857, only boxes and points; give it in urn:ogc:def:crs:OGC:1.3:CRS84",
            "srsName",
        )
    if name in _PARTS:
        member, kind = _PARTS[name]
        members = [one for one in element.iter() if local(one) == member and namespace(one).startswith(_GML)]
        return {"type": kind, "coordinates": [_coordinates(one, of) for one in members]}
    return {"type": name, "coordinates": _coordinates(element, of)}


def _inherited(element: _Element, name: str) -> str:
    """An attribute of a geometry, or of the first in it that has one."""
    return next((held for one in element.iter() if (held := one.get(name))), "")


def _coordinates(element: _Element, of: System) -> list[Any]:
    name = local(element)
    if name == "Polygon":
        rings = [one for one in element.iter() if local(one) == "LinearRing"]
        return [_positions(ring, of) for ring in rings]
    found = _positions(element, of)
    if name != "Point":
        return found
    if len(found) != 1:
        raise Invalid(f"a Point has one position, not {len(found)}", "Point")
    return found[0]


def _box(found: list[Position], name: str) -> Position:
    if len(found) != 2:  # noqa: PLR2004
        raise Invalid("a box has two corners: gml:lowerCorner and gml:upperCorner", name)
    (west, south, *_), (east, north, *_) = found
    return [west, south, east, north]


def _positions(element: _Element, of: System) -> list[Position]:
    """The positions in an element, longitude first."""
    found = list(_held(element))
    if of is System.LONGITUDE_FIRST:
        return found
    return [[*of.position(x, y, local(element)), *rest] for x, y, *rest in found]


def _held(element: _Element) -> Iterator[Position]:
    for one in element.iter():
        match local(one):
            case "pos" | "lowerCorner" | "upperCorner":
                yield _position(_numbers(text_of(one)), local(one))
            case "posList":
                yield from _in_list(one, element)
            case "coordinates":
                for pair in text_of(one).split():
                    yield _position(_numbers(pair), "coordinates")
            case "coord":
                yield _position(_numbers(" ".join(text_of(part) for part in one)), "coord")
            case _:
                pass


def _in_list(listed: _Element, geometry: _Element) -> Iterator[Position]:
    dimension = listed.get("srsDimension") or listed.get("dimension") or geometry.get("srsDimension") or "2"
    if dimension not in ("2", "3"):
        raise Invalid("positions have two or three numbers", "srsDimension")
    numbers, size = _numbers(text_of(listed)), int(dimension)
    if len(numbers) % size:
        raise Invalid(f"{len(numbers)} numbers are no whole positions of {size}", "posList")
    for at in range(0, len(numbers), size):
        yield numbers[at : at + size]


def _position(numbers: Position, where: str) -> Position:
    if len(numbers) not in (_FLAT, _SOLID):
        raise Invalid(f"a position is two numbers with a blank between, not {len(numbers)}", where)
    return numbers


def _numbers(text: str) -> Position:
    parts = text.replace(",", " ").split()
    if len(parts) > _MOST_NUMBERS:
        raise Invalid(f"more than {_MOST_NUMBERS} numbers in a geometry; simplify it", "posList")
    for part in parts:
        if not _NUMBER.fullmatch(part):
            raise Invalid(f"“{shown(part)}” is not a number", "posList")
    return [float(part) for part in parts]
