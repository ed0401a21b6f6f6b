"""OGC API - Records as a client meets it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

import estran
from estran.catalogue.queryables import RECORDS
from estran.web.app import create_app
from tests.web.client import BASE, Client
from tests.web.conftest import ITEMS, id_of

if TYPE_CHECKING:
    from pathlib import Path

    from estran.node import Node

COLLECTION = "/ogc/collections/records"
ALL = 65


def found(client: Client, **params: Any) -> set[str]:
    """Titles of what a search finds on its first page."""
    page = client.json(ITEMS, **({"limit": 40} | params))
    assert page["numberReturned"] == len(page["features"]) <= page["numberMatched"]
    return {one["properties"]["title"] for one in page["features"]}


def link(document: dict[str, Any], rel: str) -> str:
    """The address of a document's link, "" if it has none."""
    return next((one["href"] for one in document["links"] if one["rel"] == rel), "")


# The root


def test_the_landing_page_leads_everywhere(client: Client) -> None:
    landing = client.json("/ogc")
    assert landing["title"] == "Nœud d'essai"
    for rel, media_type in (
        ("self", "application/json"),
        ("service-desc", "application/vnd.oai.openapi+json;version=3.0"),
        ("service-doc", "text/html"),
        ("conformance", "application/json"),
        ("data", "application/json"),
        ("http://www.opengis.net/def/rel/ogc/1.0/ogc-catalog", "application/geo+json"),
    ):
        answer = client.get(link(landing, rel).removeprefix(BASE))
        assert answer.status_code == 200, rel
        assert answer.headers["content-type"].replace(" ", "").startswith(media_type), rel
    assert client.get("/ogc/").status_code == 200


def test_it_conforms_to_what_it_says(client: Client) -> None:
    uris = client.json("/ogc/conformance")["conformsTo"]
    assert len(uris) == len(set(uris))
    for part in (
        "ogcapi-common-1/1.0/conf/core",
        "ogcapi-common-2/1.0/conf/collections",
        "ogcapi-features-1/1.0/conf/core",
        "ogcapi-features-1/1.0/conf/oas30",
        "ogcapi-features-3/1.0/conf/filter",
        "ogcapi-records-1/1.0/conf/record-core",
        "ogcapi-records-1/1.0/conf/record-collection",
        "ogcapi-records-1/1.0/conf/record-core-query-parameters",
        "ogcapi-records-1/1.0/conf/records-api",
        "ogcapi-records-1/1.0/conf/searchable-catalog",
        "ogcapi-records-1/1.0/conf/sorting",
        "ogcapi-records-1/1.0/conf/json",
        "ogcapi-records-1/1.0/conf/html",
        "ogcapi-records-1/1.0/conf/oas30",
        "cql2/1.0/conf/cql2-text",
        "cql2/1.0/conf/cql2-json",
        "cql2/1.0/conf/basic-cql2",
    ):
        assert f"http://www.opengis.net/spec/{part}" in uris
    # Neither arithmetic nor functions nor comparisons of two properties.
    assert not [uri for uri in uris if uri.endswith(("arithmetic", "functions", "property-property"))
                and "temporal" not in uri and "spatial" not in uri and "array" not in uri]  # fmt: skip


def test_the_catalogue_describes_itself(client: Client) -> None:
    listed = client.json("/ogc/collections")["collections"]
    catalogue = client.json(COLLECTION)
    assert listed == [catalogue]
    assert catalogue["id"] == "records"
    assert catalogue["itemType"] == "record"
    assert catalogue["type"] == "Collection"
    assert catalogue["extent"]["temporal"]["interval"][0][0] == "1950-01-01T00:00:00Z"
    assert catalogue["extent"]["temporal"]["interval"][0][1] is None
    assert catalogue["crs"] == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]
    assert link(catalogue, "profile") == "http://www.opengis.net/def/profile/OGC/0/ogc-catalog"
    for rel in (
        "self",
        "items",
        "http://www.opengis.net/def/rel/ogc/1.0/queryables",
        "http://www.opengis.net/def/rel/ogc/1.0/sortables",
    ):
        assert client.get(link(catalogue, rel).removeprefix(BASE)).status_code == 200
    as_catalogue = client.get(COLLECTION, accept="application/ogc-catalog+json")
    assert as_catalogue.headers["content-type"] == "application/ogc-catalog+json"


