"""Answering a query: sets of records, their order, a page of them, and the counts.

Relevance of a record is the sum over the query's words (or phrases) of the weights of the fields in which
each stands: title 8, keywords and concepts 4, everything else 1. Ties go to the newest update, then to
the id: one total order, which a page token can continue anywhere.

What is asked is asked of every record; then those that describe one dataset are one result, shown as the
record that stands for them and as relevant as the best of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap

from estran.catalogue import conditions
from estran.catalogue.applications import applications
from estran.catalogue.bitmaps import bitmap, numbers
from estran.catalogue.index import Held
from estran.catalogue.marks import TREES
from estran.catalogue.meaning import Meaning
from estran.catalogue.positions import Positions, page
from estran.catalogue.query import FACETS, SORTS, Bucket, Query, Results
from estran.catalogue.senses import Found, Senses
from estran.catalogue.terms import MOST_WORDS, Term, alternatives
from estran.catalogue.trees import Trees
from estran.catalogue.words import split, stems
from estran.errors import Invalid
from estran.model import Box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from estran.access import Actor
    from estran.catalogue.clusters import Alike, Counting
    from estran.catalogue.cursors import Cursors
    from estran.catalogue.expressions import Words
    from estran.catalogue.positions import Order
    from estran.catalogue.query import Counted, Reason
    from estran.catalogue.store import Store, View
    from estran.model import Record

WEIGHTS = {"title": 8, "subject": 4, "body": 1}
_GLOBE = Box(-180, -90, 180, 90)
_EXACT_IDENTIFIER = 64
_NEWEST_FIRST = (("updated", True), ("id", False))
_COLUMNS = {
    "updated": "updated",
    "title": "title",
    "published": "published",
    "start": "start",
    "end": "end",
    "id": "id",
}


class Search:
    """Answers queries over a store."""

    def __init__(
        self, store: Store, cursors: Cursors, hubs: Callable[[], Mapping[str, tuple[str, ...]]]
    ) -> None:
        """Args: `hubs` gives, for each centre that has records, the hubs it belongs to."""
        self._store, self._cursors, self._hubs = store, cursors, hubs
        self._held: Held[tuple[str, Term]] = Held()
        self._positions = Positions()
        self.meaning = Meaning()

    def ask(self, query: Query, actor: Actor, among: Callable[[View], BitMap] | None = None) -> Results:
        """The page of an answer that `actor` may see.

        Args:
            query: the question.
            actor: who asks.
            among: gives the only records to look at; all that the actor may see if it is not given.

        Raises:
            Invalid: a part of the query does not fit; the message names it.
        """
        _check(query)
        hubs = self._hubs() if "hub" in query.where or "hub" in query.counts or query.filter else {}
        with self._store.view() as view:
            visible = view.facets.visible(actor)
            alike = None if query.every or query.ids or among else view.facets.alike(actor)
            asked = _Asked(self._fetched, view, query, hubs, meaning=self.meaning, alike=alike)
            if query.skip is not None and among is None:
                question = repr((_question(query), actor, hubs))
                seq = view.facets.seq
                order = self._positions.whole(question, seq, lambda: _whole(view, asked, visible))
                return _results(view, alike, page(order, query.skip, query.limit), matched=len(order))
            base, scores = asked.base(visible & among(view) if among else visible)
            chosen = {field: asked.carrying(field, values) for field, values in query.where.items() if values}
            pool = BitMap.intersection(base, *chosen.values()) if chosen else base
            shown = alike.folded(pool) if alike else pool
            by_score = scores is not None and query.sort in ("", "relevance") and shown
            tied = scores.levels(pool, shown, alike) if scores and by_score else None
            pks, next_cursor = self._page(view, query, shown, tied)
            found = _results(
                view, alike, pks, matched=len(shown), next=next_cursor,
                facets={field: asked.count(field, base, chosen, pool) for field in query.counts},
            )  # fmt: skip
            found = replace(found, reasons=asked.reasons(pks, found.records)) if query.meaning else found
            return replace(found, trees=asked.trees(base, chosen, pool)) if query.trees else found

    def about(self, view: View, text: str) -> BitMap:
        """The records that hold one of some terms, with commas between, or are called so."""
        query = Query(text=text, words="records")
        terms = alternatives(query)
        return (
            _Asked(self._fetched, view, query, {}, meaning=self.meaning, alike=None).holding(terms)[0]
            if terms
            else BitMap()
        )

    def _fetched(self, view: View, field: str, term: Term) -> BitMap:
        """The records where a term stands in a field."""

        def fetch() -> BitMap:
            french, english = zip(*((w, w) if term.prefix else stems(w) for w in term.words), strict=True)
            return view.words({f"{field}_fr": french, f"{field}_en": english}, prefix=term.prefix)

        return self._held.get((field, term), view.facets.seq, fetch)

    # Pages

    def _page(
        self, view: View, query: Query, shown: BitMap, levels: Iterable[tuple[int, BitMap]] | None
    ) -> tuple[list[int], str]:
        """A page of the records to show, by their levels of relevance where these are given."""
        after = self._cursors.read(_question(query), query.cursor)
        if query.limit == 0 or not shown:
            return [], ""
        found: list[tuple[int, tuple[Any, ...]]] = []
        wanted = query.limit + 1
        if levels is not None:
            for score, tied in levels:
                if after is not None and score > after[0]:
                    continue
                rest = after[1:] if after is not None and score == after[0] else None
                rows = view.ordered(tied, _NEWEST_FIRST, rest, wanted - len(found))
                found += [(pk, (score, *values)) for pk, values in rows]
                if len(found) >= wanted:
                    break
        else:
            found = view.ordered(shown, _order(query.sort), after, wanted)
        page = found[: query.limit]
        more = len(found) > query.limit
        return [pk for pk, _ in page], self._cursors.write(_question(query), page[-1][1]) if more else ""


def _results(view: View, alike: Alike | None, pks: Sequence[int], **told: Any) -> Results:
    """Records with those that they stand for."""
    together = {pk: alike.together(pk)[1:] for pk in pks if pk in alike.members} if alike else {}
    ids = view.ids_of([one for others in together.values() for one in others]) if together else {}
    records = view.records(pks) if pks else ()
    others = {
        record.id: tuple(ids[one] for one in together[pk])
        for pk, record in zip(pks, records, strict=True)
        if pk in together
    }
    return Results(records=records, others=others, **told)


def _whole(view: View, asked: _Asked, visible: BitMap) -> Order:
    """Everything that is asked for, in its order."""
    import numpy as np  # noqa: PLC0415 - only an order that is not the records' own needs it

    query = asked.query
    pool, scores = asked.base(visible)
    for field, values in query.where.items():
        pool = pool & asked.carrying(field, values) if values else pool
    shown = asked.alike.folded(pool) if asked.alike else pool
    if not query.sort and scores is None:
        return shown
    if query.sort in ("", "relevance") and scores is not None:
        levels = [tied for _, tied in scores.levels(pool, shown, asked.alike)] if shown else []
        rows = [row for tied in levels for row in view.ordered(tied, _NEWEST_FIRST, None, len(tied))]
    else:
        rows = view.ordered(shown, _order(query.sort), None, len(shown))
    return np.array([pk for pk, _ in rows], dtype=np.uint32)


def _question(query: Query) -> list[Any]:
    """What makes a page address belong to a query."""
    told = query.filter if isinstance(query.filter, str | dict) else repr(query.filter)
    return [
        query.text, query.words, query.bbox, query.time, sorted(query.where.items()), query.ids,
        query.external_ids, told, query.sort, query.unknown, query.every,
        query.meaning,
    ]  # fmt: skip


class _Asked:
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
        if query.time is not None:
            then = self._view.overlapping(*query.time, among=pool)
            pool = pool & (then | (pool - self._view.having("start")) if query.unknown else then)
        if query.ids:
            pool = pool & self._view.with_ids(query.ids)
        if query.external_ids:
            pool = pool & BitMap.union(*(self._view.named(name) for name in query.external_ids))
        if query.filter:
            pool = pool & conditions.matching(
                self._view, query.filter, self.carrying, self._standing, self._all_hubs()
            )
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
        if field not in ("hub", "application"):
            return self._view.facets.count(field, pool, self._query.count_values, counting)
        counted: list[Bucket] = []
        for value in self._all_hubs() if field == "hub" else applications():
            bits = self.carrying(field, (value,))
            count = pool.intersection_cardinality(bits)
            if counting is not None and count:
                count -= counting.repeats(field, value, bits)
            counted.append(Bucket(value, count))
        return tuple(sorted((b for b in counted if b.count), key=lambda b: (-b.count, b.value)))

    def trees(
        self, base: BitMap, chosen: Mapping[str, BitMap], pool: BitMap
    ) -> dict[str, tuple[Counted, ...]]:
        """Concepts in their trees, counted without the query's own choice of concepts."""
        if "concept" in chosen:
            pool = BitMap.intersection(base, *(bits for field, bits in chosen.items() if field != "concept"))
        counting = self.alike.counting(pool) if self.alike else None

        def count(field: str, uri: str, bits: BitMap) -> int:
            found = pool.intersection_cardinality(bits)
            return found - counting.repeats(field, uri, bits) if counting is not None and found else found

        trees = Trees(self._meaning, self._view, count, self._query.where.get("concept", ()))
        return {field: tree for field in self._query.trees if (tree := trees.of(field))}

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


