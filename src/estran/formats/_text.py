"""Text of data files, read as it comes: out of its packing, in its letters, and no line longer than memory allows."""

from __future__ import annotations

import codecs
import io
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING

from estran.errors import Invalid
from estran.formats._packed import PACKED, unpacked

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from estran.formats import Document

__all__ = ["MARKS", "lines", "numbered", "opened", "opened_stream", "plain", "whole"]

MARKS = (b"\xff\xfe", b"\xfe\xff")
"""The first bytes of text in UTF-16, as spreadsheets save it."""
_HEAD_BYTES = 1 << 16
_LONGEST_LINE = 1 << 20
_LONGEST_WORDS = 2000
_MOST_WHOLE, _MEBIBYTE = 1 << 29, 1 << 20


@contextmanager
def opened(document: Document) -> Generator[IO[str]]:
    """Its text, out of its packing, in UTF-8, in UTF-16 that says so, or else in the letters of Western Europe."""
    with ExitStack() as stack:
        stream: IO[bytes] = io.BytesIO(document.body)
        if document.path is not None and not document.body:
            stream = document.path.open("rb")
        stack.enter_context(stream)
        head = stream.read(_HEAD_BYTES)
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        if head.startswith(PACKED):
            stream = stack.enter_context(unpacked(stream, size, document.name))
            head = stream.peek(_HEAD_BYTES)
        yield stack.enter_context(_decoded(stream, head))


@contextmanager
def opened_stream(stream: IO[bytes]) -> Generator[IO[str]]:
    """The text of a file that is open and cannot be sought; only a peek tells its letters."""
    peek = getattr(stream, "peek", None)
    with _decoded(stream, peek(_HEAD_BYTES)[:_HEAD_BYTES] if peek else b"") as text:
        yield text


def whole(document: Document) -> bytes:
    """All bytes of a document that can only be understood as a whole.

    Raises:
        Invalid: it is larger than memory should hold.
    """
    if document.body or document.path is None:
        return document.body
    if (size := document.path.stat().st_size) > _MOST_WHOLE:
        why = f"it has {size // _MEBIBYTE:,} MB, and of such files up to {_MOST_WHOLE // _MEBIBYTE} MB are read; split it"
        raise Invalid(why, document.name)
    return document.path.read_bytes()


def _decoded(stream: IO[bytes], head: bytes) -> io.TextIOWrapper:
    if head.startswith(MARKS):
        return io.TextIOWrapper(stream, "utf-16", errors="replace", newline="")
    try:
        # A letter may be cut at its end.
        codecs.getincrementaldecoder("utf-8")().decode(head)
        encoding = "utf-8-sig"
    except UnicodeDecodeError:
        encoding = "cp1252"
    return io.TextIOWrapper(stream, encoding, errors="replace", newline="")


def lines(text: IO[str], most: int | None = None) -> Iterator[str]:
    """Its lines, or the first of them; one that does not end is cut, so that memory stays bounded."""
    count = 0
    while (most is None or count < most) and (line := text.readline(_LONGEST_LINE)):
        count += 1
        yield line.replace("\0", "")


def numbered(text: IO[str]) -> Iterator[tuple[int, str]]:
    """Its lines without their ends, each with its number."""
    for number, line in enumerate(lines(text), 1):
        yield number, line.rstrip("\r\n")


def plain(words: str) -> str:
    """A line for patterns to look at: runs of blanks as one, and no more of it than any producer writes.

    Patterns that try every place of a line, and every end from there, would take minutes over a line as long as a
    book.
    """
    return " ".join(words[:_LONGEST_WORDS].split())
