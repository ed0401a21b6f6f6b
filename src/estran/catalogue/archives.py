"""Compressed files and archives, opened within bounds: gzip, zip and GeoNetwork's MEF.

Nothing is ever unpacked to disk. What comes out is counted over all levels of nesting, so that a bomb is
refused long before it hurts.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, cast

from isal import igzip, isal_zlib

from estran.errors import Invalid
from estran.formats import Refusal

if TYPE_CHECKING:
    from collections.abc import Buffer, Callable, Generator, Iterator
    from pathlib import Path

# The last one's declared type is an instance.
_BROKEN = (
    igzip.BadGzipFile,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    cast("type[Exception]", isal_zlib.error),
)
MEBIBYTE = 1 << 20
HEAD_BYTES = 1 << 16
"""What is read of a file to know what it is."""

MAX_DOCUMENT_BYTES = 64 * MEBIBYTE
"""The largest document held in memory: some hundred times the largest real record known."""

TOO_LARGE = (
    f"a document may have {MAX_DOCUMENT_BYTES // MEBIBYTE} MB and this one has more; "
    "split it, or write its parts as NDJSON, one a line"
)

MAX_RATIO = 300
"""Unpacked to packed size: metadata stay below 60, bombs lie near 1000; a small file may exceed it."""

MAX_UNPACKED_BYTES = 16 * 1024 * MEBIBYTE
"""All that one file may unpack to, unless it is itself so large that metadata's usual ratio goes beyond."""
_USUAL_RATIO = 60
_RATIO_COUNTS_FROM = MAX_DOCUMENT_BYTES

MAX_DEPTH = 4
"""Containers within containers."""

MAX_DIRECTORY_BYTES = 32 * MEBIBYTE
"""The table of contents of a zip: about 300,000 entries."""

_END_OF_ZIP = b"PK\x05\x06"
_END_OF_ZIP_BYTES = 22
_LONGEST_COMMENT = 1 << 16
_ENCRYPTED = 0x1
_ISO_ORIGINALS = ("metadata-iso19115-3", "metadata.iso19115-3", "metadata-iso19139", "metadata.iso19139")


@dataclass(slots=True)
class Meter:
    """Counts what one file on disk unpacks to, whatever is nested in it.

    Attributes:
        packed: bytes of the file on disk.
        unpacked: bytes that came out so far.
    """

    packed: int
    unpacked: int = 0

    @property
    def is_over(self) -> bool:
        """Whether it is more than metadata can unpack to."""
        too_far = self.unpacked > _RATIO_COUNTS_FROM and self.unpacked > MAX_RATIO * max(self.packed, 1)
        return too_far or self.unpacked > max(MAX_UNPACKED_BYTES, _USUAL_RATIO * self.packed)

    def count(self, size: int, name: str) -> None:
        """Add `size` bytes.

        Raises:
            Invalid: it is more than metadata can unpack to.
        """
        self.unpacked += size
        if self.is_over:
            raise Invalid(
                f"it unpacks to more than {MAX_RATIO} times its size, or {_USUAL_RATIO} times where that is more "
                f"than {MAX_UNPACKED_BYTES >> 30} GiB, as no metadata does; unpack it and load what is in it",
                name,
            )


@dataclass(frozen=True, slots=True)
class Source:
    """A stream of bytes to look into: a file, or what came out of one.

    Attributes:
        name: for messages and recognition.
        stream: where it is read, from its start.
        meter: of the file on disk that it comes from.
        path: the file that holds nothing else, None inside a container.
        size: bytes, -1 where it is not known before it is read.
        depth: containers around it.
        container: the outermost of them, None outside of any.
    """

    name: str
    stream: io.BufferedReader[Any]
    meter: Meter
    path: Path | None = None
    size: int = -1
    depth: int = 0
    container: Path | None = None

    def head(self) -> bytes:
        """Its first bytes; they stay to be read."""
        return self.stream.peek(HEAD_BYTES)[:HEAD_BYTES]


class _Unpacked(io.RawIOBase):
    """What comes out of a container, counted; a read fills its buffer, so that a peek sees a whole head."""

    def __init__(self, packed: IO[bytes] | igzip.IGzipFile, meter: Meter, name: str) -> None:
        self._packed, self._meter, self._name = packed, meter, name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(view) and (part := self._packed.read(len(view) - filled)):
            view[filled : filled + len(part)] = part
            filled += len(part)
            self._meter.count(len(part), self._name)
        return filled


class Watched(io.FileIO):
    """A file that tells how many of its bytes are done with: as they are read, the rest when it closes."""

    def __init__(self, path: Path, size: int, advance: Callable[[int], object]) -> None:
        super().__init__(path)
        self._left, self._advance = size, advance

    def readinto(self, buffer: Buffer, /) -> int | None:
        """Read, and tell how much."""
        size = super().readinto(buffer)
        self._tell(size or 0)
        return size

    def close(self) -> None:
        """Close, and tell what was left unread."""
        if not self.closed:
            self._tell(self._left)
        super().close()

    def _tell(self, size: int) -> None:
        size = min(size, self._left)
        self._left -= size
        if size:
            self._advance(size)


