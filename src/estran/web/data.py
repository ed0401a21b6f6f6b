"""A record at its citable address, ``/data/{id}``: its page, its twins, every format, its originals."""

from __future__ import annotations

import re
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec
from fastapi import APIRouter, Request, Response

from estran import formats
from estran.errors import NotFound
from estran.web import links_of, node_of, openapi, replies, signposts
from estran.web.datasets import MERGED, asked, told
from estran.web.negotiation import HTML, best
from estran.web.problems import NotAcceptable, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from estran.catalogue import OriginalDocument
    from estran.formats import Links, Written
    from estran.model import Record

# Suffix -> name of the format.
TWINS = {"json": "ogc-records", "xml": "iso19115-3", "jsonld": "schema-org", "ttl": "dcat-turtle"}
# What these media types mean here, whatever else is written in them.
_MEANT = {
    "application/geo+json": "ogc-records",
    replies.JSON: "ogc-records",
    "application/xml": "iso19115-3",
    "text/xml": "iso19115-3",
    "application/ld+json": "schema-org",
    "text/turtle": "dcat-turtle",
}
# What only the page for people understands: how much it shows, and for where and when.
_OF_THE_PAGE = ("view", "bbox", "from", "to", "west", "south", "east", "north")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_FORMAT = openapi.parameter("format", "Name of a format, as /data/{id}/formats lists them.", example="bibtex")


def routes(page: Callable[[Request, str], Response]) -> APIRouter:
    """The routes of records; `page` shows one to a browser."""
    router = APIRouter(prefix="/data", tags=["Data"])
    _twins(router)
    _formats(router)
    _originals(router)

    @router.get("/{id}/linkset.json", **_described("Typed links (RFC 9264)", "getLinkset", signposts.LINKSET))
    def linkset(request: Request, id: openapi.Id) -> Response:  # noqa: A002 - the word of the model
        replies.checked(request, ())
        return replies.json(
            signposts.linkset(shown(node_of(request), id), links_of(request)), signposts.LINKSET
        )

    forms: dict[str, Any] = {HTML: None, **dict.fromkeys(_MEANT)}

    parameters = [_FORMAT, MERGED]

    @router.get("/{id}", **openapi.described("A record", "getData", forms, parameters, 404, 406, 410))
    def data(request: Request, id: openapi.Id) -> Response:  # noqa: A002
        replies.checked(request, ("format", "merged", *_OF_THE_PAGE))
        record, links = asked(request, id).record, links_of(request)
        if name := replies.one(request, "format") or _negotiated(request):
            return _written(record, name, links)
        response = page(request, id)
        response.headers["Link"] = replies.link_header(signposts.for_header(signposts.of(record, links)))
        return response

    return router


