"""The seam of database engines, and the one way to a node's database."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import bindparam, delete, insert, select, text, update

from estran import plugins
from estran.errors import Conflict, Invalid, Unavailable
from estran.model import Box
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    import sqlalchemy as sa


# SQLSTATE of a statement that was broken off.
_CANCELLED = "57014"


class PlaceIndex(Protocol):
    """Finds records by box."""

    def create(self, connection: sa.Connection) -> None:
        """Make what the index needs."""
        ...

    def put(self, connection: sa.Connection, rows: Iterable[tuple[int, Box]]) -> None:
        """Add (pk, box) pairs; a pk may have several boxes, and a box may cross the antimeridian."""
        ...

    def remove(self, connection: sa.Connection, pks: Sequence[int]) -> None:
        """Forget all boxes of these records."""
        ...

    def touching(self, box: Box) -> sa.Select[int]:
        """The pks, perhaps repeated, of records with a box that shares a point with `box`."""
        ...

    def boxes(self, connection: sa.Connection, pks: Sequence[int] | None) -> list[tuple[int, Box]]:
        """The boxes of these records, or of all, as they were put; halves at the antimeridian apart."""
        ...


class ItemIndex(Protocol):
    """Finds items by box and time."""

    def create(self, connection: sa.Connection) -> None:
        """Make what the index needs."""
        ...

    def put(self, connection: sa.Connection, rows: Sequence[tuple[int, tuple[Box, ...], int, int]]) -> None:
        """Add (pk, boxes, start, end) of items that are not there; the times in microseconds."""
        ...

    def remove(self, connection: sa.Connection, pks: Sequence[int]) -> None:
        """Forget these items."""
        ...

    def near(self, box: Box, time: tuple[int, int] | None) -> sa.Select[int]:
        """The pks of items whose box and time come near; a few more than touch, never fewer."""
        ...

    def nearest(
        self, boxes: Sequence[Box], time: tuple[int, int] | None, most: int
    ) -> tuple[str, dict[str, Any]]:
        """SQL and its parameters for at most so many of the pks that `near` finds, perhaps repeated.

        As text: nearly every page of items begins with it.
        """
        ...


class TextIndex(Protocol):
    """Finds records by tokens, which arrive folded and stemmed."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that tokens are given for."""
        ...

    def create(self, connection: sa.Connection) -> None:
        """Make what the index needs."""
        ...

    def put(self, connection: sa.Connection, rows: Iterable[tuple[int, tuple[str, ...]]]) -> None:
        """Add (pk, tokens of each column, blank-separated); a pk that is there must be removed first."""
        ...

    def remove(self, connection: sa.Connection, pks: Sequence[int]) -> None:
        """Forget these records."""
        ...

    def matching(self, phrases: Mapping[str, Sequence[str]], *, prefix: bool = False) -> sa.Select[int]:
        """The pks of records where, in one of the columns, its tokens stand together and in order."""
        ...


