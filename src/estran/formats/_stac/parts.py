"""What STAC Items and Collections share: assets, addresses, boxes and times, read without trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from estran.errors import Invalid
from estran.formats._geojson import bbox
from estran.formats._json import day, number, obj, objs, text, texts, whole
from estran.model import Box, Distribution, Period, Text, Vertical, hull

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "FUNCTION_OF_ROLE",
    "assets",
    "base_address",
    "boxes",
    "checksum",
    "multihash",
    "period",
    "resolved",
    "verticals",
]

FUNCTION_OF_ROLE = {
    "thumbnail": "thumbnail",
    "metadata": "metadata",
    "documentation": "information",
    "describedby": "information",
    "service": "service",
    "search": "search",
    "order": "order",
    "offline": "offline",
}
# Multihash codes and digest lengths in hexadecimal, of the algorithms in use.
_HASHES = {
    "d50110": ("md5", 32),
    "1114": ("sha1", 40),
    "1220": ("sha256", 64),
    "1340": ("sha512", 128),
    "1620": ("sha3-256", 64),
    "1440": ("sha3-512", 128),
}
_HEXADECIMAL = frozenset("0123456789abcdef")
_SIX = 6


def base_address(links: Any) -> str:
    """The address that relative ones start from: the ``self`` link, if it is absolute."""
    found = (text(link.get("href")) for link in objs(links) if link.get("rel") == "self")
    return next((href for href in found if "://" in href), "")


def resolved(href: str, base: str) -> str:
    """An address made absolute where a base is known."""
    if not base or not href or "://" in href:
        return href
    try:
        return urljoin(base, href)
    except ValueError:
        return href


def assets(value: Any, base: str) -> list[Distribution]:
    """The distributions that an ``assets`` member lists; before STAC 0.6 it was a list."""
    named = value.items() if isinstance(value, dict) else ((text(obj(a).get("name")), a) for a in objs(value))
    return [_asset(key, asset, base) for key, asset in named if isinstance(asset, dict)]


def _asset(key: str, asset: dict[str, Any], base: str) -> Distribution:
    roles = tuple(texts(asset.get("roles")))
    href = resolved(text(asset.get("href")), base)
    kind = text(asset.get("type") or asset.get("media_type"))
    return Distribution(
        url=href,
        title=Text.of(text(asset.get("title"))),
        description=Text.of(text(asset.get("description"))),
        function=_function(key, roles, kind) if href else "",
        media_type=kind,
        name=text(key),
        size_bytes=whole(asset.get("file:size")),
        checksum=checksum(text(asset.get("file:checksum") or asset.get("checksum:multihash"))),
        roles=roles,
    )


def _function(key: str, roles: tuple[str, ...], kind: str) -> str:
    for word in roles or (key,):
        if word in FUNCTION_OF_ROLE:
            return FUNCTION_OF_ROLE[word]
    if "vnd.ogc.wm" in kind or any("spec/owc-geojson" in role for role in roles):
        return "service"
    return "download"


def checksum(multihash: str) -> str:
    """``algorithm:hexadecimal`` of a multihash in hexadecimal, "" where it is none that is known."""
    digits = multihash.lower()
    if not _HEXADECIMAL.issuperset(digits):
        return ""
    for start, (name, length) in _HASHES.items():
        if digits.startswith(start) and len(digits) == len(start) + length:
            return f"{name}:{digits[len(start) :]}"
    return ""


def multihash(checksum: str) -> str:
    """The multihash of ``algorithm:hexadecimal``, "" where its algorithm has none."""
    name, _, digits = checksum.partition(":")
    for start, (known, length) in _HASHES.items():
        if name.lower() == known and len(digits) == length:
            return start + digits.lower()
    return ""


def period(start: Any, end: Any, notes: list[str], where: str) -> Period | None:
    """The period of two dates or nulls; None where neither is known."""
    found = Period(day(start, notes, where), day(end, notes, where))
    if not any(found):
        return None
    first, last = found.bounds()
    if first >= last:
        notes.append(f"{where}: {found.start} to {found.end} ends before it starts")
    return found


def boxes(values: Iterable[Any], notes: list[str], where: str) -> tuple[Box, ...]:
    """The boxes of some ``bbox`` values; where the first is the hull of the others, only those."""
    found: list[Box] = []
    for value in values:
        try:
            found.append(bbox(value, where))
        except Invalid as error:
            notes.append(str(error))
    if len(found) > 1 and hull(found[1:]) == found[0]:
        found = found[1:]
    return tuple(dict.fromkeys(found))


def verticals(values: Iterable[Any]) -> tuple[Vertical, ...]:
    """The heights of the ``bbox`` values that carry six numbers."""
    found: dict[Vertical, None] = {}
    for value in values:
        if isinstance(value, list) and len(value) == _SIX:
            low, high = number(value[2]), number(value[5])
            if low is not None and high is not None:
                found[Vertical(low, high, "m")] = None
    return tuple(found)
