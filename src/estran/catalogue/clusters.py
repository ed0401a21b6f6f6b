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
        self._repeated: dict[tuple[str, str], tuple[BitMap, int]] = {}

    def folded(self, pool: BitMap) -> BitMap:
        """The records that stand for those of a set: one a cluster, and all that stand alone."""
        import numpy as np  # noqa: PLC0415

        if self.members.issubset(pool):
            return pool - self.others
        hidden = pool & self.others
        if not hidden:
            return pool
        return (pool - self.others) | bitmap(np.sort(self._stands[self._clusters[numbers(hidden)]]))

    def raised(self, scores: np.ndarray[Any, Any], pool: BitMap) -> None:
        """Give each record that stands for others the best score of its cluster in a set.

        Args:
            scores: by pk; changed.
            pool: the set.
        """
        import numpy as np  # noqa: PLC0415

        pks = numbers(pool & self.members)
        clusters = self._clusters[pks]
        best = np.zeros(len(self._sizes), dtype=scores.dtype)
        np.maximum.at(best, clusters, scores[pks])
        scores[self._stands[clusters]] = best[clusters]

    def together(self, pk: int) -> tuple[int, ...]:
        """All records of a record's cluster, the one that stands for it first; only itself where it is alone."""
        if pk not in self.members:
            return (pk,)
        cluster = self._clusters[pk]
        start = self._starts[cluster]
        return tuple(int(one) for one in self._pks[start : start + self._sizes[cluster]])

    def counting(self, pool: BitMap) -> Counting | None:
        """How values are counted in a set, each cluster once; None where records and clusters are the same."""
        import numpy as np  # noqa: PLC0415

        several = pool & self.members
        if not several:
            return None
        if self.members.issubset(pool):
            return Counting(self, self.members, BitMap())
        pks = numbers(several)
        clusters = self._clusters[pks]
        found = np.bincount(clusters, minlength=len(self._sizes))
        whole = (found == self._sizes)[clusters]
        partly = (found > 1)[clusters] & ~whole
        if not whole.any() and not partly.any():
            return None
        return Counting(self, bitmap(pks[whole]), bitmap(pks[partly]))

    def repeated(self, field: str, value: str, bits: BitMap) -> tuple[BitMap, int]:
        """Of the records that carry a value, those whose cluster has another one before them; and how many."""
        held = self._repeated.get((field, value))
        if held is None:
            found = self._again(bits & self.members)
            held = self._repeated[field, value] = (found, len(found))
        return held

    def _again(self, bits: BitMap) -> BitMap:
        import numpy as np  # noqa: PLC0415

        if len(bits) < 2:  # noqa: PLR2004 - one is never repeated
            return BitMap()
        pks = numbers(bits)
        _, first = np.unique(self._clusters[pks], return_index=True)
        again = np.ones(len(pks), dtype=bool)
        again[first] = False
        return bitmap(pks[again])

    def labelled(self, bits: BitMap) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Members, and for each a small number of its cluster."""
        import numpy as np  # noqa: PLC0415

        pks = numbers(bits)
        return pks, np.unique(self._clusters[pks], return_inverse=True)[1] if len(pks) else pks


class Counting:
    """Counts clusters instead of records: what is counted twice is taken off.

    A cluster whose records are all in the set repeats a value as often whatever the question: that is
    remembered. Only those of which some, and more than one, are in the set are looked at anew.
    """

    def __init__(self, alike: Alike, whole: BitMap, partly: BitMap) -> None:
        """Args: whole: records of the set whose cluster is in it; partly: those of clusters in it by half."""
        self._alike, self._whole, self._partly = alike, whole, partly
        self._has_all = whole is alike.members
        self._pks, self._clusters = alike.labelled(partly)

    def repeats(self, field: str, value: str, bits: BitMap) -> int:
        """By how much the records of the set that carry a facet's value are more than their clusters."""
        repeated, count = self._alike.repeated(field, value, bits)
        if self._has_all or not count:
            return count
        found = self._whole.intersection_cardinality(repeated)
        return found + self._some(bits) if self._partly else found

    def _some(self, bits: BitMap) -> int:
        import numpy as np  # noqa: PLC0415

        carrying = numbers(self._partly & bits)
        if len(carrying) < 2:  # noqa: PLR2004 - one is never repeated
            return 0
        clusters = self._clusters[np.searchsorted(self._pks, carrying)]
        return len(carrying) - int(np.count_nonzero(np.bincount(clusters)))
