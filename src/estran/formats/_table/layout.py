"""How a table of observations is laid out, as far as its first lines tell.

Separator, decimal comma, header, and what each column is: time (in one column or two), station, place, vertical,
values with their units, flags. What is guessed is said, and what was told beforehand is not guessed.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats._table.times import is_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Column", "Layout", "guess", "is_missing", "number", "plain"]

_SEPARATORS = (";", "\t", ",", "|")
_SAMPLE = 200
_MISSING = frozenset({"", "na", "nan", "n/a", "null", "none", "nd", "-", "--", "?", "mq"})
# As whole or decimal numbers.
_MISSING_NUMBER = re.compile(r"-9{3,5}([.,]0*)?")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_UNIT = re.compile(r"^(.*?)\s*[\[(]\s*([^\])]*)\s*[\])]\s*$")
_NAMES = {
    "time": r".*(date|time|heure|horodat|jour|day|peildatum|utc|tstamp|aaaammjj|yyyymmdd).*",
    "station": r"(station|poste|num_?poste|site|site_?no|code_?station|id_?station|platform|wmo|procedure"
    r"|lieu.*(identifiant|libell|mnémo).*|station.*|.*:procedure)",
    "latitude": r"(lat|latitude|y_?wgs84|.*coordonn.*miny|lat[_ ].*)",
    "longitude": r"(lon|long|longitude|x_?wgs84|.*coordonn.*minx|lon[_ ].*|lng)",
    "vertical": r"(depth|profondeur|immersion|depsm|prdm|pressure|pres|z|altitude|height)",
}
_FLAG = re.compile(
    r"^(q|qc_?|flag_?|code_?qualit.*)(?P<of>.+)$"
    r"|^(?P<for>.+?)(_|\.|:| )?(qc|flag|quality|qualityindex|remark)$",
    re.IGNORECASE,
)
# Numbers that name or count rather than measure.
_NO_VALUE = re.compile(
    r"(code|id|num|numero|number|record|year|month|day|hour|minute|second|annee|année|mois|jour|insee)"
    r"([ _.-].*|s)?|.*([ _](id|code|no|number)|^objectid)",
    re.IGNORECASE,
)
_CLOCK_VALUE = re.compile(r"\d{1,2}[:h]\d{2}(:\d{2})?")
_ENOUGH, _HALF = 0.8, 0.5
_MOST_BETWEEN = 3
_MOST_NAME, _MOST_COLUMNS = 500, 2000
_MEASURING = ("value", "vertical")
_WIDTH = re.compile(r"\d*[sdn]")
_NO_UNITS = frozenset({"", "unitless", "n/a", "none", "-", "rn", "ts", "avg", "smp", "1"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what it is for.

    Attributes:
        role: time, clock, station, latitude, longitude, vertical, value, flag, or "" for what is left out.
        of: of a flag, the position of the column that it judges.
    """

    position: int
    name: str
    role: str = ""
    unit: str = ""
    of: int = -1


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read the table.

    Attributes:
        skipped: lines before the first row of data.
        decimal: the decimal sign of its numbers.
        zone: of its times where they do not say; "" for UTC.
    """

    separator: str
    decimal: str
    skipped: int
    columns: tuple[Column, ...]
    zone: str = ""

    def of(self, role: str) -> tuple[Column, ...]:
        """The columns of a role."""
        return tuple(column for column in self.columns if column.role == role)

    def told(self) -> str:
        """What is understood, for people."""
        signs = {"\t": "tab", " ": "blanks"}
        separator = signs.get(self.separator, self.separator)
        lines = [f"separator {separator}, decimal {self.decimal}, data from line {self.skipped + 1}"]
        lines.append(f"times in {self.zone}" if self.zone else "times in UTC where they do not say")
        for column in self.columns:
            unit = f" in {column.unit}" if column.unit else ""
            lines.append(f"  {column.name:30} {column.role or 'left out'}{unit}")
        return "\n".join(lines)


def number(text: str, decimal: str) -> float | None:
    """A number, None for what is none."""
    if not _NUMBER.fullmatch(text):
        return None
    return (
        float(text.replace(decimal, ".") if decimal != "." else text)
        if decimal in text or "," not in text
        else None
    )


def is_missing(text: str) -> bool:
    """Whether a cell says that there is no value."""
    plain = text.strip().lower()
    return plain in _MISSING or _MISSING_NUMBER.fullmatch(plain) is not None


def guess(lines: Sequence[str], name: str) -> Layout:
    """The layout of a table by its first lines.

    Raises:
        Invalid: it has no column of times, or none of numbers.
    """
    sample = list(lines[:_SAMPLE])
    separator = _separator(sample)
    rows = [
        [cell.strip().strip("'\"").strip() for cell in row]
        for row in csv.reader(plain(sample, separator), delimiter=separator)
    ]
    width = Counter(len(row) for row in rows if len(row) > 1).most_common(1)
    if not width:
        raise Invalid("no table is found in it: no line has two columns", name)
    cells = width[0][0]
    if cells > _MOST_COLUMNS:
        raise Invalid(
            f"it has {cells:,} columns; up to {_MOST_COLUMNS:,} are read, so write a row for each value", name
        )
    head = _head(sample, rows, cells)
    if head < 0:
        head = _remarked(sample, rows, cells, separator)
    if head < 0:
        raise Invalid(
            "no line of it names the columns; add one above the data, such as “time;temperature”", name
        )
    head, below = _named(sample, rows, head, cells)
    # Rows may have more cells than are named.
    names = [*rows[head], *[""] * cells][:cells]
    if (longest := max(map(len, names))) > _MOST_NAME:
        raise Invalid(f"the name of a column has {longest:,} characters; up to {_MOST_NAME} are read", name)
    units = _units(rows[head + 1 : below], cells)
    data = [row for row in rows[below:] if len(row) == cells]
    decimal = _decimal(data, separator)
    if not data:
        raise Invalid("there are no rows below the names of its columns", name)
    columns = [_column(n, title, [row[n] for row in data], decimal) for n, title in enumerate(names)]
    columns = [replace(c, unit=c.unit or units[c.position]) if c.role in _MEASURING else c for c in columns]
    columns = _two_of_time(columns, data)
    columns = [_flagging(column, columns) for column in columns]
    layout = Layout(separator, decimal, below, tuple(columns), _zone(columns))
    if not layout.of("time"):
        raise Invalid(
            "no column of times is found in it; name one “time” or “date”, with times such as 2024-03-01T12:00:00Z",
            name,
        )
    if not layout.of("value"):
        raise Invalid(
            f"no column of numbers is found beside its times{_broken(columns, data, decimal)}", name
        )
    return layout


def plain(lines: Iterable[str], separator: str) -> Iterator[str]:
    """Lines as they are split: of blanks, however many, one is left."""
    return (" ".join(line.split()) for line in lines) if separator == " " else iter(lines)


def _remarked(lines: Sequence[str], rows: list[list[str]], cells: int, separator: str) -> int:
    """The last remark that names as many columns as there are, as tide gauges have it; -1 if there is none."""
    for n in reversed(range(len(lines))):
        bare = lines[n].lstrip("# \t")
        if lines[n].startswith("#") and any(sign.isalpha() for sign in bare):
            named = [
                cell.strip() for cell in next(csv.reader(plain([bare], separator), delimiter=separator), [])
            ]
            if len(named) == cells and _tells_apart(named):
                rows[n] = named
                return n
    return -1


def _named(lines: Sequence[str], rows: Sequence[Sequence[str]], head: int, cells: int) -> tuple[int, int]:
    """(line of the names, first line of the data): lines of units or kinds may stand between the two."""
    first = head
    while (
        first
        and head - first < _MOST_BETWEEN
        and len(rows[first - 1]) == cells
        and not lines[first - 1].lstrip().startswith("#")
        and not any(number(cell, ".") is not None or is_time(cell) for cell in rows[first - 1])
    ):
        first -= 1
    named = next((n for n in range(first, head + 1) if _tells_apart(rows[n])), head)
    return named, head + 1


def _tells_apart(row: Sequence[str]) -> bool:
    """Whether a line may name columns: its cells are filled, and no two are alike."""
    filled = [cell for cell in row if cell]
    return len(filled) >= _ENOUGH * len(row) and len({*filled}) == len(filled)


def _units(between: Sequence[Sequence[str]], cells: int) -> list[str]:
    """The units that stand in a line below the names; widths of columns such as 5s are none."""
    found = [row for row in between if len(row) == cells and not all(_WIDTH.fullmatch(cell) for cell in row)]
    return [cell if cell.lower() not in _NO_UNITS else "" for cell in found[0]] if found else [""] * cells


def _head(lines: Sequence[str], rows: Sequence[Sequence[str]], cells: int) -> int:
    """The line of names that the most lines of data follow, with so many cells; -1 if there is none."""
    following: Counter[int] = Counter()
    head = -1
    for n, row in enumerate(rows):
        told = sum(number(cell, ".") is not None or is_time(cell) for cell in row)
        if (
            len(row) > 1
            and _may_name(lines[n])
            and (not told or (not n and (row[0] == "" or told < len(row) / 2)))
        ):
            head = n
        elif len(row) == cells and told:
            following[head] += 1
    del following[-1]
    return max(following, key=lambda at: following[at], default=-1)


def _may_name(line: str) -> bool:
    """Whether a line may hold the names of columns, and is no remark or rule."""
    return not line.lstrip().startswith("#") and (line[:1] == "," or any(sign.isalpha() for sign in line))


def _separator(lines: Sequence[str]) -> str:
    def regular(separator: str) -> tuple[int, int]:
        counts = Counter(line.count(separator) for line in lines if line.strip())
        count, often = max(((c, n) for c, n in counts.items() if c), default=(0, 0), key=lambda pair: pair[1])
        return often, count

    found = max(_SEPARATORS, key=regular)
    told = [line for line in lines if line.strip()]
    if regular(found)[0] >= _HALF * len(told):
        return found
    # Where no sign separates, blanks do, if they do it regularly.
    widths = Counter(len(line.split()) for line in told if any(sign.isdigit() for sign in line))
    width, often = max(widths.items(), key=lambda pair: pair[1], default=(0, 0))
    return " " if width > 1 and often >= _HALF * len(told) else found


def _decimal(data: Sequence[Sequence[str]], separator: str) -> str:
    if separator == ",":
        return "."
    commas = sum(bool(re.fullmatch(r"[+-]?\d+,\d+", cell)) for row in data for cell in row)
    points = sum(bool(re.fullmatch(r"[+-]?\d+\.\d+", cell)) for row in data for cell in row)
    return "," if commas > points else "."


def _column(position: int, title: str, cells: Sequence[str], decimal: str) -> Column:
    found = _UNIT.match(title)
    name, unit = (found[1], found[2]) if found and found[1] else (title, "")
    plain = (
        name.strip().lower().rpartition("urn:")[2]
        if name.lower().startswith("urn:")
        else name.strip().lower()
    )
    given = [cell for cell in cells if not is_missing(cell)]
    column = Column(position, name.strip() or f"column {position + 1}", unit=unit)
    # What has a unit is a number, also where many are broken, as in messages of a few rows.
    enough = _HALF if unit else _ENOUGH
    numeric = bool(given) and sum(number(cell, decimal) is not None for cell in given) >= enough * len(given)
    named = {role for role, pattern in _NAMES.items() if re.fullmatch(pattern, plain)}
    # Where the name says so, half of the cells may be broken.
    least = _HALF if "time" in named else _ENOUGH
    timely = bool(given) and sum(map(is_time, given)) >= least * len(given)
    if timely and ("time" in named or plain.endswith(("iso8601", "time")) or (not numeric and position == 0)):
        return replace(column, role="time")
    for role in ("latitude", "longitude", "vertical"):
        if role in named and numeric:
            return replace(column, role=role)
    if "station" in named and given:
        return replace(column, role="station")
    if given and all(_CLOCK_VALUE.fullmatch(cell) for cell in given):
        return replace(column, role="clock")
    return replace(column, role="value") if numeric and not _NO_VALUE.fullmatch(plain) else column


def _broken(columns: Sequence[Column], data: Sequence[Sequence[str]], decimal: str) -> str:
    """What stands in the way of a column that has some numbers, or a unit; nothing where there is none."""
    for column in columns:
        cells = [row[column.position] for row in data if not is_missing(row[column.position])]
        strange = [cell for cell in cells if number(cell, decimal) is None]
        if not column.role and strange and (column.unit or len(strange) < len(cells)):
            return f"; in “{column.name}” stands “{strange[0][:40]}”"
    return ""


def _two_of_time(columns: list[Column], data: Sequence[Sequence[str]]) -> list[Column]:
    """One column of times; a clock belongs to it only where its times are days."""
    times = [column for column in columns if column.role == "time"]
    for extra in times[1:]:
        columns[extra.position] = replace(extra, role="")
    clocks = [column for column in columns if column.role == "clock"]
    days = bool(times) and all(len(row[times[0].position]) <= 10 for row in data)  # noqa: PLR2004 - 2020-01-01
    for n, clock in enumerate(clocks):
        if n or not days:
            columns[clock.position] = replace(clock, role="")
    return columns


def _flagging(column: Column, columns: Sequence[Column]) -> Column:
    if column.role not in ("value", ""):
        return column
    found = _FLAG.match(column.name)
    judged = (found["of"] or found["for"]).lower().strip(" _:.") if found else ""
    other = next(
        (c for c in columns if c is not column and c.role == "value" and c.name.lower() == judged), None
    )
    return replace(column, role="flag", of=other.position) if other else column


def _zone(columns: Sequence[Column]) -> str:
    time = next((column for column in columns if column.role == "time"), None)
    found = re.search(
        r"\b(PST|PDT|EST|CET|CEST|MET|UTC[+-]\d{1,2})\b", f"{time.name} {time.unit}" if time else ""
    )
    return found[1] if found else ""
