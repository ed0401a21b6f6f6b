"""People and organisations: CI_ResponsibleParty of 2003, CI_Responsibility of 2014, and profiles of both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from estran.formats._iso import codes
from estran.formats._iso.values import LOCAL, Reading, children, first, href, inner, objects
from estran.model import Party

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.etree import _Element

__all__ = ["parties"]

_NAMING = re.compile(
    r"^https?://(?:www\.)?(?:(?:orcid|ror|isni|viaf)\.org|wikidata\.org/entity|researcherid\.com)/",
    re.IGNORECASE,
)
_ORCID_LENGTH = 19
_FAX = frozenset({"facsimile", "fax", "sms"})


def parties(reading: Reading, props: Iterable[_Element], role: str = "") -> Iterator[Party]:
    """The parties of these properties, one for every individual of an organisation.

    Args:
        reading: the document.
        props: contact, pointOfContact, citedResponsibleParty…
        role: the role of those who do not say theirs.
    """
    for prop in props:
        for held in prop:
            inside = children(held)
            known = codes.known(reading.code(first(inside, "role")), codes.ROLE_CODES) or role
            found = _responsibility(reading, inside) if "party" in inside else [_flat(reading, inside)]
            for one in found:
                if one:
                    yield Party(role=known, **one)


def _flat(reading: Reading, inside: dict[str, list[_Element]]) -> dict[str, Any]:
    """What a CI_ResponsibleParty says."""
    name_prop, organisation_prop = first(inside, "individualName"), first(inside, "organisationName")
    name = reading.string(name_prop)
    if not name and "individualLastName" in inside:
        # The Swiss profile keeps the names apart.
        names = (reading.string(first(inside, f"individual{which}Name")) for which in ("Last", "First"))
        name = ", ".join(part for part in names if part)
    found = _contact(reading, first(inside, "contactInfo"))
    named_by = href(name_prop if name else organisation_prop)
    if named_by.startswith("http"):
        found["identifier"] = named_by
    for key, value in (
        ("name", name),
        ("organisation", reading.line(organisation_prop)),
        ("position", reading.line(first(inside, "positionName"))),
    ):
        if value:
            found[key] = value
    return found


def _responsibility(reading: Reading, inside: dict[str, list[_Element]]) -> Iterator[dict[str, Any]]:
    """What a CI_Responsibility says, by individual."""
    for held in objects(inside, "party"):
        parts = children(held)
        if LOCAL[held.tag] == "CI_Individual":
            yield _individual(reading, parts)
            continue
        whole = _contact(reading, first(parts, "contactInfo")) | _identified(reading, parts)
        if name := reading.line(first(parts, "name")):
            whole["organisation"] = name
        people = [_individual(reading, children(person)) for person in objects(parts, "individual")]
        people = [person for person in people if person]
        if people:
            # The entry of a person is named by the person's own identifier.
            whole.pop("identifier", None)
            yield from (whole | person for person in people)
        else:
            yield whole


def _individual(reading: Reading, parts: dict[str, list[_Element]]) -> dict[str, Any]:
    found = _contact(reading, first(parts, "contactInfo")) | _identified(reading, parts)
    if name := reading.string(first(parts, "name")):
        found["name"] = name
    if position := reading.line(first(parts, "positionName")):
        found["position"] = position
    return found


def _identified(reading: Reading, parts: dict[str, list[_Element]]) -> dict[str, Any]:
    """The address that names a party: its identifier, or the anchor around its name."""
    for held in objects(parts, "partyIdentifier"):
        inside = children(held)
        code_prop = first(inside, "code")
        code = reading.string(code_prop)
        space = reading.string(first(inside, "codeSpace")).lower()
        if code.startswith("http"):
            return {"identifier": code}
        if "orcid" in space or (len(code) == _ORCID_LENGTH and code.count("-") == 3):  # noqa: PLR2004
            return {"identifier": f"https://orcid.org/{code}"}
        if "ror" in space and code:
            return {"identifier": f"https://ror.org/{code}"}
        if (named_by := href(code_prop)).startswith("http"):
            return {"identifier": named_by}
    named_by = href(first(parts, "name"))
    return {"identifier": named_by} if named_by.startswith("http") else {}


def _contact(reading: Reading, prop: _Element | None) -> dict[str, Any]:
    """The filled fields of a CI_Contact; of several addresses and numbers the first."""
    held = inner(prop)
    found: dict[str, Any] = {}
    if held is None:
        return found
    inside = children(held)
    for phone in objects(inside, "phone"):
        if number := _number(reading, phone):
            found["phone"] = number
            break
    for address in objects(inside, "address"):
        _address(reading, children(address), found)
    for online in objects(inside, "onlineResource"):
        url = reading.online(online).url
        if _NAMING.match(url):
            found.setdefault("identifier", url)
        elif url:
            found.setdefault("url", url)
    return found


def _number(reading: Reading, phone: _Element) -> str:
    inside = children(phone)
    if reading.code(first(inside, "numberType")).lower() in _FAX:
        return ""
    for name in ("voice", "number", "directNumber"):
        for prop in inside.get(name, ()):
            if words := reading.string(prop):
                return words
    return ""


def _address(reading: Reading, inside: dict[str, list[_Element]], found: dict[str, Any]) -> None:
    for field, name in (("email", "electronicMailAddress"), ("city", "city"), ("country", "country")):
        for prop in inside.get(name, ()):
            if field not in found and (words := reading.string(prop)):
                found[field] = words
    if "address" in found:
        return
    street = [reading.string(first(inside, name)) for name in ("streetName", "streetNumber")]
    lines = [
        *(reading.string(prop) for prop in inside.get("deliveryPoint", ())),
        " ".join(part for part in street if part),
        *(
            reading.string(first(inside, name))
            for name in ("addressLine", "postBox", "postalCode", "administrativeArea")
        ),
    ]
    if kept := ", ".join(line for line in lines if line):
        found["address"] = kept
