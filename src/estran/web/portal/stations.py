"""The stations: things with observations, where they are, what they said last, how late and how complete they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi import APIRouter, Request, Response

from estran.model import Box
from estran.web import node_of, replies
from estran.web.portal import telling
from estran.web.portal.datastream import joining
from estran.web.portal.datastream_pages import FLEETING
from estran.web.portal.render import as_json, page, render, spoken, viewer_of
from estran.web.portal.sparks import Spark, sparks
from estran.web.portal.station_asking import PARAMETERS, Asked, Group, asked, groups

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from estran.model import Thing, Variable
    from estran.node import Node
    from estran.observations.store.overview import Property, Station
    from estran.observations.store.registry import HeldDatastream
    from estran.web.portal.i18n import Words
    from estran.web.portal.views import Viewer

__all__ = ["named", "routes"]

_PAGE, _SERIES, _MOST_BOXES, _MOST_NAMES = 50, 6, 200, 2000
_SHARES = (50, 80, 90, 95, 99)
_GEOJSON = "application/geo+json"


@dataclass(frozen=True, kw_only=True)
class Series:
    """A datastream of a station, in a line.

    Attributes:
        curve: None where it has no numbers.
        joins: whether it can be drawn with others of the list.
    """

    number: int
    href: str
    variable: str
    level: str
    newest: str
    age: str
    state: str
    standing: str
    complete: str
    share: float | None
    period: str
    curve: Spark | None
    joins: bool


@dataclass(frozen=True, kw_only=True)
class Place:
    """A station.

    Attributes:
        series: its datastreams, as many as are listed; more: how many others it has.
        state: of the one that is least behind.
    """

    thing: int
    name: str
    code: str
    href: str
    state: str
    longitude: float | None
    latitude: float | None
    series: tuple[Series, ...]
    more: str


@dataclass(frozen=True, kw_only=True)
class StationsView:
    """The page of stations.

    Attributes:
        status: how many there are, in a line; nowhere: how many of them have no place.
        states: (code, words, how many stations).
        points: address of the map's places.
    """

    asked: Asked
    count: int
    status: str
    nowhere: str
    places: tuple[Place, ...]
    boxes: tuple[Box, ...]
    variables: tuple[tuple[str, str], ...]
    shares: tuple[tuple[str, str], ...]
    states: tuple[tuple[str, str, int], ...]
    is_filtered: bool
    here: str
    next: str
    first: str
    points: str
    json: str


def routes() -> APIRouter:
    """The page, its twin as GeoJSON, and the places of its map."""
    router = APIRouter(include_in_schema=False)
    for path, endpoint in (
        ("/{language}/stations.json", stations_twin),
        ("/{language}/stations/map.json", stations_map),
        ("/{language}/stations", stations_page),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    return router


def named(node: Node, letters: str, w: Words) -> tuple[str, str] | None:
    """(words, address) of the stations that have letters in their name, None where there are none."""
    a = Asked(text=letters.strip()[:200])
    count = len(groups(node.observations.overview, a)) if a.text else 0
    return (w.count("stations.named", count), a.address(f"/{w.language}/stations")) if count else None


def stations_page(request: Request, language: str) -> Response:
    """The stations on a map and in a list."""
    w = spoken(language)
    replies.checked(request, PARAMETERS)
    view = stations_view(viewer_of(request, w), asked(request.query_params))
    of = page(
        request, w, w.text("stations.title"), "stations", section="stations", twin=view.json,
        description=w.text("stations.lead"),
    )  # fmt: skip
    status = 400 if view.asked.wrong else 200
    return render(request, "stations.html", w, of, status=status, headers=FLEETING, s=view)


def stations_twin(request: Request, language: str) -> Response:
    """All that are asked for as GeoJSON: of each its newest value, how late and how complete it is."""
    w = spoken(language)
    replies.checked(request, PARAMETERS)
    a, overview = asked(request.query_params), node_of(request).observations.overview
    found = groups(overview, a)
    known = {one.number: one.variable for one in overview.properties()}
    names = overview.things([group.thing for group in found])
    return _geojson((_told(group, names[group.thing], known, w) for group in found), a.wrong)


def stations_map(request: Request, language: str) -> Response:
    """The places of the map: what a mark needs, and no more."""
    w = spoken(language)
    replies.checked(request, PARAMETERS)
    a, overview = asked(request.query_params), node_of(request).observations.overview
    found = [group for group in groups(overview, a) if group.placed.longitude is not None]
    # Names are told where there are few: many cost time, and their codes do as well.
    names = overview.things([group.thing for group in found]) if len(found) <= _MOST_NAMES else {}
    return _geojson((_mark(group, names.get(group.thing), w) for group in found), a.wrong)


def stations_view(viewer: Viewer, a: Asked) -> StationsView:
    """What the page of stations shows."""
    w, overview = viewer.words, viewer.node.observations.overview
    listed, properties = groups(overview, a), overview.properties()
    behind = [group for group in listed if group.thing > a.after]
    shown = behind[:_PAGE]
    names = overview.things([group.thing for group in shown])
    numbers = [one.number for group in shown for one in group.rows[:_SERIES]]
    held = viewer.node.observations.datastreams(numbers=numbers) if numbers else []
    streams = {one.number: one for one in held}
    variables = {one.number: one.variable for one in properties}
    known = _Known(variables, streams, sparks(streams, overview.outlined(held), w), joining(held))
    path = f"/{w.language}/stations"
    nowhere = sum(group.placed.longitude is None for group in listed)
    counts = {state: sum(group.state == state for group in listed) for state in telling.STATES}
    return StationsView(
        asked=a, count=len(listed), status=w.count("stations.count", len(listed)),
        nowhere=w.count("stations.nowhere", nowhere) if nowhere else "",
        places=tuple(_place(group, names[group.thing], known, w) for group in shown),
        boxes=tuple(_boxes(listed)), variables=_variables(properties, w),
        shares=tuple((f"{n}", w.text("stations.at_least", share=telling.percent(n, w))) for n in _SHARES),
        states=tuple((code, w.label("state", code), counts[code]) for code in telling.STATES),
        is_filtered=a != Asked(after=a.after), here=path,
        next=a.address(path, shown[-1].thing) if len(behind) > len(shown) else "",
        first=a.address(path) if a.after else "", points=a.address(f"{path}/map.json"), json=a.address(f"{path}.json"),
    )  # fmt: skip


def _variables(properties: Sequence[Property], w: Words) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"{one.number}", f"{telling.variable(one.variable, w)} ({one.datastreams})") for one in properties
    )


def _boxes(listed: Sequence[Group]) -> Iterator[Box]:
    """Where stations are, for the still picture: some of them, evenly taken."""
    placed = [group.placed for group in listed if group.placed.longitude is not None]
    for one in placed[:: max(1, -(-len(placed) // _MOST_BOXES))]:
        x, y = one.longitude or 0.0, one.latitude or 0.0
        yield Box(x, y, x, y)


class _Known(NamedTuple):
    """Of what is listed: variables by their number, datastreams and small curves by theirs, what joins others."""

    variables: Mapping[int, Variable]
    streams: Mapping[int, HeldDatastream]
    curves: Mapping[int, Spark]
    joins: frozenset[int]


def _place(group: Group, thing: Thing, known: _Known, w: Words) -> Place:
    first, more = group.rows[0], len(group.rows) - _SERIES
    name = telling.station(thing, w)
    pairs = list(zip(group.rows, group.shares, strict=True))[:_SERIES]
    return Place(
        thing=group.thing, name=name, code=thing.key if thing.key != name else "", href=_href(first, w), state=group.state,
        longitude=group.placed.longitude, latitude=group.placed.latitude,
        series=tuple(_series(one, share, known, w) for one, share in pairs),
        more=w.count("stations.more", more) if more > 0 else "",
    )  # fmt: skip


def _series(one: Station, share: float | None, known: _Known, w: Words) -> Series:
    of, held = known.variables[one.property], known.streams.get(one.number)
    return Series(
        number=one.number, href=_href(one, w), variable=telling.variable(of, w),
        level=held.described.processing_level if held else "",
        newest=telling.result(one.value, one.words, of.unit, w), age=telling.age(one.last, w),
        state=telling.state(one.last, one.step), standing=telling.standing(one.last, one.step, w),
        complete=telling.percent(share, w),
        share=share, period=telling.years(one.first, one.last, w), curve=known.curves.get(one.number),
        joins=one.number in known.joins,
    )  # fmt: skip


def _href(one: Station, w: Words) -> str:
    return f"/{w.language}/datastreams/{one.number}"


def _geojson(features: Iterable[dict[str, Any]], wrong: str) -> Response:
    body: dict[str, Any] = {"type": "FeatureCollection", "features": list(features)}
    if wrong:
        body["wrong"] = wrong
    response = as_json(body, 400 if wrong else 200)
    response.headers.update(FLEETING | {"Content-Type": _GEOJSON})
    return response


def _feature(one: Station, properties: dict[str, Any]) -> dict[str, Any]:
    placed = one.longitude is not None and one.latitude is not None
    at = [round(one.longitude or 0.0, 5), round(one.latitude or 0.0, 5)]
    geometry = {"type": "Point", "coordinates": at} if placed else None
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _mark(group: Group, thing: Thing | None, w: Words) -> dict[str, Any]:
    one = group.placed
    name = telling.station(thing, w) if thing else one.station
    return _feature(one, {"name": name, "hub": group.state, "href": _href(one, w)})


def _told(group: Group, thing: Thing, known: Mapping[int, Variable], w: Words) -> dict[str, Any]:
    """A station as data."""
    datastreams = [
        {
            "number": each.number, "variable": telling.variable(known[each.property], w), "unit": known[each.property].unit,
            "value": each.value, "words": each.words, "time": telling.iso(each.last), "first": telling.iso(each.first),
            "observations": each.observations, "complete_percent": None if share is None else round(share, 2),
            "step_s": each.step / 1e6 if each.step else None, "state": telling.state(each.last, each.step),
            "record": each.record, "href": _href(each, w),
        }
        for each, share in zip(group.rows, group.shares, strict=True)
    ]  # fmt: skip
    told = {"thing": group.thing, "name": telling.station(thing, w), "code": thing.key, "state": group.state}
    return _feature(group.placed, told | {"datastreams": datastreams})
