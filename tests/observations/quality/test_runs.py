"""Many series tested together say what ioos_qc says of each of them alone."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estran.observations.quality import plans
from estran.observations.quality.outcomes import TESTS, outcome
from estran.observations.quality.testing import Subject, evaluated
from tests.observations.quality.test_machine import of_run

SECOND, YEAR = 1_000_000, 31_557_600_000_000
VALUES = st.sampled_from([None, np.nan, np.inf, 0.0, 0.1, 1.0, 1.1, 2.0, 2.0, 2.0, 5.0, 1e8])
STEPS = st.sampled_from([SECOND // 2, SECOND, SECOND, SECOND, 2 * SECOND, 40 * SECOND, 3600 * SECOND])
# Within one track several values may be of one time.
TRACKED = st.one_of(st.just(0), STEPS)
CLIMATE = [
    {"tspan": [1, 6], "period": "month", "vspan": [0.5, 3], "fspan": [0, 10]},
    {"tspan": ["2020-01-01T00:00:00", "2020-01-01T00:10:00"], "vspan": [1, 2]},
]
TOLD: list[tuple[str, dict[str, Any]]] = [
    ("gross_range_test", {"fail_span": [0, 4], "suspect_span": [1, 2]}),
    ("climatology_test", {"config": CLIMATE}),
    ("spike_test", {"suspect_threshold": 0.5, "fail_threshold": 1.5}),
    ("spike_test", {"suspect_threshold": 0.5, "fail_threshold": 1.5, "method": "differential"}),
    ("rate_of_change_test", {"threshold": 0.05, "fail_threshold": 0.9}),
    ("flat_line_test", {"suspect_count": 2, "fail_count": 4, "tolerance": 0.5}),
    ("attenuated_signal_test", {"suspect_threshold": 0.9, "fail_threshold": 0.2, "test_period": 5}),
    ("attenuated_signal_test", {"suspect_threshold": 0.9, "fail_threshold": 0.2, "test_period": 2.5, "min_obs": 2}),
    ("attenuated_signal_test", {"suspect_threshold": 1.5, "fail_threshold": 0.2, "test_period": 60, "check_type": "range"}),
]  # fmt: skip


def planned(test: str, told: dict[str, Any], along: str) -> plans.Tests:
    plan = plans.parsed({"rules": [{"property": "x", test: told}]}, "plan")
    (rule,) = plan.rules
    return plans.Tests(along, ((test, json.dumps(rule.tests[test]), ""),))


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150, deadline=None)
@given(
    told=st.sampled_from(TOLD),
    along=st.sampled_from(["time", "track"]),
    data=st.data(),
    starts=st.lists(st.sampled_from([0, 1, 40, -200, 30, 60, 89]), min_size=1, max_size=6),
)
def test_runs_one_behind_the_other_are_told_apart(
    told: tuple[str, dict[str, Any]], along: str, data: st.DataObject, starts: list[int]
) -> None:
    columns: dict[str, list[Any]] = {name: [] for name in ("datastream", "time", "vertical", "value")}
    series: list[tuple[list[int], list[float | None]]] = []
    for n, years in enumerate(starts):
        steps = data.draw(st.lists(STEPS if along == "time" else TRACKED, min_size=1, max_size=12))
        time = (1_577_836_800 * SECOND + years * YEAR + np.cumsum([0, *steps])[:-1]).tolist()
        value = data.draw(st.lists(VALUES, min_size=len(time), max_size=len(time)))
        series.append((time, value))
        levels = [float(n % 2)] * len(time) if along == "time" else list(map(float, range(len(time))))
        columns["datastream"] += [n // 2 if along == "time" else n] * len(time)
        columns["vertical"] += levels
        columns["time"] += time
        columns["value"] += value
    rows = pa.table(columns | {"value": pa.array(columns["value"], pa.float64())})
    # Of one datastream the levels are mixed, in the order of time.
    order = np.lexsort([columns["vertical"], columns["time"], columns["datastream"]])
    rows = rows.take(order)
    test, arguments = told
    found = np.empty(len(order), np.int64)
    found[order] = evaluated(rows, planned(test, arguments, along), Subject({}))
    head = 0
    for time, value in series:
        there = [n for n, one in enumerate(value) if one is not None and np.isfinite(one)]
        wanted = [9] * len(value)
        if there:
            said = of_run(test, arguments, [time[n] for n in there], [float(value[n] or 0) for n in there])
            for n, code in zip(there, said, strict=True):
                wanted[n] = code
        assert outcome(found[head : head + len(value)], test).tolist() == wanted, (time, value)
        head += len(value)


def test_runs_of_centuries_together_are_not_too_long_for_nanoseconds() -> None:
    time = np.tile(np.arange(0, 80 * YEAR, YEAR), 10) - 40 * YEAR
    rows = pa.table(
        {
            "datastream": np.repeat(np.arange(10), 80),
            "time": time,
            "vertical": np.zeros(800),
            "value": np.tile(np.arange(80) % 7, 10).astype(float),
        }
    )
    told = {"suspect_threshold": 1.5, "fail_threshold": 1, "test_period": 5 * 31_557_600}
    found = evaluated(rows, planned("attenuated_signal_test", told, "time"), Subject({}))
    alone = of_run(
        "attenuated_signal_test", told, time[:80].tolist(), (np.arange(80) % 7).astype(float).tolist()
    )
    assert {1, 3} <= set(alone)
    assert outcome(found, TESTS[5]).tolist() == alone * 10
