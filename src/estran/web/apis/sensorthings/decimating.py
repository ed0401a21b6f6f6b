"""A long series as what a plot of it needs: the lowest and the highest value of each run of observations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.model import moment_us

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from estran.observations.entities import Query
    from estran.observations.sensing import Sensing
    from estran.observations.store import Tile

__all__ = ["MOST_POINTS", "decimated"]

MOST_POINTS = 20_000


def decimated(sensing: Sensing, query: Query, points: int) -> dict[str, Any] | None:
    """About so many values of the one datastream that is asked for; None where it has no more than that.

    Raises:
        Invalid: it is not asked of the observations of one datastream, or with conditions but for the time.
    """
    if query.parent is None or query.parent.kind != "Datastreams":
        raise Invalid(
            "one datastream is decimated at once: Datastreams(1)/Observations?$decimate=1000", "$decimate"
        )
    if not 2 <= points <= MOST_POINTS:  # noqa: PLR2004 - the lowest and the highest
        raise Invalid(f"it is a number from 2 to {MOST_POINTS:,}", "$decimate")
    tiles = sensing.runs(query, points // 2)
    if tiles is None:
        return None
    return {"@iot.decimated": True, "value": list(_values(_joined(tiles, points // 2)))}


def _joined(tiles: Sequence[Tile], most: int) -> Iterator[Tile]:
    """Neighbours made one, until there are few enough."""
    size = -(-len(tiles) // most)
    for at in range(0, len(tiles), size):
        some = tiles[at : at + size]
        lows = [tile[4] for tile in some if tile[4] is not None]
        highs = [tile[5] for tile in some if tile[5] is not None]
        yield (
            some[0][0], some[-1][1], sum(tile[2] for tile in some), sum(tile[3] for tile in some),
            min(lows, default=None), max(highs, default=None), sum(tile[6] for tile in some),
        )  # fmt: skip


def _values(tiles: Iterator[Tile]) -> Iterator[dict[str, Any]]:
    for first, last, count, _, low, high, _ in tiles:
        time = f"{moment_us(first)}/{moment_us(last)}"
        for statistic, result in (("minimum", low), ("maximum", high)):
            parameters = {"statistic": statistic, "count": count}
            yield {"phenomenonTime": time, "result": result, "parameters": parameters}
