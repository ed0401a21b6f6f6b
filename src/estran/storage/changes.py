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
_LATEST = select(change.c.at).order_by(change.c.seq.desc()).limit(1)
# A clock that was wrong by more than this, and was set right, is believed again.
_HOUR_US = 3_600_000_000
# In these very words, which the index has as well.
_NOT_ITEM = sa.text("kind <> 'item'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that happened.

    Attributes:
        seq: its number, growing with time.
        kind: "record", "organisation", "item", "queryable", "vocabulary", "source" (its precedence), "link",
            "view", "cluster" (all were made anew), "observations" (a dataset is found or shown otherwise), "entity"
            (of SensorThings, where somebody follows them); op: "add", "change" or "remove".
            A "tombstone" says that a record went from the sight of some; its op is what it stood under.
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
    first, at = take_numbers(connection, "change", len(events)), instant(connection)
    rows = [(first + n, kind, id_, op, at, actor) for n, (kind, id_, op) in enumerate(events)]
    insert(connection, change, _COLUMNS, rows)
    return first + len(events) - 1


def instant(connection: sa.Connection) -> int:
    """The time for what is written now: later than all that was written before, though the clock went back.

    Whoever follows the changes by their time misses none of them.
    """
    now, latest = now_us(), connection.execute(_LATEST).scalar() or 0
    return latest + 1 if now <= latest < now + _HOUR_US else now


def latest(connection: sa.Connection) -> int:
    """When the newest change was logged, 0 before any."""
    return connection.execute(_LATEST).scalar() or 0


def number_at(connection: sa.Connection, at: int) -> int:
    """Number of the first change of that time or later; one more than the newest where there is none."""
    low, high = 1, revision(connection) + 1
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(
            select(change.c.seq, change.c.at).where(change.c.seq >= middle).order_by(change.c.seq).limit(1)
        ).one()
        if row.at < at:
            low = row.seq + 1
        else:
            high = middle
    return low


def revision(connection: sa.Connection) -> int:
    """Number of the newest change, 0 before any."""
    return connection.execute(_NEWEST).scalar() or 0


def after(connection: sa.Connection, seq: int, limit: int, kinds: Sequence[str] = ()) -> tuple[Change, ...]:
    """The changes that follow number `seq`, oldest first; of some kinds where these are given."""
    chosen = select(change).where(change.c.seq > seq).order_by(change.c.seq).limit(limit)
    if kinds:
        chosen = chosen.where(change.c.kind.in_(kinds))
    return tuple(_change(row) for row in connection.execute(chosen).mappings())


def last_before(connection: sa.Connection, seq: int, kind: str) -> int | None:
    """Number of the last change of a kind before a number, None for none."""
    chosen = select(change.c.seq).where(change.c.seq < seq, change.c.kind == kind)
    return connection.execute(chosen.order_by(change.c.seq.desc()).limit(1)).scalar()


def newest_of(connection: sa.Connection, kind: str, ids: Sequence[str]) -> dict[str, int]:
    """Number of the newest change of each of these things, which are no items."""
    chosen = (
        select(change.c.id, sa.func.max(change.c.seq).label("seq"))
        .where(change.c.kind == kind, change.c.id.in_(ids), _NOT_ITEM)
        .group_by(change.c.id)
    )
    return {row.id: row.seq for row in connection.execute(chosen)}


def last_of(connection: sa.Connection, id: str) -> Change | None:  # noqa: A002 - the word of the model
    """The newest change of one thing that is no item, None if it never was here."""
    rows = connection.execute(
        select(change).where(change.c.id == id, _NOT_ITEM).order_by(change.c.seq.desc()).limit(1)
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
