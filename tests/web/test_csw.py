"""The catalogue service answers what clients send, or says in an exception report why not."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from estran.formats import Links
from estran.model import Record, Text
from estran.web.apis._csw_records import form_of, written
from estran.web.app import create_app
from tests.web.client import BASE, Client
from tests.web.conftest import id_of

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    from lxml.etree import _Element

    from estran.node import Node

NS = {
    "csw": "http://www.opengis.net/cat/csw/2.0.2",
    "csw3": "http://www.opengis.net/cat/csw/3.0",
    "ows": "http://www.opengis.net/ows",
    "ows2": "http://www.opengis.net/ows/2.0",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dct": "http://purl.org/dc/terms/",
    "gmd": "http://www.isotc211.org/2005/gmd",
    "gco": "http://www.isotc211.org/2005/gco",
    "mdb": "http://standards.iso.org/iso/19115/-3/mdb/2.0",
    "atom": "http://www.w3.org/2005/Atom",
    "os": "http://a9.com/-/spec/opensearch/1.1/",
    "ogc": "http://www.opengis.net/ogc",
    "fes": "http://www.opengis.net/fes/2.0",
}
GMD, MDB = NS["gmd"], NS["mdb"]
PUBLIC = 65


def ask(client: Client, version: str = "2.0.2", **params: Any) -> httpx.Response:
    """An answer to key-value pairs."""
    return client.ask("GET", "/csw", params={"service": "CSW", "version": version, **params})


def records(client: Client, version: str = "2.0.2", **params: Any) -> _Element:
    """The search results of GetRecords."""
    given = {"request": "GetRecords", "typeNames": "csw:Record", "resultType": "results"} | params
    found = ask(client, version, **given)
    assert found.status_code == 200, found.text
    prefix = "csw" if version == "2.0.2" else "csw3"
    return at(etree.fromstring(found.content), f"{prefix}:SearchResults")[0]


def at(root: _Element, path: str) -> list[Any]:
    return root.xpath(path, namespaces=NS)  # pyright: ignore[reportReturnType]


def refused(found: httpx.Response, code: str, locator: str, status: int = 400) -> str:
    """The text of an exception report, after a look at the rest."""
    assert found.status_code == status, found.text
    assert found.headers["content-type"] == "application/xml"
    root = etree.fromstring(found.content)
    prefix, version = ("ows2", "3.0.0") if NS["ows2"] in root.tag else ("ows", "1.2.0")
    assert root.tag == f"{{{NS[prefix]}}}ExceptionReport"
    assert root.get("version") == version
    exception = at(root, f"{prefix}:Exception")[0]
    assert (exception.get("exceptionCode"), exception.get("locator")) == (code, locator), found.text
    return at(exception, f"string({prefix}:ExceptionText)")  # pyright: ignore[reportReturnType]


# GetCapabilities


def test_capabilities_are_2_0_2_unless_another_version_is_accepted(client: Client) -> None:
    for url in (
        "/csw",
        "/csw?service=CSW&request=GetCapabilities",
        "/csw?Service=csw&REQUEST=getcapabilities",
    ):
        assert etree.fromstring(client.get(url).content).tag == f"{{{NS['csw']}}}Capabilities"
    accepting = {"service": "CSW", "request": "GetCapabilities", "acceptVersions": "4.0.0,3.0.0,2.0.2"}
    found = etree.fromstring(client.ask("GET", "/csw", params=accepting).content)
    assert (found.tag, found.get("version")) == (f"{{{NS['csw3']}}}Capabilities", "3.0.0")
    assert at(found, "string(ows2:ServiceIdentification/ows2:Title)") == "Nœud d'essai"
    addresses = at(found, "//@*[local-name()='href']")
    assert {a for a in addresses if a.endswith("/csw")} == {f"{BASE}/csw"}
    refused(
        client.ask("GET", "/csw", params=accepting | {"acceptVersions": "1.0"}),
        "VersionNegotiationFailed",
        "acceptversions",
    )


def test_sections_are_given_as_asked(client: Client) -> None:
    found = ask(client, "3.0.0", request="GetCapabilities", sections="ServiceProvider,OperationsMetadata")
    names = [etree.QName(child).localname for child in etree.fromstring(found.content)]
    assert names == ["ServiceProvider", "OperationsMetadata"]
    refused(ask(client, request="GetCapabilities", sections="Nothing"), "InvalidParameterValue", "sections")


def test_a_known_state_gives_no_sections(client: Client) -> None:
    whole = etree.fromstring(ask(client, "3.0.0", request="GetCapabilities").content)
    sequence = whole.get("updateSequence")
    again = ask(client, "3.0.0", request="GetCapabilities", updateSequence=sequence)
    assert len(etree.fromstring(again.content)) == 0
    later = ask(client, "3.0.0", request="GetCapabilities", updateSequence=str(int(sequence or 0) + 1))
    refused(later, "InvalidUpdateSequence", "updateSequence")


def test_opensearch_leads_to_records(client: Client) -> None:
    given = {"request": "GetCapabilities", "acceptFormats": "application/opensearchdescription+xml"}
    found = ask(client, "3.0.0", **given)
    assert found.headers["content-type"] == "application/opensearchdescription+xml"
    templates = at(etree.fromstring(found.content), "os:Url/@template")
    url = re.sub(r"\{searchTerms\?\}", "snow", templates[0])
    feed = etree.fromstring(client.get(re.sub(r"\{[^}]*\}", "", url)).content)
    assert at(feed, "string(os:totalResults)") == "1"
    assert at(feed, "string(atom:entry/atom:title)") == "Snow depth in the Alps"
    assert at(feed, "string(atom:entry/dc:identifier)") == "snow"


# GetRecords


def test_hits_are_the_default_of_2_0_2_only(client: Client) -> None:
    hits = records(client, resultType="")
    assert (hits.get("numberOfRecordsMatched"), hits.get("numberOfRecordsReturned")) == (str(PUBLIC), "0")
    assert len(records(client, "3.0.0", resultType="")) == 10


@pytest.mark.parametrize("version", ["2.0.2", "3.0.0"])
@pytest.mark.parametrize("sort", ["", "dc:title:D", "dct:modified:A,dc:title:A", "apiso:TempExtent_begin"])
def test_pages_walk_to_the_end(client: Client, version: str, sort: str) -> None:
    names: list[str] = []
    start = 1
    while start:
        found = records(client, version, startPosition=start, maxRecords=9, sortBy=sort)
        assert found.get("numberOfRecordsMatched") == str(PUBLIC)
        assert found.get("numberOfRecordsReturned") == str(len(found))
        names += [str(at(record, "string(dc:identifier)")) for record in found]
        start = int(found.get("nextRecord") or -1)
    assert len(names) == len(set(names)) == PUBLIC
    beyond = records(client, version, startPosition=PUBLIC + 1)
    assert (len(beyond), beyond.get("nextRecord")) == (0, "0")


def test_a_page_is_cut_to_the_nodes_bound_and_says_where_to_go_on(client: Client) -> None:
    found = records(client, maxRecords=999)
    assert (len(found), found.get("nextRecord")) == (40, "41")


def test_the_sets_of_elements(client: Client) -> None:
    asked = {"constraint": "dc:identifier = 'salinity'", "constraintLanguage": "CQL_TEXT"}
    brief, summary, full = (
        records(client, elementSetName=name, **asked)[0] for name in ("brief", "summary", "full")
    )
    assert [etree.QName(one).localname for one in (brief, summary, full)] == [
        "BriefRecord", "SummaryRecord", "Record",
    ]  # fmt: skip
    assert [etree.QName(one).localname for one in brief] == ["identifier", "title", "type", "BoundingBox"]
    assert at(summary, "dc:subject/text()") == ["salinité", "océan"]
    assert at(full, "dc:identifier/text()") == ["salinity", "https://doi.org/10.1234/salt"]
    assert at(full, "string(dc:creator)") == "Dupont, Anne"
    assert at(full, "string(dct:license)") == "https://creativecommons.org/licenses/by/4.0/"
    assert "https://data.example.org/salinity.nc" in at(full, "dct:references/text()")
    assert at(full, "string(ows:BoundingBox/@crs)") == "urn:ogc:def:crs:EPSG::4326"
    assert at(full, "string(ows:BoundingBox/ows:LowerCorner)") == "35 0"
    only = records(client, elementName="dc:title,abstract", **asked)[0]
    assert [etree.QName(one).localname for one in only] == ["title", "abstract"]


@pytest.mark.parametrize(("schema", "root"), [(GMD, "gmd:MD_Metadata"), (MDB, "mdb:MD_Metadata")])
@pytest.mark.parametrize("version", ["2.0.2", "3.0.0"])
def test_iso_is_written(client: Client, schema: str, root: str, version: str) -> None:
    sizes: dict[str, int] = {}
    for name in ("brief", "summary", "full"):
        found = records(client, version, elementSetName=name, outputSchema=schema, maxRecords=3)
        assert found.get("recordSchema") == schema
        assert len(at(found, root)) == 3
        sizes[name] = sum(1 for _ in found.iter())
    assert sizes["brief"] < sizes["summary"] <= sizes["full"]


def test_elements_of_iso_are_named_by_paths(client: Client) -> None:
    path = "/gmd:MD_Metadata/gmd:identificationInfo/gmd:MD_DataIdentification/gmd:citation/gmd:CI_Citation/gmd:title"
    found = records(client, outputSchema=GMD, elementName=f"/gmd:MD_Metadata/gmd:fileIdentifier,{path}")[0]
    assert [etree.QName(one).localname for one in found] == ["fileIdentifier", "identificationInfo"]
    assert at(found, "count(gmd:identificationInfo//gmd:CI_Citation/*)") == 1


def test_validate_echoes(client: Client) -> None:
    body = (
        '<csw:GetRecords xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" service="CSW" version="2.0.2" '
        'resultType="validate" requestId="urn:x:1"><csw:Query typeNames="csw:Record"/></csw:GetRecords>'
    )
    found = etree.fromstring(client.ask("POST", "/csw", content=body).content)
    assert found.tag == f"{{{NS['csw']}}}Acknowledgement"
    assert at(found, "string(csw:EchoedRequest/csw:GetRecords/@requestId)") == "urn:x:1"
    assert at(found, "string(csw:RequestId)") == "urn:x:1"


@pytest.mark.parametrize(
    ("params", "code", "locator"),
    [
        ({"typeNames": ""}, "MissingParameterValue", "typeNames"),
        ({"typeNames": "gfc:FC_FeatureCatalogue"}, "InvalidParameterValue", "typeNames"),
        ({"outputSchema": "http://www.isotc211.org/2005/gfc"}, "InvalidParameterValue", "outputSchema"),
        ({"outputFormat": "application/pdf"}, "InvalidParameterValue", "outputFormat"),
        ({"elementSetName": "huge"}, "InvalidParameterValue", "ElementSetName"),
        ({"elementSetName": "full", "elementName": "dc:title"}, "InvalidParameterValue", "ElementName"),
        ({"elementName": "dc:nothing"}, "InvalidParameterValue", "ElementName"),
        ({"resultType": "all"}, "InvalidParameterValue", "resultType"),
        ({"startPosition": "0"}, "InvalidParameterValue", "startPosition"),
        ({"startPosition": "x"}, "InvalidParameterValue", "startPosition"),
        ({"maxRecords": "-1"}, "InvalidParameterValue", "maxRecords"),
        ({"sortBy": "dc:rights:A"}, "InvalidParameterValue", "SortBy"),
        ({"constraintLanguage": "SQL", "constraint": "1=1"}, "InvalidParameterValue", "constraintlanguage"),
        ({"constraint": "dc:nothing = 'x'"}, "InvalidParameterValue", "dc:nothing"),
        ({"constraint": "dc:title ="}, "InvalidParameterValue", "Constraint"),
        ({"constraint": "<Filter"}, "NoApplicableCode", "Constraint"),
        ({"responseHandler": "http://127.0.0.1/"}, "OptionNotSupported", "responseHandler"),
        ({"radius": "10"}, "OptionNotSupported", "radius"),
        ({"bbox": "1,2,3"}, "InvalidParameterValue", "bbox"),
        ({"bbox": "1,2,3,4,EPSG:27700"}, "InvalidParameterValue", "bbox"),
        ({"time": "yesterday"}, "InvalidParameterValue", "time"),
        ({"geometry": "POINT(1"}, "InvalidParameterValue", "geometry"),
        ({"geometry": "POINT(1 2)) OR (1 = 1"}, "InvalidParameterValue", "geometry"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    client: Client, params: dict[str, str], code: str, locator: str
) -> None:
    given = {"request": "GetRecords", "typeNames": "csw:Record"} | params
    assert refused(ask(client, **given), code, locator)


@pytest.mark.parametrize(
    ("url", "code", "locator"),
    [
        ("?request=GetRecords&version=2.0.2", "MissingParameterValue", "service"),
        ("?service=WMS&request=GetCapabilities", "InvalidParameterValue", "service"),
        ("?service=CSW", "MissingParameterValue", "request"),
        ("?service=CSW&request=GetRecords", "MissingParameterValue", "version"),
        ("?service=CSW&request=GetRecords&version=9.9", "InvalidParameterValue", "version"),
        ("?service=CSW&request=GetMap&version=2.0.2", "InvalidParameterValue", "request"),
        ("?service=CSW&request=Harvest&version=2.0.2", "OperationNotSupported", "Harvest"),
        ("?service=CSW&request=DescribeRecord&version=3.0.0", "OperationNotSupported", "DescribeRecord"),
        ("?service=CSW&request=GetRecordById&version=3.0.0", "MissingParameterValue", "id"),
        ("?service=CSW&service=WMS&request=GetCapabilities", "InvalidParameterValue", "service"),
    ],
)
def test_what_is_no_request_is_refused(client: Client, url: str, code: str, locator: str) -> None:
    refused(client.get(f"/csw{url}"), code, locator)


# Open parameters of 3.0.0


def test_words_boxes_times_and_names(client: Client, salinity: str) -> None:
    def found(**params: str) -> list[str]:
        results = records(client, "3.0.0", maxRecords=40, **params)
        return [str(at(one, "string(dc:identifier)")) for one in results]

    assert found(q="salinités") == ["salinity"]
    assert found(bbox="5.5,44.5,9,46.5") == ["snow"]
    assert found(bbox="44.5,5.5,46.5,9,urn:ogc:def:crs:EPSG::4326") == ["snow"]
    assert found(q="snow", time="1989/1990") == ["snow"]
    assert found(q="snow", time="/") == ["snow"]
    assert found(q="snow", time="1950/1960") == []
    assert found(recordIds=f"{salinity},snow,nothing") == ["salinity", "snow"]
    assert found(geometry="POINT(6 45)", relation="contains") == ["snow"]
    assert found(time="1989/2030", trel="TContains", q="snow") == []
    assert found(time="1991/1992", trel="TContains", q="snow") == ["snow"]


# GetRecordById


@pytest.mark.parametrize("schema", ["", GMD, MDB])
def test_records_by_their_names(client: Client, salinity: str, schema: str) -> None:
    for name in ("salinity", salinity, "10.1234/salt", "https://doi.org/10.1234/SALT"):
        found = ask(client, request="GetRecordById", id=name, outputSchema=schema)
        assert len(etree.fromstring(found.content)) == 1, name
    both = ask(client, request="GetRecordById", id="salinity,snow", outputSchema=schema)
    assert len(etree.fromstring(both.content)) == 2
    none = ask(client, request="GetRecordById", id="nothing", outputSchema=schema)
    assert (none.status_code, len(etree.fromstring(none.content))) == (200, 0)
    alone = ask(client, "3.0.0", request="GetRecordById", id="salinity", outputSchema=schema)
    root = etree.QName(etree.fromstring(alone.content)).localname
    assert root == ("MD_Metadata" if schema else "SummaryRecord")
    gone = ask(client, "3.0.0", request="GetRecordById", id="nothing", outputSchema=schema)
    refused(gone, "InvalidParameterValue", "id", 404)


def test_nobody_learns_of_what_they_may_not_see(node: Node, client: Client) -> None:
    token = node.tokens.create("soundings", "reader", "coriolis").secret
    reader = Client(create_app(node), Authorization=f"Bearer {token}")
    hidden = id_of(node, "secret")
    for name in ("secret", hidden):
        assert len(etree.fromstring(ask(client, request="GetRecordById", id=name).content)) == 0
        assert len(etree.fromstring(ask(reader, request="GetRecordById", id=name).content)) == 1
    asked = {"constraint": "csw:AnyText LIKE '%soundings%'", "constraintLanguage": "CQL_TEXT"}
    assert records(client, **asked).get("numberOfRecordsMatched") == "0"
    assert records(reader, **asked).get("numberOfRecordsMatched") == "1"
    negated = {"constraint": "NOT (dc:title = 'x')", "constraintLanguage": "CQL_TEXT"}
    assert records(client, **negated).get("numberOfRecordsMatched") == str(PUBLIC)


# GetDomain, DescribeRecord


def test_domains(client: Client) -> None:
    found = etree.fromstring(ask(client, request="GetDomain", propertyName="dc:type,Title").content)
    assert at(found, "csw:DomainValues[1]//csw:Value/text()") == ["dataset", "service"]
    assert at(found, "string(csw:DomainValues[2]/csw:PropertyName)") == "Title"
    found = etree.fromstring(
        ask(client, "3.0.0", request="GetDomain", parameterName="GetRecords.ElementSetName").content
    )
    assert at(found, "//csw3:Value/text()") == ["brief", "summary", "full"]
    refused(ask(client, request="GetDomain", propertyName="nothing"), "InvalidParameterValue", "PropertyName")
    refused(ask(client, request="GetDomain"), "MissingParameterValue", "ParameterName")


def test_schemas_are_referred_to(client: Client) -> None:
    found = etree.fromstring(ask(client, request="DescribeRecord", typeName="gmd:MD_Metadata").content)
    assert at(found, "csw:SchemaComponent/@targetNamespace") == [GMD]
    refused(ask(client, request="DescribeRecord", typeName="x:y"), "InvalidParameterValue", "typeName")


# Requests in XML


def test_what_geonetwork_sends_is_answered(client: Client, shared_data: Path) -> None:
    folder = shared_data / "catalogue" / "csw" / "geonetwork-requests"
    answered: set[str] = set()
    for file in sorted(folder.glob("*.xml")):
        found = client.ask("POST", "/csw", content=file.read_bytes())
        root = etree.fromstring(found.content)
        assert found.status_code in (200, 400), file.name
        assert (found.status_code == 400) == (etree.QName(root).localname == "ExceptionReport"), file.name
        if found.status_code == 200:
            answered.add(file.stem)
    refused_ones = {
        "csw-GetRecordsNoFilterGFC", "csw-Harvest", "csw-OwsException", "csw-TransactionInsert",
        "csw-TransactionUpdate", "csw-TransactionUpdatePropertiesWithElement",
    }  # fmt: skip
    assert answered == {file.stem for file in folder.glob("*.xml")} - refused_ones


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"<",
        b"not xml",
        b"\xff\xfe<\x00",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><l>&b;</l>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b"<a>" * 5000,
        b'<csw:GetRecords xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"/>',
        b'<csw:GetRecords xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" version="3.0.0"><csw:Query/></csw:GetRecords>',
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>',
    ],
)
def test_what_is_no_request_in_xml_is_refused(client: Client, body: bytes) -> None:
    found = client.ask("POST", "/csw", content=body)
    assert found.status_code == 400
    assert etree.QName(etree.fromstring(found.content)).localname == "ExceptionReport"


@pytest.mark.parametrize(("member", "where"), [("<csw:Constrant/>", "Constrant"), ("<csw:Query/>", "Query")])
def test_a_member_that_means_nothing_is_refused(client: Client, member: str, where: str) -> None:
    body = (
        f'<csw:GetRecords xmlns:csw="{NS["csw"]}" service="CSW" version="2.0.2" resultType="results">'
        f'<csw:Query typeNames="csw:Record">{member}</csw:Query></csw:GetRecords>'
    )
    refused(client.ask("POST", "/csw", content=body), "InvalidParameterValue", where)
    outside = body.replace("<csw:Query", "<csw:Constraint/><csw:Query", 1)
    refused(client.ask("POST", "/csw", content=outside), "InvalidParameterValue", "Constraint")


@pytest.mark.parametrize("schema", [GMD, MDB])
@pytest.mark.parametrize("name", ["brief", "summary", "full"])
def test_translations_keep_their_languages(schema: str, name: str) -> None:
    title = Text.many([("fr", "Neige"), ("en", "Snow")])
    record = Record(id="a", identifier="a", title=title, metadata_language="fr")
    root = etree.fromstring(written(record, form_of(schema, "2.0.2", name, ()), Links()))
    asked = {str(one).removeprefix("#") for one in root.xpath("//@locale")}
    assert {one.partition("-")[0] for one in asked} == {"EN"}
    assert asked <= set(root.xpath("//*[local-name()='PT_Locale']/@id"))


def test_a_body_is_bounded(client: Client) -> None:
    assert client.ask("POST", "/csw", content=b"<a>" + b" " * 2_000_000).status_code == 413


def test_pairs_may_be_posted(client: Client) -> None:
    data = {"service": "CSW", "version": "2.0.2", "request": "GetRecordById", "id": "snow"}
    found = client.ask("POST", "/csw", data=data)
    assert len(etree.fromstring(found.content)) == 1


def test_cut_and_twisted_requests_are_never_a_fault_of_ours(client: Client, shared_data: Path) -> None:
    r = random.Random(4)
    files = sorted((shared_data / "catalogue" / "csw" / "geonetwork-requests").glob("*.xml"))
    for _ in range(150):
        body = re.sub(rb"<!--.*?-->", b"", r.choice(files).read_bytes(), flags=re.DOTALL)
        match r.randrange(3):
            case 0:
                body = body[: r.randrange(len(body))]
            case 1:
                gone = r.randrange(len(body))
                body = body[:gone] + body[gone + r.randrange(1, 12) :]
            case _:
                word = r.choice(re.findall(rb"[A-Za-z]{3,}", body))
                body = body.replace(word, r.choice([b"Not", b"x", b"Filter", b"\xc3\xa9", b"BBOX"]))
        found = client.ask("POST", "/csw", content=body)
        assert found.status_code < 500, body


_NAMES = st.sampled_from(
    [
        "request",
        "version",
        "typeNames",
        "resultType",
        "elementSetName",
        "elementName",
        "outputSchema",
        "outputFormat",
        "startPosition",
        "maxRecords",
        "sortBy",
        "constraint",
        "constraintLanguage",
        "id",
        "q",
        "bbox",
        "time",
        "trel",
        "geometry",
        "relation",
        "filter",
        "sections",
        "acceptVersions",
        "propertyName",
        "parameterName",
        "recordIds",
        "requestId",
        "updateSequence",
    ]
)
_VALUES = st.one_of(
    st.sampled_from(
        ["GetRecords", "GetRecordById", "GetDomain", "GetCapabilities", "2.0.2", "3.0.0", "csw:Record", "results", GMD,
         MDB, "full", "dc:title", "CQL_TEXT", "FILTER", "1,2,3,4", "2010/2011", "dc:title LIKE '%a%'", "NOT", "<Filter/>",
         "BBOX(ows:BoundingBox,1,2,3,4)", "((((", "POINT(1 2)", "10", "0", "99999999999", "é\x00", "%", "'"]
    ),
    st.text(max_size=20),
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(params=st.dictionaries(_NAMES, _VALUES, max_size=8))
def test_no_pairs_are_a_fault_of_ours(client: Client, params: dict[str, str]) -> None:
    asked = {
        "service": "CSW",
        "version": "2.0.2",
        "request": "GetRecords",
        "typeNames": "csw:Record",
        **params,
    }
    found = client.ask("GET", "/csw", params={k: v.encode("utf-8", "replace") for k, v in asked.items()})
    assert found.status_code < 500, asked
    etree.fromstring(found.content)
