"""Processing levels under one name: “Level 2A”, “niveau-2a” and “L2A” are L2A, and belong to L2."""

from __future__ import annotations

import re

__all__ = ["is_part", "levels"]

_WORD = r"(?:processing[\s_-]*)?(?:level|niveau)[\s_:-]*"
_NUMBER = r"(?P<number>[0-4])[\s_-]*(?P<part>[a-z]{1,2}\d?)?"
_SAID = re.compile(rf"(?:{_WORD}|lvl|lev|l|n)?[\s_-]*{_NUMBER}", re.IGNORECASE)
# Among keywords L1 may be a frequency and N2 a gas.
_IN_WORDS = re.compile(_WORD + _NUMBER, re.IGNORECASE)
_PART = re.compile(r"L[0-4].+")


def levels(said: str, *, keyword: bool = False) -> tuple[str, ...]:
    """The levels that words name, the narrower first; none where they name none.

    Args:
        said: what stands where a level is expected.
        keyword: whether it stands among keywords, where only whole words tell a level.
    """
    found = (_IN_WORDS if keyword else _SAID).fullmatch(said.strip())
    if found is None:
        return ()
    whole = f"L{found['number']}"
    part = (found["part"] or "").upper()
    return (whole + part, whole) if part else (whole,)


def is_part(level: str) -> bool:
    """Whether a level belongs to a wider one."""
    return _PART.fullmatch(level) is not None
