"""The pivot itself, as one node hands a record to another: nothing of it is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid
from estran.formats import Format, Written
from estran.formats._json import decode, outline, text
from estran.model import KINDS, NODE_FIELDS, Box, Extent, Period, Record, date, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Document, Links, Refusal

__all__ = ["FORMAT", "document", "read"]

MEDIA_TYPE = "application/vnd.estran.record+json"
_VERSION = 1
# The warnings are the reading node's to find; they are told, so that nobody looks for the original in vain.
_KEPT_BACK = NODE_FIELDS - {"warnings"}
_DATES = ("created", "published", "revised", "available", "metadata_date")


def document(record: Record, links: Links) -> dict[str, Any]:
    """A record as plain JSON: where it stands, whose it is, and the whole pivot, defaults left out."""
    content = plain(record)
    for name in _KEPT_BACK:
        content.pop(name, None)
    return {
        "estran": _VERSION,
        "id": record.id,
        "address": links.page(record.id) if record.id else "",
        "centre": record.centre,
        "record": content,
    }


def _write(record: Record, links: Links) -> Written:
    return Written(msgspec.json.encode(document(record, links)), MEDIA_TYPE)


def _recognise(head: bytes, _name: str) -> float:
    shown = outline(head)
    return 0.97 if shown.get("record") == "{" and shown.get("estran", "").isdigit() else 0.0


def read(source: Document) -> Iterator[Record | Refusal]:
    """The record of a document.

    Raises:
        Invalid: it is no record of an Estran node, or one of a version that is not known here.
    """
    value, _ = decode(source)
    if not isinstance(value, dict) or not isinstance(value.get("record"), dict) or "estran" not in value:
        raise Invalid("it is no record of an Estran node: “estran” or “record” is missing", source.name)
    if value["estran"] != _VERSION:
        raise Invalid(
            f"it is in version {str(value['estran'])[:20]} of Estran's own format; this node reads version "
            f"{_VERSION}: renew it, or harvest that node by OAI-PMH",
            source.name,
        )
    content = {name: part for name, part in value["record"].items() if name not in _KEPT_BACK}
    try:
        found = msgspec.convert(_cleaned(content), Record)
    except msgspec.ValidationError as error:
        raise Invalid(f"it is not as the pivot is: {error}", source.name) from None
    yield _checked(found)


def _cleaned(value: Any) -> Any:
    """The same without the characters that no database or XML document holds."""
    if isinstance(value, str):
        # The blanks at the ends belong to the text.
        return text(f"x{value}x")[1:-1]
    if isinstance(value, dict):
        return {name: _cleaned(part) for name, part in value.items()}
    return [_cleaned(part) for part in value] if isinstance(value, list) else value


def _checked(record: Record) -> Record:
    """What another node says is no more to be trusted than what anyone says."""
    notes: list[str] = []
    kept = {name: _day(getattr(record, name), notes, name) for name in _DATES}
    extent = record.extent
    checked = Extent(
        boxes=tuple(box for given in extent.boxes if (box := _box(given, notes))),
        geometries=extent.geometries,
        places=extent.places,
        periods=tuple(
            Period(_day(start, notes, "period"), _day(end, notes, "period")) for start, end in extent.periods
        ),
        vertical=extent.vertical,
    )
    kind = record.kind if record.kind in KINDS else "other"
    warnings = tuple(dict.fromkeys((*record.warnings, *notes)))
    return replace(record, extent=checked, kind=kind, warnings=warnings, **kept)


def _day(given: str, notes: list[str], where: str) -> str:
    try:
        return date(given, where) if given else ""
    except Invalid as error:
        notes.append(str(error))
        return ""


def _box(given: Box, notes: list[str]) -> Box | None:
    try:
        return Box.checked(*given)
    except Invalid as error:
        notes.append(str(error))
        return None


FORMAT = Format(
    name="estran-json",
    title="Estran record",
    media_types=(MEDIA_TYPE,),
    recognise=_recognise,
    read=read,
    write=_write,
    suffix=".estran.json",
)