class Stamp(Protocol):
    """A number that changes with every commit, whoever makes it; asking costs next to nothing and never waits."""

    def __call__(self) -> int | None:
        """The number now, None while it cannot be told."""
        ...

    def close(self) -> None:
        """Give back what asking needs."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """How an engine writes what differs where SQL is put as text.

    Attributes:
        mark: how a parameter stands in it, with ``{}`` for its name.
        among: (column, list) -> condition "is one of", for a parameter that `listing` made or what
            `gathered` gives.
        listing: values -> that parameter, for any number of them.
        gathered: a question for ``pk`` -> all its answers as such a list.
        dialect: gives SQLAlchemy's dialect with parameters by name.
    """

    mark: str
    among: Callable[[str, str], str]
    listing: Callable[[Sequence[Any]], Any]
    gathered: Callable[[str], str]
    dialect: Callable[[], sa.Dialect]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A database engine, such as SQLite or PostgreSQL.

    Attributes:
        scheme: of the URLs that it opens.
        connect: URL -> SQLAlchemy engine, ready with its settings.
        connect_to_write: the same for those who write, where that is worth settings of its own.
        insert: (connection, table, columns, rows) -> nothing: many rows, the quickest way.
        replace: the same in the place of rows of the same primary keys, which no two of them share.
        update: (connection, table, columns, key, rows) -> how many there were: other values of columns for many rows;
            each gives its key last, and no two give the same.
        within: (column, values) -> expression "column is one of values", for any number of them.
        joined: column -> aggregate of all its integers as one text with commas: the quickest way out
            of a database for many of them.
        like: (column, CQL2 pattern) -> expression "text matches, letter by letter".
        member: (column of JSON, names that lead into it, "text", "number" or "truth") -> that member, where it is
            of that kind; "any" gives some text wherever there is one that is not null.
        folded: (column, casei, accenti) -> its text as `functions.fold` makes it.
        related: (relation, WKT, shape, (west, south, east, north)) -> expression "the shape (WKB), or the box
            where that is missing, stands in that relation to the other"; unknown where there is no answer.
        spelling: of SQL as text.
        ask: (connection, text, parameters by name) -> all rows: the quickest way to put a short question.
        stamp: URL -> what tells whether anything was committed; None where that takes a question to a server.
        timed: (connection, seconds) -> context in which what takes longer is broken off; None where the
            connections that read have such a bound already.
        apart: whether it works in a process of its own: waiting for it is time for something else.
        begin_read: SQL that starts a transaction with one view of the database.
        begin_write: SQL that starts a transaction which alone may write.
        begin_fill: SQL that starts the one transaction in which an empty database gets everything.
        settle: SQL that, within a transaction, tells the planner of many new rows.
        tables: URL -> names of the tables that it holds, looked at without changing anything; none where
            there is no database yet.
    """

    scheme: str
    connect: Callable[[str], sa.Engine]
    connect_to_write: Callable[[str], sa.Engine] | None = None
    place_index: PlaceIndex
    text_index: TextIndex
    item_index: ItemIndex
    insert: Callable[[sa.Connection, sa.Table, tuple[str, ...], Sequence[tuple[Any, ...]]], None]
    replace: Callable[[sa.Connection, sa.Table, tuple[str, ...], Sequence[tuple[Any, ...]]], None]
    update: Callable[
        [sa.Connection, sa.Table, tuple[str, ...], tuple[str, ...], Sequence[tuple[Any, ...]]], int
    ]
    within: Callable[[Any, Sequence[int] | Sequence[str]], Any]
    joined: Callable[[Any], Any]
    like: Callable[[Any, str], Any]
    member: Callable[[Any, Sequence[str], str], Any]
    folded: Callable[[Any, bool, bool], Any]
    related: Callable[[str, str, Any, tuple[Any, Any, Any, Any]], Any]
    spelling: Spelling
    ask: Callable[[sa.Connection, str, Mapping[str, Any]], list[tuple[Any, ...]]]
    stamp: Callable[[str], Stamp] | None = None
    timed: Callable[[sa.Connection, float], AbstractContextManager[None]] | None = None
    apart: bool = False
    begin_read: tuple[str, ...]
    begin_write: tuple[str, ...]
    begin_fill: tuple[str, ...]
    settle: tuple[str, ...]
    tables: Callable[[str], frozenset[str]]


def engine_of(url: str) -> Engine:
    """The engine that a database URL names.

    Raises:
        NotFound: none of that name is installed.
    """
    return plugins.load("engine", url.partition(":")[0].partition("+")[0], Engine)


