"""Bringing a database to the version of the program: forward only, with a backup first."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from estran.errors import Conflict
from estran.model import now

if TYPE_CHECKING:
    from estran.storage.engine import Database

HEAD = "0026"
"""The newest migration; a test keeps it equal to Alembic's head, which is too slow to ask at each start."""


def prepare(database: Database) -> None:
    """Bring the tables to this program's version, after a backup where there is something to lose.

    Raises:
        Conflict: the database was written by a newer Estran, or there is no room for the backup.
    """
    held = _held(database)
    if held == HEAD:
        return
    if held:
        if held > HEAD:
            raise Conflict(
                f"this node was written by a newer Estran (its tables are at {held}, this program knows {HEAD}); upgrade Estran"
            )
        _back_up(database.url, held)
    with database.write() as connection:
        # Two processes may open a new node at once: the second finds it done.
        if _version(connection) != HEAD:
            upgrade(database, connection)


def upgrade(database: Database, connection: sa.Connection) -> None:
    """Bring the tables to this program's version, within a transaction."""
    from alembic import command  # noqa: PLC0415 - slow to import and seldom needed
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["engine"] = database.engine
    command.upgrade(config, "head")


def _held(database: Database) -> str:
    with database.read() as connection:
        return _version(connection)


def _version(connection: sa.Connection) -> str:
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or ""


def _back_up(url: str, held: str) -> None:
    address = sa.make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        return
    target = f"{address.database}.{held}.{now():%Y%m%dT%H%M%S}.backup"
    free = shutil.disk_usage(Path(target).parent).free
    if free < 2 * Path(address.database).stat().st_size:
        raise Conflict(
            f"there is too little room beside {address.database} for the backup that a migration needs; make room"
        )
    with sqlite3.connect(address.database) as live, sqlite3.connect(target) as copy:
        live.backup(copy)
