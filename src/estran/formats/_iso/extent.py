"""Where and when: EX_Extent with its boxes, polygons, places, periods and heights."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats._iso import gml, measures
from estran.formats._iso.values import HREF, LOCAL, Reading, children, first, href, inner, number, objects
from estran.model import Box, Extent, Period, Text, Vertical, hull

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element

    from estran.formats._iso.values import Children

__all__ = ["extent"]

_BOUNDS = ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude")
_NARROW = 20.0
_OPEN = frozenset(
    {"now", "unknown", "present", "today", "ongoing", "onGoing", "..", "inapplicable", "missing"}
)


def extent(reading: Reading, props: Iterable[_Element]) -> Extent:
    """Everything that these extents hold together; what is wrong in them is left out with a warning."""
    collected = _Collected(reading)
    for prop in props:
        for held in prop:
            if LOCAL[held.tag].endswith("EX_Extent"):
                collected.add(children(held))
    return Extent(
        boxes=tuple(dict.fromkeys(collected.boxes)),
        geometries=tuple(dict.fromkeys(collected.geometries)),
        places=tuple(dict.fromkeys(collected.places)),
        periods=tuple(dict.fromkeys(collected.periods)),
        vertical=tuple(dict.fromkeys(collected.vertical)),
    )


class _Collected:
    """The parts of all extents of a document, on the way."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.boxes: list[Box] = []
        self.geometries: list[str] = []
        self.places: list[Text] = []
        self.periods: list[Period] = []
        self.vertical: list[Vertical] = []

    def add(self, inside: Children) -> None:
        """One EX_Extent."""
        place = self.reading.line(first(inside, "description"))
        if place:
            self.places.append(place)
        self.geographic(inside.get("geographicElement", ()), named=bool(place))
        for held in objects(inside, "temporalElement"):
            parts = children(held)
            # A spatio-temporal extent has places of its own.
            self.geographic(parts.get("spatialExtent", ()))
            for time in chain(objects(parts, "extent"), objects(parts, "relatedTime")):
                self.time(time)
        for held in objects(inside, "verticalElement"):
            self.height(held)

    def geographic(self, props: Iterable[_Element], *, named: bool = False) -> None:
        """Boxes, polygons and names of places."""
        own: list[Box] = []
        polygons: list[_Element] = []
        for prop in props:
            for held in prop:
                inside = children(held)
                if _excludes(first(inside, "extentTypeCode")):
                    self.reading.warn("an area that the data exclude has no place here", held)
                elif "westBoundLongitude" in inside:
                    own.extend(self.box(inside, held))
                elif "polygon" in inside:
                    polygons.extend(inside["polygon"])
                else:
                    self.place(inside, named=named)
        self.boxes.extend(own)
        around = hull(own) if polygons else None
        for polygon in polygons:
            self.shape(polygon, around)

    def box(self, inside: Children, where: _Element) -> Iterable[Box]:
        """The box of an EX_GeographicBoundingBox, if it is one."""
        corners = [number(first(inside, name)) for name in _BOUNDS]
        west, south, east, north = corners
        if west is None or south is None or east is None or north is None:
            if any(corner is not None for corner in corners):
                self.reading.warn("bounding box: a side is not a number", where)
            return ()
        if west > east and west - east < _NARROW:
            # Nobody describes the whole globe but a strip: the sides are in each other's place.
            self.reading.warn(
                f"bounding box: west {west:g} lies east of east {east:g}",
                where,
                "they were taken the other way round",
            )
            west, east = east, west
        try:
            return (Box.checked(west, south, east, north, "bounding box"),)
        except Invalid as error:
            self.reading.warn(str(error), where)
            return ()

    def shape(self, polygon: _Element, around: Box | None) -> None:
        """The geometry of a polygon; without any bounding box, its own stands for one."""
        try:
            found = gml.shape(polygon, around)
        except Invalid as error:
            self.reading.warn(f"polygon: {error.why}", polygon)
            return
        if found is None:
            return
        if found.wrong:
            self.reading.warn(f"polygon: {found.wrong}", polygon)
        else:
            self.geometries.append(found.wkt)
        if around is None:
            self.boxes.append(found.box)

    def place(self, inside: Children, *, named: bool) -> None:
        """The name in an EX_GeographicDescription; the address of a place that has a name is passed over."""
        for prop in inside.get("geographicIdentifier", ()):
            held = inner(prop)
            code = first(children(held), "code") if held is not None else None
            name = self.reading.line(code if code is not None else prop)
            if name and not (named and str(name).startswith("http")):
                self.places.append(name)

    def time(self, time: _Element) -> None:
        """A TimePeriod or TimeInstant."""
        inside = children(time)
        if "timePosition" in inside:
            moment = self.end(inside["timePosition"][0])
            if moment:
                self.periods.append(Period(moment, moment))
            return
        period = Period(self.position(inside, "begin"), self.position(inside, "end"))
        if not any(period):
            return
        if all(period) and period.bounds()[0] > period.bounds()[1]:
            self.reading.warn(f"period: its start {period.start} comes after its end {period.end}", time)
            return
        self.periods.append(period)

    def position(self, inside: Children, side: str) -> str:
        """One end of a period: beginPosition, or begin with a TimeInstant."""
        if prop := inside.get(f"{side}Position"):
            return self.end(prop[0], side)
        for instant in objects(inside, side):
            parts = children(instant)
            if prop := parts.get("timePosition"):
                return self.end(prop[0], side)
        return ""

    def end(self, position: _Element, side: str = "") -> str:
        """The date of an end; "" where it is open or unknown."""
        words = (position.text or "").strip()
        open_end = position.get("indeterminatePosition", "")
        # "before" a start and "after" an end leave it open; the other way round the date is the bound.
        if not words or words in _OPEN or open_end in ("now", "unknown"):
            return ""
        if (open_end, side) in (("before", "begin"), ("after", "end")):
            return ""
        return self.reading.moment(words, "period", position)

    def height(self, held: _Element) -> None:
        """An EX_VerticalExtent."""
        inside = children(held)
        low, high = number(first(inside, "minimumValue")), number(first(inside, "maximumValue"))
        if low is None or high is None:
            return
        if low > high:
            self.reading.warn(f"vertical extent: its minimum {low:g} lies above its maximum {high:g}", held)
            return
        unit = self.reading.string(first(inside, "unitOfMeasure"))
        name = ""
        for which in ("verticalCRS", "verticalCRSId"):
            for prop in inside.get(which, ()):
                found, axis = _vertical_system(prop)
                name, unit = name or found, unit or axis
        self.vertical.append(Vertical(low, high, unit, name))


def _excludes(prop: _Element | None) -> bool:
    held = inner(prop)
    return held is not None and (held.text or "").strip().lower() in ("false", "0")


def _vertical_system(prop: _Element) -> tuple[str, str]:
    """Name and unit of a vertical reference system."""
    # Not the first href anywhere: datum and axis have their own.
    name, unit = prop.get(HREF, "") or href(prop), ""
    for part in prop.iter():
        words = (part.text or "").strip()
        local = LOCAL[part.tag]
        if not name and local in ("identifier", "srsName", "name", "CharacterString", "Anchor") and words:
            name = words
        unit = unit or part.get("uom", "")
    return measures.system(name), measures.unit(unit)
