"""The words of DCAT's controlled vocabularies and those of the pivot, side by side.

Addresses of the Publications Office of the European Union, INSPIRE, OGC, IANA, Dublin Core and COAR; each
table serves reading and writing. What has no row is kept as it came.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from estran.formats._rdf import tail

__all__ = [
    "CRS_TYPE", "DCMI_TYPES", "DEGREES", "EU", "INSPIRE", "KIND_OF", "METRICS", "RELATIONS", "RESOURCE_TYPES",
    "RESTRICTIONS", "SERVICE_TYPES", "THEMES", "access", "access_uri", "crs", "crs_uri", "file_type",
    "file_type_uri", "frequency", "frequency_uri", "function", "function_uri", "iso_uri", "media_type",
    "media_type_uri", "protocol", "protocol_uri", "relation", "relation_uri", "representation",
    "representation_uri", "role", "role_uri", "status", "status_uri",
]  # fmt: skip

EU = "http://publications.europa.eu/resource/authority/"
INSPIRE = "http://inspire.ec.europa.eu/metadata-codelist/"
_ISO = "http://standards.iso.org/iso/19115/resources/Codelists/cat/codelists.xml#"
_IANA = "https://www.iana.org/assignments/media-types/"
CRS_TYPE = "http://inspire.ec.europa.eu/glossary/SpatialReferenceSystem"
_REPRESENTATION = f"{INSPIRE}SpatialRepresentationType/"
_DATACITE = "http://purl.org/datacite/v4.4/"
_COAR = "http://purl.org/coar/access_right/"


def _pairs(table: str) -> dict[str, str]:
    return {left: right for left, _, right in (pair.partition(":") for pair in table.split())}


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


def _turned(table: dict[str, str]) -> dict[str, str]:
    return {right: left for left, right in table.items()}


def _quoted(code: str) -> str:
    return quote(code, errors="replace")


def _plain(words: str) -> str:
    """A code as people write it: the last part of an address, without case and marks."""
    return re.sub(r"[\W_]", "", tail(words.strip()) if "://" in words else words).lower()


_FREQUENCIES = _pairs("""
continual:UPDATE_CONT daily:DAILY weekly:WEEKLY fortnightly:BIWEEKLY semimonthly:MONTHLY_2 monthly:MONTHLY
quarterly:QUARTERLY biannually:ANNUAL_2 annually:ANNUAL biennially:BIENNIAL asNeeded:AS_NEEDED irregular:IRREG
notPlanned:NOT_PLANNED unknown:UNKNOWN periodic:OTHER
""")
_FREQUENCY_ALSO = _pairs("""
cont:continual continuous:continual continually:continual hourly:periodic bihourly:periodic trihourly:periodic
12hrs:periodic daily2:periodic weekly2:periodic weekly3:periodic semiweekly:periodic threetimesaweek:periodic
monthly3:periodic bimonthly:periodic threetimesamonth:periodic annual3:periodic threetimesayear:periodic
triennial:periodic quadrennial:periodic quinquennial:periodic decennial:periodic bidecennial:periodic
tridecennial:periodic never:notPlanned annual:annually yearly:annually year:annually semiannual:biannually
biannual:biannually biennial:biennially asneeded:asNeeded notplanned:notPlanned irreg:irregular biweekly:fortnightly
rp1d:daily rp1w:weekly rp7d:weekly rp2w:fortnightly rp05m:semimonthly rp1m:monthly rp3m:quarterly rp6m:biannually
rp05y:biannually rp1y:annually rp2y:biennially rpt1s:continual rpt1h:periodic null: ukn:unknown
""")
_FREQUENCY_OF = (
    {_plain(eu): iso for iso, eu in _FREQUENCIES.items()}
    | {_plain(iso): iso for iso in _FREQUENCIES}
    | _FREQUENCY_ALSO
)


def frequency(words: str) -> str:
    """The ISO 19115-1 code of a frequency, given by an address or in words; the words where none fits."""
    return _FREQUENCY_OF.get(_plain(words), "" if "://" in words else words)


def frequency_uri(code: str) -> str:
    """The address of a frequency, "" for one that the EU does not list."""
    return f"{EU}frequency/{_FREQUENCIES[code]}" if code in _FREQUENCIES else ""


_ACCESS = {
    "open": f"{EU}access-right/PUBLIC",
    "restricted": f"{EU}access-right/RESTRICTED",
    "closed": f"{EU}access-right/NON_PUBLIC",
    "embargoed": f"{_COAR}c_f1cf",
}
_ACCESS_OF = _pairs("""
public:open open:open openaccess:open cabf2:open nolimitations:open unrestricted:open
restricted:restricted restrictedaccess:restricted restrictedpublic:restricted c16ec:restricted sensitive:restricted
authorisationrequired:restricted nonpublic:closed private:closed closed:closed closedaccess:closed c14cb:closed
confidential:closed metadataonlyaccess:closed embargoed:embargoed embargoedaccess:embargoed cf1cf:embargoed
""")


def access(words: str) -> str:
    """The pivot's word for an access right, given by an address or in words; "" where none is known."""
    plain = _plain(words)
    # INSPIRE lists reasons not to be public, each an address of its own.
    return "restricted" if plain.startswith("inspiredirectivearticle") else _ACCESS_OF.get(plain, "")


