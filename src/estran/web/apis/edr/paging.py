"""Lists of platforms in pages: so many at once, from one on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from estran.errors import Invalid
from estran.web import openapi, replies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

__all__ = ["NAMES", "PARAMETERS", "linked", "part"]

NAMES = ("limit", "offset")
PARAMETERS = [
    openapi.parameter("limit", "So many platforms are listed; all without it.", example="100"),
    openapi.parameter("offset", "So many are left out.", example="0"),
]
_MOST = 1_000_000


def part(request: Request, keys: Sequence[str]) -> Sequence[str]:
    """The platforms of the page that is asked for.

    Raises:
        Invalid: a number does not fit.
    """
    limit, offset = _number(request, "limit", 1), _number(request, "offset", 0) or 0
    return keys[offset : None if limit is None else offset + limit]


def linked(request: Request, document: dict[str, Any], count: int) -> dict[str, Any]:
    """A page of so many in all, with the address of the next where more follow."""
    document["numberMatched"] = count
    after = (_number(request, "offset", 0) or 0) + document["numberReturned"]
    if document["numberReturned"] and after < count:
        given = [(name, value) for name, value in request.query_params.multi_items() if name != "offset"]
        address = f"{document['links'][0]['href']}?{urlencode([*given, ('offset', str(after))])}"
        document["links"].append(replies.link(address, "next", replies.GEOJSON, "The platforms that follow"))
    return document


def _number(request: Request, name: str, least: int) -> int | None:
    text = replies.one(request, name)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and least <= int(text[:10]) <= _MOST):
        raise Invalid(f"it is a whole number from {least} to {_MOST:,}, not “{text[:40]}”", name)
    return int(text)
