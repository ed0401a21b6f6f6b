"""Dates as people write them, and the instants that they bound.

A date keeps the precision it was given: ``2020``, ``2020-03``, ``2020-03-01`` or
``2020-03-01T12:00:00Z`` (ISO 8601, always UTC). Years before 1 and beyond 9999 are kept as text
with their sign. `bounds` turns any of them into a half-open interval of microseconds since 1970.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from estran.errors import Invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_YEAR_US = 31_556_952_000_000
# Open ends of an interval, as the engines store them: past and future of everything.
EVER_US = -(2**62)
NEVER_US = 2**62

_DATE = re.compile(
    r"""^(?P<year>[+-]\d{4,6}|\d{4})
        (?:(?P<month>[-/.]\d{1,2}|\d{2})
          (?:(?P<day>[-/.]\d{1,2}|\d{2})
            (?:[Tt\s]\s*(?P<hour>\d{1,2})(?::?(?P<minute>\d{2}))?(?::?(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?
              \s*(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?)?)?
        (?P<datezone>[Zz]|[+-]\d{2}:\d{2})?$""",
    re.VERBOSE,
)
_LONGEST = 40


class Period(NamedTuple):
    """From one date to another, in the precision given; an empty end is open or not known.

    The end date belongs to the period: ``Period("2020", "2021")`` ends as 2022 begins.
    """

    start: str = ""
    end: str = ""

    def bounds(self) -> tuple[int, int]:
        """First microsecond and the one after the last, since 1970 UTC; open ends are EVER_US, NEVER_US."""
        return (
            bounds(self.start)[0] if self.start else EVER_US,
            bounds(self.end)[1] if self.end else NEVER_US,
        )


def date(text: str, where: str = "date") -> str:
    """A date in its canonical form, the precision kept.

    Accepts the ISO 8601 forms and their frequent misspellings (``2020/3/1``, ``20200301``,
    ``2020-03-01 12:00``, offsets, which are brought to UTC).

    Raises:
        Invalid: not a date, or one that no calendar has, such as 2024-02-30.
    """
    found = _DATE.match(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        raise Invalid(
            f"“{text[:_LONGEST]}” is not a date; write 2020, 2020-03, 2020-03-01 or 2020-03-01T12:00:00Z",
            where,
        )
    year, month, day, hour, minute, second = (
        int(found[name] if name == "year" else found[name].lstrip("-/.")) if found[name] else None
        for name in ("year", "month", "day", "hour", "minute", "second")
    )
    assert year is not None  # the pattern has it
    if month is not None and not 1 <= month <= 12:  # noqa: PLR2004
        raise Invalid(f"“{text}” has month {month}", where)
    longest = _days_in(year, month or 1)
    if day is not None and not 1 <= day <= longest:
        raise Invalid(f"“{text}” has day {day}; that month has {longest}", where)
    head = f"{year:04d}" if 0 < year <= 9999 else f"{'-' if year < 0 else '+' if year else ''}{abs(year):04d}"  # noqa: PLR2004
    if month is None:
        return head
    if day is None:
        return f"{head}-{month:02d}"
    if hour is None:
        return f"{head}-{month:02d}-{day:02d}"
    if not 0 < year <= 9999:  # noqa: PLR2004
        return f"{head}-{month:02d}-{day:02d}"
    return _instant(
        text, found, datetime(year, month, day, tzinfo=UTC), (hour, minute or 0, second or 0), where
    )


def _days_in(year: int, month: int) -> int:
    return monthrange(2000 + year % 400, month)[1]


def _instant(text: str, found: re.Match[str], day: datetime, clock: tuple[int, int, int], where: str) -> str:
    hour, minute, second = clock
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):  # noqa: PLR2004
        raise Invalid(f"“{text}” has no such time of day", where)
    # A leap second and 24:00 are real; they are the next second and the next day.
    at = day + timedelta(
        hours=hour, minutes=minute, seconds=second, microseconds=int((found["part"] or "0").ljust(6, "0")[:6])
    )
    zone = found["zone"] or ""
    if zone[:1] in "+-" and zone:
        hours, minutes = int(zone[1:3]), int(zone[-2:]) if len(zone) > 3 else 0  # noqa: PLR2004
        if hours > 18 or minutes > 59:  # noqa: PLR2004
            raise Invalid(f"“{text}” has no such offset from UTC", where)
        try:
            at -= (1 if zone[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes)
        except OverflowError:
            raise Invalid(f"“{text}” lies outside the years 1 to 9999 in UTC", where) from None
    return moment(at)


def moment(at: datetime) -> str:
    """An aware instant in canonical form; microseconds only where there are some."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def moment_us(us: int) -> str:
    """The canonical form of microseconds since 1970 UTC."""
    return moment(_EPOCH + timedelta(microseconds=us))


@lru_cache(maxsize=8192)
def bounds(canonical: str) -> tuple[int, int]:
    """First microsecond of a canonical date and the first after it, since 1970 UTC.

    Years that Python's calendar lacks are placed by their mean length.
    """
    if "T" in canonical:
        at = _us(datetime.fromisoformat(canonical))
        # A second is meant whole; a fraction is an instant.
        return at, at + (1 if "." in canonical else 1_000_000)
    sign = canonical[0] if canonical[0] in "+-" else ""
    parts = [int(part) for part in canonical[len(sign) :].split("-")]
    year = -parts[0] if sign == "-" else parts[0]
    if not 0 < year < 9999:  # noqa: PLR2004
        start = (year - 1970) * _YEAR_US
        return max(start, EVER_US), min(start + _YEAR_US, NEVER_US)
    match parts[1:]:
        case []:
            return _us(datetime(year, 1, 1, tzinfo=UTC)), _us(datetime(year + 1, 1, 1, tzinfo=UTC))
        case [month]:
            following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
            return _us(datetime(year, month, 1, tzinfo=UTC)), _us(following)
        case [month, day]:
            start = datetime(year, month, day, tzinfo=UTC)
            return _us(start), _us(start + timedelta(days=1))
        case _:
            raise Invalid(f"“{canonical}” is not a canonical date", "date")


_PLAIN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)


def instant_us(text: str, where: str = "date") -> int:
    """The first microsecond of a date since 1970 UTC; the form that nearly all programs write is read at once.

    Raises:
        Invalid: as `date`.
    """
    if _PLAIN.fullmatch(text):
        try:
            return _us(datetime.fromisoformat(text))
        except ValueError:
            pass  # a leap second, 24:00 or no date: the calendar knows
    return bounds(date(text, where))[0]


def _us(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def interval(text: str, where: str = "time") -> tuple[int, int]:
    """A query's time, as [start, end) in microseconds since 1970 UTC.

    One date, or two around a slash; ``..`` or nothing leaves an end open.

    Raises:
        Invalid: not a date, no end at all, or an end before its start.
    """
    start, slash, end = text.strip().partition("/")
    if "/" in end:
        raise Invalid(f"“{text[:80]}” has more than one slash; write START/END", where)
    if not slash:
        return bounds(date(start, where))
    opened, closed = start in ("", ".."), end in ("", "..")
    if opened and closed:
        raise Invalid("both ends are open; give at least one date, or leave the time out", where)
    first = EVER_US if opened else bounds(date(start, where))[0]
    last = NEVER_US if closed else bounds(date(end, where))[1]
    if first >= last:
        raise Invalid(f"“{text[:80]}” ends before it starts", where)
    return first, last


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def now_us() -> int:
    """This instant in microseconds since 1970 UTC."""
    return _us(now())
