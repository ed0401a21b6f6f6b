"""The records that changed last, held as of one revision: most answers begin with some of them.

The newest records are often those of the catalogue that was harvested last, for many of which another record
stands: a walk through the database would fetch them in vain for each answer.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from pyroaring import BitMap

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MANY", "Newest"]

MANY = (500, 8000)
"""How many are held: first so many, and so many where these do not suffice."""

# So many are looked at one by one, for a large set has enough of them.
_LOOKED = 250

type Row = tuple[int, int, str]
type Place = tuple[int, str]


class Newest:
    """So many records, the newest first; never changed once made."""

    def __init__(self, rows: Iterable[Row], most: int) -> None:
        """Args: rows: (pk, updated, id) in their order; most: how many were asked for."""
        self._rows = list(rows)
        # Where fewer came, there are no others.
        self._are_all = len(self._rows) < most

    def of(self, pool: BitMap, after: Place | None, limit: int) -> tuple[list[Row], Place | None]:
        """Those of a set, and from where to go on behind them.

        Args:
            pool: the set.
            after: (updated, id) of the record that they follow.
            limit: how many.

        Returns:
            The rows; and (updated, id) to go on from for more, None where there are no more records.
        """
        begin = bisect_right(self._rows, (-after[0], after[1]), key=_place) if after else 0
        found = [row for row in self._rows[begin : begin + _LOOKED] if row[0] in pool][:limit]
        if len(found) < limit:
            places = sorted(self._places[pk] for pk in pool & self._bits)
            found = [self._rows[place] for place in islice((p for p in places if p >= begin), limit)]
        if self._are_all:
            return found, None
        return found, after if after and begin == len(self._rows) else self._rows[-1][1:]

    @cached_property
    def _bits(self) -> BitMap:
        return BitMap([pk for pk, _, _ in self._rows])

    @cached_property
    def _places(self) -> dict[int, int]:
        return {row[0]: place for place, row in enumerate(self._rows)}


def _place(row: Row) -> Place:
    return -row[1], row[2]
