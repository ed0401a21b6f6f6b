"""How many items start on each day, as a slow count finds it, the same on every engine."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from estran.access import ANYONE
from estran.catalogue.items import ItemDays, ItemQuery
from estran.catalogue.items import items as door
from estran.errors import Invalid
from estran.model import Box, interval
from tests.catalogue.test_items import lines, made, span, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

DAY = 86_400_000_000


def extraordinary() -> list[dict[str, Any]]:
    """Items at the ends of days, before 1970, before the calendar, and without a start."""
    whens: list[dict[str, Any]] = [
        {"datetime": "1969-12-31T23:59:59.999999Z"}, {"datetime": "1970-01-01T00:00:00Z"}, {"datetime": "0044-03-15T12:00:00Z"},
        {"datetime": "1999-12-31T23:30:00-02:00"}, {"datetime": None, "end_datetime": "2001-01-01T00:00:00Z"},
        {"datetime": None, "start_datetime": "2016-01-31T00:00:00Z", "end_datetime": "2016-03-01T00:00:00Z"},
    ]  # fmt: skip
    return [
        {"type": "Feature", "stac_version": "1.0.0", "id": f"odd-{n}", "collection": "odd", "geometry": None, "properties": when, "assets": {}, "links": []}
        for n, when in enumerate(whens)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def full(open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("days")
    with open_node(folder / "node") as node:
        report = node.load(lines(folder / "a.ndjson", [*made(), *extraordinary()]))
        assert report.refused == []
        yield node


def counted(node: Node, **asked: Any) -> dict[int, int]:
    """Days of all that a search of the same finds, one by one."""
    spans = {(i["collection"], i["id"]): span(i)[0] for i in made()}
    return dict(Counter(spans[key] // DAY for key in walk(node, limit=200, **asked)))


ASKED: list[dict[str, Any]] = [
    {"collections": ("alpha",)},
    {"collections": ("alpha", "beta")},
    {"collections": ("alpha", "nothing")},
    {"collections": ("alpha",), "time": interval("2017/2019")},
    {"collections": ("alpha",), "bbox": Box(-20, -40, 60, 50)},
    {"collections": ("beta",), "bbox": Box(170, -60, -150, 60), "time": interval("2018")},
    {"collections": ("alpha",), "filter": {"op": "<=", "args": [{"property": "eo:cloud_cover"}, 30]}},
    {"collections": ("alpha", "beta"), "bbox": Box(-90, -20, 0, 50), "filter": "eo:cloud_cover < 50 AND platform = 'sentinel-2a'"},
    {"collections": ("alpha", "beta"), "bbox": Box(-170, -60, 100, 70)},
    {"collections": ("alpha",), "ids": ("item-1", "item-2", "item-3", "item-4")},
]  # fmt: skip


@pytest.mark.parametrize("asked", ASKED)
def test_days_are_those_of_the_items_that_a_search_finds(full: Node, asked: dict[str, Any]) -> None:
    found = full.items.days(ItemQuery(**asked))
    assert found.days == counted(full, **asked)
    assert (found.undated, found.exact) == (0, True)
    assert found.total > 0


@pytest.mark.parametrize("asked", [a for a in ASKED if "bbox" in a])
def test_of_many_items_the_boxes_are_tested(full: Node, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(door, "NEAR", 1)
    found = full.items.days(ItemQuery(**asked, sort=(("id", False),)))  # a question that nothing holds yet
    assert not found.exact
    exact = counted(full, **asked)
    assert all(found.days.get(day, 0) >= n for day, n in exact.items())
    box = asked["bbox"]
    near = [i for i in made() if i["collection"] in asked["collections"] and i["geometry"] and _touch(i["bbox"], box)]  # fmt: skip
    if "time" in asked:
        near = [i for i in near if span(i)[0] < asked["time"][1] and span(i)[1] > asked["time"][0]]
    if "filter" in asked:
        near = [i for i in near if i["properties"].get("eo:cloud_cover", 99) < 50 and i["properties"]["platform"] == "sentinel-2a"]  # fmt: skip
    assert found.days == Counter(span(i)[0] // DAY for i in near)


def _touch(bbox: list[float], box: Box) -> bool:
    theirs = Box(*bbox).parts()
    return any(
        t.west <= b.east and t.east >= b.west and t.south <= b.north and t.north >= b.south
        for t in theirs for b in box.parts()
    )  # fmt: skip


def test_days_before_1970_and_items_without_a_start(full: Node) -> None:
    found = full.items.days(ItemQuery(collections=("odd",)))
    assert found == ItemDays(days={-1: 1, 0: 1, -703_383: 1, 10_957: 1, 16_831: 1}, undated=1)
    assert found.total == 6


@pytest.mark.parametrize(
    "period",
    ["2016/2018", "2017-03", "../2019-05-05", "2020-02-01/..", "2017-03-05T09:00:00Z/2018-01-01T12:00:00Z"],
)
def test_whole_days_of_instants_are_those_of_all_times(node: Node, tmp_path: Path, period: str) -> None:
    instants = [i for i in made() if i["properties"]["datetime"]]
    node.load(lines(tmp_path / "a.ndjson", instants))
    start, end = interval(period)
    asked = {"collections": ("alpha", "beta"), "bbox": Box(-90, -60, 90, 60), "time": (start, end)}
    found = node.items.days(ItemQuery(**asked))
    assert found.days == counted(node, **asked)
    assert found.exact
    whole = {
        day: n
        for day, n in node.items.days(ItemQuery(collections=("alpha", "beta"))).days.items()
        if start <= day * DAY < end
    }
    if "T" not in period:
        assert node.items.days(ItemQuery(collections=("alpha", "beta"), time=(start, end))).days == whole


def test_nothing_is_counted_of_what_one_may_not_see(node: Node, tmp_path: Path) -> None:
    node.load(lines(tmp_path / "a.ndjson", made(4, 30)), visibility="restricted", centre="coriolis")
    asked = ItemQuery(collections=("alpha", "beta"))
    assert node.items.days(asked).total == 30
    assert node.acting_as(ANYONE).items.days(asked).total == 0
    assert node.acting_as(ANYONE).items.days(ItemQuery()).total == 0


def test_what_was_counted_is_held_until_something_changes(node: Node, tmp_path: Path) -> None:
    asked = ItemQuery(collections=("alpha",))
    node.load(lines(tmp_path / "a.ndjson", made(2, 40)))
    first = node.items.days(asked)
    assert node.items.days(asked) is first
    node.load(lines(tmp_path / "a.ndjson", made(2, 60)))
    assert node.items.days(asked).total == sum(i["collection"] == "alpha" for i in made(2, 60))


def test_a_query_that_does_not_fit_is_refused(full: Node) -> None:
    with pytest.raises(Invalid):
        full.items.days(ItemQuery(filter="nothing = 1"))


def test_the_days_are_plain_numbers(full: Node) -> None:
    assert json.dumps(dict(full.items.days(ItemQuery(collections=("odd",))).days))
