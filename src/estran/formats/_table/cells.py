"""Cells of a table: where they end, and whether each is a number, a place or nothing."""

from __future__ import annotations

import csv
import re
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["cells", "degrees", "is_missing", "number", "rows"]

_MISSING = frozenset(
    (
        "",
        *[
            "na",
            "nan",
            "n/a",
            "null",
            "none",
            "nd",
            "-",
            "--",
            "---",
            "?",
            "mq",
            "mm",
            "missing",
            "<na>",
            ".",
            "/",
        ],
    )
)
# As whole or decimal numbers: -999, -999.9, -9999.0.
_MISSING_NUMBER = re.compile(r"-9{3,6}([.,](0*|9+0*))?")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_DEGREES = re.compile(
    r"(?P<first>[NSEWO])?\s*(?P<d>[+-]?\d{1,3}(?:[.,]\d+)?)\s*°?\s*(?:(?P<m>\d{1,2}(?:[.,]\d+)?)\s*['′]?\s*"
    r"(?:(?P<s>\d{1,2}(?:[.,]\d+)?)\s*(?:\"|″|'')?\s*)?)?(?P<last>[NSEWO])?"
)
_LONGEST_PLACE = 40
# A quoted cell may go on over so many lines; what goes on longer has a quote too many.
_MOST_LINES = 30


def rows(lines: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """(number of the line, cells) of each row; a quote that nothing closes is a letter as others are."""
    coming = iter(lines)
    waiting: deque[str] = deque()
    at = 0
    while waiting or (line := next(coming, None)) is not None:
        line = waiting.popleft() if waiting else line  # pyright: ignore[reportPossiblyUnboundVariable]
        at += 1
        if '"' not in line or separator == " ":
            yield at, cells(line, separator)
            continue
        held = [line]
        while _is_open("".join(held), separator) and len(held) < _MOST_LINES:
            following = waiting.popleft() if waiting else next(coming, None)
            if following is None:
                break
            held.append(following)
        if len(held) > 1 and _is_open("".join(held), separator):
            waiting.extendleft(reversed(held[1:]))
            held = held[:1]
        yield at, _quoted("".join(held), separator)
        at += len(held) - 1


def cells(line: str, separator: str) -> list[str]:
    """The cells of a line without quotes; of blanks, however many, one separates."""
    return line.split() if separator == " " else line.rstrip("\r\n").split(separator)


def _is_open(text: str, separator: str) -> bool:
    """Whether a quote at the beginning of a cell is still open at the end."""
    return text.count('"') % 2 == 1 and (
        text.lstrip().startswith('"') or re.search(rf"{re.escape(separator)}\s*\"", text) is not None
    )


def _quoted(text: str, separator: str) -> list[str]:
    if text.count('"') % 2:
        return cells(text, separator)
    try:
        return next(csv.reader([text.rstrip("\r\n")], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        return cells(text, separator)


def number(text: str, decimal: str) -> float | None:
    """A number, None for what is none."""
    if not _NUMBER.fullmatch(text):
        return None
    return (
        float(text.replace(decimal, ".") if decimal != "." else text)
        if decimal in text or "," not in text
        else None
    )


def degrees(text: str, decimal: str) -> float | None:
    """A latitude or longitude in degrees, also of such as 47 32.8 N; None for what is none."""
    if (plain := number(text, decimal)) is not None:
        return plain
    found = _DEGREES.fullmatch(text.upper()) if len(text) <= _LONGEST_PLACE else None
    if found is None or not text.strip() or not (found["first"] or found["last"] or found["m"]):
        return None
    whole, minutes, seconds = (float((found[name] or "0").replace(",", ".")) for name in ("d", "m", "s"))
    size = abs(whole) + minutes / 60 + seconds / 3600
    sign = -1 if found["d"].startswith("-") or (found["first"] or found["last"] or "N") in "SWO" else 1
    return sign * size


def is_missing(text: str) -> bool:
    """Whether a cell says that there is no value."""
    plain = text.strip().lower()
    return plain in _MISSING or _MISSING_NUMBER.fullmatch(plain) is not None
