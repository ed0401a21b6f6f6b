"""EML: each part of a small document, then the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estran import formats
from estran.formats import Document, Refusal
from estran.formats.eml import FORMAT
from estran.model import Box, Funding, Licence, Period, Record, Text, Vertical

if TYPE_CHECKING:
    from pathlib import Path

SPACE = "https://eml.ecoinformatics.org/eml-2.2.0"


def eml(inside: str, package: str = "knb.1.2") -> bytes:
    return (
        f'<eml:eml xmlns:eml="{SPACE}" packageId="{package}" system="knb" xml:lang="en">'
        f"<dataset><title>Kelp</title>{inside}</dataset></eml:eml>"
    ).encode()


def read(body: bytes) -> Record:
    document = Document("e.xml", body)
    assert FORMAT.recognise(document.head, "e.xml") == 1.0
    (record,) = formats.read(document, FORMAT)
    assert isinstance(record, Record), record
    return record


@pytest.mark.parametrize("version", ["2.0.1", "2.1.0", "2.1.1"])
def test_older_versions_are_read_alike(version: str) -> None:
    body = eml("").replace(SPACE.encode(), f"eml://ecoinformatics.org/eml-{version}".encode())
    record = read(body)
    assert record.metadata_standard == f"EML {version}"
    assert str(record.title) == "Kelp"


@pytest.mark.parametrize(
    ("element", "kind"), [("citation", "publication"), ("software", "software"), ("protocol", "other")]
)
def test_other_resources_have_their_kind(element: str, kind: str) -> None:
    body = eml("").replace(b"dataset>", f"{element}>".encode())
    assert read(body).kind == kind


def test_a_part_of_a_document_is_not_taken_for_one() -> None:
    head = b'<att:attributeList xmlns:att="https://eml.ecoinformatics.org/attribute-2.2.0">'
    assert FORMAT.recognise(head, "x.xml") == 0.0


def test_identifiers_and_revision() -> None:
    record = read(
        eml(
            '<alternateIdentifier system="https://doi.org">doi:10.6073/PASTA/AB</alternateIdentifier>',
            "knb-lter-x.14.9",
        )
    )
    assert record.identifier == "knb-lter-x.14.9"
    assert record.doi == "10.6073/pasta/ab"
    assert record.version == "9"
    assert read(eml("", "doi:10.18739/A2")).doi == "10.18739/a2"


def test_people_their_roles_and_references() -> None:
    record = read(
        eml(
            '<creator id="p1"><individualName><givenName>Anne</givenName><givenName>M</givenName><surName>Le Goff</surName>'
            "</individualName><organizationName>CNRS</organizationName><electronicMailAddress>a@example.org"
            '</electronicMailAddress><userId directory="https://orcid.org">0000-0002-1825-0097</userId></creator>'
            "<metadataProvider><organizationName>Archive</organizationName></metadataProvider>"
            "<associatedParty><individualName><surName>Ng</surName></individualName><role>Principal Investigator</role>"
            "</associatedParty><associatedParty><organizationName>Lab</organizationName><role>field crew</role></associatedParty>"
            "<contact><references>p1</references></contact>"
        )
    )
    assert [(p.role, p.name, p.identifier) for p in record.parties] == [
        ("author", "Le Goff, Anne M", "https://orcid.org/0000-0002-1825-0097"),
        ("pointOfContact", "Le Goff, Anne M", "https://orcid.org/0000-0002-1825-0097"),
        ("principalInvestigator", "Ng", ""),
        ("field crew", "", ""),
    ]
    assert [str(p.organisation) for p in record.metadata_parties] == ["Archive"]


def test_texts_with_sections_markdown_and_translations() -> None:
    record = read(
        eml(
            '<abstract><section><title>Why</title><para>Kelp <emphasis>grows</emphasis>\n   fast.<value xml:lang="fr">'
            "Le varech</value></para></section><markdown>\n    # How\n\n    - by sea\n  </markdown></abstract>"
        )
    )
    assert record.abstract.within("en") == "Why\n\nKelp grows fast.\n\n# How\n\n- by sea"
    assert record.abstract.within("fr") == "Le varech"


def test_coverage_in_space_height_time_and_taxa() -> None:
    record = read(
        eml(
            "<coverage><geographicCoverage><geographicDescription>Molène</geographicDescription><boundingCoordinates>"
            "<westBoundingCoordinate>-5.1</westBoundingCoordinate><eastBoundingCoordinate>-4.9</eastBoundingCoordinate>"
            "<northBoundingCoordinate>48.5</northBoundingCoordinate><southBoundingCoordinate>48.3</southBoundingCoordinate>"
            "<boundingAltitudes><altitudeMinimum>-30</altitudeMinimum><altitudeMaximum>2</altitudeMaximum><altitudeUnits>"
            "meter</altitudeUnits></boundingAltitudes></boundingCoordinates><datasetGPolygon><datasetGPolygonOuterGRing>"
            "<gRing>-5.1,48.3 -4.9,48.3 -4.9,48.5</gRing></datasetGPolygonOuterGRing></datasetGPolygon></geographicCoverage>"
            "<temporalCoverage><singleDateTime><calendarDate>1998</calendarDate></singleDateTime></temporalCoverage>"
            "<temporalCoverage><rangeOfDates><beginDate><calendarDate>2001-05</calendarDate></beginDate><endDate>"
            "<calendarDate>2003</calendarDate></endDate></rangeOfDates></temporalCoverage><temporalCoverage><singleDateTime>"
            "<alternativeTimeScale><timeScaleName>ICS</timeScaleName><timeScaleAgeEstimate>Jurassic</timeScaleAgeEstimate>"
            "</alternativeTimeScale></singleDateTime></temporalCoverage><taxonomicCoverage><taxonomicClassification>"
            "<taxonRankValue>Laminaria</taxonRankValue><taxonomicClassification><taxonRankValue>Laminaria digitata"
            "</taxonRankValue><commonName>Oarweed</commonName></taxonomicClassification></taxonomicClassification>"
            "</taxonomicCoverage></coverage>"
        )
    )
    extent = record.extent
    assert extent.boxes == (Box(-5.1, 48.3, -4.9, 48.5),)
    assert extent.vertical == (Vertical(-30, 2),)
    assert extent.geometries == ("POLYGON((-5.1 48.3,-4.9 48.3,-4.9 48.5,-5.1 48.3))",)
    assert extent.places == (Text.of("Molène", "en"),)
    assert extent.periods == (Period("1998", "1998"), Period("2001-05", "2003"))
    assert [(c.role, str(c.label)) for c in record.concepts] == [
        ("taxon", "Laminaria digitata"), ("taxon", "Oarweed"), ("time", "Jurassic"),
    ]  # fmt: skip


def test_polygon_that_crosses_itself_is_left_out_with_a_warning() -> None:
    ring = "0,0 2,2 2,0 0,2 0,0"
    record = read(
        eml(
            f"<coverage><geographicCoverage><datasetGPolygon><datasetGPolygonOuterGRing><gRing>{ring}</gRing>"
            "</datasetGPolygonOuterGRing></datasetGPolygon></geographicCoverage></coverage>"
        )
    )
    assert record.extent.geometries == ()
    assert "crosses itself" in record.warnings[0]


def test_rights_keywords_funding_methods() -> None:
    record = read(
        eml(
            "<keywordSet><keyword>reef</keyword><keyword keywordType='place'>Molène</keyword><keywordThesaurus>LTER"
            "</keywordThesaurus></keywordSet><intellectualRights><para>See https://creativecommons.org/licenses/by/4.0/."
            "</para></intellectualRights><licensed><licenseName>CC Zero</licenseName><url>https://spdx.org/licenses/CC0-1.0"
            "</url><identifier>CC0-1.0</identifier></licensed><methods><methodStep><description><para>Dived.</para>"
            "</description></methodStep></methods><project><title>MARES</title><award><funderName>ANR</funderName>"
            "<awardNumber>20-1</awardNumber><title>Tides</title></award></project>"
        )
    )
    assert [(c.role, str(c.label), c.scheme) for c in record.concepts] == [
        ("keyword", "reef", "LTER"), ("place", "Molène", "LTER"), ("project", "MARES", ""),
    ]  # fmt: skip
    assert {one.spdx for one in record.licences} == {"CC0-1.0", "CC-BY-4.0"}
    assert str(record.constraints[0].text).startswith("See https")
    assert str(record.lineage) == "Dived."
    assert record.fundings == (Funding(funder="ANR", award="20-1", award_title="Tides"),)


def test_files_and_columns() -> None:
    record = read(
        eml(
            "<distribution><online><url function='information'>https://example.org/kelp</url></online></distribution>"
            "<dataTable><entityName>Counts</entityName><physical><objectName>counts.csv</objectName><size unit='KB'>2.5</size>"
            "<authentication method='SHA-256'>AB12</authentication><dataFormat><textFormat><simpleDelimited><fieldDelimiter>,"
            "</fieldDelimiter></simpleDelimited></textFormat></dataFormat><distribution><online><url>https://example.org/c.csv"
            "</url></online></distribution></physical><attributeList><attribute><attributeName>temp</attributeName>"
            "<attributeDefinition>Sea temperature</attributeDefinition><measurementScale><ratio><unit><standardUnit>celsius"
            "</standardUnit></unit></ratio></measurementScale></attribute></attributeList></dataTable>"
        )
    )
    assert record.landing_page == "https://example.org/kelp"
    _, table = record.distributions
    assert (table.url, table.name, table.format, table.function) == (
        "https://example.org/c.csv", "counts.csv", "CSV", "download",
    )  # fmt: skip
    assert (table.size_bytes, table.checksum) == (2500, "sha256:ab12")
    (variable,) = record.variables
    assert (variable.name, variable.unit, str(variable.description)) == ("temp", "celsius", "Sea temperature")


def test_works_that_cite_the_data() -> None:
    record = read(
        eml(
            "<literatureCited><bibtex>@article{a, title = {The {Sea}}, doi = {10.1000/AB}} @book{b, title={Shore}}</bibtex>"
            "</literatureCited><usageCitation><alternateIdentifier>https://doi.org/10.1000/use</alternateIdentifier>"
            "<title>Uses it</title></usageCitation>"
        )
    )
    assert [(r.kind, r.target, str(r.title)) for r in record.relations] == [
        ("IsCitedBy", "10.1000/use", "Uses it"), ("References", "10.1000/ab", "The Sea"), ("References", "", "Shore"),
    ]  # fmt: skip


def test_document_without_a_resource_is_refused() -> None:
    document = Document("e.xml", f'<eml:eml xmlns:eml="{SPACE}" packageId="x"><access/></eml:eml>'.encode())
    (refusal,) = formats.read(document, FORMAT)
    assert isinstance(refusal, Refusal)
    assert "no dataset" in refusal.why


def test_real_documents(shared_data: Path) -> None:
    found: dict[str, Record] = {}
    for path in sorted((shared_data / "catalogue/eml").rglob("*.xml")):
        document = Document(path.name, path.read_bytes(), path)
        if FORMAT.recognise(document.head, document.name):
            for result in formats.read(document, FORMAT):
                assert isinstance(result, Record), (path, result)
                found[str(path.relative_to(shared_data / "catalogue/eml"))] = result
    assert len(found) == 87
    forest = found["emld/extdata/hf205.xml"]
    assert len(forest.variables) > 5
    assert forest.extent.boxes
    arctic = found["metadig/doi:10.18739_A2W08WG3R.xml"]
    assert {"Date", "LAT (N)"} <= {v.name for v in arctic.variables}
    assert any(p.identifier.startswith("https://orcid.org/") for p in arctic.parties)
    paper = found["emld/tests/eml-2.2.0/eml-data-paper.xml"]
    assert (
        Licence(
            name=Text.of("Creative Commons Attribution 4.0 International"),
            uri="https://spdx.org/licenses/CC-BY-4.0.html",
            spdx="CC-BY-4.0",
        )
        in paper.licences
    )
