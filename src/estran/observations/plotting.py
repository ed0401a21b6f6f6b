"""Observations as a curve needs them: the values themselves where they are few, else the extremes of runs of them.

Nothing is smoothed away: a run keeps its lowest and its highest value, and what is missing stays open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from estran.observations.store.columns import array

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.observations.store import Graded

__all__ = ["Curve", "Gap", "Judged", "of_rows", "of_tiles"]

GAP = 2.5
"""After so many usual steps without an observation there is a gap."""
_MOST_DOUBTFUL = 500
# A tile that lacks more than this share of what is shown is looked into, the worst first.
_LACKS, _MOST_LOOKS = 1 / 300, 16

# So many tiles are opened of which experts say something of a part.
_MOST_PARTS = 256
# What experts say of a tile.
_NOTHING, _GOOD, _DOUBTFUL, _IN_PART = range(4)

type Marks = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Microseconds and value of doubtful observations."""
type Judged = tuple[int, int, bool]
"""Microseconds from which on and before which an expert spoke, and whether it is doubtful then."""
type Gap = tuple[int, int]
"""The last observation before a gap and the first after it, in microseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A datastream in a period, ready to be drawn.

    Attributes:
        is_exact: whether the points are the observations themselves.
        time: microseconds since 1970 of each point, in order; value: each, or the mean of a run; NaN in a gap.
        low, high: extremes of each run; the value itself where points are observations.
        count: how many observations there are; numbers: how many of them are numbers and not doubtful.
        lowest, highest, mean: of those; NaN where there are none.
        doubtful: (time, value) of those that are; there may be more than are given.
        doubtful_count: how many; None where that is not known of all.
        gaps: where observations are missing, in order.
        knows_gaps: whether these are all; else some that are short beside the period may be missing.
        first, last: microseconds of the first and the last observation of the period, None where there are none.
    """

    is_exact: bool
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    count: int
    numbers: int
    lowest: float
    highest: float
    mean: float
    doubtful: tuple[NDArray[np.int64], NDArray[np.float64]]
    doubtful_count: int | None
    gaps: tuple[Gap, ...]
    knows_gaps: bool
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class _Runs:
    """Runs of observations as columns; numbers, extremes and sum are of those that are not doubtful.

    Attributes:
        poor: how many are.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    count: NDArray[np.int64]
    numbers: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    total: NDArray[np.float64]
    poor: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first)


def of_rows(rows: pa.Table, doubtful: NDArray[np.bool_], step: int | None, most: int) -> Curve:
    """The curve of observations of one datastream in the order of their time.

    Args:
        rows: with their time and value.
        doubtful: which of them are.
        step: microseconds from one to the next, usually.
        most: so many points at most, but for those that part the gaps.
    """
    time, value = array(rows, "time"), array(rows, "value")
    number = np.isfinite(value)
    runs = (
        _single(time, np.where(doubtful, np.nan, value))
        if len(time) <= most
        else _summed(time, value, _starts(time, step, most), doubtful)
    )
    return _curve(
        runs, step, is_exact=len(time) <= most, gaps=_gaps(time, time, step), knows_gaps=True,
        doubtful=_some(time[doubtful & number], value[doubtful & number]), doubtful_count=int(doubtful.sum()),
    )  # fmt: skip


def _some(time: NDArray[np.int64], value: NDArray[np.float64]) -> Marks:
    every = max(1, -(-len(time) // _MOST_DOUBTFUL))
    return time[::every], value[::every]


def of_tiles(
    graded: Graded,
    verdicts: Sequence[Judged],
    read: Callable[[int, int], tuple[pa.Table, NDArray[np.bool_]]],
    *,
    step: int | None,
    span: tuple[int, int],
    most: int,
) -> Curve:
    """The curve of runs of observations.

    Args:
        graded: the runs, in the order of time, and what is doubtful of them by producer and tests.
        verdicts: what experts say of the datastream, the newest last.
        read: gives the rows of the datastream in [start, end), and which of them are doubtful.
        step: microseconds from one observation to the next, usually.
        span: what is shown, in microseconds.
        most: so many points at most, but for those that part the gaps.
    """
    tiles = _held(graded)
    said = _said(tiles, verdicts)
    held, marks, is_known = _opened(_judged(tiles, graded, said), graded, said, read, step=step, span=span)
    gaps = _gaps(held.first, held.last, step)
    width = max(1, (span[1] - span[0]) // most)
    bucket = (held.first + (held.last - held.first) // 2 - span[0]) // width
    new = np.append(True, bucket[1:] != bucket[:-1])
    if step:
        new[1:] |= held.first[1:] - held.last[:-1] > GAP * step
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], len(held)) - 1
    runs = _Runs(
        held.first[starts], held.last[ends], np.add.reduceat(held.count, starts),
        np.add.reduceat(held.numbers, starts), np.fmin.reduceat(held.low, starts),
        np.fmax.reduceat(held.high, starts), np.add.reduceat(held.total, starts), np.add.reduceat(held.poor, starts),
    )  # fmt: skip
    return _curve(
        runs, step, is_exact=False, gaps=gaps, knows_gaps=not _lacks(held, step).any(), doubtful=_some(*marks),
        doubtful_count=int(held.poor.sum()) if is_known else None,
    )  # fmt: skip


def _held(graded: Graded) -> _Runs:
    """Tiles as columns; what has no number has NaN for its lowest and highest."""
    first, last, count, numbers, low, high, total = zip(*graded.tiles, strict=True)
    return _Runs(
        np.array(first, np.int64), np.array(last, np.int64), np.array(count, np.int64), np.array(numbers, np.int64),
        np.array(low, np.float64), np.array(high, np.float64), np.array(total, np.float64), np.zeros(len(first), np.int64),
    )  # fmt: skip


def _said(held: _Runs, verdicts: Sequence[Judged]) -> NDArray[np.int8]:
    """What experts say of each run as a whole; the newest counts."""
    found = np.full(len(held), _NOTHING, np.int8)
    for start, end, is_doubtful in verdicts:
        meets = (held.first < end) & (held.last >= start)
        covers = (held.first >= start) & (held.last < end)
        found[meets & ~covers] = _IN_PART
        found[covers] = _DOUBTFUL if is_doubtful else _GOOD
    return found


def _judged(held: _Runs, graded: Graded, said: NDArray[np.int8]) -> _Runs:
    """Runs without what is doubtful of them: by experts, else by producer and tests."""
    bad = said == _DOUBTFUL
    held.poor[bad] = held.numbers[bad]
    held.numbers[bad], held.total[bad] = 0, 0.0
    held.low[bad] = held.high[bad] = np.nan
    for n, one in graded.doubtful.items():
        if said[n] == _NOTHING:
            held.poor[n], held.numbers[n], held.total[n] = one.count, one.numbers, one.total
            held.low[n] = np.nan if one.low is None else one.low
            held.high[n] = np.nan if one.high is None else one.high
    return held


def _opened(
    held: _Runs,
    graded: Graded,
    said: NDArray[np.int8],
    read: Callable[[int, int], tuple[pa.Table, NDArray[np.bool_]]],
    *,
    step: int | None,
    span: tuple[int, int],
) -> tuple[_Runs, Marks, bool]:
    """The same, where tiles that hide a long gap are parted there, and those at the ends are cut.

    So are those of which experts say something of a part; and some of which they doubt all, to have marks.
    Gives the doubtful values besides, and whether it is known of all how many there are.
    """
    step = step or span[1] - span[0]
    lacks = held.last - held.first - (held.count - 1) * step
    wanted = np.flatnonzero(lacks > max((span[1] - span[0]) * _LACKS, GAP * step))
    cut = np.flatnonzero((held.first < span[0]) | (held.last >= span[1]))
    in_part, all_bad = np.flatnonzero(said == _IN_PART), np.flatnonzero(said == _DOUBTFUL)
    looked = np.unique(
        np.concatenate(
            [
                cut,
                wanted[np.argsort(-lacks[wanted])][:_MOST_LOOKS],
                in_part[:_MOST_PARTS],
                all_bad[:: max(1, len(all_bad) // _MOST_LOOKS)],
            ]
        )
    )
    # What is not opened is marked where its doubtful values are lowest and highest.
    opened = set(looked.tolist())
    closed = (one for n, one in graded.doubtful.items() if said[n] == _NOTHING and n not in opened)
    ends = {end for one in closed for end in ((one.lowest_at, one.lowest), (one.highest_at, one.highest))}
    told = sorted((at, value) for at, value in ends if at is not None and value is not None)
    marks = [(np.array([at for at, _ in told], np.int64), np.array([value for _, value in told], np.float64))]
    parts: list[_Runs] = []
    done = 0
    for n in looked.tolist():
        parts.append(_sliced(held, done, n))
        rows, doubtful = read(max(int(held.first[n]), span[0]), min(int(held.last[n]) + 1, span[1]))
        time, value = array(rows, "time"), array(rows, "value")
        if len(time):
            far = np.diff(time) > GAP * step
            parts.append(_summed(time, value, np.append(0, np.flatnonzero(far) + 1), doubtful))
            seen = doubtful & np.isfinite(value)
            marks.append((time[seen], value[seen]))
        done = n + 1
    parts.append(_sliced(held, done, len(held)))
    runs = _Runs(*(np.concatenate([getattr(part, name) for part in parts]) for name in _Runs.__slots__))
    at, poor = np.concatenate([mark[0] for mark in marks]), np.concatenate([mark[1] for mark in marks])
    order = np.argsort(at, kind="stable")
    return runs, (at[order], poor[order]), graded.is_known and len(in_part) <= _MOST_PARTS


def _sliced(held: _Runs, start: int, end: int) -> _Runs:
    return _Runs(*(getattr(held, name)[start:end] for name in _Runs.__slots__))


def _single(time: NDArray[np.int64], value: NDArray[np.float64]) -> _Runs:
    one = np.ones(len(time), np.int64)
    number = np.isfinite(value).astype(np.int64)
    return _Runs(time, time, one, number, value, value, np.nan_to_num(value, nan=0.0), np.zeros_like(one))


def _summed(
    time: NDArray[np.int64],
    value: NDArray[np.float64],
    starts: NDArray[np.int64],
    doubtful: NDArray[np.bool_],
) -> _Runs:
    ends = np.append(starts[1:], len(time)) - 1
    value = np.where(doubtful, np.nan, value)
    number = np.isfinite(value)
    return _Runs(
        time[starts], time[ends], ends - starts + 1, np.add.reduceat(number.astype(np.int64), starts),
        np.fmin.reduceat(value, starts), np.fmax.reduceat(value, starts),
        np.add.reduceat(np.where(number, value, 0.0), starts), np.add.reduceat(doubtful.astype(np.int64), starts),
    )  # fmt: skip


def _starts(time: NDArray[np.int64], step: int | None, most: int) -> NDArray[np.int64]:
    """Where runs begin: after equal parts of the time, and behind each gap."""
    width = max(1, (int(time[-1]) - int(time[0])) // most + 1)
    bucket = (time - time[0]) // width
    new = np.append(True, bucket[1:] != bucket[:-1])
    if step:
        new[1:] |= np.diff(time) > GAP * step
    return np.flatnonzero(new)


def _lacks(held: _Runs, step: int | None) -> NDArray[np.bool_]:
    """Runs that lack so much that a gap may be hidden in them."""
    if not step:
        return np.zeros(len(held), bool)
    return held.last - held.first - (held.count - 1) * step > GAP * step


def _gaps(first: NDArray[np.int64], last: NDArray[np.int64], step: int | None) -> tuple[Gap, ...]:
    if not step or not len(first):
        return ()
    at = np.flatnonzero(first[1:] - last[:-1] > GAP * step)
    return tuple(zip(last[at].tolist(), first[at + 1].tolist(), strict=True))


def _curve(
    runs: _Runs, step: int | None, *, is_exact: bool, gaps: tuple[Gap, ...], knows_gaps: bool,
    doubtful: tuple[NDArray[np.int64], NDArray[np.float64]], doubtful_count: int | None,
) -> Curve:  # fmt: skip
    numbers = int(runs.numbers.sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = runs.total / runs.numbers
    time = runs.first + (runs.last - runs.first) // 2
    columns: list[NDArray[np.float64]] = [np.asarray(c, float) for c in (mean, runs.low, runs.high)]
    if step and len(runs):
        # A point without a value between two runs leaves the curve open.
        at = np.flatnonzero(runs.first[1:] - runs.last[:-1] > GAP * step) + 1
        time = np.insert(time, at, runs.last[at - 1] + (runs.first[at] - runs.last[at - 1]) // 2)
        columns = [np.insert(column, at, np.nan) for column in columns]
    return Curve(
        is_exact=is_exact, time=time, value=columns[0], low=columns[1], high=columns[2],
        count=int(runs.count.sum()), numbers=numbers,
        lowest=float(np.nanmin(runs.low)) if numbers else np.nan, highest=float(np.nanmax(runs.high)) if numbers else np.nan,
        mean=float(runs.total.sum() / numbers) if numbers else np.nan,
        doubtful=doubtful, doubtful_count=doubtful_count, gaps=gaps, knows_gaps=knows_gaps,
        first=int(runs.first[0]) if len(runs) else None, last=int(runs.last[-1]) if len(runs) else None,
    )  # fmt: skip
