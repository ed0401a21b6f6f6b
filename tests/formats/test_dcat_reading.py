"""DCAT-AP and GeoDCAT-AP: each part of small documents."""

from __future__ import annotations

import pytest

from estran import formats
from estran.formats import Document, Refusal, dcat
from estran.model import (
    Box,
    Identifier,
    Period,
    Record,
    Relation,
    Text,
)

PREFIXES = """
@prefix adms: <http://www.w3.org/ns/adms#> . @prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> . @prefix locn: <http://www.w3.org/ns/locn#> .
@prefix prov: <http://www.w3.org/ns/prov#> . @prefix schema: <http://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix spdx: <http://spdx.org/rdf/terms#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix time: <http://www.w3.org/2006/time#> . @prefix geodcatap: <http://data.europa.eu/930/> .
"""
EU = "http://publications.europa.eu/resource/authority"


def turtle(statements: str) -> list[Record | Refusal]:
    """What is read of some Turtle."""
    return list(formats.read(Document("small.ttl", (PREFIXES + statements).encode()), dcat.FORMAT_TURTLE))  # type: ignore[arg-type]


def one(said: str) -> Record:
    """The record of a dataset of which this is said."""
    (found,) = turtle(f'<https://a.example.org/1> a dcat:Dataset ; dct:title "T" ; {said} .')
    assert isinstance(found, Record), found
    return found


def test_titles_come_in_every_language_machine_translations_last() -> None:
    found = turtle(
        '<x:1> a dcat:Dataset ; dct:title "Villes"@fr-t-de-t0-mtec, "Städte"@de, "Cities"@EN, "Città"@ita, "dup"@deu .'
    )[0]
    assert isinstance(found, Record)
    assert found.title == Text((("de", "Städte"), ("en", "Cities"), ("it", "Città"), ("fr", "Villes")))


def test_indentation_of_pretty_printed_text_is_not_part_of_it() -> None:
    record = one('dct:description """First line\n        second line\n\n\n        another paragraph"""@en')
    assert str(record.abstract) == "First line\nsecond line\n\nanother paragraph"


@pytest.mark.parametrize(
    ("literal", "box"),
    [
        ('"POLYGON((-5 40,10 40,10 51,-5 51,-5 40))"^^geo:wktLiteral', (-5, 40, 10, 51)),
        (
            '"<http://www.opengis.net/def/crs/EPSG/0/4326> POLYGON((40 -5,40 10,51 10,51 -5,40 -5))"^^geo:wktLiteral',
            (-5, 40, 10, 51),
        ),
        (
            '"<http://www.opengis.net/def/crs/OGC/1.3/CRS84> Polygon ((-5 40, 10 40, 10 51, -5 51, -5 40))"',
            (-5, 40, 10, 51),
        ),
        ('"SRID=4326;POLYGON((-5 40,10 40,10 51,-5 51,-5 40))"', (-5, 40, 10, 51)),
        (
            '"{\\"type\\":\\"Polygon\\",\\"coordinates\\":[[[-5,40],[10,40],[10,51],[-5,51],[-5,40]]]}"^^geo:geoJSONLiteral',
            (-5, 40, 10, 51),
        ),
        (
            '"<gml:Envelope srsName=\\"http://www.opengis.net/def/crs/OGC/1.3/CRS84\\"><gml:lowerCorner>-5 40</gml:lowerCorner><gml:upperCorner>10 51</gml:upperCorner></gml:Envelope>"^^geo:gmlLiteral',
            (-5, 40, 10, 51),
        ),
        (
            '"<gml:Envelope srsName=\\"urn:ogc:def:crs:EPSG::4326\\"><gml:lowerCorner>40 -5</gml:lowerCorner><gml:upperCorner>51 10</gml:upperCorner></gml:Envelope>"^^geo:gmlLiteral',
            (-5, 40, 10, 51),
        ),
        (
            '"MULTIPOLYGON(((170 -20,180 -20,180 -10,170 -10,170 -20)),((-180 -20,-175 -20,-175 -10,-180 -10,-180 -20)))"',
            (170, -20, -175, -10),
        ),
    ],
)
def test_boxes_are_read_in_every_notation_and_axis_order(literal: str, box: tuple[float, ...]) -> None:
    record = one(f"dct:spatial [ a dct:Location ; dcat:bbox {literal} ]")
    assert record.extent.boxes == (Box(*box),)
    assert record.warnings == ()


