"""Text of data files, read as it comes: out of gzip, in its letters, and no line longer than memory allows."""

from __future__ import annotations

import codecs
import io
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, cast

from isal import igzip

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from estran.formats import Document

__all__ = ["GZIP", "MARKS", "lines", "numbered", "opened", "opened_stream", "plain"]

GZIP = b"\x1f\x8b"
MARKS = (b"\xff\xfe", b"\xfe\xff")
"""The first bytes of text in UTF-16, as spreadsheets save it."""
_HEAD_BYTES = 1 << 16
_LONGEST_LINE = 1 << 20
_LONGEST_WORDS = 2000


@contextmanager
def opened(document: Document) -> Generator[IO[str]]:
    """Its text, out of gzip where it is packed, in UTF-8 or else in the letters of Western Europe."""
    with ExitStack() as stack:
        stream: IO[bytes] = io.BytesIO(document.body)
        if document.path is not None and not document.body:
            stream = document.path.open("rb")
        stack.enter_context(stream)
        if stream.read(2) == GZIP:
            stream.seek(0)
            stream = stack.enter_context(cast("IO[bytes]", igzip.IGzipFile(fileobj=stream)))
        else:
            stream.seek(0)
        head = stream.read(_HEAD_BYTES)
        stream.seek(0)
        yield stack.enter_context(_decoded(stream, head))


@contextmanager
def opened_stream(stream: IO[bytes]) -> Generator[IO[str]]:
    """The text of a file that is open and cannot be sought; only a peek tells its letters."""
    peek = getattr(stream, "peek", None)
    with _decoded(stream, peek(_HEAD_BYTES)[:_HEAD_BYTES] if peek else b"") as text:
        yield text


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
