"""Vocabularies: what the node holds, concepts at addresses that stay, search, trees, texts to annotate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Request, Response

from estran.web import Api, links_of, node_of, openapi, replies
from estran.web.apis import _vocabulary_finding
from estran.web.apis._vocabulary_answers import PATH, RDF, holding
from estran.web.apis._vocabulary_answers import concept as as_json
from estran.web.negotiation import HTML

if TYPE_CHECKING:
    from estran.node import Node

_FORMS = {"json": replies.JSON, **RDF, "html": HTML}
_SUFFIX = {media_type: suffix for suffix, media_type in RDF.items()}
_F = openapi.parameter("f", "The form of the answer; else the Accept header decides.", enum=list(_FORMS))
SchemeName = Annotated[str, Path(description="Name of a vocabulary.", examples=["gemet"])]
LocalId = Annotated[str, Path(description="What names a concept within it.", examples=["1"])]


def _routes(_node: Node) -> APIRouter:
    router = APIRouter(tags=["Vocabularies"], prefix=PATH)
    contents = dict.fromkeys(_FORMS.values())

    @router.get(
        "",
        **openapi.described(
            "The vocabularies", "getVocabularies", {replies.JSON: None, HTML: None}, [_F], 406
        ),
    )
    def schemes(request: Request) -> Response:
        replies.checked(request, ("f",))
        if replies.is_html(replies.wanted(request, {"json": replies.JSON, "html": HTML})):
            return _page(request, "vocabulary")
        base = links_of(request).base + PATH
        held = [holding(one, base, short=True) for one in node_of(request).vocabulary.holdings()]
        return replies.json({"vocabularies": held})

    for add in (
        _vocabulary_finding.words,
        _vocabulary_finding.trees,
        _vocabulary_finding.users,
        _vocabulary_finding.texts,
    ):
        add(router)

    @router.get(
        "/{scheme}",
        **openapi.described(
            "A vocabulary: how it is, or all of it in RDF", "getVocabulary", contents, [_F], 404, 406
        ),
    )
    def scheme_(request: Request, scheme: SchemeName) -> Response:
        replies.checked(request, ("f",))
        media_type, vocabulary = replies.wanted(request, _FORMS), node_of(request).vocabulary
        held = vocabulary.holding(scheme)
        if replies.is_html(media_type):
            return _page(request, f"vocabulary/{scheme}")
        if media_type == replies.JSON:
            return replies.json(holding(held, links_of(request).base + PATH))
        from estran.formats._vocabularies import write  # noqa: PLC0415 - loads the RDF library

        suffix = _SUFFIX[media_type]
        triples = write.scheme(held.scheme, vocabulary.every(scheme), vocabulary.relations(scheme))
        named = {"Content-Disposition": f'inline; filename="{scheme}.{suffix}"'}
        return Response(write.serialised(triples, suffix), 200, named, media_type)

    @router.get("/{scheme}/{local}", **_described("A concept", "getConcept", contents))
    def concept(request: Request, scheme: SchemeName, local: LocalId) -> Response:
        replies.checked(request, ("f",))
        media_type, vocabulary = replies.wanted(request, _FORMS), node_of(request).vocabulary
        entry = vocabulary.at(scheme, local)
        if replies.is_html(media_type):
            return _page(request, f"vocabulary/{quote(scheme)}/{quote(local)}")
        around = vocabulary.around(entry)
        if media_type == replies.JSON:
            return replies.json(as_json(around, links_of(request).base))
        from estran.formats._vocabularies import write  # noqa: PLC0415

        triples = write.concept(around, vocabulary.holding(scheme).scheme)
        return Response(write.serialised(triples, _SUFFIX[media_type]), 200, media_type=media_type)

    return router


def _described(summary: str, operation: str, contents: dict[str, Any]) -> dict[str, Any]:
    return openapi.described(summary, operation, contents, [_F], 404, 406)


def _page(request: Request, path: str) -> Response:
    from estran.web.portal.render import language_of  # noqa: PLC0415 - loads with the portal

    return replies.see(f"/{language_of(request)}/{path}")


API = Api(name="vocabulary", prefix=PATH, routes=_routes)
