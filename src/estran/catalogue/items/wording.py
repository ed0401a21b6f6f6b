"""Free text over items: what their collections say, and how their ids start.

An item has few words of its own, and a million of them say the same: what people look for stands in the
description of the collection. So an item is found where its collection is, or where its id starts with
what was asked for, as it is written or all in capitals or small letters.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from estran.catalogue import filters
from estran.catalogue.store.item_words import ids_starting
from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from estran.access import Actor
    from estran.catalogue.items.query import ItemQuery
    from estran.catalogue.search import Search
    from estran.catalogue.store import Store
    from estran.catalogue.store.items import ItemStore

__all__ = ["Wording"]

# So many items are named one by one; of more, the pattern is tested along the order and soon meets enough.
_MOST_IDS = 1000
# A filter names so many collections; beyond, words are better said of the collections alone.
_MOST_NAMES = 400
_MOST_TERMS = 32
_LONGEST_TERM = 200


class Wording:
    """Narrows the questions of one actor."""

    def __init__(self, store: Store, items: ItemStore, search: Search, actor: Actor) -> None:
        self._store, self._items, self._search, self._actor = store, items, search, actor

    def narrowed(self, query: ItemQuery, terms: Sequence[str]) -> ItemQuery | None:
        """The query, for items only that one of the terms is about; None where there are none."""
        words = [" ".join(term.replace(",", " ").split()) for term in terms]
        words = [word for word in words if word]
        if not words:
            return query
        if len(words) > _MOST_TERMS or any(len(word) > _LONGEST_TERM for word in words):
            raise Invalid(f"at most {_MOST_TERMS} terms of {_LONGEST_TERM} letters are read", "q")
        with self._store.view() as view:
            visible = view.collections(self._actor)
            names = [name for name in query.collections or sorted(visible) if name in visible]
            found = self._search.about(view, ",".join(words))
            # Collections that never had an item only make the question longer.
            numbers = self._items.numbers(view.connection, names)
            about = [name for name in numbers if visible[name] in found]
            others = [name for name in numbers if visible[name] not in found]
            ids = ids_starting(
                view.connection, [numbers[name] for name in others], _ways(words), _MOST_IDS + 1
            )
        return _joined(query, words, about, others, tuple(dict.fromkeys(ids)))


def _ways(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(way for word in words for way in (word, word.upper(), word.lower())))


def _joined(
    query: ItemQuery, words: list[str], about: list[str], others: list[str], ids: tuple[str, ...]
) -> ItemQuery | None:
    """The query for the items of the collections `about`, or with these ids in `others`."""
    if not ids:
        return replace(query, collections=tuple(about)) if about else None
    if not about and len(ids) <= _MOST_IDS:
        chosen = tuple(id_ for id_ in ids if id_ in query.ids) if query.ids else ids
        return replace(query, collections=tuple(others), ids=chosen) if chosen else None
    starts: list[Any] = [{"op": "like", "args": [{"property": "id"}, _pattern(way)]} for way in _ways(words)]
    if about:
        if len(about) > _MOST_NAMES:
            raise Invalid(f"{len(about)} collections are about that; name those that you mean", "q")
        starts.append({"op": "in", "args": [{"property": "collection"}, about]})
    tests: list[Any] = [{"op": "or", "args": starts}]
    if query.filter:
        given = query.filter
        tests.append(filters.document(given, is_json=False) if isinstance(given, str) else given)
    return replace(query, collections=(*about, *others), filter={"op": "and", "args": tests})


def _pattern(start: str) -> str:
    for letter in "\\%_":
        start = start.replace(letter, f"\\{letter}")
    return f"{start}%"
