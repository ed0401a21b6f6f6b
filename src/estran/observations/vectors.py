"""Columns of values that may be missing, and how they compare."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

__all__ = ["Vector", "compared", "listed", "times"]

type Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Vector:
    """Values of one kind; one alone stands for any number of it.

    Attributes:
        kind: "number", "text", "truth", "time", "duration", "place", "json", "result" or "null".
        data: an array; of times a pair of starts and ends; of results numbers, NaN where they are none, and what
            gives their words.
        missing: where there is no value.
    """

    kind: str
    data: Any
    missing: Bools

    def __post_init__(self) -> None:
        if self.kind == "number" and self.data.dtype != np.float64:
            object.__setattr__(self, "data", self.data.astype(np.float64))


def listed(kind: str, values: Iterable[Any]) -> Vector:
    """Values of which None are missing."""
    held = list(values)
    missing = np.array([value is None for value in held], bool)
    if kind == "number":
        return Vector(kind, np.array([0.0 if v is None else float(v) for v in held], np.float64), missing)
    if kind == "truth":
        return Vector(kind, np.array([bool(v) for v in held], bool), missing)
    data = np.empty(len(held), object)
    data[:] = ["" if v is None and kind == "text" else v for v in held]
    return Vector(kind, data, missing)


def times(start: NDArray[np.int64], end: NDArray[np.int64], missing: Bools) -> Vector:
    """Instants, or intervals up to before their end."""
    return Vector("time", (start, end), missing)


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le,
}  # fmt: skip


def compared(name: str, one: Vector, other: Vector) -> Bools:
    """Whether each pair stands in that relation; nothing is greater or smaller than what is missing.

    Raises:
        Invalid: their kinds cannot be compared.
    """
    if "null" in (one.kind, other.kind):
        missing = other.missing if one.kind == "null" else one.missing
        return missing.copy() if name == "eq" else ~missing if name == "ne" else np.zeros_like(missing)
    if one.kind == "result" or other.kind == "result":
        return _of_results(name, one, other)
    one, other = _alike(one, other)
    both = ~one.missing & ~other.missing
    if one.kind == "time":
        found = both & _of_times(name, one.data, other.data)
    else:
        with np.errstate(invalid="ignore"):
            found = both & np.asarray(_OPERATORS[name](one.data, other.data), bool)
    return found | (one.missing ^ other.missing) if name == "ne" else found


def _of_times(name: str, one: tuple[Any, Any], other: tuple[Any, Any]) -> Bools:
    """An interval is before another where it ends before that begins."""
    (start, end), (first, last) = one, other
    match name:
        case "eq":
            return (start == first) & (end == last)
        case "ne":
            return (start != first) | (end != last)
        case "lt":
            return (end <= first) & (start < first)
        case "gt":
            return (start >= last) & (end > last)
        case "le":
            return (start <= first) & (end <= last)
        case _:
            return (start >= first) & (end >= last)


def _of_results(name: str, one: Vector, other: Vector) -> Bools:
    """Results are numbers or words; what is quoted is compared with both, unless it asks for more than a number."""
    if one.kind != "result":
        return _of_results(_MIRRORED[name], other, one)
    value, words = one.data
    numbers = Vector("number", value, np.isnan(value))
    if other.kind == "result":
        other = Vector("number", other.data[0], np.isnan(other.data[0]))
    if other.kind == "truth":
        other = Vector("number", other.data.astype(np.float64), other.missing)
    if other.kind == "number":
        found = compared(name, numbers, other)
        # Words are no number; of them only that they differ can be said.
        return found if name != "ne" else found | one.missing
    if other.kind != "text":
        raise _unlike(one, other)
    as_number = _as_numbers(other)
    if name not in {"eq", "ne"} and not as_number.missing.any():
        return compared(name, numbers, as_number)
    texts = words()
    found = compared(name, texts, other) & ~texts.missing
    if name == "ne":
        return np.where(texts.missing, compared(name, numbers, as_number), found) | one.missing
    return found | (compared(name, numbers, as_number) & texts.missing)


_MIRRORED = {"eq": "eq", "ne": "ne", "gt": "lt", "lt": "gt", "ge": "le", "le": "ge"}


def _as_numbers(texts: Vector) -> Vector:
    def number(text: str) -> float | None:
        try:
            found = float(text)
        except ValueError:
            return None
        return found if np.isfinite(found) else None

    return listed("number", [number(text) for text in texts.data])


def _alike(one: Vector, other: Vector) -> tuple[Vector, Vector]:
    """Two columns of one kind: JSON is taken for what it stands beside, a quoted number for a number."""
    if one.kind == other.kind == "json":
        return _typed(one, "text"), _typed(other, "text")
    if one.kind == "json":
        return _typed(one, other.kind), other
    if other.kind == "json":
        return one, _typed(other, one.kind)
    if (one.kind, other.kind) == ("number", "text"):
        return one, _as_numbers(other)
    if (one.kind, other.kind) == ("text", "number"):
        return _as_numbers(one), other
    if one.kind != other.kind or one.kind == "place":
        raise _unlike(one, other)
    return one, other


def _typed(json: Vector, kind: str) -> Vector:
    """Those of JSON values that are of a kind."""
    match kind:
        case "number":
            return listed(
                kind,
                [v if isinstance(v, int | float) and not isinstance(v, bool) else None for v in json.data],
            )
        case "truth":
            return listed(kind, [v if isinstance(v, bool) else None for v in json.data])
        case "text":
            return listed(kind, [v if isinstance(v, str) else None for v in json.data])
        case _:
            raise Invalid(
                f"members of JSON are not compared with a {kind}; compare them with text, numbers or truth",
                "$filter",
            )


def _unlike(one: Vector, other: Vector) -> Invalid:
    return Invalid(f"a {one.kind} cannot be compared with a {other.kind}", "$filter")
