"""The SQL of feeds: what they are, which files were read, what was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import delete, func, insert, select, update

from estran.errors import Conflict, NotFound
from estran.model import now_us
from estran.observations.feeds.values import MOST_REFUSALS, Feed, Refused
from estran.observations.store.matching import Counts
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import sqlalchemy as sa

    from estran.observations.feeds.values import FeedReport
    from estran.storage import Database

__all__ = ["FeedStore", "ReadFile"]

_F, _P, _R = schema.feed.c, schema.feed_file.c, schema.feed_refusal.c
_COUNTED = ("new", "changed", "unchanged")
_LOOKED_BACK = 1000
"""What was refused before, among the newest so many, is not noted twice."""


class ReadFile(NamedTuple):
    """A file as it was read: its size in bytes, when it was changed in nanoseconds since 1970, and its hash."""

    size: int
    modified: int
    sha256: bytes


class FeedStore:
    """Feeds, and the only way to write them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, feed: Feed) -> None:
        """Keep a new feed.

        Raises:
            Conflict: there is one of that name.
        """
        values = {
            "name": feed.name, "kind": feed.kind, "address": feed.address, "record": feed.record, "centre": feed.centre,
            "options": msgspec.json.encode(dict(feed.options)), "visibility": feed.visibility,
            "schedule": feed.schedule, "added": now_us(),
        }  # fmt: skip
        with self.database.write() as connection:
            if connection.execute(select(_F.name).where(_F.name == feed.name)).first():
                raise Conflict(f"there is a feed “{feed.name}” already; remove it, or choose another name")
            connection.execute(insert(schema.feed).values(values))

    def remove(self, name: str) -> None:
        """Forget a feed, and what it read; its observations stay.

        Raises:
            NotFound: there is none of that name.
        """
        with self.database.write() as connection:
            _row(connection, name)
            for table in (schema.feed_file, schema.feed_refusal):
                connection.execute(delete(table).where(table.c.feed == name))
            connection.execute(delete(schema.feed).where(_F.name == name))

    def all(self) -> tuple[Feed, ...]:
        """All feeds, by name."""
        with self.database.read() as connection:
            return tuple(map(_feed, connection.execute(select(schema.feed).order_by(_F.name))))

    def one(self, name: str) -> Feed:
        """One feed.

        Raises:
            NotFound: there is none of that name.
        """
        with self.database.read() as connection:
            return _feed(_row(connection, name))

    def named(self, name: str) -> Feed | None:
        """The same, None where there is none."""
        with self.database.read() as connection:
            found = connection.execute(select(schema.feed).where(_F.name == name)).first()
            return _feed(found) if found else None

    # What came

    def note(self, name: str, report: FeedReport, refused: Sequence[Refused] = ()) -> None:
        """Count what came, and keep what was refused; the oldest refusals make room for the newest."""
        with self.database.write() as connection:
            row = _row(connection, name)
            values: dict[str, Any] = {one: getattr(row, one) + getattr(report.rows, one) for one in _COUNTED}
            values |= {
                "messages": row.messages + report.messages, "refused": row.refused + len(refused),
                "heard": now_us() if report.messages else row.heard, "error": "",
            }  # fmt: skip
            connection.execute(update(schema.feed).where(_F.name == name).values(values))
            if refused:
                _refuse(connection, name, refused)

    def fail(self, name: str, why: str) -> None:
        """Note why a feed could not be read at all; "" that it can."""
        values = {"error": why, "failed": now_us()} if why else {"error": ""}
        with self.database.write() as connection:
            connection.execute(update(schema.feed).where(_F.name == name).values(values))

    def refused(self, name: str, limit: int) -> tuple[Refused, ...]:
        """What was refused, the newest first.

        Raises:
            NotFound: there is no such feed.
        """
        with self.database.read() as connection:
            _row(connection, name)
            rows = connection.execute(
                select(schema.feed_refusal).where(_R.feed == name).order_by(_R.number.desc()).limit(limit)
            )
            return tuple(
                Refused(place=row.place, why=row.why, line=row.line, at=row.at, body=row.body) for row in rows
            )

    # What is made of it

    def described(self, name: str) -> int | None:
        """When the record that is made of a feed was described last."""
        with self.database.read() as connection:
            return connection.execute(select(_F.described).where(_F.name == name)).scalar()

    def describe(self, name: str) -> None:
        """Note that it is described now."""
        with self.database.write() as connection:
            connection.execute(update(schema.feed).where(_F.name == name).values(described=now_us()))

    # Files

    def files(self, name: str) -> dict[str, ReadFile]:
        """Path -> the file as it was read."""
        with self.database.read() as connection:
            rows = connection.execute(select(_P.path, _P.size, _P.modified, _P.sha256).where(_P.feed == name))
            return {row.path: ReadFile(row.size, row.modified, row.sha256) for row in rows}

    def read(self, name: str, path: str, file: ReadFile) -> None:
        """Note that all of a file is stored."""
        key = (_P.feed == name) & (_P.path == path)
        with self.database.write() as connection:
            connection.execute(delete(schema.feed_file).where(key))
            values = {"feed": name, "path": path, "read": now_us(), **file._asdict()}
            connection.execute(insert(schema.feed_file).values(values))

    def forget(self, name: str, paths: Iterable[str]) -> None:
        """Forget files that are not there any more."""
        with self.database.write() as connection:
            for path in paths:
                key = (_P.feed == name) & (_P.path == path)
                connection.execute(delete(schema.feed_file).where(key))


def _refuse(connection: sa.Connection, name: str, refused: Sequence[Refused]) -> None:
    last = connection.execute(select(func.max(_R.number)).where(_R.feed == name)).scalar() or 0
    rows = connection.execute(
        select(_R.place, _R.line, _R.why, _R.body).where(_R.feed == name, _R.number > last - _LOOKED_BACK)
    )
    # What was cut before it could be acknowledged comes again, and is refused again.
    known, at = {tuple(row) for row in rows}, now_us()
    fresh: list[dict[str, Any]] = []
    for one in refused:
        told = (one.place, one.line, one.why, one.body)
        if told not in known:
            known.add(told)
            values = {"place": one.place, "line": one.line, "why": one.why, "body": one.body, "at": at}
            fresh.append({"feed": name, **values})
    fresh = fresh[-MOST_REFUSALS:]
    for number, values in enumerate(fresh, last + 1):
        values["number"] = number
    if fresh:
        connection.execute(insert(schema.feed_refusal), fresh)
        oldest = last + len(fresh) - MOST_REFUSALS
        connection.execute(delete(schema.feed_refusal).where(_R.feed == name, _R.number <= oldest))


def _row(connection: sa.Connection, name: str) -> sa.Row[Any]:
    found = connection.execute(select(schema.feed).where(_F.name == name)).first()
    if found is None:
        raise NotFound("feed", name, "“estran feeds list” names those that there are.")
    return found


def _feed(row: sa.Row[Any]) -> Feed:
    return Feed(
        name=row.name, kind=row.kind, address=row.address, options=msgspec.json.decode(row.options),
        record=row.record, centre=row.centre, visibility=row.visibility, schedule=row.schedule, heard=row.heard,
        messages=row.messages, rows=Counts(row.new, row.changed, row.unchanged), refused=row.refused,
        error=row.error, failed=row.failed,
    )  # fmt: skip
