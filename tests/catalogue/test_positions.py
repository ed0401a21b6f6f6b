"""Pages by position are slices of one order, whoever made it and wherever a client starts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from estran.access import ANYONE
from estran.catalogue import Query
from estran.catalogue.expressions import And, Compare, Not, Words
from estran.catalogue.positions import Positions, page
from estran.catalogue.words import split
from tests.catalogue.records import held, put, score_of, some_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.model import Record
    from estran.node import Node

COUNT = 300
ORDERS = ("", "title", "-published", "start,-title", "-updated", "id")


@pytest.fixture(scope="module")
def full(open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with open_node(tmp_path_factory.mktemp("positions")) as node:
        put(node, some_records(COUNT, seed=11))
        yield node


def at(node: Node, skip: int, limit: int, **asked: object) -> list[str]:
    query = replace(Query(skip=skip, limit=limit), **asked)  # pyright: ignore[reportArgumentType]
    return [record.id for record in node.ask(query)]


@pytest.mark.parametrize("sort", ORDERS)
@pytest.mark.parametrize("text", ["", "sea"])
def test_any_page_is_a_slice_of_the_whole(full: Node, sort: str, text: str) -> None:
    whole = at(full, 0, COUNT, sort=sort, text=text)
    matched = full.ask(Query(text=text, limit=0)).matched
    assert len(whole) == len(set(whole)) == matched > 0
    assert [id_ for skip in range(0, matched, 7) for id_ in at(full, skip, 7, sort=sort, text=text)] == whole
    assert at(full, matched, 7, sort=sort, text=text) == []
    assert at(full, matched // 2, 3, sort=sort, text=text) == whole[matched // 2 : matched // 2 + 3]


@pytest.mark.parametrize("sort", [*ORDERS[1:], "relevance"])
def test_the_order_is_that_of_cursors(full: Node, sort: str) -> None:
    by_cursor = [r.id for r in full.ask(Query(text="sea", sort=sort, limit=COUNT))]
    assert at(full, 0, COUNT, text="sea", sort=sort) == by_cursor


def test_unsorted_is_the_order_of_coming(open_node: Callable[[Path], Node], tmp_path: Path) -> None:
    with open_node(tmp_path) as node:
        first, second = some_records(20, seed=3), some_records(30, seed=3)[20:]
        put(node, first)
        before = at(node, 0, 50)
        put(node, second, run=2)
        after = at(node, 0, 50)
        assert after[: len(before)] == before
        assert len(after) == len(before) + 10
        node.remove(before[0])
        assert at(node, 0, 50) == after[1:]


def test_what_one_may_not_see_has_no_position(full: Node) -> None:
    public = {r.id for r in held(full) if r.visibility == "public"}
    seen = at(full.acting_as(ANYONE), 0, COUNT)
    assert set(seen) == public
    assert len(seen) < len(at(full, 0, COUNT))
    assert full.acting_as(ANYONE).ask(Query(skip=0, limit=0)).matched == len(public)


def _said(record: Record, word: str) -> bool:
    return score_of(record, split(word)[0]) > 0


def test_words_are_a_condition_among_others(full: Node) -> None:
    records = held(full)
    both = And((Words("océan"), Compare("type", "=", "dataset")))
    assert set(at(full, 0, COUNT, filter=both)) == {
        r.id for r in records if _said(r, "océan") and r.kind == "dataset"
    }
    assert set(at(full, 0, COUNT, filter=Not(Words("ocean")))) == {
        r.id for r in records if not _said(r, "ocean")
    }
    assert at(full, 0, COUNT, filter=Words("gir")) == []
    assert set(at(full, 0, COUNT, filter=Words("gir", prefix=True))) == {
        r.id for r in records if _said(r, "Gironde")
    }
    assert at(full, 0, COUNT, filter=Words("")) == []


def test_the_least_used_orders_are_forgotten() -> None:
    positions, made = Positions(), []

    def order(name: str) -> Callable[[], np.ndarray]:
        def make() -> np.ndarray:
            made.append(name)
            return np.arange(1_040_000, dtype=np.uint32)  # a quarter of what is held

        return make

    for name in ("a", "b", "c", "a", "d", "e", "a", "b"):
        assert page(positions.whole(name, 1, order(name)), 5, 2) == [5, 6]
    assert made == ["a", "b", "c", "d", "e", "b"]
    positions.whole("a", 2, order("a"))
    assert made[-1] == "a", "a newer revision has other answers"
    positions.whole("a", 1, order("a"))
    assert made[-2:] == ["a", "a"], "an older one is not held"


def test_questions_without_an_answer_are_forgotten_as_well() -> None:
    positions = Positions()
    for n in range(60_000):
        positions.whole(f"{n}" * 20, 1, lambda: np.array([], dtype=np.uint32))
    assert len(positions._orders) < 50_000
    assert len(page(positions.whole("59999" * 20, 1, list), 0, 1)) == 0  # pyright: ignore[reportArgumentType]
