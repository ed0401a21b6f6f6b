"""Pictures of the polar regions that the server draws: the interactive maps end five degrees before the poles.

A stereographic projection about the pole: parallels are circles and meridians straight lines, so that a box
is drawn exactly. Greenwich points down from the North Pole and up from the South Pole, as atlases have it.
"""

from __future__ import annotations

import json
import math
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from estran.model import Box
from estran.web.portal import assets
from estran.web.portal.worldmap import Point, Ring, thinned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from estran.web.portal.i18n import Words

# A picture is polar where its boxes reach beyond the first latitude and none comes nearer the equator than the second.
_REACHES, _ENDS = 80.0, 45.0
# The circle around the picture: never nearer the pole than this, off what is shown by a few degrees, at a whole five.
_CLOSEST, _MARGIN, _EVERY = 75.0, 2.0, 5.0
# Of the picture, in its own units; shapes lose what is finer than the tolerance.
_RADIUS, _TOLERANCE = 500.0, 1.2
_SMALLEST_RING = 4
_DOT = 9.0
_POLE, _TURN = 90.0, 360.0
# What is wider lies all around the pole, as far as a search is concerned.
_AROUND = 300.0
_HUNDREDTHS = 100
_MOST = 200
_MERIDIANS, _PARALLELS = range(0, 360, 30), (50, 60, 70, 80)


def poles(boxes: Iterable[Box]) -> tuple[int, ...]:
    """The poles (1 north, -1 south) that show all boxes where a flat map cannot; () where a flat map will do."""
    listed = list(boxes)
    found = tuple(pole for pole in (1, -1) if any(pole * _middle(box) > 0 for box in listed))
    near = all(min(abs(box.south), abs(box.north)) >= _ENDS and box.south * box.north > 0 for box in listed)
    reach = any(max(abs(box.south), abs(box.north)) >= _REACHES for box in listed)
    return found if near and reach else ()


def polar(boxes: Iterable[Box], words: Words, *, asked: Box | None = None) -> Markup:
    """The pictures of what lies around the poles, none where a flat map shows it as well.

    Args:
        boxes: what to show.
        words: the page's, for what is said of the picture.
        asked: a box that is drawn as a dashed line; it decides alone which pole is shown.
    """
    listed = list(boxes)[:_MOST]
    chosen = poles([asked] if asked else listed)
    return Markup().join(
        _picture([box for box in listed if asked or _middle(box) * pole > 0], pole, words, asked)
        for pole in chosen
    )


def _picture(boxes: Sequence[Box], pole: int, words: Words, asked: Box | None) -> Markup:
    shown = [asked] if asked else boxes
    edge = min(pole * (box.south if pole > 0 else box.north) for box in shown)
    rim = max(_ENDS - _EVERY, min(_CLOSEST, _EVERY * math.floor((edge - _MARGIN) / _EVERY)))
    shapes = "".join(_sector(box, pole, rim) for box in (_cut(boxes, pole, rim) if asked else boxes))
    outlined = f'<g class="asked">{_sector(asked, pole, rim)}</g>' if asked else ""
    title = words.text("polar.north" if pole > 0 else "polar.south")
    size = f"{2 * _RADIUS:g}"
    return Markup(  # noqa: S704 - numbers, our own words and shapes only
        f'<svg class="locator polar" viewBox="{-_RADIUS:g} {-_RADIUS:g} {size} {size}" role="img" aria-label="{escape(title)}">'
        f'<path class="land" d="{_land(pole, rim)}"/><g class="lines">{_lines(pole, rim)}</g>'
        f'<g class="marks">{shapes}</g>{outlined}<g class="names">{_names(pole, rim, words)}</g></svg>'
    )


def _cut(boxes: Iterable[Box], pole: int, rim: float) -> Iterator[Box]:
    """The boxes as far as the picture reaches; what goes all around the pole would only hide the others."""
    for box in boxes:
        outside, inside = sorted((pole * box.south, pole * box.north))
        if inside <= rim or _width(box) >= _AROUND:
            continue
        south, north = sorted((pole * max(outside, rim - _MARGIN), pole * inside))
        yield Box(box.west, south, box.east, north)


def _width(box: Box) -> float:
    return box.east - box.west + _TURN * box.crosses


def _middle(box: Box) -> float:
    return (box.south + box.north) / 2


def _distance(latitude: float, pole: int, rim: float) -> float:
    """Of a parallel from the pole, in units of the picture."""
    half = (_POLE - pole * latitude) / 2
    return _RADIUS * math.tan(math.radians(half)) / math.tan(math.radians((_POLE - rim) / 2))


