"""Each protocol from a source to the catalogue and back: new, unchanged, changed, gone."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

import estran
from tests.catalogue.harvesters.visiting import as_json
from tests.fetching.serving import Answer, Asked, serving
from tests.web.conftest import feature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.catalogue.harvest.values import RunReport
    from estran.node import Node

type Titles = dict[str, str]
SIX = {f"n{number}": f"Title {number}" for number in range(6)}


@pytest.fixture
def hasty(tmp_path: Path, open_node: Callable[..., Node]) -> Iterator[Node]:
    """A node that may harvest from this machine, and does not wait between requests."""
    folder = tmp_path / "hasty"
    folder.mkdir()
    (folder / "estran.toml").write_text("[harvest]\nallow_private = true\nper_second = 1000\n")
    with open_node(folder) as node:
        yield node


def stac_api(asked: Asked, titles: Titles) -> bytes:
    base = f"http://{asked.headers['host']}"
    extent = {"spatial": {"bbox": [[0, 0, 1, 1]]}, "temporal": {"interval": [[None, None]]}}
    if asked.path == "/":
        links = [{"rel": "data", "href": "/collections"}, {"rel": "search", "href": "/search"}]
        return as_json(
            {
                "stac_version": "1.0.0",
                "id": "x",
                "conformsTo": ["https://api.stacspec.org/v1.0.0/core"],
                "links": links,
            }
        )
    if asked.path == "/collections":
        listed = [
            {"type": "Collection", "stac_version": "1.0.0", "id": name, "title": title, "description": "x", "license": "other",
             "extent": extent, "links": [{"rel": "items", "href": f"{base}/collections/{name}/items"}]}
            for name, title in titles.items()
        ]  # fmt: skip
        return as_json({"collections": listed, "links": []})
    name = asked.path.split("/")[2]
    item = {
        "type": "Feature", "stac_version": "1.0.0", "id": f"i-{name}", "collection": name, "geometry": None, "links": [],
        "assets": {}, "properties": {"datetime": "2020-01-01T00:00:00Z", "title": titles[name]},
    }  # fmt: skip
    return as_json({"type": "FeatureCollection", "features": [item], "links": []})


def stac(asked: Asked, titles: Titles) -> bytes:
    if asked.path == "/":
        links = [{"rel": "child", "href": f"/{name}"} for name in titles]
        return as_json(
            {"type": "Catalog", "id": "x", "stac_version": "1.0.0", "description": "x", "links": links}
        )
    name = asked.path[1:]
    extent = {"spatial": {"bbox": [[0, 0, 1, 1]]}, "temporal": {"interval": [[None, None]]}}
    return as_json({"type": "Collection", "id": name, "stac_version": "1.0.0", "title": titles[name], "description": "x",
                    "license": "other", "extent": extent, "links": []})  # fmt: skip


def ogc_records(asked: Asked, titles: Titles) -> bytes:
    base = f"http://{asked.headers['host']}"
    if asked.path == "/":
        links = [{"rel": "items", "href": f"{base}/collections/all/items"}]
        return as_json({"id": "all", "itemType": "record", "links": links})
    listed = [feature(name, title) for name, title in titles.items()]
    start = int(asked.query.get("offset", 0))
    links = (
        [{"rel": "next", "href": f"{base}{asked.path}?offset={start + 4}"}] if start + 4 < len(listed) else []
    )
    page = {"type": "FeatureCollection", "numberMatched": len(listed), "features": listed[start : start + 4]}
    return as_json(page | {"links": links})


def dcat(asked: Asked, titles: Titles) -> Answer:
    page = int(asked.query.get("page", 0))
    text = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . "
    text += "@prefix hydra: <http://www.w3.org/ns/hydra/core#> . "
    for name, title in list(titles.items())[page * 4 : page * 4 + 4]:
        text += f"<http://d/{name}> a dcat:Dataset ; dct:identifier '{name}' ; dct:title '{title}' . "
    if len(titles) > page * 4 + 4:
        text += f"<http://p> hydra:next <http://{asked.headers['host']}/?page={page + 1}> ; hydra:totalItems {len(titles)} . "
    return Answer(text.encode(), headers={"content-type": "text/turtle"})


def ckan(_: Asked, titles: Titles) -> bytes:
    listed = [
        {"id": name, "name": name, "title": title, "metadata_modified": f"2024-01-{len(title):02d}T00:00:00", "owner_org": "o",
         "license_id": "cc-by"}
        for name, title in titles.items()
    ]  # fmt: skip
    call = "https://x.example/api/3/action/help_show?name=package_search"
    return as_json({"help": call, "success": True, "result": {"count": len(listed), "results": listed}})


def schema_org(asked: Asked, titles: Titles) -> bytes:
    if asked.path == "/sitemap.xml":
        places = "".join(f"<url><loc>/{name}</loc></url>" for name in titles)
        return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</urlset>'.encode()
    name = asked.path[1:]
    said = json.dumps(
        {"@context": "https://schema.org", "@type": "Dataset", "identifier": name, "name": titles[name]}
    )
    return f"<html><script type='application/ld+json'>{said}</script></html>".encode()


def theia(_: Asked, titles: Titles) -> bytes:
    listed = [
        {"datasetId": name, "metadata": {"title": title}, "observations": []}
        for name, title in titles.items()
    ]
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("x.json", as_json({"version": "1.0", "producer": {}, "datasets": listed}))
    return held.getvalue()


def estran_feed(asked: Asked, titles: Titles) -> bytes:
    told: list[dict[str, Any]] = [
        {"number": n + 1 + 20 * (title != SIX[name]), "kind": "record", "id": name, "op": "add", "at": "2026-01-01T00:00:00Z",
         "document": {"estran": 1, "id": name, "record": {"identifier": name, "title": {"variants": [["", title]]}}}}
        for n, (name, title) in enumerate(titles.items())
    ]  # fmt: skip
    gone = [name for name in SIX if name not in titles]
    told += [
        {"number": 100 + n, "kind": "record", "id": name, "op": "remove", "at": "2026-01-02T00:00:00Z"}
        for n, name in enumerate(gone)
    ]
    after = int(asked.query["after"])
    return as_json(
        {"node": "x", "position": 200, "changes": [one for one in told if one["number"] > after], "links": []}
    )


SOURCES: dict[str, Callable[[Asked, Titles], bytes | Answer]] = {
    "stac-api": stac_api, "stac": stac, "ogc-records": ogc_records, "dcat": dcat, "ckan": ckan,
    "schema-org": schema_org, "theia": theia, "estran": estran_feed,
}  # fmt: skip


def counts(report: RunReport) -> dict[str, int]:
    names = ("new", "changed", "unchanged", "refused", "removed", "missed")
    return {name: number for name in names if (number := getattr(report, name))}


def titles_of(node: Node) -> Titles:
    return {record.identifier: str(record.title) for record in node.search(limit=100)}


@pytest.mark.parametrize("protocol", SOURCES)
def test_new_unchanged_changed_and_gone(protocol: str, hasty: Node) -> None:
    titles = dict(SIX)

    def answer(asked: Asked) -> bytes | Answer:
        if asked.path == "/robots.txt":
            raise KeyError(asked.path)
        return SOURCES[protocol](asked, titles)

    with serving(answer) as server:
        url = f"{server.url}/sitemap.xml" if protocol == "schema-org" else server.url + "/"
        hasty.harvest.add("theirs", url, protocol)
        first = hasty.harvest.run("theirs", full=True)
        assert (first.state, first.note, counts(first)) == ("done", "", {"new": 6})
        assert titles_of(hasty) == SIX
        again = hasty.harvest.run("theirs", full=True)
        assert (again.state, counts(again)) == ("done", {"unchanged": 6})
        titles["n2"] = "Another title"
        del titles["n5"]
        third = hasty.harvest.run("theirs", full=True)
    assert (third.state, third.note, counts(third)) == (
        "done",
        "",
        {"changed": 1, "unchanged": 4, "removed": 1},
    )
    assert titles_of(hasty) == titles
    assert hasty.harvest.document("theirs", hasty.harvest.entries("theirs").entries[0].key)


def test_the_items_of_a_stac_api_become_items(hasty: Node) -> None:
    def answer(asked: Asked) -> bytes:
        if asked.path == "/robots.txt":
            raise KeyError(asked.path)
        return stac_api(asked, SIX)

    with serving(answer) as server:
        hasty.harvest.add("theirs", server.url, "stac-api", options={"items": "yes"})
        report = hasty.harvest.run("theirs")
    assert (report.state, report.note, counts(report)) == ("done", "", {"new": 12})
    entries = hasty.harvest.entries("theirs").entries
    assert sorted(item for entry in entries for item in entry.items) == sorted(
        f"{name}/i-{name}" for name in SIX
    )


# An archive, which theia reads here, does not tell what is in it.
@pytest.mark.parametrize("protocol", [name for name in SOURCES if name != "theia"])
def test_the_protocol_is_guessed_from_the_address(protocol: str, hasty: Node) -> None:
    def answer(asked: Asked) -> bytes | Answer:
        if asked.path == "/robots.txt":
            raise KeyError(asked.path)
        if protocol == "estran":
            asked.query.setdefault("after", "0")
        return SOURCES[protocol](asked, SIX)

    with serving(answer) as server:
        url = f"{server.url}/sitemap.xml" if protocol == "schema-org" else server.url + "/"
        guessed = hasty.harvest.add("theirs", url).protocol
    assert guessed == protocol


def test_another_node_s_record_keeps_all_of_itself(hasty: Node, tmp_path: Path) -> None:
    from tests.web.serving import serving as node_serving  # noqa: PLC0415 - starts a process

    folder, file = tmp_path / "other", tmp_path / "r.json"
    file.write_text(json.dumps(feature("r", "Rain", (0, 1, 2, 3), time={"interval": ["2020-01-01", ".."]})))
    with estran.open(folder) as other:
        other.load([file])
        (theirs,) = other.search()
    with node_serving(folder) as (base, _):
        assert hasty.harvest.add("theirs", base).protocol == "estran"
        report = hasty.harvest.run("theirs")
    assert (report.state, counts(report)) == ("done", {"new": 1})
    (ours,) = hasty.search()
    assert (ours.title, ours.extent, ours.identifier, ours.parties) == (
        theirs.title, theirs.extent, theirs.identifier, theirs.parties,
    )  # fmt: skip
