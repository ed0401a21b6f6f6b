"""What was written since an instant, wherever it lies by now: what followers of a node tell others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sqlalchemy import func, select

from estran.observations.store import recent, versions
from estran.observations.store.columns import array, kept
from estran.observations.store.lease import pending
from estran.storage import get_meta, put_meta
from estran.storage import schema as tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    import sqlalchemy as sa

    from estran.observations.store.files import Files
    from estran.storage import Database

__all__ = ["Following", "Mark"]

_O = tables.observation.c
_FILES = "observation-files-version"
_MOST = 50_000


class Mark(NamedTuple):
    """How far somebody followed.

    Attributes:
        version: of the newest write that was told.
        files: version of the files that were looked through.
    """

    version: int
    files: int


class Following:
    """Follows what is written, under a name; each row is told at least once, also when it is moved meanwhile.

    Args:
        database: of the node.
        files: where the older observations lie.
        name: of the follower; where it stands is kept.
    """

    def __init__(self, database: Database, files: Files, name: str) -> None:
        self._database, self._files, self._key = database, files, f"following:{name}"

    def mark(self) -> Mark:
        """Where the follower stands; who comes for the first time stands at the newest write."""
        with self._database.read() as connection:
            held = get_meta(connection, self._key)
            if held:
                return Mark(*map(int, held.decode().split()))
            now = Mark(_settled(connection), _files(connection))
        self.note(now)
        return now

    def note(self, mark: Mark) -> None:
        """Stand there from now on."""
        with self._database.write() as connection:
            put_meta(connection, self._key, f"{mark.version} {mark.files}".encode())

    def written(self, mark: Mark) -> Iterator[tuple[pa.Table, Mark]]:
        """Rows that were written since, in portions, with where one stands when they are told."""
        with self._database.read() as connection:
            until, files = _settled(connection), _files(connection)
        if (until, files) == mark:
            return
        if files != mark.files:
            before, now = set(self._files.at(mark.files).paths), self._files.at(files)
            for path in now.paths:
                if path not in before:
                    rows = now.all_of([path])
                    version = array(rows, "version")
                    rows = kept(rows, (version > mark.version) & (version <= until))
                    for at in range(0, rows.num_rows, _MOST):
                        # Nothing is behind one until all files are told.
                        yield rows.slice(at, _MOST), mark
        after = mark.version
        while after < until:
            rows, after = self._recent(after, until)
            yield rows, Mark(after, files)

    def _recent(self, after: int, until: int) -> tuple[pa.Table, int]:
        """Whole writes after a version, of those in the database; and the version up to which they are."""
        there = (_O.version > after, _O.version <= until)
        with self._database.read() as connection:
            ahead = connection.execute(
                select(_O.version).where(*there).order_by(_O.version).offset(_MOST).limit(1)
            ).scalar()
            # One write alone may be more than that.
            last = until if ahead is None else max(ahead - 1, self._first(connection, after))
            rows, gone = recent.of_versions(connection, after, last)
        return kept(rows, ~np.array(gone, bool)), last

    @staticmethod
    def _first(connection: sa.Connection, after: int) -> int:
        return connection.execute(select(func.min(_O.version)).where(_O.version > after)).scalar() or after


def _settled(connection: sa.Connection) -> int:
    return (pending(connection) or versions.newest(connection) + 1) - 1


def _files(connection: sa.Connection) -> int:
    held = get_meta(connection, _FILES)
    return int(held) if held else -1
