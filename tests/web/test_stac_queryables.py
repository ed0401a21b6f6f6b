"""Declared properties in the STAC API: listed, searched by filter and by query, counted, and gone again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import estran
from estran.catalogue.items import ITEMS
from estran.web.app import create_app
from tests.web.client import BASE, Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.node import Node

COUNT = 40
SEARCHED = "/stac/search"


def item(n: int) -> dict[str, Any]:
    properties = {
        "datetime": f"2021-01-01T10:00:{n:02}Z",
        "s2:product_type": "S2MSI1C" if n % 2 else "S2MSI2A",
    }
    if n % 4:
        properties |= {"view:sun_elevation": n / 2, "created": f"2022-01-{1 + n % 20:02}T00:00:00Z"}
    return {
        "type": "Feature", "stac_version": "1.1.0", "id": f"i{n:02}", "collection": "c", "properties": properties,
        "geometry": {"type": "Point", "coordinates": [n, n]}, "bbox": [n, n, n, n], "assets": {}, "links": [],
    }  # fmt: skip


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    (tmp_path / "a.ndjson").write_text("\n".join(json.dumps(item(n)) for n in range(COUNT)), "utf-8")
    with estran.open(tmp_path / "node", url=BASE) as opened:
        assert opened.load(tmp_path / "a.ndjson").new == COUNT
        yield opened


@pytest.fixture
def client(node: Node) -> Client:
    return Client(create_app(node))


def declare(node: Node) -> None:
    node.items.declare("view:sun_elevation", "number", "Elevation of the sun, in degrees")
    node.items.declare("s2:product_type", "text")
    node.items.declare("created", "time")


def ids(page: Any) -> list[str]:
    return sorted(one["id"] for one in page["features"])


def low(n: int) -> bool:
    return n % 4 != 0 and n / 2 < 5


def test_the_documents_follow_what_is_declared(node: Node, client: Client) -> None:
    for address in ("/stac/queryables", "/stac/collections/c/queryables"):
        before = client.json(address)
        assert (list(before["properties"]), before["additionalProperties"]) == (list(ITEMS), False)
    declare(node)
    for address in ("/stac/queryables", "/stac/collections/c/queryables"):
        made = client.json(address)
        assert made["$id"] == BASE + address
        assert made["additionalProperties"] is False
        assert list(made["properties"]) == [*ITEMS, "created", "s2:product_type", "view:sun_elevation"]
        assert made["properties"]["view:sun_elevation"] == {
            "title": "Elevation of the sun, in degrees",
            "type": "number",
        }
        assert made["properties"]["created"] == {"title": "created", "type": "string", "format": "date-time"}
    node.items.undeclare("created")
    assert "created" not in client.json("/stac/queryables")["properties"]


def test_searches_name_them_once_they_are_declared(node: Node, client: Client) -> None:
    asked = {"filter": '"view:sun_elevation" < 5', "limit": 100}
    refused = client.ask("GET", SEARCHED, params=asked)
    assert refused.status_code == 400
    assert "view:sun_elevation" in refused.text
    declare(node)
    assert ids(client.json(SEARCHED, **asked)) == ids({"features": [item(n) for n in range(COUNT) if low(n)]})
    node.items.undeclare("view:sun_elevation")
    assert client.ask("GET", SEARCHED, params=asked).status_code == 400


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"view:sun_elevation": {"lt": 5}}, low),
        # Numbers as forms send them, and names as some clients write them.
        ({"view:sun_elevation": {"lt": "5"}}, low),
        ({"properties.view:sun_elevation": {"gte": 3, "lt": 5}}, lambda n: low(n) and n >= 6),
        ({"view:sun_elevation": {"neq": 0.5}}, lambda n: n % 4 and n != 1),
        ({"view:sun_elevation": {"in": ["0.5", 1]}}, lambda n: n in (1, 2)),
        ({"s2:product_type": {"eq": "S2MSI1C"}, "view:sun_elevation": {"lte": 5}}, lambda n: n % 2 and n <= 10),
        ({"s2:product_type": {"endsWith": "2A"}}, lambda n: n % 2 == 0),
        ({"created": {"lt": "2022-01-05T00:00:00Z"}}, lambda n: n % 4 and n % 20 < 4),
    ],
)  # fmt: skip
def test_by_query(node: Node, client: Client, query: Any, fits: Any) -> None:
    declare(node)
    expected = [f"i{n:02}" for n in range(COUNT) if fits(n)]
    posted = client.ask("POST", SEARCHED, json={"query": query, "limit": 100})
    assert posted.status_code == 200, posted.text
    assert ids(posted.json()) == expected
    assert ids(client.json(SEARCHED, query=json.dumps(query), limit=100)) == expected
    assert ids(client.json("/stac/collections/c/items", query=json.dumps(query), limit=100)) == expected
    total = {"aggregations": ["total_count"], "query": query}
    for address in ("/stac/aggregate", "/stac/collections/c/aggregate"):
        counted = client.ask("POST", address, json=total).json()
        assert counted["aggregations"][0]["value"] == len(expected)
        counted = client.json(address, aggregations="total_count", query=json.dumps(query))
        assert counted["aggregations"][0]["value"] == len(expected)


def test_what_does_not_fit_is_said(node: Node, client: Client) -> None:
    declare(node)
    for query, word in (
        ({"view:sun_elevation": {"lt": "low"}}, "no number"),
        ({"s2:product_type": {"eq": 5}}, "text"),
        ({"view:sun": {"lt": 5}}, "view:sun_elevation"),
    ):
        refused = client.ask("POST", SEARCHED, json={"query": query})
        assert (refused.status_code, word in refused.text) == (400, True), refused.text


def test_pages_go_on(node: Node, client: Client) -> None:
    declare(node)
    seen: list[str] = []
    url = f"{SEARCHED}?filter=%22view:sun_elevation%22%20%3C%205&limit=2"
    while url:
        page = client.json(url)
        seen += [one["id"] for one in page["features"]]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert seen == [f"i{n:02}" for n in reversed(range(COUNT)) if low(n)]