def access_uri(word: str) -> str:
    """The address of an access right."""
    return _ACCESS.get(word, "")


_STATUSES = _pairs("completed:COMPLETED underDevelopment:DEVELOP deprecated:DEPRECATED withdrawn:WITHDRAWN")
_STATUS_OF = _turned(_STATUSES) | _pairs(
    "Completed:completed UnderDevelopment:underDevelopment DISCONT:superseded"
)


def status(words: str) -> str:
    """The ISO 19115-1 progress code that an address or a word stands for."""
    word = unquote(tail(words)).removeprefix("MD_ProgressCode_")
    return _STATUS_OF.get(word, word)


def status_uri(code: str) -> str:
    """The address of a progress code."""
    return f"{EU}dataset-status/{_STATUSES[code]}" if code in _STATUSES else iso_uri("MD_ProgressCode", code)


def iso_uri(codelist: str, code: str) -> str:
    """The address of a code of ISO 19115."""
    return f"{_ISO}{codelist}_{_quoted(code)}"


# EU code, name of the format in the pivot.
_FILE_TYPES = _pairs("""
ARC:ARC ASCII_GRID:ArcGrid BMP:BMP CSV:CSV DBF:DBF DOC:DOC DOCX:DOCX DXF:DXF ECW:ECW EPUB:EPUB GDB:GDB GEOJSON:GeoJSON
GIF:GIF GML:GML GMZ:GMZ GPKG:GeoPackage GPX:GPX GRIB:GRIB GZIP:GZIP HDF:HDF HTML:HTML JPEG:JPEG JPEG2000:JPEG2000
JSON:JSON JSON_LD:JSON-LD KML:KML KMZ:KMZ LAS:LAS LAZ:LAZ MDB:MDB NETCDF:NetCDF ODS:ODS ODT:ODT OWL:OWL PARQUET:Parquet
PDF:PDF PNG:PNG RAR:RAR RDF:RDF RDF_N_QUADS:N-Quads RDF_N_TRIPLES:N-Triples RDF_TRIG:TriG RDF_TURTLE:Turtle
RDF_XML:RDF/XML RSS:RSS RTF:RTF SHP:Shapefile SKOS:SKOS SPARQLQ:SPARQL SPSS:SPSS SQL:SQL SVG:SVG TAR:TAR TAR_GZ:TAR.GZ
TIFF:TIFF TIFF_FX:TIFF-FX TMX:TMX TSV:TSV TXT:TXT WARC:WARC WFS_SRVC:WFS WMS_SRVC:WMS XHTML:XHTML XLS:XLS XLSX:XLSX
XML:XML ZIP:ZIP 7Z:7Z
""")
_FILE_TYPE_CODES = _turned(_FILE_TYPES)


def file_type(uri: str) -> str:
    """The readable name of a file type of the EU list, "" for another address."""
    code = tail(uri)
    return _FILE_TYPES.get(code, code.replace("_", " ")) if "/file-type/" in uri else ""


def file_type_uri(name: str) -> str:
    """The address of a format's name, "" where the EU list has no such name."""
    return f"{EU}file-type/{_FILE_TYPE_CODES[name]}" if name in _FILE_TYPE_CODES else ""


_MEDIA_TYPE = re.compile(r"(?:^|/media-types/)([a-zA-Z]+/[\w.+-]+(?:\s*;.*)?)$")


def media_type(words: str) -> str:
    """The media type that an address of IANA or a word is, "" where it is none."""
    found = _MEDIA_TYPE.search(unquote(words.strip()))
    return found[1] if found else ""


