"""``estran queryable``, called as a user calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import estran
from estran.catalogue.items import ITEMS, ItemQuery
from tests.catalogue.test_items import lines, made
from tests.cli.test_cli import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["run"]


def named(items: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{**i, "properties": {**i["properties"], "view:sun": n}} for n, i in enumerate(items)]


@pytest.fixture
def loaded(run: Callable[..., Outcome], tmp_path: Path) -> None:
    assert run("load", str(lines(tmp_path / "a.ndjson", named(made(1, 50))))).code == 0


def test_added_listed_and_removed(run: Callable[..., Outcome], loaded: None, tmp_path: Path) -> None:
    assert [row["name"] for row in run("queryable", "list", "--json").rows] == list(ITEMS)
    done = run("queryable", "add", "view:sun", "--kind", "number", "--title", "Elevation of the sun")
    assert (done.code, done.out, done.err.strip()) == (0, "", "Filters of items may name view:sun.")
    assert run("queryable", "list", "--json").rows[-1] == {
        "name": "view:sun", "kind": "number", "title": "Elevation of the sun", "declared": True, "ready": True,
    }  # fmt: skip
    listed = run("queryable", "list").out.splitlines()
    assert listed[-1].split() == ["view:sun", "number", "declared", "Elevation", "of", "the", "sun"]
    assert "declared" not in listed[0]
    with estran.open(tmp_path / "node") as node:
        assert node.items.counts(ItemQuery(filter='"view:sun" < 7')).total == 7
    assert run("queryable", "add", "platform:x", "--kind", "text", "--json").rows == [{"added": "platform:x"}]
    assert run("queryable", "remove", "view:sun", "--json").rows == [{"removed": "view:sun"}]
    assert run("queryable", "remove", "platform:x").err.strip() == "Removed platform:x."
    assert [row["name"] for row in run("queryable", "list", "--json").rows] == list(ITEMS)


def test_what_was_cut_short_is_listed(run: Callable[..., Outcome], loaded: None, tmp_path: Path) -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with estran.open(tmp_path / "node") as node, pytest.raises(KeyboardInterrupt):
        node.items.declare("view:sun", "number", progress=stop)
    assert "not finished" in run("queryable", "list").out.splitlines()[-1]
    assert run("queryable", "list", "--json").rows[-1]["ready"] is False
    assert run("queryable", "add", "view:sun", "--kind", "number", "--quiet") == Outcome(0, "", "")
    assert run("queryable", "list", "--json").rows[-1]["ready"] is True


def test_what_cannot_be_is_said(run: Callable[..., Outcome], loaded: None) -> None:
    assert run("queryable", "remove", "nothing").code == 3
    assert run("queryable", "add", "gsd", "--kind", "number").code == 5
    assert run("queryable", "add", "a b", "--kind", "number").code == 5
    assert run("queryable", "add", "a", "--kind", "boolean").code == 2
    assert run("queryable", "add", "a").code == 2
    assert run("queryable", "add", "a", "--kind", "text").code == 0
    again = run("queryable", "add", "a", "--kind", "text")
    assert (again.code, "already" in again.err) == (1, True)
