"""What is tested of datastreams, and what of them waits for its tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sqlalchemy import bindparam, delete, insert, select, update

from estran.model import EVER_US, NEVER_US
from estran.observations.store.columns import array
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import pyarrow as pa
    import sqlalchemy as sa

    from estran.storage import Engine

__all__ = [
    "StoredPlan",
    "Waiting",
    "done",
    "expect",
    "plans",
    "put_plan",
    "remove_plan",
    "states",
    "touch",
]

_P, _T = schema.test_plan.c, schema.tested_datastream.c


class StoredPlan(NamedTuple):
    """A plan of tests as it is stored.

    Attributes:
        document: JSON.
        by: who gave it; at: when, in microseconds.
    """

    name: str
    document: bytes
    hash: str
    by: str
    at: int


class Waiting(NamedTuple):
    """What of a datastream waits for its tests.

    Attributes:
        hash: of the tests that were run last, "" where none were.
        first, last: microseconds in which something was written since, None where nothing was.
        version: of the newest of these writes.
    """

    datastream: int
    hash: str
    first: int | None
    last: int | None
    version: int


def plans(connection: sa.Connection) -> list[StoredPlan]:
    """All plans, by name."""
    found = connection.execute(select(_P.name, _P.document, _P.hash, _P.by, _P.at).order_by(_P.name))
    return [StoredPlan(*row) for row in found]


def put_plan(connection: sa.Connection, plan: StoredPlan) -> None:
    """Note a plan in the place of one of the same name."""
    remove_plan(connection, plan.name)
    connection.execute(insert(schema.test_plan).values(**plan._asdict()))


def remove_plan(connection: sa.Connection, name: str) -> bool:
    """Forget a plan; says whether there was one."""
    return bool(connection.execute(delete(schema.test_plan).where(_P.name == name)).rowcount)


def states(
    connection: sa.Connection, engine: Engine, datastreams: Sequence[int] | None = None
) -> dict[int, Waiting]:
    """Of each datastream that is tested what waits; of some, or of all."""
    chosen = select(_T.datastream, _T.hash, _T.first, _T.last, _T.version).order_by(_T.datastream)
    if datastreams is not None:
        chosen = chosen.where(engine.within(_T.datastream, datastreams))
    return {row.datastream: Waiting(*row) for row in connection.execute(chosen)}


def expect(connection: sa.Connection, waiting: Iterable[Waiting]) -> None:
    """Have something of datastreams wait, whatever was known of them."""
    rows = [one._asdict() for one in waiting]
    if rows:
        gone = delete(schema.tested_datastream).where(_T.datastream == bindparam("d"))
        connection.execute(gone, [{"d": row["datastream"]} for row in rows])
        connection.execute(insert(schema.tested_datastream), rows)


def touch(
    connection: sa.Connection,
    engine: Engine,
    rows: pa.Table,
    version: int,
    held: Mapping[int, Waiting],
    *,
    are_gone: bool = False,
    tested: Collection[int] = (),
) -> None:
    """Note that rows were written, in the transaction that writes them; they come sorted.

    Where some are gone, nothing that is left tells what they were beside: then all of a datastream waits.

    Args:
        connection: in that transaction.
        engine: of the database.
        rows: what was written.
        version: of it.
        held: what waited of their datastreams before.
        are_gone: whether rows were taken out instead.
        tested: datastreams of which all is tested already, and nothing waits.
    """
    if not held:
        return
    datastream, time = array(rows, "datastream"), array(rows, "time")
    numbers, heads = np.unique(datastream, return_index=True)
    ends = np.append(heads[1:], len(time)) - 1
    spans = zip(numbers.tolist(), time[heads].tolist(), time[ends].tolist(), strict=True)
    if are_gone:
        spans = ((number, EVER_US, NEVER_US) for number in numbers.tolist())
    changed = [
        (
            first if (was := held[number]).first is None else min(first, was.first),
            last if was.last is None else max(last, was.last),
            version,
            number,
        )
        for number, first, last in spans
        if number in held and number not in tested
    ]
    engine.update(
        connection, schema.tested_datastream, ("first", "last", "version"), ("datastream",), changed
    )
    if tested:
        # Alike for all, and so written at once.
        whole = update(schema.tested_datastream).where(engine.within(_T.datastream, sorted(tested)))
        connection.execute(whole.values(first=None, last=None, version=version))


def done(connection: sa.Connection, tested: Waiting, hash_: str) -> bool:
    """Note that what waited was tested, unless something came since; says whether nothing waits now."""
    if not hash_:
        gone = delete(schema.tested_datastream).where(
            _T.datastream == tested.datastream, _T.version == tested.version, _T.hash == tested.hash
        )
        return bool(connection.execute(gone).rowcount)
    changed = update(schema.tested_datastream).where(
        _T.datastream == tested.datastream, _T.version == tested.version, _T.hash == tested.hash
    )
    return bool(connection.execute(changed.values(hash=hash_, first=None, last=None)).rowcount)
