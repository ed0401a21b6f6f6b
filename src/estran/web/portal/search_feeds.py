"""The newest records of a search as feeds, for readers that follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from estran.errors import Invalid
from estran.web import links_of, node_of
from estran.web.portal import asking
from estran.web.portal.elsewhere import json_feed
from estran.web.portal.feeds import feed
from estran.web.portal.render import spoken, viewer_of

if TYPE_CHECKING:
    from estran.model import Record
    from estran.web.portal.asking import Asked

_ENTRIES = 50


def routes() -> APIRouter:
    """The feeds of a search."""
    router = APIRouter()
    for path, endpoint in (("/{language}/search.atom", atom), ("/{language}/search/feed.json", json)):
        router.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    return router


def atom(request: Request, language: str) -> Response:
    """A search as an Atom feed."""
    links, told = links_of(request), _told(request, language, ".atom")
    return feed(_newest(request), links, spoken(language), **told)


def json(request: Request, language: str) -> Response:
    """A search as a JSON feed."""
    links, told = links_of(request), _told(request, language, "/feed.json")
    return json_feed(_newest(request), links, spoken(language), **told)


def _told(request: Request, language: str, suffix: str) -> dict[str, str]:
    """What a feed says of itself."""
    asked, viewer = _asked(request), viewer_of(request, spoken(language))
    chips = [viewer.chip(name, value) for name, value, _ in asked.filters()]
    page = f"{links_of(request).base}/{language}/search"
    return {
        "here": asked.address(f"{page}{suffix}"),
        "page": asked.address(page),
        "title": f"{node_of(request).settings.name} – {', '.join(chips) or viewer.words.text('search.title')}",
    }


def _asked(request: Request) -> Asked:
    """What the address asks, which has one order and no pages.

    Raises:
        Invalid: a part of it cannot be read.
    """
    asked = asking.read(request.query_params)
    if asked.wrong:
        wrong = asked.wrong[0]
        raise Invalid(f"“{wrong.value}” cannot be read; take the address from the search page", wrong.field)
    return asked.first(sort="", per=asking.PAGE)


def _newest(request: Request) -> tuple[Record, ...]:
    """What was found last."""
    return node_of(request).ask(_asked(request).query(sort="-updated", limit=_ENTRIES)).records
