"""Items whose ids start with something: the SQL of free text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, select

from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import sqlalchemy as sa

_I = schema.item.c
# Comes after every text that starts with what stands before it.
_LAST = chr(0x10FFFF)


def ids_starting(
    connection: sa.Connection, collections: Sequence[int], starts: Iterable[str], most: int
) -> list[str]:
    """Up to `most` ids of items that start with one of some texts, in the collections of these numbers.

    The index of (id, collection) leads to them: it costs as much as starts so, in whatever collection.
    """
    ranges = [and_(_I.id >= start, _I.id < start + _LAST) for start in starts]
    if not ranges or not collections:
        return []
    found: list[str] = []
    for part in ranges:
        chosen = select(_I.id).where(_I.collection.in_(collections), part).limit(most - len(found))
        found += connection.execute(chosen).scalars()
        if len(found) >= most:
            break
    return found
