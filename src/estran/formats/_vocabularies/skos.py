"""Vocabularies in RDF: SKOS, SKOS-XL, I-ADOPT, and ontologies as far as they name things."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats._languages import code
from estran.formats._rdf import Blank, Iri, Thing, Words, curie, tail
from estran.formats._vocabularies.words import clean, mended, stem
from estran.model import Text
from estran.vocabulary import ConceptScheme, Entry, Reading, Relation
from estran.vocabulary.concepts import IADOPT, MAPPINGS
from estran.vocabulary.names import namespace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estran.formats._rdf import Graph

__all__ = ["readings"]

_XL = "http://www.w3.org/2008/05/skos-xl#"
_IOP = "https://w3id.org/iadopt/ont/"
_ISO25964 = "http://purl.org/iso25964/skos-thes#"
_QUDT = "http://qudt.org/schema/qudt/"
_COLLECTIONS = (
    "skos:Collection", "skos:OrderedCollection", f"{_ISO25964}ThesaurusArray", f"{_ISO25964}ConceptGroup",
)  # fmt: skip
_SAID_OF_CONCEPTS = frozenset({
    "skos:prefLabel", f"{_XL}prefLabel", "skos:broader", "skos:narrower", "skos:inScheme", "skos:topConceptOf",
    f"{_IOP}hasObjectOfInterest", f"{_IOP}hasProperty",
})  # fmt: skip
_DEFINED = (
    "owl:Class", "rdfs:Class", "rdf:Property", "owl:ObjectProperty", "owl:DatatypeProperty",
    "owl:AnnotationProperty", "owl:NamedIndividual",
)  # fmt: skip
_BROADER = (
    "skos:broader", f"{_ISO25964}broaderGeneric", f"{_ISO25964}broaderPartitive",
    f"{_ISO25964}broaderInstantial", "rdfs:subClassOf", "rdfs:subPropertyOf",
)  # fmt: skip
_NARROWER = (
    "skos:narrower", f"{_ISO25964}narrowerGeneric", f"{_ISO25964}narrowerPartitive",
    f"{_ISO25964}narrowerInstantial",
)  # fmt: skip
_NOTES = ("scopeNote", "note", "example", "historyNote", "editorialNote", "changeNote")
_UNITS = (f"{_QUDT}unit", f"{_QUDT}hasUnit", f"{_QUDT}symbol", f"{_IOP}hasUnit")
_RECORDS = ("dcat:Dataset", "dcat:DatasetSeries", "dcat:DataService", "dcat:CatalogRecord", "schema:Dataset")
# A thesaurus has no original language; these are shown where there is no other reason.
_FIRST = {"en": 0, "fr": 1, "": 2}
_MOST_LISTED = 10_000
_MOST = 0.5


def readings(graph: Graph, name: str, title: str, warnings: list[str]) -> list[Reading]:
    """The vocabularies of a graph: one a scheme.

    Args:
        graph: what a document says.
        name: of the file, where a vocabulary has to be named after it.
        title: what the document calls itself outside the graph, "" for nothing.
        warnings: what had to be put right to read it.

    Raises:
        Invalid: it has no concepts and no mappings between any.
    """
    datasets = sum(graph.types().get(kind, 0) for kind in _RECORDS)
    if datasets and not any(True for _ in graph.subjects("skos:ConceptScheme")):
        raise Invalid(f"it describes {datasets} datasets or services, and the concepts are theirs", name)
    found = _Vocabularies(graph, name, title, warnings)
    read = found.all()
    if not read:
        seen = ", ".join(list(graph.types())[:6]) or "nothing that has a type"
        raise Invalid(
            f"it is RDF without concepts, classes or mappings between concepts (there is {seen}); give a "
            "vocabulary in SKOS or an ontology",
            name,
        )
    return read


@dataclass
class _Gathered:
    """One vocabulary while it grows."""

    scheme: ConceptScheme
    entries: list[Entry] = field(default_factory=list[Entry])
    relations: set[Relation] = field(default_factory=set[Relation])
    labels: list[tuple[str, str, str, str]] = field(default_factory=list[tuple[str, str, str, str]])


class _Vocabularies:
    def __init__(self, graph: Graph, name: str, title: str, warnings: list[str]) -> None:
        self._graph, self._name, self._title, self._warnings = graph, name, title, warnings
        # Collections without an address cannot be named from elsewhere.
        self._collections = {str(uri) for uri in graph.subjects(*_COLLECTIONS) if isinstance(uri, Iri)}
        self._schemes = [str(uri) for uri in graph.subjects("skos:ConceptScheme") if isinstance(uri, Iri)]
        self._concepts = self._concepts_of()
        if not self._schemes and (one := self._collection_as_scheme()):
            self._schemes.append(one)
            self._collections.discard(one)
        if not self._schemes:
            self._schemes += [str(uri) for uri in graph.subjects("owl:Ontology") if isinstance(uri, Iri)][:1]
        self._gathered = {uri: _Gathered(self._scheme(uri)) for uri in self._schemes}

    def all(self) -> list[Reading]:
        for uri in (*self._concepts, *sorted(self._collections)):
            for gathered in self._homes(uri):
                self._add(gathered, uri)
        for uri in self._schemes:
            if "skos:Concept" in self._thing(uri).types:
                self._gathered[uri].labels.append((uri, "scheme-concept", "", ""))
            for other in self._thing(uri).all("skos:hasTopConcept"):
                self._gathered[uri].relations.add(Relation(uri, "top", str(other)))
        self._add_mappings()
        found = [one for one in self._gathered.values() if one.entries or one.relations]
        # A scheme that announces itself and has no concepts yet is one all the same.
        return [
            Reading(
                scheme=one.scheme,
                entries=tuple(one.entries),
                relations=tuple(sorted(one.relations)),
                labels=tuple(one.labels),
                warnings=tuple(dict.fromkeys(self._warnings)),
            )
            for one in (found or [g for g in self._gathered.values() if g.scheme.title])
        ]

    def _thing(self, uri: str) -> Thing:
        return Thing(self._graph, Blank(uri) if uri.startswith("_:") else Iri(uri), [])

    def _concepts_of(self) -> list[str]:
        facts, others = self._graph.facts, {*self._schemes, *self._collections}
        typed = {str(uri) for uri in self._graph.subjects("skos:Concept", f"{_IOP}Variable")}
        found = [
            uri
            for uri, said in facts.items()
            if not uri.startswith("_:")
            and uri not in others
            and (uri in typed or _SAID_OF_CONCEPTS & said.keys())
        ]
        if not found and not self._schemes:
            found = [
                str(u) for u in self._graph.subjects(*_DEFINED) if isinstance(u, Iri) and u not in others
            ]
        # A scheme that is a concept too is kept as a scheme, and reported.
        return found

    def _collection_as_scheme(self) -> str:
        """The one collection that all concepts are members of: where there is no scheme, it stands for it."""
        if len(self._collections) != 1 or not self._concepts:
            return ""
        uri = next(iter(self._collections))
        members = {str(term) for term in self._thing(uri).all("skos:member")}
        return uri if len(members & set(self._concepts)) > _MOST * len(self._concepts) else ""

    def _homes(self, uri: str) -> list[_Gathered]:
        """The vocabularies that a concept belongs to."""
        thing = self._thing(uri)
        named = [
            str(term) for term in thing.all("skos:inScheme", "skos:topConceptOf") if isinstance(term, Iri)
        ]
        named += [s for s in self._schemes if Iri(uri) in self._graph.facts[s].get("skos:hasTopConcept", ())]
        known = [name for name in dict.fromkeys(named) if name in self._gathered]
        if not known and len(self._schemes) == 1:
            known = self._schemes
        if not known:
            known = named[:1] or [self._made()]
        return [self._home(name) for name in known]

    def _home(self, uri: str) -> _Gathered:
        if uri not in self._gathered:
            self._gathered[uri] = _Gathered(self._scheme(uri))
        return self._gathered[uri]

    def _made(self) -> str:
        """The address of a scheme that the document does not name: what its concepts' addresses begin with."""
        return namespace(self._concepts or self._collections).rstrip("/#") or f"urn:vocabulary:{self._name}"

    def _scheme(self, uri: str) -> ConceptScheme:
        thing = self._thing(uri)
        title = _mended(thing.text("dct:title", "skos:prefLabel", "rdfs:label", "skos:altLabel"))
        mentioned = uri in self._graph.facts
        return ConceptScheme(
            uri=uri,
            name="" if mentioned and title else stem(self._name) if not mentioned else "",
            title=title or Text.of(self._title or (tail(uri) if mentioned else stem(self._name))),
            version=next(iter(thing.words("owl:versionInfo", "pav:version", "dct:hasVersion")), "")[:100],
            published=thing.date("dct:modified", "dct:issued", "dct:created", "dct:date"),
            publisher=next((str(t) for t in thing.each("dct:publisher", "dct:creator") if t), ""),
            description=_mended(
                thing.text("dct:description", "dct:abstract", "skos:definition", "rdfs:comment")
            ),
            address=next(
                (u for u in thing.words("dcat:downloadURL", "foaf:homepage", "rdfs:seeAlso") if "://" in u),
                "",
            ),
            licence=next(iter(thing.words("dct:license", "dct:rights")), "")[:500],
        )

    def _add(self, gathered: _Gathered, uri: str) -> None:
        thing = self._thing(uri)
        raw = list(_labels(thing))
        gathered.labels += [(uri, kind, language.lower(), words) for kind, language, words in raw]
        if uri in self._collections and "skos:Concept" in thing.types:
            gathered.labels.append((uri, "collection-concept", "", ""))
        gathered.entries.append(_entry(thing, raw, collection=uri in self._collections))
        gathered.relations.update(self._relations(thing))
        for n, (predicate, part) in enumerate(_nameless(thing), 1):
            made = f"{uri}#{predicate}-{n}"
            gathered.relations.add(Relation(uri, predicate, made))
            gathered.entries.append(replace(_entry(part, list(_labels(part))), uri=made))

    def _relations(self, thing: Thing) -> Iterator[Relation]:
        uri = str(thing.name)
        for term in _addresses(thing.all(*_BROADER)):
            yield Relation(uri, "broader", term)
        for term in _addresses(thing.all(*_NARROWER)):
            yield Relation(term, "broader", uri)
        for term in _addresses(thing.all("skos:related")):
            yield Relation(uri, "related", term)
        for term in _addresses(thing.all("skos:topConceptOf")):
            yield Relation(term, "top", uri)
        for match in MAPPINGS:
            for term in _addresses(thing.all(f"skos:{match}")):
                yield Relation(uri, match, term)
        for part, predicate in IADOPT.items():
            for term in _addresses(thing.all(_IOP + predicate)):
                yield Relation(uri, part, term)
        for term in _addresses([*thing.all("skos:member"), *_listed(thing, "skos:memberList")]):
            yield Relation(uri, "member", term)

    def _add_mappings(self) -> None:
        """What is said of addresses that are no concepts of the document: alignments of two vocabularies."""
        own = {*self._concepts, *self._collections}
        said = {
            relation
            for uri in self._graph.facts
            if uri not in own and not uri.startswith("_:")
            for relation in self._relations(self._thing(uri))
            if relation.predicate in MAPPINGS
        }
        if said:
            home = self._schemes[0] if self._schemes else f"urn:vocabulary:mappings:{stem(self._name)}"
            self._home(home).relations.update(said)


