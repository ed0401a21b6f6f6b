"""What SensorThings needs beside the pivot: places of things, features of interest, and its words for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, insert, select, update

from estran.model import Datastream, Sensor, Thing, Variable
from estran.observations import told
from estran.observations.store.entered import entered
from estran.storage import schema, take_numbers, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import sqlalchemy as sa

__all__ = ["TOLD", "complete", "encoded", "place", "unnamed_sensor"]

_ENCODE = msgspec.json.Encoder().encode
TOLD = (schema.thing, schema.sensor, schema.observed_property, schema.datastream)
"""The tables of the pivot whose rows are told."""
_UNNAMED = ""
"""Key of the sensor of datastreams of which none is named."""


def encoded(document: Mapping[str, Any]) -> str:
    """JSON as it lies in a column; NaN and infinity, which JSON lacks, are null."""
    return _ENCODE(document).decode()


def unnamed_sensor(connection: sa.Connection, dataset: int) -> int:
    """The sensor of a dataset for datastreams of which none is named."""
    table = schema.sensor
    held = connection.execute(
        select(table.c.number).where(table.c.dataset == dataset, table.c.key == _UNNAMED)
    ).scalar()
    if held is None:
        held = take_numbers(connection, table.name, 1)
        row = {
            "number": held,
            "dataset": dataset,
            "key": _UNNAMED,
            "document": b"",
            "told": encoded(told.sensor(None)),
        }
        connection.execute(insert(table), [row])
        entered(connection, table, [held])
    return held


def place(connection: sa.Connection, dataset: int, things: Sequence[tuple[int, Thing]]) -> None:
    """Let things of a dataset have their places: a location where they stand, and a feature of interest each.

    What is there already is told anew where the thing says something else now; so are corrected coordinates.
    """
    _features(connection, dataset, things)
    _locations(connection, dataset, [(n, one) for n, one in things if one.longitude is not None])


def _features(connection: sa.Connection, dataset: int, things: Sequence[tuple[int, Thing]]) -> None:
    table = schema.feature
    held = {
        row.thing: (row.number, row.told)
        for row in connection.execute(
            select(table.c.thing, table.c.number, table.c.told)
            .where(table.c.dataset == dataset, table.c.thing.is_not(None))
            .order_by(table.c.number)
        )
    }
    rows = [{"thing": number, "told": encoded(told.feature(one)), **_point(one)} for number, one in things]
    fresh = [row for row in rows if row["thing"] not in held]
    _insert(connection, table, dataset, fresh)
    _change(connection, table, [(held[r["thing"]], r) for r in rows if r["thing"] in held])


def _locations(connection: sa.Connection, dataset: int, things: Sequence[tuple[int, Thing]]) -> None:
    table, links = schema.location, schema.thing_location
    held = {
        row.thing: (row.number, row.told)
        for row in connection.execute(
            select(links.c.thing, table.c.number, table.c.told)
            .join(table, links.c.location == table.c.number)
            .where(table.c.dataset == dataset)
            .order_by(table.c.number)
        )
    }
    rows = [(number, {"told": encoded(told.location(one)), **_point(one)}) for number, one in things]
    fresh = [(number, row) for number, row in rows if number not in held]
    first = _insert(connection, table, dataset, [row for _, row in fresh])
    if fresh:
        pairs = [{"thing": number, "location": first + n} for n, (number, _) in enumerate(fresh)]
        connection.execute(insert(links), pairs)
    _change(connection, table, [(held[number], row) for number, row in rows if number in held])


def _point(one: Thing) -> dict[str, Any]:
    return {"west": one.longitude, "east": one.longitude, "south": one.latitude, "north": one.latitude}


def _insert(connection: sa.Connection, table: sa.Table, dataset: int, rows: Sequence[dict[str, Any]]) -> int:
    first = take_numbers(connection, table.name, len(rows)) if rows else 0
    if rows:
        made = [{"number": first + n, "dataset": dataset, **row} for n, row in enumerate(rows)]
        connection.execute(insert(table), made)
        entered(connection, table, (row["number"] for row in made))
    return first


def _change(
    connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[tuple[int, str], dict[str, Any]]]
) -> None:
    for (number, before), row in rows:
        if row["told"] != before:
            connection.execute(update(table).where(table.c.number == number).values(**row))
            entered(connection, table, [number])


def complete(connection: sa.Connection) -> None:
    """Tell of what was there before these columns were."""
    sets: dict[int, str] = {
        row.number: row.record
        for row in connection.execute(
            select(schema.observed_dataset.c.number, schema.observed_dataset.c.record)
        )
    }
    things = _untold(connection, schema.thing, Thing)
    _tell(connection, schema.thing, [(n, told.thing(one, sets[d])) for n, d, one in things])
    for dataset in {d for _, d, _ in things}:
        place(connection, dataset, [(n, one) for n, d, one in things if d == dataset])
    sensors = _untold(connection, schema.sensor, Sensor)
    _tell(connection, schema.sensor, [(n, told.sensor(one)) for n, _, one in sensors])
    properties = _untold(connection, schema.observed_property, Variable)
    _tell(
        connection, schema.observed_property, [(n, told.observed_property(one)) for n, _, one in properties]
    )
    streams = _untold(connection, schema.datastream, Datastream)
    _tell(connection, schema.datastream, [(n, told.datastream(one, sets[d])) for n, d, one in streams])
    for dataset in {d for _, d, one in streams if one.sensor is None}:
        table = schema.datastream
        unnamed = unnamed_sensor(connection, dataset)
        connection.execute(
            update(table).where(table.c.dataset == dataset, table.c.sensor.is_(None)).values(sensor=unnamed)
        )


def _untold(connection: sa.Connection, table: sa.Table, kind: Any) -> list[tuple[int, int, Any]]:
    decode = msgspec.json.Decoder(kind).decode
    found = connection.execute(
        select(table.c.number, table.c.dataset, table.c.document).where(table.c.told.is_(None))
    )
    return [(number, dataset, decode(unpack(document))) for number, dataset, document in found]


def _tell(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[int, dict[str, Any]]]) -> None:
    if rows:
        connection.execute(
            update(table).where(table.c.number == bindparam("n")).values(told=bindparam("words")),
            [{"n": number, "words": encoded(words)} for number, words in rows],
        )
