"""Dates keep their precision and bound half-open intervals."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US, Period, bounds, date, interval, moment, moment_us


@pytest.mark.parametrize(
    ("given_", "canonical"),
    [
        ("2020", "2020"),
        ("2020-03", "2020-03"),
        ("202003", "2020-03"),
        ("2020-3-1", "2020-03-01"),
        ("2020/03/01", "2020-03-01"),
        ("20200301", "2020-03-01"),
        ("2020-03-01Z", "2020-03-01"),
        ("2020-03-01T12:00:00Z", "2020-03-01T12:00:00Z"),
        ("2020-03-01 12:00", "2020-03-01T12:00:00Z"),
        ("2020-03-01t12:00:00z", "2020-03-01T12:00:00Z"),
        ("2020-03-01T12:00:00+02:00", "2020-03-01T10:00:00Z"),
        ("2020-03-01T00:30:00+0100", "2020-02-29T23:30:00Z"),
        ("2020-03-01T12:00:00.500Z", "2020-03-01T12:00:00.500000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2020-02-28T24:00:00Z", "2020-02-29T00:00:00Z"),
        ("-5000", "-5000"),
        ("-12000", "-12000"),
    ],
)
def test_date_is_canonical(given_: str, canonical: str) -> None:
    assert date(given_) == canonical
    assert date(canonical) == canonical


@pytest.mark.parametrize(
    "wrong",
    ["", "abc", "2024-02-30", "2023-02-29", "2020-13", "2020-00-01", "20201", "2020-01-01T25:00:00Z", "2020-01-01T12:61Z",
     "0001-01-01T00:00:00+05:00", "2020-01-01T00:00:00+99:00", "1" * 200, "2020-1-1-1"],
)  # fmt: skip
def test_what_is_no_date_says_so(wrong: str) -> None:
    with pytest.raises(Invalid, match="here: ") as caught:
        date(wrong, "here")
    assert len(str(caught.value)) < 300


def test_bounds_hold_the_whole_of_what_was_said() -> None:
    assert bounds("2020-02") == (1580515200000000, 1583020800000000)
    assert bounds("2020-02-29T00:00:00Z") == (1582934400000000, 1582934401000000)
    assert bounds("2020-12-31")[1] == bounds("2021")[0]
    assert bounds("9998-12")[1] == bounds("9999-01-01T00:00:00Z")[0]


@given(st.datetimes(datetime(1, 1, 2), datetime(9998, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001
def test_an_instant_survives_its_text(at: datetime) -> None:
    assert datetime.fromisoformat(date(moment(at))) == at
    assert moment_us(bounds(moment(at))[0]) == moment(at)


@given(
    st.dates(
        min_value=datetime(1, 1, 1, tzinfo=UTC).date(), max_value=datetime(9998, 12, 31, tzinfo=UTC).date()
    )
)
def test_a_day_lies_in_its_month_and_year(day: object) -> None:
    text = str(day)
    for wider in (text[:7], text[:4]):
        outer, inner = bounds(date(wider)), bounds(date(text))
        assert outer[0] <= inner[0] < inner[1] <= outer[1]


def test_periods_may_be_open() -> None:
    assert Period("", "2020").bounds() == (EVER_US, bounds("2020")[1])
    assert Period("2020", "").bounds() == (bounds("2020")[0], NEVER_US)


def test_intervals_of_queries() -> None:
    assert interval("2020/2021") == (bounds("2020")[0], bounds("2021")[1])
    assert interval("2020/..") == (bounds("2020")[0], NEVER_US)
    assert interval("/2020") == (EVER_US, bounds("2020")[1])
    for wrong in ("../..", "/", "2021/2020", "2020/2021/2022", "x"):
        with pytest.raises(Invalid):
            interval(wrong)
