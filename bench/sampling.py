"""How figures are taken and told: several short runs, of which the quickest and the middle one count."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["median_of", "tell"]


def tell(what: str, figure: float) -> None:
    """One line."""
    print(f"{figure:14,.2f}  {what}", flush=True)


def median_of(what: str, taken: Sequence[float]) -> None:
    """One line: the median, and the quickest beside it."""
    tell(f"{what} (quickest {min(taken):,.2f}, of {len(taken)})", statistics.median(taken))
