"""What the faces of entities ask of the store: who hangs on whom, and rows by their number."""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
from sqlalchemy import func, select
from sqlalchemy.exc import DataError

from estran.errors import Invalid
from estran.observations.store import columns, former, registry, telling
from estran.observations.store.batches import Extent
from estran.observations.store.changing import Changing
from estran.observations.store.compiling import asker
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    import pyarrow as pa
    import sqlalchemy as sa

    from estran.observations.expressions import Expression
    from estran.observations.store import SeriesStore
    from estran.observations.store.entities import Asker
    from estran.observations.store.registry import HeldDatastream
    from estran.storage import Database

__all__ = ["Observed", "SensingStore"]

_LONGEST_S = 30.0
_DECODE = msgspec.json.Decoder(dict[str, Any]).decode
_D, _F, _SAID = schema.datastream.c, schema.feature.c, schema.observation_said.c


class Observed(NamedTuple):
    """What is needed of a datastream to tell its observations.

    Attributes:
        kind: URI of the type of its observations.
        vertical: name of what the third coordinate is, "" without one.
        feature: number of the feature of interest that its thing is.
    """

    kind: str
    vertical: str
    feature: int | None


@lru_cache(maxsize=16_384)
def _kind_and_vertical(told: str) -> tuple[str, str]:
    said = _DECODE(told)
    vertical = (said.get("properties") or {}).get("vertical")
    name = str(vertical.get("name") or "vertical") if isinstance(vertical, dict) else ""
    return str(said.get("observationType") or ""), name


