"""Observations of a MultiDatastream: those of its datastreams of one time and vertical, as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estran.errors import Invalid
from estran.observations.entities import Entity, Page
from estran.observations.evaluating import Columns, holds
from estran.observations.expressions import Path, paths
from estran.observations.observing import span_of
from estran.observations.quality import judged
from estran.observations.rows import ID_STEP, entities
from estran.observations.store.columns import KEY, NAMES, array
from estran.observations.vectors import Vector, listed, times

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.observations.entities import Query
    from estran.observations.expressions import Expression
    from estran.observations.grouping import Group
    from estran.observations.store import Extent, SeriesStore
    from estran.observations.store.sensing import Observed
    from estran.observations.then import Then

__all__ = ["FIRST_ID", "Together"]

FIRST_ID = 2**52
"""Ids of observations of several datastreams: this, and the id of the first of them."""
_WIDER = 4
_MOST = 200_000
_RESULTS = ("phenomenonTime", "id", "result")

type _Keyed = tuple[tuple[int, float], Entity]


class Together:
    """The observations of a group.

    Args:
        store: in which they lie.
        group: of datastreams.
        known: datastream -> what is needed to tell its observations.
        extents: of the datastreams.
        then: what was said at the instant as of which they are wanted; None for now.
    """

    def __init__(
        self, store: SeriesStore, group: Group, known: Mapping[int, Observed], extents: Sequence[Extent],
        then: Then | None = None,
    ) -> None:  # fmt: skip
        self._store, self._group, self._known = store, group, known
        self._extents, self._then = extents, then

    def page(self, query: Query) -> Page:
        """The first of them, by time, with what names the last where more follow.

        Raises:
            Invalid: they are wanted in another order, or too many at once.
        """
        falling = _falling(query)
        wanted = query.skip + query.most + 1
        if wanted > _MOST:
            raise Invalid(f"at most {_MOST:,} observations are skipped and given at once", "$skip")
        found: list[_Keyed] = []
        for part in self._windows(query, wanted, falling=falling):
            found += part
            if len(found) >= wanted:
                break
        end = query.skip + query.most
        shown = found[query.skip : end]
        after = (self._group.number, *shown[-1][0]) if len(found) > end and shown else None
        return Page([one for _, one in shown], after)

    def count(self, query: Query) -> int:
        """How many there are; conditions on more than the time make entities of them."""
        where = query.where
        if where is not None and any(path.steps != ("phenomenonTime",) for path in paths(where)):
            return sum(len(part) for part in self._windows(query, _MOST, falling=False))
        count = 0
        for start, end in self._spans(_MOST, *span_of(where)):
            at = _distinct(self._rows(start, end, KEY))
            held = holds(where, _Joined((), at)) if where is not None and len(at) else None
            count += len(at) if held is None else int(np.count_nonzero(held))
        return count

    def at(self, time: int) -> list[Entity]:
        """Those of a time."""
        return [one for _, one in self._read(time, time + 1, None)]

    def _windows(self, query: Query, wanted: int, *, falling: bool) -> Iterator[list[_Keyed]]:
        """From one end of time on, in spans that widen."""
        if not self._extents:
            return
        start, end = span_of(query.where)
        low, high = max(self._first, start), min(self._end, end)
        last = _last(query)
        if last is not None:
            low, high = (low, min(high, last[0] + 1)) if falling else (max(low, last[0]), high)
        width = self._width(wanted)
        while low < high:
            begin, after = (max(low, high - width), high) if falling else (low, min(high, low + width))
            found = self._read(begin, after, query.where)
            if last is not None:
                found = [one for one in found if (one[0] < last if falling else one[0] > last)]
            yield found[::-1] if falling else found
            low, high = (low, begin) if falling else (after, high)
            if not found:
                width *= _WIDER

    @property
    def _first(self) -> int:
        return min(one.first for one in self._extents)

    @property
    def _end(self) -> int:
        return max(one.last for one in self._extents) + 1

    def _width(self, wanted: int) -> int:
        """A span of time that should hold about so many, with room."""
        count = max(one.count for one in self._extents)
        return max(int(2 * min(wanted, _MOST) * (self._end - self._first) / max(count, 1)), 1)

    def _spans(self, wanted: int, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Spans of time that hold about so many each."""
        if self._extents:
            low, high, width = max(self._first, start), min(self._end, end), self._width(wanted)
            for at in range(low, high, width):
                yield at, min(at + width, high)

    def _rows(self, start: int, end: int, names: Sequence[str] = NAMES) -> pa.Table:
        numbers = [one.number for one in self._group.members]
        return self._store.read(numbers, start, end, names, self._then and self._then.version)

    def _read(self, start: int, end: int, where: Expression | None) -> list[_Keyed]:
        numbers = [one.number for one in self._group.members]
        rows = self._rows(start, end)
        rows = self._then.judged(rows) if self._then else judged(rows, self._store.quality)
        said = {} if self._then else self._store.sensing.said(None, rows)
        held: dict[tuple[int, float], dict[int, Entity]] = {}
        keys = zip(array(rows, "time").tolist(), array(rows, "vertical").tolist(), strict=True)
        for key, one in zip(keys, entities(rows, self._known, said), strict=True):
            held.setdefault(key, {})[one.number // ID_STEP] = one
        found = [(key, self._joined([held[key].get(number) for number in numbers])) for key in sorted(held)]
        if where is not None and found:
            which = holds(where, _Joined(found))
            found = [one for one, is_ in zip(found, which.tolist(), strict=True) if is_]
        return found

    def _joined(self, parts: Sequence[Entity | None]) -> Entity:
        """One of several, whose result is missing where a datastream has none then."""
        there = [one for one in parts if one is not None]
        first = there[0]
        told = {
            **first.told,
            "result": [None if one is None else one.told["result"] for one in parts],
            "resultQuality": [None if one is None else one.told["resultQuality"] for one in parts],
        }
        ties = {"MultiDatastream": self._group.number, "FeatureOfInterest": first.ties["FeatureOfInterest"]}
        return Entity(FIRST_ID + first.number, told, ties)


def _distinct(rows: pa.Table) -> NDArray[np.int64]:
    """The times of rows, once for each vertical."""
    time, vertical = array(rows, "time"), array(rows, "vertical")
    order = np.lexsort([vertical, time])
    time, vertical = time[order], vertical[order]
    is_other = (time[1:] != time[:-1]) | (vertical[1:] != vertical[:-1])
    return time[np.append(np.ones(min(len(time), 1), bool), is_other)]


def _last(query: Query) -> tuple[int, float] | None:
    """Time and vertical of the last that was given before."""
    if query.after is None:
        return None
    try:
        _, time, vertical = query.after
        return int(time), float(vertical)
    except (TypeError, ValueError, OverflowError):
        raise Invalid("it belongs to another question; start from the first page", "$skiptoken") from None


def _falling(query: Query) -> bool:
    if not query.order:
        return False
    first = query.order[0]
    if not isinstance(first.by, Path) or first.by.steps != ("phenomenonTime",):
        raise Invalid("observations of a MultiDatastream are sorted by phenomenonTime", "$orderby")
    return first.descending


class _Joined(Columns):
    """Observations of several datastreams as columns."""

    def __init__(self, found: Sequence[_Keyed], times: NDArray[np.int64] | None = None) -> None:
        self._found = [one for _, one in found]
        self._times = np.array([time for (time, _), _ in found], np.int64) if times is None else times

    def __len__(self) -> int:
        return len(self._times)

    def met(self, condition: Expression) -> NDArray[np.bool_] | None:
        """None is known."""
        for path in paths(condition):
            if path.steps[0].partition("[")[0] not in _RESULTS:
                raise Invalid(
                    f"observations of a MultiDatastream are found by {', '.join(_RESULTS)} and result[0]",
                    "$filter",
                )
        return None

    def column(self, path: Path) -> Vector:
        """A property of each; of the results one by its place."""
        name, _, place = path.steps[0].partition("[")
        none = np.zeros(len(self), bool)
        if name == "id":
            return Vector("number", np.array([one.number for one in self._found], np.float64), none)
        if name == "phenomenonTime":
            return times(self._times, self._times, none)
        if not place:
            return listed("json", [one.told["result"] for one in self._found])
        at_place = int(place.rstrip("]"))
        results = [one.told["result"] for one in self._found]
        return listed("json", [held[at_place] if at_place < len(held) else None for held in results])
