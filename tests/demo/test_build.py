"""The demo's node, built once and looked at as a newcomer would."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

import estran
from estran import demo
from estran.demo import observations
from estran.model import EVER_US, NEVER_US, bounds, now_us

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.catalogue import LoadReport
    from estran.node import Node


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, LoadReport]]:
    if any(find_spec(name) is None for name in ("eodag", "iris_sample_data", "compliance_checker")):
        pytest.skip("the packages of the demo group are not installed")
    with estran.open(tmp_path_factory.mktemp("demo") / "node") as node:
        yield node, demo.build(node)


@pytest.fixture(scope="module")
def node(built: tuple[Node, LoadReport]) -> Node:
    return built[0]


def test_all_of_it_is_taken_in(built: tuple[Node, LoadReport]) -> None:
    _, report = built
    assert report.refused == []
    assert report.read == report.new >= 750


def test_a_second_run_changes_nothing(built: tuple[Node, LoadReport]) -> None:
    node, report = built
    before = node.revision()
    again = demo.build(node)
    assert (again.new, again.changed, again.unchanged) == (0, 0, report.read)
    assert node.revision() == before


def test_its_gauges_are_found_by_their_variables_and_plotted(node: Node) -> None:
    found = node.search("sea surface height", variable="sea_surface_height_above_geoid", series="any")
    (record,) = found
    assert "synthetic" in str(record.title)
    assert "not measured" in str(record.title)
    streams = node.observations.datastreams(record=record.id)
    assert [one.described.thing.key[-1] for one in streams] == list("AABBCC")
    for one in streams:
        assert one.last is not None
        assert now_us() - one.last < 4_000_000_000
        assert one.count > (8_000 if one.described.variable.name == "temperature" else 80_000)
    fouled = next(one for one in streams if one.described.key == "B/temperature")
    assert fouled.described.sensor
    assert {event.kind for event in fouled.described.sensor.events} == {"maintenance", "exchange"}
    curve = node.observations.overview.plotted(fouled, EVER_US, NEVER_US)
    assert (curve.doubtful_count or 0) > 500


def test_its_gauges_say_the_same_in_whatever_portions_they_are_asked() -> None:
    (start, _), day = bounds("2025-07-01"), 86_400_000_000

    def said(*edges: int) -> list[tuple[str, int, float, str]]:
        return sorted(
            (rows.datastream, time, value, flag or "")
            for after, until in pairwise(edges)
            for rows in observations.rows("2025-07-01", after, until)
            if rows.value is not None and rows.flag is not None
            for time, value, flag in zip(rows.time.tolist(), rows.value.tolist(), rows.flag, strict=True)
        )

    whole = said(0, start + 40 * day)
    assert whole == said(0, start + 17 * day + 1, start + 31 * day, start + 40 * day)
    # Gauge A was silent for a while.
    assert len([one for one in whole if one[0] == "A/level"]) == 40 * 240 + 1 - 408
    assert {one[3] for one in whole} <= {"1", "4"}
    assert [observations.begin(f"2026-{month}-30") for month in ("06", "07")] == ["2025-01-01", "2025-07-01"]


@pytest.mark.parametrize(
    ("words", "where", "title"),
    [
        ("sea ice thickness", {"hub": "ocean"}, "Arctic Ocean - Sea Ice Thickness REPROCESSED"),
        ("ozone", {"hub": "atmosphere"}, "Sentinel-5 Precursor Level 2 Ozone"),
        ("land cover", {"hub": "continental-surfaces"}, "CORINE Land Cover"),
        ("interferograms", {"hub": "solid-earth"}, "FormaTerre S1 Interferograms"),
        ("forêt", {"centre": "mtd"}, "RECONFORT Chene"),
        (
            "sea surface temperature",
            {"variable": "sea_surface_temperature"},
            "Global Ocean OSTIA Sea Surface Temperature and Sea Ice Analysis",
        ),
    ],
)
def test_a_search_finds_what_one_expects(node: Node, words: str, where: dict[str, str], title: str) -> None:
    assert title in [str(record.title) for record in node.search(words, limit=100, **where)]


def test_records_belong_to_centres_and_hubs(node: Node) -> None:
    found = node.search("", counts=("hub", "centre"), limit=1)
    hubs = {bucket.value: bucket.count for bucket in found.facets["hub"]}
    assert set(hubs) == {"ocean", "atmosphere", "continental-surfaces", "solid-earth"}
    centres = {bucket.value for bucket in found.facets["centre"]}
    assert {"mtd", "cnes-toulouse", "copernicus-marine", "cnes-solid-earth"} <= centres


def test_records_are_worth_looking_at(node: Node) -> None:
    found = node.search("", counts=("platform", "instrument", "variable", "licence", "level"), limit=1)
    assert all(len(buckets) >= 10 for buckets in found.facets.values())
    (record,) = node.search('"Global Ocean Physics Analysis and Forecast"', limit=1)
    assert record.doi == "10.48670/moi-00016"
    assert record.extent.box is not None
    assert record.extent.period is not None
    assert record.licences
    assert {party.role for party in record.parties} >= {"originator", "distributor"}


def test_titles_of_grids_fall_back_to_their_variables(node: Node) -> None:
    titles = {str(record.title) for record in node.search("", source="iris-sample-data", limit=50)}
    assert "Surface temperature" in titles
    assert "" not in titles


def test_a_variable_is_explained(node: Node) -> None:
    entry = node.vocabulary.lookup(["sea_surface_temperature"])["sea_surface_temperature"]
    assert entry.unit == "K"
    assert "Sea surface temperature" in str(entry.definition)
    assert [scheme.name for scheme in node.vocabulary.schemes()] == ["cf-standard-names"]
