"""Granules: make them, and measure any STAC API that holds them.

    uv run python bench/items.py make 1000000 items.ndjson.gz
    uv run estran load items.ndjson.gz --node a-node
    uv run estran serve --node a-node --workers 2 & uv run python bench/items.py ask http://127.0.0.1:8321/stac --pid $!

`ask` sends the same requests to every server, one client, and reads the processor time of the process
trees that `--pid` names: several, such as an API's and its database's, are added up. `--json` writes what
was seen, with a digest of the ids of each answer; `compare` sets two such files beside each other.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import http.client
import json
import math
import os
import random
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SEED = 42
COLLECTION = "tiles"
FIRST = datetime(2017, 1, 1, tzinfo=UTC)
DAYS = 9 * 365
BANDS = ("blue", "green", "red", "nir", "rededge", "swir16", "swir22", "aot", "scl", "visual")
# One degree squares of land, roughly: enough that places repeat and oceans stay empty.
LAND = (
    (-125, 25, -65, 55),
    (-75, -50, -40, 8),
    (-10, 36, 40, 65),
    (-15, -33, 45, 34),
    (45, 5, 140, 65),
    (115, -38, 150, -12),
)
# A country with many corners.
CORNERS = 505
_PORTION = 2000
_TICKS = os.sysconf("SC_CLK_TCK")


def squares() -> list[tuple[int, int]]:
    """Lower left corners of the tiles."""
    return [
        (x, y) for west, south, east, north in LAND for x in range(west, east) for y in range(south, north)
    ]


def item(number: int, count: int, tiles: list[tuple[int, int]]) -> bytes:
    """Item `number` of `count`: the same in every run."""
    r = random.Random(SEED * 1_000_003 + number)
    west, south = r.choice(tiles)
    at = FIRST + timedelta(days=DAYS * number / count, milliseconds=r.randrange(1000))
    name = f"T{west + 180:03d}{south + 90:03d}_{at:%Y%m%dT%H%M%S}_{number:08d}"
    right = west + 1.0
    # Nearly half of the footprints are cut by the swath.
    lower = west + r.uniform(0.3, 0.9) if r.random() < 0.45 else right
    ring = [[west, south], [lower, south], [right, south + 1], [west, south + 1], [west, south]]
    href = f"https://data.example/{COLLECTION}/{at:%Y/%m}/{name}"
    clouds = round(100 * r.betavariate(0.45, 0.45), 4)
    assets = {
        band: {
            "href": f"{href}/{band}.tif", "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "title": f"{band} at 10 m", "roles": ["data", "reflectance"], "gsd": 10,
            "proj:shape": [10980, 10980], "proj:transform": [10, 0, west * 1e4, 0, -10, south * 1e4],
            "raster:bands": [{"nodata": 0, "data_type": "uint16", "scale": 0.0001, "offset": -0.1}],
            "eo:bands": [{"name": band, "common_name": band, "center_wavelength": 0.5}],
            "file:size": r.randrange(10**7, 2 * 10**8),
        }
        for band in BANDS
    }  # fmt: skip
    return json.dumps({
        "type": "Feature", "stac_version": "1.0.0", "id": name, "collection": COLLECTION,
        "stac_extensions": [f"https://stac-extensions.github.io/{e}/v1.1.0/schema.json" for e in ("eo", "projection", "raster")],
        "geometry": {"type": "Polygon", "coordinates": [ring]}, "bbox": [west, south, right, south + 1],
        "properties": {
            "datetime": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z", "platform": r.choice(("sat-a", "sat-b")),
            "constellation": "sat", "instruments": ["imager"], "gsd": 10, "eo:cloud_cover": clouds,
            "grid:code": f"DEG-{west}_{south}", "sat:relative_orbit": r.randrange(1, 144), "proj:epsg": 4326,
            **{f"part:{n}": round(r.random() * (100 - clouds), 6) for n in range(10)},
        },
        "links": [], "assets": assets,
    }, separators=(",", ":")).encode()  # fmt: skip


def _portion(first: int, last: int, count: int) -> bytes:
    tiles = squares()
    return b"".join(item(number, count, tiles) + b"\n" for number in range(first, last))


def make(count: int, target: Path) -> None:
    """Write `count` items in the order of their time."""
    starts = range(0, count, _PORTION)
    with ProcessPoolExecutor() as pool, gzip.open(target, "wb", compresslevel=1) as file:
        for body in pool.map(
            _portion, starts, (min(s + _PORTION, count) for s in starts), [count] * len(starts)
        ):
            file.write(body)


# Asking


def country() -> dict[str, Any]:
    """A polygon with many corners in the middle of a continent."""
    r = random.Random(7)
    corners = [
        [
            round(3 + (4 + 0.3 * r.random()) * math.cos(a), 6),
            round(47 + (3 + 0.3 * r.random()) * math.sin(a), 6),
        ]
        for a in (2 * math.pi * n / (CORNERS - 1) for n in range(CORNERS - 1))
    ]
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}


def requests(known: list[tuple[str, str]], count: int) -> dict[str, list[tuple[str, str, bytes | None]]]:
    """What is asked: name -> (method, path, body) of `count` variants."""
    r, tiles = random.Random(99), squares()

    def box(side: float) -> list[float]:
        x, y = r.choice(tiles)
        return [x + 0.5 - side / 2, y + 0.5 - side / 2, x + 0.5 + side / 2, y + 0.5 + side / 2]

    def months(number: int) -> str:
        start = r.randrange(12, 95)
        first, last = start, start + number
        return "/".join(f"{2017 + m // 12}-{m % 12 + 1:02d}-01T00:00:00Z" for m in (first, last))

    def get(**asked: Any) -> tuple[str, str, None]:
        return "GET", "/search?" + urlencode({"collections": COLLECTION, **asked}), None

    def post(**asked: Any) -> tuple[str, str, bytes]:
        return "POST", "/search", json.dumps(asked).encode()

    newest = [{"field": "properties.datetime", "direction": "desc"}]
    here = {"collections": [COLLECTION]}

    def clear(most: float) -> dict[str, Any]:
        return {
            "filter-lang": "cql2-json",
            "filter": {"op": "<", "args": [{"property": "eo:cloud_cover"}, most]},
        }

    every = range(count)
    return {
        "landing": [("GET", "", None)],
        "collection": [("GET", f"/collections/{COLLECTION}", None)],
        "item": [("GET", f"/collections/{c}/items/{i}", None) for c, i in r.sample(known, count)],
        "10 ids": [post(ids=[i for _, i in r.sample(known, 10)], limit=10) for _ in every],
        "bbox + dates, 10": [get(bbox=",".join(map(str, box(2))), datetime=months(6), limit=10) for _ in every],
        "bbox + dates, 250": [get(bbox=",".join(map(str, box(10))), datetime=months(12), limit=250) for _ in every],
        "CQL2 + sort, 100": [post(**here, **clear(10 - n / 100), sortby=newest, limit=100) for n in every],
        "CQL2 + bbox + sort, 100": [
            post(**here, **clear(10), bbox=box(6), datetime=months(24), sortby=newest, limit=100) for _ in every
        ],
        "polygon, one month": [post(**here, intersects=country(), datetime=months(1), limit=100) for _ in every],
        "polygon, all dates": [
            post(**here, intersects=country(), datetime=f"2017-01-01T00:00:00Z/202{n % 6}-0{n % 9 + 1}-15T00:00:00Z", limit=100)
            for n in every
        ],
        "world + newest 10": [get(bbox="-180,-90,180,90", limit=10)],
        "one degree + rare filter": [
            post(**here, bbox=box(1), limit=10, **clear(0.01)) for _ in every
        ],
    }  # fmt: skip


class Asker:
    """A client on one connection, and the processor time of what answers it."""

    def __init__(self, url: str, pids: Iterable[int]) -> None:
        self._url, self._pids = urlsplit(url), tuple(pids)
        self._connection = http.client.HTTPConnection(self._url.netloc, timeout=120)

    def ask(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        """The answer to a request, which must be good."""
        headers = {"Content-Type": "application/json"} if body else {}
        self._connection.request(method, self._url.path + path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != http.client.OK:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text)

    def cpu_s(self) -> float:
        """Processor time so far of the processes and all beneath them."""
        return sum(_ticks(pid) for pid in self._pids) / _TICKS


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    # Its own, that of children that ended, and that of children that run.
    return sum(map(int, fields[11:15])) + sum(_ticks(int(child)) for child in children)


def _ids(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer["features"]] if "features" in answer else [answer["id"]]


def measure(asker: Asker, asked: list[tuple[str, str, bytes | None]], seconds: float) -> dict[str, Any]:
    """Ask for so long, in turn."""
    digest = hashlib.sha256(
        "\n".join(i for one in asked for i in _ids(asker.ask(*one))).encode()
    ).hexdigest()[:12]
    walls: list[float] = []
    before, end = asker.cpu_s(), time.perf_counter() + seconds
    while time.perf_counter() < end or len(walls) < len(asked):
        start = time.perf_counter()
        asker.ask(*asked[len(walls) % len(asked)])
        walls.append(1000 * (time.perf_counter() - start))
    spent = 1000 * (asker.cpu_s() - before) / len(walls)
    walls.sort()
    return {
        "n": len(walls), "cpu_ms": round(spent, 2), "p50_ms": round(walls[len(walls) // 2], 2),
        "p95_ms": round(walls[int(len(walls) * 0.95)], 2), "digest": digest,
    }  # fmt: skip


def walk(asker: Asker, base: str, pages: int = 50, limit: int = 200) -> dict[str, Any]:
    """Follow the pages of a year; counted per page."""
    before, walls, ids = asker.cpu_s(), list[float](), list[str]()
    path = (
        f"/search?collections={COLLECTION}&datetime=2023-01-01T00:00:00Z/2023-12-31T23:59:59Z&limit={limit}"
    )
    for _ in range(pages):
        start = time.perf_counter()
        page = asker.ask("GET", path, None)
        walls.append(1000 * (time.perf_counter() - start))
        ids += _ids(page)
        following = next((link for link in page["links"] if link["rel"] == "next"), None)
        if following is None:
            break
        path = following["href"].removeprefix(base)
    walls.sort()
    return {
        "n": len(walls), "cpu_ms": round(1000 * (asker.cpu_s() - before) / len(walls), 2),
        "p50_ms": round(walls[len(walls) // 2], 2), "p95_ms": round(walls[int(len(walls) * 0.95)], 2),
        "digest": hashlib.sha256("\n".join(ids).encode()).hexdigest()[:12], "unique": len(set(ids)) == len(ids),
    }  # fmt: skip


def known(asker: Asker, count: int = 2000) -> list[tuple[str, str]]:
    """Collections and ids of items from all times."""
    found: list[tuple[str, str]] = []
    for month in range(0, 100, 5):
        when = f"{2017 + month // 12}-{month % 12 + 1:02d}-01T00:00:00Z/.."
        path = "/search?" + urlencode(
            {"collections": COLLECTION, "datetime": when, "limit": count // 20, "sortby": "datetime"}
        )
        found += [(one["collection"], one["id"]) for one in asker.ask("GET", path, None)["features"]]
    return sorted(set(found))


def rows(seen: dict[str, Any], other: dict[str, Any] | None = None) -> Iterator[str]:
    """The figures as Markdown, beside another server's where there is one."""
    yield "| request | CPU ms | p50 ms | p95 ms |" + (
        " other CPU ms | ratio | same answers |" if other else ""
    )
    yield "|---|---|---|---|" + ("---|---|---|" if other else "")
    for name, one in seen.items():
        line = f"| {name} | {one['cpu_ms']} | {one['p50_ms']} | {one['p95_ms']} |"
        if other and (theirs := other.get(name)):
            ratio = theirs["cpu_ms"] / max(one["cpu_ms"], 0.01)
            line += f" {theirs['cpu_ms']} | {ratio:.1f} | {'yes' if theirs['digest'] == one['digest'] else 'no'} |"
        yield line


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    making = verbs.add_parser("make")
    making.add_argument("count", type=int)
    making.add_argument("target", type=Path)
    asking = verbs.add_parser("ask")
    asking.add_argument("url")
    asking.add_argument("--pid", type=int, action="append", default=[])
    asking.add_argument("--seconds", type=float, default=3.0)
    asking.add_argument("--variants", type=int, default=100)
    asking.add_argument("--json", type=Path)
    comparing = verbs.add_parser("compare")
    comparing.add_argument("files", type=Path, nargs=2)
    given = parser.parse_args()
    if given.verb == "make":
        make(given.count, given.target)
        return
    if given.verb == "compare":
        ours, theirs = (json.loads(file.read_text()) for file in given.files)
        print("\n".join(rows(ours, theirs)))
        return
    asker = Asker(given.url, given.pid)
    seen = {
        name: measure(asker, asked, given.seconds)
        for name, asked in requests(known(asker), given.variants).items()
    }
    seen["page of the walk"] = walk(asker, given.url)
    print("\n".join(rows(seen)))
    if given.json:
        given.json.write_text(json.dumps(seen, indent=1))


if __name__ == "__main__":
    main()
