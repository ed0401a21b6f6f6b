"""The language of $filter and $orderby: OData's expressions as SensorThings takes them.

A Pratt parser: each operator says how tightly it binds. What is long or deep is refused before anything is made
of it.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from estran.errors import Invalid
from estran.model import instant_us
from estran.observations.expressions import COMPARISONS, FUNCTIONS, Call, Expression, Path, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_DEPTH", "MOST_TERMS", "parse"]

MOST_TERMS = 500
"""So many values and properties may stand in an expression."""
MOST_DEPTH = 32
_LONGEST = 65_536

_BINDING = {
    "or": 1, "and": 2, **dict.fromkeys(("eq", "ne"), 4), **dict.fromkeys(("gt", "ge", "lt", "le", "in"), 5),
    **dict.fromkeys(("add", "sub"), 6), **dict.fromkeys(("mul", "div", "mod"), 7),
}  # fmt: skip
_NOT_BINDS = 3
_DATE = r"\d{4}-\d\d-\d\d"
# A plus sign that was not written %2B arrives as a blank.
_INSTANT = rf"{_DATE}T\d\d:\d\d(?::\d\d(?:\.\d{{1,9}})?)?(?:[Zz]|[+\- ]\d\d:?\d\d)?"
_DURATION = r"-?P(?=[\dT])(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?"
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<typed>(?:geography|geometry|duration|datetimeoffset|datetime|date)'(?:[^']|'')*')
    | (?P<text>'(?:[^']|'')*')
    | (?P<time>(?:{_INSTANT}|{_DATE})(?:/(?:{_INSTANT}|{_DATE}|{_DURATION}))?)
    | (?P<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<name>[@A-Za-z_][\w.@:-]*(?:\[\d+\])?(?:/[@\w][\w.@:-]*(?:\[\d+\])?)*)
    | (?P<mark>[(),])
    )\s*""",
    re.VERBOSE,
)
_DURATION_PARTS = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII)
_SECOND_US, _DAY_US = 1_000_000, 86_400_000_000
_CONSTANTS = {"true": Value("truth", True), "false": Value("truth", False), "null": Value("null")}


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse(text: str, where: str = "$filter") -> Expression:
    """A whole expression.

    Raises:
        Invalid: it cannot be read, or is longer or deeper than what is answered.
    """
    if len(text) > _LONGEST:
        raise Invalid(f"it has {len(text):,} characters; at most {_LONGEST:,} are read", where)
    if any(ord(c) < ord(" ") and c not in "\t\r\n" for c in text):
        raise Invalid("it holds control characters", where)
    parser = _Parser(list(_tokens(text, where)), where)
    found = parser.expression(0, 0)
    parser.end()
    return found


def _tokens(text: str, where: str) -> Iterator[_Token]:
    at, terms = 0, 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            if not text[at:].strip():
                return
            raise Invalid(f"“{text[at : at + 20]}” at character {at + 1} cannot be read", where)
        kind = found.lastgroup or ""
        terms += kind != "mark"
        if terms > 3 * MOST_TERMS:
            raise Invalid(f"it has more than {MOST_TERMS} terms; ask in several questions", where)
        yield _Token(kind, found[kind], found.start(kind))
        at = found.end()


