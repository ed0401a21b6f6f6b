"""ISO 19139: the XML of ISO 19115:2003 (``gmd``), with 19115-2 (``gmi``) and national profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.formats import Format
from estran.formats._iso import documents
from estran.formats._iso.forms import FORM_2003

if TYPE_CHECKING:
    from estran.formats import Links, Written
    from estran.model import Record

__all__ = ["FORMAT"]

_MEDIA_TYPES = ("application/vnd.iso.19139+xml", "application/xml", "text/xml")
_SPACES = ("isotc211.org/2005/gm", "19115/-3/gmd", "geocat.ch/", "standards.iso.org/iso/19139")
_RELATIVES = ("isotc211.org/2005/",)


def _recognise(head: bytes, _name: str) -> float:
    return documents.recognise(head, _SPACES, _RELATIVES)


def _write(record: Record, _links: Links) -> Written:
    return documents.write(record, FORM_2003, _MEDIA_TYPES[0])


FORMAT = Format(
    name="iso19139",
    title="ISO 19139 (ISO 19115:2003)",
    media_types=_MEDIA_TYPES,
    recognise=_recognise,
    read=documents.read,
    write=_write,
    suffix=".xml",
)
