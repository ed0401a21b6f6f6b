"""Views of projects: their pages, feeds and frames, what a visitor sees in them, and the forms."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import msgspec
import pytest
from sqlalchemy import update

import estran
from estran import formats
from estran.formats import Links
from estran.model import Record, Text, plain
from estran.storage import schema
from estran.web.app import create_app
from tests.portal.conftest import series
from tests.portal.html import Html
from tests.web.client import BASE, Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from estran.access import Role
    from estran.node import Node

FORM = {
    "name": "brest", "title_fr": "Rade de Brest", "title_en": "Bay of Brest", "text_fr": "La rade.", "text_en": "The bay & <b>",
    "search": "q=snow", "colour": "#8a2b0d", "centre": "cnes-toulouse", "sites": "https://lab.example\nhttps://*.lab.example:8443",
}  # fmt: skip
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("views")
    write = formats.find("estran-json").write
    assert write
    hidden = Record(identifier="hidden", kind="dataset", title=Text.of("Snow nobody sees", "en"))
    with estran.open(folder / "node") as opened:
        for visibility, records in (("public", [series(n) for n in range(45)]), ("restricted", [hidden])):
            files = folder / visibility
            files.mkdir()
            for n, record in enumerate(records):
                (files / f"{n}.json").write_bytes(write(record, Links()).body)
            opened.load(files, source=visibility, centre="cnes-toulouse", visibility=visibility)
        opened.views.add(
            "snow", title={"fr": "Neige & <glace>", "en": "Snow & <ice>"}, text={"fr": "Voir https://snow.example."},
            search="q=snow", colour="#8a2b0d", sites=["https://lab.example"], centre="cnes-toulouse",
        )  # fmt: skip
        opened.views.add("plain", title={"fr": "Sol", "en": "Soil"}, search="q=moisture")
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Client:
    return Client(create_app(node), Accept="text/html")


def signed(node: Node, role: Role, centre: str) -> tuple[Client, str]:
    """Someone who is signed in, and the mark of their forms."""
    token = node.tokens.create("eve", role, centre)
    session = node.tokens.sign_in(token.secret)
    return Client(create_app(node), Accept="text/html", Cookie=f"estran={session.proof}"), session.form


def page(found: httpx.Response, status: int = 200) -> Html:
    assert found.status_code == status, (found.status_code, found.text[:400])
    return Html(found.text)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_view_is_a_page_with_its_twin_and_its_ways(client: Client, language: str):
    html = page(client.get(f"/{language}/views/snow", "text/html"))
    assert html.one("h1").text == {"fr": "Neige & <glace>", "en": "Snow & <ice>"}[language]
    assert html.one("a", href="https://snow.example")
    twin = client.json(f"/{language}/views/snow.json")
    assert (twin["count"], twin["matched"], len(twin["cards"])) == (22, 22, 20)
    assert {a.text for a in html.all("a") if "/data/" in a["href"]} == {c["title"] for c in twin["cards"]}
    following = html.one("a", rel="next")["href"]
    rest = client.json(following.replace("views/snow?", "views/snow.json?"))
    assert len(rest["cards"]) == 2
    assert not {c["id"] for c in rest["cards"]} & {c["id"] for c in twin["cards"]}
    assert twin["search"] == f"/{language}/search?q=snow"


def test_one_narrows_down_within_a_view(client: Client):
    html = page(client.get("/en/views/snow?q=07", "text/html"))
    assert html.one("p", class_="matched").text == "1 resource"
    assert html.one("a", class_="chip", href="/en/views/snow")
    narrowed = client.json("/en/views/snow.json?kind=dataset")
    assert 0 < narrowed["matched"] < narrowed["count"] == 22
    step = next(s for g in narrowed["narrowings"] for s in g["steps"])
    assert client.json(step["href"].replace("views/snow?", "views/snow.json?"))["matched"] == step["count"]
    assert client.json("/en/views/snow.json?q=moisture")["matched"] == 0
    assert (
        "error"
        not in page(client.get("/en/views/snow?q=moisture", "text/html")).one("p", class_="matched").text
    )
    assert page(client.get("/en/views/snow?from=2024-02-30", "text/html"), 400).one("div", role="alert")
    assert page(client.get("/en/views/snow?cursor=x", "text/html"), 400).one("div", role="alert")


def test_a_visitor_sees_only_what_they_may_see_anyway(node: Node, client: Client):
    reader, _ = signed(node, "reader", "cnes-toulouse")
    assert client.json("/en/views/snow.json")["count"] == 22
    assert reader.json("/en/views/snow.json")["count"] == 23
    for path in ("/en/views/snow?q=nobody", "/en/views/snow/frame?q=nobody", "/en/views/snow.atom"):
        assert "nobody sees" not in client.get(path, "*/*").text
        assert "nobody sees" in reader.get(path, "*/*").text
    api = "/ogc/collections/records/items?view=snow&q=nobody"
    assert client.json(api)["numberMatched"] == 0


def test_programs_ask_a_view(client: Client):
    found = client.json("/ogc/collections/records/items?view=snow&limit=3&sortby=title")
    assert (found["numberMatched"], found["features"][0]["properties"]["title"]) == (22, "Snow depth 01")
    following = next(link["href"] for link in found["links"] if link["rel"] == "next")
    assert "view=snow" in following
    assert client.json(following.removeprefix(BASE))["numberMatched"] == 22
    assert client.get("/ogc/collections/records/items?view=none", "application/json").status_code == 400
    shown = client.get("/ogc/collections/records/items?view=snow&f=html&q=depth", "text/html")
    assert (shown.status_code, shown.headers["location"]) == (303, "/views/snow?q=depth")
    assert client.get("/dcat.ttl?view=snow&limit=1", "*/*").status_code == 200


def test_a_view_is_followed_as_a_feed(client: Client):
    answer = client.get("/fr/views/snow.atom", "*/*")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ET.fromstring(answer.content)
    assert feed.findtext(f"{ATOM}title") == "Neige & <glace>"
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 22
    assert len({e.findtext(f"{ATOM}id") for e in entries}) == 22
    dates = [e.findtext(f"{ATOM}updated") or "" for e in entries]
    assert dates == sorted(dates, reverse=True)
    assert feed.findtext(f"{ATOM}updated") == dates[0]
    alternate = page(client.get("/fr/views/snow", "text/html")).all("link", type="application/atom+xml")
    assert "/fr/views/snow.atom" in [link["href"] for link in alternate]


def test_only_the_frame_may_be_framed_and_only_by_the_listed_sites(client: Client):
    framed = client.get("/en/views/snow/frame", "text/html")
    policy = framed.headers["content-security-policy"]
    assert "frame-ancestors 'self' https://lab.example" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "x-frame-options" not in framed.headers
    closed = client.get("/en/views/plain/frame", "text/html").headers
    assert closed["content-security-policy"].endswith("frame-ancestors 'self'")
    for path in ("/en/views/snow", "/en/views", "/en/", "/en/views/snow.json"):
        headers = client.get(path, "*/*").headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert headers["x-frame-options"] == "DENY"


def test_a_frame_is_bare_and_its_links_leave_it(client: Client):
    html = page(client.get("/en/views/snow/frame?look=dark", "text/html"))
    assert not html.all("script") + html.all("nav", class_="tools")
    assert html.one("html")["data-theme"] == "dark"
    assert html.one("base").attributes == {"target": "_blank"}
    assert html.one("form").attributes["target"] == "_self"
    assert html.one("input", name="look")["value"] == "dark"
    following = html.one("a", rel="next")
    assert following["target"] == "_self"
    assert re.match(r"/en/views/snow/frame\?cursor=.+&look=dark$", following["href"]), following["href"]
    assert client.get("/en/views/snow/frame?look=blue", "text/html").status_code == 400
    code = page(client.get("/en/views/snow", "text/html")).one("code", id="embed-code").text
    frame = Html(code).one("iframe")
    assert (frame["src"], frame["title"]) == (f"{BASE}/en/views/snow/frame", "Snow & <ice>")
    assert not page(client.get("/en/views/plain", "text/html")).all("code", id="embed-code")


def test_the_colour_of_a_view_is_a_style_of_its_own(client: Client):
    style = page(client.get("/en/views/snow", "text/html")).all("link", rel="stylesheet")[-1]["href"]
    found = client.get(style, "*/*")
    assert found.headers["content-type"].startswith("text/css")
    light, dark = re.findall(r"--hub: light-dark\((#\w{6}), (#\w{6})\)", found.text)[0]
    assert light == "#8a2b0d"
    assert dark != light
    assert client.get("/static/view-plain.css", "*/*").status_code == 404


def test_the_address_without_a_language_leads_to_one(client: Client):
    found = client.get("/views/snow?q=7", "text/html", Accept_Language="en")
    assert (found.status_code, found.headers["location"]) == (303, "/en/views/snow?q=7")
    assert client.get("/views/none", "text/html").status_code == 404


def test_the_list_names_all_views(node: Node, client: Client):
    html = page(client.get("/fr/views", "text/html"))
    assert html.one("a", href="/fr/views/snow").text.startswith("Neige & <glace>")
    assert not html.all("a", href="/fr/views/new")
    assert [v["name"] for v in client.json("/fr/views.json")["views"]] == ["plain", "snow"]
    editor, _ = signed(node, "editor", "cnes-toulouse")
    assert page(editor.get("/fr/views", "text/html")).one("a", href="/fr/views/new")


def test_a_search_leads_those_who_may_to_a_view_of_it(node: Node, client: Client):
    path = "/en/search?q=snow&kind=dataset"
    assert not page(client.get(path, "text/html")).all("a", href="/en/views/new?q=snow&kind=dataset")
    editor, _ = signed(node, "editor", "cnes-toulouse")
    html = page(editor.get(path, "text/html"))
    assert html.one("a", href="/en/views/new?q=snow&kind=dataset").text == "Keep this search as a view"
    reader, _ = signed(node, "reader", "cnes-toulouse")
    assert not page(reader.get(path, "text/html")).all("a", href="/en/views/new?q=snow&kind=dataset")


def post(client: Client, path: str, form: dict[str, str]) -> httpx.Response:
    return client.ask(
        "POST", path, content=urlencode(form), headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"},
    )  # fmt: skip


def test_an_editor_keeps_changes_and_forgets_a_view(node: Node):
    editor, mark = signed(node, "editor", "cnes-toulouse")
    html = page(editor.get("/en/views/new?q=snow&kind=dataset", "text/html"))
    assert html.one("textarea", id="search").text == "q=snow&kind=dataset"
    assert [o["value"] for o in html.all("option")] == ["cnes-toulouse"]
    found = post(editor, "/en/views/new", {**FORM, "form": mark})
    assert (found.status_code, found.headers["location"]) == (303, "/en/views/brest")
    kept = node.views.show("brest")
    assert (kept.owner, kept.sites) == ("eve", ("https://lab.example", "https://*.lab.example:8443"))
    html = page(editor.get("/en/views/brest/change", "text/html"))
    assert html.one("textarea", id="text_en").text == "The bay & <b>"
    assert (
        post(editor, "/en/views/brest/change", {**FORM, "search": "q=depth", "form": mark}).status_code == 303
    )
    assert node.views.show("brest").search == (("q", "depth"),)
    assert page(post(editor, "/en/views/brest/remove", {"form": mark}), 400).one("p", id="sure-wrong")
    assert (
        post(editor, "/en/views/brest/remove", {"form": mark, "sure": "1"}).headers["location"] == "/en/views"
    )
    assert editor.get("/en/views/brest", "text/html").status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("title_fr", "", "French"), ("colour", "#ffee88", "nearest shade"), ("search", "sort=title", "narrows nothing"),
        ("sites", "lab.example", "origin"), ("name", "snow", "already"), ("name", "Ä", "lower-case"),
        ("centre", "coriolis", "may not"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field(node: Node, field: str, value: str, says: str):
    editor, mark = signed(node, "editor", "cnes-toulouse")
    html = page(post(editor, "/en/views/new", {**FORM, "form": mark, field: value}), 400)
    assert says in html.one("span", id=f"{field}-wrong").text
    element = next(e for e in html.elements if e.get("id") == field)
    assert element["aria-invalid"] == "true"
    assert f"{field}-wrong" in element["aria-describedby"]
    if field != "name":
        assert html.one("input", id="name")["value"] == "brest"


def test_others_may_not_write(node: Node, client: Client):
    reader, mark = signed(node, "reader", "cnes-toulouse")
    other, others = signed(node, "editor", "coriolis")
    for someone, form in ((reader, mark), (other, others)):
        assert someone.get("/en/views/snow/change", "text/html").status_code == 403
        assert post(someone, "/en/views/snow/change", {**FORM, "form": form}).status_code == 403
        assert post(someone, "/en/views/snow/remove", {"sure": "1", "form": form}).status_code == 403
    assert reader.get("/en/views/new", "text/html").status_code == 403
    assert client.get("/en/views/new", "text/html").status_code == 401
    assert post(client, "/en/views/new", FORM).status_code == 401
    editor, _ = signed(node, "editor", "cnes-toulouse")
    assert post(editor, "/en/views/new", {**FORM, "form": "forged"}).status_code == 403
    assert json.loads(client.get("/en/views.json", "*/*").text)["views"][-1]["name"] == "snow"


def test_a_view_that_cannot_be_asked_any_more_takes_nothing_down(node: Node, client: Client):
    node.views.add("old", title={"fr": "Vieux", "en": "Old"}, search="theme=x")
    document = msgspec.json.encode(plain(replace(node.views.show("old"), search=(("once", "x"),))))
    with node._house.database.write() as connection:
        table = schema.saved_view
        connection.execute(update(table).where(table.c.name == "old").values(document=document))
    try:
        assert page(client.get("/en/", "text/html")).one("a", href="/en/views/old")
        assert page(client.get("/en/views/old", "text/html"), 400).one("div", role="alert")
    finally:
        node.views.remove("old")
