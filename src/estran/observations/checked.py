"""Rows of one datastream, checked and made into the columns of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estran.formats import Refusal
from estran.model import moment_us, now_us
from estran.observations.store import columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.formats import Rows

__all__ = ["checked", "latest_us"]

# Clocks that run fast are believed for a day; a forecast is no observation.
_AHEAD_US = 86_400_000_000
# Of the year 9999.
_LAST_US = 253_402_300_799_000_000


def latest_us() -> int:
    """No observation may be later now, in microseconds since 1970 UTC."""
    return now_us() + _AHEAD_US


def checked(number: int, rows: Rows, refused: list[Refusal], name: str) -> pa.Table:
    """Rows as they are stored.

    Args:
        number: of their datastream.
        rows: of one datastream.
        refused: is given what cannot be stored, with its reason.
        name: of the document.
    """
    ahead = rows.time > latest_us()
    bad = np.zeros(len(ahead), bool) if rows.value is None else np.isinf(rows.value)
    for found, what in (
        (ahead, "more than a day in the future; mend the clock"),
        (bad, "infinite; mend the values"),
    ):
        if found.any():
            first = moment_us(min(int(rows.time[found].min()), _LAST_US))
            many = f"{int(found.sum()):,} observations of “{rows.datastream}”"
            why = f"{many} are {what} and load it again; the first is of {first}"
            refused.append(Refusal(name, why))
    good = ~ahead & ~bad
    if lost := _contradicted(rows, good):
        why = (
            f"{lost:,} observations of “{rows.datastream}” come under a time and level that another of the file has, with "
            "another value; of each the last is kept"
        )
        refused.append(Refusal(name, why))
    return _columns(number, rows, good)


def _contradicted(rows: Rows, good: NDArray[np.bool_]) -> int:
    """How many observations another one follows at the same time and level, with another value."""
    time = rows.time[good]
    if rows.value is None or not len(time) or (time[1:] > time[:-1]).all():
        return 0
    value = rows.value[good]
    level = np.zeros(len(time)) if rows.vertical is None else rows.vertical[good]
    # Stable: of one key the last in the file stays the last.
    order = np.lexsort((level, time))
    time, level, value = time[order], level[order], value[order]
    same = (time[1:] == time[:-1]) & (level[1:] == level[:-1])
    unlike = (value[1:] != value[:-1]) & ~(np.isnan(value[1:]) & np.isnan(value[:-1]))
    return int((same & unlike).sum())


def _columns(number: int, rows: Rows, good: NDArray[np.bool_]) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415

    kinds, count = columns.schema(), int(good.sum())
    given: dict[str, NDArray[np.float64] | NDArray[np.int64] | Sequence[str | int | None] | None] = {
        "time": rows.time, "vertical": rows.vertical, "value": rows.value, "words": rows.words,
        "until": rows.until, "result_time": rows.result_time, "longitude": rows.longitude,
        "latitude": rows.latitude, "flag": rows.flag,
    }  # fmt: skip
    arrays: list[pa.Array] = []
    for kind in kinds:
        values = given.get(kind.name)
        if values is None:
            zero = {"datastream": number, "vertical": 0, "number": 0, "version": 0}.get(kind.name)
            made = pa.repeat(pa.scalar(zero, kind.type), count)
        elif isinstance(values, np.ndarray):
            # What is no number is missing.
            made = pa.array(values[good], kind.type, from_pandas=True)
        else:
            made = pa.array(
                [value for value, is_good in zip(values, good, strict=True) if is_good], kind.type
            )
        arrays.append(made)
    return pa.Table.from_arrays(arrays, schema=kinds)
