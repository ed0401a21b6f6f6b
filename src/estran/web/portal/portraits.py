"""What there is of a hub, a centre, a theme, a use or an organisation: counts, ways on, and what came last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from estran.catalogue.query import Query
from estran.web.portal.asking import Asked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from estran.node import Node
    from estran.web.portal.views import Card, Viewer

__all__ = ["Bar", "Bars", "Portrait", "portrait"]

_NEWEST, _VALUES = 6, 8
_FIELDS = ("kind", "theme", "variable", "platform", "hub", "centre", "organisation", "application")


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A value, how many records have it, and the search for them."""

    label: str
    href: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Bars:
    """The most frequent values of a filter."""

    field: str
    label: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """The records of something.

    Attributes:
        count: how many there are, as far as the visitor may see them.
        search: the address of all of them, with every filter; feed: of the newest, to follow.
        groups: what they are about.
        newest: those that changed last.
    """

    count: int
    search: str
    feed: str
    groups: tuple[Bars, ...]
    newest: tuple[Card, ...]


def portrait(
    node: Node, viewer: Viewer, where: Mapping[str, tuple[str, ...]], leave: Sequence[str] = ()
) -> Portrait:
    """The records that some filters leave, without the counts of the fields in `leave`."""
    fields = tuple(field for field in _FIELDS if field not in where and field not in leave)
    found = node.ask(Query(where=where, limit=_NEWEST, sort="-updated", counts=fields, count_values=_VALUES))
    path = f"/{viewer.words.language}/search"
    asked = Asked(where=where)

    def bars(field: str) -> tuple[Bar, ...]:
        return tuple(
            Bar(
                label=viewer.value(field, b.value).rpartition(" > ")[2].replace("_", " "),
                href=asked.with_value(field, b.value).address(path), count=b.count,
            )
            for b in found.facets.get(field, ())
        )  # fmt: skip

    groups = (Bars(field=f, label=viewer.words.label("facet", f), bars=bars(f)) for f in fields)
    return Portrait(
        count=found.matched, search=asked.address(path), feed=asked.address(f"{path}.atom"),
        groups=tuple(group for group in groups if group.bars), newest=tuple(viewer.card(r) for r in found),
    )  # fmt: skip
