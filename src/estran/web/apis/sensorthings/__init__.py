"""SensorThings API 1.1: things, their datastreams and all observations, at ``/sta/v1.1``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from estran.fetching.brokers import broker as address_of
from estran.observations.entities import KINDS
from estran.web import Api, links_of, node_of, openapi, replies
from estran.web.apis.sensorthings.answers import PATH
from estran.web.apis.sensorthings.asking import FORMS
from estran.web.apis.sensorthings.changes import add_routes
from estran.web.apis.sensorthings.conformance import CONFORMS_TO, RECEIVE_UPDATES
from estran.web.apis.sensorthings.reading import Reading

if TYPE_CHECKING:
    from estran.node import Node

_OPTIONS = [
    openapi.parameter("$filter", "An expression of OData.", example="name eq 'Brest'"),
    openapi.parameter("$expand", "Links whose entities are shown in their place.", example="Datastreams"),
    openapi.parameter("$select", "Names of properties, with commas between.", example="id,name"),
    openapi.parameter("$orderby", "Properties, each with asc or desc.", example="id desc"),
    openapi.parameter("$top", "At most so many.", example="10"),
    openapi.parameter("$skip", "So many are left out.", example="0"),
    openapi.parameter("$count", "Whether all are counted.", enum=["true", "false"]),
    openapi.parameter("$resultFormat", "Another form of the answer.", enum=list(FORMS)),
    openapi.parameter("$decimate", "Of one datastream's observations, about so many.", example="1000"),
    openapi.parameter(
        "$as_of", "An instant, for observations as they were then.", example="2026-01-31T12:00:00Z"
    ),
    openapi.parameter("$skiptoken", "Where the page starts, as a link to it says."),
]


def _routes(node: Node) -> APIRouter:
    router = APIRouter(prefix=PATH, tags=["SensorThings"])
    limit = node.settings.web.page_limit

    @router.get("", **openapi.described("The sets of entities", "getSensorThings", {replies.JSON: None}))
    @router.get("/", include_in_schema=False)
    def landing(request: Request) -> Response:
        replies.checked(request, ())
        return _fresh(replies.json(_landing(_root(request), node.settings.publish.broker)))

    # A schema of all addresses has no end: paths are read as SensorThings writes them.
    described = openapi.described(
        "Entities, an entity, a property", "getSensorThingsPath", {replies.JSON: None}, _OPTIONS, 404, 501
    )

    @router.get("/{path:path}", **described)
    def read(request: Request, path: openapi.StaPath) -> Response:
        reading = Reading(node_of(request).observations.sensing, _root(request), limit)
        return _fresh(reading.answer(path, request.query_params.multi_items()))

    add_routes(router, limit)
    return router


def _root(request: Request) -> str:
    return links_of(request).base + PATH


def _fresh(response: Response) -> Response:
    """Observations come without a change of the catalogue: what was answered is not kept."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _landing(root: str, broker: str) -> dict[str, Any]:
    told: dict[str, Any] = {"conformance": list(CONFORMS_TO)}
    if broker:
        # Where it listens, not as whom it is told.
        told["conformance"].append(RECEIVE_UPDATES)
        told[RECEIVE_UPDATES] = {"endpoints": [address_of(broker)[0].url]}
    return {"value": [{"name": name, "url": f"{root}/{name}"} for name in KINDS], "serverSettings": told}


API = Api(name="sensorthings", prefix=PATH, routes=_routes)
