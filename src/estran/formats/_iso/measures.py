"""Reference systems, units, resolutions and durations."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from estran.formats._iso.values import Reading, children, first, href, inner, number, objects
from estran.model import Quality

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.etree import _Element

    from estran.formats._iso.values import Children

__all__ = ["duration", "quality", "system", "systems", "unit"]

_EPSG = re.compile(r"epsg(?:[:/]+(?:v?[\d.]+)?)*?[:/\s]+\s*(\d{4,6})(?!\d)", re.IGNORECASE)
_BARE = re.compile(r"^\s*(\d{4,6})\s*$")
_NAMED = {
    "wgs84": "EPSG:4326", "wgs1984": "EPSG:4326", "worldgeodeticsystem1984": "EPSG:4326",
    "etrs89": "EPSG:4258", "gda94": "EPSG:4283", "gda2020": "EPSG:7844", "nad83": "EPSG:4269",
    "rgf93": "EPSG:4171", "rgf93lambert93": "EPSG:2154", "lambert93": "EPSG:2154", "osgb36": "EPSG:27700",
    "britishnationalgrid": "EPSG:27700", "webmercator": "EPSG:3857",
}  # fmt: skip

_METRES = {
    "m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0, "mtr": 1.0, "9001": 1.0,
    "km": 1000.0, "kilometre": 1000.0, "kilometer": 1000.0, "kilometres": 1000.0, "kilometers": 1000.0,
    "cm": 0.01, "centimetre": 0.01, "centimeter": 0.01, "mm": 0.001, "dm": 0.1, "ft": 0.3048, "feet": 0.3048,
    "foot": 0.3048, "mi": 1609.344, "mile": 1609.344, "miles": 1609.344, "nmi": 1852.0, "yd": 0.9144,
}  # fmt: skip
_DEGREES = {"degree": 1.0, "arcminute": 1 / 60, "arcsecond": 1 / 3600, "radian": 57.29577951308232}
_ANGLES = (
    (re.compile(r"arc[ _-]?sec|^sec(onds?)?$|^\"$|^''$"), "arcsecond"),
    (re.compile(r"arc[ _-]?min|^min(utes?)?$|^'$"), "arcminute"),
    (re.compile(r"^rad"), "radian"),
    (re.compile(r"deg|^dd$|^°$|^d$|^9102$|^9122$"), "degree"),
)
_DURATION = re.compile(
    r"P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)


def _numbered(code: str, space: str = "") -> str:
    """The EPSG number that words hold, "" for none."""
    if found := _EPSG.search(code):
        return f"EPSG:{found[1]}"
    if (found := _BARE.match(code)) and (not space or "epsg" in space.lower()):
        return f"EPSG:{found[1]}"
    return ""


@lru_cache(maxsize=2048)
def system(code: str, space: str = "") -> str:
    """A reference system as ``EPSG:n`` where it is one, else as it came."""
    return _numbered(code, space) or _NAMED.get(re.sub(r"[^a-z0-9]", "", code.lower()), code)


def systems(reading: Reading, props: Iterable[_Element]) -> Iterator[str]:
    """The reference systems of referenceSystemInfo."""
    for prop in props:
        for held in prop:
            for identifier in objects(children(held), "referenceSystemIdentifier"):
                inside = children(identifier)
                code = first(inside, "code")
                words, address = reading.string(code), href(code)
                space = reading.string(first(inside, "codeSpace"))
                # The code may be but a name; its address or its description then tells the number.
                others = (address, reading.string(first(inside, "description")), f"{space}::{words}")
                numbered = _numbered(words, space) or next(filter(None, map(_numbered, others)), "")
                if found := numbered or system(words, space) or address:
                    yield found


@lru_cache(maxsize=512)
def unit(uom: str) -> str:
    """The unit that the last part of an address or the words of ``uom`` name, "" for metres."""
    word = re.split(r"[#/:]", uom.strip().rstrip("#/:"))[-1]
    return "" if _METRES.get(word.lower()) == 1.0 else word


@lru_cache(maxsize=512)
def _scale(uom: str) -> tuple[str, float]:
    """What a unit of length measures ("m", "degrees" or "") and how many of these it is."""
    word = re.split(r"[#/:]", uom.strip().rstrip("#/:"))[-1].lower()
    if word in _METRES:
        return "m", _METRES[word]
    for pattern, name in _ANGLES:
        if pattern.search(word):
            return "degrees", _DEGREES[name]
    return "", 0.0


class _Finest:
    """The smallest of the values of each sort."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def add(self, sort: str, value: float) -> None:
        if value > 0:
            self.values[sort] = min(value, self.values.get(sort, value))


def quality(reading: Reading, identifications: Iterable[Children], grids: Iterable[_Element]) -> Quality:
    """The finest resolutions given, in space and time.

    Args:
        reading: the document.
        identifications: children of its identifications.
        grids: spatialRepresentationInfo, looked at where the identification gives no distance.
    """
    finest, step = _Finest(), ""
    for inside in identifications:
        for held in objects(inside, "spatialResolution"):
            _resolution(reading, children(held), finest)
        for prop in inside.get("temporalResolution", ()):
            step = step or duration(reading.string(prop))
    if not finest.values:
        for prop in grids:
            _grid(prop, finest)
    if not (finest.values or step):
        return Quality()
    return Quality(
        distance_m=finest.values.get("m", 0.0),
        distance_degrees=finest.values.get("degrees", 0.0),
        scale_denominator=finest.values.get("scale", 0.0),
        step=step,
    )


def _resolution(reading: Reading, inside: Children, finest: _Finest) -> None:
    for name in ("distance", "angularDistance"):
        for prop in inside.get(name, ()):
            value, held = number(prop), inner(prop)
            if value is None or held is None:
                continue
            uom = held.get("uom", "") or ("deg" if name == "angularDistance" else "m")
            sort, factor = _scale(uom)
            if sort and value > 0:
                finest.add(sort, round(value * factor, 9))
            else:
                reading.warn(f"resolution: {value:g} {uom[:40]} is no length", prop)
    for held in objects(inside, "equivalentScale"):
        value = number(first(children(held), "denominator"))
        if value is not None:
            finest.add("scale", value)


def _grid(prop: _Element, finest: _Finest) -> None:
    """The cell size of a grid, from its rows and columns."""
    for held in prop:
        for axis in objects(children(held), "axisDimensionProperties"):
            inside = children(axis)
            name = "".join(part.get("codeListValue", "") for part in inside.get("dimensionName", [axis])[0])
            for resolution in inside.get("resolution", ()) if name in ("row", "column") else ():
                value, measure = number(resolution), inner(resolution)
                sort, factor = _scale(measure.get("uom", "")) if measure is not None else ("", 0.0)
                if sort and value is not None:
                    finest.add(sort, round(value * factor, 9))


@lru_cache(maxsize=256)
def duration(words: str) -> str:
    """An ISO 8601 duration without its zero parts: ``P0Y0M7DT0H0M0S`` is ``P7D``; "" where it is none."""
    found = _DURATION.fullmatch(words)
    if found is None:
        return ""
    parts = [
        f"{float(value):.10g}{letter}" if value and float(value) else ""
        for value, letter in zip(found.groups(), "YMWDHMS", strict=True)
    ]
    date, time = "".join(parts[:4]), "".join(parts[4:])
    return f"P{date}{'T' + time if time else ''}" if date or time else ""
