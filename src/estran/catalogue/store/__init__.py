"""The catalogue's SQL, and nothing but it here."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from estran.catalogue.index import Facets
from estran.catalogue.store import tombstones
from estran.catalogue.store.clusters import identify
from estran.catalogue.store.inbound import Batch, Outcome
from estran.catalogue.store.outbound import remove_records
from estran.catalogue.store.view import OriginalDocument, View
from estran.errors import NotFound
from estran.model import now_us
from estran.storage import changes, schema, take_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from contextlib import AbstractContextManager

    import sqlalchemy as sa

    from estran.access import Actor
    from estran.catalogue.prepare import Prepared
    from estran.storage import Database

# Put by every request.
_NEWEST = "SELECT max(seq) FROM change"

__all__ = ["OriginalDocument", "Outcome", "Store", "View"]


class Store:
    """Views of the catalogue, and the only way into it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._facets = Facets({}, {}, 0)
        self._lock = threading.Lock()
        self._revision: tuple[int | None, int] = (None, 0)
        identify(database)

    @contextmanager
    def view(self, seconds: float = 0.0) -> Generator[View]:
        """One consistent view of all that is committed; what takes longer than so many seconds is refused."""
        with self._database.read(seconds) as connection:
            yield View(self._database.engine, connection, self._current(connection))

    @contextmanager
    def glance(self, seconds: float = 0.0) -> Generator[tuple[Facets, sa.Connection]]:
        """What is held of the catalogue, and a connection for one question, which tells how old that is."""
        with self._database.glance(seconds) as connection:
            yield self._facets, connection

    def _current(self, connection: sa.Connection) -> Facets:
        seq = changes.revision(connection)
        held = self._facets
        if held.seq == seq:
            return held
        if held.seq > seq:  # a view that began before another thread moved on: it is read for itself
            held = Facets({}, {}, 0)
        b, v = schema.facet_bits.c, schema.facet_value.c
        rows = connection.execute(select(b.value, b.chunk, b.bits).where(b.seq > held.seq))
        chunks = [(value, chunk, bits) for value, chunk, bits in rows]
        fresh = connection.execute(select(v.id, v.field, v.value).where(v.id > held.newest))
        c = schema.record_cluster.c
        rows = connection.execute(select(c.pk, c.cluster, c.rank).where(c.seq > held.seq))
        clusters = [(pk, cluster, rank) for pk, cluster, rank in rows]
        values = {number: (field, value) for number, field, value in fresh}
        moved = held.moved(values, chunks, clusters, seq)
        with self._lock:
            if moved.seq > self._facets.seq:
                self._facets = moved
        return moved

    def revision(self) -> int:
        """Number of the newest change."""
        stamp = self._database.stamp()
        with self._database.glance() as connection:
            found = self._database.engine.ask(connection, _NEWEST, {})[0][0] or 0
        # The stamp is the older of the two: what was committed between them is seen the next time.
        self._revision = (stamp, found)
        return found

    def revision_at_hand(self) -> int | None:
        """Number of the newest change, where that is known without asking the database for it."""
        stamp, found = self._revision
        return found if stamp is not None and stamp == self._database.stamp() else None

    def revision_seen(self) -> int | None:
        """Number of the newest change that this process has met, of a database that is dear to ask for it."""
        return max(self._facets.seq, self._revision[1]) if self._database.engine.stamp is None else None

    def changes(self, after: int, limit: int) -> tuple[changes.Change, ...]:
        """The changes that follow number `after`, oldest first."""
        with self._database.read() as connection:
            return changes.after(connection, after, limit)

    def removal(self, id: str, actor: Actor) -> changes.Change | None:  # noqa: A002 - the word of the model
        """The change that took a record out, None if it is here or the actor never saw it."""
        with self._database.read() as connection:
            last = changes.last_of(connection, id)
            if last is None or (last.kind, last.op) != ("record", "remove"):
                return None
            return last if actor.is_operator or tombstones.of(connection, [id], actor) else None

    def source(self, name: str) -> tuple[str, str] | None:
        """Centre and visibility that a source assigns, None if it is new."""
        s = schema.source.c
        with self._database.read() as connection:
            row = connection.execute(select(s.centre, s.visibility).where(s.name == name)).first()
        return (row[0], row[1]) if row else None

    def begin_run(self, source: str, centre: str, visibility: str) -> int:
        """Note a source and what it assigns; gives the number of this load."""
        s = schema.source
        with self._database.write() as connection:
            done = connection.execute(
                update(s).where(s.c.name == source).values(centre=centre, visibility=visibility)
            )
            if not done.rowcount:
                values = {"name": source, "centre": centre, "visibility": visibility, "added": now_us()}
                connection.execute(insert(s).values(values))
            return take_numbers(connection, "run", 1)

    def write(
        self, batch: Sequence[Prepared], run: int, actor: str, *, last_wins: bool = False
    ) -> list[Outcome]:
        """Store a batch: all of it, or nothing. One outcome for each record, in order.

        Args:
            batch: the records.
            run: number of the load.
            actor: for the change log.
            last_wins: whether a record takes the place of a newer description too, as an editor means it.
        """
        with self._database.write() as connection:
            return Batch(self._database.engine, connection, run, actor, last_wins=last_wins).write(batch)

    def only_if(self, check: Callable[[], object]) -> AbstractContextManager[None]:
        """Let this thread write only where `check`, which may look at views, raises nothing; see `Database`."""
        return self._database.only_if(check)

    def remove(self, id: str, actor: str) -> None:  # noqa: A002
        """Take a record out; the change log keeps that it was here.

        Raises:
            NotFound: there is none of that id.
        """
        r = schema.record.c
        with self._database.write() as connection:
            if connection.execute(select(r.pk).where(r.id == id)).scalar() is None:
                raise NotFound("record", id)
            remove_records(connection, self._database.engine, [id], actor)
