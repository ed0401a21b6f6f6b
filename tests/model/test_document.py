"""Values as plain data, and what a format may lose."""

from __future__ import annotations

import msgspec
from hypothesis import given

from estran.formats import losses
from estran.model import Extent, Organisation, Party, Record, Text, Vertical, plain
from estran.testing.strategies import records


@given(records())
def test_plain_data_gives_the_same_record_back(record: Record) -> None:
    assert msgspec.json.decode(msgspec.json.encode(plain(record)), type=Record) == record


def test_defaults_are_left_out() -> None:
    assert plain(Record(title=Text.of("x"))) == {"title": {"variants": [["", "x"]]}}
    assert plain(Organisation(id="a")) == {"id": "a"}


def test_text_keeps_one_of_each_language() -> None:
    text = Text.many([("fr", " a "), ("en", ""), ("fr", "b"), ("en", "c")])
    assert text.variants == (("fr", "a"), ("en", "c"))
    assert (str(text), text.within("en"), text.within("de"), text.language) == ("a", "c", "a", "fr")
    assert not Text.of("  ")


def test_losses_name_what_is_outside() -> None:
    record = Record(
        identifier="x",
        title=Text.many([("fr", "a"), ("en", "b")]),
        parties=(Party(name="n", phone="1"),),
        extent=Extent(vertical=(Vertical(0, 10),)),
    )
    assert {x.field for x in losses(record, {"title", "parties.name"})} == {
        "identifier",
        "title@*",
        "parties.phone",
        "extent.vertical",
    }
    assert not losses(record, {"identifier", "title", "parties", "extent", "@*"})


def test_what_the_node_adds_is_never_a_loss() -> None:
    assert not losses(Record(id="a", centre="b", source="c", updated="2020", warnings=("w",)), ())
