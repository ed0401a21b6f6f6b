"""Bodies of answers, read and decompressed no further than they may be long."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ENCODINGS", "Broken", "TooLong", "begin", "read"]

ENCODINGS = "gzip, deflate"
_GZIP, _ZLIB, _RAW = 31, 15, -15
# Of a body that is refused anyway, this much is enough to say so.
_STEP = 1 << 20


class Broken(Exception):
    """A body that ended too early or is not compressed as it says."""


class TooLong(Invalid):
    """A body that is longer than it may be; less may be asked for at once."""


def read(chunks: Iterable[bytes], encoding: str, longest: int, where: str) -> bytes:
    """The whole body.

    Args:
        chunks: as they came.
        encoding: the Content-Encoding.
        longest: bytes that it may have after decompression.
        where: its address, for messages.

    Raises:
        TooLong: it is longer.
        Invalid: its encoding is not known.
        Broken: it ended too early.
    """
    body = bytearray()
    for part in _plain(chunks, encoding.strip().lower(), where):
        body += part
        if len(body) > longest:
            raise TooLong(
                f"the answer is longer than {longest:,} bytes; ask for less at once, or allow more", where
            )
    return bytes(body)


def begin(chunks: Iterable[bytes], encoding: str, first: int, where: str) -> tuple[bytes, bool]:
    """The first bytes of a body, and whether they are all of it; what follows is not read.

    Raises:
        Invalid: its encoding is not known.
        Broken: it ended too early.
    """
    body = bytearray()
    for part in _plain(chunks, encoding.strip().lower(), where):
        body += part
        if len(body) > first:
            return bytes(body[:first]), False
    return bytes(body), True


def _plain(chunks: Iterable[bytes], encoding: str, where: str) -> Iterable[bytes]:
    if encoding in {"", "identity"}:
        return chunks
    if encoding in {"gzip", "x-gzip"}:
        return _inflated(chunks, _GZIP)
    if encoding == "deflate":
        return _inflated(chunks, _ZLIB)
    raise Invalid(f"the answer is compressed with “{encoding}”, which was not asked for", where)


def _inflated(chunks: Iterable[bytes], window: int) -> Iterable[bytes]:
    inflate, begun = zlib.decompressobj(window), False
    for chunk in chunks:
        rest = chunk
        while rest:
            if inflate.eof:
                # A gzip body may have several members; what else stands behind the end is nothing.
                if window != _GZIP or rest[:2] not in {b"\x1f\x8b", b"\x1f"}:
                    return
                inflate = zlib.decompressobj(window)
            try:
                part = inflate.decompress(rest, _STEP)
            except zlib.error as error:
                if window != _ZLIB or begun:
                    raise Broken(f"the answer is not compressed as it says ({error})") from error
                # Some servers mean raw deflate.
                inflate, window = zlib.decompressobj(_RAW), _RAW
                continue
            begun = True
            rest = inflate.unconsumed_tail or inflate.unused_data
            yield part
    yield inflate.flush()
    if begun and not inflate.eof:
        raise Broken("the answer ended in the middle of what is compressed")
