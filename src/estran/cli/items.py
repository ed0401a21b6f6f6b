"""Items out of a node, as files."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from estran.cli.shared import open_node, print_json, say
from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

ITEM_FORMATS = ("stac-geoparquet",)
"""The formats of `estran export` that write items; loading the room that writes them takes longer."""


def export_items(collection: str, format: str, node: Path, output: Path | None, *, json: bool) -> None:
    """Write all items of a collection to a file, or to standard output."""
    if output is None and json:
        raise Invalid("with --json name a file as well: standard output cannot hold both", "--output")
    if output is None and sys.stdout.isatty():
        raise Invalid("it is no text for a screen; name a file, or send the output to one", "--output")
    with open_node(node) as opened:
        if output is None:
            count = opened.items.export(collection, sys.stdout.buffer, format)
            sys.stdout.buffer.flush()
        else:
            with _whole(output) as file:
                count = opened.items.export(collection, file, format)
    if json and output is not None:
        row = {"id": collection, "format": format, "bytes": output.stat().st_size, "file": str(output)}
        print_json({**row, "items": count, "losses": []})
    else:
        say(f"{count:,} items of {collection}.")


@contextmanager
def _whole(path: Path) -> Generator[IO[bytes]]:
    """A file that takes its name once all of it is written."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
