"""From the bytes of a STAC Item to its rows: all that needs no database.

The members of an item are kept byte by byte; only "links" is taken apart, because an answer writes its own.
"""

from __future__ import annotations

import hashlib
import re
import struct
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from estran.catalogue.items.queryables import INSTRUMENTS, Value
from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US, Box, instant_us

if TYPE_CHECKING:
    from estran.catalogue.items.queryables import Declared

# Links that the server writes for itself.
_STRUCTURAL = frozenset({"self", "root", "parent", "collection", "items", "item", "next", "prev"})
_RAW = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder().decode
_LONGEST_TEXT = 200
_LONGEST_LIST = 1000
# What every engine holds in a column of whole numbers; no percentage, distance or orbit comes near.
_MOST = 2**31
# Escaped surrogates, which may stand alone.
_ODD = re.compile(rb"\\u[dD][89a-fA-F]")


class PreparedItem(NamedTuple):
    """An item, ready to be stored.

    Attributes:
        body: its JSON without "links" and without the last brace.
        links: those that the server does not write for itself, as JSON with commas between.
        values: of its `COLUMNS`, in their order.
        packed: the body as the store keeps it, where that is done already.
        declared: the declared properties that were looked for.
        found: what of them was found; see `extracted`.
    """

    collection: str
    id: str
    hash: bytes
    body: bytes
    links: bytes
    start: int
    end: int
    boxes: tuple[Box, ...]
    shape: bytes | None
    values: tuple[Any, ...]
    packed: bytes = b""
    declared: tuple[Declared, ...] = ()
    found: tuple[Value, ...] = ()


COLUMNS: dict[str, tuple[str, ...]] = {
    "cloud_cover": ("eo:cloud_cover",),
    "gsd": ("gsd", "eo:gsd"),
    "orbit": ("sat:relative_orbit",),
    "platform": ("platform", "eo:platform"),
    "constellation": ("constellation", "eo:constellation"),
    "instrument": ("instruments", "eo:instrument", "instrument"),
    "level": ("processing:level",),
    "tile": ("grid:code", "s2:mgrs_tile"),
}
"""Columns of the item table and the properties that fill them, the first that an item has."""
_NUMBERS = frozenset({"cloud_cover", "gsd", "orbit"})
_WAYS = tuple((column in _NUMBERS, column == "orbit", names) for column, names in COLUMNS.items())


def plain_item(document: bytes, declared: tuple[Declared, ...] = ()) -> PreparedItem | None:
    """The rows of a document that is plainly a STAC Item of a named collection; None where one must look closer."""
    if _ODD.search(document) or not (document.isascii() or _is_utf8(document)):
        return None
    try:
        members = _RAW.decode(document)
        if bytes(members["type"]) != b'"Feature"' or "stac_version" not in members:
            return None
        if any(bytes(members[key])[:1] != b'"' for key in ("id", "collection")):
            return None
        return _prepared(members, "", "item", declared)
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, Invalid, RecursionError):
        return None


def _is_utf8(document: bytes) -> bool:
    try:
        document.decode()
    except UnicodeDecodeError:
        return False
    return True


def prepare_item(document: bytes, collection: str = "", where: str = "item") -> PreparedItem:
    """The rows of an item.

    Args:
        document: its JSON.
        collection: where it belongs if it does not say.
        where: name of its file, for messages.

    Raises:
        Invalid: not JSON, or without id, collection or time.
    """
    try:
        members = _RAW.decode(document)
        if "id" not in members or not (collection or "collection" in members):
            raise Invalid("it has no id or names no collection; both are needed to keep it", where)
        return _prepared(members, collection, where)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Invalid(f"it is not JSON ({error})", where) from None


