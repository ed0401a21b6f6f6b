"""What observations are, in words: how long, how many, how complete, how old."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from estran.model import moment_us, now_us

if TYPE_CHECKING:
    from estran.model import Datastream, Thing, Variable
    from estran.observations.plotting import Curve
    from estran.web.portal.i18n import Words

__all__ = [
    "STATES", "age", "at", "caption", "iso", "lasting", "number", "percent", "result", "shown_unit", "standing", "state",
    "station", "title", "variable", "years",
]  # fmt: skip

STATES = ("fresh", "late", "ended")
"""How far a datastream is behind: as usual, somewhat, or it comes no more."""
_SECOND = 1_000_000
_UNITS = (("Y", "P", 365 * 86_400), ("D", "P", 86_400), ("H", "PT", 3600), ("M", "PT", 60), ("S", "PT", 1))
_SHOWN_UNITS = {
    "1": "", **dict.fromkeys(("degC", "degree_C", "degree_Celsius", "degrees_Celsius", "celsius", "Celsius"), "°C"),
}  # fmt: skip
_DIGITS = 5
# Behind by so many usual steps, and at least so long: what is sent by the hour or looked after by people is not late
# when it is a little behind, and what comes once a month has not ended when it is missing once.
_FRESH, _LATE = (3, 2 * 3600 * _SECOND), (10, 14 * 86_400 * _SECOND)
_UNKNOWN_STEP = 86_400 * _SECOND
_MOST_PERCENT, _FULL = 99.9, 100


def variable(of: Variable, w: Words) -> str:
    """An observed property."""
    return w.of(of.label) or of.standard_name.replace("_", " ") or of.name


def station(thing: Thing, w: Words) -> str:
    """What carries the sensors."""
    return w.of(thing.name) or thing.key


def title(described: Datastream, w: Words) -> str:
    """A datastream."""
    own = w.of(described.name) or f"{variable(described.variable, w)} – {station(described.thing, w)}"
    level = described.processing_level
    return f"{own} ({level})" if level and level not in own else own


def number(value: float, w: Words) -> str:
    """A measured number, to five digits."""
    if not math.isfinite(value):
        return "–"
    size = math.floor(math.log10(abs(value))) if value else 0
    if not -_DIGITS < size < 12:  # noqa: PLR2004 - longer ones are read as powers
        return f"{value:.3e}".replace("-", "−")
    decimals = max(0, _DIGITS - 1 - size)
    written = w.number(value, decimals)
    sign = "," if w.language == "fr" else "."
    return written.rstrip("0").rstrip(sign) if sign in written else written


def result(value: float | None, words: str | None, unit: str, w: Words) -> str:
    """A result with its unit."""
    if value is None or not math.isfinite(value):
        return words or "–"
    return f"{number(value, w)} {shown_unit(unit)}".rstrip()


def shown_unit(unit: str) -> str:
    """A unit as people write it; what has none has the unit 1."""
    return _SHOWN_UNITS.get(unit, unit)


def lasting(us: int, w: Words) -> str:
    """A length of time in its largest unit that leaves at least two."""
    seconds = us / _SECOND
    for letter, sign, size in _UNITS:
        if seconds >= 2 * size or size in (seconds, 1):
            return w.duration(f"{sign}{round(seconds / size)}{letter}")
    return ""


def at(us: int, w: Words) -> str:
    """An instant, to the minute."""
    return w.date(moment_us(us - us % (60 * _SECOND)))


def iso(us: int | None) -> str | None:
    """An instant as data say it."""
    return moment_us(us) if us is not None else None


def years(first: int | None, last: int | None, w: Words) -> str:
    """From when to when, in days, or in years where it is long."""
    if first is None or last is None:
        return "–"
    start, end = moment_us(first)[:10], moment_us(last)[:10]
    if start[:4] != end[:4]:
        start, end = start[:4], end[:4]
    return w.date(start) if start == end else w.text("data.span", start=w.date(start), end=w.date(end))


def state(last: int | None, step: int | None) -> str:
    """One of `STATES`, by the newest observation and the usual step; of one observation alone, a day."""
    if last is None:
        return STATES[2]
    behind = now_us() - last
    for name, (steps, least) in zip(STATES, (_FRESH, _LATE), strict=False):
        if behind <= max(least, steps * (step or _UNKNOWN_STEP)):
            return name
    return STATES[2]


def standing(last: int | None, step: int | None, w: Words) -> str:
    """The same in words: up to date, late since the next observation was due, or ended."""
    name = state(last, step)
    if name != "late" or last is None:
        return w.label("state", name)
    return w.text("series.late_since", time=at(last + (step or _UNKNOWN_STEP), w))


def age(last: int | None, w: Words) -> str:
    """How long ago the newest observation was."""
    return w.text("series.ago", time=lasting(max(0, now_us() - last), w)) if last is not None else "–"


def percent(share: float | None, w: Words) -> str:
    """How complete something is; what lacks a little is never called whole."""
    if share is None:
        return "–"
    shown = min(share, _MOST_PERCENT) if share < _FULL else share
    return w.text("items.percent", n=w.number(shown, 0 if shown in (0, _FULL) or shown < 99 else 1))  # noqa: PLR2004


def caption(curve: Curve, unit: str, w: Words) -> tuple[str, ...]:
    """What a curve shows, in sentences, for those who do not see it and for all others."""
    if curve.first is None or curve.last is None:
        return (w.text("series.nothing"),)
    said = [
        w.text(
            "series.span",
            values=w.count("series.values", curve.count),
            start=at(curve.first, w),
            end=at(curve.last, w),
        )
    ]
    if curve.numbers:
        lowest, highest, mean = (result(v, None, unit, w) for v in (curve.lowest, curve.highest, curve.mean))
        said.append(w.text("series.range", lowest=lowest, highest=highest, mean=mean))
    else:
        said.append(w.text("series.no_numbers"))
    if curve.gaps:
        start, end = max(curve.gaps, key=lambda gap: gap[1] - gap[0])
        of = {"time": lasting(end - start, w), "start": at(start, w)}
        longest = w.text("series.longest", **of) if len(curve.gaps) > 1 else w.text("series.gap", **of)
        said.append(f"{w.count('series.gaps', len(curve.gaps))} {longest}")
    elif curve.knows_gaps:
        said.append(w.count("series.gaps", 0))
    if not curve.knows_gaps:
        said.append(w.text("series.gaps_closer"))
    doubtful = curve.doubtful_count
    said.append(
        w.text("series.doubtful_closer") if doubtful is None else w.count("series.doubtful", doubtful)
    )
    return tuple(said)
