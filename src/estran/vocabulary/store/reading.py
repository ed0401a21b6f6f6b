"""What the vocabularies of a database hold: schemes, concepts, trees, and what hangs together with what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import exists, func, literal, select, tuple_

from estran.model import moment_us
from estran.storage import schema, unpack
from estran.vocabulary.concepts import Branch, Entry, Holding, Original, Relation
from estran.vocabulary.tokens import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import sqlalchemy as sa

    from estran.storage import Engine

__all__ = [
    "Labelled", "at", "children", "count_children", "count_tops", "entries_of", "facing", "holdings", "labelled", "listing",
    "named", "originals", "relations_of", "steps", "tops",
]  # fmt: skip

_s, _c, _n, _l, _r = (
    schema.concept_scheme.c,
    schema.concept.c,
    schema.concept_name.c,
    schema.concept_label.c,
    schema.concept_relation.c,
)
_decode = msgspec.json.Decoder(Entry).decode
_concept, _scheme = schema.concept, schema.concept_scheme
# Vocabularies in the order of their names, so that of two entries of one address the same comes first.
_joined = _concept.join(_scheme, _s.number == _c.scheme)


def holdings(connection: sa.Connection, name: str = "") -> tuple[Holding, ...]:
    """The vocabularies, by name; only the one of a name where it is given."""
    chosen = select(_s.holding, _s.loaded).order_by(_s.name)
    chosen = chosen.where(_s.name == name) if name else chosen
    return tuple(
        replace(msgspec.json.decode(body, type=Holding), loaded=moment_us(loaded))
        for body, loaded in connection.execute(chosen)
    )


def originals(connection: sa.Connection, name: str = "") -> tuple[Original, ...]:
    """The files that the vocabularies came as, each once."""
    o = schema.concept_source
    chosen = select(o.c.sha256, o.c.name, o.c.format, o.c.body).order_by(o.c.scheme, o.c.name)
    if name:
        chosen = chosen.join(_scheme, _s.number == o.c.scheme).where(_s.name == name)
    found = {sha: (file, form, body) for sha, file, form, body in connection.execute(chosen)}
    return tuple(Original(name=file, format=form, body=unpack(body)) for file, form, body in found.values())


def entries_of(connection: sa.Connection, engine: Engine, uris: Iterable[str]) -> dict[str, Entry]:
    """The concepts of these addresses, of the first vocabulary that has them."""
    wanted = sorted(set(uris))
    if not wanted:
        return {}
    chosen = (
        select(_c.uri, _c.document)
        .select_from(_joined)
        .where(engine.within(_c.uri, wanted))
        .order_by(_s.name.desc())
    )
    return {uri: _decode(body) for uri, body in connection.execute(chosen)}


def named(connection: sa.Connection, engine: Engine, names: Iterable[str]) -> dict[str, Entry]:
    """The concepts that data call so, of the first vocabulary that has them, by that name."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    held = schema.concept_name
    chosen = (
        select(_n.name, _c.document)
        .select_from(held.join(_joined, _n.concept == _c.pk))
        .where(engine.within(_n.name, wanted))
        # One that is called so now before one that was.
        .order_by(_s.name.desc(), _c.deprecated.desc(), _c.pk.desc())
    )
    return {name: _decode(body) for name, body in connection.execute(chosen)}


def at(connection: sa.Connection, scheme: str, local: str) -> Entry | None:
    """The concept of an address on this node."""
    chosen = select(_c.document).select_from(_joined).where(_s.name == scheme, _c.local == local)
    body = connection.execute(chosen).scalar()
    return _decode(body) if body is not None else None


class Labelled(NamedTuple):
    """A label, and the concept that is called so."""

    pk: int
    words: str
    language: str
    kind: str
    concept: int
    body: bytes

    @property
    def entry(self) -> Entry:
        """The concept: reading it costs more than finding it."""
        return _decode(self.body)


def labelled(connection: sa.Connection, engine: Engine, pks: Sequence[int]) -> list[Labelled]:
    """These labels, in their order."""
    spelling = engine.spelling
    text = (
        "SELECT l.pk, l.words, l.language, l.kind, c.pk, c.document FROM concept_label l"  # noqa: S608
        f" JOIN concept c ON c.pk = l.concept WHERE {spelling.among('l.pk', spelling.mark.format('pks'))}"
    )
    rows = engine.ask(connection, text, {"pks": spelling.listing(pks)}) if pks else []
    found = {
        pk: Labelled(pk, words, tongue, KINDS[kind], *concept) for pk, words, tongue, kind, *concept in rows
    }
    return [found[pk] for pk in pks if pk in found]


