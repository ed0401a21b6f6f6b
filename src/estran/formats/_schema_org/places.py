"""Where and when in schema.org: latitude comes first there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats import _json
from estran.formats._geojson import wkt_and_box
from estran.formats._json import obj, objs
from estran.model import Box, Concept, Extent, Period, Text, date

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats._schema_org.tree import Tree

__all__ = ["extent"]

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_POLE = 90.0
_SHAPES = ("box", "polygon", "line", "circle")
_MOST_WORDS = 1_000_000
_OPEN = frozenset({"", "..", "now", "present", "ongoing"})


def extent(tree: Tree, node: dict[str, Any], notes: list[str]) -> tuple[Extent, list[Concept]]:
    """Where and when a dataset lies, and the places that have an address of their own."""
    boxes: dict[Box, None] = {}
    shapes: dict[str, Box] = {}
    places: dict[Text, None] = {}
    concepts: list[Concept] = []
    for part in (*tree.follow(node.get("spatialCoverage")), *tree.follow(node.get("contentLocation"))):
        if not isinstance(part, dict) or "@value" in part:
            if name := tree.text(part):
                places[name] = None
            continue
        geometries = objs(tree.follow(part.get("geo"))) or (
            [part] if {"box", "polygon", "latitude"} & set(part) else []
        )
        for geo in geometries:
            try:
                _add(geo, boxes, shapes)
            except (Invalid, ValueError) as error:
                why = error.why if isinstance(error, Invalid) else "its coordinates are not numbers"
                notes.append(f"spatialCoverage: {why}; it was left out")
        _name(tree, part, bool(geometries), places, concepts)
    found = Extent(
        boxes=tuple(boxes or dict.fromkeys(shapes.values())),
        geometries=tuple(shapes),
        places=tuple(places),
        periods=tuple(dict.fromkeys(_periods(tree, node, notes))),
    )
    return found, concepts


def _name(
    tree: Tree, part: dict[str, Any], drawn: bool, places: dict[Text, None], concepts: list[Concept]
) -> None:
    label = tree.text(part.get("name")) or tree.text(part.get("description"))
    uri = (
        _json.text(part.get("@id"))
        or tree.address(part.get("sameAs"))
        or tree.address(part.get("identifier"))
    )
    if uri.startswith("http") and not drawn:
        concepts.append(Concept(label=label, role="place", uri=uri))
    elif label:
        places[label] = None


def _add(geo: dict[str, Any], boxes: dict[Box, None], shapes: dict[str, Box]) -> None:
    box = _numbers(geo.get("box"))
    if len(box) >= 4:  # noqa: PLR2004 - two corners
        south, west, north, east = box[:4]
        if max(abs(south), abs(north)) > _POLE >= max(abs(west), abs(east)):
            # Longitude first, against the standard: no latitude is that large.
            west, south, east, north = box[:4]
        boxes[Box.checked(west, min(south, north), east, max(south, north), "box")] = None
        return
    latitude, longitude = _json.number(geo.get("latitude")), _json.number(geo.get("longitude"))
    if latitude is not None and longitude is not None:
        south, west = _turned(latitude, longitude)
        boxes[Box.checked(west, south, west, south, "geo")] = None
    elif not _numbers([geo.get(name) for name in _SHAPES]) and any(name in geo for name in _SHAPES):
        raise Invalid("its coordinates are not numbers", "geo")
    for name, kind in (("polygon", "Polygon"), ("line", "LineString"), ("circle", "")):
        numbers = _numbers(geo.get(name))
        points = [[x, y] for y, x in zip(numbers[::2], numbers[1::2], strict=False)]
        if not points:
            continue
        if not kind or len(points) == 1:
            west, south = points[0]
            boxes[Box.checked(west, south, west, south, name)] = None
            continue
        wkt, around = wkt_and_box(
            {"type": kind, "coordinates": [points] if kind == "Polygon" else points}, name
        )
        corners = {(x, y) for x, y in points}
        sides = {x for x, _ in corners}, {y for _, y in corners}
        if around and kind == "Polygon" and len(corners) == 2 * len(sides[0]) == 2 * len(sides[1]) == 4:  # noqa: PLR2004
            boxes[around] = None
        elif around:
            shapes[wkt] = around


def _turned(latitude: float, longitude: float) -> tuple[float, float]:
    """Latitude and longitude, turned where only the other order lies on the globe."""
    turned = abs(latitude) > _POLE >= abs(longitude)
    return (longitude, latitude) if turned else (latitude, longitude)


def _numbers(value: Any) -> list[float]:
    words = " ".join(_json.texts(value))[:_MOST_WORDS]
    return [float(number) for number in _NUMBER.findall(words)]


def _periods(tree: Tree, node: dict[str, Any], notes: list[str]) -> Iterator[Period]:
    for part in tree.follow(node.get("temporalCoverage")):
        if isinstance(part, dict) and "@value" not in part:
            period = Period(
                _edge(part, ("startDate", "time:hasBeginning"), notes),
                _edge(part, ("endDate", "time:hasEnd"), notes),
            )
        else:
            start, slash, end = tree.word(part).partition("/")
            period = Period(_day(start, notes), _day(end if slash else start, notes))
        if period != Period():
            yield period


def _edge(part: dict[str, Any], names: tuple[str, ...], notes: list[str]) -> str:
    for name in names:
        value = part.get(name)
        if isinstance(value, dict):
            value = next((v for key, v in value.items() if key.startswith("time:inXSD")), value.get("@value"))
            value = obj(value).get("@value", value)
        if words := _json.text(value):
            return _day(words, notes)
    return ""


def _day(words: str, notes: list[str]) -> str:
    words = words.strip()
    if words.lower() in _OPEN:
        return ""
    try:
        return date(words)
    except Invalid as error:
        notes.append(f"temporalCoverage: {error.why}; it was left out")
        return ""
