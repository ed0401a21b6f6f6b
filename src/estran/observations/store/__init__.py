"""Observations, stored: the newest in the database, the others in files beside it, read as one.

Both say for each key (datastream, time, vertical) which version of the row they have; the highest counts. Whatever
the files say counts from the transaction on that notes their version, so that a reader, within one snapshot of the
database, sees each observation once, and a writer that dies leaves nothing behind that anybody would read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.observations.store import columns, recent, registry, tiles
from estran.observations.store.columns import array, kept, newest
from estran.observations.store.files import GROUP, Files, Partition
from estran.observations.store.lease import Holder, Lease
from estran.storage import get_meta, put_meta, take_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa
    import sqlalchemy as sa
    from numpy.typing import NDArray

    from estran.model import Datastream
    from estran.observations.store.registry import HeldDatastream
    from estran.storage import Database

__all__ = ["Counts", "SeriesStore", "Tile"]

_VERSION = "observation-files-version"
_SEQUENCE = "observation-version"
_INTO_FILES = 100_000
"""A batch of so many rows goes into the files at once."""


@dataclass(slots=True)
class Counts:
    """What became of observations that were given."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0

    def add(self, other: Counts) -> None:
        """Count others with these."""
        self.new, self.changed = self.new + other.new, self.changed + other.changed
        self.unchanged += other.unchanged


type Tile = tuple[int, int, int, int, float | None, float | None, float]
"""First and last time, how many observations and numbers, the lowest, the highest, and their sum."""


