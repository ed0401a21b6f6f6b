"""Errors and answers as ERDDAP's clients know them."""

from __future__ import annotations

from functools import wraps
from http import HTTPStatus
from itertools import chain
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from estran.errors import EstranError, NotFound
from estran.web.problems import problem_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["nothing", "refused", "streamed", "told"]

_HEADERS = {
    "Cache-Control": "no-store",  # it follows the observations, not the catalogue
    "erddap-server": "2.23",
    "X-Accel-Buffering": "no",
}


def told[**P](make: Callable[P, Response]) -> Callable[P, Response]:
    """A route whose refusals are told as ERDDAP tells them."""

    @wraps(make)
    def answered(*args: P.args, **kwargs: P.kwargs) -> Response:
        try:
            return make(*args, **kwargs)
        except EstranError as error:
            return refused(error)

    return answered


def refused(error: EstranError) -> Response:
    """The error form of ERDDAP: a code and a message."""
    problem = problem_of(error)
    phrase = HTTPStatus(problem.status).phrase
    detail = problem.detail
    if isinstance(error, NotFound) and not detail.startswith("Your query"):
        detail = f"{detail} Currently unknown."
    kind = "Query error: " if problem.status == HTTPStatus.BAD_REQUEST else ""
    where = f" ({problem.where})" if problem.where not in ("", "query") else ""
    message = f"{phrase}: {kind}{detail}{where}".replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    body = f'Error {{\n    code={problem.status};\n    message="{message}";\n}}\n'
    headers = {**_HEADERS, "Content-Description": "dods-error", **(problem.headers or {})}
    return Response(body, problem.status, headers, "text/plain")


def nothing() -> Response:
    """That no row is left."""
    body = 'Error {\n    code=404;\n    message="Not Found: Your query produced no matching results. (nRows = 0)";\n}\n'
    return Response(body, 404, _HEADERS, "text/plain")


def streamed(parts: Iterable[bytes], media_type: str, name: str = "", description: str = "") -> Response:
    """An answer sent as it is made; its first part is made before, so that what is wrong is told as an error."""
    made: Iterator[bytes] = iter(parts)
    first = next(made, b"")
    headers: dict[str, str] = dict(_HEADERS)
    if name:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if description:
        headers["Content-Description"] = description
    whole: Any = chain([first], made)
    return StreamingResponse(whole, 200, headers, media_type)
