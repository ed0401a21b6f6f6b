"""schema.org on web pages: the datasets that a site describes in the pages of its sitemap.

A page whose sitemap says that it was not changed is not asked for. What is kept of a page is the script that
describes a dataset, because the rest of a page changes with every visit.
"""

from __future__ import annotations

import hashlib
from html import unescape
from itertools import batched
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urlsplit

from lxml import html
from lxml.etree import LxmlError

from estran.catalogue.harvesters import Found, Harvester, Kept, Mark, Missed
from estran.catalogue.harvesters._single import Patience, stamp_of
from estran.catalogue.harvesters._sitemaps import found_at, pages_of
from estran.errors import Invalid
from estran.formats import Document
from estran.formats._json import text, whole
from estran.formats._schema_org.tree import parse
from estran.model import bounds, date

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.catalogue.harvesters import Event, Visit
    from estran.catalogue.harvesters._sitemaps import Page
    from estran.fetching import Reply

__all__ = ["HARVESTER"]

_AT_ONCE = 50
_MOST_PAGE, _MOST_SCRIPTS = 16 << 20, 50
_CHANGED = "changed "
_ACCEPT = "text/html, application/xhtml+xml, application/ld+json;q=0.9, */*;q=0.1"


def _changes(visit: Visit) -> Iterator[Event]:
    patience = Patience(visit)
    maps, position = found_at(patience, visit.source.url), visit.position or {}
    stood, readable = text(position.get("map")), False
    for found in pages_of(patience, maps):
        if isinstance(found, Missed):
            yield found
            continue
        readable = True
        if not stood:
            yield from _pages(patience, found, 0)
        elif found[0] == stood:
            yield from _pages(patience, found, whole(position.get("page"), 0))
            stood = ""
    if not readable:
        raise Invalid("it has no sitemap that can be read; give the address of one", visit.source.url)
    # The sitemap where it stood is no longer there: all are read again, nothing is passed over.
    for found in pages_of(patience, maps) if stood else ():
        if not isinstance(found, Missed):
            yield from _pages(patience, found, 0)


def _pages(patience: Patience, found: tuple[str, list[Page]], start: int) -> Iterator[Event]:
    """What the pages of one sitemap describe, those that the operator wants, each once."""
    url, pages = found
    part = patience.visit.source.options.get("path", "")
    wanted = list({urldefrag(page.url)[0]: page for page in pages if part in page.url}.items())
    for batch in batched(wanted[start:], _AT_ONCE):
        held = patience.visit.stamps([key for key, _ in batch])
        for key, page in batch:
            yield from _page(patience, key, page.changed, held.get(key))
        start += len(batch)
        yield Mark({"map": url, "page": start})


def _page(patience: Patience, url: str, changed: str, held: str | None) -> Iterator[Event]:
    stamp = f"{_CHANGED}{changed}" if changed else ""
    if (stamp and held == stamp) or _is_before(changed, patience.visit.since):
        # A page that is not held describes no dataset, or was refused; it is not news either.
        if held is not None:
            yield Kept(url)
        return
    reply = patience.get(url, stamp=held or "", accept=_ACCEPT)
    if reply is None:
        yield Kept(url)
    elif isinstance(reply, Missed):
        yield reply
    else:
        yield from _described(reply, (url, stamp), _types(patience.visit), is_held=held is not None)


def _described(
    reply: Reply, known: tuple[str, str], types: frozenset[str], *, is_held: bool
) -> Iterator[Event]:
    url, stamp = known
    try:
        body = _described_in(reply, types)
    except Invalid as error:
        yield Missed(url, error.why)
        return
    if body:
        # Never without a stamp: by it a later visit knows that the page described a dataset.
        stamp = stamp or stamp_of(reply) or f"sha256 {hashlib.sha256(body).hexdigest()}"
        yield Found(url, Document(url, body), stamp)
    elif is_held:
        # A site that is busy may say so in a page like any other.
        yield Missed(
            url,
            "it described a dataset before and describes none now; it goes when its sitemap leaves it out",
        )


def _is_before(changed: str, since: str) -> bool:
    """Whether a page was changed before an instant for sure; a date without its time is a whole day."""
    if not changed or not since:
        return False
    try:
        return bounds(date(changed))[1] <= bounds(since)[0]
    except Invalid:
        return False


def _described_in(reply: Reply, types: frozenset[str]) -> bytes:
    """The JSON-LD of the things of some types that a page describes; b"" for none.

    Raises:
        Invalid: it describes some, in JSON that cannot be read.
    """
    if reply.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return reply.body if _has_one(reply.url, reply.body, types) else b""
    scripts = [script for script in _scripts(reply) if _has_one(reply.url, script, types)]
    return scripts[0] if len(scripts) == 1 else b"[" + b",".join(scripts) + b"]" if scripts else b""


def _scripts(reply: Reply) -> Iterator[bytes]:
    try:
        page = html.document_fromstring(reply.body[:_MOST_PAGE])
    except (LxmlError, ValueError):
        return
    for script in page.xpath("//script[@type]")[:_MOST_SCRIPTS]:
        if "ld+json" in script.get("type").lower() and (words := (script.text or "").strip()):
            yield (words if words.startswith(("{", "[")) else unescape(words)).encode("utf-8", "replace")


def _has_one(url: str, script: bytes, types: frozenset[str]) -> bool:
    folded = script.lower()
    if not any(kind.lower().encode() in folded for kind in types):
        return False
    return any(types & set(root.get("@type", ())) for root in parse(Document(url, script), []).roots)


def _types(visit: Visit) -> frozenset[str]:
    said = visit.source.options.get("types", "")
    return frozenset(filter(None, (name.strip() for name in said.split(",")))) or frozenset({"Dataset"})


def _recognise(url: str, body: bytes) -> float:
    head = body[:4096]
    if b"sitemaps.org/schemas/sitemap" in head:
        return 0.9
    if urlsplit(url).path.endswith("sitemap.xml"):
        return 0.6
    return 0.3 if b"<html" in head.lower() and b"ld+json" in body else 0.0


HARVESTER = Harvester(
    name="schema-org",
    title="schema.org on web pages",
    changes=_changes,
    options={
        "path": "a part of the addresses of the pages to read, such as /dataset/; all of them if it is not said",
        "types": "types of the things to take, with commas between, such as Dataset,DataCatalog; Dataset is usual",
    },
    incremental=True,
    tells_gone="listed",
    recognise=_recognise,
)
