"""One question against one view of the catalogue: what it finds, how relevant that is, what is counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pyroaring import BitMap

from estran.catalogue import conditions
from estran.catalogue.applications import applications
from estran.catalogue.bitmaps import bitmap, numbers
from estran.catalogue.grids import gathered
from estran.catalogue.query import SERIES, Bucket, Query
from estran.catalogue.senses import Found, Senses
from estran.catalogue.store.extents import Hulls
from estran.catalogue.terms import MOST_WORDS, Term, alternatives
from estran.catalogue.timelines import timeline
from estran.catalogue.trees import Trees
from estran.catalogue.words import split
from estran.errors import Invalid
from estran.model import Box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from estran.catalogue.clusters import Alike, Counting
    from estran.catalogue.expressions import Words
    from estran.catalogue.grids import Spot, Spots
    from estran.catalogue.meaning import Meaning
    from estran.catalogue.query import Counted, Reason
    from estran.catalogue.store import View
    from estran.catalogue.timelines import Timeline
    from estran.model import Record

__all__ = ["WEIGHTS", "Asked", "Scores"]

WEIGHTS = {"title": 8, "subject": 4, "body": 1}
"""Of the fields in which a word stands; `search` says what relevance is."""

_GLOBE = Box(-180, -90, 180, 90)
_EXACT_IDENTIFIER = 64
# Marks of one record that say which; a map of more is closer to a list.
_MOST_NAMED = 400
# Stations are smaller marks: so many times more of them side by side.
_FINER = 2
# Fields that are not marked on records.
_DERIVED = ("hub", "application", "series")


class Asked:
    """One query against one view of the catalogue."""

    def __init__(
        self,
        fetched: Callable[[View, str, Term], BitMap],
        view: View,
        query: Query,
        hubs: Mapping[str, tuple[str, ...]],
        *,
        meaning: Meaning,
        alike: Alike | None,
    ) -> None:
        self._fetched, self._view, self._query, self._hubs = fetched, view, query, hubs
        self._meaning = meaning
        self._senses = Senses(meaning, view, self._together)
        self._found: list[Found] = []
        self._timeless = BitMap()
        self._exact = BitMap()
        self.alike = alike
        # Of the set counted last: mostly the same for every field.
        self._counting: tuple[BitMap | None, Counting | None] = (None, None)

    @property
    def query(self) -> Query:
        """The question."""
        return self._query

    def base(self, visible: BitMap) -> tuple[BitMap, Scores | None]:
        """What the query leaves before its facets, and the scores where it has words."""
        query, pool, scores = self._query, visible, None
        terms = alternatives(query)
        if terms:
            found, scores = self.holding(terms)
            pool = pool & found
        if query.bbox is not None:
            near = self._view.touching(query.bbox)
            pool = pool & (near | (pool - self._view.touching(_GLOBE)) if query.unknown else near)
        if query.ids:
            pool = pool & self._view.with_ids(query.ids)
        if query.external_ids:
            pool = pool & BitMap.union(*(self._view.named(name) for name in query.external_ids))
        if query.filter:
            pool = pool & conditions.matching(
                self._view, query.filter, self.carrying, self._standing, self._all_hubs()
            )
        self._timeless = pool
        if query.time is not None:
            then = self._view.overlapping(*query.time, among=pool)
            pool = pool & (then | (pool - self._view.having("start")) if query.unknown else then)
        return pool, scores

    def _standing(self, node: Words) -> BitMap:
        """The records where words stand together in one field."""
        words = tuple(split(node.text))
        terms = [Term(words), Term(words, prefix=True)] if node.prefix else [Term(words)]
        if not words:
            return BitMap()
        if len(words) > MOST_WORDS:
            raise Invalid(f"{len(words)} words are to stand together; give at most {MOST_WORDS}", "text")
        return BitMap.union(*(self._fetched(self._view, field, term) for term in terms for field in WEIGHTS))

    def carrying(self, field: str, values: Iterable[str]) -> BitMap:
        """The records that carry one of a field's values; a hub's are those of its centres."""
        if field == "concept":
            return BitMap.union(BitMap(), *(self._meaning.records(self._view, uri) for uri in values))
        if field == "application":
            return BitMap.union(BitMap(), *(self._applied(value) for value in values))
        if field == "series":
            observed = self._view.observed()
            return BitMap.union(BitMap(), *(observed[value] for value in values if value in observed))
        if field == "hub":
            wanted = set(values)
            return self._view.facets.of(
                "centre", [centre for centre, hubs in self._hubs.items() if wanted.intersection(hubs)]
            )
        return self._view.facets.of(field, values)

    def count(
        self, field: str, base: BitMap, chosen: Mapping[str, BitMap], pool: BitMap
    ) -> tuple[Bucket, ...]:
        """Counts of a field, ignoring the query's own choice in it."""
        if field in chosen:
            pool = BitMap.intersection(base, *(bits for other, bits in chosen.items() if other != field))
        if self.alike and self._counting[0] is not pool:
            self._counting = (pool, self.alike.counting(pool))
        counting = self._counting[1]
        if field not in _DERIVED:
            return self._view.facets.count(field, pool, self._query.count_values, counting)
        counted: list[Bucket] = []
        for value in self._values(field):
            bits = self.carrying(field, (value,))
            count = counting.count(field, value, bits) if counting else pool.intersection_cardinality(bits)
            counted.append(Bucket(value, count))
        return tuple(sorted((b for b in counted if b.count), key=lambda b: (-b.count, b.value)))

    def _values(self, field: str) -> Iterable[str]:
        """All values of a field that is not marked on records."""
        return self._all_hubs() if field == "hub" else applications() if field == "application" else SERIES

    def trees(
        self, base: BitMap, chosen: Mapping[str, BitMap], pool: BitMap
    ) -> dict[str, tuple[Counted, ...]]:
        """Concepts in their trees, counted without the query's own choice of concepts."""
        if "concept" in chosen:
            pool = BitMap.intersection(base, *(bits for field, bits in chosen.items() if field != "concept"))
        counting = self.alike.counting(pool) if self.alike else None

        def count(field: str, uri: str, bits: BitMap) -> int:
            return counting.count(field, uri, bits) if counting else pool.intersection_cardinality(bits)

        trees = Trees(self._meaning, self._view, count, self._query.where.get("concept", ()))
        return {field: tree for field in self._query.trees if (tree := trees.of(field))}

    def timeline(self, chosen: Mapping[str, BitMap]) -> Timeline:
        """How many datasets have data when, whatever time was asked."""
        spans = self._view.spans(BitMap.intersection(self._timeless, *chosen.values()))
        groups = self.alike.standing(spans.pks) if self.alike else spans.pks
        return timeline(spans, groups, self._query.bars)

    def places(self, shown: BitMap, pool: BitMap) -> Spots:
        """The places of what is shown, as marks on the map that is asked for; marks of one record have it.

        Args:
            shown: the records that have marks.
            pool: those whose stations have some as well, also where another record stands for them.
        """
        import numpy as np  # noqa: PLC0415 - only where a map is drawn

        assert self._query.grid is not None
        hulls, names = self._view.hulls(shown), self._all_hubs()
        hubs = np.full(len(hulls.pks), -1, dtype=np.int64)
        for place, name in enumerate(names):
            carrying = self.carrying("hub", (name,)) & shown
            here = np.isin(hulls.pks, numbers(carrying))
            hubs[here] = np.where(hubs[here] == -1, place, -2)
        found = gathered(hulls, hubs, names, self._query.grid, len(shown))
        found = replace(found, stations=self._stations(pool))
        alone = [spot.pk for spot in found.spots if spot.pk][:_MOST_NAMED]
        records = dict(zip(alone, self._view.records(alone), strict=True)) if alone else {}
        return replace(found, spots=tuple(replace(s, record=records.get(s.pk)) for s in found.spots))

    def _stations(self, pool: BitMap) -> tuple[Spot, ...]:
        """The stations of some records, on the same map."""
        import numpy as np  # noqa: PLC0415

        assert self._query.grid is not None
        of = self._view.stations(pool)
        grid = replace(self._query.grid, cells=self._query.grid.cells * _FINER)
        points = Hulls(of.numbers, of.lon, of.lat, of.lon, of.lat)
        none = np.full(len(of.numbers), -1, dtype=np.int64)
        return gathered(points, none, [], grid, len(of.numbers)).spots

    def _applied(self, name: str) -> BitMap:
        """The records whose keywords and variables tell of an application, in whatever words."""
        if name not in applications():
            return BitMap()

        def fetch() -> BitMap:
            found = BitMap()
            for words in applications()[name].phrases:
                runs = [r for r in self._meaning.runs(self._view, words) if r.words == words]
                sense = self._senses.sense(words, runs)
                found |= self._together("subject", words)
                found |= sense.strong if sense else BitMap()
            return found

        return self._meaning.held(self._view, ("application", name), fetch)

    def _together(self, field: str, words: tuple[str, ...]) -> BitMap:
        return self._fetched(self._view, field, Term(words))

    def reasons(self, pks: Sequence[int], records: Sequence[Record]) -> dict[str, tuple[Reason, ...]]:
        """Why the words of the query led to some records, or to one that they stand for."""
        if not self._query.meaning or not self._found or not pks:
            return {}
        together = self.alike.together if self.alike else lambda pk: (pk,)
        members = {record.id: tuple(together(pk)) or (pk,) for pk, record in zip(pks, records, strict=True)}
        return self._senses.reasons(self._found, self._exact, members, self._query.text.strip())

    def _all_hubs(self) -> list[str]:
        return sorted({hub for hubs in self._hubs.values() for hub in hubs})

    def holding(self, terms: Sequence[Sequence[Term]]) -> tuple[BitMap, Scores]:
        """The records that hold all terms of one of the alternatives, and their scores."""
        scores = Scores()
        union = BitMap()
        for together in terms:
            matched: BitMap | None = None
            senses = self._senses.of(together) if self._query.meaning else [None] * len(together)
            for term, sense in zip(together, senses, strict=True):
                fields = {field: self._fetched(self._view, field, term) for field in WEIGHTS}
                anywhere = BitMap.union(*fields.values())
                for field, bits in fields.items():
                    scores.add(bits, WEIGHTS[field])
                if sense is not None:
                    scores.add(sense.strong - fields["subject"], WEIGHTS["subject"])
                    scores.add(sense.weak - sense.strong - anywhere, WEIGHTS["body"])
                    anywhere = anywhere | sense.strong | sense.weak
                matched = anywhere if matched is None else matched & anywhere
                self._found.append(Found(term, fields, sense))
            union |= matched or BitMap()
        self._exact = self._view.named(self._query.text.strip())
        if self._exact:
            scores.add(self._exact, _EXACT_IDENTIFIER)
        return union | self._exact, scores


class Scores:
    """Sums of weights over sets of records."""

    def __init__(self) -> None:
        self._parts: list[tuple[BitMap, int]] = []

    def add(self, bits: BitMap, weight: int) -> None:
        """Records in `bits` gain `weight`."""
        if bits:
            self._parts.append((bits, weight))

    def levels(self, pool: BitMap, shown: BitMap, alike: Alike | None = None) -> Iterable[tuple[int, BitMap]]:
        """What is shown of a set, parted by score, the highest first.

        Args:
            pool: the set.
            shown: what stands for its records, itself where there are no clusters.
            alike: the clusters; each is as relevant as the best of its records in the set.
        """
        import numpy as np  # noqa: PLC0415 - only a search with words needs it

        members = numbers(shown)
        sums = np.zeros(int(max(pool.max(), shown.max())) + 1, dtype=np.uint16)
        for bits, weight in self._parts:
            sums[numbers(bits & pool)] += weight
        if alike:
            alike.raised(sums, pool)
        held = sums[members]
        for score in np.unique(held)[::-1]:
            yield int(score), bitmap(members[held == score])
