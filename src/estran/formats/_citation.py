"""What the citation formats share: a record as the few values that a bibliography needs.

The form is DataCite's recommended one: Creator (Year). Title. Version. Publisher. ResourceType. Identifier.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from estran.formats import Loss, losses
from estran.model import Party, Text

if TYPE_CHECKING:
    from estran.formats import Links
    from estran.model import Record

# The first of these that a record names anyone for are its creators.
_CREATORS = (
    ("author", "coAuthor"), ("principalInvestigator",), ("originator",), ("owner",), ("resourceProvider",),
    ("custodian",),
)  # fmt: skip
_PUBLISHERS = ("publisher", "distributor")
_DATES = ("published", "available", "revised", "created")
_YEAR = re.compile(r"^[+-]?\d{4,6}")

_TYPES = {
    "dataset": ("Dataset", "Jeu de données"), "collection": ("Collection", "Collection"),
    "service": ("Service", "Service"), "software": ("Software", "Logiciel"), "publication": ("Text", "Texte"),
    "model": ("Model", "Modèle"), "image": ("Image", "Image"), "event": ("Event", "Événement"),
    "project": ("Project", "Projet"), "sample": ("Physical object", "Objet physique"),
    "item": ("Dataset", "Jeu de données"),
}  # fmt: skip
_NO_YEAR = ("n.d.", "s. d.")
_SPACES = re.compile(r"\s+")
# What neither XML, RTF nor a reference manager can hold.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Creator:
    """A person by the parts of the name, or anything else by `literal`."""

    family: str = ""
    given: str = ""
    literal: str = ""
    organisation: bool = False

    def __str__(self) -> str:
        return self.literal or f"{self.family}, {self.given}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What a bibliography says of a record.

    Attributes:
        key: a short ASCII name, unique in one node.
        date: the date of publication in the precision known; date_field: the record's field it is from.
        year: its year, "" without a date.
        type: the general type of resource, in words; "" where there is nothing to say.
        doi: bare; url: the address to cite, the DOI's where there is one.
    """

    key: str
    creators: tuple[Creator, ...]
    date: str
    date_field: str
    year: str
    title: str
    version: str
    publisher: str
    type: str
    doi: str
    url: str
    abstract: str
    keywords: tuple[str, ...]
    language: str


def citation(record: Record, links: Links, language: str = "") -> Citation:
    """The values to cite a record by; texts in `language` where the record has them."""
    date_field = next((name for name in _DATES if getattr(record, name)), "")
    date: str = getattr(record, date_field) if date_field else ""
    year = _YEAR.match(date)
    title = record.title or (
        record.alternate_titles[0] if record.alternate_titles else Text.of(record.identifier)
    )
    words = (one_line(c.label.within(language)) for c in record.concepts)
    return Citation(
        key=_key(record),
        creators=tuple(_creator(p, language) for p in _creators(record)),
        date=date,
        date_field=date_field,
        year=year[0] if year else "",
        title=one_line(title.within(language)),
        version=one_line(record.version),
        publisher=next((_named(p, language) for p in _publishers(record)), ""),
        type=_TYPES[record.kind][language == "fr"] if record.kind in _TYPES else "",
        doi=one_line(record.doi),
        url=_address(record, links),
        abstract=one_line(record.abstract.within(language)),
        keywords=tuple(dict.fromkeys(word for word in words if word)),
        language=record.language[0] if record.language else "",
    )


def sentences(cited: Citation, language: str = "") -> tuple[tuple[str, str], ...]:
    """DataCite's recommended citation as (name, words) pairs, each to end with a full stop but the last."""
    year = cited.year or _NO_YEAR[language == "fr"]
    creators = "; ".join(map(str, cited.creators))
    parts = [
        ("creators", f"{creators} ({year})" if creators else ""),
        # Without a creator the title leads, so that the year stays second.
        ("title", cited.title if creators else f"{cited.title} ({year})"),
        ("version", f"Version {cited.version}" if cited.version[:1].isdigit() else cited.version),
        ("publisher", cited.publisher),
        ("type", cited.type),
        ("url", cited.url),
    ]
    return tuple((name, words.rstrip(".") if name != "url" else words) for name, words in parts if words)


def one_line(words: str) -> str:
    """Words without line breaks, runs of blanks and control characters."""
    return _SPACES.sub(" ", _CONTROLS.sub("", words)).strip()


def lost(record: Record, cited: Citation, carried: tuple[str, ...], date_length: int) -> tuple[Loss, ...]:
    """What of a record its citation leaves out.

    Args:
        record: the record that was cited.
        cited: its citation.
        carried: pivot paths that the format writes besides creators, publisher, title, date and address.
        date_length: characters of an ISO date that the format writes: 4 for a year, 10 for a day.
    """
    cited_parties = (*_creators(record), *_publishers(record)[:1])
    rest = replace(
        record,
        parties=tuple(_uncited(p) if p in cited_parties else p for p in record.parties),
        identifiers=tuple(i for i in record.identifiers if i.value != cited.doi),
        landing_page="" if cited.url == record.landing_page else record.landing_page,
    )
    found = losses(
        rest, ("kind", "title", "version", cited.date_field, *carried), "a citation has no place for it"
    )
    if len(cited.date.lstrip("+-")) > date_length:
        unit = {4: "year", 7: "month", 10: "day"}[date_length]
        found = (*found, Loss(cited.date_field, f"a citation gives the {unit} only"))
    return found


def _creators(record: Record) -> tuple[Party, ...]:
    return next((found for roles in _CREATORS if (found := _of_name(record, roles))), ())


def _publishers(record: Record) -> tuple[Party, ...]:
    return next((found for role in _PUBLISHERS if (found := _of_name(record, (role,)))), ())


def _of_name(record: Record, roles: tuple[str, ...]) -> tuple[Party, ...]:
    return tuple(p for p in record.of_role(*roles) if p.name or p.organisation)


def _creator(party: Party, language: str) -> Creator:
    if not party.name:
        return Creator(literal=one_line(party.organisation.within(language)), organisation=True)
    family, comma, given = (one_line(part) for part in party.name.partition(","))
    if comma and family and given and "," not in given:
        return Creator(family=family, given=given)
    return Creator(literal=one_line(party.name))


def _named(party: Party, language: str) -> str:
    return one_line(party.organisation.within(language) or party.name)


def _uncited(party: Party) -> Party:
    """What is left of a party once its name and role are cited; a person's affiliation is left."""
    person = bool(party.name) and party.role not in _PUBLISHERS
    return replace(party, role="", name="", organisation=party.organisation if person else Text())


def _address(record: Record, links: Links) -> str:
    if record.doi:
        return f"https://doi.org/{one_line(record.doi)}"
    return links.page(record.id) if record.id else one_line(record.landing_page)


def _key(record: Record) -> str:
    if record.id:
        return record.id
    words = record.doi or record.identifier or str(record.title)
    return re.sub(r"[^A-Za-z0-9]+", "-", words).strip("-")[:80] or "record"
