"""Dublin Core in all its wrappings, and what the words of its elements tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estran import formats
from estran.formats import Document, Refusal
from estran.formats.dublin_core import FORMAT
from estran.model import Box, Period, Record, Relation, Text

if TYPE_CHECKING:
    from pathlib import Path

SPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dct="http://purl.org/dc/terms/" '
    'xmlns:ows="http://www.opengis.net/ows" xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
)


def csw(inside: str) -> bytes:
    return f"<csw:Record {SPACES}><dc:identifier>i</dc:identifier>{inside}</csw:Record>".encode()


def read(body: bytes) -> Record:
    document = Document("d.xml", body)
    assert FORMAT.recognise(document.head, "d.xml") > 0
    (record,) = formats.read(document, FORMAT)
    assert isinstance(record, Record), record
    return record


@pytest.mark.parametrize(
    ("root", "space"),
    [
        ("oai_dc:dc", 'xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"'),
        ("simpledc", ""),
        ("csw:BriefRecord", ""),
        ("csw30:SummaryRecord", 'xmlns:csw30="http://www.opengis.net/cat/csw/3.0"'),
        ("m:metadata", 'xmlns:m="http://ns.dataone.org/metadata/schema/onedcx/v1.0"'),
    ],
)
def test_each_wrapping_is_recognised_and_read(root: str, space: str) -> None:
    body = f"<{root} {SPACES} {space}><dc:title>Marées</dc:title></{root}>".encode()
    assert str(read(body).title) == "Marées"


def test_rdf_gives_a_record_for_each_described_resource() -> None:
    described = "".join(
        f'<rdf:Description rdf:about="https://doi.org/10.1234/{n}"><dc:title>T{n}</dc:title></rdf:Description>'
        for n in (1, 2)
    )
    document = Document("d.rdf", f"<rdf:RDF {SPACES}>{described}<rdf:Description/></rdf:RDF>".encode())
    found = list(formats.read(document, FORMAT))
    assert [r.doi for r in found if isinstance(r, Record)] == ["10.1234/1", "10.1234/2"]


@pytest.mark.parametrize(
    ("crs", "lower", "upper"),
    [
        ("", "-4.1 47.6", "0.9 51.2"),
        ("urn:ogc:def:crs:EPSG::4326", "47.6 -4.1", "51.2 0.9"),
        ("urn:x-ogc:def:crs:EPSG:6.11:4326", "47.6 -4.1", "51.2 0.9"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "-4.1 47.6", "0.9 51.2"),
        # The name that GeoNetwork writes, with east and west exchanged.
        ("urn:ogc:def:crs:::WGS 1984", "0.9 47.6", "-4.1 51.2"),
    ],
)
def test_axes_of_a_box_follow_its_system(crs: str, lower: str, upper: str) -> None:
    attribute = f'crs="{crs}"' if crs else ""
    box = (
        f"<ows:BoundingBox {attribute}><ows:LowerCorner>{lower}</ows:LowerCorner>"
        f"<ows:UpperCorner>{upper}</ows:UpperCorner></ows:BoundingBox>"
    )
    assert read(csw(box)).extent.boxes == (Box(-4.1, 47.6, 0.9, 51.2),)


def test_latitude_beyond_a_pole_turns_the_axes_around() -> None:
    box = (
        '<ows:BoundingBox crs="EPSG:4326"><ows:LowerCorner>-90 -180</ows:LowerCorner>'
        "<ows:UpperCorner>90 180</ows:UpperCorner></ows:BoundingBox>"
    )
    assert read(csw(box)).extent.boxes == (Box(-180, -90, 180, 90),)


def test_wgs84_box_has_longitude_first_and_metres_are_left_out_with_a_warning() -> None:
    corners = "<ows:LowerCorner>{0}</ows:LowerCorner><ows:UpperCorner>{1}</ows:UpperCorner>"
    degrees = f"<ows:WGS84BoundingBox>{corners.format('1 2', '3 4')}</ows:WGS84BoundingBox>"
    metres = f'<ows:BoundingBox crs="EPSG:2154">{corners.format("700000 6600000", "700100 6600100")}</ows:BoundingBox>'
    record = read(csw(degrees + metres))
    assert record.extent.boxes == (Box(1, 2, 3, 4),)
    assert record.crs == ("EPSG:2154",)
    assert "EPSG:2154" in record.warnings[0]


@pytest.mark.parametrize(
    ("words", "box"),
    [
        (
            "northlimit=51.2; eastlimit=0.9; southlimit=47.6; westlimit=-4.1; name=Manche;",
            Box(-4.1, 47.6, 0.9, 51.2),
        ),
        ("east=-4.5; north=48.4; name=Manche", Box(-4.5, 48.4, -4.5, 48.4)),
        ("North 51.2, South 47.6, East 0.9, West -4.1. (Channel)", Box(-4.1, 47.6, 0.9, 51.2)),
        ("-4.1,47.6,0.9,51.2", Box(-4.1, 47.6, 0.9, 51.2)),
    ],
)
def test_boxes_in_words(words: str, box: Box) -> None:
    for element in ("dct:spatial", "dc:coverage"):
        extent = read(csw(f"<{element}>{words}</{element}>")).extent
        assert extent.boxes == (box,)
        assert extent.places == ((Text.of("Manche"),) if "name" in words else ())


@pytest.mark.parametrize(
    ("words", "period"),
    [
        ("1976", Period("1976", "1976")),
        ("1990-2000", Period("1990", "2000")),
        ("2001-02-03/2004", Period("2001-02-03", "2004")),
        ("2001/..", Period("2001", "")),
        ("start=1999-01; end=2002-12; scheme=W3C-DTF; name=Campaign", Period("1999-01", "2002-12")),
    ],
)
def test_periods_in_words(words: str, period: Period) -> None:
    extent = read(csw(f"<dct:temporal>{words}</dct:temporal>")).extent
    assert extent.periods == (period,)


def test_place_names_stay_words_and_bad_boxes_become_warnings() -> None:
    record = read(
        csw(
            "<dc:coverage>Baie de Somme</dc:coverage><dct:spatial>10,99,20,100</dct:spatial><dc:coverage>unknown</dc:coverage>"
        )
    )
    assert record.extent.places == (Text.of("Baie de Somme"), Text.of("10,99,20,100"))
    assert record.extent.boxes == ()
    assert "between -90 and 90" in record.warnings[0]


def test_people_organisations_rights_and_links() -> None:
    record = read(
        csw(
            "<dc:creator>Le Goff, Anne; Ng, Bo</dc:creator><dc:creator>Institute of Tides</dc:creator>"
            "<dc:publisher>Ifremer</dc:publisher><dc:rights>https://creativecommons.org/licenses/by/4.0/</dc:rights>"
            "<dc:rights>info:eu-repo/semantics/openAccess</dc:rights><dc:rights>Cite the source</dc:rights>"
            '<dct:references scheme="OGC:WMS">https://example.org/wms</dct:references>'
            "<dct:isPartOf>doi:10.1234/Series</dct:isPartOf><dc:source>Compiled from old maps</dc:source>"
        )
    )
    assert [(p.role, p.name, str(p.organisation)) for p in record.parties] == [
        ("author", "Le Goff, Anne", ""), ("author", "Ng, Bo", ""), ("author", "", "Institute of Tides"),
        ("publisher", "", "Ifremer"),
    ]  # fmt: skip
    assert [one.spdx for one in record.licences] == ["CC-BY-4.0"]
    assert record.access == "open"
    assert [str(c.text) for c in record.constraints] == ["Cite the source"]
    assert [(d.url, d.protocol) for d in record.distributions] == [("https://example.org/wms", "OGC:WMS")]
    assert record.relations == (Relation(kind="IsPartOf", target="10.1234/series", scheme="doi"),)
    assert str(record.lineage) == "Compiled from old maps"


def test_title_with_its_translations_and_dates() -> None:
    record = read(
        csw(
            '<dc:title xml:lang="fr">Neige</dc:title><dc:title xml:lang="en">Snow</dc:title>'
            "<dct:issued>2019</dct:issued><dct:modified>2024-02-30</dct:modified><dc:language>fre</dc:language>"
        )
    )
    assert record.title == Text((("fr", "Neige"), ("en", "Snow")))
    assert (record.published, record.revised, record.language) == ("2019", "", ("fr",))
    assert "2024-02-30" in record.warnings[0]


def test_nothing_to_go_by_is_refused_with_the_reason() -> None:
    empty = Document("e.xml", f"<csw:Record {SPACES}><dc:subject>x</dc:subject></csw:Record>".encode())
    (refusal,) = formats.read(empty, FORMAT)
    assert isinstance(refusal, Refusal)
    assert "neither a title nor an identifier" in refusal.why


def test_dcat_and_skos_are_left_to_others() -> None:
    for inside in (
        b'xmlns:dcat="http://www.w3.org/ns/dcat#"',
        b'xmlns:skos="http://www.w3.org/2004/02/skos/core#"',
    ):
        head = b"<rdf:RDF " + SPACES.encode() + b" " + inside + b"><rdf:Description/>"
        assert FORMAT.recognise(head, "x.rdf") == 0.0


def test_real_records(shared_data: Path) -> None:
    folder = shared_data / "catalogue"
    files = [
        *sorted((folder / "dublin-core").glob("*.xml")), *sorted((folder / "dif-fgdc-gm03").glob("*_dc*.xml")),
        folder / "eml/dataone/scimeta_dc_1.xml", folder / "iso19115-3/geonetwork5/dublin-core_dataset.xml",
    ]  # fmt: skip
    found = {path.name: read(path.read_bytes()) for path in files}
    assert len(found) == 12
    census = found["scimeta_dc_1.xml"]
    assert census.extent.boxes == (Box(-69.656191, -22.901109, -57.521118, -9.679191),)
    assert census.extent.periods == (Period("1976", "1976"),)
    assert census.available == "2014-07-01"
    vineyard = found["9250AA67-F3AC-6C12-0CB9-0662231AA181_dc2.xml"]
    assert vineyard.doi == "10.3390/rs12142299"
    assert [p.name for p in vineyard.parties][-1] == "Hector Nieto"
    assert found["dublin-core_dataset.xml"].extent.boxes == (Box(-180, -90, 180, 90),)
    assert found["Record_9a669547-b69b-469f-a11f-2d875366bbdc.xml"].extent.boxes == (
        Box(-6.171, 44.792, -2.228, 51.126),
    )
