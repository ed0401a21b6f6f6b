"""All items of a collection in the order in which they came, a batch at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa

    from estran.catalogue.store.items import ItemStore

_I, _B = schema.item.c, schema.item_body.c
_BATCH = 500


def scan(store: ItemStore, connection: sa.Connection, collection: str) -> Iterator[bytes]:
    """The JSON of each item, with its own links; all as of the moment of the transaction."""
    number = store.numbers(connection, [collection]).get(collection)
    rows = (
        select(_I.pk, _B.body, _B.links)
        .join_from(schema.item, schema.item_body)
        .order_by(_I.pk)
        .limit(_BATCH)
    )
    last = 0
    while found := connection.execute(rows.where(_I.collection == number, _I.pk > last)).all():
        for last, body, links in found:  # noqa: B007 - the next batch goes on behind it
            yield store.unpack(connection, body) + b',"links":[' + links + b"]}"
