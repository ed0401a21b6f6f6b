"""The catalogue's SQL: records in, records out, and sets of them as bitmaps."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import zstandard
from pyroaring import BitMap
from sqlalchemy import bindparam, delete, func, insert, select, tuple_, update

from estran.catalogue.index import CHUNK_BITS, Facets
from estran.catalogue.prepare import decode
from estran.errors import NotFound
from estran.model import Record, moment_us, now_us
from estran.storage import changes, schema, take_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import sqlalchemy as sa

    from estran.catalogue.prepare import Prepared
    from estran.storage import Database

Outcome = Literal["new", "changed", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalDocument:
    """A record's document as it came.

    Attributes:
        format: name of the Estran format that read it; name: of its file.
        at: when it was stored (canonical instant); body: its bytes, untouched.
    """

    format: str
    name: str
    at: str
    body: bytes


@dataclass(slots=True)
class _Row:
    """What the database holds of a record that comes again."""

    pk: int
    id: str
    hash: bytes
    modified: int | None
    run: int
    centre: str
    visibility: str
    marks: frozenset[int]


class Store:
    """Reads and writes of the catalogue."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.engine = database.engine
        self._facets = Facets({}, {}, 0)
        self._lock = threading.Lock()

    # Sets

    def facets(self, connection: sa.Connection) -> Facets:
        """The facets as of this connection's view."""
        seq = changes.revision(connection)
        held = self._facets
        if held.seq == seq:
            return held
        if held.seq > seq:  # a view that began before another thread moved on: read it for itself
            held = Facets({}, {}, 0)
        b, v = schema.facet_bits.c, schema.facet_value.c
        chunks = connection.execute(select(b.value, b.chunk, b.bits).where(b.seq > held.seq)).all()
        newest = max((int(key) for key in held._values), default=0)  # noqa: SLF001 - its own maker
        values = {n: (f, x) for n, f, x in connection.execute(select(v.id, v.field, v.value).where(v.id > newest))}
        moved = held.moved(values, chunks, seq)
        with self._lock:
            if moved.seq > self._facets.seq:
                self._facets = moved
        return moved

    def pks(self, connection: sa.Connection, chosen: sa.Select[tuple[int]]) -> BitMap:
        """A select's first column as a set."""
        import numpy as np  # noqa: PLC0415 - only a search needs it

        inner = chosen.subquery()
        text = connection.execute(select(self.engine.joined(inner.c[0]))).scalar()
        return BitMap(np.fromstring(text, dtype=np.uint32, sep=",")) if text else BitMap()

    # Out

    def records(self, connection: sa.Connection, pks: Sequence[int]) -> tuple[Record, ...]:
        """The records of these pks, in their order."""
        r, d = schema.record.c, schema.record_document.c
        rows = connection.execute(
            select(r.pk, r.id, r.centre, r.source, r.visibility, r.added, r.updated, d.document)
            .join_from(schema.record, schema.record_document)
            .where(self.engine.within(r.pk, pks))
        )
        found = {row.pk: _record(row) for row in rows}
        return tuple(found[pk] for pk in pks if pk in found)

    def pk_of(self, connection: sa.Connection, id: str) -> int | None:  # noqa: A002 - the word of the model
        """The pk of a record, None if there is none."""
        return connection.execute(select(schema.record.c.pk).where(schema.record.c.id == id)).scalar()

    def originals(self, connection: sa.Connection, pk: int) -> tuple[OriginalDocument, ...]:
        """Every document that a record came from, the newest first."""
        o, b = schema.original.c, schema.blob.c
        rows = connection.execute(
            select(o.format, o.name, o.at, b.body)
            .join_from(schema.original, schema.blob, o.sha256 == b.sha256)
            .where(o.pk == pk)
            .order_by(o.at.desc(), o.name)
        )
        bodies = ((f, name, at, zstandard.decompress(body)) for f, name, at, body in rows)
        return tuple(OriginalDocument(format=f, name=n, at=moment_us(at), body=body) for f, n, at, body in bodies if body)

    def ordered(
        self,
        connection: sa.Connection,
        pool: BitMap,
        order: Sequence[tuple[str, bool]],
        after: Sequence[Any] | None,
        limit: int,
    ) -> list[tuple[int, tuple[Any, ...]]]:
        """The first `limit` records of a set in an order, missing values last.

        Args:
            connection: a view of the database.
            pool: the records to choose from.
            order: (column, descending) pairs; the last column is "id".
            after: values of those columns of the record that the page follows.
            limit: how many.

        Returns:
            (pk, values of the order's columns) pairs.
        """
        columns = [schema.record.c[name] for name, _ in order]
        chosen = select(schema.record.c.pk, *columns)
        # A small set is fetched and sorted; of a large one, walking the index soon meets enough.
        small = len(pool) ** 2 < limit * 4 * max(pool.max(), 1) or len(order) > 2 if pool else True  # noqa: PLR2004
        if small:
            chosen = chosen.where(self.engine.within(schema.record.c.pk, pool))
        found: list[tuple[int, tuple[Any, ...]]] = []
        for statement in _phases(chosen, order, after):
            rows = connection.execution_options(yield_per=max(limit, 64)).execute(statement)
            for pk, *values in rows:
                if pk in pool:
                    found.append((pk, tuple(values)))
                    if len(found) >= limit:
                        rows.close()
                        return found
        return found

    def scan(self, connection: sa.Connection, pool: BitMap, after: str, limit: int) -> list[int]:
        """The pks of the next `limit` records of a set by id."""
        return [pk for pk, _ in self.ordered(connection, pool, (("id", False),), (after,) if after else None, limit)]

    # In

    def begin_run(self, source: str, centre: str, visibility: str) -> int:
        """Note a source and what it assigns; gives the number of this load."""
        s = schema.source
        with self.database.write() as connection:
            done = connection.execute(update(s).where(s.c.name == source).values(centre=centre, visibility=visibility))
            if not done.rowcount:
                connection.execute(insert(s).values(name=source, centre=centre, visibility=visibility, added=now_us()))
            return take_numbers(connection, "run", 1)

    def source(self, name: str) -> tuple[str, str] | None:
        """Centre and visibility that a source assigns, None if it is new."""
        s = schema.source.c
        with self.database.read() as connection:
            row = connection.execute(select(s.centre, s.visibility).where(s.name == name)).first()
        return (row[0], row[1]) if row else None

    def write(self, batch: Sequence[Prepared], run: int, actor: str) -> list[Outcome]:
        """Store a batch: all of it, or nothing. One outcome for each record, in order."""
        with self.database.write() as connection:
            return _Batch(self, connection, run, actor).write(batch)

    def remove(self, id: str, actor: str) -> None:  # noqa: A002
        """Take a record out; the change log keeps that it was here.

        Raises:
            NotFound: there is none of that id.
        """
        with self.database.write() as connection:
            pk = self.pk_of(connection, id)
            if pk is None:
                raise NotFound("record", id)
            seq = changes.log(connection, [("record", id, "remove")], actor)
            d = schema.record_document.c
            marks = _numbers(connection.execute(select(d.marks).where(d.pk == pk)).scalar_one())
            move_bits(connection, {value: (set(), {pk}) for value in marks}, seq)
            self.engine.place_index.remove(connection, [pk])
            self.engine.text_index.remove(connection, [pk])
            connection.execute(delete(schema.record).where(schema.record.c.pk == pk))
            orphan = ~select(schema.original.c.pk).where(schema.original.c.sha256 == schema.blob.c.sha256).exists()
            connection.execute(delete(schema.blob).where(orphan))


