"""The page of one item: the values that its template prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import NotFound
from estran.web.portal import footprints
from estran.web.portal.item_snippets import item_snippets
from estran.web.portal.items import (
    assets_of,
    clouds,
    decoded,
    part,
    properties_of,
    roles_of,
    stac_address,
    thumbnail,
    when,
)
from estran.web.portal.properties import Group, groups
from estran.web.portal.views import Viewer, link, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.catalogue.items.query import StoredItem
    from estran.formats import Links
    from estran.model import Box, Record
    from estran.node import Node
    from estran.web.portal.i18n import Words
    from estran.web.portal.snippets import Snippet

_COG = "image/tiff; application=geotiff; profile=cloud-optimized"
_MEDIA = {
    _COG: "GeoTIFF (COG)", "image/tiff; application=geotiff": "GeoTIFF", "image/tiff": "TIFF", "image/jp2": "JPEG 2000",
    "image/jpeg": "JPEG", "image/png": "PNG", "application/xml": "XML", "text/xml": "XML", "application/json": "JSON",
    "application/geo+json": "GeoJSON", "application/x-netcdf": "NetCDF", "application/netcdf": "NetCDF",
    "application/x-hdf5": "HDF5", "application/x-hdf": "HDF", "application/x-parquet": "Parquet",
    "application/vnd.apache.parquet": "Parquet", "application/vnd+zarr": "Zarr", "application/vnd.zarr": "Zarr",
    "application/geopackage+sqlite3": "GeoPackage", "application/zip": "ZIP", "application/pdf": "PDF",
    "text/html": "HTML", "text/plain": "TXT", "text/csv": "CSV", "application/wmo-GRIB2": "GRIB2",
    "application/vnd.laszip+copc": "COPC", "application/vnd.laszip": "LAZ",
}  # fmt: skip
_ROLES = ("data", "visual", "overview", "thumbnail", "", "metadata")
_MOST_NAMES = 20


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A file of an item; href is "" where a browser should not open its address.

    Attributes:
        name: its key within the item.
        facts: roles, media type, size and ground sample distance, in words.
        preview: whether it is a small picture of the item.
    """

    name: str
    title: str
    url: str
    href: str
    facts: tuple[str, ...] = ()
    description: str = ""
    bands: str = ""
    checksum: str = ""
    preview: bool = False


@dataclass(frozen=True, kw_only=True)
class ItemView:
    """The page of an item.

    Attributes:
        title: what it is called, its id where it has no other name.
        extent: rows of when and where; groups: its other properties.
        places: its footprint as GeoJSON features.
        thumbnail: a picture that this node holds; preview: the address of one elsewhere, to follow.
        stac: address in the STAC API; collection: its record's title, and the address of all items.
        more: links of the item that lead elsewhere.
    """

    id: str
    title: str
    record: str
    collection: str
    collection_tongue: str
    items: str
    stac: str
    stac_collection: str
    facts: tuple[str, ...]
    description: str = ""
    extent: tuple[tuple[str, str], ...]
    groups: tuple[Group, ...]
    assets: tuple[Asset, ...]
    more: tuple[tuple[str, str], ...] = ()
    thumbnail: str = ""
    preview: str = ""
    boxes: tuple[Box, ...] = ()
    places: str = "[]"
    css: str = "none"
    snippets: tuple[Snippet, ...]


def item_view(record: Record, item: StoredItem, items: str, viewer: Viewer, links: Links) -> ItemView:
    """All that the page of an item shows.

    Args:
        record: of its collection.
        item: the item.
        items: address of the page of all items.
        viewer: says it in the page's words.
        links: addresses of the node.
    """
    w, members = viewer.words, decoded(item)
    properties, boxes = properties_of(members), footprints.boxes(members)
    address = stac_address(links, item.collection, item.id)
    assets = _assets(members, w)
    collection, card = title_of(record), viewer.card(record)
    title, description = (_text(properties.get(name)) for name in ("title", "description"))
    return ItemView(
        id=item.id, title=title or item.id, record=record.id, collection=w.of(collection) or record.id,
        collection_tongue=w.tongue(collection), items=items, stac=address,
        stac_collection=f"{links.base}/stac/collections/{part(item.collection)}",
        facts=_facts(properties, w), description=description,
        extent=_extent(item, properties, boxes, viewer), groups=groups(properties, w), assets=assets,
        more=_more(item), thumbnail=thumbnail(members, viewer),
        preview=next((a.href for a in assets if a.preview and a.href), ""), boxes=boxes,
        places=footprints.features([(item.id, members)]), css=card.css,
        snippets=tuple(item_snippets((item.collection, item.id), address, members, links, w)),
    )  # fmt: skip


