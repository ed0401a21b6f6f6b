"""Parquet files of STAC items (stac-geoparquet) as the items' JSON, a few rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from estran.catalogue.archives import MAX_DOCUMENT_BYTES, MEBIBYTE, TOO_LARGE, Source
from estran.errors import Invalid
from estran.formats import Document, Refusal
from estran.formats._geoparquet import Row, Table, read

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAGIC", "documents"]

MAGIC = b"PAR1"
"""How every Parquet file begins."""


def documents(source: Source) -> Iterator[Document | Refusal]:
    """The collections of a stac-geoparquet file, then its items; each item's line is its row."""
    if source.path is None:
        yield Refusal(source.name, "it is a Parquet file inside an archive; unpack it and load the file")
        return
    try:
        with read(source.path) as table:
            yield from _documents(source, table)
    except Invalid as error:
        yield Refusal(source.name, error.why)


def _documents(source: Source, table: Table) -> Iterator[Document | Refusal]:
    for collection in table.collections.values():
        yield Document(source.name, msgspec.json.encode(collection))
    for size, rows in table.groups():
        for row in rows:
            yield _document(source.name, row)
        _pass_over(source, size)


def _document(name: str, row: Row) -> Document | Refusal:
    if isinstance(row.found, Invalid):
        return Refusal(name, row.found.why, row.number)
    if len(row.found) > MAX_DOCUMENT_BYTES:
        return Refusal(name, TOO_LARGE, row.number)
    return Document(name, row.found, line=row.number)


def _pass_over(source: Source, size: int) -> None:
    """Read as many bytes as were read beside the stream: progress goes by it."""
    while size > 0 and (read := source.stream.read(min(size, MEBIBYTE))):
        size -= len(read)
