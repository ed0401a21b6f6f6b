from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from estran.formats import Links
from estran.formats.estran_json import document
from estran.model import Distribution, Record, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

SETTINGS = "[links]\nallow_private = true\nper_host = 1000\ntimeout = 30\n"


def settle(folder: Path, settings: str = SETTINGS) -> Path:
    """A folder whose node may ask servers of the tests."""
    folder.mkdir(exist_ok=True)
    (folder / "estran.toml").write_text(settings)
    return folder


def record(name: str, *given: dict[str, Any], **more: Any) -> Record:
    """A record that leads to some distributions."""
    return Record(
        title=more.pop("title", Text.of(f"Record {name}")),
        identifier=name,
        distributions=tuple(Distribution(**one) for one in given),
        **more,
    )


def stored(node: Node, folder: Path, *records: Record, **how: Any) -> None:
    """Load records."""
    links = Links("https://data.example.org", "A node")
    folder.mkdir(exist_ok=True)
    files = [folder / f"{number}.json" for number in range(len(records))]
    for file, one in zip(files, records, strict=True):
        file.write_bytes(msgspec.json.encode(document(one, links)))
    assert not node.load(files, **how).refused


@pytest.fixture
def node(open_node: Callable[[Path], Node], tmp_path: Path) -> Iterator[Node]:
    """An empty node whose links may lead to servers of the tests."""
    with open_node(settle(tmp_path / "node")) as opened:
        yield opened


@pytest.fixture
def store(node: Node, tmp_path: Path) -> Callable[..., None]:
    """Loads records into the node."""

    def load(*records: Record, **how: Any) -> None:
        stored(node, tmp_path / "given", *records, **how)

    return load
