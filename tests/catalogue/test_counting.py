"""Counts of items equal those of a plain loop, whatever is asked, on every engine."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estran.access import ANYONE
from estran.catalogue.items import ItemQuery
from estran.errors import Invalid
from estran.model import Box, interval
from tests.catalogue.test_items import lines, made, span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

COUNT = 400
ITEMS = made(7, COUNT)
ITEMS[5]["properties"] = {"start_datetime": None, "end_datetime": "2016-01-01T00:00:00Z", "datetime": None, "platform": "old", "gsd": 10}  # fmt: skip
DAY_US = 86_400_000_000


def start(i: dict[str, Any]) -> int | None:
    return None if i["properties"]["platform"] == "old" else span(i)[0]


@pytest.fixture(scope="module")
def full(open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("counts")
    hidden = [{**i, "collection": "hidden"} for i in ITEMS[:9]]
    with open_node(folder / "node") as node:
        assert not node.load(lines(folder / "a.ndjson", ITEMS)).refused
        node.load(lines(folder / "h.ndjson", hidden), visibility="restricted", source="h", centre="coriolis")
        yield node.acting_as(ANYONE)


TESTS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "eo:cloud_cover < 40": lambda i: i["properties"].get("eo:cloud_cover", 100) < 40,
    "NOT (gsd = 10) OR S_WITHIN(geometry, BBOX(-90,-60,90,60))": lambda i: (
        i["properties"]["gsd"] != 10
        or (i["geometry"] is not None and shapely.within(geometry(i), shapely.box(-90, -60, 90, 60)))
    ),
}
_boxes = st.tuples(st.floats(-180, 179), st.floats(-90, 80), st.floats(-180, 179), st.floats(1, 60)).map(
    lambda b: Box(round(b[0], 3), round(b[1], 3), round(b[2], 3) + 0.5, min(round(b[1] + b[3], 3), 90))
)
_asked = st.fixed_dictionaries(
    {},
    optional={
        "bbox": _boxes,
        "time": st.tuples(st.integers(2014, 2022), st.integers(0, 3)).map(lambda t: interval(f"{t[0]}/{t[0] + t[1]}")),
        "collections": st.sampled_from((("alpha",), ("alpha", "beta"), ("nothing",), ("beta", "hidden"))),
        "ids": st.lists(st.integers(0, COUNT).map(lambda n: f"item-{n}"), min_size=1, max_size=40).map(tuple),
        "filter": st.sampled_from(list(TESTS)),
    },
)  # fmt: skip


def geometry(i: dict[str, Any]) -> Any:
    return shapely.from_geojson(json.dumps(i["geometry"]))


def belongs(i: dict[str, Any], asked: dict[str, Any]) -> bool:
    if "bbox" in asked:
        areas = [shapely.box(p.west, p.south, p.east, p.north) for p in asked["bbox"].parts()]
        if not i["geometry"] or not any(shapely.intersects(geometry(i), area) for area in areas):
            return False
    if "time" in asked:
        first, last = (-(10**20), 1_451_606_400_000_001) if start(i) is None else span(i)
        if not (first < asked["time"][1] and last > asked["time"][0]):
            return False
    if i["collection"] not in asked.get("collections", (i["collection"],)):
        return False
    return i["id"] in asked.get("ids", (i["id"],)) and ("filter" not in asked or TESTS[asked["filter"]](i))


@given(_asked)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_counts_equal_those_of_a_loop(full: Node, asked: dict[str, Any]) -> None:
    chosen = [i for i in ITEMS if belongs(i, asked)]
    found = full.items.counts(ItemQuery(**asked), ("platform", "grid:code"), {"eo:cloud_cover": (5, 15, 40)})
    starts = [at for i in chosen if (at := start(i)) is not None]
    clouds = [c for i in chosen if (c := i["properties"].get("eo:cloud_cover")) is not None]
    assert found.total == len(chosen)
    assert (found.first, found.last) == (min(starts, default=None), max(starts, default=None))
    assert found.collections == Counter(i["collection"] for i in chosen)
    assert found.days == Counter(at // DAY_US for at in starts)
    assert found.values["platform"] == Counter(i["properties"]["platform"] for i in chosen)
    assert found.values["grid:code"] == {}
    assert found.ranges["eo:cloud_cover"] == (
        sum(c < 5 for c in clouds), sum(5 <= c < 15 for c in clouds), sum(15 <= c < 40 for c in clouds),
        sum(c >= 40 for c in clouds),
    )  # fmt: skip


def test_an_area_is_tested_by_footprints(full: Node) -> None:
    area = {"type": "Polygon", "coordinates": [[[-60, -50], [80, -20], [20, 70], [-60, -50]]]}
    theirs = shapely.from_geojson(json.dumps(area))
    expected = sum(bool(i["geometry"]) and shapely.intersects(geometry(i), theirs) for i in ITEMS)
    assert full.items.counts(ItemQuery(intersects=area)).total == expected
    with pytest.raises(Invalid):
        full.items.counts(ItemQuery(intersects=area, bbox=Box(0, 0, 1, 1)))


def test_an_area_of_many_items_too(full: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the index would give too many, the database tests all."""
    asked = ItemQuery(bbox=Box(-100, -50, 100, 50))
    few = full.items.counts(asked)
    monkeypatch.setattr("estran.catalogue.items.counting._NEAR", 3)
    assert full.items.counts(asked) == few
