"""One dataset of several records, over HTTP: searched once, harvested whole, each record at its own address."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

import estran
from estran.web.app import create_app
from tests.portal.html import Html
from tests.web.client import BASE, Client
from tests.web.conftest import ITEMS, feature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.model import Record
    from estran.node import Node

TITLES = {"salt-a": "Salinity of the sea", "salt-b": "Salinité de la mer", "salt-c": "Secret salinity"}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A dataset by three sources, one of them restricted, and two datasets of one record each."""
    folder = tmp_path_factory.mktemp("datasets")
    doi = {"externalIds": [{"scheme": "doi", "value": "10.1234/salt"}]}
    given: dict[str, list[dict[str, Any]]] = {
        "a": [
            feature("salt-a", TITLES["salt-a"], (0, 35, 20, 44), updated="2022-01-01T00:00:00Z", **doi),
            feature("snow", "Snow depth"),
        ],
        "b": [
            feature(
                "salt-b", TITLES["salt-b"], description="Journalière.", updated="2021-01-01T00:00:00Z",
                time={"interval": ["2010-01-01", "2020-12-31"]}, **doi,
            ),
            feature("ice", "Ice"),
        ],
        "c": [feature("salt-c", TITLES["salt-c"], updated="2023-01-01T00:00:00Z", license="CC-BY-4.0", **doi)],
    }  # fmt: skip
    with estran.open(folder / "node") as opened:
        for source, listed in given.items():
            file = folder / f"{source}.ndjson"
            file.write_text("\n".join(map(json.dumps, listed)), "utf-8")
            visibility = "restricted" if source == "c" else "public"
            assert opened.load(file, source=source, centre="coriolis", visibility=visibility).new == len(
                listed
            )
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Client:
    return Client(create_app(node))


@pytest.fixture(scope="module")
def records(node: Node) -> dict[str, Record]:
    return {r.identifier: r for r in node.scan()[0]}


def test_what_searches_gives_each_dataset_once(client: Client, records: dict[str, Record]) -> None:
    best = records["salt-a"].id
    found = client.get(f"{ITEMS}?q=salinité").json()
    assert (found["numberMatched"], [one["id"] for one in found["features"]]) == (1, [best])
    assert client.get(ITEMS).json()["numberMatched"] == 3
    said = "service=CSW&version=2.0.2&request=GetRecords&typeNames=csw:Record&resultType=results"
    csw = etree.fromstring(client.get(f"/csw?{said}&elementSetName=full").content)
    assert csw[1].get("numberOfRecordsMatched") == "3"
    dcat = client.get("/dcat?limit=all", "text/turtle").text
    assert best in dcat
    assert records["salt-b"].id not in dcat
    page = Html(client.get("/en/search?q=salinit%C3%A9", "text/html").text)
    assert [e["data-id"] for e in page.all("article") if e.get("data-id")] == [best]


def test_what_is_harvested_gives_every_record(client: Client, records: dict[str, Record]) -> None:
    listed = client.get("/oai?verb=ListIdentifiers&metadataPrefix=oai_dc").text
    told = client.get("/api/changes").text
    for name in ("salt-a", "salt-b", "snow", "ice"):
        assert records[name].id in listed
        assert records[name].id in told


def test_who_names_a_record_gets_it(client: Client, records: dict[str, Record]) -> None:
    other = records["salt-b"].id
    assert client.get(f"{ITEMS}/{other}").json()["id"] == other
    said = f"service=CSW&version=2.0.2&request=GetRecordById&id={other}&elementSetName=full"
    csw = client.get(f"/csw?{said}").text
    assert TITLES["salt-b"] in csw
    assert TITLES["salt-a"] not in csw
    assert TITLES["salt-b"] in client.get(f"/data/{other}", "text/html").text


