"""Observations, stored: the newest in the database, the others in files beside it, read as one.

Both say for each key (datastream, time, vertical) which version of the row they have; the highest counts. Whatever
the files say counts from the transaction on that notes their version, so that a reader, within one snapshot of the
database, sees each observation once, and a writer that dies leaves nothing behind that anybody would read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estran.observations.store import (
    columns,
    counting,
    former,
    marking,
    recent,
    registry,
    testing,
    tiles,
    versions,
)
from estran.observations.store.batches import MOST, Extent, in_portions
from estran.observations.store.columns import array, kept
from estran.observations.store.copied import Copied
from estran.observations.store.files import GROUP, Files, Partition
from estran.observations.store.lease import Holder, Lease, pending
from estran.observations.store.matching import Counts, marked, matches, replaced, without, without_counted
from estran.observations.store.matching import fresh as fresh_of
from estran.observations.store.overview import Looks
from estran.observations.store.quality import QualityStore
from estran.observations.store.removing import without_removed
from estran.observations.store.sensing import SensingStore
from estran.observations.store.tiles import Graded, Tile
from estran.observations.store.written import Following
from estran.storage import descriptions, get_meta, put_meta

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pyarrow as pa
    import sqlalchemy as sa
    from numpy.typing import NDArray

    from estran.model import Datastream
    from estran.observations.store.marking import Arrival, Outcomes
    from estran.observations.store.registry import HeldDatastream, Tally
    from estran.storage import Database

__all__ = ["MOST", "Counts", "Extent", "Graded", "SeriesStore", "Tile"]

_VERSION = "observation-files-version"
_INTO_FILES = 100_000
"""A batch of so many rows goes into the files at once."""


class SeriesStore:
    """Reads and writes of datastreams and their observations.

    Args:
        database: of the node.
        address: a folder, or the address of an object store.

    Attributes:
        quality: what is known of how good observations are, beside their rows.
        arrived: told of which datastreams something was written, after it is stored.
        grade: says how good rows of some datastreams are, by producer and tests.
        at_once: says how what is being written is to be marked, as far as that can be told without reading.
    """

    def __init__(self, database: Database, address: str) -> None:
        self._database = database
        self.quality = QualityStore(database)
        self.arrived: Callable[[Sequence[int]], object] | None = None
        self.at_once: Callable[[Arrival], Outcomes | None] | None = None
        self.grade: Callable[[pa.Table, Mapping[int, Datastream]], NDArray[np.int8]] | None = None
        self._files = Files(address)
        self._lease = Lease(database)
        self.looks = Looks(database)
        """What is known of many datastreams at once."""
        self.copied = Copied(database)
        """How far series of other servers were taken."""
        self.sensing = SensingStore(self, database)
        """What observations are of, as entities."""

    @property
    def database(self) -> Database:
        """Of the node."""
        return self._database

    def following(self, name: str) -> Following:
        """What is written, for one who tells it on."""
        return Following(self._database, self._files, name)

    # What observations are of

    def enter(self, record: str, described: Sequence[Datastream]) -> tuple[dict[str, int], int]:
        """Note datastreams of a dataset; gives the number of each by its key, and how many were not known."""
        with self._database.write() as connection:
            return registry.enter(connection, record, described)

    def datasets(self) -> dict[str, int]:
        """Record id -> number of each dataset."""
        with self._database.read() as connection:
            return registry.datasets(connection)

    def datastreams(
        self, sets: Sequence[int], *, name: str = "", numbers: Sequence[int] = ()
    ) -> list[HeldDatastream]:
        """Datastreams of some datasets; see `registry.datastreams`."""
        with self._database.read() as connection:
            return registry.datastreams(connection, self._database.engine, sets, name=name, numbers=numbers)

    def latest(self) -> list[tuple[int, int, float | None, str | None]]:
        """(datastream, time, value, words) of the newest observation of each datastream that has one."""
        with self._database.read() as connection:
            return registry.latest(connection)

    # Reading

    def version(self) -> int:
        """Number of the newest write."""
        with self._database.read() as connection:
            return versions.newest(connection)

    def settled(self) -> int:
        """The newest version that everything up to which is there: what was said at it stays so."""
        with self._database.read() as connection:
            return (pending(connection) or versions.newest(connection) + 1) - 1

    def keep_history(self, record: str) -> int | None:
        """Keep from now on what the observations of a dataset said before; gives the version since which it is kept."""
        with self._database.write() as connection:
            return former.begin(connection, record, versions.newest(connection))

    def history(self, datastreams: Sequence[int]) -> dict[int, int]:
        """Datastream -> the version since which is kept what it said before, where it is."""
        with self._database.read() as connection:
            return former.since(connection, self._database.engine, datastreams)

    def described_then(self, record: str, version: int) -> dict[int, descriptions.Description]:
        """By number, what described a dataset and its datastreams at a version and does not any more."""
        with self._database.read() as connection:
            dataset = descriptions.keeping(connection).get(record)
            return {} if dataset is None else descriptions.then(connection, dataset, version)

    def read(
        self,
        datastreams: Sequence[int],
        start: int,
        end: int,
        names: Sequence[str] = columns.NAMES,
        version: int | None = None,
    ) -> pa.Table:
        """The observations of some datastreams in [start, end), in the order of datastream, time and vertical.

        Args:
            datastreams: their numbers.
            start: microseconds since 1970 UTC.
            end: the same, just after the last.
            names: the columns that are wanted, those of the key among them.
            version: as they were at it; of datasets that keep since then what was said before.
        """
        with self._database.read() as connection:
            if version is not None:
                return self._read_former(connection, datastreams, start, end, version).select(list(names))
            return self._read(connection, datastreams, start, end, names)

    def extents(self, streams: Sequence[HeldDatastream], version: int | None = None) -> list[Extent]:
        """Where the observations of datastreams lie, in the same order; with what was there at a version, at least."""
        found = {
            one.number: Extent(one.number, one.count, one.first, one.last)
            for one in streams
            if one.first is not None and one.last is not None
        }
        if version is not None:
            with self._database.read() as connection:
                numbers = [one.number for one in streams]
                for one in former.extents(connection, self._database.engine, numbers):
                    held = found.get(one.datastream)
                    found[one.datastream] = one.and_also(held) if held else one
        return [found[one.number] for one in streams if one.number in found]

    def batches(
        self,
        extents: Sequence[Extent],
        names: Sequence[str] = columns.NAMES,
        most: int = MOST,
        version: int | None = None,
    ) -> Iterator[pa.Table]:
        """The observations of some datastreams in their extents, in order, in portions of at most `most` rows.

        Each portion is of one moment; what is written meanwhile may be in a later one.
        """

        def about(datastream: int, start: int, end: int) -> int:
            with self._database.read() as connection:
                return tiles.counted(connection, datastream, 2, start, end)

        def read(numbers: Sequence[int], start: int, end: int) -> pa.Table:
            return self.read(numbers, start, end, names, version)

        return in_portions(extents, read, about, most)

    def _read(
        self,
        connection: sa.Connection,
        datastreams: Sequence[int],
        start: int,
        end: int,
        names: Sequence[str] = columns.NAMES,
    ) -> pa.Table:
        if not datastreams:
            return columns.empty().select(list(names))
        late, gone = recent.read(connection, self._database.engine, datastreams, start, end)
        files = self._files.at(_files_version(connection))
        if not late.num_rows:
            return columns.newest([files.read(datastreams, start, end, names)])
        return without(columns.newest([files.read(datastreams, start, end), late]), late, gone).select(
            list(names)
        )

    def _read_former(
        self, connection: sa.Connection, datastreams: Sequence[int], start: int, end: int, version: int
    ) -> pa.Table:
        """What was said at a version: by what is still there of it, and by what was kept."""
        if not datastreams:
            return columns.empty()
        late, gone = recent.read(connection, self._database.engine, datastreams, start, end)
        before = array(late, "version") <= version
        late, gone = kept(late, before), np.asarray(gone, bool)[before].tolist()
        filed = self._files.at(_files_version(connection)).read(datastreams, start, end)
        filed = kept(filed, array(filed, "version") <= version)
        earlier = former.read(connection, self._database.engine, datastreams, (start, end), version)
        return without(columns.newest([filed, earlier, late]), late, gone)

    def counted(self, datastreams: Sequence[int], start: int, end: int) -> dict[int, float]:
        """How many observations datastreams have in [start, end); see `counting.counted`."""
        with self._database.read() as connection:
            files = self._files.at(_files_version(connection))
            reads = counting.Reads(
                lambda some, low, high: self._read(connection, some, low, high, columns.KEY),
                lambda some, low, high: files.read(some, low, high, columns.KEY),
            )
            return counting.counted(connection, self._database.engine, datastreams, (start, end), reads)

    def times_of(self, datastream: int, number: int) -> list[int]:
        """When the observation of a number may have been made."""
        with self._database.read() as connection:
            late = recent.times_of(connection, datastream, number)
            return late or self._files.at(_files_version(connection)).times_of(datastream, number)

    def tiles(self, datastream: int, start: int, end: int, most: int) -> list[Tile] | None:
        """At least so many tiles of a datastream in [start, end), at the coarsest; None where its observations are few.

        Tiles into which something was written since the files were are made anew of their observations.
        """
        found = self.graded(datastream, start, end, most)
        return found.tiles if found else None

    def graded(self, datastream: int, start: int, end: int, most: int) -> Graded | None:
        """The same, with what is doubtful of them by producer and tests."""
        with self._database.read() as connection:
            level = tiles.level_for(connection, datastream, start, end, most)
            if not level:
                return None
            found = tiles.read(connection, datastream, level, start, end)
            late, _ = recent.read(connection, self._database.engine, [datastream], start, end)
            if not late.num_rows:
                return found
            return tiles.mended(
                found,
                np.sort(array(late, "time")),
                (start, end),
                lambda begin, after: self._made_anew(connection, datastream, begin, after),
            )

    def _made_anew(self, connection: sa.Connection, datastream: int, start: int, end: int) -> Graded:
        """The tiles of what is there now."""
        rows = self._read(connection, [datastream], start, end)
        quality = self._graded(connection, rows)
        told = {} if quality is None else tiles.graded(rows, tiles.SIZES[2], quality)
        made: list[Tile] = [tuple(tile.values()) for _, tile in tiles.summed(rows, tiles.SIZES[2])]  # type: ignore[misc]
        return Graded(made, {at: one for at, (_, one) in told.items()}, self.grade is not None)

    def _graded(self, connection: sa.Connection, rows: pa.Table) -> NDArray[np.int8] | None:
        if self.grade is None:
            return None
        numbers = np.unique(array(rows, "datastream")).tolist()
        # Without flags of producers nobody asks what they mean.
        has_flags = rows["flag"].null_count < rows.num_rows
        known = registry.described(connection, self._database.engine, numbers) if has_flags else {}
        return self.grade(rows, known)

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
            registry.note(connection, _tallied(known, rows, fresh.added))
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
            registry.note(connection, known)
            engine = self._database.engine
            states = testing.states(connection, engine, list(known))
            testing.touch(connection, engine, rows, version, states, are_gone=True)
        return rows.num_rows

    def held_within(self, connection: sa.Connection, datastream: int, start: int, end: int) -> pa.Table:
        """The observations of a datastream in [start, end), as a transaction sees them."""
        return self._read(connection, [datastream], start, end)

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
                registry.note(connection, _tallied(known, fresh.rows, {}))
        return fresh.counts.changed

    def _keep_former(
        self, connection: sa.Connection, rows: pa.Table, version: int | NDArray[np.int64]
    ) -> None:
        """Keep what a version takes the place of, or each row what one does, where datasets ask for it."""
        former.put(connection, self._database.engine, rows, np.broadcast_to(version, rows.num_rows))

    def _tallies(self, connection: sa.Connection, rows: pa.Table) -> dict[int, Tally]:
        return registry.tallies(
            connection, self._database.engine, np.unique(array(rows, "datastream")).tolist()
        )

    def _overlapped(
        self, connection: sa.Connection, coming: pa.Table, known: Mapping[int, Tally]
    ) -> pa.Table:
        """What is there of the datastreams in the time of what comes; nothing is, after the last of each."""
        time = array(coming, "time")
        heads = _heads(coming)
        mixed = [
            (stream, first)
            for stream, first in zip(
                array(coming, "datastream")[heads].tolist(), time[heads].tolist(), strict=True
            )
            if (last := known[stream].last) is not None and first <= last
        ]
        if not mixed:
            return columns.empty()
        return self._read(connection, [n for n, _ in mixed], min(at for _, at in mixed), int(time.max()) + 1)

    # Files

    def holds_more_than(self, most: int) -> bool:
        """Whether the database holds more than so many rows."""
        with self._database.read() as connection:
            return recent.more_than(connection, most)

    def settle(self) -> int:
        """Move what the database holds of observations into the files; gives how many rows it held."""
        with self._lease.held() as holder:
            with self._database.read() as connection:
                rows, waiting = recent.count(connection), recent.partitions(connection)
            for partition in waiting if rows else ():
                self._rewrite(holder, partition, None)
        return rows

    def _put_into_files(self, coming: pa.Table, *, are_marks: bool = False) -> Counts:
        counts = Counts()
        group = array(coming, "datastream") // GROUP
        year = columns.years(array(coming, "time"))
        with self._lease.held() as holder:
            for partition in sorted(
                {Partition(int(g), int(y)) for g, y in np.unique([group, year], axis=1).T}
            ):
                part = kept(coming, (group == partition.group) & (year == partition.year))
                counts.add(self._rewrite(holder, partition, part, are_marks=are_marks))
        return counts

    def _rewrite(
        self, holder: Holder, partition: Partition, coming: pa.Table | None, *, are_marks: bool = False
    ) -> Counts:
        """Write a partition anew, with what the database holds of it and what comes, or the outcomes of tests."""
        bounds = columns.year_bounds(partition.year)
        with self._database.write() as connection:
            version = versions.take(connection)
            holder.check(connection, version)
            firsts = self._reserved(connection, coming) if coming is not None and not are_marks else {}
        # Nobody else writes files now, and what is written into the database from here on has a higher version.
        with self._database.snapshot() as connection:
            files = _files_version(connection)
            late, gone = recent.of_partition(connection, partition, bounds)
        if coming is None and not late.num_rows:
            return Counts()
        filed = self._files.at(files).partition(partition)
        held = without(columns.newest([filed, late]), late, gone)
        given = columns.empty() if coming is None else coming
        fresh = (
            marked(given, held, version)
            if are_marks
            else fresh_of(given, held, version, lambda d, _count: firsts[d])
        )
        merged = columns.newest([held, fresh.rows])
        written = self._files.write(partition, merged, files)
        with self._database.read() as connection:
            quality = self._graded(connection, merged)
        with self._database.write() as connection:
            holder.check(connection)
            put_meta(connection, _VERSION, str(written).encode())
            tiles.replace(connection, partition, merged, quality)
            recent.take_out(connection, partition, bounds, version)
            self._keep_former(connection, fresh.replaced, version)
            # A row of the files that was written while its successor was on its way has not been kept yet.
            self._keep_former(connection, *replaced(filed, late))
            if fresh.rows.num_rows:
                since, _ = recent.of_partition(connection, partition, bounds)
                # Of a key that another writer wrote meanwhile the datastream knows already.
                told = kept(fresh.rows, matches(fresh.rows, since) < 0)
                known = self._tallies(connection, told)
                registry.note(connection, _tallied(known, told, without_counted(fresh, since)))
                if not are_marks:
                    numbers = np.unique(array(fresh.rows, "datastream")).tolist()
                    engine = self._database.engine
                    states = testing.states(connection, engine, numbers)
                    testing.touch(connection, engine, fresh.rows, version, states)
        return fresh.counts

    def _reserved(self, connection: sa.Connection, coming: pa.Table) -> dict[int, int]:
        """The first number of as many as each datastream may need."""
        known = self._tallies(connection, coming)
        streams, counts = np.unique(array(coming, "datastream"), return_counts=True)
        firsts = {
            s: known[s].reserve(count) for s, count in zip(streams.tolist(), counts.tolist(), strict=True)
        }
        registry.note(connection, known)
        return firsts


def _files_version(connection: sa.Connection) -> int:
    held = get_meta(connection, _VERSION)
    return int(held) if held else -1


def _heads(rows: pa.Table) -> NDArray[np.int64]:
    """Where each datastream begins in rows that come sorted."""
    datastream = array(rows, "datastream")
    return np.flatnonzero(np.append(True, datastream[1:] != datastream[:-1]))


def _tallied(known: dict[int, Tally], fresh: pa.Table, added: Mapping[int, int]) -> dict[int, Tally]:
    """What is known of datastreams, with what was written of each; rows come sorted."""
    heads = _heads(fresh)
    ends = np.append(heads[1:], fresh.num_rows) - 1
    time = array(fresh, "time")
    newest = fresh.take(ends).to_pylist()
    told = zip(
        heads.tolist(), array(fresh, "datastream")[heads].tolist(), time[heads].tolist(), time[ends].tolist(), newest,
        strict=True,
    )  # fmt: skip
    for head, stream, first, end, row in told:
        _pace(known[stream], time[head : head + added.get(stream, 0)], first)
        known[stream].add(added.get(stream, 0), (first, end), row)
    return known


def _pace(known: Tally, time: NDArray[np.int64], first: int) -> None:
    """Note the usual step of what came after all that was known; profiles have many values at one time."""
    if known.last is not None:
        if first <= known.last:
            return
        if len(time) == 1:
            # What comes one by one needs no median.
            known.pace(first - known.last, 1)
            return
        time = np.append(known.last, time)
    steps = np.diff(time)
    steps = steps[steps > 0]
    if len(steps):
        known.pace(int(np.median(steps)), len(steps))
