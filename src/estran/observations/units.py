"""Units of observations: the same in other words, or brought to one by UDUNITS."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["converter"]


@lru_cache(maxsize=1024)
def converter(unit: str, wanted: str) -> Callable[[NDArray[np.float64]], NDArray[np.float64]] | None:
    """Brings values of one unit to another; None where both mean the same.

    Raises:
        Invalid: one cannot be brought to the other, or UDUNITS does not know one of them.
    """
    if unit.strip() == wanted.strip():
        return None
    from cf_units import Unit  # noqa: PLC0415 - heavy

    why = (
        f"values in “{unit}” cannot be brought to “{wanted}”; read those of one dataset, or name datastreams by "
        "their number"
    )
    try:
        theirs, ours = Unit(unit.strip()), Unit(wanted.strip())
    except ValueError:
        raise Invalid(why, "unit") from None
    if theirs == ours:
        return None
    if not theirs.is_convertible(ours):
        raise Invalid(why, "unit")
    return lambda values: theirs.convert(values, ours)