def _order(sort: str) -> tuple[tuple[str, bool], ...]:
    keys: dict[str, bool] = {}
    for part in (sort or "-updated").split(","):
        name = part.strip().lstrip("+-")
        keys.setdefault(_COLUMNS.get(name, "updated"), part.strip().startswith("-") or name == "relevance")
    if list(keys) == ["id"]:
        return (("id", keys["id"]),)
    keys.setdefault("id", False)
    listed = list(keys.items())
    # What follows the id never decides.
    return tuple(listed[: [name for name, _ in listed].index("id") + 1])


def _check(query: Query) -> None:
    for part in filter(None, query.sort.split(",")):
        name = part.strip().lstrip("+-")
        if name not in SORTS:
            raise Invalid(f"records cannot be sorted by “{name}”; choose among {', '.join(SORTS)}", "sort")
    for field in query.trees:
        if field not in TREES:
            raise Invalid(f"“{field}” has no concepts to count; choose among {', '.join(TREES)}", "trees")
    for field in (*query.where, *query.counts):
        if field not in FACETS:
            raise Invalid(f"there is no facet “{field}”; choose among {', '.join(FACETS)}", "facet")
    if query.limit < 0:
        raise Invalid("give a number of 0 or more", "limit")
    if len(query.text) > 2000:  # noqa: PLR2004
        raise Invalid("the words to find are longer than 2,000 letters; shorten them", "text")
