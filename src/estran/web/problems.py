"""Errors as problem details (RFC 9457): the one table from what went wrong to an HTTP status."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from estran.errors import (
    Conflict,
    EstranError,
    Invalid,
    NotAllowed,
    NotFound,
    QuotaExceeded,
    Unavailable,
)
from estran.web.negotiation import prefers_html

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

    from estran.model import Record
    from estran.node import Node

    Page = Callable[["Request", "Problem"], Response]

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger("estran.web")

_ADVICE = {
    404: "There is nothing at this address. The addresses of this node start at / and /ogc.",
    405: "This address is there, but not for this method; read it with GET.",
}


class Gone(EstranError):
    """There was something at this address, and it was removed."""


class NotAcceptable(EstranError):
    """What the client accepts is not offered here."""


class Unauthorised(EstranError):
    """A token was given that is not good."""


class Foreign(EstranError):
    """A form was not sent by a page of this node that was made for whoever sends it."""


class TooLarge(EstranError):
    """More was sent than is read."""


class WrongType(EstranError):
    """What was sent is of a media type that is not read here."""


class NotOffered(EstranError):
    """A standard knows it, and this node does not do it."""


class TooLong(EstranError):
    """The address is longer than what is read."""


# The first class that fits decides.
_STATUSES: tuple[tuple[type[EstranError], int], ...] = (
    (Gone, 410),
    (NotAcceptable, 406),
    (Unauthorised, 401),
    (Foreign, 403),
    (TooLarge, 413),
    (TooLong, 414),
    (WrongType, 415),
    (NotOffered, 501),
    (NotFound, 404),
    (QuotaExceeded, 429),
    (NotAllowed, 403),
    (Invalid, 400),
    (Conflict, 409),
    (Unavailable, 503),
    (EstranError, 400),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong, for the client and for people.

    Attributes:
        status: HTTP status.
        detail: what is wrong and what to do next.
        where: the parameter or part at fault, "" where it is the whole.
        id: of the entry in the server's log, "" where there is none.
        headers: HTTP headers that belong to the answer.
    """

    status: int
    detail: str
    where: str = ""
    id: str = ""
    headers: Mapping[str, str] | None = None

    def body(self) -> bytes:
        """The problem document."""
        members: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        members |= {name: value for name, value in (("where", self.where), ("id", self.id)) if value}
        return msgspec.json.encode(members)


def shown(node: Node, id: str) -> Record:  # noqa: A002 - the word of the model
    """A record, or what became of it.

    Raises:
        NotFound: there is none of that id, or none that the actor may know of.
        Gone: there was one, and it was removed.
    """
    try:
        return node.show(id)
    except NotFound:
        removal = node.removed(id)
        if removal is None:
            raise
        raise Gone(
            f"The record “{id}” was removed on {removal.at[:10]}. Search for what took its place."
        ) from None


def problem_of(error: Exception, *, known: bool = True) -> Problem:
    """The problem that an exception means.

    Args:
        error: what was raised.
        known: whether the client has said who it is; if not, what is not allowed asks it to.
    """
    match error:
        case EstranError():
            return _own(error, known=known)
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            detail = _ADVICE.get(error.status_code, str(error.detail))
            return Problem(status=error.status_code, detail=detail, headers=error.headers)
        case _:
            return _unexpected(error)


def _own(error: EstranError, *, known: bool) -> Problem:
    status = next(status for kind, status in _STATUSES if isinstance(error, kind))
    detail, where = (error.why, error.where) if isinstance(error, Invalid) else (str(error), "")
    headers: dict[str, str] = {}
    if status == HTTPStatus.FORBIDDEN and not known and isinstance(error, NotAllowed):
        status = HTTPStatus.UNAUTHORIZED
        detail = (
            f"{detail.rstrip('.')}. Send a token: Authorization: Bearer …; the node's operator makes them."
        )
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="estran"'
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    return Problem(status=int(status), detail=detail, where=where, headers=headers)


def _invalid(error: RequestValidationError) -> Problem:
    first: Mapping[str, Any] = next(iter(error.errors()), {"msg": "the request does not fit", "loc": ()})
    place = ".".join(str(part) for part in first["loc"][1:])
    return Problem(status=400, detail=f"{first['msg']}; see /ogc/api", where=place)


def _unexpected(error: Exception) -> Problem:
    id_ = secrets.token_hex(6)
    _log.error("Unexpected error %s", id_, exc_info=error)
    why = f"Something broke on this node; its operator finds it in the log as {id_}. Try again later."
    return Problem(status=500, detail=why, id=id_)


def answer(request: Request, problem: Problem, page: Page | None) -> Response:
    """The response that tells a problem: a page for browsers where there is one, else its document."""
    if page is not None and prefers_html(request):
        response = page(request, problem)
        response.status_code = problem.status
    else:
        response = Response(problem.body(), problem.status, media_type=MEDIA_TYPE)
    response.headers.update(problem.headers or {})
    response.headers["Cache-Control"] = "no-store"
    return response


def install(app: FastAPI, page: Page | None) -> None:
    """Let an application answer every error as a problem."""

    def handle(request: Request, error: Exception) -> Response:
        node: Node | None = getattr(request.state, "node", None)
        known = "authorization" in request.headers or (node is not None and bool(node.actor.role))
        return answer(request, problem_of(error, known=known), page)

    for kind in (EstranError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, handle)
