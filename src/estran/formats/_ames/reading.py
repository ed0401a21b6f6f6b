"""A NASA-Ames file on its way: its axes and columns as datastreams, its records as their rows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.errors import Invalid
from estran.formats import Rows
from estran.model import Datastream, FlagMeaning, Text, Thing, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from estran.formats._ames.header import Column, Header
    from estran.formats._ames.records import Record as Row

__all__ = ["Reading"]

_EXACT = 1e-12
_ROWS_AT_ONCE = 50_000
_NOWHERE = (float("nan"), float("nan"))
_EVER = 2.0**61  # µs on either side of 1970, some 73,000 years
_EPOCH, _US = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_TIME = re.compile(r"(^|[\W_])(time|utc?s?|julian|seconds?|days?|hours?)([\W_]|$)", re.IGNORECASE)
_UNITS = (
    ("second", 1e6),
    ("sec", 1e6),
    ("minute", 6e7),
    ("hour", 3.6e9),
    ("day", 8.64e10),
    ("julian", 8.64e10),
)
_VERTICAL = re.compile(
    r"(^|[\W_])(altitudes?|alt|height|hght|depth|pressure|press|levels?)([\W_]|$)", re.IGNORECASE
)
_PLACE = {"longitude": re.compile(r"(^|[\W_])lon(g|gitude)?([\W_]|$)", re.IGNORECASE),
          "latitude": re.compile(r"(^|[\W_])lat(itude)?([\W_]|$)", re.IGNORECASE)}  # fmt: skip
_ALTITUDE = re.compile(r"(gps?_?)?alt(itude)?(_?(gps|p))?|geopotential height", re.IGNORECASE)
_STOP = re.compile(r"(stop|end)[_ ]?(utc|time)|time[_ ](stop|end)", re.IGNORECASE)
_NUMFLAG = re.compile(r"numflag|.*_numflag", re.IGNORECASE)
_LIMITS = (("ULOD_FLAG", "above the limit of detection"), ("LLOD_FLAG", "below the limit of detection"))


# Value of the slow axis, of the level, variables, (longitude, latitude).
type _Level = tuple[float, float, list[float], tuple[float, float]]


class Reading:
    """A file on its way: records gathered and handed on as columns."""

    def __init__(self, made: Header, name: str) -> None:
        self._made, self._name = made, name
        self._stem = PurePath(name).name.partition(".")[0]
        *fast, slow = made.axes
        self._is_timed = bool(_TIME.search(slow.name) or _TIME.search(slow.unit))
        levels = fast[0] if fast else None
        if not self._is_timed:
            levels, other = slow, levels
            if other is not None:
                raise Invalid(f"neither of its axes is a time: “{other.name}”, “{slow.name}”", name)
        if levels is not None and not _VERTICAL.search(levels.name):
            raise Invalid(
                f"its axis “{levels.name}” is neither a time nor an altitude, height, depth or pressure", name
            )
        self._levels = levels
        self._scale = next((size for word, size in _UNITS if word in f"{slow.name} {slow.unit}".lower()), 1e6)
        self._start = (made.begins - _EPOCH) // _US
        self._columns = [*made.columns, *made.auxiliary]
        self._roles = [_role(column.name) for column in self._columns]
        wide = len(made.columns)
        self._moves = {"longitude", "latitude"} <= {*self._roles[:wide]}
        # Of a lidar that flies, each record tells its place once.
        beside = self._roles[wide:]
        is_placed = not self._moves and {"longitude", "latitude"} <= {*beside}
        self._place = [beside.index(role) for role in _PLACE] if is_placed else []
        # What counts the levels of a record, or tells the first and their step.
        self._layout = range(wide, wide + {2110: 1, 2310: 3}.get(made.index, 0))
        # What flies through the air is somewhere; what stands tells an altitude as it tells a temperature.
        is_flown = levels is None and self._moves and "vertical" in self._roles[:wide]
        self._vertical = self._roles.index("vertical") if is_flown else -1
        self._rows: list[_Level] = []
        self._extra: list[_Level] = []
        self._limits = {
            float(value): words
            for key, words in _LIMITS
            if re.fullmatch(r"-?\d+(\.\d*)?", value := made.told.get(key, ""))
        }

    def told(self) -> str:
        """What its axes are taken for, for people."""
        time = (
            f"times along “{self._made.axes[-1].name}”" if self._is_timed else "all of it at the file's date"
        )
        levels = self._levels or (self._columns[self._vertical] if self._vertical >= 0 else None)
        return f"{time}; vertical: {levels.name if levels else 'none'}"

    def _is_stream(self, position: int) -> bool:
        is_measured = self._roles[position] in ("", "vertical") and position != self._vertical
        return is_measured and position not in self._layout

    def streams(self) -> Iterator[Datastream]:
        """All datastreams."""
        flags = "numflag" in self._roles or bool(self._limits)
        meanings = tuple(FlagMeaning(words, words, 9) for words in dict.fromkeys(self._limits.values()))
        thing = self._thing()
        levels = self._levels or (self._columns[self._vertical] if self._vertical >= 0 else None)
        for position, column in enumerate(self._columns):
            if self._is_stream(position):
                is_level = position < len(self._made.columns) and levels is not None
                yield Datastream(
                    key=self._key(position), thing=thing, variable=_variable(column),
                    sampling=self._sampling(is_level=is_level),
                    vertical=_variable(levels) if is_level and levels else None,
                    flags="producer" if flags else "", flag_meanings=meanings,
                )  # fmt: skip

    def _thing(self) -> Thing:
        """What carries the instruments, with its place where the comments tell one, as EBAS does."""
        told = self._made.told
        longitude, latitude, height = (
            _degrees(told.get(f"station {what}", "")) for what in ("longitude", "latitude", "altitude")
        )
        is_placed = longitude is not None and latitude is not None and not self._moves
        name = told.get("PLATFORM", "") or told.get("station name", "")
        return Thing(
            key=self._stem, name=Text.of(name or self._stem),
            longitude=longitude if is_placed else None, latitude=latitude if is_placed else None,
            elevation_m=height if is_placed else None,
        )  # fmt: skip

    def _sampling(self, *, is_level: bool) -> str:
        if self._moves:
            return "trajectory"
        if self._place:
            return "trajectoryProfile" if is_level else "trajectory"
        if not self._is_timed:
            return "profile"
        return "timeSeriesProfile" if is_level else "timeSeries"

    def _key(self, position: int) -> str:
        names = [column.name for column in self._columns]
        name = names[position]
        again = names[:position].count(name)
        return f"{self._stem}/{name}#{again + 1}" if again else f"{self._stem}/{name}"

    def take(self, row: Row) -> Iterator[Rows]:
        """A record; gives what is ready."""
        place = self._placed(row.auxiliary)
        self._rows += [
            (row.at, level, values, place) for level, values in zip(row.levels, row.values, strict=True)
        ]
        if row.auxiliary:
            self._extra.append((row.at, row.levels[0] if row.levels else 0.0, row.auxiliary, place))
        if len(self._rows) + len(self._extra) >= _ROWS_AT_ONCE:
            yield from self.finish()

    def _placed(self, auxiliary: list[float]) -> tuple[float, float]:
        """(longitude, latitude) of a record that tells them once."""
        if not self._place or not auxiliary:
            return _NOWHERE
        columns = [self._made.auxiliary[at] for at in self._place]
        found = [auxiliary[at] for at in self._place]
        if any(one == column.missing for one, column in zip(found, columns, strict=True)):
            return _NOWHERE
        return (found[0] * columns[0].scale, found[1] * columns[1].scale)

    def finish(self) -> Iterator[Rows]:
        """What is left."""
        width = len(self._made.columns)
        if self._rows:
            yield from self._ready(self._rows, 0, width, is_level=self._levels is not None)
        if self._extra:
            yield from self._ready(self._extra, width, len(self._columns), is_level=not self._is_timed)
        self._rows, self._extra = [], []

    def _ready(self, rows: list[_Level], first: int, end: int, *, is_level: bool) -> Iterator[Rows]:
        at = np.array([row[0] for row in rows])
        raw = np.array([row[2] for row in rows]).reshape(len(rows), end - first)
        time = self._times(at)
        keep = np.isfinite(time) & (np.abs(time) < _EVER)
        level = np.array([row[1] for row in rows]) if is_level else None
        if self._vertical >= first and self._vertical < end:
            level = self._values(raw, self._vertical, first)[0]
        if level is not None:
            keep &= np.isfinite(level)
        place = {
            role: self._values(raw, first + n, first)[0]
            for n, role in enumerate(self._roles[first:end])
            if role in _PLACE and self._moves
        }
        if self._place:
            place = dict(zip(_PLACE, np.array([row[3] for row in rows]).T, strict=True))
        until = next(
            (
                self._values(raw, first + n, first)[0]
                for n, r in enumerate(self._roles[first:end])
                if r == "until"
            ),
            None,
        )
        for position in range(first, end):
            if not self._is_stream(position):
                continue
            value, limits = self._values(raw, position, first)
            flag = self._flags(raw, position, first, limits)
            own = keep & (np.isfinite(value) | (limits != ""))
            if own.any():
                yield Rows(
                    datastream=self._key(position), time=time[own].astype(np.int64), value=value[own],
                    vertical=None if level is None else level[own],
                    until=None if until is None else self._ends(until, time)[own],
                    longitude=place["longitude"][own] if place else None,
                    latitude=place["latitude"][own] if place else None,
                    flag=None if flag is None else [str(word) or None for word in flag[own]],
                )  # fmt: skip

    def _times(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        if not self._is_timed:
            return np.full(len(at), float(self._start))
        return np.round(at * self._scale) + self._start

    def _ends(self, until: NDArray[np.float64], time: NDArray[np.float64]) -> NDArray[np.int64]:
        """Ends of intervals; where none is told, the beginning."""
        ends = np.round(until * self._scale) + self._start
        told = np.where(np.isfinite(ends) & (ends > time), ends, time)
        return np.where(np.abs(told) < _EVER, told, 0).astype(np.int64)

    def _values(
        self, raw: NDArray[np.float64], position: int, first: int
    ) -> tuple[NDArray[np.float64], NDArray[Any]]:
        """The values of a column, NaN for what is missing, and the words for limits of detection."""
        column, plain = self._columns[position], raw[:, position - first]
        words = np.full(len(plain), "", dtype=object)
        missing = ~np.isfinite(plain) | (plain == column.missing)
        for flag, told in self._limits.items():
            words[plain == flag] = told
            missing |= plain == flag
        # A tenth is divided by ten: 1008.8 stays what it is.
        inverse = round(1 / column.scale) if 0 < abs(column.scale) < 1 else 0
        is_exact = inverse != 0 and abs(inverse * column.scale - 1) < _EXACT
        return np.where(missing, np.nan, plain / inverse if is_exact else plain * column.scale), words

    def _flags(
        self, raw: NDArray[np.float64], position: int, first: int, limits: NDArray[Any]
    ) -> NDArray[Any] | None:
        """The words of limits, else the number of the flag column behind the variable."""
        if self._limits:
            return limits
        behind = next((n for n in range(position, first + raw.shape[1]) if self._roles[n] == "numflag"), None)
        return (
            None if behind is None else np.array([f"{number:g}" for number in raw[:, behind - first]], object)
        )


def _degrees(words: str) -> float | None:
    """The number at the beginning of words such as “474.0 m”."""
    found = re.match(r"[+-]?\d{1,4}(\.\d{1,12})?", words)
    return float(found[0]) if found else None


def _role(name: str) -> str:
    if _NUMFLAG.fullmatch(name):
        return "numflag"
    if _STOP.match(name):
        return "until"
    for role, pattern in _PLACE.items():
        if pattern.search(name):
            return role
    return "vertical" if _ALTITUDE.fullmatch(name) else ""


def _variable(column: Column) -> Variable:
    return Variable(name=column.name, label=Text.of(column.name), unit=column.unit)
