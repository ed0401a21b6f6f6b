"""DCAT-AP 3: the catalogue, or the part that somebody asks for, in pages that harvesters follow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from estran.errors import Invalid
from estran.web import Api, asking, links_of, node_of, openapi, replies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estran.catalogue.query import Query
    from estran.model import Record
    from estran.node import Node

Serialisation = Literal["turtle", "jsonld", "rdfxml"]
PATH = "/dcat"
SUFFIXES: dict[str, tuple[Serialisation, str]] = {
    "ttl": ("turtle", "text/turtle"),
    "jsonld": ("jsonld", "application/ld+json"),
    "rdf": ("rdfxml", "application/rdf+xml"),
}
"""Suffix -> serialisation and media type; the first is the default."""
_FORMS = {suffix: media_type for suffix, (_, media_type) in SUFFIXES.items()}
_SERIALISATIONS: dict[str, Serialisation] = {kind: serialisation for serialisation, kind in SUFFIXES.values()}
_PAGE, _AT_ONCE = 100, 500
_CHUNK_BYTES = 65_536
_OWN = ("q", *asking.SHARED, "limit", "cursor", "f")
_PARAMETERS = (
    openapi.parameter("q", "Only records that hold all these words.", example="salinité"),
    *asking.PARAMETERS,
    openapi.parameter(
        "limit",
        "Records on a page; `all` gives everything in one answer, streamed.",
        pattern="^([1-9][0-9]{0,8}|all)$",
        default=str(_PAGE),
        example="100",
    ),
    openapi.parameter("cursor", "Where the page starts; taken from the link to the next page."),
    openapi.parameter("f", "Serialisation; else the Accept header decides.", enum=list(SUFFIXES)),
)


def _routes(node: Node) -> APIRouter:
    router = APIRouter(tags=["DCAT"])
    most = node.settings.web.page_limit
    contents = dict.fromkeys(_FORMS.values())

    @router.get(PATH, **openapi.described("The catalogue in DCAT", "getDcat", contents, _PARAMETERS, 406))
    def catalogue(request: Request) -> Response:
        replies.checked(request, _OWN)
        return _answer(request, most, replies.wanted(request, _FORMS))

    for suffix, (_, media_type) in SUFFIXES.items():
        described = openapi.described(
            f"The catalogue in DCAT as {suffix}", f"getDcat_{suffix}", {media_type: None}, _PARAMETERS[:-1]
        )
        router.add_api_route(f"{PATH}.{suffix}", _in(media_type, most), **described)
    return router


def _in(media_type: str, most: int) -> Any:
    def catalogue(request: Request) -> Response:
        replies.checked(request, _OWN[:-1])
        return _answer(request, most, media_type)

    return catalogue


def _answer(request: Request, most: int, media_type: str) -> Response:
    # Loads the RDF library, which nothing else of an idle worker needs.
    from estran.formats.dcat import catalogue_page  # noqa: PLC0415

    links, node = links_of(request), node_of(request)
    whole = replies.one(request, "limit") == "all"
    if whole and replies.one(request, "cursor"):
        raise Invalid(
            "everything in one answer has no pages; leave out one of limit=all and cursor", "cursor"
        )
    query = _query(request, _AT_ONCE if whole else asking.limit(request, _PAGE, most))
    found = node.ask(query)
    given = request.query_params.multi_items()
    asked = [(name, value) for name, value in given if name != "cursor"]
    here = links.base + request.url.path
    # The part that is asked for is a catalogue of its own, the same in all pages and serialisations.
    parted = [(name, value) for name, value in asked if name not in ("limit", "f")]
    part = replies.address(links.base + PATH, parted)
    following = replies.address(here, [*asked, ("cursor", found.next)]) if found.next and not whole else ""
    first = "" if whole else replies.address(here, asked)
    records: Iterable[Record] = _every(node, query) if whole else found.records
    body = catalogue_page(
        records,
        links,
        serialisation=_SERIALISATIONS[media_type],
        title=node.settings.name,
        address=part,
        next_url=following,
        first_url=first,
    )
    ways = [replies.link(first, "first"), replies.link(following, "next")]
    ways += [
        replies.link(f"{links.base}{PATH}.{suffix}", "alternate", kind) for suffix, kind in _FORMS.items()
    ]
    headers = {"Link": replies.link_header(way for way in ways if "href" in way)}
    return StreamingResponse(_in_chunks(body), headers=headers, media_type=media_type)


def _query(request: Request, limit: int) -> Query:
    shared = asking.shared(request)
    return replace(
        shared, text=replies.one(request, "q"), sort="id", limit=limit, cursor=replies.one(request, "cursor")
    )


def _every(node: Node, query: Query) -> Iterator[Record]:
    """All records of a query, a portion at a time."""
    while True:
        found = node.ask(query)
        yield from found
        if not found.next:
            return
        query = replace(query, cursor=found.next)


def _in_chunks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Few big pieces instead of many small ones: each costs a change of threads."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= _CHUNK_BYTES:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


API = Api(name="dcat", prefix=PATH, routes=_routes)
