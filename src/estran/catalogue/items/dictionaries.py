"""Bodies of items made small: each collection has a dictionary of what its items have in common."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LEVEL = 3
_DICTIONARY_BYTES = 64 << 10
_MOST_SAMPLES = 1000
# Zstandard keeps the lower numbers for itself.
_FIRST = 32_768


def train(number: int, bodies: Sequence[bytes]) -> bytes | None:
    """A dictionary for the collection of that number; None where the bodies are too few or too much alike."""
    samples: list[Any] = list(bodies[:_MOST_SAMPLES])
    try:
        return zstandard.train_dictionary(
            _DICTIONARY_BYTES, samples, level=_LEVEL, dict_id=_FIRST + number
        ).as_bytes()
    except zstandard.ZstdError:
        return None


class _Tools(threading.local):
    """Compressors and decompressors, made once a thread."""

    def __init__(self) -> None:
        self.pack: dict[int, zstandard.ZstdCompressor] = {}
        self.unpack: dict[int, zstandard.ZstdDecompressor] = {}


class Dictionaries:
    """The dictionaries of collections by number; 0 stands for none."""

    def __init__(self, known: Mapping[int, bytes] | None = None) -> None:
        self._known = {number: zstandard.ZstdCompressionDict(body) for number, body in (known or {}).items()}
        self._tools = _Tools()

    def known(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """Those of some collections, as far as they are held."""
        return {number: self._known[number].as_bytes() for number in numbers if number in self._known}

    def learn(self, number: int, body: bytes) -> None:
        """Hold a collection's dictionary."""
        self._known[number] = zstandard.ZstdCompressionDict(body)

    def forget(self, number: int) -> None:
        """Hold it no longer: what made it was not stored."""
        self._known.pop(number, None)
        self._tools = _Tools()

    def knows(self, number: int) -> bool:
        """Whether a collection's dictionary is held."""
        return number in self._known

    @staticmethod
    def of(packed: bytes) -> int:
        """The collection whose dictionary is needed to unpack, 0 for none."""
        return max(zstandard.get_frame_parameters(packed).dict_id - _FIRST, 0)

    def pack(self, number: int, body: bytes) -> bytes:
        """The body, compressed with its collection's dictionary if it has one."""
        number = number if number in self._known else 0
        tool = self._tools.pack.get(number)
        if tool is None:
            tool = self._tools.pack[number] = zstandard.ZstdCompressor(
                _LEVEL, dict_data=self._known.get(number)
            )
        return tool.compress(body)

    def unpack(self, packed: bytes) -> bytes:
        """What was packed; the bytes name their dictionary."""
        number = self.of(packed)
        tool = self._tools.unpack.get(number)
        if tool is None:
            tool = self._tools.unpack[number] = zstandard.ZstdDecompressor(dict_data=self._known.get(number))
        return tool.decompress(packed)
