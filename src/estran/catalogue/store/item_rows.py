"""The one question behind every page of items, put as text: building it from objects costs more than asking it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_

from estran.catalogue.store.item_filters import compiled
from estran.catalogue.store.keyset import beyond
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import sqlalchemy as sa

    from estran.catalogue.expressions import Node
    from estran.model import Box
    from estran.storage import Engine, Spelling

_I = schema.item.c
_FETCHED = 256
_NARROW = ("pk", "collection", "id", "west", "south", "east", "north", "shape")
_NARROW_SQL = ", ".join(f"item.{name}" for name in _NARROW)
_BODY_SQL = "item_body.body, item_body.links"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a page is asked for.

    Attributes:
        numbers: names and numbers of the collections.
        placed: whether only items that have a place will do; their boxes are not tested here.
        time: [start, end) in microseconds.
        starts: [from, to) in microseconds, in which they start; what is known of it ends a walk through their order.
        tree: a filter without its one area.
        order: columns to order by and whether downwards, ending with what tells all items apart.
        after: their values in the row to go on from.
        pks: the only items that come into question.
    """

    numbers: Mapping[str, int]
    ids: Sequence[str] = ()
    placed: bool = False
    time: tuple[int, int] | None = None
    starts: tuple[int, int] | None = None
    tree: Node | None = None
    order: Sequence[tuple[str, bool]] = ()
    after: Sequence[Any] | None = None
    pks: Sequence[int] | None = None


@dataclass(slots=True)
class ItemRow:
    """What is needed of an item to test and to place it; body and links where they were asked for as well."""

    pk: int
    collection: str
    id: str
    box: tuple[float, float, float, float] | None
    shape: bytes | None
    keys: tuple[Any, ...]
    body: bytes = b""
    links: bytes = b""


def ordered(
    connection: sa.Connection, engine: Engine, asked: Asked, *, most: int = 0, whole: bool = False
) -> Iterator[ItemRow]:
    """The rows that satisfy what is asked, in its order.

    Args:
        connection: in a transaction.
        engine: of the database.
        asked: the conditions.
        most: so many rows at most; 0 for all, as they are taken.
        whole: with bodies and links.
    """
    names = {number: name for name, number in asked.numbers.items()}
    text, params = _question(engine, asked, whole=whole)
    if most:
        text = f"{text} LIMIT {most}"
    # A few rows come at once; of many no more than are taken.
    few = most or (asked.pks is not None and len(asked.pks) <= 2 * _FETCHED)
    options = {} if few else {"yield_per": _FETCHED}
    with connection.exec_driver_sql(text, params, execution_options=options) as found:
        for row in found:
            yield _row(row, names, whole=whole)


def _row(row: Sequence[Any], names: Mapping[int, str], *, whole: bool) -> ItemRow:
    pk, number, id_, west, south, east, north, shape, *keys = row
    links = bytes(keys.pop()) if whole else b""
    body = bytes(keys.pop()) if whole else b""
    box = None if west is None else (west, south, east, north)
    return ItemRow(pk, names[number], id_, box, shape, tuple(keys), body, links)


def _question(engine: Engine, asked: Asked, *, whole: bool, where: str = "") -> tuple[str, dict[str, Any]]:
    """SQL and its parameters; numbers that the node itself gave stand in the text, and a further condition."""
    params: dict[str, Any] = {}
    spelling = engine.spelling
    mark = spelling.mark.format
    numbers = ",".join(str(int(number)) for number in asked.numbers.values())
    tests = [f"item.collection IN ({numbers or 'NULL'})", *([where] if where else [])]
    if asked.ids:
        tests.append(spelling.among("item.id", mark("ids")))
        params["ids"] = spelling.listing(asked.ids)
    if asked.pks is not None:
        tests.append(spelling.among("item.pk", mark("pks")))
        params["pks"] = spelling.listing(asked.pks)
    if asked.placed:
        tests.append("item.west IS NOT NULL")
    if asked.time is not None:
        tests.append(f'item.start < {mark("before")} AND item."end" > {mark("behind")}')
        params["behind"], params["before"] = asked.time
    if asked.starts is not None:
        tests.append(f"item.start >= {mark('first')} AND item.start < {mark('beyond')}")
        params["first"], params["beyond"] = asked.starts
    more = [compiled(asked.tree, asked.numbers, engine)] if asked.tree is not None else []
    if asked.after is not None:
        more.append(beyond([(_I[name], down) for name, down in asked.order], asked.after))
    if more:
        text, values = _written(engine, and_(*more))
        tests.append(text)
        params.update(values)
    return (
        f"{_head(tuple(asked.order), whole)} WHERE {' AND '.join(tests)} {_tail(tuple(asked.order))}",
        params,
    )


