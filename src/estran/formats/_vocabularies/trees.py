"""Vocabularies in JSON that is no RDF: trees and lists of terms, and mappings as answers to SPARQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats import _json
from estran.formats._rdf import tail
from estran.formats._vocabularies.words import mended, stem, titled
from estran.model import Text
from estran.vocabulary import ConceptScheme, Entry, Reading, Relation
from estran.vocabulary.concepts import MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["reading"]

_LABELS = ("prefLabel", "label", "long_name", "title", "name")
_ADDRESSES = ("uri", "about", "@id", "iri", "uuid", "id", "code", "notation", "key")
_BELOW = ("children", "narrower", "concepts", "terms", "members")
_GCMD = "https://gcmd.earthdata.nasa.gov/kms/concept/"
_NONE = frozenset({"no definition available.", "n/a", "none", ""})
_DEEPEST = 60
# A list is one of terms if so many of its members are.
_MOST = 0.8
_PREDICATES = ("pred", "predicate", "p", "relation", "mapping")


def reading(tree: Any, name: str, *, certain: bool = False) -> Reading:
    """The vocabulary that a JSON document holds.

    Args:
        tree: its value.
        name: of the file.
        certain: refuse lists that may as well be of something else.

    Raises:
        Invalid: it has none of the shapes that are known here.
    """
    bindings = _bindings(tree)
    if bindings is not None:
        return _mappings(bindings, name)
    if certain and not _is_tree(tree):
        raise Invalid("it is JSON in which terms cannot be told from data; load it as a vocabulary", name)
    return _Terms(name).read(tree)


def _is_tree(tree: Any) -> bool:
    """Whether the first term has what only terms have: a label, an address, and a place for narrower ones."""
    first = tree[0] if isinstance(tree, list) and tree else None
    term = _json.obj(first)
    return (
        "label" in term
        and bool({"uuid", "about"} & term.keys())
        and bool({"children", "narrower"} & term.keys())
    )


def _bindings(tree: Any) -> list[dict[str, Any]] | None:
    """The rows of an answer to SPARQL, wherever it was put."""
    for _ in range(4):
        if not isinstance(tree, dict):
            return None
        results = _json.obj(tree.get("results"))
        if "bindings" in results:
            return _json.objs(results["bindings"])
        tree = tree.get("data") or tree.get("content")
    return None


def _mappings(rows: list[dict[str, Any]], name: str) -> Reading:
    found: set[Relation] = set()
    for row in rows:
        values = {key: _json.text(_json.obj(cell).get("value")) for key, cell in row.items()}
        predicate = next((tail(values[key]) for key in _PREDICATES if key in values), "")
        ends = [value for key, value in values.items() if key not in _PREDICATES and "://" in value]
        if len(ends) == 2:  # noqa: PLR2004 - a subject and an object
            found.update(_relation(ends[0], predicate, ends[1]))
    if not found:
        raise Invalid(
            "it is an answer to SPARQL in which no row relates two addresses by a relation of SKOS; ask for "
            "subject, predicate and object",
            name,
        )
    return Reading(
        scheme=ConceptScheme(
            uri=f"urn:vocabulary:mappings:{stem(name)}",
            name=f"mappings-{stem(name)}",
            title=Text.of(stem(name)),
        ),
        entries=(),
        relations=tuple(sorted(found)),
    )


def _relation(subject: str, predicate: str, other: str) -> Iterator[Relation]:
    if predicate == "narrower":
        yield Relation(other, "broader", subject)
    elif predicate in ("broader", "related", *MAPPINGS):
        yield Relation(subject, predicate, other)
    elif predicate == "sameAs":
        yield Relation(subject, "exactMatch", other)


class _Terms:
    """Trees or lists of terms, taken in one by one."""

    def __init__(self, name: str) -> None:
        self._file = name
        self._base = f"urn:vocabulary:{stem(name)}"
        self._entries: dict[str, Entry] = {}
        self._relations: list[Relation] = []
        self._warnings: dict[str, None] = {}

    def read(self, tree: Any) -> Reading:
        title, roots = _roots(tree)
        if not roots:
            seen = ", ".join(list(_json.obj(tree))[:6]) or type(tree).__name__
            raise Invalid(
                f"it is JSON without terms that have labels (there is {seen}); give SKOS, or a list or tree of "
                "objects with “label”, “uri” and “narrower”",
                self._file,
            )
        if len(roots) == 1 and _below(roots[0]) and not title:
            # One root over all stands for the vocabulary.
            title, roots = _label(roots[0]), _below(roots[0])
        elif len(roots) == 1 and not title and "children" in roots[0]:
            title, roots = _label(roots[0]), []
        for term in roots:
            self._take(term, "", 0)
        return Reading(
            scheme=ConceptScheme(
                uri=self._base, name=stem(self._file), title=Text.of(title or titled(self._file))
            ),
            entries=tuple(self._entries.values()),
            relations=tuple(self._relations),
            labels=tuple(
                (e.uri, "pref", lang, words)
                for e in self._entries.values()
                for lang, words in e.label.variants
            ),
            warnings=tuple(self._warnings),
        )

    def _take(self, term: dict[str, Any], above: str, depth: int) -> None:
        uri = self._address(term)
        if depth > _DEEPEST:
            raise Invalid(f"it is nested more than {_DEEPEST} deep", self._file)
        label = _label(term)
        if uri and label:
            held = self._entries.get(uri)
            if held is not None and str(held.label) != label:
                self._warnings[f"{uri} stands there twice, as “{held.label}” and “{label}”"] = None
            else:
                self._entries[uri] = held or _entry(term, uri, label)
            if above and above != uri:
                self._relations.append(Relation(uri, "broader", above))
        for below in _below(term):
            self._take(below, uri or above, depth + 1)

    def _address(self, term: dict[str, Any]) -> str:
        for key in _ADDRESSES:
            value = _json.text(term.get(key))
            if value and key == "uuid":
                return _GCMD + value
            if value:
                return value if "://" in value or value.startswith("urn:") else f"{self._base}:{value}"
        return f"{self._base}:{_label(term)}" if _label(term) else ""


def _entry(term: dict[str, Any], uri: str, label: str) -> Entry:
    definition = mended(_json.text(term.get("definition") or term.get("description")))
    names = [_json.text(term.get(key)) for key in ("notation", "code", "key", "standard_name")]
    alternates = [mended(words) for words in _json.texts(term.get("altLabels") or term.get("altLabel"))]
    return Entry(
        uri=uri,
        scheme="",
        name=next((name for name in names if name and "://" not in name), ""),
        # But for GCMD's, nothing says in which language they are.
        label=Text.of(label, "en" if uri.startswith(_GCMD) else ""),
        definition=Text.of("" if definition.lower() in _NONE else definition),
        alternates=tuple(("", words) for words in alternates if words),
        unit=_json.text(term.get("units") or term.get("unit")),
        deprecated=term.get("deprecated") is True or term.get("is_latest_label") is False,
    )


def _roots(tree: Any) -> tuple[str, list[dict[str, Any]]]:
    """The title that a document gives itself, and its outermost terms."""
    if isinstance(tree, list):
        members = _json.objs(tree)
        return "", members if _are_terms(members, len(tree)) else []
    held = _json.obj(tree)
    for key in _BELOW:
        members = _json.objs(held.get(key))
        if _are_terms(members, len(members)):
            return _label(held), members
    # A table of terms under their codes.
    members = [{"key": key, **value} for key, value in held.items() if isinstance(value, dict)]
    return "", members if _are_terms(members, len(held)) and not any(
        "uri_format" in m for m in members
    ) else []


def _are_terms(members: list[dict[str, Any]], total: int) -> bool:
    return bool(members) and sum(bool(_label(member)) for member in members) >= _MOST * total


def _label(term: dict[str, Any]) -> str:
    return next((words for key in _LABELS if (words := mended(_json.text(term.get(key))))), "")


def _below(term: dict[str, Any]) -> list[dict[str, Any]]:
    return next((found for key in _BELOW if (found := _json.objs(term.get(key)))), [])
