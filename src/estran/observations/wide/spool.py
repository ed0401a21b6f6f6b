"""Rows, put aside in a file while it is counted what NetCDF must know before the first value is written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from estran.observations.wide.columns import Column

__all__ = ["MOST_ROWS", "Group", "Spool"]

MOST_ROWS = 20_000_000
"""So many rows are written into one file."""


@dataclass(slots=True)
class Group:
    """Rows that follow each other and belong together: of one platform, or of one profile.

    Attributes:
        key: name of the platform, and the time of a profile.
        first: cells of the first row.
    """

    key: tuple[Any, ...]
    first: dict[str, Any]
    count: int


@dataclass(slots=True)
class Spool:
    """Rows in a file, and what is known of them.

    Attributes:
        groups: in the order of the rows.
        widths: of each column of text, the bytes of its longest cell.
        spans: of each column of numbers, the lowest and the highest, where it has one.
    """

    path: Path
    columns: Sequence[Column]
    by: Sequence[str]
    count: int = 0
    groups: list[Group] = field(default_factory=list)
    widths: dict[str, int] = field(default_factory=dict)
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterator[pa.Table], path: Path, columns: Sequence[Column], by: Sequence[str]) -> Spool:
        """Put rows aside.

        Args:
            rows: in the order in which they are written.
            path: of the file that is made.
            columns: of the rows.
            by: names of the columns that make groups.

        Raises:
            Invalid: there are more rows than one file is made of.
        """
        import pyarrow as pa  # noqa: PLC0415 - heavy

        # Ids are words here: as numbers the checkers take them for something that was measured.
        columns = [replace(column, kind="text") if column.role == "id" else column for column in columns]
        spool = cls(path, columns, by)
        writer: Any = None
        with pa.OSFile(str(path), "wb") as file:
            for part in rows:
                plain = _plain(part, columns)
                writer = writer or pa.ipc.new_file(file, plain.schema)
                writer.write_table(plain)
                spool._count(plain)
            if writer is not None:
                writer.close()
        return spool

    def parts(self) -> Iterator[tuple[int, pa.Table]]:
        """The rows again, in portions: position of the first, and the portion."""
        import pyarrow as pa  # noqa: PLC0415

        if not self.count:
            return
        at = 0
        with pa.OSFile(str(self.path)) as file:
            reader = pa.ipc.open_file(file)
            for n in range(reader.num_record_batches):
                part = pa.Table.from_batches([reader.get_batch(n)])
                yield at, part
                at += part.num_rows

    def _count(self, part: pa.Table) -> None:
        pc: Any = import_module("pyarrow.compute")
        self.count += part.num_rows
        if self.count > MOST_ROWS:
            raise Invalid(
                f"a NetCDF file of this service has up to {MOST_ROWS:,} rows; ask for less time, or for CSV, which has no end",
                "query",
            )
        for column in self.columns:
            cells = part[column.name]
            if column.kind == "text":
                longest = pc.max(pc.binary_length(cells)).as_py() or 1
                self.widths[column.name] = max(self.widths.get(column.name, 1), longest)
            elif (found := pc.min_max(cells).as_py())["min"] is not None:
                low, high = self.spans.get(column.name, (found["min"], found["max"]))
                self.spans[column.name] = (min(low, found["min"]), max(high, found["max"]))
        self._group(part)

    def _group(self, part: pa.Table) -> None:
        fresh = np.zeros(part.num_rows, bool)
        fresh[0] = True
        for name in self.by:
            coded: Any = part[name].combine_chunks()
            coded = coded.chunk(0) if hasattr(coded, "num_chunks") else coded
            coded = coded.dictionary_encode().indices.to_numpy(zero_copy_only=False)
            fresh[1:] |= coded[1:] != coded[:-1]
        heads = np.flatnonzero(fresh)
        counts = np.diff(np.append(heads, part.num_rows))
        for first, count in zip(part.take(heads).to_pylist(), counts.tolist(), strict=True):
            key = tuple(first[name] for name in self.by)
            if self.groups and self.groups[-1].key == key:
                self.groups[-1].count += count
            else:
                self.groups.append(Group(key, first, count))


def _plain(part: pa.Table, columns: Sequence[Column]) -> pa.Table:
    """Without dictionaries, which differ from portion to portion."""
    import pyarrow as pa  # noqa: PLC0415

    for column in columns:
        if column.kind == "text" and not pa.types.is_string(part[column.name].type):
            n = part.schema.get_field_index(column.name)
            part = part.set_column(n, column.name, part.column(n).cast(pa.string()))
    return part.combine_chunks()
