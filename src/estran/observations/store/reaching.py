"""Where observations of datastreams were made, and when their results came, noted as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import bindparam, delete, insert, select, update

from estran.observations.store.columns import array
from estran.observations.store.tallying import heads
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    import sqlalchemy as sa
    from numpy.typing import NDArray

    from estran.storage import Engine

__all__ = ["forget", "note"]

_R, _F = schema.datastream_reach.c, schema.feature.c
_LOW, _HIGH = ("west", "south", "result_first"), ("east", "north", "result_last")
_NAMES = (*_LOW, *_HIGH)


def note(connection: sa.Connection, engine: Engine, rows: pa.Table) -> None:
    """Know of rows that are written, which come sorted; most say nothing of it, and take nothing.

    What is known grows only: it is not looked for again when some of them are taken out.
    """
    if all(rows[name].null_count == rows.num_rows for name in ("longitude", "result_time", "feature")):
        return
    found = _found(connection, engine, rows)
    held = {
        row.datastream: row
        for row in connection.execute(
            select(schema.datastream_reach).where(engine.within(_R.datastream, list(found)))
        )
    }
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for number, told in found.items():
        before = held.get(number)
        if before is None:
            fresh.append({"datastream": number, "whole": True, **told})
        elif before.whole and (grown := _grown(before, told)):
            changed.append({"n": number, **grown})
    if fresh:
        connection.execute(insert(schema.datastream_reach), fresh)
    if changed:
        values = {name: bindparam(f"new_{name}") for name in _NAMES}
        connection.execute(
            update(schema.datastream_reach).where(_R.datastream == bindparam("n")).values(values), changed
        )


def forget(connection: sa.Connection, engine: Engine, datastreams: Sequence[int]) -> None:
    """Know nothing of datastreams that have no observations any more."""
    if datastreams:
        connection.execute(delete(schema.datastream_reach).where(engine.within(_R.datastream, datastreams)))


def _grown(before: Any, told: dict[str, float | None]) -> dict[str, Any]:
    """What is known with what came; nothing where that says no more."""
    made: dict[str, Any] = {}
    for names, best in ((_LOW, min), (_HIGH, max)):
        for name in names:
            both = [value for value in (getattr(before, name), told[name]) if value is not None]
            made[f"new_{name}"] = best(both, default=None)
    return made if any(made[f"new_{name}"] != getattr(before, name) for name in _NAMES) else {}


def _found(connection: sa.Connection, engine: Engine, rows: pa.Table) -> dict[int, dict[str, float | None]]:
    """What the rows of each datastream say."""
    at = heads(rows)
    x, y = array(rows, "longitude"), array(rows, "latitude")
    west, south, east, north = x, y, x, y
    named = array(rows, "feature").astype(np.int64)
    if (named > 0).any():
        west, south, east, north = _of_features(connection, engine, named, (x, y, x, y))
    came = np.where(rows["result_time"].is_null().to_numpy(), np.nan, array(rows, "result_time"))
    told = {
        **{name: np.fmin.reduceat(of, at) for name, of in zip(_LOW, (west, south, came), strict=True)},
        **{name: np.fmax.reduceat(of, at) for name, of in zip(_HIGH, (east, north, came), strict=True)},
    }
    made: dict[int, dict[str, float | None]] = {}
    for n, number in enumerate(array(rows, "datastream")[at].tolist()):
        one: dict[str, float | None] = {}
        for name, of in told.items():
            value = of[n].item()
            one[name] = None if np.isnan(value) else int(value) if name.startswith("result_") else value
        if any(value is not None for value in one.values()):
            made[number] = one
    return made


def _of_features(
    connection: sa.Connection, engine: Engine, named: NDArray[np.int64], own: Sequence[NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    """The bounds of what observations name as made of, of the others their own."""
    numbers, which = np.unique(named, return_inverse=True)
    chosen = select(_F.number, _F.west, _F.south, _F.east, _F.north)
    found = connection.execute(chosen.where(engine.within(_F.number, numbers.tolist()), _F.west.is_not(None)))
    bounds = {number: told for number, *told in found}
    return [
        np.where(
            named > 0,
            np.array([bounds.get(number, [np.nan] * 4)[n] for number in numbers.tolist()])[which],
            of,
        )
        for n, of in enumerate(own)
    ]
