"""What a tabledap request asks for: columns, constraints and functions of its query string.

Clients percent-encode as little or as much as they like, up to the whole of it with its ampersands. So it is decoded
once, then cut at the ampersands that stand outside of quotes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_plus

from estran.errors import Invalid
from estran.model import bounds, date, now_us

if TYPE_CHECKING:
    from estran.observations.wide import Column, WideTable

__all__ = [
    "FUNCTIONS",
    "SECONDS",
    "Asked",
    "Constraint",
    "Function",
    "as_of",
    "asked",
    "column_of",
    "time_of",
]

MOST_CONSTRAINTS = 200
_AS_OF = "as_of="
_LONGEST_PATTERN = 1000
_PARTS = re.compile(r'((?:[^&"]|"(?:[^"\\]|\\.)*")*)(?:&|$)', re.DOTALL)
_CONSTRAINT = re.compile(r"([A-Za-z]\w*)(!=|<=|>=|=~|=|<|>)(.*)", re.DOTALL | re.ASCII)
_FUNCTION = re.compile(r"([A-Za-z]+)\((.*)\)", re.DOTALL)
_NOW = re.compile(r"now(?:([+\- ])(\d{1,9}(?:\.\d{1,9})?)\s*([a-z]*))?", re.IGNORECASE)
_BOUND = re.compile(
    r"(min|max)\(([A-Za-z]\w*)\)(?:([+\- ])(\d{1,9}(?:\.\d{1,9})?)\s*([a-z]*))?", re.IGNORECASE
)
SECONDS = {
    "second": 1, "sec": 1, "s": 1, "": 1, "minute": 60, "min": 60, "hour": 3600, "h": 3600, "hr": 3600, "day": 86_400,
    "week": 604_800, "month": 2_629_746, "year": 31_556_952,
}  # fmt: skip
_US = 1_000_000
_FARTHEST_S = 2**42
FUNCTIONS = (
    "distinct", "orderBy", "orderByDescending", "orderByMax", "orderByMin", "orderByMinMax", "orderByClosest",
    "orderByCount", "orderByLimit", "orderByMean", "orderBySum", "units",
)  # fmt: skip


class Constraint(NamedTuple):
    """What the cells of a column must be.

    Attributes:
        value: a text for columns of text and for `=~`, else a number; times are in microseconds since 1970.
    """

    column: Column
    operator: str
    value: str | float


class Function(NamedTuple):
    """A function of the server, such as orderBy("time")."""

    name: str
    argument: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    Attributes:
        columns: those that are wanted, with the names they are asked by.
        constraints: all of which hold for each row.
        functions: in the order in which they are applied.
    """

    columns: tuple[tuple[str, Column], ...]
    constraints: tuple[Constraint, ...]
    functions: tuple[Function, ...]


def asked(query: bytes, table: WideTable) -> Asked:
    """What a query string asks of a table.

    Raises:
        Invalid: it cannot be read; the message says where and what would do.
    """
    head, *others = parts(unquote_plus(query.decode("latin-1")))
    columns = _columns(head, table)
    constraints: list[Constraint] = []
    functions: list[Function] = []
    for part in others:
        # What begins with a dot is about drawing; the instant chose the table already.
        if not part or part.startswith((".", _AS_OF)):
            continue
        if (found := _FUNCTION.fullmatch(part)) and found[1] in FUNCTIONS:
            functions.append(Function(found[1], _unquoted(found[2])))
        else:
            constraints.append(_constraint(part, table))
    if len(constraints) > MOST_CONSTRAINTS:
        raise Invalid(
            f"{len(constraints)} constraints are given; at most {MOST_CONSTRAINTS} are read", "query"
        )
    return Asked(columns, tuple(constraints), tuple(functions))


def as_of(query: bytes) -> str:
    """The instant whose observations are wanted, "" for those of now: ``&as_of=2026-01-31T12:00:00Z``.

    Raises:
        Invalid: it is given twice.
    """
    _, *others = parts(unquote_plus(query.decode("latin-1")))
    found = [_unquoted(part.removeprefix(_AS_OF)).strip() for part in others if part.startswith(_AS_OF)]
    if len(found) > 1:
        raise Invalid("it is given more than once; give it once", "as_of")
    # A plus that nobody encoded arrives as a blank.
    return found[0].replace(" ", "+") if found else ""


def parts(query: str) -> list[str]:
    """A decoded query, cut at the ampersands outside of quotes."""
    if query.count('"') % 2 and '\\"' not in query:
        raise Invalid("a quotation mark is not closed", "query")
    found = [match[1] for match in _PARTS.finditer(query)]
    whole = sum(len(part) + 1 for part in found) - 1
    if whole < len(query):
        raise Invalid("a quotation mark is not closed", "query")
    # The pattern finds the empty end once more.
    return found[:-1] if len(found) > 1 and whole > len(query) else found


