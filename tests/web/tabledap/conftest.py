"""A node with observations of several shapes, served."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import netCDF4
import numpy as np
import pytest

import estran
from estran.web.app import create_app
from tests.web.client import Client
from tests.web.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.node import Node

STATIONS = {"brest": (-4.5, 48.4), "le conquet": (-4.8, 48.36), "sete": (3.7, 43.4)}
HOURS = 48


def stations(path: Path, source: str = "Tide gauges") -> Path:
    """Hourly temperature and salinity of three stations from 2024-05-01 on, with flags and a gap; Brest has no salinity."""
    with netCDF4.Dataset(path, "w") as made:
        made.Conventions, made.featureType, made.title, made.id = "CF-1.11", "timeSeries", source, path.stem
        made.summary, made.institution = (
            "Temperature and salinity of the sea at three stations.",
            "Laboratoire",
        )
        made.createDimension("station", len(STATIONS))
        made.createDimension("time", HOURS)
        made.createVariable("name", str, ("station",)).cf_role = "timeseries_id"
        made["name"][:] = np.array(list(STATIONS), object)
        for name, units, place in (("longitude", "degrees_east", 0), ("latitude", "degrees_north", 1)):
            variable = made.createVariable(name, "f8", ("station",))
            variable.standard_name, variable.units = name, units
            variable[:] = [at[place] for at in STATIONS.values()]
        time = made.createVariable("time", "f8", ("time",))
        time.standard_name, time.units, time[:] = "time", "hours since 2024-05-01", np.arange(HOURS)
        hours = np.arange(HOURS)
        for name, standard, units, values in (
            ("temp", "sea_water_temperature", "degree_C", 12 + np.arange(3)[:, None] + np.sin(hours / 4)),
            ("psal", "sea_water_practical_salinity", "1", 35 - np.arange(3)[:, None] + np.cos(hours / 7)),
        ):
            variable = made.createVariable(name, "f8", ("station", "time"), fill_value=-999.0)
            variable.standard_name, variable.units, variable.long_name = standard, units, name.capitalize()
            values[0 if name == "psal" else 1, :10] = -999.0
            if name == "psal":
                values[0] = -999.0
            variable[:] = values
            variable.ancillary_variables = f"{name}_qc"
            flags = made.createVariable(f"{name}_qc", "i1", ("station", "time"))
            flags.flag_values, flags.flag_meanings = np.array([1, 4], np.int8), "good bad"
            flags.standard_name = "status_flag"
            flags[:] = np.where(hours % 10 == 9, 4, 1)[None, :].repeat(3, 0)
    return path


class Sets(NamedTuple):
    """Ids of the records of the node's datasets."""

    stations: str
    closed: str


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with stations that everyone sees, and some that few see."""
    folder = tmp_path_factory.mktemp("tabledap")
    with estran.open(folder / "node", email="data@example.org") as opened:
        report = opened.load(stations(folder / "open.nc"), source="open")
        assert not report.refused, report.refused
        opened.load(stations(folder / "closed.nc", "Closed gauges"), source="closed", visibility="restricted")
        yield opened


@pytest.fixture(scope="module")
def sets(node: Node) -> Sets:
    """The ids."""
    shown = {str(node.show(one).title): one for one in node.observations.datasets()}
    return Sets(shown["Tide gauges"], shown["Closed gauges"])


@pytest.fixture(scope="module")
def client(node: Node) -> Client:
    """Anyone who asks."""
    return Client(create_app(node))


@pytest.fixture(scope="module")
def address(node: Node) -> Iterator[str]:
    """Address of ERDDAP on a server of the node."""
    with serving(node.folder) as (base, _):
        yield f"{base}/erddap"
