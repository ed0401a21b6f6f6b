"""Records and items on their way out, many at once."""

from __future__ import annotations

from itertools import batched
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from estran.catalogue.store import tombstones
from estran.catalogue.store.clusters import Clustering
from estran.catalogue.store.inbound import move_bits, numbers
from estran.storage import changes, schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import sqlalchemy as sa

    from estran.storage import Engine

__all__ = ["remove_items", "remove_records", "sweep_blobs"]

_PORTION = 400


def remove_records(connection: sa.Connection, engine: Engine, ids: Sequence[str], actor: str) -> None:
    """Take records out; the change log keeps that they were here. Those that are not here are passed over."""
    r, d, o = schema.record.c, schema.record_document.c, schema.original.c
    held = {
        id_: (pk, numbers(marks))
        for id_, pk, marks in connection.execute(
            select(r.id, r.pk, d.marks)
            .join_from(schema.record, schema.record_document)
            .where(engine.within(r.id, ids))
        )
    }
    if not held:
        return
    events = [
        *tombstones.buried(connection, {id_: marks for id_, (_, marks) in held.items()}),
        *(("record", id_, "remove") for id_ in held),
    ]
    seq = changes.log(connection, events, actor)
    moves: dict[int, tuple[set[int], set[int]]] = {}
    for pk, marks in held.values():
        for value in marks:
            moves.setdefault(value, (set(), set()))[1].add(pk)
    move_bits(connection, moves, seq)
    pks = [pk for pk, _ in held.values()]
    clustering = Clustering(engine, connection, pks)
    engine.place_index.remove(connection, pks)
    engine.text_index.remove(connection, pks)
    mine = list(connection.execute(select(o.sha256).where(engine.within(o.pk, pks))).scalars())
    connection.execute(delete(schema.record).where(engine.within(r.pk, pks)))
    clustering.settle(seq)
    sweep_blobs(connection, mine)


def sweep_blobs(connection: sa.Connection, hashes: Iterable[bytes]) -> None:
    """Forget those of these documents that no record came from and no refusal is about."""
    b, o, e = schema.blob.c, schema.original.c, schema.harvest_entry.c
    held = select(o.pk).where(o.sha256 == b.sha256).exists()
    refused = select(e.key).where(e.sha256 == b.sha256, e.state == "refused").exists()
    for part in batched(dict.fromkeys(map(bytes, hashes)), _PORTION):
        connection.execute(delete(schema.blob).where(b.sha256.in_(part), ~held, ~refused))


def remove_items(
    connection: sa.Connection, engine: Engine, named: Iterable[tuple[str, str]], actor: str
) -> None:
    """Take (collection, id) items out, as `remove_records` does records."""
    by_collection: dict[str, list[str]] = {}
    for collection, id_ in named:
        by_collection.setdefault(collection, []).append(id_)
    i, c = schema.item.c, schema.item_collection.c
    for collection, ids in by_collection.items():
        rows = connection.execute(
            select(i.id, i.pk)
            .join_from(schema.item, schema.item_collection)
            .where(c.id == collection, engine.within(i.id, ids))
        ).all()
        if rows:
            pks = [pk for _, pk in rows]
            engine.item_index.remove(connection, pks)
            connection.execute(delete(schema.item).where(engine.within(i.pk, pks)))
            events = [("item", f"{collection}/{id_}", "remove") for id_, _ in rows]
            changes.log(connection, events, actor, engine.insert)
