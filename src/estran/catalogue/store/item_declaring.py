"""Properties of items declared and taken back while others read and write.

Nobody stops for it. First the property is noted as "filling": whoever stores an item from then on enters its
value as well. Then the items that were there before are gone through, some at a time; last it is "ready", and
filters may name it. What was cut short in between is invisible and is done again by asking again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from estran.catalogue.items.prepare import extracted_from
from estran.catalogue.items.queryables import Declared
from estran.catalogue.store import item_values
from estran.catalogue.store.item_values import FILLING, LEAVING, READY
from estran.errors import Conflict, NotFound
from estran.storage import changes, schema, take_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    import sqlalchemy as sa

    from estran.catalogue.items.queryables import Declaration, DeclaredKind, Value
    from estran.storage import Database

_I, _B = schema.item.c, schema.item_body.c
_Q, _V = schema.item_queryable.c, schema.item_value.c
_BATCH = 1000
_TAKEN_OUT = 5000
# Each costs every item that has it a row and an entry of an index.
_MOST = 50


class Declaring:
    """Declares properties, and takes them back."""

    def __init__(self, database: Database, unpack: Callable[[sa.Connection, bytes], bytes]) -> None:
        self._database, self._unpack = database, unpack

    def all(self) -> tuple[Declaration, ...]:
        """What was declared, by name, finished or not."""
        with self._database.read() as connection:
            return item_values.declarations(connection)

    def declare(
        self,
        name: str,
        kind: DeclaredKind,
        title: str,
        actor: str,
        progress: Callable[[int, int], object] | None,
    ) -> None:
        """Declare a property and enter all items; `progress` is told items done, of so many."""
        number = self._begin(name, kind, title)
        self._fill(Declared(number, name, kind), progress)
        with self._database.write() as connection:
            _check(connection, number, name, FILLING, READY)
            connection.execute(update(schema.item_queryable).where(_Q.number == number).values(state=READY))
            for statement in self._database.engine.settle:
                connection.exec_driver_sql(statement)
            changes.log(connection, [("queryable", name, "add")], actor)

    def _begin(self, name: str, kind: DeclaredKind, title: str) -> int:
        with self._database.write() as connection:
            row = connection.execute(select(_Q.number, _Q.kind, _Q.state).where(_Q.name == name)).first()
            if row is None:
                if (
                    connection.execute(select(func.count()).select_from(schema.item_queryable)).scalar_one()
                    >= _MOST
                ):
                    raise Conflict(
                        f"{_MOST} properties are declared, and more would slow every load; remove one first"
                    )
                number = take_numbers(connection, "queryable", 1)
                values = {"number": number, "name": name, "kind": kind, "title": title, "state": FILLING}
                connection.execute(insert(schema.item_queryable).values(values))
                return number
            if row.state == READY:
                raise Conflict(
                    f"“{name}” is declared as {row.kind} already; remove it to declare it otherwise"
                )
            if row.kind != kind:
                raise Conflict(f"“{name}” was begun as {row.kind} and not finished; remove it first")
            values = {"title": title, "state": FILLING}
            connection.execute(update(schema.item_queryable).where(_Q.number == row.number).values(values))
            return row.number

    def _fill(self, one: Declared, progress: Callable[[int, int], object] | None) -> None:
        with self._database.snapshot() as connection:
            # Items of higher numbers come from those who know of it: a load that goes on is not run after.
            total, newest = connection.execute(select(func.count(), func.max(_I.pk))).one()
        last, done = -1, 0
        while True:
            # Reading and taking apart hold nobody up; only the values are entered alone.
            with self._database.snapshot() as connection:
                rows = connection.execute(
                    select(_I.pk, _I.hash, _B.body)
                    .join_from(schema.item, schema.item_body)
                    .where(_I.pk > last, _I.pk <= (newest or 0))
                    .order_by(_I.pk)
                    .limit(_BATCH)
                ).all()
                found = [
                    (pk, bytes(hash_), _of(one, extracted_from(self._unpack(connection, body), (one,))))
                    for pk, hash_, body in rows
                ]
            if not found:
                return
            self._enter(one, found)
            last, done = found[-1][0], done + len(found)
            if progress:
                progress(done, total)

    def _enter(self, one: Declared, found: Sequence[tuple[int, bytes, Any]]) -> None:
        """Enter values of items that are still what they were; whoever changed one entered its value."""
        first, last = found[0][0], found[-1][0]
        with self._database.write() as connection:
            _check(connection, one.number, one.name, FILLING, READY)
            held = select(_V.pk).where(_V.property == one.number, _V.pk.between(first, last))
            entered = set(connection.execute(held).scalars())
            hashes = connection.execute(select(_I.pk, _I.hash).where(_I.pk.between(first, last)))
            same = {pk: bytes(hash_) for pk, hash_ in hashes}
            fresh = [
                (pk, values) for pk, hash_, values in found if same.get(pk) == hash_ and pk not in entered
            ]
            item_values.put(connection, self._database.engine, fresh)

    def undeclare(self, name: str, actor: str) -> None:
        """Take a property back; filters may not name it from the first moment on."""
        with self._database.write() as connection:
            row = connection.execute(select(_Q.number, _Q.kind, _Q.state).where(_Q.name == name)).first()
            if row is None:
                raise NotFound("declared property", name)
            connection.execute(
                update(schema.item_queryable).where(_Q.number == row.number).values(state=LEAVING)
            )
            if row.state == READY:
                changes.log(connection, [("queryable", name, "remove")], actor)
        while not self._emptied(row.number, name, row.kind):
            pass

    def _emptied(self, number: int, name: str, kind: str) -> bool:
        """Take some values out; with the last ones the declaration goes."""
        value = _V.text if kind in ("text", "list") else _V.number
        chosen = select(_V.pk).where(_V.property == number, value.is_not(None)).limit(_TAKEN_OUT)
        with self._database.write() as connection:
            _check(connection, number, name, LEAVING)
            pks = list(dict.fromkeys(connection.execute(chosen).scalars()))
            if pks:
                within = self._database.engine.within(_V.pk, pks)
                connection.execute(delete(schema.item_value).where(_V.property == number, within))
                return False
            connection.execute(delete(schema.item_queryable).where(_Q.number == number))
            return True


def _of(one: Declared, values: Sequence[Value]) -> tuple[Value, ...]:
    """What of an item's values belongs to one property."""
    return tuple(value for value in values if value.property == one.number)


def _check(connection: sa.Connection, number: int, name: str, *states: str) -> None:
    """Stop where another declares the same property, or takes it back, at the same time."""
    state = connection.execute(select(_Q.state).where(_Q.number == number)).scalar()
    if state not in states:
        what = "taken back" if state in (LEAVING, None) else "declared"
        raise Conflict(f"“{name}” was {what} by another at the same time; look at what is declared now")
