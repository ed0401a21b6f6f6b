"""How far a test looks, and so which observations change their outcome when others come, change or go."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from estran.observations.quality.testing import PLACED, runs_of
from estran.observations.store.columns import array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.observations.quality.plans import Tests
    from estran.observations.store.registry import HeldDatastream

__all__ = ["Reach", "affected", "bounds", "reach_of", "surrounded"]

_WIDER = 8
_LOOKS = {"spike_test": 1, "rate_of_change_test": 1, "pressure_increasing_test": 0}


@dataclass(frozen=True, slots=True)
class Reach:
    """What the outcome of an observation hangs on besides itself.

    Attributes:
        along: as `Tests.along`.
        values: so many values before it, and one after it; 0 for none.
        window_us: values so long before it.
        is_placed: whether on the place before it.
    """

    along: str
    values: int
    window_us: int
    is_placed: bool


def reach_of(tests: Tests) -> Reach:
    """How far some tests look; what lies at one time is always looked at together."""
    told = tests.by_name
    is_placed = any(test in PLACED for test in told)
    if tests.along == "vertical":
        return Reach(tests.along, 0, 0, is_placed)
    values = max((_LOOKS.get(test, 0) for test in told), default=0)
    if "flat_line_test" in told:
        flat = told["flat_line_test"]
        values = max(values, flat["suspect_count"], flat["fail_count"])
    if "attenuated_signal_test" in told:
        return Reach(
            tests.along,
            max(values, 1),
            int(told["attenuated_signal_test"]["test_period"] * 1_000_000),
            is_placed,
        )
    return Reach(tests.along, values, 0, is_placed)


def surrounded(
    one: HeldDatastream, span: tuple[int, int], reach: Reach, read: Callable[[int, int], pa.Table]
) -> pa.Table:
    """The observations of a span of time and all around it that outcomes hang on, as far as there are any.

    Args:
        one: the datastream.
        span: microseconds, of the first and the last that was touched.
        reach: of its tests.
        read: gives its rows in [start, end).
    """
    first, last = one.first or 0, one.last or 0
    start, end = bounds(one, span, reach)
    while True:
        rows = read(start, end)
        is_edge = (start <= first, end > last)
        looks = reach.values or reach.is_placed
        if not looks or all(is_edge) or _is_enough(rows, span, (start, end), reach, is_edge):
            return rows
        start, end = span[0] - _WIDER * (span[0] - start), span[1] + _WIDER * (end - span[1])


def bounds(one: HeldDatastream, span: tuple[int, int], reach: Reach) -> tuple[int, int]:
    """[start, end) in which all probably lies that outcomes of a span hang on."""
    if not (reach.values or reach.is_placed):
        return span[0], span[1] + 1
    step = one.step or ((one.last or 0) - (one.first or 0)) // max(one.count, 1) or 1
    margin = max((reach.values + 3) * step * 5 // 4, 3 * step + reach.window_us)
    return span[0] - margin, span[1] + margin + 1


def _is_enough(
    rows: pa.Table, span: tuple[int, int], bounds: tuple[int, int], reach: Reach, is_edge: tuple[bool, bool]
) -> bool:
    """Whether rows in [start, end) hold all that the outcomes hang on which the span may change."""
    before, after = is_edge
    time = array(rows, "time")
    if reach.is_placed and not (
        (before or (time < span[0]).any()) and (after or (time > span[1]).any())
    ):  # fmt: skip
        return False
    for own, _ in _touched(rows, span, reach.along):
        ahead, behind = np.searchsorted(own, span[0]), len(own) - np.searchsorted(own, span[1], "right")
        if not before and (ahead <= reach.values or own[ahead - 1] - reach.window_us < bounds[0]):
            return False
        if not after and (behind <= reach.values or own[-1] <= span[1] + reach.window_us):
            return False
    return True


def affected(rows: pa.Table, span: tuple[int, int], reach: Reach) -> NDArray[np.bool_]:
    """Which rows may have another outcome since something of a span was touched."""
    time = array(rows, "time")
    found = (time >= span[0]) & (time <= span[1])
    if reach.is_placed and (after := np.searchsorted(time, span[1], "right")) < len(time):
        found |= time == time[after]
    if reach.values:
        for own, order in _touched(rows, span, reach.along):
            first = max(int(np.searchsorted(own, span[0])) - 1, 0)
            near = np.searchsorted(own, span[1], "right") + reach.values
            far = np.searchsorted(own, span[1] + reach.window_us, "right")
            found[order[first : max(near, far)]] = True
    return found


def _touched(
    rows: pa.Table, span: tuple[int, int], along: str
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """The times of each run of which something lies in a span, and its rows; of all where nothing does."""
    runs, time = runs_of(rows, along), array(rows, "time")
    levels = np.unique(array(rows, "vertical")[(time >= span[0]) & (time <= span[1])])
    for head, end in pairwise(runs.starts):
        if along != "time" or not len(levels) or (head < end and runs.vertical[head] in levels):
            yield runs.time[head:end].astype(np.int64), runs.order[head:end]
