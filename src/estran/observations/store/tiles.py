"""Lowest, highest and mean value of runs of observations: a plot costs the same however many it spans."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import delete, func, insert, select

from estran.observations.store.columns import array
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa
    import sqlalchemy as sa
    from numpy.typing import NDArray

    from estran.observations.store.blocks import Block

__all__ = [
    "SIZES",
    "Doubtful",
    "Graded",
    "Tile",
    "counted",
    "graded",
    "level_for",
    "mended",
    "read",
    "replace",
    "summed",
]

SIZES = (0, 256, 4096)
"""How many observations a tile of each level stands for; those of level 0 for all of a block."""
_C, _D = schema.observed_tile.c, schema.doubtful_tile.c
_COLUMNS = ("first", "last", "count", "numbers", "low", "high", "total")
DOUBTFUL = (3, 4)
"""QARTOD's codes of what is suspect or bad."""

type Tile = tuple[int, int, int, int, float | None, float | None, float]
"""First and last time, how many observations and numbers, the lowest, the highest, and their sum."""


type _At = tuple[float | None, int | None]


@dataclass(frozen=True, slots=True)
class Doubtful:
    """What is known of a tile some of whose observations are suspect or bad.

    Attributes:
        count: how many are.
        numbers, low, high, total: of the others, as of a tile.
        lowest, highest: of those that are doubtful; lowest_at, highest_at: when, in microseconds.
    """

    count: int
    numbers: int
    low: float | None
    high: float | None
    total: float
    lowest: float | None
    lowest_at: int | None
    highest: float | None
    highest_at: int | None


_OF_DOUBTFUL = tuple(Doubtful.__slots__)


@dataclass(frozen=True, slots=True)
class Graded:
    """Tiles of one datastream, and how good their observations are by producer and tests.

    Attributes:
        doubtful: place of a tile among them -> what of it is doubtful; of the others nothing is.
        is_known: whether it was looked at of all of them.
    """

    tiles: list[Tile] = field(default_factory=list)
    doubtful: dict[int, Doubtful] = field(default_factory=dict)
    is_known: bool = True


def replace(
    connection: sa.Connection, block: Block, parts: Sequence[tuple[pa.Table, NDArray[np.int8] | None]]
) -> None:
    """Make the tiles of a block anew.

    Args:
        connection: in a transaction that writes.
        block: of the files.
        parts: all of it, as the parts it is cut into; of each row QARTOD's code by producer and tests, None where
            nobody tells.
    """
    for table in (schema.observed_tile, schema.doubtful_tile):
        columns = table.c
        connection.execute(
            delete(table).where(
                columns.datastream >= block.low, columns.datastream < block.after,
                columns.first >= block.start, columns.first < block.end,
            )
        )  # fmt: skip
    for rows, quality in parts:
        for level, size in enumerate(SIZES):
            _put(connection, level, summed(rows, size), graded(rows, size, quality), quality is not None)


def _put(
    connection: sa.Connection,
    level: int,
    tiles: Sequence[tuple[int, dict[str, Any]]],
    poor: Mapping[int, tuple[int, Doubtful]],
    is_known: bool,
) -> None:
    before: Counter[int] = Counter()
    keys: list[dict[str, Any]] = []
    for datastream, tile in tiles:
        position = before[datastream]
        keys.append({"datastream": datastream, "level": level, "first": tile["first"], "position": position})
        before[datastream] += 1
    made = [
        key | tile | {"worst": (poor[n][0] if n in poor else 0) if is_known else None}
        for n, (key, (_, tile)) in enumerate(zip(keys, tiles, strict=True))
    ]
    if made:
        connection.execute(insert(schema.observed_tile), made)
    if level and poor:
        connection.execute(
            insert(schema.doubtful_tile), [keys[n] | asdict(one) for n, (_, one) in poor.items()]
        )


def graded(rows: pa.Table, size: int, quality: NDArray[np.int8] | None) -> dict[int, tuple[int, Doubtful]]:
    """Place of a tile among those of `summed` -> the worst code and what is doubtful, of those where something is."""
    if quality is None:
        return {}
    is_doubtful = np.isin(quality, DOUBTFUL)
    if not is_doubtful.any():
        return {}
    starts = _starts(array(rows, "datastream"), size)
    ends = np.append(starts[1:], rows.num_rows)
    time, value = array(rows, "time"), array(rows, "value")
    found: dict[int, tuple[int, Doubtful]] = {}
    for n in np.flatnonzero(np.logical_or.reduceat(is_doubtful, starts)).tolist():
        own = slice(int(starts[n]), int(ends[n]))
        poor, number = is_doubtful[own], np.isfinite(value[own])
        good, at = value[own][number & ~poor], np.flatnonzero(number & poor) + starts[n]
        low, high = _extremes(good, None)
        (lowest, lowest_at), (highest, highest_at) = _extremes(value[at], time[at])
        found[n] = int(quality[own][poor].max()), Doubtful(
            int(poor.sum()), len(good), low[0], high[0], float(good.sum()), lowest, lowest_at, highest, highest_at
        )  # fmt: skip
    return found


