"""Lowest, highest and mean value of runs of observations: a plot costs the same however many it spans."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import delete, func, insert, select

from estran.observations.store.columns import array
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    import sqlalchemy as sa
    from numpy.typing import NDArray

    from estran.observations.store.files import Partition

__all__ = ["SIZES", "counted", "level_for", "read", "replace", "summed"]

SIZES = (0, 256, 4096)
"""How many observations a tile of each level stands for; those of level 0 for a whole year."""
_C = schema.observed_tile.c
_COLUMNS = ("first", "last", "count", "numbers", "low", "high", "total")


def replace(connection: sa.Connection, partition: Partition, rows: pa.Table) -> None:
    """Make the tiles of a partition anew."""
    low, after = partition.datastreams
    connection.execute(
        delete(schema.observed_tile).where(
            _C.datastream >= low, _C.datastream < after, _C.year == partition.year
        )
    )
    made: list[dict[str, Any]] = []
    for level, size in enumerate(SIZES):
        before: Counter[int] = Counter()
        for datastream, tile in summed(rows, size):
            of = {
                "datastream": datastream,
                "level": level,
                "year": partition.year,
                "position": before[datastream],
            }
            made.append(of | tile)
            before[datastream] += 1
    if made:
        connection.execute(insert(schema.observed_tile), made)


def summed(rows: pa.Table, size: int) -> list[tuple[int, dict[str, Any]]]:
    """(datastream, tile) of each run of `size` rows of one datastream, 0 for all of them; rows come sorted."""
    if not rows.num_rows:
        return []
    datastream, time, value = array(rows, "datastream"), array(rows, "time"), array(rows, "value")
    starts = _starts(datastream, size)
    ends = np.append(starts[1:], rows.num_rows) - 1
    number = np.isfinite(value)
    low = np.minimum.reduceat(np.where(number, value, np.inf), starts)
    high = np.maximum.reduceat(np.where(number, value, -np.inf), starts)
    total = np.add.reduceat(np.where(number, value, 0.0), starts)
    numbers = np.add.reduceat(number.astype(np.int64), starts)
    columns = (time[starts], time[ends], ends - starts + 1, numbers, low, high, total)
    return [
        (int(stream), _tile(told))
        for stream, *told in zip(datastream[starts].tolist(), *(c.tolist() for c in columns), strict=True)
    ]


def _tile(told: Sequence[Any]) -> dict[str, Any]:
    tile: dict[str, Any] = dict(zip(_COLUMNS, told, strict=True))
    if not tile["numbers"]:
        tile |= {"low": None, "high": None}
    return tile


def _starts(datastream: NDArray[Any], size: int) -> NDArray[np.int64]:
    """Where each run begins: at each new datastream, and after every `size` rows of it."""
    heads = np.flatnonzero(np.append(True, datastream[1:] != datastream[:-1]))
    if not size:
        return heads
    within = np.arange(len(datastream)) - np.repeat(heads, np.diff(np.append(heads, len(datastream))))
    return np.flatnonzero(within % size == 0)


def counted(connection: sa.Connection, datastream: int, level: int, start: int, end: int) -> int:
    """How many observations the tiles of a level stand for that reach into [start, end)."""
    told = select(func.sum(_C.count)).where(
        _C.datastream == datastream, _C.level == level, _C.first < end, _C.last >= start
    )
    return int(connection.execute(told).scalar() or 0)


def level_for(connection: sa.Connection, datastream: int, start: int, end: int, most: int) -> int:
    """The coarsest level of which at least `most` tiles lie in [start, end); 0 where none has so many."""
    about = counted(connection, datastream, 2, start, end)
    return next((level for level in (2, 1) if about >= most * SIZES[level]), 0)


def read(
    connection: sa.Connection, datastream: int, level: int, start: int, end: int
) -> list[tuple[int, int, int, int, float | None, float | None, float]]:
    """(first, last, count, numbers, low, high, total) of the tiles that reach into [start, end), in order of time."""
    found = connection.execute(
        select(*(_C[name] for name in _COLUMNS))
        .where(_C.datastream == datastream, _C.level == level, _C.first < end, _C.last >= start)
        .order_by(_C.year, _C.position)
    )
    return [tuple(row) for row in found]
