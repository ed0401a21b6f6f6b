"""A record in the fifteen elements of Dublin Core, as oai_dc and whoever else writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lxml.etree import Element, QName, SubElement

from estran.formats import Written, losses
from estran.formats._xml import legal, serialise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Links
    from estran.model import Box, Party, Period, Record, Text

__all__ = ["Said", "elements", "write"]

_DC = "http://purl.org/dc/elements/1.1/"
_OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_SPACES = {"oai_dc": _OAI_DC, "dc": _DC, "xsi": _XSI}
_CREATORS = ("author", "coAuthor", "principalInvestigator", "originator")
_PUBLISHERS = ("publisher", "distributor")
_LEFT_OUT = ("user", "stakeholder")
_TYPES = {
    "dataset": "Dataset", "collection": "Collection", "service": "Service", "software": "Software",
    "publication": "Text", "model": "Software", "image": "Image", "event": "Event", "project": "Event",
    "sample": "PhysicalObject", "item": "Dataset", "other": "Dataset",
}  # fmt: skip
_RIGHTS = {
    "open": "info:eu-repo/semantics/openAccess",
    "restricted": "info:eu-repo/semantics/restrictedAccess",
    "embargoed": "info:eu-repo/semantics/embargoedAccess",
    "closed": "info:eu-repo/semantics/closedAccess",
}
_CARRIED = (
    "@*", "identifier", "identifiers", "kind", "title", "abstract", "parties.name", "parties.organisation",
    "concepts.label", "variables.label", "variables.name", "variables.standard_name", "published", "language",
    "distributions.format", "distributions.media_type", "landing_page", "extent.boxes", "extent.periods",
    "extent.places", "relations.target", "licences", "access", "lineage", "constraints.text",
)  # fmt: skip


class Said(NamedTuple):
    """One element: its local name, what it says, in which language ("" where that is not known)."""

    name: str
    words: str
    language: str = ""


def elements(record: Record, links: Links) -> list[Said]:
    """What Dublin Core can say of a record, in the order of its elements, nothing twice."""
    found = dict.fromkeys(
        Said(name, legal(words).strip(), legal(language)) for name, words, language in _said(record, links)
    )
    return [one for one in found if one.words]


def _said(record: Record, links: Links) -> Iterator[Said]:
    for title in (record.title, *record.alternate_titles):
        yield from _texts("title", title)
    if not record.title:
        yield Said("title", record.identifier)
    yield from (Said("creator", _named(p)) for p in record.of_role(*_CREATORS))
    for concept in record.concepts:
        yield from _texts("subject", concept.label)
    for variable in record.variables:
        yield Said("subject", variable.standard_name or str(variable.label) or variable.name)
    yield from _texts("description", record.abstract)
    yield from (Said("publisher", _named(p)) for p in record.of_role(*_PUBLISHERS))
    others = (p for p in record.parties if p.role not in (*_CREATORS, *_PUBLISHERS, *_LEFT_OUT))
    yield from (Said("contributor", _named(p)) for p in others)
    yield Said("date", record.published or record.created or record.revised)
    yield Said("type", _TYPES.get(record.kind, "Dataset"))
    for distribution in record.distributions:
        yield Said("format", distribution.media_type or distribution.format)
    yield from _identifiers(record, links)
    yield from _texts("source", record.lineage)
    yield from (Said("language", language) for language in record.language)
    yield from (Said("relation", _address(r.target, r.scheme)) for r in record.relations)
    yield from _coverage(record)
    yield Said("rights", _RIGHTS.get(record.access, ""))
    for licence in record.licences:
        yield Said("rights", licence.uri or licence.spdx or str(licence.name))
    for constraint in record.constraints:
        yield from _texts("rights", constraint.text)


def _texts(name: str, text: Text) -> Iterator[Said]:
    return (Said(name, words, language) for language, words in text.variants)


def _named(party: Party) -> str:
    return party.name or str(party.organisation)


def _identifiers(record: Record, links: Links) -> Iterator[Said]:
    yield Said("identifier", _address(record.doi, "doi"))
    yield Said("identifier", record.identifier)
    yield from (Said("identifier", _address(value, scheme)) for value, scheme in record.identifiers)
    yield Said("identifier", record.landing_page)
    if record.id:
        yield Said("identifier", links.page(record.id))


def _address(value: str, scheme: str) -> str:
    return f"https://doi.org/{value}" if value and scheme == "doi" else value


def _coverage(record: Record) -> Iterator[Said]:
    for place in record.extent.places:
        yield from _texts("coverage", place)
    yield from (Said("coverage", _box(box)) for box in record.extent.boxes)
    yield from (Said("coverage", _period(period)) for period in record.extent.periods)


def _box(box: Box) -> str:
    """A DCMI Box."""
    return (
        f"northlimit={box.north:.10g}; southlimit={box.south:.10g}; westlimit={box.west:.10g}; "
        f"eastlimit={box.east:.10g}"
    )


def _period(period: Period) -> str:
    """A DCMI Period."""
    ends = [f"{name}={end}" for name, end in (("start", period.start), ("end", period.end)) if end]
    return "; ".join([*ends, "scheme=W3C-DTF"]) if ends else ""


def write(record: Record, links: Links) -> Written:
    """The record as oai_dc, the form that every OAI-PMH repository has."""
    root = Element(QName(_OAI_DC, "dc"), nsmap=_SPACES)
    root.set(QName(_XSI, "schemaLocation"), f"{_OAI_DC} http://www.openarchives.org/OAI/2.0/oai_dc.xsd")
    for one in elements(record, links):
        child = SubElement(root, QName(_DC, one.name))
        child.text = one.words
        if one.language:
            child.set(_XML_LANG, one.language)
    return Written(
        serialise(root), "application/xml", losses(record, _CARRIED, "Dublin Core has no element for it")
    )