def media_type_uri(name: str) -> str:
    """The address of a media type at IANA, "" for what is no media type."""
    return f"{_IANA}{quote(name, safe='/+.;=-')}" if name and media_type(name) == name else ""


THEMES = {
    "AGRI": ("Agriculture, fisheries, forestry and food", "Agriculture, pêche, sylviculture et alimentation"),
    "ECON": ("Economy and finance", "Économie et finances"),
    "EDUC": ("Education, culture and sport", "Éducation, culture et sport"),
    "ENER": ("Energy", "Énergie"),
    "ENVI": ("Environment", "Environnement"),
    "GOVE": ("Government and public sector", "Gouvernement et secteur public"),
    "HEAL": ("Health", "Santé"),
    "INTR": ("International issues", "Questions internationales"),
    "JUST": ("Justice, legal system and public safety", "Justice, système juridique et sécurité publique"),
    "REGI": ("Regions and cities", "Régions et villes"),
    "SOCI": ("Population and society", "Population et société"),
    "TECH": ("Science and technology", "Science et technologie"),
    "TRAN": ("Transport", "Transports"),
}
"""EU data themes in English and French."""

_INSPIRE_ROLES = _set("""
resourceProvider custodian owner user distributor originator pointOfContact principalInvestigator processor
publisher author
""")


def role(uri: str) -> str:
    """The ISO 19115-1 role that an address or a word stands for."""
    return unquote(tail(uri)).removeprefix("CI_RoleCode_")


def role_uri(code: str) -> str:
    """The address of a role: INSPIRE's where it has one, else that of ISO's codelist."""
    return f"{INSPIRE}ResponsiblePartyRole/{code}" if code in _INSPIRE_ROLES else iso_uri("CI_RoleCode", code)


_REPRESENTATIONS = frozenset(("vector", "grid", "textTable", "tin", "stereoModel", "video"))
RELATIONS = _pairs("""
IsPartOf:dct:isPartOf HasPart:dct:hasPart IsVersionOf:dcat:isVersionOf HasVersion:dcat:hasVersion
IsNewVersionOf:dcat:previousVersion IsDerivedFrom:dct:source References:dct:references
IsReferencedBy:dct:isReferencedBy Requires:dct:requires IsRequiredBy:dct:isRequiredBy Obsoletes:dct:replaces
IsObsoletedBy:dct:isReplacedBy IsVariantFormOf:dct:isFormatOf :dct:relation
""")
"""DataCite's relation types that Dublin Core or DCAT has a property for."""


def relation(uri: str) -> str:
    """The relation type of DataCite that an address stands for, "" for another one."""
    return unquote(uri.removeprefix(_DATACITE)) if uri.startswith(_DATACITE) else ""


def relation_uri(kind: str) -> str:
    """The address of a relation type of DataCite."""
    return f"{_DATACITE}{_quoted(kind)}"


def representation(uri: str) -> str:
    """The ISO code for a representation of space that an address or a word stands for, "" for another word."""
    known = uri.startswith(_REPRESENTATION) or uri in _REPRESENTATIONS
    return unquote(tail(uri)) if known else ""


def representation_uri(code: str) -> str:
    """INSPIRE's address for a representation of space."""
    return f"{_REPRESENTATION}{_quoted(code)}"


# Pivot's function of a distribution -> ISO 19115-1 code for online functions.
_FUNCTIONS = _pairs("""
download:download information:information search:search order:order offline:offlineAccess thumbnail:browseGraphic
metadata:completeMetadata service:webService
""")
_EU_FUNCTIONS = _pairs("download:DOWNLOADABLE_FILE service:WEB_SERVICE")
_FUNCTION_OF = _turned(_FUNCTIONS) | _turned(_EU_FUNCTIONS)


def function(uri: str) -> str:
    """The pivot's function that the type of a distribution stands for, "" for another type."""
    return _FUNCTION_OF.get(tail(uri).removeprefix("CI_OnLineFunctionCode_"), "")


def function_uri(function: str) -> str:
    """The address that types a distribution of this function."""
    if function in _EU_FUNCTIONS:
        return f"{EU}distribution-type/{_EU_FUNCTIONS[function]}"
    return iso_uri("CI_OnLineFunctionCode", _FUNCTIONS.get(function, function))


