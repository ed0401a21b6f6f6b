"""STAC API 1.0: collections, their items and the search of items, at ``/stac``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from estran.catalogue.items.query import ItemPage, ItemQuery
from estran.catalogue.queryables import schema
from estran.errors import Invalid
from estran.web import Api, links_of, node_of, openapi, pages, replies
from estran.web.apis import _stac_answers as answers
from estran.web.apis import _stac_asking as asking
from estran.web.apis import _stac_collections as collections
from estran.web.apis import _stac_counting as counting
from estran.web.apis import _stac_writing as writing
from estran.web.apis._stac_answers import PATH
from estran.web.apis._stac_conformance import CONFORMS_TO
from estran.web.apis._stac_definition import ITEMS, SEARCH, SEARCH_BODY, Body, CollectionId, ItemId
from estran.web.negotiation import HTML
from estran.web.ogc import OPENAPI

if TYPE_CHECKING:
    from estran.formats import Links
    from estran.node import Node

_REL_CONFORMANCE = "http://www.opengis.net/def/rel/ogc/1.0/conformance"
_BROWSED = 1000


def _routes(node: Node) -> APIRouter:
    router = APIRouter(prefix=PATH, tags=["STAC"])
    # Every request is compared with the routes in this order.
    _item_routes(router, node.settings.web.page_limit)
    _catalogue_routes(router)
    router.include_router(collections.routes(node.settings.web.page_limit))
    router.include_router(counting.routes())
    writing.add_routes(router)
    return router


def _described(
    summary: str, operation: str, media_type: str = replies.JSON, *refusals: int, parameters: Any = ()
) -> dict[str, Any]:
    return openapi.described(summary, operation, {media_type: None}, parameters, *refusals)


def _catalogue_routes(router: APIRouter) -> None:
    """What the node offers as a whole."""

    @router.get("", **_described("The catalogue", "getStacCatalogue"))
    @router.get("/", include_in_schema=False)
    def landing(request: Request) -> Response:
        replies.checked(request, ())
        return replies.json(_landing(node_of(request), links_of(request)))

    @router.get("/conformance", **_described("What this conforms to", "getStacConformance"))
    def conformance(request: Request) -> Response:
        replies.checked(request, ())
        return replies.json({"conformsTo": CONFORMS_TO})

    form = openapi.parameter(
        "f", "Form of the answer; else the Accept header decides.", enum=["json", "html"]
    )

    @router.get(
        "/api",
        **openapi.described(
            "This definition (OpenAPI 3.0)", "getStacApi", {OPENAPI: None, HTML: None}, [form], 406
        ),
    )
    def api(request: Request) -> Response:
        replies.checked(request, ("f",))
        wanted = replies.wanted(request, {"json": OPENAPI, "html": HTML}, replies.JSON)
        definition = openapi.document(request.app, links_of(request).base + PATH, PATH)
        if replies.is_html(wanted):
            return pages.document("STAC API", definition)
        return replies.json(definition, wanted)

    @router.get("/queryables", **_described("What searches may name", "getStacQueryables", replies.SCHEMA))
    def queryables(request: Request) -> Response:
        replies.checked(request, ())
        url = f"{links_of(request).base}{PATH}/queryables"
        return replies.json(schema(url, node_of(request).items.queryables(), "Items"), replies.SCHEMA)


def _item_routes(router: APIRouter, most: int) -> None:
    @router.get(
        "/collections/{collection}/items",
        **_described("Items of a collection", "getStacItems", replies.GEOJSON, 404, parameters=ITEMS),
    )
    def items(request: Request, collection: CollectionId) -> Response:
        node, links = node_of(request), links_of(request)
        asked = asking.of_address(request, most, collection, node.items.queryables)
        node.items.collection(collection)
        home = collections.home(links, collection)
        return _page(request, asked, f"{home}/items", [replies.link(home, "collection", replies.JSON)])

    @router.get(
        "/collections/{collection}/items/{item:path}",
        **_described("One item", "getStacItem", replies.GEOJSON, 404),
    )
    def one(request: Request, collection: CollectionId, item: ItemId) -> Response:
        replies.checked(request, ())
        return answers.feature(node_of(request).items.show(collection, item), links_of(request))

    @router.get(
        "/collections/{collection}/browse",
        **_described("Links to a collection's items", "browseStacItems", replies.JSON, 404,
                     parameters=[openapi.parameter("token", "Where the page starts.")]),
    )  # fmt: skip
    def browse(request: Request, collection: CollectionId) -> Response:
        replies.checked(request, ("token",))
        return replies.json(_browsed(request, collection, min(most, _BROWSED)))

    @router.get("/search", **_described("Search items", "getStacSearch", replies.GEOJSON, parameters=SEARCH))
    def search(request: Request) -> Response:
        asked = asking.of_address(request, most, known=node_of(request).items.queryables)
        return _page(request, asked, f"{links_of(request).base}{PATH}/search")

    posted = _described("Search items", "postStacSearch", replies.GEOJSON)
    posted["openapi_extra"] = {"requestBody": SEARCH_BODY}

    @router.post("/search", **posted)
    def post(request: Request, body: Body) -> Response:
        node, links = node_of(request), links_of(request)
        asked, document = asking.of_body(body, most, node.items.queryables)
        found = _found(node, asked)
        here = f"{links.base}{PATH}/search"
        ways: list[dict[str, Any]] = [
            replies.link(links.base + PATH, "root", replies.JSON),
            replies.link(here, "self", replies.GEOJSON),
        ]
        if found.next:
            # The whole body stands in the link: not every client merges.
            following: dict[str, Any] = replies.link(here, "next", replies.GEOJSON)
            whole = {**document, "token": found.next}
            ways.append(following | {"method": "POST", "merge": False, "body": whole})
        return answers.features(found.items, links, asked.fields, ways)


def _page(
    request: Request, asked: asking.Asked, here: str, more: list[dict[str, str]] | None = None
) -> Response:
    links = links_of(request)
    found = _found(node_of(request), asked)
    query = request.scope["query_string"].decode("latin-1")
    ways: list[dict[str, Any]] = [
        replies.link(links.base + PATH, "root", replies.JSON),
        replies.link(f"{here}?{query}" if query else here, "self", replies.GEOJSON),
        *(more or ()),
    ]
    if found.next:
        given = [(name, value) for name, value in request.query_params.multi_items() if name != "token"]
        following = answers.address(here, [*given, ("token", found.next)])
        ways.append(replies.link(following, "next", replies.GEOJSON, method="GET"))
    return answers.features(found.items, links, asked.fields, ways)


def _found(node: Node, asked: asking.Asked) -> ItemPage:
    query = node.collections.narrowed(asked.query, asked.terms)
    if query is None:
        return ItemPage(items=())
    try:
        return node.items.search(query)
    except Invalid as error:
        if error.where != "cursor":
            raise
        raise Invalid(error.why, "token") from None  # as STAC calls it


def _landing(node: Node, links: Links) -> dict[str, Any]:
    root = links.base + PATH
    name = node.settings.name
    searched = replies.link(f"{root}/search", "search", replies.GEOJSON, "Search items")
    return {
        "type": "Catalog",
        "stac_version": "1.1.0",
        "id": "estran",
        "title": name,
        "description": f"Collections of {name} and their items.",
        "conformsTo": CONFORMS_TO,
        "links": [
            replies.link(root, "self", replies.JSON, name),
            replies.link(root, "root", replies.JSON, name),
            replies.link(f"{root}/api", "service-desc", OPENAPI, "Definition of this API (OpenAPI 3.0)"),
            replies.link(f"{root}/api?f=html", "service-doc", HTML, "Documentation of this API"),
            replies.link(f"{root}/conformance", "conformance", replies.JSON, "What it conforms to"),
            replies.link(f"{root}/conformance", _REL_CONFORMANCE, replies.JSON),
            replies.link(f"{root}/collections", "data", replies.JSON, "Collections"),
            replies.link(f"{root}/children", "children", replies.JSON, "Collections, as children"),
            searched | {"method": "GET"},
            searched | {"method": "POST"},
            replies.link(
                f"{root}/queryables", collections.REL_QUERYABLES, replies.SCHEMA, "What searches may name"
            ),
            *counting.links_at(root),
            *collections.child_links(node, links),
        ],
    }


def _browsed(request: Request, collection: str, most: int) -> dict[str, Any]:
    """A catalogue with links to items and to the catalogue of those that follow."""
    node, links = node_of(request), links_of(request)
    record = node.items.collection(collection)
    token = replies.one(request, "token")
    found = _found(node, asking.Asked(ItemQuery(collections=(collection,), limit=most, cursor=token)))
    home, root = collections.home(links, collection), links.base + PATH
    here = f"{home}/browse"
    listed = [replies.link(f"{home}/items/{answers.part(i.id)}", "item", replies.GEOJSON) for i in found]
    if found.next:
        listed.append(replies.link(answers.address(here, [("token", found.next)]), "child", replies.JSON))
    return {
        "type": "Catalog",
        "stac_version": "1.1.0",
        "id": f"{collection}-items",
        "title": str(record.title),
        "description": f"Items of {record.title or collection}.",
        "links": [
            replies.link(answers.address(here, [("token", token)] if token else []), "self", replies.JSON),
            replies.link(root, "root", replies.JSON),
            replies.link(home, "parent", replies.JSON),
            *listed,
        ],
    }


API = Api(name="stac", prefix=PATH, routes=_routes, often=True)
