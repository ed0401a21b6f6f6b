"""Answering a query: sets of records, their order, a page of them, and the counts.

Relevance of a record is the sum over the query's words (or phrases) of the weights of the fields in which
each stands: title 8, keywords and concepts 4, everything else 1. Ties go to the newest update, then to
the id: one total order, which a page token can continue anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap

from estran.catalogue import conditions
from estran.catalogue.index import Held, bitmap
from estran.catalogue.positions import Positions, page
from estran.catalogue.query import FACETS, SORTS, Bucket, Query, Results
from estran.catalogue.words import folded, split, stems
from estran.errors import Invalid
from estran.model import Box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np

    from estran.access import Actor
    from estran.catalogue.cursors import Cursors
    from estran.catalogue.expressions import Words
    from estran.catalogue.positions import Order
    from estran.catalogue.store import Store, View

WEIGHTS = {"title": 8, "subject": 4, "body": 1}
_GLOBE = Box(-180, -90, 180, 90)
_EXACT_IDENTIFIER = 64
_MOST_WORDS = 32
_PHRASE = re.compile(r'"([^"]*)"|(\S+)')
_NEWEST_FIRST = (("updated", True), ("id", False))
_COLUMNS = {
    "updated": "updated",
    "title": "title",
    "published": "published",
    "start": "start",
    "end": "end",
    "id": "id",
}


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand together in one field; `prefix`: the last one may go on."""

    words: tuple[str, ...]
    prefix: bool = False


class Search:
    """Answers queries over a store."""

    def __init__(
        self, store: Store, cursors: Cursors, hubs: Callable[[], Mapping[str, tuple[str, ...]]]
    ) -> None:
        """Args: `hubs` gives, for each centre that has records, the hubs it belongs to."""
        self._store, self._cursors, self._hubs = store, cursors, hubs
        self._held: Held[tuple[str, Term]] = Held()
        self._positions = Positions()

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
            asked = _Asked(self._fetched, view, query, hubs)
            visible = view.facets.visible(actor)
            if query.skip is not None and among is None:
                question = repr((_question(query), actor, hubs))
                seq = view.facets.seq
                order = self._positions.whole(question, seq, lambda: _whole(view, asked, visible))
                pks = page(order, query.skip, query.limit)
                return Results(records=view.records(pks) if pks else (), matched=len(order))
            base, scores = asked.base(visible & among(view) if among else visible)
            chosen = {field: asked.carrying(field, values) for field, values in query.where.items() if values}
            pool = BitMap.intersection(base, *chosen.values()) if chosen else base
            pks, next_cursor = self._page(view, query, pool, scores)
            return Results(
                records=view.records(pks),
                matched=len(pool),
                facets={field: asked.count(field, base, chosen, pool) for field in query.counts},
                next=next_cursor,
            )

    def about(self, view: View, text: str) -> BitMap:
        """The records that hold one of some terms, with commas between, or are called so."""
        query = Query(text=text, words="records")
        terms = alternatives(query)
        return _Asked(self._fetched, view, query, {}).holding(terms)[0] if terms else BitMap()

    def _fetched(self, view: View, field: str, term: Term) -> BitMap:
        """The records where a term stands in a field."""

        def fetch() -> BitMap:
            french, english = zip(*((w, w) if term.prefix else stems(w) for w in term.words), strict=True)
            return view.words({f"{field}_fr": french, f"{field}_en": english}, prefix=term.prefix)

        return self._held.get((field, term), view.facets.seq, fetch)

    # Pages

    def _page(self, view: View, query: Query, pool: BitMap, scores: Scores | None) -> tuple[list[int], str]:
        relevance = query.sort in ("", "relevance") and scores is not None
        after = self._cursors.read(_question(query), query.cursor)
        if query.limit == 0 or not pool:
            return [], ""
        found: list[tuple[int, tuple[Any, ...]]] = []
        wanted = query.limit + 1
        if relevance and scores is not None:
            for score, tied in scores.levels(pool):
                if after is not None and score > after[0]:
                    continue
                rest = after[1:] if after is not None and score == after[0] else None
                rows = view.ordered(tied, _NEWEST_FIRST, rest, wanted - len(found))
                found += [(pk, (score, *values)) for pk, values in rows]
                if len(found) >= wanted:
                    break
        else:
            found = view.ordered(pool, _order(query.sort), after, wanted)
        page = found[: query.limit]
        more = len(found) > query.limit
        return [pk for pk, _ in page], self._cursors.write(_question(query), page[-1][1]) if more else ""


def _whole(view: View, asked: _Asked, visible: BitMap) -> Order:
    """Everything that is asked for, in its order."""
    import numpy as np  # noqa: PLC0415 - only an order that is not the records' own needs it

    query = asked.query
    pool, scores = asked.base(visible)
    for field, values in query.where.items():
        pool = pool & asked.carrying(field, values) if values else pool
    if not query.sort and scores is None:
        return pool
    if query.sort in ("", "relevance") and scores is not None:
        levels = [tied for _, tied in scores.levels(pool)] if pool else []
        rows = [row for tied in levels for row in view.ordered(tied, _NEWEST_FIRST, None, len(tied))]
    else:
        rows = view.ordered(pool, _order(query.sort), None, len(pool))
    return np.array([pk for pk, _ in rows], dtype=np.uint32)


