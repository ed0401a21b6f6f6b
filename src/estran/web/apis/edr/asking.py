"""The parameters of EDR queries, and the part of space, time and the third coordinate that they mean."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US, Box, interval
from estran.web import asking
from estran.web.apis.edr.places import Inside, Levels, Near, Where
from estran.web.replies import one

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from estran.observations.wide import Column, WideTable

__all__ = ["EPSG_4326", "KM", "checked_names", "columns", "is_latitude_first", "levels", "place", "times"]

KM = {
    "km": 1.0, "kilometers": 1.0, "kilometres": 1.0, "kilometer": 1.0, "kilometre": 1.0, "m": 0.001, "metres": 0.001,
    "meters": 0.001, "metre": 0.001, "meter": 0.001, "mi": 1.609344, "miles": 1.609344, "nmi": 1.852, "nm": 1.852,
    "nautical miles": 1.852, "ft": 0.0003048, "feet": 0.0003048,
}  # fmt: skip
"""Units of length that are read, in kilometres."""
EPSG_4326 = "http://www.opengis.net/def/crs/EPSG/0/4326"
_EPSG_4326 = (EPSG_4326, "EPSG:4326", "urn:ogc:def:crs:EPSG::4326")
NEAR_KM = 10.0
"""So far from a line, or from a point where nothing stands still, an observation is taken to be at it."""
_PAIR = re.compile(r"(?<=[(,])(\s*)([^\s(),]+)(\s+)([^\s(),]+)")
"""The first two of the coordinates of a point, in WKT."""
_LONGEST_WKT, _MOST_POINTS = 6000, 1000
_MOST_TIMES = 100
_WKT = {
    "position": ("Point", "MultiPoint"), "radius": ("Point", "MultiPoint"), "area": ("Polygon", "MultiPolygon"),
    "trajectory": ("LineString", "MultiLineString"), "corridor": ("LineString", "MultiLineString"),
}  # fmt: skip


def place(request: Request, query: str) -> Where:
    """The part of space that a query names.

    Raises:
        Invalid: a parameter that the query needs is missing, or does not fit.
    """
    import shapely  # noqa: PLC0415 - heavy

    if query == "cube":
        return _cube(request)
    text = one(request, "coords").strip()
    if not text:
        raise Invalid(f"it is needed; give a {_WKT[query][0].upper()} in WKT, longitude first", "coords")
    geometry = _geometry(text, query, is_latitude_first=is_latitude_first(request))
    heights, span = _levels_of(geometry), _times_of(geometry)
    flat = shapely.force_2d(geometry)
    if query == "position":
        return Where(Near(flat, NEAR_KM, nearest=True), heights)
    if query == "radius":
        within = _length(request, "within", "within-units", needed=True)
        return Where(Near(flat, within), heights)
    if query == "area":
        return Where(Inside(flat), Levels())
    if query == "trajectory":
        return Where(Near(flat, NEAR_KM), heights, span)
    width = _length(request, "corridor-width", "width-units", needed=True)
    return Where(Near(flat, width / 2), _height(request, heights), span)


def is_latitude_first(request: Request) -> bool:
    """Whether ``crs`` is EPSG:4326, in which latitude comes first.

    Raises:
        Invalid: it is neither that nor CRS84.
    """
    if one(request, "crs") in _EPSG_4326:
        return True
    try:
        asking.crs(request, "crs")
    except Invalid:
        raise Invalid(
            f"{asking.CRS84} (longitude, latitude) and {EPSG_4326} (latitude, longitude) are offered", "crs"
        ) from None
    return False


def _geometry(text: str, query: str, *, is_latitude_first: bool) -> Any:
    import shapely  # noqa: PLC0415 - heavy

    wanted = _WKT[query]
    if len(text) > _LONGEST_WKT:
        raise Invalid(
            f"geometries have up to {_LONGEST_WKT:,} characters here; this one {len(text):,}", "coords"
        )
    # Some write LINESTRINGZM without the blank.
    spaced = text.replace("+", " ")
    if is_latitude_first:
        spaced = _PAIR.sub(r"\1\4\3\2", spaced)
    for name in ("LINESTRING", "POLYGON", "POINT"):
        for kind in ("ZM", "Z", "M"):
            spaced = spaced.replace(f"{name}{kind}", f"{name} {kind}")
    try:
        found = shapely.from_wkt(spaced)
    except (shapely.errors.GEOSException, NotImplementedError):
        found = None
    if found is None or found.is_empty or found.geom_type not in wanted:
        raise Invalid(f"“{text[:60]}” is no {wanted[0].upper()} or {wanted[1].upper()} in WKT", "coords")
    if shapely.get_num_coordinates(found) > _MOST_POINTS:
        raise Invalid(f"geometries have up to {_MOST_POINTS:,} points here", "coords")
    x, y = shapely.get_coordinates(found).T
    if not (np.isfinite(x).all() and (np.abs(x) <= 360).all() and (np.abs(y) <= 90).all()):  # noqa: PLR2004
        raise Invalid("coordinates are longitude and latitude in degrees", "coords")
    if not found.is_valid:
        found = shapely.make_valid(found)
    return found


def _levels_of(geometry: Any) -> Levels:
    """The range of heights of a geometry that has some."""
    import shapely  # noqa: PLC0415 - heavy

    if not shapely.has_z(geometry):
        return Levels()
    z = shapely.get_coordinates(geometry, include_z=True)[:, 2]
    return Levels(float(z.min()), float(z.max())) if np.isfinite(z).all() else Levels()


def _times_of(geometry: Any) -> tuple[int, int]:
    """The time of a geometry whose points say when, in seconds since 1970."""
    import shapely  # noqa: PLC0415 - heavy

    if not shapely.has_m(geometry):
        return EVER_US, NEVER_US
    m = shapely.get_coordinates(geometry, include_m=True)[:, -1]
    if not np.isfinite(m).all() or (np.abs(m) > 2**40).any():
        raise Invalid("the fourth coordinate is seconds since 1970", "coords")
    return int(m.min() * 1e6), int(m.max() * 1e6) + 1


def _cube(request: Request) -> Where:
    import shapely  # noqa: PLC0415 - heavy

    text = one(request, "bbox")
    if not text:
        raise Invalid("it is needed: west, south, east, north", "bbox")
    parts = text.split(",")
    if is_latitude_first(request) and len(parts) in {4, 6}:
        half = len(parts) // 2
        parts = [part for at in (0, half) for part in (parts[at + 1], parts[at], *parts[at + 2 : at + half])]
    box = Box.parse(",".join(parts))
    heights = Levels()
    if len(parts) == 6:  # noqa: PLR2004
        ends = _number(parts[2], "bbox"), _number(parts[5], "bbox")
        heights = Levels(min(ends), max(ends))
    boxes = [shapely.box(part.west, part.south, part.east, part.north) for part in box.parts()]
    return Where(Inside(shapely.union_all(boxes)), heights)


def _length(request: Request, name: str, units: str, *, needed: bool) -> float:
    given = one(request, name)
    if not given:
        if needed:
            raise Invalid(f"it is needed: a number, with {units}", name)
        return 0.0
    unit = one(request, units) or "km"
    scale = KM.get(unit.strip().lower())
    if scale is None:
        raise Invalid(
            f"“{unit[:20]}” is no unit of length that is read; use {', '.join(list(KM)[:1])}, m, mi or nmi",
            units,
        )
    length = _number(given, name)
    if length < 0:
        raise Invalid("it is not below 0", name)
    return length * scale


def _height(request: Request, heights: Levels) -> Levels:
    """The corridor's height stands around that of its line; without one, it has no bounds."""
    given = one(request, "corridor-height")
    if not given or heights.is_all:
        return heights
    half = _number(given, "corridor-height") / 2
    return Levels(heights.low - half, heights.high + half)


