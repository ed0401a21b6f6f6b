"""Observations as pages show them: curves, profiles, the newest values, and what there is, where and how complete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from estran.errors import NotFound
from estran.observations.outline import Outline, outlines
from estran.observations.plotting import Curve, of_rows, of_tiles
from estran.observations.quality import Judging
from estran.observations.quality.meanings import BAD, SUSPECT
from estran.observations.store.columns import array

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.model import Thing
    from estran.observations.store import SeriesStore
    from estran.observations.store.overview import Property, Station
    from estran.observations.store.registry import HeldDatastream

__all__ = ["Overview", "Profile", "complete", "doubtful"]

_COLUMNS = (
    "datastream",
    "time",
    "vertical",
    "value",
    "words",
    "flag",
    "tested",
    "longitude",
    "latitude",
    "number",
)
_MOST_POINTS = 2000
# From so many tiles on a curve is made of them; below, observations are read.
_LEAST_TILES = 500
_DOUBTFUL = (SUSPECT, BAD)
_STEP_US = 3_600_000_000
_SEVERAL = 150.0
"""A share of so many percent is no share: at one time there are several values."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What was observed at one time along the vertical."""

    time: int
    vertical: NDArray[np.float64]
    value: NDArray[np.float64]
    doubtful: NDArray[np.bool_]


class Overview:
    """What an actor sees of observations, as pages show it.

    Args:
        store: of the observations.
        seen: gives the numbers of the datasets that the actor sees by the id of their record.
    """

    def __init__(self, store: SeriesStore, seen: Callable[[], dict[str, int]]) -> None:
        self._store, self._seen = store, seen

    def datastream(self, number: int) -> HeldDatastream:
        """One datastream.

        Raises:
            NotFound: there is none of this number, or none that the actor may know of.
        """
        found = self._store.datastreams(list(self._seen().values()), numbers=[number])
        if not found:
            raise NotFound("datastream", str(number), "/en/stations leads to those that there are.")
        return found[0]

    def plotted(self, stream: HeldDatastream, start: int, end: int, *, most: int = _MOST_POINTS) -> Curve:
        """The curve of a datastream in [start, end), of at most so many points, but for those that part gaps."""
        start, end = _within(stream, start, end)
        tiles = self._store.graded(stream.number, start, end, _LEAST_TILES)
        if tiles and tiles.tiles:
            said = [
                (one.start, one.end, one.code in _DOUBTFUL)
                for one in self._store.quality.verdicts([stream.number])
            ]

            def read(begin: int, after: int) -> tuple[pa.Table, NDArray[np.bool_]]:
                rows = self.rows(stream, begin, after)
                return rows, doubtful(rows)

            return of_tiles(tiles, said, read, step=stream.step, span=(start, end), most=most)
        rows = self.rows(stream, start, end)
        return of_rows(rows, doubtful(rows), stream.step, most)

    def outlined(self, streams: Sequence[HeldDatastream]) -> Mapping[int, Outline]:
        """Number of a datastream -> what it looks like as a whole; the same few questions for many as for one."""
        return outlines(self._store, streams)

    def rows(self, stream: HeldDatastream, start: int, end: int) -> pa.Table:
        """The observations of a datastream in [start, end), with their quality."""
        found = self._store.read([stream.number], start, end, _COLUMNS)
        return Judging.of([stream], self._store.quality).told(found)

    def newest(self, stream: HeldDatastream, start: int, end: int, most: int) -> pa.Table:
        """The last observations before `end`, at most so many, none before `start`; in the order of time."""
        start, end = _within(stream, start, end)
        width = max(stream.step or _STEP_US, 1) * most * 2
        while True:
            begin = max(start, end - width)
            rows = self.rows(stream, begin, end)
            if rows.num_rows >= most or begin <= start:
                return rows.slice(max(0, rows.num_rows - most))
            width *= 8

    def profiles(self, stream: HeldDatastream, start: int, end: int, most: int) -> list[Profile]:
        """The newest profiles of a datastream in [start, end), at most so many, the oldest of them first."""
        start, end = _within(stream, start, end)
        width = max(stream.step or _STEP_US, 1) * (most + 1)
        while True:
            begin = max(start, end - width)
            rows = self.rows(stream, begin, end)
            times = np.unique(array(rows, "time"))
            if len(times) > most or begin <= start:
                break
            width *= 8
        time, poor = array(rows, "time"), doubtful(rows)
        found: list[Profile] = []
        for at in times[-most:].tolist():
            own = time == at
            found.append(Profile(at, array(rows, "vertical")[own], array(rows, "value")[own], poor[own]))
        return found

    def of_record(self, record: str, after: int, most: int) -> tuple[list[HeldDatastream], int]:
        """Datastreams of a record behind the one of this number, at most so many, and how many it has."""
        number = self._seen().get(record)
        return self._store.looks.of_record(number, after, most) if number is not None else ([], 0)

    def is_empty(self) -> bool:
        """Whether there are no datasets with observations."""
        return not self._seen()

    def properties(self, record: str = "") -> list[Property]:
        """The properties that there are observations of; of one record, if it is named."""
        seen = self._seen()
        sets = [seen[record]] if record in seen else [] if record else list(seen.values())
        return self._store.looks.properties(sets)

    def stations(self, names: Sequence[int] = ()) -> list[Station]:
        """The datastreams that have observations, by thing; of these properties, if any are named."""
        return self._store.looks.stations(list(self._seen().values()), names)

    def things(self, numbers: Sequence[int]) -> Mapping[int, Thing]:
        """What things are, by their number."""
        return self._store.looks.things(numbers)

    def counted(self, numbers: Sequence[int], start: int, end: int) -> Mapping[int, float]:
        """How many observations datastreams have in [start, end); of very many, about."""
        return self._store.counted(numbers, start, end)


def complete(count: float, span: tuple[int | None, int | None], step: int | None) -> float | None:
    """How many of the observations that a step would give in a span are there, in percent.

    Args:
        count: how many are there.
        span: first and last microsecond.
        step: microseconds from one to the next, usually.

    Returns:
        100 at most; None where nothing is known of the step or the span, or there are several at a time, as of
        profiles.
    """
    first, last = span
    if not step or first is None or last is None:
        return None
    share = 100.0 * count / max(1, (last - first) // step + 1)
    return None if share > _SEVERAL else min(100.0, share)


def doubtful(rows: pa.Table) -> NDArray[np.bool_]:
    """Which observations are suspect or bad."""
    return np.isin(array(rows, "quality"), _DOUBTFUL)


def _within(stream: HeldDatastream, start: int, end: int) -> tuple[int, int]:
    """A period within that of a datastream."""
    if stream.first is None or stream.last is None:
        return start, start
    return max(start, stream.first), min(end, stream.last + 1)
