"""Entities written: rows in, changed and out, with all that hangs on them, within one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, delete, func, insert, select, update

from estran.model import Datastream, Sensor, Thing, Variable, plain
from estran.observations.store import naming, recent
from estran.observations.store.columns import array
from estran.observations.store.entered import entered
from estran.observations.store.entities import MANY, TABLES
from estran.observations.store.matching import Counts
from estran.observations.store.noticing import notice
from estran.storage import descriptions, get_meta, pack, put_meta, schema, take_numbers, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    import sqlalchemy as sa

    from estran.observations.store import SeriesStore
    from estran.storage import Engine

__all__ = ["Changing"]

_ENCODE = msgspec.json.Encoder().encode
_SEQUENCES = {"ObservedProperties": "observed-property"}
_PIVOTS: dict[str, Any] = {
    "Things": Thing, "Sensors": Sensor, "ObservedProperties": Variable, "Datastreams": Datastream,
}  # fmt: skip
_SHOWN = ("Things", "Datastreams")
_FEW = 20
"""So many observations of a datastream are named one by one."""
_N, _D = schema.observed_dataset.c, schema.datastream.c


class Changing:
    """Writes of entities.

    Attributes:
        touched: the datastreams whose observations changed; described: the datasets whose datastreams did.
        counts: what became of observations that were put.
    """

    def __init__(self, connection: sa.Connection, engine: Engine, store: SeriesStore) -> None:
        self.connection, self._engine, self._store = connection, engine, store
        self.touched: set[int] = set()
        self.described: set[int] = set()
        self._shown: set[int] = set()
        self.counts = Counts()

    def _show(self, dataset: int) -> None:
        """Tell the catalogue, once for all that is written of a dataset."""
        if dataset not in self._shown:
            self._shown.add(dataset)
            notice(self.connection, [dataset])

    # Datasets

    def dataset(self, record: str) -> int:
        """The dataset of a record."""
        held = self.connection.execute(select(_N.number).where(_N.record == record)).scalar()
        if held is None:
            held = take_numbers(self.connection, "observed-dataset", 1)
            self.connection.execute(insert(schema.observed_dataset).values(number=held, record=record))
        return held

    def note(self, key: str, value: str | None = None) -> str:
        """A word that is kept for the next time; written where one is given."""
        if value is not None:
            put_meta(self.connection, key, value.encode())
            return value
        held = get_meta(self.connection, key)
        return held.decode() if held else ""

    def record(self, dataset: int) -> str:
        """The record of a dataset."""
        return self.connection.execute(select(_N.record).where(_N.number == dataset)).scalar_one()

    # Rows

    def next(self, kind: str) -> int:
        """The number of a new entity."""
        return take_numbers(self.connection, _SEQUENCES.get(kind, TABLES[kind].name), 1)

    def row(self, kind: str, number: int) -> dict[str, Any] | None:
        """A row, None where there is none."""
        table = TABLES[kind]
        found = self.connection.execute(select(table).where(table.c.number == number)).mappings().first()
        return None if found is None else dict(found)

    def rows(self, kind: str, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The same of many, by number, of those that there are."""
        table = TABLES[kind]
        chosen = select(table).where(self._engine.within(table.c.number, numbers))
        return {row["number"]: dict(row) for row in self.connection.execute(chosen).mappings()}

    def insert(self, kind: str, values: dict[str, Any]) -> None:
        """A new row."""
        if kind == "Datastreams":
            self.described.add(values["dataset"])
        if kind in _SHOWN:
            self._show(values["dataset"])
        self.connection.execute(insert(TABLES[kind]), [values])
        entered(self.connection, TABLES[kind], [values["number"]])
        if kind == "Things":
            naming.note(self.connection, values["dataset"], [self.pivot(kind, values)])

    def update(self, kind: str, number: int, **values: Any) -> None:
        """Another row in its place."""
        table = TABLES[kind]
        if "document" in values and kind in _SHOWN:
            self._keep_former(kind, number, values)
        self.connection.execute(update(table).where(table.c.number == number).values(**values))
        # The pivot's own description is not told.
        if values.keys() - {"document"}:
            entered(self.connection, table, [number])

    def _keep_former(self, kind: str, number: int, values: dict[str, Any]) -> None:
        """Keep what a citation tells of a datastream; a thing is found by both of its names."""
        held = self.row(kind, number)
        if held is None or held["document"] == values["document"]:
            return
        self._show(held["dataset"])
        if kind == "Things":
            naming.note(self.connection, held["dataset"], [self.pivot(kind, held | values)])
        elif held["dataset"] in descriptions.keeping(self.connection).values():
            former = descriptions.Description(held["dataset"], number, held["document"])
            descriptions.put(self.connection, [former])

    def pivot(self, kind: str, row: dict[str, Any]) -> Any:
        """What a row describes."""
        document = row["document"]
        return msgspec.json.decode(unpack(document) if document else b'{"key":""}', type=_PIVOTS[kind])

    @staticmethod
    def document(value: Any) -> bytes:
        """A description as it is stored."""
        return pack(_ENCODE(plain(value)))

    def is_property_key_taken(self, key: str) -> bool:
        """Whether another property is called so."""
        table = schema.observed_property
        return self.connection.execute(select(table.c.number).where(table.c.key == key)).first() is not None

    def streams(self, column: str, number: int) -> list[int]:
        """The datastreams of a thing, a sensor or a property."""
        return list(self.connection.execute(select(_D.number).where(_D[column] == number)).scalars())

    # Places

    def places(self, thing: int) -> list[int]:
        """The locations of a thing."""
        table = schema.thing_location
        found = select(table.c.location).where(table.c.thing == thing).order_by(table.c.location)
        return list(self.connection.execute(found).scalars())

    def things_at(self, location: int) -> list[int]:
        """The things that are at a location."""
        table = schema.thing_location
        return list(
            self.connection.execute(select(table.c.thing).where(table.c.location == location)).scalars()
        )

    def place(self, thing: int, locations: Sequence[int]) -> None:
        """Let a thing be at these locations and no others."""
        table = schema.thing_location
        self.connection.execute(delete(table).where(table.c.thing == thing))
        self._pairs(table, "thing", thing, "location", locations)

    def note_places(self, historical: int, locations: Sequence[int]) -> None:
        """Let a historical location be of these locations."""
        self._pairs(schema.historical_place, "historical", historical, "location", locations)

    def _pairs(self, table: sa.Table, one: str, number: int, other: str, others: Sequence[int]) -> None:
        if others:
            self.connection.execute(insert(table), [{one: number, other: n} for n in dict.fromkeys(others)])

    def newest_place(self, thing: int) -> int | None:
        """When the newest historical location of a thing is from."""
        table = schema.historical_location
        return self.connection.execute(select(func.max(table.c.time)).where(table.c.thing == thing)).scalar()

    def feature(self, thing: int) -> int | None:
        """The feature of interest that a thing is now."""
        table = schema.feature
        return self.connection.execute(
            select(func.max(table.c.number)).where(table.c.thing == thing)
        ).scalar()

    def features(self, things: Sequence[int]) -> dict[int, int]:
        """Thing -> the feature of interest that it is now, of those that are anywhere."""
        feature, place = schema.feature.c, schema.thing_location.c
        chosen = select(feature.thing, func.max(feature.number)).where(
            self._engine.within(feature.thing, things),
            select(place.thing).where(place.thing == feature.thing).exists(),
        )
        return {row[0]: row[1] for row in self.connection.execute(chosen.group_by(feature.thing))}

    # Observations

    def put(self, rows: pa.Table, number: int | None = None) -> None:
        """Write observations, in the order of their keys."""
        self.counts.add(self._store.put_within(self.connection, rows, number))
        self.touched.update(array(rows, "datastream").tolist())

    def remove(self, rows: pa.Table) -> None:
        """Take observations out."""
        self._store.remove_within(self.connection, rows)
        self.touched.update(array(rows, "datastream").tolist())

    def observations(self, datastreams: Sequence[int], start: int, end: int) -> pa.Table:
        """The observations of datastreams in [start, end)."""
        return self._store.held_within(self.connection, datastreams, start, end)

    def times_of(self, datastream: int, number: int) -> list[int]:
        """When the observation of a number may have been made."""
        late = recent.times_of(self.connection, datastream, number)
        return late or self._store.times_of(datastream, number)

    def said(self, datastream: int, number: int) -> str | None:
        """What is said of an observation that its row has no room for."""
        table = schema.observation_said
        chosen = select(table.c.told).where(table.c.datastream == datastream, table.c.number == number)
        return self.connection.execute(chosen).scalar()

    def say(self, said: Mapping[int, Mapping[int, str]]) -> None:
        """Say so of observations, by their datastream and number; "" for nothing."""
        table = schema.observation_said
        rows = [
            (datastream, number, told)
            for datastream, numbers in said.items()
            for number, told in numbers.items()
            if told
        ]
        self._engine.replace(self.connection, table, ("datastream", "number", "told"), rows)
        silent = {
            datastream: few
            for datastream, numbers in said.items()
            if (few := [number for number, told in numbers.items() if not told])
        }
        there = select(table.c.number).where(self._engine.within(table.c.datastream, list(silent)))
        if silent and self.connection.execute(there.limit(1)).first():
            self._unsay(silent)

    def _unsay(self, silent: Mapping[int, Sequence[int]]) -> None:
        """Let nothing be said of observations; of most there is nothing."""
        table = schema.observation_said
        few: list[dict[str, Any]] = []
        for datastream, numbers in silent.items():
            if len(numbers) < _FEW:
                few += [{"of": datastream, "one": number} for number in numbers]
            else:
                own = (table.c.datastream == datastream, self._engine.within(table.c.number, numbers))
                self.connection.execute(delete(table).where(*own))
        if few:
            one = (table.c.datastream == bindparam("of"), table.c.number == bindparam("one"))
            self.connection.execute(delete(table).where(*one), few)

    # Taking out

    def delete(self, kind: str, number: int) -> None:
        """Take an entity out with all that cannot be without it."""
        for column, of in (("thing", "Things"), ("sensor", "Sensors"), ("property", "ObservedProperties")):
            if of == kind:
                for stream in self.streams(column, number):
                    self.delete("Datastreams", stream)
        if kind == "Datastreams":
            self.described.add(
                self.connection.execute(select(_D.dataset).where(_D.number == number)).scalar_one()
            )
            for table in (schema.observation, schema.observed_tile, schema.doubtful_tile):
                self.connection.execute(delete(table).where(table.c.datastream == number))
        if kind == "FeaturesOfInterest":
            self._delete_observations_of(number)
        if kind == "Locations":
            self._delete_history_of(number)
        table = TABLES[kind]
        if kind in _SHOWN and (row := self.row(kind, number)):
            self._show(row["dataset"])
        self.connection.execute(delete(table).where(table.c.number == number))

    def _delete_history_of(self, location: int) -> None:
        """Where things were does not say anything without the place."""
        way = MANY["Locations", "HistoricalLocations"].between
        if way is not None:
            chosen = select(way.c.historical).where(way.c.location == location)
            for historical in list(self.connection.execute(chosen).scalars()):
                self.delete("HistoricalLocations", historical)

    def _delete_observations_of(self, feature: int) -> None:
        row = self.row("FeaturesOfInterest", feature)
        if row is None:
            return
        own = row["thing"] if row["thing"] and self.feature(row["thing"]) == feature else None
        found = self.connection.execute(
            select(_D.number, _D.first, _D.last, _D.thing).where(
                _D.dataset == row["dataset"], _D.first.is_not(None)
            )
        ).all()
        for number, first, last, thing in found:
            rows = self.observations([number], first, last + 1)
            named = array(rows, "feature")
            which = named == feature
            if thing == own:
                which |= (named == 0) & rows["longitude"].is_null().to_numpy()
            if which.any():
                import pyarrow as pa  # noqa: PLC0415 - heavy

                self.remove(rows.filter(pa.array(which)))
