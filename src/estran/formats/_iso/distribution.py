"""Ways to the data: online resources, formats, sizes, media, and the connect points of services."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from estran.formats import _identifiers
from estran.formats._iso.values import LOCAL, Online, Reading, children, first, href, inner, number, objects
from estran.model import Distribution, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.etree import _Element

    from estran.formats._iso.values import Children

__all__ = ["SERVICE", "Ways", "function_of", "is_name", "pictures", "share_formats", "ways"]

_FUNCTIONS = {
    "download": "download", "fileaccess": "download", "information": "information", "browsing": "information",
    "offlineaccess": "offline", "order": "order", "search": "search", "completemetadata": "metadata",
    "browsegraphic": "thumbnail", "service": "service", "view": "service", "mapdigital": "service",
}  # fmt: skip
SERVICE = re.compile(
    r"OGC|\b(?:WMS|WFS|WCS|WMTS|WPS|SOS|CSW|TMS|WMC)\b|OPENDAP|THREDDS|ERDDAP|ESRI|ARCGIS|REST\b|SENSORTHINGS|OAI-PMH|STAC",
    re.IGNORECASE,
)
_REQUEST = re.compile(r"request=(?:GetFeature|GetCoverage|GetMap|GetObservation)\b", re.IGNORECASE)
_SERVICE_ADDRESS = re.compile(
    r"[?&]service=(?:WMS|WFS|WCS|WMTS|SOS|CSW)\b|/rest/services/|/(?:Map|Feature|Image)Server\b|/dodsC/|/tabledap/|/griddap/",
    re.IGNORECASE,
)
_MEDIA_TYPE = re.compile(r"^(?:application|image|text|audio|video|model|multipart)/[\w.+-]+(?:\s*;.*)?$")
_FILE = re.compile(
    r"\.(?:zip|nc4?|csv|tiff?|gpkg|shp|geojson|json|kmz|kml|gml|h5|hdf5?|grib2?|grb2?|xlsx?|tar|t?gz|jp2|pdf|txt|parquet|zarr)$"
)
# Papers beside the data, which are not in the data's format.
_DOCUMENT = re.compile(r"\.(?:pdf|html?|txt|docx?|xml)$")
_LAYER = re.compile(r"^(?!Get[A-Z]|Describe[A-Z])[\w.:\-/]+$")
_NO_FORMATS = frozenset(
    {"", "unknown", "inconnu", "unbekannt", "none", "missing", "inapplicable", "n/a", "-"}
)
_MEGABYTE = 1_000_000
_DOI_SAID = re.compile(r"\bdoi\b|digital object identifier", re.IGNORECASE)


class Ways:
    """All ways to the data, on the way.

    Attributes:
        distributors: the properties that hold contacts of distributors.
        doi: a DOI that one of the links is said to be.
        size_bytes: the size of the whole, where it is given without any link.
    """

    def __init__(self) -> None:
        self.distributions: dict[Distribution, None] = {}
        self.addresses: set[str] = set()
        self.distributors: list[_Element] = []
        self.formats: dict[str, None] = {}
        self.doi = ""
        self.size_bytes = -1

    def add(self, distribution: Distribution) -> None:
        """One more way, unless it is there already."""
        self.distributions[distribution] = None
        self.addresses.add(distribution.url)


def ways(reading: Reading, infos: Iterable[_Element], identifications: Iterable[Children]) -> Ways:
    """What distributionInfo, and the formats and operations of the identifications, hold."""
    found = Ways()
    for prop in infos:
        for held in prop:
            _distribution(reading, children(held), found)
    for inside in identifications:
        _formats(reading, inside.get("resourceFormat", ()), found)
        for held in objects(inside, "containsOperations"):
            _operation(reading, children(held), found)
    shared = share_formats(list(found.distributions), list(found.formats), found.size_bytes)
    found.distributions = dict.fromkeys(shared)
    return found


def _distribution(reading: Reading, inside: Children, found: Ways) -> None:
    """One MD_Distribution."""
    _formats(reading, inside.get("distributionFormat", ()), found)
    for held in objects(inside, "distributor"):
        parts = children(held)
        found.distributors.extend(parts.get("distributorContact", ()))
        _formats(reading, parts.get("distributorFormat", ()), found)
        for options in objects(parts, "distributorTransferOptions"):
            _transfer(reading, children(options), found)
    for options in objects(inside, "transferOptions"):
        _transfer(reading, children(options), found)
    # Some producers put the transfer options under the format.
    for prop in inside.get("distributionFormat", ()):
        for held in prop:
            if LOCAL[held.tag] == "transferOptions":
                for options in held:
                    _transfer(reading, children(options), found)


def _formats(reading: Reading, props: Iterable[_Element], found: Ways) -> None:
    for prop in props:
        for held in prop:
            if name := _format(reading, held):
                found.formats[name] = None
            for distributor in objects(children(held), "formatDistributor"):
                found.distributors.extend(children(distributor).get("distributorContact", ()))


def _format(reading: Reading, held: _Element) -> str:
    """The name of an MD_Format."""
    inside = children(held)
    name = reading.string(first(inside, "name"))
    for citation in objects(inside, "formatSpecificationCitation"):
        name = name or reading.string(first(children(citation), "title"))
    return "" if name.lower() in _NO_FORMATS else name


def _transfer(reading: Reading, inside: Children, found: Ways) -> None:
    """One MD_DigitalTransferOptions; its size is known to belong to a link where there is but one."""
    lines = inside.get("onLine", ())
    size = number(first(inside, "transferSize"))
    size_bytes = round(size * _MEGABYTE) if size is not None and size >= 0 and len(lines) <= 1 else -1
    if not lines and "offLine" not in inside:
        found.size_bytes = size_bytes
    formats = [
        name
        for prop in inside.get("distributionFormat", ())
        for held in prop
        if (name := _format(reading, held))
    ]
    for prop in lines:
        for held in prop:
            online = reading.online(held)
            if not online.url:
                continue
            made = _way(online)
            found.add(replace(made, format=formats[0] if formats else made.format, size_bytes=size_bytes))
            _note_doi(online, found)
    for held in objects(inside, "offLine"):
        medium = children(held)
        name = reading.line(first(medium, "name")) or Text.of(reading.code(first(medium, "name")))
        note = reading.text(first(medium, "mediumNote"))
        if name or note:
            made = Distribution(title=name, description=note, function="offline", size_bytes=size_bytes)
            found.add(replace(made, format=formats[0] if formats else ""))


def _note_doi(online: Online, found: Ways) -> None:
    """A link that is said to be the DOI of the data."""
    if not found.doi and "10." in online.url and (bare := _identifiers.doi(online.url)):
        said = f"{online.protocol} {online.name} {online.description}".replace("-", " ").replace(":", " ")
        if _DOI_SAID.search(said):
            found.doi = bare


def _way(online: Online) -> Distribution:
    protocol, url = online.protocol, online.url
    function = function_of(online.function, protocol, url)
    media_type = online.media_type
    for words in (online.profile, protocol):
        if not media_type and _MEDIA_TYPE.match(words):
            media_type = words
    name, title = "", online.name
    if len(title.variants) == 1 and is_name(str(title), function):
        name, title = str(title), Text()
    return Distribution(
        url=url,
        title=title,
        description=online.description,
        function=function,
        protocol=protocol,
        media_type=media_type,
        name=name,
    )


def is_name(words: str, function: str) -> bool:
    """Whether words are the name of a layer or file rather than a title for people."""
    return bool(_LAYER.match(words)) and (function == "service" or ":" in words or bool(_FILE.search(words)))


def function_of(code: str, protocol: str, url: str) -> str:
    """What one does with a link, from its function code, its protocol, and the address itself."""
    said = _FUNCTIONS.get(re.sub(r"[^a-z]", "", code.lower()), "")
    if SERVICE.search(protocol) or _SERVICE_ADDRESS.search(url):
        return said if said == "thumbnail" or (said == "download" and _REQUEST.search(url)) else "service"
    if said:
        return said
    low = protocol.lower()
    if "metadata-url" in low:
        return "metadata"
    if "download" in low or low in ("file", "file:geo", "ftp") or url.startswith("ftp://"):
        return "download"
    if _FILE.search(url.partition("?")[0].lower()):
        return "download"
    return ""


def _operation(reading: Reading, inside: Children, found: Ways) -> None:
    """The connect points of a service's operation; an address that is there already is not said twice."""
    name = reading.line(first(inside, "operationName"))
    for held in objects(inside, "connectPoint"):
        online = reading.online(held)
        if online.url and online.url not in found.addresses:
            made = _way(online)
            found.add(replace(made, function="service", title=made.title or (Text() if made.name else name)))


