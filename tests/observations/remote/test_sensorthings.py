"""SensorThings servers of others: what is awkward about them, corrections that come late, and visits that break off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from estran.access import Actor
from estran.errors import Invalid, NotAllowed, Unavailable
from estran.model import instant_us
from estran.observations.remote import copying
from estran.web.app import create_app
from tests.fetching.serving import Answer, serving
from tests.observations.remote.conftest import copier, observed
from tests.observations.remote.frost import Frost
from tests.web.client import Client

if TYPE_CHECKING:
    from pathlib import Path

    from estran.node import Node

OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/"
GEOJSON = "application/vnd.geo+json"


def point(x: float, y: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [x, y]}


def entity(id_: int | str, name: str, links: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"@iot.id": id_, "name": name, "description": f"About {name}", "_links": links or {}, **more}


def observation(id_: int, time: str, result: Any, **more: Any) -> dict[str, Any]:
    links = {"FeatureOfInterest": more.pop("feature", 1)}
    return {
        "@iot.id": id_,
        "phenomenonTime": time,
        "result": result,
        "resultTime": None,
        "_links": links,
        **more,
    }


def hour(n: int) -> str:
    return f"2024-01-{1 + n // 24:02}T{n % 24:02}:00:00.000Z"


def server(**how: Any) -> Frost:
    """Two stations and a buoy that moves, with what is seldom and allowed."""
    river = {"Thing": "a'b", "Sensor": 1, "ObservedProperty": 1, "Observations": list(range(1, 251))}
    state = {"Thing": "a'b", "Sensor": 1, "ObservedProperty": 2, "Observations": [1001, 1002]}
    drift = {"Thing": 2, "Sensor": 1, "ObservedProperty": 1, "Observations": [2001, 2002, 2003]}
    wind = {"Thing": 3, "Sensor": 1, "ObservedProperties": [1, 3], "Observations": [3001, 3002]}
    unit = {"name": "Degree Celsius", "definition": "http://qudt.org/vocab/unit/DEG_C"}
    sets: dict[str, list[dict[str, Any]]] = {
        "Things": [
            entity("a'b", "Station", {"Locations": [1], "Datastreams": [], "HistoricalLocations": [1]}, properties={"code": 7}),
            entity(2, "Buoy", {"Locations": [3], "Datastreams": [], "HistoricalLocations": [1, 2]}),
            entity(3, "Mast", {"Locations": [2], "Datastreams": [], "HistoricalLocations": [3]}),
        ],
        "Locations": [
            entity(1, "L", {}, encodingType=GEOJSON, location={"type": "Feature", "geometry": point(2.5, 48.5)}),
            entity(2, "M", {}, encodingType="text/plain", location="behind the old mill"),
            entity(3, "N", {}, encodingType=GEOJSON, location=point(-5, 47)),
        ],
        "HistoricalLocations": [{"@iot.id": n, "time": hour(n), "_links": {"Locations": [1]}} for n in (1, 2, 3)],
        "Datastreams": [
            entity(10, "Water temperature", river, observationType=f"{OM}OM_Measurement", unitOfMeasurement=unit),
            entity(11, "State", state, observationType=f"{OM}OM_CategoryObservation", unitOfMeasurement={"name": "n/a"}),
            entity(12, "Drift", drift, observationType=f"{OM}OM_Measurement", unitOfMeasurement=unit,
                   observedArea={"type": "LineString", "coordinates": [[-5, 47], [-6, 48]]}),
        ],
        "MultiDatastreams": [
            entity("w", "Mast", wind, unitOfMeasurements=[{"symbol": "°C"}, {"symbol": "m/s"}],
                   multiObservationDataTypes=[f"{OM}OM_Measurement"] * 2),
        ],
        "Sensors": [entity(1, "Probe", {}, encodingType="application/pdf", metadata="https://example.org/probe.pdf")],
        "ObservedProperties": [
            entity(1, "Temperature", {}, definition="http://vocab.nerc.ac.uk/standard_name/sea_water_temperature/"),
            entity(2, "Weather", {}, definition="https://example.org/weather"),
            entity(3, "Wind", {}, definition=""),
        ],
        "FeaturesOfInterest": [
            entity(1, "F", {}, encodingType=GEOJSON, feature=point(2.5, 48.5)),
            entity(2, "G", {}, encodingType=GEOJSON, feature=point(-6, 48)),
            entity(3, "H", {}, encodingType=GEOJSON, feature=point(-5.5, 47.5)),
        ],
        "Observations": [
            *(observation(n, hour(n), n / 2, resultTime=hour(n + 1)) for n in range(1, 251)),
            observation(1001, f"{hour(1)}/{hour(2)}", "fog"),
            observation(1002, hour(3), "rain", resultQuality={"DQ_Status": {"code": "probably_good"}}),
            observation(2001, hour(1), "12.5", feature=2, parameters={"depth": 2}),
            observation(2002, hour(1), None, feature=3, parameters={"depth": 4}, resultQuality="9"),
            observation(2003, hour(2), "no idea", feature=3, parameters={"depth": 2}),
            observation(3001, hour(1), [1.5, 7]),
            observation(3002, hour(2), [2.5]),
        ],
    }  # fmt: skip
    return Frost(sets, **how)


KINDS = (
    {"expands": "nested"},
    {"expands": "flat", "arrays": False},
    {"expands": "refused", "filters": "times"},
    {"expands": "ignored", "arrays": False, "sorts": False, "filters": ""},
)


@pytest.mark.parametrize("how", KINDS, ids=["as FROST", "no nested expand", "no expand", "1.0 that ignores"])
def test_what_is_awkward_is_read(how: dict[str, Any], tmp_path: Path) -> None:
    frost = server(**how)
    with serving(frost) as there, copier(tmp_path / "copy") as copy:
        report = copy.observations.remote.copy(there.url + frost.root)
        rows, streams = observed(copy), copy.observations.datastreams()
        held = {one.described.key: one.described for one in streams}
        assert len(rows["10"]) == 250
        assert [row["value"] for row in rows["10"]][:3] == [0.5, 1.0, 1.5]
        assert rows["10"][0]["result_time"] == instant_us(hour(2))
        river = held["10"]
        assert (river.variable.unit, river.variable.standard_name) == (
            "degree_Celsius",
            "sea_water_temperature",
        )
        assert (river.thing.longitude, river.thing.latitude, river.thing.properties) == (
            2.5,
            48.5,
            (("code", "7"),),
        )
        assert river.sensor is not None
        assert river.sensor.documents == ("https://example.org/probe.pdf",)
        # Categories, an interval, a flag out of its ISO 19157 wrapping.
        assert (held["11"].kind, held["11"].variable.uri) == ("category", "https://example.org/weather")
        first, second = rows["11"]
        assert (first["words"], first["until"], second["flag"]) == (
            "fog",
            instant_us(hour(2)),
            "probably_good",
        )
        # What moves is where its features of interest are, and numbers may come as words.
        drift = [(row["value"], row["vertical"], row["longitude"], row["flag"]) for row in rows["12"]]
        expands = how["expands"] in {"nested", "flat"}
        places = [-6.0, -5.5] if expands else [None, None]
        assert drift == [(12.5, 2.0, places[0], None), (None, 4.0, places[1], "9")]
        assert held["12"].vertical is not None
        assert held["12"].vertical.name == "depth"
        # A MultiDatastream is a datastream of each property.
        assert [row["value"] for row in rows["MultiDatastreams('w')/Temperature"]] == [1.5, 2.5]
        assert [row["value"] for row in rows["MultiDatastreams('w')/Wind"]] == [7.0]
        assert held["MultiDatastreams('w')/Wind"].variable.unit == "m s-1"
        assert held["MultiDatastreams('w')/Wind"].thing.longitude is None
        refused = {one.file.rpartition("/v1.1/")[2]: one.why for one in report.refused}
        assert "no number" in refused["Datastreams(12)/Observations(2003)"]
        assert "no result number 2" in refused["MultiDatastreams('w')/Observations(3002)"]
        assert [key for key, why in refused.items() if "does not expand" in why] == (
            [] if expands else ["Datastreams(12)", "MultiDatastreams('w')"]
        )
        again = copy.observations.remote.copy(there.url + frost.root)
        assert (again.rows.new, again.rows.changed, again.datastreams) == (0, 0, 0)


def test_where_things_stood_comes_along_and_is_not_doubled(tmp_path: Path) -> None:
    frost = server()
    with serving(frost) as there, copier(tmp_path / "copy") as copy:
        address = there.url + frost.root
        asks = Client(create_app(copy))

        def places() -> dict[str, Any]:
            expand = "Locations,HistoricalLocations($orderby=time;$expand=Locations)"
            found = asks.ask("GET", "/sta/v1.1/Things", params={"$expand": expand}).json()["value"]
            return {
                one["name"]: (
                    [part["location"] for part in one["Locations"]],
                    [(past["time"][:13], [p["location"] for p in past["Locations"]]) for past in one["HistoricalLocations"]],
                )
                for one in found
            }  # fmt: skip

        copy.observations.remote.copy(address)
        station = {"type": "Feature", "geometry": point(2.5, 48.5)}
        first = places()
        assert first["Buoy"] == (
            [point(-5, 47)], [("2024-01-01T01", [station]), ("2024-01-01T02", [station])],
        )  # fmt: skip
        assert first["Mast"] == (["behind the old mill"], [("2024-01-01T03", [station])])
        copy.observations.remote.copy(address)
        assert places() == first
        count = len(asks.ask("GET", "/sta/v1.1/Locations").json()["value"])
        # The buoy is moved.
        frost.sets["Things"][1]["_links"]["Locations"] = [1]
        frost.sets["HistoricalLocations"].append(
            {"@iot.id": 4, "time": hour(9), "_links": {"Locations": [3]}}
        )
        frost.sets["Things"][1]["_links"]["HistoricalLocations"].append(4)
        copy.observations.remote.copy(address)
        assert places()["Buoy"][0] == [station]
        assert places()["Buoy"][1][-1] == ("2024-01-01T09", [point(-5, 47)])
        assert len(asks.ask("GET", "/sta/v1.1/Locations").json()["value"]) <= count + 1


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows are stored at once."""
    monkeypatch.setattr(copying, "_ROWS_AT_ONCE", 40)


