"""The parts of an EML document: texts, people, coverage, files and their columns."""

from __future__ import annotations

import re
from dataclasses import replace
from inspect import cleandoc
from typing import TYPE_CHECKING

from estran.formats._elements import Notes, all_at, at, line, lines_of, number, paragraphs, where
from estran.formats._languages import code
from estran.formats._xml import local
from estran.model import ROLES, Box, Concept, Distribution, Extent, Party, Period, Text, Variable, Vertical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_BLOCKS = frozenset(
    {"para", "section", "markdown", "listitem", "literalLayout", "itemizedlist", "orderedlist", "title"}
)
_ROLES = {role.lower(): role for role in ROLES} | {
    "contact": "pointOfContact", "contentprovider": "resourceProvider", "custodiansteward": "custodian",
    "curator": "custodian", "creator": "author", "coprincipalinvestigator": "collaborator",
    "coinvestigator": "collaborator", "investigator": "principalInvestigator", "pi": "principalInvestigator",
}  # fmt: skip
ENTITIES = ("dataTable", "otherEntity", "spatialRaster", "spatialVector", "storedProcedure", "view")
_BYTES = {"": 1, "byte": 1, "b": 1, "kilobyte": 10**3, "kb": 10**3, "kibibyte": 1 << 10, "kib": 1 << 10,
          "megabyte": 10**6, "mb": 10**6, "mebibyte": 1 << 20, "gigabyte": 10**9, "gb": 10**9}  # fmt: skip
_LONGEST_PLACE = 200
_RING_POINTS = 3


