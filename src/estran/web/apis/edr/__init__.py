"""OGC API - Environmental Data Retrieval 1.1 (19-086r6): observed datasets as collections under the OGC root."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Path, Request, Response
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.responses import StreamingResponse

from estran.errors import Conflict, Invalid, NotFound
from estran.model import EVER_US, NEVER_US
from estran.observations.wide import files, texts
from estran.observations.wide.attributes import of_dataset
from estran.observations.wide.texts import Shown
from estran.web import Api, links_of, node_of, openapi, pages, replies
from estran.web.apis.edr import paging
from estran.web.apis.edr.asking import (
    EPSG_4326,
    checked_names,
    columns,
    is_latitude_first,
    levels,
    place,
    times,
)
from estran.web.apis.edr.collections import (
    FORMS,
    INSTANCE,
    PATH,
    QUERIES,
    collection,
    collections,
    instances,
    locations,
)
from estran.web.apis.edr.covjson import MEDIA_TYPE, coverages, gathered
from estran.web.apis.edr.describing import QUERY_PARAMETERS
from estran.web.apis.edr.places import Levels
from estran.web.apis.edr.selecting import Selection, coordinates, selected
from estran.web.asking import CRS84
from estran.web.negotiation import HTML
from estran.web.problems import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from estran.formats import Links
    from estran.model import Record
    from estran.node import Node
    from estran.observations.wide import Column, Standing, WideTable

__all__ = ["API"]

_PART = "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/"
CONFORMS_TO = (
    *(
        _PART + name
        for name in (
            "core", "collections", "json", "geojson", "edr-geojson", "covjson", "html", "oas30", "queries", "position",
            "radius", "area", "cube", "trajectory", "corridor", "items", "locations", "instances",
        )
    ),
    "http://www.opengis.net/spec/ogcapi-edr-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-edr-1/1.0/conf/covjson",
)  # fmt: skip
_JSON_FORMS = {"json": replies.JSON, "html": HTML}
_F = openapi.parameter("f", "The form of the answer; else the Accept header decides.", enum=["json", "html"])
_SHORT = {
    "json": "CoverageJSON",
    "covjson": "CoverageJSON",
    "geojson": "GeoJSON",
    "csv": "CSV",
    "netcdf": "NetCDF",
    "nc": "NetCDF",
}


class _Dataset(StringConvertor):
    """Ids of collections but for `records`, which is the catalogue's."""

    regex = "(?!records(?:/|$))[^/]+"


register_url_convertor("observed", _Dataset())
Collection = Annotated[str, Path(description="Id of the dataset's record.", examples=["an-id"])]
Platform = Annotated[str, Path(description="Key of the platform.", examples=["a-station"])]
Instance = Annotated[str, Path(description="Id of the instance.", examples=[INSTANCE])]
_ONE = f"{PATH}/{{collection:observed}}"
_DATA: dict[str, Any] = dict.fromkeys(FORMS.values())


def _routes(_node: Node) -> APIRouter:
    router = APIRouter(tags=["OGC API - EDR"])

    @router.get(_ONE, **_described("A dataset of observations", "getCollection", replies.JSON))
    def whole(request: Request, collection: Collection) -> Response:
        return _described_one(request, collection)

    for query in ("position", "radius", "area", "cube", "trajectory", "corridor"):
        _query_route(router, query)
    _platforms(router)
    _instances(router)
    return router


def _query_route(router: APIRouter, query: str) -> None:
    told = openapi.described(
        QUERIES[query], f"get{query.capitalize()}", _DATA, QUERY_PARAMETERS[query], 404, 406, 409
    )
    told["responses"][204] = {"description": "No observation is there."}

    @router.get(f"{_ONE}/{query}", **told)
    @router.get(f"{_ONE}/instances/{{instance}}/{query}", include_in_schema=False)
    def asked(request: Request, collection: Collection) -> Response:
        return _answer(request, collection, query)


