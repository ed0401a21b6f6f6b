"""One consistent view of the catalogue: sets of records as bitmaps, their order, and the records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Any, Literal

from pyroaring import BitMap
from sqlalchemy import and_, or_, select

from estran.catalogue.index import bitmap
from estran.catalogue.newest import MANY, Newest
from estran.catalogue.prepare import decode
from estran.catalogue.store.extents import hulls, observed, spans, stations
from estran.catalogue.store.inbound import numbers
from estran.catalogue.store.keyset import beyond
from estran.model import Record, moment_us
from estran.storage import schema, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import sqlalchemy as sa

    from estran.access import Actor
    from estran.catalogue.index import Facets
    from estran.catalogue.store.extents import Hulls, Spans, Stations
    from estran.model import Box
    from estran.storage import Engine

Column = Literal["id", "title", "description", "externalId", "added", "updated", "published", "start"]
Operator = Literal["=", "<", "<=", ">", ">="]

_R, _D, _X, _P = schema.record.c, schema.record_document.c, schema.external_id.c, schema.period.c
_COLUMNS: Mapping[Column, sa.Column[Any]] = {
    "id": _R.id, "title": _R.title, "description": _D.description, "externalId": _X.value,
    "added": _R.added, "updated": _R.updated, "published": _R.published, "start": _R.start,
}  # fmt: skip
_OPERATORS: Mapping[Operator, Callable[[Any, Any], Any]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
_FEW = 5000
_FETCHED = 5000
_NEWEST_FIRST = (("updated", True), ("id", False))
_RECORD = select(
    _R.pk, _R.id, _R.centre, _R.source, _R.visibility, _R.added, _R.updated, _D.document
).join_from(schema.record, schema.record_document)


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalDocument:
    """A record's document as it came.

    Attributes:
        format: name of the Estran format that read it; name: of its file.
        at: when it was stored (canonical instant); body: its bytes, untouched.
    """

    format: str
    name: str
    at: str
    body: bytes


# Sorts behind every letter.
_HIGHEST = "\U0010ffff"


class View:
    """The catalogue as of one moment, while a transaction that only reads is open."""

    def __init__(self, engine: Engine, connection: sa.Connection, facets: Facets) -> None:
        self._engine, self._connection, self.facets = engine, connection, facets

    @property
    def connection(self) -> sa.Connection:
        """The open transaction, for the store's other rooms."""
        return self._connection

    @property
    def engine(self) -> Engine:
        """That of the database, for the same."""
        return self._engine

    def collections(self, actor: Actor) -> dict[str, int]:
        """STAC id -> pk of every collection that an actor may see; asked by every request for items."""
        return self.facets.remembered(("collections", actor), lambda: self._collections(actor))

    def _collections(self, actor: Actor) -> dict[str, int]:
        pool = self.facets.of("kind", ("collection",)) & self.facets.visible(actor)
        # Of several records with one id, the one that came last answers for all of them.
        rows = self._connection.execute(select(_X.value, _X.pk).where(_X.scheme == "stac").order_by(_X.pk))
        return {id_: pk for id_, pk in rows if pk in pool}

    # Sets of records

    def words(self, phrases: Mapping[str, Sequence[str]], *, prefix: bool) -> BitMap:
        """The records where, in one of the text index's columns, its tokens stand together."""
        return self._pks(self._engine.text_index.matching(phrases, prefix=prefix))

    def with_things(self, words: Sequence[str], *, prefix: bool) -> BitMap:
        """The records of observations among the names and codes of whose things are all of these words.

        Args:
            words: folded.
            prefix: whether the last may be the beginning of a longer one.
        """
        w, n = schema.thing_word.c, schema.observed_dataset.c
        chosen = select(_R.pk).join(schema.observed_dataset, n.record == _R.id)
        for position, word in enumerate(words):
            is_begun = prefix and position == len(words) - 1
            fits = (w.word >= word) & (w.word < word + _HIGHEST) if is_begun else w.word == word
            chosen = chosen.where(n.number.in_(select(w.dataset).where(fits)))
        return BitMap(self._connection.execute(chosen).scalars())

    def observed(self) -> Mapping[str, BitMap]:
        """The records that have observations here: "any", and those of what stands ("station") or moves ("moving")."""
        return self.facets.remembered("observed", lambda: observed(self._connection))

    def touching(self, box: Box) -> BitMap:
        """The records with a box that shares a point with `box`."""
        return self._pks(self._engine.place_index.touching(box))

    def overlapping(self, start: int, end: int, among: BitMap | None = None) -> BitMap:
        """The records with a period that overlaps [start, end) in microseconds; of a few, only these are looked at."""
        chosen = select(_P.pk).where(_P.start < end, _P.end > start)
        if among is not None and len(among) <= _FEW:
            chosen = chosen.where(self._engine.within(_P.pk, list(among)))
        return self._pks(chosen)

    def with_ids(self, ids: Sequence[str]) -> BitMap:
        """The records of these ids."""
        return self._pks(select(_R.pk).where(_R.id.in_(ids)))

    def named(self, name: str) -> BitMap:
        """The records with a foreign identifier: bare, ``scheme:value``, or ``scheme:`` for any of a scheme."""
        scheme, colon, value = name.partition(":")
        chosen = _X.value == name
        if colon and value:
            chosen = or_(chosen, and_(_X.scheme == scheme, _X.value == value))
        elif colon:
            chosen = _X.scheme == scheme
        return self._pks(select(_X.pk).where(chosen))

    def having(self, column: Column) -> BitMap:
        """The records that have a value in a column."""
        chosen = _COLUMNS[column]
        return self._pks(select(chosen.table.c.pk).where(chosen.is_not(None)))

    def compared(self, column: Column, op: Operator, value: Any) -> BitMap:
        """The records with a value in a column that compares so."""
        chosen = _COLUMNS[column]
        return self._pks(select(chosen.table.c.pk).where(_OPERATORS[op](chosen, value)))

    def among(self, column: Column, values: Iterable[Any], *, outside: bool = False) -> BitMap:
        """The records with a value in a column that is one of `values`, or that is none of them."""
        chosen, listed = _COLUMNS[column], list(values)
        return self._pks(
            select(chosen.table.c.pk).where(chosen.not_in(listed) if outside else chosen.in_(listed))
        )

    def accepted(self, column: Column, accept: Callable[[str], bool]) -> BitMap:
        """The records with a text in a column that passes a test of ours: dear, for all texts are read."""
        chosen = _COLUMNS[column]
        texts = select(chosen.table.c.pk, chosen).where(chosen.is_not(None))
        rows = self._connection.execute(texts.execution_options(yield_per=_FETCHED))
        return BitMap([pk for pk, text in rows if accept(text)])

    def spanning(self, tests: Iterable[tuple[Literal["start", "end"], Operator, int]]) -> BitMap:
        """The records whose whole period, from first start to last end, passes all tests."""
        conditions = [_OPERATORS[op](_R[side], value) for side, op, value in tests]
        return self._pks(select(_R.pk).where(_R.start.is_not(None), *conditions))

    def _pks(self, chosen: sa.Select[int]) -> BitMap:
        import numpy as np  # noqa: PLC0415 - only a search needs it

        inner = chosen.subquery()
        text = self._connection.execute(select(self._engine.joined(inner.c[0]))).scalar()
        return bitmap(np.fromstring(text, dtype=np.uint32, sep=",")) if text else BitMap()

    # Order

    def ordered(
        self, pool: BitMap, order: Sequence[tuple[str, bool]], after: Sequence[Any] | None, limit: int
    ) -> list[tuple[int, tuple[Any, ...]]]:
        """The first `limit` records of a set in an order, missing values last.

        Args:
            pool: the records to choose from.
            order: (column, descending) pairs; the last column is "id".
            after: values of those columns of the record that the page follows.
            limit: how many.

        Returns:
            (pk, values of the order's columns) pairs.
        """
        if not pool:
            return []
        chosen = select(_R.pk, *(_R[name] for name, _ in order))
        found: list[tuple[int, tuple[Any, ...]]] = []
        # A small set is fetched and sorted; of a large one, walking the index soon meets enough.
        if len(order) > 2 or 4 * len(pool) ** 2 < limit * max(pool.max(), 1):  # noqa: PLR2004
            chosen = chosen.where(self._engine.within(_R.pk, list(pool)))
        elif tuple(order) == _NEWEST_FIRST:
            found, after = self._of_the_newest(pool, after, limit)
            if after is None or len(found) >= limit:
                return found
        for statement in _phases(chosen, order, after):
            with self._connection.execute(statement.execution_options(yield_per=max(limit, 64))) as rows:
                for pk, *values in rows:
                    if pk in pool:
                        found.append((pk, tuple(values)))
                        if len(found) >= limit:
                            return found
        return found

    def _of_the_newest(
        self, pool: BitMap, after: Sequence[Any] | None, limit: int
    ) -> tuple[list[tuple[int, tuple[Any, ...]]], Sequence[Any] | None]:
        """What the newest records of all give of a walk, and from where to go on; None at the end of all records."""
        rows, rest = list[tuple[int, int, str]](), after
        place = (after[0], after[1]) if after else None
        for most in MANY:
            newest = self.facets.remembered(("newest", most), lambda most=most: self._newest(most))
            rows, rest = newest.of(pool, place, limit)
            if len(rows) >= limit:
                break
        return [(pk, (updated, id_)) for pk, updated, id_ in rows], rest

    def _newest(self, most: int) -> Newest:
        text = f"SELECT pk, updated, id FROM record ORDER BY updated DESC, id LIMIT {most}"  # noqa: S608
        return Newest(((pk, at, id_) for pk, at, id_ in self._engine.ask(self._connection, text, {})), most)

    # Records

    def pk_of(self, id: str) -> int | None:  # noqa: A002 - the word of the model
        """The pk of a record, None if there is none."""
        return self._connection.execute(select(_R.pk).where(_R.id == id)).scalar()

    def pks_of(self, ids: Sequence[str]) -> dict[str, int]:
        """The pks of the records of these ids that are here."""
        if not ids:
            return {}
        chosen = select(_R.id, _R.pk).where(self._engine.within(_R.id, ids))
        return {row.id: row.pk for row in self._connection.execute(chosen)}

    def ids_of(self, pks: Sequence[int]) -> dict[int, str]:
        """The ids of the records of these pks; asked for every page."""
        spelling = self._engine.spelling
        text = f"SELECT pk, id FROM record WHERE {spelling.among('pk', spelling.mark.format('pks'))}"  # noqa: S608
        return dict(self._engine.ask(self._connection, text, {"pks": spelling.listing(pks)}))

    def place_of(self, pk: int) -> tuple[str, str]:
        """What names a record within its source, and whose it is while it is a draft."""
        key, owner = self._connection.execute(select(_R.key, _R.owner).where(_R.pk == pk)).one()
        return key, owner

    def id_of(self, source: str, key: str) -> str:
        """The id of what is called `key` in a source, "" if nothing is."""
        return self._connection.scalar(select(_R.id).where(_R.source == source, _R.key == key)) or ""

    def record(self, id: str) -> tuple[int, Record] | None:  # noqa: A002
        """The pk and the record of an id, None if there is none."""
        row = self._connection.execute(_RECORD.where(_R.id == id)).first()
        return (row.pk, _record(row)) if row else None

    def records(self, pks: Sequence[int]) -> tuple[Record, ...]:
        """The records of these pks, in their order."""
        rows = self._connection.execute(_RECORD.where(self._engine.within(_R.pk, pks)))
        found = {row.pk: _record(row) for row in rows}
        return tuple(found[pk] for pk in pks if pk in found)

    def marks(self, pks: Sequence[int]) -> dict[int, frozenset[int]]:
        """The numbers of the facet values that records carry."""
        rows = self._connection.execute(select(_D.pk, _D.marks).where(self._engine.within(_D.pk, pks)))
        return {pk: numbers(marks) for pk, marks in rows}

    def boxes(self, pks: BitMap) -> list[tuple[int, Box]]:
        """The boxes of these records; halves at the antimeridian apart."""
        return self._engine.place_index.boxes(self._connection, list(pks))

    def spans(self, among: BitMap) -> Spans:
        """The periods of these records, as arrays."""
        return spans(self._connection, self._engine, self.facets, among)

    def hulls(self, among: BitMap) -> Hulls:
        """Where these records are, as arrays."""
        return hulls(self._connection, self._engine, self.facets, among)

    def stations(self, among: BitMap) -> Stations:
        """The stations of these records that have observations here, as arrays."""
        return stations(self._connection, self.facets, among)

    def originals(self, pk: int) -> tuple[OriginalDocument, ...]:
        """Every document that a record came from, the newest first."""
        o, b = schema.original.c, schema.blob.c
        rows = self._connection.execute(
            select(o.format, o.name, o.at, b.body)
            .join_from(schema.original, schema.blob, o.sha256 == b.sha256)
            .where(o.pk == pk)
            .order_by(o.at.desc(), o.name)
        )
        bodies = ((form, name, at, unpack(body)) for form, name, at, body in rows)
        return tuple(
            OriginalDocument(format=form, name=name, at=moment_us(at), body=body)
            for form, name, at, body in bodies
            if body
        )


