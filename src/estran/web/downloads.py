"""Observations to take away: a datastream's, of a period, now or as they were, in one address."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from estran.errors import Invalid, NotFound
from estran.model import EVER_US, NEVER_US, interval
from estran.observations.wide.attributes import of_dataset
from estran.observations.wide.giving import FORMS, given
from estran.orders.parts import about
from estran.web import links_of, node_of, openapi, replies
from estran.web.problems import TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_IN_FILE = 5_000_000
"""A file that is made as a whole before it is sent holds so many observations; more are ordered."""
_DESCRIBED = "Observations of a datastream as a file"
_TIME = openapi.parameter(
    "time", "A date, or START/END; .. leaves an end open.", example="2024-01-01/2024-02-01"
)
_AS_OF = openapi.parameter(
    "as_of",
    "An instant, for the observations as they were then, of datasets that keep their history: the address can be "
    "cited, and gives the same again.",
    example="2026-11-20T00:00:00Z",
)


def routes() -> APIRouter:
    """The routes of downloads."""
    router = APIRouter(tags=["Observations"])

    @router.get(
        "/datastreams/{number}.{form}",
        **openapi.described(
            _DESCRIBED, "getDatastreamFile", dict.fromkeys(FORMS.values()), [_TIME, _AS_OF], 404, 413
        ),
    )
    def download(
        request: Request,
        number: Annotated[int, Path(ge=0, lt=2**31, description="Number of the datastream.")],
        form: Annotated[Literal["csv", "nc", "parquet"], Path(description="Of the file.")],
    ) -> Response:
        replies.checked(request, ("time", "as_of"))
        time, as_of = (request.query_params.get(name, "") for name in ("time", "as_of"))
        node = node_of(request)
        streams = node.observations.datastreams(numbers=[number])
        if not streams:
            raise NotFound("datastream", str(number), "/en/stations leads to those that there are.")
        record = streams[0].record
        table = node.observations.table(record, [number], as_of=as_of)
        start, end = interval(time) if time else (EVER_US, NEVER_US)
        if form != "csv" and (count := about(table, start, end)) > MOST_IN_FILE:
            raise TooLarge(
                f"It has {count:,} observations, and a file made at once holds {MOST_IN_FILE:,}: ask for a shorter "
                "time or for CSV, or order it (POST /orders)."
            )
        described = node.observations.description(node.show(record), as_of)
        told = of_dataset(described, table, links_of(request), node.settings.email, made_at=as_of)
        name = f"{record}-{number}.{form}"
        return streamed(given(table, form, told, start, end), FORMS[form], name)

    return router


def streamed(parts: Iterator[bytes], media_type: str, name: str) -> Response:
    """A file sent as it is made; its first part is made before, so that what is wrong is told as an error."""
    first = next(parts, None)
    if first is None:
        raise Invalid("there is no observation in this time", "time")
    # It follows the observations, not the catalogue's revision.
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    whole: Any = chain([first], parts)
    return StreamingResponse(whole, 200, headers, media_type)
