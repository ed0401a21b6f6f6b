"""A node: one installation of Estran, opened from its folder. The one place that knows every room."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from estran import formats, opening, settings
from estran.access import OPERATOR, Actor, Organisations, Tokens
from estran.catalogue import FACETS, Catalogue, Change, LoadReport, OriginalDocument, Progress, Query, Results
from estran.catalogue.store.moving import Migration, Step, move
from estran.doctor import Check, checks
from estran.errors import Invalid, NotAllowed
from estran.formats import Links, Written
from estran.jobs import Jobs
from estran.model import Box, Record, interval
from estran.storage import Database, check_url, has_secret, prepare
from estran.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from estran.catalogue.concepts import Concepts
    from estran.catalogue.harvest.door import Harvest
    from estran.catalogue.items import Items
    from estran.catalogue.items.collections import Collections
    from estran.catalogue.members import Merged
    from estran.catalogue.probing.door import LinkChecks
    from estran.catalogue.saved_views import Views
    from estran.catalogue.sparql import Sparql
    from estran.catalogue.updates import Updates
    from estran.jobs import Work
    from estran.observations import Observations, SeriesStore
    from estran.orders import Orders


@dataclass(frozen=True, slots=True, kw_only=True)
class _House:
    """What all actors on one node share."""

    folder: Path
    settings: settings.Settings
    database: Database
    organisations: Organisations
    readable: Organisations
    tokens: Tokens
    catalogue: Catalogue
    jobs: Jobs
    # Made when somebody asks for observations: what they need is heavy.
    series: Callable[[], SeriesStore]


class Node:
    """A node as one actor sees it."""

    def __init__(self, house: _House, actor: Actor) -> None:
        self._house, self._actor = house, actor

    @classmethod
    def open(cls, path: str | PathLike[str] = "estran-node", **given: Any) -> Node:
        """The node of a folder, created if absent, acting as its operator.

        Args:
            path: the folder.
            **given: settings that win over the file and the environment.

        Raises:
            Invalid: a setting does not fit, or the path is a file.
            Conflict: the node was written by a newer Estran.
        """
        folder = Path(fspath(path)).expanduser()
        if folder.exists() and not folder.is_dir():
            raise Invalid("a node is a folder, and this is a file", str(folder))
        folder.mkdir(parents=True, exist_ok=True)
        held = settings.read(folder, **given)
        database = Database(opening.absolute(held.storage.database, folder))
        prepare(database)
        secret = opening.secret(database)
        organisations = Organisations(database)
        opening.found(folder / settings.FILE, organisations)
        house = _House(
            folder=folder,
            settings=held,
            database=database,
            organisations=organisations,
            readable=Organisations(database, writable=False),
            tokens=Tokens(database),
            catalogue=Catalogue(database, organisations, secret, held.centre),
            jobs=Jobs(database.url, lambda: _works(Node(house, OPERATOR))),
            series=opening.series(database, folder, held.storage.observations),
        )
        return cls(house, OPERATOR)

    def acting_as(self, actor: Actor) -> Node:
        """The same node, seeing and doing only what `actor` may."""
        return Node(self._house, actor)

    def close(self) -> None:
        """Give the database's connections back."""
        self._house.jobs.close()
        self._house.catalogue.sparql.close()
        self._house.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Node “{self.settings.name}” in {self.folder} as {self._actor.name}>"

    @property
    def folder(self) -> Path:
        """Where the node lives."""
        return self._house.folder

    @property
    def settings(self) -> settings.Settings:
        """The node's settings, as they were when it was opened."""
        return self._house.settings

    @property
    def actor(self) -> Actor:
        """On whose behalf every verb acts."""
        return self._actor

    @property
    def links(self) -> Links:
        """Addresses of this node's records."""
        return Links(self.settings.url or "http://localhost:8321", self.settings.name)

    @property
    def organisations(self) -> Organisations:
        """The registry of hubs, centres and the others; only the operator may change it."""
        return self._house.organisations if self._actor.is_operator else self._house.readable

    @property
    def tokens(self) -> Tokens:
        """The node's tokens.

        Raises:
            NotAllowed: the actor is not the operator.
        """
        if not self._actor.is_operator:
            raise NotAllowed("only the node's operator may see its tokens")
        return self._house.tokens

    @property
    def vocabulary(self) -> Vocabulary:
        """The node's vocabularies; only the operator may change them."""
        return Vocabulary(self._house.database, writable=self._actor.is_operator)

    @property
    def concepts(self) -> Concepts:
        """Which records use the concepts of the vocabularies, deprecated ones too."""
        return self._house.catalogue.concepts(self._actor)

    @property
    def sparql(self) -> Sparql:
        """Questions in SPARQL to all vocabularies."""
        return self._house.catalogue.sparql

    @property
    def items(self) -> Items:
        """The items (granules) that the actor may see, and their collections."""
        return self._house.catalogue.items(self._actor)

    @property
    def collections(self) -> Collections:
        """The collections of items that the actor may see, to search and to write."""
        return self._house.catalogue.collections(self._actor)

    @property
    def observations(self) -> Observations:
        """The datastreams that the actor may see, and their observations."""
        from estran.observations import Observations  # noqa: PLC0415 - heavy

        return Observations(
            self._house.series(), self._house.catalogue, self._actor, self.settings.fetching()
        )

    @property
    def orders(self) -> Orders:
        """Deliveries of data that are too large for one answer: `estran work` makes them ready."""
        from estran.orders import Orders  # noqa: PLC0415 - heavy

        held = self.settings
        return Orders(
            self.observations, self.show, self._house.jobs, self.folder.resolve() / held.orders.folder,
            actor=self._actor, days=held.orders.days, email=held.email, ask=held.orders.ask,
        )  # fmt: skip

    @property
    def updates(self) -> Updates:
        """What became of the records that the actor may see, for those who keep a copy of them."""
        return self._house.catalogue.updates(self._actor)

    @property
    def harvest(self) -> Harvest:
        """The catalogues of others that this node reads.

        Raises:
            NotAllowed: the actor is not the operator.
        """
        return self._house.catalogue.harvest(self._actor, self.settings.fetching())

    @property
    def link_checks(self) -> LinkChecks:
        """Where records lead, and whether that works; only the operator may have it checked."""
        return self._house.catalogue.link_checks(self._actor, self.settings.checking())

    @property
    def views(self) -> Views:
        """Searches that projects keep under a name; editors write those of their centre."""
        return self._house.catalogue.views(self._actor)

    @property
    def jobs(self) -> Jobs:
        """Work that outlives the process that asks for it: `estran work` does it.

        Raises:
            NotAllowed: the actor is not the operator.
        """
        if not self._actor.is_operator:
            raise NotAllowed("only the node's operator may see its jobs and ask for them")
        return self._house.jobs

    # The catalogue's verbs

    def search(
        self,
        text: str = "",
        *,
        bbox: Box | Sequence[float] | str | None = None,
        time: str = "",
        limit: int = 20,
        cursor: str = "",
        sort: str = "",
        filter: str | dict[str, Any] = "",  # noqa: A002 - the standard's word
        counts: Sequence[str] = (),
        meaning: bool = True,
        **where: str | Sequence[str],
    ) -> Results:
        """Records that hold all the words, touch the box and overlap the time.

        Args:
            text: words, in French or English; "quotes" keep words together, a star ends a prefix.
            bbox: (west, south, east, north) in degrees; west > east crosses the antimeridian.
            time: a date, or two around a slash; ``..`` leaves an end open.
            limit: records on a page.
            cursor: `Results.next` of the page before.
            sort: see `estran.catalogue.SORTS`; relevance, or the newest first where there are no words.
            filter: a CQL2 expression, as text or JSON.
            counts: facets to count.
            meaning: whether words are also found by what they mean in the node's vocabularies; `Results.reasons`
                says why.
            **where: facet -> value or values, such as ``hub="ocean"`` or ``kind=("dataset", "service")``; a
                ``concept`` finds what is narrower too.

        Raises:
            Invalid: a part does not fit; the message says which.
        """
        unknown = next((field for field in where if field not in FACETS), None)
        if unknown:
            raise Invalid(f"there is no such filter; choose among {', '.join(FACETS)}", unknown)
        return self.ask(
            Query(
                text=text,
                bbox=Box.of(bbox),
                time=interval(time) if time else None,
                where={f: (v,) if isinstance(v, str) else tuple(v) for f, v in where.items() if v},
                filter=filter,
                sort=sort,
                limit=limit,
                cursor=cursor,
                counts=tuple(counts),
                meaning=meaning,
            )
        )

    def ask(self, query: Query) -> Results:
        """One page of what a query finds.

        Raises:
            Invalid: a part of it does not fit.
        """
        return self._house.catalogue.ask(query, self._actor)

    def show(self, id: str) -> Record:  # noqa: A002 - the word of the model
        """One record.

        Raises:
            NotFound: there is none of that id, or none that the actor may know of.
        """
        return self._house.catalogue.show(id, self._actor)

    def merged(self, id: str) -> Merged:  # noqa: A002
        """The dataset of a record, as all records of it say together, and which of them said what.

        Raises:
            NotFound: as for `show`.
        """
        return self._house.catalogue.merged(id, self._actor)

    def originals(self, id: str) -> tuple[OriginalDocument, ...]:  # noqa: A002
        """The documents that a record came from, as they came, the newest first.

        Raises:
            NotFound: as for `show`.
        """
        return self._house.catalogue.originals(id, self._actor)

    def export(
        self,
        id: str,  # noqa: A002
        format: str,  # noqa: A002
        links: Links | None = None,
        *,
        merged: bool = False,
    ) -> Written:
        """A record in a metadata standard, with what that standard could not carry.

        Args:
            id: of the record.
            format: name of a format that writes, such as ``iso19115-3``.
            links: the addresses to write, those of this node if not given.
            merged: whether what other records of the same dataset add is written with it.

        Raises:
            NotFound: no such record, or no such format.
            Invalid: the format is only read.
        """
        form = formats.find(format)
        if form.write is None:
            writers = [form.name for form in formats.every() if form.write]
            raise Invalid(f"it is only read; Estran writes {', '.join(writers)}", f"format {format}")
        record = self.merged(id).record if merged else self.show(id)
        return form.write(record, links or self.links)

    def load(
        self,
        paths: str | PathLike[str] | Iterable[str | PathLike[str]],
        *,
        source: str = "local",
        centre: str = "",
        visibility: str = "",
        kind: Literal["", "records", "observations"] = "",
        progress: Callable[[Progress], None] | None = None,
    ) -> LoadReport:
        """Take metadata in, and the observations of data files: files, folders, archives, lines of JSON.

        Args:
            paths: one or several files and folders.
            source: name of where they come from; the same identifier within a source is the same record.
            centre: id of the centre they belong to; "" leaves it to what the source had before, else to the
                claims of the registry, else to the node's own centre.
            visibility: "public", "restricted" or "draft"; "" for what the source had before, else public.
            kind: what the files are taken for: "records" leaves observations out, "observations" takes tables for
                such and makes records for them; "" goes by what a file is.
            progress: called after each portion.

        Raises:
            NotAllowed: the actor is not the operator.
            Invalid: a path is not there, or a value does not fit.
            NotFound: there is no such centre.
        """
        given = [paths] if isinstance(paths, str | PathLike) else list(paths)
        listed = [Path(fspath(path)).expanduser() for path in given]
        report = LoadReport()
        if kind != "observations":
            report = self._house.catalogue.load(
                listed,
                self._actor,
                source=source,
                centre=centre,
                visibility=visibility,
                progress=progress,
            )
        is_said = kind == "observations"
        observing = listed if is_said else report.observing
        # What reads observations is heavy: metadata do not wait for it.
        if kind == "records" or not observing:
            return report
        found = self.observations.load(
            observing, source=source, centre=centre, visibility=visibility, all_of_them=is_said
        )
        if found.files:
            rows = found.rows
            report.observations = {
                "datastreams": found.datastreams,
                "new": rows.new,
                "changed": rows.changed,
                "unchanged": rows.unchanged,
            }
        report.refused += found.refused
        return report

    def remove(self, id: str) -> None:  # noqa: A002
        """Take a record out; the change log keeps that it was here.

        Raises:
            NotFound: as for `show`.
            NotAllowed: the actor may not.
        """
        self._house.catalogue.remove(id, self._actor)

    def removed(self, id: str) -> Change | None:  # noqa: A002
        """When and by whom a record was removed, None if it was not or the actor never saw it."""
        return self._house.catalogue.removed(id, self._actor)

    def scan(self, after: str = "", limit: int = 500) -> tuple[tuple[Record, ...], str]:
        """All visible records in the order of their ids, a page at a time, and the id to go on from."""
        return self._house.catalogue.scan(after, limit, self._actor)

    def changes(self, after: int = 0, limit: int = 1000) -> tuple[Change, ...]:
        """What happened after change number `after`, oldest first; only the operator sees it all.

        Raises:
            NotAllowed: the actor is not the operator.
        """
        if not self._actor.is_operator:
            raise NotAllowed("only the node's operator may read the change log")
        return self._house.catalogue.changes(after, limit)

    def revision(self) -> int:
        """Number of the newest change: equal numbers mean equal answers."""
        return self._house.catalogue.revision()

    def revision_at_hand(self) -> int | None:
        """The revision where it is known without asking the database, else None; it never waits."""
        return self._house.catalogue.revision_at_hand()

    def revision_seen(self) -> int | None:
        """The newest revision that this process has met, where asking is dear, else None."""
        return self._house.catalogue.revision_seen()

    def warm(self, askers: int) -> None:
        """Make ready to be asked by so many at once: what serving begins with."""
        self._house.database.warm(askers)
        self._house.catalogue.warm()

    def migrate(
        self, to: str, *, switch: bool = False, progress: Callable[[Step], None] | None = None
    ) -> Migration:
        """Copy the node's whole state into an empty database of any engine; what is here stays as it is.

        Others may read meanwhile; whoever writes has to wait. This node goes on with the database that it
        was opened with: open it anew after a switch.

        Args:
            to: URL of the database, such as ``postgresql://user@host/name``; a relative SQLite path starts
                at the node's folder.
            switch: name the new database in ``estran.toml`` once all is there and proven.
            progress: called after each portion.

        Raises:
            NotAllowed: the actor is not the operator.
            Invalid: it is no URL of a database.
            Conflict: that database is not empty or cannot keep everything, or the settings cannot be changed.
            Unavailable: a database is out of reach, or others write to the node.
        """
        if not self._actor.is_operator:
            raise NotAllowed("only the node's operator may migrate it")
        check_url(to)
        held = self.settings.storage.database
        change = settings.with_database(self.folder, to, held, private=has_secret(to)) if switch else None
        tables = move(self._house.database, opening.absolute(to, self.folder), progress, change)
        return Migration(tables=tables, switched=switch)

    def doctor(self) -> tuple[Check, ...]:
        """What is well with the node and what is not, with advice."""
        home, known = self.settings.centre, {o.id for o in self.organisations.all()}
        return tuple(checks(self.folder, self._contents, home, known, self._house.jobs.attendance))

    def _contents(self) -> str:
        return f"{self.ask(Query(limit=1)).matched} records, change {self.revision()}"


def _works(node: Node) -> tuple[Work, ...]:
    """What can be asked for as a job."""
    from estran.catalogue.harvest.working import harvesting  # noqa: PLC0415 - only who harvests needs it
    from estran.catalogue.probing.working import probing  # noqa: PLC0415
    from estran.observations.feeds.working import feeding, settling  # noqa: PLC0415
    from estran.orders.working import expiring, ordering  # noqa: PLC0415

    links = node.settings.links
    return (
        harvesting(lambda: node.harvest),
        probing(lambda: node.link_checks, links.schedule if links.active else ""),
        ordering(lambda: node.orders),
        expiring(lambda: node.orders),
        feeding(lambda: node.observations),
        settling(lambda: node.observations, node.settings.observations.settle_rows),
    )
