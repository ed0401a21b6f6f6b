"""The page of one datastream: the values that its template prints, and its JSON twin says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from estran.errors import NotFound
from estran.model import EVER_US, NEVER_US, interval, moment_us
from estran.observations.overview import complete
from estran.observations.store.columns import array
from estran.web.portal import telling
from estran.web.portal.datastream_asking import MOST_TOGETHER, PRESETS, SECOND_US, Asked
from estran.web.portal.datastream_panels import (
    Event,
    Facts,
    active,
    events,
    sensor_facts,
    series_facts,
    thing_facts,
)
from estran.web.portal.datastream_plot import axis, columns
from estran.web.portal.datastream_snippets import Download, datastream_snippets, downloads, order_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from estran.formats import Links
    from estran.model import Datastream
    from estran.observations.overview import Profile
    from estran.observations.plotting import Curve
    from estran.observations.store.registry import HeldDatastream
    from estran.web.portal.i18n import Words
    from estran.web.portal.snippets import Snippet
    from estran.web.portal.views import Viewer

__all__ = ["Choice", "DatastreamView", "Drawn", "Plot", "datastream_view", "joining"]

_MOST_BESIDE, _ROWS, _PROFILES = 60, 50, 8
_UPWARD = ("altitude", "height", "height_above_mean_sea_level", "height_above_reference_ellipsoid")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A way to another state of the page."""

    label: str
    href: str
    chosen: bool = False
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A datastream that is drawn.

    Attributes:
        caption: what its curve shows, in sentences.
        without: the address of the page without it, "" for the page's own.
    """

    number: int
    title: str
    href: str
    unit: str
    caption: tuple[str, ...]
    without: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """An observation in the table."""

    time: str
    value: str
    vertical: str
    flag: str
    quality: str
    is_doubtful: bool


@dataclass(frozen=True, kw_only=True)
class DatastreamView:
    """What the page of a datastream shows.

    Attributes:
        facts: its lead; state: whether it comes as usual, in a code of `telling.STATES`; standing: in words.
        record: title, address and language of its dataset.
        time: the period as addresses write it, "" for all.
        periods: those that may be chosen at once.
        curves: what the plot draws, as columns; profiles: the same of profiles.
        active: when the sensor was, in seconds since 1970; nothing where that is all the time.
        beside: datastreams that may be drawn with it.
        order_drawn: where all that is drawn is ordered, "" where that is one series, or of several datasets.
        rows: the last values of the period; earlier: the way to those before.
        has_vertical, has_flags: whether the table has such a column.
        panels: what is known of it, its thing, its sensor and its dataset.
    """

    number: int
    title: str
    facts: tuple[str, ...]
    state: str
    standing: str
    record: str
    record_title: str
    record_href: str
    record_tongue: str
    css: str
    time: str
    start: str
    end: str
    wrong: str
    period: str
    periods: tuple[Choice, ...]
    drawn: tuple[Drawn, ...]
    plot: dict[str, Any]
    beside: tuple[Choice, ...]
    beside_kept: str
    events: tuple[Event, ...]
    active: tuple[tuple[float, float], ...]
    downloads: tuple[Download, ...]
    order_drawn: str
    rows: tuple[Row, ...]
    has_vertical: bool
    vertical: str
    has_flags: bool
    earlier: str
    panels: tuple[Facts, ...]
    snippets: tuple[Snippet, ...]


@dataclass(frozen=True)
class Plot:
    """What is drawn, for the picture that the server makes."""

    curves: tuple[Curve, ...]
    profiles: tuple[Profile, ...]
    units: tuple[str, ...]
    span: tuple[int, int]
    is_downward: bool
    events: tuple[Event, ...]
    active: tuple[tuple[float, float], ...]


def datastream_view(a: Asked, viewer: Viewer, links: Links) -> tuple[DatastreamView, Plot]:
    """The page of a datastream, and what is drawn on it.

    Raises:
        NotFound: there is no such datastream, or none that the asker may know of.
    """
    node, w = viewer.node, viewer.words
    overview = node.observations.overview
    stream = overview.datastream(a.number)
    record = node.show(stream.record)
    card = viewer.card(record)
    path = f"/{w.language}/datastreams/{stream.number}"
    span = a.span(stream)
    vertical = stream.described.vertical
    others = () if _is_profile(stream.described) else tuple(_others(viewer, a))
    streams = (stream, *others)
    shown = _shown(streams, span)
    curves = tuple(overview.plotted(one, *shown) for one in streams)
    profiles = tuple(overview.profiles(stream, *span, _PROFILES)) if _is_profile(stream.described) else ()
    units = tuple(one.described.variable.unit for one in streams)
    last = min(span[1], interval(a.before, "before")[0]) if a.before else span[1]
    rows = overview.newest(stream, span[0], last, _ROWS)
    # The end of an interval is meant with all of its second.
    ends = (moment_us(shown[0]), moment_us(shown[1] - SECOND_US))
    time = a.time or ("/".join(ends) if a.period in PRESETS else "")
    is_downward = vertical is None or vertical.standard_name not in _UPWARD
    drawn = tuple(
        Drawn(
            number=one.number, title=telling.title(one.described, w), unit=telling.shown_unit(unit),
            href=f"/{w.language}/datastreams/{one.number}", caption=telling.caption(curve, unit, w),
            without=a.address(path, beside=tuple(n for n in a.beside if n != one.number)) if one is not stream else "",
        )
        for one, curve, unit in zip(streams, curves, units, strict=True)
    )  # fmt: skip
    listed, working = events(stream, shown, w), active(stream, shown)
    made = DatastreamView(
        number=stream.number, title=telling.title(stream.described, w), facts=_facts(stream, viewer),
        state=telling.state(stream.last, stream.step), standing=telling.standing(stream.last, stream.step, w),
        record=record.id, record_title=card.title,
        record_href=f"/{w.language}/data/{record.id}", record_tongue=card.tongue, css=card.css, time=time,
        start=a.time.partition("/")[0].strip(".") if a.time else "", end=a.time.partition("/")[2].strip(".") if a.time else "",
        wrong=a.wrong, period=a.period or ("" if a.time else "all"), periods=_periods(a, path, w), drawn=drawn,
        plot=columns(
            streams, curves, profiles, [(one.title, one.unit) for one in drawn], listed, working, shown,
            is_downward=is_downward, viewer=viewer,
        ),
        beside=_beside(stream, a, viewer) if not profiles and len(streams) < MOST_TOGETHER else (),
        beside_kept=",".join(f"{n}" for n in a.beside), events=listed, active=working,
        downloads=downloads(stream, time, curves[0].count, w), order_drawn=order_of(streams, time, w),
        rows=tuple(reversed(_rows(stream, rows, viewer))), has_vertical=vertical is not None,
        vertical=axis(vertical, w),
        has_flags=rows["flag"].null_count < rows.num_rows,
        earlier=_earlier(a, path, rows, max(span[0], stream.first or 0)),
        panels=(series_facts(stream, w), thing_facts(stream, w), *sensor_facts(stream, w)),
        snippets=tuple(datastream_snippets(stream, time, links, w)),
    )  # fmt: skip
    return made, Plot(curves, profiles, units, shown, is_downward, listed, working)


def joining(streams: Iterable[HeldDatastream]) -> frozenset[int]:
    """Numbers of those that can be drawn together: not profiles, nor one alone."""
    found = frozenset(one.number for one in streams if not _is_profile(one.described))
    return found if len(found) > 1 else frozenset()


def _is_profile(of: Datastream) -> bool:
    """Whether it has many values at one time, along a vertical."""
    return of.vertical is not None and of.sampling.lower().endswith("profile")


def _shown(streams: Sequence[HeldDatastream], span: tuple[int, int]) -> tuple[int, int]:
    """What the axis of time spans: the period, else that of the observations of all that is drawn."""
    first = min((one.first for one in streams if one.first is not None), default=0)
    last = max((one.last for one in streams if one.last is not None), default=0)
    start = span[0] if span[0] > EVER_US else first
    end = span[1] if span[1] < NEVER_US else last + 1
    return start, max(end, start + 1)


def _others(viewer: Viewer, a: Asked) -> list[HeldDatastream]:
    """The datastreams that are drawn beside; one that is not there is left out."""
    found: list[HeldDatastream] = []
    for number in a.beside:
        try:
            found.append(viewer.node.observations.overview.datastream(number))
        except NotFound:
            continue
    return found


def _facts(stream: HeldDatastream, viewer: Viewer) -> tuple[str, ...]:
    w, of = viewer.words, stream.described
    newest = telling.result(stream.last_value, stream.last_words, of.variable.unit, w)
    share = complete(stream.count, (stream.first, stream.last), stream.step)
    step = w.text("series.every", time=telling.lasting(stream.step, w)) if stream.step else ""
    return tuple(
        said
        for said in (
            telling.shown_unit(of.variable.unit), step,
            w.text("series.newest", value=newest, age=telling.age(stream.last, w)) if stream.last is not None else "",
            w.text("series.complete", share=telling.percent(share, w)) if share is not None and not of.vertical else "",
        )
        if said
    )  # fmt: skip


def _periods(a: Asked, path: str, w: Words) -> tuple[Choice, ...]:
    labels = {
        "day": w.text("series.day"), "week": w.text("series.week"), "month": w.text("series.month"),
        "year": w.text("series.year"), "all": w.text("series.all"),
    }  # fmt: skip
    chosen = "" if a.time else a.period or "all"
    return tuple(
        Choice(label=label, key=key, chosen=key == chosen, href=a.address(path, period=key, time=""))
        for key, label in labels.items()
    )


def _beside(stream: HeldDatastream, a: Asked, viewer: Viewer) -> tuple[Choice, ...]:
    """Datastreams of the same dataset that may be drawn with it; those of the same station first."""
    listed, _ = viewer.node.observations.overview.of_record(stream.record, 0, _MOST_BESIDE)
    w, thing = viewer.words, stream.described.thing.key
    free = [one for one in listed if one.count and one.number not in (stream.number, *a.beside)]
    ordered = sorted(free, key=lambda one: (one.described.thing.key != thing, one.number))
    return tuple(Choice(label=telling.title(one.described, w), href=f"{one.number}") for one in ordered)


def _rows(stream: HeldDatastream, rows: pa.Table, viewer: Viewer) -> list[Row]:
    w, unit = viewer.words, stream.described.variable.unit
    columns = (rows[name].to_pylist() for name in ("time", "value", "words", "vertical", "flag", "quality"))
    return [
        Row(
            time=moment_us(time), value=telling.result(value, words, unit, w), vertical=telling.number(vertical, w),
            flag=flag or "", quality=w.label("quality", f"{quality}"), is_doubtful=quality in (3, 4),
        )
        for time, value, words, vertical, flag, quality in zip(*columns, strict=True)
    ]  # fmt: skip


def _earlier(a: Asked, path: str, rows: pa.Table, start: int) -> str:
    """Where the values before those of the table are, "" where there are none."""
    if rows.num_rows < _ROWS or int(array(rows, "time")[0]) <= start:
        return ""
    return a.address(path, before=moment_us(int(array(rows, "time")[0])))
