"""The catalogue: records in, questions answered, records out."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from estran.access import OPERATOR
from estran.catalogue.concepts import Concepts
from estran.catalogue.cursors import Cursors
from estran.catalogue.harvest.door import Harvest
from estran.catalogue.harvest.runner import Stores
from estran.catalogue.items import Items
from estran.catalogue.items.collections import Collections
from estran.catalogue.load import Assignment, LoadReport, Progress, load
from estran.catalogue.members import Merged, merged
from estran.catalogue.portions import claims, prepared
from estran.catalogue.prepare import original, prepare
from estran.catalogue.probing.door import LinkChecks
from estran.catalogue.saved_views import Views
from estran.catalogue.search import Search
from estran.catalogue.sparql import Sparql
from estran.catalogue.store import OriginalDocument, Store
from estran.catalogue.store.harvest import HarvestStore
from estran.catalogue.store.harvest_entries import EntryStore
from estran.catalogue.store.items import ItemStore
from estran.catalogue.store.links import LinkStore
from estran.catalogue.store.marking import mark_concepts
from estran.catalogue.store.saved_views import SavedViewStore
from estran.catalogue.updates import Updates
from estran.catalogue.vocabularies import take_refused
from estran.errors import Invalid, NotAllowed, NotFound
from estran.formats import Document
from estran.model import plain
from estran.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from estran.access import Actor, Organisations
    from estran.catalogue.query import Query, Results
    from estran.catalogue.store import View
    from estran.model import Record
    from estran.storage import Database
    from estran.storage.changes import Change

VISIBILITIES = ("public", "restricted", "draft")


class Catalogue:
    """A node's records."""

    def __init__(self, database: Database, organisations: Organisations, secret: bytes, home: str) -> None:
        """Args: secret signs page addresses; home is the centre of records that no rule assigns."""
        self._organisations, self._home = organisations, home
        self._store = Store(database)
        self._cursors = Cursors(secret)
        self._search = Search(self._store, self._cursors, organisations.hubs)
        self._items = ItemStore(database)
        self._links = LinkStore(database)
        self._views = SavedViewStore(database)
        harvests = HarvestStore(database)
        self._stores = Stores(self._store, self._items, harvests, EntryStore(harvests))
        self._vocabulary = Vocabulary(database)
        self._vocabulary.reenter()
        mark_concepts(database)
        self.sparql = Sparql(database.url, self._vocabulary)

    def ask(self, query: Query, actor: Actor) -> Results:
        """One page of what a query finds and the actor may see.

        Raises:
            Invalid: a part of the query does not fit.
        """
        return self._search.ask(query, actor)

    def show(self, id: str, actor: Actor) -> Record:  # noqa: A002 - the word of the model
        """One record.

        Raises:
            NotFound: there is none of that id, or none that the actor may know of.
        """
        with self._store.view() as view:
            found = view.record(id)
            if found is None or found[0] not in view.facets.visible(actor):
                raise NotFound("record", id)
            return found[1]

    def merged(self, id: str, actor: Actor) -> Merged:  # noqa: A002
        """The dataset that a record describes, as all records say that the actor may see.

        Raises:
            NotFound: as for `show`.
        """
        with self._store.view() as view:
            pk, alike = _pk(view, id, actor), view.facets.alike(actor)
            return merged(view.records(alike.together(pk) if alike else (pk,)))

    def originals(self, id: str, actor: Actor) -> tuple[OriginalDocument, ...]:  # noqa: A002
        """The documents that a record came from, the newest first.

        Raises:
            NotFound: as for `show`.
        """
        with self._store.view() as view:
            return view.originals(_pk(view, id, actor))

    def scan(self, after: str, limit: int, actor: Actor) -> tuple[tuple[Record, ...], str]:
        """The records that follow the id `after`, by id, and the id to go on from ("" at the end)."""
        with self._store.view() as view:
            page = view.ordered(
                view.facets.visible(actor), (("id", False),), (after,) if after else None, limit
            )
            records = view.records([pk for pk, _ in page])
        return records, records[-1].id if len(records) == limit else ""

    def visible(self, ids: Iterable[str], actor: Actor) -> list[str]:
        """Which records of some ids are here and may be seen, in the order given."""
        with self._store.view() as view:
            listed = list(ids)
            pks, seen = view.pks_of(listed), view.facets.visible(actor)
            return [id_ for id_ in listed if id_ in pks and pks[id_] in seen]

    def id_of(self, document: Document, source: str) -> str:
        """The id that the record of a document of a source has, "" where it holds none, or several."""
        found = prepared([document], Assignment(source=source)).prepared
        if len(found) != 1:
            return ""
        # An id stays what it was minted, whatever the title has become.
        with self._store.view() as view:
            return view.id_of(source, found[0].key) or found[0].id

    def id_named(self, source: str, identifier: str) -> str:
        """The id of the record that has an identifier within a source, "" where none has."""
        with self._store.view() as view:
            return view.id_of(source, identifier)

    def items(self, actor: Actor) -> Items:
        """The items that an actor may see."""
        return Items(self._store, self._items, self._cursors, actor)

    def collections(self, actor: Actor) -> Collections:
        """The collections of items that an actor may see."""
        return Collections(self._store, self._items, self._search, actor, self._home)

    def concepts(self, actor: Actor) -> Concepts:
        """The concepts that records use, as an actor may know it."""
        return Concepts(self._store, self._search, actor)

    def updates(self, actor: Actor) -> Updates:
        """What became of the records, as an actor may know it."""
        return Updates(self._store, self._cursors, self._organisations.hubs, actor)

    def link_checks(self, actor: Actor, policy: Mapping[str, Any]) -> LinkChecks:
        """The addresses that records lead to; policy is what checking them may do."""
        return LinkChecks(self._store, self._links, self._cursors, actor, policy)

    def views(self, actor: Actor) -> Views:
        """The searches that somebody keeps under a name."""
        return Views(self._views, self._organisations, actor)

    def harvest(self, actor: Actor, policy: Mapping[str, Any]) -> Harvest:
        """The catalogues of others that are read into this one; policy is what fetching may do.

        Raises:
            NotAllowed: the actor is not the operator.
        """
        return Harvest(self._stores, self._organisations, self._home, actor, policy)

    def load(
        self,
        paths: Iterable[Path],
        actor: Actor,
        *,
        source: str,
        centre: str,
        visibility: str,
        progress: Callable[[Progress], None] | None,
    ) -> LoadReport:
        """Take documents in.

        Args:
            paths: files and folders.
            actor: who loads; only an operator may.
            source: name of where they come from; upserts happen within a source.
            centre: id of the centre they belong to, "" for what the source had or the claims say.
            visibility: "public", "restricted", "draft", or "" for what the source had.
            progress: called after each portion.

        Raises:
            Invalid: a path is not there, or a value does not fit.
            NotAllowed: the actor may not load.
        """
        given = self._assignment(actor, source, centre, visibility)
        report = load(self._store, self._items, paths, given, actor.name, progress)
        if report.refused:
            take_refused(self._vocabulary, report)
        return report

    def keep(
        self, record: Record, document: Document, actor: Actor, *, source: str, centre: str, visibility: str
    ) -> str:
        """Store a record that was made of a data file without a description; gives its id.

        Raises:
            Invalid: a value does not fit.
            NotAllowed: the actor may not load.
        """
        given = self._assignment(actor, source, centre, visibility)
        whole = replace(record, source=source, centre=given.of(record), visibility=given.visibility)
        # What it was made of stands for its document, so that what is known later counts as a change.
        told = Document(document.name, msgspec.json.encode(plain(record)))
        made = prepare(whole, original(told, "table"), given.owner, document.name)
        run = self._store.begin_run(source, given.centre or given.home, given.visibility)
        self._store.write([made], run, actor.name)
        return made.id

    def check_centre(self, centre: str) -> None:
        """Refuse a centre that is not there.

        Raises:
            NotFound: there is none of that id.
        """
        self._organisations.show(centre)

    def _assignment(self, actor: Actor, source: str, centre: str, visibility: str) -> Assignment:
        """What a load gives to its records."""
        if not actor.is_operator:
            raise NotAllowed("only the node's operator may load records")
        if visibility not in ("", *VISIBILITIES):
            raise Invalid(
                f"there is no visibility “{visibility}”; choose one of {', '.join(VISIBILITIES)}",
                "visibility",
            )
        if not source.strip():
            raise Invalid("give the source a name", "source")
        before = self._store.source(source)
        centre = centre or (before[0] if before else "")
        if centre:
            self._organisations.show(centre)
        return Assignment(
            source=source, centre=centre, home=self._home, claims=claims(self._organisations.all()),
            visibility=visibility or (before[1] if before else "public"), owner=actor.name,
        )  # fmt: skip

    def remove(self, id: str, actor: Actor) -> None:  # noqa: A002
        """Take a record out, and the items that nobody could see without it; the change log keeps what was here.

        Raises:
            NotFound: as for `show`.
            NotAllowed: the actor may see it but not remove it.
        """
        record = self.show(id, actor)
        if not actor.may_write(record.centre):
            raise NotAllowed("only the node's operator or an editor of its centre may remove it")
        with self._store.view() as view:
            names = [i.value for i in record.identifiers if i.scheme == "stac"]
            alone = [name for name in names if len(view.named(f"stac:{name}")) == 1]
        if record.kind == "collection":
            for name in alone:
                self._items.empty(name, actor.name)
        self._store.remove(id, actor.name)

    def removed(self, id: str, actor: Actor) -> Change | None:  # noqa: A002
        """The removal of a record that the actor saw once, None if they never did or it still is here."""
        return self._store.removal(id, actor)

    def changes(self, after: int, limit: int) -> tuple[Change, ...]:
        """The changes that follow number `after`, oldest first."""
        return self._store.changes(after, limit)

    def warm(self) -> None:
        """Read what every question needs, and load what the first search by place would wait for."""
        with self._store.view() as view:
            has_items = bool(view.collections(OPERATOR))
        if has_items:
            import_module("shapely")

    def revision(self) -> int:
        """Number of the newest change."""
        return self._store.revision()

    def revision_at_hand(self) -> int | None:
        """The same where it is known without asking the database, else None; it never waits."""
        return self._store.revision_at_hand()

    def revision_seen(self) -> int | None:
        """The newest that this process has met, where asking is dear, else None; there may be newer ones."""
        return self._store.revision_seen()


def _pk(view: View, id: str, actor: Actor) -> int:  # noqa: A002 - the word of the model
    pk = view.pk_of(id)
    if pk is None or pk not in view.facets.visible(actor):
        raise NotFound("record", id)
    return pk
