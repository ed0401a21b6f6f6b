"""All tables of one database into another, row by row as they are, and the proof that nothing was lost."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import LargeBinary, func, literal, select, tuple_
from sqlalchemy.exc import DataError

from estran.errors import Conflict, Unavailable
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    import sqlalchemy as sa

    from estran.storage.engine import Engine

# At once in memory: so many rows, or so many bytes of documents and one row more.
_ROWS = 5000
_BYTES = 8 << 20
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far a migration is.

    Attributes:
        name: "copy", "index" or "verify".
        done: rows that the step went through, of so many in `total`.
    """

    name: str
    done: int
    total: int


class Digest(NamedTuple):
    """What a table holds: how many rows, and a hash over all of them in the order of their key."""

    rows: int
    hash: str


class Steps:
    """Counts rows of one step and tells whoever listens."""

    def __init__(self, name: str, total: int, progress: Callable[[Step], None] | None) -> None:
        self._name, self._total, self._progress, self._done = name, total, progress, 0

    def advance(self, rows: int) -> None:
        """So many rows more are done."""
        self._done += rows
        if self._progress:
            self._progress(Step(name=self._name, done=self._done, total=self._total))


def count(connection: sa.Connection, tables: Sequence[sa.Table] = ()) -> int:
    """Rows of some tables, of all where none is named."""
    counts = [select(func.count()).select_from(table) for table in tables or schema.metadata.sorted_tables]
    return sum(connection.execute(counted).scalar_one() for counted in counts)


def batches(connection: sa.Connection, table: sa.Table) -> Iterator[Sequence[sa.Row[Any]]]:
    """All rows of a table in the order of its key, so many at once as memory bears.

    Each batch starts behind the last key of the one before: nothing is counted off, however far it is.
    """
    keys = list(table.primary_key.columns)
    bytes_ = [func.coalesce(func.length(c), 0) for c in table.columns if isinstance(c.type, LargeBinary)]
    weight: Any = sum(bytes_, literal(0))
    places = [table.columns.keys().index(key.name) for key in keys]
    behind: tuple[Any, ...] = ()
    while True:
        rest = [tuple_(*keys) > tuple_(*behind)] if behind else []
        weighed = select(weight).select_from(table).where(*rest).order_by(*keys).limit(_ROWS)
        fitting = _fitting(connection.execute(weighed).scalars().all())
        if not fitting:
            return
        rows = connection.execute(select(table).where(*rest).order_by(*keys).limit(fitting)).all()
        behind = tuple(rows[-1][place] for place in places)
        yield rows


def _fitting(weights: Sequence[int]) -> int:
    """How many of the first rows are held at once; one of them may be larger than all that may be held."""
    held = 0
    for n, weight in enumerate(weights, 1):
        held += weight
        if held >= _BYTES:
            return n
    return len(weights)


def copy(
    engine: Engine, source: sa.Connection, target: sa.Connection, advance: Callable[[int], object]
) -> Mapping[str, Digest]:
    """Put every row of every table into the same empty tables elsewhere; `engine` is theirs.

    Returns:
        What each table held.

    Raises:
        Conflict: the other database cannot keep a value.
        Unavailable: it is out of reach.
    """
    found: dict[str, Digest] = {}
    for table in schema.metadata.sorted_tables:
        columns = tuple(table.columns.keys())
        digest = _Growing()
        for rows in batches(source, table):
            listed = [tuple(row) for row in rows]
            digest.take(listed)
            with _kept(table, target):
                engine.insert(target, table, columns, listed)
            advance(len(listed))
        found[table.name] = digest.done()
    return found


@contextmanager
def _kept(table: sa.Table, target: sa.Connection) -> Generator[None]:
    # Many rows go past SQLAlchemy, so that the driver's own errors come as well.
    driver = target.dialect.loaded_dbapi
    try:
        yield
    except (DataError, OverflowError, driver.DataError) as error:
        raise Conflict(
            f"the new database cannot keep a value of the table “{table.name}”: {error}; take that record or "
            "item out, or correct it, and migrate again"
        ) from None
    except driver.OperationalError as error:
        raise Unavailable(f"the new database is out of reach ({error}); nothing was kept there") from None


def verify(connection: sa.Connection, held: Mapping[str, Digest], advance: Callable[[int], object]) -> None:
    """Read every row again and compare with what was to be copied.

    Raises:
        Conflict: a table is not the same; the message names it.
    """
    for table in schema.metadata.sorted_tables:
        digest = _Growing()
        for rows in batches(connection, table):
            digest.take([tuple(row) for row in rows])
            advance(len(rows))
        here, there = digest.done(), held[table.name]
        if here != there:
            raise Conflict(
                f"the table “{table.name}” arrived with {here.rows} rows (digest {here.hash}) instead of "
                f"{there.rows} (digest {there.hash}); nothing was kept in the new database"
            )


class _Growing:
    """A digest while rows come."""

    def __init__(self) -> None:
        self._rows, self._hash = 0, hashlib.blake2b(digest_size=16)

    def take(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._rows += len(rows)
        for row in rows:
            self._hash.update(_encode(row))

    def done(self) -> Digest:
        return Digest(self._rows, self._hash.hexdigest())
