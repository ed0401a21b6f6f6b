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

from fastapi import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from estran.web import links_of
from estran.web.portal import assets, views
from estran.web.portal.i18n import LANGUAGES, Words, negotiated, words
from estran.web.portal.svg import locator

if TYPE_CHECKING:
    from starlette.requests import Request

    from estran.node import Node

_HTML = "text/html; charset=utf-8"
_ADDRESS = re.compile(r"""https?://[^\s<>"']+[^\s<>"'.,;:!?)\]}]""")
_MAIL = re.compile(r"[^\s@<>\"'?&]{1,64}@[^\s@<>\"'?&]{1,190}\.[A-Za-z]{2,24}")
_MOST_LINKS = 100

import_map = json.dumps({"imports": {"maplibre-gl": assets.address("vendor/maplibre-gl/maplibre-gl.mjs")}})
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


def language_of(request: Request) -> str:
    """The language that a page without one in its address is answered in."""
    node: Node | None = getattr(request.state, "node", None)
    asked = request.headers.get("accept-language", "")
    return negotiated(
        request.cookies.get("language", ""), asked, node.settings.language if node else LANGUAGES[0]
    )


def page(request: Request, spoken: Words, title: str, path: str, **more: Any) -> Page:
    """A page that stands at /fr/`path` and /en/`path`; the query goes along."""
    rest = f"{quote(path, safe='/-_.~')}{'?' + request.url.query if request.url.query else ''}"
    alternates = tuple((code, f"/{code}/{rest}") for code in LANGUAGES)
    return Page(title=title, alternates=alternates, other=f"/{spoken.other}/{rest}", **more)


def render(
    request: Request, template: str, spoken: Words, of: Page, *, status: int = 200,
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
        t=spoken.text, n=spoken.count, w=spoken, lang=spoken.language, other=spoken.other, page=of,
        site=site, base=base, seas=seas(spoken.language), own_hubs=own_hubs, **values,
    )  # fmt: skip
    return Response(body, status, {"Content-Language": spoken.language, **(headers or {})}, _HTML)


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
        "link": views.link, "mailto": mailto, "version": version("estran"),
    }  # fmt: skip
    found.filters.update(linked=linked, slug=slug)
    return found


def linked(text: str) -> Markup:
    """A text whose web addresses can be followed."""
    parts: list[Markup] = []
    done = 0
    for count, found in enumerate(_ADDRESS.finditer(text)):
        address = views.link(found[0])
        if not address or count >= _MOST_LINKS:
            continue
        parts.append(escape(text[done : found.start()]))
        parts.append(Markup('<a href="{}" rel="noopener nofollow">{}</a>').format(address, found[0]))
        done = found.end()
    return Markup().join([*parts, escape(text[done:])])


def mailto(address: str) -> str:
    """An e-mail address as a link needs it, "" where it is none."""
    return quote(address, safe="@+") if _MAIL.fullmatch(address) else ""


def slug(value: str) -> str:
    """A stable mark of any text, fit for an HTML id."""
    return f"{zlib.crc32(value.encode()):08x}"


@cache
def seas(language: str) -> str:
    """The names on the maps, as JSON."""
    table = words(language).table
    return json.dumps({key.partition(".")[2]: said for key, said in table.items() if key.startswith("sea.")})
