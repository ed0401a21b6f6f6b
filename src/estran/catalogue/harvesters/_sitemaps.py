"""Sitemaps (sitemaps.org): where a site's robots.txt says they are, indexes of them, packed or not."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit, urlunsplit

from lxml.etree import XMLSyntaxError, iterparse

from estran.catalogue.harvesters import Missed
from estran.errors import Invalid
from estran.formats._xml import local

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.catalogue.harvesters._single import Patience
    from estran.fetching import Reply

__all__ = ["Page", "found_at", "pages_of"]

_GZIP = b"\x1f\x8b"
_NOT_THERE = frozenset({401, 403, 404, 410})
_MOST_MAPS, _MOST_BYTES, _MOST_LINES, _MOST_PAGES, _DEEPEST = 5000, 128 << 20, 10 << 20, 100_000, 3
_SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False,
    "remove_comments": True, "remove_pis": True}  # fmt: skip


class Page(NamedTuple):
    """A page that a sitemap lists: its address, and when it was changed last, "" where that is not said."""

    url: str
    changed: str


def found_at(patience: Patience, url: str) -> list[str]:
    """The addresses of a site's sitemaps: the one that was given, those of robots.txt, else the usual one."""
    parts = urlsplit(url)
    path = parts.path.lower()
    if path.endswith((".xml", ".xml.gz", ".txt", ".txt.gz")) or "sitemap" in path:
        return [url]
    origin = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    reply = patience.visit.fetcher.get(f"{origin}/robots.txt", through=_NOT_THERE)
    lines = (
        reply.body[: 1 << 20].decode("utf-8", "replace").splitlines()
        if reply.status < min(_NOT_THERE)
        else []
    )
    named = [
        urljoin(reply.url, line.partition(":")[2].strip())
        for line in lines
        if line.partition(":")[0].strip().lower() == "sitemap"
    ]
    return list(dict.fromkeys(named)) or [f"{origin}/sitemap.xml"]


def pages_of(patience: Patience, maps: list[str]) -> Iterator[tuple[str, list[Page]] | Missed]:
    """The pages of each sitemap, with its address; indexes are followed, each map is read once."""
    waiting, met = [(url, 0) for url in maps], set(maps)
    for url, depth in waiting:  # it grows meanwhile
        reply = patience.get(url, accept="application/xml, text/xml;q=0.9, */*;q=0.5")
        if reply is None or isinstance(reply, Missed):
            yield reply or Missed(url, "nothing came")
            continue
        inner, pages = list[str](), list[Page]()
        try:
            why = _read(reply, inner, pages)
        except Invalid as error:
            yield Missed(url, error.why)
            continue
        yield url, pages
        if why:
            yield Missed(url, why)
        fresh = [other for other in dict.fromkeys(inner) if other not in met]
        kept = fresh[: max(_MOST_MAPS - len(met), 0)] if depth < _DEEPEST else []
        if len(kept) < len(fresh):
            yield Missed(
                url, f"{len(fresh) - len(kept)} of its sitemaps are too many or too deep, and were not read"
            )
        met.update(kept)
        waiting += ((other, depth + 1) for other in kept)


def _read(reply: Reply, inner: list[str], pages: list[Page]) -> str:
    """Fill the lists from a sitemap, gives what is wrong with its end; "" for nothing.

    Raises:
        Invalid: it is no sitemap.
    """
    body = _unpacked(reply)
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _read_xml(body, reply.url, inner, pages)
    lines = body[:_MOST_LINES].decode("utf-8", "replace").split()
    pages += [Page(line, "") for line in lines[:_MOST_PAGES] if line.startswith(("http://", "https://"))]
    if not pages:
        raise Invalid("it is no sitemap: neither XML nor lines of addresses", reply.url)
    return ""


def _read_xml(body: bytes, url: str, inner: list[str], pages: list[Page]) -> str:
    entries = iterparse(io.BytesIO(body), events=("end",), **_SAFE)
    try:
        for _, element in entries:
            if local(element) in {"url", "sitemap"}:
                said = {local(child): (child.text or "").strip() for child in element}
                target = urljoin(url, said.get("loc", ""))
                if not said.get("loc"):
                    continue
                if local(element) == "sitemap":
                    inner.append(target)
                else:
                    pages.append(Page(target, said.get("lastmod", "")))
                element.clear()
            if len(pages) > _MOST_PAGES:
                return f"it lists more than {_MOST_PAGES:,} pages; the rest was not read"
    except XMLSyntaxError as error:
        if not pages and not inner:
            raise Invalid(f"it is no sitemap: not well-formed XML ({error.msg})", url) from None
        return f"it breaks off: {error.msg}"
    if local(entries.root) not in {"urlset", "sitemapindex"}:
        raise Invalid(f"it is no sitemap, but <{local(entries.root)}>", url)
    return ""


def _unpacked(reply: Reply) -> bytes:
    if not reply.body.startswith(_GZIP):
        return reply.body
    try:
        body = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(reply.body, _MOST_BYTES + 1)
    except zlib.error as error:
        raise Invalid(f"it cannot be unpacked: {error}", reply.url) from None
    if len(body) > _MOST_BYTES:
        raise Invalid("it unpacks to more than a sitemap has", reply.url)
    return body
