"""When and where records are, as arrays: what histograms and maps are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pyroaring import BitMap
from sqlalchemy import and_, case, func, select

from estran.catalogue.query import SERIES
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    import sqlalchemy as sa

    from estran.catalogue.index import Facets
    from estran.model import Box
    from estran.storage import Engine

__all__ = ["Hulls", "Spans", "Stations", "hulls", "observed", "spans", "stations"]

# Of so many the rows are fetched one by one; beyond, all are read once a revision, and held.
_FEW = 3000
_TURN = 360.0
_DATE_LINE = 180.0
_R, _N, _D, _T = (
    table.c for table in (schema.record, schema.observed_dataset, schema.datastream, schema.thing)
)


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


class Stations(NamedTuple):
    """The stations of records: a row each, in degrees; number is that of its first datastream with observations."""

    pks: np.ndarray[Any, Any]
    numbers: np.ndarray[Any, Any]
    lon: np.ndarray[Any, Any]
    lat: np.ndarray[Any, Any]


def observed(connection: sa.Connection) -> dict[str, BitMap]:
    """Value of the facet "series" -> the records that have such observations."""
    # What has no place of its own, but one in each of its observations, moves.
    moves = and_(_T.longitude.is_(None), _D.last_longitude.is_not(None))
    found = {value: BitMap() for value in SERIES}
    chosen = _with_observations(case((moves, "moving"), else_="station")).distinct()
    rows: Iterable[tuple[int, str]] = connection.execute(chosen)
    for pk, value in rows:
        found[value].add(pk)
        found["any"].add(pk)
    return found


def _with_observations(*columns: Any) -> Any:
    """The pk of its record, and more, of each datastream that has observations."""
    return (
        select(_R.pk, *columns)
        .join_from(schema.datastream, schema.thing, _D.thing == _T.number)
        .join(schema.observed_dataset, _D.dataset == _N.number)
        .join(schema.record, _R.id == _N.record)
        .where(_D.count > 0)
    )


def stations(connection: sa.Connection, facets: Facets, among: BitMap) -> Stations:
    """The stations of some records; the catalogue's revision tells of each that comes or moves."""

    def read() -> Stations:
        import numpy as np  # noqa: PLC0415 - only where something is drawn

        chosen = (
            _with_observations(func.min(_D.number), _T.longitude, _T.latitude)
            .where(_T.longitude.is_not(None), _T.latitude.is_not(None))
            .group_by(_R.pk, _T.number, _T.longitude, _T.latitude)
            .order_by(_T.number)
        )
        table = np.array([tuple(row) for row in connection.execute(chosen)], dtype=float).reshape(-1, 4)
        return Stations(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2], table[:, 3])

    return Stations(*_among(facets.remembered("stations", read), facets, among))


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
    if len(among) <= _FEW and facets.recall(name) is None:
        return read(among)
    return _among(facets.remembered(name, read), facets, among)


def _among(
    whole: tuple[np.ndarray[Any, Any], ...], facets: Facets, among: BitMap
) -> tuple[np.ndarray[Any, Any], ...]:
    """The rows of some records among all."""
    import numpy as np  # noqa: PLC0415

    from estran.catalogue.bitmaps import numbers  # noqa: PLC0415

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
