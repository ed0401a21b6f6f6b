"""Small JSON documents as HTML: the same content and links, for a person who follows them in a browser."""

from __future__ import annotations

from html import escape
from typing import Any

from starlette.responses import Response

from estran.web.negotiation import HTML

_ADDRESSES = ("http://", "https://")


def document(title: str, content: Any) -> Response:
    """A page that holds all of a JSON document."""
    from estran.web.portal import assets  # noqa: PLC0415 - the portal is loaded where pages are shown

    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<title>{escape(title)}</title><link rel="icon" href="{assets.address("icon.svg")}" type="image/svg+xml">'
        f'<link rel="stylesheet" href="{assets.address("estran.css")}"></head><body>'
        '<header class="bar"><a class="brand" href="/">Estran</a>'
        '<nav aria-label="API"><a href="/ogc?f=html">OGC API</a></nav></header>'
        f'<main id="content"><div class="sheet"><header class="sheet-head"><h1>{escape(title)}</h1></header>'
        f"<section>{_value(content)}</section></div></main></body></html>"
    )
    return Response(body, media_type=f"{HTML}; charset=utf-8")


def _value(value: Any) -> str:
    match value:
        case {"href": str() as href, **rest} if _is_address(href):
            words = escape(str(rest.pop("title", "") or href))
            said = ", ".join(escape(str(part)) for part in rest.values())
            return f'<a href="{escape(href)}">{words}</a> <small>{said}</small>'
        case dict():
            rows = (f"<dt>{escape(str(name))}</dt><dd>{_value(part)}</dd>" for name, part in value.items())
            return f"<dl>{''.join(rows)}</dl>"
        case [*parts] if parts and all(part is None or isinstance(part, int | float) for part in parts):
            return ", ".join(map(_plain, parts))
        case list() | tuple():
            return f"<ul>{''.join(f'<li>{_value(part)}</li>' for part in value)}</ul>"
        case _:
            return _plain(value)


def _plain(value: Any) -> str:
    words = "—" if value is None else escape(str(value))
    return f'<a href="{words}">{words}</a>' if isinstance(value, str) and _is_address(value) else words


def _is_address(text: str) -> bool:
    return text.startswith(_ADDRESSES)
