"""SPARQL over HTTP: answers in every form, within bounds, and nothing but questions."""

from __future__ import annotations

import gc
import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import rdflib

import estran
from estran.catalogue.sparql import Sparql
from estran.catalogue.sparql_questions import checked
from estran.errors import Invalid
from estran.web.app import create_app
from tests.vocabulary.test_searching import SEA, V
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.node import Node

SKOS = "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
FRENCH = f'{SKOS} SELECT ?l WHERE {{ <{V}water> skos:prefLabel ?l FILTER(lang(?l) = "fr") }}'
ENDLESS = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n2 ?o }"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("sparql")
    (folder / "sea.ttl").write_text(SEA)
    # A table, and Turtle that had to be put right to be read.
    (folder / "list.csv").write_text("uri,prefLabel@en\nhttp://example.org/list/1,one\n")
    latin = '<http://example.org/latin/1> <http://www.w3.org/2004/02/skos/core#prefLabel> "été"@fr .'
    (folder / "latin.ttl").write_bytes(latin.encode("cp1252"))
    with estran.open(folder / "node") as opened:
        assert (
            len(opened.load([folder / name for name in ("sea.ttl", "list.csv", "latin.ttl")]).vocabularies)
            == 3
        )
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Client:
    return Client(create_app(node))


def test_select_in_every_form(client: Client) -> None:
    found = client.json("/sparql", query=FRENCH)
    assert found["results"]["bindings"] == [{"l": {"type": "literal", "value": "eau", "xml:lang": "fr"}}]
    for form, start in (("csv", "l\r\neau"), ("tsv", "?l\n"), ("xml", "<?xml")):
        answer = client.ask("GET", "/sparql", params={"query": FRENCH, "f": form})
        assert answer.status_code == 200
        assert answer.text.startswith(start), answer.text
    assert client.json("/sparql", query="ASK { ?s ?p ?o }")["boolean"] is True


def test_graphs_in_every_form(client: Client) -> None:
    query = f"{SKOS} CONSTRUCT {{ ?s skos:broader ?o }} WHERE {{ ?s skos:broader ?o }}"
    for form, parser in (("ttl", "turtle"), ("nt", "nt"), ("rdf", "xml")):
        answer = client.ask("GET", "/sparql", params={"query": query, "f": form})
        assert answer.status_code == 200, answer.text
        assert len(rdflib.Graph().parse(data=answer.text, format=parser)) == 2
    described = client.ask("GET", "/sparql", params={"query": f"DESCRIBE <{V}water>"})
    assert described.headers["content-type"].startswith("text/turtle")
    assert "eau" in described.text
    assert client.ask("GET", "/sparql", params={"query": query, "f": "csv"}).status_code == 400


def test_what_is_no_rdf_and_what_was_put_right_is_there_too(client: Client) -> None:
    for uri in ("http://example.org/list/1", "http://example.org/latin/1"):
        found = client.json("/sparql", query=f"{SKOS} SELECT ?l WHERE {{ <{uri}> skos:prefLabel ?l }}")
        assert [one["l"]["value"] for one in found["results"]["bindings"]] in (["one"], ["été"])


def test_queries_are_sent_in_both_ways_of_the_protocol(client: Client) -> None:
    for options in (
        {"content": FRENCH.encode(), "headers": {"Content-Type": "application/sparql-query"}},
        {"data": {"query": FRENCH}},
    ):
        assert json.loads(client.ask("POST", "/sparql", **options).content)["results"]["bindings"]
    assert (
        client.ask("POST", "/sparql", content=b"{}", headers={"Content-Type": "application/json"}).status_code
        == 415
    )
    assert client.ask("POST", "/sparql", data={"update": "CLEAR ALL"}).status_code == 400


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("SELECT ?s WHERE { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", "other services"),
        ("SELECT ?s WHERE { SERV\\u0049CE <http://127.0.0.1/> { ?s ?p ?o } }", "other services"),
        ("SELECT ?s WHERE { sErViCe SILENT ?x { ?s ?p ?o } }", "other services"),
        ("SELECT ?s FROM <http://example.org/> WHERE { ?s ?p ?o }", "leave out FROM"),
        ("INSERT DATA { <a:a> <a:b> <a:c> }", "nothing is changed"),
        ("LOAD <http://127.0.0.1/>", "nothing is changed"),
        ("PREFIX x: <x:x> DELETE WHERE { ?s ?p ?o }", "nothing is changed"),
        ("", "send a query"),
        ("SELECT WHERE {", "no SPARQL"),
    ],
)
def test_what_is_not_answered(client: Client, query: str, why: str) -> None:
    answer = client.ask("GET", "/sparql", params={"query": query})
    assert answer.status_code == 400
    assert why in answer.json()["detail"]


def test_keywords_count_only_where_they_are_keywords() -> None:
    for harmless in (
        'SELECT ?from WHERE { ?from <http://e.org/SERVICE> "FROM here # SERVICE" } # SERVICE',
        "PREFIX from: <http://e.org/> SELECT ?s { ?s from:service '''SERVICE \" FROM''' }",
        'ASK { ?service ?p "x"@en }',
    ):
        checked(harmless)
    with pytest.raises(Invalid, match="letters"):
        checked("ASK { ?s ?p ?o } #" + "x" * 30_000)
    with pytest.raises(Invalid, match="other services"):
        checked('SELECT ?s { ?s ?p "\\"" . SERVICE <http://x/> {} }')


def test_other_parameters_of_the_protocol_are_refused(client: Client) -> None:
    answer = client.ask("GET", "/sparql", params={"query": FRENCH, "default-graph-uri": "http://x/"})
    assert answer.status_code == 400


def test_an_endless_question_is_broken_off_and_the_next_is_answered(node: Node) -> None:
    with closing(asker(node, 1.5)) as sparql:
        with pytest.raises(Invalid, match="longer than"):
            sparql.ask(ENDLESS, lambda offered: offered["json"])
        body, _ = sparql.ask("ASK { ?s ?p ?o }", lambda offered: offered["json"])
        assert json.loads(body)["boolean"] is True


def test_an_endless_answer_is_refused(node: Node) -> None:
    many = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    with closing(asker(node, 60)) as sparql, pytest.raises(Invalid, match="more than 16 MiB"):
        sparql.ask(many, lambda offered: offered["csv"])


def test_the_process_ends_with_its_asker(node: Node) -> None:
    sparql = asker(node, 10)
    sparql.ask("ASK { ?s ?p ?o }", lambda offered: offered["json"])
    process = sparql._process  # pyright: ignore[reportPrivateUsage]
    assert process is not None
    assert process.poll() is None
    del sparql
    gc.collect()
    assert process.poll() is not None


def asker(node: Node, seconds: float) -> Sparql:
    """An asker of its own."""
    return Sparql(node._house.database.url, node.vocabulary, seconds)  # pyright: ignore[reportPrivateUsage]


def test_what_is_loaded_later_is_answered_too(node: Node, client: Client, tmp_path: Path) -> None:
    query = "ASK { <http://example.org/later/1> ?p ?o }"
    assert client.json("/sparql", query=query)["boolean"] is False
    later = '<http://example.org/later/1> <http://www.w3.org/2004/02/skos/core#prefLabel> "later"@en .'
    (tmp_path / "later.ttl").write_text(later)
    node.load(tmp_path / "later.ttl")
    assert client.json("/sparql", query=query)["boolean"] is True
