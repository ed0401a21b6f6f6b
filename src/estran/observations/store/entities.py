"""Entities of SensorThings out of the database: one question a set, whatever hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import and_, false, func, or_, select, true

from estran.errors import Invalid
from estran.model import moment_us
from estran.observations.entities import KINDS, Entity, Order, Page, Query, resolve
from estran.observations.expressions import Path
from estran.observations.store.areas import reaches, result_time
from estran.observations.store.newest import newest
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import sqlalchemy as sa

    from estran.observations.expressions import Expression
    from estran.observations.store.newest import Newest
    from estran.storage import Engine

__all__ = ["MANY", "TABLES", "Asker", "Key", "Way"]

TABLES: dict[str, sa.Table] = {
    "Things": schema.thing,
    "Locations": schema.location,
    "HistoricalLocations": schema.historical_location,
    "Datastreams": schema.datastream,
    "Sensors": schema.sensor,
    "ObservedProperties": schema.observed_property,
    "FeaturesOfInterest": schema.feature,
}
_TIES = {
    "Datastreams": {"Thing": "thing", "Sensor": "sensor", "ObservedProperty": "property"},
    "HistoricalLocations": {"Thing": "thing"},
}
_TOLD_BESIDE = {"Datastreams": ("first", "last"), "HistoricalLocations": ("time",)}
_DECODE = msgspec.json.Decoder(dict[str, Any]).decode


class Way(NamedTuple):
    """How rows of a set hang on those of another: a column of theirs, or a table between."""

    between: sa.Table | None
    parent: str
    child: str = ""


MANY: dict[tuple[str, str], Way] = {
    ("Things", "Datastreams"): Way(None, "thing"),
    ("Things", "HistoricalLocations"): Way(None, "thing"),
    ("Things", "Locations"): Way(schema.thing_location, "thing", "location"),
    ("Locations", "Things"): Way(schema.thing_location, "location", "thing"),
    ("Locations", "HistoricalLocations"): Way(schema.historical_place, "location", "historical"),
    ("HistoricalLocations", "Locations"): Way(schema.historical_place, "historical", "location"),
    ("Sensors", "Datastreams"): Way(None, "sensor"),
    ("ObservedProperties", "Datastreams"): Way(None, "property"),
}


class Key(NamedTuple):
    """What rows are sorted by."""

    by: Any
    descending: bool


class Asker:
    """Questions for entities of some datasets, within a transaction.

    Args:
        connection: in a transaction.
        engine: of the database.
        sets: numbers of the datasets that may be seen; None for all.
        condition: (expression, kind, rows of its set) -> the expression in SQL.
    """

    def __init__(
        self,
        connection: sa.Connection,
        engine: Engine,
        sets: Sequence[int] | None,
        condition: Callable[[Expression, str, Any], Any],
    ) -> None:
        self.connection, self.engine, self._sets, self._condition = connection, engine, sets, condition

    # What may be seen, and what hangs together

    def visible(self, kind: str, rows: Any) -> Any:
        """That rows of a set may be seen."""
        if self._sets is None:
            return true()
        within = self.engine.within(rows.c.dataset, self._sets)
        if kind != "ObservedProperties":
            return within
        streams = schema.datastream.alias()
        used = select(1).where(
            streams.c.property == rows.c.number, self.engine.within(streams.c.dataset, self._sets)
        )
        return or_(within, used.correlate(rows).exists())

    def behind(self, kind: str, links: Sequence[str], rows: Any, inner: Callable[[str, Any], Any]) -> Any:
        """That from rows of a set links lead to one for which something holds."""
        if not links:
            return inner(kind, rows)
        target = KINDS[kind].links[links[0]].kind
        theirs = TABLES[target].alias()
        held = self.behind(target, links[1:], theirs, inner)
        chosen = select(1).where(self.visible(target, theirs), held)
        if (column := _TIES.get(kind, {}).get(links[0])) is not None:
            chosen = chosen.where(theirs.c.number == rows.c[column])
        elif (way := MANY[kind, links[0]]).between is None:
            chosen = chosen.where(theirs.c[way.parent] == rows.c.number)
        else:
            between = way.between.alias()
            chosen = chosen.where(
                between.c[way.parent] == rows.c.number, between.c[way.child] == theirs.c.number
            )
        # Without being told, what lies two questions further out would be asked anew.
        return chosen.correlate(rows).exists()

    # Pages

    def page(self, query: Query) -> Page:
        """A page of entities, in their order."""
        rows, chosen, parent = self._chosen(query)
        keys = self._keys(query.order, query.kind, rows)
        chosen = chosen.add_columns(*(key.by.label(f"key_{n}") for n, key in enumerate(keys)))
        if query.after is not None:
            chosen = chosen.where(_behind(keys, rows.c.number, query.after))
        chosen = chosen.order_by(*map(_sorted, keys), rows.c.number).offset(query.skip or None)
        found = self.connection.execute(chosen.limit(query.most + 1)).all()
        entities = self._made(query.kind, found[: query.most], parent=parent)
        if len(found) <= query.most or not entities:
            return Page(entities)
        last = found[query.most - 1]
        return Page(entities, (*(getattr(last, f"key_{n}") for n in range(len(keys))), last.number))

    def newest(self, query: Query) -> tuple[list[Newest], tuple[Any, ...] | None]:
        """The datastreams of a page with the newest observation of each, in the order of their numbers."""
        rows, chosen, _ = self._chosen(query)
        chosen = chosen.with_only_columns(rows.c.number, rows.c.told, rows.c.newest).order_by(rows.c.number)
        if query.after is not None:
            chosen = chosen.where(_behind((), rows.c.number, query.after))
        chosen = chosen.offset(query.skip or None).limit(query.most + 1)
        found = newest(self.connection.execute(chosen))
        page = found[: query.most]
        return page, (page[-1].number,) if len(found) > len(page) else None

    def children(self, query: Query) -> dict[int, list[Entity]]:
        """Of each parent, its first entities: one more than the query wants, where there are more."""
        rows, chosen, _ = self._chosen(query)
        keys = self._keys(query.order, query.kind, rows)
        order = (*map(_sorted, keys), rows.c.number)
        place = func.row_number().over(partition_by=chosen.selected_columns.parent, order_by=order)
        inner = chosen.add_columns(place.label("place")).subquery()
        wanted = inner.c.place <= query.skip + query.most + 1
        outer = (
            select(inner).where(inner.c.place > query.skip, wanted).order_by(inner.c.parent, inner.c.place)
        )
        found: dict[int, list[Entity]] = {}
        for one in self._made(query.kind, self.connection.execute(outer).all(), parent=True):
            found.setdefault(one.parent, []).append(one)
        return found

    def count(self, query: Query) -> int:
        """How many entities there are."""
        _, chosen, _ = self._chosen(query)
        return self.connection.execute(select(func.count()).select_from(chosen.subquery())).scalar_one()

    def counts(self, query: Query) -> dict[int, int]:
        """How many entities each parent has."""
        _, chosen, _ = self._chosen(query)
        inner = chosen.subquery()
        grouped = select(inner.c.parent, func.count()).group_by(inner.c.parent)
        return {row[0]: row[1] for row in self.connection.execute(grouped)}

    def _made(self, kind: str, rows: Sequence[Any], *, parent: bool) -> list[Entity]:
        """Entities of rows; where what is of a page was observed is asked for once."""
        made = [_entity(kind, row, parent=parent) for row in rows]
        if kind == "Datastreams":
            known = reaches(self.connection, self.engine, rows)
            for one in made:
                if (reach := known.get(one.number)) is not None:
                    one.told.update(reach.told())
        return made

    def numbers(self, kind: str, expression: Expression | None) -> list[int]:
        """The numbers of the entities for which something holds."""
        rows = TABLES[kind].alias()
        chosen = select(rows.c.number).where(self.visible(kind, rows)).order_by(rows.c.number)
        if expression is not None:
            chosen = chosen.where(self._condition(expression, kind, rows))
        return list(self.connection.execute(chosen).scalars())

    def _chosen(self, query: Query) -> tuple[Any, Any, bool]:
        """The rows of a query, not yet sorted, with the columns that entities are made of."""
        rows = TABLES[query.kind].alias()
        names = ("number", "told", *_TIES.get(query.kind, {}).values(), *_TOLD_BESIDE.get(query.kind, ()))
        chosen = select(*(rows.c[name] for name in dict.fromkeys(names)))
        chosen = chosen.where(self.visible(query.kind, rows))
        if query.numbers is not None:
            chosen = chosen.where(self.engine.within(rows.c.number, query.numbers))
        if query.where is not None:
            chosen = chosen.where(self._condition(query.where, query.kind, rows))
        if query.parent is None:
            return rows, chosen, False
        way = MANY[query.parent.kind, query.parent.link]
        column = rows.c[way.parent] if way.between is None else way.between.c[way.parent]
        if way.between is not None:
            chosen = chosen.join(way.between, way.between.c[way.child] == rows.c.number)
        numbers = query.parent.numbers
        within = column == numbers[0] if len(numbers) == 1 else self.engine.within(column, numbers)
        return rows, chosen.add_columns(column.label("parent")).where(within), True

    # Order

    def _keys(self, order: Sequence[Order], kind: str, rows: Any) -> list[Key]:
        return [Key(by, one.descending) for one in order for by in self._sorting(one.by, kind, rows)]

    def _sorting(self, by: Expression, kind: str, rows: Any) -> list[Any]:
        where = "$orderby"
        if not isinstance(by, Path):
            raise Invalid("entities are sorted by properties, not by what functions make of them", where)
        found = resolve(kind, by, where)
        if not found.links:
            return self.values(found.name, found.inside, kind, rows)
        theirs, tied = rows, list[Any]()
        at = kind
        for link in found.links:
            if KINDS[at].links[link].many:
                raise Invalid(f"“{by}” leads to several entities; sort by what leads to one", where)
            before, theirs = theirs, TABLES[KINDS[at].links[link].kind].alias()
            tied.append(theirs.c.number == before.c[_TIES[at][link]])
            at = KINDS[at].links[link].kind
        return [
            select(value).where(*tied).correlate(rows).scalar_subquery()
            for value in self.values(found.name, found.inside, found.kind, theirs)
        ]

    def values(self, name: str, inside: Sequence[str], kind: str, rows: Any) -> list[Any]:
        """What a property is sorted by: what of JSON are numbers, then its words."""
        match KINDS[kind].properties[name]:
            case "id":
                return [rows.c.number]
            case "time":
                return time_columns(kind, name, rows)
            case "text":
                return [self.engine.member(rows.c.told, (name,), "text")]
            case _:
                return [self.engine.member(rows.c.told, (name, *inside), as_) for as_ in ("number", "text")]


def times_of(kind: str, name: str) -> tuple[str, ...]:
    """The columns of a time: of an instant one, of an interval two, none where it is never known."""
    if kind == "Datastreams":
        return ("first", "last") if name == "phenomenonTime" else ("result_first", "result_last")
    return ("time",) if kind == "HistoricalLocations" else ()


def time_columns(kind: str, name: str, rows: Any) -> list[Any]:
    """The same in SQL."""
    return [
        rows.c[column] if column in rows.c else result_time(rows, column) for column in times_of(kind, name)
    ]


def _sorted(key: Key) -> Any:
    # Nothing comes before something.
    return key.by.desc().nulls_last() if key.descending else key.by.asc().nulls_first()


def _behind(keys: Sequence[Key], number: Any, after: tuple[Any, ...]) -> Any:
    """That a row comes after another, whose keys and number are given."""
    if len(after) != len(keys) + 1:
        raise Invalid("it belongs to another order; start from the first page", "$skiptoken")
    further, level = list[Any](), true()
    for key, value in zip((*keys, Key(number, descending=False)), after, strict=True):
        further.append(and_(level, _beyond(key, value)))
        level = and_(level, key.by.is_(None) if value is None else key.by == value)
    return or_(*further)


def _beyond(key: Key, value: Any) -> Any:
    if value is None:
        return false() if key.descending else key.by.is_not(None)
    return or_(key.by < value, key.by.is_(None)) if key.descending else key.by > value


def _entity(kind: str, row: Any, *, parent: bool) -> Entity:
    told = _DECODE(row.told or "{}")
    if kind == "Datastreams" and row.first is not None:
        told["phenomenonTime"] = f"{moment_us(row.first)}/{moment_us(row.last)}"
    elif kind == "HistoricalLocations":
        told["time"] = moment_us(row.time)
    ties = {link: getattr(row, column) for link, column in _TIES.get(kind, {}).items()}
    return Entity(row.number, told, ties, row.parent if parent else 0)
