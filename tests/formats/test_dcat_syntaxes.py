"""RDF as strangers write it: three syntaxes, faulty and hostile."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estran import formats
from estran.formats import Document, Refusal, dcat
from estran.model import Record

from .mutations import hold, hostile, mutated

if TYPE_CHECKING:
    from estran.formats import Format

FORMS = (dcat.FORMAT_TURTLE, dcat.FORMAT_RDFXML, dcat.FORMAT_JSONLD)
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
PREFIXES = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
"""

RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dct="http://purl.org/dc/terms/" '
    'xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:foaf="http://xmlns.com/foaf/0.1/">%s</rdf:RDF>'
)
DATASET = '<dcat:Dataset rdf:about="https://a.example.org/1"><dct:title xml:lang="fr">Mer</dct:title>%s</dcat:Dataset>'


def rdfxml(text: str, encoding: str = "utf-8") -> Record | Refusal:
    (found,) = formats.read(Document("small.rdf", text.encode(encoding)), dcat.FORMAT_RDFXML)
    assert isinstance(found, Record | Refusal)
    return found


def test_internal_entities_are_namespaces_and_bombs_are_refused() -> None:
    doctype = '<!DOCTYPE rdf:RDF [<!ENTITY ex "https://e.example.org/"><!ENTITY more "&ex;more">]>'
    found = rdfxml(doctype + RDF % (DATASET % '<dcat:landingPage rdf:resource="&more;/1"/>'))
    assert isinstance(found, Record)
    assert found.landing_page == "https://e.example.org/more/1"
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    started = time.process_time()
    bomb = rdfxml(
        f'<!DOCTYPE rdf:RDF [<!ENTITY a0 "xxxxxxxxxx">{levels}]>'
        + RDF % (DATASET % "<dct:description>&a9;</dct:description>")
    )
    assert isinstance(bomb, Refusal)
    assert "entit" in bomb.why
    assert time.process_time() - started < 5


def test_external_entities_reach_no_file() -> None:
    for declaration in (
        '<!ENTITY x SYSTEM "file:///etc/hostname">',
        '<!ENTITY % x SYSTEM "file:///etc/hostname"> %x;',
    ):
        found = rdfxml(
            f"<!DOCTYPE rdf:RDF [{declaration}]>" + RDF % (DATASET % "<dct:description>&x;</dct:description>")
        )
        assert isinstance(found, Refusal)


def test_text_beside_an_address_is_its_label() -> None:
    found = rdfxml(
        RDF % (DATASET % '<dcat:theme rdf:resource="https://t.example.org/1">Ocean</dcat:theme>stray')
    )
    assert isinstance(found, Record)
    assert [(c.uri, str(c.label)) for c in found.concepts] == [("https://t.example.org/1", "Ocean")]
    assert "put right" in found.warnings[0]


def test_an_answer_of_csw_gives_every_record_in_it() -> None:
    page = "".join(RDF % DATASET.replace("/1", f"/{n}") % "" for n in range(3))
    answer = f'<c:GetRecordsResponse xmlns:c="http://www.opengis.net/cat/csw/2.0.2"><c:SearchResults>{page}</c:SearchResults></c:GetRecordsResponse>'
    found = list(formats.read(Document("csw.xml", answer.encode()), dcat.FORMAT_RDFXML))
    assert [r.identifier for r in found if isinstance(r, Record)] == [
        f"https://a.example.org/{n}" for n in range(3)
    ]


def test_encodings_other_than_utf8_are_read() -> None:
    for encoding in ("utf-16", "iso-8859-1"):
        found = rdfxml(
            f'<?xml version="1.0" encoding="{encoding}"?>' + RDF % DATASET.replace("Mer", "Été") % "",
            encoding,
        )
        assert isinstance(found, Record)
        assert str(found.title) == "Été"
    (found,) = formats.read(
        Document("b.ttl", "﻿".encode() + (PREFIXES + '<x:1> a dcat:Dataset ; dct:title "é" .').encode()),
        dcat.FORMAT_TURTLE,
    )
    assert isinstance(found, Record)


