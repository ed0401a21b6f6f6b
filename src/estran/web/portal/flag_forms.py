"""The forms of verdicts: an expert says how good the observations of a period are, and takes it back."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from estran.errors import Conflict, Invalid
from estran.web import node_of, replies
from estran.web.portal.datastream_pages import FLEETING, number_of, rendered
from estran.web.portal.flagging import FIELDS, period_of
from estran.web.portal.render import spoken
from estran.web.signing import OwnForm  # noqa: TC001 - FastAPI reads the annotations

if TYPE_CHECKING:
    from collections.abc import Mapping


def routes() -> APIRouter:
    """What the forms do; they stand on the page of the datastream."""
    router = APIRouter(include_in_schema=False)
    one = "/{language}/datastreams/{number}/flags"
    router.add_api_route(one, flag, methods=["POST"], response_model=None)
    router.add_api_route(f"{one}/{{verdict}}/undo", undo, methods=["POST"], response_model=None)
    return router


def flag(request: Request, language: str, number: str, form: OwnForm) -> Response:
    """Say how good the observations of a period are, or say beside each field what is wrong."""
    w, stream = spoken(language), number_of(number)
    quality = node_of(request).observations.quality
    time = period_of(form.get("from", ""), form.get("to", ""))
    try:
        made = quality.judge(stream, time, form.get("quality", ""), form.get("reason", ""))
    except Invalid as error:
        wrong = {_field(error, form): error.why}
        return rendered(request, w, stream, {name: form.get(name, "") for name in FIELDS}, wrong)
    return _see(f"/{language}/datastreams/{made.datastream}?time={time}#flags")


def undo(request: Request, language: str, number: str, verdict: str, form: OwnForm) -> Response:
    """Take a verdict back; what was taken back already stays so."""
    del form
    stream = number_of(number)
    quality = node_of(request).observations.quality
    with suppress(Conflict):
        quality.undo(number_of(verdict, "verdict"))
    return _see(f"/{language}/datastreams/{stream}#flags")


def _field(error: Invalid, form: Mapping[str, str]) -> str:
    """Beside which field an error stands."""
    if error.where in FIELDS:
        return error.where
    return "to" if form.get("from", "").strip() and form.get("to", "").strip() else "from"


def _see(address: str) -> Response:
    response = replies.see(address)
    response.headers.update(FLEETING)
    return response
