"""Work for the tests, and a worker for it: `python -m tests.jobs.works URL SETTINGS`."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from estran.errors import EstranError, Invalid, Unavailable
from estran.jobs import Jobs, Step, Work


def _write(log: str, n: int, seconds: float) -> int:
    """An effect that can be counted: who did which step."""
    with Path(log).open("a") as file:
        file.write(f"begin {n} {os.getpid()}\n")
        file.flush()
        time.sleep(seconds)
        file.write(f"end {n} {os.getpid()}\n")
    return n


def march(step: Step, log: str, steps: int, seconds: float = 0.0) -> dict[str, Any]:
    """So many steps, one after the other."""
    total = 0
    for n in range(steps):
        total += step(_write, log, n, seconds)
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


def main() -> None:
    url, settings = sys.argv[1:]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    jobs = jobs_of(url)
    try:
        jobs.execute(stop=stop, say=_say, **json.loads(settings))
    except EstranError as error:
        _say(str(error))
        sys.exit(1)
    finally:
        jobs.close()


if __name__ == "__main__":
    main()
