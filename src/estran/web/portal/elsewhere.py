"""The same search for machines: the exact request, lines that send it, feeds that follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec
from fastapi import Response

from estran.web.portal.asking import written
from estran.web.portal.snippets import Snippet
from estran.web.portal.views import shortened, title_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estran.formats import Links
    from estran.model import Record
    from estran.web.portal.asking import Asked
    from estran.web.portal.i18n import Words

__all__ = ["JSON_FEED", "api_call", "code", "dcat", "json_feed"]

JSON_FEED = "application/feed+json"
_SUMMARY = 600
# Facets as the queryables of OGC API – Records.
_TEXT_QUERYABLES = {
    "kind": "type", "centre": "centre", "licence": "license", "access": "access", "source": "source",
    "language": "language",
}  # fmt: skip
_ARRAY_QUERYABLES = {
    "hub": "hub", "variable": "variables", "platform": "platforms", "instrument": "instruments",
    "project": "projects", "level": "level", "format": "formats", "service": "services", "link": "links",
    "series": "series",
    "keyword": "keywords", "theme": "theme", "topic": "topic", "application": "applications", "place": "places",
}  # fmt: skip
_SORTS = {"title": "title", "-updated": "-updated", "-published": "-published", "start": "time"}


def api_call(asked: Asked) -> str:
    """The address of OGC API – Records that finds the same; "" where its parameters cannot say it.

    There a blank between words makes a phrase and a comma an alternative, unless all words are asked for.
    """
    text = asked.text
    phrase = len(text) > 2 and text[0] == text[-1] == '"' and text.count('"') == 2  # noqa: PLR2004
    plain = not text or phrase or text.replace("-", "").isalnum()
    return _machine(
        "/ogc/collections/records/items",
        text.strip('"') if phrase else text,
        asked,
        ("words", "" if plain else "all"),
        ("meaning", "yes" if asked.meaning and text and not phrase else ""),
        ("sortby", _SORTS.get(asked.sort, "")),
    )


def dcat(asked: Asked) -> str:
    """The address of the same records in DCAT; "" where its parameters cannot say it."""
    return _machine(
        "/dcat.ttl", asked.text, asked, ("meaning", "yes" if asked.meaning and asked.text else "")
    )


def _machine(path: str, text: str, asked: Asked, *more: tuple[str, str]) -> str:
    concepts = asked.where.get("concept", ())
    conditions = [_condition(name, values) for name, values in asked.where.items() if name != "concept"]
    if "" in conditions or any("," in uri for uri in concepts):
        return ""
    asks = (
        ("q", text),
        *more,
        ("concept", ",".join(concepts)),
        ("bbox", written(asked.box) if asked.box else ""),
        ("datetime", f"{asked.start or '..'}/{asked.end or '..'}" if asked.start or asked.end else ""),
        ("filter", " AND ".join(conditions)),
    )
    told = urlencode([(name, value) for name, value in asks if value], safe=",:/'()")
    return f"{path}?{told}" if told else path


def _condition(name: str, values: tuple[str, ...]) -> str:
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    if name in _TEXT_QUERYABLES:
        return f"{_TEXT_QUERYABLES[name]} IN ({listed})"
    return f"A_OVERLAPS({_ARRAY_QUERYABLES[name]}, ({listed}))" if name in _ARRAY_QUERYABLES else ""


def code(asked: Asked, base: str, words: Words) -> tuple[Snippet, ...]:
    """Lines to paste that ask the same; none where the request cannot say it."""
    call = api_call(asked)
    if not call:
        return ()
    # A quote in a shell's quotes would end them.
    address = f"{base}{call}".replace("'", "%27")
    python = f"""import json
from urllib.request import urlopen

address = "{address}"
while address:
    with urlopen(address) as answer:
        page = json.load(answer)
    for record in page["features"]:
        print(record["id"], record["properties"]["title"])
    address = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)"""
    return (
        Snippet("address", words.text("search.use_address"), address),
        Snippet("curl", words.text("data.use_curl"), f"curl -fsSL '{address}'"),
        Snippet("python", words.text("data.use_python"), python),
    )


def json_feed(
    records: Iterable[Record], links: Links, w: Words, *, here: str, page: str, title: str
) -> Response:
    """Records as a JSON feed, version 1.1, in the order that they come."""
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "home_page_url": page,
        "feed_url": here,
        "language": w.language,
        "items": [
            {
                "id": links.page(record.id),
                "url": links.page(record.id),
                "title": w.of(title_of(record)) or record.id,
                "content_text": shortened(w.of(record.abstract), _SUMMARY),
                "date_modified": record.updated,
                "language": w.tongue(title_of(record)) or w.language,
            }
            for record in records
        ],
    }
    return Response(msgspec.json.encode(body), media_type=JSON_FEED)
