"""Many rows to PostgreSQL at once: by COPY, or as arrays of one statement, where each alone would be a journey."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from estran.storage.rows import insert_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORTH_COPYING = 10
_SMALL = 1 << 31
_KINDS: dict[type, str] = {
    sa.BigInteger: "int8", sa.Integer: "int4", sa.Float: "float8", sa.LargeBinary: "bytea", sa.String: "text",
    sa.Boolean: "bool",
}  # fmt: skip


def copy_rows(
    connection: sa.Connection, table: sa.Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """COPY in binary form; for a few rows, which it would not speed up, INSERT."""
    if len(rows) < _WORTH_COPYING:
        insert_rows(connection, table, columns, rows)
        return
    names = ", ".join(_quoted(columns))
    text = f'COPY "{table.name}" ({names}) FROM STDIN (FORMAT BINARY)'
    driver: Any = connection.connection.driver_connection
    try:
        _check_small(table, columns, rows)
        with driver.cursor() as cursor, cursor.copy(text) as copy:
            copy.set_types([_kind(table, name) for name in columns])
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        # Told as what INSERT is refused for.
        raise DBAPIError.instance(text, None, error, psycopg.Error) from error


def _check_small(table: sa.Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Refuse what INSERT refuses: the driver's binary COPY cuts integers that are too large."""
    for n, name in enumerate(columns):
        if type(table.c[name].type) is sa.Integer:
            held = [value for row in rows if (value := row[n]) is not None]
            if held and not (min(held) >= -_SMALL and max(held) < _SMALL):
                raise psycopg.DataError(f"a value of “{name}” is out of range for an integer of 32 bits")


def replace_rows(
    connection: sa.Connection, table: sa.Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """INSERT from arrays, and UPDATE where there is one of that key: by its index, whatever the planner thinks."""
    if rows:
        given = _arrays(table, columns, list(zip(*rows, strict=True)))
        connection.exec_driver_sql(_replace(table, columns), given)


def update_rows(
    connection: sa.Connection,
    table: sa.Table,
    columns: tuple[str, ...],
    keys: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
) -> int:
    """UPDATE from arrays."""
    if not rows:
        return 0
    given = _arrays(table, (*columns, *keys), list(zip(*rows, strict=True)))
    return connection.exec_driver_sql(_update(table, columns, keys), given).rowcount


def _kind(table: sa.Table, name: str) -> str:
    return _KINDS[type(table.c[name].type)]


def _arrays(
    table: sa.Table, names: tuple[str, ...], columns: Sequence[tuple[Any, ...]]
) -> tuple[str | list[Any], ...]:
    """Columns as parameters."""
    return tuple(
        list(column) if _kind(table, name) == "bytea" else as_text(column)
        for name, column in zip(names, columns, strict=True)
    )


def as_text(values: Sequence[Any]) -> str:
    """An array of numbers, truths or texts as PostgreSQL reads it: much quicker than what the driver makes of a list."""
    return f"{{{','.join([_element(value) for value in values])}}}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        # What stands in quotes is text, even NULL.
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def listed(values: Sequence[Any]) -> str | list[Any]:
    """Values for `= ANY(…)`; numbers as text, but for those that columns of small ones would not be compared with."""
    if values and isinstance(values[0], int) and -_SMALL <= min(values) <= max(values) < _SMALL:
        return as_text(values)
    return list(values)


def _given(table: sa.Table, names: tuple[str, ...]) -> str:
    """The arrays as rows of a table `given`."""
    arrays = ", ".join(f"%s::{_kind(table, name)}[]" for name in names)
    return f"unnest({arrays}) AS given ({', '.join(_quoted(names))})"


def _alike(table: sa.Table, keys: tuple[str, ...]) -> str:
    return " AND ".join(f'"{table.name}".{name} = given.{name}' for name in _quoted(keys))


def _quoted(names: tuple[str, ...]) -> list[str]:
    return [f'"{name}"' for name in names]


@lru_cache(maxsize=64)
def _replace(table: sa.Table, columns: tuple[str, ...]) -> str:
    keys = tuple(column.name for column in table.primary_key)
    others = _quoted(tuple(column.name for column in table.columns if column.name not in keys))
    # What is not given becomes what it is in a new row.
    told = ", ".join(f"{name} = EXCLUDED.{name}" for name in others)
    return (
        f'INSERT INTO "{table.name}" ({", ".join(_quoted(columns))}) SELECT * FROM {_given(table, columns)}'  # noqa: S608 - names of the schema
        f" ON CONFLICT ({', '.join(_quoted(keys))}) DO UPDATE SET {told}"
    )


@lru_cache(maxsize=64)
def _update(table: sa.Table, columns: tuple[str, ...], keys: tuple[str, ...]) -> str:
    told = ", ".join(f"{name} = given.{name}" for name in _quoted(columns))
    given = _given(table, (*columns, *keys))
    return f'UPDATE "{table.name}" SET {told} FROM {given} WHERE {_alike(table, keys)}'  # noqa: S608 - names of the schema
