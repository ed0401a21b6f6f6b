"""What a flag can mean, whatever the scheme: the words into which all flags are read and from which they are written."""

from __future__ import annotations

import re
from functools import lru_cache

from estran.words import folded

__all__ = ["BAD", "GOOD", "MISSING", "NEAREST", "NOT_EVALUATED", "QUALITIES", "QUALITY", "SUSPECT", "told_by"]

GOOD, NOT_EVALUATED, SUSPECT, BAD, MISSING = 1, 2, 3, 4, 9
"""QARTOD's codes, which are those of the primary level of the IODE scheme too (NERC vocabulary L34)."""
QUALITIES = (GOOD, NOT_EVALUATED, SUSPECT, BAD, MISSING)

QUALITY = {
    "not_evaluated": NOT_EVALUATED,
    "good": GOOD,
    "probably_good": GOOD,
    "probably_bad": SUSPECT,
    "bad": BAD,
    "changed": GOOD,
    "below_detection": SUSPECT,
    "in_excess": SUSPECT,
    "interpolated": GOOD,
    "missing": MISSING,
    "uncertain": SUSPECT,
    "nominal": GOOD,
    "below_quantification": SUSPECT,
}
"""Meaning -> how good a value is. Where the number is no result but a bound of it, it is suspect."""

NEAREST = {
    "not_evaluated": (),
    "good": (),
    "probably_good": ("good",),
    "probably_bad": ("uncertain", "bad"),
    "bad": (),
    "changed": ("probably_good", "good"),
    "below_detection": ("below_quantification", "probably_bad", "bad"),
    "in_excess": ("probably_bad", "bad"),
    "interpolated": ("changed", "probably_good", "good"),
    "missing": ("bad",),
    "uncertain": ("probably_bad", "bad"),
    "nominal": ("probably_good", "good"),
    "below_quantification": ("below_detection", "probably_bad", "bad"),
}
"""Meaning -> what says nearly the same, the nearest first, for schemes that have no flag for it."""

# The first that is found in what a producer writes; what denies something stands before it.
_SIGNS = {
    "not_evaluated": (
        r"\bno (qc|quality|control)|not (been )?(evaluated|checked|controlled|applied|performed|qualified)|unknown|"
        r"unchecked|uncontrolled|unverified|\braw\b|provisional|pending|non (qualifi|evalu|control|valid|teste)|"
        r"inconnu|brut|neutre|provisoire"
    ),
    "below_quantification": r"quantif",
    "below_detection": r"below.*limit|detection|sous (la )?(limite|seuil)",
    "in_excess": r"excess|above.*(range|limit)|saturat|overflow|depasse",
    "missing": r"missing|no (data|value)|absent|absence|manqu|lacune|\bgap\b|not available|\bnan\b",
    "interpolated": r"interpol|estim|extrapol|reconstitu|filled|modelled",
    "nominal": r"nominal",
    "changed": r"chang|correct(ed|ion)|corrige|adjusted|modifie|edited",
    "probably_bad": (
        r"prob\w* (bad|wrong|fals|mauvais|faux)|suspect|suspic|question|doubt|doute|high interest|"
        r"potentially correct|unusual|anomal"
    ),
    "uncertain": r"uncertain|incertain",
    "bad": (
        r"\bbad\b|not good|fail|wrong|reject|invalid|erron|\bfaux\b|fausse|mauvais|error|unusable|out of range|"
        r"aberrant"
    ),
    "probably_good": r"prob\w* (good|correct|bon|ok)|pre.?valid|plausible|acceptable",
    "good": r"good|pass|valid|\bok\b|bon\b|bonne|correct|verified|fiable|accept|controlled|checked",
}
_FOUND = tuple((meaning, re.compile(signs)) for meaning, signs in _SIGNS.items())


@lru_cache(maxsize=4096)
def told_by(words: str) -> str:
    """The meaning that a producer's words have, such as ``probably_good`` of “Probably good data”.

    Words that tell nothing of quality mean that it was not evaluated.
    """
    plain = " ".join(re.findall(r"[^\W_]+", folded(words)))
    return next((meaning for meaning, sign in _FOUND if sign.search(plain)), "not_evaluated")
