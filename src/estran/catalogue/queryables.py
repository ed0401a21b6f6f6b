"""The properties of records that filters may name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from estran.catalogue.query import SERIES
from estran.model import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["text", "number", "time", "interval", "array", "geometry"]


@dataclass(frozen=True, slots=True)
class Queryable:
    """A property that filters may name.

    Attributes:
        kind: "text", "number", "time" (an instant), "interval" (an extent in time), "array" (several
            texts) or "geometry".
        title: what it is, for people.
        enum: the only values that it takes, where they are few.
    """

    kind: Kind
    title: str
    enum: tuple[str, ...] = ()


RECORDS: Mapping[str, Queryable] = {
    "id": Queryable("text", "Identifier of the record on this node"),
    "type": Queryable("text", "Kind of resource", KINDS),
    "title": Queryable("text", "Title"),
    "description": Queryable("text", "Abstract"),
    "created": Queryable("time", "When the record came to this catalogue"),
    "updated": Queryable("time", "When the record last changed in this catalogue"),
    "recordCreated": Queryable("time", "The same as created"),
    "recordUpdated": Queryable("time", "The same as updated"),
    "published": Queryable("time", "Date of publication of the resource"),
    "time": Queryable("interval", "Period that the resource covers"),
    "geometry": Queryable("geometry", "Area that the resource covers, in longitude and latitude"),
    "keywords": Queryable("array", "Keywords"),
    "themes": Queryable("array", "Themes and topic categories"),
    "theme": Queryable("array", "Themes"),
    "topic": Queryable("array", "Topic categories of ISO 19115"),
    "applications": Queryable("array", "What the data are used for: water, risks, health…"),
    "places": Queryable("array", "Names of places"),
    "variables": Queryable("array", "Measured or computed variables"),
    "platforms": Queryable("array", "Platforms: satellites, ships, stations"),
    "instruments": Queryable("array", "Instruments"),
    "projects": Queryable("array", "Projects"),
    "level": Queryable("array", "Processing level"),
    "language": Queryable("text", "Language of the resource, ISO 639"),
    "license": Queryable("text", "Licence: SPDX identifier, name or address"),
    "access": Queryable("text", "Access", ("open", "restricted", "embargoed", "closed")),
    "formats": Queryable("array", "Data formats and service types"),
    "services": Queryable("array", "Ways of access: kinds of services, file, page"),
    "links": Queryable("array", "What came of checking its links: ok, login, wrong, dead, unknown"),
    "series": Queryable("array", "Observations on this node: any, of stations, of what moves", SERIES),
    "centre": Queryable("text", "Centre that the record belongs to"),
    "hub": Queryable("array", "Hubs that the record belongs to through its centre"),
    "source": Queryable("text", "Source that the record came from"),
    "externalId": Queryable("array", "Identifiers given elsewhere: DOI, UUID, address"),
}
"""The queryables of records."""


def schema(url: str, queryables: Mapping[str, Queryable] = RECORDS, title: str = "Records") -> dict[str, Any]:
    """The queryables as JSON Schema (draft 2019-09), for the resource at `url`."""
    return {
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "$id": url,
        "type": "object",
        "title": title,
        "properties": {name: _property(name, q) for name, q in queryables.items()},
        "additionalProperties": False,
    }


def _property(name: str, queryable: Queryable) -> dict[str, Any]:
    words: dict[str, Any] = {"title": queryable.title}
    match queryable.kind:
        case "text":
            words["type"] = "string"
        case "number":
            words["type"] = "number"
        case "time":
            words |= {"type": "string", "format": "date-time"}
        case "interval":
            words |= {
                "type": "array",
                "items": {"type": "string", "format": "date-time"},
                "minItems": 2,
                "maxItems": 2,
            }
        case "array":
            words |= {"type": "array", "items": {"type": "string"}}
        case "geometry":
            words |= {"format": "geometry-any", "x-ogc-role": "primary-geometry"}
    if queryable.enum:
        words["enum"] = list(queryable.enum)
    return words | ({"x-ogc-role": "id"} if name == "id" else {})
