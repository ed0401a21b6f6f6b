"""The OGC catalogue service, CSW 2.0.2 and 3.0.0: what GeoNetwork, QGIS and OWSLib speak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response

from estran.errors import EstranError
from estran.web import Api, links_of, node_of, openapi
from estran.web.apis import _csw_answers as answers
from estran.web.apis import _csw_asking as asking
from estran.web.apis._csw_capabilities import capabilities, opensearch, schema_components
from estran.web.apis._csw_terms import OPENSEARCH, PATH, VERSIONS, XML, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from estran.node import Node
    from estran.web.apis._csw_asking import Asked
    from estran.web.apis._csw_terms import Version

_FORM = "application/x-www-form-urlencoded"
_MOST_PAIRS = 200
_P = openapi.parameter
_PARAMETERS = (
    _P("service", "The service: CSW.", enum=["CSW"], example="CSW"),
    _P("version", "Version of the service.", enum=list(VERSIONS), example="2.0.2"),
    _P("request", "The operation.", enum=list(asking.OPERATIONS), example="GetRecords"),
    _P("typeNames", "What is asked for.", example="csw:Record"),
    _P("resultType", "hits, results or validate.", enum=["hits", "results", "validate"], example="results"),
    _P("elementSetName", "How much of each record.", enum=["brief", "summary", "full"], example="summary"),
    _P("outputSchema", "Namespace of the answer: Dublin Core (CSW), ISO 19139 (gmd) or ISO 19115-3 (mdb)."),
    _P("constraintLanguage", "Of the constraint.", enum=["CQL_TEXT", "FILTER"], example="CQL_TEXT"),
    _P("constraint", "A filter in CQL, or in XML of Filter Encoding.", example="dc:title LIKE '%sea%'"),
    _P("startPosition", "The first record, counted from 1.", type="integer", minimum=1, default=1),
    _P("maxRecords", "Records in the answer.", type="integer", minimum=0, default=10),
    _P("sortBy", "Properties to sort by, each with :A or :D.", example="dc:title:A"),
    _P("id", "Identifiers of records, for GetRecordById."),
    _P("q", "Words to find (3.0.0)."),
    _P("bbox", "West, south, east, north (3.0.0).", example="-5,42,9,51"),
    _P("time", "A date, or two around a slash (3.0.0).", example="2015/2020"),
)


async def _body(request: Request) -> bytes:
    return await request.body()


_Body = Annotated[bytes, Depends(_body)]


def _routes(_node: Node) -> APIRouter:
    router = APIRouter(tags=["CSW"])
    said = openapi.described("The catalogue service (CSW)", "getCsw", {XML: None}, _PARAMETERS, 404)

    @router.get(PATH, **said)
    def get(request: Request) -> Response:
        given = request.query_params.multi_items()
        return _answer(request, lambda: asking.of_address(given), _version_of(dict(given)))

    @router.post(PATH, **openapi.described("The same, asked in XML", "postCsw", {XML: None}, (), 404))
    def post(request: Request, body: _Body) -> Response:
        if request.headers.get("content-type", "").startswith(_FORM) and not body.lstrip().startswith(b"<"):
            return _answer(request, lambda: asking.of_address(_pairs(body)), "2.0.2")
        return _answer(request, lambda: asking.of_document(body), asking.version_of_bytes(body))

    return router


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("utf-8", "replace"), max_num_fields=_MOST_PAIRS)
    except ValueError:
        raise Refused(
            "NoApplicableCode", "request", f"more than {_MOST_PAIRS} parameters are given"
        ) from None


def _version_of(given: dict[str, str]) -> Version:
    """In which version a request is refused that cannot be read."""
    said = " ".join(value for name, value in given.items() if name.lower() in ("version", "acceptversions"))
    return "3.0.0" if said.strip().startswith("3.0") else "2.0.2"


def _answer(request: Request, read: Callable[[], Asked], version: Version) -> Response:
    try:
        asked = read()
        version = asked.version
        return _OPERATIONS[asked.operation](asked, request)
    except EstranError as error:
        return answers.report(error, version)
    except RecursionError:
        return answers.report(
            Refused("NoApplicableCode", "request", "the request is nested too deeply"), version
        )


def _capabilities(asked: Asked, request: Request) -> Response:
    node, links = node_of(request), links_of(request)
    if OPENSEARCH in asked.each("acceptFormats"):
        return answers.document(opensearch(links, node.settings.name), OPENSEARCH)
    said = node.settings
    return answers.document(capabilities(asked, links, said.name, said.email, node.revision()))


def _described(asked: Asked, _request: Request) -> Response:
    return answers.document(schema_components(asked))


def _records(asked: Asked, request: Request) -> Response:
    return answers.records_of(asked, node_of(request), links_of(request))


def _record(asked: Asked, request: Request) -> Response:
    return answers.record_by_id(asked, node_of(request), links_of(request))


def _domain(asked: Asked, request: Request) -> Response:
    return answers.domain(asked, node_of(request))


_OPERATIONS: dict[str, Callable[[Asked, Request], Response]] = {
    "GetCapabilities": _capabilities,
    "DescribeRecord": _described,
    "GetDomain": _domain,
    "GetRecords": _records,
    "GetRecordById": _record,
}

API = Api(name="csw", prefix=PATH, routes=_routes)
