"""The names by which clients of the catalogue service ask, and what they stand for here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.catalogue.queryables import RECORDS, Queryable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ADDITIONAL", "CORE", "FACETS", "ISO", "PROPERTIES", "SORTABLES", "known", "resolve"]

PROPERTIES: Mapping[str, Queryable] = {**RECORDS, "subjects": Queryable("array", "Subjects of all kinds")}
"""What a filter may name in the end."""

CORE = (
    "dc:title", "dc:subject", "dct:abstract", "csw:AnyText", "dc:format", "dc:identifier", "dct:modified",
    "dc:date", "dc:type", "dc:language", "dc:rights", "ows:BoundingBox", "dct:temporal",
)  # fmt: skip
ISO = tuple(
    f"apiso:{name}"
    for name in (
        "Title", "Subject", "Abstract", "AnyText", "Format", "Identifier", "Modified", "Type", "BoundingBox",
        "PublicationDate", "ResourceLanguage", "ResourceIdentifier", "TopicCategory", "TempExtent_begin",
        "TempExtent_end",
    )
)  # fmt: skip
ADDITIONAL = (
    "hub", "centre", "source", "access", "variables", "platforms", "instruments", "projects", "level",
    "created", "updated",
)  # fmt: skip

# Local names in lower case; the prefix says nothing more.
_MEANINGS: Mapping[str, str] = {
    "title": "title",
    "subject": "subjects", "subjects": "subjects", "keyword": "subjects", "keywords": "subjects",
    "abstract": "description", "description": "description",
    "anytext": "anytext", "any": "anytext", "fulltext": "anytext",
    "format": "formats", "identifier": "identifier", "fileidentifier": "identifier",
    "resourceidentifier": "identifier",
    "modified": "updated", "changedate": "updated",
    "date": "published", "issued": "published", "publicationdate": "published",
    "type": "type", "language": "language", "resourcelanguage": "language",
    "rights": "license", "license": "license", "topiccategory": "themes",
    "boundingbox": "geometry", "spatial": "geometry", "geometry": "geometry",
    "temporal": "time", "tempextent": "time", "time": "time",
    "tempextent_begin": "begin", "tempextent_end": "end",
    **{name: name for name in ADDITIONAL},
}  # fmt: skip
# The language of the metadata is another thing than that of the data.
_ISO_ONLY_UNKNOWN = frozenset({"apiso:language"})

SORTABLES: Mapping[str, str] = {
    "title": "title", "updated": "updated", "published": "published", "identifier": "id",
    "begin": "start", "end": "end",
}  # fmt: skip
"""Meaning -> sort of the catalogue."""

FACETS: Mapping[str, str] = {
    "subjects": "keyword", "type": "kind", "formats": "format", "themes": "topic", "license": "licence",
    "hub": "hub", "centre": "centre", "source": "source", "access": "access", "variables": "variable",
    "platforms": "platform", "instruments": "instrument", "projects": "project", "level": "level",
}  # fmt: skip
"""Meaning -> facet that holds its values."""


def resolve(name: str) -> str:
    """What a property stands for: a name of `PROPERTIES`, or anytext, identifier, begin, end; "" for nothing.

    Args:
        name: as the client wrote it: with or without a prefix, or a path that ends in the name.
    """
    last = name.strip().rstrip("/").rpartition("/")[2]
    if last.lower() in _ISO_ONLY_UNKNOWN:
        return ""
    return _MEANINGS.get(last.rpartition(":")[2].lower(), "")


def known() -> str:
    """All names, for messages."""
    return ", ".join((*CORE, *ISO, *ADDITIONAL))