def shown_item(node: Node, collection: str, id_: str) -> tuple[StoredItem, bool]:
    """The item of an address, and whether the address asks for its JSON twin.

    An id may itself end with ".json": the item that is called so goes before the twin of a shorter id.

    Raises:
        NotFound: there is none.
    """
    try:
        return node.items.show(collection, id_), False
    except NotFound:
        if not id_.endswith(".json"):
            raise
    return node.items.show(collection, id_.removesuffix(".json")), True


def _facts(properties: Mapping[str, Any], w: Words) -> tuple[str, ...]:
    cover = clouds(properties, w)
    said = (
        when(properties, w),
        _text(properties.get("platform") or properties.get("constellation")),
        w.text("items.clouds", n=cover) if cover else "",
    )
    return tuple(x for x in said if x)


def _extent(
    item: StoredItem, properties: Mapping[str, Any], boxes: tuple[Box, ...], viewer: Viewer
) -> tuple[tuple[str, str], ...]:
    w = viewer.words
    written = " / ".join(
        dict.fromkeys(
            x for n in ("datetime", "start_datetime", "end_datetime") if (x := _text(properties.get(n)))
        )
    )
    said = (
        ("item.id", item.id),
        ("item.when", when(properties, w)),
        ("item.instant", written),
        ("data.box", "\n".join(viewer.box(b) for b in boxes)),
    )
    return tuple((w.text(key), value) for key, value in said if value)


def _assets(members: Mapping[str, Any], w: Words) -> tuple[Asset, ...]:
    found = assets_of(members).items()
    return tuple(_asset(key, asset, w) for key, asset in sorted(found, key=lambda each: _rank(each[1])))


def _rank(asset: Mapping[str, Any]) -> int:
    own = roles_of(asset)
    return next((n for n, role in enumerate(_ROLES) if role in own), _ROLES.index(""))


def _asset(key: str, asset: Mapping[str, Any], w: Words) -> Asset:
    url, media = _text(asset.get("href")), _text(asset.get("type"))
    title, size, gsd = _text(asset.get("title")), asset.get("file:size"), asset.get("gsd")
    roles = roles_of(asset)
    facts = (
        ", ".join(w.label("asset_role", role) for role in roles),
        _MEDIA.get(media, media),
        w.size(size) if isinstance(size, int) and size >= 0 else "",
        w.text("data.metres", n=w.number(gsd)) if isinstance(gsd, int | float) and gsd else "",
    )
    return Asset(
        name=key, title=title or key, url=url, href=web_link(url), facts=tuple(x for x in facts if x),
        description=_text(asset.get("description")), bands=_bands(asset, key),
        checksum=_text(asset.get("file:checksum")),
        preview=bool({"thumbnail", "overview"} & {*roles}) and not media.startswith("image/tiff"),
    )  # fmt: skip


def web_link(url: str) -> str:
    """An address that an item's page may link to, "" for all but http and https."""
    found = link(url)
    return found if found.lower().startswith(("https://", "http://")) else ""


def _bands(asset: Mapping[str, Any], key: str) -> str:
    """Names of its bands, where they say more than its key."""
    for member in ("bands", "eo:bands"):
        bands = asset.get(member)
        if isinstance(bands, list) and bands:
            named = (
                b.get("eo:common_name") or b.get("common_name") or b.get("name")
                for b in bands
                if isinstance(b, dict)
            )
            said = ", ".join([name for name in named if isinstance(name, str)][:_MOST_NAMES])
            return said if said != key else ""
    return ""


def _more(item: StoredItem) -> tuple[tuple[str, str], ...]:
    """(words, address) of the item's own links that a browser may open."""
    found: list[tuple[str, str]] = []
    for each in msgspec.json.decode(b"[" + item.links + b"]"):
        href = web_link(_text(each.get("href")))
        if href:
            title = _text(each.get("title"))
            found.append((" – ".join(x for x in (_text(each.get("rel")), title) if x) or href, href))
    return tuple(found)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
