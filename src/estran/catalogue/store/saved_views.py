"""The SQL of saved views: few rows, each a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, insert, select

from estran.catalogue.saved_views import SavedView
from estran.model import plain
from estran.storage import changes, schema

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa

    from estran.storage import Database

__all__ = ["SavedViewStore"]

_T = schema.saved_view


class SavedViewStore:
    """The saved views of a node, and the only way to write them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[SavedView, ...]:
        """Every view, by its name."""
        with self._database.read() as connection:
            rows = connection.execute(select(_T.c.document).order_by(_T.c.name))
            return tuple(_view(document) for (document,) in rows)

    def one(self, name: str) -> SavedView | None:
        """A view, None if there is none of that name."""
        with self._database.read() as connection:
            return _one(connection, name)

    def put(self, name: str, made: Callable[[SavedView | None], SavedView], actor: str) -> SavedView:
        """Write a view.

        Args:
            name: of the view.
            made: what is held now, or None -> what shall be; it raises where that may not be.
            actor: for the change log.
        """
        with self._database.write() as connection:
            held = _one(connection, name)
            view = made(held)
            connection.execute(delete(_T).where(_T.c.name == name))
            document = msgspec.json.encode(plain(view))
            connection.execute(insert(_T).values(name=name, document=document))
            changes.log(connection, [("view", name, "change" if held else "add")], actor)
        return view

    def remove(self, name: str, allowed: Callable[[SavedView | None], object], actor: str) -> None:
        """Forget a view; `allowed` raises where that may not be."""
        with self._database.write() as connection:
            allowed(_one(connection, name))
            connection.execute(delete(_T).where(_T.c.name == name))
            changes.log(connection, [("view", name, "remove")], actor)


def _one(connection: sa.Connection, name: str) -> SavedView | None:
    document = connection.execute(select(_T.c.document).where(_T.c.name == name)).scalar()
    return _view(document) if document is not None else None


def _view(document: bytes) -> SavedView:
    return msgspec.json.decode(document, type=SavedView)
