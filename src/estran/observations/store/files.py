"""Observations that lie in files: Delta Lake, partitioned by a group of datastreams, the year, and the block of it.

Within a file rows are in the order of datastream, time and vertical; a key stands in one file only. Which version of
the table counts is said by the database, in the transaction that also says what is no longer to be read there: what a
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
from estran.observations.store.blocks import Block, Bounds
from estran.observations.store.columns import NAMES, array, empty, kept, schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Files"]

_ROW_GROUP = 16_384
_HELD_FILES = 256
_REPLACED_H = 2
"""So long a file is kept after it was replaced: whoever reads it has begun before."""
_PLACED = ("group", "year", "block")


class Footer(NamedTuple):
    """What is known of a file without reading it.

    Attributes:
        bounds: of each row group the lowest and highest datastream, and the first and last time.
    """

    metadata: Any
    bounds: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True)
class Snapshot:
    """The table at one version.

    Attributes:
        paths: of its files.
        told: of each its group, year and block, its lowest and highest datastream, its first and last time, and how
            many rows it has.
    """

    files: Files
    paths: list[str]
    told: NDArray[np.int64]

    def read(
        self, datastreams: Sequence[int], start: int, end: int, names: Sequence[str] = NAMES
    ) -> pa.Table:
        """Columns of the observations of some datastreams in [start, end), in order within each file."""
        import pyarrow as pa  # noqa: PLC0415

        wanted = np.unique(np.asarray(datastreams, np.int64))
        _, _, _, low, high, first, last, _ = self.told
        some = (first < end) & (last >= start)
        some &= np.searchsorted(wanted, low) < np.searchsorted(wanted, high, side="right")
        at = np.flatnonzero(some)
        # Of one datastream they come in its order as a whole.
        at = at[np.lexsort([first[at], *([] if len(wanted) == 1 else [low[at]])])]
        parts = [
            part for n in at.tolist() for part in self.files.part(self.paths[n], wanted, start, end, names)
        ]
        return pa.concat_tables(parts) if parts else empty().select(list(names))

    def times_of(self, datastream: int, number: int) -> list[int]:
        """When observations of a number may have been made."""
        _, _, _, low, high, _, _, _ = self.told
        some = np.flatnonzero((low <= datastream) & (high >= datastream)).tolist()
        return [time for n in some for time in self.files.times_of(self.paths[n], datastream, number)]

    def block(self, block: Block) -> pa.Table:
        """All observations of a block."""
        return self.all_of(self.paths[n] for n in self._of(block).tolist())

    def all_of(self, paths: Iterable[str]) -> pa.Table:
        """All observations of some files."""
        import pyarrow as pa  # noqa: PLC0415

        parts = [self.files.opened(path).read(list(NAMES)) for path in paths]
        return pa.concat_tables(parts).cast(schema()) if parts else empty()

    def bounds(self, block: Block) -> tuple[int, Bounds | None]:
        """How many rows a block has, and what bounds them."""
        _, _, _, low, high, first, last, rows = self.told[:, self._of(block)]
        if not rows.sum():
            return 0, None
        return int(rows.sum()), Bounds(int(low.min()), int(high.max()), int(first.min()), int(last.max()))

    def _of(self, block: Block) -> NDArray[np.int64]:
        group, year, number = self.told[:3]
        return np.flatnonzero((group == block.group) & (year == block.year) & (number == block.number))


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
        made = self._snapshot(version)
        with self._lock:
            self._snapshots[version] = made
            while len(self._snapshots) > 2:  # noqa: PLR2004 - the newest, and one that somebody still reads
                self._snapshots.popitem(last=False)
        return made

    def _snapshot(self, version: int) -> Snapshot:
        if version < 0:
            return Snapshot(self, [], np.empty((8, 0), np.int64))
        from deltalake import DeltaTable  # noqa: PLC0415 - heavy

        actions: Any = DeltaTable(self.address, version=version).get_add_actions(flatten=True)
        held = {name: actions.column(n) for n, name in enumerate(actions.schema.names)}
        named = (
            *(f"partition.{name}" for name in _PLACED),
            "min.datastream", "max.datastream", "min.time", "max.time", "num_records",
        )  # fmt: skip
        # Before there were blocks each partition was one.
        told = [
            np.array(held[name].to_pylist() if name in held else [0] * len(held["path"]), np.int64)
            for name in named
        ]
        return Snapshot(self, held["path"].to_pylist(), np.array(told, np.int64))

    def write(self, block: Block, parts: Sequence[tuple[Block, pa.Table]], version: int) -> int:
        """Put parts in the place of what a block was at `version`, the newest that counts.

        Args:
            block: of the table.
            parts: the blocks that it is cut into, itself among them or not, and their rows.
            version: that counts.

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
            if counting and held.version() > version:
                # Left behind by one that died: it never counted.
                held.restore(version)
            version = _in_blocks(held)
        numbers = " OR ".join(f"block = {n}" for n in sorted({block.number, *(b.number for b, _ in parts)}))
        write_deltalake(
            self.address, pa.concat_tables([_placed(*part) for part in parts]), mode="overwrite",
            partition_by=list(_PLACED),
            predicate=f'"group" = {block.group} AND year = {block.year} AND ({numbers})' if counting else None,
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


def _placed(block: Block, table: pa.Table) -> pa.Table:
    """Rows with the columns that say where they lie."""
    import pyarrow as pa  # noqa: PLC0415

    for name, value in zip(_PLACED, (block.group, block.year, block.number), strict=True):
        field = pa.field(name, pa.int32(), nullable=False)
        table = table.append_column(field, pa.repeat(pa.scalar(value, pa.int32()), table.num_rows))
    return table


def _in_blocks(held: Any) -> int:
    """Bring a table of partitions that had no blocks to the shape of today; gives its version."""
    import pyarrow as pa  # noqa: PLC0415
    from deltalake import DeltaTable, write_deltalake  # noqa: PLC0415

    if held.metadata().partition_columns != list(_PLACED):
        batches = held.to_pyarrow_dataset().to_batches(use_threads=False)
        field = pa.field("block", pa.int32(), nullable=False)
        kinds = pa.schema(held.to_pyarrow_dataset().schema).append(field)
        parted = (
            pa.RecordBatch.from_arrays(
                [*one.columns, pa.repeat(pa.scalar(0, pa.int32()), len(one))], schema=kinds
            )
            for one in batches
        )
        write_deltalake(
            held.table_uri, pa.RecordBatchReader.from_batches(kinds, parted), mode="overwrite",
            schema_mode="overwrite", partition_by=list(_PLACED),
        )  # fmt: skip
        held = DeltaTable(held.table_uri)
    return held.version()


def _inside(table: pa.Table, wanted: NDArray[np.int64], start: int, end: int) -> pa.Table:
    time, datastream = array(table, "time"), array(table, "datastream")
    which = (time >= start) & (time < end)
    which &= datastream == wanted[0] if len(wanted) == 1 else np.isin(datastream, wanted)
    return kept(table, which)