def test_a_forgotten_prefix_does_not_cost_the_document() -> None:
    text = '@prefix dcat: <http://www.w3.org/ns/dcat#> . <x:1> a dcat:Dataset ; dct:title "T" ; odd:thing 1 .'
    (found,) = formats.read(Document("p.ttl", text.encode()), dcat.FORMAT_TURTLE)
    assert isinstance(found, Record)
    assert str(found.title) == "T"
    assert len(found.warnings) == 2


def test_remote_contexts_are_known_or_refused_never_fetched() -> None:
    document = {
        "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
        "@type": "dcat:Catalog",
    }
    document["dataset"] = [{"@type": "dcat:Dataset", "title": "T", "keyword": ["a"], "accessLevel": "public"}]  # type: ignore[assignment]
    (found,) = formats.read(Document("data.json", json.dumps(document).encode()), dcat.FORMAT_JSONLD)
    assert isinstance(found, Record)
    assert (str(found.title), found.access) == ("T", "open")
    assert "not fetched" in found.warnings[0]
    document["@context"] = "https://elsewhere.example.org/context.jsonld"
    (refused,) = formats.read(Document("data.json", json.dumps(document).encode()), dcat.FORMAT_JSONLD)
    assert isinstance(refused, Refusal)
    assert "never fetched" in refused.why


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"<x:1> <x:p> " + b"[ <x:p> " * 50_000 + b"1" + b"]" * 50_000 + b" .", dcat.FORMAT_TURTLE),
        (b"<x:1> <x:p> " + b"( " * 50_000, dcat.FORMAT_TURTLE),
        (b'{"@id":"x:1","http://p.example.org/":' * 20_000 + b"1" + b"}" * 20_000, dcat.FORMAT_JSONLD),
        ((RDF % ("<rdf:Description><dct:title>" * 5000 + "</dct:title></rdf:Description>" * 5000)).encode(), dcat.FORMAT_RDFXML),
        (b'<x:1> a <http://www.w3.org/ns/dcat#Dataset> ; <http://purl.org/dc/terms/spatial> "POINT(' + b"1" * 2_000_000 + b')" .', dcat.FORMAT_TURTLE),
        (b'<x:1> a <http://www.w3.org/ns/dcat#Dataset> ; <http://purl.org/dc/terms/spatial> "<gml:' + b"lowerCorner>" * 100_000 + b'" .', dcat.FORMAT_TURTLE),
        (b"\xff\xfe<\x00", dcat.FORMAT_RDFXML), (b"\xc3\x28", dcat.FORMAT_TURTLE), (b"", dcat.FORMAT_JSONLD),
        (b'<x:1> a <http://www.w3.org/ns/dcat#Dataset> ; <http://purl.org/dc/terms/title> "' + b"x" * 3_000_000 + b'" .', dcat.FORMAT_TURTLE),
    ],
)  # fmt: skip
def test_hostile_documents_cost_no_more_than_their_length(body: bytes, form: Format) -> None:
    started = time.process_time()
    assert hold(body, form)
    assert time.process_time() - started < 15


JSONLD = (
    {
        "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/"},
        "@id": "https://a.example.org/1", "@type": "dcat:Dataset", "dct:title": {"@language": "fr", "@value": "Mer"},
        "dct:spatial": {"dcat:bbox": "POLYGON((0 0,1 0,1 1,0 1,0 0))"}, "dct:temporal": {"dcat:startDate": "2020"},
        "dct:publisher": {"foaf:name": "N"}, "dcat:keyword": ["a", "b"], "dct:license": {"@id": "https://creativecommons.org/licenses/by/4.0/"},
        "dcat:distribution": [{"dcat:accessURL": {"@id": "https://f.example.org"}, "dcat:byteSize": 12, "dct:format": "CSV"}],
        "dct:issued": "2020-01-01", "dcat:spatialResolutionInMeters": 10,
    },
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(mutated(JSONLD))
def test_jsonld_gone_wrong_is_read_or_refused(body: bytes) -> None:
    hold(body, dcat.FORMAT_JSONLD)


@settings(max_examples=16, deadline=None)
@given(hostile(), st.sampled_from(FORMS))
def test_nonsense_is_refused(body: bytes, form: Format) -> None:
    hold(body, form)
