"""Questions in SPARQL to all vocabularies of the node, answered by a process that can be ended."""

from __future__ import annotations

import os
import select
import struct
import subprocess
import sys
import threading
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from estran.catalogue.sparql_questions import checked
from estran.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from estran.vocabulary import Vocabulary

__all__ = ["Sparql"]

_FILL_S, _QUEUE_S = 180.0, 5.0
_ANSWER_S = 10.0
_PROGRAM = "estran.catalogue.sparql_answering"


class Sparql:
    """Answers SPARQL; one question at a time, within bounds of time, memory and size."""

    def __init__(self, url: str, vocabulary: Vocabulary, seconds: float = _ANSWER_S) -> None:
        """Args: url of the database; seconds that an answer may take."""
        self._url, self._vocabulary, self._seconds = url, vocabulary, seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._held: object = None

    def ask(self, query: str, choose: Callable[[dict[str, str]], str]) -> tuple[bytes, str]:
        """The answer to a query and its media type.

        Args:
            query: SELECT, ASK, CONSTRUCT or DESCRIBE.
            choose: gives one of the media types that such a query may be answered in.

        Raises:
            Invalid: it is no query, or takes too long or finds too much.
            Unavailable: others are asking.
        """
        query, offered = checked(query)
        media_type = choose(offered)
        if not self._lock.acquire(timeout=_QUEUE_S):
            raise Unavailable("others are asking; try again in a moment", retry_after_s=10)
        try:
            answer = self._answer(query, media_type)
        finally:
            self._lock.release()
        if "wrong" in answer:
            raise Invalid(answer["wrong"], "query")
        return answer["body"], media_type

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _answer(self, query: str, media_type: str) -> dict[str, Any]:
        process = self._ready()
        try:
            _send(process, {"query": query, "media_type": media_type})
            return _receive(process, self._seconds)
        except TimeoutError:
            self._end()
            raise Invalid(
                f"it takes longer than {self._seconds:g} s; ask for less: name subjects, add LIMIT", "query"
            ) from None
        except (OSError, EOFError):
            self._end()
            raise Invalid("it needs more memory than there is; ask for less", "query") from None

    def _ready(self) -> subprocess.Popen[bytes]:
        """The process, with the vocabularies as they are now."""
        now = tuple((held.scheme.name, held.loaded) for held in self._vocabulary.holdings())
        if self._process is not None and (self._held != now or self._process.poll() is not None):
            self._end()
        if self._process is None:
            process = _started()
            weakref.finalize(self, _ended, process)
            self._process, self._held = process, now
            try:
                _send(process, {"database": self._url})
                _receive(process, _FILL_S)
            except (OSError, EOFError, TimeoutError):
                self._end()
                raise Unavailable(
                    "the vocabularies could not be made ready; try again later", retry_after_s=60
                ) from None
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            _ended(self._process)
        self._process = self._held = None


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - this program itself
        [sys.executable, "-m", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    process.wait()


def _send(process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
    assert process.stdin is not None
    packed = msgspec.msgpack.encode(message)
    rest = memoryview(struct.pack(">I", len(packed)) + packed)
    while rest:
        rest = rest[process.stdin.write(rest) or 0 :]


def _receive(process: subprocess.Popen[bytes], seconds: float) -> dict[str, Any]:
    """The next message.

    Raises:
        TimeoutError: none came in time.
        EOFError: the process is gone.
    """
    end = time.monotonic() + seconds
    size = struct.unpack(">I", _read(process, 4, end))[0]
    return msgspec.msgpack.decode(_read(process, size, end), type=dict[str, Any])


def _read(process: subprocess.Popen[bytes], size: int, end: float) -> bytes:
    assert process.stdout is not None
    source, got = process.stdout.fileno(), bytearray()
    while len(got) < size:
        left = end - time.monotonic()
        if left <= 0 or not select.select([source], [], [], left)[0]:
            raise TimeoutError
        piece = os.read(source, min(size - len(got), 1 << 20))
        if not piece:
            raise EOFError
        got += piece
    return bytes(got)
