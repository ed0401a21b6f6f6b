"""OGC API Records: each part read and written, the examples of the standard, its schema's rules."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from estran import formats
from estran.formats import Document, Links, Refusal
from estran.formats.ogc_records import FORMAT, feature
from estran.model import (
    Box,
    Concept,
    Constraint,
    Distribution,
    Extent,
    Identifier,
    Licence,
    Party,
    Period,
    Quality,
    Record,
    Relation,
    Text,
    Variable,
)
from estran.testing.strategies import records

from .mutations import hold, hostile, mutated

if TYPE_CHECKING:
    from pathlib import Path

LINKS = Links("https://node.example.org")
FEATURE: dict[str, Any] = {
    "id": "kelp-1",
    "type": "Feature",
    "conformsTo": ["http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"],
    "time": {"interval": ["2001-01-01", ".."], "resolution": "P1D"},
    "geometry": {"type": "Polygon", "coordinates": [[[1, 2], [3, 2], [3, 4], [1, 4], [1, 2]]]},
    "properties": {
        "type": "http://purl.org/dc/dcmitype/Dataset",
        "title": "Kelp",
        "description": "Biomass",
        "keywords": ["kelp"],
        "themes": [
            {"concepts": [{"id": "algae", "title": "Algae", "url": "https://v.example.org/algae"}], "scheme": "https://v.example.org"},
            {"concepts": [{"id": "a"}, {"id": "b"}], "scheme": "house words"},
        ],
        "language": {"code": "en-GB"},
        "resourceLanguages": [{"code": "fra"}],
        "contacts": [
            {
                "name": "Ng, Li",
                "organization": "Ifremer",
                "position": "Diver",
                "emails": [{"value": "li@example.org"}],
                "phones": [{"value": "+33298000000"}],
                "addresses": [{"deliveryPoint": ["1 rue", "BP 2"], "city": "Brest", "country": "France"}],
                "links": [{"href": "https://li.example.org", "rel": "about"}],
                "roles": ["author", "publisher"],
            }
        ],
        "created": "2020-01-01T00:00:00Z",
        "updated": "2021-01-01T00:00:00Z",
        "license": "other",
        "rights": "Ask first",
        "externalIds": [{"scheme": "doi", "value": "10.5555/KELP"}, {"value": "urn:uuid:00000000-0000-0000-0000-0000000000AB"}],
        "formats": [{"name": "NetCDF", "mediaType": "application/netcdf"}, {"name": "Zarr"}],
    },
    "links": [
        {"rel": "self", "href": "https://x.example.org/kelp-1"},
        {"rel": "enclosure", "href": "https://x.example.org/k.nc", "type": "application/netcdf", "title": "File", "length": 42},
        {"rel": "service", "href": "https://x.example.org/wms"},
        {"rel": "license", "href": "https://x.example.org/terms", "title": "Terms"},
        {"rel": "preview", "href": "https://x.example.org/k.png", "type": "image/png"},
        {"rel": "predecessor-version", "href": "https://doi.org/10.5555/old"},
        {"rel": "related", "href": "https://x.example.org/paper"},
    ],
}  # fmt: skip


def one(value: Any) -> Any:
    (found,) = formats.read(Document("r.json", json.dumps(value).encode()), FORMAT)
    return found


def test_a_feature_is_read_whole() -> None:
    record = one(FEATURE)
    assert record == Record(
        identifier="kelp-1",
        identifiers=(
            Identifier("10.5555/kelp", "doi"),
            Identifier("00000000-0000-0000-0000-0000000000ab", "uuid"),
        ),
        kind="dataset",
        kind_label="Dataset",
        title=Text.of("Kelp", "en"),
        abstract=Text.of("Biomass", "en"),
        language=("fr",),
        metadata_language="en",
        metadata_date="2021-01-01T00:00:00Z",
        metadata_standard="OGC API Records",
        parties=tuple(
            Party(
                role=role,
                name="Ng, Li",
                organisation=Text.of("Ifremer", "en"),
                position=Text.of("Diver", "en"),
                email="li@example.org",
                phone="+33298000000",
                address="1 rue, BP 2",
                city="Brest",
                country="France",
                url="https://li.example.org",
            )
            for role in ("author", "publisher")
        ),
        concepts=(
            Concept(label=Text.of("kelp", "en")),
            Concept(
                label=Text.of("Algae", "en"),
                role="theme",
                uri="https://v.example.org/algae",
                scheme_uri="https://v.example.org",
            ),
            Concept(label=Text.of("a", "en"), role="theme", scheme="house words"),
            Concept(label=Text.of("b", "en"), role="theme", scheme="house words"),
        ),
        extent=Extent(boxes=(Box(1, 2, 3, 4),), periods=(Period("2001-01-01", ""),)),
        quality=Quality(step="P1D"),
        distributions=(
            Distribution(
                url="https://x.example.org/k.nc",
                title=Text.of("File"),
                function="download",
                media_type="application/netcdf",
                format="NetCDF",
                size_bytes=42,
            ),
            Distribution(url="https://x.example.org/wms", function="service"),
            Distribution(format="Zarr"),
        ),
        thumbnails=("https://x.example.org/k.png",),
        licences=(Licence(name=Text.of("Terms", "en"), uri="https://x.example.org/terms"),),
        constraints=(Constraint(kind="use", text=Text.of("Ask first", "en")),),
        relations=(
            Relation(kind="IsNewVersionOf", target="10.5555/old", scheme="doi"),
            Relation(target="https://x.example.org/paper", scheme="uri"),
        ),
    )


@pytest.mark.parametrize(
    ("given", "period"),
    [
        ({"date": "2020-05-01"}, Period("2020-05-01", "2020-05-01")),
        ({"timestamp": "2020-05-01T10:00:00Z"}, Period("2020-05-01T10:00:00Z", "2020-05-01T10:00:00Z")),
        ({"interval": ["..", "2020-05-01"]}, Period("", "2020-05-01")),
        (["2020-01-01", "2020-02-01"], Period("2020-01-01", "2020-02-01")),
        ("2020-01-01/..", Period("2020-01-01", "")),
        (None, None),
        ({"interval": ["..", ".."]}, None),
    ],
)
def test_times(given: Any, period: Period | None) -> None:
    assert one(FEATURE | {"time": given}).extent.period == period


def test_halves_at_the_antimeridian_are_one_box() -> None:
    box = Box(170.0, -10.0, -170.0, 10.0)
    written = feature(Record(identifier="x", extent=Extent(boxes=(box,))), LINKS)
    assert written["geometry"]["type"] == "MultiPolygon"
    assert one(written).extent.boxes == (box,)


def test_catalogues_and_collections() -> None:
    catalogue = {
        "id": "c",
        "itemType": "record",
        "type": "Collection",
        "title": "C",
        "links": [],
        "records": [FEATURE],
    }
    found = list(formats.read(Document("c.json", json.dumps(catalogue).encode()), FORMAT))
    assert [(f.kind, f.identifier) for f in found if isinstance(f, Record)] == [
        ("collection", "c"),
        ("dataset", "kelp-1"),
    ]
    many = {"type": "FeatureCollection", "features": [FEATURE, 1, FEATURE]}
    found = list(formats.read(Document("m.json", json.dumps(many).encode()), FORMAT))
    assert [type(f) for f in found] == [Record, Refusal, Record]


@pytest.mark.parametrize("value", [{}, 3, "x", {"type": "Feature", "properties": {}}, {"code": 404}])
def test_what_is_no_record_is_refused(value: Any) -> None:
    found = one(value)
    assert isinstance(found, Refusal)
    assert found.why


def test_the_examples_of_the_standard(shared_data: Path) -> None:
    folder = shared_data / "catalogue/ogcapi-records"
    read = {}
    for path in sorted(folder.glob("*.json")):
        found = list(formats.read(Document(path.name, path.read_bytes(), path), FORMAT))
        read[path.name] = [f for f in found if isinstance(f, Record)]
        assert found
        assert all(isinstance(f, Record) or (f.why and "understood" not in f.why) for f in found)
    assert {name for name, found in read.items() if found} == {"record.json", "catalog.json"}
    (record,) = read["record.json"]
    assert record.extent.period == Period("1924-08-17T00:00:00Z", "")
    assert len(record.words("theme")) == 13
    assert record.warnings == ()
    assert record.thumbnails == ("https://woudc.org/data/preview.png",)


def test_records_are_told_from_stac(shared_data: Path) -> None:
    paths = [shared_data / "catalogue/ogcapi-records" / name for name in ("record.json", "catalog.json")]
    paths.append(shared_data / "catalogue/stac/pycsw-copernicus/woudc-total-column-ozone-totalozone.json")
    for path in paths:
        assert FORMAT.recognise(path.read_bytes()[:4096], path.name) > 0.9
    for path in (shared_data / "catalogue/stac").rglob("*.json"):
        if "woudc" not in path.name:
            assert FORMAT.recognise(path.read_bytes()[:4096], path.name) < 0.3


# ---------------------------------------------------------------- writing

MOMENT = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$")
DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def positions(value: Any) -> Any:
    if isinstance(value[0], int | float):
        yield value
    else:
        for part in value:
            yield from positions(part)


def check_standard(value: dict[str, Any]) -> None:
    """The rules of recordGeoJSON.yaml and of the requirements class record-core."""
    assert isinstance(value["id"], str)
    assert value["id"]
    assert value["type"] == "Feature"
    assert value["conformsTo"]
    properties = value["properties"]
    assert {"type", "title"} <= set(properties)
    for name in ("created", "updated"):
        assert MOMENT.match(properties.get(name, "2020-01-01T00:00:00Z"))
    for theme in properties.get("themes", []):
        assert theme["scheme"]
        assert theme["concepts"]
        assert all(concept["id"] for concept in theme["concepts"])
    for contact in properties.get("contacts", []):
        assert contact.get("name") or contact.get("organization")
        assert all(re.match(r"^\+[1-9][0-9]{3,14}$", phone["value"]) for phone in contact.get("phones", []))
        assert all(link["type"] for link in contact.get("links", []))
    for entry in properties.get("formats", []):
        assert entry.get("name") or entry.get("mediaType")
    if properties.get("license") == "other" and any(link["rel"] == "license" for link in value["links"]):
        assert all(link["href"] for link in value["links"])
    assert sum(link["rel"] == "collection" for link in value["links"]) <= 1
    if value["geometry"]:
        shapes = value["geometry"].get("geometries", [value["geometry"]])
        for shape in shapes:
            for x, y in positions(shape["coordinates"]):
                assert -180 <= x <= 180
                assert -90 <= y <= 90
    check_time(value["time"])


def check_time(given: dict[str, Any] | None) -> None:
    if given is None:
        return
    assert DAY.match(given.get("date", "2020-01-01"))
    assert MOMENT.match(given.get("timestamp", "2020-01-01T00:00:00Z"))
    ends = [end for end in given.get("interval", []) if end != ".."]
    assert all(DAY.match(end) for end in ends) or all(MOMENT.match(end) for end in ends)


def test_a_record_of_a_node_has_its_links() -> None:
    value = feature(Record(id="a-1", title=Text.of("T", "fr")), LINKS)
    check_standard(value)
    links = {link["rel"] + " " + link["href"]: link for link in value["links"]}
    base = "https://node.example.org/data/a-1"
    for expected in (
        f"self {base}.json",
        f"alternate {base}",
        f"alternate {base}.xml",
        f"alternate {base}.jsonld",
        f"alternate {base}.ttl",
    ):
        assert expected in links
    assert "collection https://node.example.org/ogc/collections/records" in links
    assert value["time"] is None
    assert value["geometry"] is None


def test_the_licence_is_spdx_or_other_with_links() -> None:
    by = Licence(spdx="CC-BY-4.0")
    own = Licence(name=Text.of("Own"), uri="https://x.example.org/own")
    for licences, said in (((by,), "CC-BY-4.0"), ((own,), "other"), ((by, own), "other"), ((), None)):
        value = feature(Record(identifier="x", licences=licences), LINKS)
        assert value["properties"].get("license") == said
        assert sum(link["rel"] == "license" for link in value["links"]) == len(licences)


def test_variables_of_cf_are_a_theme() -> None:
    variable = Variable(name="sst", standard_name="sea_surface_temperature", label=Text.of("SST"))
    value = feature(Record(identifier="x", variables=(variable,)), LINKS)
    assert value["properties"]["themes"][0]["concepts"] == [{"id": "sea_surface_temperature", "title": "SST"}]
    assert one(value).variables == (Variable(standard_name="sea_surface_temperature", label=Text.of("SST")),)


@pytest.mark.parametrize(
    ("period", "written"),
    [
        (Period("2020", "2021"), {"interval": ["2020-01-01", "2021-12-31"]}),
        (Period("2020-02", ""), {"interval": ["2020-02-01", ".."]}),
        (Period("2020-02-01", "2020-02-01"), {"date": "2020-02-01"}),
        (Period("2020-02-01T00:00:00Z", "2020-02-01T00:00:00Z"), {"timestamp": "2020-02-01T00:00:00Z"}),
        (
            Period("2020-02-01", "2020-02-01T12:00:00Z"),
            {"interval": ["2020-02-01T00:00:00Z", "2020-02-01T12:00:00Z"]},
        ),
        (Period("-12000", "2000"), {"interval": ["..", "2000-12-31"]}),
    ],
)
def test_periods_are_written_in_days_or_instants(period: Period, written: dict[str, Any]) -> None:
    value = feature(Record(identifier="x", extent=Extent(periods=(period,))), LINKS)
    assert value["time"] == written


def test_a_shape_beyond_the_antimeridian_is_stood_for_by_its_box() -> None:
    extent = Extent(boxes=(Box(170, 0, -170, 1),), geometries=("POLYGON((170 0,190 0,190 1,170 0))",))
    assert FORMAT.write
    written = FORMAT.write(Record(identifier="x", extent=extent), LINKS)
    check_standard(json.loads(written.body))
    assert "extent.geometries" in {loss.field for loss in written.losses}


def test_a_feature_takes_little_time() -> None:
    record = one(FEATURE)
    best = min(_seconds(record) for _ in range(5))
    assert best < 0.0003


def _seconds(record: Record) -> float:
    start = time.process_time()
    for _ in range(20):
        feature(record, LINKS)
    return (time.process_time() - start) / 20


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records())
def test_what_is_not_said_lost_comes_back(record: Record) -> None:
    assert FORMAT.write
    written = FORMAT.write(record, LINKS)
    value = json.loads(written.body)
    check_standard(value)
    lost = {loss.field for loss in written.losses}
    back = one(value)
    assert isinstance(back, Record)
    assert (str(back.title), str(back.abstract), back.kind) == (
        str(record.title),
        str(record.abstract),
        record.kind,
    )
    assert (back.language, back.landing_page, back.doi) == (record.language, record.landing_page, record.doi)
    assert set(record.identifiers) <= set(back.identifiers)
    if not record.extent.geometries:
        assert back.extent.box == record.extent.box
    if "extent.periods" not in lost:
        assert back.extent.bounds() == record.extent.bounds()
    assert [(p.role, p.name, str(p.organisation), p.email, p.city) for p in back.parties] == [
        (p.role, p.name, str(p.organisation), p.email, p.city) for p in record.parties
    ]
    assert {str(c.label) for c in back.concepts} == {str(c.label) for c in record.concepts}
    files = {(d.url, d.media_type, d.size_bytes) for d in back.distributions}
    assert {(d.url, d.media_type, d.size_bytes) for d in record.distributions} <= files
    assert set(record.thumbnails) <= set(back.thumbnails)
    assert [(x.spdx, x.uri) for x in back.licences] == [(x.spdx, x.uri) for x in record.licences]
    assert {r.target for r in record.relations} == {
        r.target for r in back.relations
    } or "relations.target" in lost
    if "relations.kind" not in lost:
        assert [r.kind for r in record.relations] == [r.kind for r in back.relations]
    for name in ("lineage", "purpose", "supplement", "fundings", "frequency", "status"):
        assert not getattr(record, name) or any(
            field.partition(".")[0].partition("@")[0] == name for field in lost
        )


# ---------------------------------------------------------------- attacks


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated((FEATURE, {"type": "FeatureCollection", "features": [FEATURE]})))
def test_wrong_types_everywhere(body: bytes) -> None:
    for found in hold(body, FORMAT):
        if isinstance(found, Record):
            check_standard(json.loads(json.dumps(feature(found, LINKS))))


@given(hostile())
def test_hostile_bytes(body: bytes) -> None:
    hold(body, FORMAT)
