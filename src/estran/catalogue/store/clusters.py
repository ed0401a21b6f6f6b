"""Clusters: the records that describe one dataset, kept while records come, change and go.

Records that share a key (`estran.catalogue.identities`) are joined, and what is joined with the same record is
joined too. After each batch the clusters that it touched are computed anew from the keys, within the batch's
transaction, so that the order in which records come leaves no trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update

from estran.catalogue.identities import RULES, identities, most_of_a_source
from estran.catalogue.prepare import decode
from estran.storage import changes, get_meta, put_meta, schema
from estran.storage.copying import batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from estran.storage import Database, Engine

__all__ = ["Clustering", "identify", "rank_anew"]

_I, _C, _R, _S = (
    schema.record_identity.c,
    schema.record_cluster.c,
    schema.record.c,
    schema.harvest_source.c,
)
_COLUMNS = ("key", "source", "pk", "title")
_MADE_BY = "identities"
_TOO_MANY = 1 << 30


class Clustering:
    """One batch's way with clusters: made before the rows change, settled after."""

    def __init__(self, engine: Engine, connection: sa.Connection, pks: Sequence[int]) -> None:
        """Args: pks are of the records, among those that are here, which will be written or removed."""
        self._engine, self._connection = engine, connection
        self._pks = set(pks)
        self._touched: set[str] = set()
        self._clusters: set[int] = set()
        if pks:
            held = select(_I.key).where(engine.within(_I.pk, pks))
            self._touched.update(connection.execute(held).scalars())
            in_clusters = select(_C.cluster).where(engine.within(_C.pk, pks))
            self._clusters.update(connection.execute(in_clusters).scalars())

    def enter(self, rows: Iterable[tuple[str, str, int, str]]) -> None:
        """Give (key, source, pk, title) of the records that were written, in place of what they had."""
        if self._pks:
            forget = delete(schema.record_identity).where(self._engine.within(_I.pk, list(self._pks)))
            self._connection.execute(forget)
        listed = sorted(set(rows))
        self._touched.update(key for key, *_ in listed)
        self._pks.update(pk for _, _, pk, _ in listed)
        self._engine.insert(self._connection, schema.record_identity, _COLUMNS, listed)

    def settle(self, seq: int) -> None:
        """Compute what was touched; `seq` is the number of the batch's last change."""
        if not self._touched:
            return
        near = self._near()
        if near:
            of_near = select(_I.key).distinct().where(self._engine.within(_I.pk, list(near)))
            joined = list(self._connection.execute(of_near).scalars())
            found = _components(_carriers(self._connection, self._engine, joined))
            _write(self._connection, self._engine, near, found, seq)

    def _near(self) -> set[int]:
        """The records whose cluster may be another now."""
        clusters, near = set(self._clusters), set[int]()
        shared = _shared(self._connection, self._engine, list(self._touched))
        doubtful = [key for key, most in shared.items() if most > most_of_a_source(key)]
        # Where others alone are too many, the key joined nobody before, and joins nobody now.
        without = _shared(self._connection, self._engine, doubtful, self._pks) if doubtful else {}
        asked = [key for key in shared if without.get(key, 0) <= most_of_a_source(key)]
        if asked:
            carriers = select(_I.pk).where(self._engine.within(_I.key, asked))
            near.update(self._connection.execute(carriers).scalars())
            theirs = select(_C.cluster).where(self._engine.within(_C.pk, list(near)))
            clusters.update(self._connection.execute(theirs).scalars())
        if clusters:
            members = select(_C.pk).where(self._engine.within(_C.cluster, list(clusters)))
            near.update(self._connection.execute(members).scalars())
        return near


def identify(database: Database) -> None:
    """Cluster the records of a node that was filled by an Estran with other rules, or with none."""
    with database.read() as connection:
        if get_meta(connection, _MADE_BY) == RULES:
            return
    with database.write() as connection:
        if get_meta(connection, _MADE_BY) != RULES:
            _identify_all(connection, database.engine)
            put_meta(connection, _MADE_BY, RULES)


def _identify_all(connection: sa.Connection, engine: Engine) -> None:
    for table in (schema.record_identity, schema.record_cluster):
        connection.execute(delete(table))
    for rows in batches(connection, schema.record_document):
        told = select(_R.pk, _R.source).where(engine.within(_R.pk, [row.pk for row in rows]))
        sources = {row.pk: row.source for row in connection.execute(told)}
        made = [
            (key, sources[row.pk], row.pk, title)
            for row in rows
            for key, title in identities(decode(row.document))
        ]
        engine.insert(connection, schema.record_identity, _COLUMNS, made)
    found = _components(_carriers(connection, engine, None))
    if found:
        seq = changes.log(connection, [("cluster", "all", "change")], "operator")
        _write(connection, engine, set(), found, seq)


def rank_anew(connection: sa.Connection, engine: Engine, source: str) -> None:
    """Order the clusters with records of a source, whose precedence is another now."""
    theirs = select(_C.cluster).join_from(schema.record_cluster, schema.record).where(_R.source == source)
    rows = connection.execute(select(_C.cluster, _C.pk).where(_C.cluster.in_(theirs)).order_by(_C.cluster))
    found: dict[int, list[int]] = {}
    for cluster, pk in rows:
        found.setdefault(cluster, []).append(pk)
    if found:
        seq = changes.log(connection, [("source", source, "change")], "operator")
        _write(connection, engine, {pk for pks in found.values() for pk in pks}, list(found.values()), seq)


