"""Which records use a concept: the way from the vocabularies to the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from estran.catalogue.query import Query
from estran.vocabulary.store.reading import entries_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estran.access import Actor
    from estran.catalogue.query import Results
    from estran.catalogue.search import Search
    from estran.catalogue.store import Store, View
    from estran.vocabulary import Entry

__all__ = ["Concepts", "Usage"]

_USUAL = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Who uses a concept.

    Attributes:
        uri: its address; entry: what a vocabulary here says of it, None where none does.
        itself: how many records carry this very concept, by its address or by a label of it.
        found: the first records that carry it, one that is the same or something narrower, and how many
            there are.
        successors: what took its place, where it is deprecated.
    """

    uri: str
    itself: int
    found: Results
    entry: Entry | None = None
    successors: tuple[Entry, ...] = ()


class Concepts:
    """Concepts and the records that use them, as an actor may see these."""

    def __init__(self, store: Store, search: Search, actor: Actor) -> None:
        self._store, self._search, self._actor = store, search, actor

    def usage(self, uri: str, limit: int = _USUAL) -> Usage:
        """Who uses a concept; nobody, where no record does."""
        with self._store.view() as view:
            itself = self._itself(view, uri)
            entries = entries_of(view.connection, view.engine, [uri])
            successors = _successors(view, entries.values())
        query = Query(where={"concept": (uri,)}, limit=limit)
        return Usage(
            uri=uri, itself=itself, found=self._search.ask(query, self._actor), entry=entries.get(uri),
            successors=tuple(successors[other] for other in _named(entries.values()) if other in successors),
        )  # fmt: skip

    def deprecated(self, limit: int = _USUAL) -> tuple[Usage, ...]:
        """The deprecated concepts that records use, the most used first."""
        with self._store.view() as view:
            used = {uri: self._itself(view, uri) for uri in self._search.meaning.uses(view).deprecated}
        listed = sorted((uri for uri, count in used.items() if count), key=lambda uri: (-used[uri], uri))
        return tuple(self.usage(uri, limit) for uri in listed)

    def _itself(self, view: View, uri: str) -> int:
        values = self._search.meaning.uses(view).values.get(uri, ())
        return view.facets.carrying(values).intersection_cardinality(view.facets.visible(self._actor))


def _named(entries: Iterable[Entry]) -> list[str]:
    return [uri for entry in entries for uri in entry.replaced_by]


def _successors(view: View, entries: Iterable[Entry]) -> dict[str, Entry]:
    return entries_of(view.connection, view.engine, _named(entries))
