"""What experts say of periods of datastreams; nothing here touches a row of observations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from estran.storage import schema, take_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

    from estran.storage import Engine

__all__ = ["Verdict", "add", "one", "read", "undo"]

_V = schema.verdict.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an expert says of the observations of a datastream in a period.

    Of several verdicts that stand, the newest counts.

    Attributes:
        number: by which it is undone.
        datastream: number of the datastream.
        start, end: microseconds since 1970 UTC; from the start, before the end.
        code: QARTOD's: 1 good, 2 not evaluated, 3 suspect, 4 bad, 9 missing.
        reason: in the expert's words.
        by: who said it; at: when, in microseconds.
        undone_by: who took it back, "" if it stands; undone_at: when.
    """

    number: int
    datastream: int
    start: int
    end: int
    code: int
    reason: str
    by: str
    at: int
    undone_by: str = ""
    undone_at: int | None = None

    @property
    def stands(self) -> bool:
        """Whether it counts."""
        return self.undone_at is None


def _verdict(row: Any) -> Verdict:
    return Verdict(
        number=row.number, datastream=row.datastream, start=row.start, end=row.end, code=row.code,
        reason=row.reason, by=row.by, at=row.at, undone_by=row.undone_by or "", undone_at=row.undone_at,
    )  # fmt: skip


def add(connection: sa.Connection, given: Verdict) -> Verdict:
    """Note a verdict; its number is given here."""
    number = take_numbers(connection, "verdict", 1)
    connection.execute(
        insert(schema.verdict).values(
            number=number, datastream=given.datastream, start=given.start, end=given.end, code=given.code,
            reason=given.reason, by=given.by, at=given.at,
        )
    )  # fmt: skip
    return one(connection, number) or given


def one(connection: sa.Connection, number: int) -> Verdict | None:
    """A verdict."""
    found = connection.execute(select(schema.verdict).where(_V.number == number)).first()
    return _verdict(found) if found else None


def read(
    connection: sa.Connection, engine: Engine, datastreams: Sequence[int], *, undone: bool = False
) -> list[Verdict]:
    """The verdicts on some datastreams, the oldest first; with those that were undone if wanted."""
    chosen = select(schema.verdict).order_by(_V.number)
    if not undone:
        chosen = chosen.where(_V.undone_at.is_(None))
    if len(datastreams) <= 1:
        chosen = chosen.where(_V.datastream.in_(datastreams))
    else:
        chosen = chosen.where(engine.within(_V.datastream, datastreams))
    return [_verdict(row) for row in connection.execute(chosen)]


def undo(connection: sa.Connection, number: int, by: str, at: int) -> bool:
    """Take a verdict back; says whether it stood."""
    done = connection.execute(
        update(schema.verdict)
        .where(_V.number == number, _V.undone_at.is_(None))
        .values(undone_by=by, undone_at=at)
    )
    return bool(done.rowcount)
