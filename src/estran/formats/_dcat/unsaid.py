"""What of a record DCAT-AP cannot carry, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.formats import Loss, losses
from estran.formats._dcat import words
from estran.formats._dcat.write import DURATION, serves, topic
from estran.formats._dcat.write_access import bare_format, checksum, is_page
from estran.formats._rdf_write import iri
from estran.model import Distribution

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.model import Concept, Record

__all__ = ["unsaid"]

_CARRIED = frozenset((
    "identifier", "identifiers", "kind", "kind_label", "title", "alternate_titles", "abstract", "purpose",
    "lineage", "version", "language", "metadata_language", "status", "frequency", "access", "representation",
    "crs", "created", "published", "revised", "available", "metadata_date", "metadata_standard", "landing_page",
    "parties", "metadata_parties", "concepts", "extent.boxes", "extent.geometries", "extent.places",
    "extent.periods", "quality", "thumbnails", "licences", "constraints", "relations.kind", "relations.target",
    "relations.scheme", "relations.title", "conformities", "@*",
    "distributions.url", "distributions.title", "distributions.description", "distributions.function",
    "distributions.protocol", "distributions.media_type", "distributions.format", "distributions.name",
    "distributions.size_bytes", "distributions.checksum", "distributions.conforms_to",
))  # fmt: skip


def unsaid(record: Record) -> tuple[Loss, ...]:
    """The losses of a record in DCAT-AP."""
    carried = _CARRIED | ({"service_type"} if record.kind == "service" else frozenset())
    if all(serves(one, record.kind) for one in record.relations):
        carried |= {"relations.type"}
    found = list(losses(record, carried, "DCAT has no place for it"))
    more = dict((*_described(record), *_addressed(record), *_distributed(record)))
    found += (Loss(field, why) for field, why in more.items())
    return tuple(found)


def _described(record: Record) -> Iterator[tuple[str, str]]:
    """Fields that DCAT has a place for, but not for the value in this record."""
    if any(len(one.variants) > 1 for one in record.alternate_titles):
        yield "alternate_titles@*", "which title translates which is not kept"
    if any(not _role_kept(concept) for concept in record.concepts):
        yield "concepts.role", "DCAT tells keywords, themes, topics and places only"
    if any(one.scheme and not iri(one.uri) for one in record.words("place")):
        yield "concepts.scheme", "a place without an address is only a name"
    if record.quality.step and not DURATION.fullmatch(record.quality.step):
        yield "quality.step", "it is no duration of XML Schema"
    spoken = [
        c for c in record.constraints if c.kind == "access" and "LimitationsOnPublicAccess/" not in c.uri
    ]
    secret = any(c.kind == "security" and not c.code for c in record.constraints)
    if len(spoken) > (0 if record.access else 1) or secret:
        yield "constraints.kind", "DCAT-AP allows one statement on access"


def _role_kept(concept: Concept) -> bool:
    if concept.role == "topic":
        return bool(topic(concept))
    return concept.role in ("keyword", "theme") or (concept.role == "place" and bool(iri(concept.uri)))


def _addressed(record: Record) -> Iterator[tuple[str, str]]:
    """Fields that must be addresses and are none."""
    listed = (
        ("landing_page", record.landing_page),
        *(("thumbnails", url) for url in record.thumbnails),
        *(("concepts.uri", one.uri) for one in record.concepts),
        *(("concepts.scheme_uri", one.scheme_uri) for one in record.concepts),
        *(("licences.uri", one.uri) for one in record.licences),
        *(("constraints.uri", one.uri) for one in record.constraints),
        *(("conformities.uri", one.uri) for one in record.conformities),
        *(("parties.url", one.url) for one in record.parties),
        *(("parties.identifier", one.identifier) for one in record.parties),
        *(("metadata_parties.url", one.url) for one in record.metadata_parties),
        *(("metadata_parties.identifier", one.identifier) for one in record.metadata_parties),
    )
    return ((field, "it is no address") for field, url in listed if url and not iri(url))


def _distributed(record: Record) -> Iterator[tuple[str, str]]:
    files = [one for one in record.distributions if iri(one.url) and not is_page(one)]
    common = bare_format(record) if files and record.kind != "service" else ""
    if any(not iri(one.url) and one != Distribution(format=common) for one in record.distributions):
        yield "distributions", "a distribution without an address is left out"
    if any(one.checksum and not checksum(one.checksum) for one in record.distributions):
        yield "distributions.checksum", "it is no checksum in hexadecimal"
    if any(one.media_type and not words.media_type_uri(one.media_type) for one in record.distributions):
        yield "distributions.media_type", "it is no media type"
    if record.kind == "service":
        yield from _of_service(record)
    elif any(one.protocol and one.function != "service" for one in record.distributions):
        yield "distributions.protocol", "DCAT tells the protocol of services only"


def _of_service(record: Record) -> Iterator[tuple[str, str]]:
    why = "a service has endpoints and pages, not distributions"
    endpoints = [one for one in record.distributions if one.function in ("service", "")]
    pages = [one for one in record.distributions if one.function not in ("service", "")]
    if len({one.protocol for one in endpoints}) > 1:
        yield "distributions.protocol", "which endpoint follows which protocol is not kept"
    if any(one.protocol for one in pages):
        yield "distributions.protocol", why
    if any(one.function != "service" for one in endpoints) or any(
        one.function != "information" for one in pages
    ):
        yield "distributions.function", why
    if any(one.size_bytes >= 0 for one in record.distributions):
        yield "distributions.size_bytes", why
    for field in ("media_type", "format", "name", "checksum", "conforms_to"):
        if any(getattr(one, field) for one in record.distributions):
            yield f"distributions.{field}", why
    for field in ("title", "description"):
        if any(getattr(one, field) for one in endpoints):
            yield f"distributions.{field}", why
