"""What observations said before, of datasets that keep it: their series can be read as they were at any version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import func, select, update

from estran.observations.store.batches import Extent
from estran.observations.store.columns import KEY, NAMES, array, kept, schema
from estran.storage import schema as tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    import sqlalchemy as sa
    from numpy.typing import NDArray

    from estran.storage import Engine

__all__ = ["begin", "extents", "put", "read", "since", "times_of"]

_OWN: tuple[str, ...] = (*KEY, "version")
_F, _D, _N = tables.former_observation.c, tables.datastream.c, tables.observed_dataset.c


def begin(connection: sa.Connection, record: str, version: int) -> int | None:
    """Keep from a version on what observations of a dataset said before; gives since when it is kept."""
    told = _N.record == record
    connection.execute(
        update(tables.observed_dataset).where(told, _N.history_since.is_(None)).values(history_since=version)
    )
    return connection.execute(select(_N.history_since).where(told)).scalar()


def since(connection: sa.Connection, engine: Engine, datastreams: Sequence[int]) -> dict[int, int]:
    """Datastream -> the version since which its dataset keeps what was said before, where it does."""
    is_any = select(_N.number).where(_N.history_since.is_not(None)).limit(1)
    if connection.execute(is_any).first() is None:
        return {}
    found = connection.execute(
        select(_D.number, _N.history_since)
        .join_from(tables.datastream, tables.observed_dataset, _D.dataset == _N.number)
        .where(engine.within(_D.number, datastreams), _N.history_since.is_not(None))
    )
    return {row[0]: row[1] for row in found}


def put(connection: sa.Connection, engine: Engine, rows: pa.Table, versions: NDArray[np.int64]) -> None:
    """Keep rows that something newer took the place of, where their dataset asks for it.

    Args:
        connection: in the transaction that replaces them.
        engine: of the database.
        rows: as they were; what is kept already may be among them.
        versions: of what took the place of each.
    """
    if not rows.num_rows:
        return
    keeping = since(connection, engine, np.unique(array(rows, "datastream")).tolist())
    wanted = np.isin(array(rows, "datastream"), list(keeping))
    if not wanted.any():
        return
    rows, versions = kept(rows, wanted), versions[wanted]
    columns = [*(rows[name].to_pylist() for name in NAMES), versions.tolist()]
    at = [NAMES.index(name) for name in _OWN]
    held = {
        tuple(row[:-1]): row[-1]
        for row in connection.execute(
            select(*(_F[name] for name in _OWN), _F.superseded).where(
                engine.within(_F.datastream, sorted(keeping)),
                _F.time >= min(columns[1]), _F.time <= max(columns[1]),
            )
        )
    }  # fmt: skip
    # One that two writers replaced at once was replaced by the earlier of them.
    fresh = {
        key: row
        for row in zip(*columns, strict=True)
        if row[-1] < held.get(key := tuple(row[n] for n in at), row[-1] + 1)
    }
    engine.replace(connection, tables.former_observation, (*NAMES, "superseded"), list(fresh.values()))


def extents(connection: sa.Connection, engine: Engine, datastreams: Sequence[int]) -> list[Extent]:
    """Where what some datastreams said before lies."""
    found = connection.execute(
        select(_F.datastream, func.count(), func.min(_F.time), func.max(_F.time))
        .where(engine.within(_F.datastream, datastreams))
        .group_by(_F.datastream)
    )
    return [Extent(*row) for row in found]


def times_of(connection: sa.Connection, datastream: int, number: int) -> list[int]:
    """When the observation of a number was said to be made."""
    found = select(_F.time).where(_F.datastream == datastream, _F.number == number).distinct()
    return list(connection.execute(found).scalars())


def read(
    connection: sa.Connection,
    engine: Engine,
    datastreams: Sequence[int],
    span: tuple[int, int],
    version: int,
) -> pa.Table:
    """What was said at a version, and is no more, by datastreams from the start of a span, before its end."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    found = connection.execute(
        select(*(_F[name] for name in NAMES)).where(
            engine.within(_F.datastream, datastreams), _F.time >= span[0], _F.time < span[1],
            _F.version <= version, _F.superseded > version,
        )
    ).fetchall()  # fmt: skip
    columns = list(zip(*found, strict=True)) if found else [()] * len(NAMES)
    kinds = schema()
    arrays = [pa.array(columns[n], kinds.field(name).type) for n, name in enumerate(NAMES)]
    return pa.Table.from_arrays(arrays, schema=kinds)
