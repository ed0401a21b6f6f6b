"""The rows that an EDR query means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from estran.observations.store.columns import array
from estran.observations.wide.rows import rows
from estran.web.apis.edr.places import Near, great_circle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.observations.wide import Column, Standing, WideTable
    from estran.web.apis.edr.places import Levels, Place

__all__ = ["Selection", "coordinates", "selected"]

COORDINATES = ("platform", "longitude", "latitude", "time", "vertical")


@dataclass(frozen=True, slots=True)
class Selection:
    """What a query selects.

    Attributes:
        columns: parameters that are wanted.
        times: [start, end) in microseconds, one of which holds each row.
        things: those that come into question, all if None.
    """

    columns: tuple[Column, ...]
    place: Place | None
    levels: Levels
    times: tuple[tuple[int, int], ...]
    things: tuple[Standing, ...] | None = None


def coordinates(table: WideTable) -> list[Column]:
    """The columns that each row has whatever is asked for."""
    return [column for column in table.columns if column.role in COORDINATES]


def selected(table: WideTable, selection: Selection) -> Iterator[pa.Table]:
    """The rows of a selection, with their coordinates, in the order of platform, time and vertical."""
    start = min(begin for begin, _ in selection.times)
    end = max(after for _, after in selection.times)
    things = _things(table, selection)
    if start >= end or not things:
        return
    names = [column.name for column in (*coordinates(table), *selection.columns)]
    for part in rows(table, names, start=start, end=end, things=things):
        left = _left(table, part, selection)
        if left.num_rows:
            yield left


def _things(table: WideTable, selection: Selection) -> list[Standing]:
    """The things whose rows may be meant: those that stand in the place, and all that move."""
    things = list(table.things if selection.things is None else selection.things)
    if selection.place is None:
        return things
    standing = [one for one in things if _stands(one)]
    moving = [one for one in things if not _stands(one)]
    if not standing:
        return moving
    x, y = (
        np.array([getattr(one.thing, name) for one in standing], float) for name in ("longitude", "latitude")
    )
    if isinstance(selection.place, Near) and selection.place.nearest:
        return [*_nearest(standing, x, y, selection.place), *moving]
    inside = selection.place.hold(x, y)
    return [*(one for one, is_in in zip(standing, inside, strict=True) if is_in), *moving]


def _stands(one: Standing) -> bool:
    return one.thing.longitude is not None and one.thing.latitude is not None


def _nearest(
    standing: Sequence[Standing], x: NDArray[np.float64], y: NDArray[np.float64], place: Near
) -> list[Standing]:
    """The nearest thing to each position within their bounds; a position outside has nothing."""
    import shapely  # noqa: PLC0415 - heavy

    found: dict[str, Standing] = {}
    for px, py in shapely.get_coordinates(place.geometry):
        km = great_circle(x, y, px, py)
        near = int(np.argmin(km))
        is_within = x.min() <= px <= x.max() and y.min() <= py <= y.max()
        if is_within or km[near] <= place.within_km:
            found[standing[near].thing.key] = standing[near]
    return list(found.values())


def _left(table: WideTable, part: pa.Table, selection: Selection) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - heavy

    keep = np.ones(part.num_rows, bool)
    if len(selection.times) > 1:
        time = array(part, "time")
        keep &= np.any([(time >= start) & (time < end) for start, end in selection.times], axis=0)
    if table.vertical is not None and not selection.levels.is_all:
        keep &= selection.levels.hold(array(part, table.vertical.name))
    if selection.place is not None and table.moves:
        moving = _of_moving(table, part)
        x, y = array(part, "longitude"), array(part, "latitude")
        held = np.zeros(part.num_rows, bool)
        held[moving] = selection.place.hold(x[moving], y[moving])
        keep &= held | ~moving
    return part if keep.all() else part.filter(pa.array(keep))


def _of_moving(table: WideTable, part: pa.Table) -> NDArray[np.bool_]:
    """Which rows are of things that have no place of their own."""
    standing = {one.thing.key for one in table.things if _stands(one)}
    if not standing:
        return np.ones(part.num_rows, bool)
    return np.array([key not in standing for key in part["platform"].to_pylist()])
