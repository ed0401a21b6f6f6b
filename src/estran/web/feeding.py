"""Observations that are pushed: `POST /observations/feeds/{name}`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from estran import formats
from estran.observations.feeds import Message
from estran.web import node_of, openapi, replies
from estran.web.problems import WrongType

__all__ = ["routes"]

_MULTI_STATUS = 207
_MOST_TOLD = 1000
_PLAIN = (
    "",
    "text/csv",
    "text/tab-separated-values",
    "text/plain",
    "application/octet-stream",
    "application/x-ndjson",
)
_SHOWN = {
    "text/csv": {
        "type": "string",
        "example": "time,station,water_level [m]\n2026-01-31T12:00:00Z,brest,4.2\n",
    },
    replies.JSON: {
        "description": "Rows, an Observation of SensorThings or several, or data arrays of them.",
        "example": [{"time": "2026-01-31T12:00:00Z", "station": "brest", "water_level [m]": 4.2}],
    },
    "application/octet-stream": {"type": "string", "format": "binary"},
}
_ANSWER = {
    "observations": {"datastreams": 0, "new": 100, "changed": 0, "unchanged": 0},
    "refused": [{"file": "buoys", "line": 7, "why": "the row has no time"}],
}

_Name = Annotated[str, Path(description="Name of the feed.", examples=["buoys"])]


async def _body(request: Request) -> bytes:
    return await request.body()


def routes() -> APIRouter:
    """The route of what is pushed."""
    router = APIRouter(prefix="/observations", tags=["Observations"])
    described = openapi.described(
        "Push observations to a feed", "pushObservations", {replies.JSON: _ANSWER}, (), 403, 404, 413, 415
    )
    described["description"] = (
        "CSV, JSON or a file of observations, as `estran load --as observations` reads it, up to the setting "
        "`web.request_bytes`. The same again changes nothing. 200: all of it is stored; 207: some of it is, and "
        "`refused` says what is not and why; 400: nothing is."
    )
    described["responses"][_MULTI_STATUS] = {"description": "Some rows were refused; the others are stored."}
    content = {media_type: {"schema": schema} for media_type, schema in _SHOWN.items()}
    described["openapi_extra"]["requestBody"] = {"required": True, "content": content}

    @router.post("/feeds/{name}", **described)
    def push(request: Request, name: _Name, body: Annotated[bytes, Depends(_body)]) -> Response:
        feeds = node_of(request).observations.feeds
        feeds.may_push()
        replies.checked(request, ())
        report = feeds.push(name, Message(name, body, _media_type(request)))
        rows = report.rows
        answer: dict[str, Any] = {
            "observations": {
                "datastreams": report.datastreams, "new": rows.new, "changed": rows.changed, "unchanged": rows.unchanged,
            },
            "refused": [
                {"file": one.file, "line": one.line, "why": one.why} for one in report.refused[:_MOST_TOLD]
            ],
        }  # fmt: skip
        return replies.json(answer, status=_MULTI_STATUS if report.refused else 200)

    return router


def _media_type(request: Request) -> str:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if (
        given in _PLAIN
        or given == replies.JSON
        or any(one.observe and given in one.media_types for one in formats.every())
    ):
        return given
    raise WrongType(
        f"“{given[:80]}” is not read here; send text/csv, {replies.JSON}, or a file as application/octet-stream."
    )
