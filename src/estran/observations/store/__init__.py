"""Observations, stored: the newest in the database, the others in files beside it, read as one.

Both say for each key (datastream, time, vertical) which version of the row they have; the highest counts. Whatever
the files say counts from the transaction on that notes their version, so that a reader, within one snapshot of the
database, sees each observation once, and a writer that dies leaves nothing behind that anybody would read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estran.observations.store import columns, former, marking, reaching, recent, registry, testing, versions
from estran.observations.store.batches import MOST, Extent
from estran.observations.store.columns import array, kept
from estran.observations.store.copied import Copied
from estran.observations.store.filing import Filing
from estran.observations.store.lease import pending
from estran.observations.store.matching import Counts, marked, matches
from estran.observations.store.matching import fresh as fresh_of
from estran.observations.store.outlines import Outlines
from estran.observations.store.overview import Looks
from estran.observations.store.quality import QualityStore
from estran.observations.store.removing import without_removed
from estran.observations.store.sensing import SensingStore
from estran.observations.store.tallying import heads, tallied
from estran.observations.store.tiles import Graded, Tile
from estran.observations.store.written import Following

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa
    import sqlalchemy as sa

    from estran.model import Datastream
    from estran.observations.store.marking import Arrival, Outcomes
    from estran.observations.store.registry import Tally
    from estran.storage import Database

__all__ = ["MOST", "Counts", "Extent", "Graded", "SeriesStore", "Tile"]

_INTO_FILES = 100_000
"""A batch of so many rows goes into the files at once."""


class SeriesStore(Filing):
    """Reads and writes datastreams and their observations.

    Args:
        database: of the node.
        address: a folder, or the address of an object store.

    Attributes:
        quality: what is known of how good observations are, beside their rows.
        arrived: told of which datastreams something was written, after it is stored.
        at_once: says how what is being written is to be marked, as far as that can be told without reading.
    """

    def __init__(self, database: Database, address: str) -> None:
        super().__init__(database, address)
        self.quality = QualityStore(database)
        self.arrived: Callable[[Sequence[int]], object] | None = None
        self.at_once: Callable[[Arrival], Outcomes | None] | None = None
        self.looks = Looks(database)
        """What is known of many datastreams at once."""
        self.outlines = Outlines(self, database, self._files)
        """What many datastreams look like."""
        self.copied = Copied(database)
        """How far series of other servers were taken."""
        self.sensing = SensingStore(self, database)
        """What observations are of, as entities."""

    def following(self, name: str) -> Following:
        """What is written, for one who tells it on."""
        return Following(self._database, self._files, name)

    # What observations are of

    def enter(self, record: str, described: Sequence[Datastream]) -> tuple[dict[str, int], int]:
        """Note datastreams of a dataset; gives the number of each by its key, and how many were not known."""
        with self._database.write() as connection:
            return registry.enter(connection, record, described)

    # Reading

    def keep_history(self, record: str) -> int | None:
        """Keep from now on what the observations of a dataset said before; gives the version since which it is kept."""
        with self._database.write() as connection:
            return former.begin(connection, record, versions.newest(connection))

    # Writing

    def put(self, coming: pa.Table) -> Counts:
        """Write observations, whose number and version mean nothing yet; of one key the last counts.

        What is there already under its key is replaced if it says something else. All of a batch is written, or
        nothing; of a batch for the files, whole years of 256 datastreams.
        """
        coming = columns.newest([coming])
        counts = (
            self._put_into_files(coming)
            if coming.num_rows >= _INTO_FILES
            else self._put_into_database(coming)
        )
        if self.arrived and counts.new + counts.changed:
            numbers = np.unique(array(coming, "datastream")).tolist()
            if untested := [number for number in numbers if number not in counts.tested]:
                self.arrived(untested)
        return counts

    def _put_into_database(self, coming: pa.Table) -> Counts:
        if not coming.num_rows:
            return Counts()
        with self._database.write() as connection:
            return self.put_within(connection, coming)

    def put_within(self, connection: sa.Connection, coming: pa.Table, number: int | None = None) -> Counts:
        """The same as `put` within a transaction of the database, for what is not many; in the order of keys.

        Args:
            connection: in a transaction that writes.
            coming: some observations.
            number: of the one that comes, where it had one already.
        """
        version = versions.take(connection)
        known = self._tallies(connection, coming)
        held = self._overlapped(connection, coming, known)

        def reserve(datastream: int, count: int) -> int:
            return known[datastream].reserve(count) if number is None else number

        fresh = fresh_of(coming, held, version, reserve)
        if fresh.rows.num_rows:
            self._keep_former(connection, fresh.replaced, version)
            rows = fresh.rows
            coming = marking.arrival(connection, self._database.engine, rows, fresh.is_new, version)
            if found := self._outcomes(connection, coming):
                rows, fresh.counts.tested = marking.with_outcomes(rows, found), found.datastreams
            recent.put(connection, self._database.engine, rows)
            registry.note(connection, self._database.engine, tallied(known, rows, fresh.added))
            reaching.note(connection, self._database.engine, rows)
            testing.touch(
                connection, self._database.engine, rows, version, coming.states, tested=fresh.counts.tested
            )
        return fresh.counts

    def _outcomes(self, connection: sa.Connection, coming: Arrival) -> Outcomes | None:
        """What tests say of what is written, as far as it can be told at once; written of what was there before."""
        # While files are written, a mark would bring an older value back.
        if self.at_once is None or not coming.states or pending(connection):
            return None
        found = self.at_once(coming)
        if found and found.marks:
            marking.mark(
                connection, self._database.engine, found.marks, coming.version,
                lambda number, start, end: self._read(connection, [number], start, end),
            )  # fmt: skip
        return found

    def remove(self, keys: pa.Table) -> int:
        """Take observations out, whose datastream, time and vertical stand in these rows; gives how many were there."""
        if not keys.num_rows:
            return 0
        with self._database.write() as connection:
            count = self.remove_within(connection, keys)
        if self.arrived and count:
            self.arrived(np.unique(array(keys, "datastream")).tolist())
        return count

    def remove_within(self, connection: sa.Connection, keys: pa.Table) -> int:
        """The same within a transaction of the database; their numbers are not given again."""
        version, time = versions.take(connection), array(keys, "time")
        known = self._tallies(connection, keys)
        held = self._read(connection, list(known), int(time.min()), int(time.max()) + 1)
        rows = kept(held, matches(held, columns.newest([keys])) >= 0)
        if rows.num_rows:
            self._keep_former(connection, rows, version)
            recent.remove(connection, self._database.engine, rows, version)
            without_removed(known, rows, lambda *span: self._read(connection, *span))
            registry.note(connection, self._database.engine, known)
            engine = self._database.engine
            reaching.forget(connection, engine, [n for n, tally in known.items() if tally.first is None])
            states = testing.states(connection, engine, list(known))
            testing.touch(connection, engine, rows, version, states, are_gone=True)
        return rows.num_rows

    def held_within(
        self, connection: sa.Connection, datastreams: Sequence[int], start: int, end: int
    ) -> pa.Table:
        """The observations of datastreams in [start, end), as a transaction sees them."""
        return self._read(connection, datastreams, start, end)

    def mark(self, tested: pa.Table) -> int:
        """Write outcomes of tests beside observations; gives of how many they changed.

        Args:
            tested: key and version of observations as they were read, and the new outcomes; those that somebody
                wrote since are left alone.

        Raises:
            Unavailable: another process writes files for longer than one may wait.
        """
        if tested.num_rows >= _INTO_FILES:
            return self._put_into_files(tested, are_marks=True).changed
        if not tested.num_rows:
            return 0
        with self._lease.free() as connection:
            version = versions.take(connection)
            time, known = array(tested, "time"), self._tallies(connection, tested)
            held = self._read(connection, list(known), int(time.min()), int(time.max()) + 1)
            fresh = marked(tested, held, version)
            if fresh.rows.num_rows:
                self._keep_former(connection, fresh.replaced, version)
                recent.put(connection, self._database.engine, fresh.rows)
                registry.note(connection, self._database.engine, tallied(known, fresh.rows, {}))
        return fresh.counts.changed

    def _overlapped(
        self, connection: sa.Connection, coming: pa.Table, known: Mapping[int, Tally]
    ) -> pa.Table:
        """What is there of the datastreams in the time of what comes; nothing is, after the last of each."""
        time = array(coming, "time")
        begins = heads(coming)
        mixed = [
            (stream, first)
            for stream, first in zip(
                array(coming, "datastream")[begins].tolist(), time[begins].tolist(), strict=True
            )
            if (last := known[stream].last) is not None and first <= last
        ]
        if not mixed:
            return columns.empty()
        return self._read(connection, [n for n, _ in mixed], min(at for _, at in mixed), int(time.max()) + 1)
