"""Nodes that are served over HTTP, and nodes that copy them."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn

import estran
from estran.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from estran.node import Node

PRIVATE = {"allow_private": True, "per_second": 1000, "robots": False}
"""What lets a node ask loopback, as often as it likes."""


@contextmanager
def served(node: Node) -> Generator[str]:
    """The address of a node for as long as the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = uvicorn.Server(uvicorn.Config(create_app(node), log_level="warning", lifespan="off"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not running.started:
            assert thread.is_alive()
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join(60)


def copier(folder: Path, **given: Any) -> Node:
    """An empty node that may ask this machine."""
    return estran.open(folder, harvest=PRIVATE, **given)


def observed(node: Node) -> dict[str, list[dict[str, Any]]]:
    """All observations of a node, by key of their datastream, without what each node counts and judges for itself."""
    own = {"datastream", "number", "version", "tested", "feature", "quality"}
    found: dict[str, list[dict[str, Any]]] = {}
    for one in node.observations.datastreams():
        rows = [row for part in node.observations.batches([one]) for row in part.to_pylist()]
        found[one.described.key] = [{k: v for k, v in row.items() if k not in own} for row in rows]
    return found
