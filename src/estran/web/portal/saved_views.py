"""Views that projects have of the catalogue: their pages, the bare page for other sites' frames, their feeds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response

from estran.catalogue.query import Query, Results
from estran.errors import Invalid, NotFound
from estran.web import links_of, node_of, replies
from estran.web.portal import asking, saved_view_forms
from estran.web.portal.feeds import feed
from estran.web.portal.render import as_json, language_of, page, render, spoken, viewer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from estran.catalogue.saved_views import SavedView
    from estran.model import Box
    from estran.node import Node
    from estran.web.portal.asking import Asked
    from estran.web.portal.i18n import Words
    from estran.web.portal.views import Card, Viewer

_NARROWED_BY = ("kind", "theme", "variable", "platform", "centre")
_FEW, _IN_FEED, _MOST_LISTED = 6, 50, 500
_THEMES = ("light", "dark")
_HEIGHT, _WIDE = 640, 300


@dataclass(frozen=True, kw_only=True)
class ViewLine:
    """A view in a list; css is the class of its colour, style the address of its colours, "" without."""

    name: str
    title: str
    tongue: str
    href: str
    centre: str
    css: str
    style: str
    count: int


@dataclass(frozen=True, kw_only=True)
class ViewsView:
    """All views; new is the address of the form for one more, "" for those who may not."""

    views: tuple[ViewLine, ...]
    new: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """A filter in a word, and the address with it or without."""

    label: str
    href: str
    count: int = 0


@dataclass(frozen=True, kw_only=True)
class Narrowing:
    """A group of filters."""

    label: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class ProjectView:
    """A view, looked through.

    Attributes:
        count: records of the whole view, as far as the visitor may see them; matched: those asked for in it.
        here: its address; search: that of the same search with all filters.
        asks: what the view keeps, in words; chips: what the visitor asks besides, each with the way without.
        api: what programs ask: OGC API - Records; json, atom: the same as data and to follow.
        frame: address of the page for frames; embed: what to paste into another site; sites: those that may.
        change: address of its form, "" for those who may not.
        wrong: why the question could not be read.
    """

    name: str
    title: str
    tongue: str
    text: str
    text_tongue: str
    centre: str
    centre_href: str
    css: str
    style: str
    count: int
    matched: int
    status: str
    q: str
    here: str
    search: str
    asks: tuple[str, ...]
    chips: tuple[Step, ...]
    narrowings: tuple[Narrowing, ...]
    cards: tuple[Card, ...]
    previous: str
    next: str
    json: str
    atom: str
    api: str
    frame: str
    embed: str
    sites: tuple[str, ...]
    change: str
    wrong: str = ""

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Where the listed records are; those of the whole Earth would hide the others."""
        return tuple(
            box for card in self.cards for box in card.boxes[:1] if box.crosses or box.east - box.west < _WIDE
        )


