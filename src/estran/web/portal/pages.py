"""The routes of the portal: an address in, a page or its JSON twin out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from estran.errors import NotFound
from estran.model import plain
from estran.web import links_of, node_of
from estran.web.datasets import asked
from estran.web.portal import (
    about,
    annotating,
    asking,
    assets,
    browsing,
    comparing,
    datastream_pages,
    facing,
    flag_forms,
    harvest_pages,
    help_pages,
    holding,
    item_pages,
    link_pages,
    lost,
    order_pages,
    saved_views,
    search_feeds,
    search_values,
    signing_in,
    stations,
    views,
    vocabularies,
)
from estran.web.portal.centres import CentreView, centre_view, centres_view, hubs_view
from estran.web.portal.home import home_view
from estran.web.portal.i18n import LANGUAGES, words
from estran.web.portal.mapping import grid
from estran.web.portal.recording import record_view
from estran.web.portal.render import as_json, language_of, page, render, spoken, viewer_of
from estran.web.portal.searching import map_points, search

if TYPE_CHECKING:
    from estran.node import Node
    from estran.web.portal.i18n import Words
    from estran.web.problems import Problem

_SEE_OTHER = 303
_NOT_ALLOWED = ("problem.not_allowed", "problem.not_allowed_advice")
_UNKNOWN = ("problem.unknown", "problem.unknown_advice")
_NOT_FOUND = ("problem.not_found", "problem.not_found_advice")
_NOT_UNDERSTOOD = ("problem.invalid", "")
_PROBLEMS = {
    400: _NOT_UNDERSTOOD, 401: _UNKNOWN, 403: _NOT_ALLOWED, 404: _NOT_FOUND, 406: _NOT_UNDERSTOOD,
    410: _NOT_FOUND, 413: _NOT_UNDERSTOOD, 414: _NOT_UNDERSTOOD,
    503: ("problem.unavailable", "problem.unavailable_advice"),
}  # fmt: skip
_OTHER = ("problem.other", "problem.other_advice")


def routes(operators: Node) -> APIRouter:
    """Every page of the portal.

    Args:
        operators: the node as its operator, for signing in.
    """
    router = APIRouter(include_in_schema=False)
    router.include_router(assets.routes())
    router.include_router(item_pages.routes())
    router.include_router(datastream_pages.routes())
    router.include_router(flag_forms.routes())
    router.include_router(stations.routes())
    router.include_router(holding.routes())
    router.include_router(order_pages.routes())
    # Before the pages of vocabularies, which take any name.
    router.include_router(annotating.routes())
    router.include_router(vocabularies.routes())
    router.include_router(browsing.routes())
    router.include_router(link_pages.routes())
    router.include_router(help_pages.routes())
    router.include_router(saved_views.routes())
    router.include_router(facing.routes())
    router.include_router(search_feeds.routes())
    router.include_router(search_values.routes())
    router.include_router(signing_in.routes(operators))
    router.include_router(harvest_pages.routes())
    router.include_router(comparing.routes())
    for path, endpoint in (
        ("/", front),
        ("/static/hubs.css", hub_colours),
        ("/{language}/", home),
        ("/{language}/index.json", home_twin),
        ("/{language}/search", search_page),
        ("/{language}/search.json", search_twin),
        ("/{language}/search/map.json", search_map),
        ("/{language}/data/{id}", record_page),
        ("/{language}/centres", centres_page),
        ("/{language}/centres.json", centres_twin),
        ("/{language}/centres/{id}.json", centre_twin),
        ("/{language}/centres/{id}", centre_page),
        ("/{language}/hubs", hubs_page),
        ("/{language}/hubs.json", hubs_twin),
        ("/{language}/hubs/{id}.json", hub_twin),
        ("/{language}/hubs/{id}", hub_page),
        ("/{language}/api", api_page),
        ("/{language}/api.json", api_twin),
        ("/{language}/accessibility", accessibility_page),
        ("/{language}/accessibility.json", accessibility_twin),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    return router


def front(request: Request) -> Response:
    """From the root to the first page in the browser's language."""
    return RedirectResponse(f"/{language_of(request)}/", 302, {"Vary": "Accept-Language, Cookie"})


