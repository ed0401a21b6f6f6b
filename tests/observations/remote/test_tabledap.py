"""Tables of other ERDDAPs: slices, flags, places, fill values, and what they call errors."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from estran.catalogue.query import Query
from estran.errors import Invalid, Unavailable
from estran.model import FlagMeaning, instant_us
from estran.observations.remote import copying, tabledap
from tests.fetching.serving import serving
from tests.observations.remote.conftest import copier, observed
from tests.observations.remote.erddap import Erddap

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 3_600_000_000
START = instant_us("2021-01-01")
COUNT = 400
ABOUT: dict[str, dict[str, Any]] = {
    "NC_GLOBAL": {
        "title": "Buoys of the bay", "summary": "Hourly.", "institution": "Harbour office", "cdm_data_type": "TimeSeries",
        "cdm_timeseries_variables": "station,station_name,longitude,latitude,wmo", "license": "CC-BY-4.0",
        "creator_name": "Ada", "keywords": "buoys, sea", "Conventions": "CF-1.6, ACDD-1.3", "subsetVariables": "station",
    },
    "station": {"cf_role": "timeseries_id", "ioos_category": "Identifier"},
    "station_name": {"ioos_category": "Identifier"},
    "wmo": {"ioos_category": "Identifier"},
    "time": {"units": "seconds since 1970-01-01T00:00:00Z", "actual_range": [START / 1e6, (START + 300 * HOUR) / 1e6]},
    "longitude": {"units": "degrees_east"},
    "latitude": {"units": "degrees_north"},
    "depth": {"units": "m", "positive": "down", "axis": "Z"},
    "temp": {
        "units": "degree_Celsius", "standard_name": "sea_water_temperature", "long_name": "Temperature",
        "_FillValue": -9999.0, "ancillary_variables": "temp_qc_tests temp_qc", "cell_methods": "time: mean",
    },
    "temp_qc": {
        "standard_name": "sea_water_temperature status_flag", "flag_values": [1.0, 2.0, 3.0, 4.0, 9.0],
        "flag_meanings": "PASS NOT_EVALUATED SUSPECT FAIL MISSING", "references": "QARTOD",
    },
    "temp_qc_tests": {"standard_name": "quality_flag"},
    "psal": {"units": "1e-3", "standard_name": "sea_water_practical_salinity", "missing_value": -99.0},
    "wave_state": {"standard_name": "sea_surface_wave_state"},
    "comment": {"ioos_category": "Other"},
    "deployed": {"units": "seconds since 1970-01-01T00:00:00Z"},
}  # fmt: skip
TYPES = dict.fromkeys(ABOUT, "double") | dict.fromkeys(
    ("station", "station_name", "wave_state", "comment"), "String"
)


def rows() -> list[dict[str, Any]]:
    """Three buoys: one that stands, one that was moved, one whose salinity was never measured."""
    made: list[dict[str, Any]] = []
    for n in range(COUNT):
        for station in ("a", "b, inner", "c"):
            moved = station.startswith("b") and n >= 200
            made.append({
                "station": station, "station_name": f"Buoy {station}", "wmo": 1, "time": START + n * HOUR,
                "longitude": -4.5 + moved, "latitude": 48.5, "depth": 2.5 if station == "a" else None,
                "temp": -9999.0 if n % 10 == 9 else 10 + n / 8, "temp_qc": 9 if n % 10 == 9 else 1 + n % 4,
                "temp_qc_tests": 0, "psal": -99.0 if station == "c" else 35.25, "wave_state": "calm" if n < 3 else "",
                "comment": "x", "deployed": 0,
            })  # fmt: skip
    return made


def test_a_table_is_copied_with_flags_places_and_what_is_missing(tmp_path: Path) -> None:
    erddap = Erddap({"buoys": (ABOUT, TYPES, rows())}, most=250)
    with serving(erddap) as there, copier(tmp_path / "copy") as copy:
        report = copy.observations.remote.copy(f"{there.url}/erddap/tabledap/buoys.html")
        assert not report.refused
        found, streams = observed(copy), copy.observations.datastreams()
        held = {one.described.key: one.described for one in streams}
        assert sorted(held) == [
            "a/psal by depth", "a/temp by depth", "a/wave_state by depth", "b, inner/psal", "b, inner/temp",
            "b, inner/wave_state", "c/temp", "c/wave_state",
        ]  # fmt: skip
        temp = found["a/temp by depth"]
        assert len(temp) == COUNT * 9 // 10, "fill values are no observations"
        assert [(row["value"], row["flag"], row["vertical"]) for row in temp[:2]] == [
            (10, "1", 2.5),
            (10.125, "2", 2.5),
        ]
        assert [row["time"] for row in temp] == [START + n * HOUR for n in range(COUNT) if n % 10 != 9]
        of = held["a/temp by depth"]
        assert of.flag_meanings[2] == FlagMeaning("3", "SUSPECT")
        assert (of.variable.unit, of.variable.standard_name, of.cell_method) == (
            "degree_Celsius", "sea_water_temperature", "time: mean",
        )  # fmt: skip
        assert (of.thing.longitude, of.thing.latitude, str(of.thing.name)) == (-4.5, 48.5, "Buoy a")
        assert temp[0]["longitude"] is None
        # What was moved says of each row where that was.
        moved = found["b, inner/temp"]
        assert held["b, inner/temp"].thing.longitude is None
        assert {row["longitude"] for row in moved} == {-4.5, -3.5}
        assert [row["words"] for row in found["c/wave_state"]] == ["calm"] * 3
        [record] = copy.ask(Query(limit=5)).records
        assert str(record.title) == "Buoys of the bay"
        assert record.landing_page.endswith("/erddap/tabledap/buoys.html")
        assert {one.name for one in record.variables} == {"temp", "psal", "wave_state"}
        assert record.licences[0].spdx == "CC-BY-4.0"
    statuses = [status for *_, status in erddap.slices]
    assert 413 in statuses, "slices that are too large are asked for again, shorter"
    # Nothing is asked for twice but what was too much.
    good = sorted((start, end) for start, end, status in erddap.slices if status != 413)
    assert all(before[1] == after[0] for before, after in pairwise(good))


def test_a_second_visit_asks_from_its_bookmark(tmp_path: Path) -> None:
    held = rows()
    erddap = Erddap({"buoys": (ABOUT, TYPES, held)})
    with serving(erddap) as there, copier(tmp_path / "copy") as copy:
        address = f"{there.url}/erddap"
        first = copy.observations.remote.copy(address)
        erddap.slices.clear()
        held[-1]["temp"], held[-1]["psal"] = 77.0, 33.0
        held.append({**held[0], "time": START + (COUNT + 1) * HOUR, "temp": 5.0})
        again = copy.observations.remote.copy(address, look_back_days=1)
        assert erddap.slices[0][0] == START + (COUNT - 1 - 24) * HOUR
        # A value that was missing, a salinity that never was, and three columns of a new row.
        assert (again.rows.new, again.rows.changed) == (5, 0)
        assert again.rows.unchanged < first.rows.new / 10


@pytest.mark.parametrize("fails", [2, 4])
def test_what_fails_in_the_middle_goes_on(
    fails: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(copying, "_ROWS_AT_ONCE", 100)
    monkeypatch.setattr(tabledap, "_FIRST", 24 * HOUR)
    monkeypatch.setattr(tabledap, "_FEW", 0)
    monkeypatch.setattr(tabledap, "_SHORTEST", 12 * HOUR)
    held = rows()
    erddap = Erddap({"buoys": (ABOUT, TYPES, held)}, fails=fails)
    with serving(erddap) as there, copier(tmp_path / "copy") as copy:
        address = f"{there.url}/erddap/tabledap/buoys"
        with pytest.raises(Unavailable, match="fails"):
            copy.observations.remote.copy(address)
        taken = observed(copy)
        erddap.fails = 1_000_000
        report = copy.observations.remote.copy(address, look_back_days=0)
        assert report.rows.changed == 0
        assert report.rows.unchanged <= 8, "the newest instant alone is asked for again"
        assert sum(map(len, observed(copy).values())) == report.rows.new + sum(map(len, taken.values()))
        assert len(observed(copy)["c/temp"]) == COUNT * 9 // 10


def test_slices_that_a_server_is_too_slow_for_are_shortened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tabledap, "_FIRST", 30 * 24 * HOUR)
    held = rows()
    erddap = Erddap({"buoys": (ABOUT, TYPES, held)}, slow=60 * HOUR)
    with serving(erddap) as there, copier(tmp_path / "copy") as copy:
        report = copy.observations.remote.copy(f"{there.url}/erddap/tabledap/buoys")
        assert not report.refused
        assert len(observed(copy)["c/temp"]) == COUNT * 9 // 10
    statuses = [status for *_, status in erddap.slices]
    assert 2 <= statuses.count(504) < statuses.count(200), "each is asked once, and not again and again"


def test_what_is_no_table_is_told(tmp_path: Path) -> None:
    nothing = {"NC_GLOBAL": {"title": "Lists"}, "time": ABOUT["time"], "comment": ABOUT["comment"]}
    erddap = Erddap({"lists": (nothing, TYPES, [])})
    with serving(erddap) as there, copier(tmp_path / "copy") as copy:
        remote = copy.observations.remote
        with pytest.raises(Invalid, match="unknown datasetID"):
            remote.copy(f"{there.url}/erddap/tabledap/absent")
        with pytest.raises(Invalid, match="no column of what was observed"):
            remote.copy(f"{there.url}/erddap/tabledap/lists")
        report = remote.copy(f"{there.url}/erddap/")
        assert ["no column of what was observed" in one.why for one in report.refused] == [True]


def test_a_dry_run_says_what_would_be_taken(tmp_path: Path) -> None:
    erddap = Erddap({"buoys": (ABOUT, TYPES, rows())})
    with serving(erddap) as there, copier(tmp_path / "copy") as copy:
        told = copy.observations.remote.explained(f"{there.url}/erddap/index.html")
        assert "buoys: temp (temp_qc), psal, wave_state, 2021-01-01 to 2021-01-13" in told
        assert "not taken: wmo, temp_qc_tests, comment, deployed" in told
        assert not erddap.slices
