"""Concepts by words: labels that match, the best first, straight out of the index of tokens.

The index is ordered by token and rank. A question walks the list of its rarest word in the order of ranks
and looks each label up under the other words; it stops as soon as it has enough. All tongues are asked in one
statement, as text: of a server, the journeys cost more than what is found there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from estran.storage import schema
from estran.vocabulary.tokens import groups, whole
from estran.words import split, tagged

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import sqlalchemy as sa

    from estran.storage import Engine

__all__ = ["Labels", "by_keys", "known_stems", "matching", "span_of"]

# Labels that are looked through for the beginning of a word, and what counts as frequent.
_MOST_SCANNED = 500
_FREQUENT = 1000
_SHORT = 3
_LAST = "\U0010ffff"
_LANGUAGES = {"f": "fr", "e": "en", "x": "other"}
_EXACT, _ALPHABET = "exact", "alphabet"

type Span = tuple[int, int] | None


class Labels(NamedTuple):
    """The labels that are the very words of a question, and all that match, the best first."""

    exact: list[int]
    matching: list[int]


class _Row(NamedTuple):
    """A label that was found, or how many there are."""

    label: int
    rank: int
    words: str


def span_of(connection: sa.Connection, scheme: str) -> Span:
    """First and last label of a vocabulary; None for all of them."""
    if not scheme:
        return None
    s = schema.concept_scheme.c
    held = connection.execute(select(s.first_label, s.last_label).where(s.name == scheme)).first()
    return (held[0], held[1]) if held else (0, -1)


def matching(
    connection: sa.Connection, engine: Engine, text: str, span: Span, limit: int, *, prefix: bool
) -> Labels:
    """The labels that have every word, the last of which may be only begun; about `limit` of each tongue."""
    search = _Search(connection, engine, text, span, limit)
    return search.begun() if prefix else search.found()


class _Search:
    """One search, statement by statement."""

    def __init__(self, connection: sa.Connection, engine: Engine, text: str, span: Span, limit: int) -> None:
        self._connection, self._engine, self._span, self._limit = connection, engine, span, limit
        self._whole, self._words = whole(text), split(text)
        # What is folded twice may be too small a word.
        stemmed = {tongue: _tokens(tongue, self._words) for tongue in groups("")}
        self._tokens = {tongue: tokens for tongue, tokens in stemmed.items() if tokens}
        self._frequency: dict[str, int] = {}

    def found(self) -> Labels:
        """The labels that have every word."""
        self._learn([token for tokens in self._tokens.values() for token in tokens])
        found = self._walked()
        return _together(found, self._tokens)

    def begun(self) -> Labels:
        """The labels that have every word, the last of which may be only begun."""
        if 1 < len(self._whole) <= _SHORT:
            # So few letters begin too many words: the first labels by the alphabet must do.
            return self._first_by_alphabet()
        if not self._tokens:
            return self.found()
        begun = {tongue: tongue + self._words[-1] for tongue in self._tokens}
        self._learn([token for tokens in self._tokens.values() for token in tokens], begun.values())
        found = self._walked()
        statement = _Statement(self._engine, self._span)
        for tongue, tokens in self._tokens.items():
            if len(found[tongue]) >= self._limit or not self._has(tokens[:-1]):
                continue
            if len(tokens) > 1 and self._frequency.get(f"{begun[tongue]}*", 0) >= _FREQUENT:
                # Many words begin so: one of them will soon be met among the labels of the others.
                walk = statement.walk(self._by_rarity(tokens[:-1]), _MOST_SCANNED)
                statement.add(tongue, statement.spelled(walk))
            else:
                others = self._by_rarity(tokens[:-1])
                statement.add(tongue, statement.range(begun[tongue], others, self._limit))
        for tongue, rows in statement.ask(self._connection).items():
            found[tongue] += [row for row in rows if not row.words or self._begins(row.words)]
        return _together(found, self._tokens)

    def _first_by_alphabet(self) -> Labels:
        """The first labels that begin so, the best of them first."""
        statement = _Statement(self._engine, self._span)
        statement.add(_EXACT, statement.walk([self._whole], self._limit))
        statement.add(_ALPHABET, statement.alphabet(self._whole, _MOST_SCANNED))
        found = statement.ask(self._connection)
        both = _together(found, (_ALPHABET,))
        return Labels(both.exact, both.matching[: self._limit])

    def _walked(self) -> dict[str, list[_Row]]:
        """By tongue, the labels that have all words; and those that are the words."""
        statement = _Statement(self._engine, self._span)
        statement.add(_EXACT, statement.walk([self._whole], self._limit))
        for tongue, tokens in self._tokens.items():
            if self._has(tokens):
                statement.add(tongue, statement.walk(self._by_rarity(tokens), self._limit))
        found = statement.ask(self._connection)
        return {key: found.get(key, []) for key in (_EXACT, *self._tokens)}

    def _learn(self, tokens: Iterable[str], begun: Iterable[str] = ()) -> None:
        """Ask how frequent words are, and what begins so; a question of one word needs no answer."""
        if all(len(tokens) < 2 for tokens in self._tokens.values()):  # noqa: PLR2004 - nothing to choose among
            return
        statement = _Statement(self._engine, None)
        for token in dict.fromkeys(tokens):
            statement.add(token, statement.count(f"t.token = {statement.mark(token)}"))
        for one in begun:
            statement.add(f"{one}*", statement.count(statement.beginning(one)))
        found = statement.ask(self._connection)
        self._frequency = {key: rows[0].label for key, rows in found.items()}

    def _has(self, tokens: Iterable[str]) -> bool:
        """Whether there may be labels with all of these."""
        return all(self._frequency.get(token, 1) for token in tokens)

    def _by_rarity(self, tokens: Iterable[str]) -> list[str]:
        return sorted(set(tokens), key=lambda token: (self._frequency.get(token, 0), token))

    def _begins(self, words: str) -> bool:
        return any(word.startswith(self._words[-1]) for word in split(words))


class _Statement:
    """Several lists of labels, asked for at once."""

    def __init__(self, engine: Engine, span: Span) -> None:
        self._engine, self._span = engine, span
        self._params: dict[str, Any] = {}
        self._parts: dict[str, str] = {}

    def add(self, key: str, part: str) -> None:
        """Ask for one more list."""
        self._parts[key] = part

    def mark(self, value: str | int) -> str:
        """How a value stands in the text."""
        name = f"p{len(self._params)}"
        self._params[name] = value
        return self._engine.spelling.mark.format(name)

    def ask(self, connection: sa.Connection) -> dict[str, list[_Row]]:
        """The lists; in no order."""
        found: dict[str, list[_Row]] = {key: [] for key in self._parts}
        keys = list(found)
        if keys:
            parts = (
                f"SELECT {n} AS part, q{n}.* FROM ({part}) AS q{n}"  # noqa: S608 - all values are parameters
                for n, part in enumerate(self._parts.values())
            )
            for part, *row in self._engine.ask(connection, " UNION ALL ".join(parts), self._params):
                found[keys[part]].append(_Row(*row))
        return found

    # Parts

    def walk(self, tokens: Sequence[str], limit: int) -> str:
        """The labels that have all of these, the rarest of which is the first."""
        first, *others = tokens
        return self._labels(f"t.token = {self.mark(first)}", others, limit)

    def range(self, begun: str, others: Sequence[str], limit: int) -> str:
        """The labels that have a token which begins so, and all others."""
        return self._labels(self.beginning(begun), others, limit)

    def alphabet(self, begun: str, limit: int) -> str:
        """The first labels that have a token which begins so."""
        return (
            f"SELECT t.label, t.rank, '' AS words FROM concept_token t WHERE {self.beginning(begun)}{self._inside()}"  # noqa: S608
            f" ORDER BY t.token, t.rank, t.label LIMIT {limit}"
        )

    def spelled(self, part: str) -> str:
        """The same labels with what they say."""
        return f"SELECT w.label, w.rank, l.words FROM ({part}) AS w JOIN concept_label l ON l.pk = w.label"  # noqa: S608

    def count(self, condition: str) -> str:
        """How many fit; from some number on, that many."""
        some = f"SELECT 1 FROM concept_token t WHERE {condition} LIMIT {_FREQUENT}"  # noqa: S608
        return f"SELECT count(*) AS label, 0 AS rank, '' AS words FROM ({some}) AS c"  # noqa: S608

    def beginning(self, begun: str) -> str:
        """The condition that a token begins so."""
        return f"t.token >= {self.mark(begun)} AND t.token < {self.mark(begun + _LAST)}"

    def _labels(self, condition: str, others: Sequence[str], limit: int) -> str:
        # Each of the others is one look into the index.
        having = "".join(
            f" AND EXISTS (SELECT 1 FROM concept_token o WHERE o.token = {self.mark(token)}"  # noqa: S608
            " AND o.rank = t.rank AND o.label = t.label)"
            for token in others
        )
        return (
            f"SELECT t.label, t.rank, '' AS words FROM concept_token t WHERE {condition}{having}{self._inside()}"  # noqa: S608
            f" ORDER BY t.rank, t.label LIMIT {limit}"
        )

    def _inside(self) -> str:
        if not self._span:
            return ""
        first, last = self._span
        return f" AND t.label BETWEEN {self.mark(first)} AND {self.mark(last)}"


def _tokens(tongue: str, words: Sequence[str]) -> list[str]:
    return [tongue + stem for stem in tagged(" ".join(words), _LANGUAGES[tongue])[tongue]]


def _together(found: dict[str, list[_Row]], keys: Iterable[str]) -> Labels:
    """The lists of some keys as one, by rank."""
    places = {row.label: row.rank for key in keys for row in found[key]}
    return Labels(
        [row.label for row in sorted(found[_EXACT], key=_place)],
        sorted(places, key=lambda label: (places[label], label)),
    )


def _place(row: _Row) -> tuple[int, int]:
    return row.rank, row.label


def known_stems(connection: sa.Connection, engine: Engine, tokens: Iterable[str]) -> set[str]:
    """Those of the tokens that any label has."""
    wanted = sorted(set(tokens))
    if not wanted:
        return set()
    t = schema.concept_token.c
    chosen = select(t.token).where(engine.within(t.token, wanted)).distinct()
    return set(connection.execute(chosen).scalars())


def by_keys(
    connection: sa.Connection, engine: Engine, keys: Iterable[str], span: Span
) -> dict[str, list[int]]:
    """The labels that are these words in stems, the best first; see `tokens.key`."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    t = schema.concept_token.c
    chosen = select(t.token, t.label).where(engine.within(t.token, wanted))
    chosen = chosen.where(t.label.between(*span)) if span else chosen
    found: dict[str, list[int]] = {}
    for token, label in connection.execute(chosen.order_by(t.token, t.rank, t.label)):
        found.setdefault(token, []).append(label)
    return found
