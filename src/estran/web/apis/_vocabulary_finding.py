"""Finding in vocabularies: by words, in trees, in texts, by parts; under names that no vocabulary can have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request, Response

from estran.errors import Invalid
from estran.web import links_of, node_of, openapi, replies
from estran.web.apis._vocabulary_answers import (
    MOST,
    PATH,
    USUAL,
    address_of,
    branches,
    brief,
    cursor,
    limit,
    position,
    used,
)

if TYPE_CHECKING:
    from fastapi import APIRouter

_LONGEST_TEXT = 50_000
_MOST_EXPANDED = 100
_SCHEME = openapi.parameter("scheme", "Name of the only vocabulary to look in.", example="gemet")
_LANGUAGE = openapi.parameter("lang", "Language of the words, such as fr.", example="fr")
_LIMIT = openapi.parameter(
    "limit", "At most so many.", type="integer", minimum=1, maximum=MOST, default=USUAL, example=5
)
_CURSOR = openapi.parameter("cursor", "Where the page starts; taken from the link to the next page.")
_URI = openapi.parameter("uri", "Address of a concept.", example="http://example.org/concept/1")
_Q = openapi.parameter("q", "Words; with a star at the end the last is only begun.", example="salin*")
_TEXT = openapi.parameter("text", "The text, at most 50,000 letters.", example="sea surface salinity")
_PARTS = (
    openapi.parameter("object", "Address of the object of interest."),
    openapi.parameter("property", "Address of the property."),
    openapi.parameter("matrix", "Address of the matrix."),
)
_SENT = {
    "required": True,
    "content": {"text/plain": {"schema": {"type": "string"}, "example": "sea surface salinity"}},
}


async def _body(request: Request) -> bytes:
    """Read before the route runs, in the loop that knows how to."""
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


def words(router: APIRouter) -> None:
    """Concepts by words, and by an address anywhere."""

    @router.get(
        "/search", **_described("Concepts by words", "searchConcepts", _Q, _SCHEME, _LANGUAGE, _LIMIT)
    )
    def search(request: Request) -> Response:
        replies.checked(request, ("q", "scheme", "lang", "limit"))
        q, base = replies.one(request, "q"), links_of(request).base
        found = node_of(request).vocabulary.search(
            q.removesuffix("*"),
            limit(request),
            prefix=q.endswith("*"),
            language=replies.one(request, "lang"),
            scheme=replies.one(request, "scheme"),
        )
        listed = [
            {**brief(m.entry, base), "matched": m.label, "lang": m.language, "kind": m.kind, "exact": m.exact}
            for m in found
        ]
        return replies.json({"results": listed})

    @router.get("/concept", **_described("A concept by its address anywhere", "findConcept", _URI))
    def by_uri(request: Request) -> Response:
        replies.checked(request, ("uri",))
        entry = node_of(request).vocabulary.concept(replies.one(request, "uri")).entry
        return replies.see(address_of(links_of(request).base, entry))


def trees(router: APIRouter) -> None:
    """Concepts in their trees, over mappings, and by parts."""

    @router.get(
        "/children",
        **_described("What is narrower, or where trees begin", "getNarrower", _URI, _SCHEME, _LIMIT, _CURSOR),
    )
    def children(request: Request) -> Response:
        replies.checked(request, ("uri", "scheme", "limit", "cursor"))
        return _children(request)

    @router.get("/expand", **_described("What means the same or something narrower", "expandConcept", _URI))
    def expand(request: Request) -> Response:
        replies.checked(request, ("uri",))
        given = [uri for uri in request.query_params.getlist("uri") if uri]
        if len(given) > _MOST_EXPANDED:
            raise Invalid(f"give at most {_MOST_EXPANDED} addresses at once", "uri")
        return replies.json({"uris": list(node_of(request).vocabulary.expand(given))})

    @router.get("/variables", **_described("Variables by their parts (I-ADOPT)", "getVariables", *_PARTS))
    def variables(request: Request) -> Response:
        replies.checked(request, ("object", "property", "matrix"))
        found = node_of(request).vocabulary.variables(
            object=replies.one(request, "object"),
            property=replies.one(request, "property"),
            matrix=replies.one(request, "matrix"),
        )
        base = links_of(request).base
        return replies.json({"variables": [brief(entry, base) for entry in found]})


def users(router: APIRouter) -> None:
    """Which records use concepts."""

    @router.get("/usage", **_described("Records that use a concept", "getUsage", _URI, _LIMIT))
    def usage(request: Request) -> Response:
        replies.checked(request, ("uri", "limit"))
        uri = replies.one(request, "uri")
        if not uri:
            raise Invalid("give the address of a concept", "uri")
        return replies.json(used(node_of(request).concepts.usage(uri, limit(request)), links_of(request)))

    @router.get(
        "/deprecated", **_described("Deprecated concepts that records use", "getDeprecatedInUse", _LIMIT)
    )
    def deprecated(request: Request) -> Response:
        replies.checked(request, ("limit",))
        listed = node_of(request).concepts.deprecated(limit(request))
        return replies.json({"concepts": [used(one, links_of(request)) for one in listed]})


def texts(router: APIRouter) -> None:
    """Concepts in texts."""

    @router.get("/annotate", **_described("Concepts in a text", "annotate", _TEXT, _SCHEME, _LANGUAGE))
    def annotate(request: Request) -> Response:
        replies.checked(request, ("text", "scheme", "lang"))
        return _annotated(request, replies.one(request, "text"))

    posted = _described("Concepts in a text that is sent", "annotatePosted", _SCHEME, _LANGUAGE)
    posted["openapi_extra"]["requestBody"] = _SENT

    @router.post("/annotate", **posted)
    def annotate_posted(request: Request, body: Body) -> Response:
        replies.checked(request, ("scheme", "lang"))
        try:
            return _annotated(request, body.decode("utf-8"))
        except UnicodeDecodeError:
            raise Invalid("send the text in UTF-8", "body") from None


def _described(summary: str, operation: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    return openapi.described(summary, operation, {replies.JSON: None}, parameters, 404, 413)


def _children(request: Request) -> Response:
    uri, scheme = replies.one(request, "uri"), replies.one(request, "scheme")
    if bool(uri) == bool(scheme):
        raise Invalid("give the address of a concept or the name of a vocabulary", "uri")
    vocabulary, after = node_of(request).vocabulary, position(replies.one(request, "cursor"))
    if uri:
        listed, following = vocabulary.children(uri, after, limit(request))
    else:
        listed, following = vocabulary.tops(vocabulary.holding(scheme).scheme.name, after, limit(request))
    base = links_of(request).base
    body: dict[str, Any] = {"concepts": branches(listed, base)}
    if following:
        asked = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        further = replies.address(f"{base}{PATH}/children", [*asked, ("cursor", cursor(following))])
        body["links"] = [replies.link(further, "next", replies.JSON)]
    return replies.json(body)


def _annotated(request: Request, text: str) -> Response:
    if len(text) > _LONGEST_TEXT:
        raise Invalid(f"it has {len(text):,} letters; send at most {_LONGEST_TEXT:,} at once", "text")
    base = links_of(request).base
    found = node_of(request).vocabulary.annotate(
        text, language=replies.one(request, "lang"), scheme=replies.one(request, "scheme")
    )
    listed = [
        {"start": a.start, "end": a.end, "words": a.words, "concepts": [brief(e, base) for e in a.entries]}
        for a in found
    ]
    return replies.json({"annotations": listed})
