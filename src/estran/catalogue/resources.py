"""What a distribution is: a file of some format, a service of some standard, a page; and where to ask for it.

A pure reading of what the record says, without asking anybody. Whoever writes metadata says it in the
protocol, in the address, in the media type or nowhere: the first of these that speaks decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from estran.model import Distribution

if TYPE_CHECKING:
    from collections.abc import Iterator
    from urllib.parse import SplitResult

    from estran.model import Record

__all__ = ["OGC", "SERVICES", "Resource", "Why", "landing", "of_record", "resource"]

OGC = ("WMS", "WFS", "WMTS", "WCS", "SOS", "CSW", "WPS")
"""Services that answer GetCapabilities."""

SERVICES = (
    *OGC, "STAC", "OGC API", "SensorThings", "ERDDAP", "OPeNDAP", "THREDDS", "ArcGIS REST", "OpenSearch", "Atom",
    "Zarr", "COG", "file", "page", "login", "cloud", "offline", "other",
)  # fmt: skip
"""Ways of access: names of standards as they are written, and words for what is of none.

"login" is a portal that wants one, "cloud" an object store's own address, "offline" on request.
"""

Why = Literal[
    "query", "protocol", "format", "path", "media type", "extension", "scheme", "function", "nothing"
]
_SURE: dict[Why, float] = {
    "protocol": 1.0, "query": 0.95, "media type": 0.9, "format": 0.85, "scheme": 0.8, "path": 0.7,
    "extension": 0.7, "function": 0.5, "nothing": 0.2,
}  # fmt: skip

_LONGEST = 2000
_WEB = ("http", "https")
_CLOUD = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "wasb", "wasbs", "swift", "dos")
# Of what a service is asked, the part that does not name the service itself.
_ASKED = frozenset({
    "service", "request", "version", "acceptversions", "layers", "layer", "typename", "typenames", "coverage",
    "coverageid", "styles", "style", "bbox", "width", "height", "format", "outputformat", "srs", "srsname", "crs",
    "transparent", "legend_format", "feature_info_type", "exceptions", "resulttype", "elementsetname",
    "outputschema", "id",
})  # fmt: skip
_LAYERS = ("layers", "layer", "typenames", "typename", "coverageid", "coverage")
# What a protocol or a format says, by its letters and digits.
_SAID: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("WMTS", r"wmts|webmaptile"),
        ("WMS", r"^(ogc)?wms|vndogcwms|webmapservice"),
        ("WFS", r"^(ogc)?wfs|vndogcwfs|webfeatureservice"),
        ("WCS", r"^(ogc)?wcs|vndogcwcs|webcoverageservice"),
        ("SOS", r"^(ogc)?sos\d*$|^ogcsos|sensorobservationservice"),
        ("CSW", r"^(ogc)?csw|catalogueservicefortheweb"),
        ("WPS", r"^(ogc)?wps|webprocessingservice"),
        ("SensorThings", r"sensorthings|^ogcsta$"),
        ("OGC API", r"^ogcapi"),
        ("STAC", r"^stac"),
        ("ERDDAP", r"erddap"),
        ("THREDDS", r"thredds"),
        ("OPeNDAP", r"opendap|^dap2?$|^dods$"),
        ("ArcGIS REST", r"^esrirest|arcgisgeoservicesrest|^arcgisrest"),
        ("OpenSearch", r"opensearch"),
        ("Zarr", r"zarr$"),
    )
)
_PATHS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("file", r"/thredds/fileserver/|/(griddap|tabledap)/[^/]+\.(nc|csvp?|json|tsv|mat|nc4|parquet)$"),
        ("OPeNDAP", r"/thredds/dodsc/|/(opendap|dods)/.*\.(nc4?|h5|hdf)(\.html?)?$"),
        ("WMS", r"/thredds/wms/|/wms/?$|/wmsserver/?$|/esrimap/"),
        ("WCS", r"/thredds/wcs/|/wcs/?$|/wcsserver/?$"),
        ("WFS", r"/wfs/?$|/wfsserver/?$"),
        ("WMTS", r"/wmts/?$|wmtscapabilities\.xml$"),
        ("THREDDS", r"/thredds(/|$)"),
        ("SOS", r"/sos(/kvp|/pox|/soap)?/?$"),
        ("CSW", r"/csw(-[\w-]+)?/?$"),
        ("WPS", r"/wps/?$"),
        ("ERDDAP", r"/erddap(/|$)"),
        (
            "SensorThings",
            r"(frost-server|/sta|sensorthings)\b.*/v1\.[01](/|$)|/v1\.[01]/(things|datastreams)",
        ),
        ("ArcGIS REST", r"/rest/services/.*/(map|feature|image)server(/\d+)?/?$"),
        ("Zarr", r"\.zarr/?$"),
        ("STAC", r"/stac(/v\d[\w.]*)?(/collections(/[^/]+(/items)?)?|/search)?/?$"),
        ("STAC", r"/(catalog|collection)\.json$"),
        ("login", r"/(login|signin|sign-in|sso|cas|oauth2?|connexion|inscription|register)([./?]|$)"),
    )
)
_ITEMS = re.compile(r"/collections/[^/]+(/items)?/?$")
_EXTENSION = re.compile(r"\.([a-z0-9]{1,8})$", re.IGNORECASE)
# Families of formats that first bytes can tell apart: family -> extensions, pieces of media types or formats.
_FAMILIES: dict[str, tuple[str, str]] = {
    "NetCDF": ("nc nc4 cdf", r"netcdf"),
    "HDF": ("h5 hdf hdf5 he5 hdf4", r"\bhdf|x-hdf"),
    "TIFF": ("tif tiff gtiff", r"tiff?\b|geotiff?"),
    "JPEG 2000": ("jp2 j2k", r"\bjp2|jpeg2000"),
    "JPEG": ("jpg jpeg", r"image/jpe?g|^jpe?g"),
    "PNG": ("png", r"\bpng"),
    "GIF": ("gif", r"\bgif\b"),
    "PDF": ("pdf", r"\bpdf"),
    "GRIB": ("grib grib2 grb grb2", r"\bgri?b"),
    "BUFR": ("bufr", r"\bbufr"),
    "Parquet": ("parquet geoparquet", r"parquet"),
    "GeoPackage": ("gpkg sqlite", r"gpkg|geopackage|sqlite"),
    "ZIP": ("zip shz kmz", r"\bzip\b|shape|\bshp\b|kmz"),
    "GZIP": ("gz tgz", r"gzip|\bgz\b"),
    "Office": ("xlsx docx ods odt", r"openxmlformats|opendocument|\bxlsx\b"),
    "JSON": ("json geojson topojson jsonld", r"json"),
    "XML": ("xml gml kml rdf safe", r"\bxml|\+xml|\bgml\b|\bkml\b"),
    "CSV": ("csv tsv", r"\bcsv\b|tab-separated"),
    "Text": ("txt asc dat md", r"text/plain|\btext\b|\bascii\b"),
}
_OF_EXTENSION = {
    extension: family for family, (listed, _) in _FAMILIES.items() for extension in listed.split()
}
_OF_WORDS = tuple((family, re.compile(words)) for family, (_, words) in _FAMILIES.items())
_PAGES = frozenset(["html", "htm", "php", "asp", "aspx", "jsp", "jsf", "do", "cfm", "xhtml", "action"])
_NAMES_FORMAT = re.compile(r"html|\bweb ?page\b|xhtml", re.IGNORECASE)
_COG = re.compile(r"cloud-?optimi[sz]ed|^cog$", re.IGNORECASE)


class Resource(NamedTuple):
    """What a distribution is.

    Attributes:
        kind: one of `SERVICES`.
        address: where to ask whether it works, "" where nobody can be asked over the web. Services that
            answer GetCapabilities are named by their bare address: all that they serve is one of them.
        layer: what of the service it is, "" for all of it.
        family: of the file's format, as first bytes tell it, "" where nothing is claimed.
        why: what told so; confidence: how much that is to be believed, from 0 to 1.
    """

    kind: str
    address: str = ""
    layer: str = ""
    family: str = ""
    why: Why = "nothing"

    @property
    def confidence(self) -> float:
        """How much it is to be believed, from 0 to 1."""
        return _SURE[self.why]


@dataclass(frozen=True, slots=True)
class _Look:
    """A distribution with its address taken apart."""

    of: Distribution
    url: str
    parts: SplitResult
    query: dict[str, str]


def of_record(record: Record) -> Iterator[tuple[Distribution, Resource]]:
    """The distributions of a record that lead anywhere, its landing page as one of them; pictures left out."""
    for one in record.distributions:
        if one.function != "thumbnail" and (found := resource(one)):
            yield one, found
    page = landing(record)
    if found := resource(page):
        yield page, found


def landing(record: Record) -> Distribution:
    """The landing page of a record as a distribution; without an address where it has none."""
    return Distribution(url=record.landing_page, function="information", media_type="text/html")


def resource(distribution: Distribution) -> Resource | None:
    """What a distribution is, None where it leads nowhere."""
    look = _look(distribution)
    if look is None:
        return Resource("offline", why="function") if distribution.function == "offline" else None
    scheme = look.parts.scheme.lower()
    if scheme not in _WEB:
        return _elsewhere(look, scheme)
    kind, why = _service(look)
    if kind in OGC:
        return _ogc(look, kind, why)
    if kind:
        return Resource(kind, look.url, family=_family(look) if kind == "file" else "", why=why)
    return _file_or_page(look)


def _look(d: Distribution) -> _Look | None:
    # Addresses broken over lines come from documents that were laid out for people.
    url = re.sub(r"\s*[\r\n]\s*", "", d.url.strip())
    if not url or len(url) > _LONGEST or any(c.isspace() for c in url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return None
    if not parts.scheme or (parts.scheme.lower() in _WEB and not host):
        return None
    query = {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)}
    return _Look(d, urlunsplit(parts._replace(fragment="")), parts, query)


def _elsewhere(look: _Look, scheme: str) -> Resource:
    """What is not on the web: it is named, and nobody asks for it."""
    kind, why = _said(look)
    if kind == "Zarr" or look.parts.path.rstrip("/").endswith(".zarr"):
        return Resource("Zarr", why=why if kind else "path")
    if _is_cog(look.of):
        return Resource("COG", why="media type")
    if scheme in _CLOUD:
        return Resource("cloud", why="scheme")
    return Resource("file" if scheme in ("ftp", "ftps", "sftp") else "other", why="scheme")


def _service(look: _Look) -> tuple[str, Why]:
    """The service that an address is of, "" for none; the address itself knows best."""
    asked, named = look.query.get("request", "").lower(), look.query.get("service", "").upper()
    if asked and asked not in ("getcapabilities", "describefeaturetype"):
        # The answer to a question: a map, features, a legend.
        return ("file", "query") if asked.startswith(("get", "describe")) else ("", "nothing")
    if named in OGC:
        return named, "query"
    kind, why = _said(look)
    # A page about a service is often given the format of what the service gives.
    if kind and not (why == "format" and _extension(look) in _PAGES):
        return kind, why
    kind = next((kind for kind, pattern in _PATHS if pattern.search(look.parts.path)), "")
    if kind:
        return kind, "path"
    if look.of.function != "metadata" and _ITEMS.search(look.parts.path) and "json" in look.of.media_type:
        return ("STAC" if "stac" in look.url.lower() else "OGC API"), "path"
    return "", "nothing"


def _said(look: _Look) -> tuple[str, Why]:
    """The service that the protocol or the format names."""
    given: tuple[tuple[str, Why], ...] = (
        (look.of.protocol, "protocol"), (look.of.format, "format"), (look.of.media_type, "media type"),
    )  # fmt: skip
    for words, why in given:
        letters = "".join(c for c in words.lower() if c.isalnum())
        letters = letters.removeprefix("application")
        for kind, pattern in _SAID:
            if letters and pattern.search(letters):
                return kind, why
    return "", "nothing"


def _ogc(look: _Look, kind: str, why: Why) -> Resource:
    pairs = parse_qsl(look.parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if name.lower() not in _ASKED]
    bare = urlunsplit(look.parts._replace(query=urlencode(kept), fragment=""))
    layer = next((look.query[name] for name in _LAYERS if look.query.get(name)), "")
    # Where only the path tells, a name is that of an asset, not of a layer.
    if not layer and why in ("protocol", "query") and not look.of.roles:
        layer = look.of.name
    return Resource(kind, bare, layer="" if any(c.isspace() for c in layer) else layer, why=why)


def _file_or_page(look: _Look) -> Resource:
    d, family = look.of, _family(look)
    if _is_cog(d):
        return Resource("COG", look.url, family="TIFF", why="media type")
    if family:
        stated: Why = "media type" if d.media_type else "format"
        return Resource("file", look.url, family=family, why=stated if _claimed(d) else "extension")
    extension = _extension(look)
    if "html" in d.media_type or _NAMES_FORMAT.search(d.format):
        return Resource("page", look.url, why="media type")
    if extension in _PAGES or look.parts.path in ("", "/") or (look.parts.hostname or "").endswith("doi.org"):
        return Resource("page", look.url, why="extension")
    if d.function in ("information", "search", "order", ""):
        return Resource("page", look.url, why="function" if d.function else "nothing")
    return Resource("other" if d.function == "service" else "file", look.url, why="function")


def _family(look: _Look) -> str:
    """The family of a file's format: what is claimed, else what its name ends with."""
    if claimed := _claimed(look.of):
        return claimed
    if look.of.media_type or look.of.format:
        # Something is claimed that first bytes cannot tell.
        return ""
    return _OF_EXTENSION.get(_extension(look), "")


def _claimed(d: Distribution) -> str:
    for words in (d.media_type, d.format):
        said = words.lower()
        if _NAMES_FORMAT.search(said):
            return ""
        for family, pattern in _OF_WORDS:
            if said and pattern.search(said):
                return family
    return ""


def _extension(look: _Look) -> str:
    found = _EXTENSION.search(look.parts.path)
    return found[1].lower() if found else ""


def _is_cog(d: Distribution) -> bool:
    return bool(_COG.search(d.media_type) or _COG.search(d.format))
