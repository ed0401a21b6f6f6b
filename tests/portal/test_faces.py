"""Hubs, centres, themes, uses and organisations: lists, pages, their counts and twins; how to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import estran
from estran import formats
from estran.formats import Links
from estran.model import Box, Concept, Extent, Organisation, Party, Record, Text, Variable
from estran.web.app import create_app
from tests.portal.html import Html
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.node import Node

ROR = "https://ror.org/044jxhp58"


def record(n: int) -> Record:
    return Record(
        identifier=f"r{n}", kind="dataset" if n % 2 else "collection", title=Text.of(f"Probe {n}", "en"),
        parties=(
            Party(role="owner", organisation=Text.of("Ifremer"), identifier=ROR if n else "https://orcid.org/0000-0002-1825-0097", url="https://ifremer.example/"),
            Party(role="author", name="Curie, Irène", organisation=Text.of("Lab of <b>salt</b>" if n > 3 else "Coriolis")),
        ),
        concepts=(Concept(label=Text.of("littoral"), role="theme"), Concept(label=Text.of("oceans"), role="topic")),
        variables=(Variable(standard_name="sea_water_salinity"),), extent=Extent(boxes=(Box(n, 45, n + 1, 46),)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("faces")
    write = formats.find("estran-json").write
    assert write
    with estran.open(folder / "node") as opened:
        for visibility, numbers in (("public", range(5)), ("restricted", range(5, 8))):
            files = folder / visibility
            files.mkdir()
            for n in numbers:
                (files / f"{n}.json").write_bytes(write(record(n), Links()).body)
            opened.load(files, source=visibility, centre="coriolis", visibility=visibility)
        opened.views.add(
            "salt", title={"fr": "Sel", "en": "Salt"}, search="variable=sea_water_salinity", centre="coriolis"
        )
        opened.organisations.add(
            Organisation(
                id="ifr", kind="infrastructure", name=Text.of("Ifremer"), description=Text.of("La mer.", "fr")
            )
        )
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Client:
    return Client(create_app(node), Accept="text/html")


def page(client: Client, path: str, status: int = 200) -> Html:
    found = client.get(path, "text/html")
    assert found.status_code == status, (found.status_code, found.text[:300])
    return Html(found.text)


def test_a_hub_has_its_text_counts_centres_and_newest(client: Client):
    html = page(client, "/fr/hubs/ocean")
    main = html.one("main").text
    assert "(5)" in html.one("a", class_="button").text
    assert html.one("a", class_="button")["href"] == "/fr/search?hub=ocean"
    assert "Coriolis" in main
    assert any(a["href"] == "/fr/search?hub=ocean&variable=sea_water_salinity" for a in html.all("a"))
    assert len(html.all("article", class_="card")) == 5
    twin = client.json("/fr/hubs/ocean.json")
    assert (twin["count"], len(twin["portrait"]["newest"])) == (5, 5)
    assert {a["href"] for a in page(client, "/fr/hubs").all("a")} >= {
        "/fr/hubs/ocean",
        "/fr/centres/coriolis",
    }
    assert "ocean" in [group["id"] for group in client.json("/fr/hubs.json")["groups"]]
    page(client, "/fr/hubs/coriolis", 404)


def test_every_count_is_that_of_the_search_it_leads_to(client: Client):
    made = client.json("/en/hubs/ocean.json")["portrait"]
    bars = [bar for group in made["groups"] for bar in group["bars"]]
    assert len(bars) >= 6
    for bar in bars:
        assert client.json(bar["href"].replace("/search?", "/search.json?"))["matched"] == bar["count"], bar
    assert client.get(made["feed"], "*/*").headers["content-type"].startswith("application/atom+xml")


def test_a_centre_names_its_views_and_what_it_has(client: Client):
    html = page(client, "/en/centres/coriolis")
    assert html.one("a", href="/en/views/salt").text.startswith("Salt")
    assert html.one("a", href="/en/search?variable=sea_water_salinity&centre=coriolis")


def test_organisations_are_those_of_the_records_one_may_see(client: Client):
    listed = client.json("/en/organisations.json")
    assert {f["label"]: f["count"] for f in listed["faces"]} == {
        "Ifremer": 5,
        "Coriolis": 4,
        "Lab of <b>salt</b>": 1,
    }
    assert [f["label"] for f in client.json("/en/organisations.json?q=ifr")["faces"]] == ["Ifremer"]
    html = page(client, "/en/organisations?name=Ifremer")
    assert html.one("a", href=ROR).text == ROR
    assert html.one("a", href="https://ifremer.example/")
    assert html.one("a", href="/en/centres/ifr")
    assert "La mer." in html.one("p", lang="fr").text
    assert "Owner" in html.one("dl", class_="facts").text
    twin = client.json("/en/organisations.json?name=Ifremer")
    assert twin["portrait"]["count"] == 5
    page(client, "/en/organisations?name=Nobody", 404)
    page(client, "/en/organisations?nome=x", 400)


@pytest.mark.parametrize(
    ("path", "name", "search"),
    [
        ("themes?name=littoral", "littoral", "theme=littoral"), ("themes?topic=oceans", "Oceans", "topic=oceans"),
        ("applications?name=coast", "Coast", "application=coast"),
    ],
)  # fmt: skip
def test_a_theme_or_a_use_has_its_page(client: Client, path: str, name: str, search: str):
    html = page(client, f"/en/{path}")
    assert html.one("h1").text == name
    assert html.one("a", class_="button")["href"] == f"/en/search?{search}"
    assert client.json(f"/en/{path.replace('?', '.json?')}")["portrait"]["count"] == 5
    listing = path.partition("?")[0]
    assert any(face["href"] == f"/en/{path}" for face in client.json(f"/en/{listing}.json")["faces"])


def test_home_says_how_to_begin(client: Client):
    html = page(client, "/en/")
    begin = html.one("ul", class_="begin")
    ways = [a["href"] for a in html.all("a") if begin in a.parents]
    assert len(ways) == 6
    for way in ways:
        page(client, way)
    assert html.one("a", href="/en/views/salt")
    assert html.one("a", href="/en/hubs")
    assert client.json("/en/index.json")["ways"][0]["label"]
