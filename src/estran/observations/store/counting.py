"""How many observations datastreams have in a period: of tiles what lies inside, of rows what they cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sqlalchemy import case, func, select

from estran.observations.store.columns import array
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa
    import sqlalchemy as sa

    from estran.storage import Engine

__all__ = ["Reads", "counted"]

_T, _O = schema.observed_tile.c, schema.observation.c
_B = schema.observed_tile.alias("block").c
_BLOCK, _FINE = 0, 1
_MOST_READ = 256
"""Of so many datastreams at most rows are read; of more a tile that is cut counts by its share."""

type _Read = Callable[[Sequence[int], int, int], pa.Table]


class Reads(NamedTuple):
    """Keys of the rows of datastreams in [start, end).

    Attributes:
        all: that there are.
        files: that the files have, as if nothing had come since.
    """

    all: _Read
    files: _Read


def counted(
    connection: sa.Connection,
    engine: Engine,
    numbers: Sequence[int],
    span: tuple[int, int],
    reads: Reads,
) -> dict[int, float]:
    """Datastream -> how many observations it has from the start of a span on, before its end.

    Exact where up to 256 datastreams have tiles that the span cuts, and each one value at a time; of more, such tiles
    of 256 observations count by their share.

    Args:
        connection: in a transaction that reads.
        engine: of the database.
        numbers: of the datastreams.
        span: microseconds.
        reads: of rows.
    """
    start, end = span
    own = engine.within(_T.datastream, numbers)
    whole = (
        select(_T.datastream, func.sum(_T.count))
        .where(own, _T.level == _BLOCK, _T.first >= start, _T.last < end)
        .group_by(_T.datastream)
    )
    found = {number: float(count) for number, count in connection.execute(whole)}
    # Blocks that are cut are made of their tiles, and of the rows of those that are cut in turn.
    fine = (
        engine.within(_B.datastream, numbers), _B.level == _BLOCK, _B.first < end, _B.last >= start,
        (_B.first < start) | (_B.last >= end), _T.datastream == _B.datastream, _T.level == _FINE,
        _T.first >= _B.first, _T.last <= _B.last, _T.first < end, _T.last >= start,
    )  # fmt: skip
    is_inside = (_T.first >= start) & (_T.last < end)
    inside = select(_T.datastream, func.sum(_T.count)).where(*fine, is_inside).group_by(_T.datastream)
    for number, count in connection.execute(inside):
        found[number] = found.get(number, 0.0) + float(count)
    told = select(_T.datastream, _T.first, _T.last, _T.count).where(*fine, ~is_inside)
    cut = [
        _Cut(number, max(first, start), min(last + 1, end), count / (last + 1 - first))
        for number, first, last, count in connection.execute(told)
    ]
    for one, count in zip(cut, _rows_of(cut, reads.files), strict=True):
        found[one.datastream] = found.get(one.datastream, 0.0) + count
    for number, count in _late(connection, engine, numbers, span, reads):
        found[number] = found.get(number, 0.0) + count
    return found


class _Cut(NamedTuple):
    """A tile that a period cuts: the part of it that lies inside, and how dense it is."""

    datastream: int
    start: int
    end: int
    per_us: float


def _rows_of(cut: Sequence[_Cut], read: _Read) -> list[float]:
    """How many rows lie in the parts of tiles; what is about as long is read at once."""
    found = [(one.end - one.start) * one.per_us for one in cut]
    if len({one.datastream for one in cut}) > _MOST_READ:
        return found
    alike: dict[tuple[int, int], list[int]] = {}
    for n, one in enumerate(cut):
        width = (one.end - one.start).bit_length()
        alike.setdefault((width, one.start >> width), []).append(n)
    for places in alike.values():
        some = [cut[n] for n in places]
        rows = read(
            [one.datastream for one in some], min(one.start for one in some), max(one.end for one in some)
        )
        datastream, time = array(rows, "datastream"), array(rows, "time")
        for n in places:
            one = cut[n]
            own = (datastream == one.datastream) & (time >= one.start) & (time < one.end)
            found[n] = float(np.count_nonzero(own))
    return found


def _late(
    connection: sa.Connection,
    engine: Engine,
    numbers: Sequence[int],
    span: tuple[int, int],
    reads: Reads,
) -> Iterator[tuple[int, float]]:
    """How many more each has than the files say: what came since, less what it took the place of."""
    ends = select(_T.datastream, func.max(_T.last)).where(
        engine.within(_T.datastream, numbers), _T.level == _BLOCK
    )
    filed: dict[int, int] = {row[0]: row[1] for row in connection.execute(ends.group_by(_T.datastream))}
    there = func.sum(case((_O.gone.is_(False), 1), else_=0))
    late = connection.execute(
        select(_O.datastream, there, func.min(_O.time), func.max(_O.time))
        .where(engine.within(_O.datastream, numbers), _O.time >= span[0], _O.time < span[1])
        .group_by(_O.datastream)
    ).fetchall()
    # What lies behind the files takes the place of nothing.
    among = [number for number, _, first, _ in late if first <= filed.get(number, first - 1)]
    for number, count, first, last in late:
        if number in among[:_MOST_READ]:
            own = ([number], first, last + 1)
            yield number, float(reads.all(*own).num_rows - reads.files(*own).num_rows)
        else:
            yield number, float(count)
