"""The catalogue's tests run on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node


@pytest.fixture
def node(open_node: Callable[[Path], Node], tmp_path: Path) -> Iterator[Node]:
    """An empty node of its own, acting as its operator."""
    with open_node(tmp_path / "node") as opened:
        yield opened
