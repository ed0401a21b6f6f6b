"""GeoJSON geometry as well-known binary (ISO) and back, every coordinate as it is, valid or not."""

from __future__ import annotations

import math
import struct
from typing import Any

from estran.errors import Invalid

_TYPES = (
    "", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection",
)  # fmt: skip
_NUMBERS = {name: number for number, name in enumerate(_TYPES) if name}
_POINT, _LINE, _POLYGON, _COLLECTION = 1, 2, 3, 7
# ISO adds a thousand for heights, PostGIS sets a bit; SRIDs and measures are skipped.
_ISO_Z, _EWKB_Z, _EWKB_M, _EWKB_SRID = 1000, 0x80000000, 0x40000000, 0x20000000
_DEEPEST = 16
_HEAD, _COUNT, _COORDINATE = 5, 4, 8
_PLANE, _SPACE = 2, 3


def encode(geometry: Any) -> bytes:
    """The WKB of a GeoJSON geometry, little-endian.

    Raises:
        Invalid: it is none.
    """
    try:
        return _encoded(geometry, has_heights(geometry))
    except (KeyError, TypeError, IndexError, ValueError, struct.error, RecursionError):
        raise Invalid("it is no GeoJSON geometry", "geometry") from None


def has_heights(geometry: Any) -> bool:
    """Whether a position has a third number."""
    if geometry["type"] == "GeometryCollection":
        return any(has_heights(part) for part in geometry["geometries"])
    level = geometry["coordinates"]
    return _reaches(level, _SPACE)


def _reaches(level: Any, size: int) -> bool:
    if level and not isinstance(level[0], list):
        return len(level) >= size
    return any(_reaches(part, size) for part in level)


def _encoded(geometry: Any, z: bool) -> bytes:
    number = _NUMBERS[geometry["type"]]
    head = struct.pack("<BI", 1, number + (_ISO_Z if z else 0))
    if number == _COLLECTION:
        parts = geometry["geometries"]
        return head + struct.pack("<I", len(parts)) + b"".join(_encoded(part, z) for part in parts)
    given = geometry["coordinates"]
    if number == _POINT:
        return head + _positions([given] if given else [[math.nan] * (3 if z else 2)], z)
    if number <= _POLYGON:
        return head + _body(number, given, z)
    inner = number - 3
    parts = [_encoded({"type": _TYPES[inner], "coordinates": part}, z) for part in given]
    return head + struct.pack("<I", len(parts)) + b"".join(parts)


def _body(number: int, given: Any, z: bool) -> bytes:
    if number == _LINE:
        return struct.pack("<I", len(given)) + _positions(given, z)
    return struct.pack("<I", len(given)) + b"".join(_body(_LINE, ring, z) for ring in given)


def _positions(given: Any, z: bool) -> bytes:
    if z:
        flat = [v for p in given for v in (p[0], p[1], p[2] if len(p) >= _SPACE else math.nan)]
    else:
        flat = [v for p in given for v in (p[0], p[1])]
    return struct.pack(f"<{len(flat)}d", *flat)


def decode(body: bytes) -> dict[str, Any] | None:
    """The GeoJSON geometry of WKB in any of its dialects; None for an empty point.

    Raises:
        Invalid: it cannot be read.
    """
    try:
        geometry, end = _decoded(body, 0, 0)
    except (struct.error, IndexError, RecursionError):
        raise Invalid("its WKB cannot be read", "geometry") from None
    if end != len(body):
        raise Invalid("its WKB goes on after its end", "geometry")
    return None if geometry.get("coordinates") == [] and geometry["type"] == "Point" else geometry


def _decoded(body: bytes, at: int, depth: int) -> tuple[dict[str, Any], int]:
    if depth > _DEEPEST:
        raise Invalid("its WKB is nested too deeply", "geometry")
    order = "<" if body[at] else ">"
    (code,) = struct.unpack_from(f"{order}I", body, at + 1)
    at += _HEAD + (_COUNT if code & _EWKB_SRID else 0)
    plain = code & 0x0FFFFFFF
    number, kind = plain % _ISO_Z, plain // _ISO_Z
    if not 0 < number < len(_TYPES) or kind > _SPACE:
        raise Invalid(f"its WKB holds a geometry of type {plain}, which GeoJSON has not", "geometry")
    z, m = bool(code & _EWKB_Z) or kind in (1, 3), bool(code & _EWKB_M) or kind in (2, 3)
    layout = (order, _PLANE + z + m, z)
    name = _TYPES[number]
    if number == _POINT:
        found, at = _unpacked(body, at, layout, 1)
        return {"type": name, "coordinates": found[0] if not math.isnan(found[0][0]) else []}, at
    if number == _LINE:
        found, at = _line(body, at, layout)
        return {"type": name, "coordinates": found}, at
    (count,) = struct.unpack_from(f"{order}I", body, at)
    at += _COUNT
    if count * _COUNT > len(body):
        raise Invalid("its WKB counts more parts than it has bytes", "geometry")
    parts: list[Any] = []
    for _ in range(count):
        part, at = _line(body, at, layout) if number == _POLYGON else _decoded(body, at, depth + 1)
        parts.append(part)
    if number == _COLLECTION:
        return {"type": name, "geometries": parts}, at
    return {
        "type": name,
        "coordinates": parts if number == _POLYGON else [p["coordinates"] for p in parts],
    }, at


def _line(body: bytes, at: int, layout: tuple[str, int, bool]) -> tuple[list[list[float]], int]:
    (count,) = struct.unpack_from(f"{layout[0]}I", body, at)
    return _unpacked(body, at + _COUNT, layout, count)


def _unpacked(
    body: bytes, at: int, layout: tuple[str, int, bool], count: int
) -> tuple[list[list[float]], int]:
    order, size, z = layout
    end = at + count * size * _COORDINATE
    if end > len(body):
        raise Invalid("its WKB counts more positions than it has bytes", "geometry")
    flat = struct.unpack_from(f"{order}{count * size}d", body, at)
    keep = _SPACE if z else _PLANE
    positions = [list(flat[n : n + keep]) for n in range(0, len(flat), size)]
    for position in positions if z else ():
        if math.isnan(position[2]) and not math.isnan(position[0]):
            del position[2]
    return positions, end
