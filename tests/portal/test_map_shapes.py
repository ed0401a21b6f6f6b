"""The shapes that the build draws: right on flat maps and on the globe."""

from __future__ import annotations

import gzip
import json
import re
from itertools import accumulate, pairwise

import pytest

from estran.model import Box
from estran.web.portal import assets
from estran.web.portal.svg import locator
from estran.web.portal.worldmap import area, path, steps, thinned, turned, untangle

WORLD = {scale: json.loads(assets.files()[f"world/{scale}.json"].read_text()) for scale in ("110m", "50m")}


def points(steps: list[int]) -> list[tuple[float, float]]:
    """What the browser makes of the steps."""
    xs, ys = accumulate(steps[::2]), accumulate(steps[1::2])
    return [(x / 100, y / 100) for x, y in zip(xs, ys, strict=True)]


@pytest.mark.parametrize("scale", ["110m", "50m"])
def test_no_shape_jumps_across_the_map(scale: str):
    world = WORLD[scale]
    rings = [points(ring) for name in ("land", "lakes") for part in world[name] for ring in part]
    rings += [points(line) for name in ("rivers", "borders") for line in world[name]]
    assert len(rings) > 300
    jumps = [(a, b) for r in rings for a, b in pairwise(r) if abs(a[0] - b[0]) > 90 and min(a[1], b[1]) > -89]
    assert jumps == []


@pytest.mark.parametrize("scale", ["110m", "50m"])
def test_inner_seas_lie_in_their_land(scale: str):
    """A Caspian Sea a turn away from Asia drew a band across the Atlantic."""
    holes = 0
    for part in WORLD[scale]["land"]:
        outer, *inner = map(points, part)
        west, east = min(x for x, _ in outer), max(x for x, _ in outer)
        assert -180 <= (west + east) / 2 <= 180
        assert all(west <= x <= east for hole in inner for x, _ in hole)
        holes += len(inner)
    assert holes


def test_the_finer_world_stays_light():
    sizes = {s: len(gzip.compress(assets.files()[f"world/{s}.json"].read_bytes(), 9)) for s in WORLD}
    assert sizes["110m"] < 30_000
    assert sizes["50m"] < 150_000


def test_lines_are_written_as_steps():
    assert steps([(1.0, 2.0), (1.5, 2.0), (1.25, -3.0)]) == [100, 200, 50, 0, -25, -500]
    assert points([100, 200, 50, 0, -25, -500]) == [(1.0, 2.0), (1.5, 2.0), (1.25, -3.0)]


def test_a_ring_across_the_date_line_runs_on():
    ring = [(170.0, 0.0), (-170.0, 0.0), (-170.0, 10.0), (170.0, 10.0), (170.0, 0.0)]
    assert untangle(ring) == [(170, 0), (190, 0), (190, 10), (170, 10), (170, 0)]
    assert area(untangle(ring)) == 200


def test_a_ring_around_the_south_pole_is_closed_below():
    ring = [(-180.0 + 10 * i, -70.0) for i in range(36)] + [(180.0, -70.0), (-180.0, -70.0)]
    closed = untangle(ring[:-1])
    assert closed[-1] == closed[0]
    assert min(y for _, y in closed) == -90


def test_rings_turn_to_their_neighbours():
    assert turned([(400.0, 0.0), (410.0, 5.0)], near=50) == [(40.0, 0.0), (50.0, 5.0)]


def test_thinning_keeps_what_stands_out():
    line = [(0.0, 0.0), (1.0, 0.01), (2.0, 0.0), (3.0, 5.0), (4.0, 0.0)]
    assert thinned(line, 0.5) == [(0, 0), (2, 0), (3, 5), (4, 0)]
    assert path([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)]) == "M0,0l2,0l0-2z"


def test_the_outline_is_small_and_inside_its_frame():
    outline = assets.outline()
    assert len(outline) < 16_000
    assert re.fullmatch(r"[Mlz0-9,-]+", outline)


def test_small_maps_show_boxes_and_dots():
    assert "<rect" in locator([Box(-10, 40, 30, 60)])
    assert "<circle" in locator([Box(4, 44, 4.1, 44.1)])
    assert locator([Box(170, -10, -170, 10)]).count("<rect") == 2
    assert 'viewBox="-360 -180 720 360"' in locator([])
    near = locator([Box(4, 44, 5, 45)], css="wide", zoom=True)
    x, y, width, height = map(float, re.search(r'viewBox="([^"]+)"', near)[1].split())
    assert (width, height) == (90, 45)
    assert x < 8 < x + width
    assert y < -89 < y + height
