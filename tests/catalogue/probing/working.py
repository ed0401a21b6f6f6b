"""A worker that checks the links of a node in the shortest of parts."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import estran
from estran.catalogue.probing import door
from estran.catalogue.probing.working import probing
from estran.jobs import Jobs
from tests.jobs.works import LOOK_S

if TYPE_CHECKING:
    from estran.node import Node


def jobs_of(node: Node, schedule: str = "") -> Jobs:
    url = node._house.database.url
    return Jobs(url, lambda: (probing(lambda: node.link_checks, schedule, 0.3),), look_s=LOOK_S)


def main() -> None:
    folder, url = sys.argv[1:]
    door._BATCH = 4
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with estran.open(Path(folder), storage={"database": url}) as node:
        jobs = jobs_of(node)
        jobs.execute(stop=stop, beat_s=0.2)
        jobs.close()


if __name__ == "__main__":
    main()
