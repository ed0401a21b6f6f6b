"""How far series of other servers were taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select

from estran.observations.store.places import settle
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.observations.store.places import Placed
    from estran.storage import Database

__all__ = ["Bookmark", "Copied"]

_C, _N, _D = schema.copied_series.c, schema.observed_dataset.c, schema.datastream.c


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far a series was taken.

    Attributes:
        series: what the server calls it.
        record: id of the record that its dataset is.
        datastream: key of the datastream that it is there; "" where it is several.
        newest: up to when its observations were taken, in microseconds since 1970 UTC; None where it had none.
        result_time: the newest time of a result, None where none is told.
    """

    series: str
    record: str
    datastream: str = ""
    newest: int | None = None
    result_time: int | None = None


class Copied:
    """The bookmarks of a node."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def bookmarks(self, source: str) -> dict[str, Bookmark]:
        """Those of a server, by series; none of what is here no more."""
        joined = schema.copied_series.join(schema.observed_dataset, _C.record == _N.record).outerjoin(
            schema.datastream, (_D.dataset == _N.number) & (_D.key == _C.datastream)
        )
        chosen = (
            select(_C.series, _C.record, _C.datastream, _C.newest, _C.result_time)
            .select_from(joined)
            .where(_C.source == source, or_(_C.datastream == "", _D.number.is_not(None)))
        )
        with self._database.read() as connection:
            return {row.series: Bookmark(*row) for row in connection.execute(chosen)}

    def settle(self, record: str, placed: Sequence[Placed]) -> None:
        """Let things of the dataset of a record be, and have been, where their server says."""
        if placed:
            with self._database.write() as connection:
                settle(connection, record, placed)

    def note(self, source: str, marks: Sequence[Bookmark]) -> None:
        """Write how far series were taken, in the place of what was known of them."""
        newest = {one.series: one for one in marks}
        rows = [
            (source, one.series, one.record, one.datastream, one.newest, one.result_time)
            for one in newest.values()
        ]
        if not rows:
            return
        engine, table = self._database.engine, schema.copied_series
        with self._database.write() as connection:
            connection.execute(
                delete(table).where(_C.source == source, engine.within(_C.series, list(newest)))
            )
            engine.insert(connection, table, tuple(table.columns.keys()), rows)
