"""What of datastreams says which of them belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import select

from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.observations.store.entities import Asker

__all__ = ["Member", "members"]

_D = schema.datastream.c
_DECODE = msgspec.json.Decoder(dict[str, Any]).decode


class Member(NamedTuple):
    """A datastream.

    Attributes:
        first, last: times of its first and last observation, None where it has none.
        held: how many observations it has.
    """

    number: int
    thing: int
    sensor: int | None
    property: int
    first: int | None
    last: int | None
    held: int
    told: dict[str, Any]


def members(ask: Asker, things: Sequence[int] | None = None) -> list[Member]:
    """The datastreams that may be seen, or those of some things."""
    chosen = select(_D.number, _D.thing, _D.sensor, _D.property, _D.first, _D.last, _D.count, _D.told).where(
        ask.visible("Datastreams", schema.datastream)
    )
    if things is not None:
        chosen = chosen.where(ask.engine.within(_D.thing, things))
    return [Member(*row[:-1], _DECODE(row.told or "{}")) for row in ask.connection.execute(chosen)]


def thing_of(ask: Asker, number: int) -> int | None:
    """The thing of a datastream."""
    return ask.connection.execute(select(_D.thing).where(_D.number == number)).scalar()
