"""Going on behind a row: the condition of every page after the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, tuple_

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa


def beyond(order: Sequence[tuple[sa.Column[Any], bool]], after: Sequence[Any]) -> sa.ColumnElement[bool]:
    """The condition "comes after these values", missing values last.

    Args:
        order: (column, descending) pairs.
        after: the values of these columns in the last row of the page before.
    """
    if all(down and not column.nullable for column, down in order):
        # A comparison of rows walks the index from where the page before ended.
        return tuple_(*(column for column, _ in order)) < tuple_(*after)
    alternatives: list[sa.ColumnElement[bool]] = []
    for position, ((column, down), value) in enumerate(zip(order, after, strict=True)):
        if value is None:
            continue  # nothing follows a missing value but its ties
        same = [
            c.is_(None) if v is None else c == v for (c, _), v in zip(order[:position], after, strict=False)
        ]
        further = column < value if down else column > value
        alternatives.append(and_(*same, or_(further, column.is_(None)) if column.nullable else further))
    return or_(*alternatives)
