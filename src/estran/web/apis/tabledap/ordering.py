"""distinct() and the orderBy functions, over rows that come table by table.

What makes few rows of many (the highest of each group, counts, means) is made of each portion, then of what the
portions gave, so that memory holds what is left and not what came. A sort holds all rows, and has a bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.model import Text, Variable
from estran.observations.wide import Column
from estran.web.apis.tabledap.asking import SECONDS, column_of
from estran.web.apis.tabledap.grouping import Key, closest, distinct, extreme, first, ordered, stepped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from estran.observations.wide import WideTable
    from estran.web.apis.tabledap.asking import Asked, Function

__all__ = ["MOST_SORTED", "arranged"]

MOST_SORTED = 3_000_000
"""So many rows are sorted, or kept to find those that differ."""
_GATHERED = 200_000
_US = 1_000_000
_STEP = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([A-Za-z]*)")


@dataclass(slots=True)
class _Gathering:
    """Rows that are made fewer whenever many have come."""

    fewer: Callable[[pa.Table], pa.Table]
    parts: list[pa.Table] = field(default_factory=list)
    count: int = 0
    left: int = 0

    def take(self, part: pa.Table) -> None:
        """Add a portion."""
        self.parts.append(part)
        self.count += part.num_rows
        if self.count > 2 * self.left + _GATHERED:
            self._reduce()

    def _reduce(self) -> None:
        self.parts = [self.fewer(_joined(self.parts))]
        self.count = self.left = self.parts[0].num_rows
        if self.count > MOST_SORTED:
            raise Invalid(
                f"more than {MOST_SORTED:,} rows would be sorted; ask for less time, fewer variables or one platform "
                "at once, or leave orderBy and distinct out",
                "query",
            )

    def finish(self) -> pa.Table | None:
        """What is left of all."""
        if not self.parts:
            return None
        self._reduce()
        return self.parts[0]


type Columns = tuple[tuple[str, Column], ...]
type Rows = Iterator[pa.Table]


def arranged(table: WideTable, asked: Asked, found: Rows) -> tuple[Columns, Rows]:
    """The columns and rows after all functions of a request, one function after the other."""
    columns = asked.columns
    # What is not shown can be sorted by, until rows are made that have only what is shown.
    there = {column.name for column in table.columns}
    is_natural = True
    for function in asked.functions:
        if function.name == "units":
            if function.argument.upper() not in ("UDUNITS", ""):
                raise Invalid("units are those of UDUNITS here", "units")
            continue
        keys, last = _keys(table, function, there)
        shown = [column.name for _, column in columns]
        if function.name in ("orderByCount", "orderByMean", "orderBySum"):
            columns, found = _summed(function.name, keys, columns, found)
            is_natural = False
        elif function.name == "distinct":
            found = _distinct(table, shown, found)
        elif not (function.name == "orderBy" and is_natural and _is_so_already(table, keys)):
            found = _applied(function.name, keys, last, found)
            is_natural = False
        if function.name in _MAKING:
            is_natural &= set(shown) >= _key(table)
            there = {column.name for _, column in columns}
    return columns, found


_MAKING = ("distinct", "orderByCount", "orderByMean", "orderBySum")
"""Functions that make rows of what is shown."""


def _key(table: WideTable) -> set[str]:
    return {column.name for column in table.columns if column.role in ("platform", "time", "vertical")}


def _distinct(table: WideTable, shown: list[str], found: Rows) -> Rows:
    # Rows differ by platform, time and vertical; where these are shown, all are distinct.
    if _key(table) <= set(shown):
        return found
    return _whole(_Gathering(lambda rows: distinct(rows.select(list(dict.fromkeys(shown))))), found)


def _applied(name: str, keys: list[Key], last: float, found: Rows) -> Rows:
    if name in ("orderBy", "orderByDescending"):
        is_down = name == "orderByDescending"
        return _whole(_Gathering(lambda rows: rows), found, lambda rows: ordered(rows, keys, is_down=is_down))
    fewer: dict[str, Callable[[pa.Table], pa.Table]] = {
        "orderByLimit": lambda rows: first(rows, keys, int(last)),
        "orderByClosest": lambda rows: closest(rows, keys, last),
    }
    return _whole(_Gathering(fewer.get(name, lambda rows: extreme(rows, keys, name))), found)


def _whole(
    gathering: _Gathering, found: Iterator[pa.Table], last: Callable[[pa.Table], pa.Table] = lambda rows: rows
) -> Iterator[pa.Table]:
    for part in found:
        gathering.take(part)
    whole = gathering.finish()
    if whole is not None and whole.num_rows:
        yield last(whole)


def _joined(parts: Sequence[pa.Table]) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - heavy

    return pa.concat_tables(parts).unify_dictionaries().combine_chunks()


def _keys(table: WideTable, function: Function, there: set[str]) -> tuple[list[Key], float]:
    """The columns that a function names, of those that are there, and the number that ends its list where it has one."""
    if function.name == "distinct":
        return [], 0.0
    named = [part.strip() for part in function.argument.split(",") if part.strip()]
    last = 0.0
    if function.name in ("orderByLimit", "orderByClosest"):
        last = _number(named.pop() if named else "", function)
    if not named and function.name not in ("orderByLimit", "orderByCount", "orderByMean", "orderBySum"):
        raise Invalid(f'name columns, as in {function.name}("platform,time")', function.name)
    keys: list[Key] = []
    for part in named:
        name, _, step = part.partition("/")
        column: Column = column_of(name.strip(), table)
        if column.name not in there:
            raise Invalid(
                f"“{column.name}” is gone after what stands before; ask for it among the variables",
                function.name,
            )
        if step and column.kind == "text":
            raise Invalid(f"“{name}” is text and has no steps", function.name)
        keys.append(Key(column.name, _step(step, column, function) if step else 0.0))
    return keys, last


def _number(given: str, function: Function) -> float:
    found = _STEP.fullmatch(given)
    if function.name == "orderByLimit":
        if found is None or found[2] or not float(found[1]).is_integer() or not float(found[1]):
            raise Invalid(
                'end with how many rows of each group, as in orderByLimit("platform,10")', function.name
            )
        return float(found[1])
    if found is None or not float(found[1]):
        raise Invalid('end with a step, as in orderByClosest("platform,time,1 day")', function.name)
    return float(found[1]) * (_seconds(found[2], function) * _US if found[2] else 1)


def _step(given: str, column: Column, function: Function) -> float:
    found = _STEP.fullmatch(given.strip())
    if found is None or not float(found[1]):
        raise Invalid(f"“{given[:20]}” is no step; write time/1day or latitude/0.5", function.name)
    if column.kind == "time":
        return float(found[1]) * _seconds(found[2], function) * _US
    return float(found[1])


def _seconds(unit: str, function: Function) -> float:
    name = unit.lower()
    found = SECONDS.get(name) or SECONDS.get(name.removesuffix("s"))
    if found is None:
        raise Invalid(f"“{unit[:20]}” is no unit of time; use seconds, minutes, hours or days", function.name)
    return found


def _is_so_already(table: WideTable, keys: Sequence[Key]) -> bool:
    """Whether rows come in this order: that of platform, time and vertical."""
    names = [key.name for key in keys]
    natural = [c.name for role in ("platform", "time", "vertical") for c in table.columns if c.role == role]
    if names == natural[: len(names)]:
        return True
    return len(table.things) == 1 and names == natural[1 : len(names) + 1]


# Counts and means


def _summed(name: str, keys: Sequence[Key], columns: Columns, found: Rows) -> tuple[Columns, Rows]:
    """One row a group: of other columns how many cells have something, their sum or their mean."""
    grouped = {key.name for key in keys}
    left: list[tuple[str, Column]] = []
    others: dict[str, Column] = {}
    for shown, column in columns:
        if column.name in grouped:
            left.append((shown, column))
        elif name == "orderByCount" or (
            column.kind != "text" and (column.kind, name) != ("time", "orderBySum")
        ):
            left.append((shown, _counted(column) if name == "orderByCount" else _averaged(column)))
            others[column.name] = column
    return tuple(left), _groups(name, keys, list(others.values()), found)


def _counted(column: Column) -> Column:
    counted = Variable(name=column.name, label=Text.of(f"Number of cells of {column.name}"), unit="count")
    return Column(name=column.name, kind="whole", role="count", variable=counted)


def _averaged(column: Column) -> Column:
    return column if column.kind == "time" else replace(column, kind="real")


def _groups(name: str, keys: Sequence[Key], others: Sequence[Column], found: Rows) -> Rows:
    import pyarrow as pa  # noqa: PLC0415

    names = [key.name for key in keys]
    sums = [f"{column.name}\0{part}" for column in others for part in ("count", "total")]

    def portion(rows: pa.Table) -> pa.Table:
        cells = {key.name: stepped(rows, key) for key in keys}
        for column in others:
            valid = rows[column.name].is_valid().to_numpy()
            cells[f"{column.name}\0count"] = pa.array(valid).cast(pa.int64())
            if column.kind == "text":
                cells[f"{column.name}\0total"] = pa.nulls(rows.num_rows, pa.float64())
            else:
                cells[f"{column.name}\0total"] = (
                    rows[column.name].cast(pa.float64(), safe=False).fill_null(0.0)
                )
        return pa.table(cells)

    def fewer(rows: pa.Table) -> pa.Table:
        summed = rows.group_by(names).aggregate([(one, "sum") for one in sums])
        return summed.select([*names, *(f"{one}_sum" for one in sums)]).rename_columns([*names, *sums])

    gathering = _Gathering(fewer)
    for part in found:
        gathering.take(portion(part))
    whole = gathering.finish()
    if whole is None:
        return
    if keys:
        whole = ordered(whole, [Key(key.name) for key in keys])
    made: dict[str, Any] = {key: whole[key] for key in names}
    for column in others:
        count, total = (whole[f"{column.name}\0{part}"] for part in ("count", "total"))
        made[column.name] = _result(name, column, count, total)
    yield pa.table(made)


def _result(name: str, column: Column, count: Any, total: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    pc: Any = import_module("pyarrow.compute")
    if name == "orderByCount":
        return count
    some = pc.if_else(pc.greater(count, 0), total, pa.scalar(None, pa.float64()))
    if name == "orderBySum":
        return some
    mean = pc.divide(some, pc.cast(count, pa.float64()))
    return pc.cast(pc.round(mean), pa.int64()) if column.kind == "time" else mean
