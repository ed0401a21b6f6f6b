"""Processes that prepare items are told of the dictionaries that were made since they began."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from estran.catalogue import portions
from estran.catalogue.inbox import Inbox
from estran.catalogue.load import _TIMES, _Lessons
from estran.catalogue.portions import Assignment, prepared
from estran.catalogue.processes import cores
from estran.formats import Document

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from estran.node import Node


def item(collection: str, number: int) -> bytes:
    return json.dumps({
        "type": "Feature", "stac_version": "1.1.0", "id": f"{collection}-{number}", "collection": collection,
        "geometry": None, "properties": {"datetime": "2020-01-01T00:00:00Z", "note": f"a long note on {number} " * 9},
        "links": [], "assets": {},
    }).encode()  # fmt: skip


def load(node: Node, folder: Path, collection: str) -> None:
    (folder / f"{collection}.ndjson").write_bytes(b"\n".join(item(collection, n) for n in range(300)))
    assert node.load(folder / f"{collection}.ndjson").new == 300


def test_each_lesson_is_said_to_all_and_then_no_more(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "_packing", portions._Packing())
    catalogue, given = node._house.catalogue, Assignment(source="s")
    load(node, tmp_path, "early")
    lessons = _Lessons(inbox := Inbox(catalogue._store, catalogue._items, given, "me"))
    try:
        said = [lessons.next() for _ in range(_TIMES * cores())]
        assert all(lesson and set(lesson[0]) == {"early"} for lesson in said)
        assert lessons.next() is None
        load(node, tmp_path, "late")
        lesson = lessons.next()
        assert lesson is not None
        assert set(lesson[0]) == {"late"}
        task = [Document("a.json", item("late", 999))]
        assert prepared(task, given).items[0].packed == b""
        made = prepared(task, given, lesson).items[0]
        assert 0 < len(made.packed) < len(item("late", 999)) / 3
        with catalogue._store.view() as view:
            assert b"a long note on 999" in catalogue._items.unpack(view.connection, made.packed)
    finally:
        inbox.close()
