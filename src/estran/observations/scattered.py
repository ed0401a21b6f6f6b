"""Single observations of many datastreams, as messages bring them, made into columns at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estran.observations.store import columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.formats import Rows

__all__ = ["scattered"]

_MANY = 8


def scattered(numbers: Mapping[str, int], parts: Sequence[Rows], latest: int) -> pa.Table | None:
    """Observations as they are stored, where there are many datastreams with one each and nothing to refuse; else None.

    Args:
        numbers: key of a datastream -> its number.
        parts: one observation each.
        latest: none may be later, in microseconds since 1970 UTC.
    """
    if len(parts) < _MANY or any(
        len(one.time) != 1 or one.until is not None or one.result_time is not None for one in parts
    ):
        return None
    import pyarrow as pa  # noqa: PLC0415

    time = np.concatenate([one.time for one in parts])
    value = np.array([np.nan if one.value is None else one.value[0] for one in parts])
    if np.isinf(value).any() or (time > latest).any():
        return None
    given: dict[str, Sequence[object] | NDArray[np.int64] | NDArray[np.float64]] = {
        "datastream": [numbers[one.datastream] for one in parts],
        "time": time,
        "vertical": [0.0 if one.vertical is None else float(one.vertical[0]) for one in parts],
        "value": value,
        "words": [one.words[0] if one.words is not None else None for one in parts],
        "longitude": np.array([np.nan if one.longitude is None else one.longitude[0] for one in parts]),
        "latitude": np.array([np.nan if one.latitude is None else one.latitude[0] for one in parts]),
        "flag": [one.flag[0] if one.flag is not None else None for one in parts],
    }
    zeros = np.zeros(len(parts), np.int64)
    given |= {"number": zeros, "version": zeros}
    kinds = columns.schema()
    arrays = [
        pa.array(given[kind.name], kind.type, from_pandas=True)
        if kind.name in given
        else pa.nulls(len(parts), kind.type)
        for kind in kinds
    ]
    return pa.Table.from_arrays(arrays, schema=kinds)