def test_late_corrections_come_by_their_result_time(tmp_path: Path) -> None:
    frost = server()
    with serving(frost) as there, copier(tmp_path / "copy") as copy:
        copy.observations.remote.copy(there.url + frost.root)
        before = frost.count
        # One far behind the window is corrected, one within it without a word of when, one is new.
        late, near = frost.sets["Observations"][2], frost.sets["Observations"][247]
        late.update(result=77, resultTime="2024-03-01T00:00:00Z")
        near["result"] = 88
        frost.sets["Datastreams"][0]["_links"]["Observations"].append(9)
        frost.sets["Observations"].append(observation(9000, hour(260), 99))
        frost.sets["Datastreams"][0]["_links"]["Observations"].append(9000)
        report = copy.observations.remote.copy(there.url + frost.root, look_back_days=2)
        assert (report.rows.new, report.rows.changed) == (1, 2)
        values = [row["value"] for row in observed(copy)["10"]]
        assert (values[2], values[247], values[-1], len(values)) == (77, 88, 99, 251)
        assert report.rows.unchanged < 60, "the others were not asked for"
        assert frost.count - before < 10


@pytest.mark.usefixtures("few")
def test_what_breaks_off_goes_on_from_its_bookmark(tmp_path: Path) -> None:
    frost = server(fails=3)
    with serving(frost) as there, copier(tmp_path / "copy") as copy:
        with pytest.raises(Unavailable, match=r"Failed to execute query.*the same command goes on there"):
            copy.observations.remote.copy(there.url + frost.root)
        taken = observed(copy)
        assert 0 < len(taken["10"]) < 250
        frost.fails, frost.count = 1_000_000, 0
        report = copy.observations.remote.copy(there.url + frost.root, look_back_days=0)
        assert len(observed(copy)["10"]) == 250
        assert report.rows.new + len(taken["10"]) == 257
        assert report.rows.unchanged <= 1, "the newest alone is asked for again"


