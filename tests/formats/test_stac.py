"""STAC: each part of small documents, then the real ones of every version, then what is written."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft7Validator
from pystac import Collection, STACObjectType
from pystac.validation.stac_validator import JsonSchemaSTACValidator

from estran import formats
from estran.formats import Document, Links, Refusal
from estran.formats.stac import FORMAT
from estran.model import Box, Extent, Item, Period, Record, Text, Vertical
from estran.testing.strategies import records

from .mutations import hold, hostile, mutated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLLECTION: dict[str, Any] = {
    "type": "Collection",
    "stac_version": "1.1.0",
    "id": "sea-surface",
    "title": "Sea surface temperature",
    "description": "Daily fields",
    "license": "CC-BY-4.0",
    "keywords": ["sst", "ocean"],
    "providers": [
        {"name": "Makers", "roles": ["producer", "processor"], "url": "https://makers.example.org"},
        {"name": "Lawyers", "roles": ["licensor"]},
        {"name": "Hosts", "roles": ["host"]},
        {"name": "Nobody"},
    ],
    "extent": {
        "spatial": {"bbox": [[-180, -60, 180, 60], [-180, -60, 0, 60], [0, -60, 180, 60]]},
        "temporal": {"interval": [["1981-09-01T00:00:00Z", None]]},
    },
    "summaries": {
        "platform": ["noaa-19"],
        "instruments": ["avhrr"],
        "gsd": [1000, 4000],
        "processing:level": ["L4"],
        "eo:bands": [{"name": "B4", "common_name": "lwir11", "description": "Thermal"}],
        "raster:bands": [{"unit": "K"}],
        "proj:epsg": [4326],
    },
    "assets": {
        "data": {
            "href": "./data.nc",
            "type": "application/netcdf",
            "title": "All of it",
            "roles": ["data"],
            "file:size": 42,
            "file:checksum": "1220" + "ab" * 32,
        },
        "thumbnail": {"href": "https://x.example.org/t.png", "roles": ["thumbnail"], "type": "image/png"},
    },
    "item_assets": {"B04": {"type": "image/tiff", "title": "Red", "roles": ["data"]}},
    "sci:doi": "10.5555/SST",
    "sci:citation": "Makers (2020)",
    "sci:publications": [{"doi": "10.5555/paper", "citation": "A paper"}],
    "version": "2.1",
    "deprecated": True,
    "links": [
        {"rel": "self", "href": "https://x.example.org/stac/sea-surface/collection.json"},
        {"rel": "root", "href": "../catalog.json"},
        {"rel": "parent", "href": "../ocean.json", "title": "Ocean"},
        {"rel": "items", "href": "./items", "type": "application/geo+json"},
        {"rel": "item", "href": "./1.json"},
        {"rel": "license", "href": "https://creativecommons.org/licenses/by/4.0/", "title": "By"},
        {"rel": "about", "href": "https://x.example.org/about", "type": "text/html"},
        {"rel": "derived_from", "href": "https://doi.org/10.5555/raw"},
        {"rel": "via", "href": "https://x.example.org/iso.xml"},
    ],
}
ITEM: dict[str, Any] = {
    "type": "Feature",
    "stac_version": "1.0.0",
    "id": "S2A_1",
    "collection": "sentinel-2",
    "bbox": [1, 2, 10, 3, 4, 20],
    "geometry": {"type": "Polygon", "coordinates": [[[1, 2], [3, 2], [3, 4], [1, 4], [1, 2]]]},
    "properties": {
        "datetime": None,
        "start_datetime": "2024-05-01T10:00:00Z",
        "end_datetime": "2024-05-01T10:00:10.5Z",
        "platform": "sentinel-2a",
        "instruments": ["msi"],
        "title": "A scene",
        "updated": "2024-05-02T00:00:00+02:00",
        "eo:cloud_cover": 3,
    },
    "links": [],
    "assets": {"visual": {"href": "https://x.example.org/v.tif", "type": "image/tiff", "roles": ["visual"]}},
    "x:unknown": {"kept": [1, 2.50]},
}


def document(value: Any) -> Document:
    return Document("s.json", json.dumps(value).encode())


def one(value: Any) -> Any:
    (found,) = formats.read(document(value), FORMAT)
    return found


def collection(**changes: Any) -> Record:
    found = one({key: part for key, part in (COLLECTION | changes).items() if part is not ...})
    assert isinstance(found, Record), found
    return found


def test_a_collection_says_what_it_is() -> None:
    record = collection()
    assert record.kind == "collection"
    assert (str(record.title), str(record.abstract)) == ("Sea surface temperature", "Daily fields")
    assert record.identifier == "sea-surface"
    assert ("sea-surface", "stac") in record.identifiers
    assert record.doi == "10.5555/sst"
    assert str(record.credit) == "Makers (2020)"
    assert (record.version, record.status) == ("2.1", "deprecated")
    assert record.crs == ("EPSG:4326",)
    assert record.quality.distance_m == 1000
    assert record.landing_page == "https://x.example.org/about"
    assert record.thumbnails == ("https://x.example.org/t.png",)
    assert record.warnings == ()


def test_providers_play_their_roles() -> None:
    played = [(p.role, str(p.organisation)) for p in collection().parties]
    assert played == [
        ("originator", "Makers"),
        ("processor", "Makers"),
        ("rightsHolder", "Lawyers"),
        ("distributor", "Hosts"),
        ("resourceProvider", "Nobody"),
    ]


def test_the_overall_box_and_interval_are_not_kept_beside_their_parts() -> None:
    assert collection().extent.boxes == (Box(-180, -60, 0, 60), Box(0, -60, 180, 60))
    intervals = [
        ["2000-01-01T00:00:00Z", "2020-01-01T00:00:00Z"],
        ["2000-01-01T00:00:00Z", "2001-01-01T00:00:00Z"],
    ]
    intervals.append(["2019-01-01T00:00:00Z", "2020-01-01T00:00:00Z"])
    periods = collection(extent={"temporal": {"interval": intervals}}).extent.periods
    assert [p.start[:4] for p in periods] == ["2000", "2019"]
    assert len(collection(extent={"temporal": {"interval": intervals[1:]}}).extent.periods) == 2


@pytest.mark.parametrize(
    ("extent", "box", "period"),
    [
        (
            {"spatial": [1, 2, 3, 4], "temporal": ["2015-06-27T10:25:31.456000+00:00", None]},
            Box(1, 2, 3, 4),
            "2015",
        ),
        ({"spatial": [[1, 2, 3, 4]], "temporal": [["2015", None]]}, Box(1, 2, 3, 4), "2015"),
        ({"bbox": [[170, -10, -170, 10]], "temporal": []}, Box(170, -10, -170, 10), ""),
        ({"spatial": {"bbox": [0, 0, 360, 10]}}, Box(-180, 0, 180, 10), ""),
    ],
)
def test_extents_of_all_ages(extent: dict[str, Any], box: Box, period: str) -> None:
    record = collection(extent=extent)
    assert record.extent.boxes == (box,)
    assert [p.start[:4] for p in record.extent.periods] == ([period] if period else [])
    assert record.warnings == ()


def test_words_of_summaries_have_their_role() -> None:
    roles = {str(c.label): c.role for c in collection().concepts}
    assert roles == {
        "sst": "keyword",
        "ocean": "keyword",
        "noaa-19": "platform",
        "avhrr": "instrument",
        "L4": "level",
    }


def test_bands_are_variables() -> None:
    (variable,) = collection().variables
    assert (variable.name, str(variable.label), variable.unit) == ("B4", "lwir11", "K")
    assert str(variable.description) == "Thermal"


def test_assets_and_links_are_distributions() -> None:
    found = {d.name or str(d.title) or d.function: d for d in collection().distributions}
    data = found["data"]
    assert data.url == "https://x.example.org/stac/sea-surface/data.nc"
    assert (data.function, data.size_bytes, data.checksum) == ("download", 42, "sha256:" + "ab" * 32)
    assert (found["Items"].function, found["metadata"].function) == ("search", "metadata")
    assert (found["B04"].url, found["B04"].media_type) == ("", "image/tiff")
    assert not any(d.url.endswith(("1.json", "about", "catalog.json")) for d in found.values())


def test_relations_of_links_and_publications() -> None:
    found = {(r.kind, r.target) for r in collection().relations}
    assert found == {
        ("IsPartOf", "https://x.example.org/stac/ocean.json"),
        ("IsDerivedFrom", "10.5555/raw"),
        ("IsDescribedBy", "10.5555/paper"),
    }


@pytest.mark.parametrize(
    ("given", "spdx", "names"),
    [
        ("CC-BY-4.0", "CC-BY-4.0", ["By"]),
        ("Creative Commons Attribution 4.0", "CC-BY-4.0", ["Creative Commons Attribution 4.0"]),
        ("proprietary", "CC-BY-4.0", ["By"]),
        ("various", "CC-BY-4.0", ["By"]),
    ],
)
def test_licences(given: str, spdx: str, names: list[str]) -> None:
    licences = collection(license=given).licences
    assert [(x.spdx, str(x.name)) for x in licences] == [(spdx, name) for name in names]
    (bare,) = collection(license="CC0-1.0", links=[]).licences
    assert (bare.spdx, bare.uri) == ("CC0-1.0", "")


def test_a_catalog_is_a_collection_without_data() -> None:
    record = one({"stac_version": "0.9.0", "id": "root", "description": "All", "links": []})
    assert (record.kind, str(record.title)) == ("collection", "root")


def test_an_item_keeps_its_bytes() -> None:
    body = b"\xef\xbb\xbf\n " + json.dumps(ITEM, indent=3).encode() + b"\n"
    (item,) = formats.read(Document("i.json", body), FORMAT)
    assert isinstance(item, Item)
    assert item.body == body[3:].strip()
    assert (item.id, item.collection, item.title) == ("S2A_1", "sentinel-2", "A scene")
    assert item.extent == Extent(
        boxes=(Box(1, 2, 3, 4),),
        geometries=("POLYGON((1 2,3 2,3 4,1 4,1 2))",),
        periods=(Period("2024-05-01T10:00:00Z", "2024-05-01T10:00:10.500000Z"),),
        vertical=(Vertical(10, 20, "m"),),
    )
    assert (item.platform, item.instruments, item.updated) == (
        "sentinel-2a",
        ("msi",),
        "2024-05-01T22:00:00Z",
    )
    assert [d.url for d in item.distributions] == ["https://x.example.org/v.tif"]


@pytest.mark.parametrize(
    "wrap", [list, lambda i: {"type": "FeatureCollection", "features": i}, lambda i: {"features": i}]
)
def test_items_of_a_list_are_exact_slices(wrap: Any) -> None:
    body = json.dumps(wrap([ITEM, ITEM | {"id": "two", "n": 1.50}]), indent=1).encode()
    found = list(formats.read(Document("l.json", body), FORMAT))
    assert [item.id for item in found if isinstance(item, Item)] == ["S2A_1", "two"]
    assert all(isinstance(item, Item) and item.body in body for item in found)


def test_items_without_a_place() -> None:
    item = one({key: part for key, part in ITEM.items() if key != "bbox"} | {"geometry": None})
    assert item.extent.boxes == ()
    assert item.warnings == ()
    item = one({key: part for key, part in ITEM.items() if key != "bbox"})
    assert item.extent.boxes == (Box(1, 2, 3, 4),)


def test_what_is_wrong_in_an_item_is_said_and_the_rest_kept() -> None:
    item = one(ITEM | {"bbox": [1, 95, 2, 96], "properties": {"datetime": "2024-02-30T00:00:00Z"}})
    assert item.id == "S2A_1"
    assert item.extent.boxes == (Box(1, 2, 3, 4),)
    assert len(item.warnings) == 2
    assert any("2024-02-30" in warning for warning in item.warnings)


def test_nan_is_left_out_and_the_item_stays_json() -> None:
    body = json.dumps(ITEM).replace('"eo:cloud_cover": 3', '"eo:cloud_cover": NaN').encode()
    (item,) = formats.read(Document("n.json", body), FORMAT)
    assert isinstance(item, Item)
    assert json.loads(item.body)["properties"]["eo:cloud_cover"] is None
    assert any("NaN" in warning for warning in item.warnings)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"type": "Feature", "properties": {}, "assets": {}}, "no id"),
        ({"type": "Feature", "id": "x", "properties": {"name": "y"}}, "no STAC Item"),
        ({"code": 404, "description": "gone"}, "neither"),
        ({"type": "Collection"}, "neither id nor title"),
        (3, "single JSON value"),
    ],
)
def test_what_is_no_stac_is_refused(value: Any, why: str) -> None:
    found = one(value)
    assert isinstance(found, Refusal)
    assert why in found.why


def test_a_bad_member_does_not_stop_the_others() -> None:
    found = list(formats.read(document({"features": [ITEM, 3, {"type": "Feature"}, ITEM]}), FORMAT))
    assert [type(f).__name__ for f in found] == ["Item", "Refusal", "Refusal", "Item"]
    assert isinstance(found[2], Refusal)
    assert found[2].why.startswith("features[2]")


@pytest.mark.parametrize("key", ["features", "collections"])
def test_a_list_of_other_things_is_refused_once(key: str) -> None:
    (found,) = formats.read(document({key: [{"id": n, "name": "x"} for n in range(50)]}), FORMAT)
    assert isinstance(found, Refusal)
    assert "none of its 50" in found.why


# ---------------------------------------------------------------- real files

NOT_STAC = {
    "awseos_search.json", "cop_dataspace_search.json", "s2l2a_productInfo.json", "s2l2a_tileInfo.json",
    "collection_queryables.json", "provider_queryables.json", "schema.json", "fixture-summary.json", "gdalinfo.json",
    "fields_no_bands.json", "not-a-collection.json", "sample.geojson", "invalid-item.json",
    "woudc-total-column-ozone-totalozone.json",
}  # fmt: skip


def real(shared_data: Path) -> Iterator[Document]:
    for folder in ("stac", "iso19115-3/aodn-expected-stac"):
        for path in sorted((shared_data / "catalogue" / folder).rglob("*")):
            if path.suffix in (".json", ".geojson"):
                yield Document(str(path), path.read_bytes(), path)
            elif path.is_file() and "ndjson" in path.name:
                body = path.read_bytes()
                lines = (gzip.decompress(body) if path.suffix == ".gz" else body).splitlines()
                yield from (
                    Document(str(path), line, None, n) for n, line in enumerate(lines, 1) if line.strip()
                )


def test_every_real_file_is_read_or_refused_with_a_reason(shared_data: Path) -> None:
    read = refused = 0
    for source in real(shared_data):
        name = source.name.rpartition("/")[2]
        found = list(formats.read(source, FORMAT))
        assert found or name == "itemcollection-sample-minimal.json", "only this one lists nothing"
        bad = [f for f in found if isinstance(f, Refusal)]
        refused += len(bad)
        read += len(found) - len(bad)
        assert not bad or name in NOT_STAC or "/schemas/" in source.name, bad
        for one_bad in bad:
            assert one_bad.file == source.name
            assert "could not be understood" not in one_bad.why
    assert read > 1800
    assert refused < 40


def test_real_files_are_recognised_as_stac(shared_data: Path) -> None:
    missed = [
        source.name
        for source in real(shared_data)
        if not any(isinstance(f, Refusal) for f in formats.read(source, FORMAT))
        and formats.recognise(source) is not FORMAT
    ]
    assert missed == []


# ---------------------------------------------------------------- writing

LINKS = Links("https://node.example.org")
# pystac's own schemas and references; its validator would build both anew for every document.
PYSTAC = JsonSchemaSTACValidator()
CORE = "https://schemas.stacspec.org/v1.1.0/collection-spec/json-schema/collection.json"
VALIDATOR = Draft7Validator(PYSTAC.schema_cache[CORE], registry=PYSTAC.registry)


def write(record: Record) -> tuple[dict[str, Any], set[str]]:
    written = FORMAT.write(record, LINKS) if FORMAT.write else None
    assert written
    value = json.loads(written.body)
    VALIDATOR.validate(value)
    return value, {loss.field for loss in written.losses}


def test_real_collections_are_written_valid(shared_data: Path) -> None:
    count = 0
    for source in real(shared_data):
        for record in formats.read(source, FORMAT):
            if isinstance(record, Record):
                value, _ = write(record)
                count += 1
                if count % 150 == 0:
                    PYSTAC.validate_core(value, STACObjectType.COLLECTION, "1.1.0")
                    assert Collection.from_dict(value).id == value["id"]
    assert count > 300


def test_what_stac_demands_is_made_up_and_said() -> None:
    value, lost = write(Record(identifier="a"))
    assert value["extent"]["spatial"]["bbox"] == [[-180, -90, 180, 90]]
    assert value["extent"]["temporal"]["interval"] == [[None, None]]
    assert value["license"] == "other"
    assert value["description"]
    assert {"extent.boxes", "extent.periods"} <= lost


def test_a_record_of_a_node_links_to_its_page_and_twins() -> None:
    value, _ = write(Record(id="abc-1", identifier="x", title=Text.of("T")))
    links = {(link["rel"], link["href"]) for link in value["links"]}
    assert value["id"] == "abc-1"
    assert ("about", "https://node.example.org/data/abc-1") in links
    assert ("alternate", "https://node.example.org/data/abc-1.ttl") in links


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records())
def test_what_is_not_said_lost_comes_back(record: Record) -> None:
    value, lost = write(record)
    back = one(value)
    assert isinstance(back, Record)
    for name in ("title", "credit", "lineage"):
        assert str(getattr(back, name)) == str(getattr(record, name))
    if record.abstract:
        assert str(back.abstract) == str(record.abstract)
    assert (back.version, back.doi) == (record.version, record.doi)
    if "extent.boxes" not in lost and record.extent.boxes:
        assert set(back.extent.boxes) == set(record.extent.boxes) or back.extent.box == record.extent.box
    if "extent.periods" not in lost:
        assert back.extent.bounds() == record.extent.bounds()
    assert [
        (p.role, p.name, str(p.organisation), p.identifier) for p in back.parties[: len(record.parties)]
    ] == [(p.role, p.name, str(p.organisation), p.identifier) for p in record.parties]
    assert {str(c.label) for c in record.concepts} <= {str(c.label) for c in back.concepts}
    if "concepts.uri" not in lost:
        assert {c.uri for c in record.concepts if c.uri} <= {c.uri for c in back.concepts}
    names = {v.name for v in back.variables}
    assert {v.name for v in record.variables} <= names
    kept = {(d.url, d.media_type, d.size_bytes, str(d.title)) for d in back.distributions}
    assert {(d.url, d.media_type, d.size_bytes, str(d.title)) for d in record.distributions} <= kept
    assert set(record.thumbnails) <= set(back.thumbnails)
    assert [(x.spdx, x.uri) for x in back.licences] == [(x.spdx, x.uri) for x in record.licences]
    assert not record.quality.distance_degrees or "quality.distance_degrees" in lost
    assert not record.constraints or any(field.startswith("constraints") for field in lost)


# ---------------------------------------------------------------- attacks

VALID = (
    COLLECTION,
    ITEM,
    {"type": "FeatureCollection", "features": [ITEM]},
    {"collections": [COLLECTION], "links": []},
    [ITEM],
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated(VALID))
def test_wrong_types_everywhere(body: bytes) -> None:
    for found in hold(body, FORMAT):
        if isinstance(found, Record):
            write(found)
        elif isinstance(found, Item):
            json.loads(found.body)


@given(hostile())
def test_hostile_bytes(body: bytes) -> None:
    hold(body, FORMAT)
