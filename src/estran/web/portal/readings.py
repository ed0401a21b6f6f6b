"""Words as people write them: “sea temperature off Brittany 2010” names a place and a time besides."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estran.catalogue.words import folded
from estran.model import Box

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from estran.web.portal.asking import Asked

__all__ = ["read"]

_YEAR = r"(?:1[5-9]|20)\d\d"
_TIME = re.compile(
    rf"""(?P<lead>\b(?:in|for|of|en|pour|depuis|since|from|after|après|until|to|before|jusqu['’ ](?:en|à)|avant
         |entre|between|de|du|d['’]|du\s+début)\s+)?
        \b(?P<start>{_YEAR})(?:\s*(?:[-–—/]|to|à|and|et)\s*(?P<end>{_YEAR}))?\b""",
    re.IGNORECASE | re.VERBOSE,
)
_SINCE, _UNTIL = ("depuis", "since", "from", "after", "après"), ("until", "to", "before", "avant", "jusqu")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class _Place:
    """A place: the words of one of its names, and its box."""

    words: tuple[str, ...]
    box: Box


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "places.toml").read_text("utf-8"))


@cache
def _leads() -> frozenset[tuple[str, ...]]:
    """What leads to a place and is no part of what is looked for."""
    return frozenset(tuple(word for _, _, word in _written(lead)) for lead in _table()["leads"])


@cache
def _places() -> Mapping[str, tuple[_Place, ...]]:
    """The places by the first word of their name, the longest names first."""
    found: dict[str, list[_Place]] = {}
    for one in _table()["place"]:
        for name in one["names"]:
            words = tuple(word for _, _, word in _written(name))
            found.setdefault(words[0], []).append(_Place(words, Box(*one["box"])))
    return {word: tuple(sorted(those, key=lambda p: -len(p.words))) for word, those in found.items()}


def read(asked: Asked) -> Asked | None:
    """The search that words may have meant, which name a year or a place; None where they name neither.

    A period or an area that is asked for already is not read a second time; quoted words stay as they are.
    """
    if not asked.text or not asked.reading or '"' in asked.text:
        return None
    text, found = asked.text, dict[str, Any]()
    if not asked.start and not asked.end:
        text, found = _timed(text)
    if asked.box is None:
        text, box = _placed(text)
        found |= {"box": box} if box else {}
    return asked.first(text=" ".join(text.split()).strip(" ,;"), **found) if found else None


def _timed(text: str) -> tuple[str, dict[str, Any]]:
    """A text without the first years that it names, and what they ask."""
    match = _TIME.search(text)
    if match is None:
        return text, {}
    start, end = match["start"], match["end"] or match["start"]
    lead = (match["lead"] or "").strip().lower()
    if end < start:
        start, end = end, start
    asked = {"start": start, "end": end}
    if not match["end"] and lead.startswith(_SINCE):
        asked = {"start": start}
    elif not match["end"] and lead.startswith(_UNTIL):
        asked = {"end": end}
    return f"{text[: match.start()]} {text[match.end() :]}", asked


def _placed(text: str) -> tuple[str, Box | None]:
    """A text without the first place that it names, and the box of that."""
    spans = list(_written(text))
    words = [word for _, _, word in spans]
    for at, word in enumerate(words):
        for place in _places().get(word, ()):
            after = at + len(place.words)
            if tuple(words[at:after]) != place.words:
                continue
            sizes = range(min(at, max(map(len, _leads()))), 0, -1)
            lead = (size for size in sizes if tuple(words[at - size : at]) in _leads())
            first = at - next(lead, 0)
            return f"{text[: spans[first][0]]} {text[spans[after - 1][1] :]}", place.box
    return text, None


def _written(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each word of a text starts and ends, and the word without case and accents."""
    for found in _WORD.finditer(text):
        yield found.start(), found.end(), folded(found[0])
