"""Values of declared properties: one row an item and property, apart from the items' own rows."""

from __future__ import annotations

from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, case, literal, literal_column, not_, null, select, true

from estran.catalogue.expressions import And, Array, Compare, In
from estran.catalogue.items.queryables import COLUMNS, INSTRUMENTS, ITEMS, Declaration, Declared
from estran.catalogue.queryables import Queryable
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import sqlalchemy as sa

    from estran.catalogue.expressions import Like, Node
    from estran.catalogue.items.queryables import Value
    from estran.storage import Engine

_Q, _V = schema.item_queryable.c, schema.item_value.c
_COLUMNS = ("pk", "property", "position", "number", "text")
_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
# As text, since conditions are also put into statements that are text and whose tables nothing here knows.
_ITEM = literal_column("item.pk", BigInteger())

FILLING, READY, LEAVING = "filling", "ready", "leaving"
"""States of a declared property."""


def declared(connection: sa.Connection) -> tuple[Declared, ...]:
    """What whoever writes items has to enter: filters may not name all of it yet."""
    chosen = select(_Q.number, _Q.name, _Q.kind).where(_Q.state != LEAVING).order_by(_Q.number)
    return tuple(Declared(*row) for row in connection.execute(chosen))


def declarations(connection: sa.Connection) -> tuple[Declaration, ...]:
    """All that was declared, by name."""
    chosen = select(_Q.name, _Q.kind, _Q.title, _Q.state).order_by(_Q.name)
    return tuple(
        Declaration(name=name, kind=kind, title=title, ready=state == READY)
        for name, kind, title, state in connection.execute(chosen)
    )


def queryables(connection: sa.Connection) -> Mapping[str, Queryable]:
    """What filters may name: the properties of every node, then those declared, by name."""
    ready = {one.name: one for one in declarations(connection) if one.ready}
    return {**ITEMS} | {
        name: Queryable("array" if one.kind == "list" else one.kind, one.title or name)
        for name, one in ready.items()
    }


def put(
    connection: sa.Connection,
    engine: Engine,
    found: Sequence[tuple[int, tuple[Value, ...]]],
) -> None:
    """Enter what was found in some items, by pk, that have no values yet."""
    engine.insert(
        connection, schema.item_value, _COLUMNS, [(pk, *values) for pk, listed in found for values in listed]
    )


# In filters. The tree was read against `queryables`: a name that has no column is declared, and its literals
# are of its kind.


def value_of(node: Compare | In | Like) -> sa.ColumnElement[Any]:
    """What the item at hand has of a declared property: its number or text, NULL where it has none."""
    value = _V.text if _is_text(node) else _V.number
    return select(value).where(_V.pk == _ITEM, _V.property == _number(node.name)).scalar_subquery()


def has(name: str, test: Callable[[Any], sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    """Whether one of the texts that the item at hand has of a list passes a test; unknown where it has none.

    Args:
        name: ``instruments``, or a property declared as a list.
        test: text -> condition.
    """
    held = select(_V.pk).where(_V.pk == _ITEM, _V.property == _number(name))
    one = held.where(test(_V.text)).exists()
    if name in COLUMNS:
        first = schema.item.c[COLUMNS[name]]
        return case((first.is_(None), null()), (test(first), true()), else_=one)
    return case((held.exists(), one), else_=null())


def is_missing(name: str) -> sa.ColumnElement[bool]:
    """Whether the item at hand has nothing of a declared property."""
    return not_(select(_V.pk).where(_V.pk == _ITEM, _V.property == _number(name)).exists())


def bound(value: str | float) -> str | float:
    """A literal as the values are kept: a whole number beyond 53 bits is rounded as theirs were."""
    return value if isinstance(value, str) else float(value)


def few(connection: sa.Connection, tree: Node | None, most: int) -> list[int] | None:
    """The pks that one test of a filter leaves by its index, where these are at most `most`; else None.

    What is left satisfies that test, not yet the others; a test under OR or NOT leaves nothing out.
    """
    for conditions in _tested(tree).values():
        left = select(_V.pk).where(*conditions)
        beyond = select(literal(1)).where(*conditions).limit(1).offset(most)
        if connection.execute(beyond).first() is None:
            return list(dict.fromkeys(connection.execute(left).scalars()))
    return None


def names_declared(tree: Node | None) -> bool:
    """Whether `few` may have something to go by."""
    return any(node.name not in ITEMS for node in _conjuncts(tree))


def _tested(tree: Node | None) -> dict[str, list[Any]]:
    """The tests of each declared property that all must hold and that an index can answer."""
    found: dict[str, list[Any]] = {}
    for node in _conjuncts(tree):
        if isinstance(node, Array):
            if (
                node.name not in ITEMS
                and not (node.casei or node.accenti)
                and node.op in ("contains", "overlaps")
            ):
                wanted = node.values if node.op == "overlaps" else node.values[:1]
                found[f"{node.name} {len(found)}"] = [_V.property == _number(node.name), _V.text.in_(wanted)]
        elif node.name not in ITEMS and not (node.casei or node.accenti):
            value: Any = _V.text if _is_text(node) else _V.number
            test = (
                value.in_([bound(one) for one in node.values])
                if isinstance(node, In)
                else _OPERATORS[node.op](value, bound(node.value))
            )
            found.setdefault(node.name, [_V.property == _number(node.name)]).append(test)
    return found


def _conjuncts(tree: Node | None) -> Iterator[Compare | In | Array]:
    match tree:
        case And(args):
            for arg in args:
                yield from _conjuncts(arg)
        case Compare() | In() | Array():
            yield tree
        case _:
            pass


def _is_text(node: Compare | In | Like) -> bool:
    match node:
        case Compare(value=value):
            return isinstance(value, str)
        case In(values=values):
            return isinstance(values[0], str)
        case _:
            return True


def _number(name: str) -> Any:
    if name in COLUMNS:
        return INSTRUMENTS
    return select(_Q.number).where(_Q.name == name).scalar_subquery()
