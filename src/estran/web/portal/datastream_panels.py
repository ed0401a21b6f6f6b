"""What a datastream is of: the series itself, its thing, its sensor and what happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US, bounds, date, instant_us, moment_us
from estran.web.portal import telling
from estran.web.portal.views import link

if TYPE_CHECKING:
    from estran.observations.store.registry import HeldDatastream
    from estran.web.portal.i18n import Words

__all__ = ["Event", "Facts", "active", "events", "sensor_facts", "series_facts", "thing_facts"]

_MOST = 200


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A panel: (what, value) of what is known, and addresses."""

    id: str
    title: str
    rows: tuple[tuple[str, str], ...]
    text: str = ""
    tongue: str = ""
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a sensor; seconds since 1970 for the plot."""

    when: str
    kind: str
    words: str
    start_s: float
    end_s: float


def series_facts(stream: HeldDatastream, w: Words) -> Facts:
    """The panel of the series."""
    of = stream.described
    first, last = (w.date(moment_us(us)[:10]) if us is not None else "" for us in (stream.first, stream.last))
    return Facts(
        id="series", title=w.text("series.series"), text=w.of(of.description), tongue=w.tongue(of.description),
        rows=(
            (w.text("series.variable"), telling.variable(of.variable, w)),
            (w.text("data.variable_standard"), of.variable.standard_name),
            (w.text("data.variable_unit"), of.variable.unit),
            (w.text("series.count"), w.number(stream.count)),
            (w.text("series.time"), w.text("data.span", start=first, end=last) if first else ""),
            (w.text("series.method"), of.cell_method),
            (w.text("series.vertical"), f"{telling.variable(of.vertical, w)} {of.vertical.unit}" if of.vertical else ""),
            (w.label("facet", "level"), of.processing_level),
            (w.text("series.flags"), of.flags),
            (w.text("series.lineage"), w.of(of.lineage)),
        ),
    )  # fmt: skip


def thing_facts(stream: HeldDatastream, w: Words) -> Facts:
    """The panel of what carries the sensor."""
    thing = stream.described.thing
    height, place = "", ""
    if thing.elevation_m is not None:
        height = w.text("data.metres", n=w.number(thing.elevation_m))
    if thing.longitude is not None and thing.latitude is not None:
        place = f"{w.number(round(thing.latitude, 5))}°, {w.number(round(thing.longitude, 5))}°"
    return Facts(
        id="thing", title=w.text("series.thing"), text=w.of(thing.description), tongue=w.tongue(thing.description),
        rows=(
            (w.text("series.name"), telling.station(thing, w)),
            (w.text("series.key"), thing.key if thing.key != telling.station(thing, w) else ""),
            (w.text("series.place"), place or w.text("series.moves")),
            (w.text("series.elevation"), height),
            *thing.properties[:_MOST],
        ),
    )  # fmt: skip


def sensor_facts(stream: HeldDatastream, w: Words) -> tuple[Facts, ...]:
    """The panel of the sensor, none where nothing is known of it."""
    sensor = stream.described.sensor
    if sensor is None:
        return ()
    return (
        Facts(
            id="sensor", title=w.text("series.sensor"), text=w.of(sensor.description), tongue=w.tongue(sensor.description),
            rows=(
                (w.text("series.name"), w.of(sensor.name) or sensor.key),
                (w.text("series.model"), sensor.model), (w.text("series.maker"), sensor.maker),
                (w.text("series.serial"), sensor.serial),
                (w.text("series.active"), "\n".join(w.period(p) for p in sensor.periods[:_MOST])),
            ),
            documents=tuple(link(url) for url in sensor.documents if link(url)),
        ),
    )  # fmt: skip


def events(stream: HeldDatastream, span: tuple[int, int], w: Words) -> tuple[Event, ...]:
    """What happened to the sensor within a span, in order."""
    found: list[tuple[int, Event]] = []
    for one in stream.described.sensor.events if stream.described.sensor else ():
        start, end = _when(one.at)
        if start < span[1] and end > span[0]:
            found.append(
                (
                    start,
                    Event(
                        when=_said(one.at, w), kind=w.label("event", one.kind.lower()), words=one.words,
                        start_s=max(start, span[0]) / 1e6, end_s=min(end, span[1]) / 1e6,
                    ),
                )
            )  # fmt: skip
    return tuple(event for _, event in sorted(found, key=lambda f: f[0])[:_MOST])


def active(stream: HeldDatastream, span: tuple[int, int]) -> tuple[tuple[float, float], ...]:
    """When the sensor was active within a span, in seconds since 1970; nothing where that is all of it."""
    sensor = stream.described.sensor
    told = [_when(f"{one.start or '..'}/{one.end or '..'}") for one in (sensor.periods if sensor else ())]
    inside = sorted((max(start, span[0]), min(end, span[1])) for start, end in told)
    found = [(start / 1e6, end / 1e6) for start, end in inside if start < end]
    is_all = any(pair == span for pair in inside)
    return () if is_all else tuple(found[:_MOST])


def _when(at: str) -> tuple[int, int]:
    """An instant or a period, in microseconds; never, where it cannot be read."""
    start, slash, end = at.partition("/")
    try:
        if not slash:
            return bounds(date(start))
        return (instant_us(start) if start.strip(".") else EVER_US), (
            bounds(date(end))[1] if end.strip(".") else NEVER_US
        )
    except Invalid:
        return NEVER_US, NEVER_US


def _said(at: str, w: Words) -> str:
    start, slash, end = at.partition("/")
    return w.text("data.span", start=w.date(start), end=w.date(end)) if slash else w.date(at)
