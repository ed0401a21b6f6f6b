"""A node copied by another over its own SensorThings face: nothing is lost, nothing is doubled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from estran.catalogue.query import Query
from estran.model import Text
from tests.observations.remote.conftest import copier, observed, served
from tests.web.sensorthings.conftest import sta_node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.model import Datastream
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


def test_times_values_flags_units_and_places_come_back_equal(
    address: str, sta_node: Node, tmp_path: Path
) -> None:
    with copier(tmp_path / "copy") as copy:
        report = copy.observations.remote.copy(address)
        assert not report.refused
        assert (report.series, report.announced, report.datastreams) == (8, 8, 8)
        assert observed(copy) == observed(sta_node)
        assert described(copy) == described(sta_node)
        [record] = copy.ask(Query(limit=5)).records
        assert record.extent.box
        assert {one.standard_name for one in record.variables} >= {"sea_water_temperature"}


def test_a_second_visit_asks_for_what_is_new_and_doubles_nothing(address: str, tmp_path: Path) -> None:
    with copier(tmp_path / "copy") as copy:
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