def why_unreadable(error: Exception) -> str:
    """What a reading error means, and what to do next."""
    said = str(error) or type(error).__name__
    match error:
        case Invalid():
            why = error.why
        case PermissionError():
            why = "it may not be read; give this user the right to read it"
        case FileNotFoundError():
            why = "there is no such file or folder; check the path"
        case _ if isinstance(error, _BROKEN):
            why = f"the compressed data are broken: {said}; fetch or pack it again"
        case NotImplementedError():
            why = f"it cannot be unpacked here ({said}); unpack it and load what is in it"
        case _:
            why = f"it could not be read ({said}); check the disk and load it again"
    return why


READING_ERRORS = (Invalid, OSError, NotImplementedError, *_BROKEN)
"""What reading from files and containers of strangers raises."""


@contextmanager
def _opened(
    source: Source, packed: IO[bytes] | igzip.IGzipFile, name: str, size: int = -1
) -> Generator[Source]:
    with packed, io.BufferedReader(_Unpacked(packed, source.meter, name), HEAD_BYTES) as stream:
        yield Source(
            name, stream, source.meter, None, size, source.depth + 1, source.path or source.container
        )


def gunzipped(source: Source) -> Iterator[Source]:
    """What a gzip file holds, as one source of the same name."""
    with _opened(source, igzip.IGzipFile(fileobj=source.stream), source.name) as inner:
        yield inner


def unzipped(source: Source) -> Iterator[Source | Refusal]:
    """What a zip holds: of a MEF the metadata alone, else every file; sorted by name.

    Raises:
        Invalid: it is no zip that can be opened, or an office document.
    """
    with zipfile.ZipFile(_seekable(source)) as archive:
        entries = {entry.filename: entry for entry in archive.infolist() if not entry.is_dir()}
        if "[Content_Types].xml" in entries or "mimetype" in entries:
            raise Invalid(
                "it is an office document or book, not metadata; save its table as CSV", source.name
            )
        wanted = _of_mef(entries) or sorted(name for name in entries if not _hidden(name))
        if not wanted:
            raise Invalid("the archive holds no file", source.name)
        for name in wanted:
            if source.meter.is_over:
                raise Invalid("the files behind it in the archive were not read")
            yield from _entry(source, archive, entries[name])


def _entry(source: Source, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[Source | Refusal]:
    name = f"{source.name}/{entry.filename}"
    if _outside(entry.filename):
        yield Refusal(name, "its name leads out of the archive; pack it with relative names")
    elif entry.flag_bits & _ENCRYPTED:
        yield Refusal(name, "it is encrypted; unpack it with its password and load what is in it")
    elif stat.S_ISLNK(entry.external_attr >> 16):
        yield Refusal(name, "it is a link, and links in archives are not followed")
    else:
        try:
            with _opened(source, archive.open(entry), name, entry.file_size) as inner:
                yield inner
        except READING_ERRORS as error:
            yield Refusal(name, why_unreadable(error))


def _seekable(source: Source) -> io.BufferedIOBase:
    """The source, or its bytes in memory where it cannot be sought; its table of contents is bounded."""
    stream: io.BufferedIOBase = source.stream
    if source.path is None:
        body = source.stream.read(MAX_DOCUMENT_BYTES + 1)
        if len(body) > MAX_DOCUMENT_BYTES:
            raise Invalid(
                f"an archive within an archive may have {MAX_DOCUMENT_BYTES // MEBIBYTE} MB; unpack it first",
                source.name,
            )
        stream = io.BytesIO(body)
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - _END_OF_ZIP_BYTES - _LONGEST_COMMENT))
    tail = stream.read()
    at = tail.rfind(_END_OF_ZIP)
    # The size of the table; 0xFFFFFFFF, which says that it is in the zip64 record, is over the bound as well.
    if at >= 0 and int.from_bytes(tail[at + 12 : at + 16], "little") > MAX_DIRECTORY_BYTES:
        raise Invalid("the archive lists too many files; split it, or load the unpacked folder", source.name)
    stream.seek(0)
    return stream


def _of_mef(entries: dict[str, zipfile.ZipInfo]) -> list[str]:
    """The metadata of a GeoNetwork MEF 1 or 2, one original for each ``info.xml``; [] for other zips."""
    found: list[str] = []
    for info in sorted(name for name in entries if PurePosixPath(name).name == "info.xml"):
        folder = info.removesuffix("info.xml")
        inner = sorted(
            name
            for name in entries
            if name.startswith(f"{folder}metadata/") and name.endswith(".xml") and not _hidden(name)
        )
        if f"{folder}metadata.xml" in entries:
            found.append(f"{folder}metadata.xml")
        elif inner:
            found.append(min(inner, key=_rank))
    return found


def _rank(name: str) -> tuple[int, str]:
    """The original before its conversions, ISO before Dublin Core."""
    stem = PurePosixPath(name).stem.lower()
    if stem == "metadata":
        return 0, name
    return next((i for i, start in enumerate(_ISO_ORIGINALS, 1) if stem.startswith(start)), 9), name


def _hidden(name: str) -> bool:
    return any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in name.split("/"))


def _outside(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or (len(name) > 1 and name[1] == ":")
