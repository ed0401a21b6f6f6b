"""Loading: what is good is kept, what is not says why, and nothing is stored half."""

from __future__ import annotations

import gzip
import json
import random
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import estran
from estran.access import ANYONE
from estran.errors import Invalid, NotAllowed, NotFound
from estran.model import Organisation, Text
from tests.catalogue.records import held

if TYPE_CHECKING:
    from estran.node import Node


def feature(n: int, **changes: Any) -> dict[str, Any]:
    """A small OGC record."""
    properties = {
        "type": "dataset", "title": f"Sea surface temperature {n}", "description": "Monthly analysis", "keywords": ["ocean"],
        "updated": "2020-01-01T00:00:00Z", **changes,
    }  # fmt: skip
    return {
        "id": f"urn:load:{n}", "type": "Feature", "conformsTo": ["http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"],
        "time": {"interval": ["2001-01-01", "2002-12-31"]}, "properties": properties, "links": [],
        "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]},
    }  # fmt: skip


def lines(path: Path, features: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(f) + "\n" for f in features))
    return path


def test_a_load_is_counted_and_a_second_one_changes_nothing(node: Node, tmp_path: Path) -> None:
    file = lines(tmp_path / "a.ndjson", [feature(n) for n in range(25)])
    report = node.load(file)
    assert (report.read, report.new, report.changed, report.unchanged, report.refused) == (25, 25, 0, 0, [])
    before = node.revision()
    again = node.load(file)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 25)
    assert node.revision() == before
    lines(file, [feature(0, title="Another title"), *(feature(n) for n in range(1, 30))])
    third = node.load(file)
    assert (third.new, third.changed, third.unchanged) == (5, 1, 24)


def test_a_changed_record_keeps_its_id_and_its_originals(node: Node, tmp_path: Path) -> None:
    node.load(lines(tmp_path / "a.ndjson", [feature(1)]))
    [first] = held(node)
    node.load(lines(tmp_path / "a.ndjson", [feature(1, title="Quite another thing", keywords=["snow"])]))
    [second] = held(node)
    assert first.id == second.id
    assert str(second.title) == "Quite another thing"
    assert second.updated > first.updated == first.added == second.added
    assert [json.loads(o.body)["properties"]["title"] for o in node.originals(first.id)] == [
        "Quite another thing",
        "Sea surface temperature 1",
    ]
    assert node.search("surface").matched == 0
    assert node.search(keyword="ocean").matched == 0
    assert node.search(keyword="snow").matched == 1
    assert [c.op for c in node.changes() if c.kind == "record"] == ["add", "change"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("apart", [False, True])
def test_the_same_key_twice_keeps_the_newest_and_both_originals(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: tuple[int, int], apart: bool
) -> None:
    if apart:  # in two transactions
        monkeypatch.setattr("estran.catalogue.inbox._BATCH", 1)
    versions = [
        feature(1, title="Old", updated="2019-01-01T00:00:00Z"),
        feature(1, title="New", updated="2021-01-01T00:00:00Z"),
    ]
    file = lines(tmp_path / "a.ndjson", [versions[n] for n in order])
    report = node.load(file)
    assert report.read == 2
    assert report.new == 1
    [record] = held(node)
    assert str(record.title) == "New"
    assert len(node.originals(record.id)) == 2
    again = node.load(file)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 2)
    assert str(held(node)[0].title) == "New"


