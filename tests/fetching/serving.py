"""A server on loopback that answers as a test tells it to, faults included."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable


@dataclass(frozen=True)
class Asked:
    """What a client asked: address without its query, the query, headers in lower case, body."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What it gets; a body in pieces is sent as they come, without a length; None ends the connection."""

    body: bytes | Iterable[bytes | None] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Served:
    """A running server: its address, and all that it was asked."""

    url: str
    asked: list[Asked]

    def paths(self) -> list[str]:
        return [a.path for a in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        headers = {k.lower(): v for k, v in self.headers.items()}
        one = Asked(self.command, parts.path, query, headers, body)
        self.server.asked.append(one)
        try:
            given = self.server.answer(one)
        except KeyError:
            given = Answer(b"not here", 404)
        self._send(given if isinstance(given, Answer) else Answer(given))

    do_POST = do_HEAD = do_GET  # noqa: N815 - the standard library's names

    def _send(self, given: Answer) -> None:
        self.send_response(given.status)
        for name, value in given.headers.items():
            self.send_header(name, value)
        if isinstance(given.body, bytes):
            if "content-length" not in {name.lower() for name in given.headers}:
                self.send_header("content-length", str(len(given.body)))
            self.end_headers()
            self.wfile.write(given.body)
            return
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        for piece in given.body:
            if piece is None:
                return
            self.wfile.write(piece)

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # the client went away, as some tests mean it to
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, answer: Callable[[Asked], Answer | bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.asked: list[Asked] = []


@contextmanager
def serving(answer: Callable[[Asked], Answer | bytes]) -> Generator[Served]:
    """A server for as long as the block lasts; a path that the test does not know may raise KeyError: 404."""
    server = _Server(answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{server.server_address[1]}", server.asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
