"""``estran export --format stac-geoparquet``, called as a user calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from tests.catalogue.test_items import lines, made
from tests.cli.test_cli import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["run"]


@pytest.fixture
def loaded(run: Callable[..., Outcome], tmp_path: Path) -> int:
    listed = made(1, 80)
    assert run("load", str(lines(tmp_path / "a.ndjson", listed))).code == 0
    return sum(i["collection"] == "alpha" for i in listed)


def test_to_a_file_and_back(run: Callable[..., Outcome], loaded: int, tmp_path: Path) -> None:
    done = run("export", "alpha", "--format", "stac-geoparquet", "--output", "a.parquet")
    assert (done.code, done.out, done.err.strip()) == (0, "", f"{loaded} items of alpha.")
    assert pq.read_metadata(tmp_path / "a.parquet").num_rows == loaded
    (row,) = run("export", "alpha", "-f", "stac-geoparquet", "-o", "b.parquet", "--json").rows
    assert (row["items"], row["bytes"]) == (loaded, (tmp_path / "b.parquet").stat().st_size)
    assert sorted(p.name for p in tmp_path.glob("*.parquet*")) == ["a.parquet", "b.parquet"]
    (report,) = run("load", "a.parquet", "--node", "other", "--json").rows
    assert (report["new"], report["refused"]) == (loaded + 1, [])


def test_to_standard_output(loaded: int, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "estran",
        "export",
        "alpha",
        "--format",
        "stac-geoparquet",
        "--node",
        str(tmp_path / "node"),
    ]
    done = subprocess.run(command, capture_output=True, check=True)
    (tmp_path / "c.parquet").write_bytes(done.stdout)
    assert pq.read_metadata(tmp_path / "c.parquet").num_rows == loaded
    assert (
        json.loads(pq.read_schema(tmp_path / "c.parquet").metadata[b"stac-geoparquet"])["version"] == "1.1.0"
    )


def test_what_cannot_be_is_said(run: Callable[..., Outcome], loaded: int, tmp_path: Path) -> None:
    absent = run("export", "nothing", "-f", "stac-geoparquet", "-o", "x.parquet")
    assert (absent.code, "There is no collection “nothing”" in absent.err) == (3, True)
    assert run("export", "alpha", "-f", "stac-geoparquet", "--json").code == 5
    assert list(tmp_path.glob("*x.parquet*")) == []
