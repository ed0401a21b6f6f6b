"""The collections of items: searched as the records that they are, and written as STAC Collections."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
from pyroaring import BitMap

from estran import formats
from estran.access import OPERATOR
from estran.catalogue.items.wording import Wording
from estran.catalogue.items.writing import writer
from estran.catalogue.merging import merged_document
from estran.catalogue.prepare import original, prepare
from estran.errors import Conflict, Invalid, NotAllowed, NotFound
from estran.formats import Document, Links
from estran.model import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from estran.access import Actor
    from estran.catalogue.items.query import ItemQuery
    from estran.catalogue.prepare import Prepared
    from estran.catalogue.query import Query, Results
    from estran.catalogue.search import Search
    from estran.catalogue.store import Store
    from estran.catalogue.store.items import ItemStore

__all__ = ["SOURCE", "Collections", "stac_id"]

SOURCE = "stac-api"
"""Source of the collections that were made through this door; a centre's name follows it."""
_TRIES = 5
_LONGEST_ID = 200
# What a client copies from the API's own answer, and the node writes for itself.
_STRUCTURAL = frozenset(
    {"self", "root", "parent", "items", "item", "child", "children", "collection", "next", "prev", "data", "queryables",
     "http://www.opengis.net/def/rel/ogc/1.0/queryables", "aggregate", "aggregations"}
)  # fmt: skip


class Collections:
    """The door to the collections, for one actor."""

    def __init__(self, store: Store, items: ItemStore, search: Search, actor: Actor, home: str) -> None:
        """Args: home is the centre of what the operator adds."""
        self._store, self._items, self._search = store, items, search
        self._actor, self._home = actor, home

    def ask(self, query: Query) -> Results:
        """One page of the collections that a query of records finds; `stac_id` tells what each is called.

        Raises:
            Invalid: a part of it does not fit.
        """
        return self._search.ask(
            query, self._actor, lambda view: BitMap(view.collections(self._actor).values())
        )

    def narrowed(self, query: ItemQuery, terms: Sequence[str]) -> ItemQuery | None:
        """A query of items, for those only that one of the terms is about; None where there are none.

        An item is found where its collection is, or where its id starts with a term.

        Raises:
            Invalid: the terms are too many or too long.
        """
        return Wording(self._store, self._items, self._search, self._actor).narrowed(query, terms)

    def add(self, document: bytes, links: Links) -> str:
        """Add a collection, for everyone to see; it belongs to the editor's centre.

        Args:
            document: a STAC Collection.
            links: addresses of this node; links to it are not kept.

        Returns:
            Its STAC id.

        Raises:
            NotAllowed: the actor may write nowhere.
            Invalid: it is no STAC Collection.
            Conflict: there is a collection of that id.
        """
        writer(self._actor)
        centre = self._home if self._actor.is_operator else self._actor.centres[0]
        name, read = _read(document, "", links)
        source = f"{SOURCE}-{centre}" if centre else SOURCE
        record = replace(read, source=source, centre=centre, visibility="public")

        def check() -> None:
            with self._store.view() as view:
                if name in view.collections(OPERATOR):
                    raise Conflict(
                        f"there is a collection “{name}” already; replace it with PUT, or choose another id"
                    )

        self._write(prepare(record, original(Document(name, document), "stac"), self._actor.name), check)
        return name

    def put(self, id: str, document: bytes, links: Links) -> None:  # noqa: A002 - the word of the model
        """Replace a collection's description.

        Raises:
            NotAllowed: the actor may see it but not change it, or may write nowhere.
            NotFound: there is none of that id, or none that the actor may know of.
            Invalid: it is no STAC Collection, or names another id.
        """
        before = self._mine(id)
        self._write(self._in_place_of(before, id, document, links), lambda: self._mine(id))

    def patch(self, id: str, patch: bytes, links: Links) -> None:  # noqa: A002
        """Change members of a collection's description with a JSON merge patch (RFC 7396).

        Raises:
            Conflict: others change it at the same time.
            NotAllowed, NotFound, Invalid: as for `put`.
        """
        for _ in range(_TRIES):
            before = self._mine(id)
            made = merged_document(self._shown(before, id, links), patch)
            prepared = self._in_place_of(before, id, made, links)

            def check(before: tuple[int, Record] = before) -> None:
                if self._mine(id) != before:
                    raise _MovedError

            try:
                self._write(prepared, check)
            except _MovedError:
                continue
            return
        raise Conflict(f"others change “{id}” at the same time; read it again, then patch it again")

    def remove(self, id: str) -> None:  # noqa: A002
        """Take a collection without items out; the change log keeps that it was here.

        Raises:
            Conflict: it has items.
            NotAllowed, NotFound: as for `put`.
        """
        _, record = self._mine(id)

        def check() -> None:
            self._mine(id)
            with self._store.view() as view, self._items.view(view) as items:
                count = items.count(id)
            if count:
                raise Conflict(f"“{id}” has {count} items; remove them first")

        with self._store.only_if(check):
            self._store.remove(record.id, self._actor.name)

    def _mine(self, id: str) -> tuple[int, Record]:  # noqa: A002
        """The pk and the record of a collection that the actor may change."""
        writer(self._actor)
        with self._store.view() as view:
            pk = view.collections(self._actor).get(id)
            if pk is None:
                raise NotFound("collection", id)
            record = view.records([pk])[0]
        if not self._actor.may_write(record.centre):
            raise NotAllowed(f"only an editor of “{record.centre}” or the node's operator may change “{id}”")
        return pk, record

    def _in_place_of(self, before: tuple[int, Record], id: str, document: bytes, links: Links) -> Prepared:  # noqa: A002
        pk, held = before
        _, read = _read(document, id, links)
        record = replace(read, source=held.source, centre=held.centre, visibility=held.visibility)
        with self._store.view() as view:
            key, owner = view.place_of(pk)
        # The key is what the record was known by before, whatever its first description called it.
        return prepare(record, original(Document(id, document), "stac"), owner)._replace(key=key)

    def _shown(self, before: tuple[int, Record], id: str, links: Links) -> bytes:  # noqa: A002
        """What a patch is made to: the collection as it came if that was STAC, else as it is written."""
        pk, record = before
        with self._store.view() as view:
            newest = next(iter(view.originals(pk)), None)
        if newest is not None and newest.format == "stac":
            try:
                members: Any = msgspec.json.decode(newest.body)
            except msgspec.DecodeError:
                members = None
            if isinstance(members, dict) and (members.get("type"), members.get("id")) == ("Collection", id):
                return newest.body
        return _written(record, links)

    def _write(self, prepared: Prepared, check: Callable[[], object]) -> None:
        with self._store.only_if(check):
            # What its source assigns to later loads stays as it is.
            given = self._store.source(prepared.source) or (prepared.centre, prepared.visibility)
            run = self._store.begin_run(prepared.source, *given)
            self._store.write([prepared], run, self._actor.name, last_wins=True)


