"""The map of a search: one mark a record, or one for all that would lie on each other there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from estran.catalogue.grids import Grid
from estran.errors import Invalid
from estran.model import Box
from estran.web.portal import telling
from estran.web.portal.views import css_of, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.datastructures import QueryParams

    from estran.catalogue.grids import Spot, Spots
    from estran.web.portal.asking import Asked
    from estran.web.portal.views import Viewer

__all__ = ["grid", "points"]

# A world of 512 pixels at zoom 0, and marks that do not touch.
_WORLD_PIXELS, _MARK_PIXELS = 512, 64
_DEEPEST = 14.0
_MOST_NAMES = 300
_WHOLE = Grid(cells=32)


def grid(params: QueryParams) -> Grid:
    """What a map shows, by its address: ``zoom``, and ``view`` as a box; the whole world without them."""
    try:
        zoom = float(params.get("zoom", ""))
        view = params.get("view", "")
        box = Box.parse(view) if view else None
    except (Invalid, ValueError):
        return _WHOLE
    if not math.isfinite(zoom):
        return _WHOLE
    return Grid(box=box, cells=math.ceil(2 ** min(max(zoom, 0.0), _DEEPEST) * _WORLD_PIXELS / _MARK_PIXELS))


def points(places: Spots | None, asked: Asked, viewer: Viewer) -> dict[str, Any]:
    """The marks as GeoJSON, with a line that says what has none, and the address of the search anywhere."""
    w = viewer.words
    spots = places.spots if places else ()
    world, nowhere = (places.world, places.nowhere) if places else (0, 0)
    said = [w.count("search.map_world", world)] if world else []
    said += [w.count("search.map_nowhere", nowhere)] if nowhere else []
    features = [_feature(spot, _told(spot, viewer)) for spot in spots]
    stations = places.stations if places else ()
    return {
        "type": "FeatureCollection",
        "features": features,
        "stations": _stations(stations, viewer),
        "world": world,
        "note": " ".join(said),
        "search": asked.first(box=None).address(f"/{w.language}/search"),
    }


def _stations(spots: Sequence[Spot], viewer: Viewer) -> list[dict[str, Any]]:
    """The smaller marks of stations: each leads to its first series; several say how many they are."""
    alone = [spot.pk for spot in spots if spot.pk]
    # Names are told where there are few: many cost time.
    few = alone if len(alone) <= _MOST_NAMES else []
    held = viewer.node.observations.datastreams(numbers=few) if few else []
    names = {one.number: telling.station(one.described.thing, viewer.words) for one in held}
    return [
        _feature(spot, {
            "is": "station", "n": spot.count, "href": f"/{viewer.words.language}/datastreams/{spot.pk}" if spot.pk else "",
            "name": names.get(spot.pk) or viewer.words.count("stations.count", spot.count),
        })
        for spot in spots
    ]  # fmt: skip


def _told(spot: Spot, viewer: Viewer) -> dict[str, Any]:
    """What a mark says: which record it is, or how many."""
    if spot.record is not None:
        hubs = viewer.hubs_of(spot.record.centre)
        title = viewer.words.of(title_of(spot.record)) or spot.record.id
        return {"id": spot.record.id, "title": title, "hub": hubs[0].css if hubs else "none"}
    return {
        "count": spot.count,
        "said": viewer.words.count("search.results", spot.count),
        "hub": css_of(viewer.organisations.get(spot.hub)),
    }


def _feature(spot: Spot, told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [round(spot.lon, 3), round(spot.lat, 3)]},
        "properties": {**told, "box": [round(v, 3) for v in spot.box]},
    }
