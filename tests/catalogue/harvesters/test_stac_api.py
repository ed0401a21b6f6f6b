"""A STAC API, read page by page: recorded answers, generated ones, and servers that misbehave."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from estran import formats
from estran.catalogue.harvesters import Found, Mark
from estran.catalogue.harvesters.stac_api import HARVESTER
from estran.errors import Invalid, Unavailable
from estran.model import Item, Record
from estran.testing.contracts import check_harvester
from tests.catalogue.harvesters.visiting import as_json, found, missed, total, until_broken, visiting
from tests.fetching.serving import Answer, Asked, Served, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"


class Api:
    """A small STAC API: three collections in two pages, their items in pages of two."""

    def __init__(self, *, counts: tuple[int, ...] = (5, 1, 0), post: bool = False) -> None:
        self.counts = {f"c{number}": count for number, count in enumerate(counts)}
        self.post, self.conforms = post, ["https://api.stacspec.org/v1.0.0/core"]
        self.matched: int | None = len(counts)
        self.base = ""
        self.broken: dict[str, Callable[[dict[str, Any]], Answer | bytes | None]] = {}

    def serve(self) -> AbstractContextManager[Served]:
        return serving(self)

    def __call__(self, asked: Asked) -> Answer | bytes:
        self.base = f"http://{asked.headers['host']}"
        query = asked.query | (json.loads(asked.body) if asked.body else {})
        if (fault := self.broken.get(asked.path)) and (given := fault(query)) is not None:
            return given
        match asked.path.strip("/").split("/"):
            case [""]:
                return as_json(self.root())
            case ["collections"]:
                return as_json(self.collections(int(query.get("start", 0))))
            case ["collections", name, "items"]:
                return as_json(self.items(name, int(query.get("start", 0))))
            case ["collections", _, "queryables"]:
                return as_json({"type": "object", "properties": {"updated": {"type": "string"}}})
            case ["search"]:
                return as_json(self.items(str(query["collections"]), int(query.get("start", 0))))
            case _:
                raise KeyError(asked.path)

    def root(self) -> dict[str, Any]:
        links = [
            {"rel": "data", "href": f"{self.base}/collections", "type": "application/json"},
            {"rel": "search", "href": "search", "type": "application/geo+json", "method": "GET"},
        ]
        return {
            "type": "Catalog",
            "id": "root",
            "stac_version": "1.0.0",
            "conformsTo": self.conforms,
            "links": links,
        }

    def collections(self, start: int) -> dict[str, Any]:
        names = list(self.counts)[start : start + 2]
        links = (
            [{"rel": "next", "href": f"./collections?start={start + 2}"}]
            if start + 2 < len(self.counts)
            else []
        )
        listed = [self.collection(name) for name in names]
        return {"collections": listed, "links": links, "numberMatched": self.matched}

    def collection(self, name: str) -> dict[str, Any]:
        extent = {
            "spatial": {"bbox": [[0, 0, 1, 1]]},
            "temporal": {"interval": [["2020-01-01T00:00:00Z", None]]},
        }
        links = [
            {"rel": "items", "href": f"{self.base}/collections/{name}/items"},
            {"rel": QUERYABLES, "href": f"{self.base}/collections/{name}/queryables"},
        ]
        return {
            "type": "Collection", "id": name, "stac_version": "1.0.0", "title": f"The {name}", "description": name,
            "license": "CC-BY-4.0", "extent": extent, "links": links,
        }  # fmt: skip

    def items(self, name: str, start: int) -> dict[str, Any]:
        count = self.counts[name]
        links: list[dict[str, Any]] = []
        if start + 2 < count and self.post:
            links = [{"rel": "next", "href": f"{self.base}/collections/{name}/items", "method": "POST", "merge": True,
                      "body": {"start": start + 2}}]  # fmt: skip
        elif start + 2 < count:
            links = [{"rel": "next", "href": f"{self.base}/collections/{name}/items?start={start + 2}"}]
        numbers = range(start, min(start + 2, count))
        return {
            "type": "FeatureCollection",
            "features": [self.item(name, n) for n in numbers],
            "links": links,
        }

    @staticmethod
    def item(name: str, number: int) -> dict[str, Any]:
        return {
            "type": "Feature", "stac_version": "1.0.0", "id": f"i{number}", "collection": name,
            "geometry": {"type": "Point", "coordinates": [1, 2]}, "bbox": [1, 2, 1, 2], "links": [], "assets": {},
            "properties": {"datetime": "2020-01-01T00:00:00Z", "updated": f"2021-01-0{number + 1}T00:00:00Z"},
        }  # fmt: skip


ALL = ["c0", "c1", "c2", "c0/i0", "c0/i1", "c0/i2", "c0/i3", "c0/i4", "c1/i0"]


@pytest.mark.parametrize("post", [False, True], ids=["get", "post"])
@pytest.mark.parametrize("items", ["yes", "no"])
def test_holds_its_contract(items: str, post: bool) -> None:
    with Api(post=post).serve() as server, visiting(server.url, "stac-api", {"items": items}) as visit:
        events = check_harvester(HARVESTER, visit)
    assert found(events) == ALL if items == "yes" else ALL[:3]
    assert not missed(events)
    assert total(events) == (3 if items == "no" else None)


def test_what_comes_is_read_as_collections_and_items() -> None:
    with Api().serve() as server, visiting(server.url, "stac-api", {"items": "yes"}) as visit:
        events = list(HARVESTER.changes(visit))
    values = [one for e in events if isinstance(e, Found) for one in formats.read(e.document)]
    assert [type(value) for value in values] == [Record] * 3 + [Item] * 6


def test_only_the_collections_that_are_wanted() -> None:
    with (
        Api().serve() as server,
        visiting(server.url, "stac-api", {"items": "yes", "collections": "c1, c2"}) as visit,
    ):
        events = list(HARVESTER.changes(visit))
    assert found(events) == ["c1", "c2", "c1/i0"]
    assert total(events) is None


def test_what_changed_is_asked_for_where_the_filter_is_declared() -> None:
    api = Api()
    api.conforms += [
        "https://api.stacspec.org/v1.0.0/item-search#filter",
        "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    ]
    since = "2026-01-01T00:00:00Z"
    with api.serve() as server, visiting(server.url, "stac-api", {"items": "yes"}, since=since) as visit:
        list(HARVESTER.changes(visit))
    searches = [a.query for a in server.asked if a.path == "/search"]
    assert [a["collections"] for a in searches] == ["c0", "c1", "c2"]
    assert {a["filter"] for a in searches} == {f"updated >= TIMESTAMP('{since}')"}


def test_all_is_read_where_no_filter_is_declared() -> None:
    since = "2026-01-01T00:00:00Z"
    with Api().serve() as server, visiting(server.url, "stac-api", {"items": "yes"}, since=since) as visit:
        assert found(HARVESTER.changes(visit)) == ALL


def test_a_bad_record_does_not_lose_its_page() -> None:
    api = Api(counts=(2,))
    features = (
        b'[null, 3, {"type": "Feature"}, '
        + json.dumps(Api.item("c0", 7)).encode()[:-1]
        + b', "odd": "\xff\x01"}]'
    )
    api.broken["/collections/c0/items"] = lambda _: (
        b'{"type": "FeatureCollection", "features": ' + features + b"}"
    )
    with api.serve() as server, visiting(server.url, "stac-api", {"items": "yes"}) as visit:
        events = list(HARVESTER.changes(visit))
    assert found(events) == ["c0", "c0/i7"]
    assert len(missed(events)) == 3
    assert all("has no id" in line for line in missed(events))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b'{"type": "FeatureCollection", "features": [{"id": "i0"', "not JSON"),
        (b"<!doctype html><h1>Sorry</h1>", "web page"),
        (b'{"code": "NotFoundError", "description": "No collection c0"}', "No collection c0"),
        (Answer(b"", 404), "404"),
        (Answer(b"", 503), "503"),
        (Answer(b"", 500), "500"),
    ],
)
def test_a_collection_whose_items_fail_does_not_hide_the_others(answer: Answer | bytes, why: str) -> None:
    api = Api()
    api.broken["/collections/c0/items"] = lambda _: answer
    with api.serve() as server, visiting(server.url, "stac-api", {"items": "yes"}) as visit:
        events = list(HARVESTER.changes(visit))
    assert found(events) == ["c0", "c1", "c2", "c1/i0"]
    (line,) = missed(events)
    assert "c0" in line
    assert why in line


def test_a_page_cut_short_is_asked_for_again() -> None:
    api, cut = Api(counts=(1,)), [b'{"type": "Feat']
    api.broken["/collections/c0/items"] = lambda _: cut.pop() if cut else None
    with api.serve() as server, visiting(server.url, "stac-api", {"items": "yes"}) as visit:
        assert found(HARVESTER.changes(visit)) == ["c0", "c0/i0"]


def test_a_source_that_is_down_ends_the_visit_after_what_it_gave() -> None:
    api = Api(counts=(1, 1, 1, 1))
    for name in api.counts:
        api.broken[f"/collections/{name}/items"] = lambda _: Answer(b"", 503)
    with api.serve() as server, visiting(server.url, "stac-api", {"items": "yes"}) as visit:
        events, error = until_broken(HARVESTER.changes(visit))
    assert isinstance(error, Unavailable)
    assert "503" in str(error)
    assert found(events) == ["c0", "c1", "c2", "c3"]


def test_next_links_that_go_in_circles_end() -> None:
    api = Api(counts=(6,))
    api.broken["/collections/c0/items"] = lambda query: (
        as_json({"features": [Api.item("c0", 5)], "links": [{"rel": "next", "href": f"{api.base}/collections/c0/items?limit=200"}]})
        if query.get("start") == "4" else None
    )  # fmt: skip
    with api.serve() as server, visiting(server.url, "stac-api", {"items": "yes"}) as visit:
        events = list(HARVESTER.changes(visit))
    assert found(events)[1:] == ["c0/i0", "c0/i1", "c0/i2", "c0/i3", "c0/i5"]
    assert "read already" in missed(events)[0]


def test_a_server_that_gives_one_page_for_any_token_ends() -> None:
    api, token = Api(counts=(1,)), iter(range(10_000))
    api.broken["/collections/c0/items"] = lambda _: as_json(
        {
            "features": [Api.item("c0", 0)],
            "links": [{"rel": "next", "href": f"{api.base}/collections/c0/items?token={next(token)}"}],
        }
    )
    with api.serve() as server, visiting(server.url, "stac-api", {"items": "yes"}) as visit:
        events = list(HARVESTER.changes(visit))
    assert found(events) == ["c0", "c0/i0"]
    assert "the page before once more" in missed(events)[0]


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_a_page_that_was_forgotten_is_read_from_its_collection_s_start(status: int) -> None:
    position: dict[str, Any] = {"phase": "items", "collection": "c0"}
    api = Api()
    api.broken["/collections/c0/items"] = lambda query: Answer(b"", status) if "token" in query else None
    with api.serve() as server:
        position["ask"] = {"url": f"{server.url}/collections/c0/items?token=old"}
        with visiting(server.url, "stac-api", {"items": "yes"}, position=position) as visit:
            assert found(HARVESTER.changes(visit)) == ALL[3:]


def test_a_collection_that_is_gone_since_the_mark_passes_nothing_over() -> None:
    position = {"phase": "items", "collection": "gone", "ask": {"url": "http://127.0.0.1:1/"}}
    with (
        Api().serve() as server,
        visiting(server.url, "stac-api", {"items": "yes"}, position=position) as visit,
    ):
        assert found(HARVESTER.changes(visit)) == ALL[3:]


def test_a_next_link_to_where_nobody_may_go_is_refused_by_the_fetcher() -> None:
    api = Api(counts=(2,))
    api.broken["/collections/c0/items"] = lambda _: as_json(
        {"features": [Api.item("c0", 0)], "links": [{"rel": "next", "href": "file:///etc/passwd"}]}
    )
    with api.serve() as server, visiting(server.url, "stac-api", {"items": "yes"}) as visit:
        events = list(HARVESTER.changes(visit))
    assert found(events) == ["c0", "c0/i0"]
    assert "http://" in missed(events)[0]


def test_a_static_catalogue_is_not_an_api() -> None:
    body = as_json(
        {"type": "Catalog", "id": "x", "stac_version": "1.0.0", "links": [{"rel": "child", "href": "a"}]}
    )
    with (
        serving(lambda _: body) as server,
        visiting(server.url, "stac-api") as visit,
        pytest.raises(Invalid, match="read with the protocol stac"),
    ):
        list(HARVESTER.changes(visit))


def test_recorded_pages_of_real_servers(shared_data: Path) -> None:
    folder = shared_data / "catalogue" / "stac" / "rustac" / "io" / "mocks"

    def answer(asked: Asked) -> bytes:
        base = f"http://{asked.headers['host']}"
        if asked.path == "/":
            return as_json({"links": [{"rel": "data", "href": "/collections"}], "conformsTo": []})
        page = "2" if "token" in asked.query else "1"
        name = (
            "items"
            if asked.path.endswith("/items")
            else "search"
            if asked.path == "/search"
            else "collections"
        )
        value = json.loads((folder / f"{name}-page-{2 if name == 'collections' else page}.json").read_bytes())
        for one in value.get("collections", ()):
            one["links"] = [{"rel": "items", "href": f"{base}/collections/{one['id']}/items"}]
        links = (
            [{"rel": "next", "href": f"{base}{asked.path}?token=2"}]
            if page == "1" and name != "collections"
            else []
        )
        return as_json(value | {"links": links})

    with serving(answer) as server, visiting(server.url, "stac-api", {"items": "yes"}) as visit:
        events = list(HARVESTER.changes(visit))
    assert len(found(events)) > 3
    assert not missed(events)
    for event in events:
        if isinstance(event, Found):
            (value,) = formats.read(event.document)
            assert isinstance(value, Record | Item)


def test_guesses_apis_and_not_files() -> None:
    assert HARVESTER.recognise("https://x", as_json(Api().root())) > 0.9
    assert HARVESTER.recognise("https://x", b'{"type": "Catalog", "stac_version": "1.0.0", "id": "x"}') == 0.0


def test_marks_stand_after_pages() -> None:
    with Api().serve() as server, visiting(server.url, "stac-api", {"items": "yes"}) as visit:
        events = list(HARVESTER.changes(visit))
    kinds = ["|" if isinstance(event, Mark) else "." for event in events if isinstance(event, Mark | Found)]
    assert "".join(kinds) == "..|.|..|..|.."
