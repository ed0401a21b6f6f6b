"""Observations to take away, as pandas, xarray and pyarrow read them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq
import pytest
import xarray as xr
from fastapi.testclient import TestClient

from estran.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.node import Node


@pytest.fixture
def client(node: Node, tmp_path: Path) -> Iterator[TestClient]:
    path = tmp_path / "levels.csv"
    lines = [f"brest,2024-03-{day:02}T00:00:00Z,{day / 10}\n" for day in range(1, 31)]
    path.write_text("station,time,water_level [m]\n" + "".join(lines), "utf-8")
    assert node.load([path], kind="observations").observations
    with TestClient(create_app(node)) as client:
        yield client


def number(node: Node) -> int:
    (stream,) = node.observations.datastreams()
    return stream.number


def test_pandas_reads_the_csv_as_it_is(client: TestClient, node: Node) -> None:
    answer = client.get(f"/datastreams/{number(node)}.csv", params={"time": "2024-03-05/2024-03-08"})
    assert answer.status_code == 200, answer.text
    frame = pd.read_csv(io.StringIO(answer.text), parse_dates=["time"])
    assert frame["water_level"].tolist() == [0.5, 0.6, 0.7, 0.8]
    assert set(frame["water_level_unit"]) == {"m"}
    assert str(frame["time"].dt.tz) == "UTC"
    assert frame["time"].dt.day.tolist() == [5, 6, 7, 8]
    assert "attachment" in answer.headers["content-disposition"]


def test_all_forms_say_the_same(client: TestClient, node: Node, tmp_path: Path) -> None:
    address = f"/datastreams/{number(node)}"
    frame = pd.read_csv(io.StringIO(client.get(f"{address}.csv").text))
    (tmp_path / "it.nc").write_bytes(client.get(f"{address}.nc").content)
    with xr.open_dataset(tmp_path / "it.nc") as held:
        assert held["water_level"].to_numpy().tolist() == frame["water_level"].tolist()
        assert held["water_level"].attrs["units"] == "m"
        assert held.attrs["Conventions"].startswith("CF-1.11")
    table = pq.read_table(io.BytesIO(client.get(f"{address}.parquet").content))
    assert table["water_level"].to_pylist() == frame["water_level"].tolist()
    read = node.observations.read(number(node))
    assert read["water_level"].to_numpy().tolist() == frame["water_level"].tolist()


def test_what_is_wrong_is_told(client: TestClient, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"/datastreams/{number(node)}"
    for path, status, said in (
        ("/datastreams/999.csv", 404, "datastream"),
        (f"{address}.nc?time=1999", 400, "no observation"),
        (f"{address}.csv?time=1999", 200, "water_level_id"),
        (f"{address}.csv?tme=1999", 400, "tme"),
        (f"{address}.csv?as_of=2024-01-01T00:00:00Z", 409, "keep"),
    ):
        answer = client.get(path)
        assert (answer.status_code, said in answer.text) == (status, True), answer.text
    monkeypatch.setattr("estran.web.downloads.MOST_IN_FILE", 10)
    assert client.get(f"{address}.nc").status_code == 413
    assert client.get(f"{address}.csv").status_code == 200


def test_a_cited_subset_gives_the_same_bytes(client: TestClient, node: Node, tmp_path: Path) -> None:
    (stream,) = node.observations.datastreams()
    node.observations.keep_history(stream.record)
    cited = f"/datastreams/{stream.number}.csv?time=2024-03-05/2024-03-20&as_of={node.observations.moment()}"
    before = client.get(cited).content
    later = tmp_path / "levels.csv"
    later.write_text(
        "station,time,water_level [m]\nbrest,2024-03-06T00:00:00Z,7.5\nbrest,2024-03-06T12:00:00Z,7\n"
    )
    node.load([later], kind="observations")
    node.observations.settle()
    assert client.get(cited).content == before
    assert b"7.5" in client.get(f"/datastreams/{stream.number}.csv").content