class SeriesStore:
    """Reads and writes of datastreams and their observations.

    Args:
        database: of the node.
        address: a folder, or the address of an object store.
    """

    def __init__(self, database: Database, address: str) -> None:
        self._database = database
        self._files = Files(address)
        self._lease = Lease(database)

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

    # Reading

    def read(self, datastreams: Sequence[int], start: int, end: int) -> pa.Table:
        """The observations of some datastreams in [start, end), in the order of datastream, time and vertical."""
        with self._database.read() as connection:
            return self._read(connection, datastreams, start, end)

    def _read(self, connection: sa.Connection, datastreams: Sequence[int], start: int, end: int) -> pa.Table:
        if not datastreams:
            return columns.empty()
        late, gone = recent.read(connection, self._database.engine, datastreams, start, end)
        held = self._files.at(_files_version(connection)).read(datastreams, start, end)
        return _without(newest([held, late]), late, gone)

    def tiles(self, datastream: int, start: int, end: int, most: int) -> list[Tile] | None:
        """At least so many tiles of a datastream in [start, end), at the coarsest; None where its observations are few.

        Tiles into which something was written since the files were are made anew of their observations.
        """
        with self._database.read() as connection:
            level = tiles.level_for(connection, datastream, start, end, most)
            if not level:
                return None
            found = tiles.read(connection, datastream, level, start, end)
            late, _ = recent.read(connection, self._database.engine, [datastream], start, end)
            if not late.num_rows:
                return found
            return list(
                self._mended(connection, datastream, found, np.sort(array(late, "time")), (start, end))
            )

    def _mended(
        self,
        connection: sa.Connection,
        datastream: int,
        found: list[Tile],
        late: NDArray[np.int64],
        span: tuple[int, int],
    ) -> Iterator[Tile]:
        """Tiles whose time, up to the next tile, has rows in the database are made of what there is now."""
        begins = [span[0], *(tile[0] for tile in found[1:]), span[1]] if found else [span[0], span[1]]
        for n, (begin, after) in enumerate(pairwise(begins)):
            touched = np.searchsorted(late, begin) < np.searchsorted(late, after)
            if not touched:
                yield found[n]
                continue
            rows = self._read(connection, [datastream], begin, after)
            for _, tile in tiles.summed(rows, tiles.SIZES[2]):
                yield tuple(tile.values())  # type: ignore[misc]

    # Writing

    def put(self, coming: pa.Table) -> Counts:
        """Write observations, whose number and version mean nothing yet; of one key the last counts.

        What is there already under its key is replaced if it says something else. All of a batch is written, or
        nothing; of a batch for the files, whole years of 256 datastreams.
        """
        coming = newest([coming])
        if coming.num_rows >= _INTO_FILES:
            return self._put_into_files(coming)
        if not coming.num_rows:
            return Counts()
        with self._database.write() as connection:
            version = take_numbers(connection, _SEQUENCE, 1)
            held = self._overlapped(connection, coming)
            fresh = _fresh(coming, held, version, partial(registry.reserve, connection))
            if fresh.rows.num_rows:
                recent.put(connection, self._database.engine, fresh.rows)
                _tally(connection, fresh.rows, fresh.added)
        return fresh.counts

    def _overlapped(self, connection: sa.Connection, coming: pa.Table) -> pa.Table:
        """What is there of the datastreams in the time of what comes; nothing is, after the last of each."""
        datastream, time = array(coming, "datastream"), array(coming, "time")
        known = registry.tallies(connection, self._database.engine, np.unique(datastream).tolist())
        first = {number: int(time[datastream == number].min()) for number in known}
        mixed = [n for n, told in known.items() if told.last is not None and first[n] <= told.last]
        if not mixed:
            return columns.empty()
        return self._read(connection, mixed, min(first[n] for n in mixed), int(time.max()) + 1)

    # Files

    def settle(self) -> int:
        """Move what the database holds of observations into the files; gives how many rows it held."""
        with self._lease.held() as holder:
            with self._database.read() as connection:
                rows, waiting = recent.count(connection), recent.partitions(connection)
            for partition in waiting if rows else ():
                self._rewrite(holder, partition, None)
        return rows

    def _put_into_files(self, coming: pa.Table) -> Counts:
        counts = Counts()
        group = array(coming, "datastream") // GROUP
        year = columns.years(array(coming, "time"))
        with self._lease.held() as holder:
            for partition in sorted(
                {Partition(int(g), int(y)) for g, y in np.unique([group, year], axis=1).T}
            ):
                part = kept(coming, (group == partition.group) & (year == partition.year))
                counts.add(self._rewrite(holder, partition, part))
        return counts

    def _rewrite(self, holder: Holder, partition: Partition, coming: pa.Table | None) -> Counts:
        """Write a partition anew, with what the database holds of it and what comes."""
        bounds = columns.year_bounds(partition.year)
        with self._database.write() as connection:
            holder.check(connection)
            version = take_numbers(connection, _SEQUENCE, 1)
            firsts = _reserved(connection, coming) if coming is not None else {}
        # Nobody else writes files now, and what is written into the database from here on has a higher version.
        with self._database.snapshot() as connection:
            files = _files_version(connection)
            late, gone = recent.of_partition(connection, partition, bounds)
        if coming is None and not late.num_rows:
            return Counts()
        held = _without(newest([self._files.at(files).partition(partition), late]), late, gone)
        fresh = _fresh(
            columns.empty() if coming is None else coming, held, version, lambda d, _count: firsts[d]
        )
        merged = newest([held, fresh.rows])
        written = self._files.write(partition, merged, files)
        with self._database.write() as connection:
            holder.check(connection)
            put_meta(connection, _VERSION, str(written).encode())
            tiles.replace(connection, partition, merged)
            recent.take_out(connection, partition, bounds, version)
            if fresh.rows.num_rows:
                since, _ = recent.of_partition(connection, partition, bounds)
                _tally(connection, fresh.rows, _without_counted(fresh, since))
        return fresh.counts


@dataclass(frozen=True, slots=True)
class _Fresh:
    """What of observations that come is to be written.

    Attributes:
        rows: with their numbers and version.
        is_new: which of them had no row of their key before.
        added: how many new ones each datastream gets.
    """

    rows: pa.Table
    is_new: NDArray[np.bool_]
    counts: Counts
    added: dict[int, int]


