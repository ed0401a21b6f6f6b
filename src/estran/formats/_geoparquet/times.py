"""Instants as Parquet's timestamps: in milliseconds where that keeps every digit, else in microseconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

NAMES = frozenset(
    {
        "datetime",
        "start_datetime",
        "end_datetime",
        "created",
        "updated",
        "published",
        "unpublished",
        "expires",
    }
)
"""Properties that STAC defines as instants."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class Times:
    """Whether all values of one name are instants, and how fine."""

    fits: bool = True
    fine: bool = False
    any: bool = False

    def see(self, value: Any) -> None:
        """Take a value in."""
        if value is None or not self.fits:
            return
        found = microseconds(value)
        self.any = True
        self.fits = found is not None
        self.fine = self.fine or bool(found and found % 1000)

    @property
    def unit(self) -> str:
        """Of the column."""
        return "us" if self.fine else "ms"


def microseconds(value: Any) -> int | None:
    """Microseconds since 1970 of an instant of RFC 3339, None for anything else."""
    match = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        return (datetime.fromisoformat(value.upper().replace(" ", "T")) - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        return None


def written(at: datetime, *, fine: bool) -> str:
    """An instant in RFC 3339: no fraction where it is none, else three digits, or six in a finer column."""
    text = (
        (at if at.tzinfo else at.replace(tzinfo=UTC))
        .astimezone(UTC)
        .isoformat(timespec="seconds" if not at.microsecond else "microseconds" if fine else "milliseconds")
    )
    return text.replace("+00:00", "Z")
