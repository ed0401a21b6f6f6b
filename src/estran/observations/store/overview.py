"""What is known of many datastreams without looking at their observations: for lists and maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from sqlalchemy import func, select

from estran.model import Thing
from estran.storage import schema, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import sqlalchemy as sa

    from estran.storage import Engine

__all__ = ["Property", "Station", "counted", "of_record", "properties", "rows", "things"]

_D, _T, _P, _N = (
    table.c for table in (schema.datastream, schema.thing, schema.observed_property, schema.observed_dataset)
)
_TILE, _O = schema.observed_tile.c, schema.observation.c
_THING = msgspec.json.Decoder(Thing).decode


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
    key: str
    name: str
    standard_name: str
    datastreams: int


def rows(
    connection: sa.Connection, engine: Engine, sets: Sequence[int], *, names: Sequence[int] = ()
) -> list[Station]:
    """The datastreams of some datasets that have observations, by thing; `names` are numbers of properties."""
    chosen = (
        select(
            _D.number, _N.record, _T.number, _T.key, func.coalesce(_T.longitude, _D.last_longitude),
            func.coalesce(_T.latitude, _D.last_latitude), _D.property, _D.count, _D.first, _D.last, _D.last_value,
            _D.last_words, _D.step,
        )
        .join_from(schema.datastream, schema.thing, _D.thing == _T.number)
        .join(schema.observed_dataset, _D.dataset == _N.number)
        .where(engine.within(_D.dataset, sets), _D.count > 0)
        .order_by(_D.thing, _D.number)
    )  # fmt: skip
    if names:
        chosen = chosen.where(engine.within(_D.property, names))
    return [Station(*row) for row in connection.execute(chosen)]


def properties(connection: sa.Connection, engine: Engine, sets: Sequence[int]) -> list[Property]:
    """The properties that some datasets have observations of, those of most datastreams first."""
    count = func.count().label("n")
    found = connection.execute(
        select(_P.number, _P.key, _P.name, _P.standard_name, count)
        .join_from(schema.datastream, schema.observed_property, _D.property == _P.number)
        .where(engine.within(_D.dataset, sets), _D.count > 0)
        .group_by(_P.number, _P.key, _P.name, _P.standard_name)
        .order_by(count.desc(), _P.number)
    )
    return [Property(*row) for row in found]


def things(connection: sa.Connection, engine: Engine, numbers: Iterable[int]) -> dict[int, Thing]:
    """What things are, by their number."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    found = connection.execute(select(_T.number, _T.document).where(engine.within(_T.number, wanted)))
    return {number: _THING(unpack(document)) for number, document in found}


def of_record(connection: sa.Connection, dataset: int, after: int, most: int) -> tuple[list[int], int]:
    """Numbers of the datastreams of a dataset behind one, at most so many, and how many it has in all."""
    own = _D.dataset == dataset
    total = connection.execute(select(func.count()).select_from(schema.datastream).where(own)).scalar_one()
    listed = select(_D.number).where(own, _D.number > after).order_by(_D.number).limit(most)
    return list(connection.execute(listed).scalars()), total


def counted(
    connection: sa.Connection, engine: Engine, numbers: Sequence[int], start: int, end: int
) -> dict[int, float]:
    """About how many observations some datastreams have in [start, end): of a year that is cut, its share."""
    some = engine.within(_TILE.datastream, numbers)
    whole = select(_TILE.datastream, func.sum(_TILE.count)).where(
        some, _TILE.level == 0, _TILE.first >= start, _TILE.last < end
    )
    found = {n: float(count) for n, count in connection.execute(whole.group_by(_TILE.datastream))}
    cut = select(_TILE.datastream, _TILE.first, _TILE.last, _TILE.count).where(
        some, _TILE.level == 0, _TILE.first < end, _TILE.last >= start,
        (_TILE.first < start) | (_TILE.last >= end),
    )  # fmt: skip
    for number, first, last, count in connection.execute(cut):
        share = (min(last + 1, end) - max(first, start)) / (last + 1 - first)
        found[number] = found.get(number, 0.0) + count * share
    late = select(_O.datastream, func.count()).where(
        engine.within(_O.datastream, numbers), _O.time >= start, _O.time < end
    )
    for number, count in connection.execute(late.group_by(_O.datastream)):
        found[number] = found.get(number, 0.0) + count
    return found
