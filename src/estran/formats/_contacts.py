"""Contacts, themes and keywords as OGC API Records defines them; STAC's extensions took them over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from estran.formats._json import obj, objs, seq, text, texts
from estran.model import Concept, Party, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from estran.model import Record

__all__ = ["contacts", "dialled", "read_contacts", "read_themes", "themes", "unplaced"]

TOPICS = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml#MD_TopicCategoryCode"
_ROLE_OF_SCHEME = (
    ("topiccategory", "topic"),
    ("concept_scheme/platforms", "platform"),
    ("concept_scheme/instruments", "instrument"),
    ("concept_scheme/projects", "project"),
    ("concept_scheme/locations", "place"),
)
# What some catalogues list beside the role: where in an ISO record the contact stood.
_PLACES = frozenset({"about", "metadata", "citation"})
_DIALLED = re.compile(r"^\+[1-9][0-9]{3,14}$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+$")


def read_contacts(value: Any, language: str = "") -> list[Party]:
    """The parties that a ``contacts`` member names, one for each role."""
    return [party for contact in objs(value) for party in _parties(contact, language)]


def _parties(contact: dict[str, Any], language: str) -> list[Party]:
    name, organisation = text(contact.get("name")), text(contact.get("organization"))
    if not name and not organisation:
        return []
    roles = texts(contact.get("roles")) or [""]
    address = obj(next(iter(seq(contact.get("addresses"))), None))
    lines = texts(address.get("deliveryPoint") or address.get("delivery_point"))
    return [
        Party(
            role=role,
            name=name,
            organisation=Text.of(organisation, language),
            position=Text.of(text(contact.get("position")), language),
            email=_first_value(contact.get("emails")),
            phone=_first_value(contact.get("phones")),
            address=", ".join(lines),
            city=text(address.get("city")),
            country=text(address.get("country")),
            url=next((href for link in objs(contact.get("links")) if (href := text(link.get("href")))), ""),
            identifier=text(contact.get("identifier")),
        )
        for role in ([role for role in roles if role not in _PLACES] or roles)
    ]


def _first_value(value: Any) -> str:
    return next((words for part in seq(value) if (words := text(obj(part).get("value")) or text(part))), "")


def contacts(parties: Iterable[Party]) -> list[dict[str, Any]]:
    """The ``contacts`` member of some parties."""
    return [_contact(party) for party in parties]


def _contact(party: Party) -> dict[str, Any]:
    # One of the two is required; what else is known of the party must stand in.
    name = party.name or ("" if party.organisation else _stand_in(party))
    address = {
        "deliveryPoint": [party.address] if party.address else None,
        "city": party.city,
        "country": party.country,
    }
    address = {key: part for key, part in address.items() if part}
    phone = dialled(party.phone)
    contact = {
        "identifier": party.identifier,
        "name": name,
        "organization": str(party.organisation),
        "position": str(party.position),
        "emails": [{"value": party.email}] if _EMAIL.match(party.email) else None,
        "phones": [{"value": phone}] if phone else None,
        "addresses": [address] if address else None,
        "links": [{"href": party.url, "rel": "about", "type": "text/html"}] if party.url else None,
        "roles": [party.role] if party.role else None,
    }
    return {key: part for key, part in contact.items() if part}


def _stand_in(party: Party) -> str:
    return str(party.position) or party.email or party.url or party.identifier or party.role or "unknown"


def dialled(phone: str) -> str:
    """A telephone number as the standards want it, ``+33123456789``; "" where the country is not known."""
    digits = re.sub(r"[\s().\-/]|\(0\)", "", phone.replace("(0)", ""))
    digits = "+" + digits[2:] if digits.startswith("00") else digits
    return digits if _DIALLED.match(digits) else ""


def unplaced(parties: Sequence[Party]) -> list[tuple[str, str]]:
    """What `contacts` leaves of some parties: (field, reason) pairs."""
    found: list[tuple[str, str]] = []
    if any(p.phone and not dialled(p.phone) for p in parties):
        found.append(("parties.phone", "a number is written with its country's code, +33123456789"))
    if any(p.email and not _EMAIL.match(p.email) for p in parties):
        found.append(("parties.email", "it is no e-mail address"))
    if any(not p.name and not p.organisation for p in parties):
        found.append(("parties.name", "a contact needs a name; what else is known of it was put there"))
    return found


def read_themes(value: Any, language: str = "") -> list[Concept]:
    """The concepts that a ``themes`` member names."""
    found: list[Concept] = []
    for theme in objs(value):
        scheme = text(theme.get("scheme"))
        address = scheme if _is_address(scheme) else ""
        role = next((role for part, role in _ROLE_OF_SCHEME if part in address.lower()), "theme")
        # In the drafts a concept was a bare word.
        listed = [obj(concept) or {"id": concept} for concept in seq(theme.get("concepts"))]
        titles = {text(concept.get("title")) for concept in listed}
        # Some catalogues give each concept the title of its vocabulary.
        vocabulary = next(iter(titles)) if len(titles) == 1 and len(listed) > 1 else ""
        for concept in listed:
            name, label = text(concept.get("id")), text(concept.get("title"))
            if vocabulary or not label:
                label = name
            uri = text(concept.get("url")) or (name if _is_address(name) else "")
            if label:
                found.append(
                    Concept(
                        label=Text.of(label, language),
                        role=role,
                        uri=uri,
                        scheme="" if address else scheme or vocabulary,
                        scheme_uri="" if role == "topic" and address == TOPICS else address,
                    )
                )
    return found


def _is_address(words: str) -> bool:
    return words.startswith(("http://", "https://", "urn:"))


def themes(record: Record) -> tuple[list[dict[str, Any]], list[str], list[Concept]]:
    """A record's concepts as ``themes`` and ``keywords``, and the concepts whose role neither tells.

    A theme needs its vocabulary: a concept of none is a keyword.
    """
    grouped: dict[str, list[dict[str, Any]]] = {}
    keywords: dict[str, None] = {}
    unsaid: list[Concept] = []
    for concept in record.concepts:
        scheme = concept.scheme_uri or concept.scheme or (TOPICS if concept.role == "topic" else "")
        label = str(concept.label)
        if not scheme:
            keywords[label or concept.uri] = None
            if concept.role != "keyword" or concept.uri:
                unsaid.append(concept)
            continue
        if concept.role != "theme" and scheme != TOPICS:
            unsaid.append(concept)
        entry = {"id": concept.uri or label}
        if not entry["id"]:
            continue
        if label and label != entry["id"]:
            entry["title"] = label
        if _is_address(concept.uri):
            entry["url"] = concept.uri
        grouped.setdefault(scheme, []).append(entry)
    listed = [{"concepts": entries, "scheme": scheme} for scheme, entries in grouped.items()]
    keywords.pop("", None)
    return listed, list(keywords), unsaid
