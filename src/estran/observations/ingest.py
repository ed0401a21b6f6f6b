"""From a producer's files to datastreams and their observations."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from estran.catalogue.documents import files
from estran.errors import Invalid
from estran.formats import Dataset, Refusal
from estran.model import Datastream
from estran.observations.checked import checked, latest_us
from estran.observations.scattered import scattered
from estran.observations.sources import documents
from estran.observations.store import Counts, columns
from estran.observations.units import converter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from estran.formats import Document, Format, Observed, Rows
    from estran.model import Thing
    from estran.observations.store import SeriesStore

__all__ = ["Batch", "IngestReport", "Storing", "explained", "ingest"]

_ROWS_AT_ONCE = 1_000_000
_NOTHING = "it is read, and holds no observations: no variable in it has a time and a place for each value"
# A reader's own mistakes on a strange file: it is named, the others are read.
_MISTAKES = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    OSError,
    EOFError,
    RuntimeError,
    csv.Error,
)


@dataclass(slots=True)
class IngestReport:
    """What became of observations. Everything counted here is on the disk.

    Attributes:
        files: that held observations.
        datastreams: that were not known before.
        rows: new, changed and unchanged observations.
        refused: what could not be read or stored, with file and reason.
    """

    files: int = 0
    datastreams: int = 0
    rows: Counts = field(default_factory=Counts)
    refused: list[Refusal] = field(default_factory=list)


def ingest(
    store: SeriesStore,
    paths: Iterable[Path],
    record_of: Callable[[Document, Format, str], str],
    done: Callable[[Document, Format, str], None],
    *,
    demand: bool,
    progress: Callable[[IngestReport], None] | None = None,
) -> IngestReport:
    """Store the observations of all files that hold some.

    Args:
        store: where they go.
        paths: files and folders.
        record_of: id of the record that describes a dataset of a document, "" where there is none; the dataset is
            named where the document describes several.
        done: called when all of a document is stored, with each of its records.
        demand: whether a file that holds none is refused rather than left alone.
        progress: told after each batch.
    """
    taking = Taking(store, record_of, done, demand, progress)
    report = taking.report
    for path, size in files(paths):
        if isinstance(size, Refusal):
            report.refused += [size] if demand else []
            continue
        try:
            for found in documents(path, size):
                if isinstance(found, Refusal):
                    report.refused += [found] if demand else []
                else:
                    taking.take(*found)
        except OSError as error:
            report.refused.append(Refusal(str(path), f"it could not be read ({error})"))
    return report


@dataclass(slots=True)
class Batch:
    """Datastreams of one dataset, by key, and rows of theirs; count is how many."""

    streams: dict[str, Datastream] = field(default_factory=dict[str, Datastream])
    rows: list[Rows] = field(default_factory=list["Rows"])
    count: int = 0


@dataclass(slots=True)
class Storing:
    """Batches on their way into the store, whatever they were read from.

    Attributes:
        store: where they go.
        report: what became of them.
        known: what was known of datastreams, by record and key; things: of things; asked: of which it was asked.
        entered: (what was said, number) of those that were noted, by record and key.
    """

    store: SeriesStore
    report: IngestReport = field(default_factory=IngestReport)
    known: dict[str, dict[str, Datastream]] = field(default_factory=dict[str, dict[str, Datastream]])
    things: dict[str, dict[str, Thing]] = field(default_factory=dict[str, dict[str, "Thing"]])
    asked: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    entered: dict[str, dict[str, tuple[Datastream, int]]] = field(
        default_factory=dict[str, dict[str, tuple[Datastream, int]]]
    )

    def put(self, record: str, batch: Batch, name: str) -> None:
        """Store a batch of the dataset of a record; what cannot be is refused under a name."""
        numbers = self._numbers(record, batch.streams)
        if not batch.rows:
            return
        import pyarrow as pa  # noqa: PLC0415 - heavy

        whole = scattered(numbers, batch.rows, latest_us())
        if whole is None:
            parts = [
                checked(numbers[rows.datastream], rows, self.report.refused, name) for rows in batch.rows
            ]
            whole = pa.concat_tables(parts)
        self.report.rows.add(self.store.put(whole))
        for rows in batch.rows:
            if rows.more is not None:
                self._say(numbers[rows.datastream], rows, rows.more)

    def _say(self, number: int, rows: Rows, more: Sequence[str | None]) -> None:
        """Say of observations that were stored what their rows have no room for."""
        held = self.store.read(
            [number], int(rows.time.min()), int(rows.time.max()) + 1, [*columns.KEY, "number"]
        )
        keys = zip(held["time"].to_pylist(), held["vertical"].to_pylist(), strict=True)
        known = dict(zip(keys, held["number"].to_pylist(), strict=True))
        levels = np.zeros(len(rows.time)) if rows.vertical is None else rows.vertical
        said: dict[int, str] = {}
        for time, level, words in zip(rows.time.tolist(), levels.tolist(), more, strict=True):
            if words is not None and (time, level) in known:
                said[known[time, level]] = words
        with self.store.sensing.changing() as changing:
            changing.say({number: said})

    def _numbers(self, record: str, streams: dict[str, Datastream]) -> dict[str, int]:
        """The numbers of datastreams; those of which something else is said than before are noted."""
        entered = self.entered.setdefault(record, {})
        fresh = [one for key, one in streams.items() if key not in entered or entered[key][0] != one]
        if fresh:
            numbers, new = self.store.enter(record, fresh)
            self.report.datastreams += new
            entered.update((one.key, (one, numbers[one.key])) for one in fresh)
        return {key: entered[key][1] for key in streams}

    def _recalled(self, record: str, batch: Batch) -> tuple[dict[str, Datastream], dict[str, Thing]]:
        """What is known of the datastreams of a batch, and of their things; each is asked for once."""
        known = self.known.setdefault(record, {})
        things, entered = self.things.setdefault(record, {}), self.entered.setdefault(record, {})
        asked = self.asked.setdefault(record, set())
        if wanted := batch.streams.keys() - asked:
            asked |= wanted
            stations = {batch.streams[key].thing.key for key in wanted} - things.keys()
            found = self.store.recalled(record, sorted(wanted), sorted(stations))
            things.update(found.things)
            for key, (one, number) in found.streams.items():
                known.setdefault(key, one)
                # What says nothing else than what is there need not be noted again.
                entered.setdefault(key, (one, number))
        return known, things

    def recall(self, record: str, batch: Batch) -> None:
        """Let datastreams of which only the names are told be what is known of them, and of their things."""
        known, things = self._recalled(record, batch)
        for key, one in batch.streams.items():
            told = known.get(key) or replace(one, thing=things.get(one.thing.key, one.thing))
            batch.streams[key] = known[key] = told

    def remember(self, record: str, batch: Batch) -> None:
        """Let what is known of datastreams and things stay where a batch says nothing of it; units are what comes."""
        known, things = self._recalled(record, batch)
        for key, one in batch.streams.items():
            before = known.get(key, one)
            thing = things.get(one.thing.key, one.thing)
            place = one.thing.longitude, one.thing.latitude
            if place[0] is not None and place != (thing.longitude, thing.latitude):
                thing = replace(thing, longitude=place[0], latitude=place[1])
            things[thing.key] = thing
            unit = one.variable.unit or before.variable.unit
            if thing != before.thing or unit != before.variable.unit:
                before = replace(before, thing=thing, variable=replace(before.variable, unit=unit))
            batch.streams[key] = before

    def bring_to_one_unit(self, record: str, batch: Batch, name: str) -> None:
        """Values that come in another unit than before are brought to that one; what cannot be is refused."""
        known, _ = self._recalled(record, batch)
        for key, one in list(batch.streams.items()):
            unit, wanted = one.variable.unit, known[key].variable.unit if key in known else ""
            if not unit or not wanted or unit == wanted:
                known[key] = one
                continue
            try:
                convert = converter(unit, wanted)
            except Invalid:
                why = f"“{key}” comes in “{unit}” and was in “{wanted}” before; neither can be brought to the other"
                self.report.refused.append(Refusal(name, why))
                batch.rows = [rows for rows in batch.rows if rows.datastream != key]
                del batch.streams[key]
                continue
            if convert is not None:
                batch.streams[key] = known[key] = replace(one, variable=replace(one.variable, unit=wanted))
                batch.rows = [
                    replace(rows, value=convert(rows.value))
                    if rows.datastream == key and rows.value is not None
                    else rows
                    for rows in batch.rows
                ]


@dataclass(slots=True)
class Taking:
    """Documents on their way into the store; the members are the arguments of `ingest`.

    Attributes:
        report: what became of those that were taken.
    """

    store: SeriesStore
    record_of: Callable[[Document, Format, str], str]
    done: Callable[[Document, Format, str], None]
    demand: bool
    progress: Callable[[IngestReport], None] | None
    storing: Storing = field(init=False)

    def __post_init__(self) -> None:
        self.storing = Storing(self.store)

    @property
    def report(self) -> IngestReport:
        return self.storing.report

    def take(self, document: Document, form: Format) -> None:
        """Store the observations of one document; what cannot be is refused with its reason."""
        if form.observe is None or (form.read is None and not self.demand):
            return
        before = len(self.report.refused)
        try:
            found = self._stored(document, form, form.observe(document))
        except Invalid as error:
            self.report.refused.append(Refusal(document.name, error.why))
        except _MISTAKES as error:
            self.report.refused.append(Refusal(document.name, _mistaken(error)))
        else:
            self.report.files += bool(found)
            if self.demand and not found and len(self.report.refused) == before:
                self.report.refused.append(Refusal(document.name, _NOTHING))

    def _stored(self, document: Document, form: Format, found: Iterator[Observed]) -> set[str]:
        """Ids of the records whose observations were stored."""
        records: dict[str, str] = {}
        for dataset, batch in _batches(found, self.report):
            if dataset not in records:
                records[dataset] = self.record_of(document, form, dataset)
            if records[dataset]:
                if form.names_only:
                    self.storing.recall(records[dataset], batch)
                else:
                    self.storing.bring_to_one_unit(records[dataset], batch, document.name)
                self.storing.put(records[dataset], batch, document.name)
                if self.progress:
                    self.progress(self.report)
        kept = {id_ for id_ in records.values() if id_}
        for record in sorted(kept):
            self.done(document, form, record)
        return kept


def explained(paths: Iterable[Path]) -> list[tuple[str, str]]:
    """(name, how it would be understood) of each file that holds observations."""
    told: list[tuple[str, str]] = []
    for path, size in files(paths):
        if isinstance(size, Refusal):
            told.append((str(path), size.why))
            continue
        for found in documents(path, size):
            if isinstance(found, Refusal):
                told.append((found.file, found.why))
                continue
            document, form = found
            try:
                words = form.explain(document) if form.explain else form.title
            except Invalid as error:
                words = error.why
            except _MISTAKES as error:
                words = _mistaken(error)
            told.append((document.name, words))
    return told


def _mistaken(error: Exception) -> str:
    """Why a file is refused on which a reader fails."""
    return f"its observations could not be understood ({type(error).__name__}: {error})"[:500]


def _batches(found: Iterator[Observed], report: IngestReport) -> Iterator[tuple[str, Batch]]:
    """Observations in batches, each of one dataset: the one that was named last, "" where none was."""
    # What a batch is given may be changed by who stores it; what the document said is not.
    streams: dict[str, Datastream] = {}
    batch, dataset = Batch(), ""
    for one in found:
        if isinstance(one, Refusal):
            report.refused.append(one)
        elif isinstance(one, Dataset):
            if batch.streams:
                yield dataset, batch
            streams, batch, dataset = {}, Batch(), one.identifier
        elif isinstance(one, Datastream):
            streams[one.key] = batch.streams[one.key] = one
        else:
            if one.datastream not in batch.streams:
                batch.streams[one.datastream] = streams[one.datastream]
            batch.rows.append(one)
            batch.count += len(one.time)
            if batch.count >= _ROWS_AT_ONCE:
                yield dataset, batch
                batch = Batch()
    if batch.streams:
        yield dataset, batch
