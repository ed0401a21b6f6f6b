"""The registry that a node starts with."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from estran.access.founding import founding, parse
from estran.errors import Invalid
from estran.model import ORGANISATION_KINDS, STATUSES, Organisation

STRATA = ("land", "atmosphere", "ocean", "earth", "life")


def by_kind(kind: str) -> list[Organisation]:
    return [one for one in founding() if one.kind == kind]


def test_five_hubs_carry_the_five_strata() -> None:
    assert [(hub.id, hub.colour) for hub in by_kind("hub")] == [
        ("continental-surfaces", "land"),
        ("atmosphere", "atmosphere"),
        ("ocean", "ocean"),
        ("solid-earth", "earth"),
        ("biodiversity", "life"),
    ]


def test_nothing_but_a_hub_has_a_colour() -> None:
    assert {one.colour for one in founding() if one.kind != "hub"} == {""}
    assert {"dinamis", "inter-poles"} <= {one.id for one in by_kind("infrastructure")}


def test_ids_are_unique_words() -> None:
    ids = [one.id for one in founding()]
    assert [id_ for id_, count in Counter(ids).items() if count > 1] == []
    assert [id_ for id_ in ids if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", id_)] == []


def test_every_kind_is_there_and_every_status_known() -> None:
    assert {one.kind for one in founding()} == set(ORGANISATION_KINDS)
    assert {one.status for one in founding()} <= set(STATUSES)
    building = {one.id for one in founding() if one.status == "under-construction"}
    assert building == {"theta", "omp", "iuem", "osu-r"}


@pytest.mark.parametrize("one", founding(), ids=lambda one: one.id)
def test_speaks_french_and_english(one: Organisation) -> None:
    for text in (one.name, one.description):
        assert [language for language, _ in text.variants] == ["fr", "en"]
    assert one.description.within("fr") != one.description.within("en")


def ancestors(id_: str, path: tuple[str, ...] = ()) -> set[str]:
    """All above an organisation; an unknown parent is a KeyError, a circle fails."""
    assert id_ not in path, " → ".join((*path, id_))
    parents = {one.id: one.parents for one in founding()}[id_]
    return set(parents).union(*(ancestors(parent, (*path, id_)) for parent in parents))


def test_parents_exist_and_nothing_stands_above_itself() -> None:
    assert all(ancestors(one.id) is not None for one in founding())


def test_every_centre_leads_to_a_hub_and_claims_words() -> None:
    hubs = {hub.id for hub in by_kind("hub")}
    assert len(by_kind("centre")) >= 20
    for centre in by_kind("centre"):
        assert ancestors(centre.id) & hubs, centre.id
        assert centre.claims, centre.id


def test_no_word_is_claimed_twice_and_all_are_in_lower_case() -> None:
    claims = [claim for one in founding() for claim in one.claims]
    assert [claim for claim, count in Counter(claims).items() if count > 1] == []
    assert [claim for claim in claims if claim != claim.lower() or len(claim) < 3] == []


def test_hubs_claim_nothing() -> None:
    assert {one.claims for one in founding() if one.kind != "centre"} == {()}


def test_a_node_s_own_file() -> None:
    (one,) = parse('[my-lab]\nname = "My lab"\nparents = ["ocean"]\n')
    assert one == Organisation(id="my-lab", name=one.name, parents=("ocean",))
    assert str(one.name) == "My lab"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[a", "not TOML"),
        ("a = 3", "write a table"),
        ('[a]\nnmae = "x"', "“nmae” is not known; an organisation has"),
        ('[a]\nkind = ["hub"]', "kind takes words"),
        ("[a]\nname = 3", "name takes words, or a table by language"),
        ("[a]\nname.fr = 3", "name takes words, or a table by language"),
        ('[a]\nparents = "ocean"', "parents takes a list of words"),
        ("[a]\nurl = 3", "url takes words"),
    ],
)
def test_a_wrong_file_says_what_and_where(text: str, reason: str) -> None:
    with pytest.raises(Invalid, match=re.escape(reason)) as caught:
        parse(text, "mine.toml")
    assert caught.value.where.startswith("mine.toml")
