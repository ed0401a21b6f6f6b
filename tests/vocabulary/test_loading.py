"""Vocabularies in every form that they come in, loaded, loaded again and taken out, on each engine."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from typing import TYPE_CHECKING

import pytest

import estran
from estran.catalogue.vocabularies import load
from estran.errors import Invalid, NotAllowed, NotFound
from estran.formats._vocabularies import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

WATER = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix w: <http://example.org/water/> .
w: a skos:ConceptScheme ; dct:title "Water"@en, "Eaux"@fr ; owl:versionInfo "1.9" ; skos:hasTopConcept w:rain .
w:rain a skos:Concept ; skos:inScheme w: ; skos:prefLabel "rain"@en, "pluie"@fr ; skos:altLabel "rainfall"@en ;
  skos:notation "RN" ; skos:definition "Water that falls."@en ; skos:narrower w:drizzle .
w:drizzle a skos:Concept ; skos:inScheme w: ; skos:prefLabel "drizzle"@en, "bruine"@fr ;
  skos:exactMatch <http://example.org/other/mist> .
w:shower a skos:Concept ; skos:inScheme w: ; skos:prefLabel "shower"@en ; owl:deprecated true ;
  dct:isReplacedBy w:rain .
"""


@pytest.fixture
def opened(open_node: Callable[[Path], Node], tmp_path: Path) -> Iterator[Node]:
    with open_node(tmp_path / "node") as node:
        yield node


def write(folder: Path, name: str, body: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(body if isinstance(body, bytes) else body.encode())
    return file


def test_a_thesaurus_loads_like_anything_else(opened: Node, tmp_path: Path) -> None:
    file = write(tmp_path, "water.ttl", WATER)
    report = opened.load(file)
    assert (report.read, report.refused) == (0, [])
    (loaded,) = report.vocabularies
    assert (loaded.outcome, loaded.name) == ("new", "water")
    held = opened.vocabulary.holding("water")
    assert (held.concepts, held.deprecated, held.mappings, held.files) == (3, 1, 1, ("water.ttl",))
    assert (held.scheme.version, held.scheme.title.within("fr")) == ("1.9", "Eaux")
    assert dict(held.languages) == {"en": 3, "fr": 2}
    assert held.loaded.endswith("Z")
    assert [one.body for one in opened.vocabulary.originals("water")] == [WATER.encode()]
    rain = opened.vocabulary.show("RN")
    assert rain == opened.vocabulary.show("http://example.org/water/rain")
    assert (rain.local, str(rain.definition)) == ("rain", "Water that falls.")
    assert opened.vocabulary.at("water", "rain") == rain
    assert opened.vocabulary.show("http://example.org/water/shower").replaced_by == (
        "http://example.org/water/rain",
    )


def test_loaded_again_it_is_unchanged_then_replaced_and_removed(opened: Node, tmp_path: Path) -> None:
    file = write(tmp_path, "water.ttl", WATER)
    opened.load(file)
    assert opened.load(file).vocabularies[0].outcome == "unchanged"
    file.write_text(WATER.replace('"drizzle"@en', '"mizzle"@en').replace("1.9", "1.10"))
    assert opened.load(file).vocabularies[0].outcome == "changed"
    vocabulary = opened.vocabulary
    assert vocabulary.search("drizzle") == ()
    assert [match.entry.local for match in vocabulary.search("mizzle")] == ["drizzle"]
    assert [held.scheme.version for held in vocabulary.holdings()] == ["1.10"]
    vocabulary.remove("water")
    assert vocabulary.holdings() == ()
    assert vocabulary.search("rain") == ()
    assert vocabulary.expand(["http://example.org/water/rain"]) == {
        "http://example.org/water/rain": "http://example.org/water/rain"
    }
    with pytest.raises(NotFound):
        vocabulary.remove("water")
    ops = [(c.kind, c.id, c.op) for c in opened.changes() if c.kind == "vocabulary"]
    assert ops == [("vocabulary", "water", op) for op in ("add", "change", "remove")]


def test_only_the_operator_changes_vocabularies(opened: Node, tmp_path: Path) -> None:
    from estran.access import ANYONE  # noqa: PLC0415

    opened.load(write(tmp_path, "water.ttl", WATER))
    anyone = opened.acting_as(ANYONE).vocabulary
    assert anyone.show("RN").local == "rain"
    with pytest.raises(NotAllowed):
        anyone.remove("water")


def test_a_file_a_language_is_one_vocabulary_and_an_older_version_is_left_out(
    opened: Node, tmp_path: Path
) -> None:
    head, concept = (
        (
            "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix owl: <http://www.w3.org/2002/07/owl#> . "
            "<http://e.org/s> a skos:ConceptScheme ; owl:versionInfo "
        ),
        " . <http://e.org/s/1> a skos:Concept ; skos:inScheme <http://e.org/s> ; skos:prefLabel ",
    )
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder, "old.ttl", f'{head}"1.9"{concept}"wet"@en .')
    write(folder, "en.ttl", f'{head}"1.10"{concept}"rain"@en .')
    write(folder, "fr.ttl", f'{head}"1.10"{concept}"pluie"@fr .')
    (loaded,) = opened.load(folder).vocabularies
    assert loaded.holding.files == ("en.ttl", "fr.ttl")
    entry = opened.vocabulary.show("http://e.org/s/1")
    assert entry.label.variants == (("en", "rain"), ("fr", "pluie"))
    assert any("old.ttl" in why for d in loaded.holding.defects for _, why in d.examples)


