"""Themes, uses and organisations: each list of them, and the page of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response

from estran.catalogue.applications import applications
from estran.catalogue.query import Query
from estran.errors import NotFound
from estran.web import node_of, replies
from estran.web.portal.portraits import portrait
from estran.web.portal.render import as_json, page, render, spoken, viewer_of
from estran.web.portal.views import link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estran.model import Party, Record
    from estran.node import Node
    from estran.web.portal.i18n import Words
    from estran.web.portal.portraits import Portrait
    from estran.web.portal.views import Viewer

type Kind = Literal["theme", "application", "organisation"]
_PATHS: dict[Kind, str] = {"theme": "themes", "application": "applications", "organisation": "organisations"}
_TITLES: dict[Kind, tuple[str, str]] = {
    "theme": ("faces.themes", "faces.themes_lead"),
    "application": ("faces.applications", "faces.applications_lead"),
    "organisation": ("faces.organisations", "faces.organisations_lead"),
}
# Fields of the catalogue that are one's names -> how the address says which.
_PARAMETERS: dict[Kind, dict[str, str]] = {
    "theme": {"theme": "name", "topic": "topic"},
    "application": {"application": "name"},
    "organisation": {"organisation": "name"},
}
_MOST, _SAMPLE = 300, 60
_ROR = "https://ror.org/"


@dataclass(frozen=True, kw_only=True)
class Face:
    """One of a list."""

    label: str
    href: str
    count: int


@dataclass(frozen=True, kw_only=True)
class FacesView:
    """All themes, uses or organisations that have records.

    Attributes:
        total: how many there are; those listed have the most records.
        q: letters that they hold; here: the address of the list.
    """

    title: str
    lead: str
    here: str
    q: str
    total: int
    faces: tuple[Face, ...]


@dataclass(frozen=True, kw_only=True)
class FaceView:
    """A theme, a use or an organisation.

    Attributes:
        text: what a vocabulary or the registry says of it; tongue: in which language, if not the page's.
        facts: (what, value, address) of what else is known.
    """

    name: str
    kind: str
    text: str
    tongue: str
    facts: tuple[tuple[str, str, str], ...]
    list_title: str
    list_href: str
    portrait: Portrait


def routes() -> APIRouter:
    """The lists, the pages, and their twins."""
    router = APIRouter(include_in_schema=False)
    for kind in _PATHS:
        _add(router, kind)
    return router


def _add(router: APIRouter, kind: Kind) -> None:
    path, template = _PATHS[kind], {FacesView: "faces.html", FaceView: "face.html"}

    def view(request: Request, w: Words) -> FacesView | FaceView:
        replies.checked(request, ("q", *_PARAMETERS[kind].values()))
        for field, parameter in _PARAMETERS[kind].items():
            if name := replies.one(request, parameter):
                return _one(request, w, kind, field, name)
        return _list(request, w, kind)

    def shown(request: Request, language: str) -> Response:
        w = spoken(language)
        made = view(request, w)
        asked = f"?{request.url.query}" if request.url.query else ""
        title = made.title if isinstance(made, FacesView) else made.name
        of = page(request, w, title, path, section="browse", twin=f"/{language}/{path}.json{asked}")
        return render(request, template[type(made)], w, of, v=made)

    def twin(request: Request, language: str) -> Response:
        return as_json(view(request, spoken(language)))

    router.add_api_route(f"/{{language}}/{path}.json", twin, methods=["GET"], response_model=None)
    router.add_api_route(f"/{{language}}/{path}", shown, methods=["GET"], response_model=None)


def _list(request: Request, w: Words, kind: Kind) -> FacesView:
    node, viewer, letters = node_of(request), viewer_of(request, w), replies.one(request, "q").strip()
    here, fields = f"/{w.language}/{_PATHS[kind]}", _PARAMETERS[kind]
    counted = node.ask(Query(limit=0, counts=tuple(fields), count_values=100_000)).facets
    faces = [
        Face(
            label=viewer.value(field, b.value).replace("_", " "), count=b.count,
            href=f"{here}?{urlencode({parameter: b.value})}",
        )
        for field, parameter in fields.items()
        for b in counted.get(field, ())
    ]  # fmt: skip
    held = [face for face in faces if letters.casefold() in face.label.casefold()]
    title, lead = _TITLES[kind]
    return FacesView(
        title=w.text(title), lead=w.text(lead), here=here, q=letters, total=len(held),
        faces=tuple(sorted(held, key=lambda face: -face.count)[:_MOST]),
    )  # fmt: skip


def _one(request: Request, w: Words, kind: Kind, field: str, name: str) -> FaceView:
    node, viewer = node_of(request), viewer_of(request, w)
    made = portrait(node, viewer, {field: (name,)})
    if not made.count and name not in applications():
        # Whoever may not see its records is not told that it is there.
        raise NotFound(kind, name, f"/{w.language}/{_PATHS[kind]} lists them.")
    text, tongue, facts = _told(node, viewer, kind, name)
    return FaceView(
        name=viewer.value(field, name).replace("_", " "), kind=w.label("facet", field), text=text, tongue=tongue,
        facts=facts, list_title=w.text(_TITLES[kind][0]), list_href=f"/{w.language}/{_PATHS[kind]}", portrait=made,
    )  # fmt: skip


def _told(
    node: Node, viewer: Viewer, kind: Kind, name: str
) -> tuple[str, str, tuple[tuple[str, str, str], ...]]:  # fmt: skip
    """What is known of it besides its records: a text, its language, and facts."""
    w = viewer.words
    match kind:
        case "application":
            return w.text("faces.application_text", words=", ".join(applications()[name].words)), "", ()
        case "organisation":
            return _organisation(node, viewer, name)
        case _:
            entry = node.vocabulary.lookup([name]).get(name)
            if entry is None:
                return "", "", ()
            href = (
                f"/{w.language}/vocabulary/{quote(entry.scheme)}/{quote(entry.local)}" if entry.local else ""
            )
            said = w.of(entry.label) or entry.name
            return (
                w.of(entry.definition),
                w.tongue(entry.definition),
                ((w.text("data.variable_concept"), said, href),),
            )


def _organisation(node: Node, viewer: Viewer, name: str) -> tuple[str, str, tuple[tuple[str, str, str], ...]]:
    """What its records and the registry say of an organisation."""
    w = viewer.words
    records = node.ask(Query(where={"organisation": (name,)}, limit=_SAMPLE, sort="-updated")).records
    parties = [p for record in records for p in _of(record, name)]
    facts: list[tuple[str, str, str]] = []
    text = tongue = ""
    for o in viewer.organisations.values():
        if any(words.casefold() == name.casefold() for _, words in o.name.variants):
            text, tongue = w.of(o.description), w.tongue(o.description)
            path = "hubs" if o.kind == "hub" else "centres"
            facts.append(
                (w.label("organisation", o.kind), w.of(o.name), f"/{w.language}/{path}/{quote(o.id)}")
            )
    if ror := _most(p.identifier for p in parties if p.identifier.startswith(_ROR)):
        facts.append(("ROR", ror, link(ror)))
    if site := _most(p.url for p in parties if not p.name and link(p.url)):
        facts.append((w.text("centres.site"), site, link(site)))
    roles = Counter(p.role for p in parties if p.role)
    if roles:
        said = ", ".join(w.label("role", role) for role, _ in roles.most_common())
        facts.append((w.text("faces.roles"), said, ""))
    return text, tongue, tuple(facts)


def _of(record: Record, name: str) -> list[Party]:
    return [p for p in record.parties if str(p.organisation) == name]


def _most(values: Iterable[str]) -> str:
    return next((value for value, _ in Counter(values).most_common(1)), "")
