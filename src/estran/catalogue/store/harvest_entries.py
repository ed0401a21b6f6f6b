"""The SQL of what sources gave: one row a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from estran.catalogue.harvest.values import EntryPage, HarvestEntry
from estran.catalogue.store.harvest_delivery import Delivering, decode_became, take_out
from estran.errors import NotFound
from estran.storage import schema, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from estran.catalogue.store.harvest import HarvestStore, Standing
    from estran.catalogue.store.harvest_delivery import Arrival, Delivery

__all__ = ["EntryStore"]

_E, _B, _O = schema.harvest_entry.c, schema.blob.c, schema.original.c


class EntryStore:
    """What sources gave."""

    def __init__(self, harvests: HarvestStore) -> None:
        self._harvests, self._database = harvests, harvests.database

    def stamps(self, source: int, keys: Sequence[str]) -> dict[str, str]:
        """The stamps of those of these keys that are held, where they have one."""
        if not keys:
            return {}
        with self._database.read() as connection:
            rows = connection.execute(
                select(_E.key, _E.stamp).where(
                    _E.source == source, self._database.engine.within(_E.key, keys), _E.state != "gone"
                )
            )
            return {key: stamp for key, stamp in rows if stamp}

    def hashes(self, source: int, keys: Sequence[str]) -> dict[str, bytes]:
        """What the documents of these keys were, of those that need not be read again."""
        if not keys:
            return {}
        with self._database.read() as connection:
            rows = connection.execute(
                select(_E.key, _E.sha256).where(
                    _E.source == source, self._database.engine.within(_E.key, keys), _E.state != "gone"
                )
            )
            return {key: bytes(sha) for key, sha in rows if sha is not None}

    def deliver(
        self,
        at: Standing,
        holder: str,
        given: Delivery,
        actor: str,
        read: Callable[[Arrival], Arrival],
    ) -> None:
        """Store what came, and how far the run is, in one transaction; what this run has seen is passed over.

        Args:
            at: the run.
            holder: who harvests.
            given: what came.
            actor: for the change log.
            read: reads the document of an arrival for which that seemed not to be necessary.
        """
        with self._harvests.leases.writing(at.number, holder) as connection:
            Delivering(self._database.engine, connection, at, actor).take(given, read)

    def remove_unseen(self, at: Standing, holder: str, limit: int, actor: str) -> int:
        """Take out the first of what a run did not see; gives how many, 0 at the end."""
        with self._harvests.leases.writing(at.number, holder) as connection:
            rows = connection.execute(
                select(schema.harvest_entry)
                .where(_E.source == at.number, _E.run != at.report.id, _E.state != "gone")
                .order_by(_E.key)
                .limit(limit)
            ).all()
            delivering = Delivering(self._database.engine, connection, at, actor)
            delivering.bury(rows)
            delivering.count()
            return len(rows)

    def unseen(self, at: Standing) -> int:
        """How many things a run did not see that the source had before."""
        with self._database.read() as connection:
            return connection.execute(
                select(func.count()).where(_E.source == at.number, _E.run != at.report.id, _E.state != "gone")
            ).scalar_one()

    def entries(self, source: int, *, run: int | None, state: str, after: str, limit: int) -> EntryPage:
        """Entries of a source by key, those behind `after`."""
        chosen = select(schema.harvest_entry).where(_E.source == source, _E.key > after)
        if run is not None:
            chosen = chosen.where(_E.run == run)
        if state in ("held", "gone", "refused"):
            chosen = chosen.where(_E.state == state)
        elif state:
            chosen = chosen.where(_E.outcome == state)
        with self._database.read() as connection:
            rows = connection.execute(chosen.order_by(_E.key).limit(limit)).all()
        return EntryPage(tuple(map(_entry, rows)), rows[-1].key if len(rows) == limit else "")

    def tally(self, source: int, run: int | None) -> dict[str, int]:
        """How many entries stand in each state: of a source, or of those that a run was the last to see."""
        counted = select(_E.state, func.count()).where(_E.source == source).group_by(_E.state)
        if run is not None:
            counted = counted.where(_E.run == run)
        with self._database.read() as connection:
            return {row.state: int(row[1]) for row in connection.execute(counted)}

    def document(self, source: int, key: str) -> bytes:
        """The newest bytes of a key as they came, those of a refused document too.

        Raises:
            NotFound: nothing is held under that key.
        """
        with self._database.read() as connection:
            row = connection.execute(
                select(_E.sha256, _E.became).where(_E.source == source, _E.key == key, _E.state != "gone")
            ).first()
            body = None
            if row is not None and row.sha256 is not None:
                body = connection.execute(select(_B.body).where(_B.sha256 == row.sha256)).scalar()
            if row is not None and body is None:
                ids = list(decode_became(row.became).records.values())
                body = connection.execute(
                    select(_B.body)
                    .select_from(schema.record)
                    .join(schema.original, schema.record.c.pk == _O.pk)
                    .join(schema.blob, _B.sha256 == _O.sha256)
                    .where(schema.record.c.id.in_(ids))
                    .order_by(_O.at.desc())
                    .limit(1)
                ).scalar()
        if body is None:
            raise NotFound("document", key, "“estran harvest status” shows what the source gave.")
        return unpack(body)

    def bury_all(self, at: Sequence[tuple[str, bytes]], actor: str) -> None:
        """Take out the records and items of (key, became) pairs."""
        with self._database.write() as connection:
            take_out(self._database.engine, connection, [decode_became(b) for _, b in at], actor)

    def portion(self, source: int, after: str, limit: int) -> list[tuple[str, bytes]]:
        """The next (key, became) pairs of a source."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(_E.key, _E.became)
                .where(_E.source == source, _E.key > after)
                .order_by(_E.key)
                .limit(limit)
            )
            return [(key, bytes(became)) for key, became in rows]


def _entry(row: Any) -> HarvestEntry:
    became = decode_became(row.became)
    lives = row.state != "gone"
    return HarvestEntry(
        key=row.key, stamp=row.stamp, run=row.run, outcome=row.outcome, state=row.state, why=row.why or "",
        records=tuple(became.records.values()) if lives else (),
        items=tuple("/".join(item) for item in became.items) if lives else (),
    )  # fmt: skip
