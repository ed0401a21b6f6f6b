"""Records that describe one dataset, in memory: which of them stands for all, as each actor sees it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from pyroaring import BitMap

from estran.catalogue.bitmaps import bitmap, numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np

__all__ = ["Alike", "Clusters", "Counting"]


class _Members(NamedTuple):
    """All members: cluster by cluster, the best first, with the cluster of each; and the cluster by pk."""

    pks: np.ndarray[Any, Any]
    clusters: np.ndarray[Any, Any]
    by_pk: np.ndarray[Any, Any]


class Clusters:
    """The clusters as of one revision; never changed once made."""

    def __init__(self, held: Mapping[int, tuple[int, int]] | None = None) -> None:
        """Args: held is pk -> (cluster, rank), the best of a cluster first."""
        self._held = dict(held or {})

    def moved(self, rows: Iterable[tuple[int, int, int]]) -> Clusters:
        """The clusters after further changes: (pk, cluster, rank) that replace what they held."""
        fresh = {pk: (cluster, rank) for pk, cluster, rank in rows}
        return Clusters({**self._held, **fresh}) if fresh else self

    @cached_property
    def _members(self) -> _Members:
        import numpy as np  # noqa: PLC0415 - only where there are clusters

        pks = np.fromiter(self._held, dtype=np.uint32, count=len(self._held))
        places = np.array(list(self._held.values()), dtype=np.int64)
        order = np.lexsort((places[:, 1], places[:, 0]))
        _, clusters = np.unique(places[order, 0], return_inverse=True)
        by_pk = np.zeros(int(pks.max()) + 1, dtype=np.uint32)
        by_pk[pks[order]] = clusters
        return _Members(pks[order], clusters.astype(np.uint32), by_pk)

    def seen(self, visible: BitMap) -> Alike | None:
        """The clusters of which an actor sees several records, None where there are none.

        Args:
            visible: all records that the actor sees.
        """
        if not self._held:
            return None
        import numpy as np  # noqa: PLC0415

        all_ = self._members
        shown = np.zeros(len(all_.by_pk), dtype=bool)
        shown[numbers(visible & BitMap(self._held))] = True
        here = shown[all_.pks]
        count = int(all_.clusters.max()) + 1
        here &= np.bincount(all_.clusters[here], minlength=count)[all_.clusters] > 1
        if not here.any():
            return None
        sizes = np.bincount(all_.clusters[here], minlength=count)
        return Alike(all_.pks[here], all_.by_pk, sizes)


class _Within(NamedTuple):
    """The members that are in a set: numbers, their clusters, and how many there are of each cluster."""

    pks: np.ndarray[Any, Any]
    clusters: np.ndarray[Any, Any]
    found: np.ndarray[Any, Any]


class Alike:
    """The clusters of several records, as one actor sees them: one record of each stands for all.

    Attributes:
        members: all records of them; others: those for which another one stands.
    """

    def __init__(
        self, pks: np.ndarray[Any, Any], by_pk: np.ndarray[Any, Any], sizes: np.ndarray[Any, Any]
    ) -> None:
        """Args: pks cluster by cluster, the best first; the cluster of every pk; how many are in each."""
        self._pks, self._clusters, self._sizes = pks, by_pk, sizes
        self._starts = sizes.cumsum() - sizes
        # Of clusters with nobody here, what is said is never asked for.
        self._stands = pks[self._starts.clip(max=len(pks) - 1)]
        self.members = bitmap(pks)
        self.others = self.members - bitmap(self._stands[sizes > 0])
        # The clusters that are here, in the order of the numbers of the records that stand for them.
        here = (sizes > 0).nonzero()[0]
        self._order = here[self._stands[here].argsort()]
        self._first: dict[str, dict[str, BitMap]] = {}
        self._last: tuple[BitMap | None, _Within | None] = (None, None)

    def _within(self, pool: BitMap) -> _Within:
        """The members in a set; the same set is mostly asked for several times in a row."""
        last, held = self._last
        if last is not pool or held is None:
            import numpy as np  # noqa: PLC0415

            pks = numbers(pool & self.members)
            clusters = self._clusters[pks]
            held = _Within(pks, clusters, np.bincount(clusters, minlength=len(self._sizes)))
            self._last = pool, held
        return held

    def folded(self, pool: BitMap) -> BitMap:
        """The records that stand for those of a set: one a cluster, and all that stand alone."""
        if self.members.issubset(pool):
            return pool - self.others
        if not pool.intersect(self.others):
            return pool
        here = self._order[self._within(pool).found[self._order] > 0]
        return (pool - self.members) | bitmap(self._stands[here])

    def raised(self, scores: np.ndarray[Any, Any], pool: BitMap) -> None:
        """Give each record that stands for others the best score of its cluster in a set.

        Args:
            scores: by pk; changed.
            pool: the set.
        """
        import numpy as np  # noqa: PLC0415

        pks, clusters, _ = self._within(pool)
        best = np.zeros(len(self._sizes), dtype=scores.dtype)
        np.maximum.at(best, clusters, scores[pks])
        scores[self._stands[clusters]] = best[clusters]

    def standing(self, pks: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """For each record the one that stands for it, itself where it is alone."""
        import numpy as np  # noqa: PLC0415

        found = pks.astype(np.int64)
        inside = np.isin(found, numbers(self.members))
        found[inside] = self._stands[self._clusters[found[inside]]]
        return found

    def together(self, pk: int) -> tuple[int, ...]:
        """All records of a record's cluster, the one that stands for it first; only itself where it is alone."""
        if pk not in self.members:
            return (pk,)
        cluster = self._clusters[pk]
        start = self._starts[cluster]
        return tuple(int(one) for one in self._pks[start : start + self._sizes[cluster]])

    def counting(self, pool: BitMap) -> Counting | None:
        """How values are counted in a set, each cluster once; None where records and clusters are the same."""
        if not pool.intersect(self.members):
            return None
        if self.members.issubset(pool):
            return Counting(self, pool)
        pks, clusters, found = self._within(pool)
        if found.max() < 2:  # noqa: PLR2004 - nothing is counted twice
            return None
        of_each = found[clusters]
        apart = of_each != self._sizes[clusters]
        if not apart.any():
            return Counting(self, pool)
        return Counting(self, pool, bitmap(pks[apart & (of_each == 1)]), bitmap(pks[apart & (of_each > 1)]))

    def first(self, field: str) -> dict[str, BitMap]:
        """What is held of `first_of` for a field's values."""
        return self._first.setdefault(field, {})

    def first_of(self, bits: BitMap) -> BitMap:
        """Of the records that carry a value, those that no other of their cluster comes before."""
        import numpy as np  # noqa: PLC0415

        members = bits & self.members
        if len(members) < 2:  # noqa: PLR2004 - one is never repeated
            return bits
        pks = numbers(members)
        _, first = np.unique(self._clusters[pks], return_index=True)
        if len(first) == len(pks):
            return bits
        again = np.ones(len(pks), dtype=bool)
        again[first] = False
        return bits - bitmap(pks[again])

    def clusters_of(self, pks: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The clusters of members."""
        return self._clusters[pks]


class Counting:
    """Counts clusters instead of records, each value in one look at the records that come first with it.

    Where a cluster is in the set with all its records, or stands alone there, its first record with a value is
    in the set as well if any is. Only the others are looked at apart.
    """

    def __init__(
        self, alike: Alike, pool: BitMap, alone: BitMap | None = None, partly: BitMap | None = None
    ) -> None:
        """Args: alone: records of the set that are there without the rest of their cluster; partly: several are."""
        self._alike, self._alone, self._partly = alike, alone, partly
        self._whole = pool - alone - partly if alone is not None and partly is not None else pool
        self._apart = bool(alone or partly)

    def count(self, field: str, value: str, bits: BitMap) -> int:
        """The clusters of the set with a record that carries a facet's value; `bits` are all that do."""
        held = self._alike.first(field)
        first = held.get(value)
        if first is None:
            first = held[value] = self._alike.first_of(bits)
        found = self._whole.intersection_cardinality(first)
        return found + self._count_apart(bits) if self._apart else found

    def _count_apart(self, bits: BitMap) -> int:
        found = self._alone.intersection_cardinality(bits) if self._alone else 0
        carrying = self._partly & bits if self._partly else None
        if not carrying:
            return found
        if len(carrying) == 1:
            return found + 1
        import numpy as np  # noqa: PLC0415

        return found + len(np.unique(self._alike.clusters_of(numbers(carrying))))
