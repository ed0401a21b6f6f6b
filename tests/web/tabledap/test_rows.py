"""Rows of tabledap: the same as the node's own, whatever part of them is asked for, in every form."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.web.tabledap.conftest import HOURS

if TYPE_CHECKING:
    from estran.node import Node
    from tests.web.client import Client
    from tests.web.tabledap.conftest import Sets


def table(client: Client, dataset: str, query: str = "", *, encode: bool = True) -> list[dict[str, str]]:
    """Rows of the CSV answer, without its units."""
    asked = quote(query, safe=",=&()/") if encode else query
    found = client.get(f"/erddap/tabledap/{dataset}.csv?{asked}")
    assert found.status_code == 200, found.text
    return list(csv.DictReader(io.StringIO(found.text)))[1:]


def refused(client: Client, dataset: str, query: str, status: int = 400) -> str:
    found = client.get(f"/erddap/tabledap/{dataset}.csv?{quote(query, safe=',=&()/')}")
    assert found.status_code == status, found.text
    assert found.text.startswith(f"Error {{\n    code={status};\n    message=")
    return found.text


def test_the_rows_are_those_of_the_node(client: Client, node: Node, sets: Sets) -> None:
    rows = table(client, sets.stations)
    assert list(rows[0]) == [
        "platform", "platform_name", "longitude", "latitude", "time",
        "temp", "temp_flag", "temp_quality", "temp_id", "psal", "psal_flag", "psal_quality", "psal_id",
    ]  # fmt: skip
    assert len(rows) == 3 * HOURS
    assert len({(row["platform"], row["time"]) for row in rows}) == len(rows)
    for name, standard in (("temp", "sea_water_temperature"), ("psal", "sea_water_practical_salinity")):
        streams = node.observations.datastreams(standard, record=sets.stations)
        [found] = [node.observations.batches(streams)]
        own = {
            (row["datastream"] << 32) + row["number"]: (
                row["time"],
                row["value"],
                row["flag"],
                row["quality"],
            )
            for part in found
            for row in part.to_pylist()
        }
        told = {
            int(row[f"{name}_id"]): (
                int(pd.Timestamp(row["time"]).value // 1000),
                None if row[name] == "NaN" else float(row[name]),
                row[f"{name}_flag"],
                int(row[f"{name}_quality"]),
            )
            for row in rows
            if row[f"{name}_id"] != "NaN"
        }
        assert told == own
        read = node.observations.read(standard, record=sets.stations)
        values = [float(row[name]) for row in rows if row[f"{name}_id"] != "NaN"]
        np.testing.assert_array_equal(values, read[standard].values)


def test_rows_lie_in_files_or_not_and_are_the_same(client: Client, node: Node, sets: Sets) -> None:
    before = table(client, sets.stations)
    node.observations.settle()
    assert table(client, sets.stations) == before


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("time,temp&time>=2024-05-02", 3 * 24),
        ("time,temp&time>2024-05-02T00:00:00Z", 3 * 23),
        ("time,temp&time>=1714608000&time<1714611600.0", 3),
        ('time,temp&time=2024-05-01T05:00:00Z&platform="brest"', 1),
        ("time&platform!=brest", 2 * HOURS),
        ('time&platform="le conquet"', HOURS),
        ('platform,time&platform=~"brest|s.te"', 2 * HOURS),
        ('platform,time&platform_number=~"(brest|sete)"&distinct()&orderBy("time,platform")', 2 * HOURS),
        ('time&platform=~"bre"', 0),
        ("time&longitude<0&latitude>48.37", HOURS),
        ("time&longitude=3.7", HOURS),
        ("temp&temp>=13&temp<14.5&platform=sete", None),
        ("time,temp,psal&temp=NaN", 10),
        # A row has something of what is asked for, or it is none.
        ("time,temp&temp=NaN", 0),
        ("time,temp&temp!=NaN", 3 * HOURS - 10),
        ("time,psal", None),
        ("time&psal>30", None),
        ('time&temp_flag="4"', 11),
        ("time&temp_quality=4", 11),
        ("time&time>=max(time)-3hours", 3 * 4),
        ("time&time<=min(time)+1hour", 3 * 2),
        ("time&time>=now-7days", 0),
        ("time&longitude>=max(longitude)", HOURS),
        (".draw=lines", None),
        ("time,temp&.draw=lines&.marker=1", 3 * HOURS - 10),
        ("s.time,s.temp&s.temp>13", None),
    ],
)
def test_constraints_leave_what_they_say(client: Client, sets: Sets, query: str, count: int | None) -> None:
    if query == ".draw=lines":
        assert "Unrecognized variable" in refused(client, sets.stations, query)
        return
    if count == 0:
        assert "Your query produced no matching results" in refused(client, sets.stations, query, 404)
        return
    rows = table(client, sets.stations, query)
    if count is not None:
        assert len(rows) == count, query
    assert rows
    # However the query is encoded, the answer is the same.
    whole = quote_plus(query)
    assert table(client, sets.stations, whole, encode=False) == rows


def test_each_constraint_is_one_of_its_cells(client: Client, sets: Sets) -> None:
    """Against the same rows, filtered by pandas."""
    frame = pd.DataFrame(table(client, sets.stations))
    for name in ("temp", "psal", "longitude", "latitude"):
        frame[name] = frame[name].astype(float)
    for name, bound in (("temp", 13.2), ("psal", 34.5), ("latitude", 48.36)):
        for operator, holds in (
            ("<", frame[name] < bound), ("<=", frame[name] <= bound), (">", frame[name] > bound), (">=", frame[name] >= bound),
            ("=", frame[name] == bound), ("!=", frame[name] != bound),
        ):  # fmt: skip
            found = client.get(
                f"/erddap/tabledap/{sets.stations}.csv0?platform,time&{quote(f'{name}{operator}{bound}')}"
            )
            lines = [] if found.status_code == 404 else found.text.splitlines()
            wanted = [f"{p},{t}" for p, t in frame.loc[holds, ["platform", "time"]].itertuples(index=False)]
            assert lines == wanted, (name, operator)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("nothing", "Unrecognized variable"),
        ("time&nothing>3", "Unrecognized variable"),
        ("time&temp>much", "is not a number"),
        ("time&time>whenever", "is not a date"),
        ("time&time>now-3fortnights", "unit of time"),
        ("time&temp", "is no constraint"),
        ('time&platform="brest', "not closed"),
        ('time&platform=~"(?<=a)b"', "RE2"),
        ('time&platform=~"(a{1000}){1000}"', "RE2"),
        ('time&platform=~"' + "a" * 1001 + '"', "up to 1000 characters"),
        ("time" + "&temp>1" * 201, "at most 200"),
        ("time&temp>max(temp)", "min() and max()"),
        ('time&orderBy("nothing")', "Unrecognized variable"),
        ("time&orderBy()", "name columns"),
        ('time&orderByLimit("platform")', "how many rows"),
        ('time&orderByMax("platform/2,time")', "has no steps"),
        ('time&units("SI")', "UDUNITS"),
    ],
)
def test_what_does_not_fit_is_told_in_the_form_of_erddap(
    client: Client, sets: Sets, query: str, words: str
) -> None:
    told = refused(client, sets.stations, query)
    assert "Bad Request: Query error: " in told
    assert words in told


def test_a_regular_expression_takes_the_time_of_its_text(client: Client, sets: Sets) -> None:
    assert "no matching results" in refused(
        client, sets.stations, 'time&platform=~"(a+)+(b+)+(a|b|aa)*$x"', 404
    )


def test_forms_say_the_same(client: Client, sets: Sets) -> None:
    query = f"/erddap/tabledap/{sets.stations}.{{}}?platform,time,temp,temp_id,psal_id&platform={quote('le conquet')}&time<2024-05-01T12:00:00Z"
    rows = client.json(query.format("json"))["table"]
    assert rows["columnNames"] == ["platform", "time", "temp", "temp_id", "psal_id"]
    assert rows["columnTypes"] == ["String", "String", "double", "long", "long"]
    assert rows["columnUnits"] == [None, "UTC", "degree_C", None, None]
    assert len(rows["rows"]) == 12
    assert rows["rows"][0][:3] == ["le conquet", "2024-05-01T00:00:00Z", None]
    lines = client.get(query.format("jsonlCSV")).text.splitlines()
    assert [json.loads(line) for line in lines] == rows["rows"]
    named = [json.loads(line) for line in client.get(query.format("jsonlKVP")).text.splitlines()]
    assert [list(one.values()) for one in named] == rows["rows"]
    headed = client.get(query.format("jsonlCSV1")).text.splitlines()
    assert json.loads(headed[0]) == rows["columnNames"]
    assert (
        client.get(query.format("csvp")).text.splitlines()[0]
        == "platform,time (UTC),temp (degree_C),temp_id,psal_id"
    )
    csv0, tsv0 = (client.get(query.format(form)).text.splitlines() for form in ("csv0", "tsv0"))
    assert [line.replace("\t", ",") for line in tsv0] == csv0
    assert csv0[0] == f"le conquet,2024-05-01T00:00:00Z,NaN,NaN,{rows['rows'][0][4]}"
    assert csv0[11].split(",")[2] == repr(rows["rows"][11][2])
    assert "<td>le conquet</td>" in client.get(query.format("htmlTable")).text
    held = pq.read_table(io.BytesIO(client.get(query.format("parquet")).content))
    assert held["temp_id"].to_pylist() == [row[3] for row in rows["rows"]]
    assert held["temp"].to_pylist() == [row[2] for row in rows["rows"]]
    assert str(held.schema.field("time").type) == "timestamp[us, tz=UTC]"
    assert held.schema.field("temp").metadata[b"units"] == b"degree_C"


def test_geojson_has_a_point_a_row(client: Client, sets: Sets) -> None:
    found = client.json(
        f"/erddap/tabledap/{sets.stations}.geoJson?longitude,latitude,time,temp&platform=sete"
    )
    assert len(found["features"]) == HOURS
    assert found["features"][0]["geometry"] == {"type": "Point", "coordinates": [3.7, 43.4]}
    assert found["features"][0]["properties"] == {"time": "2024-05-01T00:00:00Z", "temp": 14.0}


def test_an_answer_is_not_kept_by_what_the_catalogue_says(client: Client, sets: Sets) -> None:
    found = client.get(f"/erddap/tabledap/{sets.stations}.csv?time")
    assert found.headers["cache-control"] == "no-store"
    assert "etag" not in found.headers


def test_what_one_may_not_see_is_not_there(client: Client, sets: Sets) -> None:
    listed = client.get("/erddap/info/index.csv").text
    assert sets.stations in listed
    assert sets.closed not in listed
    for path in (
        f"tabledap/{sets.closed}.csv",
        f"info/{sets.closed}/index.csv",
        f"tabledap/{sets.closed}.das",
        "tabledap/no.csv",
    ):
        assert client.get(f"/erddap/{path}").status_code == 404
    assert "fileType" in client.get(f"/erddap/tabledap/{sets.stations}.xls").text
