"""Series of the International Soil Moisture Network, in both layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estran import formats
from estran.errors import Invalid
from estran.formats import Document, Record
from estran.formats.ismn import FORMAT
from tests.formats.observed import held, held_in

if TYPE_CHECKING:
    from pathlib import Path

NAME = "X_NET_A place_ts_0.050000_0.100000_Probe-1_20200101_20200131.stm"
ONCE = b"""NET   NET  A place   43.5  -1.25  112.0   0.05  0.10  Probe 1
2020/01/01 00:00  8.5  G M
2020/01/01 01:00  -9999.0 M M
2020/13/01 02:00  8.5  G M
2020/01/01 03:00  nine  G M
2020/01/01 04:00  9.25  D06,C03 U
"""


def test_a_real_month(shared_data: Path) -> None:
    folder = shared_data / "observations/soil-moisture/ismn/format_ceop_sep/SMOSMANIA"
    (path,) = folder.glob("*.stm")
    assert FORMAT.recognise(path.read_bytes()[:4096], path.name) > 0.9
    found = held_in(FORMAT, path)
    assert found.refused == []
    (key,) = found.streams
    stream, rows = found.streams[key], found.rows[key]
    lines = [line.split() for line in path.read_text().splitlines()]
    assert rows.value is not None
    assert rows.value.tolist() == [float(line[12]) for line in lines if float(line[12]) > -9000]
    assert rows.flag is not None
    assert set(rows.flag) == {line[13] for line in lines if float(line[12]) > -9000}
    assert (stream.thing.longitude, stream.thing.latitude, stream.thing.elevation_m) == (2.9567, 43.15, 112.0)
    assert (stream.variable.name, stream.variable.unit) == ("sm", "m3 m-3")
    assert stream.sensor is not None
    assert stream.sensor.key == "ThetaProbe-ML2X"


def test_station_and_depths_in_the_first_line_alone() -> None:
    found = held(FORMAT, Document(NAME, ONCE))
    (key,) = found.streams
    assert key == "NET/A place/ts 0.05 0.1 Probe 1"
    assert found.told(key) == [("2020-01-01T00:00:00", 8.5), ("2020-01-01T04:00:00", 9.25)]
    assert found.rows[key].flag == ["G", "D06"]
    assert found.streams[key].variable.standard_name == "soil_temperature"
    assert [(one.line, one.why[:12]) for one in found.refused] == [(4, "“2020/13/01 "), (5, "the line is ")]
    (record,) = formats.read(Document(NAME, ONCE[: ONCE.index(b"2020/13")]))
    assert isinstance(record, Record)
    assert (record.identifier, record.extent.periods[0].end) == ("ismn:NET", "2020-01-01T00:00:00Z")
    with pytest.raises(Invalid, match="nothing tells where"):
        held(FORMAT, Document(NAME, ONCE.partition(b"\n")[2]))


@given(st.lists(st.one_of(st.text(max_size=60), st.sampled_from(ONCE.decode().splitlines())), max_size=6))
def test_nonsense_is_refused_by_its_line(lines: list[str]) -> None:
    try:
        found = held(FORMAT, Document(NAME, "\n".join(lines).encode()))
    except Invalid:
        return
    assert all(one.line for one in found.refused)