def _record(row: Any) -> Record:
    return replace(
        decode(row.document), id=row.id, centre=row.centre, source=row.source, visibility=row.visibility,
        added=moment_us(row.added), updated=moment_us(row.updated),
    )  # fmt: skip


def _phases(
    chosen: sa.Select[Any], order: Sequence[tuple[str, bool]], after: Sequence[Any] | None
) -> Iterator[sa.Select[Any]]:
    """The statements of one walk: with one key, rows that have it, then those that miss it.

    That way an index gives the order, which no engine does for "missing last" in both directions.
    """
    columns = [(_R[name], down) for name, down in order]
    if len(columns) != 2:  # noqa: PLR2004
        ways = [(column, column.desc() if down else column.asc()) for column, down in columns]
        ordered = [way.nulls_last() if column.nullable else way for column, way in ways]
        yield (chosen.where(beyond(columns, after)) if after else chosen).order_by(*ordered)
        return
    (key, down), (id_, _) = columns
    here = chosen.where(key.is_not(None)).order_by(key.desc() if down else key, id_)
    missing = chosen.where(key.is_(None)).order_by(id_)
    if after is None:
        yield here
    elif after[0] is not None:
        yield chosen.where(key == after[0], id_ > after[1]).order_by(id_)
        yield here.where(key < after[0] if down else key > after[0])
    else:
        missing = missing.where(id_ > after[1])
    if key.nullable:
        yield missing
