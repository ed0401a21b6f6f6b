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
