"""What lies around the poles is drawn around the poles, by the server, exactly."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import pytest

import estran
from estran import formats
from estran.formats import Links
from estran.model import Box, Extent, Record, Text
from estran.web.app import create_app
from estran.web.portal.i18n import words
from estran.web.portal.polar import place, polar, poles
from estran.web.portal.svg import locator
from tests.portal import granules
from tests.portal.html import Html
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.node import Node

EN = words("en")
ARCTIC, SVALBARD = Box(-180, 60, 180, 90), Box(10, 76, 33, 81)
ANTARCTIC, ROSS = Box(-180, -90, 180, -60), Box(160, -85, -150, -70)


@pytest.mark.parametrize(
    ("boxes", "shown"),
    [
        ([ARCTIC], (1,)), ([SVALBARD], (1,)), ([ANTARCTIC], (-1,)), ([ARCTIC, ROSS], (1, -1)), ([], ()),
        ([Box(-180, -90, 180, 90)], ()), ([Box(10, 60, 20, 79)], ()), ([Box(0, 20, 10, 85)], ()),
        ([ARCTIC, Box(0, 0, 1, 1)], ()), ([Box(0, 80, 0, 80)], (1,)),
    ],
)  # fmt: skip
def test_only_what_flat_maps_cut_is_drawn_around_a_pole(boxes: list[Box], shown: tuple[int, ...]):
    assert poles(boxes) == shown
    assert polar(boxes, EN).count("<svg") == len(shown)


def test_points_lie_where_a_stereographic_map_has_them():
    """Greenwich points down from the North Pole and up from the South Pole; east is to its left hand, as it turns."""
    radius = 500 * math.tan(math.radians(10)) / math.tan(math.radians(15))
    assert place((0, 70), 1, 60) == pytest.approx((0, radius))
    assert place((90, 70), 1, 60) == pytest.approx((radius, 0))
    assert place((0, -70), -1, 60) == pytest.approx((0, -radius))
    assert place((90, -70), -1, 60) == pytest.approx((radius, 0))
    assert place((123, 90), 1, 60) == pytest.approx((0, 0))
    assert math.hypot(*place((-77, 60), 1, 60)) == pytest.approx(500)


def frame(drawn: str) -> list[float]:
    found = re.search(r'viewBox="([^"]+)"', drawn)
    assert found
    return [float(n) for n in found[1].split()]


def marks(drawn: str) -> str:
    found = re.search(r'<g class="marks">(.*?)</g>', drawn)
    assert found
    return found[1]


def test_a_whole_turn_is_a_circle_and_a_hole_where_the_data_leave_the_pole_out():
    assert marks(polar([ARCTIC], EN)).count("M") == 1
    assert marks(polar([Box(-180, 66, 180, 88)], EN)).count("M") == 2


@pytest.mark.parametrize("box", [SVALBARD, ROSS, Box(-40, 82, 160, 89)])
def test_a_box_lies_between_two_meridians_and_two_parallels(box: Box):
    """The corners that are drawn are the corners of the box, and both arcs go the way round that the box goes."""
    drawn = marks(polar([box], EN))
    assert drawn.count("<path") == 1, "nothing is cut at the antimeridian"
    x, y, r, _, _, large, *_ = map(float, re.findall(r"-?[\d.]+", drawn))
    pole = 1 if box.south > 0 else -1
    span = box.east - box.west + 360 * box.crosses
    angle = math.degrees(math.atan2(x, pole * y))
    assert (angle - box.west + 180) % 360 - 180 == pytest.approx(0, abs=0.2)
    assert math.hypot(x, y) == pytest.approx(r, abs=0.2)
    assert large == (span > 180)


def test_small_boxes_are_dots():
    assert "<circle" in marks(polar([Box(-12.0, 86.5, -12.0, 86.5)], EN))


def test_land_stays_light_and_near():
    """The continent that holds the South Pole is closed around it, without a line to the pole."""
    for box in (ARCTIC, ANTARCTIC, SVALBARD, ROSS):
        drawn = polar([box], EN)
        assert len(drawn) < 45_000
        land = re.search(r'class="land" d="([^"]+)"', drawn)
        assert land
        corners = [tuple(map(int, c.split(","))) for c in re.findall(r"-?\d+,-?\d+", land[1])]
        assert max(max(map(abs, c)) for c in corners) < 620
        assert min(math.hypot(*c) for c in corners) > 20


def test_a_search_shows_its_box_and_what_is_near():
    near, far, world = Box(5, 75, 8, 76), Box(0, 0, 10, 10), Box(-180, -90, 180, 90)
    drawn = polar([near, far, world, Box(0, 40, 20, 85)], EN, asked=Box(0, 70, 60, 88))
    assert marks(drawn).count("<path") == 2
    assert 'class="asked"' in drawn
    assert polar([SVALBARD], EN, asked=Box(0, 40, 10, 50)) == ""


def test_flat_pictures_reach_over_the_antimeridian():
    fiji = locator([Box(176, -20, -178, -15)], css="wide", zoom=True)
    assert fiji.count("<use") == 2
    assert fiji.count("<rect") == 1
    x, _, width, _ = frame(fiji)
    assert x < 2 * 176 < 2 * 182 < x + width
    apart = locator([Box(175, 0, 176, 1), Box(-176, 0, -175, 1)], css="wide", zoom=True)
    x, _, width, _ = frame(apart)
    assert width == 90
    assert all(x < 2 * lon < x + width for lon in (175.5, 184.5))
    whole = locator([Box(120, -30, -90, 30)])
    assert (whole.count("<rect"), whole.count("<use")) == (2, 1)


def polar_scene(n: int) -> dict[str, Any]:
    """A scene near the North Pole."""
    west, south, east, north = 10 * n, 80, 10 * n + 8, 86
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        **granules.scene(n), "id": f"pass-{n}", "collection": "passes", "bbox": [west, south, east, north],
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }  # fmt: skip


@pytest.fixture(scope="module")
def poles_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("poles")
    with estran.open(folder / "node") as node:
        form = formats.find("iso19115-3")
        (folder / "in").mkdir()
        for name, box in {"arctic": ARCTIC, "ross": ROSS, "brest": Box(-5, 48, -4, 49)}.items():
            record = Record(
                identifier=name, kind="dataset", title=Text.of(name, "en"), extent=Extent(boxes=(box,))
            )
            (folder / "in" / f"{name}{form.suffix}").write_bytes(form.write(record, Links()).body)
        assert node.load(folder / "in").new == 3
        passes = [polar_scene(n) for n in range(3)]
        lines = (json.dumps(one) for one in (granules.collection("passes", "Passes"), *passes))
        (folder / "passes.ndjson").write_text("\n".join(lines), encoding="utf-8")
        assert not node.load(folder / "passes.ndjson").refused
        yield node


def test_the_pages_show_them(poles_node: Node):
    client = Client(create_app(poles_node), Accept="text/html")
    ids = {r.identifier: r.id for r in poles_node.scan()[0]}
    for name, circles in {"arctic": 1, "ross": 1, "brest": 0}.items():
        html = Html(client.get(f"/fr/data/{ids[name]}").text)
        drawn = [e for e in html.all("svg") if "polar" in e.get("class")]
        assert len(drawn) == circles
        assert bool(circles) is ("data-boxes" not in client.get(f"/fr/data/{ids[name]}").text)
        assert all("Pôle" in e["aria-label"] or "pôle" in e["aria-label"] for e in drawn)
    near = client.get("/en/search?bbox=0,70,60,88").text
    assert 'class="asked"' in near
    assert "polar" not in client.get("/en/search?bbox=0,40,60,50").text.partition("map-side")[2]


def test_items_near_a_pole_are_drawn_around_it(poles_node: Node):
    client = Client(create_app(poles_node), Accept="text/html")
    id_ = poles_node.items.collection("passes").id
    for path, count in ((f"/en/data/{id_}/items", 3), (f"/en/data/{id_}/items/pass-1", 1)):
        html = Html(client.get(path, "text/html").text)
        assert len([e for e in html.all("svg") if "polar" in e.get("class").split()]) == 1
        shapes = [e for e in html.all("path") if any("polar" in p.get("class").split() for p in e.parents)]
        assert len([e for e in shapes if e.parents[-1].get("class") == "marks"]) == count
