"""Rows of a wide table: the datastreams of each thing, joined on time and vertical, in flat memory."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from estran.model import EVER_US, NEVER_US
from estran.observations.store.columns import array
from estran.observations.wide.columns import level_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.observations.wide.columns import Column, Read, Standing, WideTable

__all__ = ["rows"]

_AT_ONCE = 100_000
"""Things that have about so many observations together are read at once."""
_NUMBERS = 2**32
"""An observation's id is the number of its datastream times this, and its own number."""


def rows(
    table: WideTable,
    names: Sequence[str],
    *,
    start: int = EVER_US,
    end: int = NEVER_US,
    things: Sequence[Standing] | None = None,
    where: Sequence[str] = (),
) -> Iterator[pa.Table]:
    """Columns of the rows of some things in [start, end), in the order of things, time and vertical.

    A row stands where one of the named variables has an observation; where none is named, where any has.

    Args:
        table: the table.
        names: of its columns.
        start: microseconds since 1970 UTC.
        end: the same, just after the last.
        things: of the table, all of them if not given.
        where: further columns that are wanted beside those, without rows of their own.
    """
    wanted = [column for column in table.columns if column.name in {*names, *where}]
    values = {column.of or column.name for column in wanted if column.role in _OF_VARIABLE}
    asked = {
        column.of or column.name
        for column in table.columns
        if column.name in names and column.role in _OF_VARIABLE
    }
    read = [column for column in table.values if column.name in values] if asked else list(table.values)
    joining = _Joining(table, tuple(wanted), tuple(column.name for column in read), frozenset(asked))
    for group in _groups(table.things if things is None else things, joining.values, start, end):
        for part in _read(table.read, group, joining, start, end):
            made = joining.joined(group, part)
            if made.num_rows:
                yield made


_NEEDED: dict[str, tuple[str, ...]] = {
    "platform": (), "platform_name": (), "time": ("time",), "vertical": ("vertical",), "longitude": ("longitude",),
    "latitude": ("latitude",), "flag": ("flag",), "quality": ("quality",), "id": ("number",),
}  # fmt: skip
_OF_VARIABLE = ("value", "flag", "quality", "id")


def _groups(
    things: Sequence[Standing], values: Sequence[str], start: int, end: int
) -> Iterator[Sequence[Standing]]:
    """Things that are read at once: many small ones together, each large one alone."""
    group: list[Standing] = []
    heavy = 0
    for one in things:
        weight = sum(_weight(one.streams[name], start, end) for name in values if name in one.streams)
        if not weight:
            continue
        if group and heavy + weight > _AT_ONCE:
            yield group
            group, heavy = [], 0
        group.append(one)
        heavy += weight
    if group:
        yield group


def _weight(stream: Any, start: int, end: int) -> int:
    """About how many observations of a datastream lie in [start, end); 0 where there are certainly none."""
    if stream.first is None or stream.first >= end or stream.last < start:
        return 0
    share = (min(stream.last, end) - max(stream.first, start)) / max(stream.last - stream.first, 1)
    return 1 + int(stream.count * min(1.0, 2 * share))


def _read(
    read: Read, group: Sequence[Standing], joining: _Joining, start: int, end: int
) -> Iterator[pa.Table]:
    """What the store has of a group: whole things, or of a single large one as much of each datastream."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    streams = [one.streams[name] for one in group for name in joining.values if name in one.streams]
    needed = joining.needed()
    if len(group) > 1:
        parts = list(read(streams, start, end, needed))
        if parts:
            yield pa.concat_tables(parts)
    elif len(streams) == 1:
        yield from read(streams, start, end, needed)
    else:
        yield from _side_by_side([read([one], start, end, needed) for one in streams])


def _side_by_side(streams: list[Iterator[pa.Table]]) -> Iterator[pa.Table]:
    """Several datastreams at once, up to the same time each: no time is cut in two."""
    import pyarrow as pa  # noqa: PLC0415

    waiting: dict[int, pa.Table] = {}
    open_ = set(range(len(streams)))
    while True:
        for n in sorted(open_ - waiting.keys()):
            _next(streams, n, waiting, open_)
        if not waiting:
            return
        lasts = {n: int(array(waiting[n], "time")[-1]) for n in open_}
        mark = min(lasts.values(), default=NEVER_US)
        taken: list[pa.Table] = []
        for n, held in sorted(waiting.items()):
            count = int(np.searchsorted(array(held, "time"), mark))
            taken += [held.slice(0, count)] if count else []
            if count == held.num_rows:
                del waiting[n]
            else:
                waiting[n] = held.slice(count)
        if taken:
            yield pa.concat_tables(taken)
        else:
            # All that waits is of one time: there may be more of it.
            for n in [n for n, last in lasts.items() if last == mark]:
                _next(streams, n, waiting, open_)


def _next(streams: list[Iterator[pa.Table]], n: int, waiting: dict[int, pa.Table], open_: set[int]) -> None:
    import pyarrow as pa  # noqa: PLC0415

    for found in streams[n]:
        if found.num_rows:
            waiting[n] = pa.concat_tables([waiting[n], found]) if n in waiting else found
            return
    open_.discard(n)


class _Joining(NamedTuple):
    """How rows are made of observations.

    Attributes:
        columns: what they have.
        values: names of the value columns that are read.
        asked: those of which one must have an observation; none means any.
    """

    table: WideTable
    columns: tuple[Column, ...]
    values: tuple[str, ...]
    asked: frozenset[str]

    def needed(self) -> list[str]:
        """The columns of observations that its own are made of."""
        names: set[str] = set()
        for column in self.columns:
            names.update(_NEEDED.get(column.role, ("words" if column.kind == "text" else "value",)))
        return sorted(names)

    def levels(self) -> dict[tuple[str, str] | None, int]:
        """Which of the columns of third coordinates is of which; one more for datastreams that have none."""
        keys = [level_key(column.variable) for column in self.table.columns if column.role == "vertical"]
        return {**{key: n for n, key in enumerate(keys)}, None: len(keys)}

    def joined(self, group: Sequence[Standing], found: pa.Table) -> pa.Table:
        """Rows of observations of the datastreams of some things."""
        import pyarrow as pa  # noqa: PLC0415

        placed = _placed(group, self, found)
        if self.asked and not self.asked.issuperset(self.values):
            of_asked = np.isin(placed.column, [n for n, name in enumerate(self.values) if name in self.asked])
            stands = np.zeros(placed.count, bool)
            stands[placed.row[of_asked]] = True
        else:
            stands = np.ones(placed.count, bool)
        cells = [_cells(column, self, placed, group, found) for column in self.columns]
        made = pa.table(cells, [column.name for column in self.columns])
        return made if bool(stands.all()) else made.filter(pa.array(stands))


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where each observation goes.

    Attributes:
        row: which row.
        column: which of the value columns that are read.
        heads: of each row one observation, for what all of a row share.
        thing: of each row which of the group.
        level: of each row which third coordinate it has.
    """

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    heads: NDArray[np.int64]
    thing: NDArray[np.int64]
    level: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.heads)


