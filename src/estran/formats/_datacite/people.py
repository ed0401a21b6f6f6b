"""The people and organisations of DataCite: creators, publisher and contributors, read and written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from estran.formats._datacite.terms import CONTRIBUTORS, ROLES
from estran.formats._json import obj, objs, seq, text
from estran.formats._languages import code
from estran.model import Party, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.model import Record

__all__ = ["address_of", "is_unknown", "people", "read_parties", "said", "unnamed"]

_UNKNOWN = re.compile(r"^\(?:(?:unac|unal|unap|unas|unav|unkn|none|null|tba|etal)\)?$")
_ORCID = re.compile(r"\b(\d{4}-\d{4}-\d{4}-\d{3}[\dX])\b")
_ROR = re.compile(r"(?:^|ror\.org/)(0[a-z0-9]{6}\d{2})$")
_ISNI = re.compile(r"(\d{15}[\dX])$")
_UNAVAILABLE = ":unav"
# Who created the resource, where no author is named: the first of these that is.
_CREATORS = (("author", "coAuthor"), ("originator",), ("principalInvestigator",), ("owner",), ("custodian",))
_PUBLISHERS = ("publisher", "distributor", "custodian", "resourceProvider", "owner")


def is_unknown(words: str) -> bool:
    """Whether it is one of DataCite's values for "not known", such as ``:unav``."""
    return _UNKNOWN.match(words) is not None


def said(value: Any) -> str:
    """The words that stand there, "" for DataCite's values that mean "not known"."""
    words = text(value)
    return "" if _UNKNOWN.match(words) else words


def read_parties(found: dict[str, Any]) -> Iterator[Party]:
    """The parties of the attributes: creators, publisher, contributors."""
    for entry in seq(found.get("creators")):
        if party := _party(entry, "author"):
            yield party
    publisher = found.get("publisher")
    name = said(obj(publisher).get("name")) or said(publisher)
    if name:
        language = code(text(obj(publisher).get("lang")))
        identifier_ = address_of(text(obj(publisher).get("publisherIdentifier")), "")
        yield Party(role="publisher", organisation=Text.of(name, language), identifier=identifier_)
    for entry in seq(found.get("contributors")):
        kind = text(obj(entry).get("contributorType")) or "Other"
        party = _party(entry, ROLES.get(kind, kind)) if kind != "Funder" else None
        if party:
            yield party


def _party(entry: Any, role: str) -> Party | None:
    person = obj(entry)
    family, given = text(person.get("familyName")), text(person.get("givenName"))
    name = said(person.get("name")) or said(person.get("creatorName")) or said(entry)
    if family:
        name = f"{family}, {given}" if given else family
    if not name:
        return None
    language = code(text(person.get("lang")))
    named = [
        address_of(text(e.get("nameIdentifier")), text(e.get("nameIdentifierScheme"))) for e in _named(person)
    ]
    address = next((a for a in named if a), "")
    affiliations = [said(obj(a).get("name")) or said(a) for a in seq(person.get("affiliation"))]
    if _is_person(person, name, address):
        together = "; ".join(filter(None, affiliations))
        return Party(role=role, name=name, organisation=Text.of(together, language), identifier=address)
    return Party(role=role, organisation=Text.of(name, language), identifier=address)


def _named(person: dict[str, Any]) -> list[dict[str, Any]]:
    # Crosscite's variant names people by an address of theirs.
    own = text(person.get("id"))
    return objs(person.get("nameIdentifiers")) + ([{"nameIdentifier": own}] if own else [])


def _is_person(person: dict[str, Any], name: str, address: str) -> bool:
    kind = text(person.get("nameType")) or text(person.get("type"))
    if kind.lower() in ("personal", "person"):
        return True
    if kind.lower() in ("organizational", "organization"):
        return False
    return bool(person.get("familyName")) or "orcid.org" in address or name.count(",") == 1


def address_of(value: str, scheme: str) -> str:
    """The address of a name identifier: ORCID, ROR and ISNI are completed, others kept as they are."""
    if found := _ORCID.search(value):
        if scheme.upper() in ("ORCID", "") or "orcid.org" in value:
            return f"https://orcid.org/{found[1]}"
    elif scheme.upper() == "ROR" and (found := _ROR.search(value.lower())):
        return f"https://ror.org/{found[1]}"
    elif (scheme.upper() == "ISNI" or "isni.org" in value) and (
        found := _ISNI.search(value.replace(" ", ""))
    ):
        return f"https://isni.org/isni/{found[1]}"
    return value.rstrip("/") if value.startswith("http") else value


