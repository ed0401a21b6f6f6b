"""From a pivot record to the rows that a store writes: all that needs no database and can run anywhere."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from estran.catalogue.identities import identities
from estran.catalogue.marks import marks
from estran.catalogue.words import columns, folded
from estran.errors import Invalid
from estran.model import NODE_FIELDS, Box, Period, Record, bounds, plain
from estran.storage import pack, unpack

if TYPE_CHECKING:
    from estran.formats import Document

_SLUG_LETTERS = 60
_HASH_DIGITS = 10
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_ADDED = NODE_FIELDS - {"warnings"}
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Record)
_MOST_BOXES = 1000
_LONGEST_TITLE = 500
_LONGEST_DESCRIPTION = 2000


class Original(NamedTuple):
    """A document as it came: its format, name and bytes (zstd)."""

    sha256: bytes
    format: str
    name: str
    body: bytes


class Prepared(NamedTuple):
    """A record, ready to be stored.

    Attributes:
        key: its name within its source: the identifier, else where it stood.
        row: further values of the narrow row, instants in microseconds.
        document: the pivot as zstd JSON, without what the node itself adds.
        tokens: as `words.columns` gives them.
        identities: as `identities.identities` gives them.
        is_part: whether it tells of a part of its dataset, and what is known of the rest stays.
    """

    id: str
    key: str
    source: str
    centre: str
    visibility: str
    modified: int | None
    hash: bytes
    row: dict[str, str | int | None]
    document: bytes
    description: str | None
    original: Original
    marks: tuple[tuple[str, str], ...]
    tokens: tuple[str, ...]
    boxes: tuple[Box, ...]
    periods: tuple[tuple[int, int], ...]
    external_ids: tuple[tuple[str, str], ...]
    identities: tuple[tuple[str, str], ...]
    is_part: bool = False


def original(document: Document, format_name: str) -> Original:
    """A document's bytes, kept for good; a data file such as NetCDF is only named.

    Its name goes without the folders above it, which are nobody's business but the operator's.
    """
    digest = hashlib.sha256(document.body or _state(document).encode()).digest()
    return Original(digest, format_name, document.name.rpartition("/")[2], pack(document.body))


def _state(document: Document) -> str:
    """What stands for the bytes of a file that is only named: another size or time is another state of it."""
    if document.path is None:
        return document.name
    found = document.path.stat()
    return f"{document.name}\n{found.st_size}\n{found.st_mtime_ns}"


def mint(source: str, key: str, title: str) -> str:
    """The permanent id of a record: words for people, and a hash of where it came from."""
    slug = _NOT_SLUG.sub("-", folded(title)).strip("-")[:_SLUG_LETTERS].strip("-")
    mark = hashlib.sha256(f"{source}\n{key}".encode()).hexdigest()[:_HASH_DIGITS]
    return f"{slug}-{mark}" if slug else mark


def encode(record: Record) -> bytes:
    """The pivot as it is stored, without what the node adds; equal content gives equal bytes."""
    content = plain(record)
    for name in _ADDED:
        content.pop(name, None)
    return _ENCODER.encode(content)


def decode(document: bytes) -> Record:
    """The record of `encode`'s bytes, compressed."""
    return _DECODER.decode(unpack(document))


def prepare(record: Record, held: Original, owner: str, place: str = "") -> Prepared:
    """The rows of a record whose source, centre and visibility are set.

    Args:
        record: to be stored.
        held: the document it came from.
        owner: whose it is while it is a draft.
        place: where in its source it stood, its name where it has no identifier.

    Raises:
        Invalid: it has neither title nor identifier.
    """
    title = str(record.title)
    if not title and not record.identifier:
        raise Invalid("it has neither a title nor an identifier; give it one of them", held.name)
    key = record.identifier or place or held.name
    body = encode(record)
    periods = tuple(dict.fromkeys(p for p in map(Period.bounds, record.extent.periods) if p[0] < p[1]))
    return Prepared(
        id=mint(record.source, key, title or key),
        key=key,
        source=record.source,
        centre=record.centre,
        visibility=record.visibility,
        modified=_first(record.metadata_date or record.revised),
        hash=hashlib.sha256(body).digest(),
        row={
            "kind": record.kind,
            "title": title[:_LONGEST_TITLE] or None,
            "owner": owner,
            "created": _first(record.created),
            "published": _first(record.published),
            "start": min((start for start, _ in periods), default=None),
            "end": max((end for _, end in periods), default=None),
            "language": (record.language or (record.metadata_language,))[0] or None,
            "access": record.access or None,
            "licence": next((x.spdx or str(x.name) or x.uri for x in record.licences), "") or None,
        },
        document=pack(body),
        description=str(record.abstract)[:_LONGEST_DESCRIPTION] or None,
        original=held,
        marks=marks(record, owner),
        tokens=columns(record),
        boxes=boxes(record),
        periods=periods,
        external_ids=_external_ids(record),
        identities=identities(record),
    )


def keyed(prepared: Prepared, key: str) -> Prepared:
    """The same record under another name within its source."""
    title = prepared.row["title"]
    return prepared._replace(key=key, id=mint(prepared.source, key, str(title or key)))


def boxes(record: Record) -> tuple[Box, ...]:
    """The boxes by which a record is found."""
    return tuple(dict.fromkeys(record.extent.boxes))[:_MOST_BOXES]


def _first(date: str) -> int | None:
    return bounds(date)[0] if date else None


def _external_ids(record: Record) -> tuple[tuple[str, str], ...]:
    found = {(value, scheme): None for value, scheme in record.identifiers if value}
    if record.identifier and not any(value == record.identifier for value, _ in found):
        found[(record.identifier, "")] = None
    return tuple(found)
