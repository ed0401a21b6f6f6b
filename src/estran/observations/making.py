"""Entities made and changed as SensorThings does it: with all that is given inside them, or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid, NotAllowed, NotFound
from estran.model import Datastream, Sensor, Text, Thing, Variable, now_us
from estran.observations import given as reading
from estran.observations.entities import KINDS
from estran.observations.recording import Recording
from estran.observations.rows import ID_STEP
from estran.observations.told import GEOJSON, KIND_URIS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from estran.errors import EstranError
    from estran.observations.recording import Documents
    from estran.observations.store.changing import Changing
    from estran.observations.store.matching import Counts

__all__ = ["Making"]

_ONE = {kind.singular: name for name, kind in KINDS.items()}
_COLUMNS = {"Thing": "thing", "Sensor": "sensor", "ObservedProperty": "property"}
_KINDS = {uri: kind for kind, uri in KIND_URIS.items()}


class Making:
    """Writes of one actor within one transaction.

    Args:
        changing: the rows.
        may: refuses a dataset in which the actor may not write, and gives what is wrong as an error.
        home: record of the dataset of what names none.
    """

    def __init__(self, changing: Changing, may: Callable[[int], None], home: Callable[[], str]) -> None:
        self._changing, self._may, self._home = changing, may, home
        self._observations = Recording(changing, self._row, self._rows, self._one)

    @property
    def counts(self) -> Counts:
        """What became of the observations that were written."""
        return self._changing.counts

    # Making

    def refused(self, streams: Sequence[int]) -> dict[int, EstranError]:
        """Which datastreams are not there or may not be written to, and why."""
        rows = self._changing.rows("Datastreams", [stream for stream in streams if _may_be(stream)])
        found: dict[int, EstranError] = {}
        for stream in streams:
            try:
                self._checked("Datastreams", stream, rows.get(stream))
            except (Invalid, NotFound, NotAllowed) as error:
                found[stream] = error
        return found

    def many(self, groups: Sequence[Documents]) -> list[list[int | Invalid]]:
        """Write observations of datastreams; gives of each group the ids, or why one was not written.

        Raises:
            Invalid: there is no such datastream.
            NotAllowed: one may not be written to.
        """
        return self._observations.many(groups)

    def make(self, kind: str, document: Mapping[str, Any], parent: tuple[str, int] | None = None) -> int:
        """Make an entity with what is given inside it; gives its id.

        Args:
            kind: name of its set.
            document: its JSON.
            parent: (set, id) of the entity in whose collection it is put.

        Raises:
            Invalid: something is missing, or does not fit, or is named that is not there.
            NotAllowed: the actor may not write there.
        """
        own, inside = reading.parted(kind, document)
        if parent is not None:
            back = next((link for link, to in KINDS[kind].links.items() if to.kind == parent[0]), "")
            if not back:
                raise Invalid(f"a {KINDS[kind].singular} is not put there", "address")
            named = {"@iot.id": parent[1]}
            inside.setdefault(back, [named] if KINDS[kind].links[back].many else named)
        if kind == "Observations":
            return self._observations.make(own, inside)
        return self._build(kind, own, inside, self._dataset(kind, own, inside))

    def _build(self, kind: str, own: dict[str, Any], inside: Mapping[str, Any], dataset: int) -> int:
        """An entity of a dataset: what it needs comes before it, what hangs on it after it."""
        reading.required(kind, own)
        number = self._changing.next(kind)
        ties = self._needed(kind, inside, dataset)
        getattr(self, f"_make_{kind.lower()}")(number, dataset, own, ties)
        self._hanging(kind, number, dataset, inside)
        return number

    def _dataset(self, kind: str, own: Mapping[str, Any], inside: Mapping[str, Any]) -> int:
        """Where an entity belongs: to what it names, to the record that its properties name, else to the service's."""
        for link, to in KINDS[kind].links.items():
            if link in inside:
                for one in reading.several(inside[link]):
                    if (number := reading.reference(one)) is not None and to.kind != "Observations":
                        return self._row(to.kind, number)["dataset"] or self._named(own)
        return self._named(own)

    def _named(self, own: Mapping[str, Any]) -> int:
        record = (own.get("properties") or {}).get("dataset")
        dataset = self._changing.dataset(record if isinstance(record, str) and record else self._home())
        self._may(dataset)
        return dataset

    def _row(self, kind: str, number: int) -> dict[str, Any]:
        """A row that is there and may be written."""
        return self._checked(kind, number, self._changing.row(kind, number) if _may_be(number) else None)

    def _rows(self, kind: str, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The same of many, by number."""
        rows = self._changing.rows(kind, [number for number in numbers if _may_be(number)])
        return {number: self._checked(kind, number, rows.get(number)) for number in numbers}

    def _checked(self, kind: str, number: int, row: dict[str, Any] | None) -> dict[str, Any]:
        if row is None:
            raise Invalid(f"there is no {KINDS[kind].singular} {number}", KINDS[kind].singular)
        if row["dataset"] is not None:
            self._may(row["dataset"])
        return row

    def _needed(self, kind: str, inside: Mapping[str, Any], dataset: int) -> dict[str, int]:
        """The entities that a link to one names, made where they are given whole."""
        found: dict[str, int] = {}
        for link, to in KINDS[kind].links.items():
            if to.many or (kind == "Observations" and link == "Datastream"):
                continue
            if link not in inside:
                raise Invalid(
                    f'a {KINDS[kind].singular} has a {link}; give it, or its id: {{"@iot.id": 1}}', link
                )
            found[link] = self._one(to.kind, inside[link], dataset)
        return found

    def _one(self, kind: str, document: Any, dataset: int) -> int:
        number = reading.reference(document)
        if number is None:
            return self._build(kind, *reading.parted(kind, document), dataset)
        self._row(kind, number)
        return number

    def _hanging(self, kind: str, number: int, dataset: int, inside: Mapping[str, Any]) -> None:
        """What is given inside an entity and hangs on it; where it is comes before what it observes there."""
        for link, to in sorted(KINDS[kind].links.items(), key=lambda way: way[0] != "Locations"):
            if not to.many or link not in inside:
                continue
            documents = reading.several(inside[link])
            if to.kind == "Locations" and kind == "Things":
                self._move(number, [self._one("Locations", one, dataset) for one in documents])
            elif to.kind == "Locations":
                self._note(number, [self._one("Locations", one, dataset) for one in documents])
            elif kind == "Locations" and to.kind == "Things":
                for one in documents:
                    self._move(self._one("Things", one, dataset), [number])
            else:
                back = next(name for name, to_ in KINDS[to.kind].links.items() if to_.kind == kind)
                for one in documents:
                    if not isinstance(one, dict) or reading.reference(one) is not None:
                        raise Invalid(
                            f"what hangs on another {KINDS[kind].singular} is not taken from it", link
                        )
                    parts = reading.parted(to.kind, {**one, back: {"@iot.id": number}})
                    if to.kind == "Observations":
                        self._observations.make(*parts)
                    else:
                        self._build(to.kind, *parts, dataset)

    def _make_things(self, number: int, dataset: int, own: dict[str, Any], _: dict[str, int]) -> None:
        thing = reading.thing(Thing(key=f"sta-{number}"), own)
        self._changing.insert("Things", {
            "number": number, "dataset": dataset, "key": thing.key, "document": self._changing.document(thing),
            "told": reading.encoded(own),
        })  # fmt: skip

    def _make_locations(self, number: int, dataset: int, own: dict[str, Any], _: dict[str, int]) -> None:
        self._placed("Locations", number, dataset, own, "location")

    def _make_featuresofinterest(
        self, number: int, dataset: int, own: dict[str, Any], _: dict[str, int]
    ) -> None:
        self._placed("FeaturesOfInterest", number, dataset, own, "feature")

    def _placed(self, kind: str, number: int, dataset: int, own: dict[str, Any], member: str) -> None:
        values = {
            "number": number,
            "dataset": dataset,
            "told": reading.encoded(own),
            **reading.bounds(own, member),
        }
        self._changing.insert(kind, values)

    def _make_historicallocations(
        self, number: int, dataset: int, own: dict[str, Any], ties: dict[str, int]
    ) -> None:
        values = {"number": number, "dataset": dataset, "thing": ties["Thing"]}
        values["time"] = reading.instant(own["time"], "time")
        self._changing.insert("HistoricalLocations", values)

    def _note(self, historical: int, locations: list[int]) -> None:
        """Say of a historical location where it was; the newest of a thing is where that is now."""
        self._changing.note_places(historical, locations)
        row = self._row("HistoricalLocations", historical)
        if row["time"] == self._changing.newest_place(row["thing"]):
            self._changing.place(row["thing"], locations)
            self._stand(row["thing"], locations)

    def _make_sensors(self, number: int, dataset: int, own: dict[str, Any], _: dict[str, int]) -> None:
        sensor = reading.sensor(Sensor(key=f"sta-{number}"), own)
        self._changing.insert("Sensors", {
            "number": number, "dataset": dataset, "key": sensor.key, "document": self._changing.document(sensor),
            "told": reading.encoded(own),
        })  # fmt: skip

    def _make_observedproperties(
        self, number: int, dataset: int, own: dict[str, Any], _: dict[str, int]
    ) -> None:
        variable = reading.variable(Variable(), own)
        key = own["definition"] or own["name"]
        if self._changing.is_property_key_taken(key):
            key = f"{key}#{number}"
        self._changing.insert("ObservedProperties", {
            "number": number, "dataset": dataset, "key": key, "name": variable.name,
            "standard_name": variable.standard_name, "document": self._changing.document(variable),
            "told": reading.encoded(own),
        })  # fmt: skip

    def _make_datastreams(self, number: int, dataset: int, own: dict[str, Any], ties: dict[str, int]) -> None:
        stream = Datastream(key=f"sta-{number}", thing=Thing(key=""), variable=Variable())
        self._changing.insert("Datastreams", {
            "number": number, "dataset": dataset, "key": stream.key, "document": self._changing.document(stream),
            "told": reading.encoded(own), **{_COLUMNS[link]: n for link, n in ties.items()},
        })  # fmt: skip
        self._describe(number)

    def _describe(self, number: int) -> None:
        """Say of a datastream anew what it, its thing, its sensor and its property say."""
        row = self._row("Datastreams", number)
        parts = {
            link: self._changing.pivot(kind, row_)
            for link, kind in (("thing", "Things"), ("sensor", "Sensors"), ("property", "ObservedProperties"))
            if row[link] is not None and (row_ := self._changing.row(kind, row[link])) is not None
        }
        told = reading.decoded(row["told"])
        unit = str((told.get("unitOfMeasurement") or {}).get("symbol") or "")
        before: Datastream = self._changing.pivot("Datastreams", row)
        stream = replace(
            before, thing=parts["thing"], sensor=parts.get("sensor"),
            variable=replace(parts["property"], unit=unit),
            name=Text.of(told.get("name")), description=Text.of(told.get("description")),
            kind=_KINDS.get(str(told.get("observationType")), "text"),
        )  # fmt: skip
        self._changing.update("Datastreams", number, document=self._changing.document(stream))

    # Places

    def _move(self, thing: int, locations: list[int]) -> None:
        """Let a thing be at locations from now on, and note since when."""
        row = self._row("Things", thing)
        self._changing.place(thing, locations)
        historical = self._changing.next("HistoricalLocations")
        self._changing.insert(
            "HistoricalLocations",
            {"number": historical, "dataset": row["dataset"], "thing": thing, "time": now_us()},
        )
        self._changing.note_places(historical, locations)
        self._stand(thing, locations)

    def _stand(self, thing: int, locations: list[int]) -> None:
        """What of a place the pivot knows, and what observations without a feature of interest are of."""
        rows = [self._row("Locations", number) for number in locations]
        points = [
            row
            for row in rows
            if row["west"] is not None and row["west"] == row["east"] and row["south"] == row["north"]
        ]
        at = points[0] if points else None
        held = self._row("Things", thing)
        pivot = replace(
            self._changing.pivot("Things", held),
            longitude=at["west"] if at else None, latitude=at["south"] if at else None,
        )  # fmt: skip
        self._changing.update(
            "Things",
            thing,
            longitude=pivot.longitude,
            latitude=pivot.latitude,
            document=self._changing.document(pivot),
        )
        for stream in self._changing.streams("thing", thing):
            self._describe(stream)
        if rows:
            told = reading.decoded(rows[0]["told"])
            feature: dict[str, Any] = {name: told[name] for name in ("name", "description") if name in told}
            feature |= {"encodingType": told.get("encodingType", GEOJSON), "feature": told.get("location")}
            number = self._changing.next("FeaturesOfInterest")
            values = {
                "number": number,
                "dataset": held["dataset"],
                "thing": thing,
                "told": reading.encoded(feature),
            }
            self._changing.insert("FeaturesOfInterest", values | reading.bounds(feature, "feature"))

    # Changing

    def patch(self, kind: str, number: int, document: Mapping[str, Any], *, is_whole: bool = False) -> None:
        """Change properties of an entity, and what its links name.

        Args:
            kind: name of its set.
            number: its id.
            document: what changes.
            is_whole: whether what it does not say is no more so.

        Raises:
            NotFound: there is none of that number.
            Invalid: entities are given inside, or a value does not fit.
        """
        own, inside = reading.parted(kind, document)
        for link, value in inside.items():
            if any(reading.reference(one) is None for one in reading.several(value)):
                raise Invalid('only the ids of entities stand in what is changed: {"@iot.id": 1}', link)
        if kind == "Observations":
            self._observations.patch(number, own, inside)
            return
        row = self._there(kind, number)
        told = {**({} if is_whole else reading.decoded(row["told"])), **own}
        told = {name: value for name, value in told.items() if value is not None or name not in own}
        reading.required(
            kind,
            {**told, "time": "" if kind == "HistoricalLocations" and "time" not in own else own.get("time")},
        )
        values: dict[str, Any] = {} if kind == "HistoricalLocations" else {"told": reading.encoded(told)}
        if kind in {"Things", "Sensors", "ObservedProperties"}:
            read = {
                "Things": reading.thing,
                "Sensors": reading.sensor,
                "ObservedProperties": reading.variable,
            }[kind]
            values["document"] = self._changing.document(read(self._changing.pivot(kind, row), told))
        if kind in {"Locations", "FeaturesOfInterest"}:
            values |= reading.bounds(told, "location" if kind == "Locations" else "feature")
        if kind == "HistoricalLocations" and "time" in own:
            values["time"] = reading.instant(own["time"], "time")
        for link, column in _COLUMNS.items():
            if link in inside:
                values[column] = self._one(_ONE[link], inside[link], row["dataset"])
        if values:
            self._changing.update(kind, number, **values)
        self._after(kind, number, inside)

    def _after(self, kind: str, number: int, inside: Mapping[str, Any]) -> None:
        """What follows from a change for others."""
        if kind == "Things" and "Locations" in inside:
            self._move(
                number,
                [
                    self._row("Locations", reading.reference(one) or 0)["number"]
                    for one in reading.several(inside["Locations"])
                ],
            )
        if kind == "Locations":
            for thing in self._changing.things_at(number):
                self._stand(thing, self._changing.places(thing))
        if kind == "Datastreams":
            self._describe(number)
        for column, of in (("thing", "Things"), ("sensor", "Sensors"), ("property", "ObservedProperties")):
            if of == kind:
                for stream in self._changing.streams(column, number):
                    self._describe(stream)

    def _there(self, kind: str, number: int) -> dict[str, Any]:
        """A row that may be changed; a property of several datasets only where all of them may be written."""
        if self._changing.row(kind, number) is None:
            raise NotFound(KINDS[kind].singular, str(number))
        row = self._row(kind, number)
        if row["dataset"] is None:
            for stream in self._changing.streams("property", number):
                self._row("Datastreams", stream)
        return row

    # Taking out

    def delete(self, kind: str, number: int) -> None:
        """Take an entity out, with all that cannot be without it.

        Raises:
            NotFound: there is none of that number.
        """
        if kind == "Observations":
            self._observations.delete(number)
            return
        self._there(kind, number)
        self._changing.delete(kind, number)


def _may_be(number: int) -> bool:
    """Whether an entity may have this number."""
    return 0 <= number < ID_STEP // 2
