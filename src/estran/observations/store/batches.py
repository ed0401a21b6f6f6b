"""Observations in portions: whoever passes a hundred million on holds a hundred thousand of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

__all__ = ["MOST", "Extent", "in_portions"]

MOST = 100_000
"""So many rows are a portion, unless something else is asked for."""
_WIDER = 4
# What is known of how many rows there are is told by tiles of some thousands.
_LEAST = 16_384


@dataclass(frozen=True, slots=True)
class Extent:
    """Where the observations of a datastream lie.

    Attributes:
        count: how many it has at most.
        first, last: microseconds of the first and the last.
    """

    datastream: int
    count: int
    first: int
    last: int

    def and_also(self, other: Extent) -> Extent:
        """Where the observations of this and another lie."""
        return Extent(
            self.datastream,
            self.count + other.count,
            min(self.first, other.first),
            max(self.last, other.last),
        )


def in_portions(
    extents: Sequence[Extent],
    read: Callable[[Sequence[int], int, int], pa.Table],
    about: Callable[[int, int, int], int],
    most: int,
) -> Iterator[pa.Table]:
    """The observations of datastreams, in the order of the extents, at most `most` rows at once.

    Args:
        extents: what is wanted of each, in the order of their numbers.
        read: gives the rows of datastreams in [start, end).
        about: how many rows a datastream has in [start, end), about.
        most: rows of a portion.
    """
    few: list[Extent] = []
    for one in extents:
        if few and sum(held.count for held in few) + one.count > most:
            yield from _read(few, read, most)
            few = []
        if one.count > most:
            yield from _of_many(one, read, about, most)
        else:
            few.append(one)
    if few:
        yield from _read(few, read, most)


def _read(
    few: Sequence[Extent], read: Callable[[Sequence[int], int, int], pa.Table], most: int
) -> Iterator[pa.Table]:
    start, end = min(one.first for one in few), max(one.last for one in few) + 1
    yield from _sliced(read([one.datastream for one in few], start, end), most)


def _of_many(
    one: Extent,
    read: Callable[[Sequence[int], int, int], pa.Table],
    about: Callable[[int, int, int], int],
    most: int,
) -> Iterator[pa.Table]:
    """A datastream in spans of time that hold about so many rows, as far as can be told beforehand."""
    after = one.last + 1
    span = max((after - one.first) * most // one.count, 1)
    start = one.first
    while start < after:
        end = min(start + span, after)
        while end - start > 1 and about(one.datastream, start, end) > max(_WIDER * most, _LEAST):
            end = start + (end - start) // 2
        rows = read([one.datastream], start, end)
        yield from _sliced(rows, most)
        span = max(int((end - start) * min(most / max(rows.num_rows, 1), _WIDER)), 1)
        start = end


def _sliced(rows: pa.Table, most: int) -> Iterator[pa.Table]:
    for at in range(0, rows.num_rows, most):
        yield rows.slice(at, most)
