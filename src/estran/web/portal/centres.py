"""The pages of hubs, centres and the others of the registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from estran.catalogue.query import Query
from estran.model import ORGANISATION_KINDS
from estran.web.portal.portraits import portrait
from estran.web.portal.saved_views import lines
from estran.web.portal.views import css_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.model import Organisation
    from estran.node import Node
    from estran.web.portal.portraits import Portrait
    from estran.web.portal.saved_views import ViewLine
    from estran.web.portal.views import Viewer

_EVERY = 1000


@dataclass(frozen=True, kw_only=True)
class Member:
    """An organisation in a list; status is "" while it is active."""

    id: str
    name: str
    href: str
    kind: str = ""
    status: str = ""
    css: str = "none"
    count: int = 0


@dataclass(frozen=True, kw_only=True)
class Group:
    """A hub with its centres, or another part of the registry."""

    id: str
    name: str
    href: str = ""
    description: str = ""
    css: str = "none"
    count: int = 0
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CentresView:
    """The registry at a glance."""

    groups: tuple[Group, ...]


@dataclass(frozen=True, kw_only=True)
class CentreView:
    """One organisation."""

    id: str
    name: str
    kind: str
    status: str
    description: str
    contact: str
    url: str
    css: str
    count: int
    search: str
    parents: tuple[Member, ...]
    members: tuple[Member, ...]
    views: tuple[ViewLine, ...]
    portrait: Portrait


def counts(node: Node) -> dict[str, int]:
    """How many records each hub and centre has."""
    facets = node.ask(Query(limit=0, counts=("hub", "centre"), count_values=_EVERY)).facets
    return {bucket.value: bucket.count for name in ("hub", "centre") for bucket in facets.get(name, ())}


def organisation_href(o: Organisation, language: str) -> str:
    """The address of an organisation's page."""
    return f"/{language}/{'hubs' if o.kind == 'hub' else 'centres'}/{quote(o.id)}"


def hubs_view(node: Node, viewer: Viewer) -> CentresView:
    """The hubs, each with its centres."""
    whole = centres_view(node, viewer)
    hubs = {hub.id for hub in viewer.hubs()}
    return CentresView(groups=tuple(group for group in whole.groups if group.id in hubs))


def member(o: Organisation, viewer: Viewer, held: Mapping[str, int]) -> Member:
    """An organisation in a list."""
    w = viewer.words
    hubs = viewer.hubs_of(o.id)
    return Member(
        id=o.id, name=w.of(o.name), href=organisation_href(o, w.language),
        kind=w.label("organisation", o.kind),
        status="" if o.status == "active" else w.label("organisation_status", o.status),
        css=hubs[0].css if hubs else css_of(o), count=held.get(o.id, 0),
    )  # fmt: skip


def centres_view(node: Node, viewer: Viewer) -> CentresView:
    """Each hub with its centres, then the centres of none, then the others by kind."""
    held, w = counts(node), viewer.words
    everyone = node.organisations.all()
    groups: list[Group] = []
    for hub in viewer.hubs():
        inside = [o for o in everyone if o.kind == "centre" and hub.id in node.organisations.hubs_of(o.id)]
        groups.append(
            Group(
                id=hub.id, name=w.of(hub.name), href=organisation_href(hub, w.language),
                description=w.of(hub.description), css=css_of(hub), count=held.get(hub.id, 0),
                members=_members(inside, viewer, held),
            )
        )  # fmt: skip
    outside = [o for o in everyone if o.kind == "centre" and not node.organisations.hubs_of(o.id)]
    if outside:
        groups.append(
            Group(id="without", name=w.text("centres.without"), members=_members(outside, viewer, held))
        )
    for kind in ORGANISATION_KINDS:
        others = [o for o in everyone if o.kind == kind]
        if kind not in ("hub", "centre") and others:
            groups.append(
                Group(id=kind, name=w.label("organisations", kind), members=_members(others, viewer, held))
            )
    return CentresView(groups=tuple(groups))


def _members(listed: list[Organisation], viewer: Viewer, held: Mapping[str, int]) -> tuple[Member, ...]:
    found = [member(o, viewer, held) for o in listed]
    return tuple(sorted(found, key=lambda m: (-m.count, m.name.casefold())))


def centre_view(node: Node, id_: str, viewer: Viewer) -> CentreView:
    """One organisation's page.

    Raises:
        NotFound: the registry has none of that id.
    """
    w, o, held = viewer.words, node.organisations.show(id_), counts(node)
    field = "hub" if o.kind == "hub" else "centre"
    known, viewer.first = viewer.organisations, (id_,)
    made = portrait(node, viewer, {field: (o.id,)}, leave=("hub",) if field == "centre" else ())
    return CentreView(
        id=o.id, name=w.of(o.name), kind=w.label("organisation", o.kind),
        status=w.label("organisation_status", o.status), description=w.of(o.description), contact=o.contact,
        url=o.url, css=member(o, viewer, held).css, count=made.count, search=made.search,
        parents=tuple(member(known[p], viewer, held) for p in o.parents if p in known),
        members=_members(list(node.organisations.children(o.id)), viewer, held),
        views=lines(node, w, viewer, o.id), portrait=made,
    )  # fmt: skip
