"""OWSLib's clients, and what QGIS and GeoNetwork send through them, against a node that is served."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from owslib import fes, fes2
from owslib.catalogue.csw2 import CatalogueServiceWeb as Csw2
from owslib.catalogue.csw3 import CatalogueServiceWeb as Csw3
from owslib.ows import ExceptionReport

import estran
from estran.catalogue.query import Query
from estran.model import Box
from tests.catalogue.records import put, some_records
from tests.web.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.model import Record
    from estran.node import Node

COUNT = 2200
GMD = "http://www.isotc211.org/2005/gmd"
MDB = "http://standards.iso.org/iso/19115/-3/mdb/2.0"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Node]]:
    """Address of a node with 2,200 public records, and the node."""
    folder = tmp_path_factory.mktemp("csw") / "node"
    with estran.open(folder) as node:
        put(node, [_public(record) for record in some_records(COUNT, seed=21)])
        with serving(folder) as (base, _):
            yield f"{base}/csw", node


def _public(record: Record) -> Record:
    return replace(record, visibility="public")


@pytest.fixture(scope="module")
def two(served: tuple[str, Node]) -> Csw2:
    return Csw2(served[0], timeout=60)


@pytest.fixture(scope="module")
def three(served: tuple[str, Node]) -> Csw3:
    return Csw3(served[0], timeout=60)


def names(node: Node, **asked: Any) -> set[str]:
    """Identifiers of what the node itself finds."""
    return {record.identifier for record in node.ask(Query(limit=COUNT, **asked))}


def walk(client: Any, **asked: Any) -> list[str]:
    """The identifiers of a whole answer, page by page until there is no next record."""
    ask = client.getrecords2 if isinstance(client, Csw2) else client.getrecords
    found: list[str] = []
    start = 1
    while start:
        ask(startposition=start, maxrecords=400, **asked)
        assert client.results["returned"] == len(client.records)
        found += client.records
        start = client.results["nextrecord"]
    assert client.results["matches"] == len(found)
    return found


def test_capabilities_are_understood(two: Csw2, three: Csw3) -> None:
    for client in (two, three):
        assert client.identification.title == "Estran"
        assert {"GetCapabilities", "GetRecords", "GetRecordById", "GetDomain"} <= {
            o.name for o in client.operations
        }
        assert client.get_operation_by_name("GetRecords").methods[0]["url"].endswith("/csw")
    assert "BBOX" in two.filters.spatial_operators
    assert "BBOX" in three.filters.spatial_operators
    assert GMD in two.get_operation_by_name("GetRecords").parameters["outputSchema"]["values"]


@pytest.mark.parametrize("schema", ["", GMD])
def test_everything_is_walked_once(served: tuple[str, Node], two: Csw2, three: Csw3, schema: str) -> None:
    _, node = served
    for client in (two, three):
        asked = {"esn": "brief"} | ({"outputschema": schema} if schema else {})
        found = walk(client, **asked)
        assert len(found) == len(set(found)) == COUNT
        assert set(found) == names(node)


def test_sorted_walks_end_as_well(two: Csw2) -> None:
    order = fes.SortBy([fes.SortProperty("dc:title", "DESC"), fes.SortProperty("dct:modified")])
    found = walk(two, esn="brief", sortby=order)
    assert len(set(found)) == COUNT
    titles = [two.records[name].title for name in two.records if " " in (two.records[name].title or "")]
    assert titles == sorted(titles, reverse=True)


def test_boxes_in_both_orders(served: tuple[str, Node], two: Csw2, three: Csw3) -> None:
    _, node = served
    west, south, east, north = -20, 40, 10, 60
    wanted = names(node, bbox=Box(west, south, east, north))
    assert 0 < len(wanted) < COUNT
    assert len(wanted ^ names(node, bbox=Box(south, west, north, east))) > 0
    urn = "urn:ogc:def:crs:EPSG::4326"
    for box in (fes.BBox([west, south, east, north]), fes.BBox([south, west, north, east], crs=urn),
                fes.BBox([west, south, east, north], crs="EPSG:4326")):  # fmt: skip
        assert set(walk(two, constraints=[box], esn="brief")) == wanted
    for box in (fes2.BBox([west, south, east, north]), fes2.BBox([south, west, north, east], crs=urn)):
        assert set(walk(three, constraints=[box], esn="brief")) == wanted


def test_words_and_properties(served: tuple[str, Node], two: Csw2, three: Csw3) -> None:
    _, node = served
    wanted = names(node, text="salinité")
    assert wanted
    assert set(walk(two, constraints=[fes.PropertyIsLike("csw:AnyText", "%salinité%")])) == wanted
    assert set(walk(three, constraints=[fes2.PropertyIsLike("csw:AnyText", "%salinite%")])) == wanted
    both = [[fes.PropertyIsLike("csw:AnyText", "%neige%"), fes.PropertyIsEqualTo("dc:type", "series")]]
    assert set(walk(two, constraints=both)) == names(node, text="neige", where={"kind": ("collection",)})
    assert set(walk(two, cql="dc:type = 'service'")) == names(node, where={"kind": ("service",)})


def test_what_metasearch_sends(served: tuple[str, Node], two: Csw2) -> None:
    _, node = served
    bbox = fes.BBox(["-60.0", "-170.0", "70.0", "170.0"], crs="urn:ogc:def:crs:EPSG::4326")
    constraints = [[bbox, fes.PropertyIsLike("csw:AnyText", "océan")]]
    wanted = names(node, text="ocean", bbox=Box(-170, -60, 170, 70))
    two.getrecords2(constraints=constraints, maxrecords=10, startposition=1, esn="full")
    assert two.results["matches"] == len(wanted) > 30
    found = list(two.records)
    while two.results["nextrecord"] and len(found) < 30:
        two.getrecords2(
            constraints=constraints, maxrecords=10, startposition=two.results["nextrecord"], esn="full"
        )
        found += two.records
    assert len(set(found)) == 30
    assert set(found) <= wanted
    two.getrecordbyid([found[0]])
    shown = two.records[found[0]]
    assert shown.bbox is None or -180 <= float(shown.bbox.minx) <= 180
    assert shown.references


def test_hits_alone(two: Csw2) -> None:
    two.getrecords2(resulttype="hits", maxrecords=0)
    assert (two.results["matches"], two.results["returned"]) == (COUNT, 0)


@pytest.mark.parametrize("schema", ["", GMD, MDB])
def test_records_by_identifier(served: tuple[str, Node], two: Csw2, three: Csw3, schema: str) -> None:
    node = served[1]
    wanted = sorted(names(node))[:3]
    asked = {"outputschema": schema} if schema else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        two.getrecordbyid(wanted, **asked)
        assert sorted(two.records) == wanted
        three.getrecordbyid(wanted, **asked)
        assert sorted(three.records) == wanted


def test_iso_tells_what_dublin_core_tells(two: Csw2) -> None:
    two.getrecords2(maxrecords=50, esn="full")
    plain = dict(two.records)
    two.getrecords2(maxrecords=50, esn="full", outputschema=GMD)
    assert list(two.records) == list(plain)
    for name, record in two.records.items():
        identification = record.identification[0]
        if plain[name].title != name:
            assert identification.title == plain[name].title
        if plain[name].bbox and len(plain[name].identifiers) and identification.bbox:
            assert float(identification.bbox.miny) == pytest.approx(float(plain[name].bbox.miny))


def test_domains_and_refusals(two: Csw2, three: Csw3) -> None:
    two.getdomain("dc:type", dtype="property")
    assert two.results["values"] == ["collection", "dataset", "service"]
    three.getdomain("GetRecords.ElementSetName")
    assert three.results["values"] == ["brief", "summary", "full"]
    with pytest.raises(ExceptionReport, match="no property “dc:nothing”") as caught:
        two.getrecords2(constraints=[fes.PropertyIsEqualTo("dc:nothing", "x")])
    assert caught.value.exceptions[0]["exceptionCode"] == "InvalidParameterValue"
    assert caught.value.exceptions[0]["locator"] == "dc:nothing"
    two.describerecord()
    assert b"SchemaComponent" in two.response
