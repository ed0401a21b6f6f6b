"""The address holds the whole search: written and read again it is the same, whatever stands in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from estran.model import Box, bounds
from estran.web.portal.asking import FACETS, FURTHER, ORDERS, PAGES, Asked, read
from estran.web.portal.elsewhere import api_call

_words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
_values = st.lists(_words, min_size=1, max_size=3, unique=True).map(tuple)
_boxes = st.builds(
    lambda w, s, width, height: Box(w, s, min(w + width, 180.0), min(s + height, 90.0)),
    st.integers(-180, 179), st.integers(-90, 89), st.integers(1, 90), st.integers(1, 60),
)  # fmt: skip
_years = st.integers(1900, 2030).map(str)
_asked = st.builds(
    Asked,
    text=st.lists(_words, max_size=3).map(" ".join),
    box=st.none() | _boxes,
    start=st.just("") | _years,
    end=st.just("") | st.just("2031"),
    where=st.dictionaries(st.sampled_from((*FACETS, *FURTHER)), _values, max_size=3),
    sort=st.just("") | st.sampled_from(ORDERS[2:]),
    cursor=st.just("") | st.text("abcXYZ019_-", min_size=5, max_size=20),
    page=st.integers(1, 999),
    per=st.sampled_from(PAGES),
)


@given(_asked)
def test_an_address_says_its_search_and_nothing_else(asked: Asked):
    again = read(QueryParams(asked.address("/en/search").partition("?")[2]))
    assert again.wrong == ()
    assert again.params() == asked.params()
    assert (again.text, again.box, dict(again.where)) == (asked.text, asked.box, dict(asked.where))
    assert again.query() == asked.query()


@given(
    st.dictionaries(
        st.sampled_from(["q", "bbox", "from", "to", "west", "sort", "page", "hub", "cursor"]),
        st.text(max_size=30),
    )
)
def test_whatever_stands_in_an_address_is_read_or_named(params: dict[str, str]):
    asked = read(QueryParams(list(params.items())))
    assert asked.wrong or read(QueryParams(asked.params())).params() == asked.params()


def test_what_cannot_be_read_is_named():
    asked = read(QueryParams("from=2024-02-30&bbox=1,2,3&sort=colour"))
    assert [(w.field, w.key) for w in asked.wrong] == [
        ("from", "error.date"),
        ("west", "error.box"),
        ("sort", "error.sort"),
    ]
    assert read(QueryParams("from=2024&to=2020")).wrong[0].key == "error.order"


def test_four_corners_win_over_the_box_and_take_a_decimal_comma():
    asked = read(QueryParams("bbox=0,0,1,1&west=-5,5&south=−10&east=9&north=20"))
    assert asked.box == Box(-5.5, -10, 9, 20)


def test_a_year_means_all_of_it():
    assert read(QueryParams("from=2019&to=2019")).query().time == bounds("2019")


def test_pages_lead_back_the_way_they_came():
    first = Asked(text="snow")
    third = first.after("one").after("two")
    assert (third.page, third.trail) == (3, ("one",))
    second = third.before()
    assert second == first.after("one")
    assert second.before() == first
    assert first.before() is None


def test_filters_come_and_go():
    asked = Asked(text="snow", where={"hub": ("ocean", "biodiversity")}, cursor="x", page=2)
    assert asked.without_value("hub", "ocean").params() == [("q", "snow"), ("hub", "biodiversity")]
    assert [name for name, _, _ in asked.filters()] == ["q", "hub", "hub"]
    assert asked.without_value("hub", "ocean").without_value("hub", "biodiversity").where == {}


def test_the_api_call_says_how_its_words_are_read():
    assert api_call(Asked(text="sea temperature")).endswith("items?q=sea+temperature&words=all&meaning=yes")
    assert api_call(Asked(text='"sea temperature"')).endswith("items?q=sea+temperature")
    assert api_call(Asked(text="rain")).endswith("items?q=rain&meaning=yes")
    assert api_call(Asked(where={"theme": ("x",)})).endswith("filter=A_OVERLAPS(theme,+('x'))")
    assert "A_OVERLAPS(hub,('it''s'))" in api_call(Asked(where={"hub": ("it's",)})).replace("+", "")
    assert api_call(Asked(sort="start")).endswith("items?sortby=time")
    assert api_call(Asked(where={"concept": ("http://a.example/1,2",)})) == ""
