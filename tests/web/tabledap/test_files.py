"""The NetCDF files of tabledap, held against the checkers of CF and ACDD, for all the ways in which observations lie."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import netCDF4
import numpy as np
import pytest

import estran
from estran.observations.wide import spool
from estran.web.app import create_app
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.tabledap.conftest import Sets

FORMS = ("nc", "ncCF", "ncCFMA")


def complaints(paths: list[Path]) -> list[str]:
    """What the checkers say of files, in their strictest mode; one process looks at all of them."""
    out = paths[0].with_suffix(".json")
    program = str(Path(sys.executable).with_name("compliance-checker"))
    options = ["-t", "cf:1.11", "-t", "acdd:1.3", "-c", "strict", "-f", "json_new", "-o", str(out)]
    subprocess.run([program, *options, *map(str, paths)], check=False, capture_output=True)
    told = json.loads(out.read_text())
    assert len(told) == len(paths), told.keys()
    return [
        f"{path} {name} {one['name']}: {message}"
        for path, tests in told.items()
        for name, test in tests.items()
        for level in ("high_priorities", "medium_priorities", "low_priorities")
        for one in test[level]
        for message in one["msgs"]
    ]


def written(client: Client, dataset: str, form: str, folder: Path, query: str = "") -> Path:
    found = client.get(f"/erddap/tabledap/{dataset}.{form}?{query}")
    assert found.status_code == 200, found.text
    path = folder / f"{dataset}.{form}.nc"
    path.write_bytes(found.content)
    return path


def test_series_of_stations(client: Client, sets: Sets, tmp_path: Path) -> None:
    paths = [written(client, sets.stations, form, tmp_path) for form in FORMS]
    assert complaints(paths) == []
    rows = client.json(f"/erddap/tabledap/{sets.stations}.json?temp_id")["table"]["rows"]
    for path in paths:
        with netCDF4.Dataset(path) as held:
            assert held["temp_quality"].flag_values.dtype == held["temp_quality"].dtype
            assert held["temp"].ancillary_variables == "temp_flag temp_quality"
            ids = netCDF4.chartostring(held["temp_id"][:])
        assert [int(one) for one in ids.ravel() if one] == [row[0] for row in rows]


@pytest.fixture(scope="module")
def floats(
    tmp_path_factory: pytest.TempPathFactory, shared_data: Path
) -> Iterator[tuple[Client, dict[str, str]]]:
    """Argo floats and a glider, and which dataset is of which sampling."""
    folder = tmp_path_factory.mktemp("floats")
    with estran.open(folder / "node", email="data@example.org") as node:
        profiles = sorted((shared_data / "observations/argo").rglob("*5906072*_prof.nc"))
        profiles = profiles or sorted((shared_data / "observations/argo").rglob("*5906072*.nc"))
        node.load([*profiles, shared_data / "observations/glider"])
        tables = [node.observations.table(one) for one in node.observations.datasets()]
        yield Client(create_app(node)), {table.sampling: table.record for table in tables}


def test_profiles_of_a_float_and_the_path_of_a_glider(
    floats: tuple[Client, dict[str, str]], tmp_path: Path
) -> None:
    client, kinds = floats
    profiles = [written(client, kinds["trajectoryProfile"], form, tmp_path) for form in FORMS]
    named = "platform,time,latitude,longitude,DEPTH,TEMP,PSAL,TEMP_id"
    path = [written(client, kinds["trajectory"], form, tmp_path, named) for form in FORMS]
    assert complaints([*profiles, *path]) == []
    rows = client.json(f"/erddap/tabledap/{kinds['trajectoryProfile']}.json?TEMP,PRES")["table"]["rows"]
    for one in profiles:
        with netCDF4.Dataset(one) as held:
            values = np.ma.filled(held["TEMP"][:], np.nan)
            assert np.isfinite(values).sum() == sum(row[0] is not None for row in rows)
    with netCDF4.Dataset(profiles[FORMS.index("ncCF")]) as held:
        assert held.featureType == "trajectoryProfile"
        assert held["rowSize"][:].sum() == len(held.dimensions["obs"])
        assert held["trajectoryIndex"][:].tolist() == [0] * len(held.dimensions["profile"])


def test_a_file_has_a_bound(client: Client, sets: Sets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST_ROWS", 20)
    found = client.get(f"/erddap/tabledap/{sets.stations}.nc?time,temp")
    assert found.status_code == 400
    assert "up to 20 rows" in found.text
