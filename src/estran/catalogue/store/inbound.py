"""Records on their way in: which are new, which changed, and all the rows of both."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pyroaring import BitMap
from sqlalchemy import bindparam, delete, func, insert, select, tuple_, update

from estran.catalogue.index import CHUNK_BITS
from estran.catalogue.store import tombstones
from estran.catalogue.store.clusters import Clustering
from estran.storage import changes, descriptions, schema, take_numbers
from estran.vocabulary.store.resolving import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import sqlalchemy as sa

    from estran.catalogue.prepare import Prepared
    from estran.storage import Engine

Outcome = Literal["new", "changed", "unchanged"]
_Key = tuple[str, str]
"""Source and key: what a record is within the node."""


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


def numbers(body: bytes) -> frozenset[int]:
    """The numbers of `packed` bytes."""
    return frozenset(memoryview(body).cast("I")) if body else frozenset()


def packed(found: Iterable[int]) -> bytes:
    """Small numbers as bytes, for a column."""
    return array("I", sorted(found)).tobytes()


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
        rows = connection.execute(
            select(b.c.value, b.c.chunk, b.c.bits).where(tuple_(b.c.value, b.c.chunk).in_(part))
        )
        held.update({(value, chunk): bits for value, chunk, bits in rows})
    fresh: list[dict[str, Any]] = []
    grown: list[dict[str, Any]] = []
    for key, (add, take) in touched.items():
        bits = BitMap.deserialize(held[key]) if key in held else BitMap()
        bits -= BitMap(take)
        bits |= BitMap(add)
        bits.run_optimize()
        (grown if key in held else fresh).append(
            {"v": key[0], "c": key[1], "bits": bits.serialize(), "seq": seq}
        )
    if fresh:
        connection.execute(
            insert(b), [{"value": r["v"], "chunk": r["c"], "bits": r["bits"], "seq": r["seq"]} for r in fresh]
        )
    if grown:
        connection.execute(update(b).where(b.c.value == bindparam("v"), b.c.chunk == bindparam("c")), grown)


def enter_values(
    connection: sa.Connection, engine: Engine, pairs: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """The numbers of (field, value) pairs; new ones are entered, and what they mean is noted."""
    v, wanted = schema.facet_value, set(pairs)
    found: dict[tuple[str, str], int] = {}
    for part in _portions(sorted(wanted), 400):
        rows = connection.execute(
            select(v.c.field, v.c.value, v.c.id).where(tuple_(v.c.field, v.c.value).in_(part))
        )
        found.update({(field, value): number for field, value, number in rows})
    missing = sorted(wanted - found.keys())
    if missing:
        first = (connection.execute(select(func.max(v.c.id))).scalar() or 0) + 1
        fresh = [(first + n, field, value) for n, (field, value) in enumerate(missing)]
        connection.execute(insert(v), [{"id": n, "field": f, "value": x} for n, f, x in fresh])
        resolve(connection, engine, fresh)
        found.update({(field, value): number for number, field, value in fresh})
    return found


def _hides(row: _Row, coming: Prepared | None) -> bool:
    return coming is not None and tombstones.hides(
        (row.visibility, row.centre), (coming.visibility, coming.centre)
    )


def _portions[T](items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


class Batch:
    """One transaction's worth of records on their way in."""

    def __init__(
        self, engine: Engine, connection: sa.Connection, run: int, actor: str, *, last_wins: bool = False
    ) -> None:
        self._engine, self._connection, self._run, self._actor = engine, connection, run, actor
        self._last_wins = last_wins
        self._at = changes.instant(connection)

    def write(self, batch: Sequence[Prepared]) -> list[Outcome]:
        """Store them; one outcome for each, in order."""
        held = self._held(batch)
        known = self._known_originals(held, batch)
        winners: dict[_Key, Prepared] = {}
        news: set[_Key] = set()
        outcomes: list[Outcome] = []
        kept: list[tuple[_Key, Prepared]] = []
        for coming in batch:
            key = (coming.source, coming.key)
            outcome = self._decide(coming, held.get(key), winners.get(key), known)
            if outcome != "unchanged":
                if key not in held and key not in winners:
                    news.add(key)
                winners[key] = coming
            outcomes.append(outcome)
            kept.append((key, coming))
        pks = {key: row.pk for key, row in held.items()}
        first = take_numbers(self._connection, "pk", len(news)) if news else 0
        pks.update({key: first + n for n, key in enumerate(k for k in winners if k in news)})
        if winners:
            self._put(winners, held, pks)
        self._put_originals([(pks[key], coming) for key, coming in kept], known)
        return outcomes

    def _decide(
        self, coming: Prepared, row: _Row | None, winner: Prepared | None, known: set[tuple[int, bytes]]
    ) -> Outcome:
        if winner is not None:  # the same key twice in one batch: the newest description wins
            if winner.hash == coming.hash or (coming.modified or 0) < (winner.modified or 0):
                return "unchanged"
            return "changed"
        if row is None:
            return "new"
        moved = row.centre != coming.centre or row.visibility != coming.visibility
        if row.hash == coming.hash:
            return "changed" if moved else "unchanged"
        if row.run == self._run:
            return "unchanged" if (coming.modified or 0) < (row.modified or 0) else "changed"
        # A document that is already kept was beaten by a newer one before.
        beaten = (row.pk, coming.original.sha256) in known and not self._last_wins
        return "unchanged" if beaten and not moved else "changed"

    def _held(self, batch: Sequence[Prepared]) -> dict[_Key, _Row]:
        r, d = schema.record.c, schema.record_document.c
        by_source: dict[str, dict[str, None]] = {}
        for coming in batch:
            by_source.setdefault(coming.source, {})[coming.key] = None
        found: dict[_Key, _Row] = {}
        for source, keys in by_source.items():
            for part in _portions(list(keys), 900):
                rows = self._connection.execute(
                    select(r.key, r.pk, r.id, r.hash, r.modified, r.run, r.centre, r.visibility, d.marks)
                    .join_from(schema.record, schema.record_document)
                    .where(r.source == source, r.key.in_(part))
                )
                for key, pk, id_, hash_, modified, run, centre, visibility, marks in rows:
                    found[(source, key)] = _Row(
                        pk, id_, hash_, modified, run, centre, visibility, numbers(marks)
                    )
        return found

    def _known_originals(self, held: dict[_Key, _Row], batch: Sequence[Prepared]) -> set[tuple[int, bytes]]:
        o = schema.original.c
        wanted = {(held[key].pk, c.original.sha256) for c in batch if (key := (c.source, c.key)) in held}
        found: set[tuple[int, bytes]] = set()
        for part in _portions(list(wanted), 400):
            found.update(
                (pk, sha)
                for pk, sha in self._connection.execute(
                    select(o.pk, o.sha256).where(tuple_(o.pk, o.sha256).in_(part))
                )
            )
        return found

    def _put(self, winners: dict[_Key, Prepared], held: dict[_Key, _Row], pks: dict[_Key, int]) -> None:
        connection, engine = self._connection, self._engine
        old = [row.pk for key, row in held.items() if key in winners]
        clustering = Clustering(engine, connection, old)
        if old:
            engine.place_index.remove(connection, old)
            engine.text_index.remove(connection, old)
            for table in (schema.external_id, schema.period):
                connection.execute(delete(table).where(engine.within(table.c.pk, old)))
        values = enter_values(connection, engine, {p for c in winners.values() for p in c.marks})
        marks = {key: frozenset(values[pair] for pair in coming.marks) for key, coming in winners.items()}
        self._put_rows(winners, held, pks, marks)
        engine.place_index.put(connection, [(pks[key], box) for key, c in winners.items() for box in c.boxes])
        engine.text_index.put(connection, [(pks[key], c.tokens) for key, c in winners.items()])
        self._insert(
            schema.external_id,
            [
                {"value": v, "scheme": s, "pk": pks[key]}
                for key, c in winners.items()
                for v, s in c.external_ids
            ],
        )
        clustering.enter(
            (name, c.source, pks[key], title) for key, c in winners.items() for name, title in c.identities
        )
        self._insert(
            schema.period,
            [{"pk": pks[key], "start": s, "end": e} for key, c in winners.items() for s, e in c.periods],
        )
        ids = {key: held[key].id if key in held else c.id for key, c in winners.items()}
        hidden = {row.id: row.marks for key, row in held.items() if _hides(row, winners.get(key))}
        events = [("record", ids[key], "change" if key in held else "add") for key in winners]
        seq = changes.log(connection, tombstones.buried(connection, hidden) + events, self._actor)
        moves: dict[int, tuple[set[int], set[int]]] = {}
        for key, now in marks.items():
            before = held[key].marks if key in held else frozenset()
            for value in now - before:
                moves.setdefault(value, (set(), set()))[0].add(pks[key])
            for value in before - now:
                moves.setdefault(value, (set(), set()))[1].add(pks[key])
        move_bits(connection, moves, seq)
        clustering.settle(seq)

    def _put_rows(
        self,
        winners: dict[_Key, Prepared],
        held: dict[_Key, _Row],
        pks: dict[_Key, int],
        marks: dict[_Key, frozenset[int]],
    ) -> None:
        r, d = schema.record, schema.record_document
        new_rows: list[dict[str, Any]] = []
        new_documents: list[dict[str, Any]] = []
        old_rows: list[dict[str, Any]] = []
        old_documents: list[dict[str, Any]] = []
        for key, coming in winners.items():
            row = {
                **coming.row, "source": coming.source, "centre": coming.centre, "visibility": coming.visibility,
                "modified": coming.modified, "hash": coming.hash, "updated": self._at, "run": self._run,
            }  # fmt: skip
            document = {
                "document": coming.document,
                "marks": packed(marks[key]),
                "description": coming.description,
            }
            if key in held:
                old_rows.append({**row, "_pk": pks[key]})
                old_documents.append({**document, "_pk": pks[key]})
            else:
                new_rows.append(
                    {**row, "pk": pks[key], "id": coming.id, "key": coming.key, "added": self._at}
                )
                new_documents.append({**document, "pk": pks[key]})
        self._keep_former(winners, held)
        self._insert(r, new_rows)
        self._insert(d, new_documents)
        for table, rows in ((r, old_rows), (d, old_documents)):
            if rows:
                self._connection.execute(update(table).where(table.c.pk == bindparam("_pk")), rows)

    def _keep_former(self, winners: dict[_Key, Prepared], held: dict[_Key, _Row]) -> None:
        """Keep what described datasets whose citations give the same again."""
        keeping = descriptions.keeping(self._connection)
        coming = {
            held[key].pk: c.document for key, c in winners.items() if key in held and held[key].id in keeping
        }
        if not coming:
            return
        r, d = schema.record.c, schema.record_document.c
        found = self._connection.execute(
            select(r.pk, r.id, r.updated, d.document)
            .join_from(schema.record, schema.record_document)
            .where(self._engine.within(r.pk, list(coming)))
        )
        descriptions.put(
            self._connection,
            [
                descriptions.Description(keeping[row.id], descriptions.RECORD, row.document, row.updated)
                for row in found
                if row.document != coming[row.pk]
            ],
        )

    def _put_originals(self, kept: Sequence[tuple[int, Prepared]], known: set[tuple[int, bytes]]) -> None:
        coming = {
            (pk, c.original.sha256): c.original for pk, c in kept if (pk, c.original.sha256) not in known
        }
        bodies = {original.sha256: original.body for original in coming.values()}
        b = schema.blob.c
        for part in _portions(list(bodies), 900):
            for (sha,) in self._connection.execute(select(b.sha256).where(b.sha256.in_(part))):
                del bodies[sha]
        self._insert(schema.blob, [{"sha256": sha, "body": body} for sha, body in bodies.items()])
        self._insert(
            schema.original,
            [
                {"pk": pk, "sha256": sha, "format": o.format, "name": o.name, "at": self._at}
                for (pk, sha), o in coming.items()
            ],
        )

    def _insert(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(insert(table), rows)
