"""``estran view``, called as a user calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.test_cli import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run"]

TITLES = ("--title-fr", "Mers", "--title-en", "Seas")


def test_added_changed_listed_and_removed(run: Callable[..., Outcome]) -> None:
    assert run("init").code == 0
    asked = ("--search", "https://node.example/en/search?hub=ocean&q=salt&page=2")
    done = run("view", "add", "seas", *asked, *TITLES, "--site", "https://a.example")
    assert (done.code, done.out, done.err.strip()) == (0, "", "Added seas: http://localhost:8321/views/seas")
    done = run(
        "view", "change", "seas", "--title-fr", "Océans", "--site", "https://b.example", "--text-en", "All."
    )
    assert (done.code, done.err.strip()) == (0, "Changed seas.")
    told = run("view", "show", "seas", "--json").rows[0]
    assert dict(told["title"]["variants"]) == {"fr": "Océans", "en": "Seas"}
    assert dict(told["text"]["variants"]) == {"en": "All."}
    assert (told["search"], told["sites"], told["matched"]) == (
        [["q", "salt"], ["hub", "ocean"]], ["https://b.example"], 0,
    )  # fmt: skip
    assert "search" in run("view", "show", "seas").out
    assert run("view", "change", "seas", "--site", "", "--json").rows[0].get("sites") is None
    assert run("view", "list").out.split() == ["seas", "Océans"]
    assert [row["name"] for row in run("view", "list", "--json").rows] == ["seas"]
    assert run("view", "remove", "seas", "--json").rows == [{"removed": "seas"}]
    assert run("view", "show", "seas").code == 3


def test_what_cannot_be_is_said(run: Callable[..., Outcome]) -> None:
    assert run("init").code == 0
    pale = run("view", "add", "pale", "--search", "hub=ocean", *TITLES, "--colour", "#ffee88")
    assert (pale.code, "nearest shade" in pale.err) == (5, True)
    assert run("view", "add", "all", "--search", "sort=title", *TITLES).code == 5
    assert run("view", "add", "seas", "--search", "hub=ocean").code == 2
    assert run("view", "remove", "seas").code == 3
