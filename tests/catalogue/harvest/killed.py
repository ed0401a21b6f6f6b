"""A process that harvests and kills itself at the n-th statement that it puts to the database."""

from __future__ import annotations

import itertools
import os
import signal
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.engine import Engine

import estran
from tests.catalogue.harvest import scripted

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def harvest(folder: str, database: str, last: int, slices: bool, told: Connection) -> None:
    """Do it, and tell how many statements it took."""
    scripted.install()
    node = estran.open(folder, storage={"database": database})
    numbers = itertools.count(1)

    @event.listens_for(Engine, "before_cursor_execute")
    def _die(*_: object) -> None:
        if next(numbers) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    run = node.harvest.begin("theirs")
    while not node.harvest.step(run, seconds=0.0 if slices else 1e9):
        pass
    told.send(next(numbers))