def _prepared(
    members: dict[str, msgspec.Raw], collection: str, where: str, declared: tuple[Declared, ...] = ()
) -> PreparedItem:
    name = _text(members, "id")
    home = _text(members, "collection") or collection
    properties = _DECODE(members["properties"]) if "properties" in members else {}
    geometry = _DECODE(members["geometry"]) if "geometry" in members else None
    bbox = _DECODE(members["bbox"]) if "bbox" in members else None
    if not name or not home:
        raise Invalid("it has no id or names no collection; both are needed to keep it", where)
    if not isinstance(properties, dict):
        raise Invalid("its properties are no object", where)
    inner = _links(members.pop("links", None))
    start, end = _span(properties, where)
    boxes, shape = place(geometry, bbox, where)
    body = b"{" + b",".join([b"%b:%b" % (_ENCODE(key), raw) for key, raw in members.items()])
    digest = hashlib.blake2b(body, digest_size=16)
    digest.update(b"\n" + inner)
    return PreparedItem(
        home, name, digest.digest(), body, inner, start, end, boxes, shape,
        tuple(_held(properties, *way) for way in _WAYS), b"", declared,
        extracted(properties, declared),
    )  # fmt: skip


def extracted(properties: dict[str, Any], declared: tuple[Declared, ...]) -> tuple[Value, ...]:
    """The values of the declared properties that an item has, and its instruments if they are several.

    Of a list the first value counts, but where it is declared as a list. What is no value of the declared kind
    counts as missing: an item is never refused for it.
    """
    instruments = properties.get("instruments")
    found = _texts(INSTRUMENTS, instruments) if isinstance(instruments, list) and len(instruments) > 1 else []
    for number, name, kind in declared:
        value = properties.get(name)
        if kind == "list":
            found += _texts(number, value if isinstance(value, list) else [value])
            continue
        if isinstance(value, list):
            value = value[0] if value else None
        if value is None:
            continue
        if kind == "text":
            if text := _plain_text(value):
                found.append(Value(number, 0, None, text))
        elif (real := _instant_or_none(value) if kind == "time" else _real(value)) is not None:
            found.append(Value(number, 0, real, None))
    return tuple(found)


def _texts(number: int, values: list[Any]) -> list[Value]:
    texts = (_plain_text(value) for value in values[:_LONGEST_LIST])
    return [Value(number, position, None, text) for position, text in enumerate(texts) if text]


class _Body(msgspec.Struct):
    properties: dict[str, Any] = {}


_BODY = msgspec.json.Decoder(_Body).decode


def extracted_from(body: bytes, declared: tuple[Declared, ...]) -> tuple[Value, ...]:
    """The same of an item's `PreparedItem.body`."""
    return extracted(_BODY(body + b"}").properties, declared)


def _plain_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    # NUL is nothing that every engine keeps in a text.
    return value[:_LONGEST_TEXT] if isinstance(value, str) and "\0" not in value else ""


