"""Loaders and readers at the same time, and loaders and servers that are killed: every walk through the pages is exact.

`SOAK_SECONDS` makes the test of many at once last longer than its few seconds.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import pytest

import estran
from estran.catalogue.items import ItemQuery
from tests.web.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from estran.node import Node
    from tests.postgresql import PostgreSQL

SECONDS = float(os.environ.get("SOAK_SECONDS", "4"))
READERS, FIRST = 16, 3000
LOADER = """
import sys, estran
with estran.open(sys.argv[1]) as node:
    node.load(sys.argv[2], progress=lambda p: print(p.stored, flush=True))
"""


def item(number: int, version: int = 0) -> bytes:
    """An item whose place in the order does not depend on its version."""
    return json.dumps({
        "type": "Feature", "stac_version": "1.1.0", "id": f"item-{number:06d}", "collection": f"c{number % 3}",
        "geometry": {"type": "Point", "coordinates": [number % 180, number % 90]},
        "bbox": [number % 180, number % 90, number % 180, number % 90],
        "properties": {"datetime": f"2020-01-{1 + number % 28:02d}T00:00:00Z", "version": version, "note": "x" * 200},
        "links": [], "assets": {},
    }).encode()  # fmt: skip


def lines(path: Path, numbers: Iterable[int], version: int = 0) -> Path:
    path.write_bytes(b"\n".join(item(number, version) for number in numbers))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder of a node that any process opens on the engine in turn."""
    made = tmp_path / "node"
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        made.mkdir()
        (made / "estran.toml").write_text(f'[storage]\ndatabase = "{server.fresh()}"\n')
    estran.open(made).close()
    return made


def walk(node: Node, limit: int) -> list[str]:
    """The ids of all items, a page at a time."""
    found: list[str] = []
    query = ItemQuery(limit=limit)
    while True:
        page = node.items.search(query)
        found += [one.id for one in page]
        if not page.next:
            return found
        query = ItemQuery(limit=limit, cursor=page.next)


class Soak:
    """Readers and loaders at work, and what they found wrong."""

    def __init__(self, node: Node, folder: Path) -> None:
        self.node, self.folder = node, folder
        self.wrong: list[str] = []
        self.versions = {0: 0, 1: 0}
        self._stop = threading.Event()
        self._there = {f"item-{number:06d}" for number in range(FIRST)}

    def run(self, seconds: float) -> None:
        """Let all work for a while."""
        threads = [
            threading.Thread(target=self._guarded, args=(self._load, which)) for which in self.versions
        ]
        threads += [
            threading.Thread(target=self._guarded, args=(self._read, seed)) for seed in range(READERS)
        ]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self._stop.set()
        for thread in threads:
            thread.join()

    def _guarded(self, work: Callable[[int], None], which: int) -> None:
        try:
            while not self._stop.is_set():
                work(which)
        except Exception as error:  # noqa: BLE001 - whatever a user would see is wrong
            self.wrong.append(repr(error))

    def _read(self, seed: int) -> None:
        found = walk(self.node, random.Random(seed).randint(150, 900))
        if len(set(found)) != len(found):
            self.wrong.append("an item stood on two pages")
        if missing := self._there - set(found):
            self.wrong.append(f"{len(missing)} items were on no page")

    def _load(self, which: int) -> None:
        """Each adds its own, and changes some that both change."""
        version = self.versions[which] + 1
        own = range(FIRST + which + 1000 * (version - 1), FIRST + 1000 * version, 2)
        path = self.folder / f"{which}.ndjson"
        report = self.node.load(lines(path, [*range(0, FIRST, 10), *own], 10 * version + which))
        if report.refused or report.new != len(own):
            self.wrong.append(f"{report.new} of {len(own)} items were new; {report.refused[:1]}")
        self.versions[which] = version


