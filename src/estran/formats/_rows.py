"""Values of observations as a data format gives them: columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Dataset", "Rows"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """What follows belongs to one of the datasets that a document describes: that of this identifier."""

    identifier: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rows:
    """Observations of one datastream, in any order.

    Attributes:
        datastream: key of a `Datastream` that was given before it.
        time: microseconds since 1970 UTC.
        value: the numbers, NaN where a result is no number; None where none is.
        words: the texts, None where none is.
        vertical: in the unit of the datastream's vertical.
        until: end of the interval that a result stands for, in microseconds; None for what is an instant.
        result_time: when a result came to be known, in microseconds; None where that is not told.
        longitude, latitude: in degrees, of what moves.
        flag: as the producer gave it.
        more: what else is said of each, as SensorThings' JSON: when it is valid, its parameters; None for nothing.
    """

    datastream: str
    time: NDArray[np.int64]
    value: NDArray[np.float64] | None = None
    words: Sequence[str | None] | None = None
    vertical: NDArray[np.float64] | None = None
    until: NDArray[np.int64] | Sequence[int | None] | None = None
    result_time: NDArray[np.int64] | Sequence[int | None] | None = None
    longitude: NDArray[np.float64] | None = None
    latitude: NDArray[np.float64] | None = None
    flag: Sequence[str | None] | None = None
    more: Sequence[str | None] | None = None
