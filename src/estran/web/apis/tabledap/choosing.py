"""The rows that the constraints of a request leave."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US
from estran.observations.wide.rows import rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from estran.observations.wide import Standing, WideTable
    from estran.web.apis.tabledap.asking import Asked, Constraint

__all__ = ["chosen", "things"]

_COMPARISONS = {
    "=": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
}
_NEAR = 1e-9
_WHOLE = 2**62


def chosen(table: WideTable, asked: Asked) -> Iterator[pa.Table]:
    """The rows that a request asks for, with its columns under the names of the table and those it sorts by."""
    start, end = _span(asked.constraints)
    standing = things(table, asked.constraints)
    names = dict.fromkeys([column.name for _, column in asked.columns])
    where = dict.fromkeys([*(one.column.name for one in asked.constraints), *_sorted_by(table, asked)])
    if start >= end or not standing:
        return
    for part in rows(table, list(names), start=start, end=end, things=standing, where=list(where)):
        left = _left(part, asked.constraints)
        if left.num_rows:
            yield left


def _sorted_by(table: WideTable, asked: Asked) -> list[str]:
    """Columns that functions name, and that may not be among those that are shown."""
    named = {
        part.strip().partition("/")[0].lower() for one in asked.functions for part in one.argument.split(",")
    }
    return [column.name for column in table.columns if column.name.lower() in named]


def things(table: WideTable, constraints: Sequence[Constraint]) -> list[Standing]:
    """The things of which rows may be left: what is known of a thing decides before its observations are read."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    left = list(table.things)
    for one in constraints:
        if not left:
            break
        role = one.column.role
        if one.column.is_of_thing:
            told: Any = pa.array([t.thing.key if role == "platform" else str(t.thing.name) for t in left])
        elif role in ("longitude", "latitude"):
            told = pa.array([getattr(t.thing, role) for t in left], pa.float64())
        else:
            continue
        holds = held(told, one).to_pylist()
        # Of what moves, each row says where it was.
        left = [
            thing
            for thing, is_so in zip(left, holds, strict=True)
            if is_so or (not one.column.is_of_thing and (thing.thing.longitude is None or _strays(thing)))
        ]
    return left


def _strays(thing: Standing) -> bool:
    """Whether rows of a thing with a place may say another."""
    return any(not one.described.sampling.startswith("timeSeries") for one in thing.streams.values())


def _span(constraints: Sequence[Constraint]) -> tuple[int, int]:
    """The narrowest [start, end) outside of which no row can be left."""
    start, end = EVER_US, NEVER_US
    for one in constraints:
        if one.column.kind != "time" or not isinstance(one.value, float | int) or one.value != one.value:
            continue
        at = int(one.value)
        if one.operator in ("=", ">", ">="):
            start = max(start, at)
        if one.operator in ("=", "<", "<="):
            end = min(end, at + 1)
    return start, end


def _left(part: pa.Table, constraints: Sequence[Constraint]) -> pa.Table:
    pc: Any = import_module("pyarrow.compute")
    mask: Any = None
    for one in constraints:
        holds = held(part[one.column.name], one)
        mask = holds if mask is None else pc.and_(mask, holds)
    return part if mask is None else part.filter(mask)


def held(cells: Any, one: Constraint) -> Any:
    """Which cells are as a constraint says; what is missing is not, but for `!=`."""
    import pyarrow as pa  # noqa: PLC0415

    pc: Any = import_module("pyarrow.compute")
    if (isinstance(cells, pa.ChunkedArray) and pa.types.is_dictionary(cells.type)) or pa.types.is_dictionary(
        cells.type
    ):
        cells = cells.cast(pa.string())
    if one.operator == "=~":
        return _matching(cells, one, pc)
    if one.column.kind == "text":
        compared = getattr(pc, _COMPARISONS[one.operator])(pc.fill_null(cells, ""), pa.scalar(str(one.value)))
        return pc.fill_null(compared, False)
    return _numbers(cells, one, pc)


def _numbers(cells: Any, one: Constraint, pc: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    value = float(one.value)
    missing = pc.or_(
        pc.is_null(cells), pc.fill_null(pc.is_nan(pc.cast(cells, pa.float64(), safe=False)), True)
    )
    if np.isnan(value):
        return (
            missing
            if one.operator == "="
            else pc.invert(missing)
            if one.operator == "!="
            else pc.and_(missing, False)
        )
    if one.column.kind == "real" and one.operator in ("=", "!="):
        near = pc.fill_null(pc.less_equal(pc.abs(pc.subtract(cells, value)), abs(value) * _NEAR), False)
        return near if one.operator == "=" else pc.invert(near)
    is_whole = one.column.kind != "real" and value.is_integer() and abs(value) < _WHOLE
    bound = pa.scalar(int(value) if is_whole else value)
    return pc.fill_null(getattr(pc, _COMPARISONS[one.operator])(cells, bound), one.operator == "!=")


def _matching(cells: Any, one: Constraint, pc: Any) -> Any:
    """What matches a regular expression as a whole, by RE2, whose time does not depend on the expression."""
    import pyarrow as pa  # noqa: PLC0415

    words = cells if pa.types.is_string(cells.type) else pc.fill_null(pc.cast(cells, pa.string()), "NaN")
    try:
        found = pc.match_substring_regex(pc.fill_null(words, ""), rf"\A(?:{one.value})\z")
    except pa.ArrowInvalid as error:
        why = str(error).partition("\n")[0]
        raise Invalid(
            f"“{str(one.value)[:60]}” is no regular expression that is read here ({why[:120]}); RE2 knows no look-around "
            "and no back-references",
            one.column.name,
        ) from None
    return pc.fill_null(found, False)
