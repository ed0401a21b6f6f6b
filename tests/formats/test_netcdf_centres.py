"""NetCDF in the shapes that data centres give out: what each file holds is found, with time, place, level and flag."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

import netCDF4
import numpy as np
import pytest

from estran.formats import argo, netcdf
from estran.observations.ingest import explained
from estran.observations.sources import documents
from tests.formats.observed import held, held_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Found(NamedTuple):
    """The first observation of a datastream, and how many there are."""

    key: str
    first: tuple[str, float]
    many: int
    level: float | None = None
    flag: str | None = None
    place: tuple[float, float] | None = None
    unit: str = "degree_Celsius"


def put(
    made: netCDF4.Dataset, name: str, dims: tuple[str, ...], values: Any, kind: str = "f8", **told: Any
) -> None:
    fill = told.pop("_FillValue", -999.0 if kind in ("f4", "f8") else None)
    variable = made.createVariable(name, kind, dims, fill_value=fill)
    variable.setncatts(told)
    variable[...] = values


def dims(made: netCDF4.Dataset, **sizes: int) -> None:
    for name, size in sizes.items():
        made.createDimension(name, size)


def times(made: netCDF4.Dataset, name: str, of: tuple[str, ...], values: Any, **told: Any) -> None:
    put(made, name, of, values, units="days since 1950-01-01T00:00:00Z", standard_name="time", **told)


def places(  # noqa: PLR0917 - as many words
    made: netCDF4.Dataset, x: str, y: str, of: tuple[str, ...], longitude: Any, latitude: Any
) -> None:
    put(made, x, of, longitude, units="degrees_east", standard_name="longitude")
    put(made, y, of, latitude, units="degrees_north", standard_name="latitude")


TEMPERATURE = {"units": "degree_Celsius", "standard_name": "sea_water_temperature"}
DAY = 27_029.0  # of 2024-01-02 since 1950


def copernicus_mooring(made: netCDF4.Dataset) -> Found:
    """Copernicus Marine in situ and OceanSITES: TIME, DEPTH, flags beside, the kind told by cdm_data_type."""
    dims(made, TIME=3, DEPTH=2, LATITUDE=3, LONGITUDE=3, POSITION=3)
    made.setncatts(
        {"cdm_data_type": "station", "platform_code": "6200001", "data_type": "OceanSITES time-series data"}
    )
    times(made, "TIME", ("TIME",), [DAY, DAY + 0.25, DAY + 0.5], axis="T")
    places(made, "LONGITUDE", "LATITUDE", ("TIME",), [0, 0, 0], [0, 0, 0])
    made["LATITUDE"][:], made["LONGITUDE"][:] = [45.2] * 3, [-5.0] * 3
    put(
        made,
        "DEPH",
        ("TIME", "DEPTH"),
        [[0, 10], [0, 10], [0, 10]],
        standard_name="depth",
        units="m",
        axis="Z",
        positive="down",
    )
    put(
        made,
        "TEMP",
        ("TIME", "DEPTH"),
        [[12.1, 11.9], [12.2, -999.0], [12.3, 12.0]],
        **TEMPERATURE,
        ancillary_variables="TEMP_QC",
    )
    put(
        made,
        "TEMP_QC",
        ("TIME", "DEPTH"),
        [[1, 1], [1, 9], [1, 2]],
        "i1",
        long_name="Temperature quality flag",
        conventions="OceanSITES reference table 2",
        flag_values=np.array([0, 1, 2, 3, 4, 9], "i1"),
        flag_meanings="no_qc good probably_good bad_correctable bad missing_value",
    )
    return Found("6200001/TEMP", ("2024-01-02T00:00:00", 12.1), 5, level=0.0, flag="1", place=(-5.0, 45.2))


def gtspp_profile(made: netCDF4.Dataset) -> Found:
    """GTSPP: one profile over time, depth, latitude and longitude, each but the depth of length one."""
    dims(made, time=1, z=3, latitude=1, longitude=1)
    made.setncatts({"cdm_data_type": "Profile", "featureType": "profile", "id": "gtspp_1"})
    times(made, "time", ("time",), [DAY], axis="T")
    places(made, "longitude", "latitude", (), 0.0, 0.0)
    made["longitude"][...], made["latitude"][...] = -30.5, 40.25
    put(made, "z", ("z",), [1.0, 5.0, 10.0], units="m", standard_name="depth", positive="down", axis="Z")
    put(
        made,
        "temperature",
        ("time", "z", "latitude", "longitude"),
        np.array([15.0, 14.5, 14.0]).reshape(1, 3, 1, 1),
        **TEMPERATURE,
    )
    return Found("gtspp_1/temperature", ("2024-01-02T00:00:00", 15.0), 3, level=1.0, place=(-30.5, 40.25))


def imos_mooring(made: netCDF4.Dataset) -> Found:
    """IMOS: a sensor at one depth, the place without dimension, flags as bytes."""
    dims(made, TIME=2)
    made.setncatts({"featureType": "timeSeries", "platform_code": "GBRPPS", "Conventions": "CF-1.6,IMOS-1.4"})
    times(made, "TIME", ("TIME",), [DAY, DAY + 1], axis="T")
    places(made, "LONGITUDE", "LATITUDE", (), 146.8, -19.1)
    put(made, "NOMINAL_DEPTH", (), 15.0, units="m", standard_name="depth", axis="Z", positive="down")
    put(
        made,
        "TEMP",
        ("TIME",),
        [25.1, 25.2],
        coordinates="TIME LATITUDE LONGITUDE NOMINAL_DEPTH",
        **TEMPERATURE,
        ancillary_variables="TEMP_quality_control",
    )
    put(
        made,
        "TEMP_quality_control",
        ("TIME",),
        [1, 3],
        "i1",
        standard_name="sea_water_temperature status_flag",
    )
    return Found("GBRPPS/TEMP", ("2024-01-02T00:00:00", 25.1), 2, level=15.0, flag="1", place=(146.8, -19.1))


def seadatanet_profiles(made: netCDF4.Dataset) -> Found:
    """SeaDataNet and EMODnet: instances by levels, flags as the codes of their letters."""
    dims(made, INSTANCE=2, MAXZ=2, STRING8=8)
    made.setncatts({"featureType": "profile", "Conventions": "SeaDataNet_1.0 CF-1.6"})
    put(
        made,
        "TIME",
        ("INSTANCE",),
        [DAY + 2_433_282.5, DAY + 2_433_283.5],
        units="days since -4713-01-01T00:00:00Z",
        calendar="julian",
        standard_name="time",
        axis="T",
    )
    made["TIME"].units, made["TIME"][:] = "days since 1950-01-01T00:00:00Z", [DAY, DAY + 1]
    made["TIME"].calendar = "standard"
    places(made, "LONGITUDE", "LATITUDE", ("INSTANCE",), [3.0, 3.1], [43.0, 43.1])
    put(
        made,
        "SDN_STATION",
        ("INSTANCE", "STRING8"),
        netCDF4.stringtochar(np.array([b"ST1     ", b"ST2     "])),
        "S1",
        long_name="List of station numbers",
    )
    put(
        made,
        "DEPTH",
        ("INSTANCE", "MAXZ"),
        [[1, 5], [1, -999.0]],
        units="m",
        standard_name="depth",
        positive="down",
        axis="Z",
    )
    put(
        made,
        "TEMPPR01",
        ("INSTANCE", "MAXZ"),
        [[13.0, 12.9], [13.5, -999.0]],
        **TEMPERATURE,
        coordinates="LONGITUDE LATITUDE TIME DEPTH",
        ancillary_variables="TEMPPR01_SEADATANET_QC",
    )
    put(
        made,
        "TEMPPR01_SEADATANET_QC",
        ("INSTANCE", "MAXZ"),
        [[49, 50], [49, 57]],
        "i1",
        Conventions="SeaDataNet measurand qualifier flags",
        flag_values=np.array([48, 49, 50, 51, 52, 57, 65], "i1"),
        flag_meanings="no_quality_control good_value probably_good_value probably_bad_value bad_value missing_value value_phenomenon_uncertain",
    )
    return Found("found/TEMPPR01", ("2024-01-02T00:00:00", 13.0), 3, level=1.0, flag="1", place=(3.0, 43.0))


def wod_casts(made: netCDF4.Dataset) -> Found:
    """World Ocean Database: casts one behind the other, each parameter with counts of its own."""
    dims(made, casts=2, z_obs=3, Temperature_obs=2)
    made.setncatts({"featureType": "Profile", "cdm_data_type": "Profile"})
    put(
        made,
        "time",
        ("casts",),
        [92_864.0, 92_865.5],
        units="days since 1770-01-01 00:00:00 UTC",
        standard_name="time",
    )
    places(made, "lon", "lat", ("casts",), [1.0, 2.0], [50.0, 51.0])
    put(
        made,
        "z_row_size",
        ("casts",),
        [2, 1],
        "i4",
        sample_dimension="z_obs",
        long_name="number of depth observations",
    )
    put(made, "Temperature_row_size", ("casts",), [2, 0], "i4", sample_dimension="Temperature_obs")
    put(made, "z", ("z_obs",), [0.0, 10.0, 3.0], "f4", units="m", standard_name="altitude", positive="down")
    put(
        made,
        "Temperature",
        ("Temperature_obs",),
        [8.5, 8.25],
        "f4",
        **TEMPERATURE,
        coordinates="time lat lon z",
        ancillary_variables="Temperature_WODflag",
    )
    put(
        made,
        "Temperature_WODflag",
        ("Temperature_obs",),
        [0, 3],
        "i2",
        flag_values=np.array([0, 3], "i2"),
        flag_meanings="accepted range_out",
    )
    return Found("found/Temperature", ("2024-04-03T00:00:00", 8.5), 2, level=0.0, flag="0", place=(1.0, 50.0))


def ship_track(made: netCDF4.Dataset) -> Found:
    """SAMOS, GOSUD: a ship's way, named by its attributes alone."""
    dims(made, time=2)
    made.setncatts({"cdm_data_type": "Trajectory", "platform_id": "FABC"})
    put(
        made,
        "time",
        ("time",),
        [38_926_080, 38_926_081],
        "i4",
        units="minutes since 1950-01-01 00:00 UTC",
        long_name="time",
    )
    put(made, "lat", ("time",), [48.0, 48.1], units="degrees_north", long_name="latitude")
    put(made, "lon", ("time",), [355.0, 355.1], units="degrees_east", long_name="longitude")
    put(made, "SST", ("time",), [14.0, 14.1], units="degree_Celsius", long_name="sea temperature")
    return Found("FABC/SST", ("2024-01-05T00:00:00", 14.0), 2, place=(-5.0, 48.0))


