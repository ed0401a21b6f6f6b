"""The one OGC root: landing page, conformance, definition and collections of all APIs together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from estran.web import Api, links_of, node_of, openapi, pages, replies
from estran.web.negotiation import HTML

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI

    from estran.formats import Links
    from estran.node import Node

PREFIX = "/ogc"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
_COMMON = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
)
_FORMS = {"json": replies.JSON, "html": HTML}
_F = openapi.parameter("f", "The form of the answer; else the Accept header decides.", enum=["json", "html"])


def routes(apis: Sequence[Api], app: FastAPI) -> APIRouter:
    """The routes of the root.

    Args:
        apis: what it is made of.
        app: the application that its definition describes.
    """
    router = APIRouter(prefix=PREFIX, tags=["OGC API"])
    uris = list(dict.fromkeys((*_COMMON, *(uri for api in apis for uri in api.conforms_to))))

    @router.get("", **_described("Landing page", "getLandingPage", {"title": "Estran", "links": []}))
    @router.get("/", include_in_schema=False)
    def landing(request: Request) -> Response:
        node = node_of(request)
        return _document(request, _landing(node, links_of(request)), node.settings.name)

    @router.get(
        "/conformance", **_described("What this conforms to", "getConformance", {"conformsTo": list(_COMMON)})
    )
    def conformance(request: Request) -> Response:
        return _document(request, {"conformsTo": uris}, "Conformance")

    @router.get(
        "/collections", **_described("The collections", "getCollections", {"collections": [], "links": []})
    )
    def collections(request: Request) -> Response:
        node, links = node_of(request), links_of(request)
        here = f"{links.base}{PREFIX}/collections"
        listed = [one for api in apis for one in api.collections(node, links)]
        answer = _document(
            request, {"collections": listed, "links": _itself(here, "Collections")}, "Collections"
        )
        if any("data_queries" in one for one in listed):
            # What is observed changes without a change of the catalogue.
            answer.headers["Cache-Control"] = "no-store"
        return answer

    @router.get(
        "/api",
        **openapi.described(
            "This definition (OpenAPI 3.0)", "getApi", {OPENAPI: None, HTML: None}, [_F], 406
        ),
    )
    def api(request: Request) -> Response:
        replies.checked(request, ("f",))
        media_type = replies.wanted(request, {"json": OPENAPI, "html": HTML}, replies.JSON)
        definition = openapi.document(app, f"{links_of(request).base}{PREFIX}", PREFIX)
        if replies.is_html(media_type):
            return pages.document("OpenAPI", definition)
        return replies.json(definition, media_type)

    return router


def _described(summary: str, operation: str, example: Any) -> dict[str, Any]:
    return openapi.described(summary, operation, {replies.JSON: example, HTML: None}, [_F], 406)


def _document(request: Request, document: dict[str, Any], title: str) -> Response:
    replies.checked(request, ("f",))
    if replies.is_html(replies.wanted(request, _FORMS)):
        return pages.document(title, document)
    return replies.json(document, links=document.get("links", ()))


def _itself(here: str, title: str) -> list[dict[str, str]]:
    return [
        replies.link(here, "self", replies.JSON, title),
        replies.link(f"{here}?f=html", "alternate", HTML, f"{title} (HTML)"),
    ]


def _landing(node: Node, links: Links) -> dict[str, Any]:
    root = links.base + PREFIX
    return {
        "title": node.settings.name,
        "description": "Metadata of Earth-system data: find, read and harvest them.",
        "links": [
            *_itself(root, node.settings.name),
            replies.link(f"{root}/api", "service-desc", OPENAPI, "Definition of this API (OpenAPI 3.0)"),
            replies.link(f"{root}/api?f=html", "service-doc", HTML, "Documentation of this API"),
            replies.link(f"{root}/conformance", "conformance", replies.JSON, "What it conforms to"),
            replies.link(
                f"{root}/conformance", "http://www.opengis.net/def/rel/ogc/1.0/conformance", replies.JSON
            ),
            replies.link(f"{root}/collections", "data", replies.JSON, "Collections"),
            replies.link(f"{root}/collections", "http://www.opengis.net/def/rel/ogc/1.0/data", replies.JSON),
            replies.link(
                f"{root}/collections/records/items",
                "http://www.opengis.net/def/rel/ogc/1.0/ogc-catalog",
                replies.GEOJSON,
                "Records",
            ),
            replies.link(f"{links.base}/dcat", "alternate", "text/turtle", "The catalogue in DCAT"),
        ],
    }
