"""Who made, published and helped with the data of a NetCDF file, by ACDD's attributes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from estran.formats._netcdf.values import words
from estran.model import ROLES, Party, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["parties"]

_ROLES = {role.lower(): role for role in ROLES} | {
    "pi": "principalInvestigator",
    "principal investigator": "principalInvestigator",
    "co-pi": "collaborator",
    "point of contact": "pointOfContact",
    "data manager": "custodian",
}
_ORGANISATION = re.compile(
    r"\b(cent(er|re)|instituts?|institutes?|universit\w+|agency|service|lab|laborator\w+|department|group|team|"
    r"organi[sz]ation|programme?|project|office|facility|observator\w+|council|ministry|survey|consortium|company|"
    r"inc|gmbh|ltd|data|network|system)\b",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"^[A-Z0-9/&._ ()-]+$")
_EMAIL = re.compile(r"^[^@\s,;]+@[^@\s,;]+$")


def parties(given: Mapping[str, Any]) -> Iterator[Party]:
    """The parties that the global attributes name: creators, publishers, contributors, institution, contact."""
    institution = words(given.get("institution"))
    known: set[str] = set()
    for prefix, role in (("creator", "author"), ("publisher", "publisher")):
        for party in _named(given, prefix, role, institution if prefix == "creator" else ""):
            known.update(filter(None, (party.name, str(party.organisation))))
            yield party
    yield from _contributors(given)
    for key in ("principal_investigator", "pi_name"):
        if name := words(given.get(key)):
            yield Party(role="principalInvestigator", name=name)
    if institution and institution not in known:
        yield Party(role="originator", organisation=Text.of(institution))
    if contact := words(given.get("contact")):
        if _EMAIL.match(contact):
            yield Party(role="pointOfContact", organisation=Text.of(institution), email=contact)
        else:
            yield _party("pointOfContact", contact)


def _named(given: Mapping[str, Any], prefix: str, role: str, institution: str) -> Iterator[Party]:
    names, emails = words(given.get(f"{prefix}_name")), words(given.get(f"{prefix}_email"))
    own = words(given.get(f"{prefix}_institution")) or institution
    url = words(given.get(f"{prefix}_url"))
    kind = words(given.get(f"{prefix}_type")).lower()
    listed = _together(names, emails)
    if not names and emails:
        yield Party(role=role, organisation=Text.of(own), email=emails, url=url)
    for name, email in listed:
        yield _party(role, name, own, email=email, url=url, kind=kind)


def _together(names: str, others: str) -> list[tuple[str, str]]:
    """Names with what belongs to each; a comma parts them only where the others have as many parts."""
    for mark in (";", ","):
        parts = [part.strip() for part in names.split(mark)]
        beside = [part.strip() for part in others.split(mark)]
        if len(parts) > 1 and len(parts) == len(beside):
            return [pair for pair in zip(parts, beside, strict=True) if pair[0]]
        if mark == ";" and len(parts) > 1:
            return [(part, others if place == 0 else "") for place, part in enumerate(parts) if part]
    return [(names, others)] if names else []


def _party(
    role: str, name: str, institution: str = "", *, email: str = "", url: str = "", kind: str = ""
) -> Party:
    is_person = kind == "person" or (not kind and name != institution and not _is_organisation(name))
    email, url = (email if _EMAIL.match(email) else ""), (url if "://" in url else "")
    if is_person:
        return Party(role=role, name=name, organisation=Text.of(institution), email=email, url=url)
    return Party(role=role, organisation=Text.of(name), email=email, url=url)


def _is_organisation(name: str) -> bool:
    return bool(_CAPITALS.match(name) or _ORGANISATION.search(name))


def _contributors(given: Mapping[str, Any]) -> Iterator[Party]:
    names, roles = words(given.get("contributor_name")), words(given.get("contributor_role"))
    emails = dict(_together(names, words(given.get("contributor_email"))))
    for name, role in _together(names, roles):
        yield _party(_ROLES.get(role.lower(), "contributor"), name, email=emails.get(name, ""))
