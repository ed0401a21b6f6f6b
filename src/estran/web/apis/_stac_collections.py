"""The collections of the STAC API: searched, listed a page at a time, described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from fastapi import APIRouter, Request, Response

from estran.catalogue.items.collections import stac_id
from estran.catalogue.query import Query
from estran.catalogue.queryables import RECORDS, Queryable, schema
from estran.errors import Invalid
from estran.formats.stac import FORMAT
from estran.web import links_of, node_of, openapi, replies
from estran.web.apis import _stac_answers as answers
from estran.web.apis import _stac_asking as asking
from estran.web.apis import _stac_counting as counting
from estran.web.apis import _stac_definition as definition
from estran.web.apis._stac_answers import PATH

if TYPE_CHECKING:
    from estran.catalogue.query import Results
    from estran.formats import Links
    from estran.model import Record
    from estran.node import Node

__all__ = ["REL_QUERYABLES", "child_links", "home", "routes"]

REL_QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
_OWN_QUERYABLES = "collection-queryables"
_SEARCHED = {**RECORDS, "id": Queryable("text", "Identifier of the collection")}
_USUAL = (
    "type", "stac_version", "stac_extensions", "id", "title", "description", "keywords", "license", "extent", "links",
)  # fmt: skip
_PAGING = ("limit", "token")
# Links in one catalogue; of more collections, the rest stand in another.
_BROWSED = 1000


def routes(most: int) -> APIRouter:
    """The addresses of the collections under `PATH`; a page holds at most `most`."""
    router = APIRouter()

    @router.get(
        "/collections",
        **_described("Search the collections", "getStacCollections", parameters=definition.COLLECTIONS),
    )
    def collections(request: Request) -> Response:
        return replies.json(_page(request, "collections", asking.of_collections(request, most)))

    @router.get(
        "/children",
        **_described(
            "The catalogue's children",
            "getStacChildren",
            parameters=[one for one in definition.COLLECTIONS if one["name"] in _PAGING],
        ),
    )
    def children(request: Request) -> Response:
        return replies.json(_page(request, "children", asking.of_collections(request, most, _PAGING)))

    @router.get(
        "/browse",
        **_described(
            "Links to the collections that the catalogue has no room for",
            "browseStacCollections",
            parameters=[one for one in definition.COLLECTIONS if one["name"] == "token"],
        ),
    )
    def browse(request: Request) -> Response:
        replies.checked(request, ("token",))
        return replies.json(_browsed(request))

    @router.get(
        f"/{_OWN_QUERYABLES}",
        **_described("What searches of collections may name", "getStacCollectionQueryables", replies.SCHEMA),
    )
    def searched(request: Request) -> Response:
        replies.checked(request, ())
        url = f"{links_of(request).base}{PATH}/{_OWN_QUERYABLES}"
        return replies.json(schema(url, _SEARCHED, "Collections"), replies.SCHEMA)

    @router.get(
        "/collections/{collection}", **_described("One collection", "getStacCollection", replies.JSON, 404)
    )
    def one(request: Request, collection: definition.CollectionId) -> Response:
        replies.checked(request, ())
        record = node_of(request).items.collection(collection)
        return replies.json(_written(collection, record, links_of(request)))

    @router.get(
        "/collections/{collection}/queryables",
        **_described("What searches of its items may name", "getStacOwnQueryables", replies.SCHEMA, 404),
    )
    def queryables(request: Request, collection: definition.CollectionId) -> Response:
        replies.checked(request, ())
        items = node_of(request).items
        items.collection(collection)
        url = f"{home(links_of(request), collection)}/queryables"
        return replies.json(schema(url, items.queryables(), "Items"), replies.SCHEMA)

    return router


def _described(
    summary: str, operation: str, media_type: str = replies.JSON, *refusals: int, parameters: Any = ()
) -> dict[str, Any]:
    return openapi.described(summary, operation, {media_type: None}, parameters, *refusals)


def home(links: Links, collection: str) -> str:
    """The address of a collection."""
    return f"{links.base}{PATH}/collections/{answers.part(collection)}"


def _page(request: Request, name: str, asked: asking.AskedCollections) -> dict[str, Any]:
    """A page of collections under `name`."""
    node, links = node_of(request), links_of(request)
    root = links.base + PATH
    here = f"{root}/{name}"
    found = _found(node, asked.query)
    listed = [_written(stac_id(record), record, links) for record in found]
    if asked.fields is not None:
        listed = [answers.chosen(one, asked.fields, _USUAL) for one in listed]
    query = request.scope["query_string"].decode("latin-1")
    ways = [
        replies.link(f"{here}?{query}" if query else here, "self", replies.JSON),
        replies.link(root, "root", replies.JSON),
        replies.link(root, "parent", replies.JSON),
        replies.link(
            f"{root}/{_OWN_QUERYABLES}",
            REL_QUERYABLES,
            replies.SCHEMA,
            "What searches of collections may name",
        ),
    ]
    if found.next:
        given = [(key, value) for key, value in request.query_params.multi_items() if key != "token"]
        following = answers.address(here, [*given, ("token", found.next)])
        ways.append(replies.link(following, "next", replies.JSON))
    return {name: listed, "links": ways, "numberMatched": found.matched, "numberReturned": len(listed)}


def child_links(node: Node, links: Links, token: str = "") -> list[dict[str, str]]:
    """Links to collections by title, and to the catalogue of those that follow where they are many."""
    found = _found(node, Query(sort="title", limit=_BROWSED, cursor=token))
    made = [
        replies.link(home(links, stac_id(record)), "child", replies.JSON, str(record.title))
        for record in found
    ]
    if found.next:
        following = answers.address(f"{links.base}{PATH}/browse", [("token", found.next)])
        made.append(replies.link(following, "child", replies.JSON, "Further collections"))
    return made


def _browsed(request: Request) -> dict[str, Any]:
    node, links = node_of(request), links_of(request)
    token, root = replies.one(request, "token"), links.base + PATH
    here = answers.address(f"{root}/browse", [("token", token)] if token else [])
    return {
        "type": "Catalog",
        "stac_version": "1.1.0",
        "id": "estran-collections",
        "title": f"Collections of {node.settings.name}",
        "description": f"Collections of {node.settings.name}, one link each.",
        "links": [
            replies.link(here, "self", replies.JSON),
            replies.link(root, "root", replies.JSON),
            replies.link(root, "parent", replies.JSON),
            *child_links(node, links, token),
        ],
    }


def _found(node: Node, query: Query) -> Results:
    try:
        return node.collections.ask(query)
    except Invalid as error:
        name = {"cursor": "token", "sort": "sortby", "text": "q"}.get(error.where)
        if name is None:
            raise
        raise Invalid(error.why, name) from None  # as STAC calls it


def _written(id_: str, record: Record, links: Links) -> dict[str, Any]:
    """A collection in STAC, with links to what this API offers of it."""
    assert FORMAT.write is not None  # every record can be written as a Collection
    made: dict[str, Any] = msgspec.json.decode(FORMAT.write(record, links).body)
    here, root = home(links, id_), links.base + PATH
    made["id"] = id_
    made["links"] = [
        replies.link(here, "self", replies.JSON),
        replies.link(root, "root", replies.JSON),
        replies.link(root, "parent", replies.JSON),
        replies.link(f"{here}/items", "items", replies.GEOJSON, "Items"),
        replies.link(f"{here}/queryables", REL_QUERYABLES, replies.SCHEMA, "What searches may name"),
        *counting.links_at(here),
        replies.link(f"{here}/browse", "child", replies.JSON, "Items, one link each"),
        *made["links"],
    ]
    return made