def hub_colours(request: Request) -> Response:
    """Style of the hubs that brought colours of their own."""
    own = views.own_hubs(node_of(request).organisations.all("hub"))
    # A colour that someone chose may be unreadable as text on one of the themes: words stay in ink.
    rules = "\n".join(
        f".h-{css} {{ --hub: {colour}; --hub-ink: var(--ink); }}" for css, colour in own.items()
    )
    return Response(rules, media_type="text/css", headers={"Cache-Control": "no-cache"})


def home(request: Request, language: str) -> Response:
    """The first page."""
    w = spoken(language)
    view = home_view(node_of(request), viewer_of(request, w))
    of = page(
        request,
        w,
        w.text("home.title"),
        "",
        description=w.count("home.lead", view.total),
        twin=f"/{language}/index.json",
    )
    return render(request, "home.html", w, of, home=view)


def home_twin(request: Request, language: str) -> Response:
    """The first page as JSON."""
    return as_json(home_view(node_of(request), viewer_of(request, spoken(language))))


def search_page(request: Request, language: str) -> Response:
    """A search; htmx gets the part that changes, and the address for the browser's bar."""
    w = spoken(language)
    asked = asking.read(request.query_params)
    address = asked.address(f"/{language}/search")
    part = request.headers.get("hx-request") == "true" and "hx-history-restore-request" not in request.headers
    if not part and not asked.wrong and asked.params() != _given(request):
        # One address for one search: what a plain form sends is brought to it.
        return RedirectResponse(address, _SEE_OTHER)
    # Typing refines one entry of the history; any other change makes a new one.
    typing = request.headers.get("hx-source", "").startswith("input#q")
    view = search(node_of(request), asked, viewer_of(request, w), typing=typing)
    title = w.text("search.title") if not asked.text else f"{asked.text} – {w.text('search.title')}"
    of = page(request, w, title, "search", section="search", twin=view.json)
    status = 400 if view.wrong else 200
    if not part:
        return render(request, "search.html", w, of, status=status, s=view, asked=view.shown)
    sent = {"HX-Replace-Url" if typing else "HX-Push-Url": address, "Cache-Control": "no-store"}
    return render(request, "search_form.html", w, of, status=status, headers=sent, s=view, asked=view.shown)


def _given(request: Request) -> list[tuple[str, str]]:
    return list(request.query_params.multi_items())


def search_twin(request: Request, language: str) -> Response:
    """A search as JSON."""
    w = spoken(language)
    view = search(node_of(request), asking.read(request.query_params), viewer_of(request, w))
    return as_json(view, 400 if view.wrong else 200)


def search_map(request: Request, language: str) -> Response:
    """The places of a search, as GeoJSON."""
    w, asked = spoken(language), asking.read(request.query_params)
    shown = grid(request.query_params)
    return as_json(map_points(node_of(request), asked, viewer_of(request, w), shown))


def record_page(request: Request, id: str, language: str = "") -> Response:  # noqa: A002 - the word of the address
    """A record; without a language in the address, in the one that the browser asks for."""
    w = spoken(language or language_of(request))
    node, viewer, links = node_of(request), viewer_of(request, w), links_of(request)
    found = asked(request, id)
    view = record_view(node, found, viewer, links, request.query_params)
    of = page(
        request, w, view.card.title, f"data/{id}", section="search", twin=f"/data/{id}.json",
        description=view.card.abstract,
    )  # fmt: skip
    # What comes in of observations changes no record.
    headers = datastream_pages.FLEETING if view.holding else {}
    return render(request, "record.html", w, of, headers=headers, r=found.record, v=view, most=view.most)


def centres_page(request: Request, language: str) -> Response:
    """Hubs and centres."""
    w = spoken(language)
    of = page(
        request, w, w.text("centres.title"), "centres", section="centres", twin=f"/{language}/centres.json"
    )
    return render(request, "centres.html", w, of, c=centres_view(node_of(request), viewer_of(request, w)))


def centres_twin(request: Request, language: str) -> Response:
    """Hubs and centres as JSON."""
    return as_json(centres_view(node_of(request), viewer_of(request, spoken(language))))


def centre_page(request: Request, language: str, id: str) -> Response:  # noqa: A002
    """One organisation."""
    w = spoken(language)
    return _centre(request, w, centre_view(node_of(request), id, viewer_of(request, w)), "centres")


