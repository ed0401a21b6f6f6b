"""Rows of all variables of a dataset: whatever the portions in which observations are read, the join of them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estran.model import Datastream, Thing, Variable
from estran.observations.store import columns
from estran.observations.store.registry import HeldDatastream
from estran.observations.wide import rows as reading
from estran.observations.wide import wide_table
from tests.observations.conftest import rows as observations
from tests.web.tabledap.conftest import stations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from estran.node import Node

DEPTH = Variable(name="DEPTH", standard_name="depth", unit="m")


def described(
    thing: str, name: str, *, key: str = "", unit: str = "1", at: float | None = 1.0, **more: object
) -> Datastream:
    told = {"vertical": DEPTH, **more}
    return Datastream(
        key=key or f"{thing}/{name}", thing=Thing(key=thing, longitude=at, latitude=at), variable=Variable(name=name, unit=unit), **told
    )  # fmt: skip


def held(*streams: Datastream, values: Sequence[Sequence[tuple[int, float]]] = ()) -> list[HeldDatastream]:
    """Datastreams with the spans of their observations."""
    made: list[HeldDatastream] = []
    for n, one in enumerate(streams):
        times = [time for time, _ in values[n]] if values else []
        made.append(
            HeldDatastream(
                n + 1, "record", one, len(times), min(times, default=None), max(times, default=None)
            )
        )
    return made


def nothing(*_: object) -> Iterator[pa.Table]:
    return iter(())


@st.composite
def _keys(draw: st.DrawFn) -> list[list[tuple[int, float]]]:
    key = st.tuples(st.integers(0, 12), st.sampled_from([0.0, 1.0, 2.5]))
    return draw(st.lists(st.lists(key, unique=True, max_size=20), min_size=1, max_size=6))


@settings(deadline=None, max_examples=100)
@given(
    values=_keys(),
    portion=st.integers(1, 7),
    at_once=st.sampled_from([1, 10, 1000]),
    ends=st.tuples(st.integers(0, 12), st.integers(0, 13)),
)
def test_rows_are_the_join_however_they_are_read(
    values: list[list[tuple[int, float]]], portion: int, at_once: int, ends: tuple[int, int]
) -> None:
    values = [sorted(one) for one in values]
    names = [("a", "T"), ("a", "S"), ("b", "T"), ("c", "S"), ("a", "O"), ("b", "S")][: len(values)]
    streams = held(*(described(thing, name) for thing, name in names), values=values)
    stored = {n + 1: one for n, one in enumerate(values)}

    def read(
        wanted: Sequence[HeldDatastream], start: int, end: int, _names: Sequence[str]
    ) -> Iterator[pa.Table]:
        for stream in wanted:
            keys = [(time, depth) for time, depth in stored[stream.number] if start <= time < end]
            for at in range(0, len(keys), portion):
                some = keys[at : at + portion]
                yield observations(
                    stream.number, [time for time, _ in some], [100.0 * stream.number + time for time, _ in some], [d for _, d in some]
                )  # fmt: skip

    table = wide_table("record", streams, read)
    start, end = ends
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_AT_ONCE", at_once)
        listed = ["platform", "time", "DEPTH", *(column.name for column in table.values)]
        found = [
            row for part in reading.rows(table, listed, start=start, end=end) for row in part.to_pylist()
        ]
    wanted: dict[tuple[str, int, float], dict[str, float]] = {}
    for (thing, name), number in zip(names, stored, strict=False):
        for time, depth in stored[number]:
            if start <= time < end:
                wanted.setdefault((thing, time, depth), {})[name] = 100.0 * number + time
    told = {
        (row["platform"], row["time"], row["DEPTH"]): {
            name: row[name] for name in ("T", "S", "O") if row.get(name) is not None
        }
        for row in found
    }
    assert told == wanted
    assert [(row["platform"], row["time"], row["DEPTH"]) for row in found] == sorted(wanted)


def test_columns_are_named_after_what_they_hold() -> None:
    streams = held(
        described("f", "TEMP", unit="degree_C"),
        described("f", "TEMP", key="f/TEMP (delayed mode)", unit="degree_C", flags="producer"),
        described("f", "TEMP", key="f/TEMP-second", unit="degree_C"),
        described("g", "TEMP", unit="K"),
        described("g", "Température de l'eau"),
        described("g", "2m wind"),
        described("g", "time"),
        described("g", "class", kind="category"),
    )
    table = wide_table("record", streams, nothing)
    assert [column.name for column in table.values] == [
        "TEMP", "TEMP_delayed_mode", "TEMP_2", "TEMP_3", "Temperature_de_l_eau", "v_2m_wind", "time_2", "class",
    ]  # fmt: skip
    assert [c.name for c in table.columns if c.role == "flag"] == ["TEMP_delayed_mode_flag"]
    told = {column.name: column for column in table.columns}
    assert told["TEMP_delayed_mode"].note == "delayed mode"
    assert told["TEMP_3"].variable.unit == "K"
    assert told["class"].kind == "text"
    assert len({name.lower() for name in told}) == len(told)
    assert table.column("temp_DELAYED_mode") is told["TEMP_delayed_mode"]
    assert table.column("nothing") is None


def test_places_are_those_of_rows_else_of_things() -> None:
    streams = held(
        described("ship", "T", at=None),
        described("buoy", "T", at=5.0),
        values=[[(1, 0.0)], [(1, 0.0), (2, 0.0)]],
    )

    def read(wanted: Sequence[HeldDatastream], *_: object) -> Iterator[pa.Table]:
        for stream in wanted:
            times = [1] if stream.number == 1 else [1, 2]
            made = observations(stream.number, times, [1.0] * len(times))
            own = pa.array([9.5, 8.5][: len(times)] if stream.number == 1 else [None, 6.0])
            for name in ("longitude", "latitude"):
                made = made.set_column(columns.NAMES.index(name), name, own)
            yield made

    table = wide_table("record", streams, read)
    assert table.moves
    found = [row for part in reading.rows(table, ["platform", "longitude"]) for row in part.to_pylist()]
    assert [(row["platform"], row["longitude"]) for row in found] == [
        ("buoy", 5.0),
        ("buoy", 6.0),
        ("ship", 9.5),
    ]


def test_depths_and_pressures_are_not_one() -> None:
    pressure = Variable(name="PRES", standard_name="sea_water_pressure", unit="dbar")
    streams = held(
        described("f", "T"), described("f", "S", vertical=pressure), described("f", "O"), described("f", "fix", vertical=None),
        values=[[(1, 5.0)], [(1, 5.0)], [(1, 5.0)], [(1, 0.0)]],
    )  # fmt: skip

    def read(wanted: Sequence[HeldDatastream], *_: object) -> Iterator[pa.Table]:
        for stream in wanted:
            yield observations(
                stream.number, [1], [10.0 * stream.number], [0.0 if stream.number == 4 else 5.0]
            )

    table = wide_table("record", streams, read)
    names = ["DEPTH", "PRES", "T", "S", "O", "fix"]
    found = [
        tuple(row[name] for name in names) for part in reading.rows(table, names) for row in part.to_pylist()
    ]
    assert found == [
        (5.0, None, 10.0, None, 30.0, None), (None, 5.0, None, 20.0, None, None), (None, None, None, None, None, 40.0),
    ]  # fmt: skip


def test_the_door_gives_the_tables_of_what_one_may_see(
    tmp_path: Path, open_node: Callable[[Path], Node]
) -> None:
    with open_node(tmp_path / "node") as node:
        node.load(stations(tmp_path / "a.nc"))
        [id_] = node.observations.datasets()
        table = node.observations.table(id_)
        assert [one.record for one in node.observations.tables(10)] == [id_]
        assert [one.record for one in node.observations.tables(0)] == []
        before = pa.concat_tables(
            reading.rows(table, ["platform", "time", "temp", "psal", "temp_id", "temp_quality"])
        )
        node.observations.settle()
        after = pa.concat_tables(
            reading.rows(table, ["platform", "time", "temp", "psal", "temp_id", "temp_quality"])
        )
        assert after.to_pylist() == before.to_pylist()
        assert before.num_rows == sum(one.count for one in node.observations.datastreams("temp")) + 10
