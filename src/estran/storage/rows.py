"""Many rows into one table, without the cost of building a statement from objects."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa


def insert_rows(
    connection: sa.Connection, table: sa.Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows whose values stand in the order of `columns`."""
    if rows:
        # The dialects are singletons of their engines.
        connection.exec_driver_sql(_statement(connection.dialect, table, columns), list(rows))


def replace_rows(
    connection: sa.Connection, table: sa.Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """The same in the place of rows of the same primary keys, on SQLite."""
    if rows:
        inserted = _statement(connection.dialect, table, columns)
        connection.exec_driver_sql(inserted.replace("INSERT", "INSERT OR REPLACE", 1), list(rows))


def update_rows(
    connection: sa.Connection,
    table: sa.Table,
    columns: tuple[str, ...],
    keys: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
) -> int:
    """Other values of columns for rows, each of which gives its key last, on SQLite; gives how many there were."""
    return connection.exec_driver_sql(_update(table, columns, keys), list(rows)).rowcount if rows else 0


@lru_cache(maxsize=64)
def _update(table: sa.Table, columns: tuple[str, ...], keys: tuple[str, ...]) -> str:
    told, alike = (
        mark.join(f'"{name}" = ?' for name in names) for mark, names in ((", ", columns), (" AND ", keys))
    )
    return f'UPDATE "{table.name}" SET {told} WHERE {alike}'  # noqa: S608 - names of the schema


@lru_cache(maxsize=256)
def _statement(dialect: sa.Dialect, table: sa.Table, columns: tuple[str, ...]) -> str:
    quote = dialect.identifier_preparer.quote
    names = ", ".join(map(quote, columns))
    marks = ", ".join(["?" if dialect.paramstyle == "qmark" else "%s"] * len(columns))
    return f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})"  # noqa: S608 - names of the schema
