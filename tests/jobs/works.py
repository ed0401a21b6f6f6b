"""Work for the tests, and a worker for it, in a process of its own."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from estran.errors import EstranError, Invalid, Unavailable
from estran.jobs import Jobs, Step, Work


def _write(log: str, n: int, seconds: float, until: str) -> int:
    """An effect that can be counted: who did which step."""
    with Path(log).open("a") as file:
        file.write(f"begin {n} {os.getpid()}\n")
        file.flush()
        time.sleep(seconds)
        while n > 1 and until and not Path(until).exists():
            time.sleep(seconds)
        file.write(f"end {n} {os.getpid()}\n")
    return n


def march(step: Step, log: str, steps: int, seconds: float = 0.0, until: str = "") -> dict[str, Any]:
    """So many steps, one after the other; from the third on they wait for a file, if one is named."""
    total = 0
    for n in range(steps):
        total += step(_write, log, n, seconds, until)
        step.tell(done=n + 1, of=steps)
    return {"total": total}


def fail(step: Step, how: str) -> None:
    """Fail within a step."""

    def raising() -> None:
        raise Invalid("the sky is no place", "bbox") if how == "house" else ZeroDivisionError("by nought")

    step(raising)


def stumble(step: Step, log: str) -> int:
    """What a step needs is not there at first."""

    def trying() -> int:
        tries = len(Path(log).read_text()) if Path(log).exists() else 0
        Path(log).write_text("x" * (tries + 1))
        if tries < 2:
            raise Unavailable("not yet", retry_after_s=0.01)
        return tries

    return step(trying)


# Nobody waits for work to be seen.
LOOK_S = 0.05
WORKS = (Work("march", march), Work("fail", fail), Work("stumble", stumble))


def jobs_of(url: str) -> Jobs:
    return Jobs(url, lambda: WORKS, look_s=LOOK_S)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def serve(url: str, log: str, settings: dict[str, Any]) -> None:
    """Be a worker until told to stop."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(out, 1)
    os.dup2(out, 2)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    jobs = jobs_of(url)
    try:
        jobs.execute(stop=stop, say=_say, **settings)
    except EstranError as error:
        _say(str(error))
        sys.exit(1)
    finally:
        jobs.close()
