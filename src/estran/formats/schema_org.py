"""schema.org's Dataset in JSON-LD, alone or inside a web page: what search engines and data harvesters read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from estran.formats import Format, Written
from estran.formats._json import outline
from estran.formats._schema_org import read, write
from estran.formats._schema_org.terms import KINDS
from estran.formats._schema_org.tree import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Document, Links, Refusal
    from estran.model import Record

__all__ = ["FORMAT"]

_CONTEXT = re.compile(
    rb'"@(?:context|vocab)"\s*:\s*\[?\s*"https?://(?:www\.)?(?:schema\.org|w3id\.org/ro/crate)'
)
_MENTION = re.compile(rb"https?://(?:www\.)?schema\.org/|codemeta")
_CERTAIN, _PROBABLE, _PAGE = 0.92, 0.7, 0.4


def _recognise(head: bytes, name: str) -> float:
    if head[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        page = b"<html" in head[:2000].lower() or name.lower().endswith((".html", ".htm"))
        return _PAGE if page else 0.0
    if _CONTEXT.search(head) or "ro-crate-metadata.json" in name:
        return _CERTAIN
    types = (value for path, value in outline(head).items() if path.endswith("@type"))
    known = any(re.split(r"[/:#]", kind)[-1] in KINDS for kind in types)
    return _PROBABLE if known and _MENTION.search(head) else 0.0


def _read(document: Document) -> Iterator[Record | Refusal]:
    warnings: list[str] = []
    return read.records(parse(document, warnings), document, warnings)


def _write(record: Record, links: Links) -> Written:
    tree = write.description(record, links)
    body = msgspec.json.format(msgspec.json.encode(_encodable(tree)), indent=2)
    return Written(body, "application/ld+json", write.unsaid(record))


def _encodable(value: object) -> object:
    """The same values, without the halves of characters that no encoding has."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {name: _encodable(part) for name, part in value.items()}
    return [_encodable(part) for part in value] if isinstance(value, list) else value


FORMAT = Format(
    name="schema-org",
    title="schema.org",
    media_types=("application/ld+json",),
    recognise=_recognise,
    read=_read,
    write=_write,
    suffix=".jsonld",
)
