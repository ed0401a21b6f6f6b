"""Every installed format holds its contract, and its entry point tells the truth."""

from __future__ import annotations

import pytest

from estran import formats, plugins
from estran.formats import Format
from estran.testing.contracts import check_format


@pytest.mark.parametrize("name", formats.names())
def test_the_entry_point_gives_the_format_of_its_name(name: str) -> None:
    assert plugins.load("format", name, Format).name == name


@pytest.mark.parametrize("name", formats.names())
def test_holds_its_contract(name: str) -> None:
    check_format(formats.find(name))


def test_no_two_formats_claim_one_document_with_one_confidence() -> None:
    """What one format writes is recognised as that format, or as one that it is a dialect of."""
    from estran.model import Record, Text  # noqa: PLC0415 - only here

    record = Record(
        identifier="a-b", title=Text.of("A title", "en"), abstract=Text.of("Words about it", "en")
    )
    for name in formats.names():
        form = formats.find(name)
        if form.read is None or form.write is None:
            continue
        body = form.write(record, formats.Links()).body
        found = formats.recognise(formats.Document(f"unnamed{form.suffix}", body))
        assert found.name == name, f"{name} is taken for {found.name}"
