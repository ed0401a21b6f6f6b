"""Items as bytes: stored documents between the links of this node.

A page of items is made by joining: nothing of an item is read unless the client chose fields.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec
from starlette.responses import Response

from estran.web import replies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from estran.catalogue.items.query import StoredItem
    from estran.formats import Links
    from estran.web.apis._stac_asking import Fields

__all__ = ["PATH", "address", "chosen", "feature", "features", "part"]

PATH = "/stac"
# Characters of a path that stand for themselves, so that an item's own address is the one asked for.
_IN_PATH = "~:@!$&()*+,;="
_STANDS = re.compile(r"[A-Za-z0-9_.~-]*")
_LINKS = (
    b',"links":[{"rel":"self","type":"application/geo+json","href":"%(collection)b/items/%(item)b"},'
    b'{"rel":"parent","type":"application/json","href":"%(collection)b"},'
    b'{"rel":"collection","type":"application/json","href":"%(collection)b"},'
    b'{"rel":"root","type":"application/json","href":"%(root)b"}'
)
# What tells a client which item it reads, and in what.
_ALWAYS = ("type", "stac_version", "id", "collection")
_USUAL = (
    "type", "stac_version", "stac_extensions", "id", "collection", "geometry", "bbox", "links", "assets",
    "properties.datetime", "properties.start_datetime", "properties.end_datetime",
)  # fmt: skip


def part(identifier: str) -> str:
    """An identifier as a part of a path."""
    return identifier if _STANDS.fullmatch(identifier) else quote(identifier, safe=_IN_PATH)


def address(path: str, params: Iterable[tuple[str, str]]) -> str:
    """An address with all its parameters, empty ones too: an empty choice of fields means something."""
    query = urlencode(list(params), safe=":,/", quote_via=quote)
    return f"{path}?{query}" if query else path


def features(
    items: Iterable[StoredItem], links: Links, fields: Fields | None, ways: list[dict[str, Any]]
) -> Response:
    """A page of items as a FeatureCollection.

    Args:
        items: the items.
        links: addresses of the node.
        fields: the members that are wanted of each; None for whole items.
        ways: links of the page itself.
    """
    write = _writer(links, fields)
    written = [write(item) for item in items]
    body = b'{"type":"FeatureCollection","features":[%b],"links":%b,"numberReturned":%d}' % (
        b",".join(written),
        msgspec.json.encode(ways),
        len(written),
    )
    return Response(body, media_type=replies.GEOJSON)


def feature(item: StoredItem, links: Links, fields: Fields | None = None) -> Response:
    """One item."""
    return Response(_writer(links, fields)(item), media_type=replies.GEOJSON)


def _writer(links: Links, fields: Fields | None) -> Callable[[StoredItem], bytes]:
    # JSON's own escapes, once for each page: the rest of an address is percent-encoded.
    root = msgspec.json.encode(links.base + PATH)[1:-1]
    patterns: dict[str, bytes] = {}

    def whole(item: StoredItem) -> bytes:
        pattern = patterns.get(item.collection)
        if pattern is None:
            home = b"%b/collections/%b" % (root, part(item.collection).encode())
            made = _LINKS % {b"collection": home, b"item": b"\0", b"root": root}
            pattern = patterns[item.collection] = made.replace(b"%", b"%%").replace(b"\0", b"%b")
        structural = pattern % part(item.id).encode()
        if item.links:
            return b"%b%b,%b]}" % (item.body, structural, item.links)
        return b"%b%b]}" % (item.body, structural)

    if fields is None:
        return whole
    return lambda item: msgspec.json.encode(_chosen(msgspec.json.decode(whole(item)), fields))


def _chosen(item: dict[str, Any], fields: Fields) -> dict[str, Any]:
    """The wanted members of an item."""
    return chosen(item, fields, _USUAL)


def chosen(document: dict[str, Any], fields: Fields, usual: Iterable[str]) -> dict[str, Any]:
    """The wanted members of a document; the usual ones where it is asked for none by name."""
    if fields.include is None:
        made = document
    else:
        made: dict[str, Any] = {}
        for path in (*_ALWAYS, *fields.include) if fields.include else usual:
            _copy(document, made, path.split("."))
    for path in fields.exclude:
        if not any(kept == path or kept.startswith(f"{path}.") for kept in fields.include or ()):
            _drop(made, path.split("."))
    return made


def _copy(source: dict[str, Any], target: dict[str, Any], path: list[str]) -> None:
    for name in path[:-1]:
        inner = source.get(name)
        if not isinstance(inner, dict):
            return
        held = target.setdefault(name, {})
        if held is inner:
            return  # the whole of it is there
        source, target = inner, held
    if path[-1] in source:
        target[path[-1]] = source[path[-1]]


def _drop(target: Any, path: list[str]) -> None:
    for name in path[:-1]:
        target = target.get(name) if isinstance(target, dict) else None
    if isinstance(target, dict):
        target.pop(path[-1], None)
