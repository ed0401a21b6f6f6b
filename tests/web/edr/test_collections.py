"""Collections of EDR: what the test suite of the standard looks at, and OWSLib as a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from covjson_pydantic.coverage import Coverage
from owslib.ogcapi.edr import EnvironmentalDataRetrieval

from tests.web.tabledap.conftest import STATIONS

if TYPE_CHECKING:
    from estran.node import Node
    from tests.web.client import Client
    from tests.web.tabledap.conftest import Sets

QUERIES = {"position", "radius", "area", "cube", "trajectory", "corridor", "locations", "items", "instances"}


@pytest.fixture(scope="module")
def definition(client: Client) -> dict[str, Any]:
    return client.json("/ogc/api")["paths"]


def parameters(definition: dict[str, Any], query: str) -> dict[str, dict[str, Any]]:
    told = definition[f"/collections/{{collection}}/{query}"]["get"]["parameters"]
    return {one["name"]: one for one in told if one["in"] == "query"}


def test_conformance_and_landing_page(client: Client) -> None:
    conforms = client.json("/ogc/conformance")["conformsTo"]
    for name in ("core", "collections", "covjson", "edr-geojson", "queries"):
        assert f"http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/{name}" in conforms
    assert {"service-desc", "conformance", "data"} <= {one["rel"] for one in client.json("/ogc")["links"]}


def test_a_collection_tells_what_the_standard_asks_for(client: Client, sets: Sets) -> None:
    listed = {one["id"]: one for one in client.json("/ogc/collections")["collections"]}
    told = client.json(f"/ogc/collections/{sets.stations}")
    for one in (listed[sets.stations], told):
        assert {
            "id",
            "title",
            "description",
            "links",
            "extent",
            "data_queries",
            "crs",
            "output_formats",
            "parameter_names",
        } <= set(one)
        assert "itemType" not in one
        assert {"self", "alternate", "data", "collection"} <= {link["rel"] for link in one["links"]}
        assert set(one["data_queries"]) == QUERIES
        assert one["extent"]["spatial"]["bbox"] == [[-4.8, 43.4, 3.7, 48.4]]
        assert one["extent"]["temporal"]["interval"] == [["2024-05-01T00:00:00Z", "2024-05-02T23:00:00Z"]]
        assert one["crs"] == [
            "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            "http://www.opengis.net/def/crs/EPSG/0/4326",
        ]
        for name, parameter in one["parameter_names"].items():
            assert parameter["type"] == "Parameter", name
            assert parameter["observedProperty"]["label"]
        assert one["parameter_names"]["temp"]["unit"]["symbol"]["value"] == "degree_C"
        assert one["parameter_names"]["temp"]["observedProperty"]["id"].endswith("/sea_water_temperature/")
    for query, made in told["data_queries"].items():
        link = made["link"]
        assert link["href"].endswith(f"/ogc/collections/{sets.stations}/{query}")
        assert link["variables"]["query_type"] == query
    assert "CoverageJSON" in told["data_queries"]["position"]["link"]["variables"]["output_formats"]
    assert told["data_queries"]["radius"]["link"]["variables"]["within_units"]
    assert "temp_id" in told["parameter_names"]
    page = client.get(f"/ogc/collections/{sets.stations}?f=html")
    assert page.status_code == 200
    assert "Tide gauges" in page.text
    assert "no-store" in client.get("/ogc/collections").headers["cache-control"]


@pytest.mark.parametrize("query", ["position", "radius", "area", "trajectory", "corridor"])
def test_the_definition_has_the_parameters(definition: dict[str, Any], query: str) -> None:
    """As the tests of the standard's suite read them."""
    found = parameters(definition, query)
    assert found["coords"]["required"]
    assert found["coords"]["schema"]["type"] == "string"
    for name in ("datetime", "parameter-name", "crs", "f"):
        assert not found[name]["required"]
        assert found[name]["style"] == "form"
    for one in found.values():
        assert one["explode"] is False
    own = {
        "radius": {"within", "within-units"},
        "corridor": {"corridor-width", "width-units", "corridor-height", "height-units"},
    }
    assert own.get(query, set()) <= set(found)


def test_the_definition_of_cubes_and_locations(definition: dict[str, Any]) -> None:
    cube = parameters(definition, "cube")
    assert cube["bbox"]["required"]
    assert cube["bbox"]["schema"]["type"] == "array"
    assert {"resolution-x", "resolution-y", "resolution-z"} <= set(cube)
    assert {"datetime", "parameter-name", "crs", "f"} <= set(parameters(definition, "locations"))


