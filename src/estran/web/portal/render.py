"""From values to HTML: the templates, and what every page says of itself."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from fastapi import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from estran.errors import NotFound
from estran.model import plain
from estran.web import links_of, node_of
from estran.web.portal import assets, views
from estran.web.portal.i18n import LANGUAGES, Words, negotiated, words
from estran.web.portal.polar import polar
from estran.web.portal.svg import locator
from estran.web.signing import session_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from estran.node import Node

_HTML = "text/html; charset=utf-8"
_ADDRESS = re.compile(r"""https?://[^\s<>"']+[^\s<>"'.,;:!?)\]}]""")
_MAIL = re.compile(r"[^\s@<>\"'?&]{1,64}@[^\s@<>\"'?&]{1,190}\.[A-Za-z]{2,24}")
_MOST_LINKS = 100
# Pages that say once what they can do, and the hint of each.
_HINTS = {"home.html": "home", "search.html": "search", "record.html": "record", "items.html": "items"}

import_map = json.dumps(
    {
        "imports": {
            "maplibre-gl": assets.address("vendor/maplibre-gl/maplibre-gl.mjs"),
            "uplot": assets.address("vendor/uplot/uPlot.esm.js"),
        }
    }
)
"""The one inline script of every page; the content policy names its hash."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a page says of itself.

    Attributes:
        title: for the window; description: for search engines.
        section: entry of the main menu that it belongs to.
        alternates: (language, address) of the same page.
        other: address of the page in the other language.
        twin: address of its JSON twin, "" if it has none.
    """

    title: str
    description: str = ""
    section: str = ""
    alternates: tuple[tuple[str, str], ...] = ()
    other: str = ""
    twin: str = ""


def spoken(language: str) -> Words:
    """The words of an address's language.

    Raises:
        NotFound: the portal does not speak it.
    """
    if language not in LANGUAGES:
        raise NotFound("page", f"/{language}/", "Pages start with /fr/ or /en/.")
    return words(language)


def viewer_of(request: Request, of: Words) -> views.Viewer:
    """What turns records into the asker's page; hubs that are asked for are named first."""
    asked = tuple(request.query_params.getlist("hub"))
    return views.Viewer(node_of(request), of, links_of(request).base, asked)


def as_json(value: Any, status: int = 200) -> Response:
    """A page's values as its JSON twin."""
    body = msgspec.json.encode(value if isinstance(value, dict) else plain(value))
    return Response(body, status, media_type="application/json")


def language_of(request: Request) -> str:
    """The language that a page without one in its address is answered in."""
    node: Node | None = getattr(request.state, "node", None)
    asked = request.headers.get("accept-language", "")
    return negotiated(
        request.cookies.get("language", ""), asked, node.settings.language if node else LANGUAGES[0]
    )


def page(request: Request, of: Words, title: str, path: str, *, quoted: str = "", **more: Any) -> Page:
    """A page that stands at /fr/`path` and /en/`path`; `quoted` is a last part of it that is quoted already."""
    query = f"?{request.url.query}" if request.url.query else ""
    rest = f"{quote(path, safe='/-_.~')}{quoted}{query}"
    alternates = tuple((code, f"/{code}/{rest}") for code in LANGUAGES)
    return Page(title=title, alternates=alternates, other=f"/{of.other}/{rest}", **more)


def render(
    request: Request, template: str, w: Words, of: Page, *, status: int = 200,
    headers: dict[str, str] | None = None, **values: Any,
) -> Response:  # fmt: skip
    """A template with what all of them need.

    A request that was refused at the door has neither a node nor addresses yet; its page does without.
    """
    node: Node | None = getattr(request.state, "node", None)
    site = node.settings.name if node else "Estran"
    base = links_of(request).base if hasattr(request.state, "links") else ""
    own_hubs = " ".join(views.own_hubs(node.organisations.all("hub"))) if node else ""
    body = templates().get_template(template).render(
        t=w.text, n=w.count, w=w, lang=w.language, other=w.other, page=of,
        site=site, base=base, ground=ground(w.language), own_hubs=own_hubs, me=session_of(request),
        hint=_HINTS.get(template, ""), hints=" ".join(_HINTS.values()), **values,
    )  # fmt: skip
    return Response(body, status, {"Content-Language": w.language, **(headers or {})}, _HTML)


@cache
def templates() -> Environment:
    """The templates; everything they print is escaped."""
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    known: dict[str, Any] = found.globals
    known |= {
        "static": assets.address, "outline": assets.outline(), "import_map": import_map, "locator": locator,
        "polar": polar, "link": views.link, "mailto": mailto, "version": version("estran"),
    }  # fmt: skip
    found.filters.update(linked=linked, slug=slug)
    return found


def linked(text: str) -> Markup:
    """A text whose web addresses can be followed; they are bare, so that print need not write them again."""
    parts: list[Markup] = []
    done = 0
    for count, found in enumerate(_ADDRESS.finditer(text)):
        address = views.link(found[0])
        if not address or count >= _MOST_LINKS:
            continue
        parts.append(escape(text[done : found.start()]))
        parts.append(
            Markup('<a href="{}" class="bare" rel="noopener nofollow">{}</a>').format(address, found[0])
        )
        done = found.end()
    return Markup().join([*parts, escape(text[done:])])


def mailto(address: str) -> str:
    """An e-mail address as a link needs it, "" where it is none."""
    return quote(address, safe="@+") if _MAIL.fullmatch(address) else ""


def slug(value: str) -> str:
    """A stable mark of any text, fit for an HTML id."""
    return f"{zlib.crc32(value.encode()):08x}"


@cache
def ground(language: str) -> Markup:
    """The attributes of every element that becomes a map: its words, and where its shapes are."""
    table = words(language).table
    said = {
        name: {key.partition(".")[2]: text for key, text in table.items() if key.startswith(f"{name}.")}
        for name in ("sea", "map")
    }
    return Markup('data-words="{}" data-world="{}" data-fine="{}"').format(
        json.dumps(said), assets.address("world/110m.json"), assets.address("world/50m.json")
    )
