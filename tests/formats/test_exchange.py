"""WHP-Exchange of the CCHDO: real casts and bottles against a plain reading of their columns."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estran import formats
from estran.errors import Invalid
from estran.formats import Document, Record
from estran.formats.exchange import FORMAT
from tests.formats.observed import held, held_in

if TYPE_CHECKING:
    from pathlib import Path

CAST = b"""CTD,20011226WHPOSIOKJU
#remark
NUMBER_HEADERS = 8
EXPOCODE = 316N151_4
STNNBR =    25
DATE = 19970821
TIME =  0613
LATITUDE =   17.9620
LONGITUDE =  -65.1367
CTDPRS,CTDPRS_FLAG_W,CTDTMP,CTDTMP_FLAG_W,CTDSAL,CTDSAL_FLAG_W,
DBAR,,ITS-90,,PSS-78,,
      3.0,2,  28.7797,2,  35.4352,2
      5.0,2,-999.0000,9,  35.4335,3
      7.0,2,   warm  ,2,  35.4329,2
      9.0,2
END_DATA
after the end
"""


def test_a_cast() -> None:
    found = held(FORMAT, Document("a_ct1.csv", CAST))
    assert found.told("316N151_4/CTDTMP") == [("1997-08-21T06:13:00", 28.7797)]
    rows = found.rows["316N151_4/CTDSAL"]
    assert rows.vertical is not None
    assert rows.longitude is not None
    assert (rows.vertical.tolist(), rows.flag, rows.longitude.tolist()) == (
        [3.0, 5.0],
        ["2", "3"],
        [-65.1367] * 2,
    )
    assert [(one.line, one.why[:11]) for one in found.refused] == [(14, "“warm” is n"), (15, "the row has")]
    one = found.streams["316N151_4/CTDTMP"]
    assert (one.variable.standard_name, one.variable.unit) == ("sea_water_temperature", "degree_C")
    assert {m.flag: m.quality for m in one.flag_meanings}["3"] == 3
    with pytest.raises(Invalid, match="names no pressure"):
        held(FORMAT, Document("a.csv", CAST.replace(b"CTDPRS,", b"X,")))


def test_real_files_value_for_value(shared_data: Path) -> None:
    read = 0
    for path in sorted((shared_data / "observations/ctd/oce/ctd").glob("*1.csv")):
        found = held_in(FORMAT, path)
        assert found.refused == []
        lines = path.read_text("latin-1").splitlines()
        start = next(n for n, line in enumerate(lines) if "CTDPRS" in line and not line.startswith("#"))
        names = [name.strip() for name in lines[start].split(",")]
        rows = [row for row in csv.reader(lines[start + 2 :]) if len(row) >= len([n for n in names if n])]
        for key, own in found.rows.items():
            column = names.index(key.rpartition("/")[2].removesuffix(" (bottle)"))
            values = [float(row[column]) for row in rows if row[column].strip()]
            assert own.value is not None
            assert own.value.tolist() == [value for value in values if value > -990]
            read += len(own.time)
    assert read > 58_000


def test_files_of_a_cruise_have_one_record() -> None:
    (record,) = formats.read(Document("a.csv", CAST[: CAST.index(b"      7.0")]))
    assert isinstance(record, Record)
    assert (record.identifier, record.extent.periods[0].start) == ("cchdo:316N151_4", "1997-08-21T06:13:00Z")
    assert FORMAT.explain is not None
    assert "2 datastreams, 3 values" in FORMAT.explain(Document("a.csv", CAST))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=40), st.sampled_from(CAST.decode().splitlines())), max_size=14))
def test_nonsense_is_refused_by_its_line(lines: list[str]) -> None:
    body = "\n".join(["CTD,20011226WHPOSIOKJU", *lines]).encode()
    try:
        found = held(FORMAT, Document("a.csv", body))
    except Invalid:
        return
    assert all(one.line for one in found.refused)
