"""What many datastreams look like at once, for lists: of each a few runs of its observations, however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import and_, case, func, literal_column, select

from estran.observations.store.columns import array
from estran.observations.store.reading import files_version
from estran.observations.store.tiles import SIZES
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    import sqlalchemy as sa

    from estran.observations.store.files import Files
    from estran.observations.store.reading import Reading
    from estran.observations.store.registry import HeldDatastream
    from estran.storage import Database

__all__ = ["PARTS", "Outlines"]

PARTS = 48
"""Into so many equal parts of its time a datastream is summed."""
_FEW = 8 * SIZES[1]
"""Of fewer observations too few tiles would be there: they are read."""
_MANY = 24 * SIZES[2]
"""Of so many the coarse tiles do."""
_D, _T, _X, _O = (
    table.c for table in (schema.datastream, schema.observed_tile, schema.doubtful_tile, schema.observation)
)
_READ = ("datastream", "time", "value", "flag", "tested")
_NAMES = (*_READ, "last", "low", "high", "total", "numbers", "count", "words")


class Outlines:
    """Reads runs of observations of many datastreams.

    Args:
        store: of the observations.
        database: of the node.
        files: those of the store.
    """

    def __init__(self, store: Reading, database: Database, files: Files) -> None:
        self._store, self._database, self._files = store, database, files

    def runs(self, streams: Sequence[HeldDatastream]) -> pa.Table:
        """Runs of datastreams, in no order: each in its part, or as long as a tile.

        Those of the database are of one flag and one outcome of tests each. Of tiles, what is doubtful by producer
        and tests is left out. A value that was corrected since the files were written may be in the run of a tile
        as it was.

        Returns:
            Of each run its datastream, the time of its first and ``last`` observation, ``low``, ``high`` and
            ``total`` of its numbers and how many these are, how many observations it stands for, flag and outcome
            of tests; the columns of which quality is made.
        """
        there = [one for one in streams if one.count and one.first is not None and one.last is not None]
        few = [one for one in there if one.count < _FEW]
        many = [one.number for one in there if one.count >= _FEW]
        with self._database.read() as connection:
            files = self._files.at(files_version(connection))
            late = self._late(connection, [one.number for one in there])
            filed = self._tiles(connection, many) if many else []
            rows = files.read([one.number for one in few], *_span(few), _READ) if few else None
        if rows is not None and (corrected := _among(rows, late)):
            anew = [one for one in few if one.number in corrected]
            late = [run for run in late if run[0] not in corrected]
            rows = _joined(rows, corrected, self._store.read(list(corrected), *_span(anew), _READ))
        return _table([*late, *filed], rows)

    def _late(self, connection: sa.Connection, numbers: Sequence[int]) -> list[tuple[Any, ...]]:
        """What the database holds, by part, flag and outcome of tests."""
        chosen = (
            select(
                _O.datastream, func.min(_O.time), func.min(_O.value), _O.flag, _O.tested, func.max(_O.time),
                func.min(_O.value), func.max(_O.value), func.sum(_O.value), func.count(_O.value), func.count(_O.time),
                _part(_O.time),
            )
            .join_from(schema.observation, schema.datastream, _O.datastream == _D.number)
            .where(self._database.engine.within(_O.datastream, numbers), _O.gone.is_(False))
            .group_by(_O.datastream, "part", _O.flag, _O.tested)
        )  # fmt: skip
        return [tuple(row)[:-1] for row in connection.execute(chosen)]

    def _tiles(self, connection: sa.Connection, numbers: Sequence[int]) -> list[tuple[Any, ...]]:
        """What the files hold, by part, of the coarsest tiles that are enough."""
        is_poor = _T.worst > 0
        of_it = and_(*(_T[key.name] == key for key in schema.doubtful_tile.primary_key))
        good = {
            name: case((is_poor, _X[name]), else_=_T[name]) for name in ("low", "high", "total", "numbers")
        }
        none = literal_column("NULL")
        chosen = (
            select(
                _T.datastream, func.min(_T.first), func.min(good["low"]), none, none, func.max(_T.last),
                func.min(good["low"]), func.max(good["high"]), func.sum(good["total"]), func.sum(good["numbers"]),
                func.sum(_T.count), _part(_T.first),
            )
            .join_from(schema.observed_tile, schema.datastream, _T.datastream == _D.number)
            .outerjoin(schema.doubtful_tile, of_it)
            .where(
                self._database.engine.within(_T.datastream, numbers),
                _T.level == case((_D.count >= _MANY, 2), else_=1),
            )
            .group_by(_T.datastream, "part")
        )  # fmt: skip
        return [tuple(row)[:-1] for row in connection.execute(chosen)]


def _part(time: Any) -> Any:
    """In which part of the time of its datastream something lies."""
    width = (_D.last - _D.first) // literal_column(f"{PARTS}", _D.last.type) + literal_column(
        "1", _D.last.type
    )
    return ((time - _D.first) // width).label("part")


def _span(streams: Sequence[HeldDatastream]) -> tuple[int, int]:
    return min(one.first or 0 for one in streams), max(one.last or 0 for one in streams) + 1


def _among(rows: pa.Table, late: Sequence[tuple[Any, ...]]) -> set[int]:
    """Datastreams of which the database has what lies among the rows of the files, or in the place of some."""
    number, time = array(rows, "datastream"), array(rows, "time")
    ends: dict[int, int] = {}
    for one in np.unique(number).tolist():
        ends[one] = int(time[number == one].max())
    return {run[0] for run in late if run[0] in ends and run[1] <= ends[run[0]]}


def _joined(rows: pa.Table, corrected: set[int], anew: pa.Table) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - heavy

    stays = ~np.isin(array(rows, "datastream"), sorted(corrected))
    return pa.concat_tables([rows.filter(pa.array(stays)), anew])


def _table(runs: Sequence[tuple[Any, ...]], rows: pa.Table | None) -> pa.Table:
    """Runs as columns, with rows as runs of one."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    whole, real, text = pa.int64(), pa.float64(), pa.string()
    kinds = pa.schema(
        zip(
            _NAMES,
            (pa.int32(), whole, real, text, whole, whole, real, real, real, whole, whole, text),
            strict=True,
        )
    )
    columns = list(zip(*runs, strict=True)) if runs else [()] * (len(_NAMES) - 1)
    made = [
        pa.array([None if v is None else kind(v) for v in column], field.type)
        for column, field, kind in zip(
            columns, kinds, (int, int, float, str, int, int, float, float, float, int, int), strict=False
        )
    ]
    late = pa.Table.from_arrays([*made, pa.nulls(len(runs), text)], schema=kinds)
    if rows is None:
        return late
    value = rows["value"]
    told = [*(rows[name] for name in _READ), rows["time"], value, value, value]
    numbers = pa.array(np.isfinite(array(rows, "value")).astype(np.int64))
    one = pa.repeat(pa.scalar(1, whole), rows.num_rows)
    single = [*told, numbers, one, pa.nulls(rows.num_rows, text)]
    return pa.concat_tables([late, pa.Table.from_arrays(single, names=list(_NAMES)).cast(kinds)])
