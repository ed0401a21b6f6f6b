"""ISO 19139: the XML of ISO 19115:2003 (``gmd``), with 19115-2 (``gmi``) and national profiles."""

from __future__ import annotations

from estran.formats import Format
from estran.formats._iso import documents

__all__ = ["FORMAT"]

_SPACES = ("isotc211.org/2005/gm", "19115/-3/gmd", "geocat.ch/", "standards.iso.org/iso/19139")
_RELATIVES = ("isotc211.org/2005/",)


def _recognise(head: bytes, _name: str) -> float:
    return documents.recognise(head, _SPACES, _RELATIVES)


FORMAT = Format(
    name="iso19139",
    title="ISO 19139 (ISO 19115:2003)",
    media_types=("application/vnd.iso.19139+xml", "application/xml", "text/xml"),
    recognise=_recognise,
    read=documents.read,
    suffix=".xml",
)
