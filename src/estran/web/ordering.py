"""Orders over HTTP: placed, looked at, and their files fetched, from where a broken transfer stopped."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import FileResponse

from estran.errors import Invalid, NotFound
from estran.model import moment
from estran.observations.wide.giving import FORMS
from estran.orders import Said  # noqa: TC001 - read when bodies are decoded
from estran.orders.asking import STATUSES
from estran.web import links_of, node_of, openapi, replies
from estran.web.negotiation import HTML

if TYPE_CHECKING:
    from collections.abc import Callable

    from estran.formats import Links
    from estran.orders import Order

__all__ = ["SUMS", "address", "routes", "told"]

_NO_STORE = {"Cache-Control": "no-store"}
SUMS = "SHA256SUMS"
"""The name under which an order's checksums are, as sha256sum reads them."""
_EXAMPLE = {"record": "sea-level-brest-1a2b3c4d", "time": "2020-01-01/2024-12-31", "form": "nc"}
_ASKED = {
    "type": "object",
    "required": ["record"],
    "additionalProperties": False,
    "properties": {
        "record": {"type": "string", "description": "Id of the dataset."},
        "datastreams": {"type": "array", "items": {"type": "integer"}, "description": "Only these of it."},
        "variables": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Only observations of these: names, CF standard names or addresses.",
        },
        "time": {"type": "string", "description": "A date, or START/END; .. leaves an end open."},
        "form": {"type": "string", "enum": list(FORMS), "default": "csv"},
        "as_of": {"type": "string", "description": "An instant, for the observations as they were then."},
        "said": {
            "type": "object",
            "additionalProperties": False,
            "description": "Answers, where the dataset asks who orders; of what it does not ask nothing is kept.",
            "properties": {
                "status": {"type": "string", "enum": list(STATUSES)},
                "organisation": {"type": "string"},
                "usage": {"type": "string", "description": "What the data are for."},
                "description": {"type": "string"},
                "name": {"type": "string", "description": "Kept with consent only."},
                "email": {"type": "string", "description": "Kept with consent only."},
                "consent": {
                    "type": "string",
                    "description": "The words by which one agrees to be written to.",
                },
            },
        },
    },
}


class _Question(msgspec.Struct, forbid_unknown_fields=True):
    record: str
    datastreams: list[int] = []
    variables: list[str] = []
    time: str = ""
    form: str = "csv"
    as_of: str = ""
    said: Said | None = None


_Id = Annotated[str, Path(description="Id of the order.", examples=["order.b37a845ef93a3ce4cf4f16c4"])]
_Name = Annotated[str, Path(description="Name of the file.")]
_TEXT = "text/plain"
_FORMS = {"json": replies.JSON, "html": HTML}
_F = openapi.parameter("f", "The form of the answer, before what Accept says.", enum=list(_FORMS))
_read = msgspec.json.Decoder(_Question).decode


async def _body(request: Request) -> bytes:
    return await request.body()


