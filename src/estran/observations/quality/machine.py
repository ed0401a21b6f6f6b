"""The machine's tests, run on what came since they were run last.

Observations are stored first; what was written is noted in the same transaction. So nothing is forgotten when a
process dies before its tests, and nothing is tested twice: only outcomes that differ are written.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from estran.errors import EstranError, Invalid
from estran.model import EVER_US, NEVER_US, now_us
from estran.observations.quality.column import graded
from estran.observations.quality.density import is_of_water, partner_of, profile_density
from estran.observations.quality.plans import DENSITY, NOTHING, Plan, Tests, tests_of
from estran.observations.quality.reaching import affected, bounds, reach_of, surrounded
from estran.observations.quality.tails import Tails, tail_of
from estran.observations.quality.testing import Subject, evaluated, subject_of
from estran.observations.store.columns import KEY, array, newest
from estran.observations.store.testing import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from estran.observations.quality.tails import Tail
    from estran.observations.store import SeriesStore
    from estran.observations.store.marking import Arrival, Outcomes
    from estran.observations.store.registry import HeldDatastream
    from estran.observations.store.testing import StoredPlan

__all__ = ["Machine", "TestReport"]

_NEEDED = ("datastream", "time", "vertical", "value", "longitude", "latitude", "tested", "version")
# A portion of a long series is tested at once, and outcomes of so many are written together.
_PORTION, _TOGETHER = 500_000, 2_000_000
_MOST_AT_ONCE = 256
_MOST_REMEMBERED = 100_000
_EVERYTHING = (EVER_US, NEVER_US)
_log = logging.getLogger(__name__)


type _Read = Callable[[HeldDatastream, int, int], pa.Table]
"""Gives the rows of a datastream in [start, end)."""


@dataclass(slots=True)
class TestReport:
    """What the machine's tests did.

    Attributes:
        datastreams: whose tests were run.
        observations: that were looked at.
        changed: outcomes that differ from those before.
        refused: (number of a datastream, why its tests could not be run).
    """

    datastreams: int = 0
    observations: int = 0
    changed: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Work:
    """A datastream of which something is to be tested.

    Attributes:
        spans: of time, in microseconds.
        waiting: what is done when that is tested.
    """

    one: HeldDatastream
    tests: Tests
    spans: tuple[tuple[int, int], ...]
    partner: HeldDatastream | None
    waiting: Waiting | None


class Machine:
    """Tests observations after the plans of a node.

    Args:
        store: where they lie.
    """

    def __init__(self, store: SeriesStore) -> None:
        self._store, self._tails = store, Tails()

    @classmethod
    def watching(cls, store: SeriesStore) -> Machine:
        """One that tests what is written from now on, in this process; tiles tell how good it is."""
        made = cls(store)
        store.at_once, store.arrived, store.grade = made.at_once, made.arrived, graded
        return made

    def plans(self) -> tuple[Plan, ...]:
        """What is tested on this node."""
        return _read(tuple(self._store.quality.plans()))

    def at_once(self, arrival: Arrival) -> Outcomes | None:
        """The outcomes of what is being written, where all that they hang on is at hand."""
        try:
            return self._tails.tested(arrival)
        except (EstranError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError) as error:
            _log.warning("what comes is tested later: %s", error)
            return None

    def arrived(self, numbers: Sequence[int]) -> TestReport | None:
        """Test what came of some datastreams; None where nothing of them is tested.

        What cannot be tested now waits: nobody who brings observations is kept from it by their tests.
        """
        try:
            return self._arrived(numbers)
        except (EstranError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError) as error:
            _log.warning("tests of datastreams %s wait: %s", numbers[:5], error)
            return None

    def _arrived(self, numbers: Sequence[int]) -> TestReport | None:
        held, states = self._store.quality.planned(numbers)
        if not held and not states:
            return None
        # Most datastreams of a busy node are not tested at all: that is found out once.
        known, plans = self._store.quality.untested, "".join(plan.hash for plan in held)
        unknown = [n for n in numbers if n not in states and (plans, n) not in known]
        if unknown:
            streams = self._streams(unknown)
            planned = [one.number for one in streams if tests_of(one, _read(held))]
            self._store.quality.expect([Waiting(n, "", *_EVERYTHING, now_us()) for n in planned])
            if len(known) > _MOST_REMEMBERED:
                known.clear()
            known.update((plans, one.number) for one in streams if one.number not in planned)
        elif all(state.first is None for state in states.values()):
            return None
        return self.run(numbers)

    def expect(self, streams: Iterable[HeldDatastream], *, again: bool = False) -> int:
        """Have wait what other tests are made of now than before; gives of how many datastreams.

        Args:
            streams: of which it is looked at.
            again: whether all of them that are tested wait.
        """
        plans, states = self.plans(), self._store.quality.states()
        waiting: list[Waiting] = []
        for one in streams:
            tests, state = tests_of(one, plans), states.get(one.number)
            if tests is None and state is None:
                continue
            before = state.hash if state else ""
            if again or before != (tests or NOTHING).hash:
                waiting.append(Waiting(one.number, before, *_EVERYTHING, now_us()))
        self._store.quality.expect(waiting)
        self._store.quality.untested.clear()
        return len(waiting)

    def run(
        self, numbers: Sequence[int] | None = None, progress: Callable[[TestReport], None] | None = None
    ) -> TestReport:
        """Test what waits of some datastreams, or of all.

        Raises:
            Unavailable: another process writes files for longer than one may wait.
        """
        report = TestReport()
        marks: list[pa.Table] = []
        finished: list[tuple[Waiting, str]] = []
        tails: dict[int, Tail | None] = {}
        for group, span in _groups(self._work(numbers)):
            read = self._together(group, span)
            for work in group:
                try:
                    marks += self._outcomes(work, report, read, tails)
                except Invalid as error:
                    report.refused.append((work.one.number, error.why))
                    continue
                if work.waiting:
                    finished.append((work.waiting, work.tests.hash))
            if sum(mark.num_rows for mark in marks) >= _TOGETHER:
                self._write(marks, finished, tails, report)
                marks, finished, tails = [], [], {}
            if progress:
                progress(report)
        self._write(marks, finished, tails, report)
        return report

    def _write(
        self,
        marks: Sequence[pa.Table],
        finished: Sequence[tuple[Waiting, str]],
        tails: Mapping[int, Tail | None],
        report: TestReport,
    ) -> None:
        if marks:
            # Where portions meet, both tell of the same observations.
            report.changed += self._store.mark(newest(marks))
        if finished:
            self._store.quality.done(finished)
        for number, tail in tails.items():
            self._tails.keep(number, tail)

    def _work(self, numbers: Sequence[int] | None) -> Iterator[_Work]:
        """What is to be done, with the partners of those whose density is tested."""
        states = self._store.quality.states(numbers)
        waiting = {n: state for n, state in states.items() if state.first is not None}
        if not waiting:
            return
        plans = self.plans()
        asked: dict[int, tuple[HeldDatastream, list[tuple[int, int]]]] = {}
        for one in self._streams(list(waiting)):
            state, tests = waiting[one.number], tests_of(one, plans) or NOTHING
            is_all = state.hash != tests.hash
            asked[one.number] = (one, [_EVERYTHING if is_all else (state.first or 0, state.last or 0)])
        partners = self._partners([one for one, _ in asked.values()], plans)
        for one, partner in partners.values():
            # What comes of one changes the density of both.
            if partner.number in waiting:
                asked.setdefault(one.number, (one, []))[1].extend(asked[partner.number][1][:1])
        for number, (one, spans) in asked.items():
            tests, pair = tests_of(one, plans) or NOTHING, partners.get(number)
            if tests.arguments or number in waiting:
                yield _Work(one, tests, tuple(spans), pair[1] if pair else None, waiting.get(number))

    def _partners(
        self, streams: Sequence[HeldDatastream], plans: Iterable[Plan]
    ) -> dict[int, tuple[HeldDatastream, HeldDatastream]]:
        """Number -> temperature or salinity, and what makes a density with it, of the things of some datastreams."""
        water = [one for one in streams if is_of_water(one)]
        if not water or not any(DENSITY in rule.tests for plan in plans for rule in plan.rules):
            return {}
        things = {(one.record, one.described.thing.key) for one in water}
        sets = self._store.datasets()
        of_record = self._store.datastreams([sets[record] for record in {one.record for one in water}])
        others = [
            one for one in of_record if is_of_water(one) and (one.record, one.described.thing.key) in things
        ]
        found = ((one, partner_of(one, others)) for one in others)
        return {one.number: (one, partner) for one, partner in found if partner is not None}

    def _together(self, group: Sequence[_Work], span: tuple[int, int]) -> _Read:
        """Reads of datastreams; what a few want of about the same time is read at once."""
        held: dict[int, pa.Table] = {}
        start, end = span
        if len(group) > 1:
            rows = self._store.read([work.one.number for work in group], start, end, _NEEDED)
            numbers, heads = np.unique(array(rows, "datastream"), return_index=True)
            ends = np.append(heads, rows.num_rows)[1:].tolist()
            held = {
                number: rows.slice(head, after - head)
                for number, head, after in zip(numbers.tolist(), heads.tolist(), ends, strict=True)
            }
            for work in group:
                held.setdefault(work.one.number, rows.slice(0, 0))

        def read(one: HeldDatastream, low: int, high: int) -> pa.Table:
            rows = held.get(one.number)
            is_there = max(low, one.first or 0) >= start and min(high, (one.last or 0) + 1) <= end
            if rows is None or not is_there:
                return self._store.read([one.number], max(low, EVER_US), min(high, NEVER_US), _NEEDED)
            first, after = np.searchsorted(array(rows, "time"), (low, high))
            return rows.slice(first, after - first)

        return read

    def _outcomes(
        self, work: _Work, report: TestReport, read: _Read, tails: dict[int, Tail | None]
    ) -> Iterator[pa.Table]:
        """Key, version and outcomes of the observations whose outcomes differ from those that they have."""
        one, reach = work.one, reach_of(work.tests)
        subject = subject_of(one, work.tests)
        report.datastreams += work.waiting is not None
        portions = list(_portions(one, work.spans))
        for span in portions:
            rows = surrounded(one, span, reach, lambda start, end: read(one, start, end))
            if not rows.num_rows:
                continue
            if work.partner is not None and DENSITY in work.tests.by_name:
                time = array(rows, "time")
                others = read(work.partner, int(time[0]), int(time[-1]) + 1)
                density = profile_density(rows, others, one, work.partner)
                subject = Subject(subject.convert, subject.place, subject.has_vertical, density)
            which = affected(rows, span, reach)
            report.observations += int(which.sum())
            tested = evaluated(rows, work.tests, subject)
            if work.waiting and len(portions) == 1:
                now = np.where(which, tested, array(rows, "tested"))
                tails[one.number] = tail_of(one, work.waiting, work.tests, rows, now)
            yield _marks(rows, tested, which)

    def _streams(self, numbers: Sequence[int]) -> list[HeldDatastream]:
        return self._store.datastreams(list(self._store.datasets().values()), numbers=numbers)


def _groups(works: Iterable[_Work]) -> Iterator[tuple[list[_Work], tuple[int, int]]]:
    """Works that are read together, few rows of about the same time, and the time that they span."""
    group: list[_Work] = []
    start = end = length = 0
    per_us = 0.0
    for work in works:
        low, high = _bounds(work)
        dense = work.one.count / max((work.one.last or 0) - (work.one.first or 0), 1)
        grown = (min(start, low), max(end, high)) if group else (low, high)
        length, per_us = max(length, high - low), per_us + dense
        span = grown[1] - grown[0]
        if group and (len(group) == _MOST_AT_ONCE or span > 2 * length or span * per_us > _PORTION):
            yield group, (start, end)
            group, grown, length, per_us = [], (low, high), high - low, dense
        group.append(work)
        start, end = grown
    if group:
        yield group, (start, end)


def _bounds(work: _Work) -> tuple[int, int]:
    """[start, end) of what a work probably reads, as far as there are observations."""
    one, reach = work.one, reach_of(work.tests)
    first, last = one.first or 0, one.last or 0
    some = [bounds(one, (max(low, first), min(high, last)), reach) for low, high in work.spans]
    return max(min(low for low, _ in some), first), min(max(high for _, high in some), last + 1)


@lru_cache(maxsize=4)
def _read(held: tuple[StoredPlan, ...]) -> tuple[Plan, ...]:
    return tuple(Plan.stored(one.name, one.document) for one in held)


def _portions(one: HeldDatastream, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans of time in which a datastream has about so many observations as are tested at once."""
    if one.first is None or one.last is None:
        return
    per_us = one.count / (one.last - one.first + 1)
    for first, last in _merged(spans):
        begin, end = max(first, one.first), min(last, one.last)
        count = max(int((end - begin) * per_us / _PORTION) + 1, 1)
        edges = [begin + (end - begin + 1) * n // count for n in range(count + 1)] if end >= begin else []
        yield from ((low, high - 1) for low, high in pairwise(edges) if high > low)


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch no other."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def _marks(rows: pa.Table, tested: np.ndarray[tuple[int], np.dtype[np.int64]], which: object) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415

    chosen = np.asarray(which) & (tested != array(rows, "tested"))
    told = rows.select([*KEY, "version"]).append_column("tested", pa.array(tested, pa.int64()))
    return told.filter(pa.array(chosen))
