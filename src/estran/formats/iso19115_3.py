"""ISO 19115-3: the XML of ISO 19115-1:2014 (``mdb`` 1.0, 1.3 and 2.0)."""

from __future__ import annotations

from estran.formats import Format
from estran.formats._iso import documents

__all__ = ["FORMAT"]

_SPACES = ("19115/-3/mdb", "19115/-1/mdb")
_RELATIVES = ("standards.iso.org/iso/19", "schemas.isotc211.org/19")


def _recognise(head: bytes, _name: str) -> float:
    return documents.recognise(head, _SPACES, _RELATIVES)


FORMAT = Format(
    name="iso19115-3",
    title="ISO 19115-3",
    media_types=("application/vnd.iso.19115-3+xml", "application/xml", "text/xml"),
    recognise=_recognise,
    read=documents.read,
    suffix=".xml",
)
