"""Observations written one by one or together, changed and taken out, as SensorThings does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.errors import Conflict, Invalid, NotFound
from estran.observations import given as reading
from estran.observations.rows import ID_STEP
from estran.observations.store.columns import array, kept

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa

    from estran.observations.store.changing import Changing

__all__ = ["Documents", "Recording"]

_HOUR_US = 3_600_000_000

type Documents = tuple[int, Sequence[dict[str, Any]], Sequence[dict[str, Any]]]
"""Number of a datastream, the properties of observations of it, and what is given inside each by its links."""


class Recording:
    """Writes of observations within one transaction.

    Args:
        changing: the rows.
        row: (set, number) -> a row that is there and may be written.
        rows: (set, numbers) -> the same of many, by number.
        one: (set, document, dataset) -> number of an entity that is named, or made where it is given whole.
    """

    def __init__(
        self,
        changing: Changing,
        row: Callable[[str, int], dict[str, Any]],
        rows: Callable[[str, Sequence[int]], dict[int, dict[str, Any]]],
        one: Callable[[str, Any, int], int],
    ) -> None:
        self._changing, self._row, self._rows, self._one = changing, row, rows, one

    def make(self, own: dict[str, Any], inside: dict[str, Any]) -> int:
        """Write an observation; one of the same time takes the place of what was there."""
        reading.required("Observations", own)
        stream = reading.reference(inside.get("Datastream")) if "Datastream" in inside else None
        if stream is None:
            raise Invalid('an Observation has a Datastream; give its id: {"@iot.id": 1}', "Datastream")
        row = self._row("Datastreams", stream)
        feature = self._feature(row, inside, self._changing.features([row["thing"]]))
        axis = reading.vertical(row["told"])
        made, said = reading.row(stream, own, feature, axis), reading.said(own, axis)
        self._changing.put(reading.table([made]))
        [number] = self._ids([made])
        self._changing.say({stream: {number % ID_STEP: said}})
        return number

    def _feature(
        self, stream: Mapping[str, Any], inside: Mapping[str, Any], features: Mapping[int, int]
    ) -> int:
        """What is observed: what is said, else what the thing of a datastream is."""
        if "FeatureOfInterest" in inside:
            return self._one("FeaturesOfInterest", inside["FeatureOfInterest"], stream["dataset"])
        if stream["thing"] not in features:
            raise Invalid(
                "its Thing has no Location of which a feature of interest could be made; give a FeatureOfInterest",
                "FeatureOfInterest",
            )
        return features[stream["thing"]]

    def many(self, groups: Sequence[Documents]) -> list[list[int | Invalid]]:
        """Write observations of datastreams; gives of each group the ids, or why one was not written.

        Raises:
            Invalid: there is no such datastream.
            NotAllowed: one may not be written to.
        """
        rows = self._rows("Datastreams", list(dict.fromkeys(stream for stream, _, _ in groups)))
        features = self._changing.features(sorted({row["thing"] for row in rows.values()}))
        made = [self._understood(rows[stream], features, *more) for stream, *more in groups]
        good = [part for parts in made for part in parts if not isinstance(part, Invalid)]
        if good:
            self._changing.put(reading.table([one for one, _ in good]))
        ids = self._ids([one for one, _ in good])
        said: dict[int, dict[int, str]] = {}
        for id_, (_, words) in zip(ids, good, strict=True):
            said.setdefault(id_ // ID_STEP, {})[id_ % ID_STEP] = words
        self._changing.say(said)
        each = iter(ids)
        return [[part if isinstance(part, Invalid) else next(each) for part in parts] for parts in made]

    def _understood(
        self,
        row: Mapping[str, Any],
        features: Mapping[int, int],
        documents: Sequence[dict[str, Any]],
        insides: Sequence[dict[str, Any]],
    ) -> list[tuple[dict[str, Any], str] | Invalid]:
        """Observations of a datastream as rows, each with what has no room in it, or why it cannot be read."""
        vertical = reading.vertical(row["told"])
        made: list[tuple[dict[str, Any], str] | Invalid] = []
        for own, inside in zip(documents, insides, strict=True):
            try:
                reading.required("Observations", own)
                feature = self._feature(row, inside, features)
                made.append((reading.row(row["number"], own, feature, vertical), reading.said(own, vertical)))
            except Invalid as error:
                made.append(error)
        return made

    def _ids(self, made: Sequence[dict[str, Any]]) -> list[int]:
        """The ids of observations that were just written."""
        spans: dict[int, tuple[int, int]] = {}
        for one in made:
            low, high = spans.get(one["datastream"], (one["time"], one["time"]))
            spans[one["datastream"]] = min(low, one["time"]), max(high, one["time"])
        # What was observed in the same hours is read at once, and nothing far from what was written.
        together: dict[tuple[int, int], list[int]] = {}
        for stream, (low, high) in spans.items():
            together.setdefault((low // _HOUR_US, high // _HOUR_US), []).append(stream)
        numbers: dict[tuple[int, int, float], int] = {}
        for streams in together.values():
            first, last = min(spans[one][0] for one in streams), max(spans[one][1] for one in streams)
            held = self._changing.observations(streams, first, last + 1)
            keys = zip(*(held[name].to_pylist() for name in ("datastream", "time", "vertical")), strict=True)
            numbers |= dict(zip(keys, held["number"].to_pylist(), strict=True))
        return [
            one["datastream"] * ID_STEP + numbers[one["datastream"], one["time"], one["vertical"]]
            for one in made
        ]

    def patch(self, number: int, own: dict[str, Any], inside: dict[str, Any]) -> None:
        """Change an observation; it keeps its id, also at another time.

        Raises:
            NotFound: there is none of that number.
            Conflict: it is to be of another datastream.
        """
        stream, held = self._observed(number)
        row = self._row("Datastreams", stream)
        if "Datastream" in inside and reading.reference(inside["Datastream"]) != stream:
            raise Conflict("an observation stays with its Datastream; make it anew in the other")
        axis = reading.vertical(row["told"])
        before = reading.decoded(self._changing.said(stream, number % ID_STEP))
        merged = {**reading.told(held, row["told"]), **before, **own}
        feature = int(array(held, "feature")[0]) or None
        if "FeatureOfInterest" in inside:
            feature = self._one("FeaturesOfInterest", inside["FeatureOfInterest"], row["dataset"])
        changed = reading.table([reading.row(stream, merged, feature, axis, held.to_pylist()[0])])
        if any(array(held, name)[0] != array(changed, name)[0] for name in ("time", "vertical")):
            self._changing.remove(held)
        self._changing.put(changed, number % ID_STEP)
        self._changing.say({stream: {number % ID_STEP: reading.said(merged, axis)}})

    def _observed(self, number: int) -> tuple[int, pa.Table]:
        stream = number // ID_STEP
        times = self._changing.times_of(stream, number % ID_STEP) if stream < ID_STEP // 2 else []
        for time in times:
            rows = self._changing.observations([stream], time, time + 1)
            rows = kept(rows, array(rows, "number") == number % ID_STEP)
            if rows.num_rows:
                return stream, rows
        raise NotFound("Observation", str(number))

    def delete(self, number: int) -> None:
        """Take an observation out."""
        stream, rows = self._observed(number)
        self._row("Datastreams", stream)
        self._changing.remove(rows)
        self._changing.say({stream: {number % ID_STEP: ""}})
