"""Elements of XML by their local names, as the formats without a common schema version read them."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats._xml import local, text_of
from estran.model import Box, Vertical, date

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

__all__ = ["Notes", "all_at", "at", "line", "lines_of", "number", "paragraphs", "where"]

_SPACES = re.compile(r"\s+")
_BLANK_LINES = re.compile(r"\n\s*\n\s*")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?")
_NOTHING = frozenset(
    {"unknown", "none", "n/a", "na", "null", "nil", "not available", "not applicable", "not provided", "-"}
)


def all_at(element: _Element, path: str) -> Iterator[_Element]:
    """The descendants at a path of local names, such as ``contact/individualName``, in document order."""
    name, _, rest = path.partition("/")
    for child in element:
        if local(child) == name:
            if rest:
                yield from all_at(child, rest)
            else:
                yield child


def at(element: _Element, path: str) -> _Element | None:
    """The first descendant at a path of local names."""
    return next(all_at(element, path), None)


def line(element: _Element | None, path: str = "") -> str:
    """The words of an element, or of the first at `path` below it that has any, on one line."""
    if element is None:
        return ""
    if not path:
        return _SPACES.sub(" ", text_of(element))
    return next((words for found in all_at(element, path) if (words := line(found))), "")


def lines_of(element: _Element, path: str) -> list[str]:
    """The words of every element at a path, on one line each; empty ones and stand-ins left out."""
    return [words for found in all_at(element, path) if is_said(words := line(found))]


def is_said(words: str) -> bool:
    """Whether words say anything; “unknown” and its like do not."""
    return bool(words) and words.lower() not in _NOTHING


def paragraphs(words: str) -> str:
    """Words without the indentation of XML; blank lines part paragraphs."""
    parts = (_SPACES.sub(" ", part).strip() for part in _BLANK_LINES.split(words.strip()))
    return "\n\n".join(part for part in parts if part)


def number(words: str) -> float | None:
    """The number that words begin with, a unit behind it ignored; None where they do not."""
    found = _NUMBER.match(words.strip())
    if found is None:
        return None
    value = float(found[0])
    return value if math.isfinite(value) else None


def where(element: _Element) -> str:
    """Name and line of an element, for messages."""
    return f"{local(element)} at line {element.sourceline}" if element.sourceline else local(element)


class Notes(list[str]):
    """What was wrong with a document and had to be left out, kept with the record."""

    def day(self, element: _Element | None, path: str = "") -> str:
        """The canonical date that stands in an element, "" with a note where it is none."""
        found = element if element is None or not path else at(element, path)
        if found is None or not is_said(words := line(found)):
            return ""
        return self.date(words, where(found))

    def date(self, words: str, place: str) -> str:
        """The canonical date that words are, "" with a note where they are none."""
        try:
            return date(words, place)
        except Invalid as error:
            self.append(str(error))
            return ""

    def box(self, corners: tuple[str, str, str, str], place: str) -> Box | None:
        """The box of west, south, east and north in words, None with a note where it is none."""
        found = [number(corner) for corner in corners]
        west, south, east, north = found
        if west is None or south is None or east is None or north is None:
            if any(corners):
                self.append(f"{place}: not all four sides of the box are numbers; it was left out")
            return None
        try:
            return Box.checked(west, south, east, north, place)
        except Invalid as error:
            self.append(f"{error}; it was left out")
            return None

    def vertical(
        self, lowest: str, highest: str, place: str, unit: str = "", crs: str = ""
    ) -> Vertical | None:
        """The range of heights between two words, None where neither is a number."""
        low, high = number(lowest), number(highest)
        if low is None and high is None:
            if is_said(lowest) or is_said(highest):
                self.append(f"{place}: “{lowest or highest}” is not a height; it was left out")
            return None
        low, high = (low if low is not None else high), (high if high is not None else low)
        assert low is not None and high is not None  # noqa: PT018 - one of them is a number
        return Vertical(min(low, high), max(low, high), unit, crs)
