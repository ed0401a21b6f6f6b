"""How many items start on each day: the SQL of calendars, and the answers held until something changes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from estran.catalogue.items.query import DAY_US
from estran.catalogue.store.item_filters import compiled
from estran.model import EVER_US
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    import sqlalchemy as sa

    from estran.catalogue.expressions import Node
    from estran.model import Box
    from estran.storage import Engine

_I = schema.item.c
# Division cuts towards zero on both engines: days are counted from before the first that there can be.
_SHIFT = EVER_US // DAY_US
_MOST_HELD = 64
# Square degrees from which on looking at all items is quicker than fetching by the index: an eighth of the world.
_WIDE = 8100


def by_day(
    connection: sa.Connection,
    engine: Engine,
    numbers: Mapping[str, int],
    *,
    ids: Sequence[str],
    boxes: Sequence[Box],
    time: tuple[int, int] | None,
    tree: Node | None,
) -> dict[int, int]:
    """Day, from 1970-01-01 on, -> how many items start on it.

    Args:
        connection: an open transaction.
        engine: of its database.
        numbers: ids and numbers of the collections that are counted.
        ids: only these items, all where there are none.
        boxes: only items whose box touches one of these; their footprints are not tested.
        time: only items that overlap [start, end) in microseconds.
        tree: a filter without its place.
    """
    conditions: list[Any] = [_I.collection.in_(list(numbers.values()))]
    if ids:
        conditions.append(_I.id.in_(ids))
    if boxes:
        conditions.append(or_(*(_touches(box, engine, time) for box in boxes)))
    if time is not None:
        # The index on start would give nearly all rows, each to be fetched by itself; the sum hides it.
        conditions += [_I.start + 0 < time[1], _I.end > time[0]]
    if tree is not None:
        conditions.append(compiled(tree, numbers, engine))
    day = (_I.start - _SHIFT * DAY_US) // DAY_US
    rows = connection.execute(select(day, func.count()).where(*conditions).group_by(day))
    return {number + _SHIFT: count for number, count in rows}


def longest(connection: sa.Connection, numbers: Mapping[str, int]) -> int:
    """How long the longest item of some collections lasts, in microseconds: 1 for an instant, 0 for none."""
    among = _I.collection.in_(list(numbers.values()))
    return connection.execute(select(func.max(_I.end - _I.start)).where(among)).scalar() or 0


def _touches(box: Box, engine: Engine, time: tuple[int, int] | None) -> sa.ColumnElement[bool]:
    starts, ends = _I.west <= box.east, _I.east >= box.west
    # An item whose west lies east of its east goes over the antimeridian.
    across = or_(and_(starts, ends), and_(_I.west > _I.east, or_(starts, ends)))
    touching = and_(_I.south <= box.north, _I.north >= box.south, across)
    if (box.east - box.west) * (box.north - box.south) > _WIDE:
        return touching
    return and_(_I.pk.in_(engine.item_index.near(box, time)), touching)


class HeldDays:
    """Counts that were made at the newest change; those of before it are forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._revision = -1
        self._held: dict[Hashable, Any] = {}

    def get(self, revision: int, question: Hashable) -> Any:
        """What was counted for a question at this revision, None where nothing was."""
        with self._lock:
            return self._held.get(question) if revision == self._revision else None

    def put(self, revision: int, question: Hashable, counted: Any) -> None:
        """Hold a count, in the place of the oldest where there are many."""
        with self._lock:
            if revision < self._revision:
                return  # counted in a view that began before others moved on
            if revision > self._revision:
                self._revision, self._held = revision, {}
            while len(self._held) >= _MOST_HELD:
                self._held.pop(next(iter(self._held)))
            self._held[question] = counted
