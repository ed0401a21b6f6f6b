"""OGC API - Records 1.0 (20-004r1): records, collections of them and catalogues in GeoJSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid
from estran.formats import Format, Refusal, Written
from estran.formats._json import decode, outline, text
from estran.formats._ogc.read import read_record
from estran.formats._ogc.write import feature, unsaid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Document, Links
    from estran.model import Record

__all__ = ["FORMAT", "feature", "read", "recognise", "write"]

_CERTAIN, _LIKELY, _POSSIBLE, _DOUBTFUL = 0.95, 0.8, 0.55, 0.2
_OF_RECORDS = (
    "externalIds",
    "externalId",
    "themes",
    "contacts",
    "recordUpdated",
    "record-updated",
    "formats",
    "language",
)


def recognise(head: bytes, _name: str) -> float:
    """How surely it is a record of OGC API Records: by its conformance, else by what its properties are."""
    shown = outline(head)
    if not shown or any(key in shown for key in ("@context", "stac_version", "features.stac_version")):
        return 0.0
    if b"ogcapi-records-1/" in head or shown.get("itemType") == "record":
        return _CERTAIN
    kind = shown.get("type")
    if kind not in ("Feature", "FeatureCollection"):
        return 0.0
    place = "features." if kind == "FeatureCollection" else ""
    if any(f"{place}properties.{key}" in shown for key in _OF_RECORDS) or f"{place}time" in shown:
        return _LIKELY
    described = f"{place}properties.type" in shown and f"{place}properties.title" in shown
    return _POSSIBLE if described else _DOUBTFUL


def read(document: Document) -> Iterator[Record | Refusal]:
    """Every record of a document; a catalogue is a record too, and so are those in it.

    Raises:
        Invalid: it is no JSON, or no record of OGC API Records.
    """
    notes: list[str] = []
    value, _ = decode(document, notes)
    if isinstance(value, list):
        yield from _each(document, value, "", notes)
        return
    if not isinstance(value, dict):
        raise Invalid("it is a single JSON value, no record", document.name)
    if isinstance(value.get("features"), list):
        yield from _each(document, value["features"], "features", notes)
        return
    kind = value.get("type")
    if kind != "Feature" and "geometry" not in value and "itemType" not in value and kind != "Collection":
        raise Invalid("it is neither a GeoJSON feature nor a catalogue of records", document.name)
    yield read_record(value, notes, document.name)
    held = text(value.get("recordsArrayName")) or "records"
    if kind != "Feature" and isinstance(value.get(held), list):
        yield from _each(document, value[held], held, notes)


def _each(document: Document, values: list[Any], key: str, notes: list[str]) -> Iterator[Record | Refusal]:
    for place, value in enumerate(values):
        where = f"{key}[{place}]"
        try:
            if not isinstance(value, dict):
                raise Invalid("it is no object", where)
            yield read_record(value, list(notes), where)
        except Invalid as error:
            yield Refusal(document.name, str(error), document.line)


def write(record: Record, links: Links) -> Written:
    """The record as a feature, with what it could not carry."""
    body = msgspec.json.format(msgspec.json.encode(feature(record, links)), indent=2)
    return Written(body, "application/geo+json", unsaid(record))


FORMAT = Format(
    name="ogc-records",
    title="OGC API Records",
    media_types=("application/geo+json",),
    recognise=recognise,
    read=read,
    write=write,
    suffix=".json",
)
