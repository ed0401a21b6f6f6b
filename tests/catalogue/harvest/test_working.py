"""Harvests as jobs."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import estran
from tests.catalogue.harvest.scripted import MARK, found
from tests.catalogue.harvest.working import jobs_of
from tests.conftest import ROOT
from tests.jobs.conftest import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.jobs import Jobs
    from estran.node import Node

MANY = 40


def many() -> list[Any]:
    return [event for n in range(MANY) for event in (found(n), MARK)]


@pytest.fixture
def harvested(open_node: Callable[[Path], Node], tmp_path: Path) -> Iterator[tuple[Node, Jobs]]:
    """A node whose harvests go in the shortest of parts, and its jobs."""
    folder = tmp_path / "node"
    with open_node(folder) as first:
        held = first.settings.storage.database
        url = held if held.startswith("postgresql") else f"sqlite:///{folder / 'estran.db'}"
    with estran.open(folder, storage={"database": url}) as node:
        jobs = jobs_of(node)
        yield node, jobs
        jobs.close()


def test_a_harvest_is_a_job_that_says_how_far_it_is(
    harvested: tuple[Node, Jobs], says: Callable[..., str]
) -> None:
    node, jobs = harvested
    node.harvest.add("theirs", says(*many()), "scripted")
    asked = jobs.enqueue("harvest", {"source": "theirs"}, alone="theirs")
    assert jobs.enqueue("harvest", {"source": "theirs"}, alone="theirs").id == asked.id
    jobs.execute(once=True)
    done = jobs.status(asked.id)
    assert (done.state, done.error) == ("done", "")
    assert (done.progress["new"], done.result["new"], node.search(source="theirs").matched) == (MANY,) * 3
    assert node.harvest.show_run(done.result["run"]).ok


def test_one_source_that_fails_blocks_no_other(
    harvested: tuple[Node, Jobs], says: Callable[..., str]
) -> None:
    node, jobs = harvested
    node.harvest.add("broken", says(found(1), MARK, ["nonsense"], name="broken"), "scripted")
    node.harvest.add("cut", says(found(1), MARK, ["once", "unavailable"], found(2), name="cut"), "scripted")
    node.harvest.add("good", says(*many(), name="good"), "scripted")
    asked = {name: jobs.enqueue("harvest", {"source": name}) for name in ("broken", "cut", "good", "none")}
    jobs.execute(once=True)
    found_ = {name: jobs.status(job.id) for name, job in asked.items()}
    assert {name: job.state for name, job in found_.items()} == {
        "broken": "failed", "cut": "done", "good": "done", "none": "failed",
    }  # fmt: skip
    assert "none" in found_["none"].error
    assert found_["broken"].error
    assert node.search(source="cut").matched == 2
    assert node.search(source="good").matched == MANY


def test_sources_are_harvested_when_they_are_due(
    harvested: tuple[Node, Jobs], says: Callable[..., str]
) -> None:
    node, jobs = harvested
    node.harvest.add("theirs", says(found(1)), "scripted", schedule="0 3 * * *")
    node.harvest.add("silent", says(found(1), name="b"), "scripted")
    jobs.execute(once=True)
    assert [(one.name, one.alone, one.arguments) for one in jobs.schedules()] == [
        ("harvest theirs", "theirs", {"source": "theirs"})
    ]
    assert jobs.list().jobs == ()
    with jobs._store.write() as connection:
        [row] = jobs._store.schedules(connection)
        jobs._store.put_schedule(connection, row._replace(next=row.next - 3 * 86_400))
    jobs.execute(once=True)
    assert [job.state for job in jobs.list().jobs] == ["done"]
    assert node.search(source="theirs").matched == 1
    node.harvest.change("theirs", active=False)
    jobs.execute(once=True)
    assert jobs.schedules() == ()


@pytest.mark.parametrize("after", [1, MANY // 2, MANY - 3])
def test_a_harvest_goes_on_after_a_kill_to_the_same_end(
    harvested: tuple[Node, Jobs], says: Callable[..., str], tmp_path: Path, after: int
) -> None:
    node, jobs = harvested
    node.harvest.add("whole", says(*many(), name="whole"), "scripted")
    node.harvest.run("whole")
    node.harvest.add("theirs", says(*many()), "scripted")
    asked = jobs.enqueue("harvest", {"source": "theirs"}, alone="theirs")
    command = [sys.executable, "-m", "tests.catalogue.harvest.working", str(tmp_path / "node")]
    with subprocess.Popen([*command, node.settings.storage.database], cwd=ROOT) as worker:
        try:
            until(lambda: jobs.status(asked.id).progress.get("seen", 0) >= after)
        finally:
            worker.kill()
    jobs.execute(once=True, beat_s=0.2)
    done = jobs.status(asked.id)
    assert (done.state, done.error) == ("done", "")
    report = node.harvest.show_run(done.result["run"])
    assert (report.state, report.removed, report.refused) == ("done", 0, 0)
    assert _held(node, "theirs") == _held(node, "whole")
    assert len(node.harvest.runs("theirs")) == 1


def _held(node: Node, source: str) -> set[tuple[str, str]]:
    return {(r.identifier, str(r.title)) for r in node.search(source=source, limit=100).records}