def routes() -> APIRouter:
    """The pages of views, and the forms of those who may write them."""
    router = APIRouter(include_in_schema=False)
    router.include_router(saved_view_forms.routes())
    for path, endpoint in (
        ("/views/{name}", neutral),
        ("/static/view-{name}.css", colours),
        ("/{language}/views.json", views_twin),
        ("/{language}/views", views_page),
        ("/{language}/views/{name}.json", view_twin),
        ("/{language}/views/{name}.atom", view_feed),
        ("/{language}/views/{name}/frame", view_frame),
        ("/{language}/views/{name}", view_page),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    return router


def neutral(request: Request, name: str) -> Response:
    """From the address without a language to the page in the browser's."""
    node_of(request).views.show(name)
    query = f"?{request.url.query}" if request.url.query else ""
    response = replies.see(f"/{language_of(request)}/views/{quote(name)}{query}")
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


def colours(request: Request, name: str) -> Response:
    """Style of a view that has a colour of its own: readable in both themes, which was checked when it was kept."""
    own = node_of(request).views.show(name).colours
    if not own:
        raise NotFound("file", f"view-{name}.css")
    shade = f"light-dark({own['light']}, {own['dark']})"
    rules = f".v-{name} {{ --hub: {shade}; --accent: {shade}; --on-accent: light-dark(#ffffff, #062026); }}\n"
    return Response(rules, media_type="text/css", headers={"Cache-Control": "no-cache"})


def views_page(request: Request, language: str) -> Response:
    """All views."""
    w = spoken(language)
    of = page(request, w, w.text("views.title"), "views", section="browse", twin=f"/{language}/views.json")
    return render(request, "views.html", w, of, v=_listing(request, w))


def views_twin(request: Request, language: str) -> Response:
    """All views as JSON."""
    return as_json(_listing(request, spoken(language)))


def view_page(request: Request, language: str, name: str) -> Response:
    """One view."""
    w = spoken(language)
    made = _project(request, name, w)
    of = page(
        request, w, made.title, f"views/{name}", section="browse", twin=made.json, description=made.text[:300]
    )  # fmt: skip
    return render(request, "view.html", w, of, status=400 if made.wrong else 200, v=made)


def view_twin(request: Request, language: str, name: str) -> Response:
    """One view as JSON."""
    made = _project(request, name, spoken(language))
    return as_json(made, 400 if made.wrong else 200)


def view_feed(request: Request, language: str, name: str) -> Response:
    """The newest records of a view as a feed."""
    w, node, links = spoken(language), node_of(request), links_of(request)
    kept = node.views.show(name)
    found = node.ask(Query(within=kept.query(), sort="-updated", limit=_IN_FEED))
    here = f"{links.base}/{language}/views/{name}"
    return feed(
        found.records,
        links,
        w,
        here=f"{here}.atom",
        page=here,
        title=w.of(kept.title),
        subtitle=w.of(kept.text),
    )


def view_frame(request: Request, language: str, name: str) -> Response:
    """One view as a bare page, which the sites that its owner lists may show in a frame."""
    w = spoken(language)
    theme = replies.one(request, "look")
    if theme not in ("", *_THEMES):
        raise Invalid("write light or dark, or leave it out for the visitor's own", "look")
    kept = node_of(request).views.show(name)
    made = _project(request, name, w, "/frame", (("look", theme),) if theme else ())
    of = page(request, w, made.title, f"views/{name}/frame", twin=made.json)
    # Nothing runs in it, and nobody else shows it.
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; "
        f"base-uri 'none'; frame-ancestors {' '.join(("'self'", *kept.sites))}"
    )
    status, headers = 400 if made.wrong else 200, {"Content-Security-Policy": policy}
    return render(request, "view_frame.html", w, of, status=status, headers=headers, v=made, theme=theme)


def lines(
    node: Node, w: Words, viewer: Viewer, centre: str | None = None, most: int = _MOST_LISTED
) -> tuple[ViewLine, ...]:
    """Views in a list, those of one centre or all, with what the visitor would see in them."""
    kept = [view for view in node.views.all() if centre is None or view.centre == centre]
    return tuple(_line(node, view, w, viewer) for view in kept[:most])


def _line(node: Node, kept: SavedView, w: Words, viewer: Viewer) -> ViewLine:
    return ViewLine(
        name=kept.name, title=w.of(kept.title), tongue=w.tongue(kept.title),
        href=f"/{w.language}/views/{kept.name}",
        centre=viewer.name(kept.centre) if kept.centre else "", css=_css(kept), style=_style(kept),
        count=_count(node, kept),
    )  # fmt: skip


def _count(node: Node, kept: SavedView) -> int:
    """What the visitor would see in a view; one that can no more be asked must not take a list down with it."""
    with suppress(Invalid):
        return node.ask(Query(within=kept.query(), limit=0)).matched
    return 0


def _css(kept: SavedView) -> str:
    return f"v-{kept.name}" if kept.colour else "h-accent"


def _style(kept: SavedView) -> str:
    # The colour is in the address: what was kept of an older one is not used.
    return f"/static/view-{kept.name}.css?{kept.colour[1:]}" if kept.colour else ""


