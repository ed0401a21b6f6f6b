"""What may be asked of the items, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from estran.model import EVER_US, NEVER_US

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from estran.model import Box

DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemQuery:
    """One question to the items.

    Attributes:
        collections: STAC ids of collections; none means all.
        ids: only these items.
        bbox: only items that touch this box.
        intersects: only items that share a point with this GeoJSON geometry (decoded).
        time: only items that overlap [start, end) in microseconds since 1970 UTC.
        filter: a CQL2 expression, as text or decoded JSON.
        sort: (property, descending) pairs; all orders end with the newest first, then the id.
        limit: items on a page; cursor: where a page starts, from `ItemPage.next`.
    """

    collections: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    bbox: Box | None = None
    intersects: dict[str, Any] | None = None
    time: tuple[int, int] | None = None
    filter: str | dict[str, Any] = ""
    sort: tuple[tuple[str, bool], ...] = ()
    limit: int = 10
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as it is kept.

    Attributes:
        collection, id: STAC ids, verbatim.
        body: its JSON object without the closing brace and without "links": an answer appends
            ``,"links":[…]}``. Members stand as they came, byte by byte.
        links: the item's own links that lead elsewhere (license, derived_from, via…), as the inside of a
            JSON array; "" if it has none. Structural links are the server's to write.
    """

    collection: str
    id: str
    body: bytes
    links: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPage:
    """One page of an answer; iterate over it for its items.

    Attributes:
        next: cursor of the following page, "" at the end.
    """

    items: tuple[StoredItem, ...]
    next: str = ""

    def __iter__(self) -> Iterator[StoredItem]:
        return iter(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDays:
    """How many items start on each day.

    Attributes:
        days: day, counted from 1970-01-01, -> items; days without any are left out.
        undated: items whose interval has no start.
        exact: whether each item's footprint was tested against the area; else its box.
    """

    days: Mapping[int, int]
    undated: int = 0
    exact: bool = True

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.days.values()) + self.undated

    def within(self, start: int, end: int) -> ItemDays:
        """Those of the days in [start, end) microseconds."""
        days = {day: count for day, count in self.days.items() if start <= day * DAY_US < end}
        return replace(self, days=days, undated=0)


def are_days(start: int, end: int) -> bool:
    """Whether [start, end) in microseconds is made of whole days; an open end is."""
    return (start <= EVER_US or start % DAY_US == 0) and (end >= NEVER_US or end % DAY_US == 0)
