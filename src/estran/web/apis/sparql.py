"""SPARQL 1.1 Protocol, queries only: all vocabularies of the node as one graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response

from estran.errors import Invalid
from estran.web import Api, node_of, openapi, replies
from estran.web.problems import WrongType

if TYPE_CHECKING:
    from estran.node import Node

PATH = "/sparql"
_FORMS = ("json", "xml", "csv", "tsv", "ttl", "nt", "jsonld", "rdf")
_QUERY = openapi.parameter(
    "query", "SELECT, ASK, CONSTRUCT or DESCRIBE.", example="SELECT ?s WHERE { ?s ?p ?o } LIMIT 5"
)
_F = openapi.parameter("f", "The form of the answer; else the Accept header decides.", enum=list(_FORMS))
_ANSWERS: dict[str, Any] = dict.fromkeys((
    "application/sparql-results+json", "application/sparql-results+xml", "text/csv", "text/tab-separated-values",
    "text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml",
))  # fmt: skip
_SENT = {
    "required": True,
    "content": {"application/sparql-query": {"schema": {"type": "string"}, "example": "ASK { ?s ?p ?o }"}},
}


async def _body(request: Request) -> bytes:
    """Read before the route runs, in the loop that knows how to."""
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


def _routes(_node: Node) -> APIRouter:
    router = APIRouter(tags=["SPARQL"])

    @router.get(PATH, **openapi.described("A query of SPARQL", "getSparql", _ANSWERS, [_QUERY, _F], 406))
    def query(request: Request) -> Response:
        replies.checked(request, ("query", "f"))
        return _answer(request, replies.one(request, "query"))

    posted = openapi.described("A query of SPARQL that is sent", "postSparql", _ANSWERS, [_F], 406, 413, 415)
    posted["openapi_extra"]["requestBody"] = _SENT

    @router.post(PATH, **posted)
    def send(request: Request, body: Body) -> Response:
        replies.checked(request, ("f",))
        return _answer(request, _sent(request, body))

    return router


def _sent(request: Request, body: bytes) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("send the query in UTF-8", "body") from None
    if kind == "application/sparql-query":
        return text
    if kind != "application/x-www-form-urlencoded":
        raise WrongType("Send application/sparql-query, or a form with “query”.")
    fields = parse_qsl(text, keep_blank_values=True, max_num_fields=20)
    for name, _ in fields:
        if name != "query":
            raise Invalid(f"“{name[:40]}” is not answered here; send “query” alone", name[:40])
    return next((value for _, value in fields), "")


def _answer(request: Request, query: str) -> Response:
    def choose(offered: dict[str, str]) -> str:
        media_type = replies.wanted(request, offered, replies.JSON)
        # Who asks for plain JSON means that of SPARQL, or that of graphs.
        return (offered.get("json") or offered["jsonld"]) if media_type == replies.JSON else media_type

    body, media_type = node_of(request).sparql.ask(query, choose)
    return Response(body, media_type=media_type)


API = Api(name="sparql", prefix=PATH, routes=_routes)
"""Adds /sparql."""
