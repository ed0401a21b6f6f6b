"""Bytes made small for the database, and back (Zstandard)."""

from __future__ import annotations

import threading

import zstandard

_LEVEL = 3


class _Tools(threading.local):
    """A compressor and a decompressor for each thread: dear to make, and not to be shared."""

    def __init__(self) -> None:
        self.pack = zstandard.ZstdCompressor(level=_LEVEL)
        self.unpack = zstandard.ZstdDecompressor()


_tools = _Tools()


def pack(body: bytes) -> bytes:
    """The bytes, compressed."""
    return _tools.pack.compress(body)


def unpack(packed: bytes) -> bytes:
    """The bytes that `pack` was given."""
    return _tools.unpack.decompress(packed)
