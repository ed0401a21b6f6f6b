"""What is known of many datastreams without looking at their observations: for lists and maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from sqlalchemy import func, select

from estran.model import Thing, Variable
from estran.observations.store import registry
from estran.storage import schema, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from estran.observations.store.registry import HeldDatastream
    from estran.storage import Database

__all__ = ["Looks", "Property", "Station"]

_D, _T, _P, _N = (
    table.c for table in (schema.datastream, schema.thing, schema.observed_property, schema.observed_dataset)
)
_THING = msgspec.json.Decoder(Thing).decode
_VARIABLE = msgspec.json.Decoder(Variable).decode


class Station(NamedTuple):
    """A datastream as a map needs it.

    Attributes:
        number: of the datastream; thing: of its thing, whose key is `station`.
        longitude, latitude: where it stands, or, if it moves, where its newest observation was made.
        property: number of the observed property; observations: how many there are.
        first, last: microseconds of its first and last observation; step: of one to the next, usually.
    """

    number: int
    record: str
    thing: int
    station: str
    longitude: float | None
    latitude: float | None
    property: int
    observations: int
    first: int | None
    last: int | None
    value: float | None
    words: str | None
    step: int | None


class Property(NamedTuple):
    """An observed property, and how many datastreams are of it."""

    number: int
    variable: Variable
    datastreams: int


class Looks:
    """Reads what is known of many datastreams.

    Args:
        database: of the node.
    """

    def __init__(self, database: Database) -> None:
        self._database, self._engine = database, database.engine

    def of_record(self, dataset: int, after: int, most: int) -> tuple[list[HeldDatastream], int]:
        """Datastreams of a dataset behind the one of this number, at most so many, and how many it has."""
        own = _D.dataset == dataset
        listed = select(_D.number).where(own, _D.number > after).order_by(_D.number).limit(most)
        with self._database.read() as connection:
            total = connection.execute(
                select(func.count()).select_from(schema.datastream).where(own)
            ).scalar_one()
            numbers = list(connection.execute(listed).scalars())
            found = (
                registry.datastreams(connection, self._engine, [dataset], numbers=numbers) if numbers else []
            )
        return found, total

    def stations(self, sets: Sequence[int], names: Sequence[int] = ()) -> list[Station]:
        """The datastreams of datasets that have observations, by thing; of these properties, if any are named."""
        chosen = (
            select(
                _D.number, _N.record, _T.number, _T.key, func.coalesce(_T.longitude, _D.last_longitude),
                func.coalesce(_T.latitude, _D.last_latitude), _D.property, _D.count, _D.first, _D.last,
                _D.last_value, _D.last_words, _D.step,
            )
            .join_from(schema.datastream, schema.thing, _D.thing == _T.number)
            .join(schema.observed_dataset, _D.dataset == _N.number)
            .where(self._engine.within(_D.dataset, sets), _D.count > 0)
            .order_by(_D.thing, _D.number)
        )  # fmt: skip
        if names:
            chosen = chosen.where(self._engine.within(_D.property, names))
        with self._database.read() as connection:
            return list(map(Station._make, connection.execute(chosen).fetchall()))

    def properties(self, sets: Sequence[int]) -> list[Property]:
        """The properties that datasets have observations of, those of most datastreams first."""
        count = func.count().label("n")
        grouped = (
            select(_D.property, count)
            .where(self._engine.within(_D.dataset, sets), _D.count > 0)
            .group_by(_D.property)
        ).subquery()
        listed = (
            select(_P.number, _P.document, grouped.c.n)
            .join_from(grouped, schema.observed_property, grouped.c.property == _P.number)
            .order_by(grouped.c.n.desc(), _P.number)
        )
        with self._database.read() as connection:
            return [
                Property(number, _VARIABLE(unpack(document)), n)
                for number, document, n in connection.execute(listed)
            ]

    def things(self, numbers: Iterable[int]) -> dict[int, Thing]:
        """What things are, by their number."""
        wanted = sorted(set(numbers))
        if not wanted:
            return {}
        chosen = select(_T.number, _T.document).where(self._engine.within(_T.number, wanted))
        with self._database.read() as connection:
            return {number: _THING(unpack(document)) for number, document in connection.execute(chosen)}
