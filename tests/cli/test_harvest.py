"""``estran harvest``, called as a user calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import estran
from tests.catalogue.harvest.scripted import dataset
from tests.cli.test_cli import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["run"]


@pytest.fixture
def theirs(run: Callable[..., Outcome], tmp_path: Path) -> Path:
    """A folder of ten files, set up as a source."""
    assert run("init").code == 0
    folder = tmp_path / "theirs"
    folder.mkdir()
    for n in range(10):
        (folder / f"{n}.json").write_text(dataset(n))
    done = run("harvest", "add", "theirs", str(folder))
    assert done.code == 0
    assert "speaks folder" in done.err
    return folder


def test_added_run_and_shown(run: Callable[..., Outcome], theirs: Path, tmp_path: Path) -> None:
    assert "never read" in run("harvest", "list").out
    done = run("harvest", "run", "theirs")
    assert (done.code, done.out, done.err.strip()) == (0, "", "theirs: done: 10 new")
    (theirs / "bad.xml").write_text("<nothing")
    done = run("harvest", "run", "theirs", "--json")
    assert done.code == 5
    assert (done.rows[0]["unchanged"], done.rows[0]["refused"]) == (10, 1)
    status = run("harvest", "status", "theirs").out
    assert "refused  bad.xml: no metadata format is recognised" in status
    assert run("harvest", "status", "theirs", "--json").rows[0]["refused"][0]["key"] == "bad.xml"
    assert run("harvest", "show", "theirs", "bad.xml").out == "<nothing"
    assert "done: 10 unchanged, 1 refused" in run("harvest", "list").out
    with estran.open(tmp_path / "node") as node:
        assert node.search("turbidity", source="theirs").matched == 10


def test_a_loss_is_confirmed(run: Callable[..., Outcome], theirs: Path) -> None:
    run("harvest", "run", "theirs", "-q")
    for n in range(5):
        (theirs / f"{n}.json").unlink()
    done = run("harvest", "run", "theirs")
    assert done.code == 1
    assert "5 of 10 are gone" in done.err
    assert (
        run("harvest", "run", "theirs", "--confirm-loss").err.strip()
        == "theirs: done: 5 unchanged, 5 removed"
    )


def test_one_that_fails_does_not_keep_the_others(
    run: Callable[..., Outcome], theirs: Path, tmp_path: Path
) -> None:
    assert run("harvest", "add", "a-lost-one", str(tmp_path / "nowhere"), "--protocol", "folder").code == 0
    assert run("harvest", "add", "paused", str(theirs)).code == 0
    assert run("harvest", "change", "paused", "--paused").err.strip() == "Changed paused."
    done = run("harvest", "run", "--all", "--json")
    assert done.code == 1
    assert [(row["source"], row["state"]) for row in done.rows] == [
        ("a-lost-one", "failed"),
        ("theirs", "done"),
    ]
    assert "there is no such folder" in done.rows[0]["note"]
    assert "(paused)" in run("harvest", "list").out


def test_changed_and_removed(run: Callable[..., Outcome], theirs: Path) -> None:
    run("harvest", "run", "theirs")
    given = ("--visibility", "restricted", "--schedule", "0 3 * * *", "--option", "suffix=.json", "--json")
    row = run("harvest", "change", "theirs", *given).rows[0]
    assert (row["visibility"], row["schedule"], row["options"]) == (
        "restricted",
        "0 3 * * *",
        {"suffix": ".json"},
    )
    assert run("harvest", "run", "theirs").err.strip() == "theirs: done: 10 changed"
    assert run("harvest", "remove", "theirs").err.strip() == "Removed theirs."
    assert run("harvest", "list", "--json").rows == []
    assert run("search", "turbidity", "--json").rows == [{"matched": 0}]


def test_what_cannot_be_is_said(run: Callable[..., Outcome], theirs: Path) -> None:
    assert run("harvest", "run", "nobody").code == 3
    assert run("harvest", "run").code == 2
    assert run("harvest", "run", "theirs", "--all").code == 2
    assert run("harvest", "add", "theirs", str(theirs)).code == 1
    assert run("harvest", "add", "other", str(theirs), "--option", "suffix").code == 5
    assert run("harvest", "add", "other", str(theirs), "--option", "depth=1").code == 5
    assert run("harvest", "add", "other", "http://127.0.0.1:9/csw").code == 4
    assert run("harvest", "show", "theirs", "nothing").code == 3


def test_a_password_is_not_shown(run: Callable[..., Outcome], theirs: Path) -> None:
    row = run(
        "harvest", "add", "x", "https://me:secret@example.org/oai", "--protocol", "folder", "--json"
    ).rows[0]
    assert row["url"] == "https://me:…@example.org/oai"
    assert "secret" not in run("harvest", "list", "--json").out
