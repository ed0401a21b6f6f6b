"""SQLite: one file in write-ahead mode, R*Tree for boxes, FTS5 for words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event

from estran.model import Box
from estran.storage.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_BUSY_MS = 30_000
_CACHE_KIB = 16_384
_MMAP_BYTES = 1 << 30


def connect(url: str) -> sa.Engine:
    """An engine on a file; transactions are begun by hand, so that a read is one snapshot."""
    engine = sa.create_engine(url, connect_args={"check_same_thread": False}, pool_size=40, max_overflow=0)

    @event.listens_for(engine, "connect")
    def _opened(connection: Any, _record: object) -> None:  # pyright: ignore[reportUnusedFunction]
        # The driver must not begin transactions of its own.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            # Each commit is on the disk before anyone is told that it is stored.
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={_BUSY_MS}",
            f"cache_size=-{_CACHE_KIB}",
            f"mmap_size={_MMAP_BYTES}",
            "temp_store=MEMORY",
            # Nothing that is written as SQL may reach outside the schema.
            "trusted_schema=OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def within(column: Any, pks: Sequence[int]) -> Any:
    """`column` is one of `pks`, as one bound JSON list: no limit on their number."""
    values = sa.func.json_each(json.dumps([int(pk) for pk in pks], separators=(",", ":"))).table_valued(
        "value"
    )
    return column.in_(sa.select(values.c.value))


class _Boxes:
    """R*Tree of box corners. It rounds to 32 bits outwards, so the exact corners ride along and decide."""

    table = sa.table(
        "place",
        *(sa.column(name) for name in ("id", "w", "e", "s", "n", "pk", "west", "east", "south", "north")),
    )

    def create(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE place USING rtree(id, w, e, s, n, +pk INTEGER, +west, +east, +south, +north)"
        )
        # The R*Tree cannot be searched by its extra columns.
        connection.exec_driver_sql(
            "CREATE TABLE place_of (pk INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (pk, id)) WITHOUT ROWID"
        )

    def put(self, connection: sa.Connection, rows: Iterable[tuple[int, Box]]) -> None:
        halves = [(pk, part) for pk, box in rows for part in box.parts()]
        if not halves:
            return
        start = (connection.exec_driver_sql("SELECT max(rowid) FROM place_rowid").scalar() or 0) + 1
        numbered = [(start + n, pk, b) for n, (pk, b) in enumerate(halves)]
        connection.exec_driver_sql(
            "INSERT INTO place (id, w, e, s, n, pk, west, east, south, north) VALUES (?,?,?,?,?,?,?,?,?,?)",
            [
                (i, b.west, b.east, b.south, b.north, pk, b.west, b.east, b.south, b.north)
                for i, pk, b in numbered
            ],
        )
        connection.exec_driver_sql(
            "INSERT INTO place_of (pk, id) VALUES (?,?)", [(pk, i) for i, pk, _ in numbered]
        )

    def remove(self, connection: sa.Connection, pks: Sequence[int]) -> None:
        held = json.dumps(list(pks))
        connection.exec_driver_sql(
            "DELETE FROM place WHERE id IN"
            " (SELECT id FROM place_of WHERE pk IN (SELECT value FROM json_each(?)))",
            (held,),
        )
        connection.exec_driver_sql(
            "DELETE FROM place_of WHERE pk IN (SELECT value FROM json_each(?))", (held,)
        )

    def touching(self, box: Box) -> sa.Select[tuple[int]]:
        t = self.table.c
        parts = [
            sa.and_(
                t.w <= b.east,
                t.e >= b.west,
                t.s <= b.north,
                t.n >= b.south,
                t.west <= b.east,
                t.east >= b.west,
                t.south <= b.north,
                t.north >= b.south,
            )
            for b in box.parts()
        ]
        chosen = [sa.select(t.pk).where(part) for part in parts]
        return chosen[0] if len(chosen) == 1 else sa.select(sa.union_all(*chosen).subquery().c.pk)

    def boxes(self, connection: sa.Connection, pks: Sequence[int]) -> list[tuple[int, Box]]:
        rows = connection.exec_driver_sql(
            "SELECT p.pk, p.west, p.south, p.east, p.north FROM place_of o JOIN place p ON p.id = o.id"
            " WHERE o.pk IN (SELECT value FROM json_each(?))",
            (json.dumps([int(pk) for pk in pks]),),
        )
        return [(pk, Box(*corners)) for pk, *corners in rows]


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

    def matching(
        self, phrases: Mapping[str, Sequence[str]], *, prefix: bool = False
    ) -> sa.Select[tuple[int]]:
        # Tokens are letters and digits only, so nothing of FTS5's own language can get in.
        parts = [
            f'{{{column}}}: "{" ".join(tokens)}"{"*" if prefix else ""}'
            for column, tokens in phrases.items()
            if tokens
        ]
        t = self.table.c
        return sa.select(t.rowid.label("pk")).where(t.words.op("MATCH")(" OR ".join(parts)))


ENGINE = Engine(
    scheme="sqlite",
    connect=connect,
    place_index=_Boxes(),
    text_index=_Words(),
    within=within,
    joined=sa.func.group_concat,
    begin_read=("BEGIN",),
    begin_write=("BEGIN IMMEDIATE",),
)
