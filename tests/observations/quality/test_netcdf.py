"""Flags of NetCDF files: what they mean is read, and written so that it is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import netCDF4
import numpy as np
import pytest

import estran
from tests.observations.test_door import series

if TYPE_CHECKING:
    from pathlib import Path

TEMPERATURE = "sea_water_temperature"


def flagged(path: Path, values: list[int], **attributes: Any) -> Path:
    """A file of two series of three values, with a flag for each."""
    with netCDF4.Dataset(series(path), "a") as made:
        flag = made.createVariable("temp_QC", "i1", ("station", "time"))
        flag[:] = np.array(values).reshape(2, 3)
        flag.setncatts(attributes)
    return path


@pytest.mark.parametrize(
    ("values", "attributes", "wanted"),
    [
        ([1, 2, 3, 4, 8, 0], {"conventions": "Argo reference table 2"}, [1, 1, 3, 4, 1, 2]),
        ([49, 50, 51, 52, 65, 48], {"conventions": "SeaDataNet measurand qualifier flags",
                                    "flag_values": np.array([48, 49, 50, 51, 52, 65], "i1")}, [1, 1, 3, 4, 3, 2]),
        ([0, 1, 2, 3, 0, 9], {"flag_values": np.array([0, 1, 2, 3], "i1"), "flag_meanings": "good raw suspect bad"},
         [1, 2, 3, 4, 1, 2]),
        ([0, 1, 2, 3, 0, 1], {"flag_values": "0b, 1b, 2b, 3b", "flag_meanings": "pass fail missing_value not_checked"},
         [1, 4, 9, 2, 1, 4]),
        ([1, 2, 3, 4, 1, 1], {}, [2] * 6),
        ([1, 1, 1, 1, 1, 1], {"flag_values": np.array([1, 2], "i1"), "flag_meanings": "good"}, [2] * 6),
    ],
)  # fmt: skip
def test_what_flags_mean_is_read(
    tmp_path: Path, values: list[int], attributes: dict[str, Any], wanted: list[int]
) -> None:
    with estran.open(tmp_path / "node") as node:
        assert not node.load(flagged(tmp_path / "a.nc", values, **attributes)).refused
        found = node.observations.read(TEMPERATURE)
        assert found[f"{TEMPERATURE}_qc"].values.tolist() == wanted


def test_a_file_that_was_written_is_read_with_its_quality(tmp_path: Path) -> None:
    given = flagged(tmp_path / "a.nc", [1, 2, 3, 4, 8, 0], conventions="Argo reference table 2")
    for scheme in ("qartod", "argo", "seadatanet", "oceansites", "producer"):
        with estran.open(tmp_path / f"node-{scheme}") as node:
            node.load(given)
            found = node.observations.read(TEMPERATURE, flags=scheme)
            found.to_netcdf(tmp_path / f"{scheme}.nc", engine="netcdf4")
        with estran.open(tmp_path / f"again-{scheme}") as node:
            assert not node.load(tmp_path / f"{scheme}.nc").refused
            again = node.observations.read(TEMPERATURE)
            assert again[f"{TEMPERATURE}_qc"].values.tolist() == [1, 1, 3, 4, 1, 2], scheme
