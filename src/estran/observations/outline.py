"""Small curves of many datastreams, for lists: where each went, broken off where nothing is, in a few points."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.observations.plotting import GAP
from estran.observations.quality import Judging
from estran.observations.quality.meanings import BAD, SUSPECT
from estran.observations.store.columns import array
from estran.observations.store.outlines import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.observations.store import SeriesStore
    from estran.observations.store.registry import HeldDatastream

__all__ = ["Outline", "Piece", "outlines"]

type _Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch without a gap: of each of its points the microsecond, and the extremes and the mean of its numbers."""

    time: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    mean: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a datastream looks like; doubtful values count for nothing.

    Attributes:
        first, last: microseconds, of the whole datastream.
        pieces: in the order of time.
        lowest, highest, mean: of all its numbers.
    """

    first: int
    last: int
    pieces: tuple[Piece, ...]
    lowest: float
    highest: float
    mean: float


def outlines(store: SeriesStore, streams: Sequence[HeldDatastream]) -> dict[int, Outline]:
    """Number of a datastream -> what it looks like, of those that have numbers."""
    known = {one.number: one for one in streams if one.first is not None and one.last is not None}
    if not known:
        return {}
    runs = store.outlines.runs(list(known.values()))
    good = (array(runs, "numbers") > 0) & ~_doubtful(runs, Judging.of(streams, store.quality))
    number = array(runs, "datastream")
    columns = {
        name: array(runs, name) for name in ("time", "last", "low", "high", "total", "numbers", "count")
    }
    found: dict[int, Outline] = {}
    for one in np.unique(number[good]).tolist():
        own = good & (number == one)
        found[one] = _outline(known[one], {name: column[own] for name, column in columns.items()})
    return found


def _doubtful(runs: pa.Table, judging: Judging) -> NDArray[np.bool_]:
    """Runs that are doubtful as a whole: by producer and tests, unless experts say something of all of it."""
    found = replace(judging, verdicts=()).column(runs)
    number, first, last = (array(runs, name) for name in ("datastream", "time", "last"))
    for one in judging.verdicts:
        found[(number == one.datastream) & (first >= one.start) & (last < one.end)] = one.code
    return np.isin(found, (SUSPECT, BAD))


def _outline(stream: HeldDatastream, runs: _Columns) -> Outline:
    first, last, step = stream.first or 0, stream.last or 0, stream.step
    width = (last - first) // PARTS + 1
    far = max(width, GAP * step) if step else np.inf
    mean = float(runs["total"].sum() / runs["numbers"].sum())
    if step:
        runs = _halved(runs, step, far)
    runs = {name: column[np.argsort(runs["time"], kind="stable")] for name, column in runs.items()}
    starts = np.flatnonzero(np.append(True, np.diff((runs["time"] - first) // width) != 0))
    begins, until = runs["time"][starts], np.maximum.reduceat(runs["last"], starts)
    low, high = np.fmin.reduceat(runs["low"], starts), np.fmax.reduceat(runs["high"], starts)
    means = np.add.reduceat(runs["total"], starts) / np.add.reduceat(runs["numbers"], starts)
    parted = np.flatnonzero(begins[1:] - np.maximum.accumulate(until)[:-1] > far) + 1
    middle = begins + (until - begins) // 2
    return Outline(
        first=first, last=last, lowest=float(low.min()), highest=float(high.max()), mean=mean,
        pieces=tuple(
            Piece(middle[some], low[some], high[some], means[some])
            for some in np.split(np.arange(len(starts)), parted)
        ),
    )  # fmt: skip


def _halved(runs: _Columns, step: int, far: float) -> _Columns:
    """Runs in which a gap is hidden are two, one at each end: where it lies within is not known."""
    filled = (runs["count"] - 1) * step
    hides = runs["last"] - runs["time"] - filled > far
    half = (filled // 2)[hides]
    after = {name: column[hides] for name, column in runs.items()}
    after["time"] = after["last"] - half
    runs = {name: column.copy() for name, column in runs.items()}
    runs["last"][hides] = runs["time"][hides] + half
    return {name: np.concatenate([column, after[name]]) for name, column in runs.items()}
