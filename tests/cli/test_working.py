"""``estran work``, ``estran jobs`` and ``estran serve --work``, called as a user calls them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import estran
from tests.catalogue.harvest.scripted import dataset
from tests.cli.test_cli import Outcome, run
from tests.jobs.conftest import until
from tests.web.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run"]


@pytest.fixture
def asked(run: Callable[..., Outcome], tmp_path: Path) -> str:
    """Id of a job that harvests a folder with one file."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "a.jsonld").write_text(dataset(1))
    with estran.open(tmp_path / "node") as node:
        node.harvest.add("theirs", str(tmp_path / "theirs"), "folder", schedule="0 3 * * *")
        return node.jobs.enqueue("harvest", {"source": "theirs"}).id


def program(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("estran")), *arguments]


def test_what_waits_is_done_once_and_shown(run: Callable[..., Outcome], asked: str, tmp_path: Path) -> None:
    [waiting] = run("jobs", "list", "--json").rows
    assert (waiting["id"], waiting["state"], waiting["arguments"]) == (asked, "queued", {"source": "theirs"})
    done = subprocess.run(
        program("work", "--once", "--node", str(tmp_path / "node")),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    assert f"{asked} is done." in done.stderr
    [shown] = run("jobs", "show", asked, "--json").rows
    assert (shown["state"], shown["progress"]["new"], shown["error"]) == ("done", 1, "")
    assert "done" in run("jobs", "show", asked).out
    assert asked in run("jobs", "list", "--state", "done", "--work", "harvest").out
    assert run("jobs", "list", "--state", "failed").out == ""
    assert run("jobs", "cancel", asked).code == 1
    [schedule] = [row for row in run("jobs", "schedules", "--json").rows if row["work"] == "harvest"]
    assert (schedule["name"], schedule["cron"], len(schedule["next"])) == ("harvest theirs", "0 3 * * *", 4)
    assert "harvest theirs" in run("jobs", "schedules").out


def test_a_job_is_cancelled(run: Callable[..., Outcome], asked: str) -> None:
    assert run("jobs", "cancel", asked).err.strip() == f"{asked} is cancelled."
    assert run("jobs", "list", "--json").rows[0]["state"] == "cancelled"
    assert run("jobs", "show", "harvest.none").code == 3


def test_a_harvest_is_left_to_a_worker(run: Callable[..., Outcome], asked: str, tmp_path: Path) -> None:
    run("jobs", "cancel", asked)
    [row] = run("harvest", "run", "--all", "--background", "--json").rows
    assert (row["source"], row["arguments"]) == ("theirs", {"source": "theirs"})
    again = run("harvest", "run", "theirs", "--background", "--full")
    assert row["job"] in again.err
    assert "with other options" in again.err
    assert run("harvest", "run", "none", "--background").code == 3
    with estran.open(tmp_path / "node") as node:
        node.jobs.execute(once=True)
        assert node.jobs.status(row["job"]).state == "done"
        assert node.search(source="theirs").matched == 1


def test_a_worker_ends_in_order_when_it_is_told_to(asked: str, tmp_path: Path) -> None:
    said = tmp_path / "said"
    with (
        said.open("w") as out,
        subprocess.Popen(program("work", "--node", str(tmp_path / "node")), stderr=out) as worker,
    ):
        until(lambda: f"{asked} is done." in said.read_text())
        worker.send_signal(signal.SIGINT)
        assert worker.wait(120) == 0
    assert "has stopped" in said.read_text()
    assert "Traceback" not in said.read_text()


def test_a_server_has_a_worker_beside_it_that_ends_with_it(asked: str, tmp_path: Path) -> None:
    folder = tmp_path / "node"
    with estran.open(folder) as node, serving(folder, "--work") as (_, server):
        until(lambda: node.jobs.status(asked).state == "done")
        [worker] = workers(folder)
        # What ends by itself is begun again.
        os.kill(worker, signal.SIGKILL)
        until(lambda: [pid for pid in workers(folder) if pid != worker])
        [worker] = workers(folder)
        os.kill(server, signal.SIGKILL)
        until(lambda: not workers(folder))


def workers(folder: Path) -> list[int]:
    """Who says that it works."""
    import sqlite3  # noqa: PLC0415

    with sqlite3.connect(folder / "estran-jobs.db") as connection:
        rows = connection.execute("SELECT pid FROM estran_worker").fetchall()
    connection.close()
    return [pid for (pid,) in rows]
