"""A record at its citable address: page, twins, formats, originals and signposts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from estran import formats
from estran.formats import Document
from tests.web.client import BASE, Client
from tests.web.conftest import features, id_of

if TYPE_CHECKING:
    from estran.node import Node


def signposts(header: str) -> dict[str, list[str]]:
    """Relation -> addresses of a Link header."""
    listed: dict[str, list[str]] = {}
    for part in header.split(", <"):
        address, _, rest = part.lstrip("<").partition(">")
        rel = rest.split('rel="')[1].split('"')[0]
        listed.setdefault(rel, []).append(address)
    return listed


def test_the_page_for_people_is_also_a_map_for_machines(client: Client, salinity: str) -> None:
    for accept in ("text/html,application/xhtml+xml,*/*;q=0.8", "*/*"):
        page = client.get(f"/data/{salinity}", accept=accept)
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        assert "Salinité de surface en mer Méditerranée" in page.text
        found = signposts(page.headers["link"])
        assert found["cite-as"] == ["https://doi.org/10.1234/salt"]
        assert found["type"] == ["https://schema.org/AboutPage", "https://schema.org/Dataset"]
        assert found["license"] == ["https://creativecommons.org/licenses/by/4.0/"]
        assert found["item"] == ["https://data.example.org/salinity.nc"]
        assert found["linkset"] == [f"{BASE}/data/{salinity}/linkset.json"]
        assert len(found["describedby"]) == 4
        for address in [*found["describedby"], *found["linkset"]]:
            twin = client.get(address.removeprefix(BASE))
            assert twin.status_code == 200, address
            if address not in found["linkset"]:
                assert signposts(twin.headers["link"])["describes"] == [f"{BASE}/data/{salinity}"]


def test_the_linkset_holds_all_links(client: Client, salinity: str) -> None:
    answer = client.get(f"/data/{salinity}/linkset.json")
    assert answer.headers["content-type"] == "application/linkset+json"
    page, *twins = answer.json()["linkset"]
    assert page["anchor"] == f"{BASE}/data/{salinity}"
    assert page["cite-as"] == [{"href": "https://doi.org/10.1234/salt"}]
    assert page["item"] == [{"href": "https://data.example.org/salinity.nc", "type": "application/x-netcdf"}]
    assert {one["type"] for one in page["describedby"]} == {
        "application/geo+json",
        "application/xml",
        "application/ld+json",
        "text/turtle",
    }
    assert all(one["profile"] for one in page["describedby"])
    assert all(one["describes"][0]["href"] == page["anchor"] for one in twins)


def test_a_record_without_doi_is_cited_by_its_page(client: Client, node: Node) -> None:
    id_ = id_of(node, "snow")
    found = signposts(client.get(f"/data/{id_}").headers["link"])
    assert found["cite-as"] == [f"{BASE}/data/{id_}"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/json", "application/geo+json"),
        ("application/geo+json", "application/geo+json"),
        ("text/turtle, */*;q=0.1", "text/turtle"),
        ("application/ld+json", "application/ld+json"),
        ("application/rdf+xml", "application/rdf+xml"),
        ("application/x-bibtex", "application/x-bibtex"),
        ("application/vnd.citationstyles.csl+json", "application/vnd.citationstyles.csl+json"),
        ("application/x-research-info-systems;q=0.9, text/html;q=0.1", "text/html"),
        ("text/html;q=0.5, application/ld+json", "application/ld+json"),
    ],
)
def test_accept_chooses_the_form(client: Client, salinity: str, accept: str, media_type: str) -> None:
    found = client.get(f"/data/{salinity}", accept=accept)
    assert found.status_code == 200, found.text
    assert found.headers["content-type"].split(";")[0] == media_type
    assert client.get(f"/data/{salinity}", accept="image/png").status_code == 406


def test_every_format_is_there_with_its_losses(client: Client, salinity: str) -> None:
    listed = client.json(f"/data/{salinity}/formats")["formats"]
    assert {one["name"] for one in listed} == {form.name for form in formats.every() if form.write}
    for one in listed:
        assert one["title"]
        assert all(loss["field"] and loss["why"] for loss in one["losses"])
        answer = client.get(one["href"].removeprefix(BASE))
        assert answer.status_code == 200, one
        assert answer.headers["content-type"].split(";")[0] == one["type"].split(";")[0]
        suffix = formats.find(one["name"]).suffix
        assert answer.headers["content-disposition"] == f'attachment; filename="{salinity}{suffix}"'
        assert client.get(f"/data/{salinity}?format={one['name']}").content == answer.content
    assert client.get(f"/data/{salinity}/formats/nothing").status_code == 404
    assert "bibtex" in client.get(f"/data/{salinity}?format=nothing").json()["detail"]


def test_twins_are_what_they_say(client: Client, salinity: str) -> None:
    assert client.json(f"/data/{salinity}.json")["id"] == salinity
    root = etree.fromstring(client.get(f"/data/{salinity}.xml").content)
    assert root.tag == "{http://standards.iso.org/iso/19115/-3/mdb/2.0}MD_Metadata"
    linked = client.get(f"/data/{salinity}.jsonld").json()
    assert "schema.org" in json.dumps(linked["@context"])
    turtle = client.get(f"/data/{salinity}.ttl")
    assert "dcat:Dataset" in turtle.text
    (read,) = formats.read(Document("a.ttl", turtle.content), formats.find("dcat-turtle"))
    assert str(read.title) == "Salinité de surface en mer Méditerranée"


def test_originals_are_kept_as_they_came(client: Client, salinity: str) -> None:
    (held,) = client.json(f"/data/{salinity}/originals")["originals"]
    assert held["format"] == "ogc-records"
    assert "/" not in held["name"]
    for path in (f"/data/{salinity}/original", held["href"].removeprefix(BASE)):
        answer = client.get(path)
        assert answer.status_code == 200
        assert json.loads(answer.content) == features()[0]
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert len(answer.content) == held["bytes"]
    for number in ("1", "-1", "x", "²", "99999999999"):
        assert client.get(f"/data/{salinity}/originals/{number}").status_code == 404


def test_what_is_hidden_is_hidden_everywhere(client: Client, node: Node) -> None:
    hidden = id_of(node, "secret")
    for path in (
        "",
        ".json",
        ".xml",
        "/formats",
        "/formats/bibtex",
        "/originals",
        "/original",
        "/originals/0",
        "/linkset.json",
    ):
        answer = client.get(f"/data/{hidden}{path}")
        assert answer.status_code == 404, path
        assert "Secret" not in answer.text
    assert client.get(f"/data/{hidden}", accept="text/html").headers["content-type"].startswith("text/html")


def test_markup_in_records_is_only_text(client: Client, node: Node) -> None:
    page = client.get(f"/data/{id_of(node, 'service')}", accept="text/html").text
    assert "<b>winds" not in page
    assert "&lt;b&gt;winds" in page


def test_crawlers_find_every_public_record(client: Client, node: Node) -> None:
    robots = client.get("/robots.txt").text
    index = etree.fromstring(client.get(robots.split("Sitemap: ")[1].strip().removeprefix(BASE)).content)
    name = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
    found: list[str] = []
    for part in index.iter(name):
        page = client.get(part.text.removeprefix(BASE))
        assert page.headers["content-type"] == "application/xml"
        found += [str(one.text) for one in etree.fromstring(page.content).iter(name)]
    assert len(found) == len(set(found)) == 65
    assert f"{BASE}/data/{id_of(node, 'fiji')}" in found
    assert client.get("/sitemap/xx.xml").status_code == 404
