"""DCAT in the wild: real feeds, golden pairs of ISO 19139 and GeoDCAT-AP, real ISO records there and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyoxigraph
import pytest

from estran import formats
from estran.formats import Document, Links, Refusal, dcat, iso19139
from estran.formats._rdf import curie
from estran.model import Box, Record, Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINKS = Links("https://node.example.org", "A node")
FORM_OF = {
    ".rdf": dcat.FORMAT_RDFXML, ".xml": dcat.FORMAT_RDFXML, ".ttl": dcat.FORMAT_TURTLE, ".jsonld": dcat.FORMAT_JSONLD,
    ".json": dcat.FORMAT_JSONLD,
}  # fmt: skip
PAIRS = (
    "distributorinfo-multiple", "geo-bbox-precision", "hvd_dataset_non_multilingual", "identifiers-anchor",
    "multilingual-metadata", "multilingual-resource-description", "network-service", "transfersize-bytesize",
)  # fmt: skip


def read(path: Path, form: formats.Format | None = None) -> list[Record | Refusal]:
    found = list(formats.read(Document(path.name, path.read_bytes(), path), form))
    assert all(isinstance(one, Record | Refusal) for one in found)
    return found  # type: ignore[return-value]


def record_of(path: Path, form: formats.Format) -> Record:
    (found,) = read(path, form)
    assert isinstance(found, Record), found
    return found


# Feeds ----------------------------------------------------------------------------------------------------


def feeds(shared_data: Path) -> Iterator[Path]:
    catalogue = shared_data / "catalogue"
    for folder in ("dcat", "csw/udata", "csw/geonetwork-harvest/simpleurl"):
        for path in sorted((catalogue / folder).rglob("*")):
            if (
                path.suffix in FORM_OF
                and path.name not in ("input.xml", "config.json")
                and "iso19139-page" not in path.name
            ):
                yield path


def test_every_feed_is_recognised_and_all_that_hold_a_dataset_are_read(shared_data: Path) -> None:
    unread: dict[str, str] = {}
    count = 0
    for path in feeds(shared_data):
        form = formats.recognise(Document(path.name, path.read_bytes(), path))
        assert form.name.startswith("dcat-") or path.name == "full_croissant_dataset.jsonld", (
            path,
            form.name,
        )
        found = read(path, form)
        count += 1
        if not any(isinstance(one, Record) for one in found):
            (refusal,) = found
            assert isinstance(refusal, Refusal)
            unread[path.name] = refusal.why
    # Parts of a description that GeoDCAT-AP's authors give as examples: an address, an agent, a metric…
    parts = {name for name, why in unread.items() if why.startswith("no dcat:Dataset")}
    assert {name.partition(".")[0] for name in parts} == {
        "activity", "address-agent", "address-kind", "agent", "catalogue-record", "category", "licence-document",
        "location-geom", "media-type", "metric", "period-of-time", "provenance-statement", "quality-measurement",
        "standard-md",
    }  # fmt: skip
    # One has “^^<<” for a datatype, one a comma too many.
    assert unread.keys() - parts == {"dataset.ttl", "full_croissant_dataset.jsonld"}
    assert "line 154" in unread["dataset.ttl"]
    assert "line 78" in unread["full_croissant_dataset.jsonld"]
    assert count > 90


@pytest.mark.parametrize(
    ("name", "titles", "distributions", "box"),
    [
        ("dcat/udata/bnodes.xml", 4, 6, None),
        ("dcat/udata/catalog.xml", 4, 6, None),
        ("dcat/udata/evian.json", 8, 34, Box(6.5735, 46.3912, 6.6069, 46.4028)),
        ("dcat/udata/geonetwork.xml", 1, 0, Box(3.98197778, 44.05310833, 4.00346389, 44.11806389)),
        ("dcat/udata/series.xml", 1, 4, Box(1.4, 50.0, 2.36, 51.1)),
        ("dcat/geonetwork-ui/sextant.dcat.bathymetry.xml", 1, 1, Box(9.449999, 42.283333, 10.033471, 42.86684)),
        ("dcat/geonetwork-ui/opendataswiss.dcat-ap.dataset.xml", 1, 5, None),
        ("dcat/geonetwork-ui/vlaanderen.dcat-ap.dataset.xml", 1, 2, Box(3.768, 51.072, 4.202, 51.31)),
        ("csw/udata/geonetwork-dcat-page-3.xml", 2, None, Box(1.26761534, 50.25455878, 3.25154517, 51.26912631)),
        ("csw/geonetwork-harvest/simpleurl/dcat-feed-mow.rdf", 22, 78, None),
    ],
)  # fmt: skip
def test_feeds_give_what_they_hold(
    shared_data: Path, name: str, titles: int, distributions: int | None, box: Box | None
) -> None:
    path = shared_data / "catalogue" / name
    found = [one for one in read(path, FORM_OF[path.suffix]) if isinstance(one, Record)]
    assert len([one for one in found if one.title]) == titles
    assert distributions is None or sum(len(one.distributions) for one in found) == distributions
    assert found[0].extent.box == box


def test_the_same_description_in_three_syntaxes_is_the_same_record(shared_data: Path) -> None:
    folder = shared_data / "catalogue/dcat/geodcat-ap-examples"
    for name in ("dataset", "data-service"):
        turtle, rdf, jsonld = (
            _sorted(record_of(folder / f"{name}{suffix}", FORM_OF[suffix]))
            for suffix in (".ttl", ".rdf", ".jsonld")
        )
        assert turtle == rdf == jsonld


def _sorted(record: Record) -> dict[str, Any]:
    return {
        name: sorted(map(repr, value)) if isinstance(value, tuple) else value
        for name in Record.__dataclass_fields__
        if (value := getattr(record, name)) is not None
    }


def test_vocabularies_are_refused_as_what_they_are(shared_data: Path) -> None:
    count = 0
    for path in sorted((shared_data / "vocabularies").rglob("*")):
        if path.suffix in (".rdf", ".ttl") and path.stat().st_size < 1_000_000:
            found = read(path, FORM_OF[path.suffix])
            assert all(isinstance(one, Refusal) for one in found), path
            whys = " ".join(one.why for one in found if isinstance(one, Refusal))
            assert " × " in whys or "well-formed" in whys or "no RDF" in whys or "nothing" in whys, (
                path,
                whys,
            )
            count += 1
    assert count > 50


# Golden pairs ---------------------------------------------------------------------------------------------


def spoken(text: Text) -> dict[str, str]:
    """Words by language, blanks counting once; the reference joins lines."""
    return {language: " ".join(words.split()) for language, words in text.variants}


def essence(record: Record) -> dict[str, Any]:
    """What both ways from an ISO record must agree on."""
    free = [c for c in record.words("keyword") if not c.uri]
    box = record.extent.box
    return {
        "title": spoken(record.title), "abstract": spoken(record.abstract), "purpose": spoken(record.purpose),
        "lineage": spoken(record.lineage), "identifier": record.identifier, "kind": record.kind,
        "identifiers": {one.value for one in record.identifiers if not one.value.startswith(LINKS.base)},
        "dates": (record.created, record.published, record.revised, record.metadata_date),
        "languages": (record.language, record.metadata_language), "standard": record.metadata_standard,
        "access": record.access, "frequency": record.frequency, "crs": record.crs, "service_type": record.service_type,
        "representation": record.representation, "scale": record.quality.scale_denominator,
        "box": tuple(round(side, 8) for side in box) if box else None, "periods": record.extent.periods,
        "keywords": {pair for c in free for pair in c.label.variants},
        "addresses": {c.uri for c in record.concepts if c.uri and "/country/" not in c.uri},
        "topics": {str(c.label) for c in record.words("topic")},
        "urls": {one.url for one in record.distributions if one.url},
        "sizes": {one.size_bytes for one in record.distributions if one.size_bytes >= 0},
        "licences": {one.uri for one in record.licences if one.uri}, "constraints": {(one.kind, one.uri) for one in record.constraints if one.uri},
        "parties": {(p.role, p.name, frozenset(spoken(p.organisation).items())) for p in record.parties},
        "contacts": {(p.role, p.name, p.email) for p in record.metadata_parties},
        "conformities": {(one.uri, one.passed) for one in record.conformities},
    }  # fmt: skip


# Where the reference has more or less than the ISO record, and why that is right.
OF_THE_REFERENCE = {
    ("distributorinfo-multiple", "parties"): "the reference leaves out the distributors",
    ("hvd_dataset_non_multilingual", "addresses"): "the high-value categories have another property there",
    ("identifiers-anchor", "identifiers"): "it joins code space and code; the pivot has the code space as scheme",
    ("multilingual-metadata", "addresses"): "it leaves out the category of the service",
    ("multilingual-metadata", "constraints"): "terms of use with an address are a licence to it",
    ("multilingual-metadata", "licences"): "as above",
    ("multilingual-metadata", "keywords"): "it gives a keyword in the record's language where that has none",
    ("multilingual-metadata", "urls"): "it takes one of three endpoints",
    ("multilingual-resource-description", "urls"): "it takes the link of the portal for a landing page",
    ("multilingual-resource-description", "constraints"): "it takes words on public access for INSPIRE's address",
    ("network-service", "addresses"): "it leaves out the category of the service",
    ("network-service", "periods"): "it gives services no time",
    ("network-service", "urls"): "it leaves out the address of the operation",
}  # fmt: skip


@pytest.mark.parametrize("case", PAIRS)
def test_iso_and_its_geodcat_are_read_alike(shared_data: Path, case: str) -> None:
    folder = shared_data / "catalogue/dcat/iso19139-to-geodcat-pairs" / case
    iso = essence(record_of(folder / "input.xml", iso19139.FORMAT))
    golden = essence(record_of(folder / "expected_output.ttl", dcat.FORMAT_TURTLE))
    differing = {(case, name) for name in iso if iso[name] != golden[name]}
    assert differing == {key for key in OF_THE_REFERENCE if key[0] == case}, {
        name: (iso[name], golden[name]) for _, name in differing
    }


@pytest.mark.parametrize("case", PAIRS)
def test_our_dcat_of_an_iso_record_reads_like_the_record(shared_data: Path, case: str) -> None:
    iso = record_of(
        shared_data / "catalogue/dcat/iso19139-to-geodcat-pairs" / case / "input.xml", iso19139.FORMAT
    )
    for form in (dcat.FORMAT_TURTLE, dcat.FORMAT_RDFXML, dcat.FORMAT_JSONLD):
        assert form.write is not None
        (back,) = formats.read(Document("w", form.write(replace(iso, id="x"), LINKS).body), form)
        assert isinstance(back, Record)
        mine, theirs = essence(iso), essence(back)
        # A licence that only SPDX names gets its address there.
        theirs["licences"] = {uri for uri in theirs["licences"] if "spdx.org" not in uri}
        assert mine == theirs


OF_THE_RESOURCE = (
    "dct:title", "dct:description", "geodcatap:purpose", "dct:issued", "dct:modified", "dct:created", "dct:language",
    "geodcatap:topicCategory", "geodcatap:referenceSystem", "geodcatap:resourceType", "geodcatap:serviceType",
    "dct:accrualPeriodicity", "dcat:landingPage", "dcat:endpointURL", "dcat:endpointDescription", "dct:conformsTo",
    "dcat:spatialResolutionInMeters", "dct:identifier", "dcat:theme", "dcat:keyword",
)  # fmt: skip
OF_ITS_PARTS = (
    "dcat:accessURL", "dcat:byteSize", "dcat:startDate", "dcat:endDate", "dct:license", "dct:accessRights",
    "adms:representationTechnique", "foaf:mbox", "vcard:hasEmail", "dcat:bbox",
)  # fmt: skip
# Where our graph and the reference's differ on purpose, everywhere…
ON_PURPOSE = {
    "dct:identifier": "the record's own identifier, one alone, so that harvesters find the record again",
    "dcat:keyword": "words of concepts with an address are written as keywords too, for readers that know no other",
    "dct:accessRights": "the EU's three words, as DCAT-AP 3 asks; INSPIRE's statement stands as dct:rights",
    "dcat:bbox": "one literal in longitude and latitude, as DCAT-AP 3 allows, instead of three notations",
}
# … and in one pair.
IN_ONE_PAIR = {
    ("distributorinfo-multiple", "foaf:mbox"): "the distributors are written",
    ("hvd_dataset_non_multilingual", "dcat:theme"): "the high-value categories are themes",
    ("multilingual-metadata", "dcat:theme"): "the category of the service is a theme",
    ("multilingual-metadata", "dcat:endpointURL"): "all three endpoints are written",
    (
        "multilingual-metadata",
        "dcat:endpointDescription",
    ): "an ATOM feed is an endpoint, no description of one",
    ("multilingual-metadata", "dct:license"): "terms of use with an address stay a constraint (dct:rights)",
    ("multilingual-metadata", "foaf:mbox"): "a contact is written once, as a card",
    ("multilingual-metadata", "vcard:hasEmail"): "the contact of the distributor is none of the data",
    ("multilingual-resource-description", "dct:language"): "the EU's code for French is FRA",
    ("multilingual-resource-description", "dcat:landingPage"): "a link without function is a distribution",
    ("multilingual-resource-description", "dcat:accessURL"): "as above",
    ("multilingual-resource-description", "dct:license"): "the second licence is written too",
    ("multilingual-resource-description", "foaf:mbox"): "a contact is written once, as a card",
    ("network-service", "dcat:theme"): "the category of the service is a theme",
    ("network-service", "dcat:endpointURL"): "the address of the operation is written",
    ("network-service", "dcat:startDate"): "the period of the service is written",
    ("network-service", "dct:conformsTo"): "the standard of the service is what it conforms to",
}


def core(body: bytes) -> dict[str, set[str]]:
    """The core statements of a graph: predicate -> values, blanks counting once."""
    quads = list(pyoxigraph.parse(body, pyoxigraph.RdfFormat.TURTLE))
    described = {q.subject for q in quads if curie(q.predicate.value) == "dct:description"}
    main = next(
        q.subject for q in quads
        if q.subject in described and isinstance(q.object, pyoxigraph.NamedNode) and curie(q.object.value).startswith("dcat:Data")
    )  # fmt: skip
    found: dict[str, set[str]] = {name: set() for name in (*OF_THE_RESOURCE, *OF_ITS_PARTS)}
    for quad in quads:
        name = curie(quad.predicate.value)
        ours = name in OF_ITS_PARTS or (name in OF_THE_RESOURCE and quad.subject == main)
        if ours and isinstance(quad.object, pyoxigraph.Literal | pyoxigraph.NamedNode):
            language = quad.object.language if isinstance(quad.object, pyoxigraph.Literal) else None
            found[name].add(" ".join(quad.object.value.split()) + (f"@{language}" if language else ""))
    return found


@pytest.mark.parametrize("case", PAIRS)
def test_our_graph_says_what_the_reference_says(shared_data: Path, case: str) -> None:
    folder = shared_data / "catalogue/dcat/iso19139-to-geodcat-pairs" / case
    iso = record_of(folder / "input.xml", iso19139.FORMAT)
    assert dcat.FORMAT_TURTLE.write is not None
    ours = core(dcat.FORMAT_TURTLE.write(replace(iso, id="x"), LINKS).body)
    golden = core((folder / "expected_output.ttl").read_bytes())
    differing = {name for name in ours if ours[name] != golden[name]} - ON_PURPOSE.keys()
    assert differing == {name for pair, name in IN_ONE_PAIR if pair == case}, {
        n: (ours[n] ^ golden[n]) for n in differing
    }
    # What differs everywhere still holds all that the reference has.
    missing = {word for word in golden["dcat:keyword"] - ours["dcat:keyword"] if not word.endswith("@cs")}
    assert missing == set()
    assert golden["dcat:theme"] <= ours["dcat:theme"]


# There and back -------------------------------------------------------------------------------------------


def test_real_iso_records_survive_dcat(shared_data: Path) -> None:
    count = 0
    for path in sorted((shared_data / "catalogue/iso19139").rglob("*.xml"))[::4]:
        for record in read(path, iso19139.FORMAT):
            if not isinstance(record, Record) or not record.title or not record.identifier:
                continue
            assert dcat.FORMAT_JSONLD.write is not None
            written = dcat.FORMAT_JSONLD.write(replace(record, id="x"), LINKS)
            (back,) = formats.read(Document("w", written.body), dcat.FORMAT_JSONLD)
            assert isinstance(back, Record)
            for name in (
                "title",
                "identifier",
                "kind",
                "abstract",
                "lineage",
                "created",
                "published",
                "revised",
                "frequency",
                "version",
            ):
                told = getattr(record, name)
                # An abstract that repeats the title tells nothing.
                assert getattr(back, name) == (
                    Text() if name == "abstract" and told == record.title else told
                ), (path.name, name)
            assert back.extent.box == record.extent.box, path.name
            assert set(back.extent.periods) == set(record.extent.periods)
            assert len(back.parties) <= len(record.parties)
            count += 1
    assert count > 60
