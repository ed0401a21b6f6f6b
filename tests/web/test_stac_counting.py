"""Aggregations by STAC: their form, what they count, what they refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import estran
from estran.web.app import create_app
from tests.web.client import BASE, Client
from tests.web.test_stac import COUNT, GEN, HOME, documents, rel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALL = (
    "total_count,datetime_min,datetime_max,collection_frequency,datetime_frequency,cloud_cover_frequency,"
    "platform_frequency,grid_code_frequency"
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = tmp_path_factory.mktemp("counting")
    (folder / "all.ndjson").write_text("\n".join(json.dumps(one) for one in documents()), "utf-8")
    with estran.open(folder / "node") as node:
        assert not node.load(folder / "all.ndjson").refused
        yield Client(create_app(node))


def counted(client: Client, path: str = "/stac/aggregate", **params: str) -> dict[str, Any]:
    found = client.json(path, **params)
    assert found["type"] == "AggregationCollection"
    return {one["name"]: one for one in found["aggregations"]}


def test_all_of_them(client: Client) -> None:
    found = counted(client, aggregations=ALL)
    assert list(found) == ALL.split(",")
    items = documents()[2:]
    times = sorted(one["properties"]["datetime"] for one in items)
    assert found["total_count"] == {"name": "total_count", "data_type": "numeric", "value": len(items)}
    assert found["datetime_min"]["value"] == times[0]
    assert found["datetime_max"]["value"] == times[-1]
    assert found["collection_frequency"]["buckets"] == [
        {"key": GEN, "data_type": "string", "frequency": COUNT},
        {"key": "other", "data_type": "string", "frequency": 3},
    ]
    months = found["datetime_frequency"]
    assert months["data_type"] == "interval_month"
    assert [b["key"] for b in months["buckets"]] == [f"2021-{m:02}-01T00:00:00Z" for m in range(1, 13)]
    assert sum(b["frequency"] for b in months["buckets"]) == len(items)
    clouds = found["cloud_cover_frequency"]["buckets"]
    assert [(b["key"], b.get("from"), b.get("to")) for b in clouds] == [
        ("*-5", None, 5), ("5-15", 5, 15), ("15-40", 15, 40), ("40-*", 40, None),
    ]  # fmt: skip
    low = sum(one["properties"]["eo:cloud_cover"] < 5 for one in items)
    assert clouds[0]["frequency"] == low
    assert [b["key"] for b in found["platform_frequency"]["buckets"]] == ["sat-b", "sat-a"]
    assert found["grid_code_frequency"]["buckets"] == []
    assert found["grid_code_frequency"]["overflow"] == len(items)


def test_both_methods_and_the_collection_count_the_same(client: Client) -> None:
    names = "total_count,platform_frequency"
    by_address = counted(
        client, aggregations=names, collections=GEN, bbox="0,0,2.2,1.2", filter="eo:cloud_cover < 20"
    )
    body = {
        "aggregations": names.split(","),
        "collections": [GEN],
        "bbox": [0, 0, 2.2, 1.2],
        "filter": {"op": "<", "args": [{"property": "eo:cloud_cover"}, 20]},
        "datetime": None,
    }
    posted = client.ask("POST", "/stac/aggregate", json=body)
    assert posted.status_code == 200, posted.text
    own = counted(
        client, f"{HOME}/aggregate", aggregations=names, bbox="0,0,2.2,1.2", filter="eo:cloud_cover < 20"
    )
    del body["collections"]
    by_body = client.ask("POST", f"{HOME}/aggregate", json=body).json()["aggregations"]
    assert by_address["total_count"]["value"] == 6
    assert own == by_address == {one["name"]: one for one in posted.json()["aggregations"]}
    assert by_body == list(own.values())


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({"ids": "item-003,item-004"}, 2),
        ({"datetime": "2021-03-01T00:00:00Z/2021-03-31T23:59:59Z"}, 6),
        ({"query": '{"platform": {"eq": "sat-a"}}', "collections": GEN}, 28),
        ({"q": "item-01"}, 10),
        ({"q": "nothing"}, 0),
        ({"intersects": '{"type": "Point", "coordinates": [0.1, 0.1]}'}, 2),
    ],
)
def test_what_is_counted_is_what_is_found(client: Client, params: dict[str, str], count: int) -> None:
    assert counted(client, aggregations="total_count", **params)["total_count"]["value"] == count
    assert len(client.json("/stac/search", limit="100", **params)["features"]) == count


def test_intervals(client: Client) -> None:
    asked = {"aggregations": "datetime_frequency", "datetime_frequency_interval": "year"}
    (year,) = counted(client, **asked)["datetime_frequency"]["buckets"]
    assert (year["key"], year["frequency"]) == ("2021-01-01T00:00:00Z", COUNT + 3)
    few = counted(
        client, aggregations="datetime_frequency", datetime="2021-03-01T00:00:00Z/2021-03-31T23:59:59Z"
    )
    assert few["datetime_frequency"]["data_type"] == "interval_day"
    nothing = counted(client, aggregations=ALL, ids="nothing")
    assert nothing["datetime_frequency"]["buckets"] == []
    assert nothing["datetime_min"]["value"] is None


def test_nothing_is_counted_unless_it_is_named(client: Client) -> None:
    assert counted(client) == {}
    assert client.ask("POST", "/stac/aggregate", json={}).json()["aggregations"] == []


@pytest.mark.parametrize(
    ("params", "where"),
    [
        ({"aggregations": "nothing"}, "aggregations"),
        ({"aggregations": "total_count", "limit": "3"}, "limit"),
        ({"aggregations": "total_count", "bbox": "1,2,3"}, "bbox"),
        ({"aggregations": "total_count", "filter": "nothing = 1"}, "filter"),
        ({"datetime_frequency_interval": "week"}, "datetime_frequency_interval"),
    ],
)
def test_what_does_not_fit_is_refused(client: Client, params: dict[str, str], where: str) -> None:
    for path in ("/stac/aggregate", f"{HOME}/aggregate"):
        answer = client.ask("GET", path, params=params)
        assert answer.status_code == 400, answer.text
        assert answer.json()["where"] == where
        assert client.ask("POST", path, json=params).status_code == 400
    assert client.get("/stac/collections/none/aggregate").status_code == 404
    assert client.get("/stac/collections/none/aggregations").status_code == 404


@pytest.mark.parametrize("path", ["/stac", HOME.removeprefix(BASE)])
def test_links_lead_to_it(client: Client, path: str) -> None:
    document = client.json(path)
    assert [link["method"] for link in rel(document, "aggregate")] == ["GET", "POST"]
    assert {link["href"] for link in rel(document, "aggregate")} == {f"{BASE}{path}/aggregate"}
    (link,) = rel(document, "aggregations")
    offered = client.json(link["href"])
    assert [one["name"] for one in offered["aggregations"]] == ALL.split(",")
    assert "https://api.stacspec.org/v0.3.0/aggregation" in client.json("/stac")["conformsTo"]