def test_records_and_vocabularies_in_one_load(opened: Node, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder, "water.ttl", WATER)
    write(
        folder,
        "record.json",
        '{"@context": "https://schema.org/", "@type": "Dataset", "name": "Rain", "description": "x"}',
    )
    write(folder, "nonsense.ttl", "this is not turtle")
    report = opened.load(folder)
    assert report.read == 1
    assert [one.name for one in report.vocabularies] == ["water"]
    assert [refusal.file.rsplit("/", 1)[-1] for refusal in report.refused] == ["nonsense.ttl"]


def test_a_table_of_data_is_no_vocabulary_unless_it_is_said_so(opened: Node, tmp_path: Path) -> None:
    file = write(tmp_path, "stations.csv", "id,name,value\n1,Brest,3\n")
    assert opened.load(file).vocabularies == ()
    loaded, refused = load(opened.vocabulary, [file])
    assert ([one.name for one in loaded], refused) == (["stations"], ())


@pytest.mark.parametrize(
    ("name", "body", "uri", "label"),
    [
        (
            "a.rdf",
            ('<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
            'xmlns:s="http://www.w3.org/2004/02/skos/core#"><s:Concept r:about="http://e.org/1">'
            '<s:prefLabel xml:lang="FRA">été</s:prefLabel></s:Concept></r:RDF>'),
            "http://e.org/1",
            (("fr", "été"),),
        ),
        (
            "a.nt",
            '<http://e.org/1> <http://www.w3.org/2004/02/skos/core#prefLabel> "sum\\u00E9"@en-GB .',
            "http://e.org/1",
            (("en", "sumé"),),
        ),
        (
            "a.trig",
            '<http://e.org/g> { <http://e.org/1> <http://www.w3.org/2004/02/skos/core#prefLabel> "x"@en . }',
            "http://e.org/1",
            (("en", "x"),),
        ),
        (
            "a.nq",
            '<http://e.org/1> <http://www.w3.org/2004/02/skos/core#prefLabel> "x"@en <http://e.org/g> .',
            "http://e.org/1",
            (("en", "x"),),
        ),
        (
            "a.jsonld",
            ('{"@id": "http://e.org/1", "http://www.w3.org/2004/02/skos/core#prefLabel": '
            '{"@value": "x", "@language": "en"}}'),
            "http://e.org/1",
            (("en", "x"),),
        ),
        (
            "xl.ttl",
            ("@prefix xl: <http://www.w3.org/2008/05/skos-xl#> . <http://e.org/1> xl:prefLabel "
            '[ xl:literalForm "x"@en ] .'),
            "http://e.org/1",
            (("en", "x"),),
        ),
        (
            "owl.ttl",
            ("@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . "
            '<http://e.org/1> a owl:Class ; rdfs:label "x" ; rdfs:subClassOf <http://e.org/2> .'),
            "http://e.org/1",
            (("", "x"),),
        ),
        # Windows-1252, and UTF-8 that had been read as that before.
        (
            "latin.ttl",
            '<http://e.org/1> <http://www.w3.org/2004/02/skos/core#prefLabel> "été"@fr .'.encode("cp1252"),
            "http://e.org/1",
            (("fr", "été"),),
        ),
        (
            "garbled.ttl",
            '<http://e.org/1> <http://www.w3.org/2004/02/skos/core#prefLabel> "Ã©tÃ©"@fr .',
            "http://e.org/1",
            (("fr", "été"),),
        ),
        (
            "gcmd.csv",
            '"Hits: 2"\nCategory,Topic,Term,UUID\nEARTH SCIENCE,,,aa\nEARTH SCIENCE,OCEANS,,bb\n',
            "https://gcmd.earthdata.nasa.gov/kms/concept/bb",
            (("en", "OCEANS"),),
        ),
        (
            "taxa.txt",
            ("taxonID\tscientificName\tparentNameUsageID\tacceptedNameUsageID\ttaxonRank\n"
            "1\tDelphinus\t\t1\tgenus\n2\tDelphinus delphis\t1\t2\tspecies\n3\tDelphinus albus\t1\t2\tspecies\n"),
            "urn:vocabulary:taxa:2",
            (("la", "Delphinus delphis"),),
        ),
        (
            "TAXREF.txt",
            ("CD_NOM\tCD_SUP\tCD_REF\tRANG\tLB_NOM\tNOM_VERN\tNOM_VERN_ENG\n"
            "60878\t\t60878\tES\tDelphinus delphis\tDauphin commun\tCommon dolphin\n"),
            "https://inpn.mnhn.fr/espece/cd_nom/60878",
            (("la", "Delphinus delphis"),),
        ),
        (
            "list.csv",
            "uri;prefLabel@fr;prefLabel@en;broader\nhttp://e.org/1;été;summer;http://e.org/0\n",
            "http://e.org/1",
            (("fr", "été"), ("en", "summer")),
        ),
    ],
)  # fmt: skip
def test_every_form_reads(  # noqa: PLR0917 - a case has many sides
    node: Node, tmp_path: Path, name: str, body: str | bytes, uri: str, label: tuple[tuple[str, str], ...]
) -> None:
    report = node.load(write(tmp_path, name, body))
    assert [one.outcome for one in report.vocabularies] == ["new"], report.refused
    assert node.vocabulary.show(uri).label.variants == label


