"""EDR queries: what is in the place, the time and the level that is asked for, as tabledap gives it too."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import netCDF4
import numpy as np
import pytest
from covjson_pydantic.coverage import Coverage, CoverageCollection

from estran.web.apis.edr import covjson as written
from tests.web.tabledap.conftest import HOURS, STATIONS

if TYPE_CHECKING:
    from estran.node import Node
    from tests.web.client import Client
    from tests.web.tabledap.conftest import Sets

DAY = "datetime=2024-05-01T00:00:00Z/2024-05-01T23:00:00Z"


def rows(client: Client, dataset: str, query: str) -> list[dict[str, str]]:
    found = client.get(f"/ogc/collections/{dataset}/{query}&f=CSV")
    if found.status_code == 204:
        return []
    assert found.status_code == 200, found.text
    return list(csv.DictReader(io.StringIO(found.text)))


def platforms(client: Client, dataset: str, query: str) -> set[str]:
    return {row["platform"] for row in rows(client, dataset, query)}


def coverage(client: Client, dataset: str, query: str) -> dict[str, Any]:
    found = client.get(f"/ogc/collections/{dataset}/{query}&f=CoverageJSON")
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == "application/prs.coverage+json"
    made = found.json()
    kind = CoverageCollection if made["type"] == "CoverageCollection" else Coverage
    kind.model_validate_json(found.content)
    return made


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("position?coords=POINT(-4.5 48.4)", {"brest"}),
        # Between the stations, the nearest; outside of where they are, nothing.
        ("position?coords=POINT(-4.7 48.37)", {"le conquet"}),
        ("position?coords=POINT(0 45)", {"sete"}),
        ("position?coords=POINT(30 45)", set()),
        ("position?coords=MULTIPOINT((-4.5 48.4),(3.7 43.4))", {"brest", "sete"}),
        ("radius?coords=POINT(-4.5 48.4)&within=10&within-units=km", {"brest"}),
        ("radius?coords=POINT(-4.5 48.4)&within=25&within-units=km", {"brest", "le conquet"}),
        ("radius?coords=POINT(-4.5 48.4)&within=23000&within-units=m", {"brest", "le conquet"}),
        ("radius?coords=POINT(-4.5 48.4)&within=10&within-units=mi", {"brest"}),
        ("radius?coords=POINT(-4.5 48.4)&within=1000&within-units=km", set(STATIONS)),
        ("area?coords=POLYGON((-6 47,-3 47,-3 49,-6 49,-6 47))", {"brest", "le conquet"}),
        ("area?coords=MULTIPOLYGON(((3 43,4 43,4 44,3 44,3 43)),((10 10,11 10,11 11,10 10)))", {"sete"}),
        # Counted on beyond the antimeridian, Brittany lies at 355 degrees.
        ("area?coords=POLYGON((350 47,356 47,356 49,350 49,350 47))", {"brest", "le conquet"}),
        ("cube?bbox=-6,47,-3,49", {"brest", "le conquet"}),
        ("cube?bbox=-6,47,0,-3,49,100", {"brest", "le conquet"}),
        # Across the antimeridian, all the way around to Brittany.
        ("cube?bbox=170,40,-4.6,50", {"le conquet"}),
        ("trajectory?coords=LINESTRING(-6 48.36,-4.9 48.36)", {"le conquet"}),
        ("trajectory?coords=LINESTRINGM(-6 48.4 1714521600,-4.5 48.4 1714525200)", {"brest", "le conquet"}),
        ("trajectory?coords=LINESTRINGM(-6 48.4 0,-4.5 48.4 1000)", set()),
        ("corridor?coords=LINESTRING(-6 48.4,-4 48.4)&corridor-width=2&width-units=km", {"brest"}),
        (
            "corridor?coords=LINESTRING(-6 48.4,-4 48.4)&corridor-width=20&width-units=km",
            {"brest", "le conquet"},
        ),
        (
            "corridor?coords=LINESTRINGZ(3 43.4 0,4 43.4 50)&corridor-width=2&width-units=km&corridor-height=10&height-units=m",
            {"sete"},
        ),
        ("locations/le%20conquet?crs=CRS84", {"le conquet"}),
    ],
)
def test_places(client: Client, sets: Sets, query: str, expected: set[str]) -> None:
    assert platforms(client, sets.stations, query) == expected


def test_times(client: Client, sets: Sets) -> None:
    base = "locations/sete?parameter-name=temp"
    for given, count in (
        ("2024-05-01T05:00:00Z", 1), ("2024-05-01T05:00:00Z/2024-05-01T07:00:00Z", 3), ("2024-05-02/..", 24),
        ("../2024-05-01T01:00:00Z", 2), ("2024-05-01", 24), ("../..", HOURS),
        ("2024-05-01T05:00:00Z,2024-05-02T06:00:00Z/2024-05-02T08:00:00Z", 4), ("1999", 0),
        ("2024-05-01T07:00:00 02:00", 1),
    ):  # fmt: skip
        assert len(rows(client, sets.stations, f"{base}&datetime={given}")) == count, given
    assert client.get(f"/ogc/collections/{sets.stations}/{base}&datetime=1999").status_code == 204


def test_the_rows_are_those_of_tabledap(client: Client, sets: Sets) -> None:
    names = "temp,temp_flag,temp_quality,temp_id,psal,psal_flag,psal_quality,psal_id"
    edr = rows(client, sets.stations, f"cube?bbox=-180,-90,180,90&parameter-name={names}")
    told = client.get(f"/erddap/tabledap/{sets.stations}.csv?platform,longitude,latitude,time,{names}").text
    table = list(csv.DictReader(io.StringIO(told)))[1:]
    assert edr == table
    assert len(edr) == 3 * HOURS
    found = coverage(client, sets.stations, f"cube?bbox=-180,-90,180,90&parameter-name={names}")
    by_platform: dict[str, list[dict[str, str]]] = {}
    for row in table:
        by_platform.setdefault(row["platform"], []).append(row)
    for one in found["coverages"]:
        own = by_platform.pop(one["id"])
        assert one["domain"]["axes"]["t"]["values"] == [row["time"] for row in own]
        for name in names.split(","):
            values = one["ranges"][name]["values"]
            cells = [None if row[name] in ("NaN", "") else row[name] for row in own]
            kind = str if name.endswith("_flag") else float
            assert [None if v is None else kind(v) for v in values] == [
                None if c is None else kind(c) for c in cells
            ]
    assert by_platform == {}
    units = {
        name: found["parameters"][name].get("unit", {}).get("symbol", {}).get("value")
        for name in ("temp", "psal")
    }
    assert units == {"temp": "degree_C", "psal": "1"}


def test_parameters_by_name_and_by_standard_name(client: Client, sets: Sets) -> None:
    for name in ("temp", "TEMP", "sea_water_temperature"):
        assert list(coverage(client, sets.stations, f"locations/sete?parameter-name={name}")["ranges"]) == [
            "temp"
        ]
    found = coverage(client, sets.stations, "locations/sete?datetime=2024-05-01")
    assert list(found["ranges"]) == ["temp", "temp_flag", "temp_quality", "psal", "psal_flag", "psal_quality"]
    assert found["parameters"]["temp_quality"]["categoryEncoding"]


def test_forms(client: Client, sets: Sets) -> None:
    address = f"/ogc/collections/{sets.stations}/locations/sete?parameter-name=temp&{DAY}"
    features = client.get(f"{address}&f=GeoJSON").json()["features"]
    assert len(features) == 24
    assert features[0]["geometry"]["coordinates"] == [3.7, 43.4]
    with netCDF4.Dataset("x.nc", memory=client.get(f"{address}&f=NetCDF").content) as held:
        assert held.featureType == "timeSeries"
        values = held["temp"][:].tolist()
    assert [one["properties"]["temp"] for one in features] == values
    for accept, media_type in (
        ("application/geo+json", "application/geo+json"), ("text/csv", "text/csv; charset=utf-8"),
        ("application/json", "application/prs.coverage+json"), ("*/*", "application/prs.coverage+json"),
        ("application/x-netcdf", "application/x-netcdf"),
    ):  # fmt: skip
        assert client.get(address, accept=accept).headers["content-type"] == media_type
    assert client.get(address, accept="image/png").status_code == 406
    assert "no-store" in client.get(address).headers["cache-control"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("position", "it is needed"), ("position?coords=", "it is needed"), ("position?coords=POINT()", "no POINT"),
        ("position?coords=POLYGON((0 0,1 0,1 1,0 0))", "no POINT"), ("position?coords=POINT(1000 2000)", "longitude and latitude"),
        ("position?coords=POINT EMPTY", "no POINT"), ("position?coords=POINT(nan 1)", "longitude and latitude"),
        ("radius?coords=POINT(0 0)", "within"), ("radius?coords=POINT(0 0)&within=x", "not a number"),
        ("radius?coords=POINT(0 0)&within=1&within-units=cubits", "unit of length"), ("radius?coords=POINT(0 0)&within=-1", "below 0"),
        ("area?coords=POLYGON()", "no POLYGON"),
        ("area?coords=CURVEPOLYGON(CIRCULARSTRING(0 0,1 1,2 0,1 -1,0 0))", "no POLYGON"), ("cube", "west, south"), ("cube?bbox=1,2,3", "bbox"),
        ("trajectory?coords=LINESTRING()", "no LINESTRING"), ("trajectory?coords=LINESTRINGZM()", "no LINESTRING"),
        ("corridor?coords=LINESTRING(0 0,1 1)", "corridor-width"), ("position?coords=POINT(0 0)&z=deep", "not a number"),
        ("position?coords=POINT(0 0)&z=R9999999/1/1", "up to 1000"), ("position?coords=POINT(0 0)&datetime=soon", "not a date"),
        ("position?coords=POINT(0 0)&datetime=" + ",".join(["2020"] * 101), "up to 100"),
        ("position?coords=POINT(0 0)&parameter-name=colour", "no parameter"), ("position?coords=POINT(0 0)&crs=EPSG:2154", "CRS84"),
        ("position?coords=POINT(0 0)&f=PNG", "no form"), ("position?coords=POINT(0 0)&colour=red", "no parameter"),
        ("area?coords=POLYGON((" + "0+0," * 1600 + "0 0))", "characters"),
        ("area?coords=POLYGON((" + ",".join(f"{n % 7} {n % 5}" for n in range(1200)) + ",0 0))", "points"),
    ],
)  # fmt: skip
def test_what_does_not_fit(client: Client, sets: Sets, query: str, words: str) -> None:
    found = client.get(f"/ogc/collections/{sets.stations}/{query}")
    assert found.status_code == 400, found.text
    assert words in found.text


def test_latitude_first(client: Client, sets: Sets) -> None:
    base = f"/ogc/collections/{sets.stations}"
    for plain, swapped in (
        ("position?coords=POINT(-4.5 48.4)", "position?coords=POINT(48.4 -4.5)"),
        ("position?coords=POINT Z(-4.5 48.4 0)", "position?coords=POINT Z(48.4 -4.5 0)"),
        (
            "area?coords=POLYGON((0 40,10 40,10 50,0 50,0 40))",
            "area?coords=POLYGON((40 0,40 10,50 10,50 0,40 0))",
        ),
        ("cube?bbox=0,40,10,50", "cube?bbox=40,0,50,10"),
        ("cube?bbox=0,40,-1,10,50,1", "cube?bbox=40,0,-1,50,10,1"),
    ):
        one = client.json(f"{base}/{plain}")
        other = client.json(f"{base}/{swapped}&crs=EPSG:4326")
        place, theirs = (made["domain"]["referencing"][0] for made in (one, other))
        assert (place["coordinates"], theirs["coordinates"]) == (["x", "y"], ["y", "x"])
        assert theirs["system"]["id"].endswith("/EPSG/0/4326")
        other["domain"]["referencing"][0] = place
        assert one == other
    for query in ("locations/brest?", "position?coords=POINT(0 0)&"):
        refused = client.get(f"{base}/{query}crs=EPSG:3857")
        assert (refused.status_code, "EPSG/0/4326" in refused.text) == (400, True)
    refused = client.ask("POST", f"{base}/position", json={"coords": "POINT(0 0)"})
    assert (refused.status_code, "GET" in refused.text) == (405, True)


def test_what_one_may_not_see_is_not_there(client: Client, sets: Sets) -> None:
    assert [one["id"] for one in client.json("/ogc/collections")["collections"]] == [sets.stations, "records"]
    for path in ("", "/locations", "/position?coords=POINT(0 0)", "/instances"):
        assert client.get(f"/ogc/collections/{sets.closed}{path}").status_code == 404
        assert client.get(f"/ogc/collections/nothing{path}").status_code == 404
    assert client.get(f"/ogc/collections/{sets.stations}/locations/nowhere").status_code == 404
    assert (
        client.get(f"/ogc/collections/{sets.stations}/instances/first/cube?bbox=0,0,1,1").status_code == 404
    )


def test_too_much_for_one_document_is_thinned_and_says_so(
    client: Client, sets: Sets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "MOST_ROWS", 50)
    found = client.get(f"/ogc/collections/{sets.stations}/cube?bbox=-180,-90,180,90&parameter-name=temp")
    made = found.json()
    assert found.headers["estran-decimated"] == f"every 3 of {3 * HOURS - 10} rows"
    assert made["estran:decimated"] == {"rows": 3 * HOURS - 10, "every": 3}
    assert [len(one["domain"]["axes"]["t"]["values"]) for one in made["coverages"]] == [16, 13, 16]
    assert made["coverages"][0]["domain"]["axes"]["t"]["values"][1] == "2024-05-01T03:00:00Z"
    CoverageCollection.model_validate_json(found.content)
    monkeypatch.setattr(written, "MOST_READ", 50)
    refused = client.get(f"/ogc/collections/{sets.stations}/cube?bbox=-180,-90,180,90")
    assert refused.status_code == 400
    assert "f=CSV" in refused.text
    assert len(rows(client, sets.stations, "cube?bbox=-180,-90,180,90&parameter-name=temp")) == 3 * HOURS - 10


def test_profiles_and_paths(moving: tuple[Client, Node]) -> None:
    client, node = moving
    tables = {table.sampling: table for table in map(node.observations.table, node.observations.datasets())}
    floats, glider = tables["trajectoryProfile"], tables["trajectory"]
    key = floats.things[0].thing.key
    made = coverage(client, floats.record, f"locations/{key}?parameter-name=TEMP")
    whole = rows(client, floats.record, f"locations/{key}?parameter-name=TEMP")
    made = (
        made
        if made["type"] == "CoverageCollection"
        else {"domainType": made["domain"]["domainType"], "coverages": [made]}
    )
    assert made["domainType"] == "VerticalProfile"
    assert sum(len(one["domain"]["axes"]["z"]["values"]) for one in made["coverages"]) == len(whole)
    level = floats.vertical
    assert level is not None
    some = rows(client, floats.record, f"locations/{key}?parameter-name=TEMP&z=100/200")
    assert 0 < len(some) < len(whole)
    assert {100 <= float(row[level.name]) <= 200 for row in some} == {True}
    exact = some[0][level.name]
    assert {row[level.name] for row in rows(client, floats.record, f"locations/{key}?z={exact}")} == {exact}
    x, y = float(whole[0]["longitude"]), float(whole[0]["latitude"])
    near = rows(
        client, floats.record, f"radius?coords=POINT({x} {y})&within=1&within-units=km&parameter-name=TEMP"
    )
    assert {(row["longitude"], row["latitude"]) for row in near} == {
        (whole[0]["longitude"], whole[0]["latitude"])
    }
    assert rows(client, floats.record, f"position?coords=POINT({x} {y})&parameter-name=TEMP") == near
    assert rows(client, floats.record, f"position?coords=POINT({-x} {-y})&parameter-name=TEMP") == []
    path = coverage(client, glider.record, "cube?bbox=-180,-90,180,90&parameter-name=TEMP")
    assert path["domain"]["domainType"] == "Trajectory"
    assert path["domain"]["axes"]["composite"]["coordinates"] == ["t", "x", "y", "z"]
    places = np.array([[x, y] for _, x, y, _ in path["domain"]["axes"]["composite"]["values"]], float)
    west, south = np.nanmin(places, axis=0)
    middle = float(np.nanmedian(places[:, 0]))
    half = rows(client, glider.record, f"cube?bbox={west},{south},{middle},89&parameter-name=TEMP")
    assert 0 < len(half) < len(places)
    assert all(float(row["longitude"]) <= middle for row in half)


def test_an_address_as_the_test_suite_of_the_standard_makes_it(client: Client, sets: Sets) -> None:
    """A plus for the blank in WKT, and the ends of the collection's time."""
    told = client.json(f"/ogc/collections/{sets.stations}")
    west, south, east, north = told["extent"]["spatial"]["bbox"][0]
    time = "/".join(told["extent"]["temporal"]["interval"][0])
    x, y = (west + east) / 2, (south + north) / 2
    shared = f"parameter-name=temp&crs={quote(told['crs'][0], safe=':/')}&f=CoverageJSON&datetime={time}"
    found = client.get(f"/ogc/collections/{sets.stations}/position?coords=POINT({x}+{y})&{shared}")
    assert "Coverage" in found.text
    lens = f"POLYGON(({west}+{south},{east}+{south},{east}+{north},{west}+{north},{west}+{south}))"
    assert "Coverage" in client.get(f"/ogc/collections/{sets.stations}/area?coords={lens}&{shared}").text
    line = f"LINESTRING({west}+{north},{x}+{y},{east}+{south})"
    corridor = f"corridor?coords={line}&corridor-width=100&width-units=km&{shared}"
    assert "Coverage" in client.get(f"/ogc/collections/{sets.stations}/{corridor}").text