def _record(row: Any) -> Record:
    return replace(
        decode(row.document), id=row.id, centre=row.centre, source=row.source, visibility=row.visibility,
        added=moment_us(row.added), updated=moment_us(row.updated),
    )  # fmt: skip


def _phases(chosen: sa.Select[Any], order: Sequence[tuple[str, bool]], after: Sequence[Any] | None) -> Iterator[sa.Select[Any]]:
    """The statements of one walk: with one key, rows that have it, then those that miss it.

    That way an index gives the order, which no engine does for "missing last" in both directions.
    """
    columns = [(schema.record.c[name], down) for name, down in order]
    if len(columns) != 2:  # noqa: PLR2004
        ordered = [(c.desc() if down else c.asc()).nulls_last() if c.nullable else (c.desc() if down else c) for c, down in columns]
        yield (chosen.where(_beyond(columns, after)) if after else chosen).order_by(*ordered)
        return
    (key, down), (id_, _) = columns
    here = chosen.where(key.is_not(None)).order_by(key.desc() if down else key, id_)
    missing = chosen.where(key.is_(None)).order_by(id_)
    if after is None:
        yield here
    elif after[0] is not None:
        further = key < after[0] if down else key > after[0]
        yield chosen.where(key == after[0], id_ > after[1]).order_by(id_)
        yield here.where(further)
    else:
        missing = missing.where(id_ > after[1])
    if key.nullable:
        yield missing


