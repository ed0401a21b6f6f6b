"""Clients of ERDDAP at a served node: erddapy, the requests of argopy, DAP 2 by pydap and by the NetCDF library."""

from __future__ import annotations

import io
import json
import warnings
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import netCDF4
import numpy as np
import pandas as pd
import pytest
import requests
import xarray as xr

from tests.web.tabledap.conftest import HOURS, STATIONS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from erddapy import ERDDAP
    from pydap.client import open_url

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.tabledap.conftest import Sets

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def erddap(address: str, sets: Sets) -> ERDDAP:
    made = ERDDAP(server=address, protocol="tabledap", response="csv")
    made.dataset_id = sets.stations
    return made


def test_erddapy_searches(erddap: ERDDAP, address: str, sets: Sets) -> None:
    for given in (
        {"search_for": "salinity"}, {"search_for": '"three stations" -argo'}, {"standard_name": "sea_water_temperature"},
        {"min_lon": -6, "max_lon": 0, "min_lat": 47, "max_lat": 49}, {"min_time": "2024-05-01", "max_time": "2024-05-02"},
        {"cdm_data_type": "TimeSeries"}, {"institution": "Laboratoire"}, {"variableName": "psal"},
    ):  # fmt: skip
        found = pd.read_csv(erddap.get_search_url(response="csv", **given))
        assert found["Dataset ID"].tolist() == [sets.stations], given
        assert found["Title"].tolist() == ["Tide gauges"]
    for given in (
        {"search_for": "salinity -stations"}, {"standard_name": "air_temperature"}, {"min_lon": 100, "max_lon": 120},
        {"max_time": "2023-01-01"}, {"search_for": "salinity", "protocol": "griddap"},
    ):  # fmt: skip
        assert requests.get(erddap.get_search_url(response="csv", **given), timeout=60).status_code == 404, (
            given
        )
    listed = pd.read_csv(erddap.get_search_url(response="csv", search_for="sea"))
    assert listed["tabledap"].tolist() == [f"{address}/tabledap/{sets.stations}"]


def test_erddapy_reads_what_the_columns_are(erddap: ERDDAP, sets: Sets) -> None:
    told = pd.read_csv(erddap.get_info_url(response="csv"))
    assert list(told.columns) == ["Row Type", "Variable Name", "Attribute Name", "Data Type", "Value"]
    assert erddap.get_var_by_attr(dataset_id=sets.stations, standard_name="sea_water_temperature") == ["temp"]
    assert erddap.get_var_by_attr(dataset_id=sets.stations, axis="T") == ["time"]
    assert erddap.get_var_by_attr(dataset_id=sets.stations, cf_role="timeseries_id") == ["platform"]
    values = told[told["Variable Name"] == "NC_GLOBAL"].set_index("Attribute Name")["Value"]
    assert values["time_coverage_start"] == "2024-05-01T00:00:00Z"
    assert float(values["geospatial_lon_max"]) == 3.7
    assert values["cdm_timeseries_variables"].split(", ")[0] == "platform"
    categories = pd.read_csv(erddap.get_categorize_url("standard_name", response="csv"))
    assert "sea_water_temperature" in categories["Category"].tolist()
    of_one = pd.read_csv(erddap.get_categorize_url("standard_name", "sea_water_temperature", response="csv"))
    assert of_one["Dataset ID"].tolist() == [sets.stations]


