"""Curves and profiles as pictures that the server draws: without JavaScript, and until the browser has drawn its own."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup, escape

from estran.web.portal.telling import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from estran.observations.overview import Profile
    from estran.observations.plotting import Curve
    from estran.web.portal.datastream import Plot
    from estran.web.portal.i18n import Words

__all__ = ["curve_svg", "profile_svg"]

_WIDTH, _HEIGHT = 960.0, 340.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 12.0, 10.0, 30.0
_MOST_POINTS = 480
_STEPS = (1, 2, 2.5, 5, 10)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_S = 86_400
# What a letter of a label is wide, about, and how many labels stand below one another.
_LETTER, _ROWS_OF_LABELS = 7.0, 3
# Distances between marks of time that people count in: seconds, or months.
_SECONDS = (1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600)
_MONTHS = (1, 3, 6, 12, 24, 60, 120, 240, 600)


def curve_svg(of: Plot, w: Words) -> Markup:
    """Curves on one axis of time; those of the first one's unit share its scale, the others have their own."""
    curves, units, span = of.curves, of.units, of.span
    parts = [
        f'<g class="happened">{"".join(_happened(of))}</g>',
        f'<g class="grid">{"".join(_times(span, w))}</g>',
    ]
    shared = [c for c, unit in zip(curves, units, strict=True) if unit == units[0]]
    scale = _scale(shared)
    parts.append(f'<g class="grid">{"".join(_levels(scale, w))}</g>')
    for n, (curve, unit) in enumerate(zip(curves, units, strict=True)):
        own = scale if unit == units[0] else _scale([curve])
        parts.append(f'<g class="curve c{n}">{"".join(_drawn(curve, span, own))}</g>')
    return _svg(parts)


