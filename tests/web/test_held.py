"""Answers held for the next who asks the same: given again only while they are true, and to the right person."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from estran.web import held
from estran.web.app import create_app
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node


def item(number: int) -> bytes:
    return json.dumps({
        "type": "Feature", "stac_version": "1.1.0", "id": f"i{number}", "collection": "c", "geometry": None,
        "properties": {"datetime": "2020-01-01T00:00:00Z"}, "links": [], "assets": {},
    }).encode()  # fmt: skip


@pytest.fixture
def own(tmp_path: Path, open_node: Callable[[Path], Node]) -> Iterator[Node]:
    with open_node(tmp_path / "node") as node:
        yield node


def put(node: Node, folder: Path, number: int) -> None:
    path = folder / f"{number}.json"
    path.write_bytes(item(number))
    node.load(path)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Grows by one each time an answer is given that was given before."""
    given: list[object] = []
    get = held.Held.get

    def counting(self: held.Held, key: tuple[str, bytes]) -> held.Answer | None:
        found = get(self, key)
        if found:
            given.append(key)
        return found

    monkeypatch.setattr(held.Held, "get", counting)
    return given


def test_the_second_asker_gets_what_the_first_got(own: Node, tmp_path: Path, counted: list[object]) -> None:
    put(own, tmp_path, 1)
    client = Client(create_app(own))
    own.revision()
    first, second = client.get("/stac/collections/c"), client.get("/stac/collections/c")
    assert len(counted) == 1
    assert first.content == second.content
    assert {**first.headers, "x-request-id": ""} == {**second.headers, "x-request-id": ""}
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert client.ask("HEAD", "/stac/collections/c").content == b""


def test_a_change_by_anyone_ends_it(
    own: Node, tmp_path: Path, counted: list[object], open_node: Callable[[Path], Node]
) -> None:
    put(own, tmp_path, 1)
    client = Client(create_app(own))
    assert len(client.json("/stac/collections/c/items")["features"]) == 1
    with open_node(tmp_path / "node") as another:
        put(another, tmp_path, 2)
    assert len(client.json("/stac/collections/c/items")["features"]) == 2
    assert not counted


def test_no_tag_speaks_of_a_revision_older_than_its_answer(
    own: Node, tmp_path: Path, open_node: Callable[[Path], Node]
) -> None:
    put(own, tmp_path, 1)
    own.revision()
    tag = Client(create_app(own)).get("/stac/collections/c/items").headers["etag"]
    with open_node(tmp_path / "node") as another:
        put(another, tmp_path, 2)
    # Nothing is held here, so nobody asks the database first whether something changed.
    client = Client(create_app(own))
    found = client.get("/stac/collections/c/items")
    assert len(found.json()["features"]) == 2
    assert found.headers.get("etag") != tag
    assert client.get("/stac/collections/c/items", If_None_Match=tag).status_code == 200
    last = client.get("/stac/collections/c/items").headers["etag"]
    assert client.get("/stac/collections/c/items", If_None_Match=last).status_code == 304


def test_what_is_packed_is_given_to_those_who_take_it(
    own: Node, tmp_path: Path, counted: list[object]
) -> None:
    put(own, tmp_path, 1)
    client = Client(create_app(own))
    own.revision()
    packed = client.get("/stac", Accept_Encoding="gzip")
    plain = client.get("/stac", Accept_Encoding="identity")
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert client.get("/stac", Accept_Encoding="gzip").json() == plain.json()
    assert len(counted) == 1


def test_those_who_show_who_they_are_are_asked_for_anew(
    own: Node, tmp_path: Path, counted: list[object]
) -> None:
    put(own, tmp_path, 1)
    client = Client(create_app(own))
    secret = own.tokens.create("somebody", "operator").secret
    for _ in range(2):
        assert client.get("/stac", Authorization=f"Bearer {secret}").status_code == 200
    assert client.get("/stac").status_code == 200
    assert not counted


def test_large_and_old_answers_are_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = held.Held()
    start = {"type": "http.response.start", "status": 200, "headers": []}
    answers.put(("large", b""), start, b"x" * (65 << 10))
    assert answers.get(("large", b"")) is None
    for number in range(300):
        answers.put((str(number), b""), start, b"x" * (60 << 10))
    assert answers.get(("0", b"")) is None
    assert answers.get(("299", b"")) is not None
    monkeypatch.setattr(held.time, "monotonic", lambda: 1e12)
    assert answers.get(("299", b"")) is None
