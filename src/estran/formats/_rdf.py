"""RDF as a graph of short names, and `Thing`: one subject of it, read without trust."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import quote

from estran.errors import Invalid
from estran.formats import _json
from estran.formats._languages import code
from estran.model import Text, date

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "PREFIXES",
    "Blank",
    "Graph",
    "Iri",
    "Serialisation",
    "Term",
    "Thing",
    "Words",
    "curie",
    "full",
    "tail",
]

Serialisation = Literal["turtle", "rdfxml", "jsonld", "trig", "nquads"]

PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "cnt": "http://www.w3.org/2011/content#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "dqv": "http://www.w3.org/ns/dqv#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "geodcatap": "http://data.europa.eu/930/",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "locn": "http://www.w3.org/ns/locn#",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "http://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "time": "http://www.w3.org/2006/time#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Short names of the vocabularies, for reading and for writing."""

# Other addresses under which the same vocabularies go about.
_ALSO = {
    "https://schema.org/": "schema",
    "http://purl.org/dc/elements/1.1/": "dct",
    "https://spdx.org/rdf/terms/#": "spdx",
    "http://www.opengis.net/rdf#": "geo",
    "https://www.w3.org/ns/dcat#": "dcat",
    "http://www.w3.org/ns/dcat/": "dcat",
    "http://purl.org/pav/": "pav",
    "http://www.w3.org/2003/01/geo/wgs84_pos#": "wgs84",
    "http://dcat-ap.de/def/dcatde/": "dcatde",
}
_PREFIX_OF = {space: prefix for prefix, space in PREFIXES.items()} | _ALSO
_SPACE_OF = {prefix: space for space, prefix in _ALSO.items()} | PREFIXES


class Iri(str):
    """An address that names something."""

    __slots__ = ()


class Blank(str):
    """A name that is only good within one document; it starts with ``_:``."""

    __slots__ = ()


class Words(NamedTuple):
    """A literal: its lexical form, language tag as given, and short name of its datatype."""

    words: str
    language: str = ""
    datatype: str = ""


type Term = Iri | Blank | Words


@dataclass(frozen=True, slots=True)
class Graph:
    """All statements of a document, in its order: subject -> predicate (short name) -> objects."""

    facts: dict[str, dict[str, dict[Term, None]]] = field(
        default_factory=dict[str, dict[str, dict["Term", None]]]
    )

    def subjects(self, *types: str) -> Iterator[Iri | Blank]:
        """The subjects that have one of these types, in the document's order."""
        wanted = frozenset(types)
        for subject, said in self.facts.items():
            if any(isinstance(kind, Iri) and curie(kind) in wanted for kind in said.get("rdf:type", ())):
                yield _name(subject)

    def types(self) -> dict[str, int]:
        """How many subjects each type has, the most frequent first."""
        counts: dict[str, int] = {}
        for said in self.facts.values():
            for kind in said.get("rdf:type", ()):
                if isinstance(kind, Iri):
                    counts[curie(kind)] = counts.get(curie(kind), 0) + 1
        return dict(sorted(counts.items(), key=lambda pair: -pair[1]))


def _name(subject: str) -> Iri | Blank:
    return Blank(subject) if subject.startswith("_:") else Iri(subject)


@lru_cache(maxsize=8192)
def curie(iri: str) -> str:
    """The short name of an address, such as ``dct:title``; the address itself where none is known."""
    cut = max(iri.rfind("#"), iri.rfind("/")) + 1
    prefix = _PREFIX_OF.get(iri[:cut])
    return f"{prefix}:{iri[cut:]}" if prefix else iri


def full(name: str) -> str:
    """The address that a short name of `curie` stands for; an address is its own."""
    prefix, colon, word = name.partition(":")
    space = _SPACE_OF.get(prefix) if colon and not word.startswith("//") else None
    return f"{space}{word}" if space else name


def tail(iri: str) -> str:
    """The last part of an address, after its last ``#`` or ``/``."""
    iri = iri.rstrip("/#")
    return iri[max(iri.rfind("#"), iri.rfind("/")) + 1 :]


