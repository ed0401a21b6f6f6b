"""Collections out of a node as Parquet, and into another: the same items, on every engine."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

import estran
from estran.access import ANYONE
from estran.catalogue.items import ItemQuery
from estran.errors import Invalid, NotFound
from estran.formats._geoparquet.times import NAMES, microseconds
from tests.catalogue.test_items import lines, made, walk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.node import Node

COLLECTION = {
    "type": "Collection", "stac_version": "1.1.0", "id": "alpha", "title": "The first", "description": "Scenes",
    "license": "CC-BY-4.0", "links": [], "keywords": ["kept"],
    "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [["2015-01-01T00:00:00Z", None]]}},
}  # fmt: skip


def exported(node: Node, collection: str, path: Path) -> Path:
    with path.open("wb") as file:
        count = node.items.export(collection, file)
    assert count == node.items.count(collection)
    return path


def items(node: Node) -> dict[str, Any]:
    """Every item, as JSON values, with its own links."""
    found: dict[str, Any] = {}
    cursor = ""
    while True:
        page = node.items.search(ItemQuery(limit=1000, cursor=cursor))
        for one in page:
            links = json.loads(b"[" + one.links + b"]")
            found[f"{one.collection}/{one.id}"] = {**json.loads(one.body + b"}"), "links": links}
        cursor = page.next
        if not cursor:
            return found


@pytest.fixture
def given(tmp_path: Path) -> list[dict[str, Any]]:
    """Items of two collections that differ in whatever items can."""
    listed = made(5, 600)
    for n, one in enumerate(listed):
        one["properties"] |= {
            "odd": (n, str(n), n / 2)[n % 3], "updated": f"2021-01-01T00:00:{n % 60:02d}.{n + 1:03d}Z",
            **({"big": 2**62 + n} if n % 7 == 0 else {}), **({"rare": {"a": [n, None]}} if n == 399 else {}),
        }  # fmt: skip
    return listed


def test_a_collection_goes_from_node_to_node(
    node: Node, open_node: Callable[[Path], Node], tmp_path: Path, given: list[dict[str, Any]]
) -> None:
    (tmp_path / "c.json").write_text(json.dumps(COLLECTION))
    node.load([tmp_path / "c.json", lines(tmp_path / "a.ndjson", given)])
    files = [exported(node, name, tmp_path / f"{name}.parquet") for name in ("alpha", "beta")]
    with open_node(tmp_path / "other") as other:
        report = other.load(files)
        assert report.refused == []
        assert report.new == len(given) + 2
        assert items(other) == items(node)
        assert walk(other) == walk(node)
        for asked in (
            {"filter": "eo:cloud_cover < 40"},
            {"sort": (("platform", False),)},
            {"time": (0, 1_500_000_000_000_000)},
        ):
            assert walk(other, **asked) == walk(node, **asked)
        alpha = other.items.collection("alpha")
        assert (str(alpha.title), str(alpha.abstract)) == ("The first", "Scenes")
        again = other.load(files)
        assert (again.new, again.changed, again.unchanged) == (0, 0, len(given) + 2)
        assert node.load(files[0]).changed == node.items.count("alpha"), (
            "bytes are kept as they come, spelling included"
        )
        assert items(node) == items(other)


def test_the_file_is_what_others_read(node: Node, tmp_path: Path, given: list[dict[str, Any]]) -> None:
    (tmp_path / "c.json").write_text(json.dumps(COLLECTION))
    node.load([tmp_path / "c.json", lines(tmp_path / "a.ndjson", given)])
    table = pq.read_table(exported(node, "alpha", tmp_path / "a.parquet"))
    mine = [i for i in given if i["collection"] == "alpha"]
    assert table.column("id").to_pylist() == [i["id"] for i in mine], (
        "items come in the order in which they were loaded"
    )
    assert table.column("eo:cloud_cover").to_pylist() == [i["properties"].get("eo:cloud_cover") for i in mine]
    described = json.loads(pq.read_schema(tmp_path / "a.parquet").metadata[b"stac-geoparquet"])
    assert described["collections"] == {"alpha": COLLECTION}
    beta = pq.read_schema(exported(node, "beta", tmp_path / "b.parquet")).metadata[b"stac-geoparquet"]
    assert json.loads(beta)["collections"]["beta"]["type"] == "Collection"


def test_only_what_the_actor_may_see(node: Node, tmp_path: Path, given: list[dict[str, Any]]) -> None:
    node.load(lines(tmp_path / "a.ndjson", given), visibility="restricted")
    for actor, name in ((ANYONE, "alpha"), (node.actor, "nothing")):
        out = io.BytesIO()
        with pytest.raises(NotFound):
            node.acting_as(actor).items.export(name, out)
        assert out.getvalue() == b""
    with pytest.raises(Invalid, match="stac-geoparquet"):
        node.items.export("alpha", io.BytesIO(), "shapefile")


def test_an_empty_collection(node: Node, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps(COLLECTION))
    node.load(tmp_path / "c.json")
    report = node.load(exported(node, "alpha", tmp_path / "a.parquet"))
    assert (report.refused, report.unchanged) == ([], 1)


def test_it_is_written_as_of_one_moment(node: Node, tmp_path: Path, given: list[dict[str, Any]]) -> None:
    """What is loaded while a file is being written does not get half into it."""
    mine = [{**i, "collection": "alpha"} for i in given]
    node.load(lines(tmp_path / "a.ndjson", mine))

    class Meanwhile(io.BytesIO):
        def write(self, data: Any, /) -> int:
            if not self.tell():
                node.load(
                    lines(
                        tmp_path / "b.ndjson", [{**i, "id": f"late-{i['id']}", "new": 1} for i in mine[:50]]
                    )
                )
            return super().write(data)

    out = Meanwhile()
    assert node.items.export("alpha", out) == len(mine)
    assert node.items.count("alpha") == len(mine) + 50
    assert pq.read_table(io.BytesIO(out.getvalue())).num_rows == len(mine)


def test_parquet_that_holds_no_items(node: Node, tmp_path: Path, given: list[dict[str, Any]]) -> None:
    import pyarrow as pa  # noqa: PLC0415

    pq.write_table(pa.table({"year": [2001], "wine": ["x"]}), tmp_path / "wine.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    node.load(lines(tmp_path / "a.ndjson", given))
    good = exported(node, "alpha", tmp_path / "good.parquet")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.write(good, "good.parquet")
    report = node.load([tmp_path / "wine.parquet", tmp_path / "broken.parquet", tmp_path / "z.zip"])
    assert [(r.file.rpartition("/")[2], r.why.partition(";")[0]) for r in report.refused] == [
        (
            "wine.parquet",
            "it is a Parquet file but no stac-geoparquet: it has no column id, geometry, assets, datetime",
        ),
        ("broken.parquet", report.refused[1].why.partition(";")[0]),
        ("good.parquet", "it is a Parquet file inside an archive"),
    ]
    assert "damaged" in report.refused[1].why


def test_an_item_that_cannot_be_kept_is_refused_by_its_row(
    node: Node, tmp_path: Path, given: list[dict[str, Any]]
) -> None:
    node.load(lines(tmp_path / "a.ndjson", [{**i, "collection": "alpha"} for i in given[:4]]))
    table = pq.read_table(exported(node, "alpha", tmp_path / "a.parquet"))
    ids = table.column("id").to_pylist()
    table = table.set_column(table.schema.get_field_index("id"), "id", [[ids[0], None, ids[2], ids[3]]])
    pq.write_table(table, tmp_path / "b.parquet")
    with_progress: list[int] = []
    report = node.load(tmp_path / "b.parquet", progress=lambda p: with_progress.append(p.bytes))
    assert [r.line for r in report.refused] == [2]
    assert report.read == 4
    assert with_progress[-1] == (tmp_path / "b.parquet").stat().st_size


def test_memory_stays_flat(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own memory does not grow with the number of items, on the way out and on the way in."""
    monkeypatch.setattr("estran.formats._geoparquet.writing._GROUP_ROWS", 1000)
    peaks: list[int] = []
    for count in (1500, 6000):
        node.load(lines(tmp_path / "a.ndjson", [{**i, "collection": f"c{count}"} for i in made(2, count)]))
        tracemalloc.start()
        path = exported(node, f"c{count}", tmp_path / f"{count}.parquet")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.reset_peak()
        from estran.formats import _geoparquet  # noqa: PLC0415

        with _geoparquet.read(path) as table:
            assert sum(1 for _, rows in table.groups() for _ in rows) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    out_few, in_few, out_many, in_many = peaks
    assert out_many < 1.5 * out_few
    assert in_many < 1.5 * in_few


def test_real_items_there_and_back(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "catalogue/stac"
    with estran.open(tmp_path / "a") as one, estran.open(tmp_path / "b") as other:
        one.load(
            [
                folder / "planetary-computer-samples",
                folder / "earth-search-s2",
                folder / "geoparquet",
                folder / "odc-stac",
            ]
        )
        names = [name for name, _ in one.items.collections() if one.items.count(name)]
        assert len(names) > 8
        files = [exported(one, name, tmp_path / f"{n}.parquet") for n, name in enumerate(names)]
        report = other.load(files)
        assert report.refused == []
        before, after = items(one), items(other)
        assert list(after) == list(before)
        for key, item in before.items():
            assert without_null(after[key]) == without_null(item), key


def without_null(value: Any) -> Any:
    """Without members that are null, and without the spelling of instants."""
    if isinstance(value, dict):
        kept = {k: without_null(v) for k, v in value.items() if v is not None}
        return {k: microseconds(v) or v if k in NAMES else v for k, v in kept.items()}
    if isinstance(value, list):
        return [without_null(v) for v in value]
    return value
