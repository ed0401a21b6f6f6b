"""Several workers, and what one leaves that is killed."""

from __future__ import annotations

import signal
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tests.jobs.conftest import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from estran.jobs import Jobs
    from tests.jobs.conftest import Process

STEPS = 12


def march(jobs: Jobs, log: Path, *, until: str = "") -> str:
    """A job of quick steps; the third and those that follow wait until a file is there."""
    given = {"log": str(log), "steps": STEPS, "seconds": 0.05, "until": until and str(log.with_name(until))}
    return jobs.enqueue("march", given).id


def done(log: Path) -> list[tuple[str, int, int]]:
    """(begin or end, step, process) as it happened."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [(word, int(n), int(pid)) for word, n, pid in (line.split() for line in lines)]


def whole(jobs: Jobs, id_: str, log: Path, killed: int) -> None:
    """Each step came to its end; at most the one that a kill cut began twice; the job ended once."""
    job = jobs.status(id_)
    assert (job.state, job.result) == ("done", {"total": sum(range(STEPS))})
    ends = Counter(n for word, n, _ in done(log) if word == "end")
    begins = Counter(n for word, n, _ in done(log) if word == "begin")
    assert set(ends) == set(begins) == set(range(STEPS))
    assert sum(begins.values()) <= STEPS + killed
    assert len(jobs.list().jobs) == 1


def test_a_second_worker_leaves_the_first_what_it_does(
    jobs: Jobs, work: Callable[..., Process], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    first = work()
    id_ = march(jobs, log, until="both are here")
    until(lambda: len(done(log)) > 4)
    work()
    assert jobs.status(id_).state == "running"
    (tmp_path / "both are here").touch()
    until(lambda: jobs.status(id_).over)
    assert {pid for _, _, pid in done(log)} == {first.pid}
    whole(jobs, id_, log, killed=0)


def test_what_a_killed_worker_left_is_taken_over(
    jobs: Jobs, work: Callable[..., Process], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    both = [work(), work()]
    id_ = march(jobs, log, until="one is gone")
    until(lambda: len(done(log)) > 4)
    first, second = sorted(both, key=lambda worker: worker.pid != done(log)[0][2])
    first.signal(signal.SIGKILL)
    first.wait()
    (tmp_path / "one is gone").touch()
    until(lambda: jobs.status(id_).over, lambda: second.said)
    assert "takes over" in second.said
    assert {pid for _, _, pid in done(log)} == {first.pid, second.pid}
    whole(jobs, id_, log, killed=1)


def test_who_begins_again_goes_on_with_its_own_at_once(
    jobs: Jobs, work: Callable[..., Process], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    first = work(silent_s=3600.0)
    id_ = march(jobs, log, until="it is gone")
    until(lambda: len(done(log)) > 4)
    first.signal(signal.SIGKILL)
    first.wait()
    name = jobs.status(id_).worker
    (tmp_path / "it is gone").touch()
    second = work(silent_s=3600.0, beat_s=3600.0)
    until(lambda: jobs.status(id_).over, lambda: second.said)
    assert jobs.status(id_).worker == name
    assert f"Worker {name} waits" in second.said
    whole(jobs, id_, log, killed=1)


def test_who_is_told_to_stop_ends_its_step_and_the_next_goes_on(
    jobs: Jobs, work: Callable[..., Process], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    first = work()
    id_ = march(jobs, log, until="it was told")
    until(lambda: len(done(log)) > 4)
    first.signal(signal.SIGTERM)
    (tmp_path / "it was told").touch()
    assert first.wait() == 0
    assert "rests" in first.said
    assert jobs.status(id_).state == "running"
    work()
    until(lambda: jobs.status(id_).over)
    # Nothing was cut, so nothing was done twice.
    whole(jobs, id_, log, killed=0)


def _asleep(worker: Process, url: str) -> bool:
    """Put a worker to sleep where it does not hold the one lock of a SQLite file, which no other could take."""
    worker.signal(signal.SIGSTOP)
    if not url.startswith("sqlite"):
        return True
    file = Path(url.removeprefix("sqlite:///")).with_name("estran-jobs.db")
    with closing(sqlite3.connect(file, timeout=0.5, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            worker.signal(signal.SIGCONT)
            return False
    return True


def test_who_is_silent_too_long_is_taken_for_dead_and_learns_it(
    jobs: Jobs, work: Callable[..., Process], tmp_path: Path, url: str
) -> None:
    log = tmp_path / "log"
    first = work(silent_s=1.5)
    id_ = march(jobs, log, until="it sleeps")
    until(lambda: len(done(log)) > 4)
    until(lambda: _asleep(first, url))
    (tmp_path / "it sleeps").touch()
    second = work(silent_s=1.5)
    until(lambda: jobs.status(id_).over, lambda: second.said)
    assert jobs.status(id_).result == {"total": sum(range(STEPS))}
    first.signal(signal.SIGCONT)
    assert first.wait() == 1
    assert "others took its jobs over" in first.said
    assert jobs.status(id_).result == {"total": sum(range(STEPS))}
    # Who is alive keeps its place.
    other = march(jobs, tmp_path / "other")
    until(lambda: jobs.status(other).state == "done", lambda: second.said)


def test_nothing_is_left_where_all_were_killed(
    jobs: Jobs, work: Callable[..., Process], tmp_path: Path
) -> None:
    logs = [tmp_path / f"log-{n}" for n in range(4)]
    asked = [march(jobs, log, until="all are gone") for log in logs]
    workers = [work(), work()]
    until(lambda: all(len(done(log)) > 4 for log in logs))
    for worker in workers:
        worker.signal(signal.SIGKILL)
        worker.wait()
    (tmp_path / "all are gone").touch()
    jobs.execute(once=True, beat_s=0.2)
    assert [jobs.status(id_).state for id_ in asked] == ["done"] * 4
    for log in logs:
        assert {n for word, n, _ in done(log) if word == "end"} == set(range(STEPS))
