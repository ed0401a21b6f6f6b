"""The SQL of sources and their runs: who harvests what, since when, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import delete, func, insert, select, true, update

from estran.catalogue.harvest.values import HarvestSource, MissedDocument, RunReport
from estran.catalogue.store.clusters import rank_anew
from estran.catalogue.store.harvest_leases import Leases
from estran.errors import Conflict, NotFound
from estran.model import moment_us, now_us
from estran.storage import schema, take_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    import sqlalchemy as sa

    from estran.storage import Database

__all__ = ["HarvestStore", "Plan", "Standing"]

_S, _R, _E, _M = (
    schema.harvest_source.c,
    schema.harvest_run.c,
    schema.harvest_entry.c,
    schema.harvest_missed.c,
)
_COUNTS = ("seen", "new", "changed", "unchanged", "refused", "withdrawn", "removed", "missed")


class Plan(NamedTuple):
    """What a run shall do: go on with run `resume`, or begin; the whole source, or changes since an instant."""

    resume: int | None
    whole: bool
    since: str = ""


class Standing(NamedTuple):
    """Where a run stands, for whoever goes on with it."""

    number: int
    source: HarvestSource
    report: RunReport
    position: Mapping[str, Any] | None
    visited: bool
    confirmed: bool


class HarvestStore:
    """Sources and runs."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.leases = Leases(database)

    # Sources

    def add(self, source: HarvestSource) -> None:
        """Keep a new source.

        Raises:
            Conflict: there is one of that name.
        """
        with self.database.write() as connection:
            if connection.execute(select(_S.number).where(_S.name == source.name)).first():
                raise Conflict(
                    f"there is a source “{source.name}” already; change it, or choose another name"
                )
            values = {
                "name": source.name, "number": take_numbers(connection, "harvest-source", 1),
                "protocol": source.protocol, "url": source.url, "centre": source.centre,
                "options": msgspec.json.encode(dict(source.options)), "visibility": source.visibility,
                "schedule": source.schedule, "precedence": source.precedence, "active": int(source.active),
                "added": now_us(), "holder": "", "lease": 0,
            }  # fmt: skip
            connection.execute(insert(schema.harvest_source).values(values))
            if source.precedence:  # records of that name may have been loaded before
                rank_anew(connection, self.database.engine, source.name)

    def sources(self) -> tuple[HarvestSource, ...]:
        """All of them, by name."""
        with self.database.read() as connection:
            rows = connection.execute(select(schema.harvest_source).order_by(_S.name))
            return tuple(_source(row) for row in rows)

    def source(self, name: str) -> HarvestSource:
        """One of them.

        Raises:
            NotFound: there is none of that name.
        """
        with self.database.read() as connection:
            return _source(self._row(connection, name))

    def change(self, name: str, values: Mapping[str, Any], *, reread: bool) -> None:
        """Change columns of a source; `reread` forgets what its documents were, so that each is read again."""
        with self.database.write() as connection:
            row = self._row(connection, name)
            if values:
                held = dict(values)
                if "options" in held:
                    held["options"] = msgspec.json.encode(dict(held["options"]))
                connection.execute(update(schema.harvest_source).where(_S.name == name).values(held))
            if values.get("precedence", row.precedence) != row.precedence:
                rank_anew(connection, self.database.engine, name)
            if reread:
                self.leases.check_free(row, "")
                _give_up(connection, row.number, "the source was changed")
                _forget(connection, row.number)

    def remove(self, name: str) -> None:
        """Forget a source, its runs and entries; its records stay as they are."""
        with self.database.write() as connection:
            row = self._row(connection, name)
            self.leases.check_free(row, "")
            # A run's missed ones, runs and entries go with it.
            connection.execute(delete(schema.harvest_source).where(_S.number == row.number))
            if row.precedence:
                rank_anew(connection, self.database.engine, name)

    def number(self, name: str) -> int:
        """What rows of a source are kept under.

        Raises:
            NotFound: there is none of that name.
        """
        with self.database.read() as connection:
            return self._row(connection, name).number

    def _row(self, connection: sa.Connection, name: str) -> Any:
        row = connection.execute(select(schema.harvest_source).where(_S.name == name)).first()
        if row is None:
            raise NotFound("source", name, "“estran harvest list” shows those that there are.")
        return row

    # Runs

    def begin(self, name: str, plan: Any, *, confirmed: bool, reread: bool) -> int:
        """Begin a run, or go on with one that was cut; gives its number.

        Args:
            name: of the source.
            plan: (source, last run, position or None) -> `Plan`.
            confirmed: whether any loss is meant.
            reread: whether each document is read again.

        Raises:
            Conflict: another process harvests the source.
        """
        with self.database.write() as connection:
            row = self._row(connection, name)
            self.leases.check_free(row, "")
            last = connection.execute(
                select(schema.harvest_run).where(_R.source == row.number).order_by(_R.id.desc()).limit(1)
            ).first()
            decided: Plan = plan(_source(row), self._report(last, row) if last else None)
            if decided.resume is not None:
                values: dict[str, Any] = {"state": "running", "ended": None, "note": ""}
                if confirmed:
                    values["confirmed"] = 1
                connection.execute(update(schema.harvest_run).where(_R.id == decided.resume).values(values))
                return decided.resume
            _give_up(connection, row.number, "it was given up for a new one")
            if reread:
                _forget(connection, row.number)
            had = connection.execute(
                select(func.count()).where(_E.source == row.number, _E.state != "gone")
            ).scalar_one()
            number = take_numbers(connection, "run", 1)
            values = {
                "id": number, "source": row.number, "state": "running", "whole": int(decided.whole),
                "confirmed": int(confirmed), "since": decided.since, "started": now_us(), "visited": 0,
                "had": had, "note": "", **dict.fromkeys(_COUNTS, 0),
            }  # fmt: skip
            connection.execute(insert(schema.harvest_run).values(values))
            return number

    def runs(self, name: str, limit: int, before: int = 0) -> tuple[RunReport, ...]:
        """The runs of a source, the newest first; those before run `before` if it is given."""
        with self.database.read() as connection:
            source = self._row(connection, name)
            rows = connection.execute(
                select(schema.harvest_run)
                .where(_R.source == source.number, _R.id < before if before else true())
                .order_by(_R.id.desc())
                .limit(limit)
            )
            return tuple(self._report(row, source) for row in rows)

    def run(self, number: int) -> RunReport:
        """One run.

        Raises:
            NotFound: there is none of that number.
        """
        return self.standing(number).report

    def standing(self, number: int) -> Standing:
        """Where a run stands.

        Raises:
            NotFound: there is none of that number.
        """
        with self.database.read() as connection:
            row = connection.execute(select(schema.harvest_run).where(_R.id == number)).first()
            if row is None:
                raise NotFound("run", str(number), "“estran harvest status” shows those that there are.")
            held = connection.execute(select(schema.harvest_source).where(_S.number == row.source)).one()
            position = msgspec.json.decode(row.position) if row.position else None
            return Standing(
                held.number, _source(held), self._report(row, held), position, bool(row.visited),
                bool(row.confirmed),
            )  # fmt: skip

    def has_ended(self, number: int) -> bool:
        """Whether there is nothing left to do of a run."""
        with self.database.read() as connection:
            state = connection.execute(select(_R.state).where(_R.id == number)).scalar()
        return state != "running"

    def missed(self, number: int, limit: int, after: str = "") -> tuple[MissedDocument, ...]:
        """What a run's source named and did not give, the first so many behind a place."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(_M.place, _M.why)
                .where(_M.run == number, _M.place > after)
                .order_by(_M.place)
                .limit(limit)
            )
            return tuple(MissedDocument(*row) for row in rows)

    def visited(self, at: Standing, holder: str) -> None:
        """Note that a run's visit came to its end."""
        with self.leases.writing(at.number, holder) as connection:
            connection.execute(update(schema.harvest_run).where(_R.id == at.report.id).values(visited=1))

    def end(
        self, at: Standing, holder: str, state: str, note: str, *, complete: bool = False, doubt: bool = False
    ) -> None:
        """End a run.

        Args:
            at: where it stands.
            holder: who harvests.
            state: "done", "failed", "cut" or "refused".
            note: why.
            complete: whether nothing was missed, so that the next may ask for changes only.
            doubt: whether the next has to read the whole source.
        """
        with self.leases.writing(at.number, holder) as connection:
            started = connection.execute(select(_R.started).where(_R.id == at.report.id)).scalar_one()
            values = {"state": state, "note": note, "ended": now_us()}
            connection.execute(update(schema.harvest_run).where(_R.id == at.report.id).values(values))
            instants: dict[str, int | None] = {}
            if complete:
                instants["complete"] = started
                if at.report.full:
                    instants["complete_full"] = started
            if doubt:
                instants["complete_full"] = None
            if instants:
                connection.execute(
                    update(schema.harvest_source).where(_S.number == at.number).values(instants)
                )

    def _report(self, row: Any, source: Any) -> RunReport:
        state = row.state
        if state == "running" and (source.lease <= now_us() or self.leases.is_dead(source.holder)):
            state = "cut"  # whoever ran it could not say so
        counts = {name: getattr(row, name) for name in _COUNTS}
        return RunReport(
            id=row.id, source=source.name, state=state, full=bool(row.whole), since=row.since, had=row.had,
            started=moment_us(row.started), ended=_instant(row.ended), announced=row.announced, note=row.note,
            **counts,
        )  # fmt: skip


def _give_up(connection: sa.Connection, number: int, why: str) -> None:
    connection.execute(
        update(schema.harvest_run)
        .where(_R.source == number, _R.state.in_(("running", "cut")))
        .values(state="failed", ended=now_us(), note=why)
    )


def _forget(connection: sa.Connection, number: int) -> None:
    connection.execute(update(schema.harvest_entry).where(_E.source == number).values(sha256=None, stamp=""))
    connection.execute(
        update(schema.harvest_source).where(_S.number == number).values(complete=None, complete_full=None)
    )


def _source(row: Any) -> HarvestSource:
    return HarvestSource(
        name=row.name, url=row.url, protocol=row.protocol,
        options=msgspec.json.decode(row.options, type=dict[str, str]), centre=row.centre,
        visibility=row.visibility, schedule=row.schedule, precedence=row.precedence, active=bool(row.active),
        added=moment_us(row.added), complete=_instant(row.complete), complete_full=_instant(row.complete_full),
        holder=row.holder if row.lease > now_us() else "",
    )  # fmt: skip


def _instant(us: int | None) -> str:
    return "" if us is None else moment_us(us)
