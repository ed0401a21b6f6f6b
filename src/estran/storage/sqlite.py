"""SQLite: one file in write-ahead mode, R*Tree for boxes, FTS5 for words."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.sqlite.pysqlite import dialect
from sqlalchemy.exc import DBAPIError

from estran.errors import Conflict
from estran.model import EVER_US, NEVER_US, Box
from estran.storage import functions
from estran.storage.engine import Engine, Spelling
from estran.storage.rows import insert_rows, replace_rows, update_rows

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

_BUSY_MS = 30_000
_CACHE_KIB = 16_384
# A writer touches pages all over its indexes.
_WRITERS_CACHE_KIB = 65_536
_MAPPED_BYTES = 1 << 30
# A load changes the same pages of its indexes over and over; they are moved to the file once in 64 MB.
_CHECKPOINT_PAGES = 16_384
# A record may have so many boxes, halves at the antimeridian counted.
_NUMBERS = 2048
_STEPS = 100_000
_DAY_US = 86_400_000_000
# Degrees; more than 32-bit rounding does to a longitude.
_ROUNDING = 1e-4


def connect(url: str) -> sa.Engine:
    """An engine on a file; transactions are begun by hand, so that a read is one snapshot."""
    return _connect(url, cache_kib=_CACHE_KIB, mapped_bytes=_MAPPED_BYTES)


def connect_to_write(url: str) -> sa.Engine:
    """The same for those who write: a larger cache, and nothing mapped, which would count as their memory."""
    return _connect(url, cache_kib=_WRITERS_CACHE_KIB, mapped_bytes=0)


def _connect(url: str, *, cache_kib: int, mapped_bytes: int) -> sa.Engine:
    engine = sa.create_engine(url, connect_args={"check_same_thread": False}, pool_size=40, max_overflow=0)

    @event.listens_for(engine, "connect")
    def _opened(connection: Any, _record: object) -> None:  # pyright: ignore[reportUnusedFunction]
        # The driver must not begin transactions of its own.
        connection.isolation_level = None
        functions.install(connection)
        for pragma in (
            "journal_mode=WAL",
            # Each commit is on the disk before anyone is told that it is stored.
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={_BUSY_MS}",
            f"cache_size=-{cache_kib}",
            f"mmap_size={mapped_bytes}",
            "temp_store=MEMORY",
            f"wal_autocheckpoint={_CHECKPOINT_PAGES}",
            # Nothing that is written as SQL may reach outside the schema.
            "trusted_schema=OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def tables(url: str) -> frozenset[str]:
    """Names of the tables of a file, none where there is no file.

    Raises:
        Conflict: it is no SQLite database, or none that stays.
    """
    path = sa.make_url(url).database or ""
    if path in ("", ":memory:"):
        raise Conflict("a database in memory is gone with the program; name a file: sqlite:///estran.db")
    if not Path(path).exists():
        return frozenset()
    try:
        with closing(sqlite3.connect(path)) as connection:
            names = connection.execute("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'")
            return frozenset(name for (name,) in names)
    except sqlite3.DatabaseError as error:
        raise Conflict(f"{path} cannot be used as an SQLite database: {error}") from None


@contextmanager
def timed(connection: sa.Connection, seconds: float) -> Generator[None]:
    """Break off what takes longer; the clock is looked at every few milliseconds of work."""
    driver: Any = connection.connection.driver_connection
    end = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


class _DataVersion:
    """SQLite's own counter of what others committed, asked on a connection that itself never writes."""

    def __init__(self, url: str) -> None:
        self._path = sa.make_url(url).database or ""
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def __call__(self) -> int | None:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = sqlite3.connect(
                        f"{Path(self._path).absolute().as_uri()}?mode=rw", uri=True,
                        check_same_thread=False, isolation_level=None,
                    )  # fmt: skip
                return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.Error:
                # Whoever asks the database itself is told what is wrong.
                return None

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None


def within(column: Any, wanted: Sequence[int] | Sequence[str]) -> Any:
    """`column` is one of these, as one bound JSON list: no limit on their number."""
    listed = [value if isinstance(value, str) else int(value) for value in wanted]
    values = sa.func.json_each(json.dumps(listed, separators=(",", ":"))).table_valued("value")
    return column.in_(sa.select(values.c.value))


def like(column: Any, pattern: str) -> Any:
    r"""GLOB, since its LIKE takes capitals for small letters: ``%`` is ``*``, ``_`` is ``?``."""
    glob, escaped = "", False
    for c in pattern:
        if c == "\\" and not escaped:
            escaped = True
            continue
        special = {"%": "*", "_": "?"}.get(c, "") if not escaped else ""
        glob += special or (f"[{c}]" if c in "*?[" else c)
        escaped = False
    return column.op("GLOB", is_comparison=True)(glob)


_JSON_KINDS = {"text": ("text",), "number": ("integer", "real"), "truth": ("true", "false")}


