"""Parts of an ISO document that both forms write alike: dates, keywords, extents, constraints."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from estran.formats._iso import codes, gml
from estran.formats._iso.build import Anchor, Builder, Code, Missing, Reference, Value
from estran.formats._iso.constraints import COAR, NO_LIMITATIONS
from estran.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element

    from estran.model import (
        Box,
        Concept,
        Conformity,
        Constraint,
        Distribution,
        Extent,
        Identifier,
        Licence,
        Party,
        Period,
        Quality,
        Record,
        Relation,
    )

__all__ = [
    "CONTACT_ROLES", "address_of", "association", "constraints", "contact", "dated", "dates", "decimal", "extent",
    "formats", "keyword_type", "keywords", "link", "moment", "online", "operated", "pictures", "reports",
    "resolutions", "scope", "size", "systems", "topic_code", "topics",
]  # fmt: skip

_TURN, _STRIP = 360.0, 20.0
_MEGABYTE = 1_000_000
_TOPIC_CODES = "/TopicCategory/"
CONTACT_ROLES = (
    "pointOfContact", "custodian", "distributor", "owner", "resourceProvider", "user", "processor", "stakeholder",
    "mediator", "sponsor", "funder", "rightsHolder",
)  # fmt: skip
"""Roles of those whom one asks about the data; all others are named in the citation."""
_SCOPES = {
    "collection": "series",
    "publication": "document",
    "event": "fieldSession",
    "project": "initiative",
}
_ASSOCIATIONS = {
    "IsPartOf": "largerWorkCitation",
    "HasPart": "isComposedOf",
    "References": "crossReference",
    "IsDerivedFrom": "source",
    "Requires": "dependency",
    "IsNewVersionOf": "revisionOf",
}
_KEYWORD_TYPES = {"time": "temporal", "variable": "dataParameter"}
_FUNCTIONS = {"offline": "offlineAccess", "metadata": "completeMetadata", "thumbnail": "browseGraphic"}
_ACCESS = {
    "open": "No limitations on public access",
    "restricted": "restricted access",
    "embargoed": "embargoed access",
}


def moment(date: str) -> Value:
    """A date or an instant in its element."""
    return Value("DateTime" if "T" in date else "Date", date)


def dated(build: Builder, date: str, type: str = "publication") -> _Element:  # noqa: A002 - ISO's word
    """A CI_Date."""
    return build.make("CI_Date", date=moment(date), dateType=Code("CI_DateTypeCode", type))


def scope(record: Record) -> str:
    """The MD_ScopeCode of a record: its own word if that means its kind, else the usual one."""
    own = codes.SCOPES.get(codes.squeezed(record.kind_label), "other") if record.kind_label else ""
    return record.kind_label if own == record.kind else _SCOPES.get(record.kind, record.kind)


def association(relation: Relation) -> str:
    """The DS_AssociationTypeCode of a relation, DataCite's word where ISO has none."""
    return _ASSOCIATIONS.get(relation.kind, relation.kind or "crossReference")


def operated(record: Record, relation: Relation) -> bool:
    """Whether a relation is the tie of a service to the data that it serves."""
    return (
        record.kind == "service"
        and (relation.kind, relation.type) == ("References", "Dataset")
        and not relation.title
    )


def dates(build: Builder, record: Record) -> list[Any]:
    """The dates of the resource, or what says that there is none."""
    given = (
        ("creation", record.created),
        ("publication", record.published),
        ("revision", record.revised),
        ("released", record.available),
    )
    made = [dated(build, date, name) for name, date in given if date]
    return made or [Missing("unknown")]


def address_of(identifier: Identifier) -> str:
    """An identifier as one writes it: a DOI as an address."""
    return f"https://doi.org/{identifier.value}" if identifier.scheme == "doi" else identifier.value


def contact(build: Builder, party: Party, phone: _Element | None) -> _Element | None:
    """The CI_Contact of a party, None where it says nothing."""
    parts = {
        "deliveryPoint": party.address,
        "city": party.city,
        "country": party.country,
        "electronicMailAddress": party.email,
    }
    address = build.make("CI_Address", **parts) if any(parts.values()) else None
    page = online(build, party.url) if party.url else None
    if address is None and page is None and phone is None:
        return None
    return build.make("CI_Contact", phone=phone, address=address, onlineResource=page)


