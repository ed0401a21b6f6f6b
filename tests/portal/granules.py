"""Invented STAC items, each value a function of its number, and one whose every text attacks the page."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from estran.node import Node

SCENES = 95
FIRST = dt.datetime(2022, 11, 3, 10, 30, tzinfo=dt.UTC)
HOSTILE_ID = "a/b//c ?#%<script>alert(1)</script>\"'`$(touch x)\\é;.json"
QUOTED_ID = 'S2/31T "é"\\x\'$(y)😀'
ODD = 'odd "ones" <i>é'
HOSTILE_TITLE = '<img src=x onerror="alert(2)">'
OWN = "http://node.example/static/x/icon.svg"


def scene(n: int) -> dict[str, Any]:
    """One of many: every eighth day from 3 November 2022 on, twice on every fifth of them."""
    at = FIRST + dt.timedelta(days=8 * (n - n // 5), minutes=n)
    west, south = -60 + 9 * (n % 14), -40 + 7 * (n % 11)
    ring = [
        [west, south],
        [west + 1.2, south + 0.1],
        [west + 1.1, south + 1],
        [west, south + 1],
        [west, south],
    ]
    properties: dict[str, Any] = {
        "datetime": at.isoformat().replace("+00:00", "Z"), "platform": f"sat-{n % 2}", "instruments": ["msi"], "gsd": 10,
        "proj:epsg": 32631, "proj:shape": [10980, 10980], "proj:transform": [10, 0, 0, 0, -10, 0], "view:sun_elevation": 41.5,
        "sat:orbit_state": "descending", "processing:level": "L2A", "own:thing": {"a": [1, 2]}, "own:flag": True,
        "created": "2023-01-01T00:00:00Z",
    }  # fmt: skip
    if n % 4:
        properties["eo:cloud_cover"] = (n * 7) % 101
    cog = "image/tiff; application=geotiff; profile=cloud-optimized"
    base = f"https://files.example/{n}"
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": f"scene-{n:03d}", "collection": "scenes",
        "stac_extensions": ["https://stac-extensions.github.io/projection/v1.1.0/schema.json"],
        "geometry": {"type": "Polygon", "coordinates": [ring]}, "bbox": [west, south, west + 1.2, south + 1], "properties": properties,
        "assets": {
            "thumb": {"href": f"{base}/small.png" if n else OWN, "type": "image/png", "roles": ["thumbnail"]},
            "B04": {"href": f"{base}/B04.tif", "title": "Red", "type": cog, "roles": ["data"], "file:size": 117_000_000, "gsd": 10, "eo:bands": [{"name": "B04", "common_name": "red"}]},
            "far": {"href": f"s3://bucket/{n}.tif", "type": cog, "roles": ["data"]},
        },
        "links": [{"rel": "license", "href": "https://example.org/licence", "title": "Terms"}],
    }  # fmt: skip


def attacking() -> dict[str, Any]:
    """An item whose every text and address attacks the page; it crosses the antimeridian."""
    halves = [
        [[[178, -20], [180, -20], [180, -15], [178, -20]]],
        [[[-180, -20], [-177, -20], [-180, -15], [-180, -20]]],
    ]
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": HOSTILE_ID, "collection": ODD,
        "geometry": {"type": "MultiPolygon", "coordinates": halves}, "bbox": [178, -20, -177, -15],
        "properties": {
            "datetime": None, "start_datetime": "2020-01-31T00:00:00Z", "end_datetime": "2020-02-29T00:00:00Z", "title": HOSTILE_TITLE,
            "description": "</script><script>alert(3)</script> javascript:alert(4)", "platform": "<b>", "evil:<b>": "<script>alert(5)</script>",
            "evil:nested": [{"</script>": "<svg onload=alert(6)>"}], "eo:cloud_cover": "many", "gsd": {"a": 1},
        },
        "assets": {
            "<script>": {"href": "javascript:alert(7)", "title": "<script>alert(8)</script>", "roles": ["<b>", 3], "type": "image/tiff"},
            "data": {"href": "data:text/html,<script>alert(9)</script>", "type": ["image/tiff"], "file:size": -3},
            "tab": {"href": "java\tscript:alert(10)"}, "ftp": {"href": "ftp://example.org/x"}, "none": {"title": 7}, "no asset": "x",
            "cog": {"href": "https://e.example/a'b\"$(touch y)`z`\nrm.tif", "type": "image/tiff; application=geotiff"},
            "pixel": {"href": "https://tracker.example/pixel.png", "type": "image/png", "roles": ["thumbnail"]},
        },
        "links": [{"rel": "via", "href": "javascript:alert(11)"}, {"rel": "<b>", "href": 'https://example.org/"onmouseover="x'}],
    }  # fmt: skip


def bare() -> dict[str, Any]:
    """As little as an item may be, with an id that ends like a twin."""
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": "bare.json", "collection": ODD, "geometry": None,
        "properties": {"datetime": "0800-12-25T00:00:00Z"}, "assets": {}, "links": [],
    }  # fmt: skip


def collection(id_: str, title: str) -> dict[str, Any]:
    """A small STAC Collection."""
    return {
        "type": "Collection", "stac_version": "1.0.0", "id": id_, "title": title, "description": f"What {title} is.", "license": "CC-BY-4.0",
        "extent": {"spatial": {"bbox": [[-60, -40, 60, 40]]}, "temporal": {"interval": [["2022-11-03T00:00:00Z", None]]}}, "links": [],
    }  # fmt: skip


def fill(node: Node, folder: Path) -> None:
    """Load them."""
    documents = {
        "scenes": [collection("scenes", "Scenes"), *(scene(n) for n in range(SCENES)), collection("empty", "Empty"), attacking(), bare(), {**scene(7), "id": QUOTED_ID, "collection": ODD}],
        "secret": [collection("secret", "Secret"), {**scene(1), "collection": "secret"}],
    }  # fmt: skip
    for source, listed in documents.items():
        file = folder / f"{source}.ndjson"
        file.write_text("".join(json.dumps(one) + "\n" for one in listed), "utf-8")
        visibility = "restricted" if source == "secret" else "public"
        report = node.load(file, source=source, centre="coriolis", visibility=visibility)
        assert not report.refused, report
