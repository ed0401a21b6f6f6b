"""The feed of changes in JSON: how another node, or anyone who keeps a copy, follows this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from estran.catalogue.updates import FEED_KINDS
from estran.errors import Invalid
from estran.formats.estran_json import document
from estran.web import Api, asking, links_of, node_of, openapi, replies

if TYPE_CHECKING:
    from estran.catalogue.updates import Told
    from estran.formats import Links
    from estran.node import Node

PATH = "/api/changes"
_PAGE = 200
_OWN = ("after", "limit", "kind", "include")
_PARAMETERS = (
    openapi.parameter(
        "after",
        "Number of the last change that is known: `position` of the page before; 0 to start.",
        pattern="^[0-9]{1,18}$",
        default="0",
        example="0",
    ),
    openapi.parameter(
        "limit", "So many changes are looked through.", pattern="^[1-9][0-9]{0,8}$", default=str(_PAGE)
    ),
    openapi.parameter(
        "kind",
        "Kinds of things.",
        items={"type": "string", "enum": list(FEED_KINDS)},
        default=["record"],
    ),
    openapi.parameter(
        "include",
        "`document`: every record whole, as `/data/{id}/formats/estran-json` has it.",
        enum=["document"],
    ),
)
_EXAMPLE = {
    "node": "A node",
    "position": 430,
    "changes": [
        {
            "number": 428,
            "kind": "record",
            "id": "an-id",
            "op": "add",
            "at": "2026-01-31T12:00:00Z",
            "address": "https://data.example.org/data/an-id",
        }
    ],
    "links": [{"rel": "self", "href": "https://data.example.org/api/changes", "type": replies.JSON}],
}


def _routes(node: Node) -> APIRouter:
    router = APIRouter(tags=["Changes"])
    most = node.settings.web.page_limit

    @router.get(
        PATH,
        **openapi.described(
            "What changed, oldest first", "getChanges", {replies.JSON: _EXAMPLE}, _PARAMETERS
        ),
    )
    def changes(request: Request) -> Response:
        replies.checked(request, _OWN)
        return _answer(request, asking.limit(request, _PAGE, most))

    return router


def _answer(request: Request, limit: int) -> Response:
    node, links = node_of(request), links_of(request)
    whole = replies.one(request, "include")
    if whole not in ("", "document"):
        raise Invalid(f"there is no “{whole[:40]}” to include; write include=document", "include")
    kinds = asking.listed(request, "kind") or ("record",)
    feed = node.updates.feed(_after(request), limit, kinds, whole=bool(whole))
    kept = [(name, replies.one(request, name)) for name in _OWN if name != "after"]
    here = links.base + PATH
    ways = [
        replies.link(
            replies.address(here, [*kept, ("after", replies.one(request, "after"))]), "self", replies.JSON
        ),
        replies.link(f"{links.base}/changes.atom", "alternate", "application/atom+xml"),
    ]
    if feed.more:
        following = replies.address(here, [*kept, ("after", str(feed.position))])
        ways.append(replies.link(following, "next", replies.JSON))
    body: dict[str, Any] = {
        "node": node.settings.name,
        "position": feed.position,
        "changes": [_told(one, links) for one in feed.told],
        "links": ways,
    }
    return replies.json(body, links=ways)


def _after(request: Request) -> int:
    given = replies.one(request, "after") or "0"
    if not (given.isascii() and given.isdigit()) or len(given) > 18:  # noqa: PLR2004 - what a database holds
        raise Invalid("it is the number of a change: “position” of the page before, or 0", "after")
    return int(given)


def _told(one: Told, links: Links) -> dict[str, Any]:
    told: dict[str, Any] = {
        "number": one.number,
        "kind": one.kind,
        "id": one.id,
        "op": one.op,
        "at": one.at,
        "address": _address(one, links),
    }
    if one.record is not None:
        told["document"] = document(one.record, links)
    return told


def _address(one: Told, links: Links) -> str:
    if one.kind == "record":
        return links.page(one.id)
    collection, _, item = one.id.partition("/")
    return f"{links.base}/stac/collections/{quote(collection, safe='')}/items/{quote(item, safe='')}"


API = Api(name="changes", prefix=PATH, routes=_routes)
