"""A dry run says of every format how it would be understood, and stores nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from typer.testing import CliRunner

import estran
from estran import formats
from estran.cli import app
from estran.observations import sources
from estran.observations.ingest import explained

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from estran.formats import Document

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


def test_a_reader_that_fails_on_one_file_leaves_the_others_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text("time;t\n2024-01-01;1\n2024-01-02;2\n")
    (tmp_path / "b.csv").write_text("time;u\n2024-01-01;1\n2024-01-02;2\n")
    form, explain = formats.find("table"), formats.find("table").explain
    assert explain is not None

    def failing(document: Document) -> str:
        if document.name.endswith("a.csv"):
            raise EOFError("too short")
        return explain(document)

    monkeypatch.setattr(sources, "form_of", lambda _head, _name: replace(form, explain=failing))
    told = dict(explained([tmp_path / "a.csv", tmp_path / "b.csv"]))
    assert told[str(tmp_path / "a.csv")] == "its observations could not be understood (EOFError: too short)"
    assert "u                              value" in told[str(tmp_path / "b.csv")]