@pytest.mark.parametrize(
    "path",
    [
        "/ogc",
        "/ogc/conformance",
        "/ogc/collections",
        COLLECTION,
        f"{COLLECTION}/queryables",
        f"{COLLECTION}/sortables",
        "/ogc/api",
    ],
)
def test_all_of_it_is_there_for_people(client: Client, path: str) -> None:
    for answer in (client.get(path, accept="text/html"), client.get(f"{path}?f=html")):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert "<h1>" in answer.text
    document = client.get(f"{path}?f=json").json()
    for one in document.get("links", []):
        assert one["href"].replace("&", "&amp;") in answer.text
    assert client.get(path, accept="image/png").status_code == 406


def test_queryables_and_sortables_are_schemas(client: Client) -> None:
    for name in ("queryables", "sortables"):
        answer = client.get(f"{COLLECTION}/{name}")
        assert answer.headers["content-type"] == "application/schema+json"
        schema = answer.json()
        assert schema["$id"] == f"{BASE}{COLLECTION}/{name}"
        assert schema["$schema"] == "https://json-schema.org/draft/2019-09/schema"
        assert schema["type"] == "object"
    assert set(client.json(f"{COLLECTION}/queryables")["properties"]) == set(RECORDS)
    for sortable in client.json(f"{COLLECTION}/sortables")["properties"]:
        assert client.get(f"{ITEMS}?sortby=-{sortable}").status_code == 200


# Searching


def test_a_page_of_records(client: Client) -> None:
    answer = client.get(ITEMS)
    assert answer.headers["content-type"] == "application/geo+json"
    page = answer.json()
    assert page["type"] == "FeatureCollection"
    assert page["numberMatched"] == ALL
    assert page["numberReturned"] == len(page["features"]) == 10
    assert page["timeStamp"].endswith("Z")
    assert link(page, "self") == BASE + ITEMS
    assert link(page, "profile") == "http://www.opengis.net/def/profile/OGC/0/ogc-record"
    assert f'<{link(page, "next")}>; rel="next"' in answer.headers["link"]
    for one in page["features"]:
        assert one["type"] == "Feature"
        assert {"id", "geometry", "time", "properties", "links"} <= one.keys()
        assert {"type", "title"} <= one["properties"].keys()
        assert [x["href"] for x in one["links"] if x["rel"] == "collection"] == [BASE + COLLECTION]
        assert [x["href"] for x in one["links"] if x["rel"] == "self"] == [f"{BASE}{ITEMS}/{one['id']}"]


@pytest.mark.parametrize(
    ("limit", "returned"),
    [("1", 1), ("40", 40), ("41", 40), ("1000000", 40), ("99999999999999", 40), ("007", 7)],
)
def test_a_limit_is_cut_to_what_a_page_holds(client: Client, limit: str, returned: int) -> None:
    assert client.json(ITEMS, limit=limit)["numberReturned"] == returned


@pytest.mark.parametrize(
    "sortby", ["", "title", "-title", "+title,-updated", "time", "-time", "id", "published,title"]
)
def test_paging_shows_everything_once(client: Client, sortby: str) -> None:
    url, seen = f"{ITEMS}?limit=7&sortby={quote(sortby)}", []
    for _ in range(12):
        page = client.get(url).json()
        seen += [one["id"] for one in page["features"]]
        assert page["numberMatched"] == ALL
        if not (following := link(page, "next")):
            break
        url = following.removeprefix(BASE)
    assert len(seen) == len(set(seen)) == ALL


