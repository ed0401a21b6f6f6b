"""A record beside its original: what was taken, where it stands, and documents that mean harm."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

import estran
from estran.web.app import create_app
from estran.web.portal import comparing
from estran.web.portal.originals import shown
from tests.portal.html import Html
from tests.web.client import Client

if TYPE_CHECKING:
    from pathlib import Path

    from estran.node import Node
    from tests.portal.conftest import Ids


def taken(client: Client, id_: str, query: str = "") -> dict[str, tuple[str, int]]:
    view = client.json(f"/en/data/{id_}/compare.json{query}")
    return {one["field"]: (one["value"], one.get("line", 0)) for one in view["taken"]}


def test_each_value_stands_beside_its_line(client: Client, ids: Ids):
    view = client.json(f"/fr/data/{ids.rich}/compare.json")
    lines = view["document"]["lines"]
    placed = [one for one in view["taken"] if one.get("line")]
    assert len(placed) > 25
    for one in placed:
        if "’" not in one["value"] and len(one["value"]) < 60:
            assert one["value"].split()[0] in lines[one["line"] - 1], one
    by_field = {(one["field"], one.get("tongue", "")): one["value"] for one in view["taken"]}
    assert by_field["title", "fr"] == "Température de l’eau, rade de Brest"
    assert by_field["title", "en"] == "Water temperature, bay of Brest"
    assert {"variables.name", "extent.boxes.west", "parties 1.name", "licences.spdx"} <= {
        field for field, _ in by_field
    }
    assert not {"id", "centre", "source", "visibility"} & {field for field, _ in by_field}


def test_the_page_links_values_to_lines_and_marks_them(client: Client, ids: Ids):
    page = Html(client.get(f"/en/data/{ids.rich}/compare", accept="text/html").text)
    lines = page.all("li", class_="taken")
    links = {a["href"] for a in page.all("a") if a["href"].startswith("#l") and a["href"][2:].isdigit()}
    assert {f"#{li['id']}" for li in lines} == links
    assert page.one("a", href=f"/data/{ids.rich}/originals/0").text == "Download as it came"
    assert "everything is carried over" in page.one("main").text
    assert "Not carried over" in page.one("main").text


def test_the_record_leads_there(client: Client, ids: Ids):
    page = Html(client.get(f"/fr/data/{ids.rich}", accept="text/html").text)
    assert page.one("a", href=f"/fr/data/{ids.rich}/compare?original=0").text.startswith(
        "Comparer avec la fiche"
    )


def test_hostile_texts_stay_texts(client: Client, ids: Ids):
    page = client.get(f"/en/data/{ids.hostile}/compare", accept="text/html").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert not [a["href"] for a in Html(page).all("a") if a["href"].startswith("javascript")]


@pytest.mark.parametrize(
    "query", ["original=1", "original=x", "original=-1", "original=99999999999", "original=²"]
)
def test_originals_that_are_not_there(client: Client, ids: Ids, query: str):
    assert client.get(f"/en/data/{ids.rich}/compare?{query}", accept="text/html").status_code == 404


def test_other_parameters_and_records_are_refused(client: Client, ids: Ids):
    assert client.get(f"/en/data/{ids.rich}/compare?orginal=0", accept="text/html").status_code == 400
    assert client.get("/en/data/none/compare", accept="text/html").status_code == 404
    assert client.get(f"/de/data/{ids.rich}/compare", accept="text/html").status_code == 404


def test_restricted_ones_and_several_originals(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with estran.open(tmp_path / "node") as own:
        said = {
            "@context": "https://schema.org/",
            "@type": "Dataset",
            "identifier": "i",
            "name": "Élan <b>",
            "description": "Sel “fin”",
        }
        for n, ascii_ in enumerate((True, False)):
            (tmp_path / f"{n}.json").write_text(json.dumps({**said, "version": str(n)}, ensure_ascii=ascii_))
            own.load(tmp_path / f"{n}.json")
        id_ = own.search("élan").records[0].id
        client = Client(create_app(own))
        assert taken(client, id_)["title"] == ("Élan <b>", 5)
        assert taken(client, id_)["abstract"] == ("Sel “fin”", 6)
        originals = client.json(f"/en/data/{id_}/compare.json")["originals"]
        assert len(originals) == len(own.originals(id_))
        page = client.get(f"/en/data/{id_}/compare", accept="text/html").text
        assert "Élan &lt;b&gt;" in page
        assert str(tmp_path) not in page
        # What is too long to be read anew is shown as it is held.
        monkeypatch.setattr(comparing, "_MOST_BYTES", 10)
        other = client.get(f"/fr/data/{id_}/compare?original=0", accept="text/html").text
        assert "trop long pour être relu" in other
        monkeypatch.undo()
        (tmp_path / "hidden.json").write_text(json.dumps({**said, "identifier": "h", "name": "Hidden"}))
        own.load(tmp_path / "hidden.json", visibility="draft", source="hidden")
        hidden = own.search("hidden").records[0].id
        assert client.get(f"/en/data/{hidden}/compare", accept="text/html").status_code == 404


@pytest.mark.parametrize(
    ("body", "kind", "lines"),
    [
        (b'<a x="1"><b>t  e\n xt</b><c/><!-- <n> --></a>', "xml", ['<a x="1">', "  <b>t e xt</b>", "  <c/>", "  <!-- <n> -->", "</a>"]),
        (b"<a><b>not closed <c", "xml", ["<a>", "  <b>not closed", "    <c"]),
        (b"<a>mixed <b>x</b> tail</a>", "xml", ["<a>mixed", "  <b>x</b>", "  tail", "</a>"]),
        ("\ufeff<a>é</a>".encode(), "xml", ["<a>é</a>"]),
        ("<?xml version='1.0' encoding='iso-8859-1'?><a>é</a>".encode("latin-1"), "xml", ["<?xml version='1.0' encoding='iso-8859-1'?>", "<a>é</a>"]),
        ("<a>é</a>".encode("utf-16"), "xml", ["<a>é</a>"]),
        (b"<?xml version='1.0' encoding='punycode'?><a/>", "xml", ["<?xml version='1.0' encoding='punycode'?>", "<a/>"]),
        (b'{"a":[1,{"b":"\\u00e9"}]}', "json", ["{", '  "a": [', "    1,", "    {", '      "b": "\\u00e9"', "    }", "  ]", "}"]),
        (b"{broken", "json", ["{broken"]),
        (b"@prefix a: <b> .\n\xff", "text", ["@prefix a: <b> .", "\ufffd"]),
        (b"a\x1b[31m\xe2\x80\xaeb", "text", ["a\ufffd[31m\ufffdb"]),
        (b"CDF\x01\x00\x00", "binary", []), (b"", "text", []),
    ],
)  # fmt: skip
def test_documents_become_lines(body: bytes, kind: str, lines: list[str]):
    found = shown(body)
    assert (found.kind, list(found.lines), found.size_bytes) == (kind, lines, len(body))


@pytest.mark.parametrize(
    "body",
    [b"<a>" * 700_000, b"<!--" * 500_000, b"<" * 2_000_000, b"[" * 2_000_000, b"<![CDATA[" * 200_000, b"x" * 3_000_000, b"<a>\n" * 500_000,
     b"[" * 1000 + b"]" * 1000, b"&amp;" * 500_000],
)  # fmt: skip
def test_hostile_documents_cost_little(body: bytes):
    started = time.process_time()
    found = shown(body)
    assert time.process_time() - started < 2
    assert sum(map(len, found.lines)) < 500_000
    assert len(found.lines) <= 3000
    assert found.cut


def test_links_are_those_of_the_formats(client: Client, ids: Ids):
    view = client.json(f"/en/data/{ids.funded}/compare.json")
    iso = next(one for one in view["losses"] if one["name"] == "iso19115-3")
    assert iso["href"] == f"/data/{ids.funded}/formats/iso19115-3"
    assert any("funding" in loss["field"] for loss in iso["losses"])
