"""Geometries that people give to search with: checked, as WKT with the boxes around them."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from estran.errors import Invalid
from estran.model import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

OPERATORS = ("intersects", "within", "contains", "disjoint", "equals", "touches", "overlaps", "crosses")
"""Relations of two geometries (OGC Simple Features)."""

_MOST_POSITIONS = 10_000
_DEEPEST_COLLECTION = 4
# GeoJSON type -> its name in WKT, how deep its positions are nested, fewest positions of an innermost list.
_TYPES = {
    "Point": ("POINT", 0, 1),
    "MultiPoint": ("MULTIPOINT", 1, 1),
    "LineString": ("LINESTRING", 1, 2),
    "MultiLineString": ("MULTILINESTRING", 2, 2),
    "Polygon": ("POLYGON", 2, 4),
    "MultiPolygon": ("MULTIPOLYGON", 3, 4),
}
_EAST, _NORTH = 180 + 1e-9, 90 + 1e-9
_NUMBERS = (int, float)


class Shape(NamedTuple):
    """A geometry in longitude and latitude.

    Attributes:
        wkt: the geometry, heights left out.
        boxes: around it; two where it is a bounding box over the antimeridian.
        exact: whether the boxes are the geometry.
    """

    wkt: str
    boxes: tuple[Box, ...]
    exact: bool


def read(value: Any, where: str = "geometry") -> Shape:
    """The shape of a GeoJSON geometry, or of ``{"bbox": [west, south, east, north]}``.

    Raises:
        Invalid: not a geometry, off the globe, too long, or one that crosses itself.
    """
    if isinstance(value, dict) and "bbox" in value:
        box = _box(value["bbox"], where)
        return Shape(box.wkt(), box.parts(), exact=True)
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise Invalid(
            "give a geometry: BBOX(west, south, east, north), POINT(3 42), POLYGON((…)) or GeoJSON", where
        )
    # The pages of one search ask with the same geometry, which may have thousands of corners.
    return _read(msgspec.json.encode(value), where)


@lru_cache(maxsize=32)
def _read(geometry: bytes, where: str) -> Shape:
    value = msgspec.json.decode(geometry)
    positions: list[tuple[float, float]] = []
    wkt = _wkt(value, positions, where, 0)
    xs, ys = [x for x, _ in positions], [y for _, y in positions]
    box = Box(min(xs), min(ys), max(xs), max(ys))
    _check(wkt, where)
    return Shape(wkt, (box,), exact=value["type"] == "Point" or _is_rectangle(value, box))


def _box(numbers: Any, where: str) -> Box:
    if not isinstance(numbers, list) or not all(
        isinstance(n, int | float) and not isinstance(n, bool) for n in numbers
    ):
        raise Invalid("a bbox is a list of four numbers: west, south, east, north", where)
    return Box.parse(",".join(map(repr, numbers)), where)


def _wkt(value: dict[str, Any], positions: list[tuple[float, float]], where: str, depth: int) -> str:
    kind = value.get("type")
    if kind == "GeometryCollection":
        members = value.get("geometries")
        if depth >= _DEEPEST_COLLECTION or not isinstance(members, list) or not members:
            raise Invalid("a GeometryCollection needs at least one geometry, and few levels", where)
        if not all(isinstance(member, dict) for member in members):
            raise Invalid("the members of a GeometryCollection are geometries", where)
        return (
            f"GEOMETRYCOLLECTION({','.join(_wkt(member, positions, where, depth + 1) for member in members)})"
        )
    if kind not in _TYPES:
        raise Invalid(
            f"“{str(kind)[:40]}” is no geometry; use {', '.join(_TYPES)} or GeometryCollection", where
        )
    name, levels, fewest = _TYPES[kind]
    body = _nested(value.get("coordinates"), levels, fewest, positions, where)
    return f"{name}({body})" if levels == 0 else f"{name}{body}"


def _nested(value: Any, levels: int, fewest: int, positions: list[tuple[float, float]], where: str) -> str:
    if levels == 0:
        return "{:.10g} {:.10g}".format(*_position(value, positions, where))
    if not isinstance(value, list) or not value:
        raise Invalid("coordinates are missing or not nested as GeoJSON nests them", where)
    if levels == 1:
        if len(value) < fewest:
            raise Invalid(f"{len(value)} positions given; this geometry needs {fewest} or more", where)
        if fewest == 4 and list(value[0])[:2] != list(value[-1])[:2]:  # noqa: PLR2004 - a ring
            raise Invalid("a ring ends where it starts; repeat its first position", where)
    return f"({','.join(_nested(part, levels - 1, fewest, positions, where) for part in value)})"


def _position(value: Any, positions: list[tuple[float, float]], where: str) -> tuple[float, float]:
    if (
        not isinstance(value, list)
        or not 2 <= len(value) <= 3  # noqa: PLR2004
        or not all(type(number) in _NUMBERS for number in value)
    ):
        raise Invalid("a position is longitude, latitude and perhaps a height, all numbers", where)
    x, y = value[0], value[1]
    if not (-_EAST <= x <= _EAST and -_NORTH <= y <= _NORTH):
        raise Invalid(
            f"{x:g} {y:g} is off the globe; give longitude (-180…180), then latitude (-90…90), "
            "and split what crosses the antimeridian in two",
            where,
        )
    positions.append((x, y))
    if len(positions) > _MOST_POSITIONS:
        raise Invalid(f"the geometry has more than {_MOST_POSITIONS} positions; simplify it", where)
    return x, y


def _is_rectangle(value: dict[str, Any], box: Box) -> bool:
    if value["type"] != "Polygon" or len(value["coordinates"]) != 1 or len(value["coordinates"][0]) != 5:  # noqa: PLR2004
        return False
    corners: Sequence[Any] = value["coordinates"][0]
    held = {(c[0], c[1]) for c in corners}
    along = all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(corners))
    return along and held == {
        (box.west, box.south),
        (box.east, box.south),
        (box.east, box.north),
        (box.west, box.north),
    }


def _check(wkt: str, where: str) -> None:
    """Refuse what no engine can compare: rings that cross themselves, lines of one point."""
    if wkt.startswith(("POINT", "MULTIPOINT")):
        return
    import shapely  # noqa: PLC0415 - 30 MB that only a search with a drawn area needs

    found = shapely.from_wkt(wkt)
    if not shapely.is_valid(found):
        raise Invalid(f"the geometry is not valid: {shapely.is_valid_reason(found)}; redraw it", where)
