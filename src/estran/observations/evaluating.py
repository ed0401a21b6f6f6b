"""Questions answered over columns: of observations, and of entities where SQL has no word for it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US, now_us
from estran.observations.expressions import COMPARISONS, Call, Expression, Path, Value
from estran.observations.vectors import Vector, compared, listed, times

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["Columns", "evaluate", "geometry", "holds"]

type Bools = NDArray[np.bool_]

_SECOND_US, _MINUTE_US, _HOUR_US, _DAY_US = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000
_LONGEST_TEXT = 1_000_000


class Columns(Protocol):
    """What questions are about."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def column(self, path: Path) -> Vector:
        """A property of each.

        Raises:
            Invalid: there is none of that name.
        """
        ...

    def met(self, condition: Expression) -> Bools | None:
        """Which of them meet a condition, where that is known without their columns, else None."""
        ...


def holds(expression: Expression, columns: Columns) -> Bools:
    """Where an expression is true.

    Raises:
        Invalid: it is no condition, or compares what cannot be compared.
    """
    if isinstance(expression, Call) and expression.name in {"and", "or"}:
        join = np.logical_and if expression.name == "and" else np.logical_or
        found = holds(expression.given[0], columns)
        for part in expression.given[1:]:
            found = join(found, holds(part, columns))
        return found
    if isinstance(expression, Call) and expression.name == "not":
        return ~holds(expression.given[0], columns)
    known = columns.met(expression)
    if known is not None:
        return known
    found = evaluate(expression, columns)
    if found.kind == "json":
        found = listed("truth", [v if isinstance(v, bool) else None for v in found.data])
    if found.kind != "truth":
        raise Invalid(f"it is a {found.kind}, not a condition", "$filter")
    return np.broadcast_to(found.data & ~found.missing, (len(columns),))


def evaluate(expression: Expression, columns: Columns) -> Vector:
    """The values of an expression.

    Raises:
        Invalid: a part of it is of the wrong kind.
    """
    if isinstance(expression, Path):
        return columns.column(expression)
    if isinstance(expression, Value):
        return _constant(expression)
    if expression.name in {"and", "or", "not"}:
        held = holds(expression, columns)
        return Vector("truth", held, np.zeros(len(held), bool))
    given = [evaluate(part, columns) for part in expression.given]
    if expression.name in COMPARISONS:
        found = compared(expression.name, given[0], given[1])
        return Vector("truth", found, np.zeros_like(found))
    if expression.name in _ARITHMETIC:
        return _arithmetic(expression.name, given[0], given[1])
    return _FUNCTIONS[expression.name](given)


_NONE = np.zeros(1, bool)


def _constant(value: Value) -> Vector:
    match value.kind:
        case "time":
            start, end = value.value
            return times(np.array([start], np.int64), np.array([end], np.int64), _NONE)
        case "duration":
            return Vector("duration", np.array([value.value], np.int64), _NONE)
        case "null":
            return Vector("null", np.zeros(1), np.ones(1, bool))
        case "place":
            return listed("place", [geometry(value.value)])
        case _:
            return listed(value.kind, [value.value])


def geometry(wkt: str) -> Any:
    """A geometry of its WKT.

    Raises:
        Invalid: it is none.
    """
    import shapely  # noqa: PLC0415 - heavy

    try:
        return shapely.from_wkt(wkt)
    except shapely.errors.GEOSException as error:
        raise Invalid(
            f"“{wkt[:60]}” is no geometry in WKT, longitude first ({str(error)[:120]})", "$filter"
        ) from None


# Numbers and times

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "mod": np.fmod,
}  # fmt: skip


def _arithmetic(name: str, one: Vector, other: Vector) -> Vector:
    missing = one.missing | other.missing
    if (one.kind, other.kind, name) in {("time", "duration", "add"), ("time", "duration", "sub")}:
        start, end = (_ARITHMETIC[name](at, other.data) for at in one.data)
        return times(start, end, missing)
    one, other = _numbers(name, one), _numbers(name, other)
    with np.errstate(all="ignore"):
        found = _ARITHMETIC[name](one.data, other.data)
    is_number = np.isfinite(found)
    return Vector("number", np.where(is_number, found, 0.0), one.missing | other.missing | ~is_number)


