"""Turns Natural Earth's TopoJSON, made for globes, into shapes that flat maps draw right.

The build runs this file alone, before the package exists: standard library only, nothing of Estran.
The source stitches shapes across the 180° meridian and around the South Pole; a flat map then draws
a band right across the world. `untangle` undoes that.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Point = tuple[float, float]
Ring = list[Point]
Topology = dict[str, Any]

_TURN = 360
_RING_POINTS = 4
# Of the base map: hundredths of a degree, and no point that the others already say to two of them.
_STEPS = 100
_TOLERANCE = 0.02
# The outline of cards: half degrees, no island or lake below this area in square degrees.
_OUTLINE_STEP = 0.5
_OUTLINE_TOLERANCE = 0.35
_OUTLINE_AREA = 2.0


def write_world(source: Path, target: Path) -> None:
    """Land, lakes, rivers and borders of one TopoJSON file: polygons as lists of rings, lines as lists of points.

    Points are written as steps from the one before, in hundredths of a degree: a third of GeoJSON's bytes.
    """
    topology: Topology = json.loads(source.read_text(encoding="utf-8"))
    world: dict[str, Any] = {
        "land": [[steps(ring) for ring in part] for part in areas(topology, "land")],
        "lakes": [[steps(ring) for ring in part] for part in areas(topology, "lakes")],
        "rivers": [steps(line) for line in lines(topology, "rivers")],
        "borders": [steps(line) for line in borders(topology)],
    }
    target.write_text(json.dumps(world, separators=(",", ":")), encoding="utf-8")


def steps(line: Ring) -> list[int]:
    """A line as whole steps: x and y of the first point, then from each point to the next."""
    points = [(round(x * _STEPS), round(y * _STEPS)) for x, y in line]
    return [n for (ax, ay), (bx, by) in pairwise([(0, 0), *points]) for n in (bx - ax, by - ay)]


def write_outline(source: Path, target: Path) -> None:
    """The land as one short SVG path, two units a degree, north up; to be filled by the even-odd rule."""
    topology: Topology = json.loads(source.read_text(encoding="utf-8"))
    arcs = decode_arcs(topology)
    rings = [
        thinned(ring, _OUTLINE_TOLERANCE)
        for part in _parts(topology, "land")
        for ring in (turned(untangle(join(arcs, indices))) for indices in part)
        if area(ring) > _OUTLINE_AREA
    ]
    # What runs on past ±180° is drawn once more a turn away; the picture's edge cuts both.
    rings += [
        [(x + turn, y) for x, y in ring]
        for turn in (-_TURN, _TURN)
        for ring in rings
        if min(x for x, _ in ring) + turn < _TURN / 2 and max(x for x, _ in ring) + turn > -_TURN / 2
    ]
    target.write_text("".join(path(ring) for ring in rings), encoding="utf-8")


def decode_arcs(topology: Topology) -> list[Ring]:
    """The arcs in degrees: TopoJSON stores differences between whole numbers."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    return [
        [(x * sx + tx, y * sy + ty) for x, y in accumulate(arc, lambda a, b: (a[0] + b[0], a[1] + b[1]))]
        for arc in topology["arcs"]
    ]


def join(arcs: list[Ring], indices: list[int]) -> Ring:
    """Arcs end to end; a negative index means that the arc runs backwards."""
    line: Ring = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        line += arc if not line else arc[1:]
    return line


def untangle(ring: Ring) -> Ring:
    """Let longitude run on past ±180 instead of jumping; close a ring that circles the South Pole."""
    line: Ring = []
    shift, before = 0, ring[0][0]
    for x, y in ring:
        if abs(x - before) > _TURN / 2:
            shift += _TURN if x < before else -_TURN
        before = x
        line.append((x + shift, y))
    if abs(line[-1][0] - line[0][0]) > _TURN / 2:
        line += [(line[-1][0], -90.0), (line[0][0], -90.0), line[0]]
    return line


def turned(ring: Ring, near: float = 0.0) -> Ring:
    """The ring a whole number of turns away, where its middle is nearest to longitude `near`."""
    turns = _TURN * round((near - _middle(ring)) / _TURN)
    return [(x + turns, y) for x, y in ring] if turns else ring


