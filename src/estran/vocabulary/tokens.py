"""How labels stand in the index of tokens, and how questions look there.

A token begins with a sign: ``=`` is a whole label in stems, ``#`` a whole label folded, ``f``, ``e`` and
``x`` one stem in French, in English, and a word of any other language. The rank puts preferred labels
first, then short ones; deprecated concepts come last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from estran.words import folded, split, tagged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.vocabulary.concepts import Entry

__all__ = ["KINDS", "LONGEST_KEY", "Label", "groups", "key", "labels", "rank", "tokens", "whole"]

KINDS = ("pref", "alt", "hidden", "name")
LONGEST_KEY = 8
"""Words of the longest label that is found in a text."""

_LONGEST = 200
_DEPRECATED, _KIND, _LENGTH = 10_000, 1000, 999


class Label(NamedTuple):
    """A label to be indexed; `kind` counts in `KINDS`."""

    language: str
    kind: int
    words: str


def labels(entry: Entry) -> Iterator[Label]:
    """All that a concept is called, each only once."""
    seen: set[tuple[str, str]] = set()
    said: set[str] = set()
    listed = (
        *(Label(language, 0, words) for language, words in entry.label.variants),
        *(Label(language, 1, words) for language, words in entry.alternates),
        *(Label(language, 2, words) for language, words in entry.hidden),
        *(Label("", 3, words) for words in (entry.name, *entry.aliases)),
    )
    for label in listed:
        mark, plain = (label.language, label.words), " ".join(split(label.words))
        if not label.words or mark in seen or (label.kind == len(KINDS) - 1 and plain in said):
            continue
        seen.add(mark)
        said.add(plain)
        yield label


def rank(label: Label, *, deprecated: bool) -> int:
    """The smaller, the earlier it is shown."""
    return deprecated * _DEPRECATED + label.kind * _KIND + min(len(label.words), _LENGTH)


def whole(words: str) -> str:
    """The token of a whole label, as it is written but for capitals and accents."""
    return "#" + " ".join(folded(words).replace("_", " ").split())[:_LONGEST]


def key(group: str, stems: list[str]) -> str:
    """The token of a whole label in stems."""
    return f"={group} {' '.join(stems)}"[:_LONGEST]


def tokens(label: Label) -> set[str]:
    """Where a label stands in the index."""
    found = {whole(label.words)}
    for group, stems in tagged(label.words, label.language).items():
        found.update(group + stem for stem in stems)
        if stems and len(stems) <= LONGEST_KEY:
            found.add(key(group, stems))
    return found


def groups(language: str) -> tuple[str, ...]:
    """The tongues to look in for an asker of this language ("" for any)."""
    return ("f", "e", "x") if language not in ("fr", "en") else (language[0],)
