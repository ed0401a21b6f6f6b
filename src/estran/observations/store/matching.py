"""What of observations that come says something new, beside what is there under the same keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from estran.observations.store import columns
from estran.observations.store.columns import array, kept

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Counts", "Fresh", "fresh", "marked", "replaced", "without", "without_counted"]


@dataclass(slots=True)
class Counts:
    """What became of observations that were given.

    Attributes:
        tested: datastreams that the machine tested in the same transaction.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    tested: Collection[int] = ()

    @property
    def total(self) -> int:
        """How many were given."""
        return self.new + self.changed + self.unchanged

    def add(self, other: Counts) -> None:
        """Count others with these."""
        self.new, self.changed = self.new + other.new, self.changed + other.changed
        self.unchanged += other.unchanged


@dataclass(frozen=True, slots=True)
class Fresh:
    """What of observations that come is to be written.

    Attributes:
        rows: with their numbers and version.
        is_new: which of them had no row of their key before.
        added: how many new ones each datastream gets.
        replaced: what they take the place of, as it was.
    """

    rows: pa.Table
    is_new: NDArray[np.bool_]
    counts: Counts
    added: dict[int, int]
    replaced: pa.Table


def fresh(coming: pa.Table, held: pa.Table, version: int, reserve: Callable[[int, int], int]) -> Fresh:
    """What of `coming` says something that `held` does not; reserve gives the first of so many numbers."""
    at = matches(coming, held)
    known = at >= 0
    unchanged = np.zeros(coming.num_rows, bool)
    if known.any():
        unchanged[known] = columns.same(kept(coming, known), held.take(at[known]))
    numbers = np.zeros(coming.num_rows, np.int64)
    numbers[known] = array(held, "number")[at[known]]
    datastream = array(coming, "datastream")
    added: dict[int, int] = {}
    # They come in the order of datastreams: each gets numbers in a row.
    streams, heads, several = np.unique(datastream[~known], return_index=True, return_counts=True)
    added |= zip(streams.tolist(), several.tolist(), strict=True)
    firsts = np.array([reserve(stream, count) for stream, count in added.items()], np.int64)
    numbers[~known] = np.arange(int(several.sum())) + np.repeat(firsts - heads, several)
    counts = Counts(int((~known).sum()), int((known & ~unchanged).sum()), int(unchanged.sum()))
    rows = kept(_numbered(coming, numbers, version), ~unchanged)
    return Fresh(rows, ~known[~unchanged], counts, added, held.take(at[known & ~unchanged]))


def marked(coming: pa.Table, held: pa.Table, version: int) -> Fresh:
    """What of rows gets other outcomes of tests; rows that somebody wrote since they were read keep what they have.

    Args:
        coming: key, the version that was tested, and what came out.
        held: what is there.
        version: of what is written.
    """
    at = matches(coming, held)
    known = at >= 0
    coming, held = kept(coming, known), held.take(at[known])
    changed = array(coming, "version") == array(held, "version")
    changed &= array(coming, "tested") != array(held, "tested")
    rows, place = kept(held, changed), held.schema.get_field_index("tested")
    outcomes = kept(coming, changed)["tested"]
    counts = Counts(changed=rows.num_rows, unchanged=len(known) - rows.num_rows)
    written = _numbered(
        rows.set_column(place, held.schema.field(place), outcomes), array(rows, "number"), version
    )
    return Fresh(written, np.zeros(rows.num_rows, bool), counts, {}, rows)


def without_counted(fresh: Fresh, since: pa.Table) -> dict[int, int]:
    """How many each datastream gets, but for those that another writer brought, and counted, meanwhile."""
    twice = fresh.is_new & (matches(fresh.rows, since) >= 0)
    added = dict(fresh.added)
    for stream in array(fresh.rows, "datastream")[twice].tolist():
        added[stream] -= 1
    return added


def replaced(filed: pa.Table, late: pa.Table) -> tuple[pa.Table, NDArray[np.int64]]:
    """Rows of the files in whose place the database has something newer, and the version of that."""
    at = matches(filed, late)
    return kept(filed, at >= 0), array(late, "version")[at[at >= 0]]


def without(found: pa.Table, late: pa.Table, gone: list[bool]) -> pa.Table:
    """Rows but for those that were taken out; the late ones are the newest of their key."""
    return kept(found, matches(found, kept(late, np.asarray(gone))) < 0) if any(gone) else found


def matches(one: pa.Table, other: pa.Table) -> NDArray[np.int64]:
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