def test_sorting(client: Client) -> None:
    def titles(sortby: str) -> list[str]:
        return [one["properties"]["title"] for one in client.json(ITEMS, sortby=sortby, limit=40)["features"]]

    assert titles("title") == sorted(titles("title"))
    assert titles("-title") == sorted(titles("-title"), reverse=True)
    starts = [one["time"]["interval"][0] for one in client.json(ITEMS, sortby="time", limit=40)["features"]]
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("params", "titles"),
    [
        ({"q": "salinité"}, {"Salinité de surface en mer Méditerranée"}),
        ({"q": "SALINITE"}, {"Salinité de surface en mer Méditerranée"}),
        ({"q": "snow,coral"}, {"Snow depth in the Alps", "Reefs of Fiji"}),
        ({"q": "snow depth"}, {"Snow depth in the Alps"}),
        ({"q": "depth snow"}, set()),
        ({"q": "winds"}, {"Map service of <b>winds</b> & “waves”"}),
        ({"type": "service"}, {"Map service of <b>winds</b> & “waves”"}),
        ({"type": "service,software"}, {"Map service of <b>winds</b> & “waves”"}),
        ({"bbox": "1,36,2,37"}, {"Salinité de surface en mer Méditerranée"}),
        ({"bbox": "1,36,-10,2,37,10"}, {"Salinité de surface en mer Méditerranée"}),
        ({"bbox": "170,-30,-170,0"}, {"Reefs of Fiji"}),
        ({"bbox": "178,-18,181,-17"}, {"Reefs of Fiji"}),
        ({"datetime": "2015-06-01", "q": "mer,snow"}, {"Salinité de surface en mer Méditerranée", "Snow depth in the Alps"}),
        ({"datetime": "2030-01-01/.."}, {"Snow depth in the Alps"}),
        ({"datetime": "1990-02-01T00:00:00Z/1990-02-02T00:00:00Z", "q": "snow"}, {"Snow depth in the Alps"}),
        ({"externalIds": "doi:10.1234/salt"}, {"Salinité de surface en mer Méditerranée"}),
        ({"externalIds": "10.1234/salt,nothing"}, {"Salinité de surface en mer Méditerranée"}),
        ({"externalIds": "doi:"}, {"Salinité de surface en mer Méditerranée"}),
        ({"ids": "nothing"}, set()),
        ({"keywords": "coral"}, {"Reefs of Fiji"}),
        ({"keywords": "ice sheet"}, {"Snow depth in the Alps"}),
        ({"title": "Reefs of Fiji", "type": "dataset"}, {"Reefs of Fiji"}),
        ({"license": "CC-BY-4.0"}, {"Salinité de surface en mer Méditerranée"}),
        ({"keywords": "coral", "q": "snow"}, set()),
        ({"centre": "nowhere"}, set()),
        ({"title": "L'eau; DROP TABLE record; --"}, {"L'eau; DROP TABLE record; --"}),
    ],
)  # fmt: skip
def test_parameters_find(client: Client, params: dict[str, str], titles: set[str]) -> None:
    assert found(client, **params) == titles


def test_repeated_properties_are_alternatives(client: Client) -> None:
    page = client.get(f"{ITEMS}?keywords=coral&keywords=snow").json()
    assert page["numberMatched"] == 2


def test_hubs_follow_from_centres(client: Client) -> None:
    assert client.json(ITEMS, hub="ocean")["numberMatched"] == ALL
    assert client.json(ITEMS, centre="coriolis", hub="atmosphere")["numberMatched"] == 0


FILTERS: list[tuple[str, Any, set[str]]] = [
    ("title LIKE 'Snow%'", {"op": "like", "args": [{"property": "title"}, "Snow%"]}, {"Snow depth in the Alps"}),
    (
        "CASEI(title) LIKE CASEI('snow%')",
        {"op": "like", "args": [{"op": "casei", "args": [{"property": "title"}]}, {"op": "casei", "args": ["snow%"]}]},
        {"Snow depth in the Alps"},
    ),
    (
        "ACCENTI(keywords) = ACCENTI('salinite')",
        {"op": "=", "args": [{"op": "accenti", "args": [{"property": "keywords"}]}, {"op": "accenti", "args": ["salinite"]}]},
        {"Salinité de surface en mer Méditerranée"},
    ),
    (
        "type <> 'dataset'",
        {"op": "<>", "args": [{"property": "type"}, "dataset"]},
        {"Map service of <b>winds</b> & “waves”"},
    ),
    (
        "geometry IS NULL",
        {"op": "isNull", "args": [{"property": "geometry"}]},
        {"Map service of <b>winds</b> & “waves”"},
    ),
    (
        "S_INTERSECTS(geometry, POLYGON((178 -18,179 -18,179 -17,178 -18)))",
        {
            "op": "s_intersects",
            "args": [
                {"property": "geometry"},
                {"type": "Polygon", "coordinates": [[[178, -18], [179, -18], [179, -17], [178, -18]]]},
            ],
        },
        {"Reefs of Fiji"},
    ),
    (
        "S_WITHIN(geometry, BBOX(4,43,11,48))",
        {"op": "s_within", "args": [{"property": "geometry"}, {"bbox": [4, 43, 11, 48]}]},
        {"Snow depth in the Alps"},
    ),
    (
        "T_AFTER(time, DATE('2009-12-31'))",
        {"op": "t_after", "args": [{"property": "time"}, {"date": "2009-12-31"}]},
        {"Salinité de surface en mer Méditerranée"},
    ),
    (
        "A_CONTAINS(keywords, ('salinité','océan'))",
        {"op": "a_contains", "args": [{"property": "keywords"}, ["salinité", "océan"]]},
        {"Salinité de surface en mer Méditerranée"},
    ),
    (
        "updated >= DATE('2020-01-01') AND title IN ('Reefs of Fiji', 'x')",
        {
            "op": "and",
            "args": [
                {"op": ">=", "args": [{"property": "updated"}, {"date": "2020-01-01"}]},
                {"op": "in", "args": [{"property": "title"}, ["Reefs of Fiji", "x"]]},
            ],
        },
        {"Reefs of Fiji"},
    ),
    ("title = 'L''eau; DROP TABLE record; --'", {"op": "=", "args": [{"property": "title"}, "L'eau; DROP TABLE record; --"]}, {"L'eau; DROP TABLE record; --"}),
    ("title = 'x'' OR ''1''=''1'", {"op": "=", "args": [{"property": "title"}, "x' OR '1'='1"]}, set()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "document", "titles"), FILTERS)
