"""Observations written into files, a block at a time: of however many there are, so many are in memory."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from estran.observations.store import (
    blocks,
    columns,
    former,
    reaching,
    recent,
    registry,
    testing,
    tiles,
    versions,
)
from estran.observations.store.blocks import GROUP, Partition
from estran.observations.store.columns import array, kept
from estran.observations.store.lease import Lease
from estran.observations.store.matching import Counts, marked, matches, replaced, without, without_counted
from estran.observations.store.matching import fresh as fresh_of
from estran.observations.store.reading import FILES_VERSION, Reading, files_version
from estran.observations.store.tallying import tallied
from estran.storage import put_meta

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    import sqlalchemy as sa
    from numpy.typing import NDArray

    from estran.observations.store.blocks import Block, Bounds
    from estran.observations.store.lease import Holder
    from estran.observations.store.matching import Fresh
    from estran.observations.store.registry import Tally
    from estran.storage import Database

__all__ = ["Filing"]

_SWEPT_EVERY_S = 600.0


class Filing(Reading):
    """Writes observations into files.

    Args:
        database: of the node.
        address: a folder, or the address of an object store.
    """

    def __init__(self, database: Database, address: str) -> None:
        super().__init__(database, address)
        self._lease = Lease(database)
        self._swept = -_SWEPT_EVERY_S

    def _keep_former(
        self, connection: sa.Connection, rows: pa.Table, version: int | NDArray[np.int64]
    ) -> None:
        """Keep what a version takes the place of, or each row what one does, where datasets ask for it."""
        former.put(connection, self._database.engine, rows, np.broadcast_to(version, rows.num_rows))

    def _tallies(self, connection: sa.Connection, rows: pa.Table) -> dict[int, Tally]:
        return registry.tallies(
            connection, self._database.engine, np.unique(array(rows, "datastream")).tolist()
        )

    def settle(self) -> int:
        """Move what the database holds of observations into the files; gives how many rows it held."""
        with self._lease.held() as holder:
            rows = self._settle(holder)
            self._sweep(holder)
        return rows

    def _settle(self, holder: Holder) -> int:
        with self._database.read() as connection:
            rows, waiting = recent.count(connection), recent.partitions(connection)
            until = versions.newest(connection)
        for partition in waiting if rows else ():
            while self._settled_some(holder, partition, until):
                pass
        return rows

    def _settled_some(self, holder: Holder, partition: Partition, until: int) -> bool:
        """Move as much as the blocks of a partition take at once of what is that old; says whether there was any."""
        with self._database.read() as connection:
            waiting = recent.touched(connection, blocks.of(connection, partition), until)
        return sum(self._write(holder, block, None, until=until)[1] for block in waiting) > 0

    def _sweep(self, holder: Holder) -> None:
        """Delete replaced files, now and then; who cannot today does the next time."""
        if monotonic() < self._swept + _SWEPT_EVERY_S:
            return
        self._swept = monotonic()
        with self._database.read() as connection:
            version = files_version(connection)
        with suppress(OSError):
            newest = self._files.sweep(version)
            if newest != version:
                with self._database.write() as connection:
                    holder.check(connection)
                    put_meta(connection, FILES_VERSION, str(newest).encode())

    def _put_into_files(self, coming: pa.Table, *, are_marks: bool = False) -> Counts:
        counts = Counts()
        group = array(coming, "datastream") // GROUP
        year = columns.years(array(coming, "time"))
        with self._lease.held() as holder:
            if self.holds_more_than(blocks.MOST_ROWS):
                self._settle(holder)
            for partition in sorted(
                {Partition(int(g), int(y)) for g, y in np.unique([group, year], axis=1).T}
            ):
                part = kept(coming, (group == partition.group) & (year == partition.year))
                with self._database.read() as connection:
                    there = blocks.of(connection, partition)
                for block, rows in blocks.routed(there, part):
                    counts.add(self._write(holder, block, rows, are_marks=are_marks)[0])
            self._sweep(holder)
        return counts

    def _write(
        self,
        holder: Holder,
        block: Block,
        coming: pa.Table | None,
        *,
        until: int | None = None,
        are_marks: bool = False,
    ) -> tuple[Counts, int]:
        """Write a block anew, with what the database holds of it and what comes, or the outcomes of tests.

        Args:
            holder: of the lease.
            block: of a partition.
            coming: what comes, if anything.
            until: up to which version what the database holds is taken, as much as a block may have; all without it.
            are_marks: whether what comes are outcomes of tests.

        Returns:
            What became of what comes, and how many rows of the database were moved.
        """
        with self._database.write() as connection:
            version = versions.take(connection)
            holder.check(connection, version)
            firsts = self._reserved(connection, coming) if coming is not None and not are_marks else {}
        # Nobody else writes files now, and what is written into the database from here on has a higher version.
        with self._database.snapshot() as connection:
            files = files_version(connection)
            late, gone, reached = recent.of_block(connection, block, until)
            numbers = blocks.further(blocks.of(connection, block.partition))
        if coming is None and not late.num_rows:
            return Counts(), 0
        given = columns.empty() if coming is None else coming
        came = None if are_marks else blocks.bounds_of(late, given)
        left, own, filed = self._parted(block, came, files, numbers)
        held = without(columns.newest([filed, late]), late, gone)
        fresh = (
            marked(given, held, version)
            if are_marks
            else fresh_of(given, held, version, lambda d, _count: firsts[d])
        )
        parts = blocks.cut(own, columns.newest([held, fresh.rows]), came, numbers)
        written = self._files.write(own, parts, files)
        with self._database.read() as connection:
            graded = [(rows, self._graded(connection, rows)) for _, rows in parts]
        with self._database.write() as connection:
            holder.check(connection)
            put_meta(connection, FILES_VERSION, str(written).encode())
            blocks.replace(connection, block, [*left, *(one for one, _ in parts)])
            tiles.replace(connection, own, graded)
            recent.take_out(connection, block, version if until is None else reached)
            self._keep_former(connection, fresh.replaced, version)
            # A row of the files that was written while its successor was on its way has not been kept yet.
            self._keep_former(connection, *replaced(filed, late))
            if fresh.rows.num_rows:
                self._note(connection, block, fresh, version, are_marks=are_marks)
        return fresh.counts, late.num_rows

    def _parted(
        self, block: Block, came: Bounds | None, files: int, numbers: Iterator[int]
    ) -> tuple[list[Block], Block, pa.Table]:
        """What of a block is left as it is, the block to be written, and what the files have of that."""
        snapshot = self._files.at(files)
        rows, bounds = snapshot.bounds(block)
        if came and bounds and blocks.is_left_alone(rows):
            parted = blocks.apart(block, bounds, came, numbers)
            if parted:
                return [parted[0]], parted[1], columns.empty()
        return [], block, snapshot.block(block)

    def _note(
        self, connection: sa.Connection, block: Block, fresh: Fresh, version: int, *, are_marks: bool
    ) -> None:
        """Tell the datastreams what was written of them, and their tests."""
        engine = self._database.engine
        since, _, _ = recent.of_block(connection, block)
        # Of a key that another writer wrote meanwhile the datastream knows already.
        told = kept(fresh.rows, matches(fresh.rows, since) < 0)
        known = self._tallies(connection, told)
        registry.note(connection, self._database.engine, tallied(known, told, without_counted(fresh, since)))
        if not are_marks:
            reaching.note(connection, engine, fresh.rows)
            numbers = np.unique(array(fresh.rows, "datastream")).tolist()
            testing.touch(
                connection, engine, fresh.rows, version, testing.states(connection, engine, numbers)
            )

    def _reserved(self, connection: sa.Connection, coming: pa.Table) -> dict[int, int]:
        """The first number of as many as each datastream may need."""
        known = self._tallies(connection, coming)
        streams, counts = np.unique(array(coming, "datastream"), return_counts=True)
        firsts = {
            s: known[s].reserve(count) for s, count in zip(streams.tolist(), counts.tolist(), strict=True)
        }
        registry.note(connection, self._database.engine, known)
        return firsts
