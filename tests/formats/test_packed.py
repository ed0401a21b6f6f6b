"""Text that comes packed, in other letters, or longer than memory: read in bounds, or refused with its reason."""

from __future__ import annotations

import bz2
import gzip
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from estran import formats
from estran.errors import Invalid
from estran.formats import Document, Refusal, Rows, _packed, _text, exchange, table
from estran.formats._text import whole
from estran.observations.sources import form_of
from tests.formats.observed import held, held_in
from tests.formats.test_long_lines import FILES

if TYPE_CHECKING:
    from pathlib import Path

ROWS = "time;station;level (m)\n" + "".join(f"2024-01-{day:02d};Sète;{day},5\n" for day in range(1, 29))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress], ids=["gzip", "bzip2"])
def test_packed_tables_are_read_as_they_are(pack: type, tmp_path: Path) -> None:
    path = tmp_path / "a.csv.packed.csv"
    path.write_bytes(pack(ROWS.encode()))
    form = form_of(path.read_bytes()[:4096], str(path))
    assert form is not None
    assert form.name == "table"
    assert held_in(table.FORMAT, path).told("Sète/level") == held(
        table.FORMAT, Document("a.csv", ROWS.encode())
    ).told("Sète/level")
    path.write_bytes(pack(ROWS.encode() * 100)[:-20])
    with pytest.raises(Invalid, match="its packing is broken"):
        held_in(table.FORMAT, path)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress], ids=["gzip", "bzip2"])
def test_what_unpacks_to_more_than_anyone_packs_is_refused(
    pack: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_packed, "_ALWAYS_BYTES", 1 << 20)
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(pack(ROWS.encode() + b" " * 8_000_000))
    tracemalloc.start()
    with pytest.raises(Invalid, match="unpacks to more than 250 times its size"):
        held_in(table.FORMAT, path)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_letters_and_ends_of_lines(encoding: str, end: str) -> None:
    body = ROWS.replace("\n", end).encode(encoding)
    assert table.recognise(body[:4096], "a.csv") > 0.5
    found = held(table.FORMAT, Document("a.csv", body))
    assert (len(found.told("Sète/level")), found.told("Sète/level")[0]) == (28, ("2024-01-01T00:00:00", 1.5))


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("filling", [b'"', b"\0", b"x,"])
def test_a_line_of_ten_megabytes_costs_itself(kind: str, filling: bytes, shared_data: Path) -> None:
    path = min(shared_data.glob(FILES[kind]))
    lines = path.read_bytes().split(b"\n")
    form = formats.find(kind)
    assert form.observe is not None
    for at in (min(30, len(lines) - 2),):
        body = b"\n".join([*lines[:at], (filling * 10_000_000)[:10_000_000], *lines[at:]])
        why: list[str] = []
        try:
            why = [one.why for one in form.observe(Document(str(path), body)) if isinstance(one, Refusal)]
        except Invalid as error:
            why.append(error.why)
        assert all(len(one) < 1000 for one in why)


def test_what_is_only_understood_as_a_whole_has_its_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_text, "_MOST_WHOLE", 1 << 20)
    path = tmp_path / "a.xml"
    path.write_bytes(b"<a/>")
    assert whole(Document("a.xml", path=path)) == b"<a/>"
    path.write_bytes(b" " * (3 << 20))
    with pytest.raises(Invalid, match="it has 3 MB, and of such files up to 1 MB are read"):
        whole(Document("a.xml", path=path))


def test_a_long_file_of_a_cruise_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_ROWS_AT_ONCE", 100)
    head = "BOTTLE,20240101XXX\nEXPOCODE,DATE,TIME,LATITUDE,LONGITUDE,CTDPRS,SALNTY\n,,,,,DBAR,PSS-78\n"
    rows = "".join(f"AB12,20240101,0000,45,-5,{n},35.{n}\n" for n in range(1, 401))
    path = tmp_path / "a_hy1.csv"
    path.write_text(f"{head}{rows}END_DATA\n")
    found = [one for one in exchange.observe(Document(str(path), path=path)) if isinstance(one, Rows)]
    assert [len(one.time) for one in found] == [100] * 4
    assert len(held_in(exchange.FORMAT, path).streams) == 1
    (record,) = exchange.read(Document(str(path), path=path))
    assert record.identifier == "cchdo:AB12"
