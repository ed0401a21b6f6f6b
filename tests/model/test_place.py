"""Boxes on the globe, over the antimeridian and at the poles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estran.errors import Invalid
from estran.model import Box, hull
from estran.testing.strategies import boxes


@pytest.mark.parametrize(
    ("corners", "box"),
    [
        ((-10, -5, 10, 5), Box(-10, -5, 10, 5)),
        ((350, 0, 360, 10), Box(-10, 0, 0, 10)),
        ((0, -90, 360, 90), Box(-180, -90, 180, 90)),
        ((-180, -90, 180, -60), Box(-180, -90, 180, -60)),
        ((170, -20, -170, -10), Box(170, -20, -170, -10)),
        ((170, -20, 190, -10), Box(170, -20, -170, -10)),
        ((90, 0, 180, 1), Box(90, 0, 180, 1)),
        ((5, 5, 5, 5), Box(5, 5, 5, 5)),
        ((-5, 89, 5, 90.005), Box(-5, 89, 5, 90)),
        ((180, -7, 170, 3), Box(-180, -7, 170, 3)),
        ((180, 0, 180, 1), Box(180, 0, 180, 1)),
    ],
)
def test_boxes_are_brought_onto_the_globe(corners: tuple[float, ...], box: Box) -> None:
    assert Box.checked(*corners) == box


@pytest.mark.parametrize(
    "corners",
    [
        (0, 10, 1, 5),
        (0, -91, 1, 0),
        (0, 0, 1, 95),
        (-400, 0, 1, 1),
        (float("nan"), 0, 1, 1),
        (0, 0, float("inf"), 1),
    ],
)
def test_what_is_no_box_says_so(corners: tuple[float, ...]) -> None:
    with pytest.raises(Invalid, match="bbox"):
        Box.checked(*corners)


def test_boxes_are_read_from_text() -> None:
    assert Box.parse("1,2,3,4") == Box.parse("1,2,-100,3,4,100") == Box(1, 2, 3, 4)
    for wrong in ("1,2,3", "a,b,c,d", "1,2,3,4,5", "", "[1,2,3,4]"):
        with pytest.raises(Invalid):
            Box.parse(wrong)


@given(boxes(), boxes())
def test_touching_is_mutual_and_a_box_touches_itself(one: Box, other: Box) -> None:
    assert one.intersects(other) == other.intersects(one)
    assert one.intersects(one)


@given(st.lists(boxes(), min_size=1, max_size=5))
def test_the_hull_holds_every_box(listed: list[Box]) -> None:
    around = hull(listed)
    assert around is not None
    for box in listed:
        for part in box.parts():
            for west in (part.west, part.east):
                assert Box(west, part.south, west, part.north).intersects(around)
            assert around.south <= part.south
            assert part.north <= around.north


def test_the_hull_goes_round_the_short_way() -> None:
    assert hull([Box(170, 0, 180, 1), Box(-180, 0, -170, 2)]) == Box(170, 0, -170, 2)
    assert hull([Box(-5, 0, 5, 1), Box(20, 0, 30, 1)]) == Box(-5, 0, 30, 1)
    assert hull([]) is None
