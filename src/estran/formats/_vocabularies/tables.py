"""Vocabularies in tables: lists of terms, GCMD keywords, Darwin Core taxa, TAXREF."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from estran.errors import Invalid
from estran.formats._languages import code
from estran.formats._vocabularies.words import mended, stem, titled
from estran.model import Text
from estran.vocabulary import ConceptScheme, Entry, Reading, Relation

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["reading"]

_GCMD = "https://gcmd.earthdata.nasa.gov/kms/concept/"
_TAXREF = "https://inpn.mnhn.fr/espece/cd_nom/"
_DELIMITERS = ",;\t|"
_HEADER_WITHIN = 5
_LONGEST_CELL = 1 << 20


class _Columns(NamedTuple):
    """Which column says what, by the names that it goes by; small letters, the first that is there counts."""

    id: tuple[str, ...] = (
        "uri",
        "@id",
        "iri",
        "concept",
        "id",
        "identifier",
        "code",
        "notation",
        "key",
        "variable_name",
        "legacy_p_code",
    )
    label: tuple[str, ...] = (
        "preflabel",
        "label",
        "long_name",
        "title",
        "libelle",
        "libellé",
        "name",
        "term",
    )
    definition: tuple[str, ...] = ("definition", "description", "définition")
    broader: tuple[str, ...] = ("broader", "parent", "parentid", "parent_id")
    alternates: tuple[str, ...] = ("altlabel", "synonym", "synonyms", "alternative")
    names: tuple[str, ...] = ("notation", "code", "standard_name")
    unit: tuple[str, ...] = ("unit", "units", "canonical_units")
    exact: tuple[str, ...] = ("exactmatch",)


_PLAIN = _Columns()
_DARWIN_CORE = _Columns(
    id=("taxonid",),
    label=("scientificname",),
    definition=("taxonremarks",),
    broader=("parentnameusageid",),
    alternates=("vernacularname",),
    names=("scientificnameid",),
)
_TAXA = _Columns(
    id=("cd_nom",),
    label=("lb_nom",),
    definition=(),
    broader=("cd_sup", "cd_taxsup"),
    alternates=("nom_vern", "nom_vern_eng", "nom_complet", "nom_valide"),
    names=("cd_nom",),
)
_UNMISTAKABLE = frozenset({"preflabel", "preflabel@en", "preflabel@fr", "skos:preflabel", "altlabel"})
# Columns of other names of a taxon -> their language.
_LANGUAGES = {"nom_vern": "fr", "nom_vern_eng": "en", "nom_complet": "la", "nom_valide": "la"}


def reading(body: bytes, name: str, *, certain: bool = False) -> Reading:
    """The vocabulary that a table holds.

    Args:
        body: its bytes.
        name: of the file.
        certain: refuse columns that a table of data may have as well.

    Raises:
        Invalid: its columns are not those of terms, with their names.
    """
    text, warnings = _decoded(body)
    csv.field_size_limit(_LONGEST_CELL)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=_delimiter(text)) if any(row)]
    except csv.Error as error:
        raise Invalid(f"it cannot be read as a table: {error}", name) from None
    for n, row in enumerate(rows[:_HEADER_WITHIN]):
        header = [cell.strip().lstrip("\ufeff").lower() for cell in row]
        if header[-1:] == ["uuid"] and len(header) > 1:
            return _keywords(header, rows[n + 1 :], name, warnings)
        columns = _columns(header)
        if columns is not None and not (certain and columns is _PLAIN and not _UNMISTAKABLE & set(header)):
            return _Terms(header, columns, name, warnings).read(rows[n + 1 :])
    seen = ", ".join(rows[0][:8]) if rows else "nothing"
    raise Invalid(
        f"it is a table whose columns are not those of terms (there is {seen[:200]}); name the columns “uri”, "
        "“prefLabel”, “definition”, “broader”",
        name,
    )


def _decoded(body: bytes) -> tuple[str, list[str]]:
    try:
        return body.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace"), ["it is not in UTF-8; it was read as Windows-1252"]


def _delimiter(text: str) -> str:
    head = text[:4096].split("\n", 1)[0]
    return max(_DELIMITERS, key=head.count)


def _columns(header: list[str]) -> _Columns | None:
    for columns in (_TAXA, _DARWIN_CORE, _PLAIN):
        bare = {cell.split("@")[0] for cell in header}
        if bare.intersection(columns.id) and bare.intersection(columns.label):
            return columns
    return None


def _keywords(header: list[str], rows: list[list[str]], name: str, warnings: list[str]) -> Reading:
    """GCMD: a path of keywords in the columns, and the UUID of its last."""
    paths: dict[tuple[str, ...], str] = {}
    entries: dict[str, Entry] = {}
    for row in rows:
        path = tuple(mended(cell) for cell in row[:-1] if cell.strip())
        uri = _GCMD + row[-1].strip()
        if len(row) == len(header) and path and row[-1].strip():
            paths[path] = uri
            entries[uri] = Entry(uri=uri, scheme="", name="", label=Text.of(path[-1], "en"))
    relations = [
        Relation(uri, "broader", paths[path[:-1]]) for path, uri in paths.items() if path[:-1] in paths
    ]
    return _reading(name, f"{_GCMD}{stem(name)}", entries, relations, warnings)


class _Terms:
    def __init__(self, header: list[str], columns: _Columns, name: str, warnings: list[str]) -> None:
        self._header, self._columns, self._name, self._warnings = header, columns, name, warnings
        self._taxa = columns is not _PLAIN
        self._base = _TAXREF if columns is _TAXA else f"urn:vocabulary:{stem(name)}:"

    def read(self, rows: list[list[str]]) -> Reading:
        entries: dict[str, Entry] = {}
        relations: list[Relation] = []
        synonyms: dict[str, list[tuple[str, str]]] = {}
        for row in rows:
            cells = dict(zip(self._header, (mended(cell) for cell in row), strict=False))
            given = _first(cells, self._columns.id)
            label = Text.many(self._texts(cells, self._columns.label))
            if not given or not label:
                continue
            accepted = cells.get("cd_ref") or cells.get("acceptednameusageid") or ""
            if self._taxa and accepted not in ("", given):
                # A synonym is a name of the taxon that it stands for.
                synonyms.setdefault(self._uri(accepted), []).append(("la", str(label)))
                continue
            uri = self._uri(given)
            entries.setdefault(uri, self._entry(cells, uri, given, label))
            broader = _first(cells, self._columns.broader)
            relations += [Relation(uri, "broader", self._uri(broader))] if broader not in ("", given) else []
            relations += [
                Relation(uri, "exactMatch", other)
                for other in _first(cells, self._columns.exact).split()
                if "://" in other
            ]
        for uri, names in synonyms.items():
            if uri in entries:
                held = entries[uri]
                entries[uri] = replace(held, alternates=(*held.alternates, *names))
        if not entries:
            raise Invalid("none of its rows has an identifier and a label", self._name)
        return _reading(self._name, self._base.rstrip(":/"), entries, relations, self._warnings)

    def _uri(self, given: str) -> str:
        return given if "://" in given or given.startswith("urn:") else f"{self._base}{given}"

    def _entry(self, cells: dict[str, str], uri: str, given: str, label: Text) -> Entry:
        names = [cells[key] for key in self._columns.names if cells.get(key)] or (
            [given] if "://" not in given else []
        )
        rank = cells.get("rang") or cells.get("taxonrank") or ""
        return Entry(
            uri=uri,
            scheme="",
            name=names[0] if names else "",
            label=label,
            definition=Text.many(self._texts(cells, self._columns.definition)),
            alternates=tuple(
                pair for pair in self._texts(cells, self._columns.alternates) if pair[1] != str(label)
            ),
            notes=(("note", "", f"rank: {rank}"),) if rank else (),
            unit=_first(cells, self._columns.unit),
        )

    def _texts(self, cells: dict[str, str], wanted: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """(language, words) of the columns of a meaning; ``label@fr`` says its language itself."""
        for key, words in cells.items():
            bare, _, tag = key.partition("@")
            if words and bare in wanted:
                taxon = "la" if self._taxa and bare in self._columns.label else _LANGUAGES.get(bare, "")
                yield code(tag) if tag else taxon, words
                if bare in self._columns.label and not tag:
                    return


def _first(cells: dict[str, str], keys: tuple[str, ...]) -> str:
    return next((cells[key] for key in keys if cells.get(key)), "")


def _reading(
    name: str, uri: str, entries: dict[str, Entry], relations: list[Relation], warnings: list[str]
) -> Reading:
    return Reading(
        scheme=ConceptScheme(uri=uri, name=stem(name), title=Text.of(titled(name))),
        entries=tuple(entries.values()),
        relations=tuple(relations),
        labels=tuple(
            (e.uri, "pref", lang, words) for e in entries.values() for lang, words in e.label.variants
        ),
        warnings=tuple(warnings),
    )
