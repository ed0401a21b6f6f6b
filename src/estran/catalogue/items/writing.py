"""Items from those who may write: checked against their address, stored whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from estran.catalogue.items.prepare import prepare_item
from estran.catalogue.items.query import ItemQuery
from estran.catalogue.merging import merged_document
from estran.errors import Conflict, Invalid, NotAllowed, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from estran.access import Actor
    from estran.catalogue.items.prepare import PreparedItem
    from estran.catalogue.items.query import ItemPage, StoredItem
    from estran.catalogue.store import Store
    from estran.catalogue.store.items import ItemStore

__all__ = ["Writing", "writer"]

_ASKED_AT_ONCE = 500
_TRIES = 5
# An index of PostgreSQL holds no longer keys.
_LONGEST_ID = 500
_LARGEST = 2**31
_NEEDED = ("stac_version", "geometry", "properties", "assets")


class Writing:
    """The writes of one actor."""

    def __init__(
        self, store: Store, items: ItemStore, actor: Actor, search: Callable[[ItemQuery], ItemPage]
    ) -> None:
        self._store, self._items, self._actor, self._search = store, items, actor, search

    def may(self, collection: str) -> None:
        """Refuse whoever may not write in a collection.

        Raises:
            NotAllowed: the actor may see it but not write there, or may write nowhere.
            NotFound: there is none of that id, or none that the actor may know of.
        """
        writer(self._actor)
        with self._store.view() as view:
            pk = view.collections(self._actor).get(collection)
            if pk is None:
                raise NotFound("collection", collection)
            centre = view.records([pk])[0].centre
        if not self._actor.may_write(centre):
            raise NotAllowed(
                f"only an editor of “{centre}” or the node's operator may write in “{collection}”"
            )

    def add(self, collection: str, documents: Sequence[bytes]) -> tuple[str, ...]:
        """Store new items: all of them, or none."""
        self.may(collection)
        single = len(documents) == 1
        prepared = [
            _prepared(document, collection, "", "item" if single else f"features[{n}]")
            for n, document in enumerate(documents)
        ]
        ids = [item.id for item in prepared]
        if len(set(ids)) < len(ids):
            twice = next(n for n, name in enumerate(ids) if name in ids[:n])
            raise Invalid(f"“{ids[twice]}” stands there before; send each item once", f"features[{twice}]")

        def check() -> None:
            self.may(collection)
            taken = next(self._held(collection, ids), None)
            if taken is not None:
                n = ids.index(taken.id)
                where = "" if single else f"features[{n}]: "
                raise Conflict(
                    f"{where}there is an item “{taken.id}” in “{collection}” already; replace it with PUT"
                )

        self._write(check, prepared)
        return tuple(ids)

    def put(self, collection: str, id: str, document: bytes) -> None:  # noqa: A002 - the word of the model
        """Replace an item."""
        self.may(collection)
        prepared = _prepared(document, collection, id, "item")

        def check() -> None:
            self.may(collection)
            self._one(collection, id)

        self._write(check, [prepared])

    def patch(self, collection: str, id: str, patch: bytes) -> None:  # noqa: A002
        """Change members of an item: a JSON merge patch."""
        self.may(collection)
        for _ in range(_TRIES):
            before = self._one(collection, id)
            whole = b'%b,"links":[%b]}' % (before.body, before.links)
            prepared = _prepared(merged_document(whole, patch), collection, id, "item")

            def check(before: StoredItem = before) -> None:
                self.may(collection)
                if self._one(collection, id) != before:
                    raise _MovedError

            try:
                self._write(check, [prepared])
            except _MovedError:
                continue
            return
        raise Conflict(f"others change “{id}” at the same time; read it again, then patch it again")

    def remove(self, collection: str, id: str) -> None:  # noqa: A002
        """Take an item out."""
        self.may(collection)
        with self._store.only_if(lambda: self.may(collection)):
            self._items.remove(collection, id, self._actor.name)

    def _write(self, check: Callable[[], object], batch: Sequence[PreparedItem]) -> None:
        with self._store.only_if(check):
            self._items.write(batch, self._actor.name)

    def _held(self, collection: str, ids: Sequence[str]) -> Iterator[StoredItem]:
        for start in range(0, len(ids), _ASKED_AT_ONCE):
            part = tuple(ids[start : start + _ASKED_AT_ONCE])
            yield from self._search(ItemQuery(collections=(collection,), ids=part, limit=len(part)))

    def _one(self, collection: str, id: str) -> StoredItem:  # noqa: A002
        found = next(self._held(collection, [id]), None)
        if found is None:
            raise NotFound("item", f"{collection}/{id}", "Create it with POST to the collection's items.")
        return found


class _MovedError(Exception):
    """What was read is no longer what is there."""


def writer(actor: Actor) -> None:
    """Refuse whoever may write nowhere.

    Raises:
        NotAllowed: the actor is neither an editor nor the operator.
    """
    if actor.role not in ("editor", "operator"):
        raise NotAllowed("only an editor of its centre, or the node's operator, may write here")


def _prepared(document: bytes, collection: str, id: str, where: str) -> PreparedItem:  # noqa: A002
    """The rows of an item that stands, or shall stand, at an address; `id` is "" where the item says it.

    Raises:
        Invalid: it is no Item, lacks what makes one, or names another place than its address.
    """
    members = _members(document, where)
    for name, wanted in (("id", id), ("collection", collection)):
        said = members.get(name, wanted)
        if not isinstance(said, str) or not said:
            raise Invalid(f"its {name} is no text; give it one", where)
        if wanted and said != wanted:
            raise Invalid(f"its {name} is “{said[:80]}”, its address says “{wanted}”; make them agree", where)
        members[name] = said
    name = members["id"]
    where = f"{where} “{name[:80]}”" if where.startswith("features") else where
    if len(name) > _LONGEST_ID or not name.isprintable():
        raise Invalid(f"an id has up to {_LONGEST_ID} letters, none of them a control character", where)
    lacking = next((one for one in _NEEDED if one not in members), None)
    if lacking is not None:
        raise Invalid(f"it has no “{lacking}”; a STAC Item has {', '.join(_NEEDED)}", where)
    if not isinstance(members["assets"], dict) or not isinstance(members["stac_version"], str):
        raise Invalid("its assets are no object, or its stac_version is no text", where)
    orbit = (
        members["properties"].get("sat:relative_orbit") if isinstance(members["properties"], dict) else None
    )
    if isinstance(orbit, int | float) and abs(orbit) >= _LARGEST:
        raise Invalid("its sat:relative_orbit is no number of an orbit", where)
    raws: dict[str, Any] = dict(msgspec.json.decode(document, type=dict[str, msgspec.Raw]))
    return prepare_item(msgspec.json.encode(raws | {"id": name, "collection": collection}), collection, where)


def _members(document: bytes, where: str) -> dict[str, Any]:
    try:
        members: Any = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"it is not JSON ({error})", where) from None
    if not isinstance(members, dict) or members.get("type") != "Feature":
        raise Invalid('it is no STAC Item; an Item is an object with "type": "Feature"', where)
    if b"\\u0000" in document:
        raise Invalid("it holds the character NUL, which no database keeps; take it out", where)
    return members
