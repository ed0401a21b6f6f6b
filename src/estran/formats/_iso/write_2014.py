"""A record as ISO 19115-3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.formats._iso import parts
from estran.formats._iso.build import Anchor, Builder, Code, Missing, Reference, Value
from estran.formats._iso.content import names_standard
from estran.formats._iso.forms import FORM_2014
from estran.model import Identifier, Text

if TYPE_CHECKING:
    from lxml.etree import _Element

    from estran.model import Distribution, Party, Record, Relation, Variable

__all__ = ["document"]

_CF = "http://vocab.nerc.ac.uk/standard_name/"


def document(record: Record, language: str) -> _Element:
    """The MD_Metadata of a record.

    Args:
        record: what to write.
        language: the document's language.
    """
    build = Builder(FORM_2014, language, record.id or record.identifier)
    identification = _identification(build, record)
    scope = Code("MD_ScopeCode", parts.scope(record))
    name = None if record.kind == "dataset" else record.kind_label or record.kind
    parent = _parent(record)
    properties: dict[str, Any] = {
        "metadataIdentifier": build.make("MD_Identifier", code=record.identifier)
        if record.identifier
        else None,
        "defaultLocale": build.locale(language) if language else None,
        "parentMetadata": _resource(build, parent) if parent else None,
        "metadataScope": build.make("MD_MetadataScope", resourceScope=scope, name=name),
        "contact": [_party(build, party) for party in record.metadata_parties] or [Missing()],
        "dateInfo": parts.dated(build, record.metadata_date, "revision")
        if record.metadata_date
        else Missing("unknown"),
        "metadataStandard": _cited(build, Anchor(Text.of("ISO 19115-3"), "")),
        "referenceSystemInfo": parts.systems(
            build, record, lambda code: build.make("MD_Identifier", code=code)
        ),
        "identificationInfo": identification,
        "contentInfo": _content(build, record.variables),
        "distributionInfo": _distribution(build, record.distributions),
        "dataQualityInfo": _quality(build, record, scope),
        "resourceLineage": _lineage(build, record, scope),
    }
    return build.make(
        "MD_Metadata",
        **properties,
        otherLocale=[build.locale(code) for code in build.languages if code != language],
    )


def _parent(record: Record) -> Relation | None:
    fitting = (one for one in record.relations if one.kind == "IsPartOf" and one.target and not one.type)
    return next(fitting, None)


def _party(build: Builder, party: Party) -> _Element:
    phone = None
    if party.phone:
        phone = build.make(
            "CI_Telephone", number=party.phone, numberType=Code("CI_TelephoneTypeCode", "voice")
        )
    contact = parts.contact(build, party, phone)
    named = build.make("MD_Identifier", code=party.identifier) if party.identifier else None
    person = None
    if party.name or party.position:
        person = build.make(
            "CI_Individual",
            name=party.name,
            contactInfo=contact,
            partyIdentifier=named,
            positionName=party.position,
        )
        if not party.organisation:
            return build.make("CI_Responsibility", role=_role(party), party=person)
        contact = named = None
    whole = build.make(
        "CI_Organisation",
        name=party.organisation,
        contactInfo=contact,
        partyIdentifier=named,
        individual=person,
    )
    return build.make("CI_Responsibility", role=_role(party), party=whole)


def _role(party: Party) -> Any:
    return Code("CI_RoleCode", party.role) if party.role else Missing()


def _identifier(build: Builder, identifier: Identifier) -> _Element:
    plain = identifier.scheme in ("", "doi", "uuid", "uri", "urn")
    code = parts.address_of(identifier) if plain else identifier.value
    return build.make("MD_Identifier", code=code, codeSpace="" if plain else identifier.scheme)


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
        onlineResource=parts.online(build, record.landing_page) if record.landing_page else None,
    )


def _cited(build: Builder, title: Anchor, date: str = "") -> _Element:
    given = parts.dated(build, date) if date else None
    return build.make("CI_Citation", title=title if title.text else Missing(), date=given)


def _resource(build: Builder, relation: Relation) -> _Element:
    """The citation of another resource."""
    target = Identifier(relation.target, relation.scheme)
    return build.make(
        "CI_Citation",
        title=relation.title or Missing(),
        identifier=_identifier(build, target) if relation.target else None,
    )


def _identification(build: Builder, record: Record) -> _Element:
    frequency = Code("MD_MaintenanceFrequencyCode", record.frequency)
    parent = _parent(record)
    properties: dict[str, Any] = {
        "citation": _citation(build, record),
        "abstract": record.abstract or Missing(),
        "purpose": record.purpose,
        "credit": record.credit,
        "status": Code("MD_ProgressCode", record.status) if record.status else None,
        "pointOfContact": [_party(build, one) for one in record.of_role(*parts.CONTACT_ROLES)],
        "spatialRepresentationType": build.each("MD_SpatialRepresentationTypeCode", record.representation),
        "spatialResolution": parts.resolutions(build, record.quality, angle="Angle"),
        "temporalResolution": Value("TM_PeriodDuration", record.quality.step)
        if record.quality.step
        else None,
        "topicCategory": parts.topics(record),
        "extent": parts.extent(build, record.extent),
        "resourceMaintenance": build.make(
            "MD_MaintenanceInformation", maintenanceAndUpdateFrequency=frequency
        )
        if record.frequency
        else None,
        "graphicOverview": parts.pictures(build, record),
        "descriptiveKeywords": parts.keywords(build, record.concepts, lambda title: _cited(build, title)),
        "resourceConstraints": parts.constraints(build, record),
        "associatedResource": [
            _associated(build, one)
            for one in record.relations
            if one is not parent and not parts.operated(record, one)
        ],
    }
    if record.kind == "service":
        return build.make(
            "SV_ServiceIdentification",
            **properties,
            serviceType=Value("ScopedName", record.service_type)
            if record.service_type
            else Missing("unknown"),
            couplingType=Code("SV_CouplingType", "loose"),
            operatesOn=[
                Reference(parts.address_of(Identifier(one.target, one.scheme)))
                for one in record.relations
                if parts.operated(record, one)
            ],
        )
    locales = [build.locale(code) for code in record.language]
    for locale in locales:
        # Identifiers of elements are the document's; those of texts are taken already.
        del locale.attrib["id"]
    return build.make(
        "MD_DataIdentification",
        **properties,
        defaultLocale=locales[:1],
        otherLocale=locales[1:],
        supplementalInformation=record.supplement,
    )


def _associated(build: Builder, relation: Relation) -> _Element:
    return build.make(
        "MD_AssociatedResource",
        name=_resource(build, relation),
        associationType=Code("DS_AssociationTypeCode", parts.association(relation)),
        initiativeType=Code("DS_InitiativeTypeCode", relation.type.lower())
        if relation.type in ("Project", "Collection")
        else None,
    )


def _content(build: Builder, variables: tuple[Variable, ...]) -> _Element | None:
    if not variables:
        return None
    group = build.make(
        "MD_AttributeGroup",
        contentType=Code("MD_CoverageContentTypeCode", "physicalMeasurement"),
        attribute=[_dimension(build, one) for one in variables],
    )
    return build.make("MD_CoverageDescription", attributeDescription=Missing("unknown"), attributeGroup=group)


def _dimension(build: Builder, variable: Variable) -> _Element:
    names: list[_Element] = []
    # The address of a standard name goes with it; on another name it would make that the standard one.
    standard = names_standard(variable.uri)
    own, other = ("", variable.uri) if standard else (variable.uri, "")
    if variable.name or own or variable.label:
        code = Anchor(Text.of(variable.name), own) if variable.name else Reference(own) if own else Missing()
        names.append(build.make("MD_Identifier", code=code, description=variable.label))
    if variable.standard_name:
        code = Anchor(Text.of(variable.standard_name), other)
        names.append(build.make("MD_Identifier", code=code, codeSpace=_CF))
    return build.make(
        "MD_SampleDimension", description=variable.description, name=names, units=build.unit(variable.unit)
    )


def _distribution(build: Builder, ways: tuple[Distribution, ...]) -> _Element | None:
    if not ways:
        return None
    options: list[_Element] = []
    for way in ways:
        offline = not way.url and way.function == "offline"
        named = way.format if way.url or offline else ""
        if not (way.url or offline or way.size_bytes >= 0):
            continue
        medium = None
        if offline:
            name = _cited(build, Anchor(way.title, ""))
            medium = build.make("MD_Medium", name=name, mediumNote=way.description)
        options.append(
            build.make(
                "MD_DigitalTransferOptions",
                transferSize=parts.size(way),
                onLine=parts.link(build, way) if way.url else None,
                offLine=medium,
                distributionFormat=_format(build, named) if named else None,
            )
        )
    alone = parts.formats(way for way in ways if not way.url and way.function != "offline")
    return build.make(
        "MD_Distribution",
        distributionFormat=[_format(build, name) for name in alone],
        transferOptions=options,
    )


def _format(build: Builder, name: str) -> _Element:
    return build.make("MD_Format", formatSpecificationCitation=_cited(build, Anchor(Text.of(name), "")))


def _quality(build: Builder, record: Record, level: Code) -> _Element | None:
    if not record.conformities:
        return None
    return build.make(
        "DQ_DataQuality",
        scope=build.make("MD_Scope", level=level),
        report=parts.reports(build, record.conformities, lambda title, date: _cited(build, title, date)),
    )


def _lineage(build: Builder, record: Record, level: Code) -> _Element | None:
    if not record.lineage:
        return None
    return build.make("LI_Lineage", statement=record.lineage, scope=build.make("MD_Scope", level=level))