def _entry(thing: Thing, raw: list[tuple[str, str, str]], *, collection: bool = False) -> Entry:
    preferred: dict[str, str] = {}
    others: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for kind, tag, words in raw:
        language = code(tag) if tag else ""
        if kind == "pref" and language not in preferred:
            preferred[language] = words
        elif (language, words) not in others[kind]:
            others["alt" if kind == "pref" else kind].append((language, words))
    held = set(preferred.items())
    notations = [clean(value) for value in thing.words("skos:notation")]
    parts = any(thing.all(_IOP + predicate) for predicate in IADOPT.values())
    return Entry(
        uri=thing.iri,
        scheme="",
        name=notations[0] if notations else "",
        aliases=tuple(sorted(set(notations[1:]))),
        label=Text(tuple(sorted(preferred.items(), key=lambda pair: (_FIRST.get(pair[0], 3), pair[0])))),
        alternates=tuple(pair for pair in others["alt"] if pair not in held),
        hidden=tuple(pair for pair in others["hidden"] if pair not in held),
        definition=_mended(thing.text("skos:definition", "dct:description", "rdfs:comment")),
        notes=tuple(_notes(thing)),
        unit=tail(thing.word(*_UNITS)),
        kind="collection" if collection else "variable" if parts else "concept",
        deprecated=any(value.lower() in ("true", "1") for value in thing.words("owl:deprecated")),
        replaced_by=tuple(_addresses(thing.all("dct:isReplacedBy"))),
    )


