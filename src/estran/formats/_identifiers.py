"""Identifiers as people write them: the DOI inside an address, the scheme behind a string."""

from __future__ import annotations

import re
from urllib.parse import unquote

from estran.model import Identifier

__all__ = ["doi", "identifier"]

_DOI = re.compile(
    r"^\s*(?:https?://(?:dx\.|www\.|hdl\.)?(?:doi\.org|handle\.net|handle\.test\.datacite\.org)/|info:doi/|urn:doi:"
    r"|doi:?\s*(?:https?://(?:dx\.)?doi\.org/)?)?"
    r"(10\.\d{4,9}(?:\.\d+)*/\S+?)\s*$",
    re.IGNORECASE,
)
_UUID = re.compile(r"^(?:urn:uuid:)?([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})$", re.IGNORECASE)
_LONGEST = 2000
# The schemes of DataCite and some more; a scheme that is not among them keeps its capitals.
_SCHEMES = frozenset(
    [
        "ark",
        "arxiv",
        "bibcode",
        "cstr",
        "doi",
        "ean13",
        "eissn",
        "handle",
        "hdl",
        "igsn",
        "isbn",
        "issn",
        "istc",
        "lissn",
        "lsid",
        "pmcid",
        "pmid",
        "purl",
        "raid",
        "rrid",
        "swhid",
        "upc",
        "uri",
        "url",
        "urn",
        "uuid",
        "w3id",
    ]
)


def doi(text: str) -> str:
    """The bare DOI in lower case that `text` is, with or without resolver or ``doi:``; "" if it is none."""
    found = _DOI.match(text) if "10." in text and len(text) <= _LONGEST else None
    if found is None:
        return ""
    bare = unquote(found[1]) if "://" in text else found[1]
    # What an address hides in its escapes may be no letter at all, which no database keeps.
    return bare.lower() if bare.isprintable() else ""


def identifier(text: str, scheme: str = "") -> Identifier:
    """The identifier that `text` is, its scheme found from its form where none is given.

    A DOI is always recognised; a UUID loses ``urn:uuid:`` and its capitals.
    """
    text = text.strip()
    bare = doi(text)
    if bare and scheme.lower() in ("", "doi", "uri", "url", "handle"):
        return Identifier(bare, "doi")
    if scheme:
        lower = scheme.lower()
        return Identifier(text, "uri" if lower == "url" else lower if lower in _SCHEMES else scheme)
    if found := _UUID.match(text):
        return Identifier(found[1].lower(), "uuid")
    if text.startswith(("http://", "https://")):
        return Identifier(text, "uri")
    if text.lower().startswith("urn:"):
        return Identifier(text, "urn")
    return Identifier(text)