def _placed(group: Sequence[Standing], joining: _Joining, found: pa.Table) -> _Placed:
    kinds = joining.levels()
    known = sorted(
        (stream.number, t, c, kinds[level_key(own) if (own := stream.described.vertical) else None])
        for t, one in enumerate(group)
        for c, name in enumerate(joining.values)
        if (stream := one.streams.get(name)) is not None
    )
    numbers, things, positions, levels = (np.array(part, np.int64) for part in zip(*known, strict=True))
    at = np.searchsorted(numbers, array(found, "datastream"))
    thing, column, level = things[at], positions[at], levels[at]
    time, vertical = array(found, "time"), array(found, "vertical")
    count = len(at)
    if len(known) == 1:
        every = np.arange(count)
        return _Placed(every, column, every, thing, level)
    order = np.lexsort([vertical, level, time, thing])
    fresh = np.ones(count, bool)
    fresh[1:] = False
    for part in (thing, time, level, vertical):
        fresh[1:] |= part[order[1:]] != part[order[:-1]]
    row = np.empty(count, np.int64)
    row[order] = np.cumsum(fresh) - 1
    heads = order[fresh]
    return _Placed(row, column, heads, thing[heads], level[heads])


def _cells(
    column: Column, joining: _Joining, placed: _Placed, group: Sequence[Standing], found: pa.Table
) -> pa.Array | pa.ChunkedArray:
    import pyarrow as pa  # noqa: PLC0415

    if column.is_of_thing:
        told = [one.thing.key if column.role == "platform" else str(one.thing.name) for one in group]
        return pa.DictionaryArray.from_arrays(
            pa.array(placed.thing.astype(np.int32)), pa.array(told, pa.string())
        )
    if column.role in ("time", "vertical"):
        # A row has one of the third coordinates, if any.
        other = column.role == "vertical" and placed.level != joining.levels()[level_key(column.variable)]
        return pa.array(array(found, column.role)[placed.heads], mask=np.broadcast_to(other, placed.count))
    if column.role in ("longitude", "latitude"):
        return _place(column.role, placed, group, found)
    position = joining.values.index(column.of or column.name)
    mine = np.flatnonzero(placed.column == position)
    if column.role == "id":
        made = array(found, "datastream")[mine].astype(np.int64) * _NUMBERS + array(found, "number")[mine]
        return _spread(pa.array(made), placed, mine)
    name = {"flag": "flag", "quality": "quality"}.get(
        column.role, "words" if column.kind == "text" else "value"
    )
    if name not in found.column_names:
        return pa.nulls(
            placed.count, {"whole": pa.int64(), "text": pa.string()}.get(column.kind, pa.float64())
        )
    chosen = found[name] if len(mine) == found.num_rows else found[name].take(pa.array(mine))
    if column.role == "quality":
        chosen = chosen.cast(pa.int64())
    return _spread(chosen, placed, mine)


def _spread(chosen: Any, placed: _Placed, mine: NDArray[np.int64]) -> Any:
    """The cells of a column, null in the rows where it has no observation."""
    import pyarrow as pa  # noqa: PLC0415

    whole: Any = pa.chunked_array([chosen]) if isinstance(chosen, pa.Array) else chosen
    rows = placed.row[mine]
    if len(rows) == placed.count and bool((rows[1:] > rows[:-1]).all()):
        return whole
    source = np.full(placed.count, -1, np.int64)
    source[rows] = np.arange(len(mine))
    return whole.take(pa.array(source, mask=source < 0))


def _place(role: str, placed: _Placed, group: Sequence[Standing], found: pa.Table) -> pa.Array:
    """Where each row was made: as it says itself, else where its thing stands."""
    import pyarrow as pa  # noqa: PLC0415

    pc: Any = import_module("pyarrow.compute")
    stands = np.array([np.nan if (at := getattr(one.thing, role)) is None else at for one in group])
    made = stands[placed.thing]
    if found[role].null_count < found.num_rows:
        own = array(found, role)
        has = ~np.isnan(own)
        made[placed.row[has]] = own[has]
    return pc.if_else(pa.array(np.isnan(made)), pa.scalar(None, pa.float64()), pa.array(made))