def test_the_twin_names_the_others_and_fills_where_it_is_asked_to(
    client: Client, records: dict[str, Record]
) -> None:
    best, other = records["salt-a"].id, records["salt-b"].id
    alone = client.get(f"/data/{best}.json").json()
    assert [one["id"] for one in alone["alsoDescribedBy"]] == [other]
    assert alone["alsoDescribedBy"][0] | {"updated": ""} == {
        "id": other, "title": TITLES["salt-b"], "source": "b", "centre": "coriolis", "date": "2021-01-01T00:00:00Z",
        "standard": "OGC API Records", "href": f"{BASE}/data/{other}", "updated": "",
    }  # fmt: skip
    assert "filledFrom" not in alone
    assert not alone["time"]
    for id_ in (best, other):
        whole = client.get(f"/data/{id_}.json?merged=true").json()
        assert whole["id"] == best
        assert whole["time"]["interval"] == ["2010-01-01", "2020-12-31"]
        assert whole["filledFrom"] == {"abstract": other, "extent.periods": other}
        assert whole["properties"]["title"] == TITLES["salt-a"]
    assert "alsoDescribedBy" not in client.get(f"/data/{records['snow'].id}.json").json()
    wrong = client.get(f"/data/{best}.json?merged=perhaps")
    assert (wrong.status_code, wrong.json()["where"]) == (400, "merged")


def test_formats_hold_the_record_itself_unless_the_whole_is_asked_for(
    client: Client, records: dict[str, Record]
) -> None:
    best = records["salt-a"].id
    for address in (f"/data/{best}.xml", f"/data/{best}/formats/iso19115-3"):
        assert "2020-12-31" not in client.get(address).text
        assert "2020-12-31" in client.get(f"{address}?merged=true").text
    assert client.get(f"/data/{best}?format=bibtex&merged=true").status_code == 200


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_names_the_others_and_has_a_complete_view(
    client: Client, records: dict[str, Record], language: str
) -> None:
    best, other = records["salt-a"].id, records["salt-b"].id
    alone = Html(client.get(f"/{language}/data/{best}", "text/html").text)
    section = alone.one("section", id="together")
    hrefs = [e["href"] for e in alone.all("a") if section in e.parents]
    assert hrefs == [f"/{language}/data/{other}", f"/{language}/data/{best}?merged=true"]
    assert "Coriolis" in section.text
    assert TITLES["salt-c"] not in section.text
    assert not alone.all("ul", id="given")
    whole = Html(client.get(f"/{language}/data/{other}?merged=true", "text/html").text)
    given = whole.one("ul", id="given")
    assert [e.text for e in whole.all("code") if given in e.parents] == ["abstract", "extent.periods"]
    assert {e["href"] for e in whole.all("a") if given in e.parents} == {f"/{language}/data/{other}"}
    assert TITLES["salt-a"] in whole.one("h1").text
    single = Html(client.get(f"/{language}/data/{records['ice'].id}", "text/html").text)
    assert not single.all("section", id="together")


def test_a_card_says_that_there_are_others(client: Client) -> None:
    said = "Another description of the same dataset is on this node."
    assert client.get("/en/search?q=salinity").text.count(said) == 1
    assert said not in client.get("/en/search?q=snow").text
    assert "Une autre description du même jeu de données" in client.get("/fr/search?q=salinity").text


def test_nobody_learns_of_a_member_that_they_may_not_see(
    client: Client, node: Node, records: dict[str, Record]
) -> None:
    hidden = records["salt-c"].id
    assert [r.id for r in node.search("salinity")] == [hidden]
    for address in ("/en/data/{}", "/data/{}.json", "/data/{}.json?merged=true"):
        assert hidden not in client.get(address.format(records["salt-a"].id)).text
    token = node.tokens.create("Ana", "reader", "coriolis").secret
    seen = client.get(f"/data/{records['salt-a'].id}.json", authorization=f"Bearer {token}").json()
    assert [one["id"] for one in seen["alsoDescribedBy"]] == [hidden, records["salt-b"].id]
