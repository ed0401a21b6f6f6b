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
from estran.observations.store.columns import array
from estran.observations.vectors import Vector, listed, times

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from estran.observations.entities import Query
    from estran.observations.expressions import Expression
    from estran.observations.grouping import Group
    from estran.observations.store import SeriesStore
    from estran.observations.store.sensing import Observed

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
    """

    def __init__(self, store: SeriesStore, group: Group, known: Mapping[int, Observed]) -> None:
        self._store, self._group, self._known = store, group, known

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
        """How many there are."""
        return sum(len(part) for part in self._windows(query, _MOST, falling=False))

    def at(self, time: int) -> list[Entity]:
        """Those of a time."""
        return [one for _, one in self._read(time, time + 1, None)]

    def _windows(self, query: Query, wanted: int, *, falling: bool) -> Iterator[list[_Keyed]]:
        """From one end of time on, in spans that widen."""
        span = self._group.span
        if span is None:
            return
        start, end = span_of(query.where)
        low, high = max(span[0], start), min(span[1] + 1, end)
        last = _last(query)
        if last is not None:
            low, high = (low, min(high, last[0] + 1)) if falling else (max(low, last[0]), high)
        count = max(one.held for one in self._group.members)
        width = max(int(2 * min(wanted, _MOST) * (span[1] - span[0] + 1) / max(count, 1)), 1)
        while low < high:
            begin, after = (max(low, high - width), high) if falling else (low, min(high, low + width))
            found = self._read(begin, after, query.where)
            if last is not None:
                found = [one for one in found if (one[0] < last if falling else one[0] > last)]
            yield found[::-1] if falling else found
            low, high = (low, begin) if falling else (after, high)
            if not found:
                width *= _WIDER

    def _read(self, start: int, end: int, where: Expression | None) -> list[_Keyed]:
        numbers = [one.number for one in self._group.members]
        rows = judged(self._store.read(numbers, start, end), self._store.quality)
        said = self._store.sensing.said(None, rows)
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

    def __init__(self, found: Sequence[_Keyed]) -> None:
        self._found = [one for _, one in found]
        self._times = np.array([time for (time, _), _ in found], np.int64)

    def __len__(self) -> int:
        return len(self._found)

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
