"""Concepts by words: labels that match, the best first, straight out of the index of tokens.

The index is ordered by token and rank. A question walks the list of its rarest word in the order of ranks
and looks each label up under the other words; it stops as soon as it has enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, literal, select

from estran.storage import schema
from estran.vocabulary.tokens import groups, whole
from estran.words import split, tagged

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import sqlalchemy as sa

    from estran.storage import Engine

__all__ = ["by_keys", "exact", "matching", "span_of"]

_t = schema.concept_token
# Labels that are looked through for the beginning of a word, and what counts as frequent.
_MOST_SCANNED = 500
_FREQUENT = 1000
_SHORT = 3
_LAST = "\U0010ffff"

type Span = tuple[int, int] | None


def span_of(connection: sa.Connection, scheme: str) -> Span:
    """First and last label of a vocabulary; None for all of them."""
    if not scheme:
        return None
    s = schema.concept_scheme.c
    held = connection.execute(select(s.first_label, s.last_label).where(s.name == scheme)).first()
    return (held[0], held[1]) if held else (0, -1)


def exact(connection: sa.Connection, text: str, span: Span, limit: int) -> list[int]:
    """The labels that are these very words, but for capitals and accents."""
    chosen = (
        select(_t.c.label).where(_t.c.token == whole(text), *_inside(span)).order_by(_t.c.rank, _t.c.label)
    )
    return list(connection.execute(chosen.limit(limit)).scalars())


def matching(
    connection: sa.Connection, text: str, language: str, span: Span, limit: int, *, prefix: bool
) -> list[int]:
    """The labels that have every word, the last of which may be only begun."""
    words, begun = split(text), whole(text)
    if prefix and 1 < len(begun) <= _SHORT:
        # So few letters begin too many words: the first labels by the alphabet must do.
        return _first_by_alphabet(connection, begun, span)
    if not words:
        return []
    found: dict[int, int] = {}
    for group in groups(language):
        for label, place in _of_group(connection, group, words, span, limit, prefix=prefix):
            found.setdefault(label, place)
    return sorted(found, key=lambda label: (found[label], label))


def _of_group(
    connection: sa.Connection, group: str, words: list[str], span: Span, limit: int, *, prefix: bool
) -> Iterable[tuple[int, int]]:
    tokens = [group + stem for stem in _stems(group, " ".join(words))]
    found = list(_walk(connection, tokens, span, limit))
    if not prefix or len(found) >= limit:
        return found
    begun = group + words[-1]
    if len(tokens) > 1 and _is_frequent(connection, begun):
        # Many words begin so: one of them will soon be met among the labels of the others.
        wide = _walk(connection, tokens[:-1], span, _MOST_SCANNED)
        return [*found, *_begun(connection, words[-1], wide)]
    return [*found, *_range(connection, begun, span, limit, tokens[:-1])]


def _stems(group: str, text: str) -> list[str]:
    return tagged(text, {"f": "fr", "e": "en", "x": "other"}[group])[group]


def _walk(
    connection: sa.Connection, tokens: Sequence[str], span: Span, limit: int
) -> Sequence[tuple[int, int]]:
    """(label, rank) of the labels that have all tokens, by rank."""
    distinct = sorted(set(tokens))
    if len(distinct) > 1:
        distinct.sort(key=lambda token: _frequency(connection, token))
    first, *others = distinct
    return _labels(connection, [_t.c.token == first, *_having(others)], span, limit)


def _range(
    connection: sa.Connection, begun: str, span: Span, limit: int, others: Sequence[str] = ()
) -> Sequence[tuple[int, int]]:
    """(label, rank) of the labels that have a token which begins so, and all others, by rank."""
    return _labels(connection, [*_beginning(begun), *_having(others)], span, limit)


def _labels(
    connection: sa.Connection, conditions: Sequence[Any], span: Span, limit: int
) -> Sequence[tuple[int, int]]:
    chosen = (
        select(_t.c.label, _t.c.rank)
        .where(*conditions, *_inside(span))
        .order_by(_t.c.rank, _t.c.label)
        .limit(limit)
    )
    return [(label, place) for label, place in connection.execute(chosen)]


def _having(tokens: Sequence[str]) -> list[Any]:
    """The conditions that the label at hand has these tokens as well: each is one look into the index."""
    found: list[Any] = []
    for n, token in enumerate(tokens):
        other = _t.alias(f"t{n}").c
        found.append(
            exists(
                select(literal(1)).where(
                    other.token == token, other.rank == _t.c.rank, other.label == _t.c.label
                )
            )
        )
    return found


def _first_by_alphabet(connection: sa.Connection, begun: str, span: Span) -> list[int]:
    """The first labels that begin so, the best of them first."""
    chosen = (
        select(_t.c.label, _t.c.rank)
        .where(*_beginning(begun), *_inside(span))
        .order_by(_t.c.token, _t.c.rank, _t.c.label)
        .limit(_MOST_SCANNED)
    )
    found = [(place, label) for label, place in connection.execute(chosen)]
    return [label for _, label in sorted(found)]


def _beginning(begun: str) -> tuple[Any, Any]:
    return _t.c.token >= begun, _t.c.token < begun + _LAST


def _frequency(connection: sa.Connection, token: str) -> int:
    return _count(connection, [_t.c.token == token])


def _is_frequent(connection: sa.Connection, begun: str) -> bool:
    return _count(connection, _beginning(begun)) >= _FREQUENT


def _count(connection: sa.Connection, conditions: Sequence[Any]) -> int:
    some = select(_t.c.label).where(*conditions).limit(_FREQUENT).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()


def _begun(
    connection: sa.Connection, word: str, found: Sequence[tuple[int, int]]
) -> Iterable[tuple[int, int]]:
    """Those of the labels that have a word which begins so."""
    places = dict(found)
    label = schema.concept_label.c
    rows = (
        connection.execute(select(label.pk, label.words).where(label.pk.in_(list(places)))) if places else ()
    )
    for pk, words in rows:
        if any(one.startswith(word) for one in split(words)):
            yield pk, places[pk]


def _inside(span: Span) -> list[Any]:
    return [_t.c.label.between(*span)] if span else []


def known_stems(connection: sa.Connection, engine: Engine, tokens: Iterable[str]) -> set[str]:
    """Those of the tokens that any label has."""
    wanted = sorted(set(tokens))
    if not wanted:
        return set()
    chosen = select(_t.c.token).where(engine.within(_t.c.token, wanted)).distinct()
    return set(connection.execute(chosen).scalars())


def by_keys(
    connection: sa.Connection, engine: Engine, keys: Iterable[str], span: Span
) -> dict[str, list[int]]:
    """The labels that are these words in stems, the best first; see `tokens.key`."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    chosen = (
        select(_t.c.token, _t.c.label)
        .where(engine.within(_t.c.token, wanted), *_inside(span))
        .order_by(_t.c.token, _t.c.rank, _t.c.label)
    )
    found: dict[str, list[int]] = {}
    for token, label in connection.execute(chosen):
        found.setdefault(token, []).append(label)
    return found
