"""Items: kept as they came, found as a slow search finds them, the same on every engine."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estran.access import ANYONE, Actor
from estran.catalogue.items import ItemQuery, glancing, paging
from estran.errors import Invalid, NotFound
from estran.model import Box, bounds, interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

COUNT = 700


def item(n: int, r: random.Random) -> dict[str, Any]:
    """A small STAC Item."""
    west, south = r.uniform(-175, 170), r.uniform(-85, 80)
    shape: Any = shapely.box(west, south, west + 4, south + 3)
    if r.random() < 0.5:  # a footprint that is not its box
        shape = shapely.Polygon([(west, south), (west + 4, south), (west, south + 3)])
    geometry: Any = json.loads(shapely.to_geojson(shape))
    bbox = list(shape.bounds)
    if r.random() < 0.1:  # over the antimeridian, cut there
        halves = [shapely.box(178, south, 180, south + 3), shapely.box(-180, south, -177, south + 3)]
        geometry, bbox = (
            json.loads(shapely.to_geojson(shapely.MultiPolygon(halves))),
            [178, south, -177, south + 3],
        )
    if r.random() < 0.03:
        geometry, bbox = None, None
    day = f"{r.randint(2015, 2022)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}T10:00:00Z"
    when: dict[str, Any] = {"datetime": day}
    if r.random() < 0.1:
        when = {"datetime": None, "start_datetime": day, "end_datetime": day.replace("T10", "T22")}
    properties = {**when, "platform": r.choice(("sentinel-2a", "Sentinel-1b")), "gsd": r.choice((10, 20.5))}
    if r.random() < 0.8:
        properties["eo:cloud_cover"] = round(r.uniform(0, 100), 1)
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": f"item-{n}", "collection": r.choice(("alpha", "beta")),
        "geometry": geometry, "properties": properties, "assets": {"data": {"href": f"https://example.org/{n}.tif"}},
        "links": [{"rel": "self", "href": "https://elsewhere.example/x"}, {"rel": "license", "href": "https://example.org/l"}],
        "unknown:member": {"kept": [1, 2.50, "é"]}, **({"bbox": bbox} if bbox else {}),
    }  # fmt: skip


def made(seed: int = 1, count: int = COUNT) -> list[dict[str, Any]]:
    r = random.Random(seed)
    return [item(n, r) for n in range(count)]


def lines(path: Path, items: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(i) + "\n" for i in items))
    return path


@pytest.fixture(scope="module")
def full(open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("items")
    with open_node(folder / "node") as node:
        report = node.load(lines(folder / "a.ndjson", made()))
        assert (report.read, report.new, report.refused) == (COUNT, COUNT, [])
        yield node


def walk(node: Node, **asked: Any) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    cursor = ""
    while True:
        page = node.items.search(ItemQuery(**asked, cursor=cursor))
        found += [(i.collection, i.id) for i in page]
        cursor = page.next
        if not cursor:
            return found


def span(i: dict[str, Any]) -> tuple[int, int]:
    p = i["properties"]
    if p["datetime"]:
        return bounds(p["datetime"])[0], bounds(p["datetime"])[0] + 1
    return bounds(p["start_datetime"])[0], bounds(p["end_datetime"])[0] + 1


def newest_first(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    ordered = sorted(items, key=lambda i: (span(i)[0], i["id"], i["collection"]), reverse=True)
    return [(i["collection"], i["id"]) for i in ordered]


# Whole thousandths of a degree: a polygon narrower than its letters can tell is rightly refused.
_boxes = st.tuples(
    st.integers(-180_000, 180_000),
    st.integers(-90_000, 80_000),
    st.integers(-180_000, 180_000),
    st.integers(0, 40_000),
).map(lambda b: Box(b[0] / 1000, b[1] / 1000, b[2] / 1000, min(b[1] + b[3], 90_000) / 1000))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "bbox": _boxes,
            "time": st.tuples(st.integers(2014, 2022), st.integers(0, 3)).map(
                lambda t: interval(f"{t[0]}/{t[0] + t[1]}")
            ),
            "collections": st.lists(
                st.sampled_from(("alpha", "beta", "nothing")), min_size=1, max_size=2
            ).map(tuple),
            "filter": st.sampled_from(
                (
                    "eo:cloud_cover < 40",
                    "platform LIKE 'sentinel%' AND gsd > 15",
                    "eo:cloud_cover IS NULL OR gsd = 10",
                    "NOT (eo:cloud_cover < 40)",
                )
            ),
        },
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_search_equals_the_slow_search(full: Node, asked: dict[str, Any]) -> None:
    tests: dict[str, Callable[[dict[str, Any]], bool]] = {
        "eo:cloud_cover < 40": lambda p: p.get("eo:cloud_cover", 100) < 40,
        "platform LIKE 'sentinel%' AND gsd > 15": lambda p: (
            p["platform"].startswith("sentinel") and p["gsd"] > 15
        ),
        "eo:cloud_cover IS NULL OR gsd = 10": lambda p: "eo:cloud_cover" not in p or p["gsd"] == 10,
        "NOT (eo:cloud_cover < 40)": lambda p: p.get("eo:cloud_cover", -1) >= 40,
    }

    def belongs(i: dict[str, Any]) -> bool:
        if "bbox" in asked and not (
            i["geometry"]
            and shapely.intersects(
                shapely.from_wkt(asked["bbox"].wkt()), shapely.from_geojson(json.dumps(i["geometry"]))
            )
        ):
            return False
        if "time" in asked and not (span(i)[0] < asked["time"][1] and span(i)[1] > asked["time"][0]):
            return False
        if "collections" in asked and i["collection"] not in asked["collections"]:
            return False
        return "filter" not in asked or tests[asked["filter"]](i["properties"])

    box = asked.get("bbox")
    if box and any(p.west == p.east or p.south == p.north for p in box.parts()):
        return  # a polygon without area has no WKT that shapely takes
    assert walk(full, **asked, limit=COUNT) == newest_first([i for i in made() if belongs(i)])


@given(
    _boxes,
    st.integers(1, 40),
    st.sampled_from(("", "eo:cloud_cover < 40")),
    st.tuples(st.integers(1, 12), st.booleans()),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_area_is_walked_backwards_in_time_slice_by_slice(
    full: Node, box: Box, limit: int, told: str, how: tuple[int, bool]
) -> None:
    """However long the slices are, and however many questions are put, the answer is the same."""
    questions, exact = how
    if any(p.west == p.east or p.south == p.north for p in box.parts()):
        return
    area: dict[str, Any] = {"bbox": box}
    if not exact:
        west, south, east, north = box.parts()[0]
        ring = [[west, south], [east, south], [east, north], [west, south]]
        area = {"intersects": {"type": "Polygon", "coordinates": [ring]}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paging, "glanced", lambda *_asked, near: False)
        expected = walk(full, **area, filter=told, limit=COUNT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(glancing, "_FEW", 0)
        patch.setattr(glancing, "_MOST_QUESTIONS", questions)
        patch.setattr(glancing, "_SPARE", questions % 3)
        assert walk(full, **area, filter=told, limit=limit) == expected


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_walk_the_whole_answer_once(full: Node, limit: int) -> None:
    listed = walk(full, limit=limit, bbox=Box(-60, -40, 100, 60)) if limit < 7 else walk(full, limit=limit)
    assert len(listed) == len(set(listed))
    if limit >= 7:
        assert listed == newest_first(made())


@pytest.mark.parametrize(
    "sort",
    [
        (("eo:cloud_cover", False),),
        (("properties.eo:cloud_cover", True),),
        (("platform", False), ("gsd", True)),
        (("id", False),),
        (("datetime", False),),
    ],
)
def test_sorting_is_total_and_missing_values_are_last(full: Node, sort: tuple[tuple[str, bool], ...]) -> None:
    listed = walk(full, sort=sort, limit=90)
    assert sorted(listed) == sorted(newest_first(made()))
    name, down = sort[0]
    by_id = {i["id"]: {**i["properties"], "id": i["id"], "datetime": span(i)[0]} for i in made()}
    values = [by_id[id_].get(name.removeprefix("properties.")) for _, id_ in listed]
    held = [v for v in values if v is not None]
    assert values == held + [None] * (len(values) - len(held))
    assert held == sorted(held, reverse=down)


def test_an_item_is_kept_member_by_member(full: Node) -> None:
    for given_ in made()[:50]:
        kept = full.items.show(given_["collection"], given_["id"])
        body = json.loads(kept.body + b"}")
        assert body == {k: v for k, v in given_.items() if k != "links"}
        assert [x["rel"] for x in json.loads(b"[" + kept.links + b"]")] == ["license"]


def test_a_collection_is_made_for_items_that_nobody_described(full: Node, tmp_path: Path) -> None:
    assert [name for name, _ in full.items.collections()] == ["alpha", "beta"]
    assert full.items.count("alpha") + full.items.count("beta") == COUNT
    assert "made because items name it" in full.items.collection("alpha").warnings[0]
    with pytest.raises(NotFound):
        full.items.collection("gamma")
    with pytest.raises(NotFound):
        full.items.show("alpha", "nothing")


def test_a_second_load_changes_only_what_changed(node: Node, tmp_path: Path) -> None:
    items = made(2, 120)
    node.load(lines(tmp_path / "a.ndjson", items))
    before = node.revision()
    assert node.load(tmp_path / "a.ndjson").unchanged == 120
    assert node.revision() == before
    items[3]["properties"]["platform"] = "landsat-9"
    items[3]["properties"]["datetime"] = "2030-01-01T00:00:00Z"
    report = node.load(lines(tmp_path / "a.ndjson", [*items, item(999, random.Random(3))]))
    assert (report.new, report.changed, report.unchanged) == (1, 1, 119)
    assert walk(node, filter="platform = 'landsat-9'") == [(items[3]["collection"], "item-3")]
    assert walk(node, limit=1)[0] == (items[3]["collection"], "item-3")
    assert len(walk(node, limit=50)) == 121


def test_what_is_remembered_answers_in_one_question_and_only_while_it_is_true(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[ItemQuery] = []
    whole = paging._step_by_step

    def counted(*asked: Any, crowded: bool) -> Any:
        steps.append(asked[3])
        return whole(*asked, crowded=crowded)

    monkeypatch.setattr(paging, "_step_by_step", counted)
    items = made(5, 200)
    node.load(lines(tmp_path / "a.ndjson", items))
    anyone = node.acting_as(ANYONE)
    everywhere, box = ItemQuery(limit=200), ItemQuery(bbox=Box(-90, -45, 90, 45), limit=5)
    expected = [[i.id for i in anyone.items.search(query)] for query in (everywhere, box)]
    assert expected[0] == [id_ for _, id_ in newest_first(items)]
    assert len(steps) == 1  # the first question fills the memory
    assert [[i.id for i in anyone.items.search(query)] for query in (everywhere, box)] == expected
    assert len(steps) == 1

    items[3]["properties"].update(datetime="2030-01-01T00:00:00Z")
    node.load(lines(tmp_path / "a.ndjson", items))
    assert next(iter(anyone.items.search(everywhere))).id == "item-3"
    node.items.remove(items[3]["collection"], "item-3")
    assert len(anyone.items.search(everywhere).items) == 199


def test_items_go_with_their_collection(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estran.catalogue.store.items._TAKEN_OUT", 16)
    items = made(6, 60)
    node.load(lines(tmp_path / "a.ndjson", items))
    gone = {i["id"] for i in items if i["collection"] == "alpha"}
    node.remove(node.items.collection("alpha").id)
    assert {id_ for _, id_ in walk(node)} == {i["id"] for i in items} - gone
    assert {c.id for c in node.changes(0, 10_000) if c.op == "remove" and c.kind == "item"} == {
        f"alpha/{id_}" for id_ in gone
    }
    node.load(lines(tmp_path / "a.ndjson", items[:5]))
    assert len(walk(node, collections=("alpha",))) == sum(i["collection"] == "alpha" for i in items[:5])


def test_items_are_seen_with_their_collection(node: Node, tmp_path: Path) -> None:
    node.load(lines(tmp_path / "a.ndjson", made(4, 30)), visibility="restricted", centre="coriolis")
    assert node.acting_as(ANYONE).items.search(ItemQuery()).items == ()
    assert node.acting_as(ANYONE).items.collections() == ()
    assert len(walk(node.acting_as(Actor(name="a", role="reader", centres=("coriolis",))), limit=50)) == 30


@pytest.mark.parametrize(
    "wrong",
    [{"limit": 0}, {"limit": 10**6}, {"sort": (("nothing", True),)}, {"filter": "nothing = 1"}, {"cursor": "x"},
     {"bbox": Box(0, 0, 1, 1), "intersects": {"type": "Point", "coordinates": [0, 0]}}, {"intersects": {"type": "Polygon"}},
     {"filter": "s_within(geometry, GEOMETRYCOLLECTION(POINT(0 0)))"}, {"filter": "a_contains(platform, ('msi'))"}],
)  # fmt: skip
def test_a_query_that_does_not_fit_is_refused(full: Node, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        full.items.search(ItemQuery(**wrong))


def test_what_is_no_item_is_refused_and_the_rest_kept(node: Node, tmp_path: Path) -> None:
    good, timeless, odd = made(5, 3)
    timeless["properties"] = {}
    odd["geometry"] = {"type": "Polygon", "coordinates": [[[0, 0], [1, 200], [2, 0], [0, 0]]]}
    report = node.load(lines(tmp_path / "a.ndjson", [good, timeless, odd]))
    assert (report.new, len(report.refused)) == (1, 2)
    assert [r.line for r in report.refused] == [2, 3]
