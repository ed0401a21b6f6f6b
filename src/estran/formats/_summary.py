"""What the observations of a file say together: variables, places and the time from the first to the last."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from estran.formats import Rows
from estran.model import Box, Datastream, Extent, Period, Variable, hull, moment_us

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from estran.formats import Observed

__all__ = ["passing", "summary", "told"]

_POLE, _HALF_TURN = 90.0, 180.0
_MOST_TOLD = 60
# Years 1 to 9999.
_FIRST_US, _LAST_US = -62_135_596_800_000_000, 253_402_300_799_000_000


def summary(found: Iterable[Observed]) -> tuple[tuple[Variable, ...], Extent]:
    """(variables, extent) of what a data format gives of observations."""
    variables: dict[Variable, None] = {}
    boxes: list[Box] = []
    times: list[int] = []
    for one in found:
        if isinstance(one, Datastream):
            variables[one.variable] = None
            thing = one.thing
            if thing.longitude is not None and thing.latitude is not None:
                boxes.append(Box(thing.longitude, thing.latitude, thing.longitude, thing.latitude))
        elif isinstance(one, Rows) and len(one.time):
            times += [int(one.time.min()), int(one.time.max())]
            if one.longitude is not None and one.latitude is not None:
                boxes += _box(one.longitude, one.latitude)
    box = hull(dict.fromkeys(boxes))
    told = bool(times) and min(times) >= _FIRST_US and max(times) <= _LAST_US
    return tuple(variables), Extent(
        boxes=(box,) if box else (),
        periods=(Period(moment_us(min(times)), moment_us(max(times))),) if told else (),
    )


def passing(found: Iterable[Observed], seen: Callable[[Datastream], object]) -> Iterator[Observed]:
    """The same, each datastream shown as it passes."""
    for one in found:
        if isinstance(one, Datastream):
            seen(one)
        yield one


def told(title: str, found: Iterable[Observed]) -> str:
    """What a document holds of observations, for people: its datastreams and how many values each has."""
    streams: dict[str, Datastream] = {}
    counts: Counter[str] = Counter()
    for one in found:
        if isinstance(one, Datastream):
            streams[one.key] = one
        elif isinstance(one, Rows):
            counts[one.datastream] += len(one.time)
    if not streams:
        return f"{title}: no observations in it"
    lines = [f"{title}: {len(streams):,} datastreams, {counts.total():,} values"]
    for key, one in list(streams.items())[:_MOST_TOLD]:
        unit = f" in {one.variable.unit}" if one.variable.unit else ""
        level = f", {one.processing_level}" if one.processing_level else ""
        lines.append(f"  {key:40} {counts[key]:>9,} values{unit}{level}")
    if len(streams) > _MOST_TOLD:
        lines.append(f"  and {len(streams) - _MOST_TOLD:,} more")
    return "\n".join(lines)


def _box(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[Box]:
    """Around places; what crosses the antimeridian is two boxes until they are put together."""
    keep = (abs(x) <= 2 * _HALF_TURN) & (abs(y) <= _POLE)
    if not keep.any():
        return []
    x, y = x[keep], y[keep]
    beyond = abs(x) > _HALF_TURN
    if beyond.any():
        x = x.copy()
        x[beyond] = (x[beyond] + _HALF_TURN) % (2 * _HALF_TURN) - _HALF_TURN
    east = x >= 0
    sides = [x[east], x[~east]] if east.any() and (~east).any() and _wide(x) else [x]
    return [Box(float(s.min()), float(y.min()), float(s.max()), float(y.max())) for s in sides]


def _wide(x: NDArray[np.float64]) -> bool:
    """Whether the way round the back is shorter."""
    return float(x.max() - x.min()) > _HALF_TURN
