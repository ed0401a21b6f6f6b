"""By what two records are known to describe one dataset: keys, made of names that say "this resource".

A key is ``doi:…``, ``uuid:…`` or ``page:…``, with ``service-`` before it where the record describes a service:
a service and the data that it serves are two things, whatever they share. What a record is only tied to, such
as the collection that it belongs to, is no name of its own.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from estran.catalogue.words import folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.model import Record

__all__ = ["RULES", "identities", "keys", "most_of_a_source"]

RULES = b"1"
"""Changes with the rules below: a node whose keys were made by others makes them anew."""
_DOI = re.compile(
    r"(?:https?://(?:dx\.|www\.)?doi\.org/|info:doi/|urn:doi:|doi:\s*)?(10\.\d{4,9}(?:\.\d+)*/\S+)",
    re.IGNORECASE,
)
_UUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_BARE = re.compile(rf"(?:urn:(?:\S+:)?)?\{{?({_UUID})\}}?")
# Catalogues call a resource by the address of its description, or by words of their own before its UUID.
_ENDING = re.compile(rf"\S*[/=:{{]({_UUID})[}}/]?")
_PREFIXED = re.compile(rf"[a-z0-9][a-z0-9._:-]{{0,100}}[-_.:]{_UUID}")
# Parameters that do not say which page: who came from where, and in which language.
_TRACKING = re.compile(
    r"(?:utm_\w+|fbclid|gclid|mc_[ce]id|jsessionid|sessionid|phpsessid|lang|hl|locale)=", re.IGNORECASE
)
_SESSION = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)
_INDEX = re.compile(r"/(?:index|default|home)\.(?:html?|php|jsp|aspx?)$", re.IGNORECASE)
_LONGEST = 400
_MOST_KEYS = 20
_SAME = "IsIdenticalTo"
# Two or three records of one source with one DOI and one title are copies; more are parts of one whole.
_MOST_ALIKE = 3
_NOT_TITLE = re.compile(r"[\W_]+")


def identities(record: Record) -> tuple[tuple[str, str], ...]:
    """The keys of a record, each with a short form of the record's title."""
    letters = _NOT_TITLE.sub("", folded(str(record.title)))
    title = hashlib.blake2b(letters.encode(), digest_size=6).hexdigest() if letters else ""
    return tuple((key, title) for key in keys(record))


def keys(record: Record) -> tuple[str, ...]:
    """The keys of a record, each once."""
    before = "service-" if record.kind == "service" else ""
    tied = {key for r in record.relations if r.kind != _SAME for key in _named(r.target, r.scheme)}
    # Escapes in an address may stand for what no database keeps as text.
    found = dict.fromkeys(
        key for key in _own(record) if key not in tied and len(key) <= _LONGEST and key.isprintable()
    )
    return tuple(before + key for key in list(found)[:_MOST_KEYS])


def most_of_a_source(key: str) -> int:
    """How many records of one source, all of one title, may share a key; with more it names none of them."""
    return 1 if key.removeprefix("service-").startswith("page:") else _MOST_ALIKE


def _own(record: Record) -> Iterator[str]:
    yield from _named(record.identifier, "")
    for value, scheme in record.identifiers:
        yield from _named(value, scheme)
    for relation in record.relations:
        if relation.kind == _SAME:
            yield from _named(relation.target, relation.scheme)
    # A page may tell of more than the resource: the UUID in its address is not taken for a name.
    if record.landing_page:
        yield from _doi(record.landing_page)
        yield from _page(record.landing_page)


def _named(value: str, scheme: str) -> Iterator[str]:
    """The keys of a name; none where it is a name only within its catalogue."""
    if not value or scheme == "stac" or len(value) > _LONGEST:
        return
    if scheme == "doi":
        yield f"doi:{value.lower()}"
        return
    if found := next(_doi(value), ""):
        yield found
        return
    low = value.strip().lower()
    if match := _BARE.fullmatch(low) or (
        _ENDING.fullmatch(low) if "://" in low or low[:4] == "urn:" else None
    ):
        yield f"uuid:{match[1]}"
    elif _PREFIXED.fullmatch(low):
        yield f"uuid:{low}"
    yield from _page(value)


def _doi(text: str) -> Iterator[str]:
    if "10." in text and (found := _DOI.fullmatch(text.strip())):
        yield f"doi:{(unquote(found[1]) if '://' in text else found[1]).lower()}"


def _page(address: str) -> Iterator[str]:
    """The canonical form of an address; none of a site's front page, which is about everything."""
    if not address.startswith(("http://", "https://")):
        return
    try:
        parts = urlsplit(_SESSION.sub("", address.strip()))
        host, port = (parts.hostname or "").removeprefix("www."), parts.port
    except ValueError:
        return
    if host.removeprefix("dx.") in ("", "doi.org"):
        return
    path = _INDEX.sub("", unquote(parts.path)).rstrip("/")
    asked = "&".join(sorted(part for part in parts.query.split("&") if part and not _TRACKING.match(part)))
    # What follows “#/” is the page itself where a program shows it.
    shown = parts.fragment.lstrip("!").strip("/") if parts.fragment.startswith(("/", "!/")) else ""
    # A single word, such as “/catalogue” or “/fr”, leads to the front page of a part.
    if asked or shown or path.count("/") > 1 or any(c.isdigit() for c in path):
        there = f"{host}:{port}" if port and port not in (80, 443) else host
        yield f"page:{there}{path}{f'?{asked}' if asked else ''}{f'#/{shown}' if shown else ''}"
