"""Observations, read: from the database and from the files beside it as one, as of one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estran.observations.store import columns, counting, former, recent, registry, tiles, versions
from estran.observations.store.batches import MOST, Extent, in_portions
from estran.observations.store.columns import array, kept
from estran.observations.store.files import Files
from estran.observations.store.lease import pending
from estran.observations.store.matching import without
from estran.observations.store.recalling import Recalled, recalled
from estran.observations.store.tiles import Graded, Tile
from estran.storage import descriptions, get_meta

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pyarrow as pa
    import sqlalchemy as sa
    from numpy.typing import NDArray

    from estran.model import Datastream
    from estran.observations.store.registry import HeldDatastream
    from estran.storage import Database

__all__ = ["FILES_VERSION", "Reading", "files_version"]

FILES_VERSION = "observation-files-version"
"""Name of the number which says what of the files counts."""


class Reading:
    """Reads datastreams and their observations.

    Args:
        database: of the node.
        address: a folder, or the address of an object store.

    Attributes:
        grade: says how good rows of some datastreams are, by producer and tests.
    """

    def __init__(self, database: Database, address: str) -> None:
        self._database = database
        self.grade: Callable[[pa.Table, Mapping[int, Datastream]], NDArray[np.int8]] | None = None
        self._files = Files(address)

    @property
    def database(self) -> Database:
        """Of the node."""
        return self._database

    def warm(self) -> None:
        """Load what reading takes, where there is something to be read: whoever asks first would wait for it."""
        if self.datasets():
            columns.empty()

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

    def recalled(self, record: str, keys: Sequence[str], things: Sequence[str]) -> Recalled:
        """What is known of datastreams and things in the dataset of a record, by their keys."""
        with self._database.read() as connection:
            return recalled(connection, self._database.engine, record, keys, things)

    def latest(self) -> list[tuple[int, int, float | None, str | None]]:
        """(datastream, time, value, words) of the newest observation of each datastream that has one."""
        with self._database.read() as connection:
            return registry.latest(connection)

    def version(self) -> int:
        """Number of the newest write."""
        with self._database.read() as connection:
            return versions.newest(connection)

    def settled(self) -> int:
        """The newest version that everything up to which is there: what was said at it stays so."""
        with self._database.read() as connection:
            return (pending(connection) or versions.newest(connection) + 1) - 1

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
        files = self._files.at(files_version(connection))
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
        filed = self._files.at(files_version(connection)).read(datastreams, start, end)
        filed = kept(filed, array(filed, "version") <= version)
        earlier = former.read(connection, self._database.engine, datastreams, (start, end), version)
        return without(columns.newest([filed, earlier, late]), late, gone)

    def counted(self, datastreams: Sequence[int], start: int, end: int) -> dict[int, float]:
        """How many observations datastreams have in [start, end); see `counting.counted`."""
        with self._database.read() as connection:
            files = self._files.at(files_version(connection))
            reads = counting.Reads(
                lambda some, low, high: self._read(connection, some, low, high, columns.KEY),
                lambda some, low, high: files.read(some, low, high, columns.KEY),
            )
            return counting.counted(connection, self._database.engine, datastreams, (start, end), reads)

    def times_of(self, datastream: int, number: int, *, is_former: bool = False) -> list[int]:
        """When the observation of a number may have been made, or was said to be before."""
        with self._database.read() as connection:
            late = recent.times_of(connection, datastream, number)
            if late and not is_former:
                return late
            found = {*late, *self._files.at(files_version(connection)).times_of(datastream, number)}
            return sorted(found | set(former.times_of(connection, datastream, number) if is_former else ()))

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

    def holds_more_than(self, most: int) -> bool:
        """Whether the database holds more than so many rows."""
        with self._database.read() as connection:
            return recent.more_than(connection, most)


def files_version(connection: sa.Connection) -> int:
    """The version of the files that counts, as a transaction sees it; -1 while there is none."""
    held = get_meta(connection, FILES_VERSION)
    return int(held) if held else -1
