"""Vocabularies and concepts in RDF (SKOS): Turtle, RDF/XML, JSON-LD, N-Triples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from estran.vocabulary.concepts import IADOPT, MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estran.model import Text
    from estran.vocabulary import Concept, ConceptScheme, Entry, Relation

__all__ = ["FORMS", "concept", "scheme", "serialised"]

FORMS: dict[str, str] = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
    "nt": "application/n-triples",
}
"""Suffix -> media type of what is written."""

_ENGINE = {
    "ttl": ox.RdfFormat.TURTLE,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdf": ox.RdfFormat.RDF_XML,
    "nt": ox.RdfFormat.N_TRIPLES,
}
_PREFIXES = {
    "dct": "http://purl.org/dc/terms/",
    "iop": "https://w3id.org/iadopt/ont/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "qudt": "http://qudt.org/schema/qudt/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_TYPES = {"concept": "skos:Concept", "collection": "skos:Collection", "variable": "skos:Concept"}
_TRUE = ox.Literal("true", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#boolean"))


def serialised(triples: Iterable[ox.Triple], form: str) -> bytes:
    """Statements in a form of `FORMS`; each stands there once."""
    made = ox.serialize(list(dict.fromkeys(triples)), format=_ENGINE[form], prefixes=_PREFIXES)
    return made or b""


def scheme(of: ConceptScheme, entries: Iterable[Entry], relations: Iterable[Relation]) -> Iterator[ox.Triple]:
    """All that a vocabulary says."""
    uri = _node(of.uri)
    yield from _heading(of)
    for entry in entries:
        yield from _said(entry)
        yield from _triple(_node(entry.uri), "skos:inScheme", uri)
    for relation in relations:
        yield from _related(relation.subject, relation.predicate, relation.object)


def concept(around: Concept, of: ConceptScheme) -> Iterator[ox.Triple]:
    """A concept, and what the node knows of how it hangs together with others."""
    uri = around.entry.uri
    yield from _said(around.entry)
    yield from _triple(_node(uri), "skos:inScheme", _node(of.uri))
    yield from _triples(_node(of.uri), "dct:title", of.title)
    for link in (*around.broader, *around.related, *around.mappings, *around.parts):
        yield from _related(uri, link.predicate, link.uri)
    for link in around.members:
        yield from _related(uri, "member", link.uri)
    for link in around.narrower:
        yield from _related(link.uri, "broader", uri)
        yield from _triple(_node(uri), "skos:narrower", _node(link.uri))
    for link in (*around.broader, *around.narrower, *around.related, *around.mappings):
        if link.entry is not None:
            yield from _triples(_node(link.uri), "skos:prefLabel", link.entry.label)


def _heading(of: ConceptScheme) -> Iterator[ox.Triple]:
    uri = _node(of.uri)
    yield from _triple(uri, "rdf:type", _named("skos:ConceptScheme"))
    yield from _triples(uri, "dct:title", of.title)
    yield from _triples(uri, "dct:description", of.description)
    for predicate, words in (
        ("owl:versionInfo", of.version),
        ("dct:modified", of.published),
        ("dct:publisher", of.publisher),
        ("dct:license", of.licence),
    ):
        if words:
            yield from _triple(uri, predicate, ox.Literal(words))


def _said(entry: Entry) -> Iterator[ox.Triple]:
    uri = _node(entry.uri)
    yield from _triple(uri, "rdf:type", _named(_TYPES.get(entry.kind, "skos:Concept")))
    if entry.kind == "variable":
        yield from _triple(uri, "rdf:type", _named("iop:Variable"))
    yield from _triples(uri, "skos:prefLabel", entry.label)
    yield from _triples(uri, "skos:definition", entry.definition)
    for predicate, pairs in (("skos:altLabel", entry.alternates), ("skos:hiddenLabel", entry.hidden)):
        for language, words in pairs:
            yield from _triple(uri, predicate, _literal(language, words))
    for kind, language, words in entry.notes:
        yield from _triple(uri, f"skos:{kind}", _literal(language, words))
    for name in (entry.name, *entry.aliases):
        if name:
            yield from _triple(uri, "skos:notation", ox.Literal(name))
    if entry.unit:
        yield from _triple(uri, "qudt:symbol", ox.Literal(entry.unit))
    if entry.deprecated:
        yield from _triple(uri, "owl:deprecated", _TRUE)
    for other in entry.replaced_by:
        yield from _triple(uri, "dct:isReplacedBy", _node(other))


def _related(subject: str, predicate: str, other: str) -> Iterator[ox.Triple]:
    if predicate == "top":
        yield from _triple(_node(other), "skos:topConceptOf", _node(subject))
        yield from _triple(_node(subject), "skos:hasTopConcept", _node(other))
    elif predicate in IADOPT:
        yield from _triple(_node(subject), f"iop:{IADOPT[predicate]}", _node(other))
    elif predicate in ("broader", "related", "member", *MAPPINGS):
        yield from _triple(_node(subject), f"skos:{predicate}", _node(other))


def _triples(subject: Any, predicate: str, text: Text) -> Iterator[ox.Triple]:
    for language, words in text.variants:
        yield from _triple(subject, predicate, _literal(language, words))


def _triple(subject: Any, predicate: str, other: Any) -> Iterator[ox.Triple]:
    # What is no address cannot be named in RDF.
    if subject is not None and other is not None:
        yield ox.Triple(subject, _named(predicate), other)


def _literal(language: str, words: str) -> ox.Literal:
    return ox.Literal(words, language=language) if language else ox.Literal(words)


def _named(short: str) -> ox.NamedNode:
    prefix, _, local = short.partition(":")
    return ox.NamedNode(_PREFIXES[prefix] + local)


def _node(uri: str) -> ox.NamedNode | None:
    try:
        return ox.NamedNode(uri)
    except ValueError:
        return None
