"""Datastreams of one thing and sensor, told together as MultiDatastreams."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import frost_sta_client as fsc
import numpy as np
import pytest

from estran.catalogue.query import Query
from estran.model import Datastream, Sensor, Text, Thing, Variable
from estran.web.app import create_app
from tests.web.client import Client
from tests.web.conftest import feature
from tests.web.sensorthings.conftest import HOUR, START, Sta, rows
from tests.web.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from estran.node import Node

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
MASTS = ("north", "south")
WIND = {"speed": "m s-1", "direction": "degree"}
COUNT = 48


@pytest.fixture(scope="module")
def wind_node(tmp_path_factory: pytest.TempPathFactory, open_node: Callable[..., Node]) -> Iterator[Node]:
    """Two masts with speed and direction of the wind, hourly, of which a direction is missing every fifth hour."""
    folder = tmp_path_factory.mktemp("wind")
    with open_node(folder / "node") as node:
        (folder / "record.json").write_text(json.dumps(feature("masts", "Masts")), "utf-8")
        node.load(folder / "record.json", visibility="public")
        store: Any = node._house.series()  # pyright: ignore[reportPrivateUsage]
        [record] = node.ask(Query(limit=1)).records
        streams: list[Datastream] = []
        for n, key in enumerate(MASTS):
            thing = Thing(key=key, name=Text.of(key.title()), longitude=1.0 + n, latitude=44.0)
            sensor = Sensor(key=f"{key}-sonic", name=Text.of("Sonic"))
            streams += [
                Datastream(
                    key=f"{key}/{name}",
                    thing=thing,
                    sensor=sensor,
                    flags="qartod",
                    variable=Variable(name=name, label=Text.of(name.title()), unit=unit),
                )
                for name, unit in WIND.items()
            ]
            streams.append(
                Datastream(key=f"{key}/rain", thing=thing, variable=Variable(name="rain", unit="mm"))
            )
        numbers, _ = store.enter(record.id, streams)
        for n, key in enumerate(MASTS):
            time = START + np.arange(COUNT) * HOUR
            store.put(rows(numbers[f"{key}/speed"], time, value=np.arange(COUNT) / 2 + n, flag=["1"] * COUNT))
            some = time[np.arange(COUNT) % 5 != 0]
            store.put(rows(numbers[f"{key}/direction"], some, value=np.arange(len(some)) * 7.0))
            store.put(rows(numbers[f"{key}/rain"], time[:2], value=[0.0, 1.0]))
            if n:
                store.settle()
        yield node


@pytest.fixture(scope="module")
def sta(wind_node: Node) -> Sta:
    return Sta(Client(create_app(wind_node)))


def test_what_they_are(sta: Sta) -> None:
    listed = sta.values("/MultiDatastreams", expand="Thing,Sensor,ObservedProperties")
    assert [one["name"] for one in listed] == [f"Speed, Direction at {key.title()}" for key in MASTS]
    for one, key in zip(listed, MASTS, strict=True):
        assert (one["Thing"]["name"], one["Sensor"]["name"]) == (key.title(), "Sonic")
        assert [held["name"] for held in one["ObservedProperties"]] == ["Speed", "Direction"]
        assert [unit["symbol"] for unit in one["unitOfMeasurements"]] == list(WIND.values())
        assert one["observationType"].endswith("OM_ComplexObservation")
        assert all(kind.endswith("OM_Measurement") for kind in one["multiObservationDataTypes"])
        members = sta.values(
            "/Datastreams", filter=f"id in ({','.join(map(str, one['properties']['datastreams']))})"
        )
        assert [held["name"] for held in members] == [f"{name.title()} at {key.title()}" for name in WIND]
        assert one["phenomenonTime"] == members[0]["phenomenonTime"]
        assert sta.json(f"/MultiDatastreams({one['@iot.id']})")["name"] == one["name"]
        # From the others to them.
        for kind, entity in (("Things", one["Thing"]), ("Sensors", one["Sensor"])):
            assert sta.ids(f"/{kind}({entity['@iot.id']})/MultiDatastreams") == [one["@iot.id"]]
    property_ = listed[0]["ObservedProperties"][1]["@iot.id"]
    ids = [one["@iot.id"] for one in listed]
    assert sta.ids(f"/ObservedProperties({property_})/MultiDatastreams") == ids
    things = sta.values("/Things", expand="MultiDatastreams($select=id;$count=true)")
    assert [[held["@iot.id"] for held in one["MultiDatastreams"]] for one in things] == [[n] for n in ids]
    assert [one["MultiDatastreams@iot.count"] for one in things] == [1, 1]


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ("contains(name,'South')", ["south"]),
        ("Thing/name eq 'North'", ["north"]),
        ("ObservedProperties/name eq 'Direction' and Sensor/name eq 'Sonic'", ["north", "south"]),
        ("ObservedProperties/name eq 'rain'", []),
        ("phenomenonTime lt 2020-01-01T12:00:00Z or not (Thing/name eq 'North')", ["south"]),
        ("id gt 1", ["south"]),
    ],
)
def test_filters(sta: Sta, filter_: str, found: list[str]) -> None:
    listed = sta.json("/MultiDatastreams", filter=filter_, count="true")
    assert [one["name"].rpartition(" at ")[2].lower() for one in listed["value"]] == found
    assert listed["@iot.count"] == len(found)


def test_order_and_pages(sta: Sta) -> None:
    ids = sta.ids("/MultiDatastreams")
    assert sta.ids("/MultiDatastreams", orderby="name desc") == ids[::-1]
    first = sta.json("/MultiDatastreams", top="1")
    assert sta.client.ask("GET", first["@iot.nextLink"]).json()["value"][0]["@iot.id"] == ids[1]


def test_their_observations(sta: Sta) -> None:
    for number in sta.ids("/MultiDatastreams"):
        home = f"/MultiDatastreams({number})/Observations"
        members = sta.json(f"/MultiDatastreams({number})")["properties"]["datastreams"]
        single = [
            {one["phenomenonTime"]: one for one in sta.values(f"/Datastreams({n})/Observations")}
            for n in members
        ]
        expected = [
            (
                time,
                [held[time]["result"] if time in held else None for held in single],
                [held[time]["resultQuality"] if time in held else None for held in single],
            )
            for time in sorted({time for held in single for time in held})
        ]
        found = sta.values(home, top="1000")
        assert [(one["phenomenonTime"], one["result"], one["resultQuality"]) for one in found] == expected
        assert sta.json(home, count="true", top="0")["@iot.count"] == COUNT
        # Pages lead through all of them, both ways.
        for order, whole in (("phenomenonTime asc", expected), ("phenomenonTime desc", expected[::-1])):
            page, walked = sta.json(home, orderby=order, top="20"), []
            while True:
                walked += [one["phenomenonTime"] for one in page["value"]]
                if "@iot.nextLink" not in page:
                    break
                page = sta.client.ask("GET", page["@iot.nextLink"]).json()
            assert walked == [one[0] for one in whole]
        after = sta.values(home, filter="phenomenonTime ge 2020-01-02T00:00:00Z and result[1] gt 200")
        assert [one["phenomenonTime"] for one in after] == [
            time
            for time, result, _ in expected
            if time >= "2020-01-02" and result[1] is not None and result[1] > 200
        ]
        one = sta.json(f"/Observations({found[7]['@iot.id']})", expand="MultiDatastream,FeatureOfInterest")
        assert (one["result"], one["MultiDatastream"]["@iot.id"]) == (found[7]["result"], number)
        assert one["FeatureOfInterest"]["name"] in {key.title() for key in MASTS}
        assert "Datastream@iot.navigationLink" not in one
        newest = sta.json(
            f"/MultiDatastreams({number})", expand="Observations($orderby=phenomenonTime desc;$top=1)"
        )["Observations"]
        assert [held["result"] for held in newest] == [expected[-1][1]]


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("/MultiDatastreams(99)", {}, 404),
        ("/MultiDatastreams(3)", {}, 404),
        (f"/Observations({2**52 + 3 * 2**32 + 1})", {}, 404),
        ("/MultiDatastreams", {"$filter": "Observations/result gt 1"}, 400),
        ("/Things", {"$filter": "MultiDatastreams/name eq 'x'"}, 400),
        ("/Observations", {"$filter": "MultiDatastream/name eq 'x'"}, 400),
        ("/Observations", {"$filter": "result[0] eq 1"}, 400),
        ("/MultiDatastreams(1)/Observations", {"$orderby": "result"}, 400),
        ("/MultiDatastreams(1)/Observations", {"$filter": "resultTime gt now()"}, 400),
        ("/MultiDatastreams(1)/Observations", {"$resultFormat": "dataArray"}, 400),
    ],
)
def test_what_is_not_there_or_not_offered(sta: Sta, path: str, options: dict[str, str], status: int) -> None:
    assert sta.ask(path, params=options or None).status_code == status


def test_nobody_writes_them(wind_node: Node) -> None:
    secret = wind_node.tokens.create("writer", "operator").secret
    writer = Client(create_app(wind_node), Authorization=f"Bearer {secret}")
    for method, path, status in (
        ("POST", "/MultiDatastreams", 501), ("PATCH", "/MultiDatastreams(1)", 501), ("DELETE", "/MultiDatastreams(1)", 501),
        ("POST", "/MultiDatastreams(1)/Observations", 501),
    ):  # fmt: skip
        found = writer.ask(method, f"/sta/v1.1{path}", json={"name": "a"})
        assert (found.status_code, "made of Datastreams" in found.text) == (status, True)
    thing = {"name": "a", "description": "b", "MultiDatastreams": [{"name": "c"}]}
    assert writer.ask("POST", "/sta/v1.1/Things", json=thing).status_code == 400


def test_the_client_of_frost_reads_them(wind_node: Node) -> None:
    if not wind_node.settings.storage.database.startswith("postgresql"):
        with serving(wind_node.folder) as (base, _):
            service = fsc.SensorThingsService(f"{base}/sta/v1.1")
            found: Any = service.multi_datastreams().query().expand("Thing,ObservedProperties").list()
            assert [(one.name, len(one.unit_of_measurements)) for one in found] == [
                (f"Speed, Direction at {key.title()}", 2) for key in MASTS
            ]
            one = service.multi_datastreams().find(found.entities[0].id)
            results = one.get_observations().query().top(5).list()
            assert results.entities[1].result == [0.5, 0.0]
