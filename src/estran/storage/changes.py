"""The change log: one append-only list that everything else follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import select

from estran.model import moment_us, now_us
from estran.storage.engine import take_numbers
from estran.storage.rows import insert_rows
from estran.storage.schema import change

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_COLUMNS = ("seq", "kind", "id", "op", "at", "actor")
# Asked by every request: built once.
_NEWEST = select(sa.func.max(change.c.seq))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that happened.

    Attributes:
        seq: its number, growing with time.
        kind: "record", "organisation", "item" or "queryable"; op: "add", "change" or "remove".
        at: canonical instant; actor: who did it.
    """

    seq: int
    kind: str
    id: str
    op: str
    at: str
    actor: str


def log(
    connection: sa.Connection,
    events: Sequence[tuple[str, str, str]],
    actor: str,
    insert: Callable[..., None] = insert_rows,
) -> int:
    """Append (kind, id, op) events; gives the number of the last one, 0 for none.

    Args:
        connection: in a transaction that writes.
        events: what happened.
        actor: who did it.
        insert: the engine's way to insert many.
    """
    if not events:
        return 0
    first, at = take_numbers(connection, "change", len(events)), now_us()
    rows = [(first + n, kind, id_, op, at, actor) for n, (kind, id_, op) in enumerate(events)]
    insert(connection, change, _COLUMNS, rows)
    return first + len(events) - 1


def revision(connection: sa.Connection) -> int:
    """Number of the newest change, 0 before any."""
    return connection.execute(_NEWEST).scalar() or 0


def after(connection: sa.Connection, seq: int, limit: int) -> tuple[Change, ...]:
    """The changes that follow number `seq`, oldest first."""
    rows = connection.execute(select(change).where(change.c.seq > seq).order_by(change.c.seq).limit(limit))
    return tuple(_change(row) for row in rows.mappings())


def last_of(connection: sa.Connection, id: str) -> Change | None:  # noqa: A002 - the word of the model
    """The newest change of one thing that is no item, None if it never was here."""
    # In these very words, which the index has as well.
    not_item = sa.text("kind <> 'item'")
    rows = connection.execute(
        select(change).where(change.c.id == id, not_item).order_by(change.c.seq.desc()).limit(1)
    )
    row = rows.mappings().first()
    return _change(row) if row else None


def _change(row: sa.RowMapping) -> Change:
    return Change(
        seq=row["seq"],
        kind=row["kind"],
        id=row["id"],
        op=row["op"],
        at=moment_us(row["at"]),
        actor=row["actor"],
    )
