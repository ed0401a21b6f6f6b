"""“Use it” for one item: lines to paste, with its addresses in them; no value of it can leave its quotes."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from estran.web.portal.asking import PAGE, written
from estran.web.portal.item_asking import CLOUDS
from estran.web.portal.snippets import Snippet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.formats import Links
    from estran.web.portal.i18n import Words
    from estran.web.portal.item_asking import ItemsAsked

_TIFF = "image/tiff"
_PREFERRED = ("data", "visual", "overview", "")
_COLOURS = ("red", "green", "blue", "nir", "nir08")
_MOST_BANDS = 3


def item_snippets(
    ids: tuple[str, str], address: str, members: Mapping[str, Any], links: Links, words: Words
) -> list[Snippet]:
    """What to paste into Python, R, QGIS, GDAL and a terminal to read an item.

    Args:
        ids: STAC ids of its collection and of itself.
        address: of the item in the STAC API.
        members: of the item.
        links: addresses of the node.
        words: of the page.
    """
    t, root = words.text, f"{links.base}/stac"
    images = _images(members)
    first = images[next(iter(images))] if images else ""
    listed = [Snippet("pystac", t("item.use_pystac"), _pystac(root, *ids))]
    grid = _grid(members, images)
    if grid:
        listed.append(Snippet("odc", t("item.use_odc"), _odc(address, list(images)[:_MOST_BANDS], *grid)))
    if first:
        listed.append(Snippet("rioxarray", t("item.use_rioxarray"), _rioxarray(first)))
    listed.append(Snippet("r", t("data.use_r"), _r(address)))
    if first:
        listed.append(Snippet("qgis", t("data.use_qgis"), first, t("item.qgis_raster")))
        listed.append(
            Snippet("gdal", t("item.use_gdal"), _gdal(root, ids, images, stacit=_is_declared(members)))
        )
    listed.append(Snippet("curl", t("data.use_curl"), f"curl -fsSL {_shell(address)}"))
    return listed


def items_snippets(
    collection: str, asked: ItemsAsked, links: Links, address: str, words: Words
) -> list[Snippet]:
    """What to paste to find the same items elsewhere.

    Args:
        collection: its STAC id.
        asked: which of its items.
        links: addresses of the node.
        address: of its items in the STAC API.
        words: of the page.
    """
    more = [
        f"bbox=[{written(asked.box)}]" if asked.box else "",
        f"datetime={_text(asked.interval())}" if asked.interval() else "",
        f'query={{"{CLOUDS}": {{"lte": {asked.cloud}}}}}' if asked.cloud else "",
    ]
    given = "".join(f"    {line},\n" for line in more if line)
    python = f"""from pystac_client import Client

catalogue = Client.open({_text(f"{links.base}/stac")})
found = catalogue.search(
    collections=[{_text(collection)}],
{given}    max_items={PAGE},
)
for item in found.items():
    print(item.id, item.datetime)"""
    t = words.text
    return [
        Snippet("pystac", t("items.use_pystac"), python),
        Snippet("curl", t("data.use_curl"), f"curl -fsSL {_shell(asked.api(address))}"),
    ]


def _images(members: Mapping[str, Any]) -> dict[str, str]:
    """Key -> address of the GeoTIFFs that the web serves, data first."""
    assets = members.get("assets")
    found: list[tuple[int, int, str, str]] = []
    for key, asset in assets.items() if isinstance(assets, dict) else ():
        href, media = (asset.get("href"), asset.get("type")) if isinstance(asset, dict) else ("", "")
        if (
            isinstance(href, str)
            and href.startswith(("https://", "http://"))
            and str(media).startswith(_TIFF)
        ):
            roles = asset.get("roles")
            own = roles if isinstance(roles, list) else []
            rank = next((n for n, role in enumerate(_PREFERRED) if role in own or not role))
            found.append((rank, _colour(asset), key, _clean(href)))
    return {key: href for *_, key, href in sorted(found, key=lambda each: each[:2])}


def _colour(asset: Mapping[str, Any]) -> int:
    """Place of its first band among the usual colours, behind them for others."""
    bands = asset.get("bands") or asset.get("eo:bands")
    first = bands[0] if isinstance(bands, list) and bands and isinstance(bands[0], dict) else {}
    name = first.get("eo:common_name") or first.get("common_name")
    return _COLOURS.index(name) if name in _COLOURS else len(_COLOURS)


def _clean(text: str) -> str:
    """Without what no address has and a terminal would obey."""
    return "".join(c for c in text if c.isprintable() and not c.isspace())


def _grid(members: Mapping[str, Any], images: Mapping[str, str]) -> tuple[str, float] | None:
    """Reference system and pixel size of the first image, None where the item does not say them."""
    if not images:
        return None
    said = {**(members.get("properties") or {}), **members["assets"][next(iter(images))]}
    match said.get("proj:code"), said.get("proj:epsg"), said.get("proj:transform"):
        case str() as code, _, [int() | float() as size, *_] if code and size:
            return code, abs(size)
        case _, int() as epsg, [int() | float() as size, *_] if size:
            return f"EPSG:{epsg}", abs(size)
        case _:
            return None


def _is_declared(members: Mapping[str, Any]) -> bool:
    """Whether the item declares the projection extension, without which GDAL's STACIT looks at nothing."""
    named = members.get("stac_extensions")
    return isinstance(named, list) and any("/projection/" in str(name) for name in named)


def _pystac(root: str, collection: str, item: str) -> str:
    return f"""from pystac_client import Client

catalogue = Client.open({_text(root)})
item = next(catalogue.search(collections=[{_text(collection)}], ids=[{_text(item)}]).items())
print(item.datetime, item.bbox)
for name, asset in item.assets.items():
    print(name, asset.href)"""


def _odc(address: str, bands: list[str], crs: str, size: float) -> str:
    listed = ", ".join(_text(band) for band in bands)
    return f"""import odc.stac
import pystac

item = pystac.Item.from_file({_text(address)})
cube = odc.stac.load(
    [item],
    bands=[{listed}],
    crs={_text(crs)},
    resolution={size:g},
    chunks={{"x": 2048, "y": 2048}},
)
print(cube)"""


def _rioxarray(href: str) -> str:
    return f"""import rioxarray

raster = rioxarray.open_rasterio({_text(href)}, chunks=True)
print(raster.rio.crs, raster.shape)"""


def _r(address: str) -> str:
    return f"""library(jsonlite)

item <- fromJSON({_text(address)})
item$properties$datetime
sapply(item$assets, function(asset) asset$href)"""


def _gdal(root: str, ids: tuple[str, str], images: Mapping[str, str], *, stacit: bool) -> str:
    key = next(iter(images))
    lines = [f"gdalinfo {_shell('/vsicurl/' + images[key])}"]
    if stacit and '"' not in key:
        asked = urlencode({"collections": ids[0], "ids": ids[1]})
        lines.append(f"gdalinfo {_shell(f'STACIT:"{root}/search?{asked}":asset={key}')}")
    return "\n".join(lines)


def _text(value: str) -> str:
    """A text as Python and R both write it."""
    return json.dumps(value, ensure_ascii=False)


def _shell(value: str) -> str:
    """A text as one word of a shell, on one line."""
    return shlex.quote(" ".join(value.splitlines()))
