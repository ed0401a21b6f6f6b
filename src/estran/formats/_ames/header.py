"""The header of a NASA-Ames file: who, what, when, the axes and the variables with their scales."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from estran.errors import Invalid
from estran.formats._text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["FFI", "KNOWN", "Column", "Header", "first_line", "header"]

FFI = (1001, 1010, 1020, 2010, 2110, 2160, 2310)
"""The file format indexes that are read."""
KNOWN = frozenset({1001, 1010, 1020, 2010, 2110, 2160, 2310, 3010, 4010})
_FIRST = re.compile(r"\s*(\d{1,4})[\s,]+(\d{4})(?:\s*,\s*V\w+)?\s*")
_BRACKETED = re.compile(r"^(.*?)\s*[\[(]\s*([^\])]*)\s*[\])].*$")
_SUFFIXES = ("pptv", "ppbv", "ppmv", "ppt", "ppb", "ppm", "degC", "hPa", "mb", "ms-1", "deg", "km", "m", "K")
_NUMBERED = re.compile(r"([A-Z][A-Z_]+[A-Z])\s*:\s*(.*)")
_STATION = re.compile(
    r"(?:station|measurement) (name|latitude|longitude|altitude)\s?: ?(\S.*)", re.IGNORECASE
)
_MOST_VARIABLES, _MOST_LINES = 2000, 20_000
_UNUSED = ("n/a", "na", "none", "")


class Column(NamedTuple):
    """A variable: its name, unit, and how its numbers are meant."""

    name: str
    unit: str
    scale: float = 1.0
    missing: float = float("nan")


@dataclass(slots=True)
class Header:
    """What stands before the records.

    Attributes:
        lines: of the header.
        axes: the independent variables, the one that runs fastest first.
        levels: of the fastest axis where the header gives them; step: between its values where they are not given.
        auxiliary: variables that do not depend on the fastest axis.
        of_station: what is told once of each station, where stations are the slow axis; first how many records it has.
        words: how many texts stand behind these numbers.
        told: the keywords of ICARTT's comments, and what EBAS tells of its station.
    """

    lines: int
    index: int
    people: tuple[str, str] = ("", "")
    source: str = ""
    mission: str = ""
    begins: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    revised: datetime | None = None
    axes: list[Column] = field(default_factory=list[Column])
    levels: list[float] = field(default_factory=list[float])
    step: float = 0.0
    count: int = 0
    columns: list[Column] = field(default_factory=list[Column])
    auxiliary: list[Column] = field(default_factory=list[Column])
    of_station: list[Column] = field(default_factory=list[Column])
    words: int = 0
    special: list[str] = field(default_factory=list[str])
    normal: list[str] = field(default_factory=list[str])
    told: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def is_icartt(self) -> bool:
        """Whether the comments are those of ICARTT."""
        return "PI_CONTACT_INFO" in self.told


def first_line(line: str) -> tuple[int, int] | None:
    """(lines of the header, index) where it is the first line of such a file."""
    found = _FIRST.fullmatch(line)
    return (int(found[1]), int(found[2])) if found and int(found[2]) in KNOWN else None


class _Lines:
    """The header's lines one by one, or their numbers, however many lines these take."""

    def __init__(self, lines: Iterable[tuple[int, str]], most: int, name: str) -> None:
        self._lines, self._most, self.name, self.at = iter(lines), most, name, 0

    def line(self, what: str) -> str:
        self.at, text = next(self._lines, (self.at, None))
        if text is None or self.at > self._most:
            raise Invalid(f"its header of {self._most} lines ends before {what}", self.name)
        return text.strip()

    def lines(self, count: int, what: str) -> list[str]:
        return [self.line(what) for _ in range(count)]

    def numbers(self, count: int, what: str) -> list[float]:
        found: list[float] = []
        while len(found) < count:
            parts = self.line(what).replace(",", " ").split()
            try:
                found += [float(part) for part in parts]
            except ValueError:
                raise Invalid(f"line {self.at}: {what} should be numbers here", self.name) from None
        return found

    def count(self, what: str, most: int = _MOST_VARIABLES) -> int:
        (number, *_) = self.numbers(1, what)
        if not 0 <= number <= most or number != int(number):
            raise Invalid(f"line {self.at}: {what} is {number:g}, and 0 to {most:,} are read", self.name)
        return int(number)


def header(numbered: Iterable[tuple[int, str]], name: str) -> Header:
    """The header of a file.

    Raises:
        Invalid: it is no such file, its index is not read, or it is cut short; with the line.
    """
    rows: Iterator[tuple[int, str]] = iter(numbered)
    _, line = next(rows, (1, ""))
    found = first_line(line)
    if found is None:
        _, second = next(rows, (2, ""))
        found = first_line(second)
        if found is None:
            raise Invalid(
                "its first line does not give the lines of the header and the file format index", name
            )
    total, index = found
    if first_line(line) is None:
        total += 1  # the archive's own line does not count
    if index not in FFI:
        known = ", ".join(str(one) for one in FFI)
        raise Invalid(f"its file format index is {index}, and {known} are read", name)
    if total > _MOST_LINES:
        raise Invalid(f"its header has {total:,} lines, and {_MOST_LINES:,} are read", name)
    read = _Lines(rows, total, name)
    made = Header(total, index)
    made.people = (read.line("the originator"), read.line("the organisation"))
    made.source, made.mission = read.line("the source"), read.line("the mission")
    read.line("the number of the file")
    made.begins, made.revised = _dates(read)
    (_AXES_OF_ONE if index < 2000 else _AXES_OF_TWO)(read, made)  # noqa: PLR2004 - as the indexes are numbered
    _comments(read, made)
    return made


