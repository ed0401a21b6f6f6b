"""Outcomes of tests, written beside rows in the transaction that writes what they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from estran.observations.store import former, recent, registry, testing
from estran.observations.store.columns import KEY, array, newest, schema
from estran.observations.store.matching import Fresh, marked, matches
from estran.storage import schema as tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa
    import sqlalchemy as sa
    from numpy.typing import NDArray

    from estran.model import Datastream
    from estran.observations.store.testing import Waiting
    from estran.storage import Engine

__all__ = ["Arrival", "Marks", "Outcomes", "arrival", "mark", "with_outcomes"]


class Marks(NamedTuple):
    """Outcomes of observations that are there already: their key, and what the tests say now."""

    datastream: Sequence[int]
    time: Sequence[int]
    vertical: Sequence[float]
    tested: Sequence[int]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is being written.

    Attributes:
        rows: in the order of keys; is_new: which of them had no row of their key before.
        states: what waits of those datastreams that are tested.
        described: what these are.
        version: of what is written.
    """

    rows: pa.Table
    is_new: NDArray[np.bool_]
    states: Mapping[int, Waiting]
    described: Mapping[int, Datastream]
    version: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What tests say of what is being written.

    Attributes:
        datastreams: that were tested.
        tested: outcomes of each row; of those of other datastreams they mean nothing.
        marks: of what was there before, and has other outcomes now.
    """

    datastreams: frozenset[int]
    tested: NDArray[np.int64]
    marks: Marks | None


def arrival(
    connection: sa.Connection, engine: Engine, rows: pa.Table, is_new: NDArray[np.bool_], version: int
) -> Arrival:
    """What the tests need to know of rows that are being written."""
    states = testing.states(connection, engine, np.unique(array(rows, "datastream")).tolist())
    described = registry.described(connection, engine, list(states)) if states else {}
    return Arrival(rows, is_new, states, described, version)


def with_outcomes(rows: pa.Table, found: Outcomes) -> pa.Table:
    """Rows with what tests say of them."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    place, field = rows.schema.get_field_index("tested"), schema().field("tested")
    is_untested = ~np.isin(array(rows, "datastream"), list(found.datastreams))
    return rows.set_column(place, field, pa.array(found.tested, field.type, mask=is_untested))


def mark(
    connection: sa.Connection,
    engine: Engine,
    marks: Marks,
    version: int,
    read: Callable[[int, int, int], pa.Table],
) -> None:
    """Note other outcomes of observations that are there, none of which is the newest of its datastream.

    Args:
        connection: in a transaction in which nobody else writes, files neither.
        engine: of the database.
        marks: the outcomes.
        version: of what is written.
        read: gives the rows of a datastream in [start, end).
    """
    keeping = former.since(connection, engine, sorted(set(marks.datastream)))
    if not keeping:
        rows = [(m, version, d, t, z, False) for d, t, z, m in zip(*marks, strict=True)]
        told, key = ("tested", "version"), (*KEY, "gone")
        if engine.update(connection, tables.observation, told, key, rows) == len(rows):
            return
    # Some lie in the files, or what they said before is to be kept: then they are written as a whole.
    fresh = [_marked(read, number, marks, version) for number in sorted(set(marks.datastream))]
    replaced = newest([one.replaced for one in fresh])
    if replaced.num_rows:
        former.put(connection, engine, replaced, np.full(replaced.num_rows, version))
        recent.put(connection, engine, newest([one.rows for one in fresh]))


def _marked(
    read: Callable[[int, int, int], pa.Table],
    number: int,
    marks: Marks,
    version: int,
) -> Fresh:
    import pyarrow as pa  # noqa: PLC0415 - heavy

    own = [one for one in zip(*marks, strict=True) if one[0] == number]
    time = [one[1] for one in own]
    held = read(number, min(time), max(time) + 1)
    columns = zip((*KEY, "tested"), zip(*own, strict=True), strict=True)
    given = newest([pa.table({name: pa.array(told, schema().field(name).type) for name, told in columns})])
    at = matches(given, held)
    given = given.filter(pa.array(at >= 0)).append_column(
        "version", held["version"].take(pa.array(at[at >= 0]))
    )
    return marked(given, held, version)