@lru_cache(maxsize=256)
def _head(order: tuple[tuple[str, bool], ...], whole: bool) -> str:
    keys = ", ".join(f'item."{_I[name].name}"' for name, _ in order)
    columns, tables = f"{_NARROW_SQL}, {keys}", "item"
    if whole:
        columns, tables = f"{columns}, {_BODY_SQL}", "item JOIN item_body ON item_body.pk = item.pk"
    return f"SELECT {columns} FROM {tables}"  # noqa: S608 - names of the schema


@lru_cache(maxsize=256)
def _tail(order: tuple[tuple[str, bool], ...]) -> str:
    ways = [
        f'item."{_I[name].name}" {"DESC" if down else "ASC"}{" NULLS LAST" if _I[name].nullable else ""}'
        for name, down in order
    ]
    return f"ORDER BY {', '.join(ways)}"


def _written(engine: Engine, condition: sa.ColumnElement[bool]) -> tuple[str, dict[str, Any]]:
    """A condition as SQL with named parameters, and their values."""
    made = condition.compile(
        dialect=_dialect(engine.scheme, engine.spelling.dialect),
        compile_kwargs={"render_postcompile": True},
    )
    return f"({made})", dict(made.construct_params())


@lru_cache(maxsize=8)
def _dialect(_scheme: str, make: Callable[[], sa.Dialect]) -> sa.Dialect:
    return make()


def bodies(connection: sa.Connection, engine: Engine, pks: Sequence[int]) -> dict[int, tuple[bytes, bytes]]:
    """Bodies and links of items by pk."""
    text = _bodies(engine.spelling)
    rows = connection.exec_driver_sql(text, {"pks": engine.spelling.listing(pks)})
    return {pk: (bytes(body), bytes(links)) for pk, body, links in rows.fetchall()}


@lru_cache(maxsize=8)
def _bodies(spelling: Spelling) -> str:
    chosen = spelling.among("item_body.pk", spelling.mark.format("pks"))
    return f"SELECT item_body.pk, {_BODY_SQL} FROM item_body WHERE {chosen}"  # noqa: S608 - names of the schema


def bodies_at(
    connection: sa.Connection, engine: Engine, pks: Sequence[int]
) -> tuple[int, dict[int, tuple[bytes, bytes]]]:
    """The revision, and the bodies and links of items by pk as of it: one journey."""
    chosen = engine.spelling.among("item_body.pk", engine.spelling.mark.format("pks"))
    rows = engine.ask(
        connection,
        "SELECT (SELECT max(seq) FROM change), item_body.pk, item_body.body, item_body.links"  # noqa: S608
        f" FROM item_body WHERE {chosen}",
        {"pks": engine.spelling.listing(pks)},
    )
    found = {pk: (bytes(body), bytes(links)) for _, pk, body, links in rows}
    return (rows[0][0] if rows else 0, found)


def near(
    connection: sa.Connection,
    engine: Engine,
    boxes: Sequence[Box],
    time: tuple[int, int] | None,
    most: int,
) -> list[int] | None:
    """The pks near some boxes in a time, None where there are more than `most`."""
    text, params = engine.item_index.nearest(boxes, time, most + 1)
    found = [row[0] for row in engine.ask(connection, text, params)]
    return None if len(found) > most else list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What one question told.

    Attributes:
        revision: of the catalogue at that moment.
        near: how many pks are near the boxes, None without boxes; where more than was allowed, no row was read.
        rows: with their bodies if that was asked.
    """

    revision: int
    near: int | None
    rows: list[ItemRow]


def glimpse(
    connection: sa.Connection,
    engine: Engine,
    asked: Asked,
    boxes: Sequence[Box],
    *,
    near: int,
    most: int,
    whole: bool,
) -> Glimpse:
    """The first `most` rows of what is asked, and the revision: one journey.

    Args:
        connection: on which the one statement is a view of its own.
        engine: of the database.
        asked: the conditions.
        boxes: near which the rows are, if there are any; they are not tested.
        near: so many items near them are looked at, at most; no row is given where there are more.
        most: so many rows at most.
        whole: with bodies and links.
    """
    spelling, params = engine.spelling, dict[str, Any]()
    head, many, where = "", "NULL", ""
    if boxes:
        text, params = engine.item_index.nearest(boxes, asked.starts or asked.time, near + 1)
        head, many = f"WITH near AS MATERIALIZED ({text})", "(SELECT count(*) FROM near)"
        pks = spelling.gathered("SELECT pk FROM near")
        where = f"{spelling.among('item.pk', pks)} AND {many} <= {near}"
    text, values = _question(engine, asked, whole=whole, where=where)
    rows = engine.ask(
        connection,
        f"{head} SELECT (SELECT max(seq) FROM change), {many}, page.* FROM (SELECT 1) AS one"  # noqa: S608
        f" LEFT JOIN ({text} LIMIT {most}) AS page ON 1 = 1",
        params | values,
    )
    names = {number: name for name, number in asked.numbers.items()}
    found = [_row(row[2:], names, whole=whole) for row in rows if row[2] is not None]
    return Glimpse(rows[0][0] or 0, rows[0][1], found)