def test_erddapy_reads_tables(erddap: ERDDAP) -> None:
    erddap.variables = ["time", "platform", "temp"]
    erddap.constraints = {"time>=": "2024-05-02T00:00:00Z", "platform=": "le conquet", "temp>": 12.5}
    frame = erddap.to_pandas(index_col="time (UTC)", parse_dates=True)
    assert list(frame.columns) == ["platform", "temp (degree_C)"]
    assert str(frame.index.dtype) == "datetime64[us, UTC]"
    assert (frame["temp (degree_C)"] > 12.5).all()
    assert set(frame["platform"]) == {"le conquet"}
    assert len(frame) < 24
    erddap.constraints = {"platform=~": "brest|sete", "time>": "max(time)-2hours"}
    assert len(erddap.to_pandas()) == 2 * 2
    erddap.variables, erddap.constraints = ["platform"], {}
    assert erddap.to_pandas(distinct=True)["platform"].tolist() == list(STATIONS)
    erddap.variables = ["nothing"]
    with pytest.raises(requests.HTTPError, match="Unrecognized variable"):
        erddap.to_pandas()
    erddap.variables, erddap.constraints = ["time"], {"time>": "2030-01-01"}
    with pytest.raises(requests.HTTPError, match="no matching results"):
        erddap.to_pandas()


def test_erddapy_reads_netcdf(erddap: ERDDAP, address: str, sets: Sets) -> None:
    erddap.variables, erddap.constraints = ["temp", "psal", "temp_flag"], {"platform!=": "brest"}
    erddap.response = "ncCF"
    with erddap.to_ncCF() as held:
        assert held.featureType == "timeSeries"
        assert netCDF4.chartostring(held["platform"][:]).tolist() == ["le conquet", "sete"]
        assert held["rowSize"][:].tolist() == [HOURS, HOURS]
        assert held["temp"].units == "degree_C"
    found = erddap.to_xarray()
    assert found["time"].dtype.kind == "M"
    assert found["temp"].shape == (2 * HOURS,)
    assert np.isnan(found["temp"].to_numpy()[:10]).all()
    assert found["psal"].attrs["standard_name"] == "sea_water_practical_salinity"
    # For tables it asks for ncCF whatever is said; others do not.
    root = f"{address}/tabledap/{sets.stations}"
    body = httpx.get(f"{root}.nc?time,temp,psal&platform!=brest").content
    with xr.open_dataset(io.BytesIO(body), engine="scipy") as plain:
        assert plain.sizes["row"] == 2 * HOURS
    body = httpx.get(f"{root}.ncCFMA?temp,psal&platform!=brest").content
    padded = xr.open_dataset(io.BytesIO(body), engine="scipy")
    assert padded["temp"].shape == (2, HOURS)
    np.testing.assert_array_equal(padded["temp"].to_numpy().ravel(), found["temp"].to_numpy())
    erddap.response, erddap.variables, erddap.constraints = "opendap", None, None
    with netCDF4.Dataset(erddap.get_download_url()) as remote:
        # The library reads sequences by name, and their rows as one dimension.
        assert remote.cdm_data_type == "TimeSeries"
        assert any(name.endswith("temp") for name in remote.variables) or "s" in remote.groups


