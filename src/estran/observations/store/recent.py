"""Observations written since the files were: rows of the database, until they are moved over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import delete, func, select

from estran.observations.store import blocks
from estran.observations.store.blocks import GROUP, Partition
from estran.observations.store.columns import NAMES, schema, year_bounds, years
from estran.storage import schema as tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    import sqlalchemy as sa

    from estran.observations.store.blocks import Block
    from estran.storage import Engine

__all__ = [
    "count",
    "more_than",
    "of_block",
    "of_versions",
    "partitions",
    "put",
    "read",
    "remove",
    "take_out",
    "times_of",
    "touched",
]

_O = tables.observation.c
_SELECTED = select(*(_O[name] for name in NAMES), _O.gone)
_AT_ONCE = 50_000
_MONTH_US = 30 * 86_400_000_000


def _table(rows: sa.Result[tuple[object, ...]]) -> tuple[pa.Table, list[bool]]:
    import pyarrow as pa  # noqa: PLC0415

    kinds = schema()
    batches: list[pa.RecordBatch] = []
    gone: list[bool] = []
    for some in rows.partitions(_AT_ONCE):
        columns = list(zip(*some, strict=True))
        arrays = [pa.array(columns[n], kinds.field(name).type) for n, name in enumerate(NAMES)]
        batches.append(pa.RecordBatch.from_arrays(arrays, schema=kinds))
        gone += map(bool, columns[-1])
    return pa.Table.from_batches(batches, kinds), gone


def read(
    connection: sa.Connection, engine: Engine, datastreams: Sequence[int], start: int, end: int
) -> tuple[pa.Table, list[bool]]:
    """The rows of some datastreams in [start, end), and which of them were taken out."""
    chosen = (
        _O.datastream == datastreams[0]
        if len(datastreams) == 1
        else engine.within(_O.datastream, datastreams)
    )
    found = connection.execute(_SELECTED.where(chosen, _O.time >= start, _O.time < end))
    return _table(found)


def times_of(connection: sa.Connection, datastream: int, number: int) -> list[int]:
    """When an observation of a number was made, if it is here."""
    return list(
        connection.execute(
            select(_O.time).where(_O.datastream == datastream, _O.number == number, _O.gone.is_(False))
        ).scalars()
    )


def touched(connection: sa.Connection, there: Sequence[Block], version: int) -> list[Block]:
    """The blocks of a partition into which rows up to a version may belong; each datastream counts as a span."""
    low, after = there[0].partition.datastreams
    start, end = year_bounds(there[0].year)
    spans = connection.execute(
        select(_O.datastream, func.min(_O.time), func.max(_O.time))
        .where(
            _O.datastream >= low,
            _O.datastream < after,
            _O.time >= start,
            _O.time < end,
            _O.version <= version,
        )
        .group_by(_O.datastream)
    ).fetchall()
    return [
        block
        for block in there
        if any(
            block.low <= datastream < block.after and first < block.end and last >= block.start
            for datastream, first, last in spans
        )
    ]


def of_block(
    connection: sa.Connection, block: Block, version: int | None = None
) -> tuple[pa.Table, list[bool], int]:
    """The rows that belong into a block, which of them were taken out, and up to which version they are all.

    Args:
        connection: in a transaction.
        block: of the files.
        version: up to which they are wanted, and no more than a block may have; all of them without it.
    """
    own = _within(block)
    reached = version or 0
    if version is not None:
        own = (*own, _O.version <= version)
        ahead = select(_O.version).where(*own).order_by(_O.version).offset(blocks.MOST_ROWS).limit(1)
        if (behind := connection.execute(ahead).scalar()) is not None:
            # What one write brought moves at once, be it more.
            first = connection.execute(select(func.min(_O.version)).where(*own)).scalar_one()
            reached = max(behind - 1, first)
            own = (*own, _O.version <= reached)
    found = connection.execute(_SELECTED.where(*own).execution_options(yield_per=_AT_ONCE))
    return *_table(found), reached


def _within(block: Block) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _O.datastream >= block.low, _O.datastream < block.after, _O.time >= block.start, _O.time < block.end
    )  # fmt: skip


def of_versions(connection: sa.Connection, after: int, last: int) -> tuple[pa.Table, list[bool]]:
    """The rows that were written after a version, up to another, in the order of their writing."""
    order = (_O.version, _O.datastream, _O.time, _O.vertical)
    chosen = _SELECTED.where(_O.version > after, _O.version <= last).order_by(*order)
    return _table(connection.execute(chosen))


def take_out(connection: sa.Connection, block: Block, version: int) -> None:
    """Remove the rows of a block up to a version: the files have them."""
    connection.execute(delete(tables.observation).where(*_within(block), _O.version <= version))


def put(connection: sa.Connection, engine: Engine, rows: pa.Table) -> None:
    """Write rows in the place of those of the same key; one row a key."""
    columns = [rows[name].to_pylist() for name in NAMES]
    taken = _taken(connection, engine, columns)
    given = list(zip(*columns, strict=True))
    if taken:
        engine.replace(connection, tables.observation, NAMES, [row for row in given if row[:3] in taken])
        given = [row for row in given if row[:3] not in taken]
    engine.insert(connection, tables.observation, NAMES, given)


def _taken(
    connection: sa.Connection, engine: Engine, columns: Sequence[list[Any]]
) -> set[tuple[int, int, float]]:
    """The keys that there are, of the datastreams and the time of rows."""
    spelling = engine.spelling
    mark = spelling.mark.format
    text = (
        f"SELECT datastream, time, vertical FROM observation WHERE {spelling.among('datastream', mark('numbers'))}"  # noqa: S608 - names of columns
        f" AND time >= {mark('first')} AND time <= {mark('last')}"
    )
    datastream, time = columns[:2]
    params = {"numbers": spelling.listing(sorted(set(datastream))), "first": min(time), "last": max(time)}
    return set(engine.ask(connection, text, params))


def remove(connection: sa.Connection, engine: Engine, rows: pa.Table, version: int) -> None:
    """Note of rows, one a key, that from a version on they are no more."""
    columns = [rows[name].to_pylist() for name in NAMES]
    columns[NAMES.index("version")] = [version] * rows.num_rows
    gone = [*zip(*columns, [True] * rows.num_rows, strict=True)]
    engine.replace(connection, tables.observation, (*NAMES, "gone"), gone)


def count(connection: sa.Connection) -> int:
    """How many rows there are."""
    return connection.execute(select(func.count()).select_from(tables.observation)).scalar_one()


def more_than(connection: sa.Connection, most: int) -> bool:
    """Whether there are more than so many; no more than these are looked at."""
    return connection.execute(select(_O.time).offset(most).limit(1)).first() is not None


def partitions(connection: sa.Connection) -> list[Partition]:
    """The partitions that there are rows of, and perhaps a neighbour of one."""
    found = connection.execute(select(_O.datastream // GROUP, _O.time // _MONTH_US).distinct())
    some: set[Partition] = set()
    for group, month in found:
        ends = np.array([month * _MONTH_US - _MONTH_US, month * _MONTH_US + _MONTH_US], np.int64)
        some.update(Partition(int(group), int(year)) for year in years(ends))
    return sorted(some)
