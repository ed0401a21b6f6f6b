"""How a table of observations is laid out, as far as its first lines tell: what is guessed is said."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats._table import head as heads
from estran.formats._table.above import about, listed_units
from estran.formats._table.cells import is_missing, number
from estran.formats._table.columns import told
from estran.formats._table.layout import Column, Layout
from estran.formats._table.times import ZONE, is_month_first

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from estran.formats._table.head import Head
    from estran.formats._table.layout import About

__all__ = ["guess"]

_SAMPLE = 200
_WITH_COMMA = re.compile(r"[+-]?\d+,\d+")
_MOST_NAME, _MOST_COLUMNS = 500, 2000
_LOCAL = "LST"
_IS_UTC = re.compile(r"Z|(UTC|GMT|TU)([+-]0{1,2}(:?00)?)?")
_LISTS = (
    ("network|station|", "a list of stations or channels; load StationXML instead"),
    ("file,date", "an index of files; load the files"),
    ("file,profiler_type", "an index of files; load the files"),
    ("file,latitude_max", "an index of files; load the files"),
)


def guess(lines: Sequence[str], name: str) -> Layout:
    """The layout of a table by its first lines.

    Raises:
        Invalid: it has no column of times, or none of numbers.
    """
    sample = _sample(lines)
    separator, table = heads.separated(sample)
    width = _width(table, name)
    head = heads.found(sample, table, width, separator)
    if head is None:
        raise Invalid(
            "no line of it names the columns; add one above the data, such as “time;temperature”", name
        )
    _refuse_lists(head, separator, name)
    if (longest := max(map(len, head.names))) > _MOST_NAME:
        raise Invalid(f"the name of a column has {longest:,} characters; up to {_MOST_NAME} are read", name)
    data = [row for row in table[head.below :] if len(row) == width]
    if not data:
        raise Invalid("there are no rows below the names of its columns", name)
    decimal = _decimal(data, separator)
    above = about(sample[: head.below], decimal)
    units = listed_units(sample[: head.below])
    head = replace(
        head, units=[unit or units.get(one, "") for one, unit in zip(head.names, head.units, strict=True)]
    )
    columns = told(head, data, decimal, above)
    layout = Layout(
        separator, decimal, head.below, columns, _zone(columns, above), above,
        month_first=_is_month_first(columns, data), carries=_carries(head),
    )  # fmt: skip
    _demand(layout, data, decimal, name)
    return replace(layout, doubts=(*_doubts(layout, data),))


def _sample(lines: Sequence[str]) -> list[str]:
    """The first lines, so many of them that the data behind a long header are seen."""
    first = next((n for n, line in enumerate(lines) if line[:1].isdigit()), 0)
    return list(lines[: _SAMPLE + min(first, len(lines))])


def _width(table: Sequence[Sequence[str]], name: str) -> int:
    widths = Counter(len(row) for row in table if len(row) > 1).most_common(1)
    if not widths:
        raise Invalid("no table is found in it: no line has two columns", name)
    width = widths[0][0]
    if width > _MOST_COLUMNS:
        raise Invalid(
            f"it has {width:,} columns; up to {_MOST_COLUMNS:,} are read, so write a row for each value", name
        )
    return width


def _refuse_lists(head: Head, separator: str, name: str) -> None:
    first = separator.join(head.names).lower().replace(" ", "")
    for start, what in _LISTS:
        if first.startswith(start):
            raise Invalid(f"it is {what}", name)


def _decimal(data: Sequence[Sequence[str]], separator: str) -> str:
    if separator == ",":
        return "."
    # Numbers with a point are read beside those with a comma; those with a comma only where it is the sign.
    has_commas = any(_WITH_COMMA.fullmatch(cell) for row in data for cell in row)
    return "," if has_commas else "."


def _zone(columns: Sequence[Column], above: About) -> str:
    times = [c for c in columns if c.role in ("time", "clock", "year", "hour")]
    for column in times:
        if (found := ZONE.search(f"{column.name} {column.unit}")) is not None:
            zone = found["zone"].replace(" ", "")
            return "" if _IS_UTC.fullmatch(zone) else zone
    zone = above.zone.replace(" ", "")
    return "" if zone == _LOCAL or _IS_UTC.fullmatch(zone) else zone


def _is_month_first(columns: Sequence[Column], data: Sequence[Sequence[str]]) -> bool:
    time = next((c for c in columns if c.role == "time"), None)
    if time is None:
        return False
    title = f"{time.name} {time.unit}".lower()
    if re.match(r".*\bm(on|m)/d(ay|d)/y", title):
        return True
    told = [first for row in data if (first := is_month_first(row[time.position])) is not None]
    return sum(told) > len(told) / 2


def _carries(head: Head) -> bool:
    """Whether it is a spreadsheet of Ocean Data View, in which only the first row of a station says which it is."""
    return [name.lower() for name in head.names[:3]] == ["cruise", "station", "type"]


def _demand(layout: Layout, data: Sequence[Sequence[str]], decimal: str, name: str) -> None:
    """Refuse what has no times or no numbers."""
    has_time = any(layout.of(role) for role in ("time", "year", "years"))
    if not has_time and not (layout.about.at_us is not None and layout.of("vertical")):
        raise Invalid(
            "no column of times is found in it; name one “time” or “date”, with times such as 2024-03-01T12:00:00Z",
            name,
        )
    if not layout.of("value"):
        raise Invalid(
            f"no column of numbers is found beside its times{_broken(layout.columns, data, decimal)}", name
        )


def _broken(columns: Sequence[Column], data: Sequence[Sequence[str]], decimal: str) -> str:
    """What stands in the way of a column that has some numbers, or a unit; nothing where there is none."""
    for column in columns:
        cells = [row[column.position] for row in data if not is_missing(row[column.position])]
        strange = [cell for cell in cells if number(cell, decimal) is None]
        if not column.role and strange and (column.unit or len(strange) < len(cells)):
            return f"; in “{column.name}” stands “{strange[0][:40]}”"
    return ""


def _doubts(layout: Layout, data: Sequence[Sequence[str]]) -> Iterator[str]:
    """What may be meant otherwise, and how to say so."""
    times = [c for c in layout.columns if c.role in ("time", "clock", "year")]
    told = " ".join(f"{c.name} {c.unit}" for c in times)
    if layout.about.zone == _LOCAL or re.search(r"\bLST\b|\blocal\b", told):
        yield "its times are called local, and are taken for UTC; add the zone to the name of the column, such as “time UTC-4”"
    time = next(iter(layout.of("time")), None)
    if time is not None and any("/" in row[time.position] for row in data[:1]):
        told_ = [is_month_first(row[time.position]) for row in data]
        is_short = re.match(r"\d{1,2}/", data[0][time.position]) is not None
        if is_short and all(one is None for one in told_) and not layout.month_first:
            yield "nothing tells days from months in its times; the day is taken to come first"
