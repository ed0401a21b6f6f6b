"""The lines of an item's page that read pixels read them, from a file that a web server holds."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio

import estran
from estran.web.app import create_app
from tests.portal.conftest import serving
from tests.portal.granules import scene
from tests.portal.test_snippets import ENVIRONMENT, lines

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 512


class _Ranges(BaseHTTPRequestHandler):
    """Serves one file in the pieces that are asked for, as an object store does."""

    body = b""

    def do_HEAD(self) -> None:
        self._answer(200, b"", len(self.body))

    def do_GET(self) -> None:
        first, _, last = self.headers.get("Range", "").removeprefix("bytes=").partition("-")
        if not first:
            return self._answer(200, self.body, len(self.body))
        part = self.body[int(first) : int(last or len(self.body)) + 1]
        return self._answer(
            206, part, len(part), f"bytes {first}-{int(first) + len(part) - 1}/{len(self.body)}"
        )

    def _answer(self, status: int, body: bytes, length: int, part: str = "") -> None:
        self.send_response(status)
        for name, value in {
            "Content-Length": str(length),
            "Accept-Ranges": "bytes",
            "Content-Range": part,
        }.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Tool -> lines of the page of an item whose one file is a real raster."""
    folder = tmp_path_factory.mktemp("rasters")
    transform = rasterio.transform.from_origin(500_000, 5_000_000, 10, 10)
    with rasterio.open(
        folder / "B04.tif", "w", driver="COG", width=SIZE, height=SIZE, count=1, dtype="uint16", crs="EPSG:32631",
        transform=transform, nodata=0,
    ) as out:  # fmt: skip
        out.write(np.full((1, SIZE, SIZE), 1234, "uint16"))
    _Ranges.body = (folder / "B04.tif").read_bytes()
    files = ThreadingHTTPServer(("127.0.0.1", 0), _Ranges)
    threading.Thread(target=files.serve_forever, daemon=True).start()
    item = scene(7)
    item["assets"] = {
        "B04": item["assets"]["B04"] | {"href": f"http://127.0.0.1:{files.server_port}/B04.tif"}
    }
    item["properties"] |= {"proj:shape": [SIZE, SIZE], "proj:transform": list(transform)[:6]}
    west, south, east, north = 3.0, 45.1, 3.066, 45.154
    item["geometry"] = {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}  # fmt: skip
    item["bbox"] = [west, south, east, north]
    (folder / "a.ndjson").write_text(json.dumps(item) + "\n")
    with estran.open(folder / "node") as node:
        assert node.load(folder / "a.ndjson").new == 1
        with serving(create_app(node)) as address:
            yield lines(address, f"/en/data/{node.items.collection('scenes').id}/items/{item['id']}")
    files.shutdown()
    files.server_close()


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_odc_stac_reads_a_cube(code: dict[str, str]):
    said = run(code["odc"] + "\nprint(int(cube.B04.max()), *sorted(cube.sizes.items()))")
    assert said.splitlines()[-1] == f"1234 ('time', 1) ('x', {SIZE}) ('y', {SIZE})"


def test_rioxarray_reads_a_file(code: dict[str, str]):
    assert run(code["rioxarray"]).split() == ["EPSG:32631", "(1,", f"{SIZE},", f"{SIZE})"]


def test_gdal_opens_what_its_lines_name(code: dict[str, str]):
    """Through rasterio's GDAL: what gdalinfo is given is what it opens."""
    names = [shlex.split(line)[1] for line in code["gdal"].splitlines()]
    assert len(names) == 2
    opened = f"import rasterio\nfor name in {names!r}:\n    with rasterio.open(name) as f: print(f.driver, f.read(1).max())"
    assert run(opened).split("\n")[:2] == ["GTiff 1234", "STACIT 1234"]
    assert code["qgis"] == names[0].removeprefix("/vsicurl/")
