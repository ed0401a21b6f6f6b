"""Pages of JSON that lead on to each other, as STAC, OGC API and their kin have them.

A walk ends where there is no next page, and also where the next page was read before: some servers go in
circles, others answer any token with the page they gave last.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import msgspec

from estran.catalogue.harvesters import Missed
from estran.errors import Invalid, NotAllowed, Unavailable
from estran.formats import Document
from estran.formats._json import decode, obj, objs, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from estran.catalogue.harvesters import Visit
    from estran.fetching import Reply

__all__ = [
    "Answer",
    "Ask",
    "Page",
    "answer",
    "json_of",
    "linked",
    "matched",
    "next_in_header",
    "pages",
    "yes",
]

_MOST_EMPTY = 20
_MOST_PAGES = 1_000_000
_IN_HEADER = re.compile(r"<([^<>]*)>([^<>]*)")
_REL = re.compile(r"""rel\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,]+))""", re.IGNORECASE)
_JSON = "application/json, application/geo+json;q=0.9, application/*+json;q=0.8"


class Ask(NamedTuple):
    """A request for one page.

    Attributes:
        url: where to.
        body: JSON to POST, "" for a GET.
    """

    url: str
    body: str = ""

    @classmethod
    def of(cls, position: Any) -> Ask | None:
        """The request that a mark kept, None where it kept none."""
        said = obj(position)
        return cls(text(said.get("url")), text(said.get("body"))) if said.get("url") else None

    def plain(self) -> dict[str, str]:
        """As a mark keeps it."""
        return {"url": self.url, "body": self.body} if self.body else {"url": self.url}

    def adding(self, params: Mapping[str, str]) -> Ask:
        """With these in its query, where it has no value of that name yet."""
        parts = urlsplit(self.url)
        held = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        more = urlencode({name: value for name, value in params.items() if name not in held})
        return self._replace(
            url=urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, more)))))
        )


class Answer(NamedTuple):
    """A JSON object that came, and its bytes in UTF-8."""

    url: str
    value: dict[str, Any]
    raw: bytes
    headers: Mapping[str, str]

    @property
    def links(self) -> list[dict[str, Any]]:
        """What it links to."""
        return objs(self.value.get("links"))


class Page(NamedTuple):
    """One page: its members, each with its own bytes, and the request for the next."""

    answer: Answer
    members: list[tuple[Any, bytes]]
    following: Ask | None


def yes(word: str, *, otherwise: bool) -> bool:
    """What an option of yes or no says.

    Raises:
        Invalid: it says neither.
    """
    if word.lower() in ("", "yes", "no"):
        return otherwise if not word else word.lower() == "yes"
    raise Invalid(f"“{word[:40]}” is neither yes nor no", "options")


def answer(visit: Visit, ask: Ask, *, accept: str = _JSON) -> Answer:
    """The JSON object at an address; what is cut short is asked for once more.

    Raises:
        Invalid: the server refuses, or what it gives is no JSON object; with the address.
        Unavailable, NotAllowed: as the fetcher raises them.
    """
    for last in (False, True):
        reply = (
            visit.fetcher.post(ask.url, ask.body.encode(), "application/json", accept=accept)
            if ask.body
            else visit.fetcher.get(ask.url, accept=accept)
        )
        try:
            return json_of(reply)
        except Invalid:
            if last:
                raise
    raise AssertionError  # pragma: no cover - the loop returns or raises


def json_of(reply: Reply) -> Answer:
    """An answer's JSON object. Stray bytes and control characters in one record do not cost the others.

    Raises:
        Invalid: it is something else, with the address.
    """
    value, raw = _decoded(reply.url, reply.body)
    if not isinstance(value, dict):
        raise Invalid("its answer is no JSON object", reply.url)
    return Answer(reply.url, value, raw, reply.headers)


def _decoded(url: str, body: bytes) -> tuple[Any, bytes]:
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise Invalid("it gives a web page or XML where JSON is expected; check the address", url)
    try:
        return decode(Document(url, body))
    except Invalid:
        try:
            value = json.loads(
                body.decode("utf-8-sig", "replace"), strict=False, parse_constant=lambda _: None
            )
            raw = msgspec.json.encode(value)
        except (ValueError, OverflowError, RecursionError):
            pass
        else:
            return value, raw
        raise


def pages(
    visit: Visit, first: Ask, key: str, *, again: Ask | None = None, accept: str = _JSON
) -> Iterator[Page | Missed]:
    """The pages from a request on, to the last.

    Args:
        visit: its fetcher is asked.
        first: where to begin.
        key: member of each page that lists what it holds.
        again: where to begin if `first` fails, because a server may forget the pages it gave out.
        accept: media types that are wanted.

    Raises:
        Invalid, NotAllowed: the first page cannot be read.
        Unavailable: a later one cannot; what was given before stands.
    """
    ask, seen, before, empty = first, set[bytes](), b"", 0
    for number in range(_MOST_PAGES):
        seen.add(_digest(repr(ask).encode()))
        try:
            found = _page(answer(visit, ask, accept=accept), ask, key)
        except (Invalid, Unavailable, NotAllowed) as error:
            if number == 0 and again is not None:
                yield from pages(visit, again, key, accept=accept)
                return
            if number == 0 or isinstance(error, Unavailable):
                raise
            if isinstance(error, NotAllowed):
                yield Missed(ask.url, f"the next page may not be asked for: {error}")
                return
            raise Unavailable(f"page {number + 1} cannot be read: {error}", 60.0) from error
        listed = _digest(b"\n".join(raw for _, raw in found.members)) if found.members else b""
        if listed and listed == before:
            yield Missed(ask.url, "it is the page before once more; what comes after it cannot be reached")
            return
        before, empty = listed or before, 0 if listed else empty + 1
        ask = found.following
        if ask is not None and _digest(repr(ask).encode()) in seen:
            yield found._replace(following=None)
            yield Missed(ask.url, "the next page is one that was read already; the rest cannot be reached")
            return
        if ask is not None and empty > _MOST_EMPTY:
            yield Missed(ask.url, f"{empty} pages in a row held nothing; the rest was not asked for")
            return
        yield found
        if ask is None:
            return


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()


def _page(found: Answer, ask: Ask, key: str) -> Page:
    values = found.value.get(key)
    if not isinstance(values, list):
        said = text(found.value.get("description")) or text(found.value.get("detail"))
        raise Invalid(
            f"its answer has no list of {key}{f' but says: {said[:200]}' if said else ''}", found.url
        )
    raws = msgspec.json.decode(
        msgspec.json.decode(found.raw, type=dict[str, msgspec.Raw])[key], type=list[msgspec.Raw]
    )
    return Page(found, list(zip(values, map(bytes, raws), strict=True)), _following(found, ask))


def _following(found: Answer, ask: Ask) -> Ask | None:
    link = _link(found.links, "next")
    if link is None:
        url = next_in_header(found.headers.get("link", ""), found.url)
        return Ask(url) if url else None
    url = urljoin(found.url, text(link.get("href")))
    if text(link.get("method")).upper() != "POST":
        return Ask(url)
    body = obj(link.get("body"))
    if ask.body and (link.get("merge") is True or not body):
        body = json.loads(ask.body) | body
    return Ask(url, msgspec.json.encode(body).decode())


def linked(value: Any, base: str, *rels: str) -> str:
    """The address of the first of these relations that an object links to, "" for none."""
    for rel in rels:
        if link := _link(objs(obj(value).get("links")), rel):
            return urljoin(base, text(link.get("href")))
    return ""


def _link(links: list[dict[str, Any]], rel: str) -> dict[str, Any] | None:
    """The link of a relation: where there are several, one to JSON, and not one to a page for people."""
    found = [link for link in links if text(link.get("rel")) == rel and text(link.get("href"))]
    found.sort(key=lambda link: ("html" in text(link.get("type")), "json" not in text(link.get("type"))))
    return found[0] if found else None


def next_in_header(header: str, base: str) -> str:
    """The next page that a Link header names (RFC 8288), "" for none."""
    for address, parameters in _IN_HEADER.findall(header[:20_000]):
        rel = _REL.search(parameters)
        if rel and "next" in (rel[1] or rel[2] or rel[3] or "").lower().split():
            return urljoin(base, address.strip())
    return ""


def matched(found: Answer) -> int:
    """How many a page says there are in all pages, -1 where it does not say."""
    for said in (found.value.get("numberMatched"), obj(found.value.get("context")).get("matched")):
        if (number := whole(said)) >= 0:
            return number
    return -1
