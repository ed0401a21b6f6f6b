"""The items of a node: granules, kept as they came, found by place, time and a few properties."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

from estran.catalogue import filters, shapes
from estran.catalogue.expressions import And, Node, Spatial
from estran.catalogue.items.counting import ItemCounts, counted, queryables
from estran.catalogue.items.exporting import export
from estran.catalogue.items.query import DAY_US, ItemDays, ItemPage, ItemQuery, StoredItem, are_days
from estran.catalogue.items.queryables import COLUMNS, DECLARED_KINDS, check_name
from estran.catalogue.items.writing import Writing, writer
from estran.errors import Invalid, NotAllowed, NotFound
from estran.model import EVER_US

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from estran.access import Actor
    from estran.catalogue.cursors import Cursors
    from estran.catalogue.items.queryables import Declaration, DeclaredKind
    from estran.catalogue.queryables import Queryable
    from estran.catalogue.shapes import Shape
    from estran.catalogue.store import Store
    from estran.catalogue.store.items import ItemRow, ItemStore, ItemView
    from estran.model import Record

# Fewer items than this near a box are fetched and sorted; of more, walking the order soon meets enough.
_NEAR = 10_000
_FEW = 40
# Rows that one request looks at before it answers with what it has and the address to go on from; a
# page must not be empty, for clients take that as the end, so it looks further before it gives up.
_MOST_ROWS = 200_000
_MOST_ROWS_FOR_ONE = 2_000_000
_MOST_PAGE = 10_000
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
        if not 0 < query.limit <= _MOST_PAGE:
            raise Invalid(f"a page holds 1 to {_MOST_PAGE} items", "limit")
        order = _order(query.sort)
        after = self._cursors.read(_question(query), query.cursor)
        with self._store.view(_MOST_SECONDS) as view:
            tree, area = _area(query, queryables(view, self._items))
            visible = view.collections(self._actor)
            names = [n for n in query.collections if n in visible] if query.collections else list(visible)
            if not names:
                return ItemPage(items=())
            with self._items.view(view) as items:
                near = items.near(area.boxes if area else (), query.time, tree, _NEAR)
                rows = items.rows(
                    collections=names, ids=query.ids, boxes=area.boxes if area else (), time=query.time,
                    tree=tree, order=order, after=after, pks=near,
                    # Without an area to test, what the database gives is the page, and whether one follows;
                    # where few are near, one journey brings all of them.
                    most=0 if area else query.limit + 1,
                    whole=area is None or (near is not None and len(near) <= query.limit + _FEW),
                )  # fmt: skip
                kept, last, ended = _kept(rows, area, query.limit)
                bodies = items.bodies(kept)
        return ItemPage(items=bodies, next="" if ended else self._cursors.write(_question(query), last))

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
            tree, area = _area(query, queryables(view, self._items))
            visible = view.collections(self._actor)
            names = [n for n in query.collections or visible if n in visible]

            def once[T](question: Any, count: Callable[[], T]) -> T:
                found = held.get(view.facets.seq, repr((names, question)))
                if found is None:
                    found = count()
                    held.put(view.facets.seq, repr((names, question)), found)
                return found

            def counted(asked: ItemQuery) -> ItemDays:
                return once(_question(asked), lambda: _days(items, asked, names, tree, area))

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
            kind: "number", "text", or "time" for instants. An item whose value is of another kind counts as one
                that has none; of a list the first value counts, and true and false are texts.
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


def _question(query: ItemQuery) -> list[Any]:
    return [query.collections, query.ids, query.bbox, query.intersects, query.time, query.filter, query.sort]


def _area(query: ItemQuery, known: Mapping[str, Queryable]) -> tuple[Node | None, Shape | None]:
    """The filter without its place, and the one area that items must touch."""
    if query.bbox is not None and query.intersects is not None:
        raise Invalid("give bbox or intersects, not both", "bbox")
    area = None
    if query.bbox is not None:
        area = shapes.Shape(query.bbox.wkt(), query.bbox.parts(), exact=True)
    elif query.intersects is not None:
        area = shapes.read(query.intersects, "intersects")
    if not query.filter:
        return None, area
    tree = filters.parse(query.filter, known)
    parts = list(tree.args) if isinstance(tree, And) else [tree]
    for part in parts:
        if isinstance(part, Spatial) and part.op == "intersects" and area is None:
            area = shapes.Shape(part.wkt, part.boxes, part.exact)
            parts.remove(part)
            break
    return And(tuple(parts)), area


def _days(
    items: ItemView, query: ItemQuery, names: list[str], tree: Node | None, area: Shape | None
) -> ItemDays:
    asked: dict[str, Any] = {"ids": query.ids, "boxes": area.boxes if area else (), "time": query.time}
    near = items.near(area.boxes if area else (), query.time, tree, _NEAR)
    if near is None:
        counts = items.days(names, tree=tree, **asked)
    else:
        rows = items.rows(collections=names, tree=tree, order=_order(()), after=None, pks=near, **asked)
        counts = Counter(
            row.keys[0] // DAY_US
            for batch in _batches(rows, 1000)
            for row, touches in zip(batch, _touches(batch, area), strict=True)
            if touches
        )
    undated = counts.pop(EVER_US // DAY_US, 0)
    return ItemDays(days=counts, undated=undated, exact=area is None or near is not None)


def _order(sort: Iterable[tuple[str, bool]]) -> tuple[tuple[str, bool], ...]:
    """Columns to order by; the newest first, then the id, decide what is left."""
    keys: dict[str, bool] = {}
    for given, down in sort:
        name = given.removeprefix("properties.")
        if name == "collection":
            keys.setdefault("collection", down)
        elif name in COLUMNS:
            keys.setdefault(COLUMNS[name], down)
        else:
            raise Invalid(
                f"items cannot be sorted by “{given[:80]}”; choose among collection, {', '.join(COLUMNS)}",
                "sortby",
            )
    for name in ("start", "id", "collection"):
        keys.setdefault(name, True)
    return tuple(keys.items())


def _kept(
    rows: Iterator[ItemRow], area: Shape | None, limit: int
) -> tuple[list[ItemRow], tuple[Any, ...], bool]:
    """The first `limit` rows that touch the area, the sort values to go on from, and whether that was all."""
    kept: list[ItemRow] = []
    last: tuple[Any, ...] = ()
    seen = 0
    for batch in _batches(rows, max(limit + 1, 64)):
        for row, touches in zip(batch, _touches(batch, area), strict=True):
            if touches:
                if len(kept) == limit:
                    return kept, last, False
                kept.append(row)
            last = row.keys
        seen += len(batch)
        if seen >= _MOST_ROWS and kept:
            return kept, last, False
        if seen >= _MOST_ROWS_FOR_ONE:
            raise Invalid(
                f"none of the newest {seen:,} items of these collections lies there; add a datetime or a "
                "filter, or name fewer collections",
                "intersects",
            )
    return kept, last, True


def _batches(rows: Iterator[ItemRow], size: int) -> Iterator[list[ItemRow]]:
    batch: list[ItemRow] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def _touches(batch: list[ItemRow], area: Shape | None) -> list[bool]:
    if area is None:
        return [True] * len(batch)
    found = [_box_touches(row, area) for row in batch]
    unsure = [n for n, row in enumerate(batch) if found[n] and (row.shape is not None or not area.exact)]
    if not unsure:
        return found
    import shapely  # noqa: PLC0415 - only exact geometry needs it

    theirs = shapely.from_wkt(area.wkt)
    shapely.prepare(theirs)
    ours: Any = [
        shapely.from_wkb(s) if (s := batch[n].shape) is not None else _polygon(batch[n]) for n in unsure
    ]
    for n, touches in zip(unsure, shapely.intersects(theirs, ours), strict=True):
        found[n] = bool(touches)
    return found


def _polygon(row: ItemRow) -> Any:
    import shapely  # noqa: PLC0415

    west, south, east, north = row.box or (0, 0, 0, 0)
    return (
        shapely.box(west, south, east, north) if west < east and south < north else shapely.Point(west, south)
    )


def _box_touches(row: ItemRow, area: Shape) -> bool:
    if row.box is None:
        return False
    west, south, east, north = row.box
    return any(
        south <= b.north and north >= b.south and ((west <= b.east and east >= b.west) or west > east)
        for b in area.boxes
    )
