"""A place for jobs on each engine, and processes that work."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.forked import PROCESSES
from tests.jobs.works import jobs_of, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.jobs import Jobs
    from tests.postgresql import PostgreSQL

LONG_S = 120.0


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'estran.db'}"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.fresh()


@pytest.fixture
def jobs(url: str) -> Iterator[Jobs]:
    opened = jobs_of(url)
    yield opened
    opened.close()


class Process:
    """A worker in a process of its own."""

    def __init__(self, url: str, log: Path, settings: dict[str, Any]) -> None:
        self._log = log
        log.touch()
        self._process = PROCESSES.Process(target=serve, args=(url, str(log), settings), daemon=True)
        self._process.start()
        self.pid = self._process.pid or 0

    @property
    def said(self) -> str:
        return self._log.read_text()

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self) -> int | None:
        self._process.join(LONG_S)
        return self._process.exitcode

    def end(self) -> None:
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


@pytest.fixture
def work(url: str, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts a worker; it waits until it says that it is there."""
    begun: list[Process] = []

    def begin(**settings: Any) -> Process:
        process = Process(url, tmp_path / f"worker-{len(begun)}.txt", {"beat_s": 0.2, **settings})
        begun.append(process)
        until(lambda: "waits for jobs" in process.said, lambda: process.said)
        return process

    yield begin
    for process in begun:
        process.end()


def until(true: Callable[[], object], said: Callable[[], object] = str, seconds: float = LONG_S) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, said()
        time.sleep(0.02)
