"""What the words of Dublin Core tell by their form: places and times, people, addresses."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats._elements import Notes, is_said, line, number, where
from estran.formats._identifiers import identifier
from estran.model import Box, Distribution, Extent, Party, Period, Relation, Text, date

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element

type Elements = dict[str, list[_Element]]

_ADDRESS = re.compile(r"^(?:https?|ftp)://\S+$")
_RDF_RESOURCE = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"
_PAIRS = re.compile(r"\s*([A-Za-z-]+)\s*=\s*([^;]*)(?:;|$)")
_SIDES = ("west", "south", "east", "north")
_SIDE_BEFORE = re.compile(r"\b(north|south|east|west)[a-z]*\s*[:=]?\s*(-?\d+(?:\.\d+)?)", re.IGNORECASE)
_FOUR = re.compile(r"^\s*(-?\d+(?:\.\d+)?)(?:\s*[,;\s]\s*(-?\d+(?:\.\d+)?)){3}\s*$")
_DASHED_YEARS = re.compile(r"^(\d{4})\s*[-–—]\s*(\d{4})$")

# People write names of organisations and of persons into the same element.
_ORGANISATION = re.compile(
    r"\b(universit|institut|cent(?:re|er)\b|office|agenc|minist|department|council|survey|laborator|observato|"
    r"service|bureau|commission|organi[sz]ation|society|association|museum|foundation|consort|program|project|"
    r"company|inc\b|ltd\b|gmbh|s\.a\.|team|group|board|authorit|administration|research|infrastructure|network)",
    re.IGNORECASE,
)
_RELATIONS = {
    "relation": "References", "references": "References", "isReferencedBy": "IsReferencedBy",
    "isPartOf": "IsPartOf", "hasPart": "HasPart", "isVersionOf": "IsVersionOf", "hasVersion": "HasVersion",
    "isReplacedBy": "IsObsoletedBy", "replaces": "Obsoletes", "isFormatOf": "IsVariantFormOf",
    "hasFormat": "IsOriginalFormOf", "requires": "Requires", "isRequiredBy": "IsRequiredBy",
    "source": "IsDerivedFrom",
}  # fmt: skip
_LATITUDE_FIRST = re.compile(r"^urn:(?:x-)?ogc:def:crs:EPSG:[\d.]*:4326$|def/crs/EPSG/0/4326$", re.IGNORECASE)
_WGS_84 = re.compile(r"4326|CRS:?84|WGS ?(?:19)?84", re.IGNORECASE)
_POLE = 90


def parties(found: Elements) -> tuple[Party, ...]:
    """Creators, publishers, contributors and holders of rights."""
    roles = (("creator", "author"), ("publisher", "publisher"), ("contributor", "contributor"),
             ("rightsHolder", "rightsHolder"))  # fmt: skip
    listed = (
        _party(role, name)
        for element, role in roles
        for one in found.get(element, [])
        for name in _names(line(one))
        if is_said(name)
    )
    return tuple(dict.fromkeys(listed))


def _names(words: str) -> list[str]:
    """Several names in one element: with semicolons, or whole names with commas."""
    parts = [part.strip() for part in words.split(",") if part.strip()]
    if len(parts) > 1 and all(" " in part for part in parts) and not _ORGANISATION.search(words):
        return parts
    return re.split(r"\s*;\s*", words)


def _party(role: str, name: str) -> Party:
    person = "," in name or " " in name
    if role in ("publisher", "rightsHolder") or not person or _ORGANISATION.search(name):
        return Party(role=role, organisation=Text.of(name))
    return Party(role=role, name=name)


def links(found: Elements, names: list[str]) -> tuple[tuple[Distribution, ...], tuple[Relation, ...], str]:
    """Distributions, relations, and the page that the identifiers lead to."""
    formats = [words for one in found.get("format", []) if is_said(words := line(one))]
    distributions: list[Distribution] = []
    relations: list[Relation] = []
    for name, kind in _RELATIONS.items():
        for one in found.get(name, []):
            target = line(one) or one.get(_RDF_RESOURCE, "")
            # Where CSW names a protocol in "scheme", the reference is a link to the data.
            if name == "references" and _ADDRESS.match(target) and one.get("scheme"):
                distributions.append(Distribution(url=target, protocol=one.get("scheme", "")))
            elif is_said(target) and not (name == "source" and is_prose(target)):
                relations.append(_relation(kind, target))
    distributions += [_of_uri(one) for one in found.get("URI", []) if line(one)]
    landing = next((name for name in names if _ADDRESS.match(name)), "")
    if formats and not distributions:
        distributions = [_formatted(Distribution(), words) for words in formats]
    elif len(distributions) == len(formats) == 1:
        distributions = [_formatted(distributions[0], formats[0])]
    return tuple(dict.fromkeys(distributions)), tuple(dict.fromkeys(relations)), landing


def _formatted(one: Distribution, words: str) -> Distribution:
    media_type = words.lower() if re.fullmatch(r"\w+/[\w.+-]+", words) else ""
    return replace(one, format=words, media_type=media_type)


def _of_uri(one: _Element) -> Distribution:
    """GeoNetwork's dc:URI."""
    protocol = one.get("protocol", "")
    return Distribution(
        url=line(one),
        protocol=protocol,
        name=one.get("name", ""),
        description=Text.of(one.get("description", "")),
        function="download" if "DOWNLOAD" in protocol.upper() else "",
    )


