"""Licences, limits on access and use, and what they say together about access."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from estran.formats import _licences
from estran.formats._iso import codes
from estran.formats._iso.values import Reading, children, first, href, objects
from estran.model import Constraint, Licence, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element

    from estran.formats._iso.values import Children

__all__ = ["COAR", "NO_LIMITATIONS", "Terms", "recognise", "says_nothing", "terms"]

NO_LIMITATIONS = "http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/noLimitations"
COAR = {
    "open": "http://purl.org/coar/access_right/c_abf2",
    "embargoed": "http://purl.org/coar/access_right/c_f1cf",
    "restricted": "http://purl.org/coar/access_right/c_16ec",
    "closed": "http://purl.org/coar/access_right/c_14cb",
}
_BY_COAR = {address: access for access, address in COAR.items()}

_NOTHING_SAID = frozenset({"none", "none.", "n/a", "na", "-", "unknown", "null"})
_OPEN = re.compile(
    r"nolimitations|\bno (?:public access )?(?:limitation|restriction|constraint)s?\b|\bopen(?:ly)? access\b"
    r"|openly accessible|access constraints?:\s*(?:none|free)"
    r"|free(?:ly)? (?:access|available|distributed)|unrestricted"
    r"|pas de (?:restriction|limitation)|aucune? (?:restriction|limitation|contrainte)|libre acc[eè]s"
    r"|acc[eè]s libre|aucun des articles de la loi ne peut|keine (?:beschr[aä]nkung|einschr[aä]nkung)"
    r"|nessuna limitazione|geen (?:beperking|publieke toegangsbeperking)|sin limitaciones|sem restri",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"INSPIRE_Directive_Article13|\barticle 13\b", re.IGNORECASE)
_CLOSED_CODES = frozenset(
    {
        "restricted",
        "confidential",
        "secret",
        "topSecret",
        "private",
        "sensitive",
        "in-confidence",
        "limitedDistribution",
    }
)
_OPEN_CODES = frozenset({"unrestricted", "licenceUnrestricted"})
_ADDRESS = re.compile(r"https?://[^\s<>\"')\]]+")
_SPOKEN = re.compile(
    r"creative commons|\bcc[ -]by\b|\bcc0\b|licence ouverte|open licen[cs]e|open government licen[cs]e|odbl",
    re.IGNORECASE,
)
_OUVERTE = re.compile(
    r"licence ouverte|open licen[cs]e.{0,40}etalab|etalab.{0,40}open licen[cs]e", re.IGNORECASE
)
_VERSION_2 = re.compile(r"\b(?:v(?:ersion)?\.?\s*)?2(?:\.0)?\b")
_OGL = re.compile(
    r"open government licen[cs]e(?:.{0,30}?\b(canada)\b|.{0,20}?\bv(?:ersion)?\.?\s*(\d))?", re.IGNORECASE
)
_LONGEST_NAME = 200
_WINDOW = 160
_LONGEST_READ = 2000


class Terms:
    """Licences, constraints and access of a record, on the way.

    Attributes:
        access: "open", "restricted"… or "" where nothing tells.
        stated: whether an address of a registry says so.
    """

    def __init__(self) -> None:
        self.licences: dict[Licence, None] = {}
        self.constraints: dict[Constraint, None] = {}
        self.access = ""
        self.stated = False


def terms(reading: Reading, props: Iterable[_Element]) -> Terms:
    """What resourceConstraints say."""
    found = Terms()
    for prop in props:
        for held in prop:
            inside = children(held)
            if "classification" in inside:
                _security(reading, inside, found)
            else:
                _legal(reading, inside, found)
    _prefer_names(found)
    if not found.access and any(_is_open(licence) for licence in found.licences):
        found.access = "open"
    return found


def _prefer_names(found: Terms) -> None:
    """Leave out a licence that is but its code, which a long text was shortened to, beside one of that code."""
    kept: dict[Licence, None] = {}
    for one in sorted(found.licences, key=lambda licence: str(licence.name) == licence.spdx):
        if str(one.name) != one.spdx or all(one.spdx != other.spdx for other in kept):
            kept[one] = None
    found.licences = {one: None for one in found.licences if one in kept}


def _is_open(licence: Licence) -> bool:
    return licence.spdx.startswith(
        ("CC-BY-4", "CC-BY-3", "CC0", "CC-BY-SA", "ODbL", "etalab", "OGL", "PDDL", "ODC")
    )


def _security(reading: Reading, inside: Children, found: Terms) -> None:
    code = codes.known(reading.code(first(inside, "classification")), codes.RESTRICTIONS)
    note = reading.text(first(inside, "userNote"))
    if code or note:
        found.constraints[Constraint(kind="security", code=code, text=note)] = None
    if code in _CLOSED_CODES and not found.stated:
        found.access = "restricted"
    _limitations(reading, inside, found)


def _limitations(reading: Reading, inside: Children, found: Terms) -> None:
    for prop in inside.get("useLimitation", ()):
        text, address = reading.text(prop), href(prop)
        if not _licence(found, text, address, declared=False):
            _constrain(found, "use", "", text, address)


def _legal(reading: Reading, inside: Children, found: Terms) -> None:
    """One MD_LegalConstraints, or the general MD_Constraints."""
    uses = _restrictions(reading, inside, "useConstraints")
    accesses = _restrictions(reading, inside, "accessConstraints")
    _limitations(reading, inside, found)
    others = [(reading.text(prop), href(prop)) for prop in inside.get("otherConstraints", ())]
    others = [(text, address) for text, address in others if text or address]
    declared = "license" in uses
    _access_by_code(uses, accesses, found)
    for held in objects(inside, "reference"):
        declared = not _reference(reading, children(held), found, declared=declared) and declared
    explained: set[tuple[str, str]] = set()
    for text, address in others:
        kind = _kind(text, address, uses, accesses)
        if _licence(found, text, address, declared=declared and kind == "use"):
            continue
        if address == NO_LIMITATIONS or address in _BY_COAR:
            # Nothing says it more clearly; what codes and words come to no longer counts.
            found.access, found.stated = _access(text, address), True
            continue
        if kind == "access":
            found.access = found.access or _access(text, address)
        listed = uses if kind == "use" else accesses
        code = "otherRestrictions" if "otherRestrictions" in listed else next(iter(listed), "")
        if kind == "access":
            code = code or "otherRestrictions"
        if _constrain(found, kind, code, text, address):
            explained.add((kind, code))
    for kind, code in (*(("use", code) for code in uses), *(("access", code) for code in accesses)):
        # "Other restrictions" and "licence" say nothing without the words that follow.
        if code not in ("otherRestrictions", "license") and (kind, code) not in explained:
            _constrain(found, kind, code, Text(), "")


def _access_by_code(uses: list[str], accesses: list[str], found: Terms) -> None:
    if found.stated:
        return
    if any(code in _CLOSED_CODES for code in accesses):
        found.access = "restricted"
    elif any(code in _OPEN_CODES for code in (*uses, *accesses)):
        found.access = found.access or "open"


def _restrictions(reading: Reading, inside: Children, name: str) -> list[str]:
    listed = [codes.known(reading.code(prop), codes.RESTRICTIONS) for prop in inside.get(name, ())]
    return [code for code in listed if code and code.lower() not in _NOTHING_SAID]


def _kind(text: Text, address: str, uses: list[str], accesses: list[str]) -> str:
    """Whether other constraints limit use or access, where a block has both sorts."""
    if (
        "LimitationsOnPublicAccess" in address
        or address in _BY_COAR
        or str(text)[:13].lower() == "access constr"
    ):
        return "access"
    if not accesses:
        return "use"
    if not uses:
        return "access"
    return "access" if _access(str(text), address) else "use"


def _access(text: Text | str, address: str) -> str:
    """What words on access come to: "open", "restricted"… or "" where they do not tell."""
    if known := _BY_COAR.get(address):
        return known
    words = f"{text} {address}"
    if _CLOSED.search(words):
        return "restricted"
    return "open" if _OPEN.search(words) else ""


def says_nothing(text: Text) -> bool:
    """Whether a text says in so many words that there is nothing to say."""
    return all(words.lower() in _NOTHING_SAID for _, words in text.variants)


def _constrain(found: Terms, kind: str, code: str, text: Text, address: str) -> bool:
    if says_nothing(text):
        text = Text()
    if not (text or code or address):
        return False
    found.constraints[Constraint(kind=kind, code=code, text=text, uri=address)] = None
    return bool(text or address)


def _reference(reading: Reading, inside: Children, found: Terms, *, declared: bool) -> bool:
    """The document that a constraint refers to (19115-1): mostly the licence."""
    address = ""
    for held in objects(inside, "onlineResource"):
        address = address or reading.online(held).url
    title = reading.line(first(inside, "title"))
    return _licence(
        found, title, address or href(first(inside, "title")), declared=declared or bool(title and address)
    )


def _licence(found: Terms, text: Text, address: str, *, declared: bool) -> bool:
    """Keep a licence if the words or the address are one; false where they must be kept as a constraint.

    Args:
        found: where to keep it.
        text: the words.
        address: their anchor.
        declared: whether the document calls them a licence, so that unknown ones are licences too.
    """
    words = str(text)
    spdx, uri = recognise(words[:_LONGEST_READ], address)
    if not spdx and not (declared and (words or address) and len(words) <= _LONGEST_NAME):
        return False
    if "LimitationsOnPublicAccess" in address:
        return False
    short = len(words) <= _LONGEST_NAME
    name = (
        Text(tuple((language, _without(said, uri)) for language, said in text.variants))
        if short
        else Text.of(spdx, text.language)
    )
    found.licences[Licence(name=name if str(name) else Text(), uri=uri, spdx=spdx)] = None
    return short


def _without(words: str, address: str) -> str:
    """A licence's name on one line, without the address that stands beside it."""
    if not address or address not in words:
        return " ".join(words.split())
    return " ".join(words.replace(address, "").split()).rstrip(" :,-–(").lstrip(")")


@lru_cache(maxsize=2048)
def recognise(words: str, address: str) -> tuple[str, str]:
    """SPDX identifier and address of the licence that words speak of, "" where they speak of none."""
    inside = _ADDRESS.search(words) if not address and "http" in words else None
    uri = address or (inside[0].rstrip(".,;") if inside else "")
    if spdx := _licences.spdx("", uri):
        return spdx, uri
    spoken = _SPOKEN.search(words)
    if spoken is None:
        return "", uri
    window = words[spoken.start() : spoken.start() + _WINDOW]
    if spdx := _licences.spdx(window):
        return spdx, uri
    if _OUVERTE.search(window):
        return ("etalab-2.0" if _VERSION_2.search(window) else ""), uri
    if ogl := _OGL.search(window):
        return (
            "OGL-Canada-2.0" if ogl[1] else f"OGL-UK-{ogl[2]}.0" if ogl[2] in ("1", "2", "3") else ""
        ), uri
    return "", uri
