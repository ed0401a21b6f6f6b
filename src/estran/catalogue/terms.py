"""The words of a query as terms to look for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from estran.catalogue.words import folded, split

if TYPE_CHECKING:
    from estran.catalogue.query import Query

__all__ = ["MOST_WORDS", "Term", "alternatives"]

MOST_WORDS = 32
_PHRASE = re.compile(r'"([^"]*)"|(\S+)')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand together in one field; `prefix`: the last one may go on; `literal`: as they are."""

    words: tuple[str, ...]
    prefix: bool = False
    literal: bool = field(default=False, compare=False)


def alternatives(query: Query) -> list[list[Term]]:
    """The query's words as alternatives of terms that must all match; none where nothing is asked."""
    if query.words == "records":
        phrases = [split(part) for part in query.text.split(",")]
        return [[Term(tuple(words))] for words in phrases if words][:MOST_WORDS]
    terms: dict[Term, None] = {}
    for quoted, word in _PHRASE.findall(query.text):
        if quoted:
            terms[Term(tuple(split(quoted)), literal=True)] = None
        elif word.endswith("*") and len(folded(word)) > 3:  # noqa: PLR2004
            terms.update((Term((w,), prefix=True, literal=True), None) for w in split(word))
        else:
            terms.update((Term((w,)), None) for w in split(word))
    listed = [term for term in terms if term.words][:MOST_WORDS]
    return [listed] if listed else []
