"""The feed of changes as another node follows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import estran
from estran.formats import Document, estran_json
from estran.model import Record
from estran.web.app import create_app
from tests.web.client import BASE, Client
from tests.web.conftest import feature, id_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.node import Node

FEED = "/api/changes"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Node]:
    """A node of its own."""
    with estran.open(tmp_path / "node", name="Nœud", web={"page_limit": 50}) as opened:
        yield opened


def load(node: Node, folder: Path, *identifiers: str, title: str = "Title of", **options: Any) -> None:
    """Records by their identifiers, entered or changed."""
    file = folder / "records.ndjson"
    file.write_text("\n".join(json.dumps(feature(name, f"{title} {name}")) for name in identifiers), "utf-8")
    node.load(file, centre="coriolis", **options)


def followed(client: Client, url: str = FEED, **headers: str) -> tuple[list[dict[str, Any]], int]:
    """All that the feed tells from an address on, and the position at its end."""
    told: list[dict[str, Any]] = []
    while True:
        answer = client.get(url, **headers)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        told += page["changes"]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            return told, page["position"]
        url = following[0].removeprefix(BASE)


def test_following_the_pages_tells_every_record_once(client: Client, node: Node) -> None:
    for limit in (1, 7, 40):
        told, position = followed(client, f"{FEED}?limit={limit}")
        assert position == node.revision()
        live = [one["id"] for one in told if one["op"] != "remove"]
        assert len(live) == len(set(live)) == 65
        assert [one["number"] for one in told] == sorted({one["number"] for one in told})
    assert followed(client, f"{FEED}?after={position}") == ([], position)


def test_the_hidden_stays_hidden_and_the_removed_is_told(client: Client) -> None:
    told, _ = followed(client, f"{FEED}?include=document")
    assert "oundings" not in str(told)
    (gone,) = [one for one in told if one["op"] == "remove"]
    assert gone["id"].startswith("gone-with-the-tide")
    assert "document" not in gone


def test_a_record_comes_whole(client: Client, node: Node, salinity: str) -> None:
    told, _ = followed(client, f"{FEED}?include=document")
    (found,) = [one for one in told if one["id"] == salinity]
    assert found["address"] == f"{BASE}/data/{salinity}"
    body = msgspec.json.encode(found["document"])
    assert (
        msgspec.json.decode(client.get(f"/data/{salinity}/formats/estran-json").content) == found["document"]
    )
    (record,) = estran_json.read(Document("x.json", body))
    assert isinstance(record, Record)
    mine = node.show(salinity)
    assert (record.title, record.extent, record.parties, record.warnings) == (
        mine.title, mine.extent, mine.parties, mine.warnings,
    )  # fmt: skip


def test_what_is_changed_hidden_and_removed_moves_to_the_end(own: Node, tmp_path: Path) -> None:
    client = Client(create_app(own))
    load(own, tmp_path, "a", "b", "c")
    a, b, c = (id_of(own, name) for name in "abc")
    told, position = followed(client)
    assert {one["id"]: one["op"] for one in told} == {a: "add", b: "add", c: "add"}
    load(own, tmp_path, "a", title="New title of")
    own.remove(b)
    told, position = followed(client, f"{FEED}?after={position}")
    assert [(one["id"], one["op"]) for one in told] == [(a, "change"), (b, "remove")]
    # Hidden from everyone but its centre: for all others it is removed.
    load(own, tmp_path, "c", visibility="restricted")
    told, position = followed(client, f"{FEED}?after={position}")
    assert [(one["id"], one["op"]) for one in told] == [(c, "remove")]
    secret = own.tokens.create("reader", "reader", "coriolis").secret
    reader, _ = followed(client, authorization=f"Bearer {secret}")
    assert {one["id"]: one["op"] for one in reader} == {a: "change", b: "remove", c: "change"}
    load(own, tmp_path, "c", visibility="public")
    assert [(one["id"], one["op"]) for one in followed(client, f"{FEED}?after={position}")[0]] == [
        (c, "change")
    ]


def test_what_never_was_public_is_never_told(own: Node, tmp_path: Path) -> None:
    client = Client(create_app(own))
    load(own, tmp_path, "a", visibility="draft")
    load(own, tmp_path, "b", visibility="restricted", source="other")
    ids = [id_of(own, name) for name in "ab"]
    for id_ in ids:
        own.remove(id_)
    assert followed(client)[0] == []
    assert [client.get(f"/data/{id_}").status_code for id_ in ids] == [404, 404]
    secret = own.tokens.create("reader", "reader", "coriolis").secret
    reader, _ = followed(client, authorization=f"Bearer {secret}")
    assert [one["op"] for one in reader] == ["remove"]


def test_items_are_told_where_they_are_asked_for(own: Node) -> None:
    client = Client(create_app(own))
    own.collections.add(
        json.dumps(
            {
                "type": "Collection", "stac_version": "1.0.0", "id": "scenes", "description": "Scenes",
                "license": "other", "links": [],
                "extent": {"spatial": {"bbox": [[0, 0, 1, 1]]}, "temporal": {"interval": [[None, None]]}},
            }
        ).encode(),
        own.links,
    )  # fmt: skip
    item = {
        "type": "Feature", "stac_version": "1.0.0", "id": "one/1", "geometry": None,
        "properties": {"datetime": "2020-01-01T00:00:00Z"}, "links": [], "assets": {},
    }  # fmt: skip
    own.items.add("scenes", [json.dumps(item).encode()])
    told, _ = followed(client, f"{FEED}?kind=item,record")
    assert {one["kind"] for one in told} == {"record", "item"}
    (one,) = [one for one in told if one["kind"] == "item"]
    assert client.get(one["address"].removeprefix(BASE)).json()["id"] == "one/1"
    assert "item" not in {one["kind"] for one in followed(client)[0]}


def test_an_unchanged_feed_is_not_sent_again(client: Client) -> None:
    answer = client.get(FEED)
    assert client.get(FEED, if_none_match=answer.headers["etag"]).status_code == 304


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("after=-1", "after"), ("after=x", "after"), (f"after={'9' * 30}", "after"), ("limit=0", "limit"),
        ("kind=token", "kind"), ("include=all", "include"), ("since=3", "since"),
    ],
)  # fmt: skip
def test_refusals_name_the_parameter(client: Client, query: str, where: str) -> None:
    answer = client.get(f"{FEED}?{query}")
    assert answer.status_code == 400
    assert answer.json()["where"] == where


def test_a_position_beyond_the_end_stays_there(client: Client) -> None:
    assert client.json(f"{FEED}?after=999999999")["position"] == 999_999_999
