"""The pivot as nodes hand it on: nothing is lost, and nothing is taken on trust."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from estran import formats
from estran.errors import Invalid
from estran.formats import Document, Links
from estran.formats.estran_json import FORMAT, document, read
from estran.model import NODE_FIELDS, Box, Extent, Record, Text
from estran.testing.strategies import records

LINKS = Links("https://node.example.org", "A node")


def again(record: Record) -> Record:
    """What another node reads of it."""
    assert FORMAT.write
    (found,) = read(Document("x.estran.json", FORMAT.write(record, LINKS).body))
    assert isinstance(found, Record)
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records())
def test_nothing_is_lost(record: Record) -> None:
    stored = replace(record, id="an-id", centre="coriolis", warnings=("a warning",))
    without_node = dict.fromkeys(NODE_FIELDS - {"warnings", "visibility"}, "")
    assert again(stored) == replace(stored, **without_node, visibility="public")


def given_document(**content: Any) -> bytes:
    return msgspec.json.encode({"estran": 1, "id": "x", "record": content})


def test_what_does_not_fit_is_left_out_with_a_warning() -> None:
    body = given_document(
        title={"variants": [["en", "Tide\u0000s"]]},
        kind="<script>",
        published="2024-02-30",
        visibility="draft",
        id="stolen",
        extent={"boxes": [[0, 0, 1, 1], [0, 50, 1, 40]], "periods": [["2020", "soon"]]},
    )
    (found,) = read(Document("x.json", body))
    assert isinstance(found, Record)
    assert (str(found.title), found.kind, found.published, found.visibility, found.id) == (
        "Tides", "other", "", "public", "",
    )  # fmt: skip
    assert found.extent.boxes == (Box(0, 0, 1, 1),)
    assert found.extent.periods[0].start == "2020"
    assert not found.extent.periods[0].end
    assert len(found.warnings) == 3


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{}", "missing"),
        (b'{"estran": 2, "record": {}}', "version 2"),
        (given_document(title="words"), "pivot"),
        (given_document(extent={"boxes": [["a", 0, 1, 1]]}), "pivot"),
    ],
)
def test_refusals_say_why(body: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        list(read(Document("x.json", body)))


def test_is_recognised_among_all_others() -> None:
    record = Record(title=Text.of("Tides"), extent=Extent(boxes=(Box(170, -20, -170, 10),)))
    body = msgspec.json.encode(document(record, LINKS))
    assert formats.recognise(Document("unnamed", body)).name == "estran-json"
    assert again(record) == record