def tower(made: netCDF4.Dataset) -> Found:
    """As ALMA and eddy towers have it: time, y and x, both of length one, and no feature type."""
    dims(made, time=2, y=1, x=1)
    made.setncatts({"Conventions": "CF-1.6", "site_name": "Auradé"})
    times(made, "time", ("time",), [DAY, DAY + 1])
    put(made, "longitude", ("y", "x"), [[1.1]], units="degrees_east")
    put(made, "latitude", ("y", "x"), [[43.5]], units="degrees_north")
    put(
        made,
        "Tair",
        ("time", "y", "x"),
        [[[280.0]], [[281.0]]],
        units="K",
        standard_name="air_temperature",
        long_name="air temperature",
    )
    return Found("found/Tair", ("2024-01-02T00:00:00", 280.0), 2, place=(1.1, 43.5), unit="K")


def trajectory_profiles(made: netCDF4.Dataset) -> Found:
    """Gliders of IOOS: profiles of a trajectory, ragged twice."""
    dims(made, trajectory=1, profile=2, obs=3)
    made.setncatts({"featureType": "trajectoryProfile"})
    variable = made.createVariable("trajectory", str, ("trajectory",))
    variable.cf_role = "trajectory_id"
    variable[0] = "sp065"
    put(made, "profile_id", ("profile",), [1, 2], "i4", cf_role="profile_id")
    times(made, "time", ("profile",), [DAY, DAY + 0.5])
    places(made, "lon", "lat", ("profile",), [-120.0, -120.1], [35.0, 35.1])
    put(made, "rowSize", ("profile",), [2, 1], "i4", sample_dimension="obs")
    put(made, "trajectoryIndex", ("profile",), [0, 0], "i4", instance_dimension="trajectory")
    put(made, "depth", ("obs",), [1.0, 2.0, 1.0], units="m", standard_name="depth", positive="down", axis="Z")
    put(
        made,
        "temperature",
        ("obs",),
        [16.0, 15.9, 16.1],
        **TEMPERATURE,
        ancillary_variables="qartod_temperature_flag",
    )
    put(
        made,
        "qartod_temperature_flag",
        ("obs",),
        [1, 3, 1],
        "i1",
        flag_values=np.array([1, 2, 3, 4, 9], "i1"),
        flag_meanings="PASS NOT_EVALUATED SUSPECT FAIL MISSING",
    )
    return Found(
        "sp065/temperature", ("2024-01-02T00:00:00", 16.0), 3, level=1.0, flag="1", place=(-120.0, 35.0)
    )


