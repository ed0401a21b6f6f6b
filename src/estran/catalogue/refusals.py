"""What the files are that hold no metadata of data, and what to do instead: known by their first bytes.

Asked only once no format has recognised a file, so that a plugin may read any of these.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from estran.formats._json import outline
from estran.formats._xml import root_name

_ANSWER = "load the server's answer to it"
_SERVICE = "it describes a service, not data; load the metadata records that it links to"
_DATA = "it holds data, not their description; load a metadata record that describes them"
_PART = "load the whole document that it belongs to"
_CONVERT = "export the record as ISO 19115-3, ISO 19139 or Dublin Core and load that"
_RECORDS = "load the records themselves (GetRecords, ListRecords)"
_NOTHING = "ask the server for records and load its answer"


class _Root(NamedTuple):
    """A root element: its namespace (a part of it, "" for any), its local names ("*" for any)."""

    namespace: str
    names: str
    what: str
    advice: str


_ROOTS = (
    # Catalogue services
    _Root("opengis.net/cat/csw", "Capabilities", "the capabilities of a CSW catalogue", _RECORDS),
    _Root("opengis.net/cat/csw", "GetRecords GetRecordById GetCapabilities DescribeRecord GetDomain Harvest "
          "Transaction", "a request to a CSW catalogue", _ANSWER),
    _Root("opengis.net/cat/csw", "*", "an answer of a CSW catalogue without records", _NOTHING),
    _Root("", "OpenSearchDescription", "an OpenSearch description of a search service", _RECORDS),
    _Root("w3.org/2005/Atom", "feed entry", "an Atom feed",
          "its entries are summaries; load the metadata records that they link to"),
    _Root("", "rss channel", "an RSS feed", "its entries are summaries; load the records that they link to"),
    _Root("openarchives.org/OAI", "*", "an answer of an OAI-PMH repository without records", _NOTHING),
    _Root("", "urlset sitemapindex", "a sitemap", "load the pages' metadata (JSON-LD) that it lists"),
    # Services, their requests and their errors
    _Root("opengis.net/ows", "ExceptionReport", "an error report of an OGC service", _NOTHING),
    _Root("", "ServiceExceptionReport", "an error report of an OGC service", _NOTHING),
    _Root("", "WMS_Capabilities WMT_MS_Capabilities", "the capabilities of a map service (WMS)", _SERVICE),
    _Root("", "WFS_Capabilities", "the capabilities of a feature service (WFS)", _SERVICE),
    _Root("", "WCS_Capabilities", "the capabilities of a coverage service (WCS)", _SERVICE),
    _Root("opengis.net/wmts", "Capabilities", "the capabilities of a tile service (WMTS)", _SERVICE),
    _Root("opengis.net/wcs", "*", "a document of a coverage service (WCS)", _SERVICE),
    _Root("opengis.net/sos", "Capabilities", "the capabilities of an observation service (SOS)", _SERVICE),
    _Root("opengis.net/sos", "GetObservationResponse", "observations of an observation service (SOS)", _DATA),
    _Root("opengis.net/sos", "*", "a document of an observation service (SOS)", _SERVICE),
    _Root("opengis.net/wps", "*", "a document of a processing service (WPS)", _SERVICE),
    _Root("opengeospatial.net/wps", "*", "a document of a processing service (WPS)", _SERVICE),
    _Root("", "ProcessDescriptions", "a document of a processing service (WPS)", _SERVICE),
    _Root("", "TileMap TileMapService", "the description of a tile service (TMS)", _SERVICE),
    _Root("", "GetCapabilities GetFeature DescribeFeatureType GetObservation DescribeSensor GetCoverage",
          "a request to an OGC service", _ANSWER),
    _Root("opengis.net/wfs", "FeatureCollection", "features of a feature service (WFS)", _DATA),
    _Root("opengis.net/gml", "*", "features in GML", _DATA),
    _Root("opengis.net/sensorml", "*", "a description of a sensor (SensorML)", _CONVERT),
    _Root("opengis.net/om", "*", "observations (O&M)", _DATA),
    _Root("opengis.net/waterml", "*", "water observations (WaterML)", _DATA),
    _Root("cuahsi.org/waterML", "*", "water observations (WaterML)", _DATA),
    _Root("opengis.net/kml", "*", "a KML map", _DATA),
    _Root("", "kml", "a KML map", _DATA),
    _Root("unidata.ucar.edu/namespaces/thredds", "catalog", "a THREDDS catalogue",
          "load the ISO or NetCDF files that it lists"),
    _Root("unidata.ucar.edu/namespaces/netcdf", "netcdf", "the NcML description of a NetCDF file",
          "load the NetCDF file itself"),
    _Root("fdsn.org/xml/station", "*", "station metadata in StationXML", _CONVERT),
    # Metadata of other things, and standards that are not read
    _Root("", "FC_FeatureCatalogue", "a feature catalogue (ISO 19110)",
          "load the ISO 19115 record of the dataset that uses it"),
    _Root("", "DQM_MeasureCatalogue", "a catalogue of quality measures (ISO 19157)",
          "load the ISO 19115 record of the dataset that uses it"),
    _Root("/mdq/", "*", "a report of data quality (ISO 19157) alone",
          "load the ISO 19115 record that it belongs to"),
    _Root("", "metadata", "an FGDC CSDGM record", _CONVERT),
    _Root("", "Collection Granule", "an ECHO 10 record", _CONVERT),
    _Root("loc.gov/MARC21", "*", "a library record (MARC 21)", _CONVERT),
    _Root("loc.gov/mods", "*", "a library record (MODS)", _CONVERT),
    _Root("loc.gov/METS", "*", "a METS package description", _CONVERT),
    _Root("interlis.ch", "TRANSFER", "an INTERLIS transfer, such as a GM03 record", _CONVERT),
    _Root("crossref.org", "*", "an answer of Crossref", "load the DOI's DataCite JSON or schema.org JSON-LD"),
    _Root("oasis:names:tc:ebxml-regrep", "*", "a record of an ebXML registry (ebRIM)", _CONVERT),
    _Root("ddi:", "*", "a survey description (DDI)", _CONVERT),
    _Root("ns.dataone.org", "systemMetadata", "the system metadata of a DataONE object",
          "load the science metadata that it speaks of"),
    _Root("", "anzmeta", "an ANZLIC record (anzmeta)", _CONVERT),
    _Root("mdqe", "*", "a suite of quality checks", "load the records that it checks"),
    _Root("xml-cml.org/schema/stmml", "*", "a dictionary of units (STMML)",
          "load the EML document that uses it"),
    _Root("ecoinformatics.org/", "*", "a part of an EML document", _PART),
    # Schemas, vocabularies, pages
    _Root("w3.org/2001/XMLSchema", "schema", "an XML schema", "load documents that follow it"),
    _Root("w3.org/1999/XSL/Transform", "*", "an XSL stylesheet", "load the documents that it transforms"),
    _Root("w3.org/2002/07/owl", "*", "an ontology (OWL)", "load it as a vocabulary"),
    _Root("", "html HTML", "a web page without metadata (schema.org JSON-LD)",
          "load the metadata record that it links to"),
    _Root("w3.org/2000/svg", "svg", "a picture (SVG)", _DATA),
)  # fmt: skip

_MAGIC = (
    (0, b"%PDF", "a PDF document; load the metadata record that describes it"),
    (0, b"\x89PNG", f"a picture (PNG); {_DATA}"),
    (0, b"\xff\xd8\xff", f"a picture (JPEG); {_DATA}"),
    (0, b"GIF8", f"a picture (GIF); {_DATA}"),
    (0, b"II*\x00", f"a TIFF image; {_DATA}"),
    (0, b"MM\x00*", f"a TIFF image; {_DATA}"),
    (0, b"II+\x00", f"a BigTIFF image; {_DATA}"),
    (0, b"MM\x00+", f"a BigTIFF image; {_DATA}"),
    (0, b"GRIB", f"a GRIB file; {_DATA}"),
    (0, b"BUFR", f"a BUFR file; {_DATA}"),
    (0, b"SIMPLE  =", f"a FITS file; {_DATA}"),
    (0, b"\x00\x00\x27\x0a", f"a shapefile; {_DATA}"),
    (0, b"SQLite format 3\x00", f"an SQLite database, such as a GeoPackage; {_DATA}"),
    (0, b"BZh", "compressed with bzip2; unpack it, or compress it with gzip"),
    (0, b"\xfd7zXZ\x00", "compressed with xz; unpack it, or compress it with gzip"),
    (0, b"\x28\xb5\x2f\xfd", "compressed with Zstandard; unpack it, or compress it with gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it, or pack it as zip"),
    (0, b"Rar!", "a RAR archive; unpack it, or pack it as zip"),
    (257, b"ustar", "a tar archive; unpack it and load the folder, or pack it as zip"),
    (0, b"\x7fELF", "a program; load metadata"),
    (0, b"MZ", "a program; load metadata"),
)
_FIRST_IN_WIDE_TEXT = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<", b"{\x00", b"\x00{", b"[\x00", b"\x00[")

_MEMBERS = (
    ("openapi", "an OpenAPI description of a service", _SERVICE),
    ("swagger", "an OpenAPI description of a service", _SERVICE),
    ("tilejson", "the description of a tile service (TileJSON)", _SERVICE),
    ("conformsTo", "the landing or conformance page of a service", _RECORDS),
    ("log.entries", "a recording of web traffic (HAR)", _RECORDS),
    ("resourceSets", "a document of an openEO or ArcGIS service", _SERVICE),
    ("currentVersion", "a document of an ArcGIS service", _SERVICE),
    ("products", "a list of products that can be tasked (STAPI)", _DATA),
    ("container-title", "a bibliographic reference (CSL-JSON)", "load the metadata of the data themselves"),
    ("devDependencies", "the description of a software package (npm)", _CONVERT),
    ("driverShortName", "a report of gdalinfo", _CONVERT),
    ("$defs", "a JSON schema", "load documents that follow it"),
    ("$schema", "a JSON schema, or a document of a kind not known here", _CONVERT),
    ("geometry", "GeoJSON features without metadata (STAC, OGC API Records)", _DATA),
    ("features", "GeoJSON features without metadata (STAC, OGC API Records)", _DATA),
)
_SHOWN_MEMBERS, _LONGEST_MEMBER = 6, 30
_DTD = "it carries a DTD or entity declarations, which are not accepted; remove <!DOCTYPE …>"

_DOCTYPE = re.compile(rb"<!DOCTYPE\s+(?:[\w.-]+:)?([\w.-]+)")
# What a server says went wrong: OWS, WMS and OAI-PMH, the code of the last where it has no words.
_SAID = re.compile(
    rb"<(?:\w+:)?(?:ExceptionText|ServiceException|error)\b"
    rb"(?:[^>]*\scode=[\"'](\w+))?[^>]*>(?:<!\[CDATA\[)?\s*([^<]{1,300})?"
)


def root(head: bytes) -> tuple[str, str]:
    """Namespace and local name of an XML document's root, that of its DOCTYPE where it carries one."""
    namespace, name = root_name(head)
    if not name and (found := _DOCTYPE.search(head)):
        return "", found[1].decode("ascii", "replace")
    return namespace, name


