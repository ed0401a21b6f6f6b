"""Where an item is, as a map draws it; whatever its producer wrote, a footprint stays light."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.model import Box

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Footprints with more corners are drawn as their box.
_MOST_CORNERS = 400
_DECIMALS = 4
_TURN = 360


def boxes(item: Mapping[str, Any]) -> tuple[Box, ...]:
    """The box of an item, none where it has no place."""
    found = _declared(item.get("bbox")) or _around(item.get("geometry"))
    return (found,) if found else ()


def _declared(bbox: Any) -> Box | None:
    match bbox:
        case [west, south, east, north] | [west, south, _, east, north, _]:
            return _box((west, south, east, north))
        case _:
            return None


def _around(geometry: Any) -> Box | None:
    corners = list(_corners(geometry.get("coordinates"))) if isinstance(geometry, dict) else []
    if not corners:
        return None
    xs, ys = zip(*corners, strict=True)
    return _box((min(xs), min(ys), max(xs), max(ys)))


def _box(corners: tuple[Any, Any, Any, Any]) -> Box | None:
    try:
        west, south, east, north = (float(n) for n in corners)
        return Box.checked(west, south, east, north)
    except (Invalid, TypeError, ValueError):
        return None


def _corners(coordinates: Any) -> Iterator[tuple[float, float]]:
    """All positions of a geometry, however deep they lie."""
    left = [coordinates]
    while left:
        part = left.pop()
        match part:
            case [int() | float() as x, int() | float() as y, *_]:
                yield float(x), float(y)
            case list():
                left.extend(part)
            case _:
                pass


def features(items: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """Footprints of (id, item) pairs as GeoJSON: polygons that carry the item's id and box."""
    found = [feature for id_, item in items for feature in _features(id_, item)]
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _features(id_: str, item: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = boxes(item)
    if not found:
        return []
    box = found[0]
    east = box.east + (_TURN if box.crosses else 0)
    flat = [round(v, _DECIMALS) for v in (box.west, box.south, east, box.north)]
    return [
        {"type": "Feature", "properties": {"id": id_, "box": flat}, "geometry": geometry}
        for geometry in _geometries(item.get("geometry"), box)
    ]


def _geometries(geometry: Any, box: Box) -> list[dict[str, Any]]:
    """The polygons of a footprint; its box where it has others shapes or too many corners."""
    kind = geometry.get("type") if isinstance(geometry, dict) else ""
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    polygons = [coordinates] if kind == "Polygon" else coordinates if kind == "MultiPolygon" else None
    if polygons is None or sum(1 for _ in _corners(polygons)) > _MOST_CORNERS:
        return [_polygon([_ring(part)]) for part in box.parts()]
    try:
        return [_polygon(polygon) for polygon in polygons]
    except (TypeError, ValueError, LookupError, OverflowError):  # no polygons, though it says so
        return [_polygon([_ring(part)]) for part in box.parts()]


def _ring(box: Box) -> list[list[float]]:
    west, south, east, north = box
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def _polygon(rings: Any) -> dict[str, Any]:
    rounded = [
        [[round(float(p[0]), _DECIMALS), round(float(p[1]), _DECIMALS)] for p in ring] for ring in rings
    ]
    return {"type": "Polygon", "coordinates": rounded}
