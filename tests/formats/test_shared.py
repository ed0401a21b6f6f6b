"""What several formats share: identifiers, languages, licences, JSON and GeoJSON read without trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import shapely
from hypothesis import given

from estran.errors import Invalid
from estran.formats import Document
from estran.formats._geojson import bbox, box_geometry, boxes_geometry, geometry_of_wkt, wkt_and_box
from estran.formats._identifiers import doi, identifier
from estran.formats._json import decode, number, outline, text, whole
from estran.formats._languages import code, three_letters
from estran.formats._licences import licence, spdx
from estran.model import Box, Identifier
from estran.testing.strategies import boxes, geometries

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("given", "bare"),
    [
        ("10.5072/ABC", "10.5072/abc"),
        ("https://doi.org/10.5072/ABC", "10.5072/abc"),
        ("http://dx.doi.org/10.5072/a%2Fb", "10.5072/a/b"),
        ("doi:10.5072/abc", "10.5072/abc"),
        ("DOI: https://doi.org/10.5072/abc", "10.5072/abc"),
        ("10.1016/S0140-6736(05)67728-8", "10.1016/s0140-6736(05)67728-8"),
        ("http://example.org/10.5072/abc", ""),
        ("10.5072", ""),
        ("10.5072/a b", ""),
        ("", ""),
        ("10." * 5000, ""),
    ],
)
def test_dois(given: str, bare: str) -> None:
    assert doi(given) == bare


def test_an_address_that_hides_what_is_no_letter_is_no_doi() -> None:
    assert doi("https://doi.org/10.1234/a%00b") == ""
    assert doi("https://doi.org/10.1234/a%20b") == "10.1234/a b"


@pytest.mark.parametrize(
    ("given", "scheme", "found"),
    [
        ("https://doi.org/10.5072/A", "", Identifier("10.5072/a", "doi")),
        ("https://doi.org/10.5072/A", "URL", Identifier("10.5072/a", "doi")),
        (
            "urn:uuid:ABCDEF01-0123-0123-0123-0123456789AB",
            "",
            Identifier("abcdef01-0123-0123-0123-0123456789ab", "uuid"),
        ),
        ("http://x.example", "", Identifier("http://x.example", "uri")),
        ("urn:x-wmo:md", "", Identifier("urn:x-wmo:md", "urn")),
        ("12", "Local number", Identifier("12", "Local number")),
        ("ark:/1/2", "ARK", Identifier("ark:/1/2", "ark")),
        ("12", "", Identifier("12")),
    ],
)
def test_identifiers(given: str, scheme: str, found: Identifier) -> None:
    assert identifier(given, scheme) == found


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("eng", "en"), ("fre", "fr"), ("fra", "fr"), ("en-US", "en"), ("fr_FR.UTF-8", "fr"), ("English", "en"),
        ("Français", "fr"), ("fr; utf8", "fr"), ("gsw", "gsw"), ("ger", "de"), ("und", ""), ("mul", ""), ("", ""), ("klingon", ""),
    ],
)  # fmt: skip
def test_languages(given: str, found: str) -> None:
    assert code(given) == found


def test_languages_in_three_letters() -> None:
    assert (three_letters("fr"), three_letters("gsw"), three_letters("")) == ("fra", "gsw", "")


@pytest.mark.parametrize(
    ("words", "uri", "found"),
    [
        ("CC-BY-4.0", "", "CC-BY-4.0"),
        ("cc-by-4.0", "", "CC-BY-4.0"),
        ("CC BY-NC-SA 4.0", "", "CC-BY-NC-SA-4.0"),
        ("Creative Commons Attribution 4.0 International License", "", "CC-BY-4.0"),
        ("Creative Commons Attribution-NonCommercial-ShareAlike 4.0", "", "CC-BY-NC-SA-4.0"),
        ("Creative Commons Attribution No Derivatives 3.0", "", "CC-BY-ND-3.0"),
        ("Creative Commons Attribution", "", ""),
        ("Access by 4.0 clients", "", ""),
        ("CC0 1.0 Universal", "", "CC0-1.0"),
        ("Zero cost", "", ""),
        ("proprietary", "", ""),
        ("", "http://creativecommons.org/licenses/by-nc/3.0/", "CC-BY-NC-3.0"),
        ("", "https://creativecommons.org/licenses/by/3.0/au/deed.fr", "CC-BY-3.0-AU"),
        ("", "http://creativecommons.org/publicdomain/zero/1.0", "CC0-1.0"),
        ("", "https://spdx.org/licenses/ODbL-1.0.html", "ODbL-1.0"),
        ("", "https://www.etalab.gouv.fr/licence-ouverte-open-licence", "etalab-2.0"),
        ("", "https://example.org/licenses/by/4.0", ""),
    ],
)
def test_licences(words: str, uri: str, found: str) -> None:
    assert spdx(words, uri) == found


def test_an_address_in_the_place_of_the_name() -> None:
    found = licence("https://creativecommons.org/licenses/by/4.0/")
    assert (str(found.name), found.uri, found.spdx) == (
        "",
        "https://creativecommons.org/licenses/by/4.0/",
        "CC-BY-4.0",
    )


# ---------------------------------------------------------------- JSON


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "holds nothing"),
        (b"  \n", "holds nothing"),
        (b"[1,\n2,]", "line 2, column 3"),
        (b'{"a": 1} x', "line 1, column 10"),
        (b'{"a":\n"\xff"}', "not in UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'"\\ud800"', "no text or machine can hold"),
        (b"1" + b"0" * 5000, "no text or machine can hold"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(body: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why) as caught:
        decode(Document("x.json", body))
    assert caught.value.where == "x.json"


def test_marks_and_wide_encodings_are_taken() -> None:
    for body in (
        b"\xef\xbb\xbf{}",
        '{"a": "é"}'.encode("utf-16"),
        b"\xff\xfe" + '{"a": "é"}'.encode("utf-16-le"),
    ):
        value, kept = decode(Document("x", body))
        assert isinstance(value, dict)
        assert kept.startswith(b"{")


def test_nan_becomes_null_with_a_note() -> None:
    notes: list[str] = []
    assert decode(Document("x", b'{"a": [NaN, -Infinity, 1]}'), notes) == (
        {"a": [None, None, 1]},
        b'{"a":[null,null,1]}',
    )
    assert "NaN" in notes[0]


def test_a_file_is_read_where_there_is_no_body(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"[1]")
    assert decode(Document("x.json", b"", tmp_path / "x.json"))[0] == [1]


@pytest.mark.parametrize(
    ("given", "words", "figure", "count"),
    [
        ("  a\x00b ", "ab", None, -1),
        (5, "5", 5.0, 5),
        (2.5, "2.5", 2.5, 2),
        ("7", "7", 7.0, 7),
        (True, "", None, -1),
        (10**400, "", None, -1),
        (-3, "-3", -3.0, -1),
        ("nan", "nan", None, -1),
        (None, "", None, -1),
        ([1], "", None, -1),
    ],
)
def test_accessors_give_one_type(given: Any, words: str, figure: float | None, count: int) -> None:
    assert (text(given), number(given), whole(given)) == (words, figure, count)


def test_the_outline_of_a_head_that_is_cut() -> None:
    shown = outline(b'[{"id":"a\\"b","x":[1,{"y":2}],"z":{"k":null}},{"id":2,"q":"cut')
    assert dict(shown) == {"": "[", "id": 'a\\"b', "x": "[", "x.y": "2", "z": "{", "z.k": "null"}
    assert not outline(b"<xml/>")
    assert not outline(b"")


# ---------------------------------------------------------------- GeoJSON


@given(geometries())
def test_wkt_comes_back(wkt: str) -> None:
    geometry = geometry_of_wkt(wkt)
    assert geometry
    again, around = wkt_and_box(geometry)
    assert shapely.normalize(shapely.from_wkt(again)) == shapely.normalize(shapely.from_wkt(wkt))
    assert around
    assert shapely.from_wkt(wkt).bounds == pytest.approx(around)
    if geometry["type"] == "Polygon":
        assert shapely.is_ccw(shapely.from_wkt(again).exterior)


@given(boxes())
def test_boxes_are_cut_at_the_antimeridian(box: Box) -> None:
    geometry = box_geometry(box)
    assert geometry == boxes_geometry([box])
    assert (geometry["type"] == "MultiPolygon") == box.crosses
    _, around = wkt_and_box(geometry)
    # A box from one edge of the map goes round it either way.
    assert around == box or abs(box.west) == 180 or abs(box.east) == 180


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({"type": "Point", "coordinates": [1, 2, 300]}, "POINT(1 2)"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}, "POLYGON((0 0,1 0,1 1,0 0))"),
        ({"type": "MultiPoint", "coordinates": [[0, 0], [1, 1]]}, "MULTIPOINT(0 0,1 1)"),
        (
            {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [1, 2]}]},
            "GEOMETRYCOLLECTION(POINT(1 2))",
        ),
        (None, ""),
        ({"type": "Polygon", "coordinates": []}, ""),
    ],
)
def test_geometries_to_wkt(given: Any, written: str) -> None:
    assert wkt_and_box(given)[0] == written


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (3, "no GeoJSON geometry"),
        ({"type": "Circle", "coordinates": [1]}, "no GeoJSON geometry"),
        ({"type": "Point", "coordinates": ["1", "2"]}, "not a number"),
        ({"type": "Point", "coordinates": [1]}, "not a list of longitude"),
        ({"type": "Point", "coordinates": [1, 95]}, "off the globe"),
        ({"type": "Point", "coordinates": [10**400, 5]}, "too large"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}, "encloses nothing"),
        ({"type": "Polygon", "coordinates": 5}, "no list"),
        ({"type": "GeometryCollection", "geometries": None}, "no list"),
    ],
)
def test_what_is_no_geometry_is_told(given: Any, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        wkt_and_box(given)


@pytest.mark.parametrize(
    "wkt", ["POLYGON EMPTY", "POINT(a b)", "POLYGON((170 0,190 0,190 1,170 0))", "POINT((((1 2))))", "((("]
)
def test_wkt_that_geojson_cannot_hold(wkt: str) -> None:
    assert geometry_of_wkt(wkt) is None


def test_boxes_of_four_and_six_numbers() -> None:
    assert bbox([1, 2, 3, 4]) == bbox([1, 2, 0, 3, 4, 9]) == Box(1, 2, 3, 4)
    for wrong in ([1, 2, 3], "1,2,3,4", [1, 2, 3, "4"], [1, 4, 3, 2], None):
        with pytest.raises(Invalid):
            bbox(wrong)
