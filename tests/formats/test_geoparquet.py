"""stac-geoparquet: what goes in comes out, whatever the items hold; what is none of it is refused."""

from __future__ import annotations

import io
import json
import math
import random
import struct
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from estran.errors import Invalid
from estran.formats import _geoparquet as geoparquet
from estran.formats._geoparquet import reading, times, wkb, writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POINT = {"type": "Point", "coordinates": [1.5, 2.0]}


def item(n: int = 1, **properties: Any) -> dict[str, Any]:
    """A small STAC Item with these properties."""
    return {
        "type": "Feature", "stac_version": "1.1.0", "stac_extensions": [], "id": f"i{n}", "geometry": POINT,
        "bbox": [1.5, 2.0, 1.5, 2.0], "properties": {"datetime": "2020-01-02T03:04:05Z", **properties}, "links": [],
        "assets": {"data": {"href": "https://example.org/x.tif", "roles": ["data"]}}, "collection": "c",
    }  # fmt: skip


def written(items: list[dict[str, Any]], collections: dict[str, Any] | None = None) -> bytes:
    out = io.BytesIO()
    count = geoparquet.write(lambda: (json.dumps(i).encode() for i in items), collections or {}, out)
    assert count == len(items)
    return out.getvalue()


def read(path: Path) -> list[Any]:
    with geoparquet.read(path) as table:
        found = [row for _, rows in table.groups() for row in rows]
    assert [row.number for row in found] == list(range(1, len(found) + 1))
    return [row.found if isinstance(row.found, Invalid) else json.loads(row.found) for row in found]


def there_and_back(items: list[dict[str, Any]], folder: Path) -> list[Any]:
    (folder / "a.parquet").write_bytes(written(items))
    return read(folder / "a.parquet")