def _question(query: Query) -> list[Any]:
    """What makes a page address belong to a query."""
    told = query.filter if isinstance(query.filter, str | dict) else repr(query.filter)
    return [
        query.text, query.words, query.bbox, query.time, sorted(query.where.items()), query.ids,
        query.external_ids, told, query.sort, query.unknown,
    ]  # fmt: skip


class _Asked:
    """One query against one view of the catalogue."""

    def __init__(
        self,
        fetched: Callable[[View, str, Term], BitMap],
        view: View,
        query: Query,
        hubs: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._fetched, self._view, self._query, self._hubs = fetched, view, query, hubs

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
        if len(words) > _MOST_WORDS:
            raise Invalid(f"{len(words)} words are to stand together; give at most {_MOST_WORDS}", "text")
        return BitMap.union(*(self._fetched(self._view, field, term) for term in terms for field in WEIGHTS))

    def carrying(self, field: str, values: Iterable[str]) -> BitMap:
        """The records that carry one of a field's values; a hub's are those of its centres."""
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
        if field != "hub":
            return self._view.facets.count(field, pool, self._query.count_values)
        counted = [
            Bucket(hub, pool.intersection_cardinality(self.carrying("hub", (hub,))))
            for hub in self._all_hubs()
        ]
        return tuple(sorted((b for b in counted if b.count), key=lambda b: (-b.count, b.value)))

    def _all_hubs(self) -> list[str]:
        return sorted({hub for hubs in self._hubs.values() for hub in hubs})

    def holding(self, terms: Sequence[Sequence[Term]]) -> tuple[BitMap, Scores]:
        """The records that hold all terms of one of the alternatives, and their scores."""
        scores = Scores()
        union = BitMap()
        for together in terms:
            matched: BitMap | None = None
            for term in together:
                fields = {field: self._fetched(self._view, field, term) for field in WEIGHTS}
                anywhere = BitMap.union(*fields.values())
                matched = anywhere if matched is None else matched & anywhere
                for field, bits in fields.items():
                    scores.add(bits, WEIGHTS[field])
            union |= matched or BitMap()
        exact = self._view.named(self._query.text.strip())
        if exact:
            scores.add(exact, _EXACT_IDENTIFIER)
        return union | exact, scores


class Scores:
    """Sums of weights over sets of records."""

    def __init__(self) -> None:
        self._parts: list[tuple[BitMap, int]] = []

    def add(self, bits: BitMap, weight: int) -> None:
        """Records in `bits` gain `weight`."""
        if bits:
            self._parts.append((bits, weight))

    def levels(self, pool: BitMap) -> Iterable[tuple[int, BitMap]]:
        """The pool parted by score, the highest first."""
        import numpy as np  # noqa: PLC0415 - only a search with words needs it

        members = _array(pool)
        sums = np.zeros(int(pool.max()) + 1, dtype=np.uint16)
        for bits, weight in self._parts:
            sums[_array(bits & pool)] += weight
        held = sums[members]
        for score in np.unique(held)[::-1]:
            yield int(score), bitmap(members[held == score])


def _array(bits: BitMap) -> np.ndarray[Any, Any]:
    import numpy as np  # noqa: PLC0415

    return np.frombuffer(bits.to_array(), dtype=np.uint32) if bits else np.empty(0, dtype=np.uint32)


def alternatives(query: Query) -> list[list[Term]]:
    """The query's words as alternatives of terms that must all match; none where nothing is asked."""
    if query.words == "records":
        phrases = [split(part) for part in query.text.split(",")]
        return [[Term(tuple(words))] for words in phrases if words][:_MOST_WORDS]
    terms: dict[Term, None] = {}
    for quoted, word in _PHRASE.findall(query.text):
        if quoted:
            terms[Term(tuple(split(quoted)))] = None
        elif word.endswith("*") and len(folded(word)) > 3:  # noqa: PLR2004
            terms.update((Term((w,), prefix=True), None) for w in split(word))
        else:
            terms.update((Term((w,)), None) for w in split(word))
    listed = [term for term in terms if term.words][:_MOST_WORDS]
    return [listed] if listed else []


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
    for field in (*query.where, *query.counts):
        if field not in FACETS:
            raise Invalid(f"there is no facet “{field}”; choose among {', '.join(FACETS)}", "facet")
    if query.limit < 0:
        raise Invalid("give a number of 0 or more", "limit")
    if len(query.text) > 2000:  # noqa: PLR2004
        raise Invalid("the words to find are longer than 2,000 letters; shorten them", "text")