def online(build: Builder, url: str, **properties: Any) -> _Element:
    """A CI_OnlineResource."""
    # The older form has an element for addresses, the newer one takes them as text.
    linkage = Value("URL", url) if build.form.default == "gmd" else url
    return build.make("CI_OnlineResource", linkage=linkage, **properties)


def link(build: Builder, way: Distribution) -> _Element:
    """The CI_OnlineResource of a distribution.

    There is one place for a name: that of the layer or file, or else the title, which then describes it.
    """
    return online(
        build,
        way.url,
        protocol=way.protocol,
        applicationProfile=way.media_type,
        name=way.name or way.title,
        description=way.description or (way.title if way.name else Text()),
        function=_function(way),
    )


def _function(way: Distribution) -> Code | None:
    """The function of a link; a service is known by its protocol, ISO has no code for it."""
    if not way.function or way.function == "service":
        return None
    return Code("CI_OnLineFunctionCode", _FUNCTIONS.get(way.function, way.function))


def formats(ways: Iterable[Distribution]) -> list[str]:
    """The formats of distributions, each once."""
    return list(dict.fromkeys(way.format for way in ways if way.format))


def size(way: Distribution) -> Value | None:
    """A size in megabytes."""
    return Value("Real", decimal(way.size_bytes / _MEGABYTE)) if way.size_bytes >= 0 else None


def decimal(number: float) -> str:
    """A number without exponent, with no digit more than it needs."""
    words = repr(float(number))
    return words.removesuffix(".0") if "e" not in words else f"{number:.12f}".rstrip("0").rstrip(".")


def keywords(build: Builder, concepts: tuple[Concept, ...], citation: Any) -> list[_Element]:
    """MD_Keywords, one for every run of concepts of one role and vocabulary.

    Args:
        build: the builder.
        concepts: all concepts; topics of ISO itself have a place of their own.
        citation: makes the CI_Citation of a thesaurus from its title.
    """
    made: list[_Element] = []
    kept = [concept for concept in concepts if not topic_code(concept)]
    for (role, scheme, address, _), run in groupby(kept, key=_vocabulary):
        thesaurus = citation(Anchor(Text.of(scheme or address), address)) if scheme or address else None
        made.append(
            build.make(
                "MD_Keywords",
                keyword=[Anchor(concept.label, concept.uri) for concept in run],
                type=Code("MD_KeywordTypeCode", keyword_type(role)) if role != "keyword" else None,
                thesaurusName=thesaurus,
            )
        )
    return made


def _vocabulary(concept: Concept) -> tuple[str, str, str, bool]:
    # Free words and anchors apart: some readers look at one sort only.
    return concept.role, concept.scheme, concept.scheme_uri, bool(concept.uri)


def keyword_type(role: str) -> str:
    """The MD_KeywordTypeCode of a role."""
    return _KEYWORD_TYPES.get(role, role)


def topic_code(concept: Concept) -> str:
    """The MD_TopicCategoryCode that a concept is, "" for none."""
    if concept.role != "topic" or _TOPIC_CODES not in concept.uri:
        return ""
    return concept.uri.rpartition("/")[2]


def topics(record: Record) -> list[Code]:
    """The topic categories among the concepts."""
    return [
        Code("MD_TopicCategoryCode", code) for concept in record.concepts if (code := topic_code(concept))
    ]


def extent(build: Builder, value: Extent) -> _Element | None:
    """One EX_Extent with all boxes, shapes, places, periods and heights; None for nothing."""
    geographic: list[Any] = [_box(build, box) for box in value.boxes]
    for wkt in value.geometries:
        shape = gml.element(wkt, build.fresh("shape"))
        if shape is not None:
            geographic.append(build.make("EX_BoundingPolygon", polygon=shape))
    for place in value.places:
        code = build.make("MD_Identifier", code=place)
        geographic.append(build.make("EX_GeographicDescription", geographicIdentifier=code))
    temporal = [build.make("EX_TemporalExtent", extent=_period(build, period)) for period in value.periods]
    vertical = [
        build.make(
            "EX_VerticalExtent",
            minimumValue=Value("Real", decimal(one.minimum)),
            maximumValue=Value("Real", decimal(one.maximum)),
            verticalCRS=Reference(one.crs) if one.crs else Missing("unknown"),
        )
        for one in value.vertical
    ]
    if not (geographic or temporal or vertical):
        return None
    return build.make(
        "EX_Extent", geographicElement=geographic, temporalElement=temporal, verticalElement=vertical
    )


