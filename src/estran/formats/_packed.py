"""Files that come packed by gzip or bzip2: unpacked as they are read, within bounds."""

from __future__ import annotations

import bz2
import io
from typing import IO, TYPE_CHECKING, cast

from isal import igzip, isal_zlib

from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Buffer

__all__ = ["PACKED", "unpacked"]

PACKED = (b"\x1f\x8b", b"BZh")
"""The first bytes of what is packed so."""
_HEAD_BYTES = 1 << 16
# What measures comes out ten or thirty times larger; what is made to fill a disk, a thousand times.
_MOST_TIMES, _ALWAYS_BYTES = 250, 1 << 28
_BROKEN: tuple[type[Exception], ...] = (
    EOFError,
    OSError,
    ValueError,
    cast("type[Exception]", isal_zlib.error),
)


def unpacked(stream: IO[bytes], size: int, name: str) -> io.BufferedReader:
    """What is packed in a stream, to be read from its beginning.

    Reading it raises `Invalid` where the packing is broken, or holds more than any producer packs.

    Args:
        stream: at its beginning.
        size: of what is packed, in bytes.
        name: for messages.
    """
    is_gzip = stream.read(2) == PACKED[0]
    stream.seek(0)
    inner = igzip.IGzipFile(fileobj=stream) if is_gzip else bz2.BZ2File(stream)
    return io.BufferedReader(_Unpacked(cast("IO[bytes]", inner), size, name), _HEAD_BYTES)


class _Unpacked(io.RawIOBase):
    def __init__(self, inner: IO[bytes], size: int, name: str) -> None:
        self._inner, self._name, self._read = inner, name, 0
        self._most = max(size * _MOST_TIMES, _ALWAYS_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        held = memoryview(buffer).cast("B")
        try:
            found = self._inner.read(len(held))
        except _BROKEN as error:
            raise Invalid(f"its packing is broken ({error}); fetch it again", self._name) from None
        self._read += len(found)
        if self._read > self._most:
            raise Invalid(
                f"it unpacks to more than {_MOST_TIMES} times its size; unpack it first, if that is meant",
                self._name,
            )
        held[: len(found)] = found
        return len(found)

    def close(self) -> None:
        self._inner.close()
        super().close()
