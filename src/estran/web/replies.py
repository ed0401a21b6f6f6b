"""Answers as ready bytes, and the few checks that every API makes of its parameters."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec
from starlette.responses import RedirectResponse, Response

from estran.errors import Invalid
from estran.web.negotiation import HTML, best
from estran.web.problems import NotAcceptable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.requests import Request

JSON = "application/json"
GEOJSON = "application/geo+json"
SCHEMA = "application/schema+json"


def json(
    document: Any,
    media_type: str = JSON,
    links: Iterable[Mapping[str, Any]] = (),
    status: int = 200,
) -> Response:
    """A JSON answer; `links` are repeated in the Link header."""
    headers = {"Link": header} if (header := link_header(links)) else {}
    return Response(msgspec.json.encode(document), status, headers, media_type)


def see(address: str) -> Response:
    """Where to look instead."""
    return RedirectResponse(address, 303)


def link(href: str, rel: str, media_type: str = "", title: str = "", **more: str) -> dict[str, str]:
    """A link as the OGC APIs write it."""
    made = {"href": href, "rel": rel, "type": media_type, "title": title, **more}
    return {name: value for name, value in made.items() if value}


def link_header(links: Iterable[Mapping[str, Any]]) -> str:
    """Links as an RFC 8288 header; what a header cannot carry is percent-encoded or left out."""
    listed: list[str] = []
    for one in links:
        words = [f"<{quote(str(one['href']), safe=_IN_URL)}>", f'rel="{one["rel"]}"']
        words += [
            f'{name}="{one[name]}"' for name in ("type", "profile", "hreflang") if _plain(one.get(name, ""))
        ]
        listed.append("; ".join(words))
    return ", ".join(listed)


_IN_URL = "!#$%&'()*+,-./:;=?@[]_~"


def _plain(words: str) -> bool:
    return bool(words) and words.isascii() and words.isprintable() and not set(words) & set('"\\<>')


def address(path: str, params: Iterable[tuple[str, str]]) -> str:
    """An address with its query; empty parameters are left out."""
    query = urlencode([(name, value) for name, value in params if value], safe=":,/", quote_via=quote)
    return f"{path}?{query}" if query else path


def checked(request: Request, allowed: Iterable[str]) -> None:
    """Refuse parameters that mean nothing here: a misspelt filter must not show everything.

    Raises:
        Invalid: names the parameter, and the one that was perhaps meant.
    """
    known = tuple(allowed)
    for name in request.query_params:
        if name not in known:
            near = difflib.get_close_matches(name[:80], known, n=1)
            meant = f"did you mean “{near[0]}”? " if near else ""
            listed = ", ".join(known) or "none"
            raise Invalid(f"there is no parameter “{name[:80]}” here; {meant}Parameters: {listed}", name[:80])


def one(request: Request, name: str) -> str:
    """A parameter that may stand once, "" where it is absent.

    Raises:
        Invalid: it stands several times.
    """
    values = request.query_params.getlist(name)
    if len(values) > 1:
        raise Invalid("it is given more than once; give it once", name)
    return values[0] if values else ""


def wanted(request: Request, forms: Mapping[str, str], *also: str) -> str:
    """The media type that a request wants, of those offered; ``f`` wins over Accept.

    Args:
        request: the request.
        forms: value of ``f`` -> media type, the default first.
        also: further media types that Accept may name.

    Raises:
        Invalid: no such ``f``.
        NotAcceptable: nothing that the client accepts is offered.
    """
    if f := one(request, "f"):
        if f not in forms:
            raise Invalid(f"there is no form “{f[:40]}”; choose among {', '.join(forms)}", "f")
        return forms[f]
    offered = (*forms.values(), *also)
    found = best(request.headers.get("accept", ""), offered)
    if found is None:
        raise NotAcceptable(f"Offered here: {', '.join(offered)}. Change the Accept header, or add f=….")
    return found


def is_html(media_type: str) -> bool:
    """Whether a person looks at it."""
    return media_type == HTML
