"""A catalogue's graph cut into one small graph a resource, written so that equal content gives equal bytes.

A cut holds the resource, its entry in the catalogue, and what these reach: distributions, parties, places;
not other resources, and not the thesauri behind its keywords. Blank nodes stand where they are spoken of, and
everything is in the order of its letters: two answers that say the same are the same document.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

from estran.formats._dcat.read import LISTED, entries, resources
from estran.formats._rdf import PREFIXES, Blank, Iri, Thing, Words, curie, full

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats._rdf import Graph, Term

__all__ = ["Cut", "cuts", "listed", "named"]

_MOST_STATEMENTS = 20_000
_DEEPEST = 16
# They lead from a concept into its whole thesaurus, or from a resource to the catalogue around it.
_ELSEWHERE = frozenset((
    "skos:narrower", "skos:broader", "skos:related", "skos:member", "skos:hasTopConcept", "skos:topConceptOf",
    "skos:narrowerTransitive", "skos:broaderTransitive", "dcat:catalog", "dcat:record", *LISTED,
))  # fmt: skip
_NAMES = (
    "dct:identifier",
    "adms:identifier",
    "schema:identifier",
    "dcat:landingPage",
    "schema:url",
    "dct:title",
)
_TO_ESCAPE = re.compile(r"[\x00-\x1f\x7f\"\\]")
_NOT_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|\\^`]")
_FIRST = {"": 0, "en": 1, "fr": 2}
_LATER = 10
_TAG = re.compile(r"^[A-Za-z]+(-[A-Za-z0-9]+)*$")
_CURIE = re.compile(r"^[a-z0-9]+:[A-Za-z][\w-]*$", re.ASCII)
_PREFIX = re.compile(r"(?:^|[\s^])([a-z0-9]+):[A-Za-z]", re.MULTILINE)
_PLAIN = ("", "xsd:string", "rdf:langString", "rdf:dirLangString")


class Cut(NamedTuple):
    """One resource of a catalogue.

    Attributes:
        key: its address, or what else names it; body: its graph in Turtle.
        stamp: when it, or its entry, was changed last; "" where that is not said.
    """

    key: str
    body: bytes
    stamp: str


def cuts(graph: Graph) -> Iterator[Cut]:
    """The resources that a graph describes, in its order."""
    about = entries(graph)
    found = resources(graph)
    barred = frozenset(map(str, found)) | frozenset(graph.subjects("dcat:Catalog"))
    for name in found:
        resource, entry = Thing(graph, name, []), about.get(name)
        body = _Writing(graph, barred, resource, entry).body()
        said = [thing.word("dct:modified", "schema:dateModified") for thing in (entry, resource) if thing]
        yield Cut(_key(resource, body), body, next(filter(None, said), ""))


def listed(graph: Graph) -> Iterator[str]:
    """Addresses of the resources that its catalogues list, described here or not."""
    for said in graph.facts.values():
        for predicate in LISTED:
            yield from (str(name) for name in said.get(predicate, ()) if isinstance(name, Iri))


def named(graph: Graph) -> set[str]:
    """Addresses of the resources that are described here."""
    return {str(name) for name in resources(graph) if isinstance(name, Iri)}


def _key(resource: Thing, body: bytes) -> str:
    if resource.iri:
        return resource.iri
    found = (word for name in _NAMES for word in resource.words(name))
    return next(found, "")[:500] or f"sha256:{hashlib.sha256(body).hexdigest()}"


class _Writing:
    """Writes what one resource reaches."""

    def __init__(self, graph: Graph, barred: frozenset[str], resource: Thing, entry: Thing | None) -> None:
        self._facts, self._barred = graph.facts, barred
        # Heads without an address get a name, because they speak of each other.
        self._heads = {str(resource.name): "_:resource"}
        if entry:
            self._heads.setdefault(str(entry.name), "_:entry")
        self._waiting: list[str] = list(self._heads)
        self._met = set(self._waiting)
        self._left = _MOST_STATEMENTS

    def body(self) -> bytes:
        heads = [self._described(name) for name in self._heads]
        # What waits grows meanwhile.
        others = (name for name in self._waiting if name not in self._heads and self._left > 0)
        body = "".join((*heads, *sorted(map(self._described, others))))
        return f"{_opening(body)}{body}".encode("utf-8", "replace")

    def _described(self, name: str) -> str:
        parts = self._said(name, (name,))
        return f"{self._subject(name)} {' ;\n    '.join(parts)} .\n" if parts else ""

    def _subject(self, name: str) -> str:
        return self._heads.get(name, "[]") if name.startswith("_:") else _iri(name)

    def _said(self, name: str, above: tuple[str, ...]) -> list[str]:
        """What is said of a subject, a predicate with its objects each; its types first."""
        found: list[str] = []
        for predicate, terms in self._facts.get(name, {}).items():
            self._left -= len(terms)
            objects = dict.fromkeys(
                words
                for _, words in sorted((_rank(term), self._object(predicate, term, above)) for term in terms)
            )
            found.append(f"{_short(predicate)} {', '.join(objects)}")
        return sorted(found, key=lambda part: (not part.startswith("rdf:type "), part))

    def _object(self, predicate: str, term: Term, above: tuple[str, ...]) -> str:
        if isinstance(term, Words):
            return _literal(term)
        follows = predicate not in _ELSEWHERE and self._may_follow(predicate, term)
        if isinstance(term, Blank):
            if term in self._heads:
                return self._heads[term]
            if not follows or term in above or len(above) > _DEEPEST or self._left <= 0:
                return "[]"
            inner = self._said(term, (*above, term))
            return f"[ {' ; '.join(inner)} ]" if inner else "[]"
        if follows and term in self._facts and term not in self._met:
            self._met.add(term)
            self._waiting.append(term)
        return _short(curie(term)) if predicate == "rdf:type" else _iri(term)

    def _may_follow(self, predicate: str, term: Iri | Blank) -> bool:
        # The service behind a distribution belongs to it, even where it is listed by itself.
        return term not in self._barred or predicate == "dcat:accessService"


def _rank(term: Term) -> tuple[int, str]:
    """Where a translation stands: readers take the first for the original."""
    tag = term.language.lower() if isinstance(term, Words) else ""
    return _FIRST.get(tag.partition("-")[0], len(_FIRST)) + _LATER * ("-t-" in tag), tag


def _opening(body: str) -> str:
    """The declarations of the prefixes that are used, DCAT's first: by it a reader knows what it is."""
    used = {"dcat"} | set(_PREFIX.findall(body))
    names = sorted(used & PREFIXES.keys(), key=lambda name: (name != "dcat", name))
    return "".join(f"@prefix {name}: <{PREFIXES[name]}> .\n" for name in names)


def _short(name: str) -> str:
    """A predicate or type under its short name, if it has one that Turtle can write."""
    return name if _CURIE.match(name) and name.partition(":")[0] in PREFIXES else _iri(full(name))


def _iri(address: str) -> str:
    return f"<{_NOT_IN_IRI.sub(_escaped, address)}>"


def _literal(words: Words) -> str:
    quoted = f'"{_TO_ESCAPE.sub(_escaped, words.words)}"'
    tag = words.language.replace("_", "-")
    if tag and _TAG.match(tag):
        return f"{quoted}@{tag}"
    return quoted if words.datatype in _PLAIN else f"{quoted}^^{_short(words.datatype)}"


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04X}"
