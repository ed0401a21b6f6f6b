"""Schemes of quality flags, and how a flag of one is said in another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from estran.errors import Invalid
from estran.formats import Loss
from estran.observations.quality.meanings import NEAREST, NOT_EVALUATED, QUALITIES, QUALITY, told_by

if TYPE_CHECKING:
    from estran.model import Datastream, FlagMeaning

__all__ = ["ARGO", "OCEANSITES", "QARTOD", "SCHEMES", "SEADATANET", "Flag", "Scheme", "named", "of_producer"]


class Flag(NamedTuple):
    """One flag of a scheme.

    Attributes:
        word: as data have it, such as ``1``.
        code: the number that stands for it in a CF flag variable.
        meaning: one of `estran.observations.quality.meanings.QUALITY`.
        words: the one word that CF's ``flag_meanings`` has for it.
    """

    word: str
    code: int
    meaning: str
    words: str


@dataclass(frozen=True)
class Scheme:
    """A scheme of flags.

    Attributes:
        name: by which it is asked for.
        title: what people call it.
        reference: where it is defined.
        flags: in the order of their codes.
        qualities: word -> QARTOD's code, where a producer says it otherwise than the meaning does.
    """

    name: str
    title: str
    reference: str
    flags: tuple[Flag, ...]
    qualities: tuple[tuple[str, int], ...] = ()

    @cached_property
    def by_word(self) -> dict[str, Flag]:
        """Word -> its flag."""
        return {flag.word: flag for flag in self.flags}

    def flag(self, word: str | None) -> Flag | None:
        """The flag that a word of the data is; None where the scheme has none such. Nothing is no flag at all."""
        plain = (word or "").strip()
        known = self.by_word.get(plain)
        # Tables and readers write 1 as 1.0, 01 or +1.
        if known is None and re.fullmatch(r"\+?0*\d+(\.0*)?", plain):
            known = self.by_word.get(str(int(float(plain))))
        return known

    def quality(self, word: str | None) -> int:
        """QARTOD's code of a flag; not evaluated where there is none, or none that the scheme has."""
        flag = self.flag(word)
        if flag is None:
            return NOT_EVALUATED
        return dict(self.qualities).get(flag.word) or QUALITY[flag.meaning]

    def nearest(self, meaning: str) -> Flag:
        """The flag that says what is meant, or nearly: never a better quality, if the scheme has flags for it."""
        wanted = (meaning, *NEAREST[meaning])
        said = (flag for one in wanted for flag in self.flags if flag.meaning == one)
        flag = next(said, None)
        if flag is None:
            alike = (f for f in self.flags if QUALITY[f.meaning] == QUALITY[meaning])
            flag = next(alike, self.flags[0])
        return flag

    def translated(self, word: str | None, to: Scheme) -> Flag:
        """A flag of this scheme as another has it."""
        flag = self.flag(word)
        if to.name == "qartod":
            return to.by_word[str(self.quality(word))]
        if to is self and flag is not None:
            return flag
        return to.nearest(flag.meaning if flag else "not_evaluated")

    def losses(self, to: Scheme) -> tuple[Loss, ...]:
        """What another scheme cannot say of this one."""
        said = [(flag, self.translated(flag.word, to)) for flag in self.flags]
        return tuple(
            Loss(f"flag {flag.word}", f"{flag.words} becomes {got.words}: {to.title} has no such flag")
            for flag, got in said
            if got.meaning != flag.meaning
        )


def _scheme(name: str, title: str, reference: str, *flags: tuple[str, str, str]) -> Scheme:
    made = [Flag(word, int(word) if word.isdigit() else ord(word), *told) for word, *told in flags]
    return Scheme(name, title, reference, tuple(made))


