"""OGC API - Records 1.0 (20-004r1): the records as one searchable catalogue under the OGC root."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
from fastapi import APIRouter, Request, Response

from estran.catalogue.query import Query
from estran.catalogue.queryables import RECORDS, schema
from estran.errors import Invalid
from estran.formats.ogc_records import feature
from estran.model import EVER_US, NEVER_US, moment, moment_us, now
from estran.web import Api, asking, links_of, node_of, openapi, pages, replies
from estran.web.negotiation import HTML
from estran.web.problems import shown

if TYPE_CHECKING:
    from estran.catalogue.query import Words
    from estran.formats import Links
    from estran.model import Record
    from estran.node import Node

_PART_1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
_PART_3 = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/"
_RECORDS = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/"
# Where the table of conformance classes and the abstract tests of the standard name a class differently,
# both names are declared: clients look for either.
CONFORMS_TO = tuple(
    base + name
    for base, names in (
        (_PART_1, "core geojson html oas30"),
        (_PART_3, "queryables queryables-query-parameters filter features-filter"),
        (
            _RECORDS,
            "record-core record-collection record-core-query-parameters records-api record-api sorting",
        ),
        (_RECORDS, "filtering cql-filter json html oas30 searchable-catalog"),
        (_RECORDS, "searchable-catalog-sorting searchable-catalog/sorting"),
        (_RECORDS, "searchable-catalog-filtering searchable-catalog/filtering"),
        (_CQL2, "cql2-text cql2-json basic-cql2 advanced-comparison-operators case-insensitive-comparison"),
        (_CQL2, "accent-insensitive-comparison basic-spatial-functions basic-spatial-functions-plus"),
        (_CQL2, "spatial-functions temporal-functions array-functions"),
    )
    for name in names.split()
)

PATH = "/ogc/collections/records"
CATALOGUE = "application/ogc-catalog+json"
SORTABLES = {"title": "title", "updated": "updated", "published": "published", "time": "start", "id": "id"}
"""Property -> sort of the catalogue; time sorts by its start."""
_PROFILE_RECORD = "http://www.opengis.net/def/profile/OGC/0/ogc-record"
_PROFILE_CATALOGUE = "http://www.opengis.net/def/profile/OGC/0/ogc-catalog"
_REL_QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
_REL_SORTABLES = "http://www.opengis.net/def/rel/ogc/1.0/sortables"
_PAGE = 10
_FORMS = {"json": replies.GEOJSON, "html": HTML}
_CATALOGUE_FORMS = {"json": replies.JSON, "ogc-catalog": CATALOGUE, "html": HTML}
_SCHEMA_FORMS = {"json": replies.SCHEMA, "html": HTML}
# Parameters that a page of the portal calls otherwise.
_PORTAL = {
    "q": "q", "bbox": "bbox", "type": "kind", "centre": "centre", "hub": "hub", "keywords": "keyword",
    "variables": "variable", "platforms": "platform", "instruments": "instrument", "projects": "project",
    "level": "level", "formats": "format", "services": "service", "links": "link", "series": "series",
    "license": "licence",
    "access": "access", "source": "source", "theme": "theme", "topic": "topic", "applications": "application",
    "places": "place", "language": "language",
    "concept": "concept", "meaning": "meaning",
}  # fmt: skip

_P = openapi.parameter
_F = _P("f", "Form of the answer; else the Accept header decides.", enum=list(_FORMS))
_PARAMETERS = (
    _P(
        "q",
        "Words to find: a comma means or, blanks keep words together in order; case, accents and endings "
        "do not count.",
        example=["temperature", "salinité"],
        items={"type": "string"},
    ),
    _P(
        "words",
        "How `q` is read: `any` as the standard says; `all` as the search page does, where every word must "
        "stand somewhere in the record and quotes keep words together.",
        enum=["any", "all"],
        default="any",
    ),
    *asking.PARAMETERS,
    _P(
        "limit",
        "Records on a page; more than the node's bound is cut to it.",
        type="integer",
        minimum=1,
        default=_PAGE,
        example=10,
    ),
    _P(
        "sortby",
        f"Properties to sort by, a minus in front for descending: {', '.join(SORTABLES)}.",
        example=["-updated"],
        items={"type": "string", "pattern": "^[+-]?[A-Za-z_]+$"},
        minItems=1,
    ),
    _P("cursor", "Where the page starts; taken from a `next` link."),
    _F,
)
_KNOWN = ("q", "words", *asking.SHARED, "limit", "sortby", "cursor", "f")
_EXAMPLE = {
    "type": "FeatureCollection",
    "numberMatched": 1,
    "numberReturned": 1,
    "timeStamp": "2025-01-31T12:00:00Z",
    "features": [
        {
            "type": "Feature",
            "id": "an-id",
            "geometry": None,
            "properties": {"type": "dataset", "title": "A title"},
        }
    ],
    "links": [],
}


def _routes(node: Node) -> APIRouter:
    router = APIRouter(prefix=PATH, tags=["Records"])
    most = node.settings.web.page_limit

    @router.get("", **_described("The catalogue", "getCatalogue", replies.JSON, CATALOGUE))
    def catalogue(request: Request) -> Response:
        replies.checked(request, ("f",))
        wanted = replies.wanted(request, _CATALOGUE_FORMS)
        found = _collection(node_of(request), links_of(request))
        if replies.is_html(wanted):
            return pages.document(found["title"], found)
        return replies.json(found, wanted, found["links"])

    @router.get("/queryables", **_described("What filters may name", "getQueryables", replies.SCHEMA))
    def queryables(request: Request) -> Response:
        return _schema(request, "queryables", schema(f"{links_of(request).base}{PATH}/queryables"))

    @router.get("/sortables", **_described("What records are sorted by", "getSortables", replies.SCHEMA))
    def sortables(request: Request) -> Response:
        described = {name: RECORDS[name] for name in SORTABLES}
        return _schema(request, "sortables", schema(f"{links_of(request).base}{PATH}/sortables", described))

    contents = {replies.GEOJSON: _EXAMPLE, HTML: None}

    @router.get("/items", **openapi.described("Search the records", "getRecords", contents, _PARAMETERS, 406))
    def items(request: Request) -> Response:
        replies.checked(request, _KNOWN)
        wanted = replies.wanted(request, _FORMS, replies.JSON)
        query = _query(request, most)
        if replies.is_html(wanted):
            return replies.see(_search_page(request))
        return _page(request, query, wanted)

    one = openapi.described("One record", "getRecord", dict.fromkeys(contents), [_F], 404, 406, 410)

    @router.get("/items/{id}", **one)
    def item(request: Request, id: openapi.Id) -> Response:  # noqa: A002 - the word of the model
        replies.checked(request, ("f",))
        wanted = replies.wanted(request, _FORMS, replies.JSON)
        links = links_of(request)
        record = shown(node_of(request), id)
        if replies.is_html(wanted):
            return replies.see(links.page(id))
        return replies.json(_feature(record, links), wanted, _own_links(record, links))

    return router


def _described(summary: str, operation: str, *media_types: str) -> dict[str, Any]:
    return openapi.described(summary, operation, dict.fromkeys((*media_types, HTML)), [_F], 406)


def _query(request: Request, most: int) -> Query:
    return replace(
        asking.shared(request),
        text=replies.one(request, "q"),
        words=_reading(request),
        sort=asking.order(request, SORTABLES),
        limit=asking.limit(request, _PAGE, most),
        cursor=replies.one(request, "cursor"),
    )


def _reading(request: Request) -> Words:
    given = replies.one(request, "words")
    if given not in ("", "any", "all"):
        raise Invalid("say any or all", "words")
    return "all" if given == "all" else "records"


def _page(request: Request, query: Query, media_type: str) -> Response:
    links = links_of(request)
    found = node_of(request).ask(query)
    here, given = f"{links.base}{PATH}/items", request.query_params.multi_items()
    asked = [(name, value) for name, value in given if name != "cursor"]
    ways = [
        replies.link(replies.address(here, given), "self", replies.GEOJSON, "This page"),
        replies.link(
            replies.address(here, [*_without(given, "f"), ("f", "html")]), "alternate", HTML, "For people"
        ),
        replies.link(f"{links.base}{PATH}", "collection", replies.JSON, "The catalogue"),
        replies.link(_PROFILE_RECORD, "profile"),
    ]
    if query.cursor:
        ways.append(replies.link(replies.address(here, asked), "first", replies.GEOJSON, "First page"))
    if found.next:
        following = replies.address(here, [*asked, ("cursor", found.next)])
        ways.append(replies.link(following, "next", replies.GEOJSON, "Next page"))
    body = {
        "type": "FeatureCollection",
        "timeStamp": moment(now().replace(microsecond=0)),
        "numberMatched": found.matched,
        "numberReturned": len(found),
        "features": [msgspec.Raw(msgspec.json.encode(_feature(record, links))) for record in found],
        "links": ways,
    }
    return replies.json(body, media_type, ways)


def _without(params: list[tuple[str, str]], dropped: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in params if name != dropped]


def _feature(record: Record, links: Links) -> dict[str, Any]:
    """The record as this API shows it: its own address is that of the item."""
    made = feature(record, links)
    made["links"] = [
        *_own_links(record, links),
        *(one for one in made["links"] if one["rel"] not in ("self", "collection", "profile")),
    ]
    return made


def _own_links(record: Record, links: Links) -> list[dict[str, str]]:
    return [
        replies.link(f"{links.base}{PATH}/items/{record.id}", "self", replies.GEOJSON, "This record"),
        replies.link(f"{links.base}{PATH}", "collection", replies.JSON, "The catalogue"),
        replies.link(_PROFILE_RECORD, "profile"),
    ]


def _search_page(request: Request) -> str:
    found = [
        (_PORTAL[name], part)
        for name, value in request.query_params.multi_items()
        if name in _PORTAL
        for part in (value.split(",") if name == "type" else [value])
    ]
    start, _, end = replies.one(request, "datetime").partition("/")
    found += [("from", start.strip(".")), ("to", (end or start).strip("."))]
    view = replies.one(request, "view")
    return replies.address(f"/views/{view}" if view else "/search", found)


def _schema(request: Request, title: str, document: dict[str, Any]) -> Response:
    replies.checked(request, ("f",))
    wanted = replies.wanted(request, _SCHEMA_FORMS, replies.JSON)
    if replies.is_html(wanted):
        return pages.document(title.capitalize(), document)
    return replies.json(document, wanted)


def _collection(node: Node, links: Links) -> dict[str, Any]:
    here = f"{links.base}{PATH}"
    return {
        "id": "records",
        "type": "Collection",
        "itemType": "record",
        "title": node.settings.name,
        "description": f"The records of {node.settings.name}: datasets, services and what belongs to them.",
        "conformsTo": [_RECORDS + "record-collection", _RECORDS + "searchable-catalog"],
        "crs": [asking.CRS84],
        "extent": {
            "spatial": {"bbox": [[-180, -90, 180, 90]], "crs": asking.CRS84},
            "temporal": {
                "interval": [_span(node)],
                "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
            },
        },
        "defaultSortOrder": [{"field": "updated", "direction": "desc"}],
        "links": [
            replies.link(here, "self", replies.JSON, "The catalogue"),
            replies.link(here, "alternate", CATALOGUE, "The catalogue as such"),
            replies.link(f"{here}?f=html", "alternate", HTML, "The catalogue, for people"),
            replies.link(f"{here}/items", "items", replies.GEOJSON, "The records"),
            replies.link(f"{here}/items?f=html", "items", HTML, "The records, for people"),
            replies.link(f"{here}/queryables", _REL_QUERYABLES, replies.SCHEMA, "What filters may name"),
            replies.link(f"{here}/sortables", _REL_SORTABLES, replies.SCHEMA, "What records are sorted by"),
            replies.link(_PROFILE_CATALOGUE, "profile"),
            replies.link(f"{links.base}/ogc", "root", replies.JSON, node.settings.name),
        ],
    }


def _span(node: Node) -> list[str | None]:
    """From the earliest start to the latest end of any record."""
    ends: list[str | None] = []
    for sort, last in (("start", False), ("-end", True)):
        found = node.ask(replace(_ONE, sort=sort)).records
        bounds = found[0].extent.bounds() if found else None
        at = (bounds[last] if bounds else None) or 0
        known = bounds is not None and EVER_US < at < NEVER_US
        ends.append(_written(at) if known else None)
    return ends


_ONE = Query(limit=1)


def _written(at: int) -> str | None:
    try:
        return moment_us(at)
    except (OverflowError, ValueError):
        return None  # beyond the years that RFC 3339 can write


def _collections(node: Node, links: Links) -> list[dict[str, Any]]:
    return [_collection(node, links)]


API = Api(name="records", prefix="/ogc", routes=_routes, conforms_to=CONFORMS_TO, collections=_collections)