def _labels(thing: Thing) -> Iterator[tuple[str, str, str]]:
    """(kind, language tag, words) of all labels, those of SKOS-XL included."""
    some = False
    for kind in ("pref", "alt", "hidden"):
        terms = thing.all(f"skos:{kind}Label")
        terms += [t for label in thing.things(f"{_XL}{kind}Label") for t in label.all(f"{_XL}literalForm")]
        for term in terms:
            if isinstance(term, Words) and (words := mended(term.words)):
                some = some or kind == "pref"
                yield kind, term.language, words
    if not some:
        for term in thing.all("rdfs:label", "dct:title", "schema:name"):
            if isinstance(term, Words) and (words := mended(term.words)):
                yield "pref", term.language, words


def _notes(thing: Thing) -> Iterator[tuple[str, str, str]]:
    for kind in _NOTES:
        for text in thing.each(f"skos:{kind}"):
            for language, words in text.variants:
                yield kind, language, mended(words)


def _nameless(thing: Thing) -> Iterator[tuple[str, Thing]]:
    """Parts of a variable that have words but no address."""
    for part, predicate in IADOPT.items():
        for other in thing.things(_IOP + predicate):
            if isinstance(other.name, Blank) and any(True for _ in _labels(other)):
                yield part, other


def _addresses(terms: Iterable[object]) -> Iterator[str]:
    return (str(term) for term in terms if isinstance(term, Iri))


def _listed(thing: Thing, predicate: str) -> Iterator[object]:
    """The members of an RDF list."""
    heads = thing.things(predicate)
    head = heads[0] if heads else None
    for _ in range(_MOST_LISTED):
        if head is None or head.name == "rdf:nil":
            return
        yield from head.all("rdf:first")
        rest = head.things("rdf:rest")
        head = rest[0] if rest and curie(str(rest[0].name)) != "rdf:nil" else None


def _mended(text: Text) -> Text:
    return Text.many((language, mended(words)) for language, words in text.variants)
