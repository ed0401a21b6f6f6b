"""What the words and addresses that records carry mean: each is looked up once, not once a record.

An address is what it says. Words are the labels that they are: as written, else in stems; concepts that are
still in use before deprecated ones. Words that name several concepts mean them all. Of a path of broader
terms (`EARTH SCIENCE > OCEANS`) that no label is, the last step counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from sqlalchemy import delete, select

from estran.storage import schema
from estran.vocabulary.concepts import Entry
from estran.vocabulary.store.searching import by_keys
from estran.vocabulary.tokens import key, whole
from estran.words import tagged

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import sqlalchemy as sa

    from estran.storage import Engine

__all__ = ["ADDRESSES", "WORDS", "resolve", "resolve_all"]

WORDS = ("variable", "keyword", "theme", "topic", "platform", "instrument")
"""Fields whose values are words for concepts."""
ADDRESSES = ("concept", *(f"concept:{field}" for field in ("variable", "theme", "platform", "instrument")))
"""Fields whose values are addresses of concepts."""

_AT_ONCE = 1000
_MOST = 20
_HIDDEN = 2
_v, _fc, _fw = schema.facet_value, schema.facet_concept, schema.facet_word
_c, _l = schema.concept.c, schema.concept_label.c
_decode = msgspec.json.Decoder(Entry).decode


class Value(NamedTuple):
    """A facet value."""

    id: int
    field: str
    value: str


class _Meant(NamedTuple):
    """A concept that a value means."""

    pk: int
    uri: str
    deprecated: bool
    document: bytes


def resolve_all(connection: sa.Connection, engine: Engine) -> None:
    """Look every value up anew: a vocabulary came, changed or went."""
    for table in (_fc, _fw):
        connection.execute(delete(table))
    after = 0
    while True:
        chosen = select(_v.c.id, _v.c.field, _v.c.value).where(_v.c.id > after)
        chosen = chosen.where(_v.c.field.in_((*WORDS, *ADDRESSES))).order_by(_v.c.id).limit(_AT_ONCE)
        values = [Value(*row) for row in connection.execute(chosen)]
        if not values:
            return
        resolve(connection, engine, values)
        after = values[-1].id


def resolve(connection: sa.Connection, engine: Engine, values: Iterable[tuple[int, str, str]]) -> None:
    """Note what values mean that were not looked up yet."""
    listed = [Value(*value) for value in values]
    stated = {v.id: v.value for v in listed if v.field in ADDRESSES}
    worded = {v.id: v.value for v in listed if v.field in WORDS}
    found = {
        **_by_address(connection, engine, stated),
        **_by_label(connection, engine, worded),
    }
    meant: dict[tuple[int, str], tuple[str, int]] = {}
    for value, (how, concepts) in found.items():
        for concept in concepts:
            meant[value, concept.uri] = (how, int(concept.deprecated))
            if concept.deprecated:
                for other in _decode(concept.document).replaced_by:
                    meant.setdefault((value, other), ("replaced", 0))
    for value, uri in stated.items():
        # Vocabularies that come later may lead to it all the same.
        meant.setdefault((value, uri), ("uri", 0))
    rows = [(value, uri, how, old) for (value, uri), (how, old) in sorted(meant.items())]
    engine.insert(connection, _fc, ("value", "concept", "how", "deprecated"), rows)
    tokens = _tokens(connection, engine, {v: [c.pk for c in cs] for v, (_, cs) in found.items()})
    engine.insert(connection, _fw, ("token", "value"), sorted(tokens))


def _by_address(
    connection: sa.Connection, engine: Engine, stated: dict[int, str]
) -> dict[int, tuple[str, list[_Meant]]]:
    spellings = {value: _spellings(uri) for value, uri in stated.items()}
    wanted = sorted({uri for listed in spellings.values() for uri in listed})
    if not wanted:
        return {}
    chosen = select(_c.pk, _c.uri, _c.deprecated, _c.document).where(engine.within(_c.uri, wanted))
    held: dict[str, list[_Meant]] = {}
    for pk, uri, deprecated, document in connection.execute(chosen.order_by(_c.pk)):
        held.setdefault(uri, []).append(_Meant(pk, uri, bool(deprecated), document))
    found: dict[int, tuple[str, list[_Meant]]] = {}
    for value, listed in spellings.items():
        concepts = next((held[uri] for uri in listed if uri in held), None)
        if concepts:
            found[value] = ("uri", concepts)
    return found


def _spellings(uri: str) -> list[str]:
    """An address, and what is usually the same: with or without its last slash, by http or by https."""
    bare = uri.rstrip("/")
    other = (
        bare.replace("https:", "http:", 1)
        if bare.startswith("https:")
        else bare.replace("http:", "https:", 1)
    )
    return list(dict.fromkeys((uri, bare, f"{bare}/", other, f"{other}/")))


def _by_label(
    connection: sa.Connection, engine: Engine, worded: dict[int, str]
) -> dict[int, tuple[str, list[_Meant]]]:
    asked: dict[int, list[tuple[str, list[str]]]] = {}
    for value, words in worded.items():
        last = words.rpartition(">")[2].strip()
        asked[value] = [step for part in dict.fromkeys((words, last)) if part for step in _steps(part)]
    tokens = {token for steps in asked.values() for _, listed in steps for token in listed}
    labels = by_keys(connection, engine, tokens, None)
    concepts = _of_labels(connection, engine, {pk for listed in labels.values() for pk in listed})
    found: dict[int, tuple[str, list[_Meant]]] = {}
    for value, steps in asked.items():
        deprecated: tuple[str, list[_Meant]] | None = None
        for how, listed in steps:
            named = list(
                {
                    m.pk: m for token in listed for pk in labels.get(token, ()) if (m := concepts.get(pk))
                }.values()
            )
            used = [one for one in named if not one.deprecated]
            if used:
                found[value] = (how, used[:_MOST])
                break
            if named and deprecated is None:
                deprecated = (how, named[:_MOST])
        else:
            if deprecated is not None:
                found[value] = deprecated
    return found


def _steps(words: str) -> list[tuple[str, list[str]]]:
    """Where to look for words, one after the other: (how, tokens)."""
    stems = {**tagged(words), **tagged(words, "other")}
    return [("label", [whole(words)]), ("stem", [key(group, s) for group, s in stems.items() if s])]


def _of_labels(connection: sa.Connection, engine: Engine, labels: Iterable[int]) -> dict[int, _Meant]:
    """The concepts of labels."""
    found: dict[int, _Meant] = {}
    wanted = sorted(labels)
    if not wanted:
        return found
    chosen = (
        select(_l.pk, _c.pk, _c.uri, _c.deprecated, _c.document)
        .select_from(schema.concept_label.join(schema.concept, _c.pk == _l.concept))
        .where(engine.within(_l.pk, wanted))
    )
    for label, pk, uri, deprecated, document in connection.execute(chosen):
        found[label] = _Meant(pk, uri, bool(deprecated), document)
    return found


def _tokens(
    connection: sa.Connection, engine: Engine, concepts: dict[int, Sequence[int]]
) -> set[tuple[str, int]]:
    """(token, value) of every word that the concepts of a value are called by, in French and in English."""
    wanted = sorted({pk for listed in concepts.values() for pk in listed})
    if not wanted:
        return set()
    chosen = select(_l.concept, _l.language, _l.words).where(
        engine.within(_l.concept, wanted), _l.language.in_(("fr", "en", "")), _l.kind != _HIDDEN
    )
    tokens: dict[int, set[str]] = {}
    for concept, language, words in connection.execute(chosen):
        held = tokens.setdefault(concept, set())
        held.update(group + stem for group, stems in tagged(words, language).items() for stem in stems)
    return {
        (token, value) for value, listed in concepts.items() for pk in listed for token in tokens.get(pk, ())
    }
