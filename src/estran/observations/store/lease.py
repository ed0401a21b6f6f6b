"""Who writes the files right now: one process at a time, and none that is dead for long."""

from __future__ import annotations

import os
import secrets
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from estran.errors import Conflict, Unavailable
from estran.model import now_us
from estran.storage import get_meta, put_meta

if TYPE_CHECKING:
    from collections.abc import Generator

    import sqlalchemy as sa

    from estran.storage import Database

__all__ = ["Lease", "pending"]

_KEY = "observation-files"
_LASTS_US = 90_000_000
_LOOK_AGAIN_S = 0.1


class _Note(msgspec.Struct):
    host: str = ""
    process: int = 0
    word: str = ""
    until: int = 0
    # Of what is being written, until it is there.
    version: int = 0


class Lease:
    """The right to write the files, kept in the database beside which they lie."""

    def __init__(self, database: Database, patience_s: float = 60.0) -> None:
        self._database, self._patience_s = database, patience_s

    @contextmanager
    def held(self) -> Generator[Holder]:
        """Hold it for a while; who comes meanwhile waits.

        Raises:
            Unavailable: another process writes for longer than one may wait.
        """
        holder = Holder(secrets.token_hex(8))
        until = time.monotonic() + self._patience_s
        while not self._taken(holder):
            if time.monotonic() > until:
                raise Unavailable("another process moves observations into files; try again when it is done")
            time.sleep(_LOOK_AGAIN_S)
        try:
            yield holder
        finally:
            with self._database.write() as connection:
                if _read(connection).word == holder.word:
                    put_meta(connection, _KEY, b"")

    def _taken(self, holder: Holder) -> bool:
        with self._database.write() as connection:
            if _is_held(connection):
                return False
            holder.sign(connection)
            return True

    @contextmanager
    def free(self) -> Generator[sa.Connection]:
        """A transaction while nobody writes files: who begins to, takes a version, and so waits until it ends.

        Raises:
            Unavailable: another process writes for longer than one may wait.
        """
        until = time.monotonic() + self._patience_s
        while True:
            with self._database.write() as connection:
                if not _is_held(connection):
                    yield connection
                    return
            if time.monotonic() > until:
                raise Unavailable("another process moves observations into files; try again when it is done")
            time.sleep(_LOOK_AGAIN_S)


class Holder:
    """The one who holds the lease."""

    def __init__(self, word: str) -> None:
        self.word = word

    def sign(self, connection: sa.Connection, version: int = 0) -> None:
        """Begin, or give a sign of life; with the version of what is going to be written."""
        note = _Note(socket.gethostname(), os.getpid(), self.word, now_us() + _LASTS_US, version)
        put_meta(connection, _KEY, msgspec.json.encode(note))

    def check(self, connection: sa.Connection, version: int = 0) -> None:
        """Go on only if nobody else took over, in the transaction that depends on it.

        Args:
            connection: in that transaction.
            version: of what is going to be written after it.

        Raises:
            Conflict: somebody did.
        """
        if _read(connection).word != self.word:
            raise Conflict("another process took over the files of observations; run this again")
        self.sign(connection, version)


def pending(connection: sa.Connection) -> int:
    """The version of what is being written into the files, 0 where nothing is."""
    note = _read(connection)
    return note.version if note.version and not _is_dead(note) else 0


def _is_held(connection: sa.Connection) -> bool:
    note = _read(connection)
    return bool(note.word) and note.until > now_us() and not _is_dead(note)


def _read(connection: sa.Connection) -> _Note:
    held = get_meta(connection, _KEY)
    return msgspec.json.decode(held, type=_Note) if held else _Note()


def _is_dead(note: _Note) -> bool:
    """Whether it was a process of this machine that is no more."""
    if note.host != socket.gethostname():
        return False
    try:
        os.kill(note.process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