def member(column: Any, names: Sequence[str], kind: str) -> Any:
    """By its own functions of JSON."""
    path = "$" + "".join(f".{json.dumps(name, ensure_ascii=False)}" for name in names)
    told = sa.func.json_type(column, path)
    if kind == "any":
        return sa.func.nullif(told, "null")
    types: dict[str, Any] = {"text": sa.String(), "number": sa.Float(), "truth": sa.Boolean()}
    value = sa.func.json_extract(column, path, type_=types[kind])
    return sa.case((told.in_(_JSON_KINDS[kind]), value), else_=None)


def folded(column: Any, casei: bool, accenti: bool) -> Any:
    """By Python: its own lower() knows ASCII alone, and accents not at all."""
    return sa.func.estran_fold(column, int(casei), int(accenti), type_=sa.String)


def related(relation: str, wkt: str, shape: Any, box: tuple[Any, Any, Any, Any]) -> Any:
    """By shapely, row by row."""
    return sa.func.estran_related(relation, wkt, shape, *box, type_=sa.Boolean)


class _Boxes:
    """R*Tree of box corners, whose ids hold the pk: finding needs nothing but the tree.

    The tree rounds to 32 bits outwards. What touches the box by more than that is sure; for the few at
    its edge the exact corners, which ride along, decide.
    """

    table = sa.table(
        "place", *(sa.column(name) for name in ("id", "w", "e", "s", "n", "west", "east", "south", "north"))
    )

    def create(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE place USING rtree(id, w, e, s, n, +west, +east, +south, +north)"
        )

    def put(self, connection: sa.Connection, rows: Iterable[tuple[int, Box]]) -> None:
        numbered: list[tuple[float, ...]] = []
        counted: dict[int, int] = {}
        for pk, box in rows:
            for b in box.parts():
                number = counted[pk] = counted.get(pk, -1) + 1
                corners = (b.west, b.east, b.south, b.north)
                numbered.append((pk * _NUMBERS + number, *corners, *corners))
        if numbered:
            connection.exec_driver_sql(
                "INSERT INTO place (id, w, e, s, n, west, east, south, north) VALUES (?,?,?,?,?,?,?,?,?)",
                numbered,
            )

    def remove(self, connection: sa.Connection, pks: Sequence[int]) -> None:
        # The tree itself finds an id but no range of ids; its own table of them does.
        connection.exec_driver_sql(
            "DELETE FROM place WHERE id IN (SELECT r.rowid FROM json_each(?) p"
            " JOIN place_rowid r ON r.rowid BETWEEN p.value * ? AND p.value * ? + ? - 1)",
            (json.dumps([int(pk) for pk in pks]), _NUMBERS, _NUMBERS, _NUMBERS),
        )

    def touching(self, box: Box) -> sa.Select[int]:
        t = self.table.c
        pk = (t.id // _NUMBERS).label("pk")
        chosen: list[sa.Select[Any]] = []
        for b in box.parts():
            rounded = (t.w, t.e, t.s, t.n)
            sure, near = _overlap(rounded, b, -_ROUNDING), _overlap(rounded, b, _ROUNDING)
            exact = _overlap((t.west, t.east, t.south, t.north), b, 0)
            chosen += [sa.select(pk).where(*sure), sa.select(pk).where(*near, ~sa.and_(*sure), *exact)]
        return sa.select(sa.union_all(*chosen).subquery().c.pk)

    def boxes(self, connection: sa.Connection, pks: Sequence[int] | None) -> list[tuple[int, Box]]:
        if pks is None:
            every = connection.exec_driver_sql(
                "SELECT id / ?, west, south, east, north FROM place", (_NUMBERS,)
            )
            return [(pk, Box(*corners)) for pk, *corners in every]
        rows = connection.exec_driver_sql(
            "SELECT q.id / ?, q.west, q.south, q.east, q.north FROM json_each(?) p"
            " JOIN place_rowid r ON r.rowid BETWEEN p.value * ? AND p.value * ? + ? - 1"
            " JOIN place q ON q.id = r.rowid",
            (_NUMBERS, json.dumps([int(pk) for pk in pks]), _NUMBERS, _NUMBERS, _NUMBERS),
        )
        return [(pk, Box(*corners)) for pk, *corners in rows]


def _overlap(corners: tuple[Any, Any, Any, Any], box: Box, more: float) -> list[Any]:
    """The conditions under which corners (w, e, s, n) overlap a box that is larger by `more` degrees."""
    w, e, s, n = corners
    return [w <= box.east + more, e >= box.west - more, s <= box.north + more, n >= box.south - more]


class _Items:
    """R*Tree of longitude, latitude and days; the first box of an item has an even id, a second one an odd."""

    table = sa.table("item_place", *(sa.column(name) for name in ("id", "w", "e", "s", "n", "t0", "t1")))

    def create(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql("CREATE VIRTUAL TABLE item_place USING rtree(id, w, e, s, n, t0, t1)")

    def put(self, connection: sa.Connection, rows: Sequence[tuple[int, tuple[Box, ...], int, int]]) -> None:
        placed = [
            (2 * pk + n, b.west, b.east, b.south, b.north, start / _DAY_US, end / _DAY_US)
            for pk, boxes, start, end in rows
            for n, b in enumerate(part for box in boxes for part in box.parts())
        ]
        if placed:
            connection.exec_driver_sql(
                "INSERT INTO item_place (id, w, e, s, n, t0, t1) VALUES (?,?,?,?,?,?,?)", placed
            )

    def remove(self, connection: sa.Connection, pks: Sequence[int]) -> None:
        connection.exec_driver_sql(
            "DELETE FROM item_place WHERE id IN (?, ?)", [(2 * pk, 2 * pk + 1) for pk in pks]
        )

    def near(self, box: Box, time: tuple[int, int] | None) -> sa.Select[int]:
        t = self.table.c
        conditions = _overlap((t.w, t.e, t.s, t.n), box, 0)
        if time is not None:
            conditions += [t.t0 <= time[1] / _DAY_US, t.t1 >= time[0] / _DAY_US]
        return sa.select((t.id // 2).label("pk")).where(*conditions)

    def nearest(
        self, boxes: Sequence[Box], time: tuple[int, int] | None, most: int
    ) -> tuple[str, dict[str, Any]]:
        start, end = time or (EVER_US, NEVER_US)
        params: dict[str, Any] = {"t0": start / _DAY_US, "t1": end / _DAY_US}
        parts: list[str] = []
        for n, box in enumerate(boxes):
            parts.append(
                f"SELECT id / 2 AS pk FROM item_place WHERE w <= :e{n} AND e >= :w{n} AND s <= :n{n}"  # noqa: S608 - numbers of parameters
                f" AND n >= :s{n} AND t0 <= :t1 AND t1 >= :t0"
            )
            params |= {f"w{n}": box.west, f"s{n}": box.south, f"e{n}": box.east, f"n{n}": box.north}
        return f"{' UNION ALL '.join(parts)} LIMIT {most}", params


def ask(connection: sa.Connection, text: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """By the driver alone, which is half of what a short question costs otherwise."""
    driver: Any = connection.connection.driver_connection
    try:
        return driver.execute(text, params).fetchall()
    except sqlite3.Error as error:
        raise DBAPIError.instance(text, dict(params), error, sqlite3.Error) from error


class _Words:
    """FTS5 over tokens that were folded and stemmed before; it only splits at blanks."""

    columns = ("title_fr", "title_en", "subject_fr", "subject_en", "body_fr", "body_en")
    table = sa.table("words", sa.column("rowid"), sa.column("words"))

    def create(self, connection: sa.Connection) -> None:
        columns = ", ".join(self.columns)
        connection.exec_driver_sql(
            f'CREATE VIRTUAL TABLE words USING fts5({columns}, tokenize="unicode61 remove_diacritics 0")'
        )

    def put(self, connection: sa.Connection, rows: Iterable[tuple[int, tuple[str, ...]]]) -> None:
        listed = [(pk, *tokens) for pk, tokens in rows]
        if listed:
            connection.exec_driver_sql(
                "INSERT INTO words (rowid, title_fr, title_en, subject_fr, subject_en, body_fr, body_en)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                listed,
            )

    def remove(self, connection: sa.Connection, pks: Sequence[int]) -> None:
        if pks:
            connection.exec_driver_sql("DELETE FROM words WHERE rowid = ?", [(pk,) for pk in pks])

    def matching(self, phrases: Mapping[str, Sequence[str]], *, prefix: bool = False) -> sa.Select[int]:
        # One pass for all columns that ask the same, as they do where both languages have one stem.
        columns: dict[tuple[str, ...], list[str]] = {}
        for column, tokens in phrases.items():
            if tokens:
                columns.setdefault(tuple(tokens), []).append(column)
        # Tokens are letters and digits only, so nothing of FTS5's own language can get in.
        parts = [
            f'{{{" ".join(names)}}}: "{" ".join(tokens)}"{"*" if prefix else ""}'
            for tokens, names in columns.items()
        ]
        t = self.table.c
        return sa.select(t.rowid.label("pk")).where(t.words.op("MATCH")(" OR ".join(parts)))


ENGINE = Engine(
    scheme="sqlite",
    connect=connect,
    connect_to_write=connect_to_write,
    place_index=_Boxes(),
    text_index=_Words(),
    item_index=_Items(),
    insert=insert_rows,
    replace=replace_rows,
    update=update_rows,
    within=within,
    joined=sa.func.group_concat,
    like=like,
    member=member,
    folded=folded,
    related=related,
    spelling=Spelling(
        mark=":{}",
        among=lambda column, mark: f"{column} IN (SELECT value FROM json_each({mark}))",  # noqa: S608
        listing=lambda values: json.dumps(list(values), separators=(",", ":")),
        gathered=lambda query: f"(SELECT json_group_array(pk) FROM ({query}))",  # noqa: S608
        dialect=lambda: dialect(paramstyle="named"),
    ),
    ask=ask,
    stamp=_DataVersion,
    timed=timed,
    begin_read=("BEGIN",),
    begin_write=("BEGIN IMMEDIATE",),
    # Pages that are new need no journal: they go straight to the file, which a write-ahead log would double.
    # The next connection sets write-ahead mode again.
    begin_fill=("PRAGMA journal_mode=DELETE", "BEGIN EXCLUSIVE"),
    settle=(),
    tables=tables,
)
