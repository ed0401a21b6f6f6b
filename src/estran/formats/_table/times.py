"""Times as tables write them: ISO 8601, French days, digits without signs between, seconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from estran.errors import Invalid
from estran.model import instant_us

__all__ = ["is_time", "time_us"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_DAY_FIRST = re.compile(
    r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4})(?:[ T]+(?P<H>\d{1,2})[:h](?P<M>\d{2})(?::(?P<S>\d{2}))?)?"
)
_DIGITS = re.compile(
    r"(?P<y>(?:19|20)\d{2})(?P<m>[01]\d)(?P<d>[0-3]\d)(?:(?P<H>[0-2]\d)(?:(?P<M>[0-5]\d)(?P<S>[0-5]\d)?)?)?"
)
_ISO = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ].*)?")
_SECONDS = re.compile(r"\d{9,10}(\.\d+)?")
_ZONES = {"": 0, "UTC": 0, "PST": -8, "PDT": -7, "EST": -5, "CET": 1, "MET": 1, "CEST": 2}
_ZONED = re.compile(r"(Z|UTC|GMT|[+-]\d{2}:?\d{2})$")


def is_time(text: str) -> bool:
    """Whether a cell may be a time."""
    try:
        time_us(text)
    except Invalid:
        return False
    return True


@lru_cache(maxsize=4096)
def time_us(text: str, zone: str = "") -> int:
    """Microseconds since 1970 UTC.

    Args:
        text: the time.
        zone: where its clock stands, if it does not say: "", PST, CET… or UTC+2.

    Raises:
        Invalid: it is no time.
    """
    plain = " ".join(text.split())
    found = _DAY_FIRST.fullmatch(plain) or _DIGITS.fullmatch(plain)
    if found is not None:
        parts = [int(found[name] or 0) for name in ("y", "m", "d", "H", "M", "S")]
        try:
            # 24:00 is the next day.
            at = datetime(*parts[:3], tzinfo=UTC) + timedelta(
                hours=parts[3], minutes=parts[4], seconds=parts[5]
            )  # type: ignore[arg-type]
        except ValueError:
            raise Invalid(f"“{text}” is no day of the calendar", "time") from None
        return (at - _EPOCH) // _US - _shift(zone)
    if _SECONDS.fullmatch(plain):
        return round(float(plain) * 1_000_000)
    if not _ISO.fullmatch(plain):
        raise Invalid(f"“{text[:40]}” is no time", "time")
    at = instant_us(plain, "time")
    return at if _ZONED.search(plain) else at - _shift(zone)


def _shift(zone: str) -> int:
    if zone.startswith("UTC") and len(zone) > len("UTC"):
        hours = int(zone[3:])
    elif zone in _ZONES:
        hours = _ZONES[zone]
    else:
        raise Invalid(f"the time zone “{zone}” is not known; write UTC+1", "zone")
    return timezone(timedelta(hours=hours)).utcoffset(None) // _US
