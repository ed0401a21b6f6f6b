"""JSON that holds many documents: one a line (NDJSON), text sequences (RFC 8142), very large collections.

They are streamed, each document's own bytes untouched; a file that breaks off gives all that came before.
"""

from __future__ import annotations

import codecs
import json
import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from estran.catalogue.archives import (
    MAX_DOCUMENT_BYTES,
    MEBIBYTE,
    READING_ERRORS,
    TOO_LARGE,
    why_unreadable,
)
from estran.errors import Invalid
from estran.formats import Document, Refusal
from estran.formats._json import outline

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from typing import IO

_RECORD_SEPARATOR = b"\x1e"
_LINE_SUFFIXES = (
    ".ndjson", ".jsonl", ".jsonlines", ".geojsonl", ".geojsons", ".geojsonseq", ".json-seq", ".jsonseq",
)  # fmt: skip
_STARTS = (b"{", b"[")
# Members whose values are documents, in the collections of STAC, OGC APIs and DataCite.
_LISTS = ("features", "collections", "records", "data")
# A log, a table or noise gives as many reasons as it has lines; these are enough to see what it is.
_MOST_STRANGE, _MOST_STRANGE_AT_START = 1000, 100
# Lines that are looked at one by one before whole blocks are given away, and the size of these.
_TRIED = 200
_BLOCK = MEBIBYTE
_PART = 64 << 10
_BLANKS = re.compile(r"[\ufeff \t\r\n]*")


def is_lines(head: bytes, name: str) -> bool:
    """Whether each line is a document of its own: by the name, or as the first line is complete in itself."""
    if head.startswith(_RECORD_SEPARATOR) or name.lower().removesuffix(".gz").endswith(_LINE_SUFFIXES):
        return True
    first, end, rest = head.partition(b"\n")
    if not end or not rest.lstrip().startswith(_STARTS):
        return False
    try:
        return isinstance(json.loads(_bare(first)), dict)
    except ValueError:
        return False


def is_empty(body: bytes) -> bool:
    """Whether it is a collection whose list of documents is empty."""
    seen = outline(body)
    listed = [name for name in _LISTS if seen.get(name) == "["]
    return bool(listed) and not any(path.startswith(f"{name}.") for name in listed for path in seen)


type Known = Callable[[bytes], float]
"""How surely some bytes are metadata."""


class Lines(NamedTuple):
    """Many lines of a file in which each line is a document, to be taken apart by whoever reads them.

    Attributes:
        name: of the file.
        body: whole lines.
        line: number of the first, from 1.
    """

    name: str
    body: bytes
    line: int

    def documents(self) -> Iterator[Document | Refusal]:
        """Each document; a refusal for each line that is none, until they are too many to be an accident."""
        strange = 0
        for number, text in enumerate(self.body.split(b"\n"), self.line):
            found = _document(self.name, text, number)
            if found is not None:
                yield found
            strange += isinstance(found, Refusal)
            if strange >= _MOST_STRANGE:
                return


def is_hopeless(strange: int) -> bool:
    """Whether a file that has so many lines which are no documents is worth no further look."""
    return strange >= _MOST_STRANGE


def lines(name: str, stream: IO[bytes], is_known: Known) -> Iterator[Document | Refusal | Lines]:
    """Each document of NDJSON, or of a text sequence, whose texts start with RS and may have many lines.

    Of a long NDJSON file the first documents come one by one, the rest in blocks.
    """
    every = _lines(name, stream)
    first = next(every, None)
    if first is None:
        return
    every = _with(first, every)
    if isinstance(first[1], bytes) and first[1].startswith(_RECORD_SEPARATOR):
        yield from _while_known(_found(name, _joined(name, every)), is_known)
        return
    tried = list(islice(every, _TRIED))
    is_metadata = yield from _while_known(_found(name, tried), is_known)
    if is_metadata and len(tried) == _TRIED:
        yield from _blocks(name, stream, tried[-1][0] + 1)


def _found(name: str, numbered: Iterable[tuple[int, bytes | Refusal]]) -> Iterator[Document | Refusal]:
    for number, text in numbered:
        found = text if isinstance(text, Refusal) else _document(name, text, number)
        if found is not None:
            yield found


def _blocks(name: str, stream: IO[bytes], number: int) -> Iterator[Lines | Refusal]:
    """The rest of a stream in blocks of whole lines, the first of which has that number."""
    rest, ended = b"", False
    while not ended:
        broken, parts, size = "", [rest], len(rest)
        wanted = max(_BLOCK, 2 * len(rest))
        try:
            while size < wanted and (part := stream.read(_PART)):
                parts.append(part)
                size += len(part)
        except READING_ERRORS as error:
            broken = why_unreadable(error)
        ended = bool(broken) or size < wanted
        body = b"".join(parts)
        whole = len(body) if ended and not broken else body.rfind(b"\n") + 1
        body, rest = body[:whole], body[whole:]
        if len(rest) > MAX_DOCUMENT_BYTES:
            yield Refusal(name, f"this line is too long: {TOO_LARGE}; what follows was not read", number)
            return
        if body:
            yield Lines(name, body, number)
            number += body.count(b"\n")
        if broken:
            yield Refusal(name, f"{broken}; the lines before were read", number)


def _while_known(
    found: Iterable[Document | Refusal], is_known: Known
) -> Generator[Document | Refusal, None, bool]:
    """All of them, unless they begin with many, or have very many, that are no metadata; whether it was all."""
    known, strange = False, 0
    for one in found:
        known = known or (isinstance(one, Document) and is_known(one.body) > 0)
        strange += isinstance(one, Refusal) or not known
        yield one
        if strange >= (_MOST_STRANGE if known else _MOST_STRANGE_AT_START):
            name = one.file if isinstance(one, Refusal) else one.name
            why = f"{strange} of its parts are no metadata; what follows was not read"
            yield Refusal(name, why, one.line)
            return False
    return True


