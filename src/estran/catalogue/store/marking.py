"""Records that were stored before their concepts, ways of access and ties were marks, marked once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update

from estran.catalogue.marks import ACCESS, CONCEPTS, LEVEL, ORGANISATION, PROJECT, RELATED, SERVICE, marks
from estran.catalogue.prepare import decode
from estran.catalogue.store.inbound import enter_values, move_bits, numbers, packed
from estran.storage import changes, get_meta, schema, take_meta
from estran.vocabulary.store.resolving import resolve_all

if TYPE_CHECKING:
    import sqlalchemy as sa

    from estran.storage import Database, Engine

__all__ = ["mark_concepts"]

_WAITING = "concepts-unmarked"
_AT_ONCE = 2000
_FIELDS = (*CONCEPTS, SERVICE, RELATED, ORGANISATION, ACCESS, LEVEL, PROJECT)
# Of these what was marked before is taken back where it has another name now.
_RENAMED = (LEVEL,)


def mark_concepts(database: Database) -> None:
    """Mark all records with concepts, ways of access, organisations and ties, if a migration asks for it."""
    with database.read() as connection:
        if get_meta(connection, _WAITING) is None:
            return
    with database.write() as connection:
        if take_meta(connection, _WAITING) is None:
            return
        after = 0
        while (after := _mark(connection, database.engine, after)) >= 0:
            pass
        resolve_all(connection, database.engine)
        # A line of the log makes readers look again.
        changes.log(connection, [("vocabulary", "concepts", "change")], "operator")


def _mark(connection: sa.Connection, engine: Engine, after: int) -> int:
    """Mark the records that follow a pk; gives the last of them, -1 at the end."""
    d = schema.record_document
    chosen = select(d.c.pk, d.c.document, d.c.marks).where(d.c.pk > after).order_by(d.c.pk).limit(_AT_ONCE)
    rows = connection.execute(chosen).all()
    if not rows:
        return -1
    stated = {
        pk: {pair for pair in marks(decode(document), "") if pair[0] in _FIELDS} for pk, document, _ in rows
    }
    values = enter_values(connection, engine, {pair for pairs in stated.values() for pair in pairs})
    v = schema.facet_value.c
    renamed = frozenset(connection.execute(select(v.id).where(v.field.in_(_RENAMED))).scalars())
    moves: dict[int, tuple[set[int], set[int]]] = {}
    marked: list[dict[str, object]] = []
    for pk, _, body in rows:
        held, wanted = numbers(body), {values[pair] for pair in stated[pk]}
        fresh, stale = wanted - held, held & renamed - wanted
        for value in fresh:
            moves.setdefault(value, (set(), set()))[0].add(pk)
        for value in stale:
            moves.setdefault(value, (set(), set()))[1].add(pk)
        if fresh or stale:
            marked.append({"_pk": pk, "marks": packed(held - stale | fresh)})
    if marked:
        connection.execute(update(d).where(d.c.pk == bindparam("_pk")), marked)
        move_bits(
            connection, moves, changes.log(connection, [("vocabulary", "concepts", "change")], "operator")
        )
    return rows[-1].pk
