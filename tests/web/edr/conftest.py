"""A node with stations, floats and a glider, served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import estran
from estran.web.app import create_app
from tests.web.client import Client
from tests.web.serving import serving
from tests.web.tabledap.conftest import client, node, sets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.node import Node

__all__ = ["client", "node", "sets"]


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
