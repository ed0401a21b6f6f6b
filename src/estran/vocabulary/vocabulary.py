"""The door of the room: the vocabularies of a node, to read and to change."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Literal

import msgspec

from estran.errors import Invalid, NotAllowed, NotFound
from estran.storage import get_meta, take_meta
from estran.vocabulary.concepts import IADOPT, MAPPINGS, ConceptScheme, Entry, Holding, Match, Reading
from estran.vocabulary.integrity import defects
from estran.vocabulary.store import entering, meaning, reading, searching
from estran.vocabulary.store.browsing import Browsing
from estran.vocabulary.tokens import groups, key
from estran.words import folded, tagged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from estran.storage import Database
    from estran.vocabulary.concepts import Annotation, Original

_MOST = 1000
_EXPANDED = 5000
# Two of them fit into a key of PostgreSQL.
_LONGEST_URI = 1000
_BEFORE = "vocabularies-before"


class Vocabulary(Browsing):
    """The vocabularies of a node; everyone may read them."""

    def __init__(self, database: Database, *, writable: bool = True) -> None:
        super().__init__(database)
        self._writable = writable

    def reenter(self) -> None:
        """Take in what an older Estran kept of vocabularies, if a migration has put any aside."""
        with self._database.read() as connection:
            if get_meta(connection, _BEFORE) is None:
                return
        with self._database.write() as connection:
            kept = take_meta(connection, _BEFORE)
            for scheme, entries in _of_before(kept) if kept else ():
                holding = _holding(Reading(scheme=scheme, entries=entries), ())
                called = entering.names_in_tokens(entries)
                entering.enter(connection, self._database.engine, holding, entries, called, ())

    def put(self, scheme: ConceptScheme, entries: Sequence[Entry]) -> int:
        """Enter a vocabulary, in place of what the node held under the same name or address.

        An alias leads to the entry that took its place.

        Returns:
            How many entries it has.

        Raises:
            Invalid: an entry belongs to another scheme, or two have one address.
            NotAllowed: this vocabulary is only read.
        """
        self._check_writable()
        seen = {scheme.uri}
        for entry in entries:
            if entry.scheme != scheme.name or entry.uri in seen:
                raise Invalid(f"“{entry.uri}” stands there twice or belongs to “{entry.scheme}”", scheme.name)
            seen.add(entry.uri)
        holding = _holding(Reading(scheme=scheme, entries=tuple(entries)), ())
        called = entering.names_in_tokens(entries)
        with self._database.write() as connection:
            entering.enter(connection, self._database.engine, holding, entries, called, ())
        return len(entries)

    def take(
        self, read: Reading, originals: Sequence[Original] = ()
    ) -> tuple[Literal["new", "changed", "unchanged"], Holding]:
        """Enter a vocabulary as a file gave it, in place of what the node held of the same address.

        Its name is the one that it had on this node, else what the file proposes if no other has it. Files
        that are held already change nothing.

        Raises:
            NotAllowed: this vocabulary is only read.
        """
        self._check_writable()
        read = _kept(read)
        come = {hashlib.sha256(one.body).digest() for one in originals}
        with self._database.read() as connection:
            if come and come == entering.hashes(connection, read.scheme.uri):
                name = entering.name_for(connection, read.scheme)
                return "unchanged", reading.holdings(connection, name)[0]
        holding, called = _holding(read, originals), entering.names_in_tokens(read.entries)
        with self._database.write() as connection:
            name = entering.name_for(connection, read.scheme)
            holding = replace(holding, scheme=replace(read.scheme, name=name))
            entries = tuple(replace(entry, scheme=name) for entry in read.entries)
            there = entering.enter(
                connection, self._database.engine, holding, entries, called, read.relations, originals
            )
        return "changed" if there else "new", holding

    def remove(self, name: str) -> None:
        """Take a vocabulary out; the change log keeps that it was here.

        Raises:
            NotFound: there is none of that name.
            NotAllowed: this vocabulary is only read.
        """
        self._check_writable()
        with self._database.write() as connection:
            entering.remove(connection, self._database.engine, name)

    def _check_writable(self) -> None:
        if not self._writable:
            raise NotAllowed("only the node's operator may change its vocabularies")

    def show(self, name: str) -> Entry:
        """The entry of a name, an alias or an address.

        Raises:
            NotFound: no vocabulary here has it.
        """
        # An address with and without its last slash is one.
        bare = name.rstrip("/")
        with self._database.read() as connection:
            engine = self._database.engine
            found = reading.named(connection, engine, [name]) if name else {}
            found = found or (
                reading.entries_of(connection, engine, [name, bare, f"{bare}/"]) if bare else {}
            )
        if not found:
            raise NotFound(
                "concept",
                name,
                "Names are those of the node's vocabularies, such as sea_surface_temperature.",
            )
        return found.get(name) or next(iter(found.values()))

    def lookup(self, names: Iterable[str]) -> dict[str, Entry]:
        """The entries of several names or aliases, by the name that was asked; unknown ones are left out."""
        wanted = sorted({name for name in names if name})[:_MOST]
        with self._database.read() as connection:
            return reading.named(connection, self._database.engine, wanted)

    def entries(self, uris: Iterable[str]) -> dict[str, Entry]:
        """The entries of several addresses, by the address that was asked; unknown ones are left out."""
        wanted = sorted({uri for uri in uris if uri})[:_MOST]
        with self._database.read() as connection:
            return reading.entries_of(connection, self._database.engine, wanted)

    def search(
        self, text: str, limit: int = 20, *, language: str = "", scheme: str = "", prefix: bool = False
    ) -> tuple[Match, ...]:
        """Concepts that have a label with every word of `text`, each with the label that matched.

        Labels that are these very words come first, then preferred ones before alternative and hidden
        ones, short before long; deprecated concepts come last. Capitals, accents and endings do not count.

        Args:
            text: words.
            limit: at most so many.
            language: "fr", "en"… of the asker; labels in that language come first.
            scheme: name of the only vocabulary to look in.
            prefix: whether the last word may be only begun, as while somebody types.
        """
        if limit < 1 or not text.strip():
            return ()
        wide, engine = 4 * limit + 20, self._database.engine
        with self._database.read() as connection:
            span = searching.span_of(connection, scheme)
            found = searching.matching(connection, engine, text, span, wide, prefix=prefix)
            pks = list(dict.fromkeys((*found.exact, *found.matching)))
            rows = reading.labelled(connection, engine, pks)
        same = frozenset(found.exact)
        kept: dict[int, reading.Labelled] = {}
        for row in sorted(
            rows, key=lambda r: (r.pk not in same, bool(language) and r.language not in (language, ""))
        ):
            kept.setdefault(row.concept, row)
        return tuple(_match(row, exact=row.pk in same) for row in islice(kept.values(), limit))

    def meaning(self, text: str, *, language: str = "", scheme: str = "") -> tuple[Match, ...]:
        """The concepts that a phrase names as a whole: a label has its words in their order, endings aside.

        This is what a search of records asks: ``pluies`` means every concept that is called ``pluie``.
        """
        stems = {g: s for tongue in ("", "other") for g, s in tagged(text, tongue).items() if s}
        keys = [key(g, stems[g]) for g in groups(language) if g in stems]
        with self._database.read() as connection:
            span = searching.span_of(connection, scheme)
            found = searching.by_keys(connection, self._database.engine, keys, span)
            pks = list(dict.fromkeys(pk for k in keys for pk in found.get(k, ())))[:_MOST]
            rows = reading.labelled(connection, self._database.engine, pks)
        plain = folded(text)
        return tuple(_match(row, exact=folded(row.words) == plain) for row in rows)

    def annotate(self, text: str, *, language: str = "", scheme: str = "") -> tuple[Annotation, ...]:
        """The concepts that a text names, with their places; of names that overlap the longest.

        Args:
            text: its first 50,000 letters are looked at.
            language: "fr" or "en" where it is known.
            scheme: name of the only vocabulary to look in.
        """
        with self._database.read() as connection:
            span = searching.span_of(connection, scheme)
            return meaning.annotate(connection, self._database.engine, text, language, span)

    def expand(self, uris: Iterable[str], limit: int = _EXPANDED) -> dict[str, str]:
        """All addresses that mean the same as these or something narrower, over all vocabularies.

        Returns:
            Each address with the one of `uris` that led to it; those of `uris` lead to themselves. At most
            `limit`, the nearest first.
        """
        with self._database.read() as connection:
            return meaning.expand(connection, self._database.engine, uris, limit)


def _match(row: reading.Labelled, *, exact: bool) -> Match:
    return Match(entry=row.entry, label=row.words, language=row.language, kind=row.kind, exact=exact)


def _kept(read: Reading) -> Reading:
    """A vocabulary without the addresses and names that no index takes."""
    entries = tuple(entry for entry in read.entries if _fits(entry.uri))
    relations = tuple(r for r in read.relations if _fits(r.subject) and _fits(r.object))
    dropped = len(read.entries) + len(read.relations) - len(entries) - len(relations)
    if not dropped:
        return read
    why = f"{dropped} concepts and relations were left out: their addresses are longer than {_LONGEST_URI} letters or none"
    return replace(read, entries=entries, relations=relations, warnings=(*read.warnings, why))


def _fits(uri: str) -> bool:
    return 0 < len(uri.encode()) <= _LONGEST_URI and "\0" not in uri


def _of_before(kept: bytes) -> Iterator[tuple[ConceptScheme, tuple[Entry, ...]]]:
    """The vocabularies in rows of (address, scheme, document), where a scheme's own row names none."""
    rows = msgspec.json.decode(kept, type=list[tuple[str, str, str]])
    for _, _, document in (row for row in rows if not row[1]):
        scheme = msgspec.json.decode(document, type=ConceptScheme)
        # An alias had a row of its own, with the document of its entry.
        mine = {
            e.uri: e for _, s, d in rows if s == scheme.name for e in (msgspec.json.decode(d, type=Entry),)
        }
        yield scheme, tuple(mine.values())


def _holding(read: Reading, originals: Sequence[Original]) -> Holding:
    said = Counter(predicate for _, predicate, _ in read.relations)
    languages = Counter(language for entry in read.entries for language, _ in entry.label.variants)
    parts = {subject for subject, predicate, _ in read.relations if predicate in IADOPT}
    variables = parts | {entry.uri for entry in read.entries if entry.kind == "variable"}
    return Holding(
        scheme=read.scheme,
        files=tuple(one.name for one in originals),
        concepts=len(read.entries),
        deprecated=sum(entry.deprecated for entry in read.entries),
        labels=sum(
            len(e.label.variants) + len(e.alternates) + len(e.hidden) + len(e.aliases) for e in read.entries
        ),
        relations=sum(said.values()) - sum(said[predicate] for predicate in MAPPINGS),
        mappings=sum(said[predicate] for predicate in MAPPINGS),
        variables=len(variables),
        languages=tuple(languages.most_common()),
        defects=defects(read),
    )
