"""Concepts found by words, by what they mean, and by what is around them; on each engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estran.errors import NotFound
from estran.vocabulary.store import searching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node
    from estran.vocabulary import Vocabulary

SEA = """
@prefix s: <http://www.w3.org/2004/02/skos/core#> .
@prefix o: <http://www.w3.org/2002/07/owl#> .
@prefix i: <https://w3id.org/iadopt/ont/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix v: <http://example.org/sea/> .
v:scheme a s:ConceptScheme ; s:prefLabel "Sea"@en .
v:water s:inScheme v:scheme ; s:prefLabel "water"@en, "eau"@fr .
v:seawater s:inScheme v:scheme ; s:prefLabel "sea water"@en, "eau de mer"@fr ; s:altLabel "salt water"@en, "water of the seas"@en ; s:broader v:water .
v:deep s:inScheme v:scheme ; s:prefLabel "deep sea water"@en ; s:broader v:seawater .
v:old s:inScheme v:scheme ; s:prefLabel "sea"@en ; o:deprecated true .
v:ocean s:inScheme v:scheme ; s:prefLabel "ocean"@en, "océan"@fr ; s:hiddenLabel "see"@en ; s:related v:seawater .
v:salinity s:inScheme v:scheme ; s:prefLabel "salinity"@en, "salinité"@fr, "Salzgehalt"@de ; s:notation "SAL" .
v:temperature s:inScheme v:scheme ; s:prefLabel "temperature"@en, "température"@fr .
v:heat s:inScheme v:scheme ; s:prefLabel "température de l'eau de mer"@fr ;
  i:hasProperty v:temperature ; i:hasObjectOfInterest v:deep ; i:hasMatrix v:ocean ;
  i:hasConstraint [ rdfs:label "at noon"@en ] .
