"""Observations of Theia/OZCAR's pivot as datastreams, and their data files, which lie beside the description."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats import Dataset, Document, Refusal
from estran.formats._json import day, obj, objs, text
from estran.formats._text import opened_stream
from estran.formats._theia.data import MEASURED, Reading
from estran.formats._theia.parts import place
from estran.model import Datastream, FlagMeaning, Period, Sensor, SensorEvent, Text, Thing, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Observed
    from estran.formats._theia.parts import Speech

__all__ = ["Series", "observed", "series_of"]

_MOST_MISSING = 20
_READ = ("Numeric", "Text", "")


@dataclass(slots=True)
class Series:
    """One observation of the pivot, which is a datastream here, and more where it has additional columns.

    Attributes:
        dataset: identifier of its dataset; file: the name of its data file.
    """

    dataset: str
    file: str
    missing: str
    texts: bool
    fixed: tuple[float, float] | None
    streams: dict[str, Datastream] = field(default_factory=dict[str, Datastream])


def series_of(datasets: list[Any], speech: Speech, document: Document) -> Iterator[Series | Refusal]:
    """All observations of a file that say where their data are."""
    for dataset in datasets:
        name = text(obj(dataset).get("datasetId"))
        for said in objs(obj(dataset).get("observations")):
            file = PurePosixPath(speech.word(obj(obj(said.get("result")).get("dataFile")).get("name"))).name
            kind = text(said.get("dataType"))
            if not name or not file:
                continue
            if kind not in _READ:
                yield Refusal(
                    document.name, f"“{file}” holds results of the kind “{kind}”; numbers and texts are read"
                )
                continue
            yield _series(name, file, said, speech)


def observed(found: list[Series], document: Document) -> Iterator[Observed]:
    """The datastreams whose data files lie beside the description, with their values, dataset by dataset."""
    if document.beside is None:
        return
    # Of two that name one file, the first has it.
    wanted = {one.file.lower(): one for one in reversed(found)}
    read: set[str] = set()
    now = ""
    for beside in document.beside():
        if isinstance(beside, Refusal):
            yield beside
            continue
        name, open_file = beside
        one = wanted.get(PurePosixPath(name.replace("\\", "/")).name.lower())
        if one is None or one.file.lower() in read:
            continue
        read.add(one.file.lower())
        if one.dataset != now:
            now = one.dataset
            yield Dataset(now)
        yield from one.streams.values()
        reading = Reading(
            name, {column: stream.key for column, stream in one.streams.items()}, texts=one.texts,
            missing=one.missing, fixed=one.fixed,
        )  # fmt: skip
        try:
            with open_file() as stream, opened_stream(stream) as lines:
                yield from reading.rows(lines)
        except Invalid as error:
            yield Refusal(name, error.why)
    absent = [one.file for one in found if one.file.lower() not in read]
    if read and absent:
        more = f" and {len(absent) - _MOST_MISSING:,} more" if len(absent) > _MOST_MISSING else ""
        listed = ", ".join(absent[:_MOST_MISSING])
        yield Refusal(
            document.name, f"the data files {listed}{more} do not lie beside it; add them and load it again"
        )


def _series(dataset: str, file: str, said: dict[str, Any], speech: Speech) -> Series:
    result = obj(said.get("result"))
    thing = _thing(said, speech, file)
    fixed = (thing.longitude, thing.latitude)
    texts = text(said.get("dataType")) == "Text"
    made = Series(
        dataset, file, speech.word(result.get("missingValue")), texts,
        (fixed[0], fixed[1]) if fixed[0] is not None and fixed[1] is not None else None,
    )  # fmt: skip
    key = text(said.get("observationId")) or file.rpartition(".")[0] or file
    flags = tuple(
        FlagMeaning(text(one.get("code")), speech.word(one.get("description")))
        for one in objs(result.get("qualityFlags"))
        if text(one.get("code"))
    )
    lineage = "\n".join(
        " ".join(
            filter(None, (text(one.get("processingDate")), speech.word(one.get("processingDescription"))))
        )
        for one in objs(obj(said.get("procedure")).get("lineageInformations"))
    )
    production = obj(obj(said.get("procedure")).get("dataProduction"))
    variable = _variable(obj(said.get("observedProperty")), speech)
    made.streams[MEASURED] = Datastream(
        key=key, thing=thing, variable=variable, sensor=_sensor(production, speech, key),
        name=variable.label, description=speech.text(production.get("method")), lineage=Text.of(lineage),
        kind="text" if texts else "measurement",
        sampling="timeSeries" if said.get("timeSerie") is not False else "trajectory" if made.fixed is None else "point",
        processing_level=speech.word(said.get("processingLevel")),
        flags="producer" if flags else "", flag_meanings=flags,
    )  # fmt: skip
    for extra in objs(result.get("additionalValues")):
        if column := text(extra.get("columnName")):
            label = speech.text(extra.get("name")) or Text.of(column)
            made.streams[column] = Datastream(
                key=f"{key}/{column}", thing=thing, name=label,
                variable=Variable(
                    name=column, label=label, description=speech.text(extra.get("description")),
                    unit=speech.word(extra.get("unit")),
                ),
            )  # fmt: skip
    return made


def _variable(said: dict[str, Any], speech: Speech) -> Variable:
    shared = obj(said.get("theiaVariable"))
    label = speech.text(said.get("name")) or speech.text(shared.get("prefLabel"))
    return Variable(
        name=str(label), label=label, description=speech.text(said.get("description")),
        unit=speech.word(said.get("unit")), uri=text(shared.get("uri")),
    )  # fmt: skip


def _thing(said: dict[str, Any], speech: Speech, file: str) -> Thing:
    feature = obj(obj(said.get("featureOfInterest")).get("samplingFeature"))
    name = speech.text(feature.get("name"))
    _, box = place(feature, [], "samplingFeature")
    elevation = _elevation(obj(feature.get("geometry")))
    middle = (
        ((box.west + box.east) / 2, (box.south + box.north) / 2) if box and box.west <= box.east else None
    )
    where = f" {middle[0]:g} {middle[1]:g}" if middle and not name else ""
    return Thing(
        key=str(name) or f"station{where}" if (name or where) else file.rpartition(".")[0],
        name=name, longitude=middle[0] if middle else None, latitude=middle[1] if middle else None,
        elevation_m=elevation,
    )  # fmt: skip


def _elevation(geometry: dict[str, Any]) -> float | None:
    at = geometry.get("coordinates")
    third = at[2] if geometry.get("type") == "Point" and isinstance(at, list) and len(at) > 2 else None  # noqa: PLR2004
    return float(third) if isinstance(third, int | float) else None


def _sensor(production: dict[str, Any], speech: Speech, key: str) -> Sensor | None:
    """The sensors of an observation as one: the first names it, each tells when it stood there and was calibrated."""
    periods: list[Period] = []
    events: list[SensorEvent] = []
    documents: list[str] = []
    sensors = objs(production.get("sensors"))
    for one in sensors:
        called = " ".join(
            filter(None, (speech.word(one.get(n)) for n in ("manufacturer", "model", "serialNumber", "name")))
        )
        own = [_period(period) for period in objs(one.get("activityPeriods"))]
        own = [period for period in own if period.start or period.end]
        periods += own
        if len(sensors) > 1:
            events += [SensorEvent(p.start, "installation", called) for p in own if p.start]
        words = speech.word(one.get("calibration"))
        if words:
            events.append(SensorEvent(own[0].start if own else "", "calibration", words))
        documents += [url for paper in objs(one.get("documents")) if (url := speech.word(paper.get("url")))]
    if not sensors:
        return None
    first = sensors[0]
    maker, model, serial = (speech.word(first.get(n)) for n in ("manufacturer", "model", "serialNumber"))
    named = " ".join(filter(None, (maker, model))) or speech.word(first.get("name"))
    return Sensor(
        key=" ".join(filter(None, (named, serial))) if serial else f"{named} {key}".strip(),
        name=Text.of(named) or speech.text(first.get("sensorType")),
        description=speech.text(first.get("sensorType")) or speech.text(first.get("parametrisationDescription")),
        model=model, maker=maker, serial=serial, documents=tuple(dict.fromkeys(documents)),
        periods=tuple(dict.fromkeys(periods)), events=tuple(dict.fromkeys(events)),
    )  # fmt: skip


def _period(said: dict[str, Any]) -> Period:
    notes: list[str] = []
    return Period(day(said.get("dateBeg"), notes, "dateBeg"), day(said.get("dateEnd"), notes, "dateEnd"))
