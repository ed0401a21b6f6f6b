"""ISO 19115-3: the XML of ISO 19115-1:2014 (``mdb`` 1.0, 1.3 and 2.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.formats import Format
from estran.formats._iso import documents
from estran.formats._iso.forms import FORM_2014

if TYPE_CHECKING:
    from estran.formats import Links, Written
    from estran.model import Record

__all__ = ["FORMAT"]

_MEDIA_TYPES = ("application/vnd.iso.19115-3+xml", "application/xml", "text/xml")
_SPACES = ("19115/-3/mdb", "19115/-1/mdb")
_RELATIVES = ("standards.iso.org/iso/19", "schemas.isotc211.org/19")


def _recognise(head: bytes, _name: str) -> float:
    return documents.recognise(head, _SPACES, _RELATIVES)


def _write(record: Record, _links: Links) -> Written:
    return documents.write(record, FORM_2014, _MEDIA_TYPES[0])


FORMAT = Format(
    name="iso19115-3",
    title="ISO 19115-3",
    media_types=_MEDIA_TYPES,
    recognise=_recognise,
    read=documents.read,
    write=_write,
    suffix=".xml",
)
