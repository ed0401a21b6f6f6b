"""What Estran asks of a plugin, as checks that its author runs too. Each failure names the broken promise."""

from __future__ import annotations

import re
import tempfile
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings

from estran import formats
from estran.formats import Document, Format, Links, Refusal, Written
from estran.model import Item, Record
from estran.testing.strategies import records

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["check_format"]

_LINKS = Links("https://node.example.org", "A node")
_FIELDS = frozenset(field.name for field in fields(Record))
_MOST_FOUND = 10_000
_EVERY_PHASE = tuple(Phase)
_NO_SHRINKING = (Phase.explicit, Phase.generate)
_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
_GARBAGE = (
    b"", b" ", b"\0", b"\0" * 5000, b"\xff\xfe", b"\xef\xbb\xbf", b"<", b"<a>", b"<a/>", b"{", b"{}", b"[]",
    b"null", b'{"type": 3}', b"[" * 20_000, b"<a>" * 20_000, b'{"a":' * 20_000, "é".encode("latin-1") * 100,
    b'<?xml version="1.0" encoding="klingon"?><a/>', bytes(range(256)) * 40, b"CDF\x01", b"\x89HDF\r\n\x1a\n",
    b'<!DOCTYPE a [<!ENTITY b "cccccccccc"><!ENTITY d "&b;&b;&b;&b;">]><a>&d;</a>',
    b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
)  # fmt: skip


def check_format(form: Format, examples: int = 25, *, shrink: bool = True) -> None:
    """Hold a format to its contract.

    Args:
        form: the format.
        examples: how many random records it must write.
        shrink: whether to look for the smallest record that breaks a promise, which takes a while.

    Raises:
        AssertionError: a promise is broken; the message says which.
    """
    _describes_itself(form)
    _survives_garbage(form, _GARBAGE)
    if form.write is not None:
        _writes(form, examples, _EVERY_PHASE if shrink else _NO_SHRINKING)


def _describes_itself(form: Format) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", form.name), (
        f"the name “{form.name}” is lower-case words and hyphens"
    )
    assert form.title, "it has a title for people"
    assert form.media_types, "it has a media type"
    for media_type in form.media_types:
        assert re.fullmatch(r"[\w.+-]+/[\w.+-]+(;.*)?", media_type), f"“{media_type}” is a media type"
    assert form.read or form.write, "it reads or writes"
    assert not form.suffix or form.suffix.startswith("."), "its suffix starts with a dot"


def _survives_garbage(form: Format, bodies: tuple[bytes, ...]) -> None:
    for body in bodies:
        confidence = form.recognise(body[:4096], "garbage")
        assert 0.0 <= confidence <= 1.0, f"recognising gives 0 to 1, not {confidence}"
        if form.read is not None:
            _read(form, body, strict=False)


def _read(form: Format, body: bytes, *, strict: bool) -> list[Record | Item | Refusal]:
    """What it reads; a crash, which the reader's net turned into a refusal, breaks the promise."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"document{form.suffix}"
        path.write_bytes(body)
        found = list(islice(formats.read(Document(path.name, body, path), form), _MOST_FOUND))
    for one in found:
        assert isinstance(one, Record | Item | Refusal), (
            f"reading gives records, items and refusals, not {one!r}"
        )
        if isinstance(one, Refusal):
            assert one.why.strip(), "a refusal has a reason"
            assert "could not be understood (" not in one.why, f"it crashed on {body[:80]!r}: {one.why}"
            assert not strict, f"it reads what it wrote, but refused: {one.why}"
    return found


def _writes(form: Format, examples: int, phases: tuple[Phase, ...]) -> None:
    @settings(max_examples=examples, deadline=None, database=None, phases=phases, suppress_health_check=_SLOW)
    @given(records())
    def hold(record: Record) -> None:
        written = _write(form, record)
        if form.read is not None:
            _reads_its_own(form, record, written)

    hold()
    _write(form, Record(identifier="only-an-identifier"))


def _write(form: Format, record: Record) -> Written:
    assert form.write is not None
    written = form.write(record, _LINKS)
    assert isinstance(written, Written), "writing gives Written"
    assert isinstance(written.body, bytes), "what is written is bytes"
    assert written.body, "something is written"
    assert written.media_type.partition(";")[0] in _bare(form), (
        f"“{written.media_type}” is one of its media types"
    )
    for loss in written.losses:
        assert loss.field.partition(".")[0].partition("@")[0] in _FIELDS, (
            f"“{loss.field}” is a field of the pivot"
        )
        assert loss.why.strip(), f"the loss of {loss.field} has a reason"
    return written


def _bare(form: Format) -> Iterator[str]:
    return (media_type.partition(";")[0] for media_type in form.media_types)


def _reads_its_own(form: Format, record: Record, written: Written) -> None:
    assert form.recognise(written.body[:4096], f"x{form.suffix}") > 0, "it recognises what it writes"
    found = [one for one in _read(form, written.body, strict=True) if isinstance(one, Record)]
    assert len(found) == 1, f"one record written is one record read, not {len(found)}"
    assert _blanks(str(found[0].title)) == _blanks(str(record.title)), "the title comes back"
    middle = len(written.body) // 2
    _survives_garbage(
        form, (written.body[:middle], written.body[middle:], written.body[:-1], written.body * 2)
    )
    _survives_garbage(
        form,
        (written.body.replace(b'"', b"'"), b"\xef\xbb\xbf" + written.body, written.body[:middle] + b"\0"),
    )


def _blanks(words: str) -> str:
    return " ".join(words.split())
