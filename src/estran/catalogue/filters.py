"""CQL2 filters, text or JSON, read into the tree of `expressions`: checked and bounded."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from estran.catalogue import cql2, shapes
from estran.catalogue.expressions import (
    ALLEN,
    And,
    Array,
    Compare,
    In,
    IsNull,
    Like,
    Node,
    Not,
    Or,
    Spatial,
    Temporal,
)
from estran.catalogue.queryables import RECORDS, Kind, Queryable
from estran.errors import Invalid
from estran.model import Period, bounds, date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONGEST = 64 * 1024
"""Bytes that a filter may have."""
MOST_NODES = 1000
"""Operators, properties and values that a filter may have."""

# From here on, not every whole number is one of the machine's fractions.
_EXACT = 2**53
_ARRAY_OPS = ("equals", "contains", "containedby", "overlaps")
# What an operator becomes when its two sides change places.
_FLIPPED = {
    "<": ">", "<=": ">=", ">": "<", ">=": "<=", "s_within": "s_contains", "s_contains": "s_within",
    "t_after": "t_before", "t_before": "t_after", "t_contains": "t_during", "t_during": "t_contains",
    "t_finishedby": "t_finishes", "t_finishes": "t_finishedby", "t_meets": "t_metby", "t_metby": "t_meets",
    "t_overlappedby": "t_overlaps", "t_overlaps": "t_overlappedby", "t_startedby": "t_starts",
    "t_starts": "t_startedby", "a_contains": "a_containedby", "a_containedby": "a_contains",
}  # fmt: skip
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "^", "div"})


def parse(
    source: str | Mapping[str, Any], queryables: Mapping[str, Queryable] = RECORDS, where: str = "filter"
) -> Node:
    """The tree of a filter: CQL2 text, or CQL2 JSON that is already decoded.

    Raises:
        Invalid: it is not CQL2, too long or too deep, names what is not a queryable, compares what cannot
            be compared, or uses arithmetic or a function that is not offered.
    """
    try:
        decoded = document(source, is_json=False, where=where) if isinstance(source, str) else source
        return _Reader(queryables).read(decoded, where, 0)
    except RecursionError:
        raise _too_deep(where) from None


def document(text: str | bytes, *, is_json: bool, where: str = "filter") -> dict[str, Any]:
    """A filter as CQL2 JSON, of which only the form is checked.

    Raises:
        Invalid: it is too long, or neither CQL2 text nor a JSON object.
    """
    body = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(body) > LONGEST:
        raise Invalid(f"the filter has {len(body)} bytes; at most {LONGEST} are read", where)
    try:
        found = (
            msgspec.json.decode(body) if is_json else cql2.parse(body.decode("utf-8", "surrogatepass"), where)
        )
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"not JSON ({error}); send CQL2 JSON, or filter-lang=cql2-text", where) from None
    except RecursionError:
        raise _too_deep(where) from None
    if isinstance(found, bool):
        return {"op": "and", "args": [found]}
    if not isinstance(found, dict):
        raise Invalid("it is neither true nor false; write a test such as title = 'x'", where)
    return found


def _too_deep(where: str) -> Invalid:
    return Invalid(f"the filter is nested more than {cql2.DEEPEST} levels deep; simplify it", where)


@dataclass(frozen=True, slots=True)
class _Side:
    """The property side of a test: its name and how its text is folded."""

    name: str
    kind: Kind
    casei: bool
    accenti: bool


class _Reader:
    """Turns CQL2 JSON into the tree, counting what it meets."""

    def __init__(self, queryables: Mapping[str, Queryable]) -> None:
        self._queryables, self._seen = queryables, 0

    def _count(self, where: str, depth: int) -> None:
        self._seen += 1
        if self._seen > MOST_NODES:
            raise Invalid(f"the filter has more than {MOST_NODES} parts; simplify it", where)
        if depth > cql2.DEEPEST:
            raise Invalid(f"the filter is nested more than {cql2.DEEPEST} levels deep; simplify it", where)

    def read(self, document: Any, where: str, depth: int) -> Node:
        """One expression that is true or false."""
        self._count(where, depth)
        if isinstance(document, bool):
            return And(()) if document else Or(())
        op, args = self._operation(document, where)
        match op:
            case "and" | "or":
                self._arity(op, args, 1, None, where)
                nodes = tuple(self.read(arg, f"{where}.args[{n}]", depth + 1) for n, arg in enumerate(args))
                return nodes[0] if len(nodes) == 1 else And(nodes) if op == "and" else Or(nodes)
            case "not":
                self._arity(op, args, 1, 1, where)
                return Not(self.read(args[0], f"{where}.args[0]", depth + 1))
            case _:
                return self._test(op, args, where, depth)

    @staticmethod
    def _operation(document: Any, where: str) -> tuple[str, list[Any]]:
        if not isinstance(document, dict) or not isinstance(document.get("op"), str):
            what = (
                f"the property “{document['property']}” alone"
                if isinstance(document, dict) and "property" in document
                else "this"
            )
            raise Invalid(f"{what} is neither true nor false; write a test such as title = 'x'", where)
        args = document.get("args")
        return document["op"].lower(), args if isinstance(args, list) else [args]

    @staticmethod
    def _arity(op: str, args: list[Any], least: int, most: int | None, where: str) -> None:
        if len(args) < least or (most is not None and len(args) > most):
            raise Invalid(
                f"{op} takes {least if most else f'{least} or more'} arguments, not {len(args)}", where
            )

    def _test(self, op: str, args: list[Any], where: str, depth: int) -> Node:
        if op == "isnull":
            self._arity(op, args, 1, 1, where)
            return IsNull(self._side(args[0], where, depth).name)
        build = _TESTS.get(op[:2] if op[1:2] == "_" else op)
        if build is None:
            raise self._unknown(op, where)
        if op == "between" and len(args) == 2 and isinstance(args[1], list):  # noqa: PLR2004 - as before 1.0
            args = [args[0], *args[1]]
        wanted = 3 if op == "between" else 2
        self._arity(op, args, wanted, wanted, where)
        if op not in ("like", "in", "between") and not _names_property(args[0]) and _names_property(args[1]):
            op, args = _FLIPPED.get(op, op), [args[1], args[0]]
        side = self._side(args[0], where, depth)
        values = [self._value(arg, side, f"{where}.args[{n}]", depth) for n, arg in enumerate(args[1:], 1)]
        casei, accenti = side.casei or _folds(args[1:], "casei"), side.accenti or _folds(args[1:], "accenti")
        return build(op, _Side(side.name, side.kind, casei, accenti), values, where)

    @staticmethod
    def _unknown(op: str, where: str) -> Invalid:
        if op in _ARITHMETIC:
            return Invalid("arithmetic is not offered; compare a property with a value", where)
        return Invalid(
            f"there is no function or operator “{op[:80]}”; offered are comparisons, like, in, between, "
            "isNull, casei, accenti, and the functions s_…, t_… and a_… of CQL2",
            where,
        )

    def _side(self, arg: Any, where: str, depth: int) -> _Side:
        """The property that a test is about, with the folding around it."""
        self._count(where, depth)
        if isinstance(arg, dict) and isinstance(name := arg.get("property"), str):
            queryable = self._queryables.get(name)
            if queryable is None:
                raise Invalid(_no_such_property(name, self._queryables), where)
            return _Side(name, queryable.kind, casei=False, accenti=False)
        if isinstance(arg, dict) and isinstance(arg.get("op"), str):
            op, inner = self._operation(arg, where)
            if op in ("casei", "accenti") and len(inner) == 1:
                side = self._side(inner[0], where, depth + 1)
                return _Side(
                    side.name, side.kind, side.casei or op == "casei", side.accenti or op == "accenti"
                )
            raise self._unknown(op, where)
        if isinstance(arg, dict) and "interval" in arg:
            raise Invalid("intervals made of properties are not offered; name the property “time”", where)
        raise Invalid("one side must be a property; write for instance title = 'x'", where)

    def _value(self, arg: Any, side: _Side, where: str, depth: int) -> Any:
        """A literal without its folding: a text, number, list, or an object for time and place."""
        self._count(where, depth)
        if isinstance(arg, list):
            return [self._value(part, side, f"{where}[{n}]", depth + 1) for n, part in enumerate(arg)]
        if not isinstance(arg, dict):
            if arg is None:
                raise Invalid(f"nothing equals null; write {side.name} IS NULL", where)
            return arg
        if "property" in arg:
            raise Invalid("two properties cannot be compared here; give a value on one side", where)
        if "op" in arg:
            op, inner = self._operation(arg, where)
            if op in ("casei", "accenti") and len(inner) == 1:
                return self._value(inner[0], side, where, depth + 1)
            raise self._unknown(op, where)
        return arg


def _names_property(arg: Any) -> bool:
    while isinstance(arg, dict) and str(arg.get("op")).lower() in ("casei", "accenti"):
        inner = arg.get("args")
        arg = inner[0] if isinstance(inner, list) and inner else inner
    return isinstance(arg, dict) and "property" in arg


def _folds(args: Any, op: str) -> bool:
    """Whether casei or accenti stands around a value; one side is enough, as both must be folded."""
    if isinstance(args, list):
        return any(_folds(arg, op) for arg in args)
    return (
        isinstance(args, dict)
        and "op" in args
        and (str(args["op"]).lower() == op or _folds(args.get("args"), op))
    )


def _no_such_property(name: str, queryables: Mapping[str, Queryable]) -> str:
    lower = {known.lower(): known for known in queryables}
    near = difflib.get_close_matches(name.lower()[:80], lower, n=1)
    meant = f"did you mean “{lower[near[0]]}”? " if near else ""
    return f"there is no property “{name[:80]}”; {meant}Queryables: {', '.join(queryables)}"


def _compared(op: str, side: _Side, values: list[Any], where: str) -> Node:
    return _compare(op, side, values[0], where)


def _between(_op: str, side: _Side, values: list[Any], where: str) -> Node:
    return And((_compare(">=", side, values[0], where), _compare("<=", side, values[1], where)))


def _compare(op: str, side: _Side, value: Any, where: str) -> Node:
    if op == "<>":
        return Not(_compare("=", side, value, where))
    match side.kind:
        case "text" | "number":
            return Compare(side.name, op, _scalar(side, value, where), side.casei, side.accenti)  # pyright: ignore[reportArgumentType]
        case "time":
            return _instant(op, side.name, *_span(side, value, where))
        case "array" if op == "=":
            return Array(side.name, "overlaps", (_text(side, value, where),), side.casei, side.accenti)
        case "array":
            raise Invalid(
                f"“{side.name}” holds several values; use = or a_contains({side.name}, ('x'))", where
            )
        case "interval":
            raise Invalid(f"“{side.name}” is a period; use t_intersects, t_after, t_before… with it", where)
        case "geometry":
            raise Invalid(f"“{side.name}” is a geometry; use s_intersects, s_within… with it", where)


def _instant(op: str, name: str, start: int, end: int) -> Node:
    """A test of an instant against a date that may be a whole day."""
    match op:
        case "<" | ">=":
            return Compare(name, op, start)
        case ">":
            return Compare(name, ">=", end)
        case "<=":
            return Compare(name, "<", end)
        case _:
            return And((Compare(name, ">=", start), Compare(name, "<", end)))


def _listed(value: Any) -> list[Any]:
    # A list of one is written without its commas, as ('x'), which is also just a text.
    return value if isinstance(value, list) else [value]


def _scalar(side: _Side, value: Any, where: str) -> str | float:
    if side.kind == "text":
        return _text(side, value, where)
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
        raise Invalid(f"“{side.name}” is a number; give one without quotes", where)
    # No engine takes whole numbers of any size.
    return value if abs(value) < _EXACT else float(value)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no machine holds
        return False


def _text(side: _Side, value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise Invalid(f"“{side.name}” holds text; give its value in quotes", where)
    if "\0" in value:
        raise Invalid(f"no “{side.name}” holds the character NUL; take it out", where)
    return value


def _in(_op: str, side: _Side, values: list[Any], where: str) -> Node:
    listed = _listed(values[0])
    if not listed:
        raise Invalid("the list of IN is empty; name at least one value", where)
    match side.kind:
        case "text" | "number":
            return In(side.name, tuple(_scalar(side, v, where) for v in listed), side.casei, side.accenti)
        case "array":
            return Array(
                side.name, "overlaps", tuple(_text(side, v, where) for v in listed), side.casei, side.accenti
            )
        case _:
            return Or(tuple(_compare("=", side, v, where) for v in listed))


def _like(_op: str, side: _Side, values: list[Any], where: str) -> Node:
    if side.kind not in ("text", "array"):
        raise Invalid(f"“{side.name}” is no text; LIKE takes one of text", where)
    return Like(side.name, _text(side, values[0], where), side.casei, side.accenti)


def _array(op: str, side: _Side, values: list[Any], where: str) -> Node:
    name = op.removeprefix("a_")
    if name not in _ARRAY_OPS:
        raise Invalid(
            f"there is no function “{op}”; offered: {', '.join('a_' + known for known in _ARRAY_OPS)}", where
        )
    if side.kind != "array":
        raise Invalid(f"“{side.name}” holds one value; use = or IN with it", where)
    listed = _listed(values[0])
    return Array(side.name, name, tuple(_text(side, v, where) for v in listed), side.casei, side.accenti)


def _spatial(op: str, side: _Side, values: list[Any], where: str) -> Node:
    name = op.removeprefix("s_")
    if name not in shapes.OPERATORS:
        raise Invalid(
            f"there is no function “{op}”; offered: {', '.join('s_' + known for known in shapes.OPERATORS)}",
            where,
        )
    if side.kind != "geometry":
        raise Invalid(f"“{side.name}” is no geometry; name “geometry”", where)
    shape = shapes.read(values[0], where)
    return Spatial(side.name, name, shape.wkt, shape.boxes, shape.exact)


def _temporal(op: str, side: _Side, values: list[Any], where: str) -> Node:
    name = op.removeprefix("t_")
    if name not in ALLEN and name != "disjoint":
        raise Invalid(
            f"there is no function “{op}”; offered: t_disjoint, {', '.join('t_' + known for known in ALLEN)}",
            where,
        )
    if side.kind not in ("interval", "time"):
        raise Invalid(f"“{side.name}” is no time; name “time”, “created” or “updated”", where)
    start, end = _span(side, values[0], where)
    if name == "disjoint":
        return Not(_temporal("t_intersects", side, values, where))
    if side.kind == "interval":
        return Temporal(side.name, name, start, end)
    match name:
        case "after":
            return _instant(">", side.name, start, end)
        case "before":
            return _instant("<", side.name, start, end)
        case "intersects" | "equals" | "during":
            return _instant("=", side.name, start, end)
        case _:
            raise Invalid(f"“{side.name}” is an instant; {op} compares periods. Use it with “time”", where)


def _span(side: _Side, value: Any, where: str) -> tuple[int, int]:
    """A literal of time as [start, end) in microseconds."""
    match value:
        case str() | {"date": str()} | {"timestamp": str()}:
            return bounds(date(value if isinstance(value, str) else next(iter(value.values())), where))
        case {"interval": [str() as start, str() as end]}:
            # An open end is said by "..", a closed one belongs to the period.
            ends = Period(*("" if text in ("..", "") else date(text, where) for text in (start, end)))
            span = ends.bounds()
            if span[0] >= span[1]:
                raise Invalid(f"the interval {start}/{end} ends before it starts", where)
            return span
        case {"interval": _}:
            raise Invalid("an interval has two ends, dates in quotes or '..'", where)
        case _:
            raise Invalid(
                f"“{side.name}” is a time; compare it with DATE('2020-01-31') "
                "or TIMESTAMP('2020-01-31T12:00:00Z')",
                where,
            )


_TESTS: Mapping[str, Callable[[str, _Side, list[Any], str], Node]] = {
    **dict.fromkeys(("=", "<>", "<", "<=", ">", ">="), _compared),
    "between": _between,
    "in": _in,
    "like": _like,
    "s_": _spatial,
    "t_": _temporal,
    "a_": _array,
}
