"""The items' SQL: rows in, rows out in an order, bodies."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from estran.catalogue.items.dictionaries import Dictionaries, train
from estran.catalogue.items.prepare import COLUMNS, extracted_from
from estran.catalogue.items.query import StoredItem
from estran.catalogue.store import item_values
from estran.catalogue.store.item_days import HeldDays, by_day, longest
from estran.catalogue.store.item_declaring import Declaring
from estran.catalogue.store.item_rows import (
    Asked,
    Glimpse,
    ItemRow,
    bodies,
    bodies_at,
    glimpse,
    near,
    ordered,
)
from estran.errors import NotFound
from estran.model import EVER_US, NEVER_US, now_us
from estran.storage import changes, schema, take_numbers

if TYPE_CHECKING:
    from collections.abc import Container, Generator, Iterator, Mapping, Sequence

    import sqlalchemy as sa

    from estran.catalogue.expressions import Node
    from estran.catalogue.index import Facets
    from estran.catalogue.items.prepare import PreparedItem
    from estran.catalogue.items.queryables import Declared, Value
    from estran.catalogue.queryables import Queryable
    from estran.catalogue.store.inbound import Outcome
    from estran.catalogue.store.view import View
    from estran.model import Box
    from estran.storage import Database, Engine

_I, _B, _C = schema.item.c, schema.item_body.c, schema.item_collection.c
_SAMPLES = 200
_TAKEN_OUT = 5000
_UNBOUNDED = NEVER_US
_COLLECTIONS = select(_C.id, _C.number, _C.longest)
_KNOWN = "items as a whole"
# Each by its index alone. Numbers are given in turn: the last one says how many items there are, or were.
_SPAN = select(
    select(func.max(_I.pk)).scalar_subquery(),
    select(func.min(_I.start)).where(_I.start > EVER_US).scalar_subquery(),
    select(func.max(_I.start)).scalar_subquery(),
)
_COLUMNS = (
    "pk", "collection", "id", "hash", "updated", "start", "end", "west", "south", "east", "north", "shape",
    *COLUMNS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the items as a whole.

    Attributes:
        collections: name -> number, and how long its longest item is in microseconds.
        count: about how many items there are.
        first, last: the earliest and the latest instant at which one starts.
    """

    collections: Mapping[str, tuple[int, int]]
    count: int
    first: int
    last: int


