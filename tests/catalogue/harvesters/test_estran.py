"""Another Estran node: a real one, served, followed by its feed; and feeds that are not what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import estran
from estran import formats
from estran.catalogue.harvesters import Found
from estran.catalogue.harvesters.estran import HARVESTER
from estran.errors import Invalid
from estran.model import NODE_FIELDS, Record
from estran.testing.contracts import check_harvester
from tests.catalogue.harvesters.visiting import as_json, found, gone, missed, visiting
from tests.fetching.serving import Asked
from tests.fetching.serving import serving as answering
from tests.web.conftest import feature
from tests.web.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.node import Node


def load(node: Node, folder: Path, numbers: range, title: str = "Record") -> None:
    path = folder / "records.ndjson"
    lines = (json.dumps(feature(f"r{number}", f"{title} {number}", (0, 1, 2, 3))) for number in numbers)
    path.write_text("\n".join(lines))
    node.load([path])


def test_a_real_node_is_followed_without_loss(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    with estran.open(folder) as node:
        load(node, tmp_path, range(450))
        held = {record.id: record for record in node.search(limit=1000)}
    with serving(folder) as (base, _), visiting(base, "estran") as visit:
        events = check_harvester(HARVESTER, visit, marks=3)
    assert set(found(events)) == held.keys()
    assert len(held) == 450
    empty = {name: getattr(Record(), name) for name in NODE_FIELDS}
    for event in events:
        if isinstance(event, Found):
            (record,) = formats.read(event.document)
            assert isinstance(record, Record)
            assert replace(record, **empty) == replace(held[event.key], **empty)


class Feed:
    """A feed of changes as a node gives it: a thing once, at its newest change."""

    def __init__(self, number: int) -> None:
        self.changes = [self.change(n) for n in range(1, number + 1)]
        self.faults: dict[int, bytes] = {}

    @staticmethod
    def change(number: int, op: str = "add") -> dict[str, Any]:
        at = f"2026-01-01T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z"
        record = {
            "estran": 1,
            "id": f"r{number}",
            "record": {"identifier": str(number), "title": {"variants": [["", "x"]]}},
        }
        told = {"number": number, "kind": "record", "id": f"r{number}", "op": op, "at": at}
        return told | ({} if op == "remove" else {"document": record})

    def __call__(self, asked: Asked) -> bytes:
        after, limit = int(asked.query["after"]), int(asked.query["limit"])
        if after in self.faults:
            return self.faults[after]
        lines = [one for one in self.changes if one["number"] > after]
        whole = asked.query.get("include") == "document"
        told = [
            one if whole else {k: v for k, v in one.items() if k != "document"}
            for one in lines[:limit]
            if one["op"] != "hidden"
        ]
        position = (
            lines[limit - 1]["number"] if len(lines) > limit else max(after, self.changes[-1]["number"])
        )
        links = [{"rel": "next", "href": "unused"}] if len(lines) > limit else []
        return as_json({"node": "A node", "position": position, "changes": told, "links": links})


def test_what_was_removed_is_said_and_what_is_hidden_is_passed_over() -> None:
    feed = Feed(500)
    feed.changes[10] = Feed.change(11, "remove")
    for number in range(100, 400):
        feed.changes[number]["op"] = "hidden"
    with answering(feed) as server, visiting(server.url, "estran") as visit:
        events = check_harvester(HARVESTER, visit)
    assert gone(events) == ["r11"]
    assert len(found(events)) == 199
    assert not missed(events)


@pytest.mark.parametrize(
    ("since", "first"),
    [("2026-01-01T00:10:00Z", 600), ("2027-01-01T00:00:00Z", 1001), ("2020-01-01T00:00:00Z", 1)],
)
def test_what_changed_since_is_found_by_halving(since: str, first: int) -> None:
    with answering(Feed(1000)) as server, visiting(server.url, "estran", since=since) as visit:
        numbers = [int(name[1:]) for name in found(HARVESTER.changes(visit))]
        looked = sum("include" not in asked.query for asked in server.asked)
    assert set(range(first, 1001)) <= set(numbers)
    assert len(numbers) <= 1001 - first + 50
    assert looked < 40


def test_what_is_held_at_its_number_is_kept() -> None:
    with answering(Feed(3)) as server, visiting(server.url, "estran", stamps={"r2": "2", "r3": "1"}) as visit:
        assert found(HARVESTER.changes(visit)) == ["r1", "r3"]


def test_a_bad_change_does_not_lose_its_page() -> None:
    feed = Feed(4)
    feed.changes[0].pop("id")
    feed.changes[1]["document"] = "text"
    feed.changes[2]["kind"] = "comet"
    with answering(feed) as server, visiting(f"{server.url}/api/changes", "estran") as visit:
        events = list(HARVESTER.changes(visit))
    assert found(events) == ["r4"]
    assert missed(events) == [
        f"{server.url}/api/changes?after=0&kind=record&include=document&limit=200: a change does not say of what it is"
    ]


def test_a_feed_that_stands_still_ends() -> None:
    body = as_json({"changes": [Feed.change(1)], "position": 0, "links": [{"rel": "next", "href": "x"}]})
    with answering(lambda _: body) as server, visiting(server.url, "estran") as visit:
        events = list(HARVESTER.changes(visit))
    assert found(events) == ["r1"]
    assert "does not get further" in missed(events)[0]


@pytest.mark.parametrize(
    "body", [b"<html/>", b"{}", b'{"changes": []}', b'{"changes": [], "position": "x"}', b'{"changes": [']
)
def test_what_is_no_feed_is_refused(body: bytes) -> None:
    with answering(lambda _: body) as server, visiting(server.url, "estran") as visit, pytest.raises(Invalid):
        list(HARVESTER.changes(visit))


def test_guesses() -> None:
    ask: Callable[[bytes], float] = lambda body: HARVESTER.recognise("https://x", body)  # noqa: E731
    assert ask(b'{"node": "A", "position": 3, "changes": []}') == 0.9
    assert ask(b'{"changes": 3}') == 0.0
