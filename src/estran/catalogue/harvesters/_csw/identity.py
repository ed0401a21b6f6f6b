"""What a source calls a metadata record, and which version of it this is."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from estran.formats._elements import all_at, at
from estran.formats._xml import local, text_of

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["identity"]

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DESCRIBED = ("CatalogRecord", "Dataset", "DataService", "DatasetSeries", "Description")
# Paths of local names, the first that holds words wins.
_KEYS = (
    "fileIdentifier", "metadataIdentifier/MD_Identifier/code", "Entry_ID/Short_Name", "Entry_ID",
    "idinfo/datasetid", "identifier",
)  # fmt: skip
_STAMPS = (
    "dateStamp", "Metadata_Dates/Metadata_Last_Revision", "Last_DIF_Revision_Date", "metainfo/metd", "modified",
    "date",
)  # fmt: skip


def identity(root: _Element, body: bytes) -> tuple[str, str]:
    """Key and stamp of a record; the hash of its bytes is the key of one that has no identifier."""
    top = _described(root) if local(root) == "RDF" else root
    key = _first(top, _KEYS) or top.get(f"{_RDF}about") or ""
    if local(root) == "RDF" and local(top) == "CatalogRecord":
        # Of what is described, not of the description: its address is in the catalogue.
        key = top.get(f"{_RDF}about") or key
    return key or f"sha256:{hashlib.sha256(body).hexdigest()}", _revised(top) or _first(top, _STAMPS)


def _first(element: _Element, paths: tuple[str, ...]) -> str:
    return next((words for path in paths for found in all_at(element, path) if (words := text_of(found))), "")


def _described(root: _Element) -> _Element:
    """The element of an RDF document that speaks of the record as a whole."""
    return next((child for name in _DESCRIBED for child in root if local(child) == name), root)


def _revised(top: _Element) -> str:
    """The last revision of ISO 19115-3, else its creation."""
    dates = {
        kind.get("codeListValue") or text_of(kind): text_of(at(held, "CI_Date/date"))
        for held in all_at(top, "dateInfo")
        for kind in all_at(held, "CI_Date/dateType/CI_DateTypeCode")
    }
    return next((dates[kind] for kind in ("revision", "lastUpdate", "creation") if dates.get(kind)), "")
