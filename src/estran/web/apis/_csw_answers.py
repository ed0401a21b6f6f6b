"""Answers of the catalogue service: records, domains, exception reports."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lxml.etree import tostring
from starlette.responses import Response

from estran.catalogue import FACETS
from estran.catalogue.query import Query
from estran.errors import EstranError, Invalid, Unavailable
from estran.model import moment, now
from estran.web.apis import _csw_query as asking
from estran.web.apis import _csw_records as records
from estran.web.apis import _csw_terms as terms
from estran.web.apis._csw_capabilities import domain_of_parameter
from estran.web.apis._csw_queryables import FACETS as FACET_OF
from estran.web.apis._csw_queryables import known, resolve
from estran.web.apis._csw_terms import (
    ATOM,
    ATOM_XML,
    CSW,
    DC,
    DCT,
    OWS,
    XML,
    XSI,
    Refused,
    element,
    marks,
    missing,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.catalogue.query import Results
    from estran.formats import Links
    from estran.model import Record
    from estran.node import Node as House
    from estran.web.apis._csw_asking import Asked
    from estran.web.apis._csw_records import Form
    from estran.web.apis._csw_terms import Version

__all__ = ["document", "domain", "record_by_id", "records_of", "report"]

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_MOST_VALUES = 10_000
_TYPES = ("Record", "BriefRecord", "SummaryRecord", "MD_Metadata", "MI_Metadata")
_LOCATIONS = {
    "2.0.2": "http://schemas.opengis.net/csw/2.0.2/CSW-discovery.xsd",
    "3.0.0": "http://schemas.opengis.net/cat/csw/3.0/cswAll.xsd",
}
_REPORTS = {
    "2.0.2": ("1.2.0", "http://schemas.opengis.net/ows/1.0.0/owsExceptionReport.xsd"),
    "3.0.0": ("3.0.0", "http://schemas.opengis.net/ows/2.0/owsExceptionReport.xsd"),
}


def document(body: str, media_type: str = XML, status: int = 200) -> Response:
    """An answer in XML."""
    # What UTF-8 has no bytes for was half of a sign in somebody's record.
    return Response((_DECLARATION + body).encode("utf-8", "replace"), status, media_type=media_type)


def report(error: EstranError, version: Version) -> Response:
    """The exception report of what went wrong."""
    match error:
        case Refused():
            code, locator, text, status = error.code, error.locator, error.text, error.status
        case Invalid():
            code, locator, text, status = "InvalidParameterValue", error.where, error.why, 400
        case Unavailable():
            code, locator, text, status = "NoApplicableCode", "", str(error), 503
        case _:
            code, locator, text, status = "NoApplicableCode", "", str(error), 400
    said, location = _REPORTS[version]
    space = OWS[version]
    body = (
        f'<ows:ExceptionReport xmlns:ows="{space}" xmlns:xsi="{XSI}" version="{said}" '
        f'{"xml:lang" if version == "3.0.0" else "language"}="en" xsi:schemaLocation="{space} {location}">'
        f"<ows:Exception{marks({'exceptionCode': code, 'locator': locator})}>{element('ows:ExceptionText', text)}"
        "</ows:Exception></ows:ExceptionReport>"
    )
    response = document(body, status=status)
    response.headers["Cache-Control"] = "no-store"
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    return response


# GetRecords


def records_of(asked: Asked, node: House, links: Links) -> Response:
    """The records that a request finds.

    Raises:
        Refused, Invalid: a part of it cannot be answered.
    """
    _check_types(asked)
    if asked.one("responseHandler"):
        raise Refused("OptionNotSupported", "responseHandler", "answers are given at once; leave it out")
    form = _form(asked)
    kind = asked.one("resultType").lower() or ("hits" if asked.version == "2.0.2" else "results")
    if kind not in ("hits", "results", "validate"):
        raise Invalid(f"“{shown(kind)}” is none; choose hits, results or validate", "resultType")
    query = asking.query(asked, node.settings.web.page_limit)
    if kind == "validate":
        return _acknowledged(asked)
    found = node.ask(replace(query, limit=0) if kind == "hits" else query)
    if form.schema == ATOM:
        return _feed(asked, found, query, node, links)
    return document(_results(asked, found, form, links, (query.skip or 0) + 1))


def _check_types(asked: Asked) -> None:
    names = asked.each("typeNames") or asked.each("typeName")
    if not names and asked.version == "2.0.2":
        raise missing("typeNames", "typeNames says what is asked for: csw:Record or gmd:MD_Metadata")
    for name in names:
        if name.rpartition(":")[2] not in _TYPES:
            raise Invalid(
                f"there are no “{shown(name)}” here; ask for csw:Record or gmd:MD_Metadata", "typeNames"
            )


def _form(asked: Asked) -> Form:
    media_type, schema = asked.one("outputFormat"), asked.one("outputSchema")
    if media_type.replace(" ", "+") == ATOM_XML and asked.version == "3.0.0":
        media_type, schema = "", ATOM
    if media_type.partition(";")[0].strip() not in ("", XML, "text/xml"):
        raise Invalid(f"“{shown(media_type)}” is not written; choose {XML}", "outputFormat")
    default = "" if asked.operation == "GetRecords" or asked.each("ElementName") else "summary"
    return records.form_of(
        schema, asked.version, asked.one("ElementSetName") or default, asked.each("ElementName")
    )


def _results(asked: Asked, found: Results, form: Form, links: Links, start: int = 1) -> str:
    version = asked.version
    following = start + len(found)
    more = following <= found.matched
    about = {
        "numberOfRecordsMatched": str(found.matched),
        "numberOfRecordsReturned": str(len(found)),
        "nextRecord": str(following if more else 0),
        "recordSchema": form.schema,
        "elementSet": "" if form.names else form.set,
    }
    if version == "3.0.0":
        about["status"] = "subset" if more else "complete"
        about["expires"] = _at_once()
    request = asked.one("requestId")
    body = (
        element("csw:RequestId", request) if request else ""
    ) + f'<csw:SearchStatus timestamp="{_at_once()}"/>'
    body += f"<csw:SearchResults{marks(about)}>{_all(found.records, form, links)}</csw:SearchResults>"
    return _wrapped("GetRecordsResponse", version, body, {"version": version})


def _all(listed: tuple[Record, ...], form: Form, links: Links) -> str:
    return "".join(records.written(record, form, links) for record in listed)


def _wrapped(name: str, version: Version, body: str, about: Mapping[str, str] | None = None) -> str:
    return f"<csw:{name}{_spaces(version)}{marks(about or {})}>{body}</csw:{name}>"


def _spaces(version: Version) -> str:
    space = CSW[version]
    return (
        f' xmlns:csw="{space}" xmlns:dc="{DC}" xmlns:dct="{DCT}" xmlns:ows="{OWS[version]}" xmlns:xsi="{XSI}" '
        f'xsi:schemaLocation="{space} {_LOCATIONS[version]}"'
    )


def _at_once() -> str:
    return moment(now().replace(microsecond=0))


def _acknowledged(asked: Asked) -> Response:
    """That a request is well."""
    if asked.root is not None:
        echo = tostring(asked.root, encoding="unicode", with_tail=False)
    else:
        head = marks({"service": "CSW", "version": asked.version})
        query = (
            '<csw:Query typeNames="csw:Record"><csw:ElementSetName>summary</csw:ElementSetName></csw:Query>'
        )
        echo = f"<csw:GetRecords{head}>{query}</csw:GetRecords>"
    body = f"<csw:EchoedRequest>{echo}</csw:EchoedRequest>"
    if request := asked.one("requestId"):
        body += element("csw:RequestId", request)
    return document(_wrapped("Acknowledgement", asked.version, body, {"timeStamp": _at_once()}))


def _feed(asked: Asked, found: Results, query: Query, node: House, links: Links) -> Response:
    title = node.settings.name
    head = (
        element("id", f"{links.base}{terms.PATH}")
        + element("title", title)
        + element("updated", _at_once())
        + f"<author>{element('name', title)}</author>"
        + f"<os:totalResults>{found.matched}</os:totalResults><os:startIndex>{(query.skip or 0) + 1}</os:startIndex>"
        + f"<os:itemsPerPage>{query.limit}</os:itemsPerPage>"
    )
    body = _all(found.records, records.Form(ATOM, asked.version), links)
    return document(f"<feed{_FEED_SPACES}>{head}{body}</feed>", ATOM_XML)


_FEED_SPACES = (
    f' xmlns="{ATOM}" xmlns:dc="{DC}" xmlns:georss="http://www.georss.org/georss" '
    'xmlns:os="http://a9.com/-/spec/opensearch/1.1/"'
)


# GetRecordById


def record_by_id(asked: Asked, node: House, links: Links) -> Response:
    """The records of some identifiers.

    Raises:
        Refused, Invalid: there is none, or a part of the request cannot be answered.
    """
    ids = asked.ids
    if not ids:
        raise missing("id", "id says which record is wanted")
    first, form = ids[0], _form(asked)
    found = node.ask(Query(filter=asking.named(ids), every=True, skip=0, limit=asking.MOST_IDS)).records
    if asked.version == "2.0.2":
        return document(_wrapped("GetRecordByIdResponse", "2.0.2", _all(found, form, links)))
    if not found:
        raise Refused("InvalidParameterValue", "id", f"there is no record “{shown(first)}” here", 404)
    if len(ids) > 1:
        # Version 3 has a place for one record only; who asks for several gets them as if searched for.
        results = replace(node.ask(Query(limit=0)), records=found, matched=len(found))
        return document(_results(asked, results, form, links))
    # Several sources may call theirs the same; the one that is named so here comes first.
    one = next((record for record in found if record.id == first), found[0])
    return document(
        _rooted(records.written(one, form, links), form), ATOM_XML if form.schema == ATOM else XML
    )


def _rooted(body: str, form: Form) -> str:
    """An element with the namespaces that stood around it in a longer answer."""
    if not form.is_own and form.schema != ATOM:
        return body.strip()
    name, rest = body[1:].partition(">")[0], body.partition(">")[2]
    return f"<{name}{_FEED_SPACES if form.schema == ATOM else _spaces(form.version)}>{rest}"


# GetDomain


def domain(asked: Asked, node: House) -> Response:
    """The values of parameters or of properties.

    Raises:
        Refused, Invalid: none is named, or one that there is not.
    """
    parameters = _split(asked.one("ParameterName"))
    properties = _split(asked.one("PropertyName")) + _split(asked.one("ValueReference"))
    if not parameters and not properties:
        raise missing("ParameterName", "name a parameter in ParameterName, or a property in PropertyName")
    held = "PropertyName" if asked.version == "2.0.2" else "ValueReference"
    parts = [("ParameterName", name, domain_of_parameter(name, asked.version)) for name in parameters]
    parts += [(held, name, _values(name, node)) for name in properties]
    body = "".join(_domain(kind, name, values, asked.version) for kind, name, values in parts)
    return document(_wrapped("GetDomainResponse", asked.version, body))


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _values(name: str, node: House) -> tuple[str, ...]:
    """The values of a property that records carry; none where nearly each has its own."""
    meaning = resolve(name)
    if not meaning:
        raise Invalid(f"there is no property “{shown(name)}”; queryables: {known()}", "PropertyName")
    facet = FACET_OF.get(meaning)
    if facet is None or facet not in FACETS:
        return ()
    found = node.ask(Query(limit=0, counts=(facet,), count_values=_MOST_VALUES)).facets[facet]
    return tuple(sorted(bucket.value for bucket in found))


def _domain(kind: str, name: str, values: tuple[str, ...], version: Version) -> str:
    listed = "".join(element("csw:Value", value) for value in values)
    about: dict[str, Any] = {"type": "csw:Record"} | (
        {"resultType": "available"} if version == "3.0.0" else {}
    )
    return (
        f"<csw:DomainValues{marks(about)}>{element(f'csw:{kind}', name)}"
        + (f"<csw:ListOfValues>{listed}</csw:ListOfValues>" if listed else "")
        + "</csw:DomainValues>"
    )
