"""Words as the indexes know them: folded, without the smallest words, stemmed for French and English.

The stems are made here and only here, so that every engine finds the same. French and English stems
stand in columns of their own: a word of a text whose language is known is stemmed in that language,
else in both; a word that is asked for is stemmed in both and compared with each in its own column.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from estran.model import Text

_WORD = re.compile(r"[^\W_]+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ł": "l", "’": " "})
# Folded; too frequent to find anything by.
_SMALL = frozenset(
    "a an and are as at be by for from in into is it its of on or over that the this to was were which with "  # noqa: SIM905
    "au aux ce ces cette d dans de des du en et est l la le les leur ou par pour qu que qui s sa se ses son sont "
    "sur un une".split()
)
_LONGEST_WORD = 80
# Beyond this an abstract is a book; what follows is not searched.
_LONGEST_TEXT = 60_000
_REMEMBERED = 100_000

# A word as it is written -> its folded forms with their stems: texts repeat their words.
_known: dict[str, tuple[tuple[str, str], ...]] = {}
_stems: dict[str, tuple[str, str]] = {}


def folded(text: str) -> str:
    """Lower case, without accents and ligatures."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return "".join(c for c in plain if not unicodedata.combining(c))


def split(text: str) -> list[str]:
    """The words of a text, folded; the smallest words are left out."""
    return [word for written in _written(text) for word in _folded_words(written)]


def _written(text: str) -> list[str]:
    text = text[:_LONGEST_TEXT]
    # Letters whose accents stand apart would fall to pieces.
    return _WORD.findall(text if text.isascii() else unicodedata.normalize("NFC", text))


def _folded_words(written: str) -> list[str]:
    return [
        word for word in _WORD.findall(folded(written)) if word not in _SMALL and len(word) <= _LONGEST_WORD
    ]


@cache
def _stemmers() -> tuple[Any, Any]:
    """The French and the English stemmer."""
    import snowballstemmer  # noqa: PLC0415 - it loads every language

    return snowballstemmer.stemmer("french"), snowballstemmer.stemmer("english")


def stems(word: str) -> tuple[str, str]:
    """The French and the English stem of a folded word."""
    held = _stems.get(word)
    if held is None:
        if len(_stems) >= _REMEMBERED:
            _stems.clear()
        # Numbers and codes have no stem.
        french, english = _stemmers()
        held = (french.stemWord(word), english.stemWord(word)) if word.isalpha() else (word, word)
        _stems[word] = held
    return held


def stemmed(text: str) -> list[tuple[str, str]]:
    """The stems of all words of a text."""
    found: list[tuple[str, str]] = []
    for written in _written(text):
        pairs = _known.get(written)
        if pairs is None:
            if len(_known) >= _REMEMBERED:
                _known.clear()
            pairs = _known[written] = tuple(stems(word) for word in _folded_words(written))
        found += pairs
    return found


class Column:
    """Grows the French and English tokens of one field."""

    __slots__ = ("english", "french")

    def __init__(self) -> None:
        self.french: list[str] = []
        self.english: list[str] = []

    def add(self, words: str, language: str = "") -> None:
        """Take in a text of a language; "" is not known and counts as both."""
        if not words:
            return
        pairs = stemmed(words)
        if language != "en":
            self.french += [french for french, _ in pairs]
        if language != "fr":
            self.english += [english for _, english in pairs]

    def add_text(self, text: Text, fallback: str = "") -> None:
        """Take in every language of a text; where it says none, `fallback` is its language."""
        for language, words in text.variants:
            self.add(words, language or fallback)


def tagged(text: str, language: str = "") -> dict[str, list[str]]:
    """The stems of a text in order, by the tongue that they are stems of.

    Args:
        text: any.
        language: "fr" and "en" have stems of their own ("f", "e"); words of any other are kept as they are
            ("x"); "" is not known and gives both.
    """
    pairs = stemmed(text)
    if language in ("fr", "en"):
        return {language[0]: [pair[language == "en"] for pair in pairs]}
    if language:
        return {"x": split(text)}
    return {"f": [french for french, _ in pairs], "e": [english for _, english in pairs]}
