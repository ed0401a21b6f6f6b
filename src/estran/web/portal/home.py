"""The first page: what there is, by hub, by centre, by place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from estran.catalogue.query import Query
from estran.web.portal.centres import Member, member
from estran.web.portal.saved_views import lines
from estran.web.portal.views import Card, Viewer, css_of

if TYPE_CHECKING:
    from estran.model import Box
    from estran.node import Node
    from estran.web.portal.saved_views import ViewLine

_NEWEST = 6
_CENTRES = 12
_TRIES = 4
_LONGEST_TRY = 28
_EVERY = 1000
# What they are called, what one finds there, where.
_WAYS = (
    ("browse.science", "home.way_science", "browse/science"),
    ("faces.applications", "home.way_use", "applications"),
    ("faces.organisations", "home.way_organisation", "organisations"),
    ("faces.themes", "home.way_theme", "themes"),
    ("home.way_programs", "home.way_api", "api"),
    ("home.way_share", "home.way_publish", "publish"),
)


@dataclass(frozen=True, kw_only=True)
class Try:
    """A search that finds something."""

    label: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way to begin, for somebody who comes with that question."""

    label: str
    text: str
    href: str


@dataclass(frozen=True, kw_only=True)
class HomeView:
    """The first page; hubs carry the address of their records."""

    total: int
    tries: tuple[Try, ...]
    hubs: tuple[Member, ...]
    centres: tuple[Member, ...]
    newest: tuple[Card, ...]
    ways: tuple[Way, ...]
    views: tuple[ViewLine, ...]

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Where the newest records are."""
        return tuple(box for card in self.newest for box in card.boxes[:1])


def home_view(node: Node, viewer: Viewer) -> HomeView:
    """What the first page shows."""
    found = node.ask(
        Query(
            limit=_NEWEST, sort="-updated", counts=("hub", "centre", "variable", "theme"), count_values=_EVERY
        )
    )
    held = {b.value: b.count for name in ("hub", "centre") for b in found.facets.get(name, ())}
    known, w = viewer.organisations, viewer.words
    centres = [member(known[id_], viewer, held) for id_ in held if id_ in known and known[id_].kind != "hub"]
    hubs = [
        Member(
            id=o.id, name=w.of(o.name), href=_search(viewer, hub=o.id), css=css_of(o), count=held.get(o.id, 0)
        )
        for o in viewer.hubs()
    ]
    tries = [
        Try(label=b.value.replace("_", " "), href=_search(viewer, **{field: b.value}))
        for field in ("theme", "variable")
        for b in found.facets.get(field, ())
        if len(b.value) <= _LONGEST_TRY and ">" not in b.value
    ]
    return HomeView(
        total=found.matched, tries=tuple(tries[:_TRIES]), hubs=tuple(hubs),
        centres=tuple(sorted(centres, key=lambda m: (-m.count, m.name))[:_CENTRES]),
        newest=tuple(viewer.card(record) for record in found.records),
        ways=tuple(Way(label=w.text(label), text=w.text(text), href=f"/{w.language}/{to}") for label, text, to in _WAYS),
        views=lines(node, w, viewer, most=_CENTRES),
    )  # fmt: skip


def _search(viewer: Viewer, **asked: str) -> str:
    return f"/{viewer.words.language}/search?{urlencode(asked)}"
