"""schema.org by sitemap: indexes, packed maps, pages that describe datasets, and those that do not."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from estran import formats
from estran.catalogue.harvesters import Found, Mark
from estran.catalogue.harvesters.schema_org import HARVESTER
from estran.errors import Invalid, Unavailable
from estran.model import Record
from estran.testing.contracts import check_harvester
from tests.catalogue.harvesters.visiting import found, kept, missed, until_broken, visiting
from tests.fetching.serving import Answer, Asked, serving

if TYPE_CHECKING:
    from pathlib import Path

NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def index(*urls: str) -> bytes:
    parts = "".join(f"<sitemap><loc> {url} </loc></sitemap>" for url in urls)
    return f"<?xml version='1.0'?><sitemapindex {NAMESPACE}>{parts}</sitemapindex>".encode()


def sitemap(**pages: str) -> bytes:
    parts = "".join(
        f"<url><loc>/{name}</loc>{f'<lastmod>{changed}</lastmod>' if changed else ''}</url>"
        for name, changed in pages.items()
    )
    return f"<?xml version='1.0'?><!-- x --><urlset {NAMESPACE}>{parts}</urlset>".encode()


def dataset(name: str) -> str:
    return json.dumps(
        {"@context": "https://schema.org/", "@type": "Dataset", "name": name, "description": "&é"}
    )


def page(*scripts: str) -> bytes:
    held = "".join(f"<script type='application/ld+json'>{script}</script>" for script in scripts)
    return (
        f"<!doctype html><html><head><meta charset=utf-8>{held}</head><body><p>x<br></body></html>".encode()
    )


CRUMBS = json.dumps({"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": []})


class Site:
    """A site with two sitemaps, one of them packed."""

    def __init__(self) -> None:
        self.files: dict[str, bytes | Answer] = {
            "/robots.txt": b"User-agent: *\nsitemap: /index.xml\nSITEMAP: /more.xml.gz\n",
            "/index.xml": index("/a.xml", "more.xml.gz", "/index.xml"),
            "/a.xml": sitemap(
                one="2024-01-01", two="2024-01-02T10:00:00+01:00", three="", plain="2024-01-03"
            ),
            "/more.xml.gz": gzip.compress(sitemap(four="2024-02-01", one="2024-01-01")),
            "/one": page(CRUMBS, dataset("One")),
            "/two": page(dataset("Two"), CRUMBS, dataset("Second")),
            "/three": Answer(page(dataset("Three")), headers={"etag": '"3"'}),
            "/plain": page(CRUMBS, "{broken"),
            "/four": dataset("Four").encode(),
        }

    def __call__(self, asked: Asked) -> bytes | Answer:
        given = self.files[asked.path]
        if isinstance(given, Answer) and asked.headers.get("if-none-match") == given.headers.get("etag", "-"):
            return Answer(status=304)
        return given


ALL = ["/one", "/two", "/three", "/four"]


def test_holds_its_contract() -> None:
    with serving(Site()) as server, visiting(server.url, "schema-org") as visit:
        events = check_harvester(HARVESTER, visit)
    assert set(found(events)) == {server.url + path for path in ALL}
    assert not missed(events)


def test_what_is_kept_of_a_page_is_what_describes_its_datasets() -> None:
    with serving(Site()) as server, visiting(server.url, "schema-org") as visit:
        events = {e.key.removeprefix(server.url): e for e in HARVESTER.changes(visit) if isinstance(e, Found)}
    assert events["/one"].document.body == dataset("One").encode()
    titles = {
        path: [str(one.title) for one in formats.read(event.document) if isinstance(one, Record)]
        for path, event in events.items()
    }
    assert titles == {"/one": ["One"], "/two": ["Two", "Second"], "/three": ["Three"], "/four": ["Four"]}
    assert {path: event.stamp for path, event in events.items()} == {
        "/one": "changed 2024-01-01", "/two": "changed 2024-01-02T10:00:00+01:00", "/three": 'etag "3"',
        "/four": "changed 2024-02-01",
    }  # fmt: skip


def test_pages_that_were_not_changed_are_not_asked_for() -> None:
    with serving(Site()) as server:
        stamps = {
            f"{server.url}/one": "changed 2024-01-01",
            f"{server.url}/two": "changed 1999",
            f"{server.url}/three": 'etag "3"',
        }
        with visiting(server.url, "schema-org", stamps=stamps) as visit:
            events = list(HARVESTER.changes(visit))
    assert set(kept(events)) == {f"{server.url}/one", f"{server.url}/three"}
    assert set(found(events)) == {f"{server.url}/two", f"{server.url}/four"}
    assert "/one" not in server.paths()


def test_what_changed_since() -> None:
    with (
        serving(Site()) as server,
        visiting(
            server.url, "schema-org", since="2024-01-02T09:00:01Z", stamps={f"{server.url}/one": "x"}
        ) as visit,
    ):
        events = list(HARVESTER.changes(visit))
    assert set(found(events)) == {f"{server.url}/three", f"{server.url}/four"}
    assert set(kept(events)) == {f"{server.url}/one"}


def test_only_some_pages() -> None:
    with serving(Site()) as server, visiting(server.url, "schema-org", {"path": "/t"}) as visit:
        assert set(found(HARVESTER.changes(visit))) == {f"{server.url}/two", f"{server.url}/three"}


@pytest.mark.parametrize("path", ["/a.xml", "/more.xml.gz"])
def test_a_sitemap_by_its_own_address(path: str) -> None:
    with serving(Site()) as server, visiting(server.url + path, "schema-org") as visit:
        assert found(HARVESTER.changes(visit))
    assert "/robots.txt" not in server.paths()


def test_a_site_without_robots_has_its_map_where_maps_usually_are() -> None:
    site = Site()
    site.files["/sitemap.xml"] = site.files.pop("/a.xml")
    del site.files["/robots.txt"]
    with serving(site) as server, visiting(f"{server.url}/en/", "schema-org") as visit:
        assert len(found(HARVESTER.changes(visit))) == 3


@pytest.mark.parametrize(
    ("path", "fault", "why"),
    [
        ("/one", Answer(b"", 404), "404"),
        ("/one", Answer(b"", 503), "503"),
        ("/one", page('{"@type": "Dataset", '), "not JSON"),
        ("/a.xml", b"<html><body>Sorry</body></html>", "no sitemap"),
        ("/a.xml", b"words", "no sitemap"),
        ("/more.xml.gz", b"\x1f\x8bxxxx", "unpacked"),
    ],
)
def test_what_is_broken_is_missed_by_itself(path: str, fault: bytes | Answer, why: str) -> None:
    site = Site()
    site.files[path] = fault
    with serving(site) as server, visiting(server.url, "schema-org") as visit:
        events = list(HARVESTER.changes(visit))
    assert found(events)
    assert any(why in line and path in line for line in missed(events)), missed(events)


def test_a_map_that_breaks_off_gives_what_it_had() -> None:
    site = Site()
    site.files["/a.xml"] = sitemap(one="2024-01-01", two="2024")[:-30]
    with serving(site) as server, visiting(server.url, "schema-org") as visit:
        events = list(HARVESTER.changes(visit))
    assert f"{server.url}/one" in found(events)
    assert any("breaks off" in line for line in missed(events))


def test_bombs_are_refused() -> None:
    entities = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
    bomb = f'<!DOCTYPE x [<!ENTITY a "xxxxxxxxxx">{entities}]><urlset {NAMESPACE}><url><loc>&m;</loc></url></urlset>'
    site = Site()
    site.files |= {"/a.xml": bomb.encode(), "/more.xml.gz": gzip.compress(b"<" + b" " * (129 << 20))}
    with serving(site) as server, visiting(server.url, "schema-org") as visit:
        events = list(HARVESTER.changes(visit))
    assert not found(events)
    assert any("more than a sitemap has" in line for line in missed(events))


def test_many_pages_have_marks_and_a_lost_map_passes_nothing_over() -> None:
    names = {f"p{number}": "2024-01-01" for number in range(120)}
    site = Site()
    site.files |= {"/a.xml": sitemap(**names)} | {f"/{name}": page(dataset(name)) for name in names}
    with serving(site) as server:
        with visiting(server.url, "schema-org") as visit:
            events = check_harvester(HARVESTER, visit, marks=4)
        with visiting(
            server.url, "schema-org", position={"map": "https://gone.example/", "page": 50}
        ) as visit:
            assert set(found(HARVESTER.changes(visit))) == set(found(events))
    assert len(found(events)) == 122
    assert sum(isinstance(event, Mark) for event in events) == 4


def test_a_site_that_is_down_ends_the_visit() -> None:
    site = Site()
    site.files["/a.xml"] = sitemap(**{f"p{number}": "" for number in range(30)})
    site.files |= {f"/p{number}": Answer(b"", 503) for number in range(30)}
    with serving(site) as server, visiting(server.url, "schema-org") as visit:
        _, error = until_broken(HARVESTER.changes(visit))
    assert isinstance(error, Unavailable)


def test_indexes_of_indexes_without_end_are_read_to_a_bound() -> None:
    def answer(asked: Asked) -> bytes:
        return index(f"/sitemap{int(asked.path[8:-4] or 0) + 1}.xml")

    with serving(answer) as server, visiting(f"{server.url}/sitemap.xml", "schema-org") as visit:
        events = list(HARVESTER.changes(visit))
    assert any("too deep" in line for line in missed(events))
    assert len(server.asked) < 10


def test_a_site_without_any_map_is_refused() -> None:
    with (
        serving(lambda _: b"<html/>") as server,
        visiting(server.url, "schema-org") as visit,
        pytest.raises(Invalid),
    ):
        list(HARVESTER.changes(visit))


def test_recorded_descriptions(shared_data: Path) -> None:
    folder = shared_data / "catalogue" / "schemaorg"
    files = {f"/{path.name}": page(path.read_text()) for path in folder.glob("*.jsonld")}
    files["/sitemap.xml"] = sitemap(**{name[1:]: "" for name in files})
    with (
        serving(lambda asked: files[asked.path]) as server,
        visiting(f"{server.url}/sitemap.xml", "schema-org") as visit,
    ):
        events = [event for event in HARVESTER.changes(visit) if isinstance(event, Found)]
    assert len(events) >= 6
    values = [one for event in events for one in formats.read(event.document)]
    # Some of the recorded ones have no name, as the reader says.
    assert sum(isinstance(one, Record) for one in values) >= 4
    assert all("neither a name" in one.why for one in values if isinstance(one, formats.Refusal))


def test_guesses() -> None:
    assert HARVESTER.recognise("https://x/sitemap.xml", index("/a")) == 0.9
    assert HARVESTER.recognise("https://x/", page(CRUMBS)) == 0.3
