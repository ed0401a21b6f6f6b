"""The schema is one for every engine: PostgreSQL takes it as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.dialects import postgresql as dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from estran.storage.schema import metadata

if TYPE_CHECKING:
    from tests.postgresql import PostgreSQL


def statements() -> list[str]:
    """The schema in PostgreSQL's words."""
    tables = metadata.sorted_tables
    parts = [*map(CreateTable, tables), *(CreateIndex(index) for table in tables for index in table.indexes)]
    return [str(part.compile(dialect=dialect.dialect())) for part in parts]


@pytest.fixture(scope="module", autouse=True)
def made(postgresql: PostgreSQL) -> None:
    postgresql.psql(f"BEGIN; {'; '.join(statements())}; COMMIT;")


def test_every_table_is_made(postgresql: PostgreSQL) -> None:
    made = postgresql.psql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").splitlines()
    assert set(made) >= {table.name for table in metadata.sorted_tables}


def test_text_sorts_by_code_point(postgresql: PostgreSQL) -> None:
    collated = postgresql.psql(
        "SELECT count(*) FROM information_schema.columns WHERE table_name = 'record' AND collation_name = 'C'"
    )
    assert int(collated) >= 5


def test_postgis_is_there(postgresql: PostgreSQL) -> None:
    assert postgresql.psql(
        "CREATE EXTENSION postgis; SELECT ST_AsText(ST_MakeEnvelope(0, 0, 1, 1))"
    ).startswith("POLYGON")
