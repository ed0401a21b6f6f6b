"""A process that harvests and kills itself at the n-th statement that it puts to the database."""

from __future__ import annotations

import itertools
import os
import signal
import sys

from sqlalchemy import event
from sqlalchemy.engine import Engine

import estran
from tests.catalogue.harvest import scripted

if __name__ == "__main__":
    folder, database, last, slices = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "slices"
    scripted.install()
    node = estran.open(folder, storage={"database": database})
    numbers = itertools.count(1)

    @event.listens_for(Engine, "before_cursor_execute")
    def _die(*_: object) -> None:
        if next(numbers) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    harvest = node.harvest
    run = harvest.begin("theirs")
    while not harvest.step(run, seconds=0.0 if slices else 1e9):
        pass
    sys.stdout.write(str(next(numbers)))
