"""CQL2 text (OGC 21-065r2) as CQL2 JSON: a small parser with bounds.

The grammar is that of the standard without arithmetic, which nothing here can evaluate. Parsing is one
pass without backtracking, and nesting is counted, so that no text takes long or overflows a stack.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

DEEPEST = 50
"""Levels of nesting that a filter may have."""

_TOKEN = re.compile(
    r"""(?P<blank>\s+)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<text>'(?:[^'\\]|''|\\.)*')
      | (?P<quoted>"[^"]+")
      | (?P<word>[^\W\d][\w.:]*|:[\w.:]+)
      | (?P<sign><>|<=|>=|[=<>(),*/%^+-])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"''|\\(['abtnvfr])")
_CONTROLS = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "'": "'"}
_COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "^", "div"})
# Whole numbers that a float holds exactly.
_EXACT_DIGITS = 15
# How deep the parentheses of each geometry go, and its name in GeoJSON.
_GEOMETRIES = {
    "point": ("Point", 0),
    "linestring": ("LineString", 1),
    "polygon": ("Polygon", 2),
    "multipoint": ("MultiPoint", 1),
    "multilinestring": ("MultiLineString", 2),
    "multipolygon": ("MultiPolygon", 3),
}


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse(text: str, where: str = "filter") -> Any:
    """The CQL2 JSON of a CQL2 text; names and types are not looked at.

    Raises:
        Invalid: not CQL2, or nested more than `DEEPEST` levels; says at which character.
    """
    parser = _Parser(text, where)
    found = parser.either()
    if (token := parser.peek()).kind != "end":
        parser.fail(f"expected AND, OR or the end, not {token.text}", token)
    return found