class Database:
    """A node's database: snapshots to read, one writer at a time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = engine_of(url)
        self._pool = self.engine.connect(url)
        self._writers = self.engine.connect_to_write(url) if self.engine.connect_to_write else self._pool
        self._condition = threading.local()
        self._stamp = self.engine.stamp(url) if self.engine.stamp else None

    @contextmanager
    def read(self, seconds: float = 0.0) -> Generator[sa.Connection]:
        """One consistent view of everything committed so far.

        Args:
            seconds: how long it may take altogether; 0 for as long as it takes.

        Raises:
            Unavailable: the database cannot be reached.
            Invalid: it takes longer.
        """
        timed = self.engine.timed if seconds else None
        with self._reading(self._pool) as connection, timed(connection, seconds) if timed else nullcontext():
            yield connection

    @contextmanager
    def snapshot(self) -> Generator[sa.Connection]:
        """The same for whoever reads all of it: no statement is broken off, however long it takes."""
        with self._reading(self._writers) as connection:
            yield connection

    @contextmanager
    def _reading(self, pool: sa.Engine) -> Generator[sa.Connection]:
        with _translated(), pool.connect() as connection:
            for statement in self.engine.begin_read:
                connection.exec_driver_sql(statement)
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def glance(self, seconds: float = 0.0) -> Generator[sa.Connection]:
        """A connection for one question, which is a view of its own: a journey instead of three.

        Args:
            seconds: as for `read`.

        Raises:
            Unavailable: the database cannot be reached.
            Invalid: it takes longer.
        """
        timed = self.engine.timed if seconds else None
        with (
            _translated(),
            self._pool.connect() as connection,
            timed(connection, seconds) if timed else nullcontext(),
        ):
            yield connection

    @contextmanager
    def write(self) -> Generator[sa.Connection]:
        """A transaction that alone may write; all of it is kept, or nothing.

        Raises:
            Unavailable: another writer held the database for too long.
        """
        with self._writing(self.engine.begin_write) as connection:
            yield connection

    @contextmanager
    def fill(self) -> Generator[sa.Connection]:
        """The transaction that gives an empty database everything, or leaves it empty.

        Raises:
            Unavailable: another writer held the database for too long.
        """
        with self._writing(self.engine.begin_fill) as connection:
            yield connection

    @contextmanager
    def _writing(self, begin: Sequence[str]) -> Generator[sa.Connection]:
        with _translated(), self._writers.connect() as connection:
            for statement in begin:
                connection.exec_driver_sql(statement)
            try:
                check = getattr(self._condition, "check", None)
                if check is not None:
                    check()
                yield connection
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    @contextmanager
    def only_if(self, check: Callable[[], object]) -> Generator[None]:
        """Let this thread write only where `check` raises nothing.

        It runs when the transaction alone may write: what it reads stays so until the transaction ends.
        """
        self._condition.check = check
        try:
            yield
        finally:
            self._condition.check = None

    def stamp(self) -> int | None:
        """A number that changes with every commit; None where only a question to the server would tell."""
        return self._stamp() if self._stamp else None

    def warm(self, count: int) -> None:
        """Open so many connections to read with, before they are needed all at once.

        Raises:
            Unavailable: the database cannot be reached.
        """
        if not self.engine.apart:
            return  # a file is opened in no time
        with _translated(), ExitStack() as opened:
            for _ in range(count):
                connection = opened.enter_context(self._pool.connect())
                # What the first question about a place loads, it loads now.
                question, params = self.engine.item_index.nearest((Box(0, 0, 0, 0),), (0, 1), 1)
                self.engine.ask(connection, question, params)

    def close(self) -> None:
        """Give all connections back."""
        if self._stamp:
            self._stamp.close()
        self._pool.dispose()
        self._writers.dispose()


@contextmanager
def _translated() -> Generator[None]:
    from sqlalchemy.exc import IntegrityError, OperationalError  # noqa: PLC0415 - only on this path

    try:
        yield
    except IntegrityError as error:
        raise Conflict(f"the database refused a double entry: {error.orig}") from error
    except OperationalError as error:
        if "interrupted" in str(error.orig) or getattr(error.orig, "sqlstate", "") == _CANCELLED:
            raise Invalid(
                "the question takes too long to answer; narrow it: name collections, a time, a place, or "
                "filter by what the queryables list",
                "query",
            ) from None
        raise Unavailable(f"the database is busy or out of reach ({error.orig}); try again") from error


_META, _KEYED = schema.meta, schema.meta.c.key == bindparam("which")
# Made once: they are put with every write.
_GET, _CHANGE = select(_META.c.value).where(_KEYED), update(_META).where(_KEYED)


def get_meta(connection: sa.Connection, key: str) -> bytes | None:
    """A value of the node's own notebook, None if it is not there."""
    return connection.execute(_GET, {"which": key}).scalar()


def put_meta(connection: sa.Connection, key: str, value: bytes) -> None:
    """Write a value into the node's own notebook."""
    done = connection.execute(_CHANGE, {"which": key, "value": value})
    if not done.rowcount:
        connection.execute(insert(_META).values(key=key, value=value))


def take_meta(connection: sa.Connection, key: str) -> bytes | None:
    """A value of the node's own notebook, which then is no more there."""
    held = get_meta(connection, key)
    connection.execute(delete(schema.meta).where(schema.meta.c.key == key))
    return held


def take_numbers(connection: sa.Connection, name: str, count: int) -> int:
    """Reserve `count` consecutive numbers of a sequence that starts at 1 and never gives one twice.

    Returns:
        The first of them.
    """
    held = get_meta(connection, f"next-{name}")
    first = int(held) if held else 1
    put_meta(connection, f"next-{name}", str(first + count).encode())
    return first


def one_row(connection: sa.Connection) -> bool:
    """Whether the database answers."""
    return connection.execute(text("SELECT 1")).scalar() == 1
