"""Waves on their way to envelopes: samples of one channel gathered by the minute."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from estran.formats import Rows
from estran.formats._seed.channels import KINDS, MINUTE_US

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Envelope"]

_MINUTE_NS = MINUTE_US * 1000
_HALF = 0.5


type _Minute = tuple[float, float, float, int]


def _together(before: _Minute | None, own: _Minute) -> _Minute:
    if before is None:
        return own
    return min(before[0], own[0]), max(before[1], own[1]), before[2] + own[2], before[3] + own[3]


@dataclass(slots=True)
class Envelope:
    """The minutes of one channel: of each the lowest and highest sample, their sum and count."""

    rate: float
    minutes: dict[int, _Minute] = field(default_factory=dict[int, _Minute])

    def take(self, start_ns: int, samples: NDArray[np.float64]) -> None:
        """Add samples that follow each other from an instant in nanoseconds."""
        step = 1e9 / self.rate
        # Offsets, not instants: these would lose their nanoseconds in a float.
        since, into = divmod(start_ns, _MINUTE_NS)
        minute = (into + np.arange(len(samples)) * step) // _MINUTE_NS
        good = np.isfinite(samples)
        minute, samples = minute[good].astype(np.int64) + since, samples[good]
        if not len(samples):
            return
        heads = np.flatnonzero(np.append(True, minute[1:] != minute[:-1]))
        lows, highs = np.minimum.reduceat(samples, heads), np.maximum.reduceat(samples, heads)
        sums, counts = np.add.reduceat(samples, heads), np.diff(np.append(heads, len(samples)))
        told = zip(
            minute[heads].tolist(), lows.tolist(), highs.tolist(), sums.tolist(), counts.tolist(), strict=True
        )
        for at, *own in told:
            self.minutes[at] = _together(self.minutes.get(at), (own[0], own[1], own[2], own[3]))

    def rows(self, key: str) -> Iterator[Rows]:
        """All minutes; of several, the first and the last only where half of their samples are here.

        The other half of such a minute lies in the file before or after, which tells it better.
        """
        order = sorted(self.minutes)
        half = _HALF * self.rate * MINUTE_US / 1e6
        edges = {order[0], order[-1]} if len(order) > 1 else set[int]()
        kept = [at for at in order if at not in edges or self.minutes[at][3] >= half] or order
        told = [self.minutes[at] for at in kept]
        time = np.array(kept, np.int64) * MINUTE_US
        columns = {
            "minimum": [low for low, _, _, _ in told],
            "maximum": [high for _, high, _, _ in told],
            "mean": [total / count for _, _, total, count in told],
        }
        for kind in KINDS:
            yield Rows(
                datastream=f"{key}/{kind}",
                time=time,
                until=time + MINUTE_US,
                value=np.array(columns[kind], np.float64),
            )
