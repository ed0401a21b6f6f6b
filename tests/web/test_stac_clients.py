"""The STAC API as one real server process, walked by pystac-client and judged by stac-api-validator."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pystac_client import Client

import estran
from tests.web.test_stac import COUNT, GEN, documents

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE_S = 60


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the STAC API of a served node."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "all.ndjson").write_text("\n".join(json.dumps(one) for one in documents()), "utf-8")
    with estran.open(folder / "node", name="Served") as node:
        assert not node.load(folder / "all.ndjson").refused
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = str(Path(sys.executable).with_name("estran"))
    command = [program, "serve", "--node", str(folder / "node"), "--port", str(port), "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            base = f"http://127.0.0.1:{port}"
            _wait(base, process)
            yield f"{base}/stac"
        finally:
            process.terminate()
            said = process.communicate(timeout=30)[0]
    assert "Traceback" not in said


def _wait(base: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{base}/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    process.terminate()
    raise AssertionError(process.communicate()[0])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pystac_client_walks_it(root: str, method: str) -> None:
    client = Client.open(root)
    assert [one.id for one in client.get_collections()] == [GEN, "other"]
    search = client.search(method=method, collections=[GEN], limit=10)
    found = [one.id for one in search.items()]
    assert len(found) == len(set(found)) == COUNT
    asked: dict[str, Any] = {
        "bbox": [0, 0, 5, 5],
        "datetime": "2021-01-01/2021-12-31",
        "query": {"eo:cloud_cover": {"lt": 30}},
        "sortby": [{"field": "properties.eo:cloud_cover", "direction": "asc"}],
        "limit": 4,
    }
    clouds = [one.properties["eo:cloud_cover"] for one in client.search(method=method, **asked).items()]
    assert clouds == sorted(clouds)
    assert len(clouds) > 4
    filtered = client.search(
        method=method,
        filter="platform = 'sat-a'"
        if method == "GET"
        else {"op": "=", "args": [{"property": "platform"}, "sat-a"]},
        fields=["id", "properties.platform"],
        limit=100,
    )
    assert {one["properties"]["platform"] for one in filtered.items_as_dicts()} == {"sat-a"}


def test_pystac_client_reads_collections(root: str) -> None:
    collection = Client.open(root).get_collection(GEN)
    assert len(list(collection.get_items())) == COUNT
    one = collection.get_item("a/b %1")
    assert one is not None
    assert one.id == "a/b %1"
    assert "eo:cloud_cover" in collection.get_queryables()["properties"]
