"""Search by meaning on pages: why a record is there, trees of concepts, ways to browse, who uses a concept."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

import estran
from estran.model import Concept, Record, Text, Variable
from estran.web.app import create_app
from tests.catalogue.records import put
from tests.catalogue.test_meaning import CF, RECORDS, WEATHER, W, record
from tests.portal.html import Html
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTILE = "<script>alert(1)</script>"
RAIN = quote(f"{W}rain", safe=":/")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("meaning")
    (folder / "weather.ttl").write_text(WEATHER)
    (folder / "cf.ttl").write_text(CF)
    with estran.open(folder / "node") as node:
        node.load([folder / "weather.ttl", folder / "cf.ttl"])
        more = [
            Record(
                identifier=f"urn:m:ocean{n}", title=Text.of(f"Mer {n} {HOSTILE}"), source="test", visibility="public",
                centre="coriolis", variables=(Variable(standard_name="precipitation_amount"),),
                concepts=(Concept(label=Text.of("inondation"), role="theme"), Concept(label=Text.of("L3"), role="level")),
            )
            for n in range(2)
        ]  # fmt: skip
        put(node, [*RECORDS, *more, record("theme", "Treize", "drizzle", role="theme")])
        yield Client(create_app(node))


def page(client: Client, path: str) -> str:
    found = client.get(path, accept="text/html")
    assert found.status_code == 200, path
    return found.text


def test_cards_say_why(client: Client) -> None:
    html = page(client, "/fr/search?q=pluie")
    told = " ".join(one.text for one in Html(html).all("ul", class_="why"))
    for expected in (
        "« pluie » : titre", "« pluie » → precipitation amount, plus précis que pluie (cf)", "« pluie » → pluie (weather)",
        "« pluie » → « rainfall » : description",
    ):  # fmt: skip
        assert expected in re.sub("[\u202f\u00a0]", " ", told), expected
    assert '<a href="/fr/vocabulary/cf/precipitation_amount">' in html
    english = page(client, "/en/search?q=pluie")
    assert "narrower than rain (cf)" in english


def test_words_can_be_read_as_they_are(client: Client) -> None:
    html = page(client, "/en/search?q=pluie")
    assert "/en/search?q=pluie&amp;meaning=no" in html
    literal = page(client, "/en/search?q=pluie&meaning=no")
    assert "2 resources" in literal
    assert 'name="meaning" value="no"' in literal
    assert 'href="/en/search?q=pluie"' in literal
    # Nothing of it where meaning changes nothing.
    assert "meaning=no" not in page(client, "/en/search?q=brest")


def test_facets_open_as_trees_without_scripts(client: Client) -> None:
    html = page(client, "/fr/search")
    assert 'id="tree-variable"' in html
    assert f'name="concept" value="{W}water"' in html
    twin = client.json("/fr/search.json")
    (tree,) = [facet["tree"] for facet in twin["facets"] if facet["name"] == "variable"]
    assert [(one["label"], one["count"]) for one in tree] == [("eau atmosphérique", 3)]
    chosen = page(client, f"/fr/search?concept={RAIN}")
    assert "bruine" in chosen, "open down to what is chosen, and one step further"
    assert re.search(rf'value="{W}rain"[^>]* checked', chosen)
    assert f'type="hidden" name="concept" value="{W}rain"' not in chosen
    assert "pluie <span" in chosen, "an active filter in words"
    elsewhere = page(client, "/fr/search?concept=http://nowhere.example/x")
    assert 'type="hidden" name="concept" value="http://nowhere.example/x"' in elsewhere


def test_the_same_is_asked_of_machines(client: Client) -> None:
    items = "/ogc/collections/records/items"
    assert client.json(f"{items}?q=pluie")["numberMatched"] == 2
    by_meaning = client.json(f"{items}?q=pluie&meaning=yes")["numberMatched"]
    assert by_meaning == client.json("/fr/search.json?q=pluie")["matched"] > 10
    assert (
        client.json(f"{items}?concept={RAIN}")["numberMatched"]
        == client.json(f"/fr/search.json?concept={RAIN}")["matched"]
    )
    assert client.get(f"{items}?meaning=maybe").status_code == 400
    assert f"{items}?q=pluie&meaning=yes" in client.json("/fr/search.json?q=pluie")["api"]


def test_a_concept_shows_who_uses_it(client: Client) -> None:
    html = page(client, "/fr/vocabulary/weather/rain")
    assert re.search(r"\d+ fiches l’emploient, ou un concept plus précis", html)
    assert f'href="/fr/search?concept={RAIN}"' in html
    assert '<article class="card' in html
    assert HOSTILE not in html
    assert "No record uses it" in page(client, "/en/vocabulary/weather/fog")


def test_a_deprecated_concept_shows_who_uses_it_still(client: Client) -> None:
    html = page(client, "/en/vocabulary/weather/shower")
    assert "1 record still uses it." in html
    assert "Replaced by" in html
    listed = page(client, "/en/vocabulary")
    assert "Deprecated concepts that are still used" in listed
    assert "1 record → rain" in listed


def test_both_ways_to_browse(client: Client) -> None:
    both = page(client, "/fr/browse")
    assert 'href="/fr/browse/science/ocean"' in both
    assert 'href="/fr/browse/application/risks"' in both
    domain = page(client, "/en/browse/science/ocean")
    assert 'href="/en/browse/science/ocean?variable=precipitation_amount"' in domain
    assert "atmospheric water" in domain
    kinds = page(client, "/en/browse/science/ocean?variable=precipitation_amount")
    assert 'href="/en/search?hub=ocean&amp;variable=precipitation_amount&amp;level=L3"' in kinds
    by_concept = client.json(f"/en/browse/science/ocean.json?concept={RAIN}")
    assert by_concept["count"] == 2
    use = page(client, "/fr/browse/application/risks")
    assert "Risques naturels" in use
    assert "application=risks" in use
    assert "2 resources" in page(client, "/en/search?application=risks")
    assert client.get("/en/browse/science/nowhere", accept="text/html").status_code == 404
    assert client.get("/en/browse/application/nothing", accept="text/html").status_code == 404


def test_records_without_a_domain_are_browsed_by_what_they_have(tmp_path: Path) -> None:
    with estran.open(tmp_path / "node") as node:
        bare = Client(create_app(node))
        assert "Nothing here yet." in page(bare, "/en/browse/science")
        (tmp_path / "weather.ttl").write_text(WEATHER)
        (tmp_path / "cf.ttl").write_text(CF)
        node.load([tmp_path / "weather.ttl", tmp_path / "cf.ttl"])
        rain = Variable(standard_name="precipitation_amount")
        put(node, [replace(one, centre="", variables=(rain,)) for one in RECORDS])
        for language, why in (("fr", "Aucune fiche n’a de domaine"), ("en", "No record has a domain")):
            for path in ("browse", "browse/science"):
                html = page(bare, f"/{language}/{path}")
                assert why in html
                for way in ("vocabulary", "search"):
                    assert re.search(rf'<li><a href="/{language}/{way}">', html)
                assert f'href="/{language}/search?variable=precipitation_amount"' in html
                assert f'href="/{language}/search?concept={quote(W, safe=":/")}water"' in html
        steps = [step for group in bare.json("/en/browse/science.json")["groups"] for step in group["steps"]]
        assert {bare.get(step["href"], accept="text/html").status_code for step in steps} == {200}


def test_a_text_shows_the_concepts_that_it_names(client: Client) -> None:
    empty = page(client, "/fr/vocabulary/annotate")
    assert "<textarea" in empty
    told = page(
        client, "/fr/vocabulary/annotate?text=" + quote(f"La précipitation totale et la neige {HOSTILE}")
    )
    assert (
        '<mark><a href="/fr/vocabulary/weather/total" title="précipitation totale">précipitation totale</a></mark>'
        in told
    )
    assert HOSTILE not in told
    sent = client.ask("POST", "/en/vocabulary/annotate", data={"text": "Snow and drizzle."})
    assert sent.status_code == 200
    assert "2 concepts named" in sent.text
    assert client.json("/en/vocabulary/annotate.json?text=snow")["concepts"][0]["title"] == "snow"
    assert client.ask("POST", "/en/vocabulary/annotate", data={"text": "a" * 50_001}).status_code == 400
