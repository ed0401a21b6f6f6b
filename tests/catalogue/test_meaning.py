"""Records are found by what words mean, in French and in English, and each says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select, update

from estran.access import ANYONE
from estran.catalogue import Query
from estran.catalogue.store.inbound import numbers, packed
from estran.errors import Invalid
from estran.model import Concept, Identifier, Record, Text, Variable
from estran.storage import put_meta, schema
from tests.catalogue.records import put, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.catalogue import Reason
    from estran.node import Node

WEATHER = """
@prefix s: <http://www.w3.org/2004/02/skos/core#> .
@prefix o: <http://www.w3.org/2002/07/owl#> .
@prefix d: <http://purl.org/dc/terms/> .
@prefix w: <http://example.org/weather/> .
w:scheme a s:ConceptScheme ; s:prefLabel "Weather"@en, "Météo"@fr .
w:water s:inScheme w:scheme ; s:prefLabel "atmospheric water"@en, "eau atmosphérique"@fr .
w:rain s:inScheme w:scheme ; s:prefLabel "rain"@en, "pluie"@fr ; s:altLabel "rainfall"@en ; s:broader w:water ;
  s:narrowMatch <http://example.net/cf/precipitation_amount> .
w:total s:inScheme w:scheme ; s:prefLabel "total precipitation"@en, "précipitation totale"@fr ; s:broader w:rain .
w:snow s:inScheme w:scheme ; s:prefLabel "snow"@en, "neige"@fr ; s:broader w:water .
w:drizzle s:inScheme w:scheme ; s:prefLabel "drizzle"@en, "bruine"@fr ; s:broader w:rain .
w:fog s:inScheme w:scheme ; s:prefLabel "fog"@en, "brouillard"@fr .
w:gauge s:inScheme w:scheme ; s:prefLabel "rain gauge"@en, "pluviomètre"@fr .
w:shower s:inScheme w:scheme ; s:prefLabel "shower"@en ; o:deprecated true ; d:isReplacedBy w:rain .
"""
CF = """
@prefix s: <http://www.w3.org/2004/02/skos/core#> .
@prefix c: <http://example.net/cf/> .
c:scheme a s:ConceptScheme ; s:prefLabel "Names"@en .
c:precipitation_amount s:inScheme c:scheme ; s:prefLabel "precipitation amount"@en ; s:notation "precipitation_amount" .
c:wind_speed s:inScheme c:scheme ; s:prefLabel "wind speed"@en ; s:notation "wind_speed" .
"""
W = "http://example.org/weather/"


def record(name: str, title: str, *keywords: str, abstract: str = "", uris: tuple[str, ...] = (), variable: str = "",
           role: str = "keyword") -> Record:  # fmt: skip
    return Record(
        identifier=f"urn:m:{name}", title=Text.of(title), abstract=Text.of(abstract), source="test", visibility="public",
        concepts=(*(Concept(label=Text.of(k), role=role) for k in keywords),
                  *(Concept(uri=u, role=role) for u in uris)),
        variables=(Variable(standard_name=variable),) if variable else (),
    )  # fmt: skip


RECORDS = [
    record("title", "Pluies de Brest"),
    record("french", "Un", "pluie"),
    record("english", "Deux", "Rain"),
    record("address", "Trois", uris=(f"{W}rain",)),
    record("standard", "Quatre", variable="precipitation_amount"),
    record("narrower", "Cinq", "drizzle"),
    record("body", "Six", abstract="What the rainfall was."),
    record("snow", "Sept", "neige"),
    record("gauge", "Huit", uris=(f"{W}gauge",)),
    record("old", "Neuf", "shower"),
    record("total", "Dix", "EARTH SCIENCE > PRECIPITATION > TOTAL PRECIPITATION"),
    record("sum", "Douze", uris=(f"{W}total",)),
    record("wind", "Onze", variable="wind_speed"),
]
RAINY = {
    "title",
    "french",
    "english",
    "address",
    "standard",
    "narrower",
    "body",
    "gauge",
    "old",
    "total",
    "sum",
}


def build(folder: Path, open_node: Callable[[Path], Node], *, before: bool) -> Node:
    (folder / "weather.ttl").write_text(WEATHER)
    (folder / "cf.ttl").write_text(CF)
    node = open_node(folder / "node")
    if before:
        put(node, RECORDS)
    node.load([folder / "weather.ttl", folder / "cf.ttl"])
    if not before:
        put(node, RECORDS)
    return node


@pytest.fixture(scope="module", params=[True, False], ids=["records-first", "vocabularies-first"])
def rain(
    request: pytest.FixtureRequest,
    open_node: Callable[[Path], Node],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Node]:
    with build(tmp_path_factory.mktemp("rain"), open_node, before=request.param) as node:
        yield node


def names(node: Node, text: str, **more: object) -> list[str]:
    return [r.identifier.removeprefix("urn:m:") for r in node.search(text, **more, limit=100)]  # type: ignore[arg-type]


def why(node: Node, text: str, name: str) -> tuple[Reason, ...]:
    found = node.search(text, limit=100)
    return next(found.reasons[r.id] for r in found if r.identifier == f"urn:m:{name}")


@pytest.mark.parametrize("word", ["pluie", "Pluies", "rain"])
def test_a_word_finds_what_it_means_in_either_language(rain: Node, word: str) -> None:
    assert set(names(rain, word)) == RAINY


def test_without_meaning_only_the_words_themselves_are_found(rain: Node) -> None:
    assert set(names(rain, "pluie", meaning=False)) == {"title", "french"}


def test_a_word_of_the_title_stands_above_all_meanings(rain: Node) -> None:
    assert names(rain, "pluie")[0] == "title"


def test_quotes_and_stars_stay_literal(rain: Node) -> None:
    assert set(names(rain, '"pluie"')) == {"title", "french"}
    assert set(names(rain, "plui*")) == {"title", "french"}


def test_several_words_are_one_label(rain: Node) -> None:
    assert names(rain, "précipitation totale") == ["total", "sum"]
    assert names(rain, "précipitations totales dix") == ["total"]
    assert names(rain, "précipitation totale onze") == []


def test_all_words_must_be_found_each_in_its_way(rain: Node) -> None:
    assert names(rain, "rain cinq") == ["narrower"]
    assert names(rain, "rain snow") == []


def test_a_name_of_data_finds_them(rain: Node) -> None:
    assert names(rain, "precipitation_amount") == ["standard"]


def test_each_hit_says_why(rain: Node) -> None:
    title = why(rain, "pluie", "title")
    assert [(r.how, r.fields) for r in title] == [("text", ("title",))]
    (english,) = why(rain, "pluie", "english")
    assert (english.how, english.value, str(english.label), english.scheme) == (
        "concept",
        "Rain",
        "rain",
        "weather",
    )
    (standard,) = why(rain, "pluie", "standard")
    assert (standard.how, standard.field, str(standard.label)) == (
        "narrower",
        "variable",
        "precipitation amount",
    )
    assert dict(standard.through.variants)["fr"] == "pluie"
    (body,) = why(rain, "pluie", "body")
    assert (body.how, body.fields, str(body.label)) == ("translation", ("body",), "rainfall")
    (gauge,) = why(rain, "rain", "gauge")
    assert (gauge.how, gauge.concept) == ("label", f"{W}gauge")
    (total,) = why(rain, "précipitation totale", "sum")
    assert (total.words, total.how, total.field) == ("précipitation totale", "concept", "concept")


def test_a_concept_is_a_filter_with_all_that_is_narrower(rain: Node) -> None:
    assert set(names(rain, "", concept=f"{W}rain")) == {
        "french", "english", "address", "standard", "narrower", "old", "total", "sum"}  # fmt: skip
    assert set(names(rain, "", concept=f"{W}water")) >= {"snow", "narrower", "standard"}
    assert names(rain, "", concept="http://nowhere.example/") == []


def test_pages_go_to_the_end(rain: Node) -> None:
    seen, cursor = list[str](), ""
    while True:
        page = rain.search("pluie", limit=3, cursor=cursor)
        assert set(page.reasons) == {r.id for r in page}
        seen += [r.identifier for r in page]
        cursor = page.next
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == len(RAINY) == page.matched


def test_a_vocabulary_that_goes_takes_its_meanings_along(
    open_node: Callable[[Path], Node], tmp_path: Path
) -> None:
    with build(tmp_path, open_node, before=True) as node:
        assert set(names(node, "pluie")) == RAINY
        node.vocabulary.remove("weather")
        assert set(names(node, "pluie")) == {"title", "french"}
        node.load(tmp_path / "weather.ttl")
        assert set(names(node, "pluie")) == RAINY


def test_records_of_before_are_marked_once(open_node: Callable[[Path], Node], tmp_path: Path) -> None:
    with build(tmp_path, open_node, before=True) as node:
        node.vocabulary.remove("weather")
    # As an older Estran left it: no record carries the addresses that it states.
    with open_node(tmp_path / "node") as node, node._house.database.write() as connection:
        v, d, b = schema.facet_value, schema.record_document, schema.facet_bits
        stated = set(connection.execute(select(v.c.id).where(v.c.field.startswith("concept"))).scalars())
        assert stated
        for pk, marks in connection.execute(select(d.c.pk, d.c.marks)).all():
            kept = packed(numbers(marks) - stated)
            connection.execute(update(d).where(d.c.pk == pk).values(marks=kept))
        connection.execute(delete(b).where(b.c.value.in_(stated)))
        connection.execute(delete(schema.facet_concept))
        connection.execute(delete(schema.facet_word))
        put_meta(connection, "concepts-unmarked", b"")
    with open_node(tmp_path / "node") as node:
        node.load(tmp_path / "weather.ttl")
        assert set(names(node, "pluie")) == RAINY
        assert set(names(node, "", concept=f"{W}gauge")) == {"gauge"}


def test_facets_are_trees_that_count_what_is_narrower(rain: Node) -> None:
    found = rain.ask(Query(limit=0, trees=("variable", "theme"), where={}))
    assert set(found.trees) == {"variable"}
    (water,) = found.trees["variable"]
    assert (water.uri, water.count, water.opened) == (f"{W}water", 1, True)
    assert [one.uri for one in water.narrower] == [f"{W}rain"]


def test_trees_follow_the_question_and_open_down_to_what_is_chosen(
    open_node: Callable[[Path], Node], tmp_path: Path
) -> None:
    (tmp_path / "weather.ttl").write_text(WEATHER)
    with open_node(tmp_path / "node") as node:
        node.load(tmp_path / "weather.ttl")
        put(node, [record("a", "Brest", "drizzle", role="theme"), record("b", "Brest", "neige", role="theme"),
                   record("c", "Paris", uris=(f"{W}drizzle",), role="theme"), record("d", "Paris", "drizzle")])  # fmt: skip
        (water,) = node.ask(Query(limit=0, trees=("theme",))).trees["theme"]
        assert (water.count, [(o.uri, o.count) for o in water.narrower]) == (
            3,
            [(f"{W}rain", 2), (f"{W}snow", 1)],
        )
        (water,) = node.ask(Query(text="paris", trees=("theme",))).trees["theme"]
        assert water.count == 1
        chosen = node.ask(Query(trees=("theme",), where={"concept": (f"{W}drizzle",)}))
        assert chosen.matched == 3
        (water,) = chosen.trees["theme"]
        assert water.count == 3, "a tree leaves its own choice out"
        (drizzle,) = water.narrower[0].narrower
        assert (drizzle.uri, dict(drizzle.label.variants)["fr"], drizzle.count) == (
            f"{W}drizzle",
            "bruine",
            2,
        )
        # What is broader in a vocabulary that is not here keeps nothing from sight.
        (tmp_path / "more.ttl").write_text(
            "@prefix s: <http://www.w3.org/2004/02/skos/core#> . <http://example.org/f/fog> s:prefLabel 'mist'@en ; "
            "s:broader <http://elsewhere.example/air> ."
        )
        node.load(tmp_path / "more.ttl")
        put(node, [record("e", "Nantes", "mist", role="theme")])
        tops = node.ask(Query(limit=0, trees=("theme",))).trees["theme"]
        assert [(str(one.label), one.count) for one in tops] == [("atmospheric water", 3), ("mist", 1)]
        with pytest.raises(Invalid, match="variable"):
            node.ask(Query(trees=("keyword",)))


def test_who_uses_a_concept_even_a_deprecated_one(rain: Node) -> None:
    used = rain.concepts.usage(f"{W}rain", limit=3)
    assert (used.itself, used.found.matched, len(used.found)) == (4, 8, 3)
    (old,) = rain.concepts.deprecated()
    assert (old.uri, old.itself, [str(e.label) for e in old.successors]) == (f"{W}shower", 1, ["rain"])
    assert [r.identifier for r in old.found] == ["urn:m:old"]
    assert rain.concepts.usage("http://nowhere.example/").itself == 0


def test_usage_is_counted_as_the_asker_may_see(open_node: Callable[[Path], Node], tmp_path: Path) -> None:
    (tmp_path / "weather.ttl").write_text(WEATHER)
    with open_node(tmp_path / "node") as node:
        node.load(tmp_path / "weather.ttl")
        put(node, [replace(record("a", "A", "shower"), visibility="restricted")])
        assert len(node.concepts.deprecated()) == 1
        anyone = node.acting_as(ANYONE)
        assert anyone.concepts.deprecated() == ()
        assert anyone.concepts.usage(f"{W}rain").found.matched == 0
        assert anyone.search("pluie").matched == 0


def test_applications_gather_records_by_what_their_words_mean(
    open_node: Callable[[Path], Node], tmp_path: Path
) -> None:
    with open_node(tmp_path / "node") as node:
        put(
            node,
            [record("a", "A", "Inondations"), record("b", "B", "land cover"), record("c", "C", "salinité")],
        )
        assert names(node, "", application="risks") == ["a"]
        assert set(names(node, "", application=("risks", "planning"))) == {"a", "b"}
        counts = node.search(limit=0, counts=("application",)).facets["application"]
        assert dict(counts) == {"risks": 1, "planning": 1}
        assert names(node, "", application="nothing") == []
        # A word that only a vocabulary knows to be one of them.
        put(node, [record("d", "D", "Überschwemmung")])
        (tmp_path / "flood.ttl").write_text(
            "@prefix s: <http://www.w3.org/2004/02/skos/core#> . <http://example.org/f/1> s:prefLabel 'flood'@en, 'Überschwemmung'@de ."
        )
        node.load(tmp_path / "flood.ttl")
        assert set(names(node, "", application="risks")) == {"a", "d"}


def test_a_record_that_stands_for_others_says_why_they_were_found(
    open_node: Callable[[Path], Node], tmp_path: Path
) -> None:
    (tmp_path / "weather.ttl").write_text(WEATHER)
    doi = (Identifier("10.1234/same", "doi"),)
    with open_node(tmp_path / "node") as node:
        node.load(tmp_path / "weather.ttl")
        one = replace(
            record("one", "Campagne", abstract="All that is known of it."), identifiers=doi, source="first"
        )
        put(node, [one, replace(record("two", "Campagne", "drizzle"), identifiers=doi, source="second")])
        found = node.search("pluie")
        assert found.matched == 1
        (shown,) = found
        assert len(found.others[shown.id]) == 1
        assert [(r.how, str(r.label)) for r in found.reasons[shown.id]] == [("narrower", "drizzle")]


def test_a_long_question_has_its_bounds(rain: Node) -> None:
    words = " ".join(
        ["pluie", "neige", "bruine", "rain", "rainfall", "snow", "drizzle", "total", "water"] * 4
    )
    assert rain.search(words).matched == 0
    assert set(names(rain, " ".join(["pluie", "rain", "rainfall", "pluies"] * 5))) == RAINY