def test_good_files_load_when_others_are_refused(node: Node, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    lines(folder / "good.ndjson", [feature(1), feature(2)])
    (folder / "broken.json").write_text('{"type": "Feature", ')
    (folder / "empty.xml").write_text("")
    (folder / "words.txt").write_text("This is no metadata.")
    (folder / "half.ndjson").write_text(
        json.dumps(feature(3)) + "\n{broken\n" + json.dumps(feature(4)) + "\n"
    )
    (folder / "packed.ndjson.gz").write_bytes(gzip.compress((json.dumps(feature(5)) + "\n").encode()))
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("inner/six.json", json.dumps(feature(6)))
    report = node.load(folder)
    assert report.new == 6
    refused = {Path(r.file).name: r for r in report.refused}
    assert set(refused) == {"broken.json", "empty.xml", "words.txt", "half.ndjson"}
    assert refused["half.ndjson"].line == 2
    assert all(r.why for r in report.refused)


def test_neither_title_nor_identifier_is_refused(node: Node, tmp_path: Path) -> None:
    bare = feature(1)
    del bare["id"], bare["properties"]["title"]
    report = node.load(lines(tmp_path / "a.ndjson", [bare]))
    assert report.read == 0
    assert "neither" in report.refused[0].why


def test_records_without_an_identifier_are_named_by_their_place(node: Node, tmp_path: Path) -> None:
    def nameless(n: int) -> dict[str, Any]:
        return {**{k: v for k, v in feature(n).items() if k != "id"}}

    file = lines(tmp_path / "a.ndjson", [nameless(1), nameless(2)])
    (tmp_path / "b.json").write_text(
        json.dumps({"type": "FeatureCollection", "features": [nameless(3), nameless(4)]})
    )
    assert node.load([file, tmp_path / "b.json"]).new == 4
    assert node.load([file, tmp_path / "b.json"]).unchanged == 4


def test_claims_give_records_to_centres_and_sources_remember(node: Node, tmp_path: Path) -> None:
    node.organisations.add(
        Organisation(
            id="lab",
            name=Text.of("Lab"),
            parents=("coriolis",),
            claims=("Laboratoire d'Essai", "essai.example"),
        )
    )
    ours = feature(1, contacts=[{"organization": "LABORATOIRE D’ESSAI (CNRS)", "roles": ["publisher"]}])
    mailed = feature(
        2, contacts=[{"name": "Ana", "emails": [{"value": "ana@essai.example"}], "roles": ["author"]}]
    )
    node.load(lines(tmp_path / "a.ndjson", [ours, mailed, feature(3)]), source="one")
    assert [r.centre for r in sorted(held(node), key=lambda r: r.identifier)] == ["lab", "lab", ""]
    assert node.search(hub=node.organisations.hubs_of("coriolis")[0]).matched == 2
    node.load(
        lines(tmp_path / "b.ndjson", [feature(4)]), source="two", centre="sismer", visibility="restricted"
    )
    node.load(lines(tmp_path / "b.ndjson", [feature(5)]), source="two")
    assert {(r.centre, r.visibility) for r in held(node) if r.source == "two"} == {("sismer", "restricted")}


def test_a_new_centre_or_visibility_moves_unchanged_records(node: Node, tmp_path: Path) -> None:
    file = lines(tmp_path / "a.ndjson", [feature(1)])
    node.load(file)
    assert node.acting_as(ANYONE).search().matched == 1
    assert node.load(file, visibility="draft", centre="coriolis").changed == 1
    assert node.acting_as(ANYONE).search().matched == 0
    assert node.search(centre="coriolis").matched == 1


def test_what_does_not_fit_is_refused_before_anything_is_stored(node: Node, tmp_path: Path) -> None:
    file = lines(tmp_path / "a.ndjson", [feature(1)])
    with pytest.raises(Invalid, match="no such file"):
        node.load([file, tmp_path / "nowhere"])
    with pytest.raises(NotFound):
        node.load(file, centre="nobody")
    with pytest.raises(Invalid):
        node.load(file, visibility="secret")
    with pytest.raises(Invalid):
        node.load(file, source=" ")
    with pytest.raises(NotAllowed):
        node.acting_as(ANYONE).load(file)
    assert node.search().matched == 0


def test_a_removed_record_is_gone_from_everywhere_and_may_come_back(node: Node, tmp_path: Path) -> None:
    file = lines(tmp_path / "a.ndjson", [feature(1), feature(2)])
    node.load(file)
    gone = next(r for r in held(node) if r.identifier == "urn:load:1")
    node.remove(gone.id)
    with pytest.raises(NotFound):
        node.show(gone.id)
    with pytest.raises(NotFound):
        node.remove(gone.id)
    removal = node.removed(gone.id)
    assert removal is not None
    assert removal.op == "remove"
    for asked in (
        {"text": "temperature"},
        {"bbox": (1, 1, 2, 2)},
        {"time": "2001"},
        {"keyword": "ocean"},
        {"filter": "title LIKE '%'"},
    ):
        assert node.search(**asked).matched == 1  # type: ignore[arg-type]
    with node._house.database.read() as connection:
        for table in (
            "record",
            "record_document",
            "original",
            "blob",
            "external_id",
            "period",
            "place",
            "words",
        ):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 1, table
    assert node.load(file).new == 1
    assert node.show(gone.id).identifier == "urn:load:1"
    assert node.removed(gone.id) is None


def test_many_processes_give_the_same_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = lines(tmp_path / "a.ndjson", [feature(n) if n % 50 else {"broken": n} for n in range(1500)])
    seen: list[int] = []
    with estran.open(tmp_path / "many") as many:
        report = many.load(file, progress=lambda p: seen.append(p.stored))
        found = [(r.id, r.identifier, str(r.title)) for r in held(many)]
    monkeypatch.setattr("estran.catalogue.load._ALONE", 10**9)
    with estran.open(tmp_path / "one") as one:
        alone = one.load(file)
        assert found == [(r.id, r.identifier, str(r.title)) for r in held(one)]
    assert (report.new, len(report.refused)) == (alone.new, len(alone.refused)) == (1470, 30)
    assert [(r.line, r.why) for r in report.refused] == [(r.line, r.why) for r in alone.refused]
    assert seen == sorted(seen)
    assert seen[-1] == 1470


LOADER = """
import sys, estran
import estran.catalogue.inbox as inbox, estran.catalogue.load as load
inbox._BATCH, load._PORTION = 50, 20
node = estran.open(sys.argv[1])
report = node.load(sys.argv[2], progress=lambda p: print(p.stored, flush=True))
print("done", report.new, report.unchanged, flush=True)
"""


def ended(processes: list[str]) -> bool:
    """Whether all these processes end within a minute."""
    for _ in range(600):
        if not any(
            Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes()
            for pid in processes
        ):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("seed", range(3))
def test_a_kill_loses_nothing_that_was_reported(tmp_path: Path, seed: int) -> None:
    count = 1200
    file = lines(tmp_path / "a.ndjson", [feature(n) for n in range(count)])
    folder = tmp_path / "node"
    estran.open(folder).close()
    wanted = random.Random(seed).randrange(0, count - 100)
    process = subprocess.Popen(
        [sys.executable, "-c", LOADER, str(folder), str(file)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    reported = 0
    for line in process.stdout:
        reported = int(line)
        if reported >= wanted:
            break
    helpers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert ended(helpers), "the loader's processes outlive it"
    with estran.open(folder) as node:
        kept = held(node)
        assert len(kept) >= reported
        assert len(kept) % 50 == 0
        for counted in (
            {"text": "temperature"},
            {"bbox": (1, 1, 2, 2)},
            {"time": "2001"},
            {"keyword": "ocean"},
        ):
            assert node.search(**counted).matched == len(kept)  # type: ignore[arg-type]
        assert all(node.originals(r.id) for r in kept[:: max(1, len(kept) // 5)])
        report = node.load(file)
        assert (report.new, report.unchanged) == (count - len(kept), len(kept))
        assert node.search().matched == count
        with node._house.database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
