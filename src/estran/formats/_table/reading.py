"""One row of a table as values with their time and place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from estran.errors import Invalid
from estran.formats._table.cells import degrees, is_missing, number
from estran.formats._table.times import clock_us, parts_us, time_us, year_us

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.formats._table.layout import Column, Layout

__all__ = ["Row", "RowReader"]

_NAN = float("nan")
_AROUND = " \t\r\n'\"\xa0"
# Above it no number says by itself that it stands for nothing.
_SAID_MISSING = -99.0
_PARTS = ("year", "month", "day", "yday", "hour", "minute", "second")
_CARRIED = ("time", "clock", "station", "latitude", "longitude", *_PARTS)


class Row(NamedTuple):
    """What a row says.

    Attributes:
        at, until: microseconds since 1970 UTC.
        place: longitude and latitude in degrees.
        values: (position of the column, number, flag).
        broken: what in it is no number, "" where all are.
    """

    station: str
    variable: str
    unit: str
    at: int
    until: int | None
    vertical: float
    place: tuple[float, float]
    elevation_m: float | None
    values: list[tuple[int, float, str | None]]
    broken: str


class RowReader:
    """Reads the rows of a table of one layout."""

    def __init__(self, layout: Layout, name: str) -> None:
        self._layout, self._name = layout, name
        self._width, self._decimal = len(layout.columns), layout.decimal
        self._time, self._until, self._clock = (self._first(role) for role in ("time", "until", "clock"))
        self._zone, self._years = self._first("zone"), self._first("years")
        self._station, self._variable, self._unit = (
            self._first(role) for role in ("station", "variable", "unit")
        )
        self._latitude, self._longitude = self._first("latitude"), self._first("longitude")
        self._vertical, self._elevation = self._first("vertical"), self._first("elevation")
        self._parts = [(role, column.position) for role in _PARTS for column in layout.of(role)]
        self._values = layout.of("value")
        self._flags = {column.of: column.position for column in reversed(layout.of("flag"))}
        self._carried = [c.position for c in layout.columns if c.role in _CARRIED] if layout.carries else []
        self._before: Sequence[str] = ()
        self._written = ("", "")
        about = layout.about
        self._place = (
            (about.longitude, about.latitude)
            if about.longitude is not None and about.latitude is not None
            else (_NAN, _NAN)
        )

    def is_flagged(self, position: int) -> bool:
        """Whether the values of a column have flags."""
        return position in self._flags or -1 in self._flags

    def read(self, given: Sequence[str]) -> Row | None:
        """What a row says, None where nothing stands in it.

        Raises:
            Invalid: it has not as many cells as columns, or no time that can be read.
        """
        if not any(cell.strip() for cell in given):
            return None
        if len(given) != self._width:
            if given[0].startswith(("#", "%", "//")):
                return None
            if len(given) != self._width + 1 or given[-1].strip():
                raise Invalid(
                    f"the row has {len(given)} cells where {self._width} columns are named", self._name
                )
        cells = [cell.strip(_AROUND) for cell in given]
        if self._carried:
            for at in self._carried:
                cells[at] = cells[at] or (self._before[at] if self._before else "")
            self._before = cells
        values, broken = self._numbers(cells)
        return Row(
            station=cells[self._station] if self._station >= 0 else "",
            variable=cells[self._variable] if self._variable >= 0 else "",
            unit=cells[self._unit] if self._unit >= 0 and not is_missing(cells[self._unit]) else "",
            at=self._at(cells),
            until=self._ends(cells),
            vertical=self._level(cells),
            place=self._where(cells),
            elevation_m=number(cells[self._elevation], self._decimal) if self._elevation >= 0 else self._layout.about.elevation_m,
            values=values,
            broken=broken,
        )  # fmt: skip

    def _first(self, role: str) -> int:
        return next((column.position for column in self._layout.of(role)), -1)

    def _at(self, cells: Sequence[str]) -> int:
        zone = cells[self._zone] if self._zone >= 0 and cells[self._zone] else self._layout.zone
        if self._time >= 0:
            words = cells[self._time]
            if is_missing(words):
                raise Invalid("the row has no time", self._name)
            at = time_us(words, zone, month_first=self._layout.month_first)
            return at + clock_us(cells[self._clock] or "0") if self._clock >= 0 else at
        if self._parts:
            told = {role: number(cells[at], self._decimal) for role, at in self._parts}
            if any(one is None for one in told.values()):
                raise Invalid("the row has no time", self._name)
            return parts_us({role: one for role, one in told.items() if one is not None}, zone)
        if self._years >= 0:
            year = number(cells[self._years], self._decimal)
            if year is None:
                raise Invalid("the row has no time", self._name)
            return year_us(year)
        assert self._layout.about.at_us is not None
        return self._layout.about.at_us

    def _ends(self, cells: Sequence[str]) -> int | None:
        if self._until < 0 or is_missing(cells[self._until]):
            return None
        return time_us(cells[self._until], self._layout.zone, month_first=self._layout.month_first)

    def _level(self, cells: Sequence[str]) -> float:
        if self._vertical < 0:
            return 0.0
        found = number(cells[self._vertical], self._decimal)
        is_none = found is None or found in self._layout.columns[self._vertical].missing
        return 0.0 if is_none or found is None else found

    def _where(self, cells: Sequence[str]) -> tuple[float, float]:
        if self._latitude < 0:
            return self._place
        written = (cells[self._longitude], cells[self._latitude])
        if written != self._written:
            longitude, latitude = (
                _NAN if (one := degrees(cell, self._decimal)) is None else one for cell in written
            )
            # What stands still is read once.
            self._written = written
            self._place = (longitude - 360 if longitude > 180 else longitude, latitude)  # noqa: PLR2004
        return self._place

    def _numbers(self, cells: Sequence[str]) -> tuple[list[tuple[int, float, str | None]], str]:
        found: list[tuple[int, float, str | None]] = []
        broken = ""
        for column in self._values:
            text = cells[column.position]
            value = number(text, self._decimal)
            if value is None:
                if not broken and not is_missing(text) and text not in column.words:
                    broken = f"“{text[:40]}” in “{column.name}” is no number"
            elif value not in column.missing and (value > _SAID_MISSING or not is_missing(text)):
                found.append((column.position, value, self._flag(column, cells)))
        return found, broken

    def _flag(self, column: Column, cells: Sequence[str]) -> str | None:
        at = self._flags.get(column.position, self._flags.get(-1, -1))
        return None if at < 0 else cells[at] or None
