"""What the room keeps beside DBOS's own tables: who works, what shall stop, and what is due when.

It lies where those tables lie: in a file beside the node's SQLite file, so that neither waits for the other's
writers, or in a schema of its own of the node's PostgreSQL database.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError

from estran.errors import Unavailable
from estran.jobs.store.notes import Notes
from estran.storage.engine import engine_of

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

IDLE_S = 5
# Of PostgreSQL's advisory locks; the node's own writers have another.
_WRITER = 0x6A6F6273
_BEGIN = {
    "sqlite": ("BEGIN IMMEDIATE",),
    # Whoever falls asleep while holding the lock loses it.
    "postgresql": (
        "BEGIN",
        f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_S}s'",
        f"SELECT pg_advisory_xact_lock({_WRITER})",
    ),
}
_SUBSECONDS = (3, 42)
# Seconds since 1970 as the database's own clock has them: machines need not agree about the time.
_CLOCK = {
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "EXTRACT(EPOCH FROM clock_timestamp())",
}


class Beat(NamedTuple):
    """A worker that says that it is there."""

    id: str
    place: str
    pid: int
    silent_s: float


class Due(NamedTuple):
    """A row of the schedule; times in seconds since 1970."""

    name: str
    cron: str
    work: str
    arguments: str
    alone: str
    next: float


class Store:
    """The room's tables in one place.

    Attributes:
        url: of the database that holds them and DBOS's.
        schema: that they stand in; None for SQLite.
        notes: those beside jobs.
    """

    def __init__(self, url: str) -> None:
        """Open it, with the URL of the node's database."""
        self.url = _place(url)
        self._engine = engine_of(self.url).connect(self.url)
        self._kind = sa.make_url(self.url).get_backend_name()
        # The first connection to a SQLite file also sets its write-ahead mode, before anyone else connects.
        self.schema = self._own_schema()
        self._clock: sa.ColumnElement[float] = sa.literal_column(_CLOCK[self._kind], sa.Float)
        metadata = sa.MetaData(schema=self.schema)
        self._metadata = metadata
        self._worker = sa.Table(
            "estran_worker",
            metadata,
            sa.Column("id", sa.String, primary_key=True),
            # Differs each time, so that one who was thought dead learns that its place was given away.
            sa.Column("token", sa.String, nullable=False),
            sa.Column("place", sa.String, nullable=False),
            sa.Column("pid", sa.BigInteger, nullable=False),
            sa.Column("beat", sa.Float(53), nullable=False),
        )
        # When the last of those that are struck off gave a sign of life.
        self._seen = sa.Table(
            "estran_seen",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("beat", sa.Float(53), nullable=False),
        )
        self._stop = sa.Table("estran_stop", metadata, sa.Column("job", sa.String, primary_key=True))
        self._schedule = sa.Table(
            "estran_schedule",
            metadata,
            sa.Column("name", sa.String, primary_key=True),
            sa.Column("cron", sa.String, nullable=False),
            sa.Column("work", sa.String, nullable=False),
            sa.Column("arguments", sa.String, nullable=False),
            sa.Column("alone", sa.String, nullable=False),
            sa.Column("next", sa.Float(53), nullable=False),
        )
        self.notes = Notes(metadata, self._clock)
        # DBOS's tables, with the columns that are read here.
        self._job = sa.table(
            "workflow_status",
            *map(sa.column, ("workflow_uuid", "name", "status", "created_at", "executor_id")),
            schema=self.schema,
        )
        self._event = sa.table(
            "workflow_events", *map(sa.column, ("workflow_uuid", "key", "value")), schema=self.schema
        )

    def prepare(self) -> None:
        """Make the tables, in a schema that is there."""
        with self.write() as connection:
            self._metadata.create_all(connection, checkfirst=True)

    def dbos_engine(self) -> sa.Engine | None:
        """The connections that DBOS shall use on SQLite; None where it makes its own.

        DBOS 3.4 asks SQLite for ``unixepoch('subsec')``, which knows it from 3.42 on; older ones are given it.
        """
        if self._kind != "sqlite":
            return None
        engine = sa.create_engine(self.url, pool_size=20, max_overflow=0, pool_timeout=30)

        @event.listens_for(engine, "connect")
        def _opened(connection: Any, _record: object) -> None:  # pyright: ignore[reportUnusedFunction]
            connection.isolation_level = "IMMEDIATE"
            connection.execute("PRAGMA busy_timeout=30000")
            connection.execute("PRAGMA foreign_keys=ON")
            if sqlite3.sqlite_version_info < _SUBSECONDS:
                connection.create_function("unixepoch", 1, lambda _: time.time())

        return engine

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _own_schema(self) -> str | None:
        # Two nodes in one database have a schema each, and so have their jobs.
        with self.read() as connection:
            if self._kind != "postgresql":
                return None
            held = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
        return "estran_jobs" if held == "public" else f"{held}_jobs"

    @contextmanager
    def read(self) -> Generator[sa.Connection]:
        """A connection to look."""
        with translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Generator[sa.Connection]:
        """A transaction that alone may change this room's tables."""
        with translated(), self._engine.connect() as connection:
            for statement in _BEGIN[self._kind]:
                connection.exec_driver_sql(statement)
            try:
                yield connection
            except BaseException:
                with suppress(DBAPIError):
                    connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    # Who works

    def workers(self, connection: sa.Connection) -> list[Beat]:
        """All that ever began and did not end in order, with how long each was silent."""
        table = self._worker
        rows = connection.execute(
            sa.select(table.c.id, table.c.place, table.c.pid, self._clock - table.c.beat).order_by(table.c.id)
        )
        return [Beat(*row) for row in rows]

    def enter(self, connection: sa.Connection, id: str, token: str, place: str, pid: int) -> None:  # noqa: A002
        """Write down that a worker begins, in place of whoever had its id."""
        self.leave(connection, id)
        connection.execute(
            sa.insert(self._worker).values(id=id, token=token, place=place, pid=pid, beat=self._clock)
        )

    def beat(self, connection: sa.Connection, id: str, token: str) -> bool:  # noqa: A002
        """Say that a worker is there; False where its place was given away."""
        table = self._worker
        done = connection.execute(
            sa.update(table).where(table.c.id == id, table.c.token == token).values(beat=self._clock)
        )
        return bool(done.rowcount)

    def leave(self, connection: sa.Connection, id: str, token: str = "") -> None:  # noqa: A002
        """Strike a worker off."""
        table, seen = self._worker, self._seen
        mine = [table.c.id == id, *([table.c.token == token] if token else [])]
        beat = connection.execute(sa.select(sa.func.max(table.c.beat)).where(*mine)).scalar()
        if beat is not None and beat > (connection.execute(sa.select(seen.c.beat)).scalar() or 0.0):
            connection.execute(sa.delete(seen))
            connection.execute(sa.insert(seen).values(id=1, beat=beat))
        connection.execute(sa.delete(table).where(*mine))

    def last_seen(self, connection: sa.Connection) -> float | None:
        """When a worker last gave a sign of life, in seconds since 1970; None where there never was one."""
        signs = sa.union_all(sa.select(self._worker.c.beat), sa.select(self._seen.c.beat)).subquery()
        return connection.execute(sa.select(sa.func.max(signs.c.beat))).scalar()

    def waiting(self, connection: sa.Connection) -> int:
        """How many jobs wait for a worker."""
        waits = self._job.c.status == "ENQUEUED"
        return connection.execute(sa.select(sa.func.count()).select_from(self._job).where(waits)).scalar_one()

    def abandoned(self, connection: sa.Connection) -> list[str]:
        """Executors that hold jobs and of whom no worker knows."""
        known = sa.select(self._worker.c.id)
        job = self._job.c
        rows = connection.execute(
            sa.select(job.executor_id)
            .where(job.status == "PENDING", job.executor_id.is_not(None), job.executor_id.not_in(known))
            .distinct()
        )
        return list(rows.scalars())

    def left_to_do(self, connection: sa.Connection, executor: str) -> int:
        """How many jobs wait for a worker or are an executor's: in one look, as they move between the two."""
        job = self._job.c
        mine = sa.and_(job.status == "PENDING", job.executor_id == executor)
        return connection.execute(
            sa.select(sa.func.count()).select_from(self._job).where(sa.or_(job.status == "ENQUEUED", mine))
        ).scalar_one()

    # What shall stop

    def wish(self, connection: sa.Connection, job: str) -> None:
        """Ask a job to stop after its step."""
        self.unwish(connection, job)
        connection.execute(sa.insert(self._stop).values(job=job))

    def unwish(self, connection: sa.Connection, job: str) -> None:
        """Forget that a job shall stop."""
        connection.execute(sa.delete(self._stop).where(self._stop.c.job == job))

    def wished(self, connection: sa.Connection, jobs: Sequence[str]) -> set[str]:
        """Those of the jobs that shall stop."""
        return set(
            connection.execute(sa.select(self._stop.c.job).where(self._stop.c.job.in_(jobs))).scalars()
        )

    # Jobs

    def newest(
        self,
        connection: sa.Connection,
        limit: int,
        *,
        behind: tuple[float, str] | None = None,
        statuses: Sequence[str] = (),
        prefix: str = "",
    ) -> list[tuple[float, str]]:
        """(created in milliseconds, id) of jobs, the newest first, behind one of them."""
        job = self._job.c
        among = [job.status.in_(statuses)] if statuses else []
        named = [job.workflow_uuid.like(f"{prefix}%")] if prefix else []
        rest = [sa.tuple_(job.created_at, job.workflow_uuid) < sa.tuple_(*behind)] if behind else []
        rows = connection.execute(
            sa.select(job.created_at, job.workflow_uuid)
            .where(*among, *named, *rest)
            .order_by(job.created_at.desc(), job.workflow_uuid.desc())
            .limit(limit)
        )
        return [(row[0], row[1]) for row in rows]

    def old(self, connection: sa.Connection, seconds: float, limit: int) -> list[str]:
        """Jobs that are over, and were asked for so long ago."""
        job = self._job.c
        rows = connection.execute(
            sa.select(job.workflow_uuid)
            .where(
                job.status.not_in(("ENQUEUED", "DELAYED", "PENDING")),
                job.created_at < (self.now(connection) - seconds) * 1000,
            )
            .limit(limit)
        )
        return list(rows.scalars())

    def progress(self, connection: sa.Connection, jobs: Sequence[str]) -> Mapping[str, str]:
        """Job -> how far it said that it is, as JSON."""
        event = self._event.c
        rows = connection.execute(
            sa.select(event.workflow_uuid, event.value).where(
                event.workflow_uuid.in_(jobs), event.key == "progress"
            )
        )
        return {row[0]: row[1] for row in rows}

    # What is due

    def now(self, connection: sa.Connection) -> float:
        """The database's time."""
        return float(connection.execute(sa.select(self._clock)).scalar_one())

    def schedules(self, connection: sa.Connection, due: float | None = None) -> list[Due]:
        """All schedules by name, or those that were due by then."""
        table = self._schedule
        late = [table.c.next <= due] if due is not None else []
        return [Due(*row) for row in connection.execute(sa.select(table).where(*late).order_by(table.c.name))]

    def put_schedule(self, connection: sa.Connection, due: Due) -> None:
        """Write a schedule, in place of one of that name."""
        self.drop_schedule(connection, due.name)
        connection.execute(sa.insert(self._schedule).values(**due._asdict()))

    def drop_schedule(self, connection: sa.Connection, name: str) -> bool:
        """Take a schedule out; False where there is none."""
        done: Any = connection.execute(sa.delete(self._schedule).where(self._schedule.c.name == name))
        return bool(done.rowcount)


def _place(url: str) -> str:
    """Where the jobs of a node are kept."""
    address = sa.make_url(url)
    if address.get_backend_name() == "sqlite" and address.database:
        file = Path(address.database)
        address = address.set(database=str(file.with_name(f"{file.stem}-jobs.db")))
    return address.render_as_string(hide_password=False)


@contextmanager
def translated() -> Generator[None]:
    """Say in the words of the house that the database is away."""
    try:
        yield
    except OperationalError as error:
        raise Unavailable(f"the jobs' database is busy or out of reach ({error.orig}); try again") from error
    except DBAPIError as error:
        raise Unavailable(f"the jobs' database refused ({error.orig})") from error
