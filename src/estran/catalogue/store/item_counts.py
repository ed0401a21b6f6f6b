"""Items counted: by collection and day, by value, by range; the SQL of aggregations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select

from estran.catalogue.store.item_filters import compiled
from estran.model import EVER_US
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import sqlalchemy as sa

    from estran.catalogue.expressions import Node
    from estran.storage import Engine

_I = schema.item.c
_DAY_US = 86_400_000_000
# Division cuts towards zero on both engines: days are counted from before the first that there can be.
_FIRST_DAY = EVER_US // _DAY_US


class ItemCounter:
    """Counts the items that satisfy some conditions."""

    def __init__(
        self,
        connection: sa.Connection,
        engine: Engine,
        numbers: Mapping[str, int],
        *,
        ids: Sequence[str] = (),
        time: tuple[int, int] | None = None,
        tree: Node | None = None,
        pks: Sequence[int] | None = None,
    ) -> None:
        """Make it ready.

        Args:
            connection: an open transaction.
            engine: of its database.
            numbers: ids and numbers of the collections that are counted.
            ids: only these items, all where there are none.
            time: only items that overlap [start, end) in microseconds.
            tree: a filter.
            pks: the only items that come into question.
        """
        self._connection = connection
        self._names = {number: name for name, number in numbers.items()}
        self._where: list[Any] = [_I.collection.in_(list(numbers.values()))]
        if ids:
            self._where.append(engine.within(_I.id, ids))
        if time is not None:
            self._where += [_I.start < time[1], _I.end > time[0]]
        if tree is not None:
            self._where.append(compiled(tree, numbers, engine))
        if pks is not None:
            self._where.append(engine.within(_I.pk, pks))

    def by_day(self) -> list[tuple[str, int, int, int, int]]:
        """Collection, day from 1970-01-01 on, items that start then, and their first and last instant."""
        day = (_I.start - _FIRST_DAY * _DAY_US) // _DAY_US
        chosen = select(_I.collection, day, func.count(), func.min(_I.start), func.max(_I.start))
        rows = self._connection.execute(chosen.where(*self._where).group_by(_I.collection, day))
        return [
            (self._names[number], day + _FIRST_DAY, count, first, last)
            for number, day, count, first, last in rows
        ]

    def by_value(self, column: str) -> dict[str | None, int]:
        """How many items have each value of a column; None for those that have none."""
        chosen = select(_I[column], func.count()).where(*self._where).group_by(_I[column])
        return {row[0]: row[1] for row in self._connection.execute(chosen)}

    def by_range(self, column: str, edges: Sequence[float]) -> dict[int | None, int]:
        """How many items lie below the first edge (0), below the second (1) and so on; None for those without."""
        held = _I[column]
        ranges = [(held < edge, n) for n, edge in enumerate(edges)]
        number: Any = case((held.is_(None), -1), *ranges, else_=len(edges))
        chosen = select(number, func.count()).where(*self._where).group_by(number)
        return {None if n < 0 else n: count for n, count in self._connection.execute(chosen)}
