"""Records on a map: one mark a record, or one for all that would lie on each other."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from estran.catalogue.store.extents import Hulls
    from estran.model import Box, Record

__all__ = ["Grid", "Spot", "Spots", "gathered"]

_TURN = 360.0
# Boxes wider than this lie everywhere: a mark in their middle would say nothing.
_WORLD = 300.0
_POLE = 85.0511


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """What part of the world a map shows, and how finely.

    Attributes:
        box: the part; None for all of it.
        cells: how many stand side by side around the world, on a Mercator map; what lies in one is one mark.
    """

    box: Box | None = None
    cells: int = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A mark on a map.

    Attributes:
        count: records that it stands for; pk: of the record where it is one.
        lon, lat: the middle of their middles.
        box: (west, south, east, north) around them; of several around their middles only. East may lie
            beyond 180.
        hub: id of the hub that all of them belong to, "" where there are none or several.
        record: what it is, where it is one.
    """

    count: int
    lon: float
    lat: float
    box: tuple[float, float, float, float]
    hub: str = ""
    pk: int = 0
    record: Record | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spots:
    """The marks, and how many records have none.

    Attributes:
        world: records of the whole world; nowhere: those whose place nobody told; outside: those elsewhere.
        stations: the stations of records with observations, gathered more finely: `Spot.count` is of stations, and
            `Spot.pk` the number of a datastream.
    """

    spots: tuple[Spot, ...] = ()
    world: int = 0
    nowhere: int = 0
    outside: int = 0
    stations: tuple[Spot, ...] = ()


def gathered(hulls: Hulls, hubs: np.ndarray[Any, Any], names: list[str], grid: Grid, total: int) -> Spots:
    """The marks of some records.

    Args:
        hulls: where they are.
        hubs: of each the place of its hub in `names`, -1 for none, -2 for several.
        names: of the hubs.
        grid: what the map shows.
        total: how many records there are, those without a place included.
    """
    import numpy as np  # noqa: PLC0415 - only where something is drawn

    wide = hulls.east - hulls.west >= _WORLD
    lon = (hulls.west + hulls.east) / 2
    lon = np.where(lon > _TURN / 2, lon - _TURN, lon)
    lat = (hulls.south + hulls.north) / 2
    here = ~wide & _inside(lon, lat, grid.box)
    missing = Spots(
        world=int(wide.sum()),
        nowhere=total - len(wide),
        outside=int(len(wide) - wide.sum() - here.sum()),
    )
    if not here.any():
        return missing
    lon, lat, hubs = lon[here], lat[here], hubs[here]
    pks, corners = hulls.pks[here], np.stack([c[here] for c in hulls[1:]], axis=1)
    column = np.floor((lon + _TURN / 2) / _TURN * grid.cells).astype(np.int64)
    row = np.floor(_mercator(lat) * grid.cells).astype(np.int64)
    _, first, cell, counts = np.unique(
        row * (grid.cells + 1) + column, return_index=True, return_inverse=True, return_counts=True
    )
    middle = (np.bincount(cell, lon) / counts, np.bincount(cell, lat) / counts)
    order = np.argsort(cell, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    low, high = ([at.reduceat(v[order], starts) for v in (lon, lat, hubs)] for at in (np.minimum, np.maximum))
    spots = [
        Spot(
            count=int(count), lon=float(middle[0][n]), lat=float(middle[1][n]),
            hub=names[int(low[2][n])] if low[2][n] == high[2][n] and low[2][n] >= 0 else "",
            box=(float(low[0][n]), float(low[1][n]), float(high[0][n]), float(high[1][n]))
            if count > 1
            else _four(corners[first[n]]),
            pk=int(pks[first[n]]) if count == 1 else 0,
        )
        for n, count in enumerate(counts)
    ]  # fmt: skip
    return replace(missing, spots=tuple(spots))


def _four(corners: np.ndarray[Any, Any]) -> tuple[float, float, float, float]:
    west, south, east, north = (float(v) for v in corners)
    return west, south, east, north


def _inside(lon: np.ndarray[Any, Any], lat: np.ndarray[Any, Any], box: Box | None) -> np.ndarray[Any, Any]:
    import numpy as np  # noqa: PLC0415

    if box is None:
        return np.ones(len(lon), dtype=bool)
    across = (lon >= box.west) | (lon <= box.east) if box.crosses else (lon >= box.west) & (lon <= box.east)
    return across & (lat >= box.south) & (lat <= box.north)


def _mercator(lat: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """How far down a Mercator map a latitude lies, from 0 to 1."""
    import numpy as np  # noqa: PLC0415

    radians = np.radians(lat.clip(-_POLE, _POLE))
    return (0.5 - np.log(np.tan(math.pi / 4 + radians / 2)) / (2 * math.pi)).clip(0, 1)