def _listing(request: Request, w: Words) -> ViewsView:
    node = node_of(request)
    new = f"/{w.language}/views/new" if node.views.may_write() else ""
    return ViewsView(views=lines(node, w, viewer_of(request, w)), new=new)


def _project(
    request: Request, name: str, w: Words, at: str = "", more: Iterable[tuple[str, str]] = ()
) -> ProjectView:  # fmt: skip
    """A view as an address asks for it; `at` is what follows its name, and `more` stays in every address."""
    node, links, viewer = node_of(request), links_of(request), viewer_of(request, w)
    kept = node.views.show(name)
    asked, here = asking.read(request.query_params), f"/{w.language}/views/{name}"
    found, wrong = _answer(node, kept, asked, w)
    held = tuple(more)

    def to(other: Asked | None) -> str:
        address = other.address(f"{here}{at}") if other else ""
        return f"{address}{'&' if '?' in address else '?'}{urlencode(held)}" if address and held else address

    centre = viewer.organisations.get(kept.centre)
    title = w.of(kept.title)
    frame = f"{links.base}{here}/frame"
    return ProjectView(
        name=name, title=title, tongue=w.tongue(kept.title), text=w.of(kept.text),
        text_tongue=w.tongue(kept.text), centre=viewer.name(kept.centre) if kept.centre else "",
        centre_href=f"/{w.language}/centres/{kept.centre}" if centre else "", css=_css(kept), style=_style(kept),
        count=_count(node, kept), matched=found.matched,
        status=w.text("search.wrong") if wrong else w.count("search.results", found.matched), q=asked.text,
        here=to(asked.first(text="", box=None, start="", end="", where={})), search=_search(kept, w),
        asks=tuple(viewer.chip(field, value) for field, value in kept.search if field != "meaning"),
        chips=tuple(Step(label=viewer.chip(f, v), href=to(rest)) for f, v, rest in asked.filters()),
        narrowings=tuple(_narrowings(found, asked, viewer, to)),
        cards=tuple(viewer.card(r, (), len(found.others.get(r.id, ()))) for r in found),
        previous=to(asked.before()), next=to(asked.after(found.next)) if found.next else "",
        json=asked.address(f"{here}.json"), atom=f"{here}.atom",
        api=f"{links.base}/ogc/collections/records/items?view={name}", frame=frame, embed=_embed(frame, title),
        sites=kept.sites, change=f"{here}/change" if node.views.may_write(kept) else "", wrong=wrong,
    )  # fmt: skip


def _answer(node: Node, kept: SavedView, asked: Asked, w: Words) -> tuple[Results, str]:
    """What is found, or nothing and why."""
    nothing = Results(records=(), matched=0)
    if asked.wrong:
        return nothing, " ".join(w.text(one.key, value=one.value, why=one.value) for one in asked.wrong)
    counts = tuple(field for field in _NARROWED_BY if field not in asked.where)
    try:
        return node.ask(asked.query(within=kept.query(), counts=counts, count_values=_FEW)), ""
    except Invalid as error:
        return nothing, w.text("error.cursor") if asked.cursor else w.text("error.query", why=error.why)


def _narrowings(
    found: Results, asked: Asked, viewer: Viewer, to: Callable[[Asked], str]
) -> Iterable[Narrowing]:
    """What divides the records found: a value that all of them have leads nowhere."""
    for field in _NARROWED_BY:
        steps = tuple(
            Step(
                label=_plain(viewer.value(field, b.value)),
                count=b.count,
                href=to(asked.with_value(field, b.value)),
            )
            for b in found.facets.get(field, ())
            if b.count < found.matched
        )
        if steps:
            yield Narrowing(label=viewer.words.label("facet", field), steps=steps)


def _plain(label: str) -> str:
    return label.rpartition(" > ")[2].replace("_", " ")


def _search(kept: SavedView, w: Words) -> str:
    return f"/{w.language}/search?{urlencode(kept.search, safe=',:/')}"


def _embed(frame: str, title: str) -> str:
    said = title.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return f'<iframe src="{frame}" title="{said}" width="100%" height="{_HEIGHT}" loading="lazy"></iframe>'
