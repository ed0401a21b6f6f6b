"""What /csw and /oai answer is valid by the schemas of OGC, ISO and OAI, whole pages of records included."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from lxml import etree

import estran
from estran.web.app import create_app
from tests.catalogue.records import put, some_records
from tests.conftest import ROOT
from tests.formats.test_iso_writing import FULL
from tests.web.client import Client
from tests.web.schemas import CSW_2, CSW_3, EXTENDED, GMD, METADATA, OAI_DC, OAI_PMH, OGC, SERVICES, flaws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

RECORDS = 40
ISO = (METADATA, EXTENDED, SERVICES)
OWS_1 = ("http://www.opengis.net/ows", OGC / "ows/1.0.0/owsAll.xsd")
OWS_2 = ("http://www.opengis.net/ows/2.0", OGC / "ows/2.0/owsAll.xsd")
FOUND = "request=GetRecords&resultType=results&maxRecords=200"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A node with made records, a full one, and real ones where they are there."""
    with estran.open(tmp_path_factory.mktemp("schemas") / "node") as node:
        put(node, [replace(r, visibility="public") for r in (*some_records(RECORDS, seed=2), FULL)])
        real = ROOT.parent / "shared/data/catalogue"
        files = [
            file for name in ("iso19139", "iso19115-3") for file in sorted((real / name).rglob("*.xml"))[:40]
        ]
        if files:
            node.load(files, visibility="public")
        yield Client(create_app(node))


def answer(client: Client, url: str) -> _Element:
    return etree.fromstring(client.get(url).content)


def csw(client: Client, version: str, query: str) -> _Element:
    return answer(client, f"/csw?service=CSW&version={version}&{query}")


@pytest.mark.parametrize("query", [
    "request=GetCapabilities", "request=DescribeRecord", "request=GetDomain&propertyName=dc:type,dc:title",
    "request=GetRecords&typeNames=csw:Record&resultType=hits",
    "request=GetRecords&typeNames=csw:Record&resultType=validate",
    *(f"{FOUND}&typeNames=csw:Record&elementSetName={name}" for name in ("brief", "summary", "full")),
])  # fmt: skip
def test_answers_of_csw_2(client: Client, query: str) -> None:
    assert flaws(csw(client, "2.0.2", query), CSW_2) == []


@pytest.mark.parametrize("query", [
    "request=GetCapabilities", "request=GetDomain&valueReference=dc:type",
    "request=GetRecords&typeNames=csw:Record&resultType=hits",
    *(f"{FOUND}&typeNames=csw:Record&elementSetName={name}" for name in ("brief", "summary", "full")),
])  # fmt: skip
def test_answers_of_csw_3(client: Client, query: str) -> None:
    assert flaws(csw(client, "3.0.0", query), CSW_3) == []


@pytest.mark.parametrize(("version", "schema"), [("2.0.2", OWS_1), ("3.0.0", OWS_2)])
def test_refusals(client: Client, version: str, schema: tuple[str, object]) -> None:
    for query in ("request=Nothing", "request=GetRecords&typeNames=csw:Record&maxRecords=x"):
        assert flaws(csw(client, version, query), schema) == []  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(("version", "schema"), [("2.0.2", CSW_2), ("3.0.0", CSW_3)])
@pytest.mark.parametrize("size", ["brief", "summary", "full"])
def test_pages_of_iso_records(client: Client, version: str, schema: tuple[str, object], size: str) -> None:
    query = f"{FOUND}&typeNames=gmd:MD_Metadata&elementSetName={size}&outputSchema={GMD}"
    found = csw(client, version, query)
    assert len(found.findall(f".//{{{GMD}}}MD_Metadata")) > RECORDS
    # The whole page as well, in which no two ids may be the same.
    assert flaws(found, schema, *ISO) == []  # pyright: ignore[reportArgumentType]


def test_the_schemas_object(client: Client) -> None:
    found = csw(client, "2.0.2", f"{FOUND}&typeNames=gmd:MD_Metadata&elementSetName=full&outputSchema={GMD}")
    citation = next(found.iter(f"{{{GMD}}}CI_Citation"))
    citation.append(citation[0])
    assert any("title" in flaw for flaw in flaws(found, CSW_2, *ISO))


@pytest.mark.parametrize("query", [
    "Identify", "ListMetadataFormats", "ListSets", "ListIdentifiers&metadataPrefix=oai_dc", "Nothing",
    "ListRecords&metadataPrefix=oai_dc", "ListRecords&metadataPrefix=iso19139",
])  # fmt: skip
def test_answers_of_oai_pmh(client: Client, query: str) -> None:
    found = answer(client, f"/oai?verb={query}")
    # Descriptions of a repository have schemas of their own, which no package carries.
    for described in found.findall(".//{*}Identify/{*}description"):
        described.getparent().remove(described)  # pyright: ignore[reportOptionalMemberAccess]
    assert flaws(found, OAI_PMH, OAI_DC, *(ISO if "iso" in query else ())) == []
