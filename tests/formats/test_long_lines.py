"""Lines as long as books: a pattern that tries every place of a line, and every end from there, never ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estran import formats
from estran.errors import Invalid
from estran.formats import Document, Refusal

if TYPE_CHECKING:
    from pathlib import Path

    from estran.formats import Format

# A file of each kind, of those that are told by lines.
FILES = {
    "seabird": "observations/ctd/seabird/CTD/*.cnv",
    "exchange": "observations/ctd/oce/ctd/*.csv",
    "nasa-ames": "observations/atmosphere/nasa-ames/*.na",
    "ismn": "observations/soil-moisture/ismn/format_ceop_sep/**/*.stm",
    "table": "observations/tables-fr/*.csv",
}
RUNS = (" ", "(", "[", "a ", "=", ":", ",", "1,")
LONG = 60_000


@pytest.mark.parametrize("kind", FILES)
def test_a_line_as_long_as_a_book_is_read_or_refused(kind: str, shared_data: Path) -> None:
    path = min(shared_data.glob(FILES[kind]))
    lines = path.read_bytes().split(b"\n")[:40]
    form = formats.find(kind)
    for at in range(0, len(lines), 5):
        for run in RUNS:
            broken = lines[at][: len(lines[at]) // 2] + (run * LONG).encode()[:LONG] + lines[at][-3:]
            document = Document(str(path), b"\n".join([*lines[:at], broken, *lines[at + 1 :]]))
            assert all(len(why) < LONG / 50 for why in refused(form, document))


def refused(form: Format, document: Document) -> list[str]:
    """Why a file was refused, as a whole or in parts."""
    assert form.observe is not None
    try:
        return [one.why for one in form.observe(document) if isinstance(one, Refusal)]
    except Invalid as error:
        return [error.why]


def test_blanks_as_long_as_a_book_are_read_at_once() -> None:
    body = f'{{"id": "10.1/a", "descriptions": [{{"description": "a{" " * 200_000}b", "descriptionType": "Abstract"}}], "titles": [{{"title": "x"}}]}}'
    found = list(formats.read(Document("a.json", body.encode()), formats.find("datacite-json")))
    assert len(found) == 1
