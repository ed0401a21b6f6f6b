"""A page of items by few questions, each of them a view of its own and true of one revision.

Near an area, items are looked for from the newest time backwards: each question asks for as much time as
probably fills the page, so that a page costs the same however many items there are before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from estran.catalogue.items.asking import area_of, collections_of, touches
from estran.catalogue.items.counting import QUERYABLES
from estran.catalogue.store.item_values import names_declared
from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from estran.access import Actor
    from estran.catalogue.index import Facets
    from estran.catalogue.items.query import ItemQuery, StoredItem
    from estran.catalogue.shapes import Shape
    from estran.catalogue.store.item_rows import ItemRow
    from estran.catalogue.store.items import ItemStore, Known

__all__ = ["Found", "glanced"]

# So many questions are put before a page is made in another way.
_MOST_QUESTIONS = 12
# Of what lies in a box nearly all touches it; of another area's box perhaps half.
_SPARE = 8
_FEW = 32
_GLOBE = 360.0 * 180.0
# Items lie denser than evenly over the globe, seldom more than this.
_DENSER = 4.0
_ENOUGH, _GROWTH = 1.5, 16.0


class Found(NamedTuple):
    """The items of a page, the sort values to go on from, and whether that was all."""

    items: tuple[StoredItem, ...]
    last: tuple[Any, ...]
    ended: bool


def glanced(  # noqa: PLR0917 - the parts of a question
    items: ItemStore,
    connection: Any,
    facets: Facets,
    actor: Actor,
    query: ItemQuery,
    order: Sequence[tuple[str, bool]],
    after: Sequence[Any] | None,
    *,
    near: int,
) -> Found | bool:
    """A page by questions that each cost one journey to the database instead of five.

    What they rest on is remembered from requests before, and true if the revision, which comes with every
    answer, is still the same.

    Args:
        items: the store.
        connection: without a transaction.
        facets: what is held of the catalogue.
        actor: who asks.
        query: what is asked.
        order: columns to order by.
        after: the sort values to go on from.
        near: so many items near an area are sorted at most.

    Returns:
        The page, or where it is to be made in another way, whether too many items are near the area.
    """
    known, visible = facets.recall(QUERYABLES), facets.recall(("collections", actor))
    held = items.known(facets)
    if known is None or visible is None or held is None:
        return False
    try:
        tree, area = area_of(query, known)
    except Invalid:
        return False  # what is remembered may know less than there is by now
    if area is None and names_declared(tree):
        return False
    glance = _Glance(
        items, connection, facets, query, area, near,
        {"ids": query.ids, "time": query.time, "tree": tree, "order": order},
        collections_of(query, visible),
    )  # fmt: skip
    if area is None or order[0] != ("start", True) or query.ids:
        return glance.whole(after)
    return glance.backwards(_Slices.of(held, area, query, after), after)


@dataclass(slots=True)
class _Slices:
    """Times to look at, the newest first.

    Attributes:
        low, high: nothing starts before or from then on.
        dated: before which next to nothing starts; what is left is looked at together.
        length: of the next slice, in microseconds.
    """

    low: int
    high: int
    dated: int
    length: float

    @classmethod
    def of(cls, held: Known, area: Shape, query: ItemQuery, after: Sequence[Any] | None) -> _Slices:
        """Slices of the time that is asked for, the first so long that it probably fills a page."""
        start, end = query.time or (EVER_US, NEVER_US)
        longest = max((length for _, length in held.collections.values()), default=0)
        high = min(end, held.last + 1)
        if after is not None:
            high = min(high, after[0] + 1)
        span = max(1, held.last - held.first)
        covered = sum((b.east - b.west) * (b.north - b.south) for b in area.boxes) / _GLOBE
        rate = held.count / span * min(1.0, covered * _DENSER)
        window = high - max(start - longest, held.first)
        wanted = query.limit + 1
        length = window if rate * window <= max(_FEW, 2 * wanted) else 2 * wanted / rate
        return cls(low=max(EVER_US, start - longest), high=high, dated=held.first, length=length)

    def next(self) -> tuple[int, int]:
        """The next slice, [from, to) in microseconds."""
        low = self.high - max(1, int(self.length))
        return (self.low if low <= max(self.low, self.dated) else low, self.high)

    def done(self, low: int, found: int, wanted: int) -> None:
        """What is behind `low` has been looked at; so many were found of what is still wanted."""
        length = self.high - low
        self.high = low
        self.length = length * min(_GROWTH, max(1.0, _ENOUGH * wanted / max(found, 0.1)))


@dataclass(slots=True)
class _Glance:
    """One page in the making."""

    items: ItemStore
    connection: Any
    facets: Facets
    query: ItemQuery
    area: Shape | None
    near: int
    conditions: Mapping[str, Any]
    names: Sequence[str]
    kept: list[ItemRow] = field(default_factory=list)

    def whole(self, after: Sequence[Any] | None) -> Found | bool:
        """By one question for all times."""
        most = self._most(self.query.limit + 1)
        seen = self._ask(after, most, None)
        if isinstance(seen, bool):
            return seen
        self._keep(seen)
        if len(seen) == most and len(self.kept) <= self.query.limit:
            return False
        return self._found()

    def backwards(self, slices: _Slices, after: Sequence[Any] | None) -> Found | bool:
        """By slices of time, the newest first."""
        limit = self.query.limit
        for _ in range(_MOST_QUESTIONS):
            low, high = slices.next()
            if low >= high:
                return self._found()
            wanted = limit + 1 - len(self.kept)
            most = self._most(wanted)
            seen = self._ask(after, most, (low, high))
            if seen is True and slices.length > 1:
                slices.length = min(slices.length, high - low) / _GROWTH
                continue
            if isinstance(seen, bool):
                return seen
            before = len(self.kept)
            self._keep(seen)
            if len(self.kept) > limit:
                return self._found()
            if len(seen) == most:  # the rest of the slice is to come
                after, slices.high = seen[-1].keys, seen[-1].keys[0] + 1
                slices.length = slices.high - low
            elif low <= slices.low:
                return self._found()
            else:
                slices.done(low, len(self.kept) - before, limit + 1 - len(self.kept))
        return False

    def _most(self, wanted: int) -> int:
        if self.area is None:
            return wanted
        return wanted + _SPARE + (wanted // 4 if self.area.exact else wanted)

    def _ask(
        self, after: Sequence[Any] | None, most: int, starts: tuple[int, int] | None
    ) -> list[ItemRow] | bool:
        """Rows; False where what they rest on is no longer true, True where too many items are near."""
        seen = self.items.glimpse(
            self.connection, self.facets, self.names, self.area.boxes if self.area else (),
            near=self.near, most=most, whole=self.area is None or self.area.exact,
            after=after, starts=starts, **self.conditions,
        )  # fmt: skip
        if seen is None or seen.revision != self.facets.seq:
            return False
        return True if seen.near is not None and seen.near > self.near else seen.rows

    def _keep(self, rows: list[ItemRow]) -> None:
        self.kept += [row for row, is_there in zip(rows, touches(rows, self.area), strict=True) if is_there]

    def _found(self) -> Found | bool:
        rows = self.kept[: self.query.limit]
        if not self.items.embodied(self.connection, rows, self.facets.seq):
            return False
        stored = self.items.stored(self.connection, rows)
        return Found(stored, rows[-1].keys if rows else (), ended=len(self.kept) <= self.query.limit)