class ItemStore:
    """Reads and writes of the items."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dictionaries = Dictionaries()
        self._numbers: dict[str, int] = {}
        self.held_days = HeldDays()
        self.declaring = Declaring(database, self.unpack)

    @property
    def is_apart(self) -> bool:
        """Whether whoever writes waits for another process; see `Engine`."""
        return self._database.engine.apart

    # In

    def write(self, batch: Sequence[PreparedItem], actor: str) -> list[Outcome]:
        """Store a batch: all of it, or nothing. One outcome for each item, in order; the last of one id stays."""
        trained: list[int] = []
        try:
            with self._database.write() as connection:
                numbers = self._collections(connection, batch, trained)
                outcomes = self._write(connection, batch, actor, numbers)
        except BaseException:
            # Whatever this transaction taught is gone with it.
            for number in trained:
                self._dictionaries.forget(number)
            raise
        self._numbers.update(numbers)
        return outcomes

    def _write(
        self,
        connection: sa.Connection,
        batch: Sequence[PreparedItem],
        actor: str,
        numbers: Mapping[str, int],
    ) -> list[Outcome]:
        held = self._held(connection, batch, numbers)
        outcomes: list[Outcome] = []
        chosen: dict[tuple[int, str], PreparedItem] = {}
        for coming in batch:
            key = (numbers[coming.collection], coming.id)
            before = chosen[key].hash if key in chosen else held.get(key, (0, b""))[1]
            outcomes.append("unchanged" if before == coming.hash else "changed" if before else "new")
            if before != coming.hash:
                chosen[key] = coming
        self._put(connection, chosen, held, actor)
        return outcomes

    def _collections(
        self, connection: sa.Connection, batch: Sequence[PreparedItem], trained: list[int]
    ) -> dict[str, int]:
        names = Counter(coming.collection for coming in batch)
        known = {name: self._numbers[name] for name in names if name in self._numbers}
        known.update(self._read_collections(connection, [name for name in names if name not in known]))
        fresh = [name for name in names if name not in known]
        if fresh:
            first = take_numbers(connection, "collection", len(fresh))
            made = {name: first + n for n, name in enumerate(fresh)}
            rows = [{"number": number, "id": name, "dictionary": None} for name, number in made.items()]
            connection.execute(insert(schema.item_collection), rows)
            known.update(made)
        for name, count in names.items():
            if count >= _SAMPLES and not self._dictionaries.knows(known[name]):
                self._train(connection, known[name], [c.body for c in batch if c.collection == name])
                trained.append(known[name])
        return known

    def _train(self, connection: sa.Connection, number: int, bodies: list[bytes]) -> None:
        # Another process may have made one since; in its place, none could read what was packed with it.
        made = connection.execute(select(_C.dictionary).where(_C.number == number)).scalar()
        if made is None and (made := train(number, bodies)) is not None:
            chosen = update(schema.item_collection).where(_C.number == number)
            connection.execute(chosen.values(dictionary=made))
        if made is None:
            return
        self._dictionaries.learn(number, made)

    def packing(self, besides: Container[str] = ()) -> tuple[dict[str, int], dict[int, bytes]]:
        """Numbers and dictionaries of the collections written so far, for those who prepare items elsewhere."""
        # A copy at one blow: another thread may write.
        held = {name: number for name, number in dict(self._numbers).items() if name not in besides}
        known = self._dictionaries.known(held.values())
        return {name: number for name, number in held.items() if number in known}, known

    def declared(self) -> tuple[Declared, ...]:
        """The declared properties."""
        with self._database.read() as connection:
            return item_values.declared(connection)

    def _read_collections(self, connection: sa.Connection, names: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for number, name, dictionary in connection.execute(
            select(_C.number, _C.id, _C.dictionary).where(_C.id.in_(names))
        ):
            found[name] = number
            if dictionary is not None and not self._dictionaries.knows(number):
                self._dictionaries.learn(number, dictionary)
        return found

    def _held(
        self, connection: sa.Connection, batch: Sequence[PreparedItem], numbers: Mapping[str, int]
    ) -> dict[tuple[int, str], tuple[int, bytes]]:
        by_collection: dict[int, list[str]] = {}
        for number, id_ in {(numbers[coming.collection], coming.id) for coming in batch}:
            by_collection.setdefault(number, []).append(id_)
        found: dict[tuple[int, str], tuple[int, bytes]] = {}
        for number, ids in by_collection.items():
            rows = connection.execute(
                select(_I.id, _I.pk, _I.hash).where(
                    _I.collection == number, self._database.engine.within(_I.id, ids)
                )
            )
            found.update({(number, id_): (pk, bytes(hash_)) for id_, pk, hash_ in rows})
        return found

    def _put(
        self,
        connection: sa.Connection,
        chosen: Mapping[tuple[int, str], PreparedItem],
        held: Mapping[tuple[int, str], tuple[int, bytes]],
        actor: str,
    ) -> None:
        if not chosen:
            return
        index = self._database.engine.item_index
        old = [held[key][0] for key in chosen if key in held]
        if old:
            index.remove(connection, old)
            connection.execute(delete(schema.item).where(self._database.engine.within(_I.pk, old)))
        fresh = sum(key not in held for key in chosen)
        number = take_numbers(connection, "item", fresh) if fresh else 0
        at = now_us()
        rows: list[tuple[Any, ...]] = []
        bodies: list[tuple[int, bytes, bytes]] = []
        declared = item_values.declared(connection)
        found: list[tuple[int, tuple[Value, ...]]] = []
        places: list[tuple[int, tuple[Box, ...], int, int]] = []
        for (collection, id_), coming in chosen.items():
            if (collection, id_) in held:
                pk = held[(collection, id_)][0]
            else:
                pk, number = number, number + 1
            rows.append(_row(pk, collection, coming, at))
            packed = coming.packed or self._dictionaries.pack(collection, coming.body)
            bodies.append((pk, packed, coming.links))
            if declared or coming.found:
                found.append((pk, self._found(connection, coming, declared)))
            places.append((pk, coming.boxes, coming.start, coming.end))
        engine = self._database.engine
        engine.insert(connection, schema.item, _COLUMNS, rows)
        engine.insert(connection, schema.item_body, ("pk", "body", "links"), bodies)
        item_values.put(connection, engine, found)
        self._lengthen(connection, chosen)
        index.put(connection, places)
        events = [
            ("item", f"{coming.collection}/{coming.id}", "change" if key in held else "add")
            for key, coming in chosen.items()
        ]
        changes.log(connection, events, actor, engine.insert)

    def _found(
        self, connection: sa.Connection, coming: PreparedItem, declared: tuple[Declared, ...]
    ) -> tuple[Value, ...]:
        """Its values of declared properties; looked for again where these are no longer what they were."""
        if coming.declared == declared:
            return coming.found
        return extracted_from(coming.body or self.unpack(connection, coming.packed), declared)

    def _lengthen(self, connection: sa.Connection, chosen: Mapping[tuple[int, str], PreparedItem]) -> None:
        """Note how long the longest items are."""
        longest: dict[int, int] = {}
        for (number, _), coming in chosen.items():
            longest[number] = max(longest.get(number, 0), min(coming.end - coming.start, _UNBOUNDED))
        for number, length in longest.items():
            grown = update(schema.item_collection).where(_C.number == number, _C.longest < length)
            connection.execute(grown.values(longest=length))

    def remove(self, collection: str, id: str, actor: str) -> None:  # noqa: A002 - the word of the model
        """Take an item out; the change log keeps that it was here.

        Raises:
            NotFound: there is none.
        """
        with self._database.write() as connection:
            found = (
                select(_I.pk)
                .join_from(schema.item, schema.item_collection)
                .where(_C.id == collection, _I.id == id)
            )
            pk = connection.execute(found).scalar()
            if pk is None:
                raise NotFound("item", f"{collection}/{id}")
            self._database.engine.item_index.remove(connection, [pk])
            connection.execute(delete(schema.item).where(_I.pk == pk))
            changes.log(connection, [("item", f"{collection}/{id}", "remove")], actor)

    def empty(self, collection: str, actor: str) -> int:
        """Take all items of a collection out, some at a time; cut short, the rest is taken out by asking again."""
        count = 0
        while taken := self._take_some(collection, actor):
            count += taken
        return count

    def _take_some(self, collection: str, actor: str) -> int:
        chosen = (
            select(_I.pk, _I.id).join_from(schema.item, schema.item_collection).where(_C.id == collection)
        )
        engine = self._database.engine
        with self._database.write() as connection:
            found = connection.execute(chosen.limit(_TAKEN_OUT)).all()
            if found:
                pks = [pk for pk, _ in found]
                engine.item_index.remove(connection, pks)
                connection.execute(delete(schema.item).where(engine.within(_I.pk, pks)))
                events = [("item", f"{collection}/{id_}", "remove") for _, id_ in found]
                changes.log(connection, events, actor, engine.insert)
        return len(found)

    @contextmanager
    def view(self, view: View) -> Generator[ItemView]:
        """The items as of the moment of a view of the catalogue."""
        yield ItemView(self, self._database.engine, view)

    def numbers(self, connection: sa.Connection, names: Sequence[str]) -> dict[str, int]:
        """The numbers of collections that have items."""
        missing = [name for name in names if name not in self._numbers]
        if missing:
            self._numbers.update(self._read_collections(connection, missing))
        return {name: self._numbers[name] for name in names if name in self._numbers}

    def known(self, facets: Facets) -> Known | None:
        """What is remembered of the items as a whole, None where nothing is."""
        return facets.recall(_KNOWN)

    def glimpse(
        self,
        connection: sa.Connection,
        facets: Facets,
        collections: Sequence[str],
        boxes: Sequence[Box],
        *,
        near: int,
        most: int,
        whole: bool,
        **asked: Any,
    ) -> Glimpse | None:
        """The first `most` rows that satisfy conditions, by one question; None if too little is remembered.

        The boxes are not tested; where more than `near` items are near them, no row is read. The other
        conditions are those of `ItemView.rows`, and `starts`.
        """
        known = self.known(facets)
        if known is None:
            return None
        rows = _asked(known, collections, **asked)
        engine = self._database.engine
        return glimpse(connection, engine, rows, boxes, near=near, most=most, whole=whole)

    def stored(self, connection: sa.Connection, rows: Sequence[ItemRow]) -> tuple[StoredItem, ...]:
        """The items of rows that have their bodies, in their order."""
        return tuple(
            StoredItem(row.collection, row.id, self.unpack(connection, row.body), row.links) for row in rows
        )

    def embodied(self, connection: sa.Connection, rows: Sequence[ItemRow], revision: int) -> bool:
        """Give rows their bodies, by one question; whether they are those of that revision."""
        missing = {row.pk: row for row in rows if not row.body}
        if not missing:
            return True
        seen, found = bodies_at(connection, self._database.engine, list(missing))
        if seen != revision or len(found) != len(missing):
            return False
        for pk, row in missing.items():
            row.body, row.links = found[pk]
        return True

    def unpack(self, connection: sa.Connection, packed: bytes) -> bytes:
        """A body as it was given."""
        number = self._dictionaries.of(packed)
        if number and not self._dictionaries.knows(number):
            body = connection.execute(select(_C.dictionary).where(_C.number == number)).scalar_one()
            self._dictionaries.learn(number, body)
        return self._dictionaries.unpack(packed)


class ItemView:
    """The items as of one moment."""

    def __init__(self, store: ItemStore, engine: Engine, view: View) -> None:
        self._store, self._engine, self._connection = store, engine, view.connection
        self._facets = view.facets

    def count(self, collection: str) -> int:
        """How many items a collection has."""
        number = self._store.numbers(self._connection, [collection]).get(collection)
        return self._connection.execute(select(func.count()).where(_I.collection == number)).scalar_one()

    def longest(self, collections: Sequence[str]) -> int:
        """How long the longest item of these collections lasts, in microseconds; 1 for instants."""
        return longest(self._connection, self._store.numbers(self._connection, collections))

    def days(self, collections: Sequence[str], **conditions: Any) -> dict[int, int]:
        """Day -> items of these collections that start on it; see `by_day`."""
        numbers = self._store.numbers(self._connection, collections)
        return by_day(self._connection, self._engine, numbers, **conditions)

    def queryables(self) -> Mapping[str, Queryable]:
        """What filters may name."""
        return item_values.queryables(self._connection)

    def near(
        self, boxes: Sequence[Box], time: tuple[int, int] | None, tree: Node | None, most: int
    ) -> list[int] | None:
        """The pks near some boxes in a time, or with a declared property as asked; None for more than `most`."""
        found = near(self._connection, self._engine, boxes, time, most) if boxes else None
        return item_values.few(self._connection, tree, most) if found is None else found

    def rows(
        self,
        *,
        collections: Sequence[str],
        ids: Sequence[str],
        boxes: Sequence[Box],
        time: tuple[int, int] | None,
        tree: Node | None,
        order: Sequence[tuple[str, bool]],
        after: Sequence[Any] | None,
        pks: Sequence[int] | None = None,
        most: int = 0,
        whole: bool = False,
    ) -> Iterator[ItemRow]:
        """Rows that satisfy conditions, in an order, behind the sort values `after`; boxes are not tested.

        With `most`, at most so many, else all, as they are taken; `whole` ones bring their bodies.
        """
        known = self._facets.remembered(_KNOWN, self._read_known)
        asked = _asked(
            known, collections, ids=ids, placed=bool(boxes) and pks is None, time=time, tree=tree,
            order=order, after=after, pks=pks,
        )  # fmt: skip
        return ordered(self._connection, self._engine, asked, most=most, whole=whole)

    def _read_known(self) -> Known:
        collections = {
            name: (number, length) for name, number, length in self._connection.execute(_COLLECTIONS)
        }
        count, first, last = self._connection.execute(_SPAN).one()
        return Known(collections, count or 0, first or 0, last or 0)

    def bodies(self, rows: Sequence[ItemRow]) -> tuple[StoredItem, ...]:
        """The items of rows, in their order."""
        missing = [row.pk for row in rows if not row.body]
        if missing:
            found = bodies(self._connection, self._engine, missing)
            for row in rows:
                if not row.body:
                    row.body, row.links = found[row.pk]
        return self._store.stored(self._connection, rows)


def _asked(
    known: Known, collections: Sequence[str], starts: tuple[int, int] | None = None, **conditions: Any
) -> Asked:
    """What is asked of some collections; before a certain instant none of their items starts."""
    held = {name: known.collections[name] for name in collections if name in known.collections}
    time = conditions.get("time")
    if starts is None and time:
        earliest = time[0] - max((longest for _, longest in held.values()), default=0)
        starts = (earliest + 1, time[1]) if earliest > EVER_US else None
    numbers = {name: number for name, (number, _) in held.items()}
    return Asked(numbers=numbers, starts=starts, **conditions)


def _row(pk: int, collection: int, coming: PreparedItem, at: int) -> tuple[Any, ...]:
    """The values of `_COLUMNS`."""
    match coming.boxes:
        case ():
            corners: tuple[float | None, ...] = (None, None, None, None)
        case (b,):
            corners = (b.west, b.south, b.east, b.north)
        case boxes:
            south, north = min(b.south for b in boxes), max(b.north for b in boxes)
            corners = (boxes[0].west, south, boxes[-1].east, north)
    return (
        pk, collection, coming.id, coming.hash, at, coming.start, coming.end, *corners, coming.shape,
        *coming.values,
    )  # fmt: skip
