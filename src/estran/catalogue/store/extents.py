"""When and where records are, as arrays: what histograms and maps are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    import sqlalchemy as sa
    from pyroaring import BitMap

    from estran.catalogue.index import Facets
    from estran.model import Box
    from estran.storage import Engine

__all__ = ["Hulls", "Spans", "hulls", "spans"]

# Of so many the rows are fetched one by one; beyond, all are read once a revision, and held.
_FEW = 3000
_TURN = 360.0
_DATE_LINE = 180.0


class Spans(NamedTuple):
    """The periods of records in microseconds since 1970 UTC: a row each, a record may have several."""

    pks: np.ndarray[Any, Any]
    starts: np.ndarray[Any, Any]
    ends: np.ndarray[Any, Any]


class Hulls(NamedTuple):
    """The box around all places of a record: a row each, in degrees; east may lie beyond 180."""

    pks: np.ndarray[Any, Any]
    west: np.ndarray[Any, Any]
    south: np.ndarray[Any, Any]
    east: np.ndarray[Any, Any]
    north: np.ndarray[Any, Any]


def spans(connection: sa.Connection, engine: Engine, facets: Facets, among: BitMap) -> Spans:
    """The periods of some records."""

    def read(pks: Iterable[int] | None = None) -> Spans:
        import numpy as np  # noqa: PLC0415 - only where something is drawn

        p = schema.period.c
        chosen = select(p.pk, p.start, p.end)
        if pks is not None:
            chosen = chosen.where(engine.within(p.pk, list(pks)))
        rows = connection.execute(chosen).all()
        table = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(-1, 3)
        return Spans(*table.T)

    return Spans(*_chosen(read, "spans", facets, among))


def hulls(connection: sa.Connection, engine: Engine, facets: Facets, among: BitMap) -> Hulls:
    """Where some records are."""

    def read(pks: Iterable[int] | None = None) -> Hulls:
        return _around(engine.place_index.boxes(connection, None if pks is None else list(pks)))

    return Hulls(*_chosen(read, "hulls", facets, among))


def _chosen(
    read: Callable[..., tuple[np.ndarray[Any, Any], ...]], name: str, facets: Facets, among: BitMap
) -> tuple[np.ndarray[Any, Any], ...]:
    """The rows of some records, of arrays whose first column is their pks."""
    import numpy as np  # noqa: PLC0415

    from estran.catalogue.bitmaps import numbers  # noqa: PLC0415

    if len(among) <= _FEW and facets.recall(name) is None:
        return read(among)
    whole = facets.remembered(name, read)
    if len(among) == len(facets.everything):
        return whole
    top = int(max(facets.everything.max(), among.max())) + 1 if among else 1
    wanted = np.zeros(top, dtype=bool)
    wanted[numbers(among)] = True
    here = wanted[whole[0].clip(max=top - 1)] & (whole[0] < top)
    return tuple(column[here] for column in whole)


def _around(rows: list[tuple[int, Box]]) -> Hulls:
    """One box around all of a record's: through the date line where that is where its boxes meet."""
    import numpy as np  # noqa: PLC0415

    if not rows:
        return Hulls(np.empty(0, np.int64), *(np.empty(0) for _ in range(4)))
    pks = np.array([pk for pk, _ in rows], dtype=np.int64)
    corners = np.array([box for _, box in rows], dtype=float)
    order = np.argsort(pks, kind="stable")
    pks, corners = pks[order], corners[order]
    each, first, row = np.unique(pks, return_index=True, return_inverse=True)
    west, south, east, north = corners.T
    at_end, at_start = east >= _DATE_LINE, west <= -_DATE_LINE
    whole = np.maximum.reduceat(at_end & at_start, first)
    meets = np.maximum.reduceat(at_end, first) & np.maximum.reduceat(at_start, first) & ~whole
    beyond = _TURN * (meets[row] & at_start)
    return Hulls(
        each,
        np.minimum.reduceat(west + beyond, first), np.minimum.reduceat(south, first),
        np.maximum.reduceat(east + beyond, first), np.maximum.reduceat(north, first),
    )  # fmt: skip
