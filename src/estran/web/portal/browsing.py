"""Two ways in without a word: by science (domain, variable, kind of data) and by application."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from estran.catalogue.applications import applications
from estran.catalogue.query import Query
from estran.errors import NotFound
from estran.web import node_of, replies
from estran.web.portal.asking import Asked
from estran.web.portal.render import as_json, page, render, spoken, viewer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from estran.catalogue import Results
    from estran.catalogue.query import Bucket, Counted
    from estran.web.portal.i18n import Words
    from estran.web.portal.views import Viewer

    type Maker = Callable[[Request, Words], BrowseView]

_FEW, _MOST = 8, 300
_KINDS = ("kind", "level")
_THEMES = ("theme", "topic", "variable")
_WAYS = (("site.vocabularies", "vocabulary"), ("home.search", "search"))


@dataclass(frozen=True, kw_only=True)
class Step:
    """A way on: what, how many records lie there, and the address; `search` is that of the records themselves."""

    label: str
    count: int
    href: str
    language: str = ""
    search: str = ""
    css: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Group:
    """Steps under a title.

    Attributes:
        note: why there are none, and what to do; ways: (label, address) of other ways on.
    """

    title: str
    steps: tuple[Step, ...]
    note: str = ""
    ways: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class BrowseView:
    """A page of a way in.

    Attributes:
        crumbs: (label, address) of the pages above.
        count: how many records lie here; search: their address.
    """

    title: str
    lead: str
    count: int
    search: str
    groups: tuple[Group, ...]
    crumbs: tuple[tuple[str, str], ...] = ()


def routes() -> APIRouter:
    """The pages and their twins."""
    router = APIRouter(include_in_schema=False)

    def add(path: str, view: Maker) -> None:
        def twin(request: Request, language: str) -> Response:
            return as_json(view(request, spoken(language)))

        def shown(request: Request, language: str) -> Response:
            w = spoken(language)
            made = view(request, w)
            here = path.format(**request.path_params)
            asked = f"?{request.url.query}" if request.url.query else ""
            twin = f"/{language}/{here}.json{asked}"
            of = page(request, w, made.title, here, section="browse", twin=twin)
            return render(request, "browse.html", w, of, v=made)

        router.add_api_route(f"/{{language}}/{path}.json", twin, methods=["GET"], response_model=None)
        router.add_api_route(f"/{{language}}/{path}", shown, methods=["GET"], response_model=None)

    add("browse", _ways)
    add("browse/science", _sciences)
    add("browse/science/{domain}", _science)
    add("browse/application", _applications)
    add("browse/application/{use}", _application)
    return router


def _ways(request: Request, w: Words) -> BrowseView:
    """Both ways."""
    sciences, uses = _sciences(request, w), _applications(request, w)
    return BrowseView(
        title=w.text("browse.title"), lead=w.text("browse.lead"), count=sciences.count, search=sciences.search,
        groups=(
            replace(sciences.groups[0], title=sciences.title),
            *sciences.groups[1:],
            replace(uses.groups[0], title=uses.title),
        ),
    )  # fmt: skip


def _sciences(request: Request, w: Words) -> BrowseView:
    """The domains of science, each with its most frequent variables."""
    node, viewer = node_of(request), viewer_of(request, w)
    whole = node.ask(Query(limit=0, counts=("hub",)))
    counts = dict(whole.facets["hub"])
    steps: list[Step] = []
    for hub in viewer.hubs():
        if counts.get(hub.id):
            found = node.ask(
                Query(limit=0, where={"hub": (hub.id,)}, counts=("variable",), count_values=_FEW)
            )
            href = f"/{w.language}/browse/science/{hub.id}"
            listed = tuple(
                Step(label=_plain(b.value), count=b.count, href=_address(href, variable=b.value))
                for b in found.facets["variable"]
            )
            badge = viewer.badge(hub.id)
            steps.append(Step(label=badge.name, count=counts[hub.id], href=href, css=badge.css, steps=listed))
    domains = Group(title=w.text("browse.domains"), steps=tuple(steps))
    return BrowseView(
        title=w.text("browse.science"), lead=w.text("browse.science_lead"), count=whole.matched,
        search=f"/{w.language}/search", groups=(domains,) if steps else _undomained(request, w, domains),
    )  # fmt: skip


def _undomained(request: Request, w: Words, domains: Group) -> tuple[Group, ...]:
    """What there is where no record has a domain: why, themes and variables of all records, other ways."""
    found = node_of(request).ask(Query(limit=0, counts=_THEMES, trees=("variable",)))
    ways = tuple((w.text(key), f"/{w.language}/{path}") for key, path in _WAYS)
    note = w.text("browse.no_domain" if found.matched else "browse.nothing")
    tree = Group(title=w.text("browse.concepts"), steps=_tree(found.trees.get("variable", ()), "", w, {}))
    below = (tree, *_facets(found, _THEMES, {}, viewer_of(request, w)))
    return replace(domains, note=note, ways=ways), *(group for group in below if group.steps)


def _science(request: Request, w: Words) -> BrowseView:
    """The variables of a domain, or the kinds of data of one of them."""
    node, viewer = node_of(request), viewer_of(request, w)
    domain = request.path_params["domain"]
    if domain not in {hub.id for hub in viewer.hubs()}:
        raise NotFound("page", f"/{w.language}/browse/science/{domain}", "/browse/science lists the domains.")
    where: dict[str, tuple[str, ...]] = {"hub": (domain,)}
    here, crumbs = f"/{w.language}/browse/science/{domain}", _crumbs(w, "science")
    name = viewer.name(domain)
    chosen = {f: v for f in ("variable", "concept") if (v := replies.one(request, f))}
    if chosen:
        where |= {field: (value,) for field, value in chosen.items()}
        found = node.ask(Query(limit=0, where=where, counts=_KINDS))
        label = " · ".join(_plain(viewer.value(field, value)) for field, value in chosen.items())
        return BrowseView(
            title=f"{label} – {name}", lead="", count=found.matched, search=_search(w, where),
            groups=_facets(found, _KINDS, where, viewer), crumbs=(*crumbs, (name, here)),
        )  # fmt: skip
    found = node.ask(
        Query(limit=0, where=where, counts=("variable",), count_values=_MOST, trees=("variable",))
    )
    tree = _tree(found.trees.get("variable", ()), here, w, where)
    flat = tuple(
        Step(
            label=_plain(b.value), count=b.count, href=_address(here, variable=b.value),
            search=_search(w, {**where, "variable": (b.value,)}),
        )
        for b in found.facets["variable"]
    )  # fmt: skip
    groups = (
        Group(title=w.text("browse.concepts"), steps=tree),
        Group(title=w.text("browse.variables"), steps=flat),
    )
    return BrowseView(
        title=name, lead="", count=found.matched, search=_search(w, where), crumbs=crumbs,
        groups=tuple(group for group in groups if group.steps),
    )  # fmt: skip


def _tree(
    listed: tuple[Counted, ...], here: str, w: Words, where: Mapping[str, tuple[str, ...]]
) -> tuple[Step, ...]:
    """Concepts as steps on a page, or of none ("") into the search."""

    def step(one: Counted) -> Step:
        search = _search(w, {**where, "concept": (one.uri,)})
        return Step(
            label=w.of(one.label) or one.local, language=w.tongue(one.label), count=one.count,
            href=_address(here, concept=one.uri) if here else search, search=search if here else "",
            steps=_tree(one.narrower, here, w, where),
        )  # fmt: skip

    return tuple(map(step, listed))


def _applications(request: Request, w: Words) -> BrowseView:
    """What data are used for."""
    whole = node_of(request).ask(Query(limit=0, counts=("application",)))
    counts = dict(whole.facets["application"])
    steps = tuple(
        Step(label=w.of(one.name), count=counts[one.id], href=f"/{w.language}/browse/application/{one.id}")
        for one in applications().values()
        if counts.get(one.id)
    )
    return BrowseView(
        title=w.text("browse.application"), lead=w.text("browse.application_lead"), count=whole.matched,
        search=f"/{w.language}/search", groups=(Group(title=w.text("browse.uses"), steps=steps),),
    )  # fmt: skip


def _application(request: Request, w: Words) -> BrowseView:
    """The themes and variables of an application."""
    use = request.path_params["use"]
    if use not in applications():
        raise NotFound("page", f"/{w.language}/browse/application/{use}", "/browse/application lists them.")
    where = {"application": (use,)}
    found = node_of(request).ask(Query(limit=0, where=where, counts=(*_THEMES, "kind")))
    return BrowseView(
        title=w.of(applications()[use].name), lead="", count=found.matched, search=_search(w, where),
        groups=_facets(found, (*_THEMES, "kind"), where, viewer_of(request, w)), crumbs=_crumbs(w, "application"),
    )  # fmt: skip


def _facets(
    found: Results, fields: tuple[str, ...], where: Mapping[str, tuple[str, ...]], viewer: Viewer
) -> tuple[Group, ...]:
    """Facets as groups of ways into the search."""
    w = viewer.words

    def step(field: str, bucket: Bucket) -> Step:
        address = _search(w, {**where, field: (bucket.value,)})
        return Step(label=_plain(viewer.value(field, bucket.value)), count=bucket.count, href=address)

    groups = (
        Group(title=w.label("facet", field), steps=tuple(step(field, b) for b in found.facets[field]))
        for field in fields
    )
    return tuple(group for group in groups if group.steps)


def _crumbs(w: Words, way: str) -> tuple[tuple[str, str], ...]:
    title = w.text("browse.science") if way == "science" else w.text("browse.application")
    return (w.text("browse.title"), f"/{w.language}/browse"), (title, f"/{w.language}/browse/{way}")


def _plain(label: str) -> str:
    """A name of data as words."""
    return label.replace("_", " ")


def _address(path: str, **asked: str) -> str:
    return f"{path}?{urlencode(asked, safe=',:/')}"


def _search(w: Words, where: Mapping[str, tuple[str, ...]]) -> str:
    return Asked(where=where).address(f"/{w.language}/search")
