"""CQL2 over items as SQL; a test of a missing property is neither true nor false, as in SQL itself."""

from __future__ import annotations

from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, false, func, not_, or_, true

from estran.catalogue.expressions import And, Compare, In, IsNull, Like, Node, Not, Or
from estran.catalogue.items.queryables import COLUMNS
from estran.errors import Invalid
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import sqlalchemy as sa

    from estran.storage import Engine

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}


def compiled(  # noqa: C901, PLR0911 - one case a kind of node
    node: Node, collections: Mapping[str, int], engine: Engine
) -> sa.ColumnElement[bool]:
    """The SQL of a filter, every value bound.

    Args:
        node: the filter.
        collections: ids and numbers of the collections that are asked.
        engine: of the database.

    Raises:
        Invalid: it asks for what items cannot be asked yet.
    """
    match node:
        case And(args):
            return and_(true(), *(compiled(arg, collections, engine) for arg in args))
        case Or(args):
            return or_(false(), *(compiled(arg, collections, engine) for arg in args))
        case Not(arg):
            return not_(compiled(arg, collections, engine))
        case IsNull(name):
            return _column(name).is_(None)
        case Compare("collection", op, value):
            # Their names are few and not in the item table: the test is made here, by code point.
            found = [number for name, number in collections.items() if _OPERATORS[op](name, str(value))]
            return schema.item.c.collection.in_(found)
        case In("collection", values):
            return schema.item.c.collection.in_([collections.get(str(value), -1) for value in values])
        case Compare(name, op, value, casei, accenti):
            _no_accents(accenti)
            column = _column(name)
            if casei:
                return _OPERATORS[op](func.lower(column), str(value).lower())
            return _OPERATORS[op](column, value)
        case In(name, values, casei, accenti):
            _no_accents(accenti)
            if casei:
                return func.lower(_column(name)).in_([str(v).lower() for v in values])
            return _column(name).in_(values)
        case Like(name, pattern, casei, accenti):
            _no_accents(accenti)
            column, wanted = (
                (func.lower(_column(name)), pattern.lower()) if casei else (_column(name), pattern)
            )
            return engine.like(column, wanted)
        case _:
            raise Invalid(
                "items are asked for one area, with bbox, intersects or an s_intersects that AND joins to the rest",
                "filter",
            )


def _column(name: str) -> Any:
    if name not in COLUMNS:
        raise Invalid(f"“{name}” can only be compared with = and IN", "filter")
    return schema.item.c[COLUMNS[name]]


def _no_accents(accenti: bool) -> None:
    if accenti:
        raise Invalid("ACCENTI is not offered for items; their properties are codes", "filter")