def _middle(ring: Ring) -> float:
    return (min(x for x, _ in ring) + max(x for x, _ in ring)) / 2


def area(ring: Ring) -> float:
    """Area in square degrees."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))) / 2


def thinned(ring: Ring, tolerance: float) -> Ring:
    """The ring with fewer points, none of the others farther than `tolerance` from it (Douglas-Peucker)."""
    kept = {0, len(ring) - 1}
    spans = [(0, len(ring) - 1)]
    # A closed ring has no base line: it is halved first, at the point farthest from its start.
    if ring[0] == ring[-1]:
        middle = max(range(len(ring)), key=lambda i: math.dist(ring[0], ring[i]))
        kept.add(middle)
        spans = [(0, middle), (middle, len(ring) - 1)]
    while spans:
        start, end = spans.pop()
        far = max(range(start + 1, end), key=lambda i: _off(ring[i], ring[start], ring[end]), default=start)
        if far != start and _off(ring[far], ring[start], ring[end]) > tolerance:
            kept.add(far)
            spans += [(start, far), (far, end)]
    return [ring[i] for i in sorted(kept)]


def _off(point: Point, a: Point, b: Point) -> float:
    length = math.dist(a, b)
    if not length:
        return math.dist(point, a)
    return abs((b[0] - a[0]) * (a[1] - point[1]) - (a[0] - point[0]) * (b[1] - a[1])) / length


def path(ring: Ring) -> str:
    """The ring in SVG path commands, relative whole steps."""
    points = [(round(x / _OUTLINE_STEP), round(-y / _OUTLINE_STEP)) for x, y in ring]
    moves = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    drawn = "".join(f"l{x},{y}" for x, y in moves[:-1] if (x, y) != (0, 0)).replace(",-", "-")
    return f"M{points[0][0]},{points[0][1]}{drawn}z" if drawn else ""


def areas(topology: Topology, name: str) -> list[list[Ring]]:
    """Every polygon of one layer, the largest ring of each first."""
    arcs = decode_arcs(topology)
    found: list[list[Ring]] = []
    for part in filter(None, _parts(topology, name)):
        rings = sorted((untangle(join(arcs, ring)) for ring in part), key=area, reverse=True)
        # Untangling may leave a sea a turn away from the land that it lies in.
        around = turned(rings[0])
        rings = [around, *(turned(ring, _middle(around)) for ring in rings[1:])]
        if kept := [thin for ring in rings if len(thin := thinned(ring, _TOLERANCE)) >= _RING_POINTS]:
            found.append(kept)
    return found


def lines(topology: Topology, name: str) -> list[Ring]:
    """Every line of one layer."""
    arcs = decode_arcs(topology)
    found: list[Ring] = []
    for shape in topology["objects"][name]["geometries"]:
        if shape["type"] in ("LineString", "MultiLineString"):
            parts = shape["arcs"] if shape["type"] == "MultiLineString" else [shape["arcs"]]
            found += [thinned(untangle(join(arcs, part)), _TOLERANCE) for part in parts]
    return [line for line in found if len(line) > 1]


def borders(topology: Topology) -> list[Ring]:
    """The arcs that two countries share: land borders, each drawn once."""
    arcs = decode_arcs(topology)
    owners: defaultdict[int, set[int]] = defaultdict(set)
    for number, shape in enumerate(topology["objects"]["countries"]["geometries"]):
        for part in _polygons(shape):
            for ring in part:
                for index in ring:
                    owners[index if index >= 0 else ~index].add(number)
    return [thinned(untangle(arcs[i]), _TOLERANCE) for i, countries in owners.items() if len(countries) > 1]


def _parts(topology: Topology, name: str) -> list[list[list[int]]]:
    return [part for shape in topology["objects"][name]["geometries"] for part in _polygons(shape)]


def _polygons(shape: dict[str, Any]) -> list[list[list[int]]]:
    match shape["type"]:
        case "MultiPolygon":
            return shape["arcs"]
        case "Polygon":
            return [shape["arcs"]]
        case _:
            return []
