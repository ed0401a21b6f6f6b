"""Lines as long as books: a pattern that tries every place of a line, and every end from there, never ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estran import formats
from estran.errors import Invalid
from estran.formats import Document, Refusal

if TYPE_CHECKING:
    from pathlib import Path

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
    path = sorted(shared_data.glob(FILES[kind]))[0]
    lines = path.read_bytes().split(b"\n")[:40]
    form = formats.find(kind)
    assert form.observe is not None
    for at in range(0, len(lines), 5):
        for run in RUNS:
            broken = lines[at][: len(lines[at]) // 2] + (run * LONG).encode()[:LONG] + lines[at][-3:]
            document = Document(str(path), b"\n".join([*lines[:at], broken, *lines[at + 1 :]]))
            try:
                told = [one for one in form.observe(document) if isinstance(one, Refusal)]
            except Invalid as error:
                assert len(error.why) < 1000
            else:
                assert all(len(one.why) < 1000 for one in told)
