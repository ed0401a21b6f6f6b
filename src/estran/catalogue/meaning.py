"""Words to what they mean, and that to records: through concepts, what is narrower, and their other labels.

Words that name a concept as a whole mean it and all that is the same or narrower. Its labels in French and
in English name it too: they are looked for in the text, and other concepts that are called so are meant as
well, one step far. Nothing of this looks at a record: concepts lead to facet values, values to records.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from pyroaring import BitMap

from estran.catalogue.index import Held
from estran.catalogue.words import split, stems
from estran.vocabulary.store import uses as reading
from estran.vocabulary.store.meaning import named
from estran.vocabulary.store.reading import entries_of
from estran.vocabulary.store.uses import Uses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from estran.catalogue.store import View
    from estran.vocabulary import Entry
    from estran.vocabulary.store.meaning import Named
    from estran.vocabulary.store.uses import Reach

__all__ = ["ORDER", "Label", "Meaning", "Run", "Way"]

ORDER: Mapping[Reach, int] = {"itself": 0, "same": 1, "narrower": 2}
"""The shorter way before the longer one."""

_TONGUES = ("fr", "en", "")
_LONGEST_RUN = 8
_SHORTEST = 3
_MOST_LABELS = 30
_MOST_SYNONYMS = 8
_REMEMBERED = 500


class Label(NamedTuple):
    """What a concept is called: in words as the indexes know them, and as it is written."""

    words: tuple[str, ...]
    written: str


class Run(NamedTuple):
    """Words of a query that stand together and name concepts.

    Attributes:
        start: the first of them; words: as the indexes know them.
        concepts: those that they name, and those that these are called like.
        synonyms: other labels of these.
    """

    start: int
    words: tuple[str, ...]
    concepts: tuple[Entry, ...]
    synonyms: tuple[Label, ...]

    @property
    def end(self) -> int:
        """Behind the last of them."""
        return self.start + len(self.words)


class Way(NamedTuple):
    """How a facet value came to be meant: the concept that it stands for, and what led down to that."""

    concept: str
    reach: Reach
    through: Entry


class Meaning:
    """What words mean on a node, remembered while its vocabularies stay as they are."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uses: tuple[tuple[int, int, int], Uses] = ((0, 0, 0), Uses({}, (), {}, {}))
        self._runs: OrderedDict[tuple[tuple[int, int, int], tuple[str, ...]], tuple[Run, ...]] = OrderedDict()
        self._held: Held[tuple[str, ...]] = Held()

    def uses(self, view: View) -> Uses:
        """The concepts that records use."""
        return self._now(view)[1]

    def _now(self, view: View) -> tuple[tuple[int, int, int], Uses]:
        return view.facets.remembered("uses", lambda: self._read(view))

    def _read(self, view: View) -> tuple[tuple[int, int, int], Uses]:
        state = reading.state(view.connection)
        if self._uses[0] != state:
            self._uses = (state, reading.read(view.connection, view.engine))
        return self._uses

    def runs(self, view: View, words: tuple[str, ...]) -> tuple[Run, ...]:
        """The pieces of a row of words that name concepts."""
        state, _ = self._now(view)
        if not state[1] or not words:
            return ()
        asked = (state, words)
        with self._lock:
            if asked in self._runs:
                self._runs.move_to_end(asked)
                return self._runs[asked]
        found = tuple(_runs(view, words))
        with self._lock:
            self._runs[asked] = found
            while len(self._runs) > _REMEMBERED:
                self._runs.popitem(last=False)
        return found

    def held(self, view: View, key: tuple[str, ...], fetch: Callable[[], BitMap]) -> BitMap:
        """A set of records of a name, fetched if it is not held as of this revision."""
        return self._held.get(key, view.facets.seq, fetch)

    def records(self, view: View, uri: str) -> BitMap:
        """The records that use a concept, one that is the same, or something narrower."""
        return self.held(view, ("concept", uri), lambda: view.facets.carrying(self.values(view, uri)))

    def values(self, view: View, uri: str) -> set[int]:
        """The facet values that mean a concept, one that is the same, or something narrower."""
        uses = self.uses(view)
        return {value for used in uses.reach(uri) for value in uses.values[used]}

    def meant(self, view: View, run: Run) -> BitMap:
        """The records that use what a run names."""

        def fetch() -> BitMap:
            return BitMap.union(*(self.records(view, one.uri) for one in run.concepts))

        return self.held(view, ("run", *run.words), fetch) if run.concepts else BitMap()

    def ways(self, view: View, run: Run) -> Mapping[int, Way]:
        """The facet values that a run means, each with the shortest way to it."""
        uses, found = self.uses(view), dict[int, Way]()
        ways = [Way(used, reach, one) for one in run.concepts for used, reach in uses.reach(one.uri).items()]
        for way in sorted(ways, key=lambda way: (ORDER[way.reach], way.concept)):
            for value in uses.values[way.concept]:
                found.setdefault(value, way)
        return found

    def called(self, view: View, phrases: Iterable[tuple[str, ...]]) -> BitMap:
        """The records with a concept that is called by all words of one of the phrases, among others."""
        phrases = list(phrases)
        key = ("called", *(" ".join(phrase) for phrase in phrases))
        return self.held(view, key, lambda: view.facets.carrying(self.values_called(view, phrases)))

    def values_called(self, view: View, phrases: Iterable[tuple[str, ...]]) -> set[int]:
        """The facet values of such concepts."""
        if not self.uses(view):
            return set()
        listed = [
            [[sign + pair[place] for pair in map(stems, phrase)] for place, sign in enumerate("fe")]
            for phrase in phrases
        ]
        tokens = {token for tongues in listed for tongue in tongues for token in tongue}
        held = reading.carrying(view.connection, view.engine, tokens)
        found: set[int] = set()
        for tongue in (tongue for tongues in listed for tongue in tongues if tongue):
            found |= set[int].intersection(*(held.get(token, set()) for token in tongue))
        return found