def test_one_series_that_cannot_be_read_leaves_the_others_alone(tmp_path: Path) -> None:
    frost = server(expands="refused")
    frost.sets["Datastreams"][1]["_links"]["Thing"] = 404
    frost.sets["Datastreams"][2]["@iot.id"] = ""
    with serving(lambda asked: _broken(frost, asked)) as there, copier(tmp_path / "copy") as copy:
        report = copy.observations.remote.copy(there.url + frost.root)
        assert len(observed(copy)["10"]) == 250
        assert sorted(one.file.rpartition("/")[2] for one in report.refused)[:2] == [
            "Datastreams('')",
            "Datastreams(11)",
        ]


def test_a_series_on_which_the_server_fails_is_refused_and_three_end_the_visit(tmp_path: Path) -> None:
    frost = server(expands="flat")

    def answer(asked: Any, failing: tuple[str, ...]) -> Answer | bytes:
        is_hit = asked.path.endswith("/Observations") and any(one in asked.path for one in failing)
        return Answer(b'{"message":"boom"}', 500) if is_hit else frost(asked)

    with (
        serving(lambda asked: answer(asked, ("(10)",))) as there,
        copier(tmp_path / "copy") as copy,
    ):
        report = copy.observations.remote.copy(there.url + frost.root)
        assert "boom" in next(one.why for one in report.refused if "Datastreams(10)" in one.file)
        assert [len(observed(copy)[key]) for key in ("10", "11")] == [0, 2]
    with (
        serving(lambda asked: answer(asked, ("(10)", "(11)", "(12)"))) as there,
        copier(tmp_path / "other") as copy,
        pytest.raises(Unavailable, match="boom"),
    ):
        copy.observations.remote.copy(there.url + frost.root)


