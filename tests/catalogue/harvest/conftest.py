from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from estran.catalogue import harvesters
from tests.catalogue.harvest import scripted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.node import Node


@pytest.fixture(autouse=True)
def _scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harvesters, "find", scripted.find)
    scripted.visits.clear()


@pytest.fixture
def says(tmp_path: Path) -> Callable[..., str]:
    """Writes what the source says from now on; gives its address."""

    def write(*events: Any, name: str = "source") -> str:
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(events))
        for flag in tmp_path.glob(f"{name}.json.*"):
            flag.unlink()
        return str(file)

    return write


@pytest.fixture
def added(node: Node, says: Callable[..., str]) -> Callable[..., Any]:
    """Sets a scripted source up that says some events, and gives the door."""

    def add(*events: Any, protocol: str = "scripted", **more: Any) -> Any:
        node.harvest.add("theirs", says(*events), protocol, **more)
        return node.harvest

    return add
