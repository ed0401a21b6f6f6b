"""Vocabularies over HTTP: addresses that stay, every form, search, trees, texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import rdflib

import estran
from estran.web.app import create_app
from tests.catalogue.records import put
from tests.catalogue.test_meaning import record
from tests.vocabulary.test_searching import OTHER, SEA, T, V
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SKOS = rdflib.SKOS


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("vocabulary")
    (folder / "sea.ttl").write_text(SEA)
    (folder / "other.ttl").write_text(OTHER)
    with estran.open(folder / "node") as node:
        node.load([folder / "sea.ttl", folder / "other.ttl"])
        yield Client(create_app(node))


def test_the_vocabularies_and_how_they_are(client: Client) -> None:
    listed = client.json("/vocabulary")["vocabularies"]
    assert [one["scheme"]["name"] for one in listed] == ["other", "sea"]
    assert (listed[0]["sound"], listed[0]["defects"]["cycle"]) == (False, 1)
    sea = client.json("/vocabulary/sea")
    assert (sea["concepts"], sea["variables"], sea["files"]) == (11, 2, ["sea.ttl"])
    assert any(defect["rule"] == "language" and defect["examples"] for defect in sea["defects"])


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
@pytest.mark.parametrize(
    ("form", "parser"), [("ttl", "turtle"), ("jsonld", "json-ld"), ("rdf", "xml"), ("nt", "nt")]
)
def test_the_whole_vocabulary_in_every_form(client: Client, form: str, parser: str, tmp_path: Path) -> None:
    found = client.get(f"/vocabulary/sea?f={form}")
    assert found.status_code == 200
    graph = rdflib.Graph().parse(data=found.text, format=parser)
    water, seawater = rdflib.URIRef(f"{V}water"), rdflib.URIRef(f"{V}seawater")
    assert (seawater, SKOS.broader, water) in graph
    assert (water, SKOS.prefLabel, rdflib.Literal("eau", lang="fr")) in graph
    assert (rdflib.URIRef(f"{V}old"), rdflib.OWL.deprecated, rdflib.Literal(True)) in graph
    # What is written is read as the same.
    file = tmp_path / f"again.{form}"
    file.write_text(found.text)
    with estran.open(tmp_path / "node") as node:
        (loaded,) = node.load(file).vocabularies
        assert (loaded.holding.concepts, loaded.holding.variables) == (11, 2)
        assert node.vocabulary.show("SAL").label.within("de") == "Salzgehalt"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/turtle", "text/turtle"),
        ("application/ld+json", "application/ld+json"),
        ("application/rdf+xml", "application/rdf+xml"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
    ],
)
def test_a_concept_in_the_form_that_is_asked_for(client: Client, accept: str, kind: str) -> None:
    found = client.get("/vocabulary/sea/seawater", accept=accept)
    assert (found.status_code, found.headers["content-type"].partition(";")[0]) == (200, kind)


def test_a_browser_is_led_to_the_page_in_its_language(client: Client) -> None:
    found = client.get("/vocabulary/sea/seawater", accept="text/html", Accept_Language="fr")
    assert (found.status_code, found.headers["location"]) == (303, "/fr/vocabulary/sea/seawater")
    assert client.get("/vocabulary/sea/seawater", accept="image/png").status_code == 406
    assert client.get("/vocabulary/sea/seawater?f=pdf").status_code == 400


def pyld(document: Any) -> rdflib.Graph:
    """The JSON as the JSON-LD that it is."""
    return rdflib.Graph().parse(data=json.dumps(document), format="json-ld")


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
def test_a_concept_tells_all_around_it(client: Client) -> None:
    found = client.json("/vocabulary/sea/seawater")
    assert found["broader"][0]["href"] == "http://node.example/vocabulary/sea/water"
    assert found["altLabel"] == {"en": ["salt water", "water of the seas"]}
    expanded = pyld(found)
    assert expanded.value(rdflib.URIRef(f"{V}seawater"), SKOS.broader) == rdflib.URIRef(f"{V}water")
    assert [(m["relation"], m["uri"]) for m in found["mappings"]] == [("exactMatch", f"{T}brine")]
    graph = rdflib.Graph().parse(data=client.get("/vocabulary/sea/seawater?f=ttl").text, format="turtle")
    assert (rdflib.URIRef(f"{V}seawater"), SKOS.narrower, rdflib.URIRef(f"{V}deep")) in graph
    # Any address of a concept leads to its own here.
    led = client.get(f"/vocabulary/concept?uri={V}water")
    assert led.headers["location"] == "http://node.example/vocabulary/sea/water"


def test_search_says_what_matched(client: Client) -> None:
    (found,) = client.json("/vocabulary/search", q="salt water")["results"]
    assert (found["uri"], found["matched"], found["kind"], found["exact"]) == (
        f"{V}seawater",
        "salt water",
        "alt",
        True,
    )
    begun = client.json("/vocabulary/search", q="salin*", lang="fr", scheme="sea")["results"]
    assert [(one["uri"], one["matched"]) for one in begun] == [
        (f"{V}salinity", "salinité"),
        (f"{V}salt", "salinity of sea water"),
    ]
    assert len(client.json("/vocabulary/search", q="water", limit=2)["results"]) == 2


def test_trees_come_in_pages(client: Client) -> None:
    seen: list[str] = []
    url = "/vocabulary/children?scheme=sea&limit=3"
    while url:
        page = client.json(url)
        seen += [one["uri"] for one in page["concepts"]]
        url = page["links"][0]["href"].removeprefix("http://node.example") if "links" in page else ""
    assert len(seen) == len(set(seen)) == 8
    below = client.json(f"/vocabulary/children?uri={V}water")["concepts"]
    assert [(one["uri"], one["hasNarrower"]) for one in below] == [(f"{V}seawater", True)]


def test_texts_are_annotated(client: Client) -> None:
    asked = client.json("/vocabulary/annotate", text="Ocean and salinity", lang="en")["annotations"]
    assert [(a["start"], a["words"]) for a in asked] == [(0, "Ocean"), (10, "salinity")]
    posted = client.ask("POST", "/vocabulary/annotate", content="L'océan".encode()).json()["annotations"]
    assert [a["concepts"][0]["uri"] for a in posted] == [f"{V}ocean"]
    assert client.ask("POST", "/vocabulary/annotate", content=b"\xff").status_code == 400
    assert client.ask("POST", "/vocabulary/annotate", content=b"a" * 60_000).status_code == 400


def test_expansion_and_variables(client: Client) -> None:
    assert set(client.json("/vocabulary/expand", uri=f"{V}seawater")["uris"]) > {f"{T}pool", f"{V}deep"}
    found = client.json("/vocabulary/variables", object=f"{V}water")["variables"]
    assert {one["uri"] for one in found} == {f"{V}heat", f"{V}salt"}


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/vocabulary/none", 404),
        ("/vocabulary/sea/none", 404),
        ("/vocabulary/concept?uri=http://none", 404),
        ("/vocabulary/concept", 404),
        ("/vocabulary/children", 400),
        (f"/vocabulary/children?uri={V}water&scheme=sea", 400),
        ("/vocabulary/children?scheme=none", 404),
        ("/vocabulary/children?scheme=sea&cursor=zz", 400),
        ("/vocabulary/search?q=a&limit=0", 400),
        ("/vocabulary/search?q=a&limit=x", 400),
        ("/vocabulary/search?qq=a", 400),
        ("/vocabulary/search?q=a&q=b", 400),
    ],
)
def test_what_does_not_fit_is_refused(client: Client, url: str, status: int) -> None:
    found: Any = client.get(url)
    assert found.status_code == status, found.text
    assert found.json()["detail"]


def test_a_vocabulary_that_is_called_like_a_verb_gets_another_name(tmp_path: Path) -> None:
    (tmp_path / "x.ttl").write_text(SEA.replace("v:scheme", "<http://example.org/search>"))
    with estran.open(tmp_path / "node") as node:
        assert [one.name for one in node.load(tmp_path / "x.ttl").vocabularies] == ["search-vocabulary"]


def test_who_uses_concepts(tmp_path: Path) -> None:
    (tmp_path / "sea.ttl").write_text(SEA)
    with estran.open(tmp_path / "node") as node:
        node.load(tmp_path / "sea.ttl")
        put(
            node,
            [record("a", "A", "sea water"), record("b", "B", "sea"), record("c", "C", uris=(f"{V}deep",))],
        )
        client = Client(create_app(node))
        water = client.json("/vocabulary/usage", uri=f"{V}seawater", limit=1)
        assert (water["records"], water["matched"], len(water["first"])) == (1, 2, 1)
        assert water["concept"]["href"] == "http://node.example/vocabulary/sea/seawater"
        assert water["first"][0]["href"].startswith("http://node.example/data/")
        (old,) = client.json("/vocabulary/deprecated")["concepts"]
        assert (old["uri"], old["records"], old["replacedBy"]) == (f"{V}old", 1, [])
        assert client.json("/vocabulary/usage", uri="http://nowhere.example/")["matched"] == 0
        assert client.get("/vocabulary/usage").status_code == 400