v:salt s:inScheme v:scheme ; s:prefLabel "salinity of sea water"@en ; i:hasProperty v:salinity ; i:hasObjectOfInterest v:seawater .
v:group a s:Collection ; s:inScheme v:scheme ; s:prefLabel "Waters"@en ; s:member v:water, v:seawater .
"""
OTHER = """
@prefix s: <http://www.w3.org/2004/02/skos/core#> .
@prefix t: <http://example.net/other/> .
t:scheme a s:ConceptScheme ; s:prefLabel "Other"@en .
t:brine s:inScheme t:scheme ; s:prefLabel "brine"@en ; s:exactMatch <http://example.org/sea/seawater> .
t:pool s:inScheme t:scheme ; s:prefLabel "brine pool"@en ; s:broader t:brine .
t:pond s:inScheme t:scheme ; s:prefLabel "pond"@en ; s:broadMatch <http://example.org/sea/water> ; s:closeMatch <http://elsewhere.org/x> .
t:brine2 s:inScheme t:scheme ; s:prefLabel "brines"@en ; s:exactMatch t:brine .
t:one s:inScheme t:scheme ; s:prefLabel "one"@en ; s:broader t:two .
t:two s:inScheme t:scheme ; s:prefLabel "two"@en ; s:broader t:one .
"""
V, T = "http://example.org/sea/", "http://example.net/other/"


@pytest.fixture(scope="module")
def vocabulary(
    open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Vocabulary]:
    folder = tmp_path_factory.mktemp("sea")
    (folder / "sea.ttl").write_text(SEA)
    (folder / "other.ttl").write_text(OTHER)
    with open_node(folder / "node") as node:
        assert len(node.load([folder / "sea.ttl", folder / "other.ttl"]).vocabularies) == 2
        yield node.vocabulary


def found(vocabulary: Vocabulary, text: str, **more: object) -> list[str]:
    return [match.entry.local for match in vocabulary.search(text, **more)]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("text", "locals_"),
    [
        # The very words first, preferred before alternative, short before long, deprecated last.
        ("sea water", ["seawater", "deep", "salt"]),
        ("sea", ["old", "seawater", "deep", "salt"]),
        ("Waters", ["group", "water", "seawater", "deep", "salt"]),
        ("salt water", ["seawater"]),
        ("SALINITE", ["salinity"]),
        ("salzgehalt", ["salinity"]),
        ("SAL", ["salinity"]),
        ("see", ["ocean"]),
        ("mers eaux", ["seawater", "heat"]),
        ("brine water", []),
        ("", []),
        ("de la", []),
        ("% _ ' \" \\ *", []),
    ],
)
def test_order_of_what_is_found(vocabulary: Vocabulary, text: str, locals_: list[str]) -> None:
    assert found(vocabulary, text) == locals_


@pytest.mark.parametrize(
    ("text", "first"),
    [("s", "salinity"), ("sal", "salinity"), ("salini", "salinity"), ("sea wat", "seawater"), ("océ", "ocean"), ("eau de m", "seawater")],
)  # fmt: skip
def test_words_that_are_only_begun(vocabulary: Vocabulary, text: str, first: str) -> None:
    assert first in found(vocabulary, text, prefix=True)
    assert found(vocabulary, "wat", prefix=True)[0] == "water"


@pytest.mark.parametrize(
    "text", ["sea wat", "water se", "deep sea wat", "eau de m", "mer ea", "sea water", "brine wat"]
)
def test_it_does_not_matter_how_frequent_words_are(
    vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    by_index = found(vocabulary, text, prefix=True), found(vocabulary, text)
    # As if too many words began so to look through them.
    monkeypatch.setattr(searching, "_FREQUENT", 1)
    assert (found(vocabulary, text, prefix=True), found(vocabulary, text)) == by_index
    assert by_index[0] or text == "brine wat"


@pytest.mark.parametrize("text", ["㍳", "㍳㍳", "sea ㍳", "㍳ sea", "½ sea", "sea sea se", "%s %(p0)s :p0"])
def test_no_letters_are_too_strange(vocabulary: Vocabulary, text: str) -> None:
    for prefix in (False, True):
        assert len(found(vocabulary, text, prefix=prefix)) <= 20


def test_it_says_which_label_matched(vocabulary: Vocabulary) -> None:
    (match,) = vocabulary.search("salt water")
    assert (match.label, match.language, match.kind, match.exact) == ("salt water", "en", "alt", True)
    (match,) = vocabulary.search("salinité", language="fr")
    assert (match.label, match.language, match.kind) == ("salinité", "fr", "pref")


def test_within_a_vocabulary_and_a_number(vocabulary: Vocabulary) -> None:
    assert found(vocabulary, "brine", scheme="other") == ["brine", "brine2", "pool"]
    assert found(vocabulary, "brine", scheme="sea") == []
    assert found(vocabulary, "brine", scheme="nowhere") == []
    assert found(vocabulary, "brine", limit=1) == ["brine"]


def test_a_phrase_means_the_concepts_that_are_called_so(vocabulary: Vocabulary) -> None:
    assert {match.entry.local for match in vocabulary.meaning("océans")} == {"ocean"}
    assert {match.entry.local for match in vocabulary.meaning("brine")} == {"brine", "brine2"}
    assert vocabulary.meaning("sea nowhere") == ()
    assert vocabulary.meaning("of the") == ()


def test_expansion_follows_exact_matches_and_what_is_narrower(vocabulary: Vocabulary) -> None:
    found = vocabulary.expand([f"{V}water"])
    assert set(found) == {
        f"{V}water", f"{V}seawater", f"{V}deep", f"{T}brine", f"{T}brine2", f"{T}pool", f"{T}pond",
    }  # fmt: skip
    assert set(found.values()) == {f"{V}water"}
    # Not upwards, not along what is only close; circles end.
    assert set(vocabulary.expand([f"{T}pool"])) == {f"{T}pool"}
    assert set(vocabulary.expand([f"{T}one"])) == {f"{T}one", f"{T}two"}
    assert len(vocabulary.expand([f"{V}water"], limit=3)) == 3
    assert vocabulary.expand([]) == {}


def test_what_is_around_a_concept(vocabulary: Vocabulary) -> None:
    around = vocabulary.concept(f"{V}seawater")
    assert [link.uri for link in around.broader] == [f"{V}water"]
    assert [link.uri for link in around.narrower] == [f"{V}deep"]
    assert [link.uri for link in around.related] == [f"{V}ocean"]
    assert [link.uri for link in around.groups] == [f"{V}group"]
    assert [(link.predicate, link.uri) for link in around.mappings] == [("exactMatch", f"{T}brine")]
    assert [(link.predicate, link.uri) for link in around.part_of] == [("object", f"{V}salt")]
    deep = vocabulary.concept(f"{V}deep")
    assert [[e.local for e in path] for path in deep.paths] == [["water", "seawater"]]
    assert vocabulary.tree(f"{V}deep") == deep.paths
    assert [link.uri for link in vocabulary.parents(f"{V}deep")] == [f"{V}seawater"]
    assert [(link.predicate, link.uri) for link in vocabulary.mappings(f"{V}water")] == [
        ("narrowMatch", f"{T}pond")
    ]
    assert vocabulary.mappings(f"{T}pond")[0].entry is None
    with pytest.raises(NotFound):
        vocabulary.concept("http://example.org/sea/none")


def test_trees_begin_somewhere_even_where_they_run_in_a_circle(vocabulary: Vocabulary) -> None:
    tops, _ = vocabulary.tops("sea")
    assert [branch.entry.local for branch in tops] == [
        "constraint-1", "ocean", "salinity", "salt", "old", "temperature", "heat", "water",
    ]  # fmt: skip
    assert [branch.has_narrower for branch in tops if branch.entry.local == "water"] == [True]
    tops, _ = vocabulary.tops("other")
    assert [branch.entry.local for branch in tops] == ["brine", "brine2", "one", "pond"]
    below, _ = vocabulary.children(f"{V}water")
    assert [branch.entry.local for branch in below] == ["seawater"]


def test_lists_come_in_pages(vocabulary: Vocabulary) -> None:
    seen: list[str] = []
    after = None
    for _ in range(20):
        page, after = vocabulary.listing("sea", after, 3)
        seen += [branch.entry.uri for branch in page]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == vocabulary.holding("sea").concepts


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("The salinity of Sea Waters here", [("salinity of Sea Waters", ["salt"])]),
        ("La température de l’eau de mer et l'océan", [("température de l’eau de mer", ["heat"]), ("océan", ["ocean"])]),
        ("températures, océans", [("températures", ["temperature"]), ("océans", ["ocean"])]),
        ("deep sea", [("sea", ["old"])]),
        ("nothing here", []),
        ("", []),
    ],
)  # fmt: skip
def test_concepts_in_a_text(vocabulary: Vocabulary, text: str, named: list[tuple[str, list[str]]]) -> None:
    annotations = vocabulary.annotate(text)
    assert [(a.words, [e.local for e in a.entries]) for a in annotations] == named
    assert all(text[a.start : a.end] == a.words for a in annotations)


def test_a_long_text_is_annotated_in_one_go(vocabulary: Vocabulary) -> None:
    assert len(vocabulary.annotate("salinity and ocean. " * 500)) == 1000


def test_variables_by_their_parts(vocabulary: Vocabulary) -> None:
    def having(**parts: str) -> set[str]:
        return {entry.local for entry in vocabulary.variables(**parts)}  # pyright: ignore[reportArgumentType]

    # What is observed in sea water is observed in water.
    assert having(object=f"{V}water") == {"heat", "salt"}
    assert having(object=f"{V}water", property=f"{V}salinity") == {"salt"}
    assert having(matrix=f"{V}ocean") == {"heat"}
    assert having(matrix=f"{V}water") == set()
    assert having() == set()
    heat = vocabulary.concept(f"{V}heat")
    assert heat.entry.kind == "variable"
    assert [(part.predicate, part.entry.title if part.entry else "") for part in heat.parts] == [
        ("property", "temperature"),
        ("object", "deep sea water"),
        ("matrix", "ocean"),
        ("constraint", "at noon"),
    ]
    assert vocabulary.holding("sea").variables == 2


def test_both_tongues_name_the_same_in_real_thesauri(node: Node, shared_data: Path) -> None:
    node.load([shared_data / "vocabularies/envthes", shared_data / "vocabularies/gemet"])
    pairs = (
        ("pluie", "rain"),
        ("plancton", "plankton"),
        ("neiges", "snow"),
        ("oxygène", "oxygen"),
        ("qualité de l'eau", "water quality"),
    )
    for french, english in pairs:
        meant = [
            {
                uri
                for match in node.vocabulary.meaning(words)
                for uri in node.vocabulary.expand([match.entry.uri])
            }
            for words in (french, english)
        ]
        assert meant[0] & meant[1], (french, english)
