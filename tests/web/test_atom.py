"""The Atom feed as a reader of feeds follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml.etree import fromstring

import estran
from estran.web.app import create_app
from tests.web.client import BASE, Client
from tests.web.conftest import id_of
from tests.web.test_changes import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lxml.etree import _Element

    from estran.node import Node

ATOM = "{http://www.w3.org/2005/Atom}"
DELETED = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
FEED = "/changes.atom"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Node]:
    with estran.open(tmp_path / "node", name="Nœud <b>") as opened:
        yield opened


def feed(client: Client, url: str = FEED) -> _Element:
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/atom+xml"
    root = fromstring(answer.content)
    for name in ("id", "title", "updated", "author"):
        assert len(root.findall(f"{ATOM}{name}")) == 1
    for entry in root.findall(f"{ATOM}entry"):
        assert [len(entry.findall(f"{ATOM}{name}")) for name in ("id", "title", "updated")] == [1, 1, 1]
    return root


def link(root: _Element, rel: str) -> str:
    found = [one.get("href") or "" for one in root.findall(f"{ATOM}link") if one.get("rel") == rel]
    assert len(found) <= 1
    return "".join(found).removeprefix(BASE)


def entries(root: _Element) -> list[str]:
    return [(one.findtext(f"{ATOM}id") or "").rpartition("/")[2] for one in root.findall(f"{ATOM}entry")]


def test_the_newest_first_and_removals_marked(client: Client, node: Node, salinity: str) -> None:
    root = feed(client)
    assert root.findtext(f"{ATOM}title") == "Nœud d'essai"
    found = entries(root)
    assert salinity in found
    updated = [one.findtext(f"{ATOM}updated") or "" for one in root.findall(f"{ATOM}entry")]
    assert updated == sorted(updated, reverse=True)
    (gone,) = root.findall(DELETED)
    assert (gone.get("ref") or "").startswith(f"{BASE}/data/gone-with-the-tide")
    assert gone.get("when")
    assert len(found) == 65
    assert not any("oundings" in title for title in root.itertext())
    del node


def test_the_archives_lead_back_to_the_first_and_forth_again(own: Node, tmp_path: Path) -> None:
    client = Client(create_app(own))
    load(own, tmp_path, *(f"r{n}" for n in range(700)))
    for round_ in range(3):
        load(own, tmp_path, *(f"r{n}" for n in range(5)), title=f"Round {round_}")
    own.remove(id_of(own, "r600"))
    here, seen, pages = FEED, list[str](), list[str]()
    while here:
        root = feed(client, here)
        pages.append(here)
        seen += entries(root)
        here = link(root, "prev-archive")
    assert len(pages) == 3
    assert len(seen) == len(set(seen)) == 699
    assert link(feed(client, pages[-1]), "current") == FEED
    forth = [pages[-1]]
    while following := link(feed(client, forth[-1]), "next-archive"):
        forth.append(following)
    assert forth[:2] == pages[:0:-1][:2]
    assert client.get(f"{FEED}?archive=99").status_code == 404


def test_an_empty_node_has_an_empty_feed(own: Node) -> None:
    root = feed(Client(create_app(own)))
    assert entries(root) == []
    assert root.findtext(f"{ATOM}title") == "Nœud <b>"


@pytest.mark.parametrize("query", ["archive=x", "archive=-1", "page=2", f"archive={'9' * 40}"])
def test_refusals(client: Client, query: str) -> None:
    assert client.get(f"{FEED}?{query}").status_code == 400


def test_pages_and_the_api_page_lead_to_it(client: Client) -> None:
    for page in ("/en/", "/fr/search"):
        assert f'href="{BASE}/changes.atom"' in client.get(page, accept="text/html").text
    api = client.get("/en/api", accept="text/html").text
    for address in ("/oai?verb=Identify", "/changes.atom", "/api/changes?after=0"):
        assert address in api
