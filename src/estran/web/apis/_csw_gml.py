"""Geometries of GML 3.1 and 3.2 as CQL2 JSON has them: longitude first, whatever order they came in.

Who names no reference system gives longitude first, as most clients do; so do CRS84 and the old
``EPSG:4326``. The URN and the address of EPSG 4326 mean what the EPSG says: latitude first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats._xml import local, namespace, text_of
from estran.web.apis._csw_terms import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

__all__ = ["geometry", "is_geometry", "latitude_first"]

_GML = "http://www.opengis.net/gml"
_MOST_NUMBERS = 30_000
_LATITUDE_FIRST = re.compile(
    r"urn:(?:x-)?ogc:def:crs:EPSG:[\d.]*:4326|https?://www\.opengis\.net/def/crs/EPSG/[\d.]+/4326",
    re.IGNORECASE,
)
_LONGITUDE_FIRST = re.compile(
    r"EPSG:4326|(?:OGC:)?CRS:?84|urn:(?:x-)?ogc:def:crs:OGC:[\d.]*:CRS84|"
    r"https?://www\.opengis\.net/def/crs/OGC/[\d.]+/CRS84|https?://www\.opengis\.net/gml/srs/epsg\.xml#4326",
    re.IGNORECASE,
)
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


def latitude_first(name: str, where: str = "srsName") -> bool:
    """Whether positions in a reference system start with the latitude.

    Raises:
        Invalid: it is not one of WGS 84.
    """
    name = name.strip()
    if not name or _LONGITUDE_FIRST.fullmatch(name):
        return False
    if _LATITUDE_FIRST.fullmatch(name):
        return True
    raise Invalid(
        f"the reference system “{shown(name)}” is not offered; give longitude and latitude in "
        "urn:ogc:def:crs:OGC:1.3:CRS84, or latitude and longitude in urn:ogc:def:crs:EPSG::4326",
        where,
    )


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
    turned = latitude_first(_inherited(element, "srsName"))
    if name in ("Envelope", "Box"):
        return {"bbox": _box(_positions(element, turned=turned), name)}
    if name in _PARTS:
        member, kind = _PARTS[name]
        members = [one for one in element.iter() if local(one) == member and namespace(one).startswith(_GML)]
        return {"type": kind, "coordinates": [_coordinates(one, turned=turned) for one in members]}
    return {"type": name, "coordinates": _coordinates(element, turned=turned)}


def _inherited(element: _Element, name: str) -> str:
    """An attribute of a geometry, or of the first in it that has one."""
    return next((held for one in element.iter() if (held := one.get(name))), "")


def _coordinates(element: _Element, *, turned: bool) -> list[Any]:
    name = local(element)
    if name == "Polygon":
        rings = [one for one in element.iter() if local(one) == "LinearRing"]
        return [_positions(ring, turned=turned) for ring in rings]
    found = _positions(element, turned=turned)
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


def _positions(element: _Element, *, turned: bool) -> list[Position]:
    """The positions in an element, longitude first."""
    found = list(_held(element))
    return [[y, x, *rest] for x, y, *rest in found] if turned else found


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
