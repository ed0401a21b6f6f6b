"""Blocks: the parts of the files that are written as a whole, each of a range of datastreams and a span of time.

A partition is one block until it holds more rows than one wants to write for a few that come. It is cut where what
comes lies apart from what is there: stations that are loaded one after another lie beside each other, and of those
that all report the newest month is a block of its own, as in a k-d tree (Bentley 1975) whose cuts follow the writes.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlalchemy import delete, insert, select

from estran.observations.store.columns import array, kept, year_bounds
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    import sqlalchemy as sa
    from numpy.typing import NDArray

__all__ = [
    "GROUP",
    "MOST_ROWS",
    "Block",
    "Bounds",
    "Partition",
    "apart",
    "bounds_of",
    "cut",
    "further",
    "is_left_alone",
    "of",
    "replace",
    "routed",
]

GROUP = 256
"""So many datastreams of consecutive numbers lie together."""
MOST_ROWS = 1_000_000
"""A block of more rows is cut."""
_LEFT_ALONE = 500_000
"""A block of so many rows is not written again for what lies apart from them."""
_B = schema.observed_block.c


class Partition(NamedTuple):
    """A year of a group of datastreams."""

    group: int
    year: int

    @property
    def datastreams(self) -> tuple[int, int]:
        """Number of the first datastream, and of the one after the last."""
        return self.group * GROUP, (self.group + 1) * GROUP


class Block(NamedTuple):
    """What of a partition is of the datastreams from `low` on, before `after`, from `start` on, before `end`.

    Attributes:
        number: of the block in its partition; 0 is the whole of it until it is cut.
    """

    group: int
    year: int
    number: int
    low: int
    after: int
    start: int
    end: int

    @property
    def partition(self) -> Partition:
        """Where it belongs."""
        return Partition(self.group, self.year)


class Bounds(NamedTuple):
    """The lowest and highest datastream of some rows, and their first and last time."""

    low: int
    high: int
    first: int
    last: int


def bounds_of(*parts: pa.Table) -> Bounds | None:
    """The bounds of the rows of some tables; None where there are none."""
    keys = [(array(part, "datastream"), array(part, "time")) for part in parts if part.num_rows]
    if not keys:
        return None
    told = [(int(d.min()), int(d.max()), int(t.min()), int(t.max())) for d, t in keys]
    low, high, first, last = zip(*told, strict=True)
    return Bounds(min(low), max(high), min(first), max(last))


def of(connection: sa.Connection, partition: Partition) -> list[Block]:
    """The blocks of a partition; together they are all of it."""
    own = (_B.group == partition.group, _B.year == partition.year)
    names = (_B.group, _B.year, _B.number, _B.low, _B.after, _B.start, _B.end)
    found = [Block(*row) for row in connection.execute(select(*names).where(*own).order_by(_B.number))]
    return found or [Block(*partition, 0, *partition.datastreams, *year_bounds(partition.year))]


def replace(connection: sa.Connection, block: Block, made: Sequence[Block]) -> None:
    """Note that a block was cut into others."""
    if list(made) == [block]:
        return
    own = (_B.group == block.group, _B.year == block.year, _B.number == block.number)
    connection.execute(delete(schema.observed_block).where(*own))
    connection.execute(insert(schema.observed_block), [one._asdict() for one in made])


def routed(blocks: Sequence[Block], rows: pa.Table) -> Iterator[tuple[Block, pa.Table]]:
    """Which rows of a partition belong into which of its blocks; those that get none are left out."""
    if len(blocks) == 1:
        yield blocks[0], rows
        return
    datastream, time = array(rows, "datastream"), array(rows, "time")
    for block in blocks:
        which: NDArray[np.bool_] = (datastream >= block.low) & (datastream < block.after)
        which &= (time >= block.start) & (time < block.end)
        if which.any():
            yield block, kept(rows, which)


def apart(block: Block, held: Bounds, came: Bounds, numbers: Iterator[int]) -> tuple[Block, Block] | None:
    """The block cut into what is held and what came, in this order, where a straight cut parts them."""
    at = next(numbers)
    if came.low > held.high:
        return block._replace(after=came.low), block._replace(number=at, low=came.low)
    if came.high < held.low:
        return block._replace(low=held.low), block._replace(number=at, after=held.low)
    if came.first > held.last:
        return block._replace(end=came.first), block._replace(number=at, start=came.first)
    if came.last < held.first:
        return block._replace(start=held.first), block._replace(number=at, end=held.first)
    return None


def is_left_alone(rows: int) -> bool:
    """Whether a block has so many rows that it is not written again for what lies apart from them."""
    return rows >= _LEFT_ALONE


def cut(
    block: Block, rows: pa.Table, came: Bounds | None, numbers: Iterator[int]
) -> list[tuple[Block, pa.Table]]:
    """A block and its rows, in as many as it takes that each has few enough.

    Args:
        block: of the partition.
        rows: all that it has, in the order of their keys.
        came: bounds of what was added now; what follows is likely to lie beside it.
        numbers: gives numbers of further blocks.
    """
    if rows.num_rows <= MOST_ROWS:
        return [(block, rows)]
    place = (_beside(rows, came) if came else None) or _in_the_middle(rows)
    if place is None:
        return [(block, rows)]
    name, at = place
    is_before = array(rows, name) < at
    ends, begins = ("after", "low") if name == "datastream" else ("end", "start")
    before = cut(block._replace(**{ends: at}), kept(rows, is_before), came, numbers)
    behind = block._replace(**{begins: at, "number": next(numbers)})
    return [*before, *cut(behind, kept(rows, ~is_before), came, numbers)]


def _beside(rows: pa.Table, came: Bounds) -> tuple[str, int] | None:
    """Where a cut leaves most rows on the side on which nothing came, if enough to be left alone."""
    found: list[tuple[int, str, int]] = []
    for name, first, last in (
        ("datastream", came.low, came.high), ("time", came.first, came.last)
    ):  # fmt: skip
        values: NDArray[Any] = array(rows, name)
        found += [
            (int(np.count_nonzero(values < first)), name, first),
            (int(np.count_nonzero(values > last)), name, last + 1),
        ]
    # Where all lie on one side there is nothing to cut.
    several, name, at = max((one for one in found if one[0] < rows.num_rows), default=(0, "", 0))
    return (name, at) if is_left_alone(several) else None


def _in_the_middle(rows: pa.Table) -> tuple[str, int] | None:
    """Where about half of the rows lie on either side; None where all are of one datastream and one time."""
    for name in ("datastream", "time"):
        values = np.sort(array(rows, name))
        at = values[len(values) // 2]
        if at == values[0]:
            at = values[np.searchsorted(values, at, side="right") % len(values)]
        if at != values[0]:
            return name, int(at)
    return None


def further(blocks: Sequence[Block]) -> Iterator[int]:
    """Numbers that no block of a partition has."""
    return count(max(block.number for block in blocks) + 1)
