"""Every kind of real file gives observations, or says in words why not."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pytest

from estran.errors import Invalid
from estran.formats import Refusal, Rows
from estran.model import Datastream
from estran.observations.sources import documents

if TYPE_CHECKING:
    from pathlib import Path

# Of each folder: the least share of its sample that gives values or datastreams, and what stays unread, with why.
KINDS = {
    "adcp": (0.0, "raw records of instruments"),
    "argo/dac": (1.0, "but technical data and metadata, which tell of the float"),
    "argo/index": (0.0, "lists of files"),
    "atmosphere/cloudnet": (0.0, "grids of radars and lidars, without a place for each value"),
    "atmosphere/icartt": (0.5, "a ceilometer's own format"),
    "atmosphere/nasa-ames": (0.6, "files without a time"),
    "cf-netcdf/compliance-nc": (0.0, "made to be wrong"),
    "ctd/oce": (0.6, "ODF"),
    "ctd/seabird": (0.7, "bottle summaries"),
    "erddap": (0.0, "a grid"),
    "glider": (0.1, "raw files of the glider; its NetCDF is read"),
    "gnss": (0.0, "RINEX, orbits"),
    "hydrology/france-airGRdatasets": (0.7, "R's own files"),
    "hydrology/france-hubeau": (0.4, "lists of stations"),
    "hydrology/groundwater": (0.8, "an index"),
    "hydrology/istsos": (1.0, ""),
    "hydrology/usgs": (0.05, "JSON under the name of text"),
    "instruments": (0.1, "ODF, IOS and other formats of Canada's oceanographers"),
    "qc": (0.2, "lists of regions, settings"),
    "seismic/miniseed": (0.5, "broken on purpose, logs, control headers"),
    "seismic/stationxml": (0.1, "station lists, responses, networks without channels"),
    "sensorthings": (0.0, "requests to a service"),
    "soil-moisture": (0.3, "lists of static variables"),
    "tables-fr": (0.1, "tables without times"),
    "tide-gauge": (0.05, "DIA, NOOS"),
    "weather/actris-stations/ws": (0.3, "tables without names of columns"),
    "weather/meteo-france": (0.03, "descriptions of columns"),
}  # fmt: skip
MOST_OF_A_KIND = 9
NOT_UNDERSTOOD = "could not be understood"


def sample(folder: Path) -> list[Path]:
    """Some files of each suffix, the smallest first."""
    by_suffix: defaultdict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*"), key=lambda one: (one.stat().st_size, one.name)):
        if (
            path.is_file()
            and len(by_suffix[path.suffix]) < MOST_OF_A_KIND
            and path.stat().st_size < 1_600_000
        ):
            by_suffix[path.suffix].append(path)
    return [path for paths in by_suffix.values() for path in paths]


def taken(path: Path) -> tuple[int, int, list[str]]:
    """(datastreams, values, reasons of refusals) of a file."""
    streams, values, why = set[str](), 0, list[str]()
    for found in documents(path, path.stat().st_size):
        if isinstance(found, Refusal):
            why.append(found.why)
            continue
        document, form = found
        assert form.observe is not None
        try:
            for one in form.observe(document):
                if isinstance(one, Datastream):
                    streams.add(one.key)
                elif isinstance(one, Rows):
                    assert one.datastream in streams
                    assert one.time.dtype == np.int64
                    values += len(one.time)
                elif isinstance(one, Refusal):
                    why.append(one.why)
        except Invalid as error:
            why.append(error.why)
    return len(streams), values, why


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_or_refused_with_its_reason(shared_data: Path, kind: str) -> None:
    least, _ = KINDS[kind]
    files = sample(shared_data / "observations" / kind)
    assert files
    read = 0
    for path in files:
        streams, values, why = taken(path)
        read += bool(streams)
        assert not values or streams
        assert all(len(one) > 15 and NOT_UNDERSTOOD not in one for one in why), (path, why)
        if not streams and not why:
            # Read, and nothing in it is an observation: `load --as observations` says so.
            assert path.suffix in (".nc", ".json", ".xml"), path
    assert read >= least * len(files), f"{read} of {len(files)}"


def test_reasons_say_what_it_is_and_what_to_do(shared_data: Path) -> None:
    folder = shared_data / "observations"
    for name, words in (
        ("adcp/adp_rdi", "raw ensembles of an RDI current profiler; convert it to NetCDF"),
        ("gnss/OBS/V2/wsra0010.21o", "RINEX of GNSS receivers"),
        ("ctd/oce/bedford_basin/CTD_BCD2010667_001_01_DN.ODF", "ODF of Fisheries and Oceans Canada"),
        ("tables-fr/rephytox.xlsx", "save its table as CSV"),
        ("seismic/miniseed/fullseed_dataquality_M.mseed", "SEED volume with control headers"),
        ("cf-netcdf/compliance-cdl/bad_cell_measure1.cdl", "make NetCDF of it with ncgen"),
    ):
        _, _, why = taken(folder / name)
        assert any(words in one for one in why), (name, why)