class SensingStore:
    """Reads of entities.

    Args:
        store: in which their observations lie.
        database: of the node.
    """

    def __init__(self, store: SeriesStore, database: Database) -> None:
        self._store, self._database, self._is_told = store, database, False

    @contextmanager
    def asking(
        self, sets: Sequence[int] | None, observed: Callable[[Expression, str], Sequence[int]]
    ) -> Generator[Asker]:
        """Questions within one view of the database; see `compiling.asker`.

        Raises:
            Invalid: a question takes too long, or values are out of the bounds of the database.
        """
        self._tell()
        try:
            with self._database.read(_LONGEST_S) as connection:
                yield asker(connection, self._database.engine, sets, observed)
        except (DataError, OverflowError) as error:
            raise Invalid(f"a value is out of bounds ({str(error)[:120]})", "$filter") from None

    @contextmanager
    def changing(self) -> Generator[Changing]:
        """Writes of entities and their observations: all of them, or none."""
        self._tell()
        try:
            with self._database.write() as connection:
                changing = Changing(connection, self._database.engine, self._store)
                yield changing
        except (DataError, OverflowError) as error:
            raise Invalid(f"a value is out of bounds ({str(error)[:120]})", "body") from None
        if changing.touched and self._store.arrived:
            self._store.arrived(sorted(changing.touched))

    def _tell(self) -> None:
        """What was entered before entities were told is told now."""
        if self._is_told:
            return
        untold = [select(1).where(table.c.told.is_(None)).limit(1) for table in telling.TOLD]
        with self._database.read() as connection:
            is_any = any(connection.execute(one).scalar() for one in untold)
        if is_any:
            with self._database.write() as connection:
                telling.complete(connection)
        self._is_told = True

    def extents(
        self, ask: Asker, numbers: Sequence[int] | None = None, *, is_former: bool = False
    ) -> list[Extent]:
        """Where observations lie, of the datastreams that may be seen and have any.

        Args:
            ask: within its view.
            numbers: of the datastreams that are meant; None for all.
            is_former: whether what was said before counts as well.
        """
        rows = schema.datastream
        chosen = select(rows.c.number, rows.c.count, rows.c.first, rows.c.last)
        chosen = chosen.where(ask.visible("Datastreams", rows))
        if numbers is not None:
            chosen = chosen.where(ask.engine.within(rows.c.number, numbers))
        if not is_former:
            chosen = chosen.where(rows.c.first.is_not(None))
        listed = ask.connection.execute(chosen.order_by(rows.c.number)).all()
        found = {row.number: Extent(*row) for row in listed if row.first is not None}
        if is_former:
            for one in former.extents(ask.connection, ask.engine, [row.number for row in listed]):
                held = found.get(one.datastream)
                found[one.datastream] = one.and_also(held) if held else one
        return [found[row.number] for row in listed if row.number in found]

    def held(self, ask: Asker, numbers: Sequence[int]) -> list[HeldDatastream]:
        """Some of the datastreams that may be seen, as they are described."""
        within = schema.datastream
        chosen = select(_D.dataset).where(
            ask.visible("Datastreams", within), ask.engine.within(_D.number, numbers)
        )
        sets = list(ask.connection.execute(chosen.distinct()).scalars())
        return registry.datastreams(ask.connection, ask.engine, sets, numbers=numbers) if sets else []

    def around(self, ask: Asker, feature: int) -> list[int]:
        """The datastreams that may have observations of a feature of interest: those of its dataset."""
        dataset = select(_F.dataset).where(_F.number == feature).scalar_subquery()
        return list(ask.connection.execute(select(_D.number).where(_D.dataset == dataset)).scalars())

    @contextmanager
    def _view(self, ask: Asker | None) -> Generator[sa.Connection]:
        """That of a question, else one of its own."""
        if ask is not None:
            yield ask.connection
            return
        with self._database.read(_LONGEST_S) as connection:
            yield connection

    def observed(self, ask: Asker | None, numbers: Sequence[int]) -> dict[int, Observed]:
        """What is needed to tell the observations of some datastreams."""
        within = self._database.engine.within
        chosen = select(_D.number, _D.told, _D.thing).where(within(_D.number, numbers))
        with self._view(ask) as connection:
            found = connection.execute(chosen).all()
            things = within(_F.thing, sorted({row.thing for row in found}))
            newest = select(_F.thing, func.max(_F.number)).where(things).group_by(_F.thing)
            features = {row[0]: row[1] for row in connection.execute(newest)}
        made: dict[int, Observed] = {}
        for number, told, thing in found:
            kind, name = _kind_and_vertical(told or "{}")
            made[number] = Observed(kind, name, features.get(thing))
        return made

    def newest(self, ask: Asker, numbers: Sequence[int]) -> pa.Table:
        """The newest observation of each of some datastreams."""
        import pyarrow as pa  # noqa: PLC0415 - heavy

        chosen = select(_D.newest).where(_D.newest.is_not(None), ask.engine.within(_D.number, numbers))
        told = ask.connection.execute(chosen.order_by(_D.number)).scalars().all()
        return pa.Table.from_pylist([_DECODE(row) for row in told], schema=columns.schema())

    def said(self, ask: Asker | None, rows: pa.Table) -> dict[int, dict[str, Any]]:
        """What is said of some observations that their rows have no room for, by their id."""
        within = self._database.engine.within
        streams = within(_SAID.datastream, np.unique(columns.array(rows, "datastream")).tolist())
        with self._view(ask) as connection:
            if connection.execute(select(_SAID.datastream).where(streams).limit(1)).first() is None:
                return {}
            numbers = within(_SAID.number, columns.array(rows, "number").tolist())
            chosen = select(_SAID.datastream, _SAID.number, _SAID.told).where(streams, numbers)
            found = connection.execute(chosen).all()
        return {stream * 2**32 + number: _DECODE(told) for stream, number, told in found}

    def find(self, datastream: int, number: int, version: int | None = None) -> pa.Table:
        """The observation of a number, if there is one, or was at a version."""
        for time in self._store.times_of(datastream, number, is_former=version is not None):
            rows = self._store.read([datastream], time, time + 1, version=version)
            rows = columns.kept(rows, columns.array(rows, "number") == number)
            if rows.num_rows:
                return rows
        return columns.empty()