def tops(
    connection: sa.Connection, scheme: str, after: tuple[str, int] | None, limit: int
) -> tuple[list[Branch], tuple[str, int] | None]:
    """Where the trees of a vocabulary begin, by title, and where to go on."""
    chosen = (
        select(_c.document, _c.title, _c.pk, _has_narrower())
        .select_from(_joined)
        .where(_s.name == scheme, _c.top == 1)
    )
    return _page(connection, chosen, after, limit)


def count_tops(connection: sa.Connection, scheme: str) -> int:
    """How many trees a vocabulary has."""
    chosen = select(func.count()).select_from(_joined).where(_s.name == scheme, _c.top == 1)
    return connection.execute(chosen).scalar_one()


def count_children(connection: sa.Connection, uri: str) -> int:
    """How many concepts are narrower than one."""
    below = select(_r.subject).where(_r.object == uri, _r.predicate == "broader", _r.subject != uri)
    return connection.execute(select(func.count(_c.uri.distinct())).where(_c.uri.in_(below))).scalar_one()


def children(
    connection: sa.Connection, uri: str, after: tuple[str, int] | None, limit: int
) -> tuple[list[Branch], tuple[str, int] | None]:
    """What is narrower than a concept, by title, and where to go on."""
    below = select(_r.subject).where(_r.object == uri, _r.predicate == "broader", _r.subject != uri)
    # Of one address that several vocabularies hold, one is shown.
    first = select(func.min(_c.pk)).where(_c.uri.in_(below)).group_by(_c.uri)
    chosen = select(_c.document, _c.title, _c.pk, _has_narrower()).where(_c.pk.in_(first))
    return _page(connection, chosen, after, limit)


def listing(
    connection: sa.Connection, scheme: str, after: tuple[str, int] | None, limit: int
) -> tuple[list[Branch], tuple[str, int] | None]:
    """All concepts of a vocabulary, by title, and where to go on."""
    chosen = (
        select(_c.document, _c.title, _c.pk, _has_narrower()).select_from(_joined).where(_s.name == scheme)
    )
    return _page(connection, chosen, after, limit)


def _page(
    connection: sa.Connection,
    chosen: sa.Select[Any, Any, Any, Any],
    after: tuple[str, int] | None,
    limit: int,
) -> tuple[list[Branch], tuple[str, int] | None]:
    if after is not None:
        chosen = chosen.where(tuple_(_c.title, _c.pk) > tuple_(literal(after[0]), literal(after[1])))
    rows = connection.execute(chosen.order_by(_c.title, _c.pk).limit(limit + 1)).all()
    more = (rows[limit - 1][1], rows[limit - 1][2]) if len(rows) > limit else None
    return [Branch(entry=_decode(body), has_narrower=bool(has)) for body, _, _, has in rows[:limit]], more


def _has_narrower() -> Any:
    below = schema.concept_relation.alias("below").c
    return exists(
        select(literal(1)).where(
            below.object == _c.uri, below.predicate == "broader", below.subject != _c.uri
        )
    )


def steps(
    connection: sa.Connection,
    engine: Engine,
    uris: Iterable[str],
    forwards: Iterable[str] = (),
    backwards: Iterable[str] = (),
) -> list[tuple[str, str]]:
    """(from, to) one relation further: along some predicates, against others."""
    wanted, found = sorted(set(uris)), list[tuple[str, str]]()
    if not wanted:
        return found
    for predicate in sorted(set(forwards)):
        chosen = select(_r.subject, _r.object).where(
            engine.within(_r.subject, wanted), _r.predicate == predicate
        )
        found += [(one, other) for one, other in connection.execute(chosen)]
    for predicate in sorted(set(backwards)):
        chosen = select(_r.object, _r.subject).where(
            engine.within(_r.object, wanted), _r.predicate == predicate
        )
        found += [(one, other) for one, other in connection.execute(chosen)]
    return found


def facing(connection: sa.Connection, uri: str, limit: int) -> tuple[list[Relation], list[Relation]]:
    """What is said of an address, and what others say with it."""
    columns = (_r.subject, _r.predicate, _r.object)
    said = select(*columns).where(_r.subject == uri).distinct().order_by(*columns).limit(limit)
    with_it = select(*columns).where(_r.object == uri).distinct().order_by(*columns).limit(limit)
    return (
        [Relation(*row) for row in connection.execute(said)],
        [Relation(*row) for row in connection.execute(with_it)],
    )


def relations_of(connection: sa.Connection, scheme: str) -> list[Relation]:
    """All that a vocabulary says."""
    held = schema.concept_relation.join(_scheme, _s.number == _r.scheme)
    chosen = select(_r.subject, _r.predicate, _r.object).select_from(held).where(_s.name == scheme)
    return [Relation(*row) for row in connection.execute(chosen)]
