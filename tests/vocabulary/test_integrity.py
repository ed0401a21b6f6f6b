"""What is found wrong with a vocabulary, rule by rule."""

from __future__ import annotations

import pytest

from estran.formats._vocabularies import read
from estran.vocabulary.integrity import defects

HEAD = """
@prefix s: <http://www.w3.org/2004/02/skos/core#> .
@prefix v: <http://e.org/v/> .
v:s a s:ConceptScheme ; s:prefLabel "V"@en .
"""


def found(body: str) -> dict[str, tuple[int, tuple[tuple[str, str], ...]]]:
    reading, _ = next(read("v.ttl", (HEAD + body).encode()))
    return {defect.rule: (defect.count, defect.examples) for defect in defects(reading)}


def concept(name: str, more: str = "", label: str = "") -> str:
    words = label or f'"{name}"@en'
    return f"v:{name} a s:Concept ; s:inScheme v:s ; s:prefLabel {words} {more} .\n"


def test_a_sound_vocabulary_has_none() -> None:
    assert found(concept("a") + concept("b", "; s:broader v:a")) == {}


@pytest.mark.parametrize(
    ("rule", "body", "where"),
    [
        ("S9", "v:s a s:Concept ; s:inScheme v:s .\n" + concept("a"), "s"),
        ("S13", concept("a", '; s:altLabel "a"@en'), "a"),
        ("S14", concept("a", "", '"a"@en, "b"@en'), "a"),
        ("S27", concept("a", "; s:related v:c") + concept("b", "; s:broader v:a") + concept("c", "; s:broader v:b"), "a"),
        ("S37", concept("a") + 'v:c a s:Collection, s:Concept ; s:inScheme v:s ; s:prefLabel "c"@en ; s:member v:a .', "c"),
        ("S46", concept("a", "; s:exactMatch <http://x.org/> ; s:broadMatch <http://x.org/>"), "a"),
        ("S46", concept("a", "; s:exactMatch v:b") + concept("b", "; s:relatedMatch v:a"), "a"),
        ("cycle", concept("a", "; s:broader v:b") + concept("b", "; s:broader v:c") + concept("c", "; s:broader v:a"), "a"),
        ("cycle", concept("a", "; s:broader v:a"), "a"),
        ("orphan", concept("a") + concept("b", "; s:broader v:a") + concept("c"), "c"),
        ("dangling", concept("a", "; s:broader v:none"), "none"),
        ("no-label", concept("a") + "v:b a s:Concept ; s:inScheme v:s .", "b"),
        ("notation", concept("a", '; s:notation "N"') + concept("b", '; s:notation "N"'), "b"),
        ("language", concept("a", "", '"a"@en, "à"@fr') + concept("b"), ""),
        ("repaired", concept("a", '; s:altLabel "é"@fr'), ""),
    ],
)  # fmt: skip
def test_each_rule(rule: str, body: str, where: str) -> None:
    given = HEAD + body
    encoded = given.encode("cp1252" if rule == "repaired" else "utf-8")
    reading, _ = next(read("v.ttl", encoded))
    held = {defect.rule: defect for defect in defects(reading)}
    assert rule in held
    assert held[rule].examples[0][0] == (f"http://e.org/v/{where}" if where else "")
    assert held[rule].what


def test_tags_are_compared_as_they_stand() -> None:
    """Two preferred labels in English are wrong; one in British and one in American English are not."""
    assert "S14" not in found(concept("a", "", '"colour"@en-GB, "color"@en-US'))


def test_examples_are_few_and_the_count_is_whole() -> None:
    body = "".join(concept(f"c{n}", '; s:notation "N"') for n in range(50))
    count, examples = found(body)["notation"]
    assert (count, len(examples)) == (49, 20)


def test_a_long_chain_is_no_trouble() -> None:
    body = "".join(concept(f"c{n}", f"; s:broader v:c{n + 1}") for n in range(5000)) + concept("c5000")
    assert found(body) == {}
