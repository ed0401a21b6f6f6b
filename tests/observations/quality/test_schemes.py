"""Schemes of flags: what a flag means, how good it is, and how another scheme says it."""

from __future__ import annotations

import pytest

from estran.errors import Invalid
from estran.model import Datastream, FlagMeaning, Thing, Variable
from estran.observations.quality.meanings import NEAREST, QUALITY, told_by
from estran.observations.quality.schemes import (
    ARGO,
    OCEANSITES,
    QARTOD,
    SCHEMES,
    SEADATANET,
    Scheme,
    named,
    of_producer,
)


def stream(flags: str = "", *meanings: FlagMeaning) -> Datastream:
    return Datastream(
        key="s", thing=Thing(key="t"), variable=Variable(name="T"), flags=flags, flag_meanings=meanings
    )


def test_every_scheme_says_what_its_standard_says() -> None:
    assert [(f.word, f.words) for f in ARGO.flags] == [
        ("0", "no_qc_performed"), ("1", "good_data"), ("2", "probably_good_data"), ("3", "probably_bad_data"),
        ("4", "bad_data"), ("5", "value_changed"), ("8", "estimated_value"), ("9", "missing_value"),
    ]  # fmt: skip
    assert "".join(f.word for f in SEADATANET.flags) == "0123456789ABQ"
    assert [f.code for f in SEADATANET.flags][-3:] == [65, 66, 81]
    assert [(f.code, f.words) for f in OCEANSITES.flags][5:7] == [
        (7, "nominal_value"),
        (8, "interpolated_value"),
    ]
    assert [f.code for f in QARTOD.flags] == [1, 2, 3, 4, 9]
    for scheme in SCHEMES.values():
        assert len({f.code for f in scheme.flags}) == len(scheme.flags)
        assert all(" " not in f.words for f in scheme.flags)
        assert all(f.meaning in QUALITY for f in scheme.flags)
    assert QUALITY.keys() == NEAREST.keys()


@pytest.mark.parametrize(
    ("scheme", "qualities"),
    [("argo", "0:2 1:1 2:1 3:3 4:4 5:1 8:1 9:9"), ("oceansites", "0:2 1:1 2:1 3:3 4:4 7:1 8:1 9:9"),
     ("seadatanet", "0:2 1:1 2:1 3:3 4:4 5:1 6:3 7:3 8:1 9:9 A:3 B:1 Q:3"), ("qartod", "1:1 2:2 3:3 4:4 9:9")],
)  # fmt: skip
def test_how_good_a_flag_is(scheme: str, qualities: str) -> None:
    found = {f.word: SCHEMES[scheme].quality(f.word) for f in SCHEMES[scheme].flags}
    assert " ".join(f"{word}:{quality}" for word, quality in found.items()) == qualities


def test_a_flag_of_no_scheme_was_not_evaluated() -> None:
    assert [ARGO.quality(word) for word in (None, "", " ", "7", "x", "1", " 4 ", "4.0", "+1", "01")] == [
        2, 2, 2, 2, 2, 1, 4, 4, 1, 1,
    ]  # fmt: skip
    assert of_producer(stream("producer")).quality("1") == 2


@pytest.mark.parametrize("there", SCHEMES.values(), ids=list(SCHEMES))
@pytest.mark.parametrize("here", SCHEMES.values(), ids=list(SCHEMES))
def test_what_is_said_in_another_scheme_is_as_good_and_what_is_lost_is_said(
    here: Scheme, there: Scheme
) -> None:
    lost = {loss.field: loss.why for loss in here.losses(there)}
    for flag in here.flags:
        got = here.translated(flag.word, there)
        assert got in there.flags
        assert here.quality(flag.word) == there.quality(got.word)
        back = there.translated(got.word, here)
        assert here.quality(back.word) == here.quality(flag.word)
        if f"flag {flag.word}" in lost:
            assert got.words in lost[f"flag {flag.word}"]
        else:
            assert back == flag
    if here is there:
        assert not lost


def test_flags_are_translated_directly_where_both_schemes_have_them() -> None:
    assert ARGO.translated("2", SEADATANET).word == "2"
    assert ARGO.translated("8", SEADATANET).word == "8"
    assert SEADATANET.translated("B", OCEANSITES).word == "7"
    assert SEADATANET.translated("Q", ARGO).word == "3"
    assert SEADATANET.translated("Q", QARTOD).word == "3"
    assert [loss.field for loss in ARGO.losses(OCEANSITES)] == ["flag 5"]
    assert [loss.field for loss in ARGO.losses(QARTOD)] == ["flag 2", "flag 5", "flag 8"]


@pytest.mark.parametrize(
    ("words", "name"),
    [("Argo reference table 2", "argo"), ("SeaDataNet measurand qualifier flags", "seadatanet"), ("SDN", "seadatanet"),
     ("OceanSITES QC Flags", "oceansites"), ("Copernicus Marine In Situ reference table 2", "oceansites"),
     ("IOOS QARTOD", "qartod"), ("qartod", "qartod"), ("producer", None), ("Météo-France", None), ("", None)],
)  # fmt: skip
def test_a_scheme_is_known_by_its_name(words: str, name: str | None) -> None:
    found = named(words)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("good_data", "good"), ("Probably good", "probably_good"), ("not_good", "bad"), ("PASS", "good"),
        ("no_qc_performed", "not_evaluated"), ("value_below_detection", "below_detection"),
        ("probably_bad_data_that_are_potentially_correctable", "probably_bad"), ("suspect", "probably_bad"),
        ("douteuse", "probably_bad"), ("Bonne", "good"), ("Non qualifiée", "not_evaluated"), ("mauvais", "bad"),
        ("donnée manquante", "missing"), ("Valeur interpolée", "interpolated"), ("invalid", "bad"),
        ("invalide", "bad"), ("validée", "good"), ("pré-validée", "probably_good"), ("corrigée", "changed"),
        ("nominal_value", "nominal"), ("below limit of quantification", "below_quantification"),
        ("value_in_excess", "in_excess"), ("phenomenon uncertain", "uncertain"), ("blue", "not_evaluated"),
    ],
)  # fmt: skip
def test_what_a_producers_words_mean(words: str, meaning: str) -> None:
    assert told_by(words) == meaning


def test_a_producers_own_scheme_is_read_from_what_it_says() -> None:
    own = of_producer(
        stream("Hub'Eau", FlagMeaning("12", "douteuse"), FlagMeaning("16", "non qualifiée"), FlagMeaning("20", "bonne"))
    )  # fmt: skip
    assert [own.quality(word) for word in ("12", "16", "20", "99")] == [3, 2, 1, 2]
    assert [f.code for f in own.flags] == [12, 16, 20]
    assert own.translated("12", SEADATANET).word == "3"
    assert QARTOD.translated("4", own).word == "12"
    letters = of_producer(stream("", FlagMeaning("V", "", 1), FlagMeaning("D", "à revoir", 3)))
    assert [(f.code, f.words) for f in letters.flags] == [(1, "V"), (2, "revoir")]
    assert [letters.quality(word) for word in "VDX"] == [1, 3, 2]
    with pytest.raises(Invalid, match="no code of QARTOD"):
        of_producer(stream("", FlagMeaning("V", "", 5)))


def test_a_known_scheme_wins_over_its_own_words_for_it() -> None:
    table = [FlagMeaning(str(n), words) for n, words in enumerate(("none", "fine", "so so", "hm"))]
    assert of_producer(stream("Argo reference table 2", *table)) is ARGO
    assert of_producer(stream("Argo reference table 2", FlagMeaning("Z", "bad"))).quality("Z") == 4
