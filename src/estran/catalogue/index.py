"""Sets of records as Roaring bitmaps, read from the database and held as of one revision."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap

from estran.catalogue.bitmaps import bitmap
from estran.catalogue.clusters import Clusters
from estran.catalogue.query import Bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from estran.access import Actor
    from estran.catalogue.clusters import Alike, Counting

__all__ = ["CHUNK_BITS", "Facets", "Held", "bitmap"]

CHUNK_BITS = 16
_CHUNK = 1 << CHUNK_BITS
# Lists of common words are what a query costs; this many bytes of them are kept.
_HELD_BYTES = 24 << 20
_MOST_REMEMBERED = 200


class Facets:
    """Which records carry which facet value, as of one revision; never changed once made.

    Attributes:
        seq: the revision; newest: greatest id of a value; everything: all records.
        clusters: which records describe one dataset.
    """

    def __init__(
        self,
        values: Mapping[int, tuple[str, str]],
        bits: Mapping[int, BitMap],
        seq: int,
        clusters: Clusters | None = None,
    ) -> None:
        self.seq = seq
        self.clusters = clusters or Clusters()
        self.newest = max(values, default=0)
        self._values, self._bits = dict(values), dict(bits)
        self._fields: dict[str, dict[str, BitMap]] = {}
        for number, (field, value) in self._values.items():
            if self._bits.get(number):
                self._fields.setdefault(field, {})[value] = self._bits[number]
        self._ranked: dict[str, list[tuple[int, str, BitMap]]] = {}
        self._remembered: dict[Hashable, Any] = {}
        self.everything = (
            BitMap.union(*self._fields["visibility"].values()) if "visibility" in self._fields else BitMap()
        )

    def moved(
        self,
        values: Mapping[int, tuple[str, str]],
        chunks: Iterable[tuple[int, int, bytes]],
        clusters: Iterable[tuple[int, int, int]],
        seq: int,
    ) -> Facets:
        """The facets after further changes.

        Args:
            values: new ones.
            chunks: (value, chunk, bits) that replace what they held.
            clusters: as `Clusters.moved` takes them.
            seq: the revision.
        """
        bits = dict(self._bits)
        for value, chunk, body in chunks:
            held = bits.get(value)
            fresh = BitMap.deserialize(body)
            if held is not None:
                held = held.copy()
                held.remove_range(chunk * _CHUNK, (chunk + 1) * _CHUNK)
                fresh |= held
            bits[value] = fresh
        return Facets({**self._values, **values}, bits, seq, self.clusters.moved(clusters))

    def remembered[T](self, question: Hashable, answer: Callable[[], T]) -> T:
        """What was answered before to a question whose answer changes with the revision only."""
        try:
            return self._remembered[question]
        except KeyError:
            found = answer()
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[question] = found
        return found

    def recall(self, question: Hashable) -> Any:
        """What is remembered of a question, None where nothing is."""
        return self._remembered.get(question)

    def of(self, field: str, values: Iterable[str]) -> BitMap:
        """The records that carry one of these values."""
        held = self._fields.get(field, {})
        found = [held[value] for value in values if value in held]
        return BitMap.union(*found) if found else BitMap()

    def carrying(self, numbers: Iterable[int]) -> BitMap:
        """The records that carry one of these values, by number."""
        found = [self._bits[number] for number in numbers if number in self._bits]
        return BitMap.union(*found) if found else BitMap()

    def value(self, number: int) -> tuple[str, str]:
        """Field and value of a number."""
        return self._values[number]

    def values(self, field: str) -> Iterable[str]:
        """All values of a field that a record carries."""
        return self._fields.get(field, {}).keys()

    def visible(self, actor: Actor) -> BitMap:
        """What an actor may know of."""
        if actor.is_operator:
            return self.everything
        seen = self.of("visibility", ("public",))
        if actor.role:
            seen = seen | (self.of("visibility", ("restricted",)) & self.of("centre", actor.centres))
            seen |= self.of("visibility", ("draft",)) & self.of("owner", (actor.name,))
        return seen

    def alike(self, actor: Actor) -> Alike | None:
        """The clusters of which an actor sees several records, None where there are none."""
        return self.remembered(("alike", actor), lambda: self.clusters.seen(self.visible(actor)))

    def count(
        self, field: str, pool: BitMap, most: int, counting: Counting | None = None
    ) -> tuple[Bucket, ...]:
        """The `most` frequent values of a field within `pool`, with their counts; ties by value.

        Args:
            field: the facet.
            pool: the records to look at.
            most: how many values.
            counting: counts a cluster once, where there are any in `pool`.
        """
        best: list[Bucket] = []
        least = 0
        for total, value, bits in self._by_size(field):
            # Values come the most frequent first: none that follows can reach the list.
            if len(best) >= most and total <= least:
                break
            count = counting.count(field, value, bits) if counting else pool.intersection_cardinality(bits)
            if count:
                best.append(Bucket(value, count))
                if len(best) == most or len(best) >= 2 * most:
                    best = sorted(best, key=_most_first)[:most]
                    least = best[-1].count
        return tuple(sorted(best, key=_most_first)[:most])

    def _by_size(self, field: str) -> list[tuple[int, str, BitMap]]:
        ranked = self._ranked.get(field)
        if ranked is None:
            ranked = sorted(
                ((len(bits), value, bits) for value, bits in self._fields.get(field, {}).items()),
                key=lambda r: -r[0],
            )
            self._ranked[field] = ranked
        return ranked


def _most_first(bucket: Bucket) -> tuple[int, str]:
    return -bucket.count, bucket.value


class Held[K]:
    """Sets that were dear to fetch, the least used forgotten first; all of them belong to one revision."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seq = -1
        self._sets: OrderedDict[K, tuple[BitMap, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: K, seq: int, fetch: Callable[[], BitMap]) -> BitMap:
        """The set of that key as of revision `seq`, fetched if it is not held."""
        with self._lock:
            if seq > self._seq:
                self._sets.clear()
                self._seq, self._bytes = seq, 0
            if seq == self._seq and key in self._sets:
                self._sets.move_to_end(key)
                return self._sets[key][0]
        found = fetch()
        size = len(found.serialize()) if found else 0
        with self._lock:
            if seq == self._seq and key not in self._sets and size < _HELD_BYTES:
                self._sets[key] = (found, size)
                self._bytes += size
                while self._bytes > _HELD_BYTES:
                    self._bytes -= self._sets.popitem(last=False)[1][1]
        return found
