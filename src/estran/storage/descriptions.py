"""How datasets of observations were described before, of those that keep what they said.

A citation gives the same bytes again, and files tell the title of their dataset and the names of its stations: so
what said these is kept as well, a row for each description that another took the place of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import insert, select

from estran.storage import schema, writes

if TYPE_CHECKING:
    from collections.abc import Iterable

    import sqlalchemy as sa

__all__ = ["RECORD", "Description", "keeping", "put", "then"]

RECORD = -1
"""In the place of a datastream's number: the record of the dataset."""
_F, _N = schema.former_description.c, schema.observed_dataset.c


class Description(NamedTuple):
    """What described a dataset or a datastream.

    Attributes:
        dataset: its number; number: of the datastream, `RECORD` for the dataset's record.
        document: as its table holds it.
        updated: of a record, when it was written.
    """

    dataset: int
    number: int
    document: bytes
    updated: int | None = None


def keeping(connection: sa.Connection) -> dict[str, int]:
    """Record -> number of each dataset that keeps what it said before."""
    found = connection.execute(select(_N.record, _N.number).where(_N.history_since.is_not(None)))
    return {row.record: row.number for row in found}


def put(connection: sa.Connection, former: Iterable[Description]) -> None:
    """Keep descriptions that others take the place of in this transaction."""
    rows = [one._asdict() for one in former]
    if rows:
        superseded = writes.take(connection)
        connection.execute(
            insert(schema.former_description), [{**row, "superseded": superseded} for row in rows]
        )


def then(connection: sa.Connection, dataset: int, version: int) -> dict[int, Description]:
    """By number, what described a dataset at a version and does not any more."""
    found = connection.execute(
        select(_F.dataset, _F.number, _F.document, _F.updated)
        .where(_F.dataset == dataset, _F.superseded > version)
        .order_by(_F.superseded.desc())
    )
    # The last of each was the first to be superseded after that version.
    return {row.number: Description(*row) for row in found}