def stac_id(record: Record) -> str:
    """What STAC calls a collection."""
    return next((found.value for found in record.identifiers if found.scheme == "stac"), record.identifier)


class _MovedError(Exception):
    """What was read is no longer what is there."""


def _read(document: bytes, id: str, links: Links) -> tuple[str, Record]:  # noqa: A002
    """The STAC id and the record of a Collection; `id` is what its address says, "" where that says none.

    Raises:
        Invalid: it is none, or its id does not fit.
    """
    try:
        members: Any = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"it is not JSON ({error}); send a STAC Collection") from None
    if not isinstance(members, dict) or members.get("type") != "Collection":
        raise Invalid('it is no STAC Collection; one is an object with "type": "Collection"')
    name = members.get("id", id)
    if (
        not isinstance(name, str)
        or not name
        or not name.isprintable()
        or "/" in name
        or len(name) > _LONGEST_ID
    ):
        raise Invalid(
            f"a collection's id has 1 to {_LONGEST_ID} letters, no slash and no control character", "id"
        )
    if id and name != id:
        raise Invalid(f"its id is “{name}”, its address says “{id}”; make them agree", "id")
    if b"\\u0000" in document:
        raise Invalid("it holds the character NUL, which no database keeps; take it out")
    given = members.get("links")
    listed = given if isinstance(given, list) else []
    kept = [link for link in listed if isinstance(link, dict) and not _is_ours(link, links)]
    body = msgspec.json.encode(members | {"id": name, "links": kept})
    found = list(formats.read(Document(name, body), formats.find("stac")))
    if len(found) != 1 or not isinstance(found[0], Record):
        raise Invalid("it cannot be read as one STAC Collection")
    return name, found[0]


def _written(record: Record, links: Links) -> bytes:
    """A record as a STAC Collection that says no more than is known: STAC demands an extent and a licence."""
    form = formats.find("stac")
    assert form.write is not None
    members: dict[str, Any] = msgspec.json.decode(form.write(record, links).body)
    if not record.extent.boxes and not record.extent.geometries:
        members["extent"].pop("spatial")
    if not record.extent.periods:
        members["extent"].pop("temporal")
    if not record.licences:
        members.pop("license")
    return msgspec.json.encode(members)


def _is_ours(link: dict[str, Any], links: Links) -> bool:
    return link.get("rel") in _STRUCTURAL or str(link.get("href", "")).startswith(f"{links.base}/")
