"""$filter says what a filter in Python over the same entities says, on both engines; what is hostile is refused."""

from __future__ import annotations

import operator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box, shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.sensorthings.conftest import Sta

    type Test = Callable[[Any], bool]
    type Condition = tuple[str, Test]

OPERATORS = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le,
}  # fmt: skip


def compared(name: str, held: Any, value: Any) -> bool:
    """As OData has it: nothing but `ne` is true of what is not there, or of another kind."""
    if held is None or isinstance(held, str) != isinstance(value, str):
        return name == "ne"
    return OPERATORS[name](held, value)


def literal(value: Any) -> str:
    return "'{}'".format(value.replace("'", "''")) if isinstance(value, str) else str(value)


def comparison(
    path: str, get: Callable[[Any], list[Any]], values: st.SearchStrategy[Any]
) -> st.SearchStrategy[Condition]:
    """A property beside a value; where a link leads to several, one of them is enough."""

    def made(name: str, value: Any) -> Condition:
        return f"{path} {name} {literal(value)}", lambda one: any(
            compared(name, held, value) for held in get(one)
        )

    return st.builds(made, st.sampled_from(sorted(OPERATORS)), values)


def together(conditions: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    def joined(parts: list[Condition], word: str) -> Condition:
        every = all if word == "and" else any
        return (
            "(" + f" {word} ".join(text for text, _ in parts) + ")",
            lambda one: every(test(one) for _, test in parts),
        )

    return st.one_of(
        st.builds(joined, st.lists(conditions, min_size=2, max_size=3), st.sampled_from(["and", "or"])),
        conditions.map(lambda c: (f"not ({c[0]})", lambda one: not c[1](one))),
    )


def of(name: str) -> Callable[[Any], list[Any]]:
    return lambda one: [one.get(name)]


def streams(one: Any) -> list[Any]:
    return one["Datastreams"]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def ends(text: str) -> tuple[datetime, datetime]:
    start, _, end = text.partition("/")
    return instant(start), instant(end or start)


def timed(path: str, get: Callable[[Any], list[str | None]]) -> st.SearchStrategy[Condition]:
    tests: dict[str, Callable[[Any, Any, Any], bool]] = {
        "lt": lambda s, e, t: e <= t and s < t,
        "gt": lambda s, e, t: s >= t and e > t,
        "le": lambda s, e, t: e <= t,
        "ge": lambda s, e, t: s >= t,
        "eq": lambda s, e, t: s == e == t,
    }

    def made(name: str, hours: int) -> Condition:
        at = datetime.fromtimestamp(1_577_836_800 + hours * 3600, UTC)
        text = at.isoformat().replace("+00:00", "Z")
        return f"{path} {name} {text}", lambda one: any(
            tests[name](*ends(held), at) for held in get(one) if held is not None
        )

    return st.builds(made, st.sampled_from(sorted(tests)), st.integers(-2, 100))


def spatial(path: str, get: Callable[[Any], list[Any]]) -> st.SearchStrategy[Condition]:
    def made(name: str, corner: tuple[int, int], size: int) -> Condition:
        area = box(corner[0], corner[1], corner[0] + size, corner[1] + size)
        test = getattr(shape({"type": "Point", "coordinates": [0, 0]}), name)
        del test
        return f"st_{name}({path}, geography'{area.wkt}')", lambda one: any(
            getattr(shape(held), name)(area) for held in get(one) if held is not None
        )

    return st.builds(
        made, st.sampled_from(["within", "intersects", "disjoint"]),
        st.tuples(st.integers(-10, 8), st.integers(40, 48)), st.integers(1, 12),
    )  # fmt: skip


NAMES = st.sampled_from(["Brest", "Nice", "Sète", "Float 69", "O'Neill", "brest", ""])
THINGS = st.recursive(
    st.one_of(
        comparison("name", of("name"), NAMES),
        comparison("id", of("@iot.id"), st.integers(0, 5)),
        comparison("properties/kind", lambda one: [one["properties"].get("kind")], st.sampled_from(["float", "tide gauge"])),
        comparison("properties/depth", lambda one: [one["properties"].get("depth")], st.one_of(st.just("12"), st.integers(11, 13))),
        comparison("length(name)", lambda one: [len(one["name"])], st.integers(3, 9)),
        comparison("Datastreams/name", lambda one: [d["name"] for d in streams(one)], st.just("Temperature at Brest")),
        comparison(
            "Datastreams/ObservedProperty/name", lambda one: [d["ObservedProperty"]["name"] for d in streams(one)],
            st.sampled_from(["Temperature", "État de la mer", "Wind"]),
        ),
        comparison(
            "Datastreams/Observations/id",
            lambda one: [o["@iot.id"] for d in streams(one) for o in d["Observations"]],
            st.integers(2**32 + 1, 2**32 + 30),
        ),
        timed("Datastreams/phenomenonTime", lambda one: [d["phenomenonTime"] for d in streams(one)]),
        spatial("Locations/location", lambda one: [held["location"] for held in one["Locations"]]),
        st.sampled_from(["re", "Si", "N", ""]).map(lambda n: (f"contains(name,'{n}')", lambda one: n in one["name"])),
        st.sampled_from(["B", "Fl"]).map(lambda n: (f"startswith(name,'{n}')", lambda one: one["name"].startswith(n))),
        st.sampled_from(["e", "69"]).map(lambda n: (f"endswith(name,'{n}')", lambda one: one["name"].endswith(n))),
        st.just(("properties/depth eq null", lambda one: one["properties"].get("depth") is None)),
    ),
    together,
    max_leaves=5,
)  # fmt: skip


def result(one: Any) -> list[Any]:
    return [one["result"]]


def parameter(name: str) -> Callable[[Any], list[Any]]:
    return lambda one: [one.get("parameters", {}).get(name)]


OBSERVATIONS = st.recursive(
    st.one_of(
        comparison("result", result, st.integers(7, 16)),
        comparison("result", result, st.sampled_from(["calme", "agitée"])),
        comparison("id", of("@iot.id"), st.integers(2**32 + 1, 4 * 2**32)),
        comparison("Datastream/id", lambda one: [one["Datastream"]["@iot.id"]], st.integers(1, 9)),
        comparison("Datastream/Thing/name", lambda one: [one["Datastream"]["Thing"]["name"]], NAMES),
        comparison("FeatureOfInterest/id", lambda one: [one["FeatureOfInterest"]["@iot.id"]], st.integers(1, 5)),
        timed("phenomenonTime", lambda one: [one["phenomenonTime"]]),
        timed("resultTime", lambda one: [one["resultTime"]]),
        comparison("resultQuality/quality", lambda one: [one["resultQuality"]["quality"]], st.sampled_from([1, 2, 3, 4, 9])),
        comparison("resultQuality/flag", lambda one: [one["resultQuality"].get("flag")], st.sampled_from(["1", "4"])),
        comparison("parameters/operator", parameter("operator"), st.sampled_from(["Ann", "Bob", 7])),
        comparison("parameters/depth", parameter("depth"), st.integers(0, 12)),
        timed("validTime", lambda one: [one.get("validTime")]),
        st.just(("validTime eq null", lambda one: one.get("validTime") is None)),
        st.just(("parameters/gain ne null", lambda one: parameter("gain")(one) != [None])),
        spatial("FeatureOfInterest/feature", lambda one: [one["FeatureOfInterest"]["feature"]]),
        comparison("hour(phenomenonTime)", lambda one: [ends(one["phenomenonTime"])[0].hour], st.integers(0, 23)),
        st.just(("result eq null", lambda one: one["result"] is None)),
    ),
    together,
    max_leaves=5,
)  # fmt: skip
CHECKED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def things(sta: Sta) -> list[Any]:
    return sta.values("/Things", expand="Datastreams($expand=Observations,ObservedProperty),Locations")


@pytest.fixture(scope="module")
def observations(sta: Sta) -> list[Any]:
    return sta.values("/Observations", expand="Datastream($expand=Thing),FeatureOfInterest", top="1000")


def test_things_are_what_a_filter_in_python_finds(sta: Sta, things: list[Any]) -> None:
    @CHECKED
    @given(condition=THINGS)
    def check(condition: Condition) -> None:
        text, test = condition
        assert sta.ids("/Things", filter=text) == [one["@iot.id"] for one in things if test(one)], text

    check()


def test_observations_are_what_a_filter_in_python_finds(sta: Sta, observations: list[Any]) -> None:
    assert len(observations) == 4 * 28

    @CHECKED
    @given(condition=OBSERVATIONS)
    def check(condition: Condition) -> None:
        text, test = condition
        found = sta.ids("/Observations", filter=text, top="1000")
        assert found == [one["@iot.id"] for one in observations if test(one)], text

    check()


@pytest.mark.parametrize(
    ("path", "filter_", "names"),
    [
        ("/Locations", "geo.distance(location, geography'POINT(-4.5 48.4)') lt 0.1", ["Brest"]),
        ("/Locations", "st_relate(location, geography'POINT(3.7 43.4)', 'T********')", ["Sète"]),
        ("/Locations", "geo.intersects(location, geography'SRID=4326;POLYGON((7 43,8 43,8 44,7 44,7 43))')", ["Nice"]),
        ("/Locations", "geo.length(location) eq 0 and location/type eq 'Point' and contains(name,'B')", ["Brest"]),
        ("/Things", "substringof('ic', name)", ["Nice"]),
        ("/Things", "indexof(name, 'ice') eq 1", ["Nice"]),
        ("/Things", "substring(name, 1) eq 'ice' and substring(name, 1, 2) eq 'ic'", ["Nice"]),
        ("/Things", "tolower(name) eq 'sète' or toupper(concat(name, ' !')) eq 'NICE !'", ["Sète", "Nice"]),
        ("/Things", "trim(name) eq 'Brest' and (id add 1) mul 2 sub 4 eq 0", ["Brest"]),
        ("/Things", "id mod 2 eq 0 and round(id div 3) ge 1 and floor(2.5) eq 2 and ceiling(2.5) eq 3", ["Sète", "Float 69"]),
        ("/Things", "name in ('Brest', 'Nice')", ["Brest", "Nice"]),
        ("/Things", "Datastreams/Observations/result gt 15.5", ["Float 69"]),
        ("/Things", "Datastreams/Observations/FeatureOfInterest/name eq 'Nice'", ["Nice"]),
        ("/Things", "overlaps(Datastreams/phenomenonTime, 2020-01-01T00:00:00Z/2020-01-01T12:00:00Z)", ["Brest"]),
        ("/Things", "day(Datastreams/phenomenonTime) eq 3 and month(Datastreams/phenomenonTime) eq 1", ["Nice"]),
        ("/FeaturesOfInterest", "Observations/result eq 'calme' and name eq 'Nice'", ["Nice"]),
        ("/Sensors", "properties/model eq 'SBE 37' and Datastreams/Thing/name eq 'Brest'", ["CTD"]),
    ],
)  # fmt: skip
def test_functions(sta: Sta, path: str, filter_: str, names: list[str]) -> None:
    assert [one["name"] for one in sta.values(path, filter=filter_)] == names


@pytest.mark.parametrize(
    ("filter_", "count"),
    [
        ("result gt '15.5'", 6),
        ("result eq '3'", 4),
        ("phenomenonTime ge 2020-01-01T01:00:00+01:00 and phenomenonTime lt 2020-01-01T02:00:00Z", 4),
        ("during(phenomenonTime, 2020-01-01T00:00:00Z/2020-01-01T02:00:00Z)", 4),
        ("before(phenomenonTime, 2020-01-01T02:00:00Z)", 4),
        ("after(resultTime, 2020-01-04T03:00:00Z)", 1),
        ("meets(phenomenonTime, 2020-01-01T02:00:00Z/2020-01-01T02:30:00Z)", 2),
        ("starts(phenomenonTime, 2020-01-01T02:00:00Z/2020-01-01T03:00:00Z) and result eq '3'", 1),
        ("finishes(phenomenonTime, 2020-01-01T02:00:00Z/2020-01-01T03:00:00Z)", 2),
        ("phenomenonTime ge now() sub duration'P1D'", 0),
        ("date(phenomenonTime) eq 2020-01-02 and second(phenomenonTime) eq 0 and minute(phenomenonTime) eq 0", 28),
        ("phenomenonTime gt mindatetime() and phenomenonTime lt maxdatetime()", 112),
        ("totaloffsetminutes(phenomenonTime) eq 0 and fractionalseconds(phenomenonTime) eq 0", 112),
        ("resultQuality eq '4' and result ne null", 32),
        ("resultQuality/quality eq 3", 6),
        ("resultQuality/quality eq 9", 4),
        ("resultQuality/other eq 1", 0),
        ("during(validTime, 2020-01-03T00:00:00Z/2020-01-04T00:00:00Z)", 5),
        ("parameters/operator eq 'Ann' and parameters/gain gt 2.5", 5),
        ("parameters/depth ge 10 and parameters/depth lt 11", 2),
    ],
)  # fmt: skip
def test_times_and_results(sta: Sta, filter_: str, count: int) -> None:
    assert sta.json("/Observations", filter=filter_, count="true", top="0")["@iot.count"] == count


@pytest.mark.parametrize(
    ("path", "filter_", "why"),
    [
        ("/Things", " or ".join(["id eq 1"] * 600), "more than 500 terms"),
        ("/Things", "(" * 100 + "id eq 1" + ")" * 100, "nested deeper"),
        ("/Things", "not " * 100 + "true", "nested deeper"),
        ("/Things", "matches(name, '(a+)+$')", "no function"),
        ("/Things", "id eq 1; DROP TABLE thing", "cannot be read"),
        ("/Things", "name eq 'a", "cannot be read"),
        ("/Things", "depth eq 1", "names no property"),
        ("/Things", "name", "not a condition"),
        ("/Things", "name eq Datastreams/name", "two different entities"),
        ("/Things", "st_within(Locations/location, geography'POLYGON((0 0, 1')", "no geometry"),
        ("/Things", "startswith(name)", "takes 2 arguments"),
        ("/Things", "id eq 1 2", "is not expected"),
        ("/Things", "name gt 2020-01-01T00:00:00Z", "cannot be compared"),
        ("/Observations", "phenomenonTime gt 2020-13-01T00:00:00Z", "2020-13-01"),
        (
            "/Observations",
            "phenomenonTime eq 2020-01-02T00:00:00Z/2020-01-01T00:00:00Z",
            "ends before it starts",
        ),
        ("/Observations", "result", "not a condition"),
    ],
)
def test_what_is_hostile_or_wrong_is_refused(sta: Sta, path: str, filter_: str, why: str) -> None:
    found = sta.ask(path, params={"$filter": filter_})
    assert found.status_code == 400, found.text
    assert why in found.json()["detail"]
    assert found.json()["where"] == "$filter"
