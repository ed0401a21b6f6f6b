"""The catalogue in DCAT as a harvester meets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rdflib import DCAT, RDF, Graph, URIRef
from rdflib.namespace import Namespace

from tests.web.client import BASE, Client
from tests.web.conftest import id_of

if TYPE_CHECKING:
    from estran.node import Node

# rdflib reads JSON-LD through a class of its own that it has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
SYNTAX = {"text/turtle": "turtle", "application/ld+json": "json-ld", "application/rdf+xml": "xml"}


def graph_of(client: Client, url: str, accept: str = "*/*") -> tuple[Graph, str]:
    """The graph at an address, and the address of the page that follows."""
    answer = client.get(url, accept=accept)
    assert answer.status_code == 200, answer.text
    graph = Graph()
    graph.parse(data=answer.content, format=SYNTAX[answer.headers["content-type"].split(";")[0]])
    following = {str(o) for o in graph.objects(None, HYDRA.next)}
    assert len(following) <= 1
    return graph, next(iter(following), "").removeprefix(BASE)


def datasets(graph: Graph, catalogue: str = f"{BASE}/dcat") -> list[str]:
    """The resources that a catalogue lists."""
    return sorted(
        str(o)
        for p in ("dataset", "service", "resource")
        for o in graph.objects(URIRef(catalogue), URIRef(f"{DCAT}{p}"))
    )


@pytest.mark.parametrize("path", ["/dcat", "/dcat.ttl", "/dcat.rdf", "/dcat.jsonld"])
def test_following_the_pages_gives_everything_once(client: Client, path: str) -> None:
    url, found = f"{path}?limit=20", []
    for _ in range(4):
        graph, following = graph_of(client, url)
        assert (URIRef(f"{BASE}/dcat"), RDF.type, DCAT.Catalog) in graph
        found += datasets(graph)
        if not following:
            break
        assert following.startswith(f"{path}?limit=20&cursor=")
        url = following
    assert len(found) == len(set(found)) == 65


def test_everything_in_one_answer(client: Client) -> None:
    graph, following = graph_of(client, "/dcat?limit=all")
    assert not following
    assert len(datasets(graph)) == 65
    assert client.get("/dcat?limit=all&cursor=x").status_code == 400


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [(kind, kind) for kind in SYNTAX] + [("*/*", "text/turtle"), ("text/html, */*;q=0.1", "text/turtle")],
)
def test_accept_chooses_the_serialisation(client: Client, accept: str, media_type: str) -> None:
    answer = client.get("/dcat?limit=1", accept=accept)
    assert answer.headers["content-type"].split(";")[0] == media_type
    assert 'rel="next"' in answer.headers["link"]
    assert answer.headers["link"].count('rel="alternate"') == 3
    assert client.get("/dcat", accept="image/png").status_code == 406
    assert client.get("/dcat?f=rdf").headers["content-type"] == "application/rdf+xml"


def test_a_part_is_a_catalogue_of_its_own(client: Client, node: Node) -> None:
    salinity = id_of(node, "salinity")
    for query in (
        "q=salinité",
        "keywords=salinit%C3%A9",
        "bbox=1,36,2,37",
        "filter=title%20LIKE%20'Salin%25'",
    ):
        graph, _ = graph_of(client, f"/dcat.ttl?{query}")
        (catalogue,) = graph.subjects(RDF.type, DCAT.Catalog)
        assert str(catalogue) != f"{BASE}/dcat"
        assert datasets(graph, str(catalogue)) == [f"{BASE}/data/{salinity}"]
    assert len(datasets(graph_of(client, "/dcat?hub=ocean&limit=all")[0], f"{BASE}/dcat?hub=ocean")) == 65
    assert client.get("/dcat?hbu=ocean").status_code == 400


def test_the_hidden_stays_hidden(client: Client) -> None:
    assert "oundings" not in client.get("/dcat?limit=all").text


def test_a_long_catalogue_is_cut_to_pages(client: Client) -> None:
    graph, following = graph_of(client, "/dcat?limit=5000")
    assert len(datasets(graph)) == 40
    assert following
