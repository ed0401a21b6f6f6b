"""STAC Items of all versions to the pivot's Item; the bytes stay as they came."""

from __future__ import annotations

from typing import Any

from estran.errors import Invalid
from estran.formats._geojson import wkt_and_box
from estran.formats._json import day, obj, text, texts
from estran.formats._stac.parts import assets, base_address, boxes, period, verticals
from estran.model import Extent, Item, Period

__all__ = ["is_item", "read_item"]


def is_item(value: dict[str, Any]) -> bool:
    """Whether a GeoJSON feature is an Item: it has assets, a version, a collection or a datetime."""
    properties = obj(value.get("properties"))
    return (
        "assets" in value
        or "stac_version" in value
        or "stac_version" in properties
        or ("collection" in value and "links" in value)
        or ("product_id" not in properties and ("datetime" in properties or "start_datetime" in properties))
    )


def read_item(value: dict[str, Any], body: bytes, notes: list[str], where: str) -> Item:
    """The item that a feature is; `body` becomes its body.

    Raises:
        Invalid: it has no id.
    """
    properties = obj(value.get("properties"))
    name = text(value.get("id")) or text(properties.get("id"))
    if not name:
        raise Invalid("the item has no id; give it one that is unique in its collection", where)
    if not is_item(value):
        raise Invalid(
            "it is a GeoJSON feature with neither assets nor stac_version nor datetime: no STAC Item", where
        )
    return Item(
        id=name,
        collection=text(value.get("collection")) or text(properties.get("collection")),
        title=text(properties.get("title")),
        description=text(properties.get("description")),
        created=day(properties.get("created"), notes, "properties.created"),
        updated=day(properties.get("updated"), notes, "properties.updated"),
        extent=_extent(value, properties, notes),
        platform=text(properties.get("platform") or properties.get("eo:platform")),
        instruments=tuple(texts(properties.get("instruments") or properties.get("eo:instrument"))),
        distributions=tuple(assets(value.get("assets"), base_address(value.get("links")))),
        warnings=tuple(notes),
        body=body,
    )


def _extent(value: dict[str, Any], properties: dict[str, Any], notes: list[str]) -> Extent:
    try:
        wkt, around = wkt_and_box(value.get("geometry"))
    except Invalid as error:
        notes.append(str(error))
        wkt, around = "", None
    given = [] if value.get("bbox") is None else [value["bbox"]]
    found = boxes(given, notes, "bbox") or ((around,) if around else ())
    return Extent(
        boxes=found,
        geometries=(wkt,) if wkt else (),
        periods=_periods(properties, notes),
        vertical=verticals(given),
    )


def _periods(properties: dict[str, Any], notes: list[str]) -> tuple[Period, ...]:
    start = (
        properties.get("start_datetime")
        or properties.get("dtr:start_datetime")
        or properties.get("dt:start_datetime")
    )
    end = (
        properties.get("end_datetime")
        or properties.get("dtr:end_datetime")
        or properties.get("dt:end_datetime")
    )
    if start or end:
        found = period(start, end, notes, "properties.start_datetime")
        if found:
            return (found,)
    first, slash, last = text(properties.get("datetime")).partition("/")
    if slash:
        found = period(first.strip(". "), last.strip(". "), notes, "properties.datetime")
    else:
        at = day(first, notes, "properties.datetime")
        found = Period(at, at) if at else None
    return (found,) if found else ()
