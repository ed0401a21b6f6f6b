"""Observations as columns of the properties that SensorThings gives them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import numpy as np

from estran.errors import Invalid
from estran.model import instant_us, moment_us
from estran.observations.entities import Entity, prefix, resolve
from estran.observations.evaluating import Columns, holds
from estran.observations.expressions import Expression, Path, further
from estran.observations.store.columns import array
from estran.observations.vectors import Vector, listed, times

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.observations.store.sensing import Observed

__all__ = ["ID_STEP", "Rows", "entities", "flagged", "id_of", "ranks", "result"]

_WHOLE = 2**53
NOTHING_SAID: Mapping[int, dict[str, Any]] = {}
_NOTHING: dict[str, Any] = {}
ID_STEP = 2**32
"""Id of an observation: its datastream times this, and its number."""


def id_of(rows: pa.Table) -> NDArray[np.int64]:
    """The ids of observations."""
    return array(rows, "datastream").astype(np.int64) * ID_STEP + array(rows, "number")


def entities(
    rows: pa.Table, known: Mapping[int, Observed], said: Mapping[int, dict[str, Any]] = NOTHING_SAID
) -> Iterator[Entity]:
    """Observations as they are told, with what is said beside their rows; these have a column ``quality``."""
    names = (
        "datastream",
        "time",
        "vertical",
        "value",
        "words",
        "until",
        "longitude",
        "result_time",
        "feature",
    )
    columns = [rows[name].to_pylist() for name in names]
    for id_, stream, time, vertical, value, words, until, x, at, feature, quality in zip(
        id_of(rows).tolist(), *columns, _qualities(rows), strict=True
    ):
        of = known[stream]
        told: dict[str, Any] = {
            "phenomenonTime": moment_us(time) if until is None else f"{moment_us(time)}/{moment_us(until)}",
            "result": result(of.kind, value, words),
            "resultTime": None if at is None else moment_us(at),
        }
        told["resultQuality"] = quality
        more = said.get(id_, _NOTHING)
        told |= more
        if of.vertical:
            told["parameters"] = {of.vertical: vertical} | more.get("parameters", {})
        ties = {"Datastream": stream, "FeatureOfInterest": feature or (of.feature if x is None else id_)}
        yield Entity(id_, told, ties)


def flagged(flag: str | None, quality: int) -> dict[str, Any]:
    """The producer's flag and the quality as ``resultQuality`` has them: an object's own members, else ``flag``."""
    if flag is None:
        return {"quality": quality}
    said: Any = flag
    if flag[:1] in {"{", "["}:
        with suppress(msgspec.DecodeError):
            said = msgspec.json.decode(flag)
    return (said if isinstance(said, dict) else {"flag": said}) | {"quality": quality}


def _qualities(rows: pa.Table) -> list[dict[str, Any]]:
    """What is told of the quality of each; what is alike is one object."""
    held: dict[tuple[str | None, int], dict[str, Any]] = {}
    pairs = zip(rows["flag"].to_pylist(), rows["quality"].to_pylist(), strict=True)
    return [held.get(pair) or held.setdefault(pair, flagged(*pair)) for pair in pairs]


def result(kind: str, value: float | None, words: str | None) -> Any:
    """A result as its type of observation has it; a whole number is written as one."""
    if value is None:
        if words is not None and words[:1] in {"{", "["} and kind.endswith("OM_Observation"):
            with suppress(msgspec.DecodeError):
                return msgspec.json.decode(words)
        return words
    if kind.endswith("OM_TruthObservation"):
        return bool(value)
    return int(value) if value.is_integer() and abs(value) < _WHOLE else value


class Asked(Protocol):
    """What is known of the question."""

    @property
    def sets(self) -> Mapping[Expression, NDArray[np.int64]]:
        """Condition on other entities -> the numbers for which it holds."""
        ...

    def features(self, rows: pa.Table) -> NDArray[np.int64]:
        """The id of the feature of interest of each."""
        ...

    def judged(self, rows: pa.Table) -> pa.Table:
        """Rows with their ``quality``."""
        ...

    def verticals(self, rows: pa.Table) -> Mapping[int, str]:
        """Datastream -> name of its third coordinate, "" without one."""
        ...

    def said(self, rows: pa.Table) -> Mapping[int, dict[str, Any]]:
        """What is said of observations beside their rows, by their id."""
        ...


class Rows(Columns):
    """Observations as columns of their properties."""

    def __init__(self, rows: pa.Table, asked: Asked) -> None:
        self._rows, self._asked = rows, asked

    def __len__(self) -> int:
        return self._rows.num_rows

    def met(self, condition: Expression) -> NDArray[np.bool_] | None:
        """Conditions on the datastream or the feature of interest are met by numbers."""
        links = prefix("Observations", condition)
        if not links:
            return None
        numbers = self._asked.sets[condition]
        if links[0] == "Datastream":
            return np.isin(array(self._rows, "datastream"), numbers)
        held = np.isin(self._asked.features(self._rows), numbers)
        there = np.isnan(array(self._rows, "longitude")) | (array(self._rows, "feature") > 0)
        return held if there.all() else np.where(there, held, holds(further(condition), _Places(self._rows)))

    def column(self, path: Path) -> Vector:  # noqa: PLR0911 - a property each
        """A property of each observation."""
        found, rows = resolve("Observations", path), self._rows
        none = np.zeros(len(self), bool)
        match found.name:
            case "id":
                return Vector("number", id_of(rows).astype(np.float64), none)
            case "phenomenonTime":
                start = array(rows, "time")
                return times(start, np.where(_missing(rows, "until"), start, array(rows, "until")), none)
            case "resultTime":
                at = array(rows, "result_time")
                return times(at, at, _missing(rows, "result_time"))
            case "result" if found.inside:
                raise Invalid("only observations of a MultiDatastream have several results", "$filter")
            case "result":
                value = array(rows, "value")
                return Vector("result", (value, self._words), np.isnan(value) & _missing(rows, "words"))
            case "resultQuality":
                return self._quality(found.inside)
            case "validTime":
                return self._valid()
            case _:
                return listed("json", [_within(one, found.inside) for one in self._parameters()])

    def _words(self) -> Vector:
        return listed("text", self._rows["words"].to_pylist())

    def _quality(self, inside: Sequence[str]) -> Vector:
        """Alone it is the producer's flag."""
        if not inside:
            return listed("json", self._rows["flag"].to_pylist())
        rows = self._asked.judged(self._rows)
        if inside == ("quality",):
            return Vector("number", rows["quality"].to_numpy(), np.zeros(len(self), bool))
        return listed("json", [_within(one, inside) for one in _qualities(rows)])

    def _valid(self) -> Vector:
        """The times in which observations are valid, of which few say one."""
        start, end = np.zeros(len(self), np.int64), np.zeros(len(self), np.int64)
        missing, said = np.ones(len(self), bool), self._asked.said(self._rows)
        for n, id_ in enumerate(id_of(self._rows).tolist() if said else ()):
            if (valid := said.get(id_, _NOTHING).get("validTime")) is not None:
                first, _, last = valid.partition("/")
                start[n], end[n], missing[n] = instant_us(first), instant_us(last), False
        return times(start, end, missing)

    def _parameters(self) -> list[dict[str, Any] | None]:
        """Of each, the third coordinate by its name, and what a client sent."""
        rows, said, axes = self._rows, self._asked.said(self._rows), self._asked.verticals(self._rows)
        columns = (id_of(rows).tolist(), array(rows, "datastream").tolist(), array(rows, "vertical").tolist())
        return [
            ({axis: vertical} if (axis := axes.get(stream)) else {})
            | said.get(id_, _NOTHING).get("parameters", {})
            or None
            for id_, stream, vertical in zip(*columns, strict=True)
        ]


