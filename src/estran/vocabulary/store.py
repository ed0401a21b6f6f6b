"""Vocabularies in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, func, insert, or_, select

from estran.errors import Invalid, NotAllowed, NotFound
from estran.model import plain
from estran.storage import changes, schema
from estran.vocabulary.concepts import ConceptScheme, Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from estran.storage import Database

_MOST = 1000


class Vocabulary:
    """The vocabularies of a node; everyone may read them."""

    def __init__(self, database: Database, *, writable: bool = True) -> None:
        self._database, self._writable = database, writable

    def put(self, scheme: ConceptScheme, entries: Sequence[Entry]) -> int:
        """Enter a vocabulary, in place of what the node held under the same name.

        An alias leads to the entry that took its place.

        Returns:
            How many entries it has.

        Raises:
            Invalid: an entry belongs to another scheme, or two have one address.
            NotAllowed: this vocabulary is only read.
        """
        if not self._writable:
            raise NotAllowed("only the node's operator may change its vocabularies")
        rows = {scheme.uri: _row(scheme.uri, "", scheme.name, scheme)}
        for entry in entries:
            if entry.scheme != scheme.name or entry.uri in rows:
                raise Invalid(f"“{entry.uri}” stands there twice or belongs to “{entry.scheme}”", scheme.name)
            rows[entry.uri] = _row(entry.uri, scheme.name, entry.name, entry)
        names = {entry.name for entry in entries}
        for entry in entries:
            for alias in set(entry.aliases) - names:
                address = f"{entry.uri}#{alias}"
                rows[address] = _row(address, scheme.name, alias, entry)
        table = schema.concept
        with self._database.write() as connection:
            gone = connection.execute(
                delete(table).where(or_(table.c.scheme == scheme.name, table.c.uri == scheme.uri))
            )
            connection.execute(insert(table), list(rows.values()))
            changes.log(
                connection, [("vocabulary", scheme.name, "change" if gone.rowcount else "add")], "operator"
            )
        return len(entries)

    def schemes(self) -> tuple[ConceptScheme, ...]:
        """The vocabularies that the node holds, by name."""
        table = schema.concept
        chosen = select(table.c.document).where(table.c.scheme == "").order_by(table.c.name)
        with self._database.read() as connection:
            return tuple(
                msgspec.json.decode(body, type=ConceptScheme) for (body,) in connection.execute(chosen)
            )

    def show(self, name: str) -> Entry:
        """The entry of a name, an alias or an address.

        Raises:
            NotFound: no vocabulary here has it.
        """
        table = schema.concept
        # An address with and without its last slash is one.
        keys = {name, name.rstrip("/"), f"{name.rstrip('/')}/"}
        chosen = (
            select(table.c.document)
            .where(table.c.scheme != "", or_(table.c.name == name, table.c.uri.in_(keys)))
            .order_by(table.c.scheme)
        )
        with self._database.read() as connection:
            body = connection.execute(chosen).scalar()
        if body is None:
            raise NotFound(
                "concept",
                name,
                "Names are those of the node's vocabularies, such as sea_surface_temperature.",
            )
        return _entry(body)

    def lookup(self, names: Iterable[str]) -> dict[str, Entry]:
        """The entries of several names or aliases, by the name that was asked; unknown ones are left out."""
        table = schema.concept
        wanted = sorted({name for name in names if name})[:_MOST]
        chosen = select(table.c.name, table.c.document).where(table.c.scheme != "", table.c.name.in_(wanted))
        with self._database.read() as connection:
            return {name: _entry(body) for name, body in connection.execute(chosen)}

    def search(self, text: str, limit: int = 20) -> tuple[Entry, ...]:
        """Entries whose name has every word of `text`, the shortest name first."""
        table = schema.concept
        words = text.casefold().replace("_", " ").split()
        if not words or limit < 1:
            return ()
        chosen = (
            select(table.c.document)
            .where(
                table.c.scheme != "",
                *(func.lower(table.c.name).contains(word, autoescape=True) for word in words),
            )
            .order_by(func.length(table.c.name), table.c.name)
        )
        with self._database.read() as connection:
            # Aliases lead to an entry that may be found by its own name too.
            found = {entry.uri: entry for (body,) in connection.execute(chosen) for entry in (_entry(body),)}
        return tuple(found.values())[:limit]


def _row(uri: str, scheme: str, name: str, value: ConceptScheme | Entry) -> dict[str, object]:
    return {"uri": uri, "scheme": scheme, "name": name, "document": msgspec.json.encode(plain(value))}


def _entry(body: bytes) -> Entry:
    return msgspec.json.decode(body, type=Entry)
