"""The page of a record: its first buttons, its two views, its files by kind, its variables and its kin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import estran
from estran import formats
from estran.formats import Links
from estran.model import (
    Box,
    Concept,
    Distribution,
    Extent,
    Identifier,
    Period,
    Record,
    Relation,
    Text,
    Variable,
)
from estran.web.app import create_app
from estran.web.portal.i18n import words
from estran.web.portal.link_pages import Mark
from estran.web.portal.reaching import best, file_groups, get_of, plot_of
from tests.portal.html import Html
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.node import Node

EN = words("en")
VARIABLES = (
    Variable(name="temp", label=Text.of("Temperature", "en"), uri="http://v.example/t/heat", unit="degC"),
    Variable(name="other", label=Text.of("Other", "en"), uri="http://elsewhere.example/x"),
    Variable(name="plain"),
)
THESAURUS = """
@prefix s: <http://www.w3.org/2004/02/skos/core#> . @prefix v: <http://v.example/t/> .
v: a s:ConceptScheme ; s:prefLabel "Things"@en .
v:heat s:inScheme v: ; s:prefLabel "heat of water"@en, "chaleur de l’eau"@fr .
"""
RECORDS = (
    Record(
        identifier="whole", identifiers=(Identifier("10.5072/whole", "doi"),), kind="collection", title=Text.of("All probes", "en"),
        variables=VARIABLES, purpose=Text.of("To watch."), access="open",
        extent=Extent(boxes=(Box(-5, 48, -4, 49),), periods=(Period("2003", "2024"),)),
    ),
    *(
        Record(
            identifier=f"part-{n:02d}", kind="dataset", title=Text.of(f"Probe {n:02d}", "en"), variables=VARIABLES[:1],
            relations=(Relation(kind="IsPartOf", target="10.5072/whole", scheme="doi"),),
        )
        for n in range(15)
    ),
    Record(
        identifier="serves", kind="service", title=Text.of("A map of them", "en"),
        relations=(Relation(kind="References", target="whole", type="Dataset"),),
    ),
    Record(
        identifier="alike", kind="dataset", title=Text.of("Alike", "en"), variables=VARIABLES[:1],
        distributions=(
            Distribution(url="https://example.org/erddap/tabledap/probes.html", function="service", title=Text.of("ERDDAP")),
        ),
    ),
    Record(identifier="bare", kind="dataset", title=Text.of("Bare", "en"), concepts=(Concept(label=Text.of("x"), role="theme"),)),
)  # fmt: skip


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("record")
    write = formats.find("estran-json").write
    assert write
    (folder / "files").mkdir()
    for record in RECORDS:
        (folder / "files" / f"{record.identifier}.json").write_bytes(write(record, Links()).body)
    (folder / "things.ttl").write_text(THESAURUS)
    with estran.open(folder / "node") as opened:
        opened.load(folder / "things.ttl")
        opened.load(folder / "files", centre="coriolis")
        yield opened


@pytest.fixture(scope="module")
def at(node: Node):
    client = Client(create_app(node), Accept="text/html")
    ids = {r.identifier: r.id for r in node.scan(limit=100)[0]}

    def open_(identifier: str, asked: str = "", language: str = "en") -> Html:
        found = client.get(f"/{language}/data/{ids[identifier]}{asked}", "text/html")
        assert found.status_code == 200, found.text[:300]
        return Html(found.text)

    return open_


def made(*given: tuple[str, str, str], **more: object) -> tuple[tuple, dict]:
    """(function, address, state) -> distributions, and what is known of them."""
    listed = tuple(
        Distribution(url=url, function=function, title=Text.of(url[-6:])) for function, url, _ in given
    )
    known = {
        d: ("", "", Mark(value=state, sign="", said=state) if state else None)
        for d, (_, _, state) in zip(listed, given, strict=True)
    }
    return listed, known


@pytest.mark.parametrize(
    ("given", "href"),
    [
        ([("download", "https://a.example/1.nc", ""), ("download", "https://a.example/2.nc", "ok")], "https://a.example/2.nc"),
        ([("download", "https://a.example/1.nc", "dead"), ("download", "https://a.example/2.nc", "login")], "https://a.example/2.nc"),
        ([("download", "javascript:alert(1)", ""), ("service", "https://a.example/wms", "")], "https://land.example/"),
        ([("download", "https://a.example/1.nc", "dead")], "https://land.example/"),
        ([], "https://land.example/"),
    ],
)  # fmt: skip
def test_the_best_file_is_one_that_works(given: list[tuple[str, str, str]], href: str):
    listed, known = made(*given)
    get = get_of(
        Record(access="open"), file_groups(listed, known, EN), None, ("https://land.example/", None), EN
    )
    assert get
    assert (get.href, "Open" in get.details) == (href, True)


def test_nothing_to_get_is_no_button():
    listed, known = made(("download", "https://a.example/1.nc", "dead"))
    gone = Mark(value="dead", sign="", said="")
    groups = file_groups(listed, known, EN)
    assert best(groups) is None
    assert get_of(Record(), groups, None, ("https://land.example/", gone), EN) is None
    services, known = made(("service", "https://a.example/wms", ""))
    get = get_of(Record(), file_groups(services, known, EN), None, ("", None), EN)
    assert get
    assert get.href == "#files"


@pytest.mark.parametrize(
    ("url", "graph"),
    [
        ("https://e.example/erddap/tabledap/argo.html?time", "https://e.example/erddap/tabledap/argo.graph"),
        ("https://e.example/erddap/griddap/sst.nc", "https://e.example/erddap/griddap/sst.graph"),
        ("https://e.example/erddap/griddap/sst", "https://e.example/erddap/griddap/sst.graph"),
        ("https://e.example/erddap/index.html", ""), ("javascript:/erddap/griddap/x", ""),
    ],
)  # fmt: skip
def test_one_plots_where_something_draws(url: str, graph: str):
    assert plot_of(Record(distributions=(Distribution(url=url, function="service"),))) == graph


def test_the_buttons_are_only_those_that_can_act(at):
    def buttons(identifier: str) -> list[str]:
        html = at(identifier)
        row = html.one("div", class_="acts")
        return [
            e.text
            for e in html.all("*", class_="button")
            if row in e.parents and "cite-panel" not in str(e.parents)
        ]

    assert [b for b in buttons("bare") if b in ("Get", "Plot", "Map", "Cite", "Use it")] == ["Cite", "Use it"]
    assert [b for b in buttons("whole") if b in ("Get", "Plot", "Map", "Cite", "Use it")] == [
        "Map",
        "Cite",
        "Use it",
    ]
    assert [b for b in buttons("alike") if b in ("Get", "Plot", "Map", "Cite")] == ["Get", "Plot", "Cite"]
    html = at("alike")
    assert html.one("a", href="https://example.org/erddap/tabledap/probes.graph").text == "Plot"
    offered = {a.text for a in at("whole").all("a") if "/formats/" in a["href"]}
    assert {"BibTeX", "RIS", "CSL-JSON", "Text", "DataCite"} <= offered
    assert "DataCite" not in {a.text for a in html.all("a") if "/formats/" in a["href"]}


def test_overview_and_complete(at):
    first, whole = at("whole"), at("whole", "?view=complete")
    assert "To watch." not in first.one("main").text
    assert "To watch." in whole.one("main").text
    assert not first.all("section", id="formats")
    assert whole.one("section", id="formats")
    for html, shown in ((first, "Overview"), (whole, "Complete")):
        ways = html.one("nav", class_="ways")
        assert [a.text for a in html.all("a", aria_current="true") if ways in a.parents] == [shown]
        ids = {e.get("id") for e in html.elements}
        assert {a["href"][1:] for a in html.all("a") if a["href"].startswith("#")} <= ids
    assert "cannot carry all of this description" in first.one("section", id="provenance").text


@pytest.mark.parametrize(("language", "label"), [("en", "heat of water"), ("fr", "chaleur de l’eau")])
def test_variables_lead_to_the_concepts_that_they_mean(at, language: str, label: str):
    html = at("whole", language=language)
    table = html.one("section", id="variables")
    links = {a.text.partition(":")[0].strip(): a["href"] for a in html.all("a") if table in a.parents}
    assert links[label] == f"/{language}/vocabulary/t/heat" or links[label].startswith(
        f"/{language}/vocabulary/"
    )
    assert "http://elsewhere.example/x" in links.values()
    assert "degC" in table.text


def test_what_belongs_to_a_record_stands_on_its_page(at):
    html = at("whole")
    said = html.one("section", id="relations").text
    assert "Has part" in said
    assert "Probe 00" in said
    assert "Service of these data" in said
    more = next(a for a in html.all("a") if a.text == "All 16 resources that belong to this one")
    assert more["href"].startswith("/en/search?related=")
    back = at("part-00")
    assert any(a.text in {"10.5072/whole", "All probes"} for a in back.all("a") if "/data/" in a["href"])
    assert "Also about" in at("alike").one("section", id="relations").text


def test_lines_to_paste_follow_the_area_and_the_period(at):
    own = {e["data-tool"]: e.text for e in at("whole").all("code") if e.get("data-tool")}
    assert "bbox=-5,48,-4,49&datetime=2003/2024" in own["python"]
    html = at("whole", "?bbox=-4.8,48.2,-4.5,48.5&from=2010-02&to=2010-03")
    asked = {e["data-tool"]: e.text for e in html.all("code") if e.get("data-tool")}
    for tool in ("python", "r"):
        assert "bbox=-4.8,48.2,-4.5,48.5&datetime=2010-02/2010-03" in asked[tool]
    assert "--bbox=-4.8,48.2,-4.5,48.5 --time=2010-02/2010-03" in asked["estran"]
    assert html.one("input", id="use-bbox")["value"] == "-4.8,48.2,-4.5,48.5"
    complete = next(a["href"] for a in html.all("a") if a.text == "Complete")
    assert "bbox=-4.8,48.2,-4.5,48.5" in complete
    wrong = at("whole", "?bbox=1,2,3&from=2010")
    assert wrong.one("p", class_="wrong")["role"] == "alert"


def test_a_search_hands_its_area_and_period_on(node: Node):
    client = Client(create_app(node), Accept="text/html")
    found = client.json("/en/search.json?bbox=-5,48,-4,49&from=2010&q=probes")
    assert found["cards"][0]["href"].endswith("?bbox=-5,48,-4,49&from=2010")
    html = Html(client.get(found["cards"][0]["href"], "text/html").text)
    assert "datetime=2010/.." in html.one("code", data_tool="python").text
    assert "?" not in client.json("/en/search.json?q=probes")["cards"][0]["href"]
