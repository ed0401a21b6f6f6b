"""What serving begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from estran.errors import Unavailable
from estran.storage import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.node import Node
    from tests.postgresql import PostgreSQL


def test_connections_wait_for_those_who_ask(open_node: Callable[[Path], Node], tmp_path: Path) -> None:
    with open_node(tmp_path / "node") as node:
        pool: Any = node._house.database._pool.pool
        node.warm(3)
        apart = node._house.database.engine.apart
        assert pool.checkedin() >= (3 if apart else 1)
        assert pool.checkedout() == 0


def test_a_server_that_is_gone_is_told(postgresql: PostgreSQL, tmp_path: Path) -> None:
    gone = Database(f"{postgresql.fresh().rpartition('/')[0]}/nowhere")
    with pytest.raises(Unavailable):
        gone.warm(2)
    gone.close()
