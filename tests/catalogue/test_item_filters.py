"""CQL2 over items: any tree of tests finds what a plain reading of it finds, on every engine."""

from __future__ import annotations

import json
import operator
import random
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estran.catalogue.conditions import pattern_test
from estran.catalogue.items import ItemQuery
from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

COUNT = 250
PLATFORMS = (
    "sentinel-2a",
    "Sentinel-2A",
    "Élan-1",
    "elan-1",
    "ÉLAN-1",
    "e\u0301lan-1",
    "100%",
    "a_b",
    "ﬁne",
    "îlot",
)


def shape(r: random.Random) -> Any:
    """A footprint of any type, small enough to be hit and missed."""
    x, y = r.randint(-20, 20), r.randint(-20, 20)
    halves = [shapely.box(178, y, 180, y + 3), shapely.box(-180, y, -177, y + 3)]
    kinds: list[Any] = [
        shapely.Point(x, y),
        shapely.LineString([(x, y), (x + 5, y + 3)]),
        shapely.Polygon([(x, y), (x + 6, y), (x, y + 6)]),
        shapely.MultiPoint([(x, y), (x + 3, y + 1)]),
        shapely.MultiPolygon(halves),
        None,
        shapely.box(x, y, x + 4, y + 4),
    ]
    return r.choice(kinds)


LISTS = ("instruments", "eo:tags")


def made() -> list[dict[str, Any]]:
    r, declared = random.Random(11), random.Random(12)
    found: list[dict[str, Any]] = []
    for n in range(COUNT):
        geometry = shape(r)
        properties: dict[str, Any] = {"datetime": f"202{n % 3}-0{1 + n % 9}-01T00:00:00Z"}
        if r.random() < 0.8:
            properties["platform"] = r.choice(PLATFORMS)
        if r.random() < 0.8:
            properties["eo:cloud_cover"] = r.randint(0, 10) * 10
        if declared.random() < 0.8:
            properties["view:sun"] = declared.choice((declared.randint(-2, 8) / 2, 3, None))
        if declared.random() < 0.8:
            properties["s2:type"] = declared.choice(PLATFORMS)
        for name in LISTS:
            if declared.random() < 0.8:
                properties[name] = [declared.choice(PLATFORMS) for _ in range(declared.randint(0, 3))]
        bbox = None if geometry is None else list(geometry.bounds)
        if bbox is not None and bbox[2] == 180:
            bbox = [178, bbox[1], -177, bbox[3]]
        found.append({
            "type": "Feature", "stac_version": "1.1.0", "id": f"Î-{n:03}", "collection": ("alpha", "Bêta")[n % 2],
            "geometry": None if geometry is None else json.loads(shapely.to_geojson(geometry)),
            **({"bbox": bbox} if bbox else {}), "properties": properties, "assets": {}, "links": [],
        })  # fmt: skip
    return found


ITEMS = made()
SHAPES = [None if i["geometry"] is None else shapely.from_geojson(json.dumps(i["geometry"])) for i in ITEMS]


