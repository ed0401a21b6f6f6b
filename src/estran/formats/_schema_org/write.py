"""The pivot to schema.org, as science-on-schema.org advises: what search engines and harvesters of data read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from estran.formats import Loss, losses
from estran.formats import _licences as known_licences
from estran.formats._geojson import geometry_of_wkt
from estran.formats._numbers import plain
from estran.formats._rdf_write import iri
from estran.formats._schema_org.terms import ACCESS, PARTIES, RELATIONS, STANDARD_NAMES, TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Links
    from estran.model import (
        Concept,
        Distribution,
        Extent,
        Funding,
        Licence,
        Party,
        Record,
        Relation,
        Text,
        Variable,
    )

    type Tree = dict[str, Any]

__all__ = ["description", "unsaid"]

_CARRIED = frozenset((
    "identifier", "identifiers", "kind", "kind_label", "title", "alternate_titles", "abstract", "credit", "version",
    "language", "status", "access", "service_type", "created", "published", "revised", "metadata_date",
    "landing_page", "parties", "concepts.label", "concepts.uri", "concepts.scheme", "concepts.scheme_uri",
    "variables", "extent.boxes", "extent.geometries", "extent.places", "extent.periods", "distributions.url",
    "distributions.title", "distributions.description", "distributions.function", "distributions.protocol",
    "distributions.media_type", "distributions.format", "distributions.name", "distributions.size_bytes",
    "distributions.checksum", "thumbnails", "licences", "constraints.kind", "constraints.text", "constraints.uri",
    "relations.kind", "relations.target", "relations.scheme", "relations.title", "relations.type", "fundings", "@*",
))  # fmt: skip
_PROPERTY_OF = {role: name for name, role in PARTIES.items() if name not in ("author", "translator")}
_TIE_OF = {kind: name for name, kind in RELATIONS.items() if name != "isBasedOnUrl"}
_RELATED_TYPES = {"Dataset": "Dataset", "Software": "SoftwareSourceCode"}
_SHAPES = {"Polygon": "polygon", "LineString": "line"}
_ADDRESS = re.compile(r"https?://\S+$")


def description(record: Record, links: Links) -> Tree:
    """The record as a JSON-LD object, its context included."""
    language = record.title.language
    context: Any = ["https://schema.org/", {"@language": language}] if language else "https://schema.org/"
    page = links.page(record.id)
    kind = TYPES.get(record.kind, "Dataset")
    found: Tree = {
        "@context": context,
        "@type": kind,
        "@id": page,
        "additionalType": record.kind_label or (record.kind if record.kind not in TYPES else ""),
        "identifier": _identifiers(record),
        "name": _said(record.title, language) or record.identifier,
        "alternateName": [_said(title, language) for title in record.alternate_titles],
        # A description is obligatory.
        "description": _said(record.abstract or record.title, language),
        "url": record.landing_page or page,
        "sameAs": [f"https://doi.org/{record.doi}"] if record.doi else [],
        "creditText": _said(record.credit, language),
        "version": record.version,
        "inLanguage": list(record.language),
        "creativeWorkStatus": record.status,
        "isAccessibleForFree": True if record.access == "open" else None,
        "conditionsOfAccess": [
            *filter(None, [ACCESS.get(record.access, "")]),
            *_terms(record, "access", language),
        ],
        "usageInfo": _terms(record, "use", language),
        "serviceType": record.service_type,
        "dateCreated": record.created,
        "datePublished": record.published,
        "dateModified": record.revised,
        "sdDatePublished": record.metadata_date,
        "license": [_licence(one, language) for one in record.licences],
        **_parties(record, language),
        "funding": [_funding(one) for one in record.fundings],
        **_concepts(record, language),
        "variableMeasured": [_variable(one, language) for one in record.variables],
        "spatialCoverage": list(_places(record, language)),
        "temporalCoverage": [f"{one.start or '..'}/{one.end or '..'}" for one in record.extent.periods],
        "distribution": [_distribution(one, language) for one in record.distributions if one.url],
        "thumbnailUrl": list(record.thumbnails),
        **_relations(record, language),
        "includedInDataCatalog": {"@type": "DataCatalog", "name": links.publisher, "url": links.base},
    }
    return _filled(found)


def _filled(tree: Tree) -> Tree:
    """A tree without empty members; a list of one stands for its value."""
    found: Tree = {}
    for name, value in tree.items():
        kept = [part for part in value if part] if isinstance(value, list) and name != "@context" else value
        if kept or kept == 0:
            found[name] = kept[0] if isinstance(kept, list) and len(kept) == 1 else kept
    return found


def _said(text: Text, language: str) -> Any:
    """Words in the document's language plain, those in another one with its tag."""
    parts = [
        words if spoken == language else {"@language": spoken or None, "@value": words}
        for spoken, words in text.variants
    ]
    return parts[0] if len(parts) == 1 else parts