def _runs(view: View, words: Sequence[str]) -> Iterable[Run]:
    pieces = [
        (start, tuple(words[start:end]))
        for start in range(len(words))
        for end in range(start + 1, min(start + _LONGEST_RUN, len(words)) + 1)
        if sum(map(len, words[start:end])) >= _SHORTEST
    ]

    def naming(phrases: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], list[Named]]:
        return named(view.connection, view.engine, phrases, _MOST_LABELS)

    first = naming(piece for _, piece in pieces)
    called = {
        piece: list(dict.fromkeys(label.words for one in listed for label in _preferred(one.entry)))[
            :_MOST_SYNONYMS
        ]
        for piece, listed in first.items()
    }
    # What is called by such a label in another vocabulary is meant too.
    second = first | naming({label for labels in called.values() for label in labels} - first.keys())
    for start, piece in pieces:
        if piece not in first:
            continue
        listed = [*first[piece], *(one for label in called[piece] for one in second.get(label, ()))]
        entries = {one.entry.uri: one.entry for one in listed}
        entries |= _successors(view, entries.values())
        labels = [
            *(label for entry in entries.values() for label in _preferred(entry)),
            *(label for one in first[piece] for label in _alternative(one.entry)),
        ]
        yield Run(start, piece, tuple(entries.values()), tuple(_different(piece, labels))[:_MOST_SYNONYMS])


def _successors(view: View, entries: Iterable[Entry]) -> dict[str, Entry]:
    """What took the place of those that are deprecated."""
    uris = {uri for entry in entries if entry.deprecated for uri in entry.replaced_by}
    return entries_of(view.connection, view.engine, uris)


def _preferred(entry: Entry) -> Iterable[Label]:
    return _labels(entry.label.variants)


def _alternative(entry: Entry) -> Iterable[Label]:
    return _labels(entry.alternates)


def _labels(pairs: Iterable[tuple[str, str]]) -> Iterable[Label]:
    for language, written in pairs:
        words = tuple(split(written)) if language in _TONGUES else ()
        if 0 < len(words) <= _LONGEST_RUN:
            yield Label(words, written)


def _different(words: tuple[str, ...], labels: Iterable[Label]) -> Iterable[Label]:
    """Those of the labels that are other words, endings aside, each once."""
    seen = {_stemmed(words)}
    for label in labels:
        stemmed = _stemmed(label.words)
        if stemmed not in seen and sum(map(len, label.words)) >= _SHORTEST:
            seen.add(stemmed)
            yield label


def _stemmed(words: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple(stems(word) for word in words)
