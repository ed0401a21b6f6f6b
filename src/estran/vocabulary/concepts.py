"""A vocabulary's values: the scheme, the concepts that it defines, and how they hang together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from estran.model import Text

IADOPT = {
    "property": "hasProperty",
    "object": "hasObjectOfInterest",
    "matrix": "hasMatrix",
    "context": "hasContextObject",
    "constraint": "hasConstraint",
    "modifier": "hasStatisticalModifier",
}
"""The parts of a variable (I-ADOPT), by the word that relations carry for them."""

MAPPINGS = ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")
"""The relations that reach into other vocabularies (SKOS)."""

OPPOSITE = {"broadMatch": "narrowMatch", "narrowMatch": "broadMatch"}
"""How a mapping reads from its other end, where that is another word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptScheme:
    """A vocabulary (skos:ConceptScheme).

    Attributes:
        uri: its permanent address.
        name: the short word that the node knows it by, such as ``cf-standard-names``.
        version: as its publisher counts; published: the date of that version.
        address: where it can be had.
        licence: the terms of its use, as it says them.
    """

    uri: str
    name: str
    title: Text = Text()
    version: str = ""
    published: str = ""
    publisher: str = ""
    description: Text = Text()
    address: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A concept as its vocabulary defines it; records refer to it by a `model.Concept` or a standard name.

    Attributes:
        uri: its permanent address.
        scheme: name of its vocabulary.
        name: the word that data carry for it (skos:notation), such as ``sea_water_salinity``.
        label: the words shown to people.
        unit: the canonical unit in UDUNITS notation, "" where a unit means nothing.
        aliases: names that stood for it before.
        alternates: (language, words) of its other labels (skos:altLabel), hidden: of those that are only
            searched (skos:hiddenLabel).
        notes: (kind, language, words), the kind as SKOS names it, such as ``scopeNote``.
        kind: "concept", "collection" (skos:Collection) or "variable" (I-ADOPT).
        local: what names it within its scheme in addresses; given by the node.
        deprecated: it is no more to be used; replaced_by says what is.
        replaced_by: addresses of what took its place.
    """

    uri: str
    scheme: str
    name: str
    label: Text = Text()
    definition: Text = Text()
    unit: str = ""
    aliases: tuple[str, ...] = ()
    alternates: tuple[tuple[str, str], ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[str, str, str], ...] = ()
    kind: str = "concept"
    local: str = ""
    deprecated: bool = False
    replaced_by: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The words to show where one line must do."""
        return str(self.label) or self.name or self.local or self.uri


class Relation(NamedTuple):
    """One statement between two addresses; either end may be unknown to the node.

    Attributes:
        predicate: "broader", "related", "top" (of the scheme's address to a concept), "member", one of
            `MAPPINGS`, or a part of a variable (`IADOPT`). What is narrower is said from its other end.
    """

    subject: str
    predicate: str
    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """Something about a vocabulary that a rule of SKOS, or good sense, forbids; it was taken in all the same.

    Attributes:
        rule: "S9", "S13", "S14", "S27", "S37" or "S46" of the SKOS reference, or "cycle", "orphan",
            "dangling", "no-label", "notation", "language", "repaired".
        what: the rule in words.
        count: how often; examples: the first of them, (address, detail).
    """

    rule: str
    what: str
    count: int
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A vocabulary as a file gave it.

    Attributes:
        scheme: its name is a proposal.
        warnings: what had to be put right to read it.
        labels: (address, kind, language tag, words) exactly as they came, where the file says more than
            entries keep: for the report alone.
    """

    scheme: ConceptScheme
    entries: tuple[Entry, ...]
    relations: tuple[Relation, ...] = ()
    warnings: tuple[str, ...] = ()
    labels: tuple[tuple[str, str, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The bytes that a vocabulary came as.

    Attributes:
        name: of the file; format: "turtle", "rdfxml", "jsonld", "trig", "nquads", or "" for what is no RDF.
    """

    name: str
    format: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A vocabulary that the node holds, and how it is.

    Attributes:
        loaded: when, a canonical instant.
        files: names of the files that it came from.
        concepts, deprecated, labels, relations, mappings, variables: how many of each it has.
        languages: (language, concepts with a preferred label in it), the most frequent first.
        defects: what is wrong with it.
    """

    scheme: ConceptScheme
    loaded: str = ""
    files: tuple[str, ...] = ()
    concepts: int = 0
    deprecated: int = 0
    labels: int = 0
    relations: int = 0
    mappings: int = 0
    variables: int = 0
    languages: tuple[tuple[str, int], ...] = ()
    defects: tuple[Defect, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether no rule of SKOS is broken and no hierarchy runs in a circle."""
        return not any(defect.rule[0] == "S" or defect.rule == "cycle" for defect in self.defects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A concept that a search found.

    Attributes:
        label: the words that matched, language: theirs.
        kind: of that label: "pref", "alt", "hidden" or "name".
        exact: whether the label is what was asked, no more and no less.
    """

    entry: Entry
    label: str
    language: str = ""
    kind: str = "pref"
    exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """Concepts that a piece of a text names: `text[start:end]` is `words`."""

    start: int
    end: int
    words: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A concept in its tree, and whether anything hangs under it."""

    entry: Entry
    has_narrower: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a concept is related to: `entry` is None for an address that the node does not know."""

    predicate: str
    uri: str
    entry: Entry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A concept with all that is around it.

    Attributes:
        paths: ways down to it from the tops of its vocabulary, itself left out; some of them, where many.
    """

    entry: Entry
    broader: tuple[Link, ...] = ()
    narrower: tuple[Link, ...] = ()
    related: tuple[Link, ...] = ()
    members: tuple[Link, ...] = ()
    groups: tuple[Link, ...] = ()
    mappings: tuple[Link, ...] = ()
    parts: tuple[Link, ...] = ()
    part_of: tuple[Link, ...] = ()
    replaced_by: tuple[Link, ...] = ()
    paths: tuple[tuple[Entry, ...], ...] = field(default=())