class _Parser:
    """Goes through the tokens once."""

    def __init__(self, tokens: list[_Token], where: str) -> None:
        self._tokens, self._at, self._where, self._terms = tokens, 0, where, 0

    def expression(self, binding: int, depth: int) -> Expression:
        """What stands here, up to an operator that binds no tighter than `binding`."""
        if depth > MOST_DEPTH:
            raise Invalid(f"it is nested deeper than {MOST_DEPTH}; write it flatter", self._where)
        left = self._first(depth)
        while (operator := self._peek()) is not None and operator.kind == "name":
            binds = _BINDING.get(operator.text)
            if binds is None:
                self._unexpected(operator)
            if binds <= binding:
                break
            self._at += 1
            if operator.text == "in":
                left = self._among(left, depth)
                continue
            right = self.expression(binds, depth + 1)
            left = _joined(operator.text, left, right)
        return left

    def end(self) -> None:
        """Nothing may follow."""
        if (token := self._peek()) is not None:
            self._unexpected(token)

    def _first(self, depth: int) -> Expression:
        token = self._next("an expression is missing")
        match token.kind:
            case "mark" if token.text == "(":
                inside = self.expression(0, depth + 1)
                self._mark(")")
                return inside
            case "name" if token.text == "not":
                return Call("not", (self.expression(_NOT_BINDS, depth + 1),))
            case "name" if self._is_mark("("):
                return self._call(token, depth)
            case _:
                return self._term(token)

    def _term(self, token: _Token) -> Value | Path:
        if token.kind == "mark" or token.text in _BINDING:
            self._unexpected(token)
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise Invalid(f"it has more than {MOST_TERMS} terms; ask in several questions", self._where)
        match token.kind:
            case "name":
                return _CONSTANTS.get(token.text) or Path(tuple(token.text.split("/")))
            case "text":
                return Value("text", _unquoted(token.text))
            case "number":
                return Value("number", self._number(token))
            case "time":
                return Value("time", self._time(token.text))
            case _:
                return self._typed(token)

    def _number(self, token: _Token) -> int | float:
        if token.text.lstrip("-").isdecimal():
            return int(token.text) if len(token.text) < 20 else float(token.text)  # noqa: PLR2004 - 64 bits
        found = float(token.text)
        if not math.isfinite(found):
            self._unexpected(token)
        return found

    def _typed(self, token: _Token) -> Value:
        kind, quoted = token.text.split("'", 1)
        words = _unquoted(f"'{quoted}")
        match kind:
            case "geography" | "geometry":
                return Value("place", words.partition(";")[2] if words.upper().startswith("SRID=") else words)
            case "duration":
                return Value("duration", self._duration(words))
            case _:
                return Value("time", self._time(words))

    def _time(self, text: str) -> tuple[int, int]:
        start, _, end = text.partition("/")
        first = self._instant(start)
        if not end:
            return first, first
        last = first + self._duration(end) if end.lstrip("-").startswith("P") else self._instant(end)
        if last < first:
            raise Invalid(f"the interval “{text}” ends before it starts", self._where)
        return first, last

    def _instant(self, text: str) -> int:
        return instant_us(text.strip().replace(" ", "+", 1), self._where)

    def _duration(self, text: str) -> int:
        found = _DURATION_PARTS.fullmatch(text.strip())
        if found is None or not any(found.groups()[1:]):
            raise Invalid(
                f"“{text[:40]}” is no duration of days, hours, minutes and seconds such as P1DT6H",
                self._where,
            )
        days, hours, minutes = (int(part or 0) for part in found.groups()[1:4])
        us = (
            days * _DAY_US
            + ((hours * 60 + minutes) * 60) * _SECOND_US
            + round(float(found[5] or 0) * _SECOND_US)
        )
        if us > 2**53:
            raise Invalid(f"the duration “{text[:40]}” is too long", self._where)
        return -us if found[1] else us

    def _call(self, token: _Token, depth: int) -> Call:
        name = token.text.lower()
        if name not in FUNCTIONS:
            raise Invalid(
                f"there is no function “{token.text[:40]}”; there are {', '.join(sorted(FUNCTIONS))}",
                self._where,
            )
        self._mark("(")
        given = () if self._is_mark(")") else self._listed(depth)
        self._mark(")")
        least, most = FUNCTIONS[name]
        if not least <= len(given) <= most:
            wanted = f"{least}" if least == most else f"{least} or {most}"
            raise Invalid(f"{name} takes {wanted} arguments, not {len(given)}", self._where)
        return Call(name, given)

    def _listed(self, depth: int) -> tuple[Expression, ...]:
        found = [self.expression(0, depth + 1)]
        while self._is_mark(","):
            self._at += 1
            found.append(self.expression(0, depth + 1))
        return tuple(found)

    def _among(self, left: Expression, depth: int) -> Expression:
        if isinstance(left, Call) and left.name not in FUNCTIONS:
            raise Invalid("“in” stands behind a property or a function", self._where)
        self._mark("(")
        options = self._listed(depth)
        self._mark(")")
        same = tuple(Call("eq", (left, option)) for option in options)
        return same[0] if len(same) == 1 else Call("or", same)

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self, otherwise: str) -> _Token:
        token = self._peek()
        if token is None:
            raise Invalid(f"{otherwise} at its end", self._where)
        self._at += 1
        return token

    def _is_mark(self, mark: str) -> bool:
        token = self._peek()
        return token is not None and (token.kind, token.text) == ("mark", mark)

    def _mark(self, mark: str) -> None:
        token = self._next(f"“{mark}” is missing")
        if (token.kind, token.text) != ("mark", mark):
            self._unexpected(token)

    def _unexpected(self, token: _Token) -> NoReturn:
        raise Invalid(f"“{token.text[:40]}” at character {token.at + 1} is not expected there", self._where)


def _joined(operator: str, left: Expression, right: Expression) -> Call:
    """Long chains of and, or become one call: their length costs no depth."""
    if operator in {"and", "or"}:
        before = left.given if isinstance(left, Call) and left.name == operator else (left,)
        return Call(operator, (*before, right))
    if operator in COMPARISONS and isinstance(left, Value) and not isinstance(right, Value):
        # A property stands first.
        return Call(_MIRRORED[operator], (right, left))
    return Call(operator, (left, right))


_MIRRORED = {"eq": "eq", "ne": "ne", "gt": "lt", "lt": "gt", "ge": "le", "le": "ge"}


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")