def test_filters_in_both_languages(client: Client, text: str, document: Any, titles: set[str]) -> None:
    assert found(client, filter=text) == titles
    assert found(client, **{"filter": json.dumps(document), "filter-lang": "cql2-json"}) == titles
    assert found(client, filter=json.dumps(document)) == titles
    together = {"filter": text, "filter-lang": "cql2-text", "source": "local"}
    assert found(client, **together) == titles


@pytest.mark.parametrize(
    ("query", "where", "words"),
    [
        ("bobx=1,2,3,4", "bobx", "did you mean “bbox”"),
        ("salinity=3", "salinity", "there is no parameter"),
        ("limit=0", "limit", "whole number"),
        ("limit=-3", "limit", "whole number"),
        ("limit=ten", "limit", "whole number"),
        ("limit=1&limit=2", "limit", "more than once"),
        ("bbox=1,2,3", "bbox", "3 numbers"),
        ("bbox=1,2,3,x", "bbox", "list of numbers"),
        ("bbox=0,50,10,40", "bbox", "south 50 lies above"),
        ("bbox=0,0,nan,1", "bbox", "not a number"),
        ("bbox=0,-95,1,0", "bbox", "between -90 and 90"),
        ("bbox=0,0,1,1&bbox-crs=EPSG:2154", "bbox-crs", "CRS84"),
        ("datetime=2024-02-30", "datetime", "day 30"),
        ("datetime=2021/2020", "datetime", "ends before"),
        ("datetime=../..", "datetime", "both ends"),
        ("datetime=yesterday", "datetime", "not a date"),
        ("sortby=abstract", "sortby", "sortables: title"),
        ("filter=title", "filter", "neither true nor false"),
        ("filter=titel='x'", "filter", "did you mean “title”"),
        ("filter=pg_sleep(10)=1", "filter", "no function"),
        ("filter=title='x&filter-lang=cql2-text", "filter", "never closed"),
        ("filter=" + "(" * 3000, "filter", "50 levels"),
        ("filter=[]&filter-lang=cql2-json", "filter", "neither true nor false"),
        ("filter={&filter-lang=cql2-json", "filter", "not JSON"),
        ("filter=title='x'&filter-lang=cql-text", "filter-lang", "cql2-text"),
        ("filter=title='x'&filter-crs=EPSG:4326", "filter-crs", "CRS84"),
        ("geometry=POINT(0 0)", "geometry", "no parameter"),
        ("created=never", "filter.args[1]", "not a date"),
        ("cursor=abc", "cursor", "not one of ours"),
        ("cursor=%C3%A9", "cursor", "not one of ours"),
        ("f=yaml", "f", "choose among json"),
        ("ids=" + ",".join("abcdefghij" * 30), "ids", "at most 200"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_where(client: Client, query: str, where: str, words: str) -> None:
    answer = client.get(f"{ITEMS}?{query}")
    if len(query) > 250 and "at most" in words:
        answer = client.get(f"{ITEMS}?ids={'a,' * 201}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 400
    assert words in problem["detail"]
    if "created" not in query:
        assert problem["where"] == where


def test_a_cursor_belongs_to_its_query(client: Client) -> None:
    following = link(client.json(ITEMS, q="series,number", limit=5), "next")
    params = dict(parse_qsl(urlsplit(following).query))
    assert client.json(ITEMS, **params)["numberReturned"] == 5
    assert client.get(f"{ITEMS}?limit=5&q=other&cursor={params['cursor']}").status_code == 400


def test_people_are_led_to_the_portal(client: Client, salinity: str) -> None:
    answer = client.get(
        f"{ITEMS}?q=sel&type=dataset,service&bbox=0,1,2,3&datetime=2001/..&keywords=a", accept="text/html"
    )
    assert answer.status_code == 303
    target = urlsplit(answer.headers["location"])
    assert target.path == "/search"
    assert sorted(parse_qsl(target.query)) == sorted(
        [
            ("q", "sel"),
            ("kind", "dataset"),
            ("kind", "service"),
            ("bbox", "0,1,2,3"),
            ("from", "2001"),
            ("keyword", "a"),
        ]
    )
    page = client.get(answer.headers["location"], accept="text/html", Accept_Language="en")
    assert page.headers["location"].startswith("/en/search?")
    assert client.get(page.headers["location"], accept="text/html").status_code in (200, 303)
    assert client.get(f"{ITEMS}/{salinity}?f=html").headers["location"] == f"{BASE}/data/{salinity}"


# One record


def test_one_record(client: Client, salinity: str) -> None:
    answer = client.get(f"{ITEMS}/{salinity}")
    assert answer.headers["content-type"] == "application/geo+json"
    record = answer.json()
    assert record["id"] == salinity
    assert record["properties"]["title"] == "Salinité de surface en mer Méditerranée"
    assert record["properties"]["license"] == "CC-BY-4.0"
    assert link(record, "collection") == BASE + COLLECTION
    assert link(record, "self") == f"{BASE}{ITEMS}/{salinity}"
    assert link(record, "profile") == "http://www.opengis.net/def/profile/OGC/0/ogc-record"
    assert any(one["rel"] == "alternate" and one["type"] == "text/html" for one in record["links"])
    assert (
        client.get(f"{ITEMS}/{salinity}", accept="application/json").headers["content-type"]
        == "application/json"
    )
    listed = client.json(ITEMS, ids=f"{salinity},x")["features"]
    assert listed == [record]


def test_what_is_not_there(client: Client, node: Node) -> None:
    assert client.get(f"{ITEMS}/nothing").status_code == 404
    assert client.get(f"{ITEMS}/{id_of(node, 'secret')}").status_code == 404
    gone = next(change.id for change in node.changes() if change.op == "remove")
    answer = client.get(f"{ITEMS}/{gone}")
    assert answer.status_code == 410
    assert "removed on 20" in answer.json()["detail"]
    assert client.get(f"/data/{gone}", accept="text/html").status_code == 410
    unknown = client.get("/ogc/collections/others")
    assert unknown.status_code == 404
    assert unknown.headers["content-type"] == "application/problem+json"
    posted = client.ask("POST", ITEMS, json={})
    assert posted.status_code == 405
    assert "GET" in posted.json()["detail"]
    assert posted.headers["allow"]


def test_hidden_records_are_in_no_list(client: Client) -> None:
    everything = json.dumps(client.json(ITEMS, limit=40)) + json.dumps(client.json(ITEMS, q="soundings"))
    assert "soundings" not in everything.replace("q=soundings", "")


# Real files


def test_real_files_are_served_as_records(shared_data: Path, tmp_path: Path) -> None:
    with estran.open(tmp_path / "node") as node:
        node.load([shared_data / "catalogue" / "iso19115-3", shared_data / "catalogue" / "ogcapi-records"])
        client = Client(create_app(node))
        page = client.json(ITEMS, limit=1000)
        assert (
            page["numberMatched"]
            == page["numberReturned"]
            == sum(1 for _ in client.json(ITEMS, limit=1000)["features"])
        )
        assert page["numberMatched"] > 30
        for one in page["features"]:
            assert client.get(f"/data/{one['id']}.json").json()["properties"] == one["properties"]
