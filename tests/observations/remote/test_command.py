"""The command that copies servers, also one that is killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

import estran
from estran.cli import app
from tests.fetching.serving import Answer, serving
from tests.observations.remote.conftest import PRIVATE, observed
from tests.observations.remote.test_sensorthings import server

if TYPE_CHECKING:
    from pathlib import Path

FEW = (
    "import sys, estran.observations.remote.copying as c; c._ROWS_AT_ONCE = 60\n"
    "from estran.cli import main; sys.argv = ['estran', *sys.argv[1:]]; main()"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a node that may ask this machine."""
    for name, value in PRIVATE.items():
        monkeypatch.setenv(f"ESTRAN_HARVEST__{name.upper()}", json.dumps(value))
    return tmp_path / "node"


def test_a_server_is_loaded_as_files_are(folder: Path, tmp_path: Path) -> None:
    frost, said = server(), list[str]()

    def answer(asked: Any) -> Answer | bytes:
        said.append(asked.headers.get("authorization", ""))
        return frost(asked)

    (tmp_path / "token").write_text("open-sesame\n")
    with serving(answer) as there:
        address = there.url.replace("http://", "http://me:hush@") + frost.root
        dry = CliRunner().invoke(app, ["load", address, "--dry-run", "--node", str(folder)])
        assert dry.exit_code == 0, dry.output
        assert "5 datastreams in 1 dataset" in dry.stdout
        asked = [
            "load",
            there.url + frost.root,
            "--json",
            "--node",
            str(folder),
            "--token-file",
            str(tmp_path / "token"),
        ]
        done = CliRunner().invoke(app, asked)
        assert done.exit_code == 5, "some observations were refused"
        told = json.loads(done.stdout)
        assert told["observations"] == {"datastreams": 5, "new": 257, "changed": 0, "unchanged": 0}
        assert {one["file"].rpartition("(")[0].rpartition("/")[2] for one in told["refused"]} >= {
            "Observations"
        }
    assert {one.partition(" ")[0] for one in said} == {"Basic", "Bearer"}
    assert not any(secret in text for secret in ("hush", "open-sesame") for text in (dry.output, done.output))
    held = b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())
    assert b"hush" not in held
    assert b"open-sesame" not in held


def test_a_token_that_is_none_is_told(folder: Path, tmp_path: Path) -> None:
    asked = ["load", "https://example.org/sta", "--node", str(folder), "--token-file", str(tmp_path / "none")]
    found = CliRunner().invoke(app, asked)
    assert "the token cannot be read" in str(found.exception)


def test_what_is_killed_goes_on_and_doubles_nothing(folder: Path) -> None:
    frost = server(expands="flat", arrays=False)
    running: list[subprocess.Popen[bytes]] = []

    def answer(asked: Any) -> Answer | bytes:
        # In the middle of the third page, after two were given.
        if frost.count == 2 and "Observations" in asked.path and running:
            os.kill(running.pop().pid, signal.SIGKILL)
        return frost(asked)

    with serving(answer) as there:
        address = there.url + frost.root
        command = [sys.executable, "-c", FEW, "load", address, "--node", str(folder), "--quiet"]
        running.append(subprocess.Popen(command, stderr=subprocess.PIPE))
        process = running[0]
        _, words = process.communicate(timeout=300)
        assert process.returncode == -signal.SIGKILL, words
        with estran.open(folder) as node:
            before = observed(node).get("10", [])
            assert 0 < len(before) < 250
            report = node.observations.remote.copy(address, look_back_days=0)
            assert report.rows.unchanged == 1, "the newest that was stored is asked for again"
            rows = observed(node)["10"]
    assert [row["value"] for row in rows] == [n / 2 for n in range(1, 251)]
