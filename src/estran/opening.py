"""What opening a node takes: where its things lie, its secret, and what a new one begins with."""

from __future__ import annotations

import secrets
from functools import cache
from typing import TYPE_CHECKING

from estran.access.founding import founding
from estran.errors import Conflict
from estran.storage import get_meta, put_meta

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.access import Organisations
    from estran.observations import SeriesStore
    from estran.storage import Database

__all__ = ["absolute", "found", "secret", "series"]

_FIRST_SETTINGS = "# Settings of this Estran node; “estran settings” lists all that there are.\n"


def absolute(url: str, folder: Path) -> str:
    """A relative SQLite path starts at the node's folder."""
    head, slashes, path = url.partition(":///")
    if head == "sqlite" and slashes and not path.startswith("/"):
        return f"sqlite:///{folder.resolve() / path}"
    return url


def series(database: Database, folder: Path, named: str) -> Callable[[], SeriesStore]:
    """Makes the store of observations, in the node's folder unless it is an address, when it is first asked for."""

    @cache
    def made() -> SeriesStore:
        from estran.observations import Machine, SeriesStore  # noqa: PLC0415 - heavy

        store = SeriesStore(database, named if "://" in named else str(folder.resolve() / named))
        Machine.watching(store)
        return store

    return made


def secret(database: Database) -> bytes:
    """What the node signs with; made when it is first asked for."""
    with database.read() as connection:
        held = get_meta(connection, "secret")
    if held:
        return held
    with database.write() as connection:
        held = get_meta(connection, "secret")
        if held is None:
            held = secrets.token_bytes(32)
            put_meta(connection, "secret", held)
    return held


def found(file: Path, organisations: Organisations) -> None:
    """Give a new node its settings file and its first organisations."""
    if not file.exists():
        file.write_text(_FIRST_SETTINGS, "utf-8")
    if not organisations.all():
        try:
            organisations.add(*founding())
        except Conflict:  # another process opened the same new node at the same time
            if not organisations.all():
                raise
