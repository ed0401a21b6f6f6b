"""A query's words with what they mean: the records that a meaning leads to, and why it did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pyroaring import BitMap

from estran.catalogue.meaning import ORDER, Label
from estran.catalogue.query import Reason
from estran.catalogue.words import split
from estran.model import Text
from estran.vocabulary.store.reading import entries_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from estran.catalogue.meaning import Meaning, Run, Way
    from estran.catalogue.query import How
    from estran.catalogue.store import View
    from estran.catalogue.terms import Term
    from estran.vocabulary import Entry
    from estran.vocabulary.store.uses import Reach

__all__ = ["Found", "Sense", "Senses"]

_MOST_LOOKED_FOR = 64
_FIELDS = ("title", "subject", "body")
_HOW: Mapping[Reach, How] = {"itself": "concept", "same": "same", "narrower": "narrower"}


class Sense(NamedTuple):
    """What a word of a query means beyond itself.

    Attributes:
        runs: the pieces of the query that name concepts and have this word in them, the longest first.
        labels: the words themselves and what else the concepts are called.
        strong: records with such a concept, or with another label of it in title or keywords; weak: with one
            elsewhere in their text.
    """

    runs: tuple[Run, ...]
    labels: tuple[Label, ...]
    strong: BitMap
    weak: BitMap


class Found(NamedTuple):
    """A term of a query, the records where it stands by field, and those that its sense adds."""

    term: Term
    fields: Mapping[str, BitMap]
    sense: Sense | None


class Senses:
    """What the words of one query mean, in one view of the catalogue."""

    def __init__(
        self, meaning: Meaning, view: View, standing: Callable[[str, tuple[str, ...]], BitMap]
    ) -> None:
        """Args: `standing` gives the records where words stand together in a field."""
        self._meaning, self._view, self._standing = meaning, view, standing

    def of(self, terms: Sequence[Term]) -> list[Sense | None]:
        """The sense of each of the terms that must all match; None for those that mean only themselves."""
        found: list[Sense | None] = [None] * len(terms)
        first = 0
        while first < len(terms):
            last = first
            while last < len(terms) and not terms[last].literal:
                last += 1
            self._row(terms, first, last, found)
            first = last + 1
        return found

    def _row(self, terms: Sequence[Term], first: int, last: int, found: list[Sense | None]) -> None:
        """The senses of terms that follow each other."""
        words = tuple(word for term in terms[first:last] for word in term.words)
        # The more words, the fewer other labels of each are looked for: a question has its bounds.
        most = _MOST_LOOKED_FOR // max(1, len(words))
        runs = [r._replace(synonyms=r.synonyms[:most]) for r in self._meaning.runs(self._view, words)]
        start = 0
        for n in range(first, last):
            end = start + len(terms[n].words)
            covering = [run for run in runs if run.start <= start and run.end >= end]
            found[n] = self.sense(terms[n].words, sorted(covering, key=lambda run: -len(run.words)))
            start = end

    def sense(self, words: tuple[str, ...], runs: Iterable[Run]) -> Sense | None:
        """What words mean that stand in these runs."""
        runs = tuple(runs)
        labels = tuple(dict.fromkeys(label for run in runs for label in run.synonyms))
        phrases = (words, *(label.words for label in labels))
        strong = [
            self._meaning.called(self._view, phrases),
            *(self._meaning.meant(self._view, r) for r in runs),
        ]
        strong += [self._standing(field, label.words) for label in labels for field in ("title", "subject")]
        weak = [self._standing("body", label.words) for label in labels]
        sense = Sense(
            runs,
            (Label(words, " ".join(words)), *labels),
            BitMap.union(*strong),
            BitMap.union(*weak) if weak else BitMap(),
        )
        return sense if sense.strong or sense.weak else None

    # Why

    def reasons(
        self, found: Sequence[Found], named: BitMap, members: Mapping[str, Sequence[int]], text: str
    ) -> dict[str, tuple[Reason, ...]]:
        """Why records belong to an answer.

        Args:
            found: the query's terms.
            named: the records that are called as the whole query is written.
            members: id of a record -> it and those that it stands for.
            text: of the query.
        """
        marks = self._view.marks([pk for pks in members.values() for pk in pks])
        explained = [_Explained(self._meaning, self._view, self._standing, one) for one in found]
        told: dict[str, tuple[Reason, ...]] = {}
        for id_, pks in members.items():
            carried = frozenset[int]().union(*(marks.get(pk, frozenset()) for pk in pks))
            reasons = [reason for one in explained if (reason := one.why(pks, carried))]
            if any(pk in named for pk in pks):
                reasons.append(Reason(words=text, how="identifier"))
            told[id_] = tuple(dict.fromkeys(reasons))
        return self._labelled(told, _spelled(text))

    def _labelled(
        self, told: dict[str, tuple[Reason, ...]], spelled: Mapping[str, str]
    ) -> dict[str, tuple[Reason, ...]]:
        uris = {reason.concept for reasons in told.values() for reason in reasons if reason.concept}
        entries = entries_of(self._view.connection, self._view.engine, uris)
        return {
            id_: tuple(_told(reason, entries.get(reason.concept), spelled) for reason in reasons)
            for id_, reasons in told.items()
        }


def _told(reason: Reason, entry: Entry | None, spelled: Mapping[str, str]) -> Reason:
    """A reason in the asker's spelling, with what its concept is called."""
    words = " ".join(spelled.get(word, word) for word in reason.words.split())
    if entry is None:
        return replace(reason, words=words)
    label = entry.label or Text.of(entry.title)
    return replace(reason, words=words, label=label, scheme=entry.scheme, local=entry.local)


