"""Words as vocabularies come with them: blanks, control characters, and letters that were decoded wrongly."""

from __future__ import annotations

import re

__all__ = ["clean", "mended", "stem", "titled"]

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\ufeff\ufffe\uffff]")
# UTF-8 that was read as Windows-1252: "Ã©" for "é", "â€™" for an apostrophe.
_GARBLED = re.compile("[ÃÂ][\u0080-\u00bf\u0152-\u02dc\u2013-\u2122]|â€[\u0080-\u2122]")
_ENDINGS = re.compile(
    r"\.(gz|zip|mef|rdf|owl|xml|ttl|n3|nt|nq|trig|jsonld|json|csv|tsv|tab|txt)$", re.IGNORECASE
)


def clean(words: str) -> str:
    """Words without control characters, each run of blanks one blank."""
    return " ".join(_CONTROL.sub("", words).split())


def mended(words: str) -> str:
    """The same, with letters that were decoded wrongly set right where that is certain."""
    words = clean(words)
    if _GARBLED.search(words):
        try:
            return words.encode("cp1252").decode("utf-8")
        except UnicodeError:
            return words
    return words


def stem(name: str) -> str:
    """The name of a file without its folder and its endings."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    while (shorter := _ENDINGS.sub("", base)) != base and shorter:
        base = shorter
    return base


def titled(name: str) -> str:
    """The name of a file as words."""
    return stem(name).replace("_", " ").replace("-", " ").strip()
