"""A node copied by another over its own SensorThings face: nothing is lost, nothing is doubled."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import estran
from estran.catalogue.query import Query
from estran.model import Datastream, Sensor, Text, Thing, Variable
from estran.observations.remote import pages
from estran.web.app import create_app
from tests.observations.remote.conftest import PRIVATE, copier, observed, served
from tests.web.client import Client
from tests.web.conftest import feature
from tests.web.sensorthings.conftest import START, rows, sta_node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

__all__ = ["sta_node"]


@pytest.fixture(scope="module")
def address(sta_node: Node) -> Iterator[str]:
    """Root of the service of a node with stations that stand and one that moves."""
    with served(sta_node) as root:
        yield f"{root}/sta/v1.1"


def described(node: Node) -> list[Datastream]:
    """What datastreams are, but for names that a face makes of others where there are none."""
    return [replace(one.described, name=Text()) for one in node.observations.datastreams()]


def said(node: Node) -> list[tuple[object, ...]]:
    """When observations are valid, and their parameters, as the service tells them."""
    names = ("phenomenonTime", "validTime", "parameters")
    found = Client(create_app(node)).ask("GET", "/sta/v1.1/Observations?$top=1000").json()["value"]
    told = [tuple(one.get(name) for name in names) for one in found]
    assert sum(valid is not None for _, valid, _ in told) > 1
    return told


def test_times_values_flags_units_and_places_come_back_equal(
    address: str, sta_node: Node, tmp_path: Path
) -> None:
    with copier(tmp_path / "copy") as copy:
        report = copy.observations.remote.copy(address)
        assert not report.refused
        assert (report.series, report.announced, report.datastreams) == (8, 8, 8)
        assert observed(copy) == observed(sta_node)
        assert described(copy) == described(sta_node)
        assert said(copy) == said(sta_node)
        [record] = copy.ask(Query(limit=5)).records
        assert record.extent.box
        assert {one.standard_name for one in record.variables} >= {"sea_water_temperature"}


def test_a_second_visit_asks_for_what_is_new_and_doubles_nothing(
    address: str, open_node: Callable[[Path], Node], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in PRIVATE.items():
        monkeypatch.setenv(f"ESTRAN_HARVEST__{name.upper()}", json.dumps(value))
    with open_node(tmp_path / "copy") as copy:
        first = copy.observations.remote.copy(address)
        before = observed(copy)
        again = copy.observations.remote.copy(address)
        assert (again.rows.new, again.rows.changed, again.datastreams) == (0, 0, 0)
        assert again.rows.unchanged == first.rows.new
        assert observed(copy) == before
        short = copy.observations.remote.copy(address, look_back_days=0)
        assert short.rows.new + short.rows.changed + short.rows.unchanged == 0


@pytest.fixture(scope="module")
def tables(sta_node: Node) -> Iterator[str]:
    """All tables of the same node."""
    with served(sta_node) as root:
        yield f"{root}/erddap"


def by_thing(node: Node) -> dict[tuple[str, str], list[tuple[object, ...]]]:
    """Rows by thing and property: as tables have them, without ends of intervals and times of results."""
    found: dict[tuple[str, str], list[tuple[object, ...]]] = {}
    for one in node.observations.datastreams():
        rows = [row for part in node.observations.batches([one]) for row in part.to_pylist()]
        names = ("time", "vertical", "value", "words", "longitude", "latitude", "flag")
        told = [tuple(row[name] for name in names) for row in rows]
        found[one.described.thing.key, one.described.variable.name] = told
    return found


def test_tables_come_back_equal(tables: str, sta_node: Node, tmp_path: Path) -> None:
    with copier(tmp_path / "copy") as copy:
        report = copy.observations.remote.copy(tables)
        assert (report.series, report.datastreams, report.refused) == (1, 8, [])
        there, here = by_thing(sta_node), by_thing(copy)
        # Words of what moves lie in a table where they say for themselves where they were told.
        del there["float", "state"], here["float", "state"]
        assert here == there
        held = {one.described.thing.key: one.described for one in copy.observations.datastreams("temp")}
        for one in sta_node.observations.datastreams("temp"):
            same = held[one.described.thing.key]
            assert (same.variable, same.flags) == (one.described.variable, one.described.flags)
            assert (same.thing.longitude, same.thing.latitude) == (
                one.described.thing.longitude, one.described.thing.latitude
            )  # fmt: skip
        [record] = copy.ask(Query(limit=5)).records
        assert str(record.title) == "Stations of the coast"
        again = copy.observations.remote.copy(tables)
        assert (again.rows.new, again.rows.changed, again.datastreams) == (0, 0, 0)


def test_a_table_alone_is_told_before_it_is_taken(tables: str, sta_node: Node, tmp_path: Path) -> None:
    [dataset] = sta_node.observations.datasets()
    with copier(tmp_path / "copy") as copy:
        told = copy.observations.remote.explained(f"{tables}/tabledap/{dataset}.html")
        assert "8 datastreams in 1 dataset" in told
        assert "temp (temp_flag)" in told
        assert not copy.observations.datastreams()


def at_random(seed: int, node: Node) -> None:
    """A node with datastreams of all kinds: some told together, at levels, moving, of words, of intervals."""
    random = np.random.default_rng(seed)
    node.load(_record(node.folder.parent / "record.json"), visibility="public")
    store = node._house.series()  # pyright: ignore[reportPrivateUsage] - the store itself is filled
    [record] = node.ask(Query(limit=1)).records
    streams: list[Datastream] = []
    for n in range(8):
        moves = n % 4 == 3
        place = (None, None) if moves else (float(n), 40.0 + n / 7)
        thing = Thing(
            key=f"m{n}" if moves else f"t{n // 2}",
            name=Text.of(f"T {n}"),
            longitude=place[0],
            latitude=place[1],
        )
        thing = streams[-1].thing if n % 4 == 1 else thing
        kind, unit = ("text", "") if n in {2, 6} else ("measurement", "m s-1" if n % 2 else "degC")
        vertical = Variable(name="depth", unit="m") if n in {4, 7} else None
        streams.append(
            Datastream(
                key=f"s{n}", thing=thing, variable=Variable(name=f"v{n}", unit=unit), kind=kind, vertical=vertical,
                sensor=Sensor(key=f"x{n // 2}", name=Text.of("X"), model="Y"), flags="argo" if n % 3 else "",
                sampling="trajectory" if moves else "timeSeries",
            )
        )  # fmt: skip
    numbers, _ = store.enter(record.id, streams)
    for one in streams:
        count = int(random.integers(1, 160))
        time = np.cumsum(random.integers(1, 10**9, count)) + START
        values = [None if random.random() < 0.1 else float(v) for v in random.normal(0, 10, count)]
        words = [str(random.choice(["calme", 'é, "x"', "7", " "])) for _ in range(count)]
        told: dict[str, Any] = {"words": words} if one.kind == "text" else {"value": values}
        told["flag"] = [None if random.random() < 0.3 else str(random.integers(0, 9)) for _ in range(count)]
        told["until"] = [int(t) + 5 if random.random() < 0.2 else None for t in time]
        told["result_time"] = [int(t) + 9 if random.random() < 0.5 else None for t in time]
        if one.vertical:
            told["vertical"] = [float(v) for v in random.normal(50, 20, count)]
        if one.sampling == "trajectory":
            told |= {
                "longitude": random.uniform(-180, 180, count).tolist(),
                "latitude": random.uniform(-89, 89, count).tolist(),
            }
        store.put(rows(numbers[one.key], time.tolist(), **told))


def _record(file: Path) -> Path:
    file.write_text(json.dumps(feature("random", "At random")), "utf-8")
    return file


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_is_there_comes_back(seed: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pages, "_ROWS", 50)
    with estran.open(tmp_path / "node") as node, copier(tmp_path / "copy") as copy:
        at_random(seed, node)
        with served(node) as root:
            # The portal's address will do.
            report = copy.observations.remote.copy(root)
        assert (report.series, report.announced, report.refused) == (8, 8, [])
        there, here = observed(node), observed(copy)
        for key in there:
            wrong = [(a, b) for a, b in zip(there[key], here[key], strict=True) if a != b]
            assert not wrong, (key, wrong[0])
        assert described(copy) == described(node)
