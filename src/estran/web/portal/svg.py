"""Small maps that the server draws: on cards, without JavaScript, and where WebGL is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estran.model import Box

# Two units a degree, as the outline is drawn.
_UNITS = 2
_WORLD = (-360.0, -180.0, 720.0, 360.0)
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
    listed = [part for box in boxes for part in box.parts()][:_MOST]
    view = _window(listed) if zoom and listed else _WORLD
    dot = (_FINE_DOT if "wide" in css else _DOT) * view[2]
    shapes = "".join(_shape(part, dot) for part in listed)
    frame = " ".join(f"{v:.5g}" for v in view)
    return Markup(  # noqa: S704 - numbers and our own class names only
        f'<svg class="locator {css}" viewBox="{frame}" aria-hidden="true" focusable="false">'
        f'<use href="#land"/><g class="marks">{shapes}</g></svg>'
    )


def _shape(box: Box, dot: float) -> str:
    west, north = box.west * _UNITS, -box.north * _UNITS
    width, height = (box.east - box.west) * _UNITS, (box.north - box.south) * _UNITS
    if max(width, height) < dot:
        return f'<circle cx="{west + width / 2:.5g}" cy="{north + height / 2:.5g}" r="{dot / 2:.4g}"/>'
    width, height = max(width, dot / 4), max(height, dot / 4)
    return f'<rect x="{west:.5g}" y="{north:.5g}" width="{width:.5g}" height="{height:.5g}"/>'


def _window(boxes: list[Box]) -> tuple[float, float, float, float]:
    """A frame twice as wide as high around the boxes, no closer than an eighth of the world."""
    west, east = min(b.west for b in boxes) * _UNITS, max(b.east for b in boxes) * _UNITS
    south, north = min(b.south for b in boxes) * _UNITS, max(b.north for b in boxes) * _UNITS
    width = min(720.0, max(90.0, 1.6 * (east - west), 3.2 * (north - south)))
    left = min(max((west + east - width) / 2, -360.0), 360.0 - width)
    top = min(max(-(south + north) / 2 - width / 4, -180.0), 180.0 - width / 2)
    return left, top, width, width / 2
