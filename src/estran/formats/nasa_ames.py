"""NASA-Ames and ICARTT: tables of what aircraft, sondes and stations measured in the air.

The file format indexes 1001, 1010, 1020, 2010, 2110, 2160 and 2310. An axis of time gives the times, from midnight of
the file's date; an axis of altitude, height, depth or pressure is the vertical. A file whose only axis is vertical
is one profile of that date. ICARTT's flags of detection limits are flags of values that are missing.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.errors import Invalid
from estran.formats import Format, Refusal, Rows
from estran.formats._ames.header import Column, Header, first_line, header
from estran.formats._ames.records import records
from estran.formats._summary import summary
from estran.formats._text import numbered, opened, plain
from estran.model import (
    Constraint,
    Datastream,
    Distribution,
    FlagMeaning,
    Party,
    Record,
    Text,
    Thing,
    Variable,
    date,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from estran.formats import Document, Observed
    from estran.formats._ames.records import Record as Row

__all__ = ["FORMAT", "observe", "read", "recognise"]

_CERTAIN, _EXACT = 0.95, 1e-12
_ROWS_AT_ONCE = 50_000
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


def recognise(head: bytes, _name: str) -> float:
    """By its first line, or the second where an archive put one above it: lines of the header, format index."""
    lines = head[:400].decode("latin-1").splitlines()[:2]
    return _CERTAIN if len(lines) > 1 and any(first_line(line) for line in lines) else 0.0


def read(document: Document) -> Iterator[Record]:
    """The record of a file.

    Raises:
        Invalid: its header cannot be read, or its index is none of those that are.
    """
    made = _header(document)
    variables, extent = summary(observe(document))
    name = PurePath(document.name).name
    told = made.told
    use = told.get("STIPULATIONS_ON_USE", "")
    yield Record(
        title=Text.of(" – ".join(filter(None, (made.source, made.mission))) or name),
        abstract=Text.of(told.get("DATA_INFO", "")),
        supplement=Text.of("\n".join((*made.special, *(() if made.is_icartt else made.normal))).strip()),
        lineage=Text.of("\n".join(filter(None, (told.get("INSTRUMENT_INFO"), told.get("UNCERTAINTY"))))),
        version=told.get("REVISION", ""),
        revised=date(made.revised.date().isoformat()) if made.revised else "",
        metadata_standard="ICARTT" if made.is_icartt else f"NASA-Ames {made.index}",
        parties=_parties(made),
        variables=variables,
        extent=extent,
        distributions=(
            Distribution(function="download", format="ICARTT" if made.is_icartt else "NASA-Ames", name=name),
        ),
        constraints=(Constraint(kind="use", text=Text.of(use)),) if use else (),
    )


def observe(document: Document) -> Iterator[Observed]:
    """The datastreams of a file and their values.

    Raises:
        Invalid: its header cannot be read, or none of its axes is a time or a vertical.
    """
    made = _header(document)
    reading = _Reading(made, document.name)
    yield from reading.streams()
    with opened(document) as text:
        for one in records(made, numbered(text), document.name):
            if isinstance(one, Refusal):
                yield one
            else:
                yield from reading.take(one)
    yield from reading.finish()


def explain(document: Document) -> str:
    """How a file would be understood."""
    made = _header(document)
    reading = _Reading(made, document.name)
    title = "ICARTT" if made.is_icartt else "NASA-Ames"
    lines = [f"{title}, file format index {made.index}, of {made.begins:%Y-%m-%d}; {reading.told()}"]
    lines += [f"  {column.name:40} {column.unit}" for column in (*made.columns, *made.auxiliary)]
    return "\n".join(lines)


def _header(document: Document) -> Header:
    with opened(document) as text:
        return header(numbered(text), document.name)


def _parties(made: Header) -> tuple[Party, ...]:
    name, organisation = made.people
    contact = plain(made.told.get("PI_CONTACT_INFO", ""))
    email = re.search(r"[\w.+-]+@[\w.-]+\.\w+", contact)
    if not name and not organisation:
        return ()
    return (
        Party(
            role="principalInvestigator",
            name=name,
            organisation=Text.of(organisation),
            email=email[0] if email else "",
        ),
    )


class _Reading:
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
        # What flies through the air is somewhere; what stands tells an altitude as it tells a temperature.
        is_flown = levels is None and self._moves and "vertical" in self._roles[:wide]
        self._vertical = self._roles.index("vertical") if is_flown else -1
        self._rows: list[tuple[float, float, list[float]]] = []
        self._extra: list[tuple[float, float, list[float]]] = []
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
        return self._roles[position] in ("", "vertical") and position != self._vertical

    def streams(self) -> Iterator[Datastream]:
        """All datastreams."""
        flags = "numflag" in self._roles or bool(self._limits)
        meanings = tuple(FlagMeaning(words, words, 9) for words in dict.fromkeys(self._limits.values()))
        thing = Thing(key=self._stem, name=Text.of(self._made.told.get("PLATFORM", "") or self._stem))
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

    def _sampling(self, *, is_level: bool) -> str:
        if self._moves:
            return "trajectory"
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
        self._rows += [(row.at, level, values) for level, values in zip(row.levels, row.values, strict=True)]
        if row.auxiliary:
            self._extra.append((row.at, row.levels[0] if row.levels else 0.0, row.auxiliary))
        if len(self._rows) + len(self._extra) >= _ROWS_AT_ONCE:
            yield from self.finish()

    def finish(self) -> Iterator[Rows]:
        """What is left."""
        width = len(self._made.columns)
        if self._rows:
            yield from self._ready(self._rows, 0, width, is_level=self._levels is not None)
        if self._extra:
            yield from self._ready(self._extra, width, len(self._columns), is_level=not self._is_timed)
        self._rows, self._extra = [], []

    def _ready(
        self, rows: list[tuple[float, float, list[float]]], first: int, end: int, *, is_level: bool
    ) -> Iterator[Rows]:
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


FORMAT = Format(
    name="nasa-ames",
    title="NASA-Ames and ICARTT",
    media_types=("text/x-nasa-ames", "text/plain"),
    recognise=recognise,
    read=read,
    observe=observe,
    explain=explain,
    suffix=".na",
)
