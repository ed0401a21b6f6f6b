"""Small maps that the server draws: on cards, without JavaScript, and where WebGL is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from estran.model import hull

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estran.model import Box

# Two units a degree, as the outline is drawn.
_UNITS = 2
_TURN = 720.0
_WORLD = (-360.0, -180.0, _TURN, 360.0)
_MOST = 200
# Below this share of the picture's width a box is a dot: on cards, and on large maps.
_DOT, _FINE_DOT = 0.055, 0.018


def locator(boxes: Iterable[Box], *, css: str = "", zoom: bool = False) -> Markup:
    """Boxes on the world's outline, which the page defines once as the symbol "land".

    Args:
        boxes: what to show.
        css: further classes; "wide" is a large map.
        zoom: show the boxes' surroundings instead of the whole world.
    """
    listed = list(boxes)[:_MOST]
    view = _window(around) if zoom and (around := hull(listed)) else _WORLD
    dot = (_FINE_DOT if "wide" in css else _DOT) * view[2]
    # A frame that reaches over the antimeridian shows the world, and what lies on it, a turn away as well.
    turns = [turn for turn in (-_TURN, 0.0, _TURN) if _meets(view, turn - _TURN / 2, turn + _TURN / 2)]
    land = "".join(f'<use href="#land"{f' x="{turn:g}"' if turn else ""}/>' for turn in turns)
    spans = [(box.west * _UNITS, _width(box), box) for box in listed]
    shapes = "".join(
        _shape(west + turn, width, box, dot)
        for turn in (-_TURN, 0.0, _TURN)
        for west, width, box in spans
        if _meets(view, west + turn, west + turn + width)
    )
    frame = " ".join(f"{v:.5g}" for v in view)
    return Markup(  # noqa: S704 - numbers and our own class names only
        f'<svg class="locator {css}" viewBox="{frame}" aria-hidden="true" focusable="false">'
        f'{land}<g class="marks">{shapes}</g></svg>'
    )


def _width(box: Box) -> float:
    return (box.east - box.west) * _UNITS + _TURN * box.crosses


def _meets(view: tuple[float, float, float, float], west: float, east: float) -> bool:
    """Whether a span of longitudes is seen; what only touches the frame's edge is when it has no width itself."""
    left, right = view[0], view[0] + view[2]
    return west < right and east > left if east > west else left <= west <= right


def _shape(west: float, width: float, box: Box, dot: float) -> str:
    north, height = -box.north * _UNITS, (box.north - box.south) * _UNITS
    if max(width, height) < dot:
        return f'<circle cx="{west + width / 2:.5g}" cy="{north + height / 2:.5g}" r="{dot / 2:.4g}"/>'
    width, height = max(width, dot / 4), max(height, dot / 4)
    return f'<rect x="{west:.5g}" y="{north:.5g}" width="{width:.5g}" height="{height:.5g}"/>'


def _window(around: Box) -> tuple[float, float, float, float]:
    """A frame twice as wide as high around a box, no closer than an eighth of the world."""
    span, rise = _width(around), (around.north - around.south) * _UNITS
    width = min(_TURN, max(90.0, 1.6 * span, 3.2 * rise))
    left = around.west * _UNITS + (span - width) / 2
    # A whole turn has one cut, the usual one; anything less may lie across it.
    left = -_TURN / 2 if width >= _TURN else left
    top = min(max(-(around.south + around.north) - width / 4, -180.0), 180.0 - width / 2)
    return left, top, width, width / 2