def test_a_box_of_schema_org_is_latitude_first() -> None:
    record = one('schema:spatialCoverage [ schema:geo [ a schema:GeoShape ; schema:box "40 -5 51,10" ] ]')
    assert record.extent.boxes == (Box(-5, 40, 10, 51),)


def test_several_notations_of_one_box_are_one_box() -> None:
    record = one(
        'dct:spatial [ dcat:bbox "POLYGON((0 0,1 0,1 1,0 1,0 0))"^^geo:wktLiteral, '
        '"{\\"type\\":\\"Polygon\\",\\"coordinates\\":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}"^^geo:geoJSONLiteral ]'
    )
    assert record.extent.boxes == (Box(0, 0, 1, 1),)


def test_a_footprint_is_kept_with_the_box_around_it() -> None:
    record = one('dct:spatial [ locn:geometry "POLYGON((0 0,4 0,0 3,0 0))"^^geo:wktLiteral ]')
    assert record.extent.geometries == ("POLYGON((0 0,4 0,0 3,0 0))",)
    assert record.extent.boxes == (Box(0, 0, 4, 3),)


def test_a_rectangle_beside_a_box_stays_a_footprint() -> None:
    rectangle = '"POLYGON((0 0,1 0,1 1,0 1,0 0))"'
    alone = one(f"dct:spatial [ locn:geometry {rectangle} ]")
    assert (alone.extent.boxes, alone.extent.geometries) == ((Box(0, 0, 1, 1),), ())
    beside = one(f'dct:spatial [ locn:geometry {rectangle} ; dcat:bbox "POLYGON((0 0,9 0,9 9,0 9,0 0))" ]')
    assert (beside.extent.boxes, len(beside.extent.geometries)) == ((Box(0, 0, 9, 9),), 1)


@pytest.mark.parametrize(
    "literal",
    [
        '"wrong wkt"^^geo:wktLiteral', '"POLYGON((1 2"', '"POLYGON((0 0,1 200,1 1,0 0))"', '"{\\"type\\": 5}"', '"{"', '"<gml:x/>"',
        '"<http://www.opengis.net/def/crs/EPSG/0/2154> POLYGON((6e5 6e6,7e5 6e6,7e5 7e6,6e5 6e6))"', '"POINT(1e999 0)"',
        '"{\\"type\\":\\"Polygon\\",\\"coordinates\\":[[[4,45],[4,null],[4,46]]]}"',
    ],
)  # fmt: skip
def test_a_geometry_that_is_none_costs_only_itself(literal: str) -> None:
    record = one(f"dct:spatial [ dcat:bbox {literal} ]")
    assert record.extent.boxes == ()
    assert any("dct:spatial" in warning and "left out" in warning for warning in record.warnings)


def test_places_come_as_names_addresses_and_lists_of_numbers() -> None:
    record = one(
        'dct:spatial "Greater London", "1.5,45,2.5,46", [ skos:prefLabel "Bretagne"@fr ], '
        f'<{EU}/country/FRA>, <http://sws.geonames.org/1>  . <http://sws.geonames.org/1> skos:prefLabel "Ici"@fr'
    )
    assert record.extent.places == (Text.of("Greater London"), Text.of("Bretagne", "fr"))
    assert record.extent.boxes == (Box(1.5, 45, 2.5, 46),)
    assert [(c.uri, str(c.label)) for c in record.words("place")] == [
        (f"{EU}/country/FRA", "FRA"), ("http://sws.geonames.org/1", "Ici"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "period"),
    [
        ('[ dcat:startDate "2016-01-01"^^xsd:date ; dcat:endDate "2016-12-31"^^xsd:date ]', ("2016-01-01", "2016-12-31")),
        ('[ schema:startDate "2016"^^xsd:gYear ]', ("2016", "")),
        ('[ time:hasBeginning [ time:inXSDDate "2001-02-03"^^xsd:date ] ; time:hasEnd [ time:inXSDgYear "2004"^^xsd:gYear ] ]', ("2001-02-03", "2004")),
        ('"2004-11-03T00:00:00+01:00\\n  /\\n 2005-03-30"', ("2004-11-02T23:00:00Z", "2005-03-30")),
        ('"start=1999; end=2001-05; scheme=W3C-DTF"', ("1999", "2001-05")),
        ('"2010/.."', ("2010", "")),
    ],
)  # fmt: skip
def test_periods_are_read_in_every_vocabulary(said: str, period: tuple[str, str]) -> None:
    assert one(f"dct:temporal {said}").extent.periods == (Period(*period),)


