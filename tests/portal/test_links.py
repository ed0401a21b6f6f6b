"""The mark beside each link of a record, and the page of those that fail."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

import estran
from estran.model import Text
from estran.web.app import create_app
from tests.catalogue.probing.conftest import record, settle, stored
from tests.conftest import ROOT, lacking
from tests.fetching.serving import Answer
from tests.fetching.serving import serving as answering
from tests.portal.browser import launched, watched
from tests.portal.conftest import serving
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from estran.node import Node

PAGE = b"<!doctype html><html><body>hello</body></html>"
EVIL = '=cmd|"/c calc"!A1 <script>alert(1)</script>'


def answer(a):
    if a.path == "/robots.txt":
        return Answer(b"", 404)
    if a.path == "/ows":
        return b"<WMS_Capabilities><Layer><Name>sst</Name></Layer></WMS_Capabilities>"
    return {
        "/good.nc": b"CDF\x01x",
        "/page": Answer(PAGE, headers={"content-type": "text/html"}),
        "/closed.nc": Answer(b"", 401),
    }[a.path]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("links")
    with estran.open(settle(folder / "node")) as node, answering(answer) as server:
        base = server.url
        stored(
            node, folder / "given",
            record(
                "mixed", {"url": f"{base}/good.nc", "function": "download", "size_bytes": 40_000_000}, {"url": f"{base}/gone.nc"}, {"url": f"{base}/closed.nc"},
                {"url": f"{base}/page", "media_type": "application/x-netcdf"}, {"url": f"{base}/ows", "protocol": "OGC:WMS", "name": "sst"},
                {"url": f"{base}/ows", "protocol": "OGC:WMS", "name": "chl"}, {"url": "s3://bucket/a"}, landing_page=f"{base}/page",
            ),
            record("evil", {"url": f"{base}/gone2.nc"}, title=Text.of(EVIL)),
            source="ours", centre="coriolis",
        )  # fmt: skip
        stored(
            node,
            folder / "drafts",
            record("draft", {"url": f"{base}/hidden.nc"}),
            source="drafts",
            visibility="draft",
        )
        node.link_checks.check()
        stored(node, folder / "later", record("later", {"url": f"{base}/later.nc"}), source="later")
        node.link_checks.gather()
        yield node


@pytest.fixture(scope="module")
def app(node: Node) -> FastAPI:
    return create_app(node)


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Client:
    return Client(app)


def text(client: Client, path: str) -> str:
    found = client.get(path, accept="text/html")
    assert found.status_code == 200, found.text
    return found.text


def id_of(node: Node, name: str) -> str:
    return next(r.id for r in node.scan(limit=50)[0] if r.identifier == name)


def test_a_record_says_of_each_link_what_it_is_and_whether_it_works(client: Client, node: Node) -> None:
    for language, expected in {
        "en": ("works", "is no longer there", "HTTP 404", "wants a login", "what came instead: HTML", "the service does not have this layer",
               "WMS – maps as images", "where the record says 40\u00a0MB", "File – to download", "Object store", "checked on"),
        "fr": ("fonctionne", "n’est plus là", "HTTP 404", "demande une connexion", "à la place\u00a0: HTML", "le service n’a pas cette couche",
               "WMS – des cartes en images", "Fichier – à télécharger", "Stockage d’objets", "vérifié le"),
    }.items():  # fmt: skip
        page = text(client, f"/{language}/data/{id_of(node, 'mixed')}")
        for said in expected:
            assert said in page, said
        # The landing page works as a page, though what is claimed to be NetCDF there is none.
        assert page.rpartition("link-known")[2].partition("link-ok")[2], "the landing page"
        # Not by colour alone: a sign and words stand in each mark.
        # Six in the tables, that of the landing page, and the best file's beside the first button.
        assert page.count('class="link-mark link-') == 8
    assert "not checked yet" in text(client, f"/en/data/{id_of(node, 'later')}")


def test_the_page_lists_what_fails_with_its_record_and_what_came(client: Client) -> None:
    page = text(client, "/en/links")
    for said in (
        "gone.nc",
        "gone2.nc",
        "HTTP 404",
        "Record mixed",
        "Dead (2)",
        "Gives something else (1)",
        "Wants a login (1)",
        "ours (2)",
        'rel="noopener nofollow"',
    ):
        assert said in page, said
    assert "<script>alert" not in page
    assert "hidden.nc" not in page
    assert "good.nc" not in page
    wrong = text(client, "/fr/links?state=wrong")
    assert "ce qui est venu à la place" in wrong
    assert "le service n’a pas cette couche" in wrong
    assert "There is none of these" in text(client, "/en/links?state=dead&source=later")
    assert "later.nc" in text(client, "/en/links?state=unknown")


def test_a_centre_leads_to_its_links(client: Client) -> None:
    assert 'href="/fr/links?centre=coriolis"' in text(client, "/fr/centres/coriolis")
    assert "/links?centre=" not in text(client, "/fr/centres/ocean")


def test_its_parts_can_be_chosen_and_its_words_are_checked(client: Client) -> None:
    assert "gone.nc" in text(client, "/en/links?state=dead&centre=coriolis&source=ours")
    assert client.get("/en/links?state=lost").status_code == 400
    assert client.get("/en/links?centr=x").status_code == 400
    assert client.get("/de/links").status_code == 404


def test_its_twins_say_the_same(client: Client) -> None:
    twin = client.json("/en/links.json")
    assert [row["url"].rpartition("/")[2] for row in twin["rows"]] == ["gone2.nc", "gone.nc"] or len(
        twin["rows"]
    ) == 2
    table = client.get("/en/links.csv?state=dead")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert {row["url"].rpartition("/")[2] for row in rows} == {"gone.nc", "gone2.nc"}
    assert {(row["state"], row["status"], row["centre"], row["source"]) for row in rows} == {
        ("gone", "404", "coriolis", "ours")
    }
    assert not any(cell.startswith("=") for row in rows for cell in row.values())
    everything = client.get("/fr/links.csv?state=unknown").text
    assert "hidden" not in everything


def test_pages_follow_each_other(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estran.web.portal.link_pages._PAGE", 1)
    first = client.json("/en/links.json?state=dead")
    second = client.json(first["next"].replace("/links?", "/links.json?"))
    assert {first["rows"][0]["url"], second["rows"][0]["url"]} == {
        r["url"] for r in first["rows"] + second["rows"]
    }
    assert first["rows"] != second["rows"]
    assert "next" not in second
    assert 'rel="next"' in text(client, "/fr/links?state=dead")


def test_links_and_ways_of_access_are_filters_of_the_search(client: Client) -> None:
    page = text(client, "/en/search?link=dead")
    assert "Way of access" in page
    assert "Record mixed" in page
    assert "Record later" not in page
    assert "Mort" in text(client, "/fr/search?link=dead")
    assert "Record mixed" in text(client, "/en/search?service=WMS")


def test_a_page_answers_anew_when_links_were_checked(client: Client, node: Node) -> None:
    path = f"/en/data/{id_of(node, 'later')}"
    found = client.get(path, accept="text/html")
    same = client.get(path, accept="text/html", if_none_match=found.headers["etag"])
    assert same.status_code == 304
    node.link_checks.check()
    anew = client.get(path, accept="text/html", if_none_match=found.headers["etag"])
    assert anew.status_code == 200
    assert "is no longer there" in anew.text


@pytest.mark.chromium
@pytest.mark.parametrize("path", ["/{lang}/links", "/{lang}/links?state=wrong", "/{lang}/data/{id}"])
def test_axe_finds_nothing(app: FastAPI, node: Node, chromium: Path, path: str) -> None:
    file = ROOT / "node_modules/axe-core/axe.min.js"
    axe = (
        file.read_text(encoding="utf-8")
        if file.is_file()
        else lacking("axe-core (an editable build fetches it)")
    )
    with serving(app) as address, launched(chromium) as browser:
        for lang in ("fr", "en"):
            watch = watched(browser.new_context(reduced_motion="reduce"), address)
            watch.page.goto(address + path.format(lang=lang, id=id_of(node, "mixed")))
            watch.page.evaluate(axe)
            for theme in ("light", "dark"):
                watch.page.emulate_media(color_scheme=theme)
                found = watch.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
                assert [(v["id"], n["target"]) for v in found["violations"] for n in v["nodes"]] == [], (
                    json.dumps(found["violations"])[:2000]
                )
