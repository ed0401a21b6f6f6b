"""Reading as SensorThings 1.1 has it: addresses, options, pages, other forms, refusals."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from estran.access import ANYONE
from estran.observations import observing
from estran.observations.entities import KINDS
from tests.web.sensorthings.conftest import DAY, HOUR, START, STATIONS, rows

if TYPE_CHECKING:
    from estran.node import Node
    from tests.web.sensorthings.conftest import Sta

ROOT = "http://node.example/sta/v1.1"


def test_the_root_names_the_sets_and_no_more(sta: Sta) -> None:
    found = sta.json("")
    assert {one["name"]: one["url"] for one in found["value"]} == {name: f"{ROOT}/{name}" for name in KINDS}
    assert len(KINDS) == 9
    assert any(uri.endswith("/datamodel") for uri in found["serverSettings"]["conformance"])


@pytest.mark.parametrize("kind", KINDS)
def test_an_entity_has_its_id_links_and_properties(sta: Sta, kind: str) -> None:
    if kind in {"HistoricalLocations", "MultiDatastreams"}:
        assert sta.values(f"/{kind}") == []
        return
    one = sta.values(f"/{kind}", top="1")[0]
    assert one["@iot.selfLink"] == f"{ROOT}/{kind}({one['@iot.id']})"
    assert isinstance(one["@iot.id"], int)
    assert sta.json(f"/{kind}({one['@iot.id']})") == one
    for link, (target, many) in KINDS[kind].links.items():
        if link == "MultiDatastream":
            assert f"{link}@iot.navigationLink" not in one
            continue
        address = one[f"{link}@iot.navigationLink"]
        assert address == f"{one['@iot.selfLink']}/{link}"
        behind = sta.json(address.removeprefix(ROOT))
        assert ("value" in behind) == many
        if not many:
            assert behind["@iot.selfLink"].startswith(f"{ROOT}/{target}(")
    for name in KINDS[kind].properties:
        assert sta.ask(f"/{kind}({one['@iot.id']})/{name}").status_code == (
            200 if one.get(name) is not None or name == "id" else 204
        )


def test_addresses_go_deep(sta: Sta) -> None:
    [datastream] = sta.ids("/Datastreams", filter="name eq 'Temperature at Sète'")
    thing = sta.json(f"/Datastreams({datastream})/Thing")["@iot.id"]
    observation = sta.ids(f"/Things({thing})/Datastreams({datastream})/Observations", top="1")[0]
    deep = f"/Things({thing})/Datastreams({datastream})/Observations({observation})/FeatureOfInterest"
    assert sta.json(deep)["name"] == "Sète"
    assert sta.json(f"{deep}/feature") == {"feature": {"type": "Point", "coordinates": [3.7, 43.4]}}
    assert sta.ask(f"{deep}/name/$value").text == "Sète"
    assert sta.json(f"/Datastreams({datastream})/unitOfMeasurement/symbol") == {"symbol": "degC"}
    links = sta.json(f"/Things({thing})/Datastreams/$ref", count="true")
    assert links["@iot.count"] == 2
    assert {"@iot.selfLink": f"{ROOT}/Datastreams({datastream})"} in links["value"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/Nothing", 404), ("/Things(99)", 404), ("/Things(9223372036854775807)", 404), ("/Things('a')", 404),
        ("/Things(99999999999999999999999)", 404), ("/Things(-1)", 404), ("/Things(1)/Nothing", 404),
        ("/Things(1)/Datastreams(99)", 404), ("/Things(1)/Datastreams(8)", 404), ("/Things/Datastreams", 404),
        ("/Observations(4294967295)", 404), ("/Observations(4294967999)", 404), ("/Things(1)/properties/depth", 200),
        ("/Things(1)/properties/nothing", 404), ("/Things(1)/name/$ref", 404), ("/Things(1", 404),
        ("/Things?$apply=x", 501), ("/Things?$format=xml", 501), ("/Things?$resultFormat=xml", 501),
        ("/Things?$resultFormat=dataArray", 501), ("/Things?colour=red", 400), ("/Things?$count=1", 400),
        ("/Things?$top=-1", 400), ("/Things?$top=a", 400), ("/Things?$top=1&$top=2", 400), ("/Things?$skip=x", 400),
        ("/Things?$select=depth", 400), ("/Things?$orderby=depth", 400), ("/Things?$expand=Sensors", 400),
        ("/Things?$expand=Datastreams($top=1", 400), ("/Things?$expand=Datastreams($nothing=1)", 501),
        ("/Things?$skiptoken=abc", 400), ("/Things?$skiptoken=W10", 400), ("/Things?$skiptoken=WzEsMiwzXQ", 400),
        ("/Observations?$skiptoken=WyJhIiwiYiIsImMiXQ", 400), ("/Things(1)?$top=1", 400),
        ("/Observations?$resultFormat=dataArray&$expand=Datastream", 501),
        ("/Observations?$resultFormat=dataArray&$filter=result gt 2020-01-01", 400), ("/Observations?$resultFormat=csv&$filter=result", 400), ("/Observations?$top=0&$skip=300000", 200),
        ("/Observations?$skip=300000", 400), ("/Observations?$decimate=10", 400),
        ("/Datastreams(1)/Observations?$decimate=1", 400), ("/Datastreams(1)/Observations?$decimate=99999", 400),
    ],
)  # fmt: skip
def test_what_is_not_there_or_cannot_be_done_is_said(sta: Sta, path: str, status: int) -> None:
    found = sta.ask(path)
    assert found.status_code == status, found.text
    if status >= 400:
        assert found.json()["detail"]


def test_expansions_that_never_end_are_refused(sta: Sta) -> None:
    deep = "Datastreams"
    for link in ("Thing", "Datastreams") * 5:
        deep = f"{link}($expand={deep})" if deep.startswith(("T", "D")) else deep
    deep = "Datastreams($expand=Thing($expand=" * 5 + "Locations" + "))" * 5
    assert "deeper than" in sta.ask("/Things", params={"$expand": deep}).json()["detail"]
    wide = "Datastreams($expand=Thing,Sensor,ObservedProperty,Observations),Locations,HistoricalLocations"
    wide = f"Datastreams($expand=Thing($expand={wide}),Observations($expand=Datastream($expand=Thing($expand={wide}))))"
    wide += f",Locations($expand=Things($expand={wide}))"
    assert "links are expanded" in sta.ask("/Things", params={"$expand": wide}).json()["detail"]


def test_pages_follow_each_other_to_the_end(sta: Sta) -> None:
    for path, options in (
        ("/Datastreams", {"orderby": "name desc"}),
        ("/Datastreams", {"orderby": "Thing/name,unitOfMeasurement/name desc"}),
        ("/Datastreams", {"orderby": "properties/flags,phenomenonTime desc"}),
        ("/Observations", {}),
        ("/Observations", {"orderby": "phenomenonTime"}),
        ("/Observations", {"orderby": "phenomenonTime desc", "filter": "result ne null"}),
        ("/Observations", {"orderby": "result desc,id"}),
    ):
        whole = sta.ids(path, top="1000", **options)
        assert len(set(whole)) == len(whole) > 5
        page = sta.json(path, top="7", select="id", **options)
        found = page["value"]
        while "@iot.nextLink" in page:
            assert len(page["value"]) == 7
            page = sta.json(page["@iot.nextLink"].removeprefix(ROOT))
            found += page["value"]
        assert [one["@iot.id"] for one in found] == whole, (path, options)
        assert sta.ids(path, top="3", skip="4", **options) == whole[4:7]


def test_orders(sta: Sta) -> None:
    names = [one["name"] for one in sta.values("/Things", orderby="name desc")]
    assert names == sorted((name for _, name, *_ in STATIONS), reverse=True)
    depths = [one["properties"].get("depth") for one in sta.values("/Things", orderby="properties/depth asc")]
    assert depths == [None, None, None, "12"]
    assert sta.values("/Things", orderby="properties/depth desc")[0]["properties"]["depth"] == "12"
    times = [
        one["phenomenonTime"]
        for one in sta.values("/Observations", orderby="phenomenonTime desc", top="1000")
    ]
    assert times == sorted(times, reverse=True)
    results = [one["result"] for one in sta.values("/Datastreams(1)/Observations", orderby="result")]
    assert results[0] is None
    assert results[1:] == sorted(results[1:])


def test_selecting_and_counting(sta: Sta) -> None:
    assert sta.values("/Things", select="name,Locations", top="1") == [
        {"name": "Brest", "Locations@iot.navigationLink": f"{ROOT}/Things(1)/Locations"}
    ]
    assert sta.values("/Things", select="id", top="1") == [{"@iot.id": 1}]
    found = sta.json("/Things", count="true", filter="id gt 1", top="1")
    assert (found["@iot.count"], len(found["value"])) == (3, 1)
    assert "@iot.count" not in sta.json("/Things", count="false")
    assert sta.json("/Things", top="0", count="true") == {"@iot.count": 4, "value": []}
    assert sta.json("/Datastreams(1)/Observations", count="true", top="1")["@iot.count"] == 24


def test_what_is_expanded_is_what_its_link_leads_to(sta: Sta) -> None:
    found = sta.values(
        "/Things",
        expand="Datastreams($orderby=id desc;$expand=Observations($orderby=phenomenonTime desc;$top=2;$count=true),Sensor"
        ";$count=true),Locations($select=location)",
    )
    for thing in found:
        assert thing["Datastreams@iot.count"] == 2
        assert [d["@iot.id"] for d in thing["Datastreams"]] == sta.ids(
            f"/Things({thing['@iot.id']})/Datastreams", orderby="id desc"
        )
        for stream in thing["Datastreams"]:
            home = f"/Datastreams({stream['@iot.id']})"
            assert stream["Observations"] == sta.values(
                f"{home}/Observations", orderby="phenomenonTime desc", top="2"
            )
            assert stream["Observations@iot.count"] == (24 if "Temp" in stream["name"] else 4)
            following = stream["Observations@iot.nextLink"].removeprefix(ROOT)
            assert (
                sta.json(following)["value"][0]["phenomenonTime"]
                < stream["Observations"][1]["phenomenonTime"]
            )
            assert stream["Sensor"] == sta.json(f"{home}/Sensor")
    assert [len(thing["Locations"]) for thing in found] == [1, 1, 1, 0]
    newest = sta.values("/Datastreams", expand="Observations($orderby=phenomenonTime desc;$top=1)")
    for stream in newest:
        [one] = stream["Observations"]
        assert one == sta.json(f"/Observations({one['@iot.id']})")
        assert one["phenomenonTime"].partition("/")[0] == stream["phenomenonTime"].partition("/")[2]
    assert sta.values("/Things", expand="Datastreams/Sensor,Datastreams/ObservedProperty") == sta.values(
        "/Things", expand="Datastreams($expand=Sensor,ObservedProperty)"
    )
    one = sta.json("/Observations(4294967297)", expand="Datastream/Thing,FeatureOfInterest")
    assert one["Datastream"]["Thing"]["name"] == one["FeatureOfInterest"]["name"] == "Brest"


def test_what_moves_has_a_feature_for_each_place(sta: Sta) -> None:
    [stream] = sta.ids("/Datastreams", filter="name eq 'Temperature at Float 69'")
    found = sta.values(f"/Datastreams({stream})/Observations", expand="FeatureOfInterest", top="2")
    for n, one in enumerate(found):
        place = one["FeatureOfInterest"]
        assert place["feature"]["coordinates"] == [-20 + n, 40 + n / 4]
        assert place["@iot.id"] == one["@iot.id"]
        assert sta.ids(f"/FeaturesOfInterest({place['@iot.id']})/Observations") == [one["@iot.id"]]


def test_data_arrays_csv_and_pages_say_the_same(sta: Sta) -> None:
    pages = sta.values("/Observations", top="1000", expand="Datastream")
    told = [(one["@iot.id"], one["phenomenonTime"], one["result"]) for one in pages]
    found = sta.json(
        "/Observations",
        resultFormat="dataArray",
        count="true",
        select="id,phenomenonTime,result,resultQuality",
    )
    assert found["@iot.count"] == len(pages) == sum(part["dataArray@iot.count"] for part in found["value"])
    arrays = [row for part in found["value"] for row in part["dataArray"]]
    assert [tuple(row[:3]) for row in arrays] == told
    assert [row[3] for row in arrays] == [one["resultQuality"] for one in pages]
    assert {one["resultQuality"]["quality"] for one in pages} == {1, 2, 3, 4, 9}
    assert [part["Datastream@iot.navigationLink"] for part in found["value"]] == [
        f"{ROOT}/Datastreams({n})" for n in range(1, 9)
    ]
    text = sta.ask("/Observations", params={"$resultFormat": "csv"})
    assert text.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(text.text)))
    assert [(int(line["id"]), line["phenomenonTime"]) for line in lines] == [one[:2] for one in told]
    assert [int(line["Datastream/id"]) for line in lines] == [one["Datastream"]["@iot.id"] for one in pages]
    assert [(line["resultQuality/flag"], int(line["resultQuality/quality"])) for line in lines] == [
        (one["resultQuality"].get("flag", ""), one["resultQuality"]["quality"]) for one in pages
    ]
    assert [line["result"] for line in lines] == ["" if one is None else str(one) for _, _, one in told]
    said = sta.json("/Observations", resultFormat="dataArray", select="parameters,validTime")
    assert [row for part in said["value"] for row in part["dataArray"]] == [
        [one.get("parameters"), one.get("validTime")] for one in pages
    ]
    places = sta.json("/Observations", resultFormat="GeoJSON", top="1000")["features"]
    assert [one["properties"]["resultQuality/quality"] for one in places] == [
        one["resultQuality"]["quality"] for one in pages
    ]
    some = sta.json("/Observations", resultFormat="dataArray", top="30", skip="20", select="id")
    assert [row for part in some["value"] for row in part["dataArray"]] == [[one[0]] for one in told[20:50]]
    newest = sta.json(
        "/Datastreams(1)/Observations", resultFormat="dataArray", orderby="phenomenonTime desc", select="id"
    )
    assert newest["value"][0]["dataArray"] == [[one[0]] for one in told[:24]][::-1]
    assert sta.json("/Observations", resultFormat="dataArray", filter="id eq 0") == {"value": []}


def test_the_newest_of_many_is_what_pages_say(sta: Sta) -> None:
    inner = "Observations($orderby=phenomenonTime desc;$top=1;$select=id,phenomenonTime,resultTime,result)"
    for filter_ in ("", "startswith(name,'Temperature')"):
        asked = {"filter": filter_} if filter_ else {}
        quick = sta.json("/Datastreams", select="id,name", expand=inner, **asked)
        slow = sta.json("/Datastreams", select="id,name,description", expand=inner, **asked)
        assert quick == {
            "value": [{k: v for k, v in one.items() if k != "description"} for one in slow["value"]]
        }
    assert {len(one["Observations"]) for one in quick["value"]} == {1}
    first = sta.json("/Datastreams", select="name", expand=inner, top="3")
    rest = sta.client.ask("GET", first["@iot.nextLink"]).json()
    listed = sta.values("/Datastreams", select="name", expand=inner)
    assert first["value"] + rest["value"] == listed[: len(first["value"] + rest["value"])]
    assert len(rest["value"]) == 3


def test_geojson_and_tables_of_entities(sta: Sta) -> None:
    found = sta.json("/Things", resultFormat="GeoJSON", expand="Locations", top="2")
    assert [one["geometry"] for one in found["features"]] == [
        {"type": "Point", "coordinates": list(at)} for _, _, *at, _ in STATIONS[:2]
    ]
    assert found["features"][0]["properties"]["properties/kind"] == "tide gauge"
    assert "@iot.nextLink" in found
    lines = list(csv.DictReader(io.StringIO(sta.ask("/Things", params={"$resultFormat": "csv"}).text)))
    assert [line["properties/depth"] for line in lines] == ["12", "", "", ""]


def test_what_one_may_not_see_is_not_there(sta_node: Node, sta: Sta) -> None:
    store: Any = sta_node._house.series()  # pyright: ignore[reportPrivateUsage]
    from tests.web.sensorthings.conftest import streams  # noqa: PLC0415

    numbers, _ = store.enter("no-such-record", streams()[:1])
    [number] = numbers.values()
    store.put(rows(number, [START, START + HOUR], value=[1.0, 2.0]))
    theirs = sta_node.acting_as(ANYONE).observations.sensing
    for path in (
        f"/Datastreams({number})",
        f"/Datastreams({number})/Observations",
        f"/Observations({number * 2**32 + 1})",
    ):
        assert sta.ask(path).status_code == 404
    assert number not in sta.ids("/Datastreams")
    assert sta.ids("/Datastreams", filter=f"id eq {number}") == []
    assert sta.values("/Observations", filter="result lt 5") == []
    assert sta.ids("/ObservedProperties", filter="Datastreams/id eq 9") == []
    assert theirs.count.__self__ is theirs
    assert sta.json("/Observations", count="true", top="0")["@iot.count"] == 112


def test_a_long_series_is_thinned(sta_node: Node, sta: Sta) -> None:
    store: Any = sta_node._house.series()  # pyright: ignore[reportPrivateUsage]
    [record] = [one for one in store.datasets() if one != "no-such-record"]
    from dataclasses import replace  # noqa: PLC0415

    from tests.web.sensorthings.conftest import streams  # noqa: PLC0415

    numbers, _ = store.enter(record, [replace(streams()[0], key="long")])
    [number] = numbers.values()
    count = 4000
    store.put(
        rows(
            number, [START + n * DAY // 24 for n in range(count)], value=[float(n % 97) for n in range(count)]
        )
    )
    found = sta.json(f"/Datastreams({number})/Observations", decimate="100")["value"]
    assert len(found) == 100
    assert {one["result"] for one in found} >= {0.0, 96.0}
    assert sum(one["parameters"]["count"] for one in found) == 2 * count
    assert found[0]["phenomenonTime"].startswith("2020-01-01T00:00:00Z/")
    narrowed = sta.json(
        f"/Datastreams({number})/Observations", decimate="10", filter="phenomenonTime lt 2020-01-03T00:00:00Z"
    )["value"]
    assert sum(one["parameters"]["count"] for one in narrowed) == 2 * 48
    assert "@iot.id" in sta.values("/Datastreams(1)/Observations", decimate="100")[0]


def test_a_question_that_takes_too_long_is_refused(sta: Sta, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observing, "_PATIENCE_S", -1.0)
    for options in (
        {"$filter": "result gt 1"},
        {"$orderby": "result"},
        {"$filter": "result gt 1", "$count": "true", "$top": "0"},
    ):
        assert "takes too long" in sta.ask("/Observations", params=options).json()["detail"]
    assert (
        "takes too long"
        in sta.ask("/Things", params={"$filter": "Datastreams/Observations/result gt 1"}).json()["detail"]
    )
    # What is passed on as it comes may take its time.
    assert sta.json("/Observations", resultFormat="dataArray", filter="result gt 1")["value"]