def _numbers(name: str, one: Vector) -> Vector:
    if one.kind == "json":
        one = listed(
            "number",
            [v if isinstance(v, int | float) and not isinstance(v, bool) else None for v in one.data],
        )
    if one.kind == "result":
        one = Vector("number", np.nan_to_num(one.data[0]), np.isnan(one.data[0]))
    return _of_kind(name, one, "number")


def _of_kind(name: str, one: Vector, kind: str) -> Vector:
    if one.kind == "null":
        return Vector(
            kind, listed(kind, [None]).data if kind != "time" else (np.zeros(1, np.int64),) * 2, one.missing
        )
    if one.kind != kind:
        raise Invalid(f"{name} takes a {kind}, not a {one.kind}", "$filter")
    return one


def _rounded(name: str, how: Callable[[Any], Any], given: Sequence[Vector]) -> Vector:
    one = _numbers(name, given[0])
    return Vector("number", how(one.data), one.missing)


def _half_up(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Halves away from zero, as OData rounds."""
    return np.copysign(np.floor(np.abs(values) + 0.5), values)


def _part_of_time(name: str, part: Callable[[NDArray[np.int64]], Any], given: Sequence[Vector]) -> Vector:
    one = _of_kind(name, given[0], "time")
    start = np.where(one.missing, 0, one.data[0])
    return Vector("number", np.asarray(part(start)), one.missing)


def _calendar(start: NDArray[np.int64], unit: str) -> NDArray[np.int64]:
    return start.astype("datetime64[us]").astype(f"datetime64[{unit}]").astype(np.int64)


def _day(start: NDArray[np.int64]) -> NDArray[np.int64]:
    days = start.astype("datetime64[us]").astype("datetime64[D]")
    return (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1


_PARTS: dict[str, Callable[[NDArray[np.int64]], Any]] = {
    "year": lambda at: _calendar(at, "Y") + 1970,
    "month": lambda at: _calendar(at, "M") % 12 + 1,
    "day": _day,
    "hour": lambda at: at % _DAY_US // _HOUR_US,
    "minute": lambda at: at % _HOUR_US // _MINUTE_US,
    "second": lambda at: at % _MINUTE_US // _SECOND_US,
    "fractionalseconds": lambda at: at % _SECOND_US / _SECOND_US,
    # Times are given in UTC.
    "totaloffsetminutes": lambda at: at * 0,
}


def _date(given: Sequence[Vector]) -> Vector:
    one = _of_kind("date", given[0], "time")
    start = one.data[0] // _DAY_US * _DAY_US
    return times(start, start, one.missing)


def _time_of_day(given: Sequence[Vector]) -> Vector:
    one = _of_kind("time", given[0], "time")
    return Vector("duration", one.data[0] % _DAY_US, one.missing)


def _instant(at: Callable[[], int], _: Sequence[Vector]) -> Vector:
    held = np.array([at()], np.int64)
    return times(held, held, _NONE)


type _Interval = tuple[NDArray[np.int64], NDArray[np.int64]]
_RELATIONS: dict[str, Callable[[_Interval, _Interval], Any]] = {
    "before": lambda x, y: (x[1] <= y[0]) & (x[0] < y[0]),
    "after": lambda x, y: (x[0] >= y[1]) & (x[1] > y[1]),
    # An interval does not hold its end.
    "during": lambda x, y: (x[0] >= y[0]) & (x[1] <= y[1]) & (x[0] < np.maximum(y[1], y[0] + 1)),
    "overlaps": lambda x, y: (x[0] < np.maximum(y[1], y[0] + 1)) & (np.maximum(x[1], x[0] + 1) > y[0]),
    "meets": lambda x, y: (x[1] == y[0]) | (x[0] == y[1]),
    "starts": lambda x, y: x[0] == y[0],
    "finishes": lambda x, y: x[1] == y[1],
}


def _related(name: str, given: Sequence[Vector]) -> Vector:
    one, other = (_of_kind(name, part, "time") for part in given)
    return Vector("truth", _RELATIONS[name](one.data, other.data), one.missing | other.missing)


# Text

_TEXTS: dict[str, tuple[str, Callable[..., Any]]] = {
    # OData puts the needle first in substringof.
    "substringof": ("truth", lambda needle, text: needle in text),
    "contains": ("truth", lambda text, needle: needle in text),
    "startswith": ("truth", str.startswith),
    "endswith": ("truth", str.endswith),
    "indexof": ("number", str.find),
    "length": ("number", len),
    "tolower": ("text", str.lower),
    "toupper": ("text", str.upper),
    "trim": ("text", str.strip),
    "concat": ("text", lambda one, other: (one + other)[:_LONGEST_TEXT]),
    "substring": (
        "text",
        lambda text, start, count=None: text[max(int(start), 0) :][
            : None if count is None else max(int(count), 0)
        ],
    ),
}


def _text(name: str, given: Sequence[Vector]) -> Vector:
    kind, make = _TEXTS[name]
    kinds = ("text", "number", "number") if name == "substring" else ("text",) * 3
    parts = [
        _words(name, part) if wanted == "text" else _numbers(name, part)
        for part, wanted in zip(given, kinds, strict=False)
    ]
    size = max(len(part.missing) for part in parts)
    missing = np.logical_or.reduce([np.broadcast_to(part.missing, (size,)) for part in parts])
    columns = [np.broadcast_to(part.data, (size,)) for part in parts]
    return listed(kind, [None if gone else make(*row) for gone, *row in zip(missing, *columns, strict=True)])


def _words(name: str, one: Vector) -> Vector:
    if one.kind == "json":
        one = listed("text", [v if isinstance(v, str) else None for v in one.data])
    if one.kind == "result":
        one = one.data[1]()
    return _of_kind(name, one, "text")


# Places


def _spatial(name: str, given: Sequence[Vector]) -> Vector:
    import shapely  # noqa: PLC0415 - heavy

    one, other = (_place(name, part) for part in given[:2])
    with np.errstate(invalid="ignore"):
        found = getattr(shapely, name.removeprefix("st_").removeprefix("geo."))(one.data, other.data)
    missing = one.missing | other.missing
    return Vector(
        "number" if name == "geo.distance" else "truth",
        np.where(missing, 0, found).astype(found.dtype),
        missing,
    )


def _relate(given: Sequence[Vector]) -> Vector:
    import shapely  # noqa: PLC0415

    one, other = (_place("st_relate", part) for part in given[:2])
    pattern = str(given[2].data[0])
    if len(pattern) != 9 or set(pattern) - set("012TF*"):  # noqa: PLR2004 - as DE-9IM has it
        raise Invalid(f"“{pattern[:20]}” is no pattern of nine signs out of 0, 1, 2, T, F and *", "$filter")
    missing = one.missing | other.missing
    size = len(missing)
    pairs = zip(
        np.broadcast_to(one.data, (size,)), np.broadcast_to(other.data, (size,)), missing, strict=True
    )
    found = [not gone and bool(shapely.relate_pattern(a, b, pattern)) for a, b, gone in pairs]
    return Vector("truth", np.array(found, bool), missing)


def _length(given: Sequence[Vector]) -> Vector:
    import shapely  # noqa: PLC0415

    one = _place("geo.length", given[0])
    return Vector("number", np.nan_to_num(shapely.length(one.data)), one.missing)


def _place(name: str, one: Vector) -> Vector:
    if one.kind == "text":
        one = listed("place", [geometry(words) for words in one.data])
    if one.kind == "null":
        return listed("place", [None])
    return _of_kind(name, one, "place")


_FUNCTIONS: dict[str, Callable[[Sequence[Vector]], Vector]] = {
    **{name: partial(_text, name) for name in _TEXTS},
    **{name: partial(_part_of_time, name, part) for name, part in _PARTS.items()},
    "date": _date,
    "time": _time_of_day,
    "now": partial(_instant, now_us),
    "mindatetime": partial(_instant, lambda: EVER_US),
    "maxdatetime": partial(_instant, lambda: NEVER_US),
    **{name: partial(_related, name) for name in _RELATIONS},
    "round": partial(_rounded, "round", _half_up),
    "floor": partial(_rounded, "floor", np.floor),
    "ceiling": partial(_rounded, "ceiling", np.ceil),
    **{name: partial(_spatial, name) for name in (
        "geo.distance", "geo.intersects", "st_equals", "st_disjoint", "st_touches", "st_within", "st_overlaps",
        "st_crosses", "st_intersects", "st_contains",
    )},
    "geo.length": _length,
    "st_relate": _relate,
}  # fmt: skip