def _fresh(coming: pa.Table, held: pa.Table, version: int, reserve: Callable[[int, int], int]) -> _Fresh:
    """What of `coming` says something that `held` does not; reserve gives the first of so many numbers."""
    at = _matches(coming, held)
    known = at >= 0
    unchanged = np.zeros(coming.num_rows, bool)
    if known.any():
        unchanged[known] = columns.same(kept(coming, known), held.take(at[known]))
    numbers = np.zeros(coming.num_rows, np.int64)
    numbers[known] = array(held, "number")[at[known]]
    datastream = array(coming, "datastream")
    added: dict[int, int] = {}
    for stream in np.unique(datastream[~known]).tolist():
        own = ~known & (datastream == stream)
        added[stream] = int(own.sum())
        first = reserve(stream, added[stream])
        numbers[own] = np.arange(first, first + added[stream])
    counts = Counts(int((~known).sum()), int((known & ~unchanged).sum()), int(unchanged.sum()))
    return _Fresh(kept(_numbered(coming, numbers, version), ~unchanged), ~known[~unchanged], counts, added)


def _reserved(connection: sa.Connection, coming: pa.Table) -> dict[int, int]:
    """The first number of as many as each datastream may need."""
    streams, counts = np.unique(array(coming, "datastream"), return_counts=True)
    return {
        stream: registry.reserve(connection, stream, count)
        for stream, count in zip(streams.tolist(), counts.tolist(), strict=True)
    }


def _without_counted(fresh: _Fresh, since: pa.Table) -> dict[int, int]:
    """How many each datastream gets, but for those that another writer brought, and counted, meanwhile."""
    twice = fresh.is_new & (_matches(fresh.rows, since) >= 0)
    added = dict(fresh.added)
    for stream in array(fresh.rows, "datastream")[twice].tolist():
        added[stream] -= 1
    return added


def _files_version(connection: sa.Connection) -> int:
    held = get_meta(connection, _VERSION)
    return int(held) if held else -1


def _without(found: pa.Table, late: pa.Table, gone: list[bool]) -> pa.Table:
    """Rows but for those that were taken out; the late ones are the newest of their key."""
    return kept(found, _matches(found, kept(late, np.asarray(gone))) < 0) if any(gone) else found


def _matches(one: pa.Table, other: pa.Table) -> NDArray[np.int64]:
    """For each row of one table the row of another of the same key, -1 where there is none; keys are unique in each."""
    found = np.full(one.num_rows, -1, np.int64)
    if not one.num_rows or not other.num_rows:
        return found
    joined = [np.concatenate([array(other, name), array(one, name)]) for name in columns.KEY]
    is_one = np.repeat([False, True], [other.num_rows, one.num_rows])
    order = np.lexsort([is_one, *reversed(joined)])
    pair = np.ones(len(order) - 1, bool)
    for values in joined:
        pair &= values[order[1:]] == values[order[:-1]]
    at = np.flatnonzero(pair)
    found[order[at + 1] - other.num_rows] = order[at]
    return found


def _numbered(rows: pa.Table, numbers: NDArray[np.int64], version: int) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - heavy

    kinds = columns.schema()
    for name, values in (("number", numbers), ("version", np.full(rows.num_rows, version, np.int64))):
        rows = rows.set_column(rows.schema.get_field_index(name), kinds.field(name), pa.array(values))
    return rows


def _tally(connection: sa.Connection, fresh: pa.Table, added: dict[int, int]) -> None:
    """Note on the datastreams what was written of each; rows come sorted."""
    datastream, time = array(fresh, "datastream"), array(fresh, "time")
    heads = np.flatnonzero(np.append(True, datastream[1:] != datastream[:-1]))
    ends = np.append(heads[1:], fresh.num_rows) - 1
    for head, end in zip(heads.tolist(), ends.tolist(), strict=True):
        number = int(datastream[head])
        newest_row: Any = fresh.slice(end, 1)
        value, words = newest_row["value"][0].as_py(), newest_row["words"][0].as_py()
        registry.tally(
            connection, number, added=added.get(number, 0), span=(int(time[head]), int(time[end])),
            newest=(int(time[end]), value, words),
        )  # fmt: skip