def _number(given: str, name: str) -> float:
    try:
        found = float(given)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise Invalid(f"“{given[:40]}” is not a number", name)
    return found


def levels(request: Request, given: Levels) -> Levels:
    """``z``: a value, two around a slash, a list, or Rn/start/step; else what the coordinates say."""
    text = one(request, "z").strip()
    if not text:
        return given
    if text.upper().startswith("R"):
        count, _, rest = text[1:].partition("/")
        start, _, step = rest.partition("/")
        if not count.isdigit() or not 1 <= int(count) <= 1000 or not step:  # noqa: PLR2004
            raise Invalid("write R20/100/50: how many, the first, the step; up to 1000", "z")
        first, by = _number(start, "z"), _number(step, "z")
        return Levels(listed=tuple(first + n * by for n in range(int(count))))
    if "/" in text:
        low, high = text.split("/", 1)
        ends = [
            _number(low, "z") if low not in ("", "..") else -math.inf,
            _number(high, "z") if high not in ("", "..") else math.inf,
        ]
        return Levels(min(ends), max(ends))
    listed = tuple(_number(part, "z") for part in text.split(","))
    if len(listed) > 1000:  # noqa: PLR2004
        raise Invalid("up to 1000 levels are read", "z")
    return Levels(listed=listed)


