"""Notes beside jobs: what is no argument of one, may be taken away while the job stays, and goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Note", "Notes"]


class Note(NamedTuple):
    """Something noted beside a job.

    Attributes:
        number: of the note; none is ever given twice.
        at: seconds since 1970.
        secret: by which whoever has no name shows that it is theirs; "" for none.
    """

    number: int
    job: str
    at: float
    body: Mapping[str, Any]
    secret: str = ""


class Notes:
    """The table of notes.

    Args:
        metadata: of the room's tables.
        clock: the database's time in seconds.
    """

    def __init__(self, metadata: sa.MetaData, clock: sa.ColumnElement[float]) -> None:
        self._clock = clock
        self._table = sa.Table(
            "estran_note",
            metadata,
            sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
            sa.Column("job", sa.String, nullable=False, index=True),
            sa.Column("at", sa.Float(53), nullable=False),
            sa.Column("body", sa.String, nullable=False),
            sa.Column("secret", sa.String, nullable=False),
            sqlite_autoincrement=True,
        )

    def put(self, connection: sa.Connection, job: str, body: Mapping[str, Any], secret: str) -> int:
        """Note something; gives its number."""
        written = msgspec.json.encode(body).decode()
        made = sa.insert(self._table).values(job=job, body=written, secret=secret, at=self._clock)
        return connection.execute(made.returning(self._table.c.number)).scalar_one()

    def of(self, connection: sa.Connection, jobs: Sequence[str]) -> list[Note]:
        """The notes of some jobs, in their order."""
        chosen = sa.select(self._table).where(self._table.c.job.in_(jobs)).order_by(self._table.c.number)
        return [
            Note(row.number, row.job, row.at, msgspec.json.decode(row.body), row.secret)
            for row in connection.execute(chosen)
        ]

    def empty(self, connection: sa.Connection, number: int) -> None:
        """Take away what a note says; its number stays taken."""
        table = self._table
        connection.execute(sa.update(table).where(table.c.number == number).values(body="{}", secret=""))

    def drop(self, connection: sa.Connection, jobs: Sequence[str]) -> None:
        """Take the notes of jobs away."""
        connection.execute(sa.delete(self._table).where(self._table.c.job.in_(jobs)))
