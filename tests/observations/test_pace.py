"""How far apart observations usually are is noted with what is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estran.observations import store as stored
from tests.observations.conftest import rows, streams

if TYPE_CHECKING:
    import pytest

    from estran.observations.store import SeriesStore

HOUR, START = 3_600_000_000, 1_577_836_800_000_000


def step(store: SeriesStore, number: int) -> int | None:
    return next(one.step for one in store.datastreams([1]) if one.number == number)


def test_the_usual_step_is_that_of_most_and_a_gap_does_not_change_it(
    store: SeriesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers, _ = store.enter("record", streams(2))
    number, other = numbers["s0"], numbers["s1"]
    store.put(rows(number, [START], [1.0]))
    assert step(store, number) is None
    time = [START + n * HOUR for n in range(1, 40) if n not in range(10, 20)]
    monkeypatch.setattr(stored, "_INTO_FILES", 1)
    store.put(rows(number, time, [1.0] * len(time)))
    assert step(store, number) == HOUR
    assert step(store, other) is None


def test_observations_that_come_one_by_one_say_it_too(store: SeriesStore) -> None:
    numbers, _ = store.enter("record", streams(1))
    number, at = numbers["s0"], START
    # The first two are far apart, as after a failure; then one comes each hour, and some come late.
    for gap in (50, *[1] * 40):
        store.put(rows(number, [at], [1.0]))
        at += gap * HOUR
    store.put(rows(number, [START + HOUR], [1.0]))
    known = step(store, number)
    assert known is not None
    assert 0.8 * HOUR < known < 1.2 * HOUR


def test_many_values_at_one_time_are_no_step(store: SeriesStore) -> None:
    numbers, _ = store.enter("record", streams(1))
    time = np.repeat(START + np.arange(3) * 240 * HOUR, 5).tolist()
    store.put(rows(numbers["s0"], time, [1.0] * 15, [float(n % 5) for n in range(15)]))
    assert step(store, numbers["s0"]) == 240 * HOUR
