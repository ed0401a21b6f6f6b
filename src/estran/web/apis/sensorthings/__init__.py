"""SensorThings API 1.1: things, their datastreams and all observations, at ``/sta/v1.1``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from estran.errors import Invalid
from estran.observations.entities import KINDS, Query
from estran.web import Api, links_of, node_of, openapi, replies
from estran.web.apis.sensorthings import addresses, results
from estran.web.apis.sensorthings.answers import PATH, Writer, self_link
from estran.web.apis.sensorthings.asking import FORMS, Options, options
from estran.web.apis.sensorthings.conformance import CONFORMS_TO
from estran.web.apis.sensorthings.decimating import decimated
from estran.web.problems import NotOffered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.node import Node
    from estran.observations.sensing import Sensing

_CSV = "text/csv; charset=utf-8; header=present"
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
    openapi.parameter("$skiptoken", "Where the page starts, as a link to it says."),
]


def _routes(node: Node) -> APIRouter:
    router = APIRouter(prefix=PATH, tags=["SensorThings"])
    limit = node.settings.web.page_limit

    @router.get("", **openapi.described("The sets of entities", "getSensorThings", {replies.JSON: None}))
    @router.get("/", include_in_schema=False)
    def landing(request: Request) -> Response:
        replies.checked(request, ())
        return _fresh(replies.json(_landing(_root(request))))

    # A schema of all addresses has no end: paths are read as SensorThings writes them.
    described = openapi.described(
        "Entities, an entity, a property", "getSensorThingsPath", {replies.JSON: None}, _OPTIONS, 404, 501
    )

    @router.get("/{path:path}", **described)
    def read(request: Request, path: openapi.StaPath) -> Response:
        return _fresh(_Reading(request, limit).answer(path))

    return router


def _root(request: Request) -> str:
    return links_of(request).base + PATH


def _fresh(response: Response) -> Response:
    """Observations come without a change of the catalogue: what was answered is not kept."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _landing(root: str) -> dict[str, Any]:
    return {
        "value": [{"name": name, "url": f"{root}/{name}"} for name in KINDS],
        "serverSettings": {"conformance": list(CONFORMS_TO)},
    }


class _Reading:
    """One request that reads."""

    def __init__(self, request: Request, limit: int) -> None:
        self._request, self._limit = request, limit
        self._sensing: Sensing = node_of(request).observations.sensing
        self._root = _root(request)

    def answer(self, path: str) -> Response:
        """Whatever lies at an address."""
        target = addresses.found(self._sensing, path)
        given = options(target.kind, self._request.query_params.multi_items())
        if target.property:
            return self._property(target)
        if target.entity is not None:
            return self._entity(target, given)
        return self._set(target, given)

    def _property(self, target: addresses.Target) -> Response:
        value = target.value()
        if value is None:
            return Response(status_code=204)
        if not target.is_value:
            return replies.json({target.property[-1]: value})
        if isinstance(value, str):
            return Response(value, media_type="text/plain; charset=utf-8")
        return replies.json(value)

    def _entity(self, target: addresses.Target, given: Options) -> Response:
        if target.entity is None:
            return Response(status_code=404)
        if target.is_links:
            return replies.json({"@iot.selfLink": self_link(self._root, target.kind, target.entity.number)})
        if wrong := next(
            (name for name, _ in given.given if name not in {"$select", "$expand", "$resultFormat"}), ""
        ):
            raise Invalid("of one entity only $select and $expand are asked", wrong)
        written = self._writer().entities(target.kind, [target.entity], given)
        if given.form == "GeoJSON":
            return replies.json(results.features(written, None, "")["features"][0], replies.GEOJSON)
        if given.form == "csv":
            return Response(results.csv_of_entities(target.kind, written), media_type=_CSV)
        if given.form:
            raise NotOffered("Data arrays are of observations: …/Observations?$resultFormat=dataArray.")
        return replies.json(written[0])

    def _set(self, target: addresses.Target, given: Options) -> Response:
        query = Query(
            kind=target.kind, where=given.where, order=given.order, parent=target.parent, skip=given.skip,
            most=given.most(self._limit), after=given.after,
        )  # fmt: skip
        here = f"{self._root}/{self._request.path_params['path'].strip('/')}"
        if target.is_links:
            return replies.json(self._writer().links(here, query, given))
        if given.decimate:
            if target.kind != "Observations" or given.form:
                raise NotOffered("$decimate is for observations in their usual form.")
            found = decimated(self._sensing, query, given.decimate)
            if found is not None:
                return replies.json(found)
        if target.kind == "Observations" and given.form in {"dataArray", "csv"}:
            return self._streamed(query, given)
        if given.form == "dataArray":
            raise NotOffered("Data arrays are of observations: …/Observations?$resultFormat=dataArray.")
        page = self._writer().page(here, query, given)
        if given.form == "csv":
            return Response(results.csv_of_entities(target.kind, page["value"]), media_type=_CSV)
        if given.form == "GeoJSON":
            count, following = page.get("@iot.count"), page.get("@iot.nextLink", "")
            return replies.json(results.features(page["value"], count, following), replies.GEOJSON)
        return replies.json(page)

    def _streamed(self, query: Query, given: Options) -> Response:
        count = self._sensing.count(query) if given.count else None
        parts = results.portions(self._sensing, query, given) if given.top != 0 else iter(())
        body: Iterator[bytes]
        if given.form == "csv":
            body, media_type = results.csv_rows(parts, given), _CSV
        else:
            body, media_type = results.data_array(parts, given, self._root, count), replies.JSON
        return StreamingResponse(_begun(body), media_type=media_type)

    def _writer(self) -> Writer:
        return Writer(self._sensing, self._root, self._limit)


def _begun(body: Iterator[bytes]) -> Iterator[bytes]:
    """The same, its first part made already: what is wrong with a question is said before anything is sent."""
    first = next(body, b"")

    def whole() -> Iterator[bytes]:
        yield first
        yield from body

    return whole()


API = Api(name="sensorthings", prefix=PATH, routes=_routes)
