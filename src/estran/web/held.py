"""Small answers held for the next who asks the same: first pages, collections, what crawlers come back for."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from starlette.types import Message

_MOST_BYTES = 8 << 20
_LARGEST = 64 << 10
# An answer follows from the node's state, which its key holds; that no clock goes by is not promised anywhere.
_SECONDS = 60.0


class Answer(NamedTuple):
    """An answer as the application gave it, and until when it may be given again."""

    start: Message
    body: bytes
    until: float


class Held:
    """The answers given last, within bounds of size and time; used on the event loop alone."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, bytes], Answer] = OrderedDict()
        self._bytes = 0

    def get(self, key: tuple[str, bytes]) -> Answer | None:
        """The answer to a request, None where there is none or it is too old."""
        found = self._answers.get(key)
        if found is None:
            return None
        if found.until < time.monotonic():
            self._drop(key)
            return None
        self._answers.move_to_end(key)
        return found

    def has(self, key: tuple[str, bytes]) -> bool:
        """Whether there may be an answer to a request."""
        return key in self._answers

    def put(self, key: tuple[str, bytes], start: Message, body: bytes) -> None:
        """Hold an answer if it is small."""
        if len(body) > _LARGEST:
            return
        self._drop(key)
        self._answers[key] = Answer(start, body, time.monotonic() + _SECONDS)
        self._bytes += len(body)
        while self._bytes > _MOST_BYTES:
            self._drop(next(iter(self._answers)))

    def _drop(self, key: tuple[str, bytes]) -> None:
        found = self._answers.pop(key, None)
        self._bytes -= len(found.body) if found else 0