@pytest.mark.parametrize(
    "items",
    [
        [item(1), item(2)],
        [item(1, **{"my:own": {"a": [1, 2], "b": {"c": "d"}}}), item(2)],
        [item(1, v=1), item(2, v="one"), item(3, v=[1, "a", {"b": 2}]), item(4, v=True)],
        [item(1, v=1), item(2, v=0.5)],
        [item(1, v=2**53 + 1), item(2, v=-(2**63) + 1), item(3, v=2**63 - 1)],
        [item(1, v=2**53 + 1), item(2, v=0.5)],
        [item(1, v=2**64 - 1)],
        [item(1, v={}), item(2, v={"a": 1}), item(3)],
        [item(1, v={}), item(2)],
        [item(1, v=[]), item(2, v=[[], [None, 1]], w=[None]), item(3, w=[])],
        [item(1, v=[{}, {"a": 1}, {"b": "x"}])],
        [item(1, v=[[[1.5, 2], [3, 4]], 7])],
        [item(1), {**item(2), "assets": {"other": {"href": "y", "file:size": 7}}}],
        [{**item(1), "assets": {}}, {**item(2), "assets": {}}],
        [{**item(1), "foo:bar": {"a": [1, "x"]}, "baz": 1}, item(2, baz="property")],
        [item(1, type="t", id="other", properties={"x": 1}, links=3, geometry="g", bbox=1)],
        [{**item(1), "geometry": None}, item(2)],
        [{k: v for k, v in item(1).items() if k != "bbox"}, item(2)],
        [{**item(1), "bbox": [1.0, 2.0, 0.0, 1.0, 2.0, 9.0]}, item(2)],
        [{**item(1), "bbox": [178.0, 2.0, -178.0, 3.0]}],
        [item(1, datetime=None, start_datetime="2020-01-01T00:00:00Z", end_datetime="2020-12-31T23:59:59.999Z")],
        [item(1, created="2020-01-01T00:00:00.123Z"), item(2, created="1400-01-01T00:00:00Z")],
        [item(1, updated="2020-01-01T00:00:00.123456Z"), item(2)],
        [item(1, expires="soon", created=3), item(2, expires="2020-01-01T00:00:00Z")],
        [item(1, **{"proj:geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}})],
        [item(1, **{"proj:geometry": {"type": "Point", "coordinates": [0, 0], "more": 1}})],
        [item(1, **{"a.b": 1, "c/d": {"e.f": {"": "x"}}, "é\U0001f30a": "'\"\\"})],
        [{**item(1), "links": [{"rel": "via", "href": "u", "method": "POST", "body": {"a": [1]}}]}, item(2)],
        [{k: v for k, v in item(1).items() if k not in ("stac_extensions", "collection")}],
        [],
    ],
)  # fmt: skip
def test_there_and_back(items: list[dict[str, Any]], tmp_path: Path) -> None:
    assert there_and_back(items, tmp_path) == items


def test_what_is_lost(tmp_path: Path) -> None:
    """As the page says: null members, the spelling of numbers and instants."""
    lost = item(
        1,
        v=None,
        deep={"a": None, "b": 1},
        created="2020-01-01T02:00:00+02:00",
        updated="2020-01-01T00:00:00.500Z",
    )
    (back,) = there_and_back([{**lost, "bbox": None}], tmp_path)
    assert back["properties"] == {
        "datetime": "2020-01-02T03:04:05Z", "deep": {"b": 1}, "created": "2020-01-01T00:00:00Z",
        "updated": "2020-01-01T00:00:00.500Z",
    }  # fmt: skip
    assert "bbox" not in back


def test_what_json_may_write_and_no_column_holds(tmp_path: Path) -> None:
    body = (
        json.dumps(item(1, half="A", huge="B")).replace('"A"', '"x\\ud800"').replace('"B"', "1e999").encode()
    )
    with (tmp_path / "a.parquet").open("wb") as file:
        geoparquet.write(lambda: [body], {}, file)
    (back,) = read(tmp_path / "a.parquet")
    assert back["properties"] == {"datetime": "2020-01-02T03:04:05Z", "half": "x?"}


_names = st.sampled_from(("a", "b", "é", "x:y", "", "datetime", "type", "0"))
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


def bare(value: Any) -> Any:
    """A value without the null members of objects, which a table cannot hold."""
    if isinstance(value, dict):
        return {k: bare(v) for k, v in value.items() if v is not None}
    return [bare(v) for v in value] if isinstance(value, list) else value


@given(
    st.lists(
        st.dictionaries(_names.filter(lambda n: n != "datetime"), _values, max_size=4), min_size=1, max_size=4
    )
)
@settings(max_examples=150, deadline=None)
def test_any_properties_there_and_back(
    tmp_path_factory: pytest.TempPathFactory, properties: list[Any]
) -> None:
    items = [item(n, **each) for n, each in enumerate(properties)]
    back = there_and_back(items, tmp_path_factory.mktemp("p"))
    # Where values differ in kind the column is JSON, which keeps null as well.
    assert [bare(i) for i in back] == [bare(i) for i in items]


_position = st.lists(st.floats(-180, 180), min_size=2, max_size=3)
_line = st.lists(_position, max_size=4)
_geometry = st.one_of(
    st.builds(lambda c: {"type": "Point", "coordinates": c}, _position),
    *(
        st.builds(lambda c, name=name: {"type": name, "coordinates": c}, kind)
        for name, kind in (
            ("LineString", _line), ("MultiPoint", _line), ("Polygon", st.lists(_line, max_size=3)),
            ("MultiLineString", st.lists(_line, max_size=3)), ("MultiPolygon", st.lists(st.lists(_line, max_size=2), max_size=2)),
        )
    ),
)  # fmt: skip
_geometries = st.recursive(
    _geometry,
    lambda inner: st.builds(
        lambda g: {"type": "GeometryCollection", "geometries": g}, st.lists(inner, max_size=3)
    ),
    max_leaves=5,
)


@given(_geometries)
@settings(max_examples=300, deadline=None)
def test_every_geometry_keeps_every_coordinate(geometry: dict[str, Any]) -> None:
    assert wkb.decode(wkb.encode(geometry)) == geometry


@pytest.mark.parametrize(
    "text",
    [
        "POINT Z (1 2 3)",
        "POLYGON ((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1))",
        "MULTIPOINT (1 2, 3 4)",
        "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (1 2, 3 4))",
    ],
)
@pytest.mark.parametrize("dialect", ["iso", "extended"])
@pytest.mark.parametrize("order", [0, 1])
def test_other_dialects_of_wkb(text: str, dialect: Any, order: int) -> None:
    shape = shapely.from_wkt(text)
    body = shapely.to_wkb(
        shapely.set_srid(shape, 4326), flavor=dialect, byte_order=order, include_srid=dialect == "extended"
    )
    assert wkb.decode(body) == json.loads(shapely.to_geojson(shape))
    assert shapely.equals(shapely.from_wkb(wkb.encode(wkb.decode(body))), shape)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\x01", b"\x01\x01\x00\x00\x00", struct.pack("<BII", 1, 2, 2**32 - 1), struct.pack("<BII", 1, 6, 2**31),
        struct.pack("<BI", 1, 8), struct.pack("<BI2d", 1, 1, 1, 2) + b"x", struct.pack("<BII", 1, 7, 1) * 40, bytes(range(256)),
    ],
)  # fmt: skip
def test_broken_wkb_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid, match="WKB"):
        wkb.decode(body)


