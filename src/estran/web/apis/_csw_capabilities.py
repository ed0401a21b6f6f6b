"""What the catalogue service says of itself: capabilities, schemas of records, OpenSearch description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.web.apis._csw_asking import OPERATIONS
from estran.web.apis._csw_fes import SPATIAL, TEMPORAL
from estran.web.apis._csw_queryables import ADDITIONAL, CORE, ISO
from estran.web.apis._csw_records import SETS, schemas
from estran.web.apis._csw_terms import (
    ATOM_XML,
    CSW,
    FES,
    GMD,
    MDB,
    OGC,
    OPENSEARCH,
    OWS,
    PATH,
    VERSIONS,
    XLINK,
    XML,
    XSD,
    XSI,
    Refused,
    Version,
    element,
    marks,
    shown,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from estran.formats import Links
    from estran.web.apis._csw_asking import Asked

__all__ = ["capabilities", "domain_of_parameter", "opensearch", "schema_components"]

# Filter Encoding 2.0 came before OWS Common 2.0.
_OWS_1_1 = "http://www.opengis.net/ows/1.1"
_SECTIONS = ("ServiceIdentification", "ServiceProvider", "OperationsMetadata", "Filter_Capabilities")
_LOCATIONS: Mapping[Version, str] = {
    "2.0.2": "http://schemas.opengis.net/csw/2.0.2/CSW-discovery.xsd",
    "3.0.0": "http://schemas.opengis.net/cat/csw/3.0/cswGetCapabilities.xsd",
}
_COMPARISONS = {
    "2.0.2": ("Between", "EqualTo", "GreaterThan", "GreaterThanEqualTo", "LessThan", "LessThanEqualTo", "Like",
              "NotEqualTo", "NullCheck"),
    "3.0.0": ("PropertyIsBetween", "PropertyIsEqualTo", "PropertyIsGreaterThan", "PropertyIsGreaterThanOrEqualTo",
              "PropertyIsLessThan", "PropertyIsLessThanOrEqualTo", "PropertyIsLike", "PropertyIsNotEqualTo",
              "PropertyIsNull"),
}  # fmt: skip
_GEOMETRIES = ("Envelope", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon")
_CLASSES = (
    "OpenSearch", "GetCapabilities-XML", "GetRecordById-XML", "GetRecords-Basic-XML", "GetRecords-Basic-KVP",
    "GetDomain-XML", "GetDomain-KVP", "Filter-CQL", "Filter-FES-KVP", "Filter-FES-KVP-Advanced", "Filter-FES-XML",
    "CoreQueryables", "CoreSortables",
)  # fmt: skip
_FES_CLASSES = {
    "ImplementsQuery": True, "ImplementsAdHocQuery": True, "ImplementsFunctions": False,
    "ImplementsResourceld": True, "ImplementsMinStandardFilter": True, "ImplementsStandardFilter": True,
    "ImplementsMinSpatialFilter": True, "ImplementsSpatialFilter": True, "ImplementsMinTemporalFilter": True,
    "ImplementsTemporalFilter": True, "ImplementsVersionNav": False, "ImplementsSorting": True,
    "ImplementsExtendedOperators": False, "ImplementsMinimumXPath": True, "ImplementsSchemaElementFunc": False,
}  # fmt: skip
# Where the XML Schemas of what is answered stand.
_SCHEMAS: Mapping[str, str] = {
    CSW["2.0.2"]: "http://schemas.opengis.net/csw/2.0.2/record.xsd",
    GMD: "http://www.isotc211.org/2005/gmd/gmd.xsd",
    MDB: "http://standards.iso.org/iso/19115/-3/mdb/2.0/mdb.xsd",
}
# It has been called by all of these.
_LANGUAGES = (
    "",
    XSD,
    f"{XSD}.xsd",
    "http://www.w3.org/XML/Schema",
    "http://www.w3.org/TR/xmlschema-1/",
    "XMLSCHEMA",
)
_ROOTS = {
    "Record": CSW["2.0.2"],
    "BriefRecord": CSW["2.0.2"],
    "SummaryRecord": CSW["2.0.2"],
    "MD_Metadata": GMD,
}


def capabilities(asked: Asked, links: Links, title: str, email: str, revision: int) -> str:
    """The capabilities, or the sections of them that are wanted.

    Args:
        asked: the request.
        links: the addresses of the node.
        title: its name.
        email: of its operator, "" where none is told.
        revision: the update sequence.

    Raises:
        Refused: the client knows a later update sequence than there is.
        Invalid: there is no such section.
    """
    version = asked.version
    opening = (
        f'<csw:Capabilities xmlns:csw="{CSW[version]}" xmlns:ows="{OWS[version]}" xmlns:xlink="{XLINK}" '
        f'xmlns:xsi="{XSI}" xmlns:ogc="{OGC}" xmlns:fes="{FES}" xmlns:gml="{_gml(version)}" version="{version}" '
        f'updateSequence="{revision}" xsi:schemaLocation="{CSW[version]} {_LOCATIONS[version]}">'
    )
    known = asked.one("updateSequence")
    wanted = {} if known and _is_current(known, revision) else _wanted(asked.each("sections"))
    body = ""
    if "ServiceIdentification" in wanted:
        body += _identification(title)
    if "ServiceProvider" in wanted:
        body += _provider(title, links.base, email)
    if "OperationsMetadata" in wanted:
        body += _operations(version, f"{links.base}{PATH}")
    # Without it, 2.0.2 has no valid capabilities.
    if "Filter_Capabilities" in wanted or version == "2.0.2":
        body += _filters_2_0_2() if version == "2.0.2" else _filters_3_0_0()
    return f"{opening}{body}</csw:Capabilities>"


def _gml(version: Version) -> str:
    return "http://www.opengis.net/gml" if version == "2.0.2" else "http://www.opengis.net/gml/3.2"


def _is_current(known: str, revision: int) -> bool:
    if not (known.isascii() and known.isdigit()) or len(known) > 18 or int(known) > revision:  # noqa: PLR2004
        raise Refused(
            "InvalidUpdateSequence",
            "updateSequence",
            f"the update sequence is {revision}, not “{shown(known)}”",
        )
    return int(known) == revision


def _wanted(sections: Iterable[str]) -> dict[str, None]:
    given = dict.fromkeys(sections)
    if not given or "All" in given:
        return dict.fromkeys(_SECTIONS)
    for name in given:
        if name not in _SECTIONS:
            raise Invalid(
                f"there is no section “{shown(name)}”; sections: {', '.join(_SECTIONS)}, All", "sections"
            )
    return given


def _identification(title: str) -> str:
    about = "Metadata of Earth-system data: find, read and harvest them."
    return (
        f"<ows:ServiceIdentification>{element('ows:Title', title)}{element('ows:Abstract', about)}"
        "<ows:Keywords><ows:Keyword>catalogue</ows:Keyword><ows:Keyword>metadata</ows:Keyword></ows:Keywords>"
        '<ows:ServiceType codeSpace="OGC">CSW</ows:ServiceType>'
        + "".join(element("ows:ServiceTypeVersion", version) for version in VERSIONS)
        + "<ows:Fees>NONE</ows:Fees><ows:AccessConstraints>NONE</ows:AccessConstraints></ows:ServiceIdentification>"
    )


def _provider(title: str, site: str, email: str) -> str:
    address = f"<ows:Address>{element('ows:ElectronicMailAddress', email)}</ows:Address>" if email else ""
    contact = f"<ows:ContactInfo>{address}</ows:ContactInfo>" if address else ""
    return (
        f"<ows:ServiceProvider>{element('ows:ProviderName', title)}"
        f"<ows:ProviderSite{marks({'xlink:type': 'simple', 'xlink:href': site})}/>"
        f"<ows:ServiceContact>{contact}</ows:ServiceContact></ows:ServiceProvider>"
    )


def _operations(version: Version, address: str) -> str:
    made = ""
    for name, versions in OPERATIONS.items():
        if version not in versions:
            continue
        ways = "".join(
            f"<ows:{way}{marks({'xlink:type': 'simple', 'xlink:href': address})}/>" for way in ("Get", "Post")
        )
        parameters = "".join(
            _listed("Parameter", parameter.partition(".")[2], values, version)
            for parameter, values in _parameters(version).items()
            if parameter.startswith(f"{name}.")
        )
        constraints = ""
        if name == "GetRecords":
            constraints = _listed("Constraint", "SupportedDublinCoreQueryables", CORE, version)
            constraints += _listed("Constraint", "SupportedISOQueryables", ISO, version)
            constraints += _listed("Constraint", "AdditionalQueryables", ADDITIONAL, version)
        made += (
            f'<ows:Operation name="{name}"><ows:DCP><ows:HTTP>{ways}</ows:HTTP></ows:DCP>'
            f"{parameters}{constraints}</ows:Operation>"
        )
    made += _listed("Parameter", "service", ("CSW",), version) + _listed(
        "Parameter", "version", VERSIONS, version
    )
    made += _listed("Constraint", "PostEncoding", ("XML",), version)
    if version == "3.0.0":
        made += _listed("Constraint", "CoreQueryables", CORE, version)
        made += _listed("Constraint", "OpenSearchDescriptionDocument", (_description(address),), version)
        made += _listed("Constraint", "MaxRecordDefault", ("10",), version)
        for name in _CLASSES:
            made += _listed(
                "Constraint", f"http://www.opengis.net/spec/csw/3.0/conf/{name}", ("TRUE",), version
            )
    return f"<ows:OperationsMetadata>{made}</ows:OperationsMetadata>"


def _parameters(version: Version) -> dict[str, tuple[str, ...]]:
    """What parameters take, by ``Operation.parameter``."""
    atom = (ATOM_XML,) if version == "3.0.0" else ()
    types = ("csw:Record", "gmd:MD_Metadata", "mdb:MD_Metadata")
    made: dict[str, tuple[str, ...]] = {
        "GetCapabilities.sections": _SECTIONS,
        "GetCapabilities.AcceptVersions": VERSIONS,
        "GetCapabilities.AcceptFormats": (XML, OPENSEARCH) if version == "3.0.0" else (XML,),
        "GetRecords.typeNames": types,
        "GetRecords.outputFormat": (XML, *atom),
        "GetRecords.outputSchema": schemas(version),
        "GetRecords.resultType": ("hits", "results", "validate"),
        "GetRecords.ElementSetName": SETS,
        "GetRecords.CONSTRAINTLANGUAGE": ("CQL_TEXT", "FILTER"),
        "GetRecordById.outputFormat": (XML, *atom),
        "GetRecordById.outputSchema": schemas(version),
        "GetRecordById.ElementSetName": SETS,
    }
    if version == "2.0.2":
        made |= {
            "DescribeRecord.typeName": types,
            "DescribeRecord.outputFormat": (XML,),
            "DescribeRecord.schemaLanguage": (XSD,),
        }
    return made


def domain_of_parameter(name: str, version: Version) -> tuple[str, ...]:
    """The values of a parameter, such as ``GetRecords.outputSchema``.

    Raises:
        Invalid: there is no such parameter.
    """
    for known, values in _parameters(version).items():
        if known.lower() == name.lower():
            return values
    raise Invalid(
        f"there is no parameter “{shown(name)}”; there are {', '.join(_parameters(version))}", "ParameterName"
    )


def _listed(kind: str, name: str, values: Iterable[str], version: Version) -> str:
    held = "".join(element("ows:Value", value) for value in values)
    if version == "3.0.0":
        held = f"<ows:AllowedValues>{held}</ows:AllowedValues>"
    return f'<ows:{kind} name="{words(name)}">{held}</ows:{kind}>'


def _filters_2_0_2() -> str:
    return (
        "<ogc:Filter_Capabilities><ogc:Spatial_Capabilities><ogc:GeometryOperands>"
        + "".join(element("ogc:GeometryOperand", f"gml:{name}") for name in _GEOMETRIES[:4])
        + "</ogc:GeometryOperands><ogc:SpatialOperators>"
        + "".join(f'<ogc:SpatialOperator name="{name}"/>' for name in SPATIAL)
        + "</ogc:SpatialOperators></ogc:Spatial_Capabilities><ogc:Scalar_Capabilities><ogc:LogicalOperators/>"
        "<ogc:ComparisonOperators>"
        + "".join(element("ogc:ComparisonOperator", name) for name in _COMPARISONS["2.0.2"])
        + "</ogc:ComparisonOperators></ogc:Scalar_Capabilities><ogc:Id_Capabilities><ogc:FID/></ogc:Id_Capabilities>"
        "</ogc:Filter_Capabilities>"
    )


def _filters_3_0_0() -> str:
    return (
        f'<fes:Filter_Capabilities xmlns:ows11="{_OWS_1_1}"><fes:Conformance>'
        + "".join(
            f'<fes:Constraint name="{name}"><ows11:NoValues/><ows11:DefaultValue>{str(held).upper()}</ows11:DefaultValue>'
            "</fes:Constraint>"
            for name, held in _FES_CLASSES.items()
        )
        + '</fes:Conformance><fes:Id_Capabilities><fes:ResourceIdentifier name="csw:id"/></fes:Id_Capabilities>'
        "<fes:Scalar_Capabilities><fes:LogicalOperators/><fes:ComparisonOperators>"
        + "".join(f'<fes:ComparisonOperator name="{name}"/>' for name in _COMPARISONS["3.0.0"])
        + "</fes:ComparisonOperators></fes:Scalar_Capabilities><fes:Spatial_Capabilities><fes:GeometryOperands>"
        + "".join(f'<fes:GeometryOperand name="gml:{name}"/>' for name in _GEOMETRIES)
        + "</fes:GeometryOperands><fes:SpatialOperators>"
        + "".join(f'<fes:SpatialOperator name="{name}"/>' for name in SPATIAL)
        + "</fes:SpatialOperators></fes:Spatial_Capabilities><fes:Temporal_Capabilities><fes:TemporalOperands>"
        '<fes:TemporalOperand name="gml:TimePeriod"/><fes:TemporalOperand name="gml:TimeInstant"/>'
        "</fes:TemporalOperands><fes:TemporalOperators>"
        + "".join(f'<fes:TemporalOperator name="{name}"/>' for name in TEMPORAL if name != "AnyInteracts")
        + "</fes:TemporalOperators></fes:Temporal_Capabilities></fes:Filter_Capabilities>"
    )


def _description(address: str) -> str:
    return f"{address}?service=CSW&request=GetCapabilities&acceptVersions=3.0.0&acceptFormats={OPENSEARCH}"


def opensearch(links: Links, title: str) -> str:
    """The OpenSearch description of the records."""
    query = (
        "service=CSW&version=3.0.0&request=GetRecords&elementSetName=full&outputFormat={}&q={{searchTerms?}}"
        "&bbox={{geo:box?}}&time={{time:start?}}/{{time:end?}}&recordIds={{geo:uid?}}"
        "&startPosition={{startIndex?}}&maxRecords={{count?}}"
    )
    kinds = {ATOM_XML: "application%2Fatom%2Bxml", XML: "application%2Fxml"}
    return (
        '<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/" '
        'xmlns:geo="http://a9.com/-/opensearch/extensions/geo/1.0/" '
        'xmlns:time="http://a9.com/-/opensearch/extensions/time/1.0/">'
        + element("ShortName", title[:16])
        + element("LongName", title[:48])
        + element("Description", "Metadata of Earth-system data.")
        + "".join(
            f"<Url{marks({'type': kind, 'template': f'{links.base}{PATH}?{query.format(coded)}'})}/>"
            for kind, coded in kinds.items()
        )
        + '<Query role="example" searchTerms="temperature"/></OpenSearchDescription>'
    )


def schema_components(asked: Asked) -> str:
    """The schemas of records: each refers to where the standard publishes it.

    Raises:
        Invalid: of what is not answered here, or in another language than XML Schema.
    """
    language = asked.one("schemaLanguage")
    if language not in _LANGUAGES:
        raise Invalid(f"schemas are in {XSD} only", "schemaLanguage")
    spaces: dict[str, None] = {}
    for name in asked.each("typeNames") or asked.each("typeName"):
        prefix, _, root = name.rpartition(":")
        if root not in _ROOTS:
            raise Invalid(
                f"there is no type “{shown(name)}”; types: csw:Record, gmd:MD_Metadata, mdb:MD_Metadata",
                "typeName",
            )
        spaces[MDB if prefix == "mdb" else _ROOTS[root]] = None
    parts = "".join(
        f'<csw:SchemaComponent targetNamespace="{space}" schemaLanguage="{XSD}"><xs:schema xmlns:xs="{XSD}" '
        f'elementFormDefault="qualified"><xs:import namespace="{space}" schemaLocation="{_SCHEMAS[space]}"/>'
        "</xs:schema></csw:SchemaComponent>"
        for space in spaces or _SCHEMAS
    )
    return f'<csw:DescribeRecordResponse xmlns:csw="{CSW["2.0.2"]}">{parts}</csw:DescribeRecordResponse>'