def _shared(
    connection: sa.Connection, engine: Engine, asked: Sequence[str], without: Iterable[int] = ()
) -> dict[str, int]:
    """Of some keys, those of several records, and how many of them one source has at most.

    Where one source gives them different titles, they are too many, however few.
    """
    counted = _COUNTED.where(engine.within(_I.key, asked))
    if without:
        counted = counted.where(sa.not_(engine.within(_I.pk, list(without))))
    return _most(connection, counted)


_COUNTED = select(_I.key, func.count().label("n"), func.count(_I.title.distinct()).label("titles")).group_by(
    _I.key, _I.source
)


def _most(connection: sa.Connection, counted: sa.Select[Any, int, int]) -> dict[str, int]:
    inner = counted.subquery()
    rows = connection.execute(
        select(inner.c.key, func.max(inner.c.n), func.max(inner.c.titles))
        .group_by(inner.c.key)
        .having(func.sum(inner.c.n) > 1)
    )
    return {key: int(most) if titles == 1 else _TOO_MANY for key, most, titles in rows}


def _carriers(
    connection: sa.Connection, engine: Engine, asked: Sequence[str] | None
) -> list[tuple[str, int]]:
    """(key, pk) of those keys, of all where none are given, that join records."""
    if asked is not None and not asked:
        return []
    shared = _most(connection, _COUNTED) if asked is None else _shared(connection, engine, asked)
    joining = {key for key, most in shared.items() if most <= most_of_a_source(key)}
    if not joining:
        return []
    rows = connection.execute(
        select(_I.key, _I.pk).where(engine.within(_I.key, list(joining))).order_by(_I.key, _I.pk)
    )
    listed = [(key, pk) for key, pk in rows]
    pages = {pk for key, pk in listed if most_of_a_source(key) == 1}
    opposed = _opposed(listed, _dois(connection, engine, pages)) if pages else set[str]()
    return [(key, pk) for key, pk in listed if key not in opposed]


def _dois(connection: sa.Connection, engine: Engine, pks: set[int]) -> dict[int, set[str]]:
    is_doi = or_(*(and_(_I.key >= f"{kind}doi:", _I.key < f"{kind}doi;") for kind in ("", "service-")))
    rows = connection.execute(select(_I.pk, _I.key).where(engine.within(_I.pk, list(pks)), is_doi))
    found: dict[int, set[str]] = {}
    for pk, key in rows:
        found.setdefault(pk, set()).add(key)
    return found


def _opposed(listed: Sequence[tuple[str, int]], dois: Mapping[int, set[str]]) -> set[str]:
    """Addresses whose records have different DOIs: the page tells of several resources."""
    said: dict[str, set[str]] = {}
    for key, pk in listed:
        if most_of_a_source(key) == 1:
            said.setdefault(key, set()).update(dois.get(pk, ()))
    return {key for key, found in said.items() if len(found) > 1}


def _components(joined: Iterable[tuple[str, int]]) -> list[list[int]]:
    """The sets of records that keys join, each by pk."""
    above: dict[int, int] = {}

    def top(pk: int) -> int:
        while above[pk] != pk:
            above[pk] = above[above[pk]]
            pk = above[pk]
        return pk

    first: dict[str, int] = {}
    for key, pk in joined:
        above.setdefault(pk, pk)
        one, other = sorted((top(pk), top(first.setdefault(key, pk))))
        above[other] = one
    found: dict[int, list[int]] = {}
    for pk in sorted(above):
        found.setdefault(top(pk), []).append(pk)
    return [pks for pks in found.values() if len(pks) > 1]


def _write(
    connection: sa.Connection, engine: Engine, near: set[int], found: Sequence[Sequence[int]], seq: int
) -> None:
    """Bring the rows of `near` to what was found; those that stand alone now keep a cluster of their own."""
    together = [pk for pks in found for pk in pks]
    concerned = list(near.union(together))
    rows = connection.execute(select(_C.pk, _C.cluster, _C.rank).where(engine.within(_C.pk, concerned)))
    held = {row.pk: (row.cluster, row.rank) for row in rows}
    now = {pk: (pk, 0) for pk in held}
    order = _order(connection, engine, together)
    for pks in found:
        ranked = sorted(pks, key=order.__getitem__)
        now.update((pk, (min(pks), rank)) for rank, pk in enumerate(ranked))
    fresh = [
        {"pk": pk, "cluster": cluster, "rank": rank, "seq": seq}
        for pk, (cluster, rank) in now.items()
        if pk not in held
    ]
    if fresh:
        connection.execute(insert(schema.record_cluster), fresh)
    moved = [
        {"_pk": pk, "_cluster": place[0], "_rank": place[1]}
        for pk, place in now.items()
        if held.get(pk, place) != place
    ]
    if moved:
        connection.execute(
            update(schema.record_cluster)
            .where(_C.pk == bindparam("_pk"))
            .values(cluster=bindparam("_cluster"), rank=bindparam("_rank"), seq=seq),
            moved,
        )


def _order(connection: sa.Connection, engine: Engine, pks: Sequence[int]) -> dict[int, tuple[int, int, str]]:
    """By what records of one cluster are ordered: precedence of the source, newest description, id."""
    if not pks:
        return {}
    precedence = {row.name: row.precedence for row in connection.execute(select(_S.name, _S.precedence))}
    rows = connection.execute(select(_R.pk, _R.source, _R.modified, _R.id).where(engine.within(_R.pk, pks)))
    never = -(1 << 62)
    return {
        pk: (-precedence.get(source, 0), -(never if modified is None else modified), id_)
        for pk, source, modified, id_ in rows
    }
