"""A node with stations, floats and a glider, served."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

import estran
from estran.web.app import create_app
from tests.web.client import Client
from tests.web.serving import serving
from tests.web.tabledap.conftest import stations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.node import Node


class Sets(NamedTuple):
    """Ids of the records of the node's datasets."""

    stations: str
    closed: str


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with stations that everyone sees, and some that few see."""
    folder = tmp_path_factory.mktemp("edr")
    with estran.open(folder / "node", email="data@example.org") as opened:
        opened.load(stations(folder / "open.nc"), source="open")
        opened.load(stations(folder / "closed.nc", "Closed gauges"), source="closed", visibility="restricted")
        yield opened


@pytest.fixture(scope="module")
def sets(node: Node) -> Sets:
    """The ids."""
    shown = {str(node.show(one).title): one for one in node.observations.datasets()}
    return Sets(shown["Tide gauges"], shown["Closed gauges"])


@pytest.fixture(scope="module")
def client(node: Node) -> Client:
    """Anyone who asks."""
    return Client(create_app(node))


@pytest.fixture(scope="module")
def address(node: Node) -> Iterator[str]:
    """Address of the OGC root on a server of the node."""
    with serving(node.folder) as (base, _):
        yield f"{base}/ogc"


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[tuple[Client, Node]]:
    """A float and a glider."""
    folder = tmp_path_factory.mktemp("moving")
    with estran.open(folder / "node") as opened:
        floats = sorted((shared_data / "observations/argo").rglob("*5906072*.nc"))
        opened.load([*floats, shared_data / "observations/glider"])
        yield Client(create_app(opened)), opened
