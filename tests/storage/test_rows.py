"""Many rows at once: put, put in the place of others, and changed, the same on both engines."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DataError

from estran.errors import Conflict
from estran.storage import Database, prepare
from estran.storage.schema import datastream, observation, observed_dataset, observed_property, thing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = ("datastream", "time", "vertical", "value", "words", "number", "version")
PROPERTY = ("number", "key", "name", "standard_name", "document")
STRANGE = ['a "quoted" \\ word', "NULL", "", "{1,2}", "it's % é ☂\n", "\\N", None]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with nothing in it."""
    folder: Path = tmp_path_factory.mktemp("rows")
    url = (
        f"sqlite:///{folder}/estran.db"
        if request.param == "sqlite"
        else request.getfixturevalue("postgresql").fresh()
    )
    with closing(Database(url)) as opened:
        prepare(opened)
        yield opened


def rows(count: int, value: float, version: int) -> list[tuple[Any, ...]]:
    return [(1, n, n / 3, value + n / 7, STRANGE[n % len(STRANGE)], n, version) for n in range(count)]


def held(connection: sa.Connection) -> list[tuple[Any, ...]]:
    wanted = [*(observation.c[name] for name in COLUMNS), observation.c.gone]
    return [tuple(row) for row in connection.execute(sa.select(*wanted).order_by(observation.c.time))]


@pytest.mark.parametrize("count", [3, 150])
def test_rows_are_put_in_the_place_of_others_and_changed(database: Database, count: int) -> None:
    engine = database.engine
    with database.write() as connection:
        engine.replace(connection, observation, COLUMNS, [])
        assert engine.update(connection, observation, ("value",), ("datastream",), []) == 0
        gone = [(*row, True) for row in rows(count, 1.1, 1)]
        engine.insert(connection, observation, (*COLUMNS, "gone"), gone)
        assert held(connection) == gone
        engine.replace(connection, observation, COLUMNS, rows(count + 2, 2.2, 2))
        assert held(connection) == [(*row, False) for row in rows(count + 2, 2.2, 2)]
        key = ("datastream", "time", "vertical", "gone")
        told = [(n / 11, STRANGE[n % 7], 1, n, n / 3, n % 2 == 1) for n in range(count + 5)]
        changed = engine.update(connection, observation, ("value", "words"), key, told)
        assert changed == (count + 3) // 2, "those that are not gone"
        assert [row[3] for row in held(connection)][:2] == [0.0, 2.2 + 1 / 7]
        connection.execute(sa.delete(observation))


def test_texts_and_numbers_find_what_they_say(database: Database) -> None:
    engine, spelling = database.engine, database.engine.spelling
    words = [one for one in STRANGE if one is not None]
    with database.write() as connection:
        connection.execute(sa.insert(observed_dataset).values(number=1, record="r"))
        given = [(n, 1, word, b"") for n, word in enumerate(words)]
        engine.insert(connection, thing, ("number", "dataset", "key", "document"), given)
        for wanted in (words, words[2:], []):
            found = connection.execute(sa.select(thing.c.key).where(engine.within(thing.c.key, wanted)))
            assert {row.key for row in found} == set(wanted)
        among = spelling.among("number", spelling.mark.format("numbers"))
        text = f"SELECT key FROM thing WHERE {among} ORDER BY number"
        for numbers in ([1, 2, 2**31 - 1], [-(2**62), 1, 2, 2**40]):
            found = engine.ask(connection, text, {"numbers": spelling.listing(numbers)})
            assert [row[0] for row in found] == words[1:3]
            asked = sa.select(thing.c.key).where(engine.within(thing.c.number, numbers))
            assert {row.key for row in connection.execute(asked)} == set(words[1:3])


def test_bytes_are_changed_as_well(database: Database) -> None:
    engine = database.engine
    with database.write() as connection:
        named = {"number": 7, "key": "p", "name": "", "standard_name": "", "document": b""}
        connection.execute(sa.insert(observed_property).values(**named))
        told = [(bytes(range(256)), "x", 7)]
        assert engine.update(connection, observed_property, ("document", "told"), ("number",), told) == 1
        row = connection.execute(sa.select(observed_property.c.document, observed_property.c.told)).one()
        assert tuple(row) == (bytes(range(256)), "x")
        assert engine.update(connection, datastream, ("count",), ("number",), [(1, 1)]) == 0


@pytest.mark.parametrize("count", [2, 20])
def test_a_double_entry_is_a_conflict(database: Database, count: int) -> None:
    given = [(n // 2, f"double {n // 2}", "", "", b"") for n in range(count)]
    with pytest.raises(Conflict), database.write() as connection:
        database.engine.insert(connection, observed_property, PROPERTY, given)


def test_a_number_that_does_not_fit_is_refused(database: Database) -> None:
    given = [(2**40 + n, f"large {n}", "", "", b"") for n in range(20)]
    if database.engine.apart:
        with pytest.raises(DataError, match="out of range"), database.write() as connection:
            database.engine.insert(connection, observed_property, PROPERTY, given)