@dataclass(frozen=True, slots=True)
class Thing:
    """One subject of a graph and what is said of it; `notes` takes what had to be left out."""

    graph: Graph
    name: Iri | Blank
    notes: list[str]

    @property
    def iri(self) -> str:
        """Its address, "" where it has only a blank name."""
        return "" if isinstance(self.name, Blank) else str(self.name)

    @property
    def types(self) -> frozenset[str]:
        """Short names of its types."""
        return frozenset(curie(kind) for kind in self.all("rdf:type") if isinstance(kind, Iri))

    @property
    def known(self) -> bool:
        """Whether anything is said of it besides its type."""
        return any(predicate != "rdf:type" for predicate in self.graph.facts.get(self.name, ()))

    def all(self, *predicates: str) -> list[Term]:
        """All objects of these predicates, in their order."""
        said = self.graph.facts.get(self.name)
        return [term for predicate in predicates for term in said.get(predicate, ())] if said else []

    def at(self, term: Term) -> Thing | None:
        """The thing that an object is, None for a literal."""
        return None if isinstance(term, Words) else Thing(self.graph, term, self.notes)

    def things(self, *predicates: str) -> list[Thing]:
        """The objects that are no literals."""
        return [thing for term in self.all(*predicates) if (thing := self.at(term))]

    def text(self, *predicates: str) -> Text:
        """The words of the first of these predicates that has any, one a language."""
        said = self.graph.facts.get(self.name, _NOTHING)
        for predicate in predicates:
            if (terms := said.get(predicate)) and (found := _text(terms)):
                return found
        return Text()

    def each(self, *predicates: str) -> list[Text]:
        """The words of every literal and label of these predicates, one text each."""
        return [words for term in self.all(*predicates) if (words := self.label(term))]

    def label(self, term: Term) -> Text:
        """The words of a literal, or those that name or describe a thing."""
        thing = self.at(term)
        if thing is None:
            return _text([term]) if isinstance(term, Words) else Text()
        return thing.text(*_LABELS)

    def word(self, *predicates: str) -> str:
        """The first value of these predicates as a string: a literal's words or an address."""
        return next(iter(self.words(*predicates)), "")

    def words(self, *predicates: str) -> list[str]:
        """All values as strings, literals and addresses alike; blank nodes by their label."""
        found = (
            term.words.strip()
            if isinstance(term, Words)
            else str(self.label(term))
            if isinstance(term, Blank)
            else str(term)
            for term in self.all(*predicates)
        )
        return [value for value in found if value]

    def urls(self, *predicates: str) -> list[str]:
        """All values as addresses; blanks and brackets in them are percent-encoded, with a note."""
        found = self.words(*predicates)
        for place, value in enumerate(found):
            if _NOT_IN_URL.search(value):
                found[place] = _NOT_IN_URL.sub(lambda bad: quote(bad[0], errors="replace"), value)
                self.notes.append(
                    f"{predicates[0]}: “{value[:200]}” is no address as it stands; its blanks were encoded"
                )
        return found

    def date(self, *predicates: str) -> str:
        """The first value that is a date, in canonical form; a note for those that are none."""
        for value in self.words(*predicates):
            try:
                return date(value)
            except Invalid as error:
                self.notes.append(f"{predicates[0]}: {error.why}; it was left out")
        return ""

    def number(self, *predicates: str) -> float | None:
        """The first value that is a number."""
        return next((n for value in self.words(*predicates) if (n := _json.number(value)) is not None), None)


_NOTHING: dict[str, dict[Term, None]] = {}
_NOT_IN_URL = re.compile(r"[\s<>\"{}|\\^`]+")
_LABELS = (
    "skos:prefLabel", "rdfs:label", "dct:title", "foaf:name", "vcard:fn", "schema:name", "dct:description",
    "rdf:value", "skos:notation", "dct:identifier",
)  # fmt: skip


def _text(terms: Iterable[Term]) -> Text:
    """The words of literals as one text; machine translations (``fr-t-en-…``) come after the others."""
    literals = [term for term in terms if isinstance(term, Words)]
    if len(literals) > 1:
        literals.sort(key=lambda term: "-t-" in term.language)
    return Text.many(
        (code(term.language) if term.language else "", _unindented(term.words)) for term in literals
    )


def _unindented(words: str) -> str:
    """Words without the indentation of pretty-printed XML; one blank line parts paragraphs."""
    if "\n" not in words:
        return words
    lines = [line.strip() for line in words.strip().split("\n")]
    return "\n".join(line for number, line in enumerate(lines) if line or lines[number - 1])
