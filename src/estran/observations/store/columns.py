"""Observations as columns: the one shape in which they come, lie in files and are read."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = [
    "KEY",
    "NAMES",
    "empty",
    "kept",
    "newest",
    "same",
    "schema",
    "year_bounds",
    "years",
]

KEY = ("datastream", "time", "vertical")
VALUES = ("value", "words", "until", "longitude", "latitude", "flag", "result_time", "feature")
"""What a producer says; of rows that agree in these, nothing is written again."""
NAMES = (*KEY, *VALUES, "tested", "number", "version")


@cache
def schema() -> pa.Schema:
    """Names and types; microseconds since 1970 UTC, degrees, the unit of the datastream."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    kinds = {
        "datastream": pa.int32(), "words": pa.string(), "flag": pa.string(), "feature": pa.int32(),
        **dict.fromkeys(("time", "until", "result_time", "tested", "number", "version"), pa.int64()),
    }  # fmt: skip
    nullable = frozenset((*VALUES, "tested"))
    return pa.schema([pa.field(name, kinds.get(name, pa.float64()), name in nullable) for name in NAMES])


def empty() -> pa.Table:
    """No observations."""
    return schema().empty_table()


def array(table: pa.Table, name: str) -> NDArray[Any]:
    """A column; what is missing in one of numbers is NaN, or 0 in whole numbers."""
    import pyarrow as pa  # noqa: PLC0415

    column = table[name]
    if column.null_count and not pa.types.is_string(column.type):
        column = column.fill_null(float("nan") if pa.types.is_floating(column.type) else 0)
    return column.to_numpy()


def _is_in_order(table: pa.Table) -> bool:
    """Whether each key is greater than the one before: then there is nothing to sort, and none twice."""
    ahead = np.zeros(max(table.num_rows - 1, 0), bool)
    level = ~ahead
    for name in KEY:
        values = array(table, name)
        ahead |= level & (values[1:] > values[:-1])
        level &= values[1:] == values[:-1]
    return bool(ahead.all())


def _last_of_key(table: pa.Table) -> NDArray[np.bool_]:
    """Which rows of a sorted table are the last of their key."""
    last = np.ones(table.num_rows, bool)
    if table.num_rows > 1:
        differ = np.zeros(table.num_rows - 1, bool)
        for name in KEY:
            values = array(table, name)
            differ |= values[1:] != values[:-1]
        last[:-1] = differ
    return last


def kept(table: pa.Table, which: NDArray[np.bool_]) -> pa.Table:
    """Some rows of a table."""
    import pyarrow as pa  # noqa: PLC0415

    return table if bool(which.all()) else table.filter(pa.array(which))


def newest(parts: Sequence[pa.Table]) -> pa.Table:
    """Of each key the row of the highest version, of one version the last, in the order of keys."""
    import pyarrow as pa  # noqa: PLC0415

    filled = [part for part in parts if part.num_rows]
    if not filled:
        return parts[0].slice(0, 0) if parts else empty()
    table = pa.concat_tables(filled) if len(filled) > 1 else filled[0]
    if _is_in_order(table):
        return table
    # Without a version all are of the files, where a key stands once.
    versions = [array(table, "version")] if "version" in table.column_names else []
    order = np.lexsort([*versions, *(array(table, name) for name in reversed(KEY))])
    table = table.take(order)
    return kept(table, _last_of_key(table))


def same(one: pa.Table, other: pa.Table) -> NDArray[np.bool_]:
    """Which rows of two tables of equal length say the same, whatever their number and version."""
    pc: Any = import_module("pyarrow.compute")
    equal = np.ones(one.num_rows, bool)
    for name in VALUES:
        a, b = one[name], other[name]
        alike = pc.or_(pc.fill_null(pc.equal(a, b), fill_value=False), pc.and_(pc.is_null(a), pc.is_null(b)))
        equal &= alike.to_numpy(zero_copy_only=False)
    return equal


def years(time: NDArray[np.int64]) -> NDArray[np.int64]:
    """The year of each instant, UTC."""
    return time.astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) + 1970


def year_bounds(year: int) -> tuple[int, int]:
    """First microsecond of a year, and the one after its last."""
    first, after = (
        np.datetime64(y - 1970, "Y").astype("datetime64[us]").astype(np.int64) for y in (year, year + 1)
    )
    return int(first), int(after)
