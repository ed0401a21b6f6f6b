"""Datasets, things, sensors, properties and datastreams: what observations are of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import insert, select, update

from estran.model import Datastream, Sensor, Thing, Variable, plain
from estran.observations import told
from estran.observations.store import naming, telling
from estran.observations.store.entered import entered
from estran.observations.store.noticing import notice, notice_of
from estran.observations.store.telling import encoded
from estran.storage import descriptions, pack, schema, take_numbers, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import sqlalchemy as sa

    from estran.storage import Engine

__all__ = [
    "HeldDatastream",
    "Tally",
    "datasets",
    "datastream_of",
    "datastreams",
    "described",
    "enter",
    "latest",
    "note",
    "property_key",
    "tallies",
]

_D, _T, _S, _P, _N = (
    table.c for table in (schema.datastream, schema.thing, schema.sensor, schema.observed_property, schema.observed_dataset)
)  # fmt: skip
_ENCODE = msgspec.json.Encoder().encode
_TALLIED = (
    "count", "first", "last", "last_value", "last_words", "following", "step", "last_longitude", "last_latitude",
    "newest",
)  # fmt: skip
_told_of = attrgetter(*_TALLIED)
_SURE = 8
"""So many steps say for themselves how long they usually are; fewer move what is known a little."""
_DATASTREAM = msgspec.json.Decoder(Datastream).decode


@dataclass(frozen=True, slots=True)
class HeldDatastream:
    """A datastream of this node.

    Attributes:
        number: by which its observations are read.
        record: id of the record of its dataset.
        described: what it is.
        count: how many observations it has.
        first, last: microseconds of its first and last observation, None where it has none.
        last_value, last_words: the newest result.
        step: microseconds from one observation to the next, usually; None where no two are known.
    """

    number: int
    record: str
    described: Datastream
    count: int = 0
    first: int | None = None
    last: int | None = None
    last_value: float | None = None
    last_words: str | None = None
    step: int | None = None


@dataclass(slots=True)
class Tally:
    """What a datastream row knows of its observations without looking at them.

    Attributes:
        following: number of the next observation.
        newest: the row of the newest observation, as JSON.
        was: how many there were when it was asked.
    """

    count: int
    first: int | None
    last: int | None
    last_value: float | None
    last_words: str | None
    following: int
    step: int | None = None
    last_longitude: float | None = None
    last_latitude: float | None = None
    newest: str | None = None
    was: int = 0

    def __post_init__(self) -> None:
        self.was = self.count

    def reserve(self, count: int) -> int:
        """Numbers for so many observations; gives the first."""
        first = self.following
        self.following += count
        return first

    def add(self, count: int, span: tuple[int, int], newest: Mapping[str, Any]) -> None:
        """Know of so many more in a span, of which `newest` is the last row."""
        self.count += count
        if self.last is None or span[1] >= self.last:
            self.last_value, self.last_words = newest["value"], newest["words"]
            self.last_longitude, self.last_latitude = newest["longitude"], newest["latitude"]
            self.newest = _ENCODE(newest).decode()
        self.first = span[0] if self.first is None else min(self.first, span[0])
        self.last = span[1] if self.last is None else max(self.last, span[1])

    def forget(self) -> None:
        """Know of none; numbers that were given are not given again."""
        self.count, self.first, self.last = 0, None, None
        self.last_value, self.last_words, self.last_longitude, self.last_latitude = None, None, None, None
        self.newest = None

    def pace(self, step: int, counted: int) -> None:
        """Know that so many steps were usually so long."""
        if self.step is None or counted >= _SURE:
            self.step = step
        else:
            self.step += max(-self.step // 8, min(self.step // 8, step - self.step))


def property_key(variable: Variable) -> str:
    """One property for all datasets that name it alike: its URI, else its standard name, else its name."""
    return variable.uri or variable.standard_name or variable.name or str(variable.label)


def enter(
    connection: sa.Connection, record: str, described: Sequence[Datastream]
) -> tuple[dict[str, int], int]:
    """Note datastreams of the dataset of a record, in the place of what was said of them before.

    Returns:
        key -> number of each, and how many were not known.
    """
    dataset = connection.execute(select(_N.number).where(_N.record == record)).scalar()
    if dataset is None:
        dataset = take_numbers(connection, "observed-dataset", 1)
        connection.execute(insert(schema.observed_dataset).values(number=dataset, record=record))
    stations = {one.thing.key: one.thing for one in described}
    things, is_placed = _entered(
        connection, schema.thing, dataset, {key: _thing(one, record) for key, one in stations.items()}
    )
    naming.note(connection, dataset, stations.values())
    telling.place(connection, dataset, [(things[key], one) for key, one in stations.items()])
    sensors = {one.sensor.key: _sensor(one.sensor) for one in described if one.sensor}
    sensed, _ = _entered(connection, schema.sensor, dataset, sensors)
    is_any_unnamed = any(one.sensor is None for one in described)
    unnamed = telling.unnamed_sensor(connection, dataset) if is_any_unnamed else None
    properties = _properties(connection, [one.variable for one in described])
    rows = {
        one.key: {
            "thing": things[one.thing.key],
            "sensor": sensed[one.sensor.key] if one.sensor else unnamed,
            "property": properties[property_key(one.variable)],
            "document": pack(_ENCODE(plain(one))),
            "told": encoded(told.datastream(one, record)),
        }
        for one in described
    }
    before = set(connection.execute(select(_D.key).where(_D.dataset == dataset)).scalars())
    if record in descriptions.keeping(connection):
        _keep_former(connection, dataset, {key: row["document"] for key, row in rows.items()})
    numbers, is_told = _entered(connection, schema.datastream, dataset, rows)
    if is_placed or is_told:
        notice(connection, [dataset])
    return numbers, len(rows.keys() - before)


def _keep_former(connection: sa.Connection, dataset: int, coming: Mapping[str, Any]) -> None:
    """Keep what described datastreams that are described otherwise from now on."""
    held = connection.execute(select(_D.key, _D.number, _D.document).where(_D.dataset == dataset))
    descriptions.put(
        connection,
        [
            descriptions.Description(dataset, row.number, row.document)
            for row in held
            if coming.get(row.key, row.document) != row.document
        ],
    )


def _thing(one: Thing, record: str) -> dict[str, Any]:
    return {
        "longitude": one.longitude,
        "latitude": one.latitude,
        "document": pack(_ENCODE(plain(one))),
        "told": encoded(told.thing(one, record)),
    }


def _sensor(one: Sensor) -> dict[str, Any]:
    return {"document": pack(_ENCODE(plain(one))), "told": encoded(told.sensor(one))}


def _entered(
    connection: sa.Connection, table: sa.Table, dataset: int, rows: Mapping[str, dict[str, Any]]
) -> tuple[dict[str, int], bool]:
    """Rows of a dataset by key, changed where they say something else; gives their numbers, and whether any was new."""
    columns = ("key", "number", *next(iter(rows.values()), {}))
    found = connection.execute(select(*(table.c[name] for name in columns)).where(table.c.dataset == dataset))
    held: dict[str, tuple[int, dict[str, Any]]] = {}
    for row in found:
        held[row.key] = (row.number, dict(zip(columns[2:], row[2:], strict=True)))
    fresh = [key for key in rows if key not in held]
    first = take_numbers(connection, table.name, len(fresh)) if fresh else 0
    numbers = {key: first + n for n, key in enumerate(fresh)}
    if fresh:
        made = [{"number": numbers[key], "dataset": dataset, "key": key, **rows[key]} for key in fresh]
        connection.execute(insert(table), made)
    other = [key for key, row in rows.items() if key in held and held[key][1] != row]
    numbers |= {key: held[key][0] for key in rows if key in held}
    for key in other:
        connection.execute(update(table).where(table.c.number == numbers[key]).values(**rows[key]))
    entered(connection, table, (numbers[key] for key in (*fresh, *other)))
    return numbers, bool(fresh or other)


def _properties(connection: sa.Connection, variables: Iterable[Variable]) -> dict[str, int]:
    wanted = {property_key(one): one for one in variables}
    found = connection.execute(select(_P.key, _P.number).where(_P.key.in_(wanted)))
    numbers = {row.key: row.number for row in found}
    fresh = [key for key in wanted if key not in numbers]
    if fresh:
        first = take_numbers(connection, "observed-property", len(fresh))
        numbers |= {key: first + n for n, key in enumerate(fresh)}
        rows = [
            {
                "number": numbers[key],
                "key": key,
                "name": wanted[key].name,
                "standard_name": wanted[key].standard_name,
                "document": pack(_ENCODE(plain(wanted[key]))),
                "told": encoded(told.observed_property(wanted[key])),
            }
            for key in fresh
        ]
        connection.execute(insert(schema.observed_property), rows)
        entered(connection, schema.observed_property, (numbers[key] for key in fresh))
    return numbers


def datasets(connection: sa.Connection) -> dict[str, int]:
    """Record id -> number of each dataset."""
    return {row.record: row.number for row in connection.execute(select(_N.record, _N.number))}


def datastreams(
    connection: sa.Connection,
    engine: Engine,
    sets: Sequence[int],
    *,
    name: str = "",
    numbers: Sequence[int] = (),
) -> list[HeldDatastream]:
    """Datastreams of some datasets, in the order of their numbers.

    Args:
        connection: in a transaction.
        engine: of the database.
        sets: numbers of the datasets.
        name: of the observed property: its name, standard name or URI; "" for all.
        numbers: only these; none means all.
    """
    chosen = (
        select(
            _D.number, _N.record, _D.document, _D.count, _D.first, _D.last, _D.last_value, _D.last_words, _D.step,
        )
        .join_from(schema.datastream, schema.observed_dataset, _D.dataset == _N.number)
        .join(schema.observed_property, _D.property == _P.number)
        .where(engine.within(_D.dataset, sets))
        .order_by(_D.number)
    )  # fmt: skip
    if name:
        chosen = chosen.where((_P.key == name) | (_P.name == name) | (_P.standard_name == name))
    if numbers:
        chosen = chosen.where(engine.within(_D.number, numbers))
    return [
        HeldDatastream(number, record, datastream_of(document), *told)
        for number, record, document, *told in connection.execute(chosen)
    ]


def described(connection: sa.Connection, engine: Engine, numbers: Sequence[int]) -> dict[int, Datastream]:
    """What datastreams of some numbers are."""
    found = connection.execute(select(_D.number, _D.document).where(engine.within(_D.number, numbers)))
    return {number: datastream_of(document) for number, document in found}


@lru_cache(maxsize=16_384)
def datastream_of(document: bytes) -> Datastream:
    """A datastream as its table holds it; each document is read once, however often its datastream is asked for."""
    return _DATASTREAM(unpack(document))


def latest(connection: sa.Connection) -> list[tuple[int, int, float | None, str | None]]:
    """(number, time, value, words) of the newest observation of each datastream that has one."""
    found = connection.execute(
        select(_D.number, _D.last, _D.last_value, _D.last_words)
        .where(_D.last.is_not(None))
        .order_by(_D.number)
    )
    return [tuple(row) for row in found]


def tallies(connection: sa.Connection, engine: Engine, numbers: Sequence[int]) -> dict[int, Tally]:
    """What is known of the observations of some datastreams."""
    spelling = engine.spelling
    told = ", ".join(f'"{name}"' for name in ("number", *_TALLIED))
    among = spelling.among("number", spelling.mark.format("numbers"))
    text = f"SELECT {told} FROM datastream WHERE {among}"  # noqa: S608 - names of columns
    found = engine.ask(connection, text, {"numbers": spelling.listing(numbers)})
    return {number: Tally(*told) for number, *told in found}


def note(connection: sa.Connection, engine: Engine, known: Mapping[int, Tally]) -> None:
    """Write what is known of datastreams."""
    rows = [(*_told_of(tally), number) for number, tally in known.items()]
    engine.update(connection, schema.datastream, _TALLIED, ("number",), rows)
    notice_of(connection, [n for n, tally in known.items() if bool(tally.was) != bool(tally.count)])
