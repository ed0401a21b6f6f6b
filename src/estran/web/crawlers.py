"""What search engines read: robots.txt, and the addresses of all public records."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from estran.errors import NotFound
from estran.web import links_of, node_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Links
    from estran.node import Node

_LETTERS = string.digits + string.ascii_lowercase
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_AT_ONCE = 500
_MOST = 50_000


def routes() -> APIRouter:
    """The routes of crawlers; not part of the APIs' definition."""
    router = APIRouter(include_in_schema=False)

    @router.get("/robots.txt")
    def robots(request: Request) -> Response:
        body = f"User-agent: *\nDisallow: /*/search?\nSitemap: {links_of(request).base}/sitemap.xml\n"
        return Response(body, media_type="text/plain; charset=utf-8")

    @router.get("/sitemap.xml")
    def index(request: Request) -> Response:
        node, base = node_of(request), links_of(request).base
        parts = [
            f"<sitemap><loc>{escape(base)}/sitemap/{letter}.xml</loc></sitemap>"
            for letter in _LETTERS
            if any(found.id.startswith(letter) for found in node.scan(letter, 1)[0])
        ]
        body = f"{_HEAD}<sitemapindex {_NAMESPACE}>{''.join(parts)}</sitemapindex>"
        return Response(body, media_type="application/xml")

    @router.get("/sitemap/{letter}.xml")
    def part(request: Request, letter: str) -> Response:
        if letter not in _LETTERS or len(letter) != 1:
            raise NotFound("page", f"/sitemap/{letter}.xml", "/sitemap.xml lists them.")
        return StreamingResponse(
            _urls(node_of(request), links_of(request), letter), media_type="application/xml"
        )

    return router


def _urls(node: Node, links: Links, letter: str) -> Iterator[str]:
    """The records whose id starts with a letter, a portion at a time."""
    yield f"{_HEAD}<urlset {_NAMESPACE}>"
    after, written = letter, 0
    while after and written < _MOST:
        records, after = node.scan(after, _AT_ONCE)
        here = [r for r in records if r.id.startswith(letter)]
        yield "".join(
            f"<url><loc>{escape(links.page(r.id))}</loc><lastmod>{r.updated[:10]}</lastmod></url>"
            for r in here
        )
        written += len(here)
        if len(here) < len(records):
            break
    yield "</urlset>"
