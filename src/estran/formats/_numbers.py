"""Numbers as documents write them."""

from __future__ import annotations

from decimal import Decimal

__all__ = ["plain"]


def plain(number: float) -> str:
    """A number in full, every digit kept, without exponent."""
    written = format(Decimal(repr(float(number))), "f")
    return written.rstrip("0").rstrip(".") if "." in written else written