class Eml:
    """One document while it is read.

    Attributes:
        notes: what had to be left out.
        language: of the description, "" where it is not said.
    """

    def __init__(self, root: _Element, notes: Notes) -> None:
        self.notes = notes
        self.language = code(root.get(_XML_LANG, ""))
        self._by_id = {name: element for element in root.iter() if (name := element.get("id"))}

    def meant(self, element: _Element) -> _Element:
        """The element itself, or the one that its ``references`` names."""
        name = line(element, "references")
        found = self._by_id.get(name, element) if name else element
        return found if local(found) != "references" else element

    def text(self, element: _Element | None) -> Text:
        """A short text with its translations, which stand inside as ``value``."""
        if element is None:
            return Text()
        spoken = code(element.get(_XML_LANG, "")) or self.language
        others = [(code(value.get(_XML_LANG, "")), line(value)) for value in all_at(element, "value")]
        return Text.many([(spoken, " ".join(_own(element).split())), *others])

    def prose(self, *elements: _Element) -> Text:
        """Paragraphs, sections, lists or Markdown as plain paragraphs, with translations."""
        own = "\n\n".join(block for element in elements for block in _blocks(element) if block)
        others: dict[str, list[str]] = {}
        for element in elements:
            for value in element.iter("{*}value"):
                others.setdefault(code(value.get(_XML_LANG, "")), []).append(line(value))
        spoken = next((found for e in elements if (found := code(e.get(_XML_LANG, "")))), self.language)
        return Text.many([(spoken, own), *((language, "\n\n".join(w)) for language, w in others.items())])

    def party(self, element: _Element, role: str) -> Party:
        """A person, organisation or position."""
        held = self.meant(element)
        person = at(held, "individualName")
        given = " ".join(lines_of(person, "givenName")) if person is not None else ""
        surname = str(self.text(at(person, "surName"))) if person is not None else ""
        address = at(held, "address")
        streets = ("deliveryPoint", "administrativeArea", "postalCode")
        parts = [] if address is None else [words for path in streets for words in lines_of(address, path)]
        return Party(
            role=role,
            name=", ".join(filter(None, (surname, given))),
            organisation=self.text(at(held, "organizationName")),
            position=self.text(at(held, "positionName")),
            email=line(held, "electronicMailAddress"),
            phone=line(held, "phone"),
            address=", ".join(parts),
            city=line(address, "city"),
            country=line(address, "country"),
            url=line(held, "onlineUrl"),
            identifier=_user_id(held),
        )

    def parties(self, resource: _Element) -> list[Party]:
        """All who had a part in the resource, its project included."""
        listed = [
            self.party(one, role)
            for path, role in (
                ("creator", "author"),
                ("contact", "pointOfContact"),
                ("publisher", "publisher"),
            )
            for one in all_at(resource, path)
        ]
        listed += [
            self.party(one, role_of(line(one, "role"), "contributor"))
            for path in ("associatedParty", "project/personnel")
            for one in all_at(resource, path)
        ]
        return [
            party for party in dict.fromkeys(listed) if party.name or party.organisation or party.position
        ]

    def extent(self, coverages: list[_Element]) -> tuple[Extent, list[str]]:
        """Where and when, and descriptions of the area too long for the name of a place."""
        boxes: dict[Box, None] = {}
        heights: dict[Vertical, None] = {}
        shapes: list[str] = []
        descriptions: list[Text] = []
        for found in self._geographic(coverages):
            descriptions.append(self.text(at(found, "geographicDescription")))
            bounds = at(found, "boundingCoordinates")
            if bounds is not None:
                if box := self._box(bounds):
                    boxes[box] = None
                if height := self._height(bounds):
                    heights[height] = None
            shapes += [wkt for polygon in all_at(found, "datasetGPolygon") if (wkt := self._polygon(polygon))]
        extent = Extent(
            boxes=tuple(boxes),
            geometries=tuple(dict.fromkeys(shapes)),
            places=tuple(dict.fromkeys(d for d in descriptions if d and len(str(d)) <= _LONGEST_PLACE)),
            periods=tuple(dict.fromkeys(self._periods(coverages))),
            vertical=tuple(heights),
        )
        return extent, [str(d) for d in descriptions if len(str(d)) > _LONGEST_PLACE]

    def _geographic(self, coverages: list[_Element]) -> Iterator[_Element]:
        for coverage in coverages:
            yield from (self.meant(one) for one in all_at(coverage, "geographicCoverage"))

    def _box(self, bounds: _Element) -> Box | None:
        west, south, east, north = (
            line(bounds, f"{side}BoundingCoordinate") for side in ("west", "south", "east", "north")
        )
        return self.notes.box((west, south, east, north), where(bounds))

    def _height(self, bounds: _Element) -> Vertical | None:
        held = at(bounds, "boundingAltitudes")
        if held is None:
            return None
        unit = line(held, "altitudeUnits")
        return self.notes.vertical(
            line(held, "altitudeMinimum"),
            line(held, "altitudeMaximum"),
            where(held),
            "" if unit in ("meter", "m", "metre", "meters", "metres") else unit,
        )

    def _polygon(self, polygon: _Element) -> str:
        """WKT of a polygon with its holes, "" with a note where it is none."""
        rings = [
            _ring(ring)
            for name in ("OuterGRing", "ExclusionGRing")
            for ring in all_at(polygon, f"datasetGPolygon{name}")
        ]
        if not rings or any(len(ring) <= _RING_POINTS for ring in rings):
            self.notes.append(f"{where(polygon)}: a ring of the polygon has too few points; it was left out")
            return ""
        wkt = (
            "POLYGON("
            + ",".join(f"({','.join(f'{x:.10g} {y:.10g}' for x, y in ring)})" for ring in rings)
            + ")"
        )
        from shapely import from_wkt, is_valid  # noqa: PLC0415 - heavy, for this alone

        if any(abs(x) > 180 or abs(y) > 90 for ring in rings for x, y in ring) or not is_valid(from_wkt(wkt)):  # noqa: PLR2004
            self.notes.append(
                f"{where(polygon)}: the polygon crosses itself or leaves the globe; it was left out"
            )
            return ""
        return wkt

    def _periods(self, coverages: list[_Element]) -> Iterator[Period]:
        for coverage in coverages:
            for one in all_at(coverage, "temporalCoverage"):
                held = self.meant(one)
                for single in all_at(held, "singleDateTime"):
                    if at_ := self.notes.day(single, "calendarDate"):
                        yield Period(at_, at_)
                for span in all_at(held, "rangeOfDates"):
                    start = self.notes.day(span, "beginDate/calendarDate")
                    end = self.notes.day(span, "endDate/calendarDate")
                    if start or end:
                        yield Period(start, end)

    def ages(self, coverages: list[_Element]) -> Iterator[Concept]:
        """Times on other scales than the calendar: geological ages, dynasties."""
        for coverage in coverages:
            for scale in coverage.iter("{*}alternativeTimeScale"):
                if age := line(scale, "timeScaleAgeEstimate"):
                    yield Concept(label=Text.of(age), role="time", scheme=line(scale, "timeScaleName"))

    def taxa(self, coverages: list[_Element]) -> Iterator[Concept]:
        """The finest names of each classification, scientific and common."""
        for coverage in coverages:
            for one in coverage.iter("{*}taxonomicClassification"):
                if at(one, "taxonomicClassification") is None:
                    known = at(one, "taxonId")
                    provider = "" if known is None else known.get("provider", "")
                    uri = words if (words := line(known)).startswith("http") else ""
                    if name := line(one, "taxonRankValue"):
                        yield Concept(label=Text.of(name), role="taxon", uri=uri, scheme=provider)
                for common in lines_of(one, "commonName"):
                    yield Concept(label=Text.of(common), role="taxon")

    def files(self, resource: _Element) -> Iterator[Distribution]:
        """Ways to the data as a whole, then every table, grid and other entity."""
        for path in ("distribution", "implementation/distribution"):
            for one in all_at(resource, path):
                yield from _online(self.meant(one), Distribution())
        for entity in (child for child in resource if local(child) in ENTITIES):
            described = Distribution(
                title=self.text(at(entity, "entityName")),
                description=self.prose(*all_at(entity, "entityDescription")),
            )
            physicals = [self.meant(one) for one in all_at(entity, "physical")]
            for physical in physicals:
                yield from _physical(physical, described)
            if not physicals and described.title:
                yield described

    def variables(self, resource: _Element) -> Iterator[Variable]:
        """The columns and bands of every entity."""
        for attribute in resource.iter("{*}attribute"):
            name = line(attribute, "attributeName")
            if not name or _around(attribute) != "attributeList":
                continue
            units = (unit for unit in attribute.iter("{*}standardUnit", "{*}customUnit") if line(unit))
            meaning = at(attribute, "annotation/valueURI")
            yield Variable(
                name=name,
                label=self.text(at(attribute, "attributeLabel")),
                description=self.text(at(attribute, "attributeDefinition")),
                unit=line(next(units, None)),
                uri=line(meaning),
            )


