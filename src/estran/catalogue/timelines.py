"""How many records have data when: bars of equal years over all the time that they cover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from estran.model import EVER_US, NEVER_US, now

if TYPE_CHECKING:
    import numpy as np

    from estran.catalogue.store.extents import Spans

__all__ = ["Bar", "Timeline", "timeline"]

_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
_EPOCH = 1970
# So many in a hundred at either end are one bar, where they lie far from all others.
_FEW_PERCENT = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Records with data in some years.

    Attributes:
        start, end: first and last year; None where all that lies before or after is counted here.
        count: how many; those that describe one dataset count once.
    """

    start: int | None
    end: int | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Bars from the earliest to the latest year.

    Attributes:
        step: years of a bar; bars: in their order, those with nothing included.
    """

    step: int
    bars: tuple[Bar, ...] = ()


def timeline(spans: Spans, groups: np.ndarray[Any, Any], most: int) -> Timeline:
    """The bars of some periods.

    Args:
        spans: the periods.
        groups: for each of them, a number of whatever is to be counted once.
        most: at most so many bars.
    """
    import numpy as np  # noqa: PLC0415 - only where something is drawn

    if not len(spans.pks):
        return Timeline(step=1)
    first, last = _years(spans.starts), _years(spans.ends - 1)
    open_start, open_end = spans.starts <= EVER_US, spans.ends >= NEVER_US
    known = np.concatenate([first[~open_start], last[~open_end]])
    if not len(known):
        return Timeline(step=1)
    this_year = now().year
    low = int(known.min())
    high = int(max(known.max(), this_year if open_end.any() else known.max()))
    trimmed = _trimmed(known, low, high, most)
    step = next((s for s in _STEPS if (trimmed[1] - trimmed[0]) // s + 1 < most), _STEPS[-1])
    start = trimmed[0] // step * step
    count = (trimmed[1] - start) // step + 1
    # What is still going on has no data of years to come.
    last = np.where(open_end, np.maximum(first, this_year), last)
    first = np.where(open_start, np.minimum(low, last), first)
    counted = _counted((first - start) // step, (last - start) // step, groups, count)
    bars = [
        Bar(start=start + n * step, end=start + (n + 1) * step - 1, count=int(found))
        for n, found in enumerate(counted)
    ]
    if low < start:
        bars[0] = Bar(start=None, end=bars[0].end, count=bars[0].count)
    if high >= start + count * step:
        bars[-1] = Bar(start=bars[-1].start, end=None, count=bars[-1].count)
    return Timeline(step=step, bars=tuple(bars))


def _years(instants: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return instants.astype("datetime64[us]").astype("datetime64[Y]").astype(int) + _EPOCH


def _trimmed(known: np.ndarray[Any, Any], low: int, high: int, most: int) -> tuple[int, int]:
    """The years to draw: all, or those of nearly all records where a few would press the rest together."""
    import numpy as np  # noqa: PLC0415

    if high - low < most:
        return low, high
    near, far = (int(y) for y in np.percentile(known, [_FEW_PERCENT, 100 - _FEW_PERCENT]))
    return (near, far) if 2 * (far - near) < high - low else (low, high)


def _counted(
    first: np.ndarray[Any, Any], last: np.ndarray[Any, Any], groups: np.ndarray[Any, Any], count: int
) -> np.ndarray[Any, Any]:
    """How many groups each of `count` bars has; what lies before or after them is in the outer ones."""
    import numpy as np  # noqa: PLC0415

    first, last = first.clip(0, count - 1), last.clip(0, count - 1)
    order = np.lexsort((first, groups))
    first, last, groups = first[order], last[order], groups[order]
    # A group with several periods in one bar is there once: each period starts after what those before reach.
    fresh = np.concatenate([[True], groups[1:] != groups[:-1]])
    offset = np.cumsum(fresh) * (count + 1)
    reached = np.maximum.accumulate(last + offset)
    before = np.concatenate([[-1], reached[:-1] - offset[1:]])
    first = np.where(fresh, first, np.maximum(first, before + 1))
    more = first <= last
    steps = np.bincount(first[more], minlength=count + 1) - np.bincount(last[more] + 1, minlength=count + 1)
    return np.cumsum(steps)[:count]