@pytest.fixture(scope="module")
def full(open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("filters")
    (folder / "a.ndjson").write_text("\n".join(json.dumps(i) for i in ITEMS), "utf-8")
    with open_node(folder / "node") as node:
        node.items.declare("view:sun", "number")
        assert not node.load(folder / "a.ndjson").refused
        node.items.declare("s2:type", "text")
        node.items.declare("eo:tags", "list")
        yield node


def found(node: Node, tree: Any) -> list[str]:
    return sorted(i.id for i in node.items.search(ItemQuery(filter=tree, limit=COUNT)))


# The plain reading: True, False, or None where it is not known.


def plain(text: str, folds: list[str]) -> str:
    if "accenti" in folds:
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return text.lower() if "casei" in folds else text


def side(part: Any) -> tuple[Any, list[str]]:
    folds: list[str] = []
    while isinstance(part, dict) and part.get("op") in ("casei", "accenti"):
        folds.append(part["op"])
        part = part["args"][0]
    return part, folds


def value(n: int, name: str) -> Any:
    item = ITEMS[n]
    return item[name] if name in ("id", "collection") else item["properties"].get(name)


def truth(n: int, tree: Any) -> bool | None:
    op, args = tree["op"], tree["args"]
    if op == "not":
        inner = truth(n, args[0])
        return None if inner is None else not inner
    if op in ("and", "or"):
        parts = [truth(n, arg) for arg in args]
        decided = op == "or"
        return decided if decided in parts else None if None in parts else not decided
    if op.startswith("s_"):
        return related(n, op.removeprefix("s_"), args[1])
    return judged(n, op, args)


def judged(n: int, op: str, args: list[Any]) -> bool | None:
    (left, folds), (right, others) = side(args[0]), side(args[-1])
    if op == "isNull":
        return (SHAPES[n] if left["property"] == "geometry" else value(n, left["property"])) is None
    held = value(n, left["property"])
    fold = [*folds, *others]
    if op.startswith("a_"):
        return compared(op, held, right, fold)
    if held is None:
        return None
    if op == "between":
        low, high = (args[1], args[2]) if len(args) == 3 else args[1]
        return low <= held <= high
    if isinstance(held, str):
        held = plain(held, fold)
        right = [plain(r, fold) for r in right] if isinstance(right, list) else plain(right, fold)
    return TESTS[op](held, right)


def compared(op: str, held: list[str] | None, right: list[str], fold: list[str]) -> bool | None:
    """A list as a set; an empty one is none."""
    if not held:
        return None
    ours, theirs = {plain(one, fold) for one in held}, {plain(one, fold) for one in right}
    match op:
        case "a_contains":
            return ours >= theirs
        case "a_containedby":
            return ours <= theirs
        case "a_equals":
            return ours == theirs
        case _:
            return bool(ours & theirs)


TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">=": operator.ge,
    "in": lambda held, right: held in right,
    "like": lambda held, right: bool(pattern_test(right)(held)),
}


def related(n: int, op: str, other: Any) -> bool | None:
    ours = SHAPES[n]
    if ours is None:
        return None
    if "bbox" in other:
        west, south, east, north = other["bbox"]
        if west > east:
            theirs = shapely.MultiPolygon(
                [shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)]
            )
        else:
            theirs = shapely.box(west, south, east, north)
    else:
        theirs = shapely.from_geojson(json.dumps(other))
    return bool(getattr(shapely, op)(ours, theirs))


_numbers = st.integers(-22, 22)


def polygon(west: int, south: int, width: int, height: int) -> dict[str, Any]:
    return json.loads(
        shapely.to_geojson(shapely.Polygon([(west, south), (west + width, south), (west, south + height)]))
    )


_places = st.one_of(
    st.tuples(_numbers, _numbers, st.integers(1, 15), st.integers(1, 15)).map(
        lambda b: {"bbox": [b[0], b[1], b[0] + b[2], b[1] + b[3]]}
    ),
    st.just({"bbox": [170, -25, -170, 25]}),
    st.tuples(_numbers, _numbers).map(lambda p: {"type": "Point", "coordinates": list(p)}),
    st.tuples(_numbers, _numbers, st.integers(1, 15), st.integers(1, 15)).map(lambda b: polygon(*b)),
    st.tuples(_numbers, _numbers).map(
        lambda p: {"type": "LineString", "coordinates": [[p[0], p[1]], [p[0] + 9, p[1] + 4]]}
    ),
)
_spatial = st.tuples(
    st.sampled_from(
        ("intersects", "disjoint", "within", "contains", "equals", "touches", "overlaps", "crosses")
    ),
    _places,
).map(lambda t: {"op": f"s_{t[0]}", "args": [{"property": "geometry"}, t[1]]})
_folds = st.sampled_from(([], ["casei"], ["accenti"], ["casei", "accenti"], ["accenti", "casei"]))


def folded(part: Any, folds: list[str]) -> Any:
    for fold in folds:
        part = {"op": fold, "args": [part]}
    return part


