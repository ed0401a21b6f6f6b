"""What words mean, and what means the same: expansion over vocabularies, and concepts found in a text."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from estran.vocabulary.concepts import Annotation
from estran.vocabulary.store.reading import labelled, steps
from estran.vocabulary.store.searching import by_keys, known_stems
from estran.vocabulary.tokens import LONGEST_KEY, groups, key
from estran.words import split, stems, tagged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import sqlalchemy as sa

    from estran.storage import Engine
    from estran.vocabulary.concepts import Entry
    from estran.vocabulary.store.searching import Span

__all__ = ["Named", "annotate", "expand", "named"]

_WORD = re.compile(r"[^\W_]+")
_DEPTH = 30
_LONGEST_TEXT = 50_000
_SHORTEST = 3
_MOST_PER_PLACE = 5
_LANGUAGE = {"f": "fr", "e": "en", "x": "other"}


def expand(connection: sa.Connection, engine: Engine, uris: Iterable[str], limit: int) -> dict[str, str]:
    """All addresses that mean the same as one of these or something narrower -> the one it came from."""
    found = {uri: uri for uri in uris}
    front = list(found)
    for _ in range(_DEPTH):
        further = steps(
            connection, engine, front, ("exactMatch", "narrowMatch"), ("exactMatch", "broadMatch", "broader")
        )
        front = []
        for one, other in further:
            if other not in found and len(found) < limit:
                found[other] = found[one]
                front.append(other)
        if not front or len(found) >= limit:
            break
    return found


class Named(NamedTuple):
    """A concept that words name, and the label that they are."""

    entry: Entry
    words: str


def named(
    connection: sa.Connection, engine: Engine, phrases: Iterable[Sequence[str]], most: int
) -> dict[tuple[str, ...], list[Named]]:
    """The concepts that phrases name as a whole, endings aside; phrases that name none are left out.

    Args:
        connection: of a transaction.
        engine: of its database.
        phrases: each in words, folded.
        most: at most so many labels of each, the best first.
    """
    keys = {tuple(phrase): _keys(phrase) for phrase in phrases if len(phrase) <= LONGEST_KEY}
    labels = by_keys(connection, engine, {k for listed in keys.values() for k in listed}, None)
    chosen = {
        phrase: list(dict.fromkeys(pk for k in listed for pk in labels.get(k, ())))[:most]
        for phrase, listed in keys.items()
    }
    wanted = sorted({pk for listed in chosen.values() for pk in listed})
    rows = {row.pk: row for row in labelled(connection, engine, wanted)}
    entries = {row.concept: row.entry for row in rows.values()}
    found: dict[tuple[str, ...], list[Named]] = {}
    for phrase, listed in chosen.items():
        held: dict[str, Named] = {}
        for pk in listed:
            if pk in rows:
                entry = entries[rows[pk].concept]
                held.setdefault(entry.uri, Named(entry, rows[pk].words))
        if held:
            found[phrase] = list(held.values())
    return found


def _keys(words: Sequence[str]) -> list[str]:
    both = [stems(word) for word in words]
    return [key("f", [f for f, _ in both]), key("e", [e for _, e in both]), key("x", list(words))]


class _Place(NamedTuple):
    """A word of a text that carries meaning, and its stems by tongue."""

    start: int
    end: int
    stems: dict[str, str]


def annotate(
    connection: sa.Connection, engine: Engine, text: str, language: str, span: Span
) -> tuple[Annotation, ...]:
    """The concepts that a text names; of names that overlap the longest, of equals the first."""
    text = text[:_LONGEST_TEXT]
    tongues = groups(language)
    places = list(_places(text, tongues))
    known = known_stems(connection, engine, (t + p.stems[t] for p in places for t in tongues if t in p.stems))
    runs = {
        (start, length): [key(t, [p.stems[t] for p in piece]) for t in tongues]
        for start in range(len(places))
        for length in range(1, LONGEST_KEY + 1)
        if (piece := places[start : start + length])
        and len(piece) == length
        and all(any(t + p.stems[t] in known for t in tongues) for p in piece)
    }
    labels = by_keys(connection, engine, (k for keys in runs.values() for k in keys), span)
    chosen: list[tuple[int, int, list[int]]] = []
    start = 0
    while start < len(places):
        for length in range(LONGEST_KEY, 0, -1):
            found = [pk for k in runs.get((start, length), ()) for pk in labels.get(k, ())]
            if found and places[start + length - 1].end - places[start].start >= _SHORTEST:
                chosen.append((start, start + length - 1, found[: 4 * _MOST_PER_PLACE]))
                start += length
                break
        else:
            start += 1
    rows = labelled(connection, engine, sorted({pk for c in chosen for pk in c[2]}))
    entries = {row.concept: row.entry for row in rows}
    meant = {row.pk: entries[row.concept] for row in rows}
    return tuple(
        Annotation(
            start=places[first].start,
            end=places[last].end,
            words=text[places[first].start : places[last].end],
            entries=_unique(meant[pk] for pk in found if pk in meant),
        )
        for first, last, found in chosen
    )


def _places(text: str, tongues: tuple[str, ...]) -> Iterator[_Place]:
    for found in _WORD.finditer(text):
        word = unicodedata.normalize("NFC", found[0])
        # An elided article ("l'eau") or a small word carries no meaning; one word may fold to several.
        if split(word):
            stems = {t: " ".join(tagged(word, _LANGUAGE[t])[t]) for t in tongues}
            yield _Place(found.start(), found.end(), stems)


def _unique(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    kept: dict[str, Entry] = {}
    for entry in entries:
        kept.setdefault(entry.uri, entry)
    return tuple(kept.values())[:_MOST_PER_PLACE]
