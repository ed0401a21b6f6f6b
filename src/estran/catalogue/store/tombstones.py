"""Tombstones: records that went from the sight of some, in the change log.

A record that is removed, or hidden from those who saw it, is logged with what it stood under: who could see
it, and the sets it belonged to. The line comes before the one of the record itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy import select, tuple_

from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from estran.access import Actor

__all__ = ["KIND", "SET_FIELDS", "Tombstone", "between", "buried", "hides", "of"]

KIND = "tombstone"
SET_FIELDS = ("centre", "topic", "scheme")
"""Facet fields whose values are sets of records, for those who harvest a part."""
_FIELDS = ("visibility", *SET_FIELDS)
_C, _V = schema.change.c, schema.facet_value.c
_NOT_ITEM = sa.text("kind <> 'item'")
_PORTION = 400


class Tombstone(NamedTuple):
    """A record that some do not see any more.

    Attributes:
        number: of its line in the change log; at: microseconds since 1970 UTC.
        marks: facet field -> values that the record carried.
    """

    number: int
    id: str
    at: int
    marks: Mapping[str, tuple[str, ...]]

    def concerns(self, actor: Actor) -> bool:
        """Whether an actor could see the record before."""
        if actor.is_operator or "public" in self.marks.get("visibility", ()):
            return True
        return bool(actor.role) and any(centre in actor.centres for centre in self.marks.get("centre", ()))


def hides(before: tuple[str, str], after: tuple[str, str]) -> bool:
    """Whether a record's new (visibility, centre) take it from some who saw it; a draft's owner knows."""
    return before != after and before[0] != "draft" and after[0] != "public"


def buried(connection: sa.Connection, marks: Mapping[str, Iterable[int]]) -> list[tuple[str, str, str]]:
    """The lines for the change log of records that go.

    Args:
        connection: in the transaction that takes them out.
        marks: id -> numbers of the facet values that it carries.
    """
    wanted = sorted({number for numbers in marks.values() for number in numbers})
    held: dict[int, tuple[str, str]] = {}
    for start in range(0, len(wanted), _PORTION):
        part = wanted[start : start + _PORTION]
        rows = connection.execute(
            select(_V.id, _V.field, _V.value).where(_V.id.in_(part), _V.field.in_(_FIELDS))
        )
        held.update({number: (field, value) for number, field, value in rows})
    found: list[tuple[str, str, str]] = []
    for id_, numbers in marks.items():
        stood: dict[str, list[str]] = {}
        for field, value in sorted(held[number] for number in numbers if number in held):
            stood.setdefault(field, []).append(value)
        if stood.get("visibility") != ["draft"]:
            found.append((KIND, id_, msgspec.json.encode(stood).decode()))
    return found


def between(
    connection: sa.Connection,
    after: tuple[int, str],
    until: tuple[int, str],
    numbers: tuple[int, int],
    limit: int,
) -> list[Tombstone]:
    """The first tombstones after one (time, id) and up to another, in this order.

    Args:
        connection: in a transaction.
        after: of the last that is known.
        until: of the last that is wanted.
        numbers: of the changes to look through, [first, end).
        limit: how many.
    """
    place = tuple_(_C.at, _C.id)
    chosen = (
        select(_C.seq, _C.id, _C.at, _C.op)
        .where(_C.seq >= numbers[0], _C.seq < numbers[1], _C.kind == KIND)
        .where(place > after, place <= until)
        .order_by(_C.at, _C.id)
        .limit(limit)
    )
    return [_tombstone(row) for row in connection.execute(chosen)]


def of(connection: sa.Connection, ids: Sequence[str], actor: Actor) -> dict[str, Tombstone]:
    """The newest tombstone of each of these records that an actor could see."""
    chosen = (
        select(_C.seq, _C.id, _C.at, _C.op).where(_C.kind == KIND, _C.id.in_(ids), _NOT_ITEM).order_by(_C.seq)
    )
    found = [_tombstone(row) for row in connection.execute(chosen)]
    return {stone.id: stone for stone in found if stone.concerns(actor)}


def _tombstone(row: Any) -> Tombstone:
    marks = msgspec.json.decode(row.op, type=dict[str, tuple[str, ...]])
    return Tombstone(row.seq, row.id, row.at, marks)
