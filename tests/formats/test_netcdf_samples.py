"""Discrete samples in NetCDF: every layout of CF chapter 9 gives the same observations; real files give theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import netCDF4
import numpy as np
import pytest

from estran.errors import Invalid
from estran.formats import Document, Refusal, netcdf
from estran.model import Datastream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.formats import Rows

DAY = 86_400_000_000
STATIONS = {"brest": (-4.5, 48.4), "sete": (3.7, 43.4)}
# Station -> (day, value) pairs; one was never measured.
SERIES = {"brest": [(0, 11.0), (1, 12.5), (2, 12.0)], "sete": [(1, 15.0), (2, 15.5)]}
# Profile -> station, day, (depth, value) pairs.
PROFILES = [
    ("brest", 0, [(5.0, 11.0), (10.0, 10.5)]),
    ("sete", 1, [(5.0, 15.0)]),
    ("brest", 2, [(5.0, 12.0)]),
]


def observed(path: Path) -> tuple[dict[str, Datastream], dict[str, Rows]]:
    streams: dict[str, Datastream] = {}
    rows: dict[str, Rows] = {}
    for one in netcdf.observe(Document(str(path), path=path)):
        assert not isinstance(one, Refusal), one
        if isinstance(one, Datastream):
            streams[one.key] = one
        else:
            assert one.datastream in streams
            rows[one.datastream] = one
    return streams, rows


def make(path: Path, feature: str) -> netCDF4.Dataset:
    made = netCDF4.Dataset(path, "w")
    made.Conventions, made.featureType, made.title = "CF-1.11", feature, "Sea temperature"
    return made


def put(
    made: netCDF4.Dataset, name: str, dims: tuple[str, ...], values: Any, kind: Any = "f8", **told: str
) -> None:
    variable = made.createVariable(name, kind, dims, fill_value=-999.0 if kind == "f8" else None)
    variable.setncatts(told)
    variable[...] = np.array(values, object) if kind is str else values


def coordinates(made: netCDF4.Dataset, dims: tuple[str, ...], names: list[str]) -> None:
    put(made, "lon", dims, [STATIONS[n][0] for n in names], standard_name="longitude", units="degrees_east")
    put(made, "lat", dims, [STATIONS[n][1] for n in names], standard_name="latitude", units="degrees_north")


TIME = {"standard_name": "time", "units": "days since 2020-01-01", "calendar": "standard"}
TEMP = {"standard_name": "sea_water_temperature", "units": "degree_C", "coordinates": "time lon lat"}


def orthogonal(path: Path) -> None:
    with make(path, "timeSeries") as made:
        for name, size in (("station", 2), ("time", 3)):
            made.createDimension(name, size)
        put(made, "name", ("station",), list(SERIES), str, cf_role="timeseries_id")
        coordinates(made, ("station",), list(SERIES))
        put(made, "time", ("time",), [0, 1, 2], **TIME)
        put(made, "temp", ("station", "time"), [[11.0, 12.5, 12.0], [-999.0, 15.0, 15.5]], **TEMP)


def incomplete(path: Path) -> None:
    with make(path, "TimeSeries") as made:
        for name, size in (("station", 2), ("obs", 3)):
            made.createDimension(name, size)
        put(made, "name", ("station",), list(SERIES), str, cf_role="timeseries_id")
        coordinates(made, ("station",), list(SERIES))
        put(made, "time", ("station", "obs"), [[0, 1, 2], [1, 2, -999.0]], **TIME)
        put(made, "temp", ("station", "obs"), [[11.0, 12.5, 12.0], [15.0, 15.5, -999.0]], **TEMP)


def contiguous(path: Path) -> None:
    with make(path, "timeSeries") as made:
        for name, size in (("station", 2), ("obs", 5)):
            made.createDimension(name, size)
        put(made, "name", ("station",), list(SERIES), str, cf_role="timeseries_id")
        coordinates(made, ("station",), list(SERIES))
        put(made, "row_size", ("station",), [3, 2], "i4", sample_dimension="obs")
        put(made, "time", ("obs",), [0, 1, 2, 1, 2], **TIME)
        put(made, "temp", ("obs",), [11.0, 12.5, 12.0, 15.0, 15.5], **TEMP)


def indexed(path: Path) -> None:
    with make(path, "timeSeries") as made:
        for name, size in (("station", 2), ("obs", 5)):
            made.createDimension(name, size)
        put(made, "name", ("station",), list(SERIES), str, cf_role="timeseries_id")
        coordinates(made, ("station",), list(SERIES))
        put(made, "which", ("obs",), [0, 1, 0, 1, 0], "i4", instance_dimension="station")
        put(made, "time", ("obs",), [0, 1, 1, 2, 2], **TIME)
        put(made, "temp", ("obs",), [11.0, 15.0, 12.5, 15.5, 12.0], **TEMP)


@pytest.mark.parametrize("write", [orthogonal, incomplete, contiguous, indexed])
def test_every_layout_of_time_series_says_the_same(write: Callable[[Path], None], tmp_path: Path) -> None:
    write(tmp_path / "a.nc")
    streams, rows = observed(tmp_path / "a.nc")
    assert set(streams) == {"brest/temp", "sete/temp"}
    for station, pairs in SERIES.items():
        stream, own = streams[f"{station}/temp"], rows[f"{station}/temp"]
        assert (stream.thing.longitude, stream.thing.latitude) == STATIONS[station]
        assert (stream.variable.standard_name, stream.variable.unit) == ("sea_water_temperature", "degree_C")
        assert stream.sampling == "timeSeries"
        assert own.longitude is None
        assert own.vertical is None
        assert own.value is not None
        found = sorted(zip(own.time.tolist(), own.value.tolist(), strict=True))
        first = 1_577_836_800_000_000
        assert found == [(first + day * DAY, value) for day, value in pairs]


def ragged_profiles(path: Path) -> None:
    with make(path, "timeSeriesProfile") as made:
        for name, size in (("station", 2), ("profile", 3), ("obs", 4)):
            made.createDimension(name, size)
        put(made, "name", ("station",), list(STATIONS), str, cf_role="timeseries_id")
        coordinates(made, ("station",), list(STATIONS))
        put(made, "which", ("profile",), [0, 1, 0], "i4", instance_dimension="station")
        put(made, "row_size", ("profile",), [2, 1, 1], "i4", sample_dimension="obs")
        put(made, "time", ("profile",), [0, 1, 2], **TIME)
        depth = {"standard_name": "depth", "units": "m", "axis": "Z", "positive": "down"}
        put(made, "depth", ("obs",), [5.0, 10.0, 5.0, 5.0], **depth)
        put(made, "temp", ("obs",), [11.0, 10.5, 15.0, 12.0], **TEMP)


def full_profiles(path: Path) -> None:
    with make(path, "timeSeriesProfile") as made:
        for name, size in (("station", 2), ("time", 3), ("level", 2)):
            made.createDimension(name, size)
        put(made, "name", ("station",), list(STATIONS), str, cf_role="timeseries_id")
        coordinates(made, ("station",), list(STATIONS))
        put(made, "time", ("time",), [0, 1, 2], **TIME)
        depth = {"standard_name": "depth", "units": "m", "axis": "Z", "positive": "down"}
        put(made, "depth", ("level",), [5.0, 10.0], **depth)
        values = [[[11.0, 10.5], [-999, -999], [12.0, -999]], [[-999, -999], [15.0, -999], [-999, -999]]]
        put(made, "temp", ("station", "time", "level"), values, **TEMP)


@pytest.mark.parametrize("write", [ragged_profiles, full_profiles])
def test_profiles_at_stations_say_the_same(write: Callable[[Path], None], tmp_path: Path) -> None:
    write(tmp_path / "a.nc")
    streams, rows = observed(tmp_path / "a.nc")
    for station in STATIONS:
        own, stream = rows[f"{station}/temp"], streams[f"{station}/temp"]
        assert stream.vertical is not None
        assert stream.vertical.standard_name == "depth"
        assert own.vertical is not None
        assert own.value is not None
        found = sorted(zip(own.time.tolist(), own.vertical.tolist(), own.value.tolist(), strict=True))
        first = 1_577_836_800_000_000
        assert found == [
            (first + day * DAY, depth, value)
            for name, day, pairs in PROFILES
            if name == station
            for depth, value in pairs
        ]


def test_what_moves_says_where_it_was(tmp_path: Path) -> None:
    with make(tmp_path / "a.nc", "trajectory") as made:
        made.createDimension("obs", 3)
        made.platform_code = "6901234"
        put(made, "time", ("obs",), [0, 1, 2], **TIME)
        coordinates(made, ("obs",), ["brest", "sete", "brest"])
        put(made, "temp", ("obs",), [1.0, 2.0, 3.0], **TEMP, ancillary_variables="quality")
        put(made, "quality", ("obs",), [1, 4, 9], "i1", standard_name="quality_flag")
    streams, rows = observed(tmp_path / "a.nc")
    own = rows["6901234/temp"]
    assert streams["6901234/temp"].thing.longitude is None
    assert own.longitude is not None
    assert own.longitude.tolist() == [-4.5, 3.7, -4.5]
    assert own.flag == ["1", "4", "9"]


def test_values_that_nothing_tells_apart_are_refused(tmp_path: Path) -> None:
    with make(tmp_path / "a.nc", "profile") as made:
        for name, size in (("cast", 1), ("obs", 4)):
            made.createDimension(name, size)
        put(made, "row_size", ("cast",), [4], "i4", sample_dimension="obs")
        put(made, "time", ("cast",), [0], **TIME)
        put(made, "temp", ("obs",), [1.0, 2.0, 3.0, 4.0], **TEMP)
    found = list(netcdf.observe(Document("a.nc", path=tmp_path / "a.nc")))
    assert len(found) == 1
    assert isinstance(found[0], Refusal)
    assert "4 values at 1 times" in found[0].why


@pytest.mark.parametrize("told", [{"calendar": "360_day"}, {"units": "months since 2020-01-01"}])
def test_times_of_models_are_refused(told: dict[str, str], tmp_path: Path) -> None:
    with make(tmp_path / "a.nc", "timeSeries") as made:
        made.createDimension("time", 2)
        put(made, "time", ("time",), [0, 1], **{**TIME, **told})
        put(made, "temp", ("time",), [1.0, 2.0], **TEMP)
    with pytest.raises(Invalid, match="is not read"):
        observed(tmp_path / "a.nc")


def test_a_grid_holds_no_observations(tmp_path: Path) -> None:
    with make(tmp_path / "a.nc", "grid") as made:
        made.createDimension("time", 1)
        put(made, "time", ("time",), [0], **TIME)
        put(made, "temp", ("time",), [1.0], **TEMP)
    assert observed(tmp_path / "a.nc") == ({}, {})


def test_argo_profiles_are_read_value_for_value(shared_data: Path) -> None:
    files = sorted((shared_data / "observations/argo").rglob("*_prof.nc"))
    files += sorted((shared_data / "observations/argo/dac").rglob("[DR]*.nc"))
    assert len(files) > 50
    for path in files:
        streams, rows = observed(path)
        with netCDF4.Dataset(path) as held:
            held.set_auto_mask(False)  # values that the producer's own range excludes are values, with a flag
            pressure, days = held["PRES"][:], held["JULD"][:]
            for name in ("TEMP", "PSAL"):
                if name not in held.variables:
                    continue
                values = held[name][:]
                good = (values != 99999) & (pressure != 99999) & (days != 999999)[:, None]
                good &= np.isfinite(values) & np.isfinite(pressure)
                own = [one for key, one in rows.items() if key.endswith(f"/{name}")]
                assert sum(len(one.time) for one in own) == good.sum(), (path, name)
                total = sum(float(one.value.sum()) for one in own if one.value is not None)
                assert total == pytest.approx(float(values[good].sum()), rel=1e-6)
                flags = [flag for one in own for flag in one.flag or ()]
                assert sorted(flags) == sorted(f.decode() for f in held[f"{name}_QC"][:][good])
        assert all(stream.thing.key.isdigit() for stream in streams.values())


def test_world_ocean_database_profiles_have_their_depths(shared_data: Path) -> None:
    path = shared_data / "observations/qc/wodpy/ocldb1570984477.6279_OSD.nc"
    with netCDF4.Dataset(path) as held:
        depths, temperature = held["z"][:], held["Temperature"][:]
        oxygen = held["Oxygen"][:]
    _, rows = observed(path)
    own = next(one for key, one in rows.items() if key.endswith("/Temperature"))
    assert own.vertical is not None
    assert own.vertical.tolist() == [
        float(z) for z, t in zip(depths, temperature, strict=True) if np.isfinite(t)
    ]
    assert (
        len(next(one for key, one in rows.items() if key.endswith("/Oxygen")).time)
        == np.isfinite(oxygen).sum()
    )
