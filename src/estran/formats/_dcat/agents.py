"""People and organisations in RDF: vCards and FOAF agents, read to parties."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from estran.formats._dcat.words import role
from estran.formats._iso.codes import ROLE_CODES, known
from estran.formats._rdf import Iri, Thing, Words, tail
from estran.model import Party, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estran.formats._rdf import Term

__all__ = ["metadata_parties", "parties"]

_PROPERTIES = {
    "dct:publisher": "publisher", "dct:creator": "author", "dct:contributor": "contributor",
    "dct:rightsHolder": "rightsHolder", "schema:publisher": "publisher", "schema:creator": "author",
    "schema:author": "author", "dcatde:originator": "originator", "dcatde:maintainer": "custodian",
    "schema:funder": "funder",
} | {
    f"geodcatap:{name}": name
    for name in ("custodian", "distributor", "originator", "principalInvestigator", "processor", "resourceProvider", "user")
}  # fmt: skip
_CONTACTS = ("dcat:contactPoint", "adms:contactPoint", "schema:contactPoint")
_PERSONS = frozenset({"foaf:Person", "vcard:Individual", "schema:Person", "prov:Person"})
_NAMES = ("vcard:fn", "foaf:name", "skos:prefLabel", "schema:name", "rdfs:label", "dct:title")
_ORGANISATIONS = (
    "vcard:organization-name", "vcard:organisation-name", "vcard:hasOrganizationName", "vcard:org", "org:memberOf",
    "schema:affiliation", "schema:worksFor",
)  # fmt: skip


def parties(resource: Thing) -> tuple[Party, ...]:
    """Everyone who played a part in a resource, each once a role."""
    attributed = tuple(_attributed(resource))
    return _merged((*_contacts(resource), *_direct(resource, attributed), *attributed))


def _direct(resource: Thing, attributed: Iterable[Party]) -> Iterator[Party]:
    """Those whose role is a property; an owner's is given once more as rights holder."""
    owners = {(party.name, str(party.organisation)) for party in attributed if party.role == "owner"}
    for predicate, part in _PROPERTIES.items():
        for term in resource.all(predicate):
            party = _party(resource, term, part)
            if party and (part != "rightsHolder" or (party.name, str(party.organisation)) not in owners):
                yield party


def metadata_parties(entry: Thing) -> tuple[Party, ...]:
    """Everyone who played a part in a catalogue's entry."""
    return _merged((*_contacts(entry), *_attributed(entry)))


def _contacts(resource: Thing) -> Iterator[Party]:
    for term in resource.all(*_CONTACTS):
        if party := _party(resource, term, "pointOfContact"):
            yield party


def _attributed(resource: Thing) -> Iterator[Party]:
    for attribution in resource.things("prov:qualifiedAttribution"):
        spoken = attribution.word("dcat:hadRole", "prov:hadRole")
        for term in attribution.all("prov:agent"):
            if party := _party(attribution, term, known(role(spoken), ROLE_CODES)):
                yield party


def _party(near: Thing, term: Term, part: str) -> Party | None:
    agent = near.at(term)
    if agent is None:
        name = near.label(term)
        return Party(role=part, organisation=name) if name else None
    spoken = known(agent.word("vcard:role"), ROLE_CODES)
    urls = agent.urls("vcard:hasURL", "vcard:url", "foaf:homepage", "foaf:workplaceHomepage", "schema:url")
    found = Party(
        role=spoken if part == "pointOfContact" and spoken in ROLE_CODES.values() else part,
        email=_without_scheme(agent, "vcard:hasEmail", "vcard:email", "foaf:mbox", "schema:email"),
        phone=_without_scheme(agent, "vcard:hasTelephone", "vcard:tel", "foaf:phone", "schema:telephone"),
        url=next(iter(urls), ""),
        identifier=_identifier(agent),
        **_called(agent),
        **_address(agent),
    )
    if not found.name and str(found.organisation) in (str(found.position), found.email, found.url):
        # A name is obligatory; this one only stands in for it.
        found = replace(found, organisation=Text())
    if not found.name and not found.organisation and not found.position and found.identifier:
        # An agent that is only pointed to: the end of its address is its name in most catalogues.
        return replace(found, organisation=Text.of(unquote(tail(found.identifier))))
    return found if found != Party(role=found.role) else None


def _called(agent: Thing) -> dict[str, Any]:
    """Name, organisation and position of an agent."""
    names, organisation = agent.text(*_NAMES), _organisation(agent)
    person = bool(agent.types & _PERSONS)
    position = agent.text("vcard:title", "schema:jobTitle", "org:role")
    if not names and not organisation and agent.word("vcard:role"):
        # Sextant puts the organisation where the position belongs.
        organisation, position = position, Text()
    name = ""
    if names and (person or (organisation and str(organisation) != str(names))):
        name = str(names)
    elif person:
        name = ", ".join(filter(None, (agent.word("foaf:familyName"), agent.word("foaf:givenName"))))
    return {"name": name, "organisation": organisation or (Text() if name else names), "position": position}


def _organisation(agent: Thing) -> Text:
    found = (inner.text(*_ORGANISATIONS, *_NAMES) for inner in agent.things(*_ORGANISATIONS))
    return agent.text(*_ORGANISATIONS) or next((name for name in found if name), Text())


def _identifier(agent: Thing) -> str:
    for value in (
        *agent.words("dct:identifier", "vcard:hasUID", "schema:identifier", "adms:identifier"),
        agent.iri,
    ):
        if value.startswith(("http://", "https://")):
            return value
    return ""


def _without_scheme(agent: Thing, *predicates: str) -> str:
    """An e-mail address or telephone number, from an address, a literal or a node that holds one."""
    for term in agent.all(*predicates):
        inner = agent.at(term)
        value = (
            term.words
            if isinstance(term, Words)
            else (inner.word("vcard:hasValue", "rdf:value") if inner else "")
        )
        value = value or (str(term) if isinstance(term, Iri) else "")
        if found := re.sub(r"^(?:mailto|tel):", "", unquote(value.strip()), flags=re.IGNORECASE).strip():
            return found
    return ""


def _address(agent: Thing) -> dict[str, Any]:
    place = next(iter(agent.things("vcard:hasAddress", "vcard:adr", "locn:address", "schema:address")), agent)
    lines = (
        place.word("vcard:street-address", "locn:thoroughfare", "locn:fullAddress", "schema:streetAddress"),
        place.word("vcard:post-office-box", "locn:poBox"),
        place.word("vcard:postal-code", "locn:postCode", "schema:postalCode"),
        place.word("vcard:region", "locn:adminUnitL2", "schema:addressRegion"),
    )
    return {
        "address": ", ".join(filter(None, lines)),
        "city": place.word("vcard:locality", "locn:postName", "schema:addressLocality"),
        "country": place.word("vcard:country-name", "locn:adminUnitL1", "schema:addressCountry"),
    }


def _merged(listed: Iterable[Party]) -> tuple[Party, ...]:
    """The same party in the same role once, with all that is said of it: GeoDCAT-AP gives contacts twice."""
    kept: dict[tuple[str, str, str, str], Party] = {}
    for party in listed:
        key = (party.role, party.name.lower(), str(party.organisation).lower(), party.email.lower())
        before = kept.setdefault(key, party)
        if before is not party:
            more = {n: getattr(party, n) for n in Party.__dataclass_fields__ if not getattr(before, n)}
            kept[key] = replace(before, **more)
    return tuple(kept.values())
