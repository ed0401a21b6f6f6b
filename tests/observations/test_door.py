"""Observations through the node: loaded with their record, seen with it, read as xarray and from the command line."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import netCDF4
import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import estran
from estran.access import ANYONE
from estran.cli import app
from estran.errors import Invalid, NotAllowed, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

STATIONS = {"brest": (-4.5, 48.4), "sete": (3.7, 43.4)}


def series(
    path: Path, *, first: float = 10.0, unit: str = "degree_C", days: int = 3, name: str = "temp"
) -> Path:
    with netCDF4.Dataset(path, "w") as made:
        made.Conventions, made.featureType, made.title = (
            "CF-1.11",
            "timeSeries",
            f"Sea temperature {path.stem}",
        )
        made.id = path.stem
        made.createDimension("station", 2)
        made.createDimension("time", days)
        made.createVariable("name", str, ("station",)).cf_role = "timeseries_id"
        made["name"][:] = np.array(list(STATIONS), object)
        for coordinate, standard, units, place in (
            ("lon", "longitude", "degrees_east", 0), ("lat", "latitude", "degrees_north", 1),
        ):  # fmt: skip
            variable = made.createVariable(coordinate, "f8", ("station",))
            variable.standard_name, variable.units = standard, units
            variable[:] = [at[place] for at in STATIONS.values()]
        time = made.createVariable("time", "f8", ("time",))
        time.standard_name, time.units = "time", "days since 2020-01-01"
        time[:] = np.arange(days)
        values = made.createVariable(name, "f8", ("station", "time"), fill_value=-1.0)
        values.standard_name, values.units, values.long_name = "sea_water_temperature", unit, "Temperature"
        values[:] = first + np.arange(2 * days).reshape(2, days)
    return path


def told(found: xr.Dataset) -> list[tuple[str, str, float]]:
    keys = found["datastream_key"].values[found["datastream_index"].values]
    days = np.datetime_as_string(found["time"].values, "D")
    return list(
        zip(keys.tolist(), days.tolist(), found["sea_water_temperature"].values.tolist(), strict=True)
    )


@pytest.fixture
def own(tmp_path: Path, open_node: Callable[[Path], Node]) -> Iterator[Node]:
    with open_node(tmp_path / "node") as node:
        yield node


def test_a_file_is_a_record_and_its_observations(own: Node, tmp_path: Path) -> None:
    report = own.load(series(tmp_path / "a.nc"))
    assert (report.read, report.new, report.refused) == (1, 1, [])
    assert report.observations == {"datastreams": 2, "new": 6, "changed": 0, "unchanged": 0}
    found = own.observations.read("sea_water_temperature")
    assert told(found) == [
        (f"{station}/temp", f"2020-01-0{day + 1}", 10.0 + 3 * n + day)
        for n, station in enumerate(STATIONS)
        for day in range(3)
    ]
    assert found["longitude"].values.tolist() == [-4.5, 3.7]
    assert found["row_size"].values.tolist() == [3, 3]
    record = own.show(str(found["dataset"].values[0]))
    assert str(record.title) == "Sea temperature a"
    assert [(v.standard_name, v.unit) for v in record.variables] == [("sea_water_temperature", "degree_C")]
    frame = found.to_dataframe()
    assert frame["sea_water_temperature"].notna().all()


def test_what_comes_again_is_not_doubled_and_what_changed_replaces(own: Node, tmp_path: Path) -> None:
    own.load(series(tmp_path / "a.nc"))
    again = own.load(tmp_path / "a.nc").observations
    assert again == {"datastreams": 0, "new": 0, "changed": 0, "unchanged": 6}
    (tmp_path / "a.nc").unlink()
    assert own.load(series(tmp_path / "a.nc", first=20.0, days=4)).observations == {
        "datastreams": 0, "new": 2, "changed": 6, "unchanged": 0,
    }  # fmt: skip
    before = told(own.observations.read("sea_water_temperature"))
    assert len(before) == 8
    assert own.observations.settle() == 8
    assert told(own.observations.read("sea_water_temperature")) == before
    assert [one.count for one in own.observations.datastreams()] == [4, 4]
    assert [one.last_value for one in own.observations.datastreams()] == [23.0, 27.0]


def test_a_place_and_a_time_narrow_it(own: Node, tmp_path: Path) -> None:
    own.load(series(tmp_path / "a.nc"))
    read = own.observations.read
    assert {key for key, _, _ in told(read("temp", bbox=(-10, 45, 0, 50)))} == {"brest/temp"}
    assert {day for _, day, _ in told(read("temp", time="2020-01-02"))} == {"2020-01-02"}
    assert {day for _, day, _ in told(read("temp", time="2020-01-02/.."))} == {"2020-01-02", "2020-01-03"}
    number = own.observations.datastreams()[1].number
    assert {key for key, _, _ in told(read(number))} == {"sete/temp"}
    for what in ("nothing", 99):
        with pytest.raises(NotFound, match="no datastream"):
            read(what)
    with pytest.raises(NotFound):
        read("temp", time="1999")
    with pytest.raises(Invalid):
        read("temp", bbox=(0, 50, 0, 40))


def test_they_are_seen_by_those_who_see_their_record(own: Node, tmp_path: Path) -> None:
    own.load(series(tmp_path / "a.nc"), source="open")
    own.load(series(tmp_path / "b.nc"), source="closed", visibility="restricted")
    assert len(own.observations.datastreams()) == 4
    theirs = own.acting_as(ANYONE).observations
    assert len(theirs.datastreams()) == 2
    hidden = (
        {one.number for one in own.observations.datastreams()} - {o.number for o in theirs.datastreams()}
    ).pop()
    with pytest.raises(NotFound):
        theirs.read(hidden)
    for forbidden in (theirs.settle, lambda: theirs.load([tmp_path / "a.nc"])):
        with pytest.raises(NotAllowed):
            forbidden()


def test_units_are_brought_to_one_or_not_mixed(own: Node, tmp_path: Path) -> None:
    own.load([series(tmp_path / "a.nc"), series(tmp_path / "b.nc", unit="K", first=283.15)])
    found = own.observations.read("sea_water_temperature")
    values = [value for _, _, value in told(found)]
    assert values[:6] == pytest.approx(values[6:])
    assert found["sea_water_temperature"].attrs["units"] == "degree_C"
    assert "values in K brought to degree_C" in found.attrs["history"]
    own.load(series(tmp_path / "c.nc", unit="furlongs"))
    with pytest.raises(Invalid, match="cannot be brought"):
        own.observations.read("sea_water_temperature")
    record = own.observations.datastreams()[-1].record
    assert len(told(own.observations.read("sea_water_temperature", record=record))) == 6


def test_a_clock_that_runs_ahead_is_refused_and_the_rest_is_kept(own: Node, tmp_path: Path) -> None:
    path = series(tmp_path / "a.nc")
    with netCDF4.Dataset(path, "a") as held:
        held["time"][2] = 400_000
        held["temp"][0, 1] = np.inf
    report = own.load(path)
    # What is infinite in NetCDF is missing.
    assert report.observations["new"] == 3
    assert len(report.refused) == 2
    assert "“brest/temp” are more than a day in the future" in report.refused[0].why
    assert all(one.file.endswith("a.nc") for one in report.refused)


def test_what_is_written_as_netcdf_is_read_again(
    own: Node, tmp_path: Path, open_node: Callable[[Path], Node]
) -> None:
    own.load(series(tmp_path / "a.nc"))
    found = own.observations.read("sea_water_temperature")
    found.to_netcdf(tmp_path / "out.nc", engine="netcdf4")
    with open_node(tmp_path / "other") as other:
        assert other.load(tmp_path / "out.nc").observations["new"] == 6
        again = other.observations.read("sea_water_temperature")
        assert [value for _, _, value in told(again)] == [value for _, _, value in told(found)]
        assert again["longitude"].values.tolist() == found["longitude"].values.tolist()


def test_the_command_line(tmp_path: Path) -> None:
    node, run = str(tmp_path / "node"), CliRunner().invoke
    series(tmp_path / "a.nc")
    loaded = run(app, ["load", str(tmp_path / "a.nc"), "--node", node, "--json"])
    assert json.loads(loaded.stdout)["observations"]["new"] == 6
    listed = run(app, ["observations", "list", "--node", node, "--json"])
    streams = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [(s["key"], s["count"], s["first"][:10], s["last"][:10]) for s in streams] == [
        (f"{station}/temp", 3, "2020-01-01", "2020-01-03") for station in STATIONS
    ]
    read = run(app, ["observations", "read", "temp", "--node", node, "--bbox=-10,45,0,50", "--quiet"])
    rows = list(csv.DictReader(io.StringIO(read.stdout)))
    assert [(row["datastream"], row["time"], row["sea_water_temperature"]) for row in rows] == [
        ("brest/temp", f"2020-01-0{day}T00:00:00Z", f"{9.0 + day}") for day in (1, 2, 3)
    ]
    out = tmp_path / "out.nc"
    assert run(app, ["observations", "read", "temp", "--node", node, "--out", str(out)]).exit_code == 0
    with xr.open_dataset(out) as held:
        assert held.sizes["obs"] == 6
    (tmp_path / "t.csv").write_text(TABLE)
    told = run(app, ["load", str(tmp_path / "t.csv"), "--node", node, "--as", "observations", "--dry-run"])
    assert "separator ;, decimal ,, data from line 2" in told.stdout
    assert "value in m" in told.stdout
    loaded = run(app, ["load", str(tmp_path / "t.csv"), "--node", node, "--as", "observations"])
    assert "10 observations read: 10 new" in loaded.stderr
    settled = run(app, ["observations", "settle", "--node", node])
    assert "16 observations moved" in settled.stderr
    assert run(app, ["observations", "read", "snow", "--node", node]).exit_code != 0
    assert run(app, ["observations", "read", "temp", "--node", node, "--bbox=1,2,3"]).exit_code == 2


TABLE = "time;station;lat;lon;niveau (m);QNIVEAU\n" + "".join(
    f"2024-01-01T{hour:02}:00:00Z;Brest;48,38;-4,49;{hour},5;1\n" for hour in range(10)
)


def test_a_table_is_loaded_when_it_is_said_so(own: Node, tmp_path: Path) -> None:
    (tmp_path / "niveaux_2024.csv").write_text(TABLE)
    refused = own.load(tmp_path / "niveaux_2024.csv").refused
    assert "--as observations" in refused[0].why
    assert own.observations.datastreams() == []
    assert "niveau" in own.observations.explained([tmp_path / "niveaux_2024.csv"])[0][1]
    report = own.load(tmp_path / "niveaux_2024.csv", kind="observations", source="tides")
    assert report.refused == []
    assert report.observations == {"datastreams": 1, "new": 10, "changed": 0, "unchanged": 0}
    [stream] = own.observations.datastreams()
    assert (stream.described.variable.name, stream.described.variable.unit) == ("niveau", "m")
    found = own.observations.read("niveau")
    assert found["niveau"].values.tolist() == [hour + 0.5 for hour in range(10)]
    assert set(found["niveau_flag"].values.tolist()) == {"1"}
    record = own.show(stream.record)
    assert str(record.title) == "niveaux 2024"
    assert record.extent.boxes == ((-4.49, 48.38, -4.49, 48.38),)
    assert record.extent.periods[0].start == "2024-01-01T00:00:00Z"
    assert [variable.name for variable in record.variables] == ["niveau"]
    assert [hit.id for hit in own.search("niveaux", bbox=(-5, 48, -4, 49), time="2024")] == [record.id]
    # The whole file again, with one value corrected and one more.
    more = TABLE.replace(";3,5;", ";33,5;") + "2024-01-01T10:00:00Z;Brest;48,38;-4,49;10,5;4\n"
    (tmp_path / "niveaux_2024.csv").write_text(more)
    again = own.load(tmp_path / "niveaux_2024.csv", kind="observations", source="tides").observations
    assert again == {"datastreams": 0, "new": 1, "changed": 1, "unchanged": 9}


def test_what_is_no_table_leaves_nothing_behind(own: Node, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("code;name\n1;Brest\n2;Sète\n")
    (tmp_path / "words.txt").write_text("nothing\n")
    report = own.load([tmp_path / "list.csv", tmp_path / "words.txt"], kind="observations")
    assert ["no column of times" in report.refused[0].why, "no table" in report.refused[1].why] == [
        True,
        True,
    ]
    assert report.observations == {}
    assert own.search("").matched == 0


def test_records_alone_are_loaded_when_it_is_said_so(own: Node, tmp_path: Path) -> None:
    report = own.load(series(tmp_path / "a.nc"), kind="records")
    assert (report.new, report.observations) == (1, {})
    assert own.load(tmp_path / "a.nc", kind="observations").observations["new"] == 6


def test_the_real_files_hold_what_they_hold(tmp_path: Path, shared_data: Path) -> None:
    """Every NetCDF file ends with its observations, or without, never with a mistake of the reader's."""
    with estran.open(tmp_path / "node") as node:
        report = node.load(shared_data / "observations/argo")
        observed = report.observations
        assert observed["new"] > 30_000
        assert not [one for one in report.refused if "could not be understood" in one.why]
        before = {one.number: one.count for one in node.observations.datastreams()}
        assert sum(before.values()) == observed["new"]
        node.observations.settle()
        found = node.observations.read("sea_water_temperature", versions="all")
        assert found.sizes["obs"] == sum(
            one.count for one in node.observations.datastreams("sea_water_temperature")
        )
        again = node.load(shared_data / "observations/argo").observations
        assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, observed["new"])
