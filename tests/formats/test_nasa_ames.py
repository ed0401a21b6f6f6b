"""NASA-Ames and ICARTT: real files, each index, and headers that lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estran import formats
from estran.errors import Invalid
from estran.formats import Document, Record, Refusal
from estran.formats.nasa_ames import FORMAT
from tests.formats.observed import held, held_in

if TYPE_CHECKING:
    from pathlib import Path

ICARTT = b"""21, 1001, V02_2016
Doe, Jane
A university
What was measured
A campaign
1, 1
2020, 03, 01, 2021, 01, 01
0
Time_Start, seconds, time_start
3
1, 0.1, 1
-9999, -9999, -9999
Time_Stop, seconds, time_stop
O3, ppbv, Gas_O3
CO, ppbv, Gas_CO
0
4
PI_CONTACT_INFO: jane@example.org
PLATFORM: A plane
LLOD_FLAG: -8888
Time_Start, Time_Stop, O3, CO
60, 120, 301, 90.5
120, 180, -9999, -8888
180, 240, 303
240, 300, 304, eighty
300, 360, 305, 93
"""


def test_icartt() -> None:
    found = held(FORMAT, Document("x_plane.ict", ICARTT))
    assert found.told("x_plane/O3") == [
        ("2020-03-01T00:01:00", pytest.approx(30.1)), ("2020-03-01T00:05:00", pytest.approx(30.5)),
    ]  # fmt: skip
    carbon = found.rows["x_plane/CO"]
    assert carbon.flag == [None, "below the limit of detection", None]
    assert carbon.value is not None
    assert carbon.value[0] == 90.5
    assert carbon.value[1] != carbon.value[1]
    assert carbon.until is not None
    assert [end - at for end, at in zip(carbon.until, carbon.time, strict=True)] == [60_000_000] * 3
    assert found.streams["x_plane/O3"].variable.unit == "ppbv"
    assert [(one.line, one.why.partition(" holds")[0].partition(" does")[0]) for one in found.refused] == [
        (25, "the record"),
    ]


def test_a_broken_record_takes_no_other_with_it() -> None:
    body = ICARTT.replace(b"180, 240, 303\n", b"")
    found = held(FORMAT, Document("x.ict", body))
    assert [(one.line, "eighty" in one.why) for one in found.refused] == [(24, True)]
    assert len(found.rows["x/O3"].time) == 2


def test_the_record_of_icartt() -> None:
    (record,) = formats.read(Document("x.ict", ICARTT))
    assert isinstance(record, Record)
    assert str(record.title) == "What was measured – A campaign"
    assert record.parties[0].email == "jane@example.org"
    assert record.extent.periods[0].end == "2020-03-01T00:05:00Z"


def test_real_icartt(shared_data: Path) -> None:
    found = held_in(FORMAT, shared_data / "observations/atmosphere/icartt/test.ffi1001")
    assert found.refused == []
    assert found.told("test/HO2_pptv")[0] == ("2004-06-26T18:25:25", 4.718)
    assert len(found.rows["test/OH_pptv"].time) == 3


def test_each_index(shared_data: Path) -> None:
    folder = shared_data / "observations" / "atmosphere" / "nasa-ames"
    one = held_in(FORMAT, folder / "1001.na")
    assert one.told("1001/Pressure")[-1] == ("2000-09-20T22:00:20", 1008.8)
    assert one.streams["1001/Ascent Rate"].variable.unit == "m/s"
    profile = held_in(FORMAT, folder / "1001a.na")
    rows = profile.rows["1001a/Temperature"]
    assert rows.vertical is not None
    assert rows.value is not None
    # The tropopause lines hold no temperature.
    assert 80.0 not in rows.vertical.tolist()
    assert (rows.vertical[0], rows.value[0], profile.streams["1001a/Temperature"].sampling) == (
        1013.3,
        288.0,
        "profile",
    )
    auxiliary = held_in(FORMAT, folder / "1010.na")
    rows = auxiliary.rows["1010/Pressure"]
    assert rows.value is not None
    assert rows.vertical is not None
    assert (rows.vertical[1], rows.value[1]) == (15.0, 121.1)
    implied = held_in(FORMAT, folder / "1020b.na").rows["1020b/Ozone concentration"]
    assert implied.vertical is not None
    assert implied.value is not None
    assert (implied.vertical[3], implied.value[3]) == (25.0, 3.2e12)
    assert 30.0 not in implied.vertical.tolist()
    grid = held_in(FORMAT, folder / "2010G&H.na")
    rows = grid.rows["2010G&H/Temperature"]
    assert rows.vertical is not None
    assert rows.value is not None
    assert (rows.vertical[:3].tolist(), rows.value[0]) == ([250.0, 200.0, 150.0], 215.0)
    ragged = held_in(FORMAT, folder / "2110G&H.na")
    rows = ragged.rows["2110G&H/Brightness temperature"]
    assert rows.vertical is not None
    assert rows.value is not None
    assert (len(rows.time), rows.vertical[5], rows.value[5]) == (11, 15030.0, -72.1)
    assert ragged.told("2110G&H/Pressure altitude of ER-2") == [
        ("1991-01-16T08:13:09", 44890.0), ("1991-01-16T08:13:23", 45170.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("2110.na", "neither of its axes is a time"), ("2010a.na", "neither of its axes is a time"),
    ],
)  # fmt: skip
def test_what_has_no_time_is_refused(shared_data: Path, name: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        held_in(FORMAT, shared_data / "observations/atmosphere/nasa-ames" / name)


def test_a_sonde_of_a_station_begins_at_its_launch(shared_data: Path) -> None:
    path = shared_data / "observations/atmosphere/nasa-ames/2160_ndacc.na"
    found = held_in(FORMAT, path)
    assert found.refused == []
    # Launched at 18.82888889 h.
    assert found.told("2160_ndacc/Temperature")[:2] == [
        ("2017-06-09T18:49:44", 302.66), ("2017-06-09T18:49:45", 302.54),
    ]  # fmt: skip
    rows = found.rows["2160_ndacc/Temperature"]
    assert rows.longitude is not None
    assert rows.vertical is not None
    assert (len(rows.time), rows.longitude[0], rows.vertical[0]) == (4929, -105.1969, 1743.0)
    lines = path.read_bytes().split(b"\n")
    cut = held(FORMAT, Document("cut.na", b"\n".join(lines[:104])))
    assert "numbers should stand below the name of a station" in cut.refused[0].why
    refused = held(FORMAT, Document("a.na", b"\n".join([*lines[:130], b"words", *lines[131:]])))
    assert [one.line for one in refused.refused] == [131]


def test_a_cut_header_is_refused_with_its_line() -> None:
    with pytest.raises(Invalid, match="its header of 21 lines ends before the name"):
        held(FORMAT, Document("x.ict", b"\n".join(ICARTT.splitlines()[:12])))
    with pytest.raises(Invalid, match="line 11: the scales of variables should be numbers"):
        held(FORMAT, Document("x.ict", ICARTT.replace(b"1, 0.1, 1", b"1, one, 1")))
    assert FORMAT.explain is not None
    assert "times along “Time_Start”" in FORMAT.explain(Document("x.ict", ICARTT))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_nonsense_is_refused_and_never_crashes(data: st.DataObject) -> None:
    lines = ICARTT.replace(
        b"1001", data.draw(st.sampled_from([b"1001", b"1010", b"1020", b"2010", b"2110", b"2310"]))
    )
    rows = lines.splitlines()
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(1, len(rows) - 1))
        rows[at] = data.draw(
            st.one_of(
                st.binary(max_size=12),
                st.sampled_from([b"0", b"3", b"-1", b"1e308", b"nan", b"2 2 2", b"1 1 inf"]),
            )
        )
    document = Document("x.ict", b"\n".join(rows))
    try:
        found = held(FORMAT, document)
    except Invalid:
        pass
    else:
        assert all(refusal.line or "more records" in refusal.why for refusal in found.refused)
    for one in formats.read(document, FORMAT):
        assert not isinstance(one, Refusal) or "could not be understood" not in one.why


def test_a_station_of_ebas_has_its_place() -> None:
    lines = [
        "Doe, Jane", "NO01L", "Doe, John", "EMEP", "1 1", "2022 01 01 2023 05 12", "0.041667", "days from the file reference point",
        "3", "1 1 1", "999.999999 999.9999 9.999", "end_time of measurement, days from the file reference point",
        "ozone, nmol/mol, Measurement height=5.0 m", "numflag, no unit", "0", "5", "Station name: Zeppelin mountain",
        "Station latitude: 78.90715", "Station longitude: 11.88668", "Station altitude: 474.0 m", "start_time    end_time    value   flag",
    ]  # fmt: skip
    rows = "0.000000 0.041667 38.1234 0.459\n0.041667 0.083333 999.9999 0.999\n"
    body = "\n".join([f"{len(lines) + 1} 1001", *lines, rows])
    found = held(FORMAT, Document("zep.nas", body.encode()))
    (stream,) = found.streams.values()
    assert (stream.thing.longitude, stream.thing.latitude, stream.thing.elevation_m) == (
        11.88668,
        78.90715,
        474.0,
    )
    assert str(stream.thing.name) == "Zeppelin mountain"
    assert (stream.variable.name, stream.variable.unit) == ("ozone", "nmol/mol")
    assert found.told("zep/ozone") == [("2022-01-01T00:00:00", 38.1234)]
    assert found.rows["zep/ozone"].flag == ["0.459"]


@pytest.mark.parametrize("index", [2110, 2310])
def test_a_lidar_that_flies_tells_its_place_once_in_a_record(index: int) -> None:
    shape = ["1", "1", "-9999", "Ozone, ppbv"]
    counted = ["NumAlts, none"] if index == 2110 else ["NumAlts, none", "FirstAlt, m", "AltStep, m"]
    beside = [*counted, "Latitude, deg", "Longitude, deg"]
    count = len(beside)
    more = [str(count), ", ".join("1" * count), ", ".join(["-9999"] * count), *beside]
    lines = [
        "Doe, Jane", "NOAA", "lidar", "FIREX-AQ", "1, 1", "2019, 08, 03, 2020, 01, 10", "0, 1", "Altitude[], meters", "Time_mid, seconds UTC",
        *shape, *more, "0", "2", "PI_CONTACT_INFO: x", "Time_mid, NumAlts, Latitude, Longitude",
    ]  # fmt: skip
    data = {
        2110: "64800, 2, 44.1, -116.1\n100, 45\n150, 46\n64860, 1, -9999, -9999\n200, 47\n",
        2310: "64800, 2, 100, 50, 44.1, -116.1\n45, 46\n64860, 1, 200, 50, -9999, -9999\n47\n",
    }[index]
    body = "\r\n".join([f"{len(lines) + 1}, {index}", *lines]) + "\r\n" + data
    found = held(FORMAT, Document("lidar.ict", body.encode()))
    assert found.refused == []
    assert [*found.streams] == ["lidar/Ozone"]
    assert found.streams["lidar/Ozone"].sampling == "trajectoryProfile"
    rows = found.rows["lidar/Ozone"]
    assert rows.vertical is not None
    assert rows.longitude is not None
    assert rows.vertical.tolist() == [100.0, 150.0, 200.0]
    assert rows.longitude.tolist()[:2] == [-116.1, -116.1]
    assert str(rows.longitude.tolist()[2]) == "nan"
    assert found.told("lidar/Ozone")[2] == ("2019-08-03T18:01:00", 47.0)
