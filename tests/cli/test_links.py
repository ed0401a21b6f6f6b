"""estran links."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

import estran
from estran.cli import app
from tests.catalogue.probing.conftest import record, settle, stored
from tests.fetching.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    home = settle(tmp_path / "node")
    with serving(lambda a: {"/good.nc": b"CDF\x01x"}[a.path]) as server:
        with estran.open(home) as node:
            given = ({"url": f"{server.url}/{name}.nc"} for name in ("good", "one", "two"))
            stored(node, tmp_path / "given", record("a", *given))
        yield home


def run(folder: Path, *words: str, code: int = 0):
    result = CliRunner().invoke(app, ["links", *words, "--node", str(folder)])
    assert result.exit_code == code, result.output
    return result


def test_check_then_list(folder):
    assert "1 asked" in run(folder, "check", "--limit", "1").stderr
    report = json.loads(run(folder, "check", "--json").stdout)
    assert (report["checked"], report["waiting"]) == (2, 0)
    assert json.loads(run(folder, "check", "--again", "--json").stdout)["states"] == {"ok": 1, "gone": 2}
    lines = run(folder, "list", "--state", "dead").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["gone", "gone"]
    assert all("HTTP 404" in line for line in lines)
    found = [json.loads(line) for line in run(folder, "list", "--json").stdout.splitlines()]
    assert {row["check"]["url"].rpartition("/")[2] for row in found} == {"one.nc", "two.nc"}
    assert {row["record"] for row in found} == {found[0]["record"]}
    assert len(run(folder, "list", "--state", "ok").stdout.splitlines()) == 1
    assert run(folder, "list", "--centre", "none").stdout == ""


def test_the_background_takes_all_that_is_due(folder):
    job = json.loads(run(folder, "check", "--background", "--json").stdout)["job"]
    assert job.startswith("probe.")
    assert run(folder, "check", "--background", "--again", code=2)
    with estran.open(folder) as node:
        node.jobs.execute(once=True)
        assert node.jobs.status(job).result == {"checked": 3, "ok": 1, "gone": 2}


def test_a_host_that_nobody_knows_has_nothing_due(folder):
    assert json.loads(run(folder, "check", "--host", "example.org", "--json").stdout)["checked"] == 0
