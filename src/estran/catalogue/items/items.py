"""The items of a node: granules, kept as they came, found by place, time and a few properties."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

from estran.catalogue.items.asking import area_of, batches, order_of, question, touches
from estran.catalogue.items.counting import ItemCounts, counted, queryables
from estran.catalogue.items.exporting import export
from estran.catalogue.items.paging import NEAR, page
from estran.catalogue.items.query import DAY_US, ItemDays, ItemPage, ItemQuery, StoredItem, are_days
from estran.catalogue.items.queryables import DECLARED_KINDS, check_name
from estran.catalogue.items.writing import Writing, writer
from estran.errors import Invalid, NotAllowed, NotFound
from estran.model import EVER_US

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from estran.access import Actor
    from estran.catalogue.cursors import Cursors
    from estran.catalogue.expressions import Node
    from estran.catalogue.items.queryables import Declaration, DeclaredKind
    from estran.catalogue.queryables import Queryable
    from estran.catalogue.shapes import Shape
    from estran.catalogue.store import Store
    from estran.catalogue.store.items import ItemStore, ItemView
    from estran.model import Record

_MOST_SECONDS = 20.0


class Items:
    """The door to the items, for one actor."""

    def __init__(self, store: Store, items: ItemStore, cursors: Cursors, actor: Actor) -> None:
        self._store, self._items, self._cursors, self._actor = store, items, cursors, actor

    def collections(self) -> tuple[tuple[str, Record], ...]:
        """STAC id and record of every collection that the actor may see, by id."""
        with self._store.view() as view:
            listed = sorted(view.collections(self._actor).items())
            records = view.records([pk for _, pk in listed])
        return tuple(zip((name for name, _ in listed), records, strict=True))

    def collection(self, id: str) -> Record:  # noqa: A002 - the word of the model
        """The record of a collection.

        Raises:
            NotFound: there is none of that id, or none that the actor may know of.
        """
        with self._store.view() as view:
            return view.records([self._visible(view.collections(self._actor), id)])[0]

    def count(self, collection: str) -> int:
        """How many items a collection has.

        Raises:
            NotFound: as for `collection`.
        """
        with self._store.view() as view:
            self._visible(view.collections(self._actor), collection)
            with self._items.view(view) as items:
                return items.count(collection)

    def show(self, collection: str, id: str) -> StoredItem:  # noqa: A002
        """One item.

        Raises:
            NotFound: there is none, or none that the actor may know of.
        """
        page = self.search(ItemQuery(collections=(collection,), ids=(id,), limit=1))
        if not page:
            raise NotFound("item", f"{collection}/{id}")
        return page.items[0]

    def search(self, query: ItemQuery) -> ItemPage:
        """One page of what a query finds.

        Raises:
            Invalid: a part of it does not fit.
        """
        return page(self._store, self._items, self._cursors, self._actor, query)

    def days(self, query: ItemQuery) -> ItemDays:
        """How many of a query's items start on each day; its order, limit and cursor are not read.

        The answer is held until the next change of the node; whole days of instants are taken from the
        answer for all times. Items near an area are tested by their footprints where they are few, else by
        their boxes: `ItemDays.exact` says which.

        Raises:
            Invalid: a part of it does not fit.
        """
        held = self._items.held_days
        with self._store.view(_MOST_SECONDS) as view, self._items.view(view) as items:
            tree, area = area_of(query, queryables(view, self._items))
            visible = view.collections(self._actor)
            names = [n for n in query.collections or visible if n in visible]

            def once[T](question: Any, count: Callable[[], T]) -> T:
                found = held.get(view.facets.seq, repr((names, question)))
                if found is None:
                    found = count()
                    held.put(view.facets.seq, repr((names, question)), found)
                return found

            def counted(asked: ItemQuery) -> ItemDays:
                return once(question(asked), lambda: _days(items, asked, names, tree, area))

            time = query.time
            if time is not None and are_days(*time) and once("longest", lambda: items.longest(names)) <= 1:
                whole = counted(replace(query, time=None))
                if whole.exact:
                    return whole.within(*time)
            return counted(query)

    def counts(
        self,
        query: ItemQuery,
        values: Sequence[str] = (),
        ranges: Mapping[str, Sequence[float]] | None = None,
    ) -> ItemCounts:
        """How many items a query has, in all and by collection and day; its order, limit and cursor are not read.

        Args:
            query: which items; each is tested by its footprint.
            values: properties whose values are counted as well.
            ranges: property -> edges between which its values are counted as well.

        Raises:
            Invalid: a part of it does not fit.
        """
        return counted(self._store, self._items, self._actor, query, values, ranges)

    def queryables(self) -> Mapping[str, Queryable]:
        """The properties that filters may name: those of every node, and those that its operator declared."""
        with self._store.view() as view:
            return queryables(view, self._items)

    def declared(self) -> tuple[Declaration, ...]:
        """The declared properties, by name, those that are not finished as well.

        Raises:
            NotAllowed: the actor is not the operator.
        """
        self._operator()
        return self._items.declaring.all()

    def declare(
        self,
        name: str,
        kind: DeclaredKind,
        title: str = "",
        progress: Callable[[int, int], object] | None = None,
    ) -> None:
        """Let filters name a property of items: those that are here, and those to come.

        Reading and writing go on meanwhile; filters may name it when it is done. Cut short, it is done by
        asking again.

        Args:
            name: as items have it among their properties, such as ``view:sun_elevation``.
            kind: "number", "text", "time" for instants, or "list" for several texts. An item whose value is of
                another kind counts as one that has none; but for "list", the first value of a list counts,
                and true and false are texts.
            title: what it is, for people.
            progress: told how many items are done, of so many.

        Raises:
            NotAllowed: the actor is not the operator.
            Invalid: the name or the kind does not fit.
            Conflict: it is known already, too many are declared, or another declares it at the same time.
        """
        self._operator()
        check_name(name)
        if kind not in DECLARED_KINDS:
            raise Invalid(f"there is no kind “{kind}”; choose among {', '.join(DECLARED_KINDS)}", "kind")
        self._items.declaring.declare(name, kind, title, self._actor.name, progress)

    def undeclare(self, name: str) -> None:
        """Take a declared property back; the items stay as they are.

        Raises:
            NotAllowed: the actor is not the operator.
            NotFound: it is not declared.
            Conflict: another declares it at the same time.
        """
        self._operator()
        self._items.declaring.undeclare(name, self._actor.name)

    def _operator(self) -> None:
        if not self._actor.is_operator:
            raise NotAllowed("only the node's operator may declare properties of items")

    def may_write(self) -> None:
        """Refuse an actor who may write nowhere.

        Raises:
            NotAllowed: they are neither an editor nor the operator.
        """
        writer(self._actor)

    def export(self, collection: str, out: IO[bytes], format: str = "stac-geoparquet") -> int:  # noqa: A002
        """Write a collection with all its items as one file, as of one moment and in little memory.

        Args:
            collection: its STAC id.
            out: where it goes, open for binary; it need not be seekable.
            format: ``stac-geoparquet``.

        Returns:
            How many items were written.

        Raises:
            NotFound: as for `collection`.
            Invalid: there is no such format, or it needs a library that is not installed.
        """
        return export(self._store, self._items, self._actor, collection, out, format)

    def add(self, collection: str, documents: Sequence[bytes]) -> tuple[str, ...]:
        """Store new items, each its JSON: all of them, or none.

        Returns:
            Their ids.

        Raises:
            Invalid: one is no STAC Item, names another collection, or stands there twice.
            Conflict: one is there already.
            NotAllowed: the actor may not write in the collection.
            NotFound: there is no such collection, or none that the actor may know of.
        """
        return self._writing().add(collection, documents)

    def put(self, collection: str, id: str, document: bytes) -> None:  # noqa: A002
        """Replace an item.

        Raises:
            Invalid: it is no STAC Item, or names another id or collection.
            NotAllowed, NotFound: as for `add`, or there is no such item.
        """
        self._writing().put(collection, id, document)

    def patch(self, collection: str, id: str, patch: bytes) -> None:  # noqa: A002
        """Change members of an item with a JSON merge patch (RFC 7396).

        Raises:
            Invalid: what it would become is no STAC Item, or has another id or collection.
            Conflict: others change it at the same time.
            NotAllowed, NotFound: as for `put`.
        """
        self._writing().patch(collection, id, patch)

    def remove(self, collection: str, id: str) -> None:  # noqa: A002
        """Take an item out; the change log keeps that it was here.

        Raises:
            NotAllowed, NotFound: as for `put`.
        """
        self._writing().remove(collection, id)

    def _writing(self) -> Writing:
        return Writing(self._store, self._items, self._actor, self.search)

    @staticmethod
    def _visible(known: dict[str, int], id: str) -> int:  # noqa: A002
        if id not in known:
            raise NotFound("collection", id)
        return known[id]


def _days(
    items: ItemView, query: ItemQuery, names: list[str], tree: Node | None, area: Shape | None
) -> ItemDays:
    asked: dict[str, Any] = {"ids": query.ids, "boxes": area.boxes if area else (), "time": query.time}
    near = items.near(area.boxes if area else (), query.time, tree, NEAR)
    if near is None:
        counts = items.days(names, tree=tree, **asked)
    else:
        rows = items.rows(collections=names, tree=tree, order=order_of(()), after=None, pks=near, **asked)
        counts = Counter(
            row.keys[0] // DAY_US
            for batch in batches(rows, 1000)
            for row, is_there in zip(batch, touches(batch, area), strict=True)
            if is_there
        )
    undated = counts.pop(EVER_US // DAY_US, 0)
    return ItemDays(days=counts, undated=undated, exact=area is None or near is not None)
