"""A record to the members of DataCite JSON, kernel 4.6; words that 4.5 lacks come only with such records.

What DataCite demands and the record does not say: a creator and a publisher are ``:unav``, DataCite's own
word for it; the year is that of the first known of publication, availability, creation, revision and
metadata date, else ``0000``; the title is the identifier. The losses say which.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from estran.formats import Loss, losses
from estran.formats._datacite.people import people, unnamed
from estran.formats._datacite.places import places, unplaceable
from estran.formats._datacite.terms import (
    ACCESS_ADDRESSES,
    GENERAL_TYPES,
    IDENTIFIER_TYPES,
    KINDS,
    RELATIONS,
    TYPE_OF_KIND,
)
from estran.formats._identifiers import doi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Links
    from estran.model import Funding, Licence, Record, Relation, Text

__all__ = ["attributes"]

_UNAVAILABLE = ":unav"
_NO_YEAR = "0000"
_YEAR = re.compile(r"^\d{4}")
_CARRIED = frozenset(
    {
        "identifier", "identifiers", "kind", "kind_label", "title", "alternate_titles", "abstract",
        "supplement", "lineage", "version", "language", "access", "created", "published", "revised",
        "available", "metadata_standard", "landing_page", "parties.role", "parties.name",
        "parties.organisation", "parties.identifier", "concepts.label", "concepts.uri",
        "concepts.scheme", "concepts.scheme_uri", "extent.boxes", "extent.geometries",
        "extent.places", "extent.periods", "distributions.media_type", "distributions.format",
        "licences", "relations", "fundings", "@*",
    }
)  # fmt: skip
_DATES = (("Issued", "published"), ("Created", "created"), ("Updated", "revised"), ("Available", "available"))
_YEARS = ("published", "available", "created", "revised", "metadata_date")


def attributes(record: Record, links: Links) -> tuple[dict[str, Any], tuple[Loss, ...]]:
    """The members, and what of the record they leave out or had to make up."""
    persons, left = people(record, _UNAVAILABLE)
    lost = [Loss(field, why) for field, why in left]
    identifiers = _identifiers(record, links, lost)
    related, items = _relations(record, lost)
    found: dict[str, Any] = {
        "id": f"https://doi.org/{record.doi}" if record.doi else identifiers[0]["identifier"],
        "doi": identifiers[0]["identifier"] if record.doi else "",
        "identifiers": identifiers,
        **persons,
        "titles": _titles(record),
        "publicationYear": _year(record, lost),
        "types": _types(record, lost),
        "subjects": _subjects(record),
        "dates": _dates(record),
        "language": record.language[0] if record.language else "",
        "alternateIdentifiers": _alternates(record),
        "relatedIdentifiers": related,
        "relatedItems": items,
        "sizes": [f"{d.size_bytes} bytes" for d in record.distributions if d.size_bytes >= 0],
        "formats": list(
            dict.fromkeys(d.media_type or d.format for d in record.distributions if d.media_type or d.format)
        ),
        "version": record.version,
        "rightsList": _rights(record, lost),
        "descriptions": _descriptions(record),
        "geoLocations": places(record.extent),
        "fundingReferences": _fundings(record, lost),
        "url": record.landing_page or (links.page(record.id) if record.id else ""),
        "contentUrl": [d.url for d in record.distributions if d.url and d.function == "download"],
        "schemaVersion": "http://datacite.org/schema/kernel-4",
    }
    if not record.title:
        lost.append(Loss("title", "DataCite demands a title; none is known and the identifier was written"))
    lost.extend(_unsaid(record))
    lost.extend(losses(record, _CARRIED, "DataCite has no place for it"))
    return {key: part for key, part in found.items() if part}, tuple(dict.fromkeys(lost))


def _identifiers(record: Record, links: Links, lost: list[Loss]) -> list[dict[str, str]]:
    if record.doi:
        # A DOI has no case, but its owner may have one in mind.
        as_given = record.identifier if record.identifier.lower() == record.doi else record.doi
        return [{"identifierType": "DOI", "identifier": as_given}]
    lost.append(Loss("identifiers", "DataCite demands a DOI; none is known and an address was written"))
    name = record.identifier
    page = record.landing_page or (links.page(record.id) if record.id else "")
    if name.startswith(("http://", "https://")) or not page:
        return [{"identifierType": "URL" if "://" in name else "Other", "identifier": name or _UNAVAILABLE}]
    return [{"identifierType": "URL", "identifier": page}]


def _alternates(record: Record) -> list[dict[str, str]]:
    named = {i.value: i.scheme for i in record.identifiers if i.value != record.doi}
    if record.identifier and doi(record.identifier) != record.doi:
        named.setdefault(record.identifier, "")
    return [
        {
            "alternateIdentifier": value,
            "alternateIdentifierType": IDENTIFIER_TYPES.get(scheme, scheme) or "Other",
        }
        for value, scheme in named.items()
    ]


def _entries(words: Text, name: str, **more: str) -> Iterator[dict[str, str]]:
    for language, variant in words.variants:
        yield {name: variant, **more, **({"lang": language} if language else {})}


def _titles(record: Record) -> list[dict[str, str]]:
    title = list(_entries(record.title, "title"))
    for translated in title[1:]:
        translated["titleType"] = "TranslatedTitle"
    others = [e for t in record.alternate_titles for e in _entries(t, "title", titleType="AlternativeTitle")]
    return (title or [{"title": record.identifier or _UNAVAILABLE}]) + others


def _year(record: Record, lost: list[Loss]) -> str:
    for name in _YEARS:
        found = _YEAR.match(getattr(record, name))
        if found:
            if name != "published":
                lost.append(
                    Loss("published", f"DataCite demands a year of publication; that of “{name}” was written")
                )
            return found[0]
    lost.append(
        Loss("published", f"DataCite demands a year of publication; none is known and {_NO_YEAR} was written")
    )
    return _NO_YEAR


def _types(record: Record, lost: list[Loss]) -> dict[str, str]:
    general, _, words = record.kind_label.partition("/")
    if general in GENERAL_TYPES and KINDS[general] == record.kind:
        return {"resourceTypeGeneral": general, "resourceType": words or general}
    general = TYPE_OF_KIND.get(record.kind, "Other")
    if KINDS[general] != record.kind:
        lost.append(Loss("kind", f"DataCite has no such type; “{general}” was written"))
    return {"resourceTypeGeneral": general, "resourceType": record.kind_label or general}


def _subjects(record: Record) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for concept in record.concepts:
        subject = {"schemeUri": concept.scheme_uri, "valueUri": concept.uri, "subjectScheme": concept.scheme}
        kept = {key: part for key, part in subject.items() if part}
        found.extend({**entry, **kept} for entry in _entries(concept.label, "subject"))
        if not concept.label and concept.uri:
            found.append({"subject": concept.uri, **kept})
    return found


def _dates(record: Record) -> list[dict[str, str]]:
    found = [{"date": day, "dateType": kind} for kind, name in _DATES if (day := getattr(record, name))]
    for start, end in record.extent.periods:
        found.append({"date": start if start == end else f"{start}/{end}", "dateType": "Collected"})
    return found


def _relations(record: Record, lost: list[Loss]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    related: list[dict[str, Any]] = []
    items: list[dict[str, Any]] = []
    for relation in record.relations:
        kind = relation.kind if relation.kind in RELATIONS else "References"
        if kind != relation.kind:
            lost.append(Loss("relations.kind", f"DataCite has no such relation; “{kind}” was written"))
        scheme = _scheme(relation)
        general = relation.type if relation.type in GENERAL_TYPES else ""
        if relation.target and not scheme:
            lost.append(Loss("relations.target", "DataCite has no such type of identifier"))
        if relation.title:
            item: dict[str, Any] = {
                "relatedItemType": general or "Other",
                "relationType": kind,
                "titles": [{"title": str(relation.title)}],
            }
            if scheme:
                item["relatedItemIdentifier"] = {
                    "relatedItemIdentifier": relation.target,
                    "relatedItemIdentifierType": scheme,
                }
            items.append(item)
        elif scheme:
            entry = {
                "relatedIdentifier": relation.target,
                "relatedIdentifierType": scheme,
                "relationType": kind,
            }
            related.append(entry | ({"resourceTypeGeneral": general} if general else {}))
    return related, items


def _scheme(relation: Relation) -> str:
    if not relation.target:
        return ""
    if known := IDENTIFIER_TYPES.get(relation.scheme.lower()):
        return known
    if doi(relation.target):
        return "DOI"
    return "URL" if relation.target.startswith(("http://", "https://")) else ""


def _rights(record: Record, lost: list[Loss]) -> list[dict[str, str]]:
    found = [entry for licence in record.licences for entry in _licence(licence)]
    if words := ACCESS_ADDRESSES.get(record.access):
        found.append({"rights": words[0], "rightsUri": words[1]})
    elif record.access:
        lost.append(Loss("access", "it is no access right of COAR"))
    return found


def _licence(licence: Licence) -> Iterator[dict[str, str]]:
    kept: dict[str, str] = {"rightsUri": licence.uri} if licence.uri else {}
    if licence.spdx:
        kept |= {
            "rightsIdentifier": licence.spdx,
            "rightsIdentifierScheme": "SPDX",
            "schemeUri": "https://spdx.org/licenses/",
        }
    if licence.name:
        yield from (entry | kept for entry in _entries(licence.name, "rights"))
    elif kept:
        yield {"rights": "", **kept}


def _descriptions(record: Record) -> list[dict[str, str]]:
    kinds = (("Abstract", record.abstract), ("Methods", record.lineage), ("Other", record.supplement))
    return [e for kind, words in kinds for e in _entries(words, "description", descriptionType=kind)]


def _fundings(record: Record, lost: list[Loss]) -> list[dict[str, str]]:
    if any(not funding.funder for funding in record.fundings):
        lost.append(
            Loss("fundings.funder", f"DataCite demands a funder's name; “{_UNAVAILABLE}” was written")
        )
    return [_funding(funding) for funding in record.fundings]


def _funding(funding: Funding) -> dict[str, str]:
    kind = ""
    if funding.funder_identifier:
        known = (
            ("ror.org", "ROR"),
            ("10.13039/", "Crossref Funder ID"),
            ("isni.org", "ISNI"),
            ("grid.ac", "GRID"),
        )
        kind = next((name for part, name in known if part in funding.funder_identifier), "Other")
    found = {
        "funderName": funding.funder or _UNAVAILABLE,
        "funderIdentifier": funding.funder_identifier,
        "funderIdentifierType": kind,
        "awardNumber": funding.award,
        "awardUri": funding.award_uri,
        "awardTitle": funding.award_title,
    }
    return {key: part for key, part in found.items() if part}


def _unsaid(record: Record) -> Iterator[Loss]:
    if unnamed(record):
        yield Loss("parties", "a party without name or organisation cannot be written")
    if len(record.language) > 1:
        yield Loss("language", "DataCite keeps one language")
    if any(c.role != "keyword" for c in record.concepts):
        yield Loss("concepts.role", "DataCite does not say what a subject tells of the resource")
    if unplaceable(record.extent):
        yield Loss("extent.geometries", "DataCite has points and polygons without holes only")
    if record.status == "withdrawn":
        yield Loss("status", "DataCite demands the date of a withdrawal")
    if any(r.type and r.type not in GENERAL_TYPES for r in record.relations):
        yield Loss("relations.type", "DataCite has no such type")
    if any(len(r.title.variants) > 1 for r in record.relations):
        yield Loss("relations.title@*", "a related title is written in its original language")
    if any(d.url and d.function != "download" for d in record.distributions):
        yield Loss("distributions.url", "DataCite has addresses of downloads only")
