"""Times as tables write them: ISO 8601, days before or after months, digits without signs between, seconds since 1970."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from estran.errors import Invalid
from estran.model import instant_us

__all__ = ["ZONE", "clock_us", "is_month_first", "is_time", "parts_us", "time_us", "year_us"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_SECOND_US, _HOUR_US = 1_000_000, 3_600_000_000
_ISO = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ][^hapHAP]*)?")
_DAYS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<a>\d{1,2})(?P<sign>[/.:-])(?P<b>\d{1,2})(?P=sign)(?P<y>\d{4})(?!\d)",
        r"(?P<a>\d{1,2})(?P<sign>[/.])(?P<b>\d{2})(?P=sign)(?P<y>\d{2})(?=[ T]|$)",
        r"(?P<d>\d{1,2})[ -](?P<name>[A-Za-zéûÉÛ]{3,9})\.?[ -](?P<y>\d{4})(?!\d)",
        r"(?P<name>[A-Za-z]{3,9}) (?P<d>\d{1,2}),? (?P<y>\d{4})(?!\d)",
        r"(?P<y>\d{4})(?P<sign>[-/.])(?P<m>\d{1,2})(?P=sign)(?P<d>\d{1,2})(?!\d)",
        r"(?P<y>(?:19|20)\d{2})(?P<m>[01]\d)(?P<d>[0-3]\d)(?=$|[T ]|\d{2}(?:$|\d{2}(?:$|\d{2}(?:$|\.))))",
        r"(?P<y>(?:19|20)\d{2})(?P<m>0[1-9]|1[0-2])$",
    )
)
_CLOCK = re.compile(
    r"(?P<H>\d{1,2})(?:[:hH](?P<M>\d{1,2})(?:[:m](?P<S>\d{1,2}(?:[.,]\d{1,9})?))?)?s? ?(?P<half>[AaPp]\.?[Mm]\.?)?"
)
_CLOCK_DIGITS = re.compile(r"(?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2}(?:\.\d{1,9})?)?")
_SINCE = re.compile(r"\d{9,10}(\.\d+)?|\d{13}")
_MILLISECONDS = 13
_ZONED = re.compile(r" ?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})$")
_ZONES = {
    "": 0, "UTC": 0, "GMT": 0, "Z": 0, "TU": 0, "WET": 0, "WEST": 1, "CET": 1, "MET": 1, "CEST": 2, "MEST": 2, "EET": 2,
    "EEST": 3, "AST": -4, "ADT": -3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "HST": -10, "JST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
_CONTINENTS = "Africa|America|Antarctica|Asia|Atlantic|Australia|Etc|Europe|Indian|Pacific"
ZONE = re.compile(
    rf"(?<![A-Za-z])(?P<zone>(?:UTC|GMT|TU) ?[+-] ?\d{{1,2}}(?::?\d{{2}})?|(?:{_CONTINENTS})/[A-Z][A-Za-z_]{{2,20}}|"
    rf"{'|'.join(name for name in _ZONES if name)})(?![A-Za-z\d])"
)
"""A time zone within words."""
_OFFSET = re.compile(r"(?:UTC|GMT|TU)? ?(?P<sign>[+-]) ?(?P<H>\d{1,2})(?::?(?P<M>\d{2}))?")
_MONTHS = (
    ("jan",), ("feb", "fev", "fév"), ("mar",), ("apr", "avr"), ("may", "mai"), ("jun", "juin"), ("jul", "juil"),
    ("aug", "aou", "aoû"), ("sep",), ("oct", "okt"), ("nov",), ("dec", "déc", "dez"),
)  # fmt: skip
_MOST_MONTHS, _LAST_OF_CENTURY = 12, 70
_LONGEST = 60


def is_time(text: str) -> bool:
    """Whether a cell may be a time."""
    for month_first in (False, True):
        with suppress(Invalid):
            time_us(text, month_first=month_first)
            return True
    return False


def is_month_first(text: str) -> bool | None:
    """Whether the month of a day such as 12/31/2024 comes first; None where it does not tell."""
    found = next((day for pattern in _DAYS[:2] if (day := pattern.match(text.strip()))), None)
    if found is None or (int(found["a"]) > _MOST_MONTHS) == (int(found["b"]) > _MOST_MONTHS):
        return None
    return int(found["b"]) > _MOST_MONTHS


@lru_cache(maxsize=4096)
def time_us(text: str, zone: str = "", *, month_first: bool = False) -> int:
    """Microseconds since 1970 UTC.

    Args:
        text: the time.
        zone: where its clock stands, if it does not say: "", PST, CET, UTC+2, Europe/Paris…
        month_first: whether 03/04/2024 is of March.

    Raises:
        Invalid: it is no time.
    """
    if len(text) > 2 * _LONGEST:
        raise Invalid(f"“{text[:40]}” is no time", "time")
    plain = " ".join(text.split())
    if _ISO.fullmatch(plain):
        at = instant_us(plain, "time")
        return at if _ZONED.search(plain) else at - _shift(zone, at)
    for pattern in _DAYS:
        if (found := pattern.match(plain)) is not None:
            day, rest = _day_us(found, month_first=month_first), plain[found.end() :].lstrip(" T,_")
            if (told := _ZONED.search(rest)) is not None:
                rest, zone = rest[: told.start()], told["zone"]
            at = day + (clock_us(rest) if rest else 0)
            return at - _shift(zone, at)
    if _SINCE.fullmatch(plain):
        return round(
            float(plain) * (1000 if len(plain) == _MILLISECONDS and "." not in plain else _SECOND_US)
        )
    raise Invalid(f"“{text[:40]}” is no time", "time")


def parts_us(parts: dict[str, float], zone: str = "") -> int:
    """Microseconds since 1970 UTC of a year and what is told beside it: month, day, yday, hour, minute, second.

    Raises:
        Invalid: there is no such day.
    """
    year = int(parts["year"])
    if year < 100:  # noqa: PLR2004 - as 98
        year += 2000 if year < _LAST_OF_CENTURY else 1900
    try:
        day = datetime(year, int(parts.get("month", 1)), 1, tzinfo=UTC)
        if "yday" not in parts:
            day = day.replace(day=int(parts.get("day", 1)))
        at = day + timedelta(
            days=parts.get("yday", 1) - 1,
            hours=parts.get("hour", 0),
            minutes=parts.get("minute", 0),
            seconds=parts.get("second", 0),
        )
    except (ValueError, OverflowError):
        told = "-".join(f"{parts[name]:g}" for name in ("year", "month", "day", "yday") if name in parts)
        raise Invalid(f"“{told}” is no day of the calendar", "time") from None
    us = (at - _EPOCH) // _US
    return us - _shift(zone, us)


def year_us(year: float) -> int:
    """Microseconds since 1970 UTC of a year with its fraction, such as 1998.5, to the minute.

    Raises:
        Invalid: no calendar has it.
    """
    try:
        start, end = (datetime(int(year) + n, 1, 1, tzinfo=UTC) for n in (0, 1))
    except (ValueError, OverflowError):
        raise Invalid(f"“{year:g}” is no year of the calendar", "time") from None
    minutes = round((year - int(year)) * ((end - start) // timedelta(minutes=1)))
    return (start - _EPOCH + timedelta(minutes=minutes)) // _US


def clock_us(text: str) -> int:
    """Microseconds since midnight; 24:00 is the next day's.

    Raises:
        Invalid: it is no time of day.
    """
    plain = text.strip()
    found = _CLOCK.fullmatch(plain) or _CLOCK_DIGITS.fullmatch(plain.zfill(4) if plain.isdigit() else plain)
    if found is None:
        raise Invalid(f"“{text[:40]}” is no time of day", "time")
    hour, minute = int(found["H"]), int(found["M"] or 0)
    second = float((found["S"] or "0").replace(",", "."))
    if (half := found.groupdict().get("half")) is not None:
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    if hour > 24 or minute > 59 or second >= 61 or (hour == 24 and (minute or second)):  # noqa: PLR2004
        raise Invalid(f"“{text[:40]}” is no time of day", "time")
    return (hour * 60 + minute) * 60 * _SECOND_US + round(second * _SECOND_US)


def _day_us(found: re.Match[str], *, month_first: bool) -> int:
    parts = found.groupdict()
    year = int(parts["y"])
    if len(parts["y"]) == 2:  # noqa: PLR2004
        year += 2000 if year < _LAST_OF_CENTURY else 1900
    if parts.get("name"):
        name = parts["name"].lower()
        month = next((n for n, names in enumerate(_MONTHS, 1) if name.startswith(names)), 0)
        day = int(parts["d"])
    elif parts.get("a"):
        first, second = int(parts["a"]), int(parts["b"])
        month, day = (first, second) if month_first else (second, first)
    else:
        month, day = int(parts["m"]), int(parts.get("d") or 1)
    try:
        return (datetime(year, month, day, tzinfo=UTC) - _EPOCH) // _US
    except ValueError:
        raise Invalid(f"“{found[0]}” is no day of the calendar", "time") from None


def _shift(zone: str, local_us: int = 0) -> int:
    """Microseconds by which a clock is before UTC, at a local time.

    Raises:
        Invalid: the zone is not known.
    """
    if zone in _ZONES:
        return _ZONES[zone] * _HOUR_US
    if (found := _OFFSET.fullmatch(zone)) is not None:
        minutes = int(found["H"]) * 60 + int(found["M"] or 0)
        return minutes * (-60 if found["sign"] == "-" else 60) * _SECOND_US
    try:
        offset = (_EPOCH + timedelta(microseconds=local_us)).replace(tzinfo=ZoneInfo(zone)).utcoffset()
    except (ValueError, OSError, LookupError, OverflowError):
        raise Invalid(f"the time zone “{zone[:40]}” is not known; write UTC+1", "zone") from None
    return 0 if offset is None else offset // _US
