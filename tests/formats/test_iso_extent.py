"""ISO records: where and when."""

from __future__ import annotations

import pytest

from estran.model import Box, Period, Text, Vertical
from tests.formats.iso_documents import older, read, text

GML_SPACES = ("http://www.opengis.net/gml", "http://www.opengis.net/gml/3.2")


def box(west: object, south: object, east: object, north: object) -> str:
    sides = zip(
        ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude"),
        (west, south, east, north),
        strict=True,
    )
    inside = "".join(f"<{name}><gco:Decimal>{value}</gco:Decimal></{name}>" for name, value in sides)
    return f"<geographicElement><EX_GeographicBoundingBox>{inside}</EX_GeographicBoundingBox></geographicElement>"


def extent(*elements: str) -> str:
    return f"<extent><EX_Extent>{''.join(elements)}</EX_Extent></extent>"


def polygon(gml: str) -> str:
    return f"<geographicElement><EX_BoundingPolygon><polygon>{gml}</polygon></EX_BoundingPolygon></geographicElement>"


def ring(positions: str, srs: str = "") -> str:
    return (
        f"<gml:Polygon{f' srsName={srs!r}' if srs else ''}><gml:exterior><gml:LinearRing><gml:posList>{positions}</gml:posList>"
        "</gml:LinearRing></gml:exterior></gml:Polygon>"
    )


def period(begin: str, end: str) -> str:
    return (
        f"<temporalElement><EX_TemporalExtent><extent><gml:TimePeriod>{begin}{end}</gml:TimePeriod></extent>"
        "</EX_TemporalExtent></temporalElement>"
    )


def test_all_boxes() -> None:
    record = read(older(extent(box(-5, 42, 8, 51)) + extent(box(55, -22, 56, -20), box("2,5", 1, 3, 2))))
    assert record.extent.boxes == (Box(-5, 42, 8, 51), Box(55, -22, 56, -20), Box(2.5, 1, 3, 2))


def test_antimeridian_and_poles() -> None:
    record = read(older(extent(box(160, -50, -140, 0), box(0, -90, 360, -60), box(-180, -90, 180, 90))))
    assert record.extent.boxes == (Box(160, -50, -140, 0), Box(-180, -90, 180, -60), Box(-180, -90, 180, 90))
    assert record.warnings == ()


@pytest.mark.parametrize(
    "sides",
    [(0, 50, 1, 40), (0, -99, 1, 10), ("x", 0, 1, 1), (0, "NaN", 1, 1), (700000, 6000000, 710000, 6100000)],
)
def test_a_box_that_is_none_is_a_warning(sides: tuple[object, ...]) -> None:
    record = read(older(extent(box(*sides), box(1, 2, 3, 4))))
    assert record.extent.boxes == (Box(1, 2, 3, 4),)
    assert "bounding box" in record.warnings[0]


def test_sides_in_each_others_place_are_put_right() -> None:
    record = read(older(extent(box(1.9, 45.4, 0.6, 46.4))))
    assert record.extent.boxes == (Box(0.6, 45.4, 1.9, 46.4),)
    assert "other way round" in record.warnings[0]


@pytest.mark.parametrize("gml", GML_SPACES)
@pytest.mark.parametrize(
    ("positions", "srs", "around"),
    [
        ("2 48 3 48 3 49 2 48", "", ""),
        ("2 48 3 48 3 49 2 48", "CRS:84", box(48, 2, 49, 3)),
        ("2 48 3 48 3 49 2 48", "EPSG:4326", ""),
        ("48 2 48 3 49 3 48 2", "urn:ogc:def:crs:EPSG::4326", ""),
        ("48 2 48 3 49 3 48 2", "http://www.opengis.net/def/crs/EPSG/0/4258", ""),
        ("2 48 3 48 3 49 2 48", "urn:ogc:def:crs:EPSG::4326", box(2, 48, 3, 49)),
        ("48 2 48 3 49 3 48 2", "", box(2, 48, 3, 49)),
    ],
)
def test_polygons_in_longitude_and_latitude(gml: str, positions: str, srs: str, around: str) -> None:
    record = read(older(extent(polygon(ring(positions, srs)), around), gml=gml))
    assert record.extent.geometries == ("POLYGON((2 48,3 48,3 49,2 48))",)
    if not around:
        assert record.extent.boxes == (Box(2, 48, 3, 49),), "a shape without a box gives its own"


def test_the_globe_tells_the_order_of_axes() -> None:
    record = read(older(extent(polygon(ring("-20 120 -20 121 -19 121 -20 120")))))
    assert record.extent.geometries == ("POLYGON((120 -20,121 -20,121 -19,120 -20))",)