def _centre(request: Request, w: Words, view: CentreView, above: str) -> Response:
    path = f"{above}/{view.id}"
    of = page(
        request, w, view.name, path, section="centres", twin=f"/{w.language}/{path}.json",
        description=view.description,
    )  # fmt: skip
    return render(request, "centre.html", w, of, c=view, above=above)


def hubs_page(request: Request, language: str) -> Response:
    """The hubs."""
    w = spoken(language)
    of = page(request, w, w.text("home.hubs"), "hubs", section="centres", twin=f"/{language}/hubs.json")
    return render(request, "centres.html", w, of, c=hubs_view(node_of(request), viewer_of(request, w)))


def hubs_twin(request: Request, language: str) -> Response:
    """The hubs as JSON."""
    return as_json(hubs_view(node_of(request), viewer_of(request, spoken(language))))


def hub_page(request: Request, language: str, id: str) -> Response:  # noqa: A002
    """One hub."""
    w = spoken(language)
    return _centre(request, w, _hub(request, id, w), "hubs")


def hub_twin(request: Request, language: str, id: str) -> Response:  # noqa: A002
    """One hub as JSON."""
    return as_json(_hub(request, id, spoken(language)))


def _hub(request: Request, id: str, w: Words) -> CentreView:  # noqa: A002
    viewer = viewer_of(request, w)
    if id not in {hub.id for hub in viewer.hubs()}:
        raise NotFound("hub", id, f"/{w.language}/hubs lists them.")
    return centre_view(node_of(request), id, viewer)


def centre_twin(request: Request, language: str, id: str) -> Response:  # noqa: A002
    """One organisation as JSON."""
    return as_json(centre_view(node_of(request), id, viewer_of(request, spoken(language))))


def api_page(request: Request, language: str) -> Response:
    """The addresses for machines."""
    w = spoken(language)
    of = page(request, w, w.text("api.title"), "api", section="api", twin=f"/{language}/api.json")
    return render(request, "api.html", w, of, doors=about.doors(node_of(request), links_of(request), w))


def api_twin(request: Request, language: str) -> Response:
    """The addresses for machines, as JSON."""
    doors = about.doors(node_of(request), links_of(request), spoken(language))
    return as_json({"doors": [plain(door) for door in doors]})


def accessibility_page(request: Request, language: str) -> Response:
    """The accessibility statement."""
    w = spoken(language)
    of = page(
        request, w, w.text("accessibility.title"), "accessibility", twin=f"/{language}/accessibility.json"
    )
    return render(request, "accessibility.html", w, of, parts=about.statement(w))


def accessibility_twin(request: Request, language: str) -> Response:  # noqa: ARG001 - the shape of a route
    """The accessibility statement as JSON."""
    return as_json({"parts": [plain(part) for part in about.statement(spoken(language))]})


def render_problem(request: Request, problem: Problem) -> Response:
    """What went wrong, as a page with a way on."""
    first = request.url.path.split("/")[1]
    w = words(first if first in LANGUAGES else language_of(request))
    title, advice = _PROBLEMS.get(problem.status, _OTHER)
    path = request.url.path.removeprefix(f"/{w.language}/").lstrip("/") if first in LANGUAGES else ""
    of = page(request, w, w.text(title), path)
    return render(
        request, "problem.html", w, of, status=problem.status, number=problem.status, detail=problem.detail,
        advice=w.text(advice) if advice else "", tried=lost.words_of(request.url.path), near=_near(request, problem, w),
        sign_in=_sign_in(request, w) if problem.status in (401, 403) else "", contact=problem.id,
    )  # fmt: skip


def _sign_in(request: Request, w: Words) -> str:
    """Where one signs in and comes back; a form that was sent has no page to come back to."""
    query = f"?{request.url.query}" if request.url.query else ""
    to = urlencode({"next": f"{request.url.path}{query}"}, safe="/") if request.method == "GET" else ""
    return f"/{w.language}/sign-in?{to}".rstrip("?")


def _near(request: Request, problem: Problem, w: Words) -> tuple[lost.Way, ...]:
    """What may have been meant by an address that leads nowhere."""
    node: Node | None = getattr(request.state, "node", None)
    return lost.ways(node, request.url.path, w) if node and problem.status in (404, 410) else ()
