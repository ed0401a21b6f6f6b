"""What the columns of a table are for, by their names and by what stands in them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from estran.formats._table import words
from estran.formats._table.cells import degrees, is_missing, number
from estran.formats._table.flags import flagged
from estran.formats._table.layout import Column
from estran.formats._table.moments import timed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from estran.formats._table.head import Head
    from estran.formats._table.layout import About

__all__ = ["told"]

_UNIT_WITHIN = re.compile(r"(?P<name>[^\[]*[^\[\s])\s*\[(?P<unit>[^\[\]]*)\].*")
# As HOBO writes it: Temp, °C (LGR S/N: 10437).
_UNIT_OF_LOGGER = re.compile(r"(?P<name>[^,(]+), (?P<unit>[^,(]+?) ?\([^()]*S/N[^()]*\)")
_UNIT = re.compile(r"(?P<name>[^(]*[^(\s].*?)\s*\((?P<unit>[^()]*)\)\s*")
_CODE_CELL = re.compile(r"\d{5,}")
_LENGTHS = re.compile(
    r"(m|cm|mm|km|ft|feet|db|d?bars?|deci ?bars?( *=.*)?|(centi)?met(er|re)s?)\.?", re.IGNORECASE
)
_AIR = (500.0, 1100.0)
_ENOUGH, _HALF, _MANY = 0.8, 0.5, 8
_POLE, _HALF_TURN = 90.0, 180.0
_SENTINELS = (-99.0, -99.9, -99.99, -99.999, -9.99, -9.999, -999.9, -999.99, 999.0, 999.9, 999.99, 9999.0, 9999.9, 9999.99,
              99999.0, 99999.9, 999999.0, -32767.0, -32768.0, 1e20, 9.96921e36, -1e34, 1e35, -1.0e10, 99.0, 99.9)  # fmt: skip
_FAR = 3.0


def told(head: Head, data: Sequence[Sequence[str]], decimal: str, above: About) -> tuple[Column, ...]:
    """All columns with what they are for."""
    titles = _unprefixed(head.names)
    named = [_named(n, title, titles) for n, title in enumerate(titles)]
    named = [
        replace(c, unit=c.unit or head.units[c.position]) if not words.clock_part(c.name) else c
        for c in named
    ]
    cells = [[row[n] for row in data] for n in range(len(named))]
    columns = timed(named, cells, is_cast=above.at_us is not None)
    columns = _placed(columns, cells, decimal)
    columns = _stationed(columns, cells, decimal)
    columns = [c if c.role else _measuring(c, cells[c.position], decimal) for c in columns]
    columns = _levelled(columns, cells, decimal)
    columns = _long(columns, cells)
    columns = flagged(columns)
    if not any(c.role == "value" for c in columns):
        columns = [replace(c, role="value") if c.role == "vertical" else c for c in columns]
    columns = [_without_missing(c, cells[c.position], decimal, above) for c in columns]
    columns = [replace(c, role="") if c.role == "other" else c for c in columns]
    return (*_distinct(_with_unit(columns, above)),)


def _with_unit(columns: list[Column], above: About) -> list[Column]:
    """The columns, that of the only values with the unit that is told above the table."""
    values = [c for c in columns if c.role == "value"]
    if above.unit and len(values) == 1 and not values[0].unit:
        at = values[0].position
        columns[at] = replace(columns[at], unit=above.unit)
    return columns


def _unprefixed(names: Sequence[str]) -> list[str]:
    """Names without a sign of the collection before each of them, such as G2 of GLODAP."""
    starts = Counter(name[:2] for name in names if len(name) > 2 and name[1].isdigit())  # noqa: PLR2004
    start, many = starts.most_common(1)[0] if starts else ("", 0)
    if many < _MANY or many < _ENOUGH * len(names):
        return [*names]
    return [name.removeprefix(start) for name in names]


def _named(position: int, title: str, titles: Sequence[str]) -> Column:
    found = _UNIT_OF_LOGGER.fullmatch(title) or _UNIT_WITHIN.fullmatch(title) or _UNIT.fullmatch(title)
    # A number in brackets counts, as in N(1), N(2); but a 1 without a 2 is the unit of what has none.
    bracketed = found["unit"].strip() if found else ""
    is_unit = not bracketed.isdigit() or (bracketed == "1" and title.replace("1)", "2)") not in titles)
    name, unit = (" ".join(found["name"].split()), found["unit"]) if found and is_unit else (title, "")
    return Column(position, name.strip() or f"column {position + 1}", unit=unit.strip())


def _placed(columns: list[Column], cells: Sequence[Sequence[str]], decimal: str) -> list[Column]:
    """The columns with the best latitude and longitude among them."""
    for role, most in (("latitude", _POLE), ("longitude", _HALF_TURN * 2)):
        ranked: list[tuple[int, int]] = []
        for column in columns:
            rank = words.place_rank(column.name, role) if not column.role else None
            if rank is not None:
                given = [cell for cell in cells[column.position] if not is_missing(cell)]
                found = [degrees(cell, decimal) for cell in given]
                good = sum(one is not None and abs(one) <= most for one in found)
                if given and good >= _ENOUGH * len(given):
                    ranked.append((rank, column.position))
        if ranked:
            at = min(ranked)[1]
            columns[at] = replace(columns[at], role=role)
    both = {"latitude", "longitude"} <= {column.role for column in columns}
    return (
        columns
        if both
        else [replace(c, role="") if c.role in ("latitude", "longitude") else c for c in columns]
    )


def _stationed(columns: list[Column], cells: Sequence[Sequence[str]], decimal: str) -> list[Column]:
    """The columns with that of the stations among them, the likeliest first."""
    ranked: list[tuple[int, int]] = []
    for column in columns:
        if column.role or (column.unit and column.unit.lower() not in ("id", "-")):
            continue
        given = [cell for cell in cells[column.position] if not is_missing(cell)]
        is_text = bool(given) and sum(number(cell, decimal) is None for cell in given) >= _ENOUGH * len(given)
        rank = words.station_rank(column.name, is_text=is_text)
        repeats = len({*given}) <= len(given) * _HALF
        if given and rank is not None and (rank < 40 or repeats):  # noqa: PLR2004 - an id must come again
            ranked.append((rank, column.position))
    if ranked:
        at = min(ranked)[1]
        columns[at] = replace(columns[at], role="station")
    return columns


def _measuring(column: Column, cells: Sequence[str], decimal: str) -> Column:
    """A column as one of values or verticals, where its cells are numbers that measure."""
    given = [cell for cell in cells if not is_missing(cell)]
    # What has a unit is a number, also where many are broken, as in messages of a few rows.
    enough = _HALF if column.unit else _ENOUGH
    found = [number(cell, decimal) for cell in given]
    if not given or sum(one is not None for one in found) < enough * len(given):
        return column
    if words.is_place(column.name) or (not column.unit and words.is_no_value(column.name)):
        return column
    if column.unit.lower() in ("code", "id") or (column.unit and _is_code(column.name)):
        return column
    if not column.unit and _are_codes(given):
        return column
    rank = words.vertical_rank(column.name)
    if rank is not None and not _is_of_air(column, [one for one in found if one is not None]):
        return replace(column, role="vertical")
    return replace(column, role="value")


def _is_code(name: str) -> bool:
    last = words.tokens(name)[-1:]
    return last in (("code",), ("id",), ("identifier",))


def _are_codes(given: Sequence[str]) -> bool:
    """Whether cells are numbers of fixed width with zeros before, as postcodes are."""
    return (
        len({len(cell) for cell in given}) == 1
        and all(_CODE_CELL.fullmatch(cell) for cell in given)
        and any(cell.startswith("0") for cell in given)
        and any(cell.strip("0") for cell in given)
    )


def _is_of_air(column: Column, found: Sequence[float]) -> bool:
    """Whether what its name takes for a vertical is none: pressure of the air, or what has no length for unit."""
    if column.unit:
        return not _LENGTHS.fullmatch(column.unit.strip())
    is_pressure = any(word.startswith("pres") for word in words.tokens(column.name))
    return is_pressure and bool(found) and _AIR[0] <= min(found) and max(found) <= _AIR[1]


def _levelled(columns: list[Column], cells: Sequence[Sequence[str]], decimal: str) -> list[Column]:
    """One vertical; a height that is always the same at a station is where that stands."""
    ranked = sorted(
        (rank if (rank := words.vertical_rank(c.name)) is not None else _MANY, c.position)
        for c in columns
        if c.role == "vertical"
    )
    station = next((c.position for c in columns if c.role == "station"), None)
    for n, (rank, at) in enumerate(ranked):
        heights: dict[str, set[float | None]] = {}
        for row, cell in enumerate(cells[at]):
            heights.setdefault(cells[station][row] if station is not None else "", set()).add(
                number(cell, decimal)
            )
        is_fixed = rank == 5 and all(len(own - {None}) <= 1 for own in heights.values())  # noqa: PLR2004
        role = "elevation" if is_fixed else "value" if n else "vertical"
        columns[at] = replace(columns[at], role=role)
    if ranked and not any(c.role == "vertical" for c in columns):
        second = next((at for _, at in ranked if columns[at].role == "value"), None)
        if second is not None:
            columns[second] = replace(columns[second], role="vertical")
    return columns


def _long(columns: list[Column], cells: Sequence[Sequence[str]]) -> list[Column]:
    """Where a column names what each row is of: one column of results, with its unit; else as they are."""
    variables = [
        (rank, c.position)
        for c in columns
        if c.role in ("", "value")
        and (rank := words.variable_rank(c.name)) is not None
        and any(not is_missing(cell) for cell in cells[c.position])
    ]
    naming = {at for _, at in variables}
    values = [
        c for c in columns if c.role == "value" and c.position not in naming and not words.is_quality(c.name)
    ]
    results = [c for c in values if words.is_result(c.name)] or (values if len(values) == 1 else [])
    if not results:
        return columns
    value = results[0]
    if variables:
        at = min(variables)[1]
        columns = [replace(c, role="") if c.role == "value" and c is not value else c for c in columns]
        columns[at] = replace(columns[at], role="variable")
    units = [
        (rank, c.position)
        for c in columns
        if not c.role
        and (variables or len(values) == 1)
        and (rank := words.unit_rank(c.name, value.name)) is not None
        and any(not is_missing(cell) for cell in cells[c.position])
    ]
    if units and not value.unit:
        at = min(units)[1]
        columns[at] = replace(columns[at], role="unit")
    return columns


def _without_missing(column: Column, cells: Sequence[str], decimal: str, above: About) -> Column:
    """A column with the numbers that stand for no value: those told above, and those that lie far from all others."""
    if column.role not in ("value", "vertical", "elevation"):
        return column
    found = {one for cell in cells if (one := number(cell, decimal)) is not None}
    others = {one for one in found if one not in _SENTINELS}
    widest = max((abs(one) for one in others), default=0.0)
    lowest = min(others, default=0.0)
    far = {
        one
        for one in found - others
        if (abs(one) > _FAR * widest + 1 if one > 0 or one < -100 else one < lowest - abs(lowest) / 2 - 1)  # noqa: PLR2004
        and (others or one < 0)
    }
    return replace(column, missing=frozenset(far) | above.missing)


def _distinct(columns: Sequence[Column]) -> Iterator[Column]:
    """Columns of which no two have one name."""
    seen: Counter[str] = Counter()
    for column in columns:
        seen[column.name] += 1
        again = seen[column.name] > 1 and column.role == "value"
        yield replace(column, name=f"{column.name} #{seen[column.name]}") if again else column