def _real(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > sys.float_info.max:
        return None
    # Without the sign of a zero, which not every engine keeps.
    return float(value) + 0.0


def _instant_or_none(value: Any) -> float | None:
    try:
        return float(instant_us(value, "item: properties.")) if isinstance(value, str) else None
    except Invalid:
        return None


def _links(raw: msgspec.Raw | None) -> bytes:
    """The links worth keeping, with commas between."""
    listed = _DECODE(raw) if raw is not None else None
    if not isinstance(listed, list):
        return b""
    kept = (link for link in listed if isinstance(link, dict) and link.get("rel") not in _STRUCTURAL)
    return b",".join(_ENCODE(link) for link in kept)


def _text(members: dict[str, msgspec.Raw], key: str) -> str:
    value = _DECODE(members[key]) if key in members else ""
    return value if isinstance(value, str) else ""


def _held(
    properties: dict[str, Any],
    is_number: bool,
    is_whole: bool,
    names: tuple[str, ...],
) -> Any:
    for name in names:
        value = properties.get(name)
        if isinstance(value, list):
            value = value[0] if value else None
        if is_number:
            if isinstance(value, int | float) and not isinstance(value, bool) and -_MOST < value < _MOST:
                return int(value) if is_whole else float(value)
        elif isinstance(value, str) and value:
            return value[:_LONGEST_TEXT]
    return None


def _span(properties: dict[str, Any], where: str) -> tuple[int, int]:
    first, last = properties.get("start_datetime"), properties.get("end_datetime")
    at = properties.get("datetime")
    if isinstance(at, str) and at:
        start = instant_us(at, f"{where}: properties.datetime")
        end = start + 1
    elif first or last:
        start, end = EVER_US, NEVER_US
    else:
        raise Invalid("it has neither datetime nor start_datetime; give it one", where)
    # An interval beside the instant says how long it lasts; the order goes by the instant.
    if isinstance(first, str) and first and not at:
        start = instant_us(first, f"{where}: properties.start_datetime")
    if isinstance(last, str) and last:
        end = max(instant_us(last, f"{where}: properties.end_datetime") + 1, start + 1)
    return start, end


def place(geometry: Any, bbox: Any, where: str) -> tuple[tuple[Box, ...], bytes | None]:
    """The boxes of an item, and its shape as WKB where that is not its box; none without a geometry."""
    if not isinstance(geometry, dict):
        return (), None
    ring = geometry.get("coordinates") if geometry.get("type") == "Polygon" else None
    if isinstance(ring, list) and len(ring) == 1 and _is_ring(ring[0]):
        xs, ys = [p[0] for p in ring[0]], [p[1] for p in ring[0]]
        box = Box.checked(min(xs), min(ys), max(xs), max(ys), f"{where}: geometry")
        if len(ring[0]) == 5 and _is_box(ring[0], box):  # noqa: PLR2004 - a closed rectangle
            return (box,), None
        flat = [v for p in ring[0] for v in (p[0], p[1])]
        return (box,), struct.pack(f"<BIII{len(flat)}d", 1, 3, 1, len(ring[0]), *flat)
    return _other_shape(geometry, bbox, where)


def _is_ring(ring: Any) -> bool:
    return (
        isinstance(ring, list)
        and len(ring) > 3  # noqa: PLR2004
        and all(
            isinstance(p, list)
            and len(p) > 1
            and isinstance(p[0], int | float)
            and isinstance(p[1], int | float)
            for p in ring
        )
    )


def _is_box(ring: list[list[float]], box: Box) -> bool:
    """Whether a closed ring of five goes along the sides of its box, and not across."""
    corners = {(box.west, box.south), (box.east, box.south), (box.east, box.north), (box.west, box.north)}
    along = all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(ring))
    return along and {(p[0], p[1]) for p in ring} == corners


def _is_bbox(bbox: Any) -> bool:
    return (
        isinstance(bbox, list)
        and len(bbox) in (4, 6)
        and all(isinstance(corner, int | float) for corner in bbox)
    )


def _other_shape(geometry: dict[str, Any], bbox: Any, where: str) -> tuple[tuple[Box, ...], bytes | None]:
    import shapely  # noqa: PLC0415 - most items are simple polygons

    try:
        shape = shapely.force_2d(shapely.from_geojson(_ENCODE(geometry).decode()))
    except (shapely.errors.GEOSException, ValueError, TypeError) as error:
        raise Invalid(f"its geometry cannot be read ({error})", where) from None
    if shape.is_empty:
        return (), None
    half = len(bbox) // 2 if _is_bbox(bbox) else 0
    if half and bbox[0] > bbox[half]:
        # RFC 7946: such a box crosses the antimeridian, and the geometry is cut there.
        return Box.checked(
            bbox[0], bbox[1], bbox[half], bbox[half + 1], f"{where}: bbox"
        ).parts(), shapely.to_wkb(shape)
    return (Box.checked(*shape.bounds, where=f"{where}: geometry"),), shapely.to_wkb(shape)