_OGC = re.compile(
    r"(?:opengeospatial\.org/standards/|ogc\.org/standards?/|opengis\.net/def/serviceType/ogc/)([\w-]+)",
    re.IGNORECASE,
)
_PROTOCOL_OF = _pairs("""
wms:OGC:WMS wfs:OGC:WFS wcs:OGC:WCS wmts:OGC:WMTS wps:OGC:WPS cat:OGC:CSW csw:OGC:CSW sos:OGC:SOS sps:OGC:SPS
sensorthings:OGC:SensorThings
""")
_STANDARD_OF = {name: standard for standard, name in _PROTOCOL_OF.items() if standard != "csw"}


def protocol(uri: str) -> str:
    """The protocol that the address of a service standard stands for, "" for another address."""
    found = _OGC.search(uri)
    return _PROTOCOL_OF.get(found[1].lower(), f"OGC:{found[1].upper()}") if found else ""


# As ISO records name them, from the exact code to plain English.
_SPOKEN_SERVICES = (
    (re.compile(r"\b(?:OGC:?)?WMTS\b|web map tile service", re.IGNORECASE), "OGC:WMTS"),
    (re.compile(r"\b(?:OGC:?)?WMS\b|web map service", re.IGNORECASE), "OGC:WMS"),
    (re.compile(r"\b(?:OGC:?)?WFS\b|web feature service", re.IGNORECASE), "OGC:WFS"),
    (re.compile(r"\b(?:OGC:?)?WCS\b|web coverage service", re.IGNORECASE), "OGC:WCS"),
    (re.compile(r"\b(?:OGC:?)?WPS\b|web processing service", re.IGNORECASE), "OGC:WPS"),
    (re.compile(r"\b(?:OGC:?)?CSW\b|catalogue service", re.IGNORECASE), "OGC:CSW"),
    (re.compile(r"\b(?:OGC:?)?SOS\b|sensor observation service", re.IGNORECASE), "OGC:SOS"),
)


def protocol_uri(name: str) -> str:
    """The address of a protocol's standard, "" where it has none here."""
    if name not in _STANDARD_OF:
        name = next((known for pattern, known in _SPOKEN_SERVICES if pattern.search(name)), "")
    return f"http://www.opengeospatial.org/standards/{_STANDARD_OF[name]}" if name else ""


_EPSG_URI = re.compile(
    r"(?:opengis\.net/def/crs/|urn:(?:ogc:def|x-ogc:def):crs:)EPSG[/:][\w.]*[/:](\d+)$", re.IGNORECASE
)
_CRS_URI = re.compile(
    r"/def/crs/|urn:(?:ogc|x-ogc):def:crs:|epsg\.io/\d+$|spatialreference\.org/ref/", re.IGNORECASE
)


def crs(uri: str) -> str:
    """``EPSG:…`` for the address of an EPSG system, the address for another system, "" for what is no CRS."""
    if found := _EPSG_URI.search(uri):
        return f"EPSG:{found[1]}"
    return uri if _CRS_URI.search(uri) else ""


def crs_uri(name: str) -> str:
    """The address of a reference system, "" where the name is neither an EPSG code nor an address."""
    if re.fullmatch(r"EPSG:\d+", name):
        return f"http://www.opengis.net/def/crs/EPSG/0/{name[5:]}"
    return name if ":" in name and "://" in name else ""


DCMI_TYPES = {
    "software": "Software", "publication": "Text", "image": "Image", "event": "Event", "sample": "PhysicalObject",
}  # fmt: skip
"""Pivot kinds that the DCMI types name."""
RESOURCE_TYPES = {"dataset": "dataset", "collection": "series", "service": "service"}
"""Pivot kinds that INSPIRE's resource types name."""
KIND_OF = (
    _turned(DCMI_TYPES)
    | _turned(RESOURCE_TYPES)
    | {
        "Dataset": "dataset",
        "Collection": "collection",
        "Service": "service",
        "nonGeographicDataset": "dataset",
    }
    | {"StillImage": "image", "MovingImage": "image", "InteractiveResource": "software", "model": "model"}
)
SERVICE_TYPES = _set("discovery view download transformation invoke other")
"""INSPIRE's types of services."""
RESTRICTIONS = _set(
    "copyright patent patentPending trademark license intellectualPropertyRights restricted otherRestrictions"
)
"""Codes of ISO 19115 that older catalogues write where a licence should stand."""
DEGREES = {"yes": "conformant", "no": "notConformant", "": "notEvaluated"}
"""Whether a check was passed -> INSPIRE's degree of conformity."""
METRICS = {"scale": "spatialResolutionAsScale", "angle": "spatialResolutionAsAngularDistance"}
"""Resolutions that GeoDCAT-AP gives as quality measurements."""
