"""Colours that people can read: contrast as WCAG 2.2 measures it, and the nearest colour that has enough."""

from __future__ import annotations

import re

from estran.errors import Invalid

AA = 4.5
"""Contrast that words of any size need (WCAG 2.2, success criterion 1.4.3, level AA)."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_STEPS = 256
_LINEAR_BELOW = 0.04045
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_MIDDLE = 0.18


def colour(text: str, where: str = "colour") -> str:
    """A colour as ``#rrggbb`` in small letters.

    Raises:
        Invalid: it is none.
    """
    cleaned = text.strip()
    if not _HEX.fullmatch(cleaned):
        raise Invalid(f"“{cleaned[:20]}” is not a colour; write six hexadecimal digits as in #0b7886", where)
    return cleaned.lower()


def contrast(one: str, other: str) -> float:
    """How well one colour stands out from another, from 1 (not at all) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(given: str, background: str, least: float = AA) -> str:
    """The colour itself where it stands out enough from a background, else the nearest shade that does."""
    end = _BLACK if _luminance(background) > _MIDDLE else _WHITE
    for step in range(_STEPS + 1):
        shade = _mixed(given, end, step / _STEPS)
        if contrast(shade, background) >= least:
            return shade
    return _hex(end)


def _mixed(given: str, end: tuple[int, int, int], share: float) -> str:
    return _hex(tuple(round(a + (b - a) * share) for a, b in zip(_parts(given), end, strict=True)))


def _hex(parts: tuple[int, ...]) -> str:
    return "#" + "".join(f"{part:02x}" for part in parts)


def _parts(given: str) -> tuple[int, int, int]:
    return int(given[1:3], 16), int(given[3:5], 16), int(given[5:7], 16)


def _luminance(given: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(given))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= _LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4
