"""Where and when the data of a NetCDF file lie: by its ACDD attributes, else by its CF coordinates.

Attributes that do not hold the file's own coordinates are wrong; the coordinates then count, and a
warning says so. Depths are written as negative heights.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats._json import day, number
from estran.formats._netcdf.values import is_numeric, values, words
from estran.model import Box, Extent, Period, Text, Vertical, date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from estran.formats._netcdf.values import Named

__all__ = ["SINCE", "extent", "is_coordinate", "is_latitude", "is_longitude", "is_time"]

_NORTH = re.compile(r"^degrees?_?n(orth)?$", re.IGNORECASE)
_EAST = re.compile(r"^degrees?_?e(ast)?$", re.IGNORECASE)
SINCE = re.compile(r"^\s*[a-z]+\s+since\s+", re.IGNORECASE)
_HEIGHTS = {
    "height": 1,
    "altitude": 1,
    "depth": -1,
    "height_above_mean_sea_level": 1,
    "height_above_reference_ellipsoid": 1,
}
_METRES = frozenset({"m", "meter", "meters", "metre", "metres"})
_SLACK_DEGREES = 1.0
_MOST_READ = 4
_FULL_TURN = 360.0
_HALF_TURN = 180.0
_POLE = 90.01
# No wider gap is left between the columns of a global grid, curvilinear ones included.
_GAP_OF_GRIDS = 2.0
# The coarsest grid that is taken for global has columns 45 degrees apart.
_LEAST_COLUMNS = 8
# Ten centimetres on the ground; what stands beyond is the noise of single precision.
_DECIMALS = 6


def extent(named: Named, given: Mapping[str, Any], notes: list[str]) -> Extent:
    """The extent of a file with these variables and global attributes."""
    box = _box(named, given, notes)
    period = _stated_period(given, notes) or _read_period(named, notes)
    vertical = _stated_vertical(given) or _read_vertical(named)
    place = words(given.get("sea_name")) or words(given.get("location"))
    return Extent(
        boxes=(box,) if box else (),
        places=(Text.of(place),) if place else (),
        periods=(period,) if period else (),
        vertical=(vertical,) if vertical else (),
    )


def is_coordinate(given: Mapping[str, Any]) -> bool:
    """Whether a variable of these attributes says where or when, rather than what."""
    return (
        is_latitude("", given) or is_longitude("", given) or is_time(given) or given.get("axis") is not None
    )


def is_latitude(name: str, given: Mapping[str, Any]) -> bool:
    """Whether a variable of this name and these attributes holds latitudes."""
    standard = words(given.get("standard_name"))
    if standard:
        return standard == "latitude"
    return bool(_NORTH.match(words(given.get("units")))) or name.lower() in ("lat", "latitude", "nav_lat")


def is_longitude(name: str, given: Mapping[str, Any]) -> bool:
    """Whether it holds longitudes."""
    standard = words(given.get("standard_name"))
    if standard:
        return standard == "longitude"
    return bool(_EAST.match(words(given.get("units")))) or name.lower() in ("lon", "longitude", "nav_lon")


def is_time(given: Mapping[str, Any]) -> bool:
    """Whether a variable of these attributes holds times."""
    if not SINCE.match(words(given.get("units"))):
        return False
    standard = words(given.get("standard_name"))
    return standard == "time" or words(given.get("axis")).upper() == "T"


def _box(named: Named, given: Mapping[str, Any], notes: list[str]) -> Box | None:
    stated, read = _stated_box(given, notes), _read_box(named, notes)
    if stated is None or read is None or _holds(stated, read):
        return stated or read
    notes.append(
        f"the geospatial attributes say {_shown(stated)}, the coordinates {_shown(read)}; the coordinates count"
    )
    return read


def _shown(box: Box) -> str:
    return ", ".join(f"{corner:g}" for corner in box)


def _holds(outer: Box, inner: Box) -> bool:
    if outer.south - _SLACK_DEGREES > inner.south or inner.north > outer.north + _SLACK_DEGREES:
        return False
    if outer.crosses != inner.crosses:
        return outer.east - outer.west >= _FULL_TURN - _SLACK_DEGREES
    return outer.west - _SLACK_DEGREES <= inner.west and inner.east <= outer.east + _SLACK_DEGREES


def _stated_box(given: Mapping[str, Any], notes: list[str]) -> Box | None:
    corners = [
        number(given.get(f"geospatial_{axis}_{end}"))
        for axis, end in (("lon", "min"), ("lat", "min"), ("lon", "max"), ("lat", "max"))
    ]
    kept = [corner for corner in corners if corner is not None]
    if len(kept) < len(corners):
        return None
    west, south, east, north = kept
    try:
        return Box.checked(west, min(south, north), east, max(south, north), "geospatial attributes")
    except Invalid as error:
        notes.append(str(error))
        return None


def _read_box(named: Named, notes: list[str]) -> Box | None:
    latitudes, longitudes = _all_values(named, is_latitude, notes), _all_values(named, is_longitude, notes)
    latitudes = latitudes[abs(latitudes) <= _POLE]
    longitudes = longitudes[abs(longitudes) <= _FULL_TURN + 0.01]
    if not latitudes.size or not longitudes.size:
        return None
    west, east = _arc(longitudes)
    try:
        south, north = (round(float(end), _DECIMALS) for end in (latitudes.min(), latitudes.max()))
        return Box.checked(round(west, _DECIMALS), south, round(east, _DECIMALS), north, "coordinates")
    except Invalid as error:
        notes.append(str(error))
        return None


def _all_values(
    named: Named, wanted: Callable[[str, Mapping[str, Any]], bool], notes: list[str]
) -> np.ndarray:
    import numpy as np  # noqa: PLC0415 - heavy

    found = [(name, v, g) for name, (v, g) in named.items() if wanted(name, g) and is_numeric(v)]
    # Axes before auxiliary coordinates, which may be cell corners or the same in two dimensions.
    found = [part for part in found if part[0] in part[1].dimensions] or found
    parts: list[np.ndarray] = []
    for name, variable, given in found[:_MOST_READ]:
        try:
            parts.append(values(variable, given))
        except (RuntimeError, OSError, ValueError, IndexError) as error:
            notes.append(f"{name}: its values cannot be read ({error})"[:300])
    return np.concatenate(parts) if parts else np.empty(0)


def _arc(longitudes: np.ndarray) -> tuple[float, float]:
    """West and east of the shortest arc that holds all longitudes; the whole turn for a global grid."""
    import numpy as np  # noqa: PLC0415

    if float(longitudes.max()) - float(longitudes.min()) < _HALF_TURN:
        # The common case, and exact: no wrapping touches the numbers.
        return float(longitudes.min()), float(longitudes.max())
    around = np.unique((longitudes + _HALF_TURN) % _FULL_TURN - _HALF_TURN)
    gaps = np.diff(around, append=around[0] + _FULL_TURN)
    widest = int(gaps.argmax())
    step = 2 * float(np.median(gaps)) if around.size >= _LEAST_COLUMNS else 0.0
    if gaps[widest] <= max(step, _GAP_OF_GRIDS):
        return -_HALF_TURN, _HALF_TURN
    wrapped = float(longitudes.max()) > _HALF_TURN
    if widest == around.size - 1 or not (wrapped or gaps[widest] > _HALF_TURN):
        # Stations all over the world are not meant to be seen across the antimeridian.
        return float(around[0]), float(around[-1])
    return float(around[widest + 1]), float(around[widest])


def _stated_period(given: Mapping[str, Any], notes: list[str]) -> Period | None:
    start = day(words(given.get("time_coverage_start")), notes, "time_coverage_start")
    end = day(words(given.get("time_coverage_end")), notes, "time_coverage_end")
    return Period(start, end) if start or end else None


def _read_period(named: Named, notes: list[str]) -> Period | None:
    import numpy as np  # noqa: PLC0415

    found = [(n, v, g) for n, (v, g) in named.items() if is_time(g)]
    found = found or [
        (n, v, g) for n, (v, g) in named.items() if SINCE.match(words(g.get("units"))) and n in v.dimensions
    ]
    for name, variable, given in found[:1]:
        try:
            numbers = values(variable, given) if is_numeric(variable) else np.empty(0)
        except (RuntimeError, OSError, ValueError, IndexError) as error:
            notes.append(f"{name}: its values cannot be read ({error})"[:300])
            continue
        if numbers.size:
            ends = [_moment(float(edge), given, name, notes) for edge in (numbers.min(), numbers.max())]
            return Period(*ends) if any(ends) else None
    return None


def _moment(value: float, given: Mapping[str, Any], name: str, notes: list[str]) -> str:
    """A decoded time to the second; where the calendar has days that ours lacks, its month."""
    import cftime  # noqa: PLC0415 - heavy

    calendar = words(given.get("calendar")).lower() or "standard"
    units = words(given.get("units"))
    try:
        # Half a second more and the fractions cut off: floats fall a little short of the full second.
        moved = value + _half_a_second(units)
        at = cftime.num2date(moved, units, calendar=calendar, only_use_cftime_datetimes=True)
    except (ValueError, OverflowError, TypeError, ArithmeticError) as error:
        notes.append(f"{name}: its times cannot be decoded ({error})"[:300])
        return ""
    year = f"{at.year:04d}" if 0 < at.year <= 9999 else f"{'-' if at.year < 0 else '+'}{abs(at.year):04d}"  # noqa: PLR2004
    try:
        return date(
            f"{year}-{at.month:02d}-{at.day:02d}T{at.hour:02d}:{at.minute:02d}:{at.second:02d}Z", name
        )
    except Invalid:
        notes.append(
            f"{name}: {year}-{at.month:02d}-{at.day:02d} is a day of the calendar {calendar} alone; its month is kept"
        )
        return date(f"{year}-{at.month:02d}", name)


def _half_a_second(units: str) -> float:
    unit = units.split(maxsplit=1)[0].lower().rstrip("s")
    seconds = {
        "day": 86400.0,
        "d": 86400.0,
        "hour": 3600.0,
        "hr": 3600.0,
        "h": 3600.0,
        "minute": 60.0,
        "min": 60.0,
    }
    return 0.5 / seconds.get(unit, 1.0)


def _stated_vertical(given: Mapping[str, Any]) -> Vertical | None:
    low, high = number(given.get("geospatial_vertical_min")), number(given.get("geospatial_vertical_max"))
    unit = words(given.get("geospatial_vertical_units")).lower()
    if low is None or high is None or (unit and unit not in _METRES):
        return None
    sign = -1 if words(given.get("geospatial_vertical_positive")).lower() == "down" else 1
    return _vertical([low, high], sign)


def _vertical(ends: Sequence[float], sign: int) -> Vertical:
    turned = sorted(round(0.0 + sign * end, _DECIMALS) for end in ends)
    return Vertical(turned[0], turned[-1], "m")


def _read_vertical(named: Named) -> Vertical | None:
    for name, (variable, given) in named.items():
        standard = words(given.get("standard_name")) or name.lower()
        if (
            standard not in _HEIGHTS
            or words(given.get("units")).lower() not in _METRES
            or not is_numeric(variable)
        ):
            continue
        try:
            numbers = values(variable, given)
        except (RuntimeError, OSError, ValueError, IndexError):
            continue
        if numbers.size:
            positive = words(given.get("positive")).lower()
            sign = {"down": -1, "up": 1}.get(positive, _HEIGHTS[standard])
            return _vertical([float(numbers.min()), float(numbers.max())], sign)
    return None