def stations_by_time(made: netCDF4.Dataset) -> Found:
    """Stations along a dimension, and a time for all of them: names as characters, without a role."""
    dims(made, station=2, time=2, name_strlen=5)
    made.setncatts({"featureType": "timeSeries"})
    times(made, "time", ("time",), [DAY, DAY + 1], axis="T")
    put(
        made,
        "station_name",
        ("station", "name_strlen"),
        netCDF4.stringtochar(np.array([b"brest", b"sete "])),
        "S1",
    )
    places(made, "lon", "lat", ("station",), [-4.5, 3.7], [48.4, 43.4])
    put(made, "t", ("time", "station"), [[11.0, 15.0], [11.5, -999.0]], **TEMPERATURE)
    return Found("brest/t", ("2024-01-02T00:00:00", 11.0), 2, place=(-4.5, 48.4))


def packed_points(made: netCDF4.Dataset) -> Found:
    """Points without order, packed as short integers."""
    dims(made, obs=2)
    made.setncatts({"featureType": "point"})
    times(made, "time", ("obs",), [DAY, DAY + 1])
    places(made, "lon", "lat", ("obs",), [5.0, 6.0], [45.0, 46.0])
    put(
        made,
        "t",
        ("obs",),
        [1234, 5678],
        "i2",
        _FillValue=-32768,
        scale_factor=0.01,
        add_offset=0.0,
        **TEMPERATURE,
    )
    made["t"].set_auto_maskandscale(False)
    made["t"][:] = [1234, -32768]
    return Found("found/t", ("2024-01-02T00:00:00", 12.34), 1, place=(5.0, 45.0))