def times(request: Request, span: tuple[int, int]) -> list[tuple[int, int]]:
    """``datetime``: instants and intervals, with commas between, as [start, end) within a span."""
    text = one(request, "datetime").strip()
    if not text:
        return [span]
    # A plus that nobody encoded arrives as a blank.
    listed = [part.strip().replace(" ", "+") for part in text.split(",")]
    if len(listed) > _MOST_TIMES:
        raise Invalid(
            f"up to {_MOST_TIMES} instants and intervals are read; {len(listed)} are given", "datetime"
        )
    found = [_interval(part) for part in listed]
    return [(max(start, span[0]), min(end, span[1])) for start, end in found]


def _interval(text: str) -> tuple[int, int]:
    start, slash, end = text.partition("/")
    if slash and start in ("", "..") and end in ("", ".."):
        return EVER_US, NEVER_US
    return interval(text, "datetime")


def columns(request: Request, table: WideTable) -> tuple[Column, ...]:
    """``parameter-name``: columns by name, or by standard name; values, flags and quality where none is named.

    Raises:
        Invalid: there is none of a name.
    """
    text = one(request, "parameter-name") or one(request, "parameter_names")
    if not text:
        return tuple(column for column in table.columns if column.role in ("value", "flag", "quality"))
    found: list[Column] = []
    for name in [part.strip() for part in text.split(",") if part.strip()]:
        column = table.column(name)
        named = [column] if column else [c for c in table.values if c.variable.standard_name == name]
        named = [one_ for one_ in named if one_.role in ("value", "flag", "quality", "id")]
        if not named:
            raise Invalid(
                f"there is no parameter “{name[:60]}”; choose among {_known(table)}", "parameter-name"
            )
        found += named
    return tuple(dict.fromkeys(found))


def _known(table: WideTable) -> str:
    return ", ".join(column.name for column in table.values[:40])


def checked_names(query: str) -> Sequence[str]:
    """The parameters that a query reads."""
    own = {
        "cube": ("bbox",), "radius": ("coords", "within", "within-units"), "locations": (), "items": (),
        "corridor": ("coords", "corridor-width", "width-units", "corridor-height", "height-units"),
    }  # fmt: skip
    resolution = ("resolution-x", "resolution-y", "resolution-z")
    return (
        *own.get(query, ("coords",)),
        "datetime",
        "z",
        "parameter-name",
        "parameter_names",
        "crs",
        "f",
        *resolution,
        "limit",
        "as_of",
    )
