"""Who writes the files right now, or reads a feed: one process at a time, and none that is dead for long."""

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
_TAKEN = "another process moves observations into files; try again when it is done"
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
    """The right to do what only one may do at a time, kept in the database.

    Args:
        database: of the node.
        patience_s: how long one waits for it.
        key: what it is for.
        why: what is said to whom it is not given.
    """

    def __init__(
        self, database: Database, patience_s: float = 60.0, key: str = _KEY, why: str = _TAKEN
    ) -> None:
        self._database, self._patience_s, self._key, self._why = database, patience_s, key, why

    @contextmanager
    def held(self) -> Generator[Holder]:
        """Hold it for a while; who comes meanwhile waits.

        Raises:
            Unavailable: another process has it for longer than one may wait.
        """
        holder = Holder(secrets.token_hex(8), self._key, self._database)
        until = time.monotonic() + self._patience_s
        while not self._taken(holder):
            if time.monotonic() > until:
                raise Unavailable(self._why)
            time.sleep(_LOOK_AGAIN_S)
        try:
            yield holder
        finally:
            with self._database.write() as connection:
                if _read(connection, self._key).word == holder.word:
                    put_meta(connection, self._key, b"")

    def _taken(self, holder: Holder) -> bool:
        with self._database.write() as connection:
            if _is_held(connection, self._key):
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
                if not _is_held(connection, self._key):
                    yield connection
                    return
            if time.monotonic() > until:
                raise Unavailable(self._why)
            time.sleep(_LOOK_AGAIN_S)


class Holder:
    """The one who holds the lease."""

    def __init__(self, word: str, key: str, database: Database) -> None:
        self.word, self._key, self._database = word, key, database

    def renew(self) -> None:
        """Give a sign of life by itself.

        Raises:
            Conflict: somebody else took over.
        """
        with self._database.write() as connection:
            self.check(connection)

    def sign(self, connection: sa.Connection, version: int = 0) -> None:
        """Begin, or give a sign of life; with the version of what is going to be written."""
        note = _Note(socket.gethostname(), os.getpid(), self.word, now_us() + _LASTS_US, version)
        put_meta(connection, self._key, msgspec.json.encode(note))

    def check(self, connection: sa.Connection, version: int = 0) -> None:
        """Go on only if nobody else took over, in the transaction that depends on it.

        Args:
            connection: in that transaction.
            version: of what is going to be written after it.

        Raises:
            Conflict: somebody did.
        """
        if _read(connection, self._key).word != self.word:
            raise Conflict("another process took over what this one was doing; run this again")
        self.sign(connection, version)


def pending(connection: sa.Connection) -> int:
    """The version of what is being written into the files, 0 where nothing is."""
    note = _read(connection, _KEY)
    return note.version if note.version and not _is_dead(note) else 0


def _is_held(connection: sa.Connection, key: str) -> bool:
    note = _read(connection, key)
    return bool(note.word) and note.until > now_us() and not _is_dead(note)


def _read(connection: sa.Connection, key: str) -> _Note:
    held = get_meta(connection, key)
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
