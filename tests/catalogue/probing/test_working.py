"""Checking links as a job."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.catalogue.probing.conftest import record, settle
from tests.catalogue.probing.working import jobs_of
from tests.conftest import ROOT
from tests.fetching.serving import Answer, serving
from tests.jobs.conftest import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.node import Node

MANY = 60


def test_a_check_is_a_job_that_says_how_far_it_is(node: Node, store: Callable[..., None]) -> None:
    with serving(lambda _: b"CDF\x01x") as server:
        store(record("a", *({"url": f"{server.url}/{n}.nc"} for n in range(5))))
        jobs = jobs_of(node)
        asked = jobs.enqueue("probe", alone="links")
        jobs.execute(once=True)
        done = jobs.status(asked.id)
        jobs.close()
    assert (done.state, done.error) == ("done", "")
    assert done.result == {"checked": 5, "ok": 5}
    assert done.progress == {"checked": 5, "ok": 5, "waiting": 0}


def test_workers_check_by_themselves_only_where_it_is_wished(
    node: Node, open_node: Callable[[Path], Node], tmp_path: Path
) -> None:
    assert "probe" in node.jobs.works
    assert node.jobs.works["probe"].due() == {}
    given = settle(tmp_path / "wished", "[links]\nactive = true\nschedule = '5 4 * * *'\n")
    with open_node(given) as wished:
        assert wished.jobs.works["probe"].due() == {"links": ("5 4 * * *", {})}
    jobs = jobs_of(node, "30 2 * * *")
    jobs.follow()
    (one,) = jobs.schedules()
    assert (one.work, one.cron, one.alone) == ("probe", "30 2 * * *", "links")
    jobs.close()


def test_a_check_that_is_killed_goes_on_and_asks_little_twice(
    node: Node, store: Callable[..., None], tmp_path: Path
) -> None:
    def slow(a):
        time.sleep(0.02)
        return Answer(b"", 404) if a.path.endswith(("7.nc", "robots.txt")) else Answer(b"CDF\x01x")

    with serving(slow) as server:
        store(record("a", *({"url": f"{server.url}/{n}.nc"} for n in range(MANY))))
        jobs = jobs_of(node)
        asked = jobs.enqueue("probe", alone="links")
        command = [sys.executable, "-m", "tests.catalogue.probing.working", str(tmp_path / "node")]
        with subprocess.Popen([*command, node._house.database.url], cwd=ROOT) as worker:
            try:
                until(lambda: len(server.asked) >= MANY // 3)
            finally:
                worker.kill()
        jobs.execute(once=True, beat_s=0.2, silent_s=2.0)
        done = jobs.status(asked.id)
        jobs.close()
        paths = [path for path in server.paths() if path.endswith(".nc")]
    assert (done.state, done.error) == ("done", "")
    assert len(set(paths)) == MANY
    assert len(paths) <= MANY + 64
    assert len(node.link_checks.list("dead").links) == 6
    assert len(node.link_checks.list("ok").links) == MANY - 6
    assert node.link_checks.check().checked == 0