def of_binary(head: bytes) -> str:
    """What a binary file is, "" for text."""
    for offset, magic, what in _MAGIC:
        if head.startswith(magic, offset):
            return f"it is {what}"
    if b"\x00" in head and not head.startswith(_FIRST_IN_WIDE_TEXT):
        return f"it is binary and of no kind known here; {_DATA}"
    return ""


def of_known_xml(head: bytes) -> str:
    """What an XML document is that holds no metadata, "" where its root is not known."""
    namespace, name = root(head)
    known = next((entry for entry in _ROOTS if _is(entry, namespace, name)), None)
    if known is None:
        return _DTD if _carries_dtd(head) else ""
    said = _SAID.search(head) if known.advice == _NOTHING else None
    words = b" ".join((b": ".join(filter(None, said.groups())) if said else b"").split())
    quoted = f" (“{words.decode('utf-8', 'replace')}”)" if words else ""
    return f"it is {known.what}{quoted}; {known.advice}"


def of_unknown_xml(head: bytes) -> str:
    """What to say of an XML document that nothing here knows."""
    namespace, name = root(head)
    if not name:
        return "it begins like XML but no element starts in it; correct it and load it again"
    where = f" of {namespace}" if namespace else " without a namespace"
    return f"its root element <{name}>{where} is of no metadata standard that is read here; {_CONVERT}"


def _carries_dtd(head: bytes) -> bool:
    return not root_name(head)[1] and _DOCTYPE.search(head) is not None


def of_json(head: bytes) -> str:
    """What a JSON document is that no format has recognised."""
    seen = outline(head)
    known = next((entry for entry in _MEMBERS if entry[0] in seen), None)
    if known is not None:
        return f"it is {known[1]}; {known[2]}"
    names = list(dict.fromkeys(path.split(".")[0][:_LONGEST_MEMBER] for path in seen if path))[
        :_SHOWN_MEMBERS
    ]
    shown = f" (its members are {', '.join(names)})" if names else ""
    return f"it is JSON{shown} of no metadata standard that is read here; {_CONVERT}"


def _is(entry: _Root, namespace: str, name: str) -> bool:
    return entry.namespace in namespace and (entry.names == "*" or name in entry.names.split())
