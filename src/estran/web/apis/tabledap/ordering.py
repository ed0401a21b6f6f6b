"""distinct() and the orderBy functions, over rows that come table by table.

What makes few rows of many (the highest of each group, counts, means) is made of each portion, then of what the
portions gave, so that memory holds what is left and not what came. A sort holds all rows, and has a bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from estran.errors import Invalid
from estran.model import Text, Variable
from estran.observations.wide import Column
from estran.web.apis.tabledap.asking import SECONDS, column_of

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


class _Key(NamedTuple):
    """A column to group or sort by; of numbers, `step` of them are one group from multiples of it on."""

    name: str
    step: float = 0.0


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
    for function in asked.functions:
        if function.name == "units":
            if function.argument.upper() not in ("UDUNITS", ""):
                raise Invalid("units are those of UDUNITS here", "units")
        elif function.name in ("orderByCount", "orderByMean", "orderBySum"):
            columns, found = _summed(table, function, columns, found)
        else:
            found = _applied(table, function, [column.name for _, column in columns], found)
    return columns, found


def _applied(table: WideTable, function: Function, shown: list[str], found: Rows) -> Rows:
    if function.name == "distinct":
        # Rows differ by platform, time and vertical; where these are shown, all are distinct.
        key = {column.name for column in table.columns if column.role in ("platform", "time", "vertical")}
        if key <= set(shown):
            return found
        return _whole(_Gathering(lambda rows: _distinct(rows.select(list(dict.fromkeys(shown))))), found)
    keys, last = _keys(table, function)
    if function.name in ("orderBy", "orderByDescending"):
        is_down = function.name == "orderByDescending"
        if not is_down and _is_so_already(table, keys):
            return found
        return _whole(_Gathering(lambda rows: rows), found, lambda rows: _sorted(rows, keys, is_down=is_down))
    fewer: dict[str, Callable[[pa.Table], pa.Table]] = {
        "orderByLimit": lambda rows: _first(rows, keys, int(last)),
        "orderByClosest": lambda rows: _closest(rows, keys, last),
    }
    return _whole(
        _Gathering(fewer.get(function.name, lambda rows: _extreme(rows, keys, function.name))), found
    )


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


def _keys(table: WideTable, function: Function) -> tuple[list[_Key], float]:
    """The columns that a function names, and the number that ends its list where it has one."""
    named = [part.strip() for part in function.argument.split(",") if part.strip()]
    last = 0.0
    if function.name in ("orderByLimit", "orderByClosest"):
        last = _number(named.pop() if named else "", function)
    if not named and function.name not in ("orderByLimit", "orderByCount", "orderByMean", "orderBySum"):
        raise Invalid(f'name columns, as in {function.name}("platform,time")', function.name)
    keys: list[_Key] = []
    for part in named:
        name, _, step = part.partition("/")
        column: Column = column_of(name.strip(), table)
        if step and column.kind == "text":
            raise Invalid(f"“{name}” is text and has no steps", function.name)
        keys.append(_Key(column.name, _step(step, column, function) if step else 0.0))
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


def _is_so_already(table: WideTable, keys: Sequence[_Key]) -> bool:
    """Whether rows come in this order: that of platform, time and vertical."""
    names = [key.name for key in keys]
    natural = [c.name for role in ("platform", "time", "vertical") for c in table.columns if c.role == role]
    if names == natural[: len(names)]:
        return True
    return len(table.things) == 1 and names == natural[1 : len(names) + 1]


# Sorting and grouping


def _codes(rows: pa.Table, key: _Key) -> Any:
    """A column as numbers that sort as it does, what is missing last."""
    pc: Any = import_module("pyarrow.compute")
    import pyarrow as pa  # noqa: PLC0415

    cells: Any = (
        rows[key.name].combine_chunks() if rows[key.name].num_chunks != 1 else rows[key.name].chunk(0)
    )
    if pa.types.is_string(cells.type):
        cells = cells.dictionary_encode()
    if pa.types.is_dictionary(cells.type):
        words = np.asarray(cells.dictionary.to_pylist(), object)
        order = {word: n for n, word in enumerate(sorted(set(words.tolist())))}
        ranks = np.array([order[word] for word in words.tolist()] + [len(order)], np.int64)
        return ranks[pc.fill_null(cells.indices, len(words)).to_numpy(zero_copy_only=False)]
    if pa.types.is_floating(cells.type):
        found = pc.fill_null(cells, float("nan")).to_numpy(zero_copy_only=False)
        return np.floor(found / key.step) if key.step else found
    found = pc.fill_null(cells, np.iinfo(np.int64).max).to_numpy(zero_copy_only=False)
    return np.floor_divide(found, key.step) if key.step else found


def _sorted(rows: pa.Table, keys: Sequence[_Key], *, is_down: bool = False) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415

    codes = [_codes(rows, key) for key in reversed(keys)]
    return rows.take(pa.array(np.lexsort([-one for one in codes] if is_down else codes)))


def _heads(codes: Sequence[Any], order: Any) -> Any:
    """Which of rows in an order begin a group."""
    fresh = np.ones(len(order), bool)
    if len(order):
        fresh[1:] = False
    for one in codes:
        ordered = one[order]
        with np.errstate(invalid="ignore"):
            differ = ordered[1:] != ordered[:-1]
        if ordered.dtype.kind == "f":
            differ &= ~(np.isnan(ordered[1:]) & np.isnan(ordered[:-1]))
        fresh[1:] |= differ
    return fresh


def _distinct(rows: pa.Table) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415

    keys = [_Key(name) for name in rows.column_names]
    codes = [_codes(rows, key) for key in keys]
    order = np.lexsort(list(reversed(codes)))
    return rows.take(pa.array(order[_heads(codes, order)]))


def _extreme(rows: pa.Table, keys: Sequence[_Key], name: str) -> pa.Table:
    """The first and the last row of each group in the order of the last key; groups are of the others."""
    import pyarrow as pa  # noqa: PLC0415

    known = rows.filter(rows[keys[-1].name].is_valid())
    codes = [_codes(known, key) for key in keys]
    order = np.lexsort(list(reversed(codes)))
    heads = _heads(codes[:-1], order)
    lasts = np.append(heads[1:], True)[: len(order)]
    which = {"orderByMin": heads, "orderByMax": lasts}.get(name, heads | lasts)
    return known.take(pa.array(order[which]))


def _first(rows: pa.Table, keys: Sequence[_Key], most: int) -> pa.Table:
    """The first rows of each group, as they come."""
    import pyarrow as pa  # noqa: PLC0415

    if not keys:
        return rows.slice(0, most)
    codes = [_codes(rows, key) for key in keys]
    order = np.lexsort(list(reversed(codes)))
    heads = _heads(codes, order)
    begins = np.flatnonzero(heads)[np.cumsum(heads) - 1]
    return rows.take(pa.array(order[np.arange(len(order)) - begins < most]))


def _closest(rows: pa.Table, keys: Sequence[_Key], step: float) -> pa.Table:
    """Of each group the row that is closest to each multiple of a step."""
    import pyarrow as pa  # noqa: PLC0415

    known = rows.filter(rows[keys[-1].name].is_valid())
    at = _codes(known, keys[-1]).astype(np.float64)
    multiple = np.round(at / step)
    codes = [*(_codes(known, key) for key in keys[:-1]), multiple]
    order = np.lexsort([at, np.abs(at - multiple * step), *reversed(codes)])
    return known.take(pa.array(order[_heads(codes, order)]))


# Counts and means


def _summed(table: WideTable, function: Function, columns: Columns, found: Rows) -> tuple[Columns, Rows]:
    """One row a group: of other columns how many cells have something, their sum or their mean."""
    name, (keys, _) = function.name, _keys(table, function)
    grouped = {key.name for key in keys}
    left = tuple(
        (
            shown,
            column
            if column.name in grouped
            else _counted(column)
            if name == "orderByCount"
            else _averaged(column),
        )
        for shown, column in columns
        if column.name in grouped or column.kind != "text" or name == "orderByCount"
    )
    others = [
        column
        for _, column in columns
        if (column.name, column.name in grouped) in {(c.name, False) for _, c in left}
    ]
    return left, _groups(name, keys, list({column.name: column for column in others}.values()), found)


def _counted(column: Column) -> Column:
    counted = Variable(name=column.name, label=Text.of(f"Number of cells of {column.name}"), unit="count")
    return Column(name=column.name, kind="whole", role="count", variable=counted)


def _averaged(column: Column) -> Column:
    return column if column.kind == "time" else replace(column, kind="real")


def _groups(name: str, keys: Sequence[_Key], others: Sequence[Column], found: Rows) -> Rows:
    import pyarrow as pa  # noqa: PLC0415

    names = [key.name for key in keys]
    sums = [f"{column.name}\0{part}" for column in others for part in ("count", "total")]

    def portion(rows: pa.Table) -> pa.Table:
        cells = {key.name: _stepped(rows, key) for key in keys}
        for column in others:
            valid = rows[column.name].is_valid().to_numpy()
            cells[f"{column.name}\0count"] = pa.array(valid.astype(np.int64))
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
        whole = _sorted(whole, [_Key(key.name) for key in keys])
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


def _stepped(rows: pa.Table, key: _Key) -> Any:
    """A column to group by: of steps, where each begins."""
    import pyarrow as pa  # noqa: PLC0415

    cells = rows[key.name]
    if pa.types.is_dictionary(cells.type):
        return cells.cast(pa.string())
    if not key.step:
        return cells
    begins = _codes(rows, key) * key.step
    kind = pa.int64() if pa.types.is_integer(cells.type) else pa.float64()
    return pa.array(
        begins.astype(np.int64 if kind == pa.int64() else np.float64), mask=cells.is_null().to_numpy()
    )