def _described(
    summary: str, operation: str, media_type: str, parameters: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    return openapi.described(summary, operation, {media_type: None}, parameters, 404, 410)


def _twins(router: APIRouter) -> None:
    for suffix, name in TWINS.items():
        media_type, _ = signposts.TWINS[suffix]
        described = _described(f"A record as {suffix}", f"getData_{suffix}", media_type, [MERGED])
        router.add_api_route(f"/{{id}}.{suffix}", _twin(name), **described)


def _twin(name: str) -> Callable[[Request, str], Response]:
    def twin(request: Request, id: openapi.Id) -> Response:  # noqa: A002
        replies.checked(request, ("merged",))
        found, links = asked(request, id), links_of(request)
        written = _write(found.record, name, links)
        body = written.body
        if name == TWINS["json"] and (also := told(found, links)):
            body = msgspec.json.encode(msgspec.json.decode(body, type=dict[str, msgspec.Raw]) | also)
        response = Response(body, media_type=written.media_type)
        response.headers["Link"] = replies.link_header(signposts.describes(found.record, links))
        return response

    return twin


def _formats(router: APIRouter) -> None:
    @router.get(
        "/{id}/formats", **_described("Its formats, and what each cannot carry", "getFormats", replies.JSON)
    )
    def listed(request: Request, id: openapi.Id) -> Response:  # noqa: A002
        replies.checked(request, ())
        record, links = shown(node_of(request), id), links_of(request)
        return replies.json({"formats": [_format(record, name, links) for name in writers()]})

    @router.get("/{id}/formats/{name}", **_described("A record in a format", "getFormat", "*/*", [MERGED]))
    def written(request: Request, id: openapi.Id, name: openapi.FormatName) -> Response:  # noqa: A002
        replies.checked(request, ("merged",))
        return _written(asked(request, id).record, name, links_of(request))


def _originals(router: APIRouter) -> None:
    @router.get("/{id}/originals", **_described("The documents it came from", "getOriginals", replies.JSON))
    def listed(request: Request, id: openapi.Id) -> Response:  # noqa: A002
        replies.checked(request, ())
        node, links = node_of(request), links_of(request)
        shown(node, id)
        found = [_original(o, id, n, links) for n, o in enumerate(node.originals(id))]
        return replies.json({"originals": found})

    @router.get("/{id}/original", **_described("The newest document it came from", "getOriginal", "*/*"))
    def newest(request: Request, id: openapi.Id) -> Response:  # noqa: A002
        return _sent(request, id, "0")

    @router.get("/{id}/originals/{number}", **_described("One of its documents", "getOriginalAt", "*/*"))
    def numbered(request: Request, id: openapi.Id, number: openapi.Number) -> Response:  # noqa: A002
        return _sent(request, id, number)


@cache
def writers() -> tuple[str, ...]:
    """Names of the formats that write."""
    return tuple(form.name for form in formats.every() if form.write is not None)


@cache
def _media_types() -> dict[str, str]:
    """Media type -> format, for all that are written."""
    found = dict(_MEANT)
    for name in writers():
        for media_type in formats.find(name).media_types:
            found.setdefault(media_type.partition(";")[0], name)
    return found


def _negotiated(request: Request) -> str:
    """The format that a client accepts most, "" for the page.

    Raises:
        NotAcceptable: it accepts nothing that is written here.
    """
    header = request.headers.get("accept", "")
    found = best(header, (HTML, *_MEANT))
    if found == HTML:
        return ""
    if found is not None:
        return _MEANT[found]
    found = best(header, tuple(_media_types()))
    if found is None:
        raise NotAcceptable(f"Offered here: {', '.join((HTML, *_media_types()))}.")
    return _media_types()[found]


def _write(record: Record, name: str, links: Links) -> Written:
    """The record in a format that writes.

    Raises:
        NotFound: there is no such format, or it is only read.
    """
    write = formats.find(name).write if name in formats.names() else None
    if write is None:
        raise NotFound("format", name, f"Written here: {', '.join(writers())}.")
    return write(record, links)


def _written(record: Record, name: str, links: Links) -> Response:
    written = _write(record, name, links)
    file = f"{record.id}{formats.find(name).suffix}"
    return Response(
        written.body,
        media_type=written.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{file}"',
            "Link": replies.link_header(signposts.describes(record, links)),
        },
    )


def _format(record: Record, name: str, links: Links) -> dict[str, Any]:
    written = _write(record, name, links)
    return {
        "name": name,
        "title": formats.find(name).title,
        "href": f"{links.page(record.id)}/formats/{name}",
        "type": written.media_type,
        "losses": [{"field": loss.field, "why": loss.why} for loss in written.losses],
    }


def _original(original: OriginalDocument, id: str, number: int, links: Links) -> dict[str, Any]:  # noqa: A002
    form = formats.find(original.format)
    return {
        "format": original.format,
        "title": form.title,
        "name": PurePath(original.name).name,  # the rest is a path of the operator's machine
        "received": original.at,
        "bytes": len(original.body),
        "href": f"{links.page(id)}/originals/{number}",
        "type": form.media_types[0],
    }


def _sent(request: Request, id: str, number: str) -> Response:  # noqa: A002
    replies.checked(request, ())
    node = node_of(request)
    shown(node, id)
    found = node.originals(id)
    if not number.isascii() or not number.isdigit() or len(number) > 6 or int(number) >= len(found):  # noqa: PLR2004
        raise NotFound("original", number, f"/data/{id}/originals lists them.")
    original = found[int(number)]
    form = formats.find(original.format)
    name = _UNSAFE.sub("_", PurePath(original.name).name).strip("._") or f"{id}{form.suffix}"
    # What strangers wrote is handed over, never shown as a page of this node.
    return Response(
        original.body,
        media_type=form.media_types[0],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