def _platforms(router: APIRouter) -> None:
    told = openapi.described(
        QUERIES["locations"],
        "getLocations",
        {replies.GEOJSON: None, HTML: None},
        [*QUERY_PARAMETERS["locations"], *paging.PARAMETERS],
        404,
        406,
    )

    @router.get(f"{_ONE}/locations", **told)
    @router.get(f"{_ONE}/instances/{{instance}}/locations", include_in_schema=False)
    def all_locations(request: Request, collection: Collection) -> Response:
        return _listed(request, collection, "locations")

    told = openapi.described(
        QUERIES["items"],
        "getItems",
        {replies.GEOJSON: None, HTML: None},
        [*QUERY_PARAMETERS["items"], *paging.PARAMETERS],
        404,
        406,
        409,
    )

    @router.get(f"{_ONE}/items", **told)
    @router.get(f"{_ONE}/instances/{{instance}}/items", include_in_schema=False)
    def items(request: Request, collection: Collection) -> Response:
        return _listed(request, collection, "items")

    told = openapi.described(
        "Data of a platform", "getLocation", _DATA, QUERY_PARAMETERS["locations"], 404, 406, 409
    )
    told["responses"][204] = {"description": "No observation is there."}

    @router.get(f"{_ONE}/locations/{{platform:path}}", **told)
    @router.get(f"{_ONE}/instances/{{instance}}/locations/{{platform:path}}", include_in_schema=False)
    def location(request: Request, collection: Collection, platform: Platform) -> Response:
        return _answer(request, collection, "locations", platform)

    told = openapi.described(
        "A platform", "getItem", {replies.GEOJSON: None, HTML: None}, [_F_ITEM], 404, 406, 409
    )

    @router.get(f"{_ONE}/items/{{platform:path}}", **told)
    def item(request: Request, collection: Collection, platform: Platform) -> Response:
        return _item(request, collection, platform)


_F_ITEM = openapi.parameter("f", "The form of the answer.", enum=["GeoJSON", "html"])


def _instances(router: APIRouter) -> None:
    @router.get(f"{_ONE}/instances", **_described("Versions of a dataset", "getInstances", replies.JSON))
    def all_instances(request: Request, collection: Collection) -> Response:
        replies.checked(request, ("f",))
        wanted = replies.wanted(request, _JSON_FORMS)
        record, table = _table(request, collection)
        observations = node_of(request).observations
        tables, since = {INSTANCE: table}, observations.history(record.id)
        for instant in dict.fromkeys((observations.moment(), since) if since else ()):
            tables[instant] = observations.table(record.id, as_of=instant)
        return _json_or_page(instances(record, tables, links_of(request), since), wanted, "Instances")

    @router.get(
        f"{_ONE}/instances/{{instance}}", **_described("A version of a dataset", "getInstance", replies.JSON)
    )
    def instance(request: Request, collection: Collection, instance: Instance) -> Response:
        return _described_one(request, collection, instance)


def _instant(request: Request) -> str:
    """The instant whose observations are wanted, by the instance or by a parameter; "" for those of now."""
    instance = request.path_params.get("instance", INSTANCE)
    given = replies.one(request, "as_of").strip().replace(" ", "+")
    if given and instance not in {INSTANCE, given}:
        raise Invalid("it differs from the instance; leave it out", "as_of")
    return given if instance == INSTANCE else instance


# Descriptions


def _described(summary: str, operation: str, media_type: str) -> dict[str, Any]:
    return openapi.described(summary, operation, {media_type: None, HTML: None}, [_F], 404, 406)


def _table(request: Request, collection: str) -> tuple[Record, WideTable]:
    node = node_of(request)
    record, instant = shown(node, collection), _instant(request)
    try:
        return record, node.observations.table(record.id, as_of=instant)
    except (Invalid, Conflict) as error:
        if request.path_params.get("instance") != instant:
            raise
        raise NotFound(
            "instance", instant[:80], f"There is {INSTANCE}; of “{instant[:80]}”: {error}"
        ) from None


def _described_one(request: Request, name: str, instance: str = "") -> Response:
    replies.checked(request, ("f",))
    wanted = replies.wanted(request, _JSON_FORMS)
    record, table = _table(request, name)
    return _json_or_page(collection(record, table, links_of(request), instance), wanted, str(record.title))


def _json_or_page(document: dict[str, Any], wanted: str, title: str) -> Response:
    if replies.is_html(wanted):
        made = pages.document(title, document)
    else:
        made = replies.json(document, wanted, document.get("links", ()))
    # It follows the observations, not the catalogue.
    made.headers["Cache-Control"] = "no-store"
    return made


def _listed(request: Request, name: str, query: str) -> Response:
    replies.checked(request, (*checked_names(query), "bbox", *paging.NAMES))
    wanted = _wanted_list(request)
    record, table = _table(request, name)
    instance = request.path_params.get("instance", "")
    keys = _those(request, table)
    document = locations(record, table, links_of(request), paging.part(request, keys), query, instance)
    return _json_or_page(paging.linked(request, document, len(keys)), wanted, str(record.title))


def _those(request: Request, table: WideTable) -> list[str]:
    """Keys of the platforms in a box that have observations in a time."""
    where = place(request, "cube").place if replies.one(request, "bbox") else None
    spans = times(request, (EVER_US, NEVER_US))
    found: list[str] = []
    for one in table.things:
        span = one.span
        is_then = any(span is not None and span[0] < end and span[1] >= start for start, end in spans)
        if is_then and (where is None or _is_in(one, where)):
            found.append(one.thing.key)
    return found


