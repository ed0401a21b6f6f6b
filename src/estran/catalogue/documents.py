"""From paths to metadata documents: folders walked, archives opened, harvests split, nonsense refused.

Every file ends as documents or as a reason. What a document means is not decided here: `formats` reads it.
"""

from __future__ import annotations

import io
import os
import stat
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from estran import formats
from estran.catalogue import archives, envelopes, json_streams, parquet, refusals
from estran.catalogue.archives import HEAD_BYTES, MAX_DEPTH, MAX_DOCUMENT_BYTES, Meter, Source
from estran.catalogue.json_streams import Lines
from estran.errors import Invalid
from estran.formats import Document, Refusal
from estran.formats._json import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Lines", "Total", "count_hint", "documents", "files", "of_file"]

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_NETCDF = (b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF\r\n\x1a\n")
# Below the first, a format makes out its namespace somewhere; up to the second it would rather refuse.
_HINT, _LIKELY = 0.25, 0.5
_JSON_SIGNS = ("{", "[", "\x1e")
_ZARR = ("zarr.json", ".zgroup", ".zarray", ".zmetadata")


class Total(NamedTuple):
    """How much there is to read."""

    files: int
    bytes: int


def count_hint(paths: Iterable[Path]) -> Total:
    """Files and bytes that `documents` would read, without opening any."""
    sizes = [size for _, size in files(paths) if isinstance(size, int)]
    return Total(len(sizes), sum(sizes))


def documents(
    paths: Iterable[Path], advance: Callable[[int], object] = lambda _size: None
) -> Iterator[Document | Refusal]:
    """Every metadata document in these files and folders, and a reason for every file that holds none.

    Folders are walked in the order of names, hidden files left out. A document is taken from the stream as
    it is asked for: each should be read before the next.

    Args:
        paths: files and folders; what is named is read even if it is hidden.
        advance: told of bytes as they are read, for a progress bar that ends at `count_hint`.
    """
    for path, size in files(paths):
        if isinstance(size, Refusal):
            yield size
            continue
        for found in of_file(path, size, advance):
            if isinstance(found, Lines):
                yield from found.documents()
            else:
                yield found


def files(paths: Iterable[Path]) -> Iterator[tuple[Path, int | Refusal]]:
    """(file, its size or why it cannot be read); each file and folder once, however often it is linked."""
    seen: set[tuple[int, int]] = set()
    waiting = [Path(path) for path in reversed(list(paths))]
    while waiting:
        path = waiting.pop()
        try:
            found = path.stat()
            key = (found.st_dev, found.st_ino)
            if key in seen:
                continue
            seen.add(key)
            if stat.S_ISDIR(found.st_mode):
                waiting.extend(reversed(_children(path)))
            elif stat.S_ISREG(found.st_mode):
                if not _describes_another(path):
                    yield path, found.st_size
            else:
                yield path, Refusal(_name(path), "it is not a file but a device or pipe; give a file")
        except Invalid as error:
            yield path, Refusal(_name(path), error.why)
        except OSError as error:
            yield path, Refusal(_name(path), archives.why_unreadable(error))


def _children(folder: Path) -> list[Path]:
    children = sorted(folder.iterdir())
    if any(child.name in _ZARR for child in children):
        raise Invalid("it is a Zarr store, which is not read yet; load a metadata record that describes it")
    return [child for child in children if not child.name.startswith(".") and child.name != "__MACOSX"]


def _describes_another(path: Path) -> bool:
    """Whether it is what CSV on the Web has beside a table; read with that, it is no document of its own."""
    of, is_description, _ = path.name.rpartition("-metadata.json")
    return bool(is_description) and (of == "csv" or path.with_name(of).is_file())


def _name(path: Path) -> str:
    # Names of files need not be UTF-8; messages and answers must.
    return os.fsencode(path).decode("utf-8", "replace")


def of_file(
    path: Path, size: int, advance: Callable[[int], object] = lambda _size: None
) -> Iterator[Document | Refusal | Lines]:
    """The documents of one file of that many bytes, those of many lines in blocks."""
    try:
        with io.BufferedReader(archives.Watched(path, size, advance), HEAD_BYTES) as stream:
            yield from _split(Source(_name(path), stream, Meter(size), path, size))
    except OSError as error:
        yield Refusal(_name(path), archives.why_unreadable(error))


def _split(source: Source) -> Iterator[Document | Refusal | Lines]:
    try:
        yield from _documents_of(source, source.head())
    except archives.READING_ERRORS as error:
        yield Refusal(source.name, archives.why_unreadable(error))


def _documents_of(source: Source, head: bytes) -> Iterator[Document | Refusal | Lines]:
    if not head.strip():
        yield Refusal(source.name, "it holds nothing but blanks" if head else "it is empty")
    elif head.startswith((_GZIP, *_ZIP)):
        yield from _unpacked(source, archives.gunzipped if head.startswith(_GZIP) else archives.unzipped)
    elif head.startswith(_NETCDF):
        yield _netcdf(source)
    elif head.startswith(parquet.MAGIC):
        yield from parquet.documents(source)
    elif _is_binary_data(source, head):
        yield from _data(source)
    elif why := refusals.of_binary(head):
        yield Refusal(source.name, why)
    elif (sign := _first_sign(head)) == "<":
        yield from _of_xml(source, head)
    elif sign in _JSON_SIGNS or json_streams.is_lines(head, source.name):
        yield from _of_json(source, head)
    else:
        form = formats.recognise(Document(source.name, head))
        # A file of data is only named; it may be larger than any document.
        is_named = form.observe is not None and source.path is not None
        yield from [Document(source.name, path=source.path)] if is_named else _whole(source)


def _unpacked(
    source: Source, unpack: Callable[[Source], Iterator[Source | Refusal]]
) -> Iterator[Document | Refusal | Lines]:
    if source.depth >= MAX_DEPTH:
        raise Invalid(f"it lies in more than {MAX_DEPTH} archives, one in another; unpack it first")
    for inner in unpack(source):
        if isinstance(inner, Refusal):
            yield inner
        else:
            yield from _split(inner)


def _netcdf(source: Source) -> Document | Refusal:
    if source.path is None:
        return Refusal(source.name, "it is a NetCDF file inside an archive; unpack it and load the file")
    return Document(source.name, path=source.path)


def _is_binary_data(source: Source, head: bytes) -> bool:
    """Whether it is a binary file of a format that is read here, and no text in a wide encoding."""
    is_text = b"\0" not in head or _first_sign(head) in ("<", *_JSON_SIGNS)
    return not is_text and _confidence(source, head) > _LIKELY


def _data(source: Source) -> Iterator[Document | Refusal]:
    """A binary file of data: only named where it lies on the disk."""
    yield from [Document(source.name, path=source.path)] if source.path is not None else _whole(source)


def _of_xml(source: Source, head: bytes) -> Iterator[Document | Refusal]:
    confidence = _confidence(source, head)
    if envelopes.is_answer(*refusals.root(head)):
        yield from envelopes.records_of_xml(source, refusals.of_known_xml(head))
    elif confidence > _LIKELY:
        yield from _whole(source)
    elif why := refusals.of_known_xml(head):
        yield Refusal(source.name, why)
    elif confidence <= _HINT and envelopes.wraps(head):
        yield from envelopes.records_of_xml(source, refusals.of_unknown_xml(head))
    elif confidence:
        yield from _whole(source)
    else:
        yield Refusal(source.name, refusals.of_unknown_xml(head))


def _of_json(source: Source, head: bytes) -> Iterator[Document | Refusal | Lines]:
    is_known = partial(_confidence, source)
    if json_streams.is_lines(head, source.name):
        yield from json_streams.lines(source.name, source.stream, is_known)
    elif not is_known(head):
        yield Refusal(source.name, _why_not_json(source, head))
    elif source.size > MAX_DOCUMENT_BYTES:
        yield from json_streams.members(source.name, source.stream, is_known)
    else:
        body = source.stream.read(MAX_DOCUMENT_BYTES + 1)
        if len(body) > MAX_DOCUMENT_BYTES:
            yield from json_streams.members(source.name, _Chained(body, source.stream), is_known)
        elif len(body) > HEAD_BYTES and json_streams.is_lines(body, source.name):
            yield from json_streams.lines(source.name, io.BytesIO(body), is_known)
        elif len(body) < HEAD_BYTES and json_streams.is_empty(body):
            yield Refusal(
                source.name, "it is a collection that lists nothing; there is nothing in it to load"
            )
        else:
            yield Document(source.name, body, source.path, container=source.container)


def _why_not_json(source: Source, head: bytes) -> str:
    """The fault in it where it is no JSON at all, as far as the head tells; else what it is."""
    if len(head) < HEAD_BYTES:
        try:
            decode(Document(source.name, head))
        except Invalid as error:
            return error.why
    return refusals.of_json(head)


class _Chained:
    """Bytes that were read already, then the rest of their stream."""

    def __init__(self, first: bytes, rest: io.BufferedReader[Any]) -> None:
        self._first, self._rest = io.BytesIO(first), rest

    def read(self, size: int, /) -> bytes:
        return self._first.read(size) or self._rest.read(size)


def _confidence(source: Source, head: bytes) -> float:
    """How sure the surest format is that it can read this."""
    document = Document(source.name, head)
    try:
        return formats.recognise(document).recognise(document.head, source.name)
    except Invalid:
        return 0.0


def _whole(source: Source) -> Iterator[Document | Refusal]:
    body = b"" if source.size > MAX_DOCUMENT_BYTES else source.stream.read(MAX_DOCUMENT_BYTES + 1)
    if max(len(body), source.size) > MAX_DOCUMENT_BYTES:
        raise Invalid(archives.TOO_LARGE)
    yield Document(source.name, body, source.path, container=source.container)


def _first_sign(head: bytes) -> str:
    """The first character that is neither blank nor byte order mark, in whatever encoding."""
    bare = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return chr(bare[0]) if bare else ""