_words = st.sampled_from((*PLATFORMS, "ELAN-1", "fine", "alpha", "beta", "BÊTA", "i-003", "Î-003", "î-004"))
_texts = st.tuples(
    st.sampled_from(("=", "<>", "<", ">=")),
    st.sampled_from(("platform", "id", "collection", "s2:type")),
    _words,
    _folds,
).map(lambda t: {"op": t[0], "args": [folded({"property": t[1]}, t[3]), folded(t[2], t[3])]})
_likes = st.tuples(
    st.sampled_from(("%lan%", "élan-_", "E%1", "\\%%", "100\\%", "a\\_b", "I-00%", "b%", "_eta", "%")),
    st.sampled_from(("platform", "id", "collection", "s2:type")),
    _folds,
).map(lambda t: {"op": "like", "args": [folded({"property": t[1]}, t[2]), folded(t[0], t[2])]})
_lists = st.tuples(
    st.lists(_words, min_size=1, max_size=3),
    st.sampled_from(("platform", "id", "collection", "s2:type")),
    _folds,
).map(lambda t: {"op": "in", "args": [folded({"property": t[1]}, t[2]), [folded(w, t[2]) for w in t[0]]]})
_clouds = st.one_of(
    st.integers(0, 100).map(lambda n: {"op": "<", "args": [{"property": "eo:cloud_cover"}, n]}),
    st.integers(0, 50).map(lambda n: {"op": "between", "args": [{"property": "eo:cloud_cover"}, n, n + 30]}),
    # As it was written before CQL2 was final.
    st.integers(0, 50).map(
        lambda n: {"op": "between", "args": [{"property": "eo:cloud_cover"}, [n, n + 30]]}
    ),
)
_suns = st.one_of(
    st.tuples(st.sampled_from(("=", "<>", "<", ">=")), st.integers(-5, 9)).map(
        lambda t: {"op": t[0], "args": [{"property": "view:sun"}, t[1] / 2]}
    ),
    st.lists(st.integers(-3, 5), min_size=1, max_size=3).map(
        lambda listed: {"op": "in", "args": [{"property": "view:sun"}, listed]}
    ),
    st.integers(-3, 4).map(lambda n: {"op": "between", "args": [{"property": "view:sun"}, n, n + 1]}),
)
_arrays = st.tuples(
    st.sampled_from(("a_contains", "a_containedby", "a_equals", "a_overlaps")),
    st.sampled_from(LISTS),
    _folds,
    st.lists(_words, min_size=1, max_size=3),
).map(lambda t: {"op": t[0], "args": [folded({"property": t[1]}, t[2]), t[3]]})
_nulls = st.sampled_from(("platform", "eo:cloud_cover", "geometry", "collection", "view:sun", "s2:type")).map(
    lambda name: {"op": "isNull", "args": [{"property": name}]}
)
_trees = st.recursive(
    st.one_of(_spatial, _spatial, _texts, _likes, _lists, _arrays, _clouds, _suns, _nulls),
    lambda inner: st.one_of(
        inner.map(lambda t: {"op": "not", "args": [t]}),
        st.tuples(st.sampled_from(("and", "or")), st.lists(inner, min_size=1, max_size=3)).map(
            lambda t: {"op": t[0], "args": t[1]}
        ),
    ),
    max_leaves=6,
)


