"""DataCite XML of all kernels to the members of DataCite JSON, and those members to XML of kernel 4.

Reading and writing thus know one shape only. Names are matched without their namespace: kernels 2.2 to 4.7
differ by little, and files often name the wrong one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lxml.etree import Element, SubElement

from estran.formats._xml import legal, local, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.etree import _Element

__all__ = ["NAMESPACE", "members", "resource"]

NAMESPACE = "http://datacite.org/schema/kernel-4"
_SCHEMA = "http://schema.datacite.org/meta/kernel-4.6/metadata.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def _names(words: str) -> dict[str, str]:
    """JSON name -> XML name of some attributes."""
    return {word: _XML_LANG if word == "lang" else re.sub("Uri$", "URI", word) for word in words.split()}


# List, its element, the member that holds the element's text, its attributes.
_PLAIN = (
    ("titles", "title", "title", _names("titleType lang")),
    ("subjects", "subject", "subject", _names("subjectScheme schemeUri valueUri classificationCode lang")),
    ("dates", "date", "date", _names("dateType dateInformation")),
    ("alternateIdentifiers", "alternateIdentifier", "alternateIdentifier", _names("alternateIdentifierType")),
    (
        "relatedIdentifiers",
        "relatedIdentifier",
        "relatedIdentifier",
        _names(
            "relatedIdentifierType relationType relationTypeInformation resourceTypeGeneral "
            "relatedMetadataScheme schemeUri schemeType"
        ),
    ),
    ("sizes", "size", "", {}),
    ("formats", "format", "", {}),
    (
        "rightsList",
        "rights",
        "rights",
        _names("rightsUri rightsIdentifier rightsIdentifierScheme schemeUri lang"),
    ),
    ("descriptions", "description", "description", _names("descriptionType lang")),
)
_NAME_IDENTIFIER = _names("nameIdentifierScheme schemeUri")
_AFFILIATION = _names("affiliationIdentifier affiliationIdentifierScheme schemeUri")
_PUBLISHER = _names("publisherIdentifier publisherIdentifierScheme schemeUri lang")
_CORNERS = ("westBoundLongitude", "eastBoundLongitude", "southBoundLatitude", "northBoundLatitude")


def members(root: _Element, notes: list[str]) -> dict[str, Any]:
    """The members of DataCite JSON that a ``resource`` element has."""
    found: dict[str, Any] = {"schemaVersion": root.nsmap.get(root.prefix) or ""}
    plain = {group: (name, content, attributes) for group, name, content, attributes in _PLAIN}
    for child in root:
        name = local(child)
        if name in plain:
            found.setdefault(name, []).extend(_listed(child, *plain[name]))
        elif name in _SINGLE:
            _SINGLE[name](found, child)
        elif name in _PEOPLE:
            found.setdefault(name, []).extend(_people(child, _PEOPLE[name], notes))
        elif name == "geoLocations":
            found["geoLocations"] = [_location(part) for part in child if local(part) == "geoLocation"]
        elif name == "fundingReferences":
            found["fundingReferences"] = [_funding(part) for part in child]
        elif name == "relatedItems":
            found["relatedItems"] = [_related_item(part, notes) for part in child]
    return found


def _attributes(element: _Element, names: dict[str, str]) -> dict[str, str]:
    return {name: words for name, key in names.items() if (words := (element.get(key) or "").strip())}


def _listed(group: _Element, name: str, content: str, attributes: dict[str, str]) -> Iterator[Any]:
    for child in group:
        if local(child) != name:
            continue
        words = _with_breaks(child) if name == "description" else text_of(child)
        if content:
            yield {content: words, **_attributes(child, attributes)}
        elif words:
            yield words


def _with_breaks(element: _Element) -> str:
    """The words of a description; where it has ``br`` elements, these alone begin new lines."""
    if len(element) == 0:
        return (element.text or "").strip()
    parts = [element.text or ""]
    for child in element:
        parts += ["\n", child.tail or ""] if local(child) == "br" else [text_of(child), child.tail or ""]
    return "".join(part if part == "\n" else _one_line(part) for part in parts).strip()


def _one_line(words: str) -> str:
    return " ".join(line.strip() for line in words.split("\n")) if "\n" in words else words


def _identifier(found: dict[str, Any], element: _Element) -> None:
    kind, value = (element.get("identifierType") or "").strip(), text_of(element)
    found.setdefault("identifiers", []).append({"identifierType": kind, "identifier": value})
    if kind.upper() == "DOI":
        found["doi"] = value


def _publisher(found: dict[str, Any], element: _Element) -> None:
    found["publisher"] = {"name": text_of(element), **_attributes(element, _PUBLISHER)}


def _resource_type(found: dict[str, Any], element: _Element) -> None:
    general = (element.get("resourceTypeGeneral") or "").strip()
    found["types"] = {"resourceTypeGeneral": general, "resourceType": text_of(element)}


def _year(found: dict[str, Any], element: _Element) -> None:
    found["publicationYear"] = text_of(element)


def _language(found: dict[str, Any], element: _Element) -> None:
    found["language"] = text_of(element)


def _version(found: dict[str, Any], element: _Element) -> None:
    found["version"] = text_of(element)


_SINGLE = {
    "identifier": _identifier,
    "publisher": _publisher,
    "resourceType": _resource_type,
    "publicationYear": _year,
    "language": _language,
    "version": _version,
}
_PEOPLE = {"creators": "creator", "contributors": "contributor"}


def _people(group: _Element, kind: str, notes: list[str]) -> Iterator[dict[str, Any]]:
    for element in group:
        if local(element) != kind:
            continue
        # Some files put several people into one element: each name starts a new one.
        starts = [place for place, child in enumerate(element) if local(child) == f"{kind}Name"]
        if len(starts) > 1:
            notes.append(f"{kind}s: {len(starts)} names in one {kind}; each was read as a {kind} of its own")
        for place, start in enumerate(starts or [0]):
            end = starts[place + 1] if place + 1 < len(starts) else len(element)
            yield _person(list(element)[start:end], kind, element.get("contributorType") or "")


def _person(children: list[_Element], kind: str, role: str) -> dict[str, Any]:
    person: dict[str, Any] = {"nameIdentifiers": [], "affiliation": []}
    if role:
        person["contributorType"] = role.strip()
    for child in children:
        name, words = local(child), text_of(child)
        if name == f"{kind}Name":
            person.update({"name": words, **_attributes(child, {"nameType": "nameType", "lang": _XML_LANG})})
        elif name == "nameIdentifier":
            person["nameIdentifiers"].append(
                {"nameIdentifier": words, **_attributes(child, _NAME_IDENTIFIER)}
            )
        elif name == "affiliation":
            person["affiliation"].append(
                {"name": " ".join(words.split()), **_attributes(child, _AFFILIATION)}
            )
        elif name in ("givenName", "familyName"):
            person[name] = words
    return person


def _location(element: _Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        name = local(child)
        if name == "geoLocationPlace":
            found.setdefault("geoLocationPlace", text_of(child))
        elif name == "geoLocationPolygon":
            found.setdefault("geoLocationPolygon", []).append([{local(p): _flat(p)} for p in child])
        elif name in ("geoLocationPoint", "geoLocationBox"):
            found[name] = _flat(child)
    return found


def _flat(element: _Element) -> Any:
    """The children of an element by name, or its text where it has none, as in kernel 3."""
    return {local(child): text_of(child) for child in element} if len(element) else text_of(element)


def _funding(element: _Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        name = local(child)
        found[name] = text_of(child)
        if name == "funderIdentifier":
            found.update(_attributes(child, {"funderIdentifierType": "funderIdentifierType"}))
        elif name == "awardNumber":
            found.update(_attributes(child, {"awardUri": "awardURI"}))
    return found


def _related_item(element: _Element, notes: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = _attributes(
        element, {"relatedItemType": "relatedItemType", "relationType": "relationType"}
    )
    for child in element:
        name = local(child)
        if name == "titles":
            found["titles"] = [{"title": text_of(part)} for part in child]
        elif name == "relatedItemIdentifier":
            kind = _attributes(child, {"relatedItemIdentifierType": "relatedItemIdentifierType"})
            found["relatedItemIdentifier"] = {"relatedItemIdentifier": text_of(child), **kind}
        elif name in _PEOPLE:
            found[name] = list(_people(child, _PEOPLE[name], notes))
        else:
            found[name] = text_of(child)
    return found


def resource(found: dict[str, Any]) -> _Element:
    """The ``resource`` element of kernel 4 that holds the members of DataCite JSON."""
    root = Element(_tag("resource"), nsmap={None: NAMESPACE, "xsi": _XSI})
    root.set(f"{{{_XSI}}}schemaLocation", f"{NAMESPACE} {_SCHEMA}")
    own = found["identifiers"][0]
    _add(root, "identifier", own["identifier"], {"identifierType": own["identifierType"]})
    for group, kind in _PEOPLE.items():
        _add_people(root, group, kind, found.get(group, []))
    _add_plain(root, "titles", found)
    publisher = found["publisher"]
    _add(root, "publisher", publisher["name"], _named(publisher, _PUBLISHER))
    _add(root, "publicationYear", found["publicationYear"])
    types = found["types"]
    _add(root, "resourceType", types["resourceType"], {"resourceTypeGeneral": types["resourceTypeGeneral"]})
    if found.get("language"):
        _add(root, "language", found["language"])
    if found.get("version"):
        _add(root, "version", found["version"])
    for group, _, _, _ in _PLAIN:
        if group != "titles":
            _add_plain(root, group, found)
    _add_locations(root, found.get("geoLocations", []))
    _add_fundings(root, found.get("fundingReferences", []))
    _add_related(root, found.get("relatedItems", []))
    return root


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _named(given: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    return {key: given[name] for name, key in names.items() if given.get(name)}


def _add(parent: _Element, name: str, words: str = "", attributes: dict[str, str] | None = None) -> _Element:
    element = SubElement(parent, _tag(name))
    if words:
        element.text = legal(words)
    for key, value in (attributes or {}).items():
        element.set(key, legal(value))
    return element


def _add_plain(root: _Element, group: str, found: dict[str, Any]) -> None:
    given = found.get(group)
    if not given:
        return
    name, content, attributes = next((n, c, a) for g, n, c, a in _PLAIN if g == group)
    parent = _add(root, group)
    for entry in given:
        if content:
            _set_lines(_add(parent, name, "", _named(entry, attributes)), entry[content])
        else:
            _add(parent, name, entry)


def _set_lines(element: _Element, words: str) -> None:
    first, *others = legal(words).split("\n") if element.tag == _tag("description") else [legal(words)]
    element.text = first
    for line in others:
        SubElement(element, _tag("br")).tail = line


def _add_people(root: _Element, group: str, kind: str, people: Iterable[dict[str, Any]]) -> None:
    parent = None
    for person in people:
        parent = _add(root, group) if parent is None else parent
        element = _add(parent, kind, "", _named(person, {"contributorType": "contributorType"}))
        _add(
            element,
            f"{kind}Name",
            person["name"],
            _named(person, {"nameType": "nameType", "lang": _XML_LANG}),
        )
        for part in ("givenName", "familyName"):
            if person.get(part):
                _add(element, part, person[part])
        for identifier in person.get("nameIdentifiers", []):
            _add(
                element, "nameIdentifier", identifier["nameIdentifier"], _named(identifier, _NAME_IDENTIFIER)
            )
        for affiliation in person.get("affiliation", []):
            _add(element, "affiliation", affiliation["name"], _named(affiliation, _AFFILIATION))


def _add_locations(root: _Element, locations: Iterable[dict[str, Any]]) -> None:
    parent = None
    for location in locations:
        parent = _add(root, "geoLocations") if parent is None else parent
        element = _add(parent, "geoLocation")
        if location.get("geoLocationPlace"):
            _add(element, "geoLocationPlace", location["geoLocationPlace"])
        if point := location.get("geoLocationPoint"):
            _add_point(_add(element, "geoLocationPoint"), point)
        if box := location.get("geoLocationBox"):
            frame = _add(element, "geoLocationBox")
            for corner in _CORNERS:
                _add(frame, corner, f"{box[corner]:.10g}")
        for ring in location.get("geoLocationPolygon", []):
            polygon = _add(element, "geoLocationPolygon")
            for entry in ring:
                _add_point(_add(polygon, "polygonPoint"), entry["polygonPoint"])


def _add_point(element: _Element, point: dict[str, float]) -> None:
    for part in ("pointLongitude", "pointLatitude"):
        _add(element, part, f"{point[part]:.10g}")


def _add_fundings(root: _Element, fundings: Iterable[dict[str, Any]]) -> None:
    parent = None
    for funding in fundings:
        parent = _add(root, "fundingReferences") if parent is None else parent
        element = _add(parent, "fundingReference")
        _add(element, "funderName", funding["funderName"])
        if funding.get("funderIdentifier"):
            kind = _named(funding, {"funderIdentifierType": "funderIdentifierType"})
            _add(element, "funderIdentifier", funding["funderIdentifier"], kind)
        if funding.get("awardNumber") or funding.get("awardUri"):
            _add(
                element,
                "awardNumber",
                funding.get("awardNumber", ""),
                _named(funding, {"awardUri": "awardURI"}),
            )
        if funding.get("awardTitle"):
            _add(element, "awardTitle", funding["awardTitle"])


def _add_related(root: _Element, items: Iterable[dict[str, Any]]) -> None:
    parent = None
    for item in items:
        parent = _add(root, "relatedItems") if parent is None else parent
        kinds = {"relatedItemType": "relatedItemType", "relationType": "relationType"}
        element = _add(parent, "relatedItem", "", _named(item, kinds))
        if identifier := item.get("relatedItemIdentifier"):
            kind = _named(identifier, {"relatedItemIdentifierType": "relatedItemIdentifierType"})
            _add(element, "relatedItemIdentifier", identifier["relatedItemIdentifier"], kind)
        titles = _add(element, "titles")
        for title in item["titles"]:
            _add(titles, "title", title["title"])