def routes(page: Callable[[Request, str], Response], pages: Callable[[Request], Response]) -> APIRouter:
    """The routes of orders.

    Args:
        page: shows one to a browser.
        pages: shows a browser those that are its own.
    """
    router = APIRouter(prefix="/orders", tags=["Observations"])
    body = {
        "requestBody": {"required": True, "content": {replies.JSON: {"schema": _ASKED, "example": _EXAMPLE}}}
    }
    described = openapi.described(
        "Order observations of a dataset", "placeOrder", {replies.JSON: None}, (), 404, 409
    )
    described["openapi_extra"] |= body

    @router.post("", status_code=202, **described)
    def place(request: Request, body: Annotated[bytes, Depends(_body)]) -> Response:
        try:
            asked = _read(body)
        except msgspec.MsgspecError as error:
            raise Invalid(
                f"it is no order ({error}); write JSON such as {msgspec.json.encode(_EXAMPLE).decode()}",
                "body",
            ) from None
        node, links = node_of(request), links_of(request)
        order = node.orders.place(
            asked.record, links, datastreams=asked.datastreams, variables=asked.variables, time=asked.time,
            form=asked.form, as_of=asked.as_of, said=asked.said,
        )  # fmt: skip
        answer = replies.json(_now(request, order), status=202)
        answer.headers.update({"Location": address(order, links), **_NO_STORE})
        return answer

    @router.get(
        "",
        **openapi.described(
            "The orders of whoever asks", "getOrders", {replies.JSON: None, HTML: None}, [_F], 406
        ),
    )
    def own(request: Request) -> Response:
        replies.checked(request, ("f",))
        if replies.wanted(request, _FORMS) == HTML:
            return pages(request)
        links = links_of(request)
        answer = replies.json({"orders": [told(order, links) for order in node_of(request).orders.mine()]})
        answer.headers.update(_NO_STORE)
        return answer

    @router.get(
        "/{id}",
        **openapi.described(
            "An order, and its files", "getOrder", {replies.JSON: None, HTML: None}, [_F], 404, 406
        ),
    )
    def look(request: Request, id: _Id) -> Response:  # noqa: A002 - the word of the model
        replies.checked(request, ("f",))
        if replies.wanted(request, _FORMS) == HTML:
            return page(request, id)
        order = node_of(request).orders.order(id)
        answer = replies.json(_now(request, order))
        answer.headers.update(_NO_STORE)
        return answer

    @router.get(
        f"/{{id}}/{SUMS}",
        **openapi.described(
            "Checksums of an order's files, for sha256sum", "getOrderSums", {_TEXT: None}, (), 404
        ),
    )
    def sums(request: Request, id: _Id) -> Response:  # noqa: A002
        replies.checked(request, ())
        order = node_of(request).orders.order(id)
        if not order.files:
            raise NotFound("file", SUMS, f"The order “{order.id}” is {order.state}.")
        body = "".join(f"{one.sha256}  {one.name}\n" for one in order.files)
        return Response(body, headers=_NO_STORE, media_type=_TEXT)

    @router.get(
        "/{id}/{name}",
        **openapi.described(
            "A file of an order; Range is understood", "getOrderFile", dict.fromkeys(FORMS.values()), (), 404
        ),
    )
    def fetch(request: Request, id: _Id, name: _Name) -> Response:  # noqa: A002
        replies.checked(request, ())
        path, file = node_of(request).orders.file(id, name)
        headers = {"ETag": f'"{file.sha256}"', "Repr-Digest": _digest(file.sha256), **_NO_STORE}
        return FileResponse(path, headers=headers, media_type=FORMS[path.suffix[1:]], filename=name)

    return router


def _now(request: Request, order: Order) -> dict[str, Any]:
    """An order as JSON, with what holds it up."""
    why = node_of(request).orders.unattended(order)
    return told(order, links_of(request)) | {"waitsFor": str(why) if why else None}


def address(order: Order, links: Links) -> str:
    """Where an order is looked at."""
    return f"{links.base}/orders/{order.id}"


def told(order: Order, links: Links) -> dict[str, Any]:
    """An order as JSON."""
    at = address(order, links)
    files = [
        {"name": one.name, "href": f"{at}/{one.name}", "size": one.size, "sha256": one.sha256}
        for one in order.files
    ]
    return {
        "id": order.id, "number": order.called, "state": order.state, "asked": dict(order.asked),
        "observations": order.observations,
        "parts": order.parts, "done": order.done, "isStopping": order.is_stopping, "files": files, "error": order.error or None,
        "placed": moment(order.placed), "made": moment(order.made) if order.made else None,
        "expires": moment(order.expires) if order.expires else None,
        "links": [{"rel": "self", "href": at, "type": replies.JSON}],
    }  # fmt: skip


def _digest(sha256: str) -> str:
    """The checksum as RFC 9530 has it."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"