def _identifiers(record: Record) -> list[Any]:
    own = [record.identifier] if record.identifier else []
    return own + [
        _filled(
            {
                "@type": "PropertyValue",
                "propertyID": "https://registry.identifiers.org/registry/doi" if scheme == "doi" else scheme,
                "value": f"doi:{value}" if scheme == "doi" else value,
                "url": f"https://doi.org/{value}"
                if scheme == "doi"
                else value
                if _ADDRESS.match(value)
                else "",
            }
        )
        for value, scheme in record.identifiers
    ]


def _terms(record: Record, kind: str, language: str) -> list[Any]:
    found: list[Any] = []
    for one in record.constraints:
        if one.kind == kind and (one.text or one.uri):
            said = _said(one.text, language)
            plain_words = isinstance(said, str) and not one.uri and kind == "access"
            found.append(
                said if plain_words else _filled({"@type": "CreativeWork", "name": said, "url": one.uri})
            )
    return found


def _licence(one: Licence, language: str) -> Any:
    uri = one.uri or known_licences.address(one.spdx)
    derived = known_licences.spdx("", uri) == one.spdx
    if uri and derived and not one.name:
        return uri
    spdx = "" if derived else one.spdx
    return _filled(
        {"@type": "CreativeWork", "name": _said(one.name, language), "url": uri, "identifier": spdx}
    )


def _parties(record: Record, language: str) -> Tree:
    found: dict[str, list[Tree]] = {}
    for one in record.parties:
        party = _party(one, language)
        name = _PROPERTY_OF.get(one.role)
        if name is None:
            name, party = "contributor", {"@type": "Role", "roleName": one.role, "contributor": party}
        found.setdefault(name, []).append(party)
    return dict(found)


def _party(one: Party, language: str) -> Tree:
    address = _filled(
        {
            "@type": "PostalAddress",
            "streetAddress": one.address,
            "addressLocality": one.city,
            "addressCountry": one.country,
        }
    )
    common = {
        "@id": iri(one.identifier),
        "identifier": one.identifier,
        "email": one.email,
        "telephone": one.phone,
        "address": address if len(address) > 1 else None,
        "url": one.url,
        "jobTitle": _said(one.position, language),
    }
    if not one.name:
        return _filled({"@type": "Organization", "name": _said(one.organisation, language), **common})
    family, comma, given = one.name.partition(", ")
    apart = bool(comma) and ", " not in given
    employer = _filled({"@type": "Organization", "name": _said(one.organisation, language)})
    return _filled(
        {
            "@type": "Person",
            "name": f"{given} {family}" if apart else one.name,
            "givenName": given if apart else "",
            "familyName": family if apart else "",
            "affiliation": employer if one.organisation else None,
            **common,
        }
    )


def _concepts(record: Record, language: str) -> Tree:
    keywords, about = list[Any](), list[Any]()
    for one in record.concepts:
        if one.role == "place":
            continue
        (about if one.role == "theme" else keywords).append(_term(one, language))
    # A lone string would be read as a list of words.
    alone = len(keywords) == 1 and isinstance(keywords[0], str)
    return {
        "keywords": [{"@type": "DefinedTerm", "name": keywords[0]}] if alone else keywords,
        "about": about,
    }


def _term(one: Concept, language: str) -> Any:
    said = _said(one.label, language)
    if isinstance(said, str) and not (one.uri or one.scheme or one.scheme_uri):
        return said
    vocabulary = _filled({"@type": "DefinedTermSet", "name": one.scheme, "url": one.scheme_uri})
    return _filled(
        {
            "@type": "DefinedTerm",
            "name": said,
            "url": iri(one.uri),
            "inDefinedTermSet": vocabulary if len(vocabulary) > 1 else None,
        }
    )


def _variable(one: Variable, language: str) -> Tree:
    standard = f"{STANDARD_NAMES}{one.standard_name}/" if one.standard_name else ""
    return _filled(
        {
            "@type": "PropertyValue",
            "name": one.name,
            "alternateName": _said(one.label, language),
            "description": _said(one.description, language),
            "propertyID": [address for address in (one.uri, standard) if address],
            "unitText": one.unit,
        }
    )


def _places(record: Record, language: str) -> Iterator[Tree]:
    extent = record.extent
    for west, south, east, north in extent.boxes:
        if (west, south) == (east, north):
            yield _place({"@type": "GeoCoordinates", "latitude": south, "longitude": west})
        else:
            box = " ".join(map(plain, (south, west, north, east)))
            yield _place({"@type": "GeoShape", "box": box})
    yield from (_place({"@type": "GeoShape", name: points}) for name, points in _drawn(extent))
    for name in extent.places:
        yield {"@type": "Place", "name": _said(name, language)}
    for one in record.words("place"):
        yield _filled({"@type": "Place", "@id": one.uri, "name": _said(one.label, language)})