def test_a_date_that_is_none_is_left_out_with_a_warning() -> None:
    record = one(
        'dct:issued "06/05/2009" ; dct:modified "2024-02-30"^^xsd:date ; dct:created "2020-03"^^xsd:gYearMonth'
    )
    assert (record.published, record.revised, record.created) == ("", "", "2020-03")
    assert len(record.warnings) == 2
    assert "day 30" in " ".join(record.warnings)


def test_parties_are_read_from_cards_agents_and_attributions_each_once() -> None:
    record = one(
        """
        dcat:contactPoint [ a vcard:Individual ; vcard:fn "Le Goff, Anne" ; vcard:organization-name "Ifremer"@fr ;
          vcard:hasEmail <mailto:anne@example.org> ; vcard:hasTelephone [ vcard:hasValue <tel:+33-2> ] ;
          vcard:hasAddress [ vcard:street-address "1 rue" ; vcard:postal-code "29280" ; vcard:locality "Plouzané" ] ] ;
        dct:publisher <http://publications.europa.eu/resource/authority/corporate-body/EEA>, "In words" ;
        dct:creator [ a foaf:Person ; foaf:familyName "Ng" ; foaf:givenName "Ada" ; dct:identifier <https://orcid.org/0000-0002-1825-0097> ] ;
        dct:rightsHolder [ foaf:name "Shom"@fr ] ;
        prov:qualifiedAttribution [ prov:agent [ foaf:name "Shom"@fr ; foaf:mbox <mailto:a@shom.fr> ] ;
            dcat:hadRole <http://inspire.ec.europa.eu/metadata-codelist/ResponsiblePartyRole/owner> ],
          [ prov:agent [ foaf:name "Le Goff, Anne" ; a foaf:Person ; <http://www.w3.org/ns/org#memberOf> [ foaf:name "Ifremer"@fr ] ; foaf:mbox "anne@example.org" ; foaf:homepage <http://h.example.org> ] ;
            dcat:hadRole <http://inspire.ec.europa.eu/metadata-codelist/ResponsiblePartyRole/pointOfContact> ]
        """
    )
    by_role = {party.role: party for party in record.parties}
    assert [p.role for p in record.parties] == ["pointOfContact", "publisher", "publisher", "author", "owner"]
    contact = by_role["pointOfContact"]
    assert (contact.name, str(contact.organisation), contact.email) == (
        "Le Goff, Anne",
        "Ifremer",
        "anne@example.org",
    )
    assert (contact.phone, contact.address, contact.city) == ("+33-2", "1 rue, 29280", "Plouzané")
    assert contact.url == "http://h.example.org"
    assert str(record.parties[1].organisation) == "EEA"
    assert by_role["author"].name == "Ng, Ada"
    assert by_role["author"].identifier == "https://orcid.org/0000-0002-1825-0097"
    assert by_role["owner"].email == "a@shom.fr"


