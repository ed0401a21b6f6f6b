"""A Git repository into a node, over its own file transport and over HTTP: whole, then what changed, then less."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.catalogue.harvesters.test_git import commit, git, over_http
from tests.fetching.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

COUNT = 12


def dataset(number: int, title: str = "") -> str:
    return json.dumps(
        {
            "@context": "https://schema.org/",
            "@type": "Dataset",
            "identifier": f"urn:git:{number}",
            "name": title or f"Buoy {number}",
        }
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "records").mkdir(parents=True)
    git(folder, "init", "--quiet")
    git(folder, "config", "safe.directory", "*")
    for number in range(COUNT):
        (folder / f"records/{number:02}.json").write_text(dataset(number))
    (folder / "README.md").write_text("# Buoys")
    commit(folder)
    return folder


@pytest.fixture(params=["file", "http"])
def url(request: pytest.FixtureRequest, repository: Path) -> Iterator[str]:
    if request.param == "file":
        yield f"file://{repository}"
        return
    with serving(over_http(repository.parent)) as served:
        yield f"{served.url}/repository/.git"


@pytest.fixture
def node(open_node: Callable[[Path], Node], tmp_path: Path) -> Iterator[Node]:
    folder = tmp_path / "node"
    folder.mkdir()
    (folder / "estran.toml").write_text("[harvest]\nallow_private = true\nper_second = 1000\n")
    with open_node(folder) as opened:
        yield opened


def titles(node: Node) -> dict[str, str]:
    return {record.identifier: str(record.title) for record in node.search(limit=100)}


def test_a_repository_is_followed(node: Node, repository: Path, url: str) -> None:
    node.harvest.add("buoys", url, "git", options={"path": "records"})
    first = node.harvest.run("buoys")
    assert (first.state, first.new, first.refused, first.missed) == ("done", COUNT, 0, 0), first.note
    assert titles(node) == {f"urn:git:{n}": f"Buoy {n}" for n in range(COUNT)}
    held = next(iter(node.search("buoy 3")))
    assert [one.body.decode() for one in node.originals(held.id)] == [dataset(3)]

    again = node.harvest.run("buoys")
    assert (again.state, again.new, again.changed, again.unchanged) == ("done", 0, 0, COUNT)
    newest = node.changes(0, 1000)[-1].seq

    (repository / "records/03.json").write_text(dataset(3, "Buoy three, moored anew"))
    (repository / "records/04.json").unlink()
    git(repository, "mv", "records/05.json", "records/95.json")
    (repository / "records/99.json").write_text(dataset(99))
    (repository / "records/98.json").write_text("{ no json")
    commit(repository)
    third = node.harvest.run("buoys")
    assert (third.state, third.changed, third.refused) == ("done", 1, 1), third.note
    assert (third.new, third.removed) == (2, 2)
    assert third.seen == COUNT - 1 + 2
    wanted = {f"urn:git:{n}": f"Buoy {n}" for n in (*range(COUNT), 99) if n != 4}
    assert titles(node) == wanted | {"urn:git:3": "Buoy three, moored anew"}
    assert next(iter(node.search("moored"))).id == held.id
    told = {(change.id, change.op) for change in node.changes(newest, 1000)}
    assert (held.id, "change") in told
    # What a record is at its source is its path there: under another one it is another record.
    assert {id_.rpartition("-")[0] for id_, op in told if op == "add"} == {"buoy-5", "buoy-99"}
    assert {id_.rpartition("-")[0] for id_, op in told if op == "remove"} == {"buoy-4", "buoy-5"}

    for number in range(COUNT):
        (repository / f"records/{number:02}.json").unlink(missing_ok=True)
    commit(repository)
    guarded = node.harvest.run("buoys")
    assert guarded.state == "refused", "most of it is gone: that is not believed at once"
    assert len(titles(node)) == COUNT
    confirmed = node.harvest.run("buoys", confirm_loss=True)
    assert confirmed.state == "done"
    assert set(titles(node)) == {"urn:git:5", "urn:git:99"}


def test_a_repository_that_goes_away_takes_nothing_with_it(node: Node, repository: Path) -> None:
    node.harvest.add("buoys", f"file://{repository}", "git")
    node.harvest.run("buoys")
    before = titles(node)
    repository.rename(repository.with_name("elsewhere"))
    report = node.harvest.run("buoys")
    assert report.state in ("cut", "failed")
    assert "cannot be cloned" in report.note
    assert titles(node) == before
    repository.with_name("elsewhere").rename(repository)
    assert node.harvest.run("buoys").unchanged == len(before)
