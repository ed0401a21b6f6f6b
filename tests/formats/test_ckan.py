"""CKAN's packages to the pivot: members, extras, translations, and what portals put where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from estran import formats
from estran.formats import Document, Refusal
from estran.formats.ckan import FORMAT
from estran.model import Box, Period, Record

PACKAGE: dict[str, Any] = {
    "id": "6f7c7b0e-6f0c-4a5b-9d0e-0123456789ab", "name": "rain-gauges", "title": "Rain gauges", "type": "dataset",
    "notes": "Daily sums", "author": "A. Dupont", "author_email": "a@example.org", "maintainer": "The team",
    "owner_org": "o", "organization": {"title": "A centre", "name": "centre"}, "license_id": "cc-by",
    "license_title": "Creative Commons Attribution 4.0", "license_url": "https://creativecommons.org/licenses/by/4.0/",
    "metadata_created": "2020-01-01T00:00:00.123456", "metadata_modified": "2024-03-04T05:06:07.123456",
    "num_resources": 2, "version": "2", "state": "active", "private": False,
    "tags": [{"name": "rain", "display_name": "Rain"}, {"name": "snow"}], "groups": [{"title": "Climate"}],
    "extras": [
        {"key": "spatial", "value": '{"type": "Polygon", "coordinates": [[[0, 40], [5, 40], [5, 45], [0, 45], [0, 40]]]}'},
        {"key": "temporal_start", "value": "2001"}, {"key": "temporal_end", "value": "2010-12-31"},
        {"key": "guid", "value": "https://doi.org/10.1234/RAIN"}, {"key": "frequency", "value": "daily"},
        {"key": "language", "value": '["fr", "en"]'},
    ],
    "resources": [
        {"url": "https://x.example/rain.csv", "name": "Sums", "format": "CSV", "mimetype": "text/csv", "size": 12, "hash": "ab"},
        {"url": "https://x.example/wms", "format": "WMS"}, {"name": "nothing"},
    ],
}  # fmt: skip


def read(value: Any) -> list[Any]:
    return list(formats.read(Document("package.json", json.dumps(value).encode()), FORMAT))


def one(value: Any) -> Record:
    (found,) = read(value)
    assert isinstance(found, Record), found
    return found


def test_a_package_as_package_show_gives_it() -> None:
    call = "https://data.example/api/3/action/help_show?name=package_show"
    record = one({"help": call, "success": True, "result": PACKAGE})
    assert record.identifier == PACKAGE["id"]
    assert record.doi == "10.1234/rain"
    assert record.landing_page == "https://data.example/dataset/rain-gauges"
    assert (str(record.title), str(record.abstract), record.version) == ("Rain gauges", "Daily sums", "2")
    assert record.metadata_date == "2024-03-04T05:06:07.123456Z"
    assert record.extent.box == Box(0, 40, 5, 45)
    assert record.extent.periods == (Period("2001", "2010-12-31"),)
    assert record.language == ("fr", "en")
    assert record.frequency == "daily"
    assert [licence.spdx for licence in record.licences] == ["CC-BY-4.0"]
    assert [(p.role, p.name or str(p.organisation)) for p in record.parties] == [
        ("author", "A. Dupont"), ("custodian", "The team"), ("publisher", "A centre"),
    ]  # fmt: skip
    assert [(c.role, str(c.label)) for c in record.concepts] == [
        ("keyword", "Rain"), ("keyword", "snow"), ("theme", "Climate"),
    ]  # fmt: skip
    csv, wms = record.distributions
    assert (csv.media_type, csv.size_bytes, csv.checksum, csv.format) == ("text/csv", 12, "md5:ab", "CSV")
    assert (wms.function, wms.protocol) == ("service", "OGC:WMS")


def test_lists_and_pages_of_packages() -> None:
    assert len(read([PACKAGE, PACKAGE | {"id": "2"}])) == 2
    found = read({"success": True, "result": {"count": 2, "results": [PACKAGE, {"odd": 1}]}})
    assert isinstance(found[0], Record)
    assert isinstance(found[1], Refusal)
    assert "results[1]" in found[1].why


def test_translations() -> None:
    record = one({
        "id": "x", "title_translated": {"en": "Rain", "fr": "Pluie"}, "notes_translated": '{"fr": "Mots"}', "language": "fr",
        "keywords": {"fr": ["pluie"], "en": ["rain"]}, "tags": [{"name": "unused"}], "metadata_modified": "2024-01-01",
    })  # fmt: skip
    assert record.title.variants == (("fr", "Pluie"), ("en", "Rain"))
    assert record.abstract.variants == (("fr", "Mots"),)
    assert [c.label.variants for c in record.concepts] == [(("fr", "pluie"),), (("en", "rain"),)]


@pytest.mark.parametrize(
    ("more", "box", "place"),
    [
        ({"extras": [{"key": f"bbox-{c}", "value": v} for c, v in
                     (("west-long", "1"), ("south-lat", "2"), ("east-long", "3"), ("north-lat", "4"))]}, Box(1, 2, 3, 4), ""),
        ({"spatial": "Bretagne"}, None, "Bretagne"),
        ({"spatial": '{"type": "Point", "coordinates": [1, 200]}'}, None, ""),
        ({"spatial": '{"type": "Poi'}, None, ""),
    ],
)  # fmt: skip
def test_where(more: dict[str, Any], box: Box | None, place: str) -> None:
    record = one({"id": "x", "name": "x", "metadata_modified": "2024-01-01"} | more)
    assert record.extent.box == box
    assert [str(text) for text in record.extent.places] == ([place] if place else [])


@pytest.mark.parametrize(
    "value",
    [
        {"success": False, "error": {"message": "Not found"}},
        {"id": "x", "state": "deleted"},
        {"result": {"id": ""}, "success": True},
        3,
    ],
)
def test_what_is_refused(value: Any) -> None:
    (found,) = formats.read(Document("x", json.dumps(value).encode()), FORMAT)
    assert isinstance(found, Refusal)


def test_is_told_from_other_json() -> None:
    call = "https://data.example/api/3/action/help_show?name=package_search"
    for body in (
        json.dumps(PACKAGE | {"notes": ""}), json.dumps({"help": call, "success": True, "result": PACKAGE}),
        json.dumps({"success": True, "result": {"count": 1, "results": [{"num_resources": 1, "owner_org": "x"}]}}),
    ):  # fmt: skip
        assert formats.recognise(Document("x.json", body.encode())).name == "ckan"
    assert FORMAT.recognise(b'{"@context": "x", "owner_org": 1, "license_id": 2}', "") == 0.0


@pytest.mark.parametrize("name", sorted(PACKAGE))
@pytest.mark.parametrize(
    "odd", [3, None, [], {}, "x", [[1]], {"a": {"b": [2]}}, [{"key": 3, "value": []}], True, "[", 1e308]
)
def test_a_member_of_any_kind_costs_no_more_than_itself(name: str, odd: Any) -> None:
    (found,) = read(PACKAGE | {name: odd, "owner_org": "o", "license_id": "cc-by"})
    assert isinstance(found, Record), found
