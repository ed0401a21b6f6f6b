"""The two catalogues say the same things, all of them are used, and French looks like French."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from estran import model
from estran.catalogue.query import FACETS
from estran.model import Period, Text
from estran.web.portal import asking, i18n, recording
from estran.web.portal.i18n import CODES, LANGUAGES, negotiated, typeset, words

PORTAL = Path(i18n.__file__).parent
FR, EN = words("fr"), words("en")


def test_both_languages_have_the_same_keys():
    assert set(FR.table) == set(EN.table)


@pytest.mark.parametrize("key", sorted(EN.table))
def test_both_languages_fill_in_the_same_names(key: str):
    names = [set(re.findall(r"{(\w+)}", w.table[key])) for w in (FR, EN)]
    assert names[0] == names[1]
    assert FR.table[key].strip() == FR.table[key] or key == "site.colon"


def test_every_message_is_used_and_every_used_message_is_there():
    files = [*PORTAL.glob("*.py"), *(PORTAL / "templates").glob("*.html")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in files)
    messages = {key for key in EN.table if key.split(".")[0] not in CODES}
    counted = {key.removesuffix(".one") for key in messages if key.endswith(".one")}
    keys = {key.rpartition(".")[0] if key.rpartition(".")[0] in counted else key for key in messages}
    tables = "|".join({key.split(".")[0] for key in keys})
    used = set(re.findall(rf"[\"'](({tables})\.[a-z_]+)[\"']", source))
    assert {key for key, _ in used if not key.endswith((".html", ".js"))} == keys


def test_every_code_of_the_model_has_words():
    for table, codes in {
        "kind": model.KINDS, "role": model.ROLES, "concept": model.CONCEPT_ROLES, "facet": (*asking.FACETS, *asking.FURTHER),
        "organisation": model.ORGANISATION_KINDS, "organisation_status": model.STATUSES, "sort": asking.ORDERS, "citation": recording.CITATIONS,
    }.items():  # fmt: skip
        assert {f"{table}.{code}" for code in codes} <= set(EN.table), table
    assert set(asking.FACETS) | set(asking.FURTHER) <= set(FACETS)


def test_unknown_codes_are_shown_as_they_came():
    assert EN.label("role", "wizard") == "wizard"


def test_french_spaces_do_not_break():
    assert (
        typeset("Quoi ? Ceci : « oui » ; non !")
        == "Quoi\u202f? Ceci\u00a0: «\u00a0oui\u00a0»\u202f; non\u202f!"
    )
    loose = [key for key, said in FR.table.items() if re.search(r" [;:!?»]|« | %", said)]
    assert loose == []


def test_numbers_and_sizes():
    assert (EN.number(1234567.5), FR.number(1234567.5)) == ("1,234,567.5", "1\u202f234\u202f567,5")
    assert (EN.number(-3), FR.number(0.125)) == ("−3", "0,125")
    assert (EN.size(999), EN.size(4_200_000), FR.size(4_200_000)) == (
        "999\u00a0B",
        "4.2\u00a0MB",
        "4,2\u00a0Mo",
    )


@pytest.mark.parametrize(
    ("date", "french", "english"),
    [
        ("2020", "2020", "2020"),
        ("2020-03", "mars 2020", "March 2020"),
        ("2020-03-01", "1er mars 2020", "1 March 2020"),
        ("2020-03-21T12:30:00Z", "21 mars 2020, 12:30 UTC", "21 March 2020, 12:30 UTC"),
        ("-0044", "−0044", "−0044"),
        ("2020-03-21T00:00:00Z", "21 mars 2020", "21 March 2020"),
        ("2020-13-99", "2020-13-99", "2020-13-99"),
        ("soon", "soon", "soon"),
        ("", "", ""),
    ],
)
def test_dates(date: str, french: str, english: str):
    assert (FR.date(date).replace("\u00a0", " "), EN.date(date).replace("\u00a0", " ")) == (french, english)


@pytest.mark.parametrize(
    ("period", "short", "long"),
    [
        (Period("2019-05-01", "2021-06-30"), "2019 to 2021", "1 May 2019 to 30 June 2021"),
        (Period("2019-05-01", "2019-06-30"), "2019", "1 May 2019 to 30 June 2019"),
        (Period("2019-05-01", "2019-05-01"), "1 May 2019", "1 May 2019"),
        (Period("2019", ""), "since 2019", "since 2019"),
        (Period("", "2020-01"), "until 2020", "until January 2020"),
        (Period("", ""), "", ""),
    ],
)
def test_periods(period: Period, short: str, long: str):
    assert EN.period(period, years=True).replace("\u00a0", " ") == short
    assert EN.period(period).replace("\u00a0", " ") == long


@pytest.mark.parametrize(
    ("cookie", "header", "language"),
    [
        ("", "en-GB,en;q=0.9,fr;q=0.8", "en"), ("", "de,fr;q=0.5,en;q=0.4", "fr"), ("", "de", "fr"), ("", "", "fr"),
        ("en", "fr", "en"), ("xx", "en", "en"), ("", "en;q=0, fr;q=0.1", "fr"), ("", ";;q=,,*", "fr"),
    ],
)  # fmt: skip
def test_the_language_is_the_chosen_one_else_the_browsers(cookie: str, header: str, language: str):
    assert negotiated(cookie, header, "fr") == language


def test_plurals_differ_for_zero():
    assert (FR.count("home.count", 0), EN.count("home.count", 0)) == ("0 ressource", "0 resources")
    assert LANGUAGES == ("fr", "en")


def test_texts_say_which_language_they_are_in():
    both = Text((("fr", "mer"), ("en", "sea")))
    assert (EN.of(both), EN.tongue(both), FR.tongue(Text.of("sea", "en"))) == ("sea", "", "en")


def test_durations():
    assert (EN.duration("PT15M"), FR.duration("P1Y2M"), EN.duration("soon")) == (
        "15\u00a0min",
        "1\u00a0an 2\u00a0mois",
        "soon",
    )
