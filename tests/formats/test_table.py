"""Tables of observations: what is understood of them, whatever their producer's habits."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estran.errors import Invalid
from estran.formats import Document, Refusal, Rows, table
from estran.formats._table.times import time_us
from estran.model import Datastream, moment_us

if TYPE_CHECKING:
    from pathlib import Path


def observed(
    path: Path, text: str | bytes
) -> tuple[dict[str, Datastream], dict[str, list[tuple[str, float]]], list[Refusal]]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    streams: dict[str, Datastream] = {}
    rows: dict[str, list[tuple[str, float]]] = {}
    refused: list[Refusal] = []
    for one in table.observe(Document(str(path), path=path)):
        if isinstance(one, Datastream):
            streams[one.key] = one
        elif isinstance(one, Rows):
            assert one.value is not None
            pairs = zip(map(moment_us, one.time.tolist()), one.value.tolist(), strict=True)
            rows.setdefault(one.datastream, []).extend(pairs)
        elif isinstance(one, Refusal):
            refused.append(one)
    return streams, rows, refused


def test_a_french_table(tmp_path: Path) -> None:
    text = (
        "POSTE;DATE;T [°C];QT;RR1 (mm)\r\n29075001;2024010100;11,2;1;0,2\r\n29075001;2024010101;-999;9;1\r\n"
        "76116001;2024010100;8,0;1;mq\r\n"
    )
    streams, rows, refused = observed(tmp_path / "h.csv", text)
    assert refused == []
    assert rows == {
        "29075001/T": [("2024-01-01T00:00:00Z", 11.2)],
        "29075001/RR1": [("2024-01-01T00:00:00Z", 0.2), ("2024-01-01T01:00:00Z", 1.0)],
        "76116001/T": [("2024-01-01T00:00:00Z", 8.0)],
    }
    assert {key: (one.variable.unit, one.flags) for key, one in streams.items()} == {
        "29075001/T": ("°C", "producer"), "29075001/RR1": ("mm", ""), "76116001/T": ("°C", "producer"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("date;heure;t\n01/02/2024;13:30;1,5\n02/02/2024;13:30;2,5\n", 0),
        ("day\ttime\tt\n2024-02-01\t13:30\t1.5\n2024-02-02\t13:30\t2.5\n", 0),
        ("# from somewhere, of 2001\ntime,t\n2024-02-01T13:30:00Z,1.5\n2024-02-02T13:30:00+00:00,2.5\n", 0),
        ("'time PST', t\n'2024-02-01 05:30:00', 1.5\n'2024-02-02 05:30:00', 2.5\n", 0),
        ("Station name,Brest\nLatitude,48.4\n\ntime,t\n2024-02-01 13:30,1.5\n2024-02-02 13:30,2.5\n", 0),
        ("\ufefftime|t\n1706794200|1.5\n1706880600|2.5\n", 0),
    ],
)
def test_times_in_every_habit(text: str, zone: int, tmp_path: Path) -> None:
    _, rows, refused = observed(tmp_path / "a.csv", text)
    assert refused == []
    (key,) = rows
    assert key in ("a/t", "Brest/t")
    assert rows[key] == [("2024-02-01T13:30:00Z", 1.5), ("2024-02-02T13:30:00Z", 2.5)]


def test_places_and_depths(tmp_path: Path) -> None:
    text = "time,lat,lon,depth,t\n2024-01-01,48.4,-4.5,5,11\n2024-01-01,48.4,-4.5,10,10\n"
    streams, _, _ = observed(tmp_path / "a.csv", text)
    thing = streams["a/t"].thing
    assert (thing.longitude, thing.latitude) == (-4.5, 48.4)
    assert streams["a/t"].vertical is not None
    moving = text.replace("48.4,-4.5,10", "48.5,-4.6,10")
    (tmp_path / "b.csv").write_text(moving)
    found = [
        one for one in table.observe(Document("b.csv", path=tmp_path / "b.csv")) if isinstance(one, Rows)
    ]
    assert found[0].longitude is not None
    assert found[0].longitude.tolist() == [-4.5, -4.6]
    assert found[0].vertical is not None
    assert found[0].vertical.tolist() == [5.0, 10.0]


def test_one_broken_line_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    lines = ["time;t", *(f"2024-01-01T{n % 24:02}:00:00Z;{n}" for n in range(24))]
    lines[7], lines[9], lines[11] = "2024-01-01T06:00:00Z;6;7;8", "yesterday;8", "2024-02-30;1"
    _, rows, refused = observed(tmp_path / "a.csv", "\n".join(lines))
    assert len(rows["a/t"]) == 21
    assert [one.line for one in refused] == [8, 10, 12]
    assert "4 cells where 2 columns" in refused[0].why
    assert "no time" in refused[1].why
    assert "has day 30" in refused[2].why


def test_a_short_table_may_have_a_broken_line_too(tmp_path: Path) -> None:
    _, rows, refused = observed(tmp_path / "a.csv", "time;t\n2024-01-01;1,5\nyesterday;2\n2024-01-03;-999\n")
    assert rows == {"a/t": [("2024-01-01T00:00:00Z", 1.5)]}
    assert [one.line for one in refused] == [3]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a;b\n1;2\n3;4\n", "no column of times"),
        ("time;name\n2024-01-01;x\n2024-01-02;y\n", "no column of numbers"),
        ("2024-01-01;1\n2024-01-02;2\n2024-01-03;3\n", "names the columns"),
        ("only words here\nand here\n", "no table"),
        ("", "no table"),
    ],
)
def test_what_is_no_table_of_observations_says_why(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=why):
        observed(tmp_path / "a.csv", text)


def test_codes_and_years_are_no_values(tmp_path: Path) -> None:
    text = "date,year,code_site,id,level\n2024-01-01,2024,7,1,0.5\n2024-01-02,2024,7,2,0.6\n"
    streams, _, _ = observed(tmp_path / "a.csv", text)
    assert [one.variable.name for one in streams.values()] == ["level"]


def test_it_is_explained_before_it_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "time CET;niveau (m);QNIVEAU\n2024-01-01 00:00;1,5;1\n2024-01-02 00:00;1,6;1\n"
    )
    words = table.layout(Document("a.csv", path=tmp_path / "a.csv")).told()
    assert "separator ;, decimal ,, data from line 2" in words
    assert "times in CET" in words
    assert "niveau                         value in m" in words
    assert "QNIVEAU                        flag" in words


def test_a_long_table_comes_in_parts_and_packed(tmp_path: Path) -> None:
    import gzip  # noqa: PLC0415

    text = "time,t\n" + "".join(f"{1_600_000_000 + 60 * n},{n}\n" for n in range(120_000))
    packed = gzip.compress(text.encode())
    (tmp_path / "a.csv.gz").write_bytes(packed)
    found = [
        one
        for one in table.observe(Document("a.csv.gz", path=tmp_path / "a.csv.gz"))
        if isinstance(one, Rows)
    ]
    assert len(found) == 3
    assert sum(len(one.time) for one in found) == 120_000


def test_latin_letters_of_one_byte(tmp_path: Path) -> None:
    streams, _, _ = observed(
        tmp_path / "a.csv", "date;Température [°C]\n2024-01-01;1,5\n2024-01-02;2\n".encode("cp1252")
    )
    assert streams["a/Température"].variable.unit == "°C"


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_times(text: str) -> None:
    with suppress(Invalid):
        time_us(text)


@given(st.lists(st.text(alphabet="0123456789-:;,. \tTabé'\"\n#|", max_size=80), max_size=12))
def test_no_table_breaks_the_reader(lines: list[str]) -> None:
    with suppress(Invalid):
        list(table.observe(Document("a.csv", "\n".join(lines).encode())))


def test_real_tables_are_understood(shared_data: Path) -> None:
    """Series of stations are read; lists and descriptions say why they are not."""
    folder = shared_data / "observations"
    expected = {
        "hydrology/france-airGRdatasets/A273011002_daily.csv.gz": (5, 36_525),
        "hydrology/istsos/P_BED.csv": (1, 7_007),
        "hydrology/groundwater/B32C0609001.csv": (1, 3_221),
        "qc/ioos_qc/docs/source/examples/attenuated_salinity_example.csv": (1, 24_436),
        "weather/meteo-france/horaires.csv": (56, 108),
    }
    for name, (streams, values) in expected.items():
        found = list(table.observe(Document(name, path=folder / name)))
        assert not [one for one in found if isinstance(one, Refusal)], name
        assert sum(isinstance(one, Datastream) for one in found) == streams, name
        assert sum(len(one.time) for one in found if isinstance(one, Rows)) == values, name
    for name in ("hydrology/canada/station_list.csv", "weather/meteo-france/horaire.csv"):
        with pytest.raises(Invalid):
            list(table.observe(Document(name, path=folder / name)))


def test_a_line_of_units_stands_below_the_names(tmp_path: Path, shared_data: Path) -> None:
    """As ERDDAP, loggers of Campbell Scientific and the USGS write them."""
    erddap = tmp_path / "a.csv"
    erddap.write_text(
        "time,latitude,temp\nUTC,degrees_north,degree_C\n2024-01-01T00:00:00Z,48,12.5\n2024-01-02T00:00:00Z,48,13\n"
    )
    (temp,) = table.layout(Document(str(erddap), path=erddap)).of("value")
    assert (temp.name, temp.unit) == ("temp", "degree_C")
    rdb = tmp_path / "a.txt"
    rdb.write_text(
        "# remarks\nsite_no\tdatetime\tflow\n15s\t20d\t14n\n01491000\t2024-01-01 00:00\t3.5\n01491000\t2024-01-01 00:15\t3.6\n"
    )
    (flow,) = table.layout(Document(str(rdb), path=rdb)).of("value")
    assert (flow.name, flow.unit) == ("flow", "")
    logger = shared_data / "observations/weather/actris-stations/ws/granada.dat"
    columns = {c.name: c.unit for c in table.layout(Document(str(logger), path=logger)).of("value")}
    assert columns["air_t_Avg"] == "degC"
    assert columns["pressure_Avg"] == "hPa"


def test_blanks_separate_where_nothing_else_does(tmp_path: Path) -> None:
    days = [f"2024-01-{day:02d}    1.{day}     9" for day in range(1, 9)]
    text = "\n".join(["date        level   temp", *days[:4], "2024-01-09  broken  9", *days[4:]])
    _, rows, refused = observed(tmp_path / "a.txt", text)
    assert [value for _, value in rows["a/level"]] == [1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8]
    assert [(one.line, "broken" in one.why) for one in refused] == [(6, True)]
    assert "blanks" in table.layout(Document("a.txt", path=tmp_path / "a.txt")).told()


def test_names_may_stand_in_the_last_remark(tmp_path: Path) -> None:
    """As the tide gauges of Shom have it."""
    text = (
        "# Station : BREST\n# Longitude : -4.495038\n# Latitude : 48.382850\n# Fuseau horaire : UTC\n# Date;Valeur (m);Source\n"
        "01/01/2020 00:00:00;4.233;4\n01/01/2020 01:00:00;3.871;4\n"
    )
    streams, rows, refused = observed(tmp_path / "brest.txt", text)
    assert refused == []
    assert rows["BREST/Valeur"] == [("2020-01-01T00:00:00Z", 4.233), ("2020-01-01T01:00:00Z", 3.871)]
    assert streams["BREST/Valeur"].variable.unit == "m"
    assert (streams["BREST/Valeur"].thing.longitude, streams["BREST/Valeur"].thing.latitude) == (
        -4.495038,
        48.38285,
    )


def test_a_name_as_long_as_a_book_is_refused_at_once(tmp_path: Path) -> None:
    text = f"time;x;{'(' * 100_000}\n" + "2020-01-01T00:00:00Z;1.5;2\n" * 30
    with pytest.raises(Invalid, match="a column has 100,000 characters; up to 500"):
        observed(tmp_path / "long.csv", text)


def test_a_table_as_wide_as_a_book_is_refused_at_once(tmp_path: Path) -> None:
    head = ";".join(["time", *(f"x{n}" for n in range(20_000))])
    row = ";".join(["2020-01-01T00:00:00Z", *["1.5"] * 20_000])
    with pytest.raises(Invalid, match="20,001 columns; up to 2,000"):
        observed(tmp_path / "wide.csv", "\n".join([head, *[row] * 20]))


def test_of_a_row_with_a_broken_value_the_others_are_kept(tmp_path: Path) -> None:
    rows = "".join(f"2020-01-01T{n:02}:00:00Z;1.5;2.5;3.5\n" for n in range(20))
    broken = "2020-01-02T00:00:00Z;1.5;two;3.5\n"
    _, kept, refused = observed(tmp_path / "broken.csv", f"time;a;b;c\n{rows}{broken}{rows}")
    assert [len(kept[key]) for key in sorted(kept)] == [41, 40, 41]
    assert [(one.line, one.why) for one in refused] == [(22, "“two” in “b” is no number")]


def test_a_column_with_a_unit_is_of_numbers_also_in_a_message_of_few_rows(tmp_path: Path) -> None:
    head, rows = "time,level [m]\n", "2020-01-01T00:00:00Z,4.2\n2020-01-01T00:06:00Z,x4\n"
    _, kept, refused = observed(tmp_path / "few.csv", head + rows)
    assert [len(one) for one in kept.values()] == [1]
    assert [one.why for one in refused] == ["“x4” in “level” is no number"]
    with pytest.raises(
        Invalid, match="no column of numbers is found beside its times; in “level” stands “x4”"
    ):
        observed(tmp_path / "none.csv", f"{head}2020-01-01T00:06:00Z,x4\n")
