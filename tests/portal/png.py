"""Pictures with few colours: a third of the bytes of what a browser writes, and no eye sees it on a page of text."""

from __future__ import annotations

import struct
import warnings
import zlib
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning

if TYPE_CHECKING:
    from pathlib import Path

_COLOURS = 256
# The grounds of a page, which are near to each other, come back as they were.
_KEPT = 24
# Colours that are nearer to each other than this, of 255 in each channel, become one: the first that is enough.
_APART = (3, 6, 9, 12, 18, 24, 32, 64)


def lighten(file: Path) -> None:
    """Write a picture anew with at most 256 colours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(file) as picture:
            red, green, blue = picture.read((1, 2, 3)).astype(np.int32)
    height, width = red.shape
    packed = (red << 16 | green << 8 | blue).ravel()
    found, where, often = np.unique(packed, return_inverse=True, return_counts=True)
    colours = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1)
    palette = _palette(colours[np.argsort(-often, kind="stable")])
    nearest = np.concatenate(
        [_nearest(part, palette) for part in np.array_split(colours, len(colours) // 4096 + 1)]
    )
    rows = np.insert(nearest.astype(np.uint8)[where].reshape(height, width), 0, 0, axis=1)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", head), (b"PLTE", palette.astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""),
    )  # fmt: skip
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks))


def _palette(colours: np.ndarray) -> np.ndarray:
    """Of the colours, the most frequent first, those that stand apart: as near to each other as 256 allow."""
    for apart in _APART:
        taken, left = colours[:_KEPT], colours[_KEPT:]
        for colour in taken[:-1]:
            left = left[np.abs(left - colour).max(axis=1) > apart]
        while len(left) and len(taken) < _COLOURS:
            left = left[np.abs(left - taken[-1]).max(axis=1) > apart]
            taken = np.concatenate([taken, left[:1]])
        if not len(left):
            return taken
    return taken


def _nearest(colours: np.ndarray, palette: np.ndarray) -> np.ndarray:
    return ((colours[:, None] - palette[None]) ** 2).sum(axis=2).argmin(axis=1)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
