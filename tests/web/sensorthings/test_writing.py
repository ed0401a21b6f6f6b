"""Writing as SensorThings 1.1 has it: whole trees or nothing, links, cascades, many at once, batches; and who may."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from estran.catalogue.query import Query
from estran.model import Period, SensorEvent
from estran.web.app import create_app
from tests.web.client import Client
from tests.web.sensorthings.conftest import Sta, streams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from estran.node import Node

ROOT = "http://node.example/sta/v1.1"
OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
POINT = {"type": "Point", "coordinates": [-1.15, 46.16]}
LOCATION = {
    "name": "Pier",
    "description": "End of the pier",
    "encodingType": "application/geo+json",
    "location": POINT,
}
SENSOR = {
    "name": "Thermometer",
    "description": "PT100",
    "encodingType": "application/pdf",
    "metadata": "https://ex.org/pt.pdf",
}
PROPERTY = {
    "name": "Air temperature",
    "definition": "http://vocab.nerc.ac.uk/standard_name/air_temperature/",
    "description": "2 m",
}
STREAM = {
    "name": "Air temperature at the pier", "description": "Every hour", "observationType": OM,
    "unitOfMeasurement": {"name": "degree Celsius", "symbol": "degC", "definition": "ucum:Cel"},
}  # fmt: skip
THING = {"name": "Station", "description": "A station", "properties": {"depth": 3, "list": [1, {"a": None}]}}


def whole(**more: Any) -> dict[str, Any]:
    """A thing with all that belongs to it."""
    observations = [{"phenomenonTime": f"2026-01-01T0{n}:00:00Z", "result": n + 0.5} for n in range(3)]
    stream = {**STREAM, "Sensor": SENSOR, "ObservedProperty": PROPERTY, "Observations": observations}
    return {**THING, "Locations": [LOCATION], "Datastreams": [stream], **more}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, open_node: Callable[..., Node]) -> Iterator[Node]:
    with open_node(tmp_path_factory.mktemp("sta-write") / "node") as node:
        yield node


@pytest.fixture(scope="module")
def app(own: Node) -> Any:
    return create_app(own)


@pytest.fixture(scope="module")
def sta(own: Node, app: Any) -> Sta:
    secret = own.tokens.create("operator", "operator").secret
    return Sta(Client(app, Authorization=f"Bearer {secret}"))


def post(sta: Sta, path: str, document: Any, status: int = 201) -> Any:
    found = sta.ask(path, "POST", json=document)
    assert found.status_code == status, found.text
    return found.json()


def counts(sta: Sta) -> dict[str, int]:
    sets = [one["name"] for one in sta.json("")["value"]]
    return {name: sta.json(f"/{name}", count="true", top="0")["@iot.count"] for name in sets}


def test_a_tree_is_made_as_a_whole(own: Node, sta: Sta) -> None:
    answer = sta.ask("/Things", "POST", json=whole())
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["location"] == made["@iot.selfLink"]
    assert {name: made[name] for name in THING} == THING
    thing = f"/Things({made['@iot.id']})"
    assert {name: sta.values(f"{thing}/Locations")[0][name] for name in LOCATION} == LOCATION
    [stream] = sta.values(f"{thing}/Datastreams", expand="Sensor,ObservedProperty,Observations")
    assert {name: stream[name] for name in STREAM} == STREAM
    assert {name: stream["Sensor"][name] for name in SENSOR} == SENSOR
    assert {name: stream["ObservedProperty"][name] for name in PROPERTY} == PROPERTY
    assert [one["result"] for one in stream["Observations"]] == [0.5, 1.5, 2.5]
    assert stream["phenomenonTime"] == "2026-01-01T00:00:00Z/2026-01-01T02:00:00Z"
    one = sta.json(f"/Observations({stream['Observations'][0]['@iot.id']})/FeatureOfInterest")
    assert (one["feature"], one["name"]) == (POINT, "Pier")
    [place] = sta.values(f"{thing}/HistoricalLocations", expand="Locations,Thing")
    assert (place["Thing"]["@iot.id"], place["Locations"][0]["name"]) == (made["@iot.id"], "Pier")
    # Other faces see the same.
    found = own.observations.read("air_temperature")
    assert found["air_temperature"].values.tolist() == [0.5, 1.5, 2.5]
    assert (found["longitude"].values.tolist(), found["air_temperature"].attrs["units"]) == ([-1.15], "degC")
    [record] = own.ask(Query(limit=5)).records
    assert [(v.standard_name, v.unit) for v in record.variables] == [("air_temperature", "degC")]
    assert own.observations.datastreams()[0].described.thing.properties[0] == ("depth", "3")


def test_what_happened_to_a_sensor_is_kept(own: Node, sta: Sta) -> None:
    said = {
        "model": "PT100", "manufacturer": "Heraeus", "serialNumber": "7", "documents": ["https://ex.org/more.pdf", 3],
        "periods": ["2025-01-01/2025-06-01", "2025-07-01/", "once"],
        "events": [{"time": "2025-03-01", "kind": "calibration", "words": "in ice"}, {"time": "2025-06"}, "none"],
    }  # fmt: skip
    stream = {**STREAM, "Sensor": {**SENSOR, "properties": said}, "ObservedProperty": PROPERTY}
    made = sta.ask("/Things", "POST", json={**THING, "Locations": [LOCATION], "Datastreams": [stream]}).json()
    [number] = sta.ids(f"/Things({made['@iot.id']})/Datastreams")
    sensor = own.observations.overview.datastream(number).described.sensor
    assert sensor
    assert (sensor.model, sensor.maker, sensor.serial) == ("PT100", "Heraeus", "7")
    assert sensor.documents == ("https://ex.org/pt.pdf", "https://ex.org/more.pdf")
    assert sensor.periods == (Period("2025-01-01", "2025-06-01"), Period("2025-07-01", ""))
    assert sensor.events == (
        SensorEvent("2025-03-01", "calibration", "in ice"),
        SensorEvent("2025-06", "", ""),
    )


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/Things", whole(Datastreams=[{**STREAM, "Sensor": SENSOR}])),
        ("/Things", whole(Datastreams=[{**STREAM, "Sensor": SENSOR, "ObservedProperty": {"name": "x"}}])),
        ("/Things", whole(Datastreams=[{**STREAM, "Sensor": SENSOR, "ObservedProperty": PROPERTY,
                                        "Observations": [{"result": 1, "phenomenonTime": "yesterday"}]}])),
        ("/Things", whole(Locations=[{**LOCATION, "location": {"type": "Point"}}])),
        ("/Things", whole(Locations=[{"@iot.id": 999}])),
        ("/Things", {"name": "no description"}),
        ("/Things", {**THING, "colour": "red"}),
        ("/Things", {**THING, "name": 5}),
        ("/Things", [THING]),
        ("/Datastreams", {**STREAM, "Sensor": SENSOR, "ObservedProperty": PROPERTY}),
        ("/Datastreams", {**STREAM, "Sensor": {"@iot.id": 999}, "ObservedProperty": PROPERTY, "Thing": THING}),
        ("/Observations", {"result": 1}),
        ("/Observations", {"result": 1, "Datastream": {"@iot.id": 999}}),
        ("/Observations", {"phenomenonTime": "2026-01-01T00:00:00Z", "Datastream": {"@iot.id": 1}}),
        ("/Observations", {"result": 1, "phenomenonTime": "2126-01-01T00:00:00Z", "Datastream": {"@iot.id": 1}}),
        ("/Observations", {"result": 1, "phenomenonTime": "2026-01-02T00:00:00Z/2026-01-01T00:00:00Z", "Datastream": {"@iot.id": 1}}),
        ("/Sensors", {"name": "x", "description": "x", "encodingType": "text/html"}),
        ("/ObservedProperties", {"name": "x", "description": "x"}),
        ("/FeaturesOfInterest", {"name": "x", "description": "x", "encodingType": "application/geo+json"}),
        ("/HistoricalLocations", {"time": "2026-01-01T00:00:00Z"}),
        ("/Things(1)", THING),
    ],
)  # fmt: skip
def test_of_what_fails_nothing_is_left(sta: Sta, path: str, document: Any) -> None:
    before = counts(sta)
    found = sta.ask(path, "POST", json=document)
    assert found.status_code == 400, found.text
    assert found.json()["detail"]
    assert counts(sta) == before


def test_an_observation_needs_a_place(sta: Sta) -> None:
    made = post(sta, "/Things", whole(Locations=[], Datastreams=[]))
    stream = post(
        sta,
        f"/Things({made['@iot.id']})/Datastreams",
        {**STREAM, "Sensor": SENSOR, "ObservedProperty": PROPERTY},
    )
    one = {"result": 1, "phenomenonTime": "2026-02-01T00:00:00Z"}
    home = f"/Datastreams({stream['@iot.id']})/Observations"
    assert "no Location" in post(sta, home, one, 400)["detail"]
    feature = {
        "name": "Bay",
        "description": "A bay",
        "encodingType": "application/geo+json",
        "feature": POINT,
    }
    seen = post(sta, home, {**one, "FeatureOfInterest": feature})
    assert sta.json(f"/Observations({seen['@iot.id']})/FeatureOfInterest")["name"] == "Bay"
    [number] = sta.ids("/FeaturesOfInterest", filter="name eq 'Bay'")
    again = post(sta, home, {"result": 2, "FeatureOfInterest": {"@iot.id": number}})
    assert sta.ids(f"/FeaturesOfInterest({number})/Observations") == [seen["@iot.id"], again["@iot.id"]]
    assert again["phenomenonTime"] > "2026"
    same = post(sta, home, {**one, "result": 3, "FeatureOfInterest": {"@iot.id": number}})
    assert (same["@iot.id"], same["result"]) == (seen["@iot.id"], 3)
    assert sta.ask(f"/FeaturesOfInterest({number})", "DELETE").status_code == 200
    assert sta.values(home) == []
    assert "phenomenonTime" not in sta.json(f"/Datastreams({stream['@iot.id']})")


@pytest.mark.parametrize("result", [1, 1.5, True, "calme", None, {"a": [1, 2]}, [1, "x"]])
def test_any_result_is_kept(sta: Sta, result: Any) -> None:
    kind = OM.replace("Measurement", "TruthObservation" if result is True else "Observation")
    made = post(sta, "/Things", whole(Datastreams=[
        {**STREAM, "observationType": kind, "Sensor": SENSOR, "ObservedProperty": PROPERTY}
    ]))  # fmt: skip
    [stream] = sta.ids(f"/Things({made['@iot.id']})/Datastreams")
    one = {"result": result, "resultTime": "2026-01-05T00:00:00Z", "resultQuality": "High",
           "phenomenonTime": "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z"}  # fmt: skip
    one |= {
        "validTime": "2026-01-01T00:00:00Z/2027-01-01T00:00:00Z",
        "parameters": {"operator": "Ann", "n": [1, None]},
    }
    seen = post(sta, f"/Datastreams({stream})/Observations", one)
    told = {**one, "resultQuality": {"flag": "High", "quality": 9 if result is None else 2}}
    assert {name: seen[name] for name in one} == told
    assert sta.json(f"/Datastreams({stream})/Observations", expand="Datastream")["value"][0]["parameters"][
        "n"
    ] == [1, None]
    changed = sta.ask(f"/Observations({seen['@iot.id']})", "PATCH", json={"parameters": {"a": 1}}).json()
    assert {name: changed[name] for name in one} == {**told, "parameters": {"a": 1}}
    # What was read is written again as it is.
    again = sta.ask(
        f"/Observations({seen['@iot.id']})", "PATCH", json={"resultQuality": told["resultQuality"]}
    )
    assert again.json()["resultQuality"] == told["resultQuality"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("4", {"flag": "4"}),
        (4, {"flag": "4"}),
        (
            {"DQ_Status": {"code": "3", "label": "Niveau 2"}},
            {"DQ_Status": {"code": "3", "label": "Niveau 2"}},
        ),
        ([{"nameOfMeasure": "DQ_Status"}], {"flag": [{"nameOfMeasure": "DQ_Status"}]}),
        ({"flag": "A", "quality": 1}, {"flag": "A"}),
        ({"quality": 4}, {}),
        (None, {}),
    ],
)
def test_a_flag_of_a_client_comes_back_beside_the_quality(
    sta: Sta, written: Any, told: dict[str, Any]
) -> None:
    made = post(sta, "/Things", whole())
    [stream] = sta.ids(f"/Things({made['@iot.id']})/Datastreams")
    home = f"/Datastreams({stream})/Observations"
    seen = post(sta, home, {"result": 1, "resultQuality": written})
    assert seen["resultQuality"] == {**told, "quality": 2}
    [array] = sta.json(
        home, resultFormat="dataArray", select="resultQuality", filter=f"id eq {seen['@iot.id']}"
    )["value"]
    assert array["dataArray"] == [[seen["resultQuality"]]]
    for path, value in (
        ("flag", told.get("flag")),
        ("DQ_Status/code", told.get("DQ_Status", {}).get("code")),
    ):
        if isinstance(value, str):
            found = sta.ids(home, filter=f"resultQuality/{path} eq '{value}'")
            assert found == [seen["@iot.id"]]


def test_the_quality_is_not_written(sta: Sta) -> None:
    made = post(sta, "/Things", whole())
    [stream] = sta.ids(f"/Things({made['@iot.id']})/Datastreams")
    refused = sta.ask(
        f"/Datastreams({stream})/Observations",
        "POST",
        json={"result": 1, "resultQuality": {"quality": "fine"}},
    )
    assert (refused.status_code, refused.json()["where"]) == (400, "resultQuality/quality")


def test_changing(own: Node, sta: Sta) -> None:
    made = post(sta, "/Things", whole())
    thing = f"/Things({made['@iot.id']})"
    [stream] = sta.values(f"{thing}/Datastreams", expand="Observations,Sensor")
    changed = sta.ask(thing, "PATCH", json={"name": "Other", "properties": {"a": 1}})
    assert (changed.status_code, changed.json()["name"], changed.json()["properties"]) == (
        200,
        "Other",
        {"a": 1},
    )
    assert sta.json(thing)["description"] == "A station"
    other = post(
        sta,
        "/Locations",
        {**LOCATION, "name": "Buoy", "location": {"type": "Point", "coordinates": [-2, 47]}},
    )
    sta.ask(thing, "PATCH", json={"Locations": [{"@iot.id": other["@iot.id"]}]})
    assert [one["name"] for one in sta.values(f"{thing}/Locations")] == ["Buoy"]
    assert [
        one["Locations"][0]["name"] for one in sta.values(f"{thing}/HistoricalLocations", expand="Locations")
    ] == ["Pier", "Buoy"]
    # What was observed before is of where it was then.
    old = stream["Observations"][0]["@iot.id"]
    new = post(sta, f"/Datastreams({stream['@iot.id']})/Observations", {"result": 9})
    names = [sta.json(f"/Observations({n})/FeatureOfInterest")["name"] for n in (old, new["@iot.id"])]
    assert names == ["Pier", "Buoy"]
    moved = sta.ask(
        f"/Observations({old})", "PATCH", json={"phenomenonTime": "2025-12-31T00:00:00Z", "result": 7}
    )
    assert (moved.json()["@iot.id"], moved.json()["result"]) == (old, 7)
    assert len(sta.values(f"/Datastreams({stream['@iot.id']})/Observations")) == 4
    assert sta.json(f"/Datastreams({stream['@iot.id']})")["phenomenonTime"].startswith("2025-12-31")
    sensor = post(sta, "/Sensors", {**SENSOR, "name": "New"})
    sta.ask(f"/Datastreams({stream['@iot.id']})", "PATCH", json={"Sensor": {"@iot.id": sensor["@iot.id"]}})
    assert sta.json(f"/Datastreams({stream['@iot.id']})/Sensor")["name"] == "New"
    for path, document, status in (
        (thing, {"Datastreams": [STREAM]}, 400), (thing, {"name": None}, 400), (thing, {"colour": 1}, 400),
        ("/Things(9999)", {"name": "x"}, 404), ("/Things", {"name": "x"}, 400), (f"{thing}/name", {"name": "x"}, 400),
        ("/Observations(1)", {"result": 1}, 404),
    ):  # fmt: skip
        assert sta.ask(path, "PATCH", json=document).status_code == status, (path, document)
    assert sta.ask(thing, "PUT", json={"name": "x"}).status_code == 400
    replaced = sta.ask(thing, "PUT", json={"name": "Third", "description": "d"}).json()
    assert (replaced["name"], "properties" in replaced) == ("Third", False)
    operations = [
        {"op": "test", "path": "/name", "value": "Third"}, {"op": "add", "path": "/properties", "value": {"a": [1, 3]}},
        {"op": "add", "path": "/properties/a/1", "value": 2}, {"op": "copy", "from": "/name", "path": "/description"},
        {"op": "replace", "path": "/name", "value": "Fourth"}, {"op": "move", "from": "/properties/a/0", "path": "/properties/b"},
        {"op": "add", "path": "/properties/a/-", "value": 4}, {"op": "remove", "path": "/properties/a/0"},
    ]  # fmt: skip
    kind = {"Content-Type": "application/json-patch+json"}
    patched = sta.ask(thing, "PATCH", json=operations, headers=kind).json()
    assert [patched[name] for name in ("name", "description", "properties")] == [
        "Fourth",
        "Third",
        {"a": [3, 4], "b": 1},
    ]
    assert sta.ask(thing, "PATCH", json=operations, headers=kind).status_code == 409
    for wrong in ({}, [{}], [{"op": "x", "path": "/a"}], [{"op": "remove", "path": "/nothing"}], [{"op": "add", "path": "a"}],
                  [{"op": "add", "path": "/name"}], [{"op": "remove", "path": "/name"}]):  # fmt: skip
        assert sta.ask(thing, "PATCH", json=wrong, headers=kind).status_code == 400
    assert sta.ask(thing, "PATCH", content=b"{").status_code == 400
    assert sta.ask(thing, "PATCH", content=b"x", headers={"Content-Type": "text/plain"}).status_code == 415


@pytest.mark.parametrize(
    ("kind", "gone"),
    [
        ("Things", {"Things": 1, "Datastreams": 1, "Observations": 3, "HistoricalLocations": 1}),
        ("Sensors", {"Sensors": 1, "Datastreams": 1, "Observations": 3}),
        ("ObservedProperties", {"ObservedProperties": 1, "Datastreams": 1, "Observations": 3}),
        ("Datastreams", {"Datastreams": 1, "Observations": 3}),
        ("Locations", {"Locations": 1, "HistoricalLocations": 1}),
        ("HistoricalLocations", {"HistoricalLocations": 1}),
        ("FeaturesOfInterest", {"FeaturesOfInterest": 1, "Observations": 3}),
        ("Observations", {"Observations": 1}),
    ],
)  # fmt: skip
def test_removing_takes_what_hangs_on_it(own: Node, sta: Sta, kind: str, gone: dict[str, int]) -> None:
    made = post(sta, "/Things", whole())
    stream = sta.values(f"/Things({made['@iot.id']})/Datastreams", expand="Sensor,ObservedProperty")[0]
    observation = sta.ids(f"/Datastreams({stream['@iot.id']})/Observations")[0]
    number = {
        "Things": made["@iot.id"], "Datastreams": stream["@iot.id"], "Sensors": stream["Sensor"]["@iot.id"],
        "ObservedProperties": stream["ObservedProperty"]["@iot.id"], "Observations": observation,
        "Locations": sta.ids(f"/Things({made['@iot.id']})/Locations")[0],
        "HistoricalLocations": sta.ids(f"/Things({made['@iot.id']})/HistoricalLocations")[0],
        "FeaturesOfInterest": sta.json(f"/Observations({observation})/FeatureOfInterest")["@iot.id"],
    }[kind]  # fmt: skip
    own.observations.settle()
    before = counts(sta)
    assert sta.ask(f"/{kind}({number})", "DELETE").status_code == 200
    after = counts(sta)
    assert {name: before[name] - after[name] for name in before if before[name] != after[name]} == gone
    assert sta.ask(f"/{kind}({number})").status_code == 404
    assert sta.ask(f"/{kind}({number})", "DELETE").status_code == 404
    own.observations.settle()
    assert counts(sta) == after


def test_many_observations_at_once(sta: Sta) -> None:
    made = post(sta, "/Things", whole())
    [stream] = sta.ids(f"/Things({made['@iot.id']})/Datastreams")
    rows = [[f"2026-03-01T{n:02}:00:00Z", n] for n in range(20)] + [["never", 1], ["2026-03-02T00:00:00Z"]]
    sent = [
        {
            "Datastream": {"@iot.id": stream},
            "components": ["phenomenonTime", "result"],
            "dataArray@iot.count": 22,
            "dataArray": rows,
        }
    ]
    answers = post(sta, "/CreateObservations", sent)
    assert answers[20:] == ["error", "error"]
    assert [sta.json(one.removeprefix(ROOT))["result"] for one in answers[:3]] == [0, 1, 2]
    assert sta.json(f"/Datastreams({stream})/Observations", count="true", top="0")["@iot.count"] == 23
    for wrong in (
        {},
        [{}],
        [{"Datastream": {"@iot.id": 9999}, "components": ["result"], "dataArray": [[1]]}],
    ):
        post(sta, "/CreateObservations", wrong, 400)


def test_a_batch_in_json(sta: Sta) -> None:
    before = counts(sta)
    requests = [
        {"id": "t", "atomicityGroup": "g", "method": "post", "url": "Things", "body": THING},
        {"id": "l", "atomicityGroup": "g", "method": "post", "url": "$t/Locations", "body": LOCATION},
        {"id": "s", "atomicityGroup": "g", "method": "post", "url": "Datastreams",
         "body": {**STREAM, "Thing": {"@iot.id": "$t"}, "Sensor": SENSOR, "ObservedProperty": PROPERTY}},
        {"id": "bad", "atomicityGroup": "h", "method": "post", "url": "Things", "body": THING},
        {"id": "worse", "atomicityGroup": "h", "method": "post", "url": "Things", "body": {}},
        {"id": "r", "method": "get", "url": "Things?$top=1&$select=name"},
        {"id": "n", "method": "get", "url": "/sta/v1.1/Things(9999)"},
    ]  # fmt: skip
    answers = post(sta, "/$batch", {"requests": requests}, 200)["responses"]
    assert [one["status"] for one in answers] == [201, 201, 201, 400, 400, 200, 404]
    assert len(answers[5]["body"]["value"]) == 1
    after = counts(sta)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "Things": 1, "Locations": 1, "Datastreams": 1, "Sensors": 1, "ObservedProperties": 1,
        "HistoricalLocations": 1, "FeaturesOfInterest": 1,
    }  # fmt: skip
    assert (
        sta.json(f"{answers[2]['location'].removeprefix(ROOT)}/Thing/Locations")["value"][0]["name"] == "Pier"
    )
    for wrong in ({}, {"requests": [{"url": 1}]}, {"requests": [{"url": "x", "method": "get"}] * 1001}):
        post(sta, "/$batch", wrong, 400)


def test_a_batch_of_parts(sta: Sta) -> None:
    before = counts(sta)["Things"]

    def part(id_: str, method: str, url: str, document: Any = None) -> str:
        body = "" if document is None else json.dumps(document)
        head = f"Content-Type: application/http\r\nContent-ID: {id_}\r\n\r\n{method} {url} HTTP/1.1\r\n"
        return f"{head}Content-Type: application/json\r\n\r\n{body}\r\n"

    inner = (
        "--c1\r\n"
        + part("1", "POST", "Things", THING)
        + "--c1\r\n"
        + part("2", "POST", "$1/Locations", LOCATION)
        + "--c1--"
    )
    bad = (
        "--c2\r\n"
        + part("3", "POST", "Things", THING)
        + "--c2\r\n"
        + part("4", "POST", "Things", {})
        + "--c2--"
    )
    body = (
        "--b\r\n" + part("0", "GET", "/sta/v1.1/Things?$top=1&$select=name")
        + f"--b\r\nContent-Type: multipart/mixed; boundary=c1\r\n\r\n{inner}\r\n"
        + f"--b\r\nContent-Type: multipart/mixed; boundary=c2\r\n\r\n{bad}\r\n--b--"
    )  # fmt: skip
    found = sta.ask(
        "/$batch", "POST", content=body.encode(), headers={"Content-Type": "multipart/mixed; boundary=b"}
    )
    assert found.status_code == 200, found.text
    assert found.headers["content-type"].startswith("multipart/mixed; boundary=")
    statuses = [line.split()[1] for line in found.text.splitlines() if line.startswith("HTTP/1.1")]
    assert statuses == ["200", "201", "201", "400", "400"]
    assert counts(sta)["Things"] == before + 1
    assert f"Location: {ROOT}/Things(" in found.text
    plain = sta.ask("/$batch", "POST", content=b"x", headers={"Content-Type": "multipart/mixed"})
    assert plain.status_code == 400


def test_who_may_write(own: Node, sta: Sta, app: Any) -> None:
    assert Sta(Client(app)).ask("/Things", "POST", json=THING).status_code == 401
    mixed = [
        {"id": "1", "method": "get", "url": "Things?$top=0"},
        {"id": "2", "method": "post", "url": "Things", "body": THING},
    ]
    told = post(Sta(Client(app)), "/$batch", {"requests": mixed}, 200)["responses"]
    assert [one["status"] for one in told] == [200, 401]
    reader = own.tokens.create("reader", "reader", "coriolis").secret
    assert (
        Sta(Client(app, Authorization=f"Bearer {reader}")).ask("/Things", "POST", json=THING).status_code
        == 403
    )
    editor = Sta(
        Client(app, Authorization=f"Bearer {own.tokens.create('editor', 'editor', 'coriolis').secret}")
    )
    theirs = post(editor, "/Things", whole())
    [record] = [one for one in own.ask(Query(limit=20)).records if one.centre == "coriolis"]
    ours = post(sta, "/Things", THING)
    for method, document in (("PATCH", {"name": "x"}), ("DELETE", None)):
        assert editor.ask(f"/Things({ours['@iot.id']})", method, json=document).status_code == 403
    stream = {**STREAM, "Sensor": SENSOR, "ObservedProperty": PROPERTY}
    assert editor.ask(f"/Things({ours['@iot.id']})/Datastreams", "POST", json=stream).status_code == 403
    post(editor, "/Things", {**THING, "properties": {"dataset": record.id}})
    assert (
        editor.ask("/Things", "POST", json={**THING, "properties": {"dataset": "nothing"}}).status_code == 404
    )
    post(sta, f"/Things({theirs['@iot.id']})/Locations", LOCATION)


def test_a_property_of_all_is_not_changed_by_one(own: Node, sta: Sta, app: Any) -> None:
    store: Any = own._house.series()  # pyright: ignore[reportPrivateUsage]
    [record] = [one for one in own.ask(Query(limit=20)).records if one.centre != "coriolis"][:1]
    store.enter(record.id, streams()[:1])
    [shared] = sta.ids("/ObservedProperties", filter="properties/name eq 'temp'")
    editor = Sta(
        Client(app, Authorization=f"Bearer {own.tokens.create('other', 'editor', 'coriolis').secret}")
    )
    for method, document in (("PATCH", {"name": "x"}), ("DELETE", None)):
        assert editor.ask(f"/ObservedProperties({shared})", method, json=document).status_code == 403
    assert (
        sta.ask(f"/ObservedProperties({shared})", "PATCH", json={"name": "Warmth"}).json()["name"] == "Warmth"
    )
    assert own.observations.datastreams("temp")[0].described.variable.label.variants == (("", "Warmth"),)