def _beyond(columns: Sequence[tuple[Any, bool]], after: Sequence[Any]) -> Any:
    """The condition "comes after these values", missing values last."""
    from sqlalchemy import and_, false, or_  # noqa: PLC0415

    alternatives: list[Any] = []
    for position, ((column, down), value) in enumerate(zip(columns, after, strict=True)):
        same = [c.is_(None) if v is None else c == v for (c, _), v in zip(columns[:position], after, strict=False)]
        if value is None:
            further = false()
        else:
            further = column < value if down else column > value
            further = or_(further, column.is_(None)) if column.nullable else further
        alternatives.append(and_(*same, further))
    return or_(*alternatives)


def _numbers(body: bytes) -> frozenset[int]:
    return frozenset(memoryview(body).cast("I")) if body else frozenset()


def _packed(numbers: Iterable[int]) -> bytes:
    from array import array  # noqa: PLC0415

    return array("I", sorted(numbers)).tobytes()


def move_bits(connection: sa.Connection, moves: dict[int, tuple[set[int], set[int]]], seq: int) -> None:
    """Add and take away records of facet values: value -> (pks to add, pks to take away)."""
    b = schema.facet_bits
    touched: dict[tuple[int, int], tuple[set[int], set[int]]] = {}
    for value, (add, take) in moves.items():
        for position, pks in enumerate((add, take)):
            for pk in pks:
                touched.setdefault((value, pk >> CHUNK_BITS), (set(), set()))[position].add(pk)
    if not touched:
        return
    held: dict[tuple[int, int], bytes] = {}
    for part in _portions(list(touched), 400):
        rows = connection.execute(select(b.c.value, b.c.chunk, b.c.bits).where(tuple_(b.c.value, b.c.chunk).in_(part)))
        held.update({(value, chunk): bits for value, chunk, bits in rows})
    fresh: list[dict[str, Any]] = []
    grown: list[dict[str, Any]] = []
    for key, (add, take) in touched.items():
        bits = BitMap.deserialize(held[key]) if key in held else BitMap()
        bits -= BitMap(take)
        bits |= BitMap(add)
        bits.run_optimize()
        (grown if key in held else fresh).append({"v": key[0], "c": key[1], "bits": bits.serialize(), "seq": seq})
    if fresh:
        connection.execute(insert(b), [{"value": r["v"], "chunk": r["c"], "bits": r["bits"], "seq": r["seq"]} for r in fresh])
    if grown:
        connection.execute(update(b).where(b.c.value == bindparam("v"), b.c.chunk == bindparam("c")), grown)


