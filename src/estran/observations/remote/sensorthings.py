"""Another SensorThings server: its things, datastreams and observations, only those that are new where it was read before."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from estran.errors import Invalid, Unavailable
from estran.formats import Refusal
from estran.model import Distribution, Record, Text, Thing, Variable
from estran.observations.remote import sensing
from estran.observations.remote.asking import Declined
from estran.observations.remote.pages import (
    LINKS,
    Pages,
    conditions,
    id_of,
    obj_list,
    questions,
    rest,
    series_of,
    ways,
)
from estran.observations.remote.results import Column, Gathered, axis_of
from estran.observations.remote.sensing import obj, words
from estran.observations.remote.values import Home, Mark, Total

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from estran.model import Datastream, Sensor
    from estran.observations.remote.asking import Server
    from estran.observations.remote.values import Event, Visit
    from estran.observations.store.copied import Bookmark
    from estran.observations.store.places import Placed

__all__ = ["events", "root_of"]

_SETS = frozenset({"Things", "Datastreams", "Observations"})
_WITHIN = re.compile(
    r"/(Things|Locations|HistoricalLocations|Datastreams|MultiDatastreams|Sensors|ObservedProperties|Observations|"
    r"FeaturesOfInterest)\b.*$"
)
_MOST_FAILED = 3
_BELOW = ("", "/v1.1", "/v1.0", "/sta/v1.1")


def root_of(server: Server) -> tuple[Server, frozenset[str]] | None:
    """The root of a SensorThings service at or below an address, with the sets that it has; None where there is none."""
    given = _WITHIN.sub("", server.root)
    for below in _BELOW:
        here = server.at(given + below)
        try:
            answer = here.json(here.root)
        except (Declined, Invalid):
            continue
        names = frozenset(words(obj(one).get("name")) for one in obj(answer).get("value") or () if obj(one))
        if names >= _SETS:
            return here, names
    return None


def events(visit: Visit, sets: frozenset[str]) -> Iterator[Event]:
    """What a server has.

    Raises:
        Invalid: it answers what is not SensorThings.
        Unavailable: it cannot be asked further now.
        NotAllowed: it does not want to be asked.
    """
    yield from _Reading(visit, sets).events()


@dataclass(slots=True)
class _Reading:
    """One visit to one server.

    Attributes:
        things: those that were listed, by id, each with the dataset that it names.
        levels: which way of asking the server understands, by what is asked for.
        failed: series in a row that were not given.
        taken: (dataset, key) -> the series that has it.
    """

    visit: Visit
    sets: frozenset[str]
    pages: Pages = field(init=False)
    things: dict[Any, tuple[Thing, str]] = field(default_factory=dict[Any, tuple[Thing, str]])
    moved: set[Any] = field(default_factory=set[Any])
    placed: dict[str, Placed] = field(default_factory=dict[str, "Placed"])
    levels: dict[str, int] = field(default_factory=dict[str, int])
    failed: int = 0
    taken: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def __post_init__(self) -> None:
        self.pages = Pages(self.visit.server)

    def events(self) -> Iterator[Event]:
        """All that there is."""
        yield Total(self._count())
        yield from self._all_things()
        for kind in LINKS:
            if kind in self.sets:
                for one in self.pages.listed(kind, ways(kind)):
                    if kind == "MultiDatastreams" and obj_list(obj(one.get("properties")).get("datastreams")):
                        # Datastreams that are there as well, told together: Estran has no others.
                        yield Total(-1)
                        continue
                    yield from self._series(kind, one)

    def _count(self) -> int:
        """How many datastreams there are, 0 where the server does not say."""
        total = 0
        for kind in LINKS:
            if kind in self.sets:
                try:
                    page = self.visit.server.json(f"{self.visit.server.root}/{kind}?$count=true&$top=1")
                except (Declined, Invalid):
                    continue
                count = obj(page).get("@iot.count")
                total += count if isinstance(count, int) else 0
        return total

    # Things

    def _all_things(self) -> Iterator[Event]:
        for one in self.pages.listed("Things", ways("Things")):
            try:
                self._note(one)
            except (Declined, Invalid) as error:
                yield Refusal(self._where("Things", one), f"it could not be read ({error})")

    def _note(self, one: Mapping[str, Any]) -> Thing:
        """Know a thing."""
        id_, said = id_of(one), obj(one.get("properties"))
        locations = self.pages.linked("Things", one, "Locations")
        dataset = words(said.get("dataset"))
        key = self._key("Things", one, dataset)
        made = sensing.thing(one, key, locations)
        self.things[id_] = made, dataset
        if (placed := sensing.placed(one, key, locations)) is not None:
            self.placed[key] = placed
        if len(obj_list(one.get("HistoricalLocations"))) > 1:
            self.moved.add(id_)
        return made

    # Series

    def _series(self, kind: str, one: Mapping[str, Any]) -> Iterator[Event]:
        """A datastream with its observations; what is wrong with it leaves the others alone."""
        try:
            columns, dataset = self._described(kind, one)
        except Declined as error:
            yield Refusal(self._where(kind, one), f"it could not be read ({error.error()})")
            return
        except Invalid as error:
            yield Refusal(self._where(kind, one), f"it could not be read ({error.why})")
            return
        yield Home(self._record(dataset))
        for column in columns:
            yield column.stream
        if (placed := self.placed.pop(columns[0].stream.thing.key, None) if columns else None) is not None:
            yield placed
        series = series_of(kind, one)
        mark = self.visit.bookmarks.get(series)
        if self.visit.look_only or self._is_as_before(one, mark):
            # That it is there is known, how far it was taken stays what it was.
            yield Mark(series, _key_of(columns), mark and mark.newest, mark and mark.result_time)
            return
        try:
            yield from self._observations(kind, one, columns, mark)
        except Invalid as error:
            yield Refusal(error.where or self._where(kind, one), error.why)

    def _described(self, kind: str, one: Mapping[str, Any]) -> tuple[list[Column], str]:
        linked = {link: self.pages.linked(kind, one, link) for link in LINKS[kind]}
        found = next(iter(linked["Thing"]), None)
        if found is None:
            raise Invalid("its Thing is not told")
        id_ = id_of(found)
        of, dataset = self.things.get(id_) or (self._note(self.pages.whole("Things", found)), "")
        dataset = words(obj(one.get("properties")).get("dataset")) or dataset
        by = next((sensing.sensor(s, str(id_of(s))) for s in linked["Sensor"]), None)
        mark = self.visit.bookmarks.get(series_of(kind, one))
        key = mark.datastream if mark and mark.datastream else self._key(kind, one, dataset)
        self.taken[dataset, key] = series_of(kind, one)
        if kind == "Datastreams":
            measured = next((p for p in linked["ObservedProperty"]), {})
            variable = sensing.variable(measured, one.get("unitOfMeasurement"))
            return [Column(_stream(one, key, of, variable, by, words(one.get("observationType"))))], dataset
        return list(_parts(one, key, of, by, linked["ObservedProperties"])), dataset

    def _is_as_before(self, one: Mapping[str, Any], mark: Bookmark | None) -> bool:
        """Whether the server says that nothing came since, and nothing is looked at again."""
        if mark is None or self.visit.look_back_us:
            return False
        times, results = sensing.span(one.get("phenomenonTime")), sensing.span(one.get("resultTime"))
        if times is None or mark.newest is None:
            return False
        is_known = results is None or (mark.result_time is not None and results[1] <= mark.result_time)
        return times[1] <= mark.newest and is_known

    def _record(self, dataset: str) -> Record:
        """The record of a dataset of the server; "" for what names none."""
        server = self.visit.server
        host = urlsplit(server.name).netloc
        title = f"{dataset} ({host})" if dataset else f"Observations of {host}"
        link = Distribution(
            url=server.name, function="service", protocol="OGC:STA", title=Text.of("SensorThings")
        )
        identifier = f"{server.name}#{dataset}" if dataset else server.name
        return Record(
            identifier=identifier, title=Text.of(title), landing_page=server.name, distributions=(link,)
        )

    # Observations

    def _observations(
        self, kind: str, one: Mapping[str, Any], columns: list[Column], mark: Bookmark | None
    ) -> Iterator[Event]:
        """The observations of a series from where it was left, a page at a time, with marks between."""
        series, server = series_of(kind, one), self.visit.server
        gathered = Gathered(series)
        newest, known = (mark.newest, mark.result_time) if mark else (None, None)
        is_first = True
        for found in self._pages(series, one, columns[0].stream.thing, mark):
            if is_first:
                columns, is_first = _with_axis(columns, found), False
                for column in columns:
                    yield column.stream
                yield from self._unplaced(series, one, columns, found)
            yield from gathered.rows(found, columns)
            if gathered.is_sorted:
                newest = _later(newest, gathered.newest)
                # Corrections of what lies before come with later results: until all is there the old mark holds.
                yield Mark(series, _key_of(columns), newest, known if mark else gathered.result_time)
        yield from gathered.refusals(server.name)
        newest, known = _later(newest, gathered.newest), _later(known, gathered.result_time)
        yield Mark(series, _key_of(columns), newest, known)

    def _unplaced(
        self,
        series: str,
        one: Mapping[str, Any],
        columns: Sequence[Column],
        found: Sequence[Mapping[str, Any]],
    ) -> Iterator[Refusal]:
        """A word on observations of what moves where the server does not tell with them where they were made."""
        moves = columns[0].stream.thing.longitude is None or self._has_moved(one)
        linked = any("FeatureOfInterest@iot.navigationLink" in each for each in found)
        if moves and linked and not any(obj(each.get("FeatureOfInterest")) for each in found):
            yield Refusal(
                f"{self.visit.server.name}/{series}",
                "where its observations were made is not taken: the server does not expand FeatureOfInterest, and is not "
                "asked for each; the values are",
            )

    def _pages(
        self, series: str, one: Mapping[str, Any], of: Thing, mark: Bookmark | None
    ) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Pages of a series in the order of time, in the first way of asking that the server understands."""
        moves = of.longitude is None or self._has_moved(one)
        wanted = conditions(mark, self.visit)
        asking = list(questions(wanted, moves=moves))
        about = f"{'what moves' if moves else 'what stands'} {len(wanted)} {bool(wanted[0])}"
        for level in range(self.levels.get(about, 0), len(asking)):
            pages = self.pages.following(series, asking[level])
            try:
                first = next(pages, None)
            except Declined as error:
                if level + 1 == len(asking):
                    raise self._given_up(error) from None
                continue
            self.levels[about], self.failed = level, 0
            if first is not None:
                yield first
                yield from rest(pages)
            return

    def _given_up(self, error: Declined) -> Invalid | Unavailable:
        """What is wrong with a series that is not given, however it is asked for; several in a row are the server's fault."""
        self.failed += 1
        found = error.error()
        return (
            found
            if self.failed >= _MOST_FAILED or isinstance(found, Invalid)
            else Invalid(str(found), error.where)
        )

    def _has_moved(self, one: Mapping[str, Any]) -> bool:
        """Whether observations may have been made elsewhere than where the thing stands now."""
        area = obj(one.get("observedArea"))
        thing, sampling = obj(one.get("Thing")), words(obj(one.get("properties")).get("sampling"))
        if sampling and not sampling.startswith("timeSeries"):
            return True
        return (bool(area) and area.get("type") != "Point") or (bool(thing) and id_of(thing) in self.moved)

    # Entities

    def _key(self, kind: str, one: Mapping[str, Any], dataset: str) -> str:
        """What an entity is called here: as Estran called it where it comes from, else by its id."""
        said, series = obj(one.get("properties")), series_of(kind, one)
        key = words(said.get("key")) if said.get("dataset") else ""
        place = f"{dataset} {kind}" if kind == "Things" else dataset
        if key and self.taken.setdefault((place, key), series) == series:
            return key
        return str(id_of(one)) if kind != "MultiDatastreams" else series

    def _where(self, kind: str, one: Mapping[str, Any]) -> str:
        return f"{self.visit.server.name}/{series_of(kind, one)}"


