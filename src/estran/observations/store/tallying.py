"""What is known of datastreams, with what was written of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estran.observations.store.columns import array

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.observations.store.registry import Tally

__all__ = ["heads", "tallied"]


def heads(rows: pa.Table) -> NDArray[np.int64]:
    """Where each datastream begins in rows that come sorted."""
    datastream = array(rows, "datastream")
    return np.flatnonzero(np.append(True, datastream[1:] != datastream[:-1]))


def tallied(known: dict[int, Tally], fresh: pa.Table, added: Mapping[int, int]) -> dict[int, Tally]:
    """What is known of datastreams, with what was written of each; rows come sorted."""
    at = heads(fresh)
    ends = np.append(at[1:], fresh.num_rows) - 1
    time = array(fresh, "time")
    newest = fresh.take(ends).to_pylist()
    told = zip(
        at.tolist(), array(fresh, "datastream")[at].tolist(), time[at].tolist(), time[ends].tolist(), newest,
        strict=True,
    )  # fmt: skip
    for head, stream, first, end, row in told:
        _pace(known[stream], time[head : head + added.get(stream, 0)], first)
        known[stream].add(added.get(stream, 0), (first, end), row)
    return known


def _pace(known: Tally, time: NDArray[np.int64], first: int) -> None:
    """Note the usual step of what came after all that was known; profiles have many values at one time."""
    if known.last is not None:
        if first <= known.last:
            return
        if len(time) == 1:
            # What comes one by one needs no median.
            known.pace(first - known.last, 1)
            return
        time = np.append(known.last, time)
    steps = np.diff(time)
    steps = steps[steps > 0]
    if len(steps):
        known.pace(int(np.median(steps)), len(steps))
