"""Questions to one server: what it answers, or why it does not, in words that say what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec

from estran.errors import Invalid, NotAllowed, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.fetching import Fetcher, Reply

__all__ = ["Declined", "Server", "bare", "query"]

_LET_THROUGH = frozenset({400, 401, 403, 404, 405, 406, 408, 410, 413, 414, 422, 500, 501})
_WHO, _MAY_NOT, _FIRST_OF_SERVER = 401, 403, 500
_MOST_WORDS = 300
# What OData and DAP leave as it is; everything else is percent-encoded.
_PLAIN = "$(),;:/='@!*"


class Declined(Exception):
    """A question that the server does not answer, and may answer when it is asked otherwise.

    Attributes:
        status: of its answer; words: what it says; where: the address.
    """

    def __init__(self, status: int, words: str, where: str) -> None:
        self.status, self.words, self.where = status, words, where
        super().__init__(f"{where}: {status} {words}")

    def error(self) -> Invalid | Unavailable:
        """The same for people, where nothing else can be asked."""
        said = f" (“{self.words}”)" if self.words else ""
        if self.status >= _FIRST_OF_SERVER:
            return Unavailable(
                f"{self.where}: the server failed with {self.status}{said}; try again later", 60.0
            )
        return Invalid(f"the server answered {self.status}{said}; check the address", self.where)


class Server:
    """Asks one server.

    Args:
        fetcher: the way out.
        root: where its standard is spoken, with a name and a password where it asks for these.
    """

    def __init__(self, fetcher: Fetcher, root: str) -> None:
        self._fetcher, self.root = fetcher, root.rstrip("/")

    @property
    def name(self) -> str:
        """The root without name and password: what it is called everywhere."""
        return bare(self.root)

    def at(self, root: str) -> Server:
        """The same way out to another root."""
        return Server(self._fetcher, root)

    def body(self, url: str, accept: str = "*/*", *, less: bool = False) -> Reply:
        """What it answers.

        Args:
            url: what is asked.
            accept: the media type that is wanted.
            less: whether one may ask for less, so that what is too slow is not asked for again.

        Raises:
            Declined: it does not, in a way that depends on the question.
            NotAllowed: it asks who asks, or forbids it; or the address may not be reached.
            Unavailable: it is out of reach or busy; `TooSlow` where its answer does not come.
        """
        reply = self._fetcher.get(url, accept=accept, through=_LET_THROUGH, less=less)
        where = bare(url)[:300]
        if reply.status == _WHO:
            raise NotAllowed(
                f"{where}: the server wants to know who asks (401); give it a token with --token-file FILE, or write "
                "name:password@ before its name"
            )
        if reply.status == _MAY_NOT:
            raise NotAllowed(f"{where}: the server does not let you read this (403); ask whoever runs it")
        if reply.status in _LET_THROUGH:
            raise Declined(reply.status, _said(reply), where)
        return reply

    def json(self, url: str, *, less: bool = False) -> Any:
        """What it answers, as JSON.

        Raises:
            Invalid: it is none.
            Declined: as `body`, and so are the others.
        """
        reply = self.body(url, "application/json", less=less)
        try:
            return msgspec.json.decode(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
        try:
            # Not a few servers write NaN, which JSON lacks.
            return _decoded_with_nan(reply.body)
        except ValueError:
            raise Invalid(
                f"what it answers is no JSON, but {reply.media_type or 'something without a type'}",
                bare(url)[:300],
            ) from None

    def own(self, link: str) -> str:
        """A link of an answer, at the root that was asked: servers behind others do not know their own address."""
        root, found = urlsplit(self.root), urlsplit(link)
        path = found.path
        if found.netloc and found.netloc != root.netloc.rpartition("@")[2]:
            # What follows the version, or the last part of the root, is what it leads to.
            mark = f"/{root.path.rstrip('/').rpartition('/')[2]}/"
            at = path.find(mark)
            path = f"{root.path.rstrip('/')}/{path[at + len(mark) :]}" if at >= 0 else path
        elif not found.netloc and not path.startswith("/"):
            path = f"{root.path.rstrip('/')}/{path}"
        return urlunsplit((root.scheme, root.netloc, path, found.query, ""))


def query(given: Mapping[str, str]) -> str:
    """Parameters of an address, with a question mark; nothing for none."""
    told = "&".join(f"{name}={quote(value, safe=_PLAIN)}" for name, value in given.items() if value)
    return f"?{told}" if told else ""


def bare(url: str) -> str:
    """An address without the name and password of whoever asks."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))


def _said(reply: Reply) -> str:
    """What an answer says of what is wrong, in a line."""
    text = reply.body[:20_000].decode("utf-8", "replace")
    found = re.search(r'message"?\s*[=:]\s*"((?:[^"\\]|\\.)*)"', text)
    plain = found[1] if found else re.sub(r"<[^>]*>", " ", text)
    return " ".join(plain.split())[:_MOST_WORDS]


def _decoded_with_nan(body: bytes) -> Any:
    import json  # noqa: PLC0415 - seldom needed

    return json.loads(body, parse_constant=lambda _: None)
