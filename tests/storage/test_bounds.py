"""What takes too long is broken off with a reason; a reader that waits for nothing knows of every commit."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from estran.errors import Invalid
from estran.storage import Database, prepare
from estran.storage import postgresql as engine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgresql import PostgreSQL

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def test_sqlite_breaks_off_what_takes_too_long(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path}/a.db")) as database:
        prepare(database)
        with pytest.raises(Invalid, match="takes too long"), database.read(0.05) as connection:
            connection.exec_driver_sql(ENDLESS).scalar()
        with database.read() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1, "the connection is good for the next"


def test_postgresql_breaks_off_what_takes_too_long(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgresql.fresh()
    with closing(Database(url)) as database:
        prepare(database)
    monkeypatch.setattr(engine, "_LONGEST_READ_MS", 1000)
    with closing(Database(url)) as database:
        with pytest.raises(Invalid, match="takes too long"), database.read(0.05) as connection:
            connection.exec_driver_sql("SELECT pg_sleep(20)").scalar()
        with database.read() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1
        with database.write() as connection:
            assert connection.exec_driver_sql("SELECT 1 FROM pg_sleep(1.2)").scalar() == 1, (
                "writing may take longer"
            )


def test_the_stamp_changes_with_every_commit_of_others(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    with closing(Database(url)) as reading, closing(Database(url)) as writing:
        prepare(writing)
        before = reading.stamp()
        assert before is not None
        assert reading.stamp() == before
        for one in (writing, reading):
            with one.write() as connection:
                connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES (?, ?)", (str(id(one)), b""))
            assert reading.stamp() != before
            before = reading.stamp()
