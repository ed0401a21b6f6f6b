"""Free text over items: what their collections say and how their ids start, on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from estran.access import ANYONE
from estran.catalogue.items import ItemQuery
from estran.errors import Invalid
from tests.catalogue.test_writing import collection, item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

COLLECTIONS = {
    "colour": ("Ocean colour", "Chlorophylle de surface"),
    "snow": ("Snow cover", "Neige des Alpes"),
    "radar": ("Backscatter", "Ocean and land"),
}
# The ids of "colour" start as those of "snow" do, some with what must not be taken for a pattern.
IDS = {
    "colour": [f"S3A_OL_{n:04}" for n in range(30)] + ["100%", "a_b"],
    "snow": [f"s3a_sn_{n:04}" for n in range(20)] + ["1000", "axb", "Ocean-1"],
    "radar": [f"S1_{n:05}" for n in range(1200)],
}


@pytest.fixture(scope="module")
def full(open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("wording")
    lines = [collection(name, title=title, description=words) for name, (title, words) in COLLECTIONS.items()]
    lines += [item(id_, collection=name) for name, ids in IDS.items() for id_ in ids]
    (folder / "a.ndjson").write_bytes(b"\n".join(lines))
    hidden = [collection("hidden", title="Hidden ocean"), item("S3A_hidden", collection="hidden")]
    (folder / "h.ndjson").write_bytes(b"\n".join(hidden))
    with open_node(folder / "node") as node:
        assert not node.load(folder / "a.ndjson").refused
        node.load(folder / "h.ndjson", visibility="restricted", source="h", centre="coriolis")
        yield node.acting_as(ANYONE)


def found(node: Node, *terms: str, **asked: Any) -> set[str]:
    query = node.collections.narrowed(ItemQuery(limit=7000, **asked), terms)
    return set() if query is None else {one.id for one in node.items.search(query)}


def expected(about: set[str], *starts: str) -> set[str]:
    return {
        id_ for name, ids in IDS.items() for id_ in ids
        if name in about or any(id_.startswith((s, s.upper(), s.lower())) for s in starts)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "about"),
    [
        (("ocean",), {"colour", "radar"}),
        (("neige",), {"snow"}),
        (("ocean colour",), {"colour"}),
        (("colour ocean",), set()),
        (("snow", "chlorophylle"), {"snow", "colour"}),
        (("snow,chlorophylle",), set()),
        (("S3A",), set()),
        (("s3a_ol",), set()),
        (("s1_",), set()),
        (("snow", "S3A_OL_000"), {"snow"}),
        (("snow", "s1_0"), {"snow"}),
        (("100%",), set()),
        (("a_",), set()),
        (("radar",), {"radar"}),  # what it is called
        (("nothing",), set()),
        (("the",), set()),
        ((" ", ""), set(COLLECTIONS)),
        ((), set(COLLECTIONS)),
    ],
)
def test_terms_are_about_collections_or_start_ids(
    full: Node, terms: tuple[str, ...], about: set[str]
) -> None:
    starts = [term for term in terms if term.strip() and "," not in term]
    assert found(full, *terms) == expected(about, *starts)


def test_the_rest_of_the_question_holds(full: Node) -> None:
    assert found(full, "S3A", "snow", collections=("snow", "radar")) == set(IDS["snow"])
    assert found(full, "Ocean", collections=("snow",)) == {"Ocean-1"}
    assert found(full, "S3A", ids=("S3A_OL_0001", "S1_00001")) == {"S3A_OL_0001"}
    assert found(full, "s1", "snow", filter="id LIKE '%7'") == {
        i for i in expected({"snow"}, "s1") if i.endswith("7")
    }
    assert found(full, "snow", filter="platform = 'none'") == set()
    given = {"op": "=", "args": [{"property": "id"}, "S1_00003"]}
    assert found(full, "s1", "snow", filter=given) == {"S1_00003"}


def test_what_is_hidden_stays_so(full: Node) -> None:
    assert found(full, "hidden") == set()
    assert "S3A_hidden" not in found(full, "S3A", "ocean")


def test_pages_walk_it_once(full: Node) -> None:
    ids: list[str] = []
    cursor = ""
    while True:
        query = full.collections.narrowed(ItemQuery(limit=100, cursor=cursor), ("s1", "snow"))
        assert query is not None
        page = full.items.search(query)
        ids += [one.id for one in page]
        cursor = page.next
        if not cursor:
            break
    assert len(ids) == len(set(ids))
    assert set(ids) == expected({"snow"}, "s1")


def test_too_much_is_refused(full: Node) -> None:
    with pytest.raises(Invalid):
        found(full, *[f"w{n}" for n in range(33)])
    with pytest.raises(Invalid):
        found(full, "x" * 201)
