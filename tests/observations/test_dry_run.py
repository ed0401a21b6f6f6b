"""A dry run says of every format how it would be understood, and stores nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.testing import CliRunner

import estran
from estran import formats
from estran.cli import app

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SAID = {
    "argo/dac/bodc/6901929/profiles/D6901929_006.nc": "Argo float 6901929, added to its dataset: 6 datastreams",
    "atmosphere/icartt/test.ffi1001": "ICARTT, file format index 1001, of 2004-06-26; times along “Start_UTC”",
    "atmosphere/nasa-ames/1001a.na": "all of it at the file's date; vertical: Pressure",
    "ctd/oce/ctd/a.cnv": "begins 2012-09-10T06:07:32Z (start_time), all scans at the start of the cast",
    "seismic/fdsnws/bulk.mseed": "miniSEED: the lowest, highest and mean count of each minute",
    "seismic/stationxml/core/tests/data/IU_ANMO_00_BHZ.xml": "network IU: 1 stations, 1 channels",
    "cf-netcdf/cfdm/docs/source/sample_files/geometry.nc": "NetCDF of discrete samples: 2 datastreams, 8 values",
    "adcp/adp_rdi": "raw ensembles of an RDI current profiler",
}


def test_every_format_of_observations_explains_itself() -> None:
    assert [form.name for form in formats.every() if form.observe and not form.explain] == []


def test_the_command_line(tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    with estran.open(tmp_path / "node"):
        pass
    paths = [str(shared_data / "observations" / name) for name in SAID]
    paths.append(str(shared_data / "catalogue/theia-ozcar/pivot/jsonlight/CATC_en.json"))
    done = CliRunner().invoke(
        app, ["load", *paths, "--as", "observations", "--dry-run", "--node", str(tmp_path / "node")]
    )
    assert done.exit_code == 0, done.output
    for words in SAID.values():
        assert words in done.output
    assert "Theia/OZCAR pivot: 2 observations of 1 datasets" in done.output
    assert "Silicon in g.m-3 at SANKORO (PUITS) and 1 more columns" in done.output
    with estran.open(tmp_path / "node") as node:
        assert node.observations.datastreams() == []
