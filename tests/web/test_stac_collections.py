"""Searching the collections by STAC: what is asked is what comes, page by page, on every engine."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from pystac.validation import validate_dict

from estran.web.app import create_app
from tests.web.client import BASE, Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

COUNT = 130
WORDS = ("Salinité", "turbidity", "snow", "wind", "reef")


def made() -> list[dict[str, Any]]:
    r = random.Random(5)
    return [one(n, r) for n in range(COUNT)]


def one(n: int, r: random.Random) -> dict[str, Any]:
    west, south, year = r.randint(-170, 150), r.randint(-80, 70), r.randint(1990, 2015)
    end = f"{year + r.randint(0, 5)}-12-31T00:00:00Z" if r.random() < 0.8 else None
    return {
        "type": "Collection",
        "stac_version": "1.1.0",
        "id": f"c-{n}",
        "title": f"{WORDS[n % 5]} {n:03}",
        "description": f"About {WORDS[(n + 2) % 5]} from space",
        "keywords": [WORDS[(n + 1) % 5]],
        "license": "CC-BY-4.0",
        "extent": {
            "spatial": {"bbox": [[west, south, west + 20, south + 10]]},
            "temporal": {"interval": [[f"{year}-01-01T00:00:00Z", end]]},
        },
        "links": [],
    }


@pytest.fixture(scope="module")
def node(open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("collections")
    # A catalogue says nothing of place and time.
    bare = {
        "type": "Catalog",
        "stac_version": "1.1.0",
        "id": "bare",
        "title": "bare",
        "description": "-",
        "links": [],
    }
    (folder / "a.ndjson").write_text("\n".join(json.dumps(x) for x in [*made(), bare]), "utf-8")
    record = {
        "type": "Feature",
        "id": "r",
        "conformsTo": ["http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"],
        "geometry": None,
        "properties": {"type": "dataset", "title": "Salinité, no collection"},
        "links": [],
    }
    (folder / "r.json").write_text(json.dumps(record), "utf-8")
    (folder / "hidden.json").write_text(json.dumps({**made()[0], "id": "hidden"}), "utf-8")
    with open_node(folder / "node") as opened:
        assert not opened.load([folder / "a.ndjson", folder / "r.json"]).refused
        opened.load(folder / "hidden.json", visibility="restricted", source="hidden", centre="coriolis")
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Client:
    return Client(create_app(node))


def walk(client: Client, query: str) -> list[dict[str, Any]]:
    """All that a query finds, over its pages."""
    address, found, matched = f"/stac/collections?{quote(query, safe='=&,:/')}", [], None
    while address:
        page = client.json(address)
        rels = {link["rel"]: link["href"] for link in page["links"]}
        assert rels["self"] == (address if "://" in address else BASE + address)
        assert page["numberReturned"] == len(page["collections"])
        assert matched in (None, page["numberMatched"])
        matched = page["numberMatched"]
        found += page["collections"]
        address = rels.get("next", "")
    assert len(found) == matched
    return found


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [x["id"] for x in found]


def touches(c: dict[str, Any], west: float, south: float, east: float, north: float) -> bool:
    w, s, e, n = c["extent"]["spatial"]["bbox"][0]
    return w <= east and e >= west and s <= north and n >= south


def overlaps(c: dict[str, Any], start: str, end: str) -> bool:
    first, last = c["extent"]["temporal"]["interval"][0]
    return first <= end and (last or "9999") >= start


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("bbox=0,0,30,30", lambda c: touches(c, 0, 0, 30, 30)),
        ("bbox=160,-20,-160,20", lambda c: touches(c, 160, -20, 180, 20) or touches(c, -180, -20, -160, 20)),
        ("bbox=0,0,-10,30,30,10", lambda c: touches(c, 0, 0, 30, 30)),
        (
            "datetime=2001-05-01T00:00:00Z/2002-01-01T00:00:00Z",
            lambda c: overlaps(c, "2001-05-01", "2002-01-01T00:00:00Z"),
        ),
        ("datetime=2016-05-01T00:00:00Z/..", lambda c: overlaps(c, "2016-05-01", "9999")),
        ("datetime=1999-06-01T00:00:00Z", lambda c: overlaps(c, "1999-06-01T00:00:00Z", "1999-06-01T00:00:00Z")),
        (
            "bbox=-180,0,180,90&datetime=2001-05-01T00:00:00Z/..&q=snow",
            lambda c: touches(c, -180, 0, 180, 90) and overlaps(c, "2001-05-01", "9999") and "snow" in json.dumps(c),
        ),
    ],
)  # fmt: skip
def test_by_place_and_time(client: Client, query: str, wanted: Callable[[dict[str, Any]], bool]) -> None:
    found = ids(walk(client, f"{query}&limit=7"))
    # What is known of no place and time is written as the whole world and all times, and found as that.
    unknown = [] if "q=" in query else ["bare"]
    assert sorted(found) == sorted([c["id"] for c in made() if wanted(c)] + unknown)


@pytest.mark.parametrize(
    ("q", "wanted"),
    [
        ("snow", {"snow"}),
        ("SALINITE", {"Salinité"}),
        ("salinité,reefs", {"Salinité", "reef"}),
        ("snow from space", {"snow"}),
        ("space snow", set()),
        ("c-17", "c-17"),
        ("nothingness", set()),
    ],
)
def test_by_words(client: Client, q: str, wanted: set[str] | str) -> None:
    found = ids(walk(client, f"q={q}&limit=11"))
    if isinstance(wanted, str):
        assert found[0] == wanted
        return
    places = ("description",) if " " in q else ("title", "description", "keywords")
    expected = [c["id"] for c in made() if any(w in str(c[place]) for w in wanted for place in places)]
    assert sorted(found) == sorted(expected)


def test_what_fits_best_comes_first(client: Client) -> None:
    titles = [c["title"] for c in walk(client, "q=snow&limit=20")]
    assert [t.startswith("snow") for t in titles] == sorted(
        (t.startswith("snow") for t in titles), reverse=True
    )


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("filter=id='c-3' OR id IN ('c-4','c-5')", ["c-3", "c-4", "c-5"]),
        ("filter=id LIKE 'c-12_'", [f"c-12{n}" for n in range(10)]),
        ("filter=keywords='snow' AND title LIKE '%12%'", [c["id"] for c in made() if c["keywords"] == ["snow"] and "12" in c["title"]]),
        ('filter={"op":"=","args":[{"property":"id"},"c-9"]}&filter-lang=cql2-json', ["c-9"]),
    ],
)  # fmt: skip
def test_by_filter(client: Client, given: str, wanted: list[str]) -> None:
    assert sorted(ids(walk(client, given))) == sorted(wanted)


def test_order_and_members(client: Client) -> None:
    titles = sorted([*(c["title"] for c in made()), "bare"])
    assert [c["title"] for c in walk(client, "limit=50")] == titles
    assert [c["title"] for c in walk(client, "sortby=-title&limit=50")] == titles[::-1]
    starts = [c["extent"]["temporal"]["interval"][0][0] for c in walk(client, "sortby=datetime")]
    assert starts[:-1] == sorted(starts[:-1])
    assert starts[-1] is None
    first = walk(client, "fields=id,title&limit=100&filter=id='c-3'")[0]
    assert first.keys() == {"type", "stac_version", "id", "title"}
    assert "keywords" not in walk(client, "fields=-keywords,-links&filter=id='c-3'")[0]


def test_what_nobody_bounds_is_paged(client: Client) -> None:
    page = client.json("/stac/collections")
    assert (page["numberReturned"], page["numberMatched"]) == (100, COUNT + 1)
    assert client.json("/stac/collections?limit=100000")["numberReturned"] == COUNT + 1
    children = client.json("/stac/children")
    assert len(children["children"]) == 100
    following = next(link["href"] for link in children["links"] if link["rel"] == "next")
    assert len(client.json(following)["children"]) == COUNT + 1 - 100


@pytest.mark.parametrize(
    "query",
    ["bbox=1,2,3", "datetime=2020", "limit=0", "limit=x", "sortby=nothing", "token=x", "filter=nothing=1", "ids=c-3",
     "fields=a&fields=b", "filter-lang=sql", "q=" + "x" * 2001],
)  # fmt: skip
def test_what_does_not_fit_is_refused(client: Client, query: str) -> None:
    answer = client.get(f"/stac/collections?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["where"] == query.partition("=")[0]


def test_it_says_what_it_offers(client: Client) -> None:
    declared = client.json("/stac/conformance")["conformsTo"]
    for name in ("", "#free-text", "#filter", "#fields"):
        assert f"https://api.stacspec.org/v1.0.0-rc.1/collection-search{name}" in declared
    assert "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/simple-query" in declared
    links = {link["rel"]: link["href"] for link in client.json("/stac/collections")["links"]}
    queryables = client.get(links["http://www.opengis.net/def/rel/ogc/1.0/queryables"])
    assert queryables.headers["content-type"] == "application/schema+json"
    assert queryables.json()["$id"] == links["http://www.opengis.net/def/rel/ogc/1.0/queryables"]
    assert {"id", "title", "keywords"} <= queryables.json()["properties"].keys()


def test_the_catalogue_leads_to_all_collections_however_many(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estran.web.apis._stac_collections._BROWSED", 50)
    waiting, found = ["/stac"], []
    while waiting:
        document = client.json(waiting.pop())
        if document["type"] == "Collection":
            found.append(document["id"])
            continue
        validate_dict(document)
        children = [link["href"] for link in document["links"] if link["rel"] == "child"]
        assert len(children) <= 51
        waiting += children
    assert sorted(found) == sorted([*(c["id"] for c in made()), "bare"])
    assert client.get("/stac/browse?token=x").json()["where"] == "token"
