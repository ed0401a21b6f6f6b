"""Parts of Theia/OZCAR's pivot that producers and datasets share: words, contacts, access, places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats._geojson import wkt_and_box
from estran.formats._identifiers import identifier
from estran.formats._iso import codes
from estran.formats._json import obj, objs, seq, text
from estran.formats._languages import code
from estran.model import Box, Concept, Constraint, Distribution, Funding, Party, Relation, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Speech", "concepts", "constraints", "distributions", "fundings", "parties", "place", "relations"]

_ROLES = {
    "principalinvestigator": "principalInvestigator", "projectleader": "principalInvestigator",
    "datamanager": "custodian", "datacollector": "contributor", "projectmember": "contributor",
    "researcher": "contributor", "contact": "pointOfContact",
}  # fmt: skip
_SCANR = "https://scanr.enseignementsup-recherche.gouv.fr/entite/"
_THEMES = "GEMET - INSPIRE themes, version 1.0"
_SERVICES = ("WMS", "WFS", "WCS", "WMTS", "CSW", "SOS", "SensorThings", "OpenSearch")


@dataclass(frozen=True, slots=True)
class Speech:
    """Words as the pivot has them: plain in the language of the file, or one object a language.

    Attributes:
        language: of the file, "" where it does not tell.
    """

    language: str = ""

    def text(self, value: Any) -> Text:
        """The words that stand there, the file's own language first."""
        if isinstance(value, str):
            return Text.of(text(value), self.language)
        pairs = [(code(text(part.get("lang"))), text(part.get("text"))) for part in objs(value)]
        pairs.sort(key=lambda pair: pair[0] != self.language)
        return Text.many(pairs)

    def word(self, value: Any) -> str:
        """The same as one string."""
        return str(self.text(value)) or text(value)


def parties(value: Any, speech: Speech) -> Iterator[Party]:
    """The persons and organisations of ``contacts``."""
    for contact in objs(value):
        organisation = obj(contact.get("organisation"))
        # Some records of one producer have the two names of a person in each other's place; nothing tells.
        family, given = speech.word(contact.get("lastName")), speech.word(contact.get("firstName"))
        name = ", ".join(filter(None, (family, given))) or speech.word(contact.get("name"))
        held = speech.text(organisation.get("name")) or speech.text(organisation.get("acronym"))
        orcid = text(contact.get("orcId")).rpartition("/")[2]
        if name or held:
            yield Party(
                role=codes.known(speech.word(contact.get("role")), _ROLES),
                name=name,
                organisation=held,
                email=text(contact.get("email")),
                country=text(organisation.get("iso3166")).upper(),
                identifier=f"https://orcid.org/{orcid}" if orcid else "",
            )


def fundings(value: Any, speech: Speech) -> tuple[Funding, ...]:
    """Who pays for a producer."""
    found = (
        Funding(
            funder=speech.word(one.get("name")) or speech.word(one.get("acronym")),
            funder_identifier=f"{_SCANR}{name}" if (name := text(one.get("idScanR"))) else "",
        )
        for one in objs(value)
    )
    return tuple(dict.fromkeys(one for one in found if one.funder))


def concepts(metadata: dict[str, Any], speech: Speech) -> Iterator[Concept]:
    """Topics, themes, keywords and the criteria of the portal."""
    for word in _each(metadata.get("topicCategories"), speech):
        yield codes.topic(word.replace("/", " ")) or Concept(
            label=Text.of(word, speech.language), role="topic"
        )
    for word in _each(metadata.get("inspireTheme"), speech):
        yield Concept(label=Text.of(word, speech.language), role="theme", scheme=_THEMES)
    for one in seq(metadata.get("keywords")):
        said = obj(one).get("keyword", one)
        if label := speech.text(said):
            yield Concept(label=label, uri=text(obj(one).get("uri")))
    criteria = obj(metadata.get("portalSearchCriteria"))
    for name in ("climates", "geologies"):
        for word in _each(criteria.get(name), speech):
            yield Concept(label=Text.of(word, speech.language), scheme=f"Theia/OZCAR {name}")


def _each(value: Any, speech: Speech) -> list[str]:
    return [word for part in seq(value) if (word := speech.word(part))]


def constraints(metadata: dict[str, Any], speech: Speech) -> Iterator[Constraint]:
    """Terms of use in words, and the address of the policy of data."""
    said = obj(metadata.get("dataConstraint"))
    if words := speech.text(said.get("accessUseConstraint")):
        yield Constraint(kind="use", text=words)
    if policy := speech.word(said.get("urlDataPolicy")):
        yield Constraint(kind="use", uri=policy)


def distributions(value: Any, speech: Speech) -> Iterator[Distribution]:
    """Where data and more about them are, of ``onlineResource``."""
    online = obj(value)
    if url := speech.word(online.get("urlDownload")):
        yield Distribution(url=url, function="download")
    if url := speech.word(online.get("urlInfo")):
        yield Distribution(url=url, function="information")
    for service in objs(online.get("webservices")):
        if url := speech.word(service.get("url")):
            title = speech.text(service.get("description"))
            known = next((name for name in _SERVICES if name.lower() in f"{title} {url}".lower()), "")
            protocol = f"OGC:{known}" if known else ""
            yield Distribution(url=url, title=title, function="service", protocol=protocol)


def relations(value: Any, speech: Speech) -> Iterator[Relation]:
    """The ``documents`` about a dataset: publications, manuals."""
    for one in objs(value):
        target = identifier(speech.word(one.get("url")))
        if target.value:
            kind = "IsDocumentedBy" if speech.word(one.get("type")).lower() == "manual" else "IsDescribedBy"
            yield Relation(kind=kind, target=target.value, scheme=target.scheme or "uri")


def place(value: Any, notes: list[str], where: str) -> tuple[str, Box | None]:
    """The shape and box of a GeoJSON feature or geometry; a note where it is none."""
    geometry = obj(value).get("geometry") if text(obj(value).get("type")) == "Feature" else value
    if not isinstance(geometry, dict):
        return "", None
    try:
        return wkt_and_box(geometry, where)
    except Invalid as error:
        notes.append(str(error))
        return "", None
