"""Where observations of datastreams were made, as far as that is known without looking at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select

from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    import sqlalchemy as sa

    from estran.storage import Engine

__all__ = ["Area", "areas"]

_F = schema.feature.c


class Area(NamedTuple):
    """Bounds in degrees."""

    west: float
    south: float
    east: float
    north: float

    def geometry(self) -> dict[str, Any]:
        """As GeoJSON: a point where it has no extent."""
        west, south, east, north = self
        if west == east and south == north:
            return {"type": "Point", "coordinates": [west, south]}
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        return {"type": "Polygon", "coordinates": [ring]}


def areas(connection: sa.Connection, engine: Engine, things: Iterable[int]) -> dict[int, Area]:
    """Thing -> where it stands and stood, which is where its observations were made; of what moves nothing is known."""
    wanted = sorted(set(things))
    if not wanted:
        return {}
    found = connection.execute(
        select(_F.thing, func.min(_F.west), func.min(_F.south), func.max(_F.east), func.max(_F.north))
        .where(engine.within(_F.thing, wanted), _F.west.is_not(None))
        .group_by(_F.thing)
    )
    return {thing: Area(*bounds) for thing, *bounds in found}
