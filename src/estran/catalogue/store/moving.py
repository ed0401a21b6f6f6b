"""A node's state into another database: every table as it is, the engine's own indexes made anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import inspect

from estran.catalogue.prepare import boxes, decode
from estran.catalogue.words import columns
from estran.errors import Conflict
from estran.model import Box
from estran.storage import Database, schema, upgrade
from estran.storage.copying import Digest, Step, Steps, batches, copy, count, verify
from estran.storage.engine import engine_of, one_row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import sqlalchemy as sa

    from estran.storage import Engine

__all__ = ["Migration", "Step", "move"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """What was moved.

    Attributes:
        tables: name -> rows and digest, the same in both databases.
        switched: whether the settings name the new database now.
    """

    tables: Mapping[str, Digest]
    switched: bool = False

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(digest.rows for digest in self.tables.values())


def move(
    source: Database,
    url: str,
    progress: Callable[[Step], None] | None = None,
    finish: Callable[[], None] | None = None,
) -> Mapping[str, Digest]:
    """Copy everything into an empty database, in one transaction: all of it arrives, or nothing.

    Args:
        source: what is copied, as of one moment; it may be read meanwhile, and nobody writes to it.
        url: of the empty database.
        progress: told after each batch.
        finish: called once all is there and proven, before anyone writes again.

    Returns:
        Rows and digest of each table.

    Raises:
        Conflict: the new database is not empty, or cannot keep everything.
        Unavailable: one of the two is out of reach, or others write to the node.
    """
    if held := sorted(engine_of(url).tables(url)):
        raise _not_empty(held)
    target = Database(url)
    try:
        # What were written from now on would be missing in the new database.
        with source.write() as still:
            with source.snapshot() as snapshot, target.fill() as fresh:
                tables = _filled(target, snapshot, fresh, progress)
            one_row(still)
            if finish:
                finish()
    finally:
        target.close()
    return tables


def _not_empty(held: list[str]) -> Conflict:
    what = (
        "a node of Estran"
        if {"alembic_version", "meta", "record"} <= set(held)
        else "tables of something else"
    )
    return Conflict(
        f"the new database holds {what} ({', '.join(held[:5])}{'…' if len(held) > 5 else ''}); "  # noqa: PLR2004
        "nothing was written there: name an empty database"
    )


def _filled(
    target: Database, snapshot: sa.Connection, fresh: sa.Connection, progress: Callable[[Step], None] | None
) -> Mapping[str, Digest]:
    # Another migration may have come first.
    if inspect(fresh).has_table("alembic_version"):
        raise _not_empty(["alembic_version", "meta", "record"])
    upgrade(target, fresh)
    rows = count(snapshot)
    tables = copy(target.engine, snapshot, fresh, Steps("copy", rows, progress).advance)
    indexed = count(snapshot, [schema.record_document, schema.item])
    rebuild(target.engine, fresh, Steps("index", indexed, progress).advance)
    for statement in target.engine.settle:
        fresh.exec_driver_sql(statement)
    verify(fresh, tables, Steps("verify", rows, progress).advance)
    return tables


def rebuild(engine: Engine, connection: sa.Connection, advance: Callable[[int], object]) -> None:
    """Fill the empty indexes of words, places and items from the tables."""
    for rows in batches(connection, schema.record_document):
        records = [(row.pk, decode(row.document)) for row in rows]
        engine.place_index.put(connection, [(pk, box) for pk, record in records for box in boxes(record)])
        engine.text_index.put(connection, [(pk, columns(record)) for pk, record in records])
        advance(len(rows))
    for rows in batches(connection, schema.item):
        engine.item_index.put(connection, [(row.pk, _places(row), row.start, row.end) for row in rows])
        advance(len(rows))


def _places(row: sa.Row[tuple[object, ...]]) -> tuple[Box, ...]:
    return () if row.west is None else (Box(row.west, row.south, row.east, row.north),)