def test_vocabularies_of_an_older_node_are_kept(node: Node, tmp_path: Path) -> None:
    """The tables as they were at the first migration, with a scheme, an entry and its alias."""
    node.close()
    with sqlite3.connect(tmp_path / "node" / "estran.db") as old:
        for table in ("relation", "token", "label", "name", "source", "scheme"):
            old.execute(f"DROP TABLE concept_{table}")
        old.execute("DROP TABLE concept")
        old.execute("CREATE TABLE concept (uri TEXT PRIMARY KEY, scheme TEXT, name TEXT, document BLOB)")
        scheme = {"uri": "http://e.org/v/", "name": "v", "title": {"variants": [["en", "Words"]]}}
        entry = {"uri": "http://e.org/v/a/", "scheme": "v", "name": "a_word", "aliases": ["word_of_old"]}
        rows = [
            ("http://e.org/v/", "", "v", json.dumps(scheme).encode()),
            ("http://e.org/v/a/", "v", "a_word", json.dumps(entry).encode()),
            ("http://e.org/v/a/#word_of_old", "v", "word_of_old", json.dumps(entry).encode()),
        ]
        old.executemany("INSERT INTO concept VALUES (?, ?, ?, ?)", rows)
        old.execute("UPDATE alembic_version SET version_num = '0001'")
    old.close()
    with estran.open(tmp_path / "node") as again:
        assert [str(scheme.title) for scheme in again.vocabulary.schemes()] == ["Words"]
        assert again.vocabulary.show("word_of_old").name == "a_word"
        assert [match.entry.local for match in again.vocabulary.search("word")] == ["a"]
    with estran.open(tmp_path / "node") as again:
        assert again.vocabulary.holding("v").concepts == 1


def test_what_has_no_address_or_one_without_end_is_left_out(opened: Node, tmp_path: Path) -> None:
    endless = f"http://e.org/{'x' * 5000}"
    body = (
        "@prefix s: <http://www.w3.org/2004/02/skos/core#> . <http://e.org/s> a s:ConceptScheme ; s:prefLabel 'S' . "
        f"<http://e.org/1> s:inScheme <http://e.org/s> ; s:prefLabel 'one' ; s:notation '{'n' * 5000}' ; s:related <{endless}> . "
        f"<{endless}> s:inScheme <http://e.org/s> ; s:prefLabel '{'long ' * 2000}' . "
        "[] a s:Collection ; s:inScheme <http://e.org/s> ; s:prefLabel 'nameless' ; s:member <http://e.org/1> . "
        "[] a s:Collection ; s:inScheme <http://e.org/s> ; s:prefLabel 'nameless too' . "
    )
    (loaded,) = opened.load(write(tmp_path, "odd.ttl", body)).vocabularies
    assert loaded.holding.concepts == 1
    assert any("left out" in why for d in loaded.holding.defects for _, why in d.examples)
    assert opened.vocabulary.show("http://e.org/1").title == "one"