def share_formats(ways: list[Distribution], names: list[str], size_bytes: int = -1) -> list[Distribution]:
    """The ways with the formats of the whole: the links that carry data, then formats that no link carries.

    One format is that of every download; of several, those that an address shows.

    Args:
        ways: the ways to the data.
        names: the formats of the whole.
        size_bytes: the size of what has a format and no link.
    """
    shared: list[Distribution] = []
    for one in ways:
        chosen = ""
        if names and not one.format and one.function in ("download", "order", "offline", ""):
            chosen = _by_address(names, one.url)
            if not chosen and len(names) == 1 and one.function and not _DOCUMENT.search(one.url.lower()):
                chosen = names[0]
        shared.append(replace(one, format=chosen) if chosen else one)
    carried = {one.format for one in shared}
    alone = [name for name in names if name not in carried]
    size_bytes = size_bytes if len(alone) == 1 else -1
    return shared + [Distribution(format=name, size_bytes=size_bytes) for name in alone]


def _by_address(names: list[str], url: str) -> str:
    ending = url.partition("?")[0].rpartition(".")[2].lower()
    known = {"nc": "netcdf", "tif": "tiff", "shp": "shape", "grb": "grib", "h5": "hdf"}.get(ending, ending)
    if not 1 < len(known) < 8:  # noqa: PLR2004 - no file ending
        return ""
    return next((name for name in names if known in name.lower()), "")


def pictures(reading: Reading, props: Iterable[_Element]) -> Iterator[str]:
    """The addresses of graphicOverview; names of files that only the producer has are left out."""
    for prop in props:
        held = inner(prop)
        if held is None:
            continue
        inside = children(held)
        name = first(inside, "fileName")
        source = inner(name)
        words = reading.string(name) or (source.get("src", "") if source is not None else "") or href(name)
        for online in objects(inside, "linkage"):
            words = words if "://" in words else reading.online(online).url
        if words.startswith(("http://", "https://", "//", "ftp://")):
            yield words
