"""OGC API - Records: collections of records, told apart from others, read page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from estran import formats
from estran.catalogue.harvesters import Found, Mark
from estran.catalogue.harvesters.ogc_records import HARVESTER
from estran.errors import Invalid, Unavailable
from estran.model import Record
from estran.testing.contracts import check_harvester
from tests.catalogue.harvesters.visiting import as_json, found, missed, total, until_broken, visiting
from tests.fetching.serving import Answer, Asked, serving

if TYPE_CHECKING:
    from pathlib import Path

FILTERS = ["http://www.opengis.net/spec/cql2/1.0/conf/cql2-text"]


class Service:
    """Two catalogues of records and one of features, in pages of three."""

    def __init__(self) -> None:
        self.counts = {"sea": 7, "features": 4, "soil": 2}
        self.conforms = ["http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"]
        self.faults: dict[tuple[str, int], Answer | bytes] = {}
        self.announced: dict[str, int] = {}

    def __call__(self, asked: Asked) -> Answer | bytes:
        base = f"http://{asked.headers['host']}"
        start = int(asked.query.get("offset", 0))
        match asked.path.strip("/").split("/"):
            case [""]:
                return as_json({"title": "A service", "links": [
                    {"rel": "data", "href": "/collections?f=html", "type": "text/html"},
                    {"rel": "data", "href": "/collections?f=json", "type": "application/json"},
                    {"rel": "conformance", "href": f"{base}/conformance"},
                ]})  # fmt: skip
            case ["conformance"]:
                return as_json({"conformsTo": self.conforms})
            case ["collections"]:
                return as_json({"collections": [self.collection(name) for name in self.counts], "links": []})
            case ["collections", name]:
                return as_json(self.collection(name))
            case ["collections", _, "queryables"]:
                return as_json({"properties": {"recordUpdated": {}}})
            case ["collections", name, "items"]:
                return self.faults.get((name, start)) or as_json(self.items(name, start))
            case _:
                raise KeyError(asked.path)

    @staticmethod
    def collection(name: str) -> dict[str, Any]:
        kind = "feature" if name == "features" else "record"
        return {"id": name, "title": name, "itemType": kind, "links": [
            {"rel": "items", "href": f"/collections/{name}/items?f=html", "type": "text/html"},
            {"rel": "items", "href": f"/collections/{name}/items", "type": "application/geo+json"},
            {"rel": "queryables", "href": f"/collections/{name}/queryables"},
        ]}  # fmt: skip

    def items(self, name: str, start: int) -> dict[str, Any]:
        count = self.counts[name]
        links = [{"rel": "next", "href": f"items?offset={start + 3}", "type": "application/geo+json"}]
        return {
            "type": "FeatureCollection", "numberMatched": self.announced.get(name, count),
            "features": [self.record(name, number) for number in range(start, min(start + 3, count))],
            "links": links if start + 3 < count else [],
        }  # fmt: skip

    @staticmethod
    def record(name: str, number: int) -> dict[str, Any]:
        properties = {"type": "dataset", "title": f"{name} {number}", "updated": f"2024-01-0{number + 1}"}
        return {
            "type": "Feature",
            "id": f"r{number}",
            "geometry": None,
            "properties": properties,
            "links": [],
        }


ALL = [f"sea/r{number}" for number in range(7)] + ["soil/r0", "soil/r1"]


@pytest.mark.parametrize("path", ["/", "/collections"])
def test_holds_its_contract(path: str) -> None:
    with serving(Service()) as server, visiting(server.url + path, "ogc-records") as visit:
        events = check_harvester(HARVESTER, visit)
    assert found(events) == ALL
    assert total(events) == 9
    assert not missed(events)


@pytest.mark.parametrize("path", ["/collections/sea", "/collections/sea/items"])
def test_one_collection_by_its_own_address(path: str) -> None:
    with serving(Service()) as server, visiting(server.url + path, "ogc-records") as visit:
        events = check_harvester(HARVESTER, visit)
    assert found(events) == ALL[:7]
    assert total(events) == 7


def test_each_record_is_a_document_of_its_own() -> None:
    with serving(Service()) as server, visiting(server.url, "ogc-records") as visit:
        events = [event for event in HARVESTER.changes(visit) if isinstance(event, Found)]
    values = [one for event in events for one in formats.read(event.document)]
    assert [str(value.title) for value in values if isinstance(value, Record)] == [
        key.replace("/r", " ") for key in ALL
    ]
    assert events[1].stamp == "2024-01-02"


def test_the_collections_that_are_wanted_whatever_they_hold() -> None:
    with serving(Service()) as server:
        with visiting(server.url, "ogc-records", {"collections": "features"}) as visit:
            assert found(HARVESTER.changes(visit)) == [f"features/r{n}" for n in range(4)]
        with (
            visiting(server.url, "ogc-records", {"collections": "none"}) as visit,
            pytest.raises(Invalid, match="sea, features"),
        ):
            list(HARVESTER.changes(visit))


def test_what_changed_is_asked_for_where_that_is_declared() -> None:
    service, since = Service(), "2026-01-01T00:00:00Z"
    with serving(service) as server, visiting(server.url, "ogc-records", since=since) as visit:
        list(HARVESTER.changes(visit))
        assert not any("filter" in asked.query for asked in server.asked)
        service.conforms += FILTERS
        list(HARVESTER.changes(visit))
    filters = {asked.query["filter"] for asked in server.asked if "filter" in asked.query}
    assert filters == {f"recordUpdated >= TIMESTAMP('{since}')"}


def test_a_wrong_count_is_passed_on_for_the_run_to_judge() -> None:
    service = Service()
    service.announced["sea"] = 100
    with serving(service) as server, visiting(server.url, "ogc-records") as visit:
        events = list(HARVESTER.changes(visit))
    assert (len(found(events)), total(events)) == (9, 102)


@pytest.mark.parametrize(
    "fault", [b'{"features": [', b"<html>busy</html>", Answer(b"", 503), Answer(b"", 400)]
)
def test_a_page_that_fails_ends_the_visit_and_can_be_gone_on_from(fault: Answer | bytes) -> None:
    service = Service()
    service.faults["sea", 3] = fault
    with serving(service) as server, visiting(server.url, "ogc-records") as visit:
        events, error = until_broken(HARVESTER.changes(visit))
        assert isinstance(error, Unavailable)
        assert found(events) == ALL[:3]
        service.faults.clear()
        assert isinstance(events[-1], Mark)
        with visiting(server.url, "ogc-records", position=events[-1].position) as rest:
            assert found(HARVESTER.changes(rest)) == ALL[3:]


def test_the_recorded_catalogue_and_record(shared_data: Path) -> None:
    folder = shared_data / "catalogue" / "ogcapi-records"

    def answer(asked: Asked) -> bytes:
        if asked.path == "/ogcapi/collections/tepcat/items":
            return (
                b'{"type": "FeatureCollection", "features": [' + (folder / "record.json").read_bytes() + b"]}"
            )
        return (
            (folder / "catalog.json")
            .read_bytes()
            .replace(b"https://www.someserver.com", f"http://{asked.headers['host']}".encode())
        )

    with serving(answer) as server, visiting(f"{server.url}/collections/tepcat", "ogc-records") as visit:
        (event,) = [event for event in HARVESTER.changes(visit) if isinstance(event, Found)]
    assert event.key.startswith("tepcat/")
    (value,) = formats.read(event.document)
    assert isinstance(value, Record)
    assert value.title


def test_guesses() -> None:
    assert HARVESTER.recognise("https://x", b'{"itemType": "record", "id": "x"}') == 0.9
    assert (
        HARVESTER.recognise(
            "https://x", b'{"conformsTo": ["http://www.opengis.net/spec/ogcapi-features-1/1.0"]}'
        )
        == 0.5
    )
