"""Feeds on the command line, servers that are asked, and secrets that are not told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

import estran
from estran.cli import app
from tests.observations.feeds.test_folder import put
from tests.observations.remote.conftest import copier, observed, served
from tests.observations.test_door import series

if TYPE_CHECKING:
    from pathlib import Path


def told(node: Path, *words: str, code: int = 0) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, ["feeds", *words, "--node", str(node), "--json"])
    assert done.exit_code == code, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_feed_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    node = tmp_path / "node"
    (tmp_path / "in").mkdir()
    with estran.open(node):
        pass
    [made] = told(node, "add", "tides", "folder", str(tmp_path / "in"), "--option", "rest=0")
    assert (made["kind"], made["schedule"], made["options"]) == ("folder", "*/5 * * * *", {"rest": "0"})
    put(tmp_path, "a.csv", "brest,2026-01-01T00:00Z,1", "brest,,1")
    [report] = told(node, "run", "tides", code=5)
    assert report["observations"] == {"datastreams": 1, "new": 1, "changed": 0, "unchanged": 0}
    assert report["refused"][0]["line"] == 3
    [refused] = told(node, "refused", "tides")
    assert (refused["line"], refused["why"]) == (3, "the row has no time")
    [shown] = told(node, "show", "tides")
    assert (shown["new"], shown["refused"]) == (1, 1)
    assert told(node, "list") == [shown]
    plain = CliRunner().invoke(app, ["feeds", "list", "--node", str(node)]).stdout
    assert "tides" in plain
    assert "1 refused" in plain
    assert told(node, "remove", "tides") == [{"removed": "tides"}]
    assert told(node, "list") == []


def test_a_server_is_asked_again_and_again(tmp_path: Path) -> None:
    with estran.open(tmp_path / "there") as there, copier(tmp_path / "here") as here:
        there.load(series(tmp_path / "s.nc"))
        with served(there) as root:
            here.observations.feeds.add("rivers", "address", f"{root}/sta/v1.1")
            here.observations.feeds.add("secret", "address", "http://me:hush@127.0.0.1/sta/v1.1")
            report, ended = here.observations.feeds.run("rivers")
            assert ended
            assert report.rows.new == sum(map(len, observed(there).values())) > 0
            assert here.observations.feeds.run("rivers")[0].rows.new == 0
            assert here.observations.feeds.show("rivers").messages == 2
    done = CliRunner().invoke(app, ["feeds", "show", "secret", "--node", str(tmp_path / "here")])
    assert "me:…@" in done.stdout
    assert "hush" not in done.output


def test_passwords_are_not_told(tmp_path: Path) -> None:
    with estran.open(tmp_path / "node"):
        pass
    settings = tmp_path / "node" / "estran.toml"
    settings.write_text('[feeds.passwords]\nstations = "s3cret"\n')
    done = CliRunner().invoke(app, ["settings", "--node", str(tmp_path / "node")])
    assert done.exit_code == 0, repr(done.exception)
    assert "feeds.passwords" in done.stdout
    assert "s3cret" not in done.output
    with estran.open(tmp_path / "node") as node:
        assert node.settings.listening()["passwords"] == {"stations": "s3cret"}
        assert "s3cret" not in repr(node.settings) + node.settings.model_dump_json()
