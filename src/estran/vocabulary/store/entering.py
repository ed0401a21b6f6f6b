"""Vocabularies into the database and out of it; whoever calls holds the transaction."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import delete, or_, select

from estran.errors import NotFound
from estran.model import now_us, plain
from estran.storage import changes, pack, schema, take_numbers
from estran.vocabulary.concepts import IADOPT, MAPPINGS
from estran.vocabulary.names import locals_of, name_of
from estran.vocabulary.store.resolving import resolve_all
from estran.vocabulary.tokens import Label, labels, rank, tokens
from estran.words import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import sqlalchemy as sa

    from estran.storage import Engine
    from estran.vocabulary.concepts import ConceptScheme, Entry, Holding, Original, Relation

__all__ = ["enter", "hashes", "name_for", "names_in_tokens", "remove", "tops"]

_TITLE = 300
# So many new words that the planner has to be told.
_MANY = 50_000
_KNOWN = frozenset({*MAPPINGS, *IADOPT, "broader", "related", "member", "top"})


type Called = Sequence[Sequence[tuple[Label, frozenset[str]]]]


def names_in_tokens(entries: Iterable[Entry]) -> Called:
    """What each of the concepts is called, in tokens: dear, and done before anyone else has to wait."""
    return [[(label, frozenset(tokens(label))) for label in labels(entry)] for entry in entries]


def name_for(connection: sa.Connection, scheme: ConceptScheme) -> str:
    """The name of a vocabulary on this node: what it had, else one that no other has."""
    s = schema.concept_scheme.c
    held = connection.execute(select(s.name).where(s.uri == scheme.uri)).scalar()
    if held is not None:
        return held
    proposed = name_of(scheme)
    if connection.execute(select(s.name).where(s.name == proposed)).scalar() is None:
        return proposed
    return f"{proposed}-{hashlib.sha256(scheme.uri.encode()).hexdigest()[:6]}"


def hashes(connection: sa.Connection, uri: str) -> set[bytes]:
    """SHA-256 of the files that the vocabulary of an address came from."""
    s, o = schema.concept_scheme, schema.concept_source.c
    chosen = select(o.sha256).join(s, s.c.number == o.scheme).where(s.c.uri == uri)
    return set(connection.execute(chosen).scalars())


def enter(  # noqa: PLR0917 - all that a vocabulary is
    connection: sa.Connection,
    engine: Engine,
    holding: Holding,
    entries: Sequence[Entry],
    called: Called,
    relations: Iterable[Relation],
    originals: Sequence[Original] = (),
) -> bool:
    """Put a vocabulary in place of the one of its address or name; tells whether there was one.

    `called` is what `names_in_tokens` gave for the entries.
    """
    scheme, said = holding.scheme, sorted({r for r in relations if r.predicate in _KNOWN})
    s = schema.concept_scheme.c
    before = connection.execute(
        select(s.number).where(or_(s.name == scheme.name, s.uri == scheme.uri))
    ).scalars()
    replaced = [_empty(connection, number) for number in list(before)]
    number = take_numbers(connection, "concept-scheme", 1)
    rows = _Rows(connection, number, entries, called, tops(entries, said))
    fill = _filler(connection, engine)
    fill(schema.concept_scheme, [(
        number, scheme.name, scheme.uri, msgspec.json.encode(plain(scheme)),
        msgspec.json.encode(plain(holding)), now_us(), *rows.spans,
    )])  # fmt: skip
    fill(schema.concept_source, [
        (number, hashlib.sha256(one.body).digest(), one.name, one.format, pack(one.body)) for one in originals
    ])  # fmt: skip
    fill(schema.concept, rows.concepts)
    fill(schema.concept_name, sorted(rows.names))
    fill(schema.concept_label, rows.labels)
    # In the order of the key: each page of the tree is written once.
    fill(schema.concept_token, sorted(rows.tokens))
    fill(schema.concept_relation, [(*relation, number) for relation in said])
    resolve_all(connection, engine)
    if len(rows.tokens) > _MANY:
        for statement in engine.settle:
            connection.exec_driver_sql(statement)
    changes.log(connection, [("vocabulary", scheme.name, "change" if replaced else "add")], "operator")
    return bool(replaced)


def remove(connection: sa.Connection, engine: Engine, name: str) -> None:
    """Take a vocabulary out.

    Raises:
        NotFound: there is none of that name.
    """
    s = schema.concept_scheme.c
    number = connection.execute(select(s.number).where(s.name == name)).scalar()
    if number is None:
        raise NotFound("vocabulary", name, "“estran vocabulary list” shows those of the node.")
    _empty(connection, number)
    resolve_all(connection, engine)
    changes.log(connection, [("vocabulary", name, "remove")], "operator")


def tops(entries: Sequence[Entry], relations: Iterable[Relation]) -> frozenset[str]:
    """Where the trees of a vocabulary begin, so that every concept can be come to.

    Those are the concepts that have nothing broader here; of a circle that nothing leads into, the one
    whose address comes first.
    """
    own = {entry.uri for entry in entries if entry.kind != "collection"}
    narrower: dict[str, list[str]] = {}
    below: set[str] = set()
    for subject, predicate, broader in relations:
        if predicate == "broader" and subject in own and broader in own and subject != broader:
            narrower.setdefault(broader, []).append(subject)
            below.add(subject)
    found, seen = own - below, set[str]()
    _reach(found, narrower, seen)
    for uri in sorted(own - seen):
        if uri not in seen:
            found.add(uri)
            _reach({uri}, narrower, seen)
    return frozenset(found)


def _reach(starts: Iterable[str], narrower: dict[str, list[str]], seen: set[str]) -> None:
    waiting = list(starts)
    while waiting:
        uri = waiting.pop()
        if uri not in seen:
            seen.add(uri)
            waiting += narrower.get(uri, ())


class _Rows:
    """The rows of a vocabulary's concepts, under numbers that follow each other."""

    def __init__(
        self,
        connection: sa.Connection,
        scheme: int,
        entries: Sequence[Entry],
        called: Called,
        top: frozenset[str],
    ) -> None:
        self.concepts: list[tuple[Any, ...]] = []
        self.names: set[tuple[str, int]] = set()
        self.labels: list[tuple[Any, ...]] = []
        self.tokens: list[tuple[str, int, int]] = []
        first = take_numbers(connection, "concept", len(entries))
        pk = take_numbers(connection, "concept-label", sum(map(len, called)))
        self.spans = (first, first + len(entries) - 1, pk, pk + sum(map(len, called)) - 1)
        for number, entry, local, listed in zip(
            range(first, first + len(entries)), entries, locals_of(entries), called, strict=True
        ):
            self.concepts.append((
                number, scheme, entry.uri, local, entry.kind, int(entry.deprecated), int(entry.uri in top),
                folded(entry.title)[:_TITLE], msgspec.json.encode({**plain(entry), "local": local}),
            ))  # fmt: skip
            names = (entry.name, *entry.aliases)
            self.names.update((name, number) for name in names if 0 < len(name) <= _TITLE)
            for label, held in listed:
                self.labels.append((pk, number, label.language, label.kind, label.words))
                place = rank(label, deprecated=entry.deprecated)
                self.tokens += [(token, place, pk) for token in held]
                pk += 1


def _filler(connection: sa.Connection, engine: Engine) -> Any:
    def fill(table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        engine.insert(connection, table, tuple(table.columns.keys()), rows)

    return fill


def _empty(connection: sa.Connection, number: int) -> int:
    s, tables = schema.concept_scheme, schema
    held = connection.execute(select(s).where(s.c.number == number)).one()
    t, label, c = tables.concept_token, tables.concept_label, tables.concept
    connection.execute(delete(t).where(t.c.label.between(held.first_label, held.last_label)))
    connection.execute(delete(label).where(label.c.pk.between(held.first_label, held.last_label)))
    names = tables.concept_name
    connection.execute(delete(names).where(names.c.concept.between(held.first_concept, held.last_concept)))
    connection.execute(delete(c).where(c.c.pk.between(held.first_concept, held.last_concept)))
    for table in (tables.concept_relation, tables.concept_source):
        connection.execute(delete(table).where(table.c.scheme == number))
    connection.execute(delete(s).where(s.c.number == number))
    return number
