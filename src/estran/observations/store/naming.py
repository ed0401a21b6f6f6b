"""The words of the names and codes of things, by which the record of their dataset is found."""

from __future__ import annotations

from itertools import batched
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from estran.storage import schema
from estran.words import split

if TYPE_CHECKING:
    from collections.abc import Iterable

    import sqlalchemy as sa

    from estran.model import Thing

__all__ = ["note"]

_W = schema.thing_word.c
_AT_ONCE = 500


def note(connection: sa.Connection, dataset: int, things: Iterable[Thing]) -> None:
    """Note the words of things of a dataset; a name that it had before is still found."""
    wanted = {
        word
        for one in things
        for word in split(" ".join([one.key, *(said for _, said in one.name.variants)]))
    }
    for part in batched(sorted(wanted), _AT_ONCE):
        held = set(
            connection.execute(select(_W.word).where(_W.dataset == dataset, _W.word.in_(part))).scalars()
        )
        fresh = [{"dataset": dataset, "word": word} for word in part if word not in held]
        if fresh:
            connection.execute(insert(schema.thing_word), fresh)
