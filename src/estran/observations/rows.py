"""Observations as columns of the properties that SensorThings gives them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import numpy as np

from estran.errors import Invalid
from estran.model import moment_us
from estran.observations.entities import Entity, prefix, resolve
from estran.observations.evaluating import Columns, holds
from estran.observations.expressions import Expression, Path, further
from estran.observations.store.columns import array
from estran.observations.vectors import Vector, listed, times

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.observations.store.sensing import Observed

__all__ = ["ID_STEP", "Rows", "entities", "id_of", "ranks", "result"]

_WHOLE = 2**53
NOTHING_SAID: Mapping[int, dict[str, Any]] = {}
ID_STEP = 2**32
"""Id of an observation: its datastream times this, and its number."""


def id_of(rows: pa.Table) -> NDArray[np.int64]:
    """The ids of observations."""
    return array(rows, "datastream").astype(np.int64) * ID_STEP + array(rows, "number")


def entities(
    rows: pa.Table, known: Mapping[int, Observed], said: Mapping[int, dict[str, Any]] = NOTHING_SAID
) -> Iterator[Entity]:
    """Observations as they are told, with what is said beside their rows."""
    names = (
        "datastream",
        "time",
        "vertical",
        "value",
        "words",
        "until",
        "longitude",
        "flag",
        "result_time",
        "feature",
    )
    columns = [rows[name].to_pylist() for name in names]
    for id_, stream, time, vertical, value, words, until, x, flag, at, feature in zip(
        id_of(rows).tolist(), *columns, strict=True
    ):
        of = known[stream]
        told: dict[str, Any] = {
            "phenomenonTime": moment_us(time) if until is None else f"{moment_us(time)}/{moment_us(until)}",
            "result": result(of.kind, value, words),
            "resultTime": None if at is None else moment_us(at),
        }
        if flag is not None:
            told["resultQuality"] = flag
        if of.vertical:
            told["parameters"] = {of.vertical: vertical}
        if more := said.get(id_):
            told |= more | (
                {"parameters": told["parameters"] | more.get("parameters", {})} if of.vertical else {}
            )
        ties = {"Datastream": stream, "FeatureOfInterest": feature or (of.feature if x is None else id_)}
        yield Entity(id_, told, ties)


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
            case "result":
                value = array(rows, "value")
                return Vector("result", (value, self._words), np.isnan(value) & _missing(rows, "words"))
            case "resultQuality":
                flags = rows["flag"].to_pylist()
                return listed("json", [flag if not found.inside else None for flag in flags])
            case "validTime":
                return times(array(rows, "time"), array(rows, "time"), ~none)
            case _:
                return listed("json", [None] * len(self))

    def _words(self) -> Vector:
        return listed("text", self._rows["words"].to_pylist())


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
            return [there, _places_of(np.array(["" if v is None else str(v) for v in values.data], object))]
        case "text":
            return [there, _places_of(values.data)]
        case "number" | "duration" | "truth":
            return [there, np.where(values.missing, 0, values.data)]
        case _:
            raise Invalid(f"observations are not sorted by a {values.kind}", "$orderby")


def _places_of(texts: NDArray[Any]) -> NDArray[np.int64]:
    return np.unique(np.asarray(texts, str), return_inverse=True)[1] if len(texts) else np.zeros(0, np.int64)
