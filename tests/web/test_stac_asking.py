"""What STAC clients ask, in addresses and in bodies, is read as meant or refused with the reason."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from starlette.requests import Request

from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US, Box, bounds
from estran.web.apis import _stac_asking as asking
from estran.web.apis._stac_answers import _chosen
from estran.web.apis._stac_asking import Asked, Fields


def get(collection: str = "", **params: str) -> Asked:
    query = urlencode({name.replace("_", "-"): value for name, value in params.items()}).encode()
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": query, "headers": []}
    return asking.of_address(Request(scope), 1000, collection)


def post(**members: Any) -> Asked:
    body = {name.replace("_", "-"): value for name, value in members.items()}
    return asking.of_body(msgspec.json.encode(body), 1000)[0]


POINT = {"type": "Point", "coordinates": [1, 2]}


def test_an_address_and_a_body_ask_the_same() -> None:
    by_address = get(
        collections="a,b",
        ids="x,y",
        bbox="1,2,3,4",
        datetime="2020-01-01T00:00:00Z/..",
        limit="7",
        sortby="-properties.datetime,+id,gsd",
        fields="id,-assets",
        filter="gsd > 10",
        query='{"gsd": {"lt": 20}}',
        token="t",
    )
    by_body = post(
        collections=["a", "b"],
        ids=["x", "y"],
        bbox=[1, 2, 3, 4],
        datetime="2020-01-01T00:00:00Z/..",
        limit=7,
        sortby=[
            {"field": "datetime", "direction": "desc"},
            {"field": "properties.id", "direction": "asc"},
            {"field": "gsd"},
        ],
        fields={"include": ["id"], "exclude": ["assets"]},
        filter="gsd > 10",
        query={"properties.gsd": {"lt": 20}},
        token="t",
    )
    assert by_address == by_body
    assert by_body.query.bbox == Box(1, 2, 3, 4)
    assert by_body.query.sort == (("datetime", True), ("id", False), ("gsd", False))
    assert by_body.query.filter == {
        "op": "and",
        "args": [
            {"op": ">", "args": [{"property": "gsd"}, 10]},
            {"op": "<", "args": [{"property": "gsd"}, 20]},
        ],
    }


def test_nothing_asks_for_everything() -> None:
    assert get() == post() == asking.of_body(b"", 1000)[0]
    assert get("here").query.collections == ("here",)
    assert post(ids=None, bbox=None, token=None, filter=None) == post()


def test_limits_are_cut() -> None:
    assert get(limit="1000000").query.limit == post(limit=10**6).query.limit == 1000


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.52Z", ""),
        ("1985-04-12t23:20:50.000z", "1985-04-12T23:20:50Z", ""),
        ("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57Z", ""),
        ("2020-07-23T00:00:00.012345678Z", "2020-07-23T00:00:00.012345Z", ""),
        ("1990-12-31T23:59:60Z", "1991-01-01T00:00:00Z", ""),
        (
            "1985-04-12T23:20:50+01:00/1986-04-12T23:20:50Z",
            "1985-04-12T22:20:50Z",
            "1986-04-12T23:20:50Z",
        ),
    ],
)
def test_instants_and_intervals(text: str, start: str, end: str) -> None:
    first, last = bounds(start)[0], bounds(end or start)[0] + 1
    assert get(datetime=text).query.time == post(datetime=text).query.time == (first, last)


def test_open_intervals() -> None:
    at = bounds("1985-04-12T23:20:50Z")[0]
    for text in ("../1985-04-12T23:20:50Z", "/1985-04-12T23:20:50Z"):
        assert get(datetime=text).query.time == (EVER_US, at + 1)
    for text in ("1985-04-12T23:20:50Z/..", "1985-04-12T23:20:50Z/"):
        assert get(datetime=text).query.time == (at, NEVER_US)


@pytest.mark.parametrize(
    "text",
    [
        "/", "../..", "/..", "../", "1985-04-12", "1937-01-01T12:00:27.87+0100", "37-01-01T12:00:27.87Z",
        "1985-12-12T23:20:50.52", "21985-12-12T23:20:50.52Z", "1985-13-12T23:20:50.52Z",
        "1985-12-32T23:20:50.52Z", "1985-12-01T25:20:50.52Z", "1985-12-01T00:60:50.52Z",
        "1985-12-01T00:06:61.52Z", "1985-04-12T23:20:50.Z", "1985-04-12T23:20:50,52Z",
        "1986-04-12T23:20:50.52Z/1985-04-12T23:20:50.52Z", "/1984-04-12T23:20:50Z/1985-04-12T23:20:50Z",
        "١٩٨٥-04-12T23:20:50Z", "0001-01-01T00:00:00+10:00",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    for ask in (get, post):
        with pytest.raises(Invalid) as refused:
            ask(datetime=text)
        assert refused.value.where == "datetime"


@pytest.mark.parametrize(
    ("params", "where"),
    [
        ({"bbox": "[1,2,3,4]"}, "bbox"),
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "1,2,3,4,5"}, "bbox"),
        ({"bbox": "1,2,3,4,5,6,7"}, "bbox"),
        ({"bbox": "1,nan,3,4"}, "bbox"),
        ({"bbox": "1,20,3,4"}, "bbox"),
        ({"bbox": "1,2,3,4", "intersects": '{"type":"Point","coordinates":[1,2]}'}, "intersects"),
        ({"intersects": "POINT(1 2)"}, "intersects"),
        ({"intersects": "[1]"}, "intersects"),
        ({"limit": "0"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"filter": "{", "filter_lang": "cql2-json"}, "filter"),
        ({"filter": "a = 1", "filter_lang": "cql"}, "filter-lang"),
        ({"filter": "a = 1", "filter_crs": "EPSG:2154"}, "filter-crs"),
        ({"query": "x"}, "query"),
        ({"query": '{"gsd": {"near": 3}}'}, "query.gsd.near"),
        ({"query": '{"gsd": {"lt": "wide"}}'}, "query.gsd.lt"),
        ({"query": '{"gsd": 3}'}, "query.gsd"),
        ({"colections": "a"}, "colections"),
    ],
)
def test_bad_addresses_are_refused(params: dict[str, str], where: str) -> None:
    with pytest.raises(Invalid) as refused:
        get(**params)
    assert refused.value.where == where


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"bbox": "1,2,3,4"}, "bbox"),
        ({"bbox": []}, "bbox"),
        ({"bbox": [1, 2, True, 4]}, "bbox"),
        ({"bbox": [0, 0, 1, 1], "intersects": POINT}, "intersects"),
        ({"limit": 0}, "limit"),
        ({"limit": "10"}, "limit"),
        ({"limit": True}, "limit"),
        ({"ids": [1]}, "ids"),
        ({"fields": None}, "fields"),
        ({"fields": ["id"]}, "fields"),
        ({"sortby": "id"}, "sortby"),
        ({"sortby": [{"field": "id", "direction": "up"}]}, "sortby"),
        ({"filter": 3}, "filter"),
        ({"query": []}, "query"),
        ({"token": 3}, "token"),
        ({"colections": ["a"]}, "colections"),
    ],
)
def test_bad_bodies_are_refused(members: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as refused:
        post(**members)
    assert refused.value.where == where


@pytest.mark.parametrize("body", [b"{", b"[]", b"3", b"\xff", b"[" * 100_000])
def test_what_is_no_search_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        asking.of_body(body, 1000)


def test_the_query_extension_in_cql2() -> None:
    asked = post(
        query={
            "platform": {"startsWith": "50%", "in": ["a", "b"]},
            "datetime": {"gte": "2020-01-01T00:00:00Z"},
            "gsd": {"neq": "10"},
        }
    )
    assert asked.query.filter == {
        "op": "and",
        "args": [
            {"op": "like", "args": [{"property": "platform"}, "50\\%%"]},
            {"op": "in", "args": [{"property": "platform"}, ["a", "b"]]},
            {"op": ">=", "args": [{"property": "datetime"}, {"timestamp": "2020-01-01T00:00:00Z"}]},
            {"op": "<>", "args": [{"property": "gsd"}, 10.0]},
        ],
    }


ITEM: dict[str, Any] = {
    "type": "Feature",
    "stac_version": "1.1.0",
    "id": "i",
    "collection": "c",
    "geometry": POINT,
    "bbox": [1, 2, 1, 2],
    "properties": {"datetime": "2020-01-01T00:00:00Z", "gsd": 10, "deep": {"a": 1, "b": 2}},
    "assets": {"data": {"href": "x"}},
    "links": [],
    "extra": 1,
}
ALWAYS = {"type": "Feature", "stac_version": "1.1.0", "id": "i", "collection": "c"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (Fields(None, ("properties", "assets")), {k: v for k, v in ITEM.items() if k not in ("properties", "assets")}),
        (Fields((), ()), {k: v for k, v in ITEM.items() if k != "extra"} | {"properties": {"datetime": "2020-01-01T00:00:00Z"}}),
        (Fields(("type",), ()), ALWAYS),
        (Fields(("properties.gsd",), ("properties",)), {**ALWAYS, "properties": {"gsd": 10}}),
        (Fields(("geometry",), ("geometry",)), {**ALWAYS, "geometry": POINT}),
        (
            Fields(("properties",), ("properties.deep.a", "properties.gsd", "properties.none.x")),
            {**ALWAYS, "properties": {"datetime": "2020-01-01T00:00:00Z", "deep": {"b": 2}}},
        ),
        (Fields(("properties", "properties.gsd", "id.x"), ()), {**ALWAYS, "properties": ITEM["properties"]}),
    ],
)  # fmt: skip
def test_fields(fields: Fields, expected: dict[str, Any]) -> None:
    assert _chosen(msgspec.json.decode(msgspec.json.encode(ITEM)), fields) == expected


def test_fields_are_chosen_by_what_is_there() -> None:
    assert get().fields is None
    assert get(fields="").fields == post(fields={}).fields == Fields((), ())
    assert post(fields={"include": None, "exclude": None}).fields == Fields((), ())
    assert (
        get(fields="-geometry").fields
        == post(fields={"exclude": ["geometry"]}).fields
        == Fields(None, ("geometry",))
    )
    assert post(fields={"exclude": ["geometry"], "include": []}).fields == Fields((), ("geometry",))


def test_the_items_of_a_collection_are_of_no_other() -> None:
    assert get("here", collections="here") == get("here")
    with pytest.raises(Invalid, match="one collection alone"):
        get("here", collections="there")


def test_words_are_a_list_in_both_methods() -> None:
    assert get(q="Earth Observation,EO").terms == ("Earth Observation", "EO")
    assert post(q=["Earth Observation", "EO"]).terms == ("Earth Observation", "EO")
    assert get().terms == ()
    with pytest.raises(Invalid):
        post(q=[1])
