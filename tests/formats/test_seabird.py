"""Sea-Bird's converted files: every value of real casts, and headers that lie."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estran import formats
from estran.errors import Invalid
from estran.formats import Document, Record, Refusal
from estran.formats.seabird import FORMAT
from tests.formats.observed import held, held_in

if TYPE_CHECKING:
    from pathlib import Path

REAL = (
    "ctd/oce/ctd/a.cnv", "ctd/seabird/CTD/Hotin.cnv", "ctd/seabird/CTD/dPIRX003.cnv",
    "ctd/seabird/CTD/missing_whitespace.cnv", "ctd/seabird/CTD/sta0860.cnv", "ctd/seabird/TSG/TSG_PIR_010.cnv",
    "ctd/python-ctd/CTD_with_sigma_e00.cnv", "ctd/python-ctd/press-pass-prDE.cnv",
    "instruments/cioos/seabird/ctd/8_binAvg_SBE19plus_01907674_2024_04_11_0009.cnv",
)  # fmt: skip
CAST = b"""* Sea-Bird SBE 9 Data File:
* NMEA Latitude = 02 00.60 S
* NMEA Longitude = 038 30.00 W
** Station: 7
# name 0 = prDM: Pressure, Digiquartz [db]
# name 1 = t090C: Temperature [ITS-90, deg C]
# name 2 = t190C: Temperature, 2 [ITS-90, deg C]
# name 3 = flag: flag
# interval = decibars: 1
# start_time = Sep 10 2012 06:07:32
# bad_flag = -9.990e-29
# sensor 0 = Frequency  0  temperature, 1419, 25-Oct-11
# sensor 1 = Frequency  1  temperature, 1420, 26-Oct-11
*END*
 1.0 20.5 20.6 0.0
 2.0 -9.990e-29 20.5 0.0
 3.0 twenty 20.4 0.0
 4.0 20.1 20.2 -9.990e-29
"""


@pytest.mark.parametrize("name", REAL)
def test_values_lie_where_the_header_says(shared_data: Path, name: str) -> None:
    """The maker's software writes the lowest and the highest value of each column into the header."""
    path = shared_data / "observations" / name
    found = held_in(FORMAT, path)
    assert found.refused == []
    header = path.read_bytes().decode("latin-1").partition("*END*")[0]
    names = re.findall(r"^# name \d+ = ([^:]*):", header, re.MULTILINE)
    spans = re.findall(r"^# span \d+ =\s*([^,]+),\s*(\S+)", header, re.MULTILINE)
    assert len(names) == len(spans)
    checked = 0
    for column, (low, high) in zip(names, spans, strict=True):
        keys = [key for key in found.rows if key.rpartition("/")[2] == column or key.endswith(f"/{column}")]
        if names.count(column) > 1 or not keys:
            continue
        (key,) = keys
        value = found.rows[key].value
        assert value is not None
        assert np.isclose(value.min(), float(low), rtol=1e-5, atol=1e-9), column
        assert np.isclose(value.max(), float(high), rtol=1e-5, atol=1e-9), column
        checked += 1
    assert checked >= 2


def test_a_cast() -> None:
    found = held(FORMAT, Document("x/cast7.cnv", CAST))
    first = found.streams["cast7/t090C"]
    assert (first.thing.longitude, first.thing.latitude) == (-38.5, pytest.approx(-2.01))
    assert str(first.thing.name) == "7"
    assert (first.variable.standard_name, first.variable.unit) == ("sea_water_temperature", "degree_C")
    assert first.vertical is not None
    assert (first.vertical.standard_name, first.vertical.unit) == ("sea_water_pressure", "dbar")
    assert first.sensor is not None
    assert (first.sensor.serial, first.sensor.events[0].at) == ("1419", "2011-10-25")
    assert found.streams["cast7/t190C"].sensor.serial == "1420"  # type: ignore[union-attr]
    assert found.told("cast7/t090C") == [("2012-09-10T06:07:32", 20.5), ("2012-09-10T06:07:32", 20.1)]
    rows = found.rows["cast7/t190C"]
    assert rows.vertical is not None
    assert (rows.vertical.tolist(), rows.flag) == ([1.0, 2.0, 4.0], ["good", "good", "bad"])
    (refusal,) = found.refused
    assert refusal.line == 17
    assert "3.0 twenty" in refusal.why


