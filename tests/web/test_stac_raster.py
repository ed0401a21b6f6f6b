"""Pixels through the STAC API: odc-stac builds a cube, GDAL's STACIT a mosaic, eodag finds its products."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import odc.stac
import pytest
import rasterio
import uvicorn
from eodag.api.core import EODataAccessGateway
from eodag.config import EODAGSettings
from pystac_client import Client
from rasterio.transform import from_origin

import estran
from estran.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.node import Node

SIDE, STEP, EPSG = 20, 0.1, 4326
# Three tiles beside each other, on two days.
WEST = (0.0, 2.0, 4.0)
DAYS = ("2024-05-01", "2024-05-02")


def tile(folder: Path, column: int, day: int) -> dict[str, Any]:
    """A small raster whose pixels tell where and when they are from, and the item that describes it."""
    west, north = WEST[column], 10.0
    path = folder / f"tile-{column}-{day}.tif"
    values = np.full((SIDE, SIDE), 10 * column + day + 1, dtype="uint16")
    made: Any = rasterio.open(
        path, "w", driver="GTiff", width=SIDE, height=SIDE, count=1, dtype="uint16", nodata=0,
        crs=f"EPSG:{EPSG}", transform=from_origin(west, north, STEP, STEP),
    )  # fmt: skip
    with made:
        made.write(values, 1)
    box = [west, north - SIDE * STEP, west + SIDE * STEP, north]
    corners = [[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]], [box[0], box[1]]]
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": f"tile-{column}-{day}", "collection": "tiles",
        "stac_extensions": ["https://stac-extensions.github.io/projection/v1.1.0/schema.json"],
        "geometry": {"type": "Polygon", "coordinates": [corners]}, "bbox": box,
        "properties": {
            "datetime": f"{DAYS[day]}T10:00:00Z", "proj:epsg": EPSG, "proj:shape": [SIDE, SIDE],
            "proj:transform": [STEP, 0, west, 0, -STEP, north], "eo:cloud_cover": 5.0 * column,
        },
        "assets": {"data": {"href": path.as_uri(), "type": "image/tiff; application=geotiff", "roles": ["data"]}},
        "links": [],
    }  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the STAC API of a node that holds the tiles."""
    folder = tmp_path_factory.mktemp("tiles")
    items = [tile(folder, column, day) for column in range(len(WEST)) for day in range(len(DAYS))]
    (folder / "tiles.ndjson").write_text("\n".join(json.dumps(one) for one in items))
    with estran.open(folder / "node") as node, socket.create_server(("127.0.0.1", 0)) as listening:
        assert node.load(folder / "tiles.ndjson").new == len(items)
        yield from serve(node, listening)


def serve(node: Node, listening: socket.socket) -> Iterator[str]:
    running = uvicorn.Server(uvicorn.Config(create_app(node), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/stac"
    running.should_exit = True
    thread.join(60)


# odc-geo calls what affine and shapely have deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
def test_odc_stac_builds_a_cube(root: str) -> None:
    found = Client.open(root).search(collections=["tiles"], bbox=[0.5, 8.5, 3.5, 9.5])
    load: Any = odc.stac.load
    cube = load(found.items(), bands=["data"], crs=f"EPSG:{EPSG}", resolution=STEP, bbox=[0, 8, 4, 10])
    assert cube.sizes["time"] == len(DAYS)
    values = cube["data"].values
    for day in range(len(DAYS)):
        assert set(np.unique(values[day])) == {day + 1, 10 + day + 1}


def test_gdal_reads_a_search_as_a_mosaic(root: str) -> None:
    search = f"{root}/search?collections=tiles&datetime=2024-05-01T00:00:00Z/2024-05-01T23:59:59Z&limit=2"
    opened: Any = rasterio.open(f'STACIT:"{search}":asset=data')
    with opened as mosaic:
        assert (mosaic.width, mosaic.height) == (len(WEST) * SIDE, SIDE), "pages are followed"
        assert set(np.unique(mosaic.read(1))) == {1, 11, 21}
        assert mosaic.crs.to_epsg() == EPSG


def test_eodag_finds_products(root: str, tmp_path: Path) -> None:
    provider = tmp_path / "estran.yml"
    provider.write_text(
        f"""
estran:
  search:
    type: StacSearch
    api_endpoint: {root}/search
    need_auth: false
  products:
    tiles:
      _collection: tiles
  download:
    type: HTTPDownload
"""
    )
    settings = EODAGSettings(
        cfg_dir=tmp_path, cfg_file=provider, ext_collections_cfg_uri="", providers_whitelist=["estran"]
    )
    gateway: Any = EODataAccessGateway(settings=settings)
    found = gateway.search(
        provider="estran", collection="tiles", start="2024-05-01", end="2024-05-02", geom=[0.5, 8.5, 3.5, 9.5],
        count=False, raise_errors=True,
    )  # fmt: skip
    assert sorted(one.properties["id"] for one in found) == ["tile-0-0", "tile-1-0"]