def _columns(head: str, table: WideTable) -> tuple[tuple[str, Column], ...]:
    names = [name.strip().removeprefix("s.") for name in head.split(",")]
    # A client of DAP may name the sequence as a whole.
    names = [name for name in names if name and name != "s"]
    if not names:
        return tuple((column.name, column) for column in table.columns)
    return tuple({name: column_of(name, table) for name in names}.items())


def column_of(name: str, table: WideTable) -> Column:
    """A column by its name, or by one of the names that the field has for it.

    Raises:
        Invalid: there is none.
    """
    found = table.column(name) or next(
        (column for column in table.columns if name.lower() in _ALSO.get(column.role, ())), None
    )
    if found is None:
        known = ", ".join(column.name for column in table.columns[:60])
        raise Invalid(f'Unrecognized variable="{name[:80]}"; there are {known}', "query")
    return found


_ALSO = {
    "platform": ("platform_number", "station", "station_id"),
    "vertical": ("depth", "pres", "altitude", "vertical"),
}


def _constraint(part: str, table: WideTable) -> Constraint:
    found = _CONSTRAINT.fullmatch(part.removeprefix("s."))
    if found is None:
        raise Invalid(
            f"“{part[:80]}” is no constraint; write variable, one of = != < <= > >= =~, and a value, "
            f"or one of {', '.join(f'{name}()' for name in FUNCTIONS)}",
            "query",
        )
    name, operator, given = found.groups()
    column = column_of(name, table)
    if operator == "=~":
        if len(given) > _LONGEST_PATTERN:
            raise Invalid(
                f"a regular expression has up to {_LONGEST_PATTERN} characters; this one {len(given)}", name
            )
        return Constraint(column, operator, _unquoted(given))
    if column.kind == "text":
        return Constraint(column, operator, _unquoted(given))
    return Constraint(column, operator, _number(column, _unquoted(given).strip(), table))


def _unquoted(given: str) -> str:
    given = given.strip()
    if len(given) > 1 and given.startswith('"') and given.endswith('"'):
        try:
            return str(json.loads(given, strict=False))
        except ValueError:
            # A backslash that stands for itself, as in regular expressions.
            return given[1:-1].replace('\\"', '"')
    return given


def _number(column: Column, given: str, table: WideTable) -> float:
    if (found := _BOUND.fullmatch(given)) is not None:
        return _bound(found, table)
    if column.kind == "time":
        return time_of(given)
    if given.lower() == "nan" or not given:
        return float("nan")
    try:
        return float(given)
    except ValueError:
        raise Invalid(f"“{given[:40]}” is not a number", column.name) from None


def time_of(given: str) -> float:
    """Seconds since 1970, a date, or an instant told from now; in microseconds."""
    if (found := _NOW.fullmatch(given)) is not None:
        return now_us() + (_offset_s(found[1], found[2], found[3]) * _US if found[2] else 0)
    try:
        seconds = float(given)
    except ValueError:
        # A plus that nobody encoded arrives as a blank.
        said = re.sub(r"(T[\d:.]+) (\d\d:?\d\d)$", r"\1+\2", given)
        return bounds(date(said, "time"))[0]
    if seconds != seconds:  # noqa: PLR0124
        return seconds
    if abs(seconds) > _FARTHEST_S:
        raise Invalid(f"“{given[:40]}” is no time; give seconds since 1970, or a date", "time")
    return round(seconds * _US)


def _offset_s(sign: str, amount: str, unit: str) -> float:
    name = unit.lower()
    length = SECONDS.get(name) or SECONDS.get(name.removesuffix("s"))
    if length is None:
        raise Invalid(
            f"“{unit[:20]}” is no unit of time; use seconds, minutes, hours, days, weeks, months or years",
            "time",
        )
    return (-1 if sign == "-" else 1) * float(amount) * length


def _bound(found: re.Match[str], table: WideTable) -> float:
    """``min(time)`` and its like, of what is known without looking at the observations."""
    which, name, sign, amount, unit = found.groups()
    column = column_of(name, table)
    if column.kind == "time" and (span := table.span) is not None:
        at = span[which.lower() == "max"]
        return at + (_offset_s(sign, amount, unit) * _US if amount else 0)
    places = [place for one in table.things if (place := getattr(one.thing, column.role, None)) is not None]
    if column.role not in ("longitude", "latitude") or not places:
        raise Invalid(
            f"min() and max() are known of time, and of the places of what stands still; not of {name[:40]}",
            name[:40],
        )
    at = (max if which.lower() == "max" else min)(places)
    return at + ((-1 if sign == "-" else 1) * float(amount) if amount else 0)