def _spelled(text: str) -> dict[str, str]:
    """How the words of a query were written: folded -> as they stand there."""
    return {word: written for written in text.replace('"', " ").split() for word in split(written)[:1]}


class _Explained:
    """Why one term led to records."""

    def __init__(
        self,
        meaning: Meaning,
        view: View,
        standing: Callable[[str, tuple[str, ...]], BitMap],
        found: Found,
    ) -> None:
        self._meaning, self._view, self._standing, self._found = meaning, view, standing, found
        runs = found.sense.runs if found.sense else ()
        self._ways = [(run, meaning.ways(view, run)) for run in runs]
        self._called: set[int] | None = None

    def why(self, pks: Sequence[int], marks: frozenset[int]) -> Reason | None:
        """The best reason; None where this term did not lead there."""
        term, fields, sense = self._found
        words = " ".join(term.words) + ("*" if term.prefix else "")
        standing = tuple(f for f in _FIELDS if any(pk in fields[f] for pk in pks))
        if standing:
            return Reason(words=words, how="text", fields=standing)
        if sense is None:
            return None
        return self._by_way(marks) or self._by_label(words, marks, sense) or self._by_text(words, pks, sense)

    def _by_way(self, marks: frozenset[int]) -> Reason | None:
        for run, ways in self._ways:
            hits = [(value, ways[value]) for value in marks if value in ways]
            if hits:
                value, way = min(hits, key=lambda hit: (ORDER[hit[1].reach], hit[1].concept, hit[0]))
                return self._carried(" ".join(run.words), value, way)
        return None

    def _carried(self, words: str, value: int, way: Way) -> Reason:
        field, said = self._view.facets.value(value)
        through = way.through.label or Text.of(way.through.title)
        return Reason(
            words=words, how=_HOW[way.reach], field=field.partition(":")[2] or field, value=said, concept=way.concept,
            through=Text() if way.reach == "itself" else through,
        )  # fmt: skip

    def _by_label(self, words: str, marks: frozenset[int], sense: Sense) -> Reason | None:
        if self._called is None:
            self._called = self._meaning.values_called(self._view, [label.words for label in sense.labels])
        value = min(marks & self._called, default=None)
        if value is None:
            return None
        field, said = self._view.facets.value(value)
        concept = self._meaning.uses(self._view).concepts[value][0]
        return Reason(
            words=words, how="label", field=field.partition(":")[2] or field, value=said, concept=concept
        )

    def _by_text(self, words: str, pks: Sequence[int], sense: Sense) -> Reason | None:
        for label in sense.labels[1:]:
            held = {f: self._standing(f, label.words) for f in _FIELDS}
            standing = tuple(f for f, bits in held.items() if any(pk in bits for pk in pks))
            if standing:
                return Reason(words=words, how="translation", fields=standing, label=Text.of(label.written))
        return None
