"""What came by a feed on its way into the store: all that can be stored is, the rest is kept with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from estran.access import OPERATOR
from estran.errors import Conflict, EstranError, Invalid, NotAllowed, NotFound
from estran.formats import Datastream, Document, Refusal, Rows
from estran.model import now_us
from estran.observations.describing import described
from estran.observations.feeds.reading import Reader, Sensed
from estran.observations.feeds.values import FeedReport, Refused
from estran.observations.ingest import Batch, Storing
from estran.observations.sensing import Sensing
from estran.observations.store.matching import Counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from estran.access import Actor
    from estran.catalogue import Catalogue
    from estran.formats import Observed
    from estran.observations.feeds.values import Feed, Message
    from estran.observations.making import Making
    from estran.observations.store import SeriesStore
    from estran.observations.store.feeds import FeedStore

__all__ = ["Receiving"]

_DESCRIBED_EVERY_US = 3_600_000_000
_KEPT_BYTES = 2_000
# What one message does to others that come with it: then each is tried alone.
_FAULTS = (Invalid, NotFound, NotAllowed, Conflict, ValueError, TypeError, LookupError, ArithmeticError)


@dataclass(slots=True)
class Receiving:
    """Takes messages of one feed.

    Args:
        store: where observations go.
        catalogue: where their record is.
        feeds: where it is noted what came.
        feed: the feed.
        actor: as whom Observations of SensorThings are written.
    """

    store: SeriesStore
    catalogue: Catalogue
    feeds: FeedStore
    feed: Feed
    actor: Actor = OPERATOR
    reader: Reader = field(init=False)
    storing: Storing = field(init=False)

    def __post_init__(self) -> None:
        self.reader, self.storing = Reader(self.feed), Storing(self.store)

    def take(self, messages: Sequence[Message]) -> FeedReport:
        """Store messages in the order in which they came; when this returns, all is on the disk.

        Raises:
            Unavailable: the database or the files are out of reach; the messages are to be taken again.
        """
        is_any_known = bool(self.storing.entered)
        try:
            report, refused = self._taken(messages)
        except _FAULTS as error:
            # What was noted of datastreams may not be so any more.
            self.storing = Storing(self.store)
            if len(messages) > 1 or is_any_known:
                report = FeedReport()
                for message in messages:
                    report.add(self.take([message]))
                return report
            place = messages[0].place
            refused = [_refused(messages[0], Refusal(place, _words(error, place)))]
            report = FeedReport(messages=1)
        report.refused = [Refusal(one.place, one.why, one.line) for one in refused]
        self.feeds.note(self.feed.name, report, refused)
        return report

    def _taken(self, messages: Sequence[Message]) -> tuple[FeedReport, list[Refused]]:
        report, refused = FeedReport(messages=len(messages)), list[Refused]()
        observed: list[Observed] = []
        sensed: list[tuple[Message, Sensed]] = []
        for message in messages:
            try:
                found = self.reader.read(message)
            except _FAULTS as error:
                refused.append(_refused(message, Refusal(message.place, _words(error, message.place))))
                continue
            if not found:
                refused.append(_refused(message, Refusal(message.place, "there is no value in it")))
            for one in found:
                if isinstance(one, Refusal):
                    refused.append(_refused(message, one))
                elif isinstance(one, Sensed):
                    sensed.append((message, one))
                else:
                    observed.append(one)
        if observed:
            self._store(observed, report, refused)
        if sensed:
            self._sense(sensed, report, refused)
        return report, refused

    # Rows of tables

    def _store(self, observed: Iterable[Observed], report: FeedReport, refused: list[Refused]) -> None:
        record, storing = self.record(), self.storing
        before, known = len(storing.report.refused), storing.report.datastreams
        storing.report.rows = Counts()
        for batch in _batches(observed):
            storing.remember(record, batch)
            storing.bring_to_one_unit(record, batch, self.feed.name)
            storing.put(record, batch, self.feed.name)
        report.rows.add(storing.report.rows)
        report.datastreams += storing.report.datastreams - known
        refused += [
            Refused(place=one.file, why=one.why, line=one.line) for one in storing.report.refused[before:]
        ]
        del storing.report.refused[before:]
        self.describe(record, is_more=storing.report.datastreams > known)

    def record(self) -> str:
        """The record of the dataset that rows go to, made where there is none.

        Raises:
            NotFound: the record that the feed names is not there.
        """
        if self.feed.record:
            if not self.catalogue.visible([self.feed.record], OPERATOR):
                raise NotFound("record", self.feed.record, "Remove the feed and add it with another record.")
            return self.feed.record
        held = self.catalogue.id_named(self.feed.name, self.feed.name)
        return held if held and self.catalogue.visible([held], OPERATOR) else self._made("")

    def describe(self, record: str, *, is_more: bool) -> None:
        """Let the record that was made of the feed say what its datastreams are: of new ones, and now and then."""
        if self.feed.record:
            return
        last = self.feeds.described(self.feed.name) or 0
        if is_more or now_us() > last + _DESCRIBED_EVERY_US:
            self._made(record)

    def _made(self, record: str) -> str:
        sets = self.store.datasets()
        streams = self.store.datastreams([sets[record]]) if record in sets else []
        feed = self.feed
        made = self.catalogue.keep(
            described(feed.name, streams), Document(feed.name), OPERATOR, source=feed.name, centre=feed.centre,
            visibility=feed.visibility,
        )  # fmt: skip
        self.feeds.describe(feed.name)
        return made

    # Observations of SensorThings

    def _sense(
        self, sensed: Sequence[tuple[Message, Sensed]], report: FeedReport, refused: list[Refused]
    ) -> None:
        streams: dict[int, list[tuple[Message, Sensed]]] = {}
        for message, one in sensed:
            streams.setdefault(one.datastream, []).append((message, one))
        away = self._elsewhere(streams) if self.feed.record else set[int]()

        def write(making: Making) -> tuple[list[Refused], Counts]:
            wrong: list[Refused] = []
            good: list[tuple[int, list[tuple[Message, Sensed]]]] = []
            not_there = f"is not of the record “{self.feed.record}”, to which this feed goes"
            wrongly = making.refused([number for number in streams if number not in away])
            for number, ones in streams.items():
                if number not in away and number not in wrongly:
                    good.append((number, ones))
                    continue
                why = _words(wrongly[number]) if number in wrongly else f"Datastream {number} {not_there}"
                wrong += [_refused(message, Refusal(message.place, why)) for message, _ in ones]
            made = making.many(
                [
                    (number, [one.own for _, one in ones], [one.inside for _, one in ones])
                    for number, ones in good
                ]
            )
            for (_, ones), outcomes in zip(good, made, strict=True):
                wrong += [
                    _refused(message, Refusal(message.place, _words(outcome)))
                    for (message, _), outcome in zip(ones, outcomes, strict=True)
                    if isinstance(outcome, Invalid)
                ]
            return wrong, making.counts

        wrong, counts = Sensing(self.store, self.catalogue, self.actor).change(write)
        refused += wrong
        report.rows.add(counts)

    def _elsewhere(self, numbers: Iterable[int]) -> set[int]:
        """Which datastreams are not of the feed's record."""
        sets = self.store.datasets()
        held = (
            self.store.datastreams([sets[self.feed.record]], numbers=list(numbers))
            if self.feed.record in sets
            else []
        )
        return set(numbers) - {one.number for one in held}


def _batches(observed: Iterable[Observed]) -> Iterable[Batch]:
    """Batches in which each datastream is one thing: two messages may give it in different units."""
    batch, told = Batch(), dict[str, Datastream]()
    for one in observed:
        if isinstance(one, Datastream):
            if batch.streams.get(one.key, one) != one:
                yield batch
                batch = Batch()
            told[one.key] = batch.streams[one.key] = one
        elif isinstance(one, Rows):
            batch.streams[one.datastream] = told[one.datastream]
            batch.rows.append(one)
            batch.count += len(one.time)
    if batch.rows:
        yield batch


def _refused(message: Message, one: Refusal) -> Refused:
    return Refused(place=message.place, why=one.why, line=one.line, body=message.body[:_KEPT_BYTES])


def _words(error: Exception, place: str = "") -> str:
    """Why something was refused; its place stands beside it already."""
    if isinstance(error, Invalid) and error.where == place:
        return error.why[:500]
    if isinstance(error, EstranError):
        return str(error)[:500]
    return f"it could not be understood ({type(error).__name__}: {error})"[:500]