@pytest.mark.parametrize("how", KINDS[:2], ids=["data arrays", "entities"])
def test_pages_that_a_server_is_too_slow_for_are_halved(how: dict[str, Any], tmp_path: Path) -> None:
    frost, asked_for = server(limit=10_000, **how), list[int]()

    def answer(asked: Any) -> Answer | bytes:
        top = int(asked.query.get("$top", "0"))
        if asked.path.endswith("(10)/Observations"):
            asked_for.append(top)
            if top > 80:
                return Answer(b"", 504)
        return frost(asked)

    with serving(answer) as there, copier(tmp_path / "copy") as copy:
        report = copy.observations.remote.copy(there.url + frost.root)
        assert len(observed(copy)["10"]) == 250
        assert not [one for one in report.refused if "(10)" in one.file]
    # Halved until it is answered, and so asked from then on.
    assert asked_for[:6] == [5000, 2500, 1250, 625, 312, 156]
    assert (set(asked_for[6:]), len(asked_for) <= 11) == ({78}, True)


def _broken(frost: Frost, asked: Any) -> Answer | bytes:
    try:
        return frost(asked)
    except IndexError:
        return Answer(b"{}", 404)


def test_what_is_no_server_is_told(tmp_path: Path) -> None:
    def answer(asked: Any) -> Answer | bytes:
        match asked.path:
            case "/secret":
                good = asked.headers.get("authorization") == "Bearer open-sesame"
                return server()(type(asked)("GET", server().root, {}, {}, b"")) if good else Answer(b"", 401)
            case "/closed":
                return Answer(b"", 403)
            case _:
                return Answer(b"<html>welcome</html>", 200)

    with serving(answer) as there, copier(tmp_path / "copy") as copy:
        remote = copy.observations.remote
        with pytest.raises(Invalid, match="neither a SensorThings service nor ERDDAP"):
            remote.copy(f"{there.url}/page")
        with pytest.raises(NotAllowed, match="--token-file"):
            remote.copy(f"{there.url}/secret")
        with pytest.raises(NotAllowed, match="does not let you read"):
            remote.copy(f"{there.url}/closed")
        with pytest.raises(Invalid, match="one word"):
            remote.copy(f"{there.url}/secret", token="two words")
        someone = copy.acting_as(Actor(name="someone")).observations.remote
        with pytest.raises(NotAllowed, match="only the node"):
            someone.copy(there.url)


def test_private_addresses_are_closed_unless_it_is_said_otherwise(node: Node) -> None:
    with serving(server()) as there, pytest.raises(NotAllowed, match="no address of the public internet"):
        node.observations.remote.copy(there.url)


def test_pages_that_lead_in_a_circle_are_left(tmp_path: Path) -> None:
    def answer(asked: Any) -> Answer | bytes:
        found = server()(asked)
        if asked.path.endswith("/Observations") and isinstance(found, bytes):
            return found[:-1] + b', "@iot.nextLink": "' + asked.path.encode() + b'?$top=5000"}'
        return found

    with serving(answer) as there, copier(tmp_path / "copy") as copy:
        report = copy.observations.remote.copy(there.url + server().root)
        assert any("in a circle" in one.why for one in report.refused)