def _place(geo: Tree) -> Tree:
    return {"@type": "Place", "geo": geo}


def _drawn(extent: Extent) -> Iterator[tuple[str, str]]:
    """The footprints that schema.org can draw, latitude first."""
    for wkt in extent.geometries:
        shape = geometry_of_wkt(wkt)
        name = _SHAPES.get(shape["type"], "") if shape else ""
        if shape and name:
            points = shape["coordinates"][0] if name == "polygon" else shape["coordinates"]
            yield name, " ".join(f"{plain(y)} {plain(x)}" for x, y, *_ in points)


def _distribution(one: Distribution, language: str) -> Tree:
    serves = one.function == "service"
    algorithm, _, value = one.checksum.partition(":")
    return _filled(
        {
            "@type": ["DataDownload", "WebAPI"] if serves else "DataDownload",
            "additionalType": "" if serves else one.function,
            "name": _said(one.title, language),
            "alternateName": one.name,
            "description": _said(one.description, language),
            # What is not said to be a file is only an address.
            "contentUrl" if one.function == "download" else "url": one.url,
            "encodingFormat": [one.media_type, one.format],
            "contentSize": f"{one.size_bytes} B" if one.size_bytes >= 0 else "",
            "sha256": value if algorithm == "sha256" else "",
            "serviceType": one.protocol,
        }
    )


def _funding(one: Funding) -> Tree:
    funder = _filled({"@type": "Organization", "@id": iri(one.funder_identifier), "name": one.funder})
    return _filled(
        {
            "@type": "MonetaryGrant",
            "identifier": one.award,
            "name": one.award_title,
            "url": one.award_uri,
            "funder": funder if len(funder) > 1 else None,
        }
    )


def _relations(record: Record, language: str) -> Tree:
    found: dict[str, list[Tree]] = {}
    for one in record.relations:
        if one.kind in _TIE_OF:
            found.setdefault(_TIE_OF[one.kind], []).append(_relation(one, language))
    return dict(found)


def _relation(one: Relation, language: str) -> Tree:
    address = f"https://doi.org/{one.target}" if one.scheme == "doi" else one.target
    linked = bool(_ADDRESS.match(address))
    named = {"@type": "PropertyValue", "propertyID": one.scheme, "value": one.target}
    return _filled(
        {
            "@type": _RELATED_TYPES.get(one.type, "CreativeWork"),
            "@id": address if linked else "",
            "identifier": None if linked else _filled(named) if one.target else None,
            "url": address if linked else "",
            "name": _said(one.title, language),
        }
    )


def unsaid(record: Record) -> tuple[Loss, ...]:
    """What of a record schema.org cannot carry."""
    found = list(losses(record, _CARRIED, "schema.org has no place for it"))
    found += (Loss(field, why) for field, why in dict(_by_value(record)).items())
    return tuple(found)


def _by_value(record: Record) -> Iterator[tuple[str, str]]:
    """Fields that schema.org has a place for, but not for the value in this record."""
    checks = (
        ("alternate_titles@*", "which title translates which is not kept",
         any(len(one.variants) > 1 for one in record.alternate_titles)),
        ("concepts.role", "schema.org tells keywords, subjects and places only",
         any(c.role not in ("keyword", "theme") and not (c.role == "place" and c.uri) for c in record.concepts)),
        (
            "concepts.scheme", "a place tells no vocabulary",
            any(one.scheme for one in record.words("place")),
        ),
        (
            "concepts.scheme_uri", "a place tells no vocabulary",
            any(one.scheme_uri for one in record.words("place")),
        ),
        ("constraints", "schema.org tells conditions of access and use, in words",
         any(one.kind not in ("access", "use") or not (one.text or one.uri) for one in record.constraints)),
        ("concepts.uri", "it is no address", any(one.uri and not iri(one.uri) for one in record.concepts)),
        ("parties.role", "who has no role is a contributor", any(not one.role for one in record.parties)),
        ("kind", "schema.org has no type for it", bool(record.kind_label) and record.kind not in TYPES),
        ("extent.geometries", "schema.org draws polygons without holes and lines",
         len(list(_drawn(record.extent))) < len(record.extent.geometries)),
        ("relations", "schema.org has no property for such a tie",
         any(one.kind not in _TIE_OF for one in record.relations)),
        ("relations.type", "schema.org has no such type",
         any(one.type and one.type not in _RELATED_TYPES for one in record.relations)),
        ("distributions", "a file without an address is left out", any(not one.url for one in record.distributions)),
        ("distributions.checksum", "schema.org has a place for SHA-256 only",
         any(one.checksum and not one.checksum.startswith("sha256:") for one in record.distributions)),
        ("fundings.funder_identifier", "it is no address",
         any(one.funder_identifier and not iri(one.funder_identifier) for one in record.fundings)),
    )  # fmt: skip
    return ((field, why) for field, why, lost in checks if lost)
