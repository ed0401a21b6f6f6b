"""Long files of lines: taken apart in blocks, nothing lost, every line named rightly."""

from __future__ import annotations

import gzip
import json
import random
from typing import TYPE_CHECKING

import pytest

from estran.catalogue.documents import Lines, documents, of_file
from estran.catalogue.items.prepare import plain_item, prepare_item
from estran.errors import Invalid
from estran.formats import Document, Refusal, read, recognise

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
        assert not any(str(path) in refusal.why for refusal in report.refused), "its place is said once"
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


@pytest.mark.parametrize("number", [2**40, -(2**31), 10**400, 1e300])
def test_numbers_beyond_all_bounds_are_not_found_but_kept(
    open_node: Callable[[Path], Node], tmp_path: Path, number: float
):
    path = tmp_path / "a.json"
    path.write_bytes(
        line(1, properties={"datetime": "2020-01-01T00:00:00Z", "sat:relative_orbit": number, "gsd": number})
    )
    with open_node(tmp_path / "node") as node:
        report = node.load(path)
        if report.refused:  # a number that no machine holds
            assert number == 10**400
            return
        assert report.new == 1
        assert str(number).encode() in node.items.show("many", "item-1").body


def test_a_ring_across_its_box_is_not_taken_for_the_box():
    bow = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]
    square = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    for ring, shape in ((bow, True), (square, False), (square[::-1], False)):
        found = plain_item(line(1, geometry={"type": "Polygon", "coordinates": [ring]}))
        assert found is not None
        assert (found.shape is not None) == shape


def test_the_short_way_takes_what_is_plain():
    assert plain_item(line(1)) is not None
    assert plain_item(line(1, assets={"é": "ü"})) is not None


def test_nothing_in_an_item_breaks_a_load_off():
    """Items with one to three of their values replaced by what should not stand there: taken or refused."""
    r = random.Random(5)
    strange: list[object] = [
        None, True, 0, -1, 10**400, 1e308, "", "x", [], {}, [None], [[1, 2]], {"a": 1}, float("nan"), 2**63,
        "2024-02-30", "9999999-01-01T00:00:00Z", "2020-01-01T00:00:00.123456789+05:00", "0000-01-01T00:00:00Z",
    ]  # fmt: skip

    def changed(value: object) -> object:
        if isinstance(value, dict) and value and r.random() < 0.85:
            key = r.choice(list(value))
            return {**value, key: changed(value[key])}
        if isinstance(value, list) and value and r.random() < 0.8:
            at = r.randrange(len(value))
            return [*value[:at], changed(value[at]), *value[at + 1 :]]
        return r.choice(strange)

    outcomes: set[str] = set()
    for _ in range(1500):
        document: object = json.loads(line(1, assets={"a": {"href": "https://example.org/a"}}))
        for _ in range(r.randint(1, 3)):
            document = changed(document)
        body = json.dumps(document).encode()
        quick = plain_item(body)
        try:
            form = recognise(Document("a.json", body))
        except Invalid:
            assert quick is None
            outcomes.add("unknown")
            continue
        found = list(read(Document("a.json", body), form))
        outcomes.update(type(one).__name__ for one in found)
        if quick is not None:
            assert [type(one).__name__ for one in found] == ["Item"]
    assert outcomes >= {"Item", "Refusal"}