def test_distributions_tell_files_services_and_pages() -> None:
    record = one(
        f"""
        dcat:distribution [ dct:title "File"@en ; dcat:accessURL <http://x.example.org/page> ; dcat:downloadURL <http://x.example.org/f.csv> ;
            dct:format <{EU}/file-type/CSV> ; dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv> ;
            dcat:byteSize "43008.0"^^xsd:decimal ; dct:identifier "layer1" ;
            spdx:checksum [ spdx:algorithm <http://spdx.org/rdf/terms#checksumAlgorithm_sha256> ; spdx:checksumValue "ABCDEF"^^xsd:hexBinary ] ],
          [ dcat:accessURL <http://x.example.org/wms?request=GetCapabilities> ;
            dcat:accessService [ a dcat:DataService ; dct:title "S"@en, "S"@fr ; dcat:endpointURL <http://x.example.org/wms> ; dct:conformsTo <http://www.opengis.net/def/serviceType/ogc/wms> ] ],
          [ dcat:accessURL "http://x.example.org/with blank.zip" ; dct:format "WWW:LINK-1.0-http--link", "application/zip" ],
          [ dct:description "On tape" ], <http://x.example.org/not-described> ;
        foaf:page <http://x.example.org/doc> . <http://x.example.org/doc> dct:title "Manual"@en
        """
    )
    file, page, service, blank, tape, document = record.distributions
    assert (file.url, file.function, file.format, file.media_type) == (
        "http://x.example.org/f.csv",
        "download",
        "CSV",
        "text/csv",
    )
    assert (file.size_bytes, file.name, file.checksum) == (43008, "layer1", "sha256:abcdef")
    assert (page.url, page.function) == ("http://x.example.org/page", "information")
    assert (service.function, service.protocol, service.url[-15:]) == (
        "service",
        "OGC:WMS",
        "GetCapabilities",
    )
    assert (blank.url, blank.protocol) == ("http://x.example.org/with%20blank.zip", "WWW:LINK-1.0-http--link")
    assert blank.media_type == "application/zip"
    assert any("blank" in warning for warning in record.warnings)
    assert (tape.url, str(tape.description)) == ("", "On tape")
    assert (document.function, str(document.title)) == ("information", "Manual")


def test_rights_tell_licences_constraints_and_access_apart() -> None:
    inspire = "http://inspire.ec.europa.eu/metadata-codelist"
    record = one(
        f"""
        dct:accessRights <{EU}/access-right/RESTRICTED> ; dct:license <https://creativecommons.org/licenses/by/4.0/>, "copyright" ;
        dct:rights <{inspire}/LimitationsOnPublicAccess/noLimitations>, [ a dct:RightsStatement ; rdfs:label "Cite us; CC BY 4.0 applies"@en ] ;
        dcat:distribution [ dcat:accessURL <http://x.example.org> ; dct:license <{EU}/licence/CC_BY_4_0>, "Own terms" ]
        """.replace("rdfs:label", "<http://www.w3.org/2000/01/rdf-schema#label>")
    )
    assert record.access == "open"  # INSPIRE's statement says more of the data than a word of the portal
    assert [(licence.spdx, str(licence.name)) for licence in record.licences] == [
        ("CC-BY-4.0", ""),
        ("", ""),
        ("", "Own terms"),
    ]
    assert [(c.kind, c.code) for c in record.constraints] == [
        ("use", "copyright"),
        ("access", "otherRestrictions"),
        ("use", ""),
    ]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (f"<{EU}/frequency/ANNUAL_2>", "biannually"), ("<http://purl.org/cld/freq/daily>", "daily"), ('"continual"', "continual"),
        ('"R/P1M"', "monthly"), ("<http://x.example.org/null>", ""), ('"when it rains"', "when it rains"),
        (f"<{EU}/frequency/HOURLY>", "periodic"),
    ],
)  # fmt: skip
def test_frequencies_become_codes_of_iso(said: str, code: str) -> None:
    assert one(f"dct:accrualPeriodicity {said}").frequency == code


def test_themes_topics_subjects_and_keywords_each_have_their_role() -> None:
    record = one(
        f"""
        dcat:theme <{EU}/data-theme/ENVI>, "Free theme" ; dcat:keyword "sea"@en, "mer"@fr, "courant"@fr ;
        dct:subject <http://inspire.ec.europa.eu/metadata-codelist/TopicCategory/oceans>, [ skos:prefLabel "current"@en, "courant"@fr ]
        """
    )
    assert [str(c.label) for c in record.words("theme")] == ["Environment", "Free theme"]
    assert [c.label.within("fr") for c in record.words("topic")] == ["Océans"]
    assert [c.label for c in record.words("keyword")] == [
        Text((("en", "current"), ("fr", "courant"))), Text.of("sea", "en"), Text.of("mer", "fr"),
    ]  # fmt: skip