def _portions[T](items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


class _Batch:
    """One transaction's worth of records on their way in."""

    def __init__(self, store: Store, connection: sa.Connection, run: int, actor: str) -> None:
        self.store, self.connection, self.run, self.actor = store, connection, run, actor
        self.at = now_us()

    def write(self, batch: Sequence[Prepared]) -> list[Outcome]:
        held = self._held(batch)
        known = self._known_originals(held, batch)
        winners: dict[tuple[Any, str], Prepared] = {}
        news: set[tuple[Any, str]] = set()
        outcomes: list[Outcome] = []
        kept: list[tuple[tuple[Any, str], Prepared]] = []
        for coming in batch:
            key = (coming.row["source"], coming.key)
            outcome = self._decide(coming, held.get(key), winners.get(key), known)
            if outcome != "unchanged":
                if key not in held and key not in winners:
                    news.add(key)
                winners[key] = coming
            outcomes.append(outcome)
            kept.append((key, coming))
        pks = {key: row.pk for key, row in held.items()}
        first = take_numbers(self.connection, "pk", len(news)) if news else 0
        pks.update({key: first + n for n, key in enumerate(k for k in winners if k in news)})
        if winners:
            self._put(winners, held, pks)
        self._put_originals([(pks[key], coming) for key, coming in kept], known)
        return outcomes

    def _decide(self, coming: Prepared, row: _Row | None, winner: Prepared | None, known: set[tuple[int, bytes]]) -> Outcome:
        if winner is not None:  # the same key twice in one batch: the newest description wins
            if winner.hash == coming.hash or (coming.row["modified"] or 0) < (winner.row["modified"] or 0):
                return "unchanged"
            return "changed"
        if row is None:
            return "new"
        moved = row.centre != coming.row["centre"] or row.visibility != coming.row["visibility"]
        if row.hash == coming.hash:
            return "changed" if moved else "unchanged"
        if row.run == self.run:
            return "unchanged" if (coming.row["modified"] or 0) < (row.modified or 0) else "changed"
        # A document that is already kept was beaten by a newer one before.
        return "unchanged" if (row.pk, coming.original.sha256) in known and not moved else "changed"

    def _held(self, batch: Sequence[Prepared]) -> dict[tuple[Any, str], _Row]:
        r, d = schema.record.c, schema.record_document.c
        by_source: dict[Any, dict[str, None]] = {}
        for coming in batch:
            by_source.setdefault(coming.row["source"], {})[coming.key] = None
        found: dict[tuple[Any, str], _Row] = {}
        for source, keys in by_source.items():
            for part in _portions(list(keys), 900):
                rows = self.connection.execute(
                    select(r.key, r.pk, r.id, r.hash, r.modified, r.run, r.centre, r.visibility, d.marks)
                    .join_from(schema.record, schema.record_document)
                    .where(r.source == source, r.key.in_(part))
                )
                for key, *rest, marks in rows:
                    found[(source, key)] = _Row(*rest, _numbers(marks))
        return found

    def _known_originals(self, held: dict[tuple[Any, str], _Row], batch: Sequence[Prepared]) -> set[tuple[int, bytes]]:
        o = schema.original.c
        wanted = {(held[key].pk, c.original.sha256) for c in batch if (key := (c.row["source"], c.key)) in held}
        found: set[tuple[int, bytes]] = set()
        for part in _portions(list(wanted), 400):
            found.update((pk, sha) for pk, sha in self.connection.execute(select(o.pk, o.sha256).where(tuple_(o.pk, o.sha256).in_(part))))
        return found

    def _put(self, winners: dict[tuple[Any, str], Prepared], held: dict[tuple[Any, str], _Row], pks: dict[tuple[Any, str], int]) -> None:
        connection, engine = self.connection, self.store.engine
        old = [row.pk for key, row in held.items() if key in winners]
        if old:
            engine.place_index.remove(connection, old)
            engine.text_index.remove(connection, old)
            for table in (schema.external_id, schema.period):
                connection.execute(delete(table).where(engine.within(table.c.pk, old)))
        values = self._values({pair for coming in winners.values() for pair in coming.marks})
        marks = {key: frozenset(values[pair] for pair in coming.marks) for key, coming in winners.items()}
        self._put_rows(winners, held, pks, marks)
        engine.place_index.put(connection, [(pks[key], box) for key, c in winners.items() for box in c.boxes])
        engine.text_index.put(connection, [(pks[key], c.tokens) for key, c in winners.items()])
        self._insert(schema.external_id, [{"value": v, "scheme": s, "pk": pks[key]} for key, c in winners.items() for v, s in c.external_ids])
        self._insert(schema.period, [{"pk": pks[key], "start": s, "end": e} for key, c in winners.items() for s, e in c.periods])
        ids = {key: held[key].id if key in held else c.id for key, c in winners.items()}
        seq = changes.log(connection, [("record", ids[key], "change" if key in held else "add") for key in winners], self.actor)
        moves: dict[int, tuple[set[int], set[int]]] = {}
        for key, now in marks.items():
            before = held[key].marks if key in held else frozenset()
            for value in now - before:
                moves.setdefault(value, (set(), set()))[0].add(pks[key])
            for value in before - now:
                moves.setdefault(value, (set(), set()))[1].add(pks[key])
        move_bits(connection, moves, seq)

    def _put_rows(
        self,
        winners: dict[tuple[Any, str], Prepared],
        held: dict[tuple[Any, str], _Row],
        pks: dict[tuple[Any, str], int],
        marks: dict[tuple[Any, str], frozenset[int]],
    ) -> None:
        r, d = schema.record, schema.record_document
        new_rows: list[dict[str, Any]] = []
        new_documents: list[dict[str, Any]] = []
        old_rows: list[dict[str, Any]] = []
        old_documents: list[dict[str, Any]] = []
        for key, coming in winners.items():
            row = {**coming.row, "hash": coming.hash, "updated": self.at, "run": self.run}
            document = {"document": coming.document, "marks": _packed(marks[key]), "description": coming.description}
            if key in held:
                old_rows.append({**row, "_pk": pks[key]})
                old_documents.append({**document, "_pk": pks[key]})
            else:
                new_rows.append({**row, "pk": pks[key], "id": coming.id, "key": coming.key, "added": self.at})
                new_documents.append({**document, "pk": pks[key]})
        self._insert(r, new_rows)
        self._insert(d, new_documents)
        for table, rows in ((r, old_rows), (d, old_documents)):
            if rows:
                self.connection.execute(update(table).where(table.c.pk == bindparam("_pk")), rows)

    def _put_originals(self, kept: Sequence[tuple[int, Prepared]], known: set[tuple[int, bytes]]) -> None:
        coming = {(pk, c.original.sha256): c.original for pk, c in kept if (pk, c.original.sha256) not in known}
        bodies = {original.sha256: original.body for original in coming.values()}
        b = schema.blob.c
        for part in _portions(list(bodies), 900):
            for (sha,) in self.connection.execute(select(b.sha256).where(b.sha256.in_(part))):
                del bodies[sha]
        self._insert(schema.blob, [{"sha256": sha, "body": body} for sha, body in bodies.items()])
        self._insert(
            schema.original,
            [{"pk": pk, "sha256": sha, "format": o.format, "name": o.name, "at": self.at} for (pk, sha), o in coming.items()],
        )

    def _values(self, pairs: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
        v = schema.facet_value
        found: dict[tuple[str, str], int] = {}
        for part in _portions(sorted(pairs), 400):
            rows = self.connection.execute(select(v.c.field, v.c.value, v.c.id).where(tuple_(v.c.field, v.c.value).in_(part)))
            found.update({(field, value): number for field, value, number in rows})
        missing = sorted(pairs - found.keys())
        if missing:
            first = (self.connection.execute(select(func.max(v.c.id))).scalar() or 0) + 1
            self._insert(v, [{"id": first + n, "field": f, "value": x} for n, (f, x) in enumerate(missing)])
            found.update({pair: first + n for n, pair in enumerate(missing)})
        return found

    def _insert(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.connection.execute(insert(table), rows)