class _Parser:
    """A cursor over the tokens of one text."""

    def __init__(self, text: str, where: str) -> None:
        self._text, self._where, self._depth, self._next = text, where, 0, 0
        self._tokens = self._split()

    def _split(self) -> list[_Token]:
        tokens: list[_Token] = []
        at = 0
        while at < len(self._text):
            found = _TOKEN.match(self._text, at)
            if found is None:
                what = (
                    "a quote that is never closed"
                    if self._text[at] in "'\""
                    else f"the sign {self._text[at]}"
                )
                self.fail(f"{what} has no meaning here", _Token("", "", at))
            if found.lastgroup != "blank":
                tokens.append(_Token(str(found.lastgroup), found.group(), at))
            at = found.end()
        tokens.append(_Token("end", "the end", len(self._text)))
        return tokens

    def fail(self, why: str, token: _Token) -> NoReturn:
        near = self._text[max(0, token.at - 12) : token.at + 20]
        raise Invalid(f"{why}, at character {token.at + 1} near “{near}”", self._where)

    def peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next += token.kind != "end"
        return token

    def _word(self) -> str:
        """The coming word in lower case, "" where none comes."""
        token = self.peek()
        return token.text.lower() if token.kind == "word" else ""

    def _skip(self, *wanted: str) -> bool:
        """Step over one of the signs or words, if it comes."""
        token = self.peek()
        if token.kind in ("sign", "word") and token.text.lower() in wanted:
            self._next += 1
            return True
        return False

    def _expect(self, wanted: str) -> None:
        if not self._skip(wanted.lower()):
            self.fail(f"expected {wanted}, not {self.peek().text}", self.peek())

    def _deeper[T](self, inner: Callable[[], T]) -> T:
        self._depth += 1
        if self._depth > DEEPEST:
            self.fail(f"the filter is nested more than {DEEPEST} levels deep; simplify it", self.peek())
        found = inner()
        self._depth -= 1
        return found

    def either(self) -> Any:
        """One or more terms joined by OR."""
        return self._joined("or", lambda: self._joined("and", self._factor))

    def _joined(self, word: str, part: Callable[[], Any]) -> Any:
        parts = [part()]
        while self._skip(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else {"op": word, "args": parts}

    def _factor(self) -> Any:
        if self._skip("not"):
            return {"op": "not", "args": [self._deeper(self._factor)]}
        return self._predicate()

    def _predicate(self) -> Any:
        left = self._operand()
        token = self.peek()
        if token.kind == "sign" and token.text in _COMPARISONS:
            self._take()
            return {"op": token.text, "args": [left, self._operand()]}
        if self._skip("is"):
            turned = self._skip("not")
            self._expect("NULL")
            return self._turned({"op": "isNull", "args": [left]}, turned=turned)
        turned = self._skip("not")
        if self._skip("like"):
            return self._turned({"op": "like", "args": [left, self._operand()]}, turned=turned)
        if self._skip("between"):
            low = self._operand()
            self._expect("AND")
            return self._turned({"op": "between", "args": [left, low, self._operand()]}, turned=turned)
        if self._skip("in"):
            self._expect("(")
            return self._turned({"op": "in", "args": [left, self._list(self.either)]}, turned=turned)
        if turned:
            self.fail("expected LIKE, BETWEEN or IN after NOT", self.peek())
        return left

    @staticmethod
    def _turned(found: dict[str, Any], *, turned: bool) -> dict[str, Any]:
        return {"op": "not", "args": [found]} if turned else found

    def _operand(self) -> Any:
        found = self._deeper(self._primary)
        if self.peek().text.lower() in _ARITHMETIC and self.peek().kind in ("sign", "word"):
            self.fail("arithmetic is not offered; compare a property with a value", self.peek())
        return found

    def _primary(self) -> Any:
        token = self.peek()
        if token.kind == "number" or token.text in ("-", "+"):
            return self._number()
        if token.kind == "text":
            return self._string()
        if token.kind == "word":
            return self._named()
        if token.kind == "quoted":
            return {"property": self._take().text[1:-1]}
        if self._skip("("):
            return self._group()
        return self.fail(f"expected a property, a value or a function, not {token.text}", token)

    def _number(self) -> int | float:
        sign = -1 if self.peek().text == "-" else 1
        if self.peek().text in ("-", "+"):
            self._take()
        token = self._take()
        if token.kind != "number":
            self.fail(f"expected a number, not {token.text}", token)
        whole = token.text.isdigit() and len(token.text) <= _EXACT_DIGITS
        return sign * (int(token.text) if whole else float(token.text))

    def _string(self) -> str:
        token = self._take()
        if token.kind != "text":
            self.fail(f"expected a text in single quotes, not {token.text}", token)
        # Other backslashes stay: in a pattern they take the meaning from % and _.
        return _ESCAPE.sub(lambda m: _CONTROLS[m[1]] if m[1] else "'", token.text[1:-1])

    def _group(self) -> Any:
        """What stands in parentheses: an expression, or an array."""
        if self._skip(")"):
            return []
        parts = self._list(self.either)
        return parts[0] if len(parts) == 1 else parts

    def _list[T](self, part: Callable[[], T]) -> list[T]:
        """Parts with commas between, up to the closing parenthesis."""
        parts = [part()]
        while self._skip(","):
            parts.append(part())
        self._expect(")")
        return parts

    def _named(self) -> Any:
        token, word = self._take(), ""
        word = token.text.lower()
        if word in ("true", "false"):
            return word == "true"
        if word in ("and", "or", "not", "like", "between", "in", "is", "null"):
            self.fail(f"expected a property or a value, not {token.text}", token)
        if word.removesuffix("z") in _GEOMETRIES or word.removesuffix("z") == "geometrycollection":
            if self._word() == "z" or self.peek().text == "(":
                return self._geometry(word.removesuffix("z"))
        elif self.peek().text == "(":
            return self._call(word)
        return {"property": token.text}

    def _call(self, word: str) -> Any:
        self._expect("(")
        match word:
            case "date" | "timestamp":
                found = {word: self._string()}
                self._expect(")")
                return found
            case "interval":
                return {"interval": self._list(self._bound)}
            case "bbox":
                return {"bbox": self._list(self._number)}
            case _:
                return {"op": word, "args": [] if self._skip(")") else self._list(self.either)}

    def _bound(self) -> Any:
        found = self._operand()
        # INTERVAL(DATE('…'), …) is written by some; the standard has bare texts.
        return (
            next(iter(found.values()))
            if isinstance(found, dict) and found.keys() & {"date", "timestamp"}
            else found
        )

    def _geometry(self, word: str) -> dict[str, Any]:
        self._skip("z")
        self._expect("(")
        if word == "geometrycollection":
            return {"type": "GeometryCollection", "geometries": self._list(self._member)}
        name, levels = _GEOMETRIES[word]
        if name == "Point":
            return {"type": name, "coordinates": self._last(self._position)}
        if name == "MultiPoint":
            return {"type": name, "coordinates": self._list(self._loose_position)}
        return {"type": name, "coordinates": self._nested(levels)}

    def _member(self) -> dict[str, Any]:
        word = self._take().text.lower().removesuffix("z")
        if word not in _GEOMETRIES:
            self.fail("expected a geometry such as POINT(3 42)", self.peek())
        return self._geometry(word)

    def _nested(self, levels: int) -> list[Any]:
        if levels == 1:
            return self._list(self._position)
        return self._list(lambda: self._opened(levels - 1))

    def _opened(self, levels: int) -> list[Any]:
        self._expect("(")
        return self._nested(levels)

    def _last[T](self, part: Callable[[], T]) -> T:
        found = part()
        self._expect(")")
        return found

    def _loose_position(self) -> list[float]:
        return self._last(self._position) if self._skip("(") else self._position()

    def _position(self) -> list[float]:
        numbers: list[float] = [self._number()]
        while self.peek().kind == "number" or self.peek().text in ("-", "+"):
            numbers.append(self._number())
        return numbers