@pytest.mark.parametrize("query", ["locations", "items"])
def test_platforms_come_in_pages(client: Client, sets: Sets, query: str) -> None:
    base = f"/ogc/collections/{sets.stations}/{query}"
    everything = [one["id"] for one in client.json(base)["features"]]
    page = client.json(f"{base}?limit=1")
    walked = [one["id"] for one in page["features"]]
    while following := [one["href"] for one in page["links"] if one["rel"] == "next"]:
        assert (page["numberMatched"], page["numberReturned"]) == (len(everything), 1)
        page = client.ask("GET", following[0]).json()
        walked += [one["id"] for one in page["features"]]
    assert walked == everything
    assert len(everything) > 1
    assert [one["id"] for one in client.json(f"{base}?offset=1")["features"]] == everything[1:]
    assert client.json(f"{base}?limit=5&offset=999")["features"] == []
    for wrong in ("limit=0", "limit=x", "offset=-1"):
        assert client.get(f"{base}?{wrong}").status_code == 400


def test_locations_items_and_instances(client: Client, sets: Sets) -> None:
    base = f"/ogc/collections/{sets.stations}"
    found = client.get(f"{base}/locations")
    assert found.headers["content-type"] == "application/geo+json"
    features = found.json()["features"]
    assert [one["id"] for one in features] == list(STATIONS)
    assert [tuple(one["geometry"]["coordinates"]) for one in features] == list(STATIONS.values())
    assert [one["properties"]["parameter-name"] for one in features] == [
        ["temp"],
        ["temp", "psal"],
        ["temp", "psal"],
    ]
    address = features[1]["properties"]["edrqueryendpoint"].removeprefix("http://node.example")
    Coverage.model_validate_json(client.get(address).content)
    some = client.json(f"{base}/locations", bbox="0,40,10,50")["features"]
    assert [one["id"] for one in some] == ["sete"]
    assert client.json(f"{base}/locations", datetime="1999")["features"] == []
    assert client.json(f"{base}/items")["numberMatched"] == 3
    assert client.json(f"{base}/items/brest")["properties"]["name"] == "brest"
    assert client.get(f"{base}/items/nowhere").status_code == 404
    instances = client.json(f"{base}/instances")["instances"]
    assert [one["id"] for one in instances] == ["latest"]
    assert client.json(f"{base}/instances/latest")["id"] == "latest"
    assert client.json(f"{base}/instances/latest/position", coords="POINT(-4.5 48.4)")["id"] == "brest"
    assert client.json("/ogc/collections/records")["itemType"] == "record"
    assert client.json("/ogc/collections/records/items")["numberMatched"] >= 1


def test_owslib_reads_it(address: str, sets: Sets, node: Node) -> None:
    client = EnvironmentalDataRetrieval(address)
    assert sets.stations in client.data()
    assert client.collection(sets.stations)["title"] == "Tide gauges"
    made = client.query_data(
        sets.stations,
        "position",
        coords="POINT(-4.5 48.4)",
        parameter_names=["temp"],
        datetime_="2024-05-01T00:00:00Z/2024-05-01T03:00:00Z",
    )
    assert made["domain"]["axes"]["t"]["values"][0] == "2024-05-01T00:00:00Z"
    own = node.observations.read(
        "temp",
        record=sets.stations,
        bbox=(-4.6, 48.3, -4.4, 48.5),
        time="2024-05-01T00:00:00Z/2024-05-01T03:00:00Z",
    )
    assert made["ranges"]["temp"]["values"] == own["sea_water_temperature"].to_numpy().tolist()
    area = client.query_data(sets.stations, "area", coords="POLYGON((-6 47,-3 47,-3 49,-6 49,-6 47))")
    assert area["type"] == "CoverageCollection"
    assert len(area["coverages"]) == 2
    cube = client.query_data(sets.stations, "cube", bbox=[-6, 47, -3, 49])
    assert [one["id"] for one in cube["coverages"]] == ["brest", "le conquet"]
    around = client.query_data(sets.stations, "radius", coords="POINT(3.7 43.4)", within=5)
    assert around["id"] == "sete"
    assert client.query_data(sets.stations, "locations")["type"] == "FeatureCollection"
