"""A worker for the harvests of a node, with scripted sources and the shortest of parts."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import estran
from estran.catalogue.harvest.working import harvesting
from estran.jobs import Jobs
from tests.catalogue.harvest import scripted
from tests.jobs.works import LOOK_S

if TYPE_CHECKING:
    from estran.node import Node


def jobs_of(node: Node) -> Jobs:
    works = (harvesting(lambda: node.harvest, 0.0),)
    return Jobs(node.settings.storage.database, lambda: works, look_s=LOOK_S)


def main() -> None:
    folder, url = sys.argv[1:]
    scripted.install()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with estran.open(Path(folder), storage={"database": url}) as node:
        jobs = jobs_of(node)
        jobs.execute(stop=stop, beat_s=0.2)
        jobs.close()


if __name__ == "__main__":
    main()
