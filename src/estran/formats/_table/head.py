"""Where a table begins: its separator, the line that names its columns, the line of units, the first row of data."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from estran.formats._table.above import listed_columns
from estran.formats._table.cells import number, rows
from estran.formats._table.times import is_time

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Head", "found", "separated"]

_SEPARATORS = (";", "\t", ",", "|")
_ENOUGH, _HALF = 0.8, 0.5
_MOST_BETWEEN = 3
_REMARKS = ("#", "%", "//", "!")
_WIDTH = re.compile(r"\d*[sdn]")
_NO_UNITS = frozenset({"", "unitless", "n/a", "none", "-", "rn", "ts", "avg", "smp", "1"})
_UNITS = frozenset(["m", "m/s", "degC", "°C", "deg", "hPa", "mm", "s", "psu", "PSU", "K", "%", "dbar", "db"])
_KNOWN = (
    # As the University of Hawaii Sea Level Center, PSMSL and NOAA's daily climatology by year write them, without names.
    (",", r"\d{4}, *\d{1,2}, *\d{1,2}, *\d{1,2}, *-?\d+", ("year", "month", "day", "hour", "sea level [mm]")),
    (",", r"\d{4}, *\d{1,2}, *\d{1,2}, *-?\d+", ("year", "month", "day", "sea level [mm]")),
    (
        ";",
        r"\d{4}\.\d{4}; *-?\d+; *\w+; *\d{3}",
        ("decimal year", "sea level [mm]", "missing days", "sea level flag"),
    ),
    (
        ",",
        r"[A-Z]{2}[A-Z0-9_]\w{8},\d{8},[A-Z0-9]{4},-?\d+,\w?,\w?,\w?,\d*",
        ("station", "date", "element", "value", "mflag", "flag", "sflag", "reading"),
    ),
)


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a table.

    Attributes:
        names: of its columns.
        units: of its columns, "" where the line below the names tells none.
        above: how many lines stand above the names.
        below: how many lines stand above the first row of data.
    """

    names: list[str]
    units: list[str]
    above: int
    below: int


def found(lines: Sequence[str], table: Sequence[Sequence[str]], width: int, separator: str) -> Head | None:
    """The head of a table, None where nothing names its columns.

    Args:
        lines: the first of the file.
        table: their cells.
        width: how many cells its rows have.
        separator: what separates them.
    """
    for sign, pattern, names in _KNOWN:
        if sign == separator and width == len(names) and re.fullmatch(rf"\s*{pattern}\s*", lines[0]):
            return Head([*names], [""] * width, 0, 0)
    head = _head(lines, table, width)
    if head >= 0:
        head, below = _named(lines, table, head, width)
        names = table[head]
    else:
        head, names = _remarked(lines, width, separator)
        below = _data_from(lines, table, max(head + 1, 0), width)
        if not names:
            return None
    # Rows may have more cells than are named.
    names = [name.lstrip("#").strip() or name for name in [*names, *[""] * width][:width]]
    return Head(names, _units(table[head + 1 : below], width), max(head, 0), below)


def separated(lines: Sequence[str]) -> tuple[str, list[list[str]]]:
    """(separator, cells of each line)."""
    separator = _separator(lines)
    table: list[list[str]] = [[] for _ in lines]
    for at, row in rows(lines, separator):
        table[at - 1] = [cell.strip().strip("'\"").strip() for cell in row]
    return separator, table


def _separator(lines: Sequence[str]) -> str:
    def regular(separator: str) -> tuple[int, int]:
        counts = Counter(line.count(separator) for line in lines if line.strip())
        count, often = max(((c, n) for c, n in counts.items() if c), default=(0, 0), key=lambda pair: pair[1])
        return often, count

    best = max(_SEPARATORS, key=regular)
    told = [line for line in lines if line.strip() and not line.startswith(_REMARKS)] or [*lines]
    if regular(best)[0] >= _HALF * len(told):
        return best
    # Where no sign separates, blanks do, if they do it regularly.
    widths = Counter(len(line.split()) for line in told if any(sign.isdigit() for sign in line))
    width, often = max(widths.items(), key=lambda pair: pair[1], default=(0, 0))
    return " " if width > 1 and often >= _HALF * len(told) else best


def _head(lines: Sequence[str], table: Sequence[Sequence[str]], width: int) -> int:
    """The line of names that the most lines of data follow, with so many cells; -1 if there is none."""
    following: Counter[int] = Counter()
    head = -1
    for n, row in enumerate(table):
        told = _told(row)
        if (
            len(row) > 1
            and _may_name(lines[n])
            and (not told or (not n and (row[0] == "" or told < len(row) / 2)))
        ):
            head = n
        elif len(row) == width and told:
            following[head] += 1
    del following[-1]
    return max(following, key=lambda at: following[at], default=-1)


def _told(row: Sequence[str]) -> int:
    return sum(number(cell, ".") is not None or is_time(cell) for cell in row)


def _may_name(line: str) -> bool:
    """Whether a line may hold the names of columns, and is no remark or rule."""
    return not line.lstrip().startswith(_REMARKS) and (
        line[:1] == "," or any(sign.isalpha() for sign in line)
    )


def _named(lines: Sequence[str], table: Sequence[Sequence[str]], head: int, width: int) -> tuple[int, int]:
    """(line of the names, first line of the data): lines of units or kinds may stand between the two."""
    first = head
    while (
        first
        and head - first < _MOST_BETWEEN
        and len(table[first - 1]) == width
        and _may_name(lines[first - 1])
        and not _told(table[first - 1])
    ):
        first -= 1
    named = next((n for n in range(first, head + 1) if _tells_apart(table[n])), head)
    return named, head + 1


def _remarked(lines: Sequence[str], width: int, separator: str) -> tuple[int, Sequence[str]]:
    """(line, names) of the last remark that names as many columns as there are, as tide gauges have it."""
    fitting: dict[int, list[str]] = {}
    for n, line in enumerate(lines):
        bare = line.lstrip("#%/! \t")
        if line.startswith(_REMARKS) and any(sign.isalpha() for sign in bare):
            names = [cell.strip().strip("'\"") for cell in next(rows([bare], separator), (0, []))[1]]
            if len(names) == width and _tells_apart(names):
                fitting[n] = names
    if fitting:
        last = max(fitting)
        # Of two such lines one below the other the lower may hold units.
        is_units = last - 1 in fitting and bool(_UNITS & {*fitting[last]})
        return (last - 1, fitting[last - 1]) if is_units else (last, fitting[last])
    names = listed_columns(lines)
    return (-1, names) if len(names) == width else (-1, ())


def _data_from(lines: Sequence[str], table: Sequence[Sequence[str]], first: int, width: int) -> int:
    return next(
        (
            n
            for n in range(first, len(table))
            if len(table[n]) == width and _told(table[n]) and not lines[n].startswith(_REMARKS)
        ),
        first,
    )


def _tells_apart(row: Sequence[str]) -> bool:
    """Whether a line may name columns: its cells are filled, and no two are alike."""
    filled = [cell for cell in row if cell]
    return len(filled) >= _ENOUGH * len(row) and len({*filled}) == len(filled)


def _units(between: Sequence[Sequence[str]], width: int) -> list[str]:
    """The units that stand in a line below the names; widths of columns such as 5s are none."""
    told = [row for row in between if len(row) == width and not all(_WIDTH.fullmatch(cell) for cell in row)]
    return [cell if cell.lower() not in _NO_UNITS else "" for cell in told[0]] if told else [""] * width
