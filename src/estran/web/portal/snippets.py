"""“Use it”: lines to paste elsewhere, filled with this node's addresses; the tests run them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from estran.formats import Links
    from estran.model import Record
    from estran.web.portal.i18n import Words

_LAYERS = {"WMS": "WMS/WMTS", "WMTS": "WMS/WMTS", "WFS": "WFS / OGC API - Features", "WCS": "WCS"}
_MOST_LAYERS = 3


@dataclass(frozen=True)
class Snippet:
    """Lines for one tool; `note` says where they go."""

    tool: str
    title: str
    code: str
    note: str = ""


def snippets(record: Record, links: Links, words: Words) -> list[Snippet]:
    """What to paste into Python, R, QGIS and a terminal to read this record."""
    twin = links.twin(record.id, "json")
    python = f"""import json
from urllib.request import urlopen

with urlopen("{twin}") as answer:
    record = json.load(answer)

print(record["properties"]["title"])
for link in record["links"]:
    print(link["rel"], link["href"])"""
    r = f"""library(jsonlite)

record <- fromJSON("{twin}")
record$properties$title
record$links[, c("rel", "href")]"""
    curl = f"""curl -fsSL "{twin}"
curl -fsSL -o "{record.id}.xml" "{links.twin(record.id, "xml")}\""""
    listed = [
        Snippet("python", words.text("data.use_python"), python),
        Snippet("curl", words.text("data.use_curl"), curl),
        Snippet("r", words.text("data.use_r"), r),
    ]
    qgis = words.text("data.use_qgis")
    listed.append(
        Snippet("qgis", qgis, f"{links.base}/ogc/collections/records", words.text("data.qgis_search"))
    )
    for kind, url in layers(record)[:_MOST_LAYERS]:
        note = words.text("data.qgis_layer", type=_LAYERS[kind])
        listed.append(Snippet("qgis-layer", f"{qgis}, {kind}", url, note))
    return listed


def layers(record: Record) -> list[tuple[str, str]]:
    """(WMS, WFS…, address) of the services that QGIS opens."""
    found: dict[tuple[str, str], None] = {}
    for d in record.distributions:
        kind = next((k for k in _LAYERS if f"OGC:{k}" in d.protocol.upper()), "")
        if kind and d.url.startswith(("https://", "http://")):
            found[kind, d.url.split("?")[0]] = None
    return list(found)
