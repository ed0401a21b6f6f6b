"""DataCite: each part in XML and JSON, then DataCite's own examples and damaged files, then what is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from estran import formats
from estran.formats import Document, Format, Links, Refusal
from estran.formats.datacite import FORMAT_JSON, FORMAT_XML
from estran.model import (
    Box,
    Extent,
    Funding,
    Identifier,
    Licence,
    Party,
    Period,
    Record,
    Relation,
    Text,
    plain,
)
from estran.testing.strategies import records

from .mutations import hold, hostile, mutated

if TYPE_CHECKING:
    from pathlib import Path

LINKS = Links("https://node.example.org")
SPACE = "http://datacite.org/schema/kernel-4"
BOTH = pytest.mark.parametrize("form", [FORMAT_JSON, FORMAT_XML], ids=lambda f: f.name)


def xml(inside: str, kernel: str = "4", *, bare: bool = False) -> Record:
    usual = (
        '<identifier identifierType="DOI">10.5555/ABC</identifier>'
        "<titles><title>Kelp</title></titles><publisher>House</publisher>"
        '<publicationYear>2020</publicationYear><resourceType resourceTypeGeneral="Dataset"/>'
    )
    body = f'<resource xmlns="http://datacite.org/schema/kernel-{kernel}">{"" if bare else usual}{inside}</resource>'
    (record,) = formats.read(Document("d.xml", body.encode()), FORMAT_XML)
    assert isinstance(record, Record), record
    return record


def js(**members: Any) -> Record:
    value = {"doi": "10.5555/ABC", "titles": [{"title": "Kelp"}], **members}
    (record,) = formats.read(Document("d.json", json.dumps(value).encode()), FORMAT_JSON)
    assert isinstance(record, Record), record
    return record


def test_the_mandatory_properties() -> None:
    record = xml("<creators><creator><creatorName>Smith, John</creatorName></creator></creators>")
    assert (record.identifier, record.doi) == ("10.5555/ABC", "10.5555/abc")
    assert (str(record.title), record.published, record.kind) == ("Kelp", "2020", "dataset")
    assert record.parties == (
        Party(role="author", name="Smith, John"),
        Party(role="publisher", organisation=Text.of("House")),
    )


def test_people_and_organisations() -> None:
    record = xml(
        """<creators>
          <creator><creatorName nameType="Personal">X</creatorName><givenName>Jo</givenName><familyName>Ray</familyName>
            <nameIdentifier nameIdentifierScheme="ORCID" schemeURI="https://orcid.org">0000-0001-5393-1421</nameIdentifier>
            <affiliation>Ifremer</affiliation><affiliation>CNRS</affiliation></creator>
          <creator><creatorName nameType="Organizational" xml:lang="en">Team</creatorName>
            <nameIdentifier nameIdentifierScheme="ROR">04wxnsj81</nameIdentifier></creator>
          <creator><creatorName>つまらない</creatorName>
            <nameIdentifier nameIdentifierScheme="ISNI">0000000134596520</nameIdentifier></creator>
        </creators>
        <contributors><contributor contributorType="DataCurator"><contributorName>Ng, Li</contributorName></contributor>
          <contributor contributorType="WorkPackageLeader"><contributorName>Öz, A</contributorName></contributor>
          <contributor contributorType="Funder"><contributorName>ANR</contributorName></contributor></contributors>"""
    )
    assert record.of_role("author") == (
        Party(
            role="author",
            name="Ray, Jo",
            organisation=Text.of("Ifremer; CNRS"),
            identifier="https://orcid.org/0000-0001-5393-1421",
        ),
        Party(role="author", organisation=Text.of("Team", "en"), identifier="https://ror.org/04wxnsj81"),
        Party(
            role="author",
            organisation=Text.of("つまらない"),
            identifier="https://isni.org/isni/0000000134596520",
        ),
    )
    assert [p.name for p in record.of_role("custodian")] == ["Ng, Li"]
    assert [p.name for p in record.of_role("WorkPackageLeader")] == ["Öz, A"]
    assert record.fundings == (Funding(funder="ANR"),)


def test_titles_in_languages_and_of_types() -> None:
    record = xml(
        """<titles><title xml:lang="sl">Prvi</title><title xml:lang="sl" titleType="Subtitle">Pod</title>
        <title xml:lang="en-GB" titleType="TranslatedTitle">First</title>
        <title titleType="AlternativeTitle">Other</title></titles>""",
        bare=True,
    )
    assert record.title == Text((("sl", "Prvi"), ("en", "First")))
    assert [str(t) for t in record.alternate_titles] == ["Pod", "Other"]


@pytest.mark.parametrize(
    ("dates", "field", "value"),
    [
        ([("Issued", "2020-03-04")], "published", "2020-03-04"),
        ([("Created", "-0024/-0022")], "created", "-0024"),
        ([("Updated", "2020-01-01T10:00:00+01:00")], "revised", "2020-01-01T09:00:00Z"),
        ([("Available", ":tba"), ("Available", "2021")], "available", "2021"),
        ([("Withdrawn", "2021")], "status", "withdrawn"),
    ],
)
def test_dates(dates: list[tuple[str, str]], field: str, value: str) -> None:
    found = "".join(f'<date dateType="{kind}">{day}</date>' for kind, day in dates)
    record = xml(f"<dates>{found}</dates>")
    assert getattr(record, field) == value
    assert record.warnings == ()


@pytest.mark.parametrize(
    ("given", "period"),
    [
        ("2012-12-01/2012-12-31", Period("2012-12-01", "2012-12-31")),
        ("2012-12-01", Period("2012-12-01", "2012-12-01")),
        ("2012/", Period("2012", "")),
        ("/2012", Period("", "2012")),
        ("2004-03-02 / ..", Period("2004-03-02", "")),
    ],
)
@pytest.mark.parametrize("kind", ["Collected", "Valid", "Coverage"])
def test_periods(given: str, period: Period, kind: str) -> None:
    assert js(dates=[{"date": given, "dateType": kind}]).extent.periods == (period,)


def test_a_date_that_is_none_is_told() -> None:
    record = js(
        dates=[{"date": "hier", "dateType": "Issued"}, {"date": "2024-02-30", "dateType": "Collected"}]
    )
    assert record.published == ""
    assert len(record.warnings) == 2


@pytest.mark.parametrize(
    ("general", "words", "kind", "label"),
    [
        ("Dataset", "", "dataset", ""),
        ("Dataset", "Census Data", "dataset", "Census Data"),
        ("JournalArticle", "", "publication", "JournalArticle"),
        ("DataPaper", "Fact sheet", "publication", "DataPaper/Fact sheet"),
        ("PhysicalObject", "Coin", "sample", "Coin"),
        ("Nonsense", "", "other", "Nonsense"),
    ],
)
def test_types(general: str, words: str, kind: str, label: str) -> None:
    record = js(types={"resourceTypeGeneral": general, "resourceType": words})
    assert (record.kind, record.kind_label) == (kind, label)


def test_descriptions_have_their_places_and_breaks_are_lines() -> None:
    record = xml(
        """<descriptions><description descriptionType="Abstract" xml:lang="fr">Une ligne
           longue<br/>et une autre</description><description descriptionType="Abstract" xml:lang="en">One</description>
        <description descriptionType="Methods">By hand</description>
        <description descriptionType="Other">More</description>
        <description descriptionType="TechnicalInfo">Python</description></descriptions>"""
    )
    assert record.abstract == Text((("fr", "Une ligne longue\net une autre"), ("en", "One")))
    assert str(record.lineage) == "By hand"
    assert str(record.supplement) == "Python\n\nMore"


def test_places_of_all_sorts() -> None:
    corners = "".join(
        f"<polygonPoint><pointLatitude>{y}</pointLatitude><pointLongitude>{x}</pointLongitude></polygonPoint>"
        for x, y in ((0, 0), (2, 0), (2, 1), (0, 0))
    )
    record = xml(
        f"""<geoLocations><geoLocation><geoLocationPlace>Disko Bay</geoLocationPlace>
        <geoLocationPoint><pointLatitude>69</pointLatitude><pointLongitude>-52</pointLongitude></geoLocationPoint>
        <geoLocationBox><westBoundLongitude>170</westBoundLongitude><eastBoundLongitude>-170</eastBoundLongitude>
        <southBoundLatitude>-10</southBoundLatitude><northBoundLatitude>10</northBoundLatitude></geoLocationBox>
        <geoLocationPolygon>{corners}</geoLocationPolygon></geoLocation></geoLocations>"""
    )
    assert record.extent == Extent(
        places=(Text.of("Disko Bay"),),
        boxes=(Box(170, -10, -170, 10), Box(-52, 69, -52, 69), Box(0, 0, 2, 1)),
        geometries=("POINT(-52 69)", "POLYGON((0 0,2 0,2 1,0 0))"),
    )


def test_places_of_kernel_3() -> None:
    record = xml(
        """<geoLocations><geoLocation><geoLocationPoint>31.233 -67.302</geoLocationPoint></geoLocation>
        <geoLocation><geoLocationBox>41.090 -71.032 42.893 -68.211</geoLocationBox></geoLocation></geoLocations>""",
        kernel="3",
    )
    assert record.extent.boxes == (
        Box(-67.302, 31.233, -67.302, 31.233),
        Box(-71.032, 41.09, -68.211, 42.893),
    )


def test_a_place_off_the_globe_is_told() -> None:
    record = js(geoLocations=[{"geoLocationPoint": {"pointLatitude": 95, "pointLongitude": 1}}])
    assert record.extent == Extent()
    assert len(record.warnings) == 1


def test_rights_are_licences_or_access() -> None:
    record = js(
        rightsList=[
            {
                "rights": "By four",
                "rightsIdentifier": "cc-by-4.0",
                "rightsIdentifierScheme": "SPDX",
                "lang": "en",
            },
            {"rights": "Par quatre", "rightsIdentifier": "CC-BY-4.0", "lang": "fr"},
            {"rights": "Ask", "rightsUri": "https://x.example.org/terms"},
            {"rights": "Open", "rightsUri": "info:eu-repo/semantics/openAccess"},
        ]
    )
    assert record.licences == (
        Licence(name=Text((("en", "By four"), ("fr", "Par quatre"))), spdx="CC-BY-4.0"),
        Licence(name=Text.of("Ask"), uri="https://x.example.org/terms"),
    )
    assert record.access == "open"


def test_relations_of_identifiers_and_items() -> None:
    record = js(
        relatedIdentifiers=[
            {"relatedIdentifier": "10.5555/P", "relatedIdentifierType": "DOI", "relationType": "IsPartOf"},
            {
                "relatedIdentifier": "https://doi.org/10.5555/q",
                "relatedIdentifierType": "URL",
                "relationType": "Cites",
            },
            {
                "relatedIdentifier": "ark:/1/2",
                "relatedIdentifierType": "ARK",
                "relationType": "isderivedfrom",
            },
        ],
        relatedItems=[
            {
                "relationType": "IsPublishedIn",
                "relatedItemType": "Journal",
                "titles": [{"title": "Ocean"}],
                "relatedItemIdentifier": {
                    "relatedItemIdentifier": "0077-5606",
                    "relatedItemIdentifierType": "ISSN",
                },
            }
        ],
    )
    assert record.relations == (
        Relation(kind="IsPartOf", target="10.5555/p", scheme="doi"),
        Relation(kind="Cites", target="10.5555/q", scheme="doi"),
        Relation(kind="IsDerivedFrom", target="ark:/1/2", scheme="ark"),
        Relation(
            kind="IsPublishedIn", target="0077-5606", scheme="issn", title=Text.of("Ocean"), type="Journal"
        ),
    )


def test_alternate_identifiers_keep_their_type() -> None:
    record = js(
        alternateIdentifiers=[{"alternateIdentifier": "12", "alternateIdentifierType": "Local accession"}]
    )
    assert Identifier("12", "Local accession") in record.identifiers


def test_envelope_list_and_old_json_are_read() -> None:
    inner = {
        "doi": "10.5555/a",
        "titles": [{"title": "T"}],
        "updated": "2024-01-01T00:00:00Z",
        "url": "https://x.example",
    }
    for value, count in (
        ({"data": {"type": "dois", "attributes": inner}}, 1),
        ({"data": [{"attributes": inner}] * 2}, 2),
    ):
        found = list(formats.read(Document("e.json", json.dumps(value).encode()), FORMAT_JSON))
        assert [f.doi for f in found if isinstance(f, Record)] == ["10.5555/a"] * count
    old = js(
        **{"publication-year": "2016", "types": {"resource-type-general": "Software"}, "publisher": "KNB"}
    )
    assert (old.published, old.kind, str(old.of_role("publisher")[0].organisation)) == (
        "2016",
        "software",
        "KNB",
    )


def test_values_for_not_known_are_not_said() -> None:
    record = js(
        creators=[{"name": ":unav"}],
        publisher=":tba",
        publicationYear="0000",
        descriptions=[{"description": "(:none)"}],
    )
    assert (record.parties, record.published, record.abstract) == ((), "", Text())


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'<resource xmlns="http://datacite.org/schema/kernel-4"/>', "neither title nor identifier"),
        (b"<records/>", "holds no <resource>"),
        (b"<resource><titles>", "not well-formed"),
        (b'<!DOCTYPE r [<!ENTITY a "b">]><resource>&a;</resource>', "DTD"),
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes, why: str) -> None:
    (found,) = formats.read(Document("r.xml", body), FORMAT_XML)
    assert isinstance(found, Refusal)
    assert why in found.why


# ---------------------------------------------------------------- real files

NOT_DATACITE = ("schema_org", "aida", "codemeta", "package", "crossref", "citeproc")


def documents(folder: Path) -> list[tuple[Document, Format]]:
    found = sorted([*folder.rglob("*.xml"), *folder.rglob("*.json")])
    return [
        (Document(p.name, p.read_bytes(), p), FORMAT_XML if p.suffix == ".xml" else FORMAT_JSON)
        for p in found
    ]


def test_every_real_file_is_read_or_refused_with_a_reason(shared_data: Path) -> None:
    read = 0
    for source, form in documents(shared_data / "catalogue/datacite"):
        found = list(formats.read(source, form))
        foreign = any(part in source.name for part in NOT_DATACITE)
        assert (
            form.recognise(source.head, source.name) == 0
            if foreign
            else form.recognise(source.head, "") > 0.7
        )
        for one in found:
            assert isinstance(one, Record) or (foreign and one.why and one.file == source.name), one
        read += not foreign
    assert read == 61


def test_three_creators_in_one_are_three(shared_data: Path) -> None:
    path = shared_data / "catalogue/datacite/bolognese/datacite_malformed_creator.xml"
    (record,) = formats.read(Document(path.name, path.read_bytes()), FORMAT_XML)
    assert isinstance(record, Record)
    assert [p.name for p in record.of_role("author")] == ["Grošelj, Blaž", "Oražem, Miha", "Kovač, Viljem"]
    assert "3 names in one creator" in record.warnings[0]


def alike(record: Record, *without: str) -> Any:
    """A record as it must come back: places in any order, shapes by what they cover."""
    value = plain(record)
    extent = value.pop("extent", {})
    shapes = sorted(shapely.normalize(shapely.from_wkt(wkt)).wkt for wkt in extent.get("geometries", ()))
    boxes = sorted(tuple(round(corner, 7) for corner in box) for box in extent.get("boxes", ()))
    for name in ("warnings", "metadata_standard", "metadata_date", *without):
        value.pop(name, None)
    return value, shapes, boxes, extent.get("places"), extent.get("periods")


@BOTH
def test_datacites_examples_come_back(shared_data: Path, form: Format) -> None:
    # Words of kernel 4.7 have no place in what is written.
    newer = ("poster", "audiovisual", "relationtypeinformation")
    for source, origin in documents(shared_data / "catalogue/datacite/schema-examples"):
        (record,) = formats.read(source, origin)
        assert isinstance(record, Record)
        assert form.write
        written = form.write(record, LINKS)
        (back,) = formats.read(Document("b", written.body), form)
        assert isinstance(back, Record)
        without = ["landing_page"] if form is FORMAT_XML else []
        without += ["relations"] if any(word in source.name for word in newer) else []
        assert alike(back, *without) == alike(record, *without), source.name
        if any(word in source.name for word in newer):
            assert {"relations.kind", "relations.type"} & {loss.field for loss in written.losses}


def test_the_same_record_in_xml_and_json(shared_data: Path) -> None:
    folder = shared_data / "catalogue/datacite/schema-examples"
    # The JSON of the example on affiliations is of an older version of its XML.
    pairs = [(p, p.with_suffix(".json")) for p in sorted(folder.glob("*.xml")) if "affiliation" not in p.name]
    pairs = [(one, other) for one, other in pairs if other.exists()]
    for one, other in pairs:
        (a,) = formats.read(Document("a", one.read_bytes()), FORMAT_XML)
        (b,) = formats.read(Document("b", other.read_bytes()), FORMAT_JSON)
        assert isinstance(a, Record)
        assert isinstance(b, Record)
        for name in (
            "doi",
            "kind",
            "title",
            "published",
            "created",
            "revised",
            "language",
            "fundings",
            "variables",
        ):
            assert getattr(a, name) == getattr(b, name), (one.name, name)
        assert a.of_role("author")[0].name == b.of_role("author")[0].name
        assert [(r.kind, r.target) for r in a.relations] == [(r.kind, r.target) for r in b.relations]
        assert alike(a)[1:] == alike(b)[1:]
        assert [x.spdx for x in a.licences] == [x.spdx for x in b.licences]
    assert len(pairs) == 6


# ---------------------------------------------------------------- writing


def check_mandatory(written: bytes, form: Format) -> None:
    """The six mandatory properties of kernel 4 and the types of their parts."""
    if form is FORMAT_JSON:
        value = json.loads(written)
        assert all(c["name"] for c in value["creators"])
        assert all(t["title"] for t in value["titles"])
        assert value["publisher"]["name"]
        assert len(value["publicationYear"]) == 4
        assert value["types"]["resourceTypeGeneral"]
        assert value["identifiers"][0]["identifier"]
        return
    root = etree.fromstring(written)
    space = {"d": SPACE}
    for path in (
        "identifier",
        "creators/creator/creatorName",
        "titles/title",
        "publisher",
        "publicationYear",
    ):
        found = root.findall("/".join(f"d:{part}" for part in path.split("/")), space)
        assert found, path
        assert all(e.text and e.text.strip() for e in found), path
    (resource_type,) = root.findall("d:resourceType", space)
    assert resource_type.get("resourceTypeGeneral")
    for polygon in root.iter(f"{{{SPACE}}}geoLocationPolygon"):
        assert len(polygon) >= 4
    for related in root.iter(f"{{{SPACE}}}relatedIdentifier"):
        assert related.get("relatedIdentifierType")
        assert related.get("relationType")


@BOTH
def test_what_datacite_demands_is_made_up_and_said(form: Format) -> None:
    assert form.write
    written = form.write(Record(id="a-1", identifier="x"), LINKS)
    check_mandatory(written.body, form)
    assert {"parties", "published", "title", "identifiers"} <= {loss.field for loss in written.losses}
    assert b":unav" in written.body
    assert b"https://node.example.org/data/a-1" in written.body


@BOTH
def test_the_year_falls_back_to_what_is_known(form: Format) -> None:
    assert form.write
    written = form.write(Record(identifier="x", metadata_date="2019-05-01"), LINKS)
    assert b"2019" in written.body
    assert any(loss.field == "published" and "metadata_date" in loss.why for loss in written.losses)


@BOTH
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(record=records(kind=st.sampled_from(("dataset", "collection", "software", "publication"))))
def test_what_is_not_said_lost_comes_back(form: Format, record: Record) -> None:
    assert form.write
    written = form.write(record, LINKS)
    check_mandatory(written.body, form)
    lost = {loss.field for loss in written.losses}
    (back,) = formats.read(Document("b", written.body), form)
    assert isinstance(back, Record)
    assert back.title == record.title
    for name in ("abstract", "lineage", "supplement", "kind", "version", "created", "revised", "available"):
        assert getattr(back, name) == getattr(record, name), name
    if "access" not in lost:
        assert back.access == record.access
    if "published" not in lost:
        assert back.published == record.published
    assert back.doi == record.doi
    assert {str(c.label) for c in back.concepts} == {v for c in record.concepts for _, v in c.label.variants}
    assert [(f.funder, f.award, f.award_uri) for f in back.fundings] == [
        (f.funder, f.award, f.award_uri) for f in record.fundings
    ]
    assert [x.spdx or x.uri for x in back.licences] == [x.spdx or x.uri for x in record.licences]
    _, shapes, boxes, places, periods = alike(back)
    _, first_shapes, first_boxes, first_places, first_periods = alike(record)
    assert set(first_boxes) <= set(boxes)
    assert shapes == first_shapes or "extent.geometries" in lost
    assert periods == first_periods
    assert [str(p) for p in back.extent.places] == [
        str(p) for p in record.extent.places
    ] or places != first_places
    if "relations.target" not in lost:
        assert {(r.kind, r.target) for r in back.relations} == {(r.kind, r.target) for r in record.relations}
    known = [(p.name, str(p.organisation), p.identifier) for p in record.parties]
    assert set(known) <= {(p.name, str(p.organisation), p.identifier) for p in back.parties} or lost & {
        "parties",
        "parties.name",
    }


# ---------------------------------------------------------------- attacks

VALID = (
    {
        "doi": "10.5555/a",
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "x"},
        "creators": [
            {
                "name": "A, B",
                "nameIdentifiers": [{"nameIdentifier": "0000-0001-5393-1421", "nameIdentifierScheme": "ORCID"}],
                "affiliation": [{"name": "C"}, "D"],
            }
        ],
        "contributors": [{"name": "E", "contributorType": "Editor"}],
        "titles": [{"title": "T", "lang": "en"}],
        "publisher": {"name": "P", "lang": "fr"},
        "publicationYear": 2020,
        "subjects": [{"subject": "s", "schemeUri": "http://x.example"}],
        "dates": [{"date": "2020/2021", "dateType": "Collected"}, {"date": "2020", "dateType": "Issued"}],
        "relatedIdentifiers": [
            {"relatedIdentifier": "10.5555/b", "relatedIdentifierType": "DOI", "relationType": "Cites"}
        ],
        "relatedItems": [{"relationType": "Cites", "titles": [{"title": "x"}], "relatedItemIdentifier": {}}],
        "rightsList": [{"rights": "r", "rightsUri": "http://creativecommons.org/licenses/by/4.0"}],
        "descriptions": [{"description": "d", "descriptionType": "Abstract"}],
        "geoLocations": [
            {
                "geoLocationBox": {
                    "westBoundLongitude": 1, "eastBoundLongitude": 2, "southBoundLatitude": 3, "northBoundLatitude": 4
                },
                "geoLocationPolygon": [{"polygonPoint": {"pointLatitude": 1, "pointLongitude": 2}}] * 4,
            }
        ],
        "fundingReferences": [{"funderName": "f", "funderIdentifier": "10.13039/1", "awardNumber": 3}],
        "sizes": ["3 MB", "x"],
        "formats": ["text/csv"],
        "version": 1,
    },
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated(VALID))
def test_wrong_types_everywhere(body: bytes) -> None:
    for found in hold(body, FORMAT_JSON):
        if isinstance(found, Record):
            assert FORMAT_XML.write
            check_mandatory(FORMAT_XML.write(found, LINKS).body, FORMAT_XML)


@given(hostile())
def test_hostile_bytes(body: bytes) -> None:
    hold(body, FORMAT_JSON)
    hold(body, FORMAT_XML)
