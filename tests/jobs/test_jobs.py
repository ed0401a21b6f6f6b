"""Asking for work, looking at it, cancelling it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from estran.errors import Conflict, Invalid, NotFound
from tests.jobs.conftest import until
from tests.jobs.works import jobs_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.jobs import Jobs
    from tests.jobs.conftest import Process


def test_work_is_done_and_says_how_far_it_is(jobs: Jobs, tmp_path: Path) -> None:
    asked = jobs.enqueue("march", {"log": str(tmp_path / "log"), "steps": 3})
    assert (asked.state, asked.over, asked.arguments["steps"]) == ("queued", False, 3)
    said: list[str] = []
    assert jobs.execute(once=True, say=said.append)
    done = jobs.status(asked.id)
    assert (done.state, done.result, done.progress) == ("done", {"total": 3}, {"done": 3, "of": 3})
    assert done.started is not None
    assert done.ended is not None
    assert done.queued <= done.ended
    assert f"{asked.id} is done." in said


@pytest.mark.parametrize(
    ("how", "words"), [("house", "bbox: the sky is no place"), ("other", "ZeroDivisionError: by nought")]
)
def test_a_failure_says_why_and_stops_nothing_else(jobs: Jobs, tmp_path: Path, how: str, words: str) -> None:
    bad = jobs.enqueue("fail", {"how": how})
    good = jobs.enqueue("march", {"log": str(tmp_path / "log"), "steps": 1})
    jobs.execute(once=True)
    assert (jobs.status(bad.id).state, jobs.status(bad.id).error) == ("failed", words)
    assert jobs.status(good.id).state == "done"


def test_what_is_not_to_be_had_is_tried_again(jobs: Jobs, tmp_path: Path) -> None:
    asked = jobs.enqueue("stumble", {"log": str(tmp_path / "log")})
    jobs.execute(once=True)
    assert jobs.status(asked.id).result == 2


def test_the_same_key_is_the_same_job_for_good(jobs: Jobs, tmp_path: Path) -> None:
    given = {"log": str(tmp_path / "log"), "steps": 1}
    first = jobs.enqueue("march", given, key="2026-11")
    jobs.execute(once=True)
    again = jobs.enqueue("march", given, key="2026-11")
    assert (again.id, again.state) == (first.id, "done")
    assert jobs.enqueue("march", given, key="2026-12").id != first.id


def test_alone_is_alone_until_it_is_over(jobs: Jobs, tmp_path: Path) -> None:
    given = {"log": str(tmp_path / "log"), "steps": 1}
    first = jobs.enqueue("march", given, alone="odatis")
    assert jobs.enqueue("march", given, alone="odatis").id == first.id
    assert jobs.enqueue("march", given, alone="theia").id != first.id
    jobs.execute(once=True)
    assert jobs.enqueue("march", given, alone="odatis").id != first.id


def test_what_is_asked_for_is_checked(jobs: Jobs) -> None:
    with pytest.raises(NotFound, match="fail, march, stumble"):
        jobs.enqueue("mars")
    with pytest.raises(Invalid, match="JSON"):
        jobs.enqueue("march", {"log": object()})
    with pytest.raises(NotFound, match="estran jobs list"):
        jobs.status("march.nothing")


def test_pages_of_jobs_are_the_newest_first_and_each_once(jobs: Jobs) -> None:
    asked = [jobs.enqueue("fail", {"how": "house"}).id for _ in range(7)]
    marching = jobs.enqueue("march", {"log": "", "steps": 0}).id
    found: list[str] = []
    cursor = ""
    while True:
        page = jobs.list(limit=3, cursor=cursor)
        found += [job.id for job in page.jobs]
        cursor = page.next
        if not cursor:
            break
    assert found == [marching, *reversed(asked)]
    assert [job.id for job in jobs.list(work="march").jobs] == [marching]
    jobs.cancel(asked[0])
    assert [job.id for job in jobs.list(state="cancelled").jobs] == [asked[0]]
    for wrong in ({"cursor": "x"}, {"limit": 0}):
        with pytest.raises(Invalid):
            jobs.list(**wrong)


def test_who_waits_is_cancelled_at_once_and_who_is_over_is_not(jobs: Jobs, tmp_path: Path) -> None:
    asked = jobs.enqueue("march", {"log": str(tmp_path / "log"), "steps": 1}, alone="x")
    assert jobs.cancel(asked.id).state == "cancelled"
    jobs.execute(once=True)
    assert not (tmp_path / "log").exists()
    with pytest.raises(Conflict, match="over"):
        jobs.cancel(asked.id)
    assert jobs.enqueue("march", {"log": str(tmp_path / "log"), "steps": 1}, alone="x").id != asked.id


def test_who_runs_ends_after_its_step_and_is_alone_until_then(
    jobs: Jobs, work: Callable[..., Process], tmp_path: Path
) -> None:
    work()
    log = tmp_path / "log"
    given = {"log": str(log), "steps": 50, "seconds": 0.2}
    asked = jobs.enqueue("march", given, alone="x")
    until(lambda: log.exists() and "begin 1" in log.read_text())
    assert jobs.cancel(asked.id).stopping
    assert jobs.enqueue("march", given, alone="x").id == asked.id
    until(lambda: jobs.status(asked.id).over)
    ended = jobs.status(asked.id)
    assert (ended.state, ended.stopping) == ("cancelled", False)
    lines = log.read_text().splitlines()
    assert len([line for line in lines if line.startswith("begin")]) == len(
        [line for line in lines if line.startswith("end")]
    )
    assert jobs.enqueue("march", given, alone="x").id != asked.id


def test_a_process_works_once_at_a_time(jobs: Jobs, url: str) -> None:
    stop = threading.Event()
    said: list[str] = []
    working = threading.Thread(target=lambda: jobs.execute(stop=stop, say=said.append))
    working.start()
    other = jobs_of(url)
    try:
        until(lambda: said)
        with pytest.raises(Conflict, match="works already"):
            other.execute(once=True)
    finally:
        stop.set()
        working.join()
        other.close()


def test_what_is_long_over_is_forgotten(jobs: Jobs, tmp_path: Path) -> None:
    given = {"log": str(tmp_path / "log"), "steps": 2}
    over, cancelled = jobs.enqueue("march", given), jobs.enqueue("march", given)
    jobs.cancel(cancelled.id)
    jobs.execute(once=True)
    waiting = jobs.enqueue("march", given)
    assert jobs.forget() == 0
    assert jobs.forget(days=-1) == 2
    assert [job.id for job in jobs.list().jobs] == [waiting.id]
    with pytest.raises(NotFound):
        jobs.status(over.id)


def test_many_may_be_the_first(url: str) -> None:
    every = [jobs_of(url) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        asked = list(pool.map(lambda one: one.enqueue("fail", {"how": "house"}).id, every))
    assert {job.id for job in every[0].list().jobs} == set(asked)
    for one in every:
        one.close()
