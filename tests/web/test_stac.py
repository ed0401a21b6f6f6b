"""The STAC API of a real node: catalogue, collections, items, search; the same in both methods."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pystac.validation import validate_dict

import estran
from estran.web.app import create_app
from tests.web.client import BASE, Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.node import Node

GEN = "gen é"
HOME = f"{BASE}/stac/collections/gen%20%C3%A9"
COUNT = 57


def collection(name: str) -> dict[str, Any]:
    return {
        "type": "Collection",
        "stac_version": "1.1.0",
        "id": name,
        "title": f"Collection {name}",
        "description": "Generated",
        "license": "CC-BY-4.0",
        "extent": {
            "spatial": {"bbox": [[-10, -10, 70, 70]]},
            "temporal": {"interval": [["2020-01-01T00:00:00Z", None]]},
        },
        "links": [{"rel": "license", "href": "https://creativecommons.org/licenses/by/4.0/"}],
    }


def item(name: str, n: int) -> dict[str, Any]:
    west, south = n % 10, n // 10
    ring = [[west, south], [west + 0.5, south], [west + 0.5, south + 0.5], [west, south + 0.5], [west, south]]
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": f"item-{n:03}" if n else "a/b %1",
        "collection": name,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [west, south, west + 0.5, south + 0.5],
        "properties": {
            "datetime": f"2021-{1 + n % 12:02}-{1 + n % 28:02}T10:00:{n:02}Z",
            "eo:cloud_cover": n % 50 + 0.5,
            "platform": "sat-a" if n % 2 else "sat-b",
            "instruments": ["msi"],
            "my:own": n,
        },
        "assets": {"data": {"href": f"https://data.example.org/{n}.tif", "type": "image/tiff"}},
        "links": [
            {"rel": "self", "href": "https://elsewhere.example.org/x.json"},
            {"rel": "derived_from", "href": "https://elsewhere.example.org/source.json"},
        ],
    }


def documents() -> list[dict[str, Any]]:
    """Two collections and their items."""
    return [
        collection(GEN),
        collection("other"),
        *(item(GEN, n) for n in range(COUNT)),
        *(item("other", n) for n in range(3)),
    ]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("stac")
    (folder / "all.ndjson").write_text("\n".join(json.dumps(one) for one in documents()), "utf-8")
    with estran.open(folder / "node", name="Granules") as opened:
        report = opened.load(folder / "all.ndjson")
        assert not report.refused
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Client:
    return Client(create_app(node))


def post(client: Client, **members: Any) -> dict[str, Any]:
    answer = client.ask("POST", "/stac/search", json=members)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    return answer.json()


def rel(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [link for link in document["links"] if link["rel"] == name]


def ids(page: dict[str, Any]) -> list[str]:
    assert page["numberReturned"] == len(page["features"])
    return [one["id"] for one in page["features"]]


def test_the_catalogue_is_one_and_leads_everywhere(client: Client) -> None:
    root = client.json("/stac")
    validate_dict(root)
    assert [link["href"] for link in rel(root, "child")] == [HOME, f"{BASE}/stac/collections/other"]
    assert [(link["href"], link["method"]) for link in rel(root, "search")] == [
        (f"{BASE}/stac/search", "GET"),
        (f"{BASE}/stac/search", "POST"),
    ]
    assert "https://api.stacspec.org/v1.0.0/item-search#sort" in root["conformsTo"]
    assert client.json("/stac/conformance")["conformsTo"] == root["conformsTo"]
    for link in root["links"]:
        answer = client.ask(link.get("method", "GET"), link["href"])
        assert answer.status_code == 200, link
        assert answer.headers["content-type"].replace("; ", ";").startswith(link["type"]), link


def test_collections_say_what_they_are_and_where(client: Client) -> None:
    listed = client.json("/stac/collections")["collections"]
    assert [one["id"] for one in listed] == [GEN, "other"]
    assert client.json("/stac/children")["children"] == listed
    one = client.json(HOME)
    assert one == listed[0]
    assert rel(one, "self")[0]["href"] == HOME
    assert rel(one, "license")
    validate_dict(one)
    for name in ("items", "child", "parent", "root", "http://www.opengis.net/def/rel/ogc/1.0/queryables"):
        assert client.get(rel(one, name)[0]["href"]).status_code == 200, name
    assert client.get("/stac/collections/none").status_code == 404
    assert client.get("/stac/collections/none/items").status_code == 404
    assert client.get("/stac/collections/none/queryables").status_code == 404


@pytest.mark.parametrize("path", ["/stac/queryables", "/stac/collections/other/queryables"])
def test_queryables(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.json()["$id"] == BASE + path
    assert "eo:cloud_cover" in answer.json()["properties"]


def test_an_item_is_what_came_with_this_nodes_links(client: Client) -> None:
    answer = client.get(f"{HOME}/items/a%2Fb%20%251")
    assert answer.headers["content-type"] == "application/geo+json"
    found, came = answer.json(), item(GEN, 0)
    assert {k: v for k, v in found.items() if k != "links"} == {k: v for k, v in came.items() if k != "links"}
    assert [link["rel"] for link in found["links"]] == [
        "self",
        "parent",
        "collection",
        "root",
        "derived_from",
    ]
    assert rel(found, "self")[0]["href"] == f"{HOME}/items/a%2Fb%20%251"
    assert client.get(f"{HOME}/items/none").status_code == 404
    assert client.get("/stac/collections/none/items/item-001").status_code == 404


def test_pages_by_address_walk_everything_once(client: Client) -> None:
    for start in (f"{HOME}/items?limit=10&fields=id", "/stac/search?limit=10&collections=gen%20%C3%A9"):
        found, address = [], start
        while address:
            page = client.json(address)
            assert rel(page, "self")[0]["href"] == (address if "://" in address else BASE + address)
            found += ids(page)
            following = rel(page, "next")
            address = following[0]["href"] if following else ""
            assert ("fields=id" in address) == ("fields" in start and bool(address))
        assert sorted(found) == sorted(one["id"] for one in documents()[2 : 2 + COUNT])


def test_pages_by_body_walk_everything_once(client: Client) -> None:
    asked: dict[str, Any] | None = {"limit": 7, "query": {"eo:cloud_cover": {"lt": 30}}, "collections": [GEN]}
    found: list[str] = []
    while asked is not None:
        page = post(client, **asked)
        found += ids(page)
        following = rel(page, "next")
        asked = following[0]["body"] if following else None
        assert not following or (following[0]["method"], following[0]["merge"]) == ("POST", False)
    expected = [one["id"] for one in documents()[2 : 2 + COUNT] if one["properties"]["eo:cloud_cover"] < 30]
    assert sorted(found) == sorted(expected)


BOX = {"type": "Polygon", "coordinates": [[[0, 0], [2.2, 0], [2.2, 1.2], [0, 1.2], [0, 0]]]}


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"bbox": [0, 0, 2.2, 1.2]}, lambda n: n % 10 <= 2 and n // 10 <= 1),
        ({"bbox": [0, 0, -5, 2.2, 1.2, 5]}, lambda n: n % 10 <= 2 and n // 10 <= 1),
        ({"intersects": BOX}, lambda n: n % 10 <= 2 and n // 10 <= 1),
        ({"ids": ["item-003", "item-004", "none"]}, lambda n: n in (3, 4)),
        ({"datetime": "2021-02-02T10:00:01Z"}, lambda n: n == 1),
        ({"datetime": "2021-03-01T00:00:00Z/2021-03-31T23:59:59Z"}, lambda n: n % 12 == 2),
        ({"filter": "platform = 'sat-a' AND eo:cloud_cover < 10"}, lambda n: n % 2 and n % 50 < 10),
        (
            {"filter": {"op": "<", "args": [{"property": "eo:cloud_cover"}, 3]}},
            lambda n: n % 50 < 3,
        ),
        ({"filter": "S_INTERSECTS(geometry, BBOX(0,0,2.2,1.2))"}, lambda n: n % 10 <= 2 and n // 10 <= 1),
        ({"query": {"platform": {"startsWith": "sat-b"}}}, lambda n: n % 2 == 0),
        ({"query": {"platform": {"in": ["sat-b", "x"]}}}, lambda n: n % 2 == 0),
        ({"query": {"eo:cloud_cover": {"gte": 10.5, "lte": "12.5"}}}, lambda n: n % 50 in (10, 11, 12)),
        ({"query": {"eo:cloud_cover": {"eq": 10.5}}, "filter": "platform = 'sat-b'"}, lambda n: n == 10),
        ({"query": {"eo:cloud_cover": {"neq": 10.5}}}, lambda n: n != 10),
        ({"filter": "eo:cloud_cover BETWEEN 3 AND 5"}, lambda n: n % 50 in (3, 4)),
        ({"filter": "CASEI(platform) = CASEI('SAT-A')"}, lambda n: n % 2),
        ({"q": ["generated"]}, lambda n: True),
        ({"q": ["ITEM-01", "nothing"]}, lambda n: 10 <= n < 20),
        ({"q": ["nothing"]}, lambda n: False),
        ({"filter": "T_AFTER(datetime, TIMESTAMP('2021-11-30T00:00:00Z'))"}, lambda n: n % 12 == 11),
    ],
)
def test_both_methods_find_the_same(client: Client, asked: dict[str, Any], wanted: Any) -> None:
    by_body = post(client, collections=[GEN], limit=100, **asked)
    params = {
        name: value
        if isinstance(value, str)
        else json.dumps(value)
        if isinstance(value, dict)
        else ",".join(map(str, value))
        for name, value in asked.items()
    }
    if isinstance(asked.get("filter"), dict):
        params["filter-lang"] = "cql2-json"
    by_address = client.json("/stac/search", collections=GEN, limit="100", **params)
    of_collection = client.json(f"{HOME}/items", limit="100", **params)
    assert ids(by_body) == ids(by_address) == ids(of_collection)
    everything = documents()[2:]
    assert sorted(ids(by_body)) == sorted(everything[n]["id"] for n in range(COUNT) if wanted(n))


def test_order(client: Client) -> None:
    newest = post(client, collections=[GEN], limit=100)["features"]
    times = [one["properties"]["datetime"] for one in newest]
    assert times == sorted(times, reverse=True)
    clouds = [
        one["properties"]["eo:cloud_cover"]
        for one in client.json("/stac/search?sortby=%2Bproperties.eo:cloud_cover&limit=100")["features"]
    ]
    assert clouds == sorted(clouds)
    falling = post(client, sortby=[{"field": "eo:cloud_cover", "direction": "desc"}], limit=5)
    assert [one["properties"]["eo:cloud_cover"] for one in falling["features"]] == [
        49.5,
        48.5,
        47.5,
        46.5,
        45.5,
    ]


def test_fields(client: Client) -> None:
    (one,) = post(client, ids=["item-003"], collections=[GEN], fields={"include": ["properties.my:own"]})[
        "features"
    ]
    assert one == {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": "item-003",
        "collection": GEN,
        "properties": {"my:own": 3},
    }
    page = client.json("/stac/search?ids=item-001&fields=-properties,-geometry,-links&limit=1")
    (one,) = page["features"]
    assert set(one) == {"type", "stac_version", "stac_extensions", "id", "collection", "bbox", "assets"}
    assert (
        dict(parse_qsl(urlsplit(rel(page, "next")[0]["href"]).query))["fields"]
        == "-properties,-geometry,-links"
    )


@pytest.mark.parametrize(
    "query",
    [
        "bbox=0,0,1,1&intersects=%7B%22type%22:%22Point%22,%22coordinates%22:[1,2]%7D",
        "bbox=1,2,3",
        "bbox=0,1,1,0",
        "datetime=2020-01-01",
        "datetime=/",
        "limit=0",
        "filter=nothing = 3",
        "sortby=nothing",
        "token=forged",
        "colections=a",
        "intersects=%7B%22type%22:%22Blob%22%7D",
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_the_reason(client: Client, query: str) -> None:
    answer = client.get(f"/stac/search?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["where"] in query
    assert client.get(f"/stac/collections/other/items?{query}").status_code == 400


def test_browsing_leads_to_every_item(node: Node) -> None:
    client = Client(create_app(node))
    catalogue = client.json("/stac/collections/other/browse")
    validate_dict(catalogue)
    found = [client.json(link["href"])["id"] for link in rel(catalogue, "item")]
    assert sorted(found) == sorted(one["id"] for one in documents()[-3:])


def test_a_page_changes_with_its_items(tmp_path: Path) -> None:
    file = tmp_path / "one.ndjson"
    with estran.open(tmp_path / "node") as node:
        client = Client(create_app(node))
        file.write_text("\n".join(json.dumps(one) for one in (collection("c"), item("c", 1))), "utf-8")
        node.load(file)
        tag = client.get("/stac/search").headers["etag"]
        assert client.get("/stac/search", If_None_Match=tag).status_code == 304
        file.write_text("\n".join(json.dumps(one) for one in (collection("c"), item("c", 2))), "utf-8")
        node.load(file)
        after = client.get("/stac/search", If_None_Match=tag)
        assert after.status_code == 200
        assert "item-002" in ids(after.json())


def test_pages_of_other_sites_may_search_by_body(client: Client) -> None:
    asked = {"Origin": "https://other.example", "Access-Control-Request-Method": "POST"}
    before = client.ask("OPTIONS", "/stac/search", headers=asked)
    assert "POST" in before.headers["access-control-allow-methods"]
    assert "Content-Type" in before.headers["access-control-allow-headers"]
