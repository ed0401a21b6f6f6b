"""The parts of a DIF: people and organisations, dates, where and when, resolution, links."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypedDict

from estran.formats._elements import Notes, all_at, at, is_said, line, lines_of, number, where
from estran.formats._xml import local
from estran.model import Box, Distribution, Extent, Party, Period, Quality, Text, Vertical, hull

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

_ROLES = {
    "investigator": "principalInvestigator", "investigatortechnicalcontact": "principalInvestigator",
    "technicalcontact": "pointOfContact", "datacentercontact": "pointOfContact", "primary": "pointOfContact",
    "metadataauthor": "", "difauthor": "",
}  # fmt: skip
_ORGANISATION_ROLES = {
    "distributor": "distributor",
    "archiver": "custodian",
    "originator": "originator",
    "processor": "processor",
    "publisher": "publisher",
}
_FUNCTIONS = (
    (re.compile(r"^(get data|data ?access|direct ?download|accesslink)", re.IGNORECASE), "download"),
    (re.compile(r"^(get service|use service|service)", re.IGNORECASE), "service"),
    (re.compile(r"^(get related visualization|get visualization|browse)", re.IGNORECASE), "thumbnail"),
    (
        re.compile(
            r"^(view|goto web|data set landing|extended metadata|project|publication|multimedia)",
            re.IGNORECASE,
        ),
        "information",
    ),
)
_LANDING = re.compile(r"landing page", re.IGNORECASE)
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|webp)(?:\?.*)?$", re.IGNORECASE)
_PROTOCOLS = (
    (re.compile("opendap", re.IGNORECASE), "OPeNDAP"),
    (re.compile("thredds", re.IGNORECASE), "THREDDS"),
    (re.compile("web map service|wms", re.IGNORECASE), "OGC:WMS"),
    (re.compile("web feature service|wfs", re.IGNORECASE), "OGC:WFS"),
    (re.compile("web coverage service|wcs", re.IGNORECASE), "OGC:WCS"),
)
_DEGREES = re.compile(r"deg|°", re.IGNORECASE)
_METRES = (
    (re.compile(r"^\s*[\d.]+\s*(?:km|kilomet)", re.IGNORECASE), 1000.0),
    (re.compile(r"^\s*[\d.]+\s*(?:m\b|met)", re.IGNORECASE), 1.0),
)
_STEP = re.compile(r"^(?:every\s+)?(\d+)?\s*-?\s*(second|minute|hour|day|week|month|year)s?$", re.IGNORECASE)
_STEPS = {
    "second": "PT{}S",
    "minute": "PT{}M",
    "hour": "PT{}H",
    "day": "P{}D",
    "week": "P{}W",
    "month": "P{}M",
    "year": "P{}Y",
}
_STEP_WORDS = {
    "hourly": "PT1H", "daily": "P1D", "weekly": "P1W", "monthly": "P1M", "annual": "P1Y", "yearly": "P1Y",
}  # fmt: skip
_SIDES = ("Westernmost_Longitude", "Southernmost_Latitude", "Easternmost_Longitude", "Northernmost_Latitude")
_PRESENT = re.compile(r"^(present|ongoing|on-going|current|now)$", re.IGNORECASE)


class Dates(TypedDict):
    """Dates of the resource and of its description."""

    created: str
    published: str
    revised: str
    metadata_date: str


def dates(root: _Element, notes: Notes) -> Dates:
    """The dates of a record, wherever its version keeps them."""

    def first(*paths: str) -> str:
        listed = (one for path in paths for one in all_at(root, path) if not _PRESENT.match(line(one)))
        return next((day for one in listed if (day := notes.day(one))), "")

    return {
        "created": first("Metadata_Dates/Data_Creation"),
        "published": first("Dataset_Citation/Dataset_Release_Date", "Data_Set_Citation/Dataset_Release_Date"),
        "revised": first("Metadata_Dates/Data_Last_Revision"),
        "metadata_date": first(
            "Metadata_Dates/Metadata_Last_Revision",
            "Last_DIF_Revision_Date",
            "Metadata_Dates/Metadata_Creation",
            "DIF_Creation_Date",
        ),
    }


def parties(root: _Element) -> tuple[Party, ...]:
    """Creators and publisher of the citation, personnel, organisations with their contacts."""
    found: list[Party] = []
    for citation in ("Dataset_Citation", "Data_Set_Citation"):
        found += [_creator(words) for words in lines_of(root, f"{citation}/Dataset_Creator")]
        found += [Party(role="editor", name=words) for words in lines_of(root, f"{citation}/Dataset_Editor")]
        found += [
            Party(role="publisher", organisation=Text.of(words))
            for words in lines_of(root, f"{citation}/Dataset_Publisher")
        ]
    found += [party for one in all_at(root, "Personnel") for party in _personnel(one, "")]
    found += [
        Party(role="originator", organisation=Text.of(words))
        for words in lines_of(root, "Originating_Center")
    ]
    for one in (*all_at(root, "Organization"), *all_at(root, "Data_Center")):
        found += _organisation(one)
    return tuple(party for party in dict.fromkeys(found) if party.name or party.organisation)


def _creator(words: str) -> Party:
    """DIF names creators in one line: a person where it looks like "Family, I." or "Family, Given"."""
    family, comma, given = words.partition(",")
    person = comma and " " not in family.strip() and 0 < len(given.split()) <= 3 and "," not in given  # noqa: PLR2004
    return Party(role="author", name=words) if person else Party(role="author", organisation=Text.of(words))


def _role(words: str) -> str:
    return _ROLES.get(re.sub(r"[^a-z]", "", words.lower()), words)


def _personnel(one: _Element, organisation: str) -> Iterator[Party]:
    held = next((h for name in ("Contact_Person", "Contact_Group") if (h := at(one, name)) is not None), one)
    address = next((h for name in ("Address", "Contact_Address") if (h := at(held, name)) is not None), None)
    given = " ".join(filter(is_said, (line(held, "First_Name"), line(held, "Middle_Name"))))
    family = line(held, "Last_Name") or line(held, "Name")
    streets = [] if address is None else [
        words
        for path in ("Street_Address", "Address", "State_Province", "Province_or_State", "Postal_Code")
        for words in lines_of(address, path)
    ]  # fmt: skip
    name = ", ".join(filter(is_said, (family, given)))
    for words in lines_of(one, "Role") or [""]:
        role = _role(words)
        if name and role:
            yield Party(
                role=role,
                name=name,
                organisation=Text.of(organisation),
                email=line(held, "Email"),
                phone=line(held, "Phone/Number") or line(held, "Phone"),
                address=", ".join(streets),
                city=line(address, "City"),
                country=line(address, "Country"),
            )


def _organisation(one: _Element) -> Iterator[Party]:
    held = next((h for p in ("Organization_Name", "Data_Center_Name") if (h := at(one, p)) is not None), None)
    name = line(held, "Long_Name") or line(held, "Short_Name")
    if not is_said(name):
        return
    roles = [_ORGANISATION_ROLES.get(words.lower(), words) for words in lines_of(one, "Organization_Type")]
    address = line(one, "Organization_URL") or line(one, "Data_Center_URL")
    for role in roles or ["distributor"]:
        yield Party(role=role, organisation=Text.of(name), url=address)
    for person in all_at(one, "Personnel"):
        yield from _personnel(person, name)


def extent(root: _Element, notes: Notes, places: tuple[Text, ...]) -> Extent:
    """Every box, line, polygon, height and period."""
    boxes: dict[Box, None] = {}
    heights: dict[Vertical, None] = {}
    for coverage in all_at(root, "Spatial_Coverage"):
        for held in (
            coverage,
            *all_at(coverage, "Geometry/Bounding_Rectangle"),
            *all_at(coverage, "Bounding_Rectangle"),
        ):
            west, south, east, north = (line(held, side) for side in _SIDES)
            if any((west, south, east, north)) and (
                box := notes.box((west, south, east, north), where(held))
            ):
                boxes[box] = None
            for height in _heights(held, notes):
                heights[height] = None
        boxes |= dict.fromkeys(_shapes(coverage, notes))
    periods = dict.fromkeys(p for one in all_at(root, "Temporal_Coverage") for p in _periods(one, notes))
    return Extent(boxes=tuple(boxes), places=places, periods=tuple(periods), vertical=tuple(heights))


def _heights(held: _Element, notes: Notes) -> Iterator[Vertical]:
    for kind in ("Altitude", "Depth"):
        low, high = line(held, f"Minimum_{kind}"), line(held, f"Maximum_{kind}")
        found = notes.vertical(low, high, where(held), _unit(low or high)) if low or high else None
        if found is not None:
            # The pivot counts upwards.
            depth = kind == "Depth"
            yield Vertical(-found.maximum, -found.minimum, found.unit) if depth else found


def _unit(words: str) -> str:
    """The unit behind a number, "" for metres."""
    found = re.sub(r"^[\s\d.,eE+-]+", "", words).strip()
    return "" if found.lower() in ("m", "meter", "meters", "metre", "metres") else found


def _shapes(coverage: _Element, notes: Notes) -> Iterator[Box]:
    """Boxes around points, lines and polygons."""
    geometry = at(coverage, "Geometry")
    if geometry is None:
        return
    for shape in (*all_at(geometry, "Point"), *all_at(geometry, "Line"), *all_at(geometry, "Polygon")):
        points = [
            box
            for one in shape.iter("{*}Point")
            if _around(one) != "Center_Point" and (box := _point(one, notes)) is not None
        ]
        if found := hull(points):
            yield found


def _around(element: _Element) -> str:
    above = element.getparent()
    return "" if above is None else local(above)


def _point(one: _Element, notes: Notes) -> Box | None:
    x, y = line(one, "Point_Longitude"), line(one, "Point_Latitude")
    return notes.box((x, y, x, y), where(one)) if x or y else None


def _periods(one: _Element, notes: Notes) -> Iterator[Period]:
    pairs = [(one, "Start_Date", "Stop_Date")]
    pairs += [(held, "Beginning_Date_Time", "Ending_Date_Time") for held in all_at(one, "Range_DateTime")]
    pairs += [(held, "Start_Date", "End_Date") for held in all_at(one, "Periodic_DateTime")]
    for held, first, last in pairs:
        start = notes.day(held, first)
        present = _PRESENT.match(line(held, last))
        end = "" if present else notes.day(held, last)
        if start or end:
            yield Period(start, end)
    for single in all_at(one, "Single_DateTime"):
        if day := notes.day(single):
            yield Period(day, day)


def quality(root: _Element) -> Quality:
    """The finest resolution that is given as a number."""
    metres: list[float] = []
    degrees: list[float] = []
    step = ""
    for held in all_at(root, "Data_Resolution"):
        for words in (*lines_of(held, "Latitude_Resolution"), *lines_of(held, "Longitude_Resolution")):
            value = number(words)
            factor = next((factor for unit, factor in _METRES if unit.match(words)), 0.0)
            if value and value > 0 and factor:
                metres.append(value * factor)
            elif value and value > 0 and _DEGREES.search(words):
                degrees.append(value)
        step = step or _step(line(held, "Temporal_Resolution"))
    return Quality(distance_m=min(metres, default=0.0), distance_degrees=min(degrees, default=0.0), step=step)


def _step(words: str) -> str:
    found = _STEP.match(words)
    if found:
        return _STEPS[found[2].lower()].format(found[1] or 1)
    return _STEP_WORDS.get(words.lower(), "")


def distributions(root: _Element) -> tuple[tuple[Distribution, ...], list[str], tuple[str, ...]]:
    """Links and media, landing pages, pictures."""
    ways: list[Distribution] = []
    pages: list[str] = []
    pictures = [words for words in lines_of(root, "Multimedia_Sample/URL") if words.startswith("http")]
    for one in all_at(root, "Related_URL"):
        kind, subtype = line(one, "URL_Content_Type/Type"), line(one, "URL_Content_Type/Subtype")
        function = next((to for said, to in _FUNCTIONS if said.search(kind)), "")
        addresses = [words for words in lines_of(one, "URL") if "://" in words]
        if _LANDING.search(f"{kind} {subtype}"):
            pages += addresses
        for address in addresses:
            if function == "thumbnail" and _PICTURE.search(address):
                pictures.append(address)
                continue
            ways.append(
                Distribution(
                    url=address,
                    title=Text.of(line(one, "Title")),
                    description=Text.of(line(one, "Description")),
                    function="information" if function == "thumbnail" else function,
                    protocol=next(
                        (to for said, to in _PROTOCOLS if said.search(subtype)), line(one, "Protocol")
                    ),
                    media_type=line(one, "Mime_Type") if "/" in line(one, "Mime_Type") else "",
                )
            )
    for one in all_at(root, "Distribution"):
        named = line(one, "Distribution_Format")
        if is_said(named):
            ways.append(Distribution(format=named, function=_medium(line(one, "Distribution_Media"))))
    return tuple(dict.fromkeys(ways)), pages, tuple(dict.fromkeys(pictures))


def _medium(words: str) -> str:
    online = re.search(r"online|on-line|http|ftp|digital", words, re.IGNORECASE)
    return "offline" if is_said(words) and not online else ""
