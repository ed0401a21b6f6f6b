"""The colours of the style are readable: contrast computed from the tokens, in both themes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from estran.web.portal import assets

if TYPE_CHECKING:
    from collections.abc import Iterator

CSS = (assets.STATIC / "estran.css").read_text(encoding="utf-8")
Colour = tuple[float, float, float]
TEXT, LINE = 4.5, 3.0
HUBS = ("land", "atmosphere", "ocean", "earth", "life")


def hexadecimal(text: str) -> Colour:
    return tuple(int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))  # pyright: ignore[reportReturnType]


def tokens(theme: int) -> dict[str, Colour]:
    """Every token that is a colour, of the light theme (0) or the dark one (1)."""
    pairs = re.findall(r"--([a-z-]+): light-dark\((#[0-9A-F]{6}), (#[0-9A-F]{6})\)", CSS)
    return {name: hexadecimal(both[theme]) for name, *both in pairs}


def linear(c: float) -> float:
    return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4


def luminance(colour: Colour) -> float:
    return sum(share * linear(c) for share, c in zip((0.2126, 0.7152, 0.0722), colour, strict=True))


def contrast(a: Colour, b: Colour) -> float:
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def oklab(colour: Colour) -> Colour:
    r, g, b = map(linear, colour)
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    mid = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * mid - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * mid + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * mid - 0.8086757660 * short,
    )


def from_oklab(lab: Colour) -> Colour:
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    mid = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    rgb = (
        4.0767416621 * long - 3.3077115913 * mid + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * mid - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * mid + 1.7076147010 * short,
    )
    bound = (min(1.0, max(0.0, c)) for c in rgb)
    return tuple(12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in bound)  # pyright: ignore[reportReturnType]


def mixed(a: Colour, share: float, b: Colour) -> Colour:
    """What `color-mix(in oklab, a share, b)` gives."""
    return from_oklab(tuple(x * share + y * (1 - share) for x, y in zip(oklab(a), oklab(b), strict=True)))  # pyright: ignore[reportArgumentType]


def test_the_sums_are_those_of_the_standard():
    white, black, grey = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), hexadecimal("#767676")
    assert contrast(white, black) == pytest.approx(21)
    assert contrast(white, grey) == pytest.approx(4.54, abs=0.01)
    assert mixed(white, 1.0, black) == pytest.approx(white, abs=1e-4)
    assert mixed(grey, 0.5, grey) == pytest.approx(grey, abs=1e-4)


def test_every_colour_of_the_style_is_a_token():
    """A colour that is written anywhere else would be the same in both themes, and escape these sums."""
    ground = CSS.partition("}")[0] + CSS.partition("/* Ground */")[2]
    assert re.findall(r"#[0-9A-Fa-f]{3,8}\b(?![-\w])", re.sub(r"[^{}]*\{", "{", ground)) == []
    assert re.findall(r"\b(?:rgb|hsl|hwb)a?\(", CSS) == []
    assert len(tokens(0)) == len(tokens(1)) >= 15


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_is_read_on_every_ground(theme: int):
    t = tokens(theme)
    texts = [
        (name, ground)
        for name in ("ink", "quiet", "accent", "warm", *HUBS)
        for ground in ("paper", "surface")
    ]
    texts += [
        ("on-accent", "accent"),
        ("paper", "ink"),
        ("quiet", "map-sea"),
        ("ink", "map-sea"),
        ("ink", "map-land"),
    ]
    faint = {pair: round(c, 2) for pair in texts if (c := contrast(t[pair[0]], t[pair[1]])) < TEXT}
    assert faint == {}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_fields_the_focus_and_marks_stand_out(theme: int):
    t = tokens(theme)
    lines = [(name, ground) for name in ("edge", "accent") for ground in ("paper", "surface")]
    lines += [(hub, ground) for hub in HUBS for ground in ("map-sea", "map-land", "surface")]
    faint = {pair: round(c, 2) for pair in lines if (c := contrast(t[pair[0]], t[pair[1]])) < LINE}
    assert faint == {}


def mixes() -> Iterator[tuple[str, float, str]]:
    for a, share, b in set(
        re.findall(r"background: color-mix\(in oklab, var\(--([a-z-]+)\) (\d+)%, var\(--([a-z-]+)\)\)", CSS)
    ):
        yield a, int(share) / 100, b


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_ink_is_read_on_every_tinted_ground(theme: int):
    """Days of the calendar, hints, lines of documents: all carry ink."""
    t = tokens(theme) | {"hub": tokens(theme)["edge"]}
    found = {mix: round(contrast(t["ink"], mixed(t[mix[0]], mix[1], t[mix[2]])), 2) for mix in mixes()}
    assert len(found) >= 5
    assert {mix: c for mix, c in found.items() if c < TEXT} == {}


def test_nothing_moves_by_itself():
    """What moves asks first whether movement is wanted."""
    for found in re.finditer(r"\b(animation|transition|scroll-behavior)\b", CSS):
        before = CSS[: found.start()].rpartition("@media")[2]
        assert "prefers-reduced-motion: no-preference" in before.partition("{")[0], CSS[found.start() :][:80]


def test_the_focus_is_never_taken_away():
    bare = {rule.strip() for rule in re.findall(r"([^{}]+)\{[^{}]*outline: (?:none|0)[^{}]*\}", CSS)}
    given: list[str] = re.findall(r"([^{}]+)\{[^{}]*outline: 3px[^{}]*\}", CSS)
    # A slider's focus is drawn around its thumb.
    assert {rule for rule in bare if not any(one.strip().startswith(f"{rule}::") for one in given)} == {
        "main:focus"
    }
    assert ":focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }" in CSS