def people(record: Record, publisher: str) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The members ``creators``, ``publisher``, ``contributors``; what they leave as (field, reason) pairs.

    Args:
        record: whose parties are written.
        publisher: name of the publisher where the record has none.
    """
    named = [p for p in record.parties if p.name or p.organisation]
    roles = next((roles for roles in _CREATORS if any(p.role in roles for p in named)), ())
    creators = [p for p in named if p.role in roles]
    first = next((p for role in _PUBLISHERS for p in named if p.role == role), None)
    lost: list[tuple[str, str]] = []
    if not creators:
        lost.append(
            ("parties", f"DataCite demands a creator; none is known and “{_UNAVAILABLE}” was written")
        )
    if first is None:
        lost.append(("parties", f"DataCite demands a publisher; none is known and “{publisher}” was written"))
    elif first.role != "publisher":
        lost.append(("parties.role", f"no publisher is known; the {first.role} was written as such"))
    contributors = [p for p in named if p not in creators and p.role != "publisher"]
    if any(p.role not in CONTRIBUTORS for p in contributors) or roles not in ((), ("author", "coAuthor")):
        lost.append(("parties.role", "DataCite has no type for it; “Other” or a creator was written"))
    if any(p.role == "coAuthor" for p in creators):
        lost.append(("parties.role", "DataCite tells creators apart by their order only"))
    if first is not None and first.role == "publisher" and first.name:
        lost.append(("parties.name", "DataCite names the publisher by its organisation alone"))
    if sum(p.role == "publisher" for p in named) > 1:
        lost.append(("parties", "DataCite keeps one publisher"))
    found = {
        "creators": [_written(p) for p in creators] or [{"name": _UNAVAILABLE}],
        "publisher": _publisher(first, publisher),
        "contributors": [
            {"contributorType": CONTRIBUTORS.get(p.role, "Other"), **_written(p)} for p in contributors
        ],
    }
    return found, lost


def unnamed(record: Record) -> bool:
    """Whether a party has neither name nor organisation, which DataCite demands."""
    return any(not p.name and not p.organisation for p in record.parties)


def _publisher(party: Party | None, otherwise: str) -> dict[str, Any]:
    if party is None:
        return {"name": otherwise}
    found: dict[str, Any] = {"name": str(party.organisation) or party.name}
    if party.organisation.language:
        found["lang"] = party.organisation.language
    if party.identifier:
        scheme, address = _scheme(party.identifier)
        found |= {"publisherIdentifier": party.identifier, "publisherIdentifierScheme": scheme}
        if address:
            found["schemeUri"] = address
    return found


def _written(party: Party) -> dict[str, Any]:
    found: dict[str, Any] = {"name": party.name or str(party.organisation)}
    if party.name:
        found["nameType"] = "Personal"
        family, comma, given = party.name.partition(", ")
        if comma and ", " not in given and family and given:
            found |= {"givenName": given, "familyName": family}
        if party.organisation:
            found["affiliation"] = [{"name": str(party.organisation)}]
    else:
        found["nameType"] = "Organizational"
        if party.organisation.language:
            found["lang"] = party.organisation.language
    if party.identifier:
        scheme, address = _scheme(party.identifier)
        entry = {"nameIdentifier": party.identifier, "nameIdentifierScheme": scheme}
        found["nameIdentifiers"] = [entry | ({"schemeUri": address} if address else {})]
    return found


def _scheme(identifier: str) -> tuple[str, str]:
    """Name and address of the scheme of an identifier, which DataCite demands."""
    try:
        host = urlsplit(identifier).hostname or ""
    except ValueError:
        host = ""
    for part, name in (("orcid.org", "ORCID"), ("ror.org", "ROR"), ("isni.org", "ISNI"), ("grid.ac", "GRID")):
        if host == part or host.endswith(f".{part}"):
            return name, f"https://{part}"
    return (host, f"https://{host}") if host else ("Other", "")
