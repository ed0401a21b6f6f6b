"""Who harvests a source right now: one process at a time, and none that is dead for long."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from estran.errors import Conflict
from estran.model import now_us
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Generator

    import sqlalchemy as sa

    from estran.storage import Database

__all__ = ["LEASE_S", "Leases"]

LEASE_S = 90
"""How long who harvests is believed to be alive without a further sign."""
_LEASE_US = LEASE_S * 1_000_000
_S = schema.harvest_source.c


class Leases:
    """Keeps two processes from harvesting one source; `holder` is host, process and a random word."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.me = f"{socket.gethostname()}:{os.getpid()}"

    def hold(self, number: int, holder: str) -> None:
        """Keep others from harvesting a source.

        Raises:
            Conflict: another process harvests it.
        """
        with self._database.write() as connection:
            row = connection.execute(select(schema.harvest_source).where(_S.number == number)).one()
            self.check_free(row, holder)
            connection.execute(
                update(schema.harvest_source)
                .where(_S.number == number)
                .values(holder=holder, lease=now_us() + _LEASE_US)
            )

    def renew(self, number: int, holder: str) -> None:
        """Give a sign of life.

        Raises:
            Conflict: another process took over.
        """
        with self.writing(number, holder):
            pass

    def release(self, number: int, holder: str) -> None:
        """Let others harvest a source again."""
        with self._database.write() as connection:
            connection.execute(
                update(schema.harvest_source)
                .where(_S.number == number, _S.holder == holder)
                .values(holder="", lease=0)
            )

    @contextmanager
    def writing(self, number: int, holder: str) -> Generator[sa.Connection]:
        """A transaction of who harvests a source, which is a sign of life.

        Raises:
            Conflict: another process took over.
        """
        with self._database.write() as connection:
            done = connection.execute(
                update(schema.harvest_source)
                .where(_S.number == number, _S.holder == holder)
                .values(lease=now_us() + _LEASE_US)
            )
            if not done.rowcount:
                raise Conflict("another process took over the harvest of this source; leave it to that one")
            yield connection

    def check_free(self, row: Any, holder: str) -> None:
        """Raise `Conflict` where another process harvests the source of this row."""
        if row.holder in {"", holder} or row.lease <= now_us() or self.is_dead(row.holder):
            return
        raise Conflict(
            f"the source “{row.name}” is being harvested ({row.holder.rpartition(':')[0]}); wait for its end"
        )

    def is_dead(self, holder: str) -> bool:
        """Whether a holder was a process of this machine that is no more."""
        if not holder:
            return True
        host, pid, _ = holder.rsplit(":", 2)
        if host != self.me.rpartition(":")[0]:
            return False
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False
