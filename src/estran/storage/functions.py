"""What SQLite cannot say itself, as functions that its connections know: relations of shapes, folded text."""

from __future__ import annotations

import threading
import unicodedata
from typing import Any

__all__ = ["combining", "fold", "install"]

_HELD = 16
# The relation as seen from the other side: a prepared geometry is quick on its own side only.
_INVERSE = {"within": "contains", "contains": "within"}


def install(connection: Any) -> None:
    """Make the functions known to a connection of the driver."""
    connection.create_function("estran_related", 7, _related, deterministic=True)
    connection.create_function("estran_fold", 3, _folded, deterministic=True)


def fold(text: str, *, casei: bool, accenti: bool) -> str:
    """A text without what does not count: accents, case."""
    if accenti and not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return text.lower() if casei else text


def combining() -> str:
    """The marks that `fold` takes away, as the inside of a regular expression's brackets."""
    parts: list[str] = []
    first = last = -2
    for code in [*(c for c in range(0x110000) if unicodedata.combining(chr(c))), -2]:
        if code != last + 1:
            if first >= 0:
                parts.append(chr(first) if first == last else f"{chr(first)}-{chr(last)}")
            first = code
        last = code
    return "".join(parts)


def _folded(text: str | None, casei: int, accenti: int) -> str | None:
    return None if text is None else fold(text, casei=bool(casei), accenti=bool(accenti))


class _Known(threading.local):
    """The shapes that filters name, prepared: each thread has its own, for they are not shared safely."""

    def __init__(self) -> None:
        self.shapes: dict[str, Any] = {}


_known = _Known()


def _shape(wkt: str) -> Any:
    import shapely  # noqa: PLC0415 - only exact geometry needs it

    held = _known.shapes.get(wkt)
    if held is None:
        if len(_known.shapes) >= _HELD:
            _known.shapes.clear()
        held = _known.shapes[wkt] = shapely.from_wkt(wkt)
        shapely.prepare(held)
    return held


def _related(  # noqa: PLR0917 - SQL knows no names
    op: str, wkt: str, shape: bytes | None, west: float, south: float, east: float, north: float
) -> int | None:
    """Whether a shape, or a box where there is none, stands in a relation to another; None where it has no answer."""
    import shapely  # noqa: PLC0415

    try:
        theirs = _shape(wkt)
        ours: Any = shapely.from_wkb(shape) if shape is not None else _box(west, south, east, north)
        if not shapely.is_valid(ours):
            ours = shapely.make_valid(ours)
        if op == "intersects":
            return int(shapely.intersects(theirs, ours))
        if ours.geom_type == "GeometryCollection":
            return None
        if op in _INVERSE:
            return int(getattr(shapely, _INVERSE[op])(theirs, ours))
        return int(getattr(shapely, op)(ours, theirs))
    except shapely.errors.GEOSException:
        return None


def _box(west: float, south: float, east: float, north: float) -> Any:
    import shapely  # noqa: PLC0415

    if west < east and south < north:
        return shapely.box(west, south, east, north)
    if (west, south) == (east, north):
        return shapely.Point(west, south)
    return shapely.LineString([(west, south), (east, north)])
