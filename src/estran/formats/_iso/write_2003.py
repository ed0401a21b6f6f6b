"""A record as ISO 19139."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.formats._iso import codes, parts
from estran.formats._iso.build import Anchor, Builder, Code, Missing, Reference, Value
from estran.formats._iso.content import parenthesised
from estran.formats._iso.forms import FORM_2003
from estran.model import Identifier, Text

if TYPE_CHECKING:
    from lxml.etree import _Element

    from estran.model import Party, Record, Relation, Variable

__all__ = ["document"]


def document(record: Record, language: str) -> _Element:
    """The MD_Metadata of a record.

    Args:
        record: what to write.
        language: the document's language.
    """
    build = Builder(FORM_2003, language, record.id or record.identifier)
    parent = _parent(record)
    identification = _identification(build, record, parent)
    extent = _quality(build, record)
    properties: dict[str, Any] = {
        "fileIdentifier": record.identifier,
        "language": Code("LanguageCode", codes.bibliographic(language)) if language else None,
        "characterSet": Code("MD_CharacterSetCode", "utf8"),
        "parentIdentifier": parent.target if parent else None,
        "hierarchyLevel": Code("MD_ScopeCode", parts.scope(record)),
        # The schematron wants a name for everything but data sets.
        "hierarchyLevelName": None if record.kind == "dataset" else record.kind_label or record.kind,
        "contact": [_party(build, party) for party in record.metadata_parties] or [Missing()],
        "dateStamp": parts.moment(record.metadata_date) if record.metadata_date else Missing("unknown"),
        "metadataStandardName": "ISO 19115:2003/19139",
        "metadataStandardVersion": "1.0",
        "dataSetURI": record.landing_page,
        "referenceSystemInfo": parts.systems(
            build, record, lambda code: build.make("RS_Identifier", code=code)
        ),
        "identificationInfo": identification,
        "contentInfo": _content(build, record.variables),
        "distributionInfo": _distribution(build, record),
        "dataQualityInfo": extent,
    }
    return build.make("MD_Metadata", **properties, locale=[build.locale(code) for code in build.languages])


def _parent(record: Record) -> Relation | None:
    """The relation that parentIdentifier can carry: it has no room for a title."""
    fitting = (one for one in record.relations if one.kind == "IsPartOf" and one.target)
    return next((one for one in fitting if not one.title and not one.type and one.scheme != "doi"), None)


def _party(build: Builder, party: Party) -> _Element:
    phone = build.make("CI_Telephone", voice=party.phone) if party.phone else None
    name: Any = party.name
    organisation: Any = party.organisation
    if party.identifier and party.name:
        name = Anchor(Text.of(party.name), party.identifier)
    elif party.identifier and party.organisation:
        organisation = Anchor(party.organisation, party.identifier)
    return build.make(
        "CI_ResponsibleParty",
        individualName=name,
        organisationName=organisation,
        positionName=party.position,
        contactInfo=parts.contact(build, party, phone),
        role=Code("CI_RoleCode", party.role) if party.role else Missing(),
    )


def _identifier(build: Builder, identifier: Identifier) -> _Element:
    if identifier.scheme in ("", "doi", "uuid", "uri", "urn"):
        return build.make("MD_Identifier", code=parts.address_of(identifier))
    return build.make("RS_Identifier", code=identifier.value, codeSpace=identifier.scheme)


def _citation(build: Builder, record: Record) -> _Element:
    return build.make(
        "CI_Citation",
        title=record.title or Missing(),
        alternateTitle=list(record.alternate_titles),
        date=parts.dates(build, record),
        edition=record.version,
        identifier=[_identifier(build, one) for one in record.identifiers],
        citedResponsibleParty=[
            _party(build, one) for one in record.parties if one.role not in parts.CONTACT_ROLES
        ],
    )


def _cited(build: Builder, title: Anchor, date: str = "") -> _Element:
    """The citation of something else, which must have a date."""
    given = parts.dated(build, date) if date else Missing("unknown")
    return build.make("CI_Citation", title=title if title.text else Missing(), date=given)


def _identification(build: Builder, record: Record, parent: Relation | None) -> _Element:
    service = record.kind == "service"
    frequency = Code("MD_MaintenanceFrequencyCode", record.frequency)
    properties: dict[str, Any] = {
        "citation": _citation(build, record),
        "abstract": record.abstract or Missing(),
        "purpose": record.purpose,
        "credit": record.credit,
        "status": Code("MD_ProgressCode", record.status) if record.status else None,
        "pointOfContact": [_party(build, one) for one in record.of_role(*parts.CONTACT_ROLES)],
        "resourceMaintenance": build.make(
            "MD_MaintenanceInformation", maintenanceAndUpdateFrequency=frequency
        )
        if record.frequency
        else None,
        "graphicOverview": parts.pictures(build, record),
        "descriptiveKeywords": parts.keywords(build, record.concepts, lambda title: _cited(build, title)),
        "resourceConstraints": parts.constraints(build, record),
        "aggregationInfo": [
            _aggregate(build, one)
            for one in record.relations
            if one is not parent and not parts.operated(record, one)
        ],
        "extent": parts.extent(build, record.extent),
    }
    if service:
        return build.make("SV_ServiceIdentification", **properties, **_service(record))
    codes_of_languages = build.each("LanguageCode", map(codes.bibliographic, record.language))
    return build.make(
        "MD_DataIdentification",
        **properties,
        spatialRepresentationType=build.each("MD_SpatialRepresentationTypeCode", record.representation),
        spatialResolution=parts.resolutions(build, record.quality, angle="Distance"),
        language=codes_of_languages or [Missing("unknown")],
        topicCategory=parts.topics(record),
        supplementalInformation=record.supplement,
    )


def _service(record: Record) -> dict[str, Any]:
    return {
        "serviceType": Value("LocalName", record.service_type) if record.service_type else Missing("unknown"),
        "couplingType": Code("SV_CouplingType", "loose"),
        "containsOperations": Missing("unknown"),
        "operatesOn": [
            Reference(parts.address_of(Identifier(one.target, one.scheme)))
            for one in record.relations
            if parts.operated(record, one)
        ],
    }


def _aggregate(build: Builder, relation: Relation) -> _Element:
    target = Identifier(relation.target, relation.scheme)
    return build.make(
        "MD_AggregateInformation",
        aggregateDataSetName=_cited(build, Anchor(relation.title, "")) if relation.title else None,
        aggregateDataSetIdentifier=_identifier(build, target) if relation.target else None,
        associationType=Code("DS_AssociationTypeCode", parts.association(relation)),
        initiativeType=Code("DS_InitiativeTypeCode", relation.type.lower())
        if relation.type in ("Project", "Collection")
        else None,
    )


def _content(build: Builder, variables: tuple[Variable, ...]) -> _Element | None:
    if not variables:
        return None
    return build.make(
        "MD_CoverageDescription",
        attributeDescription=Missing("unknown"),
        contentType=Code("MD_CoverageContentTypeCode", "physicalMeasurement"),
        dimension=[_band(build, one) for one in variables],
    )


def _band(build: Builder, variable: Variable) -> _Element:
    member = build.make(
        "MemberName", aName=variable.name, attributeType=build.make("TypeName", aName=Missing("unknown"))
    )
    return build.make(
        "MD_Band",
        sequenceIdentifier=member if variable.name else None,
        descriptor=_described(variable),
        units=build.unit(variable.unit),
    )


def _described(variable: Variable) -> Text:
    """Label or description of a variable, with the standard name in the way of ncISO."""
    ending = parenthesised(variable.standard_name)
    variants = (variable.label or variable.description).variants
    if not variants:
        return Text.of(ending)
    return Text(tuple((language, words + ending) for language, words in variants))


def _distribution(build: Builder, record: Record) -> _Element | None:
    if not record.distributions:
        return None
    named = [
        build.make("MD_Format", name=name, version=Missing("unknown"))
        for name in parts.formats(record.distributions)
    ]
    options: list[_Element] = []
    for way in record.distributions:
        if way.url:
            options.append(
                build.make(
                    "MD_DigitalTransferOptions", transferSize=parts.size(way), onLine=parts.link(build, way)
                )
            )
        elif way.function == "offline":
            medium = build.make("MD_Medium", mediumNote=way.description or way.title)
            options.append(build.make("MD_DigitalTransferOptions", offLine=medium))
        elif way.size_bytes >= 0:
            options.append(build.make("MD_DigitalTransferOptions", transferSize=parts.size(way)))
    return build.make("MD_Distribution", distributionFormat=named, transferOptions=options)


def _quality(build: Builder, record: Record) -> _Element | None:
    if not (record.lineage or record.conformities):
        return None
    return build.make(
        "DQ_DataQuality",
        scope=build.make("DQ_Scope", level=Code("MD_ScopeCode", parts.scope(record))),
        report=parts.reports(build, record.conformities, lambda title, date: _cited(build, title, date)),
        lineage=build.make("LI_Lineage", statement=record.lineage) if record.lineage else None,
    )
