"""The pages of vocabularies, their trees and their concepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.client import Client

if TYPE_CHECKING:
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
