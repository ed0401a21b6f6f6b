"""Argo: every value of real profiles and trajectories, the versions side by side, and the float that they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import netCDF4
import numpy as np
import pytest

from estran import formats
from estran.errors import Invalid
from estran.formats import Document, Record
from estran.formats.argo import FORMAT
from tests.formats.observed import held_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.formats import Rows


def profiles_of(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*_prof.nc"))
    yield from sorted(path for path in folder.rglob("profiles/[DRS]*.nc"))


@pytest.fixture
def folder(shared_data: Path) -> Path:
    return shared_data / "observations/argo/dac"


def test_profiles_are_read_value_for_value(folder: Path) -> None:
    """Against the library itself: every value, flag, pressure, of each version."""
    read = 0
    for path in profiles_of(folder):
        found = held_in(FORMAT, path)
        assert found.refused == []
        with netCDF4.Dataset(path) as held:
            held.set_auto_mask(False)
            modes = held["DATA_MODE"][:] if "DATA_MODE" in held.variables else None
            if modes is None:
                continue
            days = np.broadcast_to((held["JULD"][:] < 999999)[:, None], held["PRES"].shape)
            for name in ("TEMP", "PSAL"):
                if name not in held.variables:
                    continue
                adjusted = np.broadcast_to((modes == b"D")[:, None], days.shape)
                for suffix, level, chosen in (
                    ("", "real time", days),
                    ("_ADJUSTED", "delayed mode", days & adjusted),
                ):
                    values, pressure = held[f"{name}{suffix}"][:], held[f"PRES{suffix}"][:]
                    good = chosen & (values != 99999) & (pressure != 99999)
                    good &= np.isfinite(values) & np.isfinite(pressure)
                    own = [
                        found.rows[key]
                        for key, one in found.streams.items()
                        if one.variable.name == name and one.processing_level == level
                    ]
                    assert pairs(own) == sorted(
                        zip(pressure[good].tolist(), values[good].tolist(), strict=True)
                    )
                    flags = sorted(str(flag) for one in own for flag in one.flag or ())
                    assert flags == sorted(flag.decode() for flag in held[f"{name}{suffix}_QC"][:][good])
                    read += int(good.sum())
        assert all(stream.thing.key.isdigit() for stream in found.streams.values())
    assert read > 80_000


def pairs(own: list[Rows]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for one in own:
        assert one.value is not None
        assert one.vertical is not None
        found += zip(one.vertical.tolist(), one.value.tolist(), strict=True)
    return sorted(found)


def test_versions_stand_side_by_side(folder: Path) -> None:
    found = held_in(FORMAT, folder / "bodc/6901929/profiles/D6901929_006.nc")
    levels = {key: one.processing_level for key, one in found.streams.items() if one.variable.name == "PSAL"}
    assert levels == {
        "6901929/PSAL": "real time", "6901929/PSAL (delayed mode)": "delayed mode",
        "6901929/PSAL (near-surface sampling)": "real time",
    }  # fmt: skip
    real_time = held_in(FORMAT, folder / "bodc/6901929/profiles/R6901929_180.nc")
    assert not any("delayed" in key for key in real_time.streams)
    one = found.streams["6901929/PSAL"]
    assert (one.sampling, one.flags, one.variable.standard_name) == (
        "trajectoryProfile", "Argo reference table 2", "sea_water_salinity",
    )  # fmt: skip
    assert one.vertical is not None
    assert (one.vertical.standard_name, one.vertical.unit) == ("sea_water_pressure", "decibar")
    assert one.thing.longitude is None
    synthetic = held_in(FORMAT, folder / "coriolis/3902131/profiles/SD3902131_009.nc")
    assert {key.partition(" (")[2].partition(")")[0].partition("/")[0] for key in synthetic.streams} == {
        "synthetic"
    }


def test_a_trajectory(folder: Path) -> None:
    path = folder / "aoml/13857/13857_Rtraj.nc"
    found = held_in(FORMAT, path)
    fixes = found.rows["13857/MEASUREMENT_CODE (trajectory)"]
    with netCDF4.Dataset(path) as held:
        held.set_auto_mask(False)
        x, y, t = held["LONGITUDE"][:], held["LATITUDE"][:], held["JULD"][:]
        good = (x < 99999) & (y < 99999) & (t < 999999)
        assert fixes.longitude is not None
        assert fixes.longitude.tolist() == x[good].tolist()
        assert fixes.value is not None
        assert fixes.value.tolist() == held["MEASUREMENT_CODE"][:][good].tolist()
        temperature = held["TEMP"][:]
        measured = int(((temperature < 99999) & (t < 999999)).sum())
    own = found.rows.get("13857/TEMP (trajectory)")
    assert (len(own.time) if own else 0) == measured
    assert found.streams["13857/MEASUREMENT_CODE (trajectory)"].kind == "category"


def test_the_record_is_of_the_float(folder: Path) -> None:
    records = [
        one
        for name in ("bodc/6901929/profiles/D6901929_006.nc", "bodc/6901929/profiles/R6901929_229.nc")
        for one in formats.read(Document(name, path=folder / name))
    ]
    assert all(isinstance(one, Record) for one in records)
    first, second = (one for one in records if isinstance(one, Record))
    assert (first.identifier, str(first.title)) == ("argo:6901929", "Argo float 6901929")
    assert first.identifier == second.identifier
    assert first.extent.periods != second.extent.periods
    assert first.licences[0].spdx == "CC-BY-4.0"
    (meta,) = formats.read(Document("x", path=folder / "csiro/5900865/5900865_meta.nc"))
    assert isinstance(meta, Record)
    assert meta.identifier == "argo:5900865"


def test_sensors_come_from_the_metadata_beside(folder: Path) -> None:
    found = held_in(FORMAT, folder / "csiro/5900865/5900865_prof.nc")
    sensor = found.streams["5900865/TEMP"].sensor
    assert sensor is not None
    assert sensor.key.startswith("CTD_TEMP")


def test_what_is_of_no_float_or_cut_is_refused(folder: Path, tmp_path: Path) -> None:
    body = (folder / "bodc/6901929/profiles/D6901929_006.nc").read_bytes()
    broken = tmp_path / "D6901929_006.nc"
    broken.write_bytes(body[:3000])
    with pytest.raises(Invalid, match=r"cannot be opened as NetCDF|no WMO number|do not fit"):
        held_in(FORMAT, broken)
    with netCDF4.Dataset(tmp_path / "two.nc", "w", format="NETCDF3_CLASSIC") as made:
        made.title = "Argo float vertical profile"
        for name, size in (("DATE_TIME", 14), ("N_PROF", 2), ("STRING8", 8)):
            made.createDimension(name, size)
        number = made.createVariable("PLATFORM_NUMBER", "S1", ("N_PROF", "STRING8"))
        number[:] = netCDF4.stringtochar(np.array(["6901929", "6901930"], "S8"))
    with pytest.raises(Invalid, match="it is of 2 floats"):
        held_in(FORMAT, tmp_path / "two.nc")


def test_it_is_explained(folder: Path) -> None:
    assert FORMAT.explain is not None
    words = FORMAT.explain(Document("x", path=folder / "bodc/6901929/profiles/D6901929_006.nc"))
    assert words.startswith("Argo float 6901929, added to its dataset")
    assert "delayed mode" in words
    meta = folder / "csiro/5900865/5900865_meta.nc"
    assert "they hold no observations" in FORMAT.explain(Document("x", path=meta))
