"""A record as a feature of OGC API - Records 1.0 (20-004r1), fast enough for a page of hundreds.

Relations of links are IANA's; where IANA has none, the Dublin Core term is the relation, as RFC 8288
allows. Dates of less than a day are written by their first and last day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.formats import Loss, losses
from estran.formats._contacts import contacts, themes, unplaced
from estran.formats._geojson import boxes_geometry, geometry_of_wkt, wkt_and_box
from estran.formats._licences import address
from estran.model import EVER_US, NEVER_US, bounds, hull, moment_us

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Links
    from estran.model import Distribution, Period, Record, Relation

__all__ = ["CF_NAMES", "DCTERMS", "KIND_OF_REL", "feature", "unsaid"]

CONFORMS_TO = ["http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"]
PROFILE = "http://www.opengis.net/def/profile/OGC/0/ogc-record"
CF_NAMES = "https://vocab.nerc.ac.uk/standard_name/"
DCTERMS = "http://purl.org/dc/terms/"
_REL_OF_FUNCTION = {
    "download": "enclosure",
    "service": "service",
    "information": "about",
    "search": "search",
    "metadata": "describedby",
    "thumbnail": "preview",
    "": "item",
}
_REL_OF_KIND = {
    "IsNewVersionOf": "predecessor-version",
    "IsPreviousVersionOf": "successor-version",
    "IsPartOf": f"{DCTERMS}isPartOf",
    "HasPart": f"{DCTERMS}hasPart",
    "References": f"{DCTERMS}references",
    "IsReferencedBy": f"{DCTERMS}isReferencedBy",
    "Requires": f"{DCTERMS}requires",
    "IsRequiredBy": f"{DCTERMS}isRequiredBy",
    "IsVersionOf": f"{DCTERMS}isVersionOf",
    "HasVersion": f"{DCTERMS}hasVersion",
    "Obsoletes": f"{DCTERMS}replaces",
    "IsObsoletedBy": f"{DCTERMS}isReplacedBy",
    "IsDerivedFrom": f"{DCTERMS}source",
}
KIND_OF_REL = {rel: kind for kind, rel in _REL_OF_KIND.items()}
_TWINS = (
    ("xml", "application/xml", "ISO 19115-3"),
    ("jsonld", "application/ld+json", "schema.org"),
    ("ttl", "text/turtle", "DCAT"),
)
_CARRIED = frozenset(
    {
        "kind", "title", "abstract", "identifier", "identifiers", "language", "metadata_language",
        "metadata_standard", "metadata_date", "parties", "concepts", "variables.standard_name",
        "variables.label", "extent.boxes", "extent.geometries", "extent.periods", "quality.step",
        "distributions.url", "distributions.title", "distributions.function",
        "distributions.media_type", "distributions.format", "distributions.size_bytes",
        "distributions.conforms_to", "thumbnails", "licences", "constraints.text", "relations",
        "landing_page",
    }
)  # fmt: skip
_ABOUT_THE_DATA = frozenset({"information", "search", "metadata", "thumbnail"})
_DAY = 10
_SECOND_US = 1_000_000
_DAY_US = 86_400 * _SECOND_US
_FIRST_US, _LAST_US = bounds("0001-01-01")[0], bounds("9998-12-31")[1]


def feature(record: Record, links: Links) -> dict[str, Any]:
    """The record as a GeoJSON feature; its own links are left out while it has no id on a node."""
    return {
        "id": record.id or record.identifier or record.doi or str(record.title),
        "type": "Feature",
        "conformsTo": CONFORMS_TO,
        "time": _time(record),
        "geometry": _geometry(record),
        "properties": _properties(record),
        "links": _links(record, links),
    }


def _geometry(record: Record) -> dict[str, Any] | None:
    extent = record.extent
    shapes = [shape for wkt in extent.geometries if (shape := geometry_of_wkt(wkt))]
    # A shape that GeoJSON cannot hold is stood for by its box.
    if not shapes or len(shapes) < len(extent.geometries):
        return boxes_geometry(extent.boxes) or _gathered(shapes)
    return _gathered(shapes)


def _gathered(shapes: list[dict[str, Any]]) -> dict[str, Any] | None:
    if len(shapes) > 1:
        return {"type": "GeometryCollection", "geometries": shapes}
    return shapes[0] if shapes else None


def _time(record: Record) -> dict[str, Any] | None:
    period = record.extent.period
    step = record.quality.step
    found = _interval(period) if period else {}
    if step.startswith("P"):
        found["resolution"] = step
    return found or None


def _interval(period: Period) -> dict[str, Any]:
    start, end = period
    by_day = len(start) <= _DAY and len(end) <= _DAY
    first, last = period.bounds()
    if start == end and len(start) >= _DAY and _FIRST_US <= first < _LAST_US:
        return {"date": start} if by_day else {"timestamp": start}
    ends: list[str] = []
    for at, is_open in ((first, first <= EVER_US), (last - 1, last >= NEVER_US)):
        if is_open or not _FIRST_US <= at < _LAST_US:
            ends.append("..")
        else:
            written = moment_us(at if at == first else at - at % _SECOND_US)
            ends.append(written[:_DAY] if by_day else written)
    return {"interval": ends}


def _properties(record: Record) -> dict[str, Any]:
    listed, keywords, _ = themes(record)
    listed.extend(_variable_themes(record))
    created, updated = record.added, record.updated or record.metadata_date
    found = {
        "type": record.kind,
        "title": str(record.title),
        "description": str(record.abstract),
        "keywords": keywords,
        "themes": listed,
        "language": _language(record.metadata_language or record.title.language),
        "languages": [{"code": code} for code, _ in record.title.variants if code],
        "resourceLanguages": [{"code": code} for code in record.language],
        "contacts": contacts(record.parties),
        "created": _instant(created),
        "updated": _instant(updated),
        "externalIds": _external_ids(record),
        "formats": _formats(record.distributions),
        "license": _licence(record),
        "rights": "\n".join(str(constraint.text) for constraint in record.constraints if constraint.text),
    }
    return {key: part for key, part in found.items() if part or key in ("type", "title")}


def _variable_themes(record: Record) -> list[dict[str, Any]]:
    named = {v.standard_name: str(v.label) for v in record.variables if v.standard_name}
    if not named:
        return []
    entries = [{"id": name, "title": label} if label else {"id": name} for name, label in named.items()]
    return [{"concepts": entries, "scheme": CF_NAMES}]


def _language(code: str) -> dict[str, str] | None:
    return {"code": code} if code else None


def _instant(date: str) -> str:
    if not date or "T" in date:
        return date
    start = bounds(date)[0]
    return moment_us(start) if _FIRST_US <= start < _LAST_US else ""


def _external_ids(record: Record) -> list[dict[str, str]]:
    given = [
        {"scheme": i.scheme, "value": i.value} if i.scheme else {"value": i.value} for i in record.identifiers
    ]
    own = record.identifier
    if own and own != record.id and record.id and all(i.value != own for i in record.identifiers):
        given.append({"value": own})
    return given


def _formats(distributions: tuple[Distribution, ...]) -> list[dict[str, str]]:
    # The type of a page about the data is no format of the data.
    pairs = dict.fromkeys(
        (d.format, d.media_type)
        for d in distributions
        if d.format or (d.media_type and d.function not in _ABOUT_THE_DATA)
    )
    return [
        {key: part for key, part in (("name", name), ("mediaType", media_type)) if part}
        for name, media_type in pairs
    ]


def _licence(record: Record) -> str:
    if len(record.licences) == 1 and record.licences[0].spdx:
        return record.licences[0].spdx
    return "other" if record.licences else ""


def _links(record: Record, links: Links) -> list[dict[str, Any]]:
    name = record.id
    found: list[dict[str, Any]] = []
    if name:
        title = str(record.title)
        found.append({"rel": "self", "href": links.twin(name, "json"), "type": "application/geo+json"})
        found.append({"rel": "alternate", "href": links.page(name), "type": "text/html", "title": title})
        found.extend(
            {"rel": "alternate", "href": links.twin(name, suffix), "type": media_type, "title": standard}
            for suffix, media_type, standard in _TWINS
        )
        found.append(
            {"rel": "collection", "href": f"{links.base}/ogc/collections/records", "type": "application/json"}
        )
        found.append({"rel": "profile", "href": PROFILE})
    if record.landing_page:
        found.append({"rel": "canonical", "href": record.landing_page, "type": "text/html"})
    found.extend(
        _link("license", href, title=str(licence.name))
        for licence in record.licences
        if (href := licence.uri or address(licence.spdx))
    )
    found.extend(_distribution(d) for d in record.distributions if d.url)
    pictured = {d.url for d in record.distributions if d.function == "thumbnail"}
    found.extend({"rel": "preview", "href": url} for url in record.thumbnails if url not in pictured)
    found.extend(_related(record.relations))
    return found


def _distribution(distribution: Distribution) -> dict[str, Any]:
    link = _link(
        _REL_OF_FUNCTION.get(distribution.function, "item"),
        distribution.url,
        distribution.media_type,
        str(distribution.title) or distribution.name,
    )
    if distribution.size_bytes >= 0:
        link["length"] = distribution.size_bytes
    if distribution.conforms_to:
        link["profile"] = list(distribution.conforms_to)
    return link


def _related(relations: tuple[Relation, ...]) -> Iterator[dict[str, Any]]:
    for relation in relations:
        if href := _target(relation):
            yield _link(_REL_OF_KIND.get(relation.kind, "related"), href, title=str(relation.title))


def _target(relation: Relation) -> str:
    href = f"https://doi.org/{relation.target}" if relation.scheme == "doi" else relation.target
    return href if "://" in href or href.startswith("urn:") else ""


def _link(rel: str, href: str, media_type: str = "", title: str = "") -> dict[str, Any]:
    link: dict[str, Any] = {"rel": rel, "href": href}
    if media_type:
        link["type"] = media_type
    if title:
        link["title"] = title
    return link


def unsaid(record: Record) -> tuple[Loss, ...]:
    """What of a record `feature` leaves out."""
    extent, concepts = record.extent, record.concepts
    checks = (
        (
            len(extent.periods) > 1,
            "extent.periods",
            "a record has one interval; the whole of them is written",
        ),
        (
            any(d.function and d.function not in _REL_OF_FUNCTION for d in record.distributions),
            "distributions.function",
            "IANA has no relation for it; “item” is written",
        ),
        (
            any(r.kind and r.kind not in _REL_OF_KIND for r in record.relations),
            "relations.kind",
            "neither IANA nor Dublin Core has a relation for it; “related” is written",
        ),
        (any(not _target(r) for r in record.relations), "relations.target", "a link needs an address"),
        (
            any(not licence.uri and not licence.spdx for licence in record.licences),
            "licences.name",
            "a licence is named by SPDX or by its address",
        ),
        (
            any(c.role not in ("keyword", "theme", "topic") for c in concepts),
            "concepts.role",
            "a record tells apart keywords and themes only",
        ),
        (
            any(c.scheme and c.scheme_uri for c in concepts),
            "concepts.scheme",
            "a vocabulary is named by its address alone",
        ),
        (
            any(c.uri and not c.scheme and not c.scheme_uri for c in concepts),
            "concepts.uri",
            "an address is written only with its vocabulary",
        ),
    )
    found = [Loss(field, why) for field, why in unplaced(record.parties)]
    found.extend(_unshaped(record))
    found.extend(Loss(field, why) for lost, field, why in checks if lost)
    return (*found, *losses(record, _CARRIED, "OGC API Records has no place for it"))


def _unshaped(record: Record) -> Iterator[Loss]:
    extent = record.extent
    shapes = [geometry_of_wkt(wkt) for wkt in extent.geometries]
    if not all(shapes):
        yield Loss("extent.geometries", "GeoJSON has no such shape, or not at these longitudes")
    elif shapes and extent.boxes:
        around = hull(box for shape in shapes if (box := wkt_and_box(shape)[1]))
        if around != hull(extent.boxes):
            yield Loss("extent.boxes", "a record has one geometry; the exact shape is written")
