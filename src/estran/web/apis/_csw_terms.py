"""Namespaces, versions and refusals of the catalogue service."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Literal

from estran.errors import EstranError
from estran.formats._xml import legal

if TYPE_CHECKING:
    from collections.abc import Mapping

Version = Literal["2.0.2", "3.0.0"]
VERSIONS: tuple[Version, ...] = ("2.0.2", "3.0.0")
CSW: Mapping[Version, str] = {
    "2.0.2": "http://www.opengis.net/cat/csw/2.0.2",
    "3.0.0": "http://www.opengis.net/cat/csw/3.0",
}
OWS: Mapping[Version, str] = {
    "2.0.2": "http://www.opengis.net/ows",
    "3.0.0": "http://www.opengis.net/ows/2.0",
}
GMD = "http://www.isotc211.org/2005/gmd"
MDB = "http://standards.iso.org/iso/19115/-3/mdb/2.0"
ATOM = "http://www.w3.org/2005/Atom"
DC, DCT = "http://purl.org/dc/elements/1.1/", "http://purl.org/dc/terms/"
XSI, XLINK = "http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/1999/xlink"
XSD = "http://www.w3.org/2001/XMLSchema"
OGC, FES = "http://www.opengis.net/ogc", "http://www.opengis.net/fes/2.0"
PATH = "/csw"
XML, ATOM_XML = "application/xml", "application/atom+xml"
OPENSEARCH = "application/opensearchdescription+xml"


class Refused(EstranError):
    """A request that is answered by an exception report.

    Attributes:
        code: of OWS Common, such as ``MissingParameterValue``.
        locator: the parameter or element at fault.
        text: what is wrong and what to do next.
        status: of HTTP.
    """

    def __init__(self, code: str, locator: str, text: str, status: int = 400) -> None:
        self.code, self.locator, self.text, self.status = code, locator, text, status
        super().__init__(text)


def missing(locator: str, text: str) -> Refused:
    """A parameter that must be there is not."""
    return Refused("MissingParameterValue", locator, text)


def words(text: str) -> str:
    """Text as the content of an element or attribute of XML."""
    return escape(legal(text))


def element(name: str, text: str, **attributes: str) -> str:
    """An element with text in it; empty attributes are left out."""
    return f"<{name}{marks(attributes)}>{words(text)}</{name}>"


def marks(attributes: Mapping[str, str]) -> str:
    """Attributes of an element, those without a value left out."""
    return "".join(f' {name}="{words(value)}"' for name, value in attributes.items() if value)


def shown(text: str) -> str:
    """What somebody sent, short enough for a message."""
    return text[:80]