CENTRES = [
    copernicus_mooring, gtspp_profile, imos_mooring, seadatanet_profiles, wod_casts, ship_track, tower, trajectory_profiles,
    stations_by_time, packed_points,
]  # fmt: skip


@pytest.mark.parametrize("make", CENTRES)
@pytest.mark.parametrize("kind", ["NETCDF4", "NETCDF3_CLASSIC"])
def test_a_file_of_a_data_centre(make: Callable[[netCDF4.Dataset], Found], kind: Any, tmp_path: Path) -> None:
    path = tmp_path / "found.nc"
    if kind != "NETCDF4" and make is trajectory_profiles:
        pytest.skip("the classic format has no strings")
    with netCDF4.Dataset(path, "w", format=kind) as made:
        meant = make(made)
    found = held_in(netcdf.FORMAT, path)
    assert found.refused == []
    assert meant.key in found.streams, sorted(found.streams)
    stream, rows = found.streams[meant.key], found.rows[meant.key]
    told = found.told(meant.key)
    assert (told[0][0], len(told)) == (meant.first[0], meant.many)
    assert told[0][1] == pytest.approx(meant.first[1])
    assert stream.variable.unit == meant.unit
    assert (None if rows.vertical is None else rows.vertical[0]) == meant.level
    assert (None if rows.flag is None else rows.flag[0]) == meant.flag
    own = (stream.thing.longitude, stream.thing.latitude)
    assert (
        own if rows.longitude is None or rows.latitude is None else (rows.longitude[0], rows.latitude[0])
    ) == meant.place


def test_grids_hold_no_observations_also_where_they_tell_nothing(tmp_path: Path) -> None:
    for axes in ({"time": 2, "lat": 3, "lon": 4}, {"time": 4, "height": 3, "lat": 1, "lon": 1}):
        path = tmp_path / f"{len(axes)}.nc"
        with netCDF4.Dataset(path, "w") as made:
            dims(made, **axes)
            times(made, "time", ("time",), np.arange(axes["time"]))
            put(made, "lat", ("lat",), np.arange(axes["lat"]), units="degrees_north")
            put(made, "lon", ("lon",), np.arange(axes["lon"]), units="degrees_east")
            if "height" in axes:
                put(made, "height", ("height",), np.arange(3), units="m", axis="Z")
            put(made, "z", tuple(axes), np.zeros(tuple(axes.values())), **TEMPERATURE)
        assert held_in(netcdf.FORMAT, path).streams == {}


