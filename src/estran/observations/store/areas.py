"""Where observations of datastreams were made, and when their results came, known without looking at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select

from estran.model import moment_us
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import sqlalchemy as sa

    from estran.storage import Engine

__all__ = ["Area", "Reach", "reaches", "result_time"]

_F, _R = schema.feature.c, schema.datastream_reach.c


class Area(NamedTuple):
    """Bounds in degrees."""

    west: float
    south: float
    east: float
    north: float

    def overlaps(self, bounds: tuple[float, float, float, float]) -> bool:
        """Whether it has a share in others."""
        west, south, east, north = bounds
        return self.west <= east and self.east >= west and self.south <= north and self.north >= south

    def geometry(self) -> dict[str, Any]:
        """As GeoJSON: a point where it has no extent."""
        west, south, east, north = self
        if west == east and south == north:
            return {"type": "Point", "coordinates": [west, south]}
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        return {"type": "Polygon", "coordinates": [ring]}


class Reach(NamedTuple):
    """What is known of the observations of a datastream.

    Attributes:
        area: where they were made; results: when the first and the last result came; None where it is not known.
    """

    area: Area | None
    results: tuple[int, int] | None

    def told(self) -> dict[str, Any]:
        """As SensorThings tells it."""
        made: dict[str, Any] = {} if self.area is None else {"observedArea": self.area.geometry()}
        if self.results is not None:
            made["resultTime"] = "/".join(moment_us(at) for at in self.results)
        return made


def reaches(connection: sa.Connection, engine: Engine, rows: Iterable[Any]) -> dict[int, Reach]:
    """What is known of datastreams, by number: where their rows say that they were made, and where their thing stands and stood.

    Args:
        connection: in a transaction.
        engine: of the database.
        rows: with number, thing and first of each; of those without observations nothing is told.
    """
    things = {row.number: row.thing for row in rows if row.first is not None}
    if not things:
        return {}
    stood = _stood(connection, engine, sorted(set(things.values())))
    chosen = select(schema.datastream_reach).where(engine.within(_R.datastream, list(things)), _R.whole)
    own = {row.datastream: row for row in connection.execute(chosen)}
    made: dict[int, Reach] = {}
    for number, thing in things.items():
        held = own.get(number)
        area = None if held is None or held.west is None else Area(*held[1:5])
        results = None if held is None or held.result_first is None else (held.result_first, held.result_last)
        made[number] = Reach(_joined(area, stood.get(thing)), results)
    return made


def result_time(rows: Any, column: str) -> Any:
    """When the first or the last result of datastreams came, in SQL."""
    of = schema.datastream_reach.alias()
    chosen = select(of.c[column]).where(of.c.datastream == rows.c.number, of.c.whole)
    return chosen.correlate(rows).scalar_subquery()


def _joined(one: Area | None, other: Area | None) -> Area | None:
    if one is None or other is None:
        return one or other
    lows, highs = (
        (min(pair) for pair in zip(one, other, strict=True)),
        (max(p) for p in zip(one, other, strict=True)),
    )
    low, high = tuple(lows), tuple(highs)
    return Area(low[0], low[1], high[2], high[3])


def _stood(connection: sa.Connection, engine: Engine, things: Sequence[int]) -> dict[int, Area]:
    """Thing -> where it stands and stood."""
    found = connection.execute(
        select(_F.thing, func.min(_F.west), func.min(_F.south), func.max(_F.east), func.max(_F.north))
        .where(engine.within(_F.thing, things), _F.west.is_not(None))
        .group_by(_F.thing)
    )
    return {thing: Area(*bounds) for thing, *bounds in found}
