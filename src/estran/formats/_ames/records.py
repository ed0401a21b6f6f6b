"""The records of a NASA-Ames file, one after the other; what cannot be read is refused by its line."""

from __future__ import annotations

import re
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from estran.formats import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estran.formats._ames.header import Header

__all__ = ["Record", "records"]

_MOST_LEVELS = 1_000_000
_MOST_REFUSED = 100
_LAUNCH, _AFTER_LAUNCH = re.compile(r"launch time", re.IGNORECASE), re.compile(r"after launch", re.IGNORECASE)
_SECONDS_OF_HOUR = 3600.0


class Record(NamedTuple):
    """One record.

    Attributes:
        at: value of the slowest axis.
        auxiliary: one number each.
        levels: values of the fastest axis; the slowest where there is but one.
        values: of each level the variables.
    """

    at: float
    auxiliary: list[float]
    levels: list[float]
    values: list[list[float]]


class _NoNumberError(Exception):
    def __init__(self, line: int, word: str) -> None:
        super().__init__(word)
        self.line, self.word = line, word


def records(made: Header, numbered: Iterable[tuple[int, str]], name: str) -> Iterator[Record | Refusal]:
    """The records behind the header, whose lines are left out here."""
    body = ((number, line) for number, line in numbered if number > made.lines and line.strip())
    if made.index == 1001:  # noqa: PLR2004
        yield from _by_line(made, body, name)
        return
    if made.index == 2160:  # noqa: PLR2004
        yield from _of_stations(made, body, name)
        return
    try:
        numbers = _Numbers(body)
        while not numbers.is_done():
            yield from _record(made, numbers)
    except _NoNumberError as error:
        what = f"“{error.word[:40]}” is no number" if error.word else "the last record is cut short"
        yield Refusal(name, f"{what}; the records from here on cannot be told apart", error.line)


def _by_line(made: Header, body: Iterable[tuple[int, str]], name: str) -> Iterator[Record | Refusal]:
    """Records that each begin on a line of their own, so that one that is broken takes no other with it."""
    wanted, held, since, refused = len(made.columns) + 1, list[float](), 0, 0
    begun = False
    for number, line in body:
        words = line.replace(",", " ").split()
        try:
            numbers = [float(word) for word in words]
        except ValueError:
            # Names of the columns often stand above the data.
            why = f"the record does not hold {wanted} numbers: “{line.strip()[:60]}”" if begun else ""
            held = []
        else:
            held, begun, since = held + numbers, True, since if held else number
            why = (
                f"the record holds {len(held)} numbers where {wanted} are named" if len(held) > wanted else ""
            )
        if why:
            refused, held = refused + 1, []
            if refused <= _MOST_REFUSED:
                yield Refusal(name, why, number)
        elif len(held) == wanted:
            yield Record(held[0], [], [held[0]], [held[1:]])
            held = []
    if held:
        yield Refusal(name, f"the last record holds {len(held)} numbers where {wanted} are named", since)
    if refused > _MOST_REFUSED:
        yield Refusal(name, f"{refused - _MOST_REFUSED:,} more records were refused for such reasons")


def _of_stations(made: Header, body: Iterator[tuple[int, str]], name: str) -> Iterator[Record | Refusal]:
    """Records that a line with the name of a station begins, which tells in hours when its axis begins."""
    plain = len(made.of_station)
    at = next((n for n, one in enumerate(made.of_station) if _LAUNCH.search(one.name)), -1)
    begins = 0.0
    for number, _station in body:
        line = number
        told: list[float] = []
        while len(told) < plain and (found := next(body, None)) is not None:
            line, words = found
            told += _floats(words)
        if not plain or len(told) != plain or not 0 <= told[0] <= _MOST_LEVELS or told[0] != int(told[0]):
            why = f"{plain} numbers should stand below the name of a station, the first of them how many records it has"
            yield Refusal(name, why, line)
            return
        deque(islice(body, made.words), maxlen=0)
        if at >= 0 and told[at] != made.of_station[at].missing and _AFTER_LAUNCH.search(made.axes[0].name):
            begins = told[at] * made.of_station[at].scale * _SECONDS_OF_HOUR
        lines = islice(body, int(told[0]))
        for record in _by_line(made, lines, name):
            yield record if isinstance(record, Refusal) else record._replace(at=record.at + begins)


def _floats(words: str) -> list[float]:
    try:
        return [float(word) for word in words.replace(",", " ").split()]
    except ValueError:
        return []


class _Numbers:
    """Numbers of lines, however they are broken; words before the first are passed over."""

    def __init__(self, body: Iterable[tuple[int, str]]) -> None:
        self._words = ((number, word) for number, line in body for word in line.replace(",", " ").split())
        self._next: tuple[int, str] | None = None
        self._line = 0
        self._skip_names(body)

    def _skip_names(self, body: Iterable[tuple[int, str]]) -> None:
        for number, line in body:
            words = line.replace(",", " ").split()
            if all(_is_number(word) for word in words):
                self._waiting = [(number, word) for word in words]
                return
        self._waiting = []

    def is_done(self) -> bool:
        if not self._waiting:
            found = next(self._words, None)
            self._waiting = [found] if found else []
        return not self._waiting

    def take(self, count: int) -> list[float]:
        found: list[float] = []
        while len(found) < count:
            if self.is_done():
                raise _NoNumberError(self._line, "")
            self._line, word = self._waiting.pop(0)
            try:
                found.append(float(word))
            except ValueError:
                raise _NoNumberError(self._line, word) from None
        return found

    def count(self, number: float) -> int:
        if not (0 <= number <= _MOST_LEVELS and number == int(number)):
            raise _NoNumberError(self._line, f"{number:g}")
        return int(number)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _record(made: Header, numbers: _Numbers) -> Iterator[Record]:
    (at,) = numbers.take(1)
    auxiliary = numbers.take(len(made.auxiliary))
    width = len(made.columns)
    match made.index:
        case 1010:
            yield Record(at, auxiliary, [at], [numbers.take(width)])
        case 1020:
            rows = [numbers.take(made.count) for _ in range(width)]
            for n in range(made.count):
                x = at + n * made.step
                yield Record(x, auxiliary if not n else [], [x], [[row[n] for row in rows]])
        case 2110:
            pairs = [numbers.take(width + 1) for _ in range(numbers.count(auxiliary[0]) if auxiliary else 0)]
            yield Record(at, auxiliary, [pair[0] for pair in pairs], [pair[1:] for pair in pairs])
        case _:
            levels = made.levels
            if made.index == 2310:  # noqa: PLR2004
                count = numbers.count(auxiliary[0])
                levels = [auxiliary[1] + n * auxiliary[2] for n in range(count)]
            rows = [numbers.take(len(levels)) for _ in range(width)]
            yield Record(at, auxiliary, levels, [[row[n] for row in rows] for n in range(len(levels))])
