"""A page of items: by questions that are each a view of their own, else step by step within one view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.catalogue.items.asking import area_of, batches, collections_of, order_of, question, touches
from estran.catalogue.items.counting import queryables
from estran.catalogue.items.glancing import Found, glanced
from estran.catalogue.items.query import ItemPage, ItemQuery
from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from estran.access import Actor
    from estran.catalogue.cursors import Cursors
    from estran.catalogue.shapes import Shape
    from estran.catalogue.store import Store
    from estran.catalogue.store.items import ItemRow, ItemStore

__all__ = ["NEAR", "page"]

NEAR = 10_000
"""Fewer items than this near a box are fetched and sorted; of more, walking the order soon meets enough."""
_FEW = 40
# Rows that one request looks at before it answers with what it has and the address to go on from; a
# page must not be empty, for clients take that as the end, so it looks further before it gives up.
_MOST_ROWS = 200_000
_MOST_ROWS_FOR_ONE = 2_000_000
_MOST_PAGE = 10_000
_MOST_SECONDS = 20.0


def page(store: Store, items: ItemStore, cursors: Cursors, actor: Actor, query: ItemQuery) -> ItemPage:
    """One page of what a query finds.

    Raises:
        Invalid: a part of it does not fit.
    """
    if not 0 < query.limit <= _MOST_PAGE:
        raise Invalid(f"a page holds 1 to {_MOST_PAGE} items", "limit")
    order = order_of(query.sort)
    after = cursors.read(question(query), query.cursor)
    with store.glance(_MOST_SECONDS) as (facets, connection):
        found = glanced(items, connection, facets, actor, query, order, after, near=NEAR)
    if not isinstance(found, Found):
        found = _step_by_step(store, items, actor, query, order, after, crowded=found)
    return ItemPage(items=found.items, next="" if found.ended else cursors.write(question(query), found.last))


def _step_by_step(  # noqa: PLR0917
    store: Store,
    items: ItemStore,
    actor: Actor,
    query: ItemQuery,
    order: Sequence[tuple[str, bool]],
    after: Sequence[Any] | None,
    *,
    crowded: bool,
) -> Found:
    """A page within one view; `crowded` where it is known that too many items are near to be sorted."""
    with store.view(_MOST_SECONDS) as view:
        tree, area = area_of(query, queryables(view, items))
        names = collections_of(query, view.collections(actor))
        if not names:
            return Found((), (), ended=True)
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
            kept, last, ended = _kept(rows, area, query.limit)
            return Found(shown.bodies(kept), last, ended=ended)


def _kept(
    rows: Iterator[ItemRow], area: Shape | None, limit: int
) -> tuple[list[ItemRow], tuple[Any, ...], bool]:
    """The first `limit` rows that touch the area, the sort values to go on from, and whether that was all."""
    kept: list[ItemRow] = []
    last: tuple[Any, ...] = ()
    seen = 0
    for batch in batches(rows, max(limit + 1, 64)):
        for row, is_there in zip(batch, touches(batch, area), strict=True):
            if is_there:
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
