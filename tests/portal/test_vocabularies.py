"""The pages of vocabularies, their trees and their concepts."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest

import estran
from estran.web.app import create_app
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Client:
    return Client(app)


def text(client: Client, path: str) -> str:
    found = client.get(path, accept="text/html")
    assert found.status_code == 200, found.text
    return found.text


def test_all_vocabularies_stand_on_a_page_and_in_the_menu(client: Client) -> None:
    page = text(client, "/en/vocabulary")
    assert "Thesaurus &lt;b&gt;of&lt;/b&gt; the sea" in page
    assert "breaks rules of SKOS" in page
    assert 'href="/fr/vocabulary" lang="fr"' in page
    assert "Vocabulaires" in text(client, "/fr/vocabulary")
    twin = client.json("/en/vocabulary.json")
    assert {one["scheme"]["name"] for one in twin["schemes"]} == {"example", "t"}


def test_concepts_are_found_from_the_pages(client: Client) -> None:
    page = text(client, "/fr/vocabulary?q=aqu")
    assert 'href="/fr/vocabulary/t/water"' in page
    assert "aqua" in page
    assert "0 concept trouvé" in text(client, "/fr/vocabulary/t?q=nowhere")


def test_a_tree_opens_without_scripts(client: Client) -> None:
    closed = text(client, "/en/vocabulary/t")
    assert '/en/vocabulary/t?at=water#tree"' in closed
    assert "/en/vocabulary/t/sea" not in closed
    opened = text(client, "/en/vocabulary/t?at=water")
    assert "/en/vocabulary/t/sea" in opened
    assert "several preferred labels in a language (S14)" in opened
    assert "/vocabulary/t?f=ttl" in opened


WIDE = "http://thesaurus.example/wide/"


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A vocabulary of more tops, more children and more below these than a page lists, and two in a circle."""
    folder = tmp_path_factory.mktemp("wide")
    broader = [(f"c{n}", "t7") for n in range(230)]
    broader += [(f"d{n}", "c229") for n in range(120)] + [("round", "about"), ("about", "round")]
    names = [f"t{n}" for n in range(210)] + [name for name, _ in broader]
    lines = [f'<{WIDE}{name}> s:inScheme <{WIDE}> ; s:prefLabel "{name}"@en .' for name in names]
    lines += [f"<{WIDE}{one}> s:broader <{WIDE}{other}> ." for one, other in broader]
    (folder / "wide.ttl").write_text(
        f'@prefix s: <http://www.w3.org/2004/02/skos/core#> . <{WIDE}> a s:ConceptScheme ; s:prefLabel "wide"@en .\n'
        + "\n".join(lines)
    )
    with estran.open(folder / "node") as node:
        node.load(folder / "wide.ttl")
        yield Client(create_app(node))


def crawled(client: Client, start: str) -> tuple[set[str], int]:
    """The concepts that links of a vocabulary's page lead to, page by page, and how many pages that were."""
    waiting, seen, concepts = [start], {start}, set[str]()
    while waiting:
        links = [html.unescape(href) for href in re.findall(r'href="([^"]+)"', text(client, waiting.pop()))]
        concepts |= {
            href.rpartition("/")[2] for href in links if re.fullmatch(r"/en/vocabulary/wide/\w+", href)
        }
        new = {href.partition("#")[0] for href in links if href.startswith("/en/vocabulary/wide?")} - seen
        # Either way of listing is to lead everywhere by itself.
        new = {href for href in new if ("by=name" in href) == ("by=name" in start)}
        seen |= new
        waiting += new
    return concepts, len(seen)


def test_every_concept_is_reached_from_the_tree_without_scripts(wide: Client) -> None:
    everything = {f"t{n}" for n in range(210)} | {f"c{n}" for n in range(230)} | {f"d{n}" for n in range(120)}
    concepts, pages = crawled(wide, "/en/vocabulary/wide")
    assert everything - concepts == set()
    assert pages < 20
    by_name, pages = crawled(wide, "/en/vocabulary/wide?by=name")
    assert everything | {"round", "about"} == by_name, "those in a circle hang under no top"
    assert pages == 6


def test_a_tree_says_how_many_there_are(wide: Client) -> None:
    tops = text(wide, "/en/vocabulary/wide")
    assert "More of 21" in tops
    assert "All concepts by name" in tops
    opened = text(wide, "/fr/vocabulary/wide?at=t7")
    assert "La suite, sur 230" in opened
    following = next(html.unescape(h) for h in re.findall(r'href="([^"]+)"', opened) if "below=" in h)
    second = text(wide, following.partition("#")[0])
    assert "Revenir aux premiers" in second
    assert 'href="/fr/vocabulary/wide?at=t7#tree"' in second
    # One whose parent lists it on a later page, its way shown.
    deep = text(wide, "/en/vocabulary/wide?at=c229")
    assert deep.index(">t7<") < deep.index(">c229<") < deep.index(">d0<")
    assert wide.get("/en/vocabulary/wide?at=t7&below=x", accept="text/html").status_code == 400


def test_a_concept_shows_all_around_it(client: Client) -> None:
    page = text(client, "/fr/vocabulary/t/sea")
    for expected in (
        'href="/fr/vocabulary/t/water"', "http://elsewhere.example/sea", "équivalent", "Salt &lt;i&gt;water", "obsolète",
        "&lt;script&gt;alert(1)&lt;/script&gt;", "Variables qui en parlent", "http://node.example/vocabulary/t/sea",
    ):  # fmt: skip
        assert expected in page, expected
    assert "<script>alert(1)" not in page
    assert 'href="javascript' not in page
    german = text(client, "/en/vocabulary/t/water")
    assert '<dd lang="de">Wasser</dd>' in german
    assert "objet d’intérêt" in text(client, "/fr/vocabulary/t/heat")
    assert "is deprecated" in text(client, "/en/vocabulary/t/wet")


@pytest.mark.parametrize("path", ["/en/vocabulary/none", "/en/vocabulary/t/none", "/de/vocabulary", "/en/vocabulary/t?at=none"])  # fmt: skip
def test_what_is_not_there(client: Client, path: str) -> None:
    assert client.get(path, accept="text/html").status_code == 404


def test_a_wrong_cursor_is_refused(client: Client) -> None:
    assert client.get("/en/vocabulary/t?cursor=x", accept="text/html").status_code == 400
