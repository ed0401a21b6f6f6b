"""How many items a query has: in all, by collection, by time and by value."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from estran.catalogue import filters, shapes
from estran.catalogue.expressions import And, Spatial
from estran.catalogue.items.queryables import COLUMNS
from estran.catalogue.store.item_counts import ItemCounter
from estran.errors import Invalid
from estran.model import EVER_US

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from estran.access import Actor
    from estran.catalogue.items.query import ItemQuery
    from estran.catalogue.queryables import Queryable
    from estran.catalogue.store import Store, View
    from estran.catalogue.store.items import ItemStore

__all__ = ["QUERYABLES", "ItemCounts", "counted", "queryables"]

QUERYABLES = "queryables of items"
"""The word under which they are remembered."""

# Fewer items than this near an area are looked up by the index first.
_NEAR = 10_000
_DAY_US = 86_400_000_000
_MOST_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCounts:
    """What was counted; what was not asked for is empty.

    Attributes:
        total: all items.
        first, last: the earliest and the latest instant (or start of an interval), in microseconds; None
            where none is known.
        collections: collection -> items.
        days: day, counted from 1970-01-01, -> items that start then.
        values: property -> value -> items that have it.
        ranges: property -> items below the first edge, between it and the second, …, above the last.
    """

    total: int = 0
    first: int | None = None
    last: int | None = None
    collections: Mapping[str, int] = field(default_factory=dict)
    days: Mapping[int, int] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def counted(  # noqa: PLR0917 - a store each, who asks, and what
    store: Store,
    items: ItemStore,
    actor: Actor,
    query: ItemQuery,
    values: Sequence[str] = (),
    ranges: Mapping[str, Sequence[float]] | None = None,
) -> ItemCounts:
    """The counts of a query; its order, limit and cursor are not read.

    Args:
        store: of the records.
        items: of the items.
        actor: who asks.
        query: which items.
        values: properties whose values are counted.
        ranges: properties whose values are counted between edges.

    Raises:
        Invalid: a part of it does not fit.
    """
    area = _area(query)
    with store.view(_MOST_SECONDS) as view, items.view(view) as shown:
        tree = filters.parse(query.filter, queryables(view, items)) if query.filter else None
        whole = And((tree, area)) if tree and area else tree or area
        visible = view.collections(actor)
        names = [name for name in query.collections or visible if name in visible]
        near = shown.near(area.boxes if area else (), query.time, tree, _NEAR)
        counter = ItemCounter(
            view.connection, view.engine, items.numbers(view.connection, names),
            ids=query.ids, time=query.time, tree=whole, pks=near,
        )  # fmt: skip
        by_day = counter.by_day()
        found = {name: counter.by_value(COLUMNS[name]) for name in values}
        between = {name: counter.by_range(COLUMNS[name], edges) for name, edges in (ranges or {}).items()}
    collections, days = Counter[str](), Counter[int]()
    for name, day, count, _, _ in by_day:
        collections[name] += count
        days[day] += count
    starts = [start for _, _, _, first, last in by_day for start in (first, last) if start > EVER_US]
    days.pop(EVER_US // _DAY_US, None)
    return ItemCounts(
        total=collections.total(),
        first=min(starts, default=None),
        last=max(starts, default=None),
        collections=dict(collections),
        days=dict(days),
        values={name: {v: n for v, n in held.items() if v is not None} for name, held in found.items()},
        ranges={
            name: tuple(held.get(n, 0) for n in range(len((ranges or {})[name]) + 1))
            for name, held in between.items()
        },
    )


def queryables(view: View, items: ItemStore) -> Mapping[str, Queryable]:
    """What filters may name, read once a revision."""

    def read() -> Mapping[str, Queryable]:
        with items.view(view) as shown:
            return shown.queryables()

    return view.facets.remembered(QUERYABLES, read)


def _area(query: ItemQuery) -> Spatial | None:
    if query.bbox is not None and query.intersects is not None:
        raise Invalid("give bbox or intersects, not both", "bbox")
    if query.bbox is not None:
        return Spatial("geometry", "intersects", query.bbox.wkt(), query.bbox.parts(), exact=True)
    if query.intersects is not None:
        shape = shapes.read(query.intersects, "intersects")
        return Spatial("geometry", "intersects", shape.wkt, shape.boxes, shape.exact)
    return None
