"""schema.org: each part of small documents, real ones, what is written and that it comes back."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estran import formats
from estran.formats import Document, Links, Refusal
from estran.formats.schema_org import FORMAT
from estran.model import (
    Box,
    Concept,
    Constraint,
    Distribution,
    Extent,
    Funding,
    Identifier,
    Licence,
    Party,
    Period,
    Record,
    Relation,
    Text,
    Variable,
)
from estran.testing.contracts import check_format
from estran.testing.strategies import records

from .carried import distinct, kept
from .mutations import hold, hostile, mutated

if TYPE_CHECKING:
    from pathlib import Path

LINKS = Links("https://node.example.org", "A node")
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)


def read(value: Any) -> list[Record | Refusal]:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return list(formats.read(Document("small.jsonld", body), FORMAT))  # type: ignore[arg-type]


def one(**members: Any) -> Record:
    """The record of a dataset with these members."""
    (found,) = read({"@context": "https://schema.org/", "@type": "Dataset", "name": "T"} | members)
    assert isinstance(found, Record), found
    return found


# Reading --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        {"@context": "https://schema.org/", "@type": "Dataset", "name": "T", "description": "D"},
        {"@context": {"@vocab": "http://schema.org/"}, "@type": ["Dataset"], "name": "T", "description": "D"},
        {"@context": {"sc": "https://schema.org/"}, "@type": "sc:Dataset", "sc:name": "T", "sc:description": "D"},
        {"@context": {"mine": "http://schema.org/"}, "@graph": [{"@type": "WebPage", "name": "x"}, {"@type": "mine:Dataset", "mine:name": "T", "mine:description": "D"}]},
        [{"@type": "http://schema.org/Dataset", "http://schema.org/name": [{"@value": "T"}], "http://schema.org/description": [{"@value": "D"}]}],
        {"@context": "http://schema.org", "@type": "WebPage", "mainEntity": {"@type": "Dataset", "name": "T", "description": "D"}},
        {"@context": "http://schema.org", "@type": "DataCatalog", "name": "all", "dataset": [{"@type": "Dataset", "name": "T", "description": "D"}]},
        {"@context": "http://schema.org", "@graph": [{"@type": "WebPage", "mainEntity": {"@id": "#d"}}, {"@id": "#d", "@type": "Dataset", "name": {"@id": "#n"}, "description": "D"}, {"@id": "#n", "name": "T"}]},
    ],
)  # fmt: skip
def test_a_dataset_is_found_however_it_is_written(document: Any) -> None:
    (found,) = read(document)
    assert isinstance(found, Record)
    assert (str(found.title), str(found.abstract), found.kind) == ("T", "D", "dataset")


def test_a_web_page_gives_what_its_scripts_describe() -> None:
    page = b"""<!DOCTYPE html><html><head><title>x</title><script>var a = "{";</script>
      <script type="application/ld+json">{"@context": "https://schema.org/", "@type": "Dataset", "name": "One"}</script>
      <script data-x="1" type='application/ld+json'> [{"@context": "https://schema.org/", "@type": "Dataset", "name": "Two"}] </script>
      <script type="application/ld+json">{"@type": "Organization", "name": "Us"}</script></head></html>"""
    assert [str(r.title) for r in read(page) if isinstance(r, Record)] == ["One", "Two"]
    assert FORMAT.recognise(page[:4096], "page.html") > 0
    (refused,) = read(b"<html><body>nothing</body></html>")
    assert isinstance(refused, Refusal)


def test_a_page_of_endless_scripts_costs_no_more_than_its_length() -> None:
    started = time.process_time()
    hold(b"<html>" + b"<script type=application/ld+json>" * 100_000, FORMAT)
    hold(b"<html>" + b"<script type=application/ld+json>{</script>" * 50_000, FORMAT)
    assert time.process_time() - started < 8


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ("-68.4817 -75.8183 -65.08 -68.5033", (-75.8183, -68.4817, -68.5033, -65.08)),
        ("-68.4817,-75.8183 -65.08,-68.5033", (-75.8183, -68.4817, -68.5033, -65.08)),
        ("40, -5, 51, 10", (-5, 40, 10, 51)),
        ("120 -40 150 -10", (120, -40, 150, -10)),  # longitude first, against the standard
        ("-20 170 -10 -175", (170, -20, -175, -10)),
    ],
)
def test_a_box_is_latitude_first(box: str, expected: tuple[float, ...]) -> None:
    assert one(spatialCoverage={"@type": "Place", "geo": {"@type": "GeoShape", "box": box}}).extent.boxes == (
        Box(*expected),
    )


def test_shapes_points_and_names_of_places() -> None:
    record = one(
        spatialCoverage=[
            {"@type": "Place", "name": "Here", "geo": {"@type": "GeoCoordinates", "latitude": "48.4", "longitude": -4.5}},
            {"@type": "Place", "geo": [{"@type": "GeoShape", "polygon": "0 0 0 4 3 0 0 0"}, {"@type": "GeoShape", "line": "1,2 3,4"}]},
            {"@type": "Place", "geo": {"@type": "GeoShape", "polygon": "40,-5 40,10 51,10 51,-5 40,-5"}},
            {"@id": "http://sws.geonames.org/1", "@type": "Place", "name": "There"}, "In words",
            {"@type": "Place", "geo": {"@type": "GeoShape", "box": "nonsense"}}, {"@type": "Place", "geo": {"box": "95 0 99 100"}},
        ]
    )  # fmt: skip
    assert record.extent.boxes == (Box(-4.5, 48.4, -4.5, 48.4), Box(-5, 40, 10, 51))
    assert record.extent.geometries == ("POLYGON((0 0,4 0,0 3,0 0))", "LINESTRING(2 1,4 3)")
    assert record.extent.places == (Text.of("Here"), Text.of("In words"))
    assert record.words("place") == (
        Concept(label=Text.of("There"), role="place", uri="http://sws.geonames.org/1"),
    )
    assert len(record.warnings) == 2


@pytest.mark.parametrize(
    ("coverage", "period"),
    [
        ("2001-08-06/2002-09-09", ("2001-08-06", "2002-09-09")), ("2012/..", ("2012", "")), ("2010-05", ("2010-05", "2010-05")),
        ({"@type": "time:ProperInterval", "time:hasBeginning": {"time:inXSDDateTimeStamp": "1980-03-27T19:36:00Z"}, "time:hasEnd": {"time:inXSDDate": {"@value": "1981-01-03"}}}, ("1980-03-27T19:36:00Z", "1981-01-03")),
        ({"@type": "DateTimeInterval", "startDate": "1999"}, ("1999", "")),
    ],
)  # fmt: skip
def test_temporal_coverage(coverage: Any, period: tuple[str, str]) -> None:
    assert one(temporalCoverage=coverage).extent.periods == (Period(*period),)


def test_a_bad_date_is_left_out_with_a_warning() -> None:
    record = one(temporalCoverage="760,000 years ago", datePublished="11/25/2020x")
    assert record.extent.periods == ()
    assert len(record.warnings) == 2


def test_identifiers_of_every_shape() -> None:
    record = one(**{
        "@id": "https://doi.org/10.1594/PANGAEA.842237",
        "identifier": [{"@type": "PropertyValue", "propertyID": "minid", "value": "ark:/99999/fk4"}, "doi:10.1594/PANGAEA.842237",
                       {"@type": "PropertyValue", "propertyID": "https://registry.identifiers.org/registry/doi", "value": "doi:10.5066/F7VX0DMQ", "url": "https://doi.org/10.5066/F7VX0DMQ"}],
        "sameAs": "https://other.example.org/1", "url": "https://page.example.org",
    })  # fmt: skip
    assert record.identifier == "ark:/99999/fk4"
    assert set(record.identifiers) == {
        Identifier("10.1594/pangaea.842237", "doi"), Identifier("10.5066/f7vx0dmq", "doi"),
        Identifier("https://other.example.org/1", "uri"),
    }  # fmt: skip
    assert record.landing_page == "https://page.example.org"
    assert one(**{"@id": "https://x.example.org/1"}).identifier == "https://x.example.org/1"


def test_people_organisations_and_roles() -> None:
    record = one(
        creator={"@list": [{"@type": "Person", "givenName": "Ada", "familyName": "Ng", "@id": "https://orcid.org/0000-0002-1825-0097", "affiliation": {"@type": "Organization", "name": "Ifremer"}}, "In words"]},
        publisher={"@type": "Organization", "name": "SEANOE", "contactPoint": {"email": "mailto:a@example.org"}, "url": "https://s.example.org"},
        contributor={"@type": "Role", "roleName": "Principal Investigator", "contributor": {"@type": "Person", "name": "Le Goff, Anne"}},
        funder={"@id": "https://ror.org/00rbzpz17"}, provider=[], editor=None,
    )  # fmt: skip
    assert [(p.role, p.name, str(p.organisation)) for p in record.parties] == [
        ("author", "Ng, Ada", "Ifremer"), ("author", "", "In words"), ("publisher", "", "SEANOE"),
        ("principalInvestigator", "Le Goff, Anne", ""), ("funder", "", ""),
    ]  # fmt: skip
    assert record.parties[0].identifier == "https://orcid.org/0000-0002-1825-0097"
    assert record.parties[2].email == "a@example.org"
    assert record.parties[4].identifier == "https://ror.org/00rbzpz17"


def test_keywords_as_a_string_a_list_and_terms() -> None:
    assert [str(c.label) for c in one(keywords="a, b ,c,").concepts] == ["a", "b", "c"]
    record = one(
        keywords=["sea, open", {"@type": "DefinedTerm", "name": "krill", "url": "https://v.example.org/1", "inDefinedTermSet": {"name": "V", "url": "https://v.example.org"}}],
        about=[{"@type": "Thing", "name": "Ocean"}, "Climate"],
    )  # fmt: skip
    assert record.words("keyword") == (
        Concept(label=Text.of("sea, open")), Concept(label=Text.of("krill"), uri="https://v.example.org/1", scheme="V", scheme_uri="https://v.example.org"),
    )  # fmt: skip
    assert [str(c.label) for c in record.words("theme")] == ["Ocean", "Climate"]


def test_variables_distributions_licences_and_the_rest() -> None:
    record = one(
        variableMeasured=["depth", {"@type": "PropertyValue", "name": "sst", "alternateName": "Sea surface temperature", "unitText": "K", "propertyID": ["http://vocab.nerc.ac.uk/standard_name/sea_surface_temperature/", "https://v.example.org/sst"]}],
        distribution=[{"@type": "DataDownload", "contentUrl": "https://f.example.org/a.csv", "encodingFormat": ["text/csv", "CSV"], "contentSize": "1.5 MB", "sha256": "AB12"}, "https://f.example.org/b"],
        contentUrl="s3://bucket/c", license=["https://creativecommons.org/licenses/by/4.0/", {"@type": "CreativeWork", "name": "Own terms"}],
        potentialAction={"@type": "SearchAction", "target": {"@type": "EntryPoint", "urlTemplate": "https://s.example.org?q={q}"}},
        isAccessibleForFree="true", conditionsOfAccess="On request", usageInfo={"@type": "CreativeWork", "url": "https://u.example.org"},
        isPartOf={"@id": "https://doi.org/10.5438/0000-00SS", "@type": "Blog", "name": "Whole"}, citation=["Ng, A. (2020) A paper", "https://doi.org/10.1038/X"],
        funding={"@type": "MonetaryGrant", "identifier": "ANR-1", "funder": {"@type": "Organization", "name": "ANR"}}, inLanguage=["fr", {"@type": "Language", "alternateName": "en"}],
        thumbnailUrl="https://t.example.org/1.png", version=1.5, creditText="Thanks", sdDatePublished="2020-01-01",
    )  # fmt: skip
    assert record.variables == (
        Variable(name="depth"),
        Variable(name="sst", label=Text.of("Sea surface temperature"), standard_name="sea_surface_temperature", unit="K", uri="https://v.example.org/sst"),
    )  # fmt: skip
    file = record.distributions[0]
    assert (file.media_type, file.format, file.size_bytes, file.checksum, file.function) == (
        "text/csv",
        "CSV",
        1_500_000,
        "sha256:ab12",
        "download",
    )
    assert [(d.url, d.function) for d in record.distributions[1:]] == [
        ("https://f.example.org/b", "download"), ("s3://bucket/c", "download"), ("https://s.example.org?q={q}", "search"),
    ]  # fmt: skip
    assert record.licences == (
        Licence(uri="https://creativecommons.org/licenses/by/4.0/", spdx="CC-BY-4.0"),
        Licence(name=Text.of("Own terms")),
    )
    assert record.access == "open"
    assert [(c.kind, str(c.text), c.uri) for c in record.constraints] == [
        ("access", "On request", ""),
        ("use", "", "https://u.example.org"),
    ]
    assert record.relations == (
        Relation(kind="IsPartOf", target="10.5438/0000-00ss", scheme="doi", title=Text.of("Whole")),
        Relation(kind="References", title=Text.of("Ng, A. (2020) A paper")), Relation(kind="References", target="10.1038/x", scheme="doi"),
    )  # fmt: skip
    assert record.fundings == (Funding(funder="ANR", award="ANR-1"),)
    assert (record.language, record.version, str(record.credit), record.metadata_date) == (
        ("fr", "en"),
        "1.5",
        "Thanks",
        "2020-01-01",
    )


def test_languages_of_words_and_of_the_document() -> None:
    (found,) = read({
        "@context": ["https://schema.org/", {"@language": "fr"}], "@type": "Dataset",
        "name": ["Mer", {"@language": "en", "@value": "Sea"}, {"@language": None, "@value": "x"}],
    })  # fmt: skip
    assert isinstance(found, Record)
    assert found.title == Text((("fr", "Mer"), ("en", "Sea"), ("", "x")))


def test_a_dataset_without_name_or_identifier_is_refused_by_its_words() -> None:
    found = read(
        {
            "@context": "https://schema.org/",
            "@graph": [
                {"@type": "Dataset", "description": "Very old zircons"},
                {"@type": "Dataset", "name": "T"},
            ],
        }
    )
    assert isinstance(found[0], Refusal)
    assert "Very old zircons" in found[0].why
    assert isinstance(found[1], Record)
    (nothing,) = read({"@context": "https://schema.org/", "@type": "Person", "name": "Ada"})
    assert isinstance(nothing, Refusal)
    assert "Person" in nothing.why


VALID = (
    {
        "@context": ["https://schema.org/", {"@language": "en"}], "@type": "Dataset", "@id": "https://x.example.org/1", "name": "T",
        "identifier": [{"@type": "PropertyValue", "propertyID": "doi", "value": "10.1/x"}], "keywords": ["a", {"name": "b"}],
        "creator": {"@list": [{"@type": "Person", "name": "A", "affiliation": {"name": "B"}}]}, "license": [{"url": "https://l.example.org"}],
        "spatialCoverage": [{"geo": {"box": "1 2 3 4"}}, {"geo": [{"polygon": "0 0 0 1 1 1 0 0"}]}], "temporalCoverage": ["2000/2001"],
        "distribution": [{"contentUrl": "https://f.example.org", "contentSize": "1 MB", "encodingFormat": "text/csv"}],
        "variableMeasured": [{"name": "v", "propertyID": ["https://p.example.org"]}], "funding": [{"funder": {"name": "F"}}],
        "citation": [{"identifier": "x"}, "words in a row"], "inLanguage": "en", "datePublished": "2020", "about": [{"name": "z"}],
        "potentialAction": [{"target": {"urlTemplate": "https://t.example.org"}}],
    },
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
@given(mutated(VALID))
def test_documents_gone_wrong_are_read_or_refused(body: bytes) -> None:
    hold(body, FORMAT)


@settings(max_examples=16, deadline=None)
@given(hostile())
def test_nonsense_is_refused(body: bytes) -> None:
    hold(body, FORMAT)


# Real documents -------------------------------------------------------------------------------------------


def test_real_documents_are_read(shared_data: Path) -> None:
    catalogue = shared_data / "catalogue"
    files = [
        *(catalogue / "schemaorg").iterdir(),
        *(catalogue / "datacite/bolognese").glob("schema_org*"),
        catalogue / "eml/emld/extdata/schema-org-dataset.json",
    ]
    found: dict[str, list[Record | Refusal]] = {}
    for path in files:
        document = Document(path.name, path.read_bytes(), path)
        assert formats.recognise(document) == FORMAT, path.name
        found[path.name] = list(formats.read(document))  # type: ignore[arg-type]
    refused = {name for name, results in found.items() if not any(isinstance(one, Record) for one in results)}
    # Examples of coverage in geological time and of variables, each without a name.
    assert refused == {
        "temporalCoverage.jsonld",
        "variableMeasured_AstroMaterials_analysis.jsonld",
        "variableMeasured_USGS-NWIS_surfaceWater.jsonld",
    }
    krill = found["variableMeasured_LarvalKrill.jsonld"][0]
    assert isinstance(krill, Record)
    assert krill.extent.boxes == (Box(-75.8183, -68.4817, -68.5033, -65.08),)
    assert krill.extent.periods == (Period("2001-08-06", "2002-09-09"),)
    assert krill.variables[1].unit == "year"
    tara = found["schema_org_geoshape.json"][0]
    assert isinstance(tara, Record)
    assert (tara.doi, len(tara.variables), str(tara.parties[2].organisation)) == (
        "10.1594/pangaea.842237",
        49,
        "PANGAEA",
    )


def test_research_objects_give_their_root(shared_data: Path) -> None:
    path = shared_data / "packages/ro-crate/spec/1.1/ro-crate-metadata.json"
    (found,) = formats.read(Document(path.name, path.read_bytes(), path))
    assert isinstance(found, Record)
    assert (str(found.title), found.doi) == ("RO-Crate specification dataset", "10.5281/zenodo.5841615")


# Writing --------------------------------------------------------------------------------------------------


def written(record: Record) -> dict[str, Any]:
    assert FORMAT.write is not None
    return json.loads(FORMAT.write(record, LINKS).body)


def test_what_search_engines_ask_for_is_there() -> None:
    record = Record(
        id="sea-1", identifier="uuid-1", identifiers=(Identifier("10.12770/abc", "doi"),), title=Text((("fr", "Mer"), ("en", "Sea"))),
        access="open", parties=(Party(role="author", name="Ng, Ada"), Party(role="processor", organisation=Text.of("P"))),
        extent=Extent(boxes=(Box(-5.0, 40.0, 10.0, 51.0), Box(1.0, 2.0, 1.0, 2.0)), periods=(Period("2000", ""),)),
        licences=(Licence(uri="https://creativecommons.org/licenses/by/4.0/", spdx="CC-BY-4.0"),), concepts=(Concept(label=Text.of("one, word", "fr")),),
        distributions=(Distribution(url="https://f.example.org/a.csv", function="download", media_type="text/csv", size_bytes=5),),
    )  # fmt: skip
    said = written(record)
    assert said["@context"] == ["https://schema.org/", {"@language": "fr"}]
    assert (said["@type"], said["@id"], said["url"]) == (
        "Dataset",
        "https://node.example.org/data/sea-1",
        "https://node.example.org/data/sea-1",
    )
    assert said["name"] == ["Mer", {"@language": "en", "@value": "Sea"}] == said["description"]
    assert said["sameAs"] == "https://doi.org/10.12770/abc"
    assert said["spatialCoverage"][0]["geo"] == {"@type": "GeoShape", "box": "40 -5 51 10"}
    assert said["spatialCoverage"][1]["geo"] == {"@type": "GeoCoordinates", "latitude": 2.0, "longitude": 1.0}
    assert said["temporalCoverage"] == "2000/.."
    assert said["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert said["isAccessibleForFree"] is True
    assert said["creator"] == {"@type": "Person", "name": "Ada Ng", "givenName": "Ada", "familyName": "Ng"}
    assert said["contributor"]["roleName"] == "processor"
    assert said["keywords"] == {"@type": "DefinedTerm", "name": "one, word"}
    assert said["distribution"]["contentUrl"] == "https://f.example.org/a.csv"


def test_losses_are_stated_by_value() -> None:
    assert FORMAT.write is not None
    record = Record(
        identifier="1", title=Text.of("T"), lineage=Text.of("made"), crs=("EPSG:4326",), concepts=(Concept(label=Text.of("p"), role="platform"),),
        relations=(Relation(kind="Documents", target="https://x.example.org", scheme="uri"),), constraints=(Constraint(kind="security", code="secret"),),
        distributions=(Distribution(url="https://x.example.org", checksum="md5:ab"),), extent=Extent(geometries=("POINT(1 2)",)),
    )  # fmt: skip
    assert {loss.field for loss in FORMAT.write(record, LINKS).losses} == {
        "lineage", "crs", "concepts.role", "relations", "constraints", "constraints.code", "distributions.checksum", "extent.geometries",
    }  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
@given(records())
def test_every_record_comes_back_but_for_what_was_said_to_be_lost(record: Record) -> None:
    assert FORMAT.write is not None
    record = replace(distinct(record), id="x")
    out = FORMAT.write(record, LINKS)
    (back,) = formats.read(Document("d", out.body), FORMAT)
    assert isinstance(back, Record), back
    mine, theirs = kept(record, out.losses), kept(back, out.losses)
    if record.extent.geometries and not record.extent.boxes:
        theirs["extent"]["boxes"] = []
    assert mine == theirs


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(st.text(max_size=12), st.sampled_from(("http://a b/{c}", "\ud800", "\x00", "", "://", "10.1/x")))
def test_garbage_in_a_record_never_breaks_what_is_written(word: str, bad: str) -> None:
    text = Text(((word, bad),))
    record = Record(
        identifier=bad, title=text, identifiers=(Identifier(bad, word),), landing_page=bad, thumbnails=(bad,), parties=(Party(role=word, name=bad, url=bad, identifier=bad),),
        concepts=(Concept(label=text, uri=bad, scheme=word), Concept(role="place", uri=bad)), variables=(Variable(name=word, uri=bad),),
        extent=Extent(geometries=(bad,), places=(text,)), distributions=(Distribution(url=bad, checksum=word, format=bad),), licences=(Licence(uri=bad, spdx=word),),
        relations=(Relation(kind="IsPartOf", target=bad, scheme="doi"),), fundings=(Funding(funder_identifier=bad),), kind="model",
    )  # fmt: skip
    assert FORMAT.write is not None
    body = FORMAT.write(record, LINKS).body
    assert json.loads(body)
    hold(body, FORMAT)


def test_real_iso_records_survive_schema_org(shared_data: Path) -> None:
    assert FORMAT.write is not None
    count = 0
    for path in sorted((shared_data / "catalogue/iso19139").rglob("*.xml"))[1::5]:
        for record in formats.read(Document(path.name, path.read_bytes()), formats.find("iso19139")):
            if not isinstance(record, Record) or not record.title or not record.identifier:
                continue
            (back,) = formats.read(Document("w", FORMAT.write(replace(record, id="x"), LINKS).body), FORMAT)
            assert isinstance(back, Record)
            for name in (
                "title",
                "identifier",
                "created",
                "published",
                "revised",
                "version",
                "variables",
                "credit",
            ):
                assert getattr(back, name) == getattr(record, name), (path.name, name)
            assert back.extent.box == record.extent.box
            assert {one.url for one in back.distributions} == {
                one.url for one in record.distributions if one.url
            }
            count += 1
    assert count > 50


def test_the_contract_of_formats() -> None:
    check_format(FORMAT, 5, shrink=False)
