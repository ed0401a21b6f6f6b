"""The documents of files that may hold observations: files, and what lies in archives, read in place within bounds."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import IO, TYPE_CHECKING, cast

from estran import formats
from estran.catalogue import archives
from estran.catalogue.archives import MAX_DEPTH, MAX_DOCUMENT_BYTES, MEBIBYTE, Meter, Source
from estran.catalogue.documents import files
from estran.errors import Invalid
from estran.formats import Document, Refusal
from estran.observations.strange import reason

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from contextlib import AbstractContextManager
    from io import BufferedReader
    from pathlib import Path

    from estran.formats import Format

__all__ = ["documents", "form_of"]

_HEAD_BYTES, _LIKELY = 4096, 0.5
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_MOST_BESIDE = 200_000

type _Opener = Callable[[], AbstractContextManager[IO[bytes]]]
type _Found = tuple[str, _Opener] | Refusal


def documents(path: Path, size: int) -> Iterator[tuple[Document, Format] | Refusal]:
    """The document of a file, or those of an archive, with the format in which each holds observations, or why not."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    name = str(path)
    if not head.startswith(_ZIP):
        form = form_of(head, name)
        if form is None:
            yield Refusal(name, reason(head, name))
        else:
            yield Document(name, path=path, beside=partial(_of_folder, path.parent)), form
        return
    beside = partial(_of_archive, path, size)
    for found in beside():
        if isinstance(found, Refusal):
            yield found
            continue
        try:
            yield _inner(*found, path, beside)
        except Invalid as error:
            yield Refusal(found[0], error.why)


def _inner(
    name: str, opened: _Opener, archive: Path, beside: Callable[[], Iterator[_Found]]
) -> tuple[Document, Format] | Refusal:
    """A file of an archive; its bytes are read where observations may be in it.

    Raises:
        Invalid: it is too large, or unpacks to more than there can be.
    """
    with opened() as stream:
        head = cast("BufferedReader", stream).peek(_HEAD_BYTES)[:_HEAD_BYTES]
        form = form_of(head, name)
        if form is None:
            return Refusal(name, reason(head, name))
        body = stream.read(MAX_DOCUMENT_BYTES + 1)
    if len(body) > MAX_DOCUMENT_BYTES:
        raise Invalid(
            f"in an archive a file of observations may have {MAX_DOCUMENT_BYTES // MEBIBYTE} MB; unpack it first",
            name,
        )
    return Document(name, body, container=archive, beside=beside), form


def form_of(head: bytes, name: str) -> Format | None:
    """The format in which a file holds observations, by its first bytes and its name."""
    fitting = [(form.recognise(head, name), form.name, form) for form in formats.every() if form.observe]
    likely = max(fitting, key=lambda one: one[:2], default=(0.0, "", None))
    return likely[2] if likely[0] > _LIKELY else None


def _of_folder(folder: Path) -> Iterator[_Found]:
    """The files of a folder and all below it, those of its archives among them."""
    for count, (path, size) in enumerate(files([folder])):
        if count >= _MOST_BESIDE:
            return
        if isinstance(size, Refusal):
            continue
        if path.suffix.lower() == ".zip":
            yield from _of_archive(path, size)
        else:
            yield str(path), partial(path.open, "rb")


def _of_archive(path: Path, size: int) -> Iterator[_Found]:
    """The files of an archive, those of archives in it among them; what goes beyond the bounds is refused."""
    with path.open("rb") as file:
        source = Source(str(path), file, Meter(size), path, size)
        yield from _unpacked(source)


def _unpacked(source: Source) -> Iterator[_Found]:
    try:
        for inner in archives.unzipped(source):
            if isinstance(inner, Refusal):
                yield inner
            elif inner.head().startswith(_ZIP):
                if inner.depth >= MAX_DEPTH:
                    yield Refusal(
                        inner.name,
                        f"it lies in more than {MAX_DEPTH} archives, one in another; unpack it first",
                    )
                else:
                    yield from _unpacked(inner)
            else:
                yield inner.name, partial(_lent, inner)
    except archives.READING_ERRORS as error:
        yield Refusal(source.name, archives.why_unreadable(error))


@contextmanager
def _lent(source: Source) -> Generator[IO[bytes]]:
    """The stream of a source, which whoever gave it closes; its bounds are told as of its own name."""
    try:
        yield source.stream
    except archives.READING_ERRORS as error:
        raise Invalid(archives.why_unreadable(error), source.name) from None
