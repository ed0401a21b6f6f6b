"""Calendars: every day in its place, whatever the collection and the question."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from estran.catalogue.items import ItemDays
from estran.web.portal.calendars import Calendar, calendar
from estran.web.portal.i18n import words
from estran.web.portal.item_asking import read

EN = words("en")
EPOCH = dt.date(1970, 1, 1).toordinal()


def drawn(days: dict[dt.date, int], asked: str = "", undated: int = 0) -> Calendar | None:
    counted = ItemDays(days={day.toordinal() - EPOCH: n for day, n in days.items()}, undated=undated)
    return calendar(counted, read(QueryParams(asked)), EN, "/here")


_days = st.dictionaries(st.dates(), st.integers(1, 10**7), min_size=1, max_size=30)


@given(_days)
def test_all_items_stand_in_the_years(days: dict[dt.date, int]):
    found = drawn(days)
    assert found is not None
    totals = [int(row.total.replace(",", "")) for row in found.rows]
    assert sum(totals) == sum(days.values())
    months = Counter()
    for day, n in days.items():
        months[f"{day.year:04d}-{day.month:02d}"] += n
    for row in found.rows:
        for cell in row.cells:
            if cell.count:
                name = cell.href.split("from=")[1].split("&")[0]
                assert (cell.count, 1 <= cell.level <= 5) == (months[name], True)


@given(_days, st.dates())
def test_a_month_has_its_days_under_their_weekdays(days: dict[dt.date, int], chosen: dt.date):
    month = f"{chosen.year:04d}-{chosen.month:02d}"
    found = drawn(days, f"from={month}&to={month}")
    assert found is not None
    assert found.is_month
    for row in found.rows:
        assert len(row.cells) == 7
        for weekday, cell in enumerate(row.cells):
            if cell.label:
                day = chosen.replace(day=int(cell.label))
                assert (day.weekday(), cell.count) == (weekday, days.get(day, 0))
    assert [c.label for row in found.rows for c in row.cells if c.label][-1] in ("28", "29", "30", "31")


def test_the_last_month_that_there_is():
    found = drawn({dt.date(9999, 12, 31): 2}, "from=9999-12&to=9999-12-31")
    assert found is not None
    assert [c.count for c in found.rows[-1].cells] == [0, 0, 0, 0, 2, 0, 0]


def test_years_beyond_the_fortieth_share_a_line():
    found = drawn({dt.date(year, 7, 1): 1 for year in range(1900, 2000)})
    assert found is not None
    assert len(found.rows) == 41
    assert (found.rows[-1].head, found.rows[-1].total, found.rows[-1].href) == (
        "until 1959",
        "60",
        "/here?to=1959",
    )


def test_what_no_calendar_can_show_is_counted():
    found = calendar(
        ItemDays(days={-800_000: 3, 0: 1, 4_000_000: 1}, undated=2), read(QueryParams("")), EN, "/here"
    )
    assert found is not None
    assert found.left_out == 6
    assert calendar(ItemDays(days={}, undated=2), read(QueryParams("")), EN, "/here") is None


def test_what_is_asked_is_marked():
    days = {dt.date(2023, month, 5): 1 for month in range(1, 13)} | {dt.date(2024, 1, 5): 1}

    def marked(asked: str) -> list[str]:
        found = drawn(days, asked)
        assert found is not None
        cells = [
            c.said.partition(":")[0].replace("\u00a0", " ")
            for row in found.rows
            for c in row.cells
            if c.chosen
        ]
        return [*(row.head for row in found.rows if row.chosen), *cells]

    assert marked("") == []
    assert marked("from=2023") == ["2024", "2023"]
    assert marked("from=2023&to=2023") == ["2023"]
    assert marked("from=2023-11-20&to=2024") == ["January 2024", "November 2023", "December 2023"]
    assert marked("from=2023-05-05&to=2023-05-05") == ["5 May 2023"]
    assert marked("from=2023-05&to=2023-05") == []


def test_large_counts_are_short_in_cells_and_whole_in_words():
    found = drawn(
        {
            dt.date(2023, 5, 5): 12_345,
            dt.date(2023, 6, 5): 1_234_567,
            dt.date(2023, 7, 5): 9_999,
        }
    )
    assert found is not None
    cells = [c for c in found.rows[0].cells if c.count]
    assert [c.shown for c in cells] == ["12k", "1.2M", "9,999"]
    assert cells[0].said.endswith("12,345 items")


@given(
    st.dictionaries(
        st.sampled_from(["bbox", "from", "to", "cloud", "west", "page", "cursor", "trail"]),
        st.text(max_size=12)
        | st.sampled_from(["20", "20%", "2023", "2023-05", "1,2,3,4", "nan", "inf", "-1", "1e3"]),
    )
)
def test_whatever_stands_in_an_address_is_read_or_named(params: dict[str, str]):
    asked = read(QueryParams(list(params.items())))
    assert asked.wrong or read(QueryParams(asked.params())).params() == asked.params()
    asked.api("/items")
    asked.items("c")
