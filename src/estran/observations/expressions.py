"""What a question asks of entities and observations, whatever language it was put in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "COMPARISONS",
    "FUNCTIONS",
    "Call",
    "Expression",
    "Path",
    "Value",
    "conjuncts",
    "further",
    "leaves",
    "paths",
]

type ValueKind = Literal["number", "text", "truth", "time", "duration", "place", "null"]


@dataclass(frozen=True, slots=True)
class Value:
    """A value that stands in the question.

    Attributes:
        value: a float or int; a str, of a place its WKT; a bool; of a time [start, end] in microseconds since 1970
            UTC, the same twice for an instant; microseconds of a duration; None.
    """

    kind: ValueKind
    value: Any = None


@dataclass(frozen=True, slots=True)
class Path:
    """A property, with the links that lead to it."""

    steps: tuple[str, ...]

    def __str__(self) -> str:
        return "/".join(self.steps)


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or a function; `and` and `or` have any number of parts."""

    name: str
    given: tuple[Expression, ...]


type Expression = Value | Path | Call

COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_LOGIC = frozenset({"and", "or", "not"})

FUNCTIONS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("substringof", "contains", "startswith", "endswith", "indexof", "concat"), (2, 2)),
    "substring": (2, 3),
    **dict.fromkeys(("length", "tolower", "toupper", "trim"), (1, 1)),
    **dict.fromkeys(("year", "month", "day", "hour", "minute", "second", "fractionalseconds"), (1, 1)),
    **dict.fromkeys(("date", "time", "totaloffsetminutes"), (1, 1)),
    **dict.fromkeys(("now", "mindatetime", "maxdatetime"), (0, 0)),
    **dict.fromkeys(("before", "after", "during", "overlaps", "meets", "starts", "finishes"), (2, 2)),
    **dict.fromkeys(("round", "floor", "ceiling"), (1, 1)),
    **dict.fromkeys(("geo.distance", "geo.intersects"), (2, 2)),
    "geo.length": (1, 1),
    **dict.fromkeys((f"st_{name}" for name in (
        "equals", "disjoint", "touches", "within", "overlaps", "crosses", "intersects", "contains",
    )), (2, 2)),
    "st_relate": (3, 3),
}  # fmt: skip
"""Function -> how many arguments it takes, at least and at most."""


def leaves(expression: Expression) -> Iterator[Expression]:
    """The conditions that and, or and not put together."""
    if isinstance(expression, Call) and expression.name in _LOGIC:
        for part in expression.given:
            yield from leaves(part)
    else:
        yield expression


def conjuncts(expression: Expression | None) -> Iterator[Expression]:
    """The conditions that must all hold."""
    if isinstance(expression, Call) and expression.name == "and":
        for part in expression.given:
            yield from conjuncts(part)
    elif expression is not None:
        yield expression


def paths(expression: Expression) -> Iterator[Path]:
    """The properties that an expression names."""
    if isinstance(expression, Path):
        yield expression
    elif isinstance(expression, Call):
        for part in expression.given:
            yield from paths(part)


def further(expression: Expression, links: int = 1) -> Expression:
    """An expression as it is put where so many links lead."""
    if isinstance(expression, Path):
        return Path(expression.steps[links:])
    if isinstance(expression, Call):
        return replace(expression, given=tuple(further(part, links) for part in expression.given))
    return expression
