"""Answering a query: sets of records, their order, a page of them, and the counts.

Relevance of a record is the sum over the query's words (or phrases) of the weights of the fields in which
each stands: title 8, keywords and concepts 4, everything else 1, the names of its stations among it. Ties go
to the newest update, then to the id: one total order, which a page token can continue anywhere.

What is asked is asked of every record; then those that describe one dataset are one result, shown as the
record that stands for them and as relevant as the best of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap

from estran.catalogue.asked import Asked
from estran.catalogue.index import Held
from estran.catalogue.marks import TREES
from estran.catalogue.meaning import Meaning
from estran.catalogue.positions import Positions, page
from estran.catalogue.query import FACETS, SORTS, Query, Results
from estran.catalogue.terms import Term, alternatives
from estran.catalogue.words import stems
from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from estran.access import Actor
    from estran.catalogue.clusters import Alike
    from estran.catalogue.cursors import Cursors
    from estran.catalogue.positions import Order
    from estran.catalogue.store import Store, View

_THINGS_IN = "body"
"""The field among whose words are the names of a dataset's stations."""
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
        hubs = self._hubs() if _needs_hubs(query) else {}
        with self._store.view() as view:
            visible = self._within(view, query, hubs, view.facets.visible(actor))
            alike = None if query.every or query.ids or among else view.facets.alike(actor)
            asked = Asked(self._fetched, view, query, hubs, meaning=self.meaning, alike=alike)
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
            found = replace(found, timeline=asked.timeline(chosen)) if query.bars else found
            found = replace(found, places=asked.places(shown, pool)) if query.grid else found
            return replace(found, trees=asked.trees(base, chosen, pool)) if query.trees else found

    def _within(self, view: View, query: Query, hubs: Mapping[str, tuple[str, ...]], pool: BitMap) -> BitMap:
        """Those of some records that the question finds within which a query looks."""
        if query.within is None:
            return pool
        inner = query.within
        _check(inner)
        asked = Asked(self._fetched, view, inner, hubs, meaning=self.meaning, alike=None)
        found, _ = asked.base(self._within(view, inner, hubs, pool))
        return BitMap.intersection(found, *(asked.carrying(f, v) for f, v in inner.where.items() if v))

    def about(self, view: View, text: str) -> BitMap:
        """The records that hold one of some terms, with commas between, or are called so."""
        query = Query(text=text, words="records")
        terms = alternatives(query)
        return (
            Asked(self._fetched, view, query, {}, meaning=self.meaning, alike=None).holding(terms)[0]
            if terms
            else BitMap()
        )

    def _fetched(self, view: View, field: str, term: Term) -> BitMap:
        """The records where a term stands in a field."""

        def fetch() -> BitMap:
            french, english = zip(*((w, w) if term.prefix else stems(w) for w in term.words), strict=True)
            found = view.words({f"{field}_fr": french, f"{field}_en": english}, prefix=term.prefix)
            return found | view.with_things(term.words, prefix=term.prefix) if field == _THINGS_IN else found

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


def _whole(view: View, asked: Asked, visible: BitMap) -> Order:
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


def _needs_hubs(query: Query) -> bool:
    asks = "hub" in query.where or "hub" in query.counts or bool(query.filter or query.grid)
    return asks or (query.within is not None and _needs_hubs(query.within))


def _question(query: Query) -> list[Any]:
    """What makes a page address belong to a query."""
    told = query.filter if isinstance(query.filter, str | dict) else repr(query.filter)
    return [
        query.text, query.words, query.bbox, query.time, sorted(query.where.items()), query.ids,
        query.external_ids, told, query.sort, query.unknown, query.every,
        query.meaning, *([_question(query.within)] if query.within else []),
    ]  # fmt: skip


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