@pytest.mark.parametrize(
    ("gml", "wkt"),
    [
        ("<gml:Point><gml:pos>3 4</gml:pos></gml:Point>", "POINT(3 4)"),
        ("<gml:Point srsDimension='3'><gml:pos>3 4 5</gml:pos></gml:Point>", "POINT(3 4)"),
        (
            "<gml:LineString><gml:pos>1 2</gml:pos><gml:pos>3 4</gml:pos></gml:LineString>",
            "LINESTRING(1 2,3 4)",
        ),
        (
            "<gml:Polygon><gml:outerBoundaryIs><gml:LinearRing><gml:coordinates>0,0 1,0 1,1 0,0</gml:coordinates></gml:LinearRing></gml:outerBoundaryIs></gml:Polygon>",
            "POLYGON((0 0,1 0,1 1,0 0))",
        ),
        (
            "<gml:MultiSurface srsDimension='3'><gml:surfaceMember>"
            + ring("0 0 9 1 0 9 1 1 9")
            + "</gml:surfaceMember><gml:surfaceMember>"
            + ring("5 5 9 6 5 9 6 6 9 5 5 9")
            + "</gml:surfaceMember></gml:MultiSurface>",
            "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))",
        ),
    ],
)
def test_other_shapes(gml: str, wkt: str) -> None:
    assert read(older(extent(polygon(gml)))).extent.geometries == (wkt,)


@pytest.mark.parametrize(
    ("gml", "why"),
    [
        (ring("0 0 1 1 0 0"), "encloses nothing"),
        (ring("0 0 2 2 2 0 0 2 0 0"), "valid"),
        (ring("0 0 1"), "positions"),
        (ring("a b c d"), "coordinates"),
        (ring("700000 6000000 700001 6000000 700001 6000001 700000 6000000", "EPSG:2154"), "not geographic"),
        (ring("700000 6000000 700001 6000000 700001 6000001 700000 6000000"), "degrees"),
        ("<gml:Polygon/>", "outer ring"),
    ],
)
def test_a_shape_that_is_none_is_a_warning(gml: str, why: str) -> None:
    record = read(older(extent(box(0, 0, 1, 1), polygon(gml))))
    assert record.extent.geometries == ()
    assert record.extent.boxes == (Box(0, 0, 1, 1),)
    assert why in record.warnings[0]


@pytest.mark.parametrize("gml", GML_SPACES)
@pytest.mark.parametrize(
    ("begin", "end", "found"),
    [
        ("<gml:beginPosition>2001</gml:beginPosition>", "<gml:endPosition>2002-03</gml:endPosition>", Period("2001", "2002-03")),
        ("<gml:beginPosition>2001</gml:beginPosition>", '<gml:endPosition indeterminatePosition="now"/>', Period("2001", "")),
        ("<gml:beginPosition>2001</gml:beginPosition>", "<gml:endPosition>now</gml:endPosition>", Period("2001", "")),
        ('<gml:beginPosition indeterminatePosition="unknown"/>', "<gml:endPosition>2002</gml:endPosition>", Period("", "2002")),
        ('<gml:beginPosition indeterminatePosition="after">2001</gml:beginPosition>', '<gml:endPosition indeterminatePosition="after">2002</gml:endPosition>', Period("2001", "")),
        ('<gml:beginPosition indeterminatePosition="before">2001</gml:beginPosition>', '<gml:endPosition indeterminatePosition="before">2002</gml:endPosition>', Period("", "2002")),
        ("<gml:begin><gml:TimeInstant><gml:timePosition>2001-01-01T00:00:00+02:00</gml:timePosition></gml:TimeInstant></gml:begin>", "<gml:end><gml:TimeInstant/></gml:end>", Period("2000-12-31T22:00:00Z", "")),
    ],
)  # fmt: skip
def test_periods(gml: str, begin: str, end: str, found: Period) -> None:
    assert read(older(extent(period(begin, end)), gml=gml)).extent.periods == (found,)


def test_an_instant_is_a_period() -> None:
    instant = "<temporalElement><EX_TemporalExtent><extent><gml:TimeInstant><gml:timePosition>2001-05</gml:timePosition></gml:TimeInstant></extent></EX_TemporalExtent></temporalElement>"
    assert read(older(extent(instant))).extent.periods == (Period("2001-05", "2001-05"),)


def test_bad_periods_are_warnings() -> None:
    late = period("<gml:beginPosition>2005</gml:beginPosition>", "<gml:endPosition>2001</gml:endPosition>")
    odd = period(
        "<gml:beginPosition>15/03/2005</gml:beginPosition>", "<gml:endPosition>2006</gml:endPosition>"
    )
    record = read(older(extent(late, odd)))
    assert record.extent.periods == (Period("", "2006"),)
    assert len(record.warnings) == 2


def test_places_and_heights() -> None:
    place = f"<geographicElement><EX_GeographicDescription><geographicIdentifier><MD_Identifier>{text('code', 'Iroise')}</MD_Identifier></geographicIdentifier></EX_GeographicDescription></geographicElement>"
    height = '<verticalElement><EX_VerticalExtent><minimumValue><gco:Real>-200</gco:Real></minimumValue><maximumValue><gco:Real>0</gco:Real></maximumValue><verticalCRS xlink:href="urn:ogc:def:crs:EPSG::5714"/></EX_VerticalExtent></verticalElement>'
    found = read(older(extent(text("description", "Brest"), place, height))).extent
    assert found.places == (Text.of("Brest", "en"), Text.of("Iroise", "en"))
    assert found.vertical == (Vertical(-200, 0, "", "EPSG:5714"),)


def test_a_shape_of_very_many_points_leaves_its_box() -> None:
    record = read(older(extent(polygon(ring("0 0 1 0 1 1 " * 7000 + "0 0")))))
    assert record.extent.geometries == ()
    assert record.extent.boxes == (Box(0, 0, 1, 1),)
    assert "points" in record.warnings[0]
