"""A page of items: by one question where that is enough, else step by step within one view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from estran.catalogue import filters, shapes
from estran.catalogue.expressions import And, Node, Spatial
from estran.catalogue.items.counting import QUERYABLES, queryables
from estran.catalogue.items.query import ItemPage, ItemQuery, StoredItem
from estran.catalogue.items.queryables import COLUMNS
from estran.catalogue.store.item_values import names_declared
from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from estran.access import Actor
    from estran.catalogue.cursors import Cursors
    from estran.catalogue.queryables import Queryable
    from estran.catalogue.shapes import Shape
    from estran.catalogue.store import Store
    from estran.catalogue.store.items import ItemRow, ItemStore

__all__ = ["NEAR", "area_of", "batches", "order_of", "page", "question", "touches"]

NEAR = 10_000
"""Fewer items than this near a box are fetched and sorted; of more, walking the order soon meets enough."""
_FEW = 40
# Of what lies in a box nearly all touches it; of another area's box perhaps half.
_SPARE = 8
_FEW_IN_AREA = 20
# Rows that one request looks at before it answers with what it has and the address to go on from; a
# page must not be empty, for clients take that as the end, so it looks further before it gives up.
_MOST_ROWS = 200_000
_MOST_ROWS_FOR_ONE = 2_000_000
_MOST_PAGE = 10_000
_MOST_SECONDS = 20.0


class _Kept(NamedTuple):
    """The rows of a page, the sort values to go on from, and whether that was all."""

    rows: list[ItemRow]
    last: tuple[Any, ...]
    ended: bool


def page(store: Store, items: ItemStore, cursors: Cursors, actor: Actor, query: ItemQuery) -> ItemPage:
    """One page of what a query finds.

    Raises:
        Invalid: a part of it does not fit.
    """
    if not 0 < query.limit <= _MOST_PAGE:
        raise Invalid(f"a page holds 1 to {_MOST_PAGE} items", "limit")
    order = order_of(query.sort)
    after = cursors.read(question(query), query.cursor)
    found = _at_once(store, items, actor, query, order, after)
    if not isinstance(found, tuple):
        found = _step_by_step(store, items, actor, query, order, after, crowded=found)
    bodies, kept = found
    return ItemPage(items=bodies, next="" if kept.ended else cursors.write(question(query), kept.last))


def _at_once(  # noqa: PLR0917, PLR0911 - the parts of a question; each return says why one is not enough
    store: Store,
    items: ItemStore,
    actor: Actor,
    query: ItemQuery,
    order: Sequence[tuple[str, bool]],
    after: Sequence[Any] | None,
) -> tuple[tuple[StoredItem, ...], _Kept] | bool:
    """A page by one question, which costs one journey to the database instead of five.

    What it rests on is remembered from the requests before, and true if the revision, which comes with the
    answer, is still the same.

    Returns:
        The page, or where that took more than a question, whether too many items are near the area.
    """
    with store.glance(_MOST_SECONDS) as (facets, connection):
        known, visible = facets.recall(QUERYABLES), facets.recall(("collections", actor))
        if known is None or visible is None:
            return False
        try:
            tree, area = area_of(query, known)
        except Invalid:
            return False  # what is remembered may know less than there is by now
        names = _asked(query, visible)
        if area is None and names_declared(tree):
            return False
        if area is not None and not area.exact and query.limit > _FEW_IN_AREA:
            return False
        most = query.limit + 1
        if area is not None:
            most += _SPARE + (query.limit // 4 if area.exact else query.limit)
        seen = items.glimpse(
            connection, facets, names, area.boxes if area else (),
            ids=query.ids, time=query.time, tree=tree, order=order, after=after, near=NEAR, most=most,
        )  # fmt: skip
        if seen is None or seen.revision != facets.seq:
            return False
        if seen.near is not None and seen.near > NEAR:
            return True
        kept = _kept(iter(seen.rows), area, query.limit)
        if kept.ended and len(seen.rows) == most:
            return False
        return items.stored(connection, kept.rows), kept


def _step_by_step(  # noqa: PLR0917
    store: Store,
    items: ItemStore,
    actor: Actor,
    query: ItemQuery,
    order: Sequence[tuple[str, bool]],
    after: Sequence[Any] | None,
    *,
    crowded: bool,
) -> tuple[tuple[StoredItem, ...], _Kept]:
    """A page within one view; `crowded` where it is known that too many items are near to be sorted."""
    with store.view(_MOST_SECONDS) as view:
        tree, area = area_of(query, queryables(view, items))
        names = _asked(query, view.collections(actor))
        if not names:
            return (), _Kept([], (), ended=True)
        boxes = area.boxes if area else ()
        with items.view(view) as shown:
            near = None if crowded else shown.near(boxes, query.time, tree, NEAR)
            rows = shown.rows(
                collections=names, ids=query.ids, boxes=boxes, time=query.time,
                tree=tree, order=order, after=after, pks=near,
                # Without an area to test, what the database gives is the page, and whether one follows;
                # where few are near, one journey brings all of them.
                most=0 if area else query.limit + 1,
                whole=area is None or (near is not None and len(near) <= query.limit + _FEW),
            )  # fmt: skip
            kept = _kept(rows, area, query.limit)
            return shown.bodies(kept.rows), kept


def _asked(query: ItemQuery, visible: Mapping[str, int]) -> list[str]:
    """The collections in question."""
    return [name for name in query.collections if name in visible] if query.collections else list(visible)


def question(query: ItemQuery) -> list[Any]:
    """What a query asks, whatever page of the answer."""
    return [query.collections, query.ids, query.bbox, query.intersects, query.time, query.filter, query.sort]


def area_of(query: ItemQuery, known: Mapping[str, Queryable]) -> tuple[Node | None, Shape | None]:
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


def order_of(sort: Iterable[tuple[str, bool]]) -> tuple[tuple[str, bool], ...]:
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


def _kept(rows: Iterator[ItemRow], area: Shape | None, limit: int) -> _Kept:
    """The first `limit` rows that touch the area."""
    kept: list[ItemRow] = []
    last: tuple[Any, ...] = ()
    seen = 0
    for batch in batches(rows, max(limit + 1, 64)):
        for row, is_there in zip(batch, touches(batch, area), strict=True):
            if is_there:
                if len(kept) == limit:
                    return _Kept(kept, last, ended=False)
                kept.append(row)
            last = row.keys
        seen += len(batch)
        if seen >= _MOST_ROWS and kept:
            return _Kept(kept, last, ended=False)
        if seen >= _MOST_ROWS_FOR_ONE:
            raise Invalid(
                f"none of the newest {seen:,} items of these collections lies there; add a datetime or a "
                "filter, or name fewer collections",
                "intersects",
            )
    return _Kept(kept, last, ended=True)


def batches(rows: Iterator[ItemRow], size: int) -> Iterator[list[ItemRow]]:
    """Rows, so many at a time."""
    batch: list[ItemRow] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def touches(batch: list[ItemRow], area: Shape | None) -> list[bool]:
    """Which of some rows share a point with an area; all, where there is none."""
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
