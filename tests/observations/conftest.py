"""Stores of observations on both engines, and observations to put into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from estran.model import Datastream, Thing, Variable
from estran.observations.store import SeriesStore, columns
from estran.storage import Database, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from estran.node import Node


@pytest.fixture
def address(tmp_path: Path, open_node: Callable[[Path], Node]) -> str:
    """URL of the database of a node that was just made, on each engine."""
    with open_node(tmp_path / "node") as node:
        found = node.settings.storage.database
    return found if "postgresql" in found else f"sqlite:///{tmp_path / 'node' / 'estran.db'}"


@pytest.fixture
def store(tmp_path: Path, address: str) -> Iterator[SeriesStore]:
    """A store with nothing in it."""
    database = Database(address)
    prepare(database)
    yield SeriesStore(database, str(tmp_path / "observations"))
    database.close()


def streams(count: int) -> list[Datastream]:
    """Datastreams of some stations."""
    variable = Variable(name="T", standard_name="air_temperature", unit="degC")
    return [Datastream(key=f"s{n}", thing=Thing(key=f"t{n // 2}"), variable=variable) for n in range(count)]


def rows(
    datastream: int,
    time: Sequence[int],
    value: Sequence[float | None],
    vertical: Sequence[float] | None = None,
) -> pa.Table:
    """Observations of a datastream as they are put."""
    kinds, count = columns.schema(), len(time)
    given = {
        "datastream": pa.repeat(pa.scalar(datastream, pa.int32()), count),
        "time": pa.array(np.asarray(time, np.int64)),
        "vertical": pa.array(np.asarray(vertical or [0.0] * count)),
        "value": pa.array(value, pa.float64()),
        "number": pa.array(np.zeros(count, np.int64)),
        "version": pa.array(np.zeros(count, np.int64)),
    }
    return pa.table([given.get(f.name, pa.nulls(count, f.type)) for f in kinds], schema=kinds)
