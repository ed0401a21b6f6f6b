"""The last values of datastreams, kept at hand, so that what comes after them is tested while it is stored.

Near real time brings a row or a hundred at a time to many datastreams. To read for each what its tests look at would
take longer than to store it, by far. So the process that tested last keeps the end of each series in memory, as far as
outcomes of what comes next hang on it, and tests the new rows of all datastreams together, in the transaction that
writes them.

A tail is good as long as the database says of its datastream what it said when the tail was kept: the version of what
was written last, the hash of its tests, its description. Whatever else happens to it, by this process or another,
changes one of these, and then the tests read what they need.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.observations.quality.plans import DENSITY, Tests
from estran.observations.quality.reaching import reach_of
from estran.observations.quality.testing import PLACED, Subject, evaluated, is_on_earth, subject_of
from estran.observations.store.columns import array
from estran.observations.store.marking import Marks, Outcomes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.model import Datastream
    from estran.observations.quality.reaching import Reach
    from estran.observations.store.marking import Arrival
    from estran.observations.store.registry import HeldDatastream
    from estran.observations.store.testing import Waiting

__all__ = ["Tails", "tail_of"]

_MOST_VALUES = 1_000_000
"""So many values are kept at most, 32 bytes each; of the datastreams that came last."""
_VALUE = np.dtype([("time", np.int64), ("vertical", np.float64), ("value", np.float64), ("tested", np.int64)])
_FAR = ("flat_line_test", "attenuated_signal_test")
_ALL = 0.0
"""The only run of what is neighbours wherever it lies."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a datastream that has been tested.

    Attributes:
        version, hash: what the database said of its tests.
        runs: vertical -> the last values there, in the order of time; none of them is missing.
        is_whole: whether there are no other runs, and they begin with the datastream.
    """

    described: Datastream
    version: int
    hash: str
    tests: Tests
    reach: Reach
    subject: Subject
    runs: Mapping[float, NDArray[Any]]
    is_whole: bool

    @property
    def size(self) -> int:
        """How many values it holds."""
        return sum(map(len, self.runs.values()))

    @property
    def kind(self) -> tuple[object, ...]:
        """Alike for those that are tested together."""
        return (self.tests, self.described.variable.unit, self.subject.place, self.subject.has_vertical)


@dataclass(frozen=True, slots=True)
class _Part:
    """What came of one run.

    Attributes:
        at: its rows among all that came.
        before, values: what is kept of it, and what came.
    """

    number: int
    vertical: float
    at: NDArray[np.int64]
    before: NDArray[Any]
    values: NDArray[Any]


def tail_of(
    one: HeldDatastream, waiting: Waiting, tests: Tests, rows: pa.Table, tested: NDArray[np.int64]
) -> Tail | None:
    """The tail of a datastream whose tests have been run; None where its tests ask for more than values.

    Args:
        one: the datastream.
        waiting: what of it waited.
        tests: that were run.
        rows: of it, the last among them.
        tested: their outcomes as they are now.
    """
    subject, names = subject_of(one, tests), {test for test, _, _ in tests.arguments}
    if tests.along == "vertical" or DENSITY in names or (names & {*PLACED} and subject.place is None):
        return None
    values = _values(rows)
    if not len(values) or int(values["time"][-1]) != one.last:
        return None
    values["tested"] = tested
    is_whole, reach = int(values["time"][0]) == one.first and len(values) == one.count, reach_of(tests)
    values = values[np.isfinite(values["value"])]
    runs = {vertical: values[own] for vertical, own in _runs(values, tests.along).items()}
    if subject.place is not None:
        # One place on earth is like another: what stands at many is tested together.
        subject = replace(subject, place=(0.0, 0.0) if is_on_earth(*subject.place) else (999.0, 999.0))
    return Tail(
        one.described, waiting.version, tests.hash, tests, reach, subject,
        {vertical: _trimmed(run, reach) for vertical, run in runs.items()}, is_whole,
    )  # fmt: skip


class Tails:
    """The tails that are kept in this process."""

    def __init__(self) -> None:
        self._held: OrderedDict[int, Tail] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def keep(self, number: int, tail: Tail | None) -> None:
        """Keep the tail of a datastream in the place of the one before; None forgets that."""
        with self._lock:
            before = self._held.pop(number, None)
            self._size -= before.size if before else 0
            if tail is not None:
                self._held[number] = tail
                self._size += tail.size
            while self._size > _MOST_VALUES:
                self._size -= self._held.popitem(last=False)[1].size

    def tested(self, arrival: Arrival) -> Outcomes | None:
        """The outcomes of what is being written of those datastreams whose tail is at hand."""
        groups: dict[tuple[object, ...], list[_Part]] = {}
        tails: dict[int, Tail] = {}
        values, datastream = _values(arrival.rows), array(arrival.rows, "datastream")
        numbers, heads = np.unique(datastream, return_index=True)
        ends = np.append(heads, len(values))[1:]
        for number, head, end in zip(numbers.tolist(), heads.tolist(), ends.tolist(), strict=True):
            tail = self._fitting(number, arrival) if arrival.is_new[head:end].all() else None
            parts = _parts(number, tail, values[head:end], head) if tail else None
            if tail and parts:
                tails[number] = tail
                groups.setdefault(tail.kind, []).extend(parts)
        if not tails:
            return None
        found = np.zeros(len(values), np.int64)
        marks: list[tuple[int, int, float, int]] = []
        grown: dict[int, dict[float, NDArray[Any]]] = {}
        for parts in groups.values():
            for part, run in _together(parts, tails[parts[0].number]):
                found[part.at] = run["tested"][len(part.before) :]
                old = len(part.before) - 1
                if old >= 0 and run["tested"][old] != part.before["tested"][old]:
                    time, vertical, _, tested = run[old].tolist()
                    marks.append((part.number, time, vertical, tested))
                reach = tails[part.number].reach
                there = run[np.isfinite(run["value"])]
                grown.setdefault(part.number, {})[part.vertical] = _trimmed(there, reach)
        for number, runs in grown.items():
            tail = tails[number]
            # Should this not be written in the end, the database never says this version.
            self.keep(number, replace(tail, version=arrival.version, runs={**tail.runs, **runs}))
        return Outcomes(frozenset(tails), found, Marks(*zip(*marks, strict=True)) if marks else None)

    def _fitting(self, number: int, arrival: Arrival) -> Tail | None:
        tail, state = self._held.get(number), arrival.states.get(number)
        if tail is None or state is None or state.first is not None:
            return None
        is_same = (state.version, state.hash) == (tail.version, tail.hash)
        return tail if is_same and arrival.described.get(number) == tail.described else None


def _values(rows: pa.Table) -> NDArray[Any]:
    found = np.empty(rows.num_rows, _VALUE)
    for name in _VALUE.names or ():
        found[name] = array(rows, name)
    return found


def _runs(values: NDArray[Any], along: str) -> dict[float, NDArray[np.int64]]:
    """Vertical -> its values, in order; all of them where any two may be neighbours."""
    vertical = values["vertical"]
    if along == "track":
        return {_ALL: np.arange(len(values))}
    if (vertical == vertical[:1]).all():
        return {float(vertical[0]): np.arange(len(values))} if len(values) else {}
    return {float(one): np.flatnonzero(vertical == one) for one in np.unique(vertical)}


def _parts(number: int, tail: Tail, values: NDArray[Any], head: int) -> list[_Part] | None:
    """What came, by run; None where some of it does not lie behind what is kept, or that is too little."""
    parts: list[_Part] = []
    for vertical, own in _runs(values, tail.tests.along).items():
        before = tail.runs.get(vertical)
        if before is None:
            if not tail.is_whole:
                return None
            before = values[:0]
        part = _Part(number, vertical, own + head, before, values[own])
        time = part.values["time"][np.isfinite(part.values["value"])]
        if len(time) and not (
            _is_behind(before, int(time[0])) and (tail.is_whole or _is_enough(before, tail.reach))
        ):
            return None
        parts.append(part)
    return parts


def _is_behind(before: NDArray[Any], time: int) -> bool:
    return not len(before) or time > before["time"][-1]


def _is_enough(before: NDArray[Any], reach: Reach) -> bool:
    """Whether the outcome of the last value, which what comes may change, can be told, and so that of what comes."""
    if len(before) <= reach.values:
        return False
    return not reach.window_us or bool(before["time"][0] <= before["time"][-1] - reach.window_us)


def _trimmed(run: NDArray[Any], reach: Reach) -> NDArray[Any]:
    """The end of a run, as much as is enough; a copy, so that nothing else is kept with it."""
    if not len(run):
        return run
    first = len(run) - reach.values - 1
    if reach.window_us:
        first = min(first, int(np.searchsorted(run["time"], run["time"][-1] - reach.window_us, "right")) - 1)
    return run[max(first, 0) :].copy()


def _together(parts: Sequence[_Part], tail: Tail) -> list[tuple[_Part, NDArray[Any]]]:
    """Runs with what came behind, and the outcomes of the new values and of the last before them."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    lengths = np.array([len(part.before) + len(part.values) for part in parts])
    # Told where to, it does not look for the kind of each.
    runs = np.empty(int(lengths.sum()), _VALUE)
    np.concatenate([one for part in parts for one in (part.before, part.values)], out=runs)
    after = np.cumsum(lengths)
    run = np.repeat(np.arange(len(parts)), lengths)
    # What lies further back was told by all that it hangs on, some of which is kept no more.
    first = after - [len(part.values) + min(len(part.before), 1) for part in parts]
    begins = np.arange(len(runs)) - np.repeat(first, lengths)
    near, far = _by_reach(tail.tests)
    tested = np.zeros(len(runs), np.int64)
    for tests, reaches in ((near, begins >= -1), (far, begins >= -len(runs))):
        if tests.arguments:
            rows = {name: runs[name][reaches] for name in ("time", "vertical", "value")}
            tested[reaches] |= evaluated(pa.table({"datastream": run[reaches], **rows}), tests, tail.subject)
    runs["tested"][begins >= 0] = tested[begins >= 0]
    return list(zip(parts, np.split(runs, after[:-1]), strict=True))


@lru_cache(maxsize=256)
def _by_reach(tests: Tests) -> tuple[Tests, Tests]:
    """Tests of the nearest values, and those of many."""
    near = tuple(one for one in tests.arguments if one[0] not in _FAR)
    return Tests(tests.along, near), Tests(
        tests.along, tuple(one for one in tests.arguments if one[0] in _FAR)
    )
