"""Another server's observations on their way into the store, with bookmarks behind what is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from estran.errors import Invalid, Unavailable
from estran.formats import Refusal, Rows
from estran.model import EVER_US, Datastream
from estran.observations.ingest import Batch, IngestReport, Storing
from estran.observations.remote import sensorthings, tabledap
from estran.observations.remote.asking import Server, bare
from estran.observations.remote.values import Home, Mark, Total, Visit
from estran.observations.store.copied import Bookmark
from estran.observations.store.places import Placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from estran.fetching import Fetcher
    from estran.model import Record
    from estran.observations.remote.values import Event
    from estran.observations.store import SeriesStore

__all__ = ["Copying", "copied", "explained"]

_ROWS_AT_ONCE = 250_000
_MARKS_AT_ONCE = 2_000
_SECONDS_AT_ONCE = 30.0
_MOST_TOLD = 60
_GOES_ON = "what came until then is stored, and the same command goes on there"
_UNKNOWN = (
    "there is neither a SensorThings service nor ERDDAP here; give its root, such as https://example.org/sta/v1.1, or "
    "a table, such as https://example.org/erddap/tabledap/DATASET"
)


@dataclass(slots=True)
class Copying(IngestReport):
    """What became of a server's observations so far.

    Attributes:
        series: how many of the server's were looked at; announced: how many it says that there are, 0 if it does not.
        homes: the records whose datasets they are in, by id, as the server describes them.
    """

    series: int = 0
    announced: int = 0
    homes: dict[str, Record] = field(default_factory=dict[str, "Record"])


def copied(
    store: SeriesStore,
    fetcher: Fetcher,
    address: str,
    keep: Callable[[Record], str],
    *,
    look_back_us: int,
    since_us: int = EVER_US,
    progress: Callable[[Copying], None] | None = None,
) -> Copying:
    """Take in what a server has, or what it has that is new.

    Args:
        store: where observations go.
        fetcher: the way out.
        address: of the server; a name and a password in it are used, and never stored.
        keep: stores the record of a dataset; gives its id.
        look_back_us: so far before what was taken is asked for again.
        since_us: nothing before it is taken.
        progress: told after each portion.

    Raises:
        Invalid: there is no server that could be read.
        NotAllowed: it may not be reached, or does not want to be asked.
        Unavailable: it is out of reach; what was taken until then is stored, and the next visit goes on there.
    """
    server, read = _reader(Server(fetcher, address))
    held = store.copied.bookmarks(server.name)
    visit = Visit(server=server, bookmarks=held, look_back_us=look_back_us, since_us=since_us)
    taking = _Taking(store, server.name, keep, progress)
    try:
        for event in read(visit):
            taking.take(event)
    except Unavailable as error:
        taking.flush()
        if not taking.report.series:
            raise
        raise Unavailable(f"{error}; {_GOES_ON}", error.retry_after_s) from error
    finally:
        # What was given before it broke off is not asked for again.
        taking.flush()
    return taking.report


def explained(fetcher: Fetcher, address: str) -> str:
    """What would be taken of a server, for people; nothing is stored.

    Raises:
        Invalid: as `copied`, and so are the others.
    """
    server, read = _reader(Server(fetcher, address))
    homes: dict[str, Record] = {}
    streams: list[Datastream] = []
    lines: list[str] = []
    for event in read(Visit(server=server, look_only=True)):
        match event:
            case Home():
                homes[event.record.identifier] = event.record
            case Datastream():
                streams.append(event)
            case Total() if event.words:
                lines.append(event.words)
            case Refusal():
                lines.append(f"refused: {event.file}: {event.why}")
            case _:
                pass
    many = f"{len(streams):,} datastreams in {len(homes):,} dataset{'s' * (len(homes) != 1)}"
    told = [f"{server.name}: {many}", *lines]
    told += [f"  {str(record.title)[:70]}" for record in list(homes.values())[:_MOST_TOLD]]
    for one in streams[:_MOST_TOLD]:
        unit = f" in {one.variable.unit}" if one.variable.unit else ""
        thing = str(one.thing.name) or one.thing.key
        told.append(f"  {one.key:30} {one.variable.standard_name or one.variable.name}{unit} at {thing}")
    if len(streams) > _MOST_TOLD:
        told.append(f"  and {len(streams) - _MOST_TOLD:,} more")
    return "\n".join(told)


def _reader(server: Server) -> tuple[Server, Callable[[Visit], Iterator[Event]]]:
    """The root of the service at an address, and what reads it.

    Raises:
        Invalid: there is none.
    """
    tables = tabledap.root_of(server)
    if tables is not None:
        return tables.server, lambda visit: tabledap.events(visit, tables.dataset)
    found = sensorthings.root_of(server)
    if found is not None:
        root, sets = found
        return root, lambda visit: sensorthings.events(visit, sets)
    raise Invalid(_UNKNOWN, bare(server.root))


@dataclass(slots=True)
class _Taking:
    """Events on their way into the store; marks count when all before them is there."""

    store: SeriesStore
    source: str
    keep: Callable[[Record], str]
    progress: Callable[[Copying], None] | None
    report: Copying = field(default_factory=Copying)
    storing: Storing = field(init=False)
    records: dict[str, str] = field(default_factory=dict[str, str])
    batches: dict[str, Batch] = field(default_factory=dict[str, Batch])
    streams: dict[str, Datastream] = field(default_factory=dict[str, Datastream])
    marks: list[Bookmark] = field(default_factory=list[Bookmark])
    placed: dict[str, list[Placed]] = field(default_factory=dict[str, list[Placed]])
    seen: set[str] = field(default_factory=set[str])
    rows: int = 0
    home: str = ""
    due: float = field(default_factory=lambda: monotonic() + _SECONDS_AT_ONCE)

    def __post_init__(self) -> None:
        self.storing = Storing(self.store, self.report)

    def take(self, event: Event) -> None:
        """Know of one event; so many rows at once are stored."""
        match event:
            case Total():
                self.report.announced += event.number
            case Home():
                self._enter(event.record)
            case Datastream():
                self.streams[event.key] = self._batch().streams[event.key] = event
            case Rows():
                self._add(event)
            case Refusal():
                self.report.refused.append(event)
            case Mark():
                self._mark(event)
            case Placed():
                self.placed.setdefault(self.home, []).append(event)
        if self._is_time(event):
            self.flush()

    def _is_time(self, event: Event) -> bool:
        """Whether to store what was given: best behind a mark, so that the mark counts with what is before it."""
        if not isinstance(event, Mark):
            return self.rows >= 4 * _ROWS_AT_ONCE
        is_much = self.rows >= _ROWS_AT_ONCE or len(self.marks) >= _MARKS_AT_ONCE
        return is_much or monotonic() > self.due

    def _enter(self, record: Record) -> None:
        if record.identifier not in self.records:
            self.records[record.identifier] = self.keep(record)
            self.report.homes[self.records[record.identifier]] = record
        self.home, self.streams = self.records[record.identifier], {}

    def _batch(self) -> Batch:
        return self.batches.setdefault(self.home, Batch())

    def _add(self, rows: Rows) -> None:
        batch = self._batch()
        batch.streams.setdefault(rows.datastream, self.streams[rows.datastream])
        batch.rows.append(rows)
        batch.count += len(rows.time)
        self.rows += len(rows.time)

    def _mark(self, mark: Mark) -> None:
        if mark.series not in self.seen:
            self.seen.add(mark.series)
            self.report.series += 1
        self.marks.append(Bookmark(mark.series, self.home, mark.datastream, mark.newest, mark.result_time))

    def flush(self) -> None:
        """Store what was given, and then note up to where that is."""
        batches, self.batches, self.rows = self.batches, {}, 0
        marks, self.marks = self.marks, []
        self.due = monotonic() + _SECONDS_AT_ONCE
        for record, batch in batches.items():
            self.storing.bring_to_one_unit(record, batch, self.source)
            self.storing.put(record, batch, self.source)
        placed, self.placed = self.placed, {}
        for record, places in placed.items():
            self.store.copied.settle(record, places)
        self.store.copied.note(self.source, marks)
        self.report.files = 1
        if self.progress:
            self.progress(self.report)
