"""The process that answers SPARQL: all vocabularies in memory, one question at a time, until it is ended.

A question of SPARQL cannot be broken off from within, and its memory cannot be bounded: so it has a
process of its own, which whoever asks ends when it takes too long. Messages are MessagePack with their
length before them, on standard input and output.
"""

from __future__ import annotations

import io
import struct
import sys
from contextlib import suppress
from typing import IO, Any

import msgspec
import pyoxigraph as ox

from estran.formats._vocabularies import write
from estran.storage import Database
from estran.vocabulary import Vocabulary

_RDF = {
    "turtle": ox.RdfFormat.TURTLE,
    "trig": ox.RdfFormat.TRIG,
    "nquads": ox.RdfFormat.N_QUADS,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
_FORMS: dict[str, Any] = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "text/csv": ox.QueryResultsFormat.CSV,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
}
_MOST_BYTES = 16 << 20
_MEMORY_BYTES = 6 << 30


class _TooMuch(Exception):
    """More was found than is sent."""


class _Bounded(io.BytesIO):
    def write(self, piece: Any) -> int:
        if self.tell() + len(piece) > _MOST_BYTES:
            raise _TooMuch
        return super().write(piece)


def main() -> None:
    """Build the store of the database that the first message names, then answer until the input ends."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    source, target = sys.stdin.buffer, sys.stdout.buffer
    store = _filled(receive(source)["database"])
    send(target, {"ready": len(store)})
    while asked := receive(source):
        send(target, _answer(store, asked["query"], asked["media_type"]))


def _filled(url: str) -> ox.Store:
    store, database = ox.Store(), Database(url)
    try:
        vocabulary = Vocabulary(database, writable=False)
        for held in vocabulary.holdings():
            name = held.scheme.name
            originals = vocabulary.originals(name)
            if not originals or not all(_take(store, one.format, one.body) for one in originals):
                # What is no RDF, or had to be put right to be read, as this node would write it.
                triples = write.scheme(held.scheme, vocabulary.every(name), vocabulary.relations(name))
                store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    finally:
        database.close()
    return store


def _take(store: ox.Store, form: str, body: bytes) -> bool:
    if form not in _RDF:
        return False
    try:
        # All graphs are one here.
        store.extend(
            [
                ox.Quad(q.subject, q.predicate, q.object)
                for q in ox.parse(body, _RDF[form], lenient=True, rename_blank_nodes=True)
            ]
        )
    except (SyntaxError, ValueError):
        return False
    return True


def _answer(store: ox.Store, query: str, media_type: str) -> dict[str, Any]:
    try:
        found: Any = store.query(query)
        body = _Bounded()
        found.serialize(body, _FORMS[media_type])
        return {"body": body.getvalue()}
    except _TooMuch:
        return {"wrong": f"it finds more than {_MOST_BYTES >> 20} MiB; add LIMIT"}
    except SyntaxError as error:
        return {"wrong": f"it is no SPARQL: {error.msg}"[:500]}
    except (ValueError, RuntimeError, OSError) as error:
        return {"wrong": f"it cannot be answered: {error}"[:500]}


def send(target: IO[bytes], message: dict[str, Any]) -> None:
    """Write a message."""
    packed = msgspec.msgpack.encode(message)
    target.write(struct.pack(">I", len(packed)) + packed)
    target.flush()


def receive(source: IO[bytes]) -> dict[str, Any]:
    """Read a message; an empty one at the end."""
    head = source.read(4)
    if len(head) < 4:  # noqa: PLR2004 - the length
        return {}
    return msgspec.msgpack.decode(source.read(struct.unpack(">I", head)[0]), type=dict[str, Any])


if __name__ == "__main__":
    main()
