"""What the test suite of SensorThings 1.0 and FROST's own tests ask of a service, asked of all kinds of entities.

| Requirement of the suite | Where it is asked |
|---|---|
| A.1 root: sets, addresses, conformance | test_reading.test_the_root_names_the_sets_and_no_more |
| A.1 sets and entities: control information, properties | test_reading.test_an_entity_has_its_id_links_and_properties |
| A.1 one that is not there is 404, also 2^63 - 1 | test_reading.test_what_is_not_there_or_cannot_be_done_is_said |
| A.1 a property, its $value, 204 for null | test_reading.test_an_entity_has_…, test_addresses_go_deep |
| A.1 resource paths of four steps, $ref | here test_paths_of_four_steps |
| A.2 entities, deep inserts, nothing left of what fails | test_writing.test_a_tree_is_made_as_a_whole, test_of_what_fails_nothing_is_left |
| A.2 an observation needs a feature or a location | test_writing.test_an_observation_needs_a_place |
| A.3 PATCH, what may not be patched, moving a thing | test_writing.test_changing |
| A.3 DELETE with what hangs on it, of what is not there | test_writing.test_removing_takes_what_hangs_on_it |
| filtering: $select, $expand | here test_selecting, test_expanding |
| filtering: $top, $skip, @iot.nextLink, $count | here test_pages, test_reading.test_pages_follow_each_other_to_the_end |
| filtering: $orderby, nothing before something | here test_orders |
| filtering: $filter on each property, its functions | here test_filters, test_filter |
| filtering: priority of the options | here test_the_options_have_their_order |
| data arrays, CreateObservations | here test_data_arrays_have_pages, test_reading.test_data_arrays_…, test_writing.test_many_… |
| batch requests | test_writing.test_a_batch_in_json, test_a_batch_of_parts |
| MultiDatastreams | test_multi |
| MQTT | test_publishing, test_telling |
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import pytest
from shapely.geometry import shape
from sqlalchemy import event
from sqlalchemy.engine import Engine

from estran.observations.entities import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.sensorthings.conftest import Sta

ROOT = "http://node.example/sta/v1.1"
HAVING = [name for name in KINDS if name not in {"HistoricalLocations", "MultiDatastreams"}]
OPERATORS = {"lt": operator.lt, "le": operator.le, "eq": operator.eq, "ge": operator.ge, "gt": operator.gt}


def links(kind: str) -> Iterator[tuple[str, str, bool]]:
    """Links that lead somewhere on this node: name, set, whether to several."""
    for name, (target, many) in KINDS[kind].links.items():
        if target in HAVING:
            yield name, target, many


def compared(kind: str) -> list[str]:
    return [name for name, type_ in KINDS[kind].properties.items() if type_ in {"id", "text"}]


def value(one: dict[str, Any], name: str) -> Any:
    return one["@iot.id" if name == "id" else name]


@pytest.mark.parametrize("kind", HAVING)
def test_paths_of_four_steps(sta: Sta, kind: str) -> None:
    first = sta.ids(f"/{kind}", top="1")[0]
    for name, target, many in links(kind):
        home = f"/{kind}({first})/{name}"
        whole = sta.json(home)
        listed = sta.json(f"{home}/$ref")
        if not many:
            assert listed == {"@iot.selfLink": whole["@iot.selfLink"]}
            second = home
        else:
            assert [one["@iot.selfLink"] for one in listed["value"]] == [
                one["@iot.selfLink"] for one in whole["value"]
            ]
            second = f"{home}({whole['value'][0]['@iot.id']})"
        one = sta.json(second)
        assert one["@iot.selfLink"] == f"{ROOT}/{target}({one['@iot.id']})"
        for third, _, several in links(target):
            found = sta.json(f"{second}/{third}")
            if not several:
                assert sta.json(f"{second}/{third}/id") == {"id": found["@iot.id"]}
                continue
            deep = f"{second}/{third}({found['value'][0]['@iot.id']})"
            assert sta.json(f"{deep}/id/$value") == found["value"][0]["@iot.id"]
            assert sta.ask(f"{second}/{third}({2**63 - 1})").status_code == 404


@pytest.mark.parametrize("kind", HAVING)
def test_selecting(sta: Sta, kind: str) -> None:
    for name in KINDS[kind].properties:
        key = "@iot.id" if name == "id" else name
        assert all(set(one) <= {key} for one in sta.values(f"/{kind}", select=name, top="3"))
    for name, _, _ in links(kind):
        found = sta.values(f"/{kind}", select=name, top="3")
        assert all(set(one) <= {f"{name}@iot.navigationLink"} for one in found)


@pytest.mark.parametrize("kind", HAVING)
def test_expanding(sta: Sta, kind: str) -> None:
    for name, target, _ in links(kind):
        for further, _, _ in links(target):
            [one] = sta.values(f"/{kind}", top="1", expand=f"{name}($top=2;$expand={further}($top=1))")
            inner = one[name] if isinstance(one[name], list) else [one[name]]
            plain = sta.json(f"/{kind}({one['@iot.id']})/{name}")
            listed = plain["value"][:2] if "value" in plain else [plain]
            assert [held["@iot.id"] for held in inner] == [held["@iot.id"] for held in listed]
            assert all(further in held and f"{further}@iot.navigationLink" not in held for held in inner)


@pytest.mark.parametrize("kind", HAVING)
def test_pages(sta: Sta, kind: str) -> None:
    everything = sta.ids(f"/{kind}", top="1000")
    first = sta.json(f"/{kind}", top="1", count="true", select="id")
    assert (first["@iot.count"], "@iot.nextLink" in first) == (len(everything), len(everything) > 1)
    assert "@iot.nextLink" not in sta.json(f"/{kind}", top=str(len(everything)))
    assert sta.ids(f"/{kind}", skip="1", top="2") == everything[1:3]
    assert sta.ids(f"/{kind}", skip=str(len(everything))) == []


@pytest.mark.parametrize("kind", HAVING)
def test_orders(sta: Sta, kind: str) -> None:
    for name in compared(kind):
        for direction in ("asc", "desc"):
            found = [
                value(one, name) for one in sta.values(f"/{kind}", orderby=f"{name} {direction}", top="1000")
            ]
            assert found == sorted(found, reverse=direction == "desc"), (name, direction)


@pytest.mark.parametrize("kind", HAVING)
def test_filters(sta: Sta, kind: str) -> None:
    everything = sta.values(f"/{kind}", top="1000")
    for name in compared(kind):
        middle = value(everything[len(everything) // 2], name)
        literal = str(middle) if isinstance(middle, int) else "'{}'".format(middle.replace("'", "''"))
        for word, holds in OPERATORS.items():
            found = sta.ids(f"/{kind}", filter=f"{name} {word} {literal}", top="1000")
            assert found == [one["@iot.id"] for one in everything if holds(value(one, name), middle)], (
                name,
                word,
            )


def test_orders_of_what_lies_within(sta: Sta) -> None:
    stream = sta.ids("/Datastreams", filter="name eq 'Temperature at Nice'")[0]
    here = f"/Datastreams({stream})/Observations"
    depths = [one["parameters"]["depth"] for one in sta.values(here, orderby="parameters/depth desc")]
    assert depths == [n / 2 for n in reversed(range(24))]
    some = sta.values(here, orderby="parameters/operator,parameters/depth")
    told = [one["parameters"].get("operator") for one in some]
    # Nothing, then words, then numbers, as entities are sorted.
    assert told == sorted(told, key=lambda one: (one is not None, isinstance(one, int), str(one)))
    assert {None, 7, "Ann"} == set(told)
    qualities = [
        one["resultQuality"]["quality"]
        for one in sta.values("/Observations", orderby="resultQuality/quality")
    ]
    assert qualities == sorted(qualities)
    names = [
        one["unitOfMeasurement"]["symbol"]
        for one in sta.values("/Datastreams", orderby="unitOfMeasurement/symbol desc")
    ]
    assert names == ["degC"] * 4 + [None] * 4
    streams = sta.values("/Datastreams", orderby="Thing/properties/kind,Thing/name desc", expand="Thing")
    keys = [(one["Thing"]["properties"].get("kind", ""), one["Thing"]["name"]) for one in streams]
    assert [kind for kind, _ in keys] == sorted(kind for kind, _ in keys)
    assert [name for _, name in keys][-4:] == ["Sète", "Sète", "Brest", "Brest"]
    times = [one["phenomenonTime"] for one in sta.values("/Datastreams", orderby="phenomenonTime desc")]
    assert times == sorted(times, reverse=True)


def test_where_datastreams_were_observed(sta: Sta) -> None:
    found = {one["name"]: one.get("observedArea") for one in sta.values("/Datastreams")}
    assert found["Temperature at Brest"] == {"type": "Point", "coordinates": [-4.5, 48.4]}
    moved = found["Temperature at Float 69"]
    assert shape(moved).bounds == (-20, 40, 3, 45.75), "the places of its observations"
    assert sta.json("/Things(1)", expand="Datastreams")["Datastreams"][0]["observedArea"]["type"] == "Point"
    assert sta.ask("/Datastreams(8)/observedArea").status_code == 204, "no place is told of it"
    for condition, count in (
        ("st_within(observedArea, geography'POLYGON((-5 48, -4 48, -4 49, -5 49, -5 48))')", 2),
        ("observedArea/type eq 'Point'", 6),
        ("observedArea ne null", 7),
        ("observedArea eq null and startswith(name, 'T')", 0),
        ("st_contains(observedArea, geography'POINT(-10 44)')", 1),
        ("not (geo.distance(observedArea, geography'POINT(7.3 43.7)') gt 1)", 3),
    ):
        assert sta.json("/Datastreams", filter=condition, count="true")["@iot.count"] == count, condition
    assert sta.json("/Things", filter="st_equals(Datastreams/observedArea, geography'POINT(3.7 43.4)')")[
        "value"
    ]
    places = sta.json("/Datastreams", resultFormat="GeoJSON")["features"]
    assert sum(one["geometry"] is not None for one in places) == 7
    # However many stand on a page, they are asked for together.
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        counts: list[int] = []
        for top in ("1", "8"):
            asked.clear()
            assert len(sta.values("/Datastreams", top=top)) == int(top)
            counts.append(len(asked))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert counts[0] == counts[1]


def test_when_results_of_datastreams_came(sta: Sta) -> None:
    listed = sta.values("/Datastreams", orderby="resultTime desc")
    told = [one.get("resultTime") for one in listed]
    assert told[:4] == [f"2020-01-0{n}T01:00:00Z/2020-01-0{n}T04:00:00Z" for n in (4, 3, 2, 1)]
    assert told[4:] == [None] * 4
    found = [
        one
        for page in (0, 3, 6)
        for one in sta.ids("/Datastreams", orderby="resultTime desc", top="3", skip=str(page))
    ]
    assert found == [one["@iot.id"] for one in listed]
    page = sta.json("/Datastreams", orderby="resultTime desc", top="3", select="id")
    following = sta.json(page["@iot.nextLink"].removeprefix(ROOT))["value"]
    assert [one["@iot.id"] for one in page["value"] + following] == found[:6]
    for condition, count in (
        ("resultTime gt 2020-01-02T04:00:00Z", 2),
        ("resultTime ne null", 4),
        ("resultTime eq null", 4),
        ("resultTime eq 2020-01-01T01:00:00Z/2020-01-01T04:00:00Z", 1),
        ("during(resultTime, 2020-01-01T00:00:00Z/2020-01-03T00:00:00Z)", 2),
        ("day(resultTime) eq 3", 1),
    ):
        assert sta.json("/Datastreams", filter=condition, count="true")["@iot.count"] == count, condition
    assert (
        sta.json("/Things", filter="Datastreams/resultTime lt 2020-01-02T00:00:00Z", count="true")[
            "@iot.count"
        ]
        == 1
    )


def test_the_options_have_their_order(sta: Sta) -> None:
    asked = {
        "filter": "id gt 1",
        "orderby": "id desc",
        "skip": "1",
        "top": "1",
        "count": "true",
        "select": "id",
    }
    assert sta.json("/Things", **asked) == {
        "@iot.count": 3,
        "value": [{"@iot.id": 3}],
        "@iot.nextLink": f"{ROOT}/Things?$filter=id%20gt%201&$orderby=id%20desc&$top=1&$count=true&$select=id"
        + sta.json("/Things", **asked)["@iot.nextLink"].partition("$select=id")[2],
    }
    # Whatever stands first, filters come before counts, and these before pages.
    turned = dict(reversed(asked.items()))
    assert sta.json("/Things", **turned)["value"] == [{"@iot.id": 3}]
    assert sta.json("/Observations", top="100000", count="true")["@iot.count"] == 112


def test_data_arrays_have_pages(sta: Sta) -> None:
    for path, options in (
        ("/Observations", {}),
        ("/Observations", {"orderby": "phenomenonTime desc"}),
        ("/Observations", {"orderby": "result desc,id"}),
        ("/Datastreams(1)/Observations", {"orderby": "phenomenonTime", "filter": "result ne null"}),
    ):
        asked = {"resultFormat": "dataArray", "select": "id,result", **options}
        whole = sta.json(path, **asked)
        assert "@iot.nextLink" not in whole, "without $top all of it comes at once"
        everything = [row for part in whole["value"] for row in part["dataArray"]]
        page, walked = sta.json(path, top="9", count="true", **asked), list[Any]()
        while True:
            assert page["@iot.count"] == len(everything)
            rows = [row for part in page["value"] for row in part["dataArray"]]
            walked += rows
            if "@iot.nextLink" not in page:
                break
            assert len(rows) == 9
            page = sta.json(page["@iot.nextLink"].removeprefix(ROOT))
        assert walked == everything, (path, options)
    exact = sta.json("/Datastreams(1)/Observations", resultFormat="dataArray", top="24")
    assert "@iot.nextLink" not in exact
    skipped = sta.json("/Observations", resultFormat="dataArray", top="5", skip="20", select="id")
    following = sta.json(skipped["@iot.nextLink"].removeprefix(ROOT))
    assert [row[0] for part in following["value"] for row in part["dataArray"]] == sta.ids(
        "/Observations", skip="25", top="5"
    )