def test_netcdf_in_an_archive_in_an_archive_is_read_in_place(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "found.nc", "w") as made:
        meant = imos_mooring(made)
    with zipfile.ZipFile(tmp_path / "inner.zip", "w", zipfile.ZIP_DEFLATED) as inner:
        inner.write(tmp_path / "found.nc", "folder/found.nc")
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as outer:
        outer.write(tmp_path / "inner.zip", "inner.zip")
    path = tmp_path / "outer.zip"
    ((document, form),) = [one for one in documents(path, path.stat().st_size) if isinstance(one, tuple)]
    assert (form.name, document.path) == ("netcdf", None)
    found = held(form, document)
    assert (found.told(meant.key)[0], len(found.told(meant.key))) == (meant.first, meant.many)
    ((name, words),) = explained([path])
    assert name.endswith("folder/found.nc")
    assert "1 datastreams, 2 values" in words


def letters(text: str, size: int) -> Any:
    return np.array(list(text.ljust(size).encode()), "u1").view("S1")


def argo_file(path: Path, make: Callable[[netCDF4.Dataset], None], kind: str) -> Path:
    with netCDF4.Dataset(path, "w", format="NETCDF3_CLASSIC") as made:
        made.setncatts({"title": kind, "Conventions": "Argo-3.1 CF-1.6", "featureType": "trajectoryProfile"})
        dims(
            made,
            DATE_TIME=14,
            STRING256=256,
            STRING64=64,
            STRING32=32,
            STRING16=16,
            STRING8=8,
            STRING4=4,
            STRING2=2,
        )
        put(made, "DATA_TYPE", ("STRING32",), letters(kind, 32), "S1")
        make(made)
    return path


def argo_profile(made: netCDF4.Dataset, parameters: list[str], modes: str, values: dict[str, Any]) -> None:
    """A profile after the Argo user's manual: two levels, each parameter with what was adjusted and its flags."""
    dims(made, N_PROF=1, N_LEVELS=2, N_PARAM=len(parameters))
    put(made, "PLATFORM_NUMBER", ("N_PROF", "STRING8"), letters("6901929", 8)[None], "S1")
    put(made, "JULD", ("N_PROF",), [DAY], _FillValue=999999.0, units="days since 1950-01-01 00:00:00 UTC")
    put(made, "LATITUDE", ("N_PROF",), [45.0], _FillValue=99999.0)
    put(made, "LONGITUDE", ("N_PROF",), [-10.0], _FillValue=99999.0)
    put(made, "DATA_MODE", ("N_PROF",), letters(modes[0], 1), "S1")
    named = np.array([letters(one, 64) for one in parameters])[None]
    put(made, "STATION_PARAMETERS", ("N_PROF", "N_PARAM", "STRING64"), named, "S1")
    put(made, "PARAMETER_DATA_MODE", ("N_PROF", "N_PARAM"), letters(modes, len(parameters))[None], "S1")
    for name, given in values.items():
        if name.endswith("_QC"):
            put(made, name, ("N_PROF", "N_LEVELS"), letters(given, 2)[None], "S1")
        else:
            put(made, name, ("N_PROF", "N_LEVELS"), [given], "f4", _FillValue=99999.0, units="micromole/kg")


@pytest.mark.parametrize(
    ("name", "mode"), [("BR6901929_001.nc", "A"), ("BD6901929_001.nc", "D"), ("MD6901929_001.nc", "D")]
)
def test_profiles_of_argo_with_oxygen(name: str, mode: str, tmp_path: Path) -> None:
    def make(made: netCDF4.Dataset) -> None:
        values = {
            "PRES": [5.0, 10.0], "DOXY": [210.0, 205.0], "DOXY_QC": "33", "DOXY_ADJUSTED": [220.0, 99999.0], "DOXY_ADJUSTED_QC": "14",
            "TEMP_DOXY": [12.0, 11.0], "TEMP_DOXY_QC": "11",
        }  # fmt: skip
        argo_profile(made, ["PRES", "DOXY", "TEMP_DOXY"], f"R{mode}R", values)

    found = held_in(argo.FORMAT, argo_file(tmp_path / name, make, "Argo float vertical profile"))
    version = {"A": "real time, adjusted", "D": "delayed mode"}[mode]
    told = {key: (found.told(key), found.rows[key].flag) for key in found.streams}
    assert told == {
        "6901929/DOXY": ([("2024-01-02T00:00:00", 210.0), ("2024-01-02T00:00:00", 205.0)], ["3", "3"]),
        f"6901929/DOXY ({version})": ([("2024-01-02T00:00:00", 220.0)], ["1"]),
        "6901929/TEMP_DOXY": ([("2024-01-02T00:00:00", 12.0), ("2024-01-02T00:00:00", 11.0)], ["1", "1"]),
    }


