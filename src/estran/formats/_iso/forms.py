"""The two XML forms of ISO 19115: namespaces and the order of elements, as their schemas demand."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FORM_2003", "FORM_2014", "Form"]

_EXTENT = {
    "EX_Extent": "description geographicElement temporalElement verticalElement",
    "EX_GeographicBoundingBox": (
        "extentTypeCode westBoundLongitude eastBoundLongitude southBoundLatitude northBoundLatitude"
    ),
    "EX_BoundingPolygon": "extentTypeCode polygon",
    "EX_GeographicDescription": "extentTypeCode geographicIdentifier",
    "EX_TemporalExtent": "extent",
    "EX_VerticalExtent": "minimumValue maximumValue verticalCRS",
}
_COMMON = _EXTENT | {
    "CI_Contact": "phone address onlineResource",
    "CI_Address": "deliveryPoint city administrativeArea postalCode country electronicMailAddress",
    "CI_Date": "date dateType",
    "MD_Keywords": "keyword type thesaurusName",
    "MD_Resolution": "equivalentScale distance angularDistance",
    "MD_RepresentativeFraction": "denominator",
    "MD_MaintenanceInformation": "maintenanceAndUpdateFrequency",
    "MD_ReferenceSystem": "referenceSystemIdentifier",
    "MD_Constraints": "useLimitation",
    "MD_LegalConstraints": "useLimitation accessConstraints useConstraints otherConstraints",
    "MD_SecurityConstraints": "classification userNote",
    "MD_BrowseGraphic": "fileName fileDescription fileType",
    "MD_Distribution": "distributionFormat distributor transferOptions",
    "DQ_DomainConsistency": "result",
    "DQ_ConformanceResult": "specification explanation pass",
    "MemberName": "aName attributeType",
    "TypeName": "aName",
}
_IDENTIFICATION_2003 = (
    "citation abstract purpose credit status pointOfContact resourceMaintenance graphicOverview "
    "resourceFormat descriptiveKeywords resourceConstraints aggregationInfo"
)
_IDENTIFICATION_2014 = (
    "citation abstract purpose credit status pointOfContact spatialRepresentationType spatialResolution "
    "temporalResolution topicCategory extent additionalDocumentation resourceMaintenance graphicOverview "
    "resourceFormat descriptiveKeywords resourceConstraints associatedResource"
)

_ORDER_2003 = _COMMON | {
    "MD_Metadata": (
        "fileIdentifier language characterSet parentIdentifier hierarchyLevel hierarchyLevelName contact "
        "dateStamp metadataStandardName metadataStandardVersion dataSetURI locale referenceSystemInfo "
        "identificationInfo contentInfo distributionInfo dataQualityInfo"
    ),
    "PT_Locale": "languageCode characterEncoding",
    "CI_ResponsibleParty": "individualName organisationName positionName contactInfo role",
    "CI_Telephone": "voice",
    "CI_OnlineResource": "linkage protocol applicationProfile name description function",
    "CI_Citation": "title alternateTitle date edition identifier citedResponsibleParty",
    "MD_Identifier": "code",
    "RS_Identifier": "code codeSpace",
    "MD_DataIdentification": (
        f"{_IDENTIFICATION_2003} spatialRepresentationType spatialResolution language characterSet "
        "topicCategory extent supplementalInformation"
    ),
    "SV_ServiceIdentification": (
        f"{_IDENTIFICATION_2003} serviceType extent couplingType containsOperations operatesOn"
    ),
    "MD_AggregateInformation": (
        "aggregateDataSetName aggregateDataSetIdentifier associationType initiativeType"
    ),
    "MD_Format": "name version",
    "MD_DigitalTransferOptions": "transferSize onLine offLine",
    "MD_Medium": "name mediumNote",
    "DQ_DataQuality": "scope report lineage",
    "DQ_Scope": "level",
    "LI_Lineage": "statement",
    "MD_CoverageDescription": "attributeDescription contentType dimension",
    "MD_Band": "sequenceIdentifier descriptor units",
}
_ORDER_2014 = _COMMON | {
    "MD_Metadata": (
        "metadataIdentifier defaultLocale parentMetadata metadataScope contact dateInfo metadataStandard "
        "otherLocale metadataLinkage referenceSystemInfo identificationInfo contentInfo distributionInfo "
        "dataQualityInfo resourceLineage"
    ),
    "MD_MetadataScope": "resourceScope name",
    "PT_Locale": "language characterEncoding",
    "CI_Responsibility": "role party",
    "CI_Organisation": "name contactInfo partyIdentifier individual",
    "CI_Individual": "name contactInfo partyIdentifier positionName",
    "CI_Telephone": "number numberType",
    "CI_OnlineResource": "linkage protocol applicationProfile name description function",
    "CI_Citation": "title alternateTitle date edition identifier citedResponsibleParty onlineResource",
    "MD_Identifier": "code codeSpace description",
    "MD_DataIdentification": f"{_IDENTIFICATION_2014} defaultLocale otherLocale supplementalInformation",
    "SV_ServiceIdentification": f"{_IDENTIFICATION_2014} serviceType couplingType operatesOn",
    "MD_AssociatedResource": "name associationType initiativeType",
    "MD_Format": "formatSpecificationCitation",
    "MD_DigitalTransferOptions": "transferSize onLine offLine distributionFormat",
    "MD_Medium": "name mediumNote",
    "DQ_DataQuality": "scope report",
    "MD_Scope": "level",
    "LI_Lineage": "statement scope",
    "MD_CoverageDescription": "attributeDescription attributeGroup",
    "MD_AttributeGroup": "contentType attribute",
    "MD_SampleDimension": "sequenceIdentifier description name units",
}

_GCO = (
    "CharacterString Date DateTime Decimal Real Integer Boolean Distance Angle LocalName ScopedName "
    "MemberName TypeName TM_PeriodDuration"
)
_GML = "http://www.opengis.net/gml/3.2"
_ISO = "http://standards.iso.org/iso/19115/-3"
_OF_SERVICE = frozenset({"serviceType", "couplingType", "containsOperations", "operatesOn"})
_EVERYWHERE = {
    "gml": _GML,
    "xlink": "http://www.w3.org/1999/xlink",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}


@dataclass(frozen=True, slots=True)
class Form:
    """One XML form of the standard.

    Attributes:
        spaces: namespaces by prefix.
        prefixes: the prefix of each class that has not the default one.
        default: the prefix of all others.
        inherited: the prefix of the properties that SV_ServiceIdentification has from its parent.
        of_service: those that are its own.
        order: properties of each class, in the order of its schema.
        codelists: address of the code lists.
    """

    spaces: dict[str, str]
    prefixes: dict[str, str]
    default: str
    inherited: str
    of_service: frozenset[str]
    order: dict[str, tuple[str, ...]]
    codelists: str

    def tag(self, name: str) -> str:
        """The full name of a class."""
        return f"{{{self.spaces[self.prefix(name)]}}}{name}"

    def prefix(self, name: str) -> str:
        """The prefix of a class."""
        return self.prefixes.get(name, self.default)

    def member(self, owner: str, name: str) -> str:
        """The full name of a property of a class."""
        prefix = self.prefix(owner)
        if owner == "SV_ServiceIdentification" and name not in self.of_service:
            prefix = self.inherited
        return f"{{{self.spaces[prefix]}}}{name}"


def _prefixes(**classes: str) -> dict[str, str]:
    return {name: prefix for prefix, names in classes.items() for name in names.split()}


def _ordered(order: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(properties.split()) for name, properties in order.items()}


FORM_2003 = Form(
    spaces={
        "gmd": "http://www.isotc211.org/2005/gmd",
        "gco": "http://www.isotc211.org/2005/gco",
        "gmx": "http://www.isotc211.org/2005/gmx",
        "srv": "http://www.isotc211.org/2005/srv",
    }
    | _EVERYWHERE,
    prefixes=_prefixes(gco=_GCO, gmx="Anchor", srv="SV_ServiceIdentification SV_CouplingType"),
    default="gmd",
    inherited="gmd",
    of_service=_OF_SERVICE | {"extent"},
    order=_ordered(_ORDER_2003),
    codelists="http://standards.iso.org/iso/19139/resources/gmxCodelists.xml#",
)
FORM_2014 = Form(
    spaces={
        "mdb": f"{_ISO}/mdb/2.0",
        "cit": f"{_ISO}/cit/2.0",
        "gco": f"{_ISO}/gco/1.0",
        "gcx": f"{_ISO}/gcx/1.0",
        "gex": f"{_ISO}/gex/1.0",
        "lan": f"{_ISO}/lan/1.0",
        "mcc": f"{_ISO}/mcc/1.0",
        "mco": f"{_ISO}/mco/1.0",
        "mdq": "http://standards.iso.org/iso/19157/-2/mdq/1.0",
        "mmi": f"{_ISO}/mmi/1.0",
        "mrc": f"{_ISO}/mrc/2.0",
        "mrd": f"{_ISO}/mrd/1.0",
        "mri": f"{_ISO}/mri/1.0",
        "mrl": f"{_ISO}/mrl/2.0",
        "mrs": f"{_ISO}/mrs/1.0",
        "srv": f"{_ISO}/srv/2.0",
    }
    | _EVERYWHERE,
    prefixes=_prefixes(
        gco=_GCO,
        gcx="Anchor",
        mdb="MD_Metadata MD_MetadataScope",
        cit=(
            "CI_Citation CI_Date CI_DateTypeCode CI_Responsibility CI_RoleCode CI_Organisation CI_Individual "
            "CI_Contact CI_Telephone CI_TelephoneTypeCode CI_Address CI_OnlineResource CI_OnLineFunctionCode"
        ),
        gex=" ".join(_EXTENT),
        lan="PT_Locale PT_FreeText LocalisedCharacterString LanguageCode MD_CharacterSetCode",
        mcc=(
            "MD_Identifier MD_Scope MD_ScopeCode MD_ProgressCode MD_SpatialRepresentationTypeCode "
            "MD_BrowseGraphic"
        ),
        mco=(
            "MD_Constraints MD_LegalConstraints MD_SecurityConstraints MD_RestrictionCode "
            "MD_ClassificationCode"
        ),
        mdq="DQ_DataQuality DQ_DomainConsistency DQ_ConformanceResult",
        mmi="MD_MaintenanceInformation MD_MaintenanceFrequencyCode",
        mrc="MD_CoverageDescription MD_CoverageContentTypeCode MD_AttributeGroup MD_SampleDimension",
        mrd="MD_Distribution MD_Format MD_DigitalTransferOptions MD_Medium",
        mrl="LI_Lineage",
        mrs="MD_ReferenceSystem",
        srv="SV_ServiceIdentification SV_CouplingType",
    ),
    default="mri",
    inherited="mri",
    of_service=_OF_SERVICE,
    order=_ordered(_ORDER_2014),
    codelists="http://standards.iso.org/iso/19115/resources/Codelists/cat/codelists.xml#",
)