QARTOD = _scheme(
    "qartod", "QARTOD", "https://ioos.noaa.gov/project/qartod/",
    ("1", "good", "good"), ("2", "not_evaluated", "not_evaluated"), ("3", "probably_bad", "suspect"),
    ("4", "bad", "bad"), ("9", "missing", "missing"),
)  # fmt: skip
ARGO = _scheme(
    "argo", "Argo reference table 2", "https://vocab.nerc.ac.uk/collection/RR2/current/",
    ("0", "not_evaluated", "no_qc_performed"), ("1", "good", "good_data"),
    ("2", "probably_good", "probably_good_data"), ("3", "probably_bad", "probably_bad_data"),
    ("4", "bad", "bad_data"), ("5", "changed", "value_changed"), ("8", "interpolated", "estimated_value"),
    ("9", "missing", "missing_value"),
)  # fmt: skip
OCEANSITES = _scheme(
    "oceansites", "OceanSITES reference table 2", "http://www.oceansites.org/data/",
    ("0", "not_evaluated", "unknown"), ("1", "good", "good_data"),
    ("2", "probably_good", "probably_good_data"), ("3", "probably_bad", "potentially_correctable_bad_data"),
    ("4", "bad", "bad_data"), ("7", "nominal", "nominal_value"), ("8", "interpolated", "interpolated_value"),
    ("9", "missing", "missing_value"),
)  # fmt: skip
# Its own NetCDF files write the characters' codes into bytes; words as they stand in the vocabulary.
SEADATANET = Scheme(
    "seadatanet", "SeaDataNet measurand qualifier flags (L20)", "https://vocab.nerc.ac.uk/collection/L20/current/",
    tuple(Flag(word, ord(word), meaning, words) for word, meaning, words in (
        ("0", "not_evaluated", "no_quality_control"), ("1", "good", "good_value"),
        ("2", "probably_good", "probably_good_value"), ("3", "probably_bad", "probably_bad_value"),
        ("4", "bad", "bad_value"), ("5", "changed", "changed_value"),
        ("6", "below_detection", "value_below_detection"), ("7", "in_excess", "value_in_excess"),
        ("8", "interpolated", "interpolated_value"), ("9", "missing", "missing_value"),
        ("A", "uncertain", "value_phenomenon_uncertain"), ("B", "nominal", "nominal_value"),
        ("Q", "below_quantification", "value_below_limit_of_quantification"),
    )),
)  # fmt: skip
SCHEMES = {scheme.name: scheme for scheme in (QARTOD, ARGO, SEADATANET, OCEANSITES)}
"""Name -> scheme, of those that everybody knows."""

_SIGNS = (
    ("qartod", r"qartod|ioos"), ("seadatanet", r"seadatanet|\bsdn\b|\bl20\b"),
    ("oceansites", r"ocean ?sites|copernicus marine|\bcmems\b|in situ tac"), ("argo", r"\bargo\b|\brr2\b"),
)  # fmt: skip


@cache
def named(words: str) -> Scheme | None:
    """The scheme that a producer means by its name or by “Argo reference table 2”; None where it is none of these."""
    plain = " ".join(re.findall(r"[^\W_]+", words.lower()))
    return next((SCHEMES[name] for name, sign in _SIGNS if re.search(sign, plain)), None)


def of_producer(described: Datastream) -> Scheme:
    """The scheme of the flags of a datastream: its own table, else the scheme that it names.

    Where it neither names one nor says what its flags mean, none of them means anything.
    """
    return _own(described.flags, described.flag_meanings)


@lru_cache(maxsize=1024)
def _own(title: str, meanings: tuple[FlagMeaning, ...]) -> Scheme:
    known = named(title)
    if not meanings or (known and {word.strip() for word, *_ in meanings} <= known.by_word.keys()):
        return known or Scheme("producer", title or "the producer's flags", "", ())
    own = [(word.strip(), words, quality) for word, words, quality in meanings]
    numbers = [int(word) for word, *_ in own if re.fullmatch(r"-?\d{1,4}", word)]
    are_numbers = len(numbers) == len(own) == len(set(numbers))
    flags = [
        Flag(word, numbers[n] if are_numbers else n + 1, _meant(words, quality), _one_word(words or word))
        for n, (word, words, quality) in enumerate(own)
    ]
    qualities = tuple((word, quality) for word, _, quality in own if quality)
    return Scheme("producer", title or "the producer's flags", "", tuple(flags), qualities)


def _meant(words: str, quality: int) -> str:
    if quality and quality not in QUALITIES:
        raise Invalid(f"{quality} is no code of QARTOD; those are 1, 2, 3, 4 and 9", "flag_meanings")
    meaning = told_by(words)
    if quality and QUALITY[meaning] != quality:
        return next(one for one, code in QUALITY.items() if code == quality)
    return meaning


def _one_word(words: str) -> str:
    return "_".join(re.findall(r"[A-Za-z0-9.+@-]+", words)) or "unnamed"