def _document(name: str, text: bytes, line: int) -> Document | Refusal | None:
    bare = _bare(text)
    if bare.startswith(_STARTS):
        return Document(name, bare, line=line)
    return Refusal(name, "this line is not a JSON object; write one document a line", line) if bare else None


def _with[T](first: T, rest: Iterable[T]) -> Iterator[T]:
    yield first
    yield from rest


def _lines(name: str, stream: IO[bytes]) -> Iterator[tuple[int, bytes | Refusal]]:
    number = 0
    while True:
        number += 1
        try:
            line = stream.readline(MAX_DOCUMENT_BYTES + 1)
            too_long = len(line) > MAX_DOCUMENT_BYTES
            while len(line) > MAX_DOCUMENT_BYTES and not line.endswith(b"\n"):
                line = stream.readline(MAX_DOCUMENT_BYTES + 1)
        except READING_ERRORS as error:
            yield number, Refusal(name, f"{why_unreadable(error)}; the lines before were read", number)
            return
        if too_long:
            yield number, Refusal(name, f"this line is too long: {TOO_LARGE}", number)
        elif not line:
            return
        else:
            yield number, line


def _joined(name: str, every: Iterable[tuple[int, bytes | Refusal]]) -> Iterator[tuple[int, bytes | Refusal]]:
    held, start = bytearray(), 1
    for number, line in every:
        if isinstance(line, Refusal):
            yield number, line
            continue
        if line.startswith(_RECORD_SEPARATOR):
            yield start, bytes(held)
            held, start = bytearray(), number
        held += line
        if len(held) > MAX_DOCUMENT_BYTES:
            yield start, Refusal(name, TOO_LARGE, start)
            held = bytearray()
    yield start, bytes(held)


def _bare(text: bytes) -> bytes:
    return text.removeprefix(codecs.BOM_UTF8).strip(b"\x1e \t\r\n")


class Reads(Protocol):
    """Anything that gives bytes."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end."""
        ...


def members(name: str, stream: Reads, is_known: Known) -> Iterator[Document | Refusal]:
    """Each document of a JSON collection that is too large to be held: an array, or one among its members."""
    yield from _while_known(_taken(name, stream), is_known)


def _taken(name: str, stream: Reads) -> Iterator[Document | Refusal]:
    text, found = _Text(name, stream), 0
    try:
        for line, body in _members(text):
            found += 1
            yield Document(name, body.encode(), line=line)
        if not found:
            yield Refusal(name, TOO_LARGE)
    except READING_ERRORS as error:
        kept = f"; the {found} documents before it were read" if found else ""
        yield Refusal(name, f"{why_unreadable(error)}{kept}", text.line)


def _members(text: _Text) -> Iterator[tuple[int, str]]:
    if text.following() == "[":
        yield from _elements(text)
        return
    text.take("{")
    while text.following() != "}":
        key = text.value()
        text.take(":")
        if text.following() == "[" and key.strip('"') in _LISTS:
            yield from _elements(text)
        else:
            text.value()
        if text.following() != "}":
            text.take(",")


def _elements(text: _Text) -> Iterator[tuple[int, str]]:
    text.take("[")
    while text.following() != "]":
        yield text.line, text.value()
        if text.following() != "]":
            text.take(",")
    text.take("]")


class _Text:
    """A window that moves over a text in UTF-8, one JSON value at a time."""

    def __init__(self, name: str, stream: Reads) -> None:
        self._name, self._stream = name, stream
        self._decode = codecs.getincrementaldecoder("utf-8")()
        self._scan = json.JSONDecoder().raw_decode
        self._window, self._at, self._ended = "", 0, False
        self.line = 1

    def following(self) -> str:
        """The next character that is not blank, "" at the end."""
        while True:
            blanks = _BLANKS.match(self._window, self._at)
            self._move(blanks.end() if blanks else self._at)
            if self._at < len(self._window) or not self._more():
                return self._window[self._at : self._at + 1]

    def take(self, sign: str) -> None:
        """Pass a sign that must stand here."""
        if (found := self.following()) != sign:
            raise self._fault(f"“{sign}” is missing before “{found}”" if found else "it ends early")
        self._move(self._at + 1)

    def value(self) -> str:
        """The text of the value that stands here."""
        if not self.following():
            raise self._fault("it ends early")
        while True:
            try:
                _, end = self._scan(self._window, self._at)
            except RecursionError:
                raise self._fault("it is nested too deeply") from None
            except ValueError as error:
                if not self._more():
                    raise self._fault(str(error)) from None
                continue
            # A number at the window's edge may go on behind it.
            if end < len(self._window) or not self._more():
                found = self._window[self._at : end]
                self._move(end)
                return found

    def _move(self, at: int) -> None:
        self.line += self._window.count("\n", self._at, at)
        self._at = at

    def _more(self) -> bool:
        if self._ended:
            return False
        # Twice as much each time, so that a long value is not scanned again and again.
        wanted = max(MEBIBYTE, len(self._window) - self._at)
        if wanted > MAX_DOCUMENT_BYTES:
            raise Invalid(TOO_LARGE, self._name)
        part = self._stream.read(wanted)
        self._ended = not part
        try:
            text = self._decode.decode(part, final=self._ended)
        except UnicodeDecodeError as error:
            raise self._fault(f"it is not in UTF-8 ({error.reason})") from None
        self._window, self._at = self._window[self._at :] + text, 0
        return bool(part)

    def _fault(self, why: str) -> Invalid:
        return Invalid(f"not JSON at line {self.line}: {why}; correct it there and load it again", self._name)
