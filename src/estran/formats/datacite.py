"""DataCite Metadata Schema, kernels 2.2 to 4.7 read and 4.6 written, in JSON and in XML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid
from estran.formats import Format, Loss, Refusal, Written
from estran.formats._datacite.read import read_attributes
from estran.formats._datacite.write import attributes
from estran.formats._datacite.xml import members, resource
from estran.formats._json import decode, outline
from estran.formats._xml import local, parse, root_name, serialise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from estran.formats import Document, Links
    from estran.model import Record

__all__ = ["FORMAT_JSON", "FORMAT_XML", "read_json", "read_xml"]

_CERTAIN, _LIKELY = 0.95, 0.8
_MARKS = (
    "types.resourceTypeGeneral",
    "types.resource-type-general",
    "creators.name",
    "creators.nameType",
    "publicationYear",
    "publication-year",
    "relatedIdentifiers",
    "rightsList",
)
_ENOUGH = 2


def recognise_json(head: bytes, _name: str) -> float:
    """How surely it is DataCite JSON: by the members that only it has."""
    shown = outline(head)
    if not shown or "@context" in shown or "stac_version" in shown:
        return 0.0
    for place in ("", "data.attributes.", "data."):
        if "datacite.org/schema" in shown.get(f"{place}schemaVersion", ""):
            return _CERTAIN
        marks = sum(f"{place}{mark}" in shown for mark in _MARKS)
        if marks >= _ENOUGH:
            return _CERTAIN
        if marks and (f"{place}doi" in shown or f"{place}id" in shown):
            return _LIKELY
    return _LIKELY if shown.get("data.type") == "dois" else 0.0


def recognise_xml(head: bytes, _name: str) -> float:
    """How surely it is DataCite XML: by its namespace, whatever the kernel."""
    space, name = root_name(head)
    if "datacite.org/schema/kernel" in space:
        return _CERTAIN if name == "resource" else _LIKELY
    if name == "resource" and (b"identifierType" in head or b"<creatorName" in head):
        return _LIKELY
    return 0.0


def read_json(document: Document) -> Iterator[Record | Refusal]:
    """Every record of a document: attributes, the REST API's envelope around them, or lists of either.

    Raises:
        Invalid: it is no JSON, or nothing of DataCite.
    """
    notes: list[str] = []
    value, _ = decode(document, notes)
    if isinstance(value, dict) and "data" in value:
        value = value["data"]
    if not isinstance(value, list):
        yield read_attributes(_attributes(value, document.name), notes, document.name)
        return
    for place, part in enumerate(value):
        try:
            yield read_attributes(_attributes(part, f"[{place}]"), list(notes), f"[{place}]")
        except Invalid as error:
            yield Refusal(document.name, str(error), document.line)


def _attributes(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid("it is no JSON object", where)
    inner = value.get("attributes")
    found = inner if isinstance(inner, dict) else value
    if "@context" in found or not any(
        key in found for key in ("titles", "title", "creators", "creator", "doi")
    ):
        raise Invalid("it has neither titles nor creators nor doi: no DataCite record", where)
    return found


def read_xml(document: Document) -> Iterator[Record | Refusal]:
    """Every ``resource`` of a document, whatever stands around it.

    Raises:
        Invalid: it is no XML, or holds no resource of DataCite.
    """
    notes: list[str] = []
    root = parse(document, notes)
    found = False
    for element in _resources(root):
        found = True
        own = list(notes)
        try:
            yield read_attributes(members(element, own), own, document.name)
        except Invalid as error:
            yield Refusal(document.name, error.why, element.sourceline or document.line)
    if not found:
        raise Invalid(f"its root is <{local(root)}>, and it holds no <resource> of DataCite", document.name)


def _resources(root: _Element) -> Iterator[_Element]:
    if local(root) == "resource":
        yield root
    else:
        yield from (e for e in root.iter("{*}resource") if any(local(child) == "titles" for child in e))


def write_json(record: Record, links: Links) -> Written:
    """The record as attributes of the REST API, with what it could not carry."""
    found, lost = attributes(record, links)
    body = msgspec.json.format(msgspec.json.encode(found), indent=2)
    return Written(body, "application/vnd.datacite.datacite+json", lost)


def write_xml(record: Record, links: Links) -> Written:
    """The record as a resource of kernel 4, with what it could not carry."""
    found, lost = attributes(record, links)
    body = serialise(resource(found))
    # These two are members of the REST API alone.
    if found.get("contentUrl"):
        lost = (*lost, Loss("distributions.url", "DataCite XML has no address of the data"))
    if record.landing_page and found["identifiers"][0]["identifier"] != record.landing_page:
        lost = (*lost, Loss("landing_page", "DataCite XML has no address of the page"))
    return Written(body, "application/vnd.datacite.datacite+xml", tuple(dict.fromkeys(lost)))


FORMAT_JSON = Format(
    name="datacite-json",
    title="DataCite JSON",
    media_types=("application/vnd.datacite.datacite+json",),
    recognise=recognise_json,
    read=read_json,
    write=write_json,
    suffix=".json",
)
FORMAT_XML = Format(
    name="datacite-xml",
    title="DataCite XML",
    media_types=("application/vnd.datacite.datacite+xml",),
    recognise=recognise_xml,
    read=read_xml,
    write=write_xml,
    suffix=".xml",
)