def _within(held: Any, inside: Sequence[str]) -> Any:
    """A member of JSON, or of a member; None where there is none."""
    for name in inside:
        held = held.get(name) if isinstance(held, dict) else None
    return held


class _Places(Columns):
    """The places where observations were made, as features of interest."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return self._rows.num_rows

    def met(self, condition: Expression) -> NDArray[np.bool_] | None:
        """None is known."""
        del condition

    def column(self, path: Path) -> Vector:
        """A property of each place; it has an id and a geometry."""
        import shapely  # noqa: PLC0415 - heavy

        found = resolve("FeaturesOfInterest", path)
        if found.name == "id":
            return Vector("number", id_of(self._rows).astype(np.float64), np.zeros(len(self), bool))
        if found.name != "feature" or found.inside:
            return listed("json" if found.type != "text" else "text", [None] * len(self))
        x, y = array(self._rows, "longitude"), array(self._rows, "latitude")
        return Vector("place", shapely.points(x, y), np.isnan(x) | np.isnan(y))


def _missing(rows: pa.Table, name: str) -> NDArray[np.bool_]:
    return rows[name].is_null().to_numpy() if rows[name].null_count else np.zeros(rows.num_rows, bool)


def ranks(values: Vector) -> list[NDArray[Any]]:
    """Numbers by which values sort, nothing before something."""
    if values.kind == "result":
        numbers, words = values.data
        if not np.isnan(numbers[~values.missing]).any():
            return [~values.missing * 1, np.nan_to_num(numbers)]
        texts = words()
        return [~values.missing * 1, np.isnan(numbers) * 1, np.nan_to_num(numbers), _places_of(texts.data)]
    there = ~np.asarray(values.missing) * 1
    match values.kind:
        case "time":
            return [there, values.data[0], values.data[1]]
        case "json":
            # As entities are sorted: numbers after what is none, then words.
            is_number = [isinstance(v, int | float) and not isinstance(v, bool) for v in values.data]
            numbers = [v if is_ else 0 for v, is_ in zip(values.data, is_number, strict=True)]
            texts = [v if isinstance(v, str) else "" for v in values.data]
            is_text = [isinstance(v, str) for v in values.data]
            return [
                np.array(is_number, np.int64), np.array(numbers, np.float64),
                np.array(is_text, np.int64), _places_of(np.array(texts, object)),
            ]  # fmt: skip
        case "text":
            return [there, _places_of(values.data)]
        case "number" | "duration" | "truth":
            return [there, np.where(values.missing, 0, values.data)]
        case _:
            raise Invalid(f"observations are not sorted by a {values.kind}", "$orderby")


def _places_of(texts: NDArray[Any]) -> NDArray[np.int64]:
    return np.unique(np.asarray(texts, str), return_inverse=True)[1] if len(texts) else np.zeros(0, np.int64)
