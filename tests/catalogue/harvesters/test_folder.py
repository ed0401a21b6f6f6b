"""A folder of files on this machine, and a guess of what an address speaks."""

from __future__ import annotations

import os

import pytest

from estran.catalogue.harvesters import Kept, Mark, Missed, Total
from estran.catalogue.harvesters import folder as protocol
from estran.catalogue.harvesters.folder import HARVESTER, changes
from estran.errors import Invalid
from estran.testing.contracts import check_harvester
from tests.catalogue.harvest.scripted import dataset
from tests.catalogue.harvesters.visiting import found, kept, missed, visiting


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "theirs"
    for name in ("b.json", "a.json", "sub/c.json", ".hidden/d.json", ".e.json", "sub/notes.txt"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(dataset(name))
    return made


def test_the_contract(folder, monkeypatch):
    monkeypatch.setattr(protocol, "_PORTION", 2)
    with visiting(str(folder), "folder") as visit:
        assert len(found(check_harvester(HARVESTER, visit))) == 4


def test_files_come_in_the_order_of_their_paths_and_hidden_ones_stay(folder):
    with visiting(str(folder), "folder") as visit:
        events = list(changes(visit))
    assert found(events) == ["a.json", "b.json", "sub/c.json", "sub/notes.txt"]
    assert events[0] == Total(4)
    assert events[-1] == Mark({"after": "sub/notes.txt"})
    with visiting(f"file://{folder}", "folder", {"suffix": ".json"}) as visit:
        assert found(changes(visit)) == ["a.json", "b.json", "sub/c.json"]


def test_what_has_the_same_time_and_size_is_not_opened(folder):
    with visiting(str(folder), "folder") as visit:
        stamps = {e.key: e.stamp for e in changes(visit) if hasattr(e, "stamp")}
    (folder / "a.json").write_text(dataset("another"))
    (folder / "b.json").chmod(0)
    with visiting(str(folder), "folder", stamps=stamps) as visit:
        events = list(changes(visit))
    assert found(events) == ["a.json"]
    assert kept(events) == ["b.json", "sub/c.json", "sub/notes.txt"]


def test_a_cut_visit_goes_on_behind_its_mark(folder, monkeypatch):
    monkeypatch.setattr(protocol, "_PORTION", 2)
    with visiting(str(folder), "folder", position={"after": "b.json"}) as visit:
        assert found(changes(visit)) == ["sub/c.json", "sub/notes.txt"]


def test_what_cannot_be_read_is_missed(folder, monkeypatch):
    (folder / "lost").symlink_to(folder / "nowhere")
    monkeypatch.setattr(protocol, "_LONGEST", 1 << 20)
    (folder / "long.json").write_text("x" * (1 << 20) + "x")
    with visiting(str(folder), "folder") as visit:
        events = list(changes(visit))
    assert not any(isinstance(e, Kept) for e in events)
    told = missed(events)
    assert len(told) == len([e for e in events if isinstance(e, Missed)]) == 2
    assert any(line.startswith("long.json: it has more than") for line in told)
    assert any(line.startswith("lost: it cannot be read") for line in told)


def test_a_pipe_is_no_file(folder):
    os.mkfifo(folder / "pipe")
    with visiting(str(folder), "folder") as visit:
        assert "pipe" not in found(changes(visit))


def test_a_folder_that_is_not_there_removes_nothing(tmp_path):
    with visiting(str(tmp_path / "nowhere"), "folder") as visit, pytest.raises(Invalid, match="mounted"):
        list(changes(visit))


def test_it_is_recognised(folder):
    assert HARVESTER.recognise(str(folder), b"") > 0.5
    assert HARVESTER.recognise(f"file://{folder}", b"") == 1
    assert HARVESTER.recognise("https://example.org", b"<x/>") == 0
    assert HARVESTER.recognise(str(folder / "a.json"), b"") == 0
