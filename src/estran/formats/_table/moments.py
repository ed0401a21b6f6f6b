"""Which columns of a table tell when: one of times, a day and its clock, or year, month, day and hour apart."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats._table import words
from estran.formats._table.cells import is_missing, number
from estran.formats._table.times import ZONE, clock_us, is_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.formats._table.layout import Column

__all__ = ["timed"]

_ENOUGH, _HALF = 0.8, 0.5
_CLOCK = re.compile(r"\d{1,2}[:hH]\d{1,2}([:m]\d{1,2}([.,]\d+)?)?s?( ?[AaPp]\.?[Mm]\.?)?")
_CLOCK_NUMBER = re.compile(r"\d{1,4}|\d{6}")
_DAY = re.compile(r"\d{8}|\d{1,4}[/.:-]\d{1,2}[/.:-]\d{1,4}|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{4}")
_RANGES = {
    "year": (0, 2200), "month": (1, 12), "day": (1, 31), "hour": (0, 24), "minute": (0, 60), "second": (0, 61), "yday": (1, 367),
}  # fmt: skip
_FIRST_YEAR, _LAST_YEAR = 1700, 2200
_NEAR = 8
_START, _END = (
    frozenset({"start", "begin", "debut", "from", "begins"}),
    frozenset({"end", "stop", "fin", "to", "ends"}),
)


def timed(columns: Sequence[Column], cells: Sequence[Sequence[str]], *, is_cast: bool) -> list[Column]:
    """The columns with those of times among them.

    Args:
        columns: none of which has a role yet; times that are not chosen get the role “other”.
        cells: of each column.
        is_cast: whether what stands above the table tells when all of it was made.
    """
    found = [*columns]
    candidates = [c for c in found if _is_timely(c, cells[c.position])]
    if candidates:
        time = min(candidates, key=lambda c: _rank(c, cells[c.position]))
        for other in candidates:
            found[other.position] = replace(other, role="other")
        found[time.position] = replace(time, role="time")
        _ended(found, time, candidates)
        if all(_DAY.fullmatch(cell) for cell in cells[time.position] if not is_missing(cell)):
            _clocked(found, time, cells)
    elif not is_cast:
        _parted(found, cells)
    if any(c.role for c in found):
        _zoned(found, cells)
    return found


def _is_timely(column: Column, cells: Sequence[str]) -> bool:
    given = [cell for cell in cells if not is_missing(cell)]
    is_named = words.names_time(f"{column.name} {column.unit}")
    # Where the name says so, half of the cells may be broken.
    least = _HALF if is_named else _ENOUGH
    if (
        not given
        or (words.is_changed(column.name) and column.position)
        or sum(map(is_time, given)) < least * len(given)
    ):
        return False
    is_numeric = sum(number(cell, ".") is not None for cell in given) >= _ENOUGH * len(given)
    return is_named or (not is_numeric and (column.position == 0 or all(map(is_time, given))))


def _rank(column: Column, cells: Sequence[str]) -> tuple[bool, float, int]:
    """The likeliest first: what was not done later, what tells the most rows apart, what stands first."""
    given = [cell for cell in cells if not is_missing(cell)]
    return words.is_later(column.name), -round(len({*given}) / len(cells), 1), column.position


def _ended(found: list[Column], time: Column, candidates: Sequence[Column]) -> None:
    """Give its role to the end of intervals of which the time is the start."""
    own = {*words.tokens(time.name)}
    for other in candidates:
        theirs = {*words.tokens(other.name)}
        if own & _START and theirs & _END and own - _START == theirs - _END:
            found[other.position] = replace(other, role="until")


def _clocked(found: list[Column], time: Column, cells: Sequence[Sequence[str]]) -> None:
    """Give its role to the column with the clock of days, that beside the day first."""
    ranked: list[tuple[int, int]] = []
    for column in found:
        given = [cell for cell in cells[column.position] if not is_missing(cell)]
        if column.role or not given:
            continue
        is_clock = all(_CLOCK.fullmatch(cell) for cell in given)
        is_number = words.is_of_days(column.name) and all(
            _CLOCK_NUMBER.fullmatch(cell) and _is_clock(cell) for cell in given
        )
        if is_clock or is_number:
            ranked.append((abs(column.position - time.position - 1), column.position))
    if ranked:
        at = min(ranked)[1]
        found[at] = replace(found[at], role="clock")


def _is_clock(cell: str) -> bool:
    try:
        clock_us(cell)
    except Invalid:
        return False
    return True


def _parted(found: list[Column], cells: Sequence[Sequence[str]]) -> None:
    """Give their roles to columns of year, month, day, hour, minute, second; or of years with their fraction."""
    years = [c for c in found if "year" in words.clock_part(c.name) or "decimal" in words.tokens(c.name)]
    for year in years:
        given = [one for cell in cells[year.position] if (one := number(cell, ".")) is not None]
        if not given or len(given) < _ENOUGH * len(cells[year.position]):
            continue
        if any(one != int(one) for one in given):
            if all(_FIRST_YEAR < one < _LAST_YEAR for one in given):
                found[year.position] = replace(year, role="years")
                return
            continue
        taken = _beside(year, found, cells)
        is_year = all(_FIRST_YEAR < one < _LAST_YEAR for one in given)
        if ({"month", "day"} <= taken.keys() or "yday" in taken or ("month" in taken and is_year)) or (
            is_year and len({*given}) == len(given) and len(given) > 1 and not taken
        ):
            for part, at in ({"year": year.position} | taken).items():
                found[at] = replace(found[at], role=part, unit="")
            return


def _beside(year: Column, found: Sequence[Column], cells: Sequence[Sequence[str]]) -> dict[str, int]:
    """Where the parts of a time stand, near the year: the first column of each name whose numbers fit."""
    taken: dict[str, int] = {}
    near = [c for c in found if c is not year and abs(c.position - year.position) <= _NEAR]
    for column in sorted(near, key=lambda c: (c.position < year.position, c.position)):
        numbers = [number(cell, ".") for cell in cells[column.position] if not is_missing(cell)]
        for part in words.clock_part(column.name):
            low, high = _RANGES[part]
            fits = bool(numbers) and all(one is not None and low <= one <= high for one in numbers)
            if part not in taken and part != "year" and fits:
                taken[part] = column.position
                break
    if "month" in taken and "day" in taken:
        taken.pop("yday", None)
    if "hour" not in taken:
        taken.pop("minute", None)
    if "minute" not in taken:
        taken.pop("second", None)
    return taken


def _zoned(found: list[Column], cells: Sequence[Sequence[str]]) -> None:
    """Give its role to a column that names the zone of each row."""
    for column in found:
        given = [cell for cell in cells[column.position] if not is_missing(cell)]
        own = {*words.tokens(column.name)}
        is_named = bool(own & {"tz", "zone", "timezone", "fuseau", "offset"})
        if not column.role and is_named and given and all(ZONE.fullmatch(cell) for cell in given):
            found[column.position] = replace(column, role="zone")
            return