def test_an_empty_point_is_no_geometry() -> None:
    assert wkb.decode(struct.pack("<BI2d", 1, 1, math.nan, math.nan)) is None
    assert wkb.decode(wkb.encode({"type": "Point", "coordinates": []})) is None


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    box = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    collections = {"c": {"type": "Collection", "id": "c"}}
    path.write_bytes(
        written(
            [item(1), {**item(2), "geometry": box, "bbox": [0, 0, 1, 1]}, {**item(3), "geometry": None}],
            collections,
        )
    )
    file = pq.ParquetFile(path)
    geo = json.loads(file.metadata.metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    assert geo["primary_column"] == "geometry"
    column = geo["columns"]["geometry"]
    assert (column["encoding"], column["geometry_types"]) == ("WKB", ["Point", "Polygon"])
    assert column["covering"]["bbox"] == {n: ["bbox", n] for n in ("xmin", "ymin", "xmax", "ymax")}
    assert column["bbox"] == [0, 0, 1.5, 2]
    assert json.loads(file.metadata.metadata[b"stac-geoparquet"]) == {
        "version": "1.1.0",
        "collections": collections,
    }
    schema = file.schema_arrow
    assert schema.field("datetime").type == pa.timestamp("ms", "UTC")
    assert schema.field("geometry").type == pa.binary()
    assert schema.field("stac_extensions").type.value_type == pa.string()
    assert {f.name for f in schema.field("links").type.value_type} == {"href", "rel", "type", "title"}
    assert "type" not in schema.names
    with geoparquet.read(path) as table:
        assert table.collections == collections


def test_a_covering_is_only_told_where_every_geometry_has_its_box(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(written([item(1), {**item(2), "bbox": None}]))
    geo = json.loads(pq.ParquetFile(tmp_path / "a.parquet").metadata.metadata[b"geo"])
    assert "covering" not in geo["columns"]["geometry"]


def test_columns_of_json_are_known_as_such(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(written([item(1, v=1), item(2, v="one")]))
    assert "v (JSON)" in str(pq.ParquetFile(tmp_path / "a.parquet").schema)


def test_keys_without_end_are_one_column(tmp_path: Path) -> None:
    items = [item(n, seen={f"2020-{n}-{k}": k for k in range(100)}) for n in range(20)]
    assert there_and_back(items, tmp_path) == items
    assert pq.ParquetFile(tmp_path / "a.parquet").metadata.num_columns < 30


@pytest.mark.parametrize("wrap", [lambda v: [v], lambda v: {"a": v}])
def test_what_is_nested_deeply_is_json_from_there(wrap: Any, tmp_path: Path) -> None:
    value: Any = 1
    for _ in range(400):
        value = wrap(value)
    assert there_and_back([item(1, v=value), item(2)], tmp_path) == [item(1, v=value), item(2)]


def test_too_many_properties_are_refused() -> None:
    with pytest.raises(Invalid, match="8000 different properties"):
        written([item(n, **{f"p{n}-{k}": k for k in range(100)}) for n in range(90)])


def test_rows_are_written_in_groups_and_read_a_few_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_GROUP_ROWS", 1000)
    items = [item(n) for n in range(2700)]
    assert there_and_back(items, tmp_path) == items
    assert pq.ParquetFile(tmp_path / "a.parquet").metadata.num_row_groups == 3
    with geoparquet.read(tmp_path / "a.parquet") as table:
        sizes = [(size, sum(1 for _ in rows)) for size, rows in table.groups()]
    assert [count for _, count in sizes] == [1000, 1000, 700]
    assert 0 < sum(size for size, _ in sizes) < (tmp_path / "a.parquet").stat().st_size


def test_half_a_file_looks_like_none(tmp_path: Path) -> None:
    """Neither items that end in an error nor a full disk leave something with an end."""

    def broken() -> Iterator[bytes]:
        asked.append(1)
        yield json.dumps(item(1)).encode()
        if len(asked) > 1:
            raise Invalid("gone")

    asked: list[int] = []
    out = io.BytesIO()
    with pytest.raises(Invalid, match="gone"):
        geoparquet.write(broken, {}, out)
    assert not out.getvalue()[4:].endswith(b"PAR1")

    class Full(io.RawIOBase):
        def write(self, data: Any, /) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        geoparquet.write(lambda: [json.dumps(item(1)).encode()], {}, Full())


def table(**columns: Any) -> pa.Table:
    held = {
        "id": ["i"],
        "geometry": [wkb.encode(POINT)],
        "assets": [{"a": {"href": "x"}}],
        "datetime": ["2020-01-01T00:00:00Z"],
    }
    return pa.table({name: column for name, column in {**held, **columns}.items() if column is not None})


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (table(assets=None), "no column assets"),
        (table(datetime=None), "no column datetime"),
        (pa.table({"x": [1]}), "no column id, geometry, assets, datetime"),
        (table(geometry=["POINT (1 2)"]), "not WKB"),
        (table().replace_schema_metadata({"geo": '{"columns":{"geometry":{"encoding":"point"}}}'}), "encoded as point"),
        (table().replace_schema_metadata({"geo": '{"columns":{"geometry":{"crs":{"id":{"authority":"EPSG","code":2154}}}}}'}), "reference system 2154"),
    ],
)  # fmt: skip
def test_what_is_no_stac_geoparquet_is_refused_with_the_reason(
    made: pa.Table, why: str, tmp_path: Path
) -> None:
    pq.write_table(made, tmp_path / "a.parquet")
    with pytest.raises(Invalid, match=why):
        read(tmp_path / "a.parquet")


def test_tables_of_others(tmp_path: Path) -> None:
    """Dictionaries, views, maps, nanoseconds, lists as boxes, decimals, metadata that are none."""
    other = table(
        geometry=pa.array([wkb.encode(POINT)], pa.large_binary()),
        collection=pa.array(["c"]).dictionary_encode(), bbox=[[1, 2, 3, 4]],
        datetime=pa.array([1_577_836_800_123_456_789], pa.timestamp("ns", "UTC")),
        created=pa.array([1_577_836_800_000], pa.timestamp("ms")), day=pa.array([18262], pa.date32()),
        price=pa.array([Decimal("1.00")], pa.decimal128(5, 2)), tags=pa.array([[("a", 1), ("b", None)]], pa.map_(pa.string(), pa.int64())),
        nan=[math.nan], nested=pa.array([{"t": 1_577_836_800_000, "n": None}], pa.struct([("t", pa.timestamp("ms", "UTC")), ("n", pa.int8())])),
        fixed=pa.array([[1.5, 2.5]], pa.list_(pa.float32(), 2)), text=pa.array(["x"], pa.large_string()),
        **{"proj:geometry": pa.array([wkb.encode(POINT)])},
    ).replace_schema_metadata({"geo": "no json", "stac-geoparquet": '{"version":"1.0.0","collection":{"id":"other"}}'})  # fmt: skip
    pq.write_table(other, tmp_path / "a.parquet")
    (found,) = read(tmp_path / "a.parquet")
    assert found["collection"] == "c"
    assert found["bbox"] == [1, 2, 3, 4]
    assert found["links"] == []
    assert found["properties"] == {
        "datetime": "2020-01-01T00:00:00.123456Z", "created": "2020-01-01T00:00:00Z", "day": "2020-01-01", "price": 1, "tags": {"a": 1},
        "nan": None, "nested": {"t": "2020-01-01T00:00:00Z"}, "fixed": [1.5, 2.5], "text": "x", "proj:geometry": POINT,
    }  # fmt: skip
    with geoparquet.read(tmp_path / "a.parquet") as opened:
        assert opened.collections == {"other": {"id": "other"}}


def test_a_row_that_cannot_be_read_does_not_keep_the_others(tmp_path: Path) -> None:
    three = pa.concat_tables(
        [table(), table(geometry=[b"\x07nonsense"]), table(geometry=pa.array([None], pa.binary()))]
    )
    pq.write_table(three, tmp_path / "a.parquet")
    first, second, third = read(tmp_path / "a.parquet")
    assert first["geometry"] == POINT
    assert isinstance(second, Invalid)
    assert third["geometry"] is None


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    whole = written([item(n, v="x" * 50) for n in range(3000)])
    path = tmp_path / "a.parquet"
    for size in (4, 8, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(Invalid, match="damaged"):
            read(path)
    r = random.Random(1)
    for _ in range(60):
        broken = bytearray(whole)
        for _ in range(r.choice((1, 5, 50))):
            broken[r.randrange(len(broken))] = r.randrange(256)
        path.write_bytes(broken)
        try:
            read(path)
        except Invalid:
            continue


def test_what_would_not_fit_into_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.parquet"
    monkeypatch.setattr(reading, "_BATCH_BYTES", 16 << 20)
    # One long text in each row, kept once: a few kilobytes on the disk, 100 MB if all rows were decoded.
    bomb = pa.concat_tables([table(bomb=["x" * 1_000_000])] * 100)
    pq.write_table(bomb, path, dictionary_pagesize_limit=1 << 26, compression="zstd")
    assert path.stat().st_size < 20_000
    with geoparquet.read(path) as opened:
        batches = list(opened._batches(0))
    assert max(batch.nbytes for batch in batches) <= 2 * reading._BATCH_BYTES
    assert sum(len(batch) for batch in batches) == 100
    pq.write_table(bomb, path, use_dictionary=False)
    with pytest.raises(Invalid, match="MB, more than items do"):
        read(path)
    pq.write_table(pa.concat_tables([table()] * 200), path)
    for limit, value in (("_GROUP_ROWS", 100), ("_GROUP_BYTES", 100), ("_GROUP_VALUES", 100)):
        with monkeypatch.context() as patch:
            patch.setattr(reading, limit, value)
            with pytest.raises(Invalid, match="smaller groups of rows"):
                read(path)
    monkeypatch.setattr(reading, "_MOST_COLUMNS", 3)
    with pytest.raises(Invalid, match="columns"):
        read(path)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("1969-12-31t23:59:59.5z", -500_000),
        ("1970-01-01 01:00:00+01:00", 0),
    ],
)
def test_instants(text: str, at: int) -> None:
    assert times.microseconds(text) == at


@pytest.mark.parametrize(
    "text",
    [
        "1970-01-01",
        "1970-13-01T00:00:00Z",
        "1970-01-01T00:00:60Z",
        "1970-01-01T00:00:00",
        "x",
        3,
        None,
        "1970-01-01T00:00:00.1234567Z",
        "0000-01-01T00:00:00Z",
    ],
)
def test_what_is_no_instant(text: Any) -> None:
    assert times.microseconds(text) is None


@pytest.mark.parametrize(
    ("name", "count"),
    [("100-sentinel-2-items", 100), ("1000-sentinel-2-items", 1000), ("sentinel-1-global-mosaics", 4)],
)
def test_real_files(shared_data: Path, tmp_path: Path, name: str, count: int) -> None:
    items = read(shared_data / f"catalogue/stac/geoparquet/{name}.parquet")
    assert len(items) == count
    assert all(
        i["stac_version"] and i["assets"] and i["geometry"]["coordinates"] and len(i["bbox"]) == 4
        for i in items
    )
    assert there_and_back(items, tmp_path) == items
