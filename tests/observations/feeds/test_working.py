"""What workers do by themselves: look at folders, and move rows into files when there are many."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import estran
from estran.observations.feeds.working import feeding
from tests.observations.feeds.test_folder import OLD, put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


def test_a_worker_looks_at_folders_and_settles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    with estran.open(tmp_path / "node", observations={"settle_rows": 5}) as node:
        node.observations.feeds.add("tides", "folder", str(tmp_path / "in"))
        node.observations.feeds.add("quiet", "folder", str(tmp_path / "in"), schedule="")
        for n in range(3):
            rows = [f"brest,2026-01-{n + 1:02}T{hour:02}:00Z,1" for hour in range(3)]
            put(tmp_path, f"{n}.csv", *rows, "brest,,1", at=OLD + n)
        node.jobs.follow()
        assert [one.name for one in node.jobs.schedules() if "order" not in one.name] == ["feed tides"]
        asked = node.jobs.enqueue("feed", {"feed": "tides"}, alone="tides")
        assert node.jobs.enqueue("feed", {"feed": "tides"}, alone="tides").id == asked.id
        assert node.jobs.execute(once=True)
        done = node.jobs.status(asked.id)
        assert (done.state, done.error) == ("done", "")
        assert (done.result["messages"], done.result["new"], done.result["refused"]) == (3, 9, 3)
        # Now there is more than may be in the database: it is due within a minute, once.
        assert node.observations.waits(5)
        node.jobs.follow()
        assert "settle all" in {one.name for one in node.jobs.schedules()}
        later = time.time() + 120
        monkeypatch.setattr("estran.jobs.store.Store.now", lambda *_: later)
        assert node.jobs.ask_what_is_due() >= 1
        monkeypatch.undo()
        assert node.jobs.execute(once=True)
        [settled] = node.jobs.list(work="settle").jobs
        assert (settled.state, settled.result) == ("done", {"moved": 9})
        assert not node.observations.waits(0)
        node.jobs.follow()
        assert "settle all" not in {one.name for one in node.jobs.schedules()}
        assert node.observations.datastreams()[0].count == 9


def test_a_long_look_is_done_in_parts(tmp_path: Path) -> None:
    """A part that is over leaves the other files to the next one."""
    (tmp_path / "in").mkdir()
    with estran.open(tmp_path / "node") as node:
        node.observations.feeds.add("tides", "folder", str(tmp_path / "in"))
        for n in range(3):
            put(tmp_path, f"{n}.csv", f"brest,2026-01-01T0{n}:00Z,{n}", at=OLD + n)
        work = feeding(lambda: node.observations, part_s=-1)
        steps = list[int]()

        class Step:
            job = "job"

            def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
                found = function(*arguments)
                steps.append(found["new"])
                return found

            def tell(self, **progress: Any) -> None: ...

        assert work.do(Step(), feed="tides")["new"] == 3
        assert steps == [1, 1, 1]
