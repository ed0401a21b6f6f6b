"""The routes of datastreams: the page of one, and its twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from estran.errors import NotFound
from estran.web import links_of, replies
from estran.web.portal.curves import curve_svg, profile_svg
from estran.web.portal.datastream import PARAMETERS, asked, datastream_view, embedded
from estran.web.portal.render import as_json, page, render, spoken, viewer_of

if TYPE_CHECKING:
    from estran.web.portal.datastream import Asked

_SEE_OTHER = 303
# What comes in changes no record: an answer is not kept by the catalogue's revision.
FLEETING = {"Cache-Control": "no-store"}
_LONGEST = 9


def routes() -> APIRouter:
    """The page and its twin."""
    router = APIRouter(include_in_schema=False)
    for path, endpoint in (
        ("/{language}/datastreams/{number}.json", datastream_twin),
        ("/{language}/datastreams/{number}", datastream_page),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    return router


def _asked(request: Request, number: str) -> Asked:
    if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST):
        raise NotFound("datastream", number, "/en/stations leads to those that there are.")
    replies.checked(request, PARAMETERS)
    return asked(int(number), request.query_params)


def datastream_page(request: Request, language: str, number: str) -> Response:
    """A datastream: plot, values, downloads, what it is of."""
    w, a = spoken(language), _asked(request, number)
    path = f"/{language}/datastreams/{number}"
    params = request.query_params
    if not a.wrong and ("from" in params or "to" in params or len(params.getlist("with")) > 1):
        # One address for one question: what a plain form sends is brought to it.
        return RedirectResponse(a.address(path), _SEE_OTHER, headers=FLEETING)
    view, drawn = datastream_view(a, viewer_of(request, w), links_of(request))
    picture = (
        profile_svg(drawn.profiles, downward=drawn.is_downward, w=w)
        if drawn.profiles
        else curve_svg(drawn.curves, drawn.units, drawn.span, w)
    )
    twin = a.address(f"{path}.json", before=a.before)
    of = page(
        request, w, view.title, f"datastreams/{number}", section="stations", twin=twin,
        description=" ".join(view.drawn[0].caption),
    )  # fmt: skip
    return render(
        request, "datastream.html", w, of, status=400 if view.wrong else 200, headers=FLEETING,
        v=view, picture=picture, data=embedded(view.plot),
    )  # fmt: skip


def datastream_twin(request: Request, language: str, number: str) -> Response:
    """The same as JSON, with the columns of the plot."""
    w = spoken(language)
    view, _ = datastream_view(_asked(request, number), viewer_of(request, w), links_of(request))
    response = as_json(view, 400 if view.wrong else 200)
    response.headers.update(FLEETING)
    return response
