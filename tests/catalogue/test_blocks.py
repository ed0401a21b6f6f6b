"""Long files of lines: taken apart in blocks, nothing lost, every line named rightly."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from estran.catalogue.documents import Lines, documents, of_file
from estran.catalogue.items.prepare import plain_item, prepare_item
from estran.formats import Document, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.node import Node

MANY = 5000


def line(number: int, **more: object) -> bytes:
    """An item of some 600 bytes."""
    return json.dumps({
        "type": "Feature", "stac_version": "1.1.0", "id": f"item-{number}", "collection": "many",
        "geometry": {"type": "Point", "coordinates": [number % 180, number % 90]},
        "bbox": [number % 180, number % 90, number % 180, number % 90],
        "properties": {"datetime": f"2020-01-01T00:00:00.{number:06d}Z", "note": "x" * 300},
        "links": [], "assets": {}, **more,
    }).encode()  # fmt: skip


def test_blocks_hold_every_line_under_its_number(tmp_path: Path):
    path = tmp_path / "many.ndjson.gz"
    path.write_bytes(gzip.compress(b"\n".join(line(n) for n in range(1, MANY + 1))))
    found = list(of_file(path, path.stat().st_size))
    assert sum(isinstance(one, Lines) for one in found) > 1, "the file is long enough for blocks"
    every = [one for one in documents([path]) if isinstance(one, Document)]
    assert [one.line for one in every] == list(range(1, MANY + 1))
    assert [json.loads(one.body)["id"] for one in every] == [f"item-{n}" for n in range(1, MANY + 1)]


def test_a_file_that_breaks_off_gives_the_lines_before(tmp_path: Path):
    path = tmp_path / "broken.ndjson.gz"
    body = gzip.compress(b"\n".join(line(n) for n in range(1, MANY + 1)), 1)
    path.write_bytes(body[: len(body) // 2])
    *every, last = documents([path])
    assert isinstance(last, Refusal)
    assert "the lines before were read" in last.why
    assert len(every) > MANY // 4
    assert [one.line for one in every] == list(range(1, len(every) + 1))


def test_one_bad_line_in_a_block_costs_that_line(open_node: Callable[[Path], Node], tmp_path: Path):
    path = tmp_path / "many.ndjson"
    lines = [line(n) for n in range(1, MANY + 1)]
    lines[3000] = b"neither JSON nor anything"
    lines[4000] = (
        b'{"type": "Feature", "stac_version": "1.1.0", "id": "undated", "collection": "many", "properties": {}}'
    )
    path.write_bytes(b"\n".join(lines))
    with open_node(tmp_path / "node") as node:
        report = node.load(path)
        assert report.new == MANY - 2
        assert sorted(refusal.line for refusal in report.refused) == [3001, 4001]
        assert node.items.count("many") == MANY - 2
        assert node.load(path).unchanged == MANY - 2


def test_a_log_behind_good_lines_is_given_up(open_node: Callable[[Path], Node], tmp_path: Path):
    path = tmp_path / "log.ndjson"
    path.write_bytes(
        b"\n".join([*(line(n) for n in range(300)), *(b"a line of a log %d" % n for n in range(400_000))])
    )
    with open_node(tmp_path / "node") as node:
        report = node.load(path)
    assert report.new == 300
    assert "what follows was not read" in report.refused[-1].why
    assert len(report.refused) < 100_000


@pytest.mark.parametrize(
    "document",
    [
        line(1),
        line(2, collection=""),
        line(3, stac_version=None),
        line(4, id=7),
        line(5, title="\ud800"),
        line(6).replace(b"item-6", b"item-\xe9"),
        line(7).replace(b'"assets": {}', b'"assets": NaN'),
        b"{" * 3000,
        b"{}",
        b"nothing",
    ],
)
def test_the_short_way_gives_what_the_long_way_gives_or_nothing(document: bytes):
    quick = plain_item(document)
    if quick is not None:
        assert quick == prepare_item(document)
        json.loads(quick.body + b"}")


def test_the_short_way_takes_what_is_plain():
    assert plain_item(line(1)) is not None
    assert plain_item(line(1, assets={"é": "ü"})) is not None