def _is_in(one: Standing, where: Any) -> bool:
    import numpy as np  # noqa: PLC0415 - heavy

    x, y = one.thing.longitude, one.thing.latitude
    return x is not None and y is not None and bool(where.hold(np.array([x]), np.array([y]))[0])


def _wanted_list(request: Request) -> str:
    forms = {"GeoJSON": replies.GEOJSON, "geojson": replies.GEOJSON, "json": replies.GEOJSON, "html": HTML}
    found = replies.wanted(request, forms, replies.JSON)
    return replies.GEOJSON if found == replies.JSON else found


def _item(request: Request, name: str, platform: str) -> Response:
    replies.checked(request, ("f",))
    wanted = _wanted_list(request)
    record, table = _table(request, name)
    one = _standing(table, platform)
    document = locations(record, table, links_of(request), [one.thing.key], "items")["features"][0]
    return _json_or_page(document, wanted, platform)


def _standing(table: WideTable, platform: str) -> Standing:
    for one in table.things:
        if one.thing.key in (platform, unquote(platform)):
            return one
    known = ", ".join(one.thing.key for one in table.things[:20])
    raise NotFound("location", platform[:80], f"There are {known}{'…' if len(table.things) > 20 else ''}.")  # noqa: PLR2004


# Data


def _answer(request: Request, name: str, query: str, platform: str = "") -> Response:
    replies.checked(request, checked_names(query))
    form = _form(request)
    crs = EPSG_4326 if is_latitude_first(request) else CRS84
    node = node_of(request)
    record, table = _table(request, name)
    selection = _selection(request, table, query, platform)
    found = selected(table, selection)
    first = next(found, None)
    if first is None:
        return Response(status_code=204, headers={"Cache-Control": "no-store"})
    rows = chain([first], found)
    shown_columns = [*coordinates(table), *selection.columns]
    if form == "CoverageJSON":
        return _coverage(table, selection.columns, rows, crs)
    if form == "NetCDF":
        told = of_dataset(record, table, links_of(request), node.settings.email)
        parts = files.written("ncCF", table, shown_columns, rows, told)
        return _streamed(parts, FORMS[form], f"{record.id}.nc")
    written = [Shown(c.name, c.name, c.kind, None if form == "CSV" else _unit(c)) for c in shown_columns]
    return _streamed(texts.written(form.lower() if form == "CSV" else "geoJson", written, rows), FORMS[form])


def _form(request: Request) -> str:
    given = replies.one(request, "f")
    if given:
        known = (
            {name.lower(): name for name in FORMS} | _SHORT | {media: name for name, media in FORMS.items()}
        )
        if given.lower() not in known:
            raise Invalid(f"there is no form “{given[:40]}”; choose among {', '.join(FORMS)}", "f")
        return known[given.lower()]
    named = {media_type: name for name, media_type in FORMS.items()}
    accepted = replies.wanted(request, {"": MEDIA_TYPE}, *FORMS.values(), "application/json", "text/html")
    return named.get(accepted, "CoverageJSON")


def _selection(request: Request, table: WideTable, query: str, platform: str) -> Selection:
    wanted = columns(request, table)
    if query == "locations":
        one = _standing(table, platform)
        return Selection(
            wanted, None, levels(request, Levels()), tuple(times(request, (EVER_US, NEVER_US))), (one,)
        )
    where = place(request, query)
    return Selection(wanted, where.place, levels(request, where.levels), tuple(times(request, where.span)))


def _coverage(table: WideTable, wanted: Sequence[Column], rows: Iterator[pa.Table], crs: str) -> Response:
    found = gathered(rows)
    assert found is not None  # there is a first row
    made = replies.json(coverages(table, wanted, found, crs=crs), MEDIA_TYPE)
    made.headers["Cache-Control"] = "no-store"
    if found.every > 1:
        made.headers["Estran-Decimated"] = f"every {found.every} of {found.count} rows"
    return made


def _streamed(parts: Iterator[bytes], media_type: str, name: str = "") -> Response:
    """An answer sent as it is made; its first part is made before, so that what is wrong is told as an error."""
    first = next(parts, b"")
    headers = {"Cache-Control": "no-store"}
    if name:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return StreamingResponse(chain([first], parts), 200, headers, media_type)


def _unit(column: Column) -> str:
    return "UTC" if column.kind == "time" else column.variable.unit


def _collections(node: Node, links: Links) -> list[dict[str, Any]]:
    return collections(node, links)


API = Api(name="edr", prefix="/ogc", routes=_routes, conforms_to=CONFORMS_TO, collections=_collections)
