"""What a page of items is asked for, and the test of a footprint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.catalogue import filters, shapes
from estran.catalogue.expressions import And, Node, Spatial
from estran.catalogue.items.queryables import COLUMNS
from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from estran.catalogue.items.query import ItemQuery
    from estran.catalogue.queryables import Queryable
    from estran.catalogue.shapes import Shape
    from estran.catalogue.store.items import ItemRow

__all__ = ["area_of", "batches", "collections_of", "order_of", "question", "touches"]


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
    # All at once, which costs a third; without a shape of its own a row is its box.
    ours: Any = shapely.from_wkb([batch[n].shape for n in unsure])
    for n in (n for n in range(len(unsure)) if ours[n] is None):
        ours[n] = _polygon(batch[unsure[n]])
    for n, touches in zip(unsure, shapely.intersects(theirs, ours).tolist(), strict=True):
        found[n] = touches
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


def collections_of(query: ItemQuery, visible: Mapping[str, int]) -> list[str]:
    """The collections in question."""
    return [name for name in query.collections if name in visible] if query.collections else list(visible)