def test_many_read_while_two_load(folder: Path, tmp_path: Path) -> None:
    with estran.open(folder) as node:
        node.load(lines(tmp_path / "first.ndjson", range(FIRST)))
        soak = Soak(node, tmp_path)
        soak.run(SECONDS)
        assert not soak.wrong, soak.wrong[:3]
        assert min(soak.versions.values()) > 0
        assert len(walk(node, 1000)) == FIRST + 500 * sum(soak.versions.values())
        last = {10 * version + which for which, version in soak.versions.items()}
        for number in (0, 10, FIRST - 10):
            kept = json.loads(node.items.show(f"c{number % 3}", f"item-{number:06d}").body + b"}")
            assert kept["properties"]["version"] in last, "an update was lost"


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_loader_leaves_whole_pages(folder: Path, tmp_path: Path, seed: int) -> None:
    count = 14_000
    path = lines(tmp_path / "items.ndjson", range(count))
    process = subprocess.Popen(
        [sys.executable, "-c", LOADER, str(folder), str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    reported, wanted = 0, random.Random(seed).randrange(1, 8_000)
    for line in process.stdout:
        reported = int(line)
        if reported >= wanted:
            break
    time.sleep(random.Random(seed).random() / 20)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with estran.open(folder) as node:
        found = walk(node, 777)
        assert len(found) == len(set(found)) >= reported
        report = node.load(path)
        assert report.new + report.unchanged == count
        assert report.unchanged >= reported
        assert sorted(walk(node, 1000)) == [f"item-{number:06d}" for number in range(count)]
        assert sum(node.items.count(f"c{n}") for n in range(3)) == count


def batch(writer: int, number: int) -> tuple[str, list[int]]:
    """The collection and the items of one request."""
    first = FIRST + 30_000 * writer + 30 * number
    return f"c{writer}", [n for n in range(first, first + 30) if n % 3 == writer]


def write_until_gone(base: str, secret: str, writer: int, taken: list[int]) -> None:
    """Note each request that a server took before it was gone."""
    with (
        httpx.Client(headers={"Authorization": f"Bearer {secret}"}) as client,
        suppress(httpx.TransportError),
    ):
        for number in range(1000):
            collection, numbers = batch(writer, number)
            body = b'{"type":"FeatureCollection","features":[' + b",".join(map(item, numbers)) + b"]}"
            answer = client.post(
                f"{base}/stac/collections/{collection}/items",
                content=body,
                headers={"Content-Type": "application/json"},
            )
            assert answer.status_code == 201, answer.text
            taken.append(number)


def walked(base: str) -> list[str]:
    """The ids of all items, as a client meets them from page to page."""
    found: list[str] = []
    address: str | None = f"{base}/stac/search?limit=777"
    while address:
        page = httpx.get(address, timeout=30).json()
        found += [feature["id"] for feature in page["features"]]
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    return found


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_server_leaves_whole_pages(folder: Path, tmp_path: Path, seed: int) -> None:
    with estran.open(folder) as node:
        node.load(lines(tmp_path / "first.ndjson", range(FIRST)), centre="coriolis")
        secret = node.tokens.create("writer", "editor", "coriolis").secret
    with serving(folder) as (base, process), ThreadPoolExecutor(3) as pool:
        taken: list[list[int]] = [[], [], []]
        writers = [pool.submit(write_until_gone, base, secret, n, taken[n]) for n in range(3)]
        wanted = random.Random(seed).randrange(1, 15)
        while sum(map(len, taken)) < wanted and not any(writer.done() for writer in writers):
            time.sleep(0.005)
        time.sleep(random.Random(seed).random() / 50)
        os.kill(process, signal.SIGKILL)
        for writer in writers:
            writer.result()
    with serving(folder) as (base, _):
        found = walked(base)
    assert len(found) == len(set(found))
    expected = {f"item-{number:06d}" for number in range(FIRST)}
    for writer, numbers in enumerate(taken):
        expected |= {f"item-{n:06d}" for number in numbers for n in batch(writer, number)[1]}
        # What was cut is there whole or not at all.
        cut = {f"item-{n:06d}" for n in batch(writer, len(numbers))[1]}
        if cut & set(found):
            expected |= cut
    assert set(found) == expected


def test_a_collection_that_only_items_describe_learns_where_and_when_they_are(
    folder: Path, tmp_path: Path
) -> None:
    with estran.open(folder) as node:
        node.load(lines(tmp_path / "a.ndjson", range(0, 30, 3)))
        first = node.items.collection("c0").extent
        assert first.boxes == ((0, 0, 27, 27),)
        assert first.periods == (("2020-01-01T00:00:00Z", "2020-01-28T00:00:00Z"),)
        node.load(lines(tmp_path / "b.ndjson", [60]))
        assert node.items.collection("c0").extent.boxes == ((0, 0, 60, 60),)
        described = {
            "type": "Collection", "stac_version": "1.1.0", "id": "c0", "description": "By hand.", "license": "other",
            "extent": {"spatial": {"bbox": [[1, 2, 3, 4]]}, "temporal": {"interval": [["2001-01-01T00:00:00Z", None]]}},
            "links": [],
        }  # fmt: skip
        (tmp_path / "c0.json").write_text(json.dumps(described))
        node.load(tmp_path / "c0.json")
        node.load(lines(tmp_path / "c.ndjson", [90]))
        assert node.items.collection("c0").extent.boxes == ((1, 2, 3, 4),)