def test_erddapy_downloads_files(erddap: ERDDAP, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    erddap.variables = ["time", "temp"]
    for form in ("csv", "nc", "parquet", "jsonlCSV"):
        made = erddap.download_file(form)
        assert made.stat().st_size > 100
    with xr.open_dataset(erddap.download_file("nc")) as held:
        assert held.sizes["row"] == 3 * HOURS - 10


def test_pydap_reads_a_sequence(address: str, sets: Sets) -> None:
    held = open_url(f"{address}/tabledap/{sets.stations}", protocol="dap2")
    rows = held["s"]
    assert {"platform", "time", "temp", "psal"} <= set(rows.keys())
    assert rows["temp"].attributes["units"] == "degree_C"
    listed = [tuple(row) for row in rows[["platform", "time", "temp"]].iterdata()]
    assert len(listed) == 3 * HOURS - 10
    first = listed[0]
    assert (first[0], first[1], first[2]) == ("brest", 1714521600.0, 12.0)
    some = rows[rows["temp"] > 14.5]
    assert 0 < len([row for row in some["temp"].iterdata()]) < len(listed)  # noqa: C416 - a sequence, not a list


def test_dods_is_what_its_structure_says(address: str, sets: Sets) -> None:
    query = "platform,time,temp,temp_flag,temp_id&platform=~%22brest|sete%22&time%3C2024-05-01T02:00:00Z"
    found = httpx.get(f"{address}/tabledap/{sets.stations}.dods?{query}")
    head, body = found.content.split(b"\nData:\n", 1)
    assert head.decode().replace("\n", "") == httpx.get(
        f"{address}/tabledap/{sets.stations}.dds?{query}"
    ).text.replace("\n", "")
    rows = []
    while body[:4] == b"\x5a\0\0\0":
        cells, body = [], body[4:]
        for kind in "snnsn":
            if kind == "n":
                cells.append(float(np.frombuffer(body[:8], ">f8")[0]))
                body = body[8:]
            else:
                size = int.from_bytes(body[:4], "big")
                cells.append(body[4 : 4 + size].decode())
                body = body[4 + size + -size % 4 :]
        rows.append(cells)
    assert body == b"\xa5\0\0\0"
    told = httpx.get(f"{address}/tabledap/{sets.stations}.json?{query}").json()["table"]["rows"]
    assert [[r[0], r[2], r[3], int(r[4])] for r in rows] == [[r[0], r[2], r[3], r[4]] for r in told]
    assert rows[0][1] == 1714521600.0


def test_the_requests_of_argopy(address: str, sets: Sets) -> None:
    """Its fetchers ask for a box or for floats, with their own words, and read CSV or NetCDF; and probe the server."""
    root = f"{address}/tabledap/{sets.stations}"
    box = (
        "time,temp,psal,platform_number,longitude,latitude&longitude>=-10&longitude<=0&latitude>=40&latitude<=50"
        '&time>=1714521600.0&time<=1714694400.0&distinct()&orderBy("time,platform_number")'
    )
    found = httpx.get(f"{root}.csv?{box}")
    rows = pd.read_csv(io.StringIO(found.text), skiprows=[1])
    # Names are those that were asked for.
    assert list(rows.columns) == ["time", "temp", "psal", "platform_number", "longitude", "latitude"]
    assert set(rows["platform_number"]) == {"brest", "le conquet"}
    assert rows["time"].is_monotonic_increasing
    floats = 'platform_number,time&platform_number=~"brest|sete"&distinct()&orderBy("time,platform_number")'
    for asked in (floats, quote(floats, safe="")):
        with netCDF4.Dataset("x.nc", memory=httpx.get(f"{root}.nc?{asked}").content) as held:
            assert held.dimensions["row"].size == 2 * HOURS
            assert set(netCDF4.chartostring(held["platform_number"][:]).tolist()) == {"brest", "sete"}
    header = httpx.get(f"{root}.json?platform_number&distinct()").json()
    assert [row[0] for row in header["table"]["rows"]] == list(STATIONS)
    assert (
        httpx.get(f"{address}/info/{sets.stations}/index.json").json()["table"]["columnNames"][0]
        == "Row Type"
    )
    assert httpx.get(f"{address}/version").text == "ERDDAP_version=2.23\n"
    assert httpx.head(f"{root}.csv?time").status_code == 200


def test_a_person_is_led_on(address: str, sets: Sets) -> None:
    page = httpx.get(f"{address}/index.html")
    assert "info/index.htmlTable" in page.text
    assert "Tide gauges" in httpx.get(f"{address}/info/index.htmlTable").text
    for path in ("", ".html"):
        away = httpx.get(f"{address}/tabledap/{sets.stations}{path}")
        assert away.status_code == 303
        assert away.headers["location"].endswith(f"/data/{sets.stations}")
    assert json.loads(httpx.get(f"{address}/categorize/index.json").text)["table"]["rows"]
    assert httpx.get(f"{address}/categorize/colour/index.csv").status_code == 404
    assert httpx.get(f"{address}/info/index.csv?page=2&itemsPerPage=1").text.count("\n") == 1
