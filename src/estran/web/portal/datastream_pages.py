"""The routes of datastreams: the page of one, and its twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from estran.errors import Invalid, NotFound
from estran.web import links_of, replies
from estran.web.portal.curves import curve_svg, profile_svg
from estran.web.portal.datastream import datastream_view
from estran.web.portal.datastream_asking import MOST_TOGETHER, PARAMETERS, Asked, asked
from estran.web.portal.datastream_plot import embedded
from estran.web.portal.flagging import flagging
from estran.web.portal.render import as_json, language_of, page, render, spoken, viewer_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.web.portal.i18n import Words

_SEE_OTHER = 303
# What comes in changes no record: an answer is not kept by the catalogue's revision.
FLEETING = {"Cache-Control": "no-store"}
_LONGEST = 9


def routes() -> APIRouter:
    """The page and its twin."""
    router = APIRouter(include_in_schema=False)
    for path, endpoint in (
        ("/{language}/datastreams", together),
        ("/{language}/datastreams/{number}.json", datastream_twin),
        ("/{language}/datastreams/{number}", datastream_page),
        ("/datastreams/{number}", neutral),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    return router


def neutral(request: Request, number: str) -> Response:
    """From the address without a language to the page in the browser's."""
    query = f"?{request.url.query}" if request.url.query else ""
    to = f"/{language_of(request)}/datastreams/{number_of(number)}{query}"
    return RedirectResponse(to, _SEE_OTHER, headers=FLEETING | {"Vary": "Accept-Language, Cookie"})


def together(request: Request, language: str) -> Response:
    """From the series that were ticked in a list to the page that draws them on one plot.

    Raises:
        Invalid: none was, or more than are drawn together.
    """
    spoken(language)
    replies.checked(request, ("with",))
    numbers = list(dict.fromkeys(number_of(one) for one in request.query_params.getlist("with")))
    if not 1 <= len(numbers) <= MOST_TOGETHER:
        raise Invalid(f"tick one to {MOST_TOGETHER} series; {len(numbers)} were ticked", "with")
    first, *beside = numbers
    to = Asked(number=first).address(f"/{language}/datastreams/{first}", beside=beside)
    return RedirectResponse(to, _SEE_OTHER, headers=FLEETING)


def number_of(number: str, kind: str = "datastream") -> int:
    """A number out of an address.

    Raises:
        NotFound: it is none.
    """
    if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST):
        raise NotFound(kind, number, "/en/stations leads to the datastreams that there are.")
    return int(number)


def _asked(request: Request, number: str) -> Asked:
    found = number_of(number)
    replies.checked(request, PARAMETERS)
    return asked(found, request.query_params)


def datastream_page(request: Request, language: str, number: str) -> Response:
    """A datastream: plot, values, downloads, what it is of."""
    w, a = spoken(language), _asked(request, number)
    path = f"/{language}/datastreams/{number}"
    params = request.query_params
    if not a.wrong and ("from" in params or "to" in params or len(params.getlist("with")) > 1):
        # One address for one question: what a plain form sends is brought to it.
        return RedirectResponse(a.address(path), _SEE_OTHER, headers=FLEETING)
    return _shown(request, w, a, {}, {})


def rendered(
    request: Request, w: Words, number: int, values: Mapping[str, str], wrong: Mapping[str, str]
) -> Response:
    """The page of a datastream with a form that was sent, and what is wrong with it."""
    return _shown(request, w, Asked(number=number), values, wrong)


def _shown(
    request: Request, w: Words, a: Asked, values: Mapping[str, str], wrong: Mapping[str, str]
) -> Response:
    path, viewer = f"/{w.language}/datastreams/{a.number}", viewer_of(request, w)
    view, drawn = datastream_view(a, viewer, links_of(request))
    told = flagging(
        viewer.node.observations.overview.datastream(a.number),
        viewer,
        values or {"from": view.start, "to": view.end},
        wrong,
    )
    picture = (
        profile_svg(drawn.profiles, downward=drawn.is_downward, w=w)
        if drawn.profiles
        else curve_svg(drawn, w)
    )
    twin = a.address(f"{path}.json", before=a.before)
    of = page(
        request, w, view.title, f"datastreams/{a.number}", section="stations", twin=twin,
        description=" ".join(view.drawn[0].caption),
    )  # fmt: skip
    return render(
        request, "datastream.html", w, of, status=400 if view.wrong or wrong else 200, headers=FLEETING,
        v=view, picture=picture, data=embedded(view.plot), flagging=told,
    )  # fmt: skip


def datastream_twin(request: Request, language: str, number: str) -> Response:
    """The same as JSON, with the columns of the plot."""
    w = spoken(language)
    view, _ = datastream_view(_asked(request, number), viewer_of(request, w), links_of(request))
    response = as_json(view, 400 if view.wrong else 200)
    response.headers.update(FLEETING)
    return response