def _box(build: Builder, box: Box) -> _Element:
    west, east = box.west, box.east
    if 0 < west - east < _STRIP:
        # Around all but a strip: written past 180°, since the other way it looks like the strip, mistaken.
        west, east = (west - _TURN, east) if east > 0 else (west, east + _TURN)
    return build.make(
        "EX_GeographicBoundingBox",
        westBoundLongitude=Value("Decimal", decimal(west)),
        eastBoundLongitude=Value("Decimal", decimal(east)),
        southBoundLatitude=Value("Decimal", decimal(box.south)),
        northBoundLatitude=Value("Decimal", decimal(box.north)),
    )


def _period(build: Builder, period: Period) -> _Element:
    made = build.gml("TimePeriod", beginPosition=period.start, endPosition=period.end)
    for end in made:
        if not end.text:
            end.set("indeterminatePosition", "unknown")
    return made


def constraints(build: Builder, record: Record) -> list[_Element]:
    """Licences, access and limits, each in a block of its own, so that words and codes stay together."""
    made = [_licence(build, licence) for licence in record.licences]
    if record.access in COAR:
        address = NO_LIMITATIONS if record.access == "open" else COAR[record.access]
        words = Text.of(_ACCESS.get(record.access, record.access), "en")
        made.append(_legal(build, "access", "otherRestrictions", Anchor(words, address)))
    made.extend(_constraint(build, constraint) for constraint in record.constraints)
    return made


def _licence(build: Builder, licence: Licence) -> _Element:
    name = licence.name or Text.of(licence.uri or licence.spdx)
    return _legal(build, "use", "license", Anchor(name, licence.uri))


def _legal(build: Builder, kind: str, code: str, words: Any) -> _Element:
    restriction = Code("MD_RestrictionCode", code)
    return build.make("MD_LegalConstraints", **{f"{kind}Constraints": restriction}, otherConstraints=words)


def _constraint(build: Builder, constraint: Constraint) -> _Element:
    words = Anchor(constraint.text, constraint.uri) if constraint.text or constraint.uri else None
    if constraint.kind == "security":
        code = Code("MD_ClassificationCode", constraint.code or "unclassified")
        return build.make("MD_SecurityConstraints", classification=code, userNote=constraint.text)
    if constraint.code:
        return _legal(build, constraint.kind, constraint.code, words)
    if constraint.kind == "access":
        return _legal(build, "access", "otherRestrictions", words)
    return build.make("MD_Constraints", useLimitation=words)


def resolutions(build: Builder, quality: Quality, *, angle: str) -> list[_Element]:
    """MD_Resolution for each resolution in space."""
    made: list[_Element] = []
    if quality.scale_denominator:
        denominator = Value("Integer", decimal(quality.scale_denominator))
        fraction = build.make("MD_RepresentativeFraction", denominator=denominator)
        made.append(build.make("MD_Resolution", equivalentScale=fraction))
    if quality.distance_m:
        made.append(build.make("MD_Resolution", distance=Value("Distance", decimal(quality.distance_m), "m")))
    if quality.distance_degrees:
        words = decimal(quality.distance_degrees)
        member = "angularDistance" if angle == "Angle" else "distance"
        made.append(build.make("MD_Resolution", **{member: Value(angle, words, "deg")}))
    return made


def systems(build: Builder, record: Record, identifier: Any) -> list[_Element]:
    """MD_ReferenceSystem for each reference system; EPSG codes as addresses."""
    made: list[_Element] = []
    for name in record.crs:
        code = name.removeprefix("EPSG:")
        address = (
            f"http://www.opengis.net/def/crs/EPSG/0/{code}" if code != name and code.isdecimal() else name
        )
        made.append(build.make("MD_ReferenceSystem", referenceSystemIdentifier=identifier(address)))
    return made


def pictures(build: Builder, record: Record) -> list[_Element]:
    """MD_BrowseGraphic for each picture."""
    return [build.make("MD_BrowseGraphic", fileName=address) for address in record.thumbnails]


def reports(build: Builder, conformities: tuple[Conformity, ...], citation: Any) -> list[_Element]:
    """DQ_DomainConsistency for each conformity."""
    return [
        build.make(
            "DQ_DomainConsistency",
            result=build.make(
                "DQ_ConformanceResult",
                specification=citation(Anchor(one.title, one.uri), one.date),
                explanation=one.explanation or Missing(),
                **{
                    "pass": Value("Boolean", "true" if one.passed == "yes" else "false")
                    if one.passed
                    else Missing("unknown")
                },
            ),
        )
        for one in conformities
    ]
