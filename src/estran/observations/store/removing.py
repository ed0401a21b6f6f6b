"""What a datastream knows of its observations when some are taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estran.observations.store.columns import array, kept

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from estran.observations.store.registry import Tally

__all__ = ["without_removed"]

_WIDER = 8
_SPAN_US = 3_600_000_000

type _Read = Callable[[Sequence[int], int, int], pa.Table]


def without_removed(known: dict[int, Tally], rows: pa.Table, read: _Read) -> None:
    """Let datastreams know of fewer; their ends are looked up where one of them went.

    Args:
        known: what they knew.
        rows: that were taken out.
        read: (datastreams, start, end) -> what is left.
    """
    streams, counts = np.unique(array(rows, "datastream"), return_counts=True)
    for stream, count in zip(streams.tolist(), counts.tolist(), strict=True):
        tally = known[stream]
        time = array(kept(rows, array(rows, "datastream") == stream), "time")
        tally.count -= count
        if not tally.count:
            tally.forget()
            continue
        if tally.first is None or tally.last is None:
            continue
        if int(time.max()) >= tally.last:
            left = _last(stream, (tally.first, tally.last), read, tally.step)
            if not left.num_rows:
                tally.forget()
                continue
            tally.last = None
            tally.add(
                0, (tally.first, int(array(left, "time")[-1])), left.slice(left.num_rows - 1).to_pylist()[0]
            )
        if int(time.min()) <= tally.first:
            tally.first = _first(stream, (tally.first, tally.last or tally.first), read, tally.step)


def _last(stream: int, within: tuple[int, int], read: _Read, step: int | None) -> pa.Table:
    """The last rows that are left."""
    span, end = step or _SPAN_US, within[1] + 1
    while True:
        rows = read([stream], max(within[0], end - span), end)
        if rows.num_rows or end - span <= within[0]:
            return rows
        span *= _WIDER


def _first(stream: int, within: tuple[int, int], read: _Read, step: int | None) -> int:
    span = step or _SPAN_US
    while True:
        rows = read([stream], within[0], min(within[1] + 1, within[0] + span))
        if rows.num_rows or within[0] + span > within[1]:
            return int(array(rows, "time")[0]) if rows.num_rows else within[0]
        span *= _WIDER
