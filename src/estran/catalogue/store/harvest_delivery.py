"""What a source gave, into the catalogue: records, items, entries and the run's counts in one transaction."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
from sqlalchemy import bindparam, select, update

from estran.catalogue.harvest.values import MissedDocument, clean
from estran.catalogue.store.inbound import Batch
from estran.catalogue.store.outbound import remove_items, remove_records, sweep_blobs
from estran.storage import pack, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import sqlalchemy as sa

    from estran.catalogue.portions import Portion
    from estran.catalogue.store.harvest import Standing

__all__ = ["Arrival", "Became", "Delivering", "Delivery", "decode_became", "take_out"]

_E, _R, _M, _B = schema.harvest_entry.c, schema.harvest_run.c, schema.harvest_missed.c, schema.blob.c
_COLUMNS = ("source", "key", "sha256", "stamp", "run", "outcome", "state", "became", "why")
_LONGEST_WHY = 2000
# Reasons of what was missed, kept for a run; more of them say nothing new.
_MOST_MISSED = 10_000


class Became(msgspec.Struct, frozen=True):
    """What an entry became: record key -> record id, and (collection, id) of items."""

    records: dict[str, str] = msgspec.field(default_factory=dict)
    items: list[tuple[str, str]] = msgspec.field(default_factory=list)


decode_became = msgspec.json.Decoder(Became).decode


class Arrival(NamedTuple):
    """What a source said of one key.

    Attributes:
        kind: "found" a document; "kept": it is the version held; "gone".
        sha256: of the document's bytes; body: these bytes, kept where they are refused.
        read: what became of the document, None where its bytes are those held.
    """

    key: str
    kind: Literal["found", "kept", "gone"]
    sha256: bytes = b""
    stamp: str = ""
    body: bytes = b""
    read: Portion | None = None


class Delivery(NamedTuple):
    """What is stored together: arrivals, each key once; and how far the visit is after them."""

    arrivals: Sequence[Arrival]
    missed: Sequence[MissedDocument]
    position: Mapping[str, Any] | None
    announced: int | None


class _Row(NamedTuple):
    """How an entry shall stand."""

    key: str
    sha256: bytes | None
    stamp: str
    outcome: str
    state: str
    became: bytes
    why: str | None


class Delivering:
    """One transaction of a run."""

    def __init__(self, engine: Any, connection: sa.Connection, at: Standing, actor: str) -> None:
        self._engine, self._connection, self._at, self._actor = engine, connection, at, actor
        self._source, self._run = at.number, at.report.id
        self._held: dict[str, Any] = {}
        self._counts: Counter[str] = Counter()
        self._fresh: list[_Row] = []
        self._grown: list[_Row] = []
        self._touched: dict[str, list[str]] = {}
        self._dropped: list[Became] = []
        self._old_documents: list[bytes] = []

    def take(self, given: Delivery, read: Callable[[Arrival], Arrival]) -> None:
        """Store what came; what this run has seen is passed over."""
        keys = [arrival.key for arrival in given.arrivals]
        chosen = select(schema.harvest_entry).where(_E.source == self._source)
        rows = self._connection.execute(chosen.where(self._engine.within(_E.key, keys))) if keys else ()
        self._held = {row.key: row for row in rows}
        missed = list(given.missed)
        coming: list[Arrival] = []
        gone: list[Any] = []
        for arrival in given.arrivals:
            held = self._held.get(arrival.key)
            if (
                held is not None
                and held.run == self._run
                and (held.state == "gone") == (arrival.kind == "gone")
            ):
                continue
            if arrival.kind == "gone":
                self._counts["withdrawn"] += 1
                if held is None:
                    self._fresh.append(_Row(arrival.key, None, "", "removed", "gone", b"{}", None))
                else:
                    gone.append(held)
            elif arrival.kind == "found" and not self._is_held(held, arrival):
                coming.append(arrival if arrival.read is not None else read(arrival))
            elif held is None or held.state == "gone":
                why = "the source says that it did not change, and it is not held here; read the whole source"
                missed.append(MissedDocument(arrival.key, why))
            else:
                self._keep(held, arrival)
        self._store(coming)
        self.bury(gone)
        self._miss(missed)
        self.count(given.position, given.announced)

    def bury(self, rows: Sequence[Any]) -> None:
        """Take out what became of entries."""
        # What is gone already was taken out then.
        self._take_out(
            [decode_became(row.became) for row in rows if row.state != "gone"], {r.key for r in rows}
        )
        for row in rows:
            self._counts["removed"] += row.state != "gone"
            self._grown.append(_Row(row.key, None, "", "removed", "gone", bytes(row.became), None))
            self._supersede(row)

    def count(self, position: Mapping[str, Any] | None = None, announced: int | None = None) -> None:
        """Write entries and the run's counts."""
        self._write_entries()
        values: dict[str, Any] = {
            name: schema.harvest_run.c[name] + number for name, number in self._counts.items() if number
        }
        if position is not None:
            values["position"] = msgspec.json.encode(position)
        if announced is not None:
            values["announced"] = announced
        if values:
            self._connection.execute(update(schema.harvest_run).where(_R.id == self._run).values(values))

    @staticmethod
    def _is_held(held: Any, arrival: Arrival) -> bool:
        return (
            held is not None
            and held.state != "gone"
            and held.sha256 is not None
            and bytes(held.sha256) == arrival.sha256
        )

    def _keep(self, held: Any, arrival: Arrival) -> None:
        outcome = "refused" if held.state == "refused" else "unchanged"
        self._counts["seen"] += 1
        self._counts[outcome] += 1
        if arrival.kind == "found" and arrival.stamp != held.stamp:
            sha = None if held.sha256 is None else bytes(held.sha256)
            self._grown.append(
                _Row(held.key, sha, arrival.stamp, outcome, held.state, bytes(held.became), held.why)
            )
        else:
            self._touched.setdefault(outcome, []).append(held.key)

    def _store(self, coming: Sequence[Arrival]) -> None:
        """Records into the catalogue, then how their entries stand."""
        before = {
            a.key: decode_became(h.became) if (h := self._held.get(a.key)) else Became() for a in coming
        }
        # What comes back comes back under its old id.
        records = [
            one._replace(id=before[a.key].records.get(one.key, one.id))
            for a in coming
            if a.read
            for one in a.read.prepared
        ]
        outcomes = Batch(
            self._engine, self._connection, self._run, self._actor, last_wins=True
        ).write(records) if records else []  # fmt: skip
        ids = self._ids([one.key for one in records])
        told = iter(outcomes)
        refused: dict[bytes, bytes] = {}
        for arrival in coming:
            read = arrival.read
            assert read is not None
            here = [next(told) for _ in read.prepared]
            now = Became(
                {one.key: ids[one.key] for one in read.prepared},
                [(item.collection, item.id) for item in read.items],
            )
            self._settle(arrival, before[arrival.key], now, here, refused)
        self._take_out(self._dropped, set())
        self._put_blobs(refused)

    def _settle(
        self,
        arrival: Arrival,
        before: Became,
        now: Became,
        outcomes: Sequence[str],
        refused: dict[bytes, bytes],
    ) -> None:
        held, read = self._held.get(arrival.key), arrival.read
        lives = held is not None and held.state != "gone"
        why = clean("; ".join(dict.fromkeys(r.why for r in read.refused)))[:_LONGEST_WHY] if read else ""
        if not now.records and not now.items:
            outcome, state = "refused", "refused"
            why = why or "it holds no metadata; ask its producer what it is"
            refused[arrival.sha256] = arrival.body
            # What the last version that could be read became stays as it is.
            now = before
        else:
            state = "held"
            outcome = "changed"
            if not lives or not (before.records or before.items):
                outcome = "new"
            elif now == before and not now.items and set(outcomes) == {"unchanged"}:
                outcome = "unchanged"
            if lives:
                # What it was and is no more; taken out when all that came is known.
                records = {key: id_ for key, id_ in before.records.items() if key not in now.records}
                self._dropped.append(Became(records, [x for x in before.items if x not in now.items]))
        self._counts["seen"] += 1
        self._counts[outcome] += 1
        row = _Row(
            arrival.key, arrival.sha256, arrival.stamp, outcome, state, msgspec.json.encode(now), why or None
        )
        if held is None:
            self._fresh.append(row)
        else:
            self._grown.append(row)
            self._supersede(held)

    def _take_out(self, what: Sequence[Became], keys: set[str]) -> None:
        """Remove what entries became; items stay where an entry under another key became them, as moved ones do."""
        items = {item for one in what for item in one.items}
        if items:
            items -= self._claimed(items, keys)
        mine = Became({id_: id_ for one in what for id_ in one.records.values()}, sorted(items))
        take_out(self._engine, self._connection, [mine], self._actor)

    def _claimed(self, items: set[tuple[str, str]], keys: set[str]) -> set[tuple[str, str]]:
        """Those of these items that live entries became which have other keys."""
        coming = {row.key: row for row in (*self._fresh, *self._grown)}
        held = self._connection.execute(
            select(_E.key, _E.became, _E.state).where(_E.source == self._source, _E.state != "gone")
        )
        found: set[tuple[str, str]] = set()
        for row in chain((one for one in held if one.key not in coming), coming.values()):
            if row.key not in keys and row.state != "gone":
                found.update(items.intersection(decode_became(row.became).items))
        return found

    def _supersede(self, held: Any) -> None:
        if held.state == "refused" and held.sha256 is not None:
            self._old_documents.append(bytes(held.sha256))

    def _ids(self, keys: Sequence[str]) -> dict[str, str]:
        if not keys:
            return {}
        r = schema.record.c
        rows = self._connection.execute(
            select(r.key, r.id).where(r.source == self._at.source.name, self._engine.within(r.key, keys))
        )
        return {row.key: row.id for row in rows}

    def _put_blobs(self, refused: dict[bytes, bytes]) -> None:
        if refused:
            there = self._connection.execute(select(_B.sha256).where(_B.sha256.in_(list(refused))))
            known = {bytes(sha) for sha in there.scalars()}
            rows = [(sha, pack(body)) for sha, body in refused.items() if sha not in known]
            self._engine.insert(self._connection, schema.blob, ("sha256", "body"), rows)

    def _miss(self, missed: Sequence[MissedDocument]) -> None:
        told = {one.place: one.why[:_LONGEST_WHY] for one in missed}
        if not told:
            return
        known = set(
            self._connection.execute(
                select(_M.place).where(_M.run == self._run, self._engine.within(_M.place, list(told)))
            ).scalars()
        )
        rows = [(self._run, place, why) for place, why in told.items() if place not in known]
        self._counts["missed"] += len(rows)
        if self._at.report.missed < _MOST_MISSED:
            self._engine.insert(self._connection, schema.harvest_missed, ("run", "place", "why"), rows)

    def _write_entries(self) -> None:
        touching = update(schema.harvest_entry).where(_E.source == self._source)
        for outcome, keys in self._touched.items():
            self._connection.execute(
                touching.where(self._engine.within(_E.key, keys)).values(run=self._run, outcome=outcome)
            )
        rows = [(self._source, r.key, r.sha256, r.stamp, self._run, *r[3:]) for r in self._fresh]
        self._engine.insert(self._connection, schema.harvest_entry, _COLUMNS, rows)
        if self._grown:
            self._connection.execute(
                update(schema.harvest_entry).where(_E.source == self._source, _E.key == bindparam("_key")),
                [
                    {"_key": r.key, "run": self._run, **dict(zip(r._fields[1:], r[1:], strict=True))}
                    for r in self._grown
                ],
            )
        sweep_blobs(self._connection, self._old_documents)


def take_out(engine: Any, connection: sa.Connection, what: Sequence[Became], actor: str) -> None:
    """Remove the records and items that entries became."""
    ids = [id_ for one in what for id_ in one.records.values()]
    if ids:
        remove_records(connection, engine, ids, actor)
    items = [item for one in what for item in one.items]
    if items:
        remove_items(connection, engine, items, actor)