def test_the_entry_of_a_catalogue_describes_the_description() -> None:
    (found,) = turtle(
        f"""
        <https://a.example.org/1> a dcat:Dataset ; dct:title "T"@fr ; dct:identifier "https://doi.org/10.12770/ABC" ; adms:identifier [ skos:notation "alt" ] .
        <https://a.example.org/r> a dcat:CatalogRecord ; foaf:primaryTopic <https://a.example.org/1> ; dct:identifier "uuid-1" ;
          dct:modified "2020-01-02T03:04:05"^^xsd:dateTime ; dct:language <{EU}/language/FRE> ;
          dct:conformsTo geodcatap: ; dct:source [ dct:conformsTo [ dct:title "ISO 19115" ] ] ; dcat:contactPoint [ vcard:fn "Us" ] .
        """
    )
    assert isinstance(found, Record)
    assert found.identifier == "uuid-1"
    assert set(found.identifiers) == {
        Identifier("10.12770/abc", "doi"), Identifier("alt"), Identifier("https://a.example.org/1", "uri"),
    }  # fmt: skip
    assert (found.metadata_date, found.metadata_language, found.metadata_standard) == (
        "2020-01-02T03:04:05Z",
        "fr",
        "ISO 19115",
    )
    assert [str(p.organisation) for p in found.metadata_parties] == ["Us"]


def test_series_services_and_other_resources_have_their_kind() -> None:
    found = turtle(
        """
        <x:s> a dcat:DatasetSeries, dcat:Dataset ; dct:title "series" .
        <x:w> a dcat:DataService ; dct:title "service" ; dcat:endpointURL <http://e.example.org/wms> ;
          dcat:endpointDescription <http://e.example.org/wms?request=GetCapabilities> ;
          geodcatap:serviceType <http://inspire.ec.europa.eu/metadata-codelist/SpatialDataServiceType/view> ; dcat:servesDataset <http://e.example.org/d> .
        <x:c> a dcat:Resource ; dct:title "code" ; dct:type <http://purl.org/dc/dcmitype/Software> .
        <x:m> a dcat:Dataset ; dct:title "model" ; dct:type [ a skos:Concept ; skos:prefLabel "model" ], "hydrodynamic" .
        """
    )
    assert [(r.kind, r.kind_label) for r in found if isinstance(r, Record)] == [
        ("collection", ""), ("service", ""), ("software", ""), ("model", "hydrodynamic"),
    ]  # fmt: skip
    service = found[1]
    assert isinstance(service, Record)
    assert service.service_type == "view"
    assert [d.url for d in service.distributions] == ["http://e.example.org/wms?request=GetCapabilities"]
    assert service.relations == (
        Relation(kind="References", target="http://e.example.org/d", scheme="uri", type="Dataset"),
    )


def test_the_service_behind_a_distribution_is_no_record_of_its_own() -> None:
    found = turtle(
        '<x:1> a dcat:Dataset ; dct:title "T" ; dcat:distribution [ dcat:accessURL <http://e.example.org> ; dcat:accessService <x:2> ] . '
        '<x:2> a dcat:DataService ; dct:title "S"@en, "S"@fr ; dcat:endpointURL <http://e.example.org/wms> .'
    )
    assert [str(r.title) for r in found if isinstance(r, Record)] == ["T"]


def test_a_catalogue_that_lists_nothing_stands_for_itself() -> None:
    (found,) = turtle('<x:c> a dcat:Catalog ; dct:title "All we have" ; dcat:dataset <x:elsewhere> .')
    assert isinstance(found, Record)
    assert (found.kind, str(found.title)) == ("collection", "All we have")


def test_a_resource_without_title_or_identifier_is_refused_and_the_others_are_read() -> None:
    found = turtle(
        '<x:stub> a dcat:Dataset . [] a dcat:Dataset ; dct:description "nameless" . <x:part> a dcat:Dataset ; dct:isPartOf <x:1> . '
        '<x:said> a dcat:Dataset ; dcat:keyword "k" . <x:good> a dcat:Dataset ; dct:title "Good" .'
    )
    nameless, part, said, good = found
    assert isinstance(nameless, Refusal)
    assert "the resource without address has neither a title nor an identifier" in nameless.why
    assert isinstance(part, Refusal)
    assert "<x:part>" in part.why
    assert [r.identifier for r in (said, good) if isinstance(r, Record)] == ["x:said", "x:good"]


def test_a_vocabulary_is_refused_as_one() -> None:
    (found,) = turtle('<x:1> a skos:Concept ; skos:prefLabel "Sea" .')
    assert isinstance(found, Refusal)
    assert "1 × skos:Concept" in found.why
    assert "vocabulary" in found.why
