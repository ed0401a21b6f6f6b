"""STAC 0.6 to 1.1: Items, Collections, Catalogs and lists of them; any record as a STAC 1.1 Collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid
from estran.formats import Format, Refusal
from estran.formats._json import decode, outline
from estran.formats._stac.collection import read_collection
from estran.formats._stac.item import is_item, read_item
from estran.formats._stac.write import write_collection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from estran.formats import Document
    from estran.model import Item, Record

__all__ = ["FORMAT", "read", "recognise"]

_CERTAIN, _LIKELY, _POSSIBLE, _DOUBTFUL = 0.95, 0.85, 0.6, 0.3


class _Many(msgspec.Struct):
    """The members of a list of items or collections, each in its own bytes."""

    features: list[msgspec.Raw] = []
    collections: list[msgspec.Raw] = []


def recognise(head: bytes, name: str) -> float:
    """How surely it is STAC: by its version first, then by the shape of the old ones."""
    shown = outline(head)
    if not shown or "@context" in shown or "conformsTo" in shown or shown.get("itemType") == "record":
        return 0.0
    if any(f"{place}stac_version" in shown for place in ("", "features.", "collections.")):
        return _CERTAIN
    kind = shown.get("type", "")
    if kind in ("Feature", "FeatureCollection"):
        return _of_feature(shown, "features." if kind == "FeatureCollection" else "")
    if any(_shows_collection(shown, place) for place in ("", "collections.")) or _has_assets(shown):
        return _LIKELY
    if kind in ("Catalog", "Collection") and "id" in shown:
        return _POSSIBLE
    return _DOUBTFUL if name.endswith("collection.json") and "id" in shown else 0.0


def _shows_collection(shown: Mapping[str, str], place: str) -> bool:
    extent = any(f"{place}extent.{part}" in shown for part in ("spatial", "temporal", "bbox"))
    return extent or (bool(place) and f"{place}id" in shown and f"{place}links" in shown)


def _has_assets(shown: Mapping[str, str]) -> bool:
    """Whether it starts with assets that have addresses, as an Item with sorted keys does."""
    return "assets" in shown and any(p.startswith("assets.") and p.endswith(".href") for p in shown)


def _of_feature(shown: Mapping[str, str], place: str) -> float:
    if f"{place}assets" in shown:
        return _LIKELY
    dated = any(
        f"{place}properties.{key}" in shown for key in ("datetime", "start_datetime", "eo:cloud_cover")
    )
    return _POSSIBLE if dated else _DOUBTFUL


def read(document: Document) -> Iterator[Record | Item | Refusal]:
    """Every Item, Collection and Catalog of a document.

    Raises:
        Invalid: it is no JSON, or nothing of STAC.
    """
    notes: list[str] = []
    value, body = decode(document, notes)
    if isinstance(value, list):
        yield from _each(document, value, msgspec.json.decode(body, type=list[msgspec.Raw]), "", notes)
        return
    if not isinstance(value, dict):
        raise Invalid("it is a single JSON value, no STAC document", document.name)
    found = False
    for key in ("collections", "features"):
        if isinstance(value.get(key), list):
            found = True
            if value[key] and not any(isinstance(part, dict) and _is_stac(part) for part in value[key]):
                raise Invalid(f"none of its {len(value[key])} {key} is of STAC", document.name)
            yield from _each(document, value[key], _parts(body, key, value[key]), key, notes)
    if not found:
        yield _one(value, body, notes, document.name)


def _parts(body: bytes, key: str, values: list[Any]) -> list[msgspec.Raw]:
    """The bytes of each value as they came; written anew where a key repeats, so that they cannot be told."""
    try:
        found = getattr(msgspec.json.decode(body, type=_Many), key)
    except msgspec.ValidationError:
        found = []
    return (
        found if len(found) == len(values) else [msgspec.Raw(msgspec.json.encode(value)) for value in values]
    )


def _each(
    document: Document, values: list[Any], parts: list[msgspec.Raw], key: str, notes: list[str]
) -> Iterator[Record | Item | Refusal]:
    for place, (value, part) in enumerate(zip(values, parts, strict=True)):
        where = f"{key}[{place}]"
        try:
            if not isinstance(value, dict):
                raise Invalid("it is no object", where)
            yield _one(value, bytes(part), list(notes), where)
        except Invalid as error:
            yield Refusal(document.name, str(error), document.line)


def _is_feature(value: dict[str, Any]) -> bool:
    return str(value.get("type", "")).lower() == "feature" or "geometry" in value


def _is_collection(value: dict[str, Any]) -> bool:
    kind = str(value.get("type", "")).lower()
    return kind in ("collection", "catalog") or "extent" in value or "stac_version" in value


def _is_stac(value: dict[str, Any]) -> bool:
    return is_item(value) if _is_feature(value) else _is_collection(value)


def _one(value: dict[str, Any], body: bytes, notes: list[str], where: str) -> Record | Item:
    if _is_feature(value):
        return read_item(value, body, notes, where)
    if _is_collection(value):
        return read_collection(value, notes, where)
    raise Invalid("it is neither a STAC Item nor a Collection nor a Catalog", where)


FORMAT = Format(
    name="stac",
    title="STAC",
    media_types=("application/json", "application/geo+json"),
    recognise=recognise,
    read=read,
    write=write_collection,
    suffix=".json",
)
