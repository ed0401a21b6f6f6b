"""Where things of other servers stand and stood, as these tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from estran.observations.store.entered import entered
from estran.storage import schema, take_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import sqlalchemy as sa

__all__ = ["Place", "Placed", "settle"]

_L, _TL = schema.location, schema.thing_location
_H, _HP = schema.historical_location, schema.historical_place


@dataclass(frozen=True, slots=True)
class Place:
    """A location.

    Attributes:
        name: what its server calls it; told: what SensorThings says of it, as JSON; bounds: west, south, east and
            north of its geometry, None where it has none.
    """

    name: str
    told: str
    bounds: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a thing is and was.

    Attributes:
        thing: its key in its dataset.
        now: where it is; before: (microseconds since 1970 UTC, where it was from then on).
    """

    thing: str
    now: Sequence[Place]
    before: Sequence[tuple[int, Sequence[Place]]]


def settle(connection: sa.Connection, record: str, placed: Sequence[Placed]) -> None:
    """Let things of the dataset of a record be, and have been, where it is told; of what is there nothing is doubled."""
    dataset = connection.execute(
        select(schema.observed_dataset.c.number).where(schema.observed_dataset.c.record == record)
    ).scalar()
    for one in placed if dataset is not None else ():
        table = schema.thing.c
        thing = connection.execute(
            select(table.number).where(table.dataset == dataset, table.key == one.thing)
        ).scalar()
        if thing is not None and dataset is not None:
            _Settling(connection, dataset, thing).settle(one)


class _Settling:
    """The places of one thing; a location keeps its row, which is known by what it was the place of."""

    def __init__(self, connection: sa.Connection, dataset: int, thing: int) -> None:
        self._connection, self._dataset, self._thing = connection, dataset, thing
        # Name of a location at its server -> its row here.
        self._known: dict[str, int] = {}

    def settle(self, placed: Placed) -> None:
        held = self._numbers(select(_TL.c.location).where(_TL.c.thing == self._thing))
        now = self._places(placed.now, held)
        if now and now != held:
            self._connection.execute(delete(_TL).where(_TL.c.thing == self._thing))
            pairs = [{"thing": self._thing, "location": number} for number in now]
            self._connection.execute(insert(_TL), pairs)
        known: dict[int, int] = {
            row.time: row.number
            for row in self._connection.execute(
                select(_H.c.time, _H.c.number).where(_H.c.thing == self._thing)
            )
        }
        for time, places in placed.before:
            number = known.get(time)
            if number is None:
                number = take_numbers(self._connection, _H.name, 1)
                row = {"number": number, "dataset": self._dataset, "thing": self._thing, "time": time}
                self._connection.execute(insert(_H), [row])
                entered(self._connection, _H, [number])
            self._were(number, places)

    def _were(self, historical: int, places: Sequence[Place]) -> None:
        held = self._numbers(select(_HP.c.location).where(_HP.c.historical == historical))
        found = self._places(places, held)
        if found != held:
            self._connection.execute(delete(_HP).where(_HP.c.historical == historical))
            pairs = [{"historical": historical, "location": number} for number in found]
            self._connection.execute(insert(_HP), pairs)

    def _numbers(self, chosen: sa.Select[int]) -> list[int]:
        return sorted(self._connection.execute(chosen).scalars())

    def _places(self, places: Sequence[Place], held: Sequence[int]) -> list[int]:
        """The rows of places: those that are known, else those that were there, else new ones."""
        free = [number for number in held if number not in self._known.values()]
        found: list[int] = []
        for place in places:
            if place.name not in self._known:
                self._known[place.name] = free.pop(0) if free else self._made(place)
                self._say(self._known[place.name], place)
            found.append(self._known[place.name])
        return sorted(set(found))

    def _made(self, place: Place) -> int:
        number = take_numbers(self._connection, _L.name, 1)
        row: dict[str, Any] = {"number": number, "dataset": self._dataset, "told": place.told, **place.bounds}
        self._connection.execute(insert(_L), [row])
        entered(self._connection, _L, [number])
        return number

    def _say(self, number: int, place: Place) -> None:
        before = self._connection.execute(select(_L.c.told).where(_L.c.number == number)).scalar()
        if before != place.told:
            values = {"told": place.told, **place.bounds}
            self._connection.execute(update(_L).where(_L.c.number == number).values(**values))
            entered(self._connection, _L, [number])