def argo_trajectory(made: netCDF4.Dataset) -> None:
    """Measurements on a float's way, of which one got another time later."""
    dims(made, N_MEASUREMENT=3, N_CYCLE=1, N_PARAM=2)
    put(made, "PLATFORM_NUMBER", ("STRING8",), letters("6901929", 8), "S1")
    named = np.array([letters(one, 64) for one in ("PRES", "TEMP")])
    put(made, "TRAJECTORY_PARAMETERS", ("N_PARAM", "STRING64"), named, "S1")
    of = ("N_MEASUREMENT",)
    put(made, "JULD", of, [DAY, DAY + 0.25, DAY + 0.5], _FillValue=999999.0)
    put(made, "JULD_ADJUSTED", of, [DAY + 0.125, 999999.0, 999999.0], _FillValue=999999.0)
    put(made, "LATITUDE", of, [45.0, 99999.0, 45.1], _FillValue=99999.0)
    put(made, "LONGITUDE", of, [-10.0, 99999.0, -10.1], _FillValue=99999.0)
    put(made, "POSITION_QC", of, letters("1 1", 3), "S1")
    put(made, "MEASUREMENT_CODE", of, [703, 290, 703], "i4")
    put(made, "PRES", of, [99999.0, 1000.0, 99999.0], "f4", _FillValue=99999.0, units="decibar")
    put(made, "TEMP", of, [99999.0, 4.0, 12.0], "f4", _FillValue=99999.0, units="degree_Celsius")
    put(made, "TEMP_QC", of, letters(" 11", 3), "S1")
    put(made, "TEMP_ADJUSTED", of, [99999.0, 4.5, 99999.0], "f4", _FillValue=99999.0, units="degree_Celsius")
    put(made, "TEMP_ADJUSTED_QC", of, letters(" 1 ", 3), "S1")


@pytest.mark.parametrize(
    ("name", "version"), [("6901929_Rtraj.nc", "real time, adjusted"), ("6901929_Dtraj.nc", "delayed mode")]
)
def test_trajectories_of_argo(name: str, version: str, tmp_path: Path) -> None:
    found = held_in(argo.FORMAT, argo_file(tmp_path / name, argo_trajectory, "Argo float trajectory file"))
    # What was not placed in time again keeps its time.
    assert found.told(f"6901929/TEMP (trajectory/{version})") == [("2024-01-02T06:00:00", 4.5)]
    assert found.told("6901929/TEMP (trajectory)") == [
        ("2024-01-02T06:00:00", 4.0),
        ("2024-01-02T12:00:00", 12.0),
    ]
    fixes = next(rows for key, rows in found.rows.items() if "TEMP" not in key)
    assert fixes.longitude is not None
    assert fixes.longitude.tolist() == [-10.0, -10.1]


def test_technical_data_of_argo_tell_of_the_float_alone(tmp_path: Path) -> None:
    def make(made: netCDF4.Dataset) -> None:
        dims(made, N_TECH_PARAM=1)
        put(made, "PLATFORM_NUMBER", ("STRING8",), letters("6901929", 8), "S1")
        put(
            made,
            "TECHNICAL_PARAMETER_NAME",
            ("N_TECH_PARAM", "STRING64"),
            letters("VOLTAGE_Battery_volts", 64)[None],
            "S1",
        )

    path = argo_file(tmp_path / "6901929_tech.nc", make, "Argo float technical data file")
    assert held_in(argo.FORMAT, path).streams == {}
    ((_, words),) = explained([path])
    assert (
        words
        == "Argo float 6901929: technical data or metadata, which tell of the float; they hold no observations"
    )
