"""Observations that lie in files: Delta Lake, partitioned by a group of datastreams and the year.

Within a partition rows are in the order of datastream, time and vertical, one for each key. Which version of the
table counts is said by the database, in the transaction that also says what is no longer to be read there: what a
writer left behind that died before it, nobody reads.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from estran.errors import Conflict
from estran.observations.store.columns import NAMES, array, empty, kept, schema, years

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["GROUP", "Files", "Partition", "group_of"]

GROUP = 256
"""So many datastreams of consecutive numbers lie together."""
_ROW_GROUP = 16_384
_HELD_FILES = 256
_REPLACED_H = 2
"""So long a file is kept after it was replaced: whoever reads it has begun before."""


class Partition(NamedTuple):
    """A part of the table that is written as a whole."""

    group: int
    year: int

    @property
    def datastreams(self) -> tuple[int, int]:
        """Number of the first datastream, and of the one after the last."""
        return self.group * GROUP, (self.group + 1) * GROUP


def group_of(datastream: int) -> int:
    """The group that a datastream belongs to."""
    return datastream // GROUP


class Footer(NamedTuple):
    """What is known of a file without reading it.

    Attributes:
        bounds: of each row group the lowest and highest datastream, and the first and last time.
    """

    metadata: Any
    bounds: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True)
class Snapshot:
    """The table at one version."""

    files: Files
    paths: Mapping[Partition, tuple[str, ...]]

    @cached_property
    def span(self) -> tuple[int, int]:
        """The first and the last year; the first is later than the last where there is nothing."""
        found = [partition.year for partition in self.paths]
        return (min(found), max(found)) if found else (1, 0)

    def read(
        self, datastreams: Sequence[int], start: int, end: int, names: Sequence[str] = NAMES
    ) -> pa.Table:
        """Columns of the observations of some datastreams in [start, end), in order within each partition."""
        import pyarrow as pa  # noqa: PLC0415

        wanted = np.unique(np.asarray(datastreams, np.int64))
        first, last = self.span
        if start > end or first > last or not len(wanted):
            return empty().select(list(names))
        low, high = (int(y) for y in years(np.clip(np.array([start, end - 1]), -(2**62), 2**62)))
        groups = np.unique(wanted // GROUP)
        parts: list[pa.Table] = []
        for partition in sorted(self.paths):
            if partition.group in groups and max(first, low) <= partition.year <= min(last, high):
                for path in self.paths[partition]:
                    parts += self.files.part(path, wanted, start, end, names)
        return pa.concat_tables(parts) if parts else empty().select(list(names))

    def times_of(self, datastream: int, number: int) -> list[int]:
        """When observations of a number may have been made."""
        found: list[int] = []
        for partition, paths in self.paths.items():
            if partition.group == datastream // GROUP:
                found += [time for path in paths for time in self.files.times_of(path, datastream, number)]
        return found

    def partition(self, partition: Partition) -> pa.Table:
        """All observations of a partition."""
        import pyarrow as pa  # noqa: PLC0415

        parts = [self.files.opened(path).read(list(NAMES)) for path in self.paths.get(partition, ())]
        return pa.concat_tables(parts).cast(schema()) if parts else empty()


class Files:
    """The table's files, at a folder or an address such as ``s3://bucket/series``."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._lock = threading.Lock()
        self._snapshots: OrderedDict[int, Snapshot] = OrderedDict()
        self._footers: OrderedDict[str, Footer] = OrderedDict()

    def at(self, version: int) -> Snapshot:
        """The table at a version; -1 before anything was written."""
        with self._lock:
            if (held := self._snapshots.get(version)) is not None:
                return held
        made = Snapshot(self, self._paths(version))
        with self._lock:
            self._snapshots[version] = made
            while len(self._snapshots) > 2:  # noqa: PLR2004 - the newest, and one that somebody still reads
                self._snapshots.popitem(last=False)
        return made

    def _paths(self, version: int) -> dict[Partition, tuple[str, ...]]:
        if version < 0:
            return {}
        from deltalake import DeltaTable  # noqa: PLC0415 - heavy

        actions: Any = DeltaTable(self.address, version=version).get_add_actions(flatten=True)
        columns = {
            name: actions.column(name).to_pylist() for name in ("path", "partition.group", "partition.year")
        }
        found: dict[Partition, list[str]] = {}
        for path, group, year in zip(*columns.values(), strict=True):
            found.setdefault(Partition(group, year), []).append(path)
        return {partition: tuple(sorted(paths)) for partition, paths in found.items()}

    def write(self, partition: Partition, table: pa.Table, version: int) -> int:
        """Put a partition in the place of what it was at `version`, the newest that counts.

        Returns:
            The version that has it so, which counts as soon as the database says so.

        Raises:
            Conflict: another process wrote in between.
        """
        import pyarrow as pa  # noqa: PLC0415
        from deltalake import DeltaTable, WriterProperties, write_deltalake  # noqa: PLC0415

        counting = version >= 0
        if DeltaTable.is_deltatable(self.address):
            held = DeltaTable(self.address)
            if held.version() > version:
                # Left behind by one that died: it never counted.
                if counting:
                    held.restore(version)
                version = held.version()
        extra = {"group": partition.group, "year": partition.year}
        for name, value in extra.items():
            field = pa.field(name, pa.int32(), nullable=False)
            table = table.append_column(field, pa.repeat(pa.scalar(value, pa.int32()), table.num_rows))
        write_deltalake(
            self.address, table, mode="overwrite", partition_by=list(extra),
            predicate=f'"group" = {partition.group} AND year = {partition.year}' if counting else None,
            writer_properties=WriterProperties(max_row_group_size=_ROW_GROUP, compression="ZSTD"),
        )  # fmt: skip
        written = DeltaTable(self.address).version()
        if written != version + 1:
            raise Conflict(
                "another process writes observations into the files; this one stops and can be run again"
            )
        return written

    def sweep(self, version: int) -> int:
        """Delete files that were replaced hours ago; gives the version that is to count now. Only a writer may.

        Args:
            version: the newest that counts. Where the table has a newer one nothing is deleted: whoever died between
                writing that and making it count has replaced files that still do.
        """
        from deltalake import DeltaTable  # noqa: PLC0415

        if version < 0 or (table := DeltaTable(self.address)).version() != version:
            return version
        if table.vacuum(_REPLACED_H, enforce_retention_duration=False):
            table.vacuum(_REPLACED_H, dry_run=False, enforce_retention_duration=False)
        return DeltaTable(self.address).version()

    def footer(self, path: str) -> Footer:
        """What a file says of itself; a file never changes once it is there."""
        import pyarrow.parquet as pq  # noqa: PLC0415

        with self._lock:
            held = self._footers.get(path)
            if held is not None:
                self._footers.move_to_end(path)
                return held
        metadata = pq.read_metadata(path, filesystem=self._system)
        at = {metadata.schema.column(n).name: n for n in range(metadata.num_columns)}
        bounds: list[tuple[int, int, int, int]] = []
        for n in range(metadata.num_row_groups):
            group = metadata.row_group(n)
            told = [group.column(at[name]).statistics for name in ("datastream", "time")]
            bounds.append((told[0].min, told[0].max, told[1].min, told[1].max))
        made = Footer(metadata, tuple(bounds))
        with self._lock:
            self._footers[path] = made
            while len(self._footers) > _HELD_FILES:
                self._footers.popitem(last=False)
        return made

    def opened(self, path: str) -> Any:
        """A file, to read from in one thread."""
        import pyarrow.parquet as pq  # noqa: PLC0415

        return pq.ParquetFile(self._system.open_input_file(path), metadata=self.footer(path).metadata)

    @cached_property
    def _system(self) -> Any:
        from pyarrow import fs  # noqa: PLC0415

        if "://" not in self.address:
            return fs.SubTreeFileSystem(self.address, fs.LocalFileSystem())
        from deltalake import DeltaTable  # noqa: PLC0415
        from deltalake.fs import DeltaStorageHandler  # noqa: PLC0415

        return fs.PyFileSystem(DeltaStorageHandler.from_table(DeltaTable(self.address)._table))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - its own way in

    def times_of(self, path: str, datastream: int, number: int) -> list[int]:
        """The times of a file's rows of a datastream that have a number; only what may hold it is read."""
        footer, some = self.footer(path), list[int]()
        for n, (low, high, _, _) in enumerate(footer.bounds):
            group = footer.metadata.row_group(n)
            at = footer.metadata.schema.names.index("number")
            told = group.column(at).statistics
            if low <= datastream <= high and (told is None or told.min <= number <= told.max):
                some.append(n)
        if not some:
            return []
        table = self.opened(path).read_row_groups(some, ["datastream", "time", "number"], use_threads=False)
        which = (array(table, "datastream") == datastream) & (array(table, "number") == number)
        return [int(time) for time in array(table, "time")[which]]

    def part(
        self, path: str, wanted: NDArray[np.int64], start: int, end: int, names: Sequence[str]
    ) -> list[pa.Table]:
        """What of a file lies in [start, end) and is of some datastreams; only what may hold it is read."""
        import pyarrow as pa  # noqa: PLC0415

        some: list[tuple[bool, int]] = []
        for n, (low, high, first, last) in enumerate(self.footer(path).bounds):
            if first < end and last >= start and bool(((wanted >= low) & (wanted <= high)).any()):
                some.append((low == high and first >= start and last < end, n))
        if not some:
            return []
        file, kinds = self.opened(path), pa.schema([schema().field(name) for name in names])
        parts: list[pa.Table] = []
        # What lies inside as a whole needs no look at its rows.
        for is_whole, groups in groupby(some, key=lambda one: one[0]):
            table = file.read_row_groups([n for _, n in groups], list(names), use_threads=False).cast(kinds)
            parts.append(table if is_whole else _inside(table, wanted, start, end))
        return parts


def _inside(table: pa.Table, wanted: NDArray[np.int64], start: int, end: int) -> pa.Table:
    time, datastream = array(table, "time"), array(table, "datastream")
    which = (time >= start) & (time < end)
    which &= datastream == wanted[0] if len(wanted) == 1 else np.isin(datastream, wanted)
    return kept(table, which)
