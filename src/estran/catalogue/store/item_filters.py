"""CQL2 over items as SQL; a test of a missing property is neither true nor false, as in SQL itself."""

from __future__ import annotations

from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, false, not_, null, or_, true

from estran.catalogue.conditions import pattern_test
from estran.catalogue.expressions import (
    And,
    Array,
    Compare,
    In,
    IsNull,
    Like,
    Node,
    Not,
    Or,
    Spatial,
    Temporal,
    Words,
)
from estran.catalogue.items.queryables import COLUMNS
from estran.catalogue.store.item_values import bound, has, is_missing, value_of
from estran.errors import Invalid
from estran.storage import fold, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import sqlalchemy as sa

    from estran.model import Box
    from estran.storage import Engine

_I = schema.item.c
_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}


def compiled(node: Node, collections: Mapping[str, int], engine: Engine) -> sa.ColumnElement[bool]:
    """The SQL of a filter, every value bound.

    Args:
        node: the filter.
        collections: ids and numbers of the collections that are asked.
        engine: of the database.

    Raises:
        Invalid: it asks for what items cannot be asked.
    """
    match node:
        case And(args):
            return and_(true(), *(compiled(arg, collections, engine) for arg in args))
        case Or(args):
            return or_(false(), *(compiled(arg, collections, engine) for arg in args))
        case Not(arg):
            return not_(compiled(arg, collections, engine))
        case IsNull(name):
            return _missing(name)
        case Words():
            raise Invalid("items have no words of their own; test a property", "filter")
        case _:
            return _tested(node, collections, engine)


def _tested(
    node: Compare | In | Like | Spatial | Array | Temporal, collections: Mapping[str, int], engine: Engine
) -> sa.ColumnElement[bool]:
    """The SQL of one test."""
    match node:
        case Spatial():
            return _related(node, engine)
        case Temporal():
            raise Invalid("items are not asked for that; compare their datetime", "filter")
        case Array():
            return _listed(node, engine)
        case _ if node.name == "collection":
            # Their names are few and not in the item table: the test is made here, by code point.
            accepts = _accepts(node)
            return _I.collection.in_([number for name, number in collections.items() if accepts(name)])
        case _:
            return _compared(node, engine)


def _missing(name: str) -> sa.ColumnElement[bool]:
    if name == "collection":
        return false()
    if name != "geometry" and name not in COLUMNS:
        return is_missing(name)
    return (_I.west if name == "geometry" else _I[COLUMNS[name]]).is_(None)


def _listed(node: Array, engine: Engine) -> sa.ColumnElement[bool]:
    """The test of a list, as a set of texts."""
    wanted = [_plain(node, value) for value in node.values]

    def texts(test: Callable[[Any], Any]) -> sa.ColumnElement[bool]:
        return has(node.name, lambda text: test(_folded(node, text, engine)))

    every = and_(*(texts(_equals(one)) for one in wanted)) if wanted else texts(lambda _text: true())
    match node.op:
        case "overlaps":
            return texts(lambda text: text.in_(wanted))
        case "contains":
            return every
        case "containedby":
            return not_(texts(lambda text: text.not_in(wanted)))
        case _:
            return and_(every, not_(texts(lambda text: text.not_in(wanted))))


def _equals(wanted: Any) -> Callable[[Any], Any]:
    return lambda text: text == wanted


def _folded(node: Compare | In | Like | Array, text: Any, engine: Engine) -> Any:
    return engine.folded(text, node.casei, node.accenti) if node.casei or node.accenti else text


def _compared(node: Compare | In | Like, engine: Engine) -> sa.ColumnElement[bool]:
    """The test of a column, or of a declared property."""
    if isinstance(node, Like) and (node.name == "instruments" or node.name not in COLUMNS):
        pattern = str(_plain(node, node.pattern))
        return has(node.name, lambda text: engine.like(_folded(node, text, engine), pattern))
    column: Any = _I[COLUMNS[node.name]] if node.name in COLUMNS else value_of(node)
    column = _folded(node, column, engine)
    match node:
        case Compare(op=op, value=value):
            return _OPERATORS[op](column, _plain(node, value))
        case In(values=values):
            return column.in_([_plain(node, value) for value in values])
        case Like(pattern=pattern):
            return engine.like(column, str(_plain(node, pattern)))


def _plain(node: Compare | In | Like | Array, value: str | float) -> str | float:
    """A value, folded as its column is."""
    if isinstance(value, str):
        return fold(value, casei=node.casei, accenti=node.accenti)
    return value if node.name in COLUMNS else bound(value)


def _accepts(node: Compare | In | Like) -> Callable[[str], bool]:
    """The test of a collection's name."""

    def plain(name: str) -> str:
        return fold(name, casei=node.casei, accenti=node.accenti)

    match node:
        case Compare(op=op, value=value):
            return lambda name: _OPERATORS[op](plain(name), plain(str(value)))
        case In(values=values):
            wanted = {plain(str(value)) for value in values}
            return lambda name: plain(name) in wanted
        case Like(pattern=pattern):
            fits = pattern_test(plain(pattern))
            return lambda name: fits(plain(name))


# Places


def _related(node: Spatial, engine: Engine) -> sa.ColumnElement[bool]:
    """The test of a place: by boxes as far as they decide, by exact shapes for the rest."""
    op = "intersects" if node.op == "disjoint" else node.op
    wkt = _wkt(node.boxes) if node.exact else node.wkt
    if op != "intersects" and wkt.startswith("GEOMETRYCOLLECTION"):
        raise Invalid("a GeometryCollection is only asked with s_intersects and s_disjoint", "filter")
    known: list[tuple[Any, Any]] = [
        (_I.west.is_(None), null()),
        (not_(or_(*(_overlap(box) for box in node.boxes))), false()),
    ]
    if op == "intersects" and node.exact:
        known += [(or_(_I.shape.is_(None), *(_inside(box) for box in node.boxes)), true())]
    found = case(*known, else_=engine.related(op, wkt, _I.shape, (_I.west, _I.south, _I.east, _I.north)))
    return not_(found) if node.op == "disjoint" else found


def _overlap(box: Box) -> sa.ColumnElement[bool]:
    """The item's box shares a point with another, or goes over the antimeridian and may."""
    across = or_(and_(_I.west <= box.east, _I.east >= box.west), _I.west > _I.east)
    return and_(_I.south <= box.north, _I.north >= box.south, across)


def _inside(box: Box) -> sa.ColumnElement[bool]:
    return and_(
        _I.west >= box.west, _I.east <= box.east, _I.south >= box.south, _I.north <= box.north,
        _I.west <= _I.east,
    )  # fmt: skip


def _wkt(boxes: tuple[Box, ...]) -> str:
    """Boxes as what they are: areas, or lines and points where they have no width or height."""
    areas = [box for box in boxes if box.west < box.east and box.south < box.north]
    parts = [
        f"{b.west!r} {b.south!r},{b.east!r} {b.south!r},{b.east!r} {b.north!r},{b.west!r} {b.north!r},{b.west!r} {b.south!r}"
        for b in areas
    ]
    if len(parts) > 1:
        return f"MULTIPOLYGON({','.join(f'(({part}))' for part in parts)})"
    if parts:
        return f"POLYGON(({parts[0]}))"
    box = boxes[0]
    if (box.west, box.south) == (box.east, box.north):
        return f"POINT({box.west!r} {box.south!r})"
    return f"LINESTRING({box.west!r} {box.south!r},{box.east!r} {box.north!r})"
