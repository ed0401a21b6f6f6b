"""A folder that is watched: what is new or changed in it is stored once, whatever happens meanwhile."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from estran.access import ANYONE
from estran.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from estran.observations.store import SeriesStore
from tests.observations.test_door import series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

OLD = time.time() - 3600


@pytest.fixture
def watching(tmp_path: Path, open_node: Callable[[Path], Node]) -> Iterator[Node]:
    """A node with a feed of a folder, on each engine."""
    (tmp_path / "in").mkdir()
    with open_node(tmp_path / "node") as node:
        node.observations.feeds.add("tides", "folder", str(tmp_path / "in"))
        yield node


def put(folder: Path, name: str, *rows: str, at: float = OLD) -> Path:
    path = folder / "in" / name
    path.write_text("\n".join(["station,time,water_level [m]", *rows, ""]))
    os.utime(path, (at, at))
    return path


def values(node: Node, name: str = "water_level") -> list[float]:
    if not node.observations.datastreams(name):
        return []
    return node.observations.read(name)[name].values.tolist()


def test_what_is_new_or_changed_is_read_once(watching: Node, tmp_path: Path) -> None:
    feeds = watching.observations.feeds
    put(tmp_path, "a.csv", "brest,2026-01-01T00:00Z,1", "brest,2026-01-01T01:00Z,2")
    report, ended = feeds.run("tides")
    assert (report.rows.new, report.messages, ended, report.refused) == (2, 1, True, [])
    assert feeds.run("tides")[0].messages == 0
    # A day later: a value is corrected and one is added; another file comes with what is there already.
    put(
        tmp_path,
        "a.csv",
        "brest,2026-01-01T00:00Z,1",
        "brest,2026-01-01T01:00Z,3",
        "brest,2026-01-01T02:00Z,4",
        at=OLD + 1,
    )
    put(tmp_path, "b.csv", "sete,2026-01-01T00:00Z,9", "brest,2026-01-01T02:00Z,4", at=OLD + 2)
    report, _ = feeds.run("tides")
    assert (report.rows.new, report.rows.changed, report.rows.unchanged) == (2, 1, 2)
    assert values(watching) == [1, 3, 4, 9]
    # Written anew, it says the same: it is not read.
    put(tmp_path, "b.csv", "sete,2026-01-01T00:00Z,9", "brest,2026-01-01T02:00Z,4", at=OLD + 3)
    assert feeds.run("tides")[0].messages == 0
    feed = feeds.show("tides")
    assert (feed.messages, feed.rows.new, feed.rows.changed, feed.refused, feed.error) == (3, 4, 1, 0, "")
    assert feed.heard
    # All of it is one dataset, whose record says what is in it.
    [record] = watching.observations.datasets()
    assert watching.show(record).source == "tides"
    assert {str(concept.label) for concept in watching.show(record).concepts} == {"brest", "sete"}


def test_a_file_of_json_that_is_too_large_is_refused_once(
    watching: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estran.observations.feeds.door._MOST_JSON_BYTES", 1 << 20)
    feeds, folder = watching.observations.feeds, tmp_path / "js"
    folder.mkdir()
    feeds.add("js", "folder", str(folder), options={"format": "json", "rest": "0"})
    row = '{"time": "2026-01-01T00:00:00Z", "station": "brest", "water_level [m]": 1.5}'
    (folder / "a.json").write_text(row)
    (folder / "b.json").write_text(row + "\n" * (2 << 20))
    report, _ = feeds.run("js")
    assert (report.rows.new, [one.why[:11] for one in report.refused]) == (1, ["it has 2 MB"])
    assert feeds.run("js")[0].messages == 0
    [refused] = feeds.refused("js")
    assert "read up to 1 MB" in refused.why


def test_a_file_that_is_being_written_is_waited_for(watching: Node, tmp_path: Path) -> None:
    feeds = watching.observations.feeds
    put(tmp_path, "a.csv", "brest,2026-01-01T00:00Z,1", at=time.time())
    put(tmp_path, "b.csv.part", "brest,2026-01-01T01:00Z,1")
    put(tmp_path, ".c.csv", "brest,2026-01-01T01:00Z,1")
    assert feeds.run("tides")[0].messages == 0
    os.utime(tmp_path / "in" / "a.csv", (OLD, OLD))
    assert feeds.run("tides")[0].rows.new == 1


def test_a_file_that_grows_while_it_is_read_is_read_again(
    watching: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeds, put_rows = watching.observations.feeds, SeriesStore.put
    path = put(tmp_path, "a.csv", "brest,2026-01-01T00:00Z,1")

    def slowly(self: SeriesStore, rows: object) -> object:
        with path.open("a") as file:
            file.write("brest,2026-01-01T01:00Z,2\n")
        os.utime(path, (OLD + 5, OLD + 5))
        monkeypatch.setattr(SeriesStore, "put", put_rows)
        return put_rows(self, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(SeriesStore, "put", slowly)
    assert feeds.run("tides")[0].rows.new == 1
    assert feeds.run("tides")[0].rows.new == 1
    assert feeds.run("tides")[0].messages == 0
    assert values(watching) == [1, 2]


def test_who_dies_before_all_is_stored_reads_the_file_again(
    watching: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeds = watching.observations.feeds
    put(tmp_path, "a.csv", "brest,2026-01-01T00:00Z,1")
    put(tmp_path, "b.csv", "brest,2026-01-01T01:00Z,2", at=OLD + 1)
    put_rows = SeriesStore.put

    class Killed(BaseException): ...

    def dies(self: SeriesStore, rows: object) -> object:
        put_rows(self, rows)  # type: ignore[arg-type]
        raise Killed

    monkeypatch.setattr(SeriesStore, "put", dies)
    with pytest.raises(Killed):
        feeds.run("tides")
    monkeypatch.setattr(SeriesStore, "put", put_rows)
    report, _ = feeds.run("tides")
    assert (report.messages, report.rows.new, report.rows.unchanged) == (2, 1, 1)
    assert values(watching) == [1, 2]


def test_what_is_refused_is_kept_with_its_reason_and_the_rest_goes_on(watching: Node, tmp_path: Path) -> None:
    feeds = watching.observations.feeds
    good = [f"brest,2026-01-02T{hour:02}:00Z,1" for hour in range(9)]
    put(tmp_path, "a.csv", "brest,2026-01-01T00:00Z,1", "brest,,2", "brest,2026-01-01T02:00Z,many", *good)
    (tmp_path / "in" / "b.csv").write_text("nothing here\n")
    (tmp_path / "in" / "c.bin").write_bytes(b"\x7f\x7f\x00\x00")
    for name in ("b.csv", "c.bin"):
        os.utime(tmp_path / "in" / name, (OLD, OLD))
    report, _ = feeds.run("tides")
    assert (report.rows.new, len(report.refused)) == (10, 4)
    kept = {(one.place.rpartition("/")[2], one.line): one.why for one in feeds.refused("tides")}
    assert set(kept) == {("a.csv", 3), ("a.csv", 4), ("b.csv", 0), ("c.bin", 0)}
    assert "no time" in kept["a.csv", 3]
    assert "current profiler" in kept["c.bin", 0]
    # It is not refused again and again.
    assert feeds.run("tides")[0].refused == []
    assert feeds.show("tides").refused == 4


def test_files_of_other_formats_bring_their_own_records(watching: Node, tmp_path: Path) -> None:
    path = series(tmp_path / "in" / "s.nc")
    os.utime(path, (OLD, OLD))
    report, _ = watching.observations.feeds.run("tides")
    assert report.rows.new > 0
    [record] = watching.observations.datasets()
    assert watching.show(record).metadata_standard
    # Named, a record takes everything, and what is known of its datastreams stays.
    place = watching.observations.datastreams()[0].described.thing
    assert place.longitude is not None
    watching.observations.feeds.add(
        "more", "folder", str(tmp_path / "in"), record=record, options={"pattern": "*.csv"}
    )
    put(tmp_path, "a.csv", f"{place.key},2026-01-01T00:00Z,1")
    report, _ = watching.observations.feeds.run("more")
    assert (report.messages, report.rows.new, report.datastreams) == (1, 1, 1)
    assert watching.observations.datasets() == [record]


def test_a_folder_that_is_away_says_so(watching: Node, tmp_path: Path) -> None:
    (tmp_path / "in").rmdir()
    with pytest.raises(Unavailable, match="mount it"):
        watching.observations.feeds.run("tides")
    assert "mount it" in watching.observations.feeds.show("tides").error
    (tmp_path / "in").mkdir()
    watching.observations.feeds.run("tides")
    assert watching.observations.feeds.show("tides").error == ""


def test_two_never_read_one_feed_at_once(watching: Node) -> None:
    feeds = watching.observations.feeds
    with feeds.lease("tides").held(), pytest.raises(Unavailable, match="another process reads"):
        feeds.run("tides")


def test_what_does_not_fit_is_refused_at_once(watching: Node, tmp_path: Path) -> None:
    feeds = watching.observations.feeds
    with pytest.raises(Conflict):
        feeds.add("tides", "push")
    for wrong in (
        {"name": "Ä", "kind": "push"}, {"name": "a", "kind": "fax"}, {"name": "a", "kind": "push", "address": "x"},
        {"name": "a", "kind": "folder", "address": str(tmp_path / "nowhere")},
        {"name": "a", "kind": "mqtt", "address": "mqtt://h"}, {"name": "a", "kind": "address", "address": "x"},
        {"name": "a", "kind": "push", "schedule": "* * * * *"}, {"name": "a", "kind": "push", "visibility": "all"},
        {"name": "a", "kind": "push", "options": {"colour": "red"}}, {"name": "a", "kind": "push", "options": {"format": "doc"}},
        {"name": "a", "kind": "push", "options": {"pattern": "*"}}, {"name": "a", "kind": "push", "options": {"moving": "?"}},
        {"name": "a", "kind": "folder", "address": str(tmp_path), "schedule": "at noon"},
        {"name": "a", "kind": "folder", "address": str(tmp_path), "options": {"rest": "soon"}},
    ):  # fmt: skip
        with pytest.raises(Invalid):
            feeds.add(**wrong)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        feeds.add("a", "push", record="nothing")
    for ask in (
        lambda: feeds.show("a"),
        lambda: feeds.refused("a"),
        lambda: feeds.run("a"),
        lambda: feeds.remove("a"),
    ):
        with pytest.raises(NotFound, match="estran feeds list"):
            ask()
    with pytest.raises(NotAllowed):
        watching.acting_as(ANYONE).observations.feeds.list()
    feeds.remove("tides")
    assert feeds.list() == ()
