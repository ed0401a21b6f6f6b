"""Words that name a place and a time are read so, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estran.model import Box
from estran.web.portal.asking import Asked
from estran.web.portal.readings import read

BRITTANY = Box(-6.5, 46.8, -0.9, 49.4)


@pytest.mark.parametrize(
    ("text", "left", "start", "end", "placed"),
    [
        ("sea surface temperature off Brittany 2010", "sea surface temperature", "2010", "2010", True),
        (
            "température de surface au large de la Bretagne en 2010",
            "température de surface",
            "2010",
            "2010",
            True,
        ),
        ("BRETAGNE houle", "houle", "", "", True),
        ("waves between 2001 and 2003", "waves", "2001", "2003", False),
        ("neige depuis 2015", "neige", "2015", "", False),
        ("snow until 1999", "snow", "", "1999", False),
        ("2012-2008 chlorophyll", "chlorophyll", "2008", "2012", False),
    ],
)
def test_places_and_years_are_taken_out_of_the_words(
    text: str, left: str, start: str, end: str, placed: bool
):
    found = read(Asked(text=text))
    assert found
    assert (found.text, found.start, found.end) == (left, start, end)
    assert found.box == (BRITTANY if placed else None)


def test_the_longest_name_of_a_place_counts():
    bay, town = read(Asked(text="rade de Brest")), read(Asked(text="Brest"))
    assert bay
    assert town
    assert (bay.text, bay.box) == ("", town.box)


@pytest.mark.parametrize(
    "asked",
    [
        Asked(text="chlorophyll a"), Asked(text='"Brittany 2010"'), Asked(text="Brittany", reading=False), Asked(),
        Asked(text="Brittany", box=Box(0, 0, 1, 1)), Asked(text="2010", start="1990"), Asked(text="10.5072/2010123 12010"),
    ],
)  # fmt: skip
def test_what_names_neither_or_must_not_be_read_is_left(asked: Asked):
    assert read(asked) is None


@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(["Brittany", "2010", "in", "snow", "-", "d'", "la", "Île-de-France", "1999-"])
    ).map(" ".join)
)
def test_any_text_is_read_or_left(text: str):
    found = read(Asked(text=" ".join(text.split())))
    assert found is None or (len(found.text) < len(text) and (found.box or found.start or found.end))