def _dates(read: _Lines) -> tuple[datetime, datetime | None]:
    parts = re.split(r"[\s,]+", read.line("the dates"))
    try:
        begins = datetime(*(int(part) for part in parts[:3]), tzinfo=UTC)
    except (ValueError, TypeError):
        raise Invalid(
            f"line {read.at}: the first date is no date: “{' '.join(parts[:6])}”", read.name
        ) from None
    try:
        return begins, datetime(*(int(part) for part in parts[3:6]), tzinfo=UTC)
    except (ValueError, TypeError):
        return begins, None


def _axes_of_one(read: _Lines, made: Header) -> None:
    (made.step, *_) = read.numbers(1, "the step of the axis")
    made.count = read.count("how many values stand in a record") if made.index == 1020 else 0  # noqa: PLR2004
    made.axes = [_named(read.line("the name of the axis"))]
    made.columns = _columns(read, "variables")
    if made.index != 1001:  # noqa: PLR2004
        made.auxiliary = _columns(read, "auxiliary variables")


def _axes_of_two(read: _Lines, made: Header) -> None:
    (made.step, *_) = read.numbers(1, "the steps of the axes")
    if made.index == 2010:  # noqa: PLR2004
        made.count = read.count("how many levels there are")
        given = read.count("how many levels are given")
        made.levels = read.numbers(given, "the levels")[:given]
        made.levels += (
            [made.levels[-1] + made.step * n for n in range(1, made.count - given + 1)] if given else []
        )
    if made.index == 2160:  # noqa: PLR2004
        read.line("the length of the names of stations")
    made.axes = [
        _named(read.line("the name of the first axis")),
        _named(read.line("the name of the second axis")),
    ]
    made.columns = _columns(read, "variables")
    if made.index == 2160:  # noqa: PLR2004
        _of_stations(read, made)
    else:
        made.auxiliary = _columns(read, "auxiliary variables")


def _of_stations(read: _Lines, made: Header) -> None:
    """The auxiliary variables of a file whose slow axis names stations: numbers, and texts behind them."""
    count = read.count("the number of auxiliary variables")
    made.words = read.count("how many of the auxiliary variables are texts", count)
    plain = count - made.words
    scales = read.numbers(plain, "the scales of auxiliary variables") if plain else []
    missing = read.numbers(plain, "the missing values of auxiliary variables") if plain else []
    if made.words:
        read.numbers(made.words, "the lengths of texts")
        read.lines(made.words, "a missing text")
    names = read.lines(count, "the names of auxiliary variables")
    made.of_station = [
        _named(name)._replace(scale=scale, missing=absent)
        for name, scale, absent in zip(names, scales, missing, strict=False)
    ]
    made.axes = made.axes[:1]


_AXES_OF_ONE, _AXES_OF_TWO = _axes_of_one, _axes_of_two


def _columns(read: _Lines, what: str) -> list[Column]:
    count = read.count(f"the number of {what}")
    if not count:
        return []
    scales, missing = (
        read.numbers(count, f"the scales of {what}"),
        read.numbers(count, f"the missing values of {what}"),
    )
    names = read.lines(count, f"the names of {what}")
    return [
        _named(name)._replace(scale=scale, missing=absent)
        for name, scale, absent in zip(names, scales, missing, strict=False)
    ]


def _named(words: str) -> Column:
    """A name with its unit, in brackets, behind a comma, or behind an underscore."""
    words = plain(words)
    if found := _BRACKETED.match(words):
        return Column(found[1].strip(" :") or words, found[2].strip())
    name, comma, rest = words.partition(",")
    if comma:
        unit = rest.partition(",")[0].strip()
        return Column(name.strip(), "" if unit.lower() in _UNUSED else unit)
    suffix = words.rpartition("_")[2]
    return Column(words, suffix if suffix in _SUFFIXES and suffix != words else "")


def _comments(read: _Lines, made: Header) -> None:
    try:
        made.special = read.lines(
            read.count("the number of special comments", _MOST_LINES), "a special comment"
        )
        made.normal = read.lines(read.count("the number of comments", _MOST_LINES), "a comment")
    except Invalid:
        # Hands count them wrongly, and nothing that is read depends on them.
        made.normal = made.normal or []
    for line in made.normal:
        if (found := _NUMBERED.fullmatch(line)) and found[2].strip().lower() not in _UNUSED:
            made.told.setdefault(found[1], found[2].strip())
        elif found := _STATION.fullmatch(plain(line)):
            made.told.setdefault(f"station {found[1].lower()}", found[2])