@pytest.fixture(params=["at once", "looked up", "walked"])
def near(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether one question is enough, an index leaves few items, or so many that the order is walked."""
    paging = "estran.catalogue.items.paging"
    most = 20 if request.param == "walked" else 10_000
    monkeypatch.setattr(f"{paging}.NEAR", most)
    monkeypatch.setattr("estran.catalogue.items.counting._NEAR", most)
    if request.param == "looked up":
        monkeypatch.setattr(f"{paging}.glanced", lambda *_asked, near: False)


@given(_trees)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_tree_finds_what_its_plain_reading_finds(full: Node, near: None, tree: Any) -> None:
    # In a list of texts the folding stands around each.
    expected = [ITEMS[n]["id"] for n in range(COUNT) if truth(n, unfolded(tree))]
    assert found(full, tree) == sorted(expected)
    assert full.items.counts(ItemQuery(filter=tree)).total == len(expected)
    assert full.items.days(ItemQuery(filter=tree)).total == len(expected)


def unfolded(tree: Any) -> Any:
    if tree["op"] in ("and", "or", "not"):
        return {"op": tree["op"], "args": [unfolded(arg) for arg in tree["args"]]}
    if tree["op"] == "in":
        return {"op": "in", "args": [tree["args"][0], [side(word)[0] for word in tree["args"][1]]]}
    return tree


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("S_INTERSECTS(geometry, BBOX(-180,-90,180,90))", sum(s is not None for s in SHAPES)),
        ("S_DISJOINT(geometry, BBOX(-180,-90,180,90))", 0),
        ("S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(179 0))) OR FALSE", None),
        ("NOT S_WITHIN(geometry, POLYGON((-30 -30, 30 -30, 30 30, -30 30, -30 -30)))", None),
        ("ACCENTI(CASEI(platform)) = ACCENTI(CASEI('ÉLAN-1'))", None),
        ("S_INTERSECTS(geometry, BBOX(3,3,3,3)) OR S_INTERSECTS(geometry, BBOX(3,3,9,3))", None),
    ],
)
def test_texts_are_read(full: Node, text: str, count: int | None) -> None:
    got = found(full, text)
    assert len(got) == count if count is not None else got or "179" in text


def test_the_geometry_of_an_area_that_has_none(full: Node) -> None:
    """Boxes without width or height are points and lines."""
    point = {
        "op": "s_intersects",
        "args": [{"property": "geometry"}, {"type": "Point", "coordinates": [3, 3]}],
    }
    flat = {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [3, 3, 3, 3]}]}
    assert found(full, {"op": "or", "args": [flat]}) == found(full, {"op": "or", "args": [point, point]})


@pytest.mark.parametrize(
    "wrong",
    ["S_WITHIN(geometry, GEOMETRYCOLLECTION(POINT(0 0)))", "A_CONTAINS(platform, ('msi'))", "A_NEAR(instruments, ('msi'))", "S_INTERSECTS(platform, POINT(0 0))"],
)  # fmt: skip
def test_what_is_not_offered_is_refused(full: Node, wrong: str) -> None:
    with pytest.raises(Invalid):
        found(full, f"({wrong}) OR gsd = 1")


@pytest.mark.parametrize("name", ["eo:cloud_cover", "sat:relative_orbit", "view:sun"])
@pytest.mark.parametrize("number", [2**70, -(2**63) - 1, 2**53 + 1, 10**400, 1e308])
def test_numbers_beyond_all_bounds(full: Node, name: str, number: float) -> None:
    tree = {"op": "<", "args": [{"property": name}, number]}
    if number == 10**400:
        with pytest.raises(Invalid, match="is a number"):
            found(full, tree)
    else:
        has = [i["id"] for i in ITEMS if i["properties"].get(name) is not None]
        assert found(full, tree) == (sorted(has) if number > 0 else [])
        assert found(full, {"op": "in", "args": [{"property": name}, [number]]}) == []


@pytest.mark.parametrize("name", ["id", "collection", "platform", "s2:type"])
def test_a_text_with_nul_is_refused_on_every_engine(full: Node, name: str) -> None:
    for op, value in (("=", "a\0"), ("like", "%\0%"), ("in", ["a", "\0"])):
        with pytest.raises(Invalid, match="NUL"):
            found(full, {"op": op, "args": [{"property": name}, value]})


def test_footprints_that_cross_themselves_have_an_answer(node: Node, tmp_path: Path) -> None:
    ring = [[0, 0], [4, 4], [4, 0], [0, 5], [0, 0]]
    item = {
        **ITEMS[0],
        "id": "bow",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [0, 0, 4, 5],
    }
    (tmp_path / "a.json").write_text(json.dumps(item), "utf-8")
    node.load(tmp_path / "a.json")
    for op, where, expected in (
        ("intersects", "POINT(3 1)", False),
        ("intersects", "POINT(3.5 2)", True),
        ("within", "BBOX(-1,-1,5,5)", True),
        ("contains", "POINT(3.5 2)", True),
        ("overlaps", "BBOX(3,0,6,6)", True),
        ("crosses", "LINESTRING(-1 2, 9 2)", True),
        ("touches", "BBOX(4,0,6,6)", True),
        ("equals", "BBOX(0,0,4,4)", False),
    ):
        assert found(node, f"S_{op}(geometry, {where}) OR gsd = 1") == (["bow"] if expected else []), op
