"""The observations that an actor may see."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from estran.access import OPERATOR
from estran.catalogue.prepare import decode
from estran.errors import NotAllowed, NotFound
from estran.model import EVER_US, NEVER_US, Box, instant_us, interval, moment_us
from estran.observations.describing import described
from estran.observations.feeds.door import Feeds
from estran.observations.ingest import Batch, IngestReport, Storing, explained, ingest
from estran.observations.overview import Overview
from estran.observations.quality import NEEDED, Judging
from estran.observations.quality.door import Quality
from estran.observations.quality.versions import best
from estran.observations.quality.versions import versions as versions_of
from estran.observations.reading import SHOWN, dataset
from estran.observations.remote import Remote
from estran.observations.sensing import Sensing
from estran.observations.store import MOST, Extent
from estran.observations.store.columns import KEY, NAMES, kept
from estran.observations.then import described_then, version_of
from estran.observations.wide import wide_table
from estran.storage.descriptions import RECORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    import xarray as xr

    from estran.access import Actor
    from estran.catalogue import Catalogue
    from estran.formats import Document, Format, Rows
    from estran.model import Datastream, Record
    from estran.observations.store import SeriesStore
    from estran.observations.store.registry import HeldDatastream
    from estran.observations.wide import WideTable

__all__ = ["Observations"]


class Observations:
    """Datastreams and their observations, as one actor sees them: those of the records that they see."""

    def __init__(
        self, store: SeriesStore, catalogue: Catalogue, actor: Actor, policy: Mapping[str, Any] | None = None
    ) -> None:
        self._store, self._catalogue, self._actor = store, catalogue, actor
        self._policy = policy or {}

    @property
    def overview(self) -> Overview:
        """The same as pages show it: curves, profiles, newest values, stations."""
        return Overview(self._store, self._sets)

    @property
    def sensing(self) -> Sensing:
        """The same as SensorThings has it: entities, what links them, and observations one by one."""
        return Sensing(self._store, self._catalogue, self._actor)

    @property
    def quality(self) -> Quality:
        """What experts say of observations, and what the machine tests."""
        return Quality(self._store, self._catalogue, self._actor, lambda some: self.datastreams(numbers=some))

    @property
    def remote(self) -> Remote:
        """Other servers of observations, to be copied."""
        return Remote(
            self._store, self._catalogue, self._actor, self._policy, lambda id_: self.datastreams(record=id_)
        )

    @property
    def feeds(self) -> Feeds:
        """Where observations come from by themselves: folders, servers, brokers, and what is pushed."""
        whole = Observations(self._store, self._catalogue, OPERATOR, self._policy)
        return Feeds(self._store, self._catalogue, self._actor, whole.load, lambda: whole.remote)

    def warm(self) -> None:
        """Make ready to be asked, where there are observations."""
        self._store.warm()

    def _sets(self) -> dict[str, int]:
        """Number of each dataset that the actor sees, by the id of its record."""
        sets = self._store.datasets()
        return {id_: sets[id_] for id_ in self._catalogue.visible(sets, self._actor)}

    def datastreams(
        self,
        name: str = "",
        *,
        record: str = "",
        bbox: Box | Sequence[float] | None = None,
        time: str = "",
        numbers: Sequence[int] = (),
    ) -> list[HeldDatastream]:
        """Datastreams, in the order of their numbers.

        Args:
            name: of the observed property: its CF standard name, its name in the data, or its URI; "" for all.
            record: id of the record of their dataset; "" for all.
            bbox: (west, south, east, north) in degrees, in which the thing stands; what moves is always found.
            time: a date, or two around a slash, in which there are observations.
            numbers: only these.

        Raises:
            Invalid: box or time does not fit.
        """
        sets = self._store.datasets()
        if record:
            sets = {id_: number for id_, number in sets.items() if id_ == record}
        seen = self._catalogue.visible(sets, self._actor)
        found = self._store.datastreams([sets[id_] for id_ in seen], name=name, numbers=numbers)
        box = Box.of(bbox)
        start, end = interval(time) if time else (EVER_US, NEVER_US)
        return [
            one
            for one in found
            if (
                not time
                or (one.first is not None and one.last is not None and one.first < end and one.last >= start)
            )
            and (box is None or _is_in(one, box))
        ]

    def read(
        self,
        what: str | int | Sequence[int],
        *,
        bbox: Box | Sequence[float] | None = None,
        time: str = "",
        record: str = "",
        flags: str = "qartod",
        keep: Sequence[int] = (),
        as_of: str = "",
        versions: Literal["best", "all"] = "best",
    ) -> xr.Dataset:
        """Observations of one property, or of some datastreams.

        Args:
            what: a property as for `datastreams`, or the number of a datastream, or several.
            bbox: as for `datastreams`; of what moves, only observations inside are given.
            time: a date, or two around a slash; observations from its start, before its end.
            record: as for `datastreams`.
            flags: the scheme in which the quality is told: "qartod", "argo", "seadatanet", "oceansites", or
                "producer" for the producer's own.
            keep: QARTOD's codes of the observations that are given: ``[1]`` for what is good, ``[1, 2]`` for what
                nobody evaluated too; nothing for all.
            as_of: an instant, for the observations as they were then; their dataset must keep its history
                since before it. Asked again, the same comes, whatever was corrected since.
            versions: where a series is there in real time and in delayed mode, the best that there is at each
                instant, or all of them. Datastreams that are named by their number are all given.

        Returns:
            A dataset as `estran.observations.reading.dataset` describes it: along ``obs`` the values, in the
            order of datastream, time and vertical.

        Raises:
            NotFound: there is no such datastream, or none that the actor may know of.
            Invalid: a part does not fit, or the datastreams are in units that cannot be brought to one.
            Conflict: a dataset does not keep its history, or not since so long.
        """
        numbers = () if isinstance(what, str) else (what,) if isinstance(what, int) else tuple(what)
        streams = self.datastreams(
            what if isinstance(what, str) else "", record=record, bbox=bbox, time=time, numbers=numbers
        )
        if not streams:
            raise NotFound("datastream", str(what), "“estran observations list” names those that there are.")
        start, end = interval(time) if time else (EVER_US, NEVER_US)
        version = self._version_of(as_of, streams)
        judging = Judging.of(streams, self._store.quality, version)
        rows = self._store.read([one.number for one in streams], start, end, SHOWN, version)
        series = versions_of(streams) if versions == "best" and not numbers else []
        rows = judging.told(kept(rows, best(rows, series)), keep)
        found = dataset(streams, rows, judging.scheme(flags), made_at=version)
        if series:
            found.attrs["comment"] = (
                f"of {len(series)} series that are there in several versions, the best that there is at each instant"
            )
        box = Box.of(bbox)
        if box is None or found["longitude"].dims != ("obs",):
            return found
        return found.isel(obs=_inside(found, box)).drop_vars("row_size")

    def datasets(self) -> list[str]:
        """Ids of the records that have datastreams, in their order."""
        return sorted(self._catalogue.visible(self._store.datasets(), self._actor))

    def table(self, record: str, numbers: Sequence[int] = (), *, as_of: str = "") -> WideTable:
        """The observations of a dataset as rows of all its variables.

        Args:
            record: of the dataset.
            numbers: only these of its datastreams.
            as_of: as for `read`.

        Raises:
            NotFound: there is no such dataset, or none that the actor may know of.
            Conflict: as for `read`.
        """
        streams = self.datastreams(record=record, numbers=numbers)
        if not streams:
            raise NotFound(
                "dataset of observations", record, "“estran observations list” names those that there are."
            )
        version = self._version_of(as_of, streams)
        if version is None:
            return wide_table(record, streams, self._wide)
        then = {one.datastream: one for one in self._store.extents(streams, version)}
        streams = [
            replace(one, count=held.count, first=held.first, last=held.last)
            for one in described_then(self._store, streams, version)
            if (held := then.get(one.number))
        ]
        return wide_table(record, streams, partial(self._wide, as_of=as_of))

    def description(self, record: Record, as_of: str) -> Record:
        """The record of a dataset as it was at an instant; what it was before its history was kept is not known.

        Args:
            record: as it is now.
            as_of: as for `read`; "" for now.

        Raises:
            Invalid: it is no instant.
        """
        if not as_of:
            return record
        former = self._store.described_then(record.id, instant_us(as_of, "as_of")).get(RECORD)
        if former is None:
            return record
        kept = {name: getattr(record, name) for name in ("id", "centre", "source", "visibility", "added")}
        return replace(decode(former.document), updated=moment_us(former.updated or 0), **kept)

    def tables(self, most: int) -> Iterator[WideTable]:
        """The tables of so many datasets at most, in the order of their records."""
        sets = sorted(self._catalogue.visible(self._store.datasets(), self._actor))[:most]
        numbers = self._store.datasets()
        streams: dict[str, list[HeldDatastream]] = {}
        for one in self._store.datastreams([numbers[id_] for id_ in sets]):
            streams.setdefault(one.record, []).append(one)
        return (wide_table(id_, streams[id_], self._wide) for id_ in sets if id_ in streams)

    def _wide(
        self,
        streams: Sequence[HeldDatastream],
        start: int,
        end: int,
        names: Sequence[str],
        as_of: str = "",
    ) -> Iterator[pa.Table]:
        return self.batches(streams, start=start, end=end, names=names, as_of=as_of)

    def batches(
        self,
        streams: Sequence[HeldDatastream],
        *,
        time: str = "",
        start: int = EVER_US,
        end: int = NEVER_US,
        names: Sequence[str] = (*NAMES, "quality"),
        keep: Sequence[int] = (),
        most: int = MOST,
        as_of: str = "",
    ) -> Iterator[pa.Table]:
        """The observations of datastreams that this door gave, in portions; memory stays flat however many there are.

        Args:
            streams: in the order in which they are wanted.
            time: as for `read`.
            start: the same in microseconds since 1970 UTC; both hold where both are given.
            end: just after the last.
            names: the columns of `estran.observations.store.columns.schema` that are wanted, and ``quality``,
                QARTOD's code in int8; those of the key come always.
            keep: as for `read`.
            most: rows of a portion.
            as_of: as for `read`.

        Yields:
            Rows in the order of the streams, of time and vertical. Each portion is of one moment; what is written
            meanwhile may be in a later one.

        Raises:
            Invalid: the time does not fit.
            Conflict: as for `read`.
        """
        version = self._version_of(as_of, streams)
        if time:
            first, after = interval(time)
            start, end = max(start, first), min(end, after)
        extents = [
            Extent(one.datastream, one.count, max(start, one.first), min(end - 1, one.last))
            for one in self._store.extents(streams, version)
            if one.first < end and one.last >= start
        ]
        wanted = [*KEY, *(name for name in NAMES if name in names and name not in KEY)]
        if "quality" not in names and not keep:
            return self._store.batches(extents, wanted, most, version)
        needed = [*wanted, *(n for n in NEEDED if n not in wanted)]
        found = self._store.batches(extents, needed, most, version)
        shown = [*wanted, "quality"] if "quality" in names else wanted
        return Judging.of(streams, self._store.quality, version).portions(found, shown, keep)

    def version(self) -> int:
        """Number of the newest write: what was made of observations is made anew when it grows."""
        return self._store.version()

    def moment(self) -> str:
        """The newest instant that can be given as ``as_of``: nothing that was written until then is under way."""
        return moment_us(self._store.settled())

    def keep_history(self, record: str) -> str:
        """Keep from now on what the observations of a dataset said before they were corrected.

        Returns:
            The instant since which it is kept.

        Raises:
            NotAllowed: the actor is not the operator.
            NotFound: the record has no observations.
        """
        self._operator()
        since = self._store.keep_history(record)
        if since is None:
            raise NotFound("dataset", record, "“estran observations list” names those that there are.")
        return moment_us(since)

    def history(self, record: str) -> str:
        """The instant since which a dataset keeps what its observations said before, "" where it does not.

        Raises:
            NotFound: there is no such dataset, or none that the actor may know of.
        """
        streams = self.datastreams(record=record)
        if not streams:
            raise NotFound("dataset of observations", record)
        since = self._store.history([streams[0].number])
        return moment_us(since[streams[0].number]) if since else ""

    def _version_of(self, as_of: str, streams: Sequence[HeldDatastream]) -> int | None:
        """The version that an instant means for some datastreams."""
        return version_of(self._store, as_of, {one.number: one.record for one in streams})

    def load(
        self,
        paths: Iterable[Path],
        *,
        source: str = "local",
        centre: str = "",
        visibility: str = "",
        all_of_them: bool = False,
        progress: Callable[[IngestReport], None] | None = None,
    ) -> IngestReport:
        """Take in the observations of files.

        Args:
            paths: files and folders.
            source: as for `Node.load`, and so are centre and visibility.
            centre: of the records that are made.
            visibility: of the records that are made.
            all_of_them: whether every file is meant to hold observations: then tables are read as well, a record is
                made for what has none, and what holds no observations is refused. Else only files count whose
                record is in the catalogue.
            progress: told after each batch.

        Raises:
            NotAllowed: the actor is not the operator.
        """
        self._operator()
        keep = partial(
            self._catalogue.keep, actor=self._actor, source=source, centre=centre, visibility=visibility
        )

        loaded: set[Path] = set()

        def record_of(document: Document, form: Format, dataset: str) -> str:
            if form.read is None:
                return keep(described(document.name, ()), document) if all_of_them else ""
            held_in = document.path or document.container
            if all_of_them and held_in is not None and held_in not in loaded:
                loaded.add(held_in)
                self._catalogue.load(
                    [held_in], self._actor, source=source, centre=centre, visibility=visibility, progress=None
                )
            id_ = (
                self._catalogue.id_named(source, dataset)
                if dataset
                else self._catalogue.id_of(document, source)
            )
            return id_ if id_ and self._catalogue.visible([id_], self._actor) else ""

        def done(document: Document, form: Format, record: str) -> None:
            if form.read is None:
                keep(described(document.name, self.datastreams(record=record)), document)

        return ingest(self._store, paths, record_of, done, demand=all_of_them, progress=progress)

    def put(self, record: str, streams: Sequence[Datastream], rows: Iterable[Rows]) -> IngestReport:
        """Store observations that a program has at hand; values that come again under the same key replace each other.

        Args:
            record: of their dataset.
            streams: what they are of.
            rows: some of any of these.

        Raises:
            NotAllowed: the actor is not the operator.
            NotFound: there is no such record.
        """
        self._operator()
        self._catalogue.show(record, self._actor)
        storing = Storing(self._store)
        storing.put(record, Batch({one.key: one for one in streams}, list(rows)), record)
        return storing.report

    def explained(self, paths: Iterable[Path]) -> list[tuple[str, str]]:
        """(name, how it would be understood) of each file that holds observations; nothing is stored."""
        return explained(paths)

    def settle(self) -> int:
        """Move what the database holds of observations into files; gives how many rows it held.

        Raises:
            NotAllowed: the actor is not the operator.
            Unavailable: another process does it.
        """
        self._operator()
        return self._store.settle()

    def waits(self, most: int) -> bool:
        """Whether the database holds more than so many rows that may move into files."""
        return self._store.holds_more_than(most)

    def _operator(self) -> None:
        if not self._actor.is_operator:
            raise NotAllowed("only the node's operator may load observations and move them")


def _is_in(one: HeldDatastream, box: Box) -> bool:
    thing = one.described.thing
    if thing.longitude is None or thing.latitude is None:
        return True
    return any(
        part.west <= thing.longitude <= part.east and part.south <= thing.latitude <= part.north
        for part in box.parts()
    )


def _inside(found: xr.Dataset, box: Box) -> list[int]:
    x, y = found["longitude"].values, found["latitude"].values
    inside = x != x  # noqa: PLR0124 - nowhere
    for part in box.parts():
        inside |= (x >= part.west) & (x <= part.east) & (y >= part.south) & (y <= part.north)
    return inside.nonzero()[0].tolist()
