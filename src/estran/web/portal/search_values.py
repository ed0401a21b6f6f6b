"""The page of all values of a facet; a search box in the filter column gets the part that it needs."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from estran.web import node_of
from estran.web.portal import asking
from estran.web.portal.choosing import Values, values
from estran.web.portal.render import as_json, page, render, spoken, viewer_of

_LONGEST = 200


def routes() -> APIRouter:
    """The values of a facet."""
    router = APIRouter()
    for path, endpoint in (("{field}.json", twin), ("{field}", page_of)):
        router.add_api_route(
            f"/{{language}}/search/values/{path}", endpoint, methods=["GET"], response_model=None
        )
    return router


def page_of(request: Request, language: str, field: str) -> Response:
    """A page of values; the filter column asks for its boxes alone."""
    w = spoken(language)
    view = _values(request, language, field)
    title = f"{view.label} – {w.text('search.title')}"
    of = page(
        request, w, title, f"search/values/{field}", section="search",
        twin=f"/{language}/search/values/{field}.json",
    )  # fmt: skip
    template = "search_boxes.html" if request.headers.get("hx-request") == "true" else "search_values.html"
    return render(request, template, w, of, v=view, headers={"Vary": "HX-Request"})


def twin(request: Request, language: str, field: str) -> Response:
    """The same as JSON."""
    return as_json(_values(request, language, field))


def _values(request: Request, language: str, field: str) -> Values:
    given = request.query_params
    start = given.get("start", "")
    first = int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 0  # noqa: PLR2004
    viewer = viewer_of(request, spoken(language))
    return values(
        node_of(request), asking.read(given), viewer, field, given.get("find", "").strip()[:_LONGEST], first
    )