def test_its_record() -> None:
    (record,) = formats.read(Document("cast7.cnv", CAST))
    assert isinstance(record, Record)
    assert str(record.title) == "Sea-Bird SBE 9 cast7 (station 7)"
    assert record.extent.periods[0].start == "2012-09-10T06:07:32Z"
    box = record.extent.box
    assert box is not None
    assert box.west == -38.5
    assert [v.name for v in record.variables] == ["t090C", "t190C"]


def test_times(shared_data: Path) -> None:
    """Of scans by a column of days, by their interval, by seconds since the start."""
    folder = shared_data / "observations" / "ctd"
    found = held_in(FORMAT, folder / "seabird/TSG/TSG_PIR_010.cnv")
    assert found.told("TSG_PIR_010/t090C")[0] == ("2011-08-24T17:40:50", 27.1352)
    stream = found.streams["TSG_PIR_010/t090C"]
    assert (stream.sampling, stream.thing.longitude) == ("trajectory", None)
    rows = found.rows["TSG_PIR_010/t090C"]
    assert rows.longitude is not None
    assert rows.longitude[0] == -38.0
    found = held_in(FORMAT, folder / "python-ctd/press-pass-prDE.cnv")
    times = found.rows["press-pass-prDE/tv290C"].time
    assert set(np.diff(times).tolist()) == {250_000}
    assert len(times) == 1413
    found = held_in(FORMAT, folder / "seabird/CTD/dPIRX003.cnv")
    assert found.told("dPIRX003/t090C")[0][0] == "2008-04-02T18:56:36"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (CAST.replace(b"*END*", b""), "does not end with"),
        (re.sub(rb"# start_time.*\n", b"", CAST), "nothing in its header tells when"),
        (CAST.replace(b"*END*", b"# file_type = binary\n*END*"), "scans are binary"),
        (CAST.replace(b"2012", b"1903"), "nothing in its header tells when"),
    ],
)
def test_what_cannot_be_read_says_why(body: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        held(FORMAT, Document("x.cnv", body))


def test_it_is_explained() -> None:
    assert FORMAT.explain is not None
    words = FORMAT.explain(Document("x.cnv", CAST))
    assert "begins 2012-09-10T06:07:32Z (start_time), all scans at the start of the cast" in words
    assert "vertical: prDM; place: -38.5000, -2.0100" in words


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nonsense_is_refused_and_never_crashes(data: st.DataObject) -> None:
    lines = CAST.splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        edit = data.draw(st.sampled_from(["drop", "twice", "noise", "cut"]))
        if edit == "drop" and len(lines) > 1:
            del lines[at]
        elif edit == "twice":
            lines.insert(at, lines[at])
        elif edit == "noise":
            lines[at] = data.draw(st.binary(max_size=30)) + lines[at]
        else:
            lines[at] = lines[at][: data.draw(st.integers(0, 20))]
    document = Document("x.cnv", b"\n".join(lines))
    try:
        found = held(FORMAT, document)
    except Invalid:
        pass
    else:
        assert all(refusal.line for refusal in found.refused)
    for one in formats.read(document, FORMAT):
        assert not isinstance(one, Refusal) or "could not be understood" not in one.why


def test_a_clock_that_counts_from_1970_or_2000_needs_no_beginning_of_the_cast() -> None:
    for name, raw in (
        ("timeK: Time, Instrument [seconds]", 757382400),
        ("timeN: Time, NMEA [seconds]", 1704067200),
    ):
        body = f"* Sea-Bird SBE 37\n# name 0 = {name}\n# name 1 = t090C: Temperature [ITS-90, deg C]\n*END*\n{raw:11d}    12.5000\n"
        found = held(FORMAT, Document("a.cnv", body.encode()))
        assert found.told("a/t090C") == [("2024-01-01T00:00:00", 12.5)]