def place(point: Point, pole: int, rim: float) -> Point:
    """Where a point of the Earth lies in the picture whose circle is the parallel `rim` of its pole."""
    distance, angle = _distance(point[1], pole, rim), math.radians(point[0])
    return distance * math.sin(angle), pole * distance * math.cos(angle)


def _sector(box: Box, pole: int, rim: float) -> str:
    """A box: between two arcs of parallels and two meridians; a dot where it is too small to be seen."""
    width = _width(box)
    far, near = sorted((_distance(box.south, pole, rim), _distance(box.north, pole, rim)), reverse=True)
    if far - near < _DOT and math.radians(width) * far < _DOT:
        x, y = place((box.west + width / 2, _middle(box)), pole, rim)
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_DOT:g}"/>'
    if width >= _TURN:
        inner = _circle(near) if near >= 1 else ""
        return f'<path fill-rule="evenodd" d="{_circle(far)}{inner}"/>'
    (ax, ay), (bx, by) = (place((lon, box.south), pole, rim) for lon in (box.west, box.west + width))
    (cx, cy), (dx, dy) = (place((lon, box.north), pole, rim) for lon in (box.west + width, box.west))
    large, sweep = int(width > _TURN / 2), int(pole < 0)
    south, north = (_distance(latitude, pole, rim) for latitude in (box.south, box.north))
    return (
        f'<path d="M{ax:.1f},{ay:.1f}A{south:.1f},{south:.1f},0,{large},{sweep},{bx:.1f},{by:.1f}'
        f'L{cx:.1f},{cy:.1f}A{north:.1f},{north:.1f},0,{large},{1 - sweep},{dx:.1f},{dy:.1f}z"/>'
    )


def _circle(radius: float) -> str:
    half = f"a{radius:.1f},{radius:.1f},0,1,0,"
    return f"M{-radius:.1f},0{half}{2 * radius:.1f},0{half}{-2 * radius:.1f},0z"


def _lines(pole: int, rim: float) -> str:
    circles = "".join(
        _circle(_distance(pole * degrees, pole, rim)) for degrees in _PARALLELS if degrees > rim
    )
    spokes = (
        "M{:.1f},{:.1f}L{:.1f},{:.1f}".format(
            *place((longitude, pole * 80), pole, rim), *place((longitude, pole * rim), pole, rim)
        )
        for longitude in _MERIDIANS
    )
    return f'<path d="{circles}{"".join(spokes)}"/>'


def _names(pole: int, rim: float, words: Words) -> str:
    said = [
        (words.text(key), (x, pole * y))
        for key, x, y in (
            ("polar.zero", 0, 475), ("polar.east", 455, 0), ("polar.turn", 0, -475), ("polar.west", -455, 0),
        )
    ]  # fmt: skip
    said += [
        (words.text("polar.parallel", degrees=degrees), place((45, pole * degrees), pole, rim))
        for degrees in _PARALLELS
        if degrees > rim
    ]
    return "".join(f'<text x="{x:.0f}" y="{y:.0f}">{escape(name)}</text>' for name, (x, y) in said)


@cache
def _land(pole: int, rim: float) -> str:
    """The land around a pole as SVG path commands, whole units."""
    return "".join(filter(None, (_drawn(ring, pole, rim) for ring in _rings() if _is_near(ring, pole, rim))))


def _is_near(ring: Ring, pole: int, rim: float) -> bool:
    return any(pole * y > rim for _, y in ring)


def _drawn(ring: Ring, pole: int, rim: float) -> str:
    # What lies outside is drawn along a circle beyond the picture's edge; the corners that close a flat
    # Antarctica below would only draw a line to the pole.
    kept = [(x, pole * max(pole * y, rim - 4)) for x, y in ring if pole * y < _POLE - 0.01]
    placed = thinned([place(point, pole, rim) for point in kept], _TOLERANCE)
    if len(placed) < _SMALLEST_RING:
        return ""
    steps = [f"{round(x)},{round(y)}" for x, y in placed]
    unlike = [one for one, before in zip(steps, ["", *steps], strict=False) if one != before]
    return f"M{unlike[0]}L{' '.join(unlike[1:])}z" if len(unlike) >= _SMALLEST_RING else ""


@cache
def _rings() -> tuple[Ring, ...]:
    """The rings of the finer world's land beyond the latitudes that any picture shows."""
    world = json.loads(assets.files()["world/50m.json"].read_bytes())
    rings = (list(_points(steps)) for part in world["land"] for steps in part)
    return tuple(ring for ring in rings if any(abs(y) > _ENDS - _EVERY for _, y in ring))


def _points(steps: list[int]) -> Iterator[Point]:
    for x, y in zip(accumulate(steps[::2]), accumulate(steps[1::2]), strict=True):
        yield x / _HUNDREDTHS, y / _HUNDREDTHS