def _extremes(value: NDArray[np.float64], time: NDArray[np.int64] | None) -> tuple[_At, _At]:
    """The lowest and the highest, each with its time."""
    if not len(value):
        return (None, None), (None, None)
    low, high = int(np.argmin(value)), int(np.argmax(value))
    at = (None, None) if time is None else (int(time[low]), int(time[high]))
    return (float(value[low]), at[0]), (float(value[high]), at[1])


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


def mended(
    held: Graded,
    late: NDArray[np.int64],
    span: tuple[int, int],
    made_anew: Callable[[int, int], Graded],
) -> Graded:
    """Tiles of which those into whose time, up to the next tile, something was written are made anew.

    Args:
        held: as they were made, of the rows in [start, end) that is the span.
        late: times of what was written since, in order.
        span: in microseconds.
        made_anew: gives the tiles of what is there now in [start, end).
    """
    found, places = held.tiles, sorted(held.doubtful)
    begins = [span[0], *(tile[0] for tile in found[1:]), span[1]] if found else [*span]
    edges = np.searchsorted(late, begins)
    made, poor, is_known, done = list[Tile](), dict[int, Doubtful](), held.is_known, 0

    def stay(until: int) -> None:
        own = places[bisect_left(places, done) : bisect_left(places, until)]
        poor.update((len(made) + at - done, held.doubtful[at]) for at in own)
        made.extend(found[done:until])

    for n in np.flatnonzero(edges[1:] > edges[:-1]).tolist():
        stay(n)
        anew = made_anew(begins[n], begins[n + 1])
        poor.update((len(made) + at, one) for at, one in anew.doubtful.items())
        made.extend(anew.tiles)
        is_known, done = is_known and anew.is_known, n + 1
    stay(len(found))
    return Graded(made, poor, is_known)


def counted(connection: sa.Connection, datastream: int, level: int, start: int, end: int) -> int:
    """How many observations the tiles of a level stand for that reach into [start, end)."""
    told = select(func.sum(_C.count)).where(*_reaching(datastream, level, start, end))
    return int(connection.execute(told).scalar() or 0)


def _reaching(datastream: int, level: int, start: int, end: int) -> tuple[sa.ColumnElement[bool], ...]:
    """The tiles that reach into [start, end): at most one that begins before it does."""
    own = (_C.datastream == datastream, _C.level == level)
    before = select(func.max(_C.first)).where(*own, _C.first < start).scalar_subquery()
    return (*own, _C.first >= func.coalesce(before, start), _C.first < end, _C.last >= start)


def level_for(connection: sa.Connection, datastream: int, start: int, end: int, most: int) -> int:
    """The coarsest level of which at least `most` tiles lie in [start, end); 0 where none has so many."""
    about = counted(connection, datastream, 2, start, end)
    return next((level for level in (2, 1) if about >= most * SIZES[level]), 0)


def read(connection: sa.Connection, datastream: int, level: int, start: int, end: int) -> Graded:
    """The tiles that reach into [start, end), in order of time."""
    names = (*_COLUMNS, "worst", "position")
    chosen = select(*(_C[name] for name in names)).where(*_reaching(datastream, level, start, end))
    found: list[Any] = list(connection.execute(chosen.order_by(_C.first, _C.position)).fetchall())
    worst = [row.worst for row in found]
    made = Graded([tuple(row[: len(_COLUMNS)]) for row in found], is_known=None not in worst)
    at = {(row.first, row.position): n for n, row in enumerate(found) if worst[n]}
    if at:
        firsts = [first for first, _ in at]
        poor = select(_D.first, _D.position, *(_D[name] for name in _OF_DOUBTFUL)).where(
            _D.datastream == datastream, _D.level == level, _D.first >= min(firsts), _D.first <= max(firsts)
        )
        for row in connection.execute(poor):
            told: Any = row[2:]
            if (n := at.get((row.first, row.position))) is not None:
                made.doubtful[n] = Doubtful(*told)
    return made