def is_prose(words: str) -> bool:
    """Whether words tell of a thing rather than name it."""
    return " " in words and not identifier(words).scheme


def _relation(kind: str, target: str) -> Relation:
    if is_prose(target):
        return Relation(kind=kind, title=Text.of(target))
    known = identifier(target)
    return Relation(kind=kind, target=known.value, scheme=known.scheme)


def coverage(found: Elements, notes: Notes) -> tuple[Extent, tuple[str, ...], bool]:
    """Where and when, other reference systems, and whether dc:date is a period of the data."""
    boxes: dict[Box, None] = {}
    places: dict[Text, None] = {}
    periods: dict[Period, None] = {}
    for name in ("coverage", "spatial", "temporal"):
        for one in found.get(name, []):
            words = line(one) or one.get(_RDF_RESOURCE, "")
            box, period = _box(words, where(one), notes), _period(words)
            if box:
                boxes[box] = None
            if period:
                periods[period] = None
            place = _named(words) if box or period else words
            if is_said(place):
                places[Text.of(place)] = None
    dates = [period for one in found.get("date", []) if "/" in line(one) and (period := _period(line(one)))]
    periods |= dict.fromkeys(dates)
    systems: list[str] = []
    for name in ("BoundingBox", "WGS84BoundingBox"):
        for one in found.get(name, []):
            crs = one.get("crs", "") if name == "BoundingBox" else ""
            if crs and not _WGS_84.search(crs):
                systems.append(crs)
                notes.append(f"{where(one)}: a box in {crs} is not in degrees; it was left out")
            elif box := _of_corners(one, crs, notes):
                boxes[box] = None
    return (
        Extent(boxes=tuple(boxes), places=tuple(places), periods=tuple(periods)),
        tuple(systems),
        bool(dates),
    )


def _of_corners(element: _Element, crs: str, notes: Notes) -> Box | None:
    corners = {str(child.tag).rpartition("}")[2]: line(child).replace(",", " ").split() for child in element}
    lower, upper = corners.get("LowerCorner", []), corners.get("UpperCorner", [])
    if min(len(lower), len(upper)) < 2:  # noqa: PLR2004 - a point has two numbers
        notes.append(f"{where(element)}: a corner is not two numbers; it was left out")
        return None
    (x1, y1), (x2, y2) = lower[:2], upper[:2]
    if _latitude_first(crs, (x1, x2), (y1, y2)):
        x1, y1, x2, y2 = y1, x1, y2, x2
    if "WGS 1984" in crs and (number(x1) or 0) > (number(x2) or 0):
        # GeoNetwork writes "east south" and "west north" with this name of the system.
        x1, x2 = x2, x1
    return notes.box((x1, y1, x2, y2), where(element))


def _latitude_first(crs: str, first: Iterable[str], second: Iterable[str]) -> bool:
    """By the system's definition, but never so that a latitude would lie beyond a pole."""
    beyond = [any(abs(number(n) or 0) > _POLE for n in numbers) for numbers in (first, second)]
    if beyond[0] != beyond[1]:
        return beyond[1]
    return _LATITUDE_FIRST.search(crs) is not None


def _pairs(words: str) -> dict[str, str]:
    return {found[1].lower(): found[2].strip() for found in _PAIRS.finditer(words)} if "=" in words else {}


def _named(words: str) -> str:
    return _pairs(words).get("name", "")


def _box(words: str, place: str, notes: Notes) -> Box | None:
    """A DCMI Box or Point, sides named before numbers, or west,south,east,north."""
    pairs = _pairs(words)
    if pairs.keys() >= {f"{side}limit" for side in _SIDES}:
        west, south, east, north = (pairs[f"{side}limit"] for side in _SIDES)
        return notes.box((west, south, east, north), place)
    if "east" in pairs and "north" in pairs:
        return notes.box((pairs["east"], pairs["north"], pairs["east"], pairs["north"]), place)
    sides = {found[1].lower(): found[2] for found in _SIDE_BEFORE.finditer(words)}
    if len(sides) == len(_SIDES):
        west, south, east, north = (sides[side] for side in _SIDES)
        return notes.box((west, south, east, north), place)
    if _FOUR.match(words):
        west, south, east, north = re.findall(r"-?\d+(?:\.\d+)?", words)
        return notes.box((west, south, east, north), place)
    return None


def _period(words: str) -> Period | None:
    """A DCMI Period, START/END, two years with a dash, or one date."""
    pairs = _pairs(words)
    if "start" in pairs or "end" in pairs:
        return _ends(pairs.get("start", ""), pairs.get("end", ""))
    if years := _DASHED_YEARS.match(words):
        return _ends(years[1], years[2])
    start, slash, end = words.partition("/")
    return _ends(start, end if slash else start)


def _ends(start: str, end: str) -> Period | None:
    try:
        found = Period(
            *(date(one) if (one := end_.strip()) not in ("", "..") else "" for end_ in (start, end))
        )
    except Invalid:
        return None
    return found if found.start or found.end else None