def _around(element: _Element) -> str:
    above = element.getparent()
    return "" if above is None else local(above)


def role_of(words: str, otherwise: str) -> str:
    """The ISO role that words mean, or the words."""
    squeezed = re.sub(r"[^a-z]", "", words.lower())
    return _ROLES.get(squeezed, words or otherwise)


def _own(element: _Element) -> str:
    """The words of an element without its translations."""
    parts = [element.text or ""]
    for child in element:
        if local(child) != "value":
            parts.append(_own(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _blocks(element: _Element) -> Iterator[str]:
    """Paragraphs; words in italics and links belong to the paragraph around them."""
    if local(element) == "markdown":
        yield cleandoc(element.text or "").strip()
        return
    running = [element.text or ""]
    for child in element:
        if local(child) in _BLOCKS:
            yield paragraphs("".join(running))
            running = []
            yield from _blocks(child)
        elif local(child) != "value":
            running.append(_own(child))
        running.append(child.tail or "")
    yield paragraphs("".join(running))


def _user_id(held: _Element) -> str:
    for one in all_at(held, "userId"):
        words, directory = line(one), one.get("directory", "").rstrip("/")
        if words.startswith("http"):
            return words
        if words and directory.startswith("http"):
            return f"{directory}/{words}"
        if "orcid" in directory.lower() and words:
            return f"https://orcid.org/{words}"
    return ""


def _ring(ring: _Element) -> list[tuple[float, float]]:
    """Points of a ring, closed; from gRingPoint elements or numbers "longitude,latitude longitude,…"."""
    points: list[tuple[float, float]] = []
    for point in all_at(ring, "gRingPoint"):
        x, y = number(line(point, "gRingLongitude")), number(line(point, "gRingLatitude"))
        if x is not None and y is not None:
            points.append((x, y))
    if not points:
        numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", line(ring, "gRing"))]
        points = list(zip(numbers[::2], numbers[1::2], strict=False))
    if points and points[0] != points[-1]:
        points.append(points[0])
    return points


def _online(distribution: _Element, like: Distribution) -> Iterator[Distribution]:
    for online in all_at(distribution, "online"):
        url = at(online, "url")
        if url is not None and (address := line(url)):
            function = url.get("function", "")
            words = like.description or Text.of(line(online, "onlineDescription"))
            yield replace(like, url=address, function=function or like.function, description=words)
    for medium in lines_of(distribution, "offline/mediumName"):
        yield replace(like, function="offline", format=like.format or medium)


def _physical(physical: _Element, described: Distribution) -> Iterator[Distribution]:
    size, proof = at(physical, "size"), at(physical, "authentication")
    method = "" if proof is None else re.sub(r"[^a-z0-9]", "", proof.get("method", "").lower())
    like = replace(
        described,
        function="download",
        name=line(physical, "objectName"),
        format=_format(physical),
        size_bytes=_size(size),
        checksum=f"{method}:{line(proof).lower()}"
        if method and re.fullmatch("[0-9a-fA-F]+", line(proof))
        else "",
    )
    ways = [way for one in all_at(physical, "distribution") for way in _online(one, like)]
    yield from ways or [replace(like, function="")]


def _size(size: _Element | None) -> int:
    amount = number(line(size))
    unit = "" if size is None else size.get("unit", "").lower().rstrip("s")
    factor = _BYTES.get(unit)
    return int(amount * factor) if amount is not None and amount >= 0 and factor else -1


def _format(physical: _Element) -> str:
    held = at(physical, "dataFormat")
    if held is None:
        return ""
    if named := line(held, "externallyDefinedFormat/formatName"):
        return named
    if at(held, "binaryRasterFormat") is not None:
        return "binary raster"
    if at(held, "textFormat") is not None:
        delimiter = line(held, "textFormat/simpleDelimited/fieldDelimiter")
        return "CSV" if delimiter in (",", ";", "comma") else "Text"
    return ""
