"""Text in one or several languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Text:
    """A text with its translations, the original first.

    Attributes:
        variants: (language, words) pairs; the language is a two-letter ISO 639-1 code, a three-letter
            ISO 639-2/T code where no shorter exists, or "" where it is not known. Never two of one language.
    """

    variants: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, words: str | None, language: str = "") -> Self:
        """The text of one language; nothing but blanks gives the empty text."""
        words = words.strip() if words else ""
        return cls(((language, words),)) if words else cls()

    @classmethod
    def many(cls, pairs: Iterable[tuple[str, str | None]]) -> Self:
        """A text from (language, words) pairs; blanks and repeated languages are left out."""
        kept: dict[str, str] = {}
        for language, words in pairs:
            if words and words.strip():
                kept.setdefault(language, words.strip())
        return cls(tuple(kept.items()))

    def __bool__(self) -> bool:
        return bool(self.variants)

    def __str__(self) -> str:
        return self.variants[0][1] if self.variants else ""

    @property
    def language(self) -> str:
        """Language of the original, "" where it is not known."""
        return self.variants[0][0] if self.variants else ""

    def within(self, language: str) -> str:
        """The words in `language` if there are any, else the original."""
        return next((words for code, words in self.variants if code == language), str(self))
