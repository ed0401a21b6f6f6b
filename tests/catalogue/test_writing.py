"""Items and collections from those who may write: whole or not at all, on every engine."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from estran.access import ANYONE, Actor
from estran.catalogue.items import ItemQuery
from estran.catalogue.merging import merged, merged_document
from estran.errors import Conflict, Invalid, NotAllowed, NotFound
from estran.formats import Links

if TYPE_CHECKING:
    from estran.node import Node

LINKS = Links("http://node.example")
EDITOR = Actor(name="Ana", role="editor", centres=("coriolis",))
STRANGER = Actor(name="Bob", role="editor", centres=("theia",))
READER = Actor(name="Eve", role="reader", centres=("coriolis",))


def collection(name: str = "c", **more: Any) -> bytes:
    return json.dumps(
        {
            "type": "Collection",
            "stac_version": "1.1.0",
            "id": name,
            "title": "Of tests",
            "description": "Made by a test",
            "license": "CC-BY-4.0",
            "extent": {"spatial": {"bbox": [[0, 40, 10, 50]]}, "temporal": {"interval": [["2020-01-01T00:00:00Z", None]]}},
            "links": [],
            **more,
        }
    ).encode()  # fmt: skip


def item(name: str = "i", /, **more: Any) -> bytes:
    return json.dumps(
        {
            "type": "Feature",
            "stac_version": "1.1.0",
            "id": name,
            "geometry": {"type": "Point", "coordinates": [3, 43]},
            "bbox": [3, 43, 3, 43],
            "properties": {"datetime": "2021-05-06T07:08:09Z", "eo:cloud_cover": 12.50, "platform": "p"},
            "assets": {"data": {"href": "https://example.org/a.tif"}},
            "links": [{"rel": "via", "href": "https://example.org/via"}],
            "own:member": [1, 2.50],
            **more,
        }
    ).encode()  # fmt: skip


@pytest.fixture
def editor(node: Node) -> Node:
    """The node as an editor of a centre, who has made the collection “c”."""
    mine = node.acting_as(EDITOR)
    mine.collections.add(collection(), LINKS)
    return mine


def shown(node: Node, name: str = "i") -> dict[str, Any]:
    held = node.items.show("c", name)
    return json.loads(b'%b,"links":[%b]}' % (held.body, held.links))


def log(node: Node) -> list[tuple[str, str, str, str]]:
    return [(c.kind, c.id, c.op, c.actor) for c in node.changes() if c.kind in ("item", "record")]


def test_an_item_is_added_replaced_changed_and_removed(node: Node, editor: Node) -> None:
    assert editor.items.add("c", [item()]) == ("i",)
    assert shown(node) == {**json.loads(item()), "collection": "c"}
    assert b'"own:member":[1,2.5]' in node.items.show("c", "i").body.replace(b" ", b"")
    editor.items.put("c", "i", item(properties={"datetime": "2022-01-01T00:00:00Z"}))
    assert shown(node)["properties"] == {"datetime": "2022-01-01T00:00:00Z"}
    patch = {"properties": {"platform": "q", "a": {"b": 1}}, "own:member": None}
    editor.items.patch("c", "i", json.dumps(patch).encode())
    assert shown(node)["properties"] == {"datetime": "2022-01-01T00:00:00Z", "platform": "q", "a": {"b": 1}}
    assert "own:member" not in shown(node)
    assert shown(node)["links"] == [{"rel": "via", "href": "https://example.org/via"}]
    assert [i.id for i in node.items.search(ItemQuery(filter="platform = 'q'"))] == ["i"]
    editor.items.remove("c", "i")
    with pytest.raises(NotFound):
        editor.items.remove("c", "i")
    assert log(node)[1:] == [("item", "c/i", op, "Ana") for op in ("add", "change", "change", "remove")]


def test_several_items_are_stored_together_or_none_is(node: Node, editor: Node) -> None:
    assert editor.items.add("c", [item(f"n{n}") for n in range(600)])[599] == "n599"
    before = node.revision()
    for wrong, why, where in (
        (item("bad", properties={}), Invalid, r"features\[1\] “bad”"),
        (item("bad", geometry={"type": "Polygon", "coordinates": [[[0, 0], [1, 200]]]}), Invalid, r"features\[1\]"),
        (item("bad", collection="other"), Invalid, r"features\[1\].*“other”"),
        (item("good"), Invalid, r"features\[1\].*“good” stands there before"),
        (item("n599"), Conflict, r"features\[1\].*“n599”"),
        (b'"bad"', Invalid, r"features\[1\].*no STAC Item"),
    ):  # fmt: skip
        with pytest.raises(why, match=where):
            editor.items.add("c", [item("good"), wrong])
    assert node.revision() == before
    assert node.items.count("c") == 600


@pytest.mark.parametrize(
    "wrong",
    [
        b"", b"[]", b"{", b"null", b'"x"', b"\xff", item(type="Point"), item(id=3), item(id=""), item(id="a\nb"),
        item(id="x" * 501), item(collection="d"), item(collection=None), item(assets=None), item(properties=None),
        item(properties={"datetime": "yesterday"}), item(stac_version=1), item(geometry={"type": "Blob"}), item(title="a\0b"),
        item(properties={"datetime": "2021-05-06T07:08:09Z", "sat:relative_orbit": 1e300}),
        item().replace(b'"assets"', b'"no"'), b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_item_is_refused(node: Node, editor: Node, wrong: bytes) -> None:
    with pytest.raises(Invalid):
        editor.items.add("c", [wrong])
    editor.items.add("c", [item()])
    with pytest.raises(Invalid):
        editor.items.put("c", "i", wrong)
    assert shown(node) == {**json.loads(item()), "collection": "c"}


@pytest.mark.parametrize(
    "patch", [b"", b"[]", b"{", b'{"id": "j"}', b'{"collection": "d"}', b'{"properties": null}', b'{"properties": {"datetime": null}}']
)  # fmt: skip
def test_a_patch_that_breaks_the_item_changes_nothing(node: Node, editor: Node, patch: bytes) -> None:
    editor.items.add("c", [item()])
    before = node.revision()
    with pytest.raises(Invalid):
        editor.items.patch("c", "i", patch)
    assert node.revision() == before


def test_what_is_not_there_is_not_replaced(editor: Node) -> None:
    with pytest.raises(NotFound):
        editor.items.put("c", "i", item())
    with pytest.raises(NotFound):
        editor.items.patch("c", "i", b"{}")
    with pytest.raises(NotFound):
        editor.items.add("nothing", [item()])
    with pytest.raises(NotFound):
        editor.collections.put("nothing", collection("nothing"), LINKS)
    with pytest.raises(NotFound):
        editor.collections.patch("nothing", b"{}", LINKS)
    with pytest.raises(NotFound):
        editor.collections.remove("nothing")


@pytest.mark.parametrize("actor", [ANYONE, READER, STRANGER])
def test_only_who_may_write_writes(node: Node, editor: Node, actor: Actor) -> None:
    editor.items.add("c", [item()])
    before, other = node.revision(), node.acting_as(actor)
    for write in (
        lambda: other.items.add("c", [item("j")]),
        lambda: other.items.put("c", "i", item()),
        lambda: other.items.patch("c", "i", b"{}"),
        lambda: other.items.remove("c", "i"),
        lambda: other.collections.put("c", collection(), LINKS),
        lambda: other.collections.patch("c", b"{}", LINKS),
        lambda: other.collections.remove("c"),
    ):
        with pytest.raises(NotAllowed):
            write()
    if actor != STRANGER:
        with pytest.raises(NotAllowed):
            other.collections.add(collection("d"), LINKS)
    assert node.revision() == before


def test_of_several_who_add_one_item_one_does(node: Node, editor: Node) -> None:
    outcomes: list[str] = []

    def add(n: int) -> None:
        try:
            editor.items.add("c", [item("same", title=str(n))])
            outcomes.append("added")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=add, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["added"] + ["refused"] * 5
    assert len([entry for entry in log(node) if entry[1] == "c/same"]) == 1


def test_patches_at_the_same_time_all_count(node: Node, editor: Node) -> None:
    editor.items.add("c", [item()])

    def patch(n: int) -> None:
        editor.items.patch("c", "i", json.dumps({"properties": {f"n{n}": n}}).encode())

    threads = [threading.Thread(target=patch, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {f"n{n}": n for n in range(4)}.items() <= shown(node)["properties"].items()


def test_a_collection_is_added_replaced_changed_and_removed(node: Node, editor: Node) -> None:
    with pytest.raises(Conflict):
        editor.collections.add(collection(), LINKS)
    record = node.items.collection("c")
    assert (record.centre, record.visibility) == ("coriolis", "public")
    editor.collections.put("c", collection(title="Second"), LINKS)
    editor.collections.patch("c", b'{"description": "Patched", "keywords": ["sea"]}', LINKS)
    after = node.items.collection("c")
    assert (str(after.title), str(after.abstract)) == ("Second", "Patched")
    assert (after.id, after.source, after.centre, after.added) == (
        record.id,
        record.source,
        "coriolis",
        record.added,
    )
    editor.collections.put("c", collection(), LINKS)  # as it was once: it counts all the same
    assert str(node.items.collection("c").title) == "Of tests"
    editor.items.add("c", [item()])
    with pytest.raises(Conflict, match="1 items"):
        editor.collections.remove("c")
    editor.items.remove("c", "i")
    editor.collections.remove("c")
    assert node.items.collections() == ()
    assert [op for kind, _, op, who in log(node) if kind == "record" and who == "Ana"] == [
        "add", "change", "change", "change", "remove",
    ]  # fmt: skip
    editor.collections.add(collection(), LINKS)
    assert [name for name, _ in node.items.collections()] == ["c"]


def test_links_of_the_node_itself_are_not_kept(node: Node, editor: Node) -> None:
    links = [
        {"rel": "self", "href": "https://client.example/c.json"},
        {"rel": "items", "href": "http://node.example/stac/collections/c/items"},
        {"rel": "alternate", "href": "http://node.example/data/x.ttl", "type": "text/turtle"},
        {"rel": "about", "href": "https://example.org/about", "type": "text/html"},
    ]
    editor.collections.put("c", collection(links=links), LINKS)
    record = node.items.collection("c")
    assert record.landing_page == "https://example.org/about"
    assert record.distributions == ()


@pytest.mark.parametrize(
    "wrong",
    [b"", b"[]", b"{", collection(type="Catalog"), collection(id="a/b"), collection(id=""), collection(id=3),
     collection(title="a\0b"), collection("x" * 201), b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_collection_is_refused(node: Node, editor: Node, wrong: bytes) -> None:
    before = node.revision()
    with pytest.raises(Invalid):
        editor.collections.add(wrong, LINKS)
    with pytest.raises(Invalid):
        editor.collections.put("c", wrong, LINKS)
    assert node.revision() == before


def test_a_loaded_collection_stays_that_of_its_source(node: Node, tmp_path: Any) -> None:
    (tmp_path / "c.json").write_bytes(collection())
    node.load(tmp_path / "c.json", source="ours", centre="coriolis", visibility="restricted")
    assert node.acting_as(ANYONE).items.collections() == ()
    mine = node.acting_as(EDITOR)
    mine.collections.patch("c", b'{"title": "Patched"}', LINKS)
    record = node.items.collection("c")
    assert (str(record.title), record.source, record.visibility) == ("Patched", "ours", "restricted")
    assert len(node.items.collections()) == 1
    with pytest.raises(NotFound):
        node.acting_as(STRANGER).collections.patch("c", b"{}", LINKS)
    with pytest.raises(Conflict):
        node.acting_as(STRANGER).collections.add(collection(), LINKS)


# The examples of RFC 7396, appendix A, that objects can have.
@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch(before: Any, patch: Any, after: Any) -> None:
    assert merged(before, patch) == after
    assert json.loads(merged_document(json.dumps(before).encode(), json.dumps(patch).encode())) == after


def test_a_patch_of_what_was_no_stac_collection_adds_nothing_but_itself(node: Node, tmp_path: Any) -> None:
    catalogue = {"type": "Catalog", "stac_version": "1.1.0", "id": "bare", "description": "Bare", "links": []}
    (tmp_path / "c.json").write_text(json.dumps(catalogue), "utf-8")
    node.load(tmp_path / "c.json")
    node.collections.patch("bare", b'{"title": "Named", "keywords": ["sea"]}', LINKS)
    record = node.items.collection("bare")
    assert (str(record.title), str(record.abstract)) == ("Named", "Bare")
    assert [str(concept.label) for concept in record.concepts] == ["sea"]
    assert (record.extent.boxes, record.extent.periods, record.licences) == ((), (), ())