def _key_of(columns: Sequence[Column]) -> str:
    return columns[0].stream.key if len(columns) == 1 and columns[0].part is None else ""


def _later(one: int | None, other: int | None) -> int | None:
    return max((at for at in (one, other) if at is not None), default=None)


def _stream(  # noqa: PLR0917 - the parts of a datastream
    one: Mapping[str, Any], key: str, of: Thing, variable: Variable, by: Sensor | None, kind: str
) -> Datastream:
    return sensing.datastream(one, key, of=of, measured=variable, by=by, kind=kind)


def _parts(
    one: Mapping[str, Any], key: str, of: Thing, by: Sensor | None, properties: Sequence[Mapping[str, Any]]
) -> Iterator[Column]:
    """The datastreams of a MultiDatastream: one of each observed property, in their order."""
    units, kinds = obj_list(one.get("unitOfMeasurements")), obj_list(one.get("multiObservationDataTypes"))
    named: dict[str, int] = {}
    for n, measured in enumerate(properties):
        variable = sensing.variable(measured, units[n] if n < len(units) else None)
        named[variable.name] = named.get(variable.name, 0) + 1
        name = variable.name if named[variable.name] == 1 else f"{variable.name} {named[variable.name]}"
        kind = words(kinds[n]) if n < len(kinds) else ""
        stream = _stream(one, f"{key}/{name}", of, variable, by, kind)
        yield Column(replace(stream, name=Text.of(f"{stream.name}: {variable.label}")), n)


def _with_axis(columns: list[Column], found: Sequence[Mapping[str, Any]]) -> list[Column]:
    """Columns that know their third coordinate, where the observations tell one."""
    if columns[0].stream.vertical is not None:
        return columns
    name, unit = axis_of(found)
    if not name:
        return columns
    vertical = Variable(name=name, unit=unit)
    return [Column(replace(column.stream, vertical=vertical), column.part) for column in columns]
