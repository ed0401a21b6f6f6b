"""Search gives what a slow and simple search gives, in one order, page by page, and only what one may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estran.access import ANYONE, Actor
from estran.catalogue import FACETS, Query
from estran.catalogue.store import view
from estran.catalogue.words import split
from estran.errors import Invalid, NotFound
from estran.model import Box, interval
from tests.catalogue.records import CENTRES, WORDS, held, matches, ordered, put, some_records, values_of, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.model import Record
    from estran.node import Node

COUNT = 600


@pytest.fixture(autouse=True)
def _few_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the newest records, so that walks go on behind them."""
    monkeypatch.setattr(view, "MANY", (20, 100))


@pytest.fixture(scope="module")
def full(open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with records, written in several batches."""
    with open_node(tmp_path_factory.mktemp("search")) as node:
        records = some_records(COUNT)
        for start in range(0, COUNT, 250):
            put(node, records[start : start + 250])
        yield node


@pytest.fixture(scope="module")
def everything(full: Node) -> list[Record]:
    return held(full)


def test_every_record_is_held_once(everything: list[Record]) -> None:
    assert len(everything) == len({r.id for r in everything}) == COUNT
    assert [r.id for r in everything] == sorted(r.id for r in everything)


_boxes = st.tuples(st.floats(-180, 180), st.floats(-90, 89), st.floats(-180, 180), st.floats(0, 30)).map(
    lambda b: Box(b[0], b[1], b[2], min(b[1] + b[3], 90))
)
_queries = st.fixed_dictionaries(
    {},
    optional={
        "text": st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join),
        "bbox": _boxes,
        "time": st.tuples(st.integers(1975, 2010), st.integers(0, 12)).map(lambda t: f"{t[0]}/{t[0] + t[1]}"),
        "kind": st.lists(st.sampled_from(("dataset", "collection", "service")), min_size=1, max_size=2).map(
            tuple
        ),
        "centre": st.lists(st.sampled_from([c for c in CENTRES if c]), min_size=1, max_size=2).map(tuple),
        "platform": st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(tuple),
    },
)


@given(_queries)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_search_equals_the_slow_search(
    full: Node, everything: list[Record], asked: dict[str, object]
) -> None:
    where = {f: v for f, v in asked.items() if f in FACETS}
    plain = {
        "text": asked.get("text", ""),
        "bbox": asked.get("bbox"),
        "time": interval(str(asked["time"])) if "time" in asked else None,
    }
    expected = [r for r in everything if matches(r, **plain, where=where)]  # type: ignore[arg-type]
    found = full.search(**asked, limit=COUNT, counts=("kind", "platform"))  # type: ignore[arg-type]
    assert found.matched == len(expected)
    assert [r.id for r in found] == [r.id for r in ordered(expected, split(str(plain["text"])))]
    for field in ("kind", "platform"):
        others = {f: v for f, v in where.items() if f != field}
        pool = [r for r in everything if matches(r, **plain, where=others)]  # type: ignore[arg-type]
        counted = {
            v: n
            for v in {x for r in pool for x in values_of(r, field)}
            if (n := sum(v in values_of(r, field) for r in pool))
        }
        assert dict(found.facets[field]) == counted


@pytest.mark.parametrize(
    "sort",
    [
        "",
        "updated",
        "-updated",
        "title",
        "-title",
        "published",
        "-published",
        "start",
        "-end",
        "id",
        "-id",
        "title,-published",
        "-published,title",
    ],
)
@pytest.mark.parametrize("text", ["", "neige"])
@pytest.mark.parametrize("limit", [7, 97])
def test_pages_walk_the_whole_answer_once(full: Node, sort: str, text: str, limit: int) -> None:
    ids = walk(full, text=text, sort=sort, limit=limit)
    whole = [r.id for r in full.search(text, sort=sort, limit=COUNT)]
    assert ids == whole
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("sort", ["title", "-title", "published", "-published"])
def test_missing_values_come_last(full: Node, sort: str) -> None:
    found = [str(r.title) if "title" in sort else r.published for r in full.search(sort=sort, limit=COUNT)]
    given_ = [value for value in found if value]
    assert found == [*given_, *[""] * (len(found) - len(given_))]
    assert given_ == sorted(given_, reverse=sort.startswith("-"))
    assert len(given_) < len(found)


def test_a_page_address_that_is_not_ours_is_refused(full: Node) -> None:
    token = full.search("neige", limit=5).next
    assert full.search("neige", limit=50, cursor=token).matched
    for wrong in (token[:-2], "x", "é", token[::-1], "AAAA" * 10):
        with pytest.raises(Invalid, match="cursor"):
            full.search("neige", limit=5, cursor=wrong)
    with pytest.raises(Invalid, match="cursor"):
        full.search("snow", limit=5, cursor=token)


def test_phrases_keep_words_together_and_stars_end_prefixes(full: Node, everything: list[Record]) -> None:
    found = {r.id for r in full.search('"sea ice"', limit=COUNT)}
    both = {r.id for r in full.search("sea ice", limit=COUNT)}
    assert found < both
    assert {r.id for r in full.search("précip*", limit=COUNT)} == {
        r.id for r in full.search("précipitation", limit=COUNT)
    }
    assert {r.id for r in full.search("salin*", limit=COUNT)} >= {
        r.id for r in full.search("salinité", limit=COUNT)
    }
    assert everything


def test_words_of_ogc_records_are_alternatives_of_phrases(full: Node) -> None:
    one = {r.id for r in full.ask(Query(text="sea ice", words="records", limit=COUNT))}
    other = {r.id for r in full.ask(Query(text="neige", words="records", limit=COUNT))}
    assert {r.id for r in full.ask(Query(text="sea ice, neige", words="records", limit=COUNT))} == one | other


def test_plural_accents_and_case_do_not_matter(full: Node) -> None:
    for one, other in (("océan", "OCEANS"), ("salinité", "salinites"), ("precipitations", "Précipitation")):
        assert walk(full, text=one, limit=200) == walk(full, text=other, limit=200) != []


def test_an_identifier_finds_its_record(full: Node) -> None:
    assert full.search("urn:test:17").records[0].identifier == "urn:test:17"
    held_ = next(r for r in held(full) if r.doi)
    assert full.search(held_.doi).records[0].id == held_.id
    assert [r.id for r in full.ask(Query(external_ids=(f"doi:{held_.doi}",)))] == [held_.id]
    assert full.ask(Query(external_ids=("doi:",))).matched == sum(bool(r.doi) for r in held(full))
    assert full.ask(Query(ids=(held_.id, "nothing"))).matched == 1


def test_hubs_follow_from_centres(full: Node, everything: list[Record]) -> None:
    hub = full.organisations.hubs_of("coriolis")[0]
    belongs = {c for c in CENTRES if hub in full.organisations.hubs_of(c)}
    expected = sum(r.centre in belongs for r in everything)
    assert full.search(hub=hub).matched == expected > 0
    assert dict(full.search(counts=["hub"]).facets["hub"])[hub] == expected


@pytest.mark.parametrize(
    "actor",
    [
        ANYONE,
        Actor(name="ana", role="reader", centres=("coriolis",)),
        Actor(name="operator", role="editor", centres=("sismer",)),
    ],
)
def test_nobody_learns_of_what_they_may_not_see(full: Node, everything: list[Record], actor: Actor) -> None:
    def may(record: Record) -> bool:
        return (
            record.visibility == "public"
            or (record.visibility == "restricted" and bool(actor.role) and record.centre in actor.centres)
            or (record.visibility == "draft" and bool(actor.role) and actor.name == "operator")
        )

    view = full.acting_as(actor)
    seen = {r.id for r in everything if may(r)}
    assert {r.id for r in held(view)} == seen
    found = view.search("neige", counts=("kind", "visibility"), limit=COUNT)
    assert {r.id for r in found} == {r.id for r in everything if may(r) and matches(r, text="neige")}
    assert sum(b.count for b in found.facets["kind"]) == found.matched
    hidden = next(r for r in everything if not may(r))
    with pytest.raises(NotFound):
        view.show(hidden.id)
    with pytest.raises(NotFound):
        view.originals(hidden.id)
    assert not view.ask(Query(ids=(hidden.id,))).matched
    assert not view.search(hidden.identifier).records or hidden.id not in {
        r.id for r in view.search(hidden.identifier)
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"sort": "size"},
        {"colour": "red"},
        {"counts": ["nothing"]},
        {"limit": -1},
        {"bbox": (1, 2, 3)},
        {"bbox": "a"},
        {"time": "2021/2020"},
        {"text": "x" * 3000},
    ],
)
def test_a_query_that_does_not_fit_says_where(full: Node, wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        full.search(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "* OR *",
        "title_fr: x",
        "a AND b NOT c",
        "'; DROP TABLE record; --",
        "()",
        "^-+",
        "NEAR(a b)",
        "\x00",
        "🌊",
    ],
)
def test_the_language_of_the_engine_is_only_words(full: Node, text: str) -> None:
    assert full.search(text).matched >= 0
    assert full.search().matched == COUNT
