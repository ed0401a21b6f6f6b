"""What the catalogue is told of datasets, so that answers held for its revision are made anew.

Told is what its pages and searches say: which stations and series there are, and whether they have observations.
Not told is that one more observation came: a feed would have every answer made anew all the time.
"""

from __future__ import annotations

from itertools import batched
from typing import TYPE_CHECKING

from sqlalchemy import select

from estran.storage import changes, schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import sqlalchemy as sa
__all__ = ["notice", "notice_of"]

_D = schema.datastream.c
_AT_ONCE = 500


def notice(connection: sa.Connection, datasets: Iterable[int]) -> None:
    """Log that datasets are found or shown otherwise."""
    changes.log(connection, [("observations", str(one), "change") for one in sorted(set(datasets))], "")


def notice_of(connection: sa.Connection, datastreams: Sequence[int]) -> None:
    """The same for the datasets of some datastreams."""
    found: set[int] = set()
    for part in batched(datastreams, _AT_ONCE):
        found.update(connection.execute(select(_D.dataset).where(_D.number.in_(part)).distinct()).scalars())
    notice(connection, found)
