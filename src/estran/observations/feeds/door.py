"""The feeds of a node: set up, looked at, read; and what is pushed."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from estran import formats
from estran.access import OPERATOR
from estran.errors import EstranError, Invalid, NotAllowed, NotFound
from estran.formats import Document, Refusal
from estran.jobs.times import check_cron
from estran.observations.feeds import folders
from estran.observations.feeds.forgetting import forget
from estran.observations.feeds.options import checked, place, subject
from estran.observations.feeds.receiving import Receiving
from estran.observations.feeds.values import KINDS, Feed, FeedReport, Message, Refused
from estran.observations.ingest import Taking
from estran.observations.sources import documents, form_of
from estran.observations.store.feeds import FeedStore
from estran.observations.store.lease import Lease

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from estran.access import Actor
    from estran.catalogue import Catalogue
    from estran.formats import Format
    from estran.observations.feeds.values import Kind
    from estran.observations.ingest import IngestReport
    from estran.observations.remote import Remote
    from estran.observations.store import SeriesStore

__all__ = ["Feeds"]

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_HEAD_BYTES = 4096
_MOST_JSON_BYTES = 32 << 20
"""JSON is read as a whole, and takes ten times as much memory."""
_ALL_DAY_S = 86_400.0
_VISIBILITIES = ("public", "restricted", "draft")
_SCHEDULES = {"folder": "*/5 * * * *", "address": "7 * * * *"}
_SELF_READ = ("table", "json", "sensorthings")


class Feeds:
    """Where observations come from by themselves; all of it is the operator's, but for `push`.

    Args:
        store: where observations go.
        catalogue: where their records are.
        actor: who asks.
        load: takes in the observations of a file, as `Observations.load`.
        remote: other servers of observations.
    """

    def __init__(
        self, store: SeriesStore, catalogue: Catalogue, actor: Actor, load: Callable[..., IngestReport],
        remote: Callable[[], Remote],
    ) -> None:  # fmt: skip
        self._store, self._catalogue, self._actor = store, catalogue, actor
        self._load, self._remote = load, remote
        self._feeds = FeedStore(store.database)

    def add(
        self,
        name: str,
        kind: Kind,
        address: str = "",
        *,
        options: Mapping[str, str] | None = None,
        record: str = "",
        centre: str = "",
        visibility: str = "public",
        schedule: str | None = None,
    ) -> Feed:
        """Set up a feed; nothing is read of it yet.

        Args:
            name: a short word, which becomes the source of its records.
            kind: "folder", "address", "mqtt" or "push".
            address: the folder, the address of a server, or mqtt://host:port/topic.
            options: how what comes is understood; `estran.observations.feeds.options.OPTIONS` lists them.
            record: id of the record of the dataset that everything goes to; "" for one that is made of the feed.
            centre: of the record that is made, and whose editors may push.
            visibility: of the record that is made.
            schedule: when a folder or an address is looked at, as cron has it, in UTC; "" for never by itself, None for
                every five minutes and every hour.

        Raises:
            Invalid: a value does not fit.
            NotFound: there is no such record or centre.
            Conflict: there is a feed of that name.
        """
        self._operator()
        if not _NAME.fullmatch(name):
            raise Invalid("use small letters without accents, digits, dots and hyphens, 80 at most", "name")
        if kind not in KINDS:
            raise Invalid(f"choose among {', '.join(KINDS)}", "kind")
        if visibility not in _VISIBILITIES:
            raise Invalid(f"choose among {', '.join(_VISIBILITIES)}", "visibility")
        if record:
            centre = self._catalogue.show(record, self._actor).centre
        elif centre:
            self._catalogue.check_centre(centre)
        made = Feed(
            name=name, kind=kind, address=place(kind, address.strip()), options=checked(kind, options or {}),
            record=record, centre=centre, visibility=visibility, schedule=_due(kind, schedule),
        )  # fmt: skip
        self._feeds.add(made)
        return self._feeds.one(name)

    def list(self) -> tuple[Feed, ...]:
        """All feeds, by name."""
        self._operator()
        return self._feeds.all()

    def show(self, name: str) -> Feed:
        """One feed.

        Raises:
            NotFound: there is none of that name.
        """
        self._operator()
        return self._feeds.one(name)

    def remove(self, name: str, *, passwords: Mapping[str, str] | None = None, authorities: str = "") -> str:
        """Forget a feed; the observations that it brought stay.

        Args:
            name: of the feed.
            passwords: of feeds at their brokers, by name.
            authorities: file of the certificates that are trusted; "" for those of the machine.

        Returns:
            Why its broker could not be told to keep nothing more for it, "" where it was, or where there is none.

        Raises:
            NotFound: there is none of that name.
        """
        self._operator()
        feed = self._feeds.one(name)
        # Whoever hears it finds that it is gone when the broker lets go of the connection.
        self._feeds.remove(name)
        if feed.kind != "mqtt":
            return ""
        return forget(feed, password=(passwords or {}).get(name, ""), authorities=authorities)

    def refused(self, name: str, limit: int = 100) -> tuple[Refused, ...]:
        """What could not be stored, the newest first; the newest 10,000 are kept.

        Raises:
            NotFound: there is no such feed.
        """
        self._operator()
        return self._feeds.refused(name, limit)

    # Reading

    def run(self, name: str, seconds: float = _ALL_DAY_S) -> tuple[FeedReport, bool]:
        """Look at a folder or ask an address now.

        Args:
            name: of the feed.
            seconds: after which nothing else is begun.

        Returns:
            What became of what was there, and whether nothing is left to read now.

        Raises:
            NotFound: there is no such feed.
            Invalid: it is heard or pushed, and cannot be asked.
            Unavailable: the folder or the server is out of reach, or another process reads the feed.
        """
        self._operator()
        feed = self._feeds.one(name)
        if feed.kind not in ("folder", "address"):
            raise Invalid(
                "what is pushed comes by HTTP" if feed.kind == "push" else "“estran feeds listen” hears it",
                name,
            )
        with self.lease(name).held():
            try:
                if feed.kind == "address":
                    return self._ask(feed), True
                found, ended = folders.look(
                    feed,
                    Path(feed.address),
                    self._feeds,
                    lambda path: self._file(feed, path),
                    seconds=seconds,
                )
                if found is None:
                    self._feeds.note(name, FeedReport())
            except EstranError as error:
                self._feeds.fail(name, str(error)[:500])
                raise
        return found or FeedReport(), ended

    def lease(self, name: str, patience_s: float = 1.0) -> Lease:
        """The right to read a feed: one process at a time."""
        why = f"another process reads the feed “{name}”; try again when it is done"
        return Lease(self._store.database, patience_s, f"feed {name}", why)

    def receiving(self, name: str) -> Receiving:
        """What takes the messages of a feed."""
        self._operator()
        return Receiving(self._store, self._catalogue, self._feeds, self._feeds.one(name))

    def failed(self, name: str, why: str) -> None:
        """Note why a feed could not be read, or "" that it can."""
        self._feeds.fail(name, why[:500])

    def _file(self, feed: Feed, path: Path) -> FeedReport:
        """Store a file as `estran load --as observations` does; tables go to the dataset of the feed."""
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        form = form_of(head, str(path))
        is_named = feed.options.get("format", "")
        if is_named in ("json", "sensorthings"):
            return self._message(feed, path)
        if feed.record or (form is not None and form.read is None):
            found = self._table(feed, path)
        else:
            found = self._load(
                [path], source=feed.name, centre=feed.centre, visibility=feed.visibility, all_of_them=True
            )
        report = FeedReport(1, found.datastreams, found.rows, found.refused)
        refused = [Refused(place=one.file, why=one.why, line=one.line) for one in found.refused]
        self._feeds.note(feed.name, report, refused)
        return report

    def _message(self, feed: Feed, path: Path) -> FeedReport:
        if (size := path.stat().st_size) > _MOST_JSON_BYTES:
            return self._too_large(feed, path, size)
        receiving = Receiving(self._store, self._catalogue, self._feeds, feed)
        return receiving.take([Message(str(path), path.read_bytes())])

    def _too_large(self, feed: Feed, path: Path, size: int) -> FeedReport:
        why = (
            f"it has {size >> 20:,} MB, and a file of JSON is read up to {_MOST_JSON_BYTES >> 20} MB; write several, or a "
            "table as CSV, which may be as long as it likes"
        )
        report = FeedReport(1, refused=[Refusal(str(path), why)])
        self._feeds.note(feed.name, report, [Refused(place=str(path), why=why)])
        return report

    def _table(self, feed: Feed, path: Path) -> IngestReport:
        receiving = Receiving(self._store, self._catalogue, self._feeds, feed)
        record = receiving.record()
        taking = Taking(self._store, lambda *_: record, lambda *_: None, demand=True, progress=None)
        for one in documents(path, path.stat().st_size):
            if isinstance(one, Refusal):
                taking.report.refused.append(one)
            else:
                taking.take(*self._as_said(feed, *one))
        receiving.describe(record, is_more=taking.report.datastreams > 0)
        return taking.report

    def _as_said(self, feed: Feed, document: Document, form: Format) -> tuple[Document, Format]:
        """A document as the options of its feed have it."""
        station = subject(feed.options, document.name)
        return replace(document, subject=station) if station else document, form

    def _ask(self, feed: Feed) -> FeedReport:
        found = self._remote().copy(
            feed.address, source=feed.name, centre=feed.centre, visibility=feed.visibility
        )
        report = FeedReport(1, found.datastreams, found.rows, found.refused)
        self._feeds.note(
            feed.name, report, [Refused(place=one.file, why=one.why, line=one.line) for one in found.refused]
        )
        return report

    # What is pushed

    def may_push(self) -> None:
        """Refuse an actor who may write nowhere.

        Raises:
            NotAllowed: they are neither an editor nor the operator.
        """
        if self._actor.role not in ("editor", "operator"):
            raise NotAllowed("only editors and the node's operator may push observations")

    def push(self, name: str, message: Message) -> FeedReport:
        """Store what somebody sent to a feed of the kind "push"; the same again changes nothing.

        Args:
            name: of the feed.
            message: CSV, JSON or a file of observations.

        Raises:
            NotAllowed: the actor may write nowhere.
            NotFound: there is no such feed, or none that the actor may push to.
            Invalid: nothing of it could be stored.
        """
        self.may_push()
        hint = "Its name is one that “estran feeds list” shows, and you are an editor of its centre."
        feed = self._feeds.named(name)
        if feed is None or feed.kind != "push" or not self._actor.may_write(feed.centre):
            raise NotFound("feed", name, hint)
        report = self._pushed(feed, message)
        if report.refused and not report.rows.total:
            first = report.refused[0]
            more = f", and {len(report.refused) - 1:,} more" if len(report.refused) > 1 else ""
            raise Invalid(f"{first.why}{more}", f"line {first.line}" if first.line else "body")
        return report

    def _pushed(self, feed: Feed, message: Message) -> FeedReport:
        form = _file_format(message, feed.options.get("format", ""))
        if form is None:
            actor = OPERATOR if feed.record else self._actor
            return Receiving(self._store, self._catalogue, self._feeds, feed, actor).take([message])
        with tempfile.TemporaryDirectory(prefix="estran-push-") as folder:
            path = Path(folder) / f"{feed.name}{form.suffix}"
            path.write_bytes(message.body)
            return self._file(feed, path)

    def _operator(self) -> None:
        if not self._actor.is_operator:
            raise NotAllowed("only the node's operator may see its feeds and change them")


def _due(kind: Kind, schedule: str | None) -> str:
    if kind not in _SCHEDULES:
        if schedule:
            raise Invalid("what is pushed or heard comes by itself; leave the schedule out", "schedule")
        return ""
    return check_cron(schedule) if schedule else _SCHEDULES[kind] if schedule is None else ""


def _file_format(message: Message, said: str) -> Format | None:
    """The format of a file that was sent; None for what is read as a message."""
    if said:
        return None if said in _SELF_READ else formats.find(said)
    typed = [one for one in formats.every() if one.observe and message.media_type in one.media_types]
    form = form_of(message.body[:_HEAD_BYTES], f"{message.place}{typed[0].suffix if typed else ''}")
    return form if form is not None and form.name != "table" else None
