"""distinct and orderBy, against pandas."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from urllib.parse import quote

import netCDF4
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estran.web.apis.tabledap import ordering
from estran.web.apis.tabledap.asking import asked
from estran.web.apis.tabledap.choosing import chosen

if TYPE_CHECKING:
    from estran.node import Node
    from tests.web.client import Client
    from tests.web.tabledap.conftest import Sets


def frame(client: Client, sets: Sets, query: str) -> pd.DataFrame:
    found = client.get(f"/erddap/tabledap/{sets.stations}.csvp?{quote(query, safe=',=&()/')}")
    assert found.status_code == 200, found.text
    made = pd.read_csv(io.StringIO(found.text))
    made.columns = [name.partition(" ")[0] for name in made.columns]
    return made


@pytest.fixture(scope="module")
def whole(client: Client, sets: Sets) -> pd.DataFrame:
    return frame(client, sets, "platform,longitude,time,temp,psal")


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True), check_dtype=False)


SHOWN = "platform,longitude,time,temp,psal"


def test_distinct_sorts_by_the_first(client: Client, sets: Sets, whole: pd.DataFrame) -> None:
    found = frame(client, sets, "longitude,platform&distinct()")
    same(found, whole[["longitude", "platform"]].drop_duplicates().sort_values(["longitude", "platform"]))
    assert frame(client, sets, "platform&distinct()")["platform"].tolist() == ["brest", "le conquet", "sete"]
    assert len(frame(client, sets, f"{SHOWN}&distinct()")) == len(whole)
    times = frame(client, sets, "time&distinct()")["time"]
    assert times.tolist() == sorted(set(whole["time"]))


def test_order(client: Client, sets: Sets, whole: pd.DataFrame) -> None:
    same(frame(client, sets, f'{SHOWN}&orderBy("time,platform")'), whole.sort_values(["time", "platform"]))
    same(frame(client, sets, f'{SHOWN}&orderBy("platform,time")'), whole)
    falling = frame(client, sets, f'{SHOWN}&orderByDescending("time")')["time"].tolist()
    assert falling == sorted(falling, reverse=True)
    # What it is sorted by need not be shown; what is missing comes last.
    found = frame(client, sets, 'platform,time&orderBy("psal,time,platform")')
    same(found, whole.sort_values(["psal", "time", "platform"], na_position="last")[["platform", "time"]])


def test_extremes(client: Client, sets: Sets, whole: pd.DataFrame) -> None:
    known = whole.dropna(subset=["temp"])
    highest = known.loc[known.groupby("platform")["temp"].idxmax()]
    same(frame(client, sets, f'{SHOWN}&orderByMax("platform,temp")'), highest)
    lowest = known.loc[known.groupby("platform")["temp"].idxmin()]
    same(frame(client, sets, f'{SHOWN}&orderByMin("platform,temp")'), lowest)
    both = frame(client, sets, f'{SHOWN}&orderByMinMax("platform,temp")')
    same(both, pd.concat([lowest, highest]).sort_values(["platform", "temp"]))
    last = frame(client, sets, f'{SHOWN}&orderByMax("time")')
    assert last["time"].tolist() == [whole["time"].max()]
    days = frame(client, sets, f'{SHOWN}&orderByMax("platform,time/1day,temp")')
    assert len(days) == 6
    assert days["temp"].tolist() == known.groupby(["platform", known["time"].str[:10]])["temp"].max().tolist()


def test_counts_and_means(client: Client, sets: Sets, whole: pd.DataFrame) -> None:
    counted = frame(client, sets, 'platform,temp,psal&orderByCount("platform")')
    same(counted, whole.groupby("platform", as_index=False)[["temp", "psal"]].count())
    mean = frame(client, sets, 'platform,time,temp&orderByMean("platform,time/1day")')
    grouped = whole.assign(time=whole["time"].str[:10] + "T00:00:00Z").groupby(
        ["platform", "time"], as_index=False
    )
    same(mean, grouped["temp"].mean())
    total = frame(client, sets, 'temp&orderBySum("")')
    assert total["temp"].tolist() == [pytest.approx(whole["temp"].sum())]


def test_limits_and_the_closest(client: Client, sets: Sets, whole: pd.DataFrame) -> None:
    same(frame(client, sets, f'{SHOWN}&orderByLimit("platform,5")'), whole.groupby("platform").head(5))
    same(frame(client, sets, f'{SHOWN}&orderByLimit("5")'), whole.head(5))
    close = frame(client, sets, f'{SHOWN}&orderByClosest("platform,time,6 hours")')
    wanted = whole[whole["time"].str[11:13].astype(int) % 6 == 0]
    # The last hours of the two days are closest to the midnight after.
    assert close["time"].tolist()[:8] == wanted["time"].tolist()[:8]
    assert len(close) == 3 * 9


def test_functions_follow_each_other(client: Client, sets: Sets, whole: pd.DataFrame) -> None:
    found = frame(client, sets, f'{SHOWN}&orderByMax("platform,temp")&orderBy("temp")')
    known = whole.dropna(subset=["temp"])
    same(found, known.loc[known.groupby("platform")["temp"].idxmax()].sort_values("temp"))


@pytest.mark.parametrize(
    "function",
    [
        'orderByMax("platform,temp")', 'orderByMin("time/7hours,temp")', 'orderByMinMax("platform,time/1day,psal")',
        'orderByCount("platform,time/5hours")', 'orderByMean("time/3hours")', 'orderByLimit("platform,7")',
        'orderByClosest("platform,time,5hours")', "distinct()",
    ],
)  # fmt: skip
def test_portions_give_what_the_whole_gives(
    node: Node, sets: Sets, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    """Rows are made fewer whenever some have come; that must not show."""
    table = node.observations.table(sets.stations)
    question = asked(quote(f"platform,time,temp,psal&{function}").encode(), table)

    def made(size: int) -> pa.Table:
        monkeypatch.setattr(ordering, "_GATHERED", size)
        rows = pa.concat_tables(chosen(table, question)).combine_chunks()
        parts = (rows.slice(at, size) for at in range(0, rows.num_rows, size))
        columns, found = ordering.arranged(table, question, parts)
        return pa.concat_tables(found).select([column.name for _, column in columns])

    few, all_ = made(7).to_pydict(), made(100_000).to_pydict()
    assert few.keys() == all_.keys()
    for name, cells in all_.items():
        if name in ("temp", "psal"):
            np.testing.assert_allclose(np.array(few[name], float), np.array(cells, float))
        else:
            assert few[name] == cells


def test_a_sort_has_a_bound(client: Client, sets: Sets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "MOST_SORTED", 50)
    monkeypatch.setattr(ordering, "_GATHERED", 10)
    found = client.get(f'/erddap/tabledap/{sets.stations}.csv?{quote(SHOWN)}&orderBy("temp")')
    assert found.status_code == 400
    assert "more than 50 rows would be sorted" in found.text


def test_what_is_gone_cannot_be_sorted_by(client: Client, sets: Sets) -> None:
    found = client.get(f'/erddap/tabledap/{sets.stations}.csv?platform&distinct()&orderBy("time")')
    assert found.status_code == 400
    assert "is gone after what stands before" in found.text


def test_forms_that_need_more_have_it(client: Client, sets: Sets) -> None:
    root = f"/erddap/tabledap/{sets.stations}"
    places = client.json(f"{root}.geoJson?temp&temp>14.9")["features"]
    assert {tuple(one["geometry"]["coordinates"]) for one in places} == {(3.7, 43.4)}
    ordered = client.get(f'{root}.ncCF?temp&orderBy("temp")')
    with netCDF4.Dataset("x.nc", memory=ordered.content) as held:
        assert held["rowSize"][:].sum() == len(held.dimensions["obs"])
        assert len(held.dimensions["timeseries"]) == 3
    for form in ("geoJson", "ncCF", "ncCFMA"):
        refused = client.get(f'{root}.{form}?platform,temp&orderByMean("platform")')
        assert refused.status_code == 400
        assert "where they were made" in refused.text
    mean = client.get(f'{root}.nc?platform,temp&orderByMean("platform")')
    with netCDF4.Dataset("x.nc", memory=mean.content) as held:
        assert len(held.dimensions["row"]) == 3


_PART = st.sampled_from(
    ["time", "temp", "platform", "temp_id", "temp_quality", "temp_flag", "longitude", "psal", "=", "!=", "<", "<=", ">", ">=", "=~", ",", "&", '"', "\\", "%", "+", "0", "-1", "1e400", "nan", "inf", "now", "now-7days", "now+999999999years", "min(time)", "max(temp)", "brest", ".*", "[a-", "9999-12-31", "distinct()", 'orderBy("time")', 'orderByMean("temp_id/7")', 'orderByClosest("temp,0.5")', 'orderByMax("time/1day,temp")', 'orderBySum("platform")', 'units("x")', ".draw", "s.", "(", "é", "\x00"]
)  # fmt: skip


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(_PART, max_size=9),
    form=st.sampled_from(["csv", "json", "nc", "ncCF", "dods", "parquet", "geoJson"]),
)
def test_whatever_is_asked_is_answered_or_refused(
    client: Client, sets: Sets, parts: list[str], form: str
) -> None:
    found = client.get(f"/erddap/tabledap/{sets.stations}.{form}?temp&{quote(''.join(parts))}")
    assert found.status_code in {200, 400, 404}
    if found.status_code != 200:
        assert found.text.startswith("Error {")
