"""CKAN's packages by the order of their change: windows, originals, and packages that break a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from estran import formats
from estran.catalogue.harvesters import Found
from estran.catalogue.harvesters.ckan import HARVESTER
from estran.errors import Invalid, Unavailable
from estran.model import Record
from estran.testing.contracts import check_harvester
from tests.catalogue.harvesters.visiting import as_json, found, kept, missed, total, until_broken, visiting
from tests.fetching.serving import Answer, Asked, serving

if TYPE_CHECKING:
    from pathlib import Path


class Portal:
    """A portal whose search knows the sort, the window and the page; some packages break it."""

    def __init__(self, stamps: list[str]) -> None:
        self.packages = [self.package(number, stamp) for number, stamp in enumerate(stamps)]
        self.broken: set[str] = set()
        self.down = False
        self.moves = 0
        self.originals: dict[str, bytes] = {}

    @staticmethod
    def package(number: int, stamp: str) -> dict[str, Any]:
        return {
            "id": f"p{number:04d}", "name": f"n{number}", "title": f"Title {number}", "metadata_modified": stamp,
            "owner_org": "o", "license_id": "cc-by", "num_resources": 0, "resources": [], "extras": [],
        }  # fmt: skip

    def __call__(self, asked: Asked) -> Answer | bytes:
        if asked.path.startswith("/ckan/harvest/object/"):
            return self.originals[asked.path.rpartition("/")[2]]
        if asked.path != "/ckan/api/3/action/package_search":
            raise KeyError(asked.path)
        if self.down:
            return Answer(b"", 503)
        since = (
            asked.query.get("fq", "").partition("metadata_modified:[")[2].partition(" ")[0].removesuffix("Z")
        )
        start, rows = int(asked.query["start"]), int(asked.query["rows"])
        if start and self.moves:
            # A package that was read already is changed while the harvest goes on.
            self.moves -= 1
            self.packages[0] |= {"metadata_modified": f"2030-01-01T00:00:0{self.moves}"}
        listed = sorted(self.packages, key=lambda one: (one["metadata_modified"], one["id"]))
        listed = [one for one in listed if one["metadata_modified"] >= since]
        page = listed[start : start + rows]
        if self.broken & {one["id"] for one in page}:
            return Answer(b"Internal Server Error", 500)
        call = f"http://{asked.headers['host']}/ckan/api/3/action/help_show?name=package_search"
        return as_json({"help": call, "success": True, "result": {"count": len(listed), "results": page}})


def spread(number: int) -> list[str]:
    return [f"2024-01-01T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}.000001" for n in range(number)]


def names(number: int) -> list[str]:
    return [f"p{n:04d}" for n in range(number)]


@pytest.mark.parametrize(
    "stamps", [spread(250), ["2024-01-01T00:00:00.5"] * 250, spread(120) + ["2024-01-02T00:00:00"] * 150]
)
@pytest.mark.parametrize("path", ["/ckan", "/ckan/", "/ckan/api/3/action/package_search", "/ckan/dataset"])
def test_holds_its_contract(stamps: list[str], path: str) -> None:
    with serving(Portal(stamps)) as server, visiting(server.url + path, "ckan") as visit:
        events = check_harvester(HARVESTER, visit)
    assert sorted(found(events)) == names(len(stamps))
    assert len(found(events)) == len(stamps)
    assert total(events) == len(stamps)
    assert not missed(events)


def test_what_is_changed_meanwhile_lets_nothing_slip_through() -> None:
    portal = Portal(spread(350))
    portal.moves = 2
    with serving(portal) as server, visiting(f"{server.url}/ckan", "ckan") as visit:
        events = list(HARVESTER.changes(visit))
    assert set(found(events)) == set(names(350))


def test_a_package_that_breaks_its_page_is_missed_by_itself() -> None:
    portal = Portal(spread(130))
    portal.broken = {"p0007", "p0111"}
    with serving(portal) as server, visiting(f"{server.url}/ckan", "ckan") as visit:
        events = list(HARVESTER.changes(visit))
    assert set(found(events)) == set(names(130)) - portal.broken
    assert len(missed(events)) == 2
    assert "package alone" in missed(events)[0]


def test_a_portal_that_is_down_ends_the_visit() -> None:
    portal = Portal(spread(250))
    with serving(portal) as server, visiting(f"{server.url}/ckan", "ckan") as visit:
        changes = HARVESTER.changes(visit)
        for _ in range(100):
            next(changes)
        portal.down = True
        events, error = until_broken(changes)
    assert isinstance(error, Unavailable)
    assert len(found(events)) < 150
    portal.down, portal.broken = False, set(names(250))
    with serving(portal) as server, visiting(f"{server.url}/ckan", "ckan") as visit:
        events, error = until_broken(HARVESTER.changes(visit))
    assert isinstance(error, Unavailable)
    assert "in a row" in str(error)


def test_what_changed_since_and_what_is_held() -> None:
    portal = Portal(spread(130))
    held = {"p0128": portal.packages[128]["metadata_modified"], "p0129": "old"}
    since = "2024-01-01T00:02:05Z"
    with (
        serving(portal) as server,
        visiting(f"{server.url}/ckan", "ckan", since=since, stamps=held) as visit,
    ):
        events = list(HARVESTER.changes(visit))
    assert found(events) == ["p0125", "p0126", "p0127", "p0129"]
    assert kept(events) == ["p0128"]
    assert total(events) == 5


def test_filters() -> None:
    options = {"organization": "ifremer", "group": "ocean", "fq": "res_format:NetCDF"}
    with serving(Portal(spread(1))) as server, visiting(f"{server.url}/ckan", "ckan", options) as visit:
        list(HARVESTER.changes(visit))
    assert server.asked[-1].query["fq"] == '+(organization:"ifremer") +(groups:"ocean") +(res_format:NetCDF)'


def test_the_document_that_ckan_harvested_is_taken_where_it_can_be_read(shared_data: Path) -> None:
    portal = Portal(spread(4))
    for number in range(3):
        portal.packages[number]["extras"] = [{"key": "harvest_object_id", "value": f"h{number}"}]
    original = (
        shared_data / "catalogue" / "iso19139" / "ckanext-spatial" / "gemini2.1" / "dataset1.xml"
    ).read_bytes()
    portal.originals = {"h0": original, "h1": b"<html>gone</html>"}
    with serving(portal) as server:
        with visiting(f"{server.url}/ckan", "ckan") as visit:
            events = [event for event in HARVESTER.changes(visit) if isinstance(event, Found)]
        with visiting(f"{server.url}/ckan", "ckan", {"originals": "no"}) as visit:
            plain = [event for event in HARVESTER.changes(visit) if isinstance(event, Found)]
    assert events[0].document.body == original
    assert [e.document.body for e in events[1:]] == [e.document.body for e in plain[1:]]
    records = [one for event in events for one in formats.read(event.document)]
    assert all(isinstance(one, Record) for one in records)
    assert isinstance(records[3], Record)
    assert records[3].landing_page.endswith("/ckan/dataset/n3")


def test_a_document_that_does_not_come_now_is_not_replaced_by_a_lesser_one() -> None:
    portal = Portal(spread(2))
    for package in portal.packages:
        package["extras"] = [{"key": "harvest_object_id", "value": "busy"}]

    def answer(asked: Asked) -> Answer | bytes:
        return Answer(b"", 503) if asked.path.endswith("/busy") else portal(asked)

    with serving(answer) as server, visiting(f"{server.url}/ckan", "ckan", stamps={"p0000": "old"}) as visit:
        events = list(HARVESTER.changes(visit))
    (event,) = [event for event in events if isinstance(event, Found)]
    # It comes without a stamp, so that the next visit asks for the document again.
    assert (event.key, event.stamp) == ("p0001", "")
    assert missed(events)[0].startswith("p0000: the document that CKAN harvested does not come")


def test_a_server_that_knows_no_windows_ends() -> None:
    page = [Portal.package(number, f"2024-01-01T00:00:{number % 60:02d}") for number in range(100)]
    body = as_json({"success": True, "result": {"count": 500, "results": page}})
    with serving(lambda _: body) as server, visiting(server.url, "ckan") as visit:
        events = list(HARVESTER.changes(visit))
    assert len(found(events)) == 100
    assert "the page before once more" in missed(events)[0]


def test_a_package_without_id_does_not_lose_its_page() -> None:
    portal = Portal(spread(3))
    body = as_json(
        {"success": True, "result": {"count": 3, "results": [3, {"name": "x"}, portal.packages[2]]}}
    )
    with serving(lambda _: body) as server, visiting(server.url, "ckan") as visit:
        events = list(HARVESTER.changes(visit))
    assert found(events) == ["p0002"]
    assert len(missed(events)) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"<html/>",
        b"{}",
        b'{"success": false, "error": {"message": "no"}}',
        b'{"success": true, "result": []}',
    ],
)
def test_what_is_no_ckan_is_refused(body: bytes) -> None:
    with serving(lambda _: body) as server, visiting(server.url, "ckan") as visit, pytest.raises(Invalid):
        list(HARVESTER.changes(visit))


def test_guesses() -> None:
    assert (
        HARVESTER.recognise(
            "https://x", b'{"help": "https://x/api/3/action/help_show?name=x", "success": true}'
        )
        == 0.95
    )
    assert (
        HARVESTER.recognise(
            "https://x", b'<!doctype html><html><meta name="generator" content="ckan 2.10.4" />'
        )
        == 0.8
    )
    assert HARVESTER.recognise("https://x/stac", b"{}") == 0.0