def profile_svg(profiles: Sequence[Profile], *, downward: bool, w: Words) -> Markup:
    """Profiles, values to the right; the vertical grows downward where it is a depth."""
    values = np.concatenate([p.value[~p.doubtful] for p in profiles] or [np.zeros(0)])
    levels = np.concatenate([p.vertical for p in profiles] or [np.zeros(0)])
    across, along = _rounded(*_extremes(values)), _rounded(*_extremes(levels))
    parts: list[str] = []
    for mark in _marks(*across):
        x = _across(mark, across)
        parts.append(_line(x, _TOP, x, _HEIGHT - _BOTTOM) + _text(x, _HEIGHT - 9, number(mark, w), "middle"))
    for mark in _marks(*along):
        y = _down(mark, along) if downward else _up(mark, along)
        parts.append(_line(_LEFT, y, _WIDTH - _RIGHT, y) + _text(_LEFT - 8, y + 4, number(mark, w), "end"))
    drawn = [f'<g class="grid">{"".join(parts)}</g>']
    for n, p in enumerate(profiles):
        order = np.argsort(p.vertical)
        good = order[~p.doubtful[order] & np.isfinite(p.value[order])]
        every = good[:: max(1, -(-len(good) // _MOST_POINTS))]
        place = _down if downward else _up
        points = " ".join(
            f"{_across(x, across):.1f},{place(y, along):.1f}"
            for x, y in zip(p.value[every].tolist(), p.vertical[every].tolist(), strict=True)
        )
        poor = [
            (min(max(x, across[0]), across[1]), y)
            for x, y in zip(p.value[p.doubtful].tolist(), p.vertical[p.doubtful].tolist(), strict=True)
            if math.isfinite(x)
        ]
        rings = "".join(_ring(_across(x, across), place(y, along)) for x, y in poor)
        css = "newest" if n == len(profiles) - 1 else "older"
        drawn.append(f'<g class="curve c0 {css}"><polyline points="{points}"/>{rings}</g>')
    return _svg(drawn)


def _svg(parts: Sequence[str]) -> Markup:
    return Markup(  # noqa: S704 - numbers, escaped words and our own class names only
        f'<svg class="plot-picture" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" aria-hidden="true" focusable="false">'
        f"{''.join(parts)}</svg>"
    )


def _extremes(values: NDArray[np.float64]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)


def _scale(curves: Sequence[Curve]) -> tuple[float, float]:
    lows = [c.lowest for c in curves if c.numbers]
    highs = [c.highest for c in curves if c.numbers]
    return _rounded(min(lows), max(highs)) if lows else (0.0, 1.0)


def _rounded(low: float, high: float) -> tuple[float, float]:
    """The same with some room, never of no height."""
    room = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    return low - room, high + room


def _marks(low: float, high: float) -> Iterator[float]:
    """Round numbers between two, about six."""
    rough = (high - low) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in _STEPS if s * power >= rough)
    first = math.ceil(low / step)
    for n in range(first, math.floor(high / step) + 1):
        yield n * step


def _levels(scale: tuple[float, float], w: Words) -> Iterator[str]:
    for mark in _marks(*scale):
        y = _up(mark, scale)
        yield _line(_LEFT, y, _WIDTH - _RIGHT, y) + _text(_LEFT - 8, y + 4, number(mark, w), "end")


def _times(span: tuple[int, int], w: Words) -> Iterator[str]:
    start, end = (_EPOCH + timedelta(microseconds=us) for us in span)
    rough = (end - start).total_seconds() / 7
    for at, said in _dates(start, end, rough, w):
        x = _LEFT + (at - start).total_seconds() / max((end - start).total_seconds(), 1e-6) * (
            _WIDTH - _LEFT - _RIGHT
        )
        yield _line(x, _TOP, x, _HEIGHT - _BOTTOM) + _text(x, _HEIGHT - 9, said, "middle")


def _dates(start: datetime, end: datetime, rough_s: float, w: Words) -> Iterator[tuple[datetime, str]]:
    seconds = next((s for s in _SECONDS if s >= rough_s), 0)
    if seconds:
        first = math.ceil((start - _EPOCH).total_seconds() / seconds)
        for n in range(first, math.floor((end - _EPOCH).total_seconds() / seconds) + 1):
            at = _EPOCH + timedelta(seconds=n * seconds)
            yield at, _short(at, w, clock=seconds < _DAY_S)
        return
    months = next((m for m in _MONTHS if m * 30 * _DAY_S >= rough_s), _MONTHS[-1])
    first = math.ceil((start.year * 12 + start.month - 1) / months)
    for n in range(first, (end.year * 12 + end.month - 1) // months + 1):
        at = datetime(n * months // 12, n * months % 12 + 1, 1, tzinfo=UTC)
        if start <= at <= end:
            yield at, f"{at.year}" if months % 12 == 0 else f"{w.label('month', f'{at.month}')} {at.year}"


def _short(at: datetime, w: Words, *, clock: bool) -> str:
    if clock and (at.hour or at.minute):
        return f"{at:%H:%M}"
    return f"{at.day} {w.label('month', f'{at.month}')}"


def _drawn(curve: Curve, span: tuple[int, int], scale: tuple[float, float]) -> Iterator[str]:
    for piece in _pieces(curve):
        every = max(1, -(-len(curve.time) // _MOST_POINTS))
        runs = [piece[n : n + every] for n in range(0, len(piece), every)]
        xs = [_at(int(curve.time[run[0]]), span) for run in runs]
        highs = [_up(float(np.nanmax(curve.high[run])), scale) for run in runs]
        lows = [_up(float(np.nanmin(curve.low[run])), scale) for run in runs]
        if every > 1 or not curve.is_exact:
            there = [f"{x:.1f},{y:.1f}" for x, y in zip(xs, highs, strict=True)]
            back = [f"{x:.1f},{y:.1f}" for x, y in zip(reversed(xs), reversed(lows), strict=True)]
            yield f'<polygon points="{" ".join(there + back)}"/>'
        means = [_up(float(np.nanmean(curve.value[run])), scale) for run in runs]
        if len(runs) == 1:
            yield f'<circle cx="{xs[0]:.1f}" cy="{means[0]:.1f}" r="2.5"/>'
        else:
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, means, strict=True))
            yield f'<polyline points="{points}"/>'
    low, high = scale
    for time, value in zip(curve.doubtful[0].tolist(), curve.doubtful[1].tolist(), strict=True):
        # What is far outside lies on the edge.
        y = _up(min(max(value, low), high), scale)
        yield _ring(_at(time, span), y)


def _happened(of: Plot) -> Iterator[str]:
    """Bands for what happened to the sensor, and a bar at the foot for when it was active."""
    foot = _HEIGHT - _BOTTOM
    for start, end in of.active:
        left, right = _at(int(start * 1e6), of.span), _at(int(end * 1e6), of.span)
        yield f'<rect class="active" x="{left:.1f}" y="{foot - 5:g}" width="{right - left:.1f}" height="5"/>'
    taken: list[float] = []
    for one in of.events:
        left, right = _at(int(one.start_s * 1e6), of.span), _at(int(one.end_s * 1e6), of.span)
        yield f'<rect x="{left:.1f}" y="{_TOP:g}" width="{max(2.0, right - left):.1f}" height="{foot - _TOP:g}"/>'
        # A label stands below those that it would run into; where there is no room, the list says it.
        width = len(one.kind) * _LETTER
        x = min(left + 3, _WIDTH - _RIGHT - width)
        row = next((n for n, after in enumerate(taken) if x >= after), len(taken))
        if row < _ROWS_OF_LABELS:
            taken[row : row + 1] = [x + width + 4]
            yield _text(x, _TOP + 20 + 14 * row, one.kind, "start")


def _ring(x: float, y: float) -> str:
    return f'<circle class="doubt" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'


def _pieces(curve: Curve) -> Iterator[NDArray[np.int64]]:
    """Indexes of points between which nothing is missing."""
    there = np.flatnonzero(np.isfinite(curve.value))
    if len(there):
        yield from np.split(there, np.flatnonzero(np.diff(there) > 1) + 1)


def _at(us: int, span: tuple[int, int]) -> float:
    return _LEFT + (us - span[0]) / max(span[1] - span[0], 1) * (_WIDTH - _LEFT - _RIGHT)


def _across(value: float, scale: tuple[float, float]) -> float:
    return _LEFT + (value - scale[0]) / (scale[1] - scale[0]) * (_WIDTH - _LEFT - _RIGHT)


def _down(value: float, scale: tuple[float, float]) -> float:
    return _TOP + (value - scale[0]) / (scale[1] - scale[0]) * (_HEIGHT - _TOP - _BOTTOM)


def _up(value: float, scale: tuple[float, float]) -> float:
    return _HEIGHT - _BOTTOM + _TOP - _down(value, scale)


def _line(x: float, y: float, to_x: float, to_y: float) -> str:
    return f'<path d="M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
