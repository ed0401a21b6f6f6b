"""What the browser draws of datastreams, as compact columns within the page."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from estran.web.portal import telling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.model import Variable
    from estran.observations.overview import Profile
    from estran.observations.plotting import Curve
    from estran.observations.store.registry import HeldDatastream
    from estran.web.portal.datastream_panels import Event
    from estran.web.portal.i18n import Words
    from estran.web.portal.views import Viewer

__all__ = ["axis", "columns", "embedded"]


def columns(  # noqa: PLR0917 - all that is drawn
    streams: Sequence[HeldDatastream], curves: Sequence[Curve], profiles: Sequence[Profile], told: Sequence[tuple[str, str]],
    listed: Sequence[Event], active: Sequence[tuple[float, float]], span: tuple[int, int], *, is_downward: bool,
    viewer: Viewer,
) -> dict[str, Any]:  # fmt: skip
    """What the browser draws: seconds since 1970 and numbers, as columns.

    Args:
        streams: what is drawn.
        curves: of each.
        profiles: of the first, in the place of curves.
        told: title and unit of each.
        listed: what happened to the sensor.
        active: when it was.
        span: what is shown, in microseconds.
        is_downward: whether the vertical of profiles is a depth.
        viewer: says it in the page's words.
    """
    w = viewer.words
    made: dict[str, Any] = {
        "span": [_seconds(us) for us in span],
        "curves": [
            {
                "number": one.number, "title": title, "unit": unit, "exact": curve.is_exact,
                "time": [_seconds(us) for us in curve.time.tolist()], "value": _numbers(curve.value),
                "low": [] if curve.is_exact else _numbers(curve.low), "high": [] if curve.is_exact else _numbers(curve.high),
                "doubtful": [[_seconds(us) for us in curve.doubtful[0].tolist()], _numbers(curve.doubtful[1])],
            }
            for one, curve, (title, unit) in zip(streams, curves, told, strict=True)
        ],
        "events": [[one.start_s, one.end_s, one.kind] for one in listed], "active": active,
        "profiles": [],
    }  # fmt: skip
    if profiles:
        vertical = streams[0].described.vertical
        made["curves"] = []
        made["downward"] = is_downward
        made["vertical"] = axis(vertical, w)
        made["profiles"] = [
            {
                "time": telling.at(p.time, w), "vertical": _numbers(p.vertical), "value": _numbers(p.value),
                "doubtful": p.doubtful.nonzero()[0].tolist(),
            }
            for p in profiles
        ]  # fmt: skip
        made["unit"], made["title"] = told[0][1], telling.variable(streams[0].described.variable, w)
    return made


def axis(of: Variable | None, w: Words) -> str:
    """The vertical with its unit, "" where there is none."""
    if of is None:
        return ""
    return f"{telling.variable(of, w)} ({of.unit})" if of.unit else telling.variable(of, w)


def _seconds(us: int) -> float:
    return us // 1_000_000 if us % 1_000_000 == 0 else us / 1_000_000


def _numbers(values: Any) -> list[float | None]:
    """Numbers to seven digits, None for those that are not there."""
    return [float(f"{v:.7g}") if math.isfinite(v) else None for v in values.tolist()]


def embedded(plot: dict[str, Any]) -> str:
    """JSON that may stand inside a page: no tag can begin in it."""
    return json.dumps(plot, separators=(",", ":")).replace("&", "\\u0026").replace("<", "\\u003c")
