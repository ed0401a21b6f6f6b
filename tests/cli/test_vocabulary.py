"""Vocabularies from a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from estran.cli import app
from tests.vocabulary.test_searching import OTHER, SEA, V

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def node(tmp_path: Path) -> Path:
    (tmp_path / "sea.ttl").write_text(SEA)
    (tmp_path / "other.ttl").write_text(OTHER)
    done = run("load", str(tmp_path / "sea.ttl"), str(tmp_path / "other.ttl"), node=tmp_path / "node")
    assert "new       vocabulary sea: 11 concepts" in done
    assert "0 records read" in done
    return tmp_path / "node"


def run(*words: str, node: Path, code: int = 0) -> str:
    done = CliRunner().invoke(app, [*words, "--node", str(node)])
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def test_listed_and_reported(node: Path) -> None:
    listed = [json.loads(line) for line in run("vocabulary", "list", "--json", node=node).splitlines()]
    assert [(one["scheme"]["name"], one["sound"]) for one in listed] == [("other", False), ("sea", True)]
    assert "not sound" in run("vocabulary", "list", node=node)
    report = run("vocabulary", "report", "other", node=node)
    assert "cycle" in report
    assert "http://example.net/other/one" in report
    rules = [
        json.loads(line)["rule"]
        for line in run("vocabulary", "report", "other", "--json", node=node).splitlines()
    ]
    assert "cycle" in rules


def test_shown(node: Path) -> None:
    assert "concepts   11" in run("vocabulary", "show", "sea", node=node)
    shown = run("vocabulary", "show", f"{V}seawater", node=node)
    assert "eau de mer" in shown
    assert "exactMatch   brine" in shown
    assert json.loads(run("vocabulary", "show", "SAL", "--json", node=node))["entry"]["local"] == "salinity"


def test_searched(node: Path) -> None:
    assert run("vocabulary", "search", "salt wat", node=node).startswith("sea ")
    found = [
        json.loads(line) for line in run("vocabulary", "search", "brine", "--json", node=node).splitlines()
    ]
    assert [one["entry"]["local"] for one in found] == ["brine", "brine2", "pool"]
    assert run("vocabulary", "search", "brine", "--scheme", "sea", node=node) == ""


def test_removed(node: Path) -> None:
    assert "Removed sea" in run("vocabulary", "remove", "sea", node=node)
    assert "sea " not in run("vocabulary", "list", node=node)


def test_a_table_is_loaded_where_it_is_said_so_and_nonsense_is_refused(node: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("code,label\nA,first\n")
    (tmp_path / "data.csv").write_text("lat,lon\n1,2\n")
    done = run(
        "vocabulary", "load", str(tmp_path / "list.csv"), str(tmp_path / "data.csv"), node=node, code=5
    )
    assert "vocabulary list: 1 concepts" in done
    assert "columns are not those of terms" in done


RECORD = {
    "type": "Feature", "id": "urn:x:1", "geometry": None,
    "properties": {"type": "dataset", "title": "Campagne", "keywords": ["saumure", "old brine"],
                   "themes": [{"concepts": [{"id": f"{V}seawater"}], "scheme": "http://example.org/sea/scheme"}]},
}  # fmt: skip


def test_records_are_found_by_meaning_and_say_why(node: Path, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(RECORD))
    assert "1 new" in run("load", str(tmp_path / "r.json"), node=node)
    told = run("search", "water", node=node)
    assert "water → sea water, narrower than water (sea)" in told
    found = json.loads(run("search", "eau", "--json", node=node).splitlines()[0])
    assert found["why"][0]["how"] == "narrower"
    assert found["why"][0]["concept"] == f"{V}seawater"
    assert "No record" in run("search", "eau", "--no-meaning", node=node)
    assert "1 records match" in run("search", "--concept", f"{V}water", node=node)
    assert "why" not in json.loads(run("search", "--json", node=node).splitlines()[0])


def test_who_uses_a_concept(node: Path, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(RECORD))
    used = {**RECORD, "id": "urn:x:2"}
    used["properties"] = {"type": "dataset", "title": "Alte See", "keywords": ["sea"]}
    (tmp_path / "s.json").write_text(json.dumps(used))
    run("load", str(tmp_path / "r.json"), str(tmp_path / "s.json"), node=node)
    told = run("vocabulary", "usage", f"{V}water", node=node)
    assert "0 records carry it, 1 it or something narrower" in told
    assert "Campagne" in told
    (old,) = [json.loads(line) for line in run("vocabulary", "deprecated", "--json", node=node).splitlines()]
    assert (old["uri"], old["records"], old["first"][0]["title"]) == (f"{V}old", 1, "Alte See")
    assert "Alte See" in run("vocabulary", "deprecated", node=node)
    assert run("vocabulary", "usage", "SAL", node=node).startswith("salinity")
    run("vocabulary", "usage", "nothing", node=node, code=1)