def test_taxa_have_their_synonyms_ranks_and_parents(node: Node, tmp_path: Path) -> None:
    node.load(
        write(
            tmp_path,
            "taxa.txt",
            "taxonID\tscientificName\tparentNameUsageID\tacceptedNameUsageID\ttaxonRank\n"
            "1\tDelphinus\t\t1\tgenus\n2\tDelphinus delphis\t1\t2\tspecies\n3\tDelphinus albus\t1\t2\tspecies\n",
        )
    )
    (match,) = node.vocabulary.search("albus")
    assert (match.entry.local, match.label, match.kind) == ("2", "Delphinus albus", "alt")
    assert [link.uri for link in node.vocabulary.parents(match.entry.uri)] == ["urn:vocabulary:taxa:1"]
    assert ("note", "", "rank: species") in match.entry.notes


def test_archives_and_compressed_files_are_opened_within_bounds(node: Node, tmp_path: Path) -> None:
    node.load(write(tmp_path, "water.ttl.gz", gzip.compress(WATER.encode())))
    assert node.vocabulary.show("RN").scheme == "water"
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
        archive.writestr("inner/water.ttl", WATER.replace("example.org", "example.net"))
    assert [one.holding.concepts for one in node.load(tmp_path / "two.zip").vocabularies] == [3]
    with pytest.raises(Invalid, match="damaged"):
        list(read("broken.gz", b"\x1f\x8bbroken"))


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("bomb.rdf", '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
         + "".join(f'<!ENTITY c{n} "{f"&c{n - 1};" * 10 if n else "&b;" * 10}">' for n in range(12))
         + ']><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:x>&c11;</r:x></r:RDF>', "entit"),
        ("remote.jsonld", '{"@context": "http://example.org/c", "@id": "http://e.org/1"}', "never fetched"),
        ("deep.json", "[" * 5000 + "]" * 5000, "."),
        ("empty.ttl", "", "without concepts"),
        ("unknown.xml", "<a/>", "of no vocabulary"),
        ("data.csv", "lat,lon\n1,2\n", "columns are not those of terms"),
        ("x.yaml", "a: b", "YAML"),
        ("odd.json", '{"a": 1}', "without terms"),
    ],
)  # fmt: skip
def test_what_is_none_is_refused_with_its_reason(name: str, body: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        list(read(name, body.encode()))


def test_every_real_file_loads_or_is_refused_with_its_place(node: Node, shared_data: Path) -> None:
    folder = shared_data / "vocabularies"
    total = sum(path.is_file() for path in folder.rglob("*"))
    loaded, refused = load(node.vocabulary, [folder])
    assert len(loaded) > 150
    assert total - len(refused) >= 152
    assert all(refusal.file and refusal.why for refusal in refused)
    assert {refusal.file.rsplit(".", 1)[-1] for refusal in refused} <= {"yaml", "json", "csv"}
    assert all(one.outcome == "new" for one in loaded)
    names = {one.name for one in loaded}
    assert len(names) == len(loaded)
    assert {"gemet", "envthes", "cf-standard-names", "gcmd-sciencekeywords", "r08"} <= names
    gemet = node.vocabulary.holding("gemet")
    assert gemet.concepts > 5000
    assert {"S27", "cycle"} <= {defect.rule for defect in gemet.defects}
    assert not gemet.sound


def test_most_real_files_load_by_the_one_verb(node: Node, shared_data: Path) -> None:
    report = node.load(shared_data / "vocabularies")
    assert report.read == 0
    assert len(report.vocabularies) > 150
    assert len(report.refused) <= 12


def test_no_real_record_is_taken_for_a_vocabulary(node: Node, shared_data: Path) -> None:
    report = node.load([shared_data / "catalogue" / "dcat", shared_data / "catalogue" / "datacite"])
    # One example is a list of measures, and nothing else.
    assert [one.name for one in report.vocabularies] == ["metric"]
