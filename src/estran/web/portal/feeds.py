"""Records that a search finds, as an Atom feed (RFC 4287) that readers follow."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from fastapi import Response

from estran.formats._xml import legal
from estran.web.portal.views import title_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estran.formats import Links
    from estran.model import Record
    from estran.web.portal.i18n import Words

ATOM = "application/atom+xml"
_LONGEST_SUMMARY = 600
# Of a feed without entries: nothing changed since before there was anything.
_NEVER = "1970-01-01T00:00:00Z"


def feed(
    records: Iterable[Record], links: Links, w: Words, *, here: str, page: str, title: str, subtitle: str = ""
) -> Response:
    """Records as a feed, in the order that they come.

    Args:
        records: the newest first.
        links: addresses of the records.
        w: the language of titles and abstracts, where they have it.
        here: its own address, which is also its identifier.
        page: the address of the same for people.
        title: what it holds.
        subtitle: what that is about.
    """
    listed = tuple(records)
    parts = [
        _element("id", here),
        _element("title", title),
        _element("subtitle", subtitle) if subtitle else "",
        _element("updated", max((record.updated for record in listed), default="") or _NEVER),
        f"<author>{_element('name', links.publisher)}</author>",
        _element("generator", "Estran"),
        _link("self", here, ATOM),
        _link("alternate", page, "text/html"),
        *(_entry(record, links, w) for record in listed),
    ]
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{w.language}">'
    body = "\n".join([head, *(part for part in parts if part), "</feed>\n"])
    return Response(body.encode(), media_type=ATOM)


def _entry(record: Record, links: Links, w: Words) -> str:
    page = links.page(record.id)
    authors = dict.fromkeys(
        p.name or w.of(p.organisation) for p in record.of_role("author", "principalInvestigator")
    )
    parts = [
        _element("id", page),
        _element("title", w.of(title_of(record)) or record.id),
        _element("updated", record.updated or _NEVER),
        _element("published", record.added) if record.added else "",
        _link("alternate", page, "text/html"),
        _link("alternate", links.twin(record.id, "json"), "application/geo+json"),
        *(f"<author>{_element('name', name)}</author>" for name in authors if name),
        _element("summary", w.of(record.abstract)[:_LONGEST_SUMMARY]) if record.abstract else "",
    ]
    return f"<entry>{''.join(parts)}</entry>"


def _element(name: str, words: str) -> str:
    return f"<{name}>{escape(legal(words), quote=False)}</{name}>"


def _link(rel: str, href: str, media_type: str) -> str:
    return f'<link rel="{rel}" href="{escape(legal(href))}" type="{media_type}"/>'
